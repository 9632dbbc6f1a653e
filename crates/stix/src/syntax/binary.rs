//! Hexadecimal, base64 and hashes (STIX 2.1 §2.1, §2.7, §2.8).

use super::unless;
use crate::code::Code;

/// Names of `hash-algorithm-ov` (STIX 2.1 §10.8).
const HASH_NAMES: [&str; 8] = ["MD5", "SHA-1", "SHA-256", "SHA-512", "SHA3-256", "SHA3-512", "SSDEEP", "TLSH"];

/// LIMIT: characters of an SSDEEP hash; the algorithm writes at most a block size and two signatures of 64 characters.
const SSDEEP_SIZE_BYTES_MAX: usize = 148;

/// Checks `hex`: pairs of hexadecimal digits, not empty (STIX 2.1 §2.8). Upper case is a warning only, as the references take it.
pub fn hex(text: &str) -> Option<Code> {
    if text.is_empty() || !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some(Code::E109);
    }
    text.bytes().any(|byte| byte.is_ascii_uppercase()).then_some(Code::W150)
}

/// Checks `binary`: base64 with padding by RFC 4648 §4, not empty, no white space (STIX 2.1 §2.1).
///
/// Bits of the last character that are thrown away may be anything, as the form of the specification has it.
pub fn base64(text: &str) -> Option<Code> {
    let data = text.strip_suffix('=').map_or(text, |rest| rest.strip_suffix('=').unwrap_or(rest));
    let fits = !text.is_empty()
        && text.len().is_multiple_of(4)
        && data.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'));
    unless(fits, Code::E108)
}

/// Checks a key of `hashes`: its form, then whether the vocabulary has it (STIX 2.1 §2.7).
pub fn hash_name(name: &str) -> Option<Code> {
    if HASH_NAMES.contains(&name) {
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
    HASH_NAMES.into_iter().find(|known| plain(known) == Some(wanted))
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
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
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
