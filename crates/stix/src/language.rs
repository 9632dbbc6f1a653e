//! Translations by language-content objects (STIX 2.1 §7.1), chosen for a reader.

use serde_json::{Map, Value};

use crate::object::Object;
use crate::timestamp::Timestamp;

/// What of an object can be shown in a language.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Translation {
    /// The tag under which the text was found; none where nothing was, so that the object's own text is to be shown.
    pub language: Option<String>,
    /// Properties that are translated, in full: parts without a translation are the object's own.
    pub properties: Map<String, Value>,
}

/// Chooses the translation of an object for a reader's language.
///
/// `contents` are language-content objects in any order; those that name another object or another version, and revoked ones, are
/// ignored, and of several the latest wins. Looked up as RFC 4647 §3.4 does: the tag, then shorter ones (`de-CH-1996`, `de-CH`,
/// `de`), in any case. A value of another shape than the object's, or of a property that is not there, is ignored, and an empty
/// text in a list leaves the object's own (STIX 2.1 §7.1.1). Translations are for showing, never for matching.
///
/// # Examples
///
/// ```
/// use entente_stix::{Limits, Object, language::translate};
/// let parse = |text: &str| Object::parse(text.as_bytes(), &Limits::admission());
/// let object = parse(r#"{"type":"tool","id":"tool--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d","name":"key"}"#)?;
/// let content = parse(r#"{"type":"language-content","id":"language-content--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d",
///   "object_ref":"tool--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d","contents":{"de":{"name":"Schlüssel"}}}"#)?;
/// let shown = translate(&object, &[content], "de-CH");
/// assert_eq!((shown.language.as_deref(), &shown.properties["name"]), (Some("de"), &"Schlüssel".into()));
/// # Ok::<(), entente_stix::ParseError>(())
/// ```
pub fn translate(object: &Object, contents: &[Object], language: &str) -> Translation {
    let mut found: Vec<&Object> = contents.iter().filter(|content| translates(content, object)).collect();
    found.sort_by_key(|content| std::cmp::Reverse(content.version()));
    let mut dictionaries: Vec<Map<String, Value>> = Vec::new();
    for content in found {
        dictionaries.extend(content.member("contents").and_then(|raw| serde_json::from_slice(raw).ok()));
    }
    let own = object.json();
    let mut wanted = Some(language);
    while let Some(tag) = wanted {
        for dictionary in &dictionaries {
            let entry = dictionary.iter().find(|(known, _)| known.eq_ignore_ascii_case(tag));
            let Some((known, Value::Object(texts))) = entry else {
                continue;
            };
            let properties: Map<String, Value> =
                texts.iter().filter_map(|(name, text)| Some((name.clone(), shaped(own.get(name)?, text)?))).collect();
            if !properties.is_empty() {
                return Translation { language: Some(known.clone()), properties };
            }
        }
        wanted = shorter(tag);
    }
    Translation::default()
}

fn translates(content: &Object, object: &Object) -> bool {
    content.object_type() == "language-content"
        && !content.revoked()
        && content.text("object_ref").as_deref() == Some(object.id())
        && match content.text("object_modified") {
            None => true,
            Some(text) => Timestamp::exact(&text)
                .is_some_and(|wanted| object.modified_text().and_then(Timestamp::exact) == Some(wanted)),
        }
}

/// Drops the last subtag, and one of a single character before it with it.
fn shorter(tag: &str) -> Option<&str> {
    let (front, _) = tag.rsplit_once('-')?;
    match front.rsplit_once('-') {
        Some((rest, single)) if single.len() == 1 => Some(rest),
        _ => Some(front),
    }
}

/// Returns the translation where it has the shape of the object's own value, filled up with that; none where it has another.
///
/// Recursion is bounded by the depth that the scanner lets through, 100.
fn shaped(own: &Value, text: &Value) -> Option<Value> {
    match (own, text) {
        (Value::String(_), Value::String(_)) => Some(text.clone()),
        (Value::Array(own), Value::Array(texts)) if own.len() == texts.len() => {
            let items = own.iter().zip(texts).map(|(own, text)| match (own, text) {
                (Value::String(_), Value::String(text)) if text.is_empty() => Some(own.clone()),
                _ => shaped(own, text),
            });
            items.collect::<Option<Vec<_>>>().map(Value::Array)
        }
        (Value::Object(own), Value::Object(texts)) => {
            let mut all = own.clone();
            for (key, text) in texts {
                let place = all.get_mut(key)?;
                *place = shaped(place, text)?;
            }
            Some(Value::Object(all))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Limits;

    const UUID: &str = "2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d";

    fn tool() -> Object {
        let tool = json!({"type": "tool", "id": format!("tool--{UUID}"), "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-02T00:00:00.000Z", "name": "key", "aliases": ["a", "b"], "x_d": {"k": "v", "l": "w"}, "x_n": 7});
        Object::parse(tool.to_string().as_bytes(), &Limits::admission()).unwrap()
    }

    fn content(day: u8, contents: &Value, more: &Value) -> Object {
        let mut content = json!({
            "type": "language-content", "id": format!("language-content--{UUID}"), "created": "2026-01-01T00:00:00.000Z",
            "modified": format!("2026-02-{day:02}T00:00:00.000Z"), "object_ref": format!("tool--{UUID}"), "contents": contents,
        });
        content.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Object::parse(content.to_string().as_bytes(), &Limits::admission()).unwrap()
    }

    fn shown(contents: &[Object], language: &str) -> (Option<String>, Value) {
        let translation = translate(&tool(), contents, language);
        (translation.language, Value::Object(translation.properties))
    }

    #[test]
    fn a_reader_gets_the_nearest_language() {
        let contents =
            [content(1, &json!({"de": {"name": "A"}, "de-CH": {"name": "B"}, "zh-Hant": {"name": "C"}}), &json!({}))];
        for (asked, found, name) in [
            ("de", "de", "A"),
            ("DE-ch", "de-CH", "B"),
            ("de-CH-1996", "de-CH", "B"),
            ("de-AT", "de", "A"),
            ("zh-Hant-x-y", "zh-Hant", "C"),
        ] {
            assert_eq!(shown(&contents, asked), (Some(found.to_owned()), json!({"name": name})), "{asked}");
        }
        for asked in ["fr", "d", "zh", ""] {
            assert_eq!(shown(&contents, asked), (None, json!({})), "{asked}");
        }
    }

    #[test]
    fn the_latest_content_of_this_version_counts() {
        let of = |day, name: &str, more: Value| content(day, &json!({"de": {"name": name}}), &more);
        let other = |reference: &str| json!({"object_ref": reference});
        for (contents, name) in [
            (vec![of(1, "A", json!({})), of(3, "B", json!({})), of(2, "C", json!({}))], json!("B")),
            (vec![of(1, "A", json!({"object_modified": "2026-01-02T00:00:00Z"}))], json!("A")),
            (vec![of(1, "A", json!({})), of(2, "B", json!({"object_modified": "2026-01-03T00:00:00Z"}))], json!("A")),
            (vec![of(1, "A", json!({})), of(2, "B", json!({"revoked": true}))], json!("A")),
            (vec![of(1, "A", other(&format!("tool--3{}", &UUID[1..])))], Value::Null),
        ] {
            assert_eq!(shown(&contents, "de").1.get("name").cloned().unwrap_or_default(), name);
        }
    }

    #[test]
    fn other_shapes_are_ignored_and_gaps_are_filled() {
        for (text, expected) in [
            (json!({"name": ["A"]}), json!({})),
            (json!({"name": 7}), json!({})),
            (json!({"nothing": "A", "name": "B"}), json!({"name": "B"})),
            (json!({"aliases": ["A", ""]}), json!({"aliases": ["A", "b"]})),
            (json!({"aliases": ["A"]}), json!({})),
            (json!({"aliases": ["A", 1]}), json!({})),
            (json!({"x_d": {"k": "V"}}), json!({"x_d": {"k": "V", "l": "w"}})),
            (json!({"x_d": {"z": "V"}}), json!({})),
            (json!({"x_n": "seven"}), json!({})),
        ] {
            assert_eq!(shown(&[content(1, &json!({"de": text}), &json!({}))], "de").1, expected, "{text}");
        }
        // What is of no use in the nearest language is looked for in the next.
        let contents = [content(1, &json!({"de": {"name": "A"}, "de-CH": {"name": 1}}), &json!({}))];
        assert_eq!(shown(&contents, "de-CH"), (Some("de".to_owned()), json!({"name": "A"})));
    }
}
