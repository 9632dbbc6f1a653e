//! The STIX object that carries one party's assertion about one observable.
//!
//! Attackers' infrastructure becomes an `indicator` with one equality comparison; a victim's host or address becomes an `identity`,
//! because what is known about it is who was hit, not what to block (`agreements.md` 8.1). Country, role, sector and class travel
//! as labels of the closed vocabulary; everything else the source said is free text or stays with the assertion.

use entente_formats::{Class, Finding};
use entente_observable::Observable;
use entente_stix::Timestamp;
use entente_stix::build::Builder;
use entente_stix::id;
use entente_stix::json::quote;
use entente_stix::marking::Tlp;

/// Namespace of the ids this product derives for held objects; random, fixed for ever.
pub(crate) const NAMESPACE: [u8; 16] =
    [0x6f, 0x1d, 0x0b, 0x52, 0x9a, 0x3e, 0x4c, 0x7b, 0x8f, 0x25, 0x13, 0xc4, 0xee, 0x71, 0x5a, 0x90];

/// Id of the identity object of a party, the same on every node.
pub(crate) fn identity_id(party: &str) -> String {
    id::derived(&NAMESPACE, "identity", &format!("party\n{party}"))
}

/// Id of the object by which `party` asserts something about `observable`.
pub(crate) fn assertion_id(object_type: &str, party: &str, observable: &Observable) -> String {
    id::derived(&NAMESPACE, object_type, &format!("{party}\n{}\n{}", observable.kind.name(), observable.value))
}

/// What goes into the object besides the finding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    /// The party that asserts it.
    pub(crate) party: &'a str,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    pub(crate) tlp: Option<Tlp>,
    pub(crate) confidence: u8,
    pub(crate) victim: bool,
}

/// The type of the object that carries an assertion.
pub(crate) fn object_type(victim: bool) -> &'static str {
    if victim { "identity" } else { "indicator" }
}

/// Builds the object of an assertion.
pub(crate) fn assertion(
    finding: &Finding,
    observable: &Observable,
    pattern: Option<&str>,
    frame: &Frame<'_>,
) -> Vec<u8> {
    let object_type = object_type(frame.victim);
    let labels = labels(finding);
    let mut builder = Builder::new(object_type, &assertion_id(object_type, frame.party, observable))
        .text("created_by_ref", &identity_id(frame.party))
        .created(frame.created)
        .modified(frame.modified)
        .list("labels", &labels)
        .raw("confidence", &frame.confidence.to_string());
    if frame.victim {
        builder = builder.text("name", &observable.value).text("identity_class", "organization");
        if !finding.sectors.is_empty() {
            builder = builder.list("sectors", &finding.sectors);
        }
    } else {
        if let Some(malware) = &finding.malware {
            builder = builder.text("name", malware);
        }
        let valid_from = finding.first_seen.unwrap_or(frame.created);
        builder = builder
            .list("indicator_types", &[indicator_type(finding.class).to_owned()])
            .text("pattern", pattern.unwrap_or_default())
            .text("pattern_type", "stix")
            .text("valid_from", &valid_from.to_millis_string());
    }
    if !finding.sources.is_empty() {
        let references: Vec<String> =
            finding.sources.iter().map(|source| format!("{{\"source_name\":{}}}", quote(source))).collect();
        builder = builder.raw("external_references", &format!("[{}]", references.join(",")));
    }
    if let Some(tlp) = frame.tlp {
        builder = builder.list("object_marking_refs", &[tlp.marking_id().to_owned()]);
    }
    builder.finish()
}

fn labels(finding: &Finding) -> Vec<String> {
    let mut labels: Vec<String> = finding.class.role().into_iter().map(str::to_owned).collect();
    labels.push(finding.class.rsit().to_owned());
    if let Some([a, b]) = finding.country {
        labels.push(format!("country:{}{}", char::from(a), char::from(b)));
    }
    labels.extend(finding.sectors.iter().map(|sector| format!("sector:{sector}")));
    for label in &finding.labels {
        if !labels.contains(label) {
            labels.push(label.clone());
        }
    }
    labels
}

const fn indicator_type(class: Class) -> &'static str {
    match class {
        Class::Compromised => "compromised",
        Class::Scanner => "anomalous-activity",
        _ => "malicious-activity",
    }
}
