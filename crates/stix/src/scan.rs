//! One pass over the bytes of a JSON text: rules, limits, top-level members and references.
//!
//! The scanner keeps its own stack, so that nesting costs heap bounded by the depth limit and no call stack.

use std::borrow::Cow;

use crate::error::{JsonError, JsonErrorKind};
use crate::id::is_identifier;
use crate::json::unescape;
use crate::limits::Limits;

/// LIMIT: `serde_json` stops at 128; a scanner that let more through would make `Object::json` fail.
const DEPTH_MAX: usize = 100;
/// Objects with more keys than this are checked for doubles once, by sorting, when they close.
const PAIRWISE_KEYS_MAX: usize = 32;
/// LIMIT: longer reference paths are shortened, so that 10,000 references at depth 64 cannot multiply the memory of the body.
const PATH_SIZE_BYTES_MAX: usize = 512;

/// A half-open range of byte positions. Four bytes a position: objects are held by the hundred thousand, and most of an object
/// beside its text is spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start: position(start), end: position(end) }
    }

    pub(crate) fn start(self) -> usize {
        whole(self.start)
    }

    pub(crate) fn end(self) -> usize {
        whole(self.end)
    }

    /// Cuts the span out of `text`; a span of another text gives the empty string.
    pub(crate) fn of(self, text: &str) -> &str {
        text.get(self.start()..self.end()).unwrap_or_default()
    }
}

/// Where one member of the outermost object stands. The key span is without quotes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    pub(crate) key: Span,
    pub(crate) value: Span,
}

/// Where a reference stands.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// Value of a top-level member, by its position.
    Member(usize),
    /// Item of a top-level list.
    Item(usize, usize),
    /// Deeper, with the path written out.
    Nested(Box<str>),
}

/// A well-formed identifier under a key that ends in `_ref` or `_refs`.
#[derive(Debug, Clone)]
pub(crate) struct RefNote {
    pub(crate) place: Place,
    /// Inside the quotes.
    pub(crate) target: Span,
}

/// What one pass noted.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// The value without surrounding white space.
    pub(crate) value: Span,
    pub(crate) is_object: bool,
    pub(crate) members: Vec<Member>,
    pub(crate) references: Vec<RefNote>,
}

struct Frame {
    is_list: bool,
    /// The value of this list stands under a key that ends in `_ref` or `_refs`.
    is_reference: bool,
    /// Items begun (list) or keys read (object).
    count: usize,
    /// First of this object's keys in the common key stack.
    keys_from: usize,
    /// One bit per key hash seen: a bit not yet set proves a key new.
    seen: u64,
    key: Span,
    key_is_reference: bool,
    value_start: usize,
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    limits: &'a Limits,
    depth_max: usize,
    frames: Vec<Frame>,
    keys: Vec<Span>,
    notes: Notes,
}

/// Checks one JSON text and notes its top-level members and references.
pub(crate) fn scan(bytes: &[u8], limits: &Limits) -> Result<Notes, JsonError> {
    if bytes.len() > limits.object_size_bytes_max || u32::try_from(bytes.len()).is_err() {
        return Err(JsonError::new(JsonErrorKind::Size, limits.object_size_bytes_max.min(bytes.len())));
    }
    let text =
        std::str::from_utf8(bytes).map_err(|error| JsonError::new(JsonErrorKind::Encoding, error.valid_up_to()))?;
    let mut scanner = Scanner {
        text,
        bytes,
        at: 0,
        limits,
        depth_max: limits.depth_max.min(DEPTH_MAX),
        frames: Vec::with_capacity(4),
        keys: Vec::with_capacity(24),
        notes: Notes { members: Vec::with_capacity(16), ..Notes::default() },
    };
    scanner.run()?;
    Ok(scanner.notes)
}

impl Scanner<'_> {
    fn run(&mut self) -> Result<(), JsonError> {
        self.skip_space();
        let start = self.at;
        self.notes.is_object = self.peek() == Some(b'{');
        loop {
            if self.open_value()? {
                continue;
            }
            if self.close_values()? {
                break;
            }
        }
        self.notes.value = Span::new(start, self.at);
        self.skip_space();
        if self.at < self.bytes.len() { Err(self.syntax("nothing after the value")) } else { Ok(()) }
    }

    /// Reads a value from its first byte. True if a container was opened and its first value follows.
    fn open_value(&mut self) -> Result<bool, JsonError> {
        if let Some(frame) = self.frames.last_mut() {
            frame.value_start = self.at;
        }
        match self.peek() {
            Some(b'"') => {
                let inside = self.string(self.limits.string_size_bytes_max, JsonErrorKind::StringSize)?;
                self.note_reference(inside)?;
            }
            Some(b'{') => return self.open_object(),
            Some(b'[') => return self.open_list(),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.literal(b"true")?,
            Some(b'f') => self.literal(b"false")?,
            Some(b'n') => self.literal(b"null")?,
            _ => return Err(self.syntax("a value")),
        }
        Ok(false)
    }

    /// Goes on after a complete value: closes containers until another value is due. True at the end of the outermost value.
    fn close_values(&mut self) -> Result<bool, JsonError> {
        loop {
            self.note_member();
            let Some(frame) = self.frames.last_mut() else {
                return Ok(true);
            };
            let is_list = frame.is_list;
            self.skip_space();
            match (self.peek(), is_list) {
                (Some(b','), true) => {
                    self.bump();
                    self.skip_space();
                    if let Some(frame) = self.frames.last_mut() {
                        frame.count = frame.count.saturating_add(1);
                    }
                    return Ok(false);
                }
                (Some(b','), false) => {
                    self.bump();
                    self.skip_space();
                    self.key()?;
                    return Ok(false);
                }
                (Some(b']'), true) => {
                    self.bump();
                    self.frames.pop();
                }
                (Some(b'}'), false) => {
                    self.bump();
                    self.close_object()?;
                }
                (_, true) => return Err(self.syntax("`,` or `]`")),
                (_, false) => return Err(self.syntax("`,` or `}`")),
            }
        }
    }

    fn open_object(&mut self) -> Result<bool, JsonError> {
        self.push(false, false)?;
        self.bump();
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.bump();
            self.frames.pop();
            return Ok(false);
        }
        self.key()?;
        Ok(true)
    }

    fn open_list(&mut self) -> Result<bool, JsonError> {
        let is_reference = self.frames.last().is_some_and(|frame| !frame.is_list && frame.key_is_reference);
        self.push(true, is_reference)?;
        self.bump();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.bump();
            self.frames.pop();
            return Ok(false);
        }
        Ok(true)
    }

    fn push(&mut self, is_list: bool, is_reference: bool) -> Result<(), JsonError> {
        if self.frames.len() >= self.depth_max {
            return Err(self.error(JsonErrorKind::Depth));
        }
        self.frames.push(Frame {
            is_list,
            is_reference,
            count: 0,
            keys_from: self.keys.len(),
            seen: 0,
            key: Span::default(),
            key_is_reference: false,
            value_start: self.at,
        });
        Ok(())
    }

    /// Reads a key and its colon, up to the first byte of the value.
    fn key(&mut self) -> Result<(), JsonError> {
        if self.peek() != Some(b'"') {
            return Err(self.syntax("a key in quotes"));
        }
        let quote = self.at;
        let key = self.string(self.limits.key_size_bytes_max, JsonErrorKind::KeySize)?;
        self.new_key(key, quote)?;
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(self.syntax("`:`"));
        }
        self.bump();
        self.skip_space();
        Ok(())
    }

    fn new_key(&mut self, key: Span, quote: usize) -> Result<(), JsonError> {
        let raw = key.of(self.text);
        let is_reference = ends_like_reference(raw);
        // An escaped spelling hashes differently, so such keys go the safe way: every bit set means compare.
        let escaped = raw.contains('\\');
        let bit = if escaped { u64::MAX } else { 1_u64 << key_hash(raw.as_bytes()) };
        let Some(frame) = self.frames.last_mut() else {
            return Ok(());
        };
        if frame.count >= self.limits.keys_max {
            return Err(JsonError::new(JsonErrorKind::Keys, quote));
        }
        let suspect = frame.seen & bit != 0;
        frame.seen |= bit;
        frame.count = frame.count.saturating_add(1);
        frame.key = key;
        frame.key_is_reference = is_reference;
        if suspect && frame.count <= PAIRWISE_KEYS_MAX {
            let earlier = self.keys.get(frame.keys_from..).unwrap_or_default();
            if earlier.iter().any(|&other| same_key(other.of(self.text), raw)) {
                return Err(JsonError::new(JsonErrorKind::DuplicateKey, quote));
            }
        }
        self.keys.push(key);
        Ok(())
    }

    fn close_object(&mut self) -> Result<(), JsonError> {
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        if frame.count > PAIRWISE_KEYS_MAX {
            let mut keys: Vec<(Cow<'_, str>, usize)> = self
                .keys
                .get(frame.keys_from..)
                .unwrap_or_default()
                .iter()
                .map(|&key| (unescape(key.of(self.text)), key.start()))
                .collect();
            keys.sort_unstable();
            let double = keys.iter().zip(keys.iter().skip(1)).find(|(left, right)| left.0 == right.0);
            if let Some((_, (_, start))) = double {
                return Err(JsonError::new(JsonErrorKind::DuplicateKey, start.saturating_sub(1)));
            }
        }
        self.keys.truncate(frame.keys_from);
        Ok(())
    }

    /// Notes the member that has just been completed, if it belongs to the outermost object.
    fn note_member(&mut self) {
        if let [frame] = self.frames.as_slice()
            && !frame.is_list
            && frame.count > self.notes.members.len()
        {
            self.notes.members.push(Member { key: frame.key, value: Span::new(frame.value_start, self.at) });
        }
    }

    fn note_reference(&mut self, target: Span) -> Result<(), JsonError> {
        let Some(frame) = self.frames.last() else {
            return Ok(());
        };
        if !(if frame.is_list { frame.is_reference } else { frame.key_is_reference }) {
            return Ok(());
        }
        if !is_identifier(&unescape(target.of(self.text))) {
            return Ok(());
        }
        if self.notes.references.len() >= self.limits.references_max {
            return Err(JsonError::new(JsonErrorKind::References, target.start()));
        }
        let position = self.notes.members.len();
        let place = match self.frames.as_slice() {
            [_] => Place::Member(position),
            [outer, list] if list.is_list && !outer.is_list => Place::Item(position, list.count),
            _ => Place::Nested(self.path()),
        };
        self.notes.references.push(RefNote { place, target });
        Ok(())
    }

    fn path(&self) -> Box<str> {
        let mut path = String::new();
        for frame in &self.frames {
            if !path.is_empty() {
                path.push('.');
            }
            if frame.is_list {
                path.push_str(&format!("[{}]", frame.count));
            } else {
                path.push_str(&unescape(frame.key.of(self.text)));
            }
            if path.len() > PATH_SIZE_BYTES_MAX {
                let cut = (0..=PATH_SIZE_BYTES_MAX).rev().find(|at| path.is_char_boundary(*at)).unwrap_or_default();
                path.truncate(cut);
                path.push('…');
                break;
            }
        }
        path.into_boxed_str()
    }

    /// Reads a string from its opening quote and returns what is between the quotes.
    fn string(&mut self, size_max: usize, too_long: JsonErrorKind) -> Result<Span, JsonError> {
        self.bump();
        let start = self.at;
        loop {
            self.at = plain_run(self.bytes, self.at);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                _ => return Err(self.syntax("the rest of a string")),
            }
        }
        let inside = Span::new(start, self.at);
        self.bump();
        // Unescaping never lengthens a string, so only long ones need the exact count.
        if inside.end().saturating_sub(start) > size_max && unescape(inside.of(self.text)).len() > size_max {
            return Err(JsonError::new(too_long, start.saturating_sub(1)));
        }
        Ok(inside)
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        self.bump();
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.bump(),
            Some(b'u') => {
                self.bump();
                match self.hex4()? {
                    0xD800..=0xDBFF => {
                        let low = if self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(b"\\u")) {
                            self.at = self.at.saturating_add(2);
                            self.hex4()?
                        } else {
                            0
                        };
                        if !(0xDC00..=0xDFFF).contains(&low) {
                            return Err(JsonError::new(JsonErrorKind::Encoding, start));
                        }
                    }
                    0xDC00..=0xDFFF => return Err(JsonError::new(JsonErrorKind::Encoding, start)),
                    _ => {}
                }
            }
            _ => return Err(self.syntax("an escape")),
        }
        Ok(())
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let mut value = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(16)) else {
                return Err(self.syntax("four hexadecimal digits"));
            };
            value = value << 4 | digit;
            self.bump();
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.bump();
        }
        match self.peek() {
            Some(b'0') => self.bump(),
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.syntax("a digit")),
        }
        if self.peek() == Some(b'.') {
            self.bump();
            self.some_digits()?;
        }
        let mut large = self.at.saturating_sub(start) > 300;
        if matches!(self.peek(), Some(b'e' | b'E')) {
            large = true;
            self.bump();
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.bump();
            }
            self.some_digits()?;
        }
        // Fewer than 300 digits without an exponent are always below the largest double.
        if large {
            let finite = Span::new(start, self.at).of(self.text).parse::<f64>().is_ok_and(f64::is_finite);
            if !finite {
                return Err(JsonError::new(JsonErrorKind::Number, start));
            }
        }
        Ok(())
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.bump();
        }
    }

    fn some_digits(&mut self) -> Result<(), JsonError> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.syntax("a digit"));
        }
        self.digits();
        Ok(())
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), JsonError> {
        if !self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            return Err(self.syntax("a value"));
        }
        self.at = self.at.saturating_add(word.len());
        Ok(())
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.bump();
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// INVARIANT: called only while `at` is inside the bytes, whose length fits a `u32`.
    fn bump(&mut self) {
        self.at += 1;
    }

    fn syntax(&self, expected: &'static str) -> JsonError {
        self.error(JsonErrorKind::Syntax(expected))
    }

    fn error(&self, kind: JsonErrorKind) -> JsonError {
        JsonError::new(kind, self.at)
    }
}

/// Returns the first position at or after `at` of a quote, a backslash or a control character.
///
/// Eight bytes at a time; the lowest marked byte of each word is exact, higher ones may be false.
pub(crate) fn plain_run(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let quote = word ^ (ONES * 0x22);
        let backslash = word ^ (ONES * 0x5C);
        let marked = (quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        let marked = marked & HIGH;
        if marked != 0 {
            return at.saturating_add(usize::try_from(marked.trailing_zeros() / 8).unwrap_or_default());
        }
        at = at.saturating_add(8);
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at.saturating_add(rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1F)).unwrap_or(rest.len()))
}

/// Maps a key to one of 64 bits, from its length and outer bytes.
fn key_hash(key: &[u8]) -> u32 {
    let first = key.first().copied().unwrap_or_default();
    let last = key.last().copied().unwrap_or_default();
    let middle = key.get(key.len() / 2).copied().unwrap_or_default();
    let length = u32::try_from(key.len() & 0xFF).unwrap_or_default();
    let mixed = u32::from(first) | u32::from(last) << 8 | u32::from(middle) << 16 | length << 24;
    mixed.wrapping_mul(0x9E37_79B1) >> 26
}

fn ends_like_reference(raw: &str) -> bool {
    let ends = |key: &str| key.ends_with("_ref") || key.ends_with("_refs");
    if raw.contains('\\') { ends(&unescape(raw)) } else { ends(raw) }
}

fn same_key(left: &str, right: &str) -> bool {
    if left.contains('\\') || right.contains('\\') { unescape(left) == unescape(right) } else { left == right }
}

/// INVARIANT: `scan` refuses texts longer than a `u32` counts.
pub(crate) fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// No position is lost: the targets this builds for have at least 32 bits.
pub(crate) fn whole(position: u32) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}
