//! Hostile patterns against the public interface.

use std::time::{Duration, Instant};

/// Reads `text` within the time limit and returns the code, or `valid`.
fn verdict(text: &str) -> &'static str {
    let begin = Instant::now();
    let code = match entente_pattern::parse(text) {
        Ok(pattern) => {
            let _ = (pattern.to_string(), pattern.literals(), pattern.keys());
            "valid"
        }
        Err(error) => error.code(),
    };
    assert!(begin.elapsed() < Duration::from_millis(500), "an unoptimised build needs less than ten times the limit");
    code
}

#[test]
fn abuse_a13_nesting_costs_no_stack() {
    assert_eq!(verdict(&"(".repeat(64 * 1024)), "STIX-E-912");
    assert_eq!(verdict(&format!("[{}", "(".repeat(60_000))), "STIX-E-912");
    // Qualifiers after a parenthesis may be many, and are no nesting.
    assert_eq!(verdict(&format!("([a:b = 1]){}", " WITHIN 1 SECONDS".repeat(3_800))), "valid");
}

#[test]
fn abuse_a13_chains_and_sets_are_bounded() {
    assert_eq!(verdict(&format!("[{}]", vec!["a:b=1"; 7_000].join(" OR "))), "STIX-E-912");
    assert_eq!(verdict(&vec!["[a:b=1]"; 5_000].join(" OR ")), "STIX-E-912");
    let set = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    assert_eq!(verdict(&format!("[a:{} IN ({})]", "b".repeat(1000), set(9_999))), "valid");
    assert_eq!(verdict(&format!("[a:{} IN ({})]", "b".repeat(9_000), set(9_999))), "STIX-E-912");
    assert_eq!(verdict(&" ".repeat(65 * 1024)), "STIX-E-912");
}

#[test]
fn abuse_a13_numbers_comments_and_expressions_are_harmless() {
    assert_eq!(verdict("[a:b = 1] WITHIN 1e308 SECONDS"), "STIX-E-901");
    assert_eq!(verdict(&format!("[a:b = 1] WITHIN {} SECONDS", "9".repeat(60_000))), "valid");
    assert_eq!(verdict(&format!("[a:b = {}1]", "-".repeat(60_000))), "STIX-E-901");
    assert_eq!(verdict(&"/*".repeat(30_000)), "STIX-E-901");
    assert_eq!(verdict(&"/**/".repeat(16_000)), "STIX-E-901");
    assert_eq!(verdict(&format!("[a:b = {}]", "'\\''".repeat(12_000))), "STIX-E-901");
    // Nothing is compiled here, so an explosive expression is only text.
    assert_eq!(verdict("[a:b MATCHES '(a+)+$']"), "valid");
}
