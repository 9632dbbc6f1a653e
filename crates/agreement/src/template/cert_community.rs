//! A community of response teams: everybody to everybody.

use super::write::{ATTACK, Clause, Head, PARTNER_DOORS, PHISHING, SITES, VALUES, obliged, text as written, words};
use super::{Draft, TemplateError, of_role};
use crate::terms::Role;

/// Writes the text: version 1 of a multilateral agreement of three or more parties.
pub(super) fn text(draft: &Draft) -> Result<String, TemplateError> {
    if draft.parties.len() < 3 {
        return Err(TemplateError::Parties("a community has three parties or more".to_owned()));
    }
    let teams = of_role(draft, Role::Cert);
    if teams.is_empty() {
        return Err(TemplateError::Parties("no party is a response team; this template needs one at least".to_owned()));
    }
    let title = draft.title.as_deref().unwrap_or("Community of response teams");
    let head = Head { draft, kind: "multilateral", title, operation: Vec::new() };
    Ok(written(&head, &clauses(draft, teams))?)
}

fn clauses<'i>(draft: &'i Draft, teams: Vec<&'i str>) -> Vec<Clause<'i>> {
    let (tlp, age) = (draft.tlp_max, draft.max_age_days);
    let base = Clause {
        id: "attacks",
        from: "all",
        to: vec!["all"],
        purpose: &["network-defence"],
        types: ATTACK,
        kinds: VALUES,
        tlp_max: tlp,
        confidence_min: 30,
        max_age_days: age,
        origin: &["own", "public", "consented"],
        subject: &["infrastructure"],
        doors: &["sync", "taxii", "rest", "feed", "export"],
        extra: &[],
        obligations: obliged(
            &[
                "redact-victim:drop",
                "strip-source",
                "strip-free-text",
                "coarsen-time:1h",
                "attribution:may",
                "retain:180d",
            ],
            tlp,
        ),
    };
    let others = [
        Clause {
            id: "phishing",
            purpose: &["phishing-takedown"],
            types: PHISHING,
            kinds: SITES,
            max_age_days: age.min(30),
            origin: &["own", "public"],
            doors: PARTNER_DOORS,
            obligations: words(&["redact-victim:drop", "strip-free-text", "attribution:may", "retain:60d"]),
            ..base.same()
        },
        Clause {
            id: "victims-home",
            to: teams,
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
            max_age_days: age.min(14),
            origin: &["own"],
            subject: &["infrastructure", "victim"],
            doors: &["sync", "taxii", "report"],
            extra: &[("constituency_only", "true")],
            obligations: words(&["strip-source", "strip-free-text", "attribution:must-not", "retain:30d"]),
            ..base.same()
        },
        Clause {
            id: "sightings",
            purpose: &["deconfliction"],
            types: &["sighting"],
            confidence_min: 0,
            origin: &["own"],
            doors: PARTNER_DOORS,
            obligations: obliged(
                &[
                    "redact-victim:hmac",
                    "strip-source",
                    "strip-free-text",
                    "coarsen-time:1d",
                    "attribution:must-not",
                    "retain:180d",
                ],
                tlp,
            ),
            ..base.same()
        },
        Clause {
            id: "trends",
            purpose: &["trend-analysis"],
            types: &["aggregate"],
            kinds: &["none"],
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
