//! Measures rstix 0.23 on the files that our benchmarks wrote, and prints `bench: {…}` lines with `peer_of`.
//!
//! A corpus that it does not read as a whole is read object by object, and said to be.

use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rstix::model::sco::ScoObject;
use rstix::model::{Bundle, ParseOptions};
use rstix::pattern::{ObservationContext, TimestampedObservation};
use rstix::validate::Validator;
use rstix::{Pattern, parse_object_with_extras_and_options};
use serde_json::Value;

fn main() {
    let quick = std::env::var("ENTENTE_BENCH_QUICK").is_ok_and(|value| value == "1");
    let span = Duration::from_millis(if quick { 300 } else { 1_500 });
    match std::env::args().nth(1).as_deref() {
        Some("stix") => stix(span),
        Some("pattern") => pattern(span),
        _ => panic!("`stix` or `pattern`"),
    }
}

fn file(name: &str) -> Option<String> {
    let directory = PathBuf::from(std::env::var_os("ENTENTE_BENCH_FILES").expect("ENTENTE_BENCH_FILES"));
    std::fs::read_to_string(directory.join(name)).ok()
}

fn stix(span: Duration) {
    let options = ParseOptions::new().allow_custom(true).interop_bundle();
    let validator = Validator::consumer_permissive();
    for (name, kept) in
        [("indicators", "indicators.json"), ("files of STIX 2.1", "wild.json"), ("ATT&CK, upgraded", "attack.json")]
    {
        let Some(text) = file(kept) else { continue };
        let (parse, validate) = (format!("parse: {name}"), format!("validate, patterns left out: {name}"));
        match Bundle::parse_with_options(&text, &options) {
            Ok(bundle) => {
                let count = bundle.objects().len();
                let again = || Bundle::parse_with_options(black_box(&text), &options).is_ok();
                report(&parse, "rstix 0.23", rate(count, span, again));
                report(
                    &validate,
                    "rstix 0.23",
                    rate(count, span, || validator.validate_bundle(black_box(&bundle)).len()),
                );
            }
            Err(error) => {
                println!("rstix refuses {name} as a whole: {error}");
                one_by_one(&text, &options, &validator, (&parse, &validate), span);
            }
        }
    }
}

/// Measures the objects that are read one by one; whether a reference is at hand is not asked then.
fn one_by_one(text: &str, options: &ParseOptions, validator: &Validator, names: (&str, &str), span: Duration) {
    let bundle: Value = serde_json::from_str(text).expect("JSON");
    let all = bundle["objects"].as_array().expect("objects");
    let read = |text: &String| parse_object_with_extras_and_options(text, options).map(|(object, _)| object);
    let texts: Vec<String> = all.iter().map(Value::to_string).filter(|text| read(text).is_ok()).collect();
    println!("rstix reads {} of {} objects one by one", texts.len(), all.len());
    let again = || texts.iter().filter(|text| read(black_box(text)).is_ok()).count();
    report(names.0, "rstix 0.23 (one by one)", rate(texts.len(), span, again));
    let objects: Vec<_> = texts.iter().filter_map(|text| read(text).ok()).collect();
    let check = || objects.iter().map(|object| validator.validate_object(black_box(object)).len()).sum::<usize>();
    report(names.1, "rstix 0.23 (one by one)", rate(objects.len(), span, check));
}

fn pattern(span: Duration) {
    let kept: Value = serde_json::from_str(&file("patterns.json").expect("the files of our benchmark")).expect("JSON");
    for name in ["simple", "complex"] {
        let text = kept[name].as_str().expect("a pattern");
        if let Err(error) = Pattern::parse(text) {
            println!("rstix refuses the {name} pattern: {error}");
            continue;
        }
        report(
            &format!("parse a {name} pattern"),
            "rstix 0.23",
            rate(1_000, span, || (0..1_000).filter(|_| Pattern::parse(black_box(text)).is_ok()).count()),
        );
    }
    let simple = Pattern::parse(kept["simple"].as_str().expect("a pattern")).expect("parses");
    for (name, key) in [("one observation", "one"), ("200 observations", "many")] {
        let scos: Vec<ScoObject> = kept[key]["objects"]
            .as_array()
            .expect("objects")
            .iter()
            .filter(|object| object["type"] == "ipv4-addr")
            .map(|object| ScoObject::parse_str(&object.to_string()).expect("an address"))
            .collect();
        let observations: Vec<TimestampedObservation<'_>> =
            scos.iter().map(|sco| TimestampedObservation { sco, at: None }).collect();
        let context = ObservationContext::from_scos(&observations);
        let turns = 20_000 / observations.len();
        let run = || {
            if key == "one" { simple.matches_single(black_box(&scos[0])) } else { simple.evaluate(black_box(&context)) }
        };
        assert!(run().expect("matches"));
        let value = rate(turns * observations.len(), span, || (0..turns).filter(|_| run().unwrap_or(false)).count());
        report(&format!("match a simple pattern with {name}"), "rstix 0.23", value);
    }
}

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

fn report(name: &str, peer: &str, value: f64) {
    println!("bench: {}", serde_json::json!({ "peer_of": name, "peer": peer, "value": value }));
}
