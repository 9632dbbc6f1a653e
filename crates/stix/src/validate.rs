//! The rules that an object must keep to be admitted.
//!
//! Head members have been checked by [`Object::parse`]; here come the rules that depend on the type, the other members and the
//! clock. Nothing unknown is an error: custom types and properties pass.
//!
//! GAP: values of optional properties, lists inside properties, vocabularies and the value formats of observables are not looked
//! at yet, so an object with a fault there is admitted.

use serde_json::Value;

use crate::error::{ParseError, shown};
use crate::id;
use crate::json::{string_inside, string_items, unescape};
use crate::kinds::{self, Class, Form, Kind};
use crate::marking;
use crate::object::{Object, require_identifier, whole_number};
use crate::timestamp::Timestamp;

/// LIMIT: clocks of partners may be ahead by this much.
const AHEAD_MICROS_MAX: i64 = 5 * 60 * 1_000_000;

/// Checks one object against the rules of its type.
///
/// Required properties, wrong JSON types, order of times, times ahead of `now` by more than five minutes, targets of
/// relationships and sightings, versions of identifiers, granular markings, and the built-in markings. A deterministic
/// identifier that differs from the computed one is not an error; see [`id::recomputed`].
///
/// # Errors
///
/// The first broken rule with its code, in the order: common properties, properties of the type, times, references, markings.
pub fn check(object: &Object, now: Timestamp) -> Result<(), ParseError> {
    let kind = kinds::find(object.object_type());
    let class = kind.map_or_else(|| custom_class(object), |kind| kind.class);
    common(object, class, now)?;
    if let Some(kind) = kind.filter(|_| object.spec_version() != Some("2.0")) {
        for &(property, form) in kind.required {
            required(object, property, form)?;
        }
        identifier_version(object, kind)?;
        targets(object, kind)?;
    }
    for &(later, earlier, strict) in kind.map_or(&[][..], |kind| kind.ordered) {
        ordered(object, later, earlier, strict)?;
    }
    if object.has_granular_markings() {
        granular_markings(object)?;
    }
    if object.object_type() == "marking-definition" {
        marking_definition(object)?;
    }
    marking::check_reserved(object)
}

/// A custom type without `created` and `modified` is an observable, else a domain object.
fn custom_class(object: &Object) -> Class {
    if object.created().is_none() && object.modified().is_none() { Class::Sco } else { Class::Sdo }
}

/// The common properties of STIX 2.1 §3.2.
fn common(object: &Object, class: Class, now: Timestamp) -> Result<(), ParseError> {
    match object.spec_version() {
        Some("2.0" | "2.1") => {}
        Some(other) => {
            let message = format!("`spec_version` of `{}` is neither 2.0 nor 2.1", shown(other));
            return Err(ParseError::rule("STIX-E-304", "spec_version", message));
        }
        None if class == Class::Sco => {}
        None => return Err(ParseError::missing("spec_version")),
    }
    let is_marking = object.object_type() == "marking-definition";
    if class != Class::Sco && object.created().is_none() {
        return Err(ParseError::missing("created"));
    }
    if class != Class::Sco && !is_marking && object.modified().is_none() {
        return Err(ParseError::missing("modified"));
    }
    for (property, text) in [("created", object.created_text()), ("modified", object.modified_text())] {
        if let Some(text) = text.filter(|_| !is_marking)
            && fraction_digits(text) < 3
        {
            let message = format!("`{property}` of `{}` has no milliseconds", shown(text));
            return Err(ParseError::rule("STIX-E-112", property, message));
        }
    }
    if class != Class::Sco && object.member("defanged").is_some() {
        return Err(ParseError::rule("STIX-E-126", "defanged", "`defanged` on something that is not an observable"));
    }
    for property in ["labels", "external_references", "object_marking_refs", "granular_markings"] {
        if empty(object.member_text(property)) {
            return Err(ParseError::rule("STIX-E-103", property, format!("`{property}` is an empty list")));
        }
    }
    if empty(object.member_text("extensions")) {
        return Err(ParseError::rule("STIX-E-104", "extensions", "`extensions` is an empty object"));
    }
    for (property, first, expected) in
        [("external_references", '[', "a list"), ("extensions", '{', "an object"), ("lang", '"', "a string")]
    {
        if let Some(raw) = object.member_text(property).filter(|raw| !raw.starts_with(first)) {
            return Err(ParseError::wrong_type(property, raw, expected));
        }
    }
    instants(object, now)
}

fn instants(object: &Object, now: Timestamp) -> Result<(), ParseError> {
    if let (Some(created), Some(modified)) = (object.created(), object.modified())
        && modified < created
    {
        let message = format!("`modified` {modified} is earlier than `created` {created}");
        return Err(ParseError::rule("STIX-E-301", "modified", message));
    }
    let latest = now.saturating_add_micros(AHEAD_MICROS_MAX);
    for (property, instant) in [("modified", object.modified()), ("created", object.created())] {
        if let Some(instant) = instant.filter(|instant| *instant > latest) {
            let message = format!("`{property}` {instant} is in the future");
            return Err(ParseError::rule("STIX-E-303", property, message));
        }
    }
    Ok(())
}

fn fraction_digits(text: &str) -> usize {
    text.split_once('.').map_or(0, |(_, fraction)| fraction.len().saturating_sub(1))
}

/// Tells whether a raw list or object has nothing in it.
fn empty(raw: Option<&str>) -> bool {
    let inside = raw.and_then(|raw| raw.strip_prefix(['[', '{'])).and_then(|rest| rest.strip_suffix([']', '}']));
    inside.is_some_and(|inside| inside.trim_ascii().is_empty())
}

fn required(object: &Object, property: &str, form: Form) -> Result<(), ParseError> {
    let Some(raw) = object.member_text(property) else {
        return Err(ParseError::missing(property));
    };
    let expect =
        |holds: bool, expected| if holds { Ok(()) } else { Err(ParseError::wrong_type(property, raw, expected)) };
    match form {
        Form::Boolean => expect(matches!(raw, "true" | "false"), "a boolean"),
        Form::Dictionary if empty(Some(raw)) => {
            Err(ParseError::rule("STIX-E-104", property, format!("`{property}` is an empty object")))
        }
        Form::Dictionary => expect(raw.starts_with('{'), "an object"),
        Form::Integer(least, most) => {
            let number = whole_number(property, raw)?;
            if (least..=most).contains(&number) {
                return Ok(());
            }
            let message = format!("`{property}` of {number} is not from {least} to {most}");
            Err(ParseError::rule("STIX-E-107", property, message))
        }
        Form::List | Form::References if raw.starts_with('[') && empty(Some(raw)) => {
            Err(ParseError::rule("STIX-E-103", property, format!("`{property}` is an empty list")))
        }
        Form::List => expect(raw.starts_with('['), "a list"),
        Form::Reference => {
            expect(raw.starts_with('"'), "a string")?;
            require_identifier(property, &object.text(property).unwrap_or_default())
        }
        Form::References => {
            let Some(items) = string_items(raw) else {
                return Err(ParseError::wrong_type(property, raw, "a list of strings"));
            };
            items.into_iter().try_for_each(|item| require_identifier(property, &unescape(item)))
        }
        Form::Text => expect(raw.starts_with('"'), "a string"),
        Form::Timestamp => instant(object, property).map(drop),
    }
}

/// Reads a timestamp property; none where it is absent.
fn instant(object: &Object, property: &str) -> Result<Option<Timestamp>, ParseError> {
    let Some(raw) = object.member_text(property) else {
        return Ok(None);
    };
    let Some(inside) = string_inside(raw) else {
        return Err(ParseError::wrong_type(property, raw, "a string"));
    };
    match Timestamp::parse(&unescape(inside)) {
        Ok(instant) => Ok(Some(instant)),
        Err(error) => Err(ParseError::rule(error.code(), property, format!("`{property}`: {error}"))),
    }
}

/// Order rules of STIX 2.1 §3 to §6.
fn ordered(object: &Object, later: &str, earlier: &str, strict: bool) -> Result<(), ParseError> {
    let (Some(late), Some(early)) = (instant(object, later)?, instant(object, earlier)?) else {
        return Ok(());
    };
    if late < early || (strict && late == early) {
        let relation = if strict { "is not later than" } else { "is earlier than" };
        let message = format!("`{later}` {late} {relation} `{earlier}` {early}");
        return Err(ParseError::rule("STIX-E-301", later, message));
    }
    Ok(())
}

/// An observable with nothing to compute its identifier from has a random one (STIX 2.1 §2.9).
fn identifier_version(object: &Object, kind: &Kind) -> Result<(), ParseError> {
    if kind.class != Class::Sco || kind.contributing.iter().any(|property| object.member(property).is_some()) {
        return Ok(());
    }
    let version = id::split(object.id()).and_then(|(_, uuid)| id::uuid_version(uuid));
    if version == Some(b'4') {
        return Ok(());
    }
    let message = format!("identifier `{}` needs a UUID of version 4", shown(object.id()));
    Err(ParseError::rule("STIX-E-207", "id", message))
}

fn targets(object: &Object, kind: &Kind) -> Result<(), ParseError> {
    for &(property, targets) in kind.targets {
        let Some(raw) = object.member_text(property) else {
            continue;
        };
        let items = match string_inside(raw) {
            Some(item) if property.ends_with("_ref") => vec![item],
            None if property.ends_with("_refs") && string_items(raw).is_some() => string_items(raw).unwrap_or_default(),
            _ => return Err(ParseError::wrong_type(property, raw, "an identifier or a list of identifiers")),
        };
        if items.is_empty() {
            return Err(ParseError::rule("STIX-E-103", property, format!("`{property}` is an empty list")));
        }
        for item in items {
            let target = unescape(item);
            require_identifier(property, &target)?;
            let target_type = id::split(&target).map(|(target_type, _)| target_type).unwrap_or_default();
            if !targets.allow(target_type) {
                let message = format!("`{property}` may not name `{}`", shown(&target));
                return Err(ParseError::rule("STIX-E-204", property, message));
            }
        }
    }
    Ok(())
}

/// Each entry has exactly one of `lang` and `marking_ref` (STIX 2.1 §7.2.3.2). Selectors are the business of their evaluation.
fn granular_markings(object: &Object) -> Result<(), ParseError> {
    const PROPERTY: &str = "granular_markings";
    let raw = object.member(PROPERTY).unwrap_or_default();
    let Ok(Value::Array(entries)) = serde_json::from_slice::<Value>(raw) else {
        return Err(ParseError::wrong_type(PROPERTY, "", "a list"));
    };
    for entry in &entries {
        let Value::Object(entry) = entry else {
            return Err(ParseError::wrong_type(PROPERTY, "", "a list of objects"));
        };
        if entry.contains_key("lang") == entry.contains_key("marking_ref") {
            let message = "a granular marking has exactly one of `lang` and `marking_ref`";
            return Err(ParseError::rule("STIX-E-402", PROPERTY, message));
        }
        if let Some(target) = entry.get("marking_ref") {
            let Some(target) = target.as_str() else {
                return Err(ParseError::wrong_type(PROPERTY, "", "a list with identifiers in `marking_ref`"));
            };
            require_identifier(PROPERTY, target)?;
        }
    }
    Ok(())
}

/// STIX 2.1 §7.2.1.
fn marking_definition(object: &Object) -> Result<(), ParseError> {
    let by_extension = object.member("extensions").is_some();
    if !by_extension {
        let defined = object.member_text("definition").is_some_and(|raw| raw.starts_with('{'))
            && object.member_text("definition_type").is_some_and(|raw| raw.starts_with('"'));
        if !defined {
            let message = "a marking definition needs `definition_type` and `definition`, or an extension";
            return Err(ParseError::rule("STIX-E-401", "definition", message));
        }
    }
    if object.object_marking_refs().iter().any(|target| target == object.id()) {
        return Err(ParseError::rule("STIX-E-405", "object_marking_refs", "a marking definition marks itself"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    const INDICATOR: &str = r#"{"type":"indicator","spec_version":"2.1","id":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","created":"2026-11-01T08:15:30.000Z","modified":"2026-11-01T08:15:30.000Z","pattern":"[domain-name:value = 'c2.monsoon.example']","pattern_type":"stix","valid_from":"2026-11-01T08:15:30Z"}"#;
    const SIGHTING: &str = r#"{"type":"sighting","spec_version":"2.1","id":"sighting--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","created":"2026-11-01T08:15:30.000Z","modified":"2026-11-01T08:15:30.000Z","sighting_of_ref":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"}"#;
    const RELATIONSHIP: &str = r#"{"type":"relationship","spec_version":"2.1","id":"relationship--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","created":"2026-11-01T08:15:30.000Z","modified":"2026-11-01T08:15:30.000Z","relationship_type":"based-on","source_ref":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","target_ref":"url--595b5f5c-4253-5ecb-a858-a03658fa994b"}"#;

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-24T10:00:00Z").unwrap()
    }

    fn verdict(text: &str) -> (&'static str, String) {
        let object = Object::parse(text.as_bytes(), &Limits::admission()).unwrap();
        match check(&object, now()) {
            Ok(()) => ("valid", String::new()),
            Err(error) => (error.code(), error.path().to_owned()),
        }
    }

    fn code(text: &str) -> &'static str {
        verdict(text).0
    }

    fn with(text: &str, members: &str) -> String {
        format!("{},{members}}}", text.trim_end_matches('}'))
    }

    #[test]
    fn every_required_property_is_required() {
        // For each type: an object with all required properties passes, and fails without any one of them.
        let id = "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
        for name in kinds::names() {
            let kind = kinds::find(name).unwrap();
            let mut members = vec![("type", format!("\"{name}\"")), ("id", format!("\"{name}--{id}\""))];
            if kind.class != Class::Sco {
                members.push(("spec_version", "\"2.1\"".to_owned()));
                members.push(("created", "\"2026-11-01T08:15:30.000Z\"".to_owned()));
            }
            if kind.class != Class::Sco && name != "marking-definition" {
                members.push(("modified", "\"2026-11-01T08:15:30.000Z\"".to_owned()));
            }
            for &(property, form) in kind.required {
                let value = match form {
                    Form::Boolean => "true".to_owned(),
                    Form::Dictionary => "{\"en\":{}}".to_owned(),
                    Form::Integer(..) => "1".to_owned(),
                    Form::List => "[\"tcp\"]".to_owned(),
                    Form::Reference => format!("\"identity--{id}\""),
                    Form::References => format!("[\"identity--{id}\"]"),
                    Form::Text => "\"a\"".to_owned(),
                    Form::Timestamp => "\"2026-11-01T08:15:30Z\"".to_owned(),
                };
                members.push((property, value));
            }
            if name == "marking-definition" {
                members.push(("definition_type", "\"statement\"".to_owned()));
                members.push(("definition", "{\"statement\":\"a\"}".to_owned()));
            }
            let write = |skip: usize| {
                let kept = members.iter().enumerate().filter(|(at, _)| *at != skip);
                let kept: Vec<_> = kept.map(|(_, (key, value))| format!("\"{key}\":{value}")).collect();
                format!("{{{}}}", kept.join(","))
            };
            assert_eq!(verdict(&write(usize::MAX)), ("valid", String::new()), "{name}");
            for (at, (property, _)) in members.iter().enumerate().skip(2) {
                let expected = if property.starts_with("definition") { "STIX-E-401" } else { "STIX-E-125" };
                assert_eq!(code(&write(at)), expected, "{name} {property}");
            }
        }
    }

    #[test]
    fn each_rule_of_one_object_has_its_code() {
        let instant = r#""2026-11-01T08:15:30.000Z""#;
        for (text, expected, path) in [
            (INDICATOR.to_owned(), "valid", ""),
            (SIGHTING.to_owned(), "valid", ""),
            (RELATIONSHIP.to_owned(), "valid", ""),
            (INDICATOR.replace("\"2.1\"", "\"3.0\""), "STIX-E-304", "/spec_version"),
            (
                INDICATOR.replace("\"pattern\":\"[", "\"pattern\":[\"").replace("']\"", "']\"]"),
                "STIX-E-101",
                "/pattern",
            ),
            (INDICATOR.replace("\"stix\"", "null"), "STIX-E-102", "/pattern_type"),
            (INDICATOR.replacen(".000Z", "Z", 1), "STIX-E-112", "/created"),
            (
                INDICATOR.replace("\"valid_from\":\"2026-11-01T08:15:30Z\"", "\"valid_from\":\"2026\""),
                "STIX-E-110",
                "/valid_from",
            ),
            (INDICATOR.replacen("2026-11-01", "2026-11-02", 1), "STIX-E-301", "/modified"),
            (with(INDICATOR, "\"valid_until\":\"2026-11-01T08:15:30.000Z\""), "STIX-E-301", "/valid_until"),
            (with(INDICATOR, "\"valid_until\":\"2026-11-01T08:15:30.001Z\""), "valid", ""),
            (with(INDICATOR, "\"labels\":[ ]"), "STIX-E-103", "/labels"),
            (with(INDICATOR, "\"extensions\":{}"), "STIX-E-104", "/extensions"),
            (with(INDICATOR, "\"extensions\":[1]"), "STIX-E-101", "/extensions"),
            (with(INDICATOR, "\"defanged\":true"), "STIX-E-126", "/defanged"),
            (with(INDICATOR, "\"granular_markings\":[{\"selectors\":[\"name\"]}]"), "STIX-E-402", "/granular_markings"),
            (with(INDICATOR, "\"granular_markings\":[{\"lang\":\"en\",\"selectors\":[\"name\"]}]"), "valid", ""),
            (with(INDICATOR, "\"x_unknown\":[null]"), "valid", ""),
            (
                with(SIGHTING, "\"first_seen\":\"2026-11-01T00:00:00Z\",\"last_seen\":\"2026-10-31T00:00:00Z\""),
                "STIX-E-301",
                "/last_seen",
            ),
            (with(SIGHTING, &format!("\"first_seen\":{instant},\"last_seen\":{instant}")), "valid", ""),
            (SIGHTING.replace("\"indicator--", "\"ipv4-addr--"), "STIX-E-204", "/sighting_of_ref"),
            (SIGHTING.replace("\"indicator--", "\"x-acme-case--"), "valid", ""),
            (
                with(SIGHTING, "\"where_sighted_refs\":[\"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"]"),
                "STIX-E-204",
                "/where_sighted_refs",
            ),
            (with(SIGHTING, "\"observed_data_refs\":[]"), "STIX-E-103", "/observed_data_refs"),
            (RELATIONSHIP.replace("\"url--", "\"sighting--"), "STIX-E-204", "/target_ref"),
            (RELATIONSHIP.replace("\"url--595b5f5c-", "\"url--595b5f5c"), "STIX-E-201", "/target_ref"),
            (
                with(RELATIONSHIP, &format!("\"start_time\":{instant},\"stop_time\":{instant}")),
                "STIX-E-301",
                "/stop_time",
            ),
        ] {
            assert_eq!(verdict(&text), (expected, path.to_owned()), "{text}");
        }
    }

    #[test]
    fn observables_need_no_times_and_random_ids_only_without_contributing_properties() {
        let process = r#"{"type":"process","id":"process--44287210-9343-52aa-86a2-41c9d3902b75","pid":1}"#;
        assert_eq!(code(process), "STIX-E-207");
        assert_eq!(code(&process.replace("-52aa-", "-42aa-")), "valid");
        assert_eq!(
            code(r#"{"type":"user-account","id":"user-account--44287210-9343-52aa-86a2-41c9d3902b75","user_id":"7"}"#),
            "valid"
        );
        assert_eq!(
            code(r#"{"type":"x-acme-thing","id":"x-acme-thing--44287210-9343-52aa-86a2-41c9d3902b75"}"#),
            "valid"
        );
    }

    #[test]
    fn a_stix_2_0_object_keeps_to_the_rules_of_time_only() {
        let old = INDICATOR.replace("\"2.1\"", "\"2.0\"").replace("\"pattern_type\":\"stix\",", "");
        assert_eq!(code(&old), "valid");
        assert_eq!(code(&old.replacen("2026-11-01", "2026-11-02", 1)), "STIX-E-301");
    }

    #[test]
    fn a_marking_definition_may_not_mark_itself() {
        let id = "marking-definition--a4868c89-83c2-464b-929b-a1a8aa3c8487";
        let text = format!(
            r#"{{"type":"marking-definition","spec_version":"2.1","id":"{id}","created":"2026-01-01T00:00:00Z","definition_type":"statement","definition":{{"statement":"a"}},"object_marking_refs":["{id}"]}}"#
        );
        assert_eq!(code(&text), "STIX-E-405");
        assert_eq!(
            code(&text.replace(&format!("[\"{id}\"]"), &format!("[\"{}\"]", marking::Tlp::Red.marking_id()))),
            "valid"
        );
    }
}
