//! The two relationship objects (STIX 2.1 §5).

use super::form::{SEEN, object, optional, references, required};
use super::{Class, Form, Property, Syntax, Table, Targets};

const fn sro(name: &'static str, section: &'static str, properties: &'static [Property]) -> Table {
    object(Class::Sro, name, section, properties)
}

/// `relationship`.
pub static RELATIONSHIP: Table = sro(
    "relationship",
    "§5.1",
    &[
        required("relationship_type", Form::Syntax(Syntax::RelationshipType)),
        optional("description", Form::Text),
        required("source_ref", Form::Reference(Targets::SdoOrSco)),
        required("target_ref", Form::Reference(Targets::SdoOrSco)),
        optional("start_time", Form::Timestamp),
        optional("stop_time", Form::Timestamp),
    ],
)
.ordered(&[("stop_time", "start_time", true)]);

/// `sighting`.
pub static SIGHTING: Table = sro(
    "sighting",
    "§5.2",
    &[
        optional("description", Form::Text),
        optional("first_seen", Form::Timestamp),
        optional("last_seen", Form::Timestamp),
        optional("count", Form::Integer(0, 999_999_999)),
        required("sighting_of_ref", Form::Reference(Targets::Sdo)),
        optional("observed_data_refs", references!("observed-data")),
        optional("where_sighted_refs", references!("identity", "location")),
        optional("summary", Form::Boolean),
    ],
)
.ordered(SEEN);
