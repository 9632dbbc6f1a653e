//! Daily quotas: what is above one waits and is not lost, what has to stay back does not wait, and nobody pays for another.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use entente_agreement::PartyId;
use entente_exchange::deliver::{DeliverError, PageRequest};
use entente_exchange::export::ExportFormat;
use entente_exchange::{ExchangeError, Viewer};
use entente_stix::Timestamp;
use entente_stix::marking::Tlp;
use support::{AGREEMENT, Clause, DAY_US, Node, Text, World, indicator, marked, request, uuid};

const LIMITED: &str = "limit.objects-per-day";

fn world(objects_per_day: u32) -> World {
    let world = World::strangers();
    let clause = Clause { doors: vec!["sync", "export", "console"], ..Clause::from("northtel", "fusion") };
    let text = Text { objects_per_day, ..Text::new(AGREEMENT) }.clause(clause);
    world.agree(&[&world.northtel, &world.fusion], &text);
    world
}

fn addresses(range: std::ops::Range<u32>) -> String {
    range.map(|n| format!("198.51.100.{n}\n")).collect()
}

/// Positions and ids of everything in the manifest, by the pages that fusion would read on days with room.
fn manifest(node: &Node) -> Vec<(Timestamp, String)> {
    let credential = node.credential("fusion");
    let collection = node.exchange.collection(&credential, &format!("{AGREEMENT}-fusion")).unwrap().unwrap();
    let page = node.exchange.manifest(&credential, &collection, &request()).unwrap();
    assert!(!page.more);
    page.rows
        .into_iter()
        .filter(|row| row.id.starts_with("indicator--") || row.id.starts_with("relationship--"))
        .map(|row| (row.date_added, row.id))
        .collect()
}

fn seconds_left(error: DeliverError) -> u64 {
    let DeliverError::Exchange(ExchangeError::Quota { agreement, retry_after_s }) = error else { panic!("{error:?}") };
    assert_eq!(agreement, AGREEMENT);
    retry_after_s
}

/// What the quota keeps back would be lost if it were not decided again, or could appear behind a reader if it were not appended.
#[test]
fn what_is_above_the_quota_waits_and_is_appended_on_a_later_day() {
    let world = world(3);
    let node = &world.northtel;
    node.admit(&addresses(1..8));
    assert_eq!(node.withheld(AGREEMENT), [(LIMITED.to_owned(), 4)]);
    let first = manifest(node);
    assert_eq!(first.len(), 3);
    // The same day again releases nothing, and decides nothing twice.
    let (released, withheld) = node.release();
    assert_eq!((released, withheld), (0, [].into()));

    world.time.advance_days(1);
    assert_eq!(node.release().0, 3);
    let second = manifest(node);
    assert_eq!(second.len(), 6);
    assert_eq!(&second[..3], &first[..]);
    assert!(second.windows(2).all(|pair| pair[0].0 < pair[1].0), "{second:?}");
    assert_eq!(node.withheld(AGREEMENT), [(LIMITED.to_owned(), 1)]);

    // What waits is older than what is new, and comes first.
    world.time.advance_days(1);
    let before = manifest(node);
    node.admit(&addresses(20..24));
    let values: Vec<String> = {
        let all = manifest(node);
        all[before.len()..]
            .iter()
            .map(|(_, id)| node.exchange.object(id, &Viewer::Staff).unwrap())
            .map(|o| o.map_or_else(String::new, |o| o.line.value.unwrap_or_default()))
            .collect()
    };
    assert_eq!(values.len(), 3, "{values:?}");
    assert_eq!(node.withheld(AGREEMENT), [(LIMITED.to_owned(), 2)]);
    world.time.advance_days(1);
    node.release();
    assert!(node.withheld(AGREEMENT).is_empty());
    assert_eq!(manifest(node).len(), 11);
    assert!(node.log_problems().is_empty());
}

/// A correction that had to queue behind a quota would leave the wrong object readable for days.
#[test]
fn a_decision_to_withhold_does_not_wait_for_the_quota() {
    let world = world(2);
    let node = &world.northtel;
    let first = indicator(&uuid(1), "198.51.100.1", &marked(Tlp::Amber));
    node.admit_stix(&[first.clone(), indicator(&uuid(2), "198.51.100.2", &marked(Tlp::Amber))]);
    node.admit_stix(&[indicator(&uuid(3), "198.51.100.3", &marked(Tlp::Amber))]);
    assert_eq!((manifest(node).len(), node.withheld(AGREEMENT)), (2, vec![(LIMITED.to_owned(), 1)]));
    let later =
        |text: &str, day: &str| text.replace(r#""modified":"2026-11-20"#, &format!(r#""modified":"2026-11-{day}"#));
    node.admit_stix(&[later(&first, "21").replace(Tlp::Amber.marking_id(), Tlp::Red.marking_id())]);
    let left = manifest(node);
    assert_eq!(left.len(), 1, "the marking was raised to RED");
    // But a version that merely waits takes nothing back.
    let second = indicator(&uuid(2), "198.51.100.2", &marked(Tlp::Amber));
    node.admit_stix(&[later(&second, "22")]);
    assert_eq!(manifest(node), left);
    world.time.advance_days(1);
    node.release();
    assert_eq!(manifest(node).len(), 2, "the later version of the second, and the third");
}

/// A relationship must not go out naming an indicator that waits.
#[test]
fn what_refers_to_an_object_that_waits_waits_with_it() {
    let world = world(2);
    let node = &world.northtel;
    let relation = format!(
        r#"{{"type":"relationship","spec_version":"2.1","id":"relationship--{}","created":"2026-11-20T00:00:00.000Z","modified":"2026-11-20T00:00:00.000Z","relationship_type":"related-to","source_ref":"indicator--{}","target_ref":"indicator--{}","confidence":80{}}}"#,
        uuid(9),
        uuid(1),
        uuid(2),
        marked(Tlp::Amber)
    );
    let ends = [1, 2].map(|n| indicator(&uuid(n), &format!("198.51.100.{n}"), &marked(Tlp::Amber)));
    node.admit_stix(&[relation, ends[0].clone(), ends[1].clone()]);
    let released = manifest(node);
    // The relationship came first, but what waits does not use up a place.
    assert_eq!(released.len(), 2, "{released:?}");
    assert!(released.iter().all(|(_, id)| id.starts_with("indicator--")), "{released:?}");
    world.time.advance_days(1);
    node.release();
    assert_eq!(manifest(node).len(), 3);
    assert!(node.withheld(AGREEMENT).is_empty());
}

/// A quota that did not count every page could be read around.
#[test]
fn pages_are_cut_where_the_quota_ends_and_then_refused_until_midnight() {
    let world = world(5);
    let node = &world.northtel;
    node.admit(&addresses(1..6));
    let after = |at: Timestamp, limit: usize| PageRequest { after: at, limit, ..request() };
    let start = Timestamp::from_micros(0);
    // The identity of northtel and the marking accompany the five objects and do not count.
    let first = node.page_of(AGREEMENT, "fusion", &after(start, 4)).unwrap();
    assert_eq!((first.rows.len(), first.more), (4, true));
    let counted = first.rows.iter().filter(|row| row.id.starts_with("indicator--")).count();
    let leaves = node.count("SELECT count(*) FROM leaf");
    // Reading the same again counts again, and the page ends where the quota does.
    let again = node.page_of(AGREEMENT, "fusion", &after(start, 100)).unwrap();
    let counted_again = again.rows.iter().filter(|row| row.id.starts_with("indicator--")).count();
    assert_eq!((counted + counted_again, again.more), (5, true));
    assert_eq!(node.count("SELECT count(*) FROM leaf"), leaves + 1);
    let end = again.rows.last().unwrap().date_added;
    let refused = seconds_left(node.page_of(AGREEMENT, "fusion", &after(end, 100)).unwrap_err());
    // The clock of the test stands at six in the morning and a few milliseconds.
    assert!((64_790..=64_800).contains(&refused), "{refused}");
    assert_eq!(node.count("SELECT count(*) FROM leaf"), leaves + 1, "a refusal is no delivery");
    // Who has everything is not refused: there is nothing to come back for.
    let last = manifest(node).last().unwrap().0;
    assert!(node.page_of(AGREEMENT, "fusion", &after(last, 100)).unwrap().rows.is_empty());

    let file = node.exchange.export_for(ExportFormat::List, "fusion").unwrap();
    assert_eq!((file.objects, file.withheld.get(LIMITED)), (0, Some(&7)), "{:?}", file.withheld);
    let guest = Viewer::Party(PartyId::parse("fusion").unwrap());
    let shown = node.exchange.search("198.51.100.1", &guest).unwrap_err();
    assert_eq!(shown.code(), LIMITED);
    assert!(node.exchange.search("198.51.100.99", &guest).unwrap().is_empty());

    world.time.advance_days(1);
    let rest = node.page_of(AGREEMENT, "fusion", &after(end, 100)).unwrap();
    assert!(!rest.more && rest.rows.last().unwrap().date_added == last);
    assert_eq!(node.exchange.search("198.51.100.1", &guest).unwrap().len(), 1);
}

/// One party at a hundred times its quota must not be able to use up what another may have (A39).
#[test]
fn abuse_a39_the_quota_of_one_party_is_not_anothers() {
    let world = World::strangers();
    let clause = |to: &str| Clause { id: format!("to-{to}"), ..Clause::from("northtel", to) };
    let text = Text { objects_per_day: 4, ..Text::new(AGREEMENT) }.clause(clause("fusion")).clause(clause("cert-x"));
    world.agree(&[&world.northtel, &world.fusion, &world.cert], &text);
    let node = &world.northtel;
    node.admit(&addresses(1..5));
    let mut refused = 0;
    for _ in 0..100 {
        refused += u32::from(node.page_of(AGREEMENT, "fusion", &request()).is_err());
    }
    assert_eq!(refused, 99);
    let page = node.page(AGREEMENT, "cert-x");
    assert_eq!(page.rows.iter().filter(|row| row.id.starts_with("indicator--")).count(), 4);
    // Another agreement of the same two parties has its own.
    let other = Text { objects_per_day: 4, ..Text::new("agr-13") }.clause(Clause::from("northtel", "fusion"));
    world.agree(&[&world.northtel, &world.fusion], &other);
    node.release();
    let page = node.page("agr-13", "fusion");
    assert_eq!(page.rows.iter().filter(|row| row.id.starts_with("indicator--")).count(), 4);
}

/// Two front doors on one home must share the counter, also after a restart.
#[test]
fn processes_on_one_home_share_the_counters() {
    let world = world(6);
    let node = &world.northtel;
    node.admit(&addresses(1..4));
    let other = node.again();
    other.admit(&mut addresses(10..14).as_bytes(), &support::options()).unwrap();
    assert_eq!((manifest(node).len(), node.withheld(AGREEMENT)), (6, vec![(LIMITED.to_owned(), 1)]));
    let credential = node.credential("fusion");
    let collection = other.collection(&credential, &format!("{AGREEMENT}-fusion")).unwrap().unwrap();
    assert!(!node.page(AGREEMENT, "fusion").more);
    seconds_left(other.deliver(&credential, &collection, &request()).unwrap_err());
    let day = world.time.now().as_micros().div_euclid(DAY_US);
    assert_eq!(node.count(&format!("SELECT n FROM quota WHERE use=1 AND day={day}")), 6);
}

/// The other node must say why a run stopped, and take up the rest the next day with every receipt in order.
#[test]
fn a_node_that_reads_takes_up_the_rest_the_next_day() {
    let world = world(3);
    let server = world.connect(&world.northtel, &world.fusion);
    world.northtel.admit(&addresses(1..4));
    let run = &world.fusion.exchange.sync(Some("northtel")).unwrap()[0];
    assert!(run.complete && run.rejected == 0, "{run:?}");
    world.northtel.admit(&addresses(4..6));
    let run = &world.fusion.exchange.sync(Some("northtel")).unwrap()[0];
    assert!(run.complete, "nothing more was released on this day: {run:?}");
    world.time.advance_days(1);
    world.northtel.release();
    let run = &world.fusion.exchange.sync(Some("northtel")).unwrap()[0];
    assert!(run.complete && run.rejected == 0 && run.verified == run.received, "{run:?}");
    assert_eq!(world.fusion.count("SELECT count(*) FROM revision WHERE id LIKE 'indicator--%'"), 5);
    drop(server);
}
