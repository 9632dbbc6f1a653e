//! Any bytes are read to the end or refused as a whole, and every item is counted.
#![no_main]

use std::ops::ControlFlow;

use entente_formats::{Format, Options, detect, read};
use entente_stix::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let options = Options::new(Timestamp::from_unix_seconds(1_900_000_000));
    let mut input = data;
    let mut items = 0u64;
    let summary = read(Format::List, &mut input, &options, &mut |_| {
        items += 1;
        ControlFlow::Continue(())
    });
    if let Ok(summary) = summary {
        assert_eq!(summary.findings + summary.rejected_rows(), items);
    }
    let _ = detect(None, data);
});
