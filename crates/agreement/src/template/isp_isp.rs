//! Two network operators as peers: the same clauses both ways.

use super::write::{ATTACK, Clause, Head, PARTNER_DOORS, PHISHING, SITES, VALUES, obliged, text as written, words};
use super::{Draft, TemplateError, of_role};
use crate::terms::Role;

/// Writes the text: version 1 of a bilateral agreement that binds both sides alike.
pub(super) fn text(draft: &Draft) -> Result<String, TemplateError> {
    if draft.parties.len() != 2 || of_role(draft, Role::Private).len() != 2 {
        return Err(TemplateError::Parties("this template is for two network operators (role `private`)".to_owned()));
    }
    let title = draft.title.as_deref().unwrap_or("Exchange between network operators");
    let head = Head { draft, kind: "bilateral", title, operation: Vec::new() };
    Ok(written(&head, &clauses(draft))?)
}

fn clauses(draft: &Draft) -> Vec<Clause<'_>> {
    let (tlp, age) = (draft.tlp_max, draft.max_age_days);
    let hidden = ["redact-victim:drop", "strip-source", "strip-free-text", "coarsen-time:1h", "attribution:must-not"];
    let with = |more: &[&str]| obliged(&[&hidden[..], more].concat(), tlp);
    let base = Clause {
        id: "c2",
        from: "all",
        to: vec!["all"],
        purpose: &["c2-disruption"],
        types: ATTACK,
        kinds: VALUES,
        tlp_max: tlp,
        confidence_min: 30,
        max_age_days: age,
        origin: &["own"],
        subject: &["infrastructure"],
        doors: PARTNER_DOORS,
        extra: &[],
        obligations: with(&["retain:180d", "watermark"]),
    };
    let others = [
        Clause {
            id: "attacks",
            purpose: &["network-defence"],
            types: &["indicator", "infrastructure", "ipv4-addr", "ipv6-addr", "relationship", "sighting"],
            kinds: &["ipv4-addr", "ipv6-addr", "network", "none"],
            max_age_days: age.min(30),
            doors: &["sync", "taxii", "rest", "feed", "export"],
            obligations: with(&["reduce-confidence-bucket", "retain:60d"]),
            ..base.same()
        },
        Clause {
            id: "phishing",
            purpose: &["phishing-takedown"],
            types: PHISHING,
            kinds: SITES,
            max_age_days: age.min(30),
            origin: &["own", "public"],
            obligations: words(&["redact-victim:drop", "strip-free-text", "attribution:may", "retain:60d"]),
            ..base.same()
        },
        Clause {
            id: "customers",
            purpose: &["victim-notification"],
            types: &[
                "identity",
                "observed-data",
                "sighting",
                "ipv4-addr",
                "ipv6-addr",
                "infrastructure",
                "relationship",
            ],
            kinds: &["ipv4-addr", "ipv6-addr", "none"],
            max_age_days: age.min(14),
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
            obligations: with(&["retain:180d"]),
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
