//! `agreement …`.

use insta::assert_snapshot;

use crate::support::Desk;

#[test]
fn an_agreement_is_drafted_checked_signed_and_shown() {
    // Would break: an officer signs what the nodes do not enforce, or cannot tell which signature is missing.
    let desk = Desk::pair();
    let new = ["--home", "north", "agreement", "new", "--with", "fusion"];
    let mut page = desk.page(&[
        &[&new[..], &["--id", "agr-2", "--out", "agr-2"]].concat(),
        &[&new[..], &["--id", "agr-2", "--out", "agr-2"]].concat(),
        &[&new[..], &["--id", "Agr 2"]].concat(),
        &[&new[..], &["--tlp-max", "red"]].concat(),
        &[&new[..], &["--template", "isac"]].concat(),
        &["--home", "north", "agreement", "new", "--with", "nobody"],
        &["--home", "north", "agreement", "check", "agr-2"],
        &["--home", "north", "agreement", "sign", "agr-2"],
        &["--home", "north", "agreement", "sign", "agr-2", "--json"],
        &["agreement", "verify", "agr-2"],
        &["--home", "north", "agreement", "list"],
        &["--home", "north", "agreement", "list", "--json"],
        &["--home", "north", "agreement", "show", "agr-9"],
        &["agreement", "verify", "agr-1"],
        &["agreement", "verify", "agr-1", "--json"],
        &["--home", "north", "agreement", "sign", "agr-1"],
    ]);
    let shown = desk.run(&["--home", "north", "agreement", "show", "agr-1"]).expect(0);
    page.push_str(&desk.show(&shown).lines().take(12).collect::<Vec<_>>().join("\n"));
    assert_snapshot!("agreement", page);
    let note = desk.run(&["--home", "fusion", "agreement", "show", "agr-1", "--note"]).expect(0);
    assert_eq!(note.stdout, desk.read("agr-1"), "the note is printed byte for byte");
}

#[test]
fn an_agreement_is_read_in_the_language_of_its_officer() {
    // Would break: a police officer countersigns sentences in a language that is not his own.
    let desk = Desk::pair();
    let shown =
        |lang: &str| desk.run(&["--home", "north", "agreement", "show", "agr-1", "--lang", lang]).expect(0).stdout;
    assert!(shown("fr").contains("s'accordent sur"), "{}", shown("fr"));
    assert!(shown("es-MX").contains("acuerdan"), "{}", shown("es-MX"));
    assert!(shown("it").contains("concordano"), "{}", shown("it"));
    assert!(shown("ar").contains("اتفق"), "{}", shown("ar"));
    let checked = desk.run(&["--home", "north", "agreement", "check", "agr-1", "--lang", "fr"]).expect(0).stdout;
    assert!(checked.contains("s'accordent sur"), "{checked}");
    let refused = desk.run(&["--home", "north", "agreement", "show", "agr-1", "--lang", "tlh"]).expect(2).stderr;
    assert!(refused.contains("en, fr, es, ar, it"), "{refused}");
}

#[test]
fn a_fault_of_a_text_is_named_with_its_line() {
    // Would break: an officer searches a draft of two hundred lines for what is wrong with it.
    let desk = Desk::pair();
    let draft = ["--home", "north", "agreement", "new", "--with", "fusion", "--id", "agr-2", "--instrument", "MoU 2"];
    let sound = desk.run(&draft).expect(0).stdout;
    desk.write(
        "faults",
        sound.replace("tlp_max = \"amber\"", "tlp_max = \"red\"").replace("\"c2-disruption\"", "\"c2-fun\""),
    );
    desk.write("twice", sound.replace("version = 1\n", "version = 1\nversion = 2\n"));
    desk.write("forged", desk.read("agr-1").replace("max_age_days = 180", "max_age_days = 181"));
    desk.write("stranger", "format = \"entente/agreement@2\"\n");
    let page = desk.page(&[
        &["--home", "north", "agreement", "check", "faults"],
        &["--home", "north", "agreement", "check", "twice"],
        &["--home", "north", "agreement", "check", "stranger"],
        &["--home", "north", "agreement", "check", "missing"],
        &["--home", "north", "agreement", "sign", "faults"],
        &["agreement", "verify", "forged"],
        &["--home", "north", "agreement", "sign", "forged"],
        &["agreement", "verify", "forged", "--json"],
    ]);
    assert_snapshot!("agreement-faults", page);
}

#[test]
fn two_texts_are_compared_with_an_example_of_each_difference() {
    // Would break: somebody signs an amendment without seeing what it lets out, or is shown a difference that is none.
    let desk = Desk::pair();
    let draft = ["--home", "north", "agreement", "new", "--with", "fusion", "--id", "agr-2", "--instrument", "MoU 2"];
    let old = desk.run(&draft).expect(0).stdout;
    let old = ["valid_from", "valid_to", "review_by"].iter().zip(["2027-01", "2028-01", "2027-06"]).fold(
        old,
        |text, (key, month)| {
            let line = text.lines().find(|line| line.starts_with(key)).expect("the key").to_owned();
            text.replacen(&line, &format!("{key} = {month}-01T00:00:00Z"), 1)
        },
    );
    let new = old
        .replacen("max_age_days = 180", "max_age_days = 200", 1)
        .replacen("\"strip-source\", ", "", 1)
        .replacen("ack_hours = 24", "ack_hours = 12", 1);
    desk.write("old.txt", &old);
    desk.write("new.txt", &new);
    desk.write("broken.txt", new.replacen("\"amber\"", "\"red\"", 1));
    let page = desk.page(&[
        &["agreement", "compare", "new.txt", "old.txt"],
        &["agreement", "compare", "old.txt", "old.txt"],
        &["agreement", "compare", "old.txt", "old.txt", "--json"],
        &["agreement", "compare", "broken.txt", "old.txt"],
        &["agreement", "compare", "new.txt", "missing.txt"],
        &["--home", "north", "agreement", "compare", "agr-1", "agr-1"],
        &["--home", "north", "agreement", "compare", "agr-9", "old.txt"],
    ]);
    assert_snapshot!("agreement-compare", page);
    let found = desk.run(&["agreement", "compare", "new.txt", "old.txt", "--json"]).expect(0).json();
    assert_eq!(found["relation"], "incomparable");
    assert_eq!(found["added"][0]["age_days"], serde_json::json!({ "from": 181, "to": 200 }));
    assert_eq!(found["added"][0]["counterexample"]["age_days"], 181);
    assert_eq!(found["added"][0]["counterexample"]["object"]["type"], "indicator");
    assert_eq!((&found["removed"], &found["obligations"][0]["term"]), (&serde_json::json!([]), &"strip-source".into()));
    assert_eq!(found["terms"][0]["direction"], "narrower");
    assert_eq!(found["a"]["id"], "agr-2");
}

#[test]
fn only_who_suspended_an_agreement_can_resume_it() {
    // Would break: the other side lifts a suspension, or is told to try.
    let desk = Desk::pair();
    let _north = desk.serve("north");
    let _fusion = desk.serve("fusion");
    let page = desk.page(&[
        &["--home", "fusion", "agreement", "suspend", "agr-9", "--reason", "x", "--yes"],
        &["--home", "fusion", "agreement", "suspend", "agr-1", "--reason", "looking into a report"],
        &["--home", "fusion", "agreement", "suspend", "agr-1", "--reason", "", "--yes"],
        &["--home", "fusion", "agreement", "suspend", "agr-1", "--reason", "two\nlines", "--yes"],
        &["--home", "fusion", "agreement", "suspend", "agr-1", "--reason", "looking into a report", "--yes"],
        &["--home", "fusion", "agreement", "suspend", "agr-1", "--reason", "again", "--yes"],
        &["--home", "north", "agreement", "resume", "agr-1"],
        &["--home", "north", "doctor"],
        &["--home", "fusion", "doctor"],
        &["--home", "fusion", "agreement", "resume", "agr-1", "--json"],
        &["--home", "fusion", "agreement", "resume", "agr-1"],
        &["--home", "fusion", "agreement", "resume", "agr-9"],
    ]);
    assert_snapshot!("agreement-suspend", page);
    let shown = desk.run(&["--home", "north", "agreement", "show", "agr-1"]).expect(0);
    assert!(shown.stdout.contains("in-force"), "{shown:?}");
}

#[test]
fn an_expired_agreement_and_a_foreign_key_are_refused_by_name() {
    // Would break: data flows under a text that has ended, or under one that somebody else signed in a party's name (A21).
    let desk = Desk::pair();
    desk.contribute();
    let _north = desk.serve("north");
    let draft = ["--home", "north", "agreement", "new", "--with", "fusion", "--id", "agr-old", "--instrument", "MoU 0"];
    let mut text = desk.run(&draft).expect(0).stdout;
    for (key, year) in [("valid_from", 2020), ("valid_to", 2021), ("review_by", 2020)] {
        let line = text.lines().find(|line| line.starts_with(key)).expect("the key").to_owned();
        text = text.replacen(&line, &format!("{key} = {year}-06-01T00:00:00Z"), 1);
    }
    desk.write("agr-old", text);
    for home in ["north", "fusion", "north"] {
        desk.run(&["--home", home, "agreement", "sign", "agr-old"]).expect(0);
    }
    let (url, token) = (desk.collection("agr-old-fusion"), desk.read("fusion.token"));
    let mut page = desk.page(&[
        &["--home", "north", "agreement", "list"],
        &["--home", "fusion", "sync"],
        &["pull", &url, "--user", &token, "--password-file", "for-fusion.secret"],
        &["--home", "north", "agreement", "suspend", "agr-old", "--reason", "x", "--yes"],
        &["--home", "north", "doctor"],
    ]);
    // A stranger who calls itself `fusion` countersigns a text that names its own key.
    let init = [
        "--party",
        "fusion",
        "--name",
        "Fusion Centre",
        "--role",
        "police",
        "--country",
        "INT",
        "--host",
        "fusion.example",
    ];
    desk.run(&[&["--home", "stranger", "init"][..], &init].concat()).expect(0);
    desk.run(&["--home", "stranger", "party", "add", "northtel.card"]).expect(0);
    let draft =
        ["--home", "stranger", "agreement", "new", "--with", "northtel", "--id", "agr-3", "--instrument", "MoU 3"];
    desk.write("agr-3", desk.run(&draft).expect(0).stdout);
    desk.run(&["--home", "stranger", "agreement", "sign", "agr-3"]).expect(0);
    page.push_str(&desk.page(&[
        &["--home", "north", "agreement", "sign", "agr-3"],
        &["--home", "fusion", "agreement", "sign", "agr-3"],
        &["--home", "north", "agreement", "list"],
    ]));
    assert_snapshot!("agreement-refused", page);
}
