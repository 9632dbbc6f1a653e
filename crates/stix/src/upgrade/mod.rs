//! STIX 2.0: telling its objects, and writing them anew as STIX 2.1 when asked to.
//!
//! Nothing is converted silently. What [`upgrade`] writes is derived: the received bytes stay the original. Members that mean the
//! same in both versions keep their bytes.
//!
//! | STIX 2.0 | STIX 2.1 |
//! |---|---|
//! | no `spec_version` | `spec_version` 2.1; identifier, `created`, `modified` stay |
//! | `labels` of indicator, malware, report, threat-actor, tool | values of the type's vocabulary move to `indicator_types` and so on; others stay |
//! | malware | `is_family`, false unless told |
//! | indicator | `pattern_type` stix, and `pattern_version` 2.0, since the text keeps its grammar |
//! | `observed-data.objects` | `object_refs`, and one object for each observable (module `container`) |
//! | the four TLP definitions | the built-in ones, same identifiers |
//! | hash name `ssdeep` | `SSDEEP` |
//!
//! Labels of identities are left where they are, though STIX 2.0 means roles by them: producers write anything there.

mod container;
mod forms;

use serde_json::{Map, Value};

use crate::content;
use crate::edit::Edit;
use crate::error::ParseError;
use crate::id;
use crate::limits::Limits;
use crate::marking;
use crate::object::Object;
use crate::tables::{self, Class, Vocabulary, vocabularies};
use crate::validate::class_of_custom;
use crate::value::Tree;

/// How objects are upgraded.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Bounds each object that is written.
    pub limits: Limits,
    /// What `is_family` of malware becomes where the object does not say.
    pub malware_is_family: bool,
}

/// Tells whether an object is one of STIX 2.0.
///
/// It is when `spec_version` says so; without `spec_version` when it stands in a bundle, envelope or list (`enclosed`), since
/// objects of STIX 2.0 carry none. Observables and the meta objects of STIX 2.1 never are; a custom type is unless it is an
/// observable: one that an extension calls so, or that has neither `created` nor `modified`.
pub fn is_2_0(object: &Object, enclosed: bool) -> bool {
    let object_type = object.object_type();
    let class = tables::table(object_type).and_then(tables::Table::class);
    let class = class.unwrap_or_else(|| class_of_custom(Tree::read(content::text(object)).root()));
    is_old(Some(object_type), class, object.spec_version(), enclosed)
}

/// The rule of [`is_2_0`], for an object of that class.
pub(crate) fn is_old(object_type: Option<&str>, class: Class, spec_version: Option<&str>, enclosed: bool) -> bool {
    let may_be = match class {
        Class::Sdo | Class::Sro => true,
        Class::Meta => object_type == Some("marking-definition"),
        Class::Sco => false,
    };
    may_be && spec_version.map_or(enclosed, |version| version == "2.0")
}

/// Writes an object of STIX 2.0 as STIX 2.1: the object itself first, then the observables that were inside it.
///
/// An object that is not of STIX 2.0 is returned as it is. Deterministic where it can be: observables take the identifiers of
/// [`id::sco_id`]. For a process, and for others that have none of their own, `ids` is asked for sixteen bytes, of which a UUID
/// of version 4 is made; it is given the place, such as `observed-data--…/2017-01-01T00:00:00.000Z/objects/3`. [`bytes_of`] is
/// one such source, [`id::of_bytes`] of random bytes another.
///
/// # Errors
///
/// `STIX-E-101` and `-125` for observables that are no objects or have no type, `-201` to `-205` for types and identifiers,
/// `-213` for a reference to nothing in the container, and those of [`Object::parse`] for what is written;
/// `stix.reserved-marking` for another definition under an identifier of the TLP.
///
/// # Examples
///
/// ```
/// use entente_stix::{Limits, Object, upgrade};
/// let old = br#"{"type":"tool","id":"tool--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d","created":"2017-01-01T00:00:00.000Z","modified":"2017-01-01T00:00:00.000Z","name":"VNC","labels":["remote-access","x"]}"#;
/// let old = Object::parse(old, &Limits::admission())?;
/// assert!(upgrade::is_2_0(&old, true));
/// let new = upgrade::upgrade(&old, &upgrade::Options::default(), &mut upgrade::bytes_of)?;
/// assert_eq!(new[0].member("tool_types"), Some(&br#"["remote-access"]"#[..]));
/// assert_eq!((new[0].labels(), new[0].spec_version()), (&["x".to_owned()][..], Some("2.1")));
/// # Ok::<(), entente_stix::ParseError>(())
/// ```
pub fn upgrade(
    object: &Object,
    options: &Options,
    ids: &mut dyn FnMut(&str) -> [u8; 16],
) -> Result<Vec<Object>, ParseError> {
    if !is_2_0(object, true) {
        return Ok(vec![object.clone()]);
    }
    if object.object_type() == "marking-definition"
        && let Some(definition) = marking::built_in(object.id())
    {
        marking::check_reserved(object)?;
        return Ok(vec![Object::parse(definition, &options.limits)?]);
    }
    let mut edit = Edit::new(object);
    edit.set_text("spec_version", "2.1");
    external_references(object, &mut edit);
    if object.object_type() == "observed-data" && object.member("objects").is_some() {
        return container::upgrade(object, edit, options, ids);
    }
    match object.object_type() {
        "indicator" => {
            labels(object, &mut edit, "indicator_types", &vocabularies::INDICATOR_TYPE);
            let pattern_type = object.text("pattern_type");
            if object.member("pattern_type").is_none() {
                edit.set_text("pattern_type", "stix");
            }
            if pattern_type.is_none_or(|name| name == "stix") && object.member("pattern_version").is_none() {
                edit.set_text("pattern_version", "2.0");
            }
        }
        "malware" => {
            labels(object, &mut edit, "malware_types", &vocabularies::MALWARE_TYPE);
            if object.member("is_family").is_none() {
                edit.set("is_family", if options.malware_is_family { "true" } else { "false" });
            }
        }
        "report" => labels(object, &mut edit, "report_types", &vocabularies::REPORT_TYPE),
        "threat-actor" => labels(object, &mut edit, "threat_actor_types", &vocabularies::THREAT_ACTOR_TYPE),
        "tool" => labels(object, &mut edit, "tool_types", &vocabularies::TOOL_TYPE),
        _ => {}
    }
    Ok(vec![Object::parse(&edit.finish(), &options.limits)?])
}

/// Derives sixteen bytes from a place, so that one received object always gives the same identifiers.
///
/// The UUID made of them says version 4, as STIX 2.1 asks for a process (§6.13), but is as good as its place is unique: whoever
/// sends the same identifier and version of an observed-data object gets the same bytes.
pub fn bytes_of(place: &str) -> [u8; 16] {
    /// A namespace of our own for these.
    const NAMESPACE: [u8; 16] =
        [0x5b, 0x0c, 0x51, 0x9e, 0x0f, 0x5d, 0x4d, 0x7f, 0x9a, 0x43, 0x2f, 0x61, 0xd0, 0x8e, 0x27, 0xb4];
    id::derived_bytes(&NAMESPACE, place)
}

/// Moves the labels that the vocabulary holds to a property of their own, and selectors with them.
fn labels(object: &Object, edit: &mut Edit<'_>, property: &str, vocabulary: &Vocabulary) {
    let mut types: Vec<String> = match object.member(property).map(serde_json::from_slice) {
        None => Vec::new(),
        Some(Ok(types)) => types,
        Some(Err(_)) => return,
    };
    let mut stay: Vec<&str> = Vec::new();
    let mut places = Vec::new();
    for label in object.labels() {
        let (list, at) = if vocabulary.contains(label) {
            let at = types.iter().position(|known| known == label).unwrap_or(types.len());
            if at == types.len() {
                types.push(label.clone());
            }
            (property, at)
        } else {
            stay.push(label);
            ("labels", stay.len().saturating_sub(1))
        };
        places.push((list, at));
    }
    if stay.len() == places.len() {
        return;
    }
    edit.set(property, list(&types));
    if stay.is_empty() {
        edit.remove("labels");
    } else {
        edit.set("labels", list(&stay));
    }
    if object.has_granular_markings() {
        granular(object, edit, property, &places, !stay.is_empty());
    }
}

fn list<T: AsRef<str>>(items: &[T]) -> String {
    let items = items.iter().map(|item| Value::from(item.as_ref()));
    Value::Array(items.collect()).to_string()
}

/// Lets selectors of labels follow them.
fn granular(object: &Object, edit: &mut Edit<'_>, property: &str, places: &[(&str, usize)], any_stay: bool) {
    let mut entries: Vec<Value> =
        object.member("granular_markings").and_then(|raw| serde_json::from_slice(raw).ok()).unwrap_or_default();
    let mut changed = false;
    for entry in &mut entries {
        let Some(Value::Array(selectors)) = entry.get_mut("selectors") else {
            continue;
        };
        let mut moved: Vec<Value> = Vec::new();
        for selector in selectors.iter() {
            match selector.as_str() {
                Some("labels") => {
                    changed = true;
                    moved.push(property.into());
                    if any_stay {
                        moved.push("labels".into());
                    }
                }
                Some(text) => {
                    let index = text.strip_prefix("labels.[").and_then(|rest| rest.strip_suffix(']'));
                    match index.and_then(|index| places.get(index.parse::<usize>().ok()?)) {
                        Some((list, at)) => {
                            changed = true;
                            moved.push(format!("{list}.[{at}]").into());
                        }
                        None => moved.push(selector.clone()),
                    }
                }
                None => moved.push(selector.clone()),
            }
        }
        *selectors = moved;
    }
    if changed {
        edit.set("granular_markings", Value::Array(entries).to_string());
    }
}

/// Spells the hash names of external references as STIX 2.1 does.
fn external_references(object: &Object, edit: &mut Edit<'_>) {
    let Some(raw) = object.member("external_references") else {
        return;
    };
    if memchr::memmem::find(raw, b"ssdeep").is_none() {
        return;
    }
    let mut references: Vec<Value> = serde_json::from_slice(raw).unwrap_or_default();
    let mut changed = false;
    for reference in references.iter_mut().filter_map(Value::as_object_mut) {
        changed |= forms::hashes(reference, "hashes");
    }
    if changed {
        edit.set("external_references", Value::Array(references).to_string());
    }
}

/// Writes a map as an object of STIX 2.1.
fn written(map: Map<String, Value>, limits: &Limits) -> Result<Object, ParseError> {
    Object::parse(Value::Object(map).to_string().as_bytes(), limits)
}
