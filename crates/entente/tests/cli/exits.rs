//! The table of exit codes: each code by at least one run, and the pairs that a gate must tell apart.

use crate::support::Desk;

#[test]
fn every_exit_code_is_produced_where_the_table_says() {
    // Would break: a script that branches on the code takes one outcome for another.
    let desk = Desk::pair();
    desk.contribute();
    let _north = desk.serve("north");
    let (url, missing) = (desk.collection("agr-1-fusion"), desk.collection("agr-9-fusion"));
    let token = desk.read("fusion.token");
    desk.write("known.txt", "198.51.100.77\n");
    desk.write("mixed.txt", "198.51.100.77\nfoo\n");
    desk.write("none.txt", "foo\n");
    desk.write("empty.txt", "");
    desk.write("forged", desk.read("agr-1").replace("max_age_days = 180", "max_age_days = 181"));
    let as_fusion = ["--user", token.as_str(), "--password-file", "for-fusion.secret"];
    let table: [(i32, &str, Vec<&str>); 25] = [
        (0, "checked, whatever was found", vec!["--home", "north", "check", "known.txt"]),
        (0, "verified", vec!["verify", "agr-1"]),
        (0, "released", vec!["--home", "north", "explain", "198.51.100.77", "--for", "fusion"]),
        (0, "pulled", [&["pull", &url][..], &as_fusion].concat()),
        (1, "no file", vec!["--home", "north", "check", "missing.txt"]),
        (1, "no configuration", vec!["--home", "nowhere", "party", "list"]),
        (1, "nobody answers", vec!["--home", "north", "sync"]),
        (2, "no such command", vec!["chek"]),
        (2, "a prompt without a terminal", vec!["--home", "north", "agreement", "suspend", "agr-1", "--reason", "x"]),
        (2, "unreadable input", vec!["--home", "north", "agreement", "check", "known.txt"]),
        (3, "unknown object", vec!["--home", "north", "show", "203.0.113.1"]),
        (3, "unknown collection", [&["pull", &missing][..], &as_fusion].concat()),
        (4, "no credentials", vec!["pull", &url]),
        (5, "withheld", vec!["--home", "north", "explain", "198.51.100.78", "--for", "fusion"]),
        (5, "not on loopback", vec!["--home", "north", "serve", "--listen", "0.0.0.0:0"]),
        (6, "findings", vec!["--home", "north", "check", "known.txt", "--fail-on", "malicious"]),
        (6, "findings before rejected lines", vec!["--home", "north", "check", "mixed.txt", "--fail-on", "known"]),
        (7, "no value in the list", vec!["--home", "north", "check", "none.txt"]),
        (7, "no value before findings", vec!["--home", "north", "check", "none.txt", "--fail-on", "known"]),
        (7, "an empty list", vec!["--home", "north", "check", "empty.txt"]),
        (7, "an empty file", vec!["--home", "north", "admit", "empty.txt"]),
        (7, "no proof", vec!["verify", "known.txt"]),
        (7, "one of two files is no proof", vec!["verify", "agr-1", "known.txt"]),
        (8, "forged", vec!["verify", "forged", "known.txt"]),
        (9, "a line was rejected", vec!["--home", "north", "check", "mixed.txt"]),
    ];
    for (code, what, arguments) in &table {
        let run = desk.run(arguments);
        assert_eq!(run.code, *code, "{what}: {run:?}");
    }
    for code in 0..=9 {
        assert!(table.iter().any(|(produced, ..)| *produced == code), "no run ends with {code}");
    }
}
