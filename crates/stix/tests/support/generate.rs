//! Objects made by walking the tables: the least that is valid, everything that is valid, and one fault at a time.
//!
//! Included by tests with `#[path = "support/generate.rs"] mod generate;`. The values are ours and mean nothing; identifiers have
//! UUIDs of version 4 throughout, those of observables too, so that a fault does not change what they should be.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "shared by tests that use different parts of it"
)]

use entente_stix::Code;
use entente_stix::tables::{
    Class, Entry, Form, Need, Property, Role, Syntax, Table, Targets, Vocabulary, common, extensions, objects, table,
};
use serde_json::{Map, Value, json};

const UUID: &str = "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
const EXTENSION: &str = "extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
const GREEN: &str = "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da";
const SHA256: &str = "5b8c3f0f5c9be0d1a7b2f0a1e5a9f1f37d2c62b1d0a79f4ea4c1f2b3d4e5f607";

/// One object with one fault.
#[derive(Debug, Clone)]
pub(crate) struct Broken {
    pub(crate) object: String,
    /// JSON pointer to the fault; of what is missing, to where it should be.
    pub(crate) path: String,
    /// What was done there.
    pub(crate) what: &'static str,
    /// A code that must be among the findings; others may be there too.
    pub(crate) code: Code,
}

/// Names of everything that can be made: the 42 object types and `bundle`.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    objects::ALL.into_iter().map(|table| table.name).chain(["bundle"])
}

/// The smallest valid object of a type: what is required, and what a rule demands beside it.
pub(crate) fn minimal(object_type: &str) -> String {
    let (own, shared) = tables(object_type);
    let mut object = Map::new();
    for table in [shared, own] {
        for property in table.properties.iter().filter(|property| property.need == Need::Required) {
            object.insert(property.name.to_owned(), value(table, property, object_type));
        }
    }
    let demanded: &[&str] = match object_type {
        "artifact" => &["payload_bin"],
        "bundle" => &["objects"],
        "file" => &["name"],
        "location" => &["region"],
        "malware-analysis" => &["result"],
        "marking-definition" => &["definition_type", "definition"],
        "network-traffic" => &["src_ref"],
        "observed-data" => &["object_refs"],
        "process" => &["pid"],
        "user-account" => &["user_id"],
        "windows-registry-key" => &["key"],
        "x509-certificate" => &["serial_number"],
        _ => &[],
    };
    if object_type == "extension-definition" {
        // Of all values one would demand `extension_properties`.
        object.insert("extension_types".to_owned(), json!(["property-extension"]));
    }
    for name in demanded {
        object.insert((*name).to_owned(), value(own, own.property(name).unwrap(), object_type));
    }
    Value::Object(object).to_string()
}

/// A valid object with every property that its type may have, except those that exclude another one; see [`alternatives`].
pub(crate) fn full(object_type: &str) -> String {
    Value::Object(everything(object_type)).to_string()
}

/// Full objects of a type with the properties and values that [`full`] leaves out.
pub(crate) fn alternatives(object_type: &str) -> Vec<String> {
    let mut object = everything(object_type);
    match object_type {
        "artifact" => {
            object.remove("payload_bin");
            object.insert("url".to_owned(), json!("https://example.com/a"));
        }
        "email-message" => {
            object.remove("body");
            object.insert("is_multipart".to_owned(), json!(true));
            let raw = json!({"body_raw_ref": id("file"), "content_type": "image/png"});
            let parts = json!([embedded(&extensions::EMAIL_MIME_PART, object_type), raw]);
            object.insert("body_multipart".to_owned(), parts);
        }
        "malware" => {
            object.insert("is_family".to_owned(), json!(true));
        }
        "network-traffic" => {
            object.remove("end");
            object.insert("is_active".to_owned(), json!(true));
        }
        "observed-data" => {
            object.remove("object_refs");
            object.insert(
                "objects".to_owned(),
                json!({"0": {"type": "ipv4-addr", "id": id("ipv4-addr"), "value": "192.0.2.44"}}),
            );
        }
        _ => return Vec::new(),
    }
    vec![Value::Object(object).to_string()]
}

/// Every valid object that this module makes.
pub(crate) fn valid() -> Vec<String> {
    names().flat_map(|name| [minimal(name), full(name)].into_iter().chain(alternatives(name))).collect()
}

/// Breaks each property of each place of the full object, and of its alternatives, in each way that the tables know.
pub(crate) fn broken(object_type: &str) -> Vec<Broken> {
    let mut found = Vec::new();
    for (at, text) in std::iter::once(full(object_type)).chain(alternatives(object_type)).enumerate() {
        let object: Value = serde_json::from_str(&text).unwrap();
        for (path, table, property) in places(object_type, &object) {
            if at > 0 && is_in_full(object_type, &path) {
                continue;
            }
            for (what, value, below, code) in faults(table, property, object.pointer(&path).unwrap()) {
                let mut object = object.clone();
                let (parent, key) = path.rsplit_once('/').unwrap();
                let parent = object.pointer_mut(parent).unwrap().as_object_mut().unwrap();
                match value {
                    Some(value) => parent.insert(key.to_owned(), value),
                    None => parent.shift_remove(key),
                };
                found.push(Broken { object: object.to_string(), path: format!("{path}{below}"), what, code });
            }
        }
    }
    found.extend(misplaced(object_type));
    found
}

fn is_in_full(object_type: &str, path: &str) -> bool {
    Value::Object(everything(object_type)).pointer(path).is_some()
}

fn tables(object_type: &str) -> (&'static Table, &'static Table) {
    let own = table(object_type).unwrap_or(&objects::BUNDLE);
    (own, common::column(own.class().unwrap_or(Class::Meta), object_type))
}

fn everything(object_type: &str) -> Map<String, Value> {
    let (own, shared) = tables(object_type);
    let excluded: &[&str] = match object_type {
        "artifact" => &["url"],
        "email-message" => &["body_multipart"],
        "observed-data" => &["objects"],
        _ => &[],
    };
    let mut object = Map::new();
    for table in [shared, own] {
        for property in table.properties.iter().filter(|property| !excluded.contains(&property.name)) {
            object.insert(property.name.to_owned(), value(table, property, object_type));
        }
    }
    object
}

/// An extension or a type inside an object, with every property that excludes no other.
fn embedded(table: &Table, object_type: &str) -> Value {
    let excluded = |property: &&Property| !matches!(property.name, "body_raw_ref");
    let properties = table.properties.iter().filter(excluded);
    Value::Object(properties.map(|property| (property.name.to_owned(), value(table, property, object_type))).collect())
}

fn id(object_type: &str) -> String {
    if object_type == "marking-definition" { GREEN.to_owned() } else { format!("{object_type}--{UUID}") }
}

/// A valid value of a property, inside an object of that type.
fn value(table: &Table, property: &Property, object_type: &str) -> Value {
    match (table.name, property.name) {
        (_, "type") => json!(object_type),
        (_, "spec_version") | ("indicator", "pattern_version") => json!("2.1"),
        (_, "created" | "modified") => json!("2026-11-01T08:15:30.000Z"),
        (_, "granular_markings") => {
            json!([{"lang": "de", "selectors": ["type"]}, {"marking_ref": GREEN, "selectors": ["type"]}])
        }
        ("indicator", "pattern") => json!("[ipv4-addr:value = '192.0.2.44']"),
        ("email-message", "additional_header_fields") => json!({"Reply-To": ["a@example.com"]}),
        ("marking-definition", "definition_type") => json!("statement"),
        ("pdf-ext", "document_info_dict") => json!({"Title": "text"}),
        ("raster-image-ext", "exif_tags") => json!({"Make": "Acme", "XResolution": 300}),
        ("http-request-ext", "request_header") => json!({"Accept-Encoding": ["gzip"]}),
        ("network-traffic", "ipfix") => json!({"minimumIpTotalLength": 32, "flowEndReason": "idle"}),
        ("windows-process-ext", "startup_info") => json!({"cb": 68}),
        ("socket-ext", "options") => json!({"SO_KEEPALIVE": 1}),
        (_, name) => {
            let later = table.ordered.iter().any(|(later, ..)| *later == name);
            of_form(&property.form, object_type, if later { "2026-11-02T08:15:30Z" } else { "2026-11-01T08:15:30Z" })
        }
    }
}

fn of_form(form: &Form, object_type: &str, instant: &str) -> Value {
    match form {
        Form::Boolean => json!(false),
        Form::Integer(least, most) => json!(1.clamp(*least, *most)),
        Form::Float(least, most) => json!(1.5_f64.clamp(*least, *most)),
        Form::Text => json!("text"),
        Form::Syntax(syntax) => json!(good(*syntax)),
        Form::Timestamp => json!(instant),
        Form::Binary => json!("TVqQAAM="),
        Form::Hex => json!("4d5a"),
        Form::Hashes => json!({"SHA-256": SHA256}),
        Form::Enumeration(vocabulary) | Form::Open(vocabulary) => json!(vocabulary.values[0]),
        // A UUID of its own, so that no object refers to itself.
        Form::Identifier => json!(format!("{object_type}--44287210-9343-42aa-86a2-41c9d3902b75")),
        Form::Reference(targets) => json!(id(targets_of(*targets)[0])),
        Form::Dictionary(entry) => json!({"key": match entry {
            Entry::Any | Entry::Text => json!("text"),
            Entry::Integer | Entry::IntegerOrText => json!(1),
            Entry::Texts => json!(["text"]),
        }}),
        Form::Table(table) => embedded(table, object_type),
        Form::List(Form::Reference(targets)) => targets_of(*targets).iter().map(|name| json!(id(name))).collect(),
        Form::List(Form::Enumeration(Vocabulary { values, .. }) | Form::Open(Vocabulary { values, .. })) => {
            json!(values)
        }
        Form::List(item) => json!([of_form(item, object_type, instant)]),
        Form::Extensions => predefined(object_type),
        Form::Container => json!({"0": {"type": "ipv4-addr", "id": id("ipv4-addr"), "value": "192.0.2.44"}}),
        Form::Translations => json!({"de": {"name": "Name"}}),
        Form::Definition => json!({"statement": "text"}),
        Form::Object => serde_json::from_str(&minimal("identity")).unwrap(),
    }
}

/// All predefined extensions of the type, and one with a definition of its own.
fn predefined(object_type: &str) -> Value {
    let mut found = Map::new();
    let of_type = |table: &&Table| matches!(table.role, Role::Extension(host) if host == object_type);
    for table in extensions::ALL.into_iter().filter(of_type) {
        found.insert(table.name.to_owned(), embedded(table, object_type));
    }
    found.insert(EXTENSION.to_owned(), json!({"extension_type": "property-extension", "rating": 5}));
    Value::Object(found)
}

fn targets_of(targets: Targets) -> &'static [&'static str] {
    match targets {
        Targets::Any => &["identity", "relationship", "ipv4-addr", "marking-definition"],
        Targets::Sdo | Targets::Translated => &["malware"],
        Targets::Sco => &["ipv4-addr", "file"],
        Targets::SdoOrSco => &["malware"],
        Targets::Observed => &["ipv4-addr", "relationship", "sighting"],
        Targets::Only(names) => names,
    }
}

fn good(syntax: Syntax) -> &'static str {
    match syntax {
        Syntax::Ipv4 => "192.0.2.44",
        Syntax::Ipv6 => "2001:db8::44/64",
        Syntax::Mac => "02:00:5e:10:00:ff",
        Syntax::Domain => "example.com",
        Syntax::Email => "a@example.com",
        Syntax::Uri => "https://example.com/a",
        Syntax::Cpe => "cpe:2.3:a:acme:reader:1.0:*:*:*:*:*:*:*",
        Syntax::CharacterSet => "UTF-8",
        Syntax::MediaType | Syntax::RegisteredMediaType => "text/plain",
        Syntax::Language => "de",
        Syntax::SoftwareLanguage => "en",
        // Fits between malware and malware.
        Syntax::RelationshipType => "variant-of",
        Syntax::Country => "DE",
        Syntax::Subdivision => "DE-BE",
        Syntax::KillChain => "acme-chain",
        Syntax::Product => "acme-scanner",
        Syntax::Protocol => "tcp",
        Syntax::RegistryKey => "HKEY_LOCAL_MACHINE\\Software\\Acme",
        Syntax::Priority => "NORMAL_PRIORITY_CLASS",
        Syntax::Selector => "type",
        Syntax::ExtensionVersion => "1.0.0",
        Syntax::PropertyName => "rating",
    }
}

fn bad(syntax: Syntax) -> (&'static str, Code) {
    match syntax {
        Syntax::Ipv4 => ("192.0.2.256", Code::E606),
        Syntax::Ipv6 => ("2001:db8::44::1", Code::E607),
        Syntax::Mac => ("02:00:5E:10:00:ff", Code::E608),
        Syntax::Domain => ("-a.example.com", Code::E609),
        Syntax::Email => ("A <a@example.com>", Code::E610),
        Syntax::Uri => ("https://example.com/a b", Code::E611),
        Syntax::Cpe => ("cpe:/a:acme:reader", Code::E623),
        Syntax::CharacterSet => ("utf8-acme", Code::E613),
        Syntax::MediaType => ("acme/plain", Code::E614),
        Syntax::RegisteredMediaType => ("text/x-acme", Code::N615),
        Syntax::Language | Syntax::SoftwareLanguage => ("de_DE", Code::E123),
        Syntax::RelationshipType => ("variant of", Code::E509),
        Syntax::Country => ("ZZZ", Code::W508),
        Syntax::Subdivision => ("Berlin", Code::W508),
        Syntax::KillChain => ("Acme Chain", Code::W514),
        Syntax::Product => ("Acme Scanner", Code::W507),
        Syntax::Protocol => ("TCP", Code::W619),
        Syntax::RegistryKey => ("HKLM\\Software\\Acme", Code::E624),
        Syntax::Priority => ("NORMAL", Code::W627),
        Syntax::Selector => ("labels[0]", Code::E403),
        Syntax::ExtensionVersion => ("one", Code::N702),
        Syntax::PropertyName => ("9-rating", Code::E128),
    }
}

/// Where the properties of tables stand in an object.
pub(crate) fn places(object_type: &str, object: &Value) -> Vec<(String, &'static Table, &'static Property)> {
    let (own, shared) = tables(object_type);
    let mut found = Vec::new();
    let mut pending = vec![(String::new(), shared), (String::new(), own)];
    while let Some((at, table)) = pending.pop() {
        for property in table.properties {
            let path = format!("{at}/{}", property.name);
            // What a type repeats of the common properties is broken once.
            let repeated = at.is_empty() && std::ptr::eq(table, shared) && own.property(property.name).is_some();
            let Some(value) = object.pointer(&path).filter(|_| !repeated) else { continue };
            found.push((path.clone(), table, property));
            match property.form {
                Form::Table(inner) => pending.push((path, inner)),
                Form::List(Form::Table(inner)) => {
                    let items = value.as_array().unwrap().iter().enumerate();
                    pending.extend(items.map(|(item, _)| (format!("{path}/{item}"), *inner)));
                }
                Form::Extensions => {
                    let keys = value.as_object().unwrap().keys();
                    let known = keys.filter_map(|key| entente_stix::tables::extension(key));
                    pending.extend(known.map(|inner| (format!("{path}/{}", inner.name), inner)));
                }
                _ => {}
            }
        }
    }
    found
}

/// What was done, the value that replaces the right one, where below the property the fault is, and a code it must have.
type Fault = (&'static str, Option<Value>, &'static str, Code);

fn faults(table: &'static Table, property: &Property, right: &Value) -> Vec<Fault> {
    let name = property.name;
    let mut found: Vec<Fault> = vec![("null", Some(Value::Null), "", Code::E102)];
    if property.need == Need::Required {
        found.push(("absent", None, "", Code::E125));
    }
    match name {
        // The wrong text is another object rather than a fault of this one.
        "type" => found.push(("number", Some(json!(7)), "", Code::E101)),
        "spec_version" => {
            found.push(("number", Some(json!(7)), "", Code::E101));
            found.push(("other version", Some(json!("3.0")), "", Code::E304));
        }
        "created_by_ref" => {
            found.push(("other type", Some(json!(id("malware"))), "", Code::W206));
            found.push(("no identifier", Some(json!("identity")), "", Code::E201));
        }
        "definition_type" => found.push(("other type", Some(json!("iep")), "", Code::W705)),
        _ => found.extend(of_faulty_form(&property.form, right)),
    }
    if matches!(name, "created" | "modified") && table.role == Role::Common {
        found.push(("no milliseconds", Some(json!("2026-11-01T08:15:30Z")), "", Code::E112));
        if table.name == "marking-definition" {
            found.pop();
        }
    }
    if table.ordered.iter().any(|(later, ..)| *later == name) {
        found.push(("too early", Some(json!("2020-01-01T00:00:00.000Z")), "", Code::E301));
    }
    found
}

fn of_faulty_form(form: &Form, right: &Value) -> Vec<Fault> {
    const LARGEST: i64 = (1 << 53) - 1;
    let wrong = |value: Value, code| Some(("other value", Some(value), "", code));
    let mut found: Vec<Option<Fault>> = Vec::new();
    // A number where a text is due, else a text.
    let other = if right.is_string() { json!(7) } else { json!("1") };
    found.push(Some(("other JSON type", Some(other), "", Code::E101)));
    match form {
        Form::Boolean | Form::Text => {}
        Form::Integer(least, most) => {
            let beyond = |limit: i64| if limit.abs() == LARGEST { Code::E105 } else { Code::E107 };
            found.push(wrong(json!(least - 1), beyond(*least)));
            found.push(wrong(json!(most + 1), beyond(*most)));
            found.push(wrong(json!(1.5), Code::E106));
        }
        Form::Float(least, most) => {
            found.push((*least > f64::MIN).then(|| wrong(json!(least - 1.0), Code::E107)).flatten());
            found.push((*most < f64::MAX).then(|| wrong(json!(most + 1.0), Code::E107)).flatten());
        }
        Form::Syntax(syntax) => {
            let (text, code) = bad(*syntax);
            found.push(wrong(json!(text), code));
        }
        Form::Timestamp => {
            found.push(wrong(json!("2026-11-01 08:15:30.000Z"), Code::E110));
            found.push(wrong(json!("2026-02-30T08:15:30.000Z"), Code::E111));
        }
        Form::Binary => found.push(wrong(json!("TVqQAAM"), Code::E108)),
        Form::Hex => found.extend([wrong(json!("4d5"), Code::E109), wrong(json!("4D5A"), Code::W150)]),
        Form::Hashes => {
            let at = |value: Value, below, code| Some(("other entry", Some(value), below, code));
            found.push(wrong(json!({}), Code::E104));
            found.push(at(json!({"SHA-256": "00"}), "/SHA-256", Code::E118));
            found.push(at(json!({"SHA-256": SHA256, "a b": "00"}), "/a b", Code::E117));
            found.push(at(json!({"SHA-256": SHA256, "ACME": "00"}), "/ACME", Code::W119));
            found.push(wrong(json!({"MD5": "6f5902ac237024bdd0c176cb93063dc4"}), Code::N120));
        }
        Form::Enumeration(_) => found.push(wrong(json!("other"), Code::E113)),
        Form::Open(_) => found.extend([wrong(json!("acme-other"), Code::N115), wrong(json!("Other"), Code::W116)]),
        Form::Identifier => found.push(wrong(json!("identity--1"), Code::E201)),
        Form::Reference(_) => {
            found.push(wrong(json!("identity"), Code::E201));
            found.push(wrong(json!(id("bundle")), Code::E204));
        }
        Form::Dictionary(entry) => {
            found.push(wrong(json!({}), Code::E104));
            let entry_of_other_key = json!({"a b": right.as_object().unwrap().values().next()});
            found.push(Some(("other key", Some(entry_of_other_key), "/a b", Code::E121)));
            let at = |value| Some(("other entry", Some(json!({"key": value})), "/key", Code::E121));
            found.push(match entry {
                Entry::Any => None,
                Entry::Text | Entry::IntegerOrText => at(json!(true)),
                Entry::Integer => at(json!("1")),
                Entry::Texts => at(json!("text")),
            });
        }
        Form::List(item) => {
            found.push(wrong(json!([]), Code::E103));
            let first = &right[0];
            for (_, value, below, code) in of_faulty_form(item, first) {
                if below.is_empty()
                    && let Some(value) = value
                {
                    found.push(Some(("other item", Some(json!([value])), "/0", code)));
                }
            }
        }
        Form::Table(_) | Form::Extensions | Form::Definition | Form::Translations => {
            found.push(wrong(json!({}), Code::E104));
        }
        // Walked by rules of their own.
        Form::Container | Form::Object => {}
    }
    found.into_iter().flatten().collect()
}

/// Common properties where they do not apply; a bundle has rules of its own.
fn misplaced(object_type: &str) -> Vec<Broken> {
    let (own, shared) = tables(object_type);
    let mut found = Vec::new();
    let applied = |name: &str| shared.property(name).is_some() || own.property(name).is_some();
    for property in common::SDO.properties.iter().chain([common::SCO.property("defanged").unwrap()]) {
        if applied(property.name) || object_type == "bundle" {
            continue;
        }
        let mut object = everything(object_type);
        object.insert(property.name.to_owned(), value(&common::SDO, property, object_type));
        let versioned = matches!(property.name, "created" | "modified" | "created_by_ref" | "revoked");
        let code = match property.name {
            "defanged" => Code::E126,
            _ if versioned && own.class() == Some(Class::Sco) => Code::W310,
            _ => Code::W132,
        };
        let object = Value::Object(object).to_string();
        found.push(Broken { object, path: format!("/{}", property.name), what: "does not apply", code });
    }
    found
}
