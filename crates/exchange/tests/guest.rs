//! Guests on the console: they see what was released to their party, through that door, and nothing tells the rest from nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use entente_agreement::{PartyId, Subject};
use entente_exchange::admit::AdmitOptions;
use entente_exchange::{Exchange, Viewer};
use entente_stix::marking::Tlp;
use support::{AGREEMENT, Clause, World, indicator, marked, options, uuid};

fn guest() -> Viewer {
    Viewer::Party(PartyId::parse("fusion").unwrap())
}

fn console() -> Clause {
    Clause {
        subject: vec!["infrastructure", "victim"],
        doors: vec!["sync", "console"],
        obligations: vec![
            "redact-victim:hmac",
            "strip-source",
            "strip-free-text",
            "attribution:must-not",
            "retain:90d",
        ],
        ..Clause::from("northtel", "fusion")
    }
}

/// Everything a guest can ask about a value or an id, as one text.
fn answers(exchange: &Exchange, value: &str, id: &str) -> String {
    let check = exchange.check(value, &guest()).unwrap();
    let search = exchange.search(value, &guest()).unwrap();
    let by_id = exchange.search(id, &guest()).unwrap();
    let object = exchange.object(id, &guest()).unwrap();
    let text = serde_json::to_string(&(check, search, by_id, object)).unwrap();
    text.replace(value, "VALUE").replace(&value.replace('.', "[.]"), "VALUE").replace(id, "ID")
}

/// A guest that could tell "withheld" from "unknown" would learn what the node knows by asking.
#[test]
fn abuse_a18_withheld_and_unknown_look_the_same() {
    let world = World::with(console());
    let node = &world.northtel.exchange;
    world.northtel.admit_stix(&[
        indicator(&uuid(1), "198.51.100.1", &marked(Tlp::Red)),
        indicator(&uuid(2), "198.51.100.2", ""),
        indicator(&uuid(3), "198.51.100.3", &marked(Tlp::Amber)),
    ]);
    let ids = |n| format!("indicator--{}", uuid(n));
    let unknown = answers(node, "198.51.100.9", &ids(9));
    assert_eq!(answers(node, "198.51.100.1", &ids(1)), unknown);
    assert_eq!(answers(node, "198.51.100.2", &ids(2)), unknown);
    assert!(unknown.contains("unknown"));
    // Asking wrote nothing that the guest could read in the log either.
    let leaves = world.northtel.count("SELECT count(*) FROM leaf");
    answers(node, "198.51.100.1", &ids(1));
    assert_eq!(world.northtel.count("SELECT count(*) FROM leaf"), leaves);
    assert_ne!(answers(node, "198.51.100.3", &ids(3)), unknown);
    let home = node.home(&guest()).unwrap();
    assert_eq!(home.totals, entente_exchange::view::Totals::default());
    assert_eq!(home.recent.len(), 1);
    assert!(home.exchange.iter().all(|row| row.withheld == 0 && row.withheld_by_reason.is_empty()));
}

/// A pseudonym protects nobody if a guest may ask for the name and is shown the pseudonym.
#[test]
fn abuse_a18_a_victims_name_does_not_lead_to_its_pseudonym() {
    let world = World::with(console());
    let node = &world.northtel.exchange;
    world.northtel.admit_with(
        "www.ministry.example\n203.0.113.77\n",
        &AdmitOptions { subject: Some(Subject::Victim), ..options() },
    );
    assert_eq!(world.northtel.objects(AGREEMENT, "fusion").len(), 2);
    for (victim, stranger) in [("www.ministry.example", "www.nobodyx.example"), ("203.0.113.77", "203.0.113.78")] {
        // The id under which the victim is held can be computed by anybody who guesses the name.
        let held = node.search(victim, &Viewer::Staff).unwrap()[0].id.clone();
        let absent = format!("identity--{}", uuid(1));
        assert_eq!(answers(node, victim, &held), answers(node, stranger, &absent), "{victim}");
    }
    // The pseudonyms themselves are shown, by their own ids.
    let all = node.home(&guest()).unwrap().recent;
    assert_eq!(all.len(), 2);
    for line in all {
        let view = node.object(&line.id, &guest()).unwrap().unwrap();
        assert!(view.raw.contains("victim-") && !view.raw.contains("ministry") && !view.raw.contains("203.0.113"));
        assert!(view.provenance.is_empty() && view.visibility.is_empty() && view.releases.is_empty());
    }
}

/// A shortened address must not be found by the whole one.
#[test]
fn a_network_in_place_of_a_victims_address_is_not_found_by_the_address() {
    let world = World::with(Clause {
        obligations: vec!["redact-victim:prefix", "strip-source", "strip-free-text", "attribution:may", "retain:90d"],
        ..console()
    });
    world.northtel.admit_with("203.0.113.77\n", &AdmitOptions { subject: Some(Subject::Victim), ..options() });
    assert_eq!(world.northtel.page(AGREEMENT, "fusion").rows.len(), 3);
    let report = world.northtel.exchange.check("203.0.113.77", &guest()).unwrap();
    assert_eq!((report.known, report.values[0].verdict.as_str()), (0, "unknown"));
}

/// A page shows the object that was asked for, not the one it was released with.
#[test]
fn an_object_page_shows_the_object_of_its_address() {
    let world = World::with(console());
    world.northtel.admit("198.51.100.1\n");
    for row in world.northtel.page(AGREEMENT, "fusion").rows {
        if let Some(view) = world.northtel.exchange.object(&row.id, &guest()).unwrap() {
            assert_eq!(view.line.id, row.id);
            assert_eq!(view.raw.as_bytes(), row.bytes);
        } else {
            assert!(!row.id.starts_with("indicator--"));
        }
    }
}

/// A clause that is not open to the console shows nothing there, whatever the partner's node fetched.
#[test]
fn a_clause_without_the_console_shows_a_guest_nothing() {
    let world = World::new();
    world.northtel.admit("198.51.100.1\n");
    let id = world.northtel.page(AGREEMENT, "fusion").rows.pop().unwrap().id;
    assert!(id.starts_with("indicator--"));
    assert!(world.northtel.exchange.object(&id, &guest()).unwrap().is_none());
    assert!(world.northtel.exchange.search("198.51.100.1", &guest()).unwrap().is_empty());
    assert!(world.northtel.exchange.home(&guest()).unwrap().recent.is_empty());
    let stranger = Viewer::Party(PartyId::parse("cert-x").unwrap());
    assert!(world.northtel.exchange.agreements(&stranger).unwrap().is_empty());
    assert!(
        world
            .northtel
            .exchange
            .agreement(AGREEMENT, &stranger, entente_agreement::plain::Language::English)
            .unwrap()
            .is_none()
    );
    assert!(world.northtel.exchange.log(AGREEMENT, None, &stranger).unwrap().is_none());
    assert!(world.northtel.exchange.ledger(&stranger).unwrap().logs.is_empty());
    assert_eq!(world.northtel.exchange.parties(&stranger).unwrap().len(), 1);
}

/// What a guest is shown is a delivery: it has a leaf before the page is there, and it has a receipt.
#[test]
fn what_a_guest_is_shown_is_in_the_ledger() {
    let world = World::with(console());
    world.northtel.admit("198.51.100.1\n");
    let before = world.northtel.count("SELECT count(*) FROM delivery");
    let found = world.northtel.exchange.search("198.51.100.1", &guest()).unwrap();
    assert_eq!(found.len(), 1);
    assert!(found[0].origin == "northtel" && !found[0].id.contains("unknown"));
    assert_eq!(world.northtel.count("SELECT count(*) FROM delivery"), before + 1);
    assert!(world.northtel.log_problems().is_empty());
    world.northtel.exchange.suspend(AGREEMENT, "audit").unwrap();
    assert!(world.northtel.exchange.search("198.51.100.1", &guest()).unwrap().is_empty());
}
