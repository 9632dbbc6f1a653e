//! `recall`: take back, list, show, carry out.

use entente_agreement::recall::{RecallAction, RecallReason};
use entente_exchange::recall::RecallView;
use entente_exchange::{Exchange, ExchangeError};
use serde_json::json;

use super::{confirm, read_input, write_output};
use crate::args::{Recall, RecallCommand};
use crate::failure::{Failure, Outcome, exit};
use crate::output::{Form, Output, counted, thousands};

/// Runs the command.
pub(crate) fn run(args: Recall, exchange: &Exchange, output: &Output) -> Outcome {
    match args.command {
        None => take_back(&args, exchange, output),
        Some(RecallCommand::List { overdue }) => list(overdue, exchange, output),
        Some(RecallCommand::Show { id }) => show(&id, exchange, output),
        Some(RecallCommand::Accept { file, out }) => {
            let ack = exchange.accept_recall(None, &read_input(&file, output)?)?;
            write_output(out.as_deref(), &ack, output)?;
            output.note("carried out; send the acknowledgement back");
            Ok(exit::OK)
        }
    }
}

fn take_back(args: &Recall, exchange: &Exchange, output: &Output) -> Outcome {
    let reason = RecallReason::parse(&args.reason).ok_or_else(|| {
        let words: Vec<&str> = RecallReason::ALL.iter().map(|reason| reason.name()).collect();
        Failure::usage(format!("`{}` is not a reason; use {}", args.reason, words.join(", ")))
    })?;
    let action = RecallAction::parse(&args.action).ok_or_else(|| {
        Failure::usage(format!("`{}` is not an action; use delete, stop-use or raise:<tlp>", args.action))
    })?;
    let plan = exchange.recall(&args.objects, reason, action, true)?;
    let parties = u64::try_from(plan.parties.len()).unwrap_or(u64::MAX);
    let done = if args.dry_run || plan.parties.is_empty() {
        plan
    } else {
        let question = format!(
            "Recall {} from {} to {}?",
            counted(plan.objects, "object"),
            counted(parties, "collection"),
            action.to_text()
        );
        confirm(&question, args.yes)?;
        exchange.recall(&args.objects, reason, action, false)?
    };
    if output.form == Form::People {
        output.table(
            &["agreement", "party", "objects", "recall", "confirms"],
            done.parties.iter().map(|from| {
                vec![
                    from.agreement.clone(),
                    from.party.clone(),
                    thousands(u64::try_from(from.ids.len()).unwrap_or(u64::MAX)),
                    from.recalls.iter().map(|id| short(id)).collect::<Vec<_>>().join(" "),
                    if from.confirmable { "its node".to_owned() } else { format!("a person: {}", from.contact) },
                ]
            }),
        )?;
        for id in &done.not_released {
            output.note(&format!("{id} was released to nobody"));
        }
        if done.dry_run && !done.parties.is_empty() {
            output.note("nothing was recalled: this was a dry run");
        }
    } else {
        output.json(&done)?;
    }
    Ok(if done.parties.is_empty() { exit::NOTHING } else { exit::OK })
}

fn list(overdue: bool, exchange: &Exchange, output: &Output) -> Outcome {
    let mut recalls = exchange.recalls()?;
    recalls.retain(|recall| !overdue || recall.state == "overdue");
    let late = recalls.iter().filter(|recall| recall.state == "overdue").count();
    output.list(
        &["recall", "direction", "agreement", "party", "reason", "action", "objects", "state", "complete by"],
        &recalls,
        |recall| {
            vec![
                short(&recall.id),
                recall.direction.to_owned(),
                recall.agreement.clone(),
                recall.party.clone(),
                recall.reason.clone(),
                recall.action.clone(),
                thousands(recall.n),
                recall.state.to_owned(),
                recall.complete_by.clone(),
            ]
        },
        &json!({ "recalls": recalls.len(), "overdue": late }),
    )?;
    Ok(exit::OK)
}

fn show(id: &str, exchange: &Exchange, output: &Output) -> Outcome {
    let unknown = || ExchangeError::UnknownObject(id.to_owned());
    let recalls = exchange.recalls()?;
    let found: Vec<&RecallView> = recalls.iter().filter(|recall| recall.id.starts_with(id)).collect();
    let [recall] = found.as_slice() else { return Err(unknown().into()) };
    let (view, note) = exchange.recall_note(&recall.id)?;
    if output.form == Form::People {
        output.data(&note)?;
        output.note(&format!(
            "{} {} {}: {} ({} deleted, {} sealed, {} passed on)",
            if view.direction == "out" { "recalled from" } else { "asked by" },
            view.party,
            view.at,
            view.state,
            view.deleted,
            view.sealed,
            view.onward
        ));
        if view.state == "overdue" {
            output.note(&format!("ask {}", view.contact));
        }
    } else {
        output.json(&json!({ "recall": view, "note": note }))?;
    }
    Ok(exit::OK)
}

/// The beginning of an id, enough to tell recalls apart.
fn short(id: &str) -> String {
    id.get(..12).unwrap_or(id).to_owned()
}
