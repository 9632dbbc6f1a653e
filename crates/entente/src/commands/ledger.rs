//! `ledger …`.

use std::fs;
use std::path::{Path, PathBuf};

use entente_exchange::evidence::EvidenceCount;
use entente_exchange::status::LogStatus;
use entente_exchange::{Exchange, Viewer};
use serde_json::json;

use crate::args::Ledger;
use crate::failure::{Failure, Outcome, exit};
use crate::output::{Form, Output, counted, thousands};

/// Runs a `ledger` command.
pub(crate) fn run(command: &Ledger, exchange: &Exchange, output: &Output) -> Outcome {
    match command {
        Ledger::Status => status(exchange, output),
        Ledger::Fsck => fsck(exchange, output),
        Ledger::Adopt { agreement } => adopt(agreement, exchange, output),
        Ledger::AcceptRisk { agreement, yes } => {
            let question = format!(
                "If the store was restored from a backup, the log of `{agreement}` will have two histories. Let it sign?"
            );
            super::confirm(&question, *yes)?;
            exchange.accept_risk(agreement)?;
            done(
                output,
                &format!("`{agreement}` signs again; recorded in the decision log"),
                &json!({ "agreement": agreement, "accepted": true }),
            )
        }
        Ledger::RotateKey { agreement } => {
            let rotated = exchange.rotate_log_key(agreement)?;
            let message =
                format!("`{agreement}` signs with `{}`; both keys sign until {}", rotated.new, rotated.both_until);
            done(output, &message, &rotated)
        }
        Ledger::Resume { party, yes } => {
            let stopped = exchange.distrusted()?.into_iter().find(|one| one.party == *party);
            if let Some(stopped) = &stopped {
                let question =
                    format!("The ledger of `{party}` {}; evidence in {}. Go on?", stopped.reason, stopped.evidence);
                super::confirm(&question, *yes)?;
            }
            let resumed = exchange.resume_party(party)?;
            let message = if resumed { "exchange goes on; recorded in the decision log" } else { "it was not stopped" };
            done(output, &format!("`{party}`: {message}"), &json!({ "party": party, "resumed": resumed }))
        }
        Ledger::Checkpoint { agreement } => {
            let view = exchange.log(agreement, None, &Viewer::Staff)?.ok_or_else(|| {
                Failure::new(exit::NOT_FOUND, "agreement.unknown", format!("agreement `{agreement}` has no log here"))
                    .hint("entente ledger status")
            })?;
            match output.form {
                // A signed note: every byte of it counts.
                Form::People => output.bytes(view.log.checkpoint.as_bytes())?,
                _ => output.json(&view.log)?,
            }
            Ok(exit::OK)
        }
        Ledger::Prove { agreement, index } => {
            let proof = exchange.leaf_proof(agreement, *index)?.ok_or_else(|| {
                let message = format!("the log of agreement `{agreement}` has no leaf {index}");
                Failure::new(exit::NOT_FOUND, "ledger.no-leaf", message).hint("entente ledger status")
            })?;
            match output.form {
                // A signed note: every byte of it counts.
                Form::People => output.bytes(proof.to_tlog_proof().as_bytes())?,
                _ => output.json(&proof)?,
            }
            Ok(exit::OK)
        }
        Ledger::Export { to, receipts, agreements } => export(to, *receipts, agreements, exchange, output),
        Ledger::Verify => {
            let checks = exchange.verify_logs()?;
            let sound = checks.iter().all(|check| check.problems.is_empty());
            match output.form {
                Form::People => {
                    output.table(
                        &["agreement", "leaves", "state"],
                        checks.iter().map(|check| {
                            let state = if check.problems.is_empty() {
                                "ok".to_owned()
                            } else {
                                format!("DAMAGED: {}", check.problems.join("; "))
                            };
                            vec![check.agreement.clone(), thousands(check.leaves), state]
                        }),
                    )?;
                    if checks.is_empty() {
                        output.note("no log yet: no agreement is installed");
                    }
                }
                _ => output.json(&json!({ "ok": sound, "logs": checks }))?,
            }
            Ok(match (checks.is_empty(), sound) {
                (true, _) => exit::NOTHING,
                (_, true) => exit::OK,
                (_, false) => exit::VERIFICATION,
            })
        }
    }
}

/// Says what was done.
fn done(output: &Output, message: &str, value: &impl serde::Serialize) -> Outcome {
    match output.form {
        Form::People => output.note(message),
        _ => output.json(value)?,
    }
    Ok(exit::OK)
}

/// Each log with its size and who has cosigned it; then what stands in the way of signing and of exchanging.
fn status(exchange: &Exchange, output: &Output) -> Outcome {
    let status = exchange.ledger_status()?;
    let summary = json!({ "logs": status.logs.len(), "witnessed": status.witnessed, "distrusted": status.distrusted });
    let cosigned = |log: &LogStatus| {
        let lines: Vec<String> =
            log.cosignatures.iter().map(|one| format!("{} {}", one.witness, thousands(one.leaves))).collect();
        if lines.is_empty() { "-".to_owned() } else { lines.join(", ") }
    };
    output.list(
        &["agreement", "leaves", "root", "origin", "cosigned", "state"],
        &status.logs,
        |log| {
            let state = log.halted.as_ref().map_or("signs".to_owned(), |why| format!("HALTED: {why}"));
            vec![log.agreement.clone(), thousands(log.size), log.root.clone(), log.origin.clone(), cosigned(log), state]
        },
        &summary,
    )?;
    let halted = status.logs.iter().filter(|log| log.halted.is_some());
    for log in halted {
        let command = output.command(&format!("ledger adopt {}", log.agreement));
        output.note(&format!("warning[ledger.rollback]: the log of `{}` must not sign; {command}", log.agreement));
    }
    for party in &status.distrusted {
        let command = output.command(&format!("ledger resume {}", party.party));
        output.note(&format!(
            "warning[ledger.fork]: the ledger of `{}` {}; evidence in {}; {command}",
            party.party, party.reason, party.evidence
        ));
    }
    Ok(exit::OK)
}

/// A full check and what to repair.
fn fsck(exchange: &Exchange, output: &Output) -> Outcome {
    let report = exchange.fsck()?;
    match output.form {
        Form::People => {
            output.table(
                &["log", "fault", "repair"],
                report.faults.iter().map(|fault| vec![fault.log.clone(), fault.what.clone(), fault.repair.to_owned()]),
            )?;
            output.note(&format!(
                "{} with {} leaves, {}, {}, {}, {}, {} copied leaves: {}",
                counted(report.logs, "log"),
                thousands(report.leaves),
                counted(report.tiles, "tile"),
                counted(report.batches, "release batch"),
                counted(report.deliveries, "delivery"),
                counted(report.cosignatures, "cosignature"),
                thousands(report.copied),
                if report.faults.is_empty() {
                    "sound".to_owned()
                } else {
                    counted(u64::try_from(report.faults.len()).unwrap_or(u64::MAX), "fault")
                },
            ));
        }
        _ => output.json(&report)?,
    }
    Ok(match (report.logs, report.faults.is_empty()) {
        (0, _) => exit::NOTHING,
        (_, true) => exit::OK,
        (_, false) => exit::VERIFICATION,
    })
}

/// Takes lost leaves from another party's copy.
fn adopt(agreement: &str, exchange: &Exchange, output: &Output) -> Outcome {
    match exchange.adopt(agreement)? {
        Some(adopted) => {
            let n = adopted.leaves.saturating_sub(adopted.before);
            let message = format!("{} of `{agreement}` from `{}`; it signs again", counted(n, "entry"), adopted.from);
            done(output, &message, &adopted)
        }
        None => Err(Failure::new(
            exit::NOT_FOUND,
            "ledger.no-copy",
            format!("no party that answers holds more of the log of `{agreement}` than this node"),
        )
        .hint("entente ledger status")),
    }
}

/// The second verifier, which shares no line with this program; it goes with each export.
const VERIFIER: [(&str, &str); 2] = [
    ("verify.py", include_str!("../../../../e2e/ledger/verify.py")),
    ("notes.py", include_str!("../../../../e2e/ledger/notes.py")),
];

/// Writes the evidence into a directory that appears only once it is complete.
fn export(to: &Path, receipts_max: u64, agreements: &[String], exchange: &Exchange, output: &Output) -> Outcome {
    let name = to.file_name().ok_or_else(|| Failure::usage(format!("`{}` names no directory", to.display())))?;
    if to.is_dir() {
        if fs::read_dir(to).map_err(|e| Failure::file("read", to, &e))?.next().is_some() {
            return Err(Failure::new(exit::USAGE, "file.exists", format!("`{}` is not empty", to.display())));
        }
    } else if to.exists() {
        return Err(Failure::new(exit::USAGE, "file.exists", format!("`{}` exists already", to.display())));
    }
    let mut part = name.to_owned();
    part.push(format!(".part-{}", std::process::id()));
    let part = to.with_file_name(part);
    fs::create_dir_all(&part).map_err(|e| Failure::file("create", &part, &e))?;
    let done = fill(&part, receipts_max, agreements, exchange).and_then(|count| {
        if to.is_dir() {
            // Not every system renames onto a directory, empty as it is.
            fs::remove_dir(to).map_err(|e| Failure::file("replace", to, &e))?;
        }
        fs::rename(&part, to).map_err(|e| Failure::file("write", to, &e))?;
        Ok(count)
    });
    if done.is_err() {
        // What went wrong is said below; that the leavings stay is no second failure.
        let _ = fs::remove_dir_all(&part);
    }
    let count = done?;
    match output.form {
        Form::People => {
            output.data(&format!("{}\n", to.display()))?;
            output.note(&summary(&count));
            output.note(&format!("check it: python3 {} {}", to.join("verify.py").display(), to.display()));
        }
        _ => output.json(&json!({ "directory": to, "count": count }))?,
    }
    Ok(if count.logs == 0 { exit::NOTHING } else { exit::OK })
}

/// Writes all files of an export below `directory`.
fn fill(
    directory: &Path,
    receipts_max: u64,
    agreements: &[String],
    exchange: &Exchange,
) -> Result<EvidenceCount, Failure> {
    let mut made = PathBuf::new();
    let count = exchange.evidence(agreements, receipts_max, &mut |path, bytes| {
        let file = directory.join(path);
        // Files of one directory come one after the other, so most ask for no new one.
        if let Some(parent) = file.parent().filter(|parent| *parent != made) {
            fs::create_dir_all(parent)?;
            made = parent.to_owned();
        }
        fs::write(file, bytes)
    })?;
    let readme = readme(&count);
    for (name, text) in [("README", readme.as_str())].into_iter().chain(VERIFIER) {
        let file = directory.join(name);
        fs::write(&file, text).map_err(|e| Failure::file("write", &file, &e))?;
    }
    Ok(count)
}

fn summary(count: &EvidenceCount) -> String {
    format!(
        "{}, {}, {} with {} leaves, {} for {} released",
        counted(count.agreements, "agreement"),
        counted(count.notices, "notice"),
        counted(count.logs, "log"),
        thousands(count.leaves),
        counted(count.receipts, "receipt"),
        counted(count.released, "object"),
    )
}

/// What the directory is and how to check it, for a reader who has nothing else.
fn readme(count: &EvidenceCount) -> String {
    format!("{}\n\nWritten: {}.\n", include_str!("evidence.txt").trim_end(), summary(count))
}
