//! Arguments of `recall`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `recall`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Recall {
    /// What to do with recalls there are
    #[command(subcommand)]
    pub(crate) command: Option<RecallCommand>,
    /// Ids of objects, as held or as released, or values
    #[arg(required = true, value_name = "ID")]
    pub(crate) objects: Vec<String>,
    /// agreement-ended, consent-withdrawn, legal, marking-raised, membership-change, stale or wrong
    #[arg(long, required = true, default_value = "", hide_default_value = true)]
    pub(crate) reason: String,
    /// What the parties do: delete, stop-use, or raise:LEVEL
    #[arg(long, default_value = "delete")]
    pub(crate) action: String,
    /// Say who has them, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Take back without asking
    #[arg(long)]
    pub(crate) yes: bool,
}

/// `recall …`.
#[derive(Debug, Subcommand)]
pub(crate) enum RecallCommand {
    /// Recalls both ways and their states
    List {
        /// Only those that are late
        #[arg(long)]
        overdue: bool,
    },
    /// One recall and its signed note
    Show {
        /// Id of the recall, or the beginning of it
        id: String,
    },
    /// Carry out a recall that came as a file, and write the acknowledgement
    Accept {
        /// The signed recall; - for stdin
        file: PathBuf,
        /// File for the signed acknowledgement; stdout without it
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}
