//! Reading agreement texts: characters and tables, keys, then meaning.
//!
//! Stages follow section 4.3 of the format. All errors of the first failing stage are returned, none of later ones.

mod check;
mod clause;
mod profile;
mod reader;
mod schema;

use entente_ledger::note::Note;
use sha2::{Digest, Sha256};

use crate::error::TextError;
use crate::terms::Terms;

pub(crate) use check::kinds_of;

/// The only value of the key `format`.
pub const FORMAT: &str = "entente/agreement@1";

impl Terms {
    /// Reads, checks and compiles an agreement text (without signature lines).
    ///
    /// Checks the strict profile, every key, and the properties P1, P2, P4 and P5 of the format.
    ///
    /// # Errors
    ///
    /// Returns every error of the first failing stage, in line order; see [`TextError`].
    ///
    /// # Examples
    ///
    /// ```
    /// use entente_agreement::Terms;
    /// let errors = Terms::parse("format = \"entente/agreement@1\" # a comment\n").unwrap_err();
    /// assert_eq!(errors[0].code, "text.comment");
    /// assert_eq!(errors[0].line, 1);
    /// ```
    pub fn parse(text: &str) -> Result<Terms, Vec<TextError>> {
        let tables = profile::read(text)?;
        check::format(&tables)?;
        let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        let mut terms = schema::build(&tables, text, hash)?;
        check::agreement(&mut terms, &tables)?;
        Ok(terms)
    }

    /// Checks that this text may follow the known one: greater version, and `supersedes` naming its hash.
    ///
    /// With no known version the text must be version 1 or is accepted as the first one seen.
    ///
    /// # Errors
    ///
    /// `agr.replay` if the version is not greater (the same bytes again are accepted); `agr.supersedes` if another
    /// text is superseded.
    pub fn check_successor(&self, known: Option<&Terms>) -> Result<(), TextError> {
        let Some(known) = known.filter(|known| known.hash != self.hash) else {
            return Ok(());
        };
        if self.version <= known.version || self.id != known.id {
            let message = format!("version {} of `{}` is known; this one is {}", known.version, known.id, self.version);
            return Err(TextError::new("agr.replay", 0, message));
        }
        if self.version == known.version.saturating_add(1) && self.supersedes != Some(known.hash) {
            let message = format!("`supersedes` does not name {}", known.hash_text());
            return Err(TextError::new("agr.supersedes", 0, message));
        }
        Ok(())
    }
}

/// Reads the note around a text, and the text; verifies nothing.
pub(crate) fn open(bytes: &[u8]) -> Result<(Note, Terms), Vec<TextError>> {
    let note = Note::parse(bytes).map_err(|error| vec![note_error(&error, bytes)])?;
    let terms = Terms::parse(note.text())?;
    Ok((note, terms))
}

/// Maps an error of the note to the codes of the format, with the line where there is one.
pub(crate) fn note_error(error: &entente_ledger::note::NoteError, bytes: &[u8]) -> TextError {
    use entente_ledger::note::NoteError;
    let line_of = |offset: usize| {
        let before = bytes.get(..offset).unwrap_or(bytes);
        let line = before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
        u32::try_from(line).unwrap_or(u32::MAX)
    };
    let line = match error {
        NoteError::ControlCharacter { offset, .. } | NoteError::Utf8 { offset } => line_of(*offset),
        _ => 0,
    };
    TextError::new(error.code(), line, error.to_string())
}
