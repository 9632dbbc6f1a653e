//! The command line as its users meet it: whole runs, what they print and how they end.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails where it meets what it does not expect")]

#[path = "../support/mod.rs"]
mod support;

mod agreements;
mod data;
mod exchange;
mod exits;
mod manners;
mod offers;
mod patterns;
mod proofs;
mod recall;
mod reciprocity;
mod refs;
mod review;
mod setup;
mod simulate;
mod stix;
