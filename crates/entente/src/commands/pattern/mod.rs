//! `pattern …`: STIX patterns on the command line, offline.

mod check;
mod form;
mod keys;
mod matches;

use std::io::{self, BufReader};

use entente_pattern::{Pattern, PatternError, PatternErrorKind};
use serde_json::{Value, json};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::batch::{Line, next_line};
use super::note_terminal;
use crate::args::PatternCommand;
use crate::failure::{Excerpt, Failure, Outcome, exit};
use crate::output::{Output, visible};

/// Runs a verb.
pub(crate) fn run(command: PatternCommand, output: &Output) -> Outcome {
    match command {
        PatternCommand::Check(args) => check::run(&args, output),
        PatternCommand::Match(args) => matches::run(&args, output),
        PatternCommand::Keys { patterns, stix_version } => form::keys(&patterns, &stix_version, output),
        PatternCommand::Canonical { patterns, digest, stix_version } => {
            form::canonical(&patterns, digest, &stix_version, output)
        }
        PatternCommand::Equivalent { a, b, stix_version } => {
            form::compare(a.as_deref(), b.as_deref(), &stix_version, output)
        }
    }
}

/// One pattern of the input: its line on stdin or its place among the arguments, from 1, and its text.
struct Asked<'a> {
    number: u64,
    /// None for a line that is not UTF-8.
    text: Option<&'a str>,
}

/// Whether one pattern is asked about on the command line.
fn is_alone(patterns: &[String]) -> bool {
    matches!(patterns, [text] if text != "-")
}

/// Hands over every pattern: those of the command line, else the lines of stdin that are not blank.
fn each(
    patterns: &[String],
    output: &Output,
    mut with: impl FnMut(Asked<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if patterns.iter().any(|text| text != "-") {
        return patterns.iter().zip(1..).try_for_each(|(text, number)| with(Asked { number, text: Some(text) }));
    }
    note_terminal(output);
    let mut input = BufReader::with_capacity(super::READ_SIZE_BYTES, io::stdin().lock());
    let mut line = Vec::new();
    let mut number = 0_u64;
    loop {
        number = number.saturating_add(1);
        match next_line(&mut input, &mut line, &mut || Ok(()))? {
            Line::End => return Ok(()),
            // A line of this length is beyond the limit of a pattern; so is its beginning, and it is told as that is.
            Line::TooLong => with(Asked { number, text: Some(&" ".repeat(PATTERN_SIZE_BYTES_MAX + 1)) })?,
            Line::Whole => {
                let text = std::str::from_utf8(&line).ok().map(|text| text.strip_suffix('\r').unwrap_or(text));
                if text.is_none_or(|text| !text.trim().is_empty()) {
                    with(Asked { number, text })?;
                }
            }
        }
    }
}

// LIMIT: a pattern has 64 KiB at most (STIX-E-912).
const PATTERN_SIZE_BYTES_MAX: usize = 64 * 1024;

/// Why a text is no pattern.
enum Fault {
    /// The bytes are not UTF-8.
    Encoding,
    /// The text breaks the grammar or a limit.
    Pattern(PatternError),
}

/// Reads a pattern of one version of STIX.
fn parse(asked: &Asked<'_>, version: &str) -> Result<Pattern, Fault> {
    read(asked.text.ok_or(Fault::Encoding)?, version).map_err(Fault::Pattern)
}

/// The version a request asks for: its own, else that of the command line.
fn version<'a>(asked: Option<&'a str>, default: &'a str) -> Result<&'a str, String> {
    match asked.unwrap_or(default) {
        known @ ("2.0" | "2.1") => Ok(known),
        other => Err(format!("`stix_version` is 2.0 or 2.1, not `{}`", visible(other))),
    }
}

/// Reads a text as a pattern of one version of STIX.
fn read(text: &str, version: &str) -> Result<Pattern, PatternError> {
    entente_pattern::parse_version(text, version)
}

impl Fault {
    /// The fault as programs read it.
    fn json(&self) -> Value {
        match self {
            Self::Encoding => json!({ "code": "STIX-E-002", "message": "not UTF-8" }),
            Self::Pattern(error) => error_json(error),
        }
    }

    /// The fault as people read it: what is wrong, the line of the pattern, and a mark under the place.
    fn text(&self, pattern: &str) -> String {
        match self {
            Self::Encoding => "error[STIX-E-002]: the line is not UTF-8\n".to_owned(),
            Self::Pattern(error) => caret(pattern, error),
        }
    }

    /// The fault as the reason why a command stops.
    fn failure(&self, pattern: &str) -> Failure {
        match self {
            Self::Encoding => Failure::usage("the pattern is not UTF-8"),
            Self::Pattern(error) => {
                let (text, mark) = marked(pattern, error);
                let place = format!("{}:{}", error.line(), error.column());
                let mut failure = Failure::new(exit::USAGE, code(error), told(error));
                failure.excerpt = Some(Box::new(Excerpt { text, mark, place }));
                failure
            }
        }
    }
}

/// The fault of a pattern as programs read it.
fn error_json(error: &PatternError) -> Value {
    json!({
        "code": error.code(), "message": told(error), "line": error.line(), "column": error.column(),
        "offset": error.offset(),
    })
}

/// What was found and what would fit.
fn told(error: &PatternError) -> String {
    format!("found {}, expected {}", error.found(), error.expected())
}

/// The code as people meet it.
fn code(error: &PatternError) -> &'static str {
    if error.kind() == PatternErrorKind::Syntax { "pattern.syntax" } else { error.code() }
}

/// The message, the line of the pattern, and a mark under the place.
fn caret(pattern: &str, error: &PatternError) -> String {
    let (line, mark) = marked(pattern, error);
    format!(
        "error[{}]: {}\n  {line}\n  {mark} {}:{}\n",
        code(error),
        visible(&told(error)),
        error.line(),
        error.column()
    )
}

// LIMIT: columns of a line that are shown, so that the mark stands under them on a terminal of 80 columns.
const SHOWN: usize = 72;
/// Columns shown before the place at most.
const SHOWN_BEFORE: usize = 48;

/// The part of the pattern's line around the place, and the mark under it. Both count columns of a terminal: a character may take
/// two or none, and a hidden one takes those of its name.
fn marked(pattern: &str, error: &PatternError) -> (String, String) {
    let line = pattern.split('\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let at = line.char_indices().nth(error.column().saturating_sub(1)).map_or(line.len(), |(at, _)| at);
    let (before, after) = (line.get(..at).unwrap_or_default(), line.get(at..).unwrap_or_default());
    let before = visible(before);
    let cut = if before.width() > SHOWN_BEFORE + 8 { tail(&before, SHOWN_BEFORE) } else { before.as_str() };
    let mut shown = if cut.len() < before.len() { "…".to_owned() } else { String::new() };
    shown.push_str(cut);
    let mark = shown.width();
    let after = visible(after);
    let rest = head(&after, SHOWN.saturating_sub(mark));
    shown.push_str(rest);
    if rest.len() < after.len() {
        shown.push('…');
    }
    (shown, format!("{}^", " ".repeat(mark)))
}

/// The end of a text, at most so many columns of it.
fn tail(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let fits = |(_, character): &(usize, char)| {
        used += character.width().unwrap_or_default();
        used <= columns
    };
    let start = text.char_indices().rev().take_while(fits).last().map_or(text.len(), |(at, _)| at);
    text.get(start..).unwrap_or_default()
}

/// The beginning of a text, at most so many columns of it.
fn head(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let end = text.char_indices().find(|(_, character)| {
        used += character.width().unwrap_or_default();
        used > columns
    });
    end.and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::{caret, read};

    fn shown(pattern: &str) -> String {
        caret(pattern, &read(pattern, "2.1").unwrap_err())
    }

    #[test]
    fn the_mark_stands_under_the_place() {
        // Would break: an analyst mends the wrong part of a pattern.
        assert!(
            shown("[file:name OR file:size = 5]").ends_with("\n  [file:name OR file:size = 5]\n             ^ 1:12\n")
        );
        assert!(
            shown("[file:name = 'a'\n OR file:size 5]").ends_with("\n   OR file:size 5]\n                ^ 2:15\n")
        );
        assert!(shown("[file:name = 'a'").ends_with("\n  [file:name = 'a'\n                  ^ 1:17\n"));
        // A hidden character takes the room of its name.
        assert!(shown("[a:b = '\u{202e}' x]").contains("\n  [a:b = '<U+202E>' x]\n                    ^ 1:12\n"));
    }

    #[test]
    fn the_mark_counts_columns_of_a_terminal() {
        // Would break: under Chinese text or an accent written by itself the mark stands beside its place.
        for (text, columns) in [("東京", 4), ("e\u{301}e\u{301}", 2), ("\u{200b}", 8), ("\u{1f600}", 2), ("a\tb", 4)]
        {
            let told = shown(&format!("[a:b = '{text}' x]"));
            let mark = told.lines().nth(2).and_then(|line| line.find('^'));
            assert_eq!(mark, Some("  [a:b = '".len() + columns + "' ".len()), "{told}");
        }
        let long = format!("[a:b = '{}' nonsense {}", "京".repeat(100), "東".repeat(100));
        let told = shown(&long);
        let (line, mark) = (told.lines().nth(1).unwrap(), told.lines().nth(2).unwrap());
        let at = line.find("nonsense").unwrap();
        assert_eq!(line[..at].width(), mark.find('^').unwrap(), "{told}");
        assert!(told.lines().skip(1).all(|line| line.width() <= 80), "{told}");
        assert!(line.starts_with("  …京") && line.ends_with("東…"), "{told}");
    }

    #[test]
    fn of_a_long_line_the_part_around_the_place_is_shown() {
        // Would break: the mark stands rows away from what it marks.
        let long = format!("[file:name = '{}' nonsense {}", "x".repeat(1_000), "y".repeat(1_000));
        let text = shown(&long);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let (line, mark) = (text.lines().nth(1).unwrap(), text.lines().nth(2).unwrap());
        assert_eq!(line.chars().nth(mark.find('^').unwrap()), Some('n'), "{text}");
        assert!(line.starts_with("  …xxx") && line.ends_with("yyy…"), "{text}");
    }
}
