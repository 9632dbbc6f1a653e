//! Patterns matched against observations (STIX 2.1 §9).
//!
//! A [`Matcher`] is a compiled pattern: constants, networks and expressions are prepared once. [`Observations`] are prepared
//! once for many patterns. Neither changes in use, so both can be shared.
//!
//! | Module | Owns |
//! |---|---|
//! | `input` | JSON to observations |
//! | `test` | what is inside `[ ]`: paths, comparison |
//! | `decimal`, `instant`, `net`, `like`, `regex` | the kinds of constants |
//! | `plan` | what is between `[ ]`, as alternatives of counted demands |
//! | `search`, `flow` | which instances meet the demands, and when |
//!
//! # Semantics
//!
//! An observation stands for `number_observed` instances, each somewhere in its interval. A binding gives each bracket an
//! instance of an observation in which one object passes the whole bracket; no instance is used twice; each operator of time
//! holds if instants can be chosen so that it does. `NOT EXISTS` too speaks of an object of the named type. A reference that
//! does not resolve within the observation is absent, and so is a list of references if none of them does. A value that
//! cannot be compared to a constant passes `!=` and everything negated. An input error at any value that some bracket looks
//! at is the result, whatever else would match, so that results depend on no order of evaluation.
//!
//! # Bounds
//!
//! With t tests, v values at their paths, l brackets, o observations and p operators of time:
//!
//! | Step | Time | Memory |
//! |---|---|---|
//! | brackets | O(t × v × cost of one comparison) | one bit for each bracket and observation |
//! | `LIKE` | value × pattern, beyond 16 steps per character counted as steps | none |
//! | `MATCHES` | value × expression | 1 MiB of cache for each expression, 8 MiB compiled for each pattern |
//! | no operator of time | one flow: O(l × o) and a way for each demand | O(l × o) |
//! | p operators | flows: O(log o) for each one that rules itself out, at worst O(oᵖ) | O(l × o) |
//! | groups with times inside, repeated | exponential at worst | O(l × o) |
//!
//! All but brackets and expressions is counted in [`Steps`], which end in [`EvaluationError::Budget`], never in "no match".
//! The number of steps depends on pattern and observations only. More than 4,096 alternatives, 65,536 demands or 512 operators
//! of time in one alternative end the same way, unless instances are too few for any. A count is a number, not so many
//! copies. A sequence of single brackets is decided by a walk wherever observations are not scarce.

mod decimal;
mod error;
mod flow;
mod input;
mod instant;
mod like;
mod net;
mod plan;
pub(crate) mod regex;
mod search;
mod test;

pub use error::{CompileError, CompileErrorKind, EvaluationError, InputError};
pub use input::{Observations, Version};
pub use plan::Boundary;

use error::OutOfSteps;
use flow::Given;
use input::Observation;
use plan::Plan;
use test::Leaf;
pub(crate) use test::is_octets;

use crate::Pattern;
use crate::tree::{self, Operator, Test};

/// How much work a match may take; see the bounds above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Steps(pub u64);

impl Default for Steps {
    /// LIMIT: 5,000,000 steps, some ten milliseconds.
    fn default() -> Self {
        Self(5_000_000)
    }
}

/// The steps that are left.
#[derive(Debug)]
pub(crate) struct Meter(u64);

impl Meter {
    pub(crate) const fn new(steps: u64) -> Self {
        Self(steps)
    }

    pub(crate) fn spend(&mut self, steps: u64) -> Result<(), OutOfSteps> {
        match self.0.checked_sub(steps) {
            Some(left) => {
                self.0 = left;
                Ok(())
            }
            None => {
                self.0 = 0;
                Err(OutOfSteps)
            }
        }
    }
}

/// Observations that satisfy a pattern together.
///
/// Of all such sets it is the first in the order of positions: sorted, its positions come first at the first difference.
/// Where finding that one would take more steps than there are, it is the first that was found.
#[derive(Debug, Clone)]
pub struct Binding(Positions);

#[derive(Debug, Clone)]
enum Positions {
    One(usize),
    Many(Vec<usize>),
}

impl Binding {
    /// Returns the positions in ascending order, each once.
    pub fn positions(&self) -> &[usize] {
        match &self.0 {
            Positions::One(position) => std::slice::from_ref(position),
            Positions::Many(positions) => positions,
        }
    }

    /// Returns the identifiers of the observed data; empty for those that have none.
    pub fn ids<'a>(&'a self, observations: &'a Observations) -> impl Iterator<Item = &'a str> {
        self.positions().iter().map(|position| observations.id(*position))
    }
}

/// By positions, however they are held.
impl PartialEq for Binding {
    fn eq(&self, other: &Self) -> bool {
        self.positions() == other.positions()
    }
}

impl Eq for Binding {}

/// A compiled pattern.
#[derive(Debug)]
pub struct Matcher {
    leaves: Vec<Leaf>,
    plan: Plan,
}

impl Pattern {
    /// Prepares the pattern for matching; `WITHIN` includes its boundary.
    ///
    /// # Errors
    ///
    /// A constant that cannot be evaluated, whether or not data would reach it.
    ///
    /// # Examples
    ///
    /// ```
    /// use entente_pattern::{Observations, Steps, Version, parse};
    /// let observations = Observations::read_bytes(
    ///     br#"[{"type": "ipv4-addr", "id": "ipv4-addr--1", "value": "192.0.2.44"},
    ///          {"type": "observed-data", "id": "observed-data--1", "number_observed": 2, "object_refs": ["ipv4-addr--1"],
    ///           "first_observed": "2026-11-24T10:00:00Z", "last_observed": "2026-11-24T10:05:00Z"}]"#,
    ///     Version::V21,
    /// )?;
    /// let matcher = parse("[ipv4-addr:value ISSUBSET '192.0.2.0/24'] REPEATS 2 TIMES")?.compile()?;
    /// let binding = matcher.matches(&observations, Steps::default())?;
    /// let ids: Vec<&str> = binding.iter().flat_map(|binding| binding.ids(&observations)).collect();
    /// assert_eq!(ids, ["observed-data--1"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn compile(&self) -> Result<Matcher, CompileError> {
        self.compile_with(Boundary::default())
    }

    /// Prepares the pattern for matching, with a choice about `WITHIN`.
    ///
    /// # Errors
    ///
    /// As [`compile`](Self::compile).
    pub fn compile_with(&self, boundary: Boundary) -> Result<Matcher, CompileError> {
        let mut brackets = Vec::new();
        let plan = Plan::new(&self.root, boundary, &mut brackets)?;
        let share = share(&brackets);
        let leaves: Result<Vec<Leaf>, CompileError> = brackets.iter().map(|test| Leaf::new(test, share)).collect();
        Ok(Matcher { leaves: leaves?, plan })
    }
}

/// Returns the size that each regular expression of the pattern may take once compiled.
pub(crate) fn expression_size_max(root: &tree::Observation) -> usize {
    fn collect<'a>(expression: &'a tree::Observation, brackets: &mut Vec<&'a Test>) {
        match expression {
            tree::Observation::Test(test) if brackets.contains(&test) => {}
            tree::Observation::Test(test) => brackets.push(test),
            tree::Observation::Joined(_, parts) => parts.iter().for_each(|part| collect(part, brackets)),
            tree::Observation::Qualified(inner, _) => collect(inner, brackets),
        }
    }
    let mut brackets = Vec::new();
    collect(root, &mut brackets);
    share(&brackets)
}

fn share(brackets: &[&Test]) -> usize {
    regex::share(brackets.iter().map(|test| expressions(test)).sum())
}

/// Counts the regular expressions. Recursion is bounded by the parser's depth limit.
fn expressions(test: &Test) -> usize {
    match test {
        Test::Compare(tree::Comparison { operator: Operator::Matches, .. }) => 1,
        Test::Compare(_) | Test::Exists { .. } => 0,
        Test::Joined { parts, .. } => parts.iter().map(expressions).sum(),
    }
}

impl Matcher {
    /// Finds a binding among the observations; none if the pattern does not match.
    ///
    /// # Errors
    ///
    /// `Value` for malformed data that the pattern looks at, `Budget` where the steps do not suffice to decide.
    pub fn matches(&self, observations: &Observations, budget: Steps) -> Result<Option<Binding>, EvaluationError> {
        self.find(observations, observations.observations(), budget, false)
    }

    /// Tells whether there is a binding, without looking for the first.
    ///
    /// # Errors
    ///
    /// As [`matches`](Self::matches).
    pub fn is_match(&self, observations: &Observations, budget: Steps) -> Result<bool, EvaluationError> {
        Ok(self.find(observations, observations.observations(), budget, true)?.is_some())
    }

    /// Tells whether the observation at a position matches by itself, with all its instances; false beyond the end.
    ///
    /// This is for bulk: each observation has its own verdict, and an error concerns it alone.
    ///
    /// # Errors
    ///
    /// As [`matches`](Self::matches).
    pub fn matches_at(
        &self,
        observations: &Observations,
        position: usize,
        budget: Steps,
    ) -> Result<bool, EvaluationError> {
        let one = observations.observations().get(position).map_or(&[][..], std::slice::from_ref);
        Ok(self.find(observations, one, budget, true)?.is_some())
    }

    fn find(
        &self,
        data: &Observations,
        observations: &[Observation],
        budget: Steps,
        is_enough: bool,
    ) -> Result<Option<Binding>, EvaluationError> {
        let mut meter = Meter::new(budget.0);
        if self.plan.is_bare {
            return self.find_bare(data, observations, &mut meter);
        }
        let capacity = observations.iter().map(|observation| u128::from(observation.count)).sum();
        let mut sets: Vec<Vec<u64>> = Vec::with_capacity(self.leaves.len());
        for leaf in &self.leaves {
            let mut set = vec![0_u64; observations.len().div_ceil(64)];
            for (position, observation) in observations.iter().enumerate() {
                if leaf.holds(data, observation, &mut meter)?
                    && let Some(word) = set.get_mut(position / 64)
                {
                    *word |= 1 << (position % 64);
                }
            }
            sets.push(set);
        }
        let unions: Vec<Vec<u64>> = self.plan.unions.iter().map(|leaves| union(leaves, &sets)).collect();
        let is_empty = |at: usize| unions.get(at).is_none_or(|set| set.iter().all(|word| *word == 0));
        if !self.plan.can_match(&is_empty, capacity) {
            return Ok(None);
        }
        let alternatives = self.plan.alternatives.as_ref().ok_or(EvaluationError::Budget)?;
        let supply = flow::Supply { observations, unions: &unions };
        let mut best: Option<Given> = None;
        for alternative in alternatives {
            let result = search::search(alternative, supply, is_enough, &mut best, &mut meter);
            match (result, &best) {
                // What was found stands, first or not.
                (Err(OutOfSteps), Some(_)) => break,
                (Err(error), None) => return Err(error.into()),
                (Ok(()), Some(_)) if is_enough => break,
                (Ok(()), _) => {}
            }
        }
        Ok(best.map(|given| Binding(Positions::Many(given.into_iter().map(|(position, _)| position).collect()))))
    }

    /// One bracket, or several under `OR`: the first observation that satisfies one is the binding.
    fn find_bare(
        &self,
        data: &Observations,
        observations: &[Observation],
        meter: &mut Meter,
    ) -> Result<Option<Binding>, EvaluationError> {
        let is_safe = data.is_clean() && self.leaves.iter().all(Leaf::is_safe);
        let mut found = None;
        for (position, observation) in observations.iter().enumerate() {
            for leaf in &self.leaves {
                if leaf.holds(data, observation, meter)? && found.is_none() {
                    found = Some(Binding(Positions::One(position)));
                    if is_safe {
                        return Ok(found);
                    }
                }
            }
        }
        Ok(found)
    }
}

fn union(leaves: &[usize], sets: &[Vec<u64>]) -> Vec<u64> {
    let mut sets = leaves.iter().filter_map(|leaf| sets.get(*leaf));
    let mut union = sets.next().cloned().unwrap_or_default();
    for set in sets {
        for (word, other) in union.iter_mut().zip(set) {
            *word |= other;
        }
    }
    union
}
