//! `agreement simulate`.

use clap::Args;

/// `agreement simulate`.
#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// A text or note, or the id of an agreement of this node (its newest version)
    pub(crate) agreement: String,
    /// Admissions since then: a span such as 90d or 12h, or an instant such as 2026-11-01
    #[arg(long, value_name = "T", default_value = "90d")]
    pub(crate) since: String,
    /// Admissions before then; all when left out
    #[arg(long, value_name = "T")]
    pub(crate) until: Option<String>,
    /// The only recipient; every other party when left out
    #[arg(long = "for", value_name = "PARTY", visible_aliases = ["party", "partner"])]
    pub(crate) party: Option<String>,
    /// When each admission is asked about: `admission` (day by day) or `now` (the first release after signing)
    #[arg(long, value_name = "WHEN", default_value = "admission")]
    pub(crate) as_of: String,
    /// What it is held against: `in-force`, `none`, or a version of the same agreement
    #[arg(long, value_name = "TEXT", default_value = "in-force")]
    pub(crate) against: String,
    /// The file holds one `[[clause]]` table, which stands in the version in force of this agreement
    #[arg(long, value_name = "AGREEMENT")]
    pub(crate) clause_of: Option<String>,
    /// Objects to show as the recipient would get them, at most 100
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) sample: usize,
}
