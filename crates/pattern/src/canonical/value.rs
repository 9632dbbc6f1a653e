//! Constants and qualifiers in canonical form.

use std::cmp::Ordering;
use std::net::{Ipv4Addr, Ipv6Addr};

use entente_stix::Timestamp;

use crate::tree::{Constant, Operator, Path, Qualifier, Step};

/// How strings at a path are written alike.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fold {
    None,
    /// Names of registry keys and values have no case.
    Lower,
    Ipv4,
    Ipv6,
}

/// Writes a constant that is compared by `operator` to what is at `path` in canonical form.
pub(super) fn constant(constant: &Constant, path: &Path, operator: Operator) -> Constant {
    match constant {
        Constant::Text(text) => Constant::Text(match fold(path, operator) {
            Fold::None => text.clone(),
            Fold::Lower => text.to_lowercase(),
            Fold::Ipv4 => ipv4(text).unwrap_or_else(|| text.clone()),
            Fold::Ipv6 => ipv6(text).unwrap_or_else(|| text.clone()),
        }),
        Constant::Float(number) => match whole(number) {
            Some(whole) => Constant::Integer(whole.to_owned()),
            None => constant.clone(),
        },
        Constant::Binary(digits) => Constant::Binary(base64(digits)),
        Constant::Timestamp(instant) => Constant::Timestamp(timestamp(instant)),
        Constant::Integer(_) | Constant::Boolean(_) | Constant::Hex(_) => constant.clone(),
    }
}

fn fold(path: &Path, operator: Operator) -> Fold {
    let is_address = !matches!(operator, Operator::Like | Operator::Matches);
    match (path.object_type.as_str(), path.steps.as_slice()) {
        ("ipv4-addr", [Step::Key(value)]) if value == "value" && is_address => Fold::Ipv4,
        ("ipv6-addr", [Step::Key(value)]) if value == "value" && is_address => Fold::Ipv6,
        ("windows-registry-key", [Step::Key(key)]) if key == "key" && operator != Operator::Matches => Fold::Lower,
        ("windows-registry-key", [Step::Key(values), Step::Index(_) | Step::Any, Step::Key(name)])
            if values == "values" && name == "name" && operator != Operator::Matches =>
        {
            Fold::Lower
        }
        _ => Fold::None,
    }
}

pub(super) fn qualifier(qualifier: &Qualifier) -> Qualifier {
    match qualifier {
        Qualifier::StartStop(start, stop) => Qualifier::StartStop(timestamp(start), timestamp(stop)),
        Qualifier::Within(seconds) => Qualifier::Within(whole(seconds).unwrap_or(seconds).to_owned()),
        Qualifier::Repeats(count) => Qualifier::Repeats(count.clone()),
    }
}

/// Returns the digits of a number without a fraction; the parser has dropped needless zeros.
fn whole(number: &str) -> Option<&str> {
    number.strip_suffix(".0")
}

/// Drops zeros at the end of the fraction; an impossible date stays as written.
pub(super) fn timestamp(text: &str) -> String {
    Timestamp::exact(text).map_or_else(|| text.to_owned(), |exact| format!("{exact}Z"))
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Returns the six-bit values of base64 text, whose order is that of the octets.
pub(super) fn sextets(text: &str) -> impl Iterator<Item = usize> {
    let value = |byte| ALPHABET.iter().position(|known| *known == byte);
    text.bytes().take_while(|byte| *byte != b'=').filter_map(value)
}

/// Clears the bits of the last digit that belong to no octet.
fn base64(text: &str) -> String {
    let digits = text.trim_end_matches('=');
    let padding = text.len().saturating_sub(digits.len());
    let spare = match padding {
        1 => 0b11,
        2 => 0b1111,
        _ => return text.to_owned(),
    };
    let last = sextets(digits).last().unwrap_or(0) & !spare;
    let last = ALPHABET.get(last).copied().map_or('A', char::from);
    let kept = digits.get(..digits.len().saturating_sub(1)).unwrap_or_default();
    format!("{kept}{last}{}", "=".repeat(padding))
}

/// Splits `address/length`; a length has no sign and no leading zero.
fn split(text: &str, bits: u32) -> Option<(&str, u32)> {
    let Some((address, length)) = text.split_once('/') else {
        return Some((text, bits));
    };
    let plain = length == "0" || (!length.starts_with('0') && length.bytes().all(|byte| byte.is_ascii_digit()));
    let length = length.parse().ok().filter(|length| plain && *length <= bits)?;
    Some((address, length))
}

/// Clears host bits and drops `/32`; leading zeros go where octal and decimal reading agree.
fn ipv4(text: &str) -> Option<String> {
    let (address, length) = split(text, 32)?;
    let mut octets = [0_u8; 4];
    let mut parts = address.split('.');
    for octet in &mut octets {
        let part = parts.next().filter(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        *octet = part.parse().ok()?;
        if part.len() > 1 && part.starts_with('0') && u8::from_str_radix(part, 8) != Ok(*octet) {
            return None;
        }
    }
    if parts.next().is_some() {
        return None;
    }
    let mask = u32::MAX.checked_shl(32_u32.saturating_sub(length)).unwrap_or(0);
    let network = Ipv4Addr::from(u32::from_be_bytes(octets) & mask);
    Some(if length == 32 { network.to_string() } else { format!("{network}/{length}") })
}

/// Clears host bits, drops `/128` and writes as RFC 5952.
fn ipv6(text: &str) -> Option<String> {
    let (address, length) = split(text, 128)?;
    let address: Ipv6Addr = address.parse().ok()?;
    let mask = u128::MAX.checked_shl(128_u32.saturating_sub(length)).unwrap_or(0);
    let network = Ipv6Addr::from(u128::from(address) & mask);
    Some(if length == 128 { network.to_string() } else { format!("{network}/{length}") })
}

/// Compares decimal numbers exactly; both are without needless zeros.
pub(super) fn decimals(left: &str, right: &str) -> Ordering {
    let negative = |text: &str| text.starts_with('-');
    match (negative(left), negative(right)) {
        (true, false) => return Ordering::Less,
        (false, true) => return Ordering::Greater,
        _ => {}
    }
    let parts = |text: &'_ str| {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        (whole.trim_start_matches('-').to_owned(), fraction.trim_end_matches('0').to_owned())
    };
    let (left_whole, left_fraction) = parts(left);
    let (right_whole, right_fraction) = parts(right);
    let order = (left_whole.len(), left_whole, left_fraction).cmp(&(right_whole.len(), right_whole, right_fraction));
    if negative(left) { order.reverse() } else { order }
}
