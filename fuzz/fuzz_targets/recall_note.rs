//! Recalls and acknowledgements: what is read is written again byte for byte.
#![no_main]

use entente_agreement::recall::{RecallAck, RecallNote};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = RecallNote::open(data);
    let _ = RecallAck::open(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(recall) = RecallNote::parse(text) {
        assert_eq!(recall.to_text(), text);
    }
    if let Ok(ack) = RecallAck::parse(text) {
        assert_eq!(ack.to_text(), text);
    }
});
