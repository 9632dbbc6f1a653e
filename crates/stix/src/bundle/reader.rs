//! Objects from a buffered stream, one at a time.

use std::io::{self, BufRead};

use thiserror::Error;

use super::Shape;
use super::splitter::{Cut, Piece, Splitter, Wrapper};
use crate::error::{JsonError, ParseError};
use crate::limits::Limits;

/// Reports why a stream cannot be read on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The stream failed.
    #[error("the stream cannot be read")]
    Io(#[from] io::Error),
    /// The wrapper is malformed, or beyond a limit.
    #[error(transparent)]
    Parse(#[from] ParseError),
}

/// One object of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// 0-based position in its bundle, envelope or list; of lines, the number of objects before it.
    pub index: u64,
    /// 0-based position of its first byte in the stream.
    pub offset: u64,
    /// 1-based line on which an object by itself begins; none inside bundles, envelopes and lists.
    pub line: Option<u64>,
    /// What surrounds it, as far as it is known: before the `type` of a bundle, an envelope.
    pub shape: Shape,
    /// Its bytes, not yet read, or why they cannot be had.
    pub raw: Result<Vec<u8>, JsonError>,
}

/// Reads the objects of a bundle, TAXII envelope, list, single object or lines of objects from a stream (STIX 2.1 §8).
///
/// A [`Splitter`] over [`BufRead`]. As an iterator it copies each object; [`next_piece`](Self::next_piece) lends it.
///
/// # Examples
///
/// ```
/// use entente_stix::{Limits, bundle::{Reader, Shape}};
/// let text = br#"{"objects":[{"a":1},{"b":2}],"id":"bundle--1","type":"bundle"}"#;
/// let mut reader = Reader::new(&text[..], &Limits::offline());
/// let sizes: Vec<usize> = reader.by_ref().map(|item| item.unwrap().raw.unwrap().len()).collect();
/// assert_eq!(sizes, [7, 7]);
/// assert_eq!(reader.kind(), Some(Shape::Bundle));
/// assert_eq!(reader.wrapper().id.as_deref(), Some("bundle--1"));
/// ```
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    splitter: Splitter,
    /// Bytes of the stream's buffer that the last piece used up.
    used: usize,
    is_over: bool,
}

impl<R: BufRead> Reader<R> {
    /// Starts at the present position of `input`.
    pub const fn new(input: R, limits: &Limits) -> Self {
        Self { input, splitter: Splitter::new(limits), used: 0, is_over: false }
    }

    /// Returns what surrounds the objects; final after the last object, none before the first byte.
    pub const fn kind(&self) -> Option<Shape> {
        self.splitter.shape()
    }

    /// Returns the members of the wrapper; complete after the last object.
    pub const fn wrapper(&self) -> &Wrapper {
        self.splitter.wrapper()
    }

    /// Returns the bytes of memory held for objects that cross the stream's buffer.
    pub const fn held_size_bytes(&self) -> usize {
        self.splitter.held_size_bytes()
    }

    /// Lends the next object; none at the end, and after an error.
    ///
    /// # Errors
    ///
    /// What ends the reading: a failing stream, and the errors of [`Splitter::next_piece`] and [`Splitter::finish`].
    pub fn next_piece(&mut self) -> Result<Option<Piece<'_>>, ReadError> {
        if self.is_over {
            return Ok(None);
        }
        match self.next_cut() {
            Ok(Some(cut)) => {
                // The buffer is the one that was read last: nothing of it has been consumed since.
                let chunk = if self.used > 0 { self.input.fill_buf()? } else { &[] };
                Ok(Some(self.splitter.piece(cut, chunk)))
            }
            Ok(None) => {
                self.is_over = true;
                Ok(self.splitter.finish()?)
            }
            Err(error) => {
                self.is_over = true;
                Err(error)
            }
        }
    }

    /// Reads on up to the end of an object; none at the end of the stream.
    fn next_cut(&mut self) -> Result<Option<Cut>, ReadError> {
        loop {
            self.input.consume(std::mem::take(&mut self.used));
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            if chunk.is_empty() {
                return Ok(None);
            }
            let mut at = 0;
            let cut = self.splitter.advance(chunk, &mut at)?;
            self.used = at;
            if cut.is_some() {
                return Ok(cut);
            }
        }
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Item, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.next_piece() {
            Ok(None) => None,
            Ok(Some(piece)) => Some(Ok(Item {
                index: piece.index,
                offset: piece.offset,
                line: piece.line,
                shape: piece.shape,
                raw: piece.raw.map(<[u8]>::to_vec),
            })),
            Err(error) => Some(Err(error)),
        }
    }
}
