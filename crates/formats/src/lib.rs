//! Feeds and documents in, exports out.
//!
//! ```text
//! bytes ─► decompress, limits ─► reader (one module per format) ─► Item ─► (exchange) admission
//! ```
//!
//! [`read`] takes a [`Format`] and a stream of bytes and hands one [`Item`] after another to the caller: a [`Finding`]
//! (one value with what its source says about it), a STIX object in its own bytes, or a [`Rejected`] row with its line,
//! its reason and its first bytes. One broken row never stops the rest, and the [`Summary`] counts exactly.
//!
//! | Format | Reads |
//! |---|---|
//! | [`Format::Stix21`] | bundle, TAXII envelope, list, one object, or one object a line |
//! | [`Format::Stix20`] | the same with objects of STIX 2.0, written anew as STIX 2.1; only when asked for |
//! | [`Format::List`] | one value a line, comments, defanged values, lines of hosts files, `value count` |
//! | [`Format::Csv`] | any table with a [`CsvMap`] |
//! | [`Format::Misp`] | MISP events: attributes, attributes of objects, tags |
//! | [`Format::UrlhausCsv`], [`Format::ThreatfoxCsv`] | the exports of abuse.ch |
//!
//! The crate is pure: bytes, a [`Timestamp`](entente_stix::Timestamp) and limits go in, values come out. Nothing is
//! fetched because a document mentions it. [`out`] writes CSV, lists and bundles.

mod abusech;
mod csv_map;
mod csv_reader;
mod decompress;
mod detect;
mod error;
mod finding;
mod line;
mod list;
mod misp;
mod misp_types;
mod model;
mod record;
mod stix;
mod time;

pub mod out;

pub use csv_map::{Column, CsvMap, ListColumn, SplitColumn, When};
pub use decompress::{Inflation, decompress};
pub use detect::detect;
pub use error::FormatError;
pub use model::{Class, Finding, Format, Item, Options, Rejected, Subject, Summary};
pub use time::{Moment, Zone};

use std::io::BufRead;
use std::ops::ControlFlow;

/// Reads one document of `format` and hands its items to `sink`, in the document's order.
///
/// Flat formats are streamed in constant memory, STIX documents in that of their largest object; MISP events are held whole, up
/// to [`Options::document_size_bytes_max`]. When `sink` breaks, reading stops and [`Summary::stopped`] is set.
///
/// # Errors
///
/// A [`FormatError`] when the document as a whole cannot be read: a failing stream, a JSON text that is not well formed,
/// a table without its columns, or a limit. What was handed out before stays handed out.
///
/// # Examples
///
/// ```
/// use entente_formats::{Format, Item, Options, read};
/// use entente_stix::Timestamp;
///
/// let options = Options::new(Timestamp::from_unix_seconds(1_780_000_000));
/// let mut values = Vec::new();
/// let text = "# a list\nlogin[.]bank[.]example\nnot a value\n";
/// let summary = read(Format::List, &mut text.as_bytes(), &options, &mut |item| {
///     if let Item::Finding(finding) = item {
///         values.push(finding.observable.value);
///     }
///     std::ops::ControlFlow::Continue(())
/// })?;
/// assert_eq!(values, ["login.bank.example"]);
/// assert_eq!(summary.rejected_rows(), 1);
/// # Ok::<(), entente_formats::FormatError>(())
/// ```
pub fn read(
    format: Format,
    input: &mut dyn BufRead,
    options: &Options,
    sink: &mut dyn FnMut(Item) -> ControlFlow<()>,
) -> Result<Summary, FormatError> {
    let mut target = model::Target::new(options, sink);
    match format {
        Format::Stix20 => stix::read(input, stix::Old::Upgrade, &mut target)?,
        Format::Stix21 => stix::read(input, stix::Old::Reject, &mut target)?,
        Format::List => list::read(input, &mut target)?,
        Format::Csv => csv_reader::read(input, &mut target)?,
        Format::Misp => misp::read(input, &mut target)?,
        Format::UrlhausCsv => abusech::read_urlhaus(input, &mut target)?,
        Format::ThreatfoxCsv => abusech::read_threatfox(input, &mut target)?,
    }
    Ok(target.finish())
}
