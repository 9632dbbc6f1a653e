//! Offers over the wire: from the first signature to the last, and what is refused on the way.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use entente_agreement::sign;
use entente_exchange::Viewer;
use entente_exchange::offers::Shown;
use entente_ledger::note::{Note, SigningKey};
use support::{AGREEMENT, Clause, Node, Text, World};

fn text() -> Text {
    Text::new(AGREEMENT).clause(Clause::from("northtel", "fusion"))
}

fn written(nodes: &[&Node], text: &Text) -> Vec<u8> {
    let cards: Vec<_> = nodes.iter().map(|node| node.exchange.card()).collect();
    text.write(&cards).into_bytes()
}

fn held(node: &Node) -> Vec<(String, u64, String)> {
    let lines = node.exchange.agreements(&Viewer::Staff).unwrap();
    lines.into_iter().map(|line| (line.id, line.version, line.state)).collect()
}

/// The kinds of the leaves of a node, with the state where there is one.
fn leaves(node: &Node) -> Vec<String> {
    let database = node.database();
    let mut statement = database.prepare("SELECT CAST(entry AS TEXT) FROM leaf ORDER BY no").unwrap();
    let entries = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let word = |entry: &str, key: &str| {
        entry.split_once(&format!("\"{key}\":\"")).map(|(_, rest)| rest.split('"').next().unwrap().to_owned())
    };
    entries
        .map(Result::unwrap)
        .map(|entry| match word(&entry, "state") {
            Some(state) => format!("{} {state}", word(&entry, "kind").unwrap()),
            None => word(&entry, "kind").unwrap(),
        })
        .collect()
}

const BROADER: Shown = Shown { accept_broader: true, simulate: None };

/// Offered at one node, countersigned at the other: both hold it, each has its leaves, and nobody carried a file.
#[test]
fn an_offer_travels_is_countersigned_and_comes_back() {
    let world = World::strangers();
    let (northtel, fusion) = (&world.northtel, &world.fusion);
    let _north = world.connect(northtel, fusion);
    let _fusion = world.connect(fusion, northtel);
    let offered = northtel.exchange.offer(&written(&[northtel, fusion], &text()), Shown::default()).unwrap();
    assert_eq!((offered.offer.signed.len(), offered.installed.is_none()), (1, true));
    assert!(offered.handed.iter().all(|handed| handed.done), "{:?}", offered.handed);
    assert!(held(northtel).is_empty() && held(fusion).is_empty());

    let [waiting] = fusion.exchange.offers().unwrap().try_into().unwrap();
    assert_eq!((waiting.by.as_str(), waiting.unsigned.as_slice()), ("northtel", &["fusion".to_owned()][..]));
    let review = fusion.exchange.review_offer(AGREEMENT).unwrap();
    assert!(review.comparison.is_none() && !review.is_broader());
    let signed = fusion.exchange.countersign(AGREEMENT, Shown::default()).unwrap();
    assert_eq!(signed.installed.unwrap().state, "in-force");
    for node in [northtel, fusion] {
        assert_eq!(held(node), [(AGREEMENT.to_owned(), 1, "in-force".to_owned())]);
        assert_eq!(leaves(node), ["agreement countersigned", "agreement in-force"]);
        assert!(node.exchange.offers().unwrap().is_empty() && node.log_problems().is_empty());
    }
    assert_eq!(fusion.exchange.countersign(AGREEMENT, Shown::default()).unwrap_err().code(), "offer.unknown");
}

/// Only one side can call the other: what could not be handed over is fetched with the next exchange.
#[test]
fn an_offer_is_fetched_where_it_cannot_be_handed_over() {
    let world = World::strangers();
    let (northtel, fusion) = (&world.northtel, &world.fusion);
    let _north = world.connect(northtel, fusion);
    let offered = northtel.exchange.offer(&written(&[northtel, fusion], &text()), Shown::default()).unwrap();
    assert!(!offered.handed[0].done && offered.handed[0].problem.is_some());
    fusion.exchange.sync(None).unwrap();
    fusion.exchange.countersign(AGREEMENT, Shown::default()).unwrap();
    assert_eq!((held(northtel).len(), held(fusion).len()), (1, 1));
}

/// An amendment: its comparison is shown, its hash is in the leaf, and what permits more must be accepted by each signer.
#[test]
fn abuse_a22_an_amendment_that_permits_more_is_signed_only_by_who_accepts_that() {
    let world = World::strangers();
    let (northtel, fusion) = (&world.northtel, &world.fusion);
    let _north = world.connect(northtel, fusion);
    let _fusion = world.connect(fusion, northtel);
    world.agree(&[northtel, fusion], &text());
    let hash = northtel.exchange.agreements(&Viewer::Staff).unwrap()[0].hash.clone();
    let mut broader = text().next(&hash);
    broader.clauses[0].confidence_min = 1;
    let bytes = written(&[northtel, fusion], &broader);
    assert_eq!(northtel.exchange.offer(&bytes, Shown::default()).unwrap_err().code(), "offer.broader");
    assert!(northtel.exchange.offers().unwrap().is_empty(), "what was not accepted is not offered");
    northtel.exchange.offer(&bytes, BROADER).unwrap();
    let review = fusion.exchange.review_offer(AGREEMENT).unwrap();
    assert!(review.is_broader() && !review.comparison.as_ref().unwrap().added.is_empty());
    assert_eq!(fusion.exchange.countersign(AGREEMENT, Shown::default()).unwrap_err().code(), "offer.broader");
    fusion.exchange.countersign(AGREEMENT, BROADER).unwrap();
    let shown = review.compare.unwrap().to_sha256_text();
    for node in [northtel, fusion] {
        assert_eq!(held(node)[0].1, 2);
        assert_eq!(leaves(node)[2..], ["agreement countersigned", "amend"]);
        let recorded =
            format!("SELECT count(*) FROM leaf WHERE instr(CAST(entry AS TEXT), '\"compare\":\"{shown}\"')>0");
        assert_eq!(node.count(&recorded), 1, "the hash of the comparison is in the leaf");
    }
    // One that permits less needs no such word.
    let hash = northtel.exchange.agreements(&Viewer::Staff).unwrap()[0].hash.clone();
    let mut narrower = broader.next(&hash);
    narrower.clauses[0].confidence_min = 60;
    northtel.exchange.offer(&written(&[northtel, fusion], &narrower), Shown::default()).unwrap();
    fusion.exchange.countersign(AGREEMENT, Shown::default()).unwrap();
    assert_eq!((held(northtel)[0].1, held(fusion)[0].1), (3, 3));
}

/// An offered text is frozen; an older one, another one, an unsigned one, one of others, and a replay each have their answer.
#[test]
fn abuse_a21_and_abuse_a36_what_is_no_proper_offer_is_refused_with_its_code() {
    let world = World::strangers();
    let (northtel, fusion, cert) = (&world.northtel, &world.fusion, &world.cert);
    let by = |node: &Node, text: &Text| {
        sign::sign(&written(&[northtel, fusion], text), node.exchange.keys().agreement()).unwrap()
    };
    let northtels = fusion.credential("northtel");
    let accept = |note: &[u8]| fusion.exchange.accept_signatures(&northtels, AGREEMENT, note);
    let code = |note: &[u8]| accept(note).unwrap_err().code().to_owned();
    let good = by(northtel, &text());

    // Before anything is known: a text of others, of another id, unsigned, signed by a stranger's key, or edited.
    let foreign = sign::sign(
        &written(&[northtel, cert], &Text::new(AGREEMENT).clause(Clause::from("northtel", "cert-x"))),
        northtel.exchange.keys().agreement(),
    )
    .unwrap();
    assert_eq!(code(&foreign), "agreement.unknown");
    assert_eq!(fusion.exchange.accept_signatures(&northtels, "agr-13", &good).unwrap_err().code(), "agreement.unknown");
    let certs = fusion.credential("cert-x");
    assert_eq!(fusion.exchange.accept_signatures(&certs, AGREEMENT, &good).unwrap_err().code(), "agreement.unknown");
    assert_eq!(code(&by(fusion, &text())), "offer.unsigned");
    assert_eq!(code(&written(&[northtel, fusion], &text())), "note.no-signature");
    let other = SigningKey::from_seed("northtel.example/agreements", &[9; 32]).unwrap();
    let mut forged = Note::new(String::from_utf8(written(&[northtel, fusion], &text())).unwrap()).unwrap();
    forged.add(other.sign(forged.text())).unwrap();
    assert_eq!(code(&forged.to_bytes()), "agr.wrong-key");
    let edited = String::from_utf8(good.clone()).unwrap().replacen("confidence_min = 30", "confidence_min = 0", 1);
    assert_eq!(code(edited.as_bytes()), "note.bad-signature");
    assert_eq!(fusion.count("SELECT count(*) FROM offer"), 0);

    // Twice the same is once.
    let first = accept(&good).unwrap();
    world.time.advance_days(1);
    assert_eq!(accept(&good).unwrap(), first);
    assert_eq!(fusion.count("SELECT count(*) FROM offer"), 1);
    // The text is frozen while the offer stands.
    let mut another = text();
    another.clauses[0].confidence_min = 1;
    assert_eq!(code(&by(northtel, &another)), "offer.other-text");
    // Once it is an agreement, its offer says nothing new, and another text of that version is a replay.
    let complete = sign::sign(&good, fusion.exchange.keys().agreement()).unwrap();
    fusion.exchange.install_agreement(&complete).unwrap();
    accept(&good).unwrap();
    assert_eq!(code(&by(northtel, &another)), "agr.replay");
    assert_eq!(fusion.count("SELECT count(*) FROM agreement"), 1);
}

/// An id that others use is answered as one that is not known, whether they agreed or only offered.
#[test]
fn abuse_a34_an_offer_does_not_find_out_which_ids_are_in_use() {
    let world = World::strangers();
    let (northtel, fusion, cert) = (&world.northtel, &world.fusion, &world.cert);
    let certs = || {
        let text = Text::new(AGREEMENT).clause(Clause::from("cert-x", "fusion"));
        sign::sign(&written(&[cert, fusion], &text), cert.exchange.keys().agreement()).unwrap()
    };
    let credential = fusion.credential("cert-x");
    let first = sign::sign(&written(&[northtel, fusion], &text()), northtel.exchange.keys().agreement()).unwrap();
    fusion.exchange.accept_signatures(&fusion.credential("northtel"), AGREEMENT, &first).unwrap();
    for held in [false, true] {
        let refused = fusion.exchange.accept_signatures(&credential, AGREEMENT, &certs()).unwrap_err();
        assert_eq!(refused.code(), "agreement.unknown", "held: {held}");
        assert!(!fusion.exchange.knows_of(&credential, AGREEMENT).unwrap());
        if !held {
            fusion.exchange.countersign(AGREEMENT, Shown::default()).unwrap();
        }
    }
}

/// A later version on offer is not undone by an earlier one, nor an offer prolonged by sending it again.
#[test]
fn an_offer_lapses_after_ninety_days_and_a_stale_one_does_not_replace_a_newer() {
    let world = World::strangers();
    let (northtel, fusion) = (&world.northtel, &world.fusion);
    let first = sign::sign(&written(&[northtel, fusion], &text()), northtel.exchange.keys().agreement()).unwrap();
    let credential = fusion.credential("northtel");
    fusion.exchange.accept_signatures(&credential, AGREEMENT, &first).unwrap();
    world.time.advance_days(60);
    fusion.exchange.accept_signatures(&credential, AGREEMENT, &first).unwrap();
    world.time.advance_days(31);
    let again = fusion.exchange.accept_signatures(&credential, AGREEMENT, &first).unwrap_err();
    assert_eq!(again.code(), "offer.lapsed");
    assert_eq!(fusion.exchange.countersign(AGREEMENT, Shown::default()).unwrap_err().code(), "offer.lapsed");
    assert_eq!(fusion.exchange.offers().unwrap()[0].state, "lapsed");
    // Then another text may be offered under the same version.
    let mut another = text();
    another.clauses[0].confidence_min = 60;
    let note = sign::sign(&written(&[northtel, fusion], &another), northtel.exchange.keys().agreement()).unwrap();
    fusion.exchange.accept_signatures(&credential, AGREEMENT, &note).unwrap();
    assert_eq!(fusion.exchange.review_offer(AGREEMENT).unwrap().terms.clauses[0].confidence_min, 60);
    fusion.exchange.countersign(AGREEMENT, Shown::default()).unwrap();
}

/// Three parties: each signature is joined with those that are known, in whatever order they come.
#[test]
fn signatures_of_several_parties_are_joined() {
    let world = World::strangers();
    let nodes = [&world.northtel, &world.fusion, &world.cert];
    let mut links = Vec::new();
    for giver in nodes {
        for taker in nodes.iter().filter(|taker| taker.exchange.own() != giver.exchange.own()) {
            links.push(world.connect(giver, taker));
        }
    }
    let text = Text::new("agr-3").clause(Clause::from("northtel", "fusion")).clause(Clause::from("fusion", "cert-x"));
    world.northtel.exchange.offer(&written(&nodes, &text), Shown::default()).unwrap();
    let second = world.cert.exchange.countersign("agr-3", Shown::default()).unwrap();
    assert!(second.installed.is_none() && second.offer.unsigned == ["fusion"], "{second:?}");
    // Fusion has northtel's and cert-x's signatures, from two parties.
    assert_eq!(world.fusion.exchange.offers().unwrap()[0].signed, ["northtel", "cert-x"]);
    world.fusion.exchange.countersign("agr-3", Shown::default()).unwrap();
    for node in nodes {
        assert_eq!(held(node), [("agr-3".to_owned(), 1, "in-force".to_owned())]);
    }
}

/// What stops an agreement stops the version that is signed to follow it, too.
#[test]
fn a_suspension_holds_for_the_version_that_follows() {
    let world = World::new();
    let hash = world.northtel.exchange.agreements(&Viewer::Staff).unwrap()[0].hash.clone();
    let mut next = text().next(&hash);
    next.valid_from = "2026-12-01T00:00:00Z";
    world.agree(&[&world.northtel, &world.fusion], &next);
    world.northtel.exchange.suspend(AGREEMENT, "dispute").unwrap();
    assert_eq!(held(&world.northtel)[0].2, "suspended");
    world.time.set("2026-12-02T00:00:00Z");
    assert_eq!(held(&world.northtel)[0].1, 2);
    assert_eq!(held(&world.northtel)[0].2, "suspended");
    world.northtel.exchange.resume(AGREEMENT).unwrap();
    assert_eq!(held(&world.northtel)[0].2, "in-force");
}

/// Time makes leaves too, each once: begun, expired, terminated.
#[test]
fn what_time_does_to_an_agreement_is_written_once() {
    let world = World::strangers();
    let mut text = text();
    text.valid_from = "2026-12-01T00:00:00Z";
    world.agree(&[&world.northtel, &world.fusion], &text);
    let northtel = &world.northtel;
    northtel.release();
    assert_eq!(leaves(northtel), ["agreement countersigned"]);
    world.time.set("2026-12-01T00:00:00Z");
    northtel.release();
    northtel.release();
    northtel.again().tick().unwrap();
    assert_eq!(leaves(northtel), ["agreement countersigned", "agreement in-force"]);
    let effective = entente_stix::Timestamp::parse("2027-01-15T00:00:00Z").unwrap();
    let early = entente_stix::Timestamp::parse("2026-12-05T00:00:00Z").unwrap();
    assert_eq!(northtel.exchange.terminate(AGREEMENT, early, "done").unwrap_err().code(), "notice.refused");
    northtel.exchange.terminate(AGREEMENT, effective, "done").unwrap();
    northtel.release();
    world.time.set("2027-01-15T00:00:00Z");
    assert_eq!(northtel.exchange.suspend(AGREEMENT, "late").unwrap_err().code(), "agreement.state");
    northtel.release();
    northtel.release();
    assert_eq!(leaves(northtel)[2..], ["terminate", "agreement terminated"]);
    // The other side did not hear of the termination, and expires.
    world.time.set("2028-01-01T00:00:00Z");
    world.fusion.release();
    assert_eq!(leaves(&world.fusion), ["agreement countersigned", "agreement expired"]);
}
