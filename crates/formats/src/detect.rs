//! Telling formats apart.

use entente_observable::normalise;

use crate::list::without_comment;
use crate::model::Format;

/// LIMIT: bytes of the head that are looked at.
const HEAD_SIZE_BYTES_MAX: usize = 64 * 1024;

/// Tells the format of a document from its head, with the file's name as a second witness.
///
/// `head` is decompressed text; a few kilobytes are enough. `None` when nothing fits: the caller asks.
#[must_use]
pub fn detect(file_name: Option<&str>, head: &[u8]) -> Option<Format> {
    let head = head.get(..HEAD_SIZE_BYTES_MAX).unwrap_or(head);
    let text = String::from_utf8_lossy(head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head));
    let text = text.trim_start();
    if text.starts_with(['{', '[']) {
        return detect_json(text);
    }
    let comments = || text.lines().take(64).filter(|line| line.starts_with('#'));
    if comments().any(|line| line.contains("ioc_id") && line.contains("ioc_value")) {
        return Some(Format::ThreatfoxCsv);
    }
    let header = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or("");
    let named = |line: &str| line.contains("dateadded") && line.contains("url_status");
    if comments().any(named) || named(header) {
        return Some(Format::UrlhausCsv);
    }
    if header.contains("ioc_id") && header.contains("ioc_value") {
        return Some(Format::ThreatfoxCsv);
    }
    let stem = file_name.map(|name| {
        let lower = name.to_ascii_lowercase();
        lower.trim_end_matches(".gz").trim_end_matches(".zst").to_owned()
    });
    let is_table = stem.as_deref().is_some_and(|name| name.ends_with(".csv") || name.ends_with(".tsv"));
    if is_table || is_header(header) {
        return Some(Format::Csv);
    }
    is_list(text).then_some(Format::List)
}

fn detect_json(text: &str) -> Option<Format> {
    let has = |needle: &str| text.contains(needle);
    let stix = has("\"spec_version\"") || has("\"type\"") && (has("\"objects\"") || has("--"));
    if has("\"Event\"") || has("\"Orgc\"") || has("\"to_ids\"") || has("\"response\"") && has("\"Attribute\"") {
        return Some(Format::Misp);
    }
    (stix || text.trim() == "{}").then_some(Format::Stix21)
}

/// A header has at least two commas or tabs between words without dots.
fn is_header(line: &str) -> bool {
    let separator = if line.contains('\t') { '\t' } else { ',' };
    let fields: Vec<&str> = line.split(separator).map(|field| field.trim().trim_matches('"')).collect();
    fields.len() >= 3
        && fields.iter().all(|field| {
            !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_- ".contains(&byte))
        })
}

/// Most of the first lines that are no comments hold a value.
fn is_list(text: &str) -> bool {
    let (mut values, mut rows) = (0u32, 0u32);
    for line in text.lines().map(without_comment).filter(|line| !line.is_empty()).take(20) {
        rows = rows.saturating_add(1);
        let word = line.split_whitespace().next().unwrap_or("");
        if normalise(line, None).is_ok() || normalise(word, None).is_ok() {
            values = values.saturating_add(1);
        }
    }
    values.saturating_mul(2) > rows
}
