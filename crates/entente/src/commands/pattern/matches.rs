//! `pattern match`.

use std::path::PathBuf;

use entente_pattern::{CompileError, EvaluationError, InputError, Matcher, Observations, Steps, Version};
use entente_stix::kinds::{self, Class};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Fault, read, version};
use crate::args::PatternMatch;
use crate::commands::batch::{self, Answer};
use crate::commands::stix::source;
use crate::failure::{Failure, Outcome, exit};
use crate::output::{Form, Output, counted, visible};

/// A request of the batch contract.
#[derive(Deserialize)]
struct Request {
    pattern: String,
    observations: Vec<Value>,
    stix_version: Option<String>,
}

/// Matches the observations of files.
pub(super) fn run(args: &PatternMatch, output: &Output) -> Outcome {
    let Some(text) = &args.pattern else {
        if output.form == Form::JsonLines {
            batch::refuse("--fail-on", args.fail_on.is_some(), "give the pattern and its files as arguments")?;
            batch::refuse("--each", args.each, "give the pattern and its files as arguments")?;
            return batch::run(output, |request| answer(&request, &args.stix_version));
        }
        return Err(Failure::usage("give a pattern and files").hint("entente pattern match --help"));
    };
    let pattern = read(text, &args.stix_version).map_err(|error| Fault::Pattern(error).failure(text))?;
    let matcher = pattern.compile().map_err(|e| Failure::new(exit::USAGE, e.code(), e.to_string()))?;
    if args.files.is_empty() {
        return Err(
            Failure::usage("name files with observations, or `-` for stdin").hint("entente pattern match --help")
        );
    }
    let (values, broken) = values(&args.files, output)?;
    let version = Version::parse(&args.stix_version).unwrap_or_default();
    let outcome = if args.each {
        each(&matcher, &values, version, args, output)
    } else {
        whole(&matcher, &values, version, args, output)
    }?;
    Ok(if broken > 0 { exit::worse(outcome, exit::PARTLY) } else { outcome })
}

/// Reads what can take part in a match: observed data, and what may be an observable. Everything else is let go at once.
fn values(files: &[PathBuf], output: &Output) -> Result<(Vec<Value>, u64), Failure> {
    source::require(files)?;
    let mut values = Vec::new();
    let mut broken = 0_u64;
    for file in files {
        let mut refuse = |reason: String| {
            broken += 1;
            output.note(&format!("{}: {reason}", source::named(file)));
        };
        let ended = source::each(&mut source::open(file, output)?, file, |item, _| {
            let raw = match &item.raw {
                Ok(raw) => raw,
                Err(error) => {
                    refuse(format!("object {}: [{}] {error}", item.index, error.code()));
                    return Ok(());
                }
            };
            match serde_json::from_slice::<Value>(raw) {
                Ok(value) if takes_part(&value) => values.push(value),
                Ok(_) => {}
                Err(error) => refuse(format!("object {}: [STIX-E-001] {error}", item.index)),
            }
            Ok(())
        })?;
        if let Some(error) = ended {
            refuse(format!("[{}] {error}", error.code()));
        }
    }
    Ok((values, broken))
}

fn takes_part(value: &Value) -> bool {
    let object_type = value.get("type").and_then(Value::as_str).unwrap_or_default();
    object_type == "observed-data" || matches!(kinds::class(object_type), Some(Class::Sco) | None)
}

/// All observations as one history: the ids of a set that matches together.
fn whole(matcher: &Matcher, values: &[Value], version: Version, args: &PatternMatch, output: &Output) -> Outcome {
    let observations =
        Observations::read(values, version).map_err(|e| Failure::new(exit::FAILURE, e.code(), e.to_string()))?;
    if observations.is_empty() {
        match output.form {
            Form::Json => output.json(&json!({ "result": null, "ids": [] }))?,
            Form::JsonLines => output.json(&json!({ "summary": { "observations": 0, "matched": 0 } }))?,
            Form::People => {}
        }
        return nothing(output);
    }
    let found = matcher
        .matches(&observations, Steps::default())
        .map_err(|e| Failure::new(exit::FAILURE, e.code(), e.to_string()))?;
    let ids: Vec<&str> = found.iter().flat_map(|binding| binding.ids(&observations)).collect();
    let result = word(found.is_some());
    let told = json!({ "result": result, "ids": ids });
    match output.form {
        Form::Json => output.json(&told)?,
        Form::JsonLines => {
            output.json(&told)?;
            output.json(&json!({ "summary": { "observations": observations.len(), "matched": ids.len() } }))?;
        }
        Form::People => {
            let lines: String = ids.iter().map(|id| format!("{}\n", named(id))).collect();
            output.data(&lines)?;
            output.note(&format!("{result}: {} of {}", ids.len(), seen(observations.len())));
        }
    }
    Ok(ended(found.is_some(), args))
}

/// Each observation by itself.
fn each(matcher: &Matcher, values: &[Value], version: Version, args: &PatternMatch, output: &Output) -> Outcome {
    let (mut refused, mut matched) = (0_u64, 0_u64);
    let observations = Observations::read_each(values, version, &mut |error| {
        refused += 1;
        output.note(&format!("[{}] {error}", error.code()));
    });
    if observations.is_empty() && refused == 0 {
        output.items().end(&json!({ "observations": 0, "matched": 0, "refused": 0 }))?;
        return nothing(output);
    }
    let mut items = output.items();
    for position in 0..observations.len() {
        let id = observations.id(position);
        let (result, error) = match matcher.matches_at(&observations, position, Steps::default()) {
            Ok(is_match) => (word(is_match), None),
            Err(error) => ("error", Some(error)),
        };
        matched += u64::from(result == "match");
        refused += u64::from(error.is_some());
        if output.form != Form::People {
            let mut told = json!({ "id": id, "result": result });
            if let (Some(error), Some(told)) = (&error, told.as_object_mut()) {
                told.insert("error".to_owned(), json!({ "code": error.code(), "message": error.to_string() }));
            }
            items.item(&told)?;
            continue;
        }
        let reason = error.map(|error| format!("\t[{}] {}", error.code(), visible(&error.to_string())));
        items.text(&format!("{result}\t{}{}\n", named(id), reason.unwrap_or_default()))?;
    }
    items.end(&json!({ "observations": observations.len(), "matched": matched, "refused": refused }))?;
    let outcome = ended(matched > 0, args);
    Ok(if refused > 0 { exit::worse(outcome, exit::PARTLY) } else { outcome })
}

fn nothing(output: &Output) -> Outcome {
    output.note("no observed-data was found, and only that is matched");
    Ok(exit::NOTHING)
}

fn ended(is_match: bool, args: &PatternMatch) -> u8 {
    if args.fail_on.is_some() && !is_match { exit::FINDINGS } else { exit::OK }
}

fn word(is_match: bool) -> &'static str {
    if is_match { "match" } else { "no-match" }
}

fn named(id: &str) -> String {
    if id.is_empty() { "–".to_owned() } else { visible(id) }
}

fn seen(observations: usize) -> String {
    counted(u64::try_from(observations).unwrap_or(u64::MAX), "observation")
}

fn answer(request: &Request, default: &str) -> Result<Answer, String> {
    let text = version(request.stix_version.as_deref(), default)?;
    let refused =
        |code: &str, message: String| Answer::new("error").with("error", json!({ "code": code, "message": message }));
    let pattern = match read(&request.pattern, text) {
        Ok(pattern) => pattern,
        Err(error) => return Ok(Answer::new("error").with("error", Fault::Pattern(error).json())),
    };
    let found = (|| {
        let matcher = pattern.compile().map_err(|e: CompileError| refused(e.code(), e.to_string()))?;
        let observations = Observations::read(&request.observations, Version::parse(text).unwrap_or_default())
            .map_err(|e: InputError| refused(e.code(), e.to_string()))?;
        let binding = matcher
            .matches(&observations, Steps::default())
            .map_err(|e: EvaluationError| refused(e.code(), e.to_string()))?;
        Ok(binding.map(|binding| binding.ids(&observations).map(str::to_owned).collect::<Vec<String>>()))
    })();
    Ok(match found {
        Ok(Some(ids)) => Answer::new("match").with("ids", ids),
        Ok(None) => Answer::new("no-match"),
        Err(answer) => answer,
    })
}
