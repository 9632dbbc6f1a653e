//! What guests of other parties see on the console: releases made to their party, decided again for that door, and written into
//! the ledger as a delivery before a page shows them.

use std::collections::BTreeMap;

use entente_agreement::{Door, DoorSet, PartyId, PurposeSet, State as Life};
use entente_ledger::leaf::Leaf;
use entente_store::quotas::Use;
use entente_store::revisions::RevisionRow;

use crate::Exchange;
use crate::admit::object_key;
use crate::agreements::secret_keys;
use crate::deliver::Gate;
use crate::error::Result;
use crate::facts::{Admitted, Provenance};
use crate::journal;
use crate::node::log_origin;
use crate::quota::Quota;
use crate::release::released_ids;
use crate::state::State;
use crate::values::LaterVictims;

/// Releases that one page is about to show, by agreement: head and sequence numbers.
#[derive(Debug, Default)]
pub(crate) struct Shown(BTreeMap<String, (i64, Vec<i64>)>);

impl Shown {
    /// Adds what a part of the page shows.
    pub(crate) fn extend(&mut self, more: Shown) {
        for (agreement, (head, seqs)) in more.0 {
            self.0.entry(agreement).or_insert_with(|| (head, Vec::new())).1.extend(seqs);
        }
    }
}

impl Exchange {
    /// The bytes under which a revision was released to a guest's party, if the console may show them now.
    pub(crate) fn for_guest(
        &self,
        state: &State,
        party: &PartyId,
        row: &RevisionRow,
        admitted: &Admitted,
        shown: &mut Shown,
    ) -> Result<Option<Vec<u8>>> {
        let now = self.now();
        let Some(known) = state.party(party.as_str()) else { return Ok(None) };
        for held in state.between(self.own(), party, now) {
            if held.agreement.state(now) != Life::InForce {
                continue;
            }
            let gate = Gate {
                agreements: std::slice::from_ref(&held.agreement),
                state,
                releaser: self.own(),
                recipient: party,
                purposes: PurposeSet::ALL,
                doors: DoorSet::of(&[Door::Console]),
                now,
            };
            if !gate.permits(admitted, Provenance::of(row)) {
                continue;
            }
            let keys = secret_keys(self, held.id())?;
            let found = self.store().read(|s| -> Result<Option<(i64, i64, Vec<u8>)>> {
                let Some(head) = s.head(held.id(), known.no)? else { return Ok(None) };
                for id in released_ids(&keys, &row.id, party) {
                    let rows = s.manifest_of(head.no, object_key(&id))?;
                    let Some(release) = rows.into_iter().rfind(|release| {
                        release.id == id
                            && release.revision == row.no
                            && !release.withdrawn
                            && gate.permits_release(admitted, Provenance::of(row), release)
                    }) else {
                        continue;
                    };
                    let mut bytes = None;
                    s.manifest_from(head.no, release.seq, 1, |_, body, _| {
                        bytes = Some(body);
                        Ok::<_, crate::ExchangeError>(false)
                    })?;
                    let later = LaterVictims::load(s)?;
                    let bytes = bytes.filter(|bytes: &Vec<u8>| !later.are_named(release.added_us, bytes));
                    return Ok(bytes.map(|bytes| (head.no, release.seq, bytes)));
                }
                Ok(None)
            })?;
            if let Some((head, seq, bytes)) = found {
                shown.0.entry(held.id().to_owned()).or_insert_with(|| (head, Vec::new())).1.push(seq);
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// Writes the delivery leaves of a page. Called before the page is handed out; an error keeps it back.
    pub(crate) fn record_shown(&self, state: &State, party: &PartyId, shown: Shown) -> Result<()> {
        let now = self.now();
        let Some(known) = state.party(party.as_str()) else { return Ok(()) };
        for (agreement, (head, mut seqs)) in shown.0 {
            seqs.sort_unstable();
            seqs.dedup();
            let Some(held) = state.current(&agreement, now) else { continue };
            let (Some(first), Some(last)) = (seqs.first(), seqs.last()) else { continue };
            let position = |seq: &i64| u64::try_from(*seq).unwrap_or(0);
            let leaf = Leaf::Delivery {
                party: party.to_string(),
                purpose: "subscription".to_owned(),
                door: Door::Console.name().to_owned(),
                first: position(first),
                last: position(last),
                n: u64::try_from(seqs.len()).unwrap_or(u64::MAX),
                inner: None,
            };
            let key = self.keys().log(&log_origin(&self.node().host, &agreement))?;
            let quota = Quota::of(held, known.no, now);
            self.store().write(|tx| -> Result<()> {
                if !quota.spend(tx, Use::Delivered, seqs.len())? {
                    return Err(quota.passed());
                }
                let mut log = journal::log(tx, &agreement, key.name())?;
                let index = journal::append(tx, &mut log, &key, &held.hash(), &leaf, now)?;
                tx.put_delivery(log.no, i64::try_from(index).unwrap_or(i64::MAX), head, &seqs, now.as_micros())?;
                Ok(())
            })?;
        }
        Ok(())
    }
}
