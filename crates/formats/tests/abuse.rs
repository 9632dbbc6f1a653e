//! The abuse cases this crate owns: A12 (inflation), A28 (formulas in exports).

#![allow(clippy::unwrap_used, reason = "helpers of tests, not only test functions")]

use std::io::{BufRead, Read, Write};
use std::ops::ControlFlow;

use entente_formats::{Format, FormatError, Inflation, Options, decompress, out, read};
use entente_observable::{Kind, normalise};
use entente_stix::Timestamp;
use proptest::prelude::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn inflate(bytes: Vec<u8>, limits: Inflation) -> Result<Vec<u8>, FormatError> {
    let mut reader = decompress(Box::new(std::io::Cursor::new(bytes)), limits)?;
    let mut output = Vec::new();
    reader.read_to_end(&mut output)?;
    Ok(output)
}

/// Breaks when a small document may become a large one, or compression is nested.
#[test]
fn abuse_a12_inflation_stops_at_size_and_ratio() {
    let zeros = vec![0u8; 8 << 20];
    let by_size = Inflation { inflated_size_bytes_max: 4 << 20, ratio_max: u64::MAX };
    let bombs = [gzip(&zeros), zstd::encode_all(zeros.as_slice(), 3).unwrap()];
    for bomb in bombs {
        assert!(bomb.len() < 64 * 1024);
        assert_eq!(inflate(bomb.clone(), Inflation::default()).unwrap_err().code(), "format.limit");
        assert_eq!(inflate(bomb, by_size).unwrap_err().code(), "format.limit");
    }
    assert_eq!(inflate(zeros, by_size).unwrap_err().code(), "format.limit");
    let nested = gzip(&gzip(b"203.0.113.9\n"));
    assert_eq!(inflate(nested, Inflation::default()).unwrap_err().code(), "format.compression");
    let zip = b"PK\x03\x04rest".to_vec();
    assert_eq!(inflate(zip, Inflation::default()).unwrap_err().code(), "format.compression");
}

/// Breaks when a bomb behind a reader does anything but end the document with an error.
#[test]
fn abuse_a12_a_bomb_behind_a_reader_ends_the_document() {
    let mut bomb = b"203.0.113.9\n".to_vec();
    bomb.resize(16 << 20, b'a');
    let mut input = decompress(Box::new(std::io::Cursor::new(gzip(&bomb))), Inflation::default()).unwrap();
    let options = Options::new(Timestamp::from_unix_seconds(1_900_000_000));
    let mut items = 0;
    let error = read(Format::List, &mut input, &options, &mut |_| {
        items += 1;
        ControlFlow::Continue(())
    })
    .unwrap_err();
    assert_eq!((error.code(), items), ("format.limit", 1));
}

/// Breaks when honest documents, compressed or not, do not pass through unchanged.
#[test]
fn honest_documents_inflate_to_themselves() {
    let text: String = (0..20_000u32).map(|n| format!("host{n}.example\n")).collect();
    let bytes = text.clone().into_bytes();
    for packed in [bytes.clone(), gzip(&bytes), zstd::encode_all(bytes.as_slice(), 3).unwrap()] {
        assert_eq!(inflate(packed, Inflation::default()).unwrap(), bytes);
    }
    let mut twice = gzip(b"a.example\n");
    twice.extend(gzip(b"b.example\n"));
    assert_eq!(inflate(twice, Inflation::default()).unwrap(), b"a.example\nb.example\n");
    let mut reader = decompress(Box::new(std::io::Cursor::new(gzip(b"a\nb\n"))), Inflation::default()).unwrap();
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    assert_eq!(line, "a\n");
}

fn parse_back(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(true).flexible(true).from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// Breaks when a spreadsheet would run a field of an export.
#[test]
fn abuse_a28_fields_that_a_spreadsheet_would_run_are_guarded() {
    let hostile = ["=cmd|'/c calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "'=1", "say \"x\", y\nz"];
    let text = out::csv(&["value"], hostile.iter().map(|field| [*field]));
    for (row, field) in parse_back(&text).iter().zip(hostile) {
        let written = row.first().unwrap();
        assert!(!written.trim_start().starts_with(['=', '+', '-', '@', '＝']), "{written}");
        assert_eq!(out::unguard(written), field);
    }
    assert_eq!(out::csv(&["a", "b"], [["203.0.113.9", "x"]]), "a,b\n203.0.113.9,x\n");
}

proptest! {
    /// Breaks when another reader of CSV gets other fields than we wrote.
    #[test]
    fn csv_reads_back_through_another_reader(rows in prop::collection::vec(prop::collection::vec("[=+'@\\-\", \n\tab\r＝é]{0,6}", 2), 1..6)) {
        let text = out::csv(&["a", "b"], rows.iter());
        let back: Vec<Vec<String>> =
            parse_back(&text).iter().map(|row| row.iter().map(|field| out::unguard(field).to_owned()).collect()).collect();
        prop_assert_eq!(back, rows);
    }

    /// Breaks when bytes from outside make a reader panic.
    #[test]
    fn readers_are_total(bytes in prop::collection::vec(any::<u8>(), 0..300), lead in prop::sample::select(vec!["", "{\"Event\":{\"Attribute\":[", "[", "# \"ioc_value\",\"x\"\n\"", "\u{feff}"])) {
        let options = Options::new(Timestamp::from_unix_seconds(1_900_000_000));
        let mut text = lead.as_bytes().to_vec();
        text.extend(bytes);
        for format in Format::ALL {
            let _ = read(format, &mut text.as_slice(), &options, &mut |_| ControlFlow::Continue(()));
        }
        let _ = entente_formats::detect(None, &text);
    }
}

/// Breaks when an export of values is not one a line, or the harmless form is a link.
#[test]
fn list_writes_values_for_machines_and_for_people() {
    let found = |text| normalise(text, None).unwrap().observable;
    let values = [found("203.0.113.9"), found("https://shop.example/a.b")];
    assert_eq!(out::list(&values, false), "203.0.113.9\nhttps://shop.example/a.b\n");
    assert_eq!(out::list(&values, true), "203[.]0[.]113[.]9\nhxxps://shop[.]example/a.b\n");
    assert_eq!(values[0].kind, Kind::Ipv4Addr);
}

/// Breaks when a bundle does not hold its objects byte for byte.
#[test]
fn bundle_holds_objects_byte_for_byte() {
    let object = br#"{ "type":"domain-name" }"#.as_slice();
    let bundle = out::stix_bundle("bundle--x", [object, object]);
    let split = entente_stix::bundle::split(&bundle, &entente_stix::Limits::admission()).unwrap();
    assert_eq!(split.objects, [object, object]);
    assert_eq!(out::stix_bundle("bundle--x", []), br#"{"type":"bundle","id":"bundle--x"}"#);
}
