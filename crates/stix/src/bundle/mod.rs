//! Transport: bundles, TAXII envelopes, lists and lines of objects, cut into the raw bytes of their objects (STIX 2.1 §8).
//!
//! Cutting looks at brackets and strings only, so that one broken member costs nobody but itself: each piece is then read by
//! [`Object::parse`](crate::Object::parse). One machine, [`Splitter`], takes chunks; [`Reader`] feeds it from a stream,
//! [`split`] from bytes at hand.

mod balance;
mod reader;
mod splitter;

pub use reader::{Item, ReadError, Reader};
pub use splitter::{Piece, Splitter, Wrapper};

use crate::error::{JsonError, JsonErrorKind, ParseError};
use crate::json::quote_into;
use crate::limits::Limits;

/// What surrounds the objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// An object of type `bundle` (STIX 2.1 §8).
    Bundle,
    /// An object without `type`, with `objects` or nothing to deliver (TAXII 2.1 §3.7).
    Envelope,
    /// One object a line.
    Lines,
    /// A bare JSON list.
    List,
    /// One object by itself.
    Object,
}

/// The objects of one text, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split<'a> {
    /// What surrounded them; never [`Shape::Lines`].
    pub shape: Shape,
    /// The raw bytes of each, from its first byte to its last; not yet checked.
    pub objects: Vec<&'a [u8]>,
}

/// Cuts a bundle, an envelope, a list or a single object into the bytes of its objects, all or nothing.
///
/// A UTF-8 byte-order mark at the start is skipped. The order of `type` and `objects` does not matter. Linear in the bytes, no
/// recursion, memory of one slice per object. The size of one object is left to its reader.
///
/// # Errors
///
/// Those of [`Splitter::next_piece`] and [`Splitter::finish`], and `STIX-E-001` for text between members that is no member and
/// for anything behind the first value.
pub fn split<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Split<'a>, ParseError> {
    if bytes.len() > limits.bundle_size_bytes_max {
        return Err(JsonError::new(JsonErrorKind::Size, limits.bundle_size_bytes_max).into());
    }
    let limits = Limits { object_size_bytes_max: limits.bundle_size_bytes_max, ..*limits };
    let mut splitter = Splitter::new(&limits).single();
    let mut objects = Vec::new();
    let mut rest = bytes;
    while let Some(piece) = splitter.next_piece(&mut rest)? {
        let start = usize::try_from(piece.offset).unwrap_or(usize::MAX);
        let raw = piece.raw?;
        objects.push(bytes.get(start..start.saturating_add(raw.len())).unwrap_or_default());
    }
    // A text that may hold one value only ends without a last line to hand over.
    splitter.finish()?;
    Ok(Split { shape: splitter.shape().unwrap_or(Shape::Object), objects })
}

/// Writes a STIX 2.1 bundle around objects, each copied byte for byte (STIX 2.1 §8).
///
/// `id` is the bundle's identifier, which the caller makes. A bundle of nothing has no `objects`, since STIX knows no empty list.
///
/// # Examples
///
/// ```
/// use entente_stix::bundle::write;
/// let id = "bundle--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d";
/// let bytes = write(id, [&br#"{"a": 1.0}"#[..], br#"{}"#]);
/// assert_eq!(
///     String::from_utf8_lossy(&bytes),
///     r#"{"type":"bundle","id":"bundle--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d","objects":[{"a": 1.0},{}]}"#
/// );
/// ```
pub fn write<'a>(id: &str, objects: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut head = String::from("{\"type\":\"bundle\",\"id\":");
    quote_into(&mut head, id);
    let mut bytes = head.into_bytes();
    let mut any = false;
    for object in objects {
        bytes.extend_from_slice(if any { b"," } else { b",\"objects\":[" });
        bytes.extend_from_slice(object);
        any = true;
    }
    if any {
        bytes.push(b']');
    }
    bytes.push(b'}');
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(text: &str) -> Result<(Shape, Vec<&str>), &'static str> {
        let split = split(text.as_bytes(), &Limits::admission()).map_err(|error| error.code())?;
        Ok((split.shape, split.objects.into_iter().map(|raw| std::str::from_utf8(raw).unwrap()).collect()))
    }

    #[test]
    fn every_shape_gives_the_raw_objects_in_order() {
        for (text, shape, objects) in [
            (
                r#"{"type":"bundle","id":"bundle--1","objects":[ {"a":"]}"} ,{"b":[1, 2]}]}"#,
                Shape::Bundle,
                vec![r#"{"a":"]}"}"#, r#"{"b":[1, 2]}"#],
            ),
            (r#"{"objects":[{"a":1}],"spec_version":"2.0","type":"bundle"}"#, Shape::Bundle, vec![r#"{"a":1}"#]),
            (r#"{"type":"bundle","id":"bundle--1"}"#, Shape::Bundle, vec![]),
            ("\u{feff}{\"more\":false,\"objects\":[{}]}", Shape::Envelope, vec!["{}"]),
            ("{}", Shape::Envelope, vec![]),
            ("[{\"a\":\"\\\\\\\"\"}]\n", Shape::List, vec!["{\"a\":\"\\\\\\\"\"}"]),
            ("[]", Shape::List, vec![]),
            (" {\"type\":\"x\",\"objects\":{}} ", Shape::Object, vec!["{\"type\":\"x\",\"objects\":{}}"]),
        ] {
            assert_eq!(cut(text), Ok((shape, objects)), "{text}");
        }
    }

    #[test]
    fn a_broken_member_leaves_its_neighbours_alone() {
        let (_, objects) = cut(r#"{"type":"bundle","objects":[{"a":1},{"a":1,"a":nonsense},7,{"b":2}]}"#).unwrap();
        assert_eq!(objects, [r#"{"a":1}"#, r#"{"a":1,"a":nonsense}"#, "7", r#"{"b":2}"#]);
    }

    #[test]
    fn wrappers_that_are_not_whole_are_refused() {
        for (text, code) in [
            ("", "STIX-E-001"),
            ("7", "STIX-E-008"),
            ("[{}", "STIX-E-001"),
            ("[{}]x", "STIX-E-001"),
            ("{\"type\":\"bundle\",\"objects\":[{}]", "STIX-E-001"),
            ("{\"type\":\"bundle\",\"id\":nonsense}", "STIX-E-001"),
            ("{\"objects\":[],\"objects\":[]}", "STIX-E-003"),
            ("{\"type\":\"bundle\",\"type\":\"x\"}", "STIX-E-003"),
            ("{\"type\":\"bundle\",\"objects\":{}}", "STIX-E-101"),
        ] {
            assert_eq!(cut(text), Err(code), "{text}");
        }
    }

    proptest! {
        #[test]
        fn split_never_panics(text in r#"[\[\]{}:,"\\a0 ]{0,40}"#) {
            let _ = cut(&text);
        }

        #[test]
        fn what_is_joined_is_split(items in proptest::collection::vec(r#"\{"[a-z\[\]{}]{0,5}": ?"[a-z,"]{0}\\\\"\}"#, 0..6)) {
            let text = format!("{{\"type\":\"bundle\",\"objects\":[{}]}}", items.join(" , "));
            let (_, objects) = cut(&text).unwrap();
            prop_assert_eq!(objects, items);
        }
    }
}
