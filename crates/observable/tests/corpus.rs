//! Values as the world wrote them, against counts that another implementation made.
//!
//! The corpus is not part of the repository: `ENTENTE_DATA` names its folder, else `../../../shared/data` beside the
//! crate. Each test says loudly when it is skipped. Every file is read whole.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests, not only test functions")]

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use entente_observable::{Flag, Kind, Normalised, ObservableError, endpoint, normalise};

fn corpus(file: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ENTENTE_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let path = root.join("corpus").join(file);
    if path.exists() {
        return Some(path);
    }
    println!("SKIPPED: {} is absent; set ENTENTE_DATA to check the corpus", path.display());
    None
}

fn for_each_value(path: &PathBuf, mut visit: impl FnMut(&str)) {
    let file = std::fs::File::open(path).unwrap();
    let mut reader = BufReader::with_capacity(1 << 20, zstd::Decoder::new(file).unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    loop {
        line.clear();
        if reader.read_line(&mut line).unwrap() == 0 {
            return;
        }
        visit(line.trim_end_matches('\n').split('\t').next().unwrap());
    }
}

#[derive(Default)]
struct Counts {
    rows: u64,
    accepted: u64,
    changed: u64,
    not_idempotent: u64,
    flags: HashMap<Flag, u64>,
    refused: HashMap<&'static str, u64>,
    forms: Vec<u64>,
}

impl Counts {
    fn add(&mut self, text: &str, answer: Result<Normalised, ObservableError>, again: bool) {
        self.rows += 1;
        match answer {
            Ok(found) => {
                self.accepted += 1;
                for flag in &found.flags {
                    *self.flags.entry(*flag).or_default() += 1;
                }
                let observable = &found.observable;
                if observable.value != text {
                    self.changed += 1;
                    // A value that is its own form is idempotent by that; only a changed one has to be asked again.
                    let second = normalise(&observable.value, Some(observable.kind)).unwrap().observable;
                    self.not_idempotent += u64::from(again && second != *observable);
                }
                if again {
                    self.forms.push(observable.key() ^ u64::from(found.port.unwrap_or(0)));
                }
            }
            Err(error) => {
                *self.refused.entry(error.code()).or_default() += 1;
            }
        }
    }

    fn flagged(&self, flag: Flag) -> u64 {
        self.flags.get(&flag).copied().unwrap_or(0)
    }

    fn distinct(&mut self) -> usize {
        self.forms.sort_unstable();
        self.forms.dedup();
        self.forms.len()
    }
}

/// Breaks when a name of the corpus is refused, or flagged otherwise than the reference flags it.
#[test]
fn domains_of_the_corpus_have_the_expected_counts() {
    let Some(path) = corpus("domain.tsv.zst") else { return };
    let mut counts = Counts::default();
    for_each_value(&path, |value| counts.add(value, normalise(value, Some(Kind::DomainName)), false));
    println!("{:?} {:?}", counts.refused, counts.flags);
    assert_eq!((counts.rows, counts.accepted), (1_633_980, 1_633_980));
    assert_eq!(counts.flagged(Flag::NonstandardHost), 388);
    assert_eq!(counts.flagged(Flag::IdnaInvalid), 24);
    assert_eq!(counts.not_idempotent, 0);
}

/// Breaks when an address of the corpus is refused for another reason than its leading zero.
#[test]
fn addresses_of_the_corpus_have_the_expected_counts() {
    let Some(path) = corpus("ip.tsv.zst") else { return };
    let mut counts = Counts::default();
    for_each_value(&path, |value| counts.add(value, normalise(value, Some(Kind::Ipv4Addr)), false));
    assert_eq!((counts.rows, counts.accepted), (1_762_022, 1_762_019));
    assert_eq!(counts.refused, HashMap::from([("ip.leading_zero", 3)]));
}

/// Breaks when endpoints merge or split otherwise than in the reference.
#[test]
fn endpoints_of_the_corpus_have_the_expected_counts() {
    let Some(path) = corpus("ip-port.tsv.zst") else { return };
    let mut accepted = 0u64;
    let mut refused: HashMap<&str, u64> = HashMap::new();
    let mut forms = Vec::new();
    for_each_value(&path, |value| match endpoint(value) {
        Ok(found) => {
            accepted += 1;
            forms.push((found.observable.key(), found.port));
        }
        Err(error) => *refused.entry(error.code()).or_default() += 1,
    });
    forms.sort_unstable();
    forms.dedup();
    assert_eq!(accepted, 279_719);
    assert_eq!(refused, HashMap::from([("port.range", 18)]));
    assert_eq!(forms.len(), 279_717);
}

/// Breaks when a network of the corpus is refused or three do not change form.
#[test]
fn networks_of_the_corpus_have_the_expected_counts() {
    let Some(path) = corpus("cidr.tsv.zst") else { return };
    let mut counts = Counts::default();
    for_each_value(&path, |value| counts.add(value, normalise(value, Some(Kind::Network)), true));
    assert_eq!((counts.rows, counts.accepted, counts.changed), (1_095, 1_095, 3));
    assert_eq!(counts.not_idempotent, 0);
}

/// Breaks when a hash of the corpus is refused or taken for another algorithm.
#[test]
fn hashes_of_the_corpus_are_all_accepted() {
    for (file, algorithm, rows) in
        [("md5.tsv.zst", "md5", 9_589), ("sha1.tsv.zst", "sha1", 5_989), ("sha256.tsv.zst", "sha256", 10_151)]
    {
        let Some(path) = corpus(file) else { return };
        let mut accepted = 0;
        for_each_value(&path, |value| {
            let found = normalise(value, Some(Kind::FileHash)).unwrap().observable;
            assert_eq!(found.hash_algorithm, Some(algorithm), "{value}");
            accepted += 1;
        });
        assert_eq!(accepted, rows);
    }
}

/// Breaks when the form of a URL of the corpus differs from the reference, or is not its own form.
#[test]
fn urls_of_the_corpus_have_the_expected_counts() {
    let Some(path) = corpus("url.tsv.zst") else { return };
    let mut counts = Counts::default();
    let mut dotted_queries = 0u64;
    for_each_value(&path, |value| {
        let answer = normalise(value, Some(Kind::Url));
        let kept = answer.as_ref().is_ok_and(|found| found.observable.value == value);
        dotted_queries += u64::from(kept && value.split_once('?').is_some_and(|(_, query)| query.contains("/./")));
        counts.add(value, answer, true);
    });
    println!("{} rows {:?} {:?} {} changed", counts.rows, counts.refused, counts.flags, counts.changed);
    assert_eq!(counts.not_idempotent, 0);
    assert_eq!((counts.rows, counts.accepted), (590_880, 590_874));
    assert_eq!(counts.refused, HashMap::from([("domain.empty_label", 5), ("domain.character", 1)]));
    assert_eq!(counts.flagged(Flag::SchemeAssumed), 55_644);
    assert_eq!(counts.flagged(Flag::FragmentDropped), 1_084);
    assert_eq!(counts.flagged(Flag::NonstandardHost), 1_609);
    // The reference takes `/./` out of queries too, which the rules (8 and 10 of section 4.4) and the WHATWG standard
    // leave alone: seven rows that it changes and we do not.
    assert_eq!(counts.changed + dotted_queries, 148_676);
    assert_eq!(dotted_queries, 7);
    assert_eq!(counts.distinct(), 588_793);
}
