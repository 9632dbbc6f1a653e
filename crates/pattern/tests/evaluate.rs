//! Patterns matched against observations.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

#[path = "evaluate/generate.rs"]
mod generate;
#[path = "evaluate/slow.rs"]
mod slow;

use entente_pattern::{Boundary, Matcher, Observations, Steps, Version, parse};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};

use generate::Seen;

/// Cases of one property; `ENTENTE_CASES` asks for more.
fn cases(usual: u32) -> Config {
    let cases = std::env::var("ENTENTE_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    Config {
        failure_persistence: None,
        max_shrink_iters: 20_000,
        max_global_rejects: u32::MAX,
        ..Config::with_cases(cases)
    }
}

fn input(objects: &[Value], seen: &[Seen]) -> Vec<Value> {
    let mut input: Vec<Value> = objects.to_vec();
    for (at, seen) in seen.iter().enumerate() {
        let references: Vec<&Value> = seen.objects.iter().map(|object| &objects[*object]["id"]).collect();
        input.push(json!({
            "type": "observed-data", "id": format!("observed-data--{at}"), "number_observed": seen.count,
            "first_observed": slow::instant(seen.first), "last_observed": slow::instant(seen.last),
            "object_refs": references,
        }));
    }
    input
}

/// Compares the two evaluators; true if there was a match, none if there was an error.
fn agree(expression: &slow::Expression, objects: &[Value], seen: &[Seen]) -> Result<Option<bool>, TestCaseError> {
    let views: Vec<slow::Observation<'_>> = seen
        .iter()
        .map(|seen| slow::Observation {
            first: seen.first,
            last: seen.last,
            count: seen.count,
            objects: seen.objects.iter().map(|object| &objects[*object]).collect(),
        })
        .collect();
    let observations = Observations::read(&input(objects, seen), Version::V21).unwrap();
    let text = expression.to_string();
    let pattern = parse(&text).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
    let mut verdict = None;
    for (boundary, is_exclusive) in [(Boundary::Inclusive, false), (Boundary::Exclusive, true)] {
        let expected = slow::evaluate(expression, &views, is_exclusive);
        let matcher: Matcher = pattern.compile_with(boundary).unwrap();
        let found = matcher.matches(&observations, Steps::default());
        match (&expected, &found) {
            (Err(slow::Malformed), Err(error)) => prop_assert_eq!(error.code(), "pattern.input", "{}", text),
            (Ok(expected), Ok(found)) => {
                let found = found.as_ref().map(|binding| binding.positions().to_vec());
                prop_assert_eq!(expected, &found, "{}", text);
                let is_match = matcher.is_match(&observations, Steps::default());
                prop_assert_eq!(is_match, Ok(expected.is_some()), "{}", text);
                verdict = Some(expected.is_some());
            }
            _ => prop_assert!(false, "{}: {:?} {:?}", text, expected, found),
        }
    }
    Ok(verdict)
}

#[test]
fn brackets_hold_as_the_slow_evaluator_says() {
    let mut runner = TestRunner::new(cases(1_800));
    let tests = generate::tests().prop_map(slow::Expression::Bracket);
    let result = runner.run(&(tests, generate::observations(4)), |(expression, seen)| {
        agree(&expression, &generate::objects(), &seen).map(|_| ())
    });
    result.unwrap();
}

#[test]
fn bindings_are_found_as_the_slow_evaluator_says() {
    let mut runner = TestRunner::new(cases(1_800));
    let (mut matched, mut failed) = (0, 0);
    let result = runner.run(&(generate::expression(), generate::observations(2)), |(expression, seen)| {
        agree(&expression, &generate::objects(), &seen).map(|_| ())
    });
    result.unwrap();
    let mut count = |verdict: Option<bool>| match verdict {
        Some(true) => matched += 1,
        _ => failed += 1,
    };
    let mut sample = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    for _ in 0..500 {
        let tree = (generate::expression(), generate::observations(2)).new_tree(&mut sample).unwrap();
        let (expression, seen) = proptest::strategy::ValueTree::current(&tree);
        count(agree(&expression, &generate::objects(), &seen).unwrap());
    }
    assert!(matched > 60 && failed > 60, "a property that is nearly always true says little: {matched} {failed}");
}

#[test]
fn malformed_data_are_an_error_wherever_a_bracket_looks_at_them() {
    let mut runner = TestRunner::new(cases(1_800));
    let objects: Vec<Value> = [generate::malformed(), generate::objects()].concat();
    let result = runner.run(&(generate::tests(), generate::tests(), generate::observations(4)), |(a, b, seen)| {
        let parts = vec![slow::Expression::Bracket(a), slow::Expression::Bracket(b)];
        let expression = slow::Expression::Or(parts.clone());
        agree(&expression, &objects, &seen)?;
        agree(&slow::Expression::And(parts), &objects, &seen).map(|_| ())
    });
    result.unwrap();
}
