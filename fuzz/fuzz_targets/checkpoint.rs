//! A checkpoint without extension lines has one spelling.
#![no_main]

use entente_ledger::checkpoint::Checkpoint;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _claimed = Checkpoint::claimed(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(checkpoint) = Checkpoint::parse_text(text) {
        assert!(text.starts_with(&checkpoint.to_text()));
    }
});
