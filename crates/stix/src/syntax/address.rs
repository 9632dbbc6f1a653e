//! IP and MAC addresses (STIX 2.1 §6.8, §6.9, §6.10).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::unless;
use crate::code::Code;

/// Checks an IPv4 address or network: four decimal octets, optionally `/0` to `/32`, nowhere a leading zero (STIX 2.1 §6.8).
///
/// Bits below the prefix may be set: `192.0.2.1/24` is an address together with its network.
pub fn ipv4(text: &str) -> Option<Code> {
    // The standard library reads dotted quads just so: four octets, decimal, no leading zeros.
    unless(without_prefix(text, 32).is_some_and(|address| address.parse::<Ipv4Addr>().is_ok()), Code::E606)
}

/// Checks an IPv6 address or network: any text form of RFC 4291 §2.2 without a zone, optionally `/0` to `/128` (STIX 2.1 §6.9).
pub fn ipv6(text: &str) -> Option<Code> {
    unless(without_prefix(text, 128).is_some_and(|address| address.parse::<Ipv6Addr>().is_ok()), Code::E607)
}

/// Checks a MAC address: six pairs of lower-case hexadecimal digits, joined by colons (STIX 2.1 §6.10).
pub fn mac(text: &str) -> Option<Code> {
    let fits = text.len() == 17
        && text.bytes().enumerate().all(|(at, byte)| match at % 3 {
            2 => byte == b':',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        });
    unless(fits, Code::E608)
}

/// Cuts a prefix length off; none where there is one that is no number from 0 to `longest`.
fn without_prefix(text: &str, longest: u8) -> Option<&str> {
    let Some((address, prefix)) = text.split_once('/') else {
        return Some(text);
    };
    // `u8` reads signs and leading zeros too.
    let plain = prefix.bytes().all(|byte| byte.is_ascii_digit()) && (prefix == "0" || !prefix.starts_with('0'));
    (plain && prefix.parse::<u8>().ok()? <= longest).then_some(address)
}
