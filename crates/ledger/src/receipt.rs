//! Receipts: proof, offline and for ever, that one object was released or delivered.
//!
//! A receipt is a `.tlog-proof` file (c2sp.org/tlog-proof) whose `extra` line leads from the object to the leaf. Nothing
//! in `extra` is believed; all of it is recomputed.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Hash;
use crate::checkpoint::Checkpoint;
use crate::hash::{UnixSeconds, from_base64, parse_decimal, to_base64};
use crate::leaf::{Entry, LEAF_SIZE_BYTES_MAX, Leaf, LeafError};
use crate::merkle::{self, ProofError};
use crate::note::NOTE_SIZE_BYTES_MAX;
use crate::policy::{Policy, TrustError, Trusted};

pub use crate::page::{LeafReceipt, PAGE_RECEIPT_SIZE_BYTES_MAX, PageReceipt, Row, VerifiedLeaf, VerifiedPage};

// LIMIT: a path in a tree of fewer than 2^63 leaves.
const PROOF_HASHES_MAX: usize = 63;

// LIMIT: leaf, 63 hashes of 47 bytes, and an object id; with room.
const EXTRA_SIZE_BYTES_MAX: usize = 8_192;

/// The largest receipt, in bytes.
pub const RECEIPT_SIZE_BYTES_MAX: usize = NOTE_SIZE_BYTES_MAX + 2 * EXTRA_SIZE_BYTES_MAX + 64 * 64;

/// Computes the commitment to an object: SHA-256(0x00, salt, SHA-256(bytes), object id, decision digest).
///
/// All parts but the id have a fixed length, so no two inputs share an encoding; the 0x00 makes the commitment a leaf
/// hash of the inner tree. `bytes_sha` is the SHA-256 of the exact bytes released or sent.
#[must_use]
pub fn commitment(salt: &[u8; 16], bytes_sha: &[u8; 32], id: &str, decision: &[u8; 32]) -> Hash {
    Hash::of_parts(&[&[0], salt, bytes_sha, id.as_bytes(), decision])
}

/// Computes the digest of a decision record: SHA-256(0x02, nonce, record).
///
/// The nonce keeps the digest from being guessed, because records have little entropy.
#[must_use]
pub fn decision_digest(nonce: &[u8; 16], record: &[u8]) -> [u8; 32] {
    Hash::of_parts(&[&[2], nonce, record]).0
}

/// The way from an object to its leaf, the `extra` of a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The bytes of the leaf.
    pub leaf: Vec<u8>,
    /// The id of the object as released.
    pub object: String,
    /// The SHA-256 of the exact bytes of the object.
    pub bytes: Hash,
    /// The salt of the commitment.
    pub salt: [u8; 16],
    /// The digest of the decision record.
    pub decision: [u8; 32],
    /// The position of the object in the leaf's batch.
    pub inner_index: u64,
    /// The number of objects in the batch.
    pub inner_size: u64,
    /// The inclusion proof in the inner tree.
    pub inner_path: Vec<Hash>,
}

/// `extra` as it is spelled, its members in the order of the specification.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Extra {
    v: u64,
    leaf: String,
    object: String,
    bytes: String,
    salt: String,
    decision: String,
    inner_index: u64,
    inner_size: u64,
    inner_path: Vec<Hash>,
}

impl Evidence {
    fn to_json(&self) -> String {
        let extra = Extra {
            v: 1,
            leaf: to_base64(&self.leaf),
            object: self.object.clone(),
            bytes: self.bytes.to_sha256_text(),
            salt: to_base64(&self.salt),
            decision: Hash(self.decision).to_sha256_text(),
            inner_index: self.inner_index,
            inner_size: self.inner_size,
            inner_path: self.inner_path.clone(),
        };
        // A struct of texts, numbers, and lists has a JSON form; an empty text would be refused on reading.
        serde_json::to_string(&extra).unwrap_or_default()
    }

    fn parse(json: &[u8]) -> Option<Evidence> {
        let extra: Extra = serde_json::from_slice(json).ok().filter(|extra: &Extra| extra.v == 1)?;
        let evidence = Evidence {
            leaf: from_base64(&extra.leaf).filter(|leaf| leaf.len() <= LEAF_SIZE_BYTES_MAX)?,
            object: extra.object,
            bytes: Hash::parse_sha256_text(&extra.bytes)?,
            salt: from_base64(&extra.salt)?.try_into().ok()?,
            decision: Hash::parse_sha256_text(&extra.decision)?.0,
            inner_index: extra.inner_index,
            inner_size: extra.inner_size,
            inner_path: extra.inner_path,
        };
        let canonical = evidence.inner_path.len() <= PROOF_HASHES_MAX && evidence.to_json().as_bytes() == json;
        canonical.then_some(evidence)
    }
}

/// A receipt for one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The way from the object to the leaf.
    pub evidence: Evidence,
    /// The index of the leaf in its log.
    pub index: u64,
    /// The inclusion proof of the leaf, from its sibling upwards.
    pub proof: Vec<Hash>,
    /// The checkpoint note, verbatim.
    pub checkpoint: String,
}

/// What a valid receipt proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The checkpoint and the witnesses that have cosigned it.
    pub trusted: Trusted,
    /// The leaf. Whether its agreement was signed by all and in force at its time is for the caller to check.
    pub entry: Entry,
    /// The id of the object.
    pub object: String,
}

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// Writes a `.tlog-proof` file (c2sp.org/tlog-proof): that the leaf `index` is in the tree of `checkpoint`, a note.
///
/// `extra` is in base64; a proof of the leaf alone has none.
#[must_use]
pub fn tlog_proof(extra: Option<&str>, index: u64, proof: &[Hash], checkpoint: &str) -> String {
    let extra = extra.map(|extra| format!("extra {extra}\n")).unwrap_or_default();
    let path: String = proof.iter().map(|hash| format!("{hash}\n")).collect();
    format!("{HEADER}\n{extra}index {index}\n{path}\n{checkpoint}")
}

impl Receipt {
    /// Reads a `.tlog-proof` file. Nothing is verified.
    ///
    /// # Errors
    ///
    /// [`ReceiptError::Size`], [`ReceiptError::Format`], or [`ReceiptError::Extra`].
    pub fn parse(bytes: &[u8]) -> Result<Receipt, ReceiptError> {
        if bytes.len() > RECEIPT_SIZE_BYTES_MAX {
            return Err(ReceiptError::Size);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ReceiptError::Format { line: 0 })?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(ReceiptError::Format { line: 0 })?;
        let mut lines = (1_usize..).zip(head.split('\n'));
        let mut next = |prefix: &str| {
            let (line, text) = lines.next().ok_or(ReceiptError::Format { line: 0 })?;
            text.strip_prefix(prefix).ok_or(ReceiptError::Format { line })
        };
        if !next(HEADER)?.is_empty() {
            return Err(ReceiptError::Format { line: 1 });
        }
        let extra = next("extra ")?;
        let index = parse_decimal(next("index ")?).ok_or(ReceiptError::Format { line: 3 })?;
        let extra = from_base64(extra).filter(|json| json.len() <= EXTRA_SIZE_BYTES_MAX).ok_or(ReceiptError::Extra)?;
        let evidence = Evidence::parse(&extra).ok_or(ReceiptError::Extra)?;
        let mut proof = Vec::new();
        for (line, hash) in lines {
            if proof.len() == PROOF_HASHES_MAX {
                return Err(ReceiptError::Format { line });
            }
            proof.push(Hash::parse_base64(hash).ok_or(ReceiptError::Format { line })?);
        }
        Ok(Receipt { evidence, index, proof, checkpoint: checkpoint.to_owned() })
    }

    /// Writes the `.tlog-proof` file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let extra = to_base64(self.evidence.to_json().as_bytes());
        tlog_proof(Some(&extra), self.index, &self.proof, &self.checkpoint).into_bytes()
    }

    /// Verifies the receipt for these object bytes, offline.
    ///
    /// `now` only serves to refuse cosignatures from the future. An object that is JSON must bear the id of the
    /// receipt; other bytes (a line of an export) have none of their own and are accepted for a delivery leaf only.
    ///
    /// # Errors
    ///
    /// [`ReceiptError`] names the step that failed.
    pub fn verify(&self, object: &[u8], policy: &Policy, now: UnixSeconds) -> Result<Verified, ReceiptError> {
        let evidence = &self.evidence;
        if Hash::of(object) != evidence.bytes {
            return Err(ReceiptError::Bytes);
        }
        let entry = Entry::parse(&evidence.leaf)?;
        let reshaped = matches!(entry.leaf, Leaf::Delivery { .. }) && !object.starts_with(b"{");
        if !reshaped && own_id(object).as_deref() != Some(evidence.object.as_str()) {
            return Err(ReceiptError::ObjectId);
        }
        let commitment = commitment(&evidence.salt, &evidence.bytes.0, &evidence.object, &evidence.decision);
        let (inner, n) = entry.leaf.inner().ok_or(ReceiptError::LeafWithoutObjects)?;
        if n != evidence.inner_size {
            return Err(ReceiptError::InnerSize);
        }
        merkle::verify_inclusion(&commitment, evidence.inner_index, n, &evidence.inner_path, &inner)
            .map_err(ReceiptError::Inner)?;
        if entry.seq != self.index {
            return Err(ReceiptError::Seq);
        }
        // Hashes are cheap and signatures are not, so the head is believed last.
        let claimed = Checkpoint::claimed(self.checkpoint.as_bytes()).map_err(TrustError::from)?;
        let (size, root) = (claimed.size(), claimed.root());
        merkle::verify_inclusion(&merkle::leaf_hash(&evidence.leaf), self.index, size, &self.proof, &root)
            .map_err(ReceiptError::LeafProof)?;
        let trusted = policy.verify_checkpoint(self.checkpoint.as_bytes(), now)?;
        Ok(Verified { trusted, entry, object: evidence.object.clone() })
    }
}

/// Reads the `id` of a JSON object.
fn own_id(object: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Head {
        id: String,
    }
    serde_json::from_slice::<Head>(object).ok().map(|head| head.id)
}

/// Why a receipt was refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceiptError {
    /// The object is not the one the receipt is for.
    #[error("the receipt is for other bytes than those of the object")]
    Bytes,
    /// `extra` is absent or malformed.
    #[error("the extra line of the receipt is malformed")]
    Extra,
    /// A line is not as specified.
    #[error("line {line} of the receipt is malformed")]
    Format {
        /// The line, from 1; 0 if the file as a whole is meant.
        line: usize,
    },
    /// The object is not in the batch of the leaf.
    #[error("the object is not in the batch of the leaf: {0}")]
    Inner(#[source] ProofError),
    /// The number of objects is not that of the leaf.
    #[error("the number of objects is not that of the leaf")]
    InnerSize,
    /// The leaf is malformed.
    #[error("the leaf is not valid: {0}")]
    Leaf(#[from] LeafError),
    /// The leaf is not in the log.
    #[error("the leaf is not in the log: {0}")]
    LeafProof(#[source] ProofError),
    /// The leaf is of a kind that covers no objects.
    #[error("the leaf covers no objects")]
    LeafWithoutObjects,
    /// The object bears another id.
    #[error("the object bears another id than the receipt")]
    ObjectId,
    /// A page receipt is not for this number of objects.
    #[error("the receipt is for {expected} objects, not {found}")]
    ObjectCount {
        /// The number of objects the receipt opens.
        expected: usize,
        /// The number of objects given.
        found: usize,
    },
    /// The number in the leaf is not its index.
    #[error("the number in the leaf is not its index in the log")]
    Seq,
    /// The receipt is too large.
    #[error("the receipt is too large")]
    Size,
    /// The checkpoint is not one the policy accepts.
    #[error("the checkpoint is not accepted: {0}")]
    Trust(#[from] TrustError),
}

impl ReceiptError {
    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            ReceiptError::Bytes => "receipt.bytes",
            ReceiptError::Extra => "receipt.extra",
            ReceiptError::Format { .. } => "receipt.format",
            ReceiptError::Inner(_) => "receipt.inner",
            ReceiptError::InnerSize => "receipt.inner-size",
            ReceiptError::Leaf(_) => "receipt.leaf",
            ReceiptError::LeafProof(_) => "receipt.leaf-proof",
            ReceiptError::LeafWithoutObjects => "receipt.leaf-kind",
            ReceiptError::ObjectId => "receipt.object-id",
            ReceiptError::ObjectCount { .. } => "receipt.object-count",
            ReceiptError::Seq => "receipt.seq",
            ReceiptError::Size => "receipt.size",
            ReceiptError::Trust(TrustError::Checkpoint(_)) => "receipt.checkpoint",
            ReceiptError::Trust(TrustError::FutureTime) => "receipt.future",
            ReceiptError::Trust(TrustError::Quorum) => "receipt.quorum",
            ReceiptError::Trust(TrustError::UnknownLog) => "receipt.log-signature",
        }
    }
}

#[cfg(test)]
mod tests;
