//! The draft of an amendment: the full text of the next version (section 14.2 of the format).

use entente_stix::Timestamp;

use super::write::{quoted, time};
use crate::error::TextError;
use crate::terms::Terms;

/// Says what an amendment changes at the head of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amendment {
    /// From when it counts; as before if `None`.
    pub valid_from: Option<Timestamp>,
    /// Until when, exclusive; as before if `None`.
    pub valid_to: Option<Timestamp>,
    /// The date of review; as before if `None`, moved into the validity where it must be.
    pub review_by: Option<Timestamp>,
}

/// Writes the next version of an agreement out of `text`, which is the text of `before` or an edited copy of it.
///
/// Version and predecessor are written as they must be; everything else stays as it is in `text`, byte for byte.
///
/// # Errors
///
/// What [`Terms::parse`] finds wrong with the result; `agr.supersedes` for the text of another agreement.
pub fn amend(text: &str, before: &Terms, amendment: &Amendment) -> Result<String, Vec<TextError>> {
    let valid_from = amendment.valid_from.unwrap_or(before.valid_from);
    let valid_to = amendment.valid_to;
    let mut out = String::with_capacity(text.len().saturating_add(96));
    let mut in_head = true;
    for line in text.split_terminator('\n') {
        in_head &= !line.starts_with('[');
        let key = line.split(" =").next().unwrap_or_default();
        let replaced = match key {
            _ if !in_head => None,
            "version" => Some(format!(
                "version = {}\nsupersedes = {}",
                before.version.saturating_add(1),
                quoted(&before.hash_text())
            )),
            // It was written with the version.
            "supersedes" => continue,
            "valid_from" => amendment.valid_from.map(|at| format!("valid_from = {}", time(at))),
            "valid_to" => valid_to.map(|at| format!("valid_to = {}", time(at))),
            "review_by" => review(before, amendment, valid_from).map(|at| format!("review_by = {}", time(at))),
            _ => None,
        };
        out.push_str(replaced.as_deref().unwrap_or(line));
        out.push('\n');
    }
    let terms = Terms::parse(&out)?;
    if terms.id != before.id {
        let message = format!("the text is one of `{}`, not of `{}`", terms.id, before.id);
        return Err(vec![TextError::new("agr.supersedes", 0, message)]);
    }
    Ok(out)
}

/// The date of review, if it has to change.
fn review(before: &Terms, amendment: &Amendment, valid_from: Timestamp) -> Option<Timestamp> {
    if amendment.review_by.is_some() {
        return amendment.review_by;
    }
    let valid_to = amendment.valid_to.unwrap_or(before.valid_to);
    if before.review_by >= valid_from && before.review_by < valid_to {
        return None;
    }
    let half = valid_to.as_micros().saturating_sub(valid_from.as_micros()) / 2;
    Some(valid_from.saturating_add_micros(half).floor_to(86_400_000_000).max(valid_from))
}
