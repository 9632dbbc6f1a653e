//! `admit` and `formats`.

use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use entente_agreement::Subject;
use entente_exchange::Exchange;
use entente_exchange::admit::{AdmitOptions, AdmitSummary, OnBatch};
use entente_exchange::export::ExportFormat;
use entente_formats::{Class, Column, CsvMap, Format, Inflation};
use serde::Serialize;
use serde_json::json;

use super::{open_input, tlp};
use crate::args::Admit;
use crate::failure::{Failure, Outcome, exit};
use crate::output::{Form, Output, thousands, visible};

/// Refused lines shown to people.
const SHOWN: usize = 20;

/// What became of one file.
#[derive(Serialize)]
struct Read {
    file: String,
    #[serde(flatten)]
    summary: AdmitSummary,
}

/// Hands files to the node.
pub(crate) fn run(args: &Admit, exchange: &Exchange, output: &Output) -> Outcome {
    if args.confidence > 100 {
        return Err(Failure::usage("confidence is a number from 0 to 100"));
    }
    let format = args.format.as_deref().map(format).transpose()?;
    let subject = args
        .subject
        .as_deref()
        .map(|word| Subject::parse(word).ok_or_else(|| Failure::usage(format!("`{word}` is not a subject category"))))
        .transpose()?;
    let role = args
        .role
        .as_deref()
        .map(|word| Class::parse(word).ok_or_else(|| Failure::usage(format!("`{word}` is not a role"))))
        .transpose()?;
    let map = args.map.as_deref().map(read_map).transpose()?;
    let options = AdmitOptions {
        format: format.or(map.as_ref().map(|_| Format::Csv)),
        tlp: args.tlp.as_deref().map(tlp).transpose()?,
        confidence: args.confidence,
        subject,
        role,
        map,
        release: !args.no_release,
        ..AdmitOptions::default()
    };
    let mut done: Vec<Read> = Vec::new();
    let mut failed: Option<Failure> = None;
    let acknowledged = Arc::new(AtomicU64::new(0));
    for file in &args.files {
        match admit(file, exchange, &options, &acknowledged, output) {
            Ok(summary) => done.push(Read { file: file.display().to_string(), summary }),
            // The files before it are admitted; those after it are not touched, so that the same command can be repeated.
            Err(failure) => {
                failed = Some(failure);
                break;
            }
        }
        if let Some(read) = done.last() {
            remark(read, &options, output);
        }
    }
    if let Some(failure) = failed {
        let admitted: Vec<&str> = done.iter().map(|read| read.file.as_str()).collect();
        return Err(if admitted.is_empty() { failure } else { failure.with("admitted before", admitted.join(", ")) });
    }
    print(&done, output)?;
    let code = done.iter().fold(exit::OK, |worst, read| if read.summary.rejected > 0 { exit::PARTLY } else { worst });
    Ok(if done.iter().all(|read| read.summary.read == 0) { exit::NOTHING } else { code })
}

/// Reads the word for a format; `stix` is the newest version of STIX.
fn format(word: &str) -> Result<Format, Failure> {
    let word = if word == "stix" { Format::Stix21.name() } else { word };
    Format::parse(word).ok_or_else(|| {
        let known: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
        Failure::usage(format!("`{word}` is not a format; use {}", known.join(", "))).hint("entente formats")
    })
}

fn read_map(path: &Path) -> Result<CsvMap, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| Failure::file("read", path, &e))?;
    toml::from_str(&text).map_err(|error| {
        let line =
            error.span().map_or(0, |span| text.get(..span.start).map_or(0, |before| before.matches('\n').count() + 1));
        let message = format!("`{}` line {line}: {}", path.display(), error.message());
        Failure::new(exit::USAGE, "admit.map", message)
    })
}

fn admit(
    file: &Path,
    exchange: &Exchange,
    options: &AdmitOptions,
    acknowledged: &Arc<AtomicU64>,
    output: &Output,
) -> Result<AdmitSummary, Failure> {
    let mut input = open_input(file, Inflation::default(), output)?;
    let head = input.fill_buf().map_err(|e| Failure::file("read", file, &e))?;
    if head.iter().all(u8::is_ascii_whitespace) && head.len() < HEAD_LOOKED_AT {
        let format = options.format.map_or("none", Format::name).to_owned();
        return Ok(AdmitSummary { format, ..AdmitSummary::default() });
    }
    let file_name = file.file_name().map(|name| name.to_string_lossy().into_owned());
    let mut options = AdmitOptions { file_name, on_batch: acknowledge(acknowledged, output), ..options.clone() };
    let format = options.format.or_else(|| entente_formats::detect(options.file_name.as_deref(), head));
    if options.map.is_none() && format == Some(Format::Csv) {
        options.map = known_columns(head);
    }
    let summary = exchange.admit(&mut input, &options).map_err(|error| {
        let failure = Failure::from(error).with("file", file.display().to_string());
        match failure.code.as_str() {
            "map.missing" => failure.hint("call its columns value, role, country … or name them in a file for --map"),
            "format.unknown" => failure.hint("entente formats"),
            _ => failure,
        }
    })?;
    acknowledged.fetch_add(handled(&summary), Ordering::Relaxed);
    Ok(summary)
}

/// An input shorter than this that holds nothing but blanks is empty.
const HEAD_LOOKED_AT: usize = 4_096;

/// What of an input is durable: taken, or held before.
fn handled(summary: &AdmitSummary) -> u64 {
    summary.accepted + summary.merged + summary.unchanged
}

/// With `--jsonl`, one line `{"acknowledged":N}` as batches become durable; `N` counts the objects of the whole run.
fn acknowledge(before: &Arc<AtomicU64>, output: &Output) -> Option<OnBatch> {
    if output.form != Form::JsonLines {
        return None;
    }
    let (before, output) = (before.clone(), output.clone());
    Some(OnBatch(Arc::new(move |summary| {
        let acknowledged = before.load(Ordering::Relaxed) + handled(summary);
        // A reader that went away wants no acknowledgement; the run goes on and its end tells of other faults.
        let _ = output.json(&json!({ "acknowledged": acknowledged }));
    })))
}

/// The map of a table whose columns have the names that Entente uses itself, as in `entente export csv`.
fn known_columns(head: &[u8]) -> Option<CsvMap> {
    let text = String::from_utf8_lossy(head);
    let header = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))?;
    let columns: Vec<String> =
        header.split(',').map(|name| name.trim().trim_matches('"').to_ascii_lowercase()).collect();
    let named = |names: &[&str]| {
        let name = names.iter().find(|name| columns.iter().any(|column| column == *name))?;
        Some(Column::Name((*name).to_owned()))
    };
    Some(CsvMap {
        kind: named(&["type", "kind"]),
        class: named(&["role", "class"]),
        subject: named(&["subject"]),
        country: named(&["country"]),
        first_seen: named(&["first_seen"]),
        last_seen: named(&["last_seen"]),
        confidence: named(&["confidence"]),
        tlp: named(&["tlp"]),
        malware: named(&["malware"]),
        reference: named(&["reference"]),
        ..CsvMap::of(named(&["value"])?)
    })
}

/// Says on stderr what a person should know about one file.
fn remark(read: &Read, options: &AdmitOptions, output: &Output) {
    let Read { file, summary } = read;
    if output.form == Form::People {
        let item = if matches!(summary.format.as_str(), "stix20" | "stix21" | "misp") { "object" } else { "line" };
        for line in summary.rejected_lines.iter().take(SHOWN) {
            let place = if line.line > 0 { format!(" {item} {}", line.line) } else { String::new() };
            output.note(&format!("rejected{place} [{}] {}", line.code, visible(&line.message)));
        }
        let more = summary.rejected.saturating_sub(u64::try_from(SHOWN).unwrap_or(u64::MAX));
        if more > 0 {
            output.note(&format!("… and {} more; --jsonl lists them", thousands(more)));
        }
    }
    let marks_itself = matches!(summary.format.as_str(), "stix20" | "stix21" | "misp")
        || options.map.as_ref().is_some_and(|map| map.tlp.is_some());
    if options.tlp.is_none() && !marks_itself && summary.accepted + summary.merged > 0 {
        output.note(&format!(
            "warning[admit.unmarked]: what carries no marking in {} is never released; mark it with --tlp",
            visible(file)
        ));
    }
}

fn print(done: &[Read], output: &Output) -> Result<(), Failure> {
    match output.form {
        Form::Json => output.json(&total(done)),
        Form::JsonLines => {
            for read in done {
                for line in &read.summary.rejected_lines {
                    output.json(&json!({ "file": read.file, "rejected": line }))?;
                }
            }
            output.json(&json!({ "summary": total(done) }))
        }
        Form::People => {
            for read in done {
                output.data(&format!("{}\n", line(read)))?;
            }
            Ok(())
        }
    }
}

/// All files together, then each.
fn total(done: &[Read]) -> serde_json::Value {
    let sum = |count: fn(&AdmitSummary) -> u64| done.iter().map(|read| count(&read.summary)).sum::<u64>();
    json!({
        "read": sum(|s| s.read), "accepted": sum(|s| s.accepted), "merged": sum(|s| s.merged),
        "unchanged": sum(|s| s.unchanged), "corroborated": sum(|s| s.corroborated), "conflicts": sum(|s| s.conflicts),
        "rejected": sum(|s| s.rejected), "files": done,
    })
}

/// One file in one line.
fn line(read: &Read) -> String {
    let Read { file, summary } = read;
    if summary.read == 0 {
        return format!("{}: nothing to read", visible(file));
    }
    let mut words = format!(
        "{}: {} read as {} · {} new · {} merged · {} unchanged",
        visible(file),
        thousands(summary.read),
        summary.format,
        thousands(summary.accepted),
        thousands(summary.merged),
        thousands(summary.unchanged),
    );
    for (what, n) in
        [("corroborate others", summary.corroborated), ("conflicts", summary.conflicts), ("rejected", summary.rejected)]
    {
        if n > 0 {
            words.push_str(&format!(" · {} {what}", thousands(n)));
        }
    }
    for (reason, n) in &summary.quarantined {
        words.push_str(&format!(" · {} in quarantine ({reason})", thousands(*n)));
    }
    words
}

/// A format and the way it goes.
#[derive(Serialize)]
struct Known {
    format: &'static str,
    direction: &'static str,
}

/// Lists the formats in and out.
pub(crate) fn formats(output: &Output) -> Outcome {
    let read = Format::ALL.iter().map(|format| Known { format: format.name(), direction: "in" });
    let written = ExportFormat::WORDS.iter().map(|format| Known { format, direction: "out" });
    let rows: Vec<Known> = read.chain(written).collect();
    let summary = json!({ "formats": rows.len() });
    output.list(
        &["format", "direction"],
        &rows,
        |row| vec![row.format.to_owned(), row.direction.to_owned()],
        &summary,
    )?;
    Ok(exit::OK)
}
