//! Matches any pattern (the first line) against any observations (the rest) under a small budget: twice the same answer.

#![no_main]

use entente_pattern::{Observations, Steps, Version, parse_version};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let (Some(pattern), Some(data)) = (parts.next().and_then(|line| std::str::from_utf8(line).ok()), parts.next())
    else {
        return;
    };
    for (name, version) in [("2.1", Version::V21), ("2.0", Version::V20)] {
        let Ok(pattern) = parse_version(pattern, name) else { continue };
        let Ok(matcher) = pattern.compile() else { continue };
        let Ok(observations) = Observations::read_bytes(data, version) else { continue };
        let once = matcher.matches(&observations, Steps(20_000));
        let twice = matcher.matches(&observations, Steps(20_000));
        match (&once, &twice) {
            (Ok(once), Ok(twice)) => {
                assert_eq!(once, twice);
                if let Some(binding) = once {
                    assert!(binding.positions().iter().all(|position| *position < observations.len()));
                    assert!(!binding.positions().is_empty(), "a match has a witness");
                }
                // The canonical form means the same, where it compares values as the evaluator does.
                let text = pattern.to_string();
                if !text.contains("-addr:value") && !text.contains("windows-registry-key:") && !text.contains("_ref") {
                    if let Ok(canonical) = pattern.canonical().compile() {
                        if let Ok(other) = canonical.is_match(&observations, Steps(2_000_000)) {
                            assert_eq!(other, once.is_some(), "{text} against {}", pattern.canonical());
                        }
                    }
                }
            }
            (Err(once), Err(twice)) => assert_eq!(once.code(), twice.code()),
            _ => panic!("two runs differ"),
        }
    }
});
