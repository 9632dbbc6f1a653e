//! Reference closure over one release batch (section 9.3 of the format).
//!
//! References in the batch are those of the originals. After closing they name released ids only: a reference to something
//! the recipient does not get is removed, and an object that cannot do without it is dropped. Iterative; linear in the
//! number of references.

use std::collections::{BTreeMap, HashMap, HashSet};

use entente_stix::edit::Edit;
use entente_stix::marking::Tlp;
use entente_stix::{Limits, Object, json};
use serde_json::Value;

use crate::apply::Applied;
use crate::properties;
use crate::reason::Reason;
use crate::vocabulary::ObjectType;

/// Holds one object of a batch on its way through closure.
#[derive(Clone, Debug)]
pub struct Closing {
    /// Id of the original object in the store.
    pub original_id: String,
    /// The object after its obligations; closing replaces bytes and id.
    pub applied: Applied,
    /// Why closing dropped the object; `None` if it is kept.
    pub dropped: Option<Reason>,
}

impl Closing {
    /// Takes an object into the batch.
    pub fn new(original_id: impl Into<String>, applied: Applied) -> Closing {
        Closing { original_id: original_id.into(), applied, dropped: None }
    }
}

/// One reference of an object in the batch: the member it stands in and its target.
struct Link {
    member: String,
    target: String,
    /// The member is a list.
    in_list: bool,
    /// The reference stands directly in the member, so that it can be rewritten.
    is_direct: bool,
}

struct Node {
    object: Object,
    object_type: ObjectType,
    links: Vec<Link>,
    rewrite: bool,
}

/// Closes the references of a batch.
///
/// `released_id` maps an original id to the id under which the recipient already holds the object from this agreement
/// (and which is not recalled); `None` if it holds none. Objects that closing drops stay in the batch with their reason, so
/// that they can be decided again when their target is released. Closing a closed batch changes nothing, and leaving out an
/// object never adds another.
pub fn close(batch: &mut [Closing], released_id: &dyn Fn(&str) -> Option<String>) {
    let mut nodes: Vec<Option<Node>> = batch.iter_mut().map(read_node).collect();
    let mut of_original: HashMap<String, usize> = HashMap::new();
    for (at, closing) in batch.iter().enumerate().filter(|(_, closing)| closing.dropped.is_none()) {
        of_original.entry(closing.original_id.clone()).or_insert(at);
    }
    // A reference that is closed already names a released id of the batch.
    for (at, closing) in batch.iter().enumerate().filter(|(_, closing)| closing.dropped.is_none()) {
        of_original.entry(closing.applied.object_id.clone()).or_insert(at);
    }
    let mut held: HashMap<String, String> = HashMap::new();
    for link in nodes.iter().flatten().flat_map(|node| &node.links) {
        if !of_original.contains_key(&link.target)
            && !held.contains_key(&link.target)
            && let Some(id) = released_id(&link.target)
        {
            held.insert(link.target.clone(), id);
        }
    }
    let dependents = dependents_of(&nodes, &of_original);
    drop_dangling(batch, &nodes, &of_original, &held, &dependents);
    mark_rewrites(batch, &mut nodes, &of_original, &held, &dependents);
    assign_ids(batch, &nodes, &of_original, &held);
    for (at, node) in nodes.iter().enumerate() {
        if let Some(node) = node.as_ref().filter(|node| node.rewrite) {
            rewrite(batch, at, node, &of_original, &held);
        }
    }
}

fn read_node(closing: &mut Closing) -> Option<Node> {
    if closing.dropped.is_some() {
        return None;
    }
    let Ok(object) = Object::parse(&closing.applied.bytes, &Limits::admission()) else {
        closing.dropped = Some(Reason::PostInvalid);
        return None;
    };
    let mut links = Vec::new();
    for reference in object.references() {
        let member = reference.property();
        let generated = (member == "created_by_ref" && reference.target == closing.applied.author)
            || (member == "object_marking_refs" && Tlp::from_marking_id(&reference.target).is_some());
        if generated {
            continue;
        }
        let rest = reference.path.strip_prefix(member).unwrap_or_default();
        let in_list = rest
            .strip_prefix(".[")
            .and_then(|rest| rest.strip_suffix(']'))
            .is_some_and(|index| !index.is_empty() && index.bytes().all(|b| b.is_ascii_digit()));
        links.push(Link {
            member: member.to_owned(),
            target: reference.target.clone(),
            in_list,
            is_direct: rest.is_empty() || in_list,
        });
    }
    let object_type = ObjectType::of_stix(object.object_type());
    Some(Node { object, object_type, links, rewrite: false })
}

/// Returns, for each object of the batch, the objects that refer to it.
fn dependents_of(nodes: &[Option<Node>], of_original: &HashMap<String, usize>) -> HashMap<usize, Vec<usize>> {
    let mut dependents: HashMap<usize, Vec<usize>> = HashMap::new();
    for (at, node) in nodes.iter().enumerate() {
        for link in node.iter().flat_map(|node| &node.links) {
            if let Some(target) = of_original.get(&link.target) {
                dependents.entry(*target).or_default().push(at);
            }
        }
    }
    dependents
}

/// Tells whether a reference can be kept: its target is in the batch and not dropped, or held, or is itself already a
/// released id of the batch.
fn is_available(
    link: &Link,
    batch: &[Closing],
    of_original: &HashMap<String, usize>,
    held: &HashMap<String, String>,
) -> bool {
    let kept = |at: &usize| batch.get(*at).is_some_and(|closing| closing.dropped.is_none());
    link.is_direct && (of_original.get(&link.target).is_some_and(kept) || held.contains_key(&link.target))
}

fn drop_dangling(
    batch: &mut [Closing],
    nodes: &[Option<Node>],
    of_original: &HashMap<String, usize>,
    held: &HashMap<String, String>,
    dependents: &HashMap<usize, Vec<usize>>,
) {
    let mut waiting: Vec<usize> = (0..batch.len()).collect();
    while let Some(at) = waiting.pop() {
        let Some(node) = nodes.get(at).and_then(Option::as_ref) else { continue };
        if batch.get(at).is_none_or(|closing| closing.dropped.is_some()) {
            continue;
        }
        if is_dangling(node, batch, of_original, held) {
            if let Some(closing) = batch.get_mut(at) {
                closing.dropped = Some(Reason::ClosureDanglingRequired);
            }
            waiting.extend(dependents.get(&at).into_iter().flatten());
        }
    }
}

/// Tells whether a required reference, or every member of a required list, is gone.
fn is_dangling(
    node: &Node,
    batch: &[Closing],
    of_original: &HashMap<String, usize>,
    held: &HashMap<String, String>,
) -> bool {
    let Some(shape) = properties::shape(node.object_type) else { return true };
    let mut left: BTreeMap<&str, bool> = BTreeMap::new();
    for link in &node.links {
        let available = is_available(link, batch, of_original, held);
        *left.entry(&link.member).or_insert(false) |= available;
    }
    let required_gone = left.iter().any(|(member, some)| !some && shape.required.contains(member));
    // STIX 2.1 §6.12: network traffic has a source or a destination.
    let has = |member: &str| left.get(member).copied().unwrap_or(false);
    let traffic_gone = node.object_type == ObjectType::NetworkTraffic && !has("src_ref") && !has("dst_ref");
    required_gone || traffic_gone
}

/// Marks every object whose references change: some are gone, or a target goes under another id, also indirectly.
fn mark_rewrites(
    batch: &[Closing],
    nodes: &mut [Option<Node>],
    of_original: &HashMap<String, usize>,
    held: &HashMap<String, String>,
    dependents: &HashMap<usize, Vec<usize>>,
) {
    let mut waiting = Vec::new();
    for (at, node) in nodes.iter_mut().enumerate() {
        let Some(node) = node else { continue };
        if batch.get(at).is_none_or(|closing| closing.dropped.is_some()) {
            continue;
        }
        node.rewrite = node.links.iter().any(|link| {
            let released = match of_original.get(&link.target).and_then(|target| batch.get(*target)) {
                Some(closing) => Some(closing.applied.object_id.as_str()),
                None => held.get(&link.target).map(String::as_str),
            };
            !is_available(link, batch, of_original, held) || released != Some(link.target.as_str())
        });
        if node.rewrite && takes_new_id(batch, at, node.object_type) {
            waiting.push(at);
        }
    }
    // An object that is rewritten may take a derived id, which changes those that refer to it.
    let mut seen: HashSet<usize> = waiting.iter().copied().collect();
    while let Some(at) = waiting.pop() {
        for dependent in dependents.get(&at).into_iter().flatten() {
            let Some(Some(node)) = nodes.get_mut(*dependent) else { continue };
            if batch.get(*dependent).is_none_or(|closing| closing.dropped.is_some()) {
                continue;
            }
            node.rewrite = true;
            if takes_new_id(batch, *dependent, node.object_type) && seen.insert(*dependent) {
                waiting.push(*dependent);
            }
        }
    }
}

/// Tells whether rewriting the references of an object gives it another id.
fn takes_new_id(batch: &[Closing], at: usize, object_type: ObjectType) -> bool {
    object_type == ObjectType::NetworkTraffic
        || batch.get(at).is_some_and(|closing| closing.applied.id_if_changed.is_some())
}

/// Gives every rewritten object its derived id, and network traffic the id of its released properties.
fn assign_ids(
    batch: &mut [Closing],
    nodes: &[Option<Node>],
    of_original: &HashMap<String, usize>,
    held: &HashMap<String, String>,
) {
    for (at, node) in nodes.iter().enumerate() {
        let Some(node) = node.as_ref().filter(|node| node.rewrite) else { continue };
        if let Some(closing) = batch.get_mut(at)
            && let Some(id) = closing.applied.id_if_changed.take()
        {
            closing.applied.object_id = id;
        }
        if node.object_type == ObjectType::NetworkTraffic {
            let bytes = rewritten(batch, at, node, of_original, held);
            let members: Option<serde_json::Map<String, Value>> =
                bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
            let id = members.and_then(|members| entente_stix::id::sco_id("network-traffic", &members));
            if let (Some(closing), Some(id)) = (batch.get_mut(at), id) {
                closing.applied.object_id = id;
            }
        }
    }
}

fn rewrite(
    batch: &mut [Closing],
    at: usize,
    node: &Node,
    of_original: &HashMap<String, usize>,
    held: &HashMap<String, String>,
) {
    let bytes = rewritten(batch, at, node, of_original, held);
    let Some(closing) = batch.get_mut(at) else { return };
    match bytes {
        Some(bytes) => {
            closing.applied.changed = true;
            closing.applied.bytes = bytes;
            let paths: HashSet<&str> = node.links.iter().map(|link| link.member.as_str()).collect();
            let mut paths: Vec<String> = paths.into_iter().map(str::to_owned).collect();
            paths.sort_unstable();
            closing.applied.effects.push(("closure".to_owned(), paths));
        }
        None => closing.dropped = Some(Reason::ClosureDanglingRequired),
    }
}

/// Writes the object with its references closed, under its released id.
fn rewritten(
    batch: &[Closing],
    at: usize,
    node: &Node,
    of_original: &HashMap<String, usize>,
    held: &HashMap<String, String>,
) -> Option<Vec<u8>> {
    let closing = batch.get(at)?;
    let mut edit = Edit::new(&node.object);
    let mut lists: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for link in &node.links {
        let member = link.member.as_str();
        let released = if is_available(link, batch, of_original, held) {
            let in_batch = of_original.get(&link.target).and_then(|target| batch.get(*target));
            in_batch.map(|other| other.applied.object_id.clone()).or_else(|| held.get(&link.target).cloned())
        } else {
            None
        };
        match (released, link.in_list) {
            (Some(id), true) => {
                let list = lists.entry(member).or_default();
                let item = json::quote(&id);
                // Two originals can become one object, for example two addresses of one network.
                if !list.contains(&item) {
                    list.push(item);
                }
            }
            (None, true) => {
                lists.entry(member).or_default();
            }
            (Some(id), false) if link.is_direct => {
                edit.set_text(member, &id);
            }
            (_, false) => {
                edit.remove(member);
            }
        }
    }
    for (member, items) in &lists {
        if items.is_empty() {
            edit.remove(member);
        } else {
            edit.set(member, format!("[{}]", items.join(",")));
        }
    }
    if closing.applied.object_id != node.object.id() {
        edit.set_text("id", &closing.applied.object_id);
        if entente_stix::kinds::class(node.object.object_type()) != Some(entente_stix::kinds::Class::Sco) {
            edit.set_text("created_by_ref", &closing.applied.author);
        }
    }
    Some(edit.finish())
}
