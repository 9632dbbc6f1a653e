//! Decisions and releases per second on one core, and the time to compare two texts.
//!
//! `cargo bench -p entente-agreement --bench decide`. Each figure is one decision, or one object through its obligations.
#![expect(clippy::unwrap_used, reason = "the inputs are fixed; a benchmark may stop")]

use entente_agreement::{
    Agreement, Context, Door, DoorSet, Facts, Keys, MarkingState, ObjectType, Origin, PartyId, Purpose, PurposeSet,
    Request, Subject, SubjectSet, apply, compare, decide, sign,
};
use entente_ledger::note::SigningKey;
use entente_observable::Kind;
use entente_stix::marking::{Pap, Tlp};
use entente_stix::{Limits, Object, Timestamp};
use sha2::{Digest, Sha256};

const NOTE: &str = include_str!("../tests/fixtures/agr-12.v3.agreement");

fn main() {
    divan::main();
}

fn text() -> String {
    NOTE.split_once("\n\n\u{2014} ").map(|(text, _)| format!("{text}\n")).unwrap_or_default()
}

/// Makes the key of that name from the seed of the published examples.
fn key(name: &str) -> SigningKey {
    let seed: [u8; 32] = Sha256::digest(format!("entente design example: {name}").as_bytes()).into();
    SigningKey::from_seed(name, &seed).unwrap()
}

fn signed(text: &str) -> Agreement {
    let note = sign::sign(text.as_bytes(), &key("northtel.example/agreements")).unwrap();
    Agreement::open(&sign::sign(&note, &key("fusion.example/agreements")).unwrap()).unwrap()
}

/// Writes agreement number `nth` with the clauses of the example and more of them up to `clauses`, none of which match.
fn agreement(nth: usize, clauses: usize) -> Agreement {
    let id = format!("agr-{}", 20 + nth);
    let mut text = text().replacen("id = \"agr-12\"", &format!("id = \"{id}\""), 1);
    for node in ["exchange.northtel.example", "fusion.example"] {
        let start = text.find(&format!("log_vkey = \"{node}/")).unwrap();
        let end = start + text[start..].find('\n').unwrap();
        let vkey = key(&format!("{node}/agr/{id}")).verifier().to_string();
        text.replace_range(start..end, &format!("log_vkey = \"{vkey}\""));
    }
    let start = text.find("[[clause]]\nid = \"phish-out\"").unwrap();
    let end = text.find("[[clause]]\nid = \"c2-in\"").unwrap();
    let phishing = text[start..end].to_owned();
    let more: String = (5..clauses)
        .map(|extra| {
            // Each copy differs in one ceiling only, so that it is not covered by those before it.
            let clause = phishing.replacen("id = \"phish-out\"", &format!("id = \"phish-{extra}\""), 1);
            clause.replacen("max_age_days = 30", &format!("max_age_days = {}", 30 + extra), 1)
        })
        .collect();
    text.insert_str(end, &more);
    signed(&text)
}

fn facts() -> Facts {
    Facts {
        object_type: ObjectType::Indicator,
        kind: Some(Kind::Ipv4Addr),
        tlp: Tlp::Green,
        marking_state: MarkingState::Marked,
        pap: Pap::Green,
        origin: Origin::Own,
        subject: SubjectSet::of(&[Subject::Infrastructure]),
        confidence: 80,
        age_reference: Timestamp::parse("2026-11-30T09:12:44.120Z").unwrap(),
        warninglisted: false,
        quarantined: false,
        legal_hold: false,
        local_only: false,
        embargo_until: None,
        in_constituency: false,
        has_text: true,
        text_reviewed: false,
        echo: false,
        known_type: true,
    }
}

fn decide_with(bencher: divan::Bencher<'_, '_>, agreements: &[Agreement], purpose: Purpose, permits: bool) {
    let (releaser, recipient) = (PartyId::parse("northtel").unwrap(), PartyId::parse("fusion").unwrap());
    let facts = facts();
    let request = Request {
        releaser: &releaser,
        recipient: &recipient,
        purposes: PurposeSet::of(&[purpose]),
        doors: DoorSet::of(&[Door::Taxii]),
        now: Timestamp::parse("2026-12-02T10:02:11Z").unwrap(),
        facts: &facts,
    };
    assert_eq!(decide(&request, agreements).is_permit(), permits);
    bencher
        .counter(divan::counter::ItemsCount::new(1_u32))
        .bench_local(|| decide(divan::black_box(&request), agreements));
}

#[divan::bench]
fn one_agreement_of_5_clauses_permit(bencher: divan::Bencher<'_, '_>) {
    decide_with(bencher, &[agreement(0, 5)], Purpose::C2Disruption, true);
}

#[divan::bench]
fn one_agreement_of_5_clauses_withhold(bencher: divan::Bencher<'_, '_>) {
    decide_with(bencher, &[agreement(0, 5)], Purpose::MalwareAnalysis, false);
}

#[divan::bench]
fn ten_agreements_of_20_clauses_withhold(bencher: divan::Bencher<'_, '_>) {
    let agreements: Vec<Agreement> = (0..10).map(|nth| agreement(nth, 20)).collect();
    decide_with(bencher, &agreements, Purpose::MalwareAnalysis, false);
}

#[divan::bench]
fn compare_two_texts_of_20_clauses(bencher: divan::Bencher<'_, '_>) {
    let old = agreement(0, 20);
    // Sixteen clauses of the copy ask for less confidence; they overlap, so that the difference is in many pieces.
    let changed = old.terms().text().replace("confidence_min = 30", "confidence_min = 1");
    let new = Agreement::draft(&changed).unwrap();
    assert!(!compare(new.terms(), old.terms()).unwrap().added.is_empty());
    bencher.bench_local(|| compare(divan::black_box(new.terms()), divan::black_box(old.terms())));
}

#[divan::bench]
fn obligations_on_an_indicator(bencher: divan::Bencher<'_, '_>) {
    let source = text().replacen(
        "[\"redact-victim:prefix\", \"strip-source\", \"strip-free-text\", \"coarsen-time:1h\", \"reduce-confidence-bucket\", \
         \"remark:tlp=amber\", \"attribution:must-not\", \"retain:180d\", \"watermark\"]",
        "[\"strip-source\", \"strip-free-text\", \"remark:tlp=amber\", \"retain:180d\"]",
        1,
    );
    let agreement = Agreement::draft(&source).unwrap();
    let clause = agreement.terms().clause("c2-out").unwrap();
    assert!(clause.obligations.redact_victim.is_none());
    let (releaser, recipient) = (PartyId::parse("northtel").unwrap(), PartyId::parse("fusion").unwrap());
    let keys = Keys::new(&[1; 32], &[2; 32]);
    let context = Context {
        terms: agreement.terms(),
        clause,
        releaser: &releaser,
        recipient: &recipient,
        keys: &keys,
        releaser_identity: "identity--2d4f2b0c-5f4c-4c7a-9a7b-0d6c3f1e2b01",
        victim_values: &[],
        withheld_values: &[],
        ordinal: 0,
        now: Timestamp::parse("2026-12-02T10:02:11Z").unwrap(),
    };
    let bytes = r#"{"type":"indicator","spec_version":"2.1","id":"indicator--7fdb1b77-e9e1-4be2-8b0d-5b5b8a1a7a11","created":"2026-11-30T09:12:44.120Z","modified":"2026-11-30T09:12:44.120Z","created_by_ref":"identity--2d4f2b0c-5f4c-4c7a-9a7b-0d6c3f1e2b01","confidence":80,"name":"C2 of a botnet","description":"Seen by a sensor in the backbone.","labels":["role:c2","country:XN","botnet"],"pattern":"[ipv4-addr:value = '203.0.113.9']","pattern_type":"stix","valid_from":"2026-11-30T09:12:44.120Z","object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]}"#;
    let object = Object::parse(bytes.as_bytes(), &Limits::admission()).unwrap();
    let facts = facts();
    let counter = divan::counter::ItemsCount::new(1_u32);
    bencher
        .counter(counter)
        .bench_local(|| apply(divan::black_box(&object), &facts, &context).map(|applied| applied.bytes.len()));
}
