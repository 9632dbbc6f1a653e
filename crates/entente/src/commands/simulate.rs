//! `agreement simulate`: what a draft would release and withhold of past admissions.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use entente_agreement::AgreementId;
use entente_exchange::Exchange;
use entente_exchange::simulate::{Against, AsOf, Draft, Flow, Row, SimulateRequest, Simulation};
use entente_stix::Timestamp;
use serde::Serialize;

use super::agreement::{parse_any, refused};
use super::open;
use crate::args::{Global, SimulateArgs};
use crate::failure::{Failure, Outcome, exit};
use crate::output::{Form, Output, counted, thousands, wrapped};

/// The result for programs: with the hash that goes into the leaf of the signed agreement.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    simulation: &'a Simulation,
    digest: String,
}

/// Runs the simulation. Exits 7 when nothing was admitted in the period: then nothing is known about the draft.
pub(super) fn run(args: &SimulateArgs, global: &Global, output: &Output) -> Outcome {
    let exchange = open(global)?;
    let simulation = exchange.simulate(&request(args, &exchange)?)?;
    match output.form {
        Form::People => output.data(&page(&simulation))?,
        _ => output.json(&Answer { simulation: &simulation, digest: simulation.digest().to_sha256_text() })?,
    }
    if simulation.admissions == 0 {
        output.note("nothing was admitted in this period, so nothing is known about the draft");
        return Ok(exit::NOTHING);
    }
    Ok(exit::OK)
}

fn request(args: &SimulateArgs, exchange: &Exchange) -> Result<SimulateRequest, Failure> {
    let now = exchange.now();
    let instant = |text: &str| {
        instant(text, now).ok_or_else(|| {
            Failure::usage(format!("`{text}` is neither a span such as 90d or 12h nor an instant such as 2026-11-01"))
        })
    };
    Ok(SimulateRequest {
        draft: draft(args, exchange)?,
        since: instant(&args.since)?,
        until: args.until.as_deref().map(instant).transpose()?,
        party: args.party.clone(),
        as_of: AsOf::parse(&args.as_of)
            .ok_or_else(|| Failure::usage(format!("`{}` is not one of {}", args.as_of, AsOf::WORDS.join(", "))))?,
        against: Against::parse(&args.against)
            .ok_or_else(|| Failure::usage(format!("`{}` is not in-force, none or a version", args.against)))?,
        sample: args.sample,
    })
}

/// An agreement of this node by its id, else a file.
fn draft(args: &SimulateArgs, exchange: &Exchange) -> Result<Draft, Failure> {
    let (name, path) = (&args.agreement, Path::new(&args.agreement));
    let read = || fs::read_to_string(path).map_err(|e| Failure::file("read", path, &e));
    if let Some(agreement) = &args.clause_of {
        return Ok(Draft::Clause { agreement: agreement.clone(), clause: read()? });
    }
    let is_known = AgreementId::parse(name).is_some()
        && exchange.agreements(&entente_exchange::Viewer::Staff)?.iter().any(|line| line.id == *name);
    if is_known || !path.exists() {
        return Ok(Draft::Held { agreement: name.clone(), version: None });
    }
    let text = read()?;
    // The faults of a draft are named one by one, as `agreement check` does.
    parse_any(text.as_bytes()).map_err(|errors| refused(path, &errors))?;
    Ok(Draft::Text(text))
}

/// A span back from `now`, a day, or an instant.
fn instant(text: &str, now: Timestamp) -> Option<Timestamp> {
    let unit = |unit: char| match unit {
        'd' => Some(86_400_000_000_i64),
        'h' => Some(3_600_000_000),
        'm' => Some(60_000_000),
        _ => None,
    };
    let mut digits = text.chars();
    if let Some(micros) = digits.next_back().and_then(unit)
        && let Ok(n) = digits.as_str().parse::<u32>()
    {
        return Some(now.saturating_add_micros(micros.saturating_mul(i64::from(n)).saturating_neg()));
    }
    Timestamp::parse(text).or_else(|_| Timestamp::parse(&format!("{text}T00:00:00Z"))).ok()
}

/// Width of a page in characters.
const WIDTH: usize = 96;

fn page(simulation: &Simulation) -> String {
    let Simulation { agreement, draft, against, since, until, as_of, admissions, flows, incoming } = simulation;
    // Writing to a String does not fail.
    let mut out = format!("{agreement} v{} ", draft.version);
    match against {
        Some(other) => {
            let _ = write!(out, "against v{}", other.version);
        }
        None => out.push_str("against nothing"),
    }
    let moment = if *as_of == "now" { "as of now" } else { "as of their admission" };
    let _ = writeln!(out, ", {} from {since} to {until}, {moment}", counted(*admissions, "admission"));
    for flow in flows {
        part(&mut out, flow, against.is_some());
    }
    for party in incoming {
        let sentence =
            format!("What {party} would release to this node, only {party} can simulate: it holds what it admitted.");
        let _ = write!(out, "\n{}\n", wrapped(&sentence, WIDTH, ""));
    }
    let _ = writeln!(out, "\nresult {}", simulation.digest().to_sha256_text());
    out
}

fn part(out: &mut String, flow: &Flow, compared: bool) {
    let _ = write!(out, "\n{}.\n", wrapped(&flow.words, WIDTH, ""));
    for (name, rows) in [
        ("class", &flow.by.class),
        ("type", &flow.by.object_type),
        ("kind", &flow.by.kind),
        ("tlp", &flow.by.tlp),
        ("subject", &flow.by.subject),
        ("country", &flow.by.country),
        ("source", &flow.by.source),
        ("clause", &flow.by.clause),
    ] {
        breakdown(out, name, rows, compared);
    }
    if !flow.withheld.is_empty() {
        out.push_str("\nWithheld, by reason:\n");
    }
    for (reason, n) in &flow.withheld {
        let _ = writeln!(out, "  {reason:30}{:>12}", thousands(*n));
    }
    if !flow.effects.is_empty() {
        out.push_str("\nChanged by obligations:\n");
    }
    for (name, n) in &flow.effects {
        let _ = writeln!(out, "  {name:30}{:>12}", thousands(*n));
    }
    let most = flow.days.iter().map(|day| day.after).max().unwrap_or(0);
    let above = match flow.days_above_quota {
        0 => "never above it".to_owned(),
        n => format!("above it on {}", counted(n, "day")),
    };
    let _ = writeln!(
        out,
        "\nQuota {} objects a day; at most {} on a day, {above}.",
        thousands(u64::from(flow.objects_per_day)),
        thousands(most)
    );
    if !flow.released_sample.is_empty() {
        let title = if compared { "Newly released" } else { "Released" };
        let _ = writeln!(out, "\n{title}, {}:", counted(count(flow.released_sample.len()), "example"));
    }
    for sample in &flow.released_sample {
        let _ = writeln!(out, "  {} ({}, clause {})\n    {}", sample.id, sample.class, sample.clause, sample.object);
    }
    if flow.ids_provisional && !flow.released_sample.is_empty() {
        out.push_str("  Ids of changed objects will be others: the agreement has no keys yet.\n");
    }
    if !flow.lost_sample.is_empty() {
        let _ = writeln!(out, "\nNo longer released, {}:", counted(count(flow.lost_sample.len()), "example"));
    }
    for lost in &flow.lost_sample {
        let _ = writeln!(out, "  {} ({}): {}", lost.id, lost.class, lost.reason);
    }
    if !flow.altered_sample.is_empty() {
        let _ = writeln!(out, "\nReleased in another form, {}:", counted(count(flow.altered_sample.len()), "example"));
    }
    for altered in &flow.altered_sample {
        let _ = writeln!(out, "  {} ({})", altered.id, altered.class);
        let _ = writeln!(out, "    before {}\n    after  {}", altered.before, altered.after);
    }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

// LIMIT: values of one attribute that people are shown; programs get all.
const ROWS_MAX: usize = 12;

fn breakdown(out: &mut String, name: &str, rows: &[Row], compared: bool) {
    if rows.is_empty() {
        return;
    }
    let head = if compared { ["before", "after", "+", "−"] } else { ["", "released", "", ""] };
    let [before, after, gained, lost] = head;
    let _ = writeln!(out, "\n  {name:28}{before:>12}{after:>12}{gained:>10}{lost:>10}");
    for Row { name, change } in rows.iter().take(ROWS_MAX) {
        let number = |n: u64| if compared { thousands(n) } else { String::new() };
        let _ = writeln!(
            out,
            "  {name:28}{:>12}{:>12}{:>10}{:>10}",
            number(change.before),
            thousands(change.after),
            number(change.gained),
            number(change.lost)
        );
    }
    if let Some(more) = rows.len().checked_sub(ROWS_MAX).filter(|more| *more > 0) {
        let _ = writeln!(out, "  and {more} more");
    }
}

#[cfg(test)]
mod tests {
    use super::instant;
    use entente_stix::Timestamp;

    #[test]
    fn a_span_counts_back_and_an_instant_stands() {
        let now = Timestamp::parse("2026-11-24T06:00:00Z").unwrap();
        let at = |text: &str| instant(text, now).map(|at| at.to_string());
        assert_eq!(at("90d").as_deref(), Some("2026-08-26T06:00:00.000Z"));
        assert_eq!(at("12h").as_deref(), Some("2026-11-23T18:00:00.000Z"));
        assert_eq!(at("2026-11-01").as_deref(), Some("2026-11-01T00:00:00.000Z"));
        assert_eq!(at("2026-11-01T10:00:00Z").as_deref(), Some("2026-11-01T10:00:00.000Z"));
        assert!(["", "d", "90", "-1d", "1w", "soon"].iter().all(|text| at(text).is_none()));
    }
}
