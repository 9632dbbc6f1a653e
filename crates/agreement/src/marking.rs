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
/// Granular markings raise the whole object to their level: this engine never releases part of an object above its marking.
/// A marking that is neither built in nor mapped makes the whole unresolved.
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

/// Joins granular markings; returns whether a selector matches nothing.
fn add_granular(object: &Object, maps: &[MarkingMap], join: &mut Join) -> bool {
    let raw = object.member("granular_markings").unwrap_or_default();
    let Ok(items) = serde_json::from_slice::<Vec<serde_json::Map<String, Value>>>(raw) else {
        join.unresolved = true;
        return true;
    };
    let whole = object.json();
    let mut bad_selector = false;
    for item in items {
        match (item.get("marking_ref").and_then(Value::as_str), item.get("lang")) {
            (Some(reference), _) => {
                join.add(reference, maps);
            }
            (None, Some(Value::String(_))) => {}
            (None, _) => join.unresolved = true,
        }
        let selectors = item.get("selectors").and_then(Value::as_array);
        bad_selector |= selectors.is_none_or(|selectors| {
            selectors.is_empty()
                || selectors.iter().any(|selector| selector.as_str().is_none_or(|path| !resolves(&whole, path)))
        });
    }
    bad_selector
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
