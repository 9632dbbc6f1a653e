//! A joint operation: everybody contributes to the lead, the lead hands out targets, victims go home.

use super::write::{Clause, Head, VALUES, obliged, quoted, text as written, words};
use super::{Draft, TemplateError, of_role};
use crate::terms::Role;

/// Writes the text: version 1 of an operation; the first party leads it and may admit newcomers.
pub(super) fn text(draft: &Draft) -> Result<String, TemplateError> {
    let (Some(lead), true) = (draft.parties.first(), draft.parties.len() >= 2) else {
        return Err(TemplateError::Parties("an operation has two parties or more".to_owned()));
    };
    let title = draft.title.clone().unwrap_or_else(|| format!("Joint operation led by {}", lead.name));
    let operation = vec![
        ("id", quoted(&format!("op-{}", draft.id.as_str().trim_start_matches("agr-")))),
        ("name", quoted(&title)),
        ("lead", quoted(lead.id.as_str())),
        ("accession", quoted("lead")),
        ("backfill_days", "30".to_owned()),
        ("close_effect", quoted("keep-file")),
    ];
    let head = Head { draft, kind: "operation", title: &title, operation };
    Ok(written(&head, &clauses(draft, lead.id.as_str()))?)
}

fn clauses<'i>(draft: &'i Draft, lead: &'i str) -> Vec<Clause<'i>> {
    let (tlp, age) = (draft.tlp_max, draft.max_age_days);
    // Victims go to the response teams; where there is none, to the lead, which then notifies those of its own constituency.
    let homes = match of_role(draft, Role::Cert) {
        teams if teams.is_empty() => vec![lead],
        teams => teams,
    };
    let base = Clause {
        id: "contribute",
        from: "all",
        to: vec![lead],
        purpose: &["operation"],
        types: &[
            "indicator",
            "infrastructure",
            "malware",
            "ipv4-addr",
            "ipv6-addr",
            "domain-name",
            "url",
            "file",
            "relationship",
            "sighting",
        ],
        kinds: VALUES,
        tlp_max: tlp,
        confidence_min: 1,
        max_age_days: age,
        origin: &["own"],
        subject: &["infrastructure"],
        doors: &["sync"],
        extra: &[],
        obligations: obliged(
            &["redact-victim:hmac", "strip-free-text", "coarsen-time:1h", "attribution:must-not", "retain:365d"],
            tlp,
        ),
    };
    let others = [
        Clause {
            id: "target-list",
            from: lead,
            to: vec!["all"],
            types: &["indicator", "infrastructure", "ipv4-addr", "ipv6-addr", "domain-name", "url", "relationship"],
            confidence_min: 30,
            max_age_days: age.min(90),
            origin: &["own", "consented"],
            doors: &["sync", "report"],
            obligations: obliged(
                &[
                    "redact-victim:drop",
                    "strip-source",
                    "strip-free-text",
                    "coarsen-time:1d",
                    "attribution:must-not",
                    "retain:90d",
                    "watermark",
                ],
                tlp,
            ),
            ..base.same()
        },
        Clause {
            id: "victims-home",
            to: homes,
            purpose: &["victim-notification"],
            types: &[
                "observed-data",
                "sighting",
                "ipv4-addr",
                "ipv6-addr",
                "domain-name",
                "infrastructure",
                "relationship",
            ],
            kinds: &["ipv4-addr", "ipv6-addr", "domain-name", "none"],
            confidence_min: 30,
            max_age_days: age.min(14),
            subject: &["infrastructure", "victim"],
            doors: &["sync", "report"],
            extra: &[("constituency_only", "true")],
            obligations: words(&["strip-source", "strip-free-text", "attribution:must-not", "retain:30d"]),
            ..base.same()
        },
    ];
    [base].into_iter().chain(others).collect()
}
