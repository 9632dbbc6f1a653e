//! Release: decide for each recipient, apply the obligations, and append to its manifest and to the ledger in one transaction.
//!
//! Every revision above a head's mark is decided once for that head; what is permitted becomes rows of the manifest, what is not
//! becomes a recorded reason. Nothing is visible before the transaction that holds rows, leaf and signed checkpoint is durable.

use std::collections::{BTreeMap, HashSet};
use std::sync::PoisonError;

use entente_agreement::{
    Applied, Closing, Context, Decision, DoorSet, Facts, Keys, PartyId, Permit, Predicate, PurposeSet, Reason,
    State as Life, Subject, Withhold, apply, close, decide,
};
use entente_ledger::Hash;
use entente_ledger::leaf::Leaf;
use entente_ledger::merkle;
use entente_stix::{Limits, Object, Timestamp};
use entente_store::manifest::{Head, NewRelease};
use entente_store::quotas::Use;
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
use crate::known::Known;
use crate::node::log_origin;
use crate::quota::Quota;
use crate::state::{Held, State};
use crate::values::kinds_fit;
use crate::{ENGINE, Exchange, journal, recall};

mod companions;
mod record;

/// Rows that one release leaf covers at most (`ledger.md` section 3).
pub(crate) const BATCH_ROWS_MAX: usize = 1_000;
// LIMIT: thirty-two leaves' worth of candidates make one transaction, for the same reason as batches of admission.
pub(crate) const CANDIDATES_MAX: usize = 32 * BATCH_ROWS_MAX;

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
    /// Why nothing was decided, if nothing was: the party's ledger has two histories, or this node's log must not sign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

/// A revision that may leave, in its final bytes.
pub(crate) struct Ready {
    pub(crate) revision: i64,
    pub(crate) clause: usize,
    pub(crate) original: String,
    pub(crate) applied: Applied,
    has_references: bool,
    /// Ids of the identity and the markings it names.
    companions: Vec<String>,
    /// Whether the bytes differ from those of the revision.
    changed: bool,
    version_us: i64,
    record: Record,
}

/// The decision about one revision.
pub(crate) enum Outcome {
    Ready(Box<Ready>),
    Withheld {
        revision: i64,
        original: String,
        reason: Reason,
        clause: Option<usize>,
        /// Whether nothing but time, or a hold that ends, is against it: what was released before is not recalled for it.
        lapsed: bool,
    },
    /// Released before in these bytes, or taken back on purpose.
    Held {
        revision: i64,
    },
}

/// What a batch came to.
pub(crate) struct Made {
    pub(crate) released: bool,
    pub(crate) recalled: bool,
}

impl Outcome {
    /// Turns what may leave into what may not, for a reason found after its own decision.
    fn withhold(&mut self, reason: Reason) {
        if let Self::Ready(ready) = self {
            let (revision, original) = (ready.revision, std::mem::take(&mut ready.original));
            *self =
                Self::Withheld { revision, original, reason, clause: Some(ready.clause), lapsed: reason == LIMITED };
        }
    }
}

/// The reason of what waits for the quota of another day.
pub(crate) const LIMITED: Reason = Reason::LimitObjectsPerDay;

/// What a decision record states (`agreements.md` 11.1); its digest goes into the commitment.
struct Record {
    facts: Facts,
    permit: Permit,
    input: Hash,
}

/// Everything that stays the same for one recipient during a run, be it a release or a simulation of one.
pub(crate) struct Run<'a> {
    pub(crate) exchange: &'a Exchange,
    pub(crate) state: &'a State,
    pub(crate) held: &'a Held,
    pub(crate) recipient: &'a PartyId,
    pub(crate) keys: Keys,
    pub(crate) identity: String,
    pub(crate) now: Timestamp,
    /// Decides each revision as of its admission, not as of `now`.
    pub(crate) at_admission: bool,
    pub(crate) known: Known,
}

/// What the recipient has already.
#[derive(Clone, Copy)]
pub(crate) enum Has<'a> {
    /// Its manifest.
    Manifest(&'a Head),
    /// What a simulation has released to it, and what its manifest holds of revisions before the simulation begins.
    Supposed {
        /// Keys of the ids that the simulation has released.
        keys: &'a HashSet<i64>,
        /// The manifest, and the first revision that is simulated.
        before: Option<(&'a Head, i64)>,
    },
}

impl Has<'_> {
    /// The manifest in which the same bytes may stand already, for a revision that was decided before.
    fn may_repeat(&self, revision: i64) -> Option<&Head> {
        match self {
            Self::Manifest(head) if revision <= head.last_revision => Some(head),
            Self::Manifest(_) | Self::Supposed { .. } => None,
        }
    }

    /// Whether a revision can be taken back that is withheld now, and from whom.
    fn may_recall(&self) -> Option<&Head> {
        match self {
            Self::Manifest(head) if head.next_seq > 1 => Some(head),
            Self::Manifest(_) | Self::Supposed { .. } => None,
        }
    }

    fn holds(&self, s: &Snapshot<'_>, known: &Known, id: &str) -> Result<bool, StoreError> {
        match self {
            Self::Manifest(head) => {
                let rows = s.manifest_of(head.no, object_key(id))?;
                Ok(rows.iter().any(|row| row.id == *id && known.is_held(head.no, row)))
            }
            Self::Supposed { keys, before } => {
                if keys.contains(&object_key(id)) {
                    return Ok(true);
                }
                let Some((head, first)) = before else { return Ok(false) };
                let rows = s.manifest_of(head.no, object_key(id))?;
                Ok(rows.iter().any(|row| row.id == *id && row.revision < *first && known.is_held(head.no, row)))
            }
        }
    }
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
                runs.push(match self.may_release(&state, &held, &recipient)? {
                    None => self.release_to(&state, &held, &recipient)?,
                    Some(why) => ReleaseRun {
                        agreement: held.id().to_owned(),
                        recipient: recipient.to_string(),
                        stopped: Some(why),
                        ..ReleaseRun::default()
                    },
                });
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
        let victims = question.known.victims_in(&object, facts);
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
        let head = self.ask_again_under_new_terms(state, held, party.no)?;
        let mut run = Run {
            exchange: self,
            state,
            held,
            recipient,
            keys: secret_keys(self, held.id())?,
            identity: identity_id(self.own().as_str()),
            now: self.now(),
            at_admission: false,
            known: self.store().read(|s| Known::of_head(s, head))?,
        };
        let backfill = backfill_from(state, held, recipient);
        let mut released_any = self.decide_again(&run, party.no, &mut done)?;
        // What waited for a new day comes before what is new.
        released_any |= run.release_waiting(party.no, &mut done)?;
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
                self.store().read(|s| run.known.learn_victims(s))?;
            }
            let outcomes = run.decide_all(&candidates, Has::Manifest(&head), run.left(&head)?)?;
            // After a conflict another process has decided them; the loop goes on from where it left the head.
            if let Some(made) = unless_lost(run.commit(&head, outcomes, Some(last), &mut done))? {
                released_any |= made.released;
                if made.recalled {
                    run.known = self.store().read(|s| Known::of_head(s, head.no))?;
                }
            }
        }
        // A released object may be the missing end of a relationship that was withheld before.
        while released_any {
            released_any = false;
            let mut after = 0;
            loop {
                let Some(head) = self.store().read(|s| s.head(held.id(), party.no))? else { return Ok(done) };
                let dangling = self.store().read(|s| s.withheld_for_closure(head.no, after, CANDIDATES_MAX))?;
                let Some(last) = dangling.last().copied() else { break };
                let rows = self.revisions(&dangling)?;
                let outcomes = run.decide_all(&rows, Has::Manifest(&head), run.left(&head)?)?;
                // One that would be complete now may have to wait for the quota of another day.
                let changed = |outcome: &Outcome| {
                    matches!(outcome, Outcome::Ready(_) | Outcome::Withheld { reason: LIMITED, .. })
                };
                let ready = outcomes.into_iter().filter(changed).collect();
                if let Some(made) = unless_lost(run.commit(&head, ready, None, &mut done))? {
                    released_any |= made.released;
                    after = last;
                }
            }
        }
        Ok(done)
    }

    /// Decides what a review, or the end of an embargo, has made a candidate again.
    fn decide_again(&self, run: &Run<'_>, recipient: i64, done: &mut ReleaseRun) -> Result<bool> {
        let mut released_any = false;
        loop {
            let Some(head) = self.store().read(|s| s.head(run.held.id(), recipient))? else { return Ok(false) };
            let due = self.store().read(|s| s.due_again(head.no, run.now.as_micros(), CANDIDATES_MAX))?;
            if due.is_empty() {
                return Ok(released_any);
            }
            // What was not considered yet is a candidate anyway.
            let considered: Vec<i64> = due.iter().copied().filter(|no| *no <= head.considered).collect();
            let rows = self.revisions(&considered)?;
            let outcomes = run.decide_all(&rows, Has::Manifest(&head), run.left(&head)?)?;
            if let Some(made) = unless_lost(run.commit(&head, outcomes, None, done))? {
                released_any |= made.released;
                self.store().write(|tx| tx.decided_again(head.no, run.now.as_micros(), &due))?;
            }
        }
    }

    /// The revisions of these numbers that are held.
    pub(crate) fn revisions(&self, numbers: &[i64]) -> Result<Vec<RevisionRow>> {
        self.store().read(|s| -> Result<Vec<RevisionRow>> {
            let rows = numbers.iter().map(|no| s.revision(*no)).collect::<Result<Vec<_>, _>>()?;
            Ok(rows.into_iter().flatten().collect())
        })
    }

    /// Creates the head of a recipient, and makes everything a candidate again where the ruling version is another one than that
    /// under which the head was decided last, or another consent was given or withdrawn: an amendment counts from its own first day.
    /// Returns the number of the head.
    fn ask_again_under_new_terms(&self, state: &State, held: &Held, recipient: i64) -> Result<i64> {
        let name = format!("asked:{}:{recipient}", held.id());
        let terms = asked(state, held);
        if self.store().read(|s| s.setting(&name))?.is_some_and(|asked| asked == terms)
            && let Some(head) = self.store().read(|s| s.head(held.id(), recipient))?
        {
            return Ok(head.no);
        }
        self.store().write(|tx| -> Result<i64> {
            let head = tx.head(held.id(), recipient)?;
            tx.reconsider(head.no)?;
            tx.put_setting(&name, &terms)?;
            Ok(head.no)
        })
    }
}

/// What the decisions for a head rest on beside the objects: the ruling version, and every consent there is.
fn asked(state: &State, held: &Held) -> Vec<u8> {
    let mut terms = held.no.to_be_bytes().to_vec();
    let consents = state.versions.iter().flat_map(|version| version.agreement.consents());
    let consents: Vec<u8> =
        consents.flat_map(|consent| consent.hash.into_iter().chain([u8::from(consent.withdrawn)])).collect();
    if !consents.is_empty() {
        terms.extend(Hash::of(&consents).0);
    }
    terms
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
pub(crate) fn unless_lost<T>(done: Result<T>) -> Result<Option<T>> {
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
    /// Decides a list of candidates on both cores, withholds what is above `quota`, then closes references over the whole batch.
    pub(crate) fn decide_all(&self, candidates: &[RevisionRow], has: Has<'_>, quota: usize) -> Result<Vec<Outcome>> {
        let half = candidates.len().div_ceil(2).max(1);
        let mut outcomes: Vec<Outcome> = std::thread::scope(|scope| -> Result<Vec<Outcome>> {
            let threads: Vec<_> = candidates
                .chunks(half)
                .map(|chunk| {
                    scope.spawn(move || {
                        self.exchange
                            .store()
                            .read(|s| chunk.iter().map(|row| self.decide_one(s, row, has)).collect::<Result<Vec<_>>>())
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
        for outcome in outcomes.iter_mut().filter(|outcome| matches!(outcome, Outcome::Ready(_))).skip(quota) {
            outcome.withhold(LIMITED);
        }
        self.close(&mut outcomes, has)?;
        // Closing rewrites references, so only now can be told whether these bytes went out before.
        let asked_before = |ready: &Ready| if ready.has_references { has.may_repeat(ready.revision) } else { None };
        if outcomes.iter().any(|outcome| matches!(outcome, Outcome::Ready(ready) if asked_before(ready).is_some())) {
            self.exchange.store().read(|s| -> Result<()> {
                for outcome in &mut outcomes {
                    if let Outcome::Ready(ready) = outcome
                        && let Some(head) = asked_before(ready)
                        && self.released_before(s, head, ready.clause, &ready.applied)?
                    {
                        *outcome = Outcome::Held { revision: ready.revision };
                    }
                }
                Ok(())
            })?;
        }
        Ok(outcomes)
    }

    fn decide_one(&self, s: &Snapshot<'_>, row: &RevisionRow, has: Has<'_>) -> Result<Outcome> {
        let admitted = Admitted::decode(&row.facts)?;
        let gate = self.gate(row);
        let facts = gate.facts(&admitted, Provenance::of(row));
        let request = gate.request(&facts);
        if let Has::Manifest(head) = has
            && self.known.keeps_back(head.no, row.no).is_some()
        {
            return Ok(Outcome::Held { revision: row.no });
        }
        let withheld = |reason, clause, lapsed| {
            Ok(Outcome::Withheld { revision: row.no, original: row.id.clone(), reason, clause, lapsed })
        };
        let permit = match decide(&request, gate.agreements) {
            Decision::Permit(permit) => permit,
            Decision::Withhold(Withhold { reason, clause, .. }) => {
                let mut fresh = facts;
                fresh.facts.age_reference = self.now;
                let lapsed = has.may_recall().is_some()
                    && (passes(reason) || decide(&gate.request(&fresh), gate.agreements).is_permit());
                return withheld(reason, clause, lapsed);
            }
        };
        let Some(clause) = self.held.agreement.terms().clauses.get(permit.clause) else {
            return withheld(Reason::ClauseNone, None, false);
        };
        let Ok(object) = Object::parse(&row.body, &Limits::offline()) else {
            return withheld(Reason::FloorType, Some(permit.clause), false);
        };
        if !kinds_fit(&object, facts.kind, clause) {
            return withheld(Reason::Clause(Predicate::Kind), Some(permit.clause), false);
        }
        let victims = self.known.victims_in(&object, &facts);
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
            now: gate.now,
        };
        let applied = match apply(&object, &facts, &context) {
            Ok(applied) => applied,
            Err(reason) => return withheld(reason, Some(permit.clause), false),
        };
        // Revisions at or below the last one released are decided a second time, after the terms changed.
        if let Some(head) = has.may_repeat(row.no)
            && (self.released_before(s, head, permit.clause, &applied)? || self.gave_way(s, head, row, &applied)?)
        {
            return Ok(Outcome::Held { revision: row.no });
        }
        let Ok(released) = Object::parse(&applied.bytes, &Limits::offline()) else {
            return withheld(Reason::FloorType, Some(permit.clause), false);
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

    /// What is asked about one revision, and as of when.
    pub(crate) fn gate(&self, row: &RevisionRow) -> Gate<'_> {
        Gate {
            agreements: std::slice::from_ref(&self.held.agreement),
            state: self.state,
            releaser: self.exchange.own(),
            recipient: self.recipient,
            purposes: PurposeSet::ALL,
            doors: DoorSet::ALL,
            now: if self.at_admission { Timestamp::from_micros(row.added_us) } else { self.now },
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

    /// Whether a release under this id was taken back for a later version of the object, so that this one does not come back alone.
    fn gave_way(&self, s: &Snapshot<'_>, head: &Head, row: &RevisionRow, applied: &Applied) -> Result<bool> {
        let rows = s.manifest_of(head.no, object_key(&applied.object_id))?;
        if !rows.iter().any(|known| known.id == applied.object_id && known.withdrawn) {
            return Ok(false);
        }
        // LIMIT: versions of one object by one source; the newest 256 are looked at.
        let versions = s.revisions_of(object_key(&row.id), 256)?;
        Ok(versions.iter().any(|other| other.id == row.id && other.party == row.party && other.no > row.no))
    }

    /// Whether these bytes stand in the manifest already, under the same obligations, and were not taken back.
    fn released_before(&self, s: &Snapshot<'_>, head: &Head, clause: usize, applied: &Applied) -> Result<bool> {
        let Some(clause) = self.held.agreement.terms().clauses.get(clause) else { return Ok(false) };
        for row in s.manifest_of(head.no, object_key(&applied.object_id))? {
            if row.withdrawn || !self.state.obliged_to(&row, &clause.obligations) {
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
    fn close(&self, outcomes: &mut [Outcome], has: Has<'_>) -> Result<()> {
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
                self.released_ids(original).into_iter().find(|id| match has.holds(s, &self.known, id) {
                    Ok(holds) => holds,
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
                outcome.withhold(reason);
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

    /// Makes a decided batch durable.
    pub(crate) fn commit(
        &self,
        head: &Head,
        outcomes: Vec<Outcome>,
        considered: Option<i64>,
        done: &mut ReleaseRun,
    ) -> Result<Made> {
        let mut ready: Vec<Ready> = Vec::with_capacity(outcomes.len());
        let mut withheld: Vec<(i64, String, Reason, Option<usize>, bool)> = Vec::new();
        let mut held: Vec<i64> = Vec::new();
        for outcome in outcomes {
            match outcome {
                Outcome::Ready(one) => ready.push(*one),
                Outcome::Withheld { revision, original, reason, clause, lapsed } => {
                    withheld.push((revision, original, reason, clause, lapsed));
                }
                Outcome::Held { revision } => held.push(revision),
            }
        }
        let counted = ready.len();
        self.add_companions(head, &mut ready)?;
        let exchange = self.exchange;
        let mut salts = vec![0_u8; ready.len() * SALT_SIZE_BYTES];
        exchange.fill_random(&mut salts)?;
        let secrets: Vec<_> =
            ready.iter().zip(salts.as_chunks::<SALT_SIZE_BYTES>().0).map(|(one, salt)| self.seal(one, salt)).collect();
        let terms = self.held.agreement.terms();
        let obligations: Vec<u8> = terms.clauses.iter().flat_map(|clause| clause.obligations.hash()).collect();
        let obligations = Hash::of(&obligations);
        let compiled = Hash(terms.compiled_hash());
        let key = exchange.keys().log(&log_origin(&exchange.node().host, self.held.id()))?;
        let now = self.now;
        let recalled = exchange.store().write(|tx| -> Result<bool> {
            let mut head = head.clone();
            if !Quota::of(self.held, head.recipient, now).spend(tx, Use::Released, counted)? {
                // Another process used it up since the batch was decided.
                return Err(StoreError::Conflict.into());
            }
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
            }
            // Only what was decided before, and against it, has something to be forgotten.
            let last_withheld = tx.view().last_withheld(head.no)?;
            for revision in ready.iter().map(|one| one.revision).chain(held).filter(|no| *no <= last_withheld) {
                tx.unwithhold(head.no, revision)?;
            }
            let mut back = Vec::new();
            for (revision, original, reason, clause, lapsed) in &withheld {
                // What this version may not say, an earlier one that was released does not go on saying.
                if head.next_seq > 1 && *reason != LIMITED {
                    let ids = self.released_ids(original);
                    if !lapsed {
                        back.extend(recall::no_longer_permitted(tx, &head, &ids, original, (*revision, *reason))?);
                    }
                    for id in &ids {
                        tx.withdraw(head.no, object_key(id), id, *revision)?;
                    }
                }
                let clause = clause.and_then(|clause| i64::try_from(clause).ok());
                tx.withhold(head.no, *revision, reason.code(), clause, now.as_micros())?;
            }
            if let Some(considered) = considered {
                tx.set_considered(&head, considered)?;
            }
            let recalled = !back.is_empty();
            exchange.take_back_automatically(tx, self.state, &head, back, now)?;
            Ok(recalled)
        })?;
        done.released += u64::try_from(ready.len()).unwrap_or(0);
        for (_, _, reason, ..) in withheld {
            *done.withheld.entry(reason.code().to_owned()).or_default() += 1;
        }
        Ok(Made { released: !ready.is_empty(), recalled })
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
}

/// Whether a reason is no change of mind about what was released before.
const fn passes(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::FloorHold | Reason::FloorEmbargo | Reason::FloorOracle | Reason::FloorState | Reason::FloorValidity
    )
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
