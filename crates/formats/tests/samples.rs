//! Documents as the world wrote them, against counts of their own READMEs or of line tools.
//!
//! The data is not part of the repository: `ENTENTE_DATA` names its folder, else `../../../shared/data` beside the crate.
//! Each test says loudly when it is skipped.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "helpers of tests, not only test functions"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufReader;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use entente_formats::{
    Class, CsvMap, Finding, Format, Inflation, Item, Options, Subject, Summary, decompress, detect, read,
};
use entente_observable::Kind;
use entente_stix::Timestamp;

fn data(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ENTENTE_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let path = root.join(path);
    if path.exists() {
        return Some(path);
    }
    println!("SKIPPED: {} is absent; set ENTENTE_DATA to check the samples", path.display());
    None
}

fn options() -> Options {
    Options::new(Timestamp::parse("2027-01-01T00:00:00Z").unwrap())
}

#[derive(Default)]
struct Read {
    findings: Vec<Finding>,
    objects: usize,
    rejected: Vec<String>,
    summary: Summary,
}

fn read_file(path: &Path, format: Format, options: &Options) -> Read {
    let file = std::fs::File::open(path).unwrap();
    let mut input = decompress(Box::new(BufReader::new(file)), Inflation::default()).unwrap();
    let mut all = Read::default();
    all.summary = read(format, &mut input, options, &mut |item| {
        match item {
            Item::Finding(finding) => all.findings.push(finding),
            Item::Object { .. } => all.objects += 1,
            Item::Rejected(rejected) => all.rejected.push(format!("{} {}", rejected.code, rejected.raw)),
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    all
}

const MAP: &str = r#"
value = "value"
kind = "type"
kinds = { ipv4 = "ipv4-addr", host = "domain-name" }
class = "role"
country = "cc"
first_seen = "first_reported"
last_seen = "last_reported"
port = { column = "ports", split = "|" }
labels = { column = "labels", split = "|" }
sources = { column = "lists", split = "|" }
[when.c2]
class = "c2"
[when.phishing]
class = "phishing"
[when.compromised-government]
class = "compromised"
subject = "victim"
sectors = ["government"]
"#;

/// Breaks when a party's file loses a row, a role, a country or the sector of its victims.
#[test]
fn party_files_have_the_figures_of_their_readme() {
    let mut options = options();
    options.map = Some(toml::from_str::<CsvMap>(MAP).unwrap());
    let mut countries: BTreeMap<[u8; 2], BTreeSet<String>> = BTreeMap::new();
    // Rows; C2 addresses; government hosts; phishing hosts that are no government's.
    for (party, rows, c2, government, phishing) in [
        ("telco", 827, 826, 1, 0),
        ("cert", 479, 168, 9, 302),
        ("community", 3_260, 2_183, 85, 992),
        ("vendor", 8_127, 8_090, 37, 0),
    ] {
        let Some(path) = data(&format!("operation-asean/parties/{party}.csv.gz")) else { return };
        let all = read_file(&path, Format::Csv, &options);
        assert_eq!(all.rejected, Vec::<String>::new(), "{party}");
        assert_eq!((all.summary.rows, all.findings.len()), (rows, usize::try_from(rows).unwrap()), "{party}");
        let count = |class| all.findings.iter().filter(|finding| finding.class == class).count();
        assert_eq!(
            (count(Class::C2), count(Class::Compromised), count(Class::Phishing)),
            (c2, government, phishing),
            "{party}"
        );
        for finding in &all.findings {
            let victim = finding.class == Class::Compromised;
            assert_eq!(finding.subject == Subject::Victim, victim);
            assert_eq!(finding.sectors == ["government"], victim);
            assert_eq!(finding.kind, Some(if finding.class == Class::C2 { Kind::Ipv4Addr } else { Kind::DomainName }));
            assert!(
                finding.first_seen <= finding.last_seen && finding.first_seen.is_some() && !finding.sources.is_empty()
            );
            if finding.class == Class::C2 {
                countries.entry(finding.country.unwrap()).or_default().insert(finding.observable.value.clone());
            }
        }
    }
    let by_country: Vec<(String, usize)> =
        countries.iter().map(|(code, values)| (String::from_utf8(code.to_vec()).unwrap(), values.len())).collect();
    let expected = [
        ("ID", 539),
        ("KH", 133),
        ("LA", 8),
        ("MM", 3),
        ("MY", 823),
        ("PH", 157),
        ("SG", 5_333),
        ("TH", 656),
        ("TL", 1),
        ("VN", 1_481),
    ];
    assert_eq!(by_country, expected.map(|(code, count)| (code.to_owned(), count)));
}

/// Breaks when the table of registries no longer knows national carriers. The figures of the corpus are those of the
/// prefixes' own records, which for blocks of foreign cloud providers name the place of use; the registries do not.
#[test]
fn countries_of_the_corpus_agree_with_the_registries() {
    let Some(path) = data("operation-asean/asean_c2.csv") else { return };
    let mut options = options();
    options.map =
        Some(toml::from_str::<CsvMap>("value = \"ip\"\ncountry = \"cc\"\ndefault_kind = \"ipv4-addr\"").unwrap());
    let all = read_file(&path, Format::Csv, &options);
    assert_eq!(all.findings.len(), 9_134);
    let mut agree: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for finding in &all.findings {
        let entry = agree.entry(String::from_utf8(finding.country.unwrap().to_vec()).unwrap()).or_default();
        entry.1 += 1;
        entry.0 += usize::from(entente_observable::country::of_address(&finding.observable) == finding.country);
    }
    println!("{agree:?}");
    for (country, share) in [("VN", 95), ("MY", 85), ("LA", 100), ("MM", 100), ("TL", 100)] {
        let (same, all) = agree[country];
        assert!(same * 100 >= all * share, "{country}: {same} of {all}");
    }
}

/// Breaks when a real MISP event cannot be read, or its network indicators are lost.
#[test]
fn misp_events_of_the_samples_are_read() {
    let mut types: BTreeMap<String, usize> = BTreeMap::new();
    let mut refused = Vec::new();
    for folder in ["samples/misp_event_json", "samples/misp_event_json_eset", "samples/misp_event_json_citizenlab"] {
        let Some(folder) = data(folder) else { return };
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            // One is no event, one a single attribute.
            if matches!(name.as_str(), "rqz-dnsduvel_blocklist.json" | "misp_attribute.json") {
                continue;
            }
            assert_eq!(detect(None, &std::fs::read(&path).unwrap()), Some(Format::Misp), "{name}");
            let all = read_file(&path, Format::Misp, &options());
            for finding in all.findings {
                let (_, name) = finding.extra.iter().find(|(key, _)| key == "misp_type").unwrap();
                *types.entry(name.clone()).or_default() += 1;
            }
            refused.extend(all.rejected);
        }
    }
    // Counted over the same files by another JSON reader; `domain|ip` gives two findings each.
    for (name, count) in [
        ("domain", 659),
        ("domain|ip", 108),
        ("sha1", 337),
        ("sha256", 169),
        ("md5", 199),
        ("ip-dst", 52),
        ("url", 45),
        ("email-src", 18),
        ("filename|sha1", 13),
    ] {
        assert_eq!(types.get(name), Some(&count), "{name}");
    }
    assert_eq!(refused, Vec::<String>::new());
}

/// Breaks when a list of the samples loses a name.
#[test]
fn hosts_file_and_lists_of_the_samples_are_read() {
    let Some(path) = data("samples/hosts_file/urlhaus-filter-hosts-online.txt") else { return };
    let text = std::fs::read_to_string(&path).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("0.0.0.0 ")).count();
    let all = read_file(&path, Format::List, &options());
    assert_eq!((all.findings.len(), all.rejected.len()), (rows, 0));
    assert_eq!(detect(None, text.as_bytes()), Some(Format::List));

    let Some(path) = data("samples/openphish_txt/feed.txt") else { return };
    let all = read_file(&path, Format::List, &options());
    assert_eq!(all.rejected.len(), 2);
    assert!(all.rejected.iter().all(|rejected| rejected.starts_with("domain.empty_label")));
}

/// Breaks when the export of ThreatFox of the samples is read otherwise.
#[test]
fn threatfox_sample_is_read() {
    let Some(path) = data("samples/threatfox_csv/threatfox_2026_rows.csv") else { return };
    assert_eq!(detect(None, &std::fs::read(&path).unwrap()), Some(Format::ThreatfoxCsv));
    let all = read_file(&path, Format::ThreatfoxCsv, &options());
    assert_eq!(all.rejected.len(), 0);
    let [first, second] = all.findings.as_slice() else { unreachable!("two rows") };
    assert_eq!((first.class, first.subject), (Class::Compromised, Subject::Victim));
    assert_eq!((second.observable.hash_algorithm, second.malware.as_deref()), (Some("sha1"), Some("Vidar")));
}

/// Breaks when an official example of STIX 2.1 loses an object, or a STIX 2.0 bundle passes for 2.1.
#[test]
fn stix_examples_are_read_and_version_2_0_is_told_apart() {
    let Some(folder) = data("samples/stix21_examples") else { return };
    let mut objects = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(detect(None, &std::fs::read(&path).unwrap()), Some(Format::Stix21), "{}", path.display());
        let all = read_file(&path, Format::Stix21, &options());
        assert_eq!(all.rejected, Vec::<String>::new(), "{}", path.display());
        objects.insert(path.file_name().unwrap().to_string_lossy().into_owned(), all.objects);
    }
    assert_eq!((objects["apt1.json"], objects["poisonivy.json"], objects["infrastructure.json"]), (76, 155, 10));

    let Some(path) = data("samples/stix2_bundle_unit42/muddled-libra.json") else { return };
    let all = read_file(&path, Format::Stix21, &options());
    assert_eq!(all.objects, 0);
    assert!(all.rejected.iter().all(|rejected| rejected.starts_with("stix.version-2-0")));
}
