//! One identifier, one content: observables that several observations saw.
//!
//! An observed-data of STIX 2.0 carries its observables inside. Taken out they have identifiers that follow from a few of their
//! properties, so two observations may bring one identifier with different content, which nobody can hold side by side
//! (STIX-E-804): observables have no versions. What is read is a stream, so what was written cannot be completed any more, and
//! dropping the later one would lose what was seen.
//!
//! | The later observable | What becomes of it |
//! |---|---|
//! | says what was written, or part of it, under the same markings | the one written stands for both |
//! | says anything else | written under an identifier of its own, of version 4 as STIX 2.1 §2.9 allows; its observation refers to that |
//! | refers to such a one, and its identifier is made of that | the same |

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};

use entente_stix::tables::table;
use entente_stix::upgrade::bytes_of;
use entente_stix::{Limits, Object, ParseError, id};

/// What was written under each identifier of an observable, as digests of its members.
#[derive(Debug, Default)]
pub(super) struct Distinct {
    hasher: RandomState,
    written: HashMap<Box<str>, HashSet<u64>>,
}

/// Markings must be the same for one object to stand for another: what is not there counts as well.
const MARKINGS: [&str; 2] = ["object_marking_refs", "granular_markings"];

impl Distinct {
    /// Whether an observable of the input itself has been written with the same content.
    pub(super) fn is_repeated(&mut self, object: &Object) -> bool {
        let content = self.content(object);
        match self.written.get(object.id()) {
            Some(written) => *written == content,
            None => {
                self.written.insert(object.id().into(), content);
                false
            }
        }
    }

    /// Takes an observation and the observables that were inside it, and returns what of them is to be written.
    ///
    /// # Errors
    /// Those of [`Object::parse`], for objects that refer to an identifier that was changed.
    pub(super) fn take(
        &mut self,
        observation: Object,
        observables: Vec<Object>,
        limits: &Limits,
    ) -> Result<Vec<Object>, ParseError> {
        let contents: Vec<HashSet<u64>> = observables.iter().map(|object| self.content(object)).collect();
        let renamed = self.renamed(&observation, &observables, &contents);
        let mut all = vec![rewritten(observation, &renamed, limits)?];
        for (object, content) in observables.into_iter().zip(contents) {
            if !renamed.contains_key(object.id()) && self.written.contains_key(object.id()) {
                continue;
            }
            let object = rewritten(object, &renamed, limits)?;
            let content = if renamed.is_empty() { content } else { self.content(&object) };
            if self.written.insert(object.id().into(), content).is_none() {
                all.push(object);
            }
        }
        Ok(all)
    }

    /// Chooses the observables that need an identifier of their own.
    fn renamed(
        &self,
        observation: &Object,
        observables: &[Object],
        contents: &[HashSet<u64>],
    ) -> HashMap<String, String> {
        let mut referring: HashMap<&str, Vec<&Object>> = HashMap::new();
        for object in observables {
            for reference in object.references() {
                referring.entry(reference.target.as_str()).or_default().push(object);
            }
        }
        let differs = |(object, content): &(&Object, &HashSet<u64>)| {
            self.written.get(object.id()).is_some_and(|written| !content.is_subset(written))
        };
        let mut next: VecDeque<&Object> = observables.iter().zip(contents).filter(differs).map(|(o, _)| o).collect();
        let mut chosen: HashMap<&str, &Object> = next.iter().map(|object| (object.id(), *object)).collect();
        while let Some(changed) = next.pop_front() {
            for object in referring.get(changed.id()).into_iter().flatten() {
                let follows = self.written.contains_key(object.id()) || is_made_of(object, changed.id());
                if follows && chosen.insert(object.id(), object).is_none() {
                    next.push_back(object);
                }
            }
        }
        let place = || {
            let version = observation.modified_text().or(observation.created_text()).unwrap_or_default();
            format!("{}/{version}/objects", observation.id())
        };
        let of = |(name, object): (&&str, &&Object)| {
            let refers = object.references().iter().any(|reference| chosen.contains_key(reference.target.as_str()));
            // What refers to none of them is the same wherever it is seen again. What does may refer to others elsewhere.
            let source = if refers { place() } else { String::from_utf8_lossy(object.raw()).into_owned() };
            ((*name).to_owned(), id::of_bytes(object.object_type(), bytes_of(&format!("{source}/{name}"))))
        };
        chosen.iter().map(of).collect()
    }

    fn content(&self, object: &Object) -> HashSet<u64> {
        let members = object.json();
        let of = |name: &str| self.hasher.hash_one((name, members.get(name)));
        let own = members.keys().map(String::as_str).filter(|name| *name != "id");
        own.chain(MARKINGS).map(of).collect()
    }
}

/// Whether the identifier of an observable is made of that of another.
fn is_made_of(object: &Object, target: &str) -> bool {
    let contributing = table(object.object_type()).map_or(&[][..], |table| table.contributing);
    object
        .references()
        .iter()
        .any(|reference| reference.target == target && contributing.contains(&reference.property()))
}

/// Writes the new identifiers in the places of the old ones: identifiers have neither quotes nor escapes, so one is what stands
/// between two quotes where a value begins.
fn rewritten(object: Object, renamed: &HashMap<String, String>, limits: &Limits) -> Result<Object, ParseError> {
    if renamed.is_empty() {
        return Ok(object);
    }
    let text = String::from_utf8_lossy(object.raw());
    let mut new = String::with_capacity(text.len());
    let mut begins = false;
    for (index, part) in text.split('"').enumerate() {
        if index > 0 {
            new.push('"');
        }
        new.push_str(renamed.get(part).filter(|_| begins).map_or(part, String::as_str));
        begins = part.trim_end().ends_with([':', ',', '[']);
    }
    Object::parse(new.as_bytes(), limits)
}
