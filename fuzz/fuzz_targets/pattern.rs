//! Reads any text as a pattern of either version. What is accepted prints as a pattern of the same tree; its canonical form
//! is a fixed point and equivalent to it.

#![no_main]

use entente_pattern::{Pattern, PatternError, equivalent, parse, parse_20};
use libfuzzer_sys::fuzz_target;

/// A reader of one version of the grammar.
type Read = fn(&str) -> Result<Pattern, PatternError>;

fuzz_target!(|text: &str| {
    // In STIX 2.0 `EXISTS` is a name, so what one version reads is read again by the same.
    for read in [parse as Read, parse_20] {
        let Ok(pattern) = read(text) else { continue };
        let _ = (pattern.literals(), pattern.keys(), pattern.equalities());
        pattern.check_types(&mut |_, _| {});
        let _ = pattern.compile();
        same_after_printing(&pattern, read);
        let canonical = pattern.canonical();
        assert_eq!(canonical.canonical(), canonical, "a canonical form stays as it is");
        assert!(equivalent(&pattern, &canonical), "a pattern means what its canonical form means");
        same_after_printing(&canonical, read);
    }
});

fn same_after_printing(pattern: &Pattern, read: Read) {
    let printed = pattern.to_string();
    match read(&printed) {
        Ok(again) => assert_eq!(&again, pattern),
        // Canonical spacing and distribution may lengthen a text beyond a limit.
        Err(error) => assert_eq!(error.code(), "STIX-E-912", "{printed}: {error}"),
    }
}
