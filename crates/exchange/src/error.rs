//! What can go wrong between a request and its answer.

use entente_agreement::TextError;
use entente_agreement::recall::RecallError;
use entente_store::StoreError;

/// Why the exchange could not do what was asked. A decision not to share is not among these: it is an answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The durable state could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the node's home could not be read or written.
    #[error("cannot {operation} `{path}`")]
    Home {
        /// What was being done.
        operation: &'static str,
        /// The file or directory.
        path: String,
        /// The cause.
        source: std::io::Error,
    },
    /// A key file may be read by others, or does not hold a key.
    #[error("key file `{path}` {problem}")]
    KeyFile {
        /// The file.
        path: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The operating system gave no random bytes.
    #[error("no random bytes from the operating system")]
    Random,
    /// The agreement text or note was refused.
    #[error("agreement refused: {}", first(.0))]
    Agreement(Vec<TextError>),
    /// A version of the agreement that is not newer than the one held (A21).
    #[error("agreement `{id}` version {version} is not newer than version {held}, or differs from it")]
    Replay {
        /// The agreement.
        id: String,
        /// The version offered.
        version: u64,
        /// The version held.
        held: u64,
    },
    /// The agreement is not known, or the asker is not a party of it.
    #[error("agreement `{0}` is not known")]
    UnknownAgreement(String),
    /// The party is not known.
    #[error("party `{0}` is not known")]
    UnknownParty(String),
    /// The object is not known, or not visible to the asker; the two cannot be told apart.
    #[error("object `{0}` is not known")]
    UnknownObject(String),
    /// A notice (suspend, resume …) was refused.
    #[error("notice refused: {0}")]
    Notice(String),
    /// A recall or its acknowledgement was refused; nothing was changed.
    #[error("recall refused: {0}")]
    Recall(#[from] RecallError),
    /// A party's card was refused.
    #[error("party card refused: {0}")]
    Card(String),
    /// The node itself is not a party of this agreement.
    #[error("this node is not a party of agreement `{0}`")]
    NotAParty(String),
    /// The agreement does not permit it now.
    #[error("agreement `{agreement}` is {state}")]
    State {
        /// The agreement.
        agreement: String,
        /// Its state word.
        state: &'static str,
    },
    /// The daily quota of objects of the caller's party is used up.
    #[error("the daily quota of objects under `{agreement}` is used up; it begins again at midnight UTC")]
    Quota {
        /// The agreement.
        agreement: String,
        /// Seconds until the next UTC day.
        retry_after_s: u64,
    },
    /// The input could not be read as its format.
    #[error("input refused: {message}")]
    Format {
        /// Stable code of the reader.
        code: &'static str,
        /// What is wrong.
        message: String,
    },
    /// An offer of an agreement was refused, or there is none.
    #[error("offer refused: {message}")]
    Offer {
        /// Stable code, `offer.…`.
        code: &'static str,
        /// What is wrong.
        message: String,
    },
    /// Another node did not answer as it should.
    #[error("exchange with `{party}` stopped: {message}")]
    Remote {
        /// The other party.
        party: String,
        /// Stable code.
        code: &'static str,
        /// What happened and what to do.
        message: String,
    },
    /// A receipt does not prove what it should; nothing of its page was admitted.
    #[error("receipt of `{party}` does not verify: {message}")]
    Receipt {
        /// The other party.
        party: String,
        /// What failed.
        message: String,
    },
    /// A usefulness report was refused, or cannot be made.
    #[error("usefulness report refused: {message}")]
    Usefulness {
        /// Stable code.
        code: &'static str,
        /// What is wrong.
        message: String,
    },
    /// The ledger does not hold together; no signature is made.
    #[error("ledger of `{agreement}` is halted: {problem}")]
    LedgerHalted {
        /// The agreement.
        agreement: String,
        /// What was found.
        problem: String,
    },
    /// Others hold more of a log than this node does: signing would make a second history.
    #[error("log of `{agreement}` has lost leaves: {problem}; nothing is signed")]
    Rollback {
        /// The agreement.
        agreement: String,
        /// Who holds what.
        problem: String,
    },
    /// Nobody could be asked whether a log has lost leaves.
    #[error(
        "log of `{agreement}` is not confirmed: no other party of it answers, and nothing is signed until one does"
    )]
    Unconfirmed {
        /// The agreement.
        agreement: String,
    },
    /// The other party's log was found to have two histories.
    #[error("exchange with `{party}` is stopped: its ledger {reason}")]
    Fork {
        /// The other party.
        party: String,
        /// What was found.
        reason: String,
    },
    /// Too few witnesses have cosigned what is to be delivered.
    #[error("delivery under `{agreement}` waits: {have} of {needed} cosignatures cover it")]
    Quorum {
        /// The agreement.
        agreement: String,
        /// Cosignatures there are.
        have: usize,
        /// Cosignatures the text asks for.
        needed: u8,
    },
}

fn first(errors: &[TextError]) -> String {
    match errors.first() {
        Some(error) => format!("{error}"),
        None => "no reason recorded".to_owned(),
    }
}

impl ExchangeError {
    /// Stable code, as listed in `docs/errors.md`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(source) => source.code(),
            Self::Home { .. } => "home.io",
            Self::KeyFile { .. } => "key.file",
            Self::Random => "random.unavailable",
            Self::Agreement(errors) => errors.first().map_or("agr.refused", TextError::code),
            Self::Replay { .. } => "agr.replay",
            Self::UnknownAgreement(_) => "agreement.unknown",
            Self::UnknownParty(_) => "party.unknown",
            Self::UnknownObject(_) => "object.unknown",
            Self::Notice(_) => "notice.refused",
            Self::Recall(error) => error.code(),
            Self::Card(_) => "card.refused",
            Self::NotAParty(_) => "agreement.not-a-party",
            Self::State { .. } => "agreement.state",
            Self::Quota { .. } => "limit.objects-per-day",
            Self::Format { code, .. }
            | Self::Remote { code, .. }
            | Self::Usefulness { code, .. }
            | Self::Offer { code, .. } => code,
            Self::Receipt { .. } => "receipt.invalid",
            Self::LedgerHalted { .. } => "ledger.halted",
            Self::Rollback { .. } => "ledger.rollback",
            Self::Unconfirmed { .. } => "ledger.unconfirmed",
            Self::Fork { .. } => "ledger.fork",
            Self::Quorum { .. } => "ledger.quorum",
        }
    }
}

/// Result of an operation of the exchange.
pub type Result<T, E = ExchangeError> = std::result::Result<T, E>;
