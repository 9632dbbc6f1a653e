//! Canonical form and equivalence: the rules of STIX patterns in examples, and what must hold of every pattern.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests, not only test functions")]

mod support;

use entente_pattern::{Pattern, equivalent, parse};
use proptest::prelude::*;
use support::{Choices, observations};

fn canonical(text: &str) -> String {
    parse(text).unwrap().canonical().to_string()
}

#[track_caller]
fn becomes(table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(canonical(text), *expected, "{text}");
        assert_eq!(canonical(expected), *expected, "the form of the form of {text}");
    }
}

#[test]
fn chains_are_flat_sorted_and_without_doubles() {
    becomes(&[
        ("[a:z = 1 AND (a:y = 2 AND (a:x = 3))]", "[a:x = 3 AND a:y = 2 AND a:z = 1]"),
        ("[a:b = 1 OR (a:b = 1 OR a:b = 1)]", "[a:b = 1]"),
        ("[a:b = 2 OR b:a = 1 OR a:b = 1]", "[a:b = 1 OR a:b = 2 OR b:a = 1]"),
        ("[a:b = 1 AND a:b = 1]", "[a:b = 1]"),
    ]);
}

#[test]
fn what_is_absorbed_goes() {
    becomes(&[
        ("[a:x = 1 AND (a:x = 1 OR a:y = 2)]", "[a:x = 1]"),
        ("[a:x = 1 OR (a:x = 1 AND a:y = 2)]", "[a:x = 1]"),
        ("[(a:x = 1 AND a:y = 2) OR (a:z = 3 AND a:y = 2 AND a:x = 1)]", "[a:x = 1 AND a:y = 2]"),
        ("[a:x IN (1, 2) AND a:x = 2]", "[a:x = 2]"),
    ]);
}

#[test]
fn brackets_become_alternatives_of_one_type() {
    becomes(&[
        (
            "[(a:x = 1 OR a:y = 2) AND (a:z = 3 OR a:w = 4)]",
            "[a:w = 4 AND a:x = 1 OR a:w = 4 AND a:y = 2 OR a:x = 1 AND a:z = 3 OR a:y = 2 AND a:z = 3]",
        ),
        ("[a:x = 1 AND b:x = 1 OR c:x = 1]", "[c:x = 1]"),
        ("[(a:x = 1 OR b:x = 1) AND a:y = 2]", "[a:x = 1 AND a:y = 2]"),
        // Nothing is left, so nothing is dropped.
        ("[b:x = 1 AND a:x = 1]", "[a:x = 1 AND b:x = 1]"),
    ]);
}

#[test]
fn operators_and_sets_have_one_form() {
    becomes(&[
        ("[a:b == 1]", "[a:b = 1]"),
        ("[a:b <> 1]", "[a:b != 1]"),
        ("[a:b NOT = 1]", "[a:b != 1]"),
        ("[a:b NOT != 1]", "[a:b = 1]"),
        ("[a:b NOT < 1]", "[a:b NOT < 1]"),
        ("[a:b IN ('y', 'x', 'y')]", "[a:b = 'x' OR a:b = 'y']"),
        ("[a:b[*] IN (2, 1)]", "[a:b[*] = 1 OR a:b[*] = 2]"),
        ("[a:b IN (1, 1.0)]", "[a:b = 1]"),
        ("[a:b NOT IN (1)]", "[a:b != 1]"),
        ("[a:b NOT IN (2, 1, 2)]", "[a:b NOT IN (1, 2)]"),
        ("[a:b IN ('x', 1)]", "[a:b IN (1, 'x')]"),
        ("[a:b IN ()]", "[a:b IN ()]"),
        ("[NOT EXISTS a:b OR EXISTS a:b]", "[EXISTS a:b OR NOT EXISTS a:b]"),
    ]);
}

#[test]
fn constants_are_written_by_value() {
    becomes(&[
        ("[a:b = +1.0]", "[a:b = 1]"),
        ("[a:b = 0.50]", "[a:b = 0.5]"),
        ("[a:b = -0.0]", "[a:b = 0]"),
        ("[a:b = 9007199254740993]", "[a:b = 9007199254740993]"),
        ("[a:b = h'AB' OR a:b = b'qw==']", "[a:b = h'ab' OR a:b = b'qw==']"),
        ("[a:b = b'qx==']", "[a:b = b'qw==']"),
        ("[a:b = b'qrz=' OR a:b = b'qrw=']", "[a:b = b'qrw=']"),
        ("[a:b = t'2026-01-01T00:00:00.500Z']", "[a:b = t'2026-01-01T00:00:00.5Z']"),
        ("[a:b = t'2026-01-01T00:00:00.000Z']", "[a:b = t'2026-01-01T00:00:00Z']"),
        ("[a:b = t'2026-02-31T00:00:00.0Z']", "[a:b = t'2026-02-31T00:00:00.0Z']"),
        ("[a:b = 'X ']", "[a:b = 'X ']"),
    ]);
}

#[test]
fn addresses_and_registry_keys_are_written_by_meaning() {
    becomes(&[
        ("[ipv4-addr:value = '203.0.113.9/24']", "[ipv4-addr:value = '203.0.113.0/24']"),
        ("[ipv4-addr:value ISSUBSET '203.0.113.9/32']", "[ipv4-addr:value ISSUBSET '203.0.113.9']"),
        ("[ipv4-addr:value = '1.2.3.4/0']", "[ipv4-addr:value = '0.0.0.0/0']"),
        ("[ipv4-addr:value = '001.2.3.07']", "[ipv4-addr:value = '1.2.3.7']"),
        ("[ipv4-addr:value = '010.2.3.4']", "[ipv4-addr:value = '010.2.3.4']"),
        ("[ipv4-addr:value = '1.2.3']", "[ipv4-addr:value = '1.2.3']"),
        ("[ipv4-addr:value = '1.2.3.4/33']", "[ipv4-addr:value = '1.2.3.4/33']"),
        ("[ipv4-addr:value LIKE '1.2.3.4/24']", "[ipv4-addr:value LIKE '1.2.3.4/24']"),
        ("[ipv6-addr:value = '2001:DB8:0:0:0:0:0:1/128']", "[ipv6-addr:value = '2001:db8::1']"),
        ("[ipv6-addr:value IN ('2001:db8::ffff/64')]", "[ipv6-addr:value = '2001:db8::/64']"),
        ("[ipv6-addr:value = '1.2.3.4']", "[ipv6-addr:value = '1.2.3.4']"),
        (r"[windows-registry-key:key = 'HKEY_USERS\\Run']", r"[windows-registry-key:key = 'hkey_users\\run']"),
        ("[windows-registry-key:values[*].name LIKE 'A%']", "[windows-registry-key:values[*].name LIKE 'a%']"),
        ("[windows-registry-key:values[0].name MATCHES 'A']", "[windows-registry-key:values[0].name MATCHES 'A']"),
        ("[windows-registry-key:values[0].data = 'A']", "[windows-registry-key:values[0].data = 'A']"),
    ]);
}

#[test]
fn observation_expressions_have_one_form() {
    becomes(&[
        ("[b:x = 1] AND ([a:x = 1] AND [c:x = 1])", "[a:x = 1] AND [b:x = 1] AND [c:x = 1]"),
        (
            "([b:x = 1] FOLLOWEDBY [a:x = 1]) FOLLOWEDBY [a:x = 1]",
            "[b:x = 1] FOLLOWEDBY [a:x = 1] FOLLOWEDBY [a:x = 1]",
        ),
        // Two instances are not one.
        ("[a:x = 1] AND [a:x = 1]", "[a:x = 1] AND [a:x = 1]"),
        ("[a:x = 1] OR ([b:x = 1] OR [a:x = 1])", "[a:x = 1] OR [b:x = 1]"),
        ("[a:x = 1] OR ([a:x = 1] AND [b:x = 1])", "[a:x = 1]"),
        ("[a:x = 1] OR ([b:x = 1] FOLLOWEDBY [a:x = 1])", "[a:x = 1]"),
        ("[a:x = 1] AND [a:x = 1] OR [a:x = 1] AND [b:x = 1]", "[a:x = 1] AND [a:x = 1] OR [a:x = 1] AND [b:x = 1]"),
        (
            "([a:x = 1] FOLLOWEDBY [c:x = 1]) OR ([a:x = 1] FOLLOWEDBY [b:x = 1] FOLLOWEDBY [c:x = 1])",
            "[a:x = 1] FOLLOWEDBY [c:x = 1]",
        ),
        (
            "([a:x = 1] OR [b:x = 1]) FOLLOWEDBY [c:x = 1]",
            "([a:x = 1] FOLLOWEDBY [c:x = 1]) OR ([b:x = 1] FOLLOWEDBY [c:x = 1])",
        ),
        ("[c:x = 1] AND ([b:x = 1] OR [a:x = 1])", "[a:x = 1] AND [c:x = 1] OR [b:x = 1] AND [c:x = 1]"),
        // A qualifier speaks of its expression as a whole.
        (
            "([a:x = 1] OR [b:x = 1]) WITHIN 5.0 SECONDS AND [a:x = 2]",
            "[a:x = 2] AND ([a:x = 1] OR [b:x = 1]) WITHIN 5 SECONDS",
        ),
        (
            "[a:x = 1] WITHIN 5 SECONDS OR ([a:x = 1] WITHIN 5 SECONDS AND [b:x = 1])",
            "[a:x = 1] WITHIN 5 SECONDS OR [b:x = 1] AND [a:x = 1] WITHIN 5 SECONDS",
        ),
        ("[a:x = 1] REPEATS 2 TIMES WITHIN 5 SECONDS", "[a:x = 1] REPEATS 2 TIMES WITHIN 5 SECONDS"),
        ("[a:x = 1] WITHIN 5 SECONDS REPEATS 2 TIMES", "[a:x = 1] WITHIN 5 SECONDS REPEATS 2 TIMES"),
        (
            "([a:x = 1] WITHIN 5 SECONDS OR [a:x = 1] WITHIN 5 SECONDS) WITHIN 9 SECONDS",
            "([a:x = 1] WITHIN 5 SECONDS) WITHIN 9 SECONDS",
        ),
        (
            "[a:x = 1] START t'2026-01-01T00:00:00.00Z' STOP t'2026-01-02T00:00:00Z'",
            "[a:x = 1] START t'2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00Z'",
        ),
        ("[a:x = 1 OR a:x = 2]", "[a:x = 1 OR a:x = 2]"),
        ("[a:x = 2] OR [a:x = 1]", "[a:x = 1] OR [a:x = 2]"),
    ]);
}

#[test]
fn the_examples_of_the_rules_hold() {
    becomes(&[
        (
            "[url:value IN ('http://b.example/','http://a.example/')]",
            "[url:value = 'http://a.example/' OR url:value = 'http://b.example/']",
        ),
        ("[file:size NOT = 5.0 AND (file:name = 'a' OR file:name = 'a')]", "[file:name = 'a' AND file:size != 5]"),
        ("([mutex:name='x'] AND [url:value='u']) OR [mutex:name='x']", "[mutex:name = 'x']"),
    ]);
}

#[test]
fn terms_come_in_the_stated_order() {
    // Path, operator, NOT, then constants by kind; sorted here, shuffled below.
    let terms = [
        "a:x = -2",
        "a:x = -1.5",
        "a:x = 0.5",
        "a:x = 2",
        "a:x = 10",
        "a:x = 'A'",
        "a:x = 'a'",
        "a:x = true",
        "a:x = false",
        "a:x = t'2026-01-01T00:00:00Z'",
        "a:x = t'2026-01-01T00:00:00.5Z'",
        "a:x = h''",
        "a:x = h'00'",
        "a:x = b'AA=='",
        "a:x = b'AAAA'",
        "a:x != 1",
        "a:x < 1",
        "a:x NOT < 1",
        "a:x <= 1",
        "a:x > 1",
        "a:x >= 1",
        "a:x NOT IN (1, 2)",
        "a:x LIKE 'a'",
        "a:x MATCHES 'a'",
        "a:x ISSUBSET '10.0.0.0/8'",
        "a:x ISSUPERSET '10.0.0.0/8'",
        "EXISTS a:x",
        "NOT EXISTS a:x",
        "a:x[-1] = 1",
        "a:x[0] = 1",
        "a:x.'*' = 1",
        "a:x[*] = 1",
        "a:x.b = 1",
        "a-b:x = 1",
        "b:x = 1",
    ];
    let sorted = format!("[{}]", terms.join(" OR "));
    let mut shuffled = terms;
    shuffled.reverse();
    shuffled.swap(3, 20);
    becomes(&[(&format!("[{}]", shuffled.join(" OR ")), &sorted)]);
}

#[test]
fn too_many_alternatives_leave_the_pattern_settled() {
    let pairs = |count: usize| {
        let pairs: Vec<String> = (0..count).map(|n| format!("(a:x{n:02} = 1 OR a:y{n:02} = 1)")).collect();
        format!("[{}]", pairs.join(" AND "))
    };
    let brackets = |count: usize| {
        let pairs: Vec<String> = (0..count).map(|n| format!("([a:x{n:02} = 1] OR [a:y{n:02} = 1])")).collect();
        pairs.join(" AND ")
    };
    // 2^12 alternatives of 12 comparisons are 12,288 of about 10 bytes; 2^13 are beyond the limit.
    for make in [&pairs as &dyn Fn(usize) -> String, &brackets] {
        let (form, complete) = parse(&make(12)).unwrap().canonical_form();
        assert!(complete && form.to_string().matches(" OR ").count() == 4095);
        let (form, complete) = parse(&make(13)).unwrap().canonical_form();
        assert!(!complete);
        assert_eq!(form.to_string(), make(13), "sorted already");
        assert_eq!(form.canonical_form(), (form, false));
    }
    let set = |count: usize| (10_000..10_000 + count).rev().map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    let (form, complete) = parse(&format!("[a:b IN ({})]", set(4097))).unwrap().canonical_form();
    assert!(!complete && form.to_string().starts_with("[a:b IN (10000, 10001, "));
    assert!(parse(&format!("[a:b IN ({})]", set(4096))).unwrap().canonical_form().1);
    // Few alternatives, but each carries a long constant.
    let long = format!("[a:x = '{}' AND a:b IN ({})]", "x".repeat(40_000), set(1000));
    let (form, complete) = parse(&long).unwrap().canonical_form();
    assert!(!complete && form.to_string().len() < 50_000);
}

#[test]
fn patterns_that_differ_in_meaning_stay_apart() {
    for (one, other) in [
        ("[a:b NOT < 1]", "[a:b >= 1]"),
        ("[a:b = h'61']", "[a:b = b'YQ==']"),
        ("[a:b = '1']", "[a:b = 1]"),
        ("[a:b = 'A']", "[a:b = 'a']"),
        ("[a:b = 1 OR a:b = 2]", "[a:b = 1] OR [a:b = 2]"),
        ("[a:b = 1] FOLLOWEDBY [a:b = 2]", "[a:b = 2] FOLLOWEDBY [a:b = 1]"),
        ("[a:b = 1] AND [a:b = 1]", "[a:b = 1]"),
        ("[a:'*' = 1]", "[a:x[*] = 1]"),
        ("[a:b.'*' = 1]", "[a:b[*] = 1]"),
        ("[a:b.'1' = 1]", "[a:b[1] = 1]"),
        ("[a:b IN ()]", "[a:b NOT IN ()]"),
    ] {
        assert!(!equivalent(&parse(one).unwrap(), &parse(other).unwrap()), "{one} {other}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn printing_a_generated_pattern_keeps_its_tree(observation in observations()) {
        let pattern = parse(&observation.to_string()).unwrap();
        prop_assert_eq!(parse(&pattern.to_string()), Ok(pattern));
    }

    #[test]
    fn the_form_of_a_form_is_itself(observation in observations()) {
        let form = parse(&observation.to_string()).unwrap().canonical();
        prop_assert_eq!(&form.canonical(), &form);
        prop_assert_eq!(parse(&form.to_string()), Ok(form));
    }

    #[test]
    fn variants_of_one_pattern_have_one_form(observation in observations(), seed in any::<u64>()) {
        let mut choices = Choices::new(seed);
        let (one, two) = (observation.variant(&mut choices), observation.variant(&mut choices));
        let [plain, one, two]: [Pattern; 3] = [&observation, &one, &two].map(|tree| parse(&tree.to_string()).unwrap());
        prop_assert!(equivalent(&plain, &plain));
        prop_assert!(equivalent(&plain, &one), "{plain} / {one}");
        prop_assert!(equivalent(&one, &plain) && equivalent(&one, &two));
    }

    #[test]
    fn equivalence_does_not_depend_on_the_order_of_the_two(one in observations(), two in observations()) {
        let (one, two) = (parse(&one.to_string()).unwrap(), parse(&two.to_string()).unwrap());
        prop_assert_eq!(equivalent(&one, &two), equivalent(&two, &one));
        prop_assert_eq!(equivalent(&one, &two), one.canonical().to_string() == two.canonical().to_string());
    }
}
