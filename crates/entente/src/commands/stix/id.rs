//! `stix id`.

use std::path::{Path, PathBuf};

use entente_stix::kinds::{self, Class};
use entente_stix::tables::table;
use entente_stix::{Limits, id, json as strict};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::source::{each, limits, named, open, require};
use crate::commands::batch::{self, Answer};
use crate::failure::{Failure, Outcome, exit};
use crate::output::{Form, Items, Output, visible};

/// A request of the batch contract.
#[derive(Deserialize)]
struct Request {
    object: Box<RawValue>,
}

/// The id an object should have.
struct Identified {
    claimed: Option<String>,
    /// The deterministic id, or why there is none.
    id: Result<String, String>,
}

/// Computes ids.
pub(super) fn run(files: &[PathBuf], output: &Output) -> Outcome {
    let limits = limits();
    if batch::is_asked(output, files) {
        return batch::run(output, |request: Request| {
            let found = identify(request.object.get().as_bytes(), &limits);
            Ok(match found.id {
                Ok(id) => Answer::new(id),
                Err(reason) => Answer::new(Value::Null).with("reason", reason),
            })
        });
    }
    if files.is_empty() {
        return Err(Failure::usage("name files, or `-` for stdin").hint("entente stix id --help"));
    }
    require(files)?;
    let (mut objects, mut computed, mut differing) = (0_u64, 0_u64, 0_u64);
    let mut is_whole = true;
    let mut items = output.items();
    for file in files {
        let ended = each(&mut open(file, output)?, file, |item, _| {
            let found = match &item.raw {
                Ok(raw) => identify(raw, &limits),
                Err(error) => Identified { claimed: None, id: Err(format!("[{}] {error}", error.code())) },
            };
            objects += 1;
            computed += u64::from(found.id.is_ok());
            differing += u64::from(found.differs());
            print(&found, file, &mut items, output)
        })?;
        if let Some(error) = ended {
            is_whole = false;
            output.note(&format!("{}: [{}] {error}", named(file), error.code()));
        }
    }
    items.end(&json!({ "objects": objects, "computed": computed, "differing": differing }))?;
    if objects == 0 {
        output.note("no object was found");
        return Ok(exit::NOTHING);
    }
    Ok(if is_whole { exit::OK } else { exit::PARTLY })
}

fn print(found: &Identified, file: &Path, items: &mut Items, output: &Output) -> Result<(), Failure> {
    let Identified { claimed, id } = found;
    if output.form != Form::People {
        let (id, reason) = (id.as_ref().ok(), id.as_ref().err());
        let mut line = json!({ "file": file.display().to_string(), "claimed": claimed, "id": id });
        if let (Some(reason), Some(line)) = (reason, line.as_object_mut()) {
            line.insert("reason".to_owned(), json!(reason));
        }
        return items.item(&line);
    }
    let claimed = visible(claimed.as_deref().unwrap_or_default());
    items.text(&match id {
        Ok(id) => format!("{id}\t{claimed}\t{}\n", found.remark()),
        Err(reason) => format!("null\t{claimed}\t{}\n", visible(reason)),
    })
}

impl Identified {
    /// Whether the object has another id than the computed one.
    fn differs(&self) -> bool {
        matches!((&self.claimed, &self.id), (Some(claimed), Ok(id)) if claimed != id)
    }

    /// What the id it has is beside the computed one. A random one is allowed, a deterministic one must be right.
    fn remark(&self) -> &'static str {
        match &self.claimed {
            None => "",
            Some(_) if !self.differs() => "same",
            Some(claimed) if claimed.as_bytes().iter().rev().nth(21) == Some(&b'4') => "random",
            Some(_) => "differs",
        }
    }
}

/// Computes the id of one object, which need not have one yet.
fn identify(raw: &[u8], limits: &Limits) -> Identified {
    let object = strict::check(raw, limits)
        .map_err(|error| format!("[{}] {error}", error.code()))
        .and_then(|()| serde_json::from_slice::<Map<String, Value>>(raw).map_err(|_| "not an object".to_owned()));
    let object = match object {
        Ok(object) => object,
        Err(reason) => return Identified { claimed: None, id: Err(reason) },
    };
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    let claimed = text("id").map(str::to_owned);
    let id = match text("type") {
        Some(object_type) => id::sco_id(object_type, &object)
            .filter(|_| kinds::class(object_type).is_some())
            .ok_or_else(|| reason(object_type)),
        None => Err("the object has no `type`".to_owned()),
    };
    Identified { claimed, id }
}

/// Why an object of a type has no deterministic id.
fn reason(object_type: &str) -> String {
    match table(object_type) {
        None => format!("`{object_type}` is a custom type; what contributes to its id is not known here"),
        Some(_) if kinds::class(object_type) != Some(Class::Sco) => {
            format!("`{object_type}` is no observable; its id is random")
        }
        Some(table) if table.contributing.is_empty() => {
            format!("no property of `{object_type}` contributes to an id; it is random")
        }
        Some(table) => format!("none of {} is present; the id is random", table.contributing.join(", ")),
    }
}
