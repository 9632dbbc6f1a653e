//! A leaf that is read has one spelling; tile paths and entry tiles likewise.
#![no_main]

use entente_ledger::leaf::Entry;
use entente_ledger::tile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(entry) = Entry::parse(data) {
        assert_eq!(entry.to_bytes().expect("a leaf that was read can be written"), data);
    }
    if let Some(tile) = std::str::from_utf8(data).ok().and_then(tile::Tile::parse_path) {
        assert_eq!(tile.path().as_bytes(), data);
    }
    if let Some((width, rest)) = data.split_first() {
        let _entries = tile::parse_entries(rest, u16::from(*width));
    }
});
