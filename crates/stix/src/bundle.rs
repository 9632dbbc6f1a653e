//! Transport: bundles, TAXII envelopes and lists, cut into the raw bytes of their objects.
//!
//! Cutting looks at brackets and strings only, so that one broken member costs nobody but itself: each slice is then read by
//! [`Object::parse`](crate::Object::parse).

use crate::error::{JsonError, JsonErrorKind, ParseError};
use crate::json::{self, string_inside, unescape};
use crate::limits::Limits;
use crate::scan::plain_run;

/// What surrounded the objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// An object of type `bundle` (STIX 2.1 §8).
    Bundle,
    /// An object without `type`, with `objects` or nothing to deliver (TAXII 2.1 §3.7).
    Envelope,
    /// A bare JSON list.
    List,
    /// One object by itself.
    Object,
}

/// The objects of one text, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split<'a> {
    /// What surrounded them.
    pub shape: Shape,
    /// The raw bytes of each, from its first byte to its last; not yet checked.
    pub objects: Vec<&'a [u8]>,
}

/// Cuts a bundle, an envelope, a list or a single object into the bytes of its objects.
///
/// A UTF-8 byte-order mark at the start is skipped. The order of `type` and `objects` does not matter. Linear in the bytes, no
/// recursion, memory of one slice per object.
///
/// # Errors
///
/// `STIX-E-001` where brackets or strings do not balance or the members of the wrapper are malformed; `-002` for bytes outside
/// UTF-8; `-003` where `type` or `objects` stands twice in the wrapper; `-008` for anything but an object or list; `-011` above
/// `bundle_size_bytes_max` or `members_max`; `-101` where `objects` of a bundle or envelope is not a list.
pub fn split<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Split<'a>, ParseError> {
    if bytes.len() > limits.bundle_size_bytes_max {
        return Err(JsonError::new(JsonErrorKind::Size, limits.bundle_size_bytes_max).into());
    }
    let text =
        std::str::from_utf8(bytes).map_err(|error| JsonError::new(JsonErrorKind::Encoding, error.valid_up_to()))?;
    let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut cursor = Cursor { text, at: start };
    cursor.skip_space();
    let split = match cursor.peek() {
        Some(b'[') => Split { shape: Shape::List, objects: cursor.items(limits)? },
        Some(b'{') => wrapper(&mut cursor, limits)?,
        Some(_) => return Err(cursor.error(JsonErrorKind::NotObject).into()),
        None => return Err(cursor.error(JsonErrorKind::Syntax("a value")).into()),
    };
    cursor.skip_space();
    if cursor.peek().is_some() {
        return Err(cursor.error(JsonErrorKind::Syntax("nothing after the value")).into());
    }
    Ok(split)
}

fn wrapper<'a>(cursor: &mut Cursor<'a>, limits: &Limits) -> Result<Split<'a>, ParseError> {
    let start = cursor.at;
    let (mut object_type, mut objects_at) = (None, None);
    let mut others = Vec::new();
    cursor.bump();
    cursor.skip_space();
    if cursor.peek() == Some(b'}') {
        cursor.bump();
        return Ok(Split { shape: Shape::Envelope, objects: Vec::new() });
    }
    loop {
        if others.len() >= limits.keys_max {
            return Err(cursor.error(JsonErrorKind::Keys).into());
        }
        let key_at = cursor.at;
        let key = string_inside(cursor.string()?).map(unescape).unwrap_or_default();
        cursor.skip_space();
        cursor.expect(b':', "`:`")?;
        cursor.skip_space();
        let value_at = cursor.at;
        let value = cursor.value()?;
        let seen = match key.as_ref() {
            "type" => object_type.replace(value).is_some(),
            "objects" => objects_at.replace(value_at).is_some(),
            _ => {
                others.push((value_at, value));
                false
            }
        };
        if seen {
            return Err(JsonError::new(JsonErrorKind::DuplicateKey, key_at).into());
        }
        cursor.skip_space();
        if cursor.peek() == Some(b'}') {
            cursor.bump();
            break;
        }
        cursor.expect(b',', "`,` or `}`")?;
        cursor.skip_space();
    }
    let shape = match object_type.map(|raw| string_inside(raw).map(unescape)) {
        None => Shape::Envelope,
        Some(Some(name)) if name == "bundle" => Shape::Bundle,
        Some(_) => {
            let object = cursor.text.get(start..cursor.at).unwrap_or_default().as_bytes();
            return Ok(Split { shape: Shape::Object, objects: vec![object] });
        }
    };
    for (at, value) in others {
        json::check(value.as_bytes(), limits)
            .map_err(|error| JsonError::new(error.kind(), error.offset().saturating_add(at)))?;
    }
    let objects = match objects_at {
        None => Vec::new(),
        Some(at) => {
            let mut inner = Cursor { text: cursor.text, at };
            if inner.peek() != Some(b'[') {
                let raw = inner.value()?;
                return Err(ParseError::wrong_type("objects", raw, "a list"));
            }
            inner.items(limits)?
        }
    };
    Ok(Split { shape, objects })
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Cuts a list, from its `[`, into the raw bytes of its items.
    fn items(&mut self, limits: &Limits) -> Result<Vec<&'a [u8]>, JsonError> {
        let mut items = Vec::new();
        self.bump();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.bump();
            return Ok(items);
        }
        loop {
            if items.len() >= limits.members_max {
                return Err(self.error(JsonErrorKind::Size));
            }
            items.push(self.value()?.as_bytes());
            self.skip_space();
            if self.peek() == Some(b']') {
                self.bump();
                return Ok(items);
            }
            self.expect(b',', "`,` or `]`")?;
            self.skip_space();
        }
    }

    /// Skips one value: a string, a balanced bracket, or a run of other characters.
    fn value(&mut self) -> Result<&'a str, JsonError> {
        let start = self.at;
        match self.peek() {
            Some(b'"') => return self.string(),
            Some(b'{' | b'[') => self.brackets()?,
            _ => {
                while let Some(byte) = self.peek() {
                    if matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r' | b'"' | b'{' | b'[' | b':') {
                        break;
                    }
                    self.bump();
                }
                if self.at == start {
                    return Err(self.error(JsonErrorKind::Syntax("a value")));
                }
            }
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Skips to the end of a balanced value. Which bracket closes which is left to the reader of the slice.
    fn brackets(&mut self) -> Result<(), JsonError> {
        let mut depth = 0_usize;
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at).copied() {
            match byte {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth = depth.saturating_add(1),
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        self.bump();
                        return Ok(());
                    }
                }
                _ => {}
            }
            self.bump();
        }
        Err(self.error(JsonErrorKind::Syntax("a closing bracket")))
    }

    fn string(&mut self) -> Result<&'a str, JsonError> {
        let start = self.at;
        self.expect(b'"', "a key in quotes")?;
        let bytes = self.text.as_bytes();
        loop {
            self.at = plain_run(bytes, self.at);
            match bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => self.at = self.at.saturating_add(2),
                Some(_) => self.bump(),
                None => return Err(self.error(JsonErrorKind::Syntax("the rest of a string"))),
            }
        }
        self.bump();
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), JsonError> {
        if self.peek() != Some(byte) {
            return Err(self.error(JsonErrorKind::Syntax(expected)));
        }
        self.bump();
        Ok(())
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.bump();
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn bump(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn error(&self, kind: JsonErrorKind) -> JsonError {
        JsonError::new(kind, self.at.min(self.text.len()))
    }
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
