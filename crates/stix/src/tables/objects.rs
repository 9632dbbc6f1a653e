//! The 42 object types (STIX 2.1 §4 to §7), found by name.

pub use super::objects_domain::*;
pub use super::objects_meta::*;
pub use super::objects_observable::*;
pub use super::objects_relationship::*;

use super::Table;
use super::index::Index;

/// Every object type, in alphabetical order.
pub static ALL: [&Table; 42] = [
    &ARTIFACT,
    &ATTACK_PATTERN,
    &AUTONOMOUS_SYSTEM,
    &CAMPAIGN,
    &COURSE_OF_ACTION,
    &DIRECTORY,
    &DOMAIN_NAME,
    &EMAIL_ADDR,
    &EMAIL_MESSAGE,
    &EXTENSION_DEFINITION,
    &FILE,
    &GROUPING,
    &IDENTITY,
    &INCIDENT,
    &INDICATOR,
    &INFRASTRUCTURE,
    &INTRUSION_SET,
    &IPV4_ADDR,
    &IPV6_ADDR,
    &LANGUAGE_CONTENT,
    &LOCATION,
    &MAC_ADDR,
    &MALWARE,
    &MALWARE_ANALYSIS,
    &MARKING_DEFINITION,
    &MUTEX,
    &NETWORK_TRAFFIC,
    &NOTE,
    &OBSERVED_DATA,
    &OPINION,
    &PROCESS,
    &RELATIONSHIP,
    &REPORT,
    &SIGHTING,
    &SOFTWARE,
    &THREAT_ACTOR,
    &TOOL,
    &URL,
    &USER_ACCOUNT,
    &VULNERABILITY,
    &WINDOWS_REGISTRY_KEY,
    &X509_CERTIFICATE,
];

static INDEX: Index<128> = index();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler only; `at` is below the length")]
const fn index() -> Index<128> {
    let mut index = Index::new();
    let mut at: u8 = 0;
    while (at as usize) < ALL.len() {
        index = index.with(ALL[at as usize].name, at);
        at += 1;
    }
    index
}

/// Returns the table of an object type; none for any other type, and for `bundle`, which is no object.
pub fn table(object_type: &str) -> Option<&'static Table> {
    position(object_type).and_then(|position| ALL.get(position).copied())
}

/// Returns where in [`ALL`] the type stands.
pub(super) fn position(object_type: &str) -> Option<usize> {
    let stands = |position: &usize| ALL.get(*position).is_some_and(|table| table.name == object_type);
    INDEX.candidates(object_type).find(stands)
}
