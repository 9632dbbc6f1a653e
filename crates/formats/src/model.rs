//! What readers take and give.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use entente_observable::{Flag, Kind, Observable};
use entente_stix::marking::{Pap, Tlp};
use entente_stix::{Limits, Timestamp};

use crate::csv_map::CsvMap;
use crate::time::Zone;

/// Says what a value did, in the classes that parties agree on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Class {
    /// A command-and-control server.
    C2,
    /// A phishing site or its mail.
    Phishing,
    /// A system that someone broke into.
    Compromised,
    /// A place that hands out malware, or the malware itself.
    MalwareDistribution,
    /// A source of scans.
    Scanner,
    /// Anything else, or not said.
    #[default]
    Other,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 6] =
        [Self::C2, Self::Phishing, Self::Compromised, Self::MalwareDistribution, Self::Scanner, Self::Other];

    /// Returns the short name: `c2`, `phishing`, `compromised`, `malware-distribution`, `scanner`, `other`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::C2 => "c2",
            Self::Phishing => "phishing",
            Self::Compromised => "compromised",
            Self::MalwareDistribution => "malware-distribution",
            Self::Scanner => "scanner",
            Self::Other => "other",
        }
    }

    /// Returns the class of a short name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    /// Returns the label `role:…`; [`Class::Other`] has none.
    #[must_use]
    pub const fn role(self) -> Option<&'static str> {
        match self {
            Self::C2 => Some("role:c2"),
            Self::Phishing => Some("role:phishing"),
            Self::Compromised => Some("role:compromised"),
            Self::MalwareDistribution => Some("role:malware-distribution"),
            Self::Scanner => Some("role:scanner"),
            Self::Other => None,
        }
    }

    /// Returns the label of the Reference Security Incident Taxonomy, as its machine tag.
    #[must_use]
    pub const fn rsit(self) -> &'static str {
        match self {
            Self::C2 => "rsit:malicious-code=\"c2-server\"",
            Self::Phishing => "rsit:fraud=\"phishing\"",
            Self::Compromised => "rsit:intrusions=\"system-compromise\"",
            Self::MalwareDistribution => "rsit:malicious-code=\"malware-distribution\"",
            Self::Scanner => "rsit:information-gathering=\"scanner\"",
            Self::Other => "rsit:other=\"other\"",
        }
    }

    /// Reads a role label or an `rsit:` machine tag.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        let lower = label.to_ascii_lowercase();
        Self::ALL.into_iter().find(|class| class.role() == Some(lower.as_str()) || class.rsit() == lower)
    }
}

/// Says whose the value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Subject {
    /// The attacker's own machine, name or file.
    #[default]
    Infrastructure,
    /// A victim: shown to the competent authority, never exported as an indicator.
    Victim,
}

impl Subject {
    /// Returns the name: `infrastructure` or `victim`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Infrastructure => "infrastructure",
            Self::Victim => "victim",
        }
    }

    /// Returns the subject of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Infrastructure, Self::Victim].into_iter().find(|subject| subject.name() == name)
    }
}

/// Holds one value and what its source says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The 1-based line the row begins on; in JSON documents the 1-based position of the item.
    pub line: u64,
    /// The value in canonical form.
    pub observable: Observable,
    /// The kind of the canonical value, always set; readers of formats with open kinds leave room for none.
    pub kind: Option<Kind>,
    /// The value as written; of an endpoint the host alone.
    pub value: String,
    /// What normalisation changed.
    pub flags: Vec<Flag>,
    /// What the reader assumed: `encoding-guessed`, `zone-assumed`, `future`, `time-unread`, `time-from-edit`.
    pub remarks: Vec<&'static str>,
    /// What the value did.
    pub class: Class,
    /// Whose it is.
    pub subject: Subject,
    /// ISO 3166-1 alpha-2 code that the source states, upper case.
    pub country: Option<[u8; 2]>,
    /// Earliest time the source saw it.
    pub first_seen: Option<Timestamp>,
    /// Latest time the source saw it.
    pub last_seen: Option<Timestamp>,
    /// The source's confidence, 0 to 100.
    pub confidence: Option<u8>,
    /// The marking the row or its event carries; the stricter of both.
    pub tlp: Option<Tlp>,
    /// The permissible actions the row or its event carries; the stricter of both.
    pub pap: Option<Pap>,
    /// Port of the service.
    pub port: Option<u16>,
    /// Malware family as the source names it.
    pub malware: Option<String>,
    /// Labels as the source writes them, in order, without repetition, at most 64.
    pub labels: Vec<String>,
    /// Names of the lists or parties the source had it from.
    pub sources: Vec<String>,
    /// Where to read more; text, never fetched.
    pub reference: Option<String>,
    /// Sectors of the victim, in the words of the STIX vocabulary.
    pub sectors: Vec<String>,
    /// Whether the source means the value to be searched for; false for context (`to_ids` of MISP).
    pub indicator: bool,
    /// The source's own identifier of the row, such as the UUID of a MISP attribute.
    pub source_id: Option<String>,
    /// Columns that have no member of their own, in order.
    pub extra: Vec<(String, String)>,
    /// The first 256 bytes of the row.
    pub raw: String,
}

/// Holds what a reader hands out.
#[derive(Debug, Clone, PartialEq, Eq)]
// One item lives at a time, on its way to the sink; a box would cost an allocation for each row.
#[allow(clippy::large_enum_variant, reason = "items are handed on one by one and never collected by this crate")]
pub enum Item {
    /// One value.
    Finding(Finding),
    /// One STIX object in the bytes it came in, or was upgraded to, checked as JSON and for its head.
    Object {
        /// The bytes.
        raw: Vec<u8>,
        /// `line 17` of a text with one object a line, else a JSON pointer such as `/objects/16`.
        line_or_pointer: String,
    },
    /// One row that cannot be used.
    Rejected(Rejected),
}

/// Says why one row cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The 1-based line the row begins on; in JSON documents the 1-based position of the item.
    pub line: u64,
    /// The stable code.
    pub code: &'static str,
    /// The reason in words.
    pub message: String,
    /// The first 256 bytes of the row.
    pub raw: String,
}

/// Names a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Any table with a map of its columns.
    Csv,
    /// One value a line.
    List,
    /// A MISP event, or several.
    Misp,
    /// STIX 2.0 objects, handed out as STIX 2.1; never detected, since nothing is converted silently.
    Stix20,
    /// STIX 2.1 objects.
    Stix21,
    /// The CSV export of ThreatFox.
    ThreatfoxCsv,
    /// The CSV export of URLhaus.
    UrlhausCsv,
}

impl Format {
    /// Every format, by name.
    pub const ALL: [Self; 7] =
        [Self::Csv, Self::List, Self::Misp, Self::Stix20, Self::Stix21, Self::ThreatfoxCsv, Self::UrlhausCsv];

    /// Returns the name as configuration and command line write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::List => "list",
            Self::Misp => "misp",
            Self::Stix20 => "stix20",
            Self::Stix21 => "stix21",
            Self::ThreatfoxCsv => "threatfox-csv",
            Self::UrlhausCsv => "urlhaus-csv",
        }
    }

    /// Returns the format of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// Holds what a reader needs to know besides the bytes.
#[derive(Debug, Clone)]
pub struct Options {
    /// The present; times more than five minutes later are cut to it.
    pub now: Timestamp,
    /// The zone of times that state none; without it UTC is assumed and remarked.
    pub zone: Option<Zone>,
    /// The kind of values that declare none; without it each is detected.
    pub kind: Option<Kind>,
    /// The class of rows that state none.
    pub class: Class,
    /// Whose the values of rows are that state none.
    pub subject: Subject,
    /// The columns of a table, for [`Format::Csv`].
    pub map: Option<CsvMap>,
    /// Limits of one STIX object and of one bundle.
    pub limits: Limits,
    /// Largest JSON document in bytes.
    pub document_size_bytes_max: u64,
    /// Longest line, or quoted record, in bytes.
    pub line_size_bytes_max: usize,
}

impl Options {
    /// Makes options with the limits that hold at every door: documents of 256 MiB, lines of 1 MiB.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            zone: None,
            kind: None,
            class: Class::Other,
            subject: Subject::Infrastructure,
            map: None,
            limits: Limits::admission(),
            document_size_bytes_max: 256 * 1024 * 1024,
            line_size_bytes_max: 1024 * 1024,
        }
    }
}

/// Counts what became of a document, exactly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows or items read, without comments and blank lines.
    pub rows: u64,
    /// Findings handed out; a row may hold several.
    pub findings: u64,
    /// STIX objects handed out.
    pub objects: u64,
    /// Rows left out on purpose: `localhost` lines, deleted attributes, rows the map skips.
    pub skipped: u64,
    /// Rows whose type has no kind here, by type.
    pub unsupported: BTreeMap<String, u64>,
    /// Rejected rows by code.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Whether the sink stopped the reading.
    pub stopped: bool,
}

impl Summary {
    /// Returns the number of rejected rows.
    #[must_use]
    pub fn rejected_rows(&self) -> u64 {
        self.rejected.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Says whether so many rows are broken that the format itself must have changed: more than a fifth of 20 or more.
    ///
    /// The caller then holds the whole run, so that a changed format does not empty a list.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.rows >= 20 && self.rejected_rows().saturating_mul(5) > self.rows
    }
}

/// LIMIT: bytes of a row that are kept with a finding or a rejection.
const RAW_SIZE_BYTES_MAX: usize = 256;

/// LIMIT: types counted by name; a document with more gets them counted as `other`.
const UNSUPPORTED_NAMES_MAX: usize = 256;

/// Cuts a row to what is kept of it, at a character boundary.
pub(crate) fn cut(raw: &str) -> String {
    let mut end = raw.len().min(RAW_SIZE_BYTES_MAX);
    while !raw.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    raw.get(..end).unwrap_or("").to_owned()
}

/// Takes the items of a reader, counts them, and hands them on.
pub(crate) struct Target<'a> {
    pub(crate) options: &'a Options,
    pub(crate) summary: Summary,
    sink: &'a mut dyn FnMut(Item) -> ControlFlow<()>,
}

impl<'a> Target<'a> {
    pub(crate) fn new(options: &'a Options, sink: &'a mut dyn FnMut(Item) -> ControlFlow<()>) -> Self {
        Self { options, summary: Summary::default(), sink }
    }

    pub(crate) fn finish(self) -> Summary {
        self.summary
    }

    fn hand(&mut self, item: Item) -> ControlFlow<()> {
        let answer = (self.sink)(item);
        self.summary.stopped |= answer.is_break();
        answer
    }

    pub(crate) fn row(&mut self) {
        self.summary.rows = self.summary.rows.saturating_add(1);
    }

    pub(crate) fn skip(&mut self) {
        self.summary.skipped = self.summary.skipped.saturating_add(1);
    }

    pub(crate) fn unsupported(&mut self, name: &str) {
        let counts = &mut self.summary.unsupported;
        let known = counts.contains_key(name) || counts.len() < UNSUPPORTED_NAMES_MAX;
        let count = counts.entry(if known { cut(name) } else { "other".to_owned() }).or_default();
        *count = count.saturating_add(1);
    }

    pub(crate) fn finding(&mut self, finding: Finding) -> ControlFlow<()> {
        self.summary.findings = self.summary.findings.saturating_add(1);
        self.hand(Item::Finding(finding))
    }

    pub(crate) fn object(&mut self, raw: &[u8], line_or_pointer: String) -> ControlFlow<()> {
        self.summary.objects = self.summary.objects.saturating_add(1);
        self.hand(Item::Object { raw: raw.to_vec(), line_or_pointer })
    }

    pub(crate) fn reject(&mut self, line: u64, code: &'static str, message: String, raw: &str) -> ControlFlow<()> {
        let count = self.summary.rejected.entry(code).or_default();
        *count = count.saturating_add(1);
        self.hand(Item::Rejected(Rejected { line, code, message, raw: cut(raw) }))
    }
}
