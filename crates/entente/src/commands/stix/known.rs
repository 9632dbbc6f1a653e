//! Objects at hand for the rules that one object cannot answer for: definitions, and what is translated.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;
use std::path::Path;

use entente_stix::bundle::{Item, Reader, Shape};
use entente_stix::{Limits, Object};
use memchr::{memchr, memmem};

use super::source::each;
use crate::failure::Failure;

/// The latest version of each definition in a file, and of each object that another in the file translates. Nothing else of the
/// file is held.
#[derive(Debug, Default)]
pub(super) struct Known {
    objects: BTreeMap<Box<str>, Object>,
    /// What is translated and not held yet.
    translated: BTreeSet<Box<str>>,
}

impl Known {
    /// Reads a text for its definitions, and a second time, if something in it is translated, for that. `open` begins at the start.
    ///
    /// None for a single object: it cannot have with it what it refers to.
    ///
    /// # Errors
    /// A [`Failure`] when the text cannot be read. What is wrong with its objects is told by whoever judges them.
    pub(super) fn read<R: BufRead>(
        mut open: impl FnMut() -> Result<Reader<R>, Failure>,
        file: &Path,
        limits: &Limits,
    ) -> Result<Option<Self>, Failure> {
        let mut known = Self::default();
        let mut reader = open()?;
        each(&mut reader, file, |item, _| {
            known.definition(item, limits);
            Ok(())
        })?;
        if reader.kind().is_none_or(|kind| kind == Shape::Object) {
            return Ok(None);
        }
        known.translated.retain(|id| !known.objects.contains_key(id));
        if !known.translated.is_empty() {
            let wanted = std::mem::take(&mut known.translated);
            each(&mut open()?, file, |item, _| {
                known.target(item, &wanted, limits);
                Ok(())
            })?;
        }
        Ok(Some(known))
    }

    /// Finds the latest version at hand.
    pub(super) fn find(&self, id: &str) -> Option<Object> {
        self.objects.get(id).cloned()
    }

    fn definition(&mut self, item: &Item, limits: &Limits) {
        let Some(object) = item.raw.as_ref().ok().filter(|raw| may_define(raw)).and_then(|raw| parse(raw, limits))
        else {
            return;
        };
        match object.object_type() {
            "marking-definition" | "extension-definition" => self.hold(object),
            "language-content" => self.translated.extend(object.text("object_ref").map(|id| Box::from(id.as_ref()))),
            _ => {}
        }
    }

    fn target(&mut self, item: &Item, wanted: &BTreeSet<Box<str>>, limits: &Limits) {
        if let Some(object) = item.raw.as_ref().ok().and_then(|raw| parse(raw, limits))
            && wanted.contains(object.id())
        {
            self.hold(object);
        }
    }

    /// Holds an object unless a later version of it is held. Of two equal versions the first counts, as everywhere (STIX-E-804).
    fn hold(&mut self, object: Object) {
        match self.objects.get_mut(object.id()) {
            Some(held) if held.version() >= object.version() => {}
            Some(held) => *held = object,
            None => {
                self.objects.insert(object.id().into(), object);
            }
        }
    }
}

fn parse(raw: &[u8], limits: &Limits) -> Option<Object> {
    Object::parse(raw, limits).ok()
}

/// Whether an object may be one of the types looked for, told without reading it: their names end so, and a name written with
/// escapes has a backslash.
fn may_define(raw: &[u8]) -> bool {
    memmem::find(raw, b"-definition\"").is_some()
        || memmem::find(raw, b"\"language-content\"").is_some()
        || memchr(b'\\', raw).is_some()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use entente_stix::bundle::Reader;

    use super::Known;
    use crate::commands::stix::source::limits;

    const UUID: &str = "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd40";

    fn known(text: &str) -> (Option<Known>, u32) {
        let mut opened = 0;
        let open = || {
            opened += 1;
            Ok(Reader::new(text.as_bytes(), &limits()))
        };
        let known = Known::read(open, Path::new("-"), &limits()).unwrap();
        (known, opened)
    }

    fn object(kind: &str, modified: &str, more: &str) -> String {
        format!(
            "{{\"type\":\"{kind}\",\"spec_version\":\"2.1\",\"id\":\"{}--{UUID}\",\"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"2026-01-{modified}T00:00:00.000Z\"{more}}}",
            kind.replace("\\u002d", "-")
        )
    }

    #[test]
    fn the_latest_definitions_are_held_and_nothing_else() {
        // Would break: a file larger than the memory ends the run, or an object is judged by an old definition.
        let text = format!(
            "[{},{},{},{}]",
            object("marking-definition", "02", ",\"name\":\"b\""),
            object("marking-definition", "01", ",\"name\":\"a\""),
            object("extension\\u002ddefinition", "01", ""),
            object("tool", "01", ",\"x_a\":\"\\u0061\"")
        );
        let (known, opened) = known(&text);
        let known = known.expect("a list");
        assert_eq!((known.objects.len(), opened), (2, 1));
        let held = known.find(&format!("marking-definition--{UUID}")).expect("it is held");
        assert_eq!(held.text("name").as_deref(), Some("b"));
        assert!(known.find(&format!("extension-definition--{UUID}")).is_some());
    }

    #[test]
    fn what_is_translated_is_looked_for_in_a_second_reading() {
        // Would break: a translation in front of its object is not checked, or every file is read twice for nothing.
        let content = object("language-content", "01", &format!(",\"object_ref\":\"tool--{UUID}\""));
        let tools = [object("tool", "03", ""), object("tool", "02", "")].join(",");
        let (found, opened) = known(&format!("[{content},{tools},{}]", object("note", "01", "")));
        let found = found.expect("a list");
        assert_eq!((found.objects.len(), opened), (1, 2));
        let tool = found.find(&format!("tool--{UUID}")).expect("it is held");
        assert_eq!(tool.modified_text(), Some("2026-01-03T00:00:00.000Z"));
        assert!(known(&content).0.is_none(), "a single object has nothing with it");
    }
}
