//! Compare: the difference of two texts, checked against the decision itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop")]

mod common;

use common::*;
use entente_agreement::{
    Agreement, Channel, Comparison, Counterexample, Decision, Direction, Door, DoorSet, Facts, ObjectType, Origin,
    PartyId, Purpose, PurposeSet, Region, Relation, Request, Subject, SubjectSet, Terms, compare, decide,
};
use entente_observable::Kind;
use entente_stix::marking::{Pap, Tlp};
use proptest::prelude::*;

fn base() -> String {
    text_of(AGR_12)
}

fn parsed(text: &str) -> Terms {
    Terms::parse(text).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"))
}

/// Replaces inside the clause of that name only.
fn in_clause(text: &str, clause: &str, from: &str, to: &str) -> String {
    let start = text.find(&format!("[[clause]]\nid = \"{clause}\"")).unwrap();
    let (head, tail) = text.split_at(start);
    format!("{head}{}", with(tail, from, to))
}

fn regions(a: &Terms, b: &Terms) -> Comparison {
    compare(a, b).unwrap()
}

/// Tells whether the decision permits a counterexample under that text, and by which clause.
fn permits(example: &Counterexample, agreement: &Agreement) -> Option<String> {
    match decide(&example.request(), std::slice::from_ref(agreement)) {
        Decision::Permit(permit) => Some(agreement.terms().clauses[permit.clause].id.to_string()),
        Decision::Withhold(_) => None,
    }
}

/// Asks the decision about every counterexample of a list.
fn check_counterexamples(list: &[Region], permitting: &Agreement, other: &Agreement) {
    for region in list.iter().filter(|region| region.channel() == Channel::Release) {
        let example = region.counterexample();
        assert!(region.contains(&example.request()), "{region:?}");
        assert_eq!(permits(example, permitting).as_deref(), Some(region.clause().as_str()), "{region:?}");
        assert_eq!(permits(example, other), None, "{region:?}");
        for (releaser, recipient) in region.pairs() {
            let (releaser, recipient) = (releaser.clone(), recipient.clone());
            let mut between = example.clone();
            (between.releaser, between.recipient) = (releaser, recipient);
            assert!(permits(&between, permitting).is_some() && permits(&between, other).is_none(), "{region:?}");
        }
    }
}

#[test]
fn a_text_equals_itself() {
    for text in [base(), text_of(OPERATION)] {
        let terms = parsed(&text);
        let found = regions(&terms, &terms);
        assert_eq!(found.relation, Relation::Equal);
        assert!(found.added.is_empty() && found.removed.is_empty());
        assert!(found.obligations.is_empty() && found.terms.is_empty());
    }
}

/// Names one change to agr-12: clause or none, what is replaced, and where the change is to be reported.
type Change = (&'static str, &'static str, &'static str, Place, Relation);

#[derive(Clone, Copy, Debug)]
enum Place {
    Region,
    Obligation(&'static str),
    Term(&'static str),
}

const CHANGES: &[Change] = &[
    ("c2-out", "tlp_max = \"amber\"", "tlp_max = \"amber+strict\"", Place::Region, Relation::Broader),
    ("c2-out", "pap_max = \"green\"", "pap_max = \"amber\"", Place::Region, Relation::Broader),
    ("c2-out", "confidence_min = 30", "confidence_min = 1", Place::Region, Relation::Broader),
    ("c2-out", "max_age_days = 180", "max_age_days = 181", Place::Region, Relation::Broader),
    ("c2-out", "max_age_days = 180", "max_age_days = 65535", Place::Region, Relation::Broader),
    (
        "c2-out",
        "doors = [\"sync\", \"taxii\"]",
        "doors = [\"sync\", \"taxii\", \"mail\"]",
        Place::Region,
        Relation::Broader,
    ),
    ("c2-out", "origin = [\"own\"]", "origin = [\"own\", \"community\"]", Place::Region, Relation::Broader),
    ("c2-out", "subject = [\"infrastructure\"]", "subject = [\"suspect\"]", Place::Region, Relation::Incomparable),
    (
        "c2-out",
        "[\"infrastructure\"]\ndoors",
        "[\"infrastructure\", \"suspect\"]\ndoors",
        Place::Region,
        Relation::Broader,
    ),
    ("c2-out", "\"criminal-investigation\"", "\"malware-analysis\"", Place::Region, Relation::Incomparable),
    ("c2-out", "\"file-hash\", \"none\"", "\"file-hash\", \"network\", \"none\"", Place::Region, Relation::Broader),
    ("c2-out", "\"malware\", ", "", Place::Region, Relation::Narrower),
    ("c2-out", "text = false", "text = false\nwarninglisted = true", Place::Region, Relation::Broader),
    ("c2-out", "text = false", "text = false\nconstituency_only = true", Place::Region, Relation::Narrower),
    ("c2-out", "text = false", "text = false\nexistence_answer = true", Place::Region, Relation::Broader),
    ("c2-out", "to = [\"fusion\"]", "to = [\"all\"]", Place::Term("title"), Relation::Equal),
    ("ask-northtel", "max_age_days = 365", "max_age_days = 366", Place::Region, Relation::Broader),
    ("ask-northtel", "contact-handle", "hit", Place::Obligation("lookup_answer"), Relation::Broader),
    ("trends-both", "k_min = 5", "k_min = 10", Place::Obligation("k_min"), Relation::Narrower),
    ("trends-both", "doors = [\"sync\", \"rest\"]", "doors = [\"sync\"]", Place::Region, Relation::Narrower),
    ("c2-out", "\"strip-source\", ", "", Place::Obligation("strip-source"), Relation::Broader),
    (
        "c2-out",
        "\"strip-source\", ",
        "\"strip-source\", \"drop-property:lang\", ",
        Place::Obligation("drop-property"),
        Relation::Narrower,
    ),
    (
        "c2-out",
        "redact-victim:prefix",
        "redact-victim:hmac",
        Place::Obligation("redact-victim"),
        Relation::Incomparable,
    ),
    ("c2-out", "redact-victim:prefix", "redact-victim:drop", Place::Obligation("redact-victim"), Relation::Narrower),
    ("c2-out", "coarsen-time:1h", "coarsen-time:1d", Place::Obligation("coarsen-time"), Relation::Narrower),
    ("c2-out", "\"reduce-confidence-bucket\", ", "", Place::Obligation("reduce-confidence-bucket"), Relation::Broader),
    ("c2-in", "\"coarsen-location:country\", ", "", Place::Obligation("coarsen-location:country"), Relation::Broader),
    ("c2-out", "remark:tlp=amber", "remark:tlp=green", Place::Obligation("remark:tlp"), Relation::Broader),
    (
        "c2-out",
        "\"remark:tlp=amber\"",
        "\"remark:tlp=amber\", \"remark:pap=green\"",
        Place::Obligation("remark:pap"),
        Relation::Narrower,
    ),
    ("c2-out", "attribution:must-not", "attribution:may", Place::Obligation("attribution"), Relation::Broader),
    ("c2-out", "attribution:must-not", "attribution:must", Place::Obligation("attribution"), Relation::Incomparable),
    ("phish-out", "\"attribution:may\", ", "", Place::Obligation("attribution"), Relation::Incomparable),
    ("c2-out", "retain:180d", "retain:181d", Place::Obligation("retain"), Relation::Broader),
    ("c2-out", ", \"watermark\"", "", Place::Obligation("watermark"), Relation::Incomparable),
    (
        "",
        "objects_per_day = 100000",
        "objects_per_day = 100001",
        Place::Term("quota.objects_per_day"),
        Relation::Broader,
    ),
    (
        "",
        "private_lookups_per_day = 10000",
        "private_lookups_per_day = 9",
        Place::Term("quota.private_lookups_per_day"),
        Relation::Narrower,
    ),
    ("", "ack_hours = 24", "ack_hours = 48", Place::Term("recall.ack_hours"), Relation::Broader),
    ("", "complete_hours = 72", "complete_hours = 71", Place::Term("recall.complete_hours"), Relation::Narrower),
    ("", "72\nonward = true", "72\nonward = false", Place::Term("recall.onward"), Relation::Broader),
    ("", "rule = \"consent\"", "rule = \"none\"", Place::Term("onward.rule"), Relation::Narrower),
    (
        "",
        "\"role:police\", \"role:cert\"",
        "\"role:police\", \"role:cert\", \"role:isac\"",
        Place::Term("onward.community"),
        Relation::Broader,
    ),
    (
        "",
        "\"role:police\", \"role:cert\"",
        "\"role:police\", \"role:isac\"",
        Place::Term("onward.community"),
        Relation::Incomparable,
    ),
    ("", "\"role:police\", \"role:cert\"", "\"role:cert\", \"role:police\"", Place::Term("title"), Relation::Equal),
    ("", "tls_min = \"1.3\"", "tls_min = \"1.2\"", Place::Term("security.tls_min"), Relation::Broader),
    ("", "mutual_tls = true", "mutual_tls = false", Place::Term("security.mutual_tls"), Relation::Broader),
    (
        "",
        "encrypt_at_rest = true",
        "encrypt_at_rest = false",
        Place::Term("security.encrypt_at_rest"),
        Relation::Broader,
    ),
    (
        "",
        "breach_notice_hours = 24",
        "breach_notice_hours = 12",
        Place::Term("security.breach_notice_hours"),
        Relation::Narrower,
    ),
    (
        "",
        "parties_may_audit = true",
        "parties_may_audit = false",
        Place::Term("audit.parties_may_audit"),
        Relation::Broader,
    ),
    ("", "keep_years = 10", "keep_years = 11", Place::Term("audit.keep_years"), Relation::Narrower),
    ("", "share = true", "share = false", Place::Term("reciprocity.share"), Relation::Incomparable),
    ("", "review_below = -50", "review_below = -40", Place::Term("reciprocity.review_below"), Relation::Equal),
    ("", "existence = \"parties\"", "existence = \"public\"", Place::Term("disclosure.existence"), Relation::Broader),
    (
        "",
        "withheld_counts = false",
        "withheld_counts = true",
        Place::Term("disclosure.withheld_counts"),
        Relation::Broader,
    ),
    ("", "effect = \"delete\"", "effect = \"return\"", Place::Term("termination.effect"), Relation::Incomparable),
    (
        "",
        "effect = \"delete\"",
        "effect = \"return-and-delete\"",
        Place::Term("termination.effect"),
        Relation::Narrower,
    ),
    (
        "",
        "certificate_days = 30",
        "certificate_days = 31",
        Place::Term("termination.certificate_days"),
        Relation::Broader,
    ),
    ("", "30\neffect", "31\neffect", Place::Term("termination.notice_days"), Relation::Incomparable),
    ("", "role = \"private\"", "role = \"isac\"", Place::Term("party.northtel.role"), Relation::Incomparable),
    (
        "",
        "node = \"fusion.example\"",
        "node = \"fusion.example:8443\"",
        Place::Term("party.fusion.node"),
        Relation::Incomparable,
    ),
    ("", "sha256:efeebd01", "sha256:efeebd02", Place::Term("party.northtel.client_spki"), Relation::Incomparable),
    ("", "name = \"Northtel plc\"", "name = \"Northtel SE\"", Place::Term("party.northtel.name"), Relation::Equal),
    ("", "dpo@northtel", "data@northtel", Place::Term("party.northtel.contact_privacy"), Relation::Equal),
    ("", "Memorandum 2026/114", "Memorandum 2026/115", Place::Term("instrument.reference"), Relation::Equal),
    ("", "valid_to = 2027-12-01T00:00:00Z", "valid_to = 2027-12-01T00:00:01Z", Place::Region, Relation::Broader),
    ("", "valid_from = 2026-12-01T00:00:00Z", "valid_from = 2026-12-01T00:00:01Z", Place::Region, Relation::Narrower),
];

fn turned(relation: Relation) -> Relation {
    match relation {
        Relation::Broader => Relation::Narrower,
        Relation::Narrower => Relation::Broader,
        same => same,
    }
}

#[test]
fn each_single_change_is_reported_with_its_relation() {
    let text = base();
    let old = parsed(&text);
    let is_signed_by_both = |text: &str| !text.contains("fusion.example:8443");
    for (clause, from, to, place, relation) in CHANGES {
        let changed = if clause.is_empty() { with(&text, from, to) } else { in_clause(&text, clause, from, to) };
        // A node's address is part of the name of its log's key.
        let changed = match is_signed_by_both(&changed) {
            true => changed,
            false => changed.replacen(
                "log_vkey = \"fusion.example/agr/agr-12+7319e23d+AQfDceDO2YhJBZPFtaeVg8YVN2Ai/Sb3JDpL6hulVRPl\"",
                &format!("log_vkey = \"{}\"", key("fusion.example:8443/agr/agr-12").verifier()),
                1,
            ),
        };
        // Something neutral is changed too, so that the list is never empty for want of looking.
        let changed = with(&changed, "title = \"Exchange", "title = \"An exchange");
        let new = parsed(&changed);
        let (there, back) = (regions(&new, &old), regions(&old, &new));
        let told = format!("{clause} {to}: {there:?}");
        assert_eq!(there.relation, *relation, "{told}");
        assert_eq!(back.relation, turned(*relation), "{told}");
        assert!(there.terms.iter().any(|term| term.term == "title" && term.direction == Direction::Neutral));
        let expects_region = matches!(place, Place::Region);
        assert_eq!(!there.added.is_empty() || !there.removed.is_empty(), expects_region, "{told}");
        assert_eq!(there.obligations.is_empty(), !matches!(place, Place::Obligation(_)), "{told}");
        match place {
            Place::Region => {}
            Place::Obligation(name) => {
                let [change] = there.obligations.as_slice() else { panic!("{told}") };
                assert_eq!((change.difference.term.as_str(), change.clause_a.as_str()), (*name, *clause), "{told}");
                assert_ne!(change.difference.a, change.difference.b);
            }
            Place::Term(name) => assert!(there.terms.iter().any(|term| term.term == *name), "{told}"),
        }
        let key_names: Vec<&str> =
            there.terms.iter().map(|term| term.term.as_str()).filter(|t| *t != "title").collect();
        let more = if is_signed_by_both(&changed) { 1 } else { 2 };
        assert!(key_names.len() <= more, "{told}");
        assert_eq!((there.added.len(), there.removed.len()), (back.removed.len(), back.added.len()), "{told}");
        let (new, old) = (signed(&changed), signed(&text));
        check_counterexamples(&there.added, &new, &old);
        check_counterexamples(&there.removed, &old, &new);
    }
}

#[test]
fn the_counterexample_lies_next_to_the_boundary() {
    let text = base();
    let change = |from: &str, to: &str| {
        let found = regions(&parsed(&in_clause(&text, "c2-out", from, to)), &parsed(&text));
        assert_eq!(found.added.len(), 1, "{found:?}");
        found.added[0].clone()
    };
    let region = change("max_age_days = 180", "max_age_days = 300");
    let example = region.counterexample();
    assert_eq!(example.facts.age_days(example.now), 181);
    assert_eq!(
        region.sentence(),
        "clause `c2-out` releases this from northtel to fusion, the other text does not: its clause `c2-out` takes nothing older \
         than 180 days"
    );
    let region = change("confidence_min = 30", "confidence_min = 1");
    assert_eq!(region.counterexample().facts.confidence, 29);
    let region = change("tlp_max = \"amber\"", "tlp_max = \"amber+strict\"");
    assert_eq!(region.counterexample().facts.tlp, Tlp::AmberStrict);
    assert!(region.counterexample().object.as_deref().unwrap().contains("198.51.100.7"));
    assert!(region.sentence().ends_with("its clause `c2-out` stops at TLP:AMBER"), "{}", region.sentence());
    // Later and earlier validity: the last second before, the first instant after.
    let longer = with(&text, "valid_to = 2027-12-01", "valid_to = 2027-12-05");
    let found = regions(&parsed(&longer), &parsed(&text));
    assert_eq!(found.added[0].counterexample().now, at("2027-12-01T00:00:00Z"));
    let earlier = with(&text, "valid_from = 2026-12-01", "valid_from = 2026-11-05");
    let found = regions(&parsed(&earlier), &parsed(&text));
    assert_eq!(found.added[0].counterexample().now, at("2026-11-30T23:59:59Z"));
}

#[test]
fn a_kind_that_none_of_the_types_has_makes_no_difference() {
    let text =
        in_clause(&base(), "phish-out", "[\"indicator\", \"url\", \"domain-name\", \"relationship\"]", "[\"url\"]");
    let more = in_clause(&text, "phish-out", "kinds = [\"url\", ", "kinds = [\"url\", \"ipv4-addr\", ");
    assert_eq!(regions(&parsed(&more), &parsed(&text)).relation, Relation::Equal);
}

#[test]
fn without_redaction_victims_are_not_covered() {
    let text = base();
    let less = in_clause(&text, "c2-out", "\"redact-victim:prefix\", ", "");
    let found = regions(&parsed(&less), &parsed(&text));
    // It covers less, and does less to what it covers.
    assert_eq!(found.relation, Relation::Incomparable);
    assert!(found.added.is_empty());
    assert_eq!(found.obligations[0].difference.term, "redact-victim");
    assert_eq!(found.obligations[0].difference.direction, Direction::Broader);
    let [region] = found.removed.as_slice() else { panic!("{found:?}") };
    assert_eq!(region.counterexample().facts.subject, SubjectSet::of(&[Subject::Victim]));
    assert!(
        region.sentence().ends_with("its clause `c2-out` does not cover data about victim"),
        "{}",
        region.sentence()
    );
    check_counterexamples(&found.removed, &signed(&text), &signed(&less));
}

#[test]
fn a_new_clause_and_another_key_are_shown() {
    let text = base();
    let more = with(
        &text,
        "[[clause]]\nid = \"c2-in\"",
        "[[clause]]\nid = \"malware-out\"\nfrom = \"northtel\"\nto = [\"fusion\"]\npurpose = [\"malware-analysis\"]\n\
         types = [\"malware\", \"file\"]\nkinds = [\"file-hash\", \"none\"]\ntlp_max = \"green\"\npap_max = \"green\"\n\
         confidence_min = 0\nmax_age_days = 10\norigin = [\"own\"]\nsubject = [\"infrastructure\"]\ndoors = [\"sync\"]\n\
         text = true\nobligations = [\"retain:9d\"]\n\n[[clause]]\nid = \"c2-in\"",
    );
    let found = regions(&parsed(&more), &parsed(&text));
    assert_eq!(found.relation, Relation::Broader);
    assert_eq!(found.added.len(), 1);
    assert_eq!(found.added[0].clause().as_str(), "malware-out");
    check_counterexamples(&found.added, &signed(&more), &signed(&text));

    let line = text.lines().find(|line| line.starts_with("vkey = \"fusion")).unwrap().to_owned();
    let other = key("fusion.example/others").verifier().to_string();
    let found = regions(&parsed(&with(&text, &line, &format!("vkey = \"{other}\""))), &parsed(&text));
    assert_eq!(found.relation, Relation::Incomparable);
    assert_eq!(found.terms.iter().map(|term| term.term.as_str()).collect::<Vec<_>>(), ["party.fusion.vkey"]);
}

#[test]
fn a_new_party_is_broader_and_its_pairs_are_named() {
    let text = text_of(OPERATION);
    let mut party = text[text.find("[[party]]\nid = \"telco-y\"").unwrap()..].to_owned();
    party.truncate(party.find("[[party]]\nid = \"cert-x\"").unwrap());
    let lines = party.lines().filter_map(|line| match line.split(" = ").next() {
        Some("id") => Some("id = \"telco-z\"".to_owned()),
        Some("node") => Some("node = \"telco-z.example\"".to_owned()),
        Some("vkey") => Some(format!("vkey = \"{}\"", key("telco-z.example/agreements").verifier())),
        Some("log_vkey") => Some(format!("log_vkey = \"{}\"", key("telco-z.example/agr/agr-op-2026-014").verifier())),
        Some("witness_vkey" | "client_spki") => None,
        _ => Some(line.to_owned()),
    });
    let party = format!("{}\n\n", lines.collect::<Vec<_>>().join("\n").trim_end());
    let more = with(&text, "[[party]]\nid = \"cert-x\"", &format!("{party}[[party]]\nid = \"cert-x\""));
    let found = regions(&parsed(&more), &parsed(&text));
    assert_eq!(found.relation, Relation::Broader, "{found:?}");
    assert_eq!(found.terms.iter().map(|term| term.term.as_str()).collect::<Vec<_>>(), ["party.telco-z"]);
    assert!(found.removed.is_empty() && found.obligations.is_empty());
    let new = PartyId::parse("telco-z").unwrap();
    for region in &found.added {
        assert!(region.pairs().iter().all(|(from, to)| *from == new || *to == new), "{region:?}");
        assert!(region.sentence().contains("it has no such clause"), "{}", region.sentence());
    }
    let named: Vec<&str> = found.added.iter().map(|region| region.clause().as_str()).collect();
    assert!(named.contains(&"contribute") && named.contains(&"target-list"), "{named:?}");
}

#[test]
fn the_result_is_written_in_stable_words() {
    let text = base();
    let new = in_clause(&text, "c2-out", "tlp_max = \"amber\"", "tlp_max = \"amber+strict\"");
    let new = in_clause(&new, "c2-out", "retain:180d", "retain:90d");
    let found = regions(&parsed(&new), &parsed(&text));
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["relation"], "incomparable");
    let added = &json["added"][0];
    assert_eq!(added["channel"], "release");
    assert_eq!(added["pairs"], serde_json::json!([{ "from": "northtel", "to": "fusion" }]));
    assert_eq!(added["tlp"], serde_json::json!({ "from": "amber+strict", "to": "amber+strict" }));
    assert_eq!(added["confidence"], serde_json::json!({ "from": 30, "to": 100 }));
    assert_eq!(added["subject"], serde_json::json!([["infrastructure"], ["victim"], ["infrastructure", "victim"]]));
    assert_eq!(added["counterexample"]["object"]["type"], "indicator");
    assert_eq!(added["valid"]["to"], "2027-12-01T00:00:00.000Z");
    assert_eq!(
        json["obligations"][0],
        serde_json::json!({
            "channel": "release", "clause_a": "c2-out", "clause_b": "c2-out", "term": "retain", "direction": "narrower",
            "a": "90d", "b": "180d", "counterexample": json["obligations"][0]["counterexample"],
        })
    );
}

/// Writes a text of clauses that overlap in many ways, all with the same obligations.
fn tangled(clauses: u32, seed: u32) -> String {
    let text = base();
    let (start, end) = (text.find("[[clause]]").unwrap(), text.find("[onward]").unwrap());
    let mut state = seed;
    let mut next = |bound: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % bound
    };
    let mut some = |words: &[&str]| {
        let mut chosen: Vec<String> = words.iter().filter(|_| next(2) == 1).map(|word| format!("\"{word}\"")).collect();
        if chosen.is_empty() {
            chosen.push(format!("\"{}\"", words[0]));
        }
        chosen.join(", ")
    };
    let mut all = String::new();
    for at in 0..clauses {
        let purposes: Vec<&str> = Purpose::ALL.iter().map(|purpose| purpose.name()).collect();
        let doors: Vec<&str> =
            Door::ALL.iter().map(|door| door.name()).filter(|door| *door != "private-lookup").collect();
        all.push_str(&format!(
            "[[clause]]\nid = \"c-{at}\"\nfrom = \"northtel\"\nto = [\"fusion\"]\npurpose = [{}]\n\
             types = [\"indicator\", {}]\nkinds = [\"url\", {}]\ntlp_max = \"green\"\npap_max = \"green\"\nconfidence_min = {}\n\
             max_age_days = {}\norigin = [{}]\nsubject = [{}]\ndoors = [{}]\ntext = false\nobligations = [\"retain:9d\"]\n\n",
            some(&purposes),
            some(&["malware", "tool", "campaign", "report", "note"]),
            some(&["ipv4-addr", "ipv6-addr", "domain-name", "none"]),
            at % 100,
            // The last may be the oldest, so that none is covered by one before it.
            at + 1,
            some(&["own", "public", "community"]),
            some(&["infrastructure", "suspect", "other-person"]),
            some(&doors),
        ));
    }
    format!("{}{all}{}", &text[..start], &text[end..])
}

#[test]
fn a_text_made_to_be_costly_is_refused() {
    let few = (parsed(&tangled(4, 1)), parsed(&tangled(4, 2)));
    let found = regions(&few.0, &few.1);
    assert!(!found.added.is_empty());
    let many = (parsed(&tangled(120, 1)), parsed(&tangled(120, 2)));
    let error = compare(&many.0, &many.1).unwrap_err();
    assert_eq!(error.code(), "compare.too-complex");
}

/// A clause in a domain small enough to enumerate.
#[derive(Clone, Debug)]
struct Small {
    out: bool,
    purposes: u8,
    types: u8,
    kinds: u8,
    doors: u8,
    origins: u8,
    subjects: u8,
    tlp: usize,
    confidence: bool,
    age: bool,
    warninglisted: bool,
    constituency: bool,
    text: bool,
}

const PURPOSES: [Purpose; 2] = [Purpose::C2Disruption, Purpose::NetworkDefence];
const DOORS: [Door; 2] = [Door::Sync, Door::Taxii];
const ORIGINS: [Origin; 2] = [Origin::Own, Origin::Public];
const SUBJECTS: [Subject; 2] = [Subject::Infrastructure, Subject::Suspect];
const TYPES: [ObjectType; 2] = [ObjectType::Indicator, ObjectType::DomainName];
const KINDS: [Option<Kind>; 2] = [Some(Kind::DomainName), None];
/// An indicator can have both kinds, a domain name only its own.
const SHAPES: [(ObjectType, Option<Kind>); 3] = [(TYPES[0], KINDS[0]), (TYPES[0], KINDS[1]), (TYPES[1], KINDS[0])];
const AGES: [i64; 2] = [10, 30];

fn small() -> impl Strategy<Value = Small> {
    let sets = (1_u8..4, 1_u8..4, 1_u8..4, 1_u8..4, 1_u8..4, 1_u8..4);
    let rest = (any::<bool>(), 0_usize..3, any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (sets, rest).prop_map(|((purposes, types, kinds, doors, origins, subjects), rest)| {
        let (out, tlp, confidence, age, warninglisted, constituency, text) = rest;
        // A domain name always has a value: a clause for those without one would be vacuous.
        let kinds = if types == 2 { kinds | 1 } else { kinds };
        Small {
            out,
            purposes,
            types,
            kinds,
            doors,
            origins,
            subjects,
            tlp,
            confidence,
            age,
            warninglisted,
            constituency,
            text,
        }
    })
}

#[derive(Clone, Debug)]
struct SmallText {
    clauses: Vec<Small>,
    late: bool,
    retain: u16,
}

fn small_text() -> impl Strategy<Value = SmallText> {
    let retain = proptest::sample::select(&[30_u16, 60][..]);
    (proptest::collection::vec(small(), 1..5), any::<bool>(), retain).prop_map(|(clauses, late, retain)| SmallText {
        clauses,
        late,
        retain,
    })
}

fn named<T: Copy>(words: &[T], bits: u8, name: impl Fn(T) -> &'static str) -> String {
    let chosen = words.iter().enumerate().filter(|(at, _)| bits & 1 << at != 0);
    format!("[{}]", chosen.map(|(_, word)| format!("\"{}\"", name(*word))).collect::<Vec<_>>().join(", "))
}

/// Writes the text; a clause that the format refuses beside those before it is left out.
fn write(small: &SmallText) -> String {
    let text = base();
    let (start, end) = (text.find("[[clause]]").unwrap(), text.find("[onward]").unwrap());
    let head = if small.late {
        with(&text[..start], "valid_from = 2026-12-01", "valid_from = 2026-12-15")
    } else {
        text[..start].to_owned()
    };
    let tail = &text[end..];
    let mut clauses = String::new();
    for (at, clause) in small.clauses.iter().enumerate() {
        let (from, to) = if clause.out { ("northtel", "fusion") } else { ("all", "all") };
        let more = format!(
            "[[clause]]\nid = \"c-{at}\"\nfrom = \"{from}\"\nto = [\"{to}\"]\npurpose = {}\ntypes = {}\nkinds = {}\ntlp_max = \"{}\"\n\
             pap_max = \"green\"\nconfidence_min = {}\nmax_age_days = {}\norigin = {}\nsubject = {}\ndoors = {}\ntext = {}\n\
             warninglisted = {}\nconstituency_only = {}\nobligations = [\"retain:{}d\"]\n\n",
            named(&PURPOSES, clause.purposes, Purpose::name),
            named(&TYPES, clause.types, ObjectType::name),
            named(&KINDS, clause.kinds, |kind| kind.map_or("none", Kind::name)),
            Tlp::ALL[clause.tlp].key(),
            if clause.confidence { 30 } else { 0 },
            if clause.age { 30 } else { 10 },
            named(&ORIGINS, clause.origins, Origin::name),
            named(&SUBJECTS, clause.subjects, Subject::name),
            named(&DOORS, clause.doors, Door::name),
            clause.text,
            clause.warninglisted,
            clause.constituency,
            small.retain,
        );
        if Terms::parse(&format!("{head}{clauses}{more}{tail}")).is_ok() {
            clauses.push_str(&more);
        }
    }
    format!("{head}{clauses}{tail}")
}

/// Calls back with every point of the small domain.
fn each_point(mut visit: impl FnMut(&Request<'_>)) {
    let parties = [party("northtel"), party("fusion")];
    let subjects =
        [SubjectSet::EMPTY, SubjectSet::of(&SUBJECTS[..1]), SubjectSet::of(&SUBJECTS[1..]), SubjectSet::of(&SUBJECTS)];
    for now in [at("2026-12-02T10:00:00Z"), at("2026-12-20T10:00:00Z")] {
        for bits in 0..1 << 12 {
            let bit = |at: u32| usize::from(bits >> at & 1 == 1);
            let flag = |at: u32| bits >> at & 1 == 1;
            for (object_type, kind) in SHAPES {
                for tlp in &Tlp::ALL[..3] {
                    let facts = Facts {
                        object_type,
                        kind,
                        tlp: *tlp,
                        pap: Pap::Clear,
                        origin: ORIGINS[bit(0)],
                        subject: subjects[bit(1) + 2 * bit(2)],
                        confidence: [0, 30][bit(3)],
                        age_reference: now.saturating_add_micros(-AGES[bit(4)] * 86_400_000_000),
                        warninglisted: flag(5),
                        in_constituency: flag(6),
                        has_text: flag(7),
                        text_reviewed: false,
                        ..c2_facts()
                    };
                    // The way back is enumerated too, with every purpose and door.
                    let request = Request {
                        releaser: &parties[bit(8)],
                        recipient: &parties[1 - bit(8)],
                        purposes: PurposeSet::of(&[PURPOSES[bit(9)]]),
                        doors: DoorSet::of(&[DOORS[bit(10)]]),
                        now,
                        facts: &facts,
                    };
                    if !flag(11) {
                        visit(&request);
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn ta5_compare_agrees_with_the_decision_at_every_point(a in small_text(), b in small_text()) {
        let (a, b) = (signed(&write(&a)), signed(&write(&b)));
        let found = regions(a.terms(), b.terms());
        check_counterexamples(&found.added, &a, &b);
        check_counterexamples(&found.removed, &b, &a);
        let (mut some_added, mut some_removed, mut some_weaker, mut some_stronger) = (false, false, false, false);
        each_point(|request| {
            let clause = |agreement: &Agreement| match decide(request, std::slice::from_ref(agreement)) {
                Decision::Permit(permit) => Some(agreement.terms().clauses[permit.clause].clone()),
                Decision::Withhold(_) => None,
            };
            let times = |list: &[Region]| list.iter().filter(|region| region.contains(request)).count();
            let (by_a, by_b) = (clause(&a), clause(&b));
            let (added, removed) = (by_a.is_some() && by_b.is_none(), by_b.is_some() && by_a.is_none());
            assert_eq!(times(&found.added), usize::from(added), "{request:?}");
            assert_eq!(times(&found.removed), usize::from(removed), "{request:?}");
            some_added |= added;
            some_removed |= removed;
            if let (Some(x), Some(y)) = (by_a, by_b) {
                let shown = found.obligations.iter().any(|change| change.clause_a == x.id && change.clause_b == y.id);
                assert_eq!(shown, x.obligations != y.obligations, "{request:?}");
                some_weaker |= x.obligations.retain_days > y.obligations.retain_days
                    || !x.obligations.strip_free_text && y.obligations.strip_free_text;
                some_stronger |= x.obligations.retain_days < y.obligations.retain_days
                    || x.obligations.strip_free_text && !y.obligations.strip_free_text;
            }
        });
        assert_eq!((found.added.is_empty(), found.removed.is_empty()), (!some_added, !some_removed));
        let expected = match (some_added || some_weaker, some_removed || some_stronger) {
            (false, false) => Relation::Equal,
            (true, false) => Relation::Broader,
            (false, true) => Relation::Narrower,
            (true, true) => Relation::Incomparable,
        };
        assert_eq!(found.relation, expected);
    }

    #[test]
    fn ta5_not_broader_is_transitive(a in small_text(), drop in any::<u8>(), narrow in any::<u32>()) {
        // Two steps that each take something away, so that the chain is one.
        let mut b = a.clone();
        for (at, clause) in b.clauses.iter_mut().enumerate() {
            let bits = narrow.rotate_right(u32::try_from(at).unwrap() * 5);
            let take = |set: u8, bits: u32| if bits & 1 == 1 && set == 3 { 1 } else { set };
            clause.purposes = take(clause.purposes, bits);
            clause.doors = take(clause.doors, bits >> 1);
            clause.tlp -= usize::from(bits >> 2 & 1 == 1 && clause.tlp > 0);
            clause.confidence |= bits >> 3 & 1 == 1;
            clause.warninglisted &= bits >> 4 & 1 == 1;
        }
        b.late = true;
        let mut c = b.clone();
        c.retain = 30;
        if c.clauses.len() > 1 {
            c.clauses.remove(usize::from(drop) % b.clauses.len());
        }
        let [a, b, c] = [a, b, c].map(|small| parsed(&write(&small)));
        let not_broader = |x: &Terms, y: &Terms| regions(x, y).relation.is_not_broader();
        if not_broader(&b, &a) && not_broader(&c, &b) {
            assert!(not_broader(&c, &a));
        }
        assert_eq!(regions(&a, &a).relation, Relation::Equal);
    }
}
