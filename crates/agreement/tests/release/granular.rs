//! Properties that have a marking of their own.

use super::*;

/// An indicator whose properties are marked one by one.
fn granular(entries: &[(&str, &str)]) -> Object {
    let entries: Vec<Value> =
        entries.iter().map(|(selector, marking)| json!({ "marking_ref": marking, "selectors": [selector] })).collect();
    let more = json!({
        "name": "C2 of the week", "description": "as told by a source", "labels": ["role:c2", "PAP:GREEN"],
        "granular_markings": entries,
    });
    parse(&indicator("[ipv4-addr:value = '203.0.113.9']", more))
}

const UNKNOWN_MARKING: &str = "marking-definition--11111111-1111-4111-8111-111111111111";

#[test]
fn a_property_marked_above_the_ceiling_stays_behind_and_the_rest_leaves() {
    let bench = Bench::of(&["attribution:may", "retain:60d"], true);
    assert_eq!(bench.clause().tlp_max, Tlp::Amber);
    for marking in [Tlp::AmberStrict.marking_id(), Tlp::Red.marking_id(), UNKNOWN_MARKING] {
        let object = granular(&[("description", marking), ("labels.[0]", marking)]);
        let applied = bench.apply(&object, &facts_of(&object, infrastructure())).unwrap();
        let left = members(&applied);
        assert!(!left.contains_key("description") && !left.contains_key("labels"), "{left:?}");
        assert!(!left.contains_key("granular_markings"));
        assert_eq!(left["name"], "C2 of the week");
        assert_eq!(left["object_marking_refs"], json!([Tlp::Green.marking_id()]));
        assert!(applied.effects.iter().any(|(name, paths)| name == "granular-marking" && paths.len() == 2));
        // Other content is another object.
        assert_ne!(applied.object_id, object.id());
    }
}

#[test]
fn an_object_rises_to_the_marking_of_the_properties_that_leave_with_it() {
    let bench = Bench::of(&["attribution:may", "retain:60d"], true);
    let object = granular(&[("description", Tlp::Amber.marking_id())]);
    let left = members(&bench.apply(&object, &facts_of(&object, infrastructure())).unwrap());
    assert_eq!(left["description"], "as told by a source");
    assert_eq!(left["object_marking_refs"], json!([Tlp::Amber.marking_id()]));
}

#[test]
fn a_required_property_above_the_ceiling_takes_the_object_with_it() {
    let bench = Bench::of(&["attribution:may", "retain:60d"], true);
    for selector in ["pattern", "valid_from", "id", "created"] {
        let object = granular(&[(selector, Tlp::Red.marking_id())]);
        let refused = bench.apply(&object, &facts_of(&object, infrastructure()));
        assert_eq!(refused, Err(Reason::ClosureRequiredProperty), "{selector}");
    }
}

#[test]
fn abuse_a17_of_received_data_only_what_is_marked_as_its_whole_goes_on() {
    let bench = Bench::of(&["attribution:may", "retain:60d"], true);
    let object = granular(&[("description", Tlp::Amber.marking_id())]);
    let facts = Facts { origin: Origin::Community, ..facts_of(&object, infrastructure()) };
    let left = members(&bench.apply(&object, &facts).unwrap());
    assert!(!left.contains_key("description"), "AMBER of a GREEN object is the originator's to pass on: {left:?}");
    assert_eq!(left["object_marking_refs"], json!([Tlp::Green.marking_id()]));
}

#[test]
fn a_mapped_marking_of_a_property_counts_as_the_text_says() {
    let mut bench = Bench::of(&["attribution:may", "retain:60d"], true);
    let map = format!("[[marking_map]]\nmarking = \"{UNKNOWN_MARKING}\"\ntlp = \"amber\"\npap = \"green\"\n\n[onward]");
    let text = bench.terms.text().replace("[onward]", &map);
    bench.terms = Terms::parse(&text).unwrap_or_else(|errors| panic!("{errors:?}"));
    let object = granular(&[("description", UNKNOWN_MARKING)]);
    let left = members(&bench.apply(&object, &facts_of(&object, infrastructure())).unwrap());
    assert_eq!(left["object_marking_refs"], json!([Tlp::Amber.marking_id()]));
}
