//! The members of the outermost object: those of a bundle, or of an object by itself.

use super::{Cut, Key, Run, Shape, Splitter, State, Value, Wrapper, count, json_error, text_end};
use crate::bundle::balance::Balance;
use crate::error::{JsonErrorKind, ParseError, shown};
use crate::json::{self, string_inside, unescape};

impl Splitter {
    pub(super) fn wrapper_step(&mut self, run: &mut Run<'_>) -> Result<Option<Cut>, ParseError> {
        match self.state {
            State::KeyOrEnd | State::KeyDue => match run.visible() {
                Some(b'"') => self.begin_key(run)?,
                Some(b'}') if self.state == State::KeyOrEnd => return self.end_wrapper(run),
                Some(_) => self.broken("a key in quotes", run)?,
                None => {}
            },
            State::Key { mut escaped } => match text_end(&mut escaped, run.chunk, run.at) {
                Some(end) => {
                    run.at = end;
                    self.end_key(run)?;
                }
                None => {
                    run.at = run.chunk.len();
                    self.state = State::Key { escaped };
                }
            },
            State::Colon => match run.visible() {
                Some(b':') => {
                    run.bump();
                    self.state = State::ValueDue;
                }
                Some(_) => self.broken("`:`", run)?,
                None => {}
            },
            State::ValueDue => self.value_due(run)?,
            State::Value(mut value) => match value.end(run.chunk, run.at) {
                Some(end) => {
                    run.at = end;
                    self.state = State::AfterValue;
                    self.end_value(run)?;
                }
                None => {
                    run.at = run.chunk.len();
                    self.state = State::Value(value);
                }
            },
            _ => match run.visible() {
                Some(b',') => {
                    run.bump();
                    self.state = State::KeyDue;
                }
                Some(b'}') => return self.end_wrapper(run),
                Some(_) => self.broken("`,` or `}`", run)?,
                None => {}
            },
        }
        Ok(None)
    }

    /// Ends the reading of a wrapper; anything else is an object by itself, to be judged by its own reader.
    fn broken(&mut self, expected: &'static str, run: &Run<'_>) -> Result<(), ParseError> {
        if self.top.is_wrapper || self.top.is_bundle {
            return Err(json_error(JsonErrorKind::Syntax(expected), run.absolute(run.at)).into());
        }
        self.state = State::Whole(Balance::at_depth(1));
        Ok(())
    }

    fn begin_key(&mut self, run: &mut Run<'_>) -> Result<(), ParseError> {
        if self.top.keys >= self.limits.keys_max {
            return match self.top.is_wrapper || self.top.is_bundle {
                true => Err(json_error(JsonErrorKind::Keys, run.absolute(run.at)).into()),
                false => self.broken("fewer keys", run),
            };
        }
        self.top.keys = self.top.keys.saturating_add(1);
        if self.top.is_wrapper {
            self.begin_piece(run);
        }
        self.gather(run);
        self.top.key_at = self.held.len();
        run.bump();
        self.state = State::Key { escaped: false };
        Ok(())
    }

    /// Moves what was captured of this chunk to `held`, so that positions in `held` name it.
    fn gather(&mut self, run: &mut Run<'_>) {
        self.hold(run.chunk.get(run.capture..run.at).unwrap_or_default());
        run.capture = run.at;
    }

    fn end_key(&mut self, run: &mut Run<'_>) -> Result<(), ParseError> {
        self.gather(run);
        let key = self.held.get(self.top.key_at..).unwrap_or_default();
        let Ok(key) = std::str::from_utf8(key) else {
            return self.broken("UTF-8", run);
        };
        self.top.key = match string_inside(key).map(unescape).as_deref() {
            Some("type") => Key::Type,
            Some("objects") => Key::Objects,
            Some("id") => Key::Id,
            Some("spec_version") => Key::SpecVersion,
            _ => Key::Other,
        };
        let at = match self.top.key {
            Key::Type => 0,
            Key::Objects => 1,
            Key::Id => 2,
            Key::SpecVersion => 3,
            Key::Other => usize::MAX,
        };
        if let Some(seen) = self.top.seen.get_mut(at) {
            if *seen {
                let length = count(self.held.len().saturating_sub(self.top.key_at));
                let error = json_error(JsonErrorKind::DuplicateKey, run.absolute(run.at).saturating_sub(length));
                if self.top.is_wrapper || self.top.is_bundle {
                    return Err(error.into());
                }
                self.top.fault.get_or_insert(error);
            }
            *seen = true;
        }
        self.state = State::Colon;
        Ok(())
    }

    fn value_due(&mut self, run: &mut Run<'_>) -> Result<(), ParseError> {
        let Some(byte) = run.visible() else {
            return Ok(());
        };
        if self.top.key == Key::Objects && byte == b'[' {
            if let Some(fault) = self.top.fault {
                return Err(fault.into());
            }
            self.top.is_wrapper = true;
            self.shape.get_or_insert(if self.top.is_bundle { Shape::Bundle } else { Shape::Envelope });
            self.is_capturing = false;
            self.held.clear();
            self.index = 0;
            run.bump();
            self.state = State::First;
            return Ok(());
        }
        if self.top.key == Key::Objects {
            if self.top.is_bundle {
                let raw = if byte == b'n' { "null" } else { "" };
                return Err(ParseError::wrong_type("objects", raw, "a list"));
            }
            self.top.other_objects = true;
        }
        self.gather(run);
        self.top.value_at = self.held.len();
        match Value::begin(byte, &mut run.at) {
            Some(value) => self.state = State::Value(value),
            None => self.broken("a value", run)?,
        }
        Ok(())
    }

    fn end_value(&mut self, run: &mut Run<'_>) -> Result<(), ParseError> {
        self.gather(run);
        let at = run.absolute(run.at);
        let is_known_wrapper = self.top.is_wrapper || self.top.is_bundle;
        if self.is_oversize {
            if is_known_wrapper {
                return Err(json_error(JsonErrorKind::Size, at).into());
            }
            self.state = State::Whole(Balance::at_depth(1));
            return Ok(());
        }
        let raw = self.held.get(self.top.value_at..).unwrap_or_default();
        let value_at = at.saturating_sub(count(raw.len()));
        if let Err(error) = json::check(raw, &self.limits) {
            let error = json_error(error.kind(), value_at.saturating_add(count(error.offset())));
            if is_known_wrapper {
                return Err(error.into());
            }
            self.top.fault.get_or_insert(error);
            return Ok(());
        }
        // INVARIANT: `check` refuses anything but UTF-8.
        let raw = std::str::from_utf8(raw).unwrap_or_default();
        let text = string_inside(raw).map(|inside| unescape(inside).into_owned());
        match self.top.key {
            Key::Type => return self.end_type(text),
            Key::Id => self.wrapper.id = text,
            Key::SpecVersion => self.wrapper.spec_version = text,
            Key::Objects | Key::Other => {}
        }
        Ok(())
    }

    fn end_type(&mut self, text: Option<String>) -> Result<(), ParseError> {
        if text.as_deref() == Some("bundle") {
            if self.top.is_wrapper && self.shape == Some(Shape::Envelope) {
                self.shape = Some(Shape::Bundle);
            }
            self.top.is_bundle = true;
            self.wrapper.object_type = text;
            if let Some(fault) = self.top.fault {
                return Err(fault.into());
            }
            if self.top.other_objects {
                return Err(ParseError::wrong_type("objects", "", "a list"));
            }
            return Ok(());
        }
        if self.top.is_wrapper {
            let name = text.unwrap_or_default();
            let message = format!("`{}` with a list `objects` is no bundle", shown(&name));
            return Err(ParseError::rule("STIX-E-203", "type", message));
        }
        self.wrapper = Wrapper::default();
        self.state = State::Whole(Balance::at_depth(1));
        Ok(())
    }

    fn end_wrapper(&mut self, run: &mut Run<'_>) -> Result<Option<Cut>, ParseError> {
        run.bump();
        if let Some(fault) = self.top.fault {
            return Err(fault.into());
        }
        if self.top.other_objects {
            return Err(ParseError::wrong_type("objects", "", "a list"));
        }
        self.limit(run)?;
        self.shape.get_or_insert(if self.top.is_bundle { Shape::Bundle } else { Shape::Envelope });
        self.held.clear();
        self.end_document();
        Ok(None)
    }
}
