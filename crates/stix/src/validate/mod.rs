//! What one object, or one bundle, breaks of STIX 2.1: every rule, in the order of the text.
//!
//! The walk goes along the [`tables`](crate::tables) over the bytes as they are; nothing is parsed into values of its own, and
//! nothing unknown is an error: custom types, properties and extensions are kept and flagged (STIX 2.1 §11). A finding
//! borrows from the object until it is printed.
//!
//! | Part | Owns |
//! |---|---|
//! | `walk` | forms of values: types, ranges, vocabularies, hashes, references |
//! | `head` | common properties, identifiers, the observable container |
//! | `rules` | what a type asks beyond the forms of its properties |
//! | `markings` | markings, marking definitions, translations |
//! | `custom` | extensions, custom properties, custom types |
//! | `old` | STIX 2.0 |
//! | `poison` | what stays an error under the profile `lenient` |
//! | `bundle` | what takes more than one object |
//!
//! # Examples
//!
//! ```
//! use entente_stix::Limits;
//! use entente_stix::validate::{Context, Profile, Verdict, validate_bytes};
//!
//! let text = br#"{"type":"ipv4-addr","id":"ipv4-addr--59bca7b5-de05-591d-9d1c-266072549107","value":"192.0.2.444"}"#;
//! let mut found = Vec::new();
//! let verdict = validate_bytes(text, &Limits::offline(), Profile::Standard, &Context::default(), &mut |finding| {
//!     found.push(format!("{} {} {}", finding.code(), finding.path(), finding.spec()));
//! });
//! assert_eq!(verdict, Verdict::Invalid);
//! assert!(found.contains(&"STIX-E-606 /value STIX 2.1 §6.8".to_owned()));
//! ```

mod bundle;
mod custom;
mod finding;
mod head;
mod log;
mod markings;
mod old;
mod poison;
mod rules;
mod walk;

pub use bundle::BundleCheck;
pub(crate) use custom::class_of_custom;
pub use finding::Finding;

use std::fmt;

use finding::Source;
use log::Log;
use walk::Walk;

use crate::code::{Code, Severity};
use crate::error::{JsonError, JsonErrorKind, ParseError};
use crate::limits::Limits;
use crate::object::Object;
use crate::scan;
use crate::timestamp::Timestamp;
use crate::value::{Tree, Value};

/// Says how strictly a rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Profile {
    /// Severities as the letters of the codes say.
    #[default]
    Standard,
    /// For producing content: warnings count as errors.
    Strict,
    /// For admitting content: only what would harm storage, versioning, release or another reader is an error; other errors
    /// are warnings.
    Lenient,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 3] = [Self::Standard, Self::Strict, Self::Lenient];

    /// Returns `standard`, `strict` or `lenient`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Strict => "strict",
            Self::Lenient => "lenient",
        }
    }

    /// Finds the profile of that name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    fn severity(self, code: Code, is_poison: impl FnOnce() -> bool) -> Severity {
        match (self, code.severity()) {
            (Self::Strict, Severity::Warning) => Severity::Error,
            (Self::Lenient, Severity::Error) if !is_poison() => Severity::Warning,
            (_, severity) => severity,
        }
    }
}

/// What one object, or a bundle, comes to. Ordered from good to bad, so that a bundle is the worst of its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// Neither error nor warning; notes do not count.
    Valid,
    /// Warnings only.
    Warn,
    /// At least one error.
    Invalid,
}

impl Verdict {
    /// Returns `valid`, `warn` or `invalid`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Warn => "warn",
            Self::Invalid => "invalid",
        }
    }

    /// Returns the verdict of content whose worst finding has that severity.
    pub const fn of(worst: Severity) -> Self {
        match worst {
            Severity::Note => Self::Valid,
            Severity::Warning => Self::Warn,
            Severity::Error => Self::Invalid,
        }
    }
}

/// The pattern of an indicator with `pattern_type` `stix`, with what its check asks of the indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatternAt<'a> {
    /// The pattern.
    pub text: &'a str,
    /// `pattern_version`, else `spec_version` of the indicator, else `2.1`.
    pub version: &'a str,
    /// `valid_from`, where it is a timestamp.
    pub valid_from: Option<Timestamp>,
    /// `valid_until`, where it is a timestamp.
    pub valid_until: Option<Timestamp>,
}

/// Checks a pattern and passes on what it finds: code and message. The findings stand at `/pattern`.
pub type PatternCheck = dyn Fn(&PatternAt<'_>, &mut dyn FnMut(Code, String));

/// Finds the latest version of an object by its identifier.
pub type Resolve<'a> = dyn Fn(&str) -> Option<Object> + 'a;

/// What one object cannot know of itself.
#[derive(Clone, Copy, Default)]
pub struct Context<'a> {
    /// The clock: with it, times more than five minutes ahead are STIX-E-303.
    pub now: Option<Timestamp>,
    /// The object stands in a bundle or an envelope, so that one without `spec_version` may be of STIX 2.0.
    pub enclosed: bool,
    /// Checks patterns; without it they are taken as they are.
    pub patterns: Option<&'a PatternCheck>,
    /// Finds the latest version of an object at hand: marking definitions (STIX-N-408), extension definitions (STIX-N-710) and
    /// what is translated (STIX-E-634, STIX-N-633). Without it nothing is said about what is not at hand.
    pub resolve: Option<&'a Resolve<'a>>,
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Context")
            .field("now", &self.now)
            .field("enclosed", &self.enclosed)
            .field("patterns", &self.patterns.is_some())
            .field("resolve", &self.resolve.is_some())
            .finish()
    }
}

/// Checks one object against all rules that it can break on its own.
///
/// At most 100 findings are listed, in the order of the text and then of the codes; [`Finding::is_rest`] ones follow that count
/// the others. Time is linear in the bytes but for sorting, and memory is at most eight times the bytes.
pub fn validate(
    object: &Object,
    profile: Profile,
    context: &Context<'_>,
    emit: &mut dyn FnMut(&Finding<'_>),
) -> Verdict {
    // INVARIANT: an object is UTF-8.
    let text = std::str::from_utf8(object.raw()).unwrap_or_default();
    walked(text, profile, context, Some(object), emit)
}

/// Checks the bytes of one object as [`validate`] does, and reports also what [`Object::parse`] would refuse.
///
/// Bytes that break the JSON profile have one finding, with its offset; white space around the object is skipped.
pub fn validate_bytes(
    bytes: &[u8],
    limits: &Limits,
    profile: Profile,
    context: &Context<'_>,
    emit: &mut dyn FnMut(&Finding<'_>),
) -> Verdict {
    let error = match scan::scan(bytes, limits) {
        Ok(notes) if notes.is_object => {
            // INVARIANT: the scan has refused anything but UTF-8.
            let text = std::str::from_utf8(bytes).unwrap_or_default();
            return walked(text, profile, context, None, emit);
        }
        Ok(notes) => JsonError::new(JsonErrorKind::NotObject, notes.value.start()),
        Err(error) => error,
    };
    emit(&json_finding(&error, profile));
    Verdict::Invalid
}

fn json_finding<'a>(error: &'a JsonError, profile: Profile) -> Finding<'a> {
    let code = json_code(error.kind());
    let severity = profile.severity(code, || poison::is_poison_anywhere(code));
    Finding { severity, source: Source::Place { code, path: "", offset: error.offset(), message: error } }
}

const fn json_code(kind: JsonErrorKind) -> Code {
    match kind {
        JsonErrorKind::Syntax(_) => Code::E001,
        JsonErrorKind::Encoding => Code::E002,
        JsonErrorKind::DuplicateKey => Code::E003,
        JsonErrorKind::Depth => Code::E004,
        JsonErrorKind::StringSize => Code::E005,
        JsonErrorKind::Keys => Code::E006,
        JsonErrorKind::KeySize => Code::E007,
        JsonErrorKind::NotObject => Code::E008,
        JsonErrorKind::Number => Code::E009,
        JsonErrorKind::References => Code::E010,
        JsonErrorKind::Size => Code::E011,
    }
}

fn walked(
    text: &str,
    profile: Profile,
    context: &Context<'_>,
    object: Option<&Object>,
    emit: &mut dyn FnMut(&Finding<'_>),
) -> Verdict {
    let tree = Tree::read(text);
    let mut walk = Walk::new(&tree, context, object, Log::new(&tree, profile));
    walk.object();
    walk.log.finish(emit)
}

/// Reads a timestamp; none where the value is not one.
fn instant_of(value: Value<'_>) -> Option<Timestamp> {
    Timestamp::parse(&value.text()?).ok()
}

/// Checks one object for admission: the first error under [`Profile::Lenient`], with `now` as the clock, without a look at
/// patterns, and as one that stands alone: without `spec_version` it is not taken for one of STIX 2.0.
///
/// # Errors
///
/// The first broken rule of the poison set, in the order of the text. A TLP definition that is changed or invented is
/// `stix.reserved-marking`, the reason that admission gives.
pub fn check(object: &Object, now: Timestamp) -> Result<(), ParseError> {
    let context = Context { now: Some(now), ..Context::default() };
    let mut first = None;
    validate(object, Profile::Lenient, &context, &mut |finding| {
        if first.is_none() && finding.severity() == Severity::Error {
            first = Some(refusal(finding));
        }
    });
    first.map_or(Ok(()), Err)
}

fn refusal(finding: &Finding<'_>) -> ParseError {
    let code = if finding.code() == Code::E406 { "stix.reserved-marking" } else { finding.code().as_str() };
    ParseError::Rule { code, path: finding.path().to_string(), message: finding.message().to_string() }
}
