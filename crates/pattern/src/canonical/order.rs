//! The order of terms in the canonical form.

use std::cmp::Ordering;

use crate::canonical::rank;
use crate::canonical::value::{decimals, sextets};
use crate::tree::{Comparison, Constant, Join, Observation, Operator, Path, Qualifier, Step, Test};

/// Orders observation expressions: brackets, qualified ones, then `AND`, `OR`, `FOLLOWEDBY`, each by content.
pub(super) fn observations(left: &Observation, right: &Observation) -> Ordering {
    let rank = |observation: &Observation| match observation {
        Observation::Test(_) => 0,
        Observation::Qualified(..) => 1,
        Observation::Joined(Join::And, _) => 2,
        Observation::Joined(Join::Or, _) => 3,
        Observation::Joined(Join::FollowedBy, _) => 4,
    };
    match (left, right) {
        (Observation::Test(left), Observation::Test(right)) => tests(left, right),
        (Observation::Qualified(left, by), Observation::Qualified(right, other)) => {
            each(by, other, qualifiers).then_with(|| observations(left, right))
        }
        (Observation::Joined(by, left), Observation::Joined(other, right)) if by == other => {
            each(left, right, observations)
        }
        _ => rank(left).cmp(&rank(right)),
    }
}

/// Orders comparison expressions: simple ones, then `AND`, then `OR`, each by content.
pub(super) fn tests(left: &Test, right: &Test) -> Ordering {
    let rank = |test: &Test| match test {
        Test::Compare(_) | Test::Exists { .. } => 0,
        Test::Joined { by_and: true, .. } => 1,
        Test::Joined { by_and: false, .. } => 2,
    };
    match (left, right) {
        (Test::Joined { by_and, parts: left }, Test::Joined { by_and: other, parts: right }) if by_and == other => {
            each(left, right, tests)
        }
        _ => rank(left).cmp(&rank(right)).then_with(|| simple(left, right)),
    }
}

/// Orders by path, operator, negation and constants; `EXISTS` is the last operator.
fn simple(left: &Test, right: &Test) -> Ordering {
    let (Some(left), Some(right)) = (parts(left), parts(right)) else {
        return Ordering::Equal;
    };
    paths(left.0, right.0)
        .then_with(|| (left.1, left.2).cmp(&(right.1, right.2)))
        .then_with(|| each(left.3, right.3, constants))
}

type Parts<'a> = (&'a Path, u8, bool, &'a [Constant]);

fn parts(test: &Test) -> Option<Parts<'_>> {
    match test {
        Test::Compare(Comparison { path, negated, operator, constants }) => {
            Some((path, operator_rank(*operator), *negated, constants))
        }
        Test::Exists { negated, path } => Some((path, u8::MAX, *negated, &[])),
        Test::Joined { .. } => None,
    }
}

fn operator_rank(operator: Operator) -> u8 {
    match operator {
        Operator::Equal => 0,
        Operator::NotEqual => 1,
        Operator::Less => 2,
        Operator::LessOrEqual => 3,
        Operator::Greater => 4,
        Operator::GreaterOrEqual => 5,
        Operator::In => 6,
        Operator::Like => 7,
        Operator::Matches => 8,
        Operator::IsSubset => 9,
        Operator::IsSuperset => 10,
    }
}

fn paths(left: &Path, right: &Path) -> Ordering {
    left.object_type.cmp(&right.object_type).then_with(|| each(&left.steps, &right.steps, steps))
}

/// Numbers before names; `[*]` as the name `*`, after a key of that name.
fn steps(left: &Step, right: &Step) -> Ordering {
    let name = |step| match step {
        &Step::Index(index) => (0, index, ""),
        Step::Key(key) => (1, 0, key.as_str()),
        Step::Any => (1, 0, "*"),
    };
    name(left).cmp(&name(right)).then_with(|| (*left == Step::Any).cmp(&(*right == Step::Any)))
}

/// Numbers, strings, booleans with true first, timestamps, hex, binary; constants are in canonical form.
pub(super) fn constants(left: &Constant, right: &Constant) -> Ordering {
    let rank = |constant: &Constant| match constant {
        Constant::Integer(_) | Constant::Float(_) => 0,
        Constant::Text(_) => 1,
        Constant::Boolean(_) => 2,
        Constant::Timestamp(_) => 3,
        Constant::Hex(_) => 4,
        Constant::Binary(_) => 5,
    };
    match (left, right) {
        (Constant::Integer(left) | Constant::Float(left), Constant::Integer(right) | Constant::Float(right)) => {
            decimals(left, right)
        }
        (Constant::Boolean(left), Constant::Boolean(right)) => right.cmp(left),
        (Constant::Binary(left), Constant::Binary(right)) => sextets(left).cmp(sextets(right)),
        (Constant::Timestamp(left), Constant::Timestamp(right)) => instants(left, right),
        _ => rank(left).cmp(&rank(right)).then_with(|| left.text().cmp(right.text())),
    }
}

/// Compares timestamps of one form by instant: their digits stand at the same places.
pub(super) fn instants(left: &str, right: &str) -> Ordering {
    left.trim_end_matches('Z').cmp(right.trim_end_matches('Z'))
}

fn qualifiers(left: &Qualifier, right: &Qualifier) -> Ordering {
    match (left, right) {
        (Qualifier::Repeats(left), Qualifier::Repeats(right)) | (Qualifier::Within(left), Qualifier::Within(right)) => {
            decimals(left, right)
        }
        (Qualifier::StartStop(start, stop), Qualifier::StartStop(other_start, other_stop)) => {
            instants(start, other_start).then_with(|| instants(stop, other_stop))
        }
        _ => rank(left).cmp(&rank(right)),
    }
}

/// Compares lists part by part; a beginning comes before the whole.
fn each<T>(left: &[T], right: &[T], compare: fn(&T, &T) -> Ordering) -> Ordering {
    let parts = left.iter().zip(right).map(|(left, right)| compare(left, right));
    parts.into_iter().find(|order| order.is_ne()).unwrap_or_else(|| left.len().cmp(&right.len()))
}
