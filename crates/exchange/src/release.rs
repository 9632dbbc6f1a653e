//! Release: decide for each recipient, apply the obligations, and append to its manifest and to the ledger in one transaction.
//!
//! Every revision above a head's mark is decided once for that head; what is permitted becomes rows of the manifest, what is not
//! becomes a recorded reason. Nothing is visible before the transaction that holds rows, leaf and signed checkpoint is durable.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::sync::PoisonError;

use entente_agreement::{
    Applied, Closing, Context, Decision, DoorSet, Facts, Keys, PartyId, Permit, Predicate, PurposeSet, Reason,
    State as Life, Subject, Withhold, apply, close, decide,
};
use entente_ledger::Hash;
use entente_ledger::leaf::Leaf;
use entente_ledger::merkle;
use entente_ledger::receipt::{commitment, decision_digest};
use entente_observable::Kind;
use entente_stix::marking::Tlp;
use entente_stix::{Limits, Object, Timestamp};
use entente_store::manifest::{Head, NewRelease};
use entente_store::revisions::RevisionRow;
use entente_store::{Snapshot, StoreError};
use serde::Serialize;

use crate::admit::object_key;
use crate::agreements::secret_keys;
use crate::build::identity_id;
use crate::deliver::Gate;
use crate::error::{ExchangeError, Result};
use crate::explain::Question;
use crate::facts::{Admitted, Provenance};
use crate::node::log_origin;
use crate::state::{Held, State};
use crate::values::{kinds_fit, victims_in};
use crate::{ENGINE, Exchange, journal};

/// Rows that one release leaf covers at most (`ledger.md` section 3).
pub(crate) const BATCH_ROWS_MAX: usize = 1_000;
// LIMIT: thirty-two leaves' worth of candidates make one transaction, for the same reason as batches of admission.
const CANDIDATES_MAX: usize = 32 * BATCH_ROWS_MAX;

const SALT_SIZE_BYTES: usize = 16;

/// What a release run did for one recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReleaseRun {
    /// Agreement id.
    pub agreement: String,
    /// Recipient.
    pub recipient: String,
    /// Objects released.
    pub released: u64,
    /// Objects withheld, by reason code.
    pub withheld: BTreeMap<String, u64>,
}

/// A revision that may leave, in its final bytes.
struct Ready {
    revision: i64,
    clause: usize,
    original: String,
    applied: Applied,
    has_references: bool,
    /// Ids of the identity and the markings it names.
    companions: Vec<String>,
    /// Whether the bytes differ from those of the revision.
    changed: bool,
    version_us: i64,
    record: Record,
}

/// The decision about one revision.
enum Outcome {
    Ready(Box<Ready>),
    Withheld {
        revision: i64,
        original: String,
        reason: Reason,
        clause: Option<usize>,
    },
    /// Released before in these bytes.
    Held,
}

/// What a decision record states (`agreements.md` 11.1); its digest goes into the commitment.
struct Record {
    facts: Facts,
    permit: Permit,
    input: Hash,
}

/// Everything that stays the same for one head during a run.
struct Run<'a> {
    exchange: &'a Exchange,
    state: &'a State,
    held: &'a Held,
    recipient: &'a PartyId,
    keys: Keys,
    identity: String,
    now: Timestamp,
    victims: HashSet<String>,
}

impl Exchange {
    /// Decides everything that was not decided yet, for every agreement in force and every recipient.
    ///
    /// # Errors
    /// [`crate::ExchangeError::Store`], [`crate::ExchangeError::LedgerHalted`]. What was committed before the error stays.
    pub fn release(&self) -> Result<Vec<ReleaseRun>> {
        let _one_at_a_time = self.0.releasing.lock().unwrap_or_else(PoisonError::into_inner);
        self.tick()?;
        let state = self.state()?;
        let mut runs = Vec::new();
        for held in self.ruling(&state) {
            if held.agreement.state(self.now()) != Life::InForce {
                continue;
            }
            let recipients: Vec<PartyId> = held.others(self.own()).cloned().collect();
            for recipient in recipients {
                runs.push(self.release_to(&state, &held, &recipient)?);
            }
        }
        Ok(runs)
    }

    /// What the obligations of a permitting clause find against an object, if anything: the same step that a release takes.
    pub(crate) fn refused_by_obligations(
        &self,
        question: &Question<'_>,
        held: &Held,
        recipient: &PartyId,
        row: &RevisionRow,
        facts: &Facts,
        clause: usize,
    ) -> Result<Option<Reason>> {
        let terms = held.agreement.terms();
        let Some(clause) = terms.clauses.get(clause) else { return Ok(Some(Reason::ClauseNone)) };
        let Ok(object) = Object::parse(&row.body, &Limits::offline()) else { return Ok(Some(Reason::FloorType)) };
        if !kinds_fit(&object, facts.kind, clause) {
            return Ok(Some(Reason::Clause(Predicate::Kind)));
        }
        let victims = victims_in(&question.victims, &object, facts);
        let keys = secret_keys(self, held.id())?;
        let context = Context {
            terms,
            clause,
            releaser: self.own(),
            recipient,
            keys: &keys,
            releaser_identity: &identity_id(self.own().as_str()),
            victim_values: &victims,
            withheld_values: &[],
            ordinal: 0,
            now: question.now,
        };
        Ok(apply(&object, facts, &context).err())
    }

    fn release_to(&self, state: &State, held: &Held, recipient: &PartyId) -> Result<ReleaseRun> {
        let mut done =
            ReleaseRun { agreement: held.id().to_owned(), recipient: recipient.to_string(), ..ReleaseRun::default() };
        let Some(party) = state.party(recipient.as_str()) else { return Ok(done) };
        self.ask_again_under_new_terms(held, party.no)?;
        let mut run = Run {
            exchange: self,
            state,
            held,
            recipient,
            keys: secret_keys(self, held.id())?,
            identity: identity_id(self.own().as_str()),
            now: self.now(),
            victims: self.store().read(|s| s.victims())?.into_iter().collect(),
        };
        let backfill = backfill_from(state, held, recipient);
        let mut released_any = false;
        loop {
            let Some(head) = self.store().read(|s| s.head(held.id(), party.no))? else { return Ok(done) };
            let candidates = self.store().read(|s| s.revisions_after(head.considered, CANDIDATES_MAX))?;
            let Some(last) = candidates.last().map(|row| row.no) else { break };
            let candidates: Vec<RevisionRow> = match backfill {
                Some(from) => candidates.into_iter().filter(|row| row.added_us >= from).collect(),
                None => candidates,
            };
            // Victims that were admitted since the run began stand among the candidates.
            if candidates.iter().any(is_victim) {
                run.victims = self.store().read(|s| s.victims())?.into_iter().collect();
            }
            let outcomes = run.decide_all(&candidates, &head)?;
            // After a conflict another process has decided them; the loop goes on from where it left the head.
            released_any |= unless_lost(run.commit(&head, outcomes, Some(last), &mut done))?.unwrap_or(false);
        }
        // A released object may be the missing end of a relationship that was withheld before.
        while released_any {
            released_any = false;
            let mut after = 0;
            loop {
                let Some(head) = self.store().read(|s| s.head(held.id(), party.no))? else { return Ok(done) };
                let dangling = self.store().read(|s| s.withheld_for_closure(head.no, after, CANDIDATES_MAX))?;
                let Some(last) = dangling.last().copied() else { break };
                let rows = self.store().read(|s| -> Result<Vec<RevisionRow>> {
                    let rows = dangling.iter().map(|no| s.revision(*no)).collect::<Result<Vec<_>, _>>()?;
                    Ok(rows.into_iter().flatten().collect())
                })?;
                let outcomes = run.decide_all(&rows, &head)?;
                let ready = outcomes.into_iter().filter(|outcome| matches!(outcome, Outcome::Ready(_))).collect();
                if let Some(any) = unless_lost(run.commit(&head, ready, None, &mut done))? {
                    released_any |= any;
                    after = last;
                }
            }
        }
        Ok(done)
    }

    /// Creates the head of a recipient, and makes everything a candidate again where the ruling version is another one than that
    /// under which the head was decided last: an amendment counts from its own first day.
    fn ask_again_under_new_terms(&self, held: &Held, recipient: i64) -> Result<()> {
        let name = format!("asked:{}:{recipient}", held.id());
        let version = held.no.to_be_bytes();
        if self.store().read(|s| s.setting(&name))?.is_some_and(|asked| asked == version) {
            return Ok(());
        }
        self.store().write(|tx| -> Result<()> {
            let head = tx.head(held.id(), recipient)?;
            tx.reconsider(head.no)?;
            tx.put_setting(&name, &version)?;
            Ok(())
        })
    }
}

/// From when on what was admitted is a candidate for a party that acceded to an operation later, in microseconds; `None` for a
/// party of the first version held, or where nothing is said about it (`agreements.md` section 4.8).
fn backfill_from(state: &State, held: &Held, recipient: &PartyId) -> Option<i64> {
    let operation = held.agreement.terms().operation.as_ref()?;
    let mut versions = state.versions.iter().filter(|version| version.id() == held.id());
    if versions.next()?.names(recipient) {
        return None;
    }
    let version = versions.find(|version| version.names(recipient))?;
    // A version that only adds parties begins when the one before began; the accession is then when it was signed.
    let acceded = version.agreement.terms().valid_from.as_micros().max(version.added_us);
    Some(acceded.saturating_sub(i64::from(operation.backfill_days).saturating_mul(86_400_000_000)))
}

/// `None` when another process appended first, which is nobody's fault and tried again.
fn unless_lost<T>(done: Result<T>) -> Result<Option<T>> {
    match done {
        Ok(value) => Ok(Some(value)),
        Err(ExchangeError::Store(StoreError::Conflict)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_victim(row: &RevisionRow) -> bool {
    Admitted::decode(&row.facts).is_ok_and(|facts| facts.subject.contains(Subject::Victim))
}

impl Run<'_> {
    /// Decides a list of candidates on both cores, then closes references over the whole batch.
    fn decide_all(&self, candidates: &[RevisionRow], head: &Head) -> Result<Vec<Outcome>> {
        let half = candidates.len().div_ceil(2).max(1);
        let mut outcomes: Vec<Outcome> = std::thread::scope(|scope| -> Result<Vec<Outcome>> {
            let threads: Vec<_> = candidates
                .chunks(half)
                .map(|chunk| {
                    scope.spawn(move || {
                        self.exchange
                            .store()
                            .read(|s| chunk.iter().map(|row| self.decide_one(s, row, head)).collect::<Result<Vec<_>>>())
                    })
                })
                .collect();
            let mut all = Vec::with_capacity(candidates.len());
            for thread in threads {
                match thread.join() {
                    Ok(part) => all.extend(part?),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            Ok(all)
        })?;
        self.close(&mut outcomes, head)?;
        // Closing rewrites references, so only now can be told whether these bytes went out before.
        let asked_before = |ready: &Ready| ready.has_references && ready.revision <= head.last_revision;
        if outcomes.iter().any(|outcome| matches!(outcome, Outcome::Ready(ready) if asked_before(ready))) {
            self.exchange.store().read(|s| -> Result<()> {
                for outcome in &mut outcomes {
                    if let Outcome::Ready(ready) = outcome
                        && asked_before(ready)
                        && self.released_before(s, head, ready.clause, &ready.applied)?
                    {
                        *outcome = Outcome::Held;
                    }
                }
                Ok(())
            })?;
        }
        Ok(outcomes)
    }

    fn decide_one(&self, s: &Snapshot<'_>, row: &RevisionRow, head: &Head) -> Result<Outcome> {
        let admitted = Admitted::decode(&row.facts)?;
        let gate = self.gate();
        let facts = gate.facts(&admitted, Provenance::of(row));
        let request = gate.request(&facts);
        let withheld =
            |reason, clause| Ok(Outcome::Withheld { revision: row.no, original: row.id.clone(), reason, clause });
        let permit = match decide(&request, gate.agreements) {
            Decision::Permit(permit) => permit,
            Decision::Withhold(Withhold { reason, clause, .. }) => return withheld(reason, clause),
        };
        let Some(clause) = self.held.agreement.terms().clauses.get(permit.clause) else {
            return withheld(Reason::ClauseNone, None);
        };
        let Ok(object) = Object::parse(&row.body, &Limits::offline()) else {
            return withheld(Reason::FloorType, Some(permit.clause));
        };
        if !kinds_fit(&object, facts.kind, clause) {
            return withheld(Reason::Clause(Predicate::Kind), Some(permit.clause));
        }
        let victims = victims_in(&self.victims, &object, &facts);
        let context = Context {
            terms: self.held.agreement.terms(),
            clause,
            releaser: self.exchange.own(),
            recipient: self.recipient,
            keys: &self.keys,
            releaser_identity: &self.identity,
            victim_values: &victims,
            withheld_values: &[],
            ordinal: self.ordinal(s, &object, row)?,
            now: self.now,
        };
        let applied = match apply(&object, &facts, &context) {
            Ok(applied) => applied,
            Err(reason) => return withheld(reason, Some(permit.clause)),
        };
        // Revisions at or below the last one released are decided a second time, after the terms changed.
        if row.no <= head.last_revision && self.released_before(s, head, permit.clause, &applied)? {
            return Ok(Outcome::Held);
        }
        let Ok(released) = Object::parse(&applied.bytes, &Limits::offline()) else {
            return withheld(Reason::FloorType, Some(permit.clause));
        };
        Ok(Outcome::Ready(Box::new(Ready {
            revision: row.no,
            clause: permit.clause,
            original: row.id.clone(),
            has_references: released.references().iter().any(|reference| !is_companion(reference.property())),
            companions: released
                .references()
                .iter()
                .filter(|r| is_companion(r.property()))
                .map(|r| r.target.clone())
                .collect(),
            changed: applied.bytes != row.body,
            applied,
            version_us: released.version().map_or(0, Timestamp::as_micros),
            record: Record { facts: *facts, permit, input: Hash::of(&row.body) },
        })))
    }

    fn gate(&self) -> Gate<'_> {
        Gate {
            agreements: std::slice::from_ref(&self.held.agreement),
            state: self.state,
            releaser: self.exchange.own(),
            recipient: self.recipient,
            purposes: PurposeSet::ALL,
            doors: DoorSet::ALL,
            now: self.now,
        }
    }

    /// How many versions of the object this source published before within one coarse unit of time, so that coarsened versions
    /// stay distinct (`agreements.md` 8.2, A06).
    fn ordinal(&self, s: &Snapshot<'_>, object: &Object, row: &RevisionRow) -> Result<u32> {
        if object.created() == object.modified() {
            return Ok(0);
        }
        // LIMIT: versions of one object by one source; the newest 256 are enough for one hour or day.
        let earlier = s.revisions_of(object_key(&row.id), 256)?;
        let count =
            earlier.iter().filter(|other| other.id == row.id && other.party == row.party && other.no < row.no).count();
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Whether these bytes stand in the manifest already, under the same obligations.
    fn released_before(&self, s: &Snapshot<'_>, head: &Head, clause: usize, applied: &Applied) -> Result<bool> {
        let Some(clause) = self.held.agreement.terms().clauses.get(clause) else { return Ok(false) };
        for row in s.manifest_of(head.no, object_key(&applied.object_id))? {
            if !self.state.obliged_to(&row, &clause.obligations) {
                continue;
            }
            let mut same = false;
            s.manifest_from(head.no, row.seq, 1, |found, body, _| {
                same = found.id == applied.object_id && body == applied.bytes;
                Ok::<_, ExchangeError>(false)
            })?;
            if same {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Rewrites references to what the recipient has, and drops what would dangle (`agreements.md` 9.3).
    fn close(&self, outcomes: &mut [Outcome], head: &Head) -> Result<()> {
        let ready = || {
            outcomes.iter().filter_map(|outcome| if let Outcome::Ready(ready) = outcome { Some(ready) } else { None })
        };
        if !ready().any(|ready| ready.has_references) {
            return Ok(());
        }
        let mut closing: Vec<Closing> =
            ready().map(|ready| Closing::new(ready.original.clone(), ready.applied.clone())).collect();
        let failed = std::cell::RefCell::new(None);
        self.exchange.store().read(|s| -> Result<()> {
            close(&mut closing, &|original: &str| {
                self.released_ids(original).into_iter().find(|id| match s.manifest_of(head.no, object_key(id)) {
                    Ok(rows) => rows.iter().any(|row| row.id == *id),
                    Err(error) => {
                        failed.borrow_mut().get_or_insert(error);
                        false
                    }
                })
            });
            Ok(())
        })?;
        if let Some(error) = failed.into_inner() {
            return Err(error.into());
        }
        let mut closed = closing.into_iter();
        for outcome in outcomes.iter_mut() {
            let Outcome::Ready(ready) = outcome else { continue };
            let Some(done) = closed.next() else { break };
            if let Some(reason) = done.dropped {
                let (revision, original) = (ready.revision, std::mem::take(&mut ready.original));
                *outcome = Outcome::Withheld { revision, original, reason, clause: Some(ready.clause) };
                continue;
            }
            ready.changed |= done.applied.bytes != ready.applied.bytes;
            ready.applied = done.applied;
        }
        Ok(())
    }

    /// The ids under which an object may stand in this recipient's manifest.
    fn released_ids(&self, original: &str) -> Vec<String> {
        released_ids(&self.keys, original, self.recipient)
    }

    /// Makes a decided batch durable; `true` when something was released.
    fn commit(
        &self,
        head: &Head,
        outcomes: Vec<Outcome>,
        considered: Option<i64>,
        done: &mut ReleaseRun,
    ) -> Result<bool> {
        let mut ready: Vec<Ready> = Vec::with_capacity(outcomes.len());
        let mut withheld: Vec<(i64, String, Reason, Option<usize>)> = Vec::new();
        for outcome in outcomes {
            match outcome {
                Outcome::Ready(one) => ready.push(*one),
                Outcome::Withheld { revision, original, reason, clause } => {
                    withheld.push((revision, original, reason, clause));
                }
                Outcome::Held => {}
            }
        }
        self.add_companions(head, &mut ready)?;
        let exchange = self.exchange;
        let mut salts = vec![0_u8; ready.len() * SALT_SIZE_BYTES];
        Exchange::fill_random(&mut salts)?;
        let secrets: Vec<_> =
            ready.iter().zip(salts.as_chunks::<SALT_SIZE_BYTES>().0).map(|(one, salt)| self.seal(one, salt)).collect();
        let terms = self.held.agreement.terms();
        let obligations: Vec<u8> = terms.clauses.iter().flat_map(|clause| clause.obligations.hash()).collect();
        let obligations = Hash::of(&obligations);
        let compiled = Hash(terms.compiled_hash());
        let key = exchange.keys().log(&log_origin(&exchange.node().host, self.held.id()))?;
        let now = self.now;
        exchange.store().write(|tx| -> Result<()> {
            let mut head = head.clone();
            if !ready.is_empty() {
                let mut log = journal::log(tx, self.held.id(), key.name())?;
                for (rows, secrets) in ready.chunks(BATCH_ROWS_MAX).zip(secrets.chunks(BATCH_ROWS_MAX)) {
                    let inner: Vec<Hash> = secrets.iter().map(|(_, commitment)| *commitment).collect();
                    let n = u64::try_from(rows.len()).unwrap_or(0);
                    let first = u64::try_from(head.next_seq).unwrap_or(0);
                    let leaf = Leaf::Release {
                        party: self.recipient.to_string(),
                        first,
                        last: first.saturating_add(n).saturating_sub(1),
                        n,
                        inner: merkle::root(&inner),
                        obligations,
                        compiled,
                        engine: ENGINE.to_owned(),
                    };
                    let index = journal::append(tx, &mut log, &key, &self.held.hash(), &leaf, now)?;
                    let news: Vec<NewRelease<'_>> =
                        rows.iter().zip(secrets).map(|(one, (secret, _))| self.row(one, secret)).collect();
                    tx.append_releases(&head, i64::try_from(index).unwrap_or(i64::MAX), &news, now.as_micros())?;
                    head = tx.head(self.held.id(), head.recipient)?;
                }
                // Only what was decided before, and against it, has something to be forgotten.
                let last_withheld = tx.view().last_withheld(head.no)?;
                for one in ready.iter().filter(|one| one.revision <= last_withheld) {
                    tx.unwithhold(head.no, one.revision)?;
                }
            }
            for (revision, original, reason, clause) in &withheld {
                // What this version may not say, an earlier one that was released does not go on saying.
                if head.next_seq > 1 {
                    for id in self.released_ids(original) {
                        tx.withdraw(head.no, object_key(&id), &id, *revision)?;
                    }
                }
                let clause = clause.and_then(|clause| i64::try_from(clause).ok());
                tx.withhold(head.no, *revision, reason.code(), clause, now.as_micros())?;
            }
            if let Some(considered) = considered {
                tx.set_considered(&head, considered)?;
            }
            Ok(())
        })?;
        done.released += u64::try_from(ready.len()).unwrap_or(0);
        for (_, _, reason, _) in withheld {
            *done.withheld.entry(reason.code().to_owned()).or_default() += 1;
        }
        Ok(!ready.is_empty())
    }

    fn row<'b>(&self, one: &'b Ready, secret: &'b [u8]) -> NewRelease<'b> {
        NewRelease {
            object: object_key(&one.applied.object_id),
            revision: one.revision,
            agreement: self.held.no,
            clause: i64::try_from(one.clause).unwrap_or(0),
            version_us: one.version_us,
            secret,
            id: &one.applied.object_id,
            body: one.changed.then_some(one.applied.bytes.as_slice()),
        }
    }

    /// Adds what the batch refers to and the recipient lacks: the releasing party's identity (or pseudonym) and marking
    /// definitions. They are the only objects that no decision of their own releases (`agreements.md` 9.3).
    fn add_companions(&self, head: &Head, ready: &mut Vec<Ready>) -> Result<()> {
        let mut causes: BTreeMap<&str, &Ready> = BTreeMap::new();
        for one in ready.iter() {
            for id in &one.companions {
                causes.entry(id).or_insert(one);
            }
        }
        let mut companions: Vec<Ready> = Vec::new();
        for (id, cause) in causes {
            let rows = self.exchange.store().read(|s| s.manifest_of(head.no, object_key(id)))?;
            if rows.iter().any(|row| row.id == id) || ready.iter().any(|other| other.applied.object_id == id) {
                continue;
            }
            let Some(bytes) = self.companion(id, cause) else { continue };
            let version = Object::parse(&bytes, &Limits::offline()).ok().and_then(|object| object.version());
            let record = Record { facts: cause.record.facts, permit: cause.record.permit, input: Hash::of(&bytes) };
            let mut applied = cause.applied.clone();
            applied.bytes = bytes;
            id.clone_into(&mut applied.object_id);
            applied.id_if_changed = None;
            applied.effects.clear();
            companions.push(Ready {
                revision: cause.revision,
                clause: cause.clause,
                original: id.to_owned(),
                applied,
                has_references: false,
                companions: Vec::new(),
                changed: true,
                version_us: version.map_or(0, Timestamp::as_micros),
                record,
            });
        }
        if !companions.is_empty() {
            companions.append(ready);
            *ready = companions;
        }
        Ok(())
    }

    /// The bytes of a companion object, if the id names one.
    fn companion(&self, id: &str, cause: &Ready) -> Option<Vec<u8>> {
        if id.starts_with("marking-definition--") {
            let tlp = Tlp::from_marking_id(id).filter(|tlp| tlp.marking_id() == id);
            return tlp.map(|tlp| tlp.definition().to_vec());
        }
        let context = self.context(cause)?;
        let identity = entente_agreement::pseudonym_identity(&context);
        Object::parse(&identity, &Limits::offline()).is_ok_and(|object| object.id() == id).then_some(identity)
    }

    fn context(&self, cause: &Ready) -> Option<Context<'_>> {
        Some(Context {
            terms: self.held.agreement.terms(),
            clause: self.held.agreement.terms().clauses.get(cause.clause)?,
            releaser: self.exchange.own(),
            recipient: self.recipient,
            keys: &self.keys,
            releaser_identity: &self.identity,
            victim_values: &[],
            withheld_values: &[],
            ordinal: 0,
            now: self.now,
        })
    }

    /// Salt, decision digest and commitment of one release.
    fn seal(&self, one: &Ready, salt: &[u8; SALT_SIZE_BYTES]) -> (Vec<u8>, Hash) {
        let output = Hash::of(&one.applied.bytes);
        let record = self.record(one, &output);
        let digest = decision_digest(&self.nonce(salt), record.as_bytes());
        let mut secret = salt.to_vec();
        secret.extend_from_slice(&digest);
        (secret, commitment(salt, &output.0, &one.applied.object_id, &digest))
    }

    /// The nonce of a decision digest. It is derived from the salt with a secret of the node, because the recipient is given the
    /// salt and must not be able to try records against the digest.
    fn nonce(&self, salt: &[u8; 16]) -> [u8; 16] {
        let hash = Hash::of_parts(&[b"entente decision nonce/1\n", &self.exchange.secrets().node, salt]);
        let [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, ..] = hash.0;
        [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15]
    }

    /// The decision record, JSON with keys in a fixed order.
    fn record(&self, one: &Ready, output: &Hash) -> String {
        let Record { facts, permit, input } = &one.record;
        let mut text = String::with_capacity(640);
        let clause = self.held.agreement.terms().clauses.get(permit.clause).map_or("", |clause| clause.id.as_str());
        // Writing to a String does not fail; every value below is a word, a number or a digest, so nothing needs escaping.
        let _ = write!(
            text,
            "{{\"v\":1,\"engine\":\"{ENGINE}\",\"now\":\"{}\",\"agreement\":\"{}\",\"releaser\":\"{}\",\"recipient\":\"{}\",\"stage\":\"release\",\
             \"object\":\"{}\",\"input\":\"{}\",\"attributes\":{{\"type\":\"{}\",\"kind\":\"{}\",\"tlp\":{},\"pap\":{},\"origin\":\"{}\",\
             \"subject\":\"{}\",\"confidence\":{},\"age_days\":{}}},\"decision\":\"permit\",\"clause\":\"{clause}\",\"output\":\"{}\"}}",
            self.now.to_micros_string(),
            self.held.hash().to_sha256_text(),
            self.exchange.own(),
            self.recipient,
            one.original,
            input.to_sha256_text(),
            facts.object_type.name(),
            facts.kind.map_or("none", Kind::name),
            crate::facts::tlp_level(facts.tlp),
            facts.pap.key(),
            facts.origin.name(),
            facts.subject.names().join(","),
            facts.confidence,
            facts.age_days(self.now),
            output.to_sha256_text(),
        );
        text
    }
}

/// References that [`Run::add_companions`] satisfies.
fn is_companion(property: &str) -> bool {
    property == "created_by_ref" || property == "object_marking_refs"
}

/// The ids under which an object may stand in a recipient's manifest: its own, and those derived for it.
pub(crate) fn released_ids(keys: &Keys, original: &str, recipient: &PartyId) -> Vec<String> {
    let mut ids = vec![original.to_owned()];
    if let Some((object_type, _)) = entente_stix::id::split(original) {
        ids.push(keys.derived_id(object_type, original, None));
        ids.push(keys.derived_id(object_type, original, Some(recipient)));
    }
    ids
}
