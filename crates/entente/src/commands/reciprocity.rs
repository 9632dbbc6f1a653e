//! `reciprocity …`, `party profile` and `party affiliate`.

use std::path::Path;

use entente_agreement::account::{Cells, Counts, Period, UsefulnessReport};
use entente_exchange::Exchange;
use entente_exchange::account::{Account, Reported};
use entente_exchange::profile::Maturity;
use entente_formats::out;
use entente_stix::Timestamp;
use serde_json::json;

use super::{read_input, write_output};
use crate::args::{PartyAffiliate, PartyProfile, Reciprocity, ReciprocityCommand};
use crate::failure::{Failure, Outcome, exit};
use crate::output::{Form, Output, thousands};

/// Columns of a statement: one row per side and class.
fn columns() -> Vec<&'static str> {
    let counts = ["agreement", "period", "side", "class"].into_iter().chain(Cells::NAMES);
    counts.chain(["points", "weighted", "weights"]).collect()
}

/// Runs a `reciprocity` command.
pub(crate) fn run(args: Reciprocity, exchange: &Exchange, output: &Output) -> Outcome {
    match args.command {
        None => statement(&args, exchange, output),
        Some(ReciprocityCommand::Report { party, agreement, period, out }) => {
            let note = exchange.usefulness_report(&agreement, &party, parsed(period.as_deref())?)?;
            match (output.form, out) {
                (Form::People, out) => write_output(out.as_deref(), note.as_bytes(), output)?,
                (_, Some(out)) => {
                    write_output(Some(&out), note.as_bytes(), output)?;
                    output.json(&read_report(&note)?)?;
                }
                (_, None) => output.json(&json!({ "report": read_report(&note)?, "note": note }))?,
            }
            Ok(exit::OK)
        }
        Some(ReciprocityCommand::Accept { file }) => accept(&file, exchange, output),
        Some(ReciprocityCommand::Reviews) => {
            let tasks = exchange.reviews()?;
            output.list(
                &["agreement", "party", "period", "balance", "below", "prepared"],
                &tasks,
                |task| {
                    vec![
                        task.agreement.clone(),
                        task.party.clone(),
                        task.period.to_string(),
                        balance(task.balance),
                        format!("{:.2}", f64::from(task.review_below) / 100.0),
                        task.prepared.clone(),
                    ]
                },
                &json!({ "reviews": tasks.len() }),
            )?;
            Ok(exit::OK)
        }
    }
}

fn parsed(period: Option<&str>) -> Result<Option<Period>, Failure> {
    period
        .map(|text| {
            Period::parse(text).ok_or_else(|| {
                Failure::usage(format!(
                    "`{text}` is no period; write a month (2026-12) or two days (2026-12-01/2027-01-01)"
                ))
            })
        })
        .transpose()
}

fn read_report(note: &str) -> Result<UsefulnessReport, Failure> {
    let (_, report) = UsefulnessReport::open(note.as_bytes())
        .map_err(|error| Failure::new(exit::VERIFICATION, error.code(), error.to_string()))?;
    Ok(report)
}

fn accept(file: &Path, exchange: &Exchange, output: &Output) -> Outcome {
    let accepted = exchange.accept_usefulness(&read_input(file, output)?)?;
    match output.form {
        Form::People => {
            let word = if accepted.new { "accepted" } else { "held before:" };
            output.note(&format!("{word} the report of `{}` about {}", accepted.party, accepted.period));
        }
        _ => output.json(&accepted)?,
    }
    Ok(exit::OK)
}

fn statement(args: &Reciprocity, exchange: &Exchange, output: &Output) -> Outcome {
    let party = args.party.as_deref().unwrap_or_default();
    let accounts = exchange.reciprocity(party, args.agreement.as_deref(), parsed(args.period.as_deref())?)?;
    if args.csv {
        let rows: Vec<Vec<String>> = accounts.iter().flat_map(rows).collect();
        output.bytes(out::csv(&columns(), rows).as_bytes())?;
        return Ok(exit::OK);
    }
    match output.form {
        Form::People => {
            output.table(&columns(), accounts.iter().flat_map(rows))?;
            for account in &accounts {
                say(account, output);
            }
        }
        _ => output.list(&columns(), &accounts, |_| Vec::new(), &json!({ "accounts": accounts.len() }))?,
    }
    Ok(exit::OK)
}

/// One row per class with anything in it, and one of all classes, for each side.
fn rows(account: &Account) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let statement = &account.received.statement;
    let mut row = |side: &str, class: &str, cells: Vec<String>, points: String, weighted: String| {
        let head = [account.agreement.clone(), account.period.to_string(), side.to_owned(), class.to_owned()];
        let tail = [points, weighted, statement.weights.version.to_string()];
        rows.push(head.into_iter().chain(cells).chain(tail).collect());
    };
    let side = format!("from {}", account.party);
    let used = statement.used_measured;
    for (class, counts) in statement.classes.iter().filter(|(_, counts)| *counts != Counts::default()) {
        row(&side, class.name(), cells(counts, used), counts.points.to_string(), String::new());
    }
    let total = statement.total;
    row(&side, "all", cells(&total, used), total.points.to_string(), statement.weighted.to_string());
    let side = format!("to {}, released", account.party);
    let released = &account.given.released;
    let only = |n: u64| std::iter::once(n.to_string()).chain(std::iter::repeat_n(String::new(), 15)).collect();
    for (class, n) in released.classes.iter().filter(|(_, n)| *n > 0) {
        row(&side, class.name(), only(*n), String::new(), String::new());
    }
    row(&side, "all", only(released.values), String::new(), String::new());
    if let Some(Reported { report, weighted, .. }) = &account.given.reported {
        let side = format!("to {}, reported", account.party);
        for (class, told) in report.classes.iter().filter(|(_, told)| told.counts() != Counts::default()) {
            let words = told.iter().map(|(_, cell)| cell.to_string()).collect();
            row(&side, class.name(), words, told.counts().points.to_string(), String::new());
        }
        let told = report.counts();
        row(&side, "all", cells(&told, used), told.points.to_string(), weighted.to_string());
    }
    rows
}

fn cells(counts: &Counts, used: bool) -> Vec<String> {
    [
        counts.given,
        counts.on_time,
        counts.unique,
        counts.earlier,
        counts.lead_hour,
        counts.lead_day,
        counts.lead_week,
        counts.late,
        counts.confirmed,
        counts.confirmed_on_time,
        counts.used,
        counts.disputed,
        counts.upheld,
        counts.rejected,
        counts.quarantined,
        counts.recalled,
    ]
    .into_iter()
    .enumerate()
    .map(|(place, n)| if place == 10 && !used { "–".to_owned() } else { n.to_string() })
    .collect()
}

/// What stands beside the table, in words.
fn say(account: &Account, output: &Output) {
    let Account { party, period, received, given, .. } = account;
    let raw = received.raw;
    let statement = &received.statement;
    output.note(&format!(
        "{} with {party}, {period}{}: {} objects in {} pages, {} bytes; {} values released",
        account.agreement,
        if account.is_final { "" } else { ", not final" },
        thousands(raw.objects),
        thousands(raw.pages),
        thousands(raw.bytes),
        thousands(given.released.values),
    ));
    let excluded = statement.excluded;
    if excluded != entente_agreement::account::Excluded::default() {
        output.note(&format!(
            "not counted: {} echoes, {} inside networks given, {} beyond 20 of a network, domain or site a day, {} withdrawn within a day",
            thousands(excluded.echo),
            thousands(excluded.in_network),
            thousands(excluded.padding),
            thousands(excluded.withdrawn),
        ));
    }
    if let (Some(median), Some(p90)) = (statement.lead.median_s, statement.lead.p90_s) {
        output.note(&format!(
            "first by {} (median), {} (90th percentile), in {} cases",
            span(median),
            span(p90),
            thousands(statement.lead.count)
        ));
    }
    match (account.balance, &given.reported) {
        (Some(_), _) => output.note(&format!("balance {}, information only", balance(account.balance))),
        (None, None) => output.note(&format!("no balance: `{party}` has not reported about this period")),
        (None, Some(_)) => output.note("no balance: nothing counts on either side"),
    }
    if account.review {
        output.note(
            "below what the agreement asks to be reviewed; nothing follows by itself: entente reciprocity reviews",
        );
    }
}

fn balance(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:+.2}"))
}

fn span(seconds: i64) -> String {
    match seconds {
        ..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Runs `party profile`.
pub(crate) fn profile(args: &PartyProfile, exchange: &Exchange, output: &Output) -> Outcome {
    let at = match args.at.as_deref() {
        None => None,
        Some(text) => Some(
            Timestamp::parse(text)
                .or_else(|_| Timestamp::parse(&format!("{text}T00:00:00Z")))
                .map_err(|_| Failure::usage(format!("`{text}` is no day or instant; write 2026-12-07")))?,
        ),
    };
    let profile = exchange.maturity(&args.party, at)?;
    match output.form {
        Form::People => show(&profile, output)?,
        _ => output.json(&profile)?,
    }
    Ok(exit::OK)
}

fn show(profile: &Maturity, output: &Output) -> Result<(), Failure> {
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{:.3}", value));
    output.table(
        &["measure", "k", "n", "value", "needs", "holds", "note"],
        profile.measures.iter().map(|(name, measure)| {
            let part = |n: Option<u64>| n.map_or_else(String::new, |n| n.to_string());
            let needs = match (measure.min, measure.max) {
                (Some(min), _) => format!(">= {min}"),
                (_, Some(max)) => format!("<= {max}"),
                _ => String::new(),
            };
            let holds = match measure.ok {
                Some(true) => "yes",
                Some(false) => "no",
                None => "not measured",
            };
            let excluded: Vec<String> =
                measure.excluded.iter().map(|(reason, n)| format!("{reason} {n} not counted")).collect();
            let note = measure.note.map(str::to_owned).into_iter().chain(excluded).collect::<Vec<_>>().join(", ");
            vec![
                (*name).to_owned(),
                part(measure.k),
                part(measure.n),
                number(measure.value),
                needs,
                holds.to_owned(),
                note,
            ]
        }),
    )?;
    match (profile.stage, profile.name) {
        (Some(stage), Some(name)) => output.note(&format!("{}: stage {stage} of 5: {name}", profile.party)),
        _ => output.note(&format!("{}: not measured yet", profile.party)),
    }
    if profile.stage != profile.stage_raw
        && let Some(raw) = profile.stage_raw
    {
        output.note(&format!("this week alone: stage {raw}"));
    }
    for gap in &profile.gaps {
        output.note(&format!("gap: {gap}"));
    }
    if let Some(next) = &profile.next {
        output.note(&format!("next: {next}"));
    }
    Ok(())
}

/// Runs `party affiliate`.
pub(crate) fn affiliate(args: &PartyAffiliate, exchange: &Exchange, output: &Output) -> Outcome {
    exchange.affiliate(&args.party, &args.other, !args.remove)?;
    match output.form {
        Form::People => {
            let word = if args.remove { "no longer affiliated" } else { "affiliated" };
            output.note(&format!("`{}` and `{}` are {word}", args.party, args.other));
        }
        _ => output.json(&json!({ "parties": [args.party, args.other], "affiliated": !args.remove }))?,
    }
    Ok(exit::OK)
}
