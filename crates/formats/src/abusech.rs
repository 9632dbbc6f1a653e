//! The CSV exports of abuse.ch: URLhaus and ThreatFox.
//!
//! Both put their header behind `#`; ThreatFox separates by comma *and blank*, writes `None` for nothing, and has gained
//! a column over time. Columns are therefore found by the header comment, else by their number.

use std::io::BufRead;
use std::ops::ControlFlow;

use entente_observable::Kind;

use crate::FormatError;
use crate::csv_reader::{Header, Row};
use crate::finding::{Declared, confidence, is_null};
use crate::line::Lines;
use crate::model::{Class, Finding, Subject, Target};
use crate::record::{Record, Records, split};

const URLHAUS: [&str; 9] =
    ["id", "dateadded", "url", "url_status", "last_online", "threat", "tags", "urlhaus_link", "reporter"];

const THREATFOX: [&str; 15] = [
    "first_seen_utc",
    "ioc_id",
    "ioc_value",
    "ioc_type",
    "threat_type",
    "fk_malware",
    "malware_alias",
    "malware_printable",
    "last_seen_utc",
    "confidence_level",
    "is_compromised",
    "reference",
    "tags",
    "anonymous",
    "reporter",
];

/// Reads the URLhaus export.
pub(crate) fn read_urlhaus(input: &mut dyn BufRead, target: &mut Target<'_>) -> Result<(), FormatError> {
    read(input, target, "url", "urlhaus-csv", &|count| (count == URLHAUS.len()).then(|| header(&URLHAUS)), urlhaus)
}

/// Reads the ThreatFox export, of 15 columns or the older 14 without `is_compromised`.
pub(crate) fn read_threatfox(input: &mut dyn BufRead, target: &mut Target<'_>) -> Result<(), FormatError> {
    let by_count = |count| match count {
        15 => Some(header(&THREATFOX)),
        14 => {
            let older: Vec<&str> = THREATFOX.into_iter().filter(|name| *name != "is_compromised").collect();
            Some(header(&older))
        }
        _ => None,
    };
    read(input, target, "ioc_value", "threatfox-csv", &by_count, threatfox)
}

fn header(names: &[&str]) -> Header {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    Header::new(&names)
}

type Make = fn(&Row<'_>, &Record, &mut Target<'_>) -> ControlFlow<()>;

fn read(
    input: &mut dyn BufRead,
    target: &mut Target<'_>,
    key: &str,
    format: &'static str,
    by_count: &dyn Fn(usize) -> Option<Header>,
    make: Make,
) -> Result<(), FormatError> {
    let mut records = Records::new(Lines::new(input, target.options.line_size_bytes_max), ',');
    let mut known: Option<Header> = None;
    while let Some(line) = records.next_line()? {
        let trimmed = line.text.trim();
        if trimmed.is_empty() && !line.too_long {
            continue;
        }
        if let Some(comment) = trimmed.strip_prefix('#') {
            let names = split(comment.trim_matches(['#', ' ']), ',').unwrap_or_default();
            let candidate = Header::new(&names);
            if candidate.has(key) {
                known = Some(candidate);
            }
            continue;
        }
        let record = records.record_at(line)?;
        let fields = record.fields.as_deref().unwrap_or(&[]);
        if fields.iter().any(|field| field == key) {
            known = Some(Header::new(fields));
            continue;
        }
        target.row();
        let answer = match &record.fields {
            Err((code, message)) => target.reject(record.line, code, (*message).to_owned(), &record.raw),
            Ok(fields) => match known.as_ref().filter(|header| header.len() == fields.len()) {
                Some(header) => make(&Row { header, fields }, &record, target),
                None => match by_count(fields.len()) {
                    Some(header) => make(&Row { header: &header, fields }, &record, target),
                    None => {
                        let message = format!("row of {format} has {} columns", fields.len());
                        target.reject(record.line, "row.columns", message, &record.raw)
                    }
                },
            },
        };
        if answer.is_break() {
            return Ok(());
        }
    }
    Ok(())
}

fn begin(
    value: Option<&str>,
    declared: Declared,
    record: &Record,
    target: &mut Target<'_>,
) -> Result<Finding, ControlFlow<()>> {
    let Some(value) = value else {
        return Err(target.reject(record.line, "row.value", "row has no value".to_owned(), &record.raw));
    };
    match Finding::of(value, declared, record.line, &record.raw, target.options) {
        Ok(mut finding) => {
            if record.guessed {
                finding.remark("encoding-guessed");
            }
            Ok(finding)
        }
        Err(error) => Err(target.reject(record.line, error.code(), error.to_string(), &record.raw)),
    }
}

/// Takes the columns that have no member of their own.
fn keep(finding: &mut Finding, row: &Row<'_>, names: &[&str]) {
    for name in names {
        if let Some(value) = row.named(name) {
            finding.note(name, value);
        }
    }
}

fn urlhaus(row: &Row<'_>, record: &Record, target: &mut Target<'_>) -> ControlFlow<()> {
    let mut finding = match begin(row.named("url"), Declared::Kind(Kind::Url), record, target) {
        Ok(finding) => finding,
        Err(answer) => return answer,
    };
    finding.classify(Class::MalwareDistribution);
    finding.confidence = Some(80);
    if let Some(text) = row.named("dateadded") {
        finding.time("dateadded", text, true, target.options);
    }
    if let Some(text) = row.named("last_online") {
        finding.time("last_online", text, false, target.options);
    }
    for tag in row.named("tags").unwrap_or("").split(',').filter(|tag| !is_null(tag.trim())) {
        finding.label(tag);
    }
    finding.reference = row.named("urlhaus_link").map(str::to_owned);
    finding.source_id = row.named("id").map(str::to_owned);
    keep(&mut finding, row, &["url_status", "threat", "reporter"]);
    target.finding(finding)
}

fn threatfox(row: &Row<'_>, record: &Record, target: &mut Target<'_>) -> ControlFlow<()> {
    let declared = match row.named("ioc_type").unwrap_or("") {
        "ip:port" => Declared::Endpoint,
        "domain" => Declared::Kind(Kind::DomainName),
        "url" => Declared::Kind(Kind::Url),
        "md5_hash" | "sha1_hash" | "sha256_hash" | "sha3_384_hash" => Declared::Kind(Kind::FileHash),
        "envelope_from" | "body_from" => Declared::Kind(Kind::EmailAddr),
        other => {
            target.unsupported(other);
            return ControlFlow::Continue(());
        }
    };
    let mut finding = match begin(row.named("ioc_value"), declared, record, target) {
        Ok(finding) => finding,
        Err(answer) => return answer,
    };
    let compromised = row.named("is_compromised").is_some_and(|word| word.eq_ignore_ascii_case("true"));
    finding.classify(match row.named("threat_type").unwrap_or("") {
        "botnet_cc" => Class::C2,
        "payload_delivery" | "payload" => Class::MalwareDistribution,
        _ => target.options.class,
    });
    if compromised {
        // A site that was broken into belongs to a victim: cleaned, not blocked.
        finding.classify(Class::Compromised);
        finding.subject = Subject::Victim;
        keep(&mut finding, row, &["threat_type"]);
    }
    finding.confidence = row.named("confidence_level").and_then(confidence);
    if let Some(text) = row.named("first_seen_utc") {
        finding.time("first_seen_utc", &utc(text), true, target.options);
    }
    if let Some(text) = row.named("last_seen_utc") {
        finding.time("last_seen_utc", &utc(text), false, target.options);
    }
    finding.malware = row.named("malware_printable").or_else(|| row.named("fk_malware")).map(str::to_owned);
    for tag in row.named("tags").unwrap_or("").split(',').filter(|tag| !is_null(tag.trim())) {
        finding.label(tag);
    }
    finding.reference = row.named("reference").map(str::to_owned);
    finding.source_id = row.named("ioc_id").map(str::to_owned);
    keep(&mut finding, row, &["fk_malware", "malware_alias", "reporter"]);
    target.finding(finding)
}

/// The column's name states the zone.
fn utc(text: &str) -> String {
    if text.ends_with("UTC") || text.ends_with('Z') { text.to_owned() } else { format!("{text} UTC") }
}
