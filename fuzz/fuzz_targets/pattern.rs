//! Reads any text as a pattern; what is accepted prints as a pattern of the same tree.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(pattern) = entente_pattern::parse(text) else {
        return;
    };
    let _ = (pattern.literals(), pattern.keys());
    let printed = pattern.to_string();
    match entente_pattern::parse(&printed) {
        Ok(again) => assert_eq!(again, pattern),
        // Canonical spacing may lengthen a text beyond the limit.
        Err(error) => assert_eq!(error.code(), "STIX-E-912"),
    }
});
