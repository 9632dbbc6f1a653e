//! What every object has: type, identifier, version of the specification, times, and the column of common properties.

use std::borrow::Cow;

use super::finding::Detail;
use super::walk::{Spot, Walk};
use super::{custom, old};
use crate::code::Code;
use crate::id;
use crate::limits::Limits;
use crate::object::Object;
use crate::tables::common::{SDO, column};
use crate::tables::{Class, Form, Property, Table, table};
use crate::timestamp::Timestamp;
use crate::upgrade;
use crate::value::{Shape, Value};

/// LIMIT: clocks of partners may be ahead by this much.
const AHEAD_MICROS_MAX: i64 = 5 * 60 * 1_000_000;

impl<'t> Walk<'t, '_> {
    /// Walks the whole object.
    pub(super) fn object(&mut self) {
        let root = self.root;
        let object_type = self.object_type();
        let own = object_type.as_deref().and_then(table);
        let class = own.and_then(Table::class).unwrap_or_else(|| custom::class_of_custom(root));
        self.host = own.map(|table| table.name);
        self.defanged = root.get("defanged").is_some_and(|value| value.shape() == Shape::True);
        let version = root.get("spec_version");
        // A version that is no string is no version of STIX 2.0.
        let version = version.map(|version| version.text().unwrap_or_default());
        if upgrade::is_old(object_type.as_deref(), class, version.as_deref(), self.context.enclosed) {
            old::walk(self, object_type.as_deref(), own, class);
            return;
        }
        let uuid_version = self.own_identifier(object_type.as_deref());
        self.members(own, class, object_type.as_deref());
        self.common_rules(object_type.as_deref(), class);
        match own {
            Some(own) => {
                self.identifier_version(own, class, uuid_version);
                self.own_rules(root, own);
            }
            None => self.custom_type(object_type.as_deref(), custom::declared_class(root).is_some()),
        }
        self.markings(object_type.as_deref());
    }

    fn object_type(&mut self) -> Option<Cow<'t, str>> {
        let spot = Spot::common("type");
        let Some(value) = self.root.get("type") else {
            self.missing(Code::E125, self.root, "type", None, "a required property is missing");
            return None;
        };
        let Some(text) = value.text() else {
            self.wrong(value, spot, "a string");
            return None;
        };
        if text == "bundle" {
            self.note(Code::E203, value, spot, Detail::Says("a `bundle` is transport, not an object"));
            return None;
        }
        if !id::is_object_type(&text) {
            self.quoted(Code::E203, value, spot);
            return None;
        }
        Some(text)
    }

    /// Looks at the identifier of the object and returns the version of its UUID; none where it is malformed.
    pub(super) fn own_identifier(&mut self, object_type: Option<&str>) -> Option<u8> {
        let Some(value) = self.root.get("id") else {
            self.missing(Code::E125, self.root, "id", None, "a required property is missing");
            return None;
        };
        let Some(text) = value.text() else {
            self.wrong(value, Spot::common("id"), "an identifier");
            return None;
        };
        let found = self.identifier(value, &text, Spot::common("id"))?;
        if object_type.is_some_and(|object_type| object_type != found) {
            self.quoted(Code::E205, value, Spot::common("id"));
        }
        let uuid = text.get(text.len().saturating_sub(36)..)?;
        id::uuid_version(uuid)
    }

    fn members(&mut self, own: Option<&'static Table>, class: Class, object_type: Option<&str>) {
        let column = column(class, object_type.unwrap_or_default());
        let (mut seen_own, mut seen_common) = (0_u64, 0_u64);
        for (key, value) in self.root.members() {
            let name = key.plain();
            if let Some(own) = own
                && let Some((at, property)) = found(own, &name)
            {
                seen_own |= 1 << at;
                self.property(value, property, own);
            } else if let Some((at, property)) = found(column, &name) {
                seen_common |= 1 << at;
                self.common_property(value, property);
            } else {
                self.foreign(key, value, class, own.is_none());
            }
        }
        // What the matrix of STIX 2.1 §3.2 demands; `type` and `id` have been reported.
        let missing = column.properties.iter().enumerate().filter(|(at, property)| {
            property.need == crate::tables::Need::Required
                && seen_common & (1 << at) == 0
                && !matches!(property.name, "type" | "id")
        });
        for (_, property) in missing {
            self.missing(Code::E125, self.root, property.name, None, "a required property is missing");
        }
        for &order in column.ordered {
            self.ordered(Code::E301, self.root, order, Spot::COMMON);
        }
        if let Some(own) = own {
            self.complete(self.root, own, seen_own);
        }
    }

    /// Walks a common property of the object's column.
    fn common_property(&mut self, value: Value<'t>, property: &'static Property) {
        let spot = Spot::common(property.name);
        match property.name {
            // Looked at before the walk.
            "type" | "id" => {}
            "spec_version" => match value.text() {
                None => self.wrong(value, spot, "a string"),
                Some(text) if text == "2.1" => {}
                Some(_) => self.quoted(Code::E304, value, spot),
            },
            _ => self.form(value, property.form, spot),
        }
    }

    /// Walks a common property of domain objects on an object of another class, for its form alone.
    pub(super) fn sdo_form(&mut self, value: Value<'t>, name: &str) {
        if let Some((_, property)) = found(&SDO, name) {
            self.form(value, property.form, Spot::common(property.name));
        }
    }

    /// The rules about common properties that take more than one of them, or the clock.
    fn common_rules(&mut self, object_type: Option<&str>, class: Class) {
        let is_marking = object_type == Some("marking-definition");
        self.instants(is_marking);
        if class == Class::Sco {
            self.observable_version();
        }
    }

    /// `created` and `modified`: precise to the millisecond, and not in the future.
    pub(super) fn instants(&mut self, is_marking: bool) {
        let latest = self.context.now.map(|now| now.saturating_add_micros(AHEAD_MICROS_MAX));
        for name in ["created", "modified"] {
            let Some(value) = self.root.get(name) else {
                continue;
            };
            let Some(text) = value.text() else {
                continue;
            };
            let Ok(instant) = Timestamp::parse(&text) else {
                continue;
            };
            let digits = text.split_once('.').map_or(0, |(_, fraction)| fraction.len().saturating_sub(1));
            if digits < 3 && !is_marking {
                self.quoted(Code::E112, value, Spot::common(name));
            }
            if latest.is_some_and(|latest| instant > latest) {
                self.quoted(Code::E303, value, Spot::common(name));
            }
        }
    }

    /// An observable that its producer versions (STIX 2.1 §3.6) needs a random identifier.
    fn observable_version(&mut self) {
        let versioning =
            |key: Value<'_>| ["created", "modified", "created_by_ref", "revoked"].iter().any(|name| key.is(name));
        let Some((key, _)) = self.root.members().find(|(key, _)| versioning(*key)) else {
            return;
        };
        let is_timed = self.root.get("created").is_some() || self.root.get("modified").is_some();
        let is_deterministic = is_timed && self.recomputed().is_some_and(|computed| self.has_id(&computed));
        self.quoted(if is_deterministic { Code::E311 } else { Code::W310 }, key, Spot::COMMON);
    }

    /// Holds the version of the UUID against the class (STIX 2.1 §2.9).
    fn identifier_version(&mut self, own: &'static Table, class: Class, uuid_version: Option<u8>) {
        let (Some(version), Some(value)) = (uuid_version, self.root.get("id")) else {
            return;
        };
        if class != Class::Sco {
            // Versions 6 to 8 have been reported as such.
            if matches!(version, b'1'..=b'3' | b'5') {
                self.quoted(Code::N211, value, Spot::COMMON);
            }
            return;
        }
        if version == b'4' {
            return;
        }
        let contributes = own.contributing.iter().any(|name| self.root.get(name).is_some());
        if !contributes {
            self.quoted(Code::E207, value, Spot::COMMON);
        } else if version == b'5'
            && let Some(computed) = self.recomputed()
            && !self.has_id(&computed)
        {
            let text = format!("computed from the properties it is `{computed}`");
            self.note(Code::W210, value, Spot::COMMON, Detail::Put(text.into()));
        }
    }

    fn has_id(&self, id: &str) -> bool {
        self.root.get("id").is_some_and(|value| value.is(id))
    }

    fn recomputed(&self) -> Option<String> {
        self.with_object(id::recomputed).flatten()
    }

    /// Reads the object if it has not been; none where it cannot be read.
    pub(super) fn with_object<T>(&self, ask: impl FnOnce(&Object) -> T) -> Option<T> {
        if let Some(object) = self.object {
            return Some(ask(object));
        }
        Object::parse(self.root.inside().as_bytes(), &Limits::offline()).ok().map(|object| ask(&object))
    }

    fn custom_type(&mut self, object_type: Option<&str>, is_declared: bool) {
        let (Some(object_type), Some(value)) = (object_type, self.root.get("type")) else {
            return;
        };
        self.quoted(Code::N711, value, Spot::COMMON);
        if !object_type.starts_with("x-") && !is_declared {
            self.quoted(Code::W712, value, Spot::COMMON);
        }
    }

    /// Walks `observed-data.objects` (deprecated): each member by its table, references among themselves.
    pub(super) fn observables(&mut self, container: Value<'t>, spot: Spot) {
        if container.shape() != Shape::Object {
            return self.wrong(container, spot, "an object");
        }
        if container.is_empty() {
            return self.note(Code::E104, container, spot, Detail::Says("an empty object"));
        }
        let host = self.host;
        let defanged = self.defanged;
        let mut members: Vec<_> = container.members().map(|(key, member)| (key.plain(), member)).collect();
        members.sort_by(|left, right| left.0.cmp(&right.0));
        self.container = Some(members);
        for (key, member) in container.members() {
            if key.inside().is_empty() {
                self.quoted(Code::E121, key, spot);
            }
            self.observable(member, spot);
        }
        self.container = None;
        self.host = host;
        self.defanged = defanged;
    }

    fn observable(&mut self, member: Value<'t>, spot: Spot) {
        if member.shape() != Shape::Object {
            return self.wrong(member, spot, "an object");
        }
        if member.is_empty() {
            return self.note(Code::E104, member, spot, Detail::Says("an empty object"));
        }
        let Some(value) = member.get("type") else {
            self.missing(Code::E125, member, "type", None, "a required property is missing");
            return self.sweep(member, spot);
        };
        let Some(text) = value.text() else {
            self.wrong(value, spot, "a string");
            return self.sweep(member, spot);
        };
        let own = table(&text);
        if own.is_some_and(|table| table.class() != Some(Class::Sco)) {
            return self.note(Code::E204, value, spot, Detail::Expected("the type of an observable"));
        }
        if !id::is_object_type(&text) {
            return self.quoted(Code::E203, value, spot);
        }
        let Some(own) = own else {
            self.quoted(Code::N711, value, spot);
            return self.sweep(member, Spot::COMMON);
        };
        self.host = Some(own.name);
        self.defanged = member.get("defanged").is_some_and(|value| value.shape() == Shape::True);
        let mut seen = 0;
        for (key, value) in member.members() {
            let name = key.plain();
            if let Some((at, property)) = found(own, &name) {
                seen |= 1_u64 << at;
                self.property(value, property, own);
            } else if !matches!(name.as_ref(), "type" | "id" | "spec_version") {
                self.contained_property(key, value, &name);
            }
        }
        self.complete(member, own, seen);
        self.own_rules(member, own);
    }

    fn contained_property(&mut self, key: Value<'t>, value: Value<'t>, name: &str) {
        let common = found(column(Class::Sco, ""), name);
        match common {
            // Markings are references to objects outside the container.
            Some((_, property)) if !matches!(name, "object_marking_refs" | "granular_markings") => {
                self.form(value, property.form, Spot::COMMON);
            }
            Some(_) => self.sweep(value, Spot::COMMON),
            None => self.custom_property(key, value, true, false),
        }
    }
}

fn found(table: &'static Table, name: &str) -> Option<(usize, &'static Property)> {
    let at = table.position(name)?;
    Some((at, table.properties.get(at)?))
}

/// Tells whether a form is a time, which a STIX 2.0 object is checked for as well.
pub(super) fn is_time(form: Form) -> bool {
    matches!(form, Form::Timestamp)
}
