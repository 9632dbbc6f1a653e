//! Selectors of granular markings (STIX 2.1 §7.2.3.1).

use super::unless;
use crate::code::Code;

/// One step of a selector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Component<'a> {
    /// Position in a list, from zero. One that no list can have is the largest number there is.
    Index(usize),
    /// Property or key of a dictionary.
    Name(&'a str),
}

/// Checks a selector: names and `[n]` joined by dots, the first a name.
pub fn selector(text: &str) -> Option<Code> {
    unless(parse(text).is_some(), Code::E403)
}

/// Returns the steps of a selector; none where it is malformed.
///
/// # Examples
///
/// ```
/// use entente_stix::syntax::selector::{Component, parse};
///
/// let steps: Vec<_> = parse("labels.[1]").into_iter().flatten().collect();
/// assert_eq!(steps, [Component::Name("labels"), Component::Index(1)]);
/// assert!(parse("labels[1]").is_none());
/// ```
pub fn parse(text: &str) -> Option<Components<'_>> {
    let mut parts = text.split('.');
    let named = parts.next().is_some_and(is_name);
    let fits = named && parts.all(|part| component(part).is_some());
    fits.then(|| Components { parts: text.split('.') })
}

/// The steps of a well-formed selector, outermost first.
#[derive(Debug, Clone)]
pub struct Components<'a> {
    parts: std::str::Split<'a, char>,
}

impl<'a> Iterator for Components<'a> {
    type Item = Component<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        component(self.parts.next()?)
    }
}

fn component(part: &str) -> Option<Component<'_>> {
    match part.strip_prefix('[').map(|rest| rest.strip_suffix(']')) {
        Some(digits) => {
            let digits =
                digits.filter(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))?;
            Some(Component::Index(digits.parse().unwrap_or(usize::MAX)))
        }
        None => is_name(part).then_some(Component::Name(part)),
    }
}

fn is_name(part: &str) -> bool {
    (1..=250).contains(&part.len()) && part.bytes().all(super::name::is_key_byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_positions_are_joined_by_dots() {
        for text in [
            "name",
            "labels",
            "labels.[1]",
            "external_references.[0].source_name",
            "labels.a",
            "external_references.0",
            "a",
            "A-b_9.x",
            "name.[0].[1]",
            "labels.[007]",
            "0",
            &"a".repeat(250),
        ] {
            assert_eq!(selector(text), None, "{text}");
        }
        for text in [
            "",
            ".",
            ".name",
            "name.",
            "a..b",
            "labels[0]",
            "labels.[-1]",
            "labels.[+1]",
            "labels.[*]",
            "labels.[]",
            "labels.[1",
            "labels.1]",
            "labels.[[1]]",
            "labels.[1]a",
            "labels.[ 1]",
            "labels.[１]",
            "[0]",
            "[0].a",
            "na me",
            "näme",
            "a.b/c",
            "$.name",
            &"a".repeat(251),
        ] {
            assert_eq!(selector(text), Some(Code::E403), "{text}");
        }
    }

    #[test]
    fn steps_come_in_order_and_a_position_beyond_all_is_the_last() {
        let steps: Vec<_> = parse("a.[10].b.[99999999999999999999999]").unwrap().collect();
        assert_eq!(
            steps,
            [Component::Name("a"), Component::Index(10), Component::Name("b"), Component::Index(usize::MAX)]
        );
    }
}
