//! `pattern check`.

use entente_pattern::Pattern;
use entente_stix::{Code, Severity};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Fault, each, is_alone, parse, read, version};
use crate::args::PatternCheck;
use crate::commands::batch::{self, Answer};
use crate::failure::{Outcome, exit};
use crate::output::{Form, Output, counted, visible};

/// A request of the batch contract.
#[derive(Deserialize)]
struct Request {
    pattern: String,
    stix_version: Option<String>,
}

/// What the type check has to say.
struct Remark {
    code: Code,
    message: String,
}

impl Remark {
    fn json(&self) -> Value {
        json!({ "code": self.code.as_str(), "severity": self.code.severity().name(), "message": self.message })
    }
}

/// Reads patterns and says of each whether it is one.
pub(super) fn run(args: &PatternCheck, output: &Output) -> Outcome {
    if batch::is_asked(output, &args.patterns) {
        batch::refuse("--fail-on", args.fail_on.is_some(), "give the patterns as arguments")?;
        return batch::run(output, |request| answer(&request, args));
    }
    let (mut valid, mut invalid) = (0_u64, 0_u64);
    let mut items = output.items();
    let is_alone = is_alone(&args.patterns);
    each(&args.patterns, output, |asked| {
        let read = parse(&asked, &args.stix_version);
        let remarks = read.as_ref().map(|pattern| remarks(pattern, args.types)).unwrap_or_default();
        let is_valid = read.is_ok() && !has_error(&remarks);
        *(if is_valid { &mut valid } else { &mut invalid }) += 1;
        let verdict = word(is_valid);
        if output.form != Form::People {
            let mut told = json!({ "line": asked.number, "pattern": asked.text, "result": verdict });
            if let (Err(fault), Some(told)) = (&read, told.as_object_mut()) {
                told.insert("error".to_owned(), fault.json());
            } else if let (true, Some(told)) = (args.types, told.as_object_mut()) {
                told.insert("findings".to_owned(), remarks.iter().map(Remark::json).collect());
            }
            return items.item(&told);
        }
        let mut text = match &read {
            Err(fault) => fault.text(asked.text.unwrap_or_default()),
            Ok(_) => format!("{verdict}\n"),
        };
        for remark in &remarks {
            let Remark { code, message } = remark;
            text.push_str(&format!("  {} {code} {}\n", code.severity().name(), visible(message)));
        }
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

fn remarks(pattern: &Pattern, types: bool) -> Vec<Remark> {
    let mut remarks = Vec::new();
    if types {
        pattern.check_types(&mut |code, message| remarks.push(Remark { code, message }));
    }
    remarks
}

fn has_error(remarks: &[Remark]) -> bool {
    remarks.iter().any(|remark| remark.code.severity() == Severity::Error)
}

fn answer(request: &Request, args: &PatternCheck) -> Result<Answer, String> {
    let version = version(request.stix_version.as_deref(), &args.stix_version)?;
    let pattern = match read(&request.pattern, version) {
        Ok(pattern) => pattern,
        Err(error) => return Ok(Answer::new("invalid").with("error", Fault::Pattern(error).json())),
    };
    let remarks = remarks(&pattern, args.types);
    let answer = Answer::new(word(!has_error(&remarks)));
    Ok(if args.types { answer.with("findings", remarks.iter().map(Remark::json).collect::<Value>()) } else { answer })
}
