//! Agreements over the wire: two served nodes, one command at each.

use crate::support::Desk;

/// Drafts at Northtel's node; returns the name of the file.
fn draft(desk: &Desk, id: &str) -> String {
    let new =
        ["--home", "north", "agreement", "new", "--with", "fusion", "--id", id, "--instrument", "MoU 2", "--out", id];
    desk.run(&new).expect(0);
    id.to_owned()
}

#[test]
fn an_agreement_comes_about_between_two_nodes_without_a_file_in_anybodys_hand() {
    // Would break: officers mail files, and sign what nobody showed them.
    let desk = Desk::pair();
    let (_north, _fusion) = (desk.serve("north"), desk.serve("fusion"));
    let file = draft(&desk, "agr-2");
    let offered = desk.run(&["--home", "north", "agreement", "offer", &file]).expect(0);
    assert!(offered.stderr.contains("`fusion` has it"), "{offered:?}");
    let listed = desk.run(&["--home", "fusion", "agreement", "list"]).expect(0).stdout;
    assert!(listed.contains("offered") && listed.contains("needs fusion"), "{listed}");
    let look = desk.run(&["--home", "fusion", "agreement", "countersign", "agr-2", "--dry-run"]).expect(0);
    assert!(look.stdout.contains("Northtel gives Fusion Centre"), "{look:?}");
    desk.run(&["--home", "fusion", "agreement", "countersign", "agr-2"]).expect(2);
    let signed = desk.run(&["--home", "fusion", "agreement", "countersign", "agr-2", "--yes"]).expect(0);
    assert!(signed.stderr.contains("`agr-2` version 1 is in-force"), "{signed:?}");
    for home in ["north", "fusion"] {
        let shown = desk.run(&["--home", home, "agreement", "show", "agr-2"]).expect(0).stdout;
        assert!(shown.starts_with("agr-2  v1  in-force"), "{shown}");
    }
    desk.run(&["--home", "fusion", "agreement", "countersign", "agr-2", "--yes"]).expect(3);

    // An amendment that permits more needs a word at each side.
    let longer =
        ["--home", "north", "agreement", "amend", "agr-2", "--valid-to", "2030-01-01T00:00:00Z", "--out", "next"];
    desk.run(&longer).expect(0);
    let refused = desk.run(&["--home", "north", "agreement", "offer", "next"]).expect(5);
    assert!(refused.stdout.contains("BROADER") && refused.stderr.contains("offer.broader"), "{refused:?}");
    desk.run(&["--home", "north", "agreement", "offer", "next", "--accept-broader"]).expect(0);
    desk.run(&["--home", "fusion", "agreement", "countersign", "agr-2", "--yes"]).expect(5);
    let word = ["--home", "fusion", "agreement", "countersign", "agr-2", "--yes", "--accept-broader", "--json"];
    let signed = desk.run(&word).expect(0).json();
    assert_eq!(signed["installed"]["version"], 2, "{signed}");
    let shown = desk.run(&["--home", "north", "agreement", "show", "agr-2"]).expect(0).stdout;
    assert!(shown.starts_with("agr-2  v2"), "{shown}");
}

#[test]
fn consent_rotation_and_the_end_reach_the_other_node() {
    // Would break: one side acts on a consent, a key or an agreement that the other has taken away.
    let desk = Desk::pair();
    let (_north, _fusion) = (desk.serve("north"), desk.serve("fusion"));
    let scope = ["agr-1", "--clause", "c2-out", "--to", "cert-x", "--purpose", "network-defence"];
    desk.run(&[&["--home", "fusion", "agreement", "consent-request"][..], &scope].concat()).expect(0);
    let asked = desk.run(&["--home", "north", "agreement", "requests", "--json"]).expect(0).json().to_string();
    assert!(asked.contains("\"state\":\"open\"") && asked.contains("clause:c2-out"), "{asked}");
    let consent = [&["--home", "north", "agreement", "consent", "--json"][..], &scope].concat();
    let given = desk.run(&consent).expect(0).json();
    let note = given["note"].as_str().expect("its hash");
    desk.run(&["--home", "north", "agreement", "consent-withdraw", "agr-1", &note[..20]]).expect(0);
    let told = desk.run(&["--home", "fusion", "agreement", "requests"]).expect(0).stdout;
    assert!(told.contains("withdrawn") && told.contains("answered"), "{told}");

    let card = |home: &str, party: &str| desk.run(&["--home", home, "party", "show", party]).expect(0).stdout;
    let before = card("fusion", "northtel");
    desk.run(&["--home", "north", "agreement", "rotate-key", "--yes"]).expect(0);
    assert_ne!(card("fusion", "northtel"), before, "the new key is on the card at the other node");
    // The new key signs, and the other node takes it.
    desk.run(&["--home", "north", "agreement", "terminate", "agr-1", "--reason", "done", "--yes"]).expect(0);
    let ledger = desk.run(&["--home", "fusion", "agreement", "requests"]).expect(0);
    assert!(ledger.stdout.contains("agr-1"), "{ledger:?}");
    let again = ["--home", "fusion", "agreement", "suspend", "agr-1", "--reason", "dispute", "--yes"];
    desk.run(&again).expect(0);
    assert!(
        desk.run(&["--home", "north", "agreement", "show", "agr-1"]).expect(0).stdout.contains("suspended by fusion")
    );
}

#[test]
fn every_template_is_drafted_from_cards() {
    // Would break: an officer meets a template that no command can fill.
    let desk = Desk::pair();
    let refused =
        desk.run(&["--home", "north", "agreement", "new", "--template", "isp-isp", "--with", "fusion"]).expect(2);
    assert!(refused.stderr.contains("two network operators"), "{refused:?}");
    desk.run(&["--home", "north", "agreement", "new", "--template", "operation", "--with", "fusion", "--out", "op"])
        .expect(0);
    let checked = desk.run(&["agreement", "check", "op"]).expect(0).stdout;
    assert!(checked.contains("victims-home"), "{checked}");
    // Three parties, one of them by its card alone.
    let init = [
        "--home",
        "cert",
        "init",
        "--party",
        "cert-x",
        "--name",
        "CERT X",
        "--role",
        "cert",
        "--country",
        "XY",
        "--host",
    ];
    desk.run(&[&init[..], &["cert-x.example", "--listen", "127.0.0.1:9"]].concat()).expect(0);
    let shown = desk.run(&["--home", "cert", "party", "show"]).expect(0);
    desk.write("cert-x.card", shown.stdout);
    let new =
        ["--home", "north", "agreement", "new", "--template", "cert-community", "--with", "fusion", "cert-x.card"];
    let text = desk.run(&[&new[..], &["--id", "agr-3"]].concat()).expect(0).stdout;
    assert!(text.contains("kind = \"multilateral\"") && text.matches("[[party]]").count() == 3, "{text}");
}
