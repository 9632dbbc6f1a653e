//! The rules whose breach would harm storage, versioning, release or another reader: errors under every profile.

use super::finding::{Detail, Note};
use crate::code::Code;
use crate::tables::common::is_common;
use crate::tables::extensions::GRANULAR_MARKING;

/// Where a breach of a rule is poison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Where {
    Anywhere,
    /// On `type`, `id`, `created` or `modified`.
    Identity,
    /// On `confidence`, which readers and agreements weigh.
    Confidence,
    /// On `created` or `modified`.
    Version,
    /// On `modified`.
    Modified,
    /// On a common property, on an item of its list, and anywhere in `granular_markings`.
    Common,
    /// As `Common`, and on any reference of a known type.
    CommonOrReference,
}

/// The poison set; an error of any other rule becomes a warning under [`Profile::Lenient`](super::Profile::Lenient).
const POISON: [(Code, Where); 36] = [
    (Code::E001, Where::Anywhere),
    (Code::E002, Where::Anywhere),
    (Code::E003, Where::Anywhere),
    (Code::E004, Where::Anywhere),
    (Code::E005, Where::Anywhere),
    (Code::E006, Where::Anywhere),
    (Code::E007, Where::Anywhere),
    (Code::E008, Where::Anywhere),
    (Code::E009, Where::Anywhere),
    (Code::E010, Where::Anywhere),
    (Code::E011, Where::Anywhere),
    (Code::E101, Where::CommonOrReference),
    (Code::E102, Where::Common),
    (Code::E103, Where::Common),
    (Code::E104, Where::Common),
    (Code::E105, Where::Confidence),
    (Code::E106, Where::Confidence),
    (Code::E107, Where::Confidence),
    (Code::E110, Where::Version),
    (Code::E111, Where::Version),
    (Code::E112, Where::Version),
    (Code::E125, Where::Identity),
    (Code::E201, Where::Anywhere),
    (Code::E202, Where::Anywhere),
    (Code::E203, Where::Anywhere),
    (Code::E205, Where::Anywhere),
    (Code::E301, Where::Modified),
    (Code::E303, Where::Anywhere),
    (Code::E401, Where::Anywhere),
    (Code::E402, Where::Anywhere),
    (Code::E405, Where::Anywhere),
    (Code::E406, Where::Anywhere),
    // The second content of one version is refused, the first kept.
    (Code::E804, Where::Anywhere),
    (Code::E901, Where::Anywhere),
    (Code::E912, Where::Anywhere),
    (Code::E913, Where::Anywhere),
];

/// Tells whether a rule is in the poison set wherever it is broken.
pub(super) fn is_poison_anywhere(code: Code) -> bool {
    POISON.contains(&(code, Where::Anywhere))
}

/// Tells whether this breach is in the poison set.
pub(super) fn is_poison(note: &Note<'_>) -> bool {
    let Some((_, place)) = POISON.iter().find(|(code, _)| *code == note.code) else {
        return false;
    };
    let name = note.missing.unwrap_or(note.spot.name);
    // A missing property of an embedded object is not one of the object.
    let at_top = note.spot.table.is_none() && (note.missing.is_none() || note.at == 0);
    let is_marking = note.spot.table.is_some_and(|table| table.name == GRANULAR_MARKING.name);
    match place {
        Where::Anywhere => true,
        Where::Identity => at_top && matches!(name, "type" | "id" | "created" | "modified"),
        Where::Confidence => at_top && name == "confidence",
        Where::Version => at_top && matches!(name, "created" | "modified"),
        Where::Modified => matches!(note.detail, Detail::Order { later: "modified", .. }),
        Where::Common => is_marking || (at_top && is_common(name)),
        Where::CommonOrReference => is_marking || note.spot.is_reference || (at_top && is_common(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use crate::code::Severity;
    use crate::validate::{Context, Profile, Verdict, validate_bytes};

    const NOTE: &str = r#"{"type":"note","spec_version":"2.1","id":"note--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","created":"2026-11-01T08:15:30.000Z","modified":"2026-11-01T08:15:30.000Z","content":"a","object_refs":["note--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"]}"#;

    fn lenient(text: &str) -> (Verdict, Vec<Code>) {
        let mut errors = Vec::new();
        let verdict = validate_bytes(
            text.as_bytes(),
            &Limits::admission(),
            Profile::Lenient,
            &Context::default(),
            &mut |finding| {
                if finding.severity() == Severity::Error {
                    errors.push(finding.code());
                }
            },
        );
        (verdict, errors)
    }

    #[test]
    fn the_set_is_that_of_the_design_and_in_order() {
        assert!(POISON.iter().zip(POISON.iter().skip(1)).all(|(left, right)| left.0 < right.0));
        assert!(POISON.iter().all(|(code, _)| code.severity() == Severity::Error));
        // What raises the marking of the object instead of refusing it, and what a reader can live with.
        for code in [Code::E403, Code::E404, Code::E113, Code::E204, Code::E304, Code::E903] {
            assert!(POISON.iter().all(|(poison, _)| *poison != code), "{code}");
        }
    }

    #[test]
    fn place_decides_where_the_set_says_so() {
        let with = |member: &str| NOTE.replace("\"content\":\"a\"", &format!("\"content\":\"a\",{member}"));
        assert_eq!(lenient(NOTE), (Verdict::Valid, vec![]));
        for (text, error) in [
            (with("\"labels\":1"), Some(Code::E101)),
            (with("\"labels\":[1]"), Some(Code::E101)),
            (with("\"labels\":[]"), Some(Code::E103)),
            (with("\"revoked\":null"), Some(Code::E102)),
            (with("\"extensions\":{}"), Some(Code::E104)),
            (with("\"granular_markings\":[{\"selectors\":7,\"lang\":\"en\"}]"), Some(Code::E101)),
            (NOTE.replace("[\"note--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"]", "7"), Some(Code::E101)),
            (NOTE.replace("\"modified\":\"2026-11-01T08:15:30.000Z\",", ""), Some(Code::E125)),
            (NOTE.replacen(".000Z", "Z", 1), Some(Code::E112)),
            (NOTE.replacen("11-01T", "11-31T", 1), Some(Code::E111)),
            (NOTE.replacen("2026-11-01T", "2027-11-01T", 1), Some(Code::E301)),
            // What `Object::parse` refuses.
            (with("\"confidence\":101"), Some(Code::E107)),
            (with("\"confidence\":0.5"), Some(Code::E106)),
            (with("\"confidence\":9007199254740992"), Some(Code::E105)),
            // The same rules elsewhere are warnings.
            (with("\"authors\":1"), None),
            (with("\"authors\":[]"), None),
            (with("\"x_a\":null"), None),
            (with("\"external_references\":[{\"source_name\":null,\"url\":7}]"), None),
            (with("\"extensions\":{\"x-a-ext\":{}}"), None),
            (NOTE.replace("\"content\":\"a\",", ""), None),
        ] {
            let (verdict, errors) = lenient(&text);
            assert_eq!(errors, error.into_iter().collect::<Vec<_>>(), "{text}");
            let expected = if error.is_some() { Verdict::Invalid } else { Verdict::Warn };
            assert_eq!(verdict, expected, "{text}");
        }
        let campaign = NOTE.replace("note", "campaign").replace(
            "\"content\":\"a\"",
            "\"name\":\"a\",\"first_seen\":\"2026-01-02T00:00:00Z\",\"last_seen\":\"2026-01-01T00:00:00Z\"",
        );
        assert_eq!(lenient(&campaign).1, vec![], "the order of other times");
        let observed = NOTE.replace("note", "observed-data").replace(
            "\"content\":\"a\"",
            "\"number_observed\":0,\"first_observed\":\"2026-01-01T00:00:00Z\",\"last_observed\":\"2026-01-01T00:00:00Z\"",
        );
        assert_eq!(lenient(&observed).1, vec![], "the range of other numbers");
    }
}
