//! Hostile patterns and observations against the matcher: each ends within its steps, or says that it did not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use entente_pattern::{EvaluationError, Observations, Steps, Version, parse};
use serde_json::{Value, json};

/// One observation per object, a second apart.
fn observe(objects: impl IntoIterator<Item = Value>, count: u64) -> Observations {
    let mut input = Vec::new();
    for (at, object) in objects.into_iter().enumerate() {
        let instant = format!("2026-01-01T{:02}:{:02}:{:02}Z", at / 3600, at / 60 % 60, at % 60);
        input.push(json!({
            "type": "observed-data", "id": format!("observed-data--{at}"), "number_observed": count,
            "first_observed": instant, "last_observed": instant, "objects": {"0": object},
        }));
    }
    Observations::read(&input, Version::V20).unwrap()
}

fn numbers(count: usize) -> Observations {
    observe((0..count).map(|n| json!({"type": "x", "n": n})), 1)
}

fn verdict(text: &str, observations: &Observations, steps: u64) -> Result<bool, EvaluationError> {
    let matcher = parse(text).unwrap().compile().unwrap();
    let is_match = matcher.is_match(observations, Steps(steps));
    if is_match.is_ok() {
        let binding = matcher.matches(observations, Steps(steps));
        assert_eq!(binding.map(|binding| binding.is_some()), is_match, "finding the first never costs the verdict");
    }
    is_match
}

fn brackets(count: usize, operator: &str, test: impl Fn(usize) -> String) -> String {
    (0..count).map(|at| format!("[{}]", test(at))).collect::<Vec<_>>().join(operator)
}

#[test]
fn abuse_a13_256_brackets_and_1000_observations_stay_far_below_the_budget() {
    let observations = numbers(1000);
    // Each bracket has its own observation; the same for all; none for the last.
    let own = |at: usize| format!("x:n = {at}");
    let open = |at: usize| format!("x:n >= {at}");
    assert_eq!(verdict(&brackets(256, " AND ", own), &observations, 300_000), Ok(true));
    assert_eq!(verdict(&brackets(256, " OR ", own), &observations, 0), Ok(true), "one bracket in effect");
    assert_eq!(verdict(&brackets(256, " AND ", open), &observations, 1_000_000), Ok(true));
    assert_eq!(
        verdict(&brackets(256, " AND ", |at| format!("x:n >= {}", 744 + at)), &observations, 1_000_000),
        Ok(true)
    );
    assert_eq!(
        verdict(&brackets(256, " AND ", |at| format!("x:n >= {}", 745 + at)), &observations, 1_000_000),
        Ok(false)
    );
    assert_eq!(verdict(&brackets(256, " AND ", |_| "x:n < 255".to_owned()), &observations, 1_000_000), Ok(false));
    assert_eq!(verdict(&brackets(256, " AND ", |_| "x:n < 256".to_owned()), &observations, 1_000_000), Ok(true));
}

#[test]
fn abuse_a13_counts_are_numbers() {
    let observations = observe([json!({"type": "x", "n": 1}), json!({"type": "x", "n": 2})], 600_000);
    for (text, expected) in [
        ("[x:n = 1] REPEATS 600000 TIMES", true),
        ("[x:n = 1] REPEATS 600001 TIMES", false),
        ("[x:n > 0] REPEATS 1000000 TIMES", true),
        ("[x:n > 0] REPEATS 99999999999999999999999999 TIMES", false),
        ("([x:n = 1] AND [x:n > 0]) REPEATS 600000 TIMES", true),
        ("([x:n = 1] AND [x:n > 0]) REPEATS 600001 TIMES", false),
        ("([x:n = 1] FOLLOWEDBY [x:n = 2]) REPEATS 600000 TIMES", true),
        ("([x:n = 2] FOLLOWEDBY [x:n = 1]) REPEATS 10000 TIMES", false),
        ("(([x:n = 1] FOLLOWEDBY [x:n = 2]) REPEATS 10000 TIMES) WITHIN 1 SECONDS", true),
        ("(([x:n = 1] FOLLOWEDBY [x:n = 2]) REPEATS 10000 TIMES) WITHIN 0.5 SECONDS", false),
    ] {
        assert_eq!(verdict(text, &observations, 10_000), Ok(expected), "{text}");
    }
}

#[test]
fn abuse_a13_huge_spans_and_stacks_of_qualifiers_are_harmless() {
    let observations = numbers(50);
    let nines = "9".repeat(60_000);
    assert_eq!(
        verdict(&format!("([x:n = 1] AND [x:n = 49]) WITHIN {nines} SECONDS"), &observations, 100_000),
        Ok(true)
    );
    assert_eq!(
        verdict(&format!("([x:n = 1] AND [x:n = 49]) WITHIN 0.{nines} SECONDS"), &observations, 100_000),
        Ok(false)
    );
    let stacked = |qualifiers: &str, count: usize| format!("([x:n = 1] AND [x:n = 2]){}", qualifiers.repeat(count));
    assert_eq!(verdict(&stacked(" WITHIN 1 SECONDS", 3_500), &observations, 100_000), Ok(true));
    assert_eq!(verdict(&stacked(" REPEATS 1 TIMES", 3_500), &observations, 100_000), Ok(true));
    assert_eq!(verdict(&stacked(" REPEATS 2 TIMES WITHIN 1 SECONDS", 1_500), &observations, 100_000), Ok(false));
}

#[test]
fn abuse_a13_what_cannot_be_decided_says_so() {
    let observations = observe((0..1000).map(|n| json!({"type": "x", "n": n % 7})), 1000);
    // 2^64 ways to choose, and instances for each of them.
    let part = |at: usize| format!("(([x:n = {}] AND [x:n = 2]) OR ([x:n = 3] AND [x:n = {}]))", at % 7, (at + 1) % 7);
    let many = (0..64).map(part).collect::<Vec<_>>().join(" AND ");
    assert_eq!(verdict(&many, &observations, 5_000_000), Err(EvaluationError::Budget));
    // Without instances enough it is decided all the same.
    assert_eq!(verdict(&many, &numbers(100), 5_000_000), Ok(false));
    // Groups with times of their own, repeated, hide a matching in three dimensions. The order of the objects is arbitrary.
    let arbitrary = (1..301_u64).map(|n| json!({"type": "x", "n": n * n % 101 % 7}));
    let hard = "([x:n < 4] FOLLOWEDBY [x:n > 2] FOLLOWEDBY [x:n < 3]) REPEATS 60 TIMES";
    assert_eq!(verdict(hard, &observe(arbitrary, 1), 1_000_000), Err(EvaluationError::Budget));
}

#[test]
fn abuse_a13_a_long_sequence_uses_no_stack() {
    let observations = numbers(1000);
    let sequence = |test: &dyn Fn(usize) -> String| brackets(256, " FOLLOWEDBY ", test);
    assert_eq!(verdict(&sequence(&|at| format!("x:n = {at}")), &observations, 5_000_000), Ok(true));
    assert_eq!(verdict(&sequence(&|at| format!("x:n >= {at}")), &observations, 5_000_000), Ok(true));
    assert_eq!(verdict(&sequence(&|at| format!("x:n = {}", 256 - at)), &observations, 5_000_000), Ok(false));
    // Here windows are chosen one by one, as deep as it goes.
    let halves = brackets(128, " FOLLOWEDBY ", |at| format!("x:n = {}] AND [x:n = {}", at * 2, at * 2 + 1));
    assert_ne!(verdict(&halves, &observations, 50_000_000), Ok(false), "it matches, whether or not that can be shown");
}

#[test]
fn abuse_a13_expressions_and_wildcards_do_not_explode() {
    let text = format!("{}b", "a".repeat(200_000));
    let observations = observe([json!({"type": "x", "n": text})], 1);
    assert_eq!(verdict("[x:n MATCHES '(a+)+$']", &observations, 0), Ok(false));
    assert_eq!(verdict("[x:n MATCHES '^(a|a)*$']", &observations, 0), Ok(false));
    assert_eq!(verdict(&format!("[x:n LIKE '{}c']", "%a".repeat(20_000)), &observations, 0), Ok(false));
    assert_eq!(verdict(&format!("[x:n LIKE '%{}c%']", "a".repeat(60_000)), &observations, 0), Ok(false));
    // Wildcards for one character between runs have no faster search: this spends steps.
    let mixed = format!("[x:n LIKE '%{}c%']", "_a".repeat(30_000));
    assert_eq!(verdict(&mixed, &observations, 5_000_000), Err(EvaluationError::Budget));
    assert!(parse(&format!("[x:n MATCHES '{}']", "(a{1000}){1000}")).unwrap().compile().is_err());
}

#[test]
fn objects_that_name_one_another_are_visited_once() {
    // Eight lists of ten references each, twelve times over, would be 80^12 ways.
    let ids: Vec<String> = (0..8).map(|at| at.to_string()).collect();
    let names: Vec<&String> = (0..10).flat_map(|_| &ids).collect();
    let object = |_| json!({"type": "x", "n": 1, "y_refs": names});
    let container: serde_json::Map<String, Value> = ids.iter().map(|id| (id.clone(), object(id))).collect();
    let input = json!({
        "type": "observed-data", "number_observed": 1, "objects": container,
        "first_observed": "2026-01-01T00:00:00Z", "last_observed": "2026-01-01T00:00:00Z",
    });
    let observations = Observations::read(&[input], Version::V20).unwrap();
    let path = format!("x:{}n", "y_refs[*].".repeat(12));
    assert_eq!(verdict(&format!("[{path} = 2]"), &observations, 0), Ok(false));
    assert_eq!(verdict(&format!("[{path} = 1]"), &observations, 0), Ok(true));
}
