//! One object: its bytes and its head.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};

use crate::error::{JsonError, JsonErrorKind, ParseError, shown};
use crate::id::{self, IdentifierForm};
use crate::json::{string_inside, string_items, unescape};
use crate::limits::Limits;
use crate::scan::{self, Member, Place, RefNote, Span};
use crate::timestamp::Timestamp;

/// One outgoing reference of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Where it stands, in the selector syntax of STIX 2.1 §7.2.3.1: `source_ref`, `object_refs.[3]`,
    /// `granular_markings.[0].marking_ref`. Paths above 512 bytes are cut and end in `…`.
    pub path: String,
    /// The identifier it names.
    pub target: String,
}

impl Reference {
    /// Returns the top-level property in which the reference stands.
    pub fn property(&self) -> &str {
        self.path.split_once('.').map_or(self.path.as_str(), |(property, _)| property)
    }
}

/// One STIX object, byte for byte as received, with the members that are needed again and again.
///
/// Cloning is cheap: clones share the bytes. Lists of the head are taken apart at their first use.
#[derive(Debug, Clone)]
pub struct Object {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    raw: Box<str>,
    members: Vec<Member>,
    notes: Vec<RefNote>,
    head: Head,
    labels: OnceLock<Vec<String>>,
    markings: OnceLock<Vec<String>>,
    references: OnceLock<Vec<Reference>>,
}

#[derive(Debug, Default)]
struct Head {
    object_type: Text,
    id: Text,
    spec_version: Option<Text>,
    created: Option<(Text, Timestamp)>,
    modified: Option<(Text, Timestamp)>,
    created_by_ref: Option<Text>,
    revoked: bool,
    confidence: Option<u8>,
    labels: Option<Span>,
    markings: Option<Span>,
    has_granular_markings: bool,
}

/// A string of the head: usually a part of the raw text, a copy only if it was written with escapes.
#[derive(Debug)]
enum Text {
    Part(Span),
    Copy(Box<str>),
}

impl Default for Text {
    fn default() -> Self {
        Self::Part(Span::default())
    }
}

impl Text {
    fn of<'a>(&'a self, raw: &'a str) -> &'a str {
        match self {
            Self::Part(span) => span.of(raw),
            Self::Copy(text) => text,
        }
    }
}

impl Object {
    /// Reads one object: JSON profile and limits, type, identifier, and the form of the common properties of the head.
    ///
    /// White space around the object is not part of it. Rules that need the object's type are those of
    /// [`validate::check`](crate::validate::check).
    ///
    /// # Errors
    ///
    /// `STIX-E-001` to `STIX-E-011` for the JSON profile; `STIX-E-101`, `-102`, `-105` to `-107`, `-110`, `-111` for a head
    /// member of the wrong type or range; `STIX-E-125` without `type` or `id`; `STIX-E-201` to `-205` for type and identifier.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, ParseError> {
        let notes = scan::scan(bytes, limits)?;
        if !notes.is_object {
            return Err(JsonError::new(JsonErrorKind::NotObject, notes.value.start()).into());
        }
        // INVARIANT: the scan has refused anything but UTF-8, so the text is whole.
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let raw = notes.value.of(text);
        let skipped = notes.value.start();
        let mut members = notes.members;
        let mut references = notes.references;
        if skipped > 0 {
            for member in &mut members {
                member.key = shift(member.key, skipped);
                member.value = shift(member.value, skipped);
            }
            for reference in &mut references {
                reference.target = shift(reference.target, skipped);
            }
        }
        let head = head(raw, &members)?;
        let inner = Inner {
            raw: raw.into(),
            members,
            notes: references,
            head,
            labels: OnceLock::new(),
            markings: OnceLock::new(),
            references: OnceLock::new(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Returns the exact bytes of the object, from `{` to its `}`.
    pub fn raw(&self) -> &[u8] {
        self.inner.raw.as_bytes()
    }

    pub(crate) fn members(&self) -> &[Member] {
        &self.inner.members
    }

    /// Returns the identifier, well formed and beginning with the type.
    pub fn id(&self) -> &str {
        self.inner.head.id.of(&self.inner.raw)
    }

    /// Returns the object type, well formed; it need not be a known one.
    pub fn object_type(&self) -> &str {
        self.inner.head.object_type.of(&self.inner.raw)
    }

    /// Returns `spec_version` as received.
    pub fn spec_version(&self) -> Option<&str> {
        self.inner.head.spec_version.as_ref().map(|text| text.of(&self.inner.raw))
    }

    /// Returns the instant of `created`.
    pub fn created(&self) -> Option<Timestamp> {
        self.inner.head.created.as_ref().map(|(_, instant)| *instant)
    }

    /// Returns the instant of `modified`.
    pub fn modified(&self) -> Option<Timestamp> {
        self.inner.head.modified.as_ref().map(|(_, instant)| *instant)
    }

    /// Returns `created` as received.
    pub fn created_text(&self) -> Option<&str> {
        self.inner.head.created.as_ref().map(|(text, _)| text.of(&self.inner.raw))
    }

    /// Returns `modified` as received.
    pub fn modified_text(&self) -> Option<&str> {
        self.inner.head.modified.as_ref().map(|(text, _)| text.of(&self.inner.raw))
    }

    /// Returns the version: `modified`, else `created`; none for most observables (STIX 2.1 §3.6).
    pub fn version(&self) -> Option<Timestamp> {
        self.modified().or_else(|| self.created())
    }

    /// Returns the identifier of the creator that the object names, which proves nothing about who sent it.
    pub fn created_by_ref(&self) -> Option<&str> {
        self.inner.head.created_by_ref.as_ref().map(|text| text.of(&self.inner.raw))
    }

    /// Tells whether `revoked` is true.
    pub fn revoked(&self) -> bool {
        self.inner.head.revoked
    }

    /// Returns `confidence`, 0 to 100.
    pub fn confidence(&self) -> Option<u8> {
        self.inner.head.confidence
    }

    /// Returns `labels`, unescaped and in order; empty without the property.
    pub fn labels(&self) -> &[String] {
        self.inner.labels.get_or_init(|| self.list(self.inner.head.labels))
    }

    /// Returns `object_marking_refs` in order; empty without the property.
    pub fn object_marking_refs(&self) -> &[String] {
        self.inner.markings.get_or_init(|| self.list(self.inner.head.markings))
    }

    /// Tells whether `granular_markings` is present and not an empty list.
    pub fn has_granular_markings(&self) -> bool {
        self.inner.head.has_granular_markings
    }

    /// Returns every well-formed identifier under a key that ends in `_ref` or `_refs`, at any depth, in order of the text.
    pub fn references(&self) -> &[Reference] {
        self.inner.references.get_or_init(|| self.inner.notes.iter().map(|note| self.reference(note)).collect())
    }

    /// Returns the raw bytes of a top-level member's value.
    pub fn member(&self, key: &str) -> Option<&[u8]> {
        self.member_text(key).map(str::as_bytes)
    }

    pub(crate) fn member_text(&self, key: &str) -> Option<&str> {
        let raw: &str = &self.inner.raw;
        let member = self.inner.members.iter().find(|member| {
            let written = member.key.of(raw);
            // An escaped key is longer than what it means; one of the same bytes may still be escaped and mean another.
            if written.len() == key.len() {
                written == key && !written.contains('\\')
            } else {
                written.len() > key.len() && written.contains('\\') && unescape(written) == key
            }
        })?;
        Some(member.value.of(raw))
    }

    pub(crate) fn key(&self, member: &Member) -> Cow<'_, str> {
        unescape(member.key.of(&self.inner.raw))
    }

    /// Returns a top-level string member, unescaped; none where it is absent or not a string.
    pub fn text(&self, key: &str) -> Option<String> {
        string_inside(self.member_text(key)?).map(|inside| unescape(inside).into_owned())
    }

    /// Parses the whole object into a map. Costs a full parse; the head's accessors are cheaper.
    pub fn json(&self) -> Map<String, Value> {
        // INVARIANT: what the scanner accepts, `serde_json` reads (property test in `json`).
        serde_json::from_str(&self.inner.raw).unwrap_or_default()
    }

    fn list(&self, span: Option<Span>) -> Vec<String> {
        let raw = span.unwrap_or_default().of(&self.inner.raw);
        string_items(raw).unwrap_or_default().into_iter().map(|item| unescape(item).into_owned()).collect()
    }

    fn reference(&self, note: &RefNote) -> Reference {
        let key = |position: usize| {
            self.inner.members.get(position).map(|member| self.key(member).into_owned()).unwrap_or_default()
        };
        let path = match &note.place {
            Place::Member(position) => key(*position),
            Place::Item(position, index) => format!("{}.[{index}]", key(*position)),
            Place::Nested(path) => path.to_string(),
        };
        Reference { path, target: unescape(note.target.of(&self.inner.raw)).into_owned() }
    }
}

fn shift(span: Span, by: usize) -> Span {
    Span::new(span.start().saturating_sub(by), span.end().saturating_sub(by))
}

fn head(raw: &str, members: &[Member]) -> Result<Head, ParseError> {
    let mut head = Head::default();
    let (mut has_type, mut has_id) = (false, false);
    for member in members {
        let value = member.value.of(raw);
        match unescape(member.key.of(raw)).as_ref() {
            "type" => {
                head.object_type = text(raw, member, "type")?;
                has_type = true;
            }
            "id" => {
                head.id = text(raw, member, "id")?;
                has_id = true;
            }
            "spec_version" => head.spec_version = Some(text(raw, member, "spec_version")?),
            "created" => head.created = Some(instant(raw, member, "created")?),
            "modified" => head.modified = Some(instant(raw, member, "modified")?),
            "created_by_ref" => {
                let target = text(raw, member, "created_by_ref")?;
                require_identifier("created_by_ref", target.of(raw))?;
                head.created_by_ref = Some(target);
            }
            "revoked" => match value {
                "true" => head.revoked = true,
                "false" => {}
                _ => return Err(ParseError::wrong_type("revoked", value, "a boolean")),
            },
            "confidence" => head.confidence = Some(confidence(value)?),
            "labels" => head.labels = Some(list(raw, member, "labels")?),
            "object_marking_refs" => {
                let span = list(raw, member, "object_marking_refs")?;
                for item in string_items(value).unwrap_or_default() {
                    require_identifier("object_marking_refs", &unescape(item))?;
                }
                head.markings = Some(span);
            }
            "granular_markings" => {
                let inside = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
                let Some(inside) = inside else {
                    return Err(ParseError::wrong_type("granular_markings", value, "a list"));
                };
                head.has_granular_markings = !inside.trim_ascii().is_empty();
            }
            _ => {}
        }
    }
    for (present, property) in [(has_type, "type"), (has_id, "id")] {
        if !present {
            return Err(ParseError::missing(property));
        }
    }
    agree(head.object_type.of(raw), head.id.of(raw))?;
    Ok(head)
}

/// Checks the form of type and identifier, and that they agree.
fn agree(object_type: &str, object_id: &str) -> Result<(), ParseError> {
    if object_type == "bundle" {
        return Err(ParseError::rule("STIX-E-203", "type", "a `bundle` is transport, not an object"));
    }
    if !id::is_object_type(object_type) {
        let message = format!("`{}` is not the name of an object type", shown(object_type));
        return Err(ParseError::rule("STIX-E-203", "type", message));
    }
    require_identifier("id", object_id)?;
    if object_id.len() != object_type.len().saturating_add(38) || !object_id.starts_with(object_type) {
        let message = format!("identifier `{}` does not begin with type `{}`", shown(object_id), shown(object_type));
        return Err(ParseError::rule("STIX-E-205", "id", message));
    }
    Ok(())
}

pub(crate) fn require_identifier(property: &str, text: &str) -> Result<(), ParseError> {
    match id::form(text) {
        IdentifierForm::WellFormed => Ok(()),
        IdentifierForm::Malformed => {
            Err(ParseError::rule("STIX-E-201", property, format!("`{}` is not an identifier", shown(text))))
        }
        IdentifierForm::WrongVersion => {
            let message = format!("`{}` has a UUID of an unknown variant or version", shown(text));
            Err(ParseError::rule("STIX-E-202", property, message))
        }
    }
}

fn text(raw: &str, member: &Member, property: &str) -> Result<Text, ParseError> {
    let value = member.value.of(raw);
    let Some(inside) = string_inside(value) else {
        return Err(ParseError::wrong_type(property, value, "a string"));
    };
    Ok(match unescape(inside) {
        Cow::Borrowed(_) => {
            Text::Part(Span::new(member.value.start().saturating_add(1), member.value.end().saturating_sub(1)))
        }
        Cow::Owned(copy) => Text::Copy(copy.into_boxed_str()),
    })
}

fn instant(raw: &str, member: &Member, property: &str) -> Result<(Text, Timestamp), ParseError> {
    let text = text(raw, member, property)?;
    let instant = Timestamp::parse(text.of(raw))
        .map_err(|error| ParseError::rule(error.code(), property, format!("`{property}`: {error}")))?;
    Ok((text, instant))
}

fn list(raw: &str, member: &Member, property: &str) -> Result<Span, ParseError> {
    let value = member.value.of(raw);
    match string_items(value) {
        Some(_) => Ok(member.value),
        None => Err(ParseError::wrong_type(property, value, "a list of strings")),
    }
}

/// Reads a whole number from 0 to 100; `1e1` and `10.0` are whole numbers too.
fn confidence(value: &str) -> Result<u8, ParseError> {
    let whole = whole_number("confidence", value)?;
    u8::try_from(whole).ok().filter(|confidence| *confidence <= 100).ok_or_else(|| {
        ParseError::rule("STIX-E-107", "confidence", format!("`confidence` of `{}` is not from 0 to 100", shown(value)))
    })
}

/// Reads a whole number of JSON, within ±(2^53 − 1).
pub(crate) fn whole_number(property: &str, value: &str) -> Result<i64, ParseError> {
    const LARGEST: i64 = (1 << 53) - 1;
    let fault = |code, what: &str| {
        Err(ParseError::rule(code, property, format!("`{property}` of `{}` is {what}", shown(value))))
    };
    if !value.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return Err(ParseError::wrong_type(property, value, "a number"));
    }
    if let Ok(whole) = value.parse::<i64>() {
        return if (-LARGEST..=LARGEST).contains(&whole) { Ok(whole) } else { fault("STIX-E-105", "too large") };
    }
    let number = value.parse::<f64>().unwrap_or(f64::NAN);
    if number.fract() != 0.0 {
        return fault("STIX-E-106", "not a whole number");
    }
    // A whole double prints without exponent and fraction.
    match format!("{number:.0}").parse::<i64>() {
        Ok(whole) if (-LARGEST..=LARGEST).contains(&whole) => Ok(whole),
        _ => fault("STIX-E-105", "too large"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
    const MAKER: &str = "identity--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d";

    fn parse(text: &str) -> Result<Object, ParseError> {
        Object::parse(text.as_bytes(), &Limits::admission())
    }

    fn with(members: &str) -> String {
        format!("{{\"type\":\"indicator\",\"id\":\"{ID}\"{members}}}")
    }

    #[test]
    fn the_head_is_read_and_the_bytes_are_kept() {
        let text = format!(
            r#"{{"x_n": 1.50, "type":"indicator","spec_version":"2.1","id":"indicator\u002d-8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
            "created_by_ref":"{MAKER}","created":"2026-11-01T08:15:30.5Z","modified":"2026-11-02T00:00:00.000Z","revoked":true,
            "confidence":8e1,"labels":["a\"b","role:c2"],"granular_markings":[{{"marking_ref":"{MAKER}","selectors":["x_n"]}}],
            "x_deep":[0,{{"y_refs":["no","{ID}"],"z_ref":"{ID}","z":"{ID}"}}],"object_marking_refs":["{MAKER}"]}}"#
        );
        let object = parse(&format!("  {text}\r\n")).unwrap();
        assert_eq!(object.raw(), text.as_bytes());
        assert_eq!((object.object_type(), object.id()), ("indicator", ID));
        assert_eq!(object.spec_version(), Some("2.1"));
        assert_eq!(object.created_by_ref(), Some(MAKER));
        assert_eq!(object.created_text(), Some("2026-11-01T08:15:30.5Z"));
        assert_eq!(object.version(), object.modified());
        assert_eq!(object.modified(), Timestamp::parse("2026-11-02T00:00:00Z").ok());
        assert!(object.revoked() && object.has_granular_markings());
        assert_eq!(object.confidence(), Some(80));
        assert_eq!(object.labels(), ["a\"b", "role:c2"]);
        assert_eq!(object.object_marking_refs(), [MAKER]);
        assert_eq!(object.member("x_n"), Some(&b"1.50"[..]));
        assert_eq!(object.text("x_n"), None);
        assert_eq!(object.text("id").as_deref(), Some(ID));
        assert_eq!(object.json().len(), 13);
        let references: Vec<_> = object.references().iter().map(|r| (r.path.as_str(), r.target.as_str())).collect();
        assert_eq!(
            references,
            [
                ("created_by_ref", MAKER),
                ("granular_markings.[0].marking_ref", MAKER),
                ("x_deep.[1].y_refs.[1]", ID),
                ("x_deep.[1].z_ref", ID),
                ("object_marking_refs.[0]", MAKER),
            ]
        );
        assert_eq!(object.references().last().map(Reference::property), Some("object_marking_refs"));
    }

    #[test]
    fn a_head_of_the_wrong_form_is_refused_with_its_code() {
        for (text, code, path) in [
            ("[]".to_owned(), "STIX-E-008", ""),
            ("{}".to_owned(), "STIX-E-125", "/type"),
            ("{\"type\":\"indicator\"}".to_owned(), "STIX-E-125", "/id"),
            ("{\"type\":1}".to_owned(), "STIX-E-101", "/type"),
            ("{\"type\":null}".to_owned(), "STIX-E-102", "/type"),
            (with("").replace("\"indicator\"", "\"Indicator\""), "STIX-E-203", "/type"),
            (with("").replace("\"indicator\"", "\"bundle\""), "STIX-E-203", "/type"),
            (with("").replace("\"indicator\"", "\"report\""), "STIX-E-205", "/id"),
            (with("").replace("-8e2e2d2b-", "-8e2e2d2-"), "STIX-E-201", "/id"),
            (with("").replace("-938f-", "-c38f-"), "STIX-E-202", "/id"),
            (with("").replace("-4cbf-", "-0cbf-"), "STIX-E-202", "/id"),
            (with(",\"created\":\"2026-01-01\""), "STIX-E-110", "/created"),
            (with(",\"modified\":\"2026-02-30T00:00:00.000Z\""), "STIX-E-111", "/modified"),
            (with(",\"created_by_ref\":\"me\""), "STIX-E-201", "/created_by_ref"),
            (with(",\"revoked\":\"true\""), "STIX-E-101", "/revoked"),
            (with(",\"confidence\":101"), "STIX-E-107", "/confidence"),
            (with(",\"confidence\":-1"), "STIX-E-107", "/confidence"),
            (with(",\"confidence\":1.5"), "STIX-E-106", "/confidence"),
            (with(",\"confidence\":1e30"), "STIX-E-105", "/confidence"),
            (with(",\"confidence\":\"80\""), "STIX-E-101", "/confidence"),
            (with(",\"labels\":\"a\""), "STIX-E-101", "/labels"),
            (with(",\"labels\":[1]"), "STIX-E-101", "/labels"),
            (with(",\"object_marking_refs\":[\"red\"]"), "STIX-E-201", "/object_marking_refs"),
            (with(",\"granular_markings\":{}"), "STIX-E-101", "/granular_markings"),
        ] {
            let error = parse(&text).unwrap_err();
            assert_eq!((error.code(), error.path()), (code, path), "{text}");
        }
        assert!(parse(&with(",\"confidence\":100.0")).is_ok());
    }

    #[test]
    fn a_key_that_is_written_like_another_is_not_taken_for_it() {
        // The key means `a`, carriage return, `b`; the caller asks for `a`, backslash, `r`, `b`.
        let object = Object::parse(with(r#","a\rb":1,"\u0061c":2"#).as_bytes(), &Limits::admission()).unwrap();
        assert_eq!(object.member("a\\rb"), None);
        assert_eq!(object.member("a\rb"), Some(&b"1"[..]));
        assert_eq!((object.member("ac"), object.member(r"\u0061c")), (Some(&b"2"[..]), None));
    }

    #[test]
    fn long_reference_paths_are_cut() {
        let key = "k".repeat(200);
        let text = with(&format!(",\"{key}\":{{\"{key}\":{{\"{key}\":{{\"a_ref\":\"{ID}\"}}}}}}"));
        let object = parse(&text).unwrap();
        assert_eq!(object.references().len(), 1);
        assert!(object.references().iter().all(|r| r.path.len() < 520 && r.path.ends_with('…') && r.target == ID));
    }
}
