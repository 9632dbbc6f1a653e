//! The one decision: may this object go to that party (section 5 of the format).
//!
//! `decide` reads integers and allocates nothing. Order: floors, then clauses in text order with all predicates of each.

use crate::agreement::Agreement;
use crate::facts::{Facts, MarkingState, Request};
use crate::reason::{Predicate, Reason};
use crate::terms::Compiled;
use crate::vocabulary::{DoorSet, PurposeSet};

use entente_stix::Timestamp;
use entente_stix::marking::Tlp;

/// Says whether an object may leave, and by what right or for what reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// It may, under one clause.
    Permit(Permit),
    /// It may not.
    Withhold(Withhold),
}

/// Names the clause that permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    /// Position in the agreements passed in.
    pub agreement: usize,
    /// Position of the clause in the text.
    pub clause: usize,
    /// The requested purposes that the clause covers.
    pub purposes: PurposeSet,
    /// The requested doors that the clause opens.
    pub doors: DoorSet,
}

/// Names what stands against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withhold {
    /// Position in the agreements passed in, if one of them decided.
    pub agreement: Option<usize>,
    /// Position of the nearest clause: the one with the fewest failing predicates, the first of equals.
    pub clause: Option<usize>,
    /// The reason: a floor, or the first failing predicate of that clause.
    pub reason: Reason,
}

impl Decision {
    /// Tells whether the object may leave.
    pub const fn is_permit(&self) -> bool {
        matches!(self, Decision::Permit(_))
    }

    /// Returns the reason against, if there is one.
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Decision::Permit(_) => None,
            Decision::Withhold(withhold) => Some(withhold.reason),
        }
    }
}

/// Holds failing predicates as bits, lowest bit for the first in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failing(u16);

impl Failing {
    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn count(self) -> u32 {
        self.0.count_ones()
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Predicate> {
        Predicate::ALL.iter().copied().filter(move |predicate| self.0 & bit(*predicate) != 0)
    }

    pub(crate) fn first(self) -> Option<Predicate> {
        let at = usize::try_from(self.0.trailing_zeros()).unwrap_or(usize::MAX);
        Predicate::ALL.get(at).copied()
    }
}

const fn bit(predicate: Predicate) -> u16 {
    1 << (predicate as u16)
}

/// Decides whether the object may go from releaser to recipient.
///
/// Pure and total: the same arguments give the same answer, and there is no error. With several agreements the permit of
/// the one with the smallest id wins; if none permits, the agreement with the smallest id that names both parties gives the
/// reason. Allocates nothing; the cost is linear in the number of clauses.
///
/// Quotas, reference closure and the obligations are the caller's next steps.
pub fn decide(request: &Request<'_>, agreements: &[Agreement]) -> Decision {
    let mut permit: Option<Permit> = None;
    let mut withhold: Option<Withhold> = None;
    for (index, agreement) in agreements.iter().enumerate() {
        let id_of = |at: usize| agreements.get(at).map(|other| &other.terms().id);
        if permit.is_some_and(|best| id_of(best.agreement).is_some_and(|id| *id <= agreement.terms().id)) {
            continue;
        }
        match decide_one(request, agreement, index) {
            Decision::Permit(found) => permit = Some(found),
            Decision::Withhold(found) => {
                let better = withhold.is_none_or(|best| {
                    let foreign = |w: &Withhold| w.reason == Reason::FloorParty;
                    let smaller = best.agreement.and_then(id_of).is_none_or(|id| agreement.terms().id < *id);
                    (foreign(&best) && !foreign(&found)) || (foreign(&best) == foreign(&found) && smaller)
                });
                if better {
                    withhold = Some(found);
                }
            }
        }
    }
    if let Some(found) = permit {
        return Decision::Permit(found);
    }
    Decision::Withhold(withhold.unwrap_or(Withhold { agreement: None, clause: None, reason: Reason::ClauseNone }))
}

pub(crate) fn decide_one(request: &Request<'_>, agreement: &Agreement, index: usize) -> Decision {
    let against =
        |clause: Option<usize>, reason: Reason| Decision::Withhold(Withhold { agreement: Some(index), clause, reason });
    let terms = agreement.terms();
    let pair = terms.position(request.releaser).zip(terms.position(request.recipient)).filter(|(a, b)| a != b);
    if let Some(reason) = floor(request.facts, agreement, pair.is_some(), request.now) {
        return against(None, reason);
    }
    let Some((releaser, recipient)) = pair else {
        return against(None, Reason::FloorParty);
    };

    let age_days = request.facts.age_days(request.now);
    let mut permit: Option<Permit> = None;
    let mut nearest: Option<(usize, Failing)> = None;
    for (at, clause) in terms.clauses.iter().enumerate() {
        if !clause.compiled.names_pair(releaser, recipient) {
            continue;
        }
        let failing = evaluate(&clause.compiled, request, age_days);
        if !failing.is_empty() {
            if nearest.is_none_or(|(_, best)| failing.count() < best.count()) {
                nearest = Some((at, failing));
            }
            continue;
        }
        let purposes = clause.purposes.intersection(request.purposes);
        let doors = clause.compiled.doors.intersection(request.doors);
        match permit {
            None => permit = Some(Permit { agreement: index, clause: at, purposes, doors }),
            Some(first) => {
                let same_use =
                    !first.purposes.intersection(purposes).is_empty() && !first.doors.intersection(doors).is_empty();
                let differs =
                    terms.clauses.get(first.clause).is_none_or(|known| known.obligations != clause.obligations);
                if same_use && differs {
                    return against(Some(at), Reason::FloorAmbiguous);
                }
            }
        }
    }
    match (permit, nearest) {
        (Some(found), _) => Decision::Permit(found),
        (None, Some((at, failing))) => against(Some(at), failing.first().map_or(Reason::ClauseNone, Reason::Clause)),
        (None, None) => against(None, Reason::ClauseNone),
    }
}

/// Returns the first floor F1 to F12 that denies.
#[inline]
pub(crate) fn floor(facts: &Facts, agreement: &Agreement, is_pair: bool, now: Timestamp) -> Option<Reason> {
    floors(facts, agreement, is_pair, now).into_iter().find(|(hit, _)| *hit).map(|(_, reason)| reason)
}

/// Evaluates the floors F1 to F12 in their order.
///
/// F3 asks what the parties have signed, F4 asks the clock, so that an expired agreement says so.
#[inline]
pub(crate) fn floors(facts: &Facts, agreement: &Agreement, is_pair: bool, now: Timestamp) -> [(bool, Reason); 12] {
    [
        (facts.tlp == Tlp::Red, Reason::FloorRed),
        (facts.local_only, Reason::FloorLocalOnly),
        (!agreement.is_standing(now), Reason::FloorState),
        (!agreement.is_valid(now), Reason::FloorValidity),
        (facts.marking_state == MarkingState::Unresolved, Reason::FloorMarking),
        (facts.marking_state == MarkingState::Unmarked, Reason::FloorUnmarked),
        (facts.legal_hold, Reason::FloorHold),
        (facts.embargo_until.is_some_and(|end| now < end), Reason::FloorEmbargo),
        (facts.quarantined, Reason::FloorQuarantine),
        (!is_pair, Reason::FloorParty),
        (!facts.known_type, Reason::FloorType),
        (facts.echo, Reason::FloorEcho),
    ]
}

/// Evaluates all predicates but `parties`, which the caller has checked.
#[inline]
pub(crate) fn evaluate(clause: &Compiled, request: &Request<'_>, age_days: u16) -> Failing {
    let facts = request.facts;
    let mut failing = 0_u16;
    let mut require = |predicate: Predicate, holds: bool| failing |= u16::from(!holds) << (predicate as u16);
    require(Predicate::Purpose, !clause.purposes.intersection(request.purposes).is_empty());
    require(Predicate::Door, !clause.doors.intersection(request.doors).is_empty());
    require(Predicate::Type, clause.types.contains(facts.object_type));
    require(Predicate::Kind, clause.kinds.contains(facts.kind));
    require(Predicate::Tlp, facts.tlp <= clause.tlp_max);
    require(Predicate::Pap, facts.pap <= clause.pap_max);
    require(Predicate::Origin, clause.origins.contains(facts.origin));
    require(Predicate::Subject, !facts.subject.is_empty() && facts.subject.is_subset(clause.subjects));
    require(Predicate::Confidence, facts.confidence >= clause.confidence_min);
    require(Predicate::Age, age_days <= clause.max_age_days);
    require(Predicate::Warninglist, clause.warninglisted || !facts.warninglisted);
    require(Predicate::Constituency, !clause.constituency_only || facts.in_constituency);
    require(Predicate::Text, !clause.text || !facts.has_text || facts.text_reviewed);
    Failing(failing)
}
