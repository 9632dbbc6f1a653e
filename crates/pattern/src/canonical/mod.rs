//! Canonical form: patterns of equal form mean the same.
//!
//! A pattern is first *settled*: parentheses gone, chains flat, parts sorted, doubles and absorbed parts dropped. Then it is
//! written as alternatives (OR of AND inside brackets, OR of AND and FOLLOWEDBY between them), unless that would make more than
//! [`TERMS_MAX`] of them or more than [`SIZE_BYTES_MAX`] of text; it then stays settled. Both steps depend on the meaning of the
//! order alone, so that patterns that differ only in order and doubles meet.
//!
//! Cost: settling compares each pair of parts of a chain, at most 256² comparisons; alternatives are sorted lists of numbers, and
//! each pair of them is compared, at most 4,096² / 2 times.

mod alternatives;
mod order;
mod terms;
mod value;

pub(crate) use terms::is_mixed;

use crate::tree::{Join, Observation, Qualifier};

/// LIMIT: alternatives of one bracket, and of one expression of brackets.
pub(crate) const TERMS_MAX: usize = 4096;
/// LIMIT: text of all alternatives together, 16 times the longest pattern; without it 4,096 copies of one long constant would be
/// 256 MiB.
const SIZE_BYTES_MAX: usize = 1024 * 1024;

/// Returns the canonical tree, and whether it is written as alternatives throughout.
pub(crate) fn canonical(root: &Observation) -> (Observation, bool) {
    let mut complete = true;
    let settled = settle(root, &mut complete);
    (alternatives::expand(settled, &mut complete), complete)
}

/// Tells whether the instant `start` is before `stop`; both exist.
pub(crate) fn is_before(start: &str, stop: &str) -> bool {
    order::instants(&value::timestamp(start), &value::timestamp(stop)).is_lt()
}

/// Settles an observation expression; what stands under a qualifier becomes canonical as a whole. Recursion is bounded by the
/// parser's depth limit.
fn settle(observation: &Observation, complete: &mut bool) -> Observation {
    match observation {
        Observation::Test(test) => Observation::Test(terms::canonical(test, complete)),
        Observation::Qualified(inner, qualifiers) => {
            let inner = alternatives::expand(settle(inner, complete), complete);
            let qualifiers = qualifiers.iter().map(value::qualifier);
            match inner {
                // A double may have gone between the two, as in `([a] WITHIN 5 SECONDS OR [a] WITHIN 5 SECONDS) WITHIN 9 SECONDS`.
                Observation::Qualified(inner, mut first) => {
                    first.extend(qualifiers);
                    Observation::Qualified(inner, first)
                }
                other => Observation::Qualified(Box::new(other), qualifiers.collect()),
            }
        }
        Observation::Joined(join, parts) => {
            let mut flat = Vec::with_capacity(parts.len());
            for part in parts {
                match settle(part, complete) {
                    Observation::Joined(inner, more) if inner == *join => flat.extend(more),
                    other => flat.push(other),
                }
            }
            if *join != Join::FollowedBy {
                flat.sort_by(order::observations);
            }
            if *join == Join::Or {
                flat.dedup();
                absorb(&mut flat, alternatives::absorbs);
            }
            joined(*join, flat)
        }
    }
}

/// Joins parts, of which one may be all that is left.
fn joined(join: Join, mut parts: Vec<Observation>) -> Observation {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            Observation::Joined(join, parts)
        }
    }
}

/// Drops each part that another one absorbs. Parts are distinct and absorption is an order, so that no two absorb each other.
fn absorb<T>(parts: &mut Vec<T>, absorbs: impl Fn(&T, &T) -> bool) {
    let absorbed: Vec<bool> = parts
        .iter()
        .enumerate()
        .map(|(at, part)| parts.iter().enumerate().any(|(by, other)| by != at && absorbs(other, part)))
        .collect();
    let mut flags = absorbed.into_iter();
    parts.retain(|_| !flags.next().unwrap_or(false));
}

/// Length of an expression in print.
fn size(observation: &Observation) -> usize {
    crate::Pattern { root: observation.clone() }.to_string().len()
}

/// Kinds of qualifiers in the order of the canonical form.
fn rank(qualifier: &Qualifier) -> u8 {
    match qualifier {
        Qualifier::Repeats(_) => 0,
        Qualifier::Within(_) => 1,
        Qualifier::StartStop(..) => 2,
    }
}
