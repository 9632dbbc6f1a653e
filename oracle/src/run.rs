//! Every request asked of every evaluator, on as many threads as there are.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use entente_agreement::{Agreement, Decision, Memo, cedar, decide};

use crate::cedar::{Answer, Evaluator};
use crate::grammar::{Ask, Rng, Sample};
use crate::reference::{self, Verdict, View};

/// LIMIT: agreements that are asked together; ten are what the goal of the decision is stated for.
const TOGETHER_MAX: u64 = 10;

/// Says how much is asked.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Seed of everything.
    pub seed: u64,
    /// Requests in all.
    pub requests: u64,
    /// Groups of agreements in all; each gets its share of the requests.
    pub groups: u64,
    /// Threads; the answer does not depend on them.
    pub threads: usize,
}

/// Counts what was asked and answered.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Requests asked of all three.
    pub requests: u64,
    /// Of them permitted.
    pub permits: u64,
    /// Of them withheld, by reason.
    pub denials: BTreeMap<&'static str, u64>,
    /// Requests for several purposes and doors, asked of the decision and the reference.
    pub wide: u64,
    /// Requests to several agreements at once, asked of the decision and the reference.
    pub together: u64,
    /// Requests asked of the decision and of the masks of all agreements of the group (T-A12).
    pub masks: u64,
    /// Agreements written and signed.
    pub agreements: u64,
    /// Their clauses.
    pub clauses: u64,
    /// Cedar policies printed for them.
    pub policies: u64,
}

impl Counts {
    fn add(&mut self, other: &Counts) {
        self.requests = self.requests.saturating_add(other.requests);
        self.permits = self.permits.saturating_add(other.permits);
        self.wide = self.wide.saturating_add(other.wide);
        self.together = self.together.saturating_add(other.together);
        self.masks = self.masks.saturating_add(other.masks);
        self.agreements = self.agreements.saturating_add(other.agreements);
        self.clauses = self.clauses.saturating_add(other.clauses);
        self.policies = self.policies.saturating_add(other.policies);
        for (reason, count) in &other.denials {
            let known = self.denials.entry(reason).or_default();
            *known = known.saturating_add(*count);
        }
    }

    /// Counts everything withheld.
    pub fn denied(&self) -> u64 {
        self.denials.values().sum()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "agreements {}, clauses {}, Cedar policies {}", self.agreements, self.clauses, self.policies)?;
        writeln!(f, "requests   {:>12}  decision = Cedar = reference", self.requests)?;
        writeln!(f, "  permits  {:>12}", self.permits)?;
        writeln!(f, "  denials  {:>12}", self.denied())?;
        for (reason, count) in &self.denials {
            writeln!(f, "    {reason:<20} {count:>10}")?;
        }
        writeln!(f, "several purposes and doors  {:>10}  decision = reference", self.wide)?;
        writeln!(f, "several agreements at once  {:>10}  decision = reference", self.together)?;
        write!(f, "one to ten agreements       {:>10}  decision = masks", self.masks)
    }
}

/// Holds the first difference with everything that leads to it.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Group and request.
    pub at: (u64, u64),
    /// What differs, and both inputs.
    pub told: String,
}

/// Asks everything of the plan.
///
/// # Errors
///
/// The difference of the smallest group that has one, of those that were asked before the run stopped.
pub fn run(plan: &Plan) -> Result<Counts, Box<Difference>> {
    let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let found: Mutex<Option<Box<Difference>>> = Mutex::new(None);
    let total: Mutex<Counts> = Mutex::new(Counts::default());
    let each = plan.requests.div_ceil(plan.groups.max(1));
    thread::scope(|scope| {
        for _ in 0..plan.threads.max(1) {
            scope.spawn(|| {
                let mut counts = Counts::default();
                while !stop.load(Ordering::Relaxed) {
                    let group = next.fetch_add(1, Ordering::Relaxed);
                    if group >= plan.groups {
                        break;
                    }
                    if let Err(difference) = group_of(plan.seed, group, each, &mut counts) {
                        stop.store(true, Ordering::Relaxed);
                        let mut first = found.lock().unwrap_or_else(PoisonError::into_inner);
                        if first.as_ref().is_none_or(|known| difference.at < known.at) {
                            *first = Some(difference);
                        }
                    }
                }
                total.lock().unwrap_or_else(PoisonError::into_inner).add(&counts);
            });
        }
    });
    match found.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(difference) => Err(difference),
        None => Ok(total.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}

/// Writes one group of agreements and asks its share of the requests.
fn group_of(seed: u64, group: u64, requests: u64, counts: &mut Counts) -> Result<(), Box<Difference>> {
    let mut rng = Rng::new(seed, group);
    let size = rng.pick(&[1, 1, 1, 2, 3, TOGETHER_MAX]);
    // Numbers fall, so that the order of the ids is not that of the list.
    let samples: Vec<Sample> = (0..size).map(|at| Sample::of(&mut rng, 100 - at)).collect();
    let agreements: Vec<Agreement> = samples.iter().map(|sample| sample.agreement.clone()).collect();
    let views: Vec<View<'_>> =
        samples.iter().map(|sample| View { terms: sample.agreement.terms(), status: &sample.status }).collect();
    let mut evaluators = Vec::new();
    for sample in &samples {
        let evaluator = Evaluator::new(&sample.agreement).map_err(|told| differs((group, 0), told, sample, None))?;
        counts.agreements = counts.agreements.saturating_add(1);
        counts.clauses = counts.clauses.saturating_add(count(sample.agreement.terms().clauses.len()));
        counts.policies = counts.policies.saturating_add(count(evaluator.len()));
        evaluators.push(evaluator);
    }
    for request in 0..requests {
        let at = usize::try_from(rng.below(size)).unwrap_or_default();
        let (Some(sample), Some(evaluator), Some(view)) = (samples.get(at), evaluators.get(at), views.get(at)) else {
            continue;
        };
        let wide = Ask::near(&mut rng, sample.agreement.terms());
        let (ask, purpose, door) = wide.single(&mut rng);
        let alone = std::slice::from_ref(&sample.agreement);
        let place = (group, request);

        let decision = decide(&ask.request(), alone);
        let told = |told: String| differs(place, told, sample, Some(&ask));
        same(decision, &reference::judge(&ask, &[*view])).map_err(told)?;
        let cedar = cedar::request(&ask.request(), purpose, door, &sample.agreement);
        let answer = evaluator.ask(&cedar).map_err(told)?;
        same_as_cedar(decision, &answer).map_err(told)?;
        counts.requests = counts.requests.saturating_add(1);
        match decision.reason() {
            None => counts.permits = counts.permits.saturating_add(1),
            Some(reason) => {
                let known = counts.denials.entry(reason.code()).or_default();
                *known = known.saturating_add(1);
            }
        }

        let told = |told: String| differs(place, told, sample, Some(&wide));
        same(decide(&wide.request(), alone), &reference::judge(&wide, &[*view])).map_err(told)?;
        counts.wide = counts.wide.saturating_add(1);
        let together = decide(&wide.request(), &agreements);
        let memo = Memo::new(&agreements, &wide.releaser, &wide.recipient, wide.purposes, wide.doors);
        if memo.decide(&wide.facts, wide.now) != together {
            return Err(told(format!(
                "the decision says {together:?}\nthe masks say {:?}",
                memo.decide(&wide.facts, wide.now)
            )));
        }
        counts.masks = counts.masks.saturating_add(1);
        if size > 1 {
            same(together, &reference::judge(&wide, &views)).map_err(told)?;
            counts.together = counts.together.saturating_add(1);
        }
    }
    Ok(())
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Compares the decision with the reference, reason and nearest clause included.
fn same(decision: Decision, verdict: &Verdict) -> Result<(), String> {
    let ours = match decision {
        Decision::Permit(permit) => Verdict::Permit {
            agreement: permit.agreement,
            clause: permit.clause,
            purposes: permit.purposes.names(),
            doors: permit.doors.names(),
        },
        Decision::Withhold(withhold) => Verdict::Withhold {
            agreement: withhold.agreement,
            clause: withhold.clause,
            reason: withhold.reason.code().to_owned(),
        },
    };
    if ours == *verdict {
        return Ok(());
    }
    Err(format!("the decision says {ours:?}\nthe reference says {verdict:?}"))
}

/// Compares the decision with Cedar: the answer, the clause that permits, the floor that forbids.
fn same_as_cedar(decision: Decision, answer: &Answer) -> Result<(), String> {
    let agrees = match decision {
        Decision::Permit(permit) => answer.allow && answer.clauses.first() == Some(&permit.clause),
        Decision::Withhold(withhold) => {
            let floor = withhold.reason.code().starts_with("floor.").then_some(withhold.reason);
            !answer.allow && answer.floors.first().copied() == floor
        }
    };
    if agrees { Ok(()) } else { Err(format!("the decision says {decision:?}\nCedar says {answer:?}")) }
}

fn differs(at: (u64, u64), told: String, sample: &Sample, ask: Option<&Ask>) -> Box<Difference> {
    let terms = sample.agreement.terms();
    let request = ask.map(|ask| format!("--- request\n{ask:#?}\n")).unwrap_or_default();
    let told = format!(
        "{told}\n{request}--- status\n{:?}\n--- text\n{}--- policies\n{}",
        sample.status,
        terms.text(),
        cedar::policies(terms)
    );
    Box::new(Difference { at, told })
}
