//! Obligations as data: what a clause asks to be done to an object before it leaves (section 8 of the format).
//!
//! The set is closed. How each one is carried out is in [`crate::apply`](fn@crate::apply).

use std::fmt;

use entente_stix::marking::{Pap, Tlp};
use sha2::{Digest, Sha256};

use crate::properties;

/// Says how victim values are removed (section 8.1 of the format).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RedactVictim {
    /// Victim objects and properties are removed.
    Drop,
    /// Addresses are shortened to /24 and /48; everything else is removed.
    Prefix,
    /// Victims become pseudonyms keyed per agreement.
    Hmac,
}

/// Names the step to which times are rounded (section 8.2 of the format).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeUnit {
    /// Whole hours.
    Hour,
    /// Whole days, UTC.
    Day,
}

impl TimeUnit {
    /// Returns the length in microseconds.
    pub const fn as_micros(self) -> i64 {
        match self {
            TimeUnit::Hour => 3_600_000_000,
            TimeUnit::Day => 86_400_000_000,
        }
    }
}

/// Says whether the releasing party may be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Attribution {
    /// The recipient may name the releasing party.
    May,
    /// The recipient must name the releasing party.
    Must,
    /// The releasing party appears under a pseudonym and is not named.
    MustNot,
}

/// Holds the obligations of one clause in compiled form; the order of the text does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Obligations {
    /// Properties removed by name, sorted.
    pub drop_properties: Vec<String>,
    /// Free text is removed. Also set by `text = false`.
    pub strip_free_text: bool,
    /// Victim values are removed.
    pub redact_victim: Option<RedactVictim>,
    /// Names of sources are removed.
    pub strip_source: bool,
    /// Locations keep country and region only.
    pub coarsen_location: bool,
    /// Times are rounded.
    pub coarsen_time: Option<TimeUnit>,
    /// Confidence is reduced to 0, 15, 50 or 85.
    pub reduce_confidence_bucket: bool,
    /// Whether the releasing party may be named.
    pub attribution: Option<Attribution>,
    /// The marking is raised to at least this level.
    pub remark_tlp: Option<Tlp>,
    /// The permitted actions are narrowed to at least this level.
    pub remark_pap: Option<Pap>,
    /// The recipient deletes or re-justifies after so many days.
    pub retain_days: u16,
    /// Ids are keyed per recipient.
    pub watermark: bool,
}

/// Says why one obligation of a text cannot be read.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// The name or argument is not in the closed set.
    Value(String),
    /// The obligation is in the format but not in this engine.
    Unsupported(String),
    /// A second one of a kind of which one is permitted.
    Repeated(&'static str),
}

impl Obligations {
    /// Reads the list of a clause. Returns also how many `retain` it holds.
    pub(crate) fn read(list: &[String]) -> (Obligations, u32, Vec<Unreadable>) {
        let mut obligations = Obligations::default();
        let mut retains = 0_u32;
        let mut errors = Vec::new();
        for item in list {
            if let Err(error) = obligations.add(item, &mut retains) {
                errors.push(error);
            }
        }
        obligations.drop_properties.sort_unstable();
        (obligations, retains, errors)
    }

    fn add(&mut self, item: &str, retains: &mut u32) -> Result<(), Unreadable> {
        let (name, argument) = match item.split_once(':') {
            Some((name, argument)) => (name, Some(argument)),
            None => (item, None),
        };
        let unknown = || Unreadable::Value(item.to_owned());
        match (name, argument) {
            ("drop-property", Some(path)) => {
                if !properties::is_droppable(path) {
                    return Err(unknown());
                }
                if self.drop_properties.iter().any(|known| known == path) {
                    return Err(Unreadable::Repeated("drop-property"));
                }
                self.drop_properties.push(path.to_owned());
                Ok(())
            }
            ("strip-free-text", None) => flag(&mut self.strip_free_text, "strip-free-text"),
            ("strip-source", None) => flag(&mut self.strip_source, "strip-source"),
            ("coarsen-location", Some("country")) => flag(&mut self.coarsen_location, "coarsen-location"),
            ("reduce-confidence-bucket", None) => flag(&mut self.reduce_confidence_bucket, "reduce-confidence-bucket"),
            ("watermark", None) => flag(&mut self.watermark, "watermark"),
            ("redact-victim", Some(mode)) => {
                let mode = match mode {
                    "drop" => RedactVictim::Drop,
                    "prefix" => RedactVictim::Prefix,
                    "hmac" => RedactVictim::Hmac,
                    _ => return Err(unknown()),
                };
                once(&mut self.redact_victim, mode, "redact-victim")
            }
            ("coarsen-time", Some(unit)) => {
                let unit = match unit {
                    "1h" => TimeUnit::Hour,
                    "1d" => TimeUnit::Day,
                    _ => return Err(unknown()),
                };
                once(&mut self.coarsen_time, unit, "coarsen-time")
            }
            ("attribution", Some(value)) => {
                let value = match value {
                    "may" => Attribution::May,
                    "must" => Attribution::Must,
                    "must-not" => Attribution::MustNot,
                    _ => return Err(unknown()),
                };
                once(&mut self.attribution, value, "attribution")
            }
            ("remark", Some(argument)) => self.add_remark(item, argument),
            ("retain", Some(days)) => {
                *retains = retains.saturating_add(1);
                let days =
                    days.strip_suffix('d').filter(|d| !d.starts_with('0') && d.bytes().all(|b| b.is_ascii_digit()));
                match days.and_then(|d| d.parse::<u16>().ok()) {
                    Some(days @ 1..=3650) => {
                        self.retain_days = days;
                        Ok(())
                    }
                    _ => Err(unknown()),
                }
            }
            ("attach-iep", _) => Err(Unreadable::Unsupported(item.to_owned())),
            _ => Err(unknown()),
        }
    }

    fn add_remark(&mut self, item: &str, argument: &str) -> Result<(), Unreadable> {
        let unknown = || Unreadable::Value(item.to_owned());
        match argument.split_once('=') {
            Some(("tlp", level)) => {
                let level = Tlp::parse(level).ok_or_else(unknown)?;
                once(&mut self.remark_tlp, level, "remark:tlp")
            }
            Some(("pap", level)) => {
                let level = Pap::parse(level).ok_or_else(unknown)?;
                once(&mut self.remark_pap, level, "remark:pap")
            }
            Some(("iep", _)) => Err(Unreadable::Unsupported(item.to_owned())),
            _ => Err(unknown()),
        }
    }

    /// Lists the obligations as the text spells them, in the order in which they are carried out.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.drop_properties.iter().map(|path| format!("drop-property:{path}")).collect();
        let mut push = |present: bool, name: &str| {
            if present {
                names.push(name.to_owned());
            }
        };
        push(self.strip_free_text, "strip-free-text");
        if let Some(mode) = self.redact_victim {
            push(true, &format!("redact-victim:{mode}"));
        }
        push(self.strip_source, "strip-source");
        push(self.coarsen_location, "coarsen-location:country");
        if let Some(unit) = self.coarsen_time {
            push(true, &format!("coarsen-time:{unit}"));
        }
        push(self.reduce_confidence_bucket, "reduce-confidence-bucket");
        if let Some(value) = self.attribution {
            push(true, &format!("attribution:{value}"));
        }
        if let Some(level) = self.remark_tlp {
            push(true, &format!("remark:tlp={}", level.key()));
        }
        if let Some(level) = self.remark_pap {
            push(true, &format!("remark:pap={}", level.key()));
        }
        push(true, &format!("retain:{}d", self.retain_days));
        push(self.watermark, "watermark");
        names
    }

    /// Returns SHA-256 over the [`names`](Self::names), each followed by a line feed: the ledger's `obligations` hash.
    pub fn hash(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        for name in self.names() {
            hasher.update(name.as_bytes());
            hasher.update(b"\n");
        }
        hasher.finalize().into()
    }
}

fn flag(field: &mut bool, name: &'static str) -> Result<(), Unreadable> {
    if std::mem::replace(field, true) { Err(Unreadable::Repeated(name)) } else { Ok(()) }
}

fn once<T>(field: &mut Option<T>, value: T, name: &'static str) -> Result<(), Unreadable> {
    if field.replace(value).is_some() { Err(Unreadable::Repeated(name)) } else { Ok(()) }
}

impl fmt::Display for RedactVictim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RedactVictim::Drop => "drop",
            RedactVictim::Prefix => "prefix",
            RedactVictim::Hmac => "hmac",
        })
    }
}

impl fmt::Display for TimeUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TimeUnit::Hour => "1h",
            TimeUnit::Day => "1d",
        })
    }
}

impl fmt::Display for Attribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Attribution::May => "may",
            Attribution::Must => "must",
            Attribution::MustNot => "must-not",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_text_does_not_matter() {
        let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
        let (a, _, none) =
            Obligations::read(&list(&["retain:30d", "strip-source", "drop-property:count", "coarsen-time:1d"]));
        let (b, retains, _) =
            Obligations::read(&list(&["coarsen-time:1d", "drop-property:count", "retain:30d", "strip-source"]));
        assert!(none.is_empty());
        assert_eq!(retains, 1);
        assert_eq!(a, b);
        assert_eq!(a.names(), ["drop-property:count", "strip-source", "coarsen-time:1d", "retain:30d"]);
    }

    #[test]
    fn obligations_outside_the_closed_set_are_refused() {
        for item in [
            "strip",
            "strip-source:x",
            "redact-victim",
            "coarsen-time:2h",
            "retain:0d",
            "retain:3651d",
            "retain:030d",
            "retain:30",
            "remark:tlp=white",
            "drop-property:id",
            "drop-property:nothing",
        ] {
            let (_, _, errors) = Obligations::read(&[item.to_owned()]);
            assert!(matches!(errors.as_slice(), [Unreadable::Value(_)]), "{item}: {errors:?}");
        }
    }
}
