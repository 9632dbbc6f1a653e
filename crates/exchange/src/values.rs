//! The values that an object states, wherever they stand in it: what a decision by kind and the protection of victims rest on.

use std::collections::HashSet;

use entente_agreement::{Clause, Facts, Subject};
use entente_observable::Kind;
use entente_pattern::Literal;
use entente_stix::Object;

use crate::prepare::observable_of;

/// Whether every kind of value in a pattern may leave under a clause.
///
/// A decision knows one kind for each object, or none. A pattern that joins several comparisons, or compares otherwise than for
/// equality, is looked through here.
pub(crate) fn kinds_fit(object: &Object, kind: Option<Kind>, clause: &Clause) -> bool {
    let Some(text) = object.text("pattern") else { return true };
    let joined = ["AND", "OR", "FOLLOWEDBY"].iter().any(|word| text.contains(word));
    if kind.is_some() && !joined {
        return true;
    }
    // A pattern in another language cannot be looked through; it counts as free text.
    let Ok(pattern) = entente_pattern::parse(&text) else { return true };
    pattern.literals().iter().filter_map(kind_of).all(|kind| clause.kinds.contains(Some(kind)))
}

/// The kind of a constant; where it is only a part of a value, that of the object it is looked for in.
fn kind_of(literal: &Literal) -> Option<Kind> {
    if let Some(observable) = observable_of(&literal.object_type, &literal.property, &literal.value) {
        return Some(observable.kind);
    }
    match literal.object_type.as_str() {
        "autonomous-system" => Some(Kind::AutonomousSystem),
        "domain-name" => Some(Kind::DomainName),
        "email-addr" => Some(Kind::EmailAddr),
        "ipv4-addr" => Some(Kind::Ipv4Addr),
        "ipv6-addr" => Some(Kind::Ipv6Addr),
        "url" => Some(Kind::Url),
        "user-account" => Some(Kind::UserAccount),
        _ => None,
    }
}

/// Victim values that an object carries or names: its own, and every known victim's host in its pattern or value.
pub(crate) fn victims_in(victims: &HashSet<String>, object: &Object, facts: &Facts) -> Vec<(Kind, String)> {
    let mut found: Vec<(Kind, String)> = Vec::new();
    let mut add = |kind: Kind, value: &str| {
        if !found.iter().any(|(_, known)| known == value) {
            found.push((kind, value.to_owned()));
        }
    };
    if facts.subject.contains(Subject::Victim)
        && let Some(value) = object.text("name").or_else(|| object.text("value"))
    {
        add(facts.kind.unwrap_or(Kind::DomainName), &value);
    }
    if !victims.is_empty() {
        for (kind, value) in values_of(object) {
            names_of(&value).filter(|name| victims.contains(*name)).for_each(|name| add(kind, name));
        }
    }
    found
}

/// Every value that an object states in its pattern or as its own, with hosts taken out of URLs, and every name or address that
/// stands in the rest of a URL or text.
pub(crate) fn values_of(object: &Object) -> Vec<(Kind, String)> {
    let mut found = Vec::new();
    let mut add = |object_type: &str, property: &str, value: &str| {
        match observable_of(object_type, property, value) {
            Some(observable) => {
                found.push((observable.kind, observable.host().unwrap_or(&observable.value).to_owned()));
            }
            None => found.push((Kind::DomainName, value.to_owned())),
        }
        words_in(value, &mut found);
    };
    if let Some(text) = object.text("pattern") {
        match entente_pattern::parse(&text) {
            Ok(pattern) => {
                for literal in pattern.literals() {
                    add(&literal.object_type, &literal.property, &literal.value);
                }
            }
            Err(_) => words_in(&text, &mut found),
        }
    } else if let Some(value) = object.text("value") {
        add(object.object_type(), "value", &value);
    }
    found
}

/// Names and addresses inside a longer text, in lower case and with percent-encoding undone.
// GAP: a victim's name in base64 or an address as one number inside a URL is not recognised, so such an indicator is released.
fn words_in(text: &str, found: &mut Vec<(Kind, String)>) {
    let part_of_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    if text.chars().all(part_of_name) {
        return;
    }
    let text = percent_decoded(text).to_lowercase();
    let address = |c: char| part_of_name(c) || matches!(c, '@' | '+');
    for word in text.split(|c: char| !address(c)).filter(|word| word.contains('@')) {
        found.push((Kind::EmailAddr, word.trim_matches('.').to_owned()));
    }
    for word in text.split(|c: char| !part_of_name(c)).filter(|word| word.contains('.')) {
        let word = word.trim_matches('.');
        let kind = if word.parse::<std::net::Ipv4Addr>().is_ok() { Kind::Ipv4Addr } else { Kind::DomainName };
        found.push((kind, word.to_owned()));
    }
}

/// Undoes `%XX`; what is not one stays as it is.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        match tail {
            [high, low, after @ ..] if *first == b'%' => {
                if let (Some(high), Some(low)) = (digit(high), digit(low)) {
                    bytes.push(high << 4 | low);
                    rest = after;
                    continue;
                }
            }
            _ => {}
        }
        bytes.push(*first);
        rest = tail;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A name and every parent of it that has at least two labels.
pub(crate) fn names_of(value: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(value), |name| {
        name.split_once('.').map(|(_, parent)| parent).filter(|parent| parent.contains('.'))
    })
}
