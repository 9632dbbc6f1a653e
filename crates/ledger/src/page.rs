//! Page receipts: the leaves that cover the objects of one page, once each, and what opens every commitment.
//!
//! A page may hold a part of a release batch only. The rows it does not hold are given as sealed commitments, so that
//! the inner root can be recomputed and nothing about them is learnt.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Hash;
use crate::checkpoint::Checkpoint;
use crate::hash::{UnixSeconds, from_base64, to_base64};
use crate::leaf::Entry;
use crate::merkle::{self, Tree};
use crate::note::VerifierKey;
use crate::policy::{Policy, TrustError};
use crate::receipt::{Evidence, Receipt, ReceiptError, commitment};

// LIMIT: 5,000 opened rows of about 250 bytes and 200,000 sealed ones; a releaser cuts a page that would need more.
/// The largest page receipt that is read, in bytes.
pub const PAGE_RECEIPT_SIZE_BYTES_MAX: usize = 16 * 1_024 * 1_024;

/// The receipt of one page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageReceipt {
    /// The checkpoint note, verbatim.
    pub checkpoint: String,
    /// The leaves that cover the page, by ascending index.
    pub leaves: Vec<LeafReceipt>,
}

/// One leaf of a page receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeafReceipt {
    /// The index of the leaf in its log.
    pub index: u64,
    /// The bytes of the leaf, spelled in base64.
    #[serde(serialize_with = "write_bytes", deserialize_with = "read_bytes")]
    pub leaf: Vec<u8>,
    /// The inclusion proof of the leaf, from its sibling upwards.
    pub proof: Vec<Hash>,
    /// All rows of the batch, in batch order. The opened ones over all leaves are the objects of the page in order.
    pub rows: Vec<Row>,
}

/// One row of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Row {
    /// A row whose object is in the page.
    Opened {
        /// The id of the object.
        object: String,
        /// The salt of its commitment, spelled in base64.
        #[serde(serialize_with = "write_bytes", deserialize_with = "read_bytes")]
        salt: [u8; 16],
        /// The digest of its decision record, spelled `sha256:…`.
        #[serde(serialize_with = "write_digest", deserialize_with = "read_digest")]
        decision: [u8; 32],
    },
    /// A row whose object is not in the page.
    Sealed {
        /// The commitment to it.
        commitment: Hash,
    },
}

impl Row {
    /// Returns the commitment of a sealed row.
    #[must_use]
    pub const fn sealed(&self) -> Option<Hash> {
        match self {
            Row::Sealed { commitment } => Some(*commitment),
            Row::Opened { .. } => None,
        }
    }
}

/// What a valid page receipt proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedPage {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The leaves, by ascending index, with the number of objects of the page that each covers.
    pub leaves: Vec<VerifiedLeaf>,
}

/// One leaf of a valid page receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedLeaf {
    /// The index of the leaf in its log.
    pub index: u64,
    /// The leaf, with the hash of its agreement.
    pub entry: Entry,
    /// The number of objects of the page that it covers.
    pub objects_count: usize,
}

impl PageReceipt {
    /// Reads the JSON form. Nothing is verified.
    ///
    /// # Errors
    ///
    /// [`ReceiptError::Size`] or [`ReceiptError::Format`] with the line of the JSON text.
    pub fn parse(json: &[u8]) -> Result<PageReceipt, ReceiptError> {
        if json.len() > PAGE_RECEIPT_SIZE_BYTES_MAX {
            return Err(ReceiptError::Size);
        }
        serde_json::from_slice(json).map_err(|error| ReceiptError::Format { line: error.line() })
    }

    /// Writes the JSON form.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        // Texts, numbers, and lists have a JSON form; an empty text would be refused on reading.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Verifies the receipt for the objects of a page, given as the id each bears and its exact bytes, in page order.
    ///
    /// Only the signature of the log is demanded; [`PageReceipt::verify_under`] also asks for witnesses. Whether the
    /// leaves name the reader as recipient and an agreement it knows is for the caller to check.
    ///
    /// # Errors
    ///
    /// [`ReceiptError`] names the step that failed.
    pub fn verify(&self, objects: &[(&str, &[u8])], log_key: &VerifierKey) -> Result<VerifiedPage, ReceiptError> {
        // Hashes are cheap and signatures are not, so the head is believed last.
        let leaves = self.verify_leaves(objects)?;
        let checkpoint = Checkpoint::open(self.checkpoint.as_bytes(), log_key).map_err(TrustError::from)?;
        Ok(VerifiedPage { checkpoint, leaves })
    }

    /// Verifies the receipt under a policy with witnesses, as of `now`.
    ///
    /// # Errors
    ///
    /// [`ReceiptError`] names the step that failed.
    pub fn verify_under(
        &self,
        objects: &[(&str, &[u8])],
        policy: &Policy,
        now: UnixSeconds,
    ) -> Result<VerifiedPage, ReceiptError> {
        let leaves = self.verify_leaves(objects)?;
        let trusted = policy.verify_checkpoint(self.checkpoint.as_bytes(), now)?;
        Ok(VerifiedPage { checkpoint: trusted.checkpoint, leaves })
    }

    /// Verifies everything up to the root that the checkpoint claims.
    fn verify_leaves(&self, objects: &[(&str, &[u8])]) -> Result<Vec<VerifiedLeaf>, ReceiptError> {
        let checkpoint = Checkpoint::claimed(self.checkpoint.as_bytes()).map_err(TrustError::from)?;
        let (size, root) = (checkpoint.size(), checkpoint.root());
        let mut rest = self.checked_objects(objects)?;
        let mut leaves: Vec<VerifiedLeaf> = Vec::with_capacity(self.leaves.len());
        for receipt in &self.leaves {
            let entry = Entry::parse(&receipt.leaf)?;
            // Ascending order also keeps a leaf from being counted twice.
            if entry.seq != receipt.index || leaves.last().is_some_and(|last| last.index >= receipt.index) {
                return Err(ReceiptError::Seq);
            }
            let (inner, n) = entry.leaf.inner().ok_or(ReceiptError::LeafWithoutObjects)?;
            if u64::try_from(receipt.rows.len()) != Ok(n) {
                return Err(ReceiptError::InnerSize);
            }
            let (commitments, after) = receipt.commitments(rest)?;
            if merkle::root(&commitments) != inner {
                return Err(ReceiptError::Inner(merkle::ProofError::RootMismatch));
            }
            merkle::verify_inclusion(&merkle::leaf_hash(&receipt.leaf), receipt.index, size, &receipt.proof, &root)
                .map_err(ReceiptError::LeafProof)?;
            leaves.push(VerifiedLeaf { index: receipt.index, entry, objects_count: rest.len() - after.len() });
            rest = after;
        }
        Ok(leaves)
    }

    /// Splits the page into the receipts of its objects, in page order, from the same objects it was verified with.
    ///
    /// # Errors
    ///
    /// [`ReceiptError`] if the objects do not fit the receipt. The page should have been verified before; the receipts are
    /// verified again by whoever reads them.
    pub fn split(&self, objects: &[(&str, &[u8])]) -> Result<Vec<Receipt>, ReceiptError> {
        let mut rest = self.checked_objects(objects)?;
        let mut receipts = Vec::with_capacity(objects.len());
        for receipt in &self.leaves {
            let (commitments, after) = receipt.commitments(rest)?;
            let tree = Tree::of(&commitments);
            let opened = (0_u64..).zip(&receipt.rows).filter_map(|(at, row)| match row {
                Row::Opened { object, salt, decision } => Some((at, object, salt, decision)),
                Row::Sealed { .. } => None,
            });
            for ((inner_index, object, salt, decision), (_, bytes)) in opened.zip(rest) {
                let evidence = Evidence {
                    leaf: receipt.leaf.clone(),
                    object: object.clone(),
                    bytes: Hash::of(bytes),
                    salt: *salt,
                    decision: *decision,
                    inner_index,
                    inner_size: tree.size(),
                    inner_path: tree.inclusion_proof(inner_index).ok_or(ReceiptError::InnerSize)?,
                };
                let (index, proof, checkpoint) = (receipt.index, receipt.proof.clone(), self.checkpoint.clone());
                receipts.push(Receipt { evidence, index, proof, checkpoint });
            }
            rest = after;
        }
        Ok(receipts)
    }

    /// Checks that as many objects are given as rows are opened.
    fn checked_objects<'a, 'b>(
        &self,
        objects: &'a [(&'b str, &'b [u8])],
    ) -> Result<&'a [(&'b str, &'b [u8])], ReceiptError> {
        let rows = self.leaves.iter().flat_map(|leaf| &leaf.rows);
        let expected = rows.filter(|row| matches!(row, Row::Opened { .. })).count();
        if expected == objects.len() {
            Ok(objects)
        } else {
            Err(ReceiptError::ObjectCount { expected, found: objects.len() })
        }
    }
}

type Objects<'a, 'b> = &'a [(&'b str, &'b [u8])];

impl LeafReceipt {
    /// Computes the commitments of all rows from the objects that open some of them, and returns the objects left.
    fn commitments<'a, 'b>(&self, objects: Objects<'a, 'b>) -> Result<(Vec<Hash>, Objects<'a, 'b>), ReceiptError> {
        let mut rest = objects;
        let mut commitments = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            commitments.push(match row {
                Row::Sealed { commitment } => *commitment,
                Row::Opened { object, salt, decision } => {
                    let ((id, bytes), after) = rest.split_first().ok_or(ReceiptError::ObjectId)?;
                    if id != object {
                        return Err(ReceiptError::ObjectId);
                    }
                    rest = after;
                    commitment(salt, &Hash::of(bytes).0, object, decision)
                }
            });
        }
        Ok((commitments, rest))
    }
}

fn write_bytes<S: Serializer>(bytes: &(impl AsRef<[u8]> + ?Sized), serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&to_base64(bytes.as_ref()))
}

fn read_bytes<'de, D: Deserializer<'de>, T: TryFrom<Vec<u8>>>(deserializer: D) -> Result<T, D::Error> {
    let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
    let bytes = from_base64(&text).and_then(|bytes| T::try_from(bytes).ok());
    bytes.ok_or_else(|| de::Error::custom("malformed base64 or wrong length"))
}

fn write_digest<S: Serializer>(digest: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&Hash(*digest).to_sha256_text())
}

fn read_digest<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
    let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
    let digest = Hash::parse_sha256_text(&text);
    digest.map(|digest| digest.0).ok_or_else(|| de::Error::custom("a digest must be `sha256:` and 64 digits"))
}

#[cfg(test)]
mod tests;
