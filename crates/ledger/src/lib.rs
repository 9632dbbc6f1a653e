//! Transparency log, checkpoints, signed notes and receipts.
//!
//! The ledger answers, years later and to people who trust neither party: who got what, when, under which text, and was
//! anything removed since. This crate holds the formats and the mathematics of that answer and nothing else: it owns no
//! socket, file, clock, thread, or random source. Sequencing and storage live above it.
//!
//! # Map
//!
//! | Module | Owns | Specification |
//! |---|---|---|
//! | [`merkle`] | tree hashes, the growing [`merkle::Edge`], inclusion and consistency proofs | RFC 6962 §2.1 |
//! | [`note`] | signed texts, their keys and signature lines | c2sp.org/signed-note |
//! | [`checkpoint`] | the signed head of a log | c2sp.org/tlog-checkpoint |
//! | [`cosignature`] | a witness's statement about a checkpoint | c2sp.org/tlog-cosignature |
//! | [`tile`] | paths and contents of the files a log is read from | c2sp.org/tlog-tiles |
//! | [`policy`] | which logs and witnesses a verifier believes | c2sp.org/tlog-policy |
//! | [`leaf`] | the entries of an agreement log | ours |
//! | [`decision`] | the entries of a node's decision log | ours |
//! | [`witness`] | the request to cosign and the answer, as a state machine | c2sp.org/tlog-witness |
//! | [`fork`] | evidence that a log has two histories, as a file | ours |
//! | [`percent`] | values of one-line notes | ours |
//! | [`rotation`] | the note by which a log gets another key | ours |
//! | [`receipt`] | proof that one object, or all objects of a page, were released or delivered | c2sp.org/tlog-proof, `extra` is ours |
//!
//! # From object to root
//!
//! A releaser computes one [`receipt::commitment`] per object, folds them into the `inner` root of a leaf, appends the
//! leaf to the log and signs a checkpoint over it. A receipt carries what is needed to walk the same way again:
//!
//! ```text
//! object bytes -> commitment -> inner root -> leaf -> log root -> checkpoint signature -> policy
//! ```
//!
//! Every parser here is strict: one value has one spelling, so a receipt in which any byte was changed is refused.

pub mod checkpoint;
pub mod cosignature;
pub mod decision;
pub mod fork;
mod hash;
pub mod leaf;
pub mod merkle;
pub mod note;
mod page;
pub mod percent;
pub mod policy;
pub mod receipt;
pub mod rotation;
pub mod tile;
pub mod witness;

pub use hash::{Hash, UnixSeconds};
