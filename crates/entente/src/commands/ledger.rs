//! `ledger …`.

use entente_exchange::{Exchange, Viewer};
use serde_json::json;

use crate::args::Ledger;
use crate::failure::{Failure, Outcome, exit};
use crate::output::{Form, Output, thousands};

/// Runs a `ledger` command.
pub(crate) fn run(command: &Ledger, exchange: &Exchange, output: &Output) -> Outcome {
    match command {
        Ledger::Status => {
            let logs = exchange.ledger(&Viewer::Staff)?.logs;
            let summary = json!({ "logs": logs.len() });
            output.list(
                &["agreement", "leaves", "root", "origin"],
                &logs,
                |log| vec![log.agreement.clone(), thousands(log.size), log.root.clone(), log.origin.clone()],
                &summary,
            )?;
            Ok(exit::OK)
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
