//! Agreement texts and notes: reading never fails otherwise than by an error, and what is read is what was written.
#![no_main]

use entente_agreement::{Agreement, Terms, plain};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(agreement) = Agreement::open_partial(data) {
        assert!(agreement.note().is_some_and(|note| note.text() == agreement.terms().text()));
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(terms) = Terms::parse(text) {
        assert_eq!(terms.text(), text);
        assert!(!plain::sentences(&terms).is_empty());
    }
});
