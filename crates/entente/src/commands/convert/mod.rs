//! `convert`: STIX 2.0 to STIX 2.1.

mod distinct;

use entente_stix::bundle::{Item, Shape};
use entente_stix::upgrade::{self, Options};
use entente_stix::{Object, ParseError, id, kinds};
use serde_json::json;

use self::distinct::Distinct;
use super::stix::source;
use crate::args::Convert;
use crate::failure::{Failure, Outcome, exit};
use crate::output::{Form, Output, Stream, counted, thousands, visible};

/// What is written, object by object.
struct Upgrade<'a> {
    output: &'a Output,
    stream: Stream,
    options: Options,
    /// The observables written: one that many observations saw is written once.
    distinct: Distinct,
    read: u64,
    wrote: u64,
    refused: u64,
}

/// Upgrades the objects of a file, and writes a bundle, or with `--jsonl` lines of objects.
pub(crate) fn run(args: &Convert, output: &Output) -> Outcome {
    source::require(&[&args.file])?;
    let options = Options { limits: source::limits(), malware_is_family: args.malware_is_family };
    let stream = output.stream();
    let mut upgrade = Upgrade { output, stream, options, distinct: Distinct::default(), read: 0, wrote: 0, refused: 0 };
    let mut reader = source::open(&args.file, output)?;
    let ended = source::each(&mut reader, &args.file, |item, shape| upgrade.object(item, shape))?;
    if let Some(error) = ended {
        upgrade.refuse(&format!("[{}] {error}", error.code()));
    }
    let bundle = match reader.wrapper().id.as_deref() {
        Some(text) if id::split(text).is_some_and(|(object_type, _)| object_type == "bundle") => text.to_owned(),
        _ => random_id()?,
    };
    upgrade.end(&bundle)
}

impl Upgrade<'_> {
    fn object(&mut self, item: &Item, shape: Shape) -> Result<(), Failure> {
        self.read += 1;
        let place = source::pointer(item.index, shape);
        let raw = match &item.raw {
            Ok(raw) => raw,
            Err(error) => {
                self.refuse(&format!("{place} [{}] {error}", error.code()));
                return Ok(());
            }
        };
        let upgraded = Object::parse(raw, &self.options.limits)
            .and_then(|object| upgrade::upgrade(&object, &self.options, &mut upgrade::bytes_of));
        match upgraded.and_then(|objects| self.distinct(objects)) {
            Ok(objects) => objects.iter().try_for_each(|object| self.write(object)),
            Err(error) => {
                self.refuse(&format!("{place}{} [{}] {error}", error.path(), error.code()));
                Ok(())
            }
        }
    }

    /// Leaves out what was written before.
    fn distinct(&mut self, objects: Vec<Object>) -> Result<Vec<Object>, ParseError> {
        let mut objects = objects.into_iter();
        let Some(first) = objects.next() else { return Ok(Vec::new()) };
        let inside: Vec<Object> = objects.collect();
        if !inside.is_empty() {
            return self.distinct.take(first, inside, &self.options.limits);
        }
        let is_observable = kinds::class(first.object_type()) == Some(kinds::Class::Sco);
        Ok(if is_observable && self.distinct.is_repeated(&first) { Vec::new() } else { vec![first] })
    }

    fn write(&mut self, object: &Object) -> Result<(), Failure> {
        if self.output.form != Form::JsonLines {
            let before = if self.wrote == 0 { "{\"type\":\"bundle\",\"objects\":[\n" } else { ",\n" };
            self.stream.write(before.as_bytes())?;
            self.stream.write(object.raw())?;
        } else {
            // Line ends are white space between the members of an object: inside strings they are escaped.
            let flat = String::from_utf8_lossy(object.raw()).replace(['\n', '\r'], " ");
            self.stream.write(flat.as_bytes())?;
            self.stream.write(b"\n")?;
        }
        self.wrote += 1;
        Ok(())
    }

    fn refuse(&mut self, reason: &str) {
        self.refused += 1;
        if self.refused <= REFUSED_SHOWN {
            self.output.note(&format!("refused {}", visible(reason)));
        }
    }

    fn end(mut self, bundle: &str) -> Outcome {
        if self.output.form == Form::JsonLines {
            let summary = json!({ "read": self.read, "written": self.wrote, "refused": self.refused });
            self.stream.json(&json!({ "summary": summary }))?;
        } else if self.wrote > 0 {
            self.stream.write(format!("\n],\"id\":\"{bundle}\"}}\n").as_bytes())?;
        } else {
            self.stream.write(format!("{{\"type\":\"bundle\",\"id\":\"{bundle}\"}}\n").as_bytes())?;
        }
        self.stream.flush()?;
        self.output.note(&format!(
            "{} read · {} written · {} refused",
            counted(self.read, "object"),
            thousands(self.wrote),
            thousands(self.refused)
        ));
        Ok(match (self.read, self.refused) {
            (0, _) => exit::NOTHING,
            (_, 0) => exit::OK,
            _ => exit::PARTLY,
        })
    }
}

// LIMIT: refused objects that are shown; all are counted.
const REFUSED_SHOWN: u64 = 20;

/// An identifier for a bundle that had none.
fn random_id() -> Result<String, Failure> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|_| Failure::new(exit::FAILURE, "random.unavailable", "no random bytes"))?;
    Ok(id::of_bytes("bundle", bytes))
}
