//! Usefulness reports: what is read is written again byte for byte, and tells no count below five.
#![no_main]

use entente_agreement::account::UsefulnessReport;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = UsefulnessReport::open(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(report) = UsefulnessReport::parse(text) {
        assert_eq!(report.to_text(), text);
        assert!(report.weighted() >= 0);
    }
});
