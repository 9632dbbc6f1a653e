//! Decisions of ten agreements of twenty clauses per second on one core, and what people ask of them.
//!
//! Prints lines `bench: {…}` that `cargo xtask bench` gathers; Cedar runs beside it on the same agreements and the same feed
//! (`oracle/benches/cedar.rs`). The feed comes from the grammar of the tests: four thousand objects near the thresholds of
//! the clauses, one in six of them permitted by one of the ten.

#![expect(clippy::print_stdout, reason = "the figures are printed")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark may stop")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use entente_agreement::{Agreement, Facts, Memo, Request, compare, decide, explain};
use serde_json::json;

#[path = "../tests/common/grammar.rs"]
mod grammar;

use grammar::Ask;

const SEED: u64 = 17;
const OBJECTS: usize = 4_096;

fn main() {
    let quick = std::env::var("ENTENTE_BENCH_QUICK").is_ok_and(|value| value == "1");
    let span = Duration::from_millis(if quick { 300 } else { 1_500 });
    let ten = grammar::ten_of_twenty(SEED);
    let (kind, feed) = grammar::feed(SEED, &ten, OBJECTS);
    for (name, agreements) in [("1 agreement of 20 clauses", &ten[..1]), ("10 agreements of 20 clauses", &ten[..])] {
        let memo = Memo::new(agreements, &kind.releaser, &kind.recipient, kind.purposes, kind.doors);
        let all = feed.iter().map(|facts| request(&kind, facts));
        assert!(all.clone().all(|request| memo.decide(request.facts, kind.now) == decide(&request, agreements)));
        let permits = all.filter(|request| decide(request, agreements).is_permit()).count();
        println!("{name}: {permits} of {OBJECTS} objects permitted");
        let clauses = || {
            let decided = feed.iter().filter(|facts| decide(black_box(&request(&kind, facts)), agreements).is_permit());
            decided.count()
        };
        report(&format!("decide clause by clause, {name}"), rate(span, clauses), "decisions/s", Some(300_000));
        let masks = || feed.iter().filter(|facts| memo.decide(black_box(facts), kind.now).is_permit()).count();
        report(&format!("decide by masks, {name}"), rate(span, masks), "decisions/s", Some(5_000_000));
        let make = || {
            let made = (0..OBJECTS / 64)
                .map(|_| Memo::new(black_box(agreements), &kind.releaser, &kind.recipient, kind.purposes, kind.doors));
            made.map(|memo| usize::from(memo.decide(&feed[0], kind.now).is_permit())).sum()
        };
        report(&format!("make the masks, {name}"), rate(span, make) / 64.0, "memos/s", None);
    }
    let explained =
        || feed.iter().filter(|facts| explain(black_box(&request(&kind, facts)), &ten).nearest.is_some()).count();
    report("explain, 10 agreements of 20 clauses", rate(span, explained), "explanations/s", Some(200));
    differences(&ten, span);
}

/// Compares each text with the next one, and each with itself.
fn differences(ten: &[Agreement], span: Duration) {
    let pairs: Vec<(&Agreement, &Agreement)> = ten.iter().zip(ten.iter().skip(1)).chain(ten.iter().zip(ten)).collect();
    let once = || pairs.iter().filter(|(a, b)| compare(black_box(a.terms()), b.terms()).is_ok()).count();
    println!("compare: {} of {} pairs within the limit", once(), pairs.len());
    let begun = Instant::now();
    let mut rounds = 0_u32;
    while begun.elapsed() < span {
        once();
        rounds += 1;
    }
    let each = f64::from(rounds) * f64::from(u32::try_from(pairs.len()).unwrap()) / begun.elapsed().as_secs_f64();
    report("compare two texts of 20 clauses", each, "comparisons/s", Some(10));
}

fn request<'a>(kind: &'a Ask, facts: &'a Facts) -> Request<'a> {
    Request { facts, ..kind.request() }
}

/// Objects a second of the fastest pass over the feed.
fn rate(span: Duration, mut pass: impl FnMut() -> usize) -> f64 {
    black_box(pass());
    let (start, mut best) = (Instant::now(), f64::INFINITY);
    while start.elapsed() < span {
        let begun = Instant::now();
        black_box(pass());
        best = best.min(begun.elapsed().as_secs_f64());
    }
    f64::from(u32::try_from(OBJECTS).unwrap()) / best
}

fn report(name: &str, value: f64, unit: &str, goal: Option<u32>) {
    let mut line = json!({ "name": name, "value": value, "unit": unit });
    if let Some(goal) = goal {
        line["goal"] = goal.into();
    }
    println!("bench: {line}");
}
