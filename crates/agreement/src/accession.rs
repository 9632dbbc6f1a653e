//! Accession to an operation by the signature of its lead (section 4.8 of the format).

use crate::compare::compare;
use crate::ids::PartyId;
use crate::terms::Terms;

/// Returns the parties that a later version adds, if that is all it does and the text before lets the lead admit them.
///
/// The comparison of both texts is the proof: nothing is taken away, whatever is permitted in addition has a newcomer on one side,
/// no clause obliges to anything else, and no other term differs. What is neither compared nor evaluated (titles, contacts, annexes)
/// must be the same too. `None` when anything else has changed: then every party signs.
pub(crate) fn newcomers(later: &Terms, before: &Terms) -> Option<Vec<PartyId>> {
    if !before.operation.as_ref()?.accession_by_lead {
        return None;
    }
    later.check_successor(Some(before)).ok()?;
    let new: Vec<PartyId> =
        later.parties.iter().filter(|party| before.party(&party.id).is_none()).map(|party| party.id.clone()).collect();
    let comparison = compare(later, before).ok()?;
    let expected = |term: &str| {
        matches!(term, "version" | "supersedes")
            || term.strip_prefix("party.").is_some_and(|id| new.iter().any(|party| party.as_str() == id))
    };
    let only_new = !new.is_empty()
        && comparison.removed.is_empty()
        && comparison.obligations.is_empty()
        && comparison.terms.iter().all(|difference| expected(&difference.term))
        && comparison
            .added
            .iter()
            .all(|region| region.pairs().iter().all(|(from, to)| new.contains(from) || new.contains(to)));
    only_new.then_some(new)
}
