//! Plain lists: one value a line, in the dialects that people write.

use std::ops::ControlFlow;

use crate::FormatError;
use crate::finding::Declared;
use crate::line::{Line, Lines};
use crate::model::{Finding, Target};

pub(crate) fn read(input: &mut dyn std::io::BufRead, target: &mut Target<'_>) -> Result<(), FormatError> {
    let mut lines = Lines::new(input, target.options.line_size_bytes_max);
    while let Some(line) = lines.next()? {
        let text = without_comment(&line.text);
        if text.is_empty() && !line.too_long {
            continue;
        }
        target.row();
        let broken = if line.too_long {
            Some(("row.length", "row is longer than the limit"))
        } else if line.text.contains('\0') {
            Some(("row.nul", "row has a NUL byte"))
        } else {
            None
        };
        let answer = match broken {
            Some((code, message)) => target.reject(line.number, code, message.to_owned(), &line.text),
            None => row(text, &line, target),
        };
        if answer.is_break() {
            return Ok(());
        }
    }
    Ok(())
}

/// Cuts a comment: the whole line after `#`, `!` or `;`, or what follows a blank and `#`, `;` or `//`.
pub(crate) fn without_comment(text: &str) -> &str {
    let text = text.trim();
    if text.starts_with(['#', '!', ';']) {
        return "";
    }
    let mut end = text.len();
    for mark in [" #", " ;", " //", "\t#", "\t;", "\t//"] {
        end = end.min(text.find(mark).unwrap_or(end));
    }
    text.get(..end).unwrap_or(text).trim_end()
}

fn row(text: &str, line: &Line, target: &mut Target<'_>) -> ControlFlow<()> {
    let mut words = text.split_whitespace();
    let (first, second, third) = (words.next().unwrap_or(""), words.next(), words.next());
    if let Some(second) = second {
        if is_sink_address(first) {
            return hosts(text, line, target);
        }
        if third.is_none()
            && let Ok(count) = second.parse::<u64>()
        {
            // The number of lists that name the value: 30 for being listed, 8 for each list, 90 at most.
            let confidence = u8::try_from(count.saturating_mul(8).saturating_add(30).min(90)).unwrap_or(90);
            return value(first, Some(confidence), line, target);
        }
    }
    value(text, None, line, target)
}

/// Says whether an address is one that hosts files lead names to.
fn is_sink_address(word: &str) -> bool {
    matches!(
        word,
        "0.0.0.0" | "127.0.0.1" | "::" | "::1" | "fe80::1%lo0" | "255.255.255.255" | "ff02::1" | "ff00::0" | "ff02::2"
    )
}

/// Reads the names of one line of a hosts file; names of the machine itself are left out.
fn hosts(text: &str, line: &Line, target: &mut Target<'_>) -> ControlFlow<()> {
    let mut answer = ControlFlow::Continue(());
    for name in text.split_whitespace().skip(1) {
        if answer.is_break() {
            break;
        }
        let local = !name.contains('.') || name.ends_with(".localdomain") || name == "0.0.0.0";
        if local {
            target.skip();
        } else {
            answer = value(name, None, line, target);
        }
    }
    answer
}

fn value(text: &str, confidence: Option<u8>, line: &Line, target: &mut Target<'_>) -> ControlFlow<()> {
    match Finding::of(text, Declared::of(target.options.kind), line.number, &line.text, target.options) {
        Ok(mut finding) => {
            finding.confidence = confidence;
            if line.guessed {
                finding.remark("encoding-guessed");
            }
            target.finding(finding)
        }
        Err(error) => target.reject(line.number, error.code(), error.to_string(), &line.text),
    }
}
