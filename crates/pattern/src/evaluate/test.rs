//! Tests inside `[ ]`, compiled (STIX 2.1 §9.6, §9.7).

use std::cmp::Ordering;

use super::Meter;
use super::decimal::Number;
use super::error::{CompileError, CompileErrorKind, EvaluationError, OutOfSteps};
use super::input::{Name, Node, Object, Observation, Observations, from_base64, from_hex, is_same};
use super::instant::Instant;
use super::like::Like;
use super::net::Net;
use super::regex;
use crate::print::Quoted;
use crate::token::is_name;
use crate::tree::{Comparison, Constant, Operator, Path, Step, Test};

/// Walks with this many `[*]` and a reference keep their set of values without doubles; below, ways cannot multiply.
const WIDE_STEPS: usize = 2;

/// The tests of one bracket.
#[derive(Debug)]
pub(crate) struct Leaf {
    tree: Tree,
    /// Whether only a malformed value can make it an error: no timestamps are compared.
    is_safe: bool,
}

#[derive(Debug)]
enum Tree {
    All(Box<[Tree]>),
    Any(Box<[Tree]>),
    Check(Box<Check>),
}

#[derive(Debug)]
struct Check {
    type_name: Name,
    steps: Box<[Walk]>,
    /// Whether references under several `[*]` could name the same objects over and over.
    is_wide: bool,
    negated: bool,
    kind: Kind,
    /// The path as written, for errors.
    path: Box<str>,
}

#[derive(Debug)]
enum Walk {
    Key(Name),
    Index(Option<usize>),
    Any,
}

#[derive(Debug)]
enum Kind {
    Exists,
    /// Equality with a text, apart from the others since nearly all indicators are of this kind.
    Text(Box<str>),
    Compare(Operator, Operand),
    /// Constants of one kind in ascending order.
    In(Box<[Operand]>),
    /// Texts in ascending order.
    InTexts(Box<[Box<str>]>),
    Like(Like),
    Matches(regex::Text),
    MatchesOctets(regex::Octets),
    IsSubset(Net),
    IsSuperset(Net),
}

/// A constant; those of one kind have the order in which values are compared to them.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Operand {
    Number(Number),
    Text(Box<str>),
    Boolean(bool),
    Octets(Box<[u8]>),
    Instant(Instant),
}

/// Why a test has no answer.
enum Fault {
    Steps,
    /// The value must be this.
    Value(&'static str),
}

impl From<OutOfSteps> for Fault {
    fn from(OutOfSteps: OutOfSteps) -> Self {
        Self::Steps
    }
}

/// Where a test is evaluated.
#[derive(Clone, Copy)]
struct Place<'a> {
    data: &'a Observations,
    parts: &'a [u32],
    object: &'a Object,
    /// Whether every test and value must be looked at, since one may be an error.
    is_strict: bool,
}

impl Leaf {
    /// Compiles a bracket; `expression_size_max` is what each regular expression may take.
    pub(crate) fn new(test: &Test, expression_size_max: usize) -> Result<Self, CompileError> {
        let mut is_safe = true;
        let tree = Tree::new(test, expression_size_max, &mut is_safe)?;
        Ok(Self { tree, is_safe })
    }

    /// Tells whether only malformed values can make it an error.
    pub(crate) const fn is_safe(&self) -> bool {
        self.is_safe
    }

    /// Tells whether one object of the observation passes the whole tree.
    ///
    /// An error at any object, test or value is the result, whatever the others say, so that it depends on no order.
    pub(crate) fn holds(
        &self,
        data: &Observations,
        observation: &Observation,
        meter: &mut Meter,
    ) -> Result<bool, EvaluationError> {
        let parts = data.parts(observation);
        let is_strict = !(self.is_safe && observation.is_clean);
        let mut found = false;
        for part in parts {
            let Some(object) = data.object_at(*part) else { continue };
            let place = Place { data, parts, object, is_strict };
            match self.tree.holds(place, meter) {
                Ok(holds) => found |= holds,
                Err((Fault::Steps, _)) => return Err(EvaluationError::Budget),
                Err((Fault::Value(expected), check)) => {
                    let observation = data.id_of(observation).to_owned();
                    return Err(EvaluationError::Value { observation, path: check.path.to_string(), expected });
                }
            }
            if found && !is_strict {
                break;
            }
        }
        Ok(found)
    }
}

impl Tree {
    /// Recursion is bounded by the parser's depth limit, here and below.
    fn new(test: &Test, expression_size_max: usize, is_safe: &mut bool) -> Result<Self, CompileError> {
        let (path, negated, kind) = match test {
            Test::Joined { by_and, parts } => {
                let parts: Result<Box<[Self]>, CompileError> =
                    parts.iter().map(|part| Self::new(part, expression_size_max, is_safe)).collect();
                return Ok(if *by_and { Self::All(parts?) } else { Self::Any(parts?) });
            }
            Test::Exists { negated, path } => (path, *negated, Kind::Exists),
            Test::Compare(comparison) => {
                *is_safe &= !comparison.constants.iter().any(|constant| matches!(constant, Constant::Timestamp(_)));
                let kind = kind(comparison, expression_size_max)?;
                // `!=` is the negation of `=` for every value, incomparable ones included.
                let negated = comparison.negated != (comparison.operator == Operator::NotEqual);
                (&comparison.path, negated, kind)
            }
        };
        let steps: Box<[Walk]> = path
            .steps
            .iter()
            .map(|step| match step {
                Step::Key(key) => Walk::Key(Name::new(key)),
                Step::Index(index) => Walk::Index(usize::try_from(*index).ok()),
                Step::Any => Walk::Any,
            })
            .collect();
        let is_wide = steps.iter().filter(|step| matches!(step, Walk::Any)).count() >= WIDE_STEPS
            && steps.iter().any(|step| matches!(step, Walk::Key(name) if is_reference(&name.text)));
        let type_name = Name::new(&path.object_type);
        let path = shown(path).into_boxed_str();
        Ok(Self::Check(Box::new(Check { type_name, steps, is_wide, negated, kind, path })))
    }

    fn holds<'a>(&'a self, place: Place<'_>, meter: &mut Meter) -> Result<bool, (Fault, &'a Check)> {
        let (parts, by_and) = match self {
            Self::Check(check) => return check.holds(place, meter).map_err(|fault| (fault, &**check)),
            Self::All(parts) => (parts, true),
            Self::Any(parts) => (parts, false),
        };
        let mut result = by_and;
        for part in parts {
            let holds = part.holds(place, meter)?;
            result = if by_and { result && holds } else { result || holds };
            if result != by_and && !place.is_strict {
                break;
            }
        }
        Ok(result)
    }
}

/// Writes a path as patterns do.
fn shown(path: &Path) -> String {
    let mut out = path.object_type.clone();
    for (at, step) in path.steps.iter().enumerate() {
        match step {
            Step::Key(key) => {
                out.push(if at == 0 { ':' } else { '.' });
                if is_name(key) { out.push_str(key) } else { out.push_str(&Quoted(key).to_string()) }
            }
            Step::Index(index) => out.push_str(&format!("[{index}]")),
            Step::Any => out.push_str("[*]"),
        }
    }
    out
}

fn is_reference(key: &str) -> bool {
    key.ends_with("_ref") || key.ends_with("_refs")
}

fn kind(comparison: &Comparison, expression_size_max: usize) -> Result<Kind, CompileError> {
    let first = comparison.constants.first().map_or("", Constant::text);
    let net = || {
        let reason = "it is no IPv4 or IPv6 address or network";
        Net::parse(first).ok_or_else(|| CompileError::new(CompileErrorKind::Network, first, reason))
    };
    let faulty = |reason| CompileError::new(CompileErrorKind::Expression, first, reason);
    Ok(match comparison.operator {
        Operator::Like => Kind::Like(Like::new(first)),
        Operator::Matches if is_octets(&comparison.path) => {
            Kind::MatchesOctets(regex::Octets::new(first, expression_size_max).map_err(faulty)?)
        }
        Operator::Matches => Kind::Matches(regex::Text::new(first, expression_size_max).map_err(faulty)?),
        Operator::IsSubset => Kind::IsSubset(net()?),
        Operator::IsSuperset => Kind::IsSuperset(net()?),
        Operator::In => set(&comparison.constants)?,
        operator => match comparison.constants.first().map(Operand::new).transpose()? {
            Some(Operand::Text(text)) if matches!(operator, Operator::Equal | Operator::NotEqual) => Kind::Text(text),
            Some(operand) => Kind::Compare(operator, operand),
            // The parser gives every operator but IN its constant.
            None => Kind::In(Box::default()),
        },
    })
}

/// Tells whether values at the path are octets: they are under keys that say so, and nowhere else.
pub(crate) fn is_octets(path: &Path) -> bool {
    matches!(path.steps.last(), Some(Step::Key(key)) if key.ends_with("_hex") || key.ends_with("_bin"))
}

fn set(constants: &[Constant]) -> Result<Kind, CompileError> {
    let kinds = |constant: &Constant| match constant {
        Constant::Text(_) => 0,
        Constant::Integer(_) | Constant::Float(_) => 1,
        Constant::Boolean(_) => 2,
        Constant::Hex(_) => 3,
        Constant::Binary(_) => 4,
        Constant::Timestamp(_) => 5,
    };
    let mut members = constants.iter();
    if let Some(first) = members.next()
        && let Some(other) = members.find(|other| kinds(other) != kinds(first))
    {
        let reason = "the constants of a set must be of one kind";
        return Err(CompileError::new(CompileErrorKind::Set, other.text(), reason));
    }
    if matches!(constants.first(), Some(Constant::Text(_))) {
        let mut texts: Vec<Box<str>> = constants.iter().map(|constant| constant.text().into()).collect();
        texts.sort_unstable();
        texts.dedup();
        return Ok(Kind::InTexts(texts.into_boxed_slice()));
    }
    let mut operands = constants.iter().map(Operand::new).collect::<Result<Box<[Operand]>, CompileError>>()?;
    operands.sort_unstable();
    Ok(Kind::In(operands))
}

impl Operand {
    fn new(constant: &Constant) -> Result<Self, CompileError> {
        Ok(match constant {
            Constant::Text(text) => Self::Text(text.as_str().into()),
            Constant::Boolean(value) => Self::Boolean(*value),
            Constant::Hex(text) => Self::Octets(from_hex(text).unwrap_or_default().into_boxed_slice()),
            Constant::Binary(text) => Self::Octets(from_base64(text).unwrap_or_default().into_boxed_slice()),
            Constant::Timestamp(text) => Self::Instant(
                Instant::parse(text)
                    .map_err(|_| CompileError::new(CompileErrorKind::Date, text, "there is no such date"))?,
            ),
            Constant::Integer(text) | Constant::Float(text) => match Number::parse(text) {
                Some(number) => Self::Number(number),
                // The lexer reads nothing else as a number.
                None => Self::Text(text.as_str().into()),
            },
        })
    }

    /// Compares a value to the constant; none where they are incomparable.
    fn compare(&self, data: &Observations, value: &Node) -> Result<Option<Ordering>, Fault> {
        Ok(match (value, self) {
            (Node::Integer(value), Self::Number(number)) => Some(number.compare_integer(*value)),
            (Node::Decimal(value), Self::Number(number)) => {
                data.decimal_at(*value).map(|value| number.compare_decimal(value))
            }
            // UTF-8 has the order of code points.
            (Node::Text { text, .. }, Self::Text(constant)) => Some(data.str(*text).cmp(constant)),
            (Node::Text { text, .. }, Self::Octets(octets)) => compare_latin(data.str(*text), octets),
            (Node::Text { text, .. }, Self::Instant(constant)) => {
                let instant = Instant::parse(data.str(*text)).map_err(|_| Fault::Value("a timestamp"))?;
                Some(instant.cmp(constant))
            }
            (Node::Octets(octets), Self::Octets(constant)) => Some(data.octets(*octets).cmp(constant)),
            (Node::Octets(octets), Self::Text(constant)) => {
                compare_latin(constant, data.octets(*octets)).map(Ordering::reverse)
            }
            (Node::Boolean(value), Self::Boolean(constant)) => Some(value.cmp(constant)),
            _ => None,
        })
    }
}

/// Compares a text, read as octets, to octets; none where a character is beyond U+00FF.
fn compare_latin(text: &str, octets: &[u8]) -> Option<Ordering> {
    if text.chars().any(|character| u32::from(character) > 0xff) {
        return None;
    }
    Some(text.chars().map(u32::from).cmp(octets.iter().copied().map(u32::from)))
}

impl Check {
    fn holds(&self, place: Place<'_>, meter: &mut Meter) -> Result<bool, Fault> {
        if !place.data.is_of_type(place.object, &self.type_name) {
            return Ok(false);
        }
        if let Kind::Exists = self.kind {
            return Ok(self.any(place, &mut |_| Ok(true))? != self.negated);
        }
        self.any(place, &mut |value| Ok(self.passes(place.data, value, meter)? != self.negated))
    }

    /// Tells whether a value passes, before negation.
    fn passes(&self, data: &Observations, value: &Node, meter: &mut Meter) -> Result<bool, Fault> {
        Ok(match (&self.kind, value) {
            (Kind::Text(constant), Node::Text { text, .. }) => is_same(data.str(*text), constant),
            (Kind::Text(constant), Node::Octets(octets)) => {
                compare_latin(constant, data.octets(*octets)) == Some(Ordering::Equal)
            }
            (Kind::Compare(operator, operand), value) => match (operator, operand.compare(data, value)?) {
                (_, None) => false,
                (Operator::Less, Some(order)) => order.is_lt(),
                (Operator::LessOrEqual, Some(order)) => order.is_le(),
                (Operator::Greater, Some(order)) => order.is_gt(),
                (Operator::GreaterOrEqual, Some(order)) => order.is_ge(),
                (_, Some(order)) => order.is_eq(),
            },
            (Kind::In(operands), value) => {
                // Constants are of one kind and no texts: the value compares to all of them or to none. Octets do not compare
                // to a text beyond U+00FF.
                let mut rest = &**operands;
                while let Some(middle) = rest.get(rest.len() / 2) {
                    let (before, after) = rest.split_at(rest.len() / 2);
                    rest = match middle.compare(data, value)? {
                        Some(Ordering::Equal) => return Ok(true),
                        Some(Ordering::Less) => before,
                        Some(Ordering::Greater) => after.get(1..).unwrap_or_default(),
                        None => return Ok(false),
                    };
                }
                false
            }
            (Kind::InTexts(texts), Node::Text { text, .. }) => {
                let text = data.str(*text);
                texts.binary_search_by(|constant| (**constant).cmp(text)).is_ok()
            }
            (Kind::InTexts(texts), Node::Octets(octets)) => {
                let text: String = data.octets(*octets).iter().map(|octet| char::from(*octet)).collect();
                texts.binary_search_by(|constant| (**constant).cmp(&text)).is_ok()
            }
            (Kind::Like(like), Node::Text { normal, .. }) => like.fits_text(data.str(*normal), meter)?,
            (Kind::Like(like), Node::Octets(octets)) => like.fits_octets(data.octets(*octets), meter)?,
            (Kind::Matches(expression), Node::Text { normal, .. }) => expression.is_found_in(data.str(*normal)),
            (Kind::MatchesOctets(expression), Node::Octets(octets)) => expression.is_found_in(data.octets(*octets)),
            (Kind::IsSubset(net), Node::Text { text, .. }) => {
                Net::parse(data.str(*text)).is_some_and(|value| value.is_subset_of(*net))
            }
            (Kind::IsSuperset(net), Node::Text { text, .. }) => {
                Net::parse(data.str(*text)).is_some_and(|value| net.is_subset_of(value))
            }
            _ => false,
        })
    }

    /// Tells whether `passes` is true of a value at the path.
    fn any(&self, place: Place<'_>, passes: &mut dyn FnMut(&Node) -> Result<bool, Fault>) -> Result<bool, Fault> {
        if self.is_wide {
            return self.any_wide(place, passes);
        }
        any_below(place, place.object.node, &self.steps, passes)
    }

    /// Walks step by step with the whole set of values, each once: objects that refer to one another under several `[*]`
    /// would else be visited once for every way that leads to them.
    fn any_wide(&self, place: Place<'_>, passes: &mut dyn FnMut(&Node) -> Result<bool, Fault>) -> Result<bool, Fault> {
        let mut values = vec![place.object.node];
        for step in &self.steps {
            let mut next = Vec::new();
            for value in values {
                match step {
                    Walk::Any => match place.data.node_at(value) {
                        Some(Node::List(items)) => next.extend_from_slice(place.data.items(*items)),
                        Some(Node::References(items)) => next.extend(place.resolved(place.data.items(*items))),
                        _ => {}
                    },
                    step => next.extend(place.step(value, step)?),
                }
            }
            next.sort_unstable();
            next.dedup();
            values = next;
        }
        let mut found = false;
        for value in values {
            found |= place.data.node_at(value).map_or(Ok(false), &mut *passes)?;
        }
        Ok(found)
    }
}

/// Walks on from one value. Recursion goes one deeper at each `[*]`, of which a path has at most 32.
fn any_below(
    place: Place<'_>,
    mut value: u32,
    steps: &[Walk],
    passes: &mut dyn FnMut(&Node) -> Result<bool, Fault>,
) -> Result<bool, Fault> {
    let mut steps = steps.iter();
    while let Some(step) = steps.next() {
        if !matches!(step, Walk::Any) {
            let Some(next) = place.step(value, step)? else { return Ok(false) };
            value = next;
            continue;
        }
        let (items, are_references) = match place.data.node_at(value) {
            Some(Node::List(items)) => (place.data.items(*items), false),
            Some(Node::References(items)) => (place.data.items(*items), true),
            _ => return Ok(false),
        };
        let mut found = false;
        for item in items {
            let item = if are_references { place.resolve(*item) } else { Some(*item) };
            let Some(item) = item else { continue };
            found |= any_below(place, item, steps.as_slice(), passes)?;
            if found && !place.is_strict {
                break;
            }
        }
        return Ok(found);
    }
    place.data.node_at(value).map_or(Ok(false), passes)
}

impl<'a> Place<'a> {
    /// Takes a step that leads to one value at most.
    #[inline]
    fn step(self, value: u32, step: &Walk) -> Result<Option<u32>, Fault> {
        let Some(node) = self.data.node_at(value) else { return Ok(None) };
        match (node, step) {
            (Node::Object(members), Walk::Key(name)) => {
                let Some(value) = self.data.get(*members, name) else { return Ok(None) };
                match self.data.node_at(value) {
                    Some(Node::Reference(object)) => Ok(object.and_then(|object| self.resolve(object))),
                    Some(Node::Malformed(expected)) => Err(Fault::Value(expected)),
                    // A list of references of which none resolves is absent, as one reference is.
                    Some(Node::References(items)) => Ok(self.resolved(self.data.items(*items)).next().map(|_| value)),
                    _ => Ok(Some(value)),
                }
            }
            (Node::List(items), Walk::Index(Some(index))) => Ok(self.data.items(*items).get(*index).copied()),
            // Places close up where a reference does not resolve.
            (Node::References(items), Walk::Index(Some(index))) => {
                Ok(self.resolved(self.data.items(*items)).nth(*index))
            }
            _ => Ok(None),
        }
    }

    /// Returns the value of an object if it is one of the observation.
    fn resolve(self, object: u32) -> Option<u32> {
        self.parts.binary_search(&object).ok()?;
        self.data.object_at(object).map(|object| object.node)
    }

    fn resolved(self, objects: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
        objects.iter().filter_map(move |object| self.resolve(*object))
    }
}
