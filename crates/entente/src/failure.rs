//! What a command that could not do its work says, and with which exit code (`docs/errors.md`).

use std::fmt::Write as _;

use entente_agreement::TextError;
use entente_exchange::ExchangeError;
use serde_json::json;

/// Exit codes of every command.
pub(crate) mod exit {
    /// Done.
    pub(crate) const OK: u8 = 0;
    /// I/O, network, store, internal.
    pub(crate) const FAILURE: u8 = 1;
    /// Bad flag or argument.
    pub(crate) const USAGE: u8 = 2;
    /// Not found, or not visible.
    pub(crate) const NOT_FOUND: u8 = 3;
    /// Authentication needed or refused.
    pub(crate) const AUTH: u8 = 4;
    /// Refused by policy, with reasons.
    pub(crate) const REFUSED: u8 = 5;
    /// Findings present, only with `--fail-on`.
    pub(crate) const FINDINGS: u8 = 6;
    /// Nothing was checked.
    pub(crate) const NOTHING: u8 = 7;
    /// Verification failed.
    pub(crate) const VERIFICATION: u8 = 8;
    /// Some inputs were rejected.
    pub(crate) const PARTLY: u8 = 9;

    /// The code of a run in which both apply: the first of usage, failure, authentication, verification, refusal, nothing checked,
    /// findings, partly done, not found.
    #[must_use]
    pub(crate) fn worse(a: u8, b: u8) -> u8 {
        const ORDER: [u8; 10] = [USAGE, FAILURE, AUTH, VERIFICATION, REFUSED, NOTHING, FINDINGS, PARTLY, NOT_FOUND, OK];
        ORDER.into_iter().find(|code| *code == a || *code == b).unwrap_or(FAILURE)
    }
}

/// Why a command stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Exit code of the process.
    pub(crate) exit: u8,
    /// Stable code, `area.reason`.
    pub(crate) code: String,
    /// One line: lower case, no full stop.
    pub(crate) message: String,
    /// Up to three lines of context: name and value.
    pub(crate) context: Vec<(&'static str, String)>,
    /// The place in the input.
    pub(crate) excerpt: Option<Box<Excerpt>>,
    /// The next command to run.
    pub(crate) hint: Option<String>,
}

/// A place in an input: shown to people with a mark under it, told to programs as numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    /// The text around the place.
    pub(crate) text: String,
    /// A mark that stands under the place.
    pub(crate) mark: String,
    /// Line and column, from 1.
    pub(crate) place: String,
}

/// Result of a command: its exit code, or why it stopped.
pub(crate) type Outcome = Result<u8, Failure>;

impl Failure {
    /// Makes a failure.
    pub(crate) fn new(exit: u8, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { exit, code: code.into(), message: message.into(), context: Vec::new(), excerpt: None, hint: None }
    }

    /// Makes a usage failure.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(exit::USAGE, "usage", message)
    }

    /// Makes a failure of reading or writing a file.
    pub(crate) fn file(operation: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(exit::FAILURE, "file.io", format!("cannot {operation} `{}`: {error}", path.display()))
    }

    /// Adds a line of context.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.context.push((name, value.into()));
        self
    }

    /// Adds the next command.
    #[must_use]
    pub(crate) fn hint(mut self, command: impl Into<String>) -> Self {
        self.hint = Some(command.into());
        self
    }

    /// The text on stderr: for people, or one JSON line.
    #[must_use]
    pub(crate) fn render(&self, as_json: bool) -> String {
        if as_json {
            let place = self.excerpt.iter().map(|excerpt| ("place", &excerpt.place));
            let context: serde_json::Map<String, serde_json::Value> = place
                .chain(self.context.iter().map(|(name, value)| (*name, value)))
                .map(|(name, value)| (name.to_owned(), json!(value)))
                .collect();
            let mut error = json!({"code": self.code, "message": self.message, "context": context});
            if let (Some(hint), Some(fields)) = (&self.hint, error.as_object_mut()) {
                fields.insert("hint".to_owned(), json!(hint));
            }
            return format!("{}\n", crate::output::json_safe(&json!({ "error": error }).to_string()));
        }
        let mut text = format!("error[{}]: {}\n", self.code, crate::output::visible(&self.message));
        if let Some(Excerpt { text: line, mark, place }) = self.excerpt.as_deref() {
            let _ = writeln!(text, "  {}\n  {mark} {place}", crate::output::visible(line));
        }
        for (name, value) in &self.context {
            let _ = writeln!(text, "  {name}: {}", crate::output::visible(value));
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(text, "hint: {}", crate::output::visible(hint));
        }
        text
    }

    /// Puts the home named on the command line into the command that the hint names.
    #[must_use]
    pub(crate) fn at_home(mut self, home: Option<&std::path::Path>) -> Self {
        self.hint = self.hint.map(|hint| crate::output::at_home(&hint, home));
        self
    }

    /// Makes the failure of an agreement's text or note from its faults: the first one speaks, the others follow.
    #[must_use]
    pub(crate) fn text(errors: &[TextError]) -> Self {
        let Some(first) = errors.first() else { return Self::new(exit::VERIFICATION, "agr.refused", "refused") };
        let signature = first.code() == "agr.party-unsigned" || first.code().starts_with("note.");
        let code = if signature { exit::VERIFICATION } else { exit::USAGE };
        let mut failure = Self::new(code, first.code(), fault(first));
        for error in errors.iter().skip(1).take(FAULTS_SHOWN - 1) {
            failure = failure.with("also", format!("[{}] {}", error.code(), fault(error)));
        }
        if errors.len() > FAULTS_SHOWN {
            failure = failure.with("also", format!("{} more faults", errors.len() - FAULTS_SHOWN));
        }
        failure
    }
}

// LIMIT: faults of one text that are shown; all are counted.
const FAULTS_SHOWN: usize = 20;

/// A fault with its line, without its code, which stands before it.
fn fault(error: &TextError) -> String {
    if error.line == 0 { error.message.clone() } else { format!("line {}: {}", error.line, error.message) }
}

impl From<ExchangeError> for Failure {
    fn from(error: ExchangeError) -> Self {
        let exit = match &error {
            ExchangeError::Agreement(errors) => {
                let mut failure = Self::text(errors);
                failure.exit = exit::VERIFICATION;
                return failure;
            }
            ExchangeError::Replay { .. } | ExchangeError::Receipt { .. } | ExchangeError::LedgerHalted { .. } => {
                exit::VERIFICATION
            }
            ExchangeError::Rollback { .. } | ExchangeError::Unconfirmed { .. } | ExchangeError::Fork { .. } => {
                exit::VERIFICATION
            }
            ExchangeError::Quorum { .. } => exit::REFUSED,
            ExchangeError::UnknownAgreement(_) | ExchangeError::UnknownParty(_) | ExchangeError::UnknownObject(_) => {
                exit::NOT_FOUND
            }
            ExchangeError::Offer { code: "offer.unknown", .. } => exit::NOT_FOUND,
            ExchangeError::Recall(_) => exit::VERIFICATION,
            ExchangeError::NotAParty(_)
            | ExchangeError::State { .. }
            | ExchangeError::Quota { .. }
            | ExchangeError::Offer { .. } => exit::REFUSED,
            ExchangeError::Card(_) | ExchangeError::Format { .. } | ExchangeError::Notice(_) => exit::USAGE,
            ExchangeError::Remote { code, .. } => remote(code),
            ExchangeError::Usefulness { code: "usefulness.early" | "usefulness.not-shared", .. } => exit::REFUSED,
            ExchangeError::Usefulness { .. } => exit::VERIFICATION,
            _ => exit::FAILURE,
        };
        let failure = Self::new(exit, error.code(), error.to_string());
        match &error {
            ExchangeError::Home { source, .. } => failure.with("why", source.to_string()),
            ExchangeError::UnknownParty(_) => failure.hint("entente party list"),
            ExchangeError::UnknownAgreement(_) => failure.hint("entente agreement list"),
            ExchangeError::Rollback { agreement, .. } => failure.hint(format!("entente ledger adopt {agreement}")),
            ExchangeError::Unconfirmed { agreement } => failure.hint(format!("entente ledger accept-risk {agreement}")),
            ExchangeError::Fork { party, .. } => failure.hint(format!("entente ledger resume {party}")),
            ExchangeError::State { agreement, .. } => failure.hint(format!("entente agreement show {agreement}")),
            ExchangeError::Offer { code: "offer.unknown", .. } => failure.hint("entente agreement list"),
            ExchangeError::Remote { party, code: "party.no-link", .. } => {
                failure.hint(format!("entente party add {party}.card --token ID --token-file FILE"))
            }
            _ => failure,
        }
    }
}

/// The exit code of an exchange with another node that stopped with this code.
#[must_use]
pub(crate) fn remote(code: &str) -> u8 {
    match code {
        "party.no-link" | "sync.token" => exit::AUTH,
        code if code.starts_with("agreement.") => exit::REFUSED,
        code if code.starts_with("receipt.") || code.starts_with("ledger.") => exit::VERIFICATION,
        "sync.not-found" => exit::NOT_FOUND,
        _ => exit::FAILURE,
    }
}

#[cfg(test)]
mod tests {
    use super::exit::{self, worse};

    #[test]
    fn the_first_code_of_the_order_wins() {
        // Would break: a gate that asks for 0 takes "some rejected" or "nothing checked" for done.
        assert_eq!(worse(exit::OK, exit::NOTHING), exit::NOTHING);
        assert_eq!(worse(exit::PARTLY, exit::FINDINGS), exit::FINDINGS);
        assert_eq!(worse(exit::REFUSED, exit::VERIFICATION), exit::VERIFICATION);
        assert_eq!(worse(exit::FAILURE, exit::USAGE), exit::USAGE);
        assert_eq!(worse(exit::NOT_FOUND, exit::OK), exit::NOT_FOUND);
    }
}
