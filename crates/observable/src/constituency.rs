//! Whose values are whose: the networks, names and countries that a body is responsible for.
//!
//! A clause may give victims only to the body that looks after them (`constituency_only`). What belongs to it, the releasing
//! party writes down: one network, name or country a line.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::{Kind, Observable, address, country, normalise};

/// A list of networks, names and countries.
///
/// ```
/// use entente_observable::constituency::Constituency;
/// use entente_observable::{Kind, normalise};
///
/// let list = "198.51.100.0/24\nministry.example\ncountry:IS\n";
/// let ours = Constituency::parse(list).map_err(|faults| format!("{faults:?}"))?;
/// let within = |text: &str, kind| normalise(text, Some(kind)).is_ok_and(|found| ours.covers(&found.observable));
/// assert!(within("198.51.100.25", Kind::Ipv4Addr));
/// assert!(within("portal.ministry.example", Kind::DomainName));
/// assert!(!within("ministry.example.org", Kind::DomainName));
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Constituency {
    networks: Vec<(IpAddr, IpAddr)>,
    names: BTreeSet<String>,
    countries: BTreeSet<[u8; 2]>,
}

/// A line that names nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Number of the line, from 1.
    pub line: usize,
    /// Why it is refused.
    pub message: String,
}

impl Constituency {
    /// Reads a list; empty lines and lines that begin with `#` say nothing.
    ///
    /// A line is an address or network, a domain name (it and every name below it), or `country:XX` for the addresses that a
    /// registry delegated to a holder there and the names below its top-level domain.
    ///
    /// # Errors
    /// Every line that names nothing.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        let mut list = Self::default();
        let mut faults = Vec::new();
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Err(message) = list.add(line) {
                faults.push(Fault { line: number, message });
            }
        }
        if faults.is_empty() { Ok(list) } else { Err(faults) }
    }

    fn add(&mut self, line: &str) -> Result<(), String> {
        if let Some(code) = line.strip_prefix("country:") {
            let code: [u8; 2] = code.as_bytes().try_into().map_err(|_| format!("`{code}` is no country code"))?;
            if !code.iter().all(u8::is_ascii_uppercase) {
                return Err("a country code has two capital letters".to_owned());
            }
            self.countries.insert(code);
            return Ok(());
        }
        let found = normalise(line, None).map_err(|error| error.to_string())?.observable;
        match found.kind {
            Kind::Ipv4Addr | Kind::Ipv6Addr | Kind::Network => {
                let bounds = address::bounds(&found.value);
                self.networks.push(bounds.ok_or_else(|| format!("`{line}` is no network"))?);
            }
            Kind::DomainName => {
                self.names.insert(found.value);
            }
            kind => return Err(format!("`{line}` is a value of kind {}, not a network or a name", kind.name())),
        }
        Ok(())
    }

    /// Tells whether a list names nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty() && self.names.is_empty() && self.countries.is_empty()
    }

    /// Tells whether a value lies within; of kinds that have no place, such as a file's hash, none does.
    #[must_use]
    pub fn covers(&self, value: &Observable) -> bool {
        let of_country = || country::of_address(value).is_some_and(|code| self.countries.contains(&code));
        match value.kind {
            Kind::Ipv4Addr | Kind::Ipv6Addr | Kind::Network => {
                let Some((first, last)) = address::bounds(&value.value) else { return false };
                self.networks.iter().any(|(from, to)| *from <= first && last <= *to) || of_country()
            }
            Kind::DomainName => self.covers_name(&value.value),
            Kind::EmailAddr => value.value.rsplit_once('@').is_some_and(|(_, name)| self.covers_name(name)),
            Kind::Url => value.host().is_some_and(|host| match normalise(host, None) {
                Ok(found) if found.observable.kind != Kind::Url => self.covers(&found.observable),
                _ => false,
            }),
            _ => false,
        }
    }

    fn covers_name(&self, name: &str) -> bool {
        let mut parents = std::iter::successors(Some(name), |name| name.split_once('.').map(|(_, parent)| parent));
        let top: Option<[u8; 2]> =
            name.rsplit('.').next().and_then(|top| top.to_ascii_uppercase().as_bytes().try_into().ok());
        parents.any(|name| self.names.contains(name)) || top.is_some_and(|code| self.countries.contains(&code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Constituency {
        Constituency::parse(text).unwrap()
    }

    fn covers(list: &Constituency, text: &str) -> bool {
        list.covers(&normalise(text, None).unwrap().observable)
    }

    #[test]
    fn networks_hold_what_lies_wholly_in_them() {
        let ours = list("# ours\n\n198.51.100.0/25\n2001:db8::/48\n203.0.113.9\n");
        for within in ["198.51.100.0", "198.51.100.127", "198.51.100.64/26", "2001:db8:0:1::5", "203.0.113.9"] {
            assert!(covers(&ours, within), "{within}");
        }
        for outside in ["198.51.100.128", "198.51.100.0/24", "2001:db8:1::1", "203.0.113.8"] {
            assert!(!covers(&ours, outside), "{outside}");
        }
    }

    #[test]
    fn names_hold_what_is_below_them_wherever_it_stands() {
        let ours = list("ministry.example");
        for within in ["ministry.example", "a.b.ministry.example", "http://x.ministry.example/p", "it@ministry.example"]
        {
            assert!(covers(&ours, within), "{within}");
        }
        for outside in ["aministry.example", "ministry.example.org", "http://198.51.100.1/ministry.example"] {
            assert!(!covers(&ours, outside), "{outside}");
        }
    }

    #[test]
    fn a_country_holds_names_below_its_domain() {
        let ours = list("country:IS");
        assert!(covers(&ours, "portal.example.is"));
        assert!(!covers(&ours, "portal.example.it"));
        let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert!(!covers(&ours, hash), "a hash has no place");
    }

    #[test]
    fn each_line_that_names_nothing_is_told() {
        let faults = Constituency::parse("198.51.100.0/24\nfoo bar\ncountry:is\nhttp://x.example/\n").unwrap_err();
        assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [2, 3, 4]);
    }
}
