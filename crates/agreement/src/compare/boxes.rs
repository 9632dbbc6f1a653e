//! Boxes: what a clause permits, as a product of sets and intervals, and the difference of two such products.
//!
//! A box may hold points that no object has, such as the value of a domain name on an IPv4 address. They are never shown: a
//! box all of whose points are of that sort counts as empty. The decision would not be of use there either, since two
//! clauses that meet only in such points may oblige to different things.

use super::{CompareError, Counterexample};
use crate::terms::{Clause, Terms};
use crate::text::kinds_of;
use crate::vocabulary::{Door, DoorSet, KindSet, ObjectType, OriginSet, PurposeSet, SubjectSet, TypeSet};

/// LIMIT: boxes that wait at once to be reduced further.
const PENDING_MAX: usize = 100_000;
/// LIMIT: pairs of boxes that one comparison looks at; a text of 256 clauses against itself takes 65,536 for a pair of parties.
const STEPS_MAX: usize = 20_000_000;

/// Says what a clause does with the objects it covers. A clause releases objects, or answers blind queries, or releases
/// counts; and in addition it may let the recipient ask whether something exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Objects are released: what [`decide`](crate::decide()) permits.
    Release,
    /// Blind queries are answered; nothing is released.
    Lookup,
    /// Counts are released.
    Counts,
    /// The recipient may learn that an object exists which is withheld for confidence, age, warninglist or text.
    Existence,
}

impl Channel {
    const ALL: [Channel; 4] = [Channel::Release, Channel::Lookup, Channel::Counts, Channel::Existence];

    /// Returns the stable word: `release`, `lookup`, `counts`, `existence`.
    pub const fn name(self) -> &'static str {
        match self {
            Channel::Release => "release",
            Channel::Lookup => "lookup",
            Channel::Counts => "counts",
            Channel::Existence => "existence",
        }
    }

    const fn bit(self) -> u32 {
        1 << (self as u32)
    }
}

/// Names a dimension whose values are a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Channel,
    Purpose,
    Door,
    Type,
    Kind,
    Origin,
    /// Bit `s` stands for the set of categories whose bits are `s`; bit 0, nobody said, is never set.
    Subject,
    /// Bit 0 for no, bit 1 for yes, as for the two below.
    Warninglisted,
    InConstituency,
    UnreviewedText,
}

impl Axis {
    pub(super) const ALL: [Axis; 10] = [
        Axis::Channel,
        Axis::Purpose,
        Axis::Door,
        Axis::Type,
        Axis::Kind,
        Axis::Origin,
        Axis::Subject,
        Axis::Warninglisted,
        Axis::InConstituency,
        Axis::UnreviewedText,
    ];
}

/// Names a dimension whose values are an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    Tlp,
    Pap,
    Confidence,
    Age,
    /// Microseconds since 1970.
    Time,
}

impl Measure {
    pub(super) const ALL: [Measure; 5] = [Measure::Tlp, Measure::Pap, Measure::Confidence, Measure::Age, Measure::Time];
}

/// Holds a closed interval; empty if `from` is above `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: i64,
    pub(super) to: i64,
}

impl Span {
    const fn new(from: i64, to: i64) -> Span {
        Span { from, to }
    }

    const fn is_empty(self) -> bool {
        self.from > self.to
    }

    pub(super) const fn contains(self, value: i64) -> bool {
        self.from <= value && value <= self.to
    }

    fn intersection(self, other: Span) -> Span {
        Span::new(self.from.max(other.from), self.to.min(other.to))
    }

    /// Returns what lies below and what lies above `other`.
    fn outside(self, other: Span) -> [Span; 2] {
        [
            Span::new(self.from, self.to.min(other.from.saturating_sub(1))),
            Span::new(self.from.max(other.to.saturating_add(1)), self.to),
        ]
    }
}

/// Holds one box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    sets: [u32; Axis::ALL.len()],
    spans: [Span; Measure::ALL.len()],
}

const YES_OR_NO: u32 = 0b11;
const NO: u32 = 0b01;
const YES: u32 = 0b10;
const CONFIDENCE_MAX: i64 = 100;

impl Cell {
    pub(super) fn set(&self, axis: Axis) -> u32 {
        self.sets.get(axis as usize).copied().unwrap_or_default()
    }

    pub(super) fn span(&self, measure: Measure) -> Span {
        self.spans.get(measure as usize).copied().unwrap_or(Span::new(0, -1))
    }

    fn with_set(mut self, at: usize, bits: u32) -> Cell {
        if let Some(set) = self.sets.get_mut(at) {
            *set = bits;
        }
        self
    }

    fn with_span(mut self, at: usize, value: Span) -> Cell {
        if let Some(span) = self.spans.get_mut(at) {
            *span = value;
        }
        self
    }

    pub(super) fn channel(&self) -> Channel {
        let bits = self.set(Axis::Channel);
        Channel::ALL.into_iter().find(|channel| bits & channel.bit() != 0).unwrap_or(Channel::Release)
    }

    /// Returns the types that have one of the kinds, and the kinds that one of the types has.
    pub(super) fn possible(&self) -> (u32, u32) {
        let (types, kinds) = (TypeSet::from_bits(self.set(Axis::Type)), self.set(Axis::Kind));
        types.iter().fold((0, 0), |(some_types, some_kinds), object_type| {
            let fitting = u32::from(kinds_of(object_type).bits()) & kinds;
            let own = if fitting == 0 { 0 } else { TypeSet::of(&[object_type]).bits() };
            (some_types | own, some_kinds | fitting)
        })
    }

    fn is_possible(&self) -> bool {
        self.sets.iter().all(|set| *set != 0)
            && !self.spans.iter().any(|span| span.is_empty())
            && self.possible().0 != 0
    }

    /// Returns the common box, if a possible object lies in it.
    pub(super) fn intersection(&self, other: &Cell) -> Option<Cell> {
        let mut common = *self;
        for (set, bits) in common.sets.iter_mut().zip(other.sets) {
            *set &= bits;
        }
        for (span, limit) in common.spans.iter_mut().zip(other.spans) {
            *span = span.intersection(limit);
        }
        common.is_possible().then_some(common)
    }

    /// Returns the one point of the box that a counterexample shows.
    pub(super) fn at(&self, example: &Counterexample) -> Cell {
        let facts = &example.facts;
        let yes_or_no = |flag: bool| if flag { YES } else { NO };
        let point = |value: i64| Span::new(value, value);
        Cell {
            sets: [
                self.set(Axis::Channel),
                u32::from(PurposeSet::of(&[example.purpose]).bits()),
                u32::from(DoorSet::of(&[example.door]).bits()),
                TypeSet::of(&[facts.object_type]).bits(),
                kind_bit(facts.kind),
                u32::from(OriginSet::of(&[facts.origin]).bits()),
                1 << facts.subject.bits(),
                yes_or_no(facts.warninglisted),
                yes_or_no(facts.in_constituency),
                yes_or_no(facts.has_text && !facts.text_reviewed),
            ],
            spans: [
                point(i64::from(facts.tlp as u8)),
                point(i64::from(facts.pap as u8)),
                point(i64::from(facts.confidence)),
                point(i64::from(facts.age_days(example.now))),
                point(example.now.as_micros()),
            ],
        }
    }

    /// Returns the boxes of a clause; none for one that covers no possible object.
    pub(super) fn of_clause(clause: &Clause, terms: &Terms) -> Vec<Cell> {
        let compiled = &clause.compiled;
        let (channel, doors, types) = if clause.private_lookup {
            (Channel::Lookup, clause.doors.intersection(DoorSet::of(&[Door::PrivateLookup])), clause.types)
        } else if clause.aggregates {
            (Channel::Counts, compiled.doors, clause.types.intersection(TypeSet::of(&[ObjectType::Aggregate])))
        } else {
            (Channel::Release, compiled.doors, compiled.types)
        };
        let time = Span::new(terms.valid_from.as_micros(), terms.valid_to.as_micros().saturating_sub(1));
        let own = Cell {
            sets: [
                channel.bit(),
                u32::from(clause.purposes.bits()),
                u32::from(doors.bits()),
                types.bits(),
                u32::from(clause.kinds.bits()),
                u32::from(clause.origins.bits()),
                subjects(compiled.subjects),
                if clause.warninglisted { YES_OR_NO } else { NO },
                if clause.constituency_only { YES } else { YES_OR_NO },
                if clause.text { NO } else { YES_OR_NO },
            ],
            spans: [
                Span::new(0, i64::from(clause.tlp_max as u8)),
                Span::new(0, i64::from(clause.pap_max as u8)),
                Span::new(i64::from(clause.confidence_min), CONFIDENCE_MAX),
                Span::new(0, i64::from(clause.max_age_days)),
                time,
            ],
        };
        let mut cells = vec![own];
        if clause.existence_answer {
            // The answer is given where only these four predicates withhold.
            let wide = own
                .with_set(Axis::Channel as usize, Channel::Existence.bit())
                .with_set(Axis::Warninglisted as usize, YES_OR_NO)
                .with_set(Axis::UnreviewedText as usize, YES_OR_NO)
                .with_span(Measure::Confidence as usize, Span::new(0, CONFIDENCE_MAX))
                .with_span(Measure::Age as usize, Span::new(0, i64::from(u16::MAX)));
            cells.push(wide);
        }
        cells.retain(Cell::is_possible);
        cells
    }
}

/// Returns every set of categories that a clause of these accepts, as bits; an empty set matches no clause.
fn subjects(accepted: SubjectSet) -> u32 {
    (1..=SubjectSet::ALL.bits()).filter(|bits| bits & !accepted.bits() == 0).fold(0, |all, bits| all | 1 << bits)
}

/// Returns the bit of a kind.
pub(super) fn kind_bit(kind: Option<entente_observable::Kind>) -> u32 {
    u32::from(KindSet::of(&[kind]).bits())
}

/// Subtracts one box from another: disjoint boxes that together hold what of `a` is not in `b`.
fn subtract_into(a: &Cell, b: &Cell, out: &mut Vec<Cell>) {
    if a.intersection(b).is_none() {
        out.push(*a);
        return;
    }
    let mut rest = *a;
    let mut keep = |piece: Cell| {
        if piece.is_possible() {
            out.push(piece);
        }
    };
    for (at, (own, other)) in a.sets.iter().zip(&b.sets).enumerate() {
        keep(rest.with_set(at, own & !other));
        rest = rest.with_set(at, own & other);
    }
    for (at, (own, other)) in a.spans.iter().zip(&b.spans).enumerate() {
        for part in own.outside(*other) {
            keep(rest.with_span(at, part));
        }
        rest = rest.with_span(at, own.intersection(*other));
    }
}

/// Counts the work of one comparison, so that a text made to be costly is refused and not computed.
#[derive(Debug)]
pub(super) struct Budget {
    steps: usize,
    most: usize,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget::of(STEPS_MAX)
    }
}

impl Budget {
    /// Makes a budget of so many pairs of boxes.
    pub(super) const fn of(most: usize) -> Budget {
        Budget { steps: 0, most }
    }

    /// Takes so many pairs of boxes from the budget.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), CompareError> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > self.most { Err(CompareError::TooComplex) } else { Ok(()) }
    }

    /// Checks a number of boxes that are kept.
    pub(super) fn hold(count: usize) -> Result<(), CompareError> {
        if count > PENDING_MAX { Err(CompareError::TooComplex) } else { Ok(()) }
    }

    /// Subtracts boxes from a box.
    pub(super) fn subtract_all<'c>(
        &mut self,
        from: Vec<Cell>,
        minus: impl IntoIterator<Item = &'c Cell>,
    ) -> Result<Vec<Cell>, CompareError> {
        let mut pending = from;
        for cut in minus {
            if pending.is_empty() {
                break;
            }
            self.spend(pending.len())?;
            let mut next = Vec::with_capacity(pending.len());
            for cell in &pending {
                subtract_into(cell, cut, &mut next);
                Budget::hold(next.len())?;
            }
            pending = next;
        }
        Ok(pending)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subtract(a: &Cell, b: &Cell) -> Vec<Cell> {
        Budget::default().subtract_all(vec![*a], [b]).unwrap_or_default()
    }

    /// An otherwise small box of these purposes and confidences.
    fn cell(purposes: u32, confidence: (i64, i64)) -> Cell {
        Cell {
            sets: [1, purposes, 1, 1, 1 << 12, 1, 0b10, NO, NO, NO],
            spans: [
                Span::new(0, 3),
                Span::new(0, 3),
                Span::new(confidence.0, confidence.1),
                Span::new(0, 10),
                Span::new(0, 10),
            ],
        }
    }

    #[test]
    fn what_is_left_is_disjoint_and_complete() {
        let (a, b) = (cell(0b011, (0, 9)), cell(0b110, (3, 5)));
        let left = subtract(&a, &b);
        for purpose in 0..3 {
            for confidence in 0..12 {
                let point = cell(1 << purpose, (confidence, confidence));
                let holds = |cell: &Cell| cell.intersection(&point).is_some();
                let times = left.iter().filter(|piece| holds(piece)).count();
                assert_eq!(times, usize::from(holds(&a) && !holds(&b)), "{purpose} {confidence}");
            }
        }
        assert!(subtract(&a, &a).is_empty());
        assert_eq!(subtract(&a, &cell(0b100, (0, 9))), [a]);
    }

    #[test]
    fn a_box_without_a_possible_object_is_empty() {
        let domain = TypeSet::of(&[ObjectType::DomainName]).bits();
        let odd = cell(1, (0, 9)).with_set(Axis::Type as usize, domain);
        assert!(!odd.is_possible(), "a domain name always has a value");
    }

    #[test]
    fn a_set_of_subjects_is_accepted_if_every_category_is() {
        use crate::vocabulary::Subject;
        let accepted = SubjectSet::of(&[Subject::Infrastructure, Subject::Victim]);
        // {infrastructure} = 1, {victim} = 4, both = 5.
        assert_eq!(subjects(accepted), 1 << 1 | 1 << 4 | 1 << 5);
    }

    #[test]
    fn the_budget_ends() {
        let mut budget = Budget::default();
        assert!(budget.spend(STEPS_MAX).is_ok());
        assert_eq!(budget.spend(1), Err(CompareError::TooComplex));
        assert_eq!(Budget::hold(PENDING_MAX + 1), Err(CompareError::TooComplex));
    }
}
