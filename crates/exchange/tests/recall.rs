//! Recalls between two and three nodes: what is taken back goes, stays gone, and everybody knows how far it is.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use entente_agreement::recall::{RecallAction, RecallNote, RecallReason};
use entente_exchange::Viewer;
use entente_exchange::export::ExportFormat;
use entente_exchange::recall::RecallView;
use entente_stix::marking::Tlp;
use support::{AGREEMENT, Clause, Node, Text, World, options, uuid};

const VALUE: &str = "198.51.100.7";

/// northtel has released `list` to fusion, which has fetched it.
fn fetched(list: &str) -> (World, support::Server) {
    let world = World::new();
    let server = world.connect(&world.northtel, &world.fusion);
    world.northtel.admit(list);
    sync(&world.fusion);
    (world, server)
}

fn sync(node: &Node) {
    for run in node.exchange.sync(None).unwrap() {
        assert!(run.complete, "{run:?}");
    }
}

fn recall(node: &Node, what: &str) -> Vec<RecallView> {
    let done = node.exchange.recall(&[what.to_owned()], RecallReason::Wrong, RecallAction::Delete, false).unwrap();
    assert!(!done.parties.is_empty(), "{done:?}");
    node.exchange.recalls().unwrap()
}

fn state(node: &Node) -> Vec<&'static str> {
    node.exchange.recalls().unwrap().iter().map(|recall| recall.state).collect()
}

fn leaves(node: &Node) -> Vec<String> {
    let database = node.database();
    let mut statement = database.prepare("SELECT entry FROM leaf ORDER BY no").unwrap();
    let rows = statement.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    rows.map(|row| String::from_utf8(row.unwrap()).unwrap()).collect()
}

/// How many leaves of a kind the only log of a node has.
fn kinds(node: &Node, kind: &str) -> usize {
    leaves(node).iter().filter(|leaf| leaf.contains(&format!(r#""kind":"{kind}""#))).count()
}

/// Whether a text is anywhere in what the database holds of objects.
fn holds(node: &Node, text: &str) -> bool {
    let like = format!("%{text}%");
    let places = [
        "SELECT count(*) FROM revision WHERE CAST(body AS TEXT) LIKE ?1 OR id LIKE ?1",
        "SELECT count(*) FROM assertion WHERE value LIKE ?1 OR detail LIKE ?1",
        "SELECT count(*) FROM manifest WHERE CAST(body AS TEXT) LIKE ?1",
        "SELECT count(*) FROM sealed WHERE CAST(body AS TEXT) LIKE ?1",
        "SELECT count(*) FROM page_receipt WHERE CAST(receipt AS TEXT) LIKE ?1",
    ];
    let database = node.database();
    places.iter().any(|sql| database.query_row(sql, [&like], |row| row.get::<_, i64>(0)).unwrap() > 0)
}

/// The id under which fusion holds the object about a value.
fn held_id(node: &Node, value: &str) -> String {
    let sql = "SELECT r.id FROM revision r JOIN assertion a ON a.revision=r.no WHERE a.value=?1 AND a.party>0";
    node.database().query_row(sql, [value], |row| row.get(0)).unwrap()
}

/// An object is recalled: the partner deletes it with its salt, confirms, and both ledgers say so.
#[test]
fn a_recalled_object_is_deleted_and_acknowledged_on_both_sides() {
    let (world, _server) = fetched(&format!("{VALUE}\n198.51.100.8\n"));
    assert!(holds(&world.fusion, VALUE));
    let id = held_id(&world.fusion, VALUE);
    let recalls = recall(&world.northtel, VALUE);
    assert_eq!((recalls.len(), recalls[0].state, recalls[0].n, recalls[0].direction), (1, "sent", 1, "out"));
    // No door delivers it from this moment on.
    assert!(!world.northtel.objects(AGREEMENT, "fusion").iter().any(|text| text.contains(VALUE)));
    sync(&world.fusion);
    assert!(!holds(&world.fusion, VALUE) && !holds(&world.fusion, &id));
    assert!(holds(&world.fusion, "198.51.100.8"), "its neighbour stays");
    assert_eq!(state(&world.northtel), ["completed"]);
    assert_eq!(state(&world.fusion), ["completed"]);
    for node in [&world.northtel, &world.fusion] {
        assert_eq!((kinds(node, "recall-ack"), kinds(node, "erasure")), (1, 1), "{:?}", leaves(node));
        assert!(node.log_problems().is_empty());
    }
    assert_eq!((kinds(&world.northtel, "recall"), kinds(&world.fusion, "recall")), (1, 0));
    assert!(!leaves(&world.northtel).iter().any(|leaf| leaf.contains(&id)), "a leaf names no object");
    // What is left counts right, and is still provable although a salt of its batch is gone.
    assert_eq!(world.fusion.exchange.check(VALUE, &Viewer::Staff).unwrap().known, 0);
    assert_eq!(world.fusion.exchange.home(&Viewer::Staff).unwrap().totals.observables, 1);
    world.fusion.exchange.received_proof(&held_id(&world.fusion, "198.51.100.8")).unwrap();
    assert_eq!(world.fusion.exchange.received_proof(&id).unwrap_err().code(), "object.unknown");
    let export = world.fusion.exchange.export(ExportFormat::Csv).unwrap();
    assert!(!String::from_utf8(export.bytes).unwrap().contains(VALUE));
}

/// A process that has just started asks other nodes about a log before it signs in it, and keeps the answer: not within the
/// transaction of the recall, which would wait for itself.
#[test]
fn a_recall_by_a_new_process_asks_about_the_log_before_it_writes() {
    let (world, _server) = fetched(VALUE);
    let _other = world.connect(&world.fusion, &world.northtel);
    world.time.advance_days(1);
    let process = world.northtel.again();
    let (done, when_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        done.send(process.recall(&[VALUE.to_owned()], RecallReason::Wrong, RecallAction::Delete, false)).unwrap();
    });
    // It never ends if it waits for itself.
    let recalled = when_done.recv_timeout(std::time::Duration::from_secs(60)).expect("the recall ends").unwrap();
    assert_eq!(recalled.parties.len(), 1);
    assert_eq!(kinds(&world.northtel, "recall"), 1);
}

/// Nothing but the recalled rows of a page changes: later pages and proofs go on as before, and numbers are not used twice.
#[test]
fn what_comes_after_a_recall_is_released_fetched_and_proved_as_before() {
    let (world, _server) = fetched("198.51.100.1\n198.51.100.2\n198.51.100.3\n");
    recall(&world.northtel, "198.51.100.3");
    sync(&world.fusion);
    world.northtel.admit("198.51.100.4\n");
    sync(&world.fusion);
    for value in ["198.51.100.1", "198.51.100.2", "198.51.100.4"] {
        world.fusion.exchange.received_proof(&held_id(&world.fusion, value)).unwrap();
    }
    let numbers = world.fusion.count("SELECT count(*) FROM revision JOIN erased ON erased.no=revision.no");
    assert_eq!(numbers, 0, "an erased number was given again");
    // A reader that begins anew gets the three that are left, with a receipt that verifies.
    let page = world.northtel.page(AGREEMENT, "fusion");
    assert_eq!(page.rows.iter().filter(|row| row.id.starts_with("indicator--")).count(), 3);
    world
        .northtel
        .exchange
        .page_receipt(&world.northtel.credential("fusion"), AGREEMENT, page.receipt.unwrap())
        .unwrap()
        .unwrap();
    let mut files = 0;
    world
        .northtel
        .exchange
        .evidence(&[], 100, &mut |_, _| {
            files += 1;
            Ok(())
        })
        .unwrap();
    assert!(files > 0);
}

/// Taking back, then handing the same revision out again because the terms changed, would make the recall void.
#[test]
fn a_recalled_revision_is_not_released_again_by_an_amendment_but_a_new_version_is() {
    let (world, _server) = fetched(&format!("{VALUE}\n"));
    recall(&world.northtel, VALUE);
    sync(&world.fusion);
    let hash = world.northtel.exchange.agreements(&Viewer::Staff).unwrap()[0].hash.clone();
    let text = Text::new(AGREEMENT).clause(Clause { max_age_days: 91, ..Clause::from("northtel", "fusion") });
    world.agree(&[&world.northtel, &world.fusion], &text.next(&hash));
    world.northtel.release();
    sync(&world.fusion);
    assert!(!holds(&world.fusion, VALUE));
    let explained = world.northtel.exchange.explain(VALUE, "fusion", None).unwrap();
    assert!(!explained.sees() && explained.rows[0].because.contains("recalled: wrong"), "{explained:?}");
    // Reported anew, with something else: a new version, released after the recall.
    world
        .northtel
        .admit_with(&format!("{VALUE}\n"), &entente_exchange::admit::AdmitOptions { confidence: 90, ..options() });
    sync(&world.fusion);
    assert!(holds(&world.fusion, VALUE), "a release after the recall is a new release");
}

/// A page that was on its way when the recall came does not bring the object back.
#[test]
fn abuse_a36_a_late_page_does_not_bring_a_recalled_object_back() {
    let world = World::new();
    let server = world.connect(&world.northtel, &world.fusion);
    world.northtel.admit(&format!("{VALUE}\n198.51.100.8\n"));
    let node = world.northtel.exchange.clone();
    let note: std::sync::Arc<std::sync::Mutex<Vec<String>>> = std::sync::Arc::default();
    let (kept, fusion) = (note.clone(), world.northtel.credential("fusion"));
    // The object is recalled between the page and its receipt.
    server.hook(move |path, _| {
        if path.contains("/receipts/") && kept.lock().unwrap().is_empty() {
            node.recall(&[VALUE.to_owned()], RecallReason::Wrong, RecallAction::Delete, false).unwrap();
            *kept.lock().unwrap() = node.recall_notes(&fusion, AGREEMENT).unwrap().unwrap();
        }
    });
    // The recall reaches fusion by hand before the page is admitted: the page is fetched by a second process that is behind.
    let second = world.fusion.again();
    let run = second.sync(None).unwrap().remove(0);
    assert!(run.complete, "{run:?}");
    let recall = note.lock().unwrap().remove(0);
    world.fusion.exchange.accept_recall(None, recall.as_bytes()).unwrap();
    assert!(!holds(&world.fusion, VALUE));
    // The position is forgotten, and the giver forgets the mark: the page comes again.
    world.fusion.database().execute("DELETE FROM inbox", []).unwrap();
    world.northtel.database().execute_batch("UPDATE manifest SET withdrawn=0; DELETE FROM recalled").unwrap();
    let run = world.fusion.exchange.sync(None).unwrap().remove(0);
    let refused: Vec<&str> = run.rejected_lines.iter().map(|line| line.code.as_str()).collect();
    assert_eq!(refused, ["admit.recalled"], "{run:?}");
    assert!(!holds(&world.fusion, VALUE) && holds(&world.fusion, "198.51.100.8"));
}

/// The same recall and the same acknowledgement a second time: no second effect in store or ledger.
#[test]
fn abuse_a36_a_recall_and_its_acknowledgement_count_once() {
    let (world, server) = fetched(&format!("{VALUE}\n"));
    drop(server);
    recall(&world.northtel, VALUE);
    let fusion = world.northtel.credential("fusion");
    let note = world.northtel.exchange.recall_notes(&fusion, AGREEMENT).unwrap().unwrap().remove(0);
    let ack = world.fusion.exchange.accept_recall(None, note.as_bytes()).unwrap();
    let id = world.northtel.exchange.recalls().unwrap()[0].id.clone();
    for _ in 0..2 {
        assert_eq!(
            world.fusion.exchange.accept_recall(Some(world.northtel.exchange.own()), note.as_bytes()).unwrap(),
            ack
        );
        world.northtel.exchange.accept_ack(world.fusion.exchange.own(), &id, &ack).unwrap();
    }
    for node in [&world.northtel, &world.fusion] {
        assert_eq!((kinds(node, "recall-ack"), kinds(node, "erasure")), (1, 1));
        assert_eq!(node.exchange.recalls().unwrap().len(), 1);
    }
}

/// A recall that was changed, is of another party, or is for somebody else is refused with its own code, and nothing goes.
#[test]
fn abuse_a21_a_forged_recall_is_refused_and_deletes_nothing() {
    let (world, server) = fetched(&format!("{VALUE}\n"));
    drop(server);
    recall(&world.northtel, VALUE);
    let fusion = world.northtel.credential("fusion");
    let note = world.northtel.exchange.recall_notes(&fusion, AGREEMENT).unwrap().unwrap().remove(0);
    let signed_by_other = {
        let (_, recall) = RecallNote::open(note.as_bytes()).unwrap();
        String::from_utf8(recall.sign(world.cert.exchange.keys().agreement()).unwrap()).unwrap()
    };
    let cases = [
        (note.replace("action=delete", "action=stop-use"), "note.bad-signature"),
        (note.replace("to=fusion", "to=cert-x"), "recall.unknown-party"),
        (note.replace("to=fusion", "to=northtel"), "recall.unknown-party"),
        (note.replace("agreement=agr-12", "agreement=agr-13"), "recall.other-agreement"),
        (note.replace("reason=wrong", "reason=boredom"), "recall.form"),
        (signed_by_other, "recall.not-signer"),
    ];
    for (forged, code) in cases {
        let error = world.fusion.exchange.accept_recall(None, forged.as_bytes()).unwrap_err();
        assert_eq!(error.code(), code, "{forged}");
    }
    // Handed over by somebody else than its signer.
    let error = world.fusion.exchange.accept_recall(Some(world.cert.exchange.own()), note.as_bytes()).unwrap_err();
    assert_eq!(error.code(), "recall.unknown-party");
    assert!(holds(&world.fusion, VALUE) && world.fusion.exchange.recalls().unwrap().is_empty());
}

/// Suspended or over, an agreement still takes its data back.
#[test]
fn abuse_a20_a_recall_is_carried_out_while_the_agreement_is_suspended() {
    let (world, _server) = fetched(&format!("{VALUE}\n"));
    world.northtel.exchange.suspend(AGREEMENT, "a leak").unwrap();
    recall(&world.northtel, VALUE);
    let run = world.fusion.exchange.sync(None).unwrap().remove(0);
    assert!(run.stopped.as_deref().is_some_and(|why| why.contains("[agreement.state]")), "{run:?}");
    assert!(!holds(&world.fusion, VALUE));
    assert_eq!(state(&world.northtel), ["completed"]);
}

/// A downgrade cannot be had by recalling: the higher marking holds for what is held, and for what is released of it.
#[test]
fn abuse_a16_a_raised_marking_holds_and_is_never_lowered_by_a_recall() {
    let (world, _server) = fetched(&format!("{VALUE}\n"));
    let raise = |tlp| {
        let done = world
            .northtel
            .exchange
            .recall(&[VALUE.to_owned()], RecallReason::MarkingRaised, RecallAction::Raise(tlp), false)
            .unwrap();
        sync(&world.fusion);
        done.parties.len()
    };
    assert_eq!(raise(Tlp::Red), 1);
    let shown = world.fusion.exchange.search(VALUE, &Viewer::Staff).unwrap();
    assert_eq!(shown[0].tlp, "TLP:RED", "{shown:?}");
    assert_eq!(state(&world.northtel), ["completed"]);
    // A note that "raises" to CLEAR, signed by the giver itself.
    let (_, recall) = {
        let fusion = world.northtel.credential("fusion");
        assert!(world.northtel.exchange.recall_notes(&fusion, AGREEMENT).unwrap().unwrap().is_empty());
        RecallNote::open(
            world
                .northtel
                .exchange
                .recall_note(&world.northtel.exchange.recalls().unwrap()[0].id)
                .unwrap()
                .1
                .as_bytes(),
        )
        .unwrap()
    };
    let mut lower = recall;
    lower.action = RecallAction::Raise(Tlp::Clear);
    let signed = lower.sign(world.northtel.exchange.keys().agreement()).unwrap();
    world.fusion.exchange.accept_recall(None, &signed).unwrap();
    assert_eq!(world.fusion.exchange.search(VALUE, &Viewer::Staff).unwrap()[0].tlp, "TLP:RED");
}

/// What may not be used is kept, but no reader finds it.
#[test]
fn what_is_sealed_is_kept_and_never_shown_matched_or_exported() {
    let (world, _server) = fetched(&format!("{VALUE}\n"));
    let id = held_id(&world.fusion, VALUE);
    world.northtel.exchange.recall(&[VALUE.to_owned()], RecallReason::Legal, RecallAction::StopUse, false).unwrap();
    sync(&world.fusion);
    assert_eq!(world.fusion.count("SELECT count(*) FROM sealed"), 1);
    assert_eq!(world.fusion.exchange.check(VALUE, &Viewer::Staff).unwrap().known, 0);
    assert!(world.fusion.exchange.object(&id, &Viewer::Staff).unwrap().is_none());
    let export = world.fusion.exchange.export(ExportFormat::Stix).unwrap();
    assert!(!String::from_utf8(export.bytes).unwrap().contains(VALUE));
    let recall = &world.northtel.exchange.recalls().unwrap()[0];
    assert_eq!((recall.state, recall.sealed, recall.deleted), ("completed", 1, 0));
}

/// An object under a legal hold is sealed, and the party that asked for its deletion learns that it was not deleted.
#[test]
fn a_legal_hold_refuses_the_deletion_in_the_open() {
    let (world, _server) = fetched(&format!("{VALUE}\n"));
    let hold = entente_exchange::review::Review::Hold("case 12/2026".to_owned());
    world.fusion.exchange.review(&held_id(&world.fusion, VALUE), &hold).unwrap();
    recall(&world.northtel, VALUE);
    sync(&world.fusion);
    assert_eq!(state(&world.northtel), ["refused"]);
    assert_eq!(world.fusion.count("SELECT count(*) FROM sealed WHERE why='legal-hold'"), 1);
    assert_eq!(world.fusion.exchange.check(VALUE, &Viewer::Staff).unwrap().known, 0);
}

/// The deadlines of the agreement and the clock make a recall overdue; an answer ends that.
#[test]
fn a_recall_without_answer_is_overdue_after_the_hours_of_the_agreement() {
    let (world, _server) = fetched(&format!("{VALUE}\n"));
    recall(&world.northtel, VALUE);
    world.time.set("2026-11-25T05:59:00Z");
    assert_eq!(state(&world.northtel), ["sent"]);
    world.time.set("2026-11-25T06:01:00Z");
    let view = world.northtel.exchange.recalls().unwrap().remove(0);
    assert_eq!((view.state, view.contact.as_str()), ("overdue", "legal@fusion.example"));
    sync(&world.fusion);
    assert_eq!(state(&world.northtel), ["completed"]);
}

/// A dry run says who has it and does nothing.
#[test]
fn a_dry_run_says_who_has_it_and_changes_nothing() {
    let (world, _server) = fetched(&format!("{VALUE}\n"));
    let leaves = leaves(&world.northtel);
    let ask = |what: &str| {
        world.northtel.exchange.recall(&[what.to_owned()], RecallReason::Wrong, RecallAction::Delete, true)
    };
    let done = ask(VALUE).unwrap();
    assert_eq!((done.parties.len(), done.parties[0].party.as_str(), done.parties[0].recalls.len()), (1, "fusion", 0));
    assert_eq!(done.parties[0].ids, [held_id(&world.fusion, VALUE)]);
    // By the id under which the partner knows it, too.
    assert_eq!(ask(&done.parties[0].ids[0]).unwrap().parties, done.parties);
    assert_eq!(leaves, self::leaves(&world.northtel));
    assert!(state(&world.northtel).is_empty());
    assert_eq!(ask("203.0.113.99").unwrap_err().code(), "object.unknown");
    assert_eq!(ask(&format!("indicator--{}", uuid(9))).unwrap_err().code(), "object.unknown");
}

/// Three nodes: northtel gives GREEN to fusion, which gives it on to cert-x. Taking it back reaches both, and the first is complete only
/// when the second is.
#[test]
fn a_recall_is_passed_on_to_whom_the_data_went() {
    let world = World::strangers();
    let community = Text { community: vec!["role:police", "role:cert"], ..Text::new(AGREEMENT) };
    world.agree(&[&world.northtel, &world.fusion], &community.clause(Clause::from("northtel", "fusion")));
    world.agree(&[&world.fusion, &world.cert], &Text::new("agr-13").clause(Clause::from("fusion", "cert-x")));
    let _north = world.connect(&world.northtel, &world.fusion);
    let _fusion = world.connect(&world.fusion, &world.cert);
    let green = entente_exchange::admit::AdmitOptions { tlp: Some(Tlp::Green), ..options() };
    world.northtel.admit_with(&format!("{VALUE}\n198.51.100.8\n"), &green);
    sync(&world.fusion);
    world.fusion.release();
    sync(&world.cert);
    assert!(holds(&world.cert, VALUE), "it went on");
    recall(&world.northtel, VALUE);
    sync(&world.fusion);
    assert!(!holds(&world.fusion, VALUE) && holds(&world.fusion, "198.51.100.8"));
    assert_eq!(state(&world.northtel), ["acknowledged"], "not everybody has deleted it");
    let onward = world.fusion.exchange.recalls().unwrap();
    assert_eq!((onward[0].party.as_str(), onward[0].direction, onward[0].state), ("cert-x", "out", "sent"));
    sync(&world.cert);
    assert!(!holds(&world.cert, VALUE) && holds(&world.cert, "198.51.100.8"));
    sync(&world.fusion);
    assert_eq!(state(&world.northtel), ["completed"]);
    assert_eq!(state(&world.fusion), ["completed", "completed"]);
    assert_eq!(kinds(&world.northtel, "recall-ack"), 2);
    for node in [&world.northtel, &world.fusion, &world.cert] {
        assert!(node.log_problems().is_empty());
    }
    // What fusion released beside it is still proved.
    world.cert.exchange.received_proof(&held_id(&world.cert, "198.51.100.8")).unwrap();
    let page = world.fusion.page("agr-13", "cert-x");
    let reader = world.fusion.credential("cert-x");
    assert!(world.fusion.exchange.page_receipt(&reader, "agr-13", page.receipt.unwrap()).unwrap().is_some());
}

/// A finding of its own, or what another party gave, stays when one giver recalls.
#[test]
fn another_source_of_the_same_value_is_not_touched() {
    let (world, _server) = fetched(&format!("{VALUE}\n"));
    world.fusion.admit(&format!("{VALUE}\n"));
    let before = world.fusion.exchange.home(&Viewer::Staff).unwrap().totals;
    assert_eq!((before.observables, before.corroborated), (1, 1));
    recall(&world.northtel, VALUE);
    sync(&world.fusion);
    let after = world.fusion.exchange.home(&Viewer::Staff).unwrap().totals;
    assert_eq!((after.observables, after.corroborated), (1, 0));
    assert_eq!(world.fusion.exchange.check(VALUE, &Viewer::Staff).unwrap().known, 1);
    // And may be given by others, or found, afterwards.
    world.fusion.admit("198.51.100.9\n");
    assert!(holds(&world.fusion, VALUE));
}

/// Terms that no longer permit what went out under the earlier ones take it back, and wider ones let it go out again, at the end.
#[test]
fn a_narrowed_agreement_recalls_and_a_widened_one_releases_again_at_the_end() {
    let (world, _server) = fetched(&format!("{VALUE}\nbad.example.net\n"));
    let amend = |kinds: Vec<&'static str>| {
        let line = &world.northtel.exchange.agreements(&Viewer::Staff).unwrap()[0];
        let mut text =
            Text::new(AGREEMENT).clause(Clause { kinds, ..Clause::from("northtel", "fusion") }).next(&line.hash);
        text.version = u32::try_from(line.version).unwrap() + 1;
        world.agree(&[&world.northtel, &world.fusion], &text);
        world.northtel.release();
        sync(&world.fusion);
    };
    amend(vec!["domain-name", "none"]);
    assert!(!holds(&world.fusion, VALUE) && holds(&world.fusion, "bad.example.net"));
    let recalls = world.northtel.exchange.recalls().unwrap();
    assert_eq!((recalls.len(), recalls[0].reason.as_str(), recalls[0].state), (1, "agreement-ended", "completed"));
    // Nothing more is recalled by looking again.
    world.northtel.release();
    assert_eq!(world.northtel.exchange.recalls().unwrap().len(), 1);
    let last = world.northtel.count("SELECT max(no) FROM manifest");
    amend(vec!["ipv4-addr", "domain-name", "none"]);
    assert!(holds(&world.fusion, VALUE) && holds(&world.fusion, "bad.example.net"));
    let again = world.northtel.count(&format!("SELECT count(*) FROM manifest WHERE no>{last}"));
    assert_eq!(again, 1, "one new row, at the end");
}

/// Growing old is no reason to take back: the same terms, signed anew, recall nothing.
#[test]
fn what_has_only_grown_old_is_not_recalled_by_an_amendment() {
    let (world, _server) = fetched(&format!("{VALUE}\n"));
    world.time.advance_days(120);
    let hash = world.northtel.exchange.agreements(&Viewer::Staff).unwrap()[0].hash.clone();
    let text = Text::new(AGREEMENT).clause(Clause::from("northtel", "fusion")).next(&hash);
    world.agree(&[&world.northtel, &world.fusion], &text);
    let (_, withheld) = world.northtel.release();
    assert_eq!(withheld.get("clause.age"), Some(&1), "{withheld:?}");
    assert!(state(&world.northtel).is_empty());
}

/// The finding is marked higher than the clause allows: what went out before comes back.
#[test]
fn a_later_version_that_may_not_leave_recalls_the_earlier_ones() {
    let (world, _server) = fetched(&format!("{VALUE}\n198.51.100.8\n"));
    let red = entente_exchange::admit::AdmitOptions { tlp: Some(Tlp::Red), ..options() };
    world.northtel.admit_with(&format!("{VALUE}\n"), &red);
    sync(&world.fusion);
    let recalls = world.northtel.exchange.recalls().unwrap();
    assert_eq!((recalls.len(), recalls[0].reason.as_str(), recalls[0].state), (1, "marking-raised", "completed"));
    assert!(!holds(&world.fusion, VALUE) && holds(&world.fusion, "198.51.100.8"));
}

/// A hold or an embargo stops what is to come; it is no reason to take back what a partner has.
#[test]
fn a_hold_at_the_releaser_recalls_nothing() {
    let (world, _server) = fetched(&format!("{VALUE}\n"));
    let own = world.northtel.exchange.search(VALUE, &Viewer::Staff).unwrap()[0].id.clone();
    world.northtel.exchange.review(&own, &entente_exchange::review::Review::Hold("case 13/2026".to_owned())).unwrap();
    world.northtel.release();
    assert!(state(&world.northtel).is_empty());
    assert!(!world.northtel.objects(AGREEMENT, "fusion").iter().any(|text| text.contains(VALUE)));
}
