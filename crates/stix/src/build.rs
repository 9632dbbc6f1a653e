//! Writing a new object.

use crate::json::quote_into;
use crate::timestamp::Timestamp;

/// Writes one STIX 2.1 object, members in the order of the calls.
///
/// `type`, `spec_version` and `id` come first. A key may be given once; nothing is checked here, so what is built is to be read
/// with [`Object::parse`](crate::Object::parse) before it is kept.
///
/// # Examples
///
/// ```
/// use entente_stix::{Timestamp, build::Builder};
/// let now = Timestamp::from_unix_seconds(1_780_000_000);
/// let bytes = Builder::new("identity", "identity--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d")
///     .created(now)
///     .modified(now)
///     .text("name", "CERT \"A\"")
///     .list("labels", &["country:BE"])
///     .finish();
/// assert_eq!(
///     String::from_utf8_lossy(&bytes),
///     r#"{"type":"identity","spec_version":"2.1","id":"identity--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d","created":"2026-05-28T20:26:40.000Z","modified":"2026-05-28T20:26:40.000Z","name":"CERT \"A\"","labels":["country:BE"]}"#
/// );
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    out: String,
}

impl Builder {
    /// Starts an object with its type, `spec_version` 2.1 and identifier.
    pub fn new(object_type: &str, id: &str) -> Self {
        let builder = Self { out: String::with_capacity(512) };
        builder.text("type", object_type).text("spec_version", "2.1").text("id", id)
    }

    /// Writes `created`.
    pub fn created(self, instant: Timestamp) -> Self {
        self.text("created", &instant.to_string())
    }

    /// Writes `modified`.
    pub fn modified(self, instant: Timestamp) -> Self {
        self.text("modified", &instant.to_string())
    }

    /// Writes a string member.
    pub fn text(mut self, key: &str, value: &str) -> Self {
        self.key(key);
        quote_into(&mut self.out, value);
        self
    }

    /// Writes a member of raw JSON, which must be one valid value.
    pub fn raw(mut self, key: &str, json: &str) -> Self {
        self.key(key);
        self.out.push_str(json);
        self
    }

    /// Writes a list of strings; an empty list is left out, since STIX knows none (STIX 2.1 §2.12).
    pub fn list<T: AsRef<str>>(mut self, key: &str, items: &[T]) -> Self {
        if items.is_empty() {
            return self;
        }
        self.key(key);
        for (at, item) in items.iter().enumerate() {
            self.out.push(if at == 0 { '[' } else { ',' });
            quote_into(&mut self.out, item.as_ref());
        }
        self.out.push(']');
        self
    }

    /// Ends the object and returns its bytes.
    pub fn finish(mut self) -> Vec<u8> {
        self.out.push('}');
        self.out.into_bytes()
    }

    fn key(&mut self, key: &str) {
        self.out.push(if self.out.is_empty() { '{' } else { ',' });
        quote_into(&mut self.out, key);
        self.out.push(':');
    }
}
