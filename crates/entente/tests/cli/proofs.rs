//! `receipt`, `verify`, `ledger`.

use insta::assert_snapshot;

use crate::support::Desk;

/// Id under which the first indicator was released.
fn released(desk: &Desk) -> String {
    let rows = desk.run(&["--home", "north", "release", "list", "--json"]).expect(0).json();
    let row =
        rows.as_array().expect("a list").iter().find(|row| row["object_type"] == "indicator").expect("an indicator");
    row["object"].as_str().expect("an id").to_owned()
}

#[test]
fn a_receipt_verifies_alone_and_not_after_any_change() {
    // Would break: a proof that proves nothing is taken for one, or a missing proof for a good one.
    let desk = Desk::pair();
    desk.contribute();
    {
        let _north = desk.serve("north");
        desk.run(&["--home", "fusion", "sync"]).expect(0);
    }
    let id = released(&desk);
    let mut page = desk.page(&[
        &["--home", "fusion", "receipt", "show", &id, "--out", "got"],
        &["--home", "fusion", "receipt", "show", &id, "--out", "got", "--json"],
        &["--home", "north", "receipt", "show", "3", "--agreement", "agr-1", "--to", "fusion", "--out", "gave"],
        &["--home", "north", "receipt", "show", "99", "--agreement", "agr-1", "--to", "fusion"],
        &["--home", "north", "receipt", "show", "three", "--agreement", "agr-1", "--to", "fusion"],
        &["--home", "fusion", "receipt", "show", "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd40"],
    ]);
    let [proof, object, policy] = ["tlog-proof", "json", "policy"].map(|ending| format!("got/{id}.{ending}"));
    desk.write("list.txt", "198.51.100.77\n");
    desk.write("empty", "");
    let checkpoint = desk.run(&["--home", "north", "ledger", "checkpoint", "agr-1"]).expect(0).stdout;
    desk.write("checkpoint", &checkpoint);
    page.push_str(&desk.page(&[
        &["verify", &proof],
        &["verify", &proof, "--agreement", "agr-1"],
        &["verify", &proof, "--agreement", "agr-1", "--json"],
        &["verify", &proof, "--jsonl"],
        &["verify", &proof, "list.txt"],
        &["verify", "list.txt"],
        &["verify", "list.txt", "--json"],
        &["verify", &object],
        &["verify", "empty"],
        &["verify", "agr-1"],
        &["verify", "checkpoint", "--policy", &policy],
        &["verify", "checkpoint"],
        &["verify", "missing"],
    ]));
    for (file, from, to) in [
        (&object, "198.51.100.77", "198.51.100.79"),
        (&proof, "index ", "index 1"),
        (&policy, "northtel.example", "southtel.example"),
    ] {
        let sound = desk.read(file);
        assert!(sound.contains(from), "{sound}");
        desk.write(file, sound.replacen(from, to, 1));
        let run = desk.run(&["verify", &proof]);
        assert!(run.code == 8 || (file == &policy && run.code == 2), "a changed {file} must not verify: {run:?}");
        page.push_str(&desk.show(&run));
        desk.write(file, sound);
    }
    std::fs::remove_file(desk.path().join(&object)).expect("the object");
    page.push_str(&desk.page(&[&["verify", &proof]]));
    assert_snapshot!("receipt-verify", page);
}

#[test]
fn the_ledger_is_shown_and_recomputed() {
    // Would break: "no log" and "all logs sound" look alike to a script.
    let desk = Desk::pair();
    desk.contribute();
    let mut page = desk.page(&[
        &["--home", "north", "ledger", "status"],
        &["--home", "north", "ledger", "status", "--json"],
        &["--home", "north", "ledger", "verify"],
        &["--home", "north", "ledger", "verify", "--json"],
        &["--home", "north", "ledger", "checkpoint", "agr-1"],
        &["--home", "north", "ledger", "checkpoint", "agr-9"],
    ]);
    let alone = Desk::new();
    let init =
        ["init", "--party", "northtel", "--name", "N", "--role", "private", "--country", "XN", "--host", "n.example"];
    alone.run(&init).expect(0);
    page.push_str(&alone.page(&[
        &["ledger", "verify"],
        &["ledger", "verify", "--json"],
        &["ledger", "status", "--json"],
    ]));
    assert_snapshot!("ledger", page);
}

#[test]
fn evidence_is_written_whole_or_not_at_all() {
    // Would break: an auditor is handed half an export, or one that the program itself does not accept.
    let desk = Desk::pair();
    desk.contribute();
    {
        let _north = desk.serve("north");
        desk.run(&["--home", "fusion", "sync"]).expect(0);
    }
    let mut page = desk.page(&[
        &["--home", "north", "ledger", "export", "--to", "evidence"],
        &["--home", "north", "ledger", "export", "--to", "evidence"],
        &["--home", "north", "ledger", "export", "--to", "other/two", "agr-1", "--receipts", "2", "--json"],
        &["--home", "north", "ledger", "export", "--to", "none", "agr-9"],
        &["--home", "north", "ledger", "export", "--to", "none", "--receipts", "few"],
        &["--home", "north", "ledger", "export", "--to", "north/entente.toml"],
        &["--home", "north", "ledger", "prove", "agr-1", "1"],
        &["--home", "north", "ledger", "prove", "agr-1", "99"],
        &["--home", "north", "ledger", "prove", "agr-9", "0"],
    ]);
    for to in ["evidence", "other/two"] {
        page.push_str(&format!("{to}:\n"));
        let mut names = files(&desk.path().join(to));
        names.sort();
        for name in names {
            page.push_str(&format!("  {name}\n"));
        }
    }
    let held: Vec<_> =
        std::fs::read_dir(desk.path()).expect("the desk").map(|e| e.expect("an entry").file_name()).collect();
    assert!(!held.iter().any(|name| name.to_string_lossy().contains("none")), "a refused export left {held:?}");
    let receipt = "evidence/receipts/1.tlog-proof";
    let (policy, agreement) = ("evidence/policies/agr-1.policy", "evidence/agreements/agr-1.v1.agreement");
    page.push_str(&desk.page(&[
        &["verify", receipt, "--policy", policy, "--agreement", agreement],
        &["verify", agreement],
        &["verify", "evidence/logs/agr/agr-1/checkpoint", "--policy", policy],
    ]));
    assert_snapshot!("evidence", page);
}

/// Names of all files below a directory.
fn files(below: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![below.to_owned()];
    while let Some(directory) = left.pop() {
        for entry in std::fs::read_dir(&directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                left.push(path);
            } else {
                found.push(path.strip_prefix(below).expect("below it").display().to_string());
            }
        }
    }
    found
}
