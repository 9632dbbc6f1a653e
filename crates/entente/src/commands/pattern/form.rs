//! `pattern canonical`, `pattern equivalent` and the printing of `pattern keys`.

use entente_pattern::{Pattern, equivalent};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::keys::{to_json, to_text};
use super::{Fault, each, is_alone, parse, read, version};
use crate::commands::batch::{self, Answer};
use crate::failure::{Failure, Outcome, exit};
use crate::output::{Form, Output, visible};

/// A request about one pattern.
#[derive(Deserialize)]
struct One {
    pattern: String,
    stix_version: Option<String>,
}

/// A request about two patterns.
#[derive(Deserialize)]
struct Two {
    a: String,
    b: String,
    stix_version: Option<String>,
}

/// Prints patterns in their canonical form, or its digest.
pub(super) fn canonical(patterns: &[String], digest: bool, default: &str, output: &Output) -> Outcome {
    let form = |pattern: &Pattern| {
        let (form, is_complete) = pattern.canonical_form();
        let text = form.to_string();
        (if digest { hex(&Sha256::digest(text.as_bytes())) } else { text }, is_complete)
    };
    if batch::is_asked(output, patterns) {
        return batch::run(output, |request: One| {
            one(&request, default, |pattern| {
                let (text, is_complete) = form(pattern);
                Answer::new(text).with("complete", is_complete)
            })
        });
    }
    let name = if digest { "digest" } else { "canonical" };
    listed(patterns, default, output, |pattern| {
        let (text, is_complete) = form(pattern);
        Told {
            json: json!({ name: text, "complete": is_complete }),
            text: format!("{}\n", visible(&text)),
            note: (!is_complete).then_some(
                "only flattened and sorted: its alternatives are too many, so another spelling may have another form",
            ),
        }
    })
}

/// Prints the look-up keys of patterns.
pub(super) fn keys(patterns: &[String], default: &str, output: &Output) -> Outcome {
    if batch::is_asked(output, patterns) {
        return batch::run(output, |request: One| one(&request, default, |pattern| Answer::new(to_json(pattern))));
    }
    listed(patterns, default, output, |pattern| Told { json: to_json(pattern), text: to_text(pattern), note: None })
}

/// Says whether two patterns match the same.
pub(super) fn compare(a: Option<&str>, b: Option<&str>, default: &str, output: &Output) -> Outcome {
    let (Some(a), Some(b)) = (a, b) else {
        if a.is_none() && output.form == Form::JsonLines {
            return batch::run(output, |request: Two| compare_one(&request, default));
        }
        return Err(Failure::usage("name two patterns").hint("entente pattern equivalent --help"));
    };
    let read = |text| read(text, default).map_err(|error| Fault::Pattern(error).failure(text));
    let answer = equivalent(&read(a)?, &read(b)?);
    match output.form {
        Form::People => output.data(&format!("{answer}\n"))?,
        Form::Json => output.json(&json!({ "result": answer }))?,
        Form::JsonLines => {
            output.json(&json!({ "result": answer }))?;
            output.json(&json!({ "summary": { "pairs": 1, "equivalent": u8::from(answer) } }))?;
        }
    }
    Ok(exit::OK)
}

fn compare_one(request: &Two, default: &str) -> Result<Answer, String> {
    let version = version(request.stix_version.as_deref(), default)?;
    let refused = |name: &'static str, error| {
        let mut told = Fault::Pattern(error).json();
        if let Some(told) = told.as_object_mut() {
            told.insert("pattern".to_owned(), json!(name));
        }
        Answer::new(false).with("error", told)
    };
    let a = match read(&request.a, version) {
        Ok(pattern) => pattern,
        Err(error) => return Ok(refused("a", error)),
    };
    Ok(match read(&request.b, version) {
        Ok(b) => Answer::new(equivalent(&a, &b)),
        Err(error) => refused("b", error),
    })
}

/// Answers a request about one pattern; a pattern that cannot be read has the result null.
fn one(request: &One, default: &str, with: impl Fn(&Pattern) -> Answer) -> Result<Answer, String> {
    let version = version(request.stix_version.as_deref(), default)?;
    Ok(match read(&request.pattern, version) {
        Ok(pattern) => with(&pattern),
        Err(error) => Answer::new(Value::Null).with("error", Fault::Pattern(error).json()),
    })
}

/// What is printed about a pattern.
struct Told {
    json: Value,
    text: String,
    /// What a person should know of it besides.
    note: Option<&'static str>,
}

/// Prints something about each pattern. One that cannot be read is told on stderr, and the run goes on.
fn listed(patterns: &[String], default: &str, output: &Output, with: impl Fn(&Pattern) -> Told) -> Outcome {
    let (mut read, mut refused) = (0_u64, 0_u64);
    let is_alone = is_alone(patterns);
    let mut items = output.items();
    each(patterns, output, |asked| {
        let pattern = match parse(&asked, default) {
            Ok(pattern) => pattern,
            Err(fault) if is_alone => return Err(fault.failure(asked.text.unwrap_or_default())),
            Err(fault) => {
                refused += 1;
                if output.form != Form::People {
                    return items.item(&json!({ "line": asked.number, "pattern": asked.text, "error": fault.json() }));
                }
                output.note(&format!("{}: {}", asked.number, fault.text(asked.text.unwrap_or_default()).trim_end()));
                return Ok(());
            }
        };
        read += 1;
        let Told { json: value, text, note } = with(&pattern);
        if output.form == Form::People {
            if let Some(note) = note {
                let place = if is_alone { String::new() } else { format!("{}: ", asked.number) };
                output.note(&format!("{place}{note}"));
            }
            return items.text(&text);
        }
        let mut line = json!({ "line": asked.number, "pattern": asked.text });
        if let (Some(line), Value::Object(value)) = (line.as_object_mut(), value) {
            line.extend(value);
        }
        items.item(&line)
    })?;
    items.end(&json!({ "patterns": read + refused, "read": read, "refused": refused }))?;
    match (read, refused) {
        (0, 0) => {
            output.note("nothing to read: give a pattern as an argument, or one a line on stdin");
            Ok(exit::NOTHING)
        }
        (_, 0) => Ok(exit::OK),
        (0, _) => Ok(exit::USAGE),
        _ => Ok(exit::PARTLY),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
