//! What takes more than one object: versions given twice, references that lead out of the bundle, and the bundle itself.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::{self, Display};
use std::hash::{DefaultHasher, Hasher};

use super::finding::{Finding, Source, shown};
use super::poison::is_poison_anywhere;
use super::{Profile, Verdict};
use crate::code::{Code, Severity};
use crate::content;
use crate::id;
use crate::marking::Tlp;
use crate::object::Object;
use crate::timestamp::Timestamp;

/// Checks a bundle while its objects stream by.
///
/// Holds for each object its identifier, its version and a digest of 16 bytes, and with references for each distinct target
/// that has not come by yet its text and first place: about 150 bytes per object, 200 per target. Objects are not held.
///
/// # Examples
///
/// ```
/// use entente_stix::validate::{BundleCheck, Profile, Verdict};
/// use entente_stix::{Limits, Object};
///
/// let text = r#"{"type":"url","id":"url--595b5f5c-4253-5ecb-a858-a03658fa994b","value":"http://a.example/"}"#;
/// let url = Object::parse(text.as_bytes(), &Limits::offline())?;
/// let mut check = BundleCheck::new(Profile::Standard, false);
/// check.head(Some("bundle--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d"), None, &mut |_| {});
/// check.object(0, &url, &mut |_| {});
/// check.object(1, &url, &mut |finding| assert_eq!(finding.code().as_str(), "STIX-W-803"));
/// assert_eq!(check.finish(&mut |_| {}), Verdict::Warn);
/// # Ok::<(), entente_stix::ParseError>(())
/// ```
#[derive(Debug)]
pub struct BundleCheck {
    profile: Profile,
    references: bool,
    /// Digest of the content of each version.
    versions: BTreeMap<Version, [u64; 2]>,
    /// Targets of references that no object of the bundle has been yet.
    open: BTreeMap<Box<str>, Open>,
    worst: Severity,
}

/// Identifier and instant at full precision; an object without versions has one.
type Version = (Identifier, Option<Box<str>>);

/// An identifier behind its last eight bytes: those of identifiers differ, where their beginnings are the same for a type, so
/// that most comparisons are of two numbers.
type Identifier = (u64, Box<str>);

fn identifier(text: &str) -> Identifier {
    let tail = text.as_bytes().last_chunk().copied().unwrap_or_default();
    (u64::from_be_bytes(tail), text.into())
}

#[derive(Debug)]
struct Open {
    index: usize,
    path: Box<str>,
    count: u64,
}

impl BundleCheck {
    /// Begins a bundle. With `references`, those that lead out of it are notes (STIX-N-805).
    pub fn new(profile: Profile, references: bool) -> Self {
        Self { profile, references, versions: BTreeMap::new(), open: BTreeMap::new(), worst: Severity::Note }
    }

    /// Checks what the bundle says of itself. `spec_version` is that of the bundle, where it has one.
    pub fn head(&mut self, id: Option<&str>, spec_version: Option<&str>, emit: &mut dyn FnMut(&Finding<'_>)) {
        match id {
            None => self.emit(Code::E801, "/id", &"a bundle without `id`", emit),
            Some(text) if id::split(text).is_none_or(|(object_type, _)| object_type != "bundle") => {
                self.emit(Code::E801, "/id", &Said(text, " is not the identifier of a bundle"), emit);
            }
            Some(_) => {}
        }
        if let Some(version) = spec_version {
            self.emit(Code::N802, "/spec_version", &Said(version, " on the bundle: objects say their own"), emit);
        }
    }

    /// Takes the next object; `index` is its place in `objects`.
    pub fn object(&mut self, index: usize, object: &Object, emit: &mut dyn FnMut(&Finding<'_>)) {
        let instant = object.modified_text().or(object.created_text()).and_then(Timestamp::exact);
        let version = (identifier(object.id()), instant.map(Box::from));
        let digest = digest(object);
        match self.versions.entry(version) {
            Entry::Vacant(place) => {
                place.insert(digest);
            }
            Entry::Occupied(known) => {
                let is_same = *known.get() == digest;
                let path = format!("/objects/{index}");
                if is_same {
                    self.emit(Code::W803, &path, &Said(object.id(), " stands twice"), emit);
                } else {
                    self.emit(Code::E804, &path, &Said(object.id(), " stands twice, with different content"), emit);
                }
            }
        }
        if self.references {
            self.open.remove(object.id());
            self.leading_out(index, object);
        }
    }

    fn leading_out(&mut self, index: usize, object: &Object) {
        for reference in object.references() {
            let target = reference.target.as_str();
            if self.has(target) || Tlp::from_marking_id(target).is_some() {
                continue;
            }
            match self.open.get_mut(target) {
                Some(open) => open.count = open.count.saturating_add(1),
                None => {
                    let path = format!("/objects/{index}/{}", pointer(&reference.path)).into_boxed_str();
                    self.open.insert(target.into(), Open { index, path, count: 1 });
                }
            }
        }
    }

    /// Tells whether an object of that identifier has come by.
    fn has(&self, id: &str) -> bool {
        let from = (identifier(id), None);
        self.versions.range(from..).next().is_some_and(|(((_, found), _), _)| found.as_ref() == id)
    }

    /// Ends the bundle: references that led out of it, in the order of their first places, and the verdict of its own rules.
    pub fn finish(mut self, emit: &mut dyn FnMut(&Finding<'_>)) -> Verdict {
        let mut open: Vec<_> = std::mem::take(&mut self.open).into_iter().collect();
        open.sort_by_key(|(_, place)| place.index);
        for (target, place) in &open {
            let more = if place.count > 1 {
                format!(" is not in the bundle ({} references)", place.count)
            } else {
                " is not in the bundle".to_owned()
            };
            self.emit(Code::N805, &place.path, &Said(target, &more), emit);
        }
        Verdict::of(self.worst)
    }

    fn emit(&mut self, code: Code, path: &str, message: &dyn Display, emit: &mut dyn FnMut(&Finding<'_>)) {
        let severity = self.profile.severity(code, || is_poison_anywhere(code));
        self.worst = self.worst.max(severity);
        emit(&Finding { severity, source: Source::Place { code, path, offset: 0, message } });
    }
}

/// A quoted text and what is to say of it.
struct Said<'a>(&'a str, &'a str);

impl Display for Said<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        shown(formatter, self.0)?;
        formatter.write_str(self.1)
    }
}

/// Writes `object_refs.[3]` as `object_refs/3`.
fn pointer(path: &str) -> String {
    let steps = path.split('.').map(|step| {
        let index = step.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        index.unwrap_or(step).replace('~', "~0").replace('/', "~1")
    });
    steps.collect::<Vec<_>>().join("/")
}

/// Digests the content of an object, so that two byte forms of one content ([`Object::same_content`]) agree.
///
/// The hash is no cryptographic one: who builds a collision on purpose has one version called a copy of another, which is kept
/// once as any copy is.
fn digest(object: &Object) -> [u64; 2] {
    let content = content::canonical(object);
    [1, 2].map(|salt| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(salt);
        hasher.write(&content);
        hasher.finish()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    const ID: &str = "note--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";

    fn note(modified: &str, members: &str) -> Object {
        let text = format!(
            r#"{{"type":"note","spec_version":"2.1","id":"{ID}","created":"2026-11-01T08:15:30.000Z","modified":"{modified}","object_refs":["{ID}","url--595b5f5c-4253-5ecb-a858-a03658fa994b"]{members}}}"#
        );
        Object::parse(text.as_bytes(), &Limits::admission()).unwrap()
    }

    fn found(objects: &[Object], references: bool) -> (Verdict, Vec<String>) {
        let mut check = BundleCheck::new(Profile::Standard, references);
        let mut found = Vec::new();
        for (index, object) in objects.iter().enumerate() {
            check.object(index, object, &mut |finding| found.push(format!("{} {}", finding.code(), finding.path())));
        }
        let verdict = check.finish(&mut |finding| found.push(format!("{} {}", finding.code(), finding.path())));
        (verdict, found)
    }

    #[test]
    fn a_version_stands_once_and_content_decides_what_twice_means() {
        let at = "2026-11-01T08:15:30.000Z";
        let first = note(at, r#","content":"a","x_a":{"b":[1,2],"c":0.5}"#);
        for (second, expected) in [
            (note("2026-11-01T08:15:30.001Z", r#","content":"b""#), None),
            (note("2026-11-01T08:15:30.0000000001Z", r#","content":"b""#), None),
            (note("2026-11-01T08:15:30.000000Z", r#","x_a":{"c":5e-1,"b":[1.0,2]},"content":"\u0061""#), Some("W-803")),
            (note(at, r#","content":"a","x_a":{"b":[1,2],"c":0.5},"revoked":false,"lang":"en""#), Some("W-803")),
            (note(at, r#","content":"a","x_a":{"b":[2,1],"c":0.5}"#), Some("E-804")),
            (note(at, r#","content":"a","x_a":{"b":[1,2],"c":0.5},"revoked":true"#), Some("E-804")),
            (note(at, r#","content":"a","x_a":{"b":[1,"2"],"c":0.5}"#), Some("E-804")),
        ] {
            if second.version() == first.version() && expected.is_some() {
                assert_eq!(
                    first.same_content(&second),
                    expected == Some("W-803"),
                    "as the comparison of two objects has it"
                );
            }
            let (verdict, found) = found(&[first.clone(), second], false);
            let expected: Vec<_> = expected.into_iter().map(|code| format!("STIX-{code} /objects/1")).collect();
            assert_eq!(found, expected);
            let worst = expected
                .first()
                .map_or(Verdict::Valid, |line| if line.contains("-E-") { Verdict::Invalid } else { Verdict::Warn });
            assert_eq!(verdict, worst);
        }
    }

    #[test]
    fn times_inside_extensions_and_containers_count_by_instant() {
        let file = |stamp: &str, extension: &str| {
            let text = format!(
                r#"{{"type":"file","id":"file--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","name":"a","extensions":{{"{extension}":{{"pe_type":"exe","time_date_stamp":"{stamp}"}}}}}}"#
            );
            Object::parse(text.as_bytes(), &Limits::admission()).unwrap()
        };
        for (extension, expected) in [("windows-pebinary-ext", "STIX-W-803"), ("x-acme-ext", "STIX-E-804")] {
            let pair = [file("2016-01-01T00:00:00Z", extension), file("2016-01-01T00:00:00.0Z", extension)];
            assert_eq!(found(&pair, false).1, [format!("{expected} /objects/1")]);
            assert_eq!(pair[0].same_content(&pair[1]), expected == "STIX-W-803");
        }
    }

    #[test]
    fn large_numbers_count_to_the_digit() {
        let at = "2026-11-01T08:15:30.000Z";
        let number = |text: &str| note(at, &format!(r#","x_a":{text}"#));
        for (other, expected) in [
            ("9007199254740992", "STIX-E-804"),
            ("9007199254740993.0", "STIX-W-803"),
            ("9.007199254740993e15", "STIX-W-803"),
        ] {
            let pair = [number("9007199254740993"), number(other)];
            assert_eq!(found(&pair, false).1, [format!("{expected} /objects/1")], "{other}");
        }
    }

    #[test]
    fn references_that_lead_out_are_notes_when_asked_for() {
        let first = note("2026-11-01T08:15:30.000Z", "");
        let second = note("2026-11-02T08:15:30.000Z", "");
        assert_eq!(found(&[first.clone(), second.clone()], false), (Verdict::Valid, vec![]));
        let expected = vec!["STIX-N-805 /objects/0/object_refs/1".to_owned()];
        assert_eq!(found(&[first.clone(), second], true), (Verdict::Valid, expected));
        let url = r#"{"type":"url","id":"url--595b5f5c-4253-5ecb-a858-a03658fa994b","value":"http://a.example/"}"#;
        let url = Object::parse(url.as_bytes(), &Limits::admission()).unwrap();
        assert_eq!(found(&[first.clone(), url.clone()], true), (Verdict::Valid, vec![]), "a later object resolves");
        assert_eq!(found(&[url, first], true), (Verdict::Valid, vec![]), "an earlier one does");
    }

    #[test]
    fn a_bundle_has_an_identifier_and_no_version_of_the_specification() {
        let head = |id: Option<&str>, version: Option<&str>| {
            let mut codes = Vec::new();
            BundleCheck::new(Profile::Standard, false).head(id, version, &mut |finding| codes.push(finding.code()));
            codes
        };
        let id = "bundle--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d";
        assert_eq!(head(Some(id), None), vec![]);
        assert_eq!(head(Some(id), Some("2.0")), vec![Code::N802]);
        assert_eq!(head(Some(ID), None), vec![Code::E801]);
        assert_eq!(head(Some("bundle--1"), None), vec![Code::E801]);
        assert_eq!(head(None, None), vec![Code::E801]);
    }
}
