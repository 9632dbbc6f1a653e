//! Any bytes are read to the end, and every row is counted.
#![no_main]

use std::ops::ControlFlow;

use entente_formats::{Format, Options, read};
use entente_stix::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let options = Options::new(Timestamp::from_unix_seconds(1_900_000_000));
    for format in [Format::UrlhausCsv, Format::ThreatfoxCsv] {
        let mut input = data;
        let mut items = 0u64;
        let summary = read(format, &mut input, &options, &mut |_| {
            items += 1;
            ControlFlow::Continue(())
        });
        if let Ok(summary) = summary {
            let unsupported: u64 = summary.unsupported.values().sum();
            assert_eq!(summary.findings + summary.rejected_rows(), items);
            assert_eq!(summary.rows, items + unsupported);
        }
    }
});
