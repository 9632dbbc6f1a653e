//! Instants at full precision, for comparison: two that differ in the tenth digit of the fraction differ.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::timestamp::Timestamp;
use crate::value::Value;

/// A timestamp of an object, with the text it was written as.
#[derive(Debug, Clone)]
pub(super) struct Instant<'t> {
    pub(super) text: &'t str,
    seconds: i64,
    /// Second 60, which comes after every fraction of second 59.
    is_leap: bool,
    /// Digits without trailing zeros: in this form their order as texts is that of the numbers.
    fraction: Cow<'t, str>,
}

/// Reads a timestamp; none where the value is not one.
pub(super) fn read(value: Value<'_>) -> Option<Instant<'_>> {
    let written = value.text()?;
    let seconds = Timestamp::parse(&written).ok()?.as_micros().div_euclid(1_000_000);
    let is_leap = written.get(17..19) == Some("60");
    let digits = |text: &str| text.get(20..).map_or(0, |rest| rest.trim_end_matches('Z').trim_end_matches('0').len());
    let range = 20..digits(&written).saturating_add(20);
    let fraction = match written {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(range).unwrap_or_default()),
        Cow::Owned(text) => Cow::Owned(text.get(range).unwrap_or_default().to_owned()),
    };
    Some(Instant { text: value.inside(), seconds, is_leap, fraction })
}

/// An instant that does not borrow: seconds, whether it is a leap second, digits of the fraction.
pub(super) type Key = (i64, bool, Box<str>);

impl Instant<'_> {
    pub(super) fn into_key(self) -> Key {
        (self.seconds, self.is_leap, self.fraction.into())
    }

    fn key(&self) -> (i64, bool, &str) {
        (self.seconds, self.is_leap, &self.fraction)
    }
}

impl PartialEq for Instant<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl PartialOrd for Instant<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.key().cmp(&other.key()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Tree;

    #[test]
    fn order_is_that_of_full_precision() {
        let ordered = [
            "2016-12-31T23:59:59Z",
            "2016-12-31T23:59:59.0000000001Z",
            "2016-12-31T23:59:59.5Z",
            "2016-12-31T23:59:59.9999999Z",
            "2016-12-31T23:59:60Z",
            "2016-12-31T23:59:60.5Z",
            "2017-01-01T00:00:00Z",
        ]
        .map(|text| format!("\"{text}\""));
        let trees = ordered.each_ref().map(|text| Tree::read(text));
        let read = trees.each_ref().map(|tree| read(tree.root()).unwrap());
        assert!(read.windows(2).all(|pair| pair[0] < pair[1]));
        let (short, long) = (Tree::read("\"2016-12-31T23:59:59.5Z\""), Tree::read("\"2016-12-31T23:59:59.500000Z\""));
        assert_eq!(super::read(short.root()), super::read(long.root()));
        // Escapes hide nothing.
        let escaped = Tree::read("\"2016-12-31T23:59:59\\u002e50Z\"");
        assert_eq!(super::read(short.root()), super::read(escaped.root()));
        assert!(super::read(Tree::read("17").root()).is_none());
    }
}
