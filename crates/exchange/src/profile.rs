//! Where a party stands on the five stages of `product.md` section 8: counts from what this node already has, and nothing else.
//!
//! A mirror for the party and the officers of its agreements; no decision reads it. What this version does not record is said to be
//! not measured: requests, targets, reports and templates, and acknowledgements, which are in the other party's own log.
//!
//! Cost: one walk over the releases to the party in 90 days, parsing the indicators among them, and two statements of
//! [`crate::account`]. Memory: the objects the party spoke about in the window, and one instant for each release it acted on.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

use entente_agreement::State as Life;
use entente_agreement::account::Contribution;
use entente_agreement::maturity::{
    Expertise, Gate, Inputs, Measure, Profile, THRESHOLDS, WINDOW_DAYS, shown_stage, stage_names,
};
use entente_ledger::Hash;
use entente_stix::{Limits, Object, Timestamp};
use entente_store::StoreError;
use entente_store::account::MentionRow;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::Exchange;
use crate::account::{is_about_a_value, other_party};
use crate::admit::object_key;
use crate::error::Result;
use crate::facts::Admitted;
use crate::feedback::{self, AGREED, DISPUTED, NAMED, NOT_SEEN, SEEN};
use crate::state::{KnownParty, State};

const DAY_US: i64 = 86_400_000_000;
const WEEK_US: i64 = 7 * DAY_US;
/// Day of the week of 1970-01-01, counted from Monday.
const EPOCH_WEEKDAY: i64 = 3;
/// Days within which an act answers a release, and after which a contribution can be judged.
const ACT_DAYS: i64 = 30;
// LIMIT: weekly runs that are computed when they are missing, and those that are looked back to.
const RUNS_COMPUTED: i64 = 6;
const RUNS_KEPT: i64 = 26;
// LIMIT: rows of a manifest read at once.
const ROWS_MAX: usize = 1_000;

/// The profile of a party at an instant.
#[derive(Clone, Debug, Serialize)]
pub struct Maturity {
    /// The party.
    pub party: String,
    /// The Monday, 00:00 UTC, at which the windows end.
    pub at: String,
    /// Days of the window.
    pub window_days: i64,
    /// The stage that shows: up after two weekly runs, down after four. `None`: not measured yet.
    pub stage: Option<u8>,
    /// The stage of this run alone.
    pub stage_raw: Option<u8>,
    /// Neutral name of the stage that shows.
    pub name: Option<&'static str>,
    /// The study's name of it, for the explanation.
    pub study_name: Option<&'static str>,
    /// Measures by name, each with what it is made of.
    pub measures: BTreeMap<&'static str, Measure>,
    /// Gates G1 to G5.
    pub gates: BTreeMap<&'static str, Gate>,
    /// Gates below the stage that do not hold, in words.
    pub gaps: Vec<String>,
    /// The next step, in words.
    pub next: Option<String>,
    /// What this node does not record, so that it is in no measure.
    pub not_measured: [&'static str; 4],
    /// SHA-256 over the releases and contributions that were counted, in their order (`docs/reciprocity.md`).
    pub inputs_digest: String,
}

/// Acts of a party on one object.
struct Acts {
    /// Admissions of its sightings and disputes, by the object they are about.
    by_target: HashMap<i64, Vec<i64>>,
    expertise: BTreeMap<Expertise, u64>,
    peers: HashSet<i64>,
}

impl Exchange {
    /// The maturity profile of a party, at the last Monday before `at`, or before now.
    ///
    /// # Errors
    /// [`crate::ExchangeError::UnknownParty`], [`crate::ExchangeError::Store`].
    pub fn maturity(&self, party: &str, at: Option<Timestamp>) -> Result<Maturity> {
        let state = self.state()?;
        let known = other_party(&state, party)?;
        self.settle_mentions()?;
        let now = self.now();
        let at = monday(at.map_or(now, |at| at.min(now)));
        let mut runs: BTreeMap<i64, Option<u8>> = BTreeMap::new();
        let first = at.saturating_add_micros(-RUNS_KEPT * WEEK_US);
        for (at_us, stage) in self.store().read(|s| s.profile_runs(known.no, first.as_micros(), at.as_micros()))? {
            runs.insert(at_us, stage.and_then(|stage| u8::try_from(stage).ok()));
        }
        for week in (1..RUNS_COMPUTED).rev() {
            let then = at.saturating_add_micros(-week * WEEK_US);
            if let Entry::Vacant(run) = runs.entry(then.as_micros()) {
                let (inputs, _) = self.inputs(&state, known, then)?;
                let stage = Profile::of(&inputs, &THRESHOLDS).stage_raw;
                self.store().write(|tx| tx.put_profile_run(known.no, then.as_micros(), stage.map(i64::from)))?;
                run.insert(stage);
            }
        }
        let (inputs, digest) = self.inputs(&state, known, at)?;
        let profile = Profile::of(&inputs, &THRESHOLDS);
        runs.insert(at.as_micros(), profile.stage_raw);
        let stages: Vec<Option<u8>> = runs.into_values().collect();
        // A run in which nothing is measured shows nothing, whatever was shown before.
        let stage = profile.stage_raw.and_then(|_| shown_stage(&stages));
        let names = stage.and_then(stage_names);
        Ok(Maturity {
            party: known.id.to_string(),
            at: at.to_string(),
            window_days: WINDOW_DAYS,
            stage,
            stage_raw: profile.stage_raw,
            name: names.map(|names| names.0),
            study_name: names.map(|names| names.1),
            measures: profile.measures,
            gates: profile.gates,
            gaps: profile.gaps,
            next: profile.next,
            not_measured: ["requests answered", "targets verified", "activity reports", "templates and rules adopted"],
            inputs_digest: digest.to_sha256_text(),
        })
    }

    /// Everything that is counted about a party for the run at `at`.
    fn inputs(&self, state: &State, party: &KnownParty, at: Timestamp) -> Result<(Inputs, Hash)> {
        let mut digest = Sha256::new();
        let days = |n: i64| at.saturating_add_micros(-n * DAY_US);
        let acts = self.acts(state, party, days(WINDOW_DAYS), at)?;
        let mut inputs = Inputs { in_force_days: in_force_days(state, self, party, at), ..Inputs::default() };
        let mut delays = Vec::new();
        self.count_releases(party, days(WINDOW_DAYS), at, &acts, &mut inputs, &mut delays, &mut digest)?;
        let mut each = |contribution: &Contribution| {
            digest.update(format!("{} {} {}\n", contribution.kind.name(), contribution.value, contribution.admitted));
        };
        let own = self.gather(state, party, None, days(WINDOW_DAYS), at, at, &mut each)?.statement;
        let judged = self.gather(state, party, None, days(120), days(30), at, &mut each)?.statement;
        inputs.own = own.total.given;
        inputs.own_days = own.days;
        for (reason, n) in [
            ("echo", own.excluded.echo),
            ("padding", own.excluded.padding.saturating_add(own.excluded.in_network)),
            ("withdrawn", own.excluded.withdrawn),
            ("quarantined", own.total.quarantined),
        ] {
            if n > 0 {
                inputs.excluded.insert(reason.to_owned(), n);
            }
        }
        inputs.judged = judged.total.given;
        inputs.unique = judged.total.unique;
        inputs.corroborated = judged.total.earlier.saturating_add(judged.total.late);
        inputs.early = judged.total.lead_day.saturating_add(judged.total.lead_week);
        inputs.confirmed = judged.total.confirmed;
        inputs.upheld = judged.total.upheld;
        inputs.peers = count(acts.peers.len());
        let public = |no: &&i64| match **no {
            0 => is_public(&self.node().role),
            no => state.party_no(no).is_some_and(|party| is_public(&party.card.role)),
        };
        inputs.public = count(acts.peers.iter().filter(public).count());
        inputs.expertise = acts.expertise;
        delays.sort_unstable();
        inputs.feedback_delay_s = delays
            .get(delays.len().saturating_sub(1) / 2)
            .and_then(|delay: &i64| u64::try_from(delay / 1_000_000).ok());
        Ok((inputs, Hash(digest.finalize().into())))
    }

    /// What a party said in a time, and who made use of it.
    fn acts(&self, state: &State, party: &KnownParty, from: Timestamp, to: Timestamp) -> Result<Acts> {
        let mut acts = Acts { by_target: HashMap::new(), expertise: BTreeMap::new(), peers: HashSet::new() };
        let mut spoken: HashMap<i64, MentionRow> = HashMap::new();
        self.store().read(|s| -> Result<()> {
            s.mentions_by(party.no, from.as_micros(), to.as_micros(), |mention| {
                if matches!(mention.verb, SEEN | NOT_SEEN | DISPUTED) {
                    acts.by_target.entry(mention.target).or_default().push(mention.added_us);
                }
                if matches!(mention.verb, DISPUTED | NAMED) {
                    spoken.insert(mention.source, mention);
                }
                Ok::<_, StoreError>(())
            })?;
            for (source, mention) in &spoken {
                let until = Timestamp::from_micros(mention.added_us).saturating_add_micros(ACT_DAYS * DAY_US).min(to);
                let used_by: Vec<i64> = s
                    .mentions_on(*source)?
                    .iter()
                    .filter(|use_| use_.party != party.no && use_.added_us <= until.as_micros())
                    .filter(|use_| matches!(use_.verb, SEEN | AGREED | NAMED))
                    .map(|use_| use_.party)
                    .collect();
                let kind = if mention.verb == DISPUTED {
                    let dispute = feedback::dispute(s, mention, NOBODY, until)?;
                    (dispute.verdict == entente_agreement::account::Verdict::Upheld).then_some(Expertise::Dispute)
                } else {
                    (!used_by.is_empty()).then_some(Expertise::Context)
                };
                if let Some(kind) = kind {
                    *acts.expertise.entry(kind).or_default() += 1;
                    acts.peers.extend(used_by.into_iter().filter(|no| *no == 0 || state.party_no(*no).is_some()));
                }
            }
            Ok(())
        })?;
        Ok(acts)
    }

    /// Counts what was released to a party in a time, and on what of it the party acted.
    #[expect(clippy::too_many_arguments, reason = "a walk that fills what it is given")]
    fn count_releases(
        &self,
        party: &KnownParty,
        from: Timestamp,
        to: Timestamp,
        acts: &Acts,
        inputs: &mut Inputs,
        delays: &mut Vec<i64>,
        digest: &mut Sha256,
    ) -> Result<()> {
        self.store().read(|s| -> Result<()> {
            let mut heads = s.heads()?;
            heads.retain(|head| head.recipient == party.no);
            heads.sort_by(|a, b| a.agreement.cmp(&b.agreement));
            for head in heads {
                let mut seq = s.seq_after(&head, from.as_micros().saturating_sub(1))?;
                while seq < head.next_seq {
                    let start = seq;
                    s.manifest_from(head.no, seq, ROWS_MAX, |row, body, source| -> Result<bool> {
                        if row.added_us >= to.as_micros() {
                            seq = head.next_seq;
                            return Ok(false);
                        }
                        seq = row.seq.saturating_add(1);
                        let facts = Admitted::decode(&source.facts)?;
                        if !is_about_a_value(&row.id, &facts) {
                            return Ok(true);
                        }
                        inputs.receipts = inputs.receipts.saturating_add(1);
                        digest.update(format!("{} {} {}\n", head.agreement, row.leaf, row.id));
                        if !is_actionable(&row.id, &body, row.added_us) {
                            return Ok(true);
                        }
                        inputs.actionable = inputs.actionable.saturating_add(1);
                        let until = row.added_us.saturating_add(ACT_DAYS * DAY_US);
                        let within = |at: &&i64| (row.added_us..=until).contains(*at);
                        let first =
                            acts.by_target.get(&object_key(&row.id)).and_then(|all| all.iter().filter(within).min());
                        if let Some(first) = first {
                            inputs.acted = inputs.acted.saturating_add(1);
                            delays.push(first.saturating_sub(row.added_us));
                        }
                        Ok(true)
                    })?;
                    if seq == start {
                        break;
                    }
                }
            }
            Ok(())
        })
    }
}

/// No party has this number.
const NOBODY: i64 = -1;

/// Whether a released object is an indicator that was valid for a day or more from then on.
fn is_actionable(id: &str, body: &[u8], released_us: i64) -> bool {
    if !id.starts_with("indicator--") {
        return false;
    }
    let ends = body.windows(13).any(|window| window == b"\"valid_until\"");
    if !ends {
        return true;
    }
    let until = Object::parse(body, &Limits::offline()).ok().and_then(|object| object.text("valid_until"));
    let until = until.and_then(|text| Timestamp::parse(&text).ok());
    until.is_none_or(|until| until.as_micros() >= released_us.saturating_add(DAY_US))
}

/// Days since the first of the agreements with a party that are in force came into force.
fn in_force_days(state: &State, exchange: &Exchange, party: &KnownParty, at: Timestamp) -> Option<u64> {
    let since = state
        .between(exchange.own(), &party.id, at)
        .into_iter()
        .filter(|held| held.agreement.state(at) == Life::InForce)
        .filter_map(|held| state.versions.iter().find(|version| version.id() == held.id()))
        .map(|first| first.agreement.terms().valid_from)
        .min()?;
    u64::try_from(at.as_micros().saturating_sub(since.as_micros()) / DAY_US).ok()
}

/// The last Monday, 00:00 UTC, at or before an instant.
fn monday(at: Timestamp) -> Timestamp {
    let day = at.days_since_epoch();
    let back = day.saturating_add(EPOCH_WEEKDAY).rem_euclid(7);
    Timestamp::from_micros(day.saturating_sub(back).saturating_mul(DAY_US))
}

/// Whether a role is that of police, CERT or government.
fn is_public(role: &str) -> bool {
    matches!(role, "police" | "cert" | "regulator")
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, monday};

    #[test]
    fn weeks_begin_on_monday() {
        let at = |text: &str| monday(Timestamp::parse(text).unwrap()).to_string();
        assert_eq!(at("2026-11-24T06:00:00Z"), "2026-11-23T00:00:00.000Z");
        assert_eq!(at("2026-11-23T00:00:00Z"), "2026-11-23T00:00:00.000Z");
        assert_eq!(at("2026-11-22T23:59:59Z"), "2026-11-16T00:00:00.000Z");
    }
}
