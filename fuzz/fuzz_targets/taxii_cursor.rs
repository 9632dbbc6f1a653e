//! No text is a cursor under a key that has sealed nothing, and every sealed place is found again.
#![no_main]

use entente_stix::Timestamp;
use entente_taxii::cursor::{CursorError, CursorKey, Scope, audience, seal, start};
use entente_taxii::query::{Endpoint, Filters, Query};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let scope =
        Scope { collection: Default::default(), audience: audience("fuzz", "plain"), endpoint: Endpoint::Objects };
    let (now, key) = (Timestamp::from_unix_seconds(1_800_000_000), CursorKey::new(1, [7; 32]));
    let keys = std::slice::from_ref(&key);
    if !text.is_empty() {
        let query = Query { next: Some(text.to_owned()), ..Query::default() };
        assert_eq!(start(&query, &scope, keys, now), Err(CursorError::Invalid));
    }
    let ids: Vec<String> =
        text.split(',').filter(|id| !id.is_empty()).map(|id| id.chars().take(300).collect()).collect();
    let filters = Filters { ids, ..Filters::default() };
    let next = seal(&scope, now, &filters, now, &key);
    let query = Query { next: Some(next), filters: filters.clone(), ..Query::default() };
    let found = start(&query, &scope, keys, now).expect("a sealed place is found again");
    assert_eq!((found.position, found.filters), (now, filters.canonical()));
});
