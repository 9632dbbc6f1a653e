//! Extensions, custom properties and custom types: accepted, kept, flagged (STIX 2.1 §7.3, §11).

use std::collections::BTreeSet;

use super::finding::Detail;
use super::walk::{Spot, Walk};
use crate::code::Code;
use crate::id;
use crate::json;
use crate::syntax::name as names;
use crate::tables::common::is_common;
use crate::tables::{Class, Role, extension, vocabularies};
use crate::value::{Shape, Value};

/// Property names that STIX 2.1 §3.1 keeps for later.
const RESERVED: [&str; 5] = ["severity", "username", "phone_number", "phone_numbers", "action"];
/// What makes an observable one that its producer versions.
const VERSIONING: [&str; 4] = ["created", "modified", "created_by_ref", "revoked"];
/// What the head of an object reads beside them, whatever the type.
const READ: [&str; 2] = ["confidence", "labels"];

/// The top-level properties that extensions of an object bring.
#[derive(Debug)]
pub(super) enum Brought {
    Any,
    Names(BTreeSet<String>),
}

/// Returns the class of a custom type: what an extension says, else by whether it has versions (STIX 2.1 §3.2).
pub(crate) fn class_of_custom(root: Value<'_>) -> Class {
    let is_versioned = || root.get("created").is_some() || root.get("modified").is_some();
    declared_class(root).unwrap_or_else(|| if is_versioned() { Class::Sdo } else { Class::Sco })
}

/// Returns the class that an extension gives to a custom type.
pub(super) fn declared_class(root: Value<'_>) -> Option<Class> {
    root.get("extensions")?.members().find_map(|(_, value)| {
        let declared = value.get("extension_type")?;
        [("new-sdo", Class::Sdo), ("new-sco", Class::Sco), ("new-sro", Class::Sro)]
            .into_iter()
            .find_map(|(name, class)| declared.is(name).then_some(class))
    })
}

impl<'t> Walk<'t, '_> {
    /// Walks a top-level property that neither the type nor its column of common properties has.
    pub(super) fn foreign(&mut self, key: Value<'t>, value: Value<'t>, class: Class, is_custom_type: bool) {
        let name = key.plain();
        if RESERVED.contains(&name.as_ref()) {
            self.quoted(Code::E127, key, Spot::COMMON);
            self.sweep(value, Spot::COMMON);
        } else if !is_common(&name) {
            self.custom_property(key, value, !is_custom_type, true);
        } else if name == "defanged" {
            self.quoted(Code::E126, key, Spot::COMMON);
        } else if class == Class::Sco && VERSIONING.contains(&name.as_ref()) {
            self.sdo_form(value, &name);
        } else {
            self.quoted(Code::W132, key, Spot::COMMON);
            // A value that `Object::parse` refuses is an error here, too.
            if VERSIONING.contains(&name.as_ref()) || READ.contains(&name.as_ref()) {
                self.sdo_form(value, &name);
            } else {
                self.sweep(value, Spot::COMMON);
            }
        }
    }

    /// Walks a property that no table describes. `flagged` says so; properties of custom types are their own.
    pub(super) fn custom_property(&mut self, key: Value<'t>, value: Value<'t>, flagged: bool, at_top: bool) {
        let name = key.plain();
        if let Some(code) = names::property_name(&name) {
            self.quoted(code, key, Spot::COMMON);
        } else if flagged {
            self.quoted(Code::N130, key, Spot::COMMON);
            let is_covered = name.starts_with("x_") || (at_top && self.covered(&name));
            if !is_covered {
                self.quoted(Code::W129, key, Spot::COMMON);
            }
        }
        self.suffix(&name, value, Spot::COMMON);
        self.sweep(value, Spot::COMMON);
    }

    /// Tells whether a top-level extension of the object brings the property.
    fn covered(&mut self, name: &str) -> bool {
        let brought = match self.brought.take() {
            Some(brought) => brought,
            None => self.brought_properties(),
        };
        let is_covered = match &brought {
            Brought::Any => true,
            Brought::Names(names) => names.contains(name),
        };
        self.brought = Some(brought);
        is_covered
    }

    /// A definition that is not at hand, or does not say what it brings, is taken to bring everything.
    fn brought_properties(&self) -> Brought {
        let mut names = BTreeSet::new();
        for (key, value) in self.root.get("extensions").into_iter().flat_map(Value::members) {
            if !value.get("extension_type").is_some_and(|declared| declared.is("toplevel-property-extension")) {
                continue;
            }
            let definition = self.context.resolve.and_then(|resolve| resolve(&key.plain()));
            let listed = definition.as_ref().and_then(|object| object.member_text("extension_properties"));
            let Some(listed) = listed.and_then(json::string_items) else {
                return Brought::Any;
            };
            names.extend(listed.into_iter().map(|name| json::unescape(name).into_owned()));
        }
        Brought::Names(names)
    }

    /// Walks `extensions`.
    pub(super) fn extensions(&mut self, value: Value<'t>) {
        if value.shape() != Shape::Object {
            return self.wrong(value, Spot::common("extensions"), "an object");
        }
        if value.is_empty() {
            return self.note(Code::E104, value, Spot::common("extensions"), Detail::Says("an empty object"));
        }
        for (key, content) in value.members() {
            let name = key.plain();
            if let Some(table) = extension(&name) {
                if !matches!(table.role, Role::Extension(host) if self.host == Some(host)) {
                    self.quoted(Code::E706, key, Spot::of(table));
                }
                self.embedded(content, table, Spot::of(table));
                continue;
            }
            if name.starts_with("extension-definition--") && id::split(&name).is_some() {
                self.defined(key, content, &name);
            } else if let Some(code) = names::extension_key(&name) {
                self.quoted(code, key, Spot::COMMON);
                self.sweep(content, Spot::COMMON);
            } else {
                self.quoted(Code::N708, key, Spot::COMMON);
                self.sweep(content, Spot::COMMON);
            }
        }
    }

    /// Walks an extension that an extension definition describes.
    fn defined(&mut self, key: Value<'t>, content: Value<'t>, definition: &str) {
        if let Some(resolve) = self.context.resolve
            && definition != crate::marking::TLP_EXTENSION
            && resolve(definition).is_none()
        {
            self.quoted(Code::N710, key, Spot::COMMON);
        }
        if content.shape() != Shape::Object {
            return self.wrong(content, Spot::COMMON, "an object");
        }
        if content.is_empty() {
            return self.note(Code::E104, content, Spot::COMMON, Detail::Says("an empty object"));
        }
        let mut has_type = false;
        for (key, value) in content.members() {
            if key.is("extension_type") {
                has_type = true;
                self.form(value, crate::tables::Form::Enumeration(&vocabularies::EXTENSION_TYPE), Spot::COMMON);
            } else {
                self.custom_property(key, value, false, false);
            }
        }
        if !has_type {
            self.missing(Code::E707, content, "extension_type", None, "no `extension_type`");
        }
    }
}
