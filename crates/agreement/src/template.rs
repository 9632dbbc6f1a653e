//! Templates: complete, valid texts to start a negotiation from.

use std::fmt::Write as _;

use entente_stix::Timestamp;
use entente_stix::marking::Tlp;

use crate::error::TextError;
use crate::hex;
use crate::ids::{AgreementId, PartyId};
use crate::terms::{Role, Terms};

/// Describes a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Template {
    /// Name, for the command line.
    pub name: &'static str,
    /// Title, for a list.
    pub title: &'static str,
    /// What it is for, in one sentence.
    pub summary: &'static str,
}

/// Lists the templates.
pub const fn list() -> &'static [Template] {
    &[Template {
        name: "telco-police",
        title: "Network operator and police, both directions",
        summary: "C2 servers, phishing, compromised sites with their owners under pseudonyms, sightings and trends from the operator; \
                  C2 servers, phishing and compromised customers from the police.",
    }]
}

/// Fills a party of a template.
#[derive(Clone, Debug)]
pub struct TemplateParty {
    /// Name in the text.
    pub id: PartyId,
    /// Name, for people.
    pub name: String,
    /// Sort of body.
    pub role: Role,
    /// ISO 3166-1 alpha-2 code or `INT`.
    pub country: String,
    /// Host name of its node, with `log_vkey`; `None` for a party that only consumes.
    pub node: Option<String>,
    /// Verifier key that signs agreements.
    pub vkey: String,
    /// Verifier key of its log; the name is `<node>/agr/<agreement id>`.
    pub log_vkey: Option<String>,
    /// Verifier key of its witness, type 0x04.
    pub witness_vkey: Option<String>,
    /// Legal bases, at least one.
    pub legal_basis: Vec<String>,
    /// Address for operations, privacy, disputes and breaches.
    pub contact: String,
}

/// Fills a template.
#[derive(Clone, Debug)]
pub struct TemplateInput {
    /// Name of the agreement.
    pub id: AgreementId,
    /// Title, for people.
    pub title: String,
    /// Start of validity.
    pub valid_from: Timestamp,
    /// End of validity, exclusive; at most five years later.
    pub valid_to: Timestamp,
    /// The network operator.
    pub operator: TemplateParty,
    /// The police body.
    pub police: TemplateParty,
    /// Marking ceiling from the operator to the police.
    pub tlp_to_police: Tlp,
    /// Marking ceiling from the police to the operator.
    pub tlp_to_operator: Tlp,
    /// Greatest age of data in days.
    pub max_age_days: u16,
    /// To whom GREEN data may go on: `role:<role>` or `party:<id>`.
    pub community: Vec<String>,
    /// How people refer to the signed paper.
    pub instrument_reference: String,
    /// SHA-256 of the signed paper.
    pub instrument_sha256: [u8; 32],
}

/// Writes the text of the template `telco-police`: version 1 of a bilateral agreement in both directions.
///
/// # Errors
///
/// What [`Terms::parse`] finds wrong with the result, for example a key whose id does not fit.
pub fn telco_police(input: &TemplateInput) -> Result<String, Vec<TextError>> {
    let mut text = String::new();
    head(&mut text, input);
    for party in [&input.operator, &input.police] {
        write_party(&mut text, party);
    }
    for clause in clauses(input) {
        write_clause(&mut text, &clause);
    }
    tail(&mut text, input);
    Terms::parse(&text)?;
    Ok(text)
}

fn head(text: &mut String, input: &TemplateInput) {
    pair(text, "format", &quoted(crate::FORMAT));
    pair(text, "id", &quoted(input.id.as_str()));
    pair(text, "version", "1");
    pair(text, "kind", &quoted("bilateral"));
    pair(text, "title", &quoted(&input.title));
    pair(text, "language", &quoted("en"));
    pair(text, "valid_from", &time(input.valid_from));
    pair(text, "valid_to", &time(input.valid_to));
    // Half-way, on a full day.
    let half = input.valid_to.as_micros().saturating_sub(input.valid_from.as_micros()) / 2;
    let review = input.valid_from.saturating_add_micros(half).floor_to(86_400_000_000).max(input.valid_from);
    pair(text, "review_by", &time(review));
    table(text, "[instrument]");
    pair(text, "reference", &quoted(&input.instrument_reference));
    pair(text, "sha256", &quoted(&hex::encode(&input.instrument_sha256)));
    table(text, "[defaults]");
    for key in ["unmarked", "unknown_marking", "unknown_type"] {
        pair(text, key, &quoted("deny"));
    }
}

fn write_party(text: &mut String, party: &TemplateParty) {
    table(text, "[[party]]");
    pair(text, "id", &quoted(party.id.as_str()));
    pair(text, "name", &quoted(&party.name));
    pair(text, "role", &quoted(party.role.name()));
    pair(text, "country", &quoted(&party.country));
    let optional = [("node", &party.node), ("vkey", &Some(party.vkey.clone())), ("log_vkey", &party.log_vkey)];
    for (key, value) in optional.into_iter().chain([("witness_vkey", &party.witness_vkey)]) {
        if let Some(value) = value {
            pair(text, key, &quoted(value));
        }
    }
    pair(text, "legal_basis", &array(&party.legal_basis));
    for key in ["contact_operations", "contact_privacy", "contact_dispute", "contact_breach"] {
        pair(text, key, &quoted(&party.contact));
    }
}

/// One clause of the template; the fields that differ.
struct Draft<'i> {
    id: &'static str,
    from: &'i str,
    to: &'i str,
    purpose: &'static [&'static str],
    types: &'static [&'static str],
    kinds: &'static [&'static str],
    tlp_max: Tlp,
    confidence_min: u8,
    max_age_days: u16,
    origin: &'static [&'static str],
    subject: &'static [&'static str],
    doors: &'static [&'static str],
    extra: &'static [(&'static str, &'static str)],
    obligations: Vec<String>,
}

const VALUES: &[&str] = &["ipv4-addr", "ipv6-addr", "network", "domain-name", "url", "file-hash", "none"];
const SITES: &[&str] = &["ipv4-addr", "ipv6-addr", "domain-name", "url", "none"];
const ATTACK: &[&str] =
    &["indicator", "infrastructure", "malware", "ipv4-addr", "ipv6-addr", "domain-name", "url", "file", "relationship"];
const PHISHING: &[&str] =
    &["indicator", "infrastructure", "url", "domain-name", "ipv4-addr", "ipv6-addr", "relationship"];
const PARTNER_DOORS: &[&str] = &["sync", "taxii", "rest", "export"];

fn clauses(input: &TemplateInput) -> Vec<Draft<'_>> {
    let (operator, police) = (input.operator.id.as_str(), input.police.id.as_str());
    let (up, down) = (input.tlp_to_police, input.tlp_to_operator);
    let obligations = |list: &[&str], remark: Tlp| -> Vec<String> {
        let mut all: Vec<String> = list.iter().map(|item| (*item).to_owned()).collect();
        all.push(format!("remark:tlp={}", remark.key()));
        all
    };
    let hidden = ["redact-victim:hmac", "strip-source", "strip-free-text", "coarsen-time:1h", "attribution:must-not"];
    let with = |more: &[&str], remark: Tlp| obligations(&[&hidden[..], more].concat(), remark);
    let age = input.max_age_days;
    let base = Draft {
        id: "c2-out",
        from: operator,
        to: police,
        purpose: &["c2-disruption"],
        types: ATTACK,
        kinds: VALUES,
        tlp_max: up,
        confidence_min: 30,
        max_age_days: age,
        origin: &["own"],
        subject: &["infrastructure"],
        doors: PARTNER_DOORS,
        extra: &[],
        obligations: with(&["reduce-confidence-bucket", "retain:180d", "watermark"], up),
    };
    let others = [
        Draft {
            id: "phishing-out",
            purpose: &["phishing-takedown"],
            types: PHISHING,
            kinds: SITES,
            max_age_days: age.min(30),
            origin: &["own", "public"],
            obligations: words(&["redact-victim:drop", "strip-free-text", "attribution:may", "retain:60d"]),
            ..base.same()
        },
        Draft {
            id: "compromised-out",
            purpose: &["criminal-investigation"],
            types: &["identity", "indicator", "infrastructure", "relationship", "sighting"],
            kinds: SITES,
            subject: &["infrastructure", "victim"],
            obligations: with(&["retain:90d"], up),
            ..base.same()
        },
        Draft {
            id: "sightings-out",
            purpose: &["deconfliction"],
            types: &["sighting"],
            kinds: VALUES,
            confidence_min: 0,
            obligations: with(&["retain:180d"], up),
            ..base.same()
        },
        Draft {
            id: "defence-in",
            from: police,
            to: operator,
            purpose: &["network-defence"],
            tlp_max: down,
            confidence_min: 1,
            origin: &["own", "consented"],
            doors: &["sync", "taxii", "rest", "feed", "export"],
            obligations: obligations(
                &[
                    "redact-victim:drop",
                    "strip-source",
                    "strip-free-text",
                    "coarsen-time:1d",
                    "coarsen-location:country",
                    "attribution:must-not",
                    "retain:90d",
                    "watermark",
                ],
                down,
            ),
            ..base.same()
        },
        Draft {
            id: "phishing-in",
            from: police,
            to: operator,
            purpose: &["phishing-takedown"],
            types: PHISHING,
            kinds: SITES,
            tlp_max: down,
            origin: &["own", "public", "consented"],
            obligations: words(&[
                "redact-victim:drop",
                "strip-source",
                "strip-free-text",
                "attribution:may",
                "retain:60d",
            ]),
            ..base.same()
        },
        Draft {
            id: "customers-in",
            from: police,
            to: operator,
            purpose: &["victim-notification"],
            types: &[
                "identity",
                "observed-data",
                "sighting",
                "ipv4-addr",
                "ipv6-addr",
                "domain-name",
                "infrastructure",
                "relationship",
            ],
            kinds: SITES,
            tlp_max: down,
            max_age_days: age.min(14),
            subject: &["infrastructure", "victim"],
            doors: &["sync", "taxii", "report"],
            extra: &[("constituency_only", "true")],
            obligations: words(&["strip-source", "strip-free-text", "attribution:must-not", "retain:30d"]),
            ..base.same()
        },
        Draft {
            id: "sightings-in",
            from: police,
            to: operator,
            purpose: &["deconfliction"],
            types: &["sighting"],
            tlp_max: down,
            confidence_min: 0,
            obligations: with(&["retain:180d"], down),
            ..base.same()
        },
        Draft {
            id: "trends-both",
            from: "all",
            to: "all",
            purpose: &["trend-analysis"],
            types: &["aggregate"],
            kinds: &["none"],
            tlp_max: Tlp::Green,
            confidence_min: 0,
            max_age_days: 365,
            origin: &["own", "public"],
            doors: &["sync", "rest", "report"],
            extra: &[("aggregates", "true"), ("k_min", "5")],
            obligations: words(&["coarsen-time:1d", "retain:730d"]),
            ..base.same()
        },
    ];
    [base].into_iter().chain(others).collect()
}

impl<'i> Draft<'i> {
    /// Copies a clause to be changed in part.
    fn same(&self) -> Draft<'i> {
        Draft { obligations: Vec::new(), ..*self }
    }
}

fn words(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

fn write_clause(text: &mut String, clause: &Draft<'_>) {
    table(text, "[[clause]]");
    pair(text, "id", &quoted(clause.id));
    pair(text, "from", &quoted(clause.from));
    pair(text, "to", &array(&[clause.to]));
    pair(text, "purpose", &array(clause.purpose));
    pair(text, "types", &array(clause.types));
    pair(text, "kinds", &array(clause.kinds));
    pair(text, "tlp_max", &quoted(clause.tlp_max.key()));
    pair(text, "pap_max", &quoted("amber"));
    pair(text, "confidence_min", &clause.confidence_min.to_string());
    pair(text, "max_age_days", &clause.max_age_days.to_string());
    pair(text, "origin", &array(clause.origin));
    pair(text, "subject", &array(clause.subject));
    pair(text, "doors", &array(clause.doors));
    pair(text, "text", "false");
    for (key, value) in clause.extra {
        pair(text, key, value);
    }
    pair(text, "obligations", &array(&clause.obligations));
}

fn tail(text: &mut String, input: &TemplateInput) {
    table(text, "[onward]");
    pair(text, "rule", &quoted("consent"));
    pair(text, "community", &array(&input.community));
    let tables: [(&str, &[(&str, &str)]); 7] = [
        ("[recall]", &[("ack_hours", "24"), ("complete_hours", "72"), ("onward", "true")]),
        (
            "[security]",
            &[
                ("tls_min", "\"1.3\""),
                ("mutual_tls", "false"),
                ("encrypt_at_rest", "true"),
                ("breach_notice_hours", "24"),
            ],
        ),
        ("[audit]", &[("parties_may_audit", "true"), ("notice_days", "14"), ("keep_years", "10")]),
        ("[reciprocity]", &[("mode", "\"inform\""), ("period_days", "30"), ("share", "true")]),
        (
            "[quota]",
            &[("objects_per_day", "1000000"), ("private_lookups_per_day", "0"), ("overlap_items_per_epoch", "0")],
        ),
        ("[disclosure]", &[("existence", "\"parties\""), ("withheld_counts", "false")]),
        ("[termination]", &[("notice_days", "30"), ("effect", "\"delete\""), ("certificate_days", "30")]),
    ];
    for (name, pairs) in tables {
        table(text, name);
        for (key, value) in pairs {
            pair(text, key, value);
        }
    }
}

fn table(text: &mut String, header: &str) {
    text.push('\n');
    text.push_str(header);
    text.push('\n');
}

fn pair(text: &mut String, key: &str, value: &str) {
    // INVARIANT: writing to a string does not fail.
    let _ = writeln!(text, "{key} = {value}");
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

fn array<T: AsRef<str>>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(|item| quoted(item.as_ref())).collect();
    format!("[{}]", items.join(", "))
}

fn time(at: Timestamp) -> String {
    let text = at.to_string();
    text.strip_suffix(".000Z").map_or_else(|| text.clone(), |seconds| format!("{seconds}Z"))
}
