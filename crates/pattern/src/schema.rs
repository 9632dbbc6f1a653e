//! What stands at an object path, by the tables of STIX 2.1.

use entente_stix::tables::{self, Class, Entry, Form, Table, Targets};

use crate::tree::{Path, Step};

/// What a path leads to.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// Values of properties, each with the name of the type or extension that has it and its own name.
    Known(Vec<Value>),
    /// Custom content, about which the tables say nothing.
    Custom,
    /// The object type is not in the tables.
    UnknownType,
    /// The object type is no observable, and is never matched.
    NotObservable,
    /// No type on the way has the named property, or it has no such shape.
    Unknown(String),
}

/// One value a path may lead to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value {
    pub(crate) owner: &'static str,
    pub(crate) property: &'static str,
    pub(crate) form: Form,
}

impl Value {
    fn with(self, form: Form) -> Self {
        Self { form, ..self }
    }
}

/// Follows a path; references lead to the types they may name.
pub(crate) fn place(path: &Path) -> Place {
    let Some(table) = tables::table(&path.object_type) else {
        return Place::UnknownType;
    };
    if table.class() != Some(Class::Sco) {
        return Place::NotObservable;
    }
    let mut steps = path.steps.iter();
    let Some(Step::Key(first)) = steps.next() else {
        return Place::Custom;
    };
    let mut values: Vec<Value> = property(table, first).into_iter().collect();
    if values.is_empty() {
        return missing(first);
    }
    for step in steps {
        let mut next = Vec::new();
        for value in values {
            match follow(value, step) {
                Next::Values(more) => next.extend(more),
                Next::Custom => return Place::Custom,
            }
        }
        if next.is_empty() {
            return match step {
                Step::Key(name) => missing(name),
                Step::Index(_) | Step::Any => Place::Unknown("[…]".to_owned()),
            };
        }
        values = next;
    }
    Place::Known(values)
}

/// Custom properties are allowed everywhere, but a name without `x_` is more likely a slip.
fn missing(name: &str) -> Place {
    if name.starts_with("x_") { Place::Custom } else { Place::Unknown(name.to_owned()) }
}

enum Next {
    Values(Vec<Value>),
    Custom,
}

fn follow(value: Value, step: &Step) -> Next {
    let one = |form| Next::Values(vec![value.with(form)]);
    let none = || Next::Values(Vec::new());
    let Step::Key(name) = step else {
        return match value.form {
            Form::List(item) => one(*item),
            _ => none(),
        };
    };
    match value.form {
        Form::Reference(targets) => referenced(targets, name),
        Form::Table(table) => Next::Values(property(table, name).into_iter().collect()),
        Form::Hashes | Form::Dictionary(Entry::Text) => one(Form::Text),
        Form::Dictionary(Entry::Integer) => one(Form::Integer(i64::MIN, i64::MAX)),
        // Header fields are lists since 2.1, but were plain strings before, and much content has stayed.
        Form::Dictionary(_) => Next::Custom,
        Form::Extensions => tables::extension(name).map_or(Next::Custom, |table| one(Form::Table(table))),
        _ => none(),
    }
}

/// The named property of every type that a reference may name.
fn referenced(targets: Targets, name: &str) -> Next {
    let Targets::Only(types) = targets else {
        return Next::Custom;
    };
    Next::Values(
        types.iter().filter_map(|target| tables::table(target)).filter_map(|table| property(table, name)).collect(),
    )
}

/// Tells whether objects of that type have a property of that name.
pub(crate) fn has_property(object_type: &str, name: &str) -> bool {
    tables::table(object_type).is_some_and(|table| property(table, name).is_some())
}

fn property(table: &'static Table, name: &str) -> Option<Value> {
    let common = || {
        let class = table.class()?;
        tables::common(class, table.name).iter().find(|property| property.name == name)
    };
    let property = table.property(name).or_else(common)?;
    Some(Value { owner: table.name, property: property.name, form: property.form })
}
