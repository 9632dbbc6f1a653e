//! STIX 2.1 objects in any wrapper.

use std::io::{BufRead, Cursor, Read as _};

use entente_stix::{Limits, Object, bundle, json, kinds};

use crate::FormatError;
use crate::line::{Line, Lines, read_all};
use crate::model::Target;

/// Reads a bundle, envelope, list, single object, or one object a line.
///
/// A text whose first line is by itself a STIX object is read line by line in constant memory; any other is read whole.
pub(crate) fn read(input: &mut dyn BufRead, target: &mut Target<'_>) -> Result<(), FormatError> {
    let limits = target.options.limits;
    let mut head = Vec::new();
    let line_max = u64::try_from(limits.object_size_bytes_max).unwrap_or(u64::MAX).saturating_add(2);
    // Blank lines in front belong to no object.
    loop {
        let read = (&mut *input).take(line_max).read_until(b'\n', &mut head)?;
        if read == 0 || head.iter().any(|byte| !byte.is_ascii_whitespace()) || head.len() > 65_536 {
            break;
        }
    }
    if is_object_line(&head, &limits) {
        let mut all = Cursor::new(head).chain(input);
        return read_lines(&mut all, target);
    }
    let mut all = Cursor::new(head).chain(input);
    let bytes = read_all(&mut all, target.options.document_size_bytes_max)?;
    read_document(&bytes, target)
}

fn is_object_line(line: &[u8], limits: &Limits) -> bool {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let Ok(members) = json::check(line, limits).and_then(|()| json::members(line)) else {
        return false;
    };
    let (mut has_type, mut has_id, mut wrapper) = (false, false, false);
    for (key, value) in members {
        match key.as_ref() {
            "type" => {
                has_type = true;
                wrapper |= value == b"\"bundle\"";
            }
            "id" => has_id = true,
            _ => {}
        }
    }
    has_type && has_id && !wrapper
}

fn read_lines(input: &mut dyn BufRead, target: &mut Target<'_>) -> Result<(), FormatError> {
    let limits = target.options.limits;
    let mut lines = Lines::new(input, limits.object_size_bytes_max);
    while let Some(Line { number, text, guessed, too_long }) = lines.next()? {
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        target.row();
        let answer = if too_long {
            target.reject(number, "row.length", "object is longer than the limit".to_owned(), text)
        } else if guessed {
            // JSON is UTF-8; a guess would change what was signed or hashed.
            target.reject(number, "STIX-E-002", "object is not UTF-8".to_owned(), text)
        } else {
            one(text.as_bytes(), number, format!("line {number}"), &limits, target)
        };
        if answer.is_break() {
            return Ok(());
        }
    }
    Ok(())
}

fn read_document(bytes: &[u8], target: &mut Target<'_>) -> Result<(), FormatError> {
    let limits = target.options.limits;
    let split = bundle::split(bytes, &limits)?;
    let whole = split.shape == bundle::Shape::Object;
    for (index, raw) in split.objects.iter().enumerate() {
        target.row();
        let position = u64::try_from(index).unwrap_or(u64::MAX).saturating_add(1);
        let pointer = match split.shape {
            bundle::Shape::Bundle | bundle::Shape::Envelope => format!("/objects/{index}"),
            _ if whole => String::new(),
            _ => format!("/{index}"),
        };
        if one(raw, position, pointer, &limits, target).is_break() {
            return Ok(());
        }
    }
    Ok(())
}

fn one(
    raw: &[u8],
    position: u64,
    pointer: String,
    limits: &Limits,
    target: &mut Target<'_>,
) -> std::ops::ControlFlow<()> {
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
