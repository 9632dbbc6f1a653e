//! Patterns per second on one core: parse, match, and validation of indicators with their patterns.
//!
//! Prints lines `bench: {…}` that `cargo xtask bench` gathers, and writes what it measures below `ENTENTE_BENCH_FILES`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark stops at the first surprise")]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use entente_pattern::{Matcher, Observations, Steps, Version, check_indicator, parse};
use entente_stix::validate::{Context, Profile, validate};
use entente_stix::{Limits, Object};
use serde_json::{Value, json};

const SIMPLE: &str = "[ipv4-addr:value = '198.51.100.7']";
const COMPLEX: &str = "([file:hashes.'SHA-256' = 'aec070645fe53ee3b3763059376134f058cc337247c978add178b6ccdfb0019f' AND \
     file:name LIKE '%.exe' AND file:size > 1024] FOLLOWEDBY [network-traffic:dst_ref.value IN ('198.51.100.7', '203.0.113.9') \
     AND network-traffic:dst_port = 443]) WITHIN 300 SECONDS OR ([domain-name:value MATCHES '^c2[0-9]+\\\\.' OR \
     url:value = 'http://c2.example/gate.php'] REPEATS 5 TIMES) START t'2026-01-01T00:00:00Z' STOP t'2026-12-31T00:00:00Z'";
const OBJECTS: usize = 10_000;

fn main() {
    let quick = std::env::var("ENTENTE_BENCH_QUICK").is_ok_and(|value| value == "1");
    let span = Duration::from_millis(if quick { 300 } else { 1_500 });
    let (one, many) = (observed(1), observed(200));
    keep("patterns.json", &json!({ "simple": SIMPLE, "complex": COMPLEX, "one": one, "many": many }).to_string());
    for (name, text, goal) in [("simple", SIMPLE, 3_000_000), ("complex", COMPLEX, 300_000)] {
        let value = rate(1_000, span, || (0..1_000).filter(|_| parse(black_box(text)).is_ok()).count());
        report(&format!("parse a {name} pattern"), value, "patterns/s", Some(goal));
    }
    let simple = parse(SIMPLE).unwrap().compile().unwrap();
    let complex = parse(COMPLEX).unwrap().compile().unwrap();
    matching("match a simple pattern with one observation", &simple, &one, true, span, Some(20_000_000));
    matching("match a simple pattern with 200 observations", &simple, &many, true, span, Some(20_000_000));
    matching("match a complex pattern with 200 observations", &complex, &many, false, span, None);
    let input = many.to_string();
    let read = || Observations::read_bytes(black_box(input.as_bytes()), Version::V21).unwrap().len();
    report("read 200 observations", rate(200, span, read), "observations/s", None);
    indicators(span);
}

/// Measures a compiled pattern over observations that are read already; the last of them matches, or none does.
fn matching(name: &str, matcher: &Matcher, data: &Value, hits: bool, span: Duration, goal: Option<u32>) {
    let observations = Observations::read(std::slice::from_ref(data), Version::V21).unwrap();
    let once = || matcher.is_match(black_box(&observations), Steps::default()).unwrap();
    assert_eq!(once(), hits, "{name}");
    // Enough runs in a pass that the clock does not count.
    let turns = 20_000 / observations.len();
    let value = rate(turns * observations.len(), span, || (0..turns).filter(|_| once()).count());
    report(name, value, "observations/s", goal);
}

/// Writes a bundle of that many observations of one address each; the last has the address of the simple pattern.
fn observed(count: usize) -> Value {
    let mut objects = Vec::new();
    for nth in 0..count {
        let value =
            if nth + 1 == count { "198.51.100.7".to_owned() } else { format!("203.0.{}.{}", nth / 256, nth % 256) };
        let (address, seen) = (
            format!("ipv4-addr--{nth:08x}-3d54-4a0e-9c1b-2f4d6a8c0e13"),
            format!("observed-data--{nth:08x}-3d54-4a0e-9c1b-2f4d6a8c0e13"),
        );
        let time = format!("2026-11-01T00:{:02}:{:02}.000Z", nth / 60, nth % 60);
        objects.push(json!({ "type": "ipv4-addr", "spec_version": "2.1", "id": address, "value": value }));
        objects.push(
            json!({ "type": "observed-data", "spec_version": "2.1", "id": seen, "created": time, "modified": time,
            "first_observed": time, "last_observed": time, "number_observed": 1, "object_refs": [address] }),
        );
    }
    json!({ "type": "bundle", "id": "bundle--7b1e9f5c-3d54-4a0e-9c1b-2f4d6a8c0e13", "objects": objects })
}

/// Measures full validation of indicators, patterns and their types included.
fn indicators(span: Duration) {
    let limits = Limits::offline();
    let parsed: Vec<Object> = (0..OBJECTS)
        .map(|nth| {
            let text = json!({ "type": "indicator", "spec_version": "2.1", "id": format!("indicator--{nth:08x}-3d54-4a0e-9c1b-2f4d6a8c0e13"),
                "created": "2026-11-01T08:15:30.000Z", "modified": "2026-11-01T08:15:30.000Z", "name": format!("Command and control {nth}"),
                "indicator_types": ["malicious-activity"], "pattern": format!("[ipv4-addr:value = '198.51.{}.{}']", nth / 256, nth % 256),
                "pattern_type": "stix", "valid_from": "2026-11-01T08:15:30Z", "confidence": 80, "labels": ["c2"],
                "object_marking_refs": ["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"] });
            Object::parse(text.to_string().as_bytes(), &limits).unwrap()
        })
        .collect();
    let context = Context { enclosed: true, patterns: Some(&check_indicator), ..Context::default() };
    let check =
        || parsed.iter().map(|object| validate(black_box(object), Profile::Standard, &context, &mut |_| {})).max();
    report("validate: indicators", rate(parsed.len(), span, check), "objects/s", Some(150_000));
}

/// Runs a pass over `items` things for a while, and returns the things per second of the fastest pass.
fn rate<T>(items: usize, span: Duration, mut pass: impl FnMut() -> T) -> f64 {
    black_box(pass());
    let (start, mut best) = (Instant::now(), f64::INFINITY);
    while start.elapsed() < span {
        let begun = Instant::now();
        black_box(pass());
        best = best.min(begun.elapsed().as_secs_f64());
    }
    items as f64 / best
}

fn report(name: &str, value: f64, unit: &str, goal: Option<u32>) {
    let mut line = json!({ "name": name, "value": value, "unit": unit });
    if let (Some(goal), Some(fields)) = (goal, line.as_object_mut()) {
        fields.insert("goal".to_owned(), goal.into());
    }
    println!("bench: {line}");
}

fn keep(name: &str, text: &str) {
    if let Some(directory) = std::env::var_os("ENTENTE_BENCH_FILES") {
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(Path::new(&directory).join(name), text).unwrap();
    }
}
