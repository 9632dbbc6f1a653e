//! `review`.

use clap::Args;

/// `review`.
#[derive(Debug, Args)]
pub(crate) struct Review {
    /// Id of the object
    pub(crate) object: String,
    /// What was decided.
    #[command(flatten)]
    pub(crate) act: ReviewAct,
}

/// What was decided, one of these.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct ReviewAct {
    /// You have read the free text of its newest version: it may leave where a clause lets text leave
    #[arg(long)]
    pub(crate) text: bool,
    /// Put every version under legal hold, by this order
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) hold: Option<String>,
    /// End the legal hold, by this order
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) lift_hold: Option<String>,
    /// Let no version leave before this instant
    #[arg(long, value_name = "TIME")]
    pub(crate) embargo: Option<String>,
    /// End the embargo
    #[arg(long)]
    pub(crate) lift_embargo: bool,
}
