//! Why a leaf is refused.

use thiserror::Error;

use super::LEAF_SIZE_BYTES_MAX;

/// Why a leaf was refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeafError {
    /// The bytes are not one JSON object.
    #[error("the leaf is not a JSON object")]
    Json,
    /// A required key is absent.
    #[error("the leaf has no `{key}`")]
    KeyMissing {
        /// The key.
        key: &'static str,
    },
    /// The kind is not one this version knows.
    #[error("the kind of the leaf is not known")]
    Kind,
    /// First, last, and number contradict each other.
    #[error("`first`, `last` and `n` contradict each other")]
    Positions,
    /// The leaf passes [`LEAF_SIZE_BYTES_MAX`].
    #[error("the leaf is larger than {LEAF_SIZE_BYTES_MAX} bytes")]
    Size,
    /// The bytes are not the one spelling of their meaning.
    #[error("the leaf is not written in the one allowed way")]
    Spelling,
    /// A value has the wrong type or form.
    #[error("the value of `{key}` is malformed")]
    Value {
        /// The key.
        key: &'static str,
    },
    /// `v` is not 1.
    #[error("the version of the leaf is not 1")]
    Version,
}

impl LeafError {
    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            LeafError::Json => "leaf.json",
            LeafError::KeyMissing { .. } => "leaf.missing-key",
            LeafError::Kind => "leaf.kind",
            LeafError::Positions => "leaf.positions",
            LeafError::Size => "leaf.size",
            LeafError::Spelling => "leaf.spelling",
            LeafError::Value { .. } => "leaf.value",
            LeafError::Version => "leaf.version",
        }
    }
}
