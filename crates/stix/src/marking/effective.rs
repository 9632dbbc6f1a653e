//! What the markings of one object mean for one of its values.
//!
//! STIX 2.1 §7.2 leaves open how markings combine; here it is settled once, for everybody: the strictest level counts, and
//! nothing that is added ever lowers what was there.

use std::collections::BTreeSet;

use super::{Pap, Tlp};
use crate::code::Code;
use crate::content::text;
use crate::object::Object;
use crate::selector::{Finder, parse};
use crate::value::{Shape, Tree, Value};

/// Finds the marking definition of that identifier, where it is at hand.
pub type Definitions<'a> = dyn Fn(&str) -> Option<Object> + 'a;

/// What holds for one value, from the object's own markings and the granular ones that select it or something around it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effective {
    /// The strictest level; none where the object says nothing.
    pub tlp: Option<Tlp>,
    /// The strictest level of a definition that is named after one, such as `PAP:AMBER`.
    pub pap: Option<Pap>,
    /// Statements, in alphabetical order.
    pub statements: Vec<String>,
    /// Identifiers of other definitions at hand, in alphabetical order.
    pub others: Vec<String>,
    /// Identifiers of markings whose definition is not at hand: what they ask for nobody knows (STIX-N-408).
    pub unknown: Vec<String>,
    /// Levels differ (STIX-W-407).
    pub is_mixed: bool,
    /// A granular marking selects nothing, so that it holds for the whole object (STIX-E-403, -404).
    pub is_raised: bool,
    /// Something stands where markings should, and is none (STIX-E-402): to be treated as unknown.
    pub is_unreadable: bool,
    /// Language of the text: of the nearest granular entry, else of the object, else `en`.
    pub language: String,
}

impl Effective {
    /// Tells whether all that is asked for is understood.
    pub fn is_known(&self) -> bool {
        self.unknown.is_empty() && !self.is_unreadable
    }
}

/// Computes what holds for the value that `path` selects (selector syntax of STIX 2.1 §7.2.3.1).
///
/// For many values of one object, [`Markings::of`] is made once.
///
/// # Errors
///
/// `STIX-E-403` for a malformed path, `STIX-E-404` for one that selects nothing.
pub fn effective(object: &Object, path: &str, definitions: &Definitions<'_>) -> Result<Effective, Code> {
    Markings::of(object).effective(path, definitions)
}

/// Computes what holds for the object as a whole, if nothing is cut out of it: every marking in it counts.
pub fn object_effective(object: &Object, definitions: &Definitions<'_>) -> Effective {
    Markings::of(object).whole(definitions)
}

/// The markings of one object, read once.
#[derive(Debug)]
pub struct Markings<'a> {
    tree: Tree<'a>,
    /// Markings of the whole object, those included whose selectors select nothing.
    own: BTreeSet<String>,
    /// Marking and the nodes it selects.
    granular: Vec<(String, Vec<u32>)>,
    /// Language and the nodes it selects.
    languages: Vec<(String, Vec<u32>)>,
    is_raised: bool,
    is_unreadable: bool,
}

impl<'a> Markings<'a> {
    /// Reads the markings of an object and resolves their selectors.
    pub fn of(object: &'a Object) -> Self {
        let mut markings = Self {
            tree: Tree::read(text(object)),
            own: object.object_marking_refs().iter().cloned().collect(),
            granular: Vec::new(),
            languages: Vec::new(),
            is_raised: false,
            is_unreadable: false,
        };
        markings.read();
        markings
    }

    fn read(&mut self) {
        let root = self.tree.root();
        let Some(list) = root.get("granular_markings") else {
            return;
        };
        let mut finder = Finder::new(root);
        let (mut granular, mut languages, mut raised) = (Vec::new(), Vec::new(), Vec::new());
        let mut is_unreadable = list.shape() != Shape::List;
        for entry in list.items() {
            let named = |key| entry.get(key).and_then(Value::text).map(|text| text.into_owned());
            let mut nodes = Vec::new();
            let mut all_resolve = true;
            for selector in entry.get("selectors").into_iter().flat_map(Value::items) {
                let selector = selector.text();
                let found = selector.as_deref().and_then(parse).and_then(|path| finder.find(path));
                match found {
                    Some(value) => nodes.push(value.at()),
                    None => all_resolve = false,
                }
            }
            match (named("marking_ref"), named("lang")) {
                (Some(marking), lang) => {
                    is_unreadable |= lang.is_some();
                    if nodes.is_empty() || !all_resolve {
                        raised.push(marking.clone());
                    }
                    granular.push((marking, nodes));
                }
                (None, Some(language)) => languages.push((language, nodes)),
                (None, None) => is_unreadable = true,
            }
        }
        self.is_raised = !raised.is_empty();
        self.own.extend(raised);
        self.granular = granular;
        self.languages = languages;
        self.is_unreadable = is_unreadable;
    }

    /// Computes what holds for the value that `path` selects.
    ///
    /// # Errors
    ///
    /// As [`effective`].
    pub fn effective(&self, path: &str, definitions: &Definitions<'_>) -> Result<Effective, Code> {
        let steps = parse(path).ok_or(Code::E403)?;
        let target = Finder::new(self.tree.root()).find(steps).ok_or(Code::E404)?.at();
        let selected = self.granular.iter().filter(|(_, nodes)| nodes.iter().any(|node| self.covers(*node, target)));
        let mut effective = self.join(selected.map(|(marking, _)| marking.as_str()), definitions);
        effective.language = self.language(target);
        Ok(effective)
    }

    /// Computes what holds for the object if nothing is cut out of it.
    pub fn whole(&self, definitions: &Definitions<'_>) -> Effective {
        let mut effective = self.join(self.granular.iter().map(|(marking, _)| marking.as_str()), definitions);
        effective.language = self.own_language();
        effective
    }

    /// Returns the language of the text that `path` selects: of the nearest entry around it, else of the object, else `en`.
    ///
    /// # Errors
    ///
    /// As [`effective`].
    pub fn language_of(&self, path: &str) -> Result<String, Code> {
        let steps = parse(path).ok_or(Code::E403)?;
        let target = Finder::new(self.tree.root()).find(steps).ok_or(Code::E404)?.at();
        Ok(self.language(target))
    }

    fn covers(&self, node: u32, target: u32) -> bool {
        self.tree.value(node).contains(target)
    }

    fn language(&self, target: u32) -> String {
        // Of all nodes around the target, the nearest is the one that begins last.
        let around =
            self.languages.iter().flat_map(|(language, nodes)| nodes.iter().map(move |node| (*node, language)));
        let nearest = around.filter(|(node, _)| self.covers(*node, target)).max_by_key(|(node, _)| *node);
        nearest.map_or_else(|| self.own_language(), |(_, language)| language.clone())
    }

    fn own_language(&self) -> String {
        self.tree.root().get("lang").and_then(Value::text).map_or_else(|| "en".to_owned(), |text| text.into_owned())
    }

    fn join<'b>(&'b self, selected: impl Iterator<Item = &'b str>, definitions: &Definitions<'_>) -> Effective {
        let mut set: BTreeSet<&str> = self.own.iter().map(String::as_str).collect();
        set.extend(selected);
        let mut statements = BTreeSet::new();
        let mut joined =
            Effective { is_raised: self.is_raised, is_unreadable: self.is_unreadable, ..Effective::default() };
        for marking in set {
            if let Some(level) = Tlp::from_marking_id(marking) {
                joined.is_mixed |= joined.tlp.is_some_and(|known| known != level);
                joined.tlp = joined.tlp.max(Some(level));
                continue;
            }
            let Some(definition) = definitions(marking).filter(|found| found.object_type() == "marking-definition")
            else {
                joined.unknown.push(marking.to_owned());
                continue;
            };
            if let Some(level) = definition.text("name").as_deref().and_then(Pap::from_label) {
                joined.pap = joined.pap.max(Some(level));
            } else if let Some(statement) = statement(&definition) {
                statements.insert(statement);
            } else {
                joined.others.push(marking.to_owned());
            }
        }
        joined.statements = statements.into_iter().collect();
        joined
    }
}

fn statement(definition: &Object) -> Option<String> {
    if definition.text("definition_type").as_deref() != Some("statement") {
        return None;
    }
    let tree = Tree::read(text(definition));
    let statement = tree.root().get("definition")?.get("statement")?.text()?;
    Some(statement.into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Limits;

    const STATEMENT: &str = "marking-definition--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d";
    const PAP: &str = "marking-definition--3a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d";
    const OWN: &str = "marking-definition--4a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d";
    const UNKNOWN: &str = "marking-definition--5a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d";
    const WHITE_1: &str = "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9";

    fn object(markings: &[&str], granular: &str) -> Object {
        let text = format!(
            r#"{{"type":"tool","id":"tool--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d","lang":"fr","name":"x","labels":["a","b"],"external_references":[{{"source_name":"s","url":"u"}}],"object_marking_refs":{},"granular_markings":[{granular}]}}"#,
            serde_json::to_string(markings).unwrap()
        );
        Object::parse(text.as_bytes(), &Limits::admission()).unwrap()
    }

    fn definitions(id: &str) -> Option<Object> {
        let rest = match id {
            STATEMENT => r#""definition_type":"statement","definition":{"statement":"(c) A"}"#,
            PAP => r#""name":"PAP:AMBER","definition_type":"pap","definition":{"pap":"amber"}"#,
            OWN => r#""definition_type":"iep","definition":{"x":1}"#,
            _ => return None,
        };
        Object::parse(format!(r#"{{"type":"marking-definition","id":"{id}",{rest}}}"#).as_bytes(), &Limits::admission())
            .ok()
    }

    fn of(object: &Object, path: &str) -> Effective {
        effective(object, path, &definitions).unwrap()
    }

    fn entry(marking: &str, selectors: &str) -> String {
        format!(r#"{{"marking_ref":"{marking}","selectors":{selectors}}}"#)
    }

    #[test]
    fn a_granular_marking_raises_what_it_selects_and_never_lowers() {
        let [green, amber, red] = [Tlp::Green, Tlp::Amber, Tlp::Red];
        let red_in_green =
            object(&[green.marking_id()], &entry(red.marking_id(), r#"["external_references.[0]","name"]"#));
        for (path, level) in [
            ("external_references.[0].url", red),
            ("external_references.[0]", red),
            ("external_references", green),
            ("name", red),
            ("labels.[0]", green),
        ] {
            assert_eq!(of(&red_in_green, path).tlp, Some(level), "{path}");
        }
        assert!(of(&red_in_green, "name").is_mixed && !of(&red_in_green, "labels").is_mixed);
        let green_in_red = object(&[red.marking_id()], &entry(green.marking_id(), r#"["name"]"#));
        assert_eq!(of(&green_in_red, "name").tlp, Some(red));
        assert_eq!(object_effective(&red_in_green, &definitions).tlp, Some(red));
        let nested = object(
            &[],
            &[entry(amber.marking_id(), r#"["labels"]"#), entry(green.marking_id(), r#"["labels.[1]"]"#)].join(","),
        );
        assert_eq!((of(&nested, "labels.[1]").tlp, of(&nested, "name").tlp), (Some(amber), None));
        // TLP 1 WHITE and TLP 2 CLEAR are one level.
        assert!(!of(&object(&[WHITE_1, Tlp::Clear.marking_id()], ""), "name").is_mixed);
    }

    #[test]
    fn a_selector_that_selects_nothing_marks_the_whole() {
        let red = Tlp::Red.marking_id();
        for selectors in [r#"["pattern"]"#, r#"["labels[0]"]"#, "[]", r#"["name","labels.[2]"]"#, "[1]", "\"name\""] {
            let raised = object(&[Tlp::Green.marking_id()], &entry(red, selectors));
            let found = of(&raised, "labels");
            assert_eq!((found.tlp, found.is_raised), (Some(Tlp::Red), true), "{selectors}");
        }
        let raised = object(&[], &entry(red, r#"["name"]"#));
        assert!(!of(&raised, "name").is_raised);
    }

    #[test]
    fn other_markings_add_up_and_what_is_unknown_is_told() {
        let all = object(&[STATEMENT, OWN], &[entry(PAP, r#"["name"]"#), entry(UNKNOWN, r#"["labels"]"#)].join(","));
        let name = of(&all, "name");
        assert_eq!((name.pap, name.tlp, name.is_known()), (Some(Pap::Amber), None, true));
        assert_eq!((name.statements, name.others), (vec!["(c) A".to_owned()], vec![OWN.to_owned()]));
        let labels = of(&all, "labels.[0]");
        assert_eq!((labels.pap, labels.unknown.clone(), labels.is_known()), (None, vec![UNKNOWN.to_owned()], false));
        for broken in [r#"{"selectors":["name"]}"#, r#"{"lang":7,"selectors":["name"]}"#, "7"] {
            assert!(of(&object(&[], broken), "name").is_unreadable, "{broken}");
        }
    }

    #[test]
    fn paths_that_are_none_have_their_code() {
        let object = object(&[], "");
        assert_eq!(effective(&object, "labels[0]", &definitions).unwrap_err(), Code::E403);
        assert_eq!(effective(&object, "labels.[7]", &definitions).unwrap_err(), Code::E404);
    }

    #[test]
    fn the_nearest_language_counts() {
        let entries = r#"{"lang":"de","selectors":["external_references"]},{"lang":"nl","selectors":["external_references.[0].url"]}"#;
        let object = object(&[], entries);
        for (path, language) in
            [("external_references.[0].url", "nl"), ("external_references.[0].source_name", "de"), ("name", "fr")]
        {
            assert_eq!(of(&object, path).language, language);
            assert_eq!(Markings::of(&object).language_of(path).as_deref(), Ok(language));
        }
        assert_eq!(object_effective(&object, &definitions).language, "fr");
    }

    #[test]
    fn many_selectors_of_many_items_are_all_found() {
        // Ten thousand selectors of the last of ten thousand items would cost a hundred million steps.
        let items = vec!["1"; 10_000].join(",");
        let selectors = vec!["\"x_a.[9999]\""; 10_000].join(",");
        let text = format!(
            r#"{{"type":"tool","id":"tool--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d","x_a":[{items}],"granular_markings":[{{"marking_ref":"{}","selectors":[{selectors}]}}]}}"#,
            Tlp::Red.marking_id()
        );
        let object = Object::parse(text.as_bytes(), &Limits::admission()).unwrap();
        let markings = Markings::of(&object);
        let level = |path| markings.effective(path, &definitions).unwrap();
        assert_eq!((level("x_a.[9999]").tlp, level("x_a").tlp), (Some(Tlp::Red), None));
        assert!(!level("x_a").is_raised);
    }

    proptest! {
        #[test]
        fn adding_an_entry_never_lowers(
            markings in prop::collection::vec(prop::sample::select(vec![
                Tlp::Clear.marking_id(), Tlp::Green.marking_id(), Tlp::Amber.marking_id(), Tlp::Red.marking_id(), WHITE_1, STATEMENT, PAP, OWN, UNKNOWN,
            ]), 0..4),
            entries in prop::collection::vec((
                prop::sample::select(vec![Tlp::Clear.marking_id(), Tlp::Amber.marking_id(), Tlp::AmberStrict.marking_id(), Tlp::Red.marking_id(), STATEMENT, UNKNOWN]),
                prop::sample::select(vec![r#"["name"]"#, r#"["labels"]"#, r#"["labels.[1]","name"]"#, r#"["nothing"]"#, "[]", r#"["external_references.[0]"]"#]),
            ), 1..5),
            at in any::<prop::sample::Index>(),
        ) {
            let written: Vec<String> = entries.iter().map(|(marking, selectors)| entry(marking, selectors)).collect();
            let mut fewer = written.clone();
            fewer.remove(at.index(written.len()));
            let (more, fewer) = (object(&markings, &written.join(",")), object(&markings, &fewer.join(",")));
            for path in ["name", "labels", "labels.[0]", "labels.[1]", "external_references.[0].url", "type"] {
                let (more, fewer) = (of(&more, path), of(&fewer, path));
                prop_assert!(more.tlp >= fewer.tlp && more.pap >= fewer.pap);
                for (more, fewer) in [(more.statements, fewer.statements), (more.others, fewer.others), (more.unknown, fewer.unknown)] {
                    prop_assert!(fewer.iter().all(|one| more.contains(one)));
                }
            }
            let whole = object_effective(&more, &definitions);
            prop_assert!(whole.tlp >= of(&more, "name").tlp);
        }
    }
}
