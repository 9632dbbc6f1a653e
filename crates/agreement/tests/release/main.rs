//! Obligations, the check of the result, closure: what really leaves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop")]

#[path = "../common/mod.rs"]
mod common;
mod granular;
mod victims;

use common::*;
use entente_agreement::{
    Agreement, Applied, Clause, Closing, Context, Facts, Keys, ObjectType, Origin, Reason, Residual, Subject,
    SubjectSet, Terms, apply, close, has_free_text, pseudonym_identity,
};
use entente_observable::Kind;
use entente_stix::marking::{Pap, Tlp};
use entente_stix::{Limits, Object, Timestamp, validate};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use victims::{victim, victim_site};

const RELEASER_IDENTITY: &str = "identity--2d4f2b0c-5f4c-4c7a-9a7b-0d6c3f1e2b01";
const C2_OBLIGATIONS: &str = "[\"redact-victim:prefix\", \"strip-source\", \"strip-free-text\", \"coarsen-time:1h\", \
     \"reduce-confidence-bucket\", \"remark:tlp=amber\", \"attribution:must-not\", \"retain:180d\", \"watermark\"]";
const ALL_TYPES: &str = "[\"indicator\", \"infrastructure\", \"malware\", \"attack-pattern\", \"tool\", \"threat-actor\", \
     \"intrusion-set\", \"campaign\", \"vulnerability\", \"relationship\", \"sighting\", \"observed-data\", \"identity\", \"location\", \
     \"report\", \"grouping\", \"note\", \"opinion\", \"ipv4-addr\", \"ipv6-addr\", \"domain-name\", \"url\", \"email-addr\", \
     \"autonomous-system\", \"file\", \"network-traffic\", \"x509-certificate\", \"user-account\"]";

/// Returns the terms of agr-12 with the obligations of c2-out replaced and its types, kinds and subjects widened.
fn terms_with(obligations: &[&str], text: bool) -> Terms {
    let list: Vec<String> = obligations.iter().map(|item| format!("\"{item}\"")).collect();
    let source = with(&text_of(AGR_12), C2_OBLIGATIONS, &format!("[{}]", list.join(", ")));
    let start = source.find("[[clause]]").unwrap();
    let (head, tail) = source.split_at(start);
    let tail = with(
        tail,
        "types = [\"indicator\", \"infrastructure\", \"malware\", \"ipv4-addr\", \"ipv6-addr\", \"domain-name\", \"url\", \"file\", \"relationship\"]",
        &format!("types = {ALL_TYPES}"),
    );
    let tail = with(&tail, "subject = [\"infrastructure\"]", "subject = [\"infrastructure\", \"suspect\"]");
    let tail = with(&tail, "confidence_min = 30", "confidence_min = 0");
    let tail = with(&tail, "text = false", &format!("text = {text}"));
    let tail = with(&tail, "pap_max = \"green\"", "pap_max = \"red\"");
    Terms::parse(&format!("{head}{tail}")).unwrap_or_else(|errors| panic!("{errors:?}"))
}

struct Bench {
    terms: Terms,
    keys: Keys,
    victims: Vec<(Kind, String)>,
    withheld: Vec<(Kind, String)>,
}

impl Bench {
    fn of(obligations: &[&str], text: bool) -> Bench {
        Bench {
            terms: terms_with(obligations, text),
            keys: Keys::new(&[1; 32], &[2; 32]),
            victims: vec![],
            withheld: vec![],
        }
    }

    fn clause(&self) -> &Clause {
        &self.terms.clauses[0]
    }

    fn apply(&self, object: &Object, facts: &Facts) -> Result<Applied, Reason> {
        let (releaser, recipient) = (party("northtel"), party("fusion"));
        let context = Context {
            terms: &self.terms,
            clause: self.clause(),
            releaser: &releaser,
            recipient: &recipient,
            keys: &self.keys,
            releaser_identity: RELEASER_IDENTITY,
            victim_values: &self.victims,
            withheld_values: &self.withheld,
            ordinal: 0,
            now: now(),
        };
        apply(object, facts, &context)
    }
}

fn parse(value: &Value) -> Object {
    let object = Object::parse(value.to_string().as_bytes(), &Limits::admission()).unwrap();
    validate::check(&object, now()).unwrap_or_else(|error| panic!("{error} {value}"));
    object
}

fn facts_of(object: &Object, subject: SubjectSet) -> Facts {
    Facts {
        object_type: ObjectType::of_stix(object.object_type()),
        kind: None,
        tlp: Tlp::Green,
        subject,
        confidence: object.confidence().unwrap_or(50),
        has_text: has_free_text(object),
        text_reviewed: true,
        ..c2_facts()
    }
}

fn infrastructure() -> SubjectSet {
    SubjectSet::of(&[Subject::Infrastructure])
}

const UUID: &str = "7fdb1b77-e9e1-4be2-8b0d-5b5b8a1a7a11";

fn indicator(pattern: &str, more: Value) -> Value {
    let mut value = json!({
        "type": "indicator", "spec_version": "2.1", "id": format!("indicator--{UUID}"),
        "created": "2026-11-30T09:12:44.120Z", "modified": "2026-11-30T09:12:44.120Z",
        "created_by_ref": RELEASER_IDENTITY, "confidence": 80,
        "pattern": pattern, "pattern_type": "stix", "valid_from": "2026-11-30T09:12:44.120Z",
        "valid_until": "2027-01-30T09:12:44.120Z",
        "object_marking_refs": [Tlp::Green.marking_id()],
    });
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    value
}

fn members(applied: &Applied) -> Map<String, Value> {
    serde_json::from_slice(&applied.bytes).unwrap()
}

#[test]
fn the_c2_clause_of_the_format_turns_an_indicator_into_a_derived_one() {
    let agreement = agr_12();
    let bench = Bench { terms: (**agreement.terms()).clone(), ..Bench::of(&["retain:1d"], false) };
    let object = parse(&indicator(
        "[ipv4-addr:value = '203.0.113.9']",
        json!({
            "name": "Emotet at customer Miller", "description": "seen by sensor 7", "labels": ["role:c2", "emotet", "country:XN"],
            "x_case": "42", "external_references": [{"source_name": "feed", "url": "https://feed.example/1"},
                {"source_name": "mitre-attack", "external_id": "T1071", "url": "https://attack.mitre.org/techniques/T1071"}],
        }),
    ));
    let applied = bench.apply(&object, &c2_facts()).unwrap();
    let out = members(&applied);
    let keys: Vec<&str> = out.keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "type",
            "spec_version",
            "id",
            "created",
            "modified",
            "created_by_ref",
            "confidence",
            "pattern",
            "pattern_type",
            "valid_from",
            "valid_until",
            "object_marking_refs",
            "labels",
            "external_references",
        ]
    );
    assert_eq!(out["labels"], json!(["role:c2", "country:XN"]));
    assert_eq!(out["external_references"], json!([{"source_name": "mitre-attack", "external_id": "T1071"}]));
    assert_eq!(out["created"], "2026-11-30T09:00:00.000Z");
    assert_eq!(out["modified"], "2026-11-30T09:00:00.000Z");
    assert_eq!(out["valid_until"], "2027-01-30T10:00:00.000Z");
    assert_eq!(out["confidence"], 85);
    assert_eq!(out["object_marking_refs"], json!([Tlp::Amber.marking_id()]));
    assert_ne!(out["id"], format!("indicator--{UUID}"));
    assert_ne!(out["created_by_ref"], RELEASER_IDENTITY);
    let names: Vec<&str> = applied.effects.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "allow-list",
            "strip-free-text",
            "strip-source",
            "coarsen-time:1h",
            "reduce-confidence-bucket",
            "remark:tlp=amber",
            "derive",
        ]
    );
    assert_eq!(applied.object_id, out["id"]);
}

#[test]
fn an_object_that_needs_no_change_keeps_its_id_and_bytes() {
    let bench = Bench::of(&["retain:30d"], false);
    let object = parse(&indicator("[url:value = 'http://c2.monsoon.example/']", json!({})));
    let applied = bench.apply(&object, &facts_of(&object, infrastructure())).unwrap();
    assert!(!applied.changed);
    assert_eq!(applied.bytes, object.raw());
    let marked = Bench::of(&["retain:30d", "watermark"], false);
    assert_ne!(marked.apply(&object, &facts_of(&object, infrastructure())).unwrap().object_id, object.id());
}

#[test]
fn two_versions_in_one_bucket_stay_apart_and_keep_their_derived_id() {
    let bench = Bench::of(&["coarsen-time:1d", "retain:30d"], false);
    let (releaser, recipient) = (party("northtel"), party("fusion"));
    let version = |modified: &str, ordinal: u32| {
        let object = parse(&indicator("[url:value = 'http://c2.monsoon.example/']", json!({"modified": modified})));
        let context = Context {
            terms: &bench.terms,
            clause: bench.clause(),
            releaser: &releaser,
            recipient: &recipient,
            keys: &bench.keys,
            releaser_identity: RELEASER_IDENTITY,
            victim_values: &[],
            withheld_values: &[],
            ordinal,
            now: now(),
        };
        members(&apply(&object, &facts_of(&object, infrastructure()), &context).unwrap())
    };
    let (first, second) = (version("2026-11-30T10:00:00.000Z", 0), version("2026-11-30T11:00:00.000Z", 1));
    assert_eq!(first["id"], second["id"]);
    assert_eq!(
        (first["modified"].as_str(), second["modified"].as_str()),
        (Some("2026-11-30T00:00:00.000Z"), Some("2026-11-30T00:00:00.001Z"))
    );
}

#[test]
fn required_names_become_labels_and_public_ids_stay() {
    let bench = Bench::of(&["strip-free-text", "retain:30d"], false);
    let named = |object_type: &str, name: &str, more: Value| {
        let mut value = json!({
            "type": object_type, "spec_version": "2.1", "id": format!("{object_type}--{UUID}"),
            "created": "2026-11-30T09:12:44.120Z", "modified": "2026-11-30T09:12:44.120Z", "name": name,
        });
        value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let object = parse(&value);
        members(&bench.apply(&object, &facts_of(&object, infrastructure())).unwrap())["name"].clone()
    };
    assert_eq!(
        named("infrastructure", "Bob's server", json!({"infrastructure_types": ["command-and-control"]})),
        "command-and-control"
    );
    assert_eq!(named("infrastructure", "Bob's server", json!({})), "unnamed");
    assert_eq!(named("vulnerability", "CVE-2024-12345", json!({})), "CVE-2024-12345");
    assert_eq!(named("attack-pattern", "T1566.001", json!({})), "T1566.001");
    assert_eq!(named("campaign", "Monsoon", json!({})), "unnamed");
    assert_eq!(named("identity", "Northtel plc", json!({"identity_class": "organization"})), "Northtel plc");
    assert_eq!(named("identity", "Jane Doe", json!({"identity_class": "individual"})), "unnamed");
}

#[test]
fn patterns_in_another_language_and_finer_times_are_dropped() {
    let bench = Bench::of(&["strip-free-text", "coarsen-time:1h", "retain:30d"], false);
    let yara = parse(&indicator("rule x { condition: true }", json!({"pattern_type": "yara"})));
    assert_eq!(bench.apply(&yara, &facts_of(&yara, infrastructure())), Err(Reason::ObligationPattern));
    let timed = |start: &str| {
        let pattern = format!("[url:value = 'http://c2.example/'] START t'{start}' STOP t'2026-11-30T12:00:00Z'");
        let object = parse(&indicator(&pattern, json!({})));
        bench.apply(&object, &facts_of(&object, infrastructure())).map(|_| ())
    };
    assert_eq!(timed("2026-11-30T10:00:00Z"), Ok(()));
    assert_eq!(timed("2026-11-30T10:30:00Z"), Err(Reason::ObligationPattern));
}

#[test]
fn neighbours_of_a_withheld_value_are_not_mistaken_for_it() {
    let residual = Residual::new(&[(Kind::Ipv4Addr, "198.51.100.7".into()), (Kind::DomainName, "shop.example".into())]);
    for clean in ["198.51.100.77", "1198.51.100.7", "workshop.example", "shop.example.net", "198.51.100.0/24"] {
        assert!(!residual.is_in(clean.as_bytes()), "{clean}");
    }
}

fn observable_id(value: &str) -> String {
    entente_stix::id::sco_value_id("ipv4-addr", value)
}

fn relationship(uuid: u8, source: &str, target: &str) -> Object {
    parse(&json!({
        "type": "relationship", "spec_version": "2.1", "id": format!("relationship--7fdb1b77-e9e1-4be2-8b0d-5b5b8a1a7a{uuid:02x}"),
        "created": "2026-11-30T09:12:44.120Z", "modified": "2026-11-30T09:12:44.120Z",
        "relationship_type": "related-to", "source_ref": source, "target_ref": target,
        "object_marking_refs": [Tlp::Green.marking_id()],
    }))
}

#[test]
fn closure_rewrites_to_released_ids_and_drops_what_dangles() {
    let bench = Bench::of(&["redact-victim:hmac", "strip-free-text", "coarsen-time:1h", "retain:30d"], false);
    let c2 = parse(&indicator("[ipv4-addr:value = '203.0.113.9']", json!({})));
    let site = victim_site();
    let kept = relationship(1, c2.id(), site.id());
    let dangling = relationship(2, c2.id(), &observable_id("198.51.100.99"));
    let to_held = relationship(3, c2.id(), &observable_id("192.0.2.1"));
    let report = parse(&json!({
        "type": "grouping", "spec_version": "2.1", "id": format!("grouping--{UUID}"), "context": "suspicious-activity",
        "created": "2026-11-30T09:12:44.120Z", "modified": "2026-11-30T09:12:44.120Z",
        "object_refs": [dangling.id(), kept.id(), observable_id("198.51.100.99")],
    }));
    let only_dangling = parse(&json!({
        "type": "grouping", "spec_version": "2.1", "id": "grouping--7fdb1b77-e9e1-4be2-8b0d-5b5b8a1a7aff", "context": "suspicious-activity",
        "created": "2026-11-30T09:12:44.120Z", "modified": "2026-11-30T09:12:44.120Z", "object_refs": [dangling.id()],
    }));
    let mut batch: Vec<Closing> = [&c2, &site, &kept, &dangling, &to_held, &report, &only_dangling]
        .into_iter()
        .map(|object| {
            let subject = if object.object_type() == "identity" { victim() } else { infrastructure() };
            Closing::new(object.id(), bench.apply(object, &facts_of(object, subject)).unwrap())
        })
        .collect();
    let held = observable_id("192.0.2.1");
    close(&mut batch, &|id| (id == held).then(|| id.to_owned()));
    let dropped: Vec<bool> = batch.iter().map(|closing| closing.dropped.is_some()).collect();
    assert_eq!(dropped, [false, false, false, true, false, false, true]);
    let out = members(&batch[2].applied);
    assert_eq!(out["source_ref"], batch[0].applied.object_id);
    assert_eq!(out["target_ref"], batch[1].applied.object_id);
    assert_eq!(members(&batch[4].applied)["target_ref"], observable_id("192.0.2.1"));
    assert_eq!(members(&batch[5].applied)["object_refs"], json!([batch[2].applied.object_id]));
    // No released byte names an original or withheld object.
    for closing in batch.iter().filter(|closing| closing.dropped.is_none()) {
        let text = String::from_utf8(closing.applied.bytes.clone()).unwrap();
        for hidden in [c2.id(), site.id(), kept.id(), dangling.id(), &observable_id("198.51.100.99")] {
            assert!(!text.contains(hidden), "{hidden} in {text}");
        }
    }
}

#[test]
fn an_unchanged_object_takes_a_derived_id_when_closing_changes_it() {
    let bench = Bench::of(&["retain:30d"], false);
    let c2 = parse(&indicator("[ipv4-addr:value = '203.0.113.9']", json!({"labels": ["emotet"]})));
    let link = relationship(1, c2.id(), c2.id());
    let mut batch: Vec<Closing> = [&c2, &link]
        .into_iter()
        .map(|object| Closing::new(object.id(), bench.apply(object, &facts_of(object, infrastructure())).unwrap()))
        .collect();
    assert_eq!(batch[1].applied.object_id, link.id());
    close(&mut batch, &|_| None);
    assert_ne!(batch[1].applied.object_id, link.id());
    assert_eq!(members(&batch[1].applied)["id"], batch[1].applied.object_id);
    assert_eq!(members(&batch[1].applied)["created_by_ref"], RELEASER_IDENTITY);
}

#[test]
fn reviewed_text_about_a_victim_whose_values_are_unknown_does_not_leave() {
    let bench = Bench::of(&["redact-victim:hmac", "retain:30d"], true);
    let site = relationship(1, &format!("indicator--{UUID}"), &format!("identity--{UUID}"));
    let mut value = site.json();
    value.insert("description".into(), json!("the shop of Jane Doe"));
    let object = parse(&Value::Object(value));
    let facts = facts_of(&object, infrastructure().with(Subject::Victim));
    assert_eq!(bench.apply(&object, &facts), Err(Reason::ObligationError));
}

#[test]
fn the_author_is_the_party_or_its_pseudonym() {
    let (releaser, recipient) = (party("northtel"), party("fusion"));
    for (obligations, hidden) in [(&["retain:30d"][..], false), (&["attribution:must-not", "retain:30d"][..], true)] {
        let bench = Bench::of(obligations, false);
        let context = Context {
            terms: &bench.terms,
            clause: bench.clause(),
            releaser: &releaser,
            recipient: &recipient,
            keys: &bench.keys,
            releaser_identity: RELEASER_IDENTITY,
            victim_values: &[],
            withheld_values: &[],
            ordinal: 0,
            now: now(),
        };
        let identity = Object::parse(&pseudonym_identity(&context), &Limits::admission()).unwrap();
        validate::check(&identity, now()).unwrap();
        assert_eq!(identity.id() != RELEASER_IDENTITY, hidden);
        assert_eq!(identity.text("name").unwrap() != "Northtel plc", hidden);
    }
}

#[test]
fn pap_that_cannot_be_written_is_not_widened() {
    let bench = Bench::of(&["retain:30d"], false);
    let object = parse(
        &json!({"type": "ipv4-addr", "spec_version": "2.1", "value": "203.0.113.9", "id": observable_id("203.0.113.9")}),
    );
    let facts = Facts { pap: Pap::Red, ..facts_of(&object, infrastructure()) };
    assert_eq!(bench.apply(&object, &facts), Err(Reason::DoorCannotExpressMarking));
    let object = parse(&indicator("[url:value = 'http://c2.example/']", json!({"labels": ["role:c2"]})));
    let out = members(&bench.apply(&object, &facts).unwrap());
    assert_eq!(out["labels"], json!(["role:c2", "PAP:RED"]));
}

/// Property values by name, good and bad ones, for random objects.
fn property(name: &str, pick: u8) -> Value {
    let time = |hour: u8| format!("2026-11-30T{:02}:12:44.120Z", hour % 20);
    match name {
        "created" | "modified" | "first_seen" | "first_observed" | "valid_from" | "start_time" | "start"
        | "published" => json!(time(pick % 8)),
        "last_seen" | "last_observed" | "stop_time" | "end" | "valid_until" => json!(time(9 + pick % 8)),
        "validity_not_before" | "validity_not_after" => json!(time(pick)),
        "pattern" => json!("[domain-name:value = 'c2.monsoon.example']"),
        "pattern_type" => json!("stix"),
        "pattern_version" => json!("2.1"),
        "confidence" => json!(pick % 101),
        "revoked" | "is_family" | "summary" | "defanged" => json!(pick.is_multiple_of(2)),
        "labels" => json!(["role:c2", "Free text", "country:XN", "PAP:GREEN"]),
        "external_references" => {
            json!([{"source_name": "cve", "external_id": "CVE-2024-1"}, {"source_name": "blog", "url": "https://b.example/"}])
        }
        "kill_chain_phases" => json!([{"kill_chain_name": "mitre-attack", "phase_name": "impact"}]),
        "latitude" | "longitude" | "precision" => json!(12.5),
        "number" | "number_observed" | "count" | "size" | "dst_port" => json!(u32::from(pick) + 1),
        "opinion" => json!("agree"),
        "context" => json!("suspicious-activity"),
        "lang" => json!("en"),
        "relationship_type" => json!("related-to"),
        "identity_class" => json!(["organization", "individual", "unknown"][usize::from(pick % 3)]),
        "country" => json!("US"),
        // Typed properties that happen to be words.
        "city" | "postal_code" | "region" | "rir" | "sophistication" | "mime_type" => json!("word"),
        "protocols" => json!(["tcp"]),
        "hashes" => json!({"SHA-256": "3696668f6f827407e5ff469091d3da2449de15b914b45b1afe87aeb5436f3ecb"}),
        _ if name.ends_with("_ref") || name.ends_with("_refs") => reference(name),
        _ if name.ends_with("s") && name != "name" && name != "explanation" => json!(["word"]),
        _ => json!(format!("text {pick}")),
    }
}

fn reference(name: &str) -> Value {
    let id = match name {
        "sighting_of_ref" | "source_ref" | "target_ref" | "object_refs" => format!("indicator--{UUID}"),
        "observed_data_refs" => format!("observed-data--{UUID}"),
        "created_by_ref" | "where_sighted_refs" => RELEASER_IDENTITY.to_owned(),
        "belongs_to_refs" => format!("autonomous-system--{UUID}"),
        "sample_refs" => format!("file--{UUID}"),
        _ => observable_id("203.0.113.9"),
    };
    if name.ends_with('s') { json!([id]) } else { json!(id) }
}

/// Type, required properties, optional ones: of the allow-list and others.
const SHAPES: &[(&str, &str, &str)] = &[
    (
        "indicator",
        "pattern pattern_type valid_from",
        "name description valid_until indicator_types kill_chain_phases pattern_version",
    ),
    ("infrastructure", "name", "aliases description infrastructure_types first_seen last_seen"),
    ("malware", "is_family name", "aliases description malware_types first_seen last_seen capabilities sample_refs"),
    ("attack-pattern", "name", "aliases description kill_chain_phases"),
    ("threat-actor", "name", "aliases description goals roles sophistication first_seen last_seen"),
    ("campaign", "name", "aliases description objective first_seen last_seen"),
    ("vulnerability", "name", "description"),
    ("relationship", "relationship_type source_ref target_ref", "description start_time stop_time"),
    (
        "sighting",
        "sighting_of_ref",
        "description first_seen last_seen count summary observed_data_refs where_sighted_refs",
    ),
    ("observed-data", "first_observed last_observed number_observed object_refs", ""),
    ("identity", "name identity_class", "description sectors contact_information roles"),
    ("location", "country", "region latitude longitude city postal_code name description"),
    ("report", "name published object_refs", "description report_types"),
    ("grouping", "context object_refs", "name description"),
    ("opinion", "opinion object_refs", "explanation authors"),
    ("ipv4-addr", "value", "belongs_to_refs defanged"),
    ("domain-name", "value", "resolves_to_refs"),
    ("autonomous-system", "number", "name rir"),
    ("file", "hashes", "name size mime_type"),
    ("network-traffic", "protocols dst_ref", "src_ref dst_port start end"),
];

fn sample(shape: usize, chosen: u32, pick: u8) -> Object {
    let (object_type, required, optional) = SHAPES[shape % SHAPES.len()];
    let observable =
        matches!(object_type, "ipv4-addr" | "domain-name" | "autonomous-system" | "file" | "network-traffic");
    let mut value = Map::new();
    value.insert("type".into(), json!(object_type));
    value.insert("spec_version".into(), json!("2.1"));
    value.insert("id".into(), json!(format!("{object_type}--7fdb1b77-e9e1-4be2-8b0d-5b5b8a1a7a12")));
    let common = "created modified";
    let extra = "confidence revoked lang created_by_ref labels external_references";
    let (common, extra) = if observable { ("", "") } else { (common, extra) };
    for name in common.split_whitespace().chain(required.split_whitespace()) {
        value.insert(name.into(), property(name, pick));
    }
    if value.contains_key("created") {
        value.insert("modified".into(), value["created"].clone());
    }
    let names = optional.split_whitespace().chain(extra.split_whitespace()).chain(["x_secret", "x_9"]);
    for (bit, name) in names.enumerate() {
        if chosen >> bit & 1 == 1 {
            value.insert(name.into(), property(name, pick));
        }
    }
    match object_type {
        "ipv4-addr" => value.insert("value".into(), json!("203.0.113.9")),
        "domain-name" => value.insert("value".into(), json!("c2.monsoon.example")),
        _ => None,
    };
    if chosen & 1 == 1 {
        value.insert("object_marking_refs".into(), json!([Tlp::Clear.marking_id()]));
    }
    if observable && let Some(id) = entente_stix::id::sco_id(object_type, &value) {
        value.insert("id".into(), json!(id));
    }
    parse(&Value::Object(value))
}

const OBLIGATIONS: [&str; 14] = [
    "strip-source",
    "coarsen-location:country",
    "coarsen-time:1h",
    "coarsen-time:1d",
    "reduce-confidence-bucket",
    "attribution:must-not",
    "attribution:may",
    "remark:tlp=amber",
    "remark:pap=amber",
    "watermark",
    "redact-victim:hmac",
    "redact-victim:drop",
    "drop-property:count",
    "drop-property:labels",
];

fn chosen_obligations(bits: u16) -> Vec<&'static str> {
    let mut list: Vec<&str> = vec!["retain:30d"];
    for (bit, name) in OBLIGATIONS.iter().enumerate() {
        let kind = name.split(':').next().unwrap();
        let single = !matches!(kind, "remark" | "drop-property")
            && list.iter().any(|known| known.split(':').next() == Some(kind));
        if bits >> bit & 1 == 1 && !single {
            list.push(name);
        }
    }
    list
}

fn is_generalised(name: &str, before: &Value, after: &Value) -> bool {
    let instant = |value: &Value| Timestamp::parse(value.as_str().unwrap()).unwrap();
    match name {
        "id" | "created_by_ref" | "object_marking_refs" => true,
        "created" | "modified" | "first_seen" | "first_observed" | "valid_from" | "start_time" | "start"
        | "published" => instant(after) <= instant(before),
        "last_seen" | "last_observed" | "valid_until" | "stop_time" | "end" => instant(after) >= instant(before),
        "confidence" => [0, 15, 50, 85].contains(&after.as_u64().unwrap()),
        "name" => ["unnamed", "word"].contains(&after.as_str().unwrap()),
        "labels" => after
            .as_array()
            .unwrap()
            .iter()
            .all(|label| before.as_array().unwrap().contains(label) || label.as_str().unwrap().starts_with("PAP:")),
        "external_references" => {
            after.as_array().unwrap().iter().all(|entry| before.as_array().unwrap().contains(entry))
        }
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    // T-A2: total, monotone, idempotent; the post-check passes for every object that matched.
    #[test]
    fn ta2_obligations_are_total_monotone_and_idempotent(
        shape in 0_usize..20, chosen in any::<u32>(), pick in any::<u8>(), bits in any::<u16>(), text in any::<bool>(),
    ) {
        let list = chosen_obligations(bits);
        let bench = Bench::of(&list, text);
        let object = sample(shape, chosen, pick);
        let facts = Facts { tlp: Tlp::Clear, ..facts_of(&object, infrastructure()) };
        let observable = entente_stix::kinds::class(object.object_type()) == Some(entente_stix::kinds::Class::Sco);
        let applied = match bench.apply(&object, &facts) {
            Ok(applied) => applied,
            // The only denials: labels that an observable cannot carry.
            Err(reason) => {
                prop_assert!(observable && reason == Reason::DoorCannotExpressMarking, "{:?} {}", reason, String::from_utf8_lossy(object.raw()));
                return Ok(());
            }
        };
        let (before, after) = (object.json(), members(&applied));
        for (name, value) in &after {
            let same = before.get(name) == Some(value);
            let new = ["created_by_ref", "object_marking_refs", "labels"].contains(&name.as_str()) && !before.contains_key(name);
            let general = || before.get(name).is_some_and(|old| is_generalised(name, old, value));
            prop_assert!(same || new || general(), "{}: {:?} became {}", name, before.get(name), value);
        }
        prop_assert!(!after.keys().any(|name| name.starts_with("x_")));
        // Names of organisations and of autonomous systems are typed.
        let named = matches!(object.object_type(), "identity" | "autonomous-system");
        if !text && !named {
            prop_assert!(!String::from_utf8_lossy(&applied.bytes).contains("text "));
        }
        // Once more over the result: nothing but the id changes.
        let released = Object::parse(&applied.bytes, &Limits::admission()).unwrap();
        let least = if bench.clause().obligations.remark_tlp.is_some() { Tlp::Amber } else { Tlp::Clear };
        let pap = bench.clause().obligations.remark_pap.unwrap_or(Pap::Green);
        let again = bench.apply(&released, &Facts { tlp: least, pap, ..facts }).unwrap();
        let (mut once, mut twice) = (after, members(&again));
        for key in ["id", "created_by_ref"] {
            once.remove(key);
            twice.remove(key);
        }
        prop_assert_eq!(once, twice);
        // The order of the text is irrelevant.
        let reversed: Vec<&str> = list.iter().rev().copied().collect();
        prop_assert_eq!(&Bench::of(&reversed, text).apply(&object, &facts).unwrap().bytes, &applied.bytes);
    }

    // T-A4 (9.3): nothing released refers to anything that is not, and leaving one object out adds none.
    #[test]
    fn ta4_closure_holds_on_random_graphs_with_cycles(
        edges in proptest::collection::vec((0_usize..8, 0_usize..10), 1..24), missing in 0_usize..8,
    ) {
        let bench = Bench::of(&["coarsen-time:1d", "retain:30d"], false);
        let id = |at: usize| format!("grouping--7fdb1b77-e9e1-4be2-8b0d-5b5b8a1a7a{at:02x}");
        let run = |without: Option<usize>| -> Vec<Closing> {
            let mut batch: Vec<Closing> = (0..8)
                .filter(|at| Some(*at) != without)
                .filter_map(|at| {
                    let refs: Vec<String> = edges.iter().filter(|(from, _)| *from == at).map(|(_, to)| id(*to)).collect();
                    let mut value = json!({
                        "type": "grouping", "spec_version": "2.1", "id": id(at), "context": "suspicious-activity",
                        "created": "2026-11-30T09:12:44.120Z", "modified": "2026-11-30T09:12:44.120Z", "object_refs": refs,
                    });
                    if refs.is_empty() {
                        value = indicator("[url:value = 'http://c2.example/']", json!({}));
                        value["id"] = json!(id(at).replace("grouping", "indicator"));
                        return None.or(Some((id(at), value)));
                    }
                    Some((id(at), value))
                })
                .map(|(original, value)| {
                    let object = parse(&value);
                    Closing::new(original, bench.apply(&object, &facts_of(&object, infrastructure())).unwrap())
                })
                .collect();
            close(&mut batch, &|_| None);
            batch
        };
        let kept = |batch: &[Closing]| -> Vec<String> {
            batch.iter().filter(|closing| closing.dropped.is_none()).map(|closing| closing.original_id.clone()).collect()
        };
        let batch = run(None);
        let released: Vec<&str> = batch.iter().filter(|c| c.dropped.is_none()).map(|c| c.applied.object_id.as_str()).collect();
        for closing in batch.iter().filter(|closing| closing.dropped.is_none()) {
            let object = Object::parse(&closing.applied.bytes, &Limits::admission()).unwrap();
            for reference in object.references() {
                let known = released.contains(&reference.target.as_str())
                    || reference.target == closing.applied.author
                    || Tlp::from_marking_id(&reference.target).is_some();
                prop_assert!(known, "{} {}", reference.path, reference.target);
            }
        }
        let mut again = batch.clone();
        close(&mut again, &|_| None);
        for (once, twice) in batch.iter().zip(&again) {
            prop_assert_eq!(&once.applied.bytes, &twice.applied.bytes);
        }
        let all = kept(&batch);
        prop_assert!(kept(&run(Some(missing))).iter().all(|id| all.contains(id)));
    }
}

#[test]
fn an_operation_text_redacts_victims_by_pseudonym_too() {
    let operation = Agreement::open(OPERATION.as_bytes()).unwrap();
    let clause = operation.terms().clause("contribute").unwrap();
    let (releaser, recipient) = (party("northtel"), party("fusion"));
    let keys = Keys::new(&[1; 32], &[2; 32]);
    let context = Context {
        terms: operation.terms(),
        clause,
        releaser: &releaser,
        recipient: &recipient,
        keys: &keys,
        releaser_identity: RELEASER_IDENTITY,
        victim_values: &[],
        withheld_values: &[],
        ordinal: 0,
        now: at("2026-12-12T00:00:00Z"),
    };
    let object = parse(
        &json!({"type": "ipv4-addr", "spec_version": "2.1", "value": "198.51.100.77", "id": observable_id("198.51.100.77")}),
    );
    let facts = Facts { kind: Some(Kind::Ipv4Addr), age_reference: now(), ..facts_of(&object, victim()) };
    let out = members(&apply(&object, &facts, &context).unwrap());
    assert_eq!(out["type"], "identity");
    assert_eq!(out["object_marking_refs"], json!([Tlp::AmberStrict.marking_id()]));
}
