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

/// A valid object, one with a warning and notes, one with two errors, and bytes that are no object.
const FINDINGS: &str = r#"{"type":"bundle","id":"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d","objects":[
{"type":"ipv4-addr","spec_version":"2.1","id":"ipv4-addr--59bca7b5-de05-591d-9d1c-266072549107","value":"192.0.2.44"},
{"type":"identity","spec_version":"2.1","id":"identity--8E2E2D2B-17d4-4cbf-938f-98ee46b3cd40","created":"2026-11-01T00:00:00.000Z","modified":"2026-11-01T00:00:00.000Z","name":"Northtel\u202e","x_own":1,"identity_class":"telco"},
{"type":"indicator","spec_version":"2.1","id":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd41","created":"2026-11-01T00:00:00.000Z","modified":"2026-11-01T00:00:00.000Z","name":"c2","pattern":"[ipv4-addr:value = '192.0.2.44'","pattern_type":"stix","valid_from":"2026-11-02T00:00:00Z","valid_until":"2026-11-01T00:00:00Z"},
{"type":"mutex","name":"a","name":"b"}
]}"#;

/// Every valid object by itself.
const CLEAN: &str = r#"{"type":"ipv4-addr","spec_version":"2.1","id":"ipv4-addr--59bca7b5-de05-591d-9d1c-266072549107","value":"192.0.2.44"}"#;

#[test]
fn files_are_judged_with_the_worst_first() {
    // Would break: the one error of a file scrolls away, or a person is not told where it is and what to do.
    let desk = Desk::new();
    desk.write("findings.json", FINDINGS);
    desk.write("clean.json", CLEAN);
    desk.write("lines.json", format!("{CLEAN}\nnonsense\n{CLEAN}\n{{}}\n"));
    desk.write("list.json", format!("[{CLEAN},{{\"type\":\"note\"}}]"));
    desk.write("cut.json", &FINDINGS[..400]);
    let page = desk.page(&[
        &["stix", "validate", "clean.json"],
        &["stix", "validate", "findings.json"],
        &["stix", "validate", "findings.json", "--json"],
        &["stix", "validate", "findings.json", "--jsonl"],
        &["stix", "validate", "findings.json", "--profile", "lenient", "--limit", "0"],
        &["stix", "validate", "findings.json", "--profile", "strict", "--limit", "1"],
        &["stix", "validate", "clean.json", "lines.json", "list.json", "--quiet"],
        &["stix", "validate", "clean.json", "list.json", "--limit", "2"],
        &["stix", "validate", "cut.json"],
    ]);
    assert_snapshot!("stix-validate", page.replace('\t', " → "));
}

#[test]
fn the_exit_code_of_a_validation_can_be_a_gate() {
    // Would break: a pipeline passes on what it should stop, or takes "nothing was checked" for "clean".
    let desk = Desk::new();
    desk.write("findings.json", FINDINGS);
    desk.write("clean.json", CLEAN);
    desk.write("warn.json", CLEAN.replace("59bca7b5-de05-591d", "59BCA7B5-de05-491d"));
    desk.write("empty.json", " \n");
    desk.write("none.json", "{\"type\":\"bundle\",\"id\":\"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d\"}");
    desk.write("garbage.txt", "no JSON");
    desk.write("zip", b"PK\x03\x04");
    desk.write("cut.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab");
    let table: [(i32, &[&str]); 21] = [
        (0, &["clean.json"]),
        (0, &["findings.json"]),
        (0, &["clean.json", "--fail-on", "error"]),
        (0, &["clean.json", "--fail-on", "warning"]),
        (0, &["warn.json", "--fail-on", "error"]),
        (6, &["warn.json", "--fail-on", "warning"]),
        (6, &["warn.json", "--fail-on", "error", "--profile", "strict"]),
        (6, &["findings.json", "--fail-on", "error"]),
        (6, &["findings.json", "--fail-on", "error", "--limit", "0"]),
        (6, &["clean.json", "findings.json", "--fail-on", "error"]),
        (7, &["empty.json"]),
        (7, &["none.json"]),
        (7, &["garbage.txt"]),
        (7, &["findings.json", "empty.json", "--fail-on", "error"]),
        (1, &["missing.json"]),
        (1, &["."]),
        (1, &["cut.gz"]),
        (2, &["zip"]),
        (2, &[]),
        (2, &["clean.json", "--fail-on", "note"]),
        (2, &["clean.json", "--profile", "loose"]),
    ];
    for (code, arguments) in table {
        for form in [&[][..], &["--json"], &["--jsonl"]] {
            if arguments.is_empty() && form == ["--jsonl"] {
                continue;
            }
            let run = desk.run(&[&["stix", "validate"], arguments, form].concat());
            assert_eq!(run.code, code, "{run:?}");
        }
    }
    desk.run(&["stix", "validate", "--jsonl", "--fail-on", "error"]).expect(2);
}

#[test]
fn objects_are_judged_in_batch() {
    // Would break: another program's objects get each other's verdicts.
    let desk = Desk::new();
    let findings: serde_json::Value = serde_json::from_str(&FINDINGS.replace(",\"name\":\"b\"", "")).expect("JSON");
    let upper = CLEAN.replace("59bca7b5-de05-591d", "59BCA7B5-de05-491d");
    let requests = [
        format!("{{\"n\":1,\"object\":{CLEAN}}}"),
        format!("{{\"n\":2,\"object\":{upper}}}"),
        format!("{{\"n\":3,\"object\":{upper},\"profile\":\"strict\"}}"),
        format!("{{\"n\":4,\"object\":{findings}}}"),
        "{\"n\":5,\"object\":{\"type\":\"mutex\",\"name\":\"a\",\"name\":\"b\"}}".to_owned(),
        "{\"n\":6,\"object\":7}".to_owned(),
        format!("{{\"n\":7,\"object\":{CLEAN},\"profile\":\"loose\"}}"),
        "{\"n\":8}".to_owned(),
    ];
    let run = desk.run_with(&["stix", "validate", "--jsonl"], &requests.join("\n")).expect(0);
    let told: Vec<serde_json::Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let results: Vec<Option<&str>> = told.iter().map(|answer| answer["result"].as_str()).collect();
    let expected =
        [Some("valid"), Some("warn"), Some("invalid"), Some("invalid"), Some("invalid"), Some("invalid"), None, None];
    assert_eq!(results, expected);
    assert!(told[0].get("findings").is_none());
    let codes = |answer: &serde_json::Value| -> Vec<String> {
        let findings = answer["findings"].as_array().expect("findings");
        findings
            .iter()
            .map(|row| format!("{} {}", row["code"].as_str().expect("a code"), row["path"].as_str().expect("a path")))
            .collect()
    };
    assert!(codes(&told[3]).contains(&"STIX-E-301 /objects/2/valid_until".to_owned()), "{}", told[3]);
    assert_eq!(codes(&told[4]), ["STIX-E-003 "]);
    assert_eq!(codes(&told[5]), ["STIX-E-008 "]);
    assert!(told[6..].iter().all(|answer| answer["error"]["code"] == "batch.request"), "{told:?}");
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
