//! Selectors of granular markings, resolved on an object (STIX 2.1 §7.2.3.1).

pub use crate::syntax::selector::{Component, Components, parse};

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
    let found = find(tree.root(), steps, &mut { usize::MAX }).ok_or(Code::E404)?;
    let start = usize::try_from(found.offset()).unwrap_or(usize::MAX);
    let quotes = if found.shape() == Shape::Text { 2 } else { 0 };
    let end = start.saturating_add(found.inside().len()).saturating_add(quotes);
    Ok(object.raw().get(start..end).unwrap_or_default())
}

/// Walks down from `root`, and takes what it costs from `budget`; none where there is nothing, or the budget is used up.
pub(crate) fn find<'t>(root: Value<'t>, steps: Components<'_>, budget: &mut usize) -> Option<Value<'t>> {
    let mut here = root;
    for step in steps {
        let mut looked_at = 1_usize;
        let found = match step {
            Component::Index(index) => here.items().inspect(|_| looked_at = looked_at.saturating_add(1)).nth(index),
            Component::Name(name) => here
                .members()
                .inspect(|_| looked_at = looked_at.saturating_add(1))
                .find(|(key, _)| key.is(name))
                .map(|(_, value)| value),
        };
        *budget = budget.checked_sub(looked_at)?;
        here = found?;
    }
    Some(here)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

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
