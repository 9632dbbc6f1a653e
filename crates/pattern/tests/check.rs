//! The type check: for each code a pattern that raises it alone, and the nearest that raises nothing.

#![allow(clippy::unwrap_used, reason = "helpers of tests, not only test functions")]

use entente_pattern::{check_indicator, parse};
use entente_stix::validate::PatternAt;
use entente_stix::{Code, Timestamp};

fn codes(text: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    parse(text).unwrap().check_types(&mut |code, _| found.push(code.as_str()));
    found
}

#[track_caller]
fn raises(code: Code, table: &[(&str, &str)]) {
    for (wrong, right) in table {
        assert_eq!(codes(wrong), [code.as_str()], "{wrong}");
        assert_eq!(codes(right), Vec::<&str>::new(), "{right}");
    }
}

#[test]
fn names_have_their_form() {
    // The types are custom, which is N-905 besides.
    for (wrong, right) in [
        ("[ab:name_x = 1]", "[abc:name_x = 1]"),
        ("[x--acme:name_x = 1]", "[x-acme:name_x = 1]"),
        ("[X-acme:name_x = 1]", "[x-acme-:name_x = 1]"),
        ("[x_acme:name_x = 1]", "[xyz:name_x = 1]"),
        ("[x-acme:ab = 1]", "[x-acme:id = 'x']"),
        ("[x-acme:'a-bc' = 1]", "[x-acme:a_bc.'D-e' = 1]"),
    ] {
        assert_eq!(codes(wrong), ["STIX-E-902", "STIX-N-905"], "{wrong}");
        assert_eq!(codes(right), ["STIX-N-905"], "{right}");
    }
    // A property of the type may have any form.
    assert_eq!(codes("[process:cwd = 'a' OR file:id = 'a']"), Vec::<&str>::new());
    let long = |count: usize| format!("[x-{}:name_x = 1]", "a".repeat(count));
    assert!(!codes(&long(248)).contains(&"STIX-E-902") && codes(&long(249)).contains(&"STIX-E-902"));
}

#[test]
fn unknown_types_and_properties_are_noted() {
    raises(
        Code::N905,
        &[
            ("[x-acme:name = 1]", "[file:name = 'a']"),
            ("[malware:name = 'a']", "[mutex:name = 'a']"),
            ("[file:nam = 'a']", "[file:x_nam = 'a']"),
            ("[file:parent_directory_ref.name = 'a']", "[file:parent_directory_ref.path = 'a']"),
            (
                "[network-traffic:dst_ref.number = 1]",
                "[network-traffic:dst_ref.value = 'a.example' OR network-traffic:dst_ref.type = 'domain-name']",
            ),
            (
                "[file:extensions.'pdf-ext'.versions = '1']",
                "[file:extensions.'pdf-ext'.version = '1' OR file:extensions.'x-acme-ext'.any = 1]",
            ),
            ("[process:opened_connection_refs.dst_port = 1]", "[process:opened_connection_refs[*].dst_port = 1]"),
            ("[file:hashes[*] = 'a']", "[file:hashes.OWN = 'a']"),
            ("[email-message:body_multipart[*].nam = 'a']", "[email-message:body_multipart[*].body = 'a']"),
            ("[EXISTS file:nam]", "[EXISTS file:defanged]"),
        ],
    );
}

#[test]
fn operators_and_constants_fit_the_property() {
    raises(
        Code::W910,
        &[
            ("[url:value ISSUBSET '10.0.0.0/8']", "[ipv4-addr:value ISSUBSET '10.0.0.0/8']"),
            ("[network-traffic:src_ref.id ISSUPERSET '::1']", "[network-traffic:src_ref.value ISSUPERSET '::1']"),
            ("[process:is_hidden > 'a']", "[process:is_hidden = true]"),
            ("[file:size LIKE '1%']", "[file:size > 1.5]"),
            ("[process:is_hidden MATCHES 't']", "[file:name MATCHES 't']"),
            ("[file:size = 'a']", "[file:size = 1]"),
            ("[file:name = 1]", "[file:name = h'61']"),
            ("[file:name IN (true)]", "[file:name IN ('true')]"),
            ("[process:pid = false]", "[process:pid != 3]"),
            ("[file:ctime > 5]", "[file:ctime > t'2026-01-01T00:00:00Z']"),
            ("[file:hashes = 'a']", "[EXISTS file:hashes]"),
        ],
    );
}

#[test]
fn what_can_never_be_true_is_a_warning() {
    raises(
        Code::W908,
        &[
            (
                "[file:name = 'a' AND url:value = 'http://a.example/']",
                "[file:name = 'a' OR url:value = 'http://a.example/']",
            ),
            (
                "[file:name = 'a' AND (url:value = 'http://a.example/' OR mutex:name = 'a')]",
                "[file:name = 'a' AND (url:value = 'http://a.example/' OR file:size = 1)]",
            ),
            ("[ipv4-addr:value = 'x']", "[ipv4-addr:value != 'x' AND ipv4-addr:value LIKE 'x']"),
            ("[ipv6-addr:value IN ('::1', '1.2.3.4')]", "[ipv6-addr:value IN ('::1', '::2/64')]"),
            ("[network-traffic:dst_port = 65536]", "[network-traffic:dst_port = 65535]"),
            ("[network-traffic:dst_port = 1.5]", "[network-traffic:dst_port = 1.0]"),
            (
                "[file:name = 'a'] START t'2026-01-01T00:00:00.0Z' STOP t'2026-01-01T00:00:00Z'",
                "[file:name = 'a'] START t'2026-01-01T00:00:00Z' STOP t'2026-01-01T00:00:00.000000001Z'",
            ),
        ],
    );
}

#[test]
fn sets_dates_and_zeros_are_warnings() {
    raises(Code::W909, &[("[file:x_a IN (1, '1')]", "[file:x_a IN (1, 1.5)]")]);
    raises(
        Code::W907,
        &[
            ("[file:ctime = t'2026-02-29T00:00:00Z']", "[file:ctime = t'2024-02-29T00:00:00Z']"),
            (
                "[file:name = 'a'] START t'2026-04-31T00:00:00Z' STOP t'2026-05-01T00:00:00Z'",
                "[file:name = 'a'] START t'2026-04-30T00:00:00Z' STOP t'2026-05-01T00:00:00Z'",
            ),
        ],
    );
    raises(
        Code::W916,
        &[
            ("[file:name = 'a'] REPEATS 0 TIMES", "[file:name = 'a'] REPEATS 1 TIMES"),
            ("[file:name = 'a'] WITHIN 0.0 SECONDS", "[file:name = 'a'] WITHIN 0.1 SECONDS"),
        ],
    );
}

#[test]
fn expressions_that_need_back_tracking_are_errors() {
    raises(
        Code::E913,
        &[
            ("[file:name MATCHES '(?=a)b']", "[file:name MATCHES '(?:a)b']"),
            (r"[file:name MATCHES '(a)\\1']", r"[file:name MATCHES '(a)\\x31']"),
            ("[file:name NOT MATCHES '(a']", "[file:name NOT LIKE '(a']"),
        ],
    );
}

#[test]
fn an_indicator_is_checked_with_its_times() {
    let check = |text: &str, version: &str| {
        let time = |text: &str| Some(Timestamp::parse(text).unwrap());
        let (valid_from, valid_until) = (time("2026-01-01T00:00:00Z"), time("2026-02-01T00:00:00Z"));
        let mut found = Vec::new();
        let at = PatternAt { text, version, valid_from, valid_until };
        check_indicator(&at, &mut |code, message| found.push(format!("{code} {message}")));
        found
    };
    let within = "[file:name = 'a'] START t'2026-01-01T00:00:00Z' STOP t'2026-02-01T00:00:00Z'";
    assert_eq!(check(within, "2.1"), Vec::<String>::new());
    assert_eq!(
        check(&within.replace("2026-01-01", "2025-12-31").replace("2026-02-01", "2026-02-02"), "2.1"),
        [
            "STIX-N-914 START `2025-12-31T00:00:00Z` is before valid_from",
            "STIX-N-914 STOP `2026-02-02T00:00:00Z` is after valid_until"
        ]
    );
    assert_eq!(check(within, "3"), ["STIX-W-906 pattern version `3`, read as 2.1"]);
    let stacked = "[file:name = 'a'] WITHIN 1 SECONDS WITHIN 2 SECONDS";
    assert_eq!(check(stacked, "2.0"), Vec::<String>::new());
    for (text, code) in [
        (stacked, "STIX-E-903"),
        ("[file:name]", "STIX-E-901"),
        ("[file:hashes.MD5 = 'a']", "STIX-E-904"),
        (&"(".repeat(40), "STIX-E-912"),
    ] {
        let found = check(text, "2.1");
        assert!(found.len() == 1 && found[0].starts_with(code), "{text}: {found:?}");
    }
    assert_eq!(check("[malware:name = 'a']", "2.1").len(), 1);
}
