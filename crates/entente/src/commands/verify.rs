//! `verify` and `receipt show`: proofs, checked without a node, a network or a home directory.

use std::fs;
use std::path::{Path, PathBuf};

use entente_agreement::Agreement;
use entente_exchange::Exchange;
use entente_ledger::checkpoint::Checkpoint;
use entente_ledger::fork;
use entente_ledger::leaf::Leaf;
use entente_ledger::note::VerifierKey;
use entente_ledger::policy::Policy;
use entente_ledger::receipt::Receipt;
use entente_ledger::{Hash, UnixSeconds};
use serde_json::json;

use super::write_output;
use crate::args::{Receipt as ReceiptCommand, Verify};
use crate::failure::{Failure, Outcome, exit};
use crate::output::{Form, Output};

/// Writes an object, its receipt and the policy that trusts the log.
pub(crate) fn receipt(command: ReceiptCommand, exchange: &Exchange, output: &Output) -> Outcome {
    let ReceiptCommand::Show { object, agreement, to, out } = command;
    let proof = match (agreement, to) {
        (Some(agreement), Some(to)) => {
            let seq = object.parse().map_err(|_| Failure::usage(format!("`{object}` is not a manifest position")))?;
            exchange.release_proof(&agreement, &to, seq)?
        }
        _ => exchange.received_proof(&object)?,
    };
    fs::create_dir_all(&out).map_err(|e| Failure::file("create", &out, &e))?;
    let files: Vec<PathBuf> =
        ["json", "tlog-proof", "policy"].iter().map(|ending| out.join(format!("{}.{ending}", proof.object))).collect();
    for (file, bytes) in files.iter().zip([proof.bytes.as_slice(), proof.receipt.as_slice(), proof.policy.as_bytes()]) {
        write_output(Some(file), bytes, output)?;
    }
    match output.form {
        Form::People => {
            for file in &files {
                output.data(&format!("{}\n", file.display()))?;
            }
        }
        _ => output.json(&json!({ "object": proof.object, "files": files }))?,
    }
    Ok(exit::OK)
}

/// What was found about one file.
enum Found {
    Verified(Lines),
    Wrong(Failure),
    Nothing(String),
}

/// Checks files; every file must hold.
pub(crate) fn run(args: &Verify, output: &Output) -> Outcome {
    let mut worst = exit::OK;
    let mut results = Vec::new();
    for file in &args.files {
        let found = match one(file, args) {
            Ok(Some(lines)) => Found::Verified(lines),
            Ok(None) => Found::Nothing(nothing(file)),
            Err(failure) if failure.exit == exit::VERIFICATION => Found::Wrong(failure),
            Err(failure) => return Err(failure),
        };
        worst = exit::worse(
            worst,
            match &found {
                Found::Verified(_) => exit::OK,
                Found::Wrong(_) => exit::VERIFICATION,
                Found::Nothing(_) => exit::NOTHING,
            },
        );
        results.push((file, found));
    }
    match output.form {
        Form::People => {
            for (file, found) in &results {
                output.data(&print(file, found, args.files.len() > 1))?;
            }
        }
        Form::Json => {
            let checked = results.iter().filter(|(_, found)| !matches!(found, Found::Nothing(_))).count();
            let files: Vec<_> = results.iter().map(|(file, found)| record(file, found)).collect();
            output.json(&json!({ "verified": worst == exit::OK, "checked": checked, "files": files }))?;
        }
        Form::JsonLines => {
            for (file, found) in &results {
                output.json(&record(file, found))?;
            }
            output.json(&json!({ "summary": { "verified": worst == exit::OK, "files": results.len() } }))?;
        }
    }
    Ok(worst)
}

/// One file for people; its name where there are several, or where it does not hold.
fn print(file: &Path, found: &Found, several: bool) -> String {
    let name = crate::output::visible(&file.display().to_string());
    let mut text = if several { format!("file       {name}\n") } else { String::new() };
    match found {
        Found::Verified(lines) => {
            for (name, value) in lines {
                text.push_str(&format!("{name:<11}{}\n", crate::output::visible(value)));
            }
            text.push_str("VERIFIED\n");
        }
        Found::Wrong(failure) => text.push_str(&format!(
            "NOT VERIFIED {name}: [{}] {}\n",
            failure.code,
            crate::output::visible(&failure.message)
        )),
        Found::Nothing(why) => text.push_str(&format!("NOT CHECKED {name}: [{NOTHING}] {why}\n")),
    }
    text
}

fn record(file: &Path, found: &Found) -> serde_json::Value {
    match found {
        Found::Verified(lines) => {
            let shown: serde_json::Map<_, _> = lines.iter().map(|(n, v)| ((*n).to_owned(), json!(v))).collect();
            json!({ "file": file, "verified": true, "shown": shown })
        }
        Found::Wrong(failure) => {
            json!({ "file": file, "verified": false, "code": failure.code, "message": failure.message })
        }
        Found::Nothing(why) => json!({ "file": file, "verified": false, "code": NOTHING, "message": why }),
    }
}

const NOTHING: &str = "verify.nothing";

/// Why a file was not checked; the object of a receipt names its receipt.
fn nothing(file: &Path) -> String {
    let receipt = file.with_extension("tlog-proof");
    if receipt.is_file() && receipt != file {
        return format!("holds no proof; that is in {}", crate::output::visible(&receipt.display().to_string()));
    }
    "holds no receipt, agreement, checkpoint or evidence of a fork".to_owned()
}

type Lines = Vec<(&'static str, String)>;

/// Checks one file by what it is; `None` when it holds nothing to verify.
fn one(file: &Path, args: &Verify) -> Result<Option<Lines>, Failure> {
    let bytes = fs::read(file).map_err(|e| Failure::file("read", file, &e))?;
    let text = String::from_utf8_lossy(&bytes);
    if bytes.starts_with(b"c2sp.org/tlog-proof@v1\n") {
        return receipt_file(file, &bytes, args).map(Some);
    }
    if text.starts_with("format = \"entente/agreement@") {
        let agreement = agreement(&bytes)?;
        let terms = agreement.terms();
        let signed: Vec<&str> = terms.parties.iter().map(|party| party.id.as_str()).collect();
        return Ok(Some(vec![
            ("agreement", format!("{} v{}, {}", terms.id, terms.version, terms.title)),
            ("signatures", format!("all {} valid: {}", signed.len(), signed.join(", "))),
            ("hash", agreement.hash_text()),
        ]));
    }
    if fork::is_evidence(&bytes) {
        return evidence_file(file, &bytes, args).map(Some);
    }
    if let Ok(claimed) = Checkpoint::claimed(&bytes) {
        let policy = policy(file, args)?;
        let trusted = policy
            .verify_checkpoint(&bytes, present())
            .map_err(|e| Failure::new(exit::VERIFICATION, e.code(), e.to_string()))?;
        return Ok(Some(vec![
            ("checkpoint", format!("{} of {} leaves", claimed.origin(), claimed.size())),
            ("root", trusted.checkpoint.root().to_string()),
            ("witnesses", trusted.witnesses.len().to_string()),
        ]));
    }
    Ok(None)
}

/// Checks evidence of a fork with the keys of a policy, or of an agreement's text.
fn evidence_file(file: &Path, bytes: &[u8], args: &Verify) -> Result<Lines, Failure> {
    let failed = |error: fork::ForkError| Failure::new(exit::VERIFICATION, error.code(), error.to_string());
    let evidence = fork::Evidence::parse(bytes).map_err(failed)?;
    let keys: Vec<VerifierKey> = match &args.agreement {
        Some(path) => {
            let note = fs::read(path).map_err(|e| Failure::file("read", path, &e))?;
            let agreement = agreement(&note)?;
            let named = agreement.terms().parties.iter().filter_map(|party| party.log_vkey.as_deref());
            named.filter_map(|key| VerifierKey::parse(key).ok()).collect()
        }
        None => policy(file, args)?.logs().iter().map(|log| log.key.clone()).collect(),
    };
    let verdict = evidence.verify(&keys).map_err(failed)?;
    let meaning = match verdict.finding {
        fork::Finding::TwoRoots => "the log has two histories; these two notes prove it",
        fork::Finding::Shrank => {
            "the log showed a smaller tree after a larger one; a rollback, or an old note shown again"
        }
        fork::Finding::Unproved => "the log was not proved to go on from what it had signed; a fork, damage or refusal",
    };
    let head = |head: &Checkpoint| format!("{} leaves, root {}", head.size(), head.root());
    Ok(vec![
        ("fork", format!("{} in {}, noted at {}", verdict.finding.name(), evidence.origin(), evidence.at())),
        ("earlier", head(&verdict.earlier)),
        ("later", head(&verdict.later)),
        ("signature", format!("both by {}", evidence.origin())),
        ("meaning", meaning.to_owned()),
    ])
}

/// Checks a receipt against the object beside it.
fn receipt_file(file: &Path, bytes: &[u8], args: &Verify) -> Result<Lines, Failure> {
    let failed = |code: &str, message: String| Failure::new(exit::VERIFICATION, code, message);
    let receipt = Receipt::parse(bytes).map_err(|e| failed(e.code(), e.to_string()))?;
    let object_file = file.with_extension("json");
    let object = fs::read(&object_file).map_err(|e| {
        Failure::file("read", &object_file, &e)
            .with("receipt", file.display().to_string())
            .with("why", "a receipt proves the bytes of an object; keep the object beside it under the same name")
    })?;
    let policy = policy(file, args)?;
    let verified = receipt.verify(&object, &policy, present()).map_err(|e| failed(e.code(), e.to_string()))?;
    let checkpoint = &verified.trusted.checkpoint;
    let entry = &verified.entry;
    let to = match &entry.leaf {
        Leaf::Release { party, .. } | Leaf::Delivery { party, .. } => party.clone(),
        other => other.kind().to_owned(),
    };
    let mut lines: Lines = vec![
        ("object", format!("{}, {} bytes, {}", verified.object, object.len(), Hash::of(&object).to_sha256_text())),
        (
            "receipt",
            format!("leaf {} of {} in {}, root matches", receipt.index, checkpoint.size(), checkpoint.origin()),
        ),
        ("released", format!("to {to} at {}", entry.time)),
        ("signature", format!("{} valid; witnesses: {}", checkpoint.origin(), verified.trusted.witnesses.len())),
    ];
    if args.policy.is_none() && args.agreement.is_none() {
        // Who shows a forged receipt shows a policy that trusts the forger's key along with it.
        lines.push((
            "trust",
            "the policy beside the receipt; name one of your own with --policy, or --agreement".to_owned(),
        ));
    }
    match &args.agreement {
        Some(path) => {
            let note = fs::read(path).map_err(|e| Failure::file("read", path, &e))?;
            let agreement = agreement(&note)?;
            let terms = agreement.terms();
            if Hash(terms.hash) != entry.agreement {
                return Err(failed(
                    "verify.other-agreement",
                    format!(
                        "the release was made under {}, not under `{}`",
                        entry.agreement.to_sha256_text(),
                        terms.id
                    ),
                ));
            }
            let at = entry.time.as_unix_millis();
            let inside = terms.valid_from.as_micros() <= at * 1_000 && at * 1_000 < terms.valid_to.as_micros();
            if !inside {
                return Err(failed(
                    "verify.outside-validity",
                    format!("`{}` was not valid at {}", terms.id, entry.time),
                ));
            }
            let log_named = terms
                .parties
                .iter()
                .filter_map(|party| party.log_vkey.as_deref())
                .any(|key| VerifierKey::parse(key).is_ok_and(|key| policy.logs().iter().any(|log| log.key == key)));
            if !log_named {
                return Err(failed("verify.foreign-log", format!("`{}` does not name this log", terms.id)));
            }
            lines.push((
                "agreement",
                format!("{} v{}, signed by all, valid at release, names this log", terms.id, terms.version),
            ));
        }
        None => {
            lines.push(("agreement", format!("{} (not checked; give --agreement)", entry.agreement.to_sha256_text())))
        }
    }
    Ok(lines)
}

/// Opens a signed agreement; whatever is wrong with it, it does not verify.
fn agreement(note: &[u8]) -> Result<Agreement, Failure> {
    Agreement::open(note).map_err(|errors| Failure { exit: exit::VERIFICATION, ..Failure::text(&errors) })
}

fn policy(file: &Path, args: &Verify) -> Result<Policy, Failure> {
    let path = args.policy.clone().unwrap_or_else(|| file.with_extension("policy"));
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && args.policy.is_none() => {
            let message = format!("nothing says which keys to trust: there is no `{}`", path.display());
            return Err(Failure::new(exit::USAGE, "verify.policy", message)
                .hint(format!("entente verify {} --policy FILE", file.display())));
        }
        read => read.map_err(|e| Failure::file("read", &path, &e))?,
    };
    Policy::parse(&text).map_err(|e| Failure::new(exit::USAGE, e.code(), format!("`{}`: {e}", path.display())))
}

fn present() -> UnixSeconds {
    let now = (entente_exchange::system_clock())();
    UnixSeconds(u64::try_from(now.as_micros() / 1_000_000).unwrap_or(0))
}
