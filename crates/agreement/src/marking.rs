//! The effective marking of an object (section 7 of the format).

use entente_stix::Object;
use entente_stix::marking::{Pap, Tlp};
use entente_stix::selector::{Component, parse};
use serde_json::Value;

use crate::facts::MarkingState;
use crate::terms::MarkingMap;

/// Holds the effective marking of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effective {
    /// The join of all TLP levels.
    pub tlp: Tlp,
    /// The join of all permitted actions; GREEN if nothing was said.
    pub pap: Pap,
    /// Whether the marking is known.
    pub state: MarkingState,
    /// The object names several TLP levels.
    pub multiple_tlp: bool,
    /// A granular marking has a selector that matches nothing; its level was taken for the whole object.
    pub bad_selector: bool,
}

/// Computes the effective marking from the object, the default of its admission (or its container), and the text's maps.
///
/// Granular markings are about their properties, which [`crate::apply()`] removes where they stand above what a clause allows; one
/// whose selector leads nowhere raises the whole object (A15). A marking of the whole that is neither built in nor mapped makes it
/// unresolved.
pub fn effective(object: &Object, admission: Option<Tlp>, maps: &[MarkingMap]) -> Effective {
    let mut join = Join { tlp: admission, pap: None, unresolved: false };
    let mut levels: Vec<Tlp> = Vec::new();
    for reference in object.object_marking_refs() {
        let level = join.add(reference, maps);
        if let Some(level) = level.filter(|level| !levels.contains(level)) {
            levels.push(level);
        }
    }
    // A member with this name that is not a list of ids is a marking nobody can read.
    let listed = object.member("object_marking_refs").map(serde_json::from_slice::<Vec<String>>);
    if listed.is_some_and(|list| list.map_or(true, |list| list != object.object_marking_refs())) {
        join.unresolved = true;
    }
    let bad_selector = object.has_granular_markings() && add_granular(object, maps, &mut join);
    for label in object.labels() {
        if let Some(pap) = Pap::from_label(label) {
            join.pap = Some(join.pap.map_or(pap, |known| known.max(pap)));
        }
    }
    let state = match (join.unresolved, join.tlp) {
        (true, _) => MarkingState::Unresolved,
        (false, None) => MarkingState::Unmarked,
        (false, Some(_)) => MarkingState::Marked,
    };
    // What is unknown is at its most restrictive, should a caller forget to ask for the state.
    let tlp = if join.unresolved { Tlp::Red } else { join.tlp.unwrap_or(Tlp::Red) };
    Effective { tlp, pap: join.pap.unwrap_or(Pap::Green), state, multiple_tlp: levels.len() > 1, bad_selector }
}

struct Join {
    tlp: Option<Tlp>,
    pap: Option<Pap>,
    unresolved: bool,
}

impl Join {
    /// Joins one marking reference; returns its level if it is a built-in TLP.
    fn add(&mut self, reference: &str, maps: &[MarkingMap]) -> Option<Tlp> {
        let built_in = Tlp::from_marking_id(reference);
        let mapped = maps.iter().find(|map| map.marking == reference);
        match (built_in, mapped) {
            (Some(level), _) => self.raise(level),
            (None, Some(map)) => {
                self.raise(map.tlp);
                self.pap = Some(self.pap.map_or(map.pap, |known| known.max(map.pap)));
            }
            (None, None) => self.unresolved = true,
        }
        built_in
    }

    fn raise(&mut self, level: Tlp) {
        self.tlp = Some(self.tlp.map_or(level, |known| known.max(level)));
    }
}

/// Joins granular markings whose selectors lead nowhere; returns whether there is one.
fn add_granular(object: &Object, maps: &[MarkingMap], join: &mut Join) -> bool {
    let Some(items) = granular_items(object) else {
        join.unresolved = true;
        return true;
    };
    let whole = object.json();
    let mut bad_selector = false;
    for item in items {
        let reference = item.get("marking_ref").and_then(Value::as_str);
        let is_language = reference.is_none() && item.get("lang").is_some_and(Value::is_string);
        let Some(selectors) = selectors_of(&item).filter(|all| all.iter().all(|path| resolves(&whole, path))) else {
            bad_selector = true;
            match reference {
                Some(reference) => {
                    join.add(reference, maps);
                }
                None => join.unresolved |= !is_language,
            }
            continue;
        };
        // An entry that is neither marking nor language says something about these properties that nobody can read.
        join.unresolved |= reference.is_none() && !is_language && !selectors.is_empty();
    }
    bad_selector
}

/// The marking of one property of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PropertyMarking {
    /// The top-level property that is marked, as a whole or in part.
    pub(crate) property: String,
    /// Its level; `None` if the marking is not known.
    pub(crate) tlp: Option<Tlp>,
    /// The actions it permits, where it says so.
    pub(crate) pap: Option<Pap>,
}

/// Lists the properties that have a marking of their own, one entry for each selector and marking.
pub(crate) fn property_markings(object: &Object, maps: &[MarkingMap]) -> Vec<PropertyMarking> {
    if !object.has_granular_markings() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for item in granular_items(object).unwrap_or_default() {
        let Some(reference) = item.get("marking_ref").and_then(Value::as_str) else { continue };
        let mut join = Join { tlp: None, pap: None, unresolved: false };
        join.add(reference, maps);
        for selector in selectors_of(&item).unwrap_or_default() {
            if let Some(Component::Name(property)) = parse(selector).and_then(|mut steps| steps.next()) {
                found.push(PropertyMarking { property: property.to_owned(), tlp: join.tlp, pap: join.pap });
            }
        }
    }
    found
}

/// The entries of `granular_markings`; `None` if it is not a list of objects.
fn granular_items(object: &Object) -> Option<Vec<serde_json::Map<String, Value>>> {
    serde_json::from_slice(object.member("granular_markings").unwrap_or_default()).ok()
}

/// The selectors of an entry; `None` if there is none or one is no text.
fn selectors_of(item: &serde_json::Map<String, Value>) -> Option<Vec<&str>> {
    let selectors = item.get("selectors").and_then(Value::as_array).filter(|selectors| !selectors.is_empty())?;
    selectors.iter().map(Value::as_str).collect()
}

/// Tells whether a selector (STIX 2.1 §7.2.3.1) leads to something in the object.
fn resolves(object: &serde_json::Map<String, Value>, selector: &str) -> bool {
    let Some(mut steps) = parse(selector) else { return false };
    let Some(Component::Name(first)) = steps.next() else { return false };
    let found = steps.try_fold(object.get(first), |value, step| {
        let value = value?;
        Some(match step {
            Component::Name(key) => value.get(key),
            Component::Index(at) => value.get(at),
        })
    });
    found.flatten().is_some()
}
