//! `doctor`: what was looked at, what was seen, and the command that mends it.

use entente_agreement::plain::Language;
use entente_exchange::{Exchange, Viewer};
use serde::Serialize;
use serde_json::json;

use crate::args::Global;
use crate::config::Loaded;
use crate::failure::{Failure, Outcome, exit};
use crate::output::{Form, Output, at_home, counted, visible};

#[derive(Debug, Serialize)]
struct Finding {
    name: &'static str,
    state: &'static str,
    seen: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

fn ok(name: &'static str, seen: impl Into<String>) -> Finding {
    Finding { name, state: "ok", seen: seen.into(), fix: None }
}

fn warning(name: &'static str, seen: impl Into<String>, fix: impl Into<String>) -> Finding {
    Finding { name, state: "warning", seen: seen.into(), fix: Some(fix.into()) }
}

fn error(name: &'static str, seen: impl Into<String>, fix: impl Into<String>) -> Finding {
    Finding { name, state: "error", seen: seen.into(), fix: Some(fix.into()) }
}

const EXPIRY_WARNED_DAYS: i64 = 30;

/// Checks the node.
pub(crate) fn run(fail_on: Option<&str>, global: &Global, output: &Output) -> Outcome {
    let mut findings = Vec::new();
    let mut counts = json!({});
    match Loaded::read(global.home.as_deref()) {
        Err(failure) => findings.push(error("configuration", failure.message, failure.hint.unwrap_or_default())),
        Ok(loaded) => {
            findings.push(configuration(&loaded));
            match loaded.open() {
                Err(failure) => findings.push(error("node", failure.message, failure.hint.unwrap_or_default())),
                Ok(exchange) => {
                    let totals = examine(&exchange, &mut findings)?;
                    counts = json!({ "objects": totals.revisions, "assertions": totals.observables, "released": totals.released,
                        "withheld": totals.withheld, "received": totals.received });
                }
            }
        }
    }
    for finding in &mut findings {
        finding.fix = finding.fix.take().filter(|fix| !fix.is_empty()).map(|fix| at_home(&fix, output.home.as_deref()));
    }
    match output.form {
        Form::People => {
            for finding in &findings {
                output.data(&format!("{:<8} {:<14} {}\n", finding.state, finding.name, visible(&finding.seen)))?;
                if let Some(fix) = &finding.fix {
                    output.data(&format!("{:<23} fix: {fix}\n", ""))?;
                }
            }
        }
        _ => output.json(&json!({ "checks": findings, "counts": counts }))?,
    }
    let worst = |state: &str| findings.iter().any(|finding| finding.state == state);
    Ok(match (worst("error"), worst("warning") && fail_on.is_some()) {
        (true, _) => exit::FAILURE,
        (_, true) => exit::FINDINGS,
        _ => exit::OK,
    })
}

/// The configuration was read; a home that others may enter is worth a warning.
fn configuration(loaded: &Loaded) -> Finding {
    let seen = format!("{} in {}", loaded.config.node.name, loaded.home.display());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let open = std::fs::metadata(&loaded.home).is_ok_and(|held| held.permissions().mode() & 0o077 != 0);
        if open {
            return warning(
                "configuration",
                format!("{seen}; other users may enter it"),
                format!("chmod 700 {}", loaded.home.display()),
            );
        }
    }
    ok("configuration", seen)
}

/// Own logs that others hold more of, parties with two histories, and that nobody watches.
fn history(exchange: &Exchange) -> Result<Vec<Finding>, Failure> {
    let mut findings = Vec::new();
    for problem in exchange.ask_about_logs()? {
        let failure = Failure::from(problem);
        findings.push(error("history", failure.message, failure.hint.unwrap_or_default()));
    }
    let status = exchange.ledger_status()?;
    for party in &status.distrusted {
        let seen = format!("the ledger of {} {}; evidence in {}", party.party, party.reason, party.evidence);
        findings.push(error("history", seen, format!("entente ledger resume {}", party.party)));
    }
    let watched = status.logs.iter().any(|log| !log.cosignatures.is_empty());
    if findings.is_empty() && !status.logs.is_empty() {
        // Without another party only this node would notice what is done to its history (A42, A46).
        findings.push(if watched {
            ok("history", "cosigned by another party; nothing newer is held elsewhere")
        } else {
            ok("history", "no other party has cosigned a log yet; only this node watches them")
        });
    }
    Ok(findings)
}

/// Who has suspended an agreement is who can resume it.
fn suspended(exchange: &Exchange, id: &str) -> Result<Finding, Failure> {
    let by =
        exchange.agreement(id, &Viewer::Staff, Language::English)?.map(|view| view.suspended_by).unwrap_or_default();
    let fix = if by.iter().any(|party| party == exchange.own().as_str()) {
        format!("entente agreement resume {id}")
    } else {
        format!("ask {}", by.join(" and "))
    };
    Ok(warning("agreements", format!("{id} is suspended by {}", by.join(" and ")), fix))
}

fn examine(exchange: &Exchange, findings: &mut Vec<Finding>) -> Result<entente_exchange::view::Totals, Failure> {
    findings.push(ok("keys", "present, readable only by their owner"));
    let problems = exchange.store_integrity()?;
    findings.push(match problems.first() {
        None => ok("store", "sound"),
        Some(problem) => error("store", problem.clone(), "restore the last backup of entente.db"),
    });
    let logs = exchange.verify_logs()?;
    let damaged = logs.iter().find(|log| !log.problems.is_empty());
    findings.push(match damaged {
        None => ok(
            "ledger",
            format!(
                "{}, {}, recomputed",
                counted(u64::try_from(logs.len()).unwrap_or(u64::MAX), "log"),
                counted(logs.iter().map(|log| log.leaves).sum(), "entry")
            ),
        ),
        Some(log) => error(
            "ledger",
            format!("{}: {}", log.agreement, log.problems.join("; ")),
            "stop the node and compare with the other party's last checkpoint",
        ),
    });
    findings.extend(history(exchange)?);
    let agreements = exchange.agreements(&Viewer::Staff)?;
    if agreements.is_empty() {
        findings.push(warning("agreements", "none", "entente agreement new --with PARTY"));
    }
    let soon = exchange.now().saturating_add_micros(EXPIRY_WARNED_DAYS * 86_400_000_000).to_string();
    for line in &agreements {
        findings.push(match line.state.as_str() {
            "in-force" if line.valid_to < soon => {
                warning("agreements", format!("{} ends on {}", line.id, line.valid_to), "agree on a new version")
            }
            "in-force" => ok("agreements", format!("{} in force until {}", line.id, line.valid_to)),
            "suspended" => suspended(exchange, &line.id)?,
            state => {
                warning("agreements", format!("{} is {state}", line.id), format!("entente agreement show {}", line.id))
            }
        });
    }
    for party in exchange.parties(&Viewer::Staff)? {
        let last = party.exchange.iter().filter_map(|row| row.last_exchange.clone()).max();
        findings.push(match (&party.url, last) {
            (_, Some(last)) => ok("parties", format!("{} last exchange {last}", party.id)),
            (Some(_), None) => {
                warning("parties", format!("{} did not answer yet", party.id), format!("entente sync {}", party.id))
            }
            (None, None) => ok("parties", format!("{} calls this node; it has not yet", party.id)),
        });
    }
    Ok(exchange.home(&Viewer::Staff)?.totals)
}
