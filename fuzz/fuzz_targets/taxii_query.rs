//! Reading a query, headers, or an envelope never panics, and parameters that are written again mean the same.
#![no_main]

use entente_taxii::query::{Endpoint, Query};
use entente_taxii::{authorization, envelope, negotiate};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _envelope = envelope::Envelope::parse(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _headers = (negotiate::accepts([text]), negotiate::is_envelope_type(Some(text)));
    let _credentials = authorization::parse(Some(text));
    for endpoint in [Endpoint::Objects, Endpoint::Object, Endpoint::Versions, Endpoint::Plain] {
        if let Ok(query) = Query::parse(text, endpoint) {
            let written = query.filters.to_parameters().join("&");
            // Encoding can make a query longer than a request line.
            if written.len() <= 16_384 {
                let read = Query::parse(&written, endpoint).expect("what was written can be read");
                assert_eq!(read.filters, query.filters);
            }
        }
    }
});
