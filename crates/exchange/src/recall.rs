//! Recalls at the party that takes back: what was released is asked for again, note by note, and what became of it is kept.
//!
//! A recall marks manifest rows, so that no door delivers them again, appends its leaf and keeps its signed note in one transaction.
//! It needs no agreement in force: what was released under one that is suspended or over can still be taken back.

use std::collections::{BTreeMap, BTreeSet};

use entente_agreement::recall::{RecallAck, RecallAction, RecallError, RecallNote, RecallReason};
use entente_agreement::{PartyId, Predicate, Reason};
use entente_ledger::Hash;
use entente_ledger::leaf::Leaf;
use entente_ledger::merkle;
use entente_ledger::receipt::{commitment, decision_digest};
use entente_stix::{Limits, Object, Timestamp};
use entente_store::Tx;
use entente_store::manifest::{Head, ManifestRow, NewRelease};
use entente_store::recalls::{NewAck, NewRecall, RecallRow};
use serde::Serialize;

use crate::access::Credential;
use crate::admit::object_key;
use crate::agreements::secret_keys;
use crate::build::identity_id;
use crate::error::{ExchangeError, Result};
use crate::facts::Admitted;
use crate::node::log_origin;
use crate::receipts::{Secret, secret};
use crate::release::{BATCH_ROWS_MAX, released_ids};
use crate::state::{Held, State};
use crate::{ENGINE, Exchange, journal};

/// What a recall did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RecallDone {
    /// Objects asked for.
    pub objects: u64,
    /// Of these, objects that nobody holds from this node.
    pub not_released: Vec<String>,
    /// Who has them.
    pub parties: Vec<RecalledFrom>,
    /// Whether nothing was done.
    pub dry_run: bool,
}

/// One party and agreement from which something is recalled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecalledFrom {
    /// Agreement id.
    pub agreement: String,
    /// The party.
    pub party: String,
    /// Released ids.
    pub ids: Vec<String>,
    /// Ids of the recalls, one per note; empty in a dry run.
    pub recalls: Vec<String>,
    /// Whether its node can acknowledge; otherwise a person asks and confirms.
    pub confirmable: bool,
    /// Address for operations, as the agreement names it.
    pub contact: String,
}

/// A recall as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecallView {
    /// SHA-256 of the note's text, hexadecimal.
    pub id: String,
    /// Agreement id.
    pub agreement: String,
    /// The other party.
    pub party: String,
    /// `out` where this node takes back, `in` where it was asked.
    pub direction: &'static str,
    /// Word of the reason.
    pub reason: String,
    /// Word of the action.
    pub action: String,
    /// Objects named.
    pub n: u64,
    /// `sent`, `acknowledged`, `completed`, `refused`, `overdue` or `cannot-confirm`.
    pub state: &'static str,
    /// When it was written.
    pub at: String,
    /// Until when it is to be acknowledged.
    pub acknowledge_by: String,
    /// Until when it is to be complete.
    pub complete_by: String,
    /// Objects deleted (or raised), as acknowledged.
    pub deleted: u64,
    /// Objects sealed, as acknowledged.
    pub sealed: u64,
    /// Objects recalled onward, as acknowledged.
    pub onward: u64,
    /// Whom to ask when it is overdue: the address for disputes.
    pub contact: String,
}

/// A release that is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) seq: i64,
    pub(crate) revision: i64,
    pub(crate) id: String,
}

/// Why, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taking {
    pub(crate) reason: RecallReason,
    pub(crate) action: RecallAction,
    /// Whether the same revision is kept from being released anew. A person's recall is; one that follows from the terms is not,
    /// because other terms may permit it again.
    pub(crate) blocks: bool,
    /// The recall that is passed on.
    pub(crate) cause: Option<i64>,
}

/// A revocation that is about to be appended.
struct Revoked {
    /// The row that is taken back.
    row: ManifestRow,
    bytes: Vec<u8>,
    version_us: i64,
    /// Salt and decision digest.
    secret: Vec<u8>,
    /// Commitment to the bytes.
    sealed: Hash,
}

// LIMIT: recalls that a list shows; the newest are shown.
const LISTED_MAX: usize = 10_000;
const SALT_SIZE_BYTES: usize = 16;
const HOUR_US: i64 = 3_600_000_000;

impl Exchange {
    /// Takes objects back from every party that holds a release of them: by id as held or as released, or by value.
    ///
    /// Parties with a node are told now if they can be called, else with the next contact. With `dry_run` nothing is done.
    ///
    /// # Errors
    /// [`ExchangeError::UnknownObject`] when an object is neither held nor released, [`ExchangeError::Store`],
    /// [`ExchangeError::LedgerHalted`]; nothing is recalled then.
    pub fn recall(
        &self,
        objects: &[String],
        reason: RecallReason,
        action: RecallAction,
        dry_run: bool,
    ) -> Result<RecallDone> {
        let state = self.state()?;
        let mut done = RecallDone { dry_run, ..RecallDone::default() };
        let mut originals: BTreeSet<String> = BTreeSet::new();
        let mut held = BTreeSet::new();
        for object in objects {
            let found = self.latest(object)?.map(|row| row.id);
            match found {
                Some(id) => {
                    held.insert(id.clone());
                    originals.insert(id);
                }
                None if entente_stix::id::is_identifier(object) => {
                    originals.insert(object.clone());
                }
                None => return Err(ExchangeError::UnknownObject(object.clone())),
            }
        }
        done.objects = u64::try_from(originals.len()).unwrap_or(u64::MAX);
        let taking = Taking { reason, action, blocks: true, cause: None };
        if !dry_run {
            self.ask_about_heads()?;
        }
        let now = self.now();
        let mut released: BTreeSet<String> = BTreeSet::new();
        let done = self.store().write(|tx| -> Result<RecallDone> {
            for head in tx.view().heads()? {
                let Some(version) = version_for(&state, self.own(), &head) else { continue };
                let Some(recipient) = state.party_no(head.recipient) else { continue };
                let keys = secret_keys(self, &head.agreement)?;
                let companions = [identity_id(self.own().as_str()), keys.party_identity_id(self.own())];
                let mut rows = Vec::new();
                for original in &originals {
                    for id in released_ids(&keys, original, &recipient.id) {
                        if companions.contains(&id) || id.starts_with("marking-definition--") {
                            continue;
                        }
                        let found = takeable(tx, &head, &id)?;
                        if !found.is_empty() {
                            released.insert(original.clone());
                        }
                        rows.extend(found);
                    }
                }
                if rows.is_empty() {
                    continue;
                }
                let terms = version.agreement.terms();
                let party = terms.party(&recipient.id);
                let ids: BTreeSet<String> = rows.iter().map(|row| row.id.clone()).collect();
                let mut from = RecalledFrom {
                    agreement: head.agreement.clone(),
                    party: recipient.id.to_string(),
                    ids: ids.into_iter().collect(),
                    recalls: Vec::new(),
                    confirmable: party.is_some_and(|party| party.log_vkey.is_some()),
                    contact: party.map_or_else(String::new, |party| party.contact_operations.clone()),
                };
                if !dry_run {
                    from.recalls = self.take_back(tx, &state, &head, taking, rows, now)?;
                }
                done.parties.push(from);
            }
            for original in &originals {
                if !released.contains(original) {
                    if !held.contains(original) {
                        return Err(ExchangeError::UnknownObject(original.clone()));
                    }
                    done.not_released.push(original.clone());
                }
            }
            Ok(done)
        })?;
        if !dry_run {
            for from in &done.parties {
                self.announce_recalls(&from.agreement, &from.party);
            }
        }
        Ok(done)
    }

    /// Tells one party about its recalls, if it can be called; otherwise it learns them at the next contact.
    fn announce_recalls(&self, agreement: &str, party: &str) {
        let Ok(state) = self.state() else { return };
        let (Some(held), Some(known)) = (state.current(agreement, self.now()), state.party(party)) else { return };
        if let Some(link) = &known.link
            && let Err(error) = self.exchange_recalls(known, link, held)
        {
            tracing::warn!(party.id = %known.id, agreement.id = agreement, "a recall could not be handed over yet: {error}");
        }
    }

    /// Writes recalls of these rows: signed notes, marks, leaves. Returns the ids of the recalls.
    pub(crate) fn take_back(
        &self,
        tx: &Tx<'_>,
        state: &State,
        head: &Head,
        taking: Taking,
        rows: Vec<Taken>,
        now: Timestamp,
    ) -> Result<Vec<String>> {
        let (Some(version), Some(recipient)) = (version_for(state, self.own(), head), state.party_no(head.recipient))
        else {
            return Ok(Vec::new());
        };
        let terms = version.agreement.terms();
        let confirmable = terms.party(&recipient.id).is_some_and(|party| party.log_vkey.is_some());
        let key = self.keys().log_within(&log_origin(&self.node().host, &head.agreement))?;
        let mut log = journal::log(tx, &head.agreement, key.name())?;
        let mut by_id: BTreeMap<String, Vec<Taken>> = BTreeMap::new();
        for row in rows {
            by_id.entry(row.id.clone()).or_default().push(row);
        }
        let ids: Vec<&String> = by_id.keys().collect();
        let mut recalls = Vec::new();
        for ids in ids.chunks(entente_agreement::recall::IDS_MAX) {
            let named = ids.iter().map(|id| (*id).clone()).collect();
            let note = RecallNote::new(terms, (self.own(), &recipient.id), (taking.reason, taking.action), now, named)?;
            let hash = Hash::of(note.to_text().as_bytes());
            let signed = note.sign(self.keys().agreement())?;
            let mut salts = vec![0_u8; ids.len() * SALT_SIZE_BYTES];
            self.fill_random(&mut salts)?;
            let inner: Vec<Hash> = ids
                .iter()
                .zip(salts.as_chunks::<SALT_SIZE_BYTES>().0)
                .map(|(id, salt)| Hash::of_parts(&[&[0], salt, id.as_bytes()]))
                .collect();
            let n = u64::try_from(ids.len()).unwrap_or(u64::MAX);
            let due = |hours: u16| now.as_micros().saturating_add(i64::from(hours).saturating_mul(HOUR_US));
            let recall = tx.put_recall(&NewRecall {
                hash: &hash.0,
                outbound: true,
                agreement: &head.agreement,
                party: head.recipient,
                reason: taking.reason.name(),
                action: &taking.action.to_text(),
                n: i64::try_from(n).unwrap_or(i64::MAX),
                at_us: now.as_micros(),
                ack_by_us: due(terms.recall.ack_hours),
                complete_by_us: due(terms.recall.complete_hours),
                confirmable,
                cause: taking.cause,
                salts: Some(&salts),
                note: &String::from_utf8_lossy(&signed),
            })?;
            // The very same recall at the very same instant: it was sent.
            let Some(recall) = recall else { continue };
            for row in ids.iter().filter_map(|id| by_id.get(*id)).flatten() {
                tx.mark_recalled(head.no, row.seq, recall, row.revision, taking.blocks)?;
            }
            let leaf = Leaf::Recall {
                party: recipient.id.to_string(),
                reason: taking.reason.name().to_owned(),
                action: taking.action.to_text(),
                n,
                inner: merkle::root(&inner),
            };
            journal::append(tx, &mut log, &key, &version.hash(), &leaf, now)?;
            recalls.push(id_of(&hash));
        }
        if !confirmable {
            let newest: Vec<&Taken> = by_id.values().filter_map(|rows| rows.iter().max_by_key(|row| row.seq)).collect();
            self.revoke(tx, version, head, &recipient.id, &newest, now)?;
        }
        Ok(recalls)
    }

    /// Appends revocations for a party that runs no node: it holds the objects, and its client understands `revoked`.
    // GAP: STIX has no revocation of cyber observables, and none that can be undone. Observables are recalled by letter alone, and what
    // is released again under an id that was revoked is not taken by clients that keep to the specification.
    fn revoke(
        &self,
        tx: &Tx<'_>,
        version: &Held,
        head: &Head,
        recipient: &PartyId,
        rows: &[&Taken],
        now: Timestamp,
    ) -> Result<()> {
        let mut revoked: Vec<Revoked> = Vec::new();
        for taken in rows {
            let mut found = None;
            tx.view().manifest_from(head.no, taken.seq, 1, |row, body, _| {
                found = Some((row, body));
                Ok::<_, ExchangeError>(false)
            })?;
            let Some((row, body)) = found else { continue };
            let Some((bytes, version_us)) = revocation(&body, &row.id, now) else { continue };
            let salt = self.random::<SALT_SIZE_BYTES>()?;
            let record = format!(
                "{{\"v\":1,\"engine\":\"{ENGINE}\",\"now\":\"{}\",\"agreement\":\"{}\",\"releaser\":\"{}\",\"recipient\":\"{recipient}\",\
                 \"stage\":\"revoke\",\"output\":\"{}\"}}",
                now.to_micros_string(),
                version.hash().to_sha256_text(),
                self.own(),
                Hash::of(&bytes).to_sha256_text(),
            );
            let digest = decision_digest(&self.random::<SALT_SIZE_BYTES>()?, record.as_bytes());
            let sealed = commitment(&salt, &Hash::of(&bytes).0, &row.id, &digest);
            revoked.push(Revoked { row, bytes, version_us, secret: [&salt[..], &digest[..]].concat(), sealed });
        }
        let terms = version.agreement.terms();
        let obligations: Vec<u8> = terms.clauses.iter().flat_map(|clause| clause.obligations.hash()).collect();
        let key = self.keys().log_within(&log_origin(&self.node().host, &head.agreement))?;
        let mut log = journal::log(tx, &head.agreement, key.name())?;
        for batch in revoked.chunks(BATCH_ROWS_MAX) {
            let head = tx.head(&head.agreement, head.recipient)?;
            let inner: Vec<Hash> = batch.iter().map(|one| one.sealed).collect();
            let n = u64::try_from(batch.len()).unwrap_or(0);
            let first = u64::try_from(head.next_seq).unwrap_or(0);
            let leaf = Leaf::Release {
                party: recipient.to_string(),
                first,
                last: first.saturating_add(n).saturating_sub(1),
                n,
                inner: merkle::root(&inner),
                obligations: Hash::of(&obligations),
                compiled: Hash(terms.compiled_hash()),
                engine: ENGINE.to_owned(),
            };
            let index = journal::append(tx, &mut log, &key, &version.hash(), &leaf, now)?;
            let news: Vec<NewRelease<'_>> = batch
                .iter()
                .map(|one| NewRelease {
                    object: object_key(&one.row.id),
                    revision: one.row.revision,
                    agreement: one.row.agreement,
                    clause: one.row.clause,
                    version_us: one.version_us,
                    secret: &one.secret,
                    id: &one.row.id,
                    body: Some(&one.bytes),
                })
                .collect();
            let first = tx.append_releases(&head, i64::try_from(index).unwrap_or(i64::MAX), &news, now.as_micros())?;
            for (seq, _) in (first..).zip(batch) {
                tx.put_revocation(head.no, seq)?;
            }
        }
        Ok(())
    }

    /// Takes back what the terms, or a later version, do not permit any more.
    pub(crate) fn take_back_automatically(
        &self,
        tx: &Tx<'_>,
        state: &State,
        head: &Head,
        back: Vec<(RecallReason, Taken)>,
        now: Timestamp,
    ) -> Result<()> {
        let mut by_reason: BTreeMap<&str, (RecallReason, Vec<Taken>)> = BTreeMap::new();
        for (reason, row) in back {
            by_reason.entry(reason.name()).or_insert_with(|| (reason, Vec::new())).1.push(row);
        }
        for (reason, rows) in by_reason.into_values() {
            let taking = Taking { reason, action: RecallAction::Delete, blocks: false, cause: None };
            self.take_back(tx, state, head, taking, rows, now)?;
        }
        Ok(())
    }

    /// All recalls, the newest first: those of this node, and those it was asked.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn recalls(&self) -> Result<Vec<RecallView>> {
        let state = self.state()?;
        let now = self.now();
        let rows = self.store().read(|s| s.recalls(LISTED_MAX))?;
        Ok(rows.iter().map(|row| view(&state, row, now)).collect())
    }

    /// One recall by its id, and its signed note.
    ///
    /// # Errors
    /// [`ExchangeError::UnknownObject`], [`ExchangeError::Store`].
    pub fn recall_note(&self, id: &str) -> Result<(RecallView, String)> {
        let unknown = || ExchangeError::UnknownObject(id.to_owned());
        let hash = hash_of(id).ok_or_else(unknown)?;
        let state = self.state()?;
        let found =
            self.store().read(|s| Ok::<_, ExchangeError>(s.recall(&hash, true)?.or(s.recall(&hash, false)?)))?;
        let row = found.ok_or_else(unknown)?;
        Ok((view(&state, &row, self.now()), row.note))
    }

    /// Signed notes of the recalls that a party has not completed, for that party.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn recall_notes(&self, credential: &Credential, agreement: &str) -> Result<Option<Vec<String>>> {
        let state = self.state()?;
        let named = state.versions.iter().any(|held| held.id() == agreement && held.names(&credential.party));
        let Some(party) = state.party(credential.party.as_str()).filter(|_| named && !credential.staff) else {
            return Ok(None);
        };
        let rows = self.store().read(|s| s.open_recalls(agreement, party.no, true))?;
        Ok(Some(rows.into_iter().map(|row| row.note).collect()))
    }

    /// Takes the acknowledgement of a recall. The same one again has no second effect (A36).
    ///
    /// # Errors
    /// [`ExchangeError::UnknownObject`] when this party was asked for nothing under that id, [`ExchangeError::Recall`].
    pub fn accept_ack(&self, party: &PartyId, id: &str, note: &[u8]) -> Result<()> {
        let unknown = || ExchangeError::UnknownObject(id.to_owned());
        let hash = hash_of(id).ok_or_else(unknown)?;
        let state = self.state()?;
        let known = state.party(party.as_str()).ok_or_else(unknown)?;
        let row =
            self.store().read(|s| s.recall(&hash, true))?.filter(|row| row.party == known.no).ok_or_else(unknown)?;
        let (_, recall) = RecallNote::open(row.note.as_bytes())?;
        let version = version_of(&state, &recall)?;
        let ack = RecallAck::verify(note, &hash, party, version.agreement.terms())?;
        let now = self.now();
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let key = self.keys().log(&log_origin(&self.node().host, &row.agreement))?;
        self.store().write(|tx| -> Result<()> {
            let before = tx.view().recall(&hash, true)?.ok_or_else(unknown)?;
            // Without onward recalls the first acknowledgement says that all is done; with them, a second one.
            let complete = ack.onward == 0 || before.ack.is_some();
            let new = NewAck {
                note: &String::from_utf8_lossy(note),
                at_us: ack.at.as_micros(),
                deleted: count(ack.deleted),
                sealed: count(ack.sealed),
                onward: count(ack.onward),
                completed_us: complete.then_some(now.as_micros()),
            };
            if !tx.put_ack(row.no, &new)? {
                return Ok(());
            }
            let mut log = journal::log(tx, &row.agreement, key.name())?;
            let leaf = Leaf::RecallAck {
                party: self.own().to_string(),
                of: Hash(hash),
                deleted: ack.deleted,
                sealed: ack.sealed,
                onward: ack.onward,
            };
            journal::append(tx, &mut log, &key, &version.hash(), &leaf, now)?;
            if complete && ack.sealed == 0 && recall.action == RecallAction::Delete {
                let Some(head) = tx.view().head(&row.agreement, row.party)? else { return Ok(()) };
                let seqs = tx.view().rows_of_recall(row.no, head.no)?;
                let n = shred(tx, head.no, &seqs)?;
                tx.forget_recall_salts(row.no)?;
                if n > 0 {
                    let leaf = Leaf::Erasure { n, basis: "recall".to_owned() };
                    journal::append(tx, &mut log, &key, &version.hash(), &leaf, now)?;
                }
            }
            Ok(())
        })
    }
}

/// Destroys bytes and salts of releases; returns how many salts there were. Their commitments stay, for their neighbours' receipts.
pub(crate) fn shred(tx: &Tx<'_>, head: i64, seqs: &[i64]) -> Result<u64> {
    let mut n = 0_u64;
    for seq in seqs {
        let mut left = None;
        tx.view().manifest_from(head, *seq, 1, |row, body, _| {
            if row.seq == *seq
                && let Secret::Kept { salt, decision } = secret(&row)?
            {
                left = Some(commitment(&salt, &Hash::of(&body).0, &row.id, &decision));
            }
            Ok::<_, ExchangeError>(false)
        })?;
        if let Some(left) = left {
            tx.shred_release(head, *seq, &left.0)?;
            n = n.saturating_add(1);
        }
    }
    Ok(n)
}

/// The rows of a released id that can be taken back: all versions, superseded ones too.
pub(crate) fn takeable(tx: &Tx<'_>, head: &Head, id: &str) -> Result<Vec<Taken>> {
    let mut rows = Vec::new();
    for row in tx.view().manifest_of(head.no, object_key(id))? {
        if row.id == id && tx.view().may_be_recalled(head.no, row.seq)? {
            rows.push(Taken { seq: row.seq, revision: row.revision, id: row.id });
        }
    }
    Ok(rows)
}

/// Rows of an object that its newest version, or the terms that rule now, do not permit any more, and why they are taken back.
pub(crate) fn no_longer_permitted(
    tx: &Tx<'_>,
    head: &Head,
    ids: &[String],
    original: &str,
    (revision, reason): (i64, Reason),
) -> Result<Vec<(RecallReason, Taken)>> {
    let mut rows = Vec::new();
    for id in ids {
        rows.extend(takeable(tx, head, id)?.into_iter().filter(|row| row.revision <= revision));
    }
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    // LIMIT: versions of one object by one source; the newest 256 are looked at.
    let mut versions = tx.view().revisions_of(object_key(original), 256)?;
    versions.retain(|other| other.id == original);
    let Some(this) = versions.iter().find(|other| other.no == revision).cloned() else { return Ok(Vec::new()) };
    versions.retain(|other| other.party == this.party);
    // A later version has its own decision, and a recall of the id would take that one back as well.
    if versions.iter().any(|other| other.no > revision) {
        return Ok(Vec::new());
    }
    let level = Admitted::decode(&this.facts)?.tlp;
    let mut found = Vec::new();
    for row in rows {
        let Some(of) = versions.iter().find(|other| other.no == row.revision) else { continue };
        let why = if of.no == revision {
            match reason {
                Reason::Clause(Predicate::Origin) if this.party != 0 => RecallReason::ConsentWithdrawn,
                _ => RecallReason::AgreementEnded,
            }
        } else if level > Admitted::decode(&of.facts)?.tlp {
            RecallReason::MarkingRaised
        } else {
            RecallReason::Stale
        };
        found.push((why, row));
    }
    Ok(found)
}

/// An object reduced to its revocation, and its version; `None` for what has no versions.
fn revocation(body: &[u8], id: &str, now: Timestamp) -> Option<(Vec<u8>, i64)> {
    let object = Object::parse(body, &Limits::offline()).ok()?;
    let created = object.created_text()?;
    let before = object.modified()?;
    let whole_ms = now.as_micros().div_euclid(1_000).saturating_mul(1_000);
    let modified = Timestamp::from_micros(whole_ms).max(before.saturating_add_micros(1_000));
    #[derive(Serialize)]
    struct Revocation<'a> {
        r#type: &'a str,
        spec_version: &'a str,
        id: &'a str,
        created: &'a str,
        modified: String,
        revoked: bool,
        #[serde(skip_serializing_if = "<[String]>::is_empty")]
        object_marking_refs: &'a [String],
    }
    let revocation = Revocation {
        r#type: object.object_type(),
        spec_version: "2.1",
        id,
        created,
        modified: modified.to_string(),
        revoked: true,
        object_marking_refs: object.object_marking_refs(),
    };
    Some((serde_json::to_vec(&revocation).ok()?, modified.as_micros()))
}

/// The newest version of a head's agreement that names its recipient: also one that left the agreement has what it was given.
fn version_for<'a>(state: &'a State, own: &PartyId, head: &Head) -> Option<&'a Held> {
    let recipient = state.party_no(head.recipient)?;
    state.versions.iter().rfind(|held| held.id() == head.agreement && held.names(&recipient.id) && held.names(own))
}

/// The version that a recall is about.
pub(crate) fn version_of<'a>(state: &'a State, recall: &RecallNote) -> Result<&'a Held> {
    let found =
        state.versions.iter().find(|held| held.id() == recall.agreement.as_str() && held.hash().0 == recall.hash);
    found.ok_or(ExchangeError::Recall(RecallError::OtherAgreement))
}

/// The id of the recall whose text has this hash.
pub(crate) fn id_of(hash: &Hash) -> String {
    hash.to_sha256_text().trim_start_matches("sha256:").to_owned()
}

/// The hash that an id of a recall spells.
pub(crate) fn hash_of(id: &str) -> Option<[u8; 32]> {
    Hash::parse_sha256_text(&format!("sha256:{id}")).map(|hash| hash.0)
}

/// A recall as lists show it at an instant.
fn view(state: &State, row: &RecallRow, now: Timestamp) -> RecallView {
    let party = state.party_no(row.party).map(|party| &party.id);
    let version =
        state.versions.iter().rfind(|held| held.id() == row.agreement && party.is_some_and(|id| held.names(id)));
    let contact = version
        .and_then(|held| held.agreement.terms().party(party?))
        .map_or_else(String::new, |party| party.contact_dispute.clone());
    let instant = |us: i64| Timestamp::from_micros(us).to_string();
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    RecallView {
        id: <[u8; 32]>::try_from(row.hash.as_slice()).map_or_else(|_| String::new(), |hash| id_of(&Hash(hash))),
        agreement: row.agreement.clone(),
        party: state.party_word(row.party),
        direction: if row.outbound { "out" } else { "in" },
        reason: row.reason.clone(),
        action: row.action.clone(),
        n: count(row.n),
        state: state_at(row, now),
        at: instant(row.at_us),
        acknowledge_by: instant(row.ack_by_us),
        complete_by: instant(row.complete_by_us),
        deleted: count(row.deleted),
        sealed: count(row.sealed),
        onward: count(row.onward),
        contact,
    }
}

/// The state of a recall at an instant (`agreements.md` section 15).
fn state_at(row: &RecallRow, now: Timestamp) -> &'static str {
    if !row.confirmable {
        "cannot-confirm"
    } else if row.ack.is_some() && row.sealed > 0 && row.action == "delete" {
        // It was asked to delete and sealed: a legal hold.
        "refused"
    } else if row.completed_us.is_some() {
        "completed"
    } else if now.as_micros() > row.complete_by_us || (row.ack.is_none() && now.as_micros() > row.ack_by_us) {
        "overdue"
    } else if row.ack.is_some() {
        "acknowledged"
    } else {
        "sent"
    }
}
