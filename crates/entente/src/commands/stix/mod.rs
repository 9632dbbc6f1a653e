//! `stix …`: STIX objects on the command line, offline.

mod id;
mod source;

use crate::args::Stix;
use crate::failure::Outcome;
use crate::output::Output;

/// Runs a verb.
pub(crate) fn run(command: Stix, output: &Output) -> Outcome {
    match command {
        Stix::Id { files } => id::run(&files, output),
    }
}
