//! The envelope (TAXII 2.1 §3.7): written around raw object bytes, and read without looking into them.

use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

/// Writes an envelope into one buffer: the stored bytes of the objects are copied as they are.
///
/// `more` is true exactly if there is a `next`; `objects` is left out when there are none. Each object must be one valid
/// JSON object, which stored objects are.
#[must_use]
pub fn envelope<'a>(objects: impl Iterator<Item = &'a [u8]>, next: Option<&str>) -> Vec<u8> {
    let mut body = Vec::with_capacity(objects.size_hint().0.saturating_mul(512).saturating_add(128));
    body.push(b'{');
    if let Some(next) = next {
        body.extend_from_slice(b"\"more\":true,\"next\":");
        body.extend_from_slice(serde_json::Value::from(next).to_string().as_bytes());
    }
    let mut any = false;
    for object in objects {
        body.extend_from_slice(match (any, next) {
            (true, _) => b",".as_slice(),
            (false, Some(_)) => b",\"objects\":[",
            (false, None) => b"\"objects\":[",
        });
        body.extend_from_slice(object);
        any = true;
    }
    body.extend_from_slice(if any { b"]}" } else { b"}" });
    body
}

/// An envelope as a client reads it. Unknown members are ignored.
#[derive(Debug, Deserialize)]
pub struct Envelope<'a> {
    /// Whether there is another page.
    #[serde(default)]
    pub more: bool,
    /// The cursor of the next page.
    #[serde(default)]
    pub next: Option<String>,
    #[serde(default, borrow)]
    objects: Vec<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    /// Reads an envelope.
    ///
    /// # Errors
    ///
    /// [`EnvelopeError`] if it is not one JSON object with these members, or one of them occurs twice.
    pub fn parse(body: &'a [u8]) -> Result<Envelope<'a>, EnvelopeError> {
        // A list would otherwise be taken for the members in order.
        if body.trim_ascii_start().first() != Some(&b'{') {
            return Err(EnvelopeError { line: 1 });
        }
        serde_json::from_slice(body).map_err(|error| EnvelopeError { line: error.line() })
    }

    /// Returns the members of `objects` as sent; one that is no JSON object is among them.
    pub fn objects(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + '_ {
        self.objects.iter().map(|object| object.get().as_bytes())
    }
}

/// The body is not an envelope.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("not an envelope, line {line}")]
#[non_exhaustive]
pub struct EnvelopeError {
    /// The line of the JSON text.
    pub line: usize,
}

impl EnvelopeError {
    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "taxii.server_json"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(objects: &[&str], next: Option<&str>) -> String {
        String::from_utf8(envelope(objects.iter().map(|object| object.as_bytes()), next)).unwrap()
    }

    #[test]
    fn more_next_and_objects_are_there_only_when_they_say_something() {
        assert_eq!(written(&[], None), "{}");
        assert_eq!(written(&[], Some("n")), r#"{"more":true,"next":"n"}"#);
        assert_eq!(written(&["{\"a\": 1}"], None), r#"{"objects":[{"a": 1}]}"#);
        assert_eq!(written(&["{}", "{ }"], Some("a\"b")), r#"{"more":true,"next":"a\"b","objects":[{},{ }]}"#);
    }

    #[test]
    fn other_shapes_are_no_envelope() {
        for body in [
            "",
            "[]",
            "[false,null,[]]",
            "5",
            "\"x\"",
            "{\"objects\":5}",
            "{\"objects\":null}",
            "{\"more\":1}",
            "{\"next\":7}",
            "{\"objects\":[{}]",
            "{\"objects\":[]}x",
            "{\"objects\":[],\"objects\":[]}",
            "{\"objects\":[{]}",
        ] {
            assert!(Envelope::parse(body.as_bytes()).is_err(), "{body}");
        }
        let read = Envelope::parse(br#" {"x":null,"objects":[{"id":"a", "n":12345678901234567890.0},5]}"#).unwrap();
        assert!(!read.more && read.next.is_none());
        let objects: Vec<&[u8]> = read.objects().collect();
        assert_eq!(objects, [br#"{"id":"a", "n":12345678901234567890.0}"#.as_slice(), b"5"]);
    }

    #[test]
    fn abuse_a33_five_thousand_levels_are_read_without_recursion() {
        let body = format!("{{\"objects\":[{}{}]}}", "[".repeat(5_000), "]".repeat(5_000));
        assert_eq!(Envelope::parse(body.as_bytes()).unwrap().objects().len(), 1);
    }

    proptest! {
        #[test]
        fn objects_come_back_byte_for_byte(
            texts in prop::collection::vec(any::<String>(), 0..6), next in proptest::option::of(any::<String>()),
        ) {
            let objects: Vec<String> =
                texts.iter().map(|text| format!("{{\"v\" : {}}}", serde_json::Value::from(text.as_str()))).collect();
            let body = envelope(objects.iter().map(|object| object.as_bytes()), next.as_deref());
            let read = Envelope::parse(&body).unwrap();
            prop_assert_eq!(read.more, next.is_some());
            prop_assert!(read.objects().eq(objects.iter().map(|object| object.as_bytes())));
            prop_assert_eq!(read.next, next);
        }
    }
}
