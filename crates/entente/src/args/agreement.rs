//! `agreement …`: what leads to an agreement, changes it, opens it to others and ends it.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use entente_agreement::plain::Language;

use super::language;

/// The verbs of an agreement's life.
#[derive(Debug, Subcommand)]
pub(crate) enum AgreementLife {
    /// Sign a draft and send it to the other parties' nodes
    Offer {
        /// The text, or a note that others have signed; the signature is added to this file
        file: PathBuf,
        /// Sign although it permits more than the version that is held
        #[arg(long)]
        accept_broader: bool,
        /// Show the difference and sign nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Read what is offered in plain words, sign it and send it back
    Countersign {
        /// Agreement id
        id: String,
        /// Language of the plain words: en, fr, es, ar or it
        #[arg(long, value_name = "TAG", default_value = "en", value_parser = language)]
        lang: Language,
        /// Sign although it permits more than the version that is held
        #[arg(long)]
        accept_broader: bool,
        /// Show it and sign nothing
        #[arg(long)]
        dry_run: bool,
        /// Do it without asking
        #[arg(long)]
        yes: bool,
    },
    /// Draft the next version of an agreement
    Amend(AgreementAmend),
    /// End an agreement
    Terminate {
        /// Agreement id
        id: String,
        /// Why, in a few words; the other parties read it
        #[arg(long)]
        reason: String,
        /// When it ends; as soon as its days of notice allow when left out
        #[arg(long, value_name = "INSTANT")]
        effective: Option<String>,
        /// Do it without asking
        #[arg(long)]
        yes: bool,
    },
    /// Permit a party to pass on what this node gave, for one purpose and a time
    Consent(Consenting),
    /// Take a consent back
    ConsentWithdraw {
        /// Agreement id
        id: String,
        /// The consent: `sha256:…`, or at least eight digits of it
        consent: String,
    },
    /// Ask the originator for a consent
    ConsentRequest(Consenting),
    /// Consents, and what was asked for
    Requests {
        /// Agreement id; all when left out
        id: Option<String>,
    },
    /// Replace the key that signs for this party, and tell the parties of every agreement
    RotateKey {
        /// Do it without asking
        #[arg(long)]
        yes: bool,
    },
}

/// `agreement amend`.
#[derive(Debug, Args)]
pub(crate) struct AgreementAmend {
    /// Agreement id
    pub(crate) id: String,
    /// An edited copy of the text; the present text when left out
    pub(crate) file: Option<PathBuf>,
    /// From when the new version counts
    #[arg(long, value_name = "INSTANT")]
    pub(crate) valid_from: Option<String>,
    /// Until when it counts
    #[arg(long, value_name = "INSTANT")]
    pub(crate) valid_to: Option<String>,
    /// When the parties look at it again
    #[arg(long, value_name = "INSTANT")]
    pub(crate) review_by: Option<String>,
    /// File to write; stdout when left out
    #[arg(long, short)]
    pub(crate) out: Option<PathBuf>,
}

/// `agreement consent` and `agreement consent-request`.
#[derive(Debug, Args)]
pub(crate) struct Consenting {
    /// Agreement that the data came under
    pub(crate) id: String,
    /// Id of one object, as it was received
    #[arg(long, value_name = "ID", required_unless_present = "clause", conflicts_with = "clause")]
    pub(crate) object: Option<String>,
    /// Everything that one clause gave
    #[arg(long, value_name = "ID")]
    pub(crate) clause: Option<String>,
    /// To whom it may go on
    #[arg(long, value_name = "PARTY")]
    pub(crate) to: String,
    /// For which purpose, such as network-defence
    #[arg(long)]
    pub(crate) purpose: String,
    /// Days from now until which it may go on
    #[arg(long, default_value_t = 90)]
    pub(crate) days: u16,
}
