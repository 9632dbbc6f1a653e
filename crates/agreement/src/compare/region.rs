//! Regions: a part of what one text permits and the other does not, in words and for programs.

use entente_observable::Kind;
use entente_stix::Timestamp;
use entente_stix::marking::{Pap, Tlp};
use serde::ser::SerializeStruct;

use super::boxes::{Axis, Cell, Channel, Measure, kind_bit};
use super::witness::Counterexample;
use crate::facts::Request;
use crate::ids::{ClauseId, PartyId};
use crate::plain::EN;
use crate::terms::{Clause, Terms};
use crate::vocabulary::{DoorSet, OriginSet, PurposeSet, SubjectSet, TypeSet};

/// Holds a part of what one text permits and the other does not: a product of sets and intervals between pairs of parties.
///
/// The regions of a list are disjoint.
#[derive(Clone, Debug)]
pub struct Region {
    pub(super) cell: Cell,
    pub(super) clause: ClauseId,
    pub(super) pairs: Vec<(PartyId, PartyId)>,
    pub(super) counterexample: Counterexample,
    pub(super) sentence: String,
}

impl Region {
    /// Returns what the clause does with the objects of the region.
    pub fn channel(&self) -> Channel {
        self.cell.channel()
    }

    /// Returns the clause that permits the region.
    pub fn clause(&self) -> &ClauseId {
        &self.clause
    }

    /// Returns the pairs of releasing and receiving party.
    pub fn pairs(&self) -> &[(PartyId, PartyId)] {
        &self.pairs
    }

    /// Returns one object of the region.
    pub fn counterexample(&self) -> &Counterexample {
        &self.counterexample
    }

    /// Says in one sentence what the other text wants at the counterexample.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }

    /// Tells whether the request lies in the region: for one of its purposes and by one of its doors. Floors are not asked.
    pub fn contains(&self, request: &Request<'_>) -> bool {
        let facts = request.facts;
        let cell = &self.cell;
        let has = |axis: Axis, bits: u32| cell.set(axis) & bits != 0;
        let within = |measure: Measure, value: i64| cell.span(measure).contains(value);
        let yes_or_no = |flag: bool| 1 << u32::from(flag);
        self.pairs.iter().any(|(from, to)| from == request.releaser && to == request.recipient)
            && has(Axis::Purpose, u32::from(request.purposes.bits()))
            && has(Axis::Door, u32::from(request.doors.bits()))
            && has(Axis::Type, TypeSet::of(&[facts.object_type]).bits())
            && has(Axis::Kind, kind_bit(facts.kind))
            && has(Axis::Origin, u32::from(OriginSet::of(&[facts.origin]).bits()))
            && has(Axis::Subject, 1 << facts.subject.bits())
            && has(Axis::Warninglisted, yes_or_no(facts.warninglisted))
            && has(Axis::InConstituency, yes_or_no(facts.in_constituency))
            && has(Axis::UnreviewedText, yes_or_no(facts.has_text && !facts.text_reviewed))
            && within(Measure::Tlp, i64::from(facts.tlp as u8))
            && within(Measure::Pap, i64::from(facts.pap as u8))
            && within(Measure::Confidence, i64::from(facts.confidence))
            && within(Measure::Age, i64::from(facts.age_days(request.now)))
            && within(Measure::Time, request.now.as_micros())
    }

    /// Lists the bounds of the region, name and value as a text spells them; those that exclude nothing are left out.
    pub fn bounds(&self) -> Vec<(&'static str, String)> {
        let cell = &self.cell;
        let values = Values::of(cell);
        let mut out = vec![
            ("parties", self.pairs.iter().map(|(from, to)| format!("{from} → {to}")).collect::<Vec<_>>().join(", ")),
            ("purpose", values.purposes.names().join(" ")),
            ("types", values.types.names().join(" ")),
            ("kinds", values.kinds.join(" ")),
            ("doors", values.doors.names().join(" ")),
            ("origin", values.origins.names().join(" ")),
            ("subject", values.subjects.iter().map(|set| set.names().join("+")).collect::<Vec<_>>().join(" ")),
            ("tlp", level_range(values.tlp.map(Tlp::key))),
            ("pap", level_range(values.pap.map(Pap::key))),
        ];
        let numbers = [("confidence", Measure::Confidence), ("age_days", Measure::Age)];
        out.extend(numbers.map(|(name, measure)| {
            let span = cell.span(measure);
            let value =
                if span.from == span.to { span.from.to_string() } else { format!("{} to {}", span.from, span.to) };
            (name, value)
        }));
        for (name, axis) in FLAGS {
            match cell.set(axis) {
                0b01 => out.push((name, "no".to_owned())),
                0b10 => out.push((name, "yes".to_owned())),
                _ => {}
            }
        }
        let (from, to) = values.valid;
        out.push(("valid", format!("{from} until {to}")));
        out
    }
}

const FLAGS: [(&str, Axis); 3] = [
    ("warninglisted", Axis::Warninglisted),
    ("in_constituency", Axis::InConstituency),
    ("unreviewed_text", Axis::UnreviewedText),
];

fn level_range([from, to]: [&'static str; 2]) -> String {
    if from == to { from.to_owned() } else { format!("{from} to {to}") }
}

/// Holds the values of a box.
struct Values {
    purposes: PurposeSet,
    types: TypeSet,
    kinds: Vec<&'static str>,
    doors: DoorSet,
    origins: OriginSet,
    subjects: Vec<SubjectSet>,
    tlp: [Tlp; 2],
    pap: [Pap; 2],
    valid: (Timestamp, Timestamp),
}

impl Values {
    fn of(cell: &Cell) -> Values {
        let bits = |axis: Axis| u16::try_from(cell.set(axis)).unwrap_or_default();
        let (types, kinds) = cell.possible();
        let all_kinds = Kind::ALL.into_iter().map(Some).chain([None]);
        let subjects = (1..=SubjectSet::ALL.bits()).filter(|set| cell.set(Axis::Subject) & 1 << set != 0);
        let time = cell.span(Measure::Time);
        Values {
            purposes: PurposeSet::from_bits(bits(Axis::Purpose)),
            types: TypeSet::from_bits(types),
            kinds: all_kinds
                .filter(|kind| kinds & kind_bit(*kind) != 0)
                .map(|kind| kind.map_or("none", Kind::name))
                .collect(),
            doors: DoorSet::from_bits(bits(Axis::Door)),
            origins: OriginSet::from_bits(u8::try_from(bits(Axis::Origin)).unwrap_or_default()),
            subjects: subjects.map(SubjectSet::from_bits).collect(),
            tlp: edges(cell, Measure::Tlp).map(tlp),
            pap: edges(cell, Measure::Pap).map(pap),
            valid: (Timestamp::from_micros(time.from), Timestamp::from_micros(time.to.saturating_add(1))),
        }
    }
}

fn edges(cell: &Cell, measure: Measure) -> [i64; 2] {
    let span = cell.span(measure);
    [span.from, span.to]
}

fn tlp(level: i64) -> Tlp {
    usize::try_from(level).ok().and_then(|at| Tlp::ALL.get(at).copied()).unwrap_or(Tlp::Red)
}

fn pap(level: i64) -> Pap {
    usize::try_from(level).ok().and_then(|at| Pap::ALL.get(at).copied()).unwrap_or(Pap::Red)
}

#[derive(serde::Serialize)]
struct Pair<'a> {
    from: &'a PartyId,
    to: &'a PartyId,
}

#[derive(serde::Serialize)]
struct Range<T> {
    from: T,
    to: T,
}

impl serde::Serialize for Region {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let cell = &self.cell;
        let values = Values::of(cell);
        let range = |measure: Measure| {
            let [from, to] = edges(cell, measure);
            Range { from, to }
        };
        let mut out = serializer.serialize_struct("Region", 19)?;
        out.serialize_field("channel", self.channel().name())?;
        out.serialize_field("clause", &self.clause)?;
        let pairs: Vec<Pair<'_>> = self.pairs.iter().map(|(from, to)| Pair { from, to }).collect();
        out.serialize_field("pairs", &pairs)?;
        out.serialize_field("purpose", &values.purposes)?;
        out.serialize_field("types", &values.types)?;
        out.serialize_field("kinds", &values.kinds)?;
        out.serialize_field("doors", &values.doors)?;
        out.serialize_field("origin", &values.origins)?;
        out.serialize_field("subject", &values.subjects)?;
        let [from, to] = values.tlp.map(Tlp::key);
        out.serialize_field("tlp", &Range { from, to })?;
        let [from, to] = values.pap.map(Pap::key);
        out.serialize_field("pap", &Range { from, to })?;
        out.serialize_field("confidence", &range(Measure::Confidence))?;
        out.serialize_field("age_days", &range(Measure::Age))?;
        for (name, axis) in FLAGS {
            let bits = cell.set(axis);
            let both: Vec<bool> = [false, true].into_iter().filter(|flag| bits & 1 << u32::from(*flag) != 0).collect();
            out.serialize_field(name, &both)?;
        }
        let (from, to) = values.valid;
        out.serialize_field("valid", &Range { from, to })?;
        out.serialize_field("counterexample", &self.counterexample)?;
        out.serialize_field("sentence", &self.sentence)?;
        out.end()
    }
}

/// Counts the dimensions in which a point lies outside a box.
fn distance(point: &Cell, other: &Cell) -> usize {
    let sets = Axis::ALL.into_iter().filter(|axis| point.set(*axis) & !other.set(*axis) != 0);
    let spans = Measure::ALL.into_iter().filter(|measure| !other.span(*measure).contains(point.span(*measure).from));
    sets.count().saturating_add(spans.count())
}

/// Says what a box of the other text wants at a point, one phrase a dimension in which the point lies outside.
fn phrases(point: &Cell, clause: &Clause, other: &Cell) -> Vec<String> {
    let values = Values::of(point);
    let mut out = Vec::new();
    for axis in Axis::ALL.into_iter().filter(|axis| point.set(*axis) & !other.set(*axis) != 0) {
        out.push(match axis {
            Axis::Channel => continue,
            Axis::Purpose => format!("does not cover the purpose {}", values.purposes.names().join(" ")),
            Axis::Door => format!("does not open the door {}", values.doors.names().join(" ")),
            Axis::Type => format!("does not cover the type {}", values.types.names().join(" ")),
            Axis::Kind => format!("does not cover the kind {}", values.kinds.join(" ")),
            Axis::Origin => format!("does not cover {}", EN.origins(values.origins)),
            Axis::Subject => {
                let names: Vec<String> = values.subjects.iter().map(|set| set.names().join(" and ")).collect();
                format!("does not cover data about {}", names.join(", "))
            }
            Axis::Warninglisted => "withholds values on warninglists".to_owned(),
            Axis::InConstituency => "covers only what lies in the recipient's constituency".to_owned(),
            Axis::UnreviewedText => "wants free text reviewed first".to_owned(),
        });
    }
    let outside = |measure: &Measure| !other.span(*measure).contains(point.span(*measure).from);
    for measure in Measure::ALL.into_iter().filter(outside) {
        out.push(match measure {
            Measure::Tlp => format!("stops at {}", clause.tlp_max.name()),
            Measure::Pap => format!("stops at {}", clause.pap_max.name()),
            Measure::Confidence => format!("asks for a confidence of at least {}", clause.confidence_min),
            Measure::Age => format!("takes nothing older than {}", (EN.days)(u32::from(clause.max_age_days))),
            Measure::Time => {
                let (from, to) = Values::of(other).valid;
                format!("is valid from {from} until {to} only")
            }
        });
    }
    out
}

/// Says in one sentence why the other text does not permit a point: what its nearest clause wants.
pub(super) fn sentence(
    clause: &Clause,
    point: &Cell,
    pair: &(PartyId, PartyId),
    other: &Terms,
    cells: &[(usize, Cell)],
) -> String {
    let (from, to) = pair;
    let channel = point.channel();
    let deed = match channel {
        Channel::Release => format!("releases this from {from} to {to}"),
        Channel::Lookup => format!("lets {to} ask {from} blindly about this"),
        Channel::Counts => format!("releases counts of this from {from} to {to}"),
        Channel::Existence => format!("lets {to} learn from {from} that this exists"),
    };
    let same = cells.iter().filter(|(_, cell)| cell.channel() == channel);
    let nearest = same.min_by_key(|(_, cell)| distance(point, cell));
    let why = match nearest.and_then(|(at, cell)| Some((other.clauses.get(*at)?, cell))) {
        Some((nearest, cell)) => {
            let phrases = phrases(point, nearest, cell);
            let phrases: Vec<&str> = phrases.iter().map(String::as_str).collect();
            format!("its clause `{}` {}", nearest.id, EN.all(&phrases))
        }
        None => format!("it has no such clause from {from} to {to}"),
    };
    format!("clause `{}` {deed}, the other text does not: {why}", clause.id)
}
