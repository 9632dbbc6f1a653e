//! What can be wrong with bytes or with an object.

use thiserror::Error;

/// Names the JSON rule that a text breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// Not JSON, or something after the value.
    #[error("not JSON: expected {0}")]
    Syntax(&'static str),
    /// Not UTF-8, or an unpaired surrogate escape.
    #[error("not UTF-8, or an unpaired surrogate")]
    Encoding,
    /// A key twice in one object.
    #[error("key twice in one object")]
    DuplicateKey,
    /// Nested deeper than the limit.
    #[error("nested too deep")]
    Depth,
    /// A string longer than the limit.
    #[error("string too long")]
    StringSize,
    /// More keys in one object than the limit.
    #[error("too many keys in one object")]
    Keys,
    /// A key longer than the limit.
    #[error("key too long")]
    KeySize,
    /// Something else where an object is expected.
    #[error("not an object")]
    NotObject,
    /// A number that no finite IEEE 754 double stands for.
    #[error("number not representable")]
    Number,
    /// More references than the limit.
    #[error("too many references in one object")]
    References,
    /// An object or bundle larger than the limit.
    #[error("object or bundle too large")]
    Size,
}

/// Reports the first place where a text breaks the JSON profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[error("{kind} at byte {offset}")]
pub struct JsonError {
    kind: JsonErrorKind,
    offset: usize,
}

impl JsonError {
    pub(crate) const fn new(kind: JsonErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }

    /// Returns the broken rule.
    pub const fn kind(&self) -> JsonErrorKind {
        self.kind
    }

    /// Returns the 0-based byte at which the rule broke.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// Returns the stable code, `STIX-E-001` to `STIX-E-011`.
    pub const fn code(&self) -> &'static str {
        match self.kind {
            JsonErrorKind::Syntax(_) => "STIX-E-001",
            JsonErrorKind::Encoding => "STIX-E-002",
            JsonErrorKind::DuplicateKey => "STIX-E-003",
            JsonErrorKind::Depth => "STIX-E-004",
            JsonErrorKind::StringSize => "STIX-E-005",
            JsonErrorKind::Keys => "STIX-E-006",
            JsonErrorKind::KeySize => "STIX-E-007",
            JsonErrorKind::NotObject => "STIX-E-008",
            JsonErrorKind::Number => "STIX-E-009",
            JsonErrorKind::References => "STIX-E-010",
            JsonErrorKind::Size => "STIX-E-011",
        }
    }
}

/// Reports why bytes are not an object that may be held.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParseError {
    /// The bytes break the JSON profile.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A property breaks a rule of STIX.
    #[error("{message}")]
    Rule {
        /// Stable code of the rule.
        code: &'static str,
        /// JSON pointer (RFC 6901) to the property.
        path: String,
        /// What is wrong, with the value in backticks.
        message: String,
    },
}

impl ParseError {
    /// Makes an error about the top-level member `property`.
    pub(crate) fn rule(code: &'static str, property: &str, message: impl Into<String>) -> Self {
        let mut path = String::with_capacity(property.len().saturating_add(1));
        path.push('/');
        path.push_str(&property.replace('~', "~0").replace('/', "~1"));
        Self::Rule { code, path, message: message.into() }
    }

    /// Makes the error about a property that is not there.
    pub(crate) fn missing(property: &str) -> Self {
        Self::rule("STIX-E-125", property, format!("required property `{property}` missing"))
    }

    /// Makes the error about a property of the wrong JSON type; null, empty lists and empty objects have their own codes.
    pub(crate) fn wrong_type(property: &str, raw: &str, expected: &'static str) -> Self {
        if raw == "null" {
            return Self::rule("STIX-E-102", property, format!("`{property}` is null"));
        }
        Self::rule("STIX-E-101", property, format!("`{property}` is not {expected}"))
    }

    /// Returns the stable code of the broken rule.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Json(error) => error.code(),
            Self::Rule { code, .. } => code,
        }
    }

    /// Returns the JSON pointer of the property concerned; empty for the object as a whole.
    pub fn path(&self) -> &str {
        match self {
            Self::Json(_) => "",
            Self::Rule { path, .. } => path,
        }
    }

    /// Returns the byte offset, where the error is one of JSON.
    pub fn offset(&self) -> Option<usize> {
        match self {
            Self::Json(error) => Some(error.offset()),
            Self::Rule { .. } => None,
        }
    }
}

/// Cuts outside text for a message to 80 characters.
pub(crate) fn shown(text: &str) -> String {
    crate::shown::shown(text, 80).to_string()
}
