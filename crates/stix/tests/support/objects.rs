//! Objects for tests, written as text, and pairs of them that differ in one rule.

#![allow(dead_code, reason = "each test program uses a part")]

use std::collections::BTreeSet;

use entente_stix::validate::{Context, Profile, validate_bytes};
use entente_stix::{Code, Limits};

pub(crate) const UUID: &str = "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
pub(crate) const UUID_5: &str = "8e2e2d2b-17d4-5cbf-938f-98ee46b3cd3f";
pub(crate) const EXTENSION: &str = "extension-definition--9c59fd79-4215-4ba2-920d-3e4f320e1e62";
pub(crate) const MARKING: &str = "marking-definition--a4868c89-83c2-464b-929b-a1a8aa3c8487";
pub(crate) const URL: &str = "url--595b5f5c-4253-5ecb-a858-a03658fa994b";
pub(crate) const SHA_256: &str = "5b8c3f0f5c9be0d1a7b2f0a1e5a9f1f37d2c62b1d0a79f4ea4c1f2b3d4e5f607";

/// One code: an object that does not raise it, one that does, and what else either may raise.
pub(crate) struct Case {
    pub(crate) code: Code,
    pub(crate) good: String,
    pub(crate) bad: String,
    pub(crate) also: &'static [Code],
}

pub(crate) fn case(code: Code, good: impl Into<String>, bad: impl Into<String>) -> Case {
    Case { code, good: good.into(), bad: bad.into(), also: &[] }
}

pub(crate) fn with(code: Code, also: &'static [Code], good: impl Into<String>, bad: impl Into<String>) -> Case {
    Case { code, good: good.into(), bad: bad.into(), also }
}

/// An object with times; `members` go last.
pub(crate) fn timed(object_type: &str, members: &str) -> String {
    format!(
        r#"{{"type":"{object_type}","spec_version":"2.1","id":"{object_type}--{UUID}","created":"2026-11-01T08:15:30.000Z","modified":"2026-11-01T08:15:30.000Z",{members}}}"#
    )
}

/// An observable with a random identifier.
pub(crate) fn observable(object_type: &str, members: &str) -> String {
    format!(r#"{{"type":"{object_type}","id":"{object_type}--{UUID}",{members}}}"#)
}

pub(crate) fn identity(members: &str) -> String {
    timed("identity", &format!(r#""name":"A"{}{members}"#, if members.is_empty() { "" } else { "," }))
}

pub(crate) fn indicator(members: &str) -> String {
    timed(
        "indicator",
        &format!(
            r#""name":"A","pattern":"[url:value = 'a']","pattern_type":"stix","valid_from":"2026-11-01T08:15:30Z"{members}"#
        ),
    )
}

pub(crate) fn relationship(kind: &str, source: &str, target: &str) -> String {
    timed(
        "relationship",
        &format!(r#""relationship_type":"{kind}","source_ref":"{source}--{UUID}","target_ref":"{target}--{UUID}""#),
    )
}

pub(crate) fn reference(members: &str) -> String {
    identity(&format!(r#""external_references":[{{{members}}}]"#))
}

pub(crate) fn marking(members: &str) -> String {
    format!(
        r#"{{"type":"marking-definition","spec_version":"2.1","id":"{MARKING}","created":"2026-11-01T08:15:30.000Z",{members}}}"#
    )
}

pub(crate) fn statement(members: &str) -> String {
    marking(&format!(r#""definition_type":"statement","definition":{{"statement":"a"}}{members}"#))
}

pub(crate) fn definition(members: &str) -> String {
    timed(
        "extension-definition",
        &format!(r#""created_by_ref":"identity--{UUID}","name":"A","schema":"a","version":"1.0.0",{members}"#),
    )
}

pub(crate) fn observed(members: &str) -> String {
    timed(
        "observed-data",
        &format!(
            r#""first_observed":"2026-11-01T00:00:00Z","last_observed":"2026-11-01T00:00:00Z","number_observed":1,{members}"#
        ),
    )
}

pub(crate) fn contained(members: &str) -> String {
    observed(&format!(r#""objects":{{"0":{{"type":"url","value":"http://a.example/"}},{members}}}"#))
}

pub(crate) fn file(members: &str) -> String {
    observable("file", &format!(r#""name":"a"{}{members}"#, if members.is_empty() { "" } else { "," }))
}

pub(crate) fn traffic(members: &str) -> String {
    observable(
        "network-traffic",
        &format!(r#""protocols":["tcp"],"src_ref":"ipv4-addr--{UUID}","src_port":1{members}"#),
    )
}

pub(crate) fn translation(contents: &str) -> String {
    timed("language-content", &format!(r#""object_ref":"identity--{UUID}","contents":{{"de":{{{contents}}}}}"#))
}

/// Returns the codes that a text raises under the profile `standard`.
pub(crate) fn codes(text: &str, context: &Context<'_>) -> BTreeSet<Code> {
    let mut found = BTreeSet::new();
    validate_bytes(text.as_bytes(), &Limits::admission(), Profile::Standard, context, &mut |finding| {
        found.insert(finding.code());
    });
    found
}

/// Holds the objects of a case to what it says of them.
pub(crate) fn hold(case: &Case, context: &Context<'_>) {
    let shown = |text: &str| text.chars().take(700).collect::<String>();
    let also: BTreeSet<Code> = case.also.iter().copied().collect();
    let mut bad = codes(&case.bad, context);
    assert!(bad.remove(&case.code), "{} not in {bad:?} of {}", case.code, shown(&case.bad));
    assert!(bad.is_subset(&also), "{}: {bad:?} in {}", case.code, shown(&case.bad));
    let good = codes(&case.good, context);
    assert!(good.is_subset(&also) && !good.contains(&case.code), "{}: {good:?} in {}", case.code, shown(&case.good));
}
