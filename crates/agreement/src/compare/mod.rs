//! Does one text permit anything, or oblige to less, than another (section 13 of the format).
//!
//! Exact: what a text permits is a finite union of boxes minus the floors, which are the same for every text, so the
//! difference of two texts is a finite union of boxes again. A clause that answers blind queries, one that releases counts,
//! and the answer that something exists are boxes of their own [`Channel`], since they release no object.

mod boxes;
mod cover;
mod region;
mod strength;
mod terms;
mod witness;

use std::cmp::Ordering;
use std::collections::BTreeMap;

pub use boxes::Channel;
pub(crate) use cover::covered;
pub use region::Region;
pub use witness::Counterexample;

use boxes::{Budget, Cell};

use crate::ids::{ClauseId, PartyId};
use crate::terms::Terms;

/// Says how one text stands to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Relation {
    /// Both permit the same and oblige to the same.
    Equal,
    /// The first permits no more and obliges to no less; and it permits less or obliges to more.
    Narrower,
    /// The first permits no less and obliges to no more; and it permits more or obliges to less.
    Broader,
    /// Each permits something or leaves out a duty that the other does not, or they differ in something that has no order.
    Incomparable,
}

impl Relation {
    /// Returns the stable word.
    pub const fn name(self) -> &'static str {
        match self {
            Relation::Equal => "equal",
            Relation::Narrower => "narrower",
            Relation::Broader => "broader",
            Relation::Incomparable => "incomparable",
        }
    }

    /// Tells whether the first text permits nothing that the second does not, and obliges to no less.
    pub const fn is_not_broader(self) -> bool {
        matches!(self, Relation::Equal | Relation::Narrower)
    }
}

/// Says which way one difference points, for the first text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The first permits more or obliges to less.
    Broader,
    /// The first permits less or obliges to more.
    Narrower,
    /// There is no order between the two.
    Incomparable,
    /// It permits nothing and obliges to nothing, such as a title; it does not count for the [`Relation`].
    Neutral,
}

impl Direction {
    /// Returns the stable word.
    pub const fn name(self) -> &'static str {
        match self {
            Direction::Broader => "broader",
            Direction::Narrower => "narrower",
            Direction::Incomparable => "incomparable",
            Direction::Neutral => "neutral",
        }
    }

    /// Reads an order in which the greater is the broader.
    const fn of_order(order: Ordering) -> Direction {
        match order {
            Ordering::Greater => Direction::Broader,
            Ordering::Less => Direction::Narrower,
            Ordering::Equal => Direction::Neutral,
        }
    }

    /// Reads an order of obligations, in which the weaker is the broader.
    const fn of_strength(order: Option<Ordering>) -> Direction {
        match order {
            Some(order) => Direction::of_order(order.reverse()),
            None => Direction::Incomparable,
        }
    }
}

/// Holds one difference in a term: its name and what both texts say.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// The term, for example `quota.objects_per_day`, `party.fusion.vkey` or `coarsen-time`.
    pub term: String,
    /// Which way it points.
    pub direction: Direction,
    /// What the first text says; `none` if nothing.
    pub a: String,
    /// What the second text says.
    pub b: String,
}

impl Difference {
    fn new(term: &str, direction: Direction, a: &str, b: &str) -> Option<Difference> {
        (a != b).then(|| Difference { term: term.to_owned(), direction, a: a.to_owned(), b: b.to_owned() })
    }
}

/// Shows a duty in which two clauses differ that cover common objects.
#[derive(Clone, Debug, serde::Serialize)]
#[non_exhaustive]
pub struct ObligationChange {
    /// What the clauses do.
    #[serde(serialize_with = "channel_name")]
    pub channel: Channel,
    /// The clause of the first text.
    pub clause_a: ClauseId,
    /// The clause of the second text.
    pub clause_b: ClauseId,
    /// The duty and what both say.
    #[serde(flatten)]
    pub difference: Difference,
    /// An object that both clauses cover.
    pub counterexample: Counterexample,
}

fn channel_name<S: serde::Serializer>(channel: &Channel, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(channel.name())
}

/// Holds everything in which two texts differ.
#[derive(Clone, Debug, serde::Serialize)]
#[non_exhaustive]
pub struct Comparison {
    /// How the first text stands to the second.
    pub relation: Relation,
    /// What the first permits and the second does not; disjoint.
    pub added: Vec<Region>,
    /// What the second permits and the first does not; disjoint.
    pub removed: Vec<Region>,
    /// Where both permit and oblige to different things.
    pub obligations: Vec<ObligationChange>,
    /// Terms outside the clauses, neutral ones too.
    pub terms: Vec<Difference>,
}

/// Says why two texts are not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// The clauses overlap in so many ways that the difference is not computed; such a text is not to be signed.
    #[error("the clauses of the two texts overlap in too many ways to compare them")]
    TooComplex,
}

impl CompareError {
    /// Returns the stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            CompareError::TooComplex => "compare.too-complex",
        }
    }
}

/// LIMIT: regions of a list; nobody reads more before signing.
const REGIONS_MAX: usize = 10_000;

type Pair = (PartyId, PartyId);
/// Boxes with the position of their clause.
type Cells = Vec<(usize, Cell)>;

/// Compares what two texts permit and oblige to; the result speaks of the first.
///
/// Parties are the same if they have the same name in both texts. What a text permits is judged as if it were signed and not
/// suspended, within its validity.
///
/// # Errors
///
/// [`CompareError::TooComplex`] if the work would exceed its limit.
///
/// # Examples
///
/// ```
/// use entente_agreement::{Relation, Terms, compare};
///
/// fn is_safe_amendment(now: &Terms, next: &Terms) -> bool {
///     compare(next, now).is_ok_and(|comparison| comparison.relation.is_not_broader())
/// }
/// ```
pub fn compare(a: &Terms, b: &Terms) -> Result<Comparison, CompareError> {
    let mut budget = Budget::default();
    let mut added = Vec::new();
    let mut removed = Vec::new();
    let mut changes: BTreeMap<(usize, usize, Channel), Vec<ObligationChange>> = BTreeMap::new();
    for ((in_a, in_b), pairs) in groups(a, b) {
        let (cells_a, cells_b) = (governed(a, &in_a, &mut budget)?, governed(b, &in_b, &mut budget)?);
        let (whole_a, whole_b) = (whole(a, &in_a), whole(b, &in_b));
        regions((a, &cells_a), (b, &whole_b), &pairs, &mut budget, &mut added)?;
        regions((b, &cells_b), (a, &whole_a), &pairs, &mut budget, &mut removed)?;
        let Some(pair) = pairs.first() else { continue };
        for (at_a, cell_a) in &cells_a {
            budget.spend(cells_b.len())?;
            for (at_b, cell_b) in &cells_b {
                let key = (*at_a, *at_b, cell_a.channel());
                if changes.contains_key(&key) {
                    continue;
                }
                let Some(common) = cell_a.intersection(cell_b) else { continue };
                changes.insert(key, obligations((a, *at_a), (b, *at_b), &common, pair));
            }
        }
    }
    let obligations: Vec<ObligationChange> = changes.into_values().flatten().collect();
    let terms = terms::differences(a, b);
    let directions = obligations.iter().map(|change| change.difference.direction);
    let directions = directions.chain(terms.iter().map(|difference| difference.direction));
    let relation = relation(!added.is_empty(), !removed.is_empty(), directions);
    Ok(Comparison { relation, added, removed, obligations, terms })
}

fn relation(added: bool, removed: bool, directions: impl Iterator<Item = Direction>) -> Relation {
    let (broader, narrower) = directions.fold((added, removed), |(broader, narrower), direction| match direction {
        Direction::Broader => (true, narrower),
        Direction::Narrower => (broader, true),
        Direction::Incomparable => (true, true),
        Direction::Neutral => (broader, narrower),
    });
    match (broader, narrower) {
        (false, false) => Relation::Equal,
        (false, true) => Relation::Narrower,
        (true, false) => Relation::Broader,
        (true, true) => Relation::Incomparable,
    }
}

/// Gathers the pairs of parties that the same clauses of both texts name: they have the same boxes.
fn groups(a: &Terms, b: &Terms) -> BTreeMap<(Vec<usize>, Vec<usize>), Vec<Pair>> {
    let mut named: BTreeMap<Pair, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (pair, clause) in pairs(a) {
        named.entry(pair).or_default().0.push(clause);
    }
    for (pair, clause) in pairs(b) {
        named.entry(pair).or_default().1.push(clause);
    }
    let mut groups: BTreeMap<(Vec<usize>, Vec<usize>), Vec<Pair>> = BTreeMap::new();
    for (pair, clauses) in named {
        groups.entry(clauses).or_default().push(pair);
    }
    groups
}

/// Iterates over the pairs of parties that each clause names, in the order of the clauses.
fn pairs(terms: &Terms) -> impl Iterator<Item = (Pair, usize)> + '_ {
    terms.clauses.iter().enumerate().flat_map(move |(at, clause)| {
        let positions = || terms.parties.iter().zip(0_u32..);
        positions().flat_map(move |(from, releaser)| {
            let named = positions().filter(move |(_, recipient)| clause.compiled.names_pair(releaser, *recipient));
            named.map(move |(to, _)| ((from.id.clone(), to.id.clone()), at))
        })
    })
}

/// Returns the boxes of these clauses.
fn whole(terms: &Terms, clauses: &[usize]) -> Cells {
    let named = clauses.iter().filter_map(|at| Some((*at, terms.clauses.get(*at)?)));
    named.flat_map(|(at, clause)| Cell::of_clause(clause, terms).into_iter().map(move |cell| (at, cell))).collect()
}

/// Returns disjoint boxes of these clauses: each holds what its clause is the first to cover.
fn governed(terms: &Terms, clauses: &[usize], budget: &mut Budget) -> Result<Cells, CompareError> {
    let whole = whole(terms, clauses);
    let mut out = Cells::new();
    for (nth, (at, cell)) in whole.iter().enumerate() {
        let earlier = whole.iter().take(nth).map(|(_, cell)| cell);
        out.extend(budget.subtract_all(vec![*cell], earlier)?.into_iter().map(|cell| (*at, cell)));
        Budget::hold(out.len())?;
    }
    Ok(out)
}

/// Adds the regions that the first text permits and the second does not.
fn regions(
    (terms, cells): (&Terms, &Cells),
    (other, minus): (&Terms, &Cells),
    pairs: &[Pair],
    budget: &mut Budget,
    out: &mut Vec<Region>,
) -> Result<(), CompareError> {
    let Some(pair) = pairs.first() else { return Ok(()) };
    for (at, cell) in cells {
        let Some(clause) = terms.clauses.get(*at) else { continue };
        for piece in budget.subtract_all(vec![*cell], minus.iter().map(|(_, cell)| cell))? {
            if out.len() >= REGIONS_MAX {
                return Err(CompareError::TooComplex);
            }
            budget.spend(minus.len())?;
            let Some(counterexample) = witness::pick(&piece, cell, pair) else { continue };
            let sentence = region::sentence(clause, &piece.at(&counterexample), pair, other, minus);
            out.push(Region {
                cell: piece,
                clause: clause.id.clone(),
                pairs: pairs.to_vec(),
                counterexample,
                sentence,
            });
            Budget::hold(out.len())?;
        }
    }
    Ok(())
}

fn obligations(
    (a, at_a): (&Terms, usize),
    (b, at_b): (&Terms, usize),
    common: &Cell,
    pair: &Pair,
) -> Vec<ObligationChange> {
    let (Some(clause_a), Some(clause_b)) = (a.clauses.get(at_a), b.clauses.get(at_b)) else { return Vec::new() };
    let channel = common.channel();
    let differences = strength::differences(clause_a, clause_b, channel);
    if differences.is_empty() {
        return Vec::new();
    }
    let Some(counterexample) = witness::pick(common, common, pair) else { return Vec::new() };
    let change = |difference| ObligationChange {
        channel,
        clause_a: clause_a.id.clone(),
        clause_b: clause_b.id.clone(),
        difference,
        counterexample: counterexample.clone(),
    };
    differences.into_iter().map(change).collect()
}
