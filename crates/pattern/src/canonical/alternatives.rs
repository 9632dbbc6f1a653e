//! Observation expressions in canonical form: an OR of ANDs and FOLLOWEDBYs.

use crate::canonical::{SIZE_BYTES_MAX, TERMS_MAX, absorb, joined, order, size};
use crate::tree::{Join, Observation};

/// Distributes AND and FOLLOWEDBY over OR in a settled expression; one beyond the limits stays as it is.
pub(super) fn expand(settled: Observation, complete: &mut bool) -> Observation {
    if !has_choice_below(&settled, false) {
        return settled;
    }
    let mut leaves = Vec::new();
    collect(&settled, &mut leaves);
    leaves.sort_by(order::observations);
    leaves.dedup();
    let sizes = leaves.iter().map(|leaf| size(leaf).saturating_add(5)).collect();
    let expansion = Expansion { leaves, sizes };
    let Some(Alternatives { mut list, .. }) = expansion.alternatives(&settled) else {
        *complete = false;
        return settled;
    };
    list.sort();
    list.dedup();
    let mut signed: Vec<((usize, u64), Alternative)> = list.into_iter().map(|one| (one.signature(), one)).collect();
    absorb(&mut signed, |(by_signature, by), (signature, part)| {
        by_signature.0 < signature.0
            && by_signature.1 & !signature.1 == 0
            && by.absorbs(part, |at| expansion.is_qualified(at))
    });
    joined(Join::Or, signed.iter().map(|(_, alternative)| expansion.observation(alternative)).collect())
}

/// Tells whether there is something to distribute: an OR below an AND or FOLLOWEDBY.
fn has_choice_below(observation: &Observation, below: bool) -> bool {
    match observation {
        Observation::Joined(Join::Or, _) if below => true,
        Observation::Joined(join, parts) => parts.iter().any(|part| has_choice_below(part, below || *join != Join::Or)),
        Observation::Test(_) | Observation::Qualified(..) => false,
    }
}

/// Tells whether a part of an OR makes another one superfluous: what matches `part` matches `by`.
pub(super) fn absorbs(by: &Observation, part: &Observation) -> bool {
    let Observation::Joined(kind @ (Join::And | Join::FollowedBy), parts) = part else {
        return false;
    };
    match by {
        Observation::Qualified(..) => false,
        Observation::Joined(same, fewer) if same == kind => is_subsequence(fewer, parts),
        other => parts.contains(other),
    }
}

/// Tells whether `fewer` stands in `parts` in its order, each part once. Parts of an AND are sorted, so that this is also whether
/// it holds each of them as often.
fn is_subsequence<T: PartialEq>(fewer: &[T], parts: &[T]) -> bool {
    let mut rest = parts.iter();
    fewer.iter().all(|wanted| rest.any(|found| found == wanted))
}

/// An expression without OR; leaves are places in the sorted list of leaves, so that the derived order is the canonical one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Alternative {
    Leaf(usize),
    And(Vec<Alternative>),
    FollowedBy(Vec<Alternative>),
}

impl Alternative {
    fn absorbs(&self, part: &Self, is_qualified: impl Fn(usize) -> bool) -> bool {
        match (self, part) {
            (Self::Leaf(at), _) if is_qualified(*at) => false,
            (Self::And(fewer), Self::And(parts)) | (Self::FollowedBy(fewer), Self::FollowedBy(parts)) => {
                is_subsequence(fewer, parts)
            }
            (_, Self::And(parts) | Self::FollowedBy(parts)) => parts.contains(self),
            (_, Self::Leaf(_)) => false,
        }
    }

    /// Number of leaves, and one bit for each of them: what absorbs has fewer of both, so that most pairs need no closer look.
    fn signature(&self) -> (usize, u64) {
        match self {
            Self::Leaf(at) => (1, 1_u64.rotate_left(u32::try_from(at % 64).unwrap_or(0))),
            Self::And(parts) | Self::FollowedBy(parts) => parts.iter().fold((0_usize, 0), |(count, bits), part| {
                let (more, others) = part.signature();
                (count.saturating_add(more), bits | others)
            }),
        }
    }
}

struct Alternatives {
    list: Vec<Alternative>,
    /// Length of all of them in print, roughly.
    size: usize,
}

/// The brackets and qualified expressions of an expression, sorted, with their lengths.
struct Expansion {
    leaves: Vec<Observation>,
    sizes: Vec<usize>,
}

impl Expansion {
    fn is_qualified(&self, at: usize) -> bool {
        matches!(self.leaves.get(at), Some(Observation::Qualified(..)))
    }

    /// Returns the alternatives of an expression; `None` beyond the limits.
    fn alternatives(&self, observation: &Observation) -> Option<Alternatives> {
        let Observation::Joined(join, parts) = observation else {
            let at = self.leaves.binary_search_by(|leaf| order::observations(leaf, observation)).ok()?;
            let size = self.sizes.get(at).copied()?;
            return Some(Alternatives { list: vec![Alternative::Leaf(at)], size });
        };
        if *join == Join::Or {
            let mut all = Alternatives { list: Vec::new(), size: 0 };
            for part in parts {
                let Alternatives { list, size } = self.alternatives(part)?;
                all.list.extend(list);
                all.size = all.size.saturating_add(size);
                if all.list.len() > TERMS_MAX || all.size > SIZE_BYTES_MAX {
                    return None;
                }
            }
            all.list.sort();
            all.list.dedup();
            return Some(all);
        }
        let mut chains: Vec<Vec<Alternative>> = vec![Vec::new()];
        let mut size = 0_usize;
        for part in parts {
            let next = self.alternatives(part)?;
            let count = chains.len().checked_mul(next.list.len())?;
            size = size.checked_mul(next.list.len())?.checked_add(next.size.checked_mul(chains.len())?)?;
            if count > TERMS_MAX || size > SIZE_BYTES_MAX {
                return None;
            }
            let each = |chain: &Vec<Alternative>| {
                let chain = chain.clone();
                next.list.iter().map(move |more| extended(chain.clone(), more, *join)).collect::<Vec<_>>()
            };
            chains = chains.iter().flat_map(each).collect();
        }
        let list = chains.into_iter().map(|chain| closed(chain, *join)).collect();
        Some(Alternatives { list, size })
    }

    fn observation(&self, alternative: &Alternative) -> Observation {
        let (join, parts) = match alternative {
            Alternative::Leaf(at) => {
                // INVARIANT: leaves are places in the list; a join of nothing is never made.
                return self.leaves.get(*at).cloned().unwrap_or(Observation::Joined(Join::Or, Vec::new()));
            }
            Alternative::And(parts) => (Join::And, parts),
            Alternative::FollowedBy(parts) => (Join::FollowedBy, parts),
        };
        Observation::Joined(join, parts.iter().map(|part| self.observation(part)).collect())
    }
}

/// Appends to a chain; one of the same kind is taken apart.
fn extended(mut chain: Vec<Alternative>, more: &Alternative, join: Join) -> Vec<Alternative> {
    match more {
        Alternative::And(parts) if join == Join::And => chain.extend(parts.iter().cloned()),
        Alternative::FollowedBy(parts) if join == Join::FollowedBy => chain.extend(parts.iter().cloned()),
        other => chain.push(other.clone()),
    }
    chain
}

fn closed(mut chain: Vec<Alternative>, join: Join) -> Alternative {
    if join == Join::FollowedBy {
        return Alternative::FollowedBy(chain);
    }
    chain.sort();
    Alternative::And(chain)
}

fn collect(observation: &Observation, leaves: &mut Vec<Observation>) {
    match observation {
        Observation::Joined(_, parts) => parts.iter().for_each(|part| collect(part, leaves)),
        leaf => leaves.push(leaf.clone()),
    }
}
