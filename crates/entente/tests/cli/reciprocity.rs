//! `reciprocity` and `party profile`.

use crate::support::Desk;

#[test]
fn a_statement_is_a_table_csv_and_json_and_a_profile_explains_itself() {
    // Would break: officers cannot see, in any form, what a partner's data was worth.
    let desk = Desk::pair();
    desk.contribute();
    let north = desk.serve("north");
    desk.run(&["--home", "fusion", "sync"]).expect(0);
    drop(north);
    let today = desk.run(&["--home", "fusion", "reciprocity", "--party", "northtel", "--json"]).expect(0).json();
    let account = &today[0];
    assert_eq!(account["agreement"], "agr-1");
    // One server; the other value is a victim's, which leaves as a pseudonym and is context.
    assert_eq!(account["received"]["statement"]["total"]["given"], 1, "{account}");
    assert_eq!(account["received"]["statement"]["classes"]["c2"]["unique"], 1, "{account}");
    assert_eq!(account["received"]["raw"]["context"], 3, "{account}");
    assert_eq!(account["received"]["statement"]["weights"]["version"], 1);
    assert!(account["balance"].is_null());
    let csv = desk.run(&["--home", "fusion", "reciprocity", "--partner", "northtel", "--csv"]).expect(0);
    let lines: Vec<Vec<&str>> = csv.stdout.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines[0].len(), 23);
    assert_eq!((lines[0][0], lines[0][22]), ("agreement", "weights"));
    assert!(lines.iter().any(|line| line[2] == "from northtel" && line[3] == "all"), "{}", csv.stdout);
    let table = desk.run(&["--home", "fusion", "reciprocity", "--party", "northtel"]).expect(0);
    assert!(table.stderr.contains("no balance: `northtel` has not reported"), "{}", table.stderr);
    let other = desk.run(&["--home", "north", "reciprocity", "--party", "fusion", "--json"]).expect(0).json();
    let released = &other[0]["given"]["released"];
    assert_eq!((&released["values"], &released["context"]), (&1.into(), &3.into()), "{released}");
    let profile = desk.run(&["--home", "fusion", "party", "profile", "northtel", "--json"]).expect(0).json();
    assert!(profile["stage"].is_null());
    assert_eq!(profile["gates"]["G1"], "fails");
    assert_eq!(profile["next"], "an agreement in force for 30 days");
    let shown = desk.run(&["--home", "fusion", "party", "profile", "northtel"]).expect(0);
    assert!(shown.stderr.contains("not measured yet"), "{shown:?}");
    for (arguments, code) in [
        (vec!["reciprocity"], 2),
        (vec!["reciprocity", "--party", "nobody"], 3),
        (vec!["reciprocity", "--party", "northtel", "--agreement", "agr-9"], 3),
        (vec!["reciprocity", "--party", "northtel", "--period", "soon"], 2),
        (vec!["reciprocity", "report", "--party", "northtel", "--agreement", "agr-1"], 5),
        (vec!["reciprocity", "accept", "northtel.card"], 8),
        (vec!["reciprocity", "reviews"], 0),
        (vec!["party", "profile", "nobody"], 3),
        (vec!["party", "profile", "northtel", "--at", "soon"], 2),
        (vec!["party", "affiliate", "northtel", "nobody"], 3),
    ] {
        let run = desk.run(&[&["--home", "fusion"][..], &arguments].concat());
        assert_eq!(run.code, code, "{run:?}");
    }
}
