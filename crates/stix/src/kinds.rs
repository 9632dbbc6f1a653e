//! The object types of STIX 2.1 by name and class; everything else about them is in [`tables`](crate::tables).

use crate::tables::{objects, table};

pub use crate::tables::Class;

/// Returns the class of a type of STIX 2.1; none for any other type, and for `bundle`, which is no object.
pub fn class(object_type: &str) -> Option<Class> {
    table(object_type)?.class()
}

/// Returns the names of the 42 types in alphabetical order.
pub fn names() -> impl Iterator<Item = &'static str> {
    objects::ALL.into_iter().map(|table| table.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_the_specification_have_a_class_and_no_others() {
        assert_eq!(names().filter(|name| class(name).is_some()).count(), 42);
        for (name, expected) in [
            ("note", Some(Class::Sdo)),
            ("sighting", Some(Class::Sro)),
            ("url", Some(Class::Sco)),
            ("marking-definition", Some(Class::Meta)),
            ("x-acme-case", None),
            ("bundle", None),
        ] {
            assert_eq!(class(name), expected, "{name}");
        }
    }
}
