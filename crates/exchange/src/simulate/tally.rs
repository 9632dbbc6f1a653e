//! What a simulation adds up: pure, so that the same decisions always give the same numbers.

use std::collections::{BTreeMap, HashMap};

use entente_agreement::{ObjectType, Reason, Subject, SubjectSet, Terms};
use entente_formats::Class as Role;
use entente_observable::Kind;
use entente_stix::Timestamp;
use entente_stix::marking::Tlp;
use serde::Serialize;

use crate::facts::country_word;

/// What one side, the draft or what it is held against, does with a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fate {
    /// Releases it under the clause at this position.
    Released(usize),
    /// Withholds it.
    Withheld(Reason),
    /// There is no such side.
    Absent,
}

impl Fate {
    pub(crate) const fn is_released(self) -> bool {
        matches!(self, Self::Released(_))
    }

    /// Whether a reference to something not released stands against it, which a later release may remove.
    pub(crate) fn waits(self) -> bool {
        matches!(self, Self::Withheld(reason) if reason.code().starts_with("closure."))
    }
}

/// Everything that counts about a revision; all of one class are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Class {
    pub(crate) object_type: ObjectType,
    pub(crate) kind: Option<Kind>,
    pub(crate) tlp: Tlp,
    pub(crate) subject: SubjectSet,
    pub(crate) role: Role,
    pub(crate) country: Option<[u8; 2]>,
    /// Party number; 0 is the node's own.
    pub(crate) source: i64,
    /// UTC day of admission, since 1970.
    pub(crate) day: i64,
    /// Only the consent of its originator is missing.
    pub(crate) consent: bool,
    pub(crate) before: Fate,
    pub(crate) after: Fate,
}

/// Counts on both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Released by what the draft is held against; 0 when that is nothing.
    pub before: u64,
    /// Released by the draft.
    pub after: u64,
    /// Released by the draft only.
    pub gained: u64,
    /// Not released by the draft any more.
    pub lost: u64,
}

impl Change {
    fn add(&mut self, before: bool, after: bool, n: u64) {
        self.before += if before { n } else { 0 };
        self.after += if after { n } else { 0 };
        self.gained += if after && !before { n } else { 0 };
        self.lost += if before && !after { n } else { 0 };
    }
}

/// One value of one attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The value, for example `phishing`.
    pub name: String,
    /// The counts.
    #[serde(flatten)]
    pub change: Change,
}

/// The counts by each attribute, larger changes first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Breakdown {
    /// By class of finding: C2, phishing, …
    pub class: Vec<Row>,
    /// By type of object.
    pub object_type: Vec<Row>,
    /// By kind of value.
    pub kind: Vec<Row>,
    /// By marking as held.
    pub tlp: Vec<Row>,
    /// By categories of data subject.
    pub subject: Vec<Row>,
    /// By country.
    pub country: Vec<Row>,
    /// By party it came from; `own` is this node's.
    pub source: Vec<Row>,
    /// By clause: of the draft for what it releases, of the other text for what only that one does.
    pub clause: Vec<Row>,
}

/// What one UTC day would bring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Day {
    /// The day.
    pub day: String,
    /// Released by what the draft is held against.
    pub before: u64,
    /// Released by the draft.
    pub after: u64,
}

/// The counts of one recipient.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    classes: HashMap<Class, u64>,
    /// Objects that each obligation of the draft changed.
    pub(crate) effects: BTreeMap<String, u64>,
}

/// Names that the counts are shown under.
pub(crate) struct Names<'a> {
    /// Terms of the draft.
    pub(crate) after: &'a Terms,
    /// Terms of what it is held against.
    pub(crate) before: Option<&'a Terms>,
    /// The word of a party number.
    pub(crate) party: &'a dyn Fn(i64) -> String,
}

/// Everything that follows from the counted classes.
pub(crate) struct Totals {
    pub(crate) change: Change,
    pub(crate) personal: Change,
    pub(crate) by: Breakdown,
    pub(crate) needs_consent: BTreeMap<String, u64>,
    pub(crate) withheld: BTreeMap<String, u64>,
    pub(crate) withheld_before: BTreeMap<String, u64>,
    pub(crate) days: Vec<Day>,
}

impl Tally {
    pub(crate) fn add(&mut self, class: Class) {
        *self.classes.entry(class).or_default() += 1;
    }

    /// Counts an object that the obligations of these names changed.
    pub(crate) fn add_effects(&mut self, effects: &[(String, Vec<String>)]) {
        for (name, _) in effects {
            match self.effects.get_mut(name) {
                Some(n) => *n += 1,
                None => {
                    self.effects.insert(name.clone(), 1);
                }
            }
        }
    }

    pub(crate) fn totals(&self, names: &Names<'_>) -> Totals {
        let mut change = Change::default();
        let mut personal = Change::default();
        let mut rows: [BTreeMap<String, Change>; 8] = Default::default();
        let mut needs_consent: BTreeMap<String, u64> = BTreeMap::new();
        let mut withheld: BTreeMap<String, u64> = BTreeMap::new();
        let mut withheld_before: BTreeMap<String, u64> = BTreeMap::new();
        let mut days: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
        for (class, n) in &self.classes {
            let (before, after) = (class.before.is_released(), class.after.is_released());
            change.add(before, after, *n);
            if is_personal(class.subject) {
                personal.add(before, after, *n);
            }
            if class.consent {
                *needs_consent.entry((names.party)(class.source)).or_default() += n;
            }
            for (fate, reasons) in [(class.after, &mut withheld), (class.before, &mut withheld_before)] {
                if let Fate::Withheld(reason) = fate {
                    *reasons.entry(reason.code().to_owned()).or_default() += n;
                }
            }
            if before || after {
                let day = days.entry(class.day).or_default();
                day.0 += if before { *n } else { 0 };
                day.1 += if after { *n } else { 0 };
                for (map, name) in rows.iter_mut().zip(words_of(class, names)) {
                    map.entry(name).or_default().add(before, after, *n);
                }
            }
        }
        let [of_class, object_type, kind, tlp, subject, country, source, clause] = rows.map(sorted);
        let by = Breakdown { class: of_class, object_type, kind, tlp, subject, country, source, clause };
        let days = days.into_iter().map(|(day, (before, after))| Day { day: day_text(day), before, after }).collect();
        Totals { change, personal, by, needs_consent, withheld, withheld_before, days }
    }
}

/// Whether an object concerns a person, or nobody said that it does not (`agreements.md` section 12).
pub(crate) fn is_personal(subject: SubjectSet) -> bool {
    subject != SubjectSet::of(&[Subject::Infrastructure])
}

fn words_of(class: &Class, names: &Names<'_>) -> [String; 8] {
    let subject = class.subject.names().join("+");
    let of = |terms: Option<&Terms>, at: usize| {
        terms.and_then(|terms| terms.clauses.get(at)).map_or_else(String::new, |clause| clause.id.to_string())
    };
    let clause = match (class.after, class.before) {
        (Fate::Released(at), _) => of(Some(names.after), at),
        (_, Fate::Released(at)) => of(names.before, at),
        _ => String::new(),
    };
    [
        class.role.name().to_owned(),
        class.object_type.name().to_owned(),
        class.kind.map_or("none", Kind::name).to_owned(),
        class.tlp.name().to_owned(),
        if subject.is_empty() { "unknown".to_owned() } else { subject },
        country_word(class.country),
        (names.party)(class.source),
        clause,
    ]
}

/// Largest change first, then most released, then by name.
fn sorted(rows: BTreeMap<String, Change>) -> Vec<Row> {
    let mut rows: Vec<Row> = rows.into_iter().map(|(name, change)| Row { name, change }).collect();
    rows.sort_by_key(|row| std::cmp::Reverse((row.change.gained + row.change.lost, row.change.after)));
    rows
}

fn day_text(day: i64) -> String {
    let instant = Timestamp::from_micros(day.saturating_mul(86_400_000_000)).to_string();
    instant.split('T').next().unwrap_or_default().to_owned()
}

/// The `max` things with the smallest keys.
#[derive(Clone, Debug)]
pub(crate) struct Smallest<T> {
    max: usize,
    found: BTreeMap<([u8; 32], i64), T>,
}

impl<T> Smallest<T> {
    pub(crate) fn new(max: usize) -> Self {
        Self { max, found: BTreeMap::new() }
    }

    /// Takes what `make` gives if the key is among the smallest so far.
    pub(crate) fn offer(&mut self, key: ([u8; 32], i64), make: impl FnOnce() -> T) {
        let is_full = self.found.len() >= self.max;
        if is_full && self.found.last_key_value().is_none_or(|(last, _)| key >= *last) {
            return;
        }
        self.found.insert(key, make());
        if self.found.len() > self.max {
            self.found.pop_last();
        }
    }

    pub(crate) fn into_vec(self) -> Vec<T> {
        self.found.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, Smallest, is_personal};
    use entente_agreement::{Subject, SubjectSet};

    #[test]
    fn before_plus_gained_minus_lost_is_after() {
        let mut change = Change::default();
        for (before, after, n) in [(true, true, 5), (true, false, 3), (false, true, 7), (false, false, 100)] {
            change.add(before, after, n);
        }
        assert_eq!(change, Change { before: 8, after: 12, gained: 7, lost: 3 });
        assert_eq!(change.before + change.gained - change.lost, change.after);
    }

    #[test]
    fn the_smallest_are_kept_whatever_the_order() {
        let key = |n: u8| ([n; 32], 0);
        for order in [[1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [3, 5, 1, 4, 2]] {
            let mut smallest = Smallest::new(2);
            order.iter().for_each(|n| smallest.offer(key(*n), || *n));
            assert_eq!(smallest.into_vec(), [1, 2]);
        }
        let mut none = Smallest::new(0);
        none.offer(key(1), || 1);
        assert!(none.into_vec().is_empty());
    }

    #[test]
    fn what_nobody_spoke_for_counts_as_personal() {
        assert!(is_personal(SubjectSet::EMPTY));
        assert!(is_personal(SubjectSet::of(&[Subject::Infrastructure, Subject::Victim])));
        assert!(!is_personal(SubjectSet::of(&[Subject::Infrastructure])));
    }
}
