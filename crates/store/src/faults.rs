//! Where a store can be made to fail, so that what happens above it under a failing disk is decided by a test and not by luck (A43).
//!
//! A node runs without any of this: the hook is absent, and its absence is one comparison a transaction.

use std::sync::Arc;

/// The steps of a transaction at which a disk may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A write transaction is about to begin: a failure here is clean, nothing happened.
    Begin,
    /// Its work is done and nothing of it is durable: a failure here is clean too, everything is rolled back.
    Commit,
    /// It is durable: a failure here is a commit whose outcome the caller cannot know.
    Committed,
    /// A snapshot is about to be read.
    Read,
}

/// Decides whether a step fails.
///
/// A crash is a hook that fails every step from some instant on; what is durable then is what the next [`crate::Store`] opened on the
/// same files finds.
pub trait Faults: Send + Sync + std::fmt::Debug {
    /// Whether `step` fails, as on a disk that reports an input/output error.
    fn fails(&self, step: Step) -> bool;
}

/// How a store is opened. [`Options::default`] is what a node uses.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Decides which steps fail; none when absent.
    pub faults: Option<Arc<dyn Faults>>,
    /// Does not wait for the disk. Only for a simulation, whose machine never loses power: a node that sets it can lose what it
    /// acknowledged.
    pub volatile: bool,
}
