//! Hostile patterns against the public interface.

use std::time::{Duration, Instant};

/// Reads `text` within the time limit and returns the code, or `valid`.
fn verdict(text: &str) -> &'static str {
    let begin = Instant::now();
    let parsed = entente_pattern::parse(text);
    assert!(begin.elapsed() < Duration::from_millis(500), "an unoptimised build needs less than ten times the limit");
    let code = match parsed {
        Ok(pattern) => {
            let _ = (pattern.to_string(), pattern.literals(), pattern.equalities(), pattern.keys());
            "valid"
        }
        Err(error) => error.code(),
    };
    assert!(begin.elapsed() < Duration::from_secs(3), "copies of 10,000 long paths are the most there is");
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
    // The grammar compiles nothing, so an explosive expression is only text.
    assert_eq!(verdict("[a:b MATCHES '(a+)+$']"), "valid");
}

#[test]
fn abuse_a13_expressions_that_need_back_tracking_are_refused() {
    for (expression, refused) in
        [("(?=a)b", true), ("(?<!a)b", true), (r"(a)\\1", true), ("(a+)+$", false), ("(?:a{1000}){1000}{1000}", true)]
    {
        let begin = Instant::now();
        let mut codes = Vec::new();
        let pattern = entente_pattern::parse(&format!("[file:name MATCHES '{expression}']")).unwrap();
        pattern.check_types(&mut |code, _| codes.push(code.as_str()));
        assert_eq!(codes.contains(&"STIX-E-913"), refused, "{expression}: {codes:?}");
        assert!(begin.elapsed() < Duration::from_secs(2), "{expression}");
    }
}

#[test]
fn abuse_a13_many_large_expressions_are_refused_in_little_time() {
    let many = |part: &dyn Fn(usize) -> String| {
        let tests: Vec<String> = (0..256).map(|at| format!("a:b MATCHES '{}'", part(at))).collect();
        format!("[{}]", tests.join(" OR "))
    };
    for text in [
        format!("[a:b MATCHES '(?i){}']", r"\\pL".repeat(16_000)),
        format!("[a:b MATCHES '(?i)[{}]']", r"\\pL".repeat(16_000)),
        many(&|at| format!("(?i){}{at}", r"\\pL".repeat(40))),
        many(&|at| format!(r"\\w{{70}}{at}")),
        vec![r"[a:b MATCHES '\\w{80}']"; 256].join(" AND "),
    ] {
        let begin = Instant::now();
        let pattern = entente_pattern::parse(&text).unwrap();
        let mut codes = Vec::new();
        pattern.check_types(&mut |code, _| codes.push(code.as_str()));
        assert_eq!(codes.contains(&"STIX-E-913"), pattern.compile().is_err(), "{}", &text[..40]);
        assert!(begin.elapsed() < Duration::from_secs(5), "{:?} for {}", begin.elapsed(), &text[..40]);
    }
}

#[test]
fn abuse_a13_the_canonical_form_is_bounded() {
    let joined =
        |count: usize, word: &str, part: &dyn Fn(usize) -> String| (0..count).map(part).collect::<Vec<_>>().join(word);
    let set = |from: usize, count: usize| joined(count, ",", &|n| (from + n).to_string());
    let cases = [
        // As many alternatives as there may be, of one length and of many.
        format!("[{}]", joined(12, " AND ", &|n| format!("(a:x{n} = 1 OR a:y{n} = 1)"))),
        format!(
            "[{}]",
            joined(6, " AND ", &|n| format!("(a:x{n} = 1 OR a:y{n} = 1 OR a:x{} = 1 OR a:y{} = 2)", n + 1, n + 2))
        ),
        joined(12, " AND ", &|n| format!("([a:x{n}=1] OR [a:y{n}=1])")),
        joined(12, " FOLLOWEDBY ", &|n| format!("([a:x{n}=1] OR [a:y{}=1])", n % 3)),
        joined(6, " AND ", &|n| {
            format!("([a:x{n}=1] OR [a:y=1] OR ([a:z=1] FOLLOWEDBY [a:x=1]) OR ([a:z=1] AND [a:w{n}=1]))")
        }),
        // Beyond them.
        format!("[{}]", joined(128, " AND ", &|n| format!("(a:x{n} = 1 OR a:y{n} = 1)"))),
        joined(128, " FOLLOWEDBY ", &|n| format!("([a:x{n}=1] OR [a:y{n}=1])")),
        format!("[{}]", joined(6, " AND ", &|n| format!("a:x IN ({})", set(n * 2000, 1800)))),
        format!("[a:{} IN ({})]", "b".repeat(1000), set(0, 4096)),
        format!("[a:x = '{}' AND a:b IN ({})]", "x".repeat(40_000), set(0, 4000)),
        format!("[{}]", joined(255, " OR ", &|n| format!("a:b NOT IN ({})", set(n * 50, 45)))),
        // Parts in parts to the depth there may be.
        format!("{}[a:b = 1]{}", "(([a:c = 1] OR ".repeat(15), ") AND [a:d = 1])".repeat(15)),
    ];
    for text in cases {
        let begin = Instant::now();
        let pattern = entente_pattern::parse(&text).unwrap();
        let (form, _) = pattern.canonical_form();
        let size = form.to_string().len();
        assert!(size <= 2 * 1024 * 1024, "{size} bytes of {}", &text[..40]);
        assert!(begin.elapsed() < Duration::from_secs(4), "{:?} for {}", begin.elapsed(), &text[..40]);
    }
}
