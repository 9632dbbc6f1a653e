//! Parties whose ledger was found to have two histories: the evidence is kept, sync and releases stop, recalls go on, until a person
//! resumes (`ledger.md` section 7).

use entente_ledger::Hash;
use entente_ledger::decision::Decision;
use entente_ledger::fork::{Evidence, Finding};
use entente_ledger::leaf::LeafTime;
use entente_stix::Timestamp;
use entente_store::witness::DistrustRow;

use crate::Exchange;
use crate::decisions::{self, Act};
use crate::error::{ExchangeError, Result};
use crate::node::{decisions_origin, log_origin};
use crate::state::{Held, KnownParty, State};
use entente_agreement::PartyId;

/// A party that is not trusted, and why.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Distrusted {
    /// The party.
    pub party: String,
    /// What was found about its ledger.
    pub reason: String,
    /// The file of evidence.
    pub evidence: String,
    /// When, RFC 3339.
    pub at: String,
}

impl Exchange {
    /// Stops the exchange with a party on evidence, and returns the error that says so.
    pub(crate) fn suspect(&self, party: &KnownParty, evidence: &Evidence) -> Result<ExchangeError> {
        let file = self.save_evidence(evidence)?;
        let reason = match evidence.finding() {
            Finding::TwoRoots => "has two roots for one number of leaves",
            Finding::Shrank => "shrank",
            Finding::Unproved => "is not proved to go on from the leaves seen before",
        };
        let row = DistrustRow {
            party: party.no,
            reason: reason.to_owned(),
            evidence: file.clone(),
            at_us: self.now().as_micros(),
        };
        self.store().write(|tx| tx.distrust(&row))?;
        tracing::error!(party.id = %party.id, "its ledger {reason}; exchange stopped, evidence in {file}");
        Ok(ExchangeError::Fork { party: party.id.to_string(), reason: format!("{reason}; evidence in {file}") })
    }

    /// Writes evidence into the home and returns the name of the file.
    pub(crate) fn save_evidence(&self, evidence: &Evidence) -> Result<String> {
        let directory = self.home_directory().directory().join("evidence");
        let failed = |operation, path: &std::path::Path, source| ExchangeError::Home {
            operation,
            path: path.display().to_string(),
            source,
        };
        std::fs::create_dir_all(&directory).map_err(|e| failed("create", &directory, e))?;
        let hash = Hash::of(evidence.origin().as_bytes()).hex();
        let time: String = evidence.at().to_string().chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        let path = directory.join(format!("{hash}-{time}.fork-evidence"));
        let text = evidence.to_string();
        // The same finding at the same instant is the same file.
        if std::fs::read(&path).is_ok_and(|held| held == text.as_bytes()) {
            return Ok(path.display().to_string());
        }
        std::fs::write(&path, text)
            .and_then(|()| std::fs::File::open(&path)?.sync_all())
            .map_err(|e| failed("write", &path, e))?;
        Ok(path.display().to_string())
    }

    /// Refuses what would give something to a party that is not trusted.
    pub(crate) fn check_trusted(&self, party: i64) -> Result<()> {
        let rows = self.store().read(|s| s.distrusted())?;
        let Some(row) = rows.into_iter().find(|row| row.party == party) else { return Ok(()) };
        let id = self.state()?.party_word(party);
        Err(ExchangeError::Fork { party: id, reason: format!("{}; evidence in {}", row.reason, row.evidence) })
    }

    /// Why nothing is released to a party under an agreement now, if so: its ledger has two histories, or this node's log must not sign.
    pub(crate) fn may_release(&self, state: &State, held: &Held, recipient: &PartyId) -> Result<Option<String>> {
        let trusted = state.party(recipient.as_str()).map_or(Ok(()), |party| self.check_trusted(party.no));
        let signing = || self.keys().log(&log_origin(&self.node().host, held.id())).map(|_| ());
        match trusted.and_then(|()| signing()) {
            Ok(()) => Ok(None),
            Err(
                error @ (ExchangeError::Fork { .. }
                | ExchangeError::Rollback { .. }
                | ExchangeError::Unconfirmed { .. }),
            ) => {
                tracing::warn!(agreement.id = held.id(), party.id = %recipient, "nothing is released: {error}");
                Ok(Some(format!("[{}] {error}", error.code())))
            }
            Err(error) => Err(error),
        }
    }

    /// The parties that are not trusted.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn distrusted(&self) -> Result<Vec<Distrusted>> {
        let state = self.state()?;
        let rows = self.store().read(|s| s.distrusted())?;
        Ok(rows
            .into_iter()
            .map(|row| Distrusted {
                party: state.party_word(row.party),
                reason: row.reason,
                evidence: row.evidence,
                at: Timestamp::from_micros(row.at_us).to_string(),
            })
            .collect())
    }

    /// Goes on with a party after a person has looked at the evidence; recorded in the decision log. `false` when it was trusted.
    ///
    /// # Errors
    /// [`ExchangeError::UnknownParty`], [`ExchangeError::Store`], [`ExchangeError::LedgerHalted`].
    pub fn resume_party(&self, party: &str) -> Result<bool> {
        let state = self.state()?;
        let known = state.party(party).ok_or_else(|| ExchangeError::UnknownParty(party.to_owned()))?;
        let key = self.keys().log(&decisions_origin(&self.node().host))?;
        let object = self.decision_object(party);
        let now = self.now();
        self.store().write(|tx| {
            let stopped = tx.trust_again(known.no)?;
            if stopped {
                let purpose = Some("resume-party".to_owned());
                let leaf = Decision::Act { act: Act::Admin, object: Some(object), purpose, n: None };
                decisions::append(tx, &key, &leaf, now)?;
            }
            Ok(stopped)
        })
    }

    /// The present instant as leaves spell it; `None` for a clock outside the years 1970 to 9999.
    pub(crate) fn leaf_time(&self) -> Option<LeafTime> {
        LeafTime::from_unix_millis(self.now().as_micros().div_euclid(1_000))
    }
}
