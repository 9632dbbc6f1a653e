//! The shape of the Cedar policies; what they mean is asked of Cedar itself, in the workspace `oracle`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod common;

use std::collections::BTreeSet;

use common::*;
use entente_agreement::{Agreement, Door, DoorSet, Facts, Purpose, PurposeSet, Reason, Request, cedar};

fn ids(policies: &str) -> Vec<&str> {
    policies.lines().filter_map(|line| line.strip_prefix("@id(\"")?.strip_suffix("\")")).collect()
}

/// The names after `prefix.` in the policies.
fn named(policies: &str, prefix: &str) -> BTreeSet<String> {
    let names = policies.split(prefix).skip(1);
    names.map(|rest| rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect()).collect()
}

fn policy<'t>(policies: &'t str, id: &str) -> &'t str {
    let start = policies.find(&format!("@id(\"{id}\")")).unwrap();
    let rest = &policies[start..];
    &rest[..rest.find("};").unwrap()]
}

#[test]
fn each_floor_forbids_and_each_clause_permits() {
    let agreement = agr_12();
    let policies = cedar::policies(agreement.terms());
    let found = ids(&policies);
    let floors: Vec<Reason> = found.iter().filter_map(|id| cedar::floor_of(id)).map(|(_, reason)| reason).collect();
    let expected = [
        "floor.red",
        "floor.local-only",
        "floor.state",
        "floor.validity",
        "floor.marking",
        "floor.unmarked",
        "floor.hold",
        "floor.embargo",
        "floor.quarantine",
        "floor.party",
        "floor.type",
        "floor.echo",
    ];
    assert_eq!(floors.iter().map(|reason| reason.code()).collect::<Vec<_>>(), expected);
    let clauses: Vec<usize> = found.iter().filter_map(|id| cedar::clause_of(id)).collect();
    assert_eq!(clauses, [0, 1, 2, 3, 4]);
    // Beside floors and clauses there is the range of the integers; no two clauses of a signed text oblige to different things.
    assert_eq!(found.len(), 12 + 1 + 5);
    assert_eq!(policies.matches("forbid (").count(), 13);
    assert_eq!(policies.matches("permit (").count(), 5);
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), found.len());
}

#[test]
fn a_clause_says_every_predicate_in_its_own_words() {
    let policies = cedar::policies(agr_12().terms());
    let clause = policy(&policies, &cedar::clause_id(0));
    for condition in [
        "[Party::\"northtel\"].contains(context.releaser)",
        "[Party::\"fusion\"].contains(principal)",
        "[\"c2-disruption\", \"criminal-investigation\"].contains(context.purpose)",
        "[\"sync\", \"taxii\"].contains(context.door)",
        "resource.tlp <= 2",
        "resource.pap <= 1",
        "[\"own\"].contains(resource.origin)",
        // It redacts victims, so that it accepts them.
        "[\"infrastructure\", \"victim\"].containsAll(resource.subject)",
        "resource.confidence >= 30",
        "resource.age_days <= 180",
        "!resource.warninglisted",
    ] {
        assert!(clause.contains(condition), "{condition} is missing in {clause}");
    }
    // A clause for blind queries opens no door, one for counts covers no object.
    assert!(policy(&policies, &cedar::clause_id(3)).contains("[].contains(context.door)"));
    assert!(policy(&policies, &cedar::clause_id(4)).contains("[].contains(resource.type)"));
}

#[test]
fn two_clauses_that_differ_where_no_object_can_be_are_forbidden_together() {
    // An address has no kind `url`: the text is accepted, and floor F13 guards what cannot be.
    let text = text_of(AGR_12);
    let text = with(&text, "types = [\"indicator\", \"url\", \"domain-name\", \"relationship\"]", "types = [\"url\"]");
    let text = with(&text, "purpose = [\"phishing-takedown\"]", "purpose = [\"c2-disruption\"]");
    let text = with(
        &text,
        "\"ipv6-addr\", \"domain-name\", \"url\", \"file-hash\", \"none\"]",
        "\"ipv6-addr\", \"domain-name\", \"file-hash\", \"none\"]",
    );
    let agreement = Agreement::draft(&text).unwrap();
    let policies = cedar::policies(agreement.terms());
    let both: Vec<&str> =
        ids(&policies).into_iter().filter(|id| id.starts_with(Reason::FloorAmbiguous.code())).collect();
    assert_eq!(both, ["floor.ambiguous.0.1"]);
    assert_eq!(cedar::floor_of(both[0]), Some((12, Reason::FloorAmbiguous)));
    assert!(policy(&policies, both[0]).contains("forbid ("));
}

#[test]
fn a_request_has_every_attribute_that_a_policy_reads() {
    let agreement = agr_12();
    let (releaser, recipient) = (party("northtel"), party("fusion"));
    let facts = Facts { embargo_until: Some(now()), ..c2_facts() };
    let request = Request {
        releaser: &releaser,
        recipient: &recipient,
        purposes: PurposeSet::ALL,
        doors: DoorSet::ALL,
        now: now(),
        facts: &facts,
    };
    let written = cedar::request(&request, Purpose::C2Disruption, Door::Sync, &agreement);
    assert_eq!(written.principal, "Party::\"fusion\"");
    assert_eq!(written.context["releaser"]["__entity"]["id"], "northtel");
    assert_eq!(written.context["standing"], true);
    assert_eq!(written.entities[0]["attrs"]["age_days"], 2);
    let policies = cedar::policies(agreement.terms());
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<String>>();
    let read = named(&policies, "resource.");
    assert!(read.is_subset(&keys(&written.entities[0]["attrs"])), "{read:?}");
    assert_eq!(named(&policies, "context."), keys(&written.context));
}
