//! What may leave of each type of object (section 9.2 of the format), and what of it is free text.
//!
//! An allow-list: a property that is not named here is removed, whatever its name or type.

use entente_observable::Kind;
use entente_stix::Object;
use entente_stix::tables::vocabularies::INDUSTRY_SECTOR;

use crate::vocabulary::ObjectType;

/// Describes one type: typed properties, free-text properties, and properties STIX requires.
pub(crate) struct Shape {
    /// Properties that may leave under every clause.
    pub(crate) typed: &'static [&'static str],
    /// Properties that need `text = true` and a review.
    pub(crate) free_text: &'static [&'static str],
    /// Properties without which there is no such object.
    pub(crate) required: &'static [&'static str],
}

/// Properties of every object that are copied; ids, references and labels are treated apart.
const COMMON: [&str; 12] = [
    "type",
    "spec_version",
    "id",
    "created",
    "modified",
    "revoked",
    "confidence",
    "lang",
    "created_by_ref",
    "object_marking_refs",
    "labels",
    "external_references",
];

/// Properties no clause may drop, since identity, versions and marking rest on them.
const STRUCTURAL: [&str; 7] =
    ["type", "spec_version", "id", "created", "modified", "created_by_ref", "object_marking_refs"];

const NAMED: &[&str] = &["name", "aliases", "description"];

/// Returns the shape of a type; `None` for types that are not releasable.
pub(crate) fn shape(object_type: ObjectType) -> Option<&'static Shape> {
    let shape = match object_type {
        ObjectType::Indicator => &Shape {
            typed: &[
                "pattern",
                "pattern_type",
                "pattern_version",
                "valid_from",
                "valid_until",
                "indicator_types",
                "kill_chain_phases",
            ],
            free_text: &["name", "description"],
            required: &["pattern", "pattern_type", "valid_from"],
        },
        ObjectType::Infrastructure => &Shape {
            typed: &["infrastructure_types", "first_seen", "last_seen", "kill_chain_phases"],
            free_text: NAMED,
            required: &["name"],
        },
        ObjectType::Malware => &Shape {
            typed: &[
                "malware_types",
                "is_family",
                "first_seen",
                "last_seen",
                "kill_chain_phases",
                "architecture_execution_envs",
                "capabilities",
            ],
            free_text: NAMED,
            required: &["is_family"],
        },
        ObjectType::AttackPattern => &Shape { typed: &["kill_chain_phases"], free_text: NAMED, required: &["name"] },
        ObjectType::Tool => {
            &Shape { typed: &["tool_types", "kill_chain_phases"], free_text: NAMED, required: &["name"] }
        }
        ObjectType::ThreatActor => &Shape {
            typed: &[
                "threat_actor_types",
                "first_seen",
                "last_seen",
                "roles",
                "sophistication",
                "resource_level",
                "primary_motivation",
                "secondary_motivations",
                "personal_motivations",
            ],
            free_text: &["name", "aliases", "description", "goals"],
            required: &["name"],
        },
        ObjectType::IntrusionSet => &Shape {
            typed: &["first_seen", "last_seen", "resource_level", "primary_motivation", "secondary_motivations"],
            free_text: &["name", "aliases", "description", "goals"],
            required: &["name"],
        },
        ObjectType::Campaign => &Shape { typed: &["first_seen", "last_seen"], free_text: NAMED, required: &["name"] },
        ObjectType::Vulnerability => &Shape { typed: &[], free_text: &["name", "description"], required: &["name"] },
        ObjectType::Relationship => &Shape {
            typed: &["relationship_type", "source_ref", "target_ref", "start_time", "stop_time"],
            free_text: &["description"],
            required: &["relationship_type", "source_ref", "target_ref"],
        },
        ObjectType::Sighting => &Shape {
            typed: &[
                "first_seen",
                "last_seen",
                "count",
                "summary",
                "sighting_of_ref",
                "observed_data_refs",
                "where_sighted_refs",
            ],
            free_text: &["description"],
            required: &["sighting_of_ref"],
        },
        ObjectType::ObservedData => &Shape {
            typed: &["first_observed", "last_observed", "number_observed", "object_refs"],
            free_text: &[],
            required: &["first_observed", "last_observed", "number_observed", "object_refs"],
        },
        ObjectType::Identity => &Shape {
            typed: &["identity_class", "sectors", "name"],
            free_text: &["description", "contact_information"],
            required: &["name"],
        },
        ObjectType::Location => &Shape {
            typed: &[
                "country",
                "region",
                "latitude",
                "longitude",
                "precision",
                "city",
                "street_address",
                "postal_code",
                "administrative_area",
            ],
            free_text: &["name", "description"],
            required: &[],
        },
        ObjectType::Report => &Shape {
            typed: &["report_types", "published", "object_refs"],
            free_text: &["name", "description"],
            required: &["name", "published", "object_refs"],
        },
        ObjectType::Grouping => &Shape {
            typed: &["context", "object_refs"],
            free_text: &["name", "description"],
            required: &["context", "object_refs"],
        },
        ObjectType::Note => &Shape {
            typed: &["object_refs"],
            free_text: &["abstract", "content", "authors"],
            required: &["content", "object_refs"],
        },
        ObjectType::Opinion => &Shape {
            typed: &["opinion", "object_refs"],
            free_text: &["explanation", "authors"],
            required: &["opinion", "object_refs"],
        },
        ObjectType::Ipv4Addr | ObjectType::Ipv6Addr => {
            &Shape { typed: &["value", "resolves_to_refs", "belongs_to_refs"], free_text: &[], required: &["value"] }
        }
        ObjectType::DomainName => {
            &Shape { typed: &["value", "resolves_to_refs"], free_text: &[], required: &["value"] }
        }
        ObjectType::Url => &Shape { typed: &["value"], free_text: &[], required: &["value"] },
        ObjectType::EmailAddr => &Shape { typed: &["value", "belongs_to_ref"], free_text: &[], required: &["value"] },
        ObjectType::AutonomousSystem => {
            &Shape { typed: &["number", "name", "rir"], free_text: &[], required: &["number"] }
        }
        ObjectType::File => &Shape { typed: &["hashes", "size", "mime_type"], free_text: &["name"], required: &[] },
        ObjectType::NetworkTraffic => &Shape {
            typed: &["dst_ref", "dst_port", "protocols", "start", "end", "src_ref"],
            free_text: &[],
            required: &["protocols"],
        },
        ObjectType::X509Certificate => &Shape {
            typed: &["hashes", "serial_number", "issuer", "validity_not_before", "validity_not_after"],
            free_text: &["subject"],
            required: &[],
        },
        ObjectType::UserAccount => &Shape { typed: &["user_id", "account_type"], free_text: &[], required: &[] },
        ObjectType::Aggregate | ObjectType::Other => return None,
    };
    Some(shape)
}

/// Tells whether a property of the type may leave, given that free text may.
pub(crate) fn is_allowed(shape: &Shape, property: &str) -> bool {
    COMMON.contains(&property) || shape.typed.contains(&property) || shape.free_text.contains(&property)
}

/// Tells whether `drop-property` may name a property: one of section 9.2 that is not structural.
pub(crate) fn is_droppable(property: &str) -> bool {
    if STRUCTURAL.contains(&property) {
        return false;
    }
    COMMON.contains(&property)
        || ObjectType::ALL
            .iter()
            .filter_map(|object_type| shape(*object_type))
            .any(|shape| shape.typed.contains(&property) || shape.free_text.contains(&property))
}

/// Tells whether an object carries free text that needs a review before it leaves under `text = true`.
///
/// Names that are public ids (`CVE-…`, ATT&CK and CAPEC ids), pseudonyms of victims, names of organisations and the fixed
/// labels that replace a stripped name are not free text. A pattern of another language than STIX counts as free text.
pub fn has_free_text(object: &Object) -> bool {
    let object_type = ObjectType::of_stix(object.object_type());
    let Some(shape) = shape(object_type) else { return true };
    if is_foreign_pattern(object) {
        return true;
    }
    let has = |property: &&str| object.member(property).is_some() && !is_public_name(object, object_type, property);
    shape.free_text.iter().any(has) || is_personal_name(object, object_type)
}

/// Tells whether an indicator's pattern is not a STIX pattern.
pub(crate) fn is_foreign_pattern(object: &Object) -> bool {
    object.object_type() == "indicator" && object.member("pattern_type") != Some(b"\"stix\"")
}

/// Tells whether an identity is named that is not an organisation: such a name is free text.
pub(crate) fn is_personal_name(object: &Object, object_type: ObjectType) -> bool {
    if object_type != ObjectType::Identity {
        return false;
    }
    let is_organisation = object.member("identity_class") == Some(b"\"organization\"");
    let name = object.text("name").unwrap_or_default();
    !is_organisation && name != UNNAMED && !is_pseudonym(&name)
}

/// Replaces a name that STIX requires but that may not leave.
pub(crate) const UNNAMED: &str = "unnamed";

/// Tells whether a free-text property holds only a public id, or the label that replaced it.
pub(crate) fn is_public_name(object: &Object, object_type: ObjectType, property: &str) -> bool {
    if property != "name" {
        return false;
    }
    let Some(name) = object.text("name") else { return false };
    is_public_id(&name) || name == replacement_name(object, object_type)
}

/// Returns the label for a stripped name: the first typed word of the object, or "unnamed".
pub(crate) fn replacement_name(object: &Object, object_type: ObjectType) -> String {
    let vocabulary = match object_type {
        ObjectType::Infrastructure => "infrastructure_types",
        ObjectType::Malware => "malware_types",
        ObjectType::Tool => "tool_types",
        ObjectType::ThreatActor => "threat_actor_types",
        ObjectType::Report => "report_types",
        _ => return UNNAMED.to_owned(),
    };
    let first = object.member(vocabulary).and_then(|raw| serde_json::from_slice::<Vec<String>>(raw).ok());
    let first = first.and_then(|words| words.into_iter().next());
    first.filter(|word| is_word(word)).unwrap_or_else(|| UNNAMED.to_owned())
}

/// Tells whether a text has the form of an open-vocabulary word: lower-case letters, digits and hyphens.
fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Tells whether a text is an id of CVE, ATT&CK or CAPEC.
pub(crate) fn is_public_id(text: &str) -> bool {
    let digits = |part: &str, least: usize, most: usize| {
        (least..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
    };
    if let Some((year, number)) = text.strip_prefix("CVE-").and_then(|rest| rest.split_once('-')) {
        return digits(year, 4, 4) && digits(number, 4, 10);
    }
    if let Some(number) = text.strip_prefix("CAPEC-") {
        return digits(number, 1, 5);
    }
    if let Some(tactic) = text.strip_prefix("TA") {
        return digits(tactic, 4, 4);
    }
    let technique = text.strip_prefix('T').unwrap_or("");
    match technique.split_once('.') {
        Some((number, sub)) => digits(number, 4, 4) && digits(sub, 3, 3),
        None if !technique.is_empty() => digits(technique, 4, 4),
        None => text.strip_prefix(['S', 'G', 'M', 'C']).is_some_and(|number| digits(number, 4, 4)),
    }
}

/// Tells whether a name is a pseudonym that this crate makes: `victim-` or `party-` and 26 characters of base32.
pub(crate) fn is_pseudonym(name: &str) -> bool {
    let tail = name.strip_prefix("victim-").or_else(|| name.strip_prefix("party-"));
    tail.is_some_and(|tail| tail.len() == 26 && tail.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7')))
}

/// Returns the kind of value a STIX observable of this type and value has; `None` for objects without a value.
pub(crate) fn kind_of(object_type: ObjectType, value: &str) -> Option<Kind> {
    match object_type {
        ObjectType::Ipv4Addr | ObjectType::Ipv6Addr if value.contains('/') => Some(Kind::Network),
        ObjectType::Ipv4Addr => Some(Kind::Ipv4Addr),
        ObjectType::Ipv6Addr => Some(Kind::Ipv6Addr),
        ObjectType::DomainName => Some(Kind::DomainName),
        ObjectType::Url => Some(Kind::Url),
        ObjectType::EmailAddr => Some(Kind::EmailAddr),
        _ => None,
    }
}

/// Tells whether a label belongs to the closed vocabulary and so may leave: `country:XX`, `sector:<industry sector>`,
/// `rsit:<classification>="<type>"`, `PAP:<level>`, `role:<role>`.
pub fn is_closed_label(label: &str) -> bool {
    let Some((namespace, rest)) = label.split_once(':') else { return false };
    match namespace {
        "country" => rest.len() == 2 && rest.bytes().all(|b| b.is_ascii_uppercase()),
        "sector" => INDUSTRY_SECTOR.contains(rest),
        "role" => ["c2", "phishing", "compromised", "malware-distribution", "scanner"].contains(&rest),
        "PAP" => entente_stix::marking::Pap::from_label(label).is_some(),
        "rsit" => rest
            .split_once("=\"")
            .and_then(|(class, tail)| Some((class, tail.strip_suffix('"')?)))
            .is_some_and(|(class, kind)| RSIT.iter().any(|(known, kinds)| *known == class && kinds.contains(&kind))),
        _ => false,
    }
}

/// Words of the Reference Security Incident Taxonomy.
const RSIT: [(&str, &[&str]); 11] = [
    ("abusive-content", &["spam", "harmful-speech", "violence"]),
    ("malicious-code", &["infected-system", "c2-server", "malware-distribution", "malware-configuration"]),
    ("information-gathering", &["scanner", "sniffing", "social-engineering"]),
    ("intrusion-attempts", &["ids-alert", "brute-force", "exploit"]),
    (
        "intrusions",
        &[
            "privileged-account-compromise",
            "unprivileged-account-compromise",
            "application-compromise",
            "system-compromise",
            "burglary",
        ],
    ),
    ("availability", &["dos", "ddos", "misconfiguration", "sabotage", "outage"]),
    (
        "information-content-security",
        &["unauthorised-information-access", "unauthorised-information-modification", "data-loss", "data-leak"],
    ),
    ("fraud", &["unauthorised-use-of-resources", "copyright", "masquerade", "phishing"]),
    (
        "vulnerable",
        &[
            "weak-crypto",
            "ddos-amplifier",
            "potentially-unwanted-accessible",
            "information-disclosure",
            "vulnerable-system",
        ],
    ),
    ("other", &["other", "undetermined"]),
    ("test", &["test"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_labels_of_the_closed_vocabulary_may_leave() {
        for good in ["country:XN", "sector:government", "role:c2", "PAP:AMBER", "rsit:malicious-code=\"c2-server\""] {
            assert!(is_closed_label(good), "{good}");
        }
        for bad in [
            "emotet",
            "country:xn",
            "country:USA",
            "sector:secret",
            "role:victim",
            "PAP:PINK",
            "feed:x",
            "rsit:fraud=\"Bank\"",
            "TLP:RED",
        ] {
            assert!(!is_closed_label(bad), "{bad}");
        }
    }

    #[test]
    fn public_ids_are_not_free_text() {
        for good in ["CVE-2024-12345", "T1566", "T1566.001", "TA0001", "S0154", "CAPEC-98"] {
            assert!(is_public_id(good), "{good}");
        }
        for bad in ["CVE-24-1", "T15661", "T1566.1", "Tom", "S0154x", "", "T"] {
            assert!(!is_public_id(bad), "{bad}");
        }
    }

    #[test]
    fn every_releasable_type_has_a_shape_and_required_properties_are_in_it() {
        for object_type in ObjectType::ALL {
            let Some(shape) = shape(*object_type) else {
                assert!(matches!(object_type, ObjectType::Aggregate | ObjectType::Other));
                continue;
            };
            for property in shape.required {
                assert!(is_allowed(shape, property), "{object_type} {property}");
            }
        }
        assert!(!is_droppable("id") && is_droppable("count") && !is_droppable("x_secret"));
    }
}
