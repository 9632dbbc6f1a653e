//! The 32-byte hash, its two spellings, and the strict base64 used by every format of this crate.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

/// A SHA-256 value: a tree node, a leaf hash, a commitment, or the digest of a text.
///
/// Displayed and serialised as standard base64 (44 characters), the spelling of checkpoints and proofs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, std::hash::Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Computes the SHA-256 of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Hash {
        Hash(Sha256::digest(bytes).into())
    }

    /// Computes the SHA-256 of the concatenation of `parts`.
    #[must_use]
    pub fn of_parts(parts: &[&[u8]]) -> Hash {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update(part);
        }
        Hash(digest.finalize().into())
    }

    /// Returns the bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Writes 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        to_hex(&self.0)
    }

    /// Writes `sha256:` and 64 lower-case hexadecimal digits, the spelling used for agreement hashes.
    #[must_use]
    pub fn to_sha256_text(&self) -> String {
        format!("sha256:{}", self.hex())
    }

    /// Reads `sha256:` and 64 lower-case hexadecimal digits; anything else is `None`.
    #[must_use]
    pub fn parse_sha256_text(text: &str) -> Option<Hash> {
        let digits = text.strip_prefix("sha256:")?;
        Some(Hash(from_hex(digits)?.try_into().ok()?))
    }

    /// Reads the 44 characters of canonical standard base64; anything else is `None`.
    #[must_use]
    pub fn parse_base64(text: &str) -> Option<Hash> {
        Some(Hash(from_base64(text)?.try_into().ok()?))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_base64(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Hash::parse_base64(&text).ok_or_else(|| de::Error::custom("a hash must be 44 characters of base64"))
    }
}

/// An instant of a cosignature, in whole seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixSeconds(pub u64);

/// Writes standard base64 with padding.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads standard base64; missing padding, spare bits that are not zero, and foreign characters are `None`.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Writes lower-case hexadecimal digits.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        let _infallible = write!(text, "{byte:02x}");
    }
    text
}

/// Reads an even number of lower-case hexadecimal digits.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    digits
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => Some(value(*high)? << 4 | value(*low)?),
            _ => None,
        })
        .collect()
}

/// Reads a decimal number without sign and leading zeros.
pub(crate) fn parse_decimal(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) || (text.len() > 1 && text.starts_with('0')) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_one_spelling() {
        let hash = Hash::of(b"");
        // Root of the empty tree as printed in the checkpoint specification.
        assert_eq!(hash.to_string(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(Hash::parse_base64(&hash.to_string()), Some(hash));
        assert_eq!(Hash::parse_sha256_text(&hash.to_sha256_text()), Some(hash));
        assert_eq!(Hash::parse_base64("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV="), None, "spare bits must be zero");
        assert_eq!(Hash::parse_base64("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"), None, "padding is required");
        assert_eq!(Hash::parse_sha256_text(&hash.to_sha256_text().to_uppercase()), None);
    }

    #[test]
    fn a_decimal_has_no_sign_and_no_leading_zero() {
        assert_eq!(parse_decimal("0"), Some(0));
        assert_eq!(parse_decimal("18446744073709551615"), Some(u64::MAX));
        for text in ["", "00", "01", "+1", "-1", " 1", "1 ", "18446744073709551616", "1_0", "٣"] {
            assert_eq!(parse_decimal(text), None, "{text:?}");
        }
    }
}
