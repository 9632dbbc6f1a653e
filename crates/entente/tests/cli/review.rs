//! `review`: what a person decides about an object changes what leaves.

use crate::support::Desk;

#[test]
fn an_embargo_keeps_an_object_and_its_end_lets_it_go() {
    // Would break: an investigator's request to wait is noted and not obeyed.
    let desk = Desk::pair();
    desk.write("list.txt", "198.51.100.1\n");
    desk.run(&["--home", "north", "admit", "list.txt", "--tlp", "amber", "--confidence", "80"]).expect(0);
    let held = desk.run(&["--home", "north", "export", "csv", "--quiet"]).expect(0).stdout;
    let row = held.lines().find(|line| line.contains("198.51.100.1")).expect("the value is held");
    let id = row.split(',').find(|cell| cell.starts_with("indicator--")).expect("its object").to_owned();

    let run = desk.run(&["--home", "north", "review", &id, "--embargo", "2999-01-01T00:00:00Z", "--json"]).expect(0);
    assert_eq!(run.json(), serde_json::json!({ "id": id, "act": "embargo", "versions": 1 }));
    let why = desk.run(&["--home", "north", "explain", &id, "--for", "fusion"]);
    assert!(why.stdout.contains("embargo"), "{why:?}");
    desk.run(&["--home", "north", "review", &id, "--lift-embargo"]).expect(0);
    let why = desk.run(&["--home", "north", "explain", &id, "--for", "fusion"]);
    assert!(!why.stdout.contains("embargo"), "{why:?}");

    // One act at a time, about an object that is known.
    desk.run(&["--home", "north", "review", &id]).expect(2);
    desk.run(&["--home", "north", "review", &id, "--text", "--hold", "7"]).expect(2);
    let unknown = "indicator--00000000-0000-4000-8000-000000000000";
    assert!(desk.run(&["--home", "north", "review", unknown, "--text"]).expect(3).stderr.contains("object.unknown"));
}
