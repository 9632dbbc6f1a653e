//! Network operator and police, both directions.

use entente_stix::Timestamp;
use entente_stix::marking::Tlp;

use super::write::{ATTACK, Clause, Head, PARTNER_DOORS, PHISHING, SITES, VALUES, obliged, text, words};
use super::{Draft, TemplateParty};
use crate::error::TextError;
use crate::ids::AgreementId;

/// Fills the template `telco-police`, with a ceiling of its own for each direction.
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
/// What [`Terms::parse`](crate::Terms::parse) finds wrong with the result, for example a key whose id does not fit.
pub fn telco_police(input: &TemplateInput) -> Result<String, Vec<TextError>> {
    let draft = Draft {
        id: input.id.clone(),
        title: Some(input.title.clone()),
        valid_from: input.valid_from,
        valid_to: input.valid_to,
        parties: vec![input.operator.clone(), input.police.clone()],
        tlp_max: input.tlp_to_police.max(input.tlp_to_operator),
        max_age_days: input.max_age_days,
        community: input.community.clone(),
        instrument_reference: input.instrument_reference.clone(),
        instrument_sha256: input.instrument_sha256,
    };
    let head = Head { draft: &draft, kind: "bilateral", title: &input.title, operation: Vec::new() };
    text(&head, &clauses(input))
}

fn clauses(input: &TemplateInput) -> Vec<Clause<'_>> {
    let (operator, police) = (input.operator.id.as_str(), input.police.id.as_str());
    let (up, down) = (input.tlp_to_police, input.tlp_to_operator);
    let hidden = ["redact-victim:hmac", "strip-source", "strip-free-text", "coarsen-time:1h", "attribution:must-not"];
    let with = |more: &[&str], remark: Tlp| obliged(&[&hidden[..], more].concat(), remark);
    let age = input.max_age_days;
    let base = Clause {
        id: "c2-out",
        from: operator,
        to: vec![police],
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
        Clause {
            id: "phishing-out",
            purpose: &["phishing-takedown"],
            types: PHISHING,
            kinds: SITES,
            max_age_days: age.min(30),
            origin: &["own", "public"],
            obligations: words(&["redact-victim:drop", "strip-free-text", "attribution:may", "retain:60d"]),
            ..base.same()
        },
        Clause {
            id: "compromised-out",
            purpose: &["criminal-investigation"],
            types: &["identity", "indicator", "infrastructure", "relationship", "sighting"],
            kinds: SITES,
            subject: &["infrastructure", "victim"],
            obligations: with(&["retain:90d"], up),
            ..base.same()
        },
        Clause {
            id: "sightings-out",
            purpose: &["deconfliction"],
            types: &["sighting"],
            kinds: VALUES,
            confidence_min: 0,
            obligations: with(&["retain:180d"], up),
            ..base.same()
        },
        Clause {
            id: "defence-in",
            from: police,
            to: vec![operator],
            purpose: &["network-defence"],
            tlp_max: down,
            confidence_min: 1,
            origin: &["own", "consented"],
            doors: &["sync", "taxii", "rest", "feed", "export"],
            obligations: obliged(
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
        Clause {
            id: "phishing-in",
            from: police,
            to: vec![operator],
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
        Clause {
            id: "customers-in",
            from: police,
            to: vec![operator],
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
        Clause {
            id: "sightings-in",
            from: police,
            to: vec![operator],
            purpose: &["deconfliction"],
            types: &["sighting"],
            tlp_max: down,
            confidence_min: 0,
            obligations: with(&["retain:180d"], down),
            ..base.same()
        },
        Clause {
            id: "trends-both",
            from: "all",
            to: vec!["all"],
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
