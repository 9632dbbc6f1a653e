//! Admission: may this node hold it, from this party, under which agreement?
//!
//! Reading happens on the calling thread, writing on a second one, and (when asked for) releasing on a third, so that the disk and
//! the parser do not wait for each other. Each batch is one transaction: after a crash the batches before it are there and the rest
//! is not, and admitting the same input again changes nothing.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use entente_agreement::{MarkingState, Subject};
use entente_formats::{Class, CsvMap, Finding, Format};
use entente_observable::Observable;
use entente_stix::kinds;
use entente_stix::marking::{Pap, Tlp};
use entente_stix::{Code, Limits, Object, Timestamp, version};
use entente_store::Tx;
use entente_store::revisions::{AssertionRow, Counter, NewRevision, RevisionRow};
use serde::Serialize;

use crate::Exchange;
use crate::build::{self, Frame};
use crate::error::{ExchangeError, Result};
use crate::facts::{self, Admitted};
use crate::feedback;
use crate::prepare::{Prepared, PreparedObject, PreparedValue, Refusal};
use crate::view::RejectedLine;

/// How an input is to be read and marked.
#[derive(Clone, Debug)]
pub struct AdmitOptions {
    /// Format; detected from name and content when `None`.
    pub format: Option<Format>,
    /// Name of the file, for detection and messages.
    pub file_name: Option<String>,
    /// Marking of everything that carries none of its own. `None` leaves it unmarked, hence unreleasable.
    pub tlp: Option<Tlp>,
    /// PAP of everything that states none.
    pub pap: Pap,
    /// Confidence of everything that states none, 0–100.
    pub confidence: u8,
    /// What values did whose format or source does not say, as in plain lists; [`Class::Other`] when `None`.
    pub role: Option<Class>,
    /// Subject category of objects whose format does not say.
    pub subject: Option<Subject>,
    /// Column mapping of a CSV.
    pub map: Option<CsvMap>,
    /// Whether to release after each batch.
    pub release: bool,
    /// Told after each batch what is durable of this input so far.
    pub on_batch: Option<OnBatch>,
}

/// What is called on the writing thread after each durable batch, with the counts of this input so far.
#[derive(Clone)]
pub struct OnBatch(pub Arc<dyn Fn(&AdmitSummary) + Send + Sync>);

impl std::fmt::Debug for OnBatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnBatch")
    }
}

impl Default for AdmitOptions {
    fn default() -> Self {
        Self {
            format: None,
            file_name: None,
            tlp: None,
            pap: Pap::Green,
            confidence: 50,
            role: None,
            subject: None,
            map: None,
            release: true,
            on_batch: None,
        }
    }
}

/// What became of an input. `read` is the sum of the other counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AdmitSummary {
    /// Format that was used.
    pub format: String,
    /// Lines with content, or objects, read.
    pub read: u64,
    /// Accepted as new.
    pub accepted: u64,
    /// Merged into an assertion this party had made before, with something new.
    pub merged: u64,
    /// Already held, nothing new.
    pub unchanged: u64,
    /// Accepted, but held in quarantine; part of `accepted` or `merged`, by reason.
    pub quarantined: BTreeMap<String, u64>,
    /// Another party had asserted the same observable before; part of `accepted`.
    pub corroborated: u64,
    /// Same id and version as an object held, other content: the first copy stays.
    pub conflicts: u64,
    /// Accepted or merged although they do not keep a rule or recommendation of STIX 2.1, by code; an object with several codes
    /// counts under each.
    pub warnings: BTreeMap<String, u64>,
    /// Refused.
    pub rejected: u64,
    /// Refused, by code.
    pub rejected_by_code: BTreeMap<String, u64>,
    /// The first refusals, at most [`REJECTED_LINES_MAX`].
    pub rejected_lines: Vec<RejectedLine>,
}

/// Refusals listed one by one; all are counted.
pub const REJECTED_LINES_MAX: usize = 1_000;

// LIMIT: 32,000 objects make a transaction. Keys are scattered over the indexes, so at a million objects a small batch writes nearly as
// many index pages as a large one; three batches in flight hold about 150 MB.
const BATCH_ITEMS_MAX: usize = 32_000;
// The first batches are small, so that writing and releasing begin early.
const BATCH_ITEMS_FIRST: usize = 1_000;

impl AdmitSummary {
    pub(crate) fn reject(&mut self, line: u64, code: &str, message: String) {
        self.rejected += 1;
        *self.rejected_by_code.entry(code.to_owned()).or_default() += 1;
        if self.rejected_lines.len() < REJECTED_LINES_MAX {
            self.rejected_lines.push(RejectedLine { line, code: code.to_owned(), message });
        }
    }

    fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Accepted { corroborates } => {
                self.accepted += 1;
                self.corroborated += u64::from(*corroborates);
            }
            Outcome::Merged => self.merged += 1,
            Outcome::Unchanged => self.unchanged += 1,
            Outcome::Conflict => self.conflicts += 1,
        }
    }
}

/// Who hands something in, and under what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    /// Party number; 0 is the node's own.
    pub(crate) party: i64,
    /// Party id.
    pub(crate) party_id: &'a str,
    /// Number of the agreement version; 0 for own data.
    pub(crate) agreement: i64,
}

/// What admission did with one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Accepted { corroborates: bool },
    Merged,
    Unchanged,
    Conflict,
}

impl Exchange {
    /// Admits everything of `input` as the node's own.
    ///
    /// # Errors
    /// [`ExchangeError::Format`] when the format is not recognised or the document as a whole is refused (nothing of it is admitted
    /// then, unless earlier batches of a line-based format were); [`ExchangeError::Store`]. Refused lines and objects are counted in
    /// the summary and stop nothing.
    pub fn admit(&self, input: &mut dyn BufRead, options: &AdmitOptions) -> Result<AdmitSummary> {
        let head = input.fill_buf().map_err(|source| ExchangeError::Home {
            operation: "read",
            path: options.file_name.clone().unwrap_or_else(|| "-".to_owned()),
            source,
        })?;
        let format = match options.format {
            Some(format) => format,
            None => entente_formats::detect(options.file_name.as_deref(), head).ok_or(ExchangeError::Format {
                code: "format.unknown",
                message: "the format was not recognised; name it with --format".to_owned(),
            })?,
        };
        let own = self.own().clone();
        let source = Source { party: 0, party_id: own.as_str(), agreement: 0 };
        let (batches, to_write) = sync_channel::<Vec<Prepared>>(2);
        let mut summary = AdmitSummary { format: format.name().to_owned(), ..AdmitSummary::default() };
        let written = std::thread::scope(|scope| {
            let writer = scope.spawn(|| -> Result<AdmitSummary> {
                let (written, to_release) = sync_channel::<()>(1);
                std::thread::scope(|inner| {
                    let releaser = options.release.then(|| {
                        inner.spawn(move || -> Result<()> {
                            while to_release.recv().is_ok() {
                                self.release()?;
                            }
                            Ok(())
                        })
                    });
                    let mut summary = AdmitSummary::default();
                    for batch in to_write {
                        self.write_batch(&batch, &source, &mut summary)?;
                        if let Some(OnBatch(told)) = &options.on_batch {
                            told(&summary);
                        }
                        // A full channel means that a release is due anyway.
                        let _ = written.try_send(());
                    }
                    drop(written);
                    if let Some(releaser) = releaser {
                        joined(releaser.join())?;
                        self.release()?;
                    }
                    Ok(summary)
                })
            });
            let mut room = BATCH_ITEMS_FIRST;
            let mut batch = Vec::with_capacity(room);
            let now = self.now();
            let read_options = entente_formats::Options {
                class: options.role.unwrap_or_default(),
                map: options.map.clone(),
                ..entente_formats::Options::new(now)
            };
            let outcome = entente_formats::read(format, input, &read_options, &mut |item| {
                summary.read += 1;
                match self.prepare(item, options, now) {
                    Ok(prepared) => batch.push(prepared),
                    Err((line, refusal)) => summary.reject(line, &refusal.code, refusal.message),
                }
                if batch.len() >= room {
                    room = room.saturating_mul(2).min(BATCH_ITEMS_MAX);
                    if batches.send(std::mem::replace(&mut batch, Vec::with_capacity(room))).is_err() {
                        // The writer stopped; its error is reported below.
                        return ControlFlow::Break(());
                    }
                }
                ControlFlow::Continue(())
            });
            if outcome.is_ok() && !batch.is_empty() {
                let _ = batches.send(batch);
            }
            drop(batches);
            let written = joined(writer.join());
            outcome.map_err(|e| ExchangeError::Format { code: e.code(), message: e.to_string() })?;
            written
        })?;
        summary.accepted = written.accepted;
        summary.merged = written.merged;
        summary.unchanged = written.unchanged;
        summary.corroborated = written.corroborated;
        summary.conflicts = written.conflicts;
        summary.quarantined = written.quarantined;
        summary.warnings = written.warnings;
        summary.rejected += written.rejected;
        for (code, n) in written.rejected_by_code {
            *summary.rejected_by_code.entry(code).or_default() += n;
        }
        let room = REJECTED_LINES_MAX.saturating_sub(summary.rejected_lines.len());
        summary.rejected_lines.extend(written.rejected_lines.into_iter().take(room));
        Ok(summary)
    }

    /// Writes one batch in one transaction.
    fn write_batch(&self, batch: &[Prepared], source: &Source<'_>, summary: &mut AdmitSummary) -> Result<()> {
        let now = self.now();
        let mut counted = summary.clone();
        self.store().write(|tx| -> Result<()> {
            for prepared in batch {
                match self.write_one(tx, prepared, source, None, now)? {
                    Ok(outcome) => {
                        counted.count(&outcome);
                        if matches!(outcome, Outcome::Accepted { .. } | Outcome::Merged) {
                            if let Some(reason) = prepared.quarantine() {
                                *counted.quarantined.entry(reason.to_owned()).or_default() += 1;
                            }
                            for code in prepared.warnings() {
                                *counted.warnings.entry(code.as_str().to_owned()).or_default() += 1;
                            }
                        }
                    }
                    Err(refusal) => {
                        let (line, refusal) = prepared.refused(refusal);
                        counted.reject(line, &refusal.code, refusal.message);
                    }
                }
            }
            Ok(())
        })?;
        *summary = counted;
        Ok(())
    }

    /// Writes one prepared item inside a transaction.
    pub(crate) fn write_one(
        &self,
        tx: &Tx<'_>,
        prepared: &Prepared,
        source: &Source<'_>,
        receipt: Option<(i64, i64)>,
        now: Timestamp,
    ) -> Result<Result<Outcome, Refusal>> {
        match prepared {
            Prepared::Value(value) => self.write_value(tx, value, source, now).map(Ok),
            Prepared::Object(object) => self.write_object(tx, object, source, receipt, now),
        }
    }

    fn write_value(&self, tx: &Tx<'_>, value: &PreparedValue, source: &Source<'_>, now: Timestamp) -> Result<Outcome> {
        let PreparedValue { finding, observable, pattern, facts, quarantine } = value;
        let key = observable_key(observable);
        let before: Vec<AssertionRow> = same_value(tx.view().assertions_of(key)?, observable);
        let mine = before.iter().find(|row| row.party == source.party);
        let earlier = match mine {
            Some(mine) => tx.view().revision(mine.revision)?,
            None => None,
        };
        let known = earlier.as_ref().map(|earlier| Admitted::decode(&earlier.facts)).transpose()?;
        // Saying nothing about the marking does not take back the one that was said before.
        let facts = match &known {
            Some(known) if facts.marking == MarkingState::Unmarked => {
                &Admitted { marking: known.marking, tlp: known.tlp, ..*facts }
            }
            _ => facts,
        };
        let facts = &facts.held_as(known.as_ref());
        let detail = detail(finding);
        let mut row = AssertionRow {
            no: 0,
            observable: key,
            party: source.party,
            kind: i64::from(facts::position(&entente_observable::Kind::ALL, &observable.kind)),
            role: i64::from(facts::position(&Class::ALL, &facts.role)),
            country: facts::country_no(facts.country),
            confidence: i64::from(facts.confidence),
            tlp: facts::tlp_level(facts.tlp),
            first_us: finding.first_seen.map(Timestamp::as_micros),
            last_us: finding.last_seen.map(Timestamp::as_micros),
            times: 1,
            revision: 0,
            value: observable.value.clone(),
            detail,
            // Once a victim, always one: its name stays protected when the host is reported for something else as well.
            victim: pattern.is_none() || mine.is_some_and(|mine| mine.victim),
        };
        let (mut created, mut modified) = (now, now);
        if let Some(mine) = mine {
            row.first_us = min_some(mine.first_us, row.first_us);
            row.last_us = mine.last_us.max(row.last_us);
            row.times = mine.times;
            row.revision = mine.revision;
            let (same, seen_again) = (
                mine.role == row.role
                    && mine.country == row.country
                    && mine.confidence == row.confidence
                    && mine.tlp == row.tlp
                    && mine.detail == row.detail,
                mine.first_us != row.first_us || mine.last_us != row.last_us,
            );
            let stated = |facts: &Admitted| (facts.marking, facts.pap, facts.subject);
            let restated = known.as_ref().is_none_or(|known| stated(known) != stated(facts));
            if same && !seen_again && !restated {
                return Ok(Outcome::Unchanged);
            }
            row.times = mine.times.saturating_add(1);
            if let Some(earlier) = earlier {
                created =
                    Object::parse(&earlier.body, &Limits::admission()).ok().and_then(|o| o.created()).unwrap_or(now);
                // A version is later than the one before it, in one batch and under a stuck clock too (A06).
                modified = now.max(Timestamp::from_micros(earlier.version_us).saturating_add_micros(1_000));
            }
        }
        let frame = Frame {
            party: source.party_id,
            created,
            modified,
            tlp: (facts.marking == MarkingState::Marked).then_some(facts.tlp),
            confidence: facts.confidence,
            victim: pattern.is_none(),
        };
        let body = build::assertion(finding, observable, pattern.as_deref(), &frame);
        let id = build::assertion_id(build::object_type(frame.victim), source.party_id, observable);
        row.revision = tx.append_revision(&NewRevision {
            object: object_key(&id),
            id: &id,
            version_us: modified.as_micros(),
            party: source.party,
            agreement: source.agreement,
            added_us: added_us(tx, row.victim, now)?,
            observable: Some(key),
            facts: &facts.encode(),
            quarantine: quarantine.as_deref(),
            receipt: None,
            body: &body,
        })?;
        tx.put_assertion(&row)?;
        count_admission(tx, source.party, quarantine.is_some())?;
        count_assertion(tx, &before, &row)?;
        Ok(if mine.is_some() { Outcome::Merged } else { Outcome::Accepted { corroborates: !before.is_empty() } })
    }

    fn write_object(
        &self,
        tx: &Tx<'_>,
        prepared: &PreparedObject,
        source: &Source<'_>,
        receipt: Option<(i64, i64)>,
        now: Timestamp,
    ) -> Result<Result<Outcome, Refusal>> {
        let PreparedObject { object, observables, facts, quarantine, .. } = prepared;
        let key = object_key(object.id());
        let version_us = object.version().map_or(0, Timestamp::as_micros);
        let shared_id = !matches!(kinds::class(object.object_type()), Some(kinds::Class::Sdo | kinds::Class::Sro));
        // LIMIT: an object with more than 256 versions is compared with the newest 256.
        let mut earlier = tx.view().revisions_of(key, 256)?;
        earlier.retain(|row| row.id == object.id());
        let mine = |row: &&RevisionRow| row.party == source.party;
        let known = earlier.iter().any(|row| mine(&row));
        if let Some(held) = earlier.iter().filter(mine).find(|row| row.version_us == version_us) {
            // Written anew by another program, the same version still says the same.
            let same = held.body == object.raw() || parsed(held).is_some_and(|held| held.same_content(object));
            if same && source.party != 0 && held.agreement != source.agreement {
                // It stays when one of the two agreements ends, or recalls it.
                tx.put_basis(held.no, source.agreement)?;
            }
            return Ok(Ok(if same { Outcome::Unchanged } else { Outcome::Conflict }));
        }
        if let Some(newest) = earlier.iter().filter(mine).max_by_key(|row| row.version_us).and_then(parsed) {
            let mut refusal = None;
            version::check(&newest, object, &mut |code, message| {
                // Revoking is final (STIX 2.1 §3.6); other changes are the creator's own affair.
                if code == Code::E307 {
                    refusal =
                        Some(Refusal { code: code.as_str().to_owned(), message: format!("/modified: {message}") });
                }
            });
            if let Some(refusal) = refusal {
                return Ok(Err(refusal));
            }
        }
        let foreign = earlier.last().is_some_and(|first| first.party != source.party);
        if foreign && !shared_id {
            if !earlier.iter().any(|row| row.body == object.raw()) {
                // Only its creator, who brought it first, may publish a version of an object (A07, A16); others may relay one.
                return Ok(Err(Refusal {
                    code: "admit.foreign-id".to_owned(),
                    message: format!("`{}` was received from another party with other content", object.id()),
                }));
            }
            if source.party == 0 {
                // What another party gave does not become the node's own by being read from a file (A17).
                return Ok(Ok(Outcome::Unchanged));
            }
        }
        let newest = earlier.iter().filter(mine).max_by_key(|row| row.version_us);
        let newest = newest.map(|row| Admitted::decode(&row.facts)).transpose()?;
        let encoded = facts.held_as(newest.as_ref()).encode();
        let pseudonym = pseudonym_key(object);
        let revision = tx.append_revision(&NewRevision {
            object: key,
            id: object.id(),
            version_us,
            party: source.party,
            agreement: source.agreement,
            added_us: added_us(tx, facts.subject.contains(Subject::Victim), now)?,
            observable: observables.first().map(observable_key).or(pseudonym),
            facts: &encoded,
            quarantine: quarantine.as_deref(),
            receipt,
            body: object.raw(),
        })?;
        count_admission(tx, source.party, quarantine.is_some())?;
        let keys: Vec<i64> = observables.iter().map(observable_key).chain(pseudonym).collect();
        feedback::keep(tx, object, &keys, source.party, now)?;
        let mut corroborates = false;
        for observable in observables {
            let row =
                object_assertion(object, facts, source.party, observable_key(observable), revision, Some(observable));
            let before = same_value(tx.view().assertions_of(row.observable)?, observable);
            corroborates |= before.iter().any(|other| other.party != source.party);
            put_merged(tx, &before, row, object.id(), version_us)?;
        }
        if let Some(pseudonym) = pseudonym {
            let row = object_assertion(object, facts, source.party, pseudonym, revision, None);
            let before = tx.view().assertions_of(pseudonym)?;
            put_merged(tx, &before, row, object.id(), version_us)?;
        }
        Ok(Ok(if known { Outcome::Merged } else { Outcome::Accepted { corroborates } }))
    }
}

fn parsed(row: &RevisionRow) -> Option<Object> {
    Object::parse(&row.body, &Limits::offline()).ok()
}

/// Waits for a thread of ours; a panic in it goes on in the caller.
fn joined<T>(result: std::thread::Result<Result<T>>) -> Result<T> {
    match result {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// When something counts as admitted. What is about a victim counts as admitted after everything that was released before, whatever
/// the clock says, because what was released earlier is searched for its name (A19, A43).
fn added_us(tx: &Tx<'_>, victim: bool, now: Timestamp) -> Result<i64> {
    let now = now.as_micros();
    Ok(if victim { now.max(tx.view().last_release_us()?) } else { now })
}

/// 64-bit key of an object id; ids are compared after the look-up.
pub(crate) fn object_key(id: &str) -> i64 {
    let hash = entente_ledger::Hash::of(id.as_bytes());
    let [b0, b1, b2, b3, b4, b5, b6, b7, ..] = hash.0;
    i64::from_be_bytes([b0, b1, b2, b3, b4, b5, b6, b7])
}

/// 64-bit key of an observable as the store has it.
pub(crate) fn observable_key(observable: &Observable) -> i64 {
    i64::from_be_bytes(observable.key().to_be_bytes())
}

/// Key of a victim's pseudonym, so that pseudonyms count as targets.
pub(crate) fn pseudonym_key(object: &Object) -> Option<i64> {
    let victim = object.object_type() == "identity" && object.labels().iter().any(|label| label == "role:compromised");
    victim.then(|| object_key(object.id()))
}

pub(crate) fn same_value(rows: Vec<AssertionRow>, observable: &Observable) -> Vec<AssertionRow> {
    rows.into_iter().filter(|row| row.value == observable.value).collect()
}

fn min_some(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (found, None) | (None, found) => found,
    }
}

fn count_admission(tx: &Tx<'_>, party: i64, quarantined: bool) -> Result<()> {
    tx.count(Counter::Revisions, party, 0, 1)?;
    if quarantined {
        tx.count(Counter::Quarantined, party, 0, 1)?;
    }
    Ok(())
}

/// Keeps the counters of observables, targets and givers right for a new or changed assertion.
pub(crate) fn count_assertion(tx: &Tx<'_>, before: &[AssertionRow], new: &AssertionRow) -> Result<()> {
    let mine = before.iter().find(|row| row.party == new.party);
    if before.is_empty() {
        tx.count(Counter::Observables, 0, 0, 1)?;
    }
    if mine.is_none() && before.len() == 1 {
        tx.count(Counter::Corroborated, 0, 0, 1)?;
    }
    let others = |role: i64, country: i64| {
        before.iter().any(|row| row.party != new.party && row.role == role && row.country == country)
    };
    if let Some(old) = mine {
        if (old.role, old.country) == (new.role, new.country) {
            return Ok(());
        }
        if !others(old.role, old.country) {
            tx.count(Counter::Targets, old.country, old.role, -1)?;
        }
        tx.count(Counter::Given, old.party, old.role, -1)?;
    }
    if !others(new.role, new.country) {
        tx.count(Counter::Targets, new.country, new.role, 1)?;
    }
    tx.count(Counter::Given, new.party, new.role, 1)?;
    Ok(())
}

fn put_merged(tx: &Tx<'_>, before: &[AssertionRow], mut row: AssertionRow, id: &str, version_us: i64) -> Result<()> {
    if let Some(mine) = before.iter().find(|other| other.party == row.party) {
        row.first_us = min_some(mine.first_us, row.first_us);
        row.last_us = mine.last_us.max(row.last_us);
        row.victim |= mine.victim;
        // A version that arrives late does not displace a later one of the same object.
        let held = tx.view().revision(mine.revision)?;
        if let Some(held) = held.filter(|held| held.id == id && held.version_us > version_us) {
            row = AssertionRow { first_us: row.first_us, last_us: row.last_us, revision: held.no, ..mine.clone() };
        }
        row.times = mine.times.saturating_add(1);
    }
    tx.put_assertion(&row)?;
    count_assertion(tx, before, &row)
}

pub(crate) fn object_assertion(
    object: &Object,
    facts: &Admitted,
    party: i64,
    key: i64,
    revision: i64,
    observable: Option<&Observable>,
) -> AssertionRow {
    let time =
        |property: &str| object.text(property).and_then(|text| Timestamp::parse(&text).ok()).map(Timestamp::as_micros);
    AssertionRow {
        no: 0,
        observable: key,
        party,
        kind: facts.kind.map_or(-1, |kind| i64::from(facts::position(&entente_observable::Kind::ALL, &kind))),
        role: i64::from(facts::position(&Class::ALL, &facts.role)),
        country: facts::country_no(facts.country),
        confidence: i64::from(facts.confidence),
        tlp: facts::tlp_level(facts.tlp),
        first_us: time("first_seen").or_else(|| time("valid_from")),
        last_us: time("last_seen"),
        times: 1,
        revision,
        value: observable
            .map_or_else(|| object.text("name").unwrap_or_default(), |observable| observable.value.clone()),
        detail: "{}".to_owned(),
        victim: facts.subject.contains(Subject::Victim),
    }
}

/// Whatever the source said that has no column, as JSON.
fn detail(finding: &Finding) -> String {
    #[derive(Serialize)]
    struct Detail<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        malware: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        port: Option<u16>,
        #[serde(skip_serializing_if = "<[String]>::is_empty")]
        sources: &'a [String],
        #[serde(skip_serializing_if = "<[String]>::is_empty")]
        labels: &'a [String],
        #[serde(skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        #[serde(skip_serializing_if = "str::is_empty")]
        raw: &'a str,
    }
    let detail = Detail {
        malware: finding.malware.as_deref(),
        port: finding.port,
        sources: &finding.sources,
        labels: &finding.labels,
        reference: finding.reference.as_deref(),
        raw: &finding.raw,
    };
    serde_json::to_string(&detail).unwrap_or_else(|_| "{}".to_owned())
}
