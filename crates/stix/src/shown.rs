//! Text from outside in messages: cut, and nothing of it hidden.

use std::fmt::{self, Display, Write};

/// Writes a text cut to some characters, hidden ones as `<U+…>`. Made by [`shown`].
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    text: &'a str,
    chars_max: usize,
}

/// Makes a text from outside fit for a message: at most `chars_max` characters, then `…`; hidden ones as `<U+…>`.
///
/// # Examples
///
/// ```
/// assert_eq!(entente_stix::shown("a\u{202e}b\nc", 4).to_string(), "a<U+202E>b<U+000A>…");
/// ```
pub const fn shown(text: &str, chars_max: usize) -> Shown<'_> {
    Shown { text, chars_max }
}

impl Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (count, character) in self.text.chars().enumerate() {
            if count == self.chars_max {
                return formatter.write_char('…');
            }
            if is_hidden(character) {
                write!(formatter, "<U+{:04X}>", u32::from(character))?;
            } else {
                formatter.write_char(character)?;
            }
        }
        Ok(())
    }
}

/// Tells whether a reader could not see a character, would see it as a line break, or would see others in another order for it:
/// controls, marks and overrides of direction, zero widths, blank fillers, tags.
pub const fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{0}'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}
