//! URLs, section 4.4 of the value rules.
//!
//! The splitting follows the WHATWG URL standard where it is safe to, for every scheme alike: hosts of `tcp://` are
//! lower-cased and read as addresses just as those of `http://`.

use std::borrow::Cow;

use crate::{Flag, Kind, Normalised, Observable, ObservableError};
use crate::{address, hash, mail, name, number};

/// LIMIT: longer URLs exist, but no peer stores them and every index would grow with them.
const URL_SIZE_BYTES_MAX: usize = 8_192;

/// Accepted schemes with their default port; `special` ones treat `\` as `/` and always have a path.
const SCHEMES: [(&str, Option<u16>, bool); 21] = [
    ("http", Some(80), true),
    ("https", Some(443), true),
    ("ftp", Some(21), true),
    ("ftps", None, false),
    ("sftp", None, false),
    ("ssh", None, false),
    ("ws", Some(80), true),
    ("wss", Some(443), true),
    ("tcp", None, false),
    ("udp", None, false),
    ("tls", None, false),
    ("irc", None, false),
    ("ircs", None, false),
    ("ldap", None, false),
    ("ldaps", None, false),
    ("smb", None, false),
    ("mqtt", None, false),
    ("mqtts", None, false),
    ("rtmp", None, false),
    ("rtsp", None, false),
    ("telnet", None, false),
];

struct Scheme {
    name: &'static str,
    port: Option<u16>,
    special: bool,
}

fn scheme_of(word: &str) -> Option<Scheme> {
    SCHEMES.iter().find(|(known, _, _)| known.eq_ignore_ascii_case(word)).map(|(known, port, special)| Scheme {
        name: known,
        port: *port,
        special: *special,
    })
}

/// Says where the text's scheme leads.
enum Lead<'a> {
    Host { scheme: Scheme, rest: &'a str, assumed: bool },
    Other(Result<Normalised, ObservableError>),
}

/// Canonicalises a URL; the text has been refanged.
pub(crate) fn url(text: &str) -> Result<Normalised, ObservableError> {
    if text.len() > URL_SIZE_BYTES_MAX {
        return Err(ObservableError::UrlLength);
    }
    let text: Cow<'_, str> = if text.bytes().any(|byte| matches!(byte, b'\t' | b'\r' | b'\n')) {
        Cow::Owned(text.chars().filter(|c| !matches!(c, '\t' | '\r' | '\n')).collect())
    } else {
        Cow::Borrowed(text)
    };
    if text.chars().any(char::is_control) {
        return Err(ObservableError::UrlControl);
    }
    match lead(&text) {
        Lead::Other(answer) => answer,
        Lead::Host { scheme, rest, assumed } => build(&scheme, rest, assumed),
    }
}

fn lead(text: &str) -> Lead<'_> {
    let http = || Scheme { name: "http", port: Some(80), special: true };
    if let Some(rest) = text.strip_prefix("//") {
        return Lead::Host { scheme: http(), rest, assumed: true };
    }
    let word_end =
        text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')).count();
    if let (Some(word), Some(rest)) = (text.get(..word_end), text.get(word_end..)) {
        if let Some(rest) = rest.strip_prefix("://") {
            return match scheme_of(word) {
                Some(scheme) => Lead::Host { scheme, rest, assumed: false },
                None => Lead::Other(Err(ObservableError::UrlScheme)),
            };
        }
        if let Some(rest) = rest.strip_prefix(':')
            && !rest.starts_with(|c: char| c.is_ascii_digit())
            && !word.contains('.')
            && word.starts_with(|c: char| c.is_ascii_alphabetic())
        {
            return Lead::Other(without_host(word, text, rest));
        }
    }
    if text.contains(['/', '?', '#']) {
        return Lead::Host { scheme: http(), rest: text, assumed: true };
    }
    Lead::Other(host_alone(text))
}

/// Takes `mailto:`, `tel:` and `magnet:` for what they hold; any other scheme without `//` names no place.
fn without_host(word: &str, text: &str, rest: &str) -> Result<Normalised, ObservableError> {
    match word.to_ascii_lowercase().as_str() {
        "mailto" => mail::mail(text),
        "tel" => number::phone(rest),
        "magnet" => {
            let start = rest.find("urn:btih:").ok_or(ObservableError::UrlScheme)?;
            let digits: String =
                rest.get(start..).unwrap_or("").chars().skip(9).take_while(char::is_ascii_hexdigit).collect();
            if digits.len() == 40 { hash::file_hash(&digits) } else { Err(ObservableError::UrlScheme) }
        }
        _ => Err(ObservableError::UrlScheme),
    }
}

/// Takes a host without path, which is a name, an address or an endpoint and not a URL.
fn host_alone(text: &str) -> Result<Normalised, ObservableError> {
    let found = if address::split_port(text).is_some_and(|(_, _, unbracketed)| !unbracketed) {
        address::endpoint(text)
    } else {
        address::address(text, None).or_else(|_| name::declared(text))
    };
    found.map(|found| found.flag(Flag::TypeMismatch))
}

fn build(scheme: &Scheme, rest: &str, assumed: bool) -> Result<Normalised, ObservableError> {
    let special = scheme.special;
    // Browsers skip every further slash before the host.
    let rest = if special { rest.trim_start_matches(['/', '\\']) } else { rest };
    let end = rest.find(|c: char| matches!(c, '/' | '?' | '#') || special && c == '\\').unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let (tail, fragment) = match tail.split_once('#') {
        Some((front, _)) => (front, true),
        None => (tail, false),
    };
    let (path, query) = match tail.split_once('?') {
        Some((path, query)) => (path, query),
        None => (tail, ""),
    };
    let (host_port, userinfo) = match authority.rsplit_once('@') {
        Some((_, host_port)) => (host_port, true),
        None => (authority, false),
    };
    let (host, flags, port_text) = host_and_port(host_port)?;
    let port = if port_text.is_empty() { None } else { Some(address::port(port_text)?) };

    let mut value = String::with_capacity(rest.len().saturating_add(16));
    value.push_str(scheme.name);
    value.push_str("://");
    value.push_str(&host);
    if let Some(port) = port.filter(|port| Some(*port) != scheme.port) {
        value.push(':');
        value.push_str(&port.to_string());
    }
    write_path(path, special, &mut value);
    if !query.is_empty() {
        value.push('?');
        encode(query, true, &mut value);
    }
    if value.len() > URL_SIZE_BYTES_MAX {
        return Err(ObservableError::UrlLength);
    }
    let mut found = Normalised::plain(Observable::new(Kind::Url, value));
    found.flags = flags;
    Ok(found
        .flag_if(assumed, Flag::SchemeAssumed)
        .flag_if(fragment, Flag::FragmentDropped)
        .flag_if(userinfo, Flag::UserinfoDropped))
}

fn host_and_port(text: &str) -> Result<(String, Vec<Flag>, &str), ObservableError> {
    if let Some(inner) = text.strip_prefix('[') {
        let (literal, after) = inner.split_once(']').ok_or(ObservableError::UrlSyntax)?;
        let port = match after.strip_prefix(':') {
            Some(port) => port,
            None if after.is_empty() => "",
            None => return Err(ObservableError::UrlSyntax),
        };
        if !literal.contains(':') || literal.contains('/') {
            return Err(ObservableError::UrlSyntax);
        }
        let literal = literal.replacen("%25", "%", 1);
        let found = address::address(&literal, None)?;
        let host = match found.observable.kind {
            Kind::Ipv6Addr => format!("[{}]", found.observable.value),
            _ => found.observable.value,
        };
        return Ok((host, found.flags, port));
    }
    let (host, port) = text.split_once(':').unwrap_or((text, ""));
    if port.contains(':') {
        return Err(ObservableError::UrlSyntax);
    }
    let decoded = percent_decode(host)?;
    let (name, idn) = name::to_ascii(&decoded)?;
    if name.is_empty() {
        return Err(ObservableError::DomainSingleLabel);
    }
    if name.rsplit('.').next().is_some_and(name::is_number) {
        let address = odd_v4(&name).ok_or(ObservableError::DomainNumericTld)?;
        let plain = address.to_string();
        let flags = if plain == decoded.as_ref() { Vec::new() } else { vec![Flag::HostOddForm] };
        return Ok((plain, flags, port));
    }
    let (canonical, mut flags) = name::canonical(&name)?;
    if idn {
        flags.push(Flag::Idn);
    }
    Ok((canonical, flags, port))
}

fn percent_decode(host: &str) -> Result<Cow<'_, str>, ObservableError> {
    if !host.contains('%') {
        return Ok(Cow::Borrowed(host));
    }
    let mut bytes = Vec::with_capacity(host.len());
    let mut rest = host.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        match (byte, hex_pair(after)) {
            (b'%', Some(decoded)) => {
                bytes.push(decoded);
                rest = after.get(2..).unwrap_or(&[]);
            }
            _ => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| ObservableError::DomainCharacter)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn hex_pair(bytes: &[u8]) -> Option<u8> {
    let high = hex_digit(*bytes.first()?)?;
    let low = hex_digit(*bytes.get(1)?)?;
    Some((high << 4) | low)
}

/// Reads an IPv4 address in every form browsers take: octal, hexadecimal, fewer parts, one integer.
fn odd_v4(name: &str) -> Option<std::net::Ipv4Addr> {
    let parts: Vec<&str> = name.split('.').collect();
    if parts.len() > 4 {
        return None;
    }
    let (last, front) = parts.split_last()?;
    let mut bits = 0u32;
    let mut shift = 24u32;
    for part in front {
        let number = odd_number(part).filter(|number| *number <= 255)?;
        bits |= u32::try_from(number).ok()?.checked_shl(shift)?;
        shift = shift.saturating_sub(8);
    }
    let room = 1u64.checked_shl(shift.saturating_add(8))?;
    let number = odd_number(last).filter(|number| *number < room)?;
    Some(std::net::Ipv4Addr::from(bits | u32::try_from(number).ok()?))
}

fn odd_number(text: &str) -> Option<u64> {
    let (digits, radix) = if let Some(rest) = text.strip_prefix("0x") {
        (rest, 16)
    } else if text.len() > 1 && text.starts_with('0') {
        (text.trim_start_matches('0'), 8)
    } else if text.is_empty() {
        return None;
    } else {
        (text, 10)
    };
    if digits.is_empty() {
        return Some(0);
    }
    if digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

/// Writes the path with `.` and `..` segments removed.
fn write_path(path: &str, special: bool, value: &mut String) {
    if path.is_empty() {
        if special {
            value.push('/');
        }
        return;
    }
    let slashed: Cow<'_, str> =
        if special && path.contains('\\') { Cow::Owned(path.replace('\\', "/")) } else { Cow::Borrowed(path) };
    let mut encoded = String::with_capacity(slashed.len());
    encode(&slashed, false, &mut encoded);
    if !encoded.contains("/.") {
        value.push_str(&encoded);
        return;
    }
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = encoded.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    for segment in &kept {
        value.push('/');
        value.push_str(segment);
    }
}

/// Writes a path or query with its percent-encoding in normal form, RFC 3986 §6.2.2.
fn encode(text: &str, query: bool, value: &mut String) {
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match *byte {
            b'%' => match hex_pair(after) {
                Some(decoded) if is_unreserved(decoded) => {
                    value.push(char::from(decoded));
                    rest = after.get(2..).unwrap_or(&[]);
                }
                Some(decoded) => {
                    push_encoded(decoded, value);
                    rest = after.get(2..).unwrap_or(&[]);
                }
                None => value.push_str("%25"),
            },
            b'\'' if query => value.push_str("%27"),
            b'?' if query => value.push('?'),
            plain if is_unreserved(plain) || b"!$&'()*+,;=:@/".contains(&plain) => value.push(char::from(plain)),
            other => push_encoded(other, value),
        }
    }
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn push_encoded(byte: u8, value: &mut String) {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    value.push('%');
    for nibble in [byte >> 4, byte & 0x0f] {
        value.push(DIGITS.get(usize::from(nibble)).copied().unwrap_or('0'));
    }
}

/// Returns the host of a canonical URL, without brackets.
pub(crate) fn host_of(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once("://")?;
    if let Some(inner) = rest.strip_prefix('[') {
        return inner.split_once(']').map(|(host, _)| host);
    }
    let end = rest.find([':', '/', '?']).unwrap_or(rest.len());
    rest.get(..end)
}
