//! `ledger …`: the transparency logs.

use std::path::PathBuf;

use clap::Subcommand;

/// `ledger …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Ledger {
    /// Each log with its size and cosignatures; logs that must not sign; parties that are not trusted
    Status,
    /// Recompute every tree from its leaves and compare
    Verify,
    /// Check leaves, tree, tiles, checkpoint, manifests and deliveries against each other and say what to repair
    Fsck,
    /// Fetch the leaves that a log has lost from the other parties' copies, and go on from there
    Adopt {
        /// Agreement id
        agreement: String,
    },
    /// Let a log sign though no other party can be asked whether it has lost leaves
    AcceptRisk {
        /// Agreement id
        agreement: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Give a log another key; for seven days the old one signs as well
    RotateKey {
        /// Agreement id
        agreement: String,
    },
    /// Go on with a party whose ledger was found to have two histories, after looking at the evidence
    Resume {
        /// Party id
        party: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Print the signed checkpoint of one log
    Checkpoint {
        /// Agreement id
        agreement: String,
    },
    /// Print one leaf's proof that it is in its log, a `.tlog-proof`
    Prove {
        /// Agreement id
        agreement: String,
        /// Index of the leaf, from 0
        index: u64,
    },
    /// Write agreements, logs and receipts as files that an auditor can check alone
    Export {
        /// Directory to make; it must not exist, or be empty
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// Receipts to write for each log: a number, the first ones, or `all`
        #[arg(long, value_name = "N", default_value = "all", value_parser = receipts)]
        receipts: u64,
        /// Agreement ids; all logs when left out
        agreements: Vec<String>,
    },
}

/// Reads `all`, or how many.
fn receipts(word: &str) -> Result<u64, String> {
    if word == "all" { Ok(u64::MAX) } else { word.parse().map_err(|_| "must be a number or `all`".to_owned()) }
}
