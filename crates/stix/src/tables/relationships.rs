//! Which relationship fits between which types (STIX 2.1 §4 and Appendix B).
//!
//! Anything outside the matrix is a warning, never an error. `av-analysis-of` is the name in the errata, `analysis-of` what
//! other software writes; both are here.

use super::{Class, objects};

/// How a relationship stands to the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fit {
    /// The specification names the triple.
    Known,
    /// `related-to` between any two, `derived-from` or `duplicate-of` between two of one type.
    Common,
    /// The specification names it the other way round.
    Reversed,
    /// Not in the matrix.
    Unknown,
    /// Source or target is a custom type, for which there is no matrix.
    Custom,
}

/// One row of the matrix: each of its types fits from the source to each of the targets.
#[derive(Debug)]
pub struct Row {
    /// Object type of `source_ref`.
    pub source: &'static str,
    /// Values of `relationship_type`.
    pub relationship_types: &'static [&'static str],
    /// Object types of `target_ref`.
    pub targets: &'static [&'static str],
    /// Whether every observable is a target as well.
    pub observables: bool,
    /// One bit per target, at its position in `objects::ALL`.
    bits: u64,
}

const fn row(
    source: &'static str,
    relationship_types: &'static [&'static str],
    targets: &'static [&'static str],
) -> Row {
    Row { source, relationship_types, targets, observables: false, bits: bits(targets, false) }
}

const fn row_with_observables(
    source: &'static str,
    relationship_types: &'static [&'static str],
    targets: &'static [&'static str],
) -> Row {
    Row { source, relationship_types, targets, observables: true, bits: bits(targets, true) }
}

/// INVARIANT: ordered by source as `objects::ALL` is; `FIRST` counts on it.
pub static MATRIX: [Row; 58] = [
    row("attack-pattern", &["delivers"], &["malware"]),
    row("attack-pattern", &["targets"], &["identity", "location", "vulnerability"]),
    row("attack-pattern", &["uses"], &["malware", "tool"]),
    row("campaign", &["attributed-to"], &["intrusion-set", "threat-actor"]),
    row("campaign", &["compromises"], &["infrastructure"]),
    row("campaign", &["originates-from"], &["location"]),
    row("campaign", &["targets"], &["identity", "location", "vulnerability"]),
    row("campaign", &["uses"], &["attack-pattern", "infrastructure", "malware", "tool"]),
    row("course-of-action", &["investigates"], &["indicator"]),
    row("course-of-action", &["mitigates"], &["attack-pattern", "indicator", "malware", "tool", "vulnerability"]),
    row("course-of-action", &["remediates"], &["malware", "vulnerability"]),
    row("domain-name", &["resolves-to"], &["domain-name", "ipv4-addr", "ipv6-addr"]),
    row("identity", &["located-at"], &["location"]),
    row(
        "indicator",
        &["indicates"],
        &["attack-pattern", "campaign", "infrastructure", "intrusion-set", "malware", "threat-actor", "tool"],
    ),
    row("indicator", &["based-on"], &["observed-data"]),
    row("infrastructure", &["communicates-with"], &["infrastructure", "ipv4-addr", "ipv6-addr", "domain-name", "url"]),
    row_with_observables("infrastructure", &["consists-of"], &["infrastructure", "observed-data"]),
    row("infrastructure", &["controls"], &["infrastructure", "malware"]),
    row("infrastructure", &["delivers"], &["malware"]),
    row("infrastructure", &["has"], &["vulnerability"]),
    row("infrastructure", &["hosts"], &["tool", "malware"]),
    row("infrastructure", &["located-at"], &["location"]),
    row("infrastructure", &["uses"], &["infrastructure"]),
    row("intrusion-set", &["attributed-to"], &["threat-actor"]),
    row("intrusion-set", &["compromises"], &["infrastructure"]),
    row("intrusion-set", &["hosts", "owns"], &["infrastructure"]),
    row("intrusion-set", &["originates-from"], &["location"]),
    row("intrusion-set", &["targets"], &["identity", "location", "vulnerability"]),
    row("intrusion-set", &["uses"], &["attack-pattern", "infrastructure", "malware", "tool"]),
    row("ipv4-addr", &["belongs-to"], &["autonomous-system"]),
    row("ipv4-addr", &["resolves-to"], &["mac-addr"]),
    row("ipv6-addr", &["belongs-to"], &["autonomous-system"]),
    row("ipv6-addr", &["resolves-to"], &["mac-addr"]),
    row("malware", &["authored-by"], &["threat-actor", "intrusion-set"]),
    row("malware", &["beacons-to", "exfiltrates-to"], &["infrastructure"]),
    row("malware", &["communicates-with"], &["ipv4-addr", "ipv6-addr", "domain-name", "url"]),
    row("malware", &["controls"], &["malware"]),
    row("malware", &["downloads", "drops"], &["malware", "tool", "file"]),
    row("malware", &["exploits"], &["vulnerability"]),
    row("malware", &["originates-from"], &["location"]),
    row("malware", &["targets"], &["identity", "infrastructure", "location", "vulnerability"]),
    row("malware", &["uses"], &["attack-pattern", "infrastructure", "malware", "tool"]),
    row("malware", &["variant-of"], &["malware"]),
    row("malware-analysis", &["characterizes"], &["malware"]),
    row("malware-analysis", &["av-analysis-of", "analysis-of"], &["malware"]),
    row("malware-analysis", &["static-analysis-of", "dynamic-analysis-of"], &["malware"]),
    row("threat-actor", &["attributed-to"], &["identity"]),
    row("threat-actor", &["compromises"], &["infrastructure"]),
    row("threat-actor", &["hosts", "owns"], &["infrastructure"]),
    row("threat-actor", &["impersonates"], &["identity"]),
    row("threat-actor", &["located-at"], &["location"]),
    row("threat-actor", &["targets"], &["identity", "location", "vulnerability"]),
    row("threat-actor", &["uses"], &["attack-pattern", "infrastructure", "malware", "tool"]),
    row("tool", &["delivers"], &["malware"]),
    row("tool", &["drops"], &["malware"]),
    row("tool", &["has"], &["vulnerability"]),
    row("tool", &["targets"], &["identity", "infrastructure", "location", "vulnerability"]),
    row("tool", &["uses"], &["infrastructure"]),
];

/// Types that fit from a domain object or observable to another of the same type.
pub static WITHIN_TYPE: [&str; 2] = ["derived-from", "duplicate-of"];

/// The type that fits between any domain objects and observables.
pub static ANYWHERE: &str = "related-to";

/// For each type of `objects::ALL` its first row; the rows end where those of the next type begin.
static FIRST: [u8; objects::ALL.len() + 1] = first();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler only; every position is below its length")]
const fn first() -> [u8; objects::ALL.len() + 1] {
    let mut first = [0; objects::ALL.len() + 1];
    let mut row: u8 = 0;
    let mut at = 0;
    while at < objects::ALL.len() {
        first[at] = row;
        while (row as usize) < MATRIX.len() && same(MATRIX[row as usize].source, objects::ALL[at].name) {
            row += 1;
        }
        at += 1;
    }
    assert!(row as usize == MATRIX.len(), "the matrix is ordered by source");
    first[at] = row;
    first
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler only; every position is below its length")]
const fn bits(targets: &[&str], observables: bool) -> u64 {
    let mut bits = 0;
    let mut found = 0;
    let mut at = 0;
    while at < objects::ALL.len() {
        let table = objects::ALL[at];
        let mut target = 0;
        while target < targets.len() {
            if same(targets[target], table.name) {
                bits |= 1 << at;
                found += 1;
            }
            target += 1;
        }
        if observables && matches!(table.class(), Some(Class::Sco)) {
            bits |= 1 << at;
        }
        at += 1;
    }
    assert!(found == targets.len(), "every target is an object type");
    bits
}

/// Compares where the compiler evaluates, which `==` on texts cannot.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler only; `at` is below both lengths")]
const fn same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let mut at = 0;
    while at < left.len() && at < right.len() && left[at] == right[at] {
        at += 1;
    }
    at == left.len() && at == right.len()
}

/// Says how a relationship stands to the matrix; `bundle`, relationships and meta objects fit nowhere.
pub fn fit(source: &str, relationship_type: &str, target: &str) -> Fit {
    let (Some(from), Some(to)) = (objects::position(source), objects::position(target)) else {
        return if source == "bundle" || target == "bundle" { Fit::Unknown } else { Fit::Custom };
    };
    if known(from, relationship_type, to) {
        Fit::Known
    } else if joinable(from) && joinable(to) && common(from, relationship_type, to) {
        Fit::Common
    } else if known(to, relationship_type, from) {
        Fit::Reversed
    } else {
        Fit::Unknown
    }
}

fn common(from: usize, relationship_type: &str, to: usize) -> bool {
    relationship_type == ANYWHERE || (from == to && WITHIN_TYPE.contains(&relationship_type))
}

fn joinable(position: usize) -> bool {
    let class = objects::ALL.get(position).and_then(|table| table.class());
    matches!(class, Some(Class::Sdo | Class::Sco))
}

fn known(from: usize, relationship_type: &str, to: usize) -> bool {
    let bound = |at: usize| FIRST.get(at).copied().map_or(0, usize::from);
    let rows = MATRIX.get(bound(from)..bound(from.saturating_add(1))).unwrap_or_default();
    rows.iter().any(|row| (row.bits >> to) & 1 == 1 && row.relationship_types.contains(&relationship_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_a_relationship_can_stand_is_told_apart() {
        for (source, relationship_type, target, expected) in [
            ("indicator", "indicates", "malware", Fit::Known),
            ("malware", "indicates", "indicator", Fit::Reversed),
            ("indicator", "indicates", "identity", Fit::Unknown),
            ("indicator", "x-acme", "malware", Fit::Unknown),
            ("infrastructure", "consists-of", "url", Fit::Known),
            ("infrastructure", "consists-of", "malware", Fit::Unknown),
            ("url", "consists-of", "infrastructure", Fit::Reversed),
            ("malware", "controls", "malware", Fit::Known),
            ("file", "related-to", "malware", Fit::Common),
            ("report", "derived-from", "report", Fit::Common),
            ("report", "duplicate-of", "note", Fit::Unknown),
            ("sighting", "related-to", "malware", Fit::Unknown),
            ("marking-definition", "derived-from", "marking-definition", Fit::Unknown),
            ("bundle", "related-to", "malware", Fit::Unknown),
            ("x-acme-case", "related-to", "malware", Fit::Custom),
            ("malware", "uses", "x-acme-case", Fit::Custom),
        ] {
            assert_eq!(fit(source, relationship_type, target), expected, "{source} {relationship_type} {target}");
        }
    }

    #[test]
    fn the_first_rows_of_the_types_partition_the_matrix() {
        for (position, table) in objects::ALL.iter().enumerate() {
            let rows = &MATRIX[usize::from(FIRST[position])..usize::from(FIRST[position + 1])];
            assert_eq!(rows.len(), MATRIX.iter().filter(|row| row.source == table.name).count(), "{}", table.name);
        }
    }
}
