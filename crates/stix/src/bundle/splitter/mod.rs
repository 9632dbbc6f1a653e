//! The machine that cuts chunks of bytes into objects.

mod wrapper;

use super::Shape;
use super::balance::{Balance, End, string_end};
use crate::error::{JsonError, JsonErrorKind, ParseError};
use crate::limits::Limits;

/// Cuts bundles, TAXII envelopes, lists, single objects and lines of objects, pushed in chunks, into the bytes of their objects.
///
/// Reads brackets and strings only, so a broken member costs nobody but itself: what a piece holds is judged by
/// [`Object::parse`](crate::Object::parse). Memory is bounded by the largest object, never by the length of the whole: at most
/// twice [`Limits::object_size_bytes_max`] is held, and a piece inside one chunk is not copied. No recursion.
///
/// What is met decides what is read: an object with a list `objects` is a bundle or envelope, whether `type` stands before or
/// after it; any other object is an object by itself. After an object on a line of its own, every further line is one object,
/// broken lines included; after anything else another document may follow on a new line.
///
/// # Examples
///
/// ```
/// use entente_stix::{Limits, bundle::Splitter};
/// let mut splitter = Splitter::new(&Limits::admission());
/// let mut found = Vec::new();
/// for mut chunk in [&br#"{"objects":[{"a":"#[..], br#"1},{"b":2}],"type":"bundle"}"#] {
///     while let Some(piece) = splitter.next_piece(&mut chunk)? {
///         found.push(piece.raw?.to_vec());
///     }
/// }
/// while let Some(piece) = splitter.finish()? {
///     found.push(piece.raw?.to_vec());
/// }
/// assert_eq!(found, [br#"{"a":1}"#, br#"{"b":2}"#]);
/// # Ok::<(), entente_stix::ParseError>(())
/// ```
#[derive(Debug)]
pub struct Splitter {
    limits: Limits,
    /// Nothing but white space may follow the first value.
    is_single: bool,
    state: State,
    /// Bytes read.
    position: u64,
    /// Bytes of a byte-order mark met.
    mark: usize,
    /// Line of `position`, counted outside values and in [`State::Line`] only.
    line: u64,
    shape: Option<Shape>,
    wrapper: Wrapper,
    /// Bytes of the present value from earlier chunks.
    held: Vec<u8>,
    is_capturing: bool,
    /// The present value is longer than the limit and is no longer held.
    is_oversize: bool,
    /// `held` was handed out.
    is_spent: bool,
    /// A line ended since the last value.
    after_line: bool,
    /// Every line is one object.
    in_lines: bool,
    /// Where the present document, and the present piece, begins.
    document_at: u64,
    piece_at: u64,
    piece_line: u64,
    index: u64,
    top: Top,
}

/// What is known of the outermost value.
#[derive(Debug, Default)]
struct Top {
    /// It is an object with members of its own around the list.
    is_object: bool,
    /// Its list `objects` has begun.
    is_wrapper: bool,
    /// `objects` is something else than a list.
    other_objects: bool,
    is_bundle: bool,
    seen: [bool; 4],
    keys: usize,
    /// The first fault among its members, which counts only if it is a wrapper.
    fault: Option<JsonError>,
    key: Key,
    /// Where key and value begin in `held`.
    key_at: usize,
    value_at: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Key {
    Type,
    Objects,
    Id,
    SpecVersion,
    #[default]
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between documents.
    Between,
    /// A member of a list is due, the first or a further one.
    First,
    Further,
    Member(Value),
    AfterMember,
    Junk(Balance),
    /// A key or `}`, or a key.
    KeyOrEnd,
    KeyDue,
    Key {
        escaped: bool,
    },
    Colon,
    ValueDue,
    Value(Value),
    AfterValue,
    /// In an object by itself, behind what had to be understood of it.
    Whole(Balance),
    Line,
    /// After an error that ends the reading.
    Failed,
}

/// In a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    Brackets(Balance),
    Text { escaped: bool },
    Scalar,
}

impl Value {
    /// Begins a value at its first byte, which is not consumed unless it is a quote; none where no value begins so.
    fn begin(byte: u8, at: &mut usize) -> Option<Self> {
        match byte {
            b'{' | b'[' => Some(Self::Brackets(Balance::default())),
            b'"' => {
                *at = at.saturating_add(1);
                Some(Self::Text { escaped: false })
            }
            b',' | b']' | b'}' | b':' => None,
            _ => Some(Self::Scalar),
        }
    }

    /// Goes on from `at`; the position behind the value, none where the bytes end before it does.
    fn end(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        match self {
            Self::Brackets(balance) => balance.close(bytes, at),
            Self::Text { escaped } => text_end(escaped, bytes, at),
            Self::Scalar => {
                let rest = bytes.get(at..)?;
                let stop =
                    |byte: &u8| matches!(byte, b',' | b']' | b'}' | b'"' | b'{' | b'[' | b':') || is_space(*byte);
                rest.iter().position(stop).map(|length| at.saturating_add(length))
            }
        }
    }
}

fn text_end(escaped: &mut bool, bytes: &[u8], at: usize) -> Option<usize> {
    if at >= bytes.len() {
        return None;
    }
    let (end, how) = string_end(bytes, at.saturating_add(usize::from(*escaped)));
    *escaped = how == End::Escape;
    (how == End::Closed).then_some(end)
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Members of a bundle besides its objects, wherever they stood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wrapper {
    /// `type`: `bundle`, or nothing for an envelope.
    pub object_type: Option<String>,
    /// `id`, not checked.
    pub id: Option<String>,
    /// `spec_version`, as bundles of STIX 2.0 carry it.
    pub spec_version: Option<String>,
}

/// The bytes of one object, or why they cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// 0-based position in its bundle, envelope or list; of lines, the number of objects before it.
    pub index: u64,
    /// 0-based position of its first byte in the whole.
    pub offset: u64,
    /// 1-based line on which an object by itself begins; none inside bundles, envelopes and lists.
    pub line: Option<u64>,
    /// What surrounds it, as far as it is known: before the `type` of a bundle, an envelope.
    pub shape: Shape,
    /// From its first byte to its last, not yet read; `STIX-E-001` for text between members that is no member, `STIX-E-011` for
    /// one above [`Limits::object_size_bytes_max`]. Reading goes on behind either.
    pub raw: Result<&'a [u8], JsonError>,
}

/// Where the bytes of a piece are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    Chunk(usize, usize),
    Held,
}

#[derive(Debug)]
pub(super) struct Cut {
    index: u64,
    offset: u64,
    line: Option<u64>,
    shape: Shape,
    pub(super) place: Result<Place, JsonError>,
}

impl Splitter {
    /// Starts before the first byte.
    pub const fn new(limits: &Limits) -> Self {
        Self {
            limits: *limits,
            is_single: false,
            state: State::Between,
            position: 0,
            mark: 0,
            line: 1,
            shape: None,
            wrapper: Wrapper { object_type: None, id: None, spec_version: None },
            held: Vec::new(),
            is_capturing: false,
            is_oversize: false,
            is_spent: false,
            after_line: false,
            in_lines: false,
            document_at: 0,
            piece_at: 0,
            piece_line: 0,
            index: 0,
            top: Top {
                is_object: false,
                is_wrapper: false,
                other_objects: false,
                is_bundle: false,
                seen: [false; 4],
                keys: 0,
                fault: None,
                key: Key::Other,
                key_at: 0,
                value_at: 0,
            },
        }
    }

    /// Refuses anything but white space behind the first value.
    #[must_use]
    pub const fn single(mut self) -> Self {
        self.is_single = true;
        self
    }

    /// Returns what surrounds the objects, as far as it is known: of a bundle whose `type` comes last, first an envelope.
    pub const fn shape(&self) -> Option<Shape> {
        self.shape
    }

    /// Returns the members of the wrapper met so far; complete after [`finish`](Self::finish).
    pub const fn wrapper(&self) -> &Wrapper {
        &self.wrapper
    }

    /// Returns the bytes consumed.
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// Returns the bytes of memory held for the object that is being read.
    pub const fn held_size_bytes(&self) -> usize {
        self.held.capacity()
    }

    /// Consumes bytes of `chunk` up to the end of the next object; none when the chunk is used up.
    ///
    /// # Errors
    ///
    /// What ends the reading: `STIX-E-001` where the wrapper is malformed, `-003` where one of its members stands twice, `-008`
    /// where something else than an object or list begins, `-011` above `bundle_size_bytes_max` or `members_max` of one bundle,
    /// `-101` where `objects` is no list, `-203` where an object with a list `objects` has another type than `bundle`.
    pub fn next_piece<'a, 'c: 'a>(&'a mut self, chunk: &mut &'c [u8]) -> Result<Option<Piece<'a>>, ParseError> {
        let bytes = *chunk;
        let mut at = 0;
        let cut = self.advance(bytes, &mut at)?;
        *chunk = bytes.get(at..).unwrap_or_default();
        Ok(cut.map(|cut| self.piece(cut, bytes)))
    }

    /// Ends the input: first hands over an object that only the end completes, then nothing.
    ///
    /// # Errors
    ///
    /// `STIX-E-001` where the text ends inside a value, or holds nothing.
    pub fn finish(&mut self) -> Result<Option<Piece<'_>>, ParseError> {
        self.start_call();
        let cut = match self.state {
            State::Line => self.end_line(&[], 0, 0),
            State::Between if self.shape.is_none() => return Err(self.fail(JsonErrorKind::Syntax("a value"))),
            State::Between => None,
            State::Failed => return Err(self.fail(JsonErrorKind::Syntax("nothing after an error"))),
            _ => return Err(self.fail(JsonErrorKind::Syntax("a closing bracket"))),
        };
        Ok(cut.map(|cut| self.piece(cut, &[])))
    }

    pub(super) fn piece<'a>(&'a self, cut: Cut, chunk: &'a [u8]) -> Piece<'a> {
        let raw = cut.place.map(|place| match place {
            Place::Chunk(start, end) => chunk.get(start..end).unwrap_or_default(),
            Place::Held => self.held.as_slice(),
        });
        Piece { index: cut.index, offset: cut.offset, line: cut.line, shape: cut.shape, raw }
    }

    fn start_call(&mut self) {
        if self.is_spent {
            self.is_spent = false;
            self.held.clear();
        }
    }

    /// Consumes bytes of `chunk` from its start, and moves `at` behind them.
    pub(super) fn advance(&mut self, chunk: &[u8], at: &mut usize) -> Result<Option<Cut>, ParseError> {
        self.start_call();
        let base = self.position;
        let mut run = Run { chunk, at: 0, capture: 0, base };
        let result = loop {
            match self.step(&mut run) {
                Ok(None) if run.at < chunk.len() => {}
                other => break other,
            }
        };
        if result.is_err() {
            self.state = State::Failed;
        }
        *at = run.at;
        self.position = run.absolute(run.at);
        let cut = result?;
        if cut.is_none() && self.is_capturing {
            self.hold(chunk.get(run.capture..).unwrap_or_default());
        }
        let is_list = !matches!(self.state, State::Between | State::Line | State::Whole(_));
        if is_list && self.position.saturating_sub(self.document_at) > count(self.limits.bundle_size_bytes_max) {
            return Err(self.fail(JsonErrorKind::Size));
        }
        Ok(cut)
    }

    /// Takes one step. Consumes at least one byte or changes the state.
    fn step(&mut self, run: &mut Run<'_>) -> Result<Option<Cut>, ParseError> {
        match self.state {
            State::Between => return self.between(run),
            State::First | State::Further => return self.member_due(run),
            State::Member(mut value) => match value.end(run.chunk, run.at) {
                Some(end) => {
                    run.at = end;
                    self.state = State::AfterMember;
                    self.limit(run)?;
                    return Ok(Some(self.cut(run)));
                }
                None => {
                    run.at = run.chunk.len();
                    self.state = State::Member(value);
                }
            },
            State::AfterMember => match run.visible() {
                Some(b',') => {
                    run.bump();
                    self.state = State::Further;
                }
                Some(b']') => self.end_list(run)?,
                Some(_) => self.junk(run),
                None => {}
            },
            State::Junk(mut balance) => match balance.delimiter(run.chunk, run.at) {
                // A `}` that closes nothing is junk too.
                Some(end) if run.chunk.get(end) == Some(&b'}') => {
                    run.at = end.saturating_add(1);
                    self.state = State::Junk(balance);
                }
                Some(end) => {
                    run.at = end;
                    self.state = State::AfterMember;
                    let error = json_error(JsonErrorKind::Syntax("`,` or `]`"), self.piece_at);
                    return Ok(Some(self.numbered(Err(error))));
                }
                None => {
                    run.at = run.chunk.len();
                    self.state = State::Junk(balance);
                }
            },
            State::Whole(mut balance) => match balance.close(run.chunk, run.at) {
                Some(end) => {
                    run.at = end;
                    return Ok(Some(self.end_object(run)));
                }
                None => {
                    run.at = run.chunk.len();
                    self.state = State::Whole(balance);
                }
            },
            State::Line => {
                let rest = run.chunk.get(run.at..).unwrap_or_default();
                let Some(length) = memchr::memchr(b'\n', rest) else {
                    run.at = run.chunk.len();
                    return Ok(None);
                };
                let end = run.at.saturating_add(length);
                run.at = end.saturating_add(1);
                return Ok(self.end_line(run.chunk, run.capture, end));
            }
            State::Failed => return Err(self.fail(JsonErrorKind::Syntax("nothing after an error"))),
            _ => return self.wrapper_step(run),
        }
        Ok(None)
    }

    fn between(&mut self, run: &mut Run<'_>) -> Result<Option<Cut>, ParseError> {
        const MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];
        let Some(byte) = run.peek() else {
            return Ok(None);
        };
        let position = run.absolute(run.at);
        if position == count(self.mark) && MARK.get(self.mark) == Some(&byte) {
            self.mark = self.mark.saturating_add(1);
            run.bump();
            return Ok(None);
        }
        if position == count(self.mark) && matches!(self.mark, 1 | 2) {
            return Err(json_error(JsonErrorKind::Syntax("a value"), 0).into());
        }
        if is_space(byte) {
            if byte == b'\n' {
                self.line = self.line.saturating_add(1);
                self.after_line = true;
            }
            run.bump();
            return Ok(None);
        }
        if self.shape.is_some() && (self.is_single || !self.after_line) {
            return Err(json_error(JsonErrorKind::Syntax("nothing after the value"), position).into());
        }
        self.document_at = position;
        self.begin_piece(run);
        self.piece_line = self.line;
        if self.in_lines {
            self.shape = Some(Shape::Lines);
            self.state = State::Line;
            return Ok(None);
        }
        self.top = Top { is_object: byte == b'{', ..Top::default() };
        match byte {
            b'{' => self.state = State::KeyOrEnd,
            b'[' => {
                self.shape.get_or_insert(Shape::List);
                self.is_capturing = false;
                self.index = 0;
                self.state = State::First;
            }
            _ if self.shape.is_none() => return Err(json_error(JsonErrorKind::NotObject, position).into()),
            _ => return Err(json_error(JsonErrorKind::Syntax("nothing after the value"), position).into()),
        }
        run.bump();
        Ok(None)
    }

    /// Starts to capture at the present byte.
    fn begin_piece(&mut self, run: &mut Run<'_>) {
        self.held.clear();
        self.is_oversize = false;
        self.is_capturing = true;
        run.capture = run.at;
        self.piece_at = run.absolute(run.at);
    }

    fn member_due(&mut self, run: &mut Run<'_>) -> Result<Option<Cut>, ParseError> {
        let Some(byte) = run.visible() else {
            return Ok(None);
        };
        if byte == b']' && self.state == State::First {
            self.end_list(run)?;
            return Ok(None);
        }
        if self.index >= count(self.limits.members_max) {
            return Err(json_error(JsonErrorKind::Size, run.absolute(run.at)).into());
        }
        self.begin_piece(run);
        match Value::begin(byte, &mut run.at) {
            Some(value) => self.state = State::Member(value),
            None => self.junk(run),
        }
        Ok(None)
    }

    /// What follows up to the next `,` or `]` is no member.
    fn junk(&mut self, run: &Run<'_>) {
        self.is_capturing = false;
        self.piece_at = run.absolute(run.at);
        self.state = State::Junk(Balance::default());
    }

    fn end_list(&mut self, run: &mut Run<'_>) -> Result<(), JsonError> {
        run.bump();
        self.limit(run)?;
        self.is_capturing = false;
        if self.top.is_object {
            self.state = State::AfterValue;
        } else {
            self.end_document();
        }
        Ok(())
    }

    fn end_document(&mut self) {
        self.is_capturing = false;
        self.after_line = false;
        self.state = State::Between;
    }

    /// Hands over the bytes from where capturing began up to `run.at`.
    fn cut(&mut self, run: &Run<'_>) -> Cut {
        let place = self.place(run.chunk, run.capture, run.at);
        self.numbered(place)
    }

    fn place(&mut self, chunk: &[u8], start: usize, end: usize) -> Result<Place, JsonError> {
        self.is_capturing = false;
        let max = self.limits.object_size_bytes_max;
        let length = self.held.len().saturating_add(end.saturating_sub(start));
        if self.is_oversize || length > max {
            self.held.clear();
            return Err(json_error(JsonErrorKind::Size, self.piece_at.saturating_add(count(max))));
        }
        if self.held.is_empty() {
            return Ok(Place::Chunk(start, end));
        }
        self.held.extend_from_slice(chunk.get(start..end).unwrap_or_default());
        self.is_spent = true;
        Ok(Place::Held)
    }

    fn numbered(&mut self, place: Result<Place, JsonError>) -> Cut {
        let index = self.index;
        self.index = self.index.saturating_add(1);
        let shape = match &self.top {
            _ if self.in_lines => Shape::Lines,
            Top { is_object: false, .. } => Shape::List,
            Top { is_wrapper: false, .. } => Shape::Object,
            Top { is_bundle: true, .. } => Shape::Bundle,
            Top { .. } => Shape::Envelope,
        };
        Cut { index, offset: self.piece_at, line: None, shape, place }
    }

    fn end_object(&mut self, run: &Run<'_>) -> Cut {
        self.shape.get_or_insert(Shape::Object);
        let mut cut = self.cut(run);
        cut.line = Some(self.piece_line);
        let raw = match cut.place {
            Ok(Place::Chunk(start, end)) => run.chunk.get(start..end).unwrap_or_default(),
            Ok(Place::Held) => self.held.as_slice(),
            Err(_) => &[],
        };
        let newlines = memchr::memchr_iter(b'\n', raw).count();
        self.in_lines = newlines == 0;
        self.line = self.line.saturating_add(count(newlines));
        self.end_document();
        cut
    }

    fn end_line(&mut self, chunk: &[u8], start: usize, end: usize) -> Option<Cut> {
        let line = self.line;
        self.line = self.line.saturating_add(1);
        self.after_line = true;
        self.state = State::Between;
        let mut place = self.place(chunk, start, end);
        // White space before the end of the line is not part of the object.
        if let Ok(Place::Chunk(start, end)) = &mut place {
            let text = chunk.get(*start..*end).unwrap_or_default();
            *end = start.saturating_add(text.trim_ascii_end().len());
        } else {
            let length = self.held.trim_ascii_end().len();
            self.held.truncate(length);
        }
        let mut cut = self.numbered(place);
        cut.line = Some(line);
        Some(cut)
    }

    fn hold(&mut self, bytes: &[u8]) {
        if self.is_oversize {
            return;
        }
        if self.held.len().saturating_add(bytes.len()) > self.limits.object_size_bytes_max {
            self.is_oversize = true;
            self.held.clear();
            return;
        }
        self.held.extend_from_slice(bytes);
    }

    fn limit(&self, run: &Run<'_>) -> Result<(), JsonError> {
        let position = run.absolute(run.at);
        if position.saturating_sub(self.document_at) > count(self.limits.bundle_size_bytes_max) {
            return Err(json_error(JsonErrorKind::Size, position));
        }
        Ok(())
    }

    fn fail(&mut self, kind: JsonErrorKind) -> ParseError {
        self.state = State::Failed;
        json_error(kind, self.position).into()
    }
}

/// The present chunk.
struct Run<'a> {
    chunk: &'a [u8],
    at: usize,
    /// Where capturing began in this chunk.
    capture: usize,
    /// Position of the chunk's first byte in the whole.
    base: u64,
}

impl Run<'_> {
    fn peek(&self) -> Option<u8> {
        self.chunk.get(self.at).copied()
    }

    /// Skips white space and returns the byte behind it, not consumed.
    fn visible(&mut self) -> Option<u8> {
        while let Some(byte) = self.peek() {
            if !is_space(byte) {
                return Some(byte);
            }
            self.bump();
        }
        None
    }

    fn bump(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn absolute(&self, at: usize) -> u64 {
        self.base.saturating_add(count(at))
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn json_error(kind: JsonErrorKind, at: u64) -> JsonError {
    JsonError::new(kind, usize::try_from(at).unwrap_or(usize::MAX))
}
