//! Agreements and notices: what is installed, what is refused and with which code.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use entente_agreement::{Notice, PartyId, Verb, sign};
use entente_exchange::{ExchangeError, Viewer};
use entente_ledger::note::SigningKey;
use entente_stix::Timestamp;
use support::{AGREEMENT, Clause, Node, Text, World};

fn text() -> Text {
    Text::new(AGREEMENT).clause(Clause::from("northtel", "fusion"))
}

fn state(node: &Node) -> String {
    node.exchange.agreements(&Viewer::Staff).unwrap()[0].state.clone()
}

/// Each way to pass off a text that the parties did not sign has its own code.
#[test]
fn abuse_a21_a_note_that_is_not_what_both_signed_is_refused_with_its_code() {
    let world = World::strangers();
    let good = String::from_utf8(world.note(&[&world.northtel, &world.fusion], &text())).unwrap();
    let cards = [world.northtel.exchange.card(), world.fusion.exchange.card()];
    let once = sign::sign(text().write(&cards).as_bytes(), world.northtel.exchange.keys().agreement()).unwrap();
    let forged = {
        let other = SigningKey::from_seed("fusion.example/agreements", &[9; 32]).unwrap();
        let mut note = entente_ledger::note::Note::parse(&once).unwrap();
        let line = other.sign(note.text());
        note.add(line).unwrap();
        String::from_utf8(note.to_bytes()).unwrap()
    };
    let once = String::from_utf8(once).unwrap();
    let (body, signatures) = good.split_once("\n\n\u{2014} ").unwrap();
    let reordered = format!(
        "{}\n\n\u{2014} {signatures}",
        body.replace("confidence_min = 30\nmax_age_days = 90", "max_age_days = 90\nconfidence_min = 30")
    );
    let cases: [(&str, String, &str); 8] = [
        ("one signature", once, "agr.party-unsigned"),
        ("another key", forged, "agr.wrong-key"),
        ("reordered text", reordered, "note.bad-signature"),
        ("raised ceiling", good.replacen("\"amber\"", "\"clear\"", 1), "note.bad-signature"),
        ("trailing bytes", format!("{good}x\n"), "note.trailing"),
        ("CRLF", good.replace('\n', "\r\n"), "note.control-char"),
        ("tab", good.replacen("version = 1", "version =\t1", 1), "note.control-char"),
        ("no signature", format!("{body}\n"), "note.no-signature"),
    ];
    for (what, note, code) in cases {
        let error = world.northtel.exchange.install_agreement(note.as_bytes()).unwrap_err();
        assert_eq!(error.code(), code, "{what}: {error}");
    }
    assert!(world.northtel.exchange.agreements(&Viewer::Staff).unwrap().is_empty());
    assert_eq!(world.northtel.count("SELECT count(*) FROM leaf"), 0);
    // The order of the signature lines is not part of what was signed.
    let (first, second) = signatures.split_once('\n').unwrap();
    let swapped = format!("{body}\n\n{second}\u{2014} {first}\n");
    assert!(world.northtel.exchange.install_agreement(swapped.as_bytes()).unwrap().new);
}

/// An older or a different text of a version must not come back.
#[test]
fn abuse_a21_a_replayed_or_foreign_version_is_refused() {
    let world = World::strangers();
    let nodes = [&world.northtel, &world.fusion];
    let first = world.agree(&nodes, &text());
    let hash = world.northtel.exchange.agreements(&Viewer::Staff).unwrap()[0].hash.clone();
    assert!(!world.northtel.exchange.install_agreement(&first).unwrap().new, "the same note again changes nothing");
    let second = text().next(&hash);
    world.agree(&nodes, &second);
    let code = |text: &Text| {
        let note = world.note(&nodes, text);
        world.northtel.exchange.install_agreement(&note).unwrap_err().code().to_owned()
    };
    assert_eq!(world.northtel.exchange.install_agreement(&first).unwrap_err().code(), "agr.replay");
    let mut same_version = second.clone();
    same_version.clauses[0].confidence_min = 1;
    assert_eq!(code(&same_version), "agr.replay");
    let mut wrong_parent = text().next(&format!("sha256:{}", "0".repeat(64)));
    wrong_parent.version = 3;
    assert_eq!(code(&wrong_parent), "agr.replay");
    assert_eq!(world.northtel.count("SELECT count(*) FROM agreement"), 2);
    assert!(world.northtel.log_problems().is_empty());
}

/// An agreement binds the parties whose cards were exchanged by hand, under the keys on them, and nobody else.
#[test]
fn an_agreement_of_others_or_with_other_keys_is_refused() {
    let world = World::strangers();
    let note = world.note(&[&world.northtel, &world.fusion], &text());
    let refused = world.cert.exchange.install_agreement(&note).unwrap_err();
    assert_eq!(refused.code(), "agreement.not-a-party");
    // A node that calls itself fusion, with keys of its own.
    let impostor = Node::open("fusion", "police", &world.time);
    impostor.exchange.add_party(&world.northtel.exchange.card(), None).unwrap();
    let theirs = world.note(&[&world.northtel, &impostor], &text());
    assert_eq!(world.northtel.exchange.install_agreement(&theirs).unwrap_err().code(), "card.refused");
    // The right signature key, but a ledger key that is not on the card: its receipts would verify against a stranger's log.
    let mut cards = [world.northtel.exchange.card(), world.fusion.exchange.card()];
    cards[1].ledger_vkey = world.cert.exchange.keys().ledger().to_string().replace("cert-x.example", "fusion.example");
    let moved = entente_ledger::note::VerifierKey::parse(&world.cert.exchange.card().ledger_vkey).unwrap();
    let named =
        entente_ledger::note::VerifierKey::new("fusion.example", moved.algorithm(), moved.public_key()).unwrap();
    cards[1].ledger_vkey = named.to_string();
    let mut note = text().write(&cards).into_bytes();
    for node in [&world.northtel, &world.fusion] {
        note = sign::sign(&note, node.exchange.keys().agreement()).unwrap();
    }
    assert_eq!(world.northtel.exchange.install_agreement(&note).unwrap_err().code(), "card.refused");
    let strangers = World::strangers();
    let unknown = Node::open("lonely", "cert", &strangers.time);
    let mut note = Text::new("agr-l").clause(Clause::from("northtel", "lonely"));
    note.community = vec!["role:cert"];
    let note = strangers.note(&[&strangers.northtel, &unknown], &note);
    assert_eq!(strangers.northtel.exchange.install_agreement(&note).unwrap_err().code(), "party.unknown");
}

/// A notice of the past must not suspend again, lift a suspension, or be counted twice.
#[test]
fn abuse_a36_a_replayed_notice_has_no_second_effect() {
    let world = World::new();
    world.fusion.exchange.suspend(AGREEMENT, "dispute").unwrap();
    world.fusion.exchange.resume(AGREEMENT).unwrap();
    let credential = world.northtel.credential("fusion");
    let notices = world.fusion.exchange.notices(&world.fusion.credential("northtel"), AGREEMENT).unwrap().unwrap();
    assert_eq!(notices.len(), 2);
    let take = |note: &str| world.northtel.exchange.accept_notice(&credential, AGREEMENT, note.as_bytes());
    take(&notices[0]).unwrap();
    assert_eq!(state(&world.northtel), "suspended");
    take(&notices[1]).unwrap();
    assert_eq!(state(&world.northtel), "in-force");
    let leaves = world.northtel.count("SELECT count(*) FROM leaf");
    // The same bytes, and the same declaration with a junk signature beside it.
    take(&notices[0]).unwrap();
    let junk = {
        let mut note = entente_ledger::note::Note::parse(notices[0].as_bytes()).unwrap();
        let line = SigningKey::from_seed("junk.example", &[1; 32]).unwrap().sign(note.text());
        note.add(line).unwrap();
        String::from_utf8(note.to_bytes()).unwrap()
    };
    assert_eq!(take(&junk).unwrap_err().code(), "notice.refused");
    assert_eq!(state(&world.northtel), "in-force");
    assert_eq!(world.northtel.count("SELECT count(*) FROM leaf"), leaves);
    assert_eq!(world.northtel.count("SELECT count(*) FROM notice"), 2);
}

/// Only a party suspends, in its own name, about this text.
#[test]
fn a_notice_of_a_stranger_or_in_anothers_name_is_refused() {
    let world = World::new();
    let refused = |credential: &str, note: &[u8]| {
        let credential = world.northtel.credential(credential);
        world.northtel.exchange.accept_notice(&credential, AGREEMENT, note).unwrap_err().code().to_owned()
    };
    let terms = entente_agreement::Agreement::open(
        world
            .northtel
            .exchange
            .agreement_note(&world.northtel.credential("fusion"), AGREEMENT)
            .unwrap()
            .unwrap()
            .as_bytes(),
    )
    .unwrap();
    let at = Timestamp::parse("2026-11-24T07:00:00Z").unwrap();
    let suspend = |party: &str| {
        let verb = Verb::Suspend { party: PartyId::parse(party).unwrap(), at, reason: "x".to_owned() };
        Notice::new(terms.terms(), verb)
    };
    let by_cert = suspend("northtel").sign(world.cert.exchange.keys().agreement()).unwrap();
    assert_eq!(refused("fusion", &by_cert), "notice.refused");
    let in_our_name = suspend("northtel").sign(world.fusion.exchange.keys().agreement()).unwrap();
    assert_eq!(refused("fusion", &in_our_name), "notice.refused");
    assert_eq!(refused("cert-x", &in_our_name), "agreement.unknown");
    assert_eq!(refused("fusion", b"entente/suspend@1"), "notice.refused");
    assert_eq!(refused("fusion", &[0xff, 0xfe]), "notice.refused");
    assert_eq!(state(&world.northtel), "in-force");
}

/// A notice about the version before is history, not an error that stops the exchange.
#[test]
fn a_notice_about_a_replaced_version_is_taken_and_changes_nothing() {
    let world = World::new();
    world.fusion.exchange.suspend(AGREEMENT, "dispute").unwrap();
    let notices = world.fusion.exchange.notices(&world.fusion.credential("northtel"), AGREEMENT).unwrap().unwrap();
    let hash = world.northtel.exchange.agreements(&Viewer::Staff).unwrap()[0].hash.clone();
    world.agree(&[&world.northtel, &world.fusion], &text().next(&hash));
    let credential = world.northtel.credential("fusion");
    world.northtel.exchange.accept_notice(&credential, AGREEMENT, notices[0].as_bytes()).unwrap();
    assert_eq!(state(&world.northtel), "in-force");
    assert!(world.northtel.log_problems().is_empty());
}

/// A clock that was set back must not keep a party from suspending, nor from lifting that.
#[test]
fn abuse_a43_a_clock_that_stepped_back_does_not_keep_a_party_from_suspending() {
    let world = World::new();
    for back in ["2026-11-24T05:00:00Z", "2025-11-24T05:00:00Z"] {
        world.northtel.exchange.suspend(AGREEMENT, "leak").unwrap();
        world.time.set(back);
        world.northtel.exchange.resume(AGREEMENT).unwrap_or_else(|error| panic!("{back}: {error}"));
        world.time.set("2026-11-24T06:00:00Z");
        world.northtel.exchange.suspend(AGREEMENT, "another leak").unwrap();
        world.northtel.exchange.resume(AGREEMENT).unwrap();
        assert_eq!(state(&world.northtel), "in-force");
    }
    // The other side follows, notice by notice, whatever its own clock says.
    let _server = world.connect(&world.northtel, &world.fusion);
    world.fusion.exchange.sync(None).unwrap();
    assert_eq!(world.fusion.count("SELECT count(*) FROM notice"), 8);
    assert_eq!(state(&world.fusion), "in-force");
}

/// Suspending what is suspended, or what nobody knows, is an answer with a code.
#[test]
fn a_transition_that_is_not_in_the_table_is_refused() {
    let world = World::new();
    assert_eq!(world.northtel.exchange.resume(AGREEMENT).unwrap_err().code(), "agreement.state");
    world.northtel.exchange.suspend(AGREEMENT, "a reason with spaces = and ünïcode").unwrap();
    assert_eq!(world.northtel.exchange.suspend(AGREEMENT, "again").unwrap_err().code(), "agreement.state");
    let unknown = world.northtel.exchange.suspend("agr-99", "x").unwrap_err();
    assert!(matches!(&unknown, ExchangeError::UnknownAgreement(id) if id == "agr-99"));
    // The other party's suspension is not ours to lift.
    let world = World::new();
    world.fusion.exchange.suspend(AGREEMENT, "dispute").unwrap();
    let notices = world.fusion.exchange.notices(&world.fusion.credential("northtel"), AGREEMENT).unwrap().unwrap();
    world
        .northtel
        .exchange
        .accept_notice(&world.northtel.credential("fusion"), AGREEMENT, notices[0].as_bytes())
        .unwrap();
    assert_eq!(world.northtel.exchange.resume(AGREEMENT).unwrap_err().code(), "notice.refused");
    assert_eq!(state(&world.northtel), "suspended");
}

/// A notice stored twice in two spellings by two processes must not keep the node from starting.
#[test]
fn abuse_a36_a_notice_stored_twice_does_not_stop_the_node() {
    let world = World::new();
    world.northtel.exchange.suspend(AGREEMENT, "dispute").unwrap();
    let note =
        world.northtel.exchange.notices(&world.northtel.credential("fusion"), AGREEMENT).unwrap().unwrap().remove(0);
    let mut twice = entente_ledger::note::Note::parse(note.as_bytes()).unwrap();
    let line = SigningKey::from_seed("junk.example", &[1; 32]).unwrap().sign(twice.text());
    twice.add(line).unwrap();
    let twice = String::from_utf8(twice.to_bytes()).unwrap();
    world
        .northtel
        .database()
        .execute("INSERT INTO notice(agreement, digest, note, added_us) VALUES(?1, x'01', ?2, 1)", [AGREEMENT, &twice])
        .unwrap();
    world.northtel.database().execute("UPDATE setting SET value=value+1 WHERE key='epoch'", []).unwrap();
    assert_eq!(state(&world.northtel), "suspended");
    assert!(world.northtel.again().agreements(&Viewer::Staff).is_ok());
}
