//! Bounds on what one input may cost.

/// Bounds the bytes, depth and counts of one object and of one bundle.
///
/// Reaching a limit is a normal outcome: the reader answers with an error that names the limit's code and keeps nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest text of one object in bytes (`STIX-E-011`).
    pub object_size_bytes_max: usize,
    /// Largest text of one bundle, envelope or list in bytes (`STIX-E-011`).
    pub bundle_size_bytes_max: usize,
    /// Most objects in one bundle, envelope or list (`STIX-E-011`).
    pub members_max: usize,
    /// Deepest nesting of objects and lists together (`STIX-E-004`); values above 100 count as 100.
    pub depth_max: usize,
    /// Longest string in bytes after unescaping (`STIX-E-005`).
    pub string_size_bytes_max: usize,
    /// Most keys of one JSON object (`STIX-E-006`).
    pub keys_max: usize,
    /// Longest key in bytes after unescaping (`STIX-E-007`).
    pub key_size_bytes_max: usize,
    /// Most references in one object (`STIX-E-010`).
    pub references_max: usize,
}

impl Limits {
    /// Returns the limits that hold at every door of a node.
    pub const fn admission() -> Self {
        Self {
            object_size_bytes_max: 8 * 1024 * 1024,
            bundle_size_bytes_max: 256 * 1024 * 1024,
            members_max: 50_000,
            depth_max: 64,
            string_size_bytes_max: 1024 * 1024,
            keys_max: 10_000,
            key_size_bytes_max: 256,
            references_max: 10_000,
        }
    }

    /// Returns the limits of offline work on an operator's own files: one million objects, else as at admission.
    pub const fn offline() -> Self {
        Self { members_max: 1_000_000, ..Self::admission() }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::admission()
    }
}
