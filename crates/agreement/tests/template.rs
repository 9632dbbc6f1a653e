//! The template and the plain words.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop")]

mod common;

use common::*;
use entente_agreement::template::{self, TemplateInput, TemplateParty};
use entente_agreement::{AgreementId, Role, Terms, plain};
use entente_stix::marking::Tlp;

fn input(tlp: Tlp, age: u16) -> TemplateInput {
    let member = |id: &str, name: &str, role: Role, country: &str, node: &str, key_name: &str| TemplateParty {
        id: party(id),
        name: name.to_owned(),
        role,
        country: country.to_owned(),
        node: Some(node.to_owned()),
        vkey: key(key_name).verifier().to_string(),
        log_vkey: Some(key(&format!("{node}/agr/agr-77")).verifier().to_string()),
        witness_vkey: None,
        legal_basis: vec!["gdpr-6-1-f".to_owned()],
        contact: format!("soc@{node}"),
    };
    TemplateInput {
        id: AgreementId::parse("agr-77").unwrap(),
        title: "Exchange \"Monsoon\" on crime".to_owned(),
        valid_from: at("2026-12-01T00:00:00Z"),
        valid_to: at("2027-12-01T00:00:00Z"),
        operator: member(
            "northtel",
            "Northtel plc",
            Role::Private,
            "XN",
            "exchange.northtel.example",
            "northtel.example/agreements",
        ),
        police: member("fusion", "Fusion Centre", Role::Police, "INT", "127.0.0.1:8443", "fusion.example/agreements"),
        tlp_to_police: tlp,
        tlp_to_operator: tlp,
        max_age_days: age,
        community: vec!["role:police".to_owned(), "role:cert".to_owned()],
        instrument_reference: "Memorandum 2026/114".to_owned(),
        instrument_sha256: [7; 32],
    }
}

#[test]
fn the_template_gives_a_valid_text_at_every_ceiling() {
    for tlp in [Tlp::Clear, Tlp::Green, Tlp::Amber, Tlp::AmberStrict] {
        for age in [0, 1, 30, 365, u16::MAX] {
            let text = template::telco_police(&input(tlp, age)).unwrap_or_else(|errors| panic!("{errors:?}"));
            let terms = Terms::parse(&text).unwrap();
            let ids: Vec<&str> = terms.clauses.iter().map(|clause| clause.id.as_str()).collect();
            assert_eq!(
                ids,
                [
                    "c2-out",
                    "phishing-out",
                    "compromised-out",
                    "sightings-out",
                    "defence-in",
                    "phishing-in",
                    "customers-in",
                    "sightings-in",
                    "trends-both",
                ]
            );
            assert_eq!(terms.title, "Exchange \"Monsoon\" on crime");
        }
    }
    let errors = template::telco_police(&input(Tlp::Red, 30)).unwrap_err();
    assert!(errors.iter().all(|error| error.code == "agr.ceiling-red"), "{errors:?}");
}

#[test]
fn a_value_with_a_quote_or_line_feed_cannot_add_a_line() {
    let mut injected = input(Tlp::Amber, 30);
    injected.title = "x\"\nversion = 2\ny = \"".to_owned();
    let errors = template::telco_police(&injected).unwrap_err();
    assert!(errors.iter().all(|error| error.code.starts_with("text.")), "{errors:?}");
}

#[test]
fn plain_words_name_every_clause_and_its_limits() {
    let terms = agr_12();
    let sentences = plain::sentences(terms.terms(), plain::Language::English);
    assert_eq!(
        sentences[1],
        "Northtel plc gives Fusion Centre for Cyber Police, for disrupting command-and-control servers and criminal investigation, \
         indicators, infrastructure, malware, relationships, IPv4 addresses, IPv6 addresses, domain names, URLs and files (values: \
         IPv4 addresses, IPv6 addresses, domain names, URLs and file hashes) about attackers' infrastructure and victims, from own \
         findings, up to TLP:AMBER and for active use, such as blocking, with a confidence of at least 30 and not older than 180 \
         days, by node to node and TAXII; free text is removed, victims' addresses are shortened to their network and other victim \
         data is left out, sources are not named, times are rounded to whole hours, confidence is given in four steps, the giver \
         appears under a pseudonym and must not be named, everything is marked at least TLP:AMBER, kept 180 days and ids differ per \
         recipient, so that a leaked copy can be traced (c2-out)."
    );
    assert_eq!(
        sentences[4],
        "Fusion Centre for Cyber Police may ask blindly whether Northtel plc knows a value about attackers' infrastructure and \
         suspects, for criminal investigation, and gets a contact to ask; nothing else is given (ask-northtel)."
    );
    for clause in &terms.terms().clauses {
        assert!(sentences.iter().any(|sentence| sentence.ends_with(&format!("({}).", clause.id))));
    }
}

#[test]
fn plain_words_say_the_same_in_every_language() {
    let terms = agr_12();
    let english = plain::sentences(terms.terms(), plain::Language::English);
    for language in plain::Language::ALL {
        let sentences = plain::sentences(terms.terms(), language);
        assert_eq!(sentences.len(), english.len(), "{language}");
        for (clause, sentence) in terms.terms().clauses.iter().zip(&sentences[1..]) {
            let id = clause.id.as_str();
            for needed in [id, clause.tlp_max.name()].into_iter().take(if clause.private_lookup || clause.aggregates {
                1
            } else {
                2
            }) {
                assert!(sentence.contains(needed), "{language} {id} lacks {needed}: {sentence}");
            }
        }
        let whole = sentences.concat();
        assert!(!whole.contains(['{', '}']), "{language}: {whole}");
        for party in &terms.terms().parties {
            assert!(whole.contains(&party.name), "{language} names {}", party.name);
        }
    }
}

#[test]
fn plain_words_from_right_to_left_keep_names_and_dates_apart() {
    let terms = agr_12();
    let opening = plain::sentences(terms.terms(), plain::Language::Arabic).remove(0);
    let from = terms.terms().valid_from.to_millis_string();
    assert!(opening.contains(&format!("\u{2068}{}\u{2069}", &from[..10])), "{opening}");
    assert!(opening.contains("\u{2068}Northtel plc\u{2069}"), "{opening}");
}
