//! `pattern keys`.

use entente_pattern::{Key, Keys, Pattern};
use serde_json::{Value, json};

use crate::output::visible;

/// The keys of a pattern as programs read them.
pub(super) fn to_json(pattern: &Pattern) -> Value {
    match pattern.keys() {
        Keys::Exact(keys) => json!({ "kind": "exact", "keys": keys.iter().map(key).collect::<Vec<_>>() }),
        Keys::Candidate(keys) => json!({ "kind": "candidate", "keys": keys.iter().map(key).collect::<Vec<_>>() }),
        Keys::Opaque(reason) => json!({ "kind": "opaque", "reason": reason }),
    }
}

/// The keys of a pattern as lines of kind of answer, kind of value, and value.
pub(super) fn to_text(pattern: &Pattern) -> String {
    let (word, keys) = match pattern.keys() {
        Keys::Exact(keys) if keys.is_empty() => return "exact\t\tmatches nothing\n".to_owned(),
        Keys::Exact(keys) => ("exact", keys),
        Keys::Candidate(keys) => ("candidate", keys),
        Keys::Opaque(reason) => return format!("opaque\t\t{}\n", visible(&reason)),
    };
    let mut text = String::new();
    for Key { kind, value, algorithm, port, .. } in &keys {
        let value = visible(value);
        let value = algorithm.as_ref().map_or_else(|| value.clone(), |algorithm| format!("{algorithm} {value}"));
        let port = port.map(|port| format!(" port {port}")).unwrap_or_default();
        text.push_str(&format!("{word}\t{}\t{value}{port}\n", kind.name()));
    }
    text
}

fn key(key: &Key) -> Value {
    let mut told = json!({ "type": key.kind.name(), "value": key.value });
    if let Some(told) = told.as_object_mut() {
        if let Some(algorithm) = &key.algorithm {
            told.insert("algorithm".to_owned(), json!(algorithm));
        }
        if let Some(port) = key.port {
            told.insert("port".to_owned(), json!(port));
        }
    }
    told
}
