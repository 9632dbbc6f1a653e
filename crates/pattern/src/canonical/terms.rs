//! Comparison expressions in canonical form: an OR of ANDs.

use crate::canonical::{SIZE_BYTES_MAX, TERMS_MAX, absorb, order, size, value};
use crate::tree::{Comparison, Constant, Observation, Operator, Test};

/// Returns the canonical form; notes in `complete` where it is settled only.
pub(super) fn canonical(test: &Test, complete: &mut bool) -> Test {
    let settled = settle(test);
    let Some(expansion) = Expansion::new(&settled) else {
        *complete = false;
        return settled;
    };
    let Some(list) = expansion.terms(&settled) else {
        *complete = false;
        return settled;
    };
    let mut terms = list.terms;
    // A comparison of one object cannot hold for two types.
    terms.retain(|term| expansion.is_possible(term));
    if terms.is_empty() {
        return settled;
    }
    minimise(&mut terms);
    joined(false, terms.iter().map(|term| expansion.test(term)).collect())
}

/// Recursion is bounded by the parser's depth limit.
fn settle(test: &Test) -> Test {
    match test {
        Test::Compare(comparison) => Test::Compare(compare(comparison)),
        Test::Exists { .. } => test.clone(),
        Test::Joined { by_and, parts } => {
            let mut flat = Vec::with_capacity(parts.len());
            for part in parts {
                match settle(part) {
                    Test::Joined { by_and: inner, parts: more } if inner == *by_and => flat.extend(more),
                    other => flat.push(other),
                }
            }
            flat.sort_by(order::tests);
            flat.dedup();
            absorb(&mut flat, |by, part| absorbs(by, part, *by_and));
            joined(*by_and, flat)
        }
    }
}

/// `A AND (A OR B)` is `A`, and `A OR (A AND B)` is; `by` may be a part of the same kind with fewer parts.
fn absorbs(by: &Test, part: &Test, by_and: bool) -> bool {
    let Test::Joined { by_and: kind, parts } = part else {
        return false;
    };
    if *kind == by_and {
        return false;
    }
    match by {
        Test::Joined { by_and: same, parts: fewer } if same == kind => fewer.iter().all(|test| parts.contains(test)),
        other => parts.contains(other),
    }
}

/// Writes a comparison with `=`, `!=` and sorted sets.
fn compare(comparison: &Comparison) -> Comparison {
    let Comparison { path, negated, operator, constants } = comparison;
    let mut constants: Vec<Constant> = constants.iter().map(|item| value::constant(item, path, *operator)).collect();
    constants.sort_by(order::constants);
    constants.dedup();
    let (negated, operator) = match (operator, *negated) {
        (Operator::In, negated) if constants.len() == 1 => {
            (false, if negated { Operator::NotEqual } else { Operator::Equal })
        }
        (Operator::Equal, true) => (false, Operator::NotEqual),
        (Operator::NotEqual, true) => (false, Operator::Equal),
        (operator, negated) => (negated, *operator),
    };
    Comparison { path: path.clone(), negated, operator, constants }
}

/// Tells whether constants are of different kinds; whole numbers and fractions are one.
pub(crate) fn is_mixed(constants: &[Constant]) -> bool {
    let kind = |constant: &Constant| match constant {
        Constant::Integer(_) | Constant::Float(_) => 0,
        Constant::Text(_) => 1,
        Constant::Boolean(_) => 2,
        Constant::Timestamp(_) => 3,
        Constant::Hex(_) => 4,
        Constant::Binary(_) => 5,
    };
    constants.iter().zip(constants.iter().skip(1)).any(|(left, right)| kind(left) != kind(right))
}

fn joined(by_and: bool, mut parts: Vec<Test>) -> Test {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            Test::Joined { by_and, parts }
        }
    }
}

/// A conjunction: ascending places in the list of leaves, and so in the order of the leaves.
type Term = Vec<usize>;

struct Terms {
    terms: Vec<Term>,
    /// Length of all of them in print, roughly.
    size: usize,
}

/// The comparisons of a settled expression, sets written out, sorted.
struct Expansion {
    leaves: Vec<(Test, usize)>,
}

impl Expansion {
    /// `None` where sets alone are more than the limit.
    fn new(settled: &Test) -> Option<Self> {
        let mut leaves = Vec::new();
        collect(settled, &mut leaves)?;
        leaves.sort_by(order::tests);
        leaves.dedup();
        let leaves = leaves.into_iter().map(|leaf| {
            // Brackets and quotes count for the ` AND ` or ` OR ` between.
            let size = size(&Observation::Test(leaf.clone())).saturating_add(3);
            (leaf, size)
        });
        Some(Self { leaves: leaves.collect() })
    }

    fn place(&self, leaf: &Test) -> Option<usize> {
        self.leaves.binary_search_by(|(known, _)| order::tests(known, leaf)).ok()
    }

    /// Returns the alternatives, sorted and distinct; `None` beyond the limits.
    fn terms(&self, test: &Test) -> Option<Terms> {
        match test {
            Test::Joined { by_and: false, parts } => {
                let mut all = Terms { terms: Vec::new(), size: 0 };
                for part in parts {
                    let Terms { terms, size } = self.terms(part)?;
                    all.terms.extend(terms);
                    all.size = all.size.saturating_add(size);
                    all = all.within_limits()?;
                }
                Some(all.distinct())
            }
            Test::Joined { by_and: true, parts } => {
                let mut all = Terms { terms: vec![Vec::new()], size: 0 };
                for part in parts {
                    all = all.product(&self.terms(part)?)?;
                }
                Some(all.distinct())
            }
            _ => {
                let mut leaves = Vec::new();
                collect(test, &mut leaves)?;
                let places: Vec<usize> = leaves.iter().filter_map(|leaf| self.place(leaf)).collect();
                let size = places.iter().filter_map(|at| self.leaves.get(*at)).map(|(_, size)| size).sum();
                let terms = places.into_iter().map(|at| vec![at]).collect();
                Some(Terms { terms, size }.within_limits()?.distinct())
            }
        }
    }

    fn is_possible(&self, term: &[usize]) -> bool {
        let mut types = term.iter().filter_map(|at| self.leaves.get(*at)).filter_map(|(leaf, _)| object_type(leaf));
        let first = types.next();
        types.all(|other| Some(other) == first)
    }

    fn test(&self, term: &[usize]) -> Test {
        joined(true, term.iter().filter_map(|at| self.leaves.get(*at)).map(|(leaf, _)| leaf.clone()).collect())
    }
}

impl Terms {
    fn within_limits(self) -> Option<Self> {
        (self.terms.len() <= TERMS_MAX && self.size <= SIZE_BYTES_MAX).then_some(self)
    }

    fn distinct(mut self) -> Self {
        self.terms.sort_unstable();
        self.terms.dedup();
        self
    }

    /// Joins each with each; the limits are checked before anything is made.
    fn product(&self, other: &Self) -> Option<Self> {
        let count = self.terms.len().checked_mul(other.terms.len())?;
        let size = self.size.checked_mul(other.terms.len())?.checked_add(other.size.checked_mul(self.terms.len())?)?;
        if count > TERMS_MAX || size > SIZE_BYTES_MAX {
            return None;
        }
        let mut terms = Vec::with_capacity(count);
        for left in &self.terms {
            for right in &other.terms {
                let mut term = [left.as_slice(), right.as_slice()].concat();
                term.sort_unstable();
                term.dedup();
                terms.push(term);
            }
        }
        Some(Self { terms, size })
    }
}

/// Drops terms that contain another, and sorts the rest: single comparisons first.
fn minimise(terms: &mut Vec<Term>) {
    terms.sort_by(|left, right| left.len().cmp(&right.len()).then_with(|| left.cmp(right)));
    terms.dedup();
    let mut kept: Vec<(u64, Term)> = Vec::with_capacity(terms.len());
    let mut shorter = 0;
    for term in terms.drain(..) {
        // Terms of one length are distinct and cannot contain each other.
        if kept.last().is_some_and(|(_, last)| last.len() < term.len()) {
            shorter = kept.len();
        }
        let bits = signature(&term);
        let contains = |(other, part): &(u64, Term)| other & !bits == 0 && is_subset(part, &term);
        if !kept.iter().take(shorter).any(contains) {
            kept.push((bits, term));
        }
    }
    terms.extend(kept.into_iter().map(|(_, term)| term));
    terms.sort_by(|left, right| (left.len() > 1).cmp(&(right.len() > 1)).then_with(|| left.cmp(right)));
}

/// One bit for each place, so that most pairs need no closer look.
fn signature(term: &[usize]) -> u64 {
    term.iter().fold(0, |bits, at| bits | 1_u64.rotate_left(u32::try_from(at % 64).unwrap_or(0)))
}

/// Tells whether the ascending `part` lies in the ascending `whole`.
fn is_subset(part: &[usize], whole: &[usize]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|wanted| rest.any(|found| found == wanted))
}

fn object_type(leaf: &Test) -> Option<&str> {
    match leaf {
        Test::Compare(Comparison { path, .. }) | Test::Exists { path, .. } => Some(&path.object_type),
        Test::Joined { .. } => None,
    }
}

/// Appends the comparisons of a test with sets as equalities; `None` beyond the limit. A value at the path is in a set if it
/// equals one member, so that `IN` is an OR; a negated or mixed set is not.
fn collect(test: &Test, leaves: &mut Vec<Test>) -> Option<()> {
    match test {
        Test::Joined { parts, .. } => return parts.iter().try_for_each(|part| collect(part, leaves)),
        Test::Compare(Comparison { path, negated: false, operator: Operator::In, constants })
            if !constants.is_empty() && !is_mixed(constants) =>
        {
            if constants.len() > TERMS_MAX {
                return None;
            }
            leaves.extend(constants.iter().map(|constant| {
                let (path, constants) = (path.clone(), vec![constant.clone()]);
                Test::Compare(Comparison { path, negated: false, operator: Operator::Equal, constants })
            }));
        }
        leaf => leaves.push(leaf.clone()),
    }
    (leaves.len() <= TERMS_MAX.saturating_mul(2)).then_some(())
}
