//! What a person decides about an object after its admission, and what every door makes of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use entente_exchange::ExchangeError;
use entente_exchange::review::Review;
use entente_stix::Timestamp;
use entente_stix::marking::Tlp;
use support::{AGREEMENT, Clause, World, indicator, marked, uuid};

/// A world whose clause lets free text leave.
fn with_text() -> World {
    World::with(Clause {
        text: true,
        obligations: vec!["attribution:may", "retain:90d"],
        ..Clause::from("northtel", "fusion")
    })
}

fn described(more: &str) -> String {
    indicator(
        &uuid(1),
        "198.51.100.1",
        &format!(r#","description":"the panel of the botnet"{more}{}"#, marked(Tlp::Amber)),
    )
}

#[test]
fn text_leaves_once_a_person_has_read_it_and_only_that_version() {
    let world = with_text();
    let node = &world.northtel;
    let id = format!("indicator--{}", uuid(1));
    node.admit_stix(&[described("")]);
    assert_eq!(node.objects(AGREEMENT, "fusion"), Vec::<String>::new());
    assert_eq!(node.withheld(AGREEMENT), [("clause.text".to_owned(), 1)]);

    let reviewed = node.exchange.review(&id, &Review::Text).unwrap();
    assert_eq!((reviewed.act, reviewed.versions), ("text", 1));
    assert_eq!(node.release().0, 2, "the object and its author");
    assert_eq!(node.withheld(AGREEMENT), []);
    let objects = node.objects(AGREEMENT, "fusion");
    assert!(objects.iter().any(|object| object.contains("the panel of the botnet")), "{objects:?}");

    // Nobody has read the next version.
    let next = described("").replace("the panel", "the victim's name and the panel");
    node.admit_stix(&[next.replace(r#""modified":"2026-11-20T"#, r#""modified":"2026-11-21T"#)]);
    assert_eq!(node.withheld(AGREEMENT), [("clause.text".to_owned(), 1)]);
    assert!(!node.objects(AGREEMENT, "fusion").iter().any(|object| object.contains("the victim's name")));
}

#[test]
fn a_review_is_durable_before_the_decision_is_made_again() {
    let world = with_text();
    let node = &world.northtel;
    node.admit_stix(&[described("")]);
    node.exchange.review(&format!("indicator--{}", uuid(1)), &Review::Text).unwrap();
    // Another process, as after a crash between review and release.
    let runs = node.again().release().unwrap();
    assert_eq!(runs.iter().map(|run| run.released).sum::<u64>(), 2);
    assert_eq!(node.count("SELECT count(*) FROM again"), 0);
}

#[test]
fn under_legal_hold_nothing_leaves_not_even_what_was_released() {
    let world = World::new();
    let node = &world.northtel;
    node.admit_stix(&[indicator(&uuid(1), "198.51.100.1", &marked(Tlp::Amber))]);
    assert_eq!(node.objects(AGREEMENT, "fusion").len(), 1);
    let id = format!("indicator--{}", uuid(1));
    node.exchange.review(&id, &Review::Hold("court order 7/2026".to_owned())).unwrap();
    assert_eq!(node.objects(AGREEMENT, "fusion").len(), 0, "the second decision sees the hold");
    node.release();
    assert_eq!(node.withheld(AGREEMENT), [("floor.hold".to_owned(), 1)]);

    // A later version is held as well.
    let later = indicator(&uuid(1), "198.51.100.1", &marked(Tlp::Green));
    node.admit_stix(&[later.replace(r#""modified":"2026-11-20T"#, r#""modified":"2026-11-21T"#)]);
    assert_eq!(node.withheld(AGREEMENT), [("floor.hold".to_owned(), 2)]);

    node.exchange.review(&id, &Review::LiftHold("court order 9/2026".to_owned())).unwrap();
    node.release();
    assert_eq!(node.withheld(AGREEMENT), []);
    let left = node.objects(AGREEMENT, "fusion");
    assert!(left.iter().any(|object| object.contains(Tlp::Green.marking_id())), "{left:?}");
}

#[test]
fn an_embargo_ends_by_itself() {
    let world = World::new();
    let node = &world.northtel;
    let id = format!("indicator--{}", uuid(1));
    node.admit_stix(
        &[indicator(&uuid(1), "198.51.100.1", &marked(Tlp::Amber)).replace("198.51.100.1", "198.51.100.2")],
    );
    let until = Timestamp::parse("2026-11-26T00:00:00Z").unwrap();
    node.exchange.review(&id, &Review::Embargo(until)).unwrap();
    node.release();
    assert_eq!(node.withheld(AGREEMENT), [("floor.embargo".to_owned(), 1)]);
    assert_eq!(node.objects(AGREEMENT, "fusion").len(), 0);
    world.time.set("2026-11-25T23:59:59Z");
    node.release();
    assert_eq!(node.objects(AGREEMENT, "fusion").len(), 0);
    world.time.set("2026-11-26T00:00:00Z");
    node.release();
    assert_eq!((node.withheld(AGREEMENT), node.objects(AGREEMENT, "fusion").len()), (vec![], 1));
}

#[test]
fn an_unknown_object_is_not_reviewed() {
    let world = World::new();
    let refused = world.northtel.exchange.review("indicator--none", &Review::LiftEmbargo);
    assert!(matches!(refused, Err(ExchangeError::UnknownObject(_))));
}

#[test]
fn facts_of_the_first_format_of_the_store_are_read() {
    let world = World::new();
    let node = &world.northtel;
    node.admit_stix(&[indicator(&uuid(1), "198.51.100.1", &marked(Tlp::Amber))]);
    // As the first version wrote them: number 1, eight bytes shorter.
    let written = node
        .database()
        .execute("UPDATE revision SET facts=CAST(x'01' || substr(facts, 2, 21) AS BLOB) WHERE length(facts)=30", [])
        .unwrap();
    assert!(written > 0);
    assert_eq!(node.objects(AGREEMENT, "fusion").len(), 1);
}
