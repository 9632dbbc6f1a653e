//! What is known now, gathered once for a run, a page or a question: the victims whose names must not leave, what was recalled and
//! may not be released anew, the releases that say no more than that an object is revoked, and what may not come back.
//!
//! A decision about an object needs the object, the agreement and this. Nothing else looks into the store to find out whether
//! something was taken back, so a door cannot forget to.

use std::collections::{HashMap, HashSet};

use entente_agreement::Facts;
use entente_ledger::Hash;
use entente_observable::{Kind, Observable};
use entente_stix::{Limits, Object};
use entente_store::manifest::ManifestRow;
use entente_store::{Snapshot, StoreError};

use crate::admit::object_key;
use crate::prepare::Refusal;
use crate::values::{names_of, values_of, victims_in};

/// Everything that is known now and bears on whether something leaves, or comes in again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// Names and addresses of every victim.
    victims: HashSet<String>,
    /// When something was last admitted about one, microseconds; 0 when nothing was.
    newest_victim_us: i64,
    /// Why a revision is not released anew to a head's recipient, by head and revision.
    recalled: HashMap<(i64, i64), String>,
    /// Releases that are revocations, by head and position.
    revocations: HashSet<(i64, i64)>,
}

impl Known {
    /// Gathers what bears on the releases to one recipient.
    pub(crate) fn of_head(s: &Snapshot<'_>, head: i64) -> Result<Self, StoreError> {
        let mut known = Self { recalled: recalled(s, Some(head))?, ..Self::default() };
        known.revocations = s.revocations(head)?.into_iter().map(|seq| (head, seq)).collect();
        known.learn_victims(s)?;
        Ok(known)
    }

    /// Gathers what bears on the releases to anybody.
    pub(crate) fn of_all(s: &Snapshot<'_>) -> Result<Self, StoreError> {
        let mut known = Self { recalled: recalled(s, None)?, ..Self::default() };
        known.learn_victims(s)?;
        Ok(known)
    }

    /// Learns of victims that were admitted since.
    pub(crate) fn learn_victims(&mut self, s: &Snapshot<'_>) -> Result<(), StoreError> {
        self.newest_victim_us = s.newest_victim_us()?;
        self.victims = if self.newest_victim_us == 0 { HashSet::new() } else { s.victims()?.into_iter().collect() };
        Ok(())
    }

    /// Victim values that an object carries or names.
    pub(crate) fn victims_in(&self, object: &Object, facts: &Facts) -> Vec<(Kind, String)> {
        victims_in(&self.victims, object, facts)
    }

    /// Why a revision is not released anew under a head, because it was recalled.
    pub(crate) fn keeps_back(&self, head: i64, revision: i64) -> Option<&str> {
        self.recalled.get(&(head, revision)).map(String::as_str)
    }

    /// Whether nothing is kept back, so that nobody needs to ask.
    pub(crate) fn keeps_nothing_back(&self) -> bool {
        self.recalled.is_empty()
    }

    /// Whether the recipient holds what a row released: it was not taken back.
    pub(crate) fn is_held(&self, head: i64, row: &ManifestRow) -> bool {
        !row.withdrawn && !self.is_revocation(head, row)
    }

    /// Whether a release says no more than that an object is revoked. It goes to whoever holds the object, whatever the agreement says
    /// by now (`agreements.md` section 15).
    pub(crate) fn is_revocation(&self, head: i64, row: &ManifestRow) -> bool {
        self.revocations.contains(&(head, row.seq))
    }

    /// Position of the last revocation under a head.
    pub(crate) fn last_revocation(&self, head: i64) -> Option<i64> {
        self.revocations.iter().filter(|(of, _)| *of == head).map(|(_, seq)| *seq).max()
    }

    /// Whether nothing that became known since the release stands against it: it was not withdrawn, not recalled, and names no victim
    /// that was admitted later.
    pub(crate) fn still_stands(&self, row: &ManifestRow, bytes: &[u8]) -> bool {
        !row.withdrawn && !self.names_later_victim(row.added_us, bytes)
    }

    /// Whether bytes that were released at `added_us` name a victim that was admitted since.
    fn names_later_victim(&self, added_us: i64, bytes: &[u8]) -> bool {
        if added_us > self.newest_victim_us || self.victims.is_empty() {
            return false;
        }
        // What cannot be read again cannot be looked through, and stays.
        let Ok(object) = Object::parse(bytes, &Limits::offline()) else { return true };
        values_of(&object).iter().any(|(_, value)| names_of(value).any(|name| self.victims.contains(name)))
    }
}

fn recalled(s: &Snapshot<'_>, head: Option<i64>) -> Result<HashMap<(i64, i64), String>, StoreError> {
    let rows = s.recalled(head)?.into_iter().filter(|row| row.blocks);
    Ok(rows.map(|row| ((row.head, row.revision), row.reason)).collect())
}

/// What one party recalled under one agreement, so that a page that comes late does not bring it back.
#[derive(Clone, Debug)]
pub(crate) struct Buried {
    party: i64,
    agreement: String,
    secret: [u8; 32],
    /// Whether there is anything to look for at all.
    any: bool,
}

impl Buried {
    /// Opens what was recalled by a party under an agreement; asked once for a page.
    pub(crate) fn load(s: &Snapshot<'_>, party: i64, agreement: &str, secret: [u8; 32]) -> Result<Self, StoreError> {
        let any = s.has_tombstones(party, agreement)?;
        Ok(Self { party, agreement: agreement.to_owned(), secret, any })
    }

    /// Whether an object that was released at `released_us` (`None` when nothing proves when) was recalled since. What was released
    /// after the recall is a new release.
    pub(crate) fn refuses(
        &self,
        s: &Snapshot<'_>,
        object: &Object,
        observables: &[Observable],
        released_us: Option<i64>,
    ) -> Result<bool, StoreError> {
        if !self.any {
            return Ok(false);
        }
        let keys = std::iter::once(id_key(object.id()))
            .chain(observables.iter().map(|observable| value_key(&self.secret, observable)));
        for (key, digest) in keys {
            if let Some((at_us, known)) = s.tombstone(self.party, &self.agreement, key)?
                && known == digest.0
                && released_us.is_none_or(|released| released <= at_us)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Key and digest under which an id is buried.
pub(crate) fn id_key(id: &str) -> (i64, Hash) {
    (object_key(id), Hash::of(id.as_bytes()))
}

/// Key and digest under which a value is buried: keyed with a secret of the node, so that the store does not keep what it deleted.
pub(crate) fn value_key(secret: &[u8; 32], observable: &Observable) -> (i64, Hash) {
    let kind = observable.kind.name().as_bytes();
    let digest = Hash::of_parts(&[b"entente tombstone/1\n", secret, kind, &[0], observable.value.as_bytes()]);
    let [b0, b1, b2, b3, b4, b5, b6, b7, ..] = digest.0;
    (i64::from_be_bytes([b0, b1, b2, b3, b4, b5, b6, b7]), digest)
}

/// The refusal of what was recalled.
pub(crate) fn recalled_since(id: &str) -> Refusal {
    Refusal { code: "admit.recalled".to_owned(), message: format!("`{id}` was recalled by the party that gave it") }
}
