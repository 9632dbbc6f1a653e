//! Past admissions on their way through the texts of a simulation, by the code that releases.

use std::collections::HashSet;

use entente_agreement::{Keys, Origin, PartyId, Reason, decide};
use entente_ledger::Hash;
use entente_stix::Timestamp;
use entente_stix::marking::Tlp;
use entente_store::Snapshot;
use entente_store::manifest::Head;
use entente_store::revisions::RevisionRow;

use super::tally::{Class, Fate, Names, Smallest, Tally};
use super::{Altered, AsOf, Flow, Lost, Sample, words};
use crate::Exchange;
use crate::admit::object_key;
use crate::build::identity_id;
use crate::error::Result;
use crate::facts::{Admitted, Provenance};
use crate::known::Known;
use crate::release::{Has, Outcome, Run};
use crate::state::{Held, State};

const DAY_US: i64 = 86_400_000_000;
// LIMIT: revisions that are decided, and whose bytes are held in memory, at a time.
const BATCH: usize = 16_000;

/// The admissions that are replayed: revisions above `start`, up to `end`.
pub(super) struct Span {
    since: Timestamp,
    pub(super) until: Timestamp,
    /// It reaches to the present, whenever that is.
    is_open: bool,
    start: i64,
    end: i64,
    now: Timestamp,
    as_of: AsOf,
}

impl Span {
    pub(super) fn load(
        exchange: &Exchange,
        since: Timestamp,
        until: Option<Timestamp>,
        as_of: AsOf,
        now: Timestamp,
    ) -> Result<Self> {
        let (start, end) = exchange.store().read(|s| -> Result<(i64, i64)> {
            let end = match until {
                Some(until) => s.last_revision_before(until.as_micros())?,
                None => s.last_revision()?,
            };
            Ok((s.last_revision_before(since.as_micros())?, end))
        })?;
        Ok(Self { since, until: until.unwrap_or(now), is_open: until.is_none(), start, end, now, as_of })
    }

    fn words(&self) -> String {
        let day = |at: Timestamp| at.to_string().chars().take(10).collect::<String>();
        let length = self.until.as_micros().saturating_sub(self.since.as_micros());
        let since = (self.since.as_micros() > 0).then(|| day(self.since));
        words::period(since.as_deref(), &day(self.until), length.saturating_add(DAY_US / 2) / DAY_US, self.is_open)
    }
}

/// Everything that stays the same for all recipients.
pub(super) struct Scene<'a> {
    exchange: &'a Exchange,
    state: &'a State,
    after: Held,
    before: Option<Held>,
    keys: Keys,
    /// The keys are not those of a release.
    is_provisional: bool,
    known: Known,
    span: Span,
}

impl<'a> Scene<'a> {
    pub(super) fn new(
        exchange: &'a Exchange,
        state: &'a State,
        after: Held,
        before: Option<Held>,
        span: Span,
    ) -> Result<Self> {
        let known = exchange.store().read(Known::of_all)?;
        let (keys, is_provisional) = keys_or_preview(exchange, after.id())?;
        Ok(Self { exchange, state, after, before, keys, is_provisional, known, span })
    }

    /// What would go to one recipient, and how many revisions were asked about.
    pub(super) fn flow(&self, recipient: &PartyId, sample: usize) -> Result<(Flow, u64)> {
        let mut replay = Replay {
            exchange: self.exchange,
            after: self.side(&self.after, recipient)?,
            before: self.before.as_ref().map(|held| self.side(held, recipient)).transpose()?,
            tally: Tally::default(),
            released: Smallest::new(sample),
            lost: Smallest::new(sample),
            altered: Smallest::new(sample),
            waiting: Vec::new(),
        };
        let mut looked_at = 0;
        let mut position = self.span.start;
        while position < self.span.end {
            let mut rows = self.exchange.store().read(|s| s.revisions_after(position, BATCH))?;
            let Some(last) = rows.last().map(|row| row.no) else { break };
            position = last;
            rows.retain(|row| row.no <= self.span.end);
            looked_at += u64::try_from(rows.len()).unwrap_or(0);
            replay.take(&rows, true)?;
        }
        replay.settle()?;
        Ok((self.summed_up(recipient, replay), looked_at))
    }

    fn side<'b>(&'b self, held: &'b Held, recipient: &'b PartyId) -> Result<Side<'b>> {
        let head = match self.state.party(recipient.as_str()) {
            Some(party) => self.exchange.store().read(|s| s.head(held.id(), party.no))?,
            None => None,
        };
        Ok(Side {
            run: Run {
                exchange: self.exchange,
                state: self.state,
                held,
                recipient,
                keys: self.keys.clone(),
                identity: identity_id(self.exchange.own().as_str()),
                now: self.span.now,
                at_admission: self.span.as_of == AsOf::Admission,
                known: self.known.clone(),
            },
            given: HashSet::new(),
            manifest: head.map(|head| (head, self.span.start.saturating_add(1))),
        })
    }

    fn summed_up(&self, recipient: &PartyId, replay: Replay<'_>) -> Flow {
        let Replay { tally, released, lost, altered, .. } = replay;
        let terms = self.after.agreement.terms();
        let totals = tally.totals(&Names {
            after: terms,
            before: self.before.as_ref().map(|held| held.agreement.terms().as_ref()),
            party: &|no| self.state.party_word(no),
        });
        let quota = u64::from(terms.quota.objects_per_day);
        let days_above_quota = match self.span.as_of {
            AsOf::Admission => totals.days.iter().filter(|day| day.after > quota).count(),
            // All of it would come on the first day.
            AsOf::Now => usize::from(totals.change.after > quota),
        };
        let words = words::sentence(&words::Told {
            period: &self.span.words(),
            draft: &format!("version {}", terms.version),
            recipient: recipient.as_str(),
            compared: self.before.is_some(),
            change: totals.change,
            altered: totals.altered,
            personal: totals.personal.after,
            needs_consent: &totals.needs_consent,
            classes: &totals.by.class,
        });
        let closure = totals.withheld.iter().filter(|(reason, _)| reason.starts_with("closure."));
        Flow {
            recipient: recipient.to_string(),
            words,
            change: totals.change,
            altered: totals.altered,
            personal_data: totals.personal,
            by: totals.by,
            needs_consent: totals.needs_consent,
            closure_drops: closure.map(|(_, n)| n).sum(),
            withheld: totals.withheld,
            withheld_before: totals.withheld_before,
            effects: tally.effects,
            objects_per_day: terms.quota.objects_per_day,
            days_above_quota: u64::try_from(days_above_quota).unwrap_or(u64::MAX),
            days: totals.days,
            released_sample: released.into_vec(),
            lost_sample: lost.into_vec(),
            altered_sample: altered.into_vec(),
            ids_provisional: self.is_provisional,
        }
    }
}

/// The keys of an agreement; where it has none yet, some that serve this purpose only, and `true`.
fn keys_or_preview(exchange: &Exchange, agreement: &str) -> Result<(Keys, bool)> {
    let read = |s: &Snapshot<'_>, name: &str| s.setting(&format!("key:{agreement}:{name}"));
    let kept = exchange.store().read(|s| -> Result<_> { Ok((read(s, "id")?, read(s, "victim")?)) })?;
    let exact = |bytes: Option<Vec<u8>>| bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    if let (Some(id), Some(victim)) = (exact(kept.0), exact(kept.1)) {
        return Ok((Keys::new(&id, &victim), false));
    }
    let node = &exchange.secrets().node;
    let preview = |name: &[u8]| Hash::of_parts(&[b"entente simulation key/1\n", node, name, agreement.as_bytes()]);
    Ok((Keys::new(&preview(b"id\n").0, &preview(b"victim\n").0), true))
}

/// One text with the world as it would be under it.
struct Side<'a> {
    run: Run<'a>,
    /// Keys of the ids given to the recipient so far.
    given: HashSet<i64>,
    /// What the recipient holds from before the span.
    manifest: Option<(Head, i64)>,
}

impl Side<'_> {
    /// Decides as a release would, and gives the recipient what may leave; also says whether that was anything new.
    fn decide(&mut self, rows: &[RevisionRow]) -> Result<(Vec<Outcome>, bool)> {
        let before = self.manifest.as_ref().map(|(head, first)| (head, *first));
        let outcomes = self.run.decide_all(rows, Has::Supposed { keys: &self.given, before }, usize::MAX)?;
        let mut is_new = false;
        for outcome in &outcomes {
            if let Outcome::Ready(ready) = outcome {
                is_new |= self.given.insert(object_key(&ready.applied.object_id));
            }
        }
        Ok((outcomes, is_new))
    }
}

/// Both sides on their way through the span.
struct Replay<'a> {
    exchange: &'a Exchange,
    after: Side<'a>,
    before: Option<Side<'a>>,
    tally: Tally,
    released: Smallest<Sample>,
    lost: Smallest<Lost>,
    altered: Smallest<Altered>,
    /// Revisions that one side withholds for a reference, to be asked about again at the end.
    waiting: Vec<i64>,
}

impl Replay<'_> {
    /// Decides a batch on both sides and counts it; with `may_wait` what a later release may complete is put aside.
    fn take(&mut self, rows: &[RevisionRow], may_wait: bool) -> Result<()> {
        let (after, _) = self.after.decide(rows)?;
        let before = self.before.as_mut().map(|side| side.decide(rows)).transpose()?;
        let mut before = before.map(|(outcomes, _)| outcomes.into_iter());
        for (row, after) in rows.iter().zip(after) {
            let before = before.as_mut().and_then(Iterator::next);
            let fates = (before.as_ref().map_or(Fate::Absent, fate), fate(&after));
            if may_wait && (fates.0.waits() || fates.1.waits()) {
                self.waiting.push(row.no);
                continue;
            }
            self.count(row, fates, before.as_ref(), &after)?;
        }
        Ok(())
    }

    fn count(
        &mut self,
        row: &RevisionRow,
        (before, after): (Fate, Fate),
        was: Option<&Outcome>,
        is: &Outcome,
    ) -> Result<()> {
        let admitted = Admitted::decode(&row.facts)?;
        let bytes = |outcome: &Outcome| match outcome {
            Outcome::Ready(ready) => String::from_utf8_lossy(&ready.applied.bytes).into_owned(),
            Outcome::Withheld { .. } | Outcome::Held { .. } => String::new(),
        };
        let altered = match (was, is) {
            (Some(Outcome::Ready(was)), Outcome::Ready(is)) => was.applied.bytes != is.applied.bytes,
            _ => false,
        };
        self.tally.add(Class {
            object_type: admitted.object_type,
            kind: admitted.kind,
            tlp: admitted.tlp,
            subject: admitted.subject,
            role: admitted.role,
            country: admitted.country,
            source: row.party,
            day: Timestamp::from_micros(row.added_us).days_since_epoch(),
            consent: row.party != 0 && self.lacks_consent(row, &admitted, after),
            before,
            after,
            altered,
        });
        let key = || (Hash::of(row.id.as_bytes()).0, row.no);
        let class = admitted.role.name();
        if let Outcome::Ready(ready) = is {
            self.tally.add_effects(&ready.applied.effects);
            if !before.is_released() {
                let clause = self.after.run.held.agreement.terms().clauses.get(ready.clause);
                let clause = || clause.map_or_else(String::new, |clause| clause.id.to_string());
                self.released.offer(key(), || Sample {
                    id: row.id.clone(),
                    class,
                    clause: clause(),
                    object: bytes(is),
                });
            }
        }
        if let (Fate::Released(_), Fate::Withheld(reason)) = (before, after) {
            self.lost.offer(key(), || Lost { id: row.id.clone(), class, reason: reason.code() });
        }
        if altered {
            let was = || was.map(bytes).unwrap_or_default();
            self.altered.offer(key(), || Altered { id: row.id.clone(), class, before: was(), after: bytes(is) });
        }
        Ok(())
    }

    /// Whether the draft would release a received revision if its originator consented.
    fn lacks_consent(&self, row: &RevisionRow, admitted: &Admitted, after: Fate) -> bool {
        let run = &self.after.run;
        let may_be_asked = matches!(admitted.tlp, Tlp::Amber | Tlp::AmberStrict)
            && matches!(after, Fate::Withheld(Reason::Clause(_)))
            && run.state.version(row.agreement).is_some_and(|under| under.agreement.terms().onward.consent);
        if !may_be_asked {
            return false;
        }
        let gate = run.gate(row);
        let mut facts = gate.facts(admitted, Provenance::of(row));
        facts.facts.origin = Origin::Consented;
        decide(&gate.request(&facts), gate.agreements).is_permit()
    }

    /// Asks again about what waited for a reference until nothing more becomes complete, then counts it.
    fn settle(&mut self) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        loop {
            let mut is_new = false;
            for numbers in waiting.chunks(BATCH) {
                let rows = self.exchange.revisions(numbers)?;
                is_new |= self.after.decide(&rows)?.1;
                if let Some(before) = &mut self.before {
                    is_new |= before.decide(&rows)?.1;
                }
            }
            if !is_new {
                break;
            }
        }
        for numbers in waiting.chunks(BATCH) {
            self.take(&self.exchange.revisions(numbers)?, false)?;
        }
        Ok(())
    }
}

fn fate(outcome: &Outcome) -> Fate {
    match outcome {
        Outcome::Ready(ready) => Fate::Released(ready.clause),
        Outcome::Withheld { reason, .. } => Fate::Withheld(*reason),
        // Said only of what stands in a manifest already, which a simulation does not ask.
        Outcome::Held { .. } => Fate::Absent,
    }
}
