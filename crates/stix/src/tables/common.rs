//! The common properties (STIX 2.1 §3.2): one table per column of the matrix.
//!
//! Rules that depend on more than one property, and those whose codes are their own (`created_by_ref` that is not an identity is
//! STIX-W-206, `created` without milliseconds STIX-E-112), are [`validate`](crate::validate)'s.

use super::extensions::{EXTERNAL_REFERENCE, GRANULAR_MARKING};
use super::form::{TEXTS, list, optional, reference, references, required};
use super::{Class, Form, Property, Role, Syntax, Table};

/// Domain and relationship objects.
pub static SDO: Table = of(
    "sdo",
    &[
        TYPE,
        SPEC_VERSION,
        ID,
        CREATED_BY_REF,
        CREATED,
        MODIFIED,
        REVOKED,
        LABELS,
        CONFIDENCE,
        optional("lang", Form::Syntax(Syntax::Language)),
        EXTERNAL_REFERENCES,
        OBJECT_MARKING_REFS,
        GRANULAR_MARKINGS,
        EXTENSIONS,
    ],
)
.ordered(VERSIONED);

/// Observables.
pub static SCO: Table = of(
    "sco",
    &[
        TYPE,
        optional("spec_version", Form::Text),
        ID,
        OBJECT_MARKING_REFS,
        GRANULAR_MARKINGS,
        optional("defanged", Form::Boolean),
        EXTENSIONS,
    ],
);

/// `extension-definition`.
pub static EXTENSION_DEFINITION: Table = of(
    "extension-definition",
    &[
        TYPE,
        SPEC_VERSION,
        ID,
        required("created_by_ref", reference!("identity")),
        CREATED,
        MODIFIED,
        REVOKED,
        LABELS,
        EXTERNAL_REFERENCES,
        OBJECT_MARKING_REFS,
        GRANULAR_MARKINGS,
    ],
)
.ordered(VERSIONED);

/// `language-content`.
pub static LANGUAGE_CONTENT: Table = of(
    "language-content",
    &[
        TYPE,
        SPEC_VERSION,
        ID,
        CREATED_BY_REF,
        CREATED,
        MODIFIED,
        REVOKED,
        LABELS,
        CONFIDENCE,
        EXTERNAL_REFERENCES,
        OBJECT_MARKING_REFS,
        GRANULAR_MARKINGS,
        EXTENSIONS,
    ],
)
.ordered(VERSIONED);

/// `marking-definition`.
pub static MARKING_DEFINITION: Table = of(
    "marking-definition",
    &[
        TYPE,
        SPEC_VERSION,
        ID,
        CREATED_BY_REF,
        CREATED,
        EXTERNAL_REFERENCES,
        OBJECT_MARKING_REFS,
        GRANULAR_MARKINGS,
        EXTENSIONS,
    ],
);

/// `bundle`.
pub static BUNDLE: Table = of("bundle", &[TYPE, ID]);

const TYPE: Property = required("type", Form::Text);
const SPEC_VERSION: Property = required("spec_version", Form::Text);
const ID: Property = required("id", Form::Identifier);
const CREATED_BY_REF: Property = optional("created_by_ref", reference!("identity"));
const CREATED: Property = required("created", Form::Timestamp);
const MODIFIED: Property = required("modified", Form::Timestamp);
const REVOKED: Property = optional("revoked", Form::Boolean);
const LABELS: Property = optional("labels", TEXTS);
const CONFIDENCE: Property = optional("confidence", Form::Integer(0, 100));
const EXTERNAL_REFERENCES: Property = optional("external_references", EXTERNAL_REFERENCE_LIST);
const OBJECT_MARKING_REFS: Property = optional("object_marking_refs", references!("marking-definition"));
const GRANULAR_MARKINGS: Property = optional("granular_markings", GRANULAR_MARKING_LIST);
const EXTERNAL_REFERENCE_LIST: Form = list!(Form::Table(&EXTERNAL_REFERENCE));
const GRANULAR_MARKING_LIST: Form = list!(Form::Table(&GRANULAR_MARKING));
const EXTENSIONS: Property = optional("extensions", Form::Extensions);

const VERSIONED: &[(&str, &str, bool)] = &[("modified", "created", false)];

const fn of(name: &'static str, properties: &'static [Property]) -> Table {
    Table::new(Role::Common, name, "§3.2", properties)
}

/// Returns the common properties of an object of that class and type; see [`column`].
pub fn common(class: Class, object_type: &str) -> &'static [Property] {
    column(class, object_type).properties
}

/// Returns the column of the matrix for an object of that class and type.
///
/// The type matters for meta objects and `bundle` only; an unknown type takes the column of its class, of which a meta object
/// has that of `extension-definition`, the strictest.
pub fn column(class: Class, object_type: &str) -> &'static Table {
    match (class, object_type) {
        (_, "bundle") => &BUNDLE,
        (Class::Sdo | Class::Sro, _) => &SDO,
        (Class::Sco, _) => &SCO,
        (Class::Meta, "language-content") => &LANGUAGE_CONTENT,
        (Class::Meta, "marking-definition") => &MARKING_DEFINITION,
        (Class::Meta, _) => &EXTENSION_DEFINITION,
    }
}

/// Tells whether the name is a common property of any class; one that does not apply to its object is STIX-W-132.
pub fn is_common(name: &str) -> bool {
    name == "defanged" || SDO.position(name).is_some()
}
