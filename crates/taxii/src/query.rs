//! The parameters of a request: filtering and paging (TAXII 2.1 §3.4).

use entente_stix::Timestamp;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use thiserror::Error;

use crate::problem::{Code, Problem, quote};

// LIMIT: that of the request line, which holds about 300 identifiers.
const QUERY_SIZE_BYTES_MAX: usize = 16_384;

const ID_CHARACTERS_MAX: usize = 300;

/// The page size when none is asked for and the credential's profile sets none.
pub const PAGE_ITEMS_DEFAULT: u32 = 100;

/// The largest page size.
pub const PAGE_ITEMS_MAX: u32 = 5_000;

/// An endpoint, as far as it matters which parameters it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// DELETE of one object.
    DeleteObject,
    /// GET of the manifest.
    Manifest,
    /// GET of one object.
    Object,
    /// GET of the objects.
    Objects,
    /// Any endpoint without parameters.
    Plain,
    /// GET of the versions of one object.
    Versions,
}

impl Endpoint {
    const fn pages(self) -> bool {
        matches!(self, Endpoint::Manifest | Endpoint::Object | Endpoint::Objects | Endpoint::Versions)
    }

    fn matches_on(self, field: &str) -> bool {
        match self {
            Endpoint::Manifest | Endpoint::Objects => matches!(field, "id" | "spec_version" | "type" | "version"),
            Endpoint::DeleteObject | Endpoint::Object => matches!(field, "spec_version" | "version"),
            Endpoint::Versions => field == "spec_version",
            Endpoint::Plain => false,
        }
    }
}

/// One member of `match[version]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VersionSelector {
    /// Every version.
    All,
    /// The version at this instant.
    At(Timestamp),
    /// The earliest version.
    First,
    /// The latest version.
    Last,
}

impl VersionSelector {
    fn parse(text: &str) -> Option<VersionSelector> {
        match text {
            "all" => Some(VersionSelector::All),
            "first" => Some(VersionSelector::First),
            "last" => Some(VersionSelector::Last),
            time => parse_time(time).map(VersionSelector::At),
        }
    }

    fn text(self) -> String {
        match self {
            VersionSelector::All => "all".to_owned(),
            VersionSelector::At(time) => time.to_micros_string(),
            VersionSelector::First => "first".to_owned(),
            VersionSelector::Last => "last".to_owned(),
        }
    }
}

/// The match fields of a request. Fields are ANDed, members ORed; an empty list does not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filters {
    /// `match[id]`; an identifier that does not exist matches nothing.
    pub ids: Vec<String>,
    /// `match[type]`.
    pub types: Vec<String>,
    /// `match[version]`; none means the last, on DELETE all.
    pub versions: Vec<VersionSelector>,
    /// `match[spec_version]`; none means the latest of each object.
    pub spec_versions: Vec<String>,
}

impl Filters {
    /// Says whether nothing is restricted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Filters::default()
    }

    /// Returns the filters with their members sorted and without repetition, and the default version left out.
    ///
    /// Two requests that ask for the same have equal canonical filters.
    #[must_use]
    pub fn canonical(&self) -> Filters {
        fn set<T: Ord + Clone>(members: &[T]) -> Vec<T> {
            let mut members = members.to_vec();
            members.sort_unstable();
            members.dedup();
            members
        }
        let versions = if self.versions == [VersionSelector::Last] { Vec::new() } else { set(&self.versions) };
        Filters { ids: set(&self.ids), types: set(&self.types), versions, spec_versions: set(&self.spec_versions) }
    }

    /// Writes the filters as parameters of a request, percent-encoded.
    #[must_use]
    pub fn to_parameters(&self) -> Vec<String> {
        let versions: Vec<String> = self.versions.iter().map(|version| version.text()).collect();
        let fields =
            [("id", &self.ids), ("type", &self.types), ("version", &versions), ("spec_version", &self.spec_versions)];
        let restricting = fields.into_iter().filter(|(_, members)| !members.is_empty());
        restricting.map(|(field, members)| parameter(&format!("match[{field}]"), &members.join(","))).collect()
    }
}

/// The parameters of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Only records after this position.
    pub added_after: Option<Timestamp>,
    /// The page size asked for, at least 1.
    pub limit: Option<u32>,
    /// The cursor as sent, never empty.
    pub next: Option<String>,
    /// The match fields.
    pub filters: Filters,
}

impl Query {
    /// Reads the part of a request line after `?`, for an endpoint.
    ///
    /// Names may be percent-encoded; a `+` is a plus sign. Names TAXII does not define, and paging parameters on
    /// endpoints that do not page, are ignored. A limit beyond any number is a large number.
    ///
    /// # Errors
    ///
    /// [`QueryError`] for everything the table of malformed parameters names; all answer 400.
    pub fn parse(raw: &str, endpoint: Endpoint) -> Result<Query, QueryError> {
        if raw.len() > QUERY_SIZE_BYTES_MAX {
            return Err(QueryError::malformed("query", "longer than a request line"));
        }
        let mut query = Query::default();
        let mut seen: Vec<String> = Vec::new();
        for pair in raw.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            // A name that is not UTF-8 is none of ours.
            let Ok(name) = percent_decode_str(name).decode_utf8() else { continue };
            let field = name.strip_prefix("match[").and_then(|rest| rest.strip_suffix(']'));
            if let Some(field) = field.filter(|field| !endpoint.matches_on(field)) {
                return Err(QueryError::UnknownMatch { field: field.to_owned() });
            }
            let paging = matches!(name.as_ref(), "added_after" | "limit" | "next") && endpoint.pages();
            if field.is_none() && !paging {
                continue;
            }
            if seen.iter().any(|known| *known == name) {
                return Err(QueryError::Duplicate { parameter: name.into_owned() });
            }
            let decoded = percent_decode_str(value).decode_utf8();
            let Ok(value) = decoded else {
                return Err(QueryError::malformed(&name, "not UTF-8"));
            };
            query.set(&name, &value)?;
            seen.push(name.into_owned());
        }
        Ok(query)
    }

    /// Returns the number of records to serve: the limit asked for, or the default, at most `max`.
    #[must_use]
    pub fn page_items(&self, default: u32, max: u32) -> u32 {
        self.limit.unwrap_or(default).clamp(1, max.max(1))
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), QueryError> {
        let malformed = |reason| QueryError::malformed(name, reason);
        match name {
            "added_after" => {
                let time = parse_time(value).ok_or_else(|| malformed("not a timestamp that ends in `Z`"))?;
                self.added_after = Some(time);
            }
            "limit" => {
                self.limit = Some(parse_limit(value).ok_or_else(|| malformed("not a number of at least 1"))?);
            }
            "next" => self.next = Some(value.to_owned()).filter(|next| !next.is_empty()),
            "match[id]" => {
                let valid = |id: &str| id.chars().count() <= ID_CHARACTERS_MAX && !id.contains(char::is_control);
                self.filters.ids = members(value, valid).ok_or_else(|| malformed("not a list of identifiers"))?;
            }
            "match[type]" => {
                self.filters.types =
                    members(value, is_type_name).ok_or_else(|| malformed("not a list of type names"))?;
            }
            "match[version]" => {
                self.filters.versions = parse_versions(value)
                    .ok_or_else(|| malformed("not a list of `first`, `last`, timestamps, each once, or `all` alone"))?;
            }
            _ => {
                let list = members(value, is_spec_version).ok_or_else(|| malformed("not a list like `2.0,2.1`"))?;
                self.filters.spec_versions = list;
            }
        }
        Ok(())
    }
}

/// Why parameters were refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueryError {
    /// A parameter occurs twice.
    #[error("`{parameter}` occurs twice")]
    Duplicate {
        /// Its name.
        parameter: String,
    },
    /// A value is malformed.
    #[error("`{parameter}` is malformed: {reason}")]
    Malformed {
        /// The name of the parameter.
        parameter: String,
        /// What it must be.
        reason: &'static str,
    },
    /// The endpoint has no such match field.
    #[error("`match[{field}]` is not known here")]
    UnknownMatch {
        /// The name between the brackets.
        field: String,
    },
}

impl QueryError {
    fn malformed(parameter: &str, reason: &'static str) -> QueryError {
        QueryError::Malformed { parameter: parameter.to_owned(), reason }
    }

    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.problem_code().name()
    }

    const fn problem_code(&self) -> Code {
        match self {
            QueryError::Duplicate { .. } => Code::DuplicateParameter,
            QueryError::Malformed { .. } => Code::Parameter,
            QueryError::UnknownMatch { .. } => Code::UnknownMatch,
        }
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Problem {
        let problem = Problem::new(error.problem_code());
        match error {
            QueryError::Duplicate { parameter } => problem.with_detail("parameter", parameter.into()),
            QueryError::Malformed { parameter, reason } => {
                problem.with_description(reason).with_detail("parameter", parameter.into())
            }
            QueryError::UnknownMatch { field } => problem.with_description(quote(&field)),
        }
    }
}

/// Writes `name=value` with everything encoded that could be taken for syntax.
#[must_use]
pub fn parameter(name: &str, value: &str) -> String {
    const ENCODED: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'#')
        .add(b'%')
        .add(b'&')
        .add(b'+')
        .add(b'<')
        .add(b'=')
        .add(b'>')
        .add(b'[')
        .add(b']')
        .add(b'?')
        .add(b'/');
    format!("{}={}", utf8_percent_encode(name, ENCODED), utf8_percent_encode(value, ENCODED))
}

/// Splits a comma list; `None` if a member is empty or not valid.
fn members(value: &str, valid: impl Fn(&str) -> bool) -> Option<Vec<String>> {
    value.split(',').map(|member| (!member.is_empty() && valid(member)).then(|| member.to_owned())).collect()
}

fn is_type_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (3..=250).contains(&text.len()) && text.bytes().all(plain)
}

fn is_spec_version(text: &str) -> bool {
    let number = |text: &str| (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('.').is_some_and(|(major, minor)| number(major) && number(minor))
}

fn parse_versions(value: &str) -> Option<Vec<VersionSelector>> {
    let mut versions = Vec::new();
    for member in value.split(',') {
        let version = VersionSelector::parse(member)?;
        // Two spellings of one instant are one member.
        if versions.contains(&version) {
            return None;
        }
        versions.push(version);
    }
    let all_with_others = versions.len() > 1 && versions.contains(&VersionSelector::All);
    (!all_with_others).then_some(versions)
}

/// Reads a timestamp with at most nine fraction digits; digits beyond microseconds are cut.
fn parse_time(text: &str) -> Option<Timestamp> {
    const NINE_DIGITS: usize = "2026-01-01T00:00:00.000000000Z".len();
    Timestamp::parse(text).ok().filter(|_| text.len() <= NINE_DIGITS)
}

fn parse_limit(value: &str) -> Option<u32> {
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = value.trim_start_matches('0');
    // Digits alone fail to parse only where the number is too large.
    (!digits.is_empty()).then(|| digits.parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests;
