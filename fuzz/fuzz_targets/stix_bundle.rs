//! Cuts any bytes into objects; the pieces lie inside the input, in order.

#![no_main]

use entente_stix::{Limits, Object, bundle};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::admission();
    let Ok(split) = bundle::split(bytes, &limits) else {
        return;
    };
    let mut end = bytes.as_ptr_range().start;
    for raw in split.objects {
        let piece = raw.as_ptr_range();
        assert!(piece.start >= end && piece.end <= bytes.as_ptr_range().end);
        end = piece.end;
        let _ = Object::parse(raw, &limits);
    }
});
