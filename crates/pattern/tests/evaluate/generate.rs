//! Patterns and observations that often match one another.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::Union;
use serde_json::{Value, json};

use crate::slow::{Constant, Expression, Path, Step, Tests, instant};

/// Objects that observations are made of. `x` has what paths and comparisons differ in; `file`, `url` and `mutex` are for
/// operators between brackets.
pub(crate) fn objects() -> Vec<Value> {
    vec![
        json!({"type": "mutex", "id": "mutex--1", "name": "a"}),
        json!({"type": "mutex", "id": "mutex--2", "name": "b"}),
        json!({"type": "url", "id": "url--1", "value": "a"}),
        json!({"type": "file", "id": "file--1", "name": "a", "size": 1, "parent_ref": "file--2"}),
        json!({"type": "file", "id": "file--2", "name": "e\u{301}", "size": 9007199254740993_i64,
               "x_refs": ["url--9", "mutex--2", "file--1", "mutex--1"], "magic_hex": "41fF"}),
        json!({"type": "file", "id": "file--3", "name": null, "size": 1.5, "flag": true, "name_list": ["a", "b", 1, null, ["a"]],
               "parent_ref": "file--9", "x_refs": [], "magic_hex": ""}),
        json!({"type": "ipv4-addr", "id": "ipv4-addr--1", "value": "192.0.2.9/25", "at": instant(5)}),
        json!({"type": "ipv4-addr", "id": "ipv4-addr--2", "value": "2001:db8::1", "at": instant(9),
               "inner": {"a": {"name": "a"}, "b": [{"name": "\u{e9}"}, {"name": "b"}, "b"]}}),
    ]
}

/// Objects with a value that its name does not allow.
pub(crate) fn malformed() -> Vec<Value> {
    vec![
        json!({"type": "file", "id": "file--4", "name": "a", "magic_hex": "4", "parent_ref": 1, "x_refs": "file--1"}),
        json!({"type": "ipv4-addr", "id": "ipv4-addr--3", "value": "a", "at": "yesterday"}),
    ]
}

fn path() -> impl Strategy<Value = Path> {
    let path = |object_type, steps: &[Step]| Path { object_type, steps: steps.to_vec() };
    let key = Step::Key;
    select(vec![
        path("mutex", &[key("name")]),
        path("url", &[key("value")]),
        path("file", &[key("name")]),
        path("file", &[key("size")]),
        path("file", &[key("flag")]),
        path("file", &[key("magic_hex")]),
        path("file", &[key("name_list")]),
        path("file", &[key("name_list"), Step::Any]),
        path("file", &[key("name_list"), Step::Index(0)]),
        path("file", &[key("name_list"), Step::Index(-1)]),
        path("file", &[key("parent_ref")]),
        path("file", &[key("parent_ref"), key("name")]),
        path("file", &[key("parent_ref"), key("x_refs"), Step::Any, key("name")]),
        path("file", &[key("x_refs")]),
        path("file", &[key("x_refs"), Step::Index(0), key("name")]),
        path("file", &[key("x_refs"), Step::Any, key("x_refs"), Step::Any, key("name")]),
        path("file", &[key("x_refs"), Step::Any, key("parent_ref"), key("x_refs"), Step::Index(1), key("size")]),
        path("ipv4-addr", &[key("value")]),
        path("ipv4-addr", &[key("at")]),
        path("ipv4-addr", &[key("inner"), Step::Any]),
        path("ipv4-addr", &[key("inner"), key("a"), key("name")]),
        path("ipv4-addr", &[key("inner"), key("b"), Step::Any, key("name")]),
    ])
}

fn texts() -> impl Strategy<Value = Constant> {
    select(vec!["a", "b", "", "e\u{301}", "\u{e9}", "A\u{ff}", "\u{100}", "192.0.2.9/25", "2001:db8::1"])
        .prop_map(|text| Constant::Text(text.to_owned()))
}

fn numbers() -> impl Strategy<Value = Constant> {
    select(vec!["1", "1.0", "1.5", "-3", "9007199254740993", "9007199254740992", "9007199254740993.5"])
        .prop_map(|text| Constant::Number(text.to_owned()))
}

fn octets() -> impl Strategy<Value = Constant> {
    select(vec![&[][..], b"A", b"A\xff", b"a", b"e\xcc\x81"]).prop_map(|octets| Constant::Octets(octets.to_vec()))
}

fn timestamps() -> impl Strategy<Value = Constant> {
    select(vec![4_i64, 5, 9]).prop_map(|second| Constant::Timestamp(instant(second)))
}

fn kinds(with_booleans: bool) -> Vec<BoxedStrategy<Constant>> {
    let mut kinds = vec![texts().boxed(), texts().boxed(), numbers().boxed(), octets().boxed(), timestamps().boxed()];
    if with_booleans {
        kinds.push(any::<bool>().prop_map(Constant::Boolean).boxed());
    }
    kinds
}

fn compare() -> impl Strategy<Value = Tests> {
    let one = |constant: Constant| vec![constant];
    let texts_of =
        move |texts: &[&'static str]| select(texts.to_vec()).prop_map(move |text| one(Constant::Text(text.to_owned())));
    let equal = (select(vec!["=", "!="]), Union::new(kinds(true)).prop_map(one));
    let order = (select(vec!["<", "<=", ">", ">="]), Union::new(kinds(false)).prop_map(one));
    let set = (any::<Index>(), any::<bool>()).prop_flat_map(|(kind, is_long)| {
        let kinds = kinds(true);
        let length = if is_long { 9..12_usize } else { 0..4_usize };
        (Just("IN"), prop::collection::vec(kind.get(&kinds).clone(), length))
    });
    let like = (Just("LIKE"), texts_of(&["a", "%", "_", "%\u{301}%", "_%_", "%b%", "A_", "\u{e9}", "e\u{301}", ""]));
    let matches =
        (Just("MATCHES"), texts_of(&["a", "^.$", "^a|b", "\u{e9}", "A.", "[0-9]{3}", "^\\W", "^$", "(?i)^B"]));
    let nets = ["192.0.2.0/24", "192.0.2.0/26", "0.0.0.0/0", "192.0.2.9", "2001:db8::/32", "::/0"];
    let subset = (select(vec!["ISSUBSET", "ISSUPERSET"]), texts_of(&nets));
    let operation = prop_oneof![
        3 => equal.boxed(),
        2 => order.boxed(),
        2 => set.boxed(),
        1 => like.boxed(),
        1 => matches.boxed(),
        1 => subset.boxed(),
    ];
    (path(), any::<bool>(), operation).prop_map(|(path, negated, (operator, constants))| {
        // The reader checks hash constants and lets nothing else by than what the printer writes.
        Tests::Compare { path, negated, operator, constants }
    })
}

/// What is inside a bracket, in all its forms.
pub(crate) fn tests() -> impl Strategy<Value = Tests> {
    let exists = (path(), any::<bool>()).prop_map(|(path, negated)| Tests::Exists { path, negated });
    prop_oneof![4 => compare().boxed(), 1 => exists.boxed()].prop_recursive(3, 6, 3, |inner| {
        let parts = prop::collection::vec(inner, 2..4);
        prop_oneof![parts.clone().prop_map(Tests::And), parts.prop_map(Tests::Or)]
    })
}

/// One of five brackets that overlap.
fn simple() -> impl Strategy<Value = Tests> {
    let compare = |object_type, key, text: &str| Tests::Compare {
        path: Path { object_type, steps: vec![Step::Key(key)] },
        negated: false,
        operator: "=",
        constants: vec![Constant::Text(text.to_owned())],
    };
    let exists =
        |object_type, key| Tests::Exists { path: Path { object_type, steps: vec![Step::Key(key)] }, negated: false };
    select(vec![
        compare("mutex", "name", "a"),
        compare("mutex", "name", "b"),
        compare("url", "value", "a"),
        exists("mutex", "name"),
        exists("file", "size"),
    ])
}

/// Expressions of at most six brackets, with small counts and spans of the size of the observations' intervals.
pub(crate) fn expression() -> impl Strategy<Value = Expression> {
    let bracket = prop_oneof![12 => simple().boxed(), 1 => tests().boxed()].prop_map(Expression::Bracket);
    bracket.prop_recursive(5, 6, 3, |inner| {
        let parts = || prop::collection::vec(inner.clone(), 2..4);
        let one = || inner.clone().prop_map(Box::new);
        prop_oneof![
            2 => parts().prop_map(Expression::And),
            2 => parts().prop_map(Expression::Or),
            3 => parts().prop_map(Expression::FollowedBy),
            2 => (one(), 1..8_u32).prop_map(|(part, seconds)| Expression::Within(part, seconds)),
            1 => (one(), 0..12_u8, 0..20_u8).prop_map(|(part, start, stop)| Expression::StartStop(part, start, stop)),
            2 => (one(), 1..4_u8).prop_map(|(part, count)| Expression::Repeats(part, count)),
        ]
    })
    .prop_filter("at most six instances, which the slow evaluator can enumerate", |expression| weight(expression) <= 6)
}

fn weight(expression: &Expression) -> usize {
    match expression {
        Expression::Bracket(_) => 1,
        Expression::And(parts) | Expression::Or(parts) | Expression::FollowedBy(parts) => {
            parts.iter().map(weight).sum()
        }
        Expression::Within(part, _) | Expression::StartStop(part, ..) => weight(part),
        Expression::Repeats(part, count) => weight(part) * usize::from(*count),
    }
}

/// An observation: first second, length, count, and which objects it has.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) count: usize,
    pub(crate) objects: Vec<usize>,
}

/// Up to eight observations with overlapping intervals.
pub(crate) fn observations(objects_max: usize) -> impl Strategy<Value = Vec<Seen>> {
    let length = prop_oneof![3 => Just(0_i64), 2 => 0..6_i64];
    let count = prop_oneof![4 => Just(1_usize), 1 => 2..4_usize];
    let one = (0..12_i64, length, count, prop::collection::vec(any::<Index>(), 1..=objects_max));
    let one = one.prop_map(|(first, length, count, objects)| {
        // Small objects are more likely, so that brackets overlap.
        let total = self::objects().len();
        let mut objects: Vec<usize> = objects.iter().map(|at| at.index(total * total).isqrt()).collect();
        objects.iter_mut().for_each(|at| *at = total - 1 - *at);
        objects.sort_unstable();
        objects.dedup();
        Seen { first, last: first + length, count, objects }
    });
    prop::collection::vec(one, 0..=8)
}
