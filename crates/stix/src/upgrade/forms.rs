//! What observables of STIX 2.0 call otherwise than those of STIX 2.1, or what STIX 2.1 no longer has.
//!
//! Compared property by property: STIX 2.0 part 4 with STIX 2.1 §6. A property that STIX 2.1 dropped is kept under `x_` and its
//! old name; nothing is lost, and nothing is invented in its place (a `process.name` does not become a file).

use serde_json::{Map, Value};

/// Type, or extension of a type; old name; new name.
const RENAMED: &[(&str, &str, &str)] = &[
    ("directory", "created", "ctime"),
    ("directory", "modified", "mtime"),
    ("directory", "accessed", "atime"),
    ("file", "created", "ctime"),
    ("file", "modified", "mtime"),
    ("file", "accessed", "atime"),
    ("file", "is_encrypted", "x_is_encrypted"),
    ("file", "encryption_algorithm", "x_encryption_algorithm"),
    ("file", "decryption_key", "x_decryption_key"),
    // As the Python library writes it, against the text.
    ("network-traffic", "encapsulates_by_ref", "encapsulated_by_ref"),
    ("process", "created", "created_time"),
    ("process", "binary_ref", "image_ref"),
    ("process", "name", "x_name"),
    ("process", "arguments", "x_arguments"),
    ("user-account", "password_last_changed", "credential_last_changed"),
    ("windows-registry-key", "modified", "modified_time"),
    ("archive-ext", "version", "x_version"),
    ("raster-image-ext", "image_compression_algorithm", "x_image_compression_algorithm"),
    ("socket-ext", "protocol_family", "x_protocol_family"),
];

/// Where hashes stand inside the extensions of a file.
const EXTENSION_HASHES: &[(&str, &str)] = &[
    ("ntfs-ext", "alternate_data_streams"),
    ("windows-pebinary-ext", "optional_header"),
    ("windows-pebinary-ext", "sections"),
];

/// Returns what a property of an observable is called now.
pub(super) fn renamed<'a>(table: &str, name: &'a str) -> &'a str {
    RENAMED.iter().find(|(of, old, _)| *of == table && *old == name).map_or(name, |(_, _, new)| new)
}

/// Gives the members of one observable their names and forms of STIX 2.1. A name that is taken already leaves both as they are.
pub(super) fn rewrite(object_type: &str, members: Map<String, Value>) -> Map<String, Value> {
    let mut members = rename(object_type, members);
    hashes(&mut members, "hashes");
    if object_type == "email-message" {
        texts_to_lists(members.get_mut("additional_header_fields"));
    }
    let Some(Value::Object(extensions)) = members.get_mut("extensions") else {
        return members;
    };
    for (name, extension) in extensions.iter_mut() {
        if let Value::Object(inner) = extension {
            *inner = rename(name, std::mem::take(inner));
        }
    }
    if let Some(Value::Object(pe)) = extensions.get_mut("windows-pebinary-ext") {
        hashes(pe, "file_header_hashes");
    }
    for (extension, property) in EXTENSION_HASHES {
        match extensions.get_mut(*extension).and_then(|inner| inner.get_mut(*property)) {
            Some(Value::Array(items)) => {
                for item in items.iter_mut().filter_map(Value::as_object_mut) {
                    hashes(item, "hashes");
                }
            }
            Some(Value::Object(inner)) => {
                hashes(inner, "hashes");
            }
            _ => {}
        }
    }
    texts_to_lists(extensions.get_mut("http-request-ext").and_then(|inner| inner.get_mut("request_header")));
    members
}

fn rename(table: &str, members: Map<String, Value>) -> Map<String, Value> {
    if !members.keys().any(|key| renamed(table, key) != key) {
        return members;
    }
    let taken: Vec<&str> =
        members.keys().map(|key| renamed(table, key)).filter(|new| members.contains_key(*new)).collect();
    let name = |key: &str| {
        let new = renamed(table, key);
        if new != key && taken.contains(&new) { key.to_owned() } else { new.to_owned() }
    };
    members.iter().map(|(key, value)| (name(key), value.clone())).collect()
}

/// Spells hash names as STIX 2.1 does; tells whether one changed.
pub(super) fn hashes(members: &mut Map<String, Value>, property: &str) -> bool {
    let Some(Value::Object(hashes)) = members.get_mut(property) else {
        return false;
    };
    if !hashes.contains_key("ssdeep") || hashes.contains_key("SSDEEP") {
        return false;
    }
    let spell = |key: String| if key == "ssdeep" { "SSDEEP".to_owned() } else { key };
    *hashes = std::mem::take(hashes).into_iter().map(|(key, value)| (spell(key), value)).collect();
    true
}

/// Header fields are lists of texts in STIX 2.1, and were texts.
fn texts_to_lists(dictionary: Option<&mut Value>) {
    let Some(Value::Object(fields)) = dictionary else {
        return;
    };
    for value in fields.values_mut().filter(|value| value.is_string()) {
        *value = Value::Array(vec![value.take()]);
    }
}
