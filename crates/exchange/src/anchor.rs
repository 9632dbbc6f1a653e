//! The anchor log: one leaf for each new checkpoint of any other log of the node, so that one small log protects all.
//!
//! Whoever cosigns the anchor learns nothing but its size and root; a party gets, on request, the proof that the checkpoint of its own
//! log is in it. The leaf is the checkpoint note itself with the log's own signatures: the one kind of leaf that is not JSON.

use entente_ledger::checkpoint::Checkpoint;
use entente_ledger::note::Note;

use crate::decisions::DECISIONS;
use crate::error::Result;
use crate::node::anchor_origin;
use crate::{Exchange, journal};

/// Name of the anchor log where logs are listed by agreement; no agreement can be called so.
pub const ANCHOR: &str = "/anchor";

/// The shortest time between two leaves about the same log.
const CADENCE_US: i64 = 60_000_000;

impl Exchange {
    /// Appends the checkpoint of every log that has grown since it was anchored, unless the anchor has moved within a minute. Returns
    /// the number of leaves written.
    ///
    /// # Errors
    /// [`crate::ExchangeError::Store`], [`crate::ExchangeError::LedgerHalted`].
    pub fn anchor(&self) -> Result<u64> {
        let now = self.now();
        let (anchor, logs) = self.store().read(|s| Ok::<_, crate::ExchangeError>((s.log(ANCHOR)?, s.logs()?)))?;
        if anchor.is_some_and(|anchor| now.as_micros().saturating_sub(anchor.last_us).abs() < CADENCE_US) {
            return Ok(0);
        }
        let grown: Vec<_> = logs.into_iter().filter(|log| log.agreement != ANCHOR && log.signed_size > 0).collect();
        if grown.is_empty() {
            return Ok(0);
        }
        let key = self.keys().log(&anchor_origin(&self.node().host))?;
        self.store().write(|tx| {
            let mut written = 0_u64;
            let mut anchor = journal::log(tx, ANCHOR, key.name())?;
            for log in &grown {
                let setting = format!("anchored:{}", log.agreement);
                let known = tx.view().setting(&setting)?;
                if known.is_some_and(|size| size == log.signed_size.to_le_bytes()) {
                    continue;
                }
                let entry = log.checkpoint.as_bytes().to_vec();
                journal::append_entry(tx, &mut anchor, &key, now, |_| Ok(entry.clone()))?;
                tx.put_setting(&setting, &log.signed_size.to_le_bytes())?;
                written += 1;
            }
            Ok(written)
        })
    }
}

/// What is wrong with a leaf of the anchor log; `None` when it is a signed checkpoint.
pub(crate) fn problem(entry: &[u8]) -> Option<String> {
    let signed = Note::parse(entry)
        .map_err(|e| e.to_string())
        .and_then(|_| Checkpoint::claimed(entry).map_err(|e| e.to_string()));
    signed.err()
}

/// The kind of a log, from its name among the agreements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Agreement,
    Anchor,
    Decisions,
}

impl Kind {
    pub(crate) fn of(name: &str) -> Self {
        match name {
            ANCHOR => Self::Anchor,
            DECISIONS => Self::Decisions,
            _ => Self::Agreement,
        }
    }

    /// Where the log is published below the node's address.
    pub(crate) fn prefix(self, name: &str) -> String {
        match self {
            Self::Agreement => format!("agr/{name}"),
            Self::Anchor => "anchor".to_owned(),
            Self::Decisions => "decisions".to_owned(),
        }
    }
}
