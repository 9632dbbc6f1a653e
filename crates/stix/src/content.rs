//! Equality of content: whether two byte forms are one object (STIX 2.1 §3.6).

use std::borrow::Cow;

use crate::object::Object;
use crate::tables::{self, Class, Form, Table};
use crate::timestamp::Timestamp;
use crate::value::{Items, Shape, Tree, Value};

impl Object {
    /// Tells whether two objects have the same content, whatever their bytes.
    ///
    /// Numbers compare by value, strings by code point, members in any order, lists in order, and timestamps of known timestamp
    /// properties by instant at full precision. A default written out equals its absence: `revoked`, `defanged` and `summary`
    /// false, `lang` en, and `spec_version` 2.1 of an observable. Members are sorted, so many keys cost no square.
    ///
    /// # Examples
    ///
    /// ```
    /// use entente_stix::{Limits, Object};
    /// let parse = |text: &str| Object::parse(text.as_bytes(), &Limits::admission());
    /// let left = parse(r#"{"type":"mutex","id":"mutex--44287210-9343-52aa-86a2-41c9d3902b75","name":"a","x_n":1.0}"#)?;
    /// let right = parse(r#"{"id":"mutex--44287210-9343-52aa-86a2-41c9d3902b75","x_n":1,"type":"mutex","name":"\u0061"}"#)?;
    /// assert!(left.same_content(&right));
    /// # Ok::<(), entente_stix::ParseError>(())
    /// ```
    pub fn same_content(&self, other: &Self) -> bool {
        if self.raw() == other.raw() {
            return true;
        }
        self.id() == other.id() && canonical(self) == canonical(other)
    }
}

/// Returns the bytes of an object as a text.
pub(crate) fn text(object: &Object) -> &str {
    // INVARIANT: an object is read from UTF-8 only.
    std::str::from_utf8(object.raw()).unwrap_or_default()
}

/// What is known of a value from its place.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// The object itself, or a member of an observable container.
    Object,
    Table(&'static Table),
    List(&'static Form),
    Timestamp,
    Extensions,
    Container,
    Any,
}

impl Place {
    fn of(form: &'static Form) -> Self {
        match form {
            Form::Timestamp => Self::Timestamp,
            Form::Table(table) => Self::Table(table),
            Form::List(form) => Self::List(form),
            Form::Extensions => Self::Extensions,
            Form::Container => Self::Container,
            _ => Self::Any,
        }
    }
}

/// Writes the content of an object so that the bytes are the same for two byte forms of one content, and for no others.
///
/// Every text says how long it is, and what has an end is ended, so that no two contents run together. Memory is at most six
/// times that of the object.
pub(crate) fn canonical(object: &Object) -> Vec<u8> {
    let mut out = Vec::with_capacity(object.raw().len());
    let tree = Tree::read(text(object));
    let mut open = Vec::with_capacity(8);
    open.extend(write(tree.root(), Place::Object, true, &mut out));
    while let Some(within) = open.last_mut() {
        let next = match within {
            Within::List(items, place) => items.next().map(|value| (value, *place)),
            Within::Object(members, place, table) => members.next().map(|(name, value)| {
                sized(b'k', &name, &mut out);
                (value, inside(*place, *table, &name))
            }),
        };
        match next {
            Some((value, place)) => open.extend(write(value, place, false, &mut out)),
            None => {
                out.push(b'.');
                open.pop();
            }
        }
    }
    out
}

/// A list or an object of which something is still to be written.
enum Within<'t> {
    List(Items<'t>, Place),
    Object(std::vec::IntoIter<(Cow<'t, str>, Value<'t>)>, Place, Option<&'static Table>),
}

/// Writes a value, or the beginning of one that has others in it.
fn write<'t>(value: Value<'t>, place: Place, is_outermost: bool, out: &mut Vec<u8>) -> Option<Within<'t>> {
    match value.shape() {
        Shape::Object => {
            out.push(b'{');
            return Some(Within::Object(members(value, is_outermost).into_iter(), place, table(value, place)));
        }
        Shape::List => {
            out.push(b'[');
            let place = if let Place::List(form) = place { Place::of(form) } else { Place::Any };
            return Some(Within::List(value.items(), place));
        }
        Shape::Text | Shape::Key => {
            let plain = value.plain();
            match matches!(place, Place::Timestamp).then(|| Timestamp::exact(&plain)).flatten() {
                Some(instant) => sized(b't', instant, out),
                None => sized(b's', &plain, out),
            }
        }
        Shape::Number => number(value.inside(), out),
        Shape::True => out.push(b'T'),
        Shape::False => out.push(b'F'),
        Shape::Null => out.push(b'N'),
    }
    None
}

fn sized(kind: u8, text: &str, out: &mut Vec<u8>) {
    out.push(kind);
    out.extend_from_slice(&text.len().to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// Writes a number by value: as a double, but from 10^15 on, where doubles leave whole numbers out, to the digit.
fn number(text: &str, out: &mut Vec<u8>) {
    const EXACT_BELOW: f64 = 1e15;
    let double: f64 = text.parse().unwrap_or(f64::NAN);
    if double.abs() < EXACT_BELOW {
        // Zero has one form only.
        let bits = if double == 0.0 { 0 } else { double.to_bits() };
        out.push(b'd');
        out.extend_from_slice(&bits.to_le_bytes());
        return;
    }
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i64 = exponent.parse().unwrap_or(i64::MAX);
    let fraction = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    let zeros = digits.len().saturating_sub(significant.len());
    let shift = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let exponent = exponent.saturating_sub(shift(fraction)).saturating_add(shift(zeros));
    sized(if text.starts_with('-') { b'-' } else { b'+' }, significant, out);
    out.extend_from_slice(&exponent.to_le_bytes());
}

/// The members sorted by name, without defaults where they are those of an object.
fn members(value: Value<'_>, is_outermost: bool) -> Vec<(Cow<'_, str>, Value<'_>)> {
    let is_observable = is_outermost && class(value) == Some(Class::Sco);
    let mut members: Vec<_> = value
        .members()
        .map(|(key, value)| (key.plain(), value))
        .filter(|(name, value)| !(is_outermost && is_default(name, *value, is_observable)))
        .collect();
    members.sort_by(|left, right| left.0.cmp(&right.0));
    members
}

fn is_default(name: &str, value: Value<'_>, is_observable: bool) -> bool {
    match name {
        "revoked" | "defanged" | "summary" => value.shape() == Shape::False,
        "lang" => value.is("en"),
        "spec_version" => is_observable && value.is("2.1"),
        _ => false,
    }
}

fn class(object: Value<'_>) -> Option<Class> {
    object_table(object).and_then(Table::class)
}

fn object_table(object: Value<'_>) -> Option<&'static Table> {
    tables::table(&object.get("type")?.text()?)
}

/// The table that knows the members of a value.
fn table(value: Value<'_>, place: Place) -> Option<&'static Table> {
    match place {
        Place::Object => object_table(value),
        Place::Table(table) => Some(table),
        _ => None,
    }
}

fn inside(place: Place, table: Option<&'static Table>, name: &str) -> Place {
    let known = table.and_then(|table| table.property(name));
    match place {
        Place::Object => known
            .or_else(|| tables::common::SDO.property(name))
            .map_or(Place::Any, |property| Place::of(&property.form)),
        Place::Table(_) => known.map_or(Place::Any, |property| Place::of(&property.form)),
        Place::Extensions => tables::extension(name).map_or(Place::Any, Place::Table),
        Place::Container => Place::Object,
        Place::List(_) | Place::Timestamp | Place::Any => Place::Any,
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;
    use crate::Limits;

    const INDICATOR: &str = r#"{"type":"indicator","spec_version":"2.1","id":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","created":"2026-11-01T08:15:30.000Z","modified":"2026-11-01T08:15:30.000Z","pattern":"x","pattern_type":"stix","valid_from":"2026-11-01T08:15:30Z""#;

    fn same(left: &str, right: &str) -> bool {
        let parse = |text: &str| Object::parse(text.as_bytes(), &Limits::admission()).unwrap();
        let (left, right) = (parse(left), parse(right));
        assert!(left.same_content(&left.clone()));
        assert_eq!(left.same_content(&right), right.same_content(&left));
        left.same_content(&right)
    }

    fn with(left: &str, right: &str) -> bool {
        same(&format!("{INDICATOR}{left}}}"), &format!("{INDICATOR}{right}}}"))
    }

    #[test]
    fn values_count_and_spelling_does_not() {
        for (left, right) in [
            (r#","x_a":1,"x_b":2"#, r#","x_b":2.0,"x_a":1e0"#),
            (r#","x_a":0"#, r#","x_a":-0.0"#),
            (r#","x_a":0.1"#, r#","x_a":1e-1"#),
            (r#","x_a":100000000000000000000"#, r#","x_a":1e20"#),
            (r#","x_a":-1000000000000000"#, r#","x_a":-0.1E+16"#),
            (r#","x_a":9007199254740993"#, r#","x_a":900719925474099.30e1"#),
            (&format!(r#","x_a":1{}"#, "0".repeat(308)), r#","x_a":10.0e307"#),
            (r#","x_a":999999999999999"#, r#","x_a":999999999999999.0"#),
            (r#","name":"\u00e9\/""#, r#","name":"é/""#),
            (r#","x_a":{"b":[1,{"c":null}],"d":true}"#, r#","x_a": { "d" : true , "b" : [1, {"c":null} ] }"#),
            (r#","valid_until":"2027-01-01T00:00:00.50Z""#, r#","valid_until":"2027-01-01T00:00:00.5000000000000Z""#),
            (r#","revoked":false,"lang":"en""#, ""),
            (r#","summary":false,"defanged":false"#, ""),
        ] {
            assert!(with(left, right), "{left} {right}");
        }
        assert!(same(&format!("{INDICATOR}}}"), &format!("{INDICATOR}}}").replace(".000Z", "Z")));
    }

    #[test]
    fn what_differs_by_value_differs() {
        for (left, right) in [
            (r#","x_a":1"#, r#","x_a":"1""#),
            (r#","x_a":1"#, r#","x_a":true"#),
            (r#","x_a":1"#, ""),
            (r#","x_a":1"#, r#","x_b":1"#),
            (r#","x_a":[1,2]"#, r#","x_a":[2,1]"#),
            (r#","x_a":[1]"#, r#","x_a":[1,1]"#),
            (r#","x_a":9007199254740993"#, r#","x_a":9007199254740992"#),
            (r#","x_a":9007199254740993"#, r#","x_a":-9007199254740993"#),
            (r#","x_a":["a","b"]"#, r#","x_a":["ab",""]"#),
            (r#","x_a":[["a"],"b"]"#, r#","x_a":[["a","b"]]"#),
            (r#","x_a":{"b":"c"}"#, r#","x_a":["b","c"]"#),
            (r#","name":"é""#, r#","name":"e\u0301""#),
            (r#","revoked":true"#, ""),
            (r#","x_a":{"revoked":false}"#, r#","x_a":{}"#),
            (r#","valid_until":"2027-01-01T00:00:00.0000000001Z""#, r#","valid_until":"2027-01-01T00:00:00Z""#),
            // Of unknown properties nobody knows that they are times.
            (r#","x_until":"2027-01-01T00:00:00.0Z""#, r#","x_until":"2027-01-01T00:00:00Z""#),
        ] {
            assert!(!with(left, right), "{left} {right}");
        }
    }

    #[test]
    fn times_are_known_in_extensions_lists_and_containers() {
        let file = |time: &str, inner: &str| {
            format!(
                r#"{{"type":"file","id":"file--d983db26-2cd5-579d-be2f-2ad171bf4284","name":"a","ctime":"{time}","extensions":{{"windows-pebinary-ext":{{"pe_type":"exe","time_date_stamp":"{inner}"}}}}}}"#
            )
        };
        let [plain, long, other] = ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000Z", "2026-01-01T00:00:01Z"];
        assert!(same(&file(plain, long), &file(long, plain)));
        assert!(!same(&file(plain, plain), &file(plain, other)));
        assert!(same(&file(plain, long), &file(plain, long).replacen('{', "{\"spec_version\":\"2.1\",", 1)));
        let observed = |time: &str| {
            format!(
                r#"{{"type":"observed-data","id":"observed-data--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","objects":{{"0":{{"type":"directory","path":"/","ctime":"{time}"}}}}}}"#
            )
        };
        assert!(same(&observed(plain), &observed(long)));
        assert!(!same(&observed(plain), &observed(other)));
    }

    #[test]
    fn many_keys_cost_no_square() {
        // Ten thousand keys in opposite orders, at every one of a few levels.
        let keys = |up: bool| {
            let mut keys: Vec<String> = (0..10_000).map(|n| format!("\"k{n:05}\":{n}")).collect();
            if up {
                keys.reverse();
            }
            keys.join(",")
        };
        let begin = Instant::now();
        assert!(with(&format!(r#","x_a":{{{}}}"#, keys(true)), &format!(r#","x_a":{{{}}}"#, keys(false))));
        assert!(begin.elapsed() < Duration::from_millis(1_000));
    }

    proptest! {
        #[test]
        fn order_of_members_never_matters(
            members in proptest::collection::btree_map("x_[a-d]{1,2}", r#"(-?[1-9]{1,3}(\.[0-9]{1,2})?|"[a-c]{0,2}"|\[\]|null|\{"b":1,"a":\[2\]\})"#, 0..6),
            turn in any::<prop::sample::Index>(),
        ) {
            let mut list: Vec<String> = members.iter().map(|(key, value)| format!(",\"{key}\":{value}")).collect();
            let before = list.concat();
            if !list.is_empty() {
                let at = turn.index(list.len());
                list.rotate_left(at);
                prop_assert!(with(&before, &list.concat()));
                let (changed, _) = list[0].split_once(':').unwrap();
                let other = format!("{changed}:\"other\"{}", list[1..].concat());
                prop_assert!(!with(&before, &other));
            }
        }
    }
}
