//! The three meta objects (STIX 2.1 §7) and the bundle (§8).

use super::form::{deprecated, list, object, optional, required};
use super::vocabularies as v;
use super::{Class, Form, Property, Role, Syntax, Table, Targets};

const fn meta(name: &'static str, section: &'static str, properties: &'static [Property]) -> Table {
    object(Class::Meta, name, section, properties)
}

/// `extension-definition`.
pub static EXTENSION_DEFINITION: Table = meta(
    "extension-definition",
    "§7.3",
    &[
        required("name", Form::Text),
        optional("description", Form::Text),
        required("schema", Form::Text),
        required("version", Form::Syntax(Syntax::ExtensionVersion)),
        required("extension_types", list!(Form::Enumeration(&v::EXTENSION_TYPE))),
        optional("extension_properties", list!(Form::Syntax(Syntax::PropertyName))),
    ],
);

/// `language-content`.
pub static LANGUAGE_CONTENT: Table = meta(
    "language-content",
    "§7.1",
    &[
        required("object_ref", Form::Reference(Targets::Translated)),
        optional("object_modified", Form::Timestamp),
        required("contents", Form::Translations),
    ],
);

/// `marking-definition`.
pub static MARKING_DEFINITION: Table = meta(
    "marking-definition",
    "§7.2.1",
    &[
        optional("name", Form::Text),
        deprecated("definition_type", Form::Open(&v::MARKING_TYPE)),
        deprecated("definition", Form::Definition),
    ],
);

/// `bundle`, which is transport and no object: [`table`](super::table) does not know it.
pub static BUNDLE: Table = Table::new(Role::Bundle, "bundle", "§8", &[optional("objects", list!(Form::Object))]);
