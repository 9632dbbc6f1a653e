//! Two nodes over HTTP: pages, receipts, notices, and a giver or a network that lies.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use entente_exchange::{ExchangeError, Viewer};
use entente_ledger::UnixSeconds;
use entente_ledger::policy::Policy;
use entente_ledger::receipt::Receipt;
use entente_stix::marking::Tlp;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::{AGREEMENT, Answer, Clause, Text, World, indicator, marked, options, uuid};

fn addresses(from: usize, to: usize) -> String {
    (from..to).map(|n| format!("198.51.{}.{}\n", n / 250, n % 250)).collect()
}

/// What northtel released arrives once, verified, and again nothing.
#[test]
fn a_sync_brings_everything_once_and_verified() {
    let world = World::new();
    let server = world.connect(&world.northtel, &world.fusion);
    world.northtel.admit(&addresses(0, 1_500));
    let run = world.fusion.exchange.sync(None).unwrap().remove(0);
    assert_eq!((run.pages, run.received, run.stored, run.verified), (2, 1_502, 1_502, 1_502), "{run:?}");
    assert!(run.complete && run.stopped.is_none() && run.rejected == 0);
    let again = world.fusion.exchange.sync(Some("northtel")).unwrap().remove(0);
    assert_eq!((again.pages, again.received, again.complete), (0, 0, true));
    // What arrived is what was released, byte for byte.
    let mut sent: Vec<Vec<u8>> = Vec::new();
    let database = world.northtel.database();
    let mut statement =
        database.prepare("SELECT coalesce(m.body, r.body) FROM manifest m JOIN revision r ON r.no=m.revision").unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    sent.extend(rows.map(Result::unwrap));
    let database = world.fusion.database();
    let mut statement = database.prepare("SELECT body FROM revision WHERE party>0").unwrap();
    let mut held: Vec<Vec<u8>> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    sent.sort();
    held.sort();
    assert_eq!(sent, held);
    assert_eq!(world.fusion.exchange.home(&Viewer::Staff).unwrap().totals.received, 1_502);
    drop(server);
}

/// The receipt of one object of a page stands alone, offline, and only for that object.
#[test]
fn a_receipt_kept_with_a_page_verifies_alone() {
    let world = World::new();
    let server = world.connect(&world.northtel, &world.fusion);
    world.northtel.admit(&addresses(0, 30));
    world.northtel.admit(&addresses(30, 40));
    world.fusion.exchange.sync(None).unwrap();
    drop(server);
    let ids: Vec<String> = {
        let database = world.fusion.database();
        let mut statement = database.prepare("SELECT id FROM revision WHERE party>0 ORDER BY no").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(ids.len(), 42);
    for id in [&ids[0], &ids[1], &ids[5], &ids[31], &ids[32], &ids[41]] {
        let proof = world.fusion.exchange.received_proof(id).unwrap();
        assert_eq!(&proof.object, id);
        let policy = Policy::parse(&proof.policy).unwrap();
        let receipt = Receipt::parse(&proof.receipt).unwrap();
        receipt.verify(&proof.bytes, &policy, UnixSeconds(0)).unwrap_or_else(|e| panic!("{id}: {e}"));
        let mut other = proof.bytes.clone();
        other[20] ^= 1;
        assert!(receipt.verify(&other, &policy, UnixSeconds(0)).is_err());
    }
    assert_eq!(
        world.fusion.exchange.received_proof(&format!("indicator--{}", uuid(1))).unwrap_err().code(),
        "object.unknown"
    );
}

/// A byte changed on the way, in the page or in its receipt: the page is refused whole and the run says so.
#[test]
fn a_page_or_receipt_that_was_tampered_with_is_refused_whole() {
    type Spoil = fn(&str, &mut Answer);
    let spoils: [(&str, Spoil); 8] = [
        ("bytes of an object", |path, answer| {
            if path.contains("/objects/") {
                answer.replace("\"confidence\":80", "\"confidence\":81");
            }
        }),
        ("white space in an object", |path, answer| {
            if path.contains("/objects/") {
                answer.replace("\"confidence\":80", "\"confidence\": 80");
            }
        }),
        ("an object left out", |path, answer| {
            if path.contains("/objects/") {
                let text = String::from_utf8(answer.body.clone()).unwrap();
                let at = text.rfind("},{\"type\":\"indicator\"").unwrap();
                let end = text.rfind("}]").unwrap();
                answer.body = format!("{}{}", &text[..at], &text[end..]).into_bytes();
            }
        }),
        ("salt", |path, answer| {
            if path.contains("/receipts/") {
                answer.replace("\"salt\":\"", "\"salt\":\"AAAA");
            }
        }),
        ("decision digest", |path, answer| {
            if path.contains("/receipts/") {
                let digest = format!("\"decision\":\"sha256:{}", "0".repeat(64));
                let text = String::from_utf8(answer.body.clone()).unwrap();
                let at = text.find("\"decision\":\"sha256:").unwrap();
                answer.body = format!("{}{digest}{}", &text[..at], &text[at + digest.len()..]).into_bytes();
            }
        }),
        ("checkpoint", |path, answer| {
            if path.contains("/receipts/") {
                answer.replace("agr-12\\n3\\n", "agr-12\\n4\\n");
            }
        }),
        ("no receipt at all", |path, answer| {
            if path.contains("/receipts/") {
                answer.status = 404;
            }
        }),
        ("no receipt named", |_, answer| answer.headers.retain(|(name, _)| *name != "Entente-Receipt")),
    ];
    let world = World::new();
    let server = world.connect(&world.northtel, &world.fusion);
    world.northtel.admit(&addresses(0, 3));
    for (what, spoil) in spoils {
        let before = world.northtel.count("SELECT size FROM log");
        server.hook(move |path, answer| {
            // The size in the checkpoint is that of the log at this moment.
            if what == "checkpoint" && path.contains("/receipts/") {
                let size = before + 1;
                answer.replace(&format!("agr-12\\n{size}\\n"), &format!("agr-12\\n{}\\n", size + 1));
            } else {
                spoil(path, answer);
            }
        });
        let run = world.fusion.exchange.sync(None).unwrap().remove(0);
        assert!(!run.complete && run.stopped.is_some() && run.received == 0, "{what}: {run:?}");
        for table in ["revision", "page_receipt", "inbox"] {
            assert_eq!(world.fusion.count(&format!("SELECT count(*) FROM {table}")), 0, "{what}: {table}");
        }
    }
    server.honest();
    let run = world.fusion.exchange.sync(None).unwrap().remove(0);
    assert!(run.complete && run.stored == 5, "{run:?}");
}

/// A giver set back to `earlier`, a copy of its database, and going on from there as a node that `fusion` calls.
struct SetBack {
    exchange: entente_exchange::Exchange,
    _server: support::Server,
    _home: tempfile::TempDir,
}

impl SetBack {
    fn of(world: &World, earlier: &[u8]) -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(home.path().join("keys")).unwrap();
        for file in ["keys/agreement.key", "keys/ledger.key"] {
            std::fs::copy(world.northtel.home.path().join(file), home.path().join(file)).unwrap();
        }
        std::fs::write(home.path().join("entente.db"), earlier).unwrap();
        let node = world.northtel.exchange.node().clone();
        let at = entente_exchange::node::Home::at(home.path());
        let exchange = entente_exchange::Exchange::open(at, node, world.time.clock()).unwrap();
        let server = support::Server::start(exchange.clone());
        let token = exchange.issue_token("fusion").unwrap();
        entente_exchange::node::write_secret(&world.fusion.home.path().join("keys/second"), &token.secret).unwrap();
        let link = entente_exchange::Link { url: server.url(), token: token.id, secret_file: "keys/second".to_owned() };
        world.fusion.exchange.add_party(&exchange.card(), Some(&link)).unwrap();
        Self { exchange, _server: server, _home: home }
    }

    fn admit(&self, list: &str) {
        self.exchange.admit(&mut list.as_bytes(), &options()).unwrap();
    }
}

/// Everything of other parties that a node keeps, counted.
fn kept(world: &World) -> Vec<i64> {
    let tables = ["revision", "page_receipt", "leaf"];
    tables.iter().map(|table| world.fusion.count(&format!("SELECT count(*) FROM {table}"))).collect()
}

/// A giver that forgets what it signed is caught by the next page.
#[test]
fn abuse_a42_a_ledger_that_shrank_is_noticed_at_the_next_page() {
    let world = World::new();
    let server = world.connect(&world.northtel, &world.fusion);
    world.northtel.admit(&addresses(0, 3));
    let earlier = world.northtel.bytes();
    for n in 0..3 {
        world.northtel.admit(&addresses(10 + n, 11 + n));
        world.fusion.exchange.sync(None).unwrap();
    }
    drop(server);
    let again = SetBack::of(&world, &earlier);
    again.admit("203.0.113.9\n");
    let run = world.fusion.exchange.sync(None).unwrap().remove(0);
    assert!(
        run.stopped.as_deref().is_some_and(|why| why.contains("[ledger.fork]") && why.contains("shrank")),
        "{run:?}"
    );
    assert_eq!(world.fusion.exchange.check("203.0.113.9", &Viewer::Staff).unwrap().known, 0);
}

/// A giver that rewrites history and outgrows what was seen signs a larger checkpoint; its size alone must not convince.
#[test]
fn abuse_a42_a_fork_longer_than_what_was_seen_is_refused() {
    let world = World::new();
    let server = world.connect(&world.northtel, &world.fusion);
    world.northtel.admit(&addresses(0, 3));
    let earlier = world.northtel.bytes();
    for n in 0..3 {
        world.northtel.admit(&addresses(10 + n, 11 + n));
        world.fusion.exchange.sync(None).unwrap();
    }
    drop(server);
    let (before, size) = (kept(&world), world.northtel.count("SELECT size FROM log"));
    let again = SetBack::of(&world, &earlier);
    for n in 0..size {
        again.admit(&format!("203.0.113.{n}\n"));
    }
    let run = world.fusion.exchange.sync(None).unwrap().remove(0);
    let why = run.stopped.clone().unwrap_or_default();
    assert!(why.contains("[ledger.fork]") && why.contains("not proved to go on"), "{run:?}");
    assert_eq!((run.received, kept(&world)), (0, before));
    assert_eq!(world.fusion.exchange.check("203.0.113.0", &Viewer::Staff).unwrap().known, 0);
}

/// A proof of growth that is withheld or spoilt: nothing of the page is kept. The next honest one is enough.
#[test]
fn abuse_a42_a_page_without_a_proof_of_growth_is_refused() {
    type Spoil = fn(&mut Answer);
    let spoils: [(&str, Spoil); 4] = [
        ("withheld", |answer| answer.status = 404),
        ("an error in its place", |answer| answer.status = 422),
        ("no JSON", |answer| answer.body.clear()),
        ("one hash less", |answer| {
            let text = String::from_utf8(answer.body.clone()).unwrap();
            let at = text.rfind(',').unwrap();
            answer.body = format!("{}]}}", &text[..at]).into_bytes();
        }),
    ];
    let world = World::new();
    let server = world.connect(&world.northtel, &world.fusion);
    // Two rounds: the proof of growth then holds several hashes.
    for n in 0..2 {
        world.northtel.admit(&addresses(n, n + 1));
        assert!(world.fusion.exchange.sync(None).unwrap()[0].complete);
    }
    world.northtel.admit(&addresses(3, 4));
    for (what, spoil) in spoils {
        let before = kept(&world);
        server.hook(move |path, answer| {
            if path.contains("/consistency") {
                spoil(answer);
            }
        });
        let run = world.fusion.exchange.sync(None).unwrap().remove(0);
        let why = run.stopped.clone().unwrap_or_default();
        assert!(why.contains("[ledger.fork]") && why.contains("not proved to go on"), "{what}: {run:?}");
        assert_eq!((run.received, kept(&world)), (0, before), "{what}");
        server.honest();
        // Nothing goes on by itself, however honest it has become; a person has to look at the evidence.
        let run = world.fusion.exchange.sync(None).unwrap().remove(0);
        assert!(run.stopped.is_some_and(|why| why.contains("[ledger.fork]")), "{what}");
        assert!(world.fusion.exchange.resume_party("northtel").unwrap(), "{what}");
    }
    let run = world.fusion.exchange.sync(None).unwrap().remove(0);
    assert!(run.complete && run.stored == 1, "{run:?}");
}

/// A run that breaks off resumes at the last durable page and repeats nothing.
#[test]
fn abuse_a44_an_interrupted_sync_resumes_and_repeats_nothing() {
    let world = World::new();
    let server = world.connect(&world.northtel, &world.fusion);
    world.northtel.admit(&addresses(0, 2_400));
    let asked = Arc::new(AtomicUsize::new(0));
    let seen = asked.clone();
    server.hook(move |path, answer| {
        // The second page breaks off in the middle.
        if path.contains("/objects/") && seen.fetch_add(1, Ordering::SeqCst) == 1 {
            answer.body.truncate(answer.body.len() / 2);
        }
    });
    let run = world.fusion.exchange.sync(None).unwrap().remove(0);
    assert!(!run.complete && run.pages == 1 && run.stored == 1_000, "{run:?}");
    server.honest();
    // Another process takes over, as after a crash.
    let second = world.fusion.again();
    let run = second.sync(None).unwrap().remove(0);
    assert!(run.complete && run.stored == 1_402 && run.unchanged == 0, "{run:?}");
    assert_eq!(world.fusion.count("SELECT count(*) FROM revision"), 2_402);
    assert_eq!(world.fusion.count("SELECT count(DISTINCT id) FROM revision"), 2_402);
    assert!(world.fusion.log_problems().is_empty() && world.northtel.log_problems().is_empty());
}

/// A suspension between two pages reaches the reader with the next request, and no page after it.
#[test]
fn abuse_a20_a_suspension_between_two_pages_stops_the_sync() {
    let world = World::new();
    let server = world.connect(&world.northtel, &world.fusion);
    world.northtel.admit(&addresses(0, 1_200));
    let node = world.northtel.exchange.clone();
    let mut once = true;
    server.hook(move |path, _| {
        if path.contains("/receipts/") && std::mem::take(&mut once) {
            node.suspend(AGREEMENT, "a leak").unwrap();
        }
    });
    let run = world.fusion.exchange.sync(None).unwrap().remove(0);
    assert_eq!((run.pages, run.complete), (1, false), "{run:?}");
    assert!(run.stopped.as_deref().is_some_and(|why| why.contains("[agreement.suspended]")), "{run:?}");
    server.honest();
    // The next contact brings the notice, and the reader stops by itself.
    let run = world.fusion.exchange.sync(None).unwrap().remove(0);
    assert!(run.stopped.as_deref().is_some_and(|why| why.contains("[agreement.state]")), "{run:?}");
    assert_eq!(world.fusion.exchange.agreements(&Viewer::Staff).unwrap()[0].state, "suspended");
    world.northtel.exchange.resume(AGREEMENT).unwrap();
    let run = world.fusion.exchange.sync(None).unwrap().remove(0);
    assert!(run.complete && run.stored == 202, "{run:?}");
}

/// A notice is handed over at once to a party that can be called, and a second time changes nothing (A36).
#[test]
fn abuse_a36_notices_cross_once_however_often_they_are_handed_over() {
    let world = World::new();
    let to_fusion = world.connect(&world.fusion, &world.northtel);
    let to_northtel = world.connect(&world.northtel, &world.fusion);
    world.northtel.exchange.suspend(AGREEMENT, "dispute").unwrap();
    assert_eq!(world.fusion.exchange.agreements(&Viewer::Staff).unwrap()[0].state, "suspended");
    for _ in 0..3 {
        world.northtel.exchange.sync(None).unwrap();
        world.fusion.exchange.sync(None).unwrap();
    }
    assert_eq!(world.fusion.count("SELECT count(*) FROM notice"), 1);
    assert_eq!(world.northtel.count("SELECT count(*) FROM notice"), 1);
    assert_eq!(world.fusion.exchange.resume(AGREEMENT).unwrap_err().code(), "notice.refused");
    world.northtel.exchange.resume(AGREEMENT).unwrap();
    assert_eq!(world.fusion.exchange.agreements(&Viewer::Staff).unwrap()[0].state, "in-force");
    drop((to_fusion, to_northtel));
}

/// A revoked token is refused with a code that says what to do.
#[test]
fn a_sync_with_a_revoked_token_says_so() {
    let world = World::new();
    let server = world.connect(&world.northtel, &world.fusion);
    let token = world.northtel.exchange.tokens().unwrap().remove(0);
    world.northtel.exchange.revoke_token(&token.id).unwrap();
    let run = world.fusion.exchange.sync(None).unwrap().remove(0);
    assert!(run.stopped.as_deref().is_some_and(|why| why.contains("[sync.token]")), "{run:?}");
    drop(server);
    let run = world.fusion.exchange.sync(None).unwrap().remove(0);
    assert!(run.stopped.as_deref().is_some_and(|why| why.contains("[sync.unreachable]")), "{run:?}");
    let error = world.fusion.exchange.sync(Some("cert-x")).unwrap_err();
    assert!(matches!(&error, ExchangeError::Remote { code: "party.no-link", .. }));
}

/// What came AMBER stays; what came GREEN goes on to the community of the agreement it came under, and to nobody else.
#[test]
fn abuse_a17_received_data_goes_on_only_as_its_marking_allows() {
    for (role_of_community, green_goes_on) in [("role:cert", true), ("role:police", false)] {
        let world = World::strangers();
        let mut first = Text::new(AGREEMENT).clause(Clause::from("northtel", "fusion"));
        first.community = vec![role_of_community];
        world.agree(&[&world.northtel, &world.fusion], &first);
        let second = Text::new("agr-fc").clause(Clause { tlp_max: "amber+strict", ..Clause::from("fusion", "cert-x") });
        world.agree(&[&world.fusion, &world.cert], &second);
        let server = world.connect(&world.northtel, &world.fusion);
        world.northtel.admit_stix(&[
            indicator(&uuid(1), "198.51.100.1", &marked(Tlp::Amber)),
            indicator(&uuid(2), "198.51.100.2", &marked(Tlp::Green)),
            indicator(&uuid(3), "198.51.100.3", &marked(Tlp::Clear)),
        ]);
        let run = world.fusion.exchange.sync(None).unwrap().remove(0);
        assert!(run.complete && run.rejected == 0, "{run:?}");
        world.fusion.release();
        let out = world.fusion.objects("agr-fc", "cert-x").join("\n");
        assert!(!out.contains("198.51.100.1'"), "AMBER went on");
        assert_eq!(out.contains("198.51.100.2'"), green_goes_on);
        assert!(out.contains("198.51.100.3'"));
        let withheld = world.fusion.withheld("agr-fc");
        assert!(withheld.iter().any(|(reason, n)| reason == "clause.origin" && *n >= 1), "{withheld:?}");
        drop(server);
    }
}

/// What was given under one version must not go on under the onward rules of the next.
#[test]
fn an_object_is_held_under_the_version_of_the_agreement_that_its_leaf_names() {
    let world = World::strangers();
    let nodes = [&world.northtel, &world.fusion];
    let mut first = Text::new(AGREEMENT).clause(Clause::from("northtel", "fusion"));
    first.community = vec!["role:police"];
    world.agree(&nodes, &first);
    world.agree(&[&world.fusion, &world.cert], &Text::new("agr-fc").clause(Clause::from("fusion", "cert-x")));
    world.northtel.admit_stix(&[indicator(&uuid(1), "198.51.100.1", &marked(Tlp::Green))]);
    let hash = world.northtel.exchange.agreements(&Viewer::Staff).unwrap()[0].hash.clone();
    let mut second = first.next(&hash);
    second.community = vec!["role:cert"];
    world.agree(&nodes, &second);
    world.northtel.admit_stix(&[indicator(&uuid(2), "198.51.100.2", &marked(Tlp::Green))]);
    let server = world.connect(&world.northtel, &world.fusion);
    let run = world.fusion.exchange.sync(None).unwrap().remove(0);
    assert!(run.complete && run.rejected == 0, "{run:?}");
    for (value, version) in [("198.51.100.1", 1), ("198.51.100.2", 2)] {
        let under = format!(
            "SELECT a.version FROM revision r JOIN agreement a ON a.no=r.agreement WHERE r.body LIKE '%{value}''%'"
        );
        assert_eq!(world.fusion.count(&under), version, "{value}");
    }
    world.fusion.release();
    let out = world.fusion.objects("agr-fc", "cert-x").join("\n");
    assert!(!out.contains("198.51.100.1'") && out.contains("198.51.100.2'"), "{out}");
    drop(server);
}

/// The giver installs what both have signed before the taker does. That is no invalid receipt, and mends itself.
#[test]
fn a_page_under_a_version_that_is_not_installed_here_yet_waits_for_it() {
    let world = World::strangers();
    let nodes = [&world.northtel, &world.fusion];
    let first = Text::new(AGREEMENT).clause(Clause::from("northtel", "fusion"));
    world.agree(&nodes, &first);
    let server = world.connect(&world.northtel, &world.fusion);
    let hash = world.northtel.exchange.agreements(&Viewer::Staff).unwrap()[0].hash.clone();
    let note = world.note(&nodes, &first.next(&hash));
    world.northtel.exchange.install_agreement(&note).unwrap();
    world.northtel.admit("198.51.100.1\n");
    let run = world.fusion.exchange.sync(None).unwrap().remove(0);
    let why = run.stopped.clone().unwrap_or_default();
    assert!(why.contains("[sync.unknown-version]") && run.received == 0, "{run:?}");
    world.fusion.exchange.install_agreement(&note).unwrap();
    let run = world.fusion.exchange.sync(None).unwrap().remove(0);
    assert!(run.complete && run.stored == 3, "{run:?}");
    drop(server);
}

/// Reading a partner's objects back from an export does not make them the node's own.
#[test]
fn abuse_a17_an_export_read_back_is_still_the_partners() {
    let world = World::strangers();
    world.agree(&[&world.northtel, &world.fusion], &Text::new(AGREEMENT).clause(Clause::from("northtel", "fusion")));
    world.agree(&[&world.fusion, &world.cert], &Text::new("agr-fc").clause(Clause::from("fusion", "cert-x")));
    let server = world.connect(&world.northtel, &world.fusion);
    world.northtel.admit("198.51.100.1\n");
    world.fusion.exchange.sync(None).unwrap();
    let export = world.fusion.exchange.export(entente_exchange::export::ExportFormat::Stix).unwrap();
    let summary = world.fusion.admit_with(
        &String::from_utf8(export.bytes).unwrap(),
        &entente_exchange::admit::AdmitOptions {
            format: Some(entente_formats::Format::Stix21),
            tlp: None,
            ..options()
        },
    );
    // The definition of a marking belongs to nobody; everything else is known as northtel's.
    assert_eq!((summary.read, summary.accepted, summary.unchanged), (3, 1, 2), "{summary:?}");
    assert!(world.fusion.objects("agr-fc", "cert-x").is_empty());
    drop(server);
}

/// A partner's object that this node refuses does not stop its neighbours, and the acknowledgement says `partly`.
#[test]
fn a_refused_object_of_a_page_is_counted_and_the_rest_is_kept() {
    let world = World::new();
    let server = world.connect(&world.northtel, &world.fusion);
    world.agree(&[&world.fusion, &world.cert], &Text::new("agr-fc").clause(Clause::from("cert-x", "fusion")));
    // cert-x was first with this id, so northtel's is not accepted.
    let first = indicator(&uuid(1), "198.51.100.1", &marked(Tlp::Amber));
    let credential = world.fusion.credential("cert-x");
    let inbound = world.fusion.exchange.collection(&credential, "agr-fc-cert-x-in").unwrap().unwrap();
    world.northtel.admit_stix(&[first.clone(), indicator(&uuid(2), "198.51.100.2", &marked(Tlp::Amber))]);
    let released = world.northtel.page(AGREEMENT, "fusion").rows;
    let taken = released.iter().find(|row| String::from_utf8_lossy(&row.bytes).contains("198.51.100.1'")).unwrap();
    let squatter = first.replace(&format!("indicator--{}", uuid(1)), &taken.id);
    world.fusion.exchange.receive(&credential, &inbound, &[squatter.as_bytes()]).unwrap();
    let run = world.fusion.exchange.sync(Some("northtel")).unwrap().remove(0);
    assert!(run.complete);
    assert_eq!((run.rejected, run.stored), (1, 3), "{run:?}");
    assert_eq!(run.rejected_lines[0].code, "admit.foreign-id");
    let acknowledged: String = world
        .fusion
        .database()
        .query_row("SELECT CAST(entry AS TEXT) FROM leaf WHERE entry LIKE '%delivery-ack%'", [], |row| row.get(0))
        .unwrap();
    assert!(acknowledged.contains("\"outcome\":\"partly\""), "{acknowledged}");
    drop(server);
}
