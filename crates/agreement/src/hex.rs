//! Lower-case hexadecimal, and the `sha256:` form of hashes.

/// Writes bytes as lower-case hexadecimal.
pub(crate) fn encode(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Reads 64 lower-case hexadecimal digits.
pub(crate) fn decode_32(text: &str) -> Option<[u8; 32]> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    if text.len() != 64 {
        return None;
    }
    let mut out = [0_u8; 32];
    for (slot, pair) in out.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *slot = (value(*high)? << 4) | value(*low)?;
    }
    Some(out)
}

/// Writes `sha256:<hex>`.
pub(crate) fn sha256_text(hash: &[u8; 32]) -> String {
    format!("sha256:{}", encode(hash))
}

/// Reads `sha256:<hex>`.
pub(crate) fn parse_sha256_text(text: &str) -> Option<[u8; 32]> {
    decode_32(text.strip_prefix("sha256:")?)
}
