//! `reciprocity`, and the parts of `party` that go with it.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `reciprocity`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Reciprocity {
    /// Reports and reviews
    #[command(subcommand)]
    pub(crate) command: Option<ReciprocityCommand>,
    /// The other party
    #[arg(long, required = true, alias = "partner")]
    pub(crate) party: Option<String>,
    /// Only under this agreement
    #[arg(long)]
    pub(crate) agreement: Option<String>,
    /// A month (2026-12) or two days, the last exclusive (2026-12-01/2027-01-01); the last whole period when left out
    #[arg(long)]
    pub(crate) period: Option<String>,
    /// Print comma-separated values
    #[arg(long, conflicts_with_all = ["json", "jsonl"])]
    pub(crate) csv: bool,
}

/// `reciprocity …`.
#[derive(Debug, Subcommand)]
pub(crate) enum ReciprocityCommand {
    /// Write this node's signed usefulness report about what a party gave
    Report {
        /// The party that gave
        #[arg(long, alias = "partner")]
        party: String,
        /// The agreement
        #[arg(long)]
        agreement: String,
        /// Period; the last one that is final when left out
        #[arg(long)]
        period: Option<String>,
        /// File to write; stdout when left out
        #[arg(long, short)]
        out: Option<PathBuf>,
    },
    /// Take a party's signed usefulness report from a file
    Accept {
        /// The report
        file: PathBuf,
    },
    /// Balances that the agreement asks to be reviewed
    Reviews,
}

/// `party profile`.
#[derive(Debug, Args)]
pub(crate) struct PartyProfile {
    /// The party
    pub(crate) party: String,
    /// As of this day or instant; now when left out
    #[arg(long, value_name = "DATE")]
    pub(crate) at: Option<String>,
}

/// `party affiliate`.
#[derive(Debug, Args)]
pub(crate) struct PartyAffiliate {
    /// A party
    pub(crate) party: String,
    /// The other one
    pub(crate) other: String,
    /// They are not affiliated any more
    #[arg(long)]
    pub(crate) remove: bool,
}
