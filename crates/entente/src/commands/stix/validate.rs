//! `stix validate`.

use std::io::BufRead;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use entente_pattern::check_indicator;
use entente_stix::bundle::{Item, Reader, Shape};
use entente_stix::validate::{BundleCheck, Context, Finding, Profile, Resolve, Verdict, validate, validate_bytes};
use entente_stix::{Code, Limits, Object, ParseError, Severity, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::known::Known;
use super::report;
use super::source::{each, limits, named, open, pointer, require};
use super::tally::{Kept, OfCode, Row, Tally};
use crate::args::StixValidate;
use crate::commands::batch::{self, Answer};
use crate::failure::{Failure, Outcome, exit};
use crate::output::{Form, Items, Output, counted, visible};

/// A request of the batch contract.
#[derive(Deserialize)]
struct Request {
    object: Box<RawValue>,
    profile: Option<String>,
}

/// By what objects are judged.
struct Rules {
    profile: Profile,
    /// Whether references that lead out of a file are noted.
    refs: bool,
    now: Timestamp,
    limits: Limits,
}

// LIMIT: findings of a run that are listed, unless the caller asks for another number.
const LISTED: usize = 10_000;
/// As many as a person reads.
const LISTED_TO_PEOPLE: usize = 100;
/// Findings of one code in one file that are no errors; whoever gives a limit has it filled.
const OF_CODE_TO_PEOPLE: OfCode = OfCode { warnings: 10, notes: 3 };
// LIMIT: characters of an identifier that are repeated with each finding. A type has 250 at most, a UUID 36.
const ID_SHOWN: usize = 300;

/// Where findings go.
enum Sink<'a> {
    /// Kept to the end of the file, the worst first.
    Kept(Kept),
    /// Printed as they come.
    Lines { file: &'a str, items: &'a mut Items, left: usize, notes_left: usize, listed: u64, failed: Option<Failure> },
}

impl Sink<'_> {
    fn wants(&self, code: Code, severity: Severity) -> bool {
        match self {
            Self::Kept(kept) => kept.wants(code, severity),
            Self::Lines { left, notes_left, .. } => *left > 0 && (severity != Severity::Note || *notes_left > 0),
        }
    }

    fn push(&mut self, row: Row) {
        match self {
            Self::Kept(kept) => kept.push(row),
            Self::Lines { file, items, left, notes_left, listed, failed } => {
                *left = left.saturating_sub(1);
                *listed = listed.saturating_add(row.count);
                if row.severity == Severity::Note {
                    *notes_left = notes_left.saturating_sub(1);
                }
                let mut line = row.json();
                if let Some(line) = line.as_object_mut() {
                    line.shift_insert(0, "file".to_owned(), json!(file));
                }
                if failed.is_none() {
                    *failed = items.item(&line).err();
                }
            }
        }
    }

    /// What kept a finding from being printed.
    fn failure(&mut self) -> Result<(), Failure> {
        match self {
            Self::Lines { failed, .. } => failed.take().map_or(Ok(()), Err),
            Self::Kept(_) => Ok(()),
        }
    }
}

/// The object that findings are about.
#[derive(Clone, Copy)]
struct Place<'a> {
    index: u64,
    line: Option<u64>,
    id: Option<&'a str>,
    shape: Shape,
}

/// Counts, and where findings go.
struct Log<'a> {
    tally: Tally,
    sink: Sink<'a>,
}

impl Log<'_> {
    /// Takes a finding in one object, or about the whole.
    fn take(&mut self, finding: &Finding<'_>, place: Option<Place<'_>>, path: impl FnOnce(String) -> String) {
        self.tally.finding(finding.code(), finding.severity(), finding.count());
        if !self.sink.wants(finding.code(), finding.severity()) {
            return;
        }
        let path = if finding.is_rest() { String::new() } else { path(finding.path().to_string()) };
        self.sink.push(Row {
            code: finding.code(),
            severity: finding.severity(),
            index: place.map(|place| place.index),
            line: place.and_then(|place| place.line),
            object: place.and_then(|place| place.id).map(short),
            path,
            message: finding.message().to_string(),
            rule: finding.rule().to_string(),
            spec: finding.spec().to_string(),
            hint: finding.hint(),
            count: finding.count(),
        });
    }

    /// Notes that a text is not what it should be.
    fn broken(&mut self, error: &ParseError, place: Option<Place<'_>>) {
        let code = Code::find(error.code()).unwrap_or(Code::E001);
        self.tally.finding(code, Severity::Error, 1);
        if self.sink.wants(code, Severity::Error) {
            self.sink.push(Row {
                code,
                severity: Severity::Error,
                index: place.map(|place| place.index),
                line: place.and_then(|place| place.line),
                object: None,
                path: place.map_or_else(String::new, |place| pointer(place.index, place.shape)) + error.path(),
                message: error.to_string(),
                rule: code.meaning().to_owned(),
                spec: "STIX 2.1 §8".to_owned(),
                hint: None,
                count: 1,
            });
        }
    }
}

/// What is being read.
struct Run<'a> {
    rules: &'a Rules,
    /// What the objects refer to, where that is asked for and can be told.
    known: Option<&'a Known>,
    whole: BundleCheck,
    log: Log<'a>,
}

impl<'a> Run<'a> {
    fn new(rules: &'a Rules, known: Option<&'a Known>, sink: Sink<'a>) -> Self {
        let whole = BundleCheck::new(rules.profile, rules.refs);
        Self { rules, known, whole, log: Log { tally: Tally::default(), sink } }
    }

    /// Judges one object.
    fn object(&mut self, item: &Item, shape: Shape) -> Result<(), Failure> {
        let Rules { profile, now, limits, .. } = self.rules;
        let Self { known, whole, log, .. } = self;
        // The line says something only where each object has its own.
        let line = item.line.filter(|_| shape == Shape::Lines);
        let place = Place { index: item.index, line, id: None, shape };
        let raw = match &item.raw {
            Ok(raw) => raw,
            Err(error) => {
                log.tally.object(Verdict::Invalid);
                log.broken(&ParseError::from(*error), Some(place));
                return log.sink.failure();
            }
        };
        let enclosed = matches!(shape, Shape::Bundle | Shape::Envelope);
        let find = |id: &str| known.and_then(|known| known.find(id));
        let resolve: Option<&Resolve<'_>> = if known.is_some() { Some(&find) } else { None };
        let context = Context { now: Some(*now), enclosed, patterns: Some(&check_indicator), resolve };
        let within = |path: String| format!("{}{path}", pointer(item.index, shape));
        let verdict = match Object::parse(raw, limits) {
            Ok(object) => {
                let place = Some(Place { id: Some(object.id()), ..place });
                let verdict = validate(&object, *profile, &context, &mut |finding| log.take(finding, place, within));
                let index = usize::try_from(item.index).unwrap_or(usize::MAX);
                whole.object(index, &object, &mut |finding| log.take(finding, place, |path| rebased(path, shape)));
                verdict
            }
            Err(_) => {
                let id = claimed_id(raw);
                let place = Some(Place { id: id.as_deref(), ..place });
                validate_bytes(raw, limits, *profile, &context, &mut |finding| log.take(finding, place, within))
            }
        };
        log.tally.object(verdict);
        log.sink.failure()
    }

    /// Reads to the end, and returns what surrounded the objects with what was found.
    fn read<R: BufRead>(mut self, reader: &mut Reader<R>, file: &Path) -> Result<(Option<Shape>, Log<'a>), Failure> {
        let ended = each(reader, file, |item, shape| self.object(item, shape))?;
        let kind = reader.kind();
        let Self { mut whole, mut log, .. } = self;
        let (id, version) = (reader.wrapper().id.as_deref(), reader.wrapper().spec_version.as_deref());
        // What a bundle says of itself may stand behind its objects, so of one that was cut short it is not known.
        if kind == Some(Shape::Bundle) && ended.is_none() {
            whole.head(id, version, &mut |finding| log.take(finding, None, |path| path));
        }
        whole.finish(&mut |finding| log.take(finding, None, |path| rebased(path, kind.unwrap_or(Shape::Object))));
        if let Some(error) = ended {
            log.broken(&error, None);
        }
        log.sink.failure()?;
        Ok((kind, log))
    }
}

/// A pointer into `objects` as one into what surrounds the objects.
fn rebased(path: String, shape: Shape) -> String {
    match (shape, path.strip_prefix("/objects")) {
        (Shape::List, Some(rest)) => rest.to_owned(),
        (Shape::Lines | Shape::Object, Some(rest)) => {
            rest.trim_start_matches('/').split_once('/').map_or_else(String::new, |(_, rest)| format!("/{rest}"))
        }
        _ => path,
    }
}

/// Judges files and prints what was found.
pub(super) fn run(args: &StixValidate, output: &Output) -> Outcome {
    let limit = args.limit.unwrap_or(if output.form == Form::People { LISTED_TO_PEOPLE } else { LISTED });
    let rules = Rules { profile: profile(&args.profile)?, refs: args.refs, now: now(), limits: limits() };
    if batch::is_asked(output, &args.files) {
        let instead = "name the file, such as /dev/stdin, to have its findings as JSON lines";
        batch::refuse("--fail-on", args.fail_on.is_some(), instead)?;
        return batch::run(output, |request| answer(&request, &rules, limit));
    }
    if args.files.is_empty() {
        return Err(Failure::usage("name files to validate, or `-` for stdin").hint("entente stix validate --help"));
    }
    require(&args.files)?;
    let (total, listed, has_empty) = judge(args, &rules, limit, output)?;
    if total.total() > listed {
        output.note(&format!("{} not listed; --limit lists more", counted(total.total() - listed, "finding")));
    }
    if has_empty {
        output.note("nothing was checked in a file that has no object");
        return Ok(exit::NOTHING);
    }
    let fails = match args.fail_on.as_deref() {
        Some("error") => total.worst() >= Some(Severity::Error),
        Some(_) => total.worst() >= Some(Severity::Warning),
        None => false,
    };
    Ok(if fails { exit::FINDINGS } else { exit::OK })
}

/// Judges each file. Returns the counts of all, how many findings were listed, and whether a file had no object.
fn judge(args: &StixValidate, rules: &Rules, limit: usize, output: &Output) -> Result<(Tally, u64, bool), Failure> {
    let is_for_people = args.limit.is_none() && output.form == Form::People;
    let of_code = if is_for_people { OF_CODE_TO_PEOPLE } else { OfCode::ALL };
    let mut total = Tally::default();
    let (mut left, mut all_listed, mut has_empty) = (limit, 0_u64, false);
    let mut items = output.items();
    let mut files: Vec<Value> = Vec::new();
    for file in &args.files {
        let name = if output.form == Form::People { named(file) } else { file.display().to_string() };
        let sink = match output.form {
            Form::JsonLines => {
                let notes_left = left.div_ceil(2);
                Sink::Lines { file: &name, items: &mut items, left, notes_left, listed: 0, failed: None }
            }
            Form::Json | Form::People => Sink::Kept(Kept::new(left, of_code)),
        };
        let known = if rules.refs { at_hand(file, &rules.limits, output)? } else { None };
        let (kind, Log { tally, sink }) = Run::new(rules, known.as_ref(), sink).read(&mut open(file, output)?, file)?;
        has_empty |= tally.objects == 0;
        total.add(&tally);
        match sink {
            Sink::Lines { left: still, listed, .. } => {
                left = still;
                all_listed += listed;
            }
            Sink::Kept(kept) => {
                left = left.saturating_sub(kept.len());
                all_listed += kept.count();
                if output.form == Form::Json {
                    files.push(report::file_json(&name, kind, &tally, &kept));
                } else {
                    report::people(&name, kind, &tally, &kept, Some(file) == args.files.last(), output)?;
                }
            }
        }
    }
    match output.form {
        Form::Json => output.json(&json!({ "files": files, "summary": total.json() }))?,
        Form::JsonLines => items.end(&total.json())?,
        Form::People if args.files.len() > 1 => report::total(args.files.len(), &total, output),
        Form::People => {}
    }
    Ok((total, all_listed, has_empty))
}

/// Reads a file for what its objects refer to. A stream that can be read once only is judged without.
fn at_hand(file: &Path, limits: &Limits, output: &Output) -> Result<Option<Known>, Failure> {
    if file != Path::new("-") && std::fs::metadata(file).is_ok_and(|found| found.is_file()) {
        return Known::read(|| open(file, output), file, limits);
    }
    output.note(&format!(
        "{}: can be read once only, so definitions and translated objects are not looked for; name a file for that",
        named(file)
    ));
    Ok(None)
}

fn answer(request: &Request, rules: &Rules, limit: usize) -> Result<Answer, String> {
    let profile = match &request.profile {
        Some(word) => profile(word).map_err(|failure| failure.message)?,
        None => rules.profile,
    };
    let rules = Rules { profile, ..*rules };
    let stdin = Path::new("-");
    let open = || Ok(Reader::new(request.object.get().as_bytes(), &rules.limits));
    let known = Known::read(open, stdin, &rules.limits).map_err(|failure| failure.message)?;
    let run = Run::new(&rules, known.as_ref(), Sink::Kept(Kept::new(limit, OfCode::ALL)));
    let mut reader = Reader::new(request.object.get().as_bytes(), &rules.limits);
    let (_, log) = run.read(&mut reader, stdin).map_err(|failure| failure.message)?;
    let verdict = log.tally.worst().map_or(Verdict::Valid, Verdict::of).name();
    let findings: Vec<Value> = match &log.sink {
        Sink::Kept(kept) => kept.iter().map(Row::json).collect(),
        Sink::Lines { .. } => Vec::new(),
    };
    Ok(if findings.is_empty() { Answer::new(verdict) } else { Answer::new(verdict).with("findings", findings) })
}

/// An identifier, or the beginning of what is too long to be one.
fn short(id: &str) -> String {
    match id.char_indices().nth(ID_SHOWN) {
        Some((end, _)) => format!("{}…", id.get(..end).unwrap_or_default()),
        None => id.to_owned(),
    }
}

/// The identifier that bytes claim which are no object.
fn claimed_id(raw: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Head {
        id: Option<String>,
    }
    serde_json::from_slice::<Head>(raw).ok()?.id
}

fn profile(word: &str) -> Result<Profile, Failure> {
    Profile::find(word)
        .ok_or_else(|| Failure::usage(format!("`{}` is not a profile; use standard, strict or lenient", visible(word))))
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
