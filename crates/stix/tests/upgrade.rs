//! STIX 2.0 objects become STIX 2.1 objects, and lose nothing.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests, not only test functions")]

use entente_stix::upgrade::{self, Options, bytes_of, is_2_0};
use entente_stix::{Limits, Object, Timestamp, id, validate};
use serde_json::{Value, json};

const UUID: &str = "2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d";
const RED: &str = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed";
const GREEN: &str = "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da";

fn parse(value: &Value) -> Object {
    Object::parse(value.to_string().as_bytes(), &Limits::admission()).unwrap()
}

fn old(object_type: &str, members: &Value) -> Object {
    let mut value = json!({
        "type": object_type, "id": format!("{object_type}--{UUID}"),
        "created": "2017-01-01T00:00:00.000Z", "modified": "2017-02-01T00:00:00.000Z",
    });
    value.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    parse(&value)
}

fn new(object: &Object) -> Vec<Value> {
    let all = upgrade::upgrade(object, &Options::default(), &mut bytes_of).unwrap();
    all.iter().map(|object| Value::Object(object.json())).collect()
}

fn observed(objects: &Value, more: &Value) -> Object {
    let mut members = json!({
        "first_observed": "2017-01-01T00:00:00Z", "last_observed": "2017-01-01T00:00:00Z", "number_observed": 1,
        "objects": objects,
    });
    members.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    old("observed-data", &members)
}

fn inner(objects: &Value) -> Vec<Value> {
    new(&observed(objects, &json!({}))).split_off(1)
}

#[test]
fn objects_of_2_0_are_told_by_version_or_by_their_company() {
    let tool = old("tool", &json!({}));
    assert!(is_2_0(&tool, true) && !is_2_0(&tool, false));
    assert!(is_2_0(&old("tool", &json!({"spec_version": "2.0"})), false));
    assert!(!is_2_0(&old("tool", &json!({"spec_version": "2.1"})), true));
    assert!(is_2_0(&old("marking-definition", &json!({})), true));
    assert!(is_2_0(&old("x-mitre-tactic", &json!({})), true));
    for object_type in ["url", "language-content", "extension-definition"] {
        assert!(!is_2_0(&old(object_type, &json!({})), true), "{object_type}");
    }
    let custom = parse(&json!({"type": "x-thing", "id": format!("x-thing--{UUID}")}));
    assert!(!is_2_0(&custom, true));
    let newer = old("tool", &json!({"spec_version": "2.1"}));
    assert_eq!(upgrade::upgrade(&newer, &Options::default(), &mut bytes_of).unwrap()[0].raw(), newer.raw());
}

#[test]
fn labels_of_the_vocabulary_move_and_others_stay() {
    for (object_type, property, label) in [
        ("indicator", "indicator_types", "malicious-activity"),
        ("malware", "malware_types", "ransomware"),
        ("report", "report_types", "threat-report"),
        ("threat-actor", "threat_actor_types", "crime-syndicate"),
        ("tool", "tool_types", "remote-access"),
    ] {
        let moved = &new(&old(object_type, &json!({"labels": ["a", label, "b"]})))[0];
        assert_eq!((&moved[property], &moved["labels"]), (&json!([label]), &json!(["a", "b"])), "{object_type}");
        assert_eq!(moved["spec_version"], "2.1");
        let all = &new(&old(object_type, &json!({"labels": [label, label]})))[0];
        assert_eq!((&all[property], all.get("labels")), (&json!([label]), None));
        let none = &new(&old(object_type, &json!({"labels": ["a"]})))[0];
        assert_eq!((none.get(property), &none["labels"]), (None, &json!(["a"])));
    }
    let campaign = &new(&old("campaign", &json!({"labels": ["remote-access"], "x_n": 1})))[0];
    assert_eq!((&campaign["labels"], &campaign["x_n"]), (&json!(["remote-access"]), &json!(1)));
}

#[test]
fn markings_of_labels_follow_the_labels() {
    let marked = |selectors: &[&str]| {
        let entry = json!({"marking_ref": RED, "selectors": selectors});
        let tool = old("tool", &json!({"labels": ["a", "remote-access", "b"], "granular_markings": [entry]}));
        new(&tool)[0]["granular_markings"][0]["selectors"].clone()
    };
    assert_eq!(
        marked(&["labels.[0]", "labels.[1]", "labels.[2]"]),
        json!(["labels.[0]", "tool_types.[0]", "labels.[1]"])
    );
    assert_eq!(marked(&["labels", "name"]), json!(["tool_types", "labels", "name"]));
    assert_eq!(marked(&["labels.[9]"]), json!(["labels.[9]"]));
}

#[test]
fn indicators_and_malware_get_what_2_1_requires() {
    let indicator =
        &new(&old("indicator", &json!({"pattern": "[url:value = 'x']", "valid_from": "2017-01-01T00:00:00Z"})))[0];
    assert_eq!((&indicator["pattern_type"], &indicator["pattern_version"]), (&json!("stix"), &json!("2.0")));
    let yara = &new(&old("indicator", &json!({"pattern": "rule", "pattern_type": "yara"})))[0];
    assert_eq!((&yara["pattern_type"], yara.get("pattern_version")), (&json!("yara"), None));
    assert_eq!(new(&old("malware", &json!({})))[0]["is_family"], json!(false));
    assert_eq!(new(&old("malware", &json!({"is_family": true})))[0]["is_family"], json!(true));
    let family = Options { malware_is_family: true, ..Options::default() };
    let object = upgrade::upgrade(&old("malware", &json!({})), &family, &mut bytes_of).unwrap();
    assert_eq!(object[0].member("is_family"), Some(&b"true"[..]));
}

#[test]
fn bytes_that_mean_the_same_stay() {
    let text = format!(
        r#"{{"type":"tool", "id":"tool--{UUID}","created":"2017-01-01T00:00:00.000Z","modified":"2017-01-01T00:00:00.0Z","name":"\u00e9", "x_n": 1.50}}"#
    );
    let object = Object::parse(text.as_bytes(), &Limits::admission()).unwrap();
    let new = upgrade::upgrade(&object, &Options::default(), &mut bytes_of).unwrap();
    assert_eq!(String::from_utf8_lossy(new[0].raw()), text.replace("1.50}", "1.50, \"spec_version\":\"2.1\"}"));
}

#[test]
fn tlp_1_is_the_built_in_definition_and_nothing_else() {
    let red = json!({"type": "marking-definition", "id": RED, "created": "2017-01-20T00:00:00.000Z", "definition_type": "tlp", "definition": {"tlp": "red"}});
    assert_eq!(new(&parse(&red))[0]["name"], "TLP:RED");
    let mut white = red;
    white["definition"]["tlp"] = "white".into();
    let refused = upgrade::upgrade(&parse(&white), &Options::default(), &mut bytes_of).unwrap_err();
    assert_eq!(refused.code(), "stix.reserved-marking");
    let statement =
        old("marking-definition", &json!({"definition_type": "statement", "definition": {"statement": "(c)"}}));
    assert_eq!(new(&statement)[0]["spec_version"], "2.1");
}

#[test]
fn observables_become_objects_with_deterministic_ids() {
    let all = new(&observed(
        &json!({
            "0": {"type": "network-traffic", "src_ref": "1", "dst_ref": "2", "dst_port": 80, "protocols": ["tcp"]},
            "1": {"type": "ipv4-addr", "value": "192.0.2.44", "resolves_to_refs": ["3"]},
            "2": {"type": "domain-name", "value": "c2.monsoon.example"},
            "3": {"type": "mac-addr", "value": "02:00:5e:10:00:ff"},
            "4": {"type": "domain-name", "value": "c2.monsoon.example"},
        }),
        &json!({"x_n": 1}),
    ));
    let [address, name] =
        ["ipv4-addr--59bca7b5-de05-591d-9d1c-266072549107", "domain-name--a209240e-14c2-56ae-b88f-b466ce414ebb"];
    let mac = "mac-addr--fb20120c-6b2c-576d-97cc-b3b6283a498c";
    let traffic = json!({"src_ref": address, "dst_ref": name, "dst_port": 80, "protocols": ["tcp"]});
    let traffic = id::sco_id("network-traffic", traffic.as_object().unwrap()).unwrap();
    assert_eq!(all[0]["object_refs"], json!([traffic, address, name, mac]));
    assert_eq!((all[0].get("objects"), &all[0]["x_n"]), (None, &json!(1)));
    assert_eq!(
        all[1],
        json!({"type": "network-traffic", "spec_version": "2.1", "id": traffic, "src_ref": address, "dst_ref": name, "dst_port": 80, "protocols": ["tcp"]})
    );
    assert_eq!(all[2]["resolves_to_refs"], json!([mac]));
    assert_eq!(all.len(), 5);
    for value in &all[1..] {
        let object = parse(value);
        assert_eq!(id::recomputed(&object).as_deref(), Some(object.id()));
        validate::check(&object, Timestamp::from_unix_seconds(1_780_000_000)).unwrap();
    }
}

#[test]
fn old_names_and_forms_become_new_ones() {
    for (before, after) in [
        (
            json!({"type": "file", "name": "a", "created": "t", "modified": "u", "accessed": "v"}),
            json!({"name": "a", "ctime": "t", "mtime": "u", "atime": "v"}),
        ),
        (
            json!({"type": "file", "name": "a", "is_encrypted": true, "decryption_key": "k"}),
            json!({"name": "a", "x_is_encrypted": true, "x_decryption_key": "k"}),
        ),
        (
            json!({"type": "file", "hashes": {"MD5": "a", "ssdeep": "b"}}),
            json!({"hashes": {"MD5": "a", "SSDEEP": "b"}}),
        ),
        (
            json!({"type": "file", "name": "a", "extensions": {"ntfs-ext": {"alternate_data_streams": [{"name": "s", "hashes": {"ssdeep": "b"}}]}, "raster-image-ext": {"image_compression_algorithm": "x"}}}),
            json!({"name": "a", "extensions": {"ntfs-ext": {"alternate_data_streams": [{"name": "s", "hashes": {"SSDEEP": "b"}}]}, "raster-image-ext": {"x_image_compression_algorithm": "x"}}}),
        ),
        (
            json!({"type": "directory", "path": "/", "created": "t", "ctime": "u"}),
            json!({"path": "/", "created": "t", "ctime": "u"}),
        ),
        (
            json!({"type": "process", "pid": 1, "name": "a", "created": "t", "arguments": ["-x"]}),
            json!({"pid": 1, "x_name": "a", "created_time": "t", "x_arguments": ["-x"]}),
        ),
        (
            json!({"type": "user-account", "user_id": "1", "password_last_changed": "t"}),
            json!({"user_id": "1", "credential_last_changed": "t"}),
        ),
        (
            json!({"type": "windows-registry-key", "key": "k", "modified": "t"}),
            json!({"key": "k", "modified_time": "t"}),
        ),
        (
            json!({"type": "email-message", "is_multipart": false, "additional_header_fields": {"X": "y", "Z": ["a"]}}),
            json!({"is_multipart": false, "additional_header_fields": {"X": ["y"], "Z": ["a"]}}),
        ),
        (
            json!({"type": "network-traffic", "protocols": ["http"], "extensions": {"http-request-ext": {"request_header": {"Host": "h"}}, "socket-ext": {"protocol_family": "PF_INET"}}}),
            json!({"protocols": ["http"], "extensions": {"http-request-ext": {"request_header": {"Host": ["h"]}}, "socket-ext": {"x_protocol_family": "PF_INET"}}}),
        ),
        (
            json!({"type": "x-thing", "created": "t", "a_ref": "free text"}),
            json!({"created": "t", "a_ref": "free text"}),
        ),
    ] {
        let mut members = before.clone();
        // Times of the common properties are read by the object's head.
        if before["type"] == "directory" || before["type"] == "x-thing" {
            members["created"] = "2017-01-01T00:00:00.000Z".into();
        }
        let mut found = inner(&json!({"0": members}))[0].clone();
        let map = found.as_object_mut().unwrap();
        for common in ["type", "spec_version", "id"] {
            assert!(map.remove(common).is_some());
        }
        let mut after = after;
        if after.get("created").is_some() {
            after["created"] = "2017-01-01T00:00:00.000Z".into();
        }
        assert_eq!(found, after, "{before}");
    }
    let process = inner(&json!({"0": {"type": "process", "binary_ref": "1"}, "1": {"type": "file", "name": "a"}}));
    assert_eq!(process[0]["image_ref"], process[1]["id"]);
    let traffic = |name: &str| {
        let inner_traffic = json!({"type": "network-traffic", "protocols": ["udp"], name: "1"});
        inner(&json!({"0": inner_traffic, "1": {"type": "network-traffic", "protocols": ["ipv4"]}}))
    };
    for name in ["encapsulated_by_ref", "encapsulates_by_ref"] {
        let traffic = traffic(name);
        assert_eq!(traffic[0]["encapsulated_by_ref"], traffic[1]["id"], "{name}");
    }
}

#[test]
fn a_process_and_a_second_content_get_ids_from_the_caller() {
    let objects = json!({
        "0": {"type": "process", "pid": 1, "parent_ref": "1"},
        "1": {"type": "process", "pid": 1, "child_refs": ["0"]},
        "2": {"type": "email-addr", "value": "a@b.example", "display_name": "A"},
        "3": {"type": "email-addr", "value": "a@b.example", "display_name": "B"},
    });
    let mut places = Vec::new();
    let mut next = 0;
    let all = upgrade::upgrade(&observed(&objects, &json!({})), &Options::default(), &mut |place| {
        places.push(place.to_owned());
        next += 1;
        [next; 16]
    })
    .unwrap();
    let place = |key: u8| format!("observed-data--{UUID}/2017-02-01T00:00:00.000Z/objects/{key}");
    assert_eq!(places, [place(0), place(1), place(3)]);
    let ids: Vec<&str> = all.iter().map(Object::id).skip(1).collect();
    assert_eq!(ids[0], "process--01010101-0101-4101-8101-010101010101");
    assert_eq!(all[1].text("parent_ref").as_deref(), Some(ids[1]));
    assert!(ids[2].starts_with("email-addr--") && ids[2].as_bytes()[26] == b'5');
    assert_eq!(ids[3], "email-addr--03030303-0303-4303-8303-030303030303");
    // Asked twice, the source of this crate answers alike.
    assert_eq!(new(&observed(&objects, &json!({}))), new(&observed(&objects, &json!({}))));
}

#[test]
fn circles_and_chains_end() {
    let archive =
        |of: &str| json!({"type": "file", "name": of, "extensions": {"archive-ext": {"contains_refs": [of]}}});
    let circle = inner(&json!({"0": archive("1"), "1": archive("0"), "2": archive("0")}));
    assert_eq!(circle[0]["extensions"]["archive-ext"]["contains_refs"], json!([circle[1]["id"]]));
    assert_eq!(circle[2]["extensions"]["archive-ext"]["contains_refs"], json!([circle[0]["id"]]));
    let chain: serde_json::Map<String, Value> = (0..3_000)
        .map(|n| {
            (
                n.to_string(),
                if n == 2_999 { json!({"type": "file", "name": "end"}) } else { archive(&(n + 1).to_string()) },
            )
        })
        .collect();
    assert_eq!(inner(&Value::Object(chain)).len(), 3_000);
}

#[test]
fn containers_that_are_none_are_refused() {
    for (objects, code) in [
        (json!([]), "STIX-E-101"),
        (json!({"0": 1}), "STIX-E-101"),
        (json!({"0": {}}), "STIX-E-125"),
        (json!({"0": {"type": "A"}}), "STIX-E-203"),
        (json!({"0": {"type": "network-traffic", "src_ref": "7", "protocols": ["tcp"]}}), "STIX-E-213"),
        (json!({"0": {"type": "url", "value": "x", "id": "nonsense"}}), "STIX-E-201"),
    ] {
        let refused =
            upgrade::upgrade(&observed(&objects, &json!({})), &Options::default(), &mut bytes_of).unwrap_err();
        assert_eq!(refused.code(), code, "{objects}");
    }
}

#[test]
fn an_observable_is_never_freer_than_it_was() {
    let objects = json!({
        "0": {"type": "file", "name": "a", "created": "2017-01-01T00:00:00Z", "size": 7},
        "1": {"type": "url", "value": "http://a.example/"},
    });
    let marked = |selectors: &[&str]| {
        let entry = json!([{"marking_ref": RED, "selectors": selectors}]);
        let all = new(&observed(&objects, &json!({"object_marking_refs": [GREEN], "granular_markings": entry})));
        let of =
            |at: usize| (all[at]["object_marking_refs"].clone(), all[at]["granular_markings"][0]["selectors"].clone());
        (all[0]["granular_markings"][0]["selectors"].clone(), of(1), of(2))
    };
    let green = (json!([GREEN]), Value::Null);
    let both = (json!([GREEN, RED]), Value::Null);
    // A property is marked under its new name, the object around it no longer.
    assert_eq!(marked(&["objects.0.created"]), (Value::Null, (json!([GREEN]), json!(["ctime"])), green.clone()));
    // The identifier tells the name, so the whole is marked, and the place of its identifier.
    assert_eq!(marked(&["objects.0.name"]), (json!(["object_refs.[0]"]), both.clone(), green.clone()));
    assert_eq!(marked(&["objects.1"]), (json!(["object_refs.[1]"]), green.clone(), both.clone()));
    assert_eq!(marked(&["objects"]), (json!(["object_refs"]), both.clone(), both.clone()));
    // What selects nothing marks everything.
    assert_eq!(marked(&["objects.7.name"]), (json!(["objects.7.name"]), both.clone(), both));
    assert_eq!(marked(&["number_observed"]), (json!(["number_observed"]), green.clone(), green));
}

#[test]
fn markings_cannot_be_multiplied_without_limit() {
    // Every observable inherits every marking, so a few thousand of each would fill the memory.
    let markings: Vec<String> =
        (0..5_000).map(|n| format!("marking-definition--{n:08}-5c4b-4f0e-9d1c-0e6f1a2b3c4d")).collect();
    let objects: serde_json::Map<String, Value> =
        (0..5_000).map(|n| (n.to_string(), json!({"type": "mutex", "name": n.to_string()}))).collect();
    let object = observed(&Value::Object(objects), &json!({"object_marking_refs": markings}));
    let refused = upgrade::upgrade(&object, &Options::default(), &mut bytes_of).unwrap_err();
    assert_eq!(refused.code(), "STIX-E-011");
}
