//! Objects generated from the tables, held against the validator, and what the generator promises to other tests.

#[path = "support/generate.rs"]
mod generate;

use std::collections::BTreeSet;

use entente_stix::tables::common::SDO;
use entente_stix::tables::{extensions, objects};
use entente_stix::validate::{Context, Profile, Verdict, validate_bytes};
use entente_stix::{Code, Limits, Object};
use serde_json::{Value, json};

/// The verdict under `standard`, and each finding with its place.
fn findings(text: &str) -> (Verdict, Vec<(Code, String)>) {
    let mut found = Vec::new();
    let mut emit =
        |finding: &entente_stix::validate::Finding<'_>| found.push((finding.code(), finding.path().to_string()));
    let verdict =
        validate_bytes(text.as_bytes(), &Limits::offline(), Profile::Standard, &Context::default(), &mut emit);
    (verdict, found)
}

#[test]
fn valid_objects_pass_without_a_warning() {
    for name in generate::names().filter(|name| *name != "bundle") {
        // The least of these two lacks a text that should be there.
        let expected = match name {
            "extension-definition" => Some(Code::W701),
            "indicator" => Some(Code::W519),
            _ => None,
        };
        let (verdict, found) = findings(&generate::minimal(name));
        assert_eq!(verdict == Verdict::Valid, expected.is_none(), "{name}: {found:?}");
        assert!(
            expected.is_none_or(|code| verdict == Verdict::Warn && found.iter().any(|(is, _)| *is == code)),
            "{name}"
        );
        for text in std::iter::once(generate::full(name)).chain(generate::alternatives(name)) {
            let (verdict, found) = findings(&text);
            assert_eq!(verdict, Verdict::Valid, "{text}: {found:?}");
        }
    }
}

#[test]
fn each_fault_is_found_where_it_is() {
    for name in generate::names().filter(|name| *name != "bundle") {
        for broken in generate::broken(name) {
            let (_, found) = findings(&broken.object);
            assert!(found.contains(&(broken.code, broken.path.clone())), "{broken:?}: {found:?}");
        }
    }
}

#[test]
fn every_property_of_every_table_stands_in_a_generated_object() {
    let mut missing = BTreeSet::new();
    for table in objects::ALL.into_iter().chain(extensions::ALL).chain(extensions::EMBEDDED) {
        missing.extend(table.properties.iter().map(|property| (table.name, property.name)));
    }
    for name in generate::names() {
        for text in std::iter::once(generate::full(name)).chain(generate::alternatives(name)) {
            for (_, table, property) in generate::places(name, &serde_json::from_str(&text).unwrap()) {
                missing.remove(&(table.name, property.name));
            }
        }
    }
    assert_eq!(missing, BTreeSet::new());
}

#[test]
fn generated_objects_are_read() {
    for text in generate::valid().into_iter().filter(|text| !text.contains(r#""type":"bundle""#)) {
        let object = Object::parse(text.as_bytes(), &Limits::admission());
        assert!(object.is_ok(), "{text}: {object:?}");
    }
}

#[test]
fn a_fault_changes_the_object_at_its_path_and_nowhere_else() {
    let mut codes = BTreeSet::new();
    let mut count = 0;
    for name in generate::names() {
        let bases: Vec<Value> = std::iter::once(generate::full(name))
            .chain(generate::alternatives(name))
            .map(|text| serde_json::from_str(&text).unwrap())
            .collect();
        for broken in generate::broken(name) {
            let object: Value = serde_json::from_str(&broken.object).unwrap();
            assert!(!bases.contains(&object), "{broken:?}");
            let first = broken.path.trim_start_matches('/').split('/').next().unwrap().to_owned();
            let rest = |value: &Value| {
                let mut map = value.as_object().unwrap().clone();
                map.shift_remove(&first);
                map
            };
            assert!(bases.iter().any(|base| rest(base) == rest(&object)), "{broken:?}");
            codes.insert(broken.code);
            count += 1;
        }
    }
    assert!(count > 3000 && codes.len() >= 45, "{count} faults, {} codes", codes.len());
    assert!(codes.contains(&Code::E125) && codes.contains(&Code::W132));
}

#[test]
fn what_cannot_be_read_is_invalid_under_every_profile_and_on_every_type() {
    let values = [
        json!(5),
        json!("a"),
        json!([]),
        json!([5]),
        json!({}),
        json!(true),
        json!(null),
        json!(-1),
        json!(101),
        json!(1.5),
    ];
    let mut refused = 0;
    for name in generate::names().filter(|name| *name != "bundle") {
        let whole: Value = serde_json::from_str(&generate::full(name)).unwrap();
        for property in SDO.properties.iter().map(|property| property.name) {
            for value in &values {
                let mut object = whole.clone();
                object[property] = value.clone();
                let text = object.to_string();
                if Object::parse(text.as_bytes(), &Limits::admission()).is_ok() {
                    continue;
                }
                refused += 1;
                for profile in [Profile::Lenient, Profile::Standard, Profile::Strict] {
                    let context = Context { enclosed: true, ..Context::default() };
                    let verdict = validate_bytes(text.as_bytes(), &Limits::admission(), profile, &context, &mut |_| {});
                    assert_eq!(verdict, Verdict::Invalid, "{profile:?}: {text}");
                }
            }
        }
    }
    assert!(refused > 2_000, "{refused} objects were refused");
}
