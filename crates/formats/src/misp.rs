//! MISP events: attributes, attributes of objects, tags.
//!
//! Shapes: `{"Event":{}}`, `{"response":[{"Event":{}}]}`, `{"response":{"Event":{}}}`, `[{"Event":{}}]`, a bare event body,
//! and `{"response":{"Attribute":[]}}`. Numbers come as strings as often as not.

use std::io::BufRead;
use std::ops::ControlFlow;

use entente_stix::json;
use entente_stix::marking::{Pap, Tlp};
use serde_json::{Map, Value};

use crate::FormatError;
use crate::finding::Declared;
use crate::line::read_all;
use crate::misp_types::{Holds, holds, is_target};
use crate::model::{Class, Finding, Subject, Target};

/// What an event says about all its attributes.
#[derive(Default, Clone)]
struct Context {
    tlp: Option<Tlp>,
    pap: Option<Pap>,
    class: Option<Class>,
    malware: Option<String>,
    labels: Vec<String>,
    source: Option<String>,
    event: Option<String>,
}

pub(crate) fn read(input: &mut dyn BufRead, target: &mut Target<'_>) -> Result<(), FormatError> {
    let bytes = read_all(input, target.options.document_size_bytes_max)?;
    let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut limits = target.options.limits;
    // A document holds many objects, and attachments are long strings.
    limits.object_size_bytes_max = usize::try_from(target.options.document_size_bytes_max).unwrap_or(usize::MAX);
    limits.string_size_bytes_max = limits.object_size_bytes_max;
    json::check(body, &limits)?;
    // INVARIANT: the check has bounded depth and refused duplicate keys; what it accepts, this accepts.
    let document: Value = serde_json::from_slice(body).map_err(|_| FormatError::Shape { format: "misp" })?;
    let mut position = 0u64;
    let mut any = false;
    for event in events(&document) {
        any = true;
        if event_attributes(event, &mut position, target).is_break() {
            return Ok(());
        }
    }
    if any { Ok(()) } else { Err(FormatError::Shape { format: "misp" }) }
}

/// Finds the event bodies in each of the known shapes; at most three levels deep.
fn events(document: &Value) -> Vec<&Map<String, Value>> {
    let mut found = Vec::new();
    let mut level = vec![document];
    for _ in 0..4 {
        let mut next = Vec::new();
        for value in level {
            match value {
                Value::Array(items) => next.extend(items),
                Value::Object(map) => match (map.get("response"), map.get("Event")) {
                    (Some(inner), _) | (None, Some(inner)) => next.push(inner),
                    (None, None) if is_event(map) => found.push(map),
                    _ => {}
                },
                _ => {}
            }
        }
        level = next;
    }
    found
}

fn is_event(map: &Map<String, Value>) -> bool {
    ["Attribute", "Object"].iter().any(|key| map.get(*key).is_some_and(Value::is_array))
        || map.contains_key("info") && map.contains_key("uuid")
}

fn text<'a>(map: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    map.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// Reads a number that may stand in quotes.
fn number(map: &Map<String, Value>, key: &str) -> Option<String> {
    match map.get(key)? {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}

/// Reads a truth value: `true`, `1`, `"1"`, `"true"`.
fn truth(map: &Map<String, Value>, key: &str) -> bool {
    match map.get(key) {
        Some(Value::Bool(value)) => *value,
        Some(Value::Number(number)) => number.as_i64() == Some(1),
        Some(Value::String(text)) => matches!(text.as_str(), "1" | "true" | "True"),
        _ => false,
    }
}

fn list<'a>(map: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = &'a Map<String, Value>> + use<'a> {
    map.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

/// Takes the tags of an event or attribute on top of what holds already; of two markings the stricter stays.
fn tagged(map: &Map<String, Value>, base: &Context) -> Context {
    let mut context = base.clone();
    for name in list(map, "Tag").filter_map(|tag| text(tag, "name")) {
        let lower = name.to_ascii_lowercase();
        if let Some(tlp) = Tlp::from_label(&lower) {
            context.tlp = context.tlp.max(Some(tlp));
        }
        if let Some(pap) = Pap::from_label(&lower) {
            context.pap = context.pap.max(Some(pap));
        }
        context.class = Class::from_label(name).or(context.class);
        if let Some(family) = family(name) {
            context.malware = Some(family.to_owned());
        }
        if !context.labels.iter().any(|known| known == name) {
            context.labels.push(name.to_owned());
        }
    }
    context
}

/// Reads the family of a galaxy tag, `misp-galaxy:malpedia="Emotet"`.
fn family(tag: &str) -> Option<&str> {
    const GALAXIES: [&str; 8] =
        ["malpedia", "ransomware", "botnet", "rat", "stealer", "banker", "mitre-malware", "tool"];
    let (galaxy, value) = tag.strip_prefix("misp-galaxy:")?.split_once('=')?;
    GALAXIES.contains(&galaxy).then(|| value.trim_matches('"'))
}

fn event_attributes(event: &Map<String, Value>, position: &mut u64, target: &mut Target<'_>) -> ControlFlow<()> {
    let mut context = tagged(event, &Context::default());
    context.source = event.get("Orgc").and_then(Value::as_object).and_then(|org| text(org, "name")).map(str::to_owned);
    context.event = text(event, "uuid").map(str::to_owned);
    for attribute in list(event, "Attribute") {
        one(attribute, None, &context, position, target)?;
    }
    for object in list(event, "Object") {
        if truth(object, "deleted") {
            target.skip();
            continue;
        }
        for attribute in list(object, "Attribute") {
            one(attribute, text(object, "name"), &context, position, target)?;
        }
    }
    ControlFlow::Continue(())
}

fn one(
    attribute: &Map<String, Value>,
    object: Option<&str>,
    context: &Context,
    position: &mut u64,
    target: &mut Target<'_>,
) -> ControlFlow<()> {
    *position = position.saturating_add(1);
    target.row();
    if truth(attribute, "deleted") {
        target.skip();
        return ControlFlow::Continue(());
    }
    let (Some(name), Some(value)) = (text(attribute, "type"), text(attribute, "value")) else {
        let message = "attribute has no type or no value".to_owned();
        return target.reject(*position, "misp.attribute", message, "");
    };
    let parts: Vec<(&str, Declared)> = match split(name, value) {
        Some(parts) if parts.is_empty() => {
            target.unsupported(name);
            return ControlFlow::Continue(());
        }
        Some(parts) => parts,
        None => {
            let message = format!("value of type `{name}` has no `|`");
            return target.reject(*position, "misp.composite", message, value);
        }
    };
    let context = tagged(attribute, context);
    for (part, declared) in parts {
        match Finding::of(part, declared, *position, value, target.options) {
            Ok(mut finding) => {
                describe(&mut finding, attribute, object, &context, target);
                target.finding(finding)?;
            }
            Err(error) => target.reject(*position, error.code(), error.to_string(), value)?,
        }
    }
    ControlFlow::Continue(())
}

/// Splits a composite value at its first `|`; no parts where the type has no kind here, `None` where `|` is missing.
fn split<'a>(name: &str, value: &'a str) -> Option<Vec<(&'a str, Declared)>> {
    use entente_observable::Kind;
    Some(match holds(name) {
        Holds::Nothing => Vec::new(),
        Holds::One(declared) => vec![(value, declared)],
        Holds::NameAndAddress => {
            let (host, address) = value.split_once('|')?;
            vec![(host, Declared::Kind(Kind::DomainName)), (address, Declared::Kind(Kind::Ipv4Addr))]
        }
        Holds::FileAndHash => vec![(value.split_once('|')?.1, Declared::Kind(Kind::FileHash))],
        Holds::HostAndPort => {
            let host = value.split_once('|')?.0;
            let kind = if name.starts_with("ip-") { Kind::Ipv4Addr } else { Kind::DomainName };
            vec![(host, Declared::Kind(kind))]
        }
    })
}

fn describe(
    finding: &mut Finding,
    attribute: &Map<String, Value>,
    object: Option<&str>,
    context: &Context,
    target: &Target<'_>,
) {
    let name = text(attribute, "type").unwrap_or("");
    let value = text(attribute, "value").unwrap_or("");
    finding.indicator = truth(attribute, "to_ids") && name != "link";
    finding.tlp = context.tlp;
    finding.pap = context.pap;
    finding.class = context.class.unwrap_or(finding.class);
    finding.malware.clone_from(&context.malware);
    for label in &context.labels {
        finding.label(label);
    }
    if let Some(source) = &context.source {
        finding.source(source);
    }
    if is_target(name) || text(attribute, "category") == Some("Targeting data") {
        finding.subject = Subject::Victim;
    }
    match (holds(name), value.split_once('|')) {
        (Holds::HostAndPort, Some((_, port))) => finding.port = port.trim().parse().ok().filter(|port| *port != 0),
        (Holds::FileAndHash, Some((file, _))) => finding.note("filename", file),
        _ => {}
    }
    if let Some(first) = text(attribute, "first_seen") {
        finding.time("first_seen", first, true, target.options);
    }
    if let Some(last) = text(attribute, "last_seen") {
        finding.time("last_seen", last, false, target.options);
    }
    if finding.first_seen.is_none()
        && finding.last_seen.is_none()
        && let Some(edited) = number(attribute, "timestamp")
    {
        // The author vouched for the value at that time; nothing later is known.
        finding.time("timestamp", &edited, false, target.options);
        finding.remark("time-from-edit");
    }
    finding.source_id = text(attribute, "uuid").map(str::to_owned);
    finding.note("misp_type", name);
    for key in ["category", "comment", "object_relation"] {
        if let Some(value) = text(attribute, key) {
            finding.note(key, value);
        }
    }
    finding.note("object", object.unwrap_or(""));
    finding.note("event", context.event.as_deref().unwrap_or(""));
}
