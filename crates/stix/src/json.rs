//! The JSON profile: RFC 8259 in the stricter I-JSON reading (RFC 7493), with limits.
//!
//! `serde_json` keeps the last of two equal keys and knows no limits of its own; every text from outside passes [`check`] (or
//! a reader that calls it) first.

use std::borrow::Cow;
use std::fmt::Write;

use crate::error::{JsonError, JsonErrorKind};
use crate::limits::Limits;
use crate::scan::{self, Member};

/// Checks that `bytes` are one JSON value within the limits of one object.
///
/// One pass without recursion; cost is linear in the bytes, and memory is bounded by depth and keys.
///
/// # Errors
///
/// The first broken rule with its byte offset, `STIX-E-001` to `STIX-E-011`.
///
/// # Examples
///
/// ```
/// use entente_stix::{Limits, json};
/// let error = json::check(br#"{"a":1,"a":2}"#, &Limits::admission()).unwrap_err();
/// assert_eq!((error.code(), error.offset()), ("STIX-E-003", 7));
/// ```
pub fn check(bytes: &[u8], limits: &Limits) -> Result<(), JsonError> {
    scan::scan(bytes, limits).map(drop)
}

/// Iterates over the members of one JSON object: unescaped key, raw bytes of the value.
#[derive(Debug, Clone)]
pub struct Members<'a> {
    text: &'a str,
    members: std::vec::IntoIter<Member>,
}

/// Checks one JSON object and returns its members in order.
///
/// # Errors
///
/// As [`check`] with the offline limits; `STIX-E-008` where the value is not an object.
pub fn members(object: &[u8]) -> Result<Members<'_>, JsonError> {
    let notes = scan::scan(object, &Limits::offline())?;
    if !notes.is_object {
        return Err(JsonError::new(JsonErrorKind::NotObject, notes.value.start()));
    }
    // INVARIANT: the scan has refused anything but UTF-8.
    let text = std::str::from_utf8(object).unwrap_or_default();
    Ok(Members { text, members: notes.members.into_iter() })
}

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let member = self.members.next()?;
        Some((unescape(member.key.of(self.text)), member.value.of(self.text).as_bytes()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.members.size_hint()
    }
}

/// Writes `text` as a JSON string literal, quotes included.
///
/// Escapes only what JSON demands (RFC 8785 §3.2.2.2): quote, backslash and control characters below U+0020.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len().saturating_add(2));
    quote_into(&mut out, text);
    out
}

pub(crate) fn quote_into(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            control if control < ' ' => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Resolves the escapes in the inside of a checked string literal; what is no escape stays as it is.
pub(crate) fn unescape(inside: &str) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', inside.as_bytes()) else {
        return Cow::Borrowed(inside);
    };
    let (plain, mut rest) = inside.split_at(first);
    let mut out = String::with_capacity(inside.len());
    out.push_str(plain);
    while let Some(tail) = rest.strip_prefix('\\') {
        let (character, after) = resolve(tail);
        out.push(character);
        let next = memchr::memchr(b'\\', after.as_bytes()).unwrap_or(after.len());
        let (plain, remaining) = after.split_at(next);
        out.push_str(plain);
        rest = remaining;
    }
    Cow::Owned(out)
}

/// Resolves one escape, without its backslash.
fn resolve(tail: &str) -> (char, &str) {
    let mut characters = tail.chars();
    let character = match characters.next() {
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('u') => return unicode(characters.as_str()),
        Some(other) => other,
        None => char::REPLACEMENT_CHARACTER,
    };
    (character, characters.as_str())
}

fn unicode(digits: &str) -> (char, &str) {
    let Some((high, after)) = hex4(digits) else {
        return (char::REPLACEMENT_CHARACTER, digits);
    };
    if !(0xD800..=0xDBFF).contains(&high) {
        return (char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), after);
    }
    match after.strip_prefix("\\u").and_then(hex4) {
        Some((low @ 0xDC00..=0xDFFF, after)) => {
            let code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
            (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), after)
        }
        _ => (char::REPLACEMENT_CHARACTER, after),
    }
}

fn hex4(text: &str) -> Option<(u32, &str)> {
    let (digits, after) = text.split_at_checked(4)?;
    Some((u32::from_str_radix(digits, 16).ok()?, after))
}

/// Returns the inside of a raw string literal; none where the raw value is something else.
pub(crate) fn string_inside(raw: &str) -> Option<&str> {
    raw.strip_prefix('"')?.strip_suffix('"')
}

/// Returns the insides of the strings of a checked raw list; none where it is not a list of strings only.
pub(crate) fn string_items(raw: &str) -> Option<Vec<&str>> {
    let mut rest = raw.strip_prefix('[')?.strip_suffix(']')?.trim_ascii();
    let mut items = Vec::new();
    while !rest.is_empty() {
        let after = rest.strip_prefix('"')?;
        let end = string_end(after);
        items.push(after.get(..end)?);
        rest = after.get(end.checked_add(1)?..)?.trim_ascii_start();
        match rest.strip_prefix(',') {
            Some(next) => rest = next.trim_ascii_start(),
            None if rest.is_empty() => break,
            None => return None,
        }
    }
    Some(items)
}

/// Returns the position of the quote that ends a string whose opening quote stands before `inside`.
fn string_end(inside: &str) -> usize {
    let bytes = inside.as_bytes();
    let mut at = 0;
    loop {
        at = scan::plain_run(bytes, at);
        match bytes.get(at) {
            Some(b'\\') => at = at.saturating_add(2),
            Some(b'"') | None => return at,
            Some(_) => at = at.saturating_add(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> &'static str {
        check(text.as_bytes(), &Limits::admission()).map_or_else(|error| error.code(), |()| "valid")
    }

    #[test]
    fn rules_of_json_hold() {
        for text in [
            "{}",
            " [ ] ",
            "0",
            "-0.5e+10",
            "\"\\u00e9\\ud83d\\ude00\\/\"",
            "[{\"a\":[null,true,false]}]",
            "{\"a\":{\"a\":1}}",
        ] {
            assert_eq!(code(text), "valid", "{text}");
        }
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{\"a\"}",
            "{a:1}",
            "01",
            "1.",
            "1e",
            "+1",
            "nul",
            "[1 2]",
            "{} {}",
            "\"a",
            "\"\n\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\u{feff}{}",
            "NaN",
            "'a'",
            "[1}",
            "{\"a\":1]",
        ] {
            assert_eq!(code(text), "STIX-E-001", "{text}");
        }
    }

    #[test]
    fn each_rule_has_its_code_and_its_nearest_valid_neighbour() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let keys =
            |count: usize| format!("{{{}}}", (0..count).map(|n| format!("\"{n}\":0")).collect::<Vec<_>>().join(","));
        let string = |size: usize| format!("\"{}\"", "x".repeat(size));
        let key = |size: usize| format!("{{\"{}\":0}}", "x".repeat(size));
        let id = "identity--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d";
        let refs = |count: usize| format!("{{\"object_refs\":[{}]}}", vec![format!("\"{id}\""); count].join(","));
        for (valid, invalid, expected) in [
            ("\"\\ud83d\\ude00\"".to_owned(), "\"\\ud83d\"".to_owned(), "STIX-E-002"),
            ("{\"a\":1,\"b\":2}".to_owned(), "{\"a\":1,\"\\u0061\":2}".to_owned(), "STIX-E-003"),
            (nested(64), nested(65), "STIX-E-004"),
            (string(1024 * 1024), string(1024 * 1024 + 1), "STIX-E-005"),
            (keys(10_000), keys(10_001), "STIX-E-006"),
            (key(256), key(257), "STIX-E-007"),
            ("1e308".to_owned(), "1e309".to_owned(), "STIX-E-009"),
            (refs(10_000), refs(10_001), "STIX-E-010"),
        ] {
            assert_eq!(code(&valid), "valid", "{expected}");
            assert_eq!(code(&invalid), expected);
        }
        assert_eq!(check(b"\"\xff\"", &Limits::admission()).unwrap_err().code(), "STIX-E-002");
        assert_eq!(members(b"[]").unwrap_err().code(), "STIX-E-008");
        let limits = Limits { object_size_bytes_max: 2, ..Limits::admission() };
        assert!(check(b"{}", &limits).is_ok());
        assert_eq!(check(b"{ }", &limits).unwrap_err().code(), "STIX-E-011");
    }

    #[test]
    fn doubles_are_found_in_small_and_large_objects_after_unescaping() {
        for count in [2_usize, 31, 32, 33, 200] {
            let mut keys: Vec<String> = (0..count).map(|n| format!("\"k{n}\":0")).collect();
            assert_eq!(code(&format!("{{{}}}", keys.join(","))), "valid");
            keys.push("\"\\u006b0\":1".to_owned());
            assert_eq!(code(&format!("{{{}}}", keys.join(","))), "STIX-E-003", "{count}");
        }
    }

    #[test]
    fn members_keep_order_and_raw_values() {
        let found: Vec<_> = members(b" { \"b\" : [1, 2] , \"a\\n\":{\"x\":0},\"c\":1.50 } ").unwrap().collect();
        let expected: [(&str, &[u8]); 3] = [("b", b"[1, 2]"), ("a\n", b"{\"x\":0}"), ("c", b"1.50")];
        assert_eq!(found.len(), 3);
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!((found.0.as_ref(), found.1), expected);
        }
    }

    #[test]
    fn string_lists_are_cut_and_anything_else_is_refused() {
        assert_eq!(string_items("[ \"a\" ,\"b\\\"]\" ]"), Some(vec!["a", "b\\\"]"]));
        assert_eq!(string_items("[]"), Some(vec![]));
        for raw in ["[1]", "\"a\"", "[\"a\",[\"b\"]]", "{}"] {
            assert_eq!(string_items(raw), None, "{raw}");
        }
    }

    proptest! {
        #[test]
        fn check_never_panics_and_agrees_with_serde_on_syntax(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let ours = check(&bytes, &Limits::admission());
            let theirs = serde_json::from_slice::<serde_json::Value>(&bytes);
            match ours {
                Ok(()) => prop_assert!(theirs.is_ok()),
                Err(error) => prop_assert!(theirs.is_err() || error.code() != "STIX-E-001"),
            }
        }

        #[test]
        fn near_json_agrees_with_serde_on_syntax(text in r#"[\[\]{}:,"\\uaD8c0-9.eE+ tn-]{0,24}"#) {
            let ours = check(text.as_bytes(), &Limits::admission());
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            match ours {
                Ok(()) => prop_assert!(theirs.is_ok()),
                Err(error) => prop_assert!(theirs.is_err() || error.code() == "STIX-E-003"),
            }
        }

        #[test]
        fn quote_then_unescape_is_identity(text in any::<String>()) {
            let quoted = quote(&text);
            prop_assert!(check(quoted.as_bytes(), &Limits::admission()).is_ok());
            prop_assert_eq!(unescape(string_inside(&quoted).unwrap()).into_owned(), text.clone());
            prop_assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), text);
        }

        #[test]
        fn unescape_agrees_with_serde(inside in r#"([a-zé]|\\[bfnrt"/]|\\\\|\\u[0-9a-cA-C][0-9a-f]{3}|\\ud83d\\ude0[0-9]){0,12}"#) {
            let raw = format!("\"{inside}\"");
            prop_assert_eq!(unescape(&inside).into_owned(), serde_json::from_str::<String>(&raw).unwrap());
        }
    }
}
