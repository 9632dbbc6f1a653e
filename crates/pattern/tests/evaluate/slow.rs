//! A slow evaluator that follows the words of STIX 2.1 §9 and nothing else, with a pattern tree of its own.
//!
//! Bindings are enumerated. Instances of one observation are interchangeable, so a binding is a sorted list of positions in
//! which each position stands at most `number_observed` times.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization;

#[derive(Debug, Clone)]
pub(crate) enum Expression {
    Bracket(Tests),
    And(Vec<Expression>),
    Or(Vec<Expression>),
    FollowedBy(Vec<Expression>),
    Within(Box<Expression>, u32),
    StartStop(Box<Expression>, u8, u8),
    Repeats(Box<Expression>, u8),
}

#[derive(Debug, Clone)]
pub(crate) enum Tests {
    Compare { path: Path, negated: bool, operator: &'static str, constants: Vec<Constant> },
    Exists { path: Path, negated: bool },
    And(Vec<Tests>),
    Or(Vec<Tests>),
}

#[derive(Debug, Clone)]
pub(crate) struct Path {
    pub(crate) object_type: &'static str,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Key(&'static str),
    Index(i64),
    Any,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Constant {
    Text(String),
    /// Decimal text.
    Number(String),
    Boolean(bool),
    Octets(Vec<u8>),
    Timestamp(String),
}

/// A value at the end of a path.
enum Found<'a> {
    Json(&'a Value),
    Octets(Vec<u8>),
    /// Objects that a list of references names.
    Objects(Vec<&'a Value>),
}

/// The data are malformed where the pattern looks.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Seconds after the start of 2026, as observations of the generator have them.
pub(crate) fn instant(second: i64) -> String {
    format!("2026-01-01T00:{:02}:{:02}Z", second / 60, second % 60)
}

pub(crate) struct Observation<'a> {
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) count: usize,
    pub(crate) objects: Vec<&'a Value>,
}

/// Returns the first binding by position, each position once; none if nothing matches.
pub(crate) fn evaluate(
    expression: &Expression,
    observations: &[Observation<'_>],
    is_exclusive: bool,
) -> Result<Option<Vec<usize>>, Malformed> {
    let bindings = bindings(expression, observations, is_exclusive)?;
    Ok(bindings.into_iter().next().map(|mut first| {
        first.dedup();
        first
    }))
}

type Bindings = BTreeSet<Vec<usize>>;

fn bindings(
    expression: &Expression,
    observations: &[Observation<'_>],
    is_exclusive: bool,
) -> Result<Bindings, Malformed> {
    let inner = |part: &Expression| bindings(part, observations, is_exclusive);
    let latest_first = |binding: &Vec<usize>| binding.iter().map(|at| observations[*at].first).max().unwrap();
    let earliest_last = |binding: &Vec<usize>| binding.iter().map(|at| observations[*at].last).min().unwrap();
    Ok(match expression {
        Expression::Bracket(tests) => {
            let mut found = Bindings::new();
            for (at, observation) in observations.iter().enumerate() {
                let mut holds = false;
                for root in &observation.objects {
                    holds |= passes(tests, root, observation)?;
                }
                if holds {
                    found.insert(vec![at]);
                }
            }
            found
        }
        Expression::Or(parts) => {
            let mut found = Bindings::new();
            for part in parts {
                found.extend(inner(part)?);
            }
            found
        }
        Expression::And(parts) => {
            let mut found = inner(&parts[0])?;
            for part in &parts[1..] {
                found = disjoint(&found, &inner(part)?, observations, &|_, _| true);
            }
            found
        }
        Expression::FollowedBy(parts) => {
            let mut found = inner(&parts[0])?;
            for part in &parts[1..] {
                let in_order = |a: &Vec<usize>, b: &Vec<usize>| latest_first(a) <= earliest_last(b);
                found = disjoint(&found, &inner(part)?, observations, &in_order);
            }
            found
        }
        Expression::Repeats(part, count) => {
            let once = inner(part)?;
            let mut found = once.clone();
            for _ in 1..*count {
                found = disjoint(&found, &once, observations, &|_, _| true);
            }
            found
        }
        Expression::Within(part, seconds) => {
            let mut found = inner(part)?;
            found.retain(|binding| {
                let apart = latest_first(binding) - earliest_last(binding);
                if is_exclusive { apart < i64::from(*seconds) } else { apart <= i64::from(*seconds) }
            });
            found
        }
        Expression::StartStop(part, start, stop) => {
            let (start, stop) = (i64::from(*start), i64::from(*stop));
            let mut found = inner(part)?;
            found.retain(|binding| {
                let meets = |at: &usize| observations[*at].first < stop && observations[*at].last >= start;
                start < stop && binding.iter().all(meets)
            });
            found
        }
    })
}

fn disjoint(
    left: &Bindings,
    right: &Bindings,
    observations: &[Observation<'_>],
    holds: &dyn Fn(&Vec<usize>, &Vec<usize>) -> bool,
) -> Bindings {
    let mut found = Bindings::new();
    for a in left {
        for b in right {
            let mut both = [a.as_slice(), b.as_slice()].concat();
            both.sort_unstable();
            let fits = |at: &usize| both.iter().filter(|other| *other == at).count() <= observations[*at].count;
            if both.iter().all(fits) && holds(a, b) {
                found.insert(both);
            }
        }
    }
    found
}

fn passes(tests: &Tests, root: &Value, observation: &Observation<'_>) -> Result<bool, Malformed> {
    Ok(match tests {
        Tests::And(parts) => {
            let mut all = true;
            for part in parts {
                all &= passes(part, root, observation)?;
            }
            all
        }
        Tests::Or(parts) => {
            let mut any = false;
            for part in parts {
                any |= passes(part, root, observation)?;
            }
            any
        }
        Tests::Exists { path, negated } => {
            root["type"] == path.object_type && values(path, root, observation)?.is_empty() == *negated
        }
        Tests::Compare { path, negated, operator, constants } => {
            let mut any = false;
            if root["type"] == path.object_type {
                for value in values(path, root, observation)? {
                    any |= satisfies(&value, operator, constants)? != *negated;
                }
            }
            any
        }
    })
}

fn values<'a>(path: &Path, root: &'a Value, observation: &Observation<'a>) -> Result<Vec<Found<'a>>, Malformed> {
    let mut values = vec![Found::Json(root)];
    for step in &path.steps {
        let mut next = Vec::new();
        for value in values {
            match (step, value) {
                (Step::Key(key), Found::Json(Value::Object(object))) => next.extend(member(object, key, observation)?),
                (Step::Index(index), Found::Json(Value::Array(list))) => {
                    next.extend(usize::try_from(*index).ok().and_then(|at| list.get(at)).map(Found::Json));
                }
                (Step::Index(index), Found::Objects(list)) => {
                    next.extend(usize::try_from(*index).ok().and_then(|at| list.get(at)).map(|it| Found::Json(it)));
                }
                (Step::Any, Found::Json(Value::Array(list))) => next.extend(list.iter().map(Found::Json)),
                (Step::Any, Found::Objects(list)) => next.extend(list.into_iter().map(Found::Json)),
                _ => {}
            }
        }
        values = next;
    }
    Ok(values)
}

fn member<'a>(
    object: &'a Map<String, Value>,
    key: &str,
    observation: &Observation<'a>,
) -> Result<Option<Found<'a>>, Malformed> {
    let Some(value) = object.get(key) else { return Ok(None) };
    let named = |id: &str| observation.objects.iter().copied().find(|object| object["id"] == id);
    let found = if key.ends_with("_ref") {
        return Ok(named(value.as_str().ok_or(Malformed)?).map(Found::Json));
    } else if key.ends_with("_refs") {
        let list = value.as_array().ok_or(Malformed)?;
        let ids: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
        let objects: Vec<&Value> = ids.ok_or(Malformed)?.into_iter().filter_map(named).collect();
        if objects.is_empty() {
            return Ok(None);
        }
        Found::Objects(objects)
    } else if key.ends_with("_hex") {
        let text = value.as_str().ok_or(Malformed)?;
        let pair = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let octets: Option<Vec<u8>> = (0..text.len()).step_by(2).map(pair).collect();
        Found::Octets(octets.ok_or(Malformed)?)
    } else {
        Found::Json(value)
    };
    Ok(Some(found))
}

fn satisfies(value: &Found<'_>, operator: &str, constants: &[Constant]) -> Result<bool, Malformed> {
    if operator == "IN" {
        let mut any = false;
        for constant in constants {
            any |= compare(value, constant)? == Some(Ordering::Equal);
        }
        return Ok(any);
    }
    let constant = &constants[0];
    if let ("LIKE" | "MATCHES" | "ISSUBSET" | "ISSUPERSET", Constant::Text(constant)) = (operator, constant) {
        let constant = constant.nfc().collect::<String>();
        return Ok(match (operator, value) {
            ("LIKE", Found::Json(Value::String(text))) => {
                like(&constant.chars().collect::<Vec<_>>(), &text.nfc().collect::<Vec<_>>())
            }
            ("LIKE", Found::Octets(octets)) => {
                let text: Vec<char> = octets.iter().map(|octet| char::from(*octet)).collect();
                like(&constant.chars().collect::<Vec<_>>(), &text)
            }
            ("MATCHES", Found::Json(Value::String(text))) => {
                regex::Regex::new(&format!("(?s){constant}")).unwrap().is_match(&text.nfc().collect::<String>())
            }
            ("MATCHES", Found::Octets(octets)) => {
                regex::bytes::Regex::new(&format!("(?s-u){constant}")).unwrap().is_match(octets)
            }
            ("ISSUBSET", Found::Json(Value::String(text))) => lies_in(text, &constant),
            ("ISSUPERSET", Found::Json(Value::String(text))) => lies_in(&constant, text),
            _ => false,
        });
    }
    let Some(order) = compare(value, constant)? else {
        return Ok(operator == "!=");
    };
    Ok(match operator {
        "=" => order.is_eq(),
        "!=" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    })
}

fn compare(value: &Found<'_>, constant: &Constant) -> Result<Option<Ordering>, Malformed> {
    let latin = |text: &str| -> Option<Vec<u8>> {
        text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
    };
    Ok(match (value, constant) {
        (Found::Json(Value::Number(number)), Constant::Number(constant)) => {
            Some(thousandths(&number.to_string()).cmp(&thousandths(constant)))
        }
        (Found::Json(Value::String(text)), Constant::Text(constant)) => {
            Some(text.chars().collect::<Vec<_>>().cmp(&constant.chars().collect::<Vec<_>>()))
        }
        (Found::Json(Value::Bool(value)), Constant::Boolean(constant)) => Some(value.cmp(constant)),
        (Found::Json(Value::String(text)), Constant::Octets(constant)) => {
            latin(text).map(|octets: Vec<u8>| octets.cmp(constant))
        }
        (Found::Octets(octets), Constant::Text(constant)) => {
            latin(constant).map(|constant: Vec<u8>| octets.cmp(&constant))
        }
        (Found::Octets(octets), Constant::Octets(constant)) => Some(octets.cmp(constant)),
        (Found::Json(Value::String(text)), Constant::Timestamp(constant)) => {
            // All timestamps of the generator have one form, in which texts are ordered as instants are.
            if text.len() != constant.len() || !text.ends_with('Z') {
                return Err(Malformed);
            }
            Some(text.cmp(constant))
        }
        _ => None,
    })
}

/// Reads a decimal number of at most three places.
fn thousandths(text: &str) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let magnitude: i128 = format!("{}{fraction:0<3}", whole.trim_start_matches('-')).parse().unwrap();
    if text.starts_with('-') { -magnitude } else { magnitude }
}

fn like(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some(('%', rest)), _) => (0..=text.len()).any(|skipped| like(rest, &text[skipped..])),
        (Some(('_', rest)), Some((_, others))) => like(rest, others),
        (Some((wanted, rest)), Some((found, others))) => wanted == found && like(rest, others),
        _ => false,
    }
}

/// Compares networks address bit by address bit.
fn lies_in(inner: &str, outer: &str) -> bool {
    let read = |text: &str| -> Option<(Vec<u8>, usize)> {
        let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
        let octets = match address.parse().ok()? {
            std::net::IpAddr::V4(address) => address.octets().to_vec(),
            std::net::IpAddr::V6(address) => address.octets().to_vec(),
        };
        let bits: Vec<u8> = octets.iter().flat_map(|octet| (0..8).rev().map(move |at| octet >> at & 1)).collect();
        let length = length.map_or(Some(bits.len()), |length| length.parse().ok())?;
        (length <= bits.len()).then_some((bits, length))
    };
    let (Some((inner, length)), Some((outer, prefix))) = (read(inner), read(outer)) else {
        return false;
    };
    inner.len() == outer.len() && length >= prefix && inner[..prefix] == outer[..prefix]
}

impl fmt::Display for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |formatter: &mut fmt::Formatter<'_>, parts: &[Self], operator: &str| {
            let parts: Vec<String> = parts.iter().map(|part| format!("({part})")).collect();
            formatter.write_str(&parts.join(operator))
        };
        match self {
            Self::Bracket(tests) => write!(formatter, "[{tests}]"),
            Self::And(parts) => join(formatter, parts, " AND "),
            Self::Or(parts) => join(formatter, parts, " OR "),
            Self::FollowedBy(parts) => join(formatter, parts, " FOLLOWEDBY "),
            Self::Within(part, seconds) => write!(formatter, "({part}) WITHIN {seconds} SECONDS"),
            Self::StartStop(part, start, stop) => {
                let (start, stop) = (instant(i64::from(*start)), instant(i64::from(*stop)));
                write!(formatter, "({part}) START t'{start}' STOP t'{stop}'")
            }
            Self::Repeats(part, count) => write!(formatter, "({part}) REPEATS {count} TIMES"),
        }
    }
}

impl fmt::Display for Tests {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |formatter: &mut fmt::Formatter<'_>, parts: &[Self], operator: &str| {
            let parts: Vec<String> = parts.iter().map(|part| format!("({part})")).collect();
            formatter.write_str(&parts.join(operator))
        };
        match self {
            Self::And(parts) => join(formatter, parts, " AND "),
            Self::Or(parts) => join(formatter, parts, " OR "),
            Self::Exists { path, negated } => write!(formatter, "{}EXISTS {path}", if *negated { "NOT " } else { "" }),
            Self::Compare { path, negated, operator, constants } => {
                let not = if *negated { "NOT " } else { "" };
                let constants: Vec<String> = constants.iter().map(ToString::to_string).collect();
                match *operator {
                    "IN" => write!(formatter, "{path} {not}IN ({})", constants.join(", ")),
                    operator => write!(formatter, "{path} {not}{operator} {}", constants.concat()),
                }
            }
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:", self.object_type)?;
        for (at, step) in self.steps.iter().enumerate() {
            match step {
                Step::Key(key) => write!(formatter, "{}'{key}'", if at == 0 { "" } else { "." })?,
                Step::Index(index) => write!(formatter, "[{index}]")?,
                Step::Any => formatter.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Constant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(formatter, "'{}'", text.replace('\\', r"\\").replace('\'', r"\'")),
            Self::Number(text) => formatter.write_str(text),
            Self::Boolean(value) => write!(formatter, "{value}"),
            Self::Octets(octets) => {
                write!(formatter, "h'{}'", octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>())
            }
            Self::Timestamp(text) => write!(formatter, "t'{text}'"),
        }
    }
}
