//! Hexadecimal, base64 and hashes (STIX 2.1 §2.1, §2.7, §2.8).

use super::{are_hexadecimal, unless};
use crate::code::Code;
use crate::tables::vocabularies::HASH_ALGORITHM;

/// LIMIT: characters of an SSDEEP hash; the algorithm writes at most a block size and two signatures of 64 characters.
const SSDEEP_SIZE_BYTES_MAX: usize = 148;

/// Checks `hex`: pairs of hexadecimal digits, not empty (STIX 2.1 §2.8). Upper case is a warning only, as the references take it.
pub fn hex(text: &str) -> Option<Code> {
    if text.is_empty() || !text.len().is_multiple_of(2) || !are_hexadecimal(text) {
        return Some(Code::E109);
    }
    text.bytes().fold(false, |any, byte| any | byte.is_ascii_uppercase()).then_some(Code::W150)
}

/// Checks `binary`: base64 with padding by RFC 4648 §4, not empty, no white space (STIX 2.1 §2.1).
///
/// Bits of the last character that are thrown away may be anything, as the form of the specification has it.
pub fn base64(text: &str) -> Option<Code> {
    let data = text.strip_suffix('=').map_or(text, |rest| rest.strip_suffix('=').unwrap_or(rest));
    let fits = !text.is_empty()
        && text.len().is_multiple_of(4)
        && data.bytes().fold(true, |all, byte| all & (byte.is_ascii_alphanumeric() | matches!(byte, b'+' | b'/')));
    unless(fits, Code::E108)
}

/// Checks a key of `hashes`: its form, then whether the vocabulary has it (STIX 2.1 §2.7).
pub fn hash_name(name: &str) -> Option<Code> {
    if HASH_ALGORITHM.values.contains(&name) {
        return None;
    }
    let fits = (3..=250).contains(&name.len()) && name.bytes().all(super::name::is_key_byte);
    Some(if fits { Code::W119 } else { Code::E117 })
}

/// Returns how the vocabulary spells a hash name that differs from it in case, `-` or `_` only.
///
/// # Examples
///
/// ```
/// use entente_stix::syntax::binary::hash_spelling;
/// assert_eq!(hash_spelling("sha256"), Some("SHA-256"));
/// assert_eq!(hash_spelling("imphash"), None);
/// ```
pub fn hash_spelling(name: &str) -> Option<&'static str> {
    let plain = |text: &'_ str| {
        let mut folded = [0_u8; 8];
        let mut room = folded.iter_mut();
        for byte in text.bytes().filter(|byte| !matches!(byte, b'-' | b'_')) {
            *room.next()? = byte.to_ascii_uppercase();
        }
        Some(folded)
    };
    let wanted = plain(name)?;
    HASH_ALGORITHM.values.iter().find(|known| plain(known) == Some(wanted)).copied()
}

/// Checks the value of a hash whose name the vocabulary has; the value under any other name may be any text (STIX 2.1 §2.7).
pub fn hash_value(name: &str, text: &str) -> Option<Code> {
    let fits = match name {
        "MD5" => is_digest(text, 32),
        "SHA-1" => is_digest(text, 40),
        "SHA-256" | "SHA3-256" => is_digest(text, 64),
        "SHA-512" | "SHA3-512" => is_digest(text, 128),
        "SSDEEP" => is_ssdeep(text),
        "TLSH" => is_digest(text, 70) || text.strip_prefix("T1").is_some_and(|rest| is_digest(rest, 70)),
        _ => true,
    };
    unless(fits, Code::E118)
}

fn is_digest(text: &str, length: usize) -> bool {
    text.len() == length && are_hexadecimal(text)
}

fn is_ssdeep(text: &str) -> bool {
    let signature = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'));
    let Some((block, (first, second))) =
        text.split_once(':').and_then(|(block, rest)| Some((block, rest.split_once(':')?)))
    else {
        return false;
    };
    text.len() <= SSDEEP_SIZE_BYTES_MAX
        && (1..=10).contains(&block.len())
        && block.bytes().all(|byte| byte.is_ascii_digit())
        && signature(first)
        && signature(second)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hexadecimal_is_pairs_and_upper_case_is_a_warning() {
        for text in ["00", "4d5a", "ffffffff"] {
            assert_eq!(hex(text), None, "{text}");
        }
        for text in ["4D5A", "4d5A"] {
            assert_eq!(hex(text), Some(Code::W150), "{text}");
        }
        for text in ["", "4", "4d5", "0x4d", "4d 5a", "4g", "4D5", "\u{ff10}\u{ff10}"] {
            assert_eq!(hex(text), Some(Code::E109), "{text}");
        }
    }

    #[test]
    fn base64_is_fours_with_padding() {
        for text in ["TVqQAAM=", "TQ==", "TVq+", "TVq/", "TVqQTVqQ", "TR=="] {
            assert_eq!(base64(text), None, "{text}");
        }
        for text in [
            "", "=", "==", "====", "T===", "TQ=", "TQ", "TVqQAAM", "TVqQ====", "TQ==TQ==", "TV=q", "TVq-", "TVq_",
            "TVqQ\n", "TV qQ", "TVé",
        ] {
            assert_eq!(base64(text), Some(Code::E108), "{text}");
        }
    }

    #[test]
    fn a_hash_has_the_length_of_its_algorithm_and_either_case() {
        let digits = |length: usize| "aB0".chars().cycle().take(length).collect::<String>();
        for (name, length) in [
            ("MD5", 32),
            ("SHA-1", 40),
            ("SHA-256", 64),
            ("SHA3-256", 64),
            ("SHA-512", 128),
            ("SHA3-512", 128),
            ("TLSH", 70),
        ] {
            assert_eq!(hash_value(name, &digits(length)), None, "{name}");
            assert_eq!(hash_value(name, &digits(length - 1)), Some(Code::E118), "{name}");
            assert_eq!(hash_value(name, &digits(length + 1)), Some(Code::E118), "{name}");
            assert_eq!(hash_value(name, &format!("{}g", digits(length - 1))), Some(Code::E118), "{name}");
        }
        assert_eq!(hash_value("TLSH", &format!("T1{}", digits(70))), None);
        assert_eq!(hash_value("TLSH", &format!("t1{}", digits(70))), Some(Code::E118));
        assert_eq!(hash_value("TLSH", &format!("T1{}", digits(68))), Some(Code::E118));
        assert_eq!(hash_value("MD5", ""), Some(Code::E118));
        assert_eq!(hash_value("imphash", "anything"), None);
        assert_eq!(hash_value("sha256", "anything"), None, "the key is another name");
    }

    #[test]
    fn a_fuzzy_hash_is_a_size_and_two_signatures() {
        for text in ["3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C", "96::", "1234567890:a/+Z09:b", "3::a"] {
            assert_eq!(hash_value("SSDEEP", text), None, "{text}");
        }
        for text in ["", ":a:b", "3:a", "3:a:b:c", "x:a:b", "12345678901:a:b", "3:a b:c", "3:a:b,\"file\"", "3:a=:b"] {
            assert_eq!(hash_value("SSDEEP", text), Some(Code::E118), "{text}");
        }
        assert_eq!(hash_value("SSDEEP", &format!("3:{}:", "a".repeat(145))), None);
        assert_eq!(hash_value("SSDEEP", &format!("3:{}:", "a".repeat(146))), Some(Code::E118));
    }

    #[test]
    fn names_of_hashes_are_exact_and_the_right_spelling_is_known() {
        for &name in HASH_ALGORITHM.values {
            assert_eq!(hash_name(name), None, "{name}");
            assert_eq!(hash_spelling(name), Some(name));
        }
        for (name, spelling) in [
            ("sha256", Some("SHA-256")),
            ("SHA256", Some("SHA-256")),
            ("sha_1", Some("SHA-1")),
            ("md5", Some("MD5")),
            ("sha3_512", Some("SHA3-512")),
            ("ssdeep", Some("SSDEEP")),
            ("SHA-224", None),
            ("imphash", None),
            ("a-very-long-name-of-a-hash", None),
        ] {
            assert_eq!(hash_name(name), Some(Code::W119), "{name}");
            assert_eq!(hash_spelling(name), spelling, "{name}");
        }
        for name in ["", "MD", "MD 5", "SHA:1", "SHÄ-1", &"a".repeat(251)] {
            assert_eq!(hash_name(name), Some(Code::E117), "{name}");
        }
        assert_eq!(hash_name(&"a".repeat(250)), Some(Code::W119));
    }

    /// The decoder of another crate, told to leave the bits that are thrown away alone.
    fn decodes(text: &str) -> bool {
        let config = GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::RequireCanonical);
        !text.is_empty() && GeneralPurpose::new(&base64::alphabet::STANDARD, config).decode(text).is_ok()
    }

    proptest! {
        #[test]
        fn base64_agrees_with_a_decoder(text in "[A-Za-z0-9+/=_ -]{0,6}={0,3}", groups in "([A-Za-z0-9+/]{4}){0,3}") {
            let text = format!("{groups}{text}");
            prop_assert_eq!(base64(&text).is_none(), decodes(&text), "{}", text);
        }

        #[test]
        fn what_is_encoded_is_taken(bytes in prop::collection::vec(any::<u8>(), 1..80)) {
            prop_assert_eq!(base64(&base64::engine::general_purpose::STANDARD.encode(&bytes)), None);
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            prop_assert_eq!(hex(&digits), None);
        }
    }
}
