//! The decision log: what this node explained, exported, simulated or changed inside the house, and what it denied each day.
//!
//! Never shown to another party, because a denial reveals that something exists. What a leaf is about is a keyed hash: the node can
//! tell whether a leaf is about a given object, nobody else can.

use std::collections::BTreeMap;

use entente_ledger::Hash;
pub use entente_ledger::decision::Act;
use entente_ledger::decision::{COUNTS_MAX, Decision, DecisionEntry};
use entente_ledger::leaf::Actor;
use entente_stix::Timestamp;
use entente_store::Tx;

use crate::error::Result;
use crate::log_key::LogKey;
use crate::node::decisions_origin;
use crate::{Exchange, journal};

/// Name of the decision log where logs are listed by agreement; no agreement can be called so.
pub const DECISIONS: &str = "/decisions";

const DAY_US: i64 = 86_400_000_000;

impl Exchange {
    /// Writes into the decision log that something was done: what, to which object, for which purpose or under which word, and how
    /// many. Returns the index of the leaf. Not to be called inside a transaction of the store.
    ///
    /// `purpose` is a word of at most 64 plain characters.
    ///
    /// # Errors
    /// [`crate::ExchangeError::LedgerHalted`] when the log does not hold together or `purpose` is no word, [`crate::ExchangeError::Store`].
    pub fn note_decision(&self, act: Act, object: Option<&str>, purpose: Option<&str>, n: Option<u64>) -> Result<u64> {
        let object = object.map(|object| self.decision_object(object));
        self.decide_and_note(&Decision::Act { act, object, purpose: purpose.map(str::to_owned), n })
    }

    /// The keyed hash under which the decision log speaks of an object or party.
    #[must_use]
    pub fn decision_object(&self, object: &str) -> Hash {
        let inner = Hash::of_parts(&[&self.secrets().node, b"decision\n", object.as_bytes()]);
        Hash::of_parts(&[&self.secrets().node, inner.as_bytes()])
    }

    fn decide_and_note(&self, decision: &Decision) -> Result<u64> {
        let key = self.keys().log(&decisions_origin(&self.node().host))?;
        let now = self.now();
        self.store().write(|tx| append(tx, &key, decision, now))
    }

    /// Summarises what was withheld since the last summary, by agreement, party and reason, once for each whole day that has passed.
    /// Returns the number of leaves written.
    ///
    /// # Errors
    /// [`crate::ExchangeError::Store`], [`crate::ExchangeError::LedgerHalted`].
    pub fn summarise_denials(&self) -> Result<u64> {
        const SETTING: &str = "decisions:summarised";
        let now = self.now();
        let today_us = now.as_micros().div_euclid(DAY_US).saturating_mul(DAY_US);
        let last = self.store().read(|s| s.setting(SETTING))?;
        let last_us = last.and_then(|bytes| Some(i64::from_le_bytes(bytes.try_into().ok()?)));
        let from_us = last_us.unwrap_or_else(|| today_us.saturating_sub(DAY_US));
        if from_us >= today_us {
            return Ok(0);
        }
        let day = |us: i64| Timestamp::from_micros(us).to_string().get(..10).unwrap_or_default().to_owned();
        let period = format!("{}/{}", day(from_us), day(today_us));
        let state = self.state()?;
        let mut leaves = Vec::new();
        let heads = self.store().read(|s| s.heads())?;
        for head in heads {
            let (Some(party), Some(held)) = (state.party_no(head.recipient), state.current(&head.agreement, now))
            else {
                continue;
            };
            let counts = self.store().read(|s| s.withheld_between(head.no, from_us, today_us))?;
            let counts: Vec<(String, u64)> = BTreeMap::from_iter(counts).into_iter().collect();
            leaves.extend(counts.chunks(COUNTS_MAX).map(|counts| Decision::Denials {
                agreement: held.hash(),
                party: party.id.to_string(),
                period: period.clone(),
                counts: counts.to_vec(),
            }));
        }
        let key = self.keys().log(&decisions_origin(&self.node().host))?;
        self.store().write(|tx| -> Result<()> {
            for leaf in &leaves {
                append(tx, &key, leaf, now)?;
            }
            tx.put_setting(SETTING, &today_us.to_le_bytes())?;
            Ok(())
        })?;
        Ok(u64::try_from(leaves.len()).unwrap_or(u64::MAX))
    }
}

/// Appends a leaf to the decision log inside a transaction.
pub(crate) fn append(tx: &Tx<'_>, key: &LogKey, decision: &Decision, now: Timestamp) -> Result<u64> {
    let mut log = journal::log(tx, DECISIONS, key.name())?;
    journal::append_entry(tx, &mut log, key, now, |place| {
        let entry = DecisionEntry {
            seq: place.index,
            time: place.time,
            actor: Actor::Key(key.verifier().key_id()),
            decision: decision.clone(),
            skew: place.skew,
        };
        entry.to_bytes().map_err(|e| e.to_string())
    })
}
