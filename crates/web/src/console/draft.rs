//! A text that somebody typed, pasted or read from a file: checked, with its faults shown where they are.

use entente_agreement::{Agreement, Terms, TextError};
use std::sync::Arc;

// LIMIT: a text has at most 64 KiB; percent-encoded, with its signatures and the other fields, less than this.
/// Room for a form that carries a text.
pub(crate) const TEXT_FORM: usize = 512 << 10;
/// Lines shown before and after a faulty one.
const AROUND: usize = 2;
// LIMIT: faults that are shown with their lines; the rest is counted.
const FAULTS_MAX: usize = 100;

/// A text and what became of it.
#[derive(Default)]
pub(crate) struct Draft {
    /// The text as typed.
    pub(crate) text: String,
    /// Its terms, if nothing is wrong with it.
    pub(crate) terms: Option<Arc<Terms>>,
    /// What is wrong with it, in the order of the lines.
    pub(crate) faults: Vec<TextError>,
    /// The faulty lines and those around them.
    pub(crate) lines: Vec<Line>,
}

/// A line of a text that is shown because something is wrong with it or near it.
pub(crate) struct Line {
    /// Its number, from 1.
    pub(crate) number: usize,
    /// True if lines between the one before and this one are not shown.
    pub(crate) gap: bool,
    /// What stands before the faulty place.
    pub(crate) before: String,
    /// The faulty place, empty on a sound line.
    pub(crate) place: String,
    /// What stands behind it.
    pub(crate) after: String,
    /// What is wrong: code and sentence.
    pub(crate) faults: Vec<(&'static str, String)>,
}

impl Draft {
    /// Reads a text, or a note with any number of signatures, as a form brings it.
    pub(crate) fn read(typed: &str) -> Self {
        // Browsers send the lines of a form with CR LF; a text has neither CR nor a last line without its end.
        let mut text = typed.replace("\r\n", "\n");
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        match terms(&text) {
            Ok(terms) => Self { text, terms: Some(terms), ..Self::default() },
            Err(mut faults) => {
                faults.sort_by_key(|fault| fault.line);
                let lines = lines(&text, &faults);
                Self { text, faults, lines, ..Self::default() }
            }
        }
    }
}

fn terms(text: &str) -> Result<Arc<Terms>, Vec<TextError>> {
    match Agreement::open_partial(text.as_bytes()) {
        Ok(agreement) => Ok(Arc::clone(agreement.terms())),
        // A text that nobody has signed is no note.
        Err(errors)
            if errors.iter().all(|error| error.code() == "note.no-signature" || error.code() == "note.trailing") =>
        {
            Terms::parse(text).map(Arc::new)
        }
        Err(errors) => Err(errors),
    }
}

/// The faulty lines with their neighbours.
fn lines(text: &str, faults: &[TextError]) -> Vec<Line> {
    let faults = faults.get(..faults.len().min(FAULTS_MAX)).unwrap_or_default();
    let of_line = |number: usize| faults.iter().filter(move |fault| usize::try_from(fault.line) == Ok(number));
    let is_near = |number: usize| (number.saturating_sub(AROUND)..=number + AROUND).any(|n| of_line(n).count() > 0);
    let mut shown = Vec::new();
    let mut last = 0;
    for (number, line) in (1_usize..).zip(text.lines()) {
        if !is_near(number) {
            continue;
        }
        let (before, place, after) = match of_line(number).next() {
            Some(fault) => split(line, &fault.message),
            None => (line, "", ""),
        };
        shown.push(Line {
            number,
            gap: number > last + 1,
            before: before.to_owned(),
            place: place.to_owned(),
            after: after.to_owned(),
            faults: of_line(number).map(|fault| (fault.code, fault.message.clone())).collect(),
        });
        last = number;
    }
    shown
}

/// Finds the faulty place of a line: the last word in back quotes of the message that stands in it (a message names the key
/// before its value), else all of the line.
fn split<'a>(line: &'a str, message: &str) -> (&'a str, &'a str, &'a str) {
    let named: Vec<&str> = message.split('`').skip(1).step_by(2).filter(|word| !word.is_empty()).collect();
    for word in named.into_iter().rev() {
        if let Some(at) = line.find(word) {
            let (before, rest) = line.split_at(at);
            let (place, after) = rest.split_at(word.len());
            return (before, place, after);
        }
    }
    let content = line.trim();
    let at = line.len() - line.trim_start().len();
    let (before, rest) = line.split_at(at);
    let (place, after) = rest.split_at(content.len());
    (before, place, after)
}

#[cfg(test)]
mod tests {
    use super::{Draft, split};

    #[test]
    fn a_faulty_line_is_shown_with_its_number_its_neighbours_and_the_word_that_is_wrong() {
        let draft = Draft::read("format = \"entente/agreement@1\"\r\n\r\n\r\n\r\n\r\nx = 1 # a comment\r\n");
        assert!(draft.terms.is_none());
        let faulty = draft.lines.iter().find(|line| !line.faults.is_empty()).unwrap();
        assert_eq!((faulty.number, faulty.faults[0].0), (6, "text.comment"));
        assert!(!faulty.place.is_empty());
        assert_eq!(draft.lines.iter().map(|line| line.number).collect::<Vec<_>>(), [4, 5, 6]);
        assert!(draft.lines[0].gap);
    }

    #[test]
    fn the_faulty_place_is_the_word_that_the_message_names_or_the_whole_line() {
        assert_eq!(split("a = \"x\" # y", "the key `x` is unknown"), ("a = \"", "x", "\" # y"));
        assert_eq!(split("  a = 1", "`zz` is missing"), ("  ", "a = 1", ""));
        assert_eq!(split("", "anything"), ("", "", ""));
    }

    #[test]
    fn a_text_is_read_as_a_browser_sends_it() {
        assert_eq!(Draft::read("a\r\nb").text, "a\nb\n");
        assert_eq!(Draft::read("").text, "");
    }
}
