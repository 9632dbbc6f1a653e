//! A note that is read has one spelling, and verifying it never panics.
#![no_main]

use entente_ledger::note::{Note, SigningKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(note) = Note::parse(data) else { return };
    assert_eq!(note.to_bytes(), data);
    let key = SigningKey::from_seed("fuzz.example", &[7; 32]).expect("the name is valid");
    let _verdict = note.verify(std::slice::from_ref(key.verifier()));
});
