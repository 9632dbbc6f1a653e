//! The cursor `next`: opaque, self-contained, authenticated, and stateless.
//!
//! It holds where to go on and with which filters, and is bound to reader, collection, and endpoint. It carries no right:
//! rights, agreement, and decision are evaluated anew on each page.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entente_stix::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use uuid::Uuid;

use crate::problem::{Code, Problem};
use crate::query::{Endpoint, Filters, Query, VersionSelector};

const FORMAT: u8 = 1;
const TAG_SIZE_BYTES: usize = 16;

// LIMIT: longer cursors would not fit beside other parameters in a request line; then only their hash is kept.
const FILTERS_SIZE_BYTES_MAX: usize = 1_500;

// LIMIT: 40 bytes of fields and filters and the tag, in base64.
const TEXT_SIZE_BYTES_MAX: usize = 2_200;

// LIMIT: keys are rotated every 30 days with two valid at a time.
const LIFE_MINUTES: u32 = 30 * 24 * 60;

const FLAG_FILTERS_INSIDE: u8 = 1;
const FLAG_FILTERS_HASHED: u8 = 2;

/// A key that authenticates cursors, shared by all processes of a node. `Debug` hides it.
#[derive(Clone)]
pub struct CursorKey {
    number: u8,
    secret: [u8; 32],
}

impl CursorKey {
    /// Creates key `number` from 32 random bytes.
    #[must_use]
    pub const fn new(number: u8, secret: [u8; 32]) -> CursorKey {
        CursorKey { number, secret }
    }

    /// Returns the number that cursors name the key by.
    #[must_use]
    pub const fn number(&self) -> u8 {
        self.number
    }

    fn mac(&self, bytes: &[u8]) -> Option<Hmac<Sha256>> {
        // HMAC takes keys of any length, so there is always a value.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).ok()?;
        mac.update(bytes);
        Some(mac)
    }
}

impl std::fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CursorKey").field("number", &self.number).finish_non_exhaustive()
    }
}

/// What a cursor is bound to.
///
/// For the endpoints of one object its id belongs into the filters, so that a cursor of one object is none of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The collection.
    pub collection: Uuid,
    /// The reader, see [`audience`].
    pub audience: [u8; 8],
    /// The endpoint.
    pub endpoint: Endpoint,
}

/// Computes the audience of a cursor: the first bytes of SHA-256(party id, 0x0A, profile).
///
/// Not of the token, so that rotating it keeps cursors alive.
#[must_use]
pub fn audience(party_id: &str, profile: &str) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..]: [u8; 32] =
        Sha256::new().chain_update(party_id).chain_update("\n").chain_update(profile).finalize().into();
    [a, b, c, d, e, f, g, h]
}

/// Where a page starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// Records after this position are served.
    pub position: Timestamp,
    /// The filters of the walk.
    pub filters: Filters,
}

/// Writes the cursor for the page after `position`.
#[must_use]
pub fn seal(scope: &Scope, position: Timestamp, filters: &Filters, now: Timestamp, key: &CursorKey) -> String {
    let compact = compact(&filters.canonical());
    let mut bytes = vec![FORMAT, key.number];
    bytes.extend_from_slice(&minutes(now).to_be_bytes());
    bytes.extend_from_slice(scope.collection.as_bytes());
    bytes.extend_from_slice(&scope.audience);
    bytes.push(endpoint_byte(scope.endpoint));
    bytes.extend_from_slice(&position.as_micros().to_be_bytes());
    if compact.is_empty() {
        bytes.push(0);
    } else if compact.len() <= FILTERS_SIZE_BYTES_MAX {
        bytes.push(FLAG_FILTERS_INSIDE);
        bytes.extend_from_slice(&compact);
    } else {
        bytes.push(FLAG_FILTERS_HASHED);
        bytes.extend_from_slice(&filters_hash(&compact));
    }
    if let Some(mac) = key.mac(&bytes) {
        bytes.extend(mac.finalize().into_bytes().into_iter().take(TAG_SIZE_BYTES));
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Finds where the page of a request starts: from its `next`, its `added_after`, or the beginning.
///
/// `keys` are the valid keys, in any order. A valid `next` wins over `added_after`; one of another scope is ignored if
/// there is an `added_after`.
///
/// # Errors
///
/// [`CursorError`]; all answer 400.
pub fn start(query: &Query, scope: &Scope, keys: &[CursorKey], now: Timestamp) -> Result<Start, CursorError> {
    let without_cursor =
        || Start { position: query.added_after.unwrap_or(Timestamp::from_micros(0)), filters: query.filters.clone() };
    let Some(next) = &query.next else {
        return Ok(without_cursor());
    };
    let opened = open(next, keys, now).ok_or(CursorError::Invalid)?;
    if opened.scope != Some(*scope) {
        return if query.added_after.is_some() { Ok(without_cursor()) } else { Err(CursorError::OtherCollection) };
    }
    let asked = query.filters.canonical();
    let filters = match opened.filters {
        Held::Inside(held) if asked.is_empty() || asked == held => held,
        Held::Inside(_) => return Err(CursorError::Filters),
        Held::Hashed(_) if asked.is_empty() => return Err(CursorError::NeedsFilters),
        Held::Hashed(hash) if hash == filters_hash(&compact(&asked)) => asked,
        Held::Hashed(_) => return Err(CursorError::Filters),
    };
    Ok(Start { position: opened.position, filters })
}

/// Why a cursor was refused.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CursorError {
    /// It was made with other filters than those of the request.
    #[error("the cursor was made with other filters")]
    Filters,
    /// It is broken, expired, or of an unknown key.
    #[error("the cursor is not valid")]
    Invalid,
    /// It holds a hash only and the request has no filters.
    #[error("the cursor needs the filters it was made with")]
    NeedsFilters,
    /// It is of another collection, endpoint, or reader.
    #[error("the cursor is of another collection")]
    OtherCollection,
}

impl CursorError {
    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.problem_code().name()
    }

    const fn problem_code(self) -> Code {
        match self {
            CursorError::Filters => Code::CursorFilters,
            CursorError::Invalid => Code::CursorInvalid,
            CursorError::NeedsFilters => Code::CursorNeedsFilters,
            CursorError::OtherCollection => Code::CursorOtherCollection,
        }
    }
}

impl From<CursorError> for Problem {
    fn from(error: CursorError) -> Problem {
        Problem::new(error.problem_code()).with_detail("parameter", "next".into())
    }
}

/// An authentic cursor. An endpoint byte of a later version is a scope that fits none.
struct Opened {
    scope: Option<Scope>,
    position: Timestamp,
    filters: Held,
}

enum Held {
    Inside(Filters),
    Hashed([u8; 16]),
}

fn open(text: &str, keys: &[CursorKey], now: Timestamp) -> Option<Opened> {
    if text.len() > TEXT_SIZE_BYTES_MAX {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (signed, tag) = bytes.split_last_chunk::<TAG_SIZE_BYTES>()?;
    let ([format, number], rest) = signed.split_first_chunk::<2>()?;
    let key = keys.iter().find(|key| key.number == *number).filter(|_| *format == FORMAT)?;
    key.mac(signed)?.verify_truncated_left(tag).ok()?;
    let (issued, rest) = rest.split_first_chunk::<4>()?;
    let (collection, rest) = rest.split_first_chunk::<16>()?;
    let (audience, rest) = rest.split_first_chunk::<8>()?;
    let ([endpoint], rest) = rest.split_first_chunk::<1>()?;
    let (position, rest) = rest.split_first_chunk::<8>()?;
    let ([flags], rest) = rest.split_first_chunk::<1>()?;
    if minutes(now).saturating_sub(u32::from_be_bytes(*issued)) > LIFE_MINUTES {
        return None;
    }
    let filters = match *flags {
        0 if rest.is_empty() => Held::Inside(Filters::default()),
        FLAG_FILTERS_INSIDE => Held::Inside(expand(rest)?),
        FLAG_FILTERS_HASHED => Held::Hashed(rest.try_into().ok()?),
        _ => return None,
    };
    let collection = Uuid::from_bytes(*collection);
    let scope = endpoint_of(*endpoint).map(|endpoint| Scope { collection, audience: *audience, endpoint });
    Some(Opened { scope, position: Timestamp::from_micros(i64::from_be_bytes(*position)), filters })
}

fn minutes(now: Timestamp) -> u32 {
    u32::try_from(now.as_micros().max(0) / 60_000_000).unwrap_or(u32::MAX)
}

const ENDPOINTS: [Endpoint; 6] = [
    Endpoint::Plain,
    Endpoint::Objects,
    Endpoint::Manifest,
    Endpoint::Object,
    Endpoint::Versions,
    Endpoint::DeleteObject,
];

fn endpoint_byte(endpoint: Endpoint) -> u8 {
    (0..).zip(ENDPOINTS).find(|(_, known)| *known == endpoint).map_or(0, |(byte, _)| byte)
}

fn endpoint_of(byte: u8) -> Option<Endpoint> {
    ENDPOINTS.get(usize::from(byte)).copied()
}

fn filters_hash(compact: &[u8]) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::digest(compact).into();
    digest.first_chunk().copied().unwrap_or_default()
}

/// Types that have a number in cursors: 1 for the first. The order is part of the format; new ones go to the end.
const NUMBERED_TYPES: [&str; 44] = [
    "indicator",
    "attack-pattern",
    "campaign",
    "course-of-action",
    "grouping",
    "identity",
    "incident",
    "infrastructure",
    "intrusion-set",
    "location",
    "malware",
    "malware-analysis",
    "note",
    "observed-data",
    "opinion",
    "report",
    "threat-actor",
    "tool",
    "vulnerability",
    "relationship",
    "sighting",
    "artifact",
    "autonomous-system",
    "directory",
    "domain-name",
    "email-addr",
    "email-message",
    "file",
    "ipv4-addr",
    "ipv6-addr",
    "mac-addr",
    "mutex",
    "network-traffic",
    "process",
    "software",
    "url",
    "user-account",
    "windows-registry-key",
    "x509-certificate",
    "marking-definition",
    "language-content",
    "extension-definition",
    "bundle",
    "x-misp-object",
];

const SECTION_ID: u8 = 1;
const SECTION_TYPE: u8 = 2;
const SECTION_VERSION: u8 = 3;
const SECTION_SPEC_VERSION: u8 = 4;

/// Writes filters as a list of members, each with a byte that says which field it belongs to.
fn compact(filters: &Filters) -> Vec<u8> {
    let mut out = Vec::new();
    for id in &filters.ids {
        out.push(SECTION_ID);
        // Only a lower-case UUID comes back from its 16 bytes as it was.
        let short = entente_stix::id::split(id)
            .and_then(|(object_type, uuid)| Some((type_number(object_type)?, Uuid::parse_str(uuid).ok()?, uuid)))
            .filter(|(_, parsed, uuid)| parsed.hyphenated().to_string() == *uuid);
        match short {
            Some((number, uuid, _)) => {
                out.push(number);
                out.extend_from_slice(uuid.as_bytes());
            }
            None => push_text(&mut out, id),
        }
    }
    for object_type in &filters.types {
        out.push(SECTION_TYPE);
        match type_number(object_type) {
            Some(number) => out.push(number),
            None => push_text(&mut out, object_type),
        }
    }
    for version in &filters.versions {
        out.push(SECTION_VERSION);
        match version {
            VersionSelector::All => out.push(1),
            VersionSelector::First => out.push(2),
            VersionSelector::Last => out.push(3),
            VersionSelector::At(time) => {
                out.push(4);
                out.extend_from_slice(&time.as_micros().to_be_bytes());
            }
        }
    }
    for version in &filters.spec_versions {
        out.push(SECTION_SPEC_VERSION);
        push_text(&mut out, version);
    }
    out
}

/// Reads what [`compact`] wrote.
fn expand(bytes: &[u8]) -> Option<Filters> {
    let mut filters = Filters::default();
    let mut rest = bytes;
    while let Some(([section, kind], after)) = rest.split_first_chunk::<2>() {
        rest = match *section {
            SECTION_ID if *kind != 0 => {
                let (uuid, after) = after.split_first_chunk::<16>()?;
                filters.ids.push(format!("{}--{}", type_name(*kind)?, Uuid::from_bytes(*uuid).hyphenated()));
                after
            }
            SECTION_TYPE if *kind != 0 => {
                filters.types.push(type_name(*kind)?.to_owned());
                after
            }
            SECTION_VERSION => {
                let (version, after) = match *kind {
                    1 => (VersionSelector::All, after),
                    2 => (VersionSelector::First, after),
                    3 => (VersionSelector::Last, after),
                    4 => {
                        let (micros, after) = after.split_first_chunk::<8>()?;
                        (VersionSelector::At(Timestamp::from_micros(i64::from_be_bytes(*micros))), after)
                    }
                    _ => return None,
                };
                filters.versions.push(version);
                after
            }
            SECTION_ID | SECTION_TYPE | SECTION_SPEC_VERSION if *kind == 0 => {
                let (size, after) = after.split_first_chunk::<2>()?;
                let (text, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*size)))?;
                let text = std::str::from_utf8(text).ok()?.to_owned();
                match *section {
                    SECTION_ID => filters.ids.push(text),
                    SECTION_TYPE => filters.types.push(text),
                    _ => filters.spec_versions.push(text),
                }
                after
            }
            _ => return None,
        };
    }
    rest.is_empty().then_some(filters)
}

/// Writes a text behind a zero (for "no number") and its length.
fn push_text(out: &mut Vec<u8>, text: &str) {
    // A member is at most 300 characters of 4 bytes, so the length fits; if it did not, the text would fail to open.
    let size = u16::try_from(text.len()).unwrap_or(u16::MAX);
    out.push(0);
    out.extend_from_slice(&size.to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn type_number(object_type: &str) -> Option<u8> {
    (1..).zip(NUMBERED_TYPES).find(|(_, known)| *known == object_type).map(|(number, _)| number)
}

fn type_name(number: u8) -> Option<&'static str> {
    NUMBERED_TYPES.get(usize::from(number).checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests;
