//! What a person decides about an object after its admission: its text was read, it is under legal hold, it is embargoed.
//!
//! The facts of a revision are changed in place, so that every decision from then on sees them, the second one at delivery
//! included; the act itself is kept beside. A review of the text counts for exactly the version that was read
//! (`agreements.md` 4.6); hold and embargo count for every version of the object, later ones included (F7, F8).

use entente_stix::Timestamp;
use entente_store::reviews::ReviewRow;
use serde::Serialize;

use crate::Exchange;
use crate::admit::object_key;
use crate::error::{ExchangeError, Result};
use crate::facts::Admitted;

/// What is decided about an object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Review {
    /// The free text of the newest version was read and may leave where a clause lets text leave.
    Text,
    /// Under legal hold: it neither leaves nor is deleted. With the reference of the order.
    Hold(String),
    /// The legal hold ended. With the reference of the order.
    LiftHold(String),
    /// It does not leave before this instant.
    Embargo(Timestamp),
    /// The embargo ended.
    LiftEmbargo,
}

impl Review {
    /// The word of the act, as it is recorded.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Hold(_) => "hold",
            Self::LiftHold(_) => "lift-hold",
            Self::Embargo(_) => "embargo",
            Self::LiftEmbargo => "lift-embargo",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::Hold(reference) | Self::LiftHold(reference) => reference.clone(),
            Self::Embargo(until) => until.to_micros_string(),
            Self::Text | Self::LiftEmbargo => String::new(),
        }
    }

    fn carry_out(&self, facts: &mut Admitted) {
        match self {
            Self::Text => facts.text_reviewed = true,
            Self::Hold(_) => facts.legal_hold = true,
            Self::LiftHold(_) => facts.legal_hold = false,
            Self::Embargo(until) => facts.embargo_until = Some(*until),
            Self::LiftEmbargo => facts.embargo_until = None,
        }
    }
}

/// What a review changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reviewed {
    /// The object.
    pub id: String,
    /// The act.
    pub act: &'static str,
    /// Versions it counts for, over all sources.
    pub versions: u64,
}

impl Exchange {
    /// Records what a person decided about an object, and has every recipient's decision about it made again.
    ///
    /// # Errors
    /// [`ExchangeError::UnknownObject`], [`ExchangeError::Store`].
    pub fn review(&self, id: &str, review: &Review) -> Result<Reviewed> {
        let now = self.now();
        self.store().write(|tx| {
            // LIMIT: of an object with more than 256 versions the newest 256 are reviewed; the older ones are superseded.
            let mut versions = tx.view().revisions_of(object_key(id), 256)?;
            versions.retain(|row| row.id == id);
            if *review == Review::Text {
                let newest = versions.iter().map(|row| row.version_us).max();
                versions.retain(|row| Some(row.version_us) == newest);
            }
            if versions.is_empty() {
                return Err(ExchangeError::UnknownObject(id.to_owned()));
            }
            for row in &versions {
                let mut facts = Admitted::decode(&row.facts)?;
                review.carry_out(&mut facts);
                let record = ReviewRow {
                    revision: row.no,
                    at_us: now.as_micros(),
                    act: review.word().to_owned(),
                    detail: review.detail(),
                };
                tx.put_review(&record, &facts.encode())?;
                tx.decide_again(row.no, now.as_micros())?;
                if let Review::Embargo(until) = review {
                    tx.decide_again(row.no, until.as_micros())?;
                }
            }
            let versions = u64::try_from(versions.len()).unwrap_or(u64::MAX);
            Ok(Reviewed { id: id.to_owned(), act: review.word(), versions })
        })
    }
}
