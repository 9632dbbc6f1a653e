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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn four_octets_with_a_prefix_or_without_are_taken() {
        for text in [
            "0.0.0.0",
            "255.255.255.255",
            "192.0.2.44",
            "192.0.2.44/0",
            "192.0.2.44/9",
            "192.0.2.128/25",
            "10.0.0.0/32",
        ] {
            assert_eq!(ipv4(text), None, "{text}");
        }
        for text in [
            "",
            "/",
            "192.0.2",
            "192.0.2.",
            ".192.0.2.1",
            "192.0.2.1.1",
            "192.0.2.256",
            "192.0.2.01",
            "192.0.02.1",
            "0xc0.0.2.1",
            "192.0.2.1 ",
            " 192.0.2.1",
            "192.0.2.1\n",
            "192.0.2.-1",
            "+1.0.2.1",
            "192.0.2.1/",
            "192.0.2.1/33",
            "192.0.2.1/032",
            "192.0.2.1/00",
            "192.0.2.1/+8",
            "192.0.2.1/-1",
            "192.0.2.1/8/8",
            "192.0.2.1/ 8",
            "192.0.2.1/300",
            "192.0.2.1/24.0",
            "192.0.2.1/255.255.255.0",
            "192.0.2.1:80",
            "3221225985",
            "192.0.2.1-192.0.2.9",
            "١٩٢.0.2.1",
            "::ffff:192.0.2.1",
        ] {
            assert_eq!(ipv4(text), Some(Code::E606), "{text}");
        }
    }

    #[test]
    fn every_text_form_of_rfc_4291_is_taken() {
        for text in [
            "::",
            "::1",
            "1::",
            "2001:db8::44",
            "2001:DB8::44",
            "2001:0db8:0000:0000:0000:0000:0000:0044",
            "1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7::",
            "::2:3:4:5:6:7:8",
            "::ffff:192.0.2.1",
            "64:ff9b::192.0.2.33",
            "1:2:3:4:5:6:192.0.2.1",
            "::/0",
            "2001:db8::/32",
            "2001:db8::1/128",
        ] {
            assert_eq!(ipv6(text), None, "{text}");
        }
        for text in [
            "",
            ":",
            ":::",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9",
            "1::2::3",
            "1:2:3:4:5:6:7:8::",
            "1:2:3:4::5:6:7:8",
            "12345::",
            "g::",
            ":1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:",
            "::192.0.2",
            "::192.0.2.256",
            "::192.0.02.1",
            "192.0.2.1::",
            "192.0.2.1",
            "fe80::1%eth0",
            "fe80::1%25eth0",
            "[::1]",
            "::1/129",
            "::1/",
            "::1/01",
            "::1/1/1",
            "::1 ",
            "2001:db8::-1",
        ] {
            assert_eq!(ipv6(text), Some(Code::E607), "{text}");
        }
    }

    #[test]
    fn a_mac_address_is_six_lower_case_pairs() {
        for text in ["02:00:5e:10:00:ff", "00:00:00:00:00:00"] {
            assert_eq!(mac(text), None, "{text}");
        }
        for text in [
            "",
            "02:00:5E:10:00:ff",
            "02-00-5e-10-00-ff",
            "0200.5e10.00ff",
            "02005e1000ff",
            "02:00:5e:10:00",
            "02:00:5e:10:00:f",
            "02:00:5e:10:00:ff:",
            "02:00:5e:10:00:ff:00",
            "02:00:5e:10:00:gg",
            "2:00:5e:10:00:fff",
            "02:00:5e:10:00:é",
        ] {
            assert_eq!(mac(text), Some(Code::E608), "{text}");
        }
    }

    proptest! {
        #[test]
        fn addresses_without_a_prefix_agree_with_the_standard_library(
            v4 in "[0-9]{1,3}(\\.[0-9]{1,3}){2,4}",
            v6 in "[0-9a-f]{0,5}(:{1,2}[0-9a-f]{0,4}){2,8}",
        ) {
            prop_assert_eq!(ipv4(&v4).is_none(), v4.parse::<Ipv4Addr>().is_ok());
            prop_assert_eq!(ipv6(&v6).is_none(), v6.parse::<Ipv6Addr>().is_ok());
        }

        #[test]
        fn every_address_is_taken_as_printed_with_every_prefix(four: u32, six: u128, prefix: u8) {
            let (four, six) = (Ipv4Addr::from_bits(four), Ipv6Addr::from_bits(six));
            prop_assert_eq!(ipv4(&four.to_string()), None);
            prop_assert_eq!(ipv6(&six.to_string()), None);
            prop_assert_eq!(ipv4(&format!("{four}/{prefix}")).is_none(), prefix <= 32);
            prop_assert_eq!(ipv6(&format!("{six}/{prefix}")).is_none(), prefix <= 128);
        }
    }
}
