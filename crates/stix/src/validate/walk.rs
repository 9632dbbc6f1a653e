//! The walk over one object along its table.
//!
//! Recursion is over forms of the tables, whose nesting is fixed; what no table describes is swept without recursion.

use std::borrow::Cow;

use super::Context;
use super::custom::Brought;
use super::finding::{Detail, Note};
use super::log::Log;
use crate::code::Code;
use crate::id::{self, IdentifierForm};
use crate::object::Object;
use crate::selector::Finder;
use crate::syntax::{self, binary, name as names};
use crate::tables::{Entry, Form, Need, Property, Syntax, Table, Targets, Vocabulary};
use crate::timestamp::{Timestamp, TimestampError};
use crate::value::{Shape, Tree, Value, Whole};

/// What is known while one object is walked.
pub(super) struct Walk<'t, 'c> {
    pub(super) root: Value<'t>,
    pub(super) context: &'c Context<'c>,
    /// The object, where it has been read as one.
    pub(super) object: Option<&'c Object>,
    pub(super) log: Log<'t>,
    /// The known type that is being walked; in an observable container that of its member.
    pub(super) host: Option<&'static str>,
    /// The value of `defanged`.
    pub(super) defanged: bool,
    /// The members of the observable container that is being walked, by key: references name them.
    pub(super) container: Option<Vec<(Cow<'t, str>, Value<'t>)>>,
    /// What top-level extensions bring, once it has been asked for.
    pub(super) brought: Option<Brought>,
    /// Finds what selectors select.
    pub(super) finder: Finder<'t>,
}

/// The property that a value belongs to: what a finding says about its place beyond the path.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    pub(super) name: &'static str,
    /// Its table, where it is no common property.
    pub(super) table: Option<&'static Table>,
    pub(super) is_reference: bool,
}

impl Spot {
    /// Of custom content, and of common properties until their name is given.
    pub(super) const COMMON: Self = Self { name: "", table: None, is_reference: false };

    /// Of a common property.
    pub(super) const fn common(name: &'static str) -> Self {
        Self { name, ..Self::COMMON }
    }

    pub(super) const fn of(table: &'static Table) -> Self {
        Self { name: "", table: Some(table), is_reference: false }
    }
}

impl<'t, 'c> Walk<'t, 'c> {
    pub(super) fn new(tree: &'t Tree<'t>, context: &'c Context<'c>, object: Option<&'c Object>, log: Log<'t>) -> Self {
        let root = tree.root();
        Self {
            root,
            context,
            object,
            log,
            host: None,
            defanged: false,
            container: None,
            brought: None,
            finder: Finder::new(root),
        }
    }

    pub(super) fn note(&mut self, code: Code, value: Value<'t>, spot: Spot, detail: Detail<'t>) {
        self.log.push(Note { code, at: value.at(), offset: value.offset(), missing: None, spot, detail });
    }

    /// Notes a rule about a value, which is quoted.
    pub(super) fn quoted(&mut self, code: Code, value: Value<'t>, spot: Spot) {
        self.note(code, value, spot, Detail::Quoted);
    }

    /// Notes a rule about an object as a whole.
    pub(super) fn says(&mut self, code: Code, value: Value<'t>, table: &'static Table, text: &'static str) {
        self.note(code, value, Spot::of(table), Detail::Says(text));
    }

    /// Notes that a property is not there.
    pub(super) fn missing(
        &mut self,
        code: Code,
        object: Value<'t>,
        property: &'static str,
        table: Option<&'static Table>,
        text: &'static str,
    ) {
        self.log.push(Note {
            code,
            at: object.at(),
            offset: object.offset(),
            missing: Some(property),
            spot: Spot { table, ..Spot::COMMON },
            detail: Detail::Says(text),
        });
    }

    /// Notes a value of the wrong JSON type, and what is wrong inside it.
    pub(super) fn wrong(&mut self, value: Value<'t>, spot: Spot, expected: &'static str) {
        if value.shape() == Shape::Null {
            self.note(Code::E102, value, spot, Detail::Says("null"));
            return;
        }
        self.note(Code::E101, value, spot, Detail::Expected(expected));
        self.sweep_inside(value, spot);
    }

    /// Walks an embedded type or an extension.
    pub(super) fn embedded(&mut self, value: Value<'t>, table: &'static Table, spot: Spot) {
        if value.shape() != Shape::Object {
            self.wrong(value, spot, "an object");
            return;
        }
        if value.is_empty() {
            self.note(Code::E104, value, spot, Detail::Says("an empty object"));
            return;
        }
        let mut seen = 0;
        for (key, member) in value.members() {
            let name = key.plain();
            match table.position(&name).and_then(|at| Some((at, table.properties.get(at)?))) {
                Some((at, property)) => {
                    seen |= 1_u64 << at;
                    self.property(member, property, table);
                }
                None => self.custom_property(key, member, true, false),
            }
        }
        self.complete(value, table, seen);
        self.own_rules(value, table);
    }

    /// Walks one property of a table.
    pub(super) fn property(&mut self, value: Value<'t>, property: &'static Property, table: &'static Table) {
        let spot = Spot { name: property.name, table: Some(table), is_reference: is_reference(property.form) };
        if property.need == Need::Deprecated && self.container.is_none() {
            self.note(Code::N131, value, spot, Detail::Says("deprecated"));
        }
        self.form(value, property.form, spot);
    }

    /// Looks at what a table asks of an object as a whole: required properties, order of times, one property at least.
    pub(super) fn complete(&mut self, object: Value<'t>, table: &'static Table, seen: u64) {
        let mut optional = 0_u64;
        for (at, property) in table.properties.iter().enumerate() {
            match property.need {
                Need::Required if seen & (1 << at) == 0 => {
                    self.missing(Code::E125, object, property.name, Some(table), "a required property is missing");
                }
                Need::Required => {}
                _ => optional |= 1 << at,
            }
        }
        for &(later, earlier, strict) in table.ordered {
            self.ordered(Code::E301, object, (later, earlier, strict), Spot::of(table));
        }
        if table.not_empty && seen & optional == 0 {
            self.says(Code::E622, object, table, "none of the properties of its own is present");
        }
    }

    /// Compares two times at full precision; one that is absent or malformed is in order.
    pub(super) fn ordered(
        &mut self,
        code: Code,
        object: Value<'t>,
        (later, earlier, strict): (&'static str, &'static str, bool),
        spot: Spot,
    ) {
        let Some(value) = object.get(later) else {
            return;
        };
        let Some(early_value) = object.get(earlier) else {
            return;
        };
        if let (Some(late), Some(early)) = (value.instant(), early_value.instant())
            && (late < early || (strict && late == early))
        {
            let detail = Detail::Order { later, earlier, strict, late: value.inside(), early: early_value.inside() };
            self.note(code, value, spot, detail);
        }
    }

    /// Walks one value of a known form.
    pub(super) fn form(&mut self, value: Value<'t>, form: Form, spot: Spot) {
        match form {
            Form::Boolean => {
                if !matches!(value.shape(), Shape::True | Shape::False) {
                    self.wrong(value, spot, "a boolean");
                }
            }
            Form::Integer(least, most) => self.integer(value, least, most, spot),
            Form::Float(least, most) => match value.float() {
                None => self.wrong(value, spot, "a number"),
                Some(number) if number < least || number > most => {
                    self.note(Code::E107, value, spot, Detail::BetweenFloats(least, most));
                }
                Some(_) => {}
            },
            Form::Identifier | Form::Text => {
                if value.shape() != Shape::Text {
                    self.wrong(value, spot, "a string");
                }
            }
            Form::Syntax(syntax) => self.syntax(value, syntax, spot),
            Form::Timestamp => self.timestamp(value, spot),
            Form::Binary => self.encoded(value, spot, binary::base64),
            Form::Hex => self.encoded(value, spot, binary::hex),
            Form::Hashes => self.hashes(value, spot),
            Form::Enumeration(vocabulary) => match value.text() {
                None => self.wrong(value, spot, "a string"),
                Some(text) if vocabulary.contains(&text) => {}
                Some(_) => self.note(Code::E113, value, spot, Detail::NotIn(vocabulary)),
            },
            Form::Open(vocabulary) => self.open(value, vocabulary, spot),
            Form::Reference(targets) => self.reference(value, targets, spot),
            Form::Dictionary(entry) => self.dictionary(value, entry, spot),
            Form::Table(table) => self.embedded(value, table, spot),
            Form::List(items) => self.list(value, *items, spot),
            Form::Extensions => self.extensions(value),
            Form::Container => self.observables(value, spot),
            Form::Translations => self.translations(value, spot),
            Form::Definition => self.definition(value, spot),
            Form::Object => {
                if value.shape() != Shape::Object {
                    self.wrong(value, spot, "an object");
                }
            }
        }
    }

    fn list(&mut self, value: Value<'t>, items: Form, spot: Spot) {
        if value.shape() != Shape::List {
            self.wrong(value, spot, "a list");
            return;
        }
        if value.is_empty() {
            self.note(Code::E103, value, spot, Detail::Says("an empty list"));
        }
        for item in value.items() {
            self.form(item, items, spot);
        }
    }

    fn integer(&mut self, value: Value<'t>, least: i64, most: i64, spot: Spot) {
        let number = match value.whole() {
            None => return self.wrong(value, spot, "a number"),
            Some(Whole::Fraction) => return self.quoted(Code::E106, value, spot),
            Some(Whole::TooLarge) => return self.quoted(Code::E105, value, spot),
            Some(Whole::Written(number)) => {
                self.quoted(Code::N151, value, spot);
                number
            }
            Some(Whole::Plain(number)) => number,
        };
        if !(least..=most).contains(&number) {
            self.note(Code::E107, value, spot, Detail::Between(least, most));
        }
    }

    fn syntax(&mut self, value: Value<'t>, syntax: Syntax, spot: Spot) {
        let Some(text) = value.text() else {
            return self.wrong(value, spot, "a string");
        };
        let Some(code) = syntax::check(syntax, &text) else {
            return;
        };
        // The value of a defanged observable is no value until it is made active again.
        let defanged = self.defanged
            && spot.name == "value"
            && matches!(code, Code::E606 | Code::E607 | Code::E608 | Code::E609 | Code::E610 | Code::E611);
        self.quoted(if defanged { Code::W632 } else { code }, value, spot);
    }

    pub(super) fn timestamp(&mut self, value: Value<'t>, spot: Spot) {
        let Some(text) = value.text() else {
            return self.wrong(value, spot, "a string");
        };
        match Timestamp::parse(&text) {
            Ok(_) => {}
            Err(TimestampError::Date { .. }) => self.quoted(Code::E111, value, spot),
            Err(TimestampError::Form { .. }) => self.quoted(Code::E110, value, spot),
        }
    }

    /// Walks base64 or hexadecimal text.
    pub(super) fn encoded(&mut self, value: Value<'t>, spot: Spot, check: fn(&str) -> Option<Code>) {
        match value.text() {
            None => self.wrong(value, spot, "a string"),
            Some(text) => {
                if let Some(code) = check(&text) {
                    self.quoted(code, value, spot);
                }
            }
        }
    }

    fn open(&mut self, value: Value<'t>, vocabulary: &'static Vocabulary, spot: Spot) {
        let Some(text) = value.text() else {
            return self.wrong(value, spot, "a string");
        };
        if vocabulary.contains(&text) {
            return;
        }
        // A type of marking that the specification does not define has a code of its own.
        let code = if spot.name == "definition_type" { Code::W705 } else { Code::N115 };
        self.note(code, value, spot, Detail::NotIn(vocabulary));
        if let Some(code) = names::vocabulary_value(&text) {
            self.quoted(code, value, spot);
        }
    }

    fn hashes(&mut self, value: Value<'t>, spot: Spot) {
        if value.shape() != Shape::Object {
            return self.wrong(value, spot, "an object");
        }
        if value.is_empty() {
            return self.note(Code::E104, value, spot, Detail::Says("an empty object"));
        }
        let mut has_sha_256 = false;
        for (key, hash) in value.members() {
            let name = key.plain();
            has_sha_256 |= name == "SHA-256";
            match binary::hash_name(&name) {
                Some(Code::W119) => {
                    let detail = match binary::hash_spelling(&name) {
                        Some(known) => Detail::Put(format!("`{name}` is written `{known}`").into()),
                        None => Detail::Quoted,
                    };
                    self.note(Code::W119, key, spot, detail);
                }
                Some(code) => self.quoted(code, key, spot),
                None => {}
            }
            match hash.text() {
                None => self.wrong(hash, spot, "a string"),
                Some(text) => {
                    if let Some(code) = binary::hash_value(&name, &text) {
                        self.quoted(code, hash, spot);
                    }
                }
            }
        }
        if !has_sha_256 {
            self.note(Code::N120, value, spot, Detail::Says("no SHA-256 among the hashes"));
        }
    }

    fn dictionary(&mut self, value: Value<'t>, entry: Entry, spot: Spot) {
        if value.shape() != Shape::Object {
            return self.wrong(value, spot, "an object");
        }
        if value.is_empty() {
            return self.note(Code::E104, value, spot, Detail::Says("an empty object"));
        }
        for (key, member) in value.members() {
            if let Some(code) = names::dictionary_key(&key.plain()) {
                self.quoted(code, key, spot);
            }
            let is_text = member.shape() == Shape::Text;
            let is_integer = || matches!(member.whole(), Some(Whole::Plain(_) | Whole::Written(_)));
            let (fits, expected) = match entry {
                Entry::Any => (true, ""),
                Entry::Text => (is_text, "a string"),
                Entry::Integer => (is_integer(), "an integer"),
                Entry::IntegerOrText => (is_text || is_integer(), "an integer or a string"),
                Entry::Texts => (
                    member.shape() == Shape::List && member.items().all(|item| item.shape() == Shape::Text),
                    "a list of strings",
                ),
            };
            if !fits && !is_nothing(member) {
                self.note(Code::E121, member, spot, Detail::Expected(expected));
            }
            self.sweep(member, spot);
        }
    }

    /// Notes null and empty containers at any depth, keys of no right form, and `_bin` and `_hex` that are not what they say.
    pub(super) fn sweep(&mut self, value: Value<'t>, spot: Spot) {
        self.nothing(value, spot);
        self.sweep_inside(value, spot);
    }

    pub(super) fn sweep_inside(&mut self, value: Value<'t>, spot: Spot) {
        if !matches!(value.shape(), Shape::List | Shape::Object) {
            return;
        }
        for inner in value.inner_nodes() {
            if inner.shape() == Shape::Key {
                let name = inner.plain();
                if let Some(code) = names::dictionary_key(&name) {
                    self.quoted(code, inner, spot);
                } else if spot.table.is_none() {
                    self.suffix(&name, inner.following(), spot);
                }
            } else {
                self.nothing(inner, spot);
            }
        }
    }

    /// What a property is named `_bin` or `_hex` it has to be, known or not (STIX 2.1 §3.1).
    pub(super) fn suffix(&mut self, name: &str, value: Value<'t>, spot: Spot) {
        let check: fn(&str) -> Option<Code> = if name.ends_with("_hex") {
            binary::hex
        } else if name.ends_with("_bin") {
            binary::base64
        } else {
            return;
        };
        match value.text() {
            Some(text) => {
                if let Some(code) = check(&text) {
                    self.quoted(code, value, spot);
                }
            }
            None if is_nothing(value) => {}
            None => self.note(Code::E101, value, spot, Detail::Expected("a string")),
        }
    }

    pub(super) fn nothing(&mut self, value: Value<'t>, spot: Spot) {
        match value.shape() {
            Shape::Null => self.note(Code::E102, value, spot, Detail::Says("null")),
            Shape::List if value.is_empty() => self.note(Code::E103, value, spot, Detail::Says("an empty list")),
            Shape::Object if value.is_empty() => self.note(Code::E104, value, spot, Detail::Says("an empty object")),
            _ => {}
        }
    }

    fn reference(&mut self, value: Value<'t>, targets: Targets, spot: Spot) {
        let Some(text) = value.text() else {
            return self.wrong(value, spot, "an identifier");
        };
        if let Some(container) = &self.container {
            let at = container.binary_search_by(|(key, _)| key.as_ref().cmp(text.as_ref()));
            let target = at.ok().and_then(|at| container.get(at)).map(|(_, target)| *target);
            return self.local_reference(value, target, targets, spot);
        }
        let Some(target_type) = self.identifier(value, &text, spot) else {
            return;
        };
        if !targets.allow(target_type) {
            let code = if spot.name == "created_by_ref" { Code::W206 } else { Code::E204 };
            self.quoted(code, value, spot);
        } else if target_type == "marking-definition" {
            self.marking_reference(value, &text, spot);
        }
    }

    /// A reference inside an observable container names one of its keys.
    fn local_reference(&mut self, value: Value<'t>, target: Option<Value<'t>>, targets: Targets, spot: Spot) {
        let Some(target) = target else {
            return self.quoted(Code::E213, value, spot);
        };
        let target_type = target.get("type").and_then(Value::text);
        if target_type.is_some_and(|target_type| !targets.allow(&target_type)) {
            self.quoted(Code::E204, value, spot);
        }
    }

    /// Looks at the form of an identifier and returns its type; none where it is malformed.
    pub(super) fn identifier<'x>(&mut self, value: Value<'t>, text: &'x str, spot: Spot) -> Option<&'x str> {
        match id::form(text) {
            IdentifierForm::Malformed => {
                self.quoted(Code::E201, value, spot);
                return None;
            }
            IdentifierForm::WrongVersion => {
                self.quoted(Code::E202, value, spot);
                return None;
            }
            IdentifierForm::WellFormed => {}
        }
        // Well formed: two hyphens and 36 characters end it.
        let object_type = text.get(..text.len().saturating_sub(38))?;
        let uuid = text.get(text.len().saturating_sub(36)..)?;
        if matches!(id::uuid_version(uuid), Some(b'6'..=b'8')) {
            self.quoted(Code::W208, value, spot);
        }
        if uuid.bytes().any(|byte| byte.is_ascii_uppercase()) {
            self.quoted(Code::W212, value, spot);
        }
        Some(object_type)
    }
}

/// Tells whether a value is null or an empty container, which have codes of their own.
fn is_nothing(value: Value<'_>) -> bool {
    value.shape() == Shape::Null || value.is_empty()
}

fn is_reference(form: Form) -> bool {
    match form {
        Form::Reference(_) => true,
        Form::List(items) => matches!(items, Form::Reference(_)),
        _ => false,
    }
}
