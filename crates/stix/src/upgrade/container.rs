//! `observed-data.objects` of STIX 2.0: observables under local names become objects with identifiers.
//!
//! An observable was marked by what marked the observed-data around it. Alone, it must not be freer than it was: it inherits
//! `object_marking_refs`, and takes the granular markings that selected it. A marking whose selector selects nothing, or a
//! property that enters the identifier, marks the whole observable.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use serde_json::{Map, Value};

use super::{Options, forms, written};
use crate::edit::Edit;
use crate::error::{JsonError, JsonErrorKind, ParseError, shown};
use crate::id;
use crate::object::Object;
use crate::tables;

/// References of STIX 2.0 part 4, which must name something in the container. Any other member that ends so is rewritten if it
/// happens to.
const REFERENCES: &[&str] = &[
    "bcc_refs",
    "belongs_to_ref",
    "belongs_to_refs",
    "body_raw_ref",
    "cc_refs",
    "child_refs",
    "contains_refs",
    "content_ref",
    "creator_user_ref",
    "dst_payload_ref",
    "dst_ref",
    "encapsulated_by_ref",
    "encapsulates_refs",
    "from_ref",
    "image_ref",
    "message_body_data_ref",
    "opened_connection_refs",
    "parent_directory_ref",
    "parent_ref",
    "raw_email_ref",
    "resolves_to_refs",
    "sender_ref",
    "service_dll_refs",
    "src_payload_ref",
    "src_ref",
    "to_refs",
];

/// One observable of the container.
struct Member {
    key: String,
    object_type: String,
    /// Names and forms are those of STIX 2.1, references still local.
    members: Map<String, Value>,
    id: String,
    /// Position of the earlier one that it equals.
    copy_of: Option<usize>,
    /// Markings of its own, besides those that all inherit.
    markings: BTreeSet<String>,
    /// Selectors by marking.
    granular: BTreeMap<String, BTreeSet<String>>,
}

/// Writes the observed-data object and its observables.
pub(super) fn upgrade(
    object: &Object,
    mut edit: Edit<'_>,
    options: &Options,
    ids: &mut dyn FnMut(&str) -> [u8; 16],
) -> Result<Vec<Object>, ParseError> {
    let raw = object.member_text("objects").unwrap_or_default();
    let Ok(container) = serde_json::from_str::<Map<String, Value>>(raw) else {
        return Err(ParseError::wrong_type("objects", raw, "an object"));
    };
    let mut members = container.into_iter().map(member).collect::<Result<Vec<_>, _>>()?;
    let positions: HashMap<String, usize> =
        members.iter().enumerate().map(|(at, member)| (member.key.clone(), at)).collect();
    identify(object, &mut members, &positions, ids)?;
    let assigned: HashMap<String, String> =
        members.iter().map(|member| (member.key.clone(), member.id.clone())).collect();
    for member in &mut members {
        references(&mut member.members, &mut |name, text| local(&assigned, name, text))?;
    }
    let mut inherited: BTreeSet<String> = object.object_marking_refs().iter().cloned().collect();
    if let Some(entries) = granular(object, &mut members, &positions, &mut inherited) {
        match entries {
            entries if entries.is_empty() => edit.remove("granular_markings"),
            entries => edit.set("granular_markings", Value::Array(entries).to_string()),
        };
    }
    members.retain(|member| member.copy_of.is_none());
    // LIMIT: a thousand markings on a thousand observables would be a million of them.
    let length =
        |markings: &BTreeSet<String>| markings.iter().fold(0_usize, |sum, text| sum.saturating_add(text.len()));
    let own = members.iter().fold(0_usize, |sum, member| sum.saturating_add(length(&member.markings)));
    if length(&inherited).saturating_mul(members.len()).saturating_add(own) > options.limits.bundle_size_bytes_max {
        return Err(JsonError::new(JsonErrorKind::Size, 0).into());
    }
    let refs: Vec<&str> = members.iter().map(|member| member.id.as_str()).collect();
    edit.remove("objects").set("object_refs", super::list(&refs));
    let mut all = vec![Object::parse(&edit.finish(), &options.limits)?];
    for member in members {
        all.push(written(member.finish(&inherited), &options.limits)?);
    }
    Ok(all)
}

fn member((key, value): (String, Value)) -> Result<Member, ParseError> {
    let fault =
        |code, what: &str| Err(ParseError::rule(code, "objects", format!("observable `{}` {what}", shown(&key))));
    let Value::Object(mut members) = value else {
        return fault("STIX-E-101", "is not an object");
    };
    let object_type = match members.remove("type") {
        Some(Value::String(name)) if id::is_object_type(&name) => name,
        Some(_) => return fault("STIX-E-203", "has a type that is none"),
        None => return fault("STIX-E-125", "has no type"),
    };
    members.remove("spec_version");
    let own = match members.remove("id") {
        Some(Value::String(id)) => id,
        _ => String::new(),
    };
    let members = forms::rewrite(&object_type, members);
    Ok(Member {
        key,
        object_type,
        members,
        id: own,
        copy_of: None,
        markings: BTreeSet::new(),
        granular: BTreeMap::new(),
    })
}

/// Gives every member its identifier, those first that others refer to in what their identifiers are made of.
fn identify(
    object: &Object,
    members: &mut [Member],
    positions: &HashMap<String, usize>,
    ids: &mut dyn FnMut(&str) -> [u8; 16],
) -> Result<(), ParseError> {
    let mut waits = vec![0_usize; members.len()];
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); members.len()];
    for (at, member) in members.iter().enumerate() {
        let mut targets = Vec::new();
        references(&mut member.contributing(), &mut |_, text| {
            targets.extend(positions.get(text.as_str()).copied());
            Ok(())
        })?;
        targets.sort_unstable();
        targets.dedup();
        if let Some(count) = waits.get_mut(at) {
            *count = targets.len();
        }
        for target in targets {
            if let Some(list) = waiting.get_mut(target) {
                list.push(at);
            }
        }
    }
    let mut ready: VecDeque<usize> =
        waits.iter().enumerate().filter(|(_, count)| **count == 0).map(|(at, _)| at).collect();
    let mut assigned: HashMap<String, String> = HashMap::with_capacity(members.len());
    let mut owners: HashMap<String, usize> = HashMap::with_capacity(members.len());
    let place = |key: &str| {
        let version = object.modified_text().or(object.created_text()).unwrap_or_default();
        format!("{}/{version}/objects/{key}", object.id())
    };
    while let Some(at) = ready.pop_front() {
        let Some(found) = members.get(at) else {
            continue;
        };
        let mut copy_of = None;
        let id = match found.identifier(&assigned)? {
            Some(id) => match owners.get(&id).and_then(|owner| Some((*owner, members.get(*owner)?))) {
                None => id,
                Some((owner, first)) if first.members == found.members => {
                    copy_of = Some(owner);
                    id
                }
                // Another content under the same identifier would be taken for a copy.
                Some(_) => id::of_bytes(&found.object_type, ids(&place(&found.key))),
            },
            None => id::of_bytes(&found.object_type, ids(&place(&found.key))),
        };
        owners.entry(id.clone()).or_insert(at);
        assigned.insert(found.key.clone(), id.clone());
        if let Some(member) = members.get_mut(at) {
            member.id = id;
            member.copy_of = copy_of;
        }
        for &next in waiting.get(at).map(Vec::as_slice).unwrap_or_default() {
            if let Some(count) = waits.get_mut(next) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    ready.push_back(next);
                }
            }
        }
    }
    // What is left is made of itself, so no identifier can be computed.
    for (member, _) in members.iter_mut().zip(&waits).filter(|(_, count)| **count > 0) {
        member.id = id::of_bytes(&member.object_type, ids(&place(&member.key)));
    }
    Ok(())
}

impl Member {
    /// Returns the members of which the identifier is made; all of them for a custom type.
    fn contributing(&self) -> Map<String, Value> {
        match tables::table(&self.object_type) {
            Some(table) => {
                let found = table.contributing.iter().filter_map(|name| self.members.get_key_value(*name));
                found.map(|(key, value)| (key.clone(), value.clone())).collect()
            }
            None => self.members.clone(),
        }
    }

    /// Computes the identifier, once those it depends on are known; none where there is none.
    fn identifier(&self, assigned: &HashMap<String, String>) -> Result<Option<String>, ParseError> {
        if !self.id.is_empty() {
            return Ok(Some(self.id.clone()));
        }
        let mut contributing = self.contributing();
        references(&mut contributing, &mut |name, text| local(assigned, name, text))?;
        Ok(id::sco_id(&self.object_type, &contributing))
    }

    fn finish(self, inherited: &BTreeSet<String>) -> Map<String, Value> {
        let mut map = Map::new();
        map.insert("type".to_owned(), self.object_type.into());
        map.insert("spec_version".to_owned(), "2.1".into());
        map.insert("id".to_owned(), self.id.into());
        map.extend(self.members);
        let markings: Vec<Value> = inherited.union(&self.markings).map(|marking| marking.as_str().into()).collect();
        if !markings.is_empty() {
            map.insert("object_marking_refs".to_owned(), Value::Array(markings));
        }
        if !self.granular.is_empty() {
            let entry = |(marking, selectors): (String, BTreeSet<String>)| {
                let mut entry = Map::new();
                entry.insert("marking_ref".to_owned(), marking.into());
                entry.insert("selectors".to_owned(), selectors.into_iter().collect());
                Value::Object(entry)
            };
            map.insert("granular_markings".to_owned(), self.granular.into_iter().map(entry).collect());
        }
        map
    }

    /// Marks what is selected; tells whether that is the whole observable.
    fn mark(&mut self, marking: &str, inside: &[&str]) -> bool {
        let Some((first, rest)) = inside.split_first() else {
            self.markings.insert(marking.to_owned());
            return true;
        };
        let first = forms::renamed(&self.object_type, first);
        let contributes = tables::table(&self.object_type).is_none_or(|table| table.contributing.contains(&first));
        let resolves = self.members.get(first).is_some_and(|value| resolve(value, rest));
        if contributes || !resolves {
            self.markings.insert(marking.to_owned());
            return true;
        }
        let selector = std::iter::once(first).chain(rest.iter().copied()).collect::<Vec<_>>().join(".");
        self.granular.entry(marking.to_owned()).or_default().insert(selector);
        false
    }
}

/// Replaces a local name by the identifier it stands for.
fn local(assigned: &HashMap<String, String>, name: &str, text: &mut String) -> Result<(), ParseError> {
    match assigned.get(text.as_str()) {
        Some(id) => text.clone_from(id),
        None if id::is_identifier(text) || !REFERENCES.contains(&name) => {}
        None => {
            let message = format!("`{}` of `{name}` names no observable of the container", shown(text));
            return Err(ParseError::rule("STIX-E-213", "objects", message));
        }
    }
    Ok(())
}

/// Shows every text under a key that ends in `_ref` or `_refs`, with that key.
///
/// Recursion is bounded by the depth that the scanner lets through, 100.
fn references(
    members: &mut Map<String, Value>,
    visit: &mut dyn FnMut(&str, &mut String) -> Result<(), ParseError>,
) -> Result<(), ParseError> {
    for (key, value) in members.iter_mut() {
        let named = key.ends_with("_ref") || key.ends_with("_refs");
        references_in(value, named.then_some(key.as_str()), visit)?;
    }
    Ok(())
}

fn references_in(
    value: &mut Value,
    name: Option<&str>,
    visit: &mut dyn FnMut(&str, &mut String) -> Result<(), ParseError>,
) -> Result<(), ParseError> {
    match (value, name) {
        (Value::String(text), Some(name)) => visit(name, text),
        (Value::Object(map), _) => references(map, visit),
        (Value::Array(items), _) => items.iter_mut().try_for_each(|item| references_in(item, name, visit)),
        _ => Ok(()),
    }
}

/// Hands granular markings to the observables they select, or to all by way of `inherited`, and returns those that stay.
fn granular(
    object: &Object,
    members: &mut [Member],
    positions: &HashMap<String, usize>,
    inherited: &mut BTreeSet<String>,
) -> Option<Vec<Value>> {
    let entries: Vec<Value> = serde_json::from_slice(object.member("granular_markings")?).ok()?;
    let whole = Value::Object(object.json());
    // Copies are not listed in `object_refs`.
    let mut listed = vec![0_usize; members.len()];
    let mut count = 0_usize;
    for (member, place) in members.iter().zip(&mut listed) {
        *place = count;
        count = count.saturating_add(usize::from(member.copy_of.is_none()));
    }
    let mut kept = Vec::new();
    for mut entry in entries {
        let marking = entry.get("marking_ref").and_then(Value::as_str).map(str::to_owned);
        let (Some(marking), Some(Value::Array(selectors))) = (marking, entry.get_mut("selectors")) else {
            kept.push(entry);
            continue;
        };
        let mut own: Vec<String> = Vec::new();
        for selector in selectors.iter().filter_map(Value::as_str) {
            let steps: Vec<&str> = selector.split('.').collect();
            match (steps.as_slice(), resolve(&whole, &steps)) {
                (["objects"], true) => {
                    own.push("object_refs".to_owned());
                    inherited.insert(marking.clone());
                }
                (["objects", key, inside @ ..], true) => {
                    let Some(&at) = positions.get(*key) else {
                        continue;
                    };
                    // Of equal observables one is written, and takes the markings of all.
                    let at = members.get(at).and_then(|member| member.copy_of).unwrap_or(at);
                    let is_whole = members.get_mut(at).is_some_and(|member| member.mark(&marking, inside));
                    if let Some(place) = listed.get(at).filter(|_| is_whole) {
                        own.push(format!("object_refs.[{place}]"));
                    }
                }
                (_, true) => own.push(selector.to_owned()),
                (_, false) => {
                    own.push(selector.to_owned());
                    inherited.insert(marking.clone());
                }
            }
        }
        own.dedup();
        if !own.is_empty() {
            *selectors = own.into_iter().map(Value::from).collect();
            kept.push(entry);
        }
    }
    Some(kept)
}

fn resolve(value: &Value, steps: &[&str]) -> bool {
    let found = steps.iter().try_fold(value, |value, step| {
        match step.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(index) => value.as_array()?.get(index.parse::<usize>().ok()?),
            None => value.as_object()?.get(*step),
        }
    });
    found.is_some()
}
