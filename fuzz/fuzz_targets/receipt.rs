//! A receipt that is read has one spelling, and no receipt verifies under a key that has signed nothing.
#![no_main]

use entente_ledger::UnixSeconds;
use entente_ledger::note::SigningKey;
use entente_ledger::policy::Policy;
use entente_ledger::receipt::Receipt;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(receipt) = Receipt::parse(data) else { return };
    assert_eq!(receipt.to_bytes(), data);
    let key = SigningKey::from_seed("fuzz.example", &[7; 32]).expect("the name is valid");
    let policy = Policy::of_log(key.verifier().clone());
    assert!(receipt.verify(b"{}", &policy, UnixSeconds(0)).is_err());
});
