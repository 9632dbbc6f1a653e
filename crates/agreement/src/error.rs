//! What is wrong with a text or a note: code, line, sentence.

use std::fmt;

/// Says what is wrong with an agreement text or its note, and where.
///
/// `code` is one of section 4.3 of the format (`text.duplicate-key`, `agr.victim`, …) and is stable. `line` is 1-based; 0
/// means the whole text. The message is one sentence without a full stop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[non_exhaustive]
pub struct TextError {
    /// The stable code.
    pub code: &'static str,
    /// The line, from 1; 0 for the whole text.
    pub line: u32,
    /// What is wrong, for a person.
    pub message: String,
}

impl TextError {
    pub(crate) fn new(code: &'static str, line: u32, message: impl Into<String>) -> TextError {
        TextError { code, line, message: message.into() }
    }

    /// Returns the stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}: {}", self.code, self.message)
        } else {
            write!(f, "line {}: {}: {}", self.line, self.code, self.message)
        }
    }
}

/// Cuts untrusted text for a message to 80 characters.
pub(crate) fn shown(text: &str) -> String {
    entente_stix::shown(text, 80).to_string()
}

/// Tells whether a character turns the direction of text (section 4.2 of the format).
pub(crate) fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Tells whether a reader could not see a character, or would see it as a line break.
pub(crate) fn is_invisible(c: char) -> bool {
    is_bidi_control(c)
        || matches!(c, '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200D}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}')
}
