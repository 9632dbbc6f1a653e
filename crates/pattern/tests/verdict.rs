//! Canonical form and keys held against the evaluator, on generated patterns and observations.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests, not only test functions")]

mod support;

use entente_pattern::{Key, KeyKind, Keys, Observations, Pattern, Steps, Version, parse};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use support::{observations, observations_of};

/// Objects for the generated comparisons; traffic comes with the host it goes to.
fn objects() -> Vec<Vec<Value>> {
    let host = |kind: &str, value: &str| json!({"type": kind, "id": format!("{kind}--{value}"), "value": value});
    let traffic = |to: &Value, port: u16| {
        let id = format!("network-traffic--{}-{port}", to["value"].as_str().unwrap());
        json!({"type": "network-traffic", "id": id, "dst_ref": to["id"], "dst_port": port})
    };
    let (address, name) = (host("ipv4-addr", "192.0.2.1"), host("domain-name", "a.example"));
    vec![
        vec![json!({"type": "file", "id": "file--1", "name": "a", "size": 1, "x_list": [1, 2.5]})],
        vec![json!({"type": "file", "id": "file--2", "name": "b", "size": 2.5, "x_list": []})],
        vec![json!({"type": "file", "id": "file--3", "size": 0, "x_list": [2]})],
        vec![json!({"type": "mutex", "id": "mutex--1", "name": "a"})],
        vec![json!({"type": "mutex", "id": "mutex--2", "name": "ab"})],
        vec![json!({"type": "process", "id": "process--1", "cwd": "a", "pid": 1})],
        vec![json!({"type": "process", "id": "process--2", "pid": -1, "env": {"x": "b"}})],
        vec![host("ipv4-addr", "192.0.2.2")],
        vec![host("ipv4-addr", "198.51.100.1")],
        vec![traffic(&address, 80), address.clone()],
        vec![traffic(&address, 443), address],
        vec![traffic(&name, 80), name],
    ]
}

#[derive(Debug, Clone)]
struct Seen {
    parts: Vec<usize>,
    first: u32,
    length: u32,
    count: u32,
}

fn seen() -> impl Strategy<Value = Vec<Seen>> {
    let parts = proptest::sample::subsequence((0..objects().len()).collect::<Vec<_>>(), 1..5);
    let one = (parts, 0_u32..40, 0_u32..15, 1_u32..3).prop_map(|(parts, first, length, count)| Seen {
        parts,
        first,
        length,
        count,
    });
    proptest::collection::vec(one, 1..5)
}

fn input(seen: &[Seen]) -> Observations {
    let objects = objects();
    let mut values: Vec<Value> = objects.iter().flatten().cloned().collect();
    for (at, one) in seen.iter().enumerate() {
        let ids: Vec<&Value> = one.parts.iter().flat_map(|part| &objects[*part]).map(|object| &object["id"]).collect();
        let instant = |second: u32| format!("2026-01-01T00:00:{second:02}Z");
        values.push(json!({
            "type": "observed-data", "id": format!("observed-data--{at}"), "number_observed": one.count,
            "first_observed": instant(one.first), "last_observed": instant(one.first + one.length), "object_refs": ids,
        }));
    }
    Observations::read(&values, Version::V21).unwrap()
}

/// Whether the pattern matches; none where it cannot be evaluated.
fn matches(pattern: &Pattern, observations: &Observations) -> Option<bool> {
    pattern.compile().ok()?.is_match(observations, Steps::default()).ok()
}

/// Comparisons that have keys, and some that have none.
fn keyed() -> impl Strategy<Value = String> {
    let texts: Vec<String> = [
        "mutex:name = 'a'",
        "mutex:name IN ('a', 'ab')",
        "mutex:name LIKE 'ab'",
        "mutex:name LIKE 'a%'",
        "mutex:name NOT != 'a'",
        "mutex:name != 'a'",
        "file:name = 'a'",
        "file:name IN ('b', 'c')",
        "file:size > 0",
        "EXISTS file:x_list",
        "domain-name:value = 'a.example'",
        "ipv4-addr:value = '192.0.2.2'",
        "ipv4-addr:value ISSUBSET '192.0.2.0/30'",
        "ipv4-addr:value ISSUBSET '198.51.100.1/32'",
        "network-traffic:dst_ref.value = '192.0.2.1'",
        "network-traffic:dst_ref.value IN ('a.example', '192.0.2.1')",
        "network-traffic:dst_port = 80",
        "network-traffic:dst_port IN (443, 80)",
        "network-traffic:dst_ref.type = 'ipv4-addr'",
        "network-traffic:dst_ref.type = 'domain-name'",
    ]
    .map(str::to_owned)
    .into();
    let pair = |left: &str, right: &str| format!("network-traffic:{left} AND network-traffic:{right}");
    let pairs = vec![
        pair("dst_ref.value = '192.0.2.1'", "dst_port = 443"),
        pair("dst_ref.value IN ('192.0.2.1', 'a.example')", "dst_port IN (22, 80)"),
        pair("dst_ref.type = 'domain-name'", "dst_ref.value = 'a.example'"),
        pair("dst_ref.type = 'ipv4-addr'", "dst_ref.value = 'a.example'"),
    ];
    prop_oneof![3 => select(texts), 1 => select(pairs)]
}

/// Whether an object of an observation has the value of the key at its path.
fn has(key: &Key, one: &Seen) -> bool {
    let objects = objects();
    let here: Vec<&Value> = one.parts.iter().flat_map(|part| &objects[*part]).collect();
    here.iter().filter(|object| object["type"] == key.object_type.as_str()).any(|object| {
        match key.object_type.as_str() {
            "mutex" | "file" => object["name"] == key.value.as_str(),
            "network-traffic" => {
                let host = here.iter().find(|other| other["id"] == object["dst_ref"]).unwrap();
                host["value"] == key.value.as_str() && key.port.is_none_or(|port| object["dst_port"] == port)
            }
            _ => match key.kind {
                // The only network of the generated comparisons.
                KeyKind::Network => {
                    key.value == "192.0.2.0/30" && object["value"].as_str().unwrap().starts_with("192.0.2.")
                }
                _ => object["value"] == key.value.as_str(),
            },
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1024) })]

    #[test]
    fn the_canonical_form_keeps_the_verdict(observation in observations(), seen in seen()) {
        let pattern = parse(&observation.to_string()).unwrap();
        let form = pattern.canonical();
        let input = input(&seen);
        // A form may lose the part that cannot be evaluated.
        if let Some(verdict) = matches(&pattern, &input) {
            prop_assert_eq!(matches(&form, &input), Some(verdict), "{} / {}", pattern, form);
        }
    }

    #[test]
    fn a_match_implies_that_a_key_is_seen(observation in observations_of(keyed()), seen in seen()) {
        let pattern = parse(&observation.to_string()).unwrap();
        let is_seen = |keys: &[Key]| keys.iter().any(|key| seen.iter().any(|one| has(key, one)));
        let verdict = matches(&pattern, &input(&seen));
        match pattern.keys() {
            Keys::Exact(keys) => prop_assert_eq!(verdict, Some(is_seen(&keys)), "{}", pattern),
            Keys::Candidate(keys) => prop_assert!(verdict != Some(true) || is_seen(&keys), "{}", pattern),
            Keys::Opaque(_) => {}
        }
    }
}
