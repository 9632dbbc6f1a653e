//! What can go wrong before and while a pattern is matched: an error is never "no match" (STIX 2.1 §9.4).

use thiserror::Error;

/// Reports a constant that cannot be evaluated, whether or not data would reach it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` cannot be evaluated: {reason}")]
pub struct CompileError {
    pub(crate) kind: CompileErrorKind,
    pub(crate) text: String,
    pub(crate) reason: String,
}

/// Which constant it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CompileErrorKind {
    /// A date that does not exist.
    Date,
    /// A regular expression that is malformed, or outside the supported syntax.
    Expression,
    /// `ISSUBSET` or `ISSUPERSET` with something that is no network.
    Network,
    /// `REPEATS 0` or a count beyond 64 bits.
    Repeats,
    /// Constants of several kinds in one set.
    Set,
    /// `WITHIN 0`.
    Within,
}

impl CompileError {
    /// Makes an error about the constant `text`, of which the message shows the beginning.
    pub(crate) fn new(kind: CompileErrorKind, text: &str, reason: impl Into<String>) -> Self {
        let mut shown: String = text.chars().take(60).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        Self { kind, text: shown, reason: reason.into() }
    }

    /// Returns which constant it is.
    pub const fn kind(&self) -> CompileErrorKind {
        self.kind
    }

    /// Returns the stable code: `STIX-E-913` for an expression, else `pattern.constant`.
    pub const fn code(&self) -> &'static str {
        match self.kind {
            CompileErrorKind::Expression => "STIX-E-913",
            _ => "pattern.constant",
        }
    }
}

/// Reports an input that is no observation.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InputError {
    /// The bytes are no JSON.
    #[error("not JSON: {0}")]
    Json(String),
    /// A member of the input is no object with a `type`.
    #[error("item {index} of the input is no object with a `type`")]
    NoObject {
        /// Its 0-based place among the members of all bundles.
        index: usize,
    },
    /// A property of an observed-data object is missing or has another form than it must have.
    #[error("`{property}` of `{id}` must be {expected}")]
    Property {
        /// Identifier of the observed-data object, empty where it has none.
        id: String,
        /// The property.
        property: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// Lists and objects are nested deeper than 128.
    #[error("an object of `{id}` is nested deeper than 128")]
    Depth {
        /// Identifier of the observed-data object, empty where it has none.
        id: String,
    },
    /// More text, values or objects than the prepared form can number.
    #[error("the input is too large to be prepared at once")]
    Size,
}

impl InputError {
    /// Returns the stable code `pattern.input`.
    pub const fn code(&self) -> &'static str {
        "pattern.input"
    }
}

/// Reports that a pattern and observations have no verdict.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// The step budget is used up. This is never "no match".
    #[error("the pattern takes more steps than its budget allows")]
    Budget,
    /// A value that the pattern looks at has another form than its name or the constant demands.
    #[error("`{observation}`: `{path}` must be {expected}")]
    Value {
        /// Identifier of the observed-data object, empty where it has none.
        observation: String,
        /// The path as written in the pattern.
        path: String,
        /// What the value must be.
        expected: &'static str,
    },
}

impl EvaluationError {
    /// Returns the stable code: `pattern.budget` or `pattern.input`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Budget => "pattern.budget",
            Self::Value { .. } => "pattern.input",
        }
    }
}

/// The budget is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutOfSteps;

impl From<OutOfSteps> for EvaluationError {
    fn from(OutOfSteps: OutOfSteps) -> Self {
        Self::Budget
    }
}
