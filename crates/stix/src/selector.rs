//! Selectors of granular markings, resolved on an object (STIX 2.1 §7.2.3.1).

pub use crate::syntax::selector::{Component, Components, parse};

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::code::Code;
use crate::content::text;
use crate::object::Object;
use crate::value::{Shape, Tree, Value};

/// Returns the raw bytes of what a selector selects.
///
/// # Errors
///
/// `STIX-E-403` for a malformed selector, `STIX-E-404` for one that selects nothing.
///
/// # Examples
///
/// ```
/// use entente_stix::{Code, Limits, Object, selector::resolve};
/// let text = br#"{"type":"tool","id":"tool--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d","labels":["a", "b"]}"#;
/// let object = Object::parse(text, &Limits::admission())?;
/// assert_eq!(resolve(&object, "labels.[1]"), Ok(&br#""b""#[..]));
/// assert_eq!(resolve(&object, "labels.[2]"), Err(Code::E404));
/// assert_eq!(resolve(&object, "labels[1]"), Err(Code::E403));
/// # Ok::<(), entente_stix::ParseError>(())
/// ```
pub fn resolve<'a>(object: &'a Object, selector: &str) -> Result<&'a [u8], Code> {
    let steps = parse(selector).ok_or(Code::E403)?;
    let tree = Tree::read(text(object));
    let found = Finder::new(tree.root()).find(steps).ok_or(Code::E404)?;
    let start = usize::try_from(found.offset()).unwrap_or(usize::MAX);
    let quotes = if found.shape() == Shape::Text { 2 } else { 0 };
    let end = start.saturating_add(found.inside().len()).saturating_add(quotes);
    Ok(object.raw().get(start..end).unwrap_or_default())
}

/// Finds what selectors select in one value, however many there are.
///
/// Long lists and objects are indexed when they are first looked into, so that many selectors cost no square.
#[derive(Debug)]
pub(crate) struct Finder<'t> {
    root: Value<'t>,
    /// Positions of the items of a list.
    lists: BTreeMap<u32, Vec<u32>>,
    /// Names and positions of the members of an object, in the order of the names.
    objects: BTreeMap<u32, Vec<(Cow<'t, str>, u32)>>,
}

impl<'t> Finder<'t> {
    /// LIMIT: nodes that are looked through without an index.
    const NODES_MAX: u32 = 64;

    pub(crate) fn new(root: Value<'t>) -> Self {
        Self { root, lists: BTreeMap::new(), objects: BTreeMap::new() }
    }

    /// Walks down from the outermost value.
    pub(crate) fn find(&mut self, steps: Components<'_>) -> Option<Value<'t>> {
        let mut here = self.root;
        for step in steps {
            here = match step {
                Component::Index(index) => self.item(here, index)?,
                Component::Name(name) => self.member(here, name)?,
            };
        }
        Some(here)
    }

    /// Returns the value under a key of an object.
    pub(crate) fn member(&mut self, object: Value<'t>, name: &str) -> Option<Value<'t>> {
        if object.size() <= Self::NODES_MAX {
            return object.get(name);
        }
        let members = self.objects.entry(object.at()).or_insert_with(|| {
            let mut members: Vec<_> = object.members().map(|(key, value)| (key.plain(), value.at())).collect();
            members.sort_unstable_by(|left, right| left.0.cmp(&right.0));
            members
        });
        let at = members.binary_search_by(|(key, _)| key.as_ref().cmp(name)).ok()?;
        members.get(at).map(|(_, at)| object.elsewhere(*at))
    }

    fn item(&mut self, list: Value<'t>, index: usize) -> Option<Value<'t>> {
        if list.size() <= Self::NODES_MAX {
            return list.items().nth(index);
        }
        let items = self.lists.entry(list.at()).or_insert_with(|| list.items().map(Value::at).collect());
        items.get(index).map(|at| list.elsewhere(*at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    #[test]
    fn what_is_indexed_is_found_as_what_is_not() {
        let members: Vec<String> = (0..100).rev().map(|n| format!(r#""x_\u0030{n}":[{n}]"#)).collect();
        let text =
            format!(r#"{{"type":"tool","id":"tool--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d",{}}}"#, members.join(","));
        let tree = Tree::read(&text);
        let mut finder = Finder::new(tree.root());
        for n in 0..100 {
            for (name, index) in [(format!("x_0{n}"), 0), (format!("x_0{n}"), 1), (format!("x_1{n}"), 0)] {
                let slow = tree.root().get(&name).and_then(|list| list.items().nth(index));
                let path = format!("{name}.[{index}]");
                let found = finder.find(parse(&path).unwrap());
                assert_eq!(found.map(Value::at), slow.map(Value::at), "{path}");
                assert_eq!(found.is_some(), name.starts_with("x_0") && index == 0, "{path}");
            }
        }
    }

    #[test]
    fn selectors_resolve_as_the_specification_shows() {
        let text = r#"{"type":"tool","id":"tool--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d","name":"x","labels":["a","b"],"external_references":[{"source_name":"s"}],"x_d":{"\u006b":{"0":[[1]]}}}"#;
        let object = Object::parse(text.as_bytes(), &Limits::admission()).unwrap();
        let found = |selector| resolve(&object, selector).map(|raw| std::str::from_utf8(raw).unwrap());
        for (selector, raw) in [
            ("name", r#""x""#),
            ("labels", r#"["a","b"]"#),
            ("labels.[1]", r#""b""#),
            ("labels.[01]", r#""b""#),
            ("external_references.[0].source_name", r#""s""#),
            ("x_d.k.0.[0].[0]", "1"),
        ] {
            assert_eq!(found(selector), Ok(raw), "{selector}");
        }
        for selector in ["labels.[2]", "pattern", "name.[0]", "labels.a", "external_references.0", "x_d.k.[0]"] {
            assert_eq!(found(selector), Err(Code::E404), "{selector}");
        }
        for selector in ["labels[0]", ".name", "name.", "labels.[-1]", "labels.[*]", ""] {
            assert_eq!(found(selector), Err(Code::E403), "{selector}");
        }
    }
}
