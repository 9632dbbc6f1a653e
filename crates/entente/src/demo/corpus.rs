//! What the contributors know: a real corpus from a directory, or a synthetic one made from a fixed seed.
//!
//! The synthetic one has the scale of the story that the product was made for: 8,800 command-and-control servers in eight countries,
//! 270 compromised sites of which 40 are government portals, and phishing hosts, each known to one or more of four contributors.
//! Addresses are from the benchmarking range 198.18.0.0/15, names end in `.example`; nobody real is meant.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Cursor};
use std::path::{Path, PathBuf};

use entente_formats::{Inflation, decompress};
use entente_stix::marking::Tlp;

use crate::failure::{Failure, exit};

/// A contributor and where its rows come from.
pub(crate) struct Contributor {
    /// Party id.
    pub(crate) id: &'static str,
    /// Name of the organisation.
    pub(crate) name: &'static str,
    /// Role word.
    pub(crate) role: &'static str,
    /// Marking of what it contributes.
    pub(crate) tlp: Tlp,
    /// Confidence of rows that state none.
    pub(crate) confidence: u8,
    /// To whom its GREEN contributions may go on.
    pub(crate) community: &'static [&'static str],
    /// Name of its file in a corpus.
    file: &'static str,
}

/// The four contributors.
pub(crate) const CONTRIBUTORS: [Contributor; 4] = [
    Contributor {
        id: "northtel",
        name: "Northtel plc",
        role: "private",
        tlp: Tlp::Amber,
        confidence: 70,
        community: &["role:police"],
        file: "telco",
    },
    Contributor {
        id: "cert-x",
        name: "National CERT of X",
        role: "cert",
        tlp: Tlp::Green,
        confidence: 75,
        community: &["role:police", "role:cert", "role:private", "role:isac"],
        file: "cert",
    },
    Contributor {
        id: "lanternwatch",
        name: "Lantern Watch community",
        role: "isac",
        tlp: Tlp::Green,
        confidence: 50,
        community: &["role:police", "role:cert", "role:private", "role:isac"],
        file: "community",
    },
    Contributor {
        id: "sentrylab",
        name: "Sentrylab GmbH",
        role: "private",
        tlp: Tlp::Green,
        confidence: 55,
        community: &["role:police", "role:cert"],
        file: "vendor",
    },
];

/// Column mapping of the rows: one file for both corpora.
pub(crate) const MAP: &str = r#"
value = "value"
country = "cc"
class = "role"
first_seen = "first_reported"
last_seen = "last_reported"
malware = "labels"
sources = { column = "lists", split = "|" }

[when.c2]
class = "c2"

[when.phishing]
class = "phishing"

[when.compromised]
class = "compromised"
subject = "victim"

[when.compromised-government]
class = "compromised"
subject = "victim"
sectors = ["government"]
"#;

/// What the contributors know.
pub(crate) struct Corpus {
    /// Whether it was made from the seed.
    pub(crate) synthetic: bool,
    /// Where it was read, for the story.
    pub(crate) origin: String,
    source: Source,
}

enum Source {
    Directory(PathBuf),
    Made(Vec<String>),
}

impl Corpus {
    /// Reads a corpus: `parties/<telco|cert|community|vendor>.csv.gz` below the directory.
    pub(crate) fn from_directory(directory: &Path) -> Result<Self, Failure> {
        for contributor in &CONTRIBUTORS {
            let path = party_file(directory, contributor);
            fs::metadata(&path).map_err(|e| Failure::file("read", &path, &e))?;
        }
        Ok(Self {
            synthetic: false,
            origin: directory.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            source: Source::Directory(directory.to_path_buf()),
        })
    }

    /// Makes the synthetic corpus for these countries.
    pub(crate) fn synthetic(countries: &[String]) -> Result<Self, Failure> {
        let valid = |code: &String| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
        if countries.is_empty() || !countries.iter().all(valid) {
            return Err(Failure::new(
                exit::USAGE,
                "demo.countries",
                "--countries takes two-letter codes, for example SG,MT",
            ));
        }
        Ok(Self { synthetic: true, origin: "built-in generator".to_owned(), source: Source::Made(make(countries)) })
    }

    /// The rows of one contributor, as CSV.
    pub(crate) fn rows(&self, index: usize, contributor: &Contributor) -> Result<Box<dyn BufRead + '_>, Failure> {
        match &self.source {
            Source::Made(files) => Ok(Box::new(Cursor::new(files.get(index).map_or("", String::as_str)))),
            Source::Directory(directory) => {
                let path = party_file(directory, contributor);
                let file = File::open(&path).map_err(|e| Failure::file("read", &path, &e))?;
                let inflated = decompress(Box::new(BufReader::new(file)), Inflation::default())
                    .map_err(|e| Failure::new(exit::FAILURE, e.code(), format!("`{}`: {e}", path.display())))?;
                Ok(inflated)
            }
        }
    }
}

fn party_file(directory: &Path, contributor: &Contributor) -> PathBuf {
    directory.join("parties").join(format!("{}.csv.gz", contributor.file))
}

const C2_SERVERS: u32 = 8_800;
const PHISHING_HOSTS: u32 = 900;
const COMPROMISED_SITES: u32 = 270;
const GOVERNMENT_SITES: u32 = 40;
const FAMILIES: [&str; 8] =
    ["panelkit-l", "amberloader", "tidalbot", "quietrat", "ferrymail", "copperlock", "nightjar", "saltstealer"];
const SEED: u64 = 0x656e_7465_6e74_6531;

/// One CSV per contributor.
fn make(countries: &[String]) -> Vec<String> {
    let mut random = SplitMix(SEED);
    let header = "value,role,cc,labels,first_reported,last_reported,lists\n";
    let mut files: Vec<String> = CONTRIBUTORS.iter().map(|_| header.to_owned()).collect();
    let mut add = |random: &mut SplitMix, value: &str, role: &str, label: &str, country: &str| {
        // Whoever knows it: mostly the vendor, then the community, the telco and the CERT; about a fifth are known to several.
        let first = match random.below(100) {
            0..=9 => 0,
            10..=14 => 1,
            15..=34 => 2,
            _ => 3,
        };
        let mut knows = [false; 4];
        if let Some(slot) = knows.get_mut(first) {
            *slot = true;
        }
        while random.below(100) < 19 {
            if let Some(slot) = usize::try_from(random.below(4)).ok().and_then(|at| knows.get_mut(at)) {
                *slot = true;
            }
        }
        for (index, (file, knows)) in files.iter_mut().zip(knows).enumerate() {
            if knows {
                let seen = day(random.below(300));
                let list = ["sensor grid", "honeynet", "volunteers", "crawler"].get(index).copied().unwrap_or_default();
                // Writing to a String does not fail.
                let _ = writeln!(file, "{value},{role},{country},{label},{seen},{seen},{list}");
            }
        }
    };
    for n in 0..C2_SERVERS {
        let country = pick(&mut random, countries);
        // Multiplying by an odd number permutes the 2^17 addresses of 198.18.0.0/15, so values are distinct and scattered.
        let host = n.wrapping_mul(40_503) % (1 << 17);
        let address = format!("198.{}.{}.{}", 18 + (host >> 16), (host >> 8) & 255, host & 255);
        let family = usize::try_from(random.below(8)).ok().and_then(|at| FAMILIES.get(at)).copied().unwrap_or_default();
        add(&mut random, &address, "c2", family, &country);
    }
    for n in 0..PHISHING_HOSTS {
        let country = pick(&mut random, countries);
        add(&mut random, &format!("login-{n}.bank-{}.example", random_word(n)), "phishing", "", &country);
    }
    for n in 0..COMPROMISED_SITES {
        let country = pick(&mut random, countries);
        let (name, role) = if n < GOVERNMENT_SITES {
            (format!("portal-{n}.gov-{}.example", country.to_lowercase()), "compromised-government")
        } else {
            (format!("shop-{n}.{}.example", random_word(n)), "compromised")
        };
        add(&mut random, &name, role, "design-app", &country);
    }
    files
}

/// A country, the first ones more often, as in the field.
fn pick(random: &mut SplitMix, countries: &[String]) -> String {
    let total: u64 = (1..=u64::try_from(countries.len()).unwrap_or(1)).sum();
    let mut at = random.below(total);
    for (country, weight) in countries.iter().zip((1..=u64::try_from(countries.len()).unwrap_or(1)).rev()) {
        if at < weight {
            return country.clone();
        }
        at -= weight;
    }
    countries.first().cloned().unwrap_or_default()
}

/// A day of the synthetic year before 2026-11-01.
fn day(back: u64) -> String {
    let start = entente_stix::Timestamp::from_unix_seconds(1_793_491_200);
    let micros = i64::try_from(back).unwrap_or(0).saturating_mul(86_400_000_000);
    start.saturating_add_micros(-micros).to_millis_string().get(..10).unwrap_or_default().to_owned()
}

fn random_word(n: u32) -> &'static str {
    const WORDS: [&str; 7] = ["harbour", "juniper", "lantern", "meadow", "quartz", "saffron", "willow"];
    usize::try_from(n).ok().and_then(|n| WORDS.get(n % WORDS.len())).copied().unwrap_or("willow")
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same on every machine.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }
}

/// Case notes that a contributor would keep or pass on by mistake: one for each way in which an object is withheld.
pub(crate) fn case_notes(party: &str, number: usize) -> String {
    let mark = |tlp: Tlp| format!("\"object_marking_refs\":[\"{}\"],", tlp.marking_id());
    let indicator = |n: usize, pattern: &str, marking: &str, confidence: u8, created: &str| {
        let id = entente_stix::id::derived(b"entente demo ns1", "indicator", &format!("{party}/{n}"));
        format!(
            "{{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"{id}\",\"created\":\"{created}\",\"modified\":\"{created}\",\
             \"name\":\"case note {n} of {party}\",{marking}\"confidence\":{confidence},\"labels\":[\"role:c2\"],\"indicator_types\":[\"malicious-activity\"],\
             \"pattern\":\"{pattern}\",\"pattern_type\":\"stix\",\"valid_from\":\"{created}\"}}"
        )
    };
    let address = |n: usize| format!("[ipv4-addr:value = '203.0.113.{}']", number * 16 + n);
    let recent = "2026-10-01T08:00:00.000Z";
    let objects = [
        indicator(1, &address(1), &mark(Tlp::Red), 80, recent),
        indicator(2, &address(2), &mark(Tlp::AmberStrict), 80, recent),
        indicator(3, &address(3), "", 80, recent),
        indicator(4, &address(4), &mark(Tlp::Green), 10, recent),
        indicator(5, &address(5), &mark(Tlp::Green), 80, "2012-03-01T08:00:00.000Z"),
        indicator(
            6,
            &format!("[url:value = 'http://portal-case.gov-{party}.example/wp/update.php']"),
            &mark(Tlp::Green),
            80,
            recent,
        ),
        indicator(7, "[ipv4-addr:value = '8.8.8.8']", &mark(Tlp::Green), 80, recent),
        indicator(
            8,
            &address(8),
            "\"object_marking_refs\":[\"marking-definition--4dd1b1a2-6a34-4b1e-9f0e-3a4f0c2f7b11\"],",
            80,
            recent,
        ),
    ];
    format!(
        "{{\"type\":\"bundle\",\"id\":\"{}\",\"objects\":[{}]}}",
        entente_stix::id::derived(b"entente demo ns1", "bundle", party),
        objects.join(",")
    )
}

/// The victim behind case note 6, in the columns of [`MAP`].
pub(crate) fn case_victim(party: &str) -> String {
    format!(
        "value,role,cc,labels,first_reported,last_reported,lists\n\
         portal-case.gov-{party}.example,compromised-government,,design-app,2026-10-01,2026-10-01,case file\n"
    )
}
