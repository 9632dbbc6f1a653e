//! Reading a policy never panics, and no policy accepts a checkpoint nobody has signed.
#![no_main]

use entente_ledger::UnixSeconds;
use entente_ledger::policy::Policy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(policy) = Policy::parse(text) else { return };
    let note = "fuzz.example\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u{2014} fuzz.example AAAAAAA=\n";
    assert!(policy.verify_checkpoint(note.as_bytes(), UnixSeconds(0)).is_err());
});
