//! One request as a route function sees it: decoded, bounded, and with its caller known.

use crate::access::Caller;
use crate::refusal::{Refusal, Why};
use axum::body::Bytes;
use axum::http::HeaderMap;
use entente_exchange::Viewer;
use percent_encoding::percent_decode;

/// Names and values of a query or a form, decoded, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Decodes `application/x-www-form-urlencoded`. `None` if it is not UTF-8 after decoding.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut pairs = Vec::new();
        for pair in bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = halves.next().unwrap_or_default();
            let value = halves.next().unwrap_or_default();
            pairs.push((Self::half(name)?, Self::half(value)?));
        }
        Some(Self(pairs))
    }

    fn half(bytes: &[u8]) -> Option<String> {
        let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        percent_decode(&spaced).decode_utf8().ok().map(|text| text.into_owned())
    }

    /// Returns the first value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// One request.
#[derive(Debug)]
pub(crate) struct Call {
    /// Path and query as received, for the way back after signing in.
    pub(crate) target: String,
    /// Parameters of the path, decoded.
    pub(crate) params: Vec<(String, String)>,
    /// Query, decoded.
    pub(crate) query: Pairs,
    /// Header fields.
    pub(crate) headers: HeaderMap,
    /// Who calls.
    pub(crate) caller: Caller,
    /// Fields of the form, for a page's POST.
    pub(crate) form: Pairs,
    /// Body after inflation, for an API's POST.
    pub(crate) body: Bytes,
}

impl Call {
    /// Returns a parameter of the path if it has the form of an id.
    ///
    /// Ids are letters, digits, `-` and `_`, at most 300 of them. Everything else cannot name anything and is 404
    /// before it reaches the exchange (A32).
    ///
    /// # Errors
    ///
    /// 404.
    pub(crate) fn id(&self, name: &str) -> Result<&str, Refusal> {
        let value = self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        value.filter(|value| is_id(value)).ok_or_else(|| Why::NotFound.into())
    }

    /// Returns a parameter of the path as a number.
    ///
    /// # Errors
    ///
    /// 404.
    pub(crate) fn number(&self, name: &str) -> Result<u64, Refusal> {
        self.id(name)?.parse().map_err(|_| Why::NotFound.into())
    }

    /// Returns who looks.
    ///
    /// # Errors
    ///
    /// 401 on a route that lets strangers in and is asked for a viewer all the same.
    pub(crate) fn viewer(&self) -> Result<&Viewer, Refusal> {
        self.caller.viewer.as_ref().ok_or_else(|| Why::CredentialRequired.into())
    }
}

/// Tells whether a text has the form of an id.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=300).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::{Pairs, is_id};

    #[test]
    fn forms_are_decoded_in_order() {
        let pairs = Pairs::decode(b"list=198.51.100%5B.%5D25%0D%0Aa+b&from=&list=second&x").unwrap();
        assert_eq!(pairs.get("list"), Some("198.51.100[.]25\r\na b"));
        assert_eq!(pairs.get("from"), Some(""));
        assert_eq!(pairs.get("x"), Some(""));
        assert_eq!(pairs.get("y"), None);
    }

    #[test]
    fn what_is_not_utf8_is_refused() {
        assert_eq!(Pairs::decode(b"a=%f0"), None);
    }

    #[test]
    fn abuse_a32_a_path_is_no_id() {
        for text in ["", ".", "..", "../etc/passwd", "a/b", "a\\b", "a\0", "agr-12;", "CON.txt", "%2e%2e", "é"] {
            assert!(!is_id(text), "{text}");
        }
        assert!(is_id("agr-12") && is_id("indicator--7d0b8f5e-6c35-5b0f-9a58-0f2f6d9b1c01"));
        assert!(!is_id(&"a".repeat(301)));
    }
}
