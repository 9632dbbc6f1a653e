//! Counterexamples: one point of a region, as facts for the decision and as a STIX object with documentation values.

use entente_observable::Kind;
use entente_stix::build::Builder;
use entente_stix::marking::{Pap, Tlp};
use entente_stix::{Limits, Object, Timestamp, id};
use serde::ser::SerializeStruct;
use serde_json::{Map, Value, json};

use super::boxes::{Axis, Cell, Channel, Measure, Span, kind_bit};
use crate::facts::{Facts, MarkingState, Request};
use crate::ids::PartyId;
use crate::properties::{self, has_free_text};
use crate::text::kinds_of;
use crate::vocabulary::{Door, DoorSet, ObjectType, OriginSet, Purpose, PurposeSet, SubjectSet, TypeSet};

/// Shows one object, between two parties, for which two texts differ.
///
/// For a region of [`Channel::Release`] the text that permits the region permits this request, and the other does not. Its
/// values are those set aside for documentation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Counterexample {
    /// Releasing party.
    pub releaser: PartyId,
    /// Receiving party.
    pub recipient: PartyId,
    /// Purpose.
    pub purpose: Purpose,
    /// Door.
    pub door: Door,
    /// The instant of the request.
    pub now: Timestamp,
    /// What the decision knows about the object.
    pub facts: Facts,
    /// The object as STIX 2.1 text; `None` for counts, which are no STIX object.
    pub object: Option<String>,
}

impl Counterexample {
    /// Returns the question to put to [`decide`](crate::decide()).
    pub fn request(&self) -> Request<'_> {
        Request {
            releaser: &self.releaser,
            recipient: &self.recipient,
            purposes: PurposeSet::of(&[self.purpose]),
            doors: DoorSet::of(&[self.door]),
            now: self.now,
            facts: &self.facts,
        }
    }
}

impl serde::Serialize for Counterexample {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let facts = &self.facts;
        let mut out = serializer.serialize_struct("Counterexample", 18)?;
        out.serialize_field("from", &self.releaser)?;
        out.serialize_field("to", &self.recipient)?;
        out.serialize_field("purpose", &self.purpose)?;
        out.serialize_field("door", &self.door)?;
        out.serialize_field("now", &self.now)?;
        out.serialize_field("type", &facts.object_type)?;
        out.serialize_field("kind", facts.kind.map_or("none", Kind::name))?;
        out.serialize_field("tlp", facts.tlp.key())?;
        out.serialize_field("pap", facts.pap.key())?;
        out.serialize_field("origin", &facts.origin)?;
        out.serialize_field("subject", &facts.subject)?;
        out.serialize_field("confidence", &facts.confidence)?;
        out.serialize_field("age_days", &facts.age_days(self.now))?;
        out.serialize_field("warninglisted", &facts.warninglisted)?;
        out.serialize_field("in_constituency", &facts.in_constituency)?;
        out.serialize_field("has_text", &facts.has_text)?;
        out.serialize_field("text_reviewed", &facts.text_reviewed)?;
        let object: Option<Value> = self.object.as_deref().and_then(|text| serde_json::from_str(text).ok());
        out.serialize_field("object", &object)?;
        out.end()
    }
}

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// Picks the point of a box that lies next to its boundary; `own` is a box of the clause that permits it.
///
/// `None` only for a box that holds no possible object.
pub(super) fn pick(cell: &Cell, own: &Cell, pair: &(PartyId, PartyId)) -> Option<Counterexample> {
    let (types, kinds) = cell.possible();
    let object_type = TypeSet::from_bits(types).iter().next()?;
    let kind = natural_kind(object_type, kinds)?;
    let now = instant(cell.span(Measure::Time), own.span(Measure::Time));
    let level = |measure: Measure| usize::try_from(cell.span(measure).from).ok();
    let age = cell.span(Measure::Age).from;
    let age_reference = now.saturating_add_micros(age.saturating_mul(MICROS_PER_DAY).saturating_neg());
    let unreviewed = only_yes(cell.set(Axis::UnreviewedText));
    let subject = u8::try_from(cell.set(Axis::Subject).trailing_zeros()).ok()?;
    let mut facts = Facts {
        object_type,
        kind,
        tlp: *Tlp::ALL.get(level(Measure::Tlp)?)?,
        marking_state: MarkingState::Marked,
        pap: *Pap::ALL.get(level(Measure::Pap)?)?,
        origin: first(OriginSet::from_bits(u8::try_from(cell.set(Axis::Origin)).ok()?).iter())?,
        subject: SubjectSet::from_bits(subject),
        // A clause has a least confidence, so the boundary is above.
        confidence: u8::try_from(cell.span(Measure::Confidence).to).ok()?,
        // Whole milliseconds, as STIX writes them; the day stays the same.
        age_reference: age_reference.floor_to(1_000),
        warninglisted: only_yes(cell.set(Axis::Warninglisted)),
        quarantined: false,
        legal_hold: false,
        local_only: false,
        embargo_until: None,
        in_constituency: only_yes(cell.set(Axis::InConstituency)),
        has_text: unreviewed,
        text_reviewed: !unreviewed,
        echo: false,
        known_type: true,
    };
    let object = if cell.channel() == Channel::Counts { None } else { write(&facts) };
    let parsed = object.as_deref().and_then(|text| Object::parse(text.as_bytes(), &Limits::admission()).ok());
    facts.has_text = unreviewed || parsed.is_some_and(|object| has_free_text(&object));
    Some(Counterexample {
        releaser: pair.0.clone(),
        recipient: pair.1.clone(),
        purpose: first(PurposeSet::from_bits(u16::try_from(cell.set(Axis::Purpose)).ok()?).iter())?,
        door: first(DoorSet::from_bits(u16::try_from(cell.set(Axis::Door)).ok()?).iter())?,
        now,
        facts,
        object,
    })
}

fn first<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    items.next()
}

const fn only_yes(bits: u32) -> bool {
    bits == 0b10
}

/// Returns the first kind that the type has; for objects that carry no value themselves, none if that is among them.
fn natural_kind(object_type: ObjectType, kinds: u32) -> Option<Option<Kind>> {
    let mut fitting = kinds_of(object_type).iter().filter(|kind| kinds & kind_bit(*kind) != 0);
    let carries_value = object_type == ObjectType::Indicator || is_observable(object_type);
    if !carries_value && kinds & kind_bit(None) != 0 { Some(None) } else { fitting.next() }
}

/// Returns the instant next to the other text's validity: the end of a span that stops before the own validity does.
fn instant(span: Span, own: Span) -> Timestamp {
    if span.to < own.to {
        let second = Timestamp::from_micros(span.to).floor_to(MICROS_PER_SECOND);
        return second.max(Timestamp::from_micros(span.from));
    }
    Timestamp::from_micros(span.from)
}

/// Tells whether a type is a STIX observable, whose id follows from its value.
const fn is_observable(object_type: ObjectType) -> bool {
    matches!(
        object_type,
        ObjectType::Ipv4Addr
            | ObjectType::Ipv6Addr
            | ObjectType::DomainName
            | ObjectType::Url
            | ObjectType::EmailAddr
            | ObjectType::AutonomousSystem
            | ObjectType::File
            | ObjectType::NetworkTraffic
            | ObjectType::X509Certificate
            | ObjectType::UserAccount
    )
}

const TAIL: &str = "00000000-0000-4000-8000-000000000001";
const MALWARE: &str = "malware--00000000-0000-4000-8000-000000000002";
const INDICATOR: &str = "indicator--00000000-0000-4000-8000-000000000003";
/// SHA-256 of nothing.
const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const ADDRESS: &str = "198.51.100.7";

/// Writes an object of those facts.
fn write(facts: &Facts) -> Option<String> {
    let name = facts.object_type.name();
    let shape = properties::shape(facts.object_type)?;
    let own = members(facts);
    let observable = is_observable(facts.object_type);
    let id = if observable { id::sco_id(name, &own)? } else { format!("{name}--{TAIL}") };
    let mut builder = Builder::new(name, &id);
    if !observable {
        builder = builder.created(facts.age_reference).modified(facts.age_reference);
        builder = builder.raw("confidence", &facts.confidence.to_string());
        builder = builder.list("labels", &[facts.pap.name()]);
    }
    for (key, value) in &own {
        builder = builder.raw(key, &value.to_string());
    }
    if facts.has_text && shape.free_text.contains(&"description") {
        builder = builder.text("description", "An example.");
    }
    let bytes = builder.list("object_marking_refs", &[facts.tlp.marking_id()]).finish();
    String::from_utf8(bytes).ok()
}

/// Returns the members that only the type has.
fn members(facts: &Facts) -> Map<String, Value> {
    let at = facts.age_reference.to_string();
    let address = id::sco_value_id("ipv4-addr", ADDRESS);
    let value = match facts.object_type {
        ObjectType::Indicator => json!({ "pattern": pattern(facts.kind), "pattern_type": "stix", "valid_from": at }),
        ObjectType::Malware => json!({ "is_family": true, "malware_types": ["bot"] }),
        ObjectType::Infrastructure
        | ObjectType::AttackPattern
        | ObjectType::Tool
        | ObjectType::ThreatActor
        | ObjectType::IntrusionSet
        | ObjectType::Campaign
        | ObjectType::Vulnerability => json!({ "name": "Example" }),
        ObjectType::Relationship => {
            json!({ "relationship_type": "indicates", "source_ref": INDICATOR, "target_ref": MALWARE })
        }
        ObjectType::Sighting => json!({ "sighting_of_ref": INDICATOR }),
        ObjectType::ObservedData => {
            json!({ "first_observed": at, "last_observed": at, "number_observed": 1, "object_refs": [address] })
        }
        ObjectType::Identity => json!({ "name": "Example", "identity_class": "organization" }),
        ObjectType::Location => json!({ "region": "northern-europe" }),
        ObjectType::Report => json!({ "name": "Example", "published": at, "object_refs": [MALWARE] }),
        ObjectType::Grouping => json!({ "context": "suspicious-activity", "object_refs": [MALWARE] }),
        ObjectType::Note => json!({ "content": "An example.", "object_refs": [MALWARE] }),
        ObjectType::Opinion => json!({ "opinion": "neutral", "object_refs": [MALWARE] }),
        ObjectType::Ipv4Addr if facts.kind == Some(Kind::Network) => json!({ "value": "198.51.100.0/24" }),
        ObjectType::Ipv4Addr => json!({ "value": ADDRESS }),
        ObjectType::Ipv6Addr if facts.kind == Some(Kind::Network) => json!({ "value": "2001:db8::/32" }),
        ObjectType::Ipv6Addr => json!({ "value": "2001:db8::7" }),
        ObjectType::DomainName => json!({ "value": "host.example" }),
        ObjectType::Url => json!({ "value": "https://host.example/" }),
        ObjectType::EmailAddr => json!({ "value": "user@host.example" }),
        ObjectType::AutonomousSystem => json!({ "number": 64_500 }),
        ObjectType::File if facts.kind.is_none() => json!({ "name": "example.bin" }),
        ObjectType::File => json!({ "hashes": { "SHA-256": SHA256 } }),
        ObjectType::NetworkTraffic => json!({ "dst_ref": address, "dst_port": 443, "protocols": ["tcp"] }),
        ObjectType::X509Certificate if facts.kind.is_none() => json!({ "serial_number": "00:01" }),
        ObjectType::X509Certificate => json!({ "hashes": { "SHA-256": SHA256 } }),
        ObjectType::UserAccount => json!({ "user_id": "user" }),
        ObjectType::Aggregate | ObjectType::Other => json!({}),
    };
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Returns a pattern about one value of the kind.
fn pattern(kind: Option<Kind>) -> String {
    match kind {
        Some(Kind::Ipv4Addr) => format!("[ipv4-addr:value = '{ADDRESS}']"),
        Some(Kind::Ipv6Addr) => "[ipv6-addr:value = '2001:db8::7']".to_owned(),
        Some(Kind::Network) => "[ipv4-addr:value ISSUBSET '198.51.100.0/24']".to_owned(),
        Some(Kind::AutonomousSystem) => "[autonomous-system:number = 64500]".to_owned(),
        Some(Kind::DomainName) => "[domain-name:value = 'host.example']".to_owned(),
        Some(Kind::Url) => "[url:value = 'https://host.example/']".to_owned(),
        Some(Kind::EmailAddr) => "[email-addr:value = 'user@host.example']".to_owned(),
        Some(Kind::FileHash) => format!("[file:hashes.'SHA-256' = '{SHA256}']"),
        Some(Kind::X509Certificate) => format!("[x509-certificate:hashes.'SHA-256' = '{SHA256}']"),
        Some(Kind::TlsFingerprint) => "[x-tls:ja3 = '00000000000000000000000000000000']".to_owned(),
        Some(Kind::UserAccount) => "[user-account:user_id = 'user']".to_owned(),
        // Numbers set aside for fiction.
        Some(Kind::PhoneNumber) => "[x-phone:number = '+441632960001']".to_owned(),
        None => "[process:command_line = 'example']".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_and_kind_gives_a_valid_object_of_those_facts() {
        let now = Timestamp::parse("2026-12-02T10:00:00Z").unwrap();
        for object_type in ObjectType::ALL.iter().filter(|known| properties::shape(**known).is_some()) {
            for kind in kinds_of(*object_type).iter() {
                for has_text in [false, true] {
                    let mut facts = Facts::strictest();
                    (facts.object_type, facts.kind, facts.has_text) = (*object_type, kind, has_text);
                    (facts.tlp, facts.pap, facts.confidence) = (Tlp::Amber, Pap::Red, 40);
                    facts.age_reference = now;
                    let text = write(&facts).unwrap();
                    let object = Object::parse(text.as_bytes(), &Limits::admission()).unwrap();
                    entente_stix::validate::check(&object, now).unwrap_or_else(|error| panic!("{text}: {error}"));
                    assert_eq!(ObjectType::of_stix(object.object_type()), *object_type);
                    assert_eq!(object.object_marking_refs(), [Tlp::Amber.marking_id()]);
                    if is_observable(*object_type) {
                        assert_eq!(id::recomputed(&object).as_deref(), Some(object.id()), "{text}");
                    } else {
                        assert_eq!((object.modified(), object.confidence()), (Some(now), Some(40)));
                    }
                }
            }
        }
    }
}
