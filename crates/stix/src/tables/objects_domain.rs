//! The 19 domain objects (STIX 2.1 §4).

use super::extensions::KILL_CHAIN_PHASE;
use super::form::{ANY_REFERENCES, SEEN, TEXTS, deprecated, list, object, optional, reference, references, required};
use super::vocabularies as v;
use super::{Class, Form, Property, Syntax, Table, Targets};

const PHASES: Form = list!(Form::Table(&KILL_CHAIN_PHASE));
const KILL_CHAIN_PHASES: Property = optional("kill_chain_phases", PHASES);

const fn sdo(name: &'static str, section: &'static str, properties: &'static [Property]) -> Table {
    object(Class::Sdo, name, section, properties)
}

/// `attack-pattern`.
pub static ATTACK_PATTERN: Table = sdo(
    "attack-pattern",
    "§4.1",
    &[required("name", Form::Text), optional("description", Form::Text), optional("aliases", TEXTS), KILL_CHAIN_PHASES],
);

/// `campaign`.
pub static CAMPAIGN: Table = sdo(
    "campaign",
    "§4.2",
    &[
        required("name", Form::Text),
        optional("description", Form::Text),
        optional("aliases", TEXTS),
        optional("first_seen", Form::Timestamp),
        optional("last_seen", Form::Timestamp),
        optional("objective", Form::Text),
    ],
)
.ordered(SEEN);

/// `course-of-action`.
pub static COURSE_OF_ACTION: Table =
    sdo("course-of-action", "§4.3", &[required("name", Form::Text), optional("description", Form::Text)]);

/// `grouping`.
pub static GROUPING: Table = sdo(
    "grouping",
    "§4.4",
    &[
        optional("name", Form::Text),
        optional("description", Form::Text),
        required("context", Form::Open(&v::GROUPING_CONTEXT)),
        required("object_refs", ANY_REFERENCES),
    ],
);

/// `identity`.
pub static IDENTITY: Table = sdo(
    "identity",
    "§4.5",
    &[
        required("name", Form::Text),
        optional("description", Form::Text),
        optional("roles", TEXTS),
        optional("identity_class", Form::Open(&v::IDENTITY_CLASS)),
        optional("sectors", list!(Form::Open(&v::INDUSTRY_SECTOR))),
        optional("contact_information", Form::Text),
    ],
);

/// `incident`.
pub static INCIDENT: Table =
    sdo("incident", "§4.6", &[required("name", Form::Text), optional("description", Form::Text)]);

/// `indicator`.
pub static INDICATOR: Table = sdo(
    "indicator",
    "§4.7",
    &[
        optional("name", Form::Text),
        optional("description", Form::Text),
        optional("indicator_types", list!(Form::Open(&v::INDICATOR_TYPE))),
        required("pattern", Form::Text),
        required("pattern_type", Form::Open(&v::PATTERN_TYPE)),
        optional("pattern_version", Form::Text),
        required("valid_from", Form::Timestamp),
        optional("valid_until", Form::Timestamp),
        KILL_CHAIN_PHASES,
    ],
)
.ordered(&[("valid_until", "valid_from", true)]);

/// `infrastructure`.
pub static INFRASTRUCTURE: Table = sdo(
    "infrastructure",
    "§4.8",
    &[
        required("name", Form::Text),
        optional("description", Form::Text),
        optional("infrastructure_types", list!(Form::Open(&v::INFRASTRUCTURE_TYPE))),
        optional("aliases", TEXTS),
        KILL_CHAIN_PHASES,
        optional("first_seen", Form::Timestamp),
        optional("last_seen", Form::Timestamp),
    ],
)
.ordered(SEEN);

/// `intrusion-set`.
pub static INTRUSION_SET: Table = sdo(
    "intrusion-set",
    "§4.9",
    &[
        required("name", Form::Text),
        optional("description", Form::Text),
        optional("aliases", TEXTS),
        optional("first_seen", Form::Timestamp),
        optional("last_seen", Form::Timestamp),
        optional("goals", TEXTS),
        optional("resource_level", Form::Open(&v::ATTACK_RESOURCE_LEVEL)),
        optional("primary_motivation", Form::Open(&v::ATTACK_MOTIVATION)),
        optional("secondary_motivations", list!(Form::Open(&v::ATTACK_MOTIVATION))),
    ],
)
.ordered(SEEN);

/// `location`.
pub static LOCATION: Table = sdo(
    "location",
    "§4.10",
    &[
        optional("name", Form::Text),
        optional("description", Form::Text),
        optional("latitude", Form::Float(-90.0, 90.0)),
        optional("longitude", Form::Float(-180.0, 180.0)),
        optional("precision", Form::Float(0.0, f64::MAX)),
        optional("region", Form::Open(&v::REGION)),
        optional("country", Form::Syntax(Syntax::Country)),
        optional("administrative_area", Form::Syntax(Syntax::Subdivision)),
        optional("city", Form::Text),
        optional("street_address", Form::Text),
        optional("postal_code", Form::Text),
    ],
);

/// `malware`.
pub static MALWARE: Table = sdo(
    "malware",
    "§4.11",
    &[
        optional("name", Form::Text),
        optional("description", Form::Text),
        optional("malware_types", list!(Form::Open(&v::MALWARE_TYPE))),
        required("is_family", Form::Boolean),
        optional("aliases", TEXTS),
        KILL_CHAIN_PHASES,
        optional("first_seen", Form::Timestamp),
        optional("last_seen", Form::Timestamp),
        optional("operating_system_refs", references!("software")),
        optional("architecture_execution_envs", list!(Form::Open(&v::PROCESSOR_ARCHITECTURE))),
        optional("implementation_languages", list!(Form::Open(&v::IMPLEMENTATION_LANGUAGE))),
        optional("capabilities", list!(Form::Open(&v::MALWARE_CAPABILITIES))),
        optional("sample_refs", references!("artifact", "file")),
    ],
)
.ordered(SEEN);

/// `malware-analysis`.
pub static MALWARE_ANALYSIS: Table = sdo(
    "malware-analysis",
    "§4.12",
    &[
        required("product", Form::Syntax(Syntax::Product)),
        optional("version", Form::Text),
        optional("host_vm_ref", reference!("software")),
        optional("operating_system_ref", reference!("software")),
        optional("installed_software_refs", references!("software")),
        optional("configuration_version", Form::Text),
        optional("modules", TEXTS),
        optional("analysis_engine_version", Form::Text),
        optional("analysis_definition_version", Form::Text),
        optional("submitted", Form::Timestamp),
        optional("analysis_started", Form::Timestamp),
        optional("analysis_ended", Form::Timestamp),
        optional("result_name", Form::Text),
        optional("result", Form::Open(&v::MALWARE_RESULT)),
        optional("analysis_sco_refs", list!(Form::Reference(Targets::Sco))),
        optional("sample_ref", reference!("file", "network-traffic", "artifact")),
    ],
);

/// `note`.
pub static NOTE: Table = sdo(
    "note",
    "§4.13",
    &[
        optional("abstract", Form::Text),
        required("content", Form::Text),
        optional("authors", TEXTS),
        required("object_refs", ANY_REFERENCES),
    ],
);

/// `observed-data`.
pub static OBSERVED_DATA: Table = sdo(
    "observed-data",
    "§4.14",
    &[
        required("first_observed", Form::Timestamp),
        required("last_observed", Form::Timestamp),
        required("number_observed", Form::Integer(1, 999_999_999)),
        deprecated("objects", Form::Container),
        optional("object_refs", list!(Form::Reference(Targets::Observed))),
    ],
)
.ordered(&[("last_observed", "first_observed", false)]);

/// `opinion`.
pub static OPINION: Table = sdo(
    "opinion",
    "§4.15",
    &[
        optional("explanation", Form::Text),
        optional("authors", TEXTS),
        required("opinion", Form::Enumeration(&v::OPINION)),
        required("object_refs", ANY_REFERENCES),
    ],
);

/// `report`.
pub static REPORT: Table = sdo(
    "report",
    "§4.16",
    &[
        required("name", Form::Text),
        optional("description", Form::Text),
        optional("report_types", list!(Form::Open(&v::REPORT_TYPE))),
        required("published", Form::Timestamp),
        required("object_refs", ANY_REFERENCES),
    ],
);

/// `threat-actor`.
pub static THREAT_ACTOR: Table = sdo(
    "threat-actor",
    "§4.17",
    &[
        required("name", Form::Text),
        optional("description", Form::Text),
        optional("threat_actor_types", list!(Form::Open(&v::THREAT_ACTOR_TYPE))),
        optional("aliases", TEXTS),
        optional("first_seen", Form::Timestamp),
        optional("last_seen", Form::Timestamp),
        optional("roles", list!(Form::Open(&v::THREAT_ACTOR_ROLE))),
        optional("goals", TEXTS),
        optional("sophistication", Form::Open(&v::THREAT_ACTOR_SOPHISTICATION)),
        optional("resource_level", Form::Open(&v::ATTACK_RESOURCE_LEVEL)),
        optional("primary_motivation", Form::Open(&v::ATTACK_MOTIVATION)),
        optional("secondary_motivations", list!(Form::Open(&v::ATTACK_MOTIVATION))),
        optional("personal_motivations", list!(Form::Open(&v::ATTACK_MOTIVATION))),
    ],
)
.ordered(SEEN);

/// `tool`.
pub static TOOL: Table = sdo(
    "tool",
    "§4.18",
    &[
        required("name", Form::Text),
        optional("description", Form::Text),
        optional("tool_types", list!(Form::Open(&v::TOOL_TYPE))),
        optional("aliases", TEXTS),
        KILL_CHAIN_PHASES,
        optional("tool_version", Form::Text),
    ],
);

/// `vulnerability`.
pub static VULNERABILITY: Table =
    sdo("vulnerability", "§4.19", &[required("name", Form::Text), optional("description", Form::Text)]);
