//! What can be wrong with a pattern.

use thiserror::Error;

/// Names the rule that a pattern breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PatternErrorKind {
    /// The text does not follow the grammar.
    Syntax,
    /// A qualifier stands twice on one bare `[ … ]`.
    Qualifier,
    /// A constant compared to a hash has the wrong length or is not hexadecimal.
    Hash,
    /// The pattern is beyond a limit.
    Limit,
}

/// Reports the first place where a pattern breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{line}:{column}: found {found}, expected {expected}")]
pub struct PatternError {
    kind: PatternErrorKind,
    offset: usize,
    line: usize,
    column: usize,
    found: String,
    expected: &'static str,
}

impl PatternError {
    /// Makes an error at the byte `offset` of `text`.
    pub(crate) fn new(kind: PatternErrorKind, text: &str, offset: usize, end: usize, expected: &'static str) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
        let token = text.get(offset..end).unwrap_or_default();
        let found = if token.is_empty() { "the end".to_owned() } else { format!("`{}`", shown(token)) };
        Self {
            kind,
            offset,
            line: before.matches('\n').count().saturating_add(1),
            column: before.get(line_start..).unwrap_or_default().chars().count().saturating_add(1),
            found,
            expected,
        }
    }

    /// Returns the broken rule.
    pub const fn kind(&self) -> PatternErrorKind {
        self.kind
    }

    /// Returns the stable code: `STIX-E-901`, `-903`, `-904` or `-912`.
    pub const fn code(&self) -> &'static str {
        match self.kind {
            PatternErrorKind::Syntax => "STIX-E-901",
            PatternErrorKind::Qualifier => "STIX-E-903",
            PatternErrorKind::Hash => "STIX-E-904",
            PatternErrorKind::Limit => "STIX-E-912",
        }
    }

    /// Returns the 0-based byte at which the offending token begins.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// Returns the 1-based line.
    pub const fn line(&self) -> usize {
        self.line
    }

    /// Returns the 1-based column in characters.
    pub const fn column(&self) -> usize {
        self.column
    }

    /// Returns what would fit there, in words.
    pub const fn expected(&self) -> &'static str {
        self.expected
    }

    /// Returns what was found: the token in backticks, cut to 40 characters, or `the end`.
    pub fn found(&self) -> &str {
        &self.found
    }
}

/// Cuts a text from outside to 40 characters.
pub(crate) fn shown(text: &str) -> String {
    entente_stix::shown(text, 40).to_string()
}
