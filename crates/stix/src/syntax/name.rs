//! Names and keys, and texts of words joined by hyphens (STIX 2.1 §2.3, §3.1).

use super::unless;
use crate::code::Code;
use crate::id::{self, IdentifierForm};

/// Hives as they are abbreviated; `key` has them written out (STIX 2.1 §6.17).
const SHORT_HIVES: [&str; 5] = ["HKLM", "HKCC", "HKCR", "HKCU", "HKU"];

/// Beginnings of the names of socket options (STIX 2.1 §6.12.4).
const SOCKET_OPTIONS: [&str; 8] = ["SO_", "ICMP_", "ICMP6_", "IP_", "IPV6_", "MCAST_", "TCP_", "IRLMP_"];

/// Checks the name of a property: `id`, or 3 to 250 lower-case letters, digits and underscores after a letter (STIX 2.1 §3.1).
pub fn property_name(name: &str) -> Option<Code> {
    let fits = match name.as_bytes() {
        b"id" => true,
        [b'a'..=b'z', rest @ ..] => (2..=249).contains(&rest.len()) && rest.iter().copied().all(is_property_byte),
        _ => false,
    };
    unless(fits, Code::E128)
}

/// Checks the name of a property in `language-content.contents`, which may also begin with a digit (STIX 2.1 §7.1).
pub fn translated_name(name: &str) -> Option<Code> {
    unless((3..=250).contains(&name.len()) && name.bytes().all(is_property_byte), Code::E128)
}

/// Checks the name of an object type (STIX 2.1 §3.1).
pub fn type_name(name: &str) -> Option<Code> {
    unless(id::is_object_type(name), Code::E203)
}

/// Checks a key of `extensions`: the identifier of an extension definition, a predefined name, or a legacy name that ends in
/// `-ext` (STIX 2.1 §7.3).
pub fn extension_key(key: &str) -> Option<Code> {
    if key.starts_with("extension-definition--") {
        return match id::form(key) {
            IdentifierForm::WellFormed => None,
            IdentifierForm::WrongVersion => Some(Code::E202),
            IdentifierForm::Malformed => Some(Code::E709),
        };
    }
    let fits = matches!(key.as_bytes(), [b'a'..=b'z', rest @ ..] if rest.ends_with(b"-ext")
        && rest.len() <= 249
        && rest.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')));
    unless(fits, Code::E709)
}

/// Checks a key of a dictionary: 1 to 250 letters, digits, hyphens and underscores (STIX 2.1 §2.3).
pub fn dictionary_key(key: &str) -> Option<Code> {
    unless((1..=250).contains(&key.len()) && key.bytes().all(is_key_byte), Code::E121)
}

/// Checks `relationship_type`: lower-case letters, digits and hyphens (STIX 2.1 §5.1).
pub fn relationship_type(text: &str) -> Option<Code> {
    let fits = !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    unless(fits, Code::E509)
}

/// Checks a value that its open vocabulary does not have: lower case, hyphens between words (STIX 2.1 §2.13).
pub fn vocabulary_value(text: &str) -> Option<Code> {
    unless(is_worded(text), Code::W116)
}

/// Checks the name of a kill chain or of a phase (STIX 2.1 §2.11).
pub fn kill_chain(text: &str) -> Option<Code> {
    unless(is_worded(text), Code::W514)
}

/// Checks `malware-analysis.product` (STIX 2.1 §4.12).
pub fn product(text: &str) -> Option<Code> {
    unless(is_worded(text), Code::W507)
}

/// Checks a registry key for a hive that is not written out (STIX 2.1 §6.17); the case of the hive does not matter.
pub fn registry_key(text: &str) -> Option<Code> {
    let hive = text.split('\\').next().unwrap_or_default();
    // PowerShell writes a drive, `HKLM:`.
    let hive = hive.strip_suffix(':').unwrap_or(hive);
    unless(!SHORT_HIVES.iter().any(|short| short.eq_ignore_ascii_case(hive)), Code::E624)
}

/// Checks `windows-process-ext.priority`, which ends in `_CLASS` (STIX 2.1 §6.13.2).
pub fn priority(text: &str) -> Option<Code> {
    unless(text.ends_with("_CLASS"), Code::W627)
}

/// Checks a key of `socket-ext.options` for the beginning of its name (STIX 2.1 §6.12.4).
pub fn socket_option(key: &str) -> Option<Code> {
    unless(SOCKET_OPTIONS.iter().any(|beginning| key.starts_with(beginning)), Code::W626)
}

/// Checks the version of an extension definition: semantic versioning 2.0.0 (STIX 2.1 §7.3).
pub fn extension_version(text: &str) -> Option<Code> {
    unless(is_semantic_version(text), Code::N702)
}

/// Checks a reference to CVE or CAPEC: the form of its identifier, and that it stands under its own source (STIX 2.1 §2.5).
pub fn external_id(source_name: &str, external_id: Option<&str>) -> Option<Code> {
    let (cve, capec) = external_id.map_or((false, false), |id| (is_cve(id), is_capec(id)));
    let fits = match source_name {
        "cve" => cve,
        "capec" => capec,
        _ => !cve && !capec,
    };
    unless(fits, Code::E512)
}

/// Tells whether a byte may stand in the key of a dictionary.
pub(crate) fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn is_property_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_')
}

/// Tells whether a text is not empty and has no upper-case letter, white space or underscore.
fn is_worded(text: &str) -> bool {
    !text.is_empty()
        && !text.bytes().any(|byte| matches!(byte, b'A'..=b'Z' | b'_' | b' ' | b'\t'..=b'\r'))
        && (text.is_ascii() || !text.chars().any(|character| character.is_uppercase() || character.is_whitespace()))
}

/// Tells whether a text is `CVE-`, a year, `-` and four digits or more, without a leading zero where there are more than four.
fn is_cve(text: &str) -> bool {
    let Some((year, number)) = text.strip_prefix("CVE-").and_then(|rest| rest.split_once('-')) else {
        return false;
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    year.len() == 4
        && digits(year)
        && digits(number)
        && (number.len() == 4 || number.len() > 4 && !number.starts_with('0'))
}

fn is_capec(text: &str) -> bool {
    text.strip_prefix("CAPEC-")
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_semantic_version(text: &str) -> bool {
    let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
    let (core, earlier) = text.split_once('-').map_or((text, None), |(core, earlier)| (core, Some(earlier)));
    let is_number = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) && (part == "0" || !part.starts_with('0'))
    };
    let is_word =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let mut numbers = core.split('.');
    let three = (0..3).all(|_| numbers.next().is_some_and(is_number)) && numbers.next().is_none();
    three
        && build.is_none_or(|build| build.split('.').all(is_word))
        && earlier.is_none_or(|earlier| {
            // A part of digits alone is a number.
            earlier
                .split('.')
                .all(|part| is_word(part) && (part.bytes().any(|byte| !byte.is_ascii_digit()) || is_number(part)))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_properties_begin_with_a_letter() {
        let longest = "a".repeat(250);
        for name in ["id", "name", "x_a", "a1_", "abc", &longest] {
            assert_eq!(property_name(name), None, "{name}");
        }
        for name in [
            "",
            "i",
            "ab",
            "1ab",
            "_ab",
            "Name",
            "naMe",
            "x-a",
            "na me",
            "näme",
            "name\n",
            "name.x",
            &format!("{longest}a"),
        ] {
            assert_eq!(property_name(name), Some(Code::E128), "{name}");
        }
        assert_eq!(translated_name("1ab"), None);
        assert_eq!(translated_name("_ab"), None);
        assert_eq!(translated_name("id"), Some(Code::E128));
        assert_eq!(translated_name("Name"), Some(Code::E128));
    }

    #[test]
    fn keys_of_dictionaries_have_any_letter() {
        for key in ["a", "A-b_9", "-", &"k".repeat(250)] {
            assert_eq!(dictionary_key(key), None, "{key}");
        }
        for key in ["", "a b", "a.b", "ü", &"k".repeat(251)] {
            assert_eq!(dictionary_key(key), Some(Code::E121), "{key}");
        }
    }

    #[test]
    fn types_have_single_hyphens() {
        for name in ["abc", "ipv4-addr", "x-acme-", "x-a-1"] {
            assert_eq!(type_name(name), None, "{name}");
        }
        for name in ["", "ab", "action", "1ab", "-ab", "a--b", "a_b", "Abc"] {
            assert_eq!(type_name(name), Some(Code::E203), "{name}");
        }
    }

    #[test]
    fn an_extension_has_a_definition_or_a_name_in_ext() {
        for key in [
            "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d",
            "ntfs-ext",
            "x-acme-ext",
            "a-ext",
            &format!("{}-ext", "a".repeat(246)),
        ] {
            assert_eq!(extension_key(key), None, "{key}");
        }
        for key in [
            "",
            "-ext",
            "ext",
            "ntfs",
            "Ntfs-ext",
            "1-ext",
            "a_b-ext",
            "ntfs-ext ",
            "extension-definition--1",
            "extension-definition--ext",
            "x-acme--60a3c5c5-0d10-413e-aab3-9e08dde9e88d",
            &format!("{}-ext", "a".repeat(247)),
        ] {
            assert_eq!(extension_key(key), Some(Code::E709), "{key}");
        }
        assert_eq!(extension_key("extension-definition--60a3c5c5-0d10-013e-aab3-9e08dde9e88d"), Some(Code::E202));
    }

    #[test]
    fn words_are_lower_case_and_joined_by_hyphens() {
        for text in ["mitre-attack", "c++", "lockheed-martin-cyber-kill-chain", "x86-64", "crème", "ß", "att&ck", "7"]
        {
            assert_eq!(vocabulary_value(text), None, "{text}");
        }
        for text in ["", "Mitre", "mitre attack", "mitre_attack", "a\tb", "a\u{b}b", "a\u{a0}b", "Ärger", "ΑΒ"] {
            assert_eq!(vocabulary_value(text), Some(Code::W116), "{text}");
            assert_eq!(kill_chain(text), Some(Code::W514), "{text}");
            assert_eq!(product(text), Some(Code::W507), "{text}");
        }
    }

    #[test]
    fn types_of_relationships_are_letters_digits_and_hyphens() {
        for text in ["uses", "related-to", "-", "a1"] {
            assert_eq!(relationship_type(text), None, "{text}");
        }
        for text in ["", "Uses", "related_to", "related to", "usés"] {
            assert_eq!(relationship_type(text), Some(Code::E509), "{text}");
        }
    }

    #[test]
    fn hives_are_written_out() {
        for text in [
            "HKEY_LOCAL_MACHINE\\System",
            "HKEY_CURRENT_USER",
            "hkey_users\\HKLM",
            "HKLMX\\a",
            "HKLM_\\a",
            "",
            "\\HKLM",
            "\\REGISTRY\\MACHINE",
        ] {
            assert_eq!(registry_key(text), None, "{text}");
        }
        for text in ["HKLM", "HKLM\\System", "hklm\\System", "HKCC\\a", "HKCR\\a", "HKCU\\a", "HKU\\a", "HKLM:\\a"] {
            assert_eq!(registry_key(text), Some(Code::E624), "{text}");
        }
    }

    #[test]
    fn versions_are_semantic() {
        // Of semver.org 2.0.0, its own examples.
        for text in [
            "1.9.0",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-0.3.7",
            "1.0.0-x.7.z.92",
            "1.0.0-x-y-z.-",
            "1.0.0-alpha+001",
            "1.0.0+20130313144700",
            "1.0.0-beta+exp.sha.5114f85",
            "1.0.0+21AF26D3---117B344092BD",
            "0.0.0",
            "1.0.0-0a",
        ] {
            assert_eq!(extension_version(text), None, "{text}");
        }
        for text in [
            "",
            "1",
            "1.0",
            "1.0.0.0",
            "v1.0.0",
            "01.0.0",
            "1.00.0",
            "1.0.0-",
            "1.0.0+",
            "1.0.0-01",
            "1.0.0-a..b",
            "1.0.0-ä",
            "1.0.x",
            "1.0.0+a+b",
            " 1.0.0",
            "1..0",
        ] {
            assert_eq!(extension_version(text), Some(Code::N702), "{text}");
        }
    }

    #[test]
    fn references_to_cve_and_capec_have_their_form_and_their_source() {
        for (source, id) in [
            ("cve", Some("CVE-2026-0001")),
            ("cve", Some("CVE-1999-9999")),
            ("cve", Some("CVE-2026-12345")),
            ("capec", Some("CAPEC-1")),
            ("mitre-attack", Some("T1059")),
            ("mitre-attack", None),
            ("nvd", Some("CVE-2026")),
        ] {
            assert_eq!(external_id(source, id), None, "{source} {id:?}");
        }
        for (source, id) in [
            ("cve", None),
            ("cve", Some("")),
            ("cve", Some("cve-2026-0001")),
            ("cve", Some("CVE-26-0001")),
            ("cve", Some("CVE-2026-001")),
            ("cve", Some("CVE-2026-01234")),
            ("cve", Some("CVE-2026-0001 ")),
            ("cve", Some("CAPEC-1")),
            ("capec", Some("CAPEC-")),
            ("capec", Some("CVE-2026-0001")),
            ("capec", Some("1")),
            ("CVE", Some("CVE-2026-0001")),
            ("nvd", Some("CVE-2026-0001")),
            ("mitre", Some("CAPEC-1")),
        ] {
            assert_eq!(external_id(source, id), Some(Code::E512), "{source} {id:?}");
        }
    }

    #[test]
    fn priorities_and_socket_options_are_those_of_the_system() {
        assert_eq!(priority("IDLE_PRIORITY_CLASS"), None);
        assert_eq!(priority("idle"), Some(Code::W627));
        for key in ["SO_KEEPALIVE", "TCP_NODELAY", "IPV6_V6ONLY", "ICMP6_FILTER"] {
            assert_eq!(socket_option(key), None, "{key}");
        }
        for key in ["", "so_keepalive", "SO", "UDP_CORK"] {
            assert_eq!(socket_option(key), Some(Code::W626), "{key}");
        }
    }
}
