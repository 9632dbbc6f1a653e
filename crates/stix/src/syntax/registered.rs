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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn character_sets_have_their_preferred_name() {
        for text in [
            "UTF-8",
            "US-ASCII",
            "ISO-8859-1",
            "windows-1252",
            "Big5",
            "GBK",
            "KOI8-R",
            "Shift_JIS",
            "CP50220",
            "IBM437",
        ] {
            assert_eq!(character_set(text), None, "{text}");
        }
        // Aliases, another case, and a name for which another is preferred.
        for text in
            ["", "utf-8", "UTF8", "latin1", "ISO_8859-1:1987", "ASCII", "cp1252", "UTF-8 ", "UTF-8\nUTF-7", "\n"]
        {
            assert_eq!(character_set(text), Some(Code::E613), "{text}");
        }
    }

    #[test]
    fn media_types_have_a_registered_top_and_may_have_parameters() {
        for text in [
            "text/plain",
            "text/plain; charset=utf-8",
            "text/plain ;charset=utf-8",
            "application/json",
            "image/svg+xml",
            "image/PNG",
            "multipart/mixed",
        ] {
            assert_eq!(media_type(text), None, "{text}");
        }
        for text in ["application/x-dosexec", "haptics/x-a", "text/x", "application/vnd.acme.$a#b!&^_"] {
            assert_eq!(media_type(text), Some(Code::N615), "{text}");
            assert_eq!(registered_media_type(text), Some(Code::N615), "{text}");
        }
        for text in [
            "",
            "text",
            "text/",
            "/plain",
            "Text/plain",
            "x-world/vrml",
            "chemical/x-pdb",
            "text/plain/x",
            "text/pl ain",
            "text/plain ",
            " text/plain",
            "text/plän",
            "text/plain charset=utf-8",
            "text/*",
            "*/*",
            "text/plain,text/html",
            "text/plain\n",
        ] {
            assert_eq!(media_type(text), Some(Code::E614), "{text}");
        }
        assert_eq!(registered_media_type("Text/Plain"), None);
        assert_eq!(registered_media_type("exe"), Some(Code::N615));
    }

    #[test]
    fn protocols_are_services_in_lower_case() {
        for text in
            ["tcp", "udp", "ipv4", "ipv6", "http", "https", "dns", "domain", "tls", "icmp", "smtp", "smb", "ftp", "ssh"]
        {
            assert_eq!(protocol(text), None, "{text}");
        }
        assert_eq!(protocol("TCP"), Some(Code::W619));
        assert_eq!(protocol("Monsoon"), Some(Code::W619));
        assert_eq!(protocol("monsoon-c2"), Some(Code::N618));
        assert_eq!(protocol(""), Some(Code::N618));
    }

    #[test]
    fn headers_are_known_in_any_case_and_information_elements_in_their_own() {
        for text in ["User-Agent", "user-agent", "HOST", "X-Forwarded-For"] {
            assert_eq!(header_name(text), None, "{text}");
        }
        assert_eq!(header_name("X-Monsoon"), Some(Code::N618));
        assert_eq!(header_name("User Agent"), Some(Code::N618));
        assert_eq!(ipfix_name("octetDeltaCount"), None);
        assert_eq!(ipfix_name("octetdeltacount"), Some(Code::N618));
        assert_eq!(ipfix_name("Reserved"), Some(Code::N618));
    }

    #[test]
    fn countries_and_their_parts_are_upper_case() {
        for text in ["DE", "US", "GB", "TW"] {
            assert_eq!(country(text), None, "{text}");
        }
        for text in ["", "de", "DEU", "UK", "XX", "Germany", "D", "DE\n"] {
            assert_eq!(country(text), Some(Code::W508), "{text}");
        }
        for text in ["DE-BY", "US-CA", "GB-ENG", "FR-75C", "AT-9"] {
            assert_eq!(subdivision(text), None, "{text}");
        }
        for text in ["", "DE", "DE-", "DE-by", "DE-BAYE", "XX-BY", "-BY", "DE-B-Y", "Bavaria"] {
            assert_eq!(subdivision(text), Some(Code::W508), "{text}");
        }
    }
}
