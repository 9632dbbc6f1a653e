//! Takes values out of a table and remembers what is missing, unknown or wrong.

use entente_stix::Timestamp;

use super::profile::{Table, Value};
use crate::error::{TextError, shown};

/// Reads the keys of one table; every key that is not asked for is an error in the end.
pub(crate) struct Reader<'t> {
    table: &'t Table,
    asked: Vec<&'static str>,
}

/// Where errors go.
pub(crate) type Errors = Vec<TextError>;

impl<'t> Reader<'t> {
    pub(crate) fn new(table: &'t Table) -> Reader<'t> {
        Reader { table, asked: Vec::new() }
    }

    /// Returns the line of a key, or of the table if the key is missing.
    pub(crate) fn line(&self, key: &str) -> u32 {
        self.table.entries.iter().find(|entry| entry.key == key).map_or(self.table.line, |entry| entry.line)
    }

    /// Tells whether the table has the key, whatever its value.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.entries.iter().any(|entry| entry.key == key)
    }

    fn describe(&self) -> String {
        if self.table.name.is_empty() { "at the top".to_owned() } else { format!("in `{}`", self.table.name) }
    }

    fn find(&mut self, key: &'static str) -> Option<(&'t Value, u32)> {
        self.asked.push(key);
        self.table.entries.iter().find(|entry| entry.key == key).map(|entry| (&entry.value, entry.line))
    }

    fn required<T>(&self, key: &str, value: Option<T>, errors: &mut Errors) -> Option<T> {
        if !self.has(key) {
            let message = format!("`{key}` is missing {}", self.describe());
            errors.push(TextError::new("text.missing-key", self.table.line, message));
        }
        value
    }

    fn wrong_type(key: &str, wanted: &str, value: &Value, line: u32, errors: &mut Errors) {
        let message = format!("`{key}` is {wanted}, not {}", value.type_name());
        errors.push(TextError::new("text.type", line, message));
    }

    pub(crate) fn text_opt(&mut self, key: &'static str, errors: &mut Errors) -> Option<&'t str> {
        match self.find(key)? {
            (Value::Text(text), _) => Some(text),
            (other, line) => {
                Self::wrong_type(key, "a string", other, line, errors);
                None
            }
        }
    }

    pub(crate) fn text(&mut self, key: &'static str, errors: &mut Errors) -> Option<&'t str> {
        let value = self.text_opt(key, errors);
        self.required(key, value, errors)
    }

    /// Reads a string that a person will read; it must not be empty.
    pub(crate) fn prose(&mut self, key: &'static str, errors: &mut Errors) -> Option<String> {
        let text = self.text(key, errors)?;
        if text.trim().is_empty() {
            errors.push(TextError::new("text.value", self.line(key), format!("`{key}` is empty")));
            return None;
        }
        Some(text.to_owned())
    }

    /// Reads a string through `parse`; `wanted` completes the sentence "`key` is not …".
    pub(crate) fn word<T>(
        &mut self,
        key: &'static str,
        wanted: &str,
        parse: impl FnOnce(&str) -> Option<T>,
        errors: &mut Errors,
    ) -> Option<T> {
        let text = self.text(key, errors)?;
        let value = parse(text);
        if value.is_none() {
            errors.push(bad_value(key, text, wanted, self.line(key)));
        }
        value
    }

    pub(crate) fn word_opt<T>(
        &mut self,
        key: &'static str,
        wanted: &str,
        parse: impl FnOnce(&str) -> Option<T>,
        errors: &mut Errors,
    ) -> Option<T> {
        let text = self.text_opt(key, errors)?;
        let value = parse(text);
        if value.is_none() {
            errors.push(bad_value(key, text, wanted, self.line(key)));
        }
        value
    }

    fn integer_in(&mut self, key: &'static str, least: i64, most: i64, errors: &mut Errors) -> Option<i64> {
        match self.find(key)? {
            (Value::Integer(value), _) if (least..=most).contains(value) => Some(*value),
            (Value::Integer(value), line) => {
                let message = format!("`{key}` is {value}; it must lie between {least} and {most}");
                errors.push(TextError::new("text.value", line, message));
                None
            }
            (other, line) => {
                Self::wrong_type(key, "an integer", other, line, errors);
                None
            }
        }
    }

    /// Reads an integer of a type that holds `least..=most`.
    pub(crate) fn integer<T: TryFrom<i64>>(
        &mut self,
        key: &'static str,
        least: i64,
        most: i64,
        errors: &mut Errors,
    ) -> Option<T> {
        let value = self.integer_opt(key, least, most, errors);
        self.required(key, value, errors)
    }

    pub(crate) fn integer_opt<T: TryFrom<i64>>(
        &mut self,
        key: &'static str,
        least: i64,
        most: i64,
        errors: &mut Errors,
    ) -> Option<T> {
        self.integer_in(key, least, most, errors).and_then(|value| T::try_from(value).ok())
    }

    pub(crate) fn boolean_opt(&mut self, key: &'static str, errors: &mut Errors) -> Option<bool> {
        match self.find(key)? {
            (Value::Boolean(value), _) => Some(*value),
            (other, line) => {
                Self::wrong_type(key, "true or false", other, line, errors);
                None
            }
        }
    }

    pub(crate) fn boolean(&mut self, key: &'static str, errors: &mut Errors) -> Option<bool> {
        let value = self.boolean_opt(key, errors);
        self.required(key, value, errors)
    }

    pub(crate) fn time(&mut self, key: &'static str, errors: &mut Errors) -> Option<Timestamp> {
        let value = match self.find(key) {
            Some((Value::Time(time), _)) => Some(*time),
            Some((other, line)) => {
                Self::wrong_type(key, "a date-time", other, line, errors);
                None
            }
            None => None,
        };
        self.required(key, value, errors)
    }

    pub(crate) fn list_opt(&mut self, key: &'static str, errors: &mut Errors) -> Option<&'t [String]> {
        match self.find(key)? {
            (Value::List(items), _) => Some(items),
            (other, line) => {
                Self::wrong_type(key, "an array of strings", other, line, errors);
                None
            }
        }
    }

    pub(crate) fn list(&mut self, key: &'static str, errors: &mut Errors) -> Option<&'t [String]> {
        let value = self.list_opt(key, errors);
        self.required(key, value, errors)
    }

    /// Reads an array through `add`, which returns `None` for an unknown word and `Some(false)` for a repeated one.
    pub(crate) fn set(
        &mut self,
        key: &'static str,
        wanted: &str,
        errors: &mut Errors,
        mut add: impl FnMut(&str) -> Option<bool>,
    ) -> bool {
        let Some(items) = self.list(key, errors) else { return false };
        let line = self.line(key);
        let mut good = true;
        for item in items {
            match add(item) {
                Some(true) => {}
                Some(false) => {
                    good = false;
                    errors.push(TextError::new(
                        "text.value",
                        line,
                        format!("`{}` is listed twice in `{key}`", shown(item)),
                    ));
                }
                None => {
                    good = false;
                    errors.push(bad_value(key, item, wanted, line));
                }
            }
        }
        good
    }

    /// Reports every key that nobody asked for.
    pub(crate) fn finish(self, errors: &mut Errors) {
        for entry in &self.table.entries {
            if !self.asked.contains(&entry.key.as_str()) {
                let message = format!("`{}` is not a key {}", shown(&entry.key), self.describe());
                errors.push(TextError::new("text.unknown-key", entry.line, message));
            }
        }
    }
}

pub(crate) fn bad_value(key: &str, found: &str, wanted: &str, line: u32) -> TextError {
    TextError::new("text.value", line, format!("`{key}`: `{}` is not {wanted}", shown(found)))
}
