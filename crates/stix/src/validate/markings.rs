//! Markings of one object and marking definitions (STIX 2.1 §7.2), and translations (§7.1).

use std::collections::BTreeMap;

use super::finding::Detail;
use super::walk::{Spot, Walk};
use crate::code::Code;
use crate::marking::{self, Tlp};
use crate::object::Object;
use crate::selector::{Finder, parse};
use crate::syntax::name::translated_name;
use crate::syntax::{self};
use crate::tables::{Syntax, Table};
use crate::value::{Shape, Tree, Value};

impl<'t> Walk<'t, '_> {
    /// Looks at what concerns all markings of the object together.
    pub(super) fn markings(&mut self, object_type: Option<&str>) {
        let own_id = self.root.get("id");
        if let Some(list) = self.root.get("object_marking_refs") {
            let mut level = None;
            let mut is_mixed = false;
            for item in list.items() {
                let Some(found) = Tlp::from_marking_id(&item.plain()) else {
                    continue;
                };
                is_mixed |= level.is_some_and(|level| level != found);
                level = Some(found);
            }
            if is_mixed {
                self.note(Code::W407, list, Spot::COMMON, Detail::Says("several TLP levels: the strictest counts"));
            }
        }
        if let Some(granular) = self.root.get("granular_markings") {
            self.granular_levels(granular);
        }
        if object_type == Some("marking-definition")
            && let Some(own_id) = own_id
        {
            self.marks_itself(&own_id.plain());
        }
        if object_type == Some("marking-definition") || self.carries_tlp() {
            self.reserved();
        }
    }

    /// Several levels on one selection; compared after sorting, so that many entries cost no square.
    fn granular_levels(&mut self, granular: Value<'t>) {
        let mut found: Vec<(&'t str, Tlp, Value<'t>)> = Vec::new();
        for entry in granular.items() {
            let level = entry.get("marking_ref").and_then(|target| Tlp::from_marking_id(&target.plain()));
            if let (Some(level), Some(selectors)) = (level, entry.get("selectors")) {
                found.extend(selectors.items().map(|selector| (selector.inside(), level, selector)));
            }
        }
        found.sort_by_key(|(selector, level, value)| (*selector, *level, value.offset()));
        for (left, right) in found.iter().zip(found.iter().skip(1)) {
            if left.0 == right.0 && left.1 != right.1 {
                let detail = Detail::Says("several TLP levels on one selection: the strictest counts");
                self.note(Code::W407, right.2, Spot::COMMON, detail);
            }
        }
    }

    fn marks_itself(&mut self, own_id: &str) {
        let whole = self.root.get("object_marking_refs").into_iter().flat_map(Value::items);
        let granular = self.root.get("granular_markings").into_iter().flat_map(Value::items);
        let granular = granular.filter_map(|entry| entry.get("marking_ref"));
        if let Some(value) = whole.chain(granular).find(|value| value.is(own_id)) {
            self.quoted(Code::E405, value, Spot::COMMON);
        }
    }

    /// A reference to a marking definition: at hand where the caller says what is.
    pub(super) fn marking_reference(&mut self, value: Value<'t>, id: &str, spot: Spot) {
        if let Some(resolve) = self.context.resolve
            && Tlp::from_marking_id(id).is_none()
            && resolve(id).is_none()
        {
            self.quoted(Code::N408, value, spot);
        }
    }

    /// One entry of `granular_markings`.
    pub(super) fn granular_marking(&mut self, entry: Value<'t>, own: &'static Table) {
        let text = match (entry.get("lang").is_some(), entry.get("marking_ref").is_some()) {
            (true, true) => Some("`lang` and `marking_ref` are both present"),
            (false, false) => Some("neither `lang` nor `marking_ref` is present"),
            _ => None,
        };
        if let Some(text) = text {
            self.says(Code::E402, entry, own, text);
        }
        for selector in entry.get("selectors").into_iter().flat_map(Value::items) {
            let Some(text) = selector.text() else {
                continue;
            };
            let Some(steps) = parse(&text) else {
                continue;
            };
            if self.finder.find(steps).is_none() {
                self.quoted(Code::E404, selector, Spot::of(own));
            }
        }
    }

    /// `marking-definition` beyond its properties.
    pub(super) fn marking_definition(&mut self, object: Value<'t>, own: &'static Table) {
        let (kind, definition) = (object.get("definition_type"), object.get("definition"));
        if object.get("extensions").is_none() && (kind.is_none() || definition.is_none()) {
            let text = "`definition_type` and `definition` are needed where there is no extension";
            return self.says(Code::E401, object, own, text);
        }
        let (Some(kind), Some(definition)) = (kind, definition) else {
            return;
        };
        for (name, property) in [("statement", "statement"), ("tlp", "tlp")] {
            let fits = definition.get(property).is_some_and(|value| value.shape() == Shape::Text);
            if kind.is(name) && definition.shape() == Shape::Object && !fits {
                self.says(Code::E401, definition, own, "the definition has no text of its type");
            }
        }
    }

    /// Walks `marking-definition.definition`.
    pub(super) fn definition(&mut self, value: Value<'t>, spot: Spot) {
        if value.shape() == Shape::Object {
            self.sweep(value, spot);
        } else {
            self.wrong(value, spot, "an object");
        }
    }

    fn carries_tlp(&self) -> bool {
        self.root.get("extensions").is_some_and(|extensions| extensions.get(marking::TLP_EXTENSION).is_some())
    }

    /// The nine TLP definitions are fixed, and nobody invents a tenth.
    pub(super) fn reserved(&mut self) {
        let code = match self.with_object(marking::reserved) {
            Some(Err(_)) => Code::E406,
            Some(Ok(true)) => Code::W411,
            Some(Ok(false)) | None => return,
        };
        self.quoted(code, self.root.get("id").unwrap_or(self.root), Spot::COMMON);
    }

    /// Walks `language-content.contents`.
    pub(super) fn translations(&mut self, value: Value<'t>, spot: Spot) {
        if value.shape() != Shape::Object {
            return self.wrong(value, spot, "an object");
        }
        if value.is_empty() {
            return self.note(Code::E104, value, spot, Detail::Says("an empty object"));
        }
        let target = self.translated();
        let tree = target.as_ref().map(|target| Tree::read(std::str::from_utf8(target.raw()).unwrap_or_default()));
        let mut original = tree.as_ref().map(Original::of);
        for (key, translation) in value.members() {
            if let Some(code) = syntax::check(Syntax::Language, &key.plain()) {
                self.quoted(code, key, spot);
            }
            if translation.shape() != Shape::Object {
                self.wrong(translation, spot, "an object");
                continue;
            }
            if translation.is_empty() {
                self.note(Code::E104, translation, spot, Detail::Says("an empty object"));
            }
            for (name, text) in translation.members() {
                if let Some(code) = translated_name(&name.plain()) {
                    self.quoted(code, name, spot);
                }
                match text.shape() {
                    Shape::Text | Shape::List | Shape::Object => self.sweep(text, spot),
                    _ => self.wrong(text, spot, "a string, a list or an object"),
                }
                if let Some(original) = &mut original {
                    self.translation(name, text, original, spot);
                }
            }
        }
    }

    /// Returns the object that is translated, in the version that `object_modified` names; none where it is not at hand.
    fn translated(&self) -> Option<Object> {
        let resolve = self.context.resolve?;
        let target = resolve(&self.root.get("object_ref")?.text()?)?;
        let modified = self.root.get("object_modified").and_then(super::instant_of);
        modified.is_none_or(|modified| target.version() == Some(modified)).then_some(target)
    }

    fn translation(&mut self, name: Value<'t>, text: Value<'t>, original: &mut Original<'_>, spot: Spot) {
        let found = original.finder.member(original.root, &name.plain());
        match found.filter(|found| original.has_text(*found)) {
            None => self.quoted(Code::N633, name, spot),
            Some(found) if mirrors(text, found, &mut original.finder) => {}
            Some(_) => self.note(Code::E634, text, spot, Detail::Says("of another shape than what it translates")),
        }
    }
}

/// What is translated, into however many languages.
struct Original<'x> {
    root: Value<'x>,
    finder: Finder<'x>,
    /// Whether there is text in the member at a position, once that has been asked.
    texts: BTreeMap<u32, bool>,
}

impl<'x> Original<'x> {
    fn of(tree: &'x Tree<'x>) -> Self {
        Self { root: tree.root(), finder: Finder::new(tree.root()), texts: BTreeMap::new() }
    }

    fn has_text(&mut self, member: Value<'x>) -> bool {
        *self.texts.entry(member.at()).or_insert_with(|| {
            member.shape() == Shape::Text || member.inner_nodes().any(|inner| inner.shape() == Shape::Text)
        })
    }
}

/// Tells whether a translation has the shape of its original: a string for a string, a list as long for a list, and within
/// a dictionary only keys that the original has.
///
/// Recursion ends with the depth of the translation, which the limits bound.
fn mirrors<'x>(translation: Value<'_>, original: Value<'x>, finder: &mut Finder<'x>) -> bool {
    match (translation.shape(), original.shape()) {
        (Shape::Text, Shape::Text) => true,
        (Shape::List, Shape::List) => {
            // The original may be long and its translations short and many.
            let mut originals = original.items();
            let mut fit =
                |left: Value<'_>| originals.next().is_some_and(|right| mirrors(left, right, finder) || left.is(""));
            translation.items().all(&mut fit) && originals.next().is_none()
        }
        (Shape::Object, Shape::Object) => translation.members().all(|(key, value)| {
            finder.member(original, &key.plain()).is_some_and(|found| mirrors(value, found, finder))
        }),
        _ => false,
    }
}
