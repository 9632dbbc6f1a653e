//! Hashes and fingerprints, section 4.6 of the value rules.

use std::borrow::Cow;

use crate::{Flag, Kind, Normalised, Observable, ObservableError};

/// Words that stand before a hash, with the algorithm they promise.
const PREFIXES: [(&str, &str); 16] = [
    ("md5", "md5"),
    ("sha-1", "sha1"),
    ("sha-224", "sha224"),
    ("sha-256", "sha256"),
    ("sha-384", "sha384"),
    ("sha-512", "sha512"),
    ("sha1", "sha1"),
    ("sha224", "sha224"),
    ("sha256", "sha256"),
    ("sha384", "sha384"),
    ("sha512", "sha512"),
    ("sha_1", "sha1"),
    ("sha_256", "sha256"),
    ("sha_512", "sha512"),
    ("ssdeep", "ssdeep"),
    ("tlsh", "tlsh"),
];

fn by_length(length: usize) -> Option<&'static str> {
    Some(match length {
        32 => "md5",
        40 => "sha1",
        56 => "sha224",
        64 => "sha256",
        96 => "sha384",
        128 => "sha512",
        _ => return None,
    })
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn hashed(kind: Kind, value: String, algorithm: &'static str) -> Normalised {
    let mut observable = Observable::new(kind, value);
    observable.hash_algorithm = Some(algorithm);
    Normalised::plain(observable)
}

/// Takes a prefix word and `:`, `=` or blanks off.
fn strip_prefix(text: &str) -> (&str, Option<&'static str>) {
    for (word, algorithm) in PREFIXES {
        if let Some(front) = text.get(..word.len())
            && front.eq_ignore_ascii_case(word)
            && let Some(rest) = text.get(word.len()..)
            && rest.starts_with([':', '=', ' '])
        {
            return (rest.trim_start_matches([':', '=', ' ']), Some(algorithm));
        }
    }
    (text, None)
}

/// Joins digits that are separated by `:`, `-` or blanks between pairs; `None` when the text is not of that form.
fn digits(text: &str) -> Option<Cow<'_, str>> {
    let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    if is_hex(text) {
        let upper = text.bytes().any(|byte| byte.is_ascii_uppercase());
        return Some(if upper { Cow::Owned(text.to_ascii_lowercase()) } else { Cow::Borrowed(text) });
    }
    let mut joined = String::with_capacity(text.len());
    for pair in text.split([':', '-', ' ']) {
        if pair.len() != 2 || !is_hex(pair) {
            return None;
        }
        joined.push_str(&pair.to_ascii_lowercase());
    }
    Some(Cow::Owned(joined))
}

/// Canonicalises a hash of a file: its algorithm follows from its length, or from its shape for fuzzy hashes.
pub(crate) fn file_hash(text: &str) -> Result<Normalised, ObservableError> {
    let (rest, promised) = strip_prefix(text);
    let found = if let Some(fuzzy) = ssdeep(rest) {
        fuzzy?
    } else if let Some(value) = tlsh(rest) {
        hashed(Kind::FileHash, value, "tlsh")
    } else {
        let digits = digits(rest).ok_or(ObservableError::HashSyntax)?;
        let algorithm = by_length(digits.len()).ok_or(ObservableError::HashLength)?;
        hashed(Kind::FileHash, digits.into_owned(), algorithm)
    };
    let mismatch = promised.is_some() && promised != found.observable.hash_algorithm;
    Ok(found.flag_if(mismatch, Flag::TypeMismatch))
}

/// Canonicalises the fingerprint of a certificate.
pub(crate) fn certificate(text: &str) -> Result<Normalised, ObservableError> {
    let digits = digits(strip_prefix(text).0).ok_or(ObservableError::HashSyntax)?;
    match by_length(digits.len()) {
        Some(algorithm @ ("md5" | "sha1" | "sha256")) => {
            Ok(hashed(Kind::X509Certificate, digits.into_owned(), algorithm))
        }
        _ => Err(ObservableError::HashLength),
    }
}

/// Canonicalises a JA3 (32 digits), JARM (62) or JA4 fingerprint.
pub(crate) fn tls(text: &str) -> Result<Normalised, ObservableError> {
    let lower = text.to_ascii_lowercase();
    if is_ja4(&lower) {
        return Ok(hashed(Kind::TlsFingerprint, lower, "ja4"));
    }
    if !is_hex(&lower) {
        return Err(ObservableError::HashSyntax);
    }
    match lower.len() {
        32 => Ok(hashed(Kind::TlsFingerprint, lower, "ja3")),
        62 => Ok(hashed(Kind::TlsFingerprint, lower, "jarm")),
        _ => Err(ObservableError::HashLength),
    }
}

/// Checks `[tqd]`, two of version, `[di]`, four digits, two of ALPN, `_`, 12 hex, `_`, 12 hex.
fn is_ja4(text: &str) -> bool {
    let mut parts = text.split('_');
    let (Some(head), Some(first), Some(second), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let head = head.as_bytes();
    head.len() == 10
        && head.first().is_some_and(|byte| b"tqd".contains(byte))
        && head.get(1..3).is_some_and(|version| version.iter().all(u8::is_ascii_alphanumeric))
        && head.get(3).is_some_and(|byte| b"di".contains(byte))
        && head.get(4..8).is_some_and(|counts| counts.iter().all(u8::is_ascii_digit))
        && head.get(8..10).is_some_and(|alpn| alpn.iter().all(u8::is_ascii_alphanumeric))
        && [first, second].iter().all(|part| part.len() == 12 && is_hex(part))
}

/// Reads `blocksize:a:b`; `None` when the text has not that shape.
pub(crate) fn ssdeep(text: &str) -> Option<Result<Normalised, ObservableError>> {
    let text = text.split(',').next().unwrap_or(text);
    let mut parts = text.split(':');
    let (block, first, second) = (parts.next()?, parts.next()?, parts.next()?);
    let shaped = |part: &str| {
        (3..=64).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
    };
    let digits = !block.is_empty() && block.len() <= 10 && block.bytes().all(|byte| byte.is_ascii_digit());
    if parts.next().is_some() || !digits || !shaped(first) || !shaped(second) {
        return None;
    }
    let size = block.parse::<u64>().ok()?;
    let power = size.checked_div(3).unwrap_or(0);
    if size % 3 != 0 || !power.is_power_of_two() {
        return Some(Err(ObservableError::SsdeepBlockSize));
    }
    Some(Ok(hashed(Kind::FileHash, format!("{size}:{first}:{second}"), "ssdeep")))
}

fn tlsh(text: &str) -> Option<String> {
    let digits = text.strip_prefix("T1").or_else(|| text.strip_prefix("t1")).unwrap_or(text);
    (digits.len() == 70 && is_hex(digits)).then(|| format!("T1{}", digits.to_ascii_uppercase()))
}
