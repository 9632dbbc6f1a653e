//! The tree to text, in one spacing, with parentheses only where the tree needs them.

use std::fmt::{self, Display, Formatter};

use crate::token::is_name;
use crate::tree::{Comparison, Constant, Join, Observation, Operator, Path, Qualifier, Step, Test};

/// Writes the pattern that is true where `property` of `object_type` equals the string `value`.
///
/// `property` is a path of names joined by `.`, such as `value` or `hashes.SHA-256`; names that need quotes get them. A path
/// that already has quotes or indices is written as it is.
///
/// # Examples
///
/// ```
/// use entente_pattern::equality;
/// assert_eq!(equality("url", "value", r"http://a.example/'\"), r"[url:value = 'http://a.example/\'\\']");
/// assert_eq!(equality("file", "hashes.SHA-256", "00"), "[file:hashes.'SHA-256' = '00']");
/// ```
pub fn equality(object_type: &str, property: &str, value: &str) -> String {
    let property = if property.contains(['\'', '[']) {
        property.to_owned()
    } else {
        property.split('.').map(|key| Key(key).to_string()).collect::<Vec<_>>().join(".")
    };
    format!("[{object_type}:{property} = {}]", Quoted(value))
}

pub(crate) fn observation(formatter: &mut Formatter<'_>, observation: &Observation) -> fmt::Result {
    match observation {
        Observation::Test(tests) => {
            formatter.write_str("[")?;
            test(formatter, tests)?;
            formatter.write_str("]")
        }
        Observation::Joined(join, parts) => {
            let word = match join {
                Join::And => " AND ",
                Join::FollowedBy => " FOLLOWEDBY ",
                Join::Or => " OR ",
            };
            for (at, part) in parts.iter().enumerate() {
                if at > 0 {
                    formatter.write_str(word)?;
                }
                let needs = matches!(part, Observation::Joined(inner, _) if inner <= join);
                parenthesised(formatter, part, needs)?;
            }
            Ok(())
        }
        Observation::Qualified(inner, qualifiers) => qualified(formatter, inner, qualifiers),
    }
}

/// A bare bracket takes each kind of qualifier once; parentheses around the first ones let it take more.
fn qualified(formatter: &mut Formatter<'_>, inner: &Observation, qualifiers: &[Qualifier]) -> fmt::Result {
    let kind = |at: usize| qualifiers.get(at).map(std::mem::discriminant);
    let is_bare = matches!(inner, Observation::Test(_));
    // Only three kinds exist, so a repetition shows among the first four.
    let closed_at =
        (0..qualifiers.len().min(4)).find(|&at| is_bare && (0..at).any(|earlier| kind(earlier) == kind(at)));
    if closed_at.is_some() {
        formatter.write_str("(")?;
    }
    parenthesised(formatter, inner, matches!(inner, Observation::Joined(..)))?;
    for (at, qualifier) in qualifiers.iter().enumerate() {
        if closed_at == Some(at) {
            formatter.write_str(")")?;
        }
        match qualifier {
            Qualifier::StartStop(start, stop) => write!(formatter, " START t'{start}' STOP t'{stop}'")?,
            Qualifier::Within(seconds) => write!(formatter, " WITHIN {seconds} SECONDS")?,
            Qualifier::Repeats(count) => write!(formatter, " REPEATS {count} TIMES")?,
        }
    }
    Ok(())
}

fn parenthesised(formatter: &mut Formatter<'_>, inner: &Observation, needs: bool) -> fmt::Result {
    if !needs {
        return observation(formatter, inner);
    }
    formatter.write_str("(")?;
    observation(formatter, inner)?;
    formatter.write_str(")")
}

fn test(formatter: &mut Formatter<'_>, tests: &Test) -> fmt::Result {
    match tests {
        Test::Compare(comparison) => compare(formatter, comparison),
        Test::Exists { negated, path } => {
            write!(formatter, "{}EXISTS {path}", if *negated { "NOT " } else { "" })
        }
        Test::Joined { by_and, parts } => {
            for (at, part) in parts.iter().enumerate() {
                if at > 0 {
                    formatter.write_str(if *by_and { " AND " } else { " OR " })?;
                }
                let needs = matches!(part, Test::Joined { by_and: inner, .. } if *by_and || !inner);
                if needs {
                    formatter.write_str("(")?;
                }
                test(formatter, part)?;
                if needs {
                    formatter.write_str(")")?;
                }
            }
            Ok(())
        }
    }
}

fn compare(formatter: &mut Formatter<'_>, comparison: &Comparison) -> fmt::Result {
    let Comparison { path, negated, operator, constants } = comparison;
    let not = if *negated { "NOT " } else { "" };
    write!(formatter, "{path} {not}{} ", operator.symbol())?;
    let is_set = *operator == Operator::In;
    if is_set {
        formatter.write_str("(")?;
    }
    for (at, constant) in constants.iter().enumerate() {
        if at > 0 {
            formatter.write_str(", ")?;
        }
        self::constant(formatter, constant)?;
    }
    formatter.write_str(if is_set { ")" } else { "" })
}

fn constant(formatter: &mut Formatter<'_>, constant: &Constant) -> fmt::Result {
    match constant {
        Constant::Text(text) => Quoted(text).fmt(formatter),
        Constant::Hex(digits) => write!(formatter, "h'{digits}'"),
        Constant::Binary(digits) => write!(formatter, "b'{digits}'"),
        Constant::Timestamp(instant) => write!(formatter, "t'{instant}'"),
        Constant::Integer(_) | Constant::Float(_) | Constant::Boolean(_) => formatter.write_str(constant.text()),
    }
}

impl Display for Path {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.object_type, Steps(self))
    }
}

/// Prints the steps of a path with the quotes the grammar wants.
struct Steps<'a>(&'a Path);

impl Display for Steps<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.steps.iter().enumerate() {
            match step {
                Step::Key(key) => write!(formatter, "{}{}", if at > 0 { "." } else { "" }, Key(key))?,
                Step::Index(index) => write!(formatter, "[{index}]")?,
                Step::Any => formatter.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

/// Prints a property name, in quotes where it needs them.
struct Key<'a>(&'a str);

impl Display for Key<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        if is_name(self.0) { formatter.write_str(self.0) } else { Quoted(self.0).fmt(formatter) }
    }
}

/// Prints a string constant.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("'")?;
        for part in self.0.split_inclusive(['\'', '\\']) {
            match part.strip_suffix(['\'', '\\']) {
                Some(plain) => {
                    formatter.write_str(plain)?;
                    formatter.write_str(if part.ends_with('\'') { "\\'" } else { "\\\\" })?;
                }
                None => formatter.write_str(part)?,
            }
        }
        formatter.write_str("'")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Pattern, parse};

    #[test]
    fn printing_has_one_spacing_and_no_needless_parentheses() {
        for (text, printed) in [
            ("[ a : b=='x' ]", "[a:b = 'x']"),
            ("[(a:b<>1)]", "[a:b != 1]"),
            ("(([a:b=1]))", "[a:b = 1]"),
            ("[a:b=1 AND(a:c=2 OR a:d=3)]", "[a:b = 1 AND (a:c = 2 OR a:d = 3)]"),
            ("[(a:b=1 AND a:c=2)OR a:d=3]", "[a:b = 1 AND a:c = 2 OR a:d = 3]"),
            ("([a:b=1]AND[a:b=2])OR[a:b=3]", "[a:b = 1] AND [a:b = 2] OR [a:b = 3]"),
            ("[a:b=1]AND([a:b=2]FOLLOWEDBY[a:b=3])", "[a:b = 1] AND ([a:b = 2] FOLLOWEDBY [a:b = 3])"),
            ("([a:b=1]OR[a:b=2])REPEATS +3 TIMES", "([a:b = 1] OR [a:b = 2]) REPEATS 3 TIMES"),
            ("([a:b=1]WITHIN 5 SECONDS)WITHIN 5.50 SECONDS", "([a:b = 1] WITHIN 5 SECONDS) WITHIN 5.5 SECONDS"),
            ("([a:b=1])WITHIN 5 SECONDS", "[a:b = 1] WITHIN 5 SECONDS"),
            ("[a:'b'.'c-d'.'IN'[0].e[*]=+7]", "[a:b.'c-d'.'IN'[0].e[*] = 7]"),
            ("[a:b IN(.5,-0.50,-0,007.0,h'AB',true)]", "[a:b IN (0.5, -0.5, 0, 7.0, h'ab', true)]"),
            (r"[a:b='\'\\ü']", r"[a:b = '\'\\ü']"),
            ("[NOT EXISTS a:b]", "[NOT EXISTS a:b]"),
            ("[a:b NOT LIKE '%']", "[a:b NOT LIKE '%']"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), printed, "{text}");
        }
    }

    fn constants() -> impl Strategy<Value = Constant> {
        prop_oneof![
            any::<String>().prop_map(Constant::Text),
            r"[x'\\\n]{0,5}".prop_map(Constant::Text),
            any::<i64>().prop_map(|number| Constant::Integer(number.to_string())),
            r"-?(0|[1-9][0-9]{0,3})\.[0-9]{0,2}[1-9]".prop_map(Constant::Float),
            any::<bool>().prop_map(Constant::Boolean),
            "([0-9a-f]{2}){0,3}".prop_map(Constant::Hex),
            "([A-Za-z0-9+/]{4}){0,2}[A-Za-z0-9+/]{2}==".prop_map(Constant::Binary),
            r"20[0-9]{2}-0[1-9]-3[01]T2[0-3]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,4})?Z".prop_map(Constant::Timestamp),
        ]
    }

    fn paths() -> impl Strategy<Value = Path> {
        let key = prop_oneof!["[a-z_][a-z0-9_]{0,4}", "[A-Za-z '.-]{0,6}", Just("AND".to_owned())].prop_map(Step::Key);
        let step = prop_oneof![3 => key.clone(), 1 => any::<i64>().prop_map(Step::Index), 1 => Just(Step::Any)];
        ("x[a-z0-9]{0,3}(-[a-z0-9]{1,3})?", key, proptest::collection::vec(step, 0..4)).prop_map(
            |(object_type, first, rest)| {
                let mut steps = vec![first];
                steps.extend(rest);
                Path { object_type, steps }
            },
        )
    }

    fn comparisons() -> impl Strategy<Value = Test> {
        let operand = prop_oneof![
            (prop_oneof![Just(Operator::Equal), Just(Operator::NotEqual)], constants()).prop_map(|(o, c)| (o, vec![c])),
            constants()
                .prop_filter("booleans have no order", |c| !matches!(c, Constant::Boolean(_)))
                .prop_map(|c| (Operator::GreaterOrEqual, vec![c])),
            proptest::collection::vec(constants(), 0..4).prop_map(|items| (Operator::In, items)),
            any::<String>().prop_map(|text| (Operator::Matches, vec![Constant::Text(text)])),
        ];
        prop_oneof![
            5 => (paths(), any::<bool>(), operand).prop_map(|(path, negated, (operator, constants))| {
                Test::Compare(Comparison { path, negated, operator, constants })
            }),
            1 => (any::<bool>(), paths()).prop_map(|(negated, path)| Test::Exists { negated, path }),
        ]
    }

    fn tests() -> impl Strategy<Value = Test> {
        comparisons().prop_recursive(3, 12, 3, |inner| {
            (any::<bool>(), proptest::collection::vec(inner, 2..4))
                .prop_map(|(by_and, parts)| Test::Joined { by_and, parts })
        })
    }

    fn qualifiers() -> impl Strategy<Value = Qualifier> {
        prop_oneof![
            Just(Qualifier::StartStop("2016-01-01T00:00:00Z".to_owned(), "2016-02-01T00:00:00.10Z".to_owned())),
            (0_u32..99).prop_map(|seconds| Qualifier::Within(seconds.to_string())),
            (0_u32..99).prop_map(|count| Qualifier::Repeats(count.to_string())),
        ]
    }

    fn observations() -> impl Strategy<Value = Observation> {
        tests().prop_map(Observation::Test).prop_recursive(3, 12, 3, |inner| {
            let join = prop_oneof![Just(Join::And), Just(Join::Or), Just(Join::FollowedBy)];
            let joined = (join, proptest::collection::vec(inner.clone(), 2..4))
                .prop_map(|(join, parts)| Observation::Joined(join, parts));
            let qualified =
                (inner, proptest::collection::vec(qualifiers(), 1..5)).prop_map(|(inner, more)| match inner {
                    Observation::Qualified(inner, mut qualifiers) => {
                        qualifiers.extend(more);
                        Observation::Qualified(inner, qualifiers)
                    }
                    other => Observation::Qualified(Box::new(other), more),
                });
            prop_oneof![joined, qualified]
        })
    }

    proptest! {
        #[test]
        fn print_then_parse_is_identity_on_trees(root in observations()) {
            let pattern = Pattern { root };
            let printed = pattern.to_string();
            prop_assert_eq!(parse(&printed).map_err(|error| format!("{error} in {printed}")), Ok(pattern));
        }

        #[test]
        fn parse_never_panics_and_printing_is_stable(text in r"(\[|\]|\(|\)|a:b|x-y:'z'| (NOT )?(=|IN|LIKE|EXISTS|AND|OR|<) |'[a'\\]{0,2}'|[.,*0-9+-]|h'|t'|WITHIN 5 SECONDS|/\*|//|é){0,16}") {
            if let Ok(pattern) = parse(&text) {
                let printed = pattern.to_string();
                prop_assert_eq!(parse(&printed).map(|again| again.to_string()), Ok(printed));
            }
        }

        #[test]
        fn equality_reads_back_as_one_equality(value in any::<String>(), property in "[a-z]{1,5}(\\.[A-Za-z0-9-]{1,5}){0,2}") {
            prop_assume!(!property.starts_with("hashes"));
            let keys = parse(&equality("x-acme", &property, &value)).unwrap().equalities().unwrap();
            prop_assert_eq!(keys.len(), 1);
            prop_assert_eq!((&keys[0].object_type[..], &keys[0].property, &keys[0].value), ("x-acme", &property, &value));
        }
    }
}
