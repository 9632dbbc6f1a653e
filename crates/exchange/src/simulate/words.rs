//! The result of a simulation in one sentence: pure.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::tally::{Change, Row};

/// What a sentence is about.
pub(crate) struct Told<'a> {
    /// For example `Over the last 90 days`.
    pub(crate) period: &'a str,
    /// For example `version 4`.
    pub(crate) draft: &'a str,
    pub(crate) recipient: &'a str,
    /// Whether the draft is held against another text.
    pub(crate) compared: bool,
    pub(crate) change: Change,
    /// Released by the draft, subject other than infrastructure.
    pub(crate) personal: u64,
    pub(crate) needs_consent: &'a BTreeMap<String, u64>,
    pub(crate) classes: &'a [Row],
}

/// `Over the last 90 days version 4 would release 1,204 → 1,377 objects to fusion (+173, all phishing); 0 with personal data; 12 need
/// consent of cert-x`.
pub(crate) fn sentence(told: &Told<'_>) -> String {
    let Told { period, draft, recipient, change, .. } = told;
    // Writing to a String does not fail.
    let mut text = format!("{period} {draft} would release ");
    if told.compared {
        let _ = write!(text, "{} → {} objects to {recipient}", count(change.before), count(change.after));
        let gained = part("+", change.gained, told.classes, |change| change.gained);
        let lost = part("−", change.lost, told.classes, |change| change.lost);
        let difference = [gained, lost].into_iter().flatten().collect::<Vec<_>>().join("; ");
        let _ = write!(text, " ({})", if difference.is_empty() { "no difference".to_owned() } else { difference });
    } else {
        let objects = if change.after == 1 { "object" } else { "objects" };
        let _ = write!(text, "{} {objects} to {recipient}", count(change.after));
        if let Some(classes) = list(change.after, told.classes, |change| change.after) {
            let _ = write!(text, " ({classes})");
        }
    }
    let _ = write!(text, "; {} with personal data", count(told.personal));
    for (originator, n) in told.needs_consent {
        let needs = if *n == 1 { "needs" } else { "need" };
        let _ = write!(text, "; {} {needs} consent of {originator}", count(*n));
    }
    text
}

/// `+173, all phishing`; `None` for nothing.
fn part(sign: &str, n: u64, classes: &[Row], of: impl Fn(&Change) -> u64) -> Option<String> {
    let classes = list(n, classes, of)?;
    Some(format!("{sign}{}, {classes}", count(n)))
}

// LIMIT: classes that a sentence names; the rest is one number.
const CLASSES_MAX: usize = 3;

/// `all phishing`, or `100 phishing, 73 c2`; `None` for nothing.
fn list(n: u64, classes: &[Row], of: impl Fn(&Change) -> u64) -> Option<String> {
    let mut found: Vec<(u64, &str)> =
        classes.iter().map(|row| (of(&row.change), row.name.as_str())).filter(|(n, _)| *n > 0).collect();
    found.sort_by_key(|(n, name)| (std::cmp::Reverse(*n), *name));
    match found.as_slice() {
        [] => None,
        [(all, name)] if *all == n => Some(format!("all {name}")),
        many => {
            let mut parts: Vec<String> =
                many.iter().take(CLASSES_MAX).map(|(n, name)| format!("{} {name}", count(*n))).collect();
            let rest: u64 = many.iter().skip(CLASSES_MAX).map(|(n, _)| n).sum();
            if rest > 0 {
                parts.push(format!("{} of other classes", count(rest)));
            }
            Some(parts.join(", "))
        }
    }
}

/// A count with separators of thousands.
fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `Over the last 90 days` where the period ends now, else its two days; without `since` it has no beginning.
pub(crate) fn period(since: Option<&str>, until: &str, days: i64, ends_now: bool) -> String {
    match (since, ends_now, days) {
        (None, true, _) => "Over everything admitted so far".to_owned(),
        (None, false, _) => format!("Up to {until}"),
        (Some(_), true, 1) => "Over the last day".to_owned(),
        (Some(_), true, days) if days > 0 => format!("Over the last {days} days"),
        (Some(since), ..) => format!("From {since} to {until}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, Row, Told, period, sentence};
    use std::collections::BTreeMap;

    fn row(name: &str, before: u64, after: u64, gained: u64, lost: u64) -> Row {
        Row { name: name.to_owned(), change: Change { before, after, gained, lost } }
    }

    fn told<'a>(change: Change, classes: &'a [Row], consent: &'a BTreeMap<String, u64>) -> Told<'a> {
        Told {
            period: "Over the last 90 days",
            draft: "version 4",
            recipient: "fusion",
            compared: true,
            change,
            personal: 0,
            needs_consent: consent,
            classes,
        }
    }

    #[test]
    fn the_sentence_of_the_design_is_written() {
        let change = Change { before: 1_204, after: 1_377, gained: 173, lost: 0 };
        let classes = [row("phishing", 0, 173, 173, 0), row("c2", 1_204, 1_204, 0, 0)];
        let consent = [("cert-x".to_owned(), 12)].into();
        assert_eq!(
            sentence(&told(change, &classes, &consent)),
            "Over the last 90 days version 4 would release 1,204 → 1,377 objects to fusion (+173, all phishing); \
             0 with personal data; 12 need consent of cert-x"
        );
    }

    #[test]
    fn equal_totals_do_not_hide_a_difference() {
        let change = Change { before: 10, after: 10, gained: 5, lost: 5 };
        let classes = [
            row("c2", 10, 5, 0, 5),
            row("phishing", 0, 2, 2, 0),
            row("scanner", 0, 1, 1, 0),
            row("spam", 0, 1, 1, 0),
            row("other", 0, 1, 1, 0),
        ];
        let none = BTreeMap::new();
        assert_eq!(
            sentence(&told(change, &classes, &none)),
            "Over the last 90 days version 4 would release 10 → 10 objects to fusion \
             (+5, 2 phishing, 1 other, 1 scanner, 1 of other classes; −5, all c2); 0 with personal data"
        );
        let same = told(Change { before: 1, after: 1, gained: 0, lost: 0 }, &[], &none);
        assert!(sentence(&same).contains("1 → 1 objects to fusion (no difference)"));
        let alone = Told { compared: false, ..told(Change { after: 1, ..change }, &classes[..1], &none) };
        assert!(sentence(&alone).contains("would release 1 object to fusion (5 c2)"));
    }

    #[test]
    fn a_period_is_named_by_its_length_or_its_ends() {
        assert_eq!(period(Some("a"), "b", 90, true), "Over the last 90 days");
        assert_eq!(period(Some("a"), "b", 1, true), "Over the last day");
        assert_eq!(period(Some("a"), "b", 0, true), "From a to b");
        assert_eq!(period(None, "b", 20_000, true), "Over everything admitted so far");
        assert_eq!(period(None, "2026-02-01", 20_000, false), "Up to 2026-02-01");
        assert_eq!(period(Some("2026-01-01"), "2026-02-01", 31, false), "From 2026-01-01 to 2026-02-01");
    }
}
