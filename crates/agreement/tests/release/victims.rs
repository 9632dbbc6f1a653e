//! What becomes of victims: redaction, residual forms, and clauses that redact nobody.

use super::*;

pub(crate) fn victim_site() -> Object {
    parse(&json!({
        "type": "identity", "spec_version": "2.1", "id": format!("identity--{UUID}"),
        "created": "2026-11-30T09:12:44.120Z", "modified": "2026-11-30T09:12:44.120Z",
        "name": "shop.example", "identity_class": "organization", "sectors": ["retail"],
        "labels": ["role:compromised", "country:XN", "shop.example"],
    }))
}

pub(crate) fn victim() -> SubjectSet {
    SubjectSet::of(&[Subject::Victim])
}

#[test]
fn a_victim_becomes_a_pseudonym_that_keeps_sector_and_country() {
    let bench = Bench::of(&["redact-victim:hmac", "strip-free-text", "retain:30d"], false);
    let object = victim_site();
    let applied = bench.apply(&object, &facts_of(&object, victim())).unwrap();
    let out = members(&applied);
    assert_eq!(out["name"], bench.keys.victim_pseudonym(Kind::DomainName, "shop.example"));
    assert_eq!(out["identity_class"], "unknown");
    assert_eq!(out["sectors"], json!(["retail"]));
    assert_eq!(out["labels"], json!(["role:compromised", "country:XN"]));
    assert!(!String::from_utf8(applied.bytes.clone()).unwrap().contains("shop"));
    // The same victim as an address object has the same pseudonym, and its id is not the public one.
    let value = parse(&json!({"type": "domain-name", "spec_version": "2.1", "value": "shop.example",
        "id": entente_stix::id::sco_value_id("domain-name", "shop.example")}));
    let other = members(&bench.apply(&value, &facts_of(&value, victim())).unwrap());
    assert_eq!((&other["type"], &other["name"]), (&json!("identity"), &out["name"]));
}

#[test]
fn victims_are_dropped_or_shortened_as_the_clause_says() {
    let address = |text: &str| {
        parse(
            &json!({"type": "ipv4-addr", "spec_version": "2.1", "value": text, "id": entente_stix::id::sco_value_id("ipv4-addr", text)}),
        )
    };
    let drop = Bench::of(&["redact-victim:drop", "retain:30d"], false);
    let prefix = Bench::of(&["redact-victim:prefix", "retain:30d"], false);
    let site = victim_site();
    assert_eq!(drop.apply(&site, &facts_of(&site, victim())), Err(Reason::ObligationVictim));
    assert_eq!(prefix.apply(&site, &facts_of(&site, victim())), Err(Reason::ObligationVictim));
    let (one, two) = (address("198.51.100.77"), address("198.51.100.200"));
    let one = prefix.apply(&one, &facts_of(&one, victim())).unwrap();
    let two = prefix.apply(&two, &facts_of(&two, victim())).unwrap();
    assert_eq!(members(&one)["value"], "198.51.100.0/24");
    assert_eq!(one.object_id, entente_stix::id::sco_value_id("ipv4-addr", "198.51.100.0/24"));
    assert_eq!(one.bytes, two.bytes, "two victims of one network become one object");
}

/// Forms of three values, written by another implementation (Python's base64, hashlib, uuid, ipaddress).
const PLANTED: &str = include_str!("../fixtures/residual-forms.json");

fn planted() -> Vec<(Kind, String, Vec<String>)> {
    let all: Vec<Value> = serde_json::from_str(PLANTED).unwrap();
    all.iter()
        .map(|entry| {
            let forms =
                entry["forms"].as_array().unwrap().iter().map(|form| form.as_str().unwrap().to_owned()).collect();
            (Kind::parse(entry["kind"].as_str().unwrap()).unwrap(), entry["value"].as_str().unwrap().to_owned(), forms)
        })
        .collect()
}

#[test]
fn abuse_a19_a_victim_value_survives_in_no_form_and_no_place() {
    for (kind, value, forms) in planted() {
        // `text = true`: even reviewed text does not carry a victim value out.
        let mut bench = Bench::of(&["redact-victim:hmac", "retain:30d"], true);
        bench.victims = vec![(kind, value.clone())];
        for form in &forms {
            let sentence = format!("note: {form} was seen");
            let object = parse(&indicator(
                "[url:value = 'http://c2.example/']",
                json!({
                    "name": form, "description": sentence, "labels": [form, "role:c2"], "x_note": form,
                    "kill_chain_phases": [{"kill_chain_name": form, "phase_name": "p"}],
                    "external_references": [{"source_name": "s", "url": format!("https://x.example/{form}")}],
                }),
            ));
            let facts = facts_of(&object, infrastructure().with(Subject::Victim));
            let out = String::from_utf8(bench.apply(&object, &facts).unwrap().bytes).unwrap();
            assert!(!out.contains(form.as_str()), "{form} in {out}");
            for gone in ["name", "description", "x_note", "kill_chain_phases", "external_references"] {
                assert!(!out.contains(&format!("\"{gone}\":")), "{gone}: {form}");
            }
            // A pattern cannot be redacted: the indicator is dropped.
            let pattern = format!("[file:name = '{form}']");
            let object = parse(&indicator(&pattern, json!({})));
            assert_eq!(bench.apply(&object, &facts), Err(Reason::ObligationPattern), "{form}");
        }
    }
}

#[test]
fn abuse_a19_a_withheld_value_stops_the_release_under_every_clause() {
    for (kind, value, forms) in planted() {
        let mut bench = Bench::of(&["retain:30d"], true);
        bench.withheld = vec![(kind, value)];
        for form in forms {
            let object = parse(&indicator(&format!("[file:name = '{form}']"), json!({})));
            assert!(bench.apply(&object, &facts_of(&object, infrastructure())).is_err(), "{form}");
        }
    }
}

#[test]
fn abuse_a19_a_clause_that_does_not_redact_lets_nothing_name_a_victim() {
    // Would break: the host of a known victim leaves in the address of a page that was planted there, because the clause is about
    // infrastructure only and therefore has no `redact-victim`.
    let mut bench = Bench::of(&["strip-free-text", "retain:30d"], false);
    let object = parse(&indicator("[url:value = 'http://shop.example/panel.php']", json!({})));
    assert!(bench.apply(&object, &facts_of(&object, infrastructure())).is_ok());
    bench.victims = vec![(Kind::DomainName, "shop.example".to_owned())];
    assert_eq!(bench.apply(&object, &facts_of(&object, infrastructure())), Err(Reason::ObligationVictim));
    let other = parse(&indicator("[url:value = 'http://workshop.example/panel.php']", json!({})));
    assert!(bench.apply(&other, &facts_of(&other, infrastructure())).is_ok());
}
