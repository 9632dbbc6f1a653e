//! The witness: the request to cosign a checkpoint and the answer to it (c2sp.org/tlog-witness, `ledger.md` section 1.6).
//!
//! The handler is a state machine without a clock or a store: from the record of the last cosigned checkpoint and a
//! request it computes either a refusal or the record that must be durable before the cosignature may leave the process.
//! Reading the record, running [`decide`] and writing the new record have to be one atomic step at the caller, or two
//! requests could roll the record back.

use thiserror::Error;

use crate::Hash;
use crate::checkpoint::Checkpoint;
use crate::hash::parse_decimal;
use crate::merkle;
use crate::note::{Note, NoteError, VerifierKey};

/// The largest number of proof lines in a request.
pub const PROOF_LINES_MAX: usize = 63;

// LIMIT: 63 lines of 45 bytes, and a checkpoint with its cosignatures.
/// The largest body of a request, in bytes.
pub const REQUEST_SIZE_BYTES_MAX: usize = 65_536;

/// Media type of the answer that names the size last cosigned.
pub const SIZE_MEDIA_TYPE: &str = "text/x.tlog.size";

/// A request to cosign: the size the sender believes was cosigned last, the proof of growth from there, the checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    old: u64,
    proof: Vec<Hash>,
    note: Note,
    checkpoint: Checkpoint,
}

impl AddCheckpoint {
    /// Makes a request from its parts.
    ///
    /// # Errors
    ///
    /// [`WitnessError::Malformed`] if the note is not a checkpoint, is not signed, or there are too many proof lines.
    pub fn new(old: u64, proof: Vec<Hash>, checkpoint: &[u8]) -> Result<AddCheckpoint, WitnessError> {
        if proof.len() > PROOF_LINES_MAX {
            return Err(WitnessError::Malformed { reason: "more than 63 proof lines" });
        }
        let note = Note::parse(checkpoint).map_err(|_| WitnessError::Malformed { reason: "no signed note" })?;
        let checkpoint =
            Checkpoint::parse_text(note.text()).map_err(|_| WitnessError::Malformed { reason: "no checkpoint" })?;
        Ok(AddCheckpoint { old, proof, note, checkpoint })
    }

    /// Reads the body of a request.
    ///
    /// # Errors
    ///
    /// [`WitnessError::Malformed`].
    pub fn parse(body: &[u8]) -> Result<AddCheckpoint, WitnessError> {
        let malformed = |reason| WitnessError::Malformed { reason };
        if body.len() > REQUEST_SIZE_BYTES_MAX {
            return Err(malformed("larger than 64 KiB"));
        }
        let text = std::str::from_utf8(body).map_err(|_| malformed("not UTF-8"))?;
        let (first, mut rest) = text.split_once('\n').ok_or(malformed("no line `old`"))?;
        let old = first.strip_prefix("old ").and_then(parse_decimal).ok_or(malformed("no line `old <size>`"))?;
        let mut proof = Vec::new();
        loop {
            let (line, after) = rest.split_once('\n').ok_or(malformed("no empty line before the checkpoint"))?;
            rest = after;
            if line.is_empty() {
                break;
            }
            if proof.len() == PROOF_LINES_MAX {
                return Err(malformed("more than 63 proof lines"));
            }
            proof.push(Hash::parse_base64(line).ok_or(malformed("a proof line is no hash"))?);
        }
        AddCheckpoint::new(old, proof, rest.as_bytes())
    }

    /// Writes the body of a request.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!("old {}\n", self.old);
        for hash in &self.proof {
            text.push_str(&format!("{hash}\n"));
        }
        text.push('\n');
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.note.to_bytes());
        bytes
    }

    /// Returns the size from which the proof leads on.
    #[must_use]
    pub const fn old(&self) -> u64 {
        self.old
    }

    /// Returns the proof of growth.
    #[must_use]
    pub fn proof(&self) -> &[Hash] {
        &self.proof
    }

    /// Returns the checkpoint with its signatures.
    #[must_use]
    pub const fn note(&self) -> &Note {
        &self.note
    }

    /// Returns what the checkpoint claims.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Checks that a trusted key of the log has signed, and that no trusted key's signature fails.
    ///
    /// # Errors
    ///
    /// [`WitnessError::UnknownOrigin`] if no key of this log is trusted, [`WitnessError::Signature`].
    pub fn verify_signature(&self, log_keys: &[VerifierKey]) -> Result<(), WitnessError> {
        let keys: Vec<VerifierKey> =
            log_keys.iter().filter(|key| key.name() == self.checkpoint.origin()).cloned().collect();
        if keys.is_empty() {
            return Err(WitnessError::UnknownOrigin);
        }
        self.note.verify(&keys).map(|_| ()).map_err(WitnessError::Signature)
    }
}

/// What a witness remembers about a log: the largest tree it has cosigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The number of leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// Runs the checks of `ledger.md` 1.6 in their order and returns the record to make durable before answering.
///
/// `log_keys` are the keys trusted for any log; those named after the origin of the checkpoint count. `seen` is the
/// record of that origin, `None` if nothing was cosigned.
///
/// # Errors
///
/// [`WitnessError`]; after one that [`WitnessError::is_evidence`], the request is worth keeping.
pub fn decide(request: &AddCheckpoint, log_keys: &[VerifierKey], seen: Option<Seen>) -> Result<Seen, WitnessError> {
    request.verify_signature(log_keys)?;
    let (size, root) = (request.checkpoint.size(), request.checkpoint.root());
    if request.old > size {
        return Err(WitnessError::OldLarger);
    }
    let last = seen.map_or(0, |seen| seen.size);
    if request.old != last {
        return Err(WitnessError::OtherSize { last });
    }
    if size == 0 && root != merkle::empty_root() {
        return Err(WitnessError::Inconsistent { reason: "the empty tree has another root" });
    }
    match seen {
        // Nothing can be said about growth from nothing, so nothing may be claimed (`ledger.md` 1.4).
        None | Some(Seen { size: 0, .. }) if request.proof.is_empty() => {}
        None | Some(Seen { size: 0, .. }) => {
            return Err(WitnessError::Inconsistent { reason: "there is a proof from the empty tree" });
        }
        Some(seen) => merkle::verify_consistency(seen.size, &seen.root, size, &root, &request.proof).map_err(|_| {
            WitnessError::Inconsistent { reason: "the proof does not lead from the last root to this one" }
        })?,
    }
    Ok(Seen { size, root })
}

/// Why a checkpoint is not cosigned.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum WitnessError {
    /// The tree does not go on from the one cosigned last.
    #[error("the tree is not consistent with the one cosigned last: {reason}")]
    Inconsistent {
        /// What does not fit.
        reason: &'static str,
    },
    /// The body is not a request.
    #[error("the request is malformed: {reason}")]
    Malformed {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The old size is above that of the checkpoint.
    #[error("the old size is above that of the checkpoint")]
    OldLarger,
    /// Another size was cosigned last.
    #[error("the size cosigned last is {last}")]
    OtherSize {
        /// That size, 0 if nothing was cosigned.
        last: u64,
    },
    /// No trusted key has signed, or its signature fails.
    #[error("not signed by a trusted key of the log: {0}")]
    Signature(NoteError),
    /// The log is not one this witness knows.
    #[error("the log is not known to this witness")]
    UnknownOrigin,
}

impl WitnessError {
    /// Returns the HTTP status of c2sp.org/tlog-witness.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            WitnessError::Malformed { .. } | WitnessError::OldLarger => 400,
            WitnessError::Signature(_) => 403,
            WitnessError::UnknownOrigin => 404,
            WitnessError::OtherSize { .. } => 409,
            WitnessError::Inconsistent { .. } => 422,
        }
    }

    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            WitnessError::Inconsistent { .. } => "witness.inconsistent",
            WitnessError::Malformed { .. } => "witness.malformed",
            WitnessError::OldLarger => "witness.old-larger",
            WitnessError::OtherSize { .. } => "witness.other-size",
            WitnessError::Signature(_) => "witness.signature",
            WitnessError::UnknownOrigin => "witness.unknown-origin",
        }
    }

    /// Tells whether the refused request, being signed by the log, may prove a second history.
    #[must_use]
    pub const fn is_evidence(&self) -> bool {
        matches!(self, WitnessError::Inconsistent { .. })
    }
}

#[cfg(test)]
mod tests;
