//! Values that are never indicators, or never without a person's look: abuse cases A01 and A02.
//!
//! Facts only, no list that ages quickly: reserved and documentation ranges, large public resolvers, networks that are
//! too wide, bare public suffixes, and the names of services that everyone uses. A hit does not delete anything; the
//! caller quarantines and shows the list's name.
//!
//! Popular names match the registrable domain itself and its `www`, never other names below it: below `pages.dev` or
//! `duckdns.org` live many thousand names that *are* malicious.

use std::net::IpAddr;
use std::sync::LazyLock;

use crate::{Kind, Observable, address, name};

mod facts;

pub use facts::LISTS;

/// Names the list that a value stands on, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The stable name of the list, one of [`LISTS`].
    pub list: &'static str,
    /// What the list holds, in words for a person; lower case, no full stop.
    pub reason: &'static str,
}

/// Says which lists are off.
///
/// A demonstration node that works with documentation addresses switches `documentation` off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Switches {
    off: u16,
}

impl Switches {
    /// Makes a set with every list on.
    #[must_use]
    pub const fn all() -> Self {
        Self { off: 0 }
    }

    /// Switches one list off; `None` when no list has that name.
    #[must_use]
    pub fn without(self, list: &str) -> Option<Self> {
        let position = LISTS.iter().position(|(name, _)| *name == list)?;
        let bit = 1u16.checked_shl(u32::try_from(position).ok()?)?;
        Some(Self { off: self.off | bit })
    }

    fn is_on(self, list: &str) -> bool {
        LISTS
            .iter()
            .position(|(name, _)| *name == list)
            .and_then(|position| u32::try_from(position).ok())
            .and_then(|position| 1u16.checked_shl(position))
            .is_some_and(|bit| self.off & bit == 0)
    }
}

/// Checks a value against every list.
#[must_use]
pub fn check(observable: &Observable) -> Option<Hit> {
    check_with(observable, &Switches::all())
}

/// Checks a value against the lists that are on; the first hit in the order of [`LISTS`] is the answer.
#[must_use]
pub fn check_with(observable: &Observable, switches: &Switches) -> Option<Hit> {
    LISTS
        .iter()
        .filter(|(list, _)| switches.is_on(list))
        .find(|(list, _)| is_on_list(list, observable))
        .map(|(list, reason)| Hit { list, reason })
}

fn is_on_list(list: &str, observable: &Observable) -> bool {
    let value = observable.value.as_str();
    match observable.kind {
        Kind::Ipv4Addr | Kind::Ipv6Addr | Kind::Network => network_is_on(list, value),
        Kind::DomainName => name_is_on(list, value),
        Kind::Url => match observable.host() {
            Some(host) if host.parse::<IpAddr>().is_ok() => network_is_on(list, host),
            // A page on a popular site may well be malicious; the site itself is not.
            Some(host) => (is_front_page(value) || list == "documentation") && name_is_on(list, host),
            None => false,
        },
        Kind::EmailAddr => {
            list == "documentation" && observable.host().is_some_and(|host| name_is_on("documentation", host))
        }
        Kind::AutonomousSystem => number_is_on(list, value),
        Kind::FileHash => list == "empty-file" && facts::is_empty_file(value),
        _ => false,
    }
}

fn is_front_page(url: &str) -> bool {
    url.split_once("://").is_some_and(|(_, rest)| match rest.split_once('/') {
        Some((_, path)) => path.is_empty(),
        None => true,
    })
}

fn number_is_on(list: &str, value: &str) -> bool {
    let Some(number) = value.strip_prefix("AS").and_then(|digits| digits.parse::<u64>().ok()) else {
        return false;
    };
    match list {
        "documentation" => (64_496..=64_511).contains(&number) || (65_536..=65_551).contains(&number),
        "reserved" => (64_512..=65_534).contains(&number) || number >= 4_200_000_000,
        _ => false,
    }
}

fn network_is_on(list: &str, value: &str) -> bool {
    match list {
        "documentation" => within(value, &DOCUMENTATION),
        "reserved" => within(value, &RESERVED),
        "public-resolver" => covers_resolver(value),
        "wide-network" => is_wide(value),
        _ => false,
    }
}

/// LIMIT: /8 and /16 (IPv6) or wider hold millions of machines, ingest rules §4.2.
fn is_wide(value: &str) -> bool {
    value
        .split_once('/')
        .and_then(|(base, length)| Some((base.contains(':'), length.parse::<u8>().ok()?)))
        .is_some_and(|(six, length)| length <= if six { 16 } else { 8 })
}

type Bounds = Vec<(IpAddr, IpAddr)>;

static DOCUMENTATION: LazyLock<Bounds> = LazyLock::new(|| bounds_of(&facts::DOCUMENTATION_NETWORKS));
static RESERVED: LazyLock<Bounds> = LazyLock::new(|| bounds_of(&facts::RESERVED_NETWORKS));
static RESOLVERS: LazyLock<Vec<IpAddr>> =
    LazyLock::new(|| facts::RESOLVERS.iter().filter_map(|resolver| resolver.parse().ok()).collect());

fn bounds_of(networks: &[&str]) -> Bounds {
    networks.iter().filter_map(|network| address::bounds(network)).collect()
}

fn within(value: &str, networks: &Bounds) -> bool {
    address::bounds(value)
        .is_some_and(|(first, last)| networks.iter().any(|(low, high)| *low <= first && last <= *high))
}

fn covers_resolver(value: &str) -> bool {
    address::bounds(value).is_some_and(|(first, last)| {
        RESOLVERS.iter().any(|single| first.is_ipv4() == single.is_ipv4() && first <= *single && *single <= last)
    })
}

fn name_is_on(list: &str, value: &str) -> bool {
    match list {
        "documentation" => facts::DOCUMENTATION_NAMES.iter().any(|zone| is_at_or_below(value, zone)),
        "reserved" => facts::RESERVED_ZONES.iter().any(|zone| is_at_or_below(value, zone)),
        "public-suffix" => name::public_suffix(value) == Some(value),
        "top-name" => is_top_name(value),
        "look-alike" => facts::skeleton(value).is_some_and(|skeleton| is_top_name(&skeleton)),
        _ => false,
    }
}

fn is_top_name(value: &str) -> bool {
    let bare = value.strip_prefix("www.").unwrap_or(value);
    facts::TOP_NAMES.binary_search(&bare).is_ok()
}

fn is_at_or_below(value: &str, zone: &str) -> bool {
    value.strip_suffix(zone).is_some_and(|front| front.is_empty() || front.ends_with('.'))
}
