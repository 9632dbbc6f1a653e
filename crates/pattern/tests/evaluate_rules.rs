//! The rules of STIX 2.1 §9 one by one. Expectations are read from the text, each with its section.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use entente_pattern::{Boundary, CompileErrorKind, EvaluationError, Observations, Steps, Version, parse};
use serde_json::{Value, json};

/// One observation with these objects.
fn one(objects: Value) -> Observations {
    let objects = objects.as_array().unwrap().clone();
    let references: Vec<Value> = objects.iter().map(|object| object["id"].clone()).collect();
    let mut input = objects;
    input.push(observed("observed-data--1", ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"), 1, &json!(references)));
    Observations::read(&input, Version::V21).unwrap()
}

fn observed(id: &str, (first, last): (&str, &str), count: u64, references: &Value) -> Value {
    json!({
        "type": "observed-data", "id": id, "first_observed": first, "last_observed": last, "number_observed": count,
        "object_refs": references,
    })
}

fn evaluate(text: &str, observations: &Observations) -> Result<bool, EvaluationError> {
    let matcher = parse(text).unwrap().compile().unwrap();
    matcher.matches(observations, Steps::default()).map(|binding| binding.is_some())
}

/// Holds each test, in brackets, against one `x` with a property `v`.
fn table(rows: &[(&str, Value, bool)]) {
    for (test, value, expected) in rows {
        let observations = one(json!([{"type": "x", "id": "x--1", "v": value}]));
        assert_eq!(evaluate(&format!("[x:v {test}]"), &observations), Ok(*expected), "{value} {test}");
    }
}

#[test]
fn numbers_are_compared_exactly() {
    // §9.6.1: numbers by value, whether written as integer or float.
    table(&[
        ("= 1", json!(1), true),
        ("= 1.0", json!(1), true),
        ("= 1", json!(1.0), true),
        ("= 1.1", json!(1.1), true),
        ("= 0.3", json!(0.30), true),
        ("= 9007199254740993", json!(9_007_199_254_740_993_i64), true),
        ("= 9007199254740992", json!(9_007_199_254_740_993_i64), false),
        ("= 9007199254740993.0", json!(9_007_199_254_740_993_i64), true),
        ("< 9007199254740993.5", json!(9_007_199_254_740_993_i64), true),
        ("= 18446744073709551615", json!(u64::MAX), true),
        ("> 9223372036854775807", json!(u64::MAX), true),
        ("< -9223372036854775809", json!(i64::MIN), false),
        ("!= 1", json!(2), true),
        ("<> 1", json!(1), false),
        ("== 1", json!(1), true),
        ("<= 1", json!(1), true),
        (">= 1.5", json!(1), false),
        ("> -1", json!(-0.5), true),
    ]);
}

#[test]
fn texts_are_compared_by_code_points() {
    // §9.6.2: neither case nor normal form is folded.
    table(&[
        ("= 'a'", json!("a"), true),
        ("= 'a'", json!("A"), false),
        ("= '\u{e9}'", json!("e\u{301}"), false),
        ("!= '\u{e9}'", json!("e\u{301}"), true),
        ("< 'b'", json!("a"), true),
        ("< 'a'", json!("B"), true),
        ("> '\u{ffff}'", json!("\u{10000}"), true),
        ("<= ''", json!(""), true),
        ("= 'it\\'s \\\\'", json!("it's \\"), true),
        ("IN ('a', 'b')", json!("b"), true),
        ("IN ()", json!("b"), false),
        ("NOT IN ()", json!("b"), true),
    ]);
}

#[test]
fn booleans_have_equality_only() {
    table(&[
        ("= true", json!(true), true),
        ("= true", json!(false), false),
        ("!= true", json!(false), true),
        ("IN (true, false)", json!(false), true),
        ("= 1", json!(true), false),
        ("= 'true'", json!(true), false),
        ("= true", json!("true"), false),
    ]);
}

#[test]
fn what_is_incomparable_passes_only_the_negated() {
    // §9.6.1: comparison of what cannot be compared is false, except for `!=`; NOT is the negation of the operator.
    for value in [json!(null), json!([1]), json!({"a": 1}), json!(true), json!("\u{100}")] {
        table(&[
            ("= 1", value.clone(), false),
            ("!= 1", value.clone(), true),
            ("NOT = 1", value.clone(), true),
            ("NOT != 1", value.clone(), false),
            ("< 1", value.clone(), false),
            ("NOT < 1", value.clone(), true),
            (">= h'00'", value.clone(), false),
            ("NOT >= h'00'", value.clone(), true),
            ("IN (1, 2)", value.clone(), false),
            ("NOT IN (1, 2)", value.clone(), true),
            ("ISSUBSET '0.0.0.0/0'", value.clone(), false),
            ("NOT ISSUBSET '0.0.0.0/0'", value.clone(), true),
            ("MATCHES '^1$'", value.clone(), false),
            ("NOT MATCHES '^1$'", value.clone(), true),
            ("LIKE '1'", value.clone(), false),
            ("NOT LIKE '1'", value, true),
        ]);
    }
    table(&[
        ("LIKE '%'", json!(1), false),
        ("MATCHES ''", json!(1), false),
        ("MATCHES ''", json!(true), false),
        ("LIKE '%'", json!(null), false),
        ("= '1'", json!(1), false),
        ("= t'2026-01-01T00:00:00Z'", json!(1), false),
    ]);
}

#[test]
fn absent_values_pass_nothing_but_not_exists() {
    // §9.6: an expression whose path does not resolve is false, `!=` and NOT included.
    let observations = one(json!([{"type": "x", "id": "x--1", "v": 1, "n": null, "list": []}]));
    for test in ["x:w != 1", "x:w NOT = 1", "x:w NOT IN (1)", "x:w NOT LIKE 'a'", "x:w = 1", "EXISTS x:w", "y:v != 1"] {
        assert_eq!(evaluate(&format!("[{test}]"), &observations), Ok(false), "{test}");
    }
    for test in ["NOT EXISTS x:w", "EXISTS x:v", "EXISTS x:n", "EXISTS x:list", "NOT EXISTS x:list[*]", "x:n != 1"] {
        assert_eq!(evaluate(&format!("[{test}]"), &observations), Ok(true), "{test}");
    }
    assert_eq!(evaluate("[NOT EXISTS y:v]", &observations), Ok(false), "there is no `y` that lacks it");
}

#[test]
fn octets_are_compared_unsigned_and_with_latin_text() {
    // §9.6.1: binary against string by the code points of the string, if all are below U+0100.
    for (test, hex, expected) in [
        ("= h'0aFF'", "0Aff", true),
        ("= b'Cv8='", "0aff", true),
        ("> h'7f'", "80", true),
        ("< h'0000'", "00", true),
        ("= '\n\u{ff}'", "0aff", true),
        ("= '\u{100}'", "00", false),
        ("!= '\u{100}'", "00", true),
        ("NOT > '\u{100}'", "00", true),
        ("> 'A'", "42", true),
        ("IN ('A', 'B')", "42", true),
        // A member that octets do not compare to hides no other, wherever it stands in the order.
        ("IN ('A', 'B', '\u{100}')", "41", true),
        ("IN ('', 'e\u{301}')", "", true),
        ("NOT IN ('\u{100}', 'A')", "41", false),
        ("= 42", "42", false),
        ("LIKE 'A_%'", "41ff", true),
        ("LIKE 'A\u{ff}'", "41ff", true),
        ("MATCHES '^A\u{ff}$'", "41ff", true),
        ("MATCHES '^.\\\\xFF$'", "41ff", true),
        ("MATCHES '^A\\\\w$'", "41e9", false),
        ("MATCHES 'A|\u{100}'", "41", false),
        ("NOT MATCHES 'A|\u{100}'", "41", true),
        ("ISSUBSET '0.0.0.0/0'", "41", false),
    ] {
        let observations = one(json!([{"type": "x", "id": "x--1", "v_hex": hex}]));
        assert_eq!(evaluate(&format!("[x:v_hex {test}]"), &observations), Ok(expected), "{hex} {test}");
    }
    table(&[
        ("= h'4142'", json!("AB"), true),
        ("= b'/w=='", json!("\u{ff}"), true),
        ("< h'4143'", json!("AB"), true),
        ("!= h'41'", json!("\u{100}"), true),
        ("NOT < h'41'", json!("\u{100}"), true),
    ]);
    let observations = one(json!([{"type": "x", "id": "x--1", "v_bin": "Zm9v", "plain": "Zm9v"}]));
    assert_eq!(evaluate("[x:v_bin = 'foo' AND x:v_bin = h'666F6f' AND x:plain = 'Zm9v']", &observations), Ok(true));
}

#[test]
fn timestamps_are_compared_by_instant() {
    table(&[
        ("= t'2026-01-01T00:00:00Z'", json!("2026-01-01T00:00:00.000Z"), true),
        ("!= t'2026-01-01T00:00:00Z'", json!("2026-01-01T00:00:00.0000000001Z"), true),
        ("< t'2026-01-01T00:00:00.5Z'", json!("2026-01-01T00:00:00.49Z"), true),
        (">= t'2016-12-31T23:59:60Z'", json!("2017-01-01T00:00:00Z"), true),
        ("IN (t'2026-01-01T00:00:00Z')", json!("2026-01-01T00:00:00.0Z"), true),
        ("= '2026-01-01T00:00:00Z'", json!("2026-01-01T00:00:00.0Z"), false),
    ]);
    for test in ["= t'2026-01-01T00:00:00Z'", "!= t'2026-01-01T00:00:00Z'", "IN (t'2026-01-01T00:00:00Z')"] {
        let observations = one(json!([{"type": "x", "id": "x--1", "v": "2026-01-01 00:00:00"}]));
        let error = evaluate(&format!("[x:v {test}]"), &observations).unwrap_err();
        assert_eq!(error.to_string(), "`observed-data--1`: `x:v` must be a timestamp");
        assert_eq!(error.code(), "pattern.input");
    }
}

#[test]
fn like_and_matches_look_at_the_normal_form() {
    // §9.6.1: LIKE takes the whole value, MATCHES any part; both sides in NFC; a dot takes line feeds.
    table(&[
        ("LIKE '\u{e9}'", json!("e\u{301}"), true),
        ("LIKE 'e\u{301}'", json!("\u{e9}"), true),
        ("LIKE '_'", json!("e\u{301}"), true),
        ("LIKE 'a%'", json!("a\nb"), true),
        ("LIKE 'a'", json!("ab"), false),
        ("LIKE 'a.c'", json!("abc"), false),
        ("LIKE 'A'", json!("a"), false),
        ("LIKE '\\\\%'", json!("\\x"), true),
        ("MATCHES '\u{e9}'", json!("xe\u{301}"), true),
        ("MATCHES 'b'", json!("abc"), true),
        ("MATCHES 'a.b'", json!("a\nb"), true),
        ("MATCHES '^b$'", json!("a\nb\nc"), false),
        ("MATCHES 'a$'", json!("a\n"), true),
        ("MATCHES '^\\\\w\\\\d$'", json!("\u{e9}\u{663}"), true),
        ("NOT MATCHES 'b'", json!("abc"), false),
    ]);
}

#[test]
fn networks_lie_in_networks() {
    // §9.6.1 with its examples, and both families.
    table(&[
        ("ISSUBSET '198.51.100.0/24'", json!("198.51.100.0/27"), true),
        ("ISSUBSET '198.51.100.0/24'", json!("198.51.100.0/24"), true),
        ("ISSUBSET '198.51.100.0/27'", json!("198.51.100.0/24"), false),
        ("ISSUPERSET '198.51.100.0/27'", json!("198.51.100.0/24"), true),
        ("ISSUPERSET '198.51.100.0/24'", json!("198.51.100.0/24"), true),
        ("ISSUPERSET '198.51.100.1'", json!("198.51.100.0/24"), true),
        ("ISSUBSET '2001:db8::/32'", json!("2001:db8::1"), true),
        ("ISSUBSET '0.0.0.0/0'", json!("203.0.113.1"), true),
        ("ISSUBSET '::/0'", json!("203.0.113.1"), false),
        ("NOT ISSUBSET '::/0'", json!("203.0.113.1"), true),
        ("ISSUBSET '0.0.0.0/0'", json!("example.com"), false),
        ("NOT ISSUPERSET '203.0.113.1'", json!("example.com"), true),
    ]);
}

#[test]
fn paths_lead_through_lists_dictionaries_and_references() {
    // §9.7: any value at the path will do; references resolve within the observation.
    let mut input = vec![
        json!({"type": "email-message", "id": "email-message--1", "from_ref": "email-addr--1",
               "to_refs": ["email-addr--9", "email-addr--2", "email-addr--1"], "sender_ref": "email-addr--3",
               "created_by_ref": "identity--1",
               "list": [[1, 2], 3, {"k": "v", "IN": "w"}], "dict": {"a b": {"c": [5]}}}),
        json!({"type": "email-addr", "id": "email-addr--1", "value": "old"}),
        json!({"type": "email-addr", "id": "email-addr--1", "value": "a", "belongs_to_ref": "user-account--1"}),
        json!({"type": "email-addr", "id": "email-addr--2", "value": "b"}),
        json!({"type": "email-addr", "id": "email-addr--3", "value": "elsewhere"}),
        json!({"type": "user-account", "id": "user-account--1", "user_id": "u"}),
        json!({"type": "identity", "id": "identity--1", "name": "n"}),
    ];
    let references = ["email-message--1", "email-addr--1", "email-addr--2", "user-account--1", "identity--1"];
    let whole = ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z");
    input.push(observed("observed-data--1", whole, 1, &json!(references)));
    let observations = Observations::read(&input, Version::V21).unwrap();
    for (path, expected) in [
        ("from_ref.value = 'a'", true),
        ("from_ref.value = 'old'", false),
        ("from_ref.belongs_to_ref.user_id = 'u'", true),
        ("from_ref = 'email-addr--1'", false),
        ("from_ref.type = 'email-addr'", true),
        ("to_refs[0].value = 'b'", true),
        ("to_refs[1].value = 'a'", true),
        ("to_refs[*].value = 'a'", true),
        ("to_refs[-1].value = 'a'", false),
        ("to_refs.value = 'a'", false),
        ("sender_ref.value != 'x'", false),
        ("created_by_ref.name = 'n'", false),
        ("list[0][1] = 2", true),
        ("list[*] = 3", true),
        ("list[*][*] = 1", true),
        ("list[*] = 1", false),
        ("list[2].k = 'v'", true),
        ("list[2].'IN' = 'w'", true),
        ("list[9] != 1", false),
        ("list = 3", false),
        ("dict.'a b'.c[0] = 5", true),
        ("dict[*] = 5", false),
        ("dict[*].c[0] = 5", false),
        ("from_ref[0].value = 'a'", false),
        ("dict[0].c = 5", false),
    ] {
        assert_eq!(evaluate(&format!("[email-message:{path}]"), &observations), Ok(expected), "{path}");
    }
    assert_eq!(
        evaluate("[NOT EXISTS email-message:sender_ref]", &observations),
        Ok(true),
        "nothing there to resolve to"
    );
    let lists = one(json!([{"type": "x", "id": "x--1", "a_refs": [], "b_refs": ["x--9"], "c_refs": ["x--9", "x--1"]}]));
    for (text, expected) in [("[EXISTS x:a_refs]", false), ("[x:b_refs != 1]", false), ("[x:c_refs != 1]", true)] {
        assert_eq!(evaluate(text, &lists), Ok(expected), "{text}");
    }
    assert_eq!(evaluate("[identity:name = 'n']", &observations), Ok(false), "only observables are observed");
}

#[test]
fn values_that_belie_their_names_are_errors() {
    for (property, value, expected) in [
        ("a_ref", json!(1), "an identifier"),
        ("a_ref", json!(null), "an identifier"),
        ("a_refs", json!("x--1"), "a list of identifiers"),
        ("a_refs", json!([1]), "a list of identifiers"),
        ("a_hex", json!("0"), "pairs of hexadecimal digits"),
        ("a_bin", json!("Zg"), "base64 with padding"),
    ] {
        let observations = one(json!([{"type": "x", "id": "x--1", property: value, "v": 1}]));
        for text in [
            format!("[x:{property} = 1]"),
            format!("[NOT EXISTS x:{property}]"),
            format!("[x:v = 1 OR x:{property} = 1]"),
            format!("[x:v = 2 AND x:{property} = 1]"),
            format!("[x:v = 1] OR [EXISTS x:{property}]"),
        ] {
            let error = evaluate(&text, &observations).unwrap_err();
            assert!(error.to_string().ends_with(&format!("`x:{property}` must be {expected}")), "{text}: {error}");
        }
        assert_eq!(evaluate("[x:v = 1]", &observations), Ok(true), "what no bracket looks at does no harm");
    }
}

#[test]
fn one_object_passes_the_whole_bracket() {
    // §9.4: comparison expressions joined by AND speak of the same object.
    let observations = one(json!([
        {"type": "x", "id": "x--1", "a": 1, "b": 1}, {"type": "x", "id": "x--2", "a": 2, "b": 2},
        {"type": "y", "id": "y--1", "a": 1},
    ]));
    for (text, expected) in [
        ("[x:a = 1 AND x:b = 1]", true),
        ("[x:a = 1 AND x:b = 2]", false),
        ("[x:a = 1] AND [x:b = 2]", false),
        ("[x:a = 1 OR x:b = 3]", true),
        ("[x:a = 1 AND y:a = 1]", false),
        ("[x:a = 1 OR y:a = 9]", true),
        ("[x:a = 3 OR x:a = 2 AND x:b = 2]", true),
        ("[(x:a = 3 OR x:a = 2) AND x:b = 1]", false),
    ] {
        assert_eq!(evaluate(text, &observations), Ok(expected), "{text}");
    }
}

/// Observations of one `x` each, with its number, first and last second, and count.
fn many(rows: &[(i64, u8, u8, u64)]) -> Observations {
    let mut input = Vec::new();
    for (at, (number, first, last, count)) in rows.iter().enumerate() {
        let id = format!("x--{at}");
        let instant = |second: u8| format!("2026-01-01T00:00:{second:02}Z");
        input.push(json!({"type": "x", "id": id, "n": number}));
        input.push(observed(
            &format!("observed-data--{at}"),
            (&instant(*first), &instant(*last)),
            *count,
            &json!([id]),
        ));
    }
    Observations::read(&input, Version::V21).unwrap()
}

#[test]
fn instances_are_used_once() {
    // §9.4, §9.5: an observed-data object stands for `number_observed` observations.
    let (single, double) = (many(&[(1, 0, 0, 1)]), many(&[(1, 0, 0, 2)]));
    let pair = many(&[(1, 0, 0, 1), (1, 5, 5, 1)]);
    for (text, in_single, in_double, in_pair) in [
        ("[x:n = 1]", true, true, true),
        ("[x:n = 1] AND [x:n = 1]", false, true, true),
        ("[x:n = 1] AND [x:n < 9] AND [x:n > 0]", false, false, false),
        ("[x:n = 1] OR [x:n = 2]", true, true, true),
        ("[x:n = 1] AND ([x:n = 2] OR [x:n = 1])", false, true, true),
        ("[x:n = 1] FOLLOWEDBY [x:n = 1]", false, true, true),
        ("[x:n = 1] REPEATS 1 TIMES", true, true, true),
        ("[x:n = 1] REPEATS 2 TIMES", false, true, true),
        ("[x:n = 1] REPEATS 3 TIMES", false, false, false),
        ("([x:n = 1] OR [x:n = 1]) REPEATS 2 TIMES", false, true, true),
        ("[x:n = 1] REPEATS 2 TIMES WITHIN 5 SECONDS", false, true, true),
        ("[x:n = 1] REPEATS 2 TIMES WITHIN 4.9 SECONDS", false, true, false),
        ("[x:n = 1] WITHIN 0.1 SECONDS", true, true, true),
    ] {
        for (observations, expected) in [(&single, in_single), (&double, in_double), (&pair, in_pair)] {
            assert_eq!(evaluate(text, observations), Ok(expected), "{text}");
        }
    }
}

#[test]
fn operators_of_time_hold_if_instants_can_be_chosen() {
    // §9.5.1, §9.5.2. Three at 0, 10 and 20 seconds, and one that lasts from 5 to 15.
    let observations = many(&[(1, 0, 0, 1), (2, 10, 10, 1), (3, 20, 20, 1), (4, 5, 15, 1)]);
    let t = |second: u8| format!("t'2026-01-01T00:00:{second:02}Z'");
    let between = |from: u8, to: u8| format!(" START {} STOP {}", t(from), t(to));
    for (text, expected) in [
        ("[x:n = 1] FOLLOWEDBY [x:n = 2] FOLLOWEDBY [x:n = 3]".to_owned(), true),
        ("[x:n = 2] FOLLOWEDBY [x:n = 1]".to_owned(), false),
        ("[x:n = 4] FOLLOWEDBY [x:n = 2]".to_owned(), true),
        ("[x:n = 2] FOLLOWEDBY [x:n = 4]".to_owned(), true),
        ("[x:n = 2] FOLLOWEDBY [x:n = 4] FOLLOWEDBY [x:n = 2]".to_owned(), false),
        ("([x:n = 1] AND [x:n = 3]) FOLLOWEDBY [x:n = 2]".to_owned(), false),
        ("[x:n = 1] FOLLOWEDBY ([x:n = 2] AND [x:n = 3])".to_owned(), true),
        ("([x:n = 1] AND [x:n = 2]) WITHIN 10 SECONDS".to_owned(), true),
        ("([x:n = 1] AND [x:n = 2]) WITHIN 9 SECONDS".to_owned(), false),
        ("([x:n = 1] AND [x:n = 4]) WITHIN 5 SECONDS".to_owned(), true),
        ("([x:n = 1] AND [x:n = 4]) WITHIN 4.999 SECONDS".to_owned(), false),
        ("([x:n = 1] AND [x:n = 3]) WITHIN 999999999999999999999999999999999999999 SECONDS".to_owned(), true),
        ("([x:n = 1] FOLLOWEDBY [x:n = 2]) WITHIN 10 SECONDS".to_owned(), true),
        ("[x:n = 1] FOLLOWEDBY [x:n = 3] WITHIN 1 SECONDS".to_owned(), true),
        (format!("[x:n = 2]{}", between(10, 11)), true),
        (format!("[x:n = 2]{}", between(9, 10)), false),
        (format!("[x:n = 4]{}", between(0, 5)), false),
        (format!("[x:n = 4]{}", between(0, 6)), true),
        (format!("[x:n = 4]{}", between(15, 16)), true),
        (format!("[x:n = 4]{}", between(16, 17)), false),
        (format!("[x:n = 2]{}", between(10, 10)), false),
        (format!("[x:n = 2]{}", between(20, 5)), false),
        (format!("([x:n = 1] AND [x:n = 2]){}", between(0, 11)), true),
        (format!("([x:n = 1] AND [x:n = 3]){}", between(0, 11)), false),
        (format!("([x:n = 1] OR [x:n = 3]){}", between(0, 11)), true),
        ("([x:n = 1] FOLLOWEDBY [x:n > 1]) REPEATS 2 TIMES".to_owned(), false),
        ("([x:n < 3] FOLLOWEDBY [x:n > 2]) REPEATS 2 TIMES".to_owned(), true),
    ] {
        assert_eq!(evaluate(&text, &observations), Ok(expected), "{text}");
    }
}

#[test]
fn within_includes_its_boundary_unless_told_otherwise() {
    let observations = many(&[(1, 0, 0, 1), (2, 10, 10, 1)]);
    for (seconds, inclusive, exclusive) in
        [("10", true, false), ("10.0", true, false), ("10.001", true, true), ("9", false, false)]
    {
        let pattern = parse(&format!("([x:n = 1] AND [x:n = 2]) WITHIN {seconds} SECONDS")).unwrap();
        for (boundary, expected) in [(Boundary::Inclusive, inclusive), (Boundary::Exclusive, exclusive)] {
            let matcher = pattern.compile_with(boundary).unwrap();
            assert_eq!(matcher.is_match(&observations, Steps::default()), Ok(expected), "{seconds} {boundary:?}");
        }
    }
}

#[test]
fn the_binding_is_the_first_by_position() {
    let observations = many(&[(2, 9, 9, 1), (1, 3, 3, 1), (1, 1, 1, 1), (2, 2, 2, 1), (1, 5, 5, 2)]);
    for (text, expected) in [
        ("[x:n = 1]", vec!["observed-data--1"]),
        ("[x:n = 1] AND [x:n = 2]", vec!["observed-data--0", "observed-data--1"]),
        ("([x:n = 1] FOLLOWEDBY [x:n = 2]) WITHIN 1 SECONDS", vec!["observed-data--2", "observed-data--3"]),
        ("[x:n = 1] REPEATS 3 TIMES", vec!["observed-data--1", "observed-data--2", "observed-data--4"]),
        ("([x:n = 1] REPEATS 2 TIMES) WITHIN 1 SECONDS", vec!["observed-data--4"]),
        ("[x:n = 3] OR ([x:n = 2] REPEATS 2 TIMES)", vec!["observed-data--0", "observed-data--3"]),
    ] {
        let matcher = parse(text).unwrap().compile().unwrap();
        let binding = matcher.matches(&observations, Steps::default()).unwrap().unwrap();
        assert_eq!(binding.ids(&observations).collect::<Vec<_>>(), expected, "{text}");
    }
}

#[test]
fn constants_that_cannot_be_evaluated_are_found_before_any_data() {
    for (text, kind, code) in [
        ("[x:v = t'2026-02-30T00:00:00Z']", CompileErrorKind::Date, "pattern.constant"),
        ("[x:v = 1] OR [x:v IN (t'2026-02-30T00:00:00Z')]", CompileErrorKind::Date, "pattern.constant"),
        (
            "[x:v = 1] START t'2026-01-01T00:00:00Z' STOP t'2026-04-31T00:00:00Z'",
            CompileErrorKind::Date,
            "pattern.constant",
        ),
        ("[x:v IN (1, 'a')]", CompileErrorKind::Set, "pattern.constant"),
        ("[x:v IN ('a', true)]", CompileErrorKind::Set, "pattern.constant"),
        ("[x:v IN (h'00', b'AA==')]", CompileErrorKind::Set, "pattern.constant"),
        ("[x:v ISSUBSET 'example.com']", CompileErrorKind::Network, "pattern.constant"),
        ("[x:v ISSUPERSET '192.0.2.0/33']", CompileErrorKind::Network, "pattern.constant"),
        ("[x:v MATCHES '(']", CompileErrorKind::Expression, "STIX-E-913"),
        ("[x:v_hex MATCHES '(?=a)']", CompileErrorKind::Expression, "STIX-E-913"),
        ("[x:v = 1] REPEATS 0 TIMES", CompileErrorKind::Repeats, "pattern.constant"),
        ("[x:v = 1] WITHIN 0 SECONDS", CompileErrorKind::Within, "pattern.constant"),
        ("([x:v = 1] WITHIN 0.000 SECONDS) OR [x:v = 1]", CompileErrorKind::Within, "pattern.constant"),
    ] {
        let error = parse(text).unwrap().compile().expect_err(text);
        assert_eq!((error.kind(), error.code()), (kind, code), "{text}: {error}");
    }
    assert!(parse("[x:v IN (1, 1.5)]").unwrap().compile().is_ok(), "integers and floats are one kind");
}

#[test]
fn observed_data_must_say_when_how_often_and_what() {
    let valid = observed("observed-data--1", ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"), 1, &json!([]));
    assert!(Observations::read(std::slice::from_ref(&valid), Version::V21).is_ok());
    for (property, value) in [
        ("first_observed", json!(null)),
        ("last_observed", json!("2026-01-01")),
        ("last_observed", json!("2025-12-31T00:00:00Z")),
        ("number_observed", json!(0)),
        ("number_observed", json!("1")),
        ("number_observed", json!(1.5)),
        ("object_refs", json!("x--1")),
        ("object_refs", json!([1])),
    ] {
        let mut broken = valid.clone();
        broken[property] = value;
        let error = Observations::read(std::slice::from_ref(&broken), Version::V21).unwrap_err();
        assert!(error.to_string().starts_with(&format!("`{property}` of `observed-data--1` must be")), "{error}");
        let mut missing = valid.clone();
        missing.as_object_mut().unwrap().remove(property);
        assert!(Observations::read(&[missing], Version::V21).is_err(), "{property}");
        // In bulk it concerns that one only.
        let mut errors = Vec::new();
        let read = Observations::read_each(&[broken, valid.clone()], Version::V21, &mut |error| errors.push(error));
        assert_eq!((read.len(), errors.len()), (1, 1), "{property}");
    }
    for broken in [json!(1), json!({"id": "x--1"}), json!({"type": 1})] {
        assert_eq!(Observations::read(&[broken], Version::V21).unwrap_err().code(), "pattern.input");
    }
    let depth = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!([inner]));
    let nested = |levels: usize| {
        let mut input = valid.clone();
        input["object_refs"] = json!(["x--1"]);
        Observations::read(&[json!({"type": "x", "id": "x--1", "v": depth(levels)}), input], Version::V21).is_ok()
    };
    assert!(nested(127) && !nested(128));
}

#[test]
fn input_comes_as_bundles_objects_or_containers() {
    let bundle = |objects: Value| json!({"type": "bundle", "id": "bundle--1", "objects": objects});
    let x = json!({"type": "x", "id": "x--1", "v": 1});
    let when = ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z");
    let observation = observed("observed-data--1", when, 1, &json!(["x--1", "x--2"]));
    let reads = |input: &[Value], version| {
        let observations = Observations::read(input, version).unwrap();
        evaluate("[x:v = 1 AND NOT EXISTS x:y_ref]", &observations).unwrap()
    };
    assert!(
        reads(&[bundle(json!([x])), bundle(json!([observation]))], Version::V21),
        "objects of one bundle, data of another"
    );
    assert!(reads(&[observation.clone(), x.clone()], Version::V21), "objects in any order");
    assert!(!reads(std::slice::from_ref(&observation), Version::V21), "an object that is not at hand");
    assert!(
        !reads(&[x.clone(), observation.clone(), json!({"type": "x", "id": "x--1", "v": 2})], Version::V21),
        "the later wins"
    );
    let mut both = observation.clone();
    both["objects"] = json!({});
    assert!(reads(&[both.clone(), x.clone()], Version::V21), "references win over an empty container");
    both.as_object_mut().unwrap().remove("object_refs");
    both["objects"] = json!({"0": {"type": "x", "v": 1}, "1": {"type": "identity", "name": "n", "y_ref": "0"}});
    assert!(reads(&[both.clone()], Version::V21) && reads(&[both.clone()], Version::V20), "a container alone");
    let container = |version| Observations::read(&[both.clone()], version).unwrap();
    assert_eq!(evaluate("[identity:y_ref.v = 1]", &container(Version::V20)), Ok(true), "2.0 observes every type");
    assert_eq!(evaluate("[identity:y_ref.v = 1]", &container(Version::V21)), Ok(false));
    assert!(Observations::read(&[observation], Version::V20).is_err(), "2.0 knows containers only");
    let bytes = serde_json::to_vec(&bundle(json!([both]))).unwrap();
    assert_eq!(Observations::read_bytes(&bytes, Version::V20).unwrap().len(), 1);
    assert!(
        Observations::read_bytes(b"{", Version::V20).is_err() && Observations::read_bytes(b"[]", Version::V20).is_ok()
    );
}

#[test]
fn each_observation_can_be_asked_by_itself() {
    let observations = many(&[(1, 0, 0, 1), (2, 1, 1, 2), (1, 2, 2, 2)]);
    let each = |text: &str| -> Vec<bool> {
        let matcher = parse(text).unwrap().compile().unwrap();
        (0..4).map(|at| matcher.matches_at(&observations, at, Steps::default()).unwrap()).collect()
    };
    assert_eq!(each("[x:n = 1]"), [true, false, true, false]);
    assert_eq!(each("[x:n = 1] AND [x:n = 1]"), [false, false, true, false]);
    assert_eq!(each("[x:n = 1] AND [x:n = 2]"), [false; 4]);
}

#[test]
fn patterns_of_2_0_are_evaluated_with_stacked_qualifiers() {
    let observations = many(&[(1, 0, 0, 1), (1, 10, 10, 1)]);
    let run = |text: &str| {
        let matcher = entente_pattern::parse_20(text).unwrap().compile().unwrap();
        matcher.is_match(&observations, Steps::default()).unwrap()
    };
    assert!(run("[x:n = 1] START '2026-01-01T00:00:10Z' STOP '2026-01-01T00:00:11Z'"));
    assert!(!run("[x:n = 1] START '2026-01-01T00:00:01Z' STOP '2026-01-01T00:00:10Z'"));
    assert!(run("[x:n = 1] REPEATS 2 TIMES WITHIN 20 SECONDS WITHIN 10 SECONDS"));
    assert!(!run("[x:n = 1] REPEATS 2 TIMES WITHIN 20 SECONDS WITHIN 9 SECONDS"));
}

#[test]
fn bindings_are_equal_by_their_positions() {
    let observations = many(&[(2, 0, 0, 1), (1, 10, 10, 1)]);
    let binding =
        |text: &str| parse(text).unwrap().compile().unwrap().matches(&observations, Steps::default()).unwrap();
    let bare = binding("[x:n = 1]");
    assert_eq!(bare, binding("[x:n = 1] START t'2026-01-01T00:00:00Z' STOP t'2027-01-01T00:00:00Z'"));
    assert_eq!(bare.unwrap().positions(), [1]);
    assert_ne!(binding("[x:n = 1]"), binding("[x:n = 2]"));
}

#[test]
fn long_sets_hold_what_equals_one_member() {
    // Of each kind; members of one value in two spellings included.
    let set = |from: &str, write: &dyn Fn(u32) -> String| {
        let members: Vec<String> = (0..40).rev().map(|n| write(n * 2)).collect();
        format!("IN ({}, {from})", members.join(", "))
    };
    let numbers = set("5.5, 4.0", &|n| n.to_string());
    let instants = set("t'2026-01-01T00:00:04.0Z'", &|n| format!("t'2026-01-01T00:{:02}:{:02}Z'", n / 60, n % 60));
    let octets = set("h''", &|n| format!("h'41{n:02x}'"));
    table(&[
        (&numbers, json!(4), true),
        (&numbers, json!(5), false),
        (&numbers, json!(5.5), true),
        (&numbers, json!(78), true),
        (&numbers, json!(80), false),
        (&numbers, json!(-1), false),
        (&numbers, json!("4"), false),
        (&instants, json!("2026-01-01T00:00:04.000Z"), true),
        (&instants, json!("2026-01-01T00:00:05Z"), false),
        (&instants, json!(4), false),
        (&octets, json!("A\u{4e}"), true),
        (&octets, json!("A\u{4f}"), false),
        (&octets, json!(""), true),
        (&octets, json!("\u{100}"), false),
    ]);
}
