//! `agreement simulate`.

use crate::support::Desk;

/// A node with an agreement and something admitted under it, and the draft of its next version.
fn desk() -> (Desk, String) {
    let desk = Desk::pair();
    let admit = ["--home", "north", "admit", "-", "--tlp", "amber", "--confidence", "60", "--format", "list"];
    desk.run_with(&admit, "198.51.100.1\n198.51.100.2\nevil.example\n").expect(0);
    let admit = ["--home", "north", "admit", "-", "--tlp", "red", "--confidence", "60", "--format", "list"];
    desk.run_with(&admit, "198.51.100.9\n").expect(0);
    let verified = desk.run(&["agreement", "verify", "agr-1", "--json"]).expect(0).json();
    let hash = verified.get("hash").and_then(|hash| hash.as_str()).expect("its hash").to_owned();
    let note = desk.read("agr-1");
    let text = note.split("\n\n\u{2014} ").next().expect("the text");
    let text = text.replacen("version = 1\n", &format!("version = 2\nsupersedes = \"{hash}\"\n"), 1);
    (desk, format!("{text}\n"))
}

/// The same terms for what is nearly certain only.
fn narrowed(text: &str) -> String {
    let line = |line: &str| if line.starts_with("confidence_min") { "confidence_min = 70\n" } else { line }.to_owned();
    text.split_inclusive('\n').map(line).collect()
}

const SIMULATE: [&str; 4] = ["--home", "north", "agreement", "simulate"];

#[test]
fn a_draft_is_tried_before_it_is_signed() {
    // Would break: officers sign an amendment without seeing what it gives away.
    let (desk, text) = desk();
    desk.write("same", &text);
    desk.write("narrow", narrowed(&text));
    let page = desk.run(&[&SIMULATE[..], &["same", "--since", "30d"]].concat()).expect(0).stdout;
    assert!(page.starts_with("agr-1 v2 against v1, 4 admissions from "), "{page}");
    let words = "Over the last 30 days version 2 would release 3 → 3 objects to fusion (no difference)";
    assert!(page.contains(words) && page.contains("floor.red"), "{page}");
    assert!(page.contains("What fusion would release to this node, only fusion can simulate"), "{page}");
    let narrow = [&SIMULATE[..], &["narrow", "--json"]].concat();
    let found = desk.run(&narrow).expect(0).json();
    let flow = &found["flows"][0];
    assert_eq!((&flow["before"], &flow["after"], &flow["lost"]), (&3.into(), &0.into(), &3.into()));
    assert_eq!(flow["lost_sample"][0]["reason"], "clause.confidence");
    assert_eq!(found["digest"].as_str().map(str::len), Some(71));
    let none =
        desk.run(&[&SIMULATE[..], &["agr-1", "--against", "none", "--sample", "2", "--jsonl"]].concat()).expect(0);
    let flow = &none.json()["flows"][0];
    assert_eq!((&flow["after"], flow["released_sample"].as_array().map(Vec::len)), (&3.into(), Some(2)));
    let clause = text
        .split("[[clause]]")
        .find(|table| table.contains("c2-out"))
        .expect("a clause")
        .split("\n[")
        .next()
        .expect("its table");
    desk.write("clause", narrowed(&format!("[[clause]]{clause}\n")));
    let found = desk.run(&[&SIMULATE[..], &["clause", "--clause-of", "agr-1", "--json"]].concat()).expect(0).json();
    assert_eq!(found["draft"]["version"], 1);
    // What the narrower clause does not release, another one does, in its own form.
    let flow = &found["flows"][0];
    assert_eq!((&flow["lost"], &flow["altered"]), (&0.into(), &3.into()), "{found}");
    let rows = flow["by"]["clause"].as_array().expect("the clauses");
    let row = |name: &str| rows.iter().find(|row| row["name"] == name).expect("the clause");
    assert_eq!((&row("c2-out")["lost"], &row("phishing-out")["gained"]), (&3.into(), &3.into()));
}

#[test]
fn a_simulation_that_saw_nothing_or_could_not_run_says_so() {
    // Would break: "nothing would leave" is read where nothing was looked at, or a faulty draft passes for a narrow one.
    let (desk, text) = desk();
    desk.write("broken", text.replacen("\"amber\"", "\"red\"", 1));
    let run = |more: &[&'static str]| desk.run(&[&SIMULATE[..], more].concat());
    let nothing = run(&["agr-1", "--since", "0d"]).expect(7);
    assert!(nothing.stderr.contains("nothing was admitted"), "{nothing:?}");
    run(&["agr-1", "--since", "soon"]).expect(2);
    run(&["agr-1", "--as-of", "then"]).expect(2);
    run(&["agr-1", "--against", "v2"]).expect(2);
    run(&["agr-1", "--sample", "101"]).expect(2);
    run(&["agr-1", "--for", "northtel"]).expect(2);
    run(&["agr-1", "--for", "nobody"]).expect(3);
    run(&["agr-9"]).expect(3);
    let broken = run(&["broken"]).expect(2).stderr;
    assert!(broken.contains("error[agr.ceiling-red]") || broken.contains("error[agr."), "{broken}");
}
