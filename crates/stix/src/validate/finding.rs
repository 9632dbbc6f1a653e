//! One broken rule: where, which, and how to say it. Everything is borrowed and written out when it is printed.

use std::fmt::{self, Display, Write};

use super::walk::Spot;
use crate::code::{Code, Severity};
use crate::tables::Vocabulary;
use crate::value::{Shape, Tree, Value};

/// LIMIT: values are quoted up to this many characters.
const QUOTED_CHARS_MAX: usize = 120;

/// Reports one broken rule, or the rest of the findings of one code beyond the listed ones.
///
/// Borrowed from the object and the tables; paths and messages are put together when they are printed.
#[derive(Clone, Copy)]
pub struct Finding<'a> {
    pub(super) severity: Severity,
    pub(super) source: Source<'a>,
}

#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// A node of an object.
    Node(&'a Tree<'a>, &'a Note<'a>),
    /// A place in a bundle or in bytes that are no object.
    Place { code: Code, path: &'a str, offset: usize, message: &'a dyn Display },
    /// Further findings of one code.
    Rest(Code, u64),
}

/// What the walk notes of one broken rule.
#[derive(Debug)]
pub(super) struct Note<'a> {
    pub(super) code: Code,
    /// Node of the value or key concerned; of a missing property the object it is missing in.
    pub(super) at: u32,
    pub(super) offset: u32,
    /// The property that is missing.
    pub(super) missing: Option<&'static str>,
    pub(super) spot: Spot,
    pub(super) detail: Detail<'a>,
}

/// What the message says beyond the value.
#[derive(Debug)]
pub(super) enum Detail<'a> {
    /// The value is quoted, and the meaning of the code said.
    Quoted,
    /// The value is not what it should be.
    Expected(&'static str),
    /// A number is out of a range.
    Between(i64, i64),
    /// A number is out of a range.
    BetweenFloats(f64, f64),
    /// A value is not in a list.
    NotIn(&'static Vocabulary),
    /// Two times are in the wrong order.
    Order { later: &'static str, earlier: &'static str, strict: bool, late: &'a str, early: &'a str },
    /// A sentence about the object.
    Says(&'static str),
    /// A sentence that had to be put together.
    Put(Box<str>),
    /// A sentence that had to be put together, and what to do.
    PutWithHint(Box<str>, &'static str),
}

impl<'a> Finding<'a> {
    /// Returns the code of the rule.
    pub fn code(&self) -> Code {
        match self.source {
            Source::Node(_, note) => note.code,
            Source::Place { code, .. } | Source::Rest(code, _) => code,
        }
    }

    /// Returns the severity under the profile that was asked for.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Returns how many findings this one stands for: 1, or more for the rest of a code that is not listed.
    ///
    /// The sum over all findings of an object is the number of broken rules.
    pub fn count(&self) -> u64 {
        match self.source {
            Source::Rest(_, count) => count,
            _ => 1,
        }
    }

    /// Tells whether this stands for the findings of one code after those that were listed; it has no place of its own.
    pub fn is_rest(&self) -> bool {
        matches!(self.source, Source::Rest(..))
    }

    /// Returns the JSON pointer (RFC 6901) of the property concerned; that of a missing property names where it should be.
    pub fn path(&self) -> impl Display + 'a {
        Path(self.source)
    }

    /// Returns the byte, from 0, at which the value begins; for a missing property where its object begins.
    pub fn offset(&self) -> usize {
        match self.source {
            Source::Node(_, note) => usize::try_from(note.offset).unwrap_or_default(),
            Source::Place { offset, .. } => offset,
            Source::Rest(..) => 0,
        }
    }

    /// Returns the rule as a sentence about how it should be.
    pub fn rule(&self) -> impl Display + 'a {
        Rule(self.source)
    }

    /// Returns what is wrong, the value quoted in backticks, cut to 120 characters, control characters as `<U+…>`.
    pub fn message(&self) -> impl Display + 'a {
        Message(self.source)
    }

    /// Returns the section that holds the rule, such as `STIX 2.1 §4.7`.
    pub fn spec(&self) -> impl Display + 'a {
        Spec(self.source)
    }

    /// Returns what to do about it, where that is not plain.
    pub fn hint(&self) -> Option<&'static str> {
        match self.source {
            Source::Node(_, Note { detail: Detail::PutWithHint(_, hint), .. }) => Some(hint),
            Source::Rest(..) => None,
            _ => self.code().hint(),
        }
    }
}

impl fmt::Debug for Finding<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Finding({self})")
    }
}

/// Writes code, path and message on one line.
impl Display for Finding<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}: {}", self.code(), self.path(), self.message())
    }
}

struct Path<'a>(Source<'a>);

impl Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Source::Node(tree, note) => {
                write_path(formatter, tree.root(), note.at)?;
                note.missing.map_or(Ok(()), |name| write_step(formatter, name))
            }
            Source::Place { path, .. } => formatter.write_str(path),
            Source::Rest(..) => Ok(()),
        }
    }
}

/// Writes the pointer of a node by going down from the root; depth is that of the text.
fn write_path(out: &mut dyn Write, root: Value<'_>, target: u32) -> fmt::Result {
    let mut here = root;
    while here.at() != target {
        let member = here.members().find(|(key, value)| key.at() == target || value.contains(target));
        if let Some((key, value)) = member {
            write_step(out, &key.plain())?;
            if key.at() == target {
                return Ok(());
            }
            here = value;
            continue;
        }
        let item = here.items().enumerate().find(|(_, item)| item.contains(target));
        let Some((index, item)) = item else {
            return Ok(());
        };
        write!(out, "/{index}")?;
        here = item;
    }
    Ok(())
}

fn write_step(out: &mut (impl Write + ?Sized), key: &str) -> fmt::Result {
    out.write_char('/')?;
    for character in key.chars() {
        match character {
            '~' => out.write_str("~0")?,
            '/' => out.write_str("~1")?,
            other => out.write_char(other)?,
        }
    }
    Ok(())
}

struct Rule<'a>(Source<'a>);

impl Display for Rule<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (code, detail, missing) = match self.0 {
            Source::Node(_, note) => (note.code, &note.detail, note.missing),
            Source::Place { code, .. } | Source::Rest(code, _) => return formatter.write_str(code.rule()),
        };
        match (detail, missing) {
            (Detail::Order { later, earlier, strict: true, .. }, _) => {
                write!(formatter, "{later} must be later than {earlier}")
            }
            (Detail::Order { later, earlier, strict: false, .. }, _) => {
                write!(formatter, "{later} must not be earlier than {earlier}")
            }
            (_, Some(name)) if code == Code::E125 => write!(formatter, "{name} is required"),
            _ => formatter.write_str(code.rule()),
        }
    }
}

struct Message<'a>(Source<'a>);

impl Display for Message<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tree, note) = match self.0 {
            Source::Node(tree, note) => (tree, note),
            Source::Place { message, .. } => return message.fmt(formatter),
            Source::Rest(_, count) => return write!(formatter, "{count} more that are not listed"),
        };
        let value = tree.value(note.at);
        match &note.detail {
            Detail::Quoted => {
                quote(formatter, value)?;
                write!(formatter, ": {}", note.code.meaning())
            }
            Detail::Expected(what) => {
                quote(formatter, value)?;
                write!(formatter, " is not {what}")
            }
            Detail::Between(least, most) => {
                quote(formatter, value)?;
                write!(formatter, " is not from {least} to {most}")
            }
            Detail::BetweenFloats(least, most) if *most == f64::MAX => {
                quote(formatter, value)?;
                write!(formatter, " is less than {least}")
            }
            Detail::BetweenFloats(least, most) => {
                quote(formatter, value)?;
                write!(formatter, " is not from {least} to {most}")
            }
            Detail::NotIn(vocabulary) => {
                quote(formatter, value)?;
                write!(formatter, " is not in {}", vocabulary.name)
            }
            Detail::Order { strict, late, early, .. } => {
                shown(formatter, late)?;
                formatter.write_str(if *strict { " is not later than " } else { " is earlier than " })?;
                shown(formatter, early)
            }
            Detail::Says(text) => formatter.write_str(text),
            Detail::Put(text) | Detail::PutWithHint(text, _) => formatter.write_str(text),
        }
    }
}

struct Spec<'a>(Source<'a>);

impl Display for Spec<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Source::Node(_, Note { code, spot: Spot { table: Some(table), .. }, .. }) if code.follows_type() => {
                write!(formatter, "STIX 2.1 {}", table.section)
            }
            Source::Node(_, note) => formatter.write_str(note.code.spec()),
            Source::Place { code, .. } | Source::Rest(code, _) => formatter.write_str(code.spec()),
        }
    }
}

fn quote(out: &mut (impl Write + ?Sized), value: Value<'_>) -> fmt::Result {
    match value.shape() {
        Shape::Text | Shape::Key => shown(out, &value.plain()),
        _ => shown(out, value.inside()),
    }
}

/// Writes a text in backticks, cut, hidden characters spelled out.
pub(super) fn shown(out: &mut (impl Write + ?Sized), text: &str) -> fmt::Result {
    write!(out, "`{}`", crate::shown::shown(text, QUOTED_CHARS_MAX))
}
