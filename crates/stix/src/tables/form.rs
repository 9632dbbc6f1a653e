//! Short forms of what stands in the tables, so that a property is one line.

use super::{Class, Form, Need, Property, Role, Syntax, Table, Targets};

/// The largest whole number that survives JSON, 2^53 − 1 (STIX 2.1 §2.10).
pub(super) const LARGEST: i64 = 9_007_199_254_740_991;

pub(super) const ANY_FLOAT: Form = Form::Float(f64::MIN, f64::MAX);
pub(super) const ANY_INTEGER: Form = Form::Integer(-LARGEST, LARGEST);
pub(super) const COUNT: Form = Form::Integer(0, LARGEST);
pub(super) const PORT: Form = Form::Integer(0, 65_535);
pub(super) const CHARACTER_SET: Form = Form::Syntax(Syntax::CharacterSet);
pub(super) const URI: Form = Form::Syntax(Syntax::Uri);
pub(super) const TEXTS: Form = Form::List(&Form::Text);

pub(super) const SEEN: &[(&str, &str, bool)] = &[("last_seen", "first_seen", false)];

/// `list!(FORM)`; a macro, since what a function returns has no address.
macro_rules! list {
    ($form:expr) => {
        $crate::tables::Form::List(&$form)
    };
}

/// `reference!("file", "artifact")`.
macro_rules! reference {
    ($($name:literal),+) => {
        $crate::tables::Form::Reference($crate::tables::Targets::Only(&[$($name),+]))
    };
}

/// `references!("file", "artifact")`.
macro_rules! references {
    ($($name:literal),+) => {
        $crate::tables::Form::List(&$crate::tables::Form::Reference($crate::tables::Targets::Only(&[$($name),+])))
    };
}

pub(super) use {list, reference, references};

pub(super) const ANY_REFERENCES: Form = list!(Form::Reference(Targets::Any));

pub(super) const fn required(name: &'static str, form: Form) -> Property {
    Property { name, need: Need::Required, form }
}

pub(super) const fn optional(name: &'static str, form: Form) -> Property {
    Property { name, need: Need::Optional, form }
}

pub(super) const fn deprecated(name: &'static str, form: Form) -> Property {
    Property { name, need: Need::Deprecated, form }
}

pub(super) const fn object(
    class: Class,
    name: &'static str,
    section: &'static str,
    properties: &'static [Property],
) -> Table {
    Table::new(Role::Object(class), name, section, properties)
}

pub(super) const fn extension(
    name: &'static str,
    host: &'static str,
    section: &'static str,
    properties: &'static [Property],
) -> Table {
    Table::new(Role::Extension(host), name, section, properties)
}

pub(super) const fn embedded(name: &'static str, section: &'static str, properties: &'static [Property]) -> Table {
    Table::new(Role::Embedded, name, section, properties)
}
