//! Networks of `ISSUBSET` and `ISSUPERSET` (STIX 2.1 §9.6.1).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An IPv4 or IPv6 network; a bare address is a network of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Net {
    V4(u32, u32),
    V6(u128, u32),
}

impl Net {
    /// Reads an address with or without `/` and a prefix length; host bits are dropped.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(length(prefix)?)),
            None => (text, None),
        };
        // The two families are told apart first, so that most values are read once.
        let address = if address.contains(':') {
            IpAddr::V6(address.parse::<Ipv6Addr>().ok()?)
        } else {
            IpAddr::V4(address.parse::<Ipv4Addr>().ok()?)
        };
        match address {
            IpAddr::V4(address) => {
                let prefix = prefix.unwrap_or(32);
                (prefix <= 32).then(|| Self::V4(u32::from(address) & mask_4(prefix), prefix))
            }
            IpAddr::V6(address) => {
                let prefix = prefix.unwrap_or(128);
                (prefix <= 128).then(|| Self::V6(u128::from(address) & mask_6(prefix), prefix))
            }
        }
    }

    /// Tells whether every address of this network is one of `other`; families never mix.
    pub(crate) const fn is_subset_of(self, other: Self) -> bool {
        match (self, other) {
            (Self::V4(inner, length), Self::V4(outer, prefix)) => length >= prefix && inner & mask_4(prefix) == outer,
            (Self::V6(inner, length), Self::V6(outer, prefix)) => length >= prefix && inner & mask_6(prefix) == outer,
            _ => false,
        }
    }
}

/// Reads up to three digits without a leading zero.
fn length(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    if plain && text.len() <= 3 { text.parse().ok() } else { None }
}

const fn mask_4(prefix: u32) -> u32 {
    match u32::MAX.checked_shl(32_u32.saturating_sub(prefix)) {
        Some(mask) => mask,
        None => 0,
    }
}

const fn mask_6(prefix: u32) -> u128 {
    match u128::MAX.checked_shl(128_u32.saturating_sub(prefix)) {
        Some(mask) => mask,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_lie_in_each_other_as_their_prefixes_say() {
        for (inner, outer, expected) in [
            ("198.51.100.0/27", "198.51.100.0/24", true),
            ("198.51.100.0/24", "198.51.100.0/24", true),
            ("198.51.100.17", "198.51.100.0/24", true),
            ("198.51.100.9/24", "198.51.100.200/24", true),
            ("198.51.100.0/24", "198.51.100.0/27", false),
            ("198.51.101.1", "198.51.100.0/24", false),
            ("192.0.2.1", "0.0.0.0/0", true),
            ("0.0.0.0/0", "0.0.0.0/0", true),
            ("0.0.0.0/0", "0.0.0.0/1", false),
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.1/32", true),
            ("2001:db8:1::/48", "2001:DB8::/32", true),
            ("2001:db9::1", "2001:db8::/32", false),
            ("2001:db8::1", "::/0", true),
            ("::1", "0:0:0:0:0:0:0:1/128", true),
            ("192.0.2.1", "::/0", false),
            ("::ffff:192.0.2.1", "0.0.0.0/0", false),
        ] {
            let (inner_net, outer_net) = (Net::parse(inner).unwrap(), Net::parse(outer).unwrap());
            assert_eq!(inner_net.is_subset_of(outer_net), expected, "{inner} in {outer}");
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in
            ["", "192.0.2", "192.0.2.256", "192.0.2.01", "192.0.2.1/33", "192.0.2.1/", "192.0.2.1/+1", "192.0.2.1/08"]
        {
            assert_eq!(Net::parse(text), None, "{text}");
        }
        for text in ["x", "::1/129", "fe80::1%eth0", " 192.0.2.1", "1:2", "192.0.2.1/24/24"] {
            assert_eq!(Net::parse(text), None, "{text}");
        }
    }
}
