//! Cedar beside the decision: the same ten agreements of twenty clauses, the same feed, the same run.
//!
//! `cargo xtask bench policy` runs it after the figures it stands beside. One policy set for each agreement; those after the first
//! that allows are not asked, as the decision does not ask them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark may stop")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use entente_agreement::{Agreement, Door, Purpose, Request, cedar, decide};
use entente_oracle::cedar::{Evaluator, Prepared, prepare};
use entente_oracle::grammar;
use serde_json::json;

const SEED: u64 = 17;
/// Every eighth object of the feed.
const STEP: usize = 8;

fn main() {
    let quick = std::env::var("ENTENTE_BENCH_QUICK").is_ok_and(|value| value == "1");
    let span = Duration::from_millis(if quick { 300 } else { 1_500 });
    let ten = grammar::ten_of_twenty(SEED);
    let (kind, feed) = grammar::feed(SEED, &ten, 4_096);
    let objects: Vec<Request<'_>> =
        feed.iter().step_by(STEP).map(|facts| Request { facts, ..kind.request() }).collect();
    for (name, agreements) in [("1 agreement of 20 clauses", &ten[..1]), ("10 agreements of 20 clauses", &ten[..])] {
        let evaluators: Vec<Evaluator> =
            agreements.iter().map(|agreement| Evaluator::new(agreement).unwrap()).collect();
        let print = |request: &Request<'_>, agreement: &Agreement| {
            prepare(&cedar::request(request, Purpose::C2Disruption, Door::Sync, agreement)).unwrap()
        };
        // The state of all is the same, so that one request serves for all of them.
        let prepared: Vec<Prepared> = objects.iter().map(|request| print(request, &agreements[0])).collect();
        let ask = |prepared: &Prepared| evaluators.iter().any(|evaluator| evaluator.answer(prepared).unwrap().allow);
        for (request, prepared) in objects.iter().zip(&prepared) {
            assert_eq!(ask(prepared), decide(request, agreements).is_permit());
        }
        let of = format!("decide clause by clause, {name}");
        let asked = rate(span, objects.len(), || prepared.iter().filter(|prepared| ask(black_box(prepared))).count());
        report(&of, "Cedar 4.14", asked);
        let built = rate(span, objects.len(), || {
            objects.iter().filter(|request| ask(black_box(&print(request, &agreements[0])))).count()
        });
        report(&of, "Cedar 4.14 with its entities built", built);
    }
}

/// Objects a second of the fastest pass.
fn rate(span: Duration, objects: usize, mut pass: impl FnMut() -> usize) -> f64 {
    let (start, mut best) = (Instant::now(), f64::INFINITY);
    while best.is_infinite() || start.elapsed() < span {
        let begun = Instant::now();
        black_box(pass());
        best = best.min(begun.elapsed().as_secs_f64());
    }
    f64::from(u32::try_from(objects).unwrap()) / best
}

fn report(of: &str, peer: &str, value: f64) {
    println!("bench: {}", json!({ "peer_of": of, "peer": peer, "value": value }));
}
