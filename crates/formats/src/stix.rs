//! STIX objects in any wrapper.

use std::io::BufRead;
use std::ops::ControlFlow;

use entente_stix::bundle::{ReadError, Reader, Shape};
use entente_stix::{Object, upgrade};

use crate::FormatError;
use crate::model::Target;

/// What becomes of objects of STIX 2.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Old {
    /// They are rejected.
    Reject,
    /// They are written as STIX 2.1, since the caller said that the document is of STIX 2.0.
    Upgrade,
}

/// Reads a bundle, envelope, list, single object, or one object a line, in the memory of one object.
pub(crate) fn read(input: &mut dyn BufRead, old: Old, target: &mut Target<'_>) -> Result<(), FormatError> {
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
        let enclosed = matches!(piece.shape, Shape::Bundle | Shape::Envelope | Shape::List);
        let answer = match piece.raw.map_err(Into::into).and_then(|raw| Object::parse(raw, &limits)) {
            Ok(object) if old == Old::Upgrade => upgraded(&object, position, &pointer, target),
            Ok(object) if upgrade::is_2_0(&object, enclosed) => {
                let message = format!("`{}` is a STIX 2.0 object", object.id());
                target.reject(position, "stix.version-2-0", message, &text(raw))
            }
            Ok(object) => target.object(object.raw(), pointer),
            Err(error) => target.reject(position, error.code(), error.to_string(), &text(raw)),
        };
        if answer.is_break() {
            return Ok(());
        }
    }
}

/// Hands over what a STIX 2.0 object becomes: all of it, or a rejection.
fn upgraded(object: &Object, position: u64, pointer: &str, target: &mut Target<'_>) -> ControlFlow<()> {
    let options = upgrade::Options { limits: target.options.limits, ..upgrade::Options::default() };
    match upgrade::upgrade(object, &options, &mut upgrade::bytes_of) {
        Ok(all) => all.iter().try_for_each(|new| target.object(new.raw(), pointer.to_owned())),
        Err(error) => target.reject(position, error.code(), error.to_string(), &text(object.raw())),
    }
}

/// The beginning of a member, for the report.
fn text(raw: &[u8]) -> String {
    String::from_utf8_lossy(raw.get(..raw.len().min(1_024)).unwrap_or(raw)).into_owned()
}
