//! Delivery: the second decision, paging, and the order of leaf and bytes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use entente_agreement::{Door, Purpose};
use entente_exchange::admit::AdmitOptions;
use entente_exchange::deliver::{DeliverError, PageRequest};
use entente_exchange::export::ExportFormat;
use entente_ledger::leaf::{Entry, Leaf};
use entente_stix::Timestamp;
use entente_stix::marking::Tlp;
use entente_taxii::query::{Filters, VersionSelector};
use support::{AGREEMENT, Clause, World, indicator, marked, options, request, uuid};

/// The last leaf of the agreement's log at northtel.
fn last_leaf(world: &World) -> Leaf {
    let entry: Vec<u8> = world
        .northtel
        .database()
        .query_row("SELECT entry FROM leaf ORDER BY no DESC LIMIT 1", [], |row| row.get(0))
        .unwrap();
    Entry::parse(&entry).unwrap().leaf
}

/// Bytes that left without a leaf could be denied; the leaf is durable when the caller has the page in hand.
#[test]
fn the_delivery_leaf_is_durable_before_the_bytes_are_handed_out() {
    let world = World::new();
    world.northtel.admit("198.51.100.1\n198.51.100.2\n");
    let before = world.northtel.count("SELECT count(*) FROM leaf");
    let page = world.northtel.page(AGREEMENT, "fusion");
    let Leaf::Delivery { party, door, n, first, last, .. } = last_leaf(&world) else { panic!("no delivery leaf") };
    assert_eq!((party.as_str(), door.as_str()), ("fusion", "sync"));
    assert_eq!((first, last, n), (1, 4, u64::try_from(page.rows.len()).unwrap()));
    assert_eq!(world.northtel.count("SELECT count(*) FROM leaf"), before + 1);
    assert_eq!(page.receipt, Some(u64::try_from(before).unwrap()));
    // An empty page and a page of records hand out no bytes and write no leaf.
    let after = page.rows.last().unwrap().date_added;
    assert!(
        world.northtel.page_of(AGREEMENT, "fusion", &PageRequest { after, ..request() }).unwrap().receipt.is_none()
    );
    let credential = world.northtel.credential("fusion");
    let collection = world.northtel.exchange.collection(&credential, "agr-12-fusion").unwrap().unwrap();
    let records = world.northtel.exchange.manifest(&credential, &collection, &request()).unwrap();
    assert_eq!(records.rows.len(), 4);
    assert!(records.rows.iter().all(|row| row.bytes.is_empty() && row.version.is_some()));
    assert_eq!(world.northtel.count("SELECT count(*) FROM leaf"), before + 1);
}

/// A ledger that does not hold together signs nothing more, so nothing leaves.
#[test]
fn nothing_is_delivered_while_the_ledger_is_halted() {
    let world = World::new();
    world.northtel.admit("198.51.100.1\n");
    world.northtel.database().execute("UPDATE log SET edge=x'00'", []).unwrap();
    let error = world.northtel.page_of(AGREEMENT, "fusion", &request()).unwrap_err();
    let DeliverError::Exchange(error) = error else { panic!("{error:?}") };
    assert_eq!(error.code(), "ledger.halted");
    assert_eq!(world.northtel.count("SELECT count(*) FROM delivery"), 0);
}

/// Pages of any size concatenate to the whole, each object once.
#[test]
fn pages_of_any_size_concatenate_to_the_whole() {
    let world = World::new();
    let list: String = (0..25).map(|n| format!("198.51.100.{n}\n")).collect();
    world.northtel.admit(&list);
    let whole: Vec<String> = world.northtel.page(AGREEMENT, "fusion").rows.into_iter().map(|row| row.id).collect();
    assert_eq!(whole.len(), 27);
    for limit in [1, 2, 7, 26, 27, 28] {
        let mut after = Timestamp::from_micros(0);
        let mut all = Vec::new();
        loop {
            let page = world.northtel.page_of(AGREEMENT, "fusion", &PageRequest { after, limit, ..request() }).unwrap();
            assert!(page.rows.len() <= limit);
            assert!(page.rows.windows(2).all(|pair| pair[0].date_added < pair[1].date_added));
            let more = page.more;
            after = page.rows.last().unwrap().date_added;
            all.extend(page.rows.into_iter().map(|row| row.id));
            if !more {
                break;
            }
        }
        assert_eq!(all, whole, "limit {limit}");
    }
}

/// A reader that starts anew walks over what was superseded; it must not take the walk's limit for the end.
#[test]
fn a_page_behind_more_superseded_rows_than_are_scanned_is_found() {
    let world = World::new();
    world.northtel.admit("198.51.100.1\n");
    {
        let database = world.northtel.database();
        // 25,000 superseded rows in front of a live one, as a feed leaves them that is read every day.
        database
            .execute_batch(
                "BEGIN;
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000)
                 INSERT INTO manifest SELECT (head.no << 40) | (head.next_seq - 1 + n.i), head.last_added_us + n.i, m.object, m.revision,
                 m.agreement, m.clause, m.version_us, m.leaf, m.row, n.i < 25000, 0, m.secret, m.id, m.body
                 FROM n, head, manifest m WHERE m.no = (SELECT max(no) FROM manifest);
                 UPDATE manifest SET superseded=1 WHERE no <= (SELECT (no << 40) | (next_seq - 1) FROM head);
                 UPDATE head SET next_seq=next_seq + 25000, last_added_us=last_added_us + 25000;
                 COMMIT;",
            )
            .unwrap();
    }
    let page = world.northtel.page(AGREEMENT, "fusion");
    assert_eq!(page.rows.len(), 1, "the walk stopped with nothing in hand and `more` = {}", page.more);
    assert!(!page.more);
}

/// An object that aged out since its release is not handed out, and says nothing of itself.
#[test]
fn what_no_longer_meets_the_terms_is_withheld_at_delivery() {
    let world = World::new();
    world.northtel.admit("198.51.100.1\n");
    assert_eq!(world.northtel.objects(AGREEMENT, "fusion").len(), 1);
    world.time.advance_days(91);
    let page = world.northtel.page(AGREEMENT, "fusion");
    // The releaser's identity and the markings stay for what refers to them; they say nothing of the object.
    let ids: Vec<&str> = page.rows.iter().map(|row| row.id.as_str()).collect();
    assert!(ids.iter().all(|id| id.starts_with("identity--") || id.starts_with("marking-definition--")), "{ids:?}");
    assert!(!page.more && page.rows.iter().all(|row| !String::from_utf8_lossy(&row.bytes).contains("198.51.100")));
}

/// The obligations of one clause must not be escaped by reading through the door of another.
#[test]
fn the_second_decision_never_finds_another_clause() {
    let bare = Clause {
        id: "export-only".to_owned(),
        doors: vec!["export"],
        obligations: vec!["strip-free-text", "attribution:may", "retain:90d"],
        ..Clause::from("northtel", "fusion")
    };
    let careful = Clause {
        id: "over-taxii".to_owned(),
        doors: vec!["taxii"],
        obligations: vec![
            "strip-source",
            "strip-free-text",
            "coarsen-time:1d",
            "reduce-confidence-bucket",
            "attribution:must-not",
            "retain:90d",
        ],
        ..Clause::from("northtel", "fusion")
    };
    let world = World::strangers();
    let text = support::Text::new(AGREEMENT).clause(bare).clause(careful);
    world.agree(&[&world.northtel, &world.fusion], &text);
    world.northtel.admit_with("198.51.100.1\n", &AdmitOptions { confidence: 33, ..options() });
    let through = |door| world.northtel.page_of(AGREEMENT, "fusion", &PageRequest { door, ..request() }).unwrap();
    // The bytes were made under the first clause, which is open to exports only.
    assert!(through(Door::Export).rows.iter().any(|row| row.id.starts_with("indicator--")));
    for door in [Door::Taxii, Door::Sync, Door::Console] {
        let page = through(door);
        assert!(page.rows.is_empty(), "bytes of clause `export-only` left through {}", door.name());
    }
}

/// A purpose that the clause does not name gets nothing.
#[test]
fn another_purpose_gets_nothing() {
    let world = World::new();
    world.northtel.admit("198.51.100.1\n");
    let with = |purpose| {
        let request = PageRequest { purpose: Some(purpose), ..request() };
        world.northtel.page_of(AGREEMENT, "fusion", &request).unwrap().rows.len()
    };
    assert_eq!((with(Purpose::C2Disruption), with(Purpose::NetworkDefence)), (3, 0));
}

/// Filters select versions and types, and say whether an id is there at all.
#[test]
fn filters_select_by_id_type_and_version() {
    let world = World::new();
    world.northtel.admit("198.51.100.1\n");
    world.northtel.admit_with("198.51.100.1\n198.51.100.2\n", &AdmitOptions { confidence: 90, ..options() });
    let ask =
        |filters: Filters| world.northtel.page_of(AGREEMENT, "fusion", &PageRequest { filters, ..request() }).unwrap();
    let ids: Vec<String> = ask(Filters { types: vec!["indicator".to_owned()], ..Filters::default() })
        .rows
        .into_iter()
        .map(|row| row.id)
        .collect();
    assert_eq!(ids.len(), 2);
    let versions = |versions: Vec<VersionSelector>| {
        let page = ask(Filters { ids: ids.clone(), versions, ..Filters::default() });
        assert!(page.known);
        page.rows.len()
    };
    assert_eq!(versions(vec![]), 2);
    assert_eq!(versions(vec![VersionSelector::Last]), 2);
    assert_eq!(versions(vec![VersionSelector::First]), 2);
    assert_eq!(versions(vec![VersionSelector::All]), 3);
    let unknown = ask(Filters { ids: vec![format!("indicator--{}", uuid(1))], ..Filters::default() });
    assert!(unknown.rows.is_empty() && !unknown.known && !unknown.more);
}

/// A suspension in the middle of paging ends it, whatever cursor the reader still holds.
#[test]
fn abuse_a20_a_suspension_in_the_middle_of_paging_refuses_the_next_page() {
    let world = World::new();
    world.northtel.admit("198.51.100.1\n198.51.100.2\n198.51.100.3\n");
    let first = world.northtel.page_of(AGREEMENT, "fusion", &PageRequest { limit: 2, ..request() }).unwrap();
    assert!(first.more);
    let after = first.rows.last().unwrap().date_added;
    let next = PageRequest { after, limit: 2, ..request() };
    world.northtel.exchange.suspend(AGREEMENT, "a leak is being looked into").unwrap();
    let leaves = world.northtel.count("SELECT count(*) FROM leaf");
    let refused = world.northtel.page_of(AGREEMENT, "fusion", &next).unwrap_err();
    assert!(matches!(refused, DeliverError::Suspended), "{refused:?}");
    assert_eq!(world.northtel.count("SELECT count(*) FROM leaf"), leaves);
    assert!(matches!(last_leaf(&world), Leaf::Suspend { .. }));
    // Another process of the node refuses too, though nobody told it.
    let credential = world.northtel.credential("fusion");
    let other = world.northtel.again();
    let collection = other.collection(&credential, "agr-12-fusion").unwrap().unwrap();
    assert!(matches!(other.deliver(&credential, &collection, &next), Err(DeliverError::Suspended)));
    assert!(matches!(other.receive(&credential, &collection, &[]), Err(DeliverError::Suspended)));
    world.northtel.exchange.resume(AGREEMENT).unwrap();
    assert_eq!(world.northtel.page_of(AGREEMENT, "fusion", &next).unwrap().rows.len(), 2);
}

/// The end of an agreement needs no notice: the clock ends it, and a clock set back does not write an earlier leaf.
#[test]
fn abuse_a20_an_expired_agreement_delivers_nothing() {
    let world = World::new();
    world.northtel.admit("198.51.100.1\n");
    world.time.set("2028-01-01T00:00:00Z");
    assert!(matches!(world.northtel.page_of(AGREEMENT, "fusion", &request()), Err(DeliverError::Ended)));
    assert!(world.northtel.exchange.release().unwrap().is_empty());
    world.time.set("2026-01-01T00:00:00Z");
    world.northtel.page(AGREEMENT, "fusion");
    assert!(world.northtel.log_problems().is_empty());
}

/// A credential of one party reads its own collection only, by whatever name it asks.
#[test]
fn a_collection_is_that_of_its_party() {
    let world = World::new();
    world.northtel.admit("198.51.100.1\n");
    let stranger = world.northtel.credential("cert-x");
    assert!(world.northtel.exchange.collections(&stranger).unwrap().is_empty());
    let fusion = world.northtel.credential("fusion");
    let mut all = world.northtel.exchange.collections(&fusion).unwrap();
    all.sort_by_key(|known| known.can_write);
    assert_eq!(
        all.iter().map(|known| (known.can_read, known.can_write)).collect::<Vec<_>>(),
        [(true, false), (false, true)]
    );
    for known in &all {
        assert!(world.northtel.exchange.collection(&stranger, &known.id).unwrap().is_none());
        let by_id = world.northtel.exchange.collection(&fusion, &known.id.to_ascii_uppercase()).unwrap();
        assert_eq!(by_id.as_ref(), Some(known));
    }
    // Even with the collection of another party in hand.
    assert!(world.northtel.exchange.deliver(&stranger, &all[0], &request()).unwrap().rows.is_empty());
    assert!(world.northtel.exchange.deliver(&fusion, &all[1], &request()).unwrap().rows.is_empty());
    assert_eq!(world.northtel.exchange.page_receipt(&stranger, AGREEMENT, 2).unwrap(), None);
    assert!(world.northtel.exchange.notices(&stranger, AGREEMENT).unwrap().is_none());
    assert!(world.northtel.exchange.checkpoint(&stranger, AGREEMENT).unwrap().is_none());
    assert!(world.northtel.exchange.agreement_note(&stranger, AGREEMENT).unwrap().is_none());
}

/// A file for a partner goes through the same decision and says how much of it was left out.
#[test]
fn an_export_for_a_party_is_a_delivery() {
    let world = World::new();
    world.northtel.admit("198.51.100.1\n198.51.100.2\n");
    world.northtel.admit_with("198.51.100.3\n", &AdmitOptions { tlp: Some(Tlp::Red), ..options() });
    let list = world.northtel.exchange.export_for(ExportFormat::List, "fusion").unwrap();
    assert_eq!(String::from_utf8(list.bytes).unwrap().lines().count(), 2);
    assert!(list.withheld.is_empty(), "{:?}", list.withheld);
    let Leaf::Delivery { door, .. } = last_leaf(&world) else { panic!("no delivery leaf") };
    assert_eq!(door, "export");
    world.northtel.exchange.suspend(AGREEMENT, "audit").unwrap();
    assert_eq!(world.northtel.exchange.export_for(ExportFormat::List, "fusion").unwrap_err().code(), "agreement.state");
    assert_eq!(world.northtel.exchange.export_for(ExportFormat::List, "nobody").unwrap_err().code(), "party.unknown");
    let quarantined = world.northtel.admit("8.8.8.8\n");
    assert_eq!(quarantined.quarantined.len(), 1);
    let house = world.northtel.exchange.export(ExportFormat::List).unwrap();
    assert!(!String::from_utf8(house.bytes).unwrap().contains("8.8.8.8"));
    assert_eq!(house.withheld.get("floor.quarantine"), Some(&1));
}

/// Superseded versions are not something the door held back.
#[test]
fn an_export_does_not_count_superseded_versions_as_withheld() {
    let world = World::new();
    world.northtel.admit("198.51.100.1\n");
    world.northtel.admit_with("198.51.100.1\n", &AdmitOptions { confidence: 90, ..options() });
    let list = world.northtel.exchange.export_for(ExportFormat::List, "fusion").unwrap();
    assert!(list.withheld.is_empty(), "{:?}", list.withheld);
}

/// An indicator of a partner goes back to nobody, above all not to the partner.
#[test]
fn an_echo_is_withheld() {
    let world = World::new();
    let credential = world.northtel.credential("fusion");
    let inbound = world.northtel.exchange.collection(&credential, "agr-12-fusion-in").unwrap().unwrap();
    let object = indicator(&uuid(1), "198.51.100.1", &marked(Tlp::Clear));
    world.northtel.exchange.receive(&credential, &inbound, &[object.as_bytes()]).unwrap();
    assert_eq!(world.northtel.release().1, [("floor.echo".to_owned(), 1)].into());
    assert!(world.northtel.objects(AGREEMENT, "fusion").is_empty());
}

/// A mark that was raised must also hold for what was released before it was raised (F1, A16).
#[test]
fn abuse_a16_a_value_that_becomes_red_is_not_delivered_in_its_earlier_version() {
    let world = World::new();
    world.northtel.admit("198.51.100.1\n198.51.100.2\n");
    assert_eq!(world.northtel.objects(AGREEMENT, "fusion").len(), 2);
    world.northtel.admit_with("198.51.100.1\n", &AdmitOptions { tlp: Some(Tlp::Red), ..options() });
    let left = world.northtel.objects(AGREEMENT, "fusion");
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left[0].contains("198.51.100.2"));
    let all =
        PageRequest { filters: Filters { versions: vec![VersionSelector::All], ..Filters::default() }, ..request() };
    let page = world.northtel.page_of(AGREEMENT, "fusion", &all).unwrap();
    assert!(!page.rows.iter().any(|row| String::from_utf8_lossy(&row.bytes).contains("198.51.100.1'")));
}

/// A site that turns out to be a victim's must not go on being named by what was released before that was known (A19).
#[test]
fn abuse_a19_a_host_that_is_reported_as_a_victim_later_is_not_delivered_any_more() {
    let world = World::new();
    world.northtel.admit("http://shop.victim.example/panel.php\nhttp://other.attacker.example/a\n");
    assert_eq!(world.northtel.objects(AGREEMENT, "fusion").len(), 2);
    world.northtel.admit_with(
        "shop.victim.example\n",
        &AdmitOptions { subject: Some(entente_agreement::Subject::Victim), ..options() },
    );
    let left = world.northtel.objects(AGREEMENT, "fusion");
    assert!(left.iter().all(|text| !text.contains("shop.victim.example")), "{left:?}");
    assert!(left.iter().any(|text| text.contains("other.attacker.example")));
}

/// A reader who begins late must still get the identity and the markings that everything refers to.
#[test]
fn the_identity_of_the_releaser_does_not_age_out_with_the_first_object() {
    let world = World::with(Clause { max_age_days: 30, ..Clause::from("northtel", "fusion") });
    world.northtel.admit("198.51.100.1\n");
    world.time.advance_days(40);
    world.northtel.admit("198.51.100.2\n");
    let page = world.northtel.page(AGREEMENT, "fusion");
    let ids: Vec<&str> = page.rows.iter().map(|row| row.id.as_str()).collect();
    let newest = page.rows.iter().find(|row| row.id.starts_with("indicator--")).expect("the second is released");
    let object = entente_stix::Object::parse(&newest.bytes, &entente_stix::Limits::admission()).unwrap();
    for reference in object.references() {
        assert!(ids.contains(&reference.target.as_str()), "{} is missing in {ids:?}", reference.target);
    }
    assert_eq!(page.rows.iter().filter(|row| row.id.starts_with("indicator--")).count(), 1);
}

/// The same when the clock was set back in between: the victim is known later, though it says earlier.
#[test]
fn abuse_a43_a_clock_that_stepped_back_does_not_make_a_victim_older_than_the_release() {
    let world = World::new();
    world.northtel.admit("http://shop.victim.example/panel.php\nhttp://other.attacker.example/a\n");
    world.time.set("2026-11-24T03:00:00Z");
    let victim = AdmitOptions { subject: Some(entente_agreement::Subject::Victim), release: false, ..options() };
    world.northtel.admit_with("shop.victim.example\n", &victim);
    let left = world.northtel.objects(AGREEMENT, "fusion");
    assert_eq!(left.len(), 1);
    assert!(left.iter().all(|text| !text.contains("shop.victim.example")), "{left:?}");
}
