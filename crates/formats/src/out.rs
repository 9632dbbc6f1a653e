//! Exports: CSV, lists, bundles.

use entente_observable::{Observable, defang};
use entente_stix::bundle;

/// Writes a table as RFC 4180 with LF, every field quoted where it must be.
///
/// A field that a spreadsheet would run as a formula gets `'` in front and is quoted; a field that begins with `'` gets
/// another one, so that [`unguard`] gives back every field exactly. Ruled by abuse case A28.
pub fn csv<R, F>(header: &[&str], rows: R) -> String
where
    R: IntoIterator<Item = F>,
    F: IntoIterator,
    F::Item: AsRef<str>,
{
    let mut text = String::new();
    record(&mut text, header.iter());
    for row in rows {
        record(&mut text, row);
    }
    text
}

fn record<F>(text: &mut String, fields: F)
where
    F: IntoIterator,
    F::Item: AsRef<str>,
{
    let start = text.len();
    for (index, field) in fields.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        write_field(text, field.as_ref());
    }
    if text.len() == start {
        // A record of one empty field would be a blank line.
        text.push_str("\"\"");
    }
    text.push('\n');
}

fn write_field(text: &mut String, field: &str) {
    let guarded = needs_guard(field);
    let edge = field.starts_with(' ') || field.ends_with(' ');
    if !guarded && !edge && !field.contains(['"', ',', '\n', '\r', '\t', ';']) {
        text.push_str(field);
        return;
    }
    text.push('"');
    if guarded {
        text.push('\'');
    }
    for character in field.chars() {
        if character == '"' {
            text.push('"');
        }
        text.push(character);
    }
    text.push('"');
}

/// Says whether a spreadsheet could take a field for a formula, also behind blanks and in full-width form.
fn needs_guard(field: &str) -> bool {
    const STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\'', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    field.starts_with(STARTS) || field.trim_start().starts_with(STARTS)
}

/// Takes the guard of [`csv`] off a field that was read back.
#[must_use]
pub fn unguard(field: &str) -> &str {
    match field.strip_prefix('\'') {
        Some(rest) if needs_guard(rest) => rest,
        _ => field,
    }
}

/// Writes one canonical value a line.
///
/// With `harmless` the values are defanged for reading; without, they are for machines.
pub fn list<'a>(values: impl IntoIterator<Item = &'a Observable>, harmless: bool) -> String {
    let mut text = String::new();
    for observable in values {
        if harmless {
            text.push_str(&defang(observable));
        } else {
            text.push_str(&observable.value);
        }
        text.push('\n');
    }
    text
}

/// Writes a STIX 2.1 bundle around objects, each copied byte for byte (STIX 2.1 §8).
///
/// `id` is the bundle's identifier, which the caller makes.
#[must_use]
pub fn stix_bundle<'a>(id: &str, objects: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    bundle::write(id, objects)
}
