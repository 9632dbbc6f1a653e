//! STIX 2.1 objects in any wrapper.

use std::io::BufRead;
use std::ops::ControlFlow;

use entente_stix::bundle::{ReadError, Reader, Shape};
use entente_stix::{Limits, Object, kinds};

use crate::FormatError;
use crate::model::Target;

/// Reads a bundle, envelope, list, single object, or one object a line, in the memory of one object.
pub(crate) fn read(input: &mut dyn BufRead, target: &mut Target<'_>) -> Result<(), FormatError> {
    let mut limits = target.options.limits;
    let document_max = usize::try_from(target.options.document_size_bytes_max).unwrap_or(usize::MAX);
    limits.bundle_size_bytes_max = limits.bundle_size_bytes_max.min(document_max);
    let mut reader = Reader::new(input, &limits);
    loop {
        let piece = match reader.next_piece() {
            Ok(Some(piece)) => piece,
            Ok(None) => return Ok(()),
            Err(ReadError::Io(error)) => return Err(error.into()),
            Err(ReadError::Parse(error)) => return Err(error.into()),
            Err(other) => return Err(std::io::Error::other(other).into()),
        };
        target.row();
        let raw = piece.raw.unwrap_or_default();
        let position = piece.line.unwrap_or_else(|| piece.index.saturating_add(1));
        let pointer = match piece.line {
            // An object over several lines is a document by itself.
            Some(_) if piece.index == 0 && raw.contains(&b'\n') => String::new(),
            Some(line) => format!("line {line}"),
            None if piece.shape == Shape::List => format!("/{}", piece.index),
            None => format!("/objects/{}", piece.index),
        };
        let answer = match piece.raw {
            Ok(raw) => one(raw, position, pointer, &limits, target),
            Err(error) => target.reject(position, error.code(), error.to_string(), ""),
        };
        if answer.is_break() {
            return Ok(());
        }
    }
}

fn one(raw: &[u8], position: u64, pointer: String, limits: &Limits, target: &mut Target<'_>) -> ControlFlow<()> {
    let text = || String::from_utf8_lossy(raw.get(..raw.len().min(1_024)).unwrap_or(raw)).into_owned();
    let object = match Object::parse(raw, limits) {
        Ok(object) => object,
        Err(error) => return target.reject(position, error.code(), error.to_string(), &text()),
    };
    if is_version_2_0(&object) {
        let message = format!("`{}` is a STIX 2.0 object", object.id());
        return target.reject(position, "stix.version-2-0", message, &text());
    }
    target.object(object.raw(), pointer)
}

/// STIX 2.0 objects name no version; observables of 2.1 need not name one either.
fn is_version_2_0(object: &Object) -> bool {
    match object.spec_version() {
        Some(version) => version == "2.0",
        None => !matches!(kinds::class(object.object_type()), Some(kinds::Class::Sco)) && object.created().is_some(),
    }
}
