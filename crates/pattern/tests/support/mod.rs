//! Generated patterns as small trees of their own: they print themselves, and make variants of themselves that mean the same.

#![allow(dead_code, reason = "each test file uses its part")]

use std::fmt;

use proptest::prelude::*;

/// Comparison expressions inside `[ ]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Test {
    /// One comparison, as text.
    Leaf(String),
    /// Parts joined by `AND` (true) or `OR`; one part is written in parentheses.
    Joined(bool, Vec<Test>),
}

/// Observation expressions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Observation {
    /// `[ … ]`.
    Test(Test),
    /// Parts joined by `AND`, `OR` or `FOLLOWEDBY`; one part is written in parentheses.
    Joined(&'static str, Vec<Observation>),
    /// An expression in parentheses with a qualifier.
    Qualified(Box<Observation>, String),
}

impl fmt::Display for Test {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaf(text) => formatter.write_str(text),
            Self::Joined(by_and, parts) => {
                let parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
                write!(formatter, "({})", parts.join(if *by_and { " AND " } else { " OR " }))
            }
        }
    }
}

impl fmt::Display for Observation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Test(test) => write!(formatter, "[{test}]"),
            Self::Joined(word, parts) => {
                let parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
                write!(formatter, "({})", parts.join(&format!(" {word} ")))
            }
            Self::Qualified(inner, qualifier) => write!(formatter, "({inner}) {qualifier}"),
        }
    }
}

/// Comparisons over three types with few properties and values, so that generated data often meets them.
pub(crate) fn leaves() -> impl Strategy<Value = String> {
    let text = prop_oneof![Just("'a'"), Just("'b'"), Just("'a%'"), Just("''")];
    let number = prop_oneof![Just("0"), Just("1"), Just("1.0"), Just("2"), Just("2.5"), Just("-1")];
    let not = prop_oneof![3 => Just(""), 1 => Just("NOT ")];
    let equality = prop_oneof![Just("="), Just("!="), Just("==")];
    let order = prop_oneof![Just("<"), Just("<="), Just(">"), Just(">=")];
    let path = prop_oneof![Just("file:name"), Just("mutex:name"), Just("process:cwd"), Just("process:env.x")];
    let count = prop_oneof![Just("file:size"), Just("process:pid"), Just("file:x_list[*]"), Just("file:x_list[0]")];
    prop_oneof![
        4 => (path.clone(), not.clone(), equality.clone(), text.clone()).prop_map(|(p, n, o, c)| format!("{p} {n}{o} {c}")),
        3 => (count.clone(), not.clone(), equality, number.clone()).prop_map(|(p, n, o, c)| format!("{p} {n}{o} {c}")),
        2 => (count.clone(), not.clone(), order, number.clone()).prop_map(|(p, n, o, c)| format!("{p} {n}{o} {c}")),
        1 => (path.clone(), not.clone(), prop_oneof![Just("LIKE"), Just("MATCHES")], text.clone())
            .prop_map(|(p, n, o, c)| format!("{p} {n}{o} {c}")),
        1 => (path.clone(), not.clone(), proptest::collection::vec(text, 0..3))
            .prop_map(|(p, n, items)| format!("{p} {n}IN ({})", items.join(", "))),
        1 => (count, not.clone(), proptest::collection::vec(number, 0..3))
            .prop_map(|(p, n, items)| format!("{p} {n}IN ({})", items.join(", "))),
        1 => (not, path).prop_map(|(n, p)| format!("{n}EXISTS {p}")),
    ]
}

/// Trees of comparisons with at most `leaves_max` of them, or about so.
pub(crate) fn tests(leaves: impl Strategy<Value = String> + 'static, leaves_max: u32) -> impl Strategy<Value = Test> {
    leaves.prop_map(Test::Leaf).prop_recursive(3, leaves_max, 3, |inner| {
        (any::<bool>(), proptest::collection::vec(inner, 1..4)).prop_map(|(by_and, parts)| Test::Joined(by_and, parts))
    })
}

/// Qualifiers with small numbers and instants of one minute.
pub(crate) fn qualifiers() -> impl Strategy<Value = String> {
    prop_oneof![
        (0_u32..3, 1_u32..4).prop_map(|(start, length)| format!(
            "START t'2026-01-01T00:00:{:02}Z' STOP t'2026-01-01T00:00:{:02}Z'",
            start * 10,
            (start + length) * 10
        )),
        (1_u32..30).prop_map(|seconds| format!("WITHIN {seconds} SECONDS")),
        (1_u32..4).prop_map(|count| format!("REPEATS {count} TIMES")),
    ]
}

/// Whole patterns; about one in three has a qualifier.
pub(crate) fn observations() -> impl Strategy<Value = Observation> {
    observations_of(leaves())
}

/// Whole patterns over the given comparisons.
pub(crate) fn observations_of(leaves: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = Observation> {
    tests(leaves, 4).prop_map(Observation::Test).prop_recursive(3, 6, 3, |inner| {
        let word = prop_oneof![Just("AND"), Just("OR"), Just("FOLLOWEDBY")];
        prop_oneof![
            3 => (word, proptest::collection::vec(inner.clone(), 1..4))
                .prop_map(|(word, parts)| Observation::Joined(word, parts)),
            1 => (inner, qualifiers()).prop_map(|(inner, qualifier)| Observation::Qualified(Box::new(inner), qualifier)),
        ]
    })
}

/// A generator of its own, so that a variant follows from the tree and one number.
#[derive(Debug, Clone)]
pub(crate) struct Choices(u64);

impl Choices {
    /// Starts from a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// Returns a number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // Xorshift; its quality is enough to pick positions.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound.max(1)
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

impl Test {
    /// Makes a tree of equal meaning: parts in another order, some twice, some in more parentheses.
    pub(crate) fn variant(&self, choices: &mut Choices) -> Self {
        let Self::Joined(by_and, parts) = self else {
            return if choices.below(4) == 0 { Self::Joined(true, vec![self.clone()]) } else { self.clone() };
        };
        let mut parts: Vec<Self> = parts.iter().map(|part| part.variant(choices)).collect();
        if choices.below(3) == 0 {
            parts.push(parts[choices.below(parts.len())].clone());
        }
        choices.shuffle(&mut parts);
        if parts.len() > 2 && choices.below(2) == 0 {
            let tail = parts.split_off(1);
            parts.push(Self::Joined(*by_and, tail));
        }
        Self::Joined(*by_and, parts)
    }
}

impl Observation {
    /// Makes a tree of equal meaning: parts of `AND` and `OR` in another order, parts of `OR` twice, chains regrouped.
    pub(crate) fn variant(&self, choices: &mut Choices) -> Self {
        match self {
            Self::Test(test) => Self::Test(test.variant(choices)),
            Self::Qualified(inner, qualifier) => Self::Qualified(Box::new(inner.variant(choices)), qualifier.clone()),
            Self::Joined(word, parts) => {
                let mut parts: Vec<Self> = parts.iter().map(|part| part.variant(choices)).collect();
                if *word == "OR" && choices.below(3) == 0 {
                    parts.push(parts[choices.below(parts.len())].clone());
                }
                if *word != "FOLLOWEDBY" {
                    choices.shuffle(&mut parts);
                }
                if parts.len() > 2 && choices.below(2) == 0 {
                    let tail = parts.split_off(1);
                    parts.push(Self::Joined(word, tail));
                }
                Self::Joined(word, parts)
            }
        }
    }
}
