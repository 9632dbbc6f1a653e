//! `stix …`, offline.

use insta::assert_snapshot;

use crate::support::Desk;

/// One observable whose id is right, one with a random id, one whose id is wrong, and what has none.
const BUNDLE: &str = r#"{"type":"bundle","id":"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d","objects":[
{"type":"ipv4-addr","spec_version":"2.1","id":"ipv4-addr--59bca7b5-de05-591d-9d1c-266072549107","value":"192.0.2.44"},
{"type":"domain-name","spec_version":"2.1","id":"domain-name--ecb120bf-2694-4902-a737-62b74539a41b","value":"c2.monsoon.example"},
{"type":"url","spec_version":"2.1","id":"url--595b5f5c-4253-5ecb-a858-a03658fa994c","value":"http://c2.monsoon.example/gate.php?id=7"},
{"type":"process","spec_version":"2.1","id":"process--7aebe2f0-28d6-48a2-9c3e-b0aaa60266ed","pid":4},
{"type":"file","spec_version":"2.1","id":"file--7aebe2f0-28d6-48a2-9c3e-b0aaa60266ed","size":4},
{"type":"identity","spec_version":"2.1","id":"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd40","created":"2026-11-01T00:00:00.000Z","modified":"2026-11-01T00:00:00.000Z","name":"Northtel"},
{"type":"x-sensor","id":"x-sensor--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd40"},
{"type":"mutex","name":"a","name":"b"},
{"no":"type"}]}"#;

#[test]
fn ids_are_computed_and_told_beside_those_that_are_there() {
    // Would break: a producer writes ids that nobody else computes, or is told that a random one is wrong.
    let desk = Desk::new();
    desk.write("bundle.json", BUNDLE);
    desk.write("empty.json", "");
    desk.write("none.json", "{\"type\":\"bundle\",\"id\":\"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d\"}");
    desk.write("garbage.txt", "not STIX at all");
    desk.write("cut.json", &BUNDLE[..500]);
    let mut page = desk.page(&[
        &["stix", "id", "bundle.json"],
        &["stix", "id", "bundle.json", "--json"],
        &["stix", "id", "bundle.json", "--jsonl"],
        &["stix", "id", "cut.json"],
        &["stix", "id", "empty.json"],
        &["stix", "id", "none.json", "--json"],
        &["stix", "id", "garbage.txt"],
        &["stix", "id", "bundle.json", "missing.json"],
        &["stix", "id", "."],
        &["stix", "id"],
    ]);
    // An object need not have an id yet.
    let lines =
        "{\"type\":\"ipv4-addr\",\"value\":\"192.0.2.44\"}\n{\"type\":\"autonomous-system\",\"number\":64511}\n";
    page.push_str(&desk.show(&desk.run_with(&["stix", "id", "-"], lines)));
    page.push_str(&desk.show(&desk.run_with(&["stix", "id", "-"], "")));
    assert_snapshot!("stix-id", page.replace("\t", " → "));
}

#[test]
fn ids_are_answered_in_batch() {
    // Would break: another program's ids are taken for ours.
    let desk = Desk::new();
    let requests = [
        r#"{"n":1,"object":{"type":"ipv4-addr","value":"192.0.2.44"}}"#,
        r#"{"n":2,"object":{"type":"file","name":"a.exe","extensions":{"windows-pebinary-ext":{"pe_type":"exe","sections":[{"entropy":7.0,"name":".text"}]}}}}"#,
        r#"{"n":3,"object":{"type":"process","pid":4}}"#,
        r#"{"n":4,"object":{"type":"mutex","name":"a","name":"b"}}"#,
        r#"{"n":5,"object":[]}"#,
        r#"{"n":6,"object":null}"#,
        r#"{"n":7}"#,
        "{",
    ];
    let run = desk.run_with(&["stix", "id", "--jsonl"], &requests.join("\n")).expect(0);
    let told: Vec<serde_json::Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(told.len(), requests.len());
    assert_eq!(told[0]["result"], "ipv4-addr--59bca7b5-de05-591d-9d1c-266072549107");
    assert_eq!(told[1]["result"], "file--d983db26-2cd5-579d-be2f-2ad171bf4284");
    for (answer, word) in told[2..6].iter().zip(["random", "STIX-E-003", "object", "object"]) {
        assert!(answer["result"].is_null() && answer.get("result").is_some(), "{answer}");
        assert!(answer["reason"].as_str().is_some_and(|reason| reason.contains(word)), "{answer}");
    }
    assert!(told[6..].iter().all(|answer| answer["error"]["code"] == "batch.request"), "{told:?}");
}
