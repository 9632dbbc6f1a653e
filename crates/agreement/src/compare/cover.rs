//! Whether the clauses before a clause leave it anything (property P4 of section 18).

use std::collections::BTreeSet;

use super::boxes::{Budget, Cell};
use crate::terms::{Clause, Compiled, Terms};

/// LIMIT: pairs of boxes looked at for one text, some tens of milliseconds; it is asked whenever a text is read.
const STEPS_MAX: usize = 100_000;

/// Lists the positions of the clauses that the clauses before them cover, alone or together, each pair of parties for itself.
///
/// Exact, unless the boxes become too many: the clauses not looked at then are not listed. Only clauses that accept the last
/// object of a clause at every threshold can cover a part of it, so that few boxes are left.
pub(crate) fn covered(terms: &Terms) -> Vec<usize> {
    let mut budget = Budget::of(STEPS_MAX);
    let all = terms.clauses.iter().enumerate();
    all.filter(|(at, clause)| is_covered(terms, *at, clause, &mut budget)).map(|(at, _)| at).collect()
}

fn is_covered(terms: &Terms, at: usize, clause: &Clause, budget: &mut Budget) -> bool {
    let wider: Vec<&Clause> = terms.clauses.iter().take(at).filter(|earlier| reaches_as_far(earlier, clause)).collect();
    if wider.is_empty() {
        return false;
    }
    let positions = || (0_u32..).take(terms.parties.len());
    let pairs = positions().flat_map(|from| positions().map(move |to| (from, to)));
    let sets: BTreeSet<Vec<usize>> = pairs
        .filter(|(from, to)| clause.compiled.names_pair(*from, *to))
        .map(|(from, to)| {
            let named = wider.iter().enumerate().filter(|(_, other)| other.compiled.names_pair(from, to));
            named.map(|(nth, _)| nth).collect()
        })
        .collect();
    let own = Cell::of_clause(clause, terms);
    !own.is_empty()
        && sets.iter().all(|set| {
            let cells: Vec<Cell> =
                set.iter().filter_map(|nth| wider.get(*nth)).flat_map(|other| Cell::of_clause(other, terms)).collect();
            budget.subtract_all(own.clone(), cells.iter()).is_ok_and(|left| left.is_empty())
        })
}

/// Tells whether the outer clause accepts what lies at every threshold of the inner one.
fn reaches_as_far(outer_clause: &Clause, inner_clause: &Clause) -> bool {
    let (outer, inner): (&Compiled, &Compiled) = (&outer_clause.compiled, &inner_clause.compiled);
    outer_clause.k_min.unwrap_or(0) <= inner_clause.k_min.unwrap_or(0)
        && outer.tlp_max >= inner.tlp_max
        && outer.pap_max >= inner.pap_max
        && outer.confidence_min <= inner.confidence_min
        && outer.max_age_days >= inner.max_age_days
        && (outer.warninglisted || !inner.warninglisted)
        && (!outer.constituency_only || inner.constituency_only)
        && (!outer.text || inner.text)
}
