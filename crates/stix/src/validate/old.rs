//! STIX 2.0: recognised, checked by what both versions share, never converted here.

use super::finding::Detail;
use super::head::is_time;
use super::walk::{Spot, Walk};
use crate::code::Code;
use crate::id::{self, IdentifierForm};
use crate::tables::common::SDO;
use crate::tables::{Class, Form, Table};
use crate::value::{Shape, Value};

/// Walks an object of STIX 2.0: JSON and data types, identifiers, times and their order.
pub(super) fn walk(walk: &mut Walk<'_, '_>, object_type: Option<&str>, own: Option<&'static Table>, class: Class) {
    let root = walk.root;
    let place = root.get("spec_version").or_else(|| root.get("type")).unwrap_or(root);
    walk.note(Code::W305, place, Spot::COMMON, Detail::Says("STIX 2.0: checked by its common rules only"));
    let is_marking = object_type == Some("marking-definition");
    if let Some(id) = root.get("id")
        && id.text().is_some_and(|text| is_other_version(&text))
    {
        walk.quoted(Code::E202, id, Spot::COMMON);
    } else {
        walk.own_identifier(object_type);
    }
    for name in ["created", "modified"] {
        if root.get(name).is_none() && !(is_marking && name == "modified") && class != Class::Sco {
            walk.missing(Code::E125, root, name, None, "a required property is missing");
        }
    }
    for (key, value) in root.members() {
        walk.nothing(value, SDO.property(&key.plain()).map_or(Spot::of(&SDO), |property| Spot::common(property.name)));
        walk.sweep_inside(value, Spot::of(&SDO));
    }
    properties(walk, own);
    walk.instants(is_marking);
    walk.ordered(Code::E301, root, ("modified", "created", false), Spot::COMMON);
    if let Some(own) = own {
        for &order in own.ordered {
            walk.ordered(Code::E301, root, order, Spot::of(own));
        }
    }
    if is_marking {
        walk.reserved();
    }
}

/// Looks at the properties that have the same form in both versions: common ones, times and references.
fn properties<'t>(walk: &mut Walk<'t, '_>, own: Option<&'static Table>) {
    for (key, value) in walk.root.members() {
        let name = key.plain();
        let own_form = own.and_then(|table| Some((table.property(&name)?.form, Spot::of(table))));
        let common = || SDO.property(&name).map(|property| (property.form, Spot::common(property.name)));
        let Some((form, spot)) = own_form.or_else(common) else {
            continue;
        };
        match form {
            _ if matches!(name.as_ref(), "type" | "id" | "spec_version" | "extensions") => {}
            Form::Reference(_) => identifier(walk, value, spot),
            Form::List(Form::Reference(_)) if value.shape() == Shape::List => {
                value.items().for_each(|item| identifier(walk, item, spot));
            }
            Form::List(_) if value.shape() != Shape::List && !is_nothing(value) => walk.wrong(value, spot, "a list"),
            Form::Boolean if !is_nothing(value) => walk.form(value, form, spot),
            form if is_time(form) && !is_nothing(value) => walk.timestamp(value, spot),
            Form::List(Form::Text) if !is_nothing(value) => walk.form(value, form, spot),
            // Custom to STIX 2.0, but every reader of ours takes it for what 2.1 says.
            Form::Integer(..) if name == "confidence" && !is_nothing(value) => walk.form(value, form, spot),
            _ => {}
        }
    }
}

fn identifier<'t>(walk: &mut Walk<'t, '_>, value: Value<'t>, spot: Spot) {
    let spot = Spot { is_reference: true, ..spot };
    match value.text() {
        None if is_nothing(value) => {}
        None => walk.wrong(value, spot, "an identifier"),
        Some(text) if is_other_version(&text) => walk.quoted(Code::E202, value, spot),
        Some(text) => {
            walk.identifier(value, &text, spot);
        }
    }
}

/// The sweep has reported null and empty containers.
fn is_nothing(value: Value<'_>) -> bool {
    value.shape() == Shape::Null || value.is_empty()
}

/// STIX 2.0 knows random UUIDs only.
fn is_other_version(text: &str) -> bool {
    let uuid = text.get(text.len().saturating_sub(36)..).unwrap_or_default();
    id::form(text) == IdentifierForm::WellFormed && id::uuid_version(uuid) != Some(b'4')
}
