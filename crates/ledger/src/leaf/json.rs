//! Writing and reading the members of a leaf.

use serde_json::{Map, Value};

use super::{LEAF_SIZE_BYTES_MAX, LeafError, WORD_SIZE_BYTES_MAX};
use crate::Hash;

/// Checks a text of a leaf: 1 to 64 characters that need no escape in JSON and cannot be confused with each other.
pub(crate) fn check_word(key: &'static str, word: &str) -> Result<(), LeafError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:+".contains(&byte);
    let fits = (1..=WORD_SIZE_BYTES_MAX).contains(&word.len()) && word.bytes().all(plain);
    if fits { Ok(()) } else { Err(LeafError::Value { key }) }
}

/// Writes members of one JSON object in order. Values need no escapes, [`check_word`] sees to that.
pub(crate) struct Writer {
    json: String,
}

impl Writer {
    pub(crate) fn new() -> Writer {
        Writer { json: String::with_capacity(512) }
    }

    /// Closes the object; refuses one that is too large.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>, LeafError> {
        self.json.push('}');
        if self.json.len() > LEAF_SIZE_BYTES_MAX {
            return Err(LeafError::Size);
        }
        Ok(self.json.into_bytes())
    }

    pub(crate) fn raw(&mut self, key: &str, value: &str) -> &mut Writer {
        self.json.push(if self.json.is_empty() { '{' } else { ',' });
        for part in ["\"", key, "\":", value] {
            self.json.push_str(part);
        }
        self
    }

    pub(crate) fn text(&mut self, key: &str, value: &str) -> &mut Writer {
        self.raw(key, &format!("\"{value}\""))
    }

    pub(crate) fn number(&mut self, key: &str, value: u64) -> &mut Writer {
        self.raw(key, &value.to_string())
    }

    pub(crate) fn digest(&mut self, key: &str, value: &Hash) -> &mut Writer {
        self.text(key, &value.to_sha256_text())
    }

    pub(crate) fn digest_if(&mut self, key: &str, value: Option<&Hash>) -> &mut Writer {
        match value {
            Some(value) => self.digest(key, value),
            None => self,
        }
    }
}

/// Reads members of one JSON object.
pub(crate) struct Reader<'a> {
    map: &'a Map<String, Value>,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(map: &'a Map<String, Value>) -> Self {
        Self { map }
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.map.contains_key(key)
    }

    fn value(&self, key: &'static str) -> Result<&'a Value, LeafError> {
        self.map.get(key).ok_or(LeafError::KeyMissing { key })
    }

    pub(crate) fn text(&self, key: &'static str) -> Result<&'a str, LeafError> {
        self.value(key)?.as_str().ok_or(LeafError::Value { key })
    }

    pub(crate) fn number(&self, key: &'static str) -> Result<u64, LeafError> {
        self.value(key)?.as_u64().ok_or(LeafError::Value { key })
    }

    pub(crate) fn digest(&self, key: &'static str) -> Result<Hash, LeafError> {
        Hash::parse_sha256_text(self.text(key)?).ok_or(LeafError::Value { key })
    }

    pub(crate) fn digest_if(&self, key: &'static str) -> Result<Option<Hash>, LeafError> {
        if self.has(key) { self.digest(key).map(Some) } else { Ok(None) }
    }

    pub(crate) fn root(&self, key: &'static str) -> Result<Hash, LeafError> {
        Hash::parse_base64(self.text(key)?).ok_or(LeafError::Value { key })
    }

    pub(crate) fn one_of<T: Copy>(
        &self,
        key: &'static str,
        all: &[T],
        name: fn(T) -> &'static str,
    ) -> Result<T, LeafError> {
        let text = self.text(key)?;
        all.iter().copied().find(|value| name(*value) == text).ok_or(LeafError::Value { key })
    }
}
