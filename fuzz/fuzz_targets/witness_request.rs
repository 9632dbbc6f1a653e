//! A request to a witness has one spelling, and nothing in it makes the handler do more than refuse.
#![no_main]

use entente_ledger::fork::Evidence;
use entente_ledger::note::SigningKey;
use entente_ledger::witness::{AddCheckpoint, decide};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(evidence) = Evidence::parse(data) {
        assert_eq!(evidence.to_string().as_bytes(), data);
    }
    let Ok(request) = AddCheckpoint::parse(data) else { return };
    assert_eq!(request.to_bytes(), data);
    let Ok(key) = SigningKey::from_seed(request.checkpoint().origin(), &[7; 32]) else { return };
    // Nobody but the fuzzer could have signed with this key.
    assert!(decide(&request, &[key.verifier().clone()], None).is_err());
});
