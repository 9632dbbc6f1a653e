//! Many decisions of one kind: the same agreements, parties, purposes and doors, one object after the other.
//!
//! Section 17.3 of the format proposes a cache from attribute class to decision. This is the same idea without the cache: for
//! each value of each attribute, a mask says which clauses accept it, and the conjunction of a dozen masks is every clause that
//! matches, 64 at a time. Between two thresholds every value has the same mask, so that the masks *are* the classes; nothing
//! is hashed, looked up or evicted, and the first object of a class costs what the thousandth does.
//!
//! The nearest clause of a denial comes from the same masks: their complements are added up in four bits for each clause, all
//! clauses of an agreement at once.
//!
//! The agreements are borrowed: a notice cannot be applied to one while a [`Memo`] of it lives, so that none outlives the state
//! it was made for. What reads the clock (state, validity, embargo, age) is asked anew for each object.

use entente_stix::Timestamp;
use entente_stix::marking::{Pap, Tlp};

use crate::agreement::Agreement;
use crate::decide::{Decision, Permit, Withhold, decide_one, floor};
use crate::facts::{Facts, MarkingState, Request};
use crate::ids::PartyId;
use crate::reason::{Predicate, Reason};
use crate::terms::Compiled;
use crate::vocabulary::{DoorSet, KindSet, ObjectType, Origin, PurposeSet, TypeSet};

/// LIMIT: clauses of one agreement between two parties in one mask; a text with more is decided clause by clause.
const CLAUSES_MAX: usize = 64;
/// Predicates after `parties`.
const PREDICATES: usize = 13;

/// Decides about many objects under the same agreements, for the same parties, purposes and doors.
#[derive(Debug)]
pub struct Memo<'a> {
    agreements: &'a [Agreement],
    releaser: &'a PartyId,
    recipient: &'a PartyId,
    purposes: PurposeSet,
    doors: DoorSet,
    /// One for each agreement, in the order of their ids.
    lanes: Vec<Lane>,
    /// What can permit, in the same order.
    steps: Vec<Step>,
}

/// One agreement.
#[derive(Debug)]
struct Lane {
    /// Position in the agreements passed in.
    agreement: usize,
    is_pair: bool,
    /// Positions of the clauses that name the pair, in text order.
    clauses: Vec<usize>,
    /// Their masks; `None` where there are too many of them.
    masks: Option<Box<Masks>>,
}

/// One step on the way to a permit.
#[derive(Debug)]
enum Step {
    /// Clauses of several agreements that have one of the purposes and one of the doors.
    Packed(Box<Packed>),
    /// An agreement with too many clauses for a mask: its position among the lanes.
    Plain(usize),
}

#[derive(Debug)]
struct Packed {
    masks: Masks,
    /// The bits of each agreement, and its position among the lanes.
    owners: Vec<(u64, usize)>,
    /// Position in the text of the clause of each bit.
    clauses: Vec<usize>,
}

impl<'a> Memo<'a> {
    /// Makes the masks of every clause between two parties.
    pub fn new(
        agreements: &'a [Agreement],
        releaser: &'a PartyId,
        recipient: &'a PartyId,
        purposes: PurposeSet,
        doors: DoorSet,
    ) -> Memo<'a> {
        let mut order: Vec<(usize, &Agreement)> = agreements.iter().enumerate().collect();
        order.sort_by(|(_, a), (_, b)| a.id().cmp(b.id()));
        let mut memo = Memo { agreements, releaser, recipient, purposes, doors, lanes: Vec::new(), steps: Vec::new() };
        for (at, agreement) in order {
            memo.add(at, agreement);
        }
        memo
    }

    fn add(&mut self, at: usize, agreement: &Agreement) {
        let terms = agreement.terms();
        let pair = terms.position(self.releaser).zip(terms.position(self.recipient)).filter(|(a, b)| a != b);
        let named: Vec<(usize, &Compiled)> = match pair {
            Some((from, to)) => {
                let all = terms.clauses.iter().map(|clause| &clause.compiled).enumerate();
                all.filter(|(_, clause)| clause.names_pair(from, to)).collect()
            }
            None => Vec::new(),
        };
        let lane = self.lanes.len();
        let fits = named.len() <= CLAUSES_MAX;
        let masks = fits.then(|| {
            let mut masks = Box::<Masks>::default();
            for (_, clause) in &named {
                masks.add(clause, self.purposes, self.doors);
            }
            masks
        });
        if fits {
            let used: Vec<(usize, &Compiled)> = named
                .iter()
                .copied()
                .filter(|(_, clause)| {
                    !clause.purposes.intersection(self.purposes).is_empty()
                        && !clause.doors.intersection(self.doors).is_empty()
                })
                .collect();
            self.pack(lane, &used);
        } else {
            self.steps.push(Step::Plain(lane));
        }
        let clauses = named.iter().map(|(clause, _)| *clause).collect();
        self.lanes.push(Lane { agreement: at, is_pair: pair.is_some(), clauses, masks });
    }

    /// Adds what can permit to the last step, or to a new one where it does not fit.
    fn pack(&mut self, lane: usize, used: &[(usize, &Compiled)]) {
        if used.is_empty() {
            return;
        }
        let room = match self.steps.last() {
            Some(Step::Packed(last)) => last.clauses.len().saturating_add(used.len()) <= CLAUSES_MAX,
            _ => false,
        };
        if !room {
            let empty = Packed { masks: Masks::default(), owners: Vec::new(), clauses: Vec::new() };
            self.steps.push(Step::Packed(Box::new(empty)));
        }
        if let Some(Step::Packed(last)) = self.steps.last_mut() {
            let mut bits = 0;
            for (at, clause) in used {
                bits |= last.masks.add(clause, self.purposes, self.doors);
                last.clauses.push(*at);
            }
            last.owners.push((bits, lane));
        }
    }

    /// Decides about an object; the answer is always that of [`decide`](crate::decide()) for the same agreements, parties,
    /// purposes and doors.
    ///
    /// Pure and total, as that one; allocates nothing.
    pub fn decide(&self, facts: &Facts, now: Timestamp) -> Decision {
        if !is_floored(facts, now)
            && let Some(permit) = self.permit(facts, now)
        {
            return Decision::Permit(permit);
        }
        let mut foreign: Option<Withhold> = None;
        for lane in &self.lanes {
            let found = self.withhold(lane, facts, now);
            if found.reason != Reason::FloorParty {
                return Decision::Withhold(found);
            }
            foreign = foreign.or(Some(found));
        }
        Decision::Withhold(foreign.unwrap_or(Withhold { agreement: None, clause: None, reason: Reason::ClauseNone }))
    }

    fn permit(&self, facts: &Facts, now: Timestamp) -> Option<Permit> {
        let age_days = facts.age_days(now);
        for step in &self.steps {
            match step {
                Step::Packed(packed) => {
                    let matching = packed.masks.matching(facts, age_days);
                    if matching == 0 {
                        continue;
                    }
                    for (owned, lane) in &packed.owners {
                        if matching & owned != 0
                            && let Some(permit) = self.permit_of(packed, matching & owned, *lane, facts, now)
                        {
                            return Some(permit);
                        }
                    }
                }
                Step::Plain(lane) => {
                    let lane = self.lanes.get(*lane)?;
                    if let Some(Decision::Permit(permit)) = self.plain(lane, facts, now) {
                        return Some(permit);
                    }
                }
            }
        }
        None
    }

    /// Permits under one agreement by its first matching clause, unless the agreement is not in force or is ambiguous here.
    fn permit_of(&self, packed: &Packed, matching: u64, lane: usize, facts: &Facts, now: Timestamp) -> Option<Permit> {
        let lane = self.lanes.get(lane)?;
        let agreement = self.agreements.get(lane.agreement)?;
        let terms = agreement.terms();
        if !agreement.is_standing(now) || now < terms.valid_from || now >= terms.valid_to {
            return None;
        }
        if !matching.is_power_of_two() {
            // Several clauses: whether they oblige to the same is asked of the texts.
            return match self.plain(lane, facts, now) {
                Some(Decision::Permit(permit)) => Some(permit),
                _ => None,
            };
        }
        let clause = *packed.clauses.get(usize::try_from(matching.trailing_zeros()).ok()?)?;
        let compiled = &terms.clauses.get(clause)?.compiled;
        Some(Permit {
            agreement: lane.agreement,
            clause,
            purposes: compiled.purposes.intersection(self.purposes),
            doors: compiled.doors.intersection(self.doors),
        })
    }

    fn withhold(&self, lane: &Lane, facts: &Facts, now: Timestamp) -> Withhold {
        let against = |clause, reason| Withhold { agreement: Some(lane.agreement), clause, reason };
        let Some(agreement) = self.agreements.get(lane.agreement) else { return against(None, Reason::ClauseNone) };
        if let Some(reason) = floor(facts, agreement, lane.is_pair, now) {
            return against(None, reason);
        }
        let nearest = lane.masks.as_ref().and_then(|masks| masks.nearest(facts, facts.age_days(now)));
        let nearest = nearest.and_then(|(slot, predicate)| Some((*lane.clauses.get(slot)?, predicate)));
        if let Some((clause, predicate)) = nearest {
            return against(Some(clause), Reason::Clause(predicate));
        }
        // No clause names the pair, one matches and is ambiguous, or there are too many for a mask.
        match self.plain(lane, facts, now) {
            Some(Decision::Withhold(found)) => found,
            _ => against(None, Reason::ClauseNone),
        }
    }

    /// Decides under one agreement clause by clause.
    fn plain(&self, lane: &Lane, facts: &Facts, now: Timestamp) -> Option<Decision> {
        let request = Request {
            releaser: self.releaser,
            recipient: self.recipient,
            purposes: self.purposes,
            doors: self.doors,
            now,
            facts,
        };
        Some(decide_one(&request, self.agreements.get(lane.agreement)?, lane.agreement))
    }
}

/// Tells whether a floor denies that no agreement can lift.
fn is_floored(facts: &Facts, now: Timestamp) -> bool {
    facts.tlp == Tlp::Red
        || facts.marking_state != MarkingState::Marked
        || facts.local_only
        || facts.legal_hold
        || facts.embargo_until.is_some_and(|end| now < end)
        || facts.quarantined
        || !facts.known_type
        || facts.echo
}

/// For each value of each attribute, the clauses that accept it: bit = position among at most 64.
#[derive(Debug)]
struct Masks {
    /// Bits in use.
    used: u64,
    purpose: u64,
    door: u64,
    types: [u64; ObjectType::ALL.len()],
    kinds: [u64; 13],
    tlp: [u64; Tlp::ALL.len()],
    pap: [u64; Pap::ALL.len()],
    origins: [u64; Origin::ALL.len()],
    /// By the bits of the set; the empty one matches nothing.
    subjects: [u64; 16],
    confidence: [u64; 101],
    /// Greatest ages, rising, and the clauses that accept up to each.
    ages: Vec<(u16, u64)>,
    warninglisted: u64,
    outside_constituency: u64,
    unreviewed_text: u64,
}

impl Default for Masks {
    fn default() -> Masks {
        Masks {
            used: 0,
            purpose: 0,
            door: 0,
            types: [0; ObjectType::ALL.len()],
            kinds: [0; 13],
            tlp: [0; Tlp::ALL.len()],
            pap: [0; Pap::ALL.len()],
            origins: [0; Origin::ALL.len()],
            subjects: [0; 16],
            confidence: [0; 101],
            ages: Vec::new(),
            warninglisted: 0,
            outside_constituency: 0,
            unreviewed_text: 0,
        }
    }
}

impl Masks {
    /// Adds a clause at the next bit, which is returned.
    fn add(&mut self, clause: &Compiled, purposes: PurposeSet, doors: DoorSet) -> u64 {
        let bit = self.used.wrapping_add(1);
        self.used |= bit;
        let set = |mask: &mut u64, accepts: bool| *mask |= if accepts { bit } else { 0 };
        set(&mut self.purpose, !clause.purposes.intersection(purposes).is_empty());
        set(&mut self.door, !clause.doors.intersection(doors).is_empty());
        for (mask, object_type) in self.types.iter_mut().zip(ObjectType::ALL) {
            set(mask, clause.types.contains(*object_type));
        }
        for (mask, at) in self.kinds.iter_mut().zip(0_u32..) {
            set(mask, clause.kinds.bits().unbounded_shr(at) & 1 == 1);
        }
        for (mask, level) in self.tlp.iter_mut().zip(Tlp::ALL) {
            set(mask, level <= clause.tlp_max);
        }
        for (mask, level) in self.pap.iter_mut().zip(Pap::ALL) {
            set(mask, level <= clause.pap_max);
        }
        for (mask, origin) in self.origins.iter_mut().zip(Origin::ALL) {
            set(mask, clause.origins.contains(*origin));
        }
        for (mask, bits) in self.subjects.iter_mut().zip(0_u8..).skip(1) {
            set(mask, bits & !clause.subjects.bits() == 0);
        }
        for (mask, confidence) in self.confidence.iter_mut().zip(0_u8..) {
            set(mask, confidence >= clause.confidence_min);
        }
        if let Err(at) = self.ages.binary_search_by_key(&clause.max_age_days, |(days, _)| *days) {
            // Whoever accepts more accepts this age too.
            let older = self.ages.get(at).map_or(0, |(_, accepting)| *accepting);
            self.ages.insert(at, (clause.max_age_days, older));
        }
        for (days, mask) in &mut self.ages {
            set(mask, *days <= clause.max_age_days);
        }
        set(&mut self.warninglisted, clause.warninglisted);
        set(&mut self.outside_constituency, !clause.constituency_only);
        set(&mut self.unreviewed_text, !clause.text);
        bit
    }

    /// The clauses that accept each attribute of an object, in the order of the predicates after `parties`.
    #[inline]
    fn accepting(&self, facts: &Facts, age_days: u16) -> [u64; PREDICATES] {
        let all = u64::MAX;
        // INVARIANT: levels and origins number their words from 0 in the order of `ALL`.
        [
            self.purpose,
            self.door,
            at(&self.types, TypeSet::EMPTY.with(facts.object_type).bits().trailing_zeros()),
            at(&self.kinds, KindSet::of(&[facts.kind]).bits().trailing_zeros()),
            at(&self.tlp, facts.tlp as u32),
            at(&self.pap, facts.pap as u32),
            at(&self.origins, facts.origin as u32),
            at(&self.subjects, u32::from(facts.subject.bits())),
            at(&self.confidence, u32::from(facts.confidence.min(100))),
            self.accepting_age(age_days),
            if facts.warninglisted { self.warninglisted } else { all },
            if facts.in_constituency { all } else { self.outside_constituency },
            if facts.has_text && !facts.text_reviewed { self.unreviewed_text } else { all },
        ]
    }

    #[inline]
    fn accepting_age(&self, age_days: u16) -> u64 {
        let first = self.ages.partition_point(|(days, _)| *days < age_days);
        self.ages.get(first).map_or(0, |(_, mask)| *mask)
    }

    /// The clauses that accept every attribute.
    #[inline]
    fn matching(&self, facts: &Facts, age_days: u16) -> u64 {
        self.accepting(facts, age_days).into_iter().fold(self.used, |left, mask| left & mask)
    }

    /// The clause with the fewest failing predicates, the first of equals, and its first failing predicate; `None` if there
    /// is no clause, or if one matches.
    fn nearest(&self, facts: &Facts, age_days: u16) -> Option<(usize, Predicate)> {
        let accepting = self.accepting(facts, age_days);
        let mut counts = [0_u64; 4];
        for mask in accepting {
            let mut carry = !mask;
            for digit in &mut counts {
                (*digit, carry) = (*digit ^ carry, *digit & carry);
            }
        }
        let mut left = self.used;
        for digit in counts.iter().rev() {
            let fewer = left & !digit;
            left = if fewer == 0 { left } else { fewer };
        }
        if left == 0 {
            return None;
        }
        let slot = left.trailing_zeros();
        let first = accepting.iter().position(|mask| mask.unbounded_shr(slot) & 1 == 0)?;
        // `parties` comes before them all.
        let predicate = *Predicate::ALL.get(first.saturating_add(1))?;
        Some((usize::try_from(slot).ok()?, predicate))
    }
}

/// Reads a mask; an index that is not there is accepted by no clause.
#[inline]
fn at(masks: &[u64], index: u32) -> u64 {
    usize::try_from(index).ok().and_then(|index| masks.get(index)).copied().unwrap_or(0)
}
