//! Versions of one object, held against each other (STIX 2.1 §3.6).

use crate::code::Code;
use crate::error::shown;
use crate::object::Object;
use crate::timestamp::Timestamp;

/// Compares a version with the one at hand, and passes on what is found: code and message.
///
/// | Code | |
/// |---|---|
/// | `STIX-E-306` | `created` differs |
/// | `STIX-E-307` | a version after one that is revoked |
/// | `STIX-E-308` | the same version with different content ([`Object::same_content`]) |
/// | `STIX-W-309` | `created_by_ref` differs |
/// | `STIX-N-312` | older than the version at hand |
///
/// Times compare by instant at full precision. Objects of different identifiers are no versions of one another, and observables
/// without `created` and `modified` have none: nothing is found. What a finding means is decided by the caller.
///
/// # Examples
///
/// ```
/// use entente_stix::{Code, Limits, Object, version};
/// let text = r#"{"type":"tool","spec_version":"2.1","id":"tool--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"VNC"}"#;
/// let known = Object::parse(text.as_bytes(), &Limits::admission())?;
/// let other = Object::parse(text.replace("VNC", "other").as_bytes(), &Limits::admission())?;
/// version::check(&known, &other, &mut |code, _| assert_eq!(code, Code::E308));
/// # Ok::<(), entente_stix::ParseError>(())
/// ```
pub fn check(previous: &Object, next: &Object, emit: &mut dyn FnMut(Code, String)) {
    if previous.id() != next.id() {
        return;
    }
    let (Some(known), Some(new)) = (version(previous), version(next)) else {
        return;
    };
    if known == new {
        if !previous.same_content(next) {
            emit(Code::E308, format!("version `{}` has another content already", shown(text(next))));
        }
        return;
    }
    if created(previous) != created(next) {
        let [before, after] = [previous, next].map(|object| shown(object.created_text().unwrap_or("nothing")));
        emit(Code::E306, format!("`created` was `{before}` and is `{after}`"));
    }
    if new > known && previous.revoked() {
        emit(Code::E307, format!("version `{}` was revoked", shown(text(previous))));
    }
    if previous.created_by_ref() != next.created_by_ref() {
        let [before, after] = [previous, next].map(|object| shown(object.created_by_ref().unwrap_or("nobody")));
        emit(Code::W309, format!("`created_by_ref` was `{before}` and is `{after}`"));
    }
    if new < known {
        emit(Code::N312, format!("version `{}` is older than `{}`", shown(text(next)), shown(text(previous))));
    }
}

fn text(object: &Object) -> &str {
    object.modified_text().or(object.created_text()).unwrap_or_default()
}

fn version(object: &Object) -> Option<&str> {
    Timestamp::exact(object.modified_text().or(object.created_text())?)
}

fn created(object: &Object) -> Option<&str> {
    Timestamp::exact(object.created_text()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    const TOOL: &str = r#"{"type":"tool","spec_version":"2.1","id":"tool--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-02T00:00:00.000Z","created_by_ref":"identity--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d","name":"VNC"}"#;

    fn codes(previous: &str, next: &str) -> Vec<&'static str> {
        let parse = |text: &str| Object::parse(text.as_bytes(), &Limits::admission()).unwrap();
        let mut codes = Vec::new();
        check(&parse(previous), &parse(next), &mut |code, _| codes.push(code.as_str()));
        codes
    }

    #[test]
    fn each_finding_and_its_nearest_neighbour() {
        let later = TOOL.replace("01-02T", "01-03T");
        let revoked = TOOL.replace("\"name\"", "\"revoked\":true,\"name\"");
        for (previous, next, expected) in [
            (TOOL, later.clone(), vec![]),
            (TOOL, TOOL.replace(",\"name\"", " , \"name\""), vec![]),
            (TOOL, TOOL.replace("01-02T00:00:00.000Z", "01-02T00:00:00.0000Z"), vec![]),
            (TOOL, TOOL.replace("VNC", "x"), vec!["STIX-E-308"]),
            (TOOL, TOOL.replace("02T00:00:00.000Z", "02T00:00:00.0000000001Z"), vec![]),
            (TOOL, later.replace("01-01T00", "01-01T01"), vec!["STIX-E-306"]),
            (TOOL, later.replace("01-01T00:00:00.000Z", "01-01T00:00:00.00000Z"), vec![]),
            (&revoked, later.clone(), vec!["STIX-E-307"]),
            (&later, revoked.clone(), vec!["STIX-N-312"]),
            (TOOL, later.replace("identity--2", "identity--3"), vec!["STIX-W-309"]),
            (&later, TOOL.to_owned(), vec!["STIX-N-312"]),
            (TOOL, later.replace("tool--2", "tool--3").replace("01-01T00", "01-01T01"), vec![]),
        ] {
            assert_eq!(codes(previous, &next), expected, "{next}");
        }
    }

    #[test]
    fn observables_have_no_versions_and_markings_one() {
        let url = r#"{"type":"url","id":"url--595b5f5c-4253-5ecb-a858-a03658fa994b","value":"http://a.example/"}"#;
        assert!(codes(url, &url.replace("\"value\"", "\"x_n\":1,\"value\"")).is_empty());
        let marking = r#"{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d","created":"2026-01-01T00:00:00Z","definition_type":"statement","definition":{"statement":"a"}}"#;
        assert_eq!(codes(marking, &marking.replace("\"a\"", "\"b\"")), ["STIX-E-308"]);
    }
}
