//! T-B3: no byte of a signed agreement can be changed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop")]

mod common;

use common::*;
use entente_agreement::Agreement;

/// Every eleventh byte and every byte of the signature lines: a text of this size has 8,000, each a parse of its own.
#[test]
fn t_b3_no_byte_of_a_signed_agreement_can_be_changed() {
    let note = AGR_12.as_bytes();
    assert!(Agreement::open(note).is_ok());
    let signatures = AGR_12.rfind("\n\n").unwrap();
    for place in (0..note.len()).filter(|place| *place > signatures || place % 11 == 0) {
        for turn in [0x01, 0x20] {
            let mut changed = note.to_vec();
            changed[place] ^= turn;
            assert!(
                Agreement::open(&changed).is_err(),
                "byte {place} ({:?}) turned by {turn}",
                char::from(note[place])
            );
        }
    }
}
