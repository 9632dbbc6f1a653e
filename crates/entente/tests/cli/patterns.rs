//! `pattern …`, offline.

use insta::assert_snapshot;

use crate::support::Desk;

const GOOD: &str = "[ipv4-addr:value = '192.0.2.44']";
/// Follows the grammar, and can hardly be meant.
const TYPED: &str =
    "[ipv4-addr:value = 'x' AND x-sensor:reading > 'y'] START t'2026-02-31T00:00:00Z' STOP t'2026-01-01T00:00:00Z'";
const BAD: &str = "[file:name OR file:size = 5]";

#[test]
fn patterns_are_checked_and_the_place_is_marked() {
    // Would break: a script cannot tell a good pattern from a bad one, or a person cannot find what is wrong with it.
    let desk = Desk::new();
    let mut page = desk.page(&[
        &["pattern", "check", GOOD],
        &["pattern", "check", BAD],
        &["pattern", "check", GOOD, BAD, "[a:b = 1] WITHIN 1 SECONDS WITHIN 1 SECONDS"],
        &["pattern", "check", GOOD, BAD, "--json"],
        &["pattern", "check", GOOD, BAD, "--jsonl"],
        &["pattern", "check", GOOD, "--fail-on", "invalid"],
        &["pattern", "check", GOOD, BAD, "--fail-on", "invalid", "--quiet"],
        &["pattern", "check", GOOD, "--fail-on", "nothing"],
        &["pattern", "check", TYPED, "--types"],
        &["pattern", "check", TYPED, "--types", "--json"],
        &["pattern", "check", GOOD, BAD, "[file:name MATCHES '(?=a)']", "--types", "--fail-on", "invalid"],
        &["pattern", "check", "--jsonl", "--fail-on", "invalid"],
    ]);
    for (stdin, flags) in [
        ("", &[][..]),
        ("", &["--json"]),
        ("\n \n", &[]),
        ("[a:b = 1]\n\n[a:b = 'x\u{1b}[31m]\r\n", &[]),
        ("[a:b = 1]\n[a:b\n", &["--json", "--fail-on", "invalid"]),
    ] {
        page.push_str(&format!("{stdin:?} | "));
        page.push_str(&desk.show(&desk.run_with(&[&["pattern", "check"], flags].concat(), stdin)));
    }
    assert_snapshot!("pattern-check", page);
}

#[test]
fn the_grammar_of_either_version_is_asked_for() {
    // Would break: every indicator of 2.0 with a time is refused, or one of 2.1 is passed that others refuse.
    let desk = Desk::new();
    let old = "[a:b = 1] START '2016-01-01T00:00:00Z' STOP '2016-02-01T00:00:00Z'";
    let check = ["pattern", "check", old, "--fail-on", "invalid"];
    desk.run(&[&check[..], &["--stix-version", "2.0"]].concat()).expect(0);
    desk.run(&check).expect(6);
    desk.run(&[&check[..], &["--stix-version", "3.0"]].concat()).expect(2);
    let requests = format!(
        "{{\"n\":1,\"pattern\":\"{old}\",\"stix_version\":\"2.0\"}}\n{{\"n\":2,\"pattern\":\"{old}\",\"stix_version\":null}}\n\
         {{\"n\":3,\"pattern\":\"{old}\",\"stix_version\":\"1.2\"}}\n"
    );
    let told = desk.run_with(&["pattern", "check", "--jsonl"], &requests).expect(0).stdout;
    let starts = ["{\"n\":1,\"result\":\"valid\"}", "{\"n\":2,\"result\":\"invalid\"", "{\"n\":3,\"error\""];
    assert!(told.lines().zip(starts).all(|(line, start)| line.starts_with(start)), "{told}");
}

#[test]
fn each_line_of_a_batch_is_answered_in_order() {
    // Would break: a program in another language takes one pattern's verdict for another's.
    let desk = Desk::new();
    let requests = [
        r#"{"n":1,"pattern":"[ipv4-addr:value = '192.0.2.44']"}"#,
        r#"{"n":2,"pattern":"[file:name OR file:size = 5]"}"#,
        r#"{"pattern":"[a:b = 1]","n":-3}"#,
        "",
        "nonsense",
        r#"{"n":4,"pattern":7}"#,
        r#"{"n":5,"pattern":"[a:b = 1]""#,
        r#"{"n":"6","pattern":"[a:b = 1]"}"#,
        r#"{"pattern":"[a:b = 1]"}"#,
        r#"{"n":7}"#,
        r#"[{"n":8}]"#,
        r#"{"type":"indicator","id":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd40"}"#,
        r#"{"n":9,"pattern":"[a:b = '\u202e']","more":true}"#,
    ];
    let run = desk.run_with(&["pattern", "check", "--jsonl"], &requests.join("\n")).expect(0);
    assert_eq!(run.stdout.lines().count(), requests.len(), "{run:?}");
    assert_snapshot!("pattern-check-batch", desk.show(&run));
    let dash = desk.run_with(&["pattern", "check", "-", "--jsonl"], &requests.join("\n")).expect(0);
    assert_eq!((dash.stdout, dash.stderr), (run.stdout, run.stderr), "`-` is stdin, so it changes nothing");
    let none = desk.run_with(&["pattern", "check", "--jsonl"], "").expect(0);
    assert_eq!((none.stdout.as_str(), none.stderr.as_str()), ("", ""));
}

#[test]
fn garbage_in_a_batch_costs_one_answer_each() {
    // Would break: a line of another program's output ends the run, or takes all memory.
    let desk = Desk::new();
    let good = b"{\"n\":1,\"pattern\":\"[a:b = 1]\"}\n";
    let deep = format!("{{\"n\":3,\"pattern\":{}\n", "[".repeat(1_000_000));
    let long = format!("{{\"n\":4,\"pattern\":\"{}\"}}\n", "(".repeat(10_000_000));
    let longer = format!("{{\"n\":5,\"pattern\":\"{}\"}}\n", "x".repeat(17_000_000));
    let parts: [&[u8]; 7] = [
        good,
        b"{\"n\":2,\"pattern\":\"\xff\xfe\"}\n\xff\n",
        deep.as_bytes(),
        long.as_bytes(),
        longer.as_bytes(),
        b"\0\n",
        good,
    ];
    let run = desk.run_bytes(&["pattern", "check", "--jsonl"], &parts.concat()).expect(0);
    let answers: Vec<serde_json::Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let told: Vec<(Option<i64>, &str)> = answers
        .iter()
        .map(|answer| {
            let word = answer["error"]["code"].as_str().or(answer["result"].as_str());
            (answer["n"].as_i64(), word.expect("a result or an error"))
        })
        .collect();
    let expected = [
        (Some(1), "valid"),
        (Some(2), "batch.request"),
        (None, "batch.request"),
        (Some(3), "batch.request"),
        (Some(4), "STIX-E-912"),
        (None, "batch.size"),
        (None, "batch.request"),
        (Some(1), "valid"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_caller_may_ask_and_wait_for_the_answer() {
    // Would break: a program that sends one request and waits for its answer waits for ever.
    use std::io::{BufRead, BufReader, Write};
    let desk = Desk::new();
    let mut child = desk
        .command(&["pattern", "check", "--jsonl"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("its input");
    let mut stdout = BufReader::new(child.stdout.take().expect("its output"));
    for n in 1..=3 {
        writeln!(stdin, "{{\"n\":{n},\"pattern\":\"[a:b = {n}]\"}}").expect("a request");
        let mut line = String::new();
        stdout.read_line(&mut line).expect("its answer");
        assert_eq!(line, format!("{{\"n\":{n},\"result\":\"valid\"}}\n"));
    }
    drop(stdin);
    assert!(child.wait().expect("its end").success());
}

#[test]
fn patterns_are_brought_into_one_form_and_compared() {
    // Would break: two spellings of one pattern are kept, distributed and matched twice.
    let desk = Desk::new();
    let (one, other) = ("[file:name IN ('b', 'a')]", "[ file:name = 'a'  OR file:name == 'b' ]");
    let mut page = desk.page(&[
        &["pattern", "canonical", other],
        &["pattern", "canonical", one, "--digest"],
        &["pattern", "canonical", one, other, BAD],
        &["pattern", "canonical", one, BAD, "--json"],
        &["pattern", "canonical", one, "--jsonl"],
        &["pattern", "canonical", BAD],
        &["pattern", "canonical", BAD, "--json"],
        &["pattern", "equivalent", one, other],
        &["pattern", "equivalent", one, GOOD, "--json"],
        &["pattern", "equivalent", one, GOOD, "--jsonl"],
        &["pattern", "equivalent", one, BAD],
        &["pattern", "equivalent", one],
        &["pattern", "equivalent"],
    ]);
    page.push_str(&desk.show(&desk.run_with(&["pattern", "canonical"], "")));
    page.push_str(&desk.show(&desk.run_with(&["pattern", "canonical"], &format!("{one}\n{BAD}\n{other}\n"))));
    assert_snapshot!("pattern-forms", page);
    let requests = format!(
        "{{\"n\":1,\"a\":\"{one}\",\"b\":\"{other}\"}}\n{{\"n\":2,\"a\":\"{one}\",\"b\":\"{GOOD}\"}}\n\
         {{\"n\":3,\"a\":\"{one}\",\"b\":\"{BAD}\"}}\n{{\"n\":4,\"a\":\"{one}\"}}\n"
    );
    page = desk.show(&desk.run_with(&["pattern", "equivalent", "--jsonl"], &requests).expect(0));
    let requests = format!("{{\"n\":1,\"pattern\":\"{other}\"}}\n{{\"n\":2,\"pattern\":\"{BAD}\"}}\nnonsense\n");
    page.push_str(&desk.show(&desk.run_with(&["pattern", "canonical", "--jsonl"], &requests).expect(0)));
    page.push_str(&desk.show(&desk.run_with(&["pattern", "canonical", "--jsonl", "--digest"], &requests).expect(0)));
    assert_snapshot!("pattern-forms-batch", page);
}

#[test]
fn a_form_that_is_only_flattened_says_so() {
    // Would break: two patterns that mean the same have two digests, and nobody is told that this can be.
    let desk = Desk::new();
    let pair = |n: u8| format!("(file:name = 'a{n}' OR file:name = 'b{n}')");
    let wide = format!("[{}]", (0..13).map(pair).collect::<Vec<_>>().join(" AND "));
    let told = desk.run(&["pattern", "canonical", &wide]).expect(0);
    assert!(told.stderr.starts_with("only flattened and sorted"), "{told:?}");
    assert_eq!(desk.run(&["pattern", "canonical", GOOD]).expect(0).stderr, "");
    assert_eq!(desk.run(&["pattern", "canonical", GOOD, &wide]).expect(0).stderr.get(..9), Some("2: only f"));
    for (pattern, complete) in [(GOOD, true), (wide.as_str(), false)] {
        for flags in [&["--json"][..], &["--json", "--digest"]] {
            let run = desk.run(&[&["pattern", "canonical", pattern], flags].concat()).expect(0);
            assert_eq!((&run.json()[0]["complete"], run.stderr.as_str()), (&complete.into(), ""), "{run:?}");
        }
        let request = format!("{{\"n\":1,\"pattern\":\"{pattern}\"}}");
        let answer = desk.run_with(&["pattern", "canonical", "--jsonl"], &request).expect(0).json();
        assert_eq!(answer["complete"], complete, "{answer}");
    }
}

#[test]
fn the_keys_of_patterns_are_told() {
    // Would break: an indicator of one address takes the slow path, or a look-up misses.
    let desk = Desk::new();
    let mut page = desk.page(&[
        &["pattern", "keys", GOOD],
        &["pattern", "keys", GOOD, "--json"],
        &["pattern", "keys", "[url:value = 'http://a.example/'] FOLLOWEDBY [file:name LIKE 'a%']", "--jsonl"],
        &["pattern", "keys", "[network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port = 443]"],
        &["pattern", "keys", "[file:name LIKE 'a%']", BAD],
        &["pattern", "keys", BAD],
    ]);
    page = page.replace('\t', " → ");
    let requests = format!("{{\"n\":1,\"pattern\":\"{GOOD}\"}}\n{{\"n\":2,\"pattern\":\"{BAD}\"}}\n{{\"n\":3}}\n");
    page.push_str(&desk.show(&desk.run_with(&["pattern", "keys", "--jsonl"], &requests).expect(0)));
    assert_snapshot!("pattern-keys", page);
}

/// Two observations of one address, then one of another, and an object that is never matched.
const SEEN: &str = r#"[
{"type":"ipv4-addr","id":"ipv4-addr--59bca7b5-de05-591d-9d1c-266072549107","value":"192.0.2.44"},
{"type":"ipv4-addr","id":"ipv4-addr--7aebe2f0-28d6-48a2-9c3e-b0aaa60266ed","value":"198.51.100.1"},
{"type":"identity","id":"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd40","name":"192.0.2.44"},
{"type":"observed-data","id":"observed-data--00000000-0000-4000-8000-000000000001","first_observed":"2026-11-24T10:00:00Z","last_observed":"2026-11-24T10:05:00Z","number_observed":2,"object_refs":["ipv4-addr--59bca7b5-de05-591d-9d1c-266072549107"]},
{"type":"observed-data","id":"observed-data--00000000-0000-4000-8000-000000000002","first_observed":"2026-11-24T11:00:00Z","last_observed":"2026-11-24T11:00:00Z","number_observed":1,"object_refs":["ipv4-addr--7aebe2f0-28d6-48a2-9c3e-b0aaa60266ed"]}]"#;

#[test]
fn observations_are_matched_together_or_each_by_itself() {
    // Would break: a detection is missed, or a pattern over time is said to match one event.
    let desk = Desk::new();
    desk.write("seen.json", SEEN);
    desk.write("nothing.json", "[]");
    desk.write("broken.json", SEEN.replacen("\"number_observed\":2", "\"number_observed\":0", 1));
    let both = "[ipv4-addr:value = '192.0.2.44'] FOLLOWEDBY [ipv4-addr:value = '198.51.100.1']";
    let page = desk.page(&[
        &["pattern", "match", GOOD, "seen.json"],
        &["pattern", "match", both, "seen.json"],
        &["pattern", "match", both, "seen.json", "--each"],
        &["pattern", "match", GOOD, "seen.json", "--each"],
        &["pattern", "match", GOOD, "seen.json", "--each", "--json"],
        &["pattern", "match", GOOD, "seen.json", "--json"],
        &["pattern", "match", GOOD, "seen.json", "--jsonl"],
        &["pattern", "match", GOOD, "seen.json", "--each", "--jsonl"],
        &["pattern", "match", "[ipv4-addr:value = '203.0.113.1']", "seen.json"],
        &["pattern", "match", "[ipv4-addr:value = '203.0.113.1']", "seen.json", "--fail-on", "no-match"],
        &["pattern", "match", "[identity:name = '192.0.2.44']", "seen.json"],
        &["pattern", "match", GOOD, "nothing.json", "--fail-on", "no-match"],
        &["pattern", "match", GOOD, "nothing.json", "--json"],
        &["pattern", "match", GOOD, "nothing.json", "--each", "--json"],
        &["pattern", "match", GOOD, "broken.json"],
        &["pattern", "match", GOOD, "broken.json", "--each"],
        &["pattern", "match", GOOD, "missing.json"],
        &["pattern", "match", BAD, "seen.json"],
        &["pattern", "match", "[ipv4-addr:value ISSUBSET 'x']", "seen.json"],
        &["pattern", "match", GOOD],
        &["pattern", "match"],
    ]);
    let page = page.replace("-0000-4000-8000-", "-").replace('\t', " → ");
    assert_snapshot!("pattern-match", page);
}

#[test]
fn observations_are_matched_in_batch() {
    // Would break: another program's match is taken for ours.
    let desk = Desk::new();
    let seen: String = SEEN.lines().collect();
    let old = r#"[{"type":"observed-data","id":"observed-data--1","first_observed":"2026-11-24T10:00:00Z","last_observed":"2026-11-24T10:05:00Z","number_observed":1,"objects":{"0":{"type":"ipv4-addr","value":"192.0.2.44"}}}]"#;
    let bundle = format!(r#"[{{"type":"bundle","id":"bundle--1","objects":{seen}}}]"#);
    let requests = [
        format!("{{\"n\":1,\"pattern\":\"{GOOD}\",\"observations\":{seen}}}"),
        format!("{{\"n\":2,\"pattern\":\"{GOOD}\",\"observations\":{bundle}}}"),
        format!("{{\"n\":3,\"pattern\":\"{GOOD}\",\"observations\":{old},\"stix_version\":\"2.0\"}}"),
        format!("{{\"n\":4,\"pattern\":\"{GOOD}\",\"observations\":[]}}"),
        format!("{{\"n\":5,\"pattern\":\"{BAD}\",\"observations\":[]}}"),
        format!("{{\"n\":6,\"pattern\":\"[a:b IN (1, 'x')]\",\"observations\":{seen}}}"),
        format!("{{\"n\":7,\"pattern\":\"{GOOD}\",\"observations\":[{{\"type\":\"observed-data\"}}]}}"),
        format!("{{\"n\":8,\"pattern\":\"{GOOD}\",\"observations\":{{}}}}"),
        format!("{{\"n\":9,\"pattern\":\"{GOOD}\"}}"),
    ];
    let run = desk.run_with(&["pattern", "match", "--jsonl"], &requests.join("\n")).expect(0);
    let told: Vec<serde_json::Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let results: Vec<Option<&str>> = told.iter().map(|answer| answer["result"].as_str()).collect();
    let (matched, error) = (Some("match"), Some("error"));
    assert_eq!(results, [matched, matched, matched, Some("no-match"), error, error, error, None, None], "{run:?}");
    assert_eq!(told[0]["ids"], serde_json::json!(["observed-data--00000000-0000-4000-8000-000000000001"]));
    let codes: Vec<&str> = told[4..].iter().filter_map(|answer| answer["error"]["code"].as_str()).collect();
    assert_eq!(codes, ["STIX-E-901", "pattern.constant", "pattern.input", "batch.request", "batch.request"]);
}
