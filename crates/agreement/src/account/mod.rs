//! The account of give and take between two parties (section 16 of the format), and the reports it rests on.
//!
//! Information only: nothing here is an input of [`crate::decide()`], and no clause can refer to it. The unit is a
//! [`Contribution`]: one canonical observable, first admitted by the receiver from the giver. What was asserted, seen and
//! disputed about it is judged [`FINAL_DAYS`] after its admission, with integers only.

mod period;
mod report;
mod spread;
mod tally;

use entente_observable::{Kind, Observable, registrable_domain};
use entente_stix::Timestamp;
use serde::Serialize;

pub use period::Period;
pub use report::{Cell, Cells, REPORT_SIZE_BYTES_MAX, ReportError, UsefulnessReport};
pub use spread::Spread;
pub use tally::{Counts, Excluded, Statement, Tally};

/// Days after admission until which what others say about a contribution is counted; then it is final.
pub const FINAL_DAYS: i64 = 30;

/// Cells of a report below this number are not told (aggregate cell, k >= 5).
pub const CELL_MIN: u64 = 5;

/// Contributions of one [`padding_group`] and day that count.
pub const PADDING_MAX: u8 = 20;

const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;

/// Names what a contribution is about, as the account separates it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// A command-and-control server.
    C2,
    /// A phishing site.
    Phishing,
    /// A site that someone broke into.
    Compromised,
    /// A place that hands out malware.
    MalwareDistribution,
    /// A source of scans.
    Scanner,
    /// Anything else.
    Other,
}

impl Class {
    /// Every class, in the order of statements and reports.
    pub const ALL: [Class; 6] =
        [Class::C2, Class::Phishing, Class::Compromised, Class::MalwareDistribution, Class::Scanner, Class::Other];

    /// Returns the name, for example `malware-distribution`.
    pub const fn name(self) -> &'static str {
        match self {
            Class::C2 => "c2",
            Class::Phishing => "phishing",
            Class::Compromised => "compromised",
            Class::MalwareDistribution => "malware-distribution",
            Class::Scanner => "scanner",
            Class::Other => "other",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Class> {
        Class::ALL.into_iter().find(|class| class.name() == name)
    }

    const fn place(self) -> usize {
        match self {
            Class::C2 => 0,
            Class::Phishing => 1,
            Class::Compromised => 2,
            Class::MalwareDistribution => 3,
            Class::Scanner => 4,
            Class::Other => 5,
        }
    }
}

/// Names who says something about a contribution, as far as independence of its giver goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The receiver of the contribution: independent until it has it.
    Receiver,
    /// Another party than giver and receiver.
    Other {
        /// It is declared as affiliated with the giver.
        affiliated: bool,
        /// The value was released to it before it asserted it.
        had_it: bool,
    },
}

/// One assertion of the same observable by somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// Who.
    pub by: Who,
    /// When the receiver first admitted it.
    pub at: Timestamp,
}

/// One sighting of the observable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Who saw it.
    pub by: Who,
    /// When it was seen.
    pub at: Timestamp,
}

/// What a review made of a dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody has reviewed it yet.
    Open,
    /// The giver was right.
    Rejected,
    /// The giver was wrong.
    Upheld,
}

/// One dispute of a contribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// When it was raised.
    pub at: Timestamp,
    /// What became of it until the contribution was final.
    pub verdict: Verdict,
}

/// One observable that a giver gave first at some instant, with everything that was said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// What it is about.
    pub kind: Kind,
    /// The canonical value.
    pub value: String,
    /// Its class when it was first admitted.
    pub class: Class,
    /// When the receiver first admitted it from the giver.
    pub admitted: Timestamp,
    /// It returns what the giver had received, or what a public feed had (`product.md` 8.3).
    pub echo: bool,
    /// It was stopped at admission.
    pub quarantined: bool,
    /// When the giver took it back.
    pub recalled: Option<Timestamp>,
    /// Whether it went into a countermeasure, a match with action or an operation target; `None` where nobody records that.
    pub used: Option<bool>,
    /// Who else asserted it.
    pub assertions: Vec<Assertion>,
    /// Who saw it.
    pub sightings: Vec<Sighting>,
    /// Who disputed it.
    pub disputes: Vec<Dispute>,
}

/// The weights of a contribution, printed on every statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Weights {
    /// Version of this set of weights.
    pub version: u32,
    /// An independent source had it first.
    pub late: i64,
    /// Nobody had it first.
    pub on_time: i64,
    /// Added when nobody else has it.
    pub unique: i64,
    /// Added for a lead of at least an hour.
    pub lead_hour: i64,
    /// Added for a lead of at least a day.
    pub lead_day: i64,
    /// Added for a lead of at least seven days.
    pub lead_week: i64,
    /// Added when it was seen afterwards.
    pub confirmed: i64,
    /// In place of everything else when a dispute was upheld.
    pub upheld: i64,
    /// What the sum is divided by.
    pub divisor: i64,
}

/// The weights of section 16.
pub const WEIGHTS: Weights = Weights {
    version: 1,
    late: 1,
    on_time: 10,
    unique: 10,
    lead_hour: 2,
    lead_day: 5,
    lead_week: 10,
    confirmed: 20,
    upheld: -10,
    divisor: 10,
};

/// How a contribution counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A dispute against it was upheld.
    Upheld,
    /// An independent source had it first.
    Late {
        /// How long before, in microseconds.
        lag: i64,
    },
    /// Nobody independent had it first.
    OnTime {
        /// How long the next independent source came later, in microseconds; `None` when it is unique.
        lead: Option<i64>,
    },
}

/// What a contribution turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// How it counts.
    pub standing: Standing,
    /// It was seen afterwards by the receiver or an independent source.
    pub confirmed: bool,
    /// Its points.
    pub points: i64,
}

impl Contribution {
    /// The instant after which nothing that is said about it counts.
    pub const fn final_at(&self) -> Timestamp {
        self.admitted.saturating_add_micros(FINAL_DAYS * DAY_US)
    }

    /// Judges the contribution by section 16; the order of what was said does not matter.
    pub fn judge(&self, weights: &Weights) -> Judged {
        let until = self.final_at();
        let independent = self.assertions.iter().filter(|other| match other.by {
            // The receiver has it from here on, so what it asserts later may be this very contribution.
            Who::Receiver => other.at < self.admitted,
            Who::Other { affiliated, had_it } => !affiliated && !had_it && other.at <= until,
        });
        let first = independent.map(|other| other.at.as_micros()).min();
        let admitted = self.admitted.as_micros();
        let confirmed = self.sightings.iter().any(|sighting| {
            let counts = match sighting.by {
                Who::Receiver => true,
                Who::Other { affiliated, .. } => !affiliated,
            };
            counts && sighting.at > self.admitted && sighting.at <= until
        });
        let upheld = self.disputes_in_time().any(|dispute| dispute.verdict == Verdict::Upheld);
        let standing = match first {
            _ if upheld => Standing::Upheld,
            Some(first) if first < admitted => Standing::Late { lag: admitted.saturating_sub(first) },
            first => Standing::OnTime { lead: first.map(|first| first.saturating_sub(admitted)) },
        };
        let points = match standing {
            Standing::Upheld => weights.upheld,
            Standing::Late { .. } => weights.late,
            Standing::OnTime { lead } => {
                let ahead = match lead {
                    None => weights.unique,
                    Some(lead) if lead >= 7 * DAY_US => weights.lead_week,
                    Some(lead) if lead >= DAY_US => weights.lead_day,
                    Some(lead) if lead >= HOUR_US => weights.lead_hour,
                    Some(_) => 0,
                };
                let seen = if confirmed { weights.confirmed } else { 0 };
                weights.on_time.saturating_add(ahead).saturating_add(seen)
            }
        };
        Judged { standing, confirmed, points }
    }

    /// Disputes that were raised before the contribution was final.
    pub(crate) fn disputes_in_time(&self) -> impl Iterator<Item = &Dispute> {
        let until = self.final_at();
        self.disputes.iter().filter(move |dispute| dispute.at <= until)
    }

    /// How long after its admission it was taken back, in microseconds, if it was before it was final.
    pub(crate) fn recalled_after(&self) -> Option<i64> {
        let at = self.recalled.filter(|at| *at <= self.final_at())?;
        Some(at.as_micros().saturating_sub(self.admitted.as_micros()).max(0))
    }
}

/// Names the set of values of which at most [`PADDING_MAX`] count on one day: the /24 or /48 of an address, the registrable
/// domain of a name or mail address, host and first path segment of a URL. `None` where there is no such set.
pub fn padding_group(kind: Kind, value: &str) -> Option<String> {
    match kind {
        Kind::Ipv4Addr => {
            let [a, b, c, _] = value.parse::<std::net::Ipv4Addr>().ok()?.octets();
            Some(format!("{a}.{b}.{c}.0/24"))
        }
        Kind::Ipv6Addr => {
            let [a, b, c, ..] = value.parse::<std::net::Ipv6Addr>().ok()?.segments();
            Some(format!("{a:x}:{b:x}:{c:x}::/48"))
        }
        Kind::DomainName | Kind::EmailAddr => {
            let name = value.rsplit_once('@').map_or(value, |(_, domain)| domain);
            Some(registrable_domain(name).unwrap_or(name).to_owned())
        }
        Kind::Url => {
            let observable = Observable::from_canonical(kind, value).ok()?;
            let host = observable.host()?;
            let path = value.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
            let segment = path.split(['/', '?', '#']).next().unwrap_or_default();
            Some(format!("{host}/{segment}"))
        }
        _ => None,
    }
}

/// Networks of one giver, to find the addresses that lie inside them.
#[derive(Clone, Debug, Default)]
pub struct Networks {
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
}

impl Networks {
    /// Adds a network in canonical form; anything else is passed over.
    pub fn add(&mut self, network: &str) {
        let Some((address, bits)) = network.split_once('/') else { return };
        let Ok(bits) = bits.parse::<u32>() else { return };
        match address.parse() {
            Ok(std::net::IpAddr::V4(address)) if bits <= 32 => {
                let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
                self.v4.push((u32::from(address) & mask, mask));
            }
            Ok(std::net::IpAddr::V6(address)) if bits <= 128 => {
                let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
                self.v6.push((u128::from(address) & mask, mask));
            }
            _ => {}
        }
    }

    /// Whether an address lies inside one of the networks.
    // LIMIT: each address is compared with every network of the giver; givers give few networks.
    pub fn contain(&self, kind: Kind, value: &str) -> bool {
        match kind {
            Kind::Ipv4Addr => value
                .parse::<std::net::Ipv4Addr>()
                .is_ok_and(|address| self.v4.iter().any(|(net, mask)| u32::from(address) & mask == *net)),
            Kind::Ipv6Addr => value
                .parse::<std::net::Ipv6Addr>()
                .is_ok_and(|address| self.v6.iter().any(|(net, mask)| u128::from(address) & mask == *net)),
            _ => false,
        }
    }
}

/// Two weighted totals, and where they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// What the party gave, weighted.
    pub given: i64,
    /// What it received, weighted.
    pub received: i64,
}

impl Balance {
    /// (received - given) / (received + given) in hundredths, rounded half away from zero; `None` when both are 0.
    pub fn hundredths(self) -> Option<i64> {
        let (given, received) = (self.given.max(0), self.received.max(0));
        let sum = received.saturating_add(given);
        if sum == 0 {
            return None;
        }
        let scaled = received.saturating_sub(given).saturating_mul(100);
        let rounded = scaled.abs().saturating_mul(2).saturating_add(sum) / sum.saturating_mul(2);
        Some(rounded.saturating_mul(scaled.signum()))
    }

    /// Whether it stands below this percentage; false when it is undefined.
    pub fn is_below(self, percent: i8) -> bool {
        let (given, received) = (self.given.max(0), self.received.max(0));
        let sum = received.saturating_add(given);
        sum > 0 && received.saturating_sub(given).saturating_mul(100) < i64::from(percent).saturating_mul(sum)
    }
}

/// Writes what is counted by class as a map from the names of classes.
///
/// # Errors
/// Those of the serialiser.
pub fn by_class<T: Serialize, S: serde::Serializer>(classes: &[(Class, T)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(classes.iter().map(|(class, counts)| (class, counts)))
}

#[cfg(test)]
mod tests;
