//! A borrowed view on checked JSON: one flat list of nodes in the order of the text.
//!
//! Building it is one pass and one allocation; walking it is arithmetic. Nothing is copied but strings written with escapes.

use std::borrow::Cow;

use crate::json::unescape;
use crate::scan::{plain_run, position, whole};
use crate::timestamp::Timestamp;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Null,
    True,
    False,
    Number,
    Text,
    /// Key of the member whose value is the next node.
    Key,
    List,
    Object,
}

/// One node; positions fit a `u32` because the scanner refuses longer texts.
#[derive(Debug, Clone, Copy)]
struct Node {
    /// First byte; of strings and keys the one after the quote.
    start: u32,
    /// Byte after the last; of strings and keys the closing quote.
    end: u32,
    /// Position of the node after this one and all it contains.
    next: u32,
    shape: Shape,
    escaped: bool,
}

const NOTHING: Node = Node { start: 0, end: 0, next: 0, shape: Shape::Null, escaped: false };

/// The nodes of one JSON text.
#[derive(Debug)]
pub(crate) struct Tree<'t> {
    text: &'t str,
    nodes: Vec<Node>,
}

impl<'t> Tree<'t> {
    /// Reads a text that [`scan`](crate::scan::scan) has accepted; of any other text the nodes are unspecified.
    ///
    /// Memory is at most eight times the text, for a list of one-digit numbers; usually less than the text.
    pub(crate) fn read(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let mut nodes: Vec<Node> = Vec::with_capacity(64.min(bytes.len()));
        let mut open: Vec<u32> = Vec::with_capacity(8);
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let start = at;
            let here = position(nodes.len());
            let (shape, escaped) = match byte {
                b'"' => {
                    let (end, escaped) = string_end(bytes, at.saturating_add(1));
                    at = end.saturating_add(1);
                    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
                        at = at.saturating_add(1);
                    }
                    let is_key = bytes.get(at) == Some(&b':');
                    nodes.push(Node {
                        start: position(start).saturating_add(1),
                        end: position(end),
                        next: here.saturating_add(1),
                        shape: if is_key { Shape::Key } else { Shape::Text },
                        escaped,
                    });
                    continue;
                }
                b'{' => (Shape::Object, false),
                b'[' => (Shape::List, false),
                b'}' | b']' => {
                    at = at.saturating_add(1);
                    let node = open.pop().and_then(|index| nodes.get_mut(whole(index)));
                    if let Some(node) = node {
                        node.end = position(at);
                        node.next = here;
                    }
                    continue;
                }
                b't' => (Shape::True, false),
                b'f' => (Shape::False, false),
                b'n' => (Shape::Null, false),
                b'-' | b'0'..=b'9' => (Shape::Number, false),
                _ => {
                    at = at.saturating_add(1);
                    continue;
                }
            };
            match shape {
                Shape::Object | Shape::List => {
                    open.push(here);
                    at = at.saturating_add(1);
                }
                _ => {
                    while bytes
                        .get(at)
                        .is_some_and(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'.' | b'-' | b'+' | b'E'))
                    {
                        at = at.saturating_add(1);
                    }
                }
            }
            nodes.push(Node {
                start: position(start),
                end: position(at),
                next: here.saturating_add(1),
                shape,
                escaped,
            });
        }
        Self { text, nodes }
    }

    /// Returns the outermost value.
    pub(crate) fn root(&self) -> Value<'_> {
        self.value(0)
    }

    pub(crate) fn value(&self, at: u32) -> Value<'_> {
        Value { tree: self, at, node: self.node(at) }
    }

    fn bytes(&self, node: Node) -> &'t [u8] {
        self.text.as_bytes().get(whole(node.start)..whole(node.end)).unwrap_or_default()
    }

    fn node(&self, at: u32) -> Node {
        self.nodes.get(whole(at)).copied().unwrap_or(NOTHING)
    }
}

/// Finds the quote that ends a string, and whether an escape stands before it.
fn string_end(bytes: &[u8], mut at: usize) -> (usize, bool) {
    let mut escaped = false;
    loop {
        at = plain_run(bytes, at);
        match bytes.get(at) {
            Some(b'\\') => {
                escaped = true;
                at = at.saturating_add(2);
            }
            Some(b'"') | None => return (at.min(bytes.len()), escaped),
            Some(_) => at = at.saturating_add(1),
        }
    }
}

/// How a number of JSON stands to the whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    /// Digits only.
    Plain(i64),
    /// Whole, but written with a fraction or an exponent.
    Written(i64),
    /// Not whole.
    Fraction,
    /// Beyond ±(2^53 − 1).
    TooLarge,
}

/// One value, or one key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'t> {
    tree: &'t Tree<'t>,
    at: u32,
    node: Node,
}

impl<'t> Value<'t> {
    /// Returns the position of the node in its tree.
    pub(crate) fn at(self) -> u32 {
        self.at
    }

    /// Returns the value at another position of the same tree.
    pub(crate) fn elsewhere(self, at: u32) -> Self {
        self.tree.value(at)
    }

    pub(crate) fn shape(self) -> Shape {
        self.node.shape
    }

    /// Returns the byte at which the value begins, quotes included.
    pub(crate) fn offset(self) -> u32 {
        match self.node.shape {
            Shape::Text | Shape::Key => self.node.start.saturating_sub(1),
            _ => self.node.start,
        }
    }

    /// Returns the text of the value; of strings and keys what is between the quotes, escapes unresolved.
    pub(crate) fn inside(self) -> &'t str {
        self.tree.text.get(whole(self.node.start)..whole(self.node.end)).unwrap_or_default()
    }

    /// Returns a string or key with its escapes resolved; of other values their JSON text.
    pub(crate) fn plain(self) -> Cow<'t, str> {
        if self.node.escaped { unescape(self.inside()) } else { Cow::Borrowed(self.inside()) }
    }

    /// Returns a string, escapes resolved; none for other values.
    pub(crate) fn text(self) -> Option<Cow<'t, str>> {
        (self.node.shape == Shape::Text).then(|| self.plain())
    }

    /// Returns a timestamp in the form that compares as instants do ([`Timestamp::exact`]); none for other values.
    pub(crate) fn instant(self) -> Option<Cow<'t, str>> {
        match self.text()? {
            Cow::Borrowed(text) => Timestamp::exact(text).map(Cow::Borrowed),
            Cow::Owned(text) => Timestamp::exact(&text).map(|exact| Cow::Owned(exact.to_owned())),
        }
    }

    /// Tells whether the value is the string or key `word`.
    pub(crate) fn is(self, word: &str) -> bool {
        matches!(self.node.shape, Shape::Text | Shape::Key)
            && if self.node.escaped {
                unescape(self.inside()) == word
            } else {
                self.tree.bytes(self.node) == word.as_bytes()
            }
    }

    /// Returns the members of an object; none of other values.
    pub(crate) fn members(self) -> Members<'t> {
        Members { tree: self.tree, at: self.inner(Shape::Object), end: self.node.next }
    }

    /// Returns the items of a list; none of other values.
    pub(crate) fn items(self) -> Items<'t> {
        Items { tree: self.tree, at: self.inner(Shape::List), end: self.node.next }
    }

    /// Returns every node inside the value in order of the text, keys included, the value itself not.
    pub(crate) fn inner_nodes(self) -> impl Iterator<Item = Value<'t>> {
        let tree = self.tree;
        (self.at.saturating_add(1)..self.node.next).map(|at| tree.value(at))
    }

    /// Returns the value under a key of an object.
    pub(crate) fn get(self, key: &str) -> Option<Value<'t>> {
        let size = u32::try_from(key.len()).ok()?;
        let end = self.node.next;
        let mut at = self.inner(Shape::Object);
        while at < end {
            let found = self.tree.node(at);
            // Most keys differ in length, which spares a look at the text.
            let is_key = if found.escaped {
                self.tree.value(at).is(key)
            } else {
                found.end.wrapping_sub(found.start) == size && self.tree.bytes(found) == key.as_bytes()
            };
            let value = at.saturating_add(1);
            if is_key {
                return Some(self.tree.value(value));
            }
            at = self.tree.node(value).next.max(at.saturating_add(2));
        }
        None
    }

    /// Returns the value of a key.
    pub(crate) fn following(self) -> Value<'t> {
        self.tree.value(self.at.saturating_add(1))
    }

    /// Returns how many nodes the value is, itself included: a bound on the cost of looking through it.
    pub(crate) fn size(self) -> u32 {
        self.node.next.saturating_sub(self.at)
    }

    /// Tells whether a list or object has nothing in it.
    pub(crate) fn is_empty(self) -> bool {
        matches!(self.node.shape, Shape::List | Shape::Object) && self.node.next == self.at.saturating_add(1)
    }

    /// Tells whether the node at `at` is this one or inside it.
    pub(crate) fn contains(self, at: u32) -> bool {
        (self.at..self.node.next).contains(&at)
    }

    /// Reads a number as a whole one; none where the value is no number.
    pub(crate) fn whole(self) -> Option<Whole> {
        const LARGEST: i64 = (1 << 53) - 1;
        if self.node.shape != Shape::Number {
            return None;
        }
        let text = self.inside();
        if let Ok(number) = text.parse::<i64>() {
            let fits = (-LARGEST..=LARGEST).contains(&number);
            return Some(if fits { Whole::Plain(number) } else { Whole::TooLarge });
        }
        let number = text.parse::<f64>().unwrap_or(f64::NAN);
        if number.fract() != 0.0 {
            return Some(Whole::Fraction);
        }
        // A whole double prints without exponent and fraction.
        Some(match format!("{number:.0}").parse::<i64>() {
            Ok(whole) if (-LARGEST..=LARGEST).contains(&whole) => Whole::Written(whole),
            _ => Whole::TooLarge,
        })
    }

    /// Reads a number; none where the value is no number.
    pub(crate) fn float(self) -> Option<f64> {
        (self.node.shape == Shape::Number).then(|| self.inside().parse().unwrap_or(f64::NAN))
    }

    fn inner(self, shape: Shape) -> u32 {
        if self.node.shape == shape { self.at.saturating_add(1) } else { self.node.next }
    }
}

/// Iterates over the members of an object: key, value.
#[derive(Debug, Clone)]
pub(crate) struct Members<'t> {
    tree: &'t Tree<'t>,
    at: u32,
    end: u32,
}

impl<'t> Iterator for Members<'t> {
    type Item = (Value<'t>, Value<'t>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let key = self.tree.value(self.at);
        let value = key.following();
        self.at = value.node.next.max(self.at.saturating_add(2));
        Some((key, value))
    }
}

/// Iterates over the items of a list.
#[derive(Debug, Clone)]
pub(crate) struct Items<'t> {
    tree: &'t Tree<'t>,
    at: u32,
    end: u32,
}

impl<'t> Iterator for Items<'t> {
    type Item = Value<'t>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let value = self.tree.value(self.at);
        self.at = value.node.next.max(self.at.saturating_add(1));
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value as Json;

    use super::*;

    /// Rebuilds the value that `serde_json` would read. Depth is that of the test's texts.
    fn rebuilt(value: Value<'_>) -> Json {
        match value.shape() {
            Shape::Null => Json::Null,
            Shape::True => true.into(),
            Shape::False => false.into(),
            Shape::Number => serde_json::from_str(value.inside()).unwrap(),
            Shape::Text | Shape::Key => value.plain().into_owned().into(),
            Shape::List => value.items().map(rebuilt).collect(),
            Shape::Object => {
                Json::Object(value.members().map(|(key, value)| (key.plain().into_owned(), rebuilt(value))).collect())
            }
        }
    }

    #[test]
    fn members_and_items_are_found_with_their_places() {
        let text = r#"{"a" : [ 1 , {"b":[]} , "x\"y" ] ,"\u0063":{"d":-1.5e+3},"e":"","f":null}"#;
        let tree = Tree::read(text);
        let root = tree.root();
        assert_eq!(rebuilt(root), serde_json::from_str::<Json>(text).unwrap());
        assert_eq!(root.get("c").unwrap().get("d").unwrap().inside(), "-1.5e+3");
        assert!(root.get("d").is_none() && root.get("a").unwrap().get("b").is_none());
        let third = root.get("a").unwrap().items().nth(2).unwrap();
        assert_eq!((third.plain().as_ref(), third.offset()), ("x\"y", 24));
        assert!(root.get("a").unwrap().items().nth(1).unwrap().get("b").unwrap().is_empty());
        assert!(root.get("e").unwrap().is("") && !root.get("e").unwrap().is_empty());
        assert_eq!(root.get("c").unwrap().inner_nodes().count(), 2);
    }

    #[test]
    fn whole_numbers_are_told_from_fractions() {
        for (text, expected) in [
            ("7", Whole::Plain(7)),
            ("-0", Whole::Plain(0)),
            ("7.0", Whole::Written(7)),
            ("1e3", Whole::Written(1000)),
            ("1.5", Whole::Fraction),
            ("9007199254740991", Whole::Plain(9_007_199_254_740_991)),
            ("9007199254740992", Whole::TooLarge),
            ("1e300", Whole::TooLarge),
        ] {
            assert_eq!(Tree::read(text).root().whole(), Some(expected), "{text}");
        }
        assert_eq!(Tree::read("\"7\"").root().whole(), None);
    }

    proptest! {
        #[test]
        fn any_value_is_read_as_serde_reads_it(members in prop::collection::btree_map(
            "[a-c]",
            r#"\[("x"|1|\{\}|\[true,"\\n"\])(,null){0,2}\]|"\\u00e9"|2[.]50|\{"k":\[\]\}"#,
            0..4,
        )) {
            let members = members.iter().map(|(key, value)| format!("\"{key}\":{value},")).collect::<String>();
            let text = format!("{{{members}\"z\":0}}");
            prop_assert!(crate::json::check(text.as_bytes(), &crate::Limits::admission()).is_ok());
            let tree = Tree::read(&text);
            prop_assert_eq!(rebuilt(tree.root()), serde_json::from_str::<Json>(&text).unwrap());
        }

        #[test]
        fn reading_anything_never_panics(text in any::<String>()) {
            let tree = Tree::read(&text);
            let _ = tree.root().inner_nodes().take(100).count();
        }
    }
}
