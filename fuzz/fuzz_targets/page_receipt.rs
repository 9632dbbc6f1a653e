//! Reading, verifying, and splitting a page receipt never panics, and none verifies under a key that has signed nothing.
#![no_main]

use entente_ledger::note::SigningKey;
use entente_ledger::receipt::PageReceipt;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(page) = PageReceipt::parse(data) else { return };
    assert_eq!(PageReceipt::parse(&page.to_json()).as_ref(), Ok(&page));
    let key = SigningKey::from_seed("fuzz.example", &[7; 32]).expect("the name is valid");
    let objects: [(&str, &[u8]); 1] = [("x--1", b"{}")];
    assert!(page.verify(&objects, key.verifier()).is_err());
    let _receipt = page.split(&objects, 0);
});
