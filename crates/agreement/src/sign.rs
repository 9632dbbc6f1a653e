//! Offering and countersigning (section 14 of the format).

use entente_ledger::note::{Note, SigningKey};

use crate::agreement::party_keys;
use crate::error::TextError;
use crate::terms::Terms;
use crate::text;

/// Signs an agreement: a bare text (the offer) or a note that others have signed (the countersignature).
///
/// The text is checked again with every property, and signatures that are there must be valid.
///
/// # Errors
///
/// As [`Agreement::open_partial`](crate::Agreement::open_partial); `agr.wrong-key` if the key is not that of a party.
pub fn sign(text_or_note: &[u8], key: &SigningKey) -> Result<Vec<u8>, Vec<TextError>> {
    let has_signatures = Note::parse(text_or_note).is_ok();
    let mut note = if has_signatures {
        let agreement = crate::Agreement::open_partial(text_or_note)?;
        agreement
            .note()
            .cloned()
            .ok_or_else(|| vec![TextError::new("note.no-signature", 0, "the note has no signature")])?
    } else {
        let text = std::str::from_utf8(text_or_note).map_err(|error| {
            vec![TextError::new("note.utf8", 0, format!("not UTF-8 at byte {}", error.valid_up_to()))]
        })?;
        Terms::parse(text)?;
        Note::new(text).map_err(|error| vec![text::note_error(&error, text_or_note)])?
    };
    let terms = Terms::parse(note.text())?;
    let keys = party_keys(&terms)?;
    if !keys.iter().any(|known| known == key.verifier()) {
        let message = format!("the key `{}` is not that of a party of the text", key.name());
        return Err(vec![TextError::new("agr.wrong-key", 0, message)]);
    }
    let line = key.sign(note.text());
    note.add(line).map_err(|error| vec![text::note_error(&error, text_or_note)])?;
    Ok(note.to_bytes())
}
