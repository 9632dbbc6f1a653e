//! `stix …`: STIX objects on the command line, offline.

mod id;
mod known;
mod report;
pub(super) mod source;
mod tally;
mod validate;

use crate::args::Stix;
use crate::failure::Outcome;
use crate::output::Output;

/// Runs a verb.
pub(crate) fn run(command: Stix, output: &Output) -> Outcome {
    match command {
        Stix::Validate(args) => validate::run(&args, output),
        Stix::Id { files } => id::run(&files, output),
    }
}
