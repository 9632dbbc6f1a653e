//! The agreement that each contributor signs with the hub.

use std::fmt::Write as _;

use entente_exchange::node::Card;
use entente_stix::Timestamp;

use crate::failure::Failure;

/// What differs between the agreements.
pub(crate) struct Terms<'a> {
    /// Agreement id.
    pub(crate) id: &'a str,
    /// The contributor.
    pub(crate) contributor: &'a Card,
    /// The hub.
    pub(crate) hub: &'a Card,
    /// Start.
    pub(crate) from: Timestamp,
    /// End.
    pub(crate) to: Timestamp,
    /// To whom GREEN contributions may go on.
    pub(crate) community: &'a [&'a str],
}

/// Writes the text. Ages are generous, because a demonstration corpus may reach back for years.
pub(crate) fn agreement(terms: &Terms<'_>) -> Result<String, Failure> {
    let (id, giver, hub) = (terms.id, &terms.contributor.id, &terms.hub.id);
    let second = |at: Timestamp| at.floor_to(1_000_000).to_millis_string().replace(".000Z", "Z");
    let review = terms.from.saturating_add_micros(180 * 86_400_000_000);
    let mut text = format!(
        r#"format = "entente/agreement@1"
id = "{id}"
version = 1
kind = "bilateral"
title = "Exchange on command-and-control servers, phishing and compromised sites"
language = "en"
valid_from = {}
valid_to = {}
review_by = {}

[instrument]
reference = "Demonstration, no legal effect"
sha256 = "{}"

[defaults]
unmarked = "deny"
unknown_marking = "deny"
unknown_type = "deny"
"#,
        second(terms.from),
        second(terms.to),
        second(review),
        "0".repeat(64)
    );
    for card in [terms.contributor, terms.hub] {
        let basis = match card.role.as_str() {
            "police" => "led-8",
            "cert" => "national:cert-mandate",
            _ => "gdpr-6-1-f",
        };
        // Writing to a String does not fail.
        let _ = write!(
            text,
            r#"
[[party]]
id = "{}"
name = "{}"
role = "{}"
country = "{}"
node = "{}"
vkey = "{}"
log_vkey = "{}"
legal_basis = ["{basis}"]
contact_operations = "operations@{4}"
contact_privacy = "privacy@{4}"
contact_dispute = "dispute@{4}"
contact_breach = "breach@{4}"
"#,
            card.id,
            card.name,
            card.role,
            card.country,
            card.node,
            card.vkey,
            card.log_vkey(id)?,
        );
    }
    let values = r#"["ipv4-addr", "ipv6-addr", "domain-name", "url", "file-hash"]"#;
    let doors = r#"["sync", "taxii", "rest", "export", "console"]"#;
    let _ = write!(
        text,
        r#"
[[clause]]
id = "threats-out"
from = "{giver}"
to = ["{hub}"]
purpose = ["c2-disruption", "phishing-takedown"]
types = ["indicator"]
kinds = {values}
tlp_max = "amber"
pap_max = "green"
confidence_min = 30
max_age_days = 3650
origin = ["own"]
subject = ["infrastructure"]
doors = {doors}
text = false
obligations = ["redact-victim:drop", "strip-source", "strip-free-text", "coarsen-time:1d", "attribution:must-not", "retain:365d"]

[[clause]]
id = "victims-out"
from = "{giver}"
to = ["{hub}"]
purpose = ["criminal-investigation"]
types = ["identity"]
kinds = ["ipv4-addr", "ipv6-addr", "domain-name"]
tlp_max = "amber"
pap_max = "green"
confidence_min = 30
max_age_days = 3650
origin = ["own"]
subject = ["infrastructure", "victim"]
doors = {doors}
text = false
obligations = ["redact-victim:hmac", "strip-source", "strip-free-text", "coarsen-time:1d", "attribution:must-not", "remark:tlp=amber", "retain:90d"]

[[clause]]
id = "threats-in"
from = "{hub}"
to = ["{giver}"]
purpose = ["network-defence"]
types = ["indicator"]
kinds = {values}
tlp_max = "green"
pap_max = "green"
confidence_min = 30
max_age_days = 365
origin = ["own", "public", "community"]
subject = ["infrastructure"]
doors = {doors}
text = false
obligations = ["redact-victim:drop", "strip-source", "strip-free-text", "coarsen-time:1d", "attribution:must-not", "retain:90d"]

[onward]
rule = "consent"
community = [{community}]

[recall]
ack_hours = 24
complete_hours = 72
onward = true

[security]
tls_min = "1.3"
mutual_tls = false
encrypt_at_rest = false
breach_notice_hours = 24

[audit]
parties_may_audit = true
notice_days = 14
keep_years = 10

[reciprocity]
mode = "inform"
period_days = 30
share = true

[quota]
objects_per_day = 1000000
private_lookups_per_day = 0
overlap_items_per_epoch = 0

[disclosure]
existence = "parties"
withheld_counts = false

[termination]
notice_days = 30
effect = "delete"
certificate_days = 30
"#,
        community = terms.community.iter().map(|member| format!("\"{member}\"")).collect::<Vec<_>>().join(", "),
    );
    Ok(text)
}
