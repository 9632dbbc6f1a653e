//! How the ledger stands: sizes, cosignatures, halted logs, copies held of other parties' logs, parties that are not trusted.

use entente_ledger::checkpoint::Checkpoint;
use entente_ledger::merkle::{self, Edge};
use entente_stix::Timestamp;
use serde::Serialize;

use crate::Exchange;
use crate::error::Result;
use crate::suspicion::Distrusted;
use crate::witness::{log_key_in, with_cosignatures};

/// The state of the ledger.
#[derive(Clone, Debug, Serialize)]
pub struct LedgerStatus {
    /// This node's logs.
    pub logs: Vec<LogStatus>,
    /// Other parties' logs, as far as this node has witnessed and copied them.
    pub witnessed: Vec<WitnessedStatus>,
    /// Parties with which the exchange is stopped.
    pub distrusted: Vec<Distrusted>,
}

/// One of the node's own logs.
#[derive(Clone, Debug, Serialize)]
pub struct LogStatus {
    /// Agreement id, `/decisions` or `/anchor`.
    pub agreement: String,
    /// Origin, as in its checkpoints.
    pub origin: String,
    /// Number of leaves.
    pub size: u64,
    /// Root, base64.
    pub root: String,
    /// Verifier key of the log.
    pub vkey: String,
    /// The last signed checkpoint, verbatim, with the cosignatures on it.
    pub checkpoint: String,
    /// The latest cosignature of each witness.
    pub cosignatures: Vec<CosignatureStatus>,
    /// How often its key was replaced.
    pub rotations: u64,
    /// When somebody outside last confirmed that it has lost nothing, RFC 3339.
    pub confirmed: Option<String>,
    /// Why it must not sign, if it must not.
    pub halted: Option<String>,
}

/// The latest cosignature of a witness.
#[derive(Clone, Debug, Serialize)]
pub struct CosignatureStatus {
    /// Name of the witness.
    pub witness: String,
    /// Number of leaves it covers.
    pub leaves: u64,
    /// When it came, RFC 3339.
    pub at: String,
}

/// Another party's log.
#[derive(Clone, Debug, Serialize)]
pub struct WitnessedStatus {
    /// The party.
    pub party: String,
    /// Agreement id.
    pub agreement: String,
    /// Number of leaves cosigned.
    pub leaves: u64,
    /// Number of leaves copied.
    pub copied: u64,
    /// When it was cosigned, RFC 3339.
    pub at: String,
}

impl Exchange {
    /// How the ledger stands, without recomputing anything.
    ///
    /// # Errors
    /// [`crate::ExchangeError::Store`].
    pub fn ledger_status(&self) -> Result<LedgerStatus> {
        let count = |n: i64| u64::try_from(n).unwrap_or(0);
        let time = |us: i64| Timestamp::from_micros(us).to_string();
        let mut logs = Vec::new();
        for log in self.store().read(|s| s.logs())? {
            let root = Edge::from_bytes(&log.edge).map_or_else(merkle::empty_root, |edge| edge.root());
            let (cosignatures, halted, keys) = self.store().read(|s| {
                Ok::<_, crate::ExchangeError>((
                    s.cosignatures(log.no)?,
                    s.halted(&log.agreement)?,
                    s.log_keys(&log.origin)?,
                ))
            })?;
            let vkey = self.log_key_of(&log)?.to_string();
            let checkpoint = self.store().read(|s| with_cosignatures(s, &log))?;
            let name = |vkey: &str| vkey.split('+').next().unwrap_or_default().to_owned();
            let cosignatures = cosignatures
                .into_iter()
                .map(|row| CosignatureStatus {
                    witness: name(&row.witness),
                    leaves: count(row.size),
                    at: time(row.at_us),
                })
                .collect();
            logs.push(LogStatus {
                confirmed: self.confirmed_at(&log.agreement)?.map(|at| at.to_string()),
                agreement: log.agreement,
                origin: log.origin,
                size: count(log.size),
                root: root.to_string(),
                vkey,
                checkpoint,
                cosignatures,
                rotations: u64::try_from(keys.len()).unwrap_or(u64::MAX),
                halted: halted.map(|row| row.reason),
            });
        }
        let state = self.state()?;
        let mut witnessed = Vec::new();
        for held in self.ruling(&state) {
            for party in state.parties.iter().filter(|party| party.no != 0) {
                let Some(key) = log_key_in(&held, party) else { continue };
                let seen = self.store().read(|s| s.witnessed(key.name()))?;
                let Some(seen) = seen else { continue };
                let copied = self.store().read(|s| s.copy(held.id(), party.no))?.map_or(0, |copy| copy.size);
                // The size is that of the note, which anybody can check, not that of the row.
                let leaves = Checkpoint::claimed(seen.note.as_bytes()).map_or(0, |head| head.size());
                witnessed.push(WitnessedStatus {
                    party: party.id.to_string(),
                    agreement: held.id().to_owned(),
                    leaves,
                    copied: count(copied),
                    at: time(seen.at_us),
                });
            }
        }
        Ok(LedgerStatus { logs, witnessed, distrusted: self.distrusted()? })
    }
}
