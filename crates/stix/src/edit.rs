//! Replacement of top-level members; every other byte is copied.

use std::borrow::Cow;

use crate::json::quote;
use crate::object::Object;

/// Removes and replaces top-level members of one object.
///
/// Members that are not named keep their bytes, spacing and order. A replaced member keeps its place and the spelling of its
/// key; a new one is written last. The last call for a key wins.
///
/// # Examples
///
/// ```
/// use entente_stix::{Limits, Object, edit::Edit};
/// let bytes = br#"{"type":"mutex", "id":"mutex--44287210-9343-52aa-86a2-41c9d3902b75", "name":"a", "x_n": 1.50}"#;
/// let object = Object::parse(bytes, &Limits::admission())?;
/// let mut edit = Edit::new(&object);
/// edit.remove("name").set_text("x_note", "seen");
/// assert_eq!(
///     edit.finish(),
///     br#"{"type":"mutex", "id":"mutex--44287210-9343-52aa-86a2-41c9d3902b75", "x_n": 1.50, "x_note":"seen"}"#
/// );
/// # Ok::<(), entente_stix::ParseError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Edit<'a> {
    object: &'a Object,
    /// Keys with their new raw value; none removes.
    changes: Vec<(String, Option<Vec<u8>>)>,
}

impl<'a> Edit<'a> {
    /// Starts with nothing changed.
    pub const fn new(object: &'a Object) -> Self {
        Self { object, changes: Vec::new() }
    }

    /// Removes a member; one that is not there changes nothing.
    pub fn remove(&mut self, key: &str) -> &mut Self {
        self.change(key, None)
    }

    /// Sets a member to raw JSON, which must be one valid value: it is written as it is.
    pub fn set(&mut self, key: &str, raw_json: impl Into<Vec<u8>>) -> &mut Self {
        self.change(key, Some(raw_json.into()))
    }

    /// Sets a member to a string.
    pub fn set_text(&mut self, key: &str, value: &str) -> &mut Self {
        self.change(key, Some(quote(value).into_bytes()))
    }

    /// Tells whether [`finish`](Self::finish) would write other bytes than the object's.
    pub fn is_changed(&self) -> bool {
        self.changes.iter().any(|(key, value)| self.object.member(key) != value.as_deref())
    }

    /// Writes the object with its changes.
    pub fn finish(&self) -> Vec<u8> {
        let raw = self.object.raw();
        let members = self.object.members();
        let cut = |start: usize, end: usize| raw.get(start..end).unwrap_or_default();
        let mut out = Vec::with_capacity(raw.len());
        // Spans of keys are without quotes.
        let first = members.first().map_or(1, |member| member.key.start().saturating_sub(1));
        out.extend_from_slice(cut(0, first));
        let mut separator: &[u8] = b",";
        let mut is_first = true;
        let mut previous_end = first;
        for (at, member) in members.iter().enumerate() {
            let key_start = member.key.start().saturating_sub(1);
            if at > 0 {
                separator = cut(previous_end, key_start);
            }
            previous_end = member.value.end();
            let key = self.object.key(member);
            let value = match self.changed(&key) {
                Some(None) => continue,
                Some(Some(value)) => Cow::Borrowed(value.as_slice()),
                None => Cow::Borrowed(cut(member.value.start(), member.value.end())),
            };
            if !is_first {
                out.extend_from_slice(separator);
            }
            is_first = false;
            out.extend_from_slice(cut(key_start, member.value.start()));
            out.extend_from_slice(&value);
        }
        for (key, value) in &self.changes {
            let Some(value) = value.as_ref().filter(|_| self.object.member(key).is_none()) else {
                continue;
            };
            if !is_first {
                out.extend_from_slice(separator);
            }
            is_first = false;
            out.extend_from_slice(quote(key).as_bytes());
            out.push(b':');
            out.extend_from_slice(value);
        }
        let last = members.last().map_or(first, |member| member.value.end());
        out.extend_from_slice(cut(last, raw.len()));
        out
    }

    fn change(&mut self, key: &str, value: Option<Vec<u8>>) -> &mut Self {
        self.changes.retain(|(changed, _)| changed != key);
        self.changes.push((key.to_owned(), value));
        self
    }

    fn changed(&self, key: &str) -> Option<&Option<Vec<u8>>> {
        self.changes.iter().find(|(changed, _)| changed == key).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Limits, json};

    const HEAD: &str = r#""type":"mutex" ,"id" : "mutex--44287210-9343-52aa-86a2-41c9d3902b75""#;

    fn object(members: &str) -> Object {
        Object::parse(format!("{{ {HEAD}{members} }}").as_bytes(), &Limits::admission()).unwrap()
    }

    fn text(edit: &Edit<'_>) -> String {
        String::from_utf8(edit.finish()).unwrap()
    }

    #[test]
    fn members_are_removed_and_replaced_in_place() {
        let object = object(",\n  \"a\": 1.0,\n  \"b\": 2,\n  \"c\": 3");
        assert_eq!(text(Edit::new(&object).remove("a").remove("c")), format!("{{ {HEAD},\n  \"b\": 2 }}"));
        assert_eq!(
            text(Edit::new(&object).set("b", "[ ]")),
            format!("{{ {HEAD},\n  \"a\": 1.0,\n  \"b\": [ ],\n  \"c\": 3 }}")
        );
        assert_eq!(
            text(Edit::new(&object).remove("type").remove("id").remove("a").set_text("d", "\"")),
            "{ \"b\": 2,\n  \"c\": 3,\n  \"d\":\"\\\"\" }"
        );
        assert_eq!(text(Edit::new(&object).set("a", "9").remove("a").remove("b").remove("c")), format!("{{ {HEAD} }}"));
    }

    #[test]
    fn an_edit_without_effect_changes_no_byte() {
        let object = object(",\"a\":1");
        let mut edit = Edit::new(&object);
        edit.remove("absent").set("a", "1");
        assert!(!edit.is_changed());
        assert_eq!(edit.finish(), object.raw());
        assert!(edit.remove("a").is_changed());
    }

    #[test]
    fn escaped_keys_are_found_by_their_meaning() {
        let object = object(r#","\u0061":1"#);
        assert_eq!(text(Edit::new(&object).set("a", "2")), format!(r#"{{ {HEAD},"\u0061":2 }}"#));
    }

    proptest! {
        #[test]
        fn an_edit_keeps_the_other_members_byte_for_byte(
            values in proptest::collection::vec(r#"(-?[1-9][0-9]{0,3}\.[0-9]0|"[a-z,}\]{]{0,6}"|\[ ?1 ,\t2\]|\{"x" :null\})"#, 1..8),
            space in "[ \n]{0,2}",
            removed in proptest::collection::vec(any::<bool>(), 8),
            replaced in proptest::collection::vec(any::<bool>(), 8),
        ) {
            let members: String =
                values.iter().enumerate().map(|(n, value)| format!("{space},{space}\"m{n}\"{space}:{space}{value}")).collect();
            let object = object(&members);
            let mut edit = Edit::new(&object);
            let mut expected = Vec::new();
            for (n, value) in values.iter().enumerate() {
                let key = format!("m{n}");
                if removed[n] {
                    edit.remove(&key);
                } else if replaced[n] {
                    edit.set(&key, "true");
                    expected.push((key, "true".to_owned()));
                } else {
                    expected.push((key, value.clone()));
                }
            }
            let finished = edit.finish();
            prop_assert!(json::check(&finished, &Limits::admission()).is_ok());
            let found: Vec<_> = json::members(&finished).unwrap().skip(2)
                .map(|(key, raw)| (key.into_owned(), String::from_utf8(raw.to_vec()).unwrap())).collect();
            prop_assert_eq!(found, expected);
            let prefix = format!("{{ {HEAD}");
            prop_assert!(finished.starts_with(prefix.as_bytes()));
        }
    }
}
