//! Addresses, networks and endpoints, sections 4.2 and 4.3 of the value rules.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::{Flag, Kind, Normalised, Observable, ObservableError};

/// Reads four decimal parts without leading zeros.
pub(crate) fn parse_v4(text: &str) -> Result<Ipv4Addr, ObservableError> {
    let mut parts = [0u8; 4];
    let mut count = 0usize;
    let mut leading_zero = false;
    let mut above = false;
    for part in text.split('.') {
        if part.is_empty() || part.len() > 10 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ObservableError::IpSyntax);
        }
        leading_zero |= part.len() > 1 && part.starts_with('0');
        let number = part.parse::<u8>().unwrap_or_else(|_| {
            above = true;
            0
        });
        *parts.get_mut(count).ok_or(ObservableError::IpSyntax)? = number;
        count = count.saturating_add(1);
    }
    match (count, leading_zero, above) {
        (4, false, false) => Ok(Ipv4Addr::from(parts)),
        (4, true, _) => Err(ObservableError::IpLeadingZero),
        (4, false, true) => Err(ObservableError::IpRange),
        _ => Err(ObservableError::IpSyntax),
    }
}

/// Writes an IPv6 address by RFC 5952 with hexadecimal groups only.
pub(crate) fn write_v6(address: Ipv6Addr) -> String {
    use std::fmt::Write as _;
    let groups = address.segments();
    let (mut best_start, mut best_length) = (8usize, 1usize);
    let (mut start, mut length) = (0usize, 0usize);
    for (index, group) in groups.iter().enumerate() {
        if *group == 0 {
            if length == 0 {
                start = index;
            }
            length = length.saturating_add(1);
            if length > best_length {
                (best_start, best_length) = (start, length);
            }
        } else {
            length = 0;
        }
    }
    let mut text = String::with_capacity(39);
    for (index, group) in groups.iter().enumerate() {
        if index == best_start {
            text.push_str("::");
        }
        if index >= best_start && index < best_start.saturating_add(best_length) {
            continue;
        }
        if !text.is_empty() && !text.ends_with(':') {
            text.push(':');
        }
        // Writing to a string cannot fail.
        let _ = write!(text, "{group:x}");
    }
    text
}

fn looks_v6(text: &str) -> bool {
    text.bytes().filter(|byte| *byte == b':').take(2).count() == 2
}

/// Canonicalises an address of either version; a prefix makes it a network.
pub(crate) fn address(text: &str, declared: Option<Kind>) -> Result<Normalised, ObservableError> {
    if text.contains('/') {
        return network(text);
    }
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if looks_v6(bare) {
        let (bare, zone) = match bare.split_once('%') {
            Some((front, zone)) if !zone.is_empty() => (front, true),
            _ => (bare, false),
        };
        let parsed: Ipv6Addr = bare.parse().map_err(|_| ObservableError::IpSyntax)?;
        let found = if let Some(mapped) = parsed.to_ipv4_mapped() {
            Normalised::plain(Observable::new(Kind::Ipv4Addr, mapped.to_string())).flag(Flag::FromMapped)
        } else {
            Normalised::plain(Observable::new(Kind::Ipv6Addr, write_v6(parsed)))
                .flag_if(declared == Some(Kind::Ipv4Addr), Flag::TypeMismatch)
        };
        return Ok(found.flag_if(zone, Flag::ZoneDropped));
    }
    let parsed = parse_v4(text)?;
    Ok(Normalised::plain(Observable::new(Kind::Ipv4Addr, parsed.to_string()))
        .flag_if(declared == Some(Kind::Ipv6Addr), Flag::TypeMismatch))
}

/// Canonicalises `address/length`, `address/mask` and `first-last`.
pub(crate) fn network(text: &str) -> Result<Normalised, ObservableError> {
    if let Some((first, last)) = text.split_once('-') {
        return range(first.trim(), last.trim());
    }
    let Some((front, length)) = text.split_once('/') else {
        return address(text, None).map_err(|error| match error {
            ObservableError::IpSyntax => ObservableError::NetSyntax,
            other => other,
        });
    };
    let (front, length) = (front.trim(), length.trim());
    let bare = front.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(front);
    if looks_v6(bare) {
        let parsed: Ipv6Addr = bare.parse().map_err(|_| ObservableError::NetSyntax)?;
        return network_v6(parsed, prefix_length(length, 128)?);
    }
    let parsed = parse_v4(bare).map_err(|error| match error {
        ObservableError::IpSyntax => ObservableError::NetSyntax,
        other => other,
    })?;
    let length = if length.contains('.') { mask_length(length)? } else { prefix_length(length, 32)? };
    network_v4(parsed, length)
}

fn prefix_length(text: &str, max: u32) -> Result<u32, ObservableError> {
    if text.is_empty() || text.len() > 3 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ObservableError::NetSyntax);
    }
    text.parse::<u32>().ok().filter(|length| *length <= max).ok_or(ObservableError::NetSyntax)
}

fn mask_length(text: &str) -> Result<u32, ObservableError> {
    let mask = u32::from(parse_v4(text).map_err(|_| ObservableError::NetMask)?);
    let length = mask.leading_ones();
    if mask.checked_shl(length).unwrap_or(0) == 0 { Ok(length) } else { Err(ObservableError::NetMask) }
}

fn network_v4(address: Ipv4Addr, length: u32) -> Result<Normalised, ObservableError> {
    if length == 0 {
        return Err(ObservableError::NetWholeInternet);
    }
    let bits = u32::from(address);
    let kept = bits & u32::MAX.checked_shl(32u32.saturating_sub(length)).unwrap_or(0);
    let base = Ipv4Addr::from(kept);
    let observable = if length == 32 {
        Observable::new(Kind::Ipv4Addr, base.to_string())
    } else {
        Observable::new(Kind::Network, format!("{base}/{length}"))
    };
    Ok(Normalised::plain(observable).flag_if(kept != bits, Flag::HostBitsCleared))
}

fn network_v6(address: Ipv6Addr, length: u32) -> Result<Normalised, ObservableError> {
    if length == 0 {
        return Err(ObservableError::NetWholeInternet);
    }
    if let Some(mapped) = address.to_ipv4_mapped().filter(|_| length >= 96) {
        return network_v4(mapped, length.saturating_sub(96)).map(|found| found.flag(Flag::FromMapped));
    }
    let bits = u128::from(address);
    let kept = bits & u128::MAX.checked_shl(128u32.saturating_sub(length)).unwrap_or(0);
    let base = write_v6(Ipv6Addr::from(kept));
    let observable = if length == 128 {
        Observable::new(Kind::Ipv6Addr, base)
    } else {
        Observable::new(Kind::Network, format!("{base}/{length}"))
    };
    Ok(Normalised::plain(observable).flag_if(kept != bits, Flag::HostBitsCleared))
}

/// Takes a range that is exactly one network; any other cover would be several values.
fn range(first: &str, last: &str) -> Result<Normalised, ObservableError> {
    if looks_v6(first) {
        let first: Ipv6Addr = first.parse().map_err(|_| ObservableError::NetSyntax)?;
        let last: Ipv6Addr = last.parse().map_err(|_| ObservableError::NetSyntax)?;
        let (low, high) = (u128::from(first), u128::from(last));
        let length = (low ^ high).leading_zeros();
        let host = u128::MAX.checked_shr(length).unwrap_or(0);
        if low > high || low & host != 0 || high & host != host {
            return Err(ObservableError::NetRange);
        }
        return network_v6(first, length);
    }
    let low = u32::from(parse_v4(first).map_err(|_| ObservableError::NetSyntax)?);
    let high = u32::from(parse_v4(last).map_err(|_| ObservableError::NetSyntax)?);
    let length = (low ^ high).leading_zeros();
    let host = u32::MAX.checked_shr(length).unwrap_or(0);
    if low > high || low & host != 0 || high & host != host {
        return Err(ObservableError::NetRange);
    }
    network_v4(Ipv4Addr::from(low), length)
}

/// Splits `host:port` at the port; `None` when the text has not that shape.
///
/// An IPv6 host without brackets is split at its last colon, which only a caller that knows it has an endpoint may do.
pub(crate) fn split_port(text: &str) -> Option<(&str, &str, bool)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, port) = rest.split_once("]:")?;
        return Some((host, port, false));
    }
    let (host, port) = text.rsplit_once(':')?;
    Some((host, port, host.contains(':')))
}

/// Reads a port of 1 to 65535; leading zeros are dropped.
pub(crate) fn port(text: &str) -> Result<u16, ObservableError> {
    if text.is_empty() || text.len() > 16 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ObservableError::PortRange);
    }
    match text.trim_start_matches('0').parse::<u16>() {
        Ok(port) => Ok(port),
        Err(_) => Err(ObservableError::PortRange),
    }
}

/// Canonicalises a declared endpoint: the observable is the host, the port stands beside it.
pub(crate) fn endpoint(text: &str) -> Result<Normalised, ObservableError> {
    let (host, port_text, unbracketed) = split_port(text).ok_or(ObservableError::PortRange)?;
    let port = port(port_text)?;
    let numeric = host.rsplit('.').next().is_some_and(crate::name::is_number);
    let mut found = if unbracketed || text.starts_with('[') || numeric {
        address(host, None)?
    } else {
        crate::name::declared(host)?
    };
    if found.observable.kind == Kind::Network {
        return Err(ObservableError::IpSyntax);
    }
    found.port = Some(port);
    Ok(found.flag_if(unbracketed, Flag::Unbracketed))
}

/// Returns the first and last address of a canonical address or network.
pub(crate) fn bounds(value: &str) -> Option<(std::net::IpAddr, std::net::IpAddr)> {
    use std::net::IpAddr;
    let (base, length) = match value.split_once('/') {
        Some((base, length)) => (base, Some(length.parse::<u32>().ok()?)),
        None => (value, None),
    };
    match base.parse().ok()? {
        IpAddr::V4(first) => {
            let host = u32::MAX.checked_shr(length.unwrap_or(32)).unwrap_or(0);
            Some((IpAddr::V4(first), IpAddr::V4(Ipv4Addr::from(u32::from(first) | host))))
        }
        IpAddr::V6(first) => {
            let host = u128::MAX.checked_shr(length.unwrap_or(128)).unwrap_or(0);
            Some((IpAddr::V6(first), IpAddr::V6(Ipv6Addr::from(u128::from(first) | host))))
        }
    }
}
