//! `stix validate --refs` and what else takes more than one object.

use serde_json::Value;

use crate::support::{Desk, Run};

const UUID: &str = "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd40";

fn object(kind: &str, more: &str) -> String {
    format!(
        "{{\"type\":\"{kind}\",\"spec_version\":\"2.1\",\"id\":\"{kind}--{UUID}\",\"created\":\"2026-11-01T00:00:00.000Z\",\"modified\":\"2026-11-01T00:00:00.000Z\"{more}}}"
    )
}

fn bundle(objects: &[String]) -> String {
    format!("{{\"type\":\"bundle\",\"id\":\"bundle--{UUID}\",\"objects\":[\n{}\n]}}", objects.join(",\n"))
}

/// An object that is marked, extended with a property of its own name, and translated, with the definitions behind it or not.
fn feed(marking: bool, extension: bool, identity: bool, texts: &str) -> String {
    let definition = format!("extension-definition--{UUID}");
    let mut objects = vec![
        object(
            "note",
            &format!(
                ",\"content\":\"a\",\"authors\":[\"A\",\"B\"],\"object_refs\":[\"note--{UUID}\"],\"score\":7,\
                 \"object_marking_refs\":[\"marking-definition--{UUID}\"],\
                 \"extensions\":{{\"{definition}\":{{\"extension_type\":\"toplevel-property-extension\"}}}}"
            ),
        ),
        object(
            "language-content",
            &format!(",\"object_ref\":\"identity--{UUID}\",\"contents\":{{\"de\":{{{texts}}}}}"),
        ),
    ];
    if marking {
        let text = format!(
            "{{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"marking-definition--{UUID}\",\"created\":\"2026-11-01T00:00:00.000Z\",\"definition_type\":\"statement\",\"definition\":{{\"statement\":\"a\"}}}}"
        );
        objects.push(text);
    }
    if extension {
        let more = format!(
            ",\"created_by_ref\":\"identity--{UUID}\",\"name\":\"a\",\"description\":\"a\",\"schema\":\"https://a.example/s.json\",\"version\":\"1.0.0\",\
             \"extension_types\":[\"toplevel-property-extension\"],\"extension_properties\":[\"rank\"]"
        );
        objects.push(object("extension-definition", &more));
    }
    if identity {
        objects.push(object("identity", ",\"name\":\"Northtel\",\"roles\":[\"a\",\"b\"]"));
    }
    bundle(&objects)
}

/// What is found of the codes that this is about, with their places.
fn found(run: &Run) -> Vec<String> {
    let codes = ["STIX-N-408", "STIX-N-710", "STIX-W-129", "STIX-E-634", "STIX-N-633"];
    let json = run.json();
    let rows = json.pointer("/files/0/findings").and_then(Value::as_array).expect("findings");
    let mut found: Vec<String> = rows
        .iter()
        .filter_map(|row| row["code"].as_str().filter(|code| codes.contains(code)).zip(row["path"].as_str()))
        .map(|(code, path)| format!("{code} {path}"))
        .collect();
    found.sort();
    found
}

const SAME: &str = "\"name\":\"Nordtel\",\"roles\":[\"x\",\"\"]";
const OTHER: &str = "\"name\":[\"Nordtel\"],\"sectors\":[\"x\"]";

#[test]
fn references_are_resolved_within_a_file_when_asked_for() {
    // Would break: a producer is not told that recipients lack a definition, or that a translation does not fit.
    let desk = Desk::new();
    let extension = format!("STIX-N-710 /objects/0/extensions/extension-definition--{UUID}");
    let marking = "STIX-N-408 /objects/0/object_marking_refs/0";
    let uncovered = "STIX-W-129 /objects/0/score";
    let (shape, gone) = ("STIX-E-634 /objects/1/contents/de/name", "STIX-N-633 /objects/1/contents/de/sectors");
    for (name, text, expected) in [
        ("whole", feed(true, true, true, SAME).replace("rank", "score"), vec![]),
        ("uncovered", feed(true, true, true, SAME), vec![uncovered]),
        ("none", feed(false, false, false, OTHER), vec![marking, extension.as_str()]),
        ("translated", feed(true, false, true, OTHER), vec![shape, gone, extension.as_str()]),
        ("lines", feed(true, true, true, OTHER).replace("rank", "score"), vec![shape, gone]),
    ] {
        desk.write(name, &text);
        let plain = found(&desk.run(&["stix", "validate", name, "--json"]).expect(0));
        assert!(plain.is_empty(), "{name}: {plain:?}");
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(found(&desk.run(&["stix", "validate", name, "--json", "--refs"]).expect(0)), expected, "{name}");
    }
    // One object a line is a file as well; one object alone has nothing that it could bring with it.
    let lines = feed(false, false, true, OTHER);
    let lines: Vec<&str> =
        lines.lines().filter(|line| line.starts_with("{\"type\":\"") && !line.contains("bundle")).collect();
    desk.write("lines", lines.iter().map(|line| format!("{}\n", line.trim_end_matches(','))).collect::<String>());
    let told = found(&desk.run(&["stix", "validate", "lines", "--json", "--refs"]).expect(0));
    assert_eq!(told.len(), 4, "{told:?}");
    desk.write("alone", lines[0].trim_end_matches(','));
    assert!(found(&desk.run(&["stix", "validate", "alone", "--json", "--refs"]).expect(0)).is_empty());
}

#[test]
fn the_version_that_is_translated_is_the_latest_or_the_one_named() {
    // Would break: a translation of an older version is held against a newer one, in which the text may be gone.
    let desk = Desk::new();
    let old = object("identity", ",\"name\":\"a\"");
    let new = old
        .replace("\"modified\":\"2026-11-01", "\"modified\":\"2026-11-02")
        .replace("\"name\":\"a\"", "\"name\":\"a\",\"roles\":[\"b\"]");
    for (order, modified, expected) in [
        ([&old, &new], "", 0),
        ([&new, &old], "", 0),
        ([&new, &old], ",\"object_modified\":\"2026-11-02T00:00:00.000Z\"", 0),
        ([&old, &old], "", 1),
    ] {
        let content = format!(
            "{modified},\"object_ref\":\"identity--{UUID}\",\"contents\":{{\"de\":{{\"name\":\"b\",\"roles\":[\"c\"]}}}}"
        );
        let objects = [object("language-content", &content), order[0].clone(), order[1].clone()];
        desk.write("a.json", bundle(&objects));
        let told = found(&desk.run(&["stix", "validate", "a.json", "--json", "--refs"]).expect(0));
        assert_eq!(told.len(), expected, "{told:?}");
    }
}

#[test]
fn what_can_be_read_once_only_is_judged_without_a_second_look() {
    // Would break: a pipe is read to its end for definitions, and nothing is left to judge; or nobody is told what was not looked at.
    let desk = Desk::new();
    let text = feed(false, false, true, OTHER);
    let run = desk.run_with(&["stix", "validate", "-", "--refs", "--json"], &text).expect(0);
    assert!(run.stderr.contains("stdin: can be read once only"), "{run:?}");
    assert!(found(&run).is_empty());
    let outward = run.json()["summary"]["findings"]["STIX-N-805"].as_u64();
    assert_eq!(outward, Some(1), "the marking definition is not in the bundle, which one reading tells: {run:?}");
    let quiet = desk.run_with(&["stix", "validate", "-", "--refs", "--json", "--quiet"], &text).expect(0);
    assert_eq!(quiet.stderr, "");
    let run = desk.run_with(&["stix", "validate", "-", "--json"], &text).expect(0);
    assert_eq!(run.stderr, "", "nobody asked");
}

#[test]
fn a_bundle_in_a_request_is_resolved_within_itself() {
    // Would break: another program is told less of a bundle than the command line tells of the same file.
    let desk = Desk::new();
    let request = |n: u8, text: &str| format!("{{\"n\":{n},\"object\":{}}}", text.lines().collect::<String>());
    let alone = feed(false, false, false, SAME);
    let alone = alone.lines().find(|line| line.starts_with("{\"type\":\"note\"")).expect("the note");
    let requests = [
        request(1, &feed(true, true, true, SAME).replace("rank", "score")),
        request(2, &feed(false, false, true, OTHER)),
        request(3, alone.trim_end_matches(',')),
    ];
    let run = desk.run_with(&["stix", "validate", "--jsonl"], &requests.join("\n")).expect(0);
    let told: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let has =
        |answer: &Value, code: &str| answer["findings"].as_array().into_iter().flatten().any(|row| row["code"] == code);
    for code in ["STIX-N-408", "STIX-N-710", "STIX-E-634", "STIX-N-633"] {
        let expected = [false, true, false];
        assert_eq!([0, 1, 2].map(|at| has(&told[at], code)), expected, "{code}: {told:?}");
    }
    assert_eq!(told[1]["result"], "invalid");
}

/// An observation of STIX 2.0 with what it saw.
fn observed(n: u8, more: &str, objects: &str) -> String {
    format!(
        "{{\"type\":\"observed-data\",\"id\":\"observed-data--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd4{n}\",\"created\":\"2017-01-01T00:00:00.000Z\",\"modified\":\"2017-01-01T00:00:00.000Z\",\"first_observed\":\"2017-01-01T00:00:00Z\",\"last_observed\":\"2017-01-01T00:00:00Z\",\"number_observed\":1{more},\"objects\":{{{objects}}}}}"
    )
}

#[test]
fn what_was_seen_differently_keeps_what_each_saw() {
    // Would break: of two observations of one file one loses what it saw, or the bundle cannot be held (STIX-E-804).
    let desk = Desk::new();
    let traffic = "\"2\":{\"type\":\"network-traffic\",\"src_ref\":\"0\",\"protocols\":[\"tcp\"]}";
    let address = |mac: &str| {
        format!(
            "\"0\":{{\"type\":\"ipv4-addr\",\"value\":\"192.0.2.1\",\"resolves_to_refs\":[\"1\"]}},\
             \"1\":{{\"type\":\"mac-addr\",\"value\":\"{mac}\"}},{traffic}"
        )
    };
    let file = |more: &str| format!("\"0\":{{\"type\":\"file\",\"name\":\"a.exe\"{more}}}");
    let red = ",\"object_marking_refs\":[\"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed\"]";
    let seen = [
        observed(0, "", &file(",\"size\":1")),
        observed(1, "", &file(",\"size\":2")),
        observed(2, "", &file(",\"size\":2")),
        observed(3, "", &file("")),
        observed(4, red, &file(",\"size\":1")),
        observed(5, "", &address("aa:aa:aa:aa:aa:aa")),
        observed(6, "", &address("bb:bb:bb:bb:bb:bb")),
        observed(7, "", &address("cc:cc:cc:cc:cc:cc")),
        observed(8, "", &address("aa:aa:aa:aa:aa:aa")),
        observed(7, "", &address("cc:cc:cc:cc:cc:cc")),
    ];
    desk.write("old.json", bundle(&seen).replace("\"objects\":[\n", "\"spec_version\":\"2.0\",\"objects\":[\n"));
    let run = desk.run(&["convert", "--from", "stix20", "--to", "stix21", "old.json"]).expect(0);
    let new: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let objects = new["objects"].as_array().expect("objects");
    let of = |kind: &str| objects.iter().filter(|object| object["type"] == kind).collect::<Vec<_>>();
    let sizes: Vec<(Option<u64>, bool)> =
        of("file").iter().map(|file| (file["size"].as_u64(), file.get("object_marking_refs").is_some())).collect();
    assert_eq!(sizes, [(Some(1), false), (Some(2), false), (Some(1), true)], "once each: {objects:?}");
    let refs = |n: usize| of("observed-data")[n]["object_refs"].clone();
    assert_eq!((refs(1), refs(3)), (refs(2), refs(0)), "the same content is the same object, and a part of it as well");
    assert!(refs(0) != refs(1) && refs(0) != refs(4));
    assert_eq!((of("ipv4-addr").len(), of("mac-addr").len(), of("network-traffic").len()), (3, 3, 3));
    assert_eq!((refs(5), refs(7)), (refs(8), refs(9)));
    // Every observation leads to what it saw, also through others.
    for (n, mac) in [(5, "aa"), (6, "bb"), (7, "cc"), (8, "aa")] {
        let by_id = |id: &Value| *objects.iter().find(|object| object["id"] == *id).as_ref().expect("it is there");
        let refs = refs(n);
        let traffic = refs.as_array().expect("a list").iter().map(by_id).find(|o| o["type"] == "network-traffic");
        let address = by_id(&traffic.expect("traffic")["src_ref"]);
        let found = by_id(&address["resolves_to_refs"][0])["value"].as_str();
        assert!(found.is_some_and(|found| found.starts_with(mac)), "{n}: {found:?}");
        assert!(refs.as_array().is_some_and(|refs| refs.contains(&address["id"])), "{n}: {refs}");
    }
    desk.write("new.json", &run.stdout);
    let summary = desk.run(&["stix", "validate", "new.json", "--json", "--refs"]).expect(0).json()["summary"].clone();
    for code in ["STIX-E-804", "STIX-N-805", "STIX-W-210"] {
        assert!(summary["findings"].get(code).is_none(), "{code}: {summary}");
    }
    assert_eq!(summary["invalid"], 0, "{summary}");
    let again = desk.run(&["convert", "--from", "stix20", "--to", "stix21", "old.json"]).expect(0);
    assert_eq!(again.stdout, run.stdout, "ids do not change from run to run");
}
