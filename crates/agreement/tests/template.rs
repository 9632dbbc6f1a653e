//! The templates, amendments and accessions made from them, and the plain words.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop")]

mod common;

use common::*;
use entente_agreement::template::{self, Amendment, Draft, TemplateError, TemplateInput, TemplateParty};
use entente_agreement::{
    Agreement, AgreementId, AgreementKind, Recipients, Releasers, Role, State, Terms, plain, sign,
};
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

/// A party for any template.
fn member(id: &str, role: Role, agreement: &str) -> TemplateParty {
    let node = format!("{id}.example");
    TemplateParty {
        id: party(id),
        name: format!("The {id} organisation"),
        role,
        country: "SG".to_owned(),
        log_vkey: Some(key(&format!("{node}/agr/{agreement}")).verifier().to_string()),
        vkey: key(&format!("{node}/agreements")).verifier().to_string(),
        node: Some(node.clone()),
        witness_vkey: None,
        legal_basis: vec!["gdpr-6-1-f".to_owned()],
        contact: format!("soc@{node}"),
    }
}

fn draft(parties: &[(&str, Role)], tlp_max: Tlp, max_age_days: u16) -> Draft {
    Draft {
        id: AgreementId::parse("agr-7").unwrap(),
        title: None,
        valid_from: at("2026-12-01T00:00:00Z"),
        valid_to: at("2027-12-01T00:00:00Z"),
        parties: parties.iter().map(|(id, role)| member(id, *role, "agr-7")).collect(),
        tlp_max,
        max_age_days,
        community: vec!["role:cert".to_owned()],
        instrument_reference: "Memorandum 7".to_owned(),
        instrument_sha256: [7; 32],
    }
}

/// Template, parties, kind, clauses.
type Case = (&'static str, &'static [(&'static str, Role)], AgreementKind, &'static [&'static str]);

const CASES: [Case; 6] = [
    (
        "telco-police",
        &[("telco", Role::Private), ("police", Role::Police)],
        AgreementKind::Bilateral,
        &[
            "c2-out",
            "phishing-out",
            "compromised-out",
            "sightings-out",
            "defence-in",
            "phishing-in",
            "customers-in",
            "sightings-in",
            "trends-both",
        ],
    ),
    (
        "cert-community",
        &[("cert-a", Role::Cert), ("cert-b", Role::Cert), ("cert-c", Role::Cert)],
        AgreementKind::Multilateral,
        &["attacks", "phishing", "victims-home", "sightings", "trends"],
    ),
    (
        "cert-community",
        &[("cert-a", Role::Cert), ("telco", Role::Private), ("isac", Role::Isac), ("bank", Role::Private)],
        AgreementKind::Multilateral,
        &["attacks", "phishing", "victims-home", "sightings", "trends"],
    ),
    (
        "isp-isp",
        &[("isp-a", Role::Private), ("isp-b", Role::Private)],
        AgreementKind::Bilateral,
        &["c2", "attacks", "phishing", "customers", "sightings", "trends"],
    ),
    (
        "operation",
        &[("police", Role::Police), ("telco", Role::Private), ("cert-a", Role::Cert), ("isp", Role::Private)],
        AgreementKind::Operation,
        &["contribute", "target-list", "victims-home"],
    ),
    (
        "operation",
        &[("police", Role::Police), ("telco", Role::Private)],
        AgreementKind::Operation,
        &["contribute", "target-list", "victims-home"],
    ),
];

/// `Terms::parse` checks P1, P2, P4 and P5; here every template passes it at every ceiling and age, and can be signed.
#[test]
fn every_template_gives_a_text_that_can_be_signed_at_every_ceiling() {
    for (name, parties, kind, clauses) in CASES {
        for tlp in [Tlp::Clear, Tlp::Green, Tlp::Amber, Tlp::AmberStrict] {
            for age in [0, 30, 365, u16::MAX] {
                let text = template::draft(name, &draft(parties, tlp, age)).unwrap_or_else(|e| panic!("{name}: {e}"));
                let terms = Terms::parse(&text).unwrap();
                let ids: Vec<&str> = terms.clauses.iter().map(|clause| clause.id.as_str()).collect();
                assert_eq!((ids.as_slice(), terms.kind), (clauses, kind), "{name}");
                assert!(terms.clauses.iter().all(|clause| clause.tlp_max <= tlp.max(Tlp::Green)), "{name}");
            }
        }
        let text = template::draft(name, &draft(parties, Tlp::Amber, 90)).unwrap();
        let mut note = text.into_bytes();
        for (id, _) in parties {
            note = sign::sign(&note, &key(&format!("{id}.example/agreements"))).unwrap();
        }
        let agreement = Agreement::open(&note).unwrap();
        assert_eq!(agreement.state(at("2026-12-01T00:00:00Z")), State::InForce, "{name}");
        let red = template::draft(name, &draft(parties, Tlp::Red, 90)).unwrap_err();
        let TemplateError::Text(errors) = red else { panic!("{name}: {red}") };
        assert!(errors.iter().all(|error| error.code == "agr.ceiling-red"), "{name}: {errors:?}");
    }
    assert_eq!(template::list().len(), 4);
    assert!(template::list().iter().all(|known| CASES.iter().any(|(name, ..)| *name == known.name)));
}

#[test]
fn every_template_is_said_in_plain_words_in_every_language() {
    for (name, parties, _, clauses) in CASES {
        let text = template::draft(name, &draft(parties, Tlp::Amber, 90)).unwrap();
        let terms = Terms::parse(&text).unwrap();
        let english = plain::sentences(&terms, plain::Language::English);
        for language in plain::Language::ALL {
            let sentences = plain::sentences(&terms, language);
            assert_eq!(sentences.len(), english.len(), "{name} {language}");
            let whole = sentences.concat();
            assert!(!whole.contains(['{', '}']), "{name} {language}: {whole}");
            for (clause, sentence) in clauses.iter().zip(&sentences[1..]) {
                assert!(sentence.contains(clause), "{name} {language} lacks {clause}: {sentence}");
            }
            for (id, _) in parties {
                assert!(whole.contains(&format!("The {id} organisation")), "{name} {language} lacks {id}");
            }
        }
    }
}

#[test]
fn a_template_refuses_parties_it_is_not_for() {
    let cases: [(&str, &[(&str, Role)]); 7] = [
        ("telco-police", &[("telco", Role::Private), ("isp", Role::Private)]),
        ("telco-police", &[("police", Role::Police), ("police-b", Role::Police)]),
        ("telco-police", &[("telco", Role::Private), ("police", Role::Police), ("cert-a", Role::Cert)]),
        ("cert-community", &[("cert-a", Role::Cert), ("cert-b", Role::Cert)]),
        ("cert-community", &[("isp-a", Role::Private), ("isp-b", Role::Private), ("bank", Role::Private)]),
        ("isp-isp", &[("telco", Role::Private), ("police", Role::Police)]),
        ("operation", &[("police", Role::Police)]),
    ];
    for (name, parties) in cases {
        let refused = template::draft(name, &draft(parties, Tlp::Amber, 90)).unwrap_err();
        assert!(matches!(refused, TemplateError::Parties(_)), "{name}: {refused}");
    }
    let unknown = template::draft("isac", &draft(CASES[0].1, Tlp::Amber, 90)).unwrap_err();
    assert_eq!(unknown, TemplateError::Unknown("isac".to_owned()));
}

/// In an operation nobody but the lead hands out, the first party leads, and victims go home only.
#[test]
fn an_operation_flows_through_its_lead() {
    let (_, parties, ..) = CASES[4];
    let terms = Terms::parse(&template::draft("operation", &draft(parties, Tlp::AmberStrict, 90)).unwrap()).unwrap();
    let operation = terms.operation.as_ref().unwrap();
    assert_eq!((operation.lead.as_str(), operation.accession_by_lead, operation.backfill_days), ("police", true, 30));
    let of = |id: &str| terms.clause(id).unwrap();
    assert_eq!(of("contribute").to, Recipients::Parties(vec![party("police")]));
    assert_eq!(of("target-list").from, Releasers::Party(party("police")));
    assert_eq!(of("victims-home").to, Recipients::Parties(vec![party("cert-a")]));
    assert!(of("victims-home").constituency_only);
}

#[test]
fn an_amendment_changes_its_head_and_nothing_else() {
    let (_, parties, ..) = CASES[1];
    let text = template::draft("cert-community", &draft(parties, Tlp::Amber, 90)).unwrap();
    let before = Terms::parse(&text).unwrap();
    let longer = Amendment { valid_to: Some(at("2028-06-01T00:00:00Z")), ..Amendment::default() };
    let next = template::amend(&text, &before, &longer).unwrap();
    let terms = Terms::parse(&next).unwrap();
    assert_eq!((terms.version, terms.supersedes), (2, Some(before.hash)));
    assert_eq!(terms.valid_to, at("2028-06-01T00:00:00Z"));
    terms.check_successor(Some(&before)).unwrap();
    let tail = |text: &str| text[text.find("[instrument]").unwrap()..].to_owned();
    assert_eq!(tail(&next), tail(&text));
    // Of the third version, from the second: the predecessor is written once.
    let third = template::amend(&next, &terms, &Amendment::default()).unwrap();
    assert_eq!(third.matches("supersedes").count(), 1);
    assert_eq!(Terms::parse(&third).unwrap().supersedes, Some(terms.hash));
    // A shorter validity takes the review along.
    let shorter = Amendment { valid_to: Some(at("2027-01-01T00:00:00Z")), ..Amendment::default() };
    let short = Terms::parse(&template::amend(&text, &before, &shorter).unwrap()).unwrap();
    assert!(short.review_by < short.valid_to);
    let mut foreign = draft(parties, Tlp::Amber, 90);
    foreign.id = AgreementId::parse("agr-8").unwrap();
    foreign.parties = parties.iter().map(|(id, role)| member(id, *role, "agr-8")).collect();
    let foreign = template::draft("cert-community", &foreign).unwrap();
    assert_eq!(template::amend(&foreign, &before, &Amendment::default()).unwrap_err()[0].code, "agr.supersedes");
}

/// The lead admits a newcomer with two signatures, if nothing else changes; anything else needs everybody's.
#[test]
fn a_newcomer_accedes_by_the_signatures_of_lead_and_newcomer_only_if_nothing_else_changes() {
    let founders: &[(&str, Role)] = &[("police", Role::Police), ("telco", Role::Private), ("cert-a", Role::Cert)];
    let all: &[(&str, Role)] =
        &[("police", Role::Police), ("telco", Role::Private), ("cert-a", Role::Cert), ("isp", Role::Private)];
    let signed = |text: &str, ids: &[&str]| {
        ids.iter().fold(text.as_bytes().to_vec(), |note, id| {
            sign::sign(&note, &key(&format!("{id}.example/agreements"))).unwrap()
        })
    };
    let text = template::draft("operation", &draft(founders, Tlp::AmberStrict, 90)).unwrap();
    let before = Agreement::open(&signed(&text, &["police", "telco", "cert-a"])).unwrap();
    let with_isp = template::draft("operation", &draft(all, Tlp::AmberStrict, 90)).unwrap();
    let next = template::amend(&with_isp, before.terms(), &Amendment::default()).unwrap();
    let joined = Agreement::open_next(&signed(&next, &["police", "isp"]), &before).unwrap();
    assert_eq!(joined.state(at("2026-12-02T00:00:00Z")), State::InForce);
    assert!(!joined.has_signed(&party("telco")));
    let missing = |text: &str, ids: &[&str]| -> Vec<String> {
        let errors = Agreement::open_next(&signed(text, ids), &before).unwrap_err();
        assert!(errors.iter().all(|error| error.code == "agr.party-unsigned"), "{errors:?}");
        errors.into_iter().map(|error| error.message).collect()
    };
    assert_eq!(missing(&next, &["police"]), ["`isp` has not signed"]);
    assert_eq!(missing(&next, &["isp"]), ["`police` has not signed"]);
    // Without the version before it is not complete: nothing shows that the lead may admit alone.
    assert_eq!(Agreement::open(&signed(&next, &["police", "isp"])).unwrap_err().len(), 2);
    let widened = [
        ("confidence_min = 30", "confidence_min = 1"),
        ("retain:90d", "retain:91d"),
        ("ack_hours = 24", "ack_hours = 25"),
        ("backfill_days = 30", "backfill_days = 31"),
        ("valid_to = 2027-12-01", "valid_to = 2027-12-02"),
        ("name = \"The telco organisation\"", "name = \"The other organisation\""),
        ("title = \"Joint", "title = \"Our joint"),
    ];
    for (from, to) in widened {
        assert_eq!(missing(&with(&next, from, to), &["police", "isp"]).len(), 2, "{to}");
    }
    // Nor where the text says that everybody admits.
    let everybody = with(&text, "accession = \"lead\"", "accession = \"all\"");
    let before_all = Agreement::open(&signed(&everybody, &["police", "telco", "cert-a"])).unwrap();
    let next_all = with(&with_isp, "accession = \"lead\"", "accession = \"all\"");
    let next_all = template::amend(&next_all, before_all.terms(), &Amendment::default()).unwrap();
    assert_eq!(Agreement::open_next(&signed(&next_all, &["police", "isp"]), &before_all).unwrap_err().len(), 2);
}
