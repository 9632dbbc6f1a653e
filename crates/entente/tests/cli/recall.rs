//! `recall`: over two served nodes, and by file.

use crate::support::Desk;

#[test]
fn a_recall_reaches_the_partner_and_both_say_how_far_it_is() {
    // Would break: what was taken back stays at the partner, or nobody can see whether it does.
    let desk = Desk::pair();
    desk.contribute();
    let _north = desk.serve("north");
    let _fusion = desk.serve("fusion");
    desk.run(&["--home", "fusion", "sync"]).expect(0);
    assert_eq!(desk.run(&["--home", "fusion", "check", "-", "--json"]).code, 7, "nothing to check");
    let known = |home: &str| {
        let run = desk.run_with(&["--home", home, "check", "-", "--json"], "198.51.100.77\n").expect(0);
        run.json()["known"].as_u64().expect("a count")
    };
    assert_eq!(known("fusion"), 1);
    let plan = desk.run(&["--home", "north", "recall", "198.51.100.77", "--reason", "wrong", "--dry-run", "--json"]);
    let plan = plan.expect(0).json();
    assert_eq!(
        (plan["dry_run"].as_bool(), plan["parties"][0]["party"].as_str()),
        (Some(true), Some("fusion")),
        "{plan}"
    );
    let asked = desk.run(&["--home", "north", "recall", "198.51.100.77", "--reason", "wrong"]);
    assert_eq!(asked.code, 2, "without a terminal it wants --yes: {}", asked.stderr);
    assert_eq!(known("fusion"), 1);
    // The partner can be called, so it is told at once.
    desk.run(&["--home", "north", "recall", "198.51.100.77", "--reason", "wrong", "--yes"]).expect(0);
    assert_eq!(known("fusion"), 0);
    for (home, direction) in [("north", "out"), ("fusion", "in")] {
        let list = desk.run(&["--home", home, "recall", "list", "--json"]).expect(0).json();
        let text = list.to_string();
        assert!(
            text.contains(&format!("\"direction\":\"{direction}\"")) && text.contains("\"state\":\"completed\""),
            "{text}"
        );
        let late = desk.run(&["--home", home, "recall", "list", "--overdue", "--jsonl"]).expect(0);
        assert!(!late.stdout.contains("\"direction\""), "{}", late.stdout);
        desk.run(&["--home", home, "ledger", "verify"]);
    }
    for (arguments, code) in [
        (["recall", "203.0.113.200", "--reason", "wrong"], 3),
        (["recall", "198.51.100.77", "--reason", "boredom"], 2),
        (["recall", "198.51.100.78", "--reason", "wrong"], 7),
    ] {
        let run = desk.run(&[&["--home", "north"][..], &arguments[..]].concat());
        assert_eq!(run.code, code, "{arguments:?}: {}", run.stderr);
    }
}

#[test]
fn a_recall_by_file_is_carried_out_once_and_a_forged_one_is_refused() {
    // Would break: nodes that cannot call each other have no way to take back.
    let desk = Desk::pair();
    desk.contribute();
    {
        let _north = desk.serve("north");
        desk.run(&["--home", "fusion", "sync"]).expect(0);
    }
    desk.run(&["--home", "north", "recall", "198.51.100.77", "--reason", "stale", "--action", "stop-use", "--yes"])
        .expect(0);
    let list = desk.run(&["--home", "north", "recall", "list", "--json"]).expect(0).json().to_string();
    assert!(list.contains("\"state\":\"sent\""), "{list}");
    let id = desk.run(&["--home", "north", "recall", "list", "--jsonl"]).expect(0);
    let first: serde_json::Value = serde_json::from_str(id.stdout.lines().next().expect("a line")).expect("JSON");
    let id = first["id"].as_str().expect("an id").get(..12).expect("long enough").to_owned();
    let note = desk.run(&["--home", "north", "recall", "show", &id]).expect(0).stdout;
    desk.write("recall.note", &note);
    desk.write("forged.note", note.replace("stop-use", "delete"));
    let forged = desk.run(&["--home", "fusion", "recall", "accept", "forged.note"]);
    assert_eq!(forged.code, 8, "{}", forged.stderr);
    assert!(forged.stderr.contains("note.bad-signature"), "{}", forged.stderr);
    let ack = desk.run(&["--home", "fusion", "recall", "accept", "recall.note"]).expect(0).stdout;
    assert!(ack.starts_with("entente/recall-ack@1 ") && ack.contains("deleted=0 sealed=1 onward=0"), "{ack}");
    assert_eq!(desk.run(&["--home", "fusion", "recall", "accept", "recall.note"]).expect(0).stdout, ack);
    let own = desk.run(&["--home", "north", "recall", "accept", "recall.note"]);
    assert!(own.code != 0 && own.stderr.contains("recall.unknown-party"), "{}", own.stderr);
}
