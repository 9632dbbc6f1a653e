//! The constants of a pattern, and the equalities it consists of.

use std::collections::HashSet;

use crate::print::Quoted;
use crate::tree::{Comparison, Join, Observation, Operator, Path, Step, Test};

/// One constant of a pattern and what it is compared to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// Object type of the path, such as `network-traffic`.
    pub object_type: String,
    /// The rest of the path: names joined by `.`, indices as `[0]` and `[*]`; a name is in quotes only if it has other
    /// characters than letters, digits, `_` and `-`.
    pub property: String,
    /// The operator as written.
    pub operator: Operator,
    /// Whether `NOT` stands before the operator.
    pub negated: bool,
    /// The constant without quotes, prefix letter and escapes.
    pub value: String,
}

/// One equality of a pattern that is nothing but equalities.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Equality {
    /// Object type of the path.
    pub object_type: String,
    /// The rest of the path, in the form of [`Literal::property`].
    pub property: String,
    /// The constant without quotes, prefix letter and escapes.
    pub value: String,
}

pub(crate) fn literals(root: &Observation) -> Vec<Literal> {
    let mut found = Vec::new();
    visit(root, &mut |comparison| {
        for constant in &comparison.constants {
            found.push(Literal {
                object_type: comparison.path.object_type.clone(),
                property: property(&comparison.path),
                operator: comparison.operator,
                negated: comparison.negated,
                value: constant.text().to_owned(),
            });
        }
    });
    found
}

/// Calls `with` for each comparison in order. Recursion is bounded by the parser's depth limit.
fn visit(observation: &Observation, with: &mut dyn FnMut(&Comparison)) {
    match observation {
        Observation::Test(test) => visit_test(test, with),
        Observation::Joined(_, parts) => parts.iter().for_each(|part| visit(part, with)),
        Observation::Qualified(inner, _) => visit(inner, with),
    }
}

fn visit_test(test: &Test, with: &mut dyn FnMut(&Comparison)) {
    match test {
        Test::Compare(comparison) => with(comparison),
        Test::Exists { .. } => {}
        Test::Joined { parts, .. } => parts.iter().for_each(|part| visit_test(part, with)),
    }
}

pub(crate) fn equalities(root: &Observation) -> Option<Vec<Equality>> {
    let mut found = Vec::new();
    observation_equalities(root, &mut found)?;
    let mut seen = HashSet::with_capacity(found.len());
    found.retain(|key| seen.insert(key.clone()));
    Some(found)
}

fn observation_equalities(observation: &Observation, found: &mut Vec<Equality>) -> Option<()> {
    match observation {
        Observation::Test(test) => test_equalities(test, found),
        Observation::Joined(Join::Or, parts) => parts.iter().try_for_each(|part| observation_equalities(part, found)),
        Observation::Joined(..) | Observation::Qualified(..) => None,
    }
}

fn test_equalities(test: &Test, found: &mut Vec<Equality>) -> Option<()> {
    let comparison = match test {
        Test::Joined { by_and: false, parts } => return parts.iter().try_for_each(|part| test_equalities(part, found)),
        Test::Joined { .. } | Test::Exists { .. } => return None,
        Test::Compare(comparison) => comparison,
    };
    if !is_equality(comparison) {
        return None;
    }
    if comparison.operator == Operator::Like && !comparison.constants.iter().all(|constant| is_alone(constant.text())) {
        return None;
    }
    for constant in &comparison.constants {
        let key = Equality {
            object_type: comparison.path.object_type.clone(),
            property: property(&comparison.path),
            value: constant.text().to_owned(),
        };
        found.push(key);
    }
    Some(())
}

/// Tells whether a comparison holds for equal values only: `=`, `IN`, `NOT !=`, and `LIKE` without a wildcard. What `LIKE`
/// takes for equal has one NFC; [`is_alone`] says whether that is one text.
pub(crate) fn is_equality(comparison: &Comparison) -> bool {
    match (comparison.operator, comparison.negated) {
        (Operator::Equal | Operator::In, false) | (Operator::NotEqual, true) => true,
        (Operator::Like, false) => !comparison.constants.iter().any(|constant| constant.text().contains(['%', '_'])),
        _ => false,
    }
}

/// Tells whether `LIKE` holds for the text itself only. `LIKE` compares in NFC, where three other characters become one of
/// ASCII: U+037E `;`, U+1FEF `` ` ``, U+212A `K`.
pub(crate) fn is_alone(text: &str) -> bool {
    text.is_ascii() && !text.contains([';', '`', 'K'])
}

/// Writes the steps of a path with quotes only where a name has unusual characters.
pub(crate) fn property(path: &Path) -> String {
    let mut out = String::new();
    for step in &path.steps {
        match step {
            Step::Key(key) => {
                if !out.is_empty() {
                    out.push('.');
                }
                let plain = !key.is_empty()
                    && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
                if plain { out.push_str(key) } else { out.push_str(&Quoted(key).to_string()) }
            }
            Step::Index(index) => out.push_str(&format!("[{index}]")),
            Step::Any => out.push_str("[*]"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::parse;

    fn keys(text: &str) -> Option<Vec<String>> {
        let keys = parse(text).unwrap().equalities()?;
        Some(keys.into_iter().map(|key| format!("{}:{}={}", key.object_type, key.property, key.value)).collect())
    }

    #[test]
    fn equality_and_its_unions_are_keys() {
        for (text, expected) in [
            ("[url:value = 'http://a.example/']", vec!["url:value=http://a.example/"]),
            ("[url:value == 'a' OR domain-name:value NOT != 'b']", vec!["url:value=a", "domain-name:value=b"]),
            (
                "([mutex:name = 'x'] OR [mutex:name LIKE 'y']) OR [mutex:name = 'x']",
                vec!["mutex:name=x", "mutex:name=y"],
            ),
            ("[file:hashes.'SHA-256' IN ()]", vec![]),
            (
                "[file:hashes.MD5 IN ('6f5902ac237024bdd0c176cb93063dc4')]",
                vec!["file:hashes.MD5=6f5902ac237024bdd0c176cb93063dc4"],
            ),
            (
                "[network-traffic:dst_port IN (25, 465)]",
                vec!["network-traffic:dst_port=25", "network-traffic:dst_port=465"],
            ),
        ] {
            assert_eq!(keys(text), Some(expected.into_iter().map(str::to_owned).collect()), "{text}");
        }
    }

    #[test]
    fn whatever_says_more_than_equality_has_no_keys() {
        // A key taken for the whole pattern would match what the pattern does not.
        for text in [
            "[url:value = 'a' AND url:value = 'a']",
            "[url:value = 'a'] AND [url:value = 'b']",
            "[url:value = 'a'] FOLLOWEDBY [url:value = 'b']",
            "[url:value = 'a'] REPEATS 2 TIMES",
            "[url:value != 'a']",
            "[url:value NOT = 'a']",
            "[url:value NOT IN ('a')]",
            "[url:value LIKE 'a%']",
            "[url:value LIKE 'a_']",
            // Holds for U+212A and for the decomposed text too.
            "[mutex:name LIKE 'K']",
            "[mutex:name LIKE '\u{e9}']",
            "[url:value MATCHES 'a']",
            "[file:size > 5]",
            "[ipv4-addr:value ISSUBSET '192.0.2.0/24']",
            "[EXISTS file:name]",
            "[url:value = 'a' OR file:size > 5]",
        ] {
            assert_eq!(keys(text), None, "{text}");
        }
    }

    #[test]
    fn like_without_wildcard_is_equality_for_what_is_alone_in_nfc() {
        use unicode_normalization::UnicodeNormalization;
        let others: String = ('\u{80}'..=char::MAX).flat_map(|other| std::iter::once(other).nfc()).collect();
        for character in '\0'..='\u{7f}' {
            assert_eq!(super::is_alone(&character.to_string()), !others.contains(character), "{character:?}");
        }
    }

    #[test]
    fn literals_come_in_order_with_their_paths() {
        let pattern = parse(
            r"[a-b:c.'d-e'.'f g'[0].h[*] NOT LIKE 'x\'\\' AND (x:y IN (1, true) OR EXISTS x:z)] WITHIN 5 SECONDS AND [m:n = h'0A']",
        );
        let literals = pattern.unwrap().literals();
        let found: Vec<_> = literals
            .iter()
            .map(|l| (l.object_type.as_str(), l.property.as_str(), l.negated, l.operator.symbol(), l.value.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("a-b", "c.d-e.'f g'[0].h[*]", true, "LIKE", r"x'\"),
                ("x", "y", false, "IN", "1"),
                ("x", "y", false, "IN", "true"),
                ("m", "n", false, "=", "0a"),
            ]
        );
    }
}
