//! Recalls at the party that is asked: verify, carry out, pass on, acknowledge, all in one transaction.
//!
//! What is deleted goes everywhere: revisions, what they assert, counts, the salts of their receipts, and the copies that were released
//! to others. What is sealed goes where no reader looks. Its id stays behind as a tombstone, with a keyed hash of its value, so that a
//! page that was under way does not bring it back.

use std::collections::{BTreeMap, HashMap, HashSet};

use entente_agreement::recall::{RecallAck, RecallAction, RecallError, RecallNote};
use entente_agreement::{MarkingState, PartyId};
use entente_ledger::Hash;
use entente_ledger::leaf::Leaf;
use entente_observable::Observable;
use entente_stix::marking::Tlp;
use entente_stix::{Limits, Object, Timestamp};
use entente_store::manifest::Head;
use entente_store::recalls::{NewAck, NewRecall, RecallRow};
use entente_store::revisions::{AssertionRow, Counter, RevisionRow};
use entente_store::{StoreError, Tx};

use crate::admit::{
    AdmitOptions, count_assertion, object_assertion, object_key, observable_key, pseudonym_key, same_value,
};
use crate::agreements::secret_keys;
use crate::error::{ExchangeError, Result};
use crate::facts::{self, Admitted};
use crate::known::{id_key, value_key};
use crate::node::log_origin;
use crate::recall::{Taken, Taking, id_of, shred, version_of};
use crate::receipts::KeptPage;
use crate::release::released_ids;
use crate::state::{KnownParty, State};
use crate::{Exchange, journal};

/// What erasing came to.
#[derive(Debug, Default)]
pub(crate) struct Gone {
    /// Salts destroyed.
    pub(crate) salts: u64,
    /// Commitments of what is gone, in the order of its revisions.
    pub(crate) commitments: Vec<Hash>,
}

/// What to do with a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nothing of it stays.
    Delete,
    /// It is kept where no reader looks, and stays provable.
    Seal {
        /// The recall that demands it.
        recall: Option<i64>,
        /// Why, in a word.
        why: &'static str,
    },
}

/// A value or object that assertions of an erased revision are about.
struct Touched {
    key: i64,
    observable: Option<Observable>,
}

// LIMIT: versions of one object by one party that a recall takes in one step.
const VERSIONS_MAX: usize = 4_096;

impl Exchange {
    /// Carries out a recall that another party signed, and returns the acknowledgement to be sent back. The same recall again changes
    /// nothing and gets the acknowledgement that was given, or the last one once everything passed on is complete (A36, A44).
    ///
    /// `from` is the party that handed it over, if it is known; a file needs no more than the signature.
    ///
    /// # Errors
    /// [`ExchangeError::Recall`] for every fault of the note, [`ExchangeError::Store`], [`ExchangeError::LedgerHalted`].
    pub fn accept_recall(&self, from: Option<&PartyId>, note: &[u8]) -> Result<Vec<u8>> {
        let state = self.state()?;
        let (_, recall) = RecallNote::open(note)?;
        let version = version_of(&state, &recall)?;
        let (recall, hash) = RecallNote::verify(note, version.agreement.terms())?;
        let stranger = |party: &PartyId| ExchangeError::Recall(RecallError::UnknownParty { party: party.clone() });
        if recall.to != *self.own() {
            return Err(stranger(&recall.to));
        }
        let sender = state.party(recall.party.as_str()).ok_or_else(|| stranger(&recall.party))?;
        if from.is_some_and(|from| *from != sender.id) {
            return Err(stranger(&recall.party));
        }
        let now = self.now();
        let terms = version.agreement.terms();
        let due = |hours: u16| recall.at.as_micros().saturating_add(i64::from(hours).saturating_mul(3_600_000_000));
        let key = self.keys().log(&log_origin(&self.node().host, version.id()))?;
        // It may be passed on into any of them.
        self.ask_about_heads()?;
        self.store().write(|tx| -> Result<Vec<u8>> {
            let new = tx.put_recall(&NewRecall {
                hash: &hash,
                outbound: false,
                agreement: version.id(),
                party: sender.no,
                reason: recall.reason.name(),
                action: &recall.action.to_text(),
                n: i64::try_from(recall.ids().len()).unwrap_or(i64::MAX),
                at_us: recall.at.as_micros(),
                ack_by_us: due(terms.recall.ack_hours),
                complete_by_us: due(terms.recall.complete_hours),
                confirmable: true,
                cause: None,
                salts: None,
                note: &String::from_utf8_lossy(note),
            })?;
            let Some(no) = new else {
                let row = tx.view().recall(&hash, false)?.ok_or(StoreError::Conflict)?;
                return self.last_ack(tx, &row, &hash, now);
            };
            let done = self.carry_out(tx, &state, sender, &recall, no, now)?;
            let mut log = journal::log(tx, version.id(), key.name())?;
            if done.salts > 0 {
                let leaf = Leaf::Erasure { n: done.salts, basis: "recall".to_owned() };
                journal::append(tx, &mut log, &key, &version.hash(), &leaf, now)?;
            }
            let leaf = Leaf::RecallAck {
                party: recall.party.to_string(),
                of: Hash(hash),
                deleted: done.deleted,
                sealed: done.sealed,
                onward: done.onward,
            };
            journal::append(tx, &mut log, &key, &version.hash(), &leaf, now)?;
            let ack =
                RecallAck { recall: hash, deleted: done.deleted, sealed: done.sealed, onward: done.onward, at: now };
            self.put_own_ack(tx, no, &ack, done.onward == 0)
        })
    }

    /// Signs and keeps an acknowledgement of this node.
    fn put_own_ack(&self, tx: &Tx<'_>, recall: i64, ack: &RecallAck, complete: bool) -> Result<Vec<u8>> {
        let signed = ack.sign(self.keys().agreement())?;
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        tx.put_ack(
            recall,
            &NewAck {
                note: &String::from_utf8_lossy(&signed),
                at_us: ack.at.as_micros(),
                deleted: count(ack.deleted),
                sealed: count(ack.sealed),
                onward: count(ack.onward),
                completed_us: complete.then_some(ack.at.as_micros()),
            },
        )?;
        Ok(signed)
    }

    /// The acknowledgement that a recall has now: the one given, or a second one, later, when all it was passed on to are done.
    fn last_ack(&self, tx: &Tx<'_>, row: &RecallRow, hash: &[u8; 32], now: Timestamp) -> Result<Vec<u8>> {
        let given = row.ack.clone().unwrap_or_default();
        if row.completed_us.is_some() || tx.view().onward_open(row.no)? {
            return Ok(given.into_bytes());
        }
        let (_, earlier) = RecallAck::open(given.as_bytes())?;
        let at = now.max(earlier.at.saturating_add_micros(1_000));
        self.put_own_ack(tx, row.no, &RecallAck { recall: *hash, at, ..earlier }, true)
    }

    /// Does what a recall asks, and passes it on.
    fn carry_out(
        &self,
        tx: &Tx<'_>,
        state: &State,
        sender: &KnownParty,
        recall: &RecallNote,
        no: i64,
        now: Timestamp,
    ) -> Result<Done> {
        let agreement = recall.agreement.as_str();
        let mut done = Done::default();
        let mut fates: [(Fate, Vec<RevisionRow>); 3] = [
            (Fate::Delete, Vec::new()),
            (Fate::Seal { recall: Some(no), why: "stop-use" }, Vec::new()),
            (Fate::Seal { recall: Some(no), why: "legal-hold" }, Vec::new()),
        ];
        let mut raised = Vec::new();
        for id in recall.ids() {
            let (key, digest) = id_key(id);
            tx.put_tombstone((sender.no, agreement), key, &digest.0, no, recall.at.as_micros())?;
            let rows = self.resting_on(tx, state, sender.no, agreement, id)?;
            if rows.is_empty() {
                continue;
            }
            let mut held = false;
            for row in &rows {
                held |= Admitted::decode(&row.facts)?.legal_hold;
            }
            let slot = match recall.action {
                RecallAction::Raise(_) => None,
                RecallAction::StopUse => Some(1),
                RecallAction::Delete if held => Some(2),
                RecallAction::Delete => Some(0),
            };
            match slot {
                Some(1 | 2) => done.sealed += 1,
                _ => done.deleted += 1,
            }
            if slot.is_some() {
                for observable in rows.iter().flat_map(|row| self.touched(row, now)).filter_map(|one| one.observable) {
                    let (key, digest) = value_key(&self.secrets().node, &observable);
                    tx.put_tombstone((sender.no, agreement), key, &digest.0, no, recall.at.as_micros())?;
                }
            }
            match slot.and_then(|slot| fates.get_mut(slot)) {
                Some((_, gathered)) => gathered.extend(rows),
                None => raised.extend(rows),
            }
        }
        let taking = Taking { reason: recall.reason, action: recall.action, blocks: true, cause: Some(no) };
        let pass_on = version_of(state, recall)?.agreement.terms().recall.onward;
        let all: Vec<&RevisionRow> = fates.iter().flat_map(|(_, rows)| rows).chain(&raised).collect();
        if pass_on {
            done.onward = self.pass_on(tx, state, &all, taking, now)?;
        }
        if let RecallAction::Raise(tlp) = recall.action {
            raise(tx, &raised, tlp, now)?;
        }
        for (fate, rows) in &fates {
            done.salts += self.erase(tx, state, rows, *fate, "recall", now)?.salts;
        }
        Ok(done)
    }

    /// The revisions of an object that rest on nothing but one party and agreement; what rests on another agreement as well is left
    /// to that one.
    pub(crate) fn resting_on(
        &self,
        tx: &Tx<'_>,
        state: &State,
        party: i64,
        agreement: &str,
        id: &str,
    ) -> Result<Vec<RevisionRow>> {
        let of_agreement = |no: i64| state.version(no).is_some_and(|held| held.id() == agreement);
        let mut found = Vec::new();
        for row in tx.view().revisions_of(object_key(id), VERSIONS_MAX)? {
            if row.id != id || row.party != party {
                continue;
            }
            let (same, others): (Vec<i64>, Vec<i64>) =
                tx.view().bases(row.no)?.into_iter().partition(|no| of_agreement(*no));
            if of_agreement(row.agreement) {
                match others.first() {
                    Some(other) => tx.rest_on(row.no, *other)?,
                    None => found.push(row),
                }
            } else {
                same.iter().try_for_each(|no| tx.drop_basis(row.no, *no))?;
            }
        }
        Ok(found)
    }

    /// Recalls what was released of these revisions; returns how many objects.
    fn pass_on(
        &self,
        tx: &Tx<'_>,
        state: &State,
        rows: &[&RevisionRow],
        taking: Taking,
        now: Timestamp,
    ) -> Result<u64> {
        let mut n = 0_u64;
        for (head, taken) in self.released_of(tx, state, rows)? {
            let mut open = Vec::new();
            for row in taken {
                if tx.view().may_be_recalled(head.no, row.seq)? {
                    open.push(row);
                }
            }
            let ids: HashSet<&str> = open.iter().map(|row| row.id.as_str()).collect();
            n = n.saturating_add(u64::try_from(ids.len()).unwrap_or(u64::MAX));
            if !open.is_empty() {
                self.take_back(tx, state, &head, taking, open, now)?;
            }
        }
        Ok(n)
    }

    /// The releases that were made of these revisions, by head.
    fn released_of(&self, tx: &Tx<'_>, state: &State, rows: &[&RevisionRow]) -> Result<Vec<(Head, Vec<Taken>)>> {
        let numbers: HashSet<i64> = rows.iter().map(|row| row.no).collect();
        let originals: HashSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let mut found = Vec::new();
        for head in tx.view().heads()? {
            let Some(recipient) = state.party_no(head.recipient) else { continue };
            let keys = secret_keys(self, &head.agreement)?;
            let mut taken = Vec::new();
            for original in &originals {
                for id in released_ids(&keys, original, &recipient.id) {
                    for row in tx.view().manifest_of(head.no, object_key(&id))? {
                        if row.id == id && numbers.contains(&row.revision) {
                            taken.push(Taken { seq: row.seq, revision: row.revision, id: row.id });
                        }
                    }
                }
            }
            if !taken.is_empty() {
                found.push((head, taken));
            }
        }
        Ok(found)
    }

    /// Erases or seals revisions with everything that rests on them.
    pub(crate) fn erase(
        &self,
        tx: &Tx<'_>,
        state: &State,
        rows: &[RevisionRow],
        fate: Fate,
        basis: &str,
        now: Timestamp,
    ) -> Result<Gone> {
        let mut gone = Gone::default();
        if rows.is_empty() {
            return Ok(gone);
        }
        let all: Vec<&RevisionRow> = rows.iter().collect();
        for (head, taken) in self.released_of(tx, state, &all)? {
            let seqs: Vec<i64> = taken.iter().map(|row| row.seq).collect();
            shred(tx, head.no, &seqs)?;
        }
        if fate == Fate::Delete {
            gone = forget_receipts(tx, rows)?;
        }
        self.retract(tx, rows, now)?;
        for row in rows {
            if let Fate::Seal { recall, why } = fate {
                tx.seal_revision(row.no, recall, why, now.as_micros())?;
            }
            tx.erase_revision(row.no, basis, now.as_micros())?;
        }
        Ok(gone)
    }

    /// Takes back what these revisions assert, or lets another revision of the party assert it.
    fn retract(&self, tx: &Tx<'_>, rows: &[RevisionRow], now: Timestamp) -> Result<()> {
        let numbers: HashSet<i64> = rows.iter().map(|row| row.no).collect();
        let mut by_party: BTreeMap<i64, HashMap<i64, Option<Observable>>> = BTreeMap::new();
        for row in rows {
            let touched = self.touched(row, now);
            by_party.entry(row.party).or_default().extend(touched.into_iter().map(|one| (one.key, one.observable)));
        }
        for (party, touched) in by_party {
            // GAP: only the first observable of a pattern is found by this walk, so a second revision that names the value further back
            // does not take over the assertion.
            let mut others: HashMap<i64, i64> = HashMap::new();
            tx.view().observables_of_party(party, |no, observable| {
                if touched.contains_key(&observable) && !numbers.contains(&no) {
                    others.insert(observable, no);
                }
            })?;
            for (key, observable) in touched {
                let Some(mine) = tx.view().assertion(key, party)?.filter(|mine| numbers.contains(&mine.revision))
                else {
                    continue;
                };
                let all = tx.view().assertions_of(key)?;
                let before = match &observable {
                    Some(observable) => same_value(all, observable),
                    None => all,
                };
                let other = others.get(&key).map(|no| tx.view().revision(*no)).transpose()?.flatten();
                let next = other.and_then(|row| {
                    let object = Object::parse(&row.body, &Limits::offline()).ok()?;
                    let facts = Admitted::decode(&row.facts).ok()?;
                    Some(object_assertion(&object, &facts, party, key, row.no, observable.as_ref()))
                });
                match next {
                    Some(next) => {
                        tx.put_assertion(&next)?;
                        count_assertion(tx, &before, &next)?;
                    }
                    None => {
                        tx.delete_assertion(key, party)?;
                        uncount(tx, &before, &mine)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// What the assertions of a revision are about.
    fn touched(&self, row: &RevisionRow, now: Timestamp) -> Vec<Touched> {
        let prepared = self.prepare_object(&row.body, &AdmitOptions::default(), "erase", now);
        let mut found: Vec<Touched> = Vec::new();
        if let Ok(prepared) = prepared {
            found.extend(pseudonym_key(&prepared.object).map(|key| Touched { key, observable: None }));
            let observables = prepared.observables.into_iter();
            found.extend(observables.map(|one| Touched { key: observable_key(&one), observable: Some(one) }));
        }
        if found.is_empty() {
            found.extend(row.observable.map(|key| Touched { key, observable: None }));
        }
        found
    }

    /// Hands over the recalls of this node to one party and carries out those of the other.
    ///
    /// Part of every contact, also under an agreement that is suspended or over.
    pub(crate) fn exchange_recalls(
        &self,
        party: &KnownParty,
        link: &crate::state::Link,
        held: &crate::state::Held,
    ) -> Result<()> {
        let own = self.store().read(|s| s.open_recalls(held.id(), party.no, true))?;
        for row in own.iter().filter(|row| row.confirmable) {
            let Some(answer) = known_there(self.call(party, link, "api/v1/recalls", Some(row.note.as_bytes())))? else {
                break;
            };
            self.accept_ack(&party.id, &hex_of(row), &answer.body)?;
        }
        let path = format!("api/v1/recalls?agreement={}", held.id());
        let Some(answer) = known_there(self.call(party, link, &path, None))? else { return Ok(()) };
        let theirs: Notes = serde_json::from_slice(&answer.body).map_err(|e| ExchangeError::Remote {
            party: party.id.to_string(),
            code: "sync.recalls",
            message: format!("its list of recalls is not readable: {e}"),
        })?;
        for note in theirs.notes {
            let ack = self.accept_recall(Some(&party.id), note.as_bytes())?;
            let (signed, _) = RecallNote::open(note.as_bytes())?;
            let path = format!("api/v1/recalls/{}/ack", id_of(&signed.text_hash()));
            self.call(party, link, &path, Some(&ack))?;
        }
        Ok(())
    }
}

/// The list of recalls that another node hands out.
#[derive(serde::Deserialize)]
struct Notes {
    notes: Vec<String>,
}

fn hex_of(row: &RecallRow) -> String {
    <[u8; 32]>::try_from(row.hash.as_slice()).map_or_else(|_| String::new(), |hash| id_of(&Hash(hash)))
}

/// `None` from a node that does not know the address: an earlier version, or one that lacks the agreement.
fn known_there<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(ExchangeError::Remote { code: "sync.not-found", .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What carrying out a recall came to.
#[derive(Debug, Default)]
struct Done {
    deleted: u64,
    sealed: u64,
    onward: u64,
    salts: u64,
}

/// Raises the marking of revisions and of what they assert, and has every decision about them made again. The bytes stay as they were
/// received.
fn raise(tx: &Tx<'_>, rows: &[RevisionRow], tlp: Tlp, now: Timestamp) -> Result<()> {
    for row in rows {
        let mut admitted = Admitted::decode(&row.facts)?;
        admitted.tlp = admitted.tlp.max(tlp);
        admitted.marking = MarkingState::Marked;
        tx.set_facts(row.no, &admitted.encode())?;
        tx.decide_again(row.no, now.as_micros())?;
        if let Some(key) = row.observable
            && let Some(mine) = tx.view().assertion(key, row.party)?.filter(|mine| mine.revision == row.no)
        {
            tx.put_assertion(&AssertionRow { tlp: mine.tlp.max(facts::tlp_level(tlp)), ..mine })?;
        }
    }
    Ok(())
}

/// Destroys the salts that came with revisions.
fn forget_receipts(tx: &Tx<'_>, rows: &[RevisionRow]) -> Result<Gone> {
    let mut gone = Gone::default();
    let mut pages: BTreeMap<i64, KeptPage> = BTreeMap::new();
    for row in rows {
        let Some((page, index)) = row.receipt else { continue };
        let damaged = |e: serde_json::Error| StoreError::Damaged(format!("page receipt {page}: {e}"));
        if let std::collections::btree_map::Entry::Vacant(place) = pages.entry(page) {
            let Some((_, _, json)) = tx.view().page_receipt(page)? else { continue };
            place.insert(serde_json::from_slice(&json).map_err(damaged)?);
        }
        let number = usize::try_from(index).unwrap_or(usize::MAX);
        if let Some(commitment) = pages.get_mut(&page).and_then(|kept| kept.erase(number)) {
            gone.salts = gone.salts.saturating_add(1);
            gone.commitments.push(commitment);
        }
    }
    for (page, kept) in pages {
        let json = serde_json::to_vec(&kept).map_err(|e| StoreError::Damaged(format!("page receipt {page}: {e}")))?;
        tx.replace_page_receipt(page, &json)?;
    }
    Ok(gone)
}

/// Takes an assertion out of the counters of observables, targets and givers: the reverse of counting it.
fn uncount(tx: &Tx<'_>, before: &[AssertionRow], mine: &AssertionRow) -> Result<()> {
    let others: Vec<&AssertionRow> = before.iter().filter(|row| row.party != mine.party).collect();
    match others.len() {
        0 => tx.count(Counter::Observables, 0, 0, -1)?,
        1 => tx.count(Counter::Corroborated, 0, 0, -1)?,
        _ => {}
    }
    if !others.iter().any(|row| (row.role, row.country) == (mine.role, mine.country)) {
        tx.count(Counter::Targets, mine.country, mine.role, -1)?;
    }
    Ok(tx.count(Counter::Given, mine.party, mine.role, -1)?)
}
