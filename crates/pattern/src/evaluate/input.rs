//! Observations, prepared for many patterns (STIX 2.1 §9.1, §9.7).

use std::collections::BTreeMap;
use std::ops::Range;

use entente_stix::kinds;
use entente_stix::kinds::Class;
use serde_json::{Map, Value};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::decimal::Decimal;
use super::error::InputError;
use super::instant::Instant;

/// LIMIT: lists and objects inside each other, as deep as the JSON reader goes.
const DEPTH_MAX: usize = 128;
/// Node of an object that could not be prepared.
const REFUSED: u32 = u32::MAX;

/// The version of STIX in which observations are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    /// Observed data with `objects`; every type in them can match.
    V20,
    /// Observed data with `object_refs` beside cyber-observable objects; only those can match.
    #[default]
    V21,
}

impl Version {
    /// Reads `2.0` or `2.1`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "2.0" => Some(Self::V20),
            "2.1" => Some(Self::V21),
            _ => None,
        }
    }
}

/// A list of observations in the compact form that patterns are matched against.
///
/// Names carry their hash, numbers and octets are decoded, references are resolved, texts know whether they are in NFC. Size
/// is proportional to the input, since an object named by many observations is held once.
#[derive(Debug, Default)]
pub struct Observations {
    text: String,
    octets: Vec<u8>,
    decimals: Vec<Decimal>,
    nodes: Vec<Node>,
    items: Vec<u32>,
    members: Vec<Member>,
    objects: Vec<Object>,
    /// Objects of each observation, in ascending order.
    parts: Vec<u32>,
    observations: Vec<Observation>,
    has_malformed: bool,
}

/// Part of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span {
    start: u32,
    length: u32,
}

impl Span {
    fn range(self) -> Range<usize> {
        // A span is made from a buffer's length, which fits an address.
        let start = usize::try_from(self.start).unwrap_or(usize::MAX);
        start..start.saturating_add(usize::try_from(self.length).unwrap_or(usize::MAX))
    }
}

/// A value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Node {
    Null,
    Boolean(bool),
    Integer(i64),
    /// A number that is no whole number of 64 bits.
    Decimal(u32),
    Text {
        text: Span,
        /// The same in NFC.
        normal: Span,
    },
    Octets(Span),
    List(Span),
    Object(Span),
    /// Reference to the object of this number, which may belong to another observation; none where nothing has that name.
    Reference(Option<u32>),
    /// References that resolve somewhere.
    References(Span),
    /// A value whose name demands another form.
    Malformed(&'static str),
}

#[derive(Debug, Clone, Copy)]
struct Member {
    hash: u64,
    name: Span,
    node: u32,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Object {
    type_hash: u64,
    type_name: Span,
    pub(crate) node: u32,
    is_clean: bool,
}

/// One observed-data object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Observation {
    parts: Span,
    id: Span,
    pub(crate) first: Instant,
    pub(crate) last: Instant,
    pub(crate) count: u64,
    /// Whether no object has a malformed value.
    pub(crate) is_clean: bool,
}

/// A name with its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    hash: u64,
    pub(crate) text: Box<str>,
}

impl Name {
    pub(crate) fn new(text: &str) -> Self {
        Self { hash: hash(text), text: text.into() }
    }
}

/// Compares short texts in words. The call of the library's comparison would take longer than all else that one test does.
#[inline]
pub(crate) fn is_same(left: &str, right: &str) -> bool {
    let (left_words, left_rest) = left.as_bytes().as_chunks::<8>();
    let (right_words, right_rest) = right.as_bytes().as_chunks::<8>();
    left.len() == right.len()
        && left_words
            .iter()
            .zip(right_words)
            .all(|(left, right)| u64::from_ne_bytes(*left) == u64::from_ne_bytes(*right))
        && left_rest.iter().zip(right_rest).all(|(left, right)| left == right)
}

/// FNV-1a; equal hashes are followed by a comparison of the texts.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// What is at hand, before it is prepared.
#[derive(Default)]
struct Found<'a> {
    objects: BTreeMap<&'a str, &'a Map<String, Value>>,
    observed: Vec<&'a Map<String, Value>>,
    items: usize,
}

impl Observations {
    /// Reads bundles, observed-data objects and cyber-observable objects as one input.
    ///
    /// Of objects with the same identifier the last counts; observed data are taken in order. Domain and relationship objects
    /// are passed over. `object_refs` wins over `objects` in version 2.1; 2.0 knows `objects` only.
    ///
    /// GAP: JSON numbers come as 64-bit integers or doubles, so further digits are lost before they arrive here.
    ///
    /// # Errors
    ///
    /// An item that is no object, or observed data without a valid `number_observed`, `first_observed`, `last_observed` (not
    /// before the first) and list of objects.
    pub fn read(values: &[Value], version: Version) -> Result<Self, InputError> {
        let mut refused = None;
        let observations = Self::read_each(values, version, &mut |error| {
            refused.get_or_insert(error);
        });
        refused.map_or(Ok(observations), Err)
    }

    /// Reads one JSON text: a bundle, an object or an array of them; see [`read`](Self::read).
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), and `Json`.
    pub fn read_bytes(bytes: &[u8], version: Version) -> Result<Self, InputError> {
        match serde_json::from_slice(bytes).map_err(|error| InputError::Json(error.to_string()))? {
            Value::Array(values) => Self::read(&values, version),
            value => Self::read(std::slice::from_ref(&value), version),
        }
    }

    /// Reads as [`read`](Self::read), but leaves out each observation that is in error and reports it: for matching in bulk,
    /// where an error concerns one observation.
    pub fn read_each(values: &[Value], version: Version, refused: &mut dyn FnMut(InputError)) -> Self {
        let mut found = Found::default();
        for value in values {
            let members = match value {
                Value::Object(object) if object.get("type").and_then(Value::as_str) == Some("bundle") => {
                    object.get("objects").and_then(Value::as_array).map_or(&[][..], Vec::as_slice)
                }
                value => std::slice::from_ref(value),
            };
            for member in members {
                found.take(member, refused);
            }
        }
        let mut this = Self::default();
        let mut names = BTreeMap::new();
        if version == Version::V21 {
            names = found.numbered();
            this.prepare_objects(&found, &names);
        }
        for observed in &found.observed {
            if let Err(error) = this.observe(observed, &names, version) {
                refused(error);
            }
        }
        this
    }

    /// Prepares every object that observed data name, in the order of their identifiers.
    fn prepare_objects(&mut self, found: &Found<'_>, names: &BTreeMap<&str, u32>) {
        for id in names.keys() {
            let prepared = found.objects.get(id).is_some_and(|object| self.object(object, names).is_ok());
            if !prepared {
                // The number stays taken, and each observation that names the object is refused.
                self.objects.push(Object { node: REFUSED, ..Object::default() });
            }
        }
    }

    fn observe(
        &mut self,
        observed: &Map<String, Value>,
        names: &BTreeMap<&str, u32>,
        version: Version,
    ) -> Result<(), InputError> {
        let id = observed.get("id").and_then(Value::as_str).unwrap_or_default();
        let fault = |property, expected| InputError::Property { id: id.to_owned(), property, expected };
        let instant = |property| {
            let text = observed.get(property).and_then(Value::as_str);
            text.and_then(|text| Instant::parse(text).ok()).ok_or_else(|| fault(property, "a timestamp"))
        };
        let (first, last) = (instant("first_observed")?, instant("last_observed")?);
        if last < first {
            return Err(fault("last_observed", "no earlier than `first_observed`"));
        }
        let count = match observed.get("number_observed") {
            Some(Value::Number(number)) => whole(number),
            _ => None,
        };
        let count = count.ok_or_else(|| fault("number_observed", "a whole number of at least 1"))?;
        let mut parts = match (observed.get("object_refs"), observed.get("objects")) {
            (Some(Value::Array(references)), _) if version == Version::V21 => {
                let mut parts = Vec::with_capacity(references.len());
                for reference in references {
                    let name = reference.as_str().ok_or_else(|| fault("object_refs", "a list of identifiers"))?;
                    parts.extend(names.get(name).copied());
                }
                parts
            }
            (Some(_), _) if version == Version::V21 => return Err(fault("object_refs", "a list of identifiers")),
            (_, Some(Value::Object(container))) => self.container(container, version).map_err(|error| match error {
                InputError::Depth { .. } => InputError::Depth { id: id.to_owned() },
                error => error,
            })?,
            (_, Some(_)) => return Err(fault("objects", "a dictionary of objects")),
            (_, None) if version == Version::V21 => return Err(fault("object_refs", "present")),
            (_, None) => return Err(fault("objects", "present")),
        };
        parts.sort_unstable();
        parts.dedup();
        if parts.iter().any(|part| self.object_at(*part).is_none_or(|object| object.node == REFUSED)) {
            return Err(InputError::Depth { id: id.to_owned() });
        }
        let is_clean = parts.iter().all(|part| self.object_at(*part).is_some_and(|object| object.is_clean));
        self.has_malformed |= !is_clean;
        let id = self.text(id)?;
        let parts = append(&mut self.parts, &parts)?;
        self.observations.push(Observation { parts, id, first, last, count, is_clean });
        Ok(())
    }

    /// Prepares the `objects` of one observed-data object, whose references resolve among themselves.
    fn container(&mut self, container: &Map<String, Value>, version: Version) -> Result<Vec<u32>, InputError> {
        let base = number(self.objects.len())?;
        let mut names = BTreeMap::new();
        let mut objects = Vec::new();
        for (key, value) in container {
            let Value::Object(object) = value else { continue };
            let type_name = object.get("type").and_then(Value::as_str).unwrap_or_default();
            if version == Version::V21 && !is_observable(type_name) {
                continue;
            }
            names.insert(key.as_str(), base.checked_add(number(objects.len())?).ok_or(InputError::Size)?);
            objects.push(object);
        }
        for object in objects {
            self.object(object, &names)?;
        }
        Ok(names.into_values().collect())
    }

    fn object(&mut self, object: &Map<String, Value>, names: &BTreeMap<&str, u32>) -> Result<(), InputError> {
        let type_name = object.get("type").and_then(Value::as_str).unwrap_or_default();
        let mut is_clean = true;
        let node = self.map(object, names, DEPTH_MAX, &mut is_clean)?;
        let object = Object { type_hash: hash(type_name), type_name: self.text(type_name)?, node, is_clean };
        self.objects.push(object);
        Ok(())
    }

    fn map(
        &mut self,
        object: &Map<String, Value>,
        names: &BTreeMap<&str, u32>,
        depth: usize,
        is_clean: &mut bool,
    ) -> Result<u32, InputError> {
        let depth = depth.checked_sub(1).ok_or(InputError::Depth { id: String::new() })?;
        let mut members = Vec::with_capacity(object.len());
        for (key, value) in object {
            let node = self.member(key, value, names, depth, is_clean)?;
            members.push(Member { hash: hash(key), name: self.text(key)?, node });
        }
        let span = append(&mut self.members, &members)?;
        self.node(Node::Object(span))
    }

    /// Prepares the value of a key; the ending of the key says how it is read (STIX 2.1 §3.1, §9.7).
    fn member(
        &mut self,
        key: &str,
        value: &Value,
        names: &BTreeMap<&str, u32>,
        depth: usize,
        is_clean: &mut bool,
    ) -> Result<u32, InputError> {
        let node = if key.ends_with("_ref") {
            match value {
                Value::String(name) => Node::Reference(names.get(name.as_str()).copied()),
                _ => Node::Malformed("an identifier"),
            }
        } else if key.ends_with("_refs") {
            let identifiers: Option<Vec<&str>> =
                value.as_array().and_then(|list| list.iter().map(Value::as_str).collect());
            match identifiers {
                Some(list) => {
                    let resolved: Vec<u32> = list.iter().filter_map(|name| names.get(name).copied()).collect();
                    Node::References(append(&mut self.items, &resolved)?)
                }
                None => Node::Malformed("a list of identifiers"),
            }
        } else if key.ends_with("_hex") {
            match value.as_str().and_then(from_hex) {
                Some(octets) => Node::Octets(append(&mut self.octets, &octets)?),
                None => Node::Malformed("pairs of hexadecimal digits"),
            }
        } else if key.ends_with("_bin") {
            match value.as_str().and_then(from_base64) {
                Some(octets) => Node::Octets(append(&mut self.octets, &octets)?),
                None => Node::Malformed("base64 with padding"),
            }
        } else {
            return self.value(value, names, depth, is_clean);
        };
        *is_clean &= !matches!(node, Node::Malformed(_));
        self.node(node)
    }

    /// Prepares a value. Recursion ends at the depth limit.
    fn value(
        &mut self,
        value: &Value,
        names: &BTreeMap<&str, u32>,
        depth: usize,
        is_clean: &mut bool,
    ) -> Result<u32, InputError> {
        let node = match value {
            Value::Null => Node::Null,
            Value::Bool(value) => Node::Boolean(*value),
            Value::Number(number) => match number.as_i64() {
                Some(integer) => Node::Integer(integer),
                None => self.decimal(number)?,
            },
            Value::String(text) => {
                let plain = self.text(text)?;
                let is_normal = text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes;
                let normal = if is_normal { plain } else { self.text(&text.nfc().collect::<String>())? };
                Node::Text { text: plain, normal }
            }
            Value::Array(list) => {
                let depth = depth.checked_sub(1).ok_or(InputError::Depth { id: String::new() })?;
                let mut items = Vec::with_capacity(list.len());
                for item in list {
                    items.push(self.value(item, names, depth, is_clean)?);
                }
                Node::List(append(&mut self.items, &items)?)
            }
            Value::Object(object) => return self.map(object, names, depth, is_clean),
        };
        self.node(node)
    }

    fn decimal(&mut self, number: &serde_json::Number) -> Result<Node, InputError> {
        // The shortest text of a double is what was written, up to 15 digits of it and mostly 17.
        let Some(decimal) = Decimal::parse(&number.to_string()) else {
            return Ok(Node::Null);
        };
        if let Some(integer) = decimal.as_integer() {
            return Ok(Node::Integer(integer));
        }
        let at = self::number(self.decimals.len())?;
        self.decimals.push(decimal);
        Ok(Node::Decimal(at))
    }

    fn node(&mut self, node: Node) -> Result<u32, InputError> {
        let at = number(self.nodes.len())?;
        self.nodes.push(node);
        Ok(at)
    }

    fn text(&mut self, text: &str) -> Result<Span, InputError> {
        let span = Span { start: number(self.text.len())?, length: number(text.len())? };
        self.text.push_str(text);
        Ok(span)
    }

    /// Returns the number of observed-data objects.
    pub fn len(&self) -> usize {
        self.observations.len()
    }

    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.observations.is_empty()
    }

    /// Returns the identifier of the observed-data object at a position; empty where it has none.
    pub fn id(&self, position: usize) -> &str {
        self.observations.get(position).map_or("", |observation| self.str(observation.id))
    }

    /// Tells whether no observation has a malformed value.
    pub(crate) const fn is_clean(&self) -> bool {
        !self.has_malformed
    }

    /// Returns the identifier of an observation of this list.
    pub(crate) fn id_of(&self, observation: &Observation) -> &str {
        self.str(observation.id)
    }

    pub(crate) fn observations(&self) -> &[Observation] {
        &self.observations
    }

    /// Returns the numbers of the objects of an observation.
    pub(crate) fn parts(&self, observation: &Observation) -> &[u32] {
        self.parts.get(observation.parts.range()).unwrap_or_default()
    }

    pub(crate) fn object_at(&self, number: u32) -> Option<&Object> {
        self.objects.get(usize::try_from(number).ok()?)
    }

    pub(crate) fn is_of_type(&self, object: &Object, name: &Name) -> bool {
        object.type_hash == name.hash && is_same(self.str(object.type_name), &name.text)
    }

    pub(crate) fn node_at(&self, number: u32) -> Option<&Node> {
        self.nodes.get(usize::try_from(number).ok()?)
    }

    /// Returns the value of a key.
    pub(crate) fn get(&self, members: Span, name: &Name) -> Option<u32> {
        let members = self.members.get(members.range())?;
        members
            .iter()
            .find(|member| member.hash == name.hash && is_same(self.str(member.name), &name.text))
            .map(|it| it.node)
    }

    pub(crate) fn str(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }

    pub(crate) fn octets(&self, span: Span) -> &[u8] {
        self.octets.get(span.range()).unwrap_or_default()
    }

    /// Returns the values of a list, or the objects of a list of references.
    pub(crate) fn items(&self, span: Span) -> &[u32] {
        self.items.get(span.range()).unwrap_or_default()
    }

    pub(crate) fn decimal_at(&self, number: u32) -> Option<&Decimal> {
        self.decimals.get(usize::try_from(number).ok()?)
    }
}

impl<'a> Found<'a> {
    fn take(&mut self, value: &'a Value, refused: &mut dyn FnMut(InputError)) {
        let index = self.items;
        self.items = index.saturating_add(1);
        let Some((object, type_name)) =
            value.as_object().and_then(|object| Some((object, object.get("type")?.as_str()?)))
        else {
            refused(InputError::NoObject { index });
            return;
        };
        if type_name == "observed-data" {
            self.observed.push(object);
        } else if is_observable(type_name)
            && let Some(id) = object.get("id").and_then(Value::as_str)
        {
            self.objects.insert(id, object);
        }
    }

    /// Numbers the objects that some observed data name, in the order of their identifiers.
    fn numbered(&self) -> BTreeMap<&'a str, u32> {
        let mut names = BTreeMap::new();
        for observed in &self.observed {
            let references = observed.get("object_refs").and_then(Value::as_array);
            for name in references.into_iter().flatten().filter_map(Value::as_str) {
                if let Some((id, _)) = self.objects.get_key_value(name) {
                    names.insert(*id, 0);
                }
            }
        }
        for (at, slot) in names.values_mut().enumerate() {
            *slot = u32::try_from(at).unwrap_or(u32::MAX);
        }
        names
    }
}

/// Custom types are taken for observables, as nothing says otherwise.
fn is_observable(type_name: &str) -> bool {
    type_name != "bundle" && kinds::class(type_name).is_none_or(|class| class == Class::Sco)
}

fn whole(number: &serde_json::Number) -> Option<u64> {
    let count = match number.as_u64() {
        Some(count) => count,
        None => u64::try_from(Decimal::parse(&number.to_string())?.as_integer()?).ok()?,
    };
    (count > 0).then_some(count)
}

fn number(size: usize) -> Result<u32, InputError> {
    u32::try_from(size).map_err(|_| InputError::Size)
}

fn append<T: Copy>(buffer: &mut Vec<T>, part: &[T]) -> Result<Span, InputError> {
    let span = Span { start: number(buffer.len())?, length: number(part.len())? };
    buffer.extend_from_slice(part);
    Ok(span)
}

/// Reads pairs of digits of either case.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

/// Reads base64 with padding (RFC 4648 §4); spare bits may be anything.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_suffix('=').map_or(text, |text| text.strip_suffix('=').unwrap_or(text));
    if !text.len().is_multiple_of(4) || digits.len() % 4 == 1 {
        return None;
    }
    let mut octets = Vec::with_capacity(digits.len());
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in digits.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte.wrapping_sub(b'A'),
            b'a'..=b'z' => byte.wrapping_sub(b'a').wrapping_add(26),
            b'0'..=b'9' => byte.wrapping_sub(b'0').wrapping_add(52),
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(digit)) & 0xffff;
        count = count.wrapping_add(6);
        if count >= 8 {
            count = count.wrapping_sub(8);
            octets.extend(u8::try_from(bits >> count & 0xff).ok());
        }
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_are_read_as_their_names_demand() {
        assert_eq!(from_hex("00fFa5"), Some(vec![0, 0xff, 0xa5]));
        assert_eq!((from_hex(""), from_hex("0"), from_hex("0g")), (Some(vec![]), None, None));
        // RFC 4648 §10.
        for (text, octets) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg==", "foob"),
            ("Zm9vYmE=", "fooba"),
            ("Zm9vYmFy", "foobar"),
        ] {
            assert_eq!(from_base64(text).as_deref(), Some(octets.as_bytes()), "{text}");
        }
        assert_eq!(from_base64("/+8="), Some(vec![0xff, 0xef]));
        for text in ["Z", "Zg", "Zg=", "Z===", "Zg==\n", "Zm9v=", "Z=g=", "Zm 9"] {
            assert_eq!(from_base64(text), None, "{text}");
        }
    }

    #[test]
    fn an_object_named_by_many_observations_is_held_once() {
        let text = "x".repeat(10_000);
        let mut values = vec![serde_json::json!({"type": "file", "id": "file--1", "name": text})];
        for _ in 0..100 {
            values.push(serde_json::json!({
                "type": "observed-data", "first_observed": "2026-01-01T00:00:00Z",
                "last_observed": "2026-01-01T00:00:00Z", "number_observed": 1, "object_refs": ["file--1"],
            }));
        }
        let observations = Observations::read(&values, Version::V21).unwrap();
        assert_eq!(observations.len(), 100);
        assert!(observations.text.len() < 20_000);
    }
}
