//! Objects per second on one core: parse with heads, validate, deterministic ids; and the memory of a long stream.
//!
//! Prints lines `bench: {…}` that `cargo xtask bench` gathers. What is measured is also written below `ENTENTE_BENCH_FILES`,
//! where that is set, so that the peers read the same files in the same run. The files of `ENTENTE_DATA` are left out, and
//! said to be, where there are none.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark stops at the first surprise")]

use std::hint::black_box;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use entente_stix::bundle::{self, Reader};
use entente_stix::upgrade::{self, Options};
use entente_stix::validate::{Context, Profile, validate};
use entente_stix::{Limits, Object, id};

const OBJECTS: usize = 10_000;
const BUNDLE_ID: &str = "bundle--7b1e9f5c-3d54-4a0e-9c1b-2f4d6a8c0e13";

fn main() {
    let quick = std::env::var("ENTENTE_BENCH_QUICK").is_ok_and(|value| value == "1");
    let span = Duration::from_millis(if quick { 300 } else { 1_500 });
    // First, so that the resident memory is that of the reader and not of what the rest left behind.
    for count in if quick { &[10_000, 100_000][..] } else { &[10_000, 100_000, 1_000_000][..] } {
        stream(*count);
    }
    let indicators: Vec<Vec<u8>> = (0..OBJECTS).map(indicator).collect();
    one("indicators", &indicators, span, Some(600_000), Some(150_000));
    match wild() {
        Some(objects) => one("files of STIX 2.1", &objects, span, None, None),
        None => println!("skipped: no files of STIX 2.1 at hand"),
    }
    match attack() {
        Some(objects) => one("ATT&CK, upgraded", &objects, span, None, None),
        None => println!("skipped: no ATT&CK at hand"),
    }
    ids(span);
}

/// Measures one bundle: parse to objects with heads, and validation of what was parsed.
fn one(name: &str, objects: &[Vec<u8>], span: Duration, parse_goal: Option<u32>, validate_goal: Option<u32>) {
    let text = bundle::write(BUNDLE_ID, objects.iter().map(Vec::as_slice));
    keep(&format!("{}.json", file_name(name)), &text);
    let limits = Limits::offline();
    let mean = text.len() / objects.len().max(1);
    println!("{name}: {} objects, {} bytes, {mean} each", objects.len(), text.len());
    let read = || -> Vec<Object> {
        let split = bundle::split(black_box(&text), &limits).unwrap();
        split.objects.into_iter().filter_map(|raw| Object::parse(raw, &limits).ok()).collect()
    };
    let parsed = read();
    assert!(parsed.len() * 100 >= objects.len() * 99, "{} of {} parse", parsed.len(), objects.len());
    report(&format!("parse: {name}"), rate(parsed.len(), span, || read().len()), parse_goal);
    let context = Context { enclosed: true, ..Context::default() };
    let check = || {
        let mut findings = 0_usize;
        for object in &parsed {
            validate(black_box(object), Profile::Standard, &context, &mut |_| findings += 1);
        }
        findings
    };
    report(&format!("validate, patterns left out: {name}"), rate(parsed.len(), span, check), validate_goal);
}

/// Measures deterministic ids of observables that are read already.
fn ids(span: Duration) {
    let limits = Limits::offline();
    let raw: Vec<Vec<u8>> = (0..OBJECTS).map(observable).collect();
    keep("observables.json", &bundle::write(BUNDLE_ID, raw.iter().map(Vec::as_slice)));
    let objects: Vec<Object> = raw.iter().map(|raw| Object::parse(raw, &limits).unwrap()).collect();
    assert!(objects.iter().all(|object| id::recomputed(object).is_some()));
    let all = || objects.iter().map(|object| id::recomputed(black_box(object)).map_or(0, |id| id.len())).sum::<usize>();
    report("deterministic ids", rate(objects.len(), span, all), Some(1_000_000));
}

/// Reads a bundle of so many objects from a stream that is never held as a whole.
fn stream(count: usize) {
    // As the command line reads an operator's file: a bundle that streams by has no bound of its own.
    let limits = Limits { bundle_size_bytes_max: usize::MAX, members_max: usize::MAX, ..Limits::offline() };
    let mut reader =
        Reader::new(BufReader::with_capacity(1 << 16, Written { next: 0, count, part: Vec::new(), at: 0 }), &limits);
    let (mut held, mut seen) = (0, 0_usize);
    let start = Instant::now();
    while let Some(piece) = reader.next_piece().unwrap() {
        seen += usize::from(Object::parse(piece.raw.unwrap(), &limits).is_ok());
        held = held.max(reader.held_size_bytes());
    }
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(seen, count);
    line(&format!("stream of {count}: resident memory"), resident_kib(), "KiB", None);
    line(&format!("stream of {count}: bytes held"), held as f64, "bytes", None);
    line(&format!("stream of {count}: written, read and parsed"), count as f64 / seconds, "objects/s", None);
}

/// The text of a bundle of indicators, written as it is read.
struct Written {
    next: usize,
    count: usize,
    part: Vec<u8>,
    at: usize,
}

impl Read for Written {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.part.len() {
            self.part = match self.next {
                0 => format!(r#"{{"type":"bundle","id":"{BUNDLE_ID}","objects":["#).into_bytes(),
                next if next <= self.count => {
                    let mut part = if next > 1 { vec![b','] } else { Vec::new() };
                    part.extend(indicator(next));
                    part
                }
                next if next == self.count + 1 => b"]}".to_vec(),
                _ => return Ok(0),
            };
            self.next += 1;
            self.at = 0;
        }
        let length = self.part.get(self.at..).unwrap_or_default().read(buffer)?;
        self.at += length;
        Ok(length)
    }
}

/// Writes an indicator of about 450 bytes, under a marking whose identifier the peers know as well.
fn indicator(nth: usize) -> Vec<u8> {
    let (a, b, c) = (nth / 65_536 % 256, nth / 256 % 256, nth % 256);
    format!(
        r#"{{"type":"indicator","spec_version":"2.1","id":"indicator--{nth:08x}-3d54-4a0e-9c1b-2f4d6a8c0e13","created":"2026-11-01T08:15:30.000Z","modified":"2026-11-01T08:15:30.000Z","name":"Command and control {nth}","indicator_types":["malicious-activity"],"pattern":"[ipv4-addr:value = '198.{a}.{b}.{c}']","pattern_type":"stix","valid_from":"2026-11-01T08:15:30Z","confidence":80,"labels":["c2"],"object_marking_refs":["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"]}}"#
    )
    .into_bytes()
}

/// Writes one of five kinds of observables, without an id of its own kind.
fn observable(nth: usize) -> Vec<u8> {
    let (kind, rest) = match nth % 5 {
        0 => ("ipv4-addr", format!(r#""value":"198.51.{}.{}""#, nth / 256 % 256, nth % 256)),
        1 => ("domain-name", format!(r#""value":"c{nth}.example""#)),
        2 => ("url", format!(r#""value":"http://c{nth}.example/gate.php?id=7""#)),
        3 => (
            "file",
            format!(
                r#""name":"invoice-{nth}.exe","size":{nth},"hashes":{{"SHA-256":"{nth:064x}","MD5":"{nth:032x}"}}"#
            ),
        ),
        _ => (
            "network-traffic",
            format!(
                r#""dst_ref":"ipv4-addr--{nth:08x}-638f-5b4e-9b0f-ded361ae3812","dst_port":{},"protocols":["ipv4","tcp","http"],"start":"2026-11-01T00:00:00.500Z""#,
                nth % 65_536
            ),
        ),
    };
    format!(r#"{{"type":"{kind}","spec_version":"2.1","id":"{kind}--{nth:08x}-3d54-4a0e-9c1b-2f4d6a8c0e13",{rest}}}"#)
        .into_bytes()
}

/// Gathers the objects of all files of STIX 2.1 at hand, each id once.
fn wild() -> Option<Vec<Vec<u8>>> {
    let data = data()?;
    let mut files = Vec::new();
    for folder in ["pairs", "samples/stix21_examples"] {
        walk(&data.join(folder), &mut files);
    }
    let limits = Limits::offline();
    let (mut objects, mut known) = (Vec::new(), std::collections::BTreeSet::new());
    for file in files {
        let name = file.to_string_lossy();
        if !(name.ends_with(".stix21.json") || name.contains("stix21_examples") && name.ends_with(".json")) {
            continue;
        }
        let text = std::fs::read(&file).unwrap();
        for raw in bundle::split(&text, &limits).map(|split| split.objects).unwrap_or_default() {
            if let Ok(object) = Object::parse(raw, &limits)
                && known.insert(object.id().to_owned())
            {
                objects.push(raw.to_vec());
            }
        }
    }
    (!objects.is_empty()).then_some(objects)
}

/// Reads ATT&CK, which is of STIX 2.0, and upgrades it.
fn attack() -> Option<Vec<Vec<u8>>> {
    let file = std::fs::File::open(data()?.join("knowledge/enterprise-attack.json.zst")).ok()?;
    let text = zstd::decode_all(file).unwrap();
    let limits = Limits::offline();
    let options = Options { limits, malware_is_family: true };
    let mut objects = Vec::new();
    for raw in bundle::split(&text, &limits).unwrap().objects {
        let object = Object::parse(raw, &limits).unwrap();
        for new in upgrade::upgrade(&object, &options, &mut upgrade::bytes_of).unwrap_or_default() {
            objects.push(new.raw().to_vec());
        }
    }
    Some(objects)
}

fn data() -> Option<PathBuf> {
    let data = std::env::var_os("ENTENTE_DATA").map_or_else(|| PathBuf::from("../../../shared/data"), PathBuf::from);
    data.is_dir().then_some(data)
}

fn walk(directory: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            walk(&entry, files);
        } else {
            files.push(entry);
        }
    }
}

/// Runs a pass over `items` things for a while, and returns the things per second of the fastest pass.
fn rate<T>(items: usize, span: Duration, mut pass: impl FnMut() -> T) -> f64 {
    black_box(pass());
    let (start, mut best) = (Instant::now(), f64::INFINITY);
    while start.elapsed() < span {
        let begun = Instant::now();
        black_box(pass());
        best = best.min(begun.elapsed().as_secs_f64());
    }
    items as f64 / best
}

fn report(name: &str, value: f64, goal: Option<u32>) {
    line(name, value, "objects/s", goal);
}

fn line(name: &str, value: f64, unit: &str, goal: Option<u32>) {
    let mut line = serde_json::json!({ "name": name, "value": value, "unit": unit });
    if let (Some(goal), Some(fields)) = (goal, line.as_object_mut()) {
        fields.insert("goal".to_owned(), goal.into());
    }
    println!("bench: {line}");
}

fn keep(name: &str, bytes: &[u8]) {
    if let Some(directory) = std::env::var_os("ENTENTE_BENCH_FILES") {
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(Path::new(&directory).join(name), bytes).unwrap();
    }
}

fn file_name(name: &str) -> &'static str {
    if name.starts_with("indicators") {
        "indicators"
    } else if name.starts_with("files") {
        "wild"
    } else {
        "attack"
    }
}

/// The memory of this process at present; nothing where the system does not say.
fn resident_kib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or_default()
}
