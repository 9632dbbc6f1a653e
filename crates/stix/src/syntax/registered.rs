//! Texts that a registry lists (STIX 2.1 §4.10, §6.1, §6.3, §6.12).

use super::unless;
use crate::code::Code;
use crate::tables::registries;

/// Top-level media types that are registered (RFC 6838 §4.2, RFC 9695).
const TOP_LEVEL: [&str; 10] =
    ["application", "audio", "font", "haptics", "image", "message", "model", "multipart", "text", "video"];

/// Checks the name of a character set: the preferred MIME name of the IANA registry, else the name (STIX 2.1 §6.3, §6.7).
///
/// Aliases and other case are refused.
pub fn character_set(text: &str) -> Option<Code> {
    unless(registries::CHARACTER_SETS.has(text), Code::E613)
}

/// Checks a media type: its form, then whether IANA lists it (STIX 2.1 §6.1). Parameters may follow and are not looked at.
pub fn media_type(text: &str) -> Option<Code> {
    let (essence, parameters) = split_media_type(text);
    let form = essence.split_once('/').is_some_and(|(top, subtype)| {
        TOP_LEVEL.contains(&top) && !subtype.is_empty() && subtype.bytes().all(is_subtype_byte)
    });
    let bare = parameters.is_some() || essence.len() == text.len();
    if form && bare { registered_media_type(text) } else { Some(Code::E614) }
}

/// Checks whether IANA lists a media type, whatever its form (STIX 2.1 §6.7).
pub fn registered_media_type(text: &str) -> Option<Code> {
    unless(registries::MEDIA_TYPES.has_ignoring_case(split_media_type(text).0), Code::N615)
}

/// Checks a protocol of `network-traffic`: lower case, then whether IANA lists it as a service or a protocol (STIX 2.1 §6.12).
pub fn protocol(text: &str) -> Option<Code> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Some(Code::W619);
    }
    unless(registries::SERVICES.has(text), Code::N618)
}

/// Checks whether the name of a header of a HTTP request is a known one, in any case (STIX 2.1 §6.12.2).
pub fn header_name(name: &str) -> Option<Code> {
    unless(registries::HEADERS.has_ignoring_case(name), Code::N618)
}

/// Checks whether a key of `network-traffic.ipfix` is an information element of IPFIX, in its own case (STIX 2.1 §6.12).
pub fn ipfix_name(name: &str) -> Option<Code> {
    unless(registries::IPFIX.has(name), Code::N618)
}

/// Checks a country: a code of ISO 3166-1 alpha-2 in upper case (STIX 2.1 §4.10).
pub fn country(text: &str) -> Option<Code> {
    unless(registries::COUNTRIES.has(text), Code::W508)
}

/// Checks an administrative area: the form of ISO 3166-2, a known country, a hyphen, one to three letters or digits
/// (STIX 2.1 §4.10).
pub fn subdivision(text: &str) -> Option<Code> {
    let fits = text.split_once('-').is_some_and(|(country, part)| {
        registries::COUNTRIES.has(country)
            && (1..=3).contains(&part.len())
            && part.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9'))
    });
    unless(fits, Code::W508)
}

/// Cuts parameters off, and the white space before them.
fn split_media_type(text: &str) -> (&str, Option<&str>) {
    match text.split_once(';') {
        Some((essence, parameters)) => (essence.trim_end_matches([' ', '\t']), Some(parameters)),
        None => (text, None),
    }
}

fn is_subtype_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte)
}
