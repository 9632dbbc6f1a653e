//! The Merkle tree of RFC 6962 §2.1: hashes, the growing edge, and both kinds of proof.
//!
//! Nodes of complete subtrees are named by binary level and index: node `(l, i)` covers the leaves from `i * 2^l` up to
//! `(i + 1) * 2^l`. They never change once they exist, which is why they can be stored and served for ever.

use thiserror::Error;

use crate::Hash;

// LIMIT: 2^62 leaves; at one leaf a nanosecond that is 146 years, and no index arithmetic below can overflow.
const SIZE_MAX: u64 = 1 << 62;

// LIMIT: a tree of fewer than 2^63 leaves needs at most 63 hashes on a path.
const INCLUSION_PROOF_HASHES_MAX: usize = 63;

/// Looks up the hash of a complete subtree by binary level and index; `None` if it is not at hand.
pub type NodeSource<'a> = dyn FnMut(u8, u64) -> Option<Hash> + 'a;

/// Computes the hash of a leaf: SHA-256(0x00, entry).
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash::of_parts(&[&[0], entry])
}

/// Computes the hash of an inner node: SHA-256(0x01, left, right).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash::of_parts(&[&[1], &left.0, &right.0])
}

/// Returns the root of the tree without leaves, the SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Hash {
    Hash::of(b"")
}

/// Computes the root over leaf hashes, in order.
#[must_use]
pub fn root(leaves: &[Hash]) -> Hash {
    let mut edge = Edge::new();
    for leaf in leaves {
        edge.append(*leaf, &mut |_, _, _| ());
    }
    edge.root()
}

/// A whole tree in memory, with its nodes by level, so that a proof costs no hashing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// Builds the tree over leaf hashes, in order.
    #[must_use]
    pub fn of(leaves: &[Hash]) -> Tree {
        let mut edge = Edge::new();
        let mut levels: Vec<Vec<Hash>> = Vec::new();
        for leaf in leaves {
            edge.append(*leaf, &mut |level, _, hash| match levels.get_mut(usize::from(level)) {
                Some(nodes) => nodes.push(hash),
                None => levels.push(vec![hash]),
            });
        }
        Tree { size: edge.size(), levels }
    }

    /// Returns the number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Computes the inclusion proof of one leaf; `None` if `index` is not in the tree.
    #[must_use]
    pub fn inclusion_proof(&self, index: u64) -> Option<Vec<Hash>> {
        inclusion_proof(index, self.size, &mut |level, at| {
            self.levels.get(usize::from(level))?.get(usize::try_from(at).ok()?).copied()
        })
    }
}

/// The right edge of a growing tree: its size and the roots of its complete subtrees, largest first.
///
/// # Invariants
///
/// There is one peak for each one-bit of the size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    peaks: Vec<Hash>,
}

impl Edge {
    /// Creates the edge of the empty tree.
    #[must_use]
    pub const fn new() -> Edge {
        Edge { size: 0, peaks: Vec::new() }
    }

    /// Returns the number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf hash and returns the nodes this completes, the leaf itself first, as (level, index, hash).
    ///
    /// The nodes are to be stored; a tree of `n` leaves creates `2n - popcount(n)` of them in all. Cost: amortised two
    /// hashes.
    pub fn push(&mut self, leaf: Hash) -> Vec<(u8, u64, Hash)> {
        let mut nodes = Vec::with_capacity(1);
        self.append(leaf, &mut |level, index, hash| nodes.push((level, index, hash)));
        nodes
    }

    fn append(&mut self, leaf: Hash, created: &mut dyn FnMut(u8, u64, Hash)) {
        let (mut level, mut index, mut hash) = (0_u8, self.size, leaf);
        created(level, index, hash);
        // Each trailing one-bit of the old size is a peak of the same height as the node in hand.
        while index & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            hash = node_hash(&left, &hash);
            level = level.saturating_add(1);
            index >>= 1;
            created(level, index, hash);
        }
        self.peaks.push(hash);
        self.size = self.size.saturating_add(1);
    }

    /// Computes the root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        fold(&self.peaks).unwrap_or_else(empty_root)
    }

    /// Writes the size (8 bytes, big-endian) and the peaks.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        for peak in &self.peaks {
            bytes.extend_from_slice(&peak.0);
        }
        bytes
    }

    /// Reads what [`Edge::to_bytes`] wrote; `None` if the length does not fit the size.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Edge> {
        let (size, rest) = bytes.split_first_chunk::<8>()?;
        let size = u64::from_be_bytes(*size);
        let (hashes, tail) = rest.as_chunks::<32>();
        let peaks_count = usize::try_from(size.count_ones()).ok()?;
        if size > SIZE_MAX || !tail.is_empty() || hashes.len() != peaks_count {
            return None;
        }
        Some(Edge { size, peaks: hashes.iter().copied().map(Hash).collect() })
    }
}

/// Computes the inclusion proof of leaf `index` in the tree of `size` leaves, from the leaf's sibling upwards.
///
/// `None` if the index is not in the tree or a node is not at hand. Asks for at most about `2 * log2(size)` nodes.
/// RFC 6962 §2.1.1.
#[must_use]
pub fn inclusion_proof(index: u64, size: u64, node: &mut NodeSource<'_>) -> Option<Vec<Hash>> {
    if index >= size || size > SIZE_MAX {
        return None;
    }
    let (mut start, mut end) = (0, size);
    let mut proof = Vec::new();
    while end - start > 1 {
        let middle = start + split_point(end - start);
        if index < middle {
            proof.push(range_root(middle, end, node)?);
            end = middle;
        } else {
            proof.push(range_root(start, middle, node)?);
            start = middle;
        }
    }
    proof.reverse();
    Some(proof)
}

/// Computes the proof that the tree of `old` leaves is a prefix of the tree of `new` leaves.
///
/// Empty if `old` is 0 (the proof that `add-checkpoint` demands) or equals `new`. `None` if `old > new` or a node is
/// not at hand. RFC 6962 §2.1.2.
#[must_use]
pub fn consistency_proof(old: u64, new: u64, node: &mut NodeSource<'_>) -> Option<Vec<Hash>> {
    if old > new || new > SIZE_MAX {
        return None;
    }
    if old == 0 || old == new {
        return Some(Vec::new());
    }
    let (mut start, mut end) = (0, new);
    let mut proof = Vec::new();
    while end != old {
        let middle = start + split_point(end - start);
        if old <= middle {
            proof.push(range_root(middle, end, node)?);
            end = middle;
        } else {
            proof.push(range_root(start, middle, node)?);
            start = middle;
        }
    }
    // The old root is known to the verifier if the old tree is one complete subtree.
    if start != 0 {
        proof.push(range_root(start, end, node)?);
    }
    proof.reverse();
    Some(proof)
}

/// Checks that a leaf hash stands at `index` of the tree of `size` leaves with this root.
///
/// # Errors
///
/// [`ProofError`] says why not; a proof longer or shorter than needed is refused. RFC 9162 §2.1.3.2 (the algorithm, the
/// proofs are those of RFC 6962).
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::IndexBeyondSize { index, size });
    }
    if proof.len() > INCLUSION_PROOF_HASHES_MAX {
        return Err(ProofError::TooLong);
    }
    let (mut at, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::TooLong);
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(ProofError::TooShort);
    }
    if hash == *root { Ok(()) } else { Err(ProofError::RootMismatch) }
}

/// Checks that the tree with `old_root` is a prefix of the tree with `new_root`.
///
/// # Errors
///
/// [`ProofError`] says why not. An `old_size` of 0 is refused, since nothing can be said about it. Equal sizes need
/// equal roots and an empty proof. RFC 9162 §2.1.4.2.
pub fn verify_consistency(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old_size == 0 {
        return Err(ProofError::OldSizeZero);
    }
    if old_size > new_size {
        return Err(ProofError::OldSizeLarger { old: old_size, new: new_size });
    }
    if old_size == new_size {
        return match (proof.is_empty(), old_root == new_root) {
            (false, _) => Err(ProofError::TooLong),
            (true, false) => Err(ProofError::RootMismatch),
            (true, true) => Ok(()),
        };
    }
    let shift = (old_size - 1).trailing_ones();
    let (mut at, mut last) = ((old_size - 1) >> shift, (new_size - 1) >> shift);
    // A complete old tree is itself the first node of the path and is not sent.
    let (mut old_hash, rest) = if at == 0 {
        (*old_root, proof)
    } else {
        proof.split_first().map(|(f, r)| (*f, r)).ok_or(ProofError::TooShort)?
    };
    let mut new_hash = old_hash;
    for sibling in rest {
        if last == 0 {
            return Err(ProofError::TooLong);
        }
        if at & 1 == 1 || at == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(ProofError::TooShort);
    }
    if old_hash == *old_root && new_hash == *new_root { Ok(()) } else { Err(ProofError::RootMismatch) }
}

/// Why a proof was refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofError {
    /// The index is not in the tree.
    #[error("index {index} is not in a tree of size {size}")]
    IndexBeyondSize {
        /// The index asked about.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// The older size is larger than the newer one.
    #[error("the older tree of size {old} is larger than the newer of size {new}")]
    OldSizeLarger {
        /// The size said to be older.
        old: u64,
        /// The size said to be newer.
        new: u64,
    },
    /// The older tree is empty, so no statement can be made.
    #[error("nothing can be said about a tree of size 0")]
    OldSizeZero,
    /// The hashes do not lead to the root.
    #[error("the proof does not lead to the root")]
    RootMismatch,
    /// There are more hashes than the sizes need.
    #[error("the proof is longer than needed")]
    TooLong,
    /// There are fewer hashes than the sizes need.
    #[error("the proof is shorter than needed")]
    TooShort,
}

impl ProofError {
    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            ProofError::IndexBeyondSize { .. } => "proof.index",
            ProofError::OldSizeLarger { .. } => "proof.size-order",
            ProofError::OldSizeZero => "proof.size-zero",
            ProofError::RootMismatch => "proof.root",
            ProofError::TooLong => "proof.too-long",
            ProofError::TooShort => "proof.too-short",
        }
    }
}

/// Returns the largest power of two below `size`, which is at least 2.
const fn split_point(size: u64) -> u64 {
    1 << (63 - (size - 1).leading_zeros())
}

/// Computes the hash of the leaves from `start` to `end`, where `start` is a multiple of a power of two not below the
/// length.
fn range_root(start: u64, end: u64, node: &mut NodeSource<'_>) -> Option<Hash> {
    let mut peaks = Vec::new();
    let mut at = start;
    while at < end {
        let level = u8::try_from(63 - (end - at).leading_zeros()).ok()?;
        peaks.push(node(level, at >> level)?);
        at += 1 << level;
    }
    fold(&peaks)
}

/// Joins the roots of complete subtrees, largest first, to one hash.
fn fold(peaks: &[Hash]) -> Option<Hash> {
    let (last, rest) = peaks.split_last()?;
    Some(rest.iter().rev().fold(*last, |right, left| node_hash(left, &right)))
}

#[cfg(test)]
mod tests;
