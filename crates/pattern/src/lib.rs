//! STIX patterning: the text of indicators as a tree (STIX 2.1 §9).
//!
//! [`parse`] reads the whole grammar: observation expressions with `AND`, `OR`, `FOLLOWEDBY` and qualifiers, comparison
//! expressions with every operator and constant, object paths with indices and quoted keys. [`Pattern`] prints itself in one
//! canonical spacing, lists its literals, says whether looking up a few keys is all it takes to match it, and compiles to a
//! [`Matcher`] for [`Observations`].
//!
//! | Module | Owns |
//! |---|---|
//! | `token` | characters to tokens |
//! | `parser` | tokens to the tree, with the limits |
//! | `tree` | the tree |
//! | `print` | the tree to text |
//! | `canonical` | canonical form and equivalence |
//! | `check` | the type check |
//! | `evaluate` | patterns matched against observations |
//! | `schema` | object paths along the tables of the specification |
//! | `keys` | look-up keys |
//! | `literals` | constants and equalities |
//!
//! Grammar validity never depends on knowing an object type, nor on what can be evaluated: [`Pattern::check_types`] and
//! [`Pattern::compile`] say that.
//!
//! # Examples
//!
//! ```
//! use entente_pattern::Keys;
//!
//! let pattern = entente_pattern::parse("[ipv4-addr:value IN ('192.0.2.1','192.0.2.2')]")?;
//! assert_eq!(pattern.to_string(), "[ipv4-addr:value IN ('192.0.2.1', '192.0.2.2')]");
//! let Keys::Exact(keys) = pattern.keys() else { panic!("two addresses") };
//! assert_eq!(keys.iter().map(|key| key.value.as_str()).collect::<Vec<_>>(), ["192.0.2.1", "192.0.2.2"]);
//! # Ok::<(), entente_pattern::PatternError>(())
//! ```

mod canonical;
mod check;
mod error;
mod evaluate;
mod keys;
mod literals;
mod parser;
mod print;
mod schema;
mod token;
mod tree;

use std::fmt;
use std::str::FromStr;

use entente_stix::Code;

pub use check::check_indicator;
pub use error::{PatternError, PatternErrorKind};
pub use evaluate::{
    Binding, Boundary, CompileError, CompileErrorKind, EvaluationError, InputError, Matcher, Observations, Steps,
    Version,
};
pub use keys::{Key, KeyKind, Keys};
pub use literals::{Equality, Literal};
pub use print::equality;
pub use tree::Operator;

/// A STIX pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    root: tree::Observation,
}

/// Reads a pattern.
///
/// Linear in the text, depth of calls bounded by the depth limit of 32.
///
/// # Errors
///
/// `STIX-E-901` for syntax, `-903` for a qualifier twice on one bracket, `-904` for a hash constant that does not fit its
/// algorithm, `-912` beyond 64 KiB, 256 comparisons, depth 32, 10,000 constants in a set or 32 steps in a path.
pub fn parse(text: &str) -> Result<Pattern, PatternError> {
    parser::parse(text, parser::Version::V21).map(|root| Pattern { root })
}

/// Reads a pattern of STIX 2.0.
///
/// As [`parse`], but `START` and `STOP` take a plain string with a timestamp too, a qualifier may stand twice on one bracket, and
/// `EXISTS` is a name like others. What is read prints as 2.1.
///
/// # Errors
///
/// As [`parse`], without `STIX-E-903`.
///
/// # Examples
///
/// ```
/// let pattern = entente_pattern::parse_20("[a:b = 1] START '2016-01-01T00:00:00Z' STOP '2016-02-01T00:00:00Z'")?;
/// assert_eq!(pattern.to_string(), "[a:b = 1] START t'2016-01-01T00:00:00Z' STOP t'2016-02-01T00:00:00Z'");
/// # Ok::<(), entente_pattern::PatternError>(())
/// ```
pub fn parse_20(text: &str) -> Result<Pattern, PatternError> {
    parser::parse(text, parser::Version::V20).map(|root| Pattern { root })
}

/// Reads a pattern in the named version of the language: by [`parse_20`] for `2.0`, by [`parse`] for any other.
///
/// # Errors
///
/// Those of the two.
pub fn parse_version(text: &str, version: &str) -> Result<Pattern, PatternError> {
    if version == "2.0" { parse_20(text) } else { parse(text) }
}

impl Pattern {
    /// Returns every constant of the pattern in order, with the path it is compared to.
    pub fn literals(&self) -> Vec<Literal> {
        literals::literals(&self.root)
    }

    /// Checks names, types, dates and sets, which the grammar does not.
    ///
    /// Emits `STIX-E-902` for the form of a name, `STIX-E-913` for a regular expression that [`compile`](Self::compile) refuses
    /// (among many others each may take less memory), `STIX-W-907` to
    /// `-910` and `-916` for what can never match or will surprise, `STIX-N-905` for types and properties that the specification
    /// does not have: custom content is allowed.
    pub fn check_types(&self, emit: &mut dyn FnMut(Code, String)) {
        check::check(self, emit);
    }

    /// Returns the canonical form; its text is what to compare and to hash.
    ///
    /// Patterns of equal form mean the same; some that mean the same differ in form. Two kinds of constants go by what they stand
    /// for, though the evaluator compares their text: addresses at `ipv4-addr:value` and `ipv6-addr:value` lose their host bits
    /// and are written one way (not under `LIKE` and `MATCHES`), and registry keys and names of registry values are in lower
    /// case (not under `MATCHES`). Parts are sorted, doubles and absorbed
    /// parts dropped, and the whole is written as alternatives, at most 4,096 for one bracket and for the whole, in at most
    /// 1 MiB of text. Beyond them see [`canonical_form`](Self::canonical_form). A pattern that cannot be evaluated, at all or on
    /// malformed data, may lose the part that says so.
    #[must_use]
    pub fn canonical(&self) -> Self {
        self.canonical_form().0
    }

    /// Returns the canonical form, and whether it is written as alternatives throughout; where that is false, some part is only
    /// flattened and sorted, since its alternatives would be too many.
    #[must_use]
    pub fn canonical_form(&self) -> (Self, bool) {
        let (root, complete) = canonical::canonical(&self.root);
        (Self { root }, complete)
    }

    /// Returns the equalities whose union is the pattern, whatever they are about; none where it says more or something else.
    /// `LIKE` is one if it has no wildcard and no other text has the constant as its NFC.
    pub fn equalities(&self) -> Option<Vec<Equality>> {
        literals::equalities(&self.root)
    }

    /// Returns what must be seen for the pattern to match, so that many patterns are one look-up.
    ///
    /// OR unites; AND and FOLLOWEDBY take the most selective side. Values are in the canonical form of `entente_observable`, and
    /// one that it refuses, a path without a kind of key, or a comparison that names no value makes the pattern opaque. At most
    /// as many keys as the pattern has constants, or 10,000 where ports restrict addresses.
    pub fn keys(&self) -> Keys {
        keys::keys(&self.root)
    }
}

/// Tells whether two patterns have one canonical form, and so mean the same.
///
/// # Examples
///
/// ```
/// use entente_pattern::{equivalent, parse};
/// let one = parse("[file:name IN ('b', 'a')]")?;
/// assert!(equivalent(&one, &parse("[file:name = 'a' OR file:name == 'b']")?));
/// assert!(!equivalent(&one, &parse("[file:name = 'a']")?));
/// # Ok::<(), entente_pattern::PatternError>(())
/// ```
pub fn equivalent(a: &Pattern, b: &Pattern) -> bool {
    a == b || a.canonical() == b.canonical()
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        print::observation(formatter, &self.root)
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        parse(text)
    }
}
