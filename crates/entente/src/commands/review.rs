//! `review`.

use entente_exchange::Exchange;
use entente_exchange::review::Review as Act;

use super::agreement::instant;
use crate::args::{Review, ReviewAct};
use crate::failure::{Outcome, exit};
use crate::output::{Form, Output, counted};

/// Records what was decided about an object and makes the decisions it changes again.
pub(crate) fn run(args: &Review, exchange: &Exchange, output: &Output) -> Outcome {
    let act = match &args.act {
        ReviewAct { hold: Some(reference), .. } => Act::Hold(reference.clone()),
        ReviewAct { lift_hold: Some(reference), .. } => Act::LiftHold(reference.clone()),
        ReviewAct { embargo: Some(until), .. } => Act::Embargo(instant(until)?),
        ReviewAct { lift_embargo: true, .. } => Act::LiftEmbargo,
        // Exactly one is given; the grammar of the command sees to it.
        ReviewAct { .. } => Act::Text,
    };
    let reviewed = exchange.review(&args.object, &act)?;
    let released: u64 = exchange.release()?.iter().map(|run| run.released).sum();
    match output.form {
        Form::People => {
            output.data(&format!("{}: {} for {}", reviewed.id, reviewed.act, counted(reviewed.versions, "version")))?;
            if released > 0 {
                output.note(&format!("released {}", counted(released, "object")));
            }
        }
        _ => output.json(&reviewed)?,
    }
    Ok(exit::OK)
}
