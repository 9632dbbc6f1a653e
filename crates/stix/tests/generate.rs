//! What the generator of objects promises to the tests that use it.

#[path = "support/generate.rs"]
mod generate;

use std::collections::BTreeSet;

use entente_stix::tables::{extensions, objects};
use entente_stix::{Code, Limits, Object};
use serde_json::Value;

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
