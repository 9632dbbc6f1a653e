//! One-line notes: what is read is written again byte for byte.
#![no_main]

use entente_agreement::Notice;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = Notice::open(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(notice) = Notice::parse(text) {
        assert_eq!(notice.to_text(), text);
    }
});
