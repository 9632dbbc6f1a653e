//! STIX from the wild: every object keeps its bytes, and every one of STIX 2.0 becomes one of STIX 2.1.
//!
//! The data is not part of the repository: `ENTENTE_DATA` names its folder, else `../../../shared/data` beside the crate.
//! Each test says loudly when it is skipped.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "helpers of tests, not only test functions"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use entente_formats::{Inflation, decompress};
use entente_stix::bundle::{self, Reader};
use entente_stix::validate::{Context, Profile, validate};
use entente_stix::{Limits, Object, Severity, kinds, upgrade};

fn data(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ENTENTE_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let path = root.join(path);
    if path.exists() {
        return Some(path);
    }
    println!("SKIPPED: {} is absent; set ENTENTE_DATA to check real objects", path.display());
    None
}

fn open(path: &Path) -> Box<dyn BufRead> {
    decompress(Box::new(BufReader::new(std::fs::File::open(path).unwrap())), Inflation::default()).unwrap()
}

fn bytes(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    open(path).read_to_end(&mut bytes).unwrap();
    bytes
}

/// The JSON files of a folder, or the one file; in the order of their names.
fn files(path: &str, part: &str) -> Vec<PathBuf> {
    let Some(path) = data(path) else { return Vec::new() };
    if path.is_file() {
        return vec![path];
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.file_name().unwrap().to_str().unwrap().contains(part) && file.is_file());
    files.sort();
    files
}

/// Name and bytes of each file of a tar archive.
fn archive(path: &str) -> Vec<(String, Vec<u8>)> {
    let Some(path) = data(path) else { return Vec::new() };
    let bytes = bytes(&path);
    let (mut files, mut at) = (Vec::new(), 0);
    while let Some(header) = bytes.get(at..at + 512).filter(|header| header[0] != 0) {
        let text =
            |from: usize, to: usize| String::from_utf8_lossy(&header[from..to]).trim_matches(['\0', ' ']).to_owned();
        let size = usize::from_str_radix(&text(124, 136), 8).unwrap();
        if matches!(header[156], b'0' | 0) {
            files.push((text(0, 100), bytes[at + 512..at + 512 + size].to_vec()));
        }
        at += 512 + size.div_ceil(512) * 512;
    }
    files
}

fn objects(bytes: &[u8]) -> Vec<Vec<u8>> {
    Reader::new(BufReader::with_capacity(4_096, bytes), &Limits::offline())
        .map(|item| item.unwrap().raw.unwrap())
        .collect()
}

/// Name and bytes of the documents of some folders.
fn of_sources(sources: &[(&str, &str)]) -> Vec<(String, Vec<u8>)> {
    sources.iter().flat_map(|(path, part)| of_files(path, part)).collect()
}

/// Holds every object of the documents against its bytes, and reads it back from a bundle.
fn keeps_bytes(documents: Vec<(String, Vec<u8>)>) {
    let (mut count, mut refused) = (0, BTreeMap::<&str, usize>::new());
    for (name, document) in documents {
        let split = bundle::split(&document, &Limits::offline()).unwrap();
        assert_eq!(objects(&document), split.objects, "{name}");
        let mut parsed = Vec::new();
        for raw in split.objects {
            count += 1;
            match Object::parse(raw, &Limits::admission()) {
                Ok(object) => {
                    assert_eq!(object.raw(), raw, "{name}");
                    parsed.push(object);
                }
                Err(error) => *refused.entry(error.code()).or_default() += 1,
            }
        }
        let written = bundle::write("bundle--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d", parsed.iter().map(Object::raw));
        assert!(objects(&written).iter().map(Vec::as_slice).eq(parsed.iter().map(Object::raw)), "{name}");
    }
    println!("{count} objects, refused: {refused:?}");
    // Identifiers of the idioms that have a UUID of no known variant.
    assert!(refused.keys().all(|code| *code == "STIX-E-202"), "{refused:?}");
}

#[test]
fn every_object_of_the_playbooks_keeps_its_bytes() {
    keeps_bytes(archive("corpus/stix20_playbooks.tar.zst"));
}

#[test]
fn every_object_of_the_knowledge_bases_keeps_its_bytes() {
    keeps_bytes(of_sources(&[
        ("knowledge/enterprise-attack.json.zst", ""),
        ("knowledge/ics-attack.json.zst", ""),
        ("knowledge/mobile-attack.json.zst", ""),
    ]));
}

#[test]
fn every_object_of_samples_and_pairs_keeps_its_bytes() {
    keeps_bytes(of_sources(&[
        ("samples/stix2_bundle_unit42", ".json"),
        ("samples/stix21_examples", ".json"),
        ("pairs/eset", ".stix21.json"),
        ("pairs/citizenlab", ".stix21.json"),
        ("pairs/official_tests", "_stix20.json"),
        ("pairs/official_tests", "_stix21.json"),
        ("pairs/stix1_to_stix2/json-2.0", ".json"),
        ("pairs/stix1_to_stix2/json-2.1", ".json"),
    ]));
}

/// One line for each kind of object that is not upgraded, or is refused afterwards.
fn upgraded(documents: &[(String, Vec<u8>)]) -> (usize, usize, BTreeMap<String, usize>) {
    let context = Context::default();
    let (mut old, mut new, mut refused) = (0, 0, BTreeMap::new());
    for (name, document) in documents {
        for raw in objects(document) {
            old += 1;
            let mut fail = |object_type: &str, code: &str, path: &str| {
                // Positions in lists and names of dictionaries are many.
                let path: Vec<&str> =
                    path.split('/').filter(|part| !part.starts_with(|c: char| c.is_ascii_digit())).collect();
                *refused.entry(format!("{code} {object_type} {}", path.join("/"))).or_default() += 1;
            };
            let object = match Object::parse(&raw, &Limits::admission()) {
                Ok(object) => object,
                Err(error) => {
                    fail("unread", error.code(), error.path());
                    continue;
                }
            };
            assert!(upgrade::is_2_0(&object, true), "{name}: {}", object.id());
            match upgrade::upgrade(&object, &upgrade::Options::default(), &mut upgrade::bytes_of) {
                Err(error) => fail(object.object_type(), error.code(), error.path()),
                Ok(all) => {
                    assert_eq!(all[0].id(), object.id());
                    assert_eq!((all[0].created(), all[0].modified()), (object.created(), object.modified()));
                    for object in &all {
                        assert_eq!(object.spec_version(), Some("2.1"));
                        new += 1;
                        validate(object, Profile::Standard, &context, &mut |finding| {
                            if finding.severity() == Severity::Error {
                                fail(object.object_type(), finding.code().as_str(), &finding.path().to_string());
                            }
                        });
                    }
                }
            }
        }
    }
    (old, new, refused)
}

fn of_files(path: &str, part: &str) -> Vec<(String, Vec<u8>)> {
    files(path, part).into_iter().map(|file| (file.display().to_string(), bytes(&file))).collect()
}

/// Path and part of the name, objects before and after, and what is refused how often.
type Source = (&'static str, &'static str, usize, usize, &'static [(&'static str, usize)]);

/// What of each source is not valid STIX 2.1 afterwards: every line is a fault of the received object, none of the upgrade.
///
/// ATT&CK lists no sectors of an asset as `[]`; Unit 42 gives lists where identities have one class; the idioms of the elevator
/// have relationships without target, reports without name, identifiers that are none, and traffic without endpoints.
const REFUSED: [Source; 6] = [
    ("knowledge/enterprise-attack.json.zst", "", 24_771, 24_771, &[]),
    (
        "knowledge/ics-attack.json.zst",
        "",
        1_825,
        1_825,
        &[("STIX-E-103 x-mitre-asset /x_mitre_related_assets/related_asset_sectors", 6)],
    ),
    ("knowledge/mobile-attack.json.zst", "", 2_535, 2_535, &[]),
    ("samples/stix2_bundle_unit42", ".json", 3_557, 3_557, &[("STIX-E-101 identity /identity_class", 5)]),
    ("pairs/official_tests", "_stix20.json", 51, 74, &[]),
    (
        "pairs/stix1_to_stix2/json-2.0",
        ".json",
        421,
        441,
        &[
            ("STIX-E-125 indicator /pattern", 3),
            ("STIX-E-125 network-traffic /extensions/http-request-ext/request_method", 2),
            ("STIX-E-125 network-traffic /extensions/http-request-ext/request_value", 2),
            ("STIX-E-125 relationship /target_ref", 58),
            ("STIX-E-125 report /name", 17),
            ("STIX-E-201 report /object_refs", 7),
            ("STIX-E-201 sighting /observed_data_refs", 1),
            ("STIX-E-202 relationship /source_ref", 2),
            ("STIX-E-202 unread /id", 7),
            ("STIX-E-512 attack-pattern /external_references/external_id", 1),
            ("STIX-E-620 network-traffic ", 2),
        ],
    ),
];

fn named(lines: &[(&str, usize)]) -> BTreeMap<String, usize> {
    lines.iter().map(|(line, count)| ((*line).to_owned(), *count)).collect()
}

/// Upgrades what one source has, and holds that against what is expected of it.
fn becomes_new(at: usize) {
    let (path, part, old, new, refused) = REFUSED[at];
    let documents = of_files(path, part);
    if !documents.is_empty() {
        assert_eq!(upgraded(&documents), (old, new, named(refused)), "{path}");
    }
}

#[test]
fn every_object_of_enterprise_attack_becomes_one_of_2_1() {
    becomes_new(0);
}

#[test]
fn every_object_of_the_other_sources_of_2_0_becomes_one_of_2_1() {
    (1..REFUSED.len()).for_each(becomes_new);
}

/// Objects of each third of the playbooks, and identities among them with lists where they have one class.
const PLAYBOOKS: [(usize, usize); 3] = [(23_770, 21), (14_105, 13), (14_045, 2)];

/// Upgrades every third playbook: those at `from`, `from + 3` and so on.
fn playbooks_become_new(from: usize) {
    let playbooks = archive("corpus/stix20_playbooks.tar.zst");
    if !playbooks.is_empty() {
        assert_eq!(playbooks.len(), 85);
        let (count, identities) = PLAYBOOKS[from];
        let part: Vec<_> = playbooks.into_iter().skip(from).step_by(PLAYBOOKS.len()).collect();
        let refused = named(&[("STIX-E-101 identity /identity_class", identities)]);
        assert_eq!(upgraded(&part), (count, count, refused));
    }
}

#[test]
fn every_object_of_the_first_playbooks_becomes_one_of_2_1() {
    playbooks_become_new(0);
}

#[test]
fn every_object_of_the_second_playbooks_becomes_one_of_2_1() {
    playbooks_become_new(1);
}

#[test]
fn every_object_of_the_third_playbooks_becomes_one_of_2_1() {
    playbooks_become_new(2);
}

#[test]
fn no_playbook_is_left_out() {
    let sum = |part: fn(&(usize, usize)) -> usize| PLAYBOOKS.iter().map(part).sum::<usize>();
    assert_eq!((sum(|part| part.0), sum(|part| part.1)), (51_920, 36));
}

/// Observables of the same documents as the elevator writes them in STIX 2.1. It makes identifiers of files without their
/// directory, drops what STIX 2.1 dropped, and leaves header fields texts, so those five differ.
#[test]
fn observables_are_those_of_the_elevator() {
    let observables = |objects: Vec<Object>| -> BTreeMap<String, serde_json::Map<String, serde_json::Value>> {
        let of_class = |object: &Object| kinds::class(object.object_type()) == Some(kinds::Class::Sco);
        objects.iter().filter(|object| of_class(object)).map(|object| (object.id().to_owned(), object.json())).collect()
    };
    let parse = |raw: &Vec<u8>| Object::parse(raw, &Limits::admission()).ok();
    let (mut same, mut other) = (0, Vec::new());
    let files = files("pairs/stix1_to_stix2/json-2.0", ".json");
    for file in &files {
        let twin = file.parent().unwrap().parent().unwrap().join("json-2.1").join(file.file_name().unwrap());
        if !twin.exists() {
            continue;
        }
        let raw = objects(&bytes(file));
        let ours = raw.iter().filter_map(parse).flat_map(|object| {
            upgrade::upgrade(&object, &upgrade::Options::default(), &mut upgrade::bytes_of).unwrap_or_default()
        });
        let theirs = observables(objects(&bytes(&twin)).iter().filter_map(parse).collect());
        for (id, mut object) in observables(ours.collect()) {
            match theirs.get(&id) {
                Some(theirs) => {
                    object.remove("spec_version");
                    assert_eq!(&object, theirs);
                    same += 1;
                }
                None => other.push(format!("{} {}", file.file_name().unwrap().display(), object["type"])),
            }
        }
    }
    if !files.is_empty() {
        let expected = [
            "archive-file.json \"file\"",
            "archive-file.json \"file\"",
            "indicator-and-observable.json \"file\"",
            "pr-222-1.json \"network-traffic\"",
            "pr-222.json \"network-traffic\"",
        ];
        assert_eq!((same, other), (15, expected.map(str::to_owned).to_vec()));
    }
}
