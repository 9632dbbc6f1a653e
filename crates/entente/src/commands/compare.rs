//! `agreement compare`.

use entente_agreement::{CompareError, Comparison, Counterexample, Direction, Region, Relation, Terms, compare};
use serde::Serialize;

use super::agreement::terms;
use crate::args::Global;
use crate::failure::{Failure, Outcome, exit};
use crate::output::{Form, Output, wrapped};

/// One of the two texts, for programs.
#[derive(Serialize)]
struct Side<'a> {
    id: &'a str,
    version: u32,
    hash: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    a: Side<'a>,
    b: Side<'a>,
    #[serde(flatten)]
    comparison: &'a Comparison,
}

/// Compares two texts; needs a node only for an agreement that is named by its id.
pub(super) fn run(a: &str, b: &str, global: &Global, output: &Output) -> Outcome {
    let (first, second) = (terms(a, global)?, terms(b, global)?);
    let comparison = compare(&first, &second).map_err(|error| refused(&error, a, b))?;
    match output.form {
        Form::People => output.data(&page(a, b, &first, &second, &comparison))?,
        _ => output.json(&Answer { a: side(&first), b: side(&second), comparison: &comparison })?,
    }
    Ok(exit::OK)
}

fn refused(error: &CompareError, a: &str, b: &str) -> Failure {
    Failure::new(exit::REFUSED, error.code(), error.to_string()).with("a", a).with("b", b)
}

fn side(terms: &Terms) -> Side<'_> {
    Side { id: terms.id.as_str(), version: terms.version, hash: terms.hash_text() }
}

/// Width of a page in characters.
const WIDTH: usize = 96;

fn page(a: &str, b: &str, first: &Terms, second: &Terms, comparison: &Comparison) -> String {
    let line = |name: &str, file: &str, terms: &Terms| {
        format!("{name}  {file}: {} v{}, {}\n", terms.id, terms.version, terms.title)
    };
    let mut out = line("A", a, first);
    out.push_str(&line("B", b, second));
    out.push_str(&difference(comparison));
    out
}

/// The verdict and every difference of two texts.
pub(super) fn difference(comparison: &Comparison) -> String {
    let mut out = String::new();
    out.push_str(&format!("\n{}\n", wrapped(verdict(comparison.relation), WIDTH, "")));
    regions(&mut out, "A permits and B does not", &comparison.added);
    regions(&mut out, "B permits and A does not", &comparison.removed);
    if !comparison.obligations.is_empty() {
        out.push_str("\nBoth permit, and oblige to different things:\n");
    }
    for change in &comparison.obligations {
        let difference = &change.difference;
        let clauses = if change.clause_a == change.clause_b {
            format!("clause `{}`", change.clause_a)
        } else {
            format!("clause `{}` of A, `{}` of B", change.clause_a, change.clause_b)
        };
        let sentence = format!(
            "{clauses}: {} is {} in A and {} in B; {}",
            difference.term,
            difference.a,
            difference.b,
            points(difference.direction)
        );
        out.push_str(&format!("- {}\n", wrapped(&sentence, WIDTH, "  ")));
        example(&mut out, &change.counterexample);
    }
    if !comparison.terms.is_empty() {
        out.push_str("\nOther terms:\n");
    }
    for term in &comparison.terms {
        let sentence = format!("{} is {} in A and {} in B; {}", term.term, term.a, term.b, points(term.direction));
        out.push_str(&format!("- {}\n", wrapped(&sentence, WIDTH, "  ")));
    }
    out
}

const fn verdict(relation: Relation) -> &'static str {
    match relation {
        Relation::Equal => "EQUAL: A and B permit the same and oblige to the same.",
        Relation::Narrower => "NARROWER: A permits less than B or obliges to more, and nowhere the other way round.",
        Relation::Broader => "BROADER: A permits more than B or obliges to less, and nowhere the other way round.",
        Relation::Incomparable => {
            "INCOMPARABLE: A is broader than B in one point and narrower in another, or they differ where there is no order."
        }
    }
}

const fn points(direction: Direction) -> &'static str {
    match direction {
        Direction::Broader => "A is broader",
        Direction::Narrower => "A is narrower",
        Direction::Incomparable => "no order",
        Direction::Neutral => "permits nothing",
    }
}

fn regions(out: &mut String, heading: &str, regions: &[Region]) {
    if regions.is_empty() {
        return;
    }
    out.push_str(&format!("\n{heading}:\n"));
    for region in regions {
        out.push_str(&format!("- {}\n", wrapped(region.sentence(), WIDTH, "  ")));
        for (name, value) in region.bounds() {
            out.push_str(&row(name, &value));
        }
        example(out, region.counterexample());
    }
}

fn example(out: &mut String, example: &Counterexample) {
    let facts = &example.facts;
    let subjects = facts.subject.names().join("+");
    let age = facts.age_days(example.now);
    let value = format!(
        "{} → {} at {} for {} by {}: {}, {}, {}, origin {}, subject {subjects}, confidence {}, {age} days old",
        example.releaser,
        example.recipient,
        example.now,
        example.purpose,
        example.door,
        facts.object_type,
        facts.tlp.name(),
        facts.pap.name(),
        facts.origin,
        facts.confidence,
    );
    out.push_str(&row("example", &value));
    if let Some(object) = &example.object {
        out.push_str(&format!("{:INDENT$}{object}\n", ""));
    }
}

/// Columns before the value of a row.
const INDENT: usize = 18;

/// Writes a name and a value that may need several lines.
fn row(name: &str, value: &str) -> String {
    let value = wrapped(value, WIDTH.saturating_sub(INDENT), "").replace('\n', &format!("\n{:INDENT$}", ""));
    format!("  {name:16}{value}\n")
}
