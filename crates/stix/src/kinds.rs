//! The object types of STIX 2.1 as data: class, required properties, order of times, reference targets, contributing properties.

pub use crate::tables::Class;

/// Returns the class of a type of STIX 2.1; none for any other type, and for `bundle`, which is no object.
pub fn class(object_type: &str) -> Option<Class> {
    find(object_type).map(|kind| kind.class)
}

/// Returns the names of the 42 types in alphabetical order.
pub fn names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.name)
}

pub(crate) fn find(object_type: &str) -> Option<&'static Kind> {
    let at = KINDS.binary_search_by(|kind| kind.name.cmp(object_type)).ok()?;
    KINDS.get(at)
}

/// The JSON form a required property has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Boolean,
    Dictionary,
    /// Whole number with its smallest and largest value.
    Integer(i64, i64),
    List,
    /// Identifier.
    Reference,
    /// List of identifiers.
    References,
    Text,
    Timestamp,
}

/// Which types a reference may name. Custom types pass everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Targets {
    /// Domain objects.
    Sdo,
    /// Domain objects and observables.
    SdoOrSco,
    Only(&'static [&'static str]),
}

impl Targets {
    pub(crate) fn allow(self, object_type: &str) -> bool {
        if object_type == "bundle" {
            return false;
        }
        match (self, class(object_type)) {
            (Self::Only(names), _) => names.contains(&object_type),
            (_, None) => true,
            (Self::Sdo, Some(class)) => class == Class::Sdo,
            (Self::SdoOrSco, Some(class)) => matches!(class, Class::Sdo | Class::Sco),
        }
    }
}

/// One object type.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) class: Class,
    /// Required properties beyond the common ones.
    pub(crate) required: &'static [(&'static str, Form)],
    /// Later time, earlier time, and whether they may not be equal.
    pub(crate) ordered: &'static [(&'static str, &'static str, bool)],
    /// References whose targets are checked.
    pub(crate) targets: &'static [(&'static str, Targets)],
    /// Properties that enter the deterministic identifier.
    pub(crate) contributing: &'static [&'static str],
}

const BASE: Kind = Kind { name: "", class: Class::Sdo, required: &[], ordered: &[], targets: &[], contributing: &[] };
const NAME: &[(&str, Form)] = &[("name", Form::Text)];
const VALUE: &[(&str, Form)] = &[("value", Form::Text)];
const SEEN: &[(&str, &str, bool)] = &[("last_seen", "first_seen", false)];
const ANY_INTEGER: Form = Form::Integer(i64::MIN, i64::MAX);

const fn sdo(name: &'static str, required: &'static [(&'static str, Form)]) -> Kind {
    Kind { name, required, ..BASE }
}

const fn seen(name: &'static str, required: &'static [(&'static str, Form)]) -> Kind {
    Kind { name, required, ordered: SEEN, ..BASE }
}

const fn sco(
    name: &'static str,
    required: &'static [(&'static str, Form)],
    contributing: &'static [&'static str],
) -> Kind {
    Kind { name, class: Class::Sco, required, contributing, ..BASE }
}

const fn meta(name: &'static str, required: &'static [(&'static str, Form)]) -> Kind {
    Kind { name, class: Class::Meta, required, ..BASE }
}

/// INVARIANT: sorted by name; `find` searches it so.
static KINDS: [Kind; 42] = [
    sco("artifact", &[], &["hashes", "payload_bin"]),
    sdo("attack-pattern", NAME),
    sco("autonomous-system", &[("number", ANY_INTEGER)], &["number"]),
    seen("campaign", NAME),
    sdo("course-of-action", NAME),
    sco("directory", &[("path", Form::Text)], &["path"]),
    sco("domain-name", VALUE, &["value"]),
    sco("email-addr", VALUE, &["value"]),
    sco("email-message", &[("is_multipart", Form::Boolean)], &["from_ref", "subject", "body"]),
    meta(
        "extension-definition",
        &[
            ("created_by_ref", Form::Reference),
            ("name", Form::Text),
            ("schema", Form::Text),
            ("version", Form::Text),
            ("extension_types", Form::List),
        ],
    ),
    sco("file", &[], &["hashes", "name", "parent_directory_ref", "extensions"]),
    sdo("grouping", &[("context", Form::Text), ("object_refs", Form::References)]),
    sdo("identity", NAME),
    sdo("incident", NAME),
    Kind {
        ordered: &[("valid_until", "valid_from", true)],
        ..sdo("indicator", &[("pattern", Form::Text), ("pattern_type", Form::Text), ("valid_from", Form::Timestamp)])
    },
    seen("infrastructure", NAME),
    seen("intrusion-set", NAME),
    sco("ipv4-addr", VALUE, &["value"]),
    sco("ipv6-addr", VALUE, &["value"]),
    meta("language-content", &[("object_ref", Form::Reference), ("contents", Form::Dictionary)]),
    sdo("location", &[]),
    sco("mac-addr", VALUE, &["value"]),
    seen("malware", &[("is_family", Form::Boolean)]),
    sdo("malware-analysis", &[("product", Form::Text)]),
    meta("marking-definition", &[]),
    sco("mutex", NAME, &["name"]),
    Kind {
        ordered: &[("end", "start", false)],
        ..sco(
            "network-traffic",
            &[("protocols", Form::List)],
            &["start", "end", "src_ref", "dst_ref", "src_port", "dst_port", "protocols", "extensions"],
        )
    },
    sdo("note", &[("content", Form::Text), ("object_refs", Form::References)]),
    Kind {
        ordered: &[("last_observed", "first_observed", false)],
        ..sdo(
            "observed-data",
            &[
                ("first_observed", Form::Timestamp),
                ("last_observed", Form::Timestamp),
                ("number_observed", Form::Integer(1, 999_999_999)),
            ],
        )
    },
    sdo("opinion", &[("opinion", Form::Text), ("object_refs", Form::References)]),
    sco("process", &[], &[]),
    Kind {
        class: Class::Sro,
        ordered: &[("stop_time", "start_time", true)],
        targets: &[("source_ref", Targets::SdoOrSco), ("target_ref", Targets::SdoOrSco)],
        ..sdo(
            "relationship",
            &[("relationship_type", Form::Text), ("source_ref", Form::Reference), ("target_ref", Form::Reference)],
        )
    },
    sdo("report", &[("name", Form::Text), ("published", Form::Timestamp), ("object_refs", Form::References)]),
    Kind {
        class: Class::Sro,
        targets: &[
            ("sighting_of_ref", Targets::Sdo),
            ("observed_data_refs", Targets::Only(&["observed-data"])),
            ("where_sighted_refs", Targets::Only(&["identity", "location"])),
        ],
        ..seen("sighting", &[("sighting_of_ref", Form::Reference)])
    },
    sco("software", NAME, &["name", "cpe", "swid", "vendor", "version"]),
    seen("threat-actor", NAME),
    sdo("tool", NAME),
    sco("url", VALUE, &["value"]),
    sco("user-account", &[], &["account_type", "user_id", "account_login"]),
    sdo("vulnerability", NAME),
    sco("windows-registry-key", &[], &["key", "values"]),
    sco("x509-certificate", &[], &["hashes", "serial_number"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_every_type_of_the_specification() {
        // STIX 2.1 §4, §5, §6, §7: 19 domain, 2 relationship, 18 observable, 3 meta objects.
        let count = |class| KINDS.iter().filter(|kind| kind.class == class).count();
        assert_eq!((count(Class::Sdo), count(Class::Sro), count(Class::Sco), count(Class::Meta)), (19, 2, 18, 3));
        assert!(KINDS.iter().zip(KINDS.iter().skip(1)).all(|(left, right)| left.name < right.name));
        assert!(names().all(|name| class(name).is_some()));
    }

    #[test]
    fn custom_types_are_known_by_no_class_and_may_be_related() {
        assert_eq!(class("x-acme-case"), None);
        assert_eq!(class("bundle"), None);
        assert!(Targets::SdoOrSco.allow("x-acme-case"));
        assert!(!Targets::SdoOrSco.allow("sighting"));
        assert!(!Targets::SdoOrSco.allow("marking-definition"));
        assert!(!Targets::Sdo.allow("ipv4-addr"));
    }
}
