//! Files of STIX objects, read one object at a time.

use std::io::BufRead;
use std::path::Path;

use entente_formats::Inflation;
use entente_stix::bundle::{Item, ReadError, Reader, Shape};
use entente_stix::{Limits, ParseError};

use crate::commands::open_input;
use crate::failure::Failure;
use crate::output::{Output, visible};

// LIMIT: one file, inflated. Memory does not grow with it, so this bounds the time of a run over a file that never ends.
const FILE_SIZE_BYTES_MAX: u64 = 64 * 1024 * 1024 * 1024;
// LIMIT: inflated bytes for each compressed one; JSON of many like objects reaches 50.
const INFLATION_RATIO_MAX: u64 = 1_000;

/// Bounds of one object as everywhere; those of a whole bundle do not hold, since it is never held as a whole.
pub(in crate::commands) fn limits() -> Limits {
    Limits { bundle_size_bytes_max: usize::MAX, members_max: usize::MAX, ..Limits::offline() }
}

/// Opens a file, or stdin for `-`, plain or compressed.
pub(in crate::commands) fn open(file: &Path, output: &Output) -> Result<Reader<Box<dyn BufRead>>, Failure> {
    let inflation = Inflation { inflated_size_bytes_max: FILE_SIZE_BYTES_MAX, ratio_max: INFLATION_RATIO_MAX };
    Ok(Reader::new(open_input(file, inflation, output)?, &limits()))
}

/// Fails if a file is not there, before anything is printed about those before it.
pub(in crate::commands) fn require(files: &[impl AsRef<Path>]) -> Result<(), Failure> {
    for file in files.iter().map(AsRef::as_ref).filter(|file| *file != Path::new("-")) {
        std::fs::metadata(file).map_err(|error| Failure::file("read", file, &error))?;
    }
    Ok(())
}

/// A file as people read it.
pub(in crate::commands) fn named(file: &Path) -> String {
    if file == Path::new("-") { "stdin".to_owned() } else { visible(&file.display().to_string()) }
}

/// Hands over each object. Returns why the text ends early, if it does: what it held before has been handed over. Of a text with
/// nothing in it nothing is said.
///
/// # Errors
/// A [`Failure`] when the file cannot be read, and those of `with`.
pub(in crate::commands) fn each<R: BufRead>(
    reader: &mut Reader<R>,
    file: &Path,
    mut with: impl FnMut(&Item, Shape) -> Result<(), Failure>,
) -> Result<Option<ParseError>, Failure> {
    while let Some(item) = reader.next() {
        match item {
            Ok(item) => with(&item, reader.kind().unwrap_or(Shape::Object))?,
            // An input with nothing in it is not a broken one.
            Err(ReadError::Parse(error)) if reader.kind().is_none() && error.code() == "STIX-E-001" => return Ok(None),
            Err(ReadError::Parse(error)) => return Ok(Some(error)),
            Err(ReadError::Io(error)) => return Err(Failure::file("read", file, &error)),
            Err(error) => return Err(Failure::file("read", file, &std::io::Error::other(error))),
        }
    }
    Ok(None)
}

/// The word for what surrounds the objects.
pub(in crate::commands) fn word(shape: Shape) -> &'static str {
    match shape {
        Shape::Bundle => "bundle",
        Shape::Envelope => "envelope",
        Shape::Lines => "lines",
        Shape::List => "list",
        Shape::Object => "object",
    }
}

/// JSON pointer to an object in what surrounds it.
pub(in crate::commands) fn pointer(index: u64, shape: Shape) -> String {
    match shape {
        Shape::Bundle | Shape::Envelope => format!("/objects/{index}"),
        Shape::List => format!("/{index}"),
        Shape::Lines | Shape::Object => String::new(),
    }
}
