//! `sync`, `pull`, `push`, `export`.

use std::cell::RefCell;
use std::fs;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entente_exchange::Exchange;
use entente_exchange::export::ExportFormat;
use entente_exchange::node::read_secret;
use entente_exchange::sync::SyncRun;
use entente_stix::{Limits, Timestamp, bundle};
use entente_taxii::client::poll::{self, Poll, Position, Settings};
use entente_taxii::client::push::{self, Push};
use entente_taxii::client::{Delay, Method, Request, Response, TransportError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use super::{read_input, write_output};
use crate::args::{Export, Pull, Push as PushArgs};
use crate::failure::{Failure, Outcome, exit, remote};
use crate::output::{Form, Output, counted, json_safe, thousands};

const TIMEOUT: Duration = Duration::from_secs(60);
// LIMIT: one answer of a server; larger pages are refused.
const ANSWER_SIZE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Exchanges with other nodes now.
pub(crate) fn sync(party: Option<&str>, exchange: &Exchange, output: &Output) -> Outcome {
    exchange.release()?;
    let runs = exchange.sync(party)?;
    exchange.release()?;
    let summary = json!({ "runs": runs.len(), "complete": runs.iter().all(|run| run.complete) });
    output.list(
        &["party", "agreement", "received", "stored", "unchanged", "quarantined", "rejected", "receipts", "end"],
        &runs,
        |run| {
            vec![
                run.party.clone(),
                run.agreement.clone(),
                thousands(run.received),
                thousands(run.stored),
                thousands(run.unchanged),
                thousands(run.quarantined),
                thousands(run.rejected),
                format!("{} verified", thousands(run.verified)),
                run.stopped
                    .clone()
                    .unwrap_or_else(|| if run.complete { "complete" } else { "not complete" }.to_owned()),
            ]
        },
        &summary,
    )?;
    if runs.is_empty() {
        output.note("nobody to exchange with: no party has both an address here and an agreement");
        return Ok(exit::NOTHING);
    }
    Ok(runs.iter().fold(exit::OK, |worst, run| exit::worse(worst, ended(run))))
}

/// The exit code of one run.
fn ended(run: &SyncRun) -> u8 {
    match &run.stopped {
        Some(why) => remote(why.strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap_or_default()),
        None if !run.complete => exit::FAILURE,
        None if run.rejected > 0 => exit::PARTLY,
        None => exit::OK,
    }
}

/// Where a collection is, and how to ask for it.
struct Target {
    /// Scheme and host.
    base: String,
    /// Path of the collection, ending in a slash.
    path: String,
    authorization: Option<String>,
    agent: ureq::Agent,
    /// What the server said about its last refusal.
    refusal: RefCell<Option<String>>,
}

impl Target {
    fn new(url: &str, user: Option<&str>, password_file: Option<&Path>) -> Result<Self, Failure> {
        // Arguments are seen by other users of the machine and kept by shells; a message must not repeat the secret.
        if url.split_once("://").is_some_and(|(_, rest)| rest.split('/').next().unwrap_or_default().contains('@')) {
            return Err(Failure::usage("an address must not carry a password; use --user and --password-file"));
        }
        let bad = || {
            Failure::usage(format!("`{url}` is not the address of a collection: http(s)://host/…/collections/<id>/"))
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(bad)?;
        if !matches!(scheme, "http" | "https") {
            return Err(bad());
        }
        let (host, path) = rest.split_once('/').ok_or_else(bad)?;
        if host.is_empty() || !path.contains("collections/") {
            return Err(bad());
        }
        let authorization = match (user, password_file) {
            (Some(user), Some(file)) => {
                Some(format!("Basic {}", STANDARD.encode(format!("{user}:{}", read_secret(file)?))))
            }
            (Some(_), None) => return Err(Failure::usage("--user needs --password-file")),
            _ => None,
        };
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("entente/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        Ok(Self {
            base: format!("{scheme}://{host}"),
            path: format!("/{}/", path.trim_matches('/')),
            authorization,
            agent,
            refusal: RefCell::new(None),
        })
    }

    /// The path of the API root of the collection.
    fn root(&self) -> String {
        self.path.split_once("collections/").map_or_else(|| "/".to_owned(), |(root, _)| root.to_owned())
    }

    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let url = format!("{}{}", self.base, request.path);
        let transport = |error: ureq::Error| match error {
            ureq::Error::Timeout(_) => TransportError::Timeout,
            _ => TransportError::Connection,
        };
        let mut builder = ureq::http::Request::builder().uri(&url).method(match request.method {
            Method::Post => "POST",
            Method::Get => "GET",
        });
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        if let Some(authorization) = &self.authorization {
            builder = builder.header("Authorization", authorization);
        }
        let outcome = match request.method {
            Method::Post => builder.body(request.body.clone()).map(|request| self.agent.run(request)),
            Method::Get => builder.body(()).map(|request| self.agent.run(request)),
        };
        let mut response = outcome.map_err(|_| TransportError::Connection)?.map_err(transport)?;
        let headers = response
            .headers()
            .iter()
            .filter_map(|(name, value)| value.to_str().ok().map(|value| (name.as_str().to_owned(), value.to_owned())))
            .collect();
        let status = response.status().as_u16();
        let body = response
            .body_mut()
            .with_config()
            .limit(ANSWER_SIZE_BYTES_MAX)
            .read_to_vec()
            .map_err(|_| TransportError::Truncated)?;
        *self.refusal.borrow_mut() = if status >= 400 { said(&body) } else { None };
        Ok(Response { status, headers, body })
    }

    /// The failure of a request that was answered or could not be sent.
    fn failed(&self, error: &dyn std::fmt::Display, status: Option<u16>, refused: bool) -> Failure {
        let (code, exit_code) = match status {
            Some(401) => ("auth.refused", exit::AUTH),
            Some(404) => ("taxii.not_found", exit::NOT_FOUND),
            Some(403) => ("taxii.refused", exit::REFUSED),
            _ if refused => ("taxii.refused", exit::REFUSED),
            _ => ("taxii.stopped", exit::FAILURE),
        };
        let said = self.refusal.borrow().as_ref().map_or_else(String::new, |said| format!(": {said}"));
        Failure::new(exit_code, code, format!("{error}{said}"))
    }
}

/// Title and code of a TAXII error message (TAXII 2.1 section 3.6.1), cut to what fits a line.
fn said(body: &[u8]) -> Option<String> {
    let message: serde_json::Value = serde_json::from_slice(body).ok()?;
    let text = |key: &str| message.get(key).and_then(serde_json::Value::as_str);
    let title = text("title")?;
    let said = text("error_code").map_or_else(|| title.to_owned(), |code| format!("{title} [{code}]"));
    Some(said.chars().take(200).collect())
}

/// Waits as the state machine says. Without a random source at hand, half of the upper bound serves as the jittered time.
fn wait(delay: Delay) {
    std::thread::sleep(match delay {
        Delay::Exactly(time) => time,
        Delay::UpTo(time) => time / 2,
    });
}

fn now() -> Timestamp {
    (entente_exchange::system_clock())()
}

/// The file that remembers how far a collection was read.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    format: u8,
    collection: String,
    added_after: Option<Timestamp>,
    next: Option<String>,
}

fn read_cursor(path: &Path, collection: &str) -> Result<Position, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Position::default()),
        Err(error) => return Err(Failure::file("read", path, &error)),
    };
    let cursor: Cursor = serde_json::from_str(&text).map_err(|e| {
        Failure::new(exit::USAGE, "pull.cursor", format!("`{}` is not a cursor file: {e}", path.display()))
    })?;
    if cursor.collection != collection {
        return Err(Failure::new(
            exit::USAGE,
            "pull.cursor",
            format!("`{}` belongs to collection {}", path.display(), cursor.collection),
        ));
    }
    Ok(Position { added_after: cursor.added_after, next: cursor.next, ..Position::default() })
}

/// Reads a collection of any TAXII 2.1 server to its end; objects as JSON lines.
pub(crate) fn pull(args: &Pull, output: &Output) -> Outcome {
    let target = Target::new(&args.url, args.user.as_deref(), args.password_file.as_deref())?;
    let collection = format!("{}{}", target.base, target.path);
    let position =
        args.cursor_file.as_deref().map_or_else(|| Ok(Position::default()), |path| read_cursor(path, &collection))?;
    let mut sink: Option<fs::File> = match &args.out {
        Some(path) => Some(
            fs::OpenOptions::new().create(true).append(true).open(path).map_err(|e| Failure::file("open", path, &e))?,
        ),
        None => None,
    };
    let mut poll = Poll::new(Settings::new(target.path.clone()), position);
    let mut malformed = 0_u64;
    // `--json` is one document, so its objects wait for the end; the other forms stream.
    let mut gathered: Vec<Box<RawValue>> = Vec::new();
    let mut action = poll::Action::Send;
    let end = loop {
        action = match action {
            poll::Action::Send => poll.on_response(target.send(&poll.next_request()), now()),
            poll::Action::Wait(delay) => {
                wait(delay);
                poll.on_response(target.send(&poll.next_request()), now())
            }
            poll::Action::Page(page) => {
                malformed += page.malformed_count;
                let mut lines = Vec::new();
                for object in &page.objects {
                    lines.extend_from_slice(&one_line(object));
                    lines.push(b'\n');
                }
                match (&mut sink, &args.out) {
                    (Some(file), Some(path)) => {
                        file.write_all(&lines)
                            .and_then(|()| file.sync_data())
                            .map_err(|e| Failure::file("write", path, &e))?;
                    }
                    _ if output.form == Form::Json => {
                        let raw = page.objects.iter().filter_map(|object| serde_json::from_slice(object).ok());
                        gathered.extend(raw);
                    }
                    _ if std::io::stdout().is_terminal() => {
                        output.bytes(json_safe(&String::from_utf8_lossy(&lines)).as_bytes())?;
                    }
                    _ => output.bytes(&lines)?,
                }
                let next = poll.commit();
                if let Some(path) = &args.cursor_file {
                    let position = poll.position();
                    let cursor = Cursor {
                        format: 1,
                        collection: collection.clone(),
                        added_after: position.added_after,
                        next: position.next.clone(),
                    };
                    let text = serde_json::to_vec(&cursor).unwrap_or_default();
                    write_output(Some(path), &text, output)?;
                }
                next
            }
            poll::Action::Complete => break Ok(()),
            poll::Action::Stop(error) => break Err(error),
        };
    };
    let summary = poll.summary();
    let line = format!(
        "{} in {}, {} bytes, {} malformed",
        counted(summary.received, "object"),
        counted(summary.pages, "page"),
        thousands(summary.bytes),
        thousands(malformed)
    );
    match end {
        Ok(()) => {
            let counts = json!({ "received": summary.received, "pages": summary.pages, "bytes": summary.bytes,
                "malformed": malformed, "complete": true });
            match output.form {
                Form::People => output.note(&format!("{line}: complete")),
                Form::Json if args.out.is_some() => output.json(&json!({ "summary": counts }))?,
                Form::Json => output.json(&json!({ "objects": gathered, "summary": counts }))?,
                Form::JsonLines => output.json(&json!({ "summary": counts }))?,
            }
            Ok(if malformed > 0 { exit::PARTLY } else { exit::OK })
        }
        Err(error) => {
            let status = if let poll::PollError::Answer { status } = &error { Some(*status) } else { None };
            let refused = matches!(error, poll::PollError::NotReadable);
            Err(target.failed(&error, status, refused).with("so far", line).with("collection", args.url.clone()))
        }
    }
}

/// JSON text without line breaks: those between tokens become blanks (inside strings JSON has none).
fn one_line(object: &[u8]) -> Vec<u8> {
    object.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }).collect()
}

/// Adds objects to a collection of any TAXII 2.1 server.
pub(crate) fn push(args: &PushArgs, output: &Output) -> Outcome {
    let target = Target::new(&args.to, args.user.as_deref(), args.password_file.as_deref())?;
    let bytes = read_input(&args.file, output)?;
    let mut objects: Vec<Vec<u8>> = Vec::new();
    match bundle::split(&bytes, &Limits::offline()) {
        Ok(split) => objects.extend(split.objects.iter().map(|object| object.to_vec())),
        Err(whole) => {
            for (number, line) in
                bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.trim_ascii().is_empty())
            {
                let split = bundle::split(line, &Limits::offline()).map_err(|error| {
                    Failure::new(
                        exit::USAGE,
                        error.code(),
                        format!("neither STIX nor JSON lines: {whole}; line {}: {error}", number + 1),
                    )
                })?;
                objects.extend(split.objects.iter().map(|object| object.to_vec()));
            }
        }
    }
    if objects.is_empty() {
        return Err(Failure::new(exit::NOTHING, "push.nothing", format!("`{}` holds no object", args.file.display())));
    }
    let mut push = Push::new(target.root(), target.path.clone(), objects);
    let mut action = push::Action::Send;
    let end = loop {
        action = match action {
            push::Action::Send => push.on_response(target.send(&push.next_request()), now()),
            push::Action::Wait(delay) => {
                wait(delay);
                push.on_response(target.send(&push.next_request()), now())
            }
            push::Action::Complete => break Ok(()),
            push::Action::Stop(error) => break Err(error),
        };
    };
    let report = push.report();
    let failed = u64::try_from(report.failures.len()).unwrap_or(u64::MAX).saturating_add(report.failures_unlisted);
    let counts = format!(
        "{} added, {} failed, {} pending in {}",
        report.succeeded,
        failed,
        report.pending,
        counted(report.batches, "batch")
    );
    if let Err(error) = end {
        let status = if let push::PushError::Answer { status } = &error { Some(*status) } else { None };
        let refused = matches!(error, push::PushError::NotWritable);
        let failure = target.failed(&error, status, refused).with("collection", args.to.clone());
        return Err(if report.batches > 0 { failure.with("so far", counts) } else { failure });
    }
    match output.form {
        Form::People => {
            for failure in report.failures.iter().take(20) {
                output.note(&format!("failed {}: {}", failure.id, crate::output::visible(&failure.message)));
            }
            output.note(&counts);
        }
        _ => output.json(&json!({
            "added": report.succeeded, "failed": failed, "pending": report.pending, "batches": report.batches,
            "failures": report.failures.iter().map(|f| json!({ "id": f.id, "message": f.message })).collect::<Vec<_>>(),
        }))?,
    }
    Ok(if failed > 0 { exit::PARTLY } else { exit::OK })
}

/// Writes an export.
pub(crate) fn export(args: &Export, exchange: &Exchange, output: &Output) -> Outcome {
    let format = ExportFormat::parse(&args.format).ok_or_else(|| {
        Failure::usage(format!("`{}` is not an export; use {}", args.format, ExportFormat::WORDS.join(", ")))
    })?;
    let export = match &args.party {
        Some(party) => exchange.export_for(format, party)?,
        None => exchange.export(format)?,
    };
    let left_out: u64 = export.withheld.values().sum();
    match (&args.out, output.form) {
        (None, Form::Json | Form::JsonLines) => output.json(&json!({
            "format": args.format, "objects": export.objects, "withheld": export.withheld,
            "content": String::from_utf8_lossy(&export.bytes),
        }))?,
        (Some(out), Form::Json | Form::JsonLines) => {
            write_output(Some(out), &export.bytes, output)?;
            output.json(&json!({
                "format": args.format, "objects": export.objects, "withheld": export.withheld, "file": out,
            }))?;
        }
        (out, Form::People) => write_output(out.as_deref(), &export.bytes, output)?,
    }
    // Only what is about one value has a row; organisations, markings and relationships have none.
    let lines = u64::try_from(export.bytes.iter().filter(|byte| **byte == b'\n').count()).unwrap_or(u64::MAX);
    let rows = match format {
        ExportFormat::Csv => format!("{} from ", counted(lines.saturating_sub(1), "row")),
        ExportFormat::List => format!("{} from ", counted(lines, "value")),
        ExportFormat::Stix => String::new(),
    };
    output.note(&format!("{rows}{}, {} left out", counted(export.objects, "object"), thousands(left_out)));
    for (reason, n) in &export.withheld {
        output.note(&format!("  {} {reason}", thousands(*n)));
    }
    Ok(if export.objects == 0 { exit::NOTHING } else { exit::OK })
}
