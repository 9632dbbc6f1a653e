//! `pattern check`.

use serde::Deserialize;
use serde_json::json;

use super::{Fault, each, is_alone, parse, read, version};
use crate::args::PatternCheck;
use crate::commands::batch::{self, Answer};
use crate::failure::{Outcome, exit};
use crate::output::{Form, Output, counted};

/// A request of the batch contract.
#[derive(Deserialize)]
struct Request {
    pattern: String,
    stix_version: Option<String>,
}

/// Reads patterns and says of each whether it is one.
pub(super) fn run(args: &PatternCheck, output: &Output) -> Outcome {
    if batch::is_asked(output, &args.patterns) {
        batch::refuse("--fail-on", args.fail_on.is_some(), "give the patterns as arguments")?;
        return batch::run(output, |request| answer(&request, &args.stix_version));
    }
    let (mut valid, mut invalid) = (0_u64, 0_u64);
    let mut items = output.items();
    let is_alone = is_alone(&args.patterns);
    each(&args.patterns, output, |asked| {
        let read = parse(&asked, &args.stix_version);
        let is_valid = read.is_ok();
        *(if is_valid { &mut valid } else { &mut invalid }) += 1;
        let verdict = word(is_valid);
        if output.form != Form::People {
            let mut told = json!({ "line": asked.number, "pattern": asked.text, "result": verdict });
            if let (Err(fault), Some(told)) = (&read, told.as_object_mut()) {
                told.insert("error".to_owned(), fault.json());
            }
            return items.item(&told);
        }
        let mut text = match &read {
            Err(fault) => fault.text(asked.text.unwrap_or_default()),
            Ok(_) => format!("{verdict}\n"),
        };
        if !is_alone {
            text.insert_str(0, &format!("{}: ", asked.number));
        }
        items.text(&text)
    })?;
    items.end(&json!({ "patterns": valid + invalid, "valid": valid, "invalid": invalid }))?;
    if valid + invalid == 0 {
        output.note("nothing to check: give a pattern as an argument, or one a line on stdin");
        return Ok(exit::NOTHING);
    }
    if !is_alone && output.form == Form::People {
        output.note(&format!("{} · {valid} valid · {invalid} invalid", counted(valid + invalid, "pattern")));
    }
    Ok(if args.fail_on.is_some() && invalid > 0 { exit::FINDINGS } else { exit::OK })
}

fn word(is_valid: bool) -> &'static str {
    if is_valid { "valid" } else { "invalid" }
}

fn answer(request: &Request, default: &str) -> Result<Answer, String> {
    Ok(match read(&request.pattern, version(request.stix_version.as_deref(), default)?) {
        Ok(_) => Answer::new("valid"),
        Err(error) => Answer::new("invalid").with("error", Fault::Pattern(error).json()),
    })
}
