//! Percent-encoding of the values of one-line notes: one spelling for each value.

/// Tells whether a byte stands for itself: RFC 3986 unreserved characters, and `:` and `/` for hashes, times and ids.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b':' | b'/')
}

/// Writes a value so that it holds no space, line feed or sign of the line's own.
#[must_use]
pub fn encode(value: &str) -> String {
    let mut out = String::new();
    for byte in value.bytes() {
        if is_plain(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Reads a value; `None` unless it is written in the one form that [`encode`] writes and holds no control character.
#[must_use]
pub fn decode(value: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
            let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
            bytes.push((high << 4) | low);
        } else {
            bytes.push(byte);
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    (encode(&text) == value && !text.chars().any(char::is_control)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_one_spelling() {
        assert_eq!(decode("a%20b").as_deref(), Some("a b"));
        for other in ["%61", "%2f", "a b", "%zz", "%", "%0A", "é"] {
            assert_eq!(decode(other), None, "{other}");
        }
    }
}
