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
fn what_is_said_again_and_again_is_said_a_few_times() {
    // Would break: hundreds of like warnings, or an id of a megabyte, bury what else a person should see.
    let desk = Desk::new();
    let warn = CLEAN.replace("59bca7b5-de05-591d", "59BCA7B5-de05-491d");
    desk.write("many.json", format!("{warn}\n").repeat(40));
    let run = desk.run(&["stix", "validate", "many.json"]).expect(0);
    assert_eq!(run.stdout.matches("\nwarning STIX-W-212").count(), 10, "{run:?}");
    assert!(run.stdout.contains("warning\tSTIX-W-212\t40\t") && run.stderr.contains("not listed"), "{run:?}");
    let all = desk.run(&["stix", "validate", "many.json", "--limit", "100"]).expect(0);
    assert_eq!(all.stdout.matches("\nwarning STIX-W-212").count(), 40, "who gives a limit has it filled");
    desk.write("long.json", CLEAN.replace("59bca7b5", &"x".repeat(100_000)));
    for form in [&[][..], &["--json"]] {
        let run = desk.run(&[&["stix", "validate", "long.json"], form].concat()).expect(0);
        assert!(run.stdout.contains("xxx…") && run.stdout.len() < 10_000, "{form:?}: {}", run.stdout.len());
    }
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

/// A bundle of STIX 2.0: an indicator, two observed-data that saw one file, and an object that cannot be read.
const OLD: &str = r#"{"type":"bundle","id":"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d","spec_version":"2.0","objects":[
{"type":"indicator","id":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd41","created":"2017-01-01T00:00:00.000Z","modified":"2017-01-01T00:00:00.000Z","labels":["malicious-activity","own"],"pattern":"[file:name = 'a.exe']","valid_from":"2017-01-01T00:00:00Z"},
{"type":"observed-data","id":"observed-data--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd42","created":"2017-01-01T00:00:00.000Z","modified":"2017-01-01T00:00:00.000Z","first_observed":"2017-01-01T00:00:00Z","last_observed":"2017-01-01T00:00:00Z","number_observed":1,"objects":{"0":{"type":"file","name":"a.exe"}}},
{"type":"observed-data","id":"observed-data--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd43","created":"2017-01-01T00:00:00.000Z","modified":"2017-01-01T00:00:00.000Z","first_observed":"2017-01-02T00:00:00Z","last_observed":"2017-01-02T00:00:00Z","number_observed":1,"objects":{"0":{"type":"file","name":"a.exe"}}},
{"type":"tool","id":"tool--1"}]}"#;

#[test]
fn stix_2_0_is_upgraded_when_asked_to() {
    // Would break: content of 2.0 is passed on under another meaning, or cannot be passed on.
    let desk = Desk::new();
    desk.write("old.json", OLD);
    desk.write("whole.json", OLD.replace(",\n{\"type\":\"tool\",\"id\":\"tool--1\"}", ""));
    desk.write("empty.json", "");
    let convert = ["convert", "--from", "stix20", "--to", "stix21"];
    let with = |more: &[&str]| desk.run(&[&convert[..], more].concat());
    let mut page: String = [&["old.json"][..], &["whole.json", "--jsonl"], &["empty.json"], &["missing.json"]]
        .map(|more| desk.show(&with(more)))
        .concat();
    page.push_str(
        &desk.page(&[&["convert", "old.json"], &["convert", "--from", "stix21", "--to", "stix20", "old.json"]]),
    );
    assert_snapshot!("convert", page);
    desk.write("new.json", with(&["whole.json"]).expect(0).stdout);
    let checked = desk.run(&["stix", "validate", "new.json", "--json", "--fail-on", "warning"]);
    let summary = &checked.json()["summary"];
    assert_eq!((&summary["objects"], &summary["invalid"]), (&4.into(), &0.into()), "{checked:?}");
    let piped = desk.run_with(&convert, OLD).expect(9);
    assert_eq!(piped.stdout, with(&["old.json"]).stdout, "stdin is the default");
}

#[test]
fn a_reader_that_goes_away_ends_offline_runs_quietly() {
    // Would break: `entente stix validate … | head` prints an error and fails a pipeline.
    use std::io::{Read, Write};
    let desk = Desk::new();
    let lines = format!("{}\n", CLEAN.replace("192.0.2.44", "x")).repeat(3_000);
    desk.write("lines.json", &lines);
    let request = "{\"n\":1,\"pattern\":\"[a:b = 1]\"}\n".repeat(20_000);
    for (arguments, stdin) in [
        (&["stix", "validate", "lines.json", "--jsonl"][..], ""),
        (&["stix", "validate", "lines.json", "--limit", "3000"], ""),
        (&["stix", "id", "lines.json"], ""),
        (&["convert", "--from", "stix20", "--to", "stix21", "lines.json", "--jsonl"], ""),
        (&["pattern", "check", "--jsonl"], request.as_str()),
    ] {
        let pipe = std::process::Stdio::piped;
        let mut child = desk.command(arguments).stdin(pipe()).stdout(pipe()).stderr(pipe()).spawn().expect("it starts");
        drop(child.stdout.take());
        let mut input = child.stdin.take().expect("its input");
        let (mut told, mut errors) = (String::new(), child.stderr.take().expect("its errors"));
        std::thread::scope(|scope| {
            scope.spawn(move || input.write_all(stdin.as_bytes()));
            errors.read_to_string(&mut told).expect("text");
        });
        let status = child.wait().expect("its end");
        assert_eq!(status.code(), Some(0), "{arguments:?}: {told}");
        assert!(!told.contains("error") && !told.contains("panicked"), "{arguments:?}: {told}");
    }
}
