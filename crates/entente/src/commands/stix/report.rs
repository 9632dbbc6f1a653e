//! What `stix validate` prints about a file.

use entente_stix::bundle::Shape;
use serde_json::{Value, json};

use super::source::word;
use super::tally::{Kept, Row, Tally};
use crate::failure::Failure;
use crate::output::{Output, counted, thousands, visible, wrapped};

/// Columns of prose.
const WIDTH: usize = 92;

/// One file as programs read it.
pub(super) fn file_json(name: &str, kind: Option<Shape>, tally: &Tally, kept: &Kept) -> Value {
    json!({
        "file": name, "kind": kind.map(word), "summary": tally.json(),
        "findings": kept.iter().map(Row::json).collect::<Vec<_>>(),
    })
}

/// One file as people read it: counts, the codes, then each finding, the worst first.
pub(super) fn people(
    name: &str,
    kind: Option<Shape>,
    tally: &Tally,
    kept: &Kept,
    is_last: bool,
    output: &Output,
) -> Result<(), Failure> {
    output.data(&format!(
        "{}: {}{}\n",
        name,
        kind.map_or(String::new(), |kind| format!("{}, ", word(kind))),
        line(tally)
    ))?;
    if tally.findings.is_empty() {
        return Ok(());
    }
    output.table(
        &["severity", "code", "count", "meaning"],
        tally.ranked().into_iter().map(|(code, severity, count)| {
            vec![severity.name().to_owned(), code.to_string(), thousands(count), code.meaning().to_owned()]
        }),
    )?;
    let mut stream = output.stream();
    for row in kept.iter() {
        stream.data(&finding(row))?;
    }
    if !is_last {
        stream.data("\n")?;
    }
    stream.flush()
}

/// All files together.
pub(super) fn total(files: usize, tally: &Tally, output: &Output) {
    let files = counted(u64::try_from(files).unwrap_or(u64::MAX), "file");
    output.note(&format!("{files}: {}", line(tally)));
}

fn line(tally: &Tally) -> String {
    if tally.objects == 0 {
        return "no object".to_owned();
    }
    let mut words = counted(tally.objects, "object");
    for (count, what) in [(tally.valid, "valid"), (tally.warn, "warn"), (tally.invalid, "invalid")] {
        if count > 0 {
            words.push_str(&format!(" · {} {what}", thousands(count)));
        }
    }
    words
}

fn finding(row: &Row) -> String {
    let place = match (row.line, row.path.as_str()) {
        (Some(line), path) => format!("line {line} {path}"),
        (None, path) => path.to_owned(),
    };
    let head = format!("{} {} {}", row.severity.name(), row.code, visible(&place));
    let mut text = format!("\n{}\n", head.trim_end());
    if let Some(object) = &row.object {
        text.push_str(&format!("  {}\n", visible(object)));
    }
    let more = if row.count > 1 { format!(" ({} times)", thousands(row.count)) } else { String::new() };
    text.push_str(&format!("  {}\n", wrapped(&format!("{}{more}", visible(&row.message)), WIDTH, "  ")));
    if let Some(hint) = row.hint {
        text.push_str(&format!("  hint: {}\n", wrapped(hint, WIDTH, "        ")));
    }
    text
}
