//! Any bytes are a table, row by row, and every row is counted.
#![no_main]

use std::ops::ControlFlow;

use entente_formats::{Column, CsvMap, Format, ListColumn, Options, read};
use entente_stix::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut options = Options::new(Timestamp::from_unix_seconds(1_900_000_000));
    options.map = Some(CsvMap {
        header: false,
        first_seen: Some(Column::Position(2)),
        confidence: Some(Column::Position(3)),
        labels: Some(ListColumn::One(Column::Position(4))),
        ..CsvMap::of(Column::Position(1))
    });
    let mut input = data;
    let mut items = 0u64;
    let summary = read(Format::Csv, &mut input, &options, &mut |_| {
        items += 1;
        ControlFlow::Continue(())
    });
    if let Ok(summary) = summary {
        assert_eq!(summary.findings + summary.rejected_rows(), items);
        assert_eq!(summary.rows, items + summary.skipped);
    }
});
