//! `admit`, `check`, `show`, `explain`, `release`, `export`, `formats`.

use insta::assert_snapshot;

use crate::support::Desk;

const LIST: &str = "# night shift\n198.51.100[.]25\nhxxp://login-gov[.]example/x\nfoo bar\n8.8.8.8\n";
const MAP: &str = "value = \"ip\"\nclass = \"what\"\n[when.botnet]\nclass = \"c2\"\n";

/// Two indicators, the second with a time that is none.
fn bundle() -> String {
    let indicator = |id: u8, modified: &str| {
        format!(
            "{{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd{id}\",\
             \"created\":\"2026-11-01T00:00:00.000Z\",\"modified\":\"{modified}\",\"pattern\":\"[ipv4-addr:value = \
             '198.51.100.{id}']\",\"pattern_type\":\"stix\",\"valid_from\":\"2026-11-01T00:00:00Z\",\"indicator_types\":[\
             \"malicious-activity\"],\"object_marking_refs\":[\"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421\"]}}"
        )
    };
    format!(
        "{{\"type\":\"bundle\",\"id\":\"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d\",\"objects\":[{},{}]}}",
        indicator(40, "2026-11-01T00:00:00.000Z"),
        indicator(41, "yesterday")
    )
}

const EVENT: &str = r#"{"Event":{"uuid":"5f0c4b3a-7d8e-4b57-9d0f-1c2d3e4f5a6b","info":"Nightjar","date":"2026-11-20",
"timestamp":"1795000000","published":true,"Tag":[{"name":"tlp:amber"}],"Attribute":[{"uuid":"5f0c4b3a-7d8e-4b57-9d0f-1c2d3e4f5a6d",
"type":"ip-dst","category":"Network activity","to_ids":true,"value":"203.0.113.200","timestamp":"1795000000"}]}}"#;

#[test]
fn every_input_is_admitted_counted_or_refused_with_its_reason() {
    // Would break: a bad line stops the others, is counted as good, or is not told by line, code and reason.
    let desk = Desk::pair();
    desk.write("list.txt", LIST);
    desk.write("table.csv", "ip,what\n198.51.100.77,botnet\n198.51.100.78,unheard-of\nnowhere,botnet\n");
    desk.write("map.toml", MAP);
    desk.write("misspelt.toml", MAP.replace("class = \"what\"", "klass = \"what\""));
    desk.write("elsewhere.toml", MAP.replace("\"ip\"", "\"address\""));
    desk.write("bundle.json", bundle());
    desk.write("event.json", EVENT);
    desk.write("own.csv", "value,type,role\n198.51.100.90,ipv4-addr,c2\n");
    desk.write("empty.txt", "");
    desk.write("noise", [0_u8, 159, 146, 150, 3, 7, 200].repeat(300));
    let admit = |more: &[&'static str]| [&["--home", "north", "admit"], more].concat();
    let page = desk.page(&[
        &admit(&["list.txt"]),
        &admit(&["list.txt", "--tlp", "amber"]),
        &admit(&["list.txt", "--tlp", "amber", "--json"]),
        &admit(&["list.txt", "--tlp", "purple"]),
        &admit(&["list.txt", "--confidence", "101"]),
        &admit(&["list.txt", "--subject", "nobody"]),
        &admit(&["list.txt", "--format", "xml"]),
        &admit(&["table.csv", "--tlp", "amber"]),
        &admit(&["table.csv", "--tlp", "amber", "--map", "map.toml"]),
        &admit(&["table.csv", "--tlp", "amber", "--map", "misspelt.toml"]),
        &admit(&["table.csv", "--tlp", "amber", "--map", "elsewhere.toml"]),
        &admit(&["own.csv", "--tlp", "amber"]),
        &admit(&["bundle.json"]),
        &admit(&["bundle.json", "--jsonl"]),
        &admit(&["event.json", "own.csv", "--tlp", "green", "--json"]),
        &admit(&["empty.txt"]),
        &admit(&["empty.txt", "--json"]),
        &admit(&["noise"]),
        &admit(&["noise", "--format", "stix"]),
        &admit(&["own.csv", "missing.txt", "list.txt", "--tlp", "amber"]),
        &admit(&["missing.txt", "--json"]),
    ]);
    assert_snapshot!("admit", page);
}

#[test]
fn standard_input_is_read_like_a_file() {
    // Would break: `… | entente admit -` waits, or admits nothing.
    let desk = Desk::pair();
    let run = desk.run_with(&["--home", "north", "admit", "-", "--tlp", "amber"], LIST).expect(9);
    assert!(run.stdout.starts_with("-: 4 read as list · 3 new"), "{run:?}");
}

#[test]
fn what_is_acknowledged_grows_to_what_was_taken() {
    // Would break: a caller that was told N loses some of them, or is never told.
    let desk = Desk::pair();
    let rows: String = (0..9_000_u32).map(|n| format!("198.18.{}.{}\n", n >> 8, n & 255)).collect();
    desk.write("rows.txt", rows);
    let run =
        desk.run(&["--home", "north", "admit", "rows.txt", "--tlp", "amber", "--jsonl", "--no-release"]).expect(0);
    let lines: Vec<serde_json::Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let acknowledged: Vec<u64> = lines.iter().filter_map(|line| line["acknowledged"].as_u64()).collect();
    assert!(acknowledged.len() > 1 && acknowledged.is_sorted(), "{acknowledged:?}");
    assert_eq!(acknowledged.last(), Some(&9_000));
    assert_eq!(lines.last().expect("a line")["summary"]["accepted"], 9_000);
}

#[test]
fn a_list_is_checked_against_what_is_known() {
    // Would break: "unknown" and "not read" look alike, or a gate fires on a public resolver or on a victim.
    let desk = Desk::pair();
    desk.contribute();
    desk.write("list.txt", LIST);
    desk.run(&["--home", "north", "admit", "list.txt", "--tlp", "amber"]).expect(9);
    desk.write("ask.txt", "198.51.100[.]77\n\nportal[.]ministry[.]example\n8.8.8.8\n203.0.113.1\nfoo bar\n");
    desk.write("attacker.txt", "198.51.100.77\n");
    desk.write("harmless.txt", "8.8.8.8\nportal.ministry.example\n203.0.113.1\n");
    desk.write("nothing.txt", "foo\nbar\n");
    let check = |more: &[&'static str]| [&["--home", "north", "check"], more].concat();
    let page = desk.page(&[
        &check(&["ask.txt"]),
        &check(&["ask.txt", "--header", "--defang", "--quiet"]),
        &check(&["attacker.txt", "--json"]),
        &check(&["attacker.txt", "--jsonl"]),
        &check(&["attacker.txt", "--fail-on", "malicious"]),
        &check(&["harmless.txt", "--fail-on", "malicious"]),
        &check(&["harmless.txt", "--fail-on", "known"]),
        &check(&["attacker.txt", "--fail-on", "severe"]),
        &check(&["nothing.txt"]),
        &check(&["nothing.txt", "--json"]),
        &check(&["missing.txt"]),
        &check(&[]),
    ]);
    assert_snapshot!("check", page);
}

#[test]
fn an_object_is_shown_with_who_says_so_and_who_may_see_it() {
    // Would break: an analyst cannot tell own from received, or a released object from one that is withheld.
    let desk = Desk::pair();
    desk.contribute();
    let page = desk.page(&[
        &["--home", "north", "show", "198.51.100[.]77"],
        &["--home", "north", "show", "portal.ministry.example", "--header"],
        &["--home", "north", "show", "203.0.113.1"],
        &["--home", "north", "show", "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd40", "--json"],
        &["--home", "north", "explain", "198.51.100.77", "--for", "fusion"],
        &["--home", "north", "explain", "198.51.100.78", "--for", "fusion"],
        &["--home", "north", "explain", "portal.ministry.example", "--for", "fusion"],
        &["--home", "north", "explain", "198.51.100.77", "--for", "fusion", "--at", "2020-01-01T00:00:00Z"],
        &["--home", "north", "explain", "198.51.100.77", "--for", "fusion", "--at", "yesterday"],
        &["--home", "north", "explain", "198.51.100.77", "--for", "nobody"],
        &["--home", "north", "explain", "203.0.113.1", "--for", "fusion"],
        &["--home", "north", "explain", "198.51.100.77"],
    ]);
    assert_snapshot!("show-explain", page);
    let json = desk.run(&["--home", "north", "explain", "198.51.100.78", "--for", "fusion", "--json"]).expect(5).json();
    assert_eq!(json["rows"][0]["explanation"]["reason"], "clause.confidence");
}

#[test]
fn an_unmarked_object_is_never_released_and_says_why() {
    // Would break: what nobody marked leaves the house (floor F5).
    let desk = Desk::pair();
    desk.write("list.txt", "198.51.100.25\n");
    desk.run(&["--home", "north", "admit", "list.txt"]).expect(0);
    let page = desk.page(&[
        &["--home", "north", "explain", "198.51.100.25", "--for", "fusion"],
        &["--home", "north", "release", "list"],
        &["--home", "north", "release", "list", "--json"],
        &["--home", "north", "release", "list", "--agreement", "agr-9"],
    ]);
    assert_snapshot!("unmarked", page);
}

#[test]
fn releases_and_exports_are_listed_and_written() {
    // Would break: a file for another party holds more than was released to it.
    let desk = Desk::pair();
    desk.contribute();
    let page = desk.page(&[
        &["--home", "north", "release", "list"],
        &["--home", "north", "release", "list", "--limit", "1", "--json"],
        &["--home", "north", "release", "list", "--limit", "1", "--jsonl"],
        &["--home", "north", "export", "list"],
        &["--home", "north", "export", "csv", "--for", "fusion"],
        &["--home", "north", "export", "list", "--for", "fusion", "--json"],
        &["--home", "north", "export", "stix", "--for", "fusion", "--out", "out.json", "--json"],
        &["--home", "fusion", "export", "list"],
        &["--home", "fusion", "export", "list", "--json"],
        &["--home", "north", "export", "pdf"],
        &["--home", "north", "export", "csv", "--for", "nobody"],
        &["formats"],
        &["formats", "--json"],
    ]);
    assert_snapshot!("release-export", page);
    let released = desk.read("out.json");
    assert!(released.contains("198.51.100.77") && !released.contains("198.51.100.78"), "only what was released");
    assert!(!released.contains("ministry"), "the victim has no name outside the house");
}
