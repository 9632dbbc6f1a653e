//! URIs (RFC 3986, STIX 2.1 §6.15).

use std::net::Ipv6Addr;

use crate::code::Code;

/// Schemes that defanging makes of `http` and `ftp`. They have the form of a scheme, but nothing answers under them.
const DEFANGED: [&str; 14] = [
    "hxxp", "hxxps", "hxtp", "hxtps", "htxp", "htxps", "hxxxp", "hxxxps", "meow", "meows", "fxp", "fxps", "ftx", "ftxs",
];

/// Schemes whose URIs name a host.
const WITH_HOST: [&str; 3] = ["http", "https", "ftp"];

/// Checks an absolute URI of RFC 3986 §3, with or without a fragment; characters beyond ASCII are a warning (RFC 3987).
pub fn uri(text: &str) -> Option<Code> {
    if !is_uri(text) {
        return Some(Code::E611);
    }
    if text.is_ascii() {
        return None;
    }
    let blank = text.chars().any(|character| character.is_whitespace() || character.is_control());
    Some(if blank { Code::E611 } else { Code::W635 })
}

fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let fits = match scheme.as_bytes() {
        [first, after @ ..] => {
            first.is_ascii_alphabetic()
                && after.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
        }
        [] => false,
    };
    let one_of = |schemes: &[&str]| schemes.iter().any(|known| known.eq_ignore_ascii_case(scheme));
    if !fits || rest.is_empty() || one_of(&DEFANGED) {
        return false;
    }
    let Some(hierarchy) = rest.strip_prefix("//") else {
        return !one_of(&WITH_HOST) && is_path_and_more(rest.as_bytes());
    };
    let end = hierarchy.bytes().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(hierarchy.len());
    let Some((authority, rest)) = hierarchy.split_at_checked(end) else {
        return false;
    };
    is_authority(authority, one_of(&WITH_HOST)) && is_path_and_more(rest.as_bytes())
}

/// Tells whether text is user information, host and port (RFC 3986 §3.2).
fn is_authority(text: &str, host_needed: bool) -> bool {
    let host = match text.split_once('@') {
        Some((user, host)) if is_of(user.as_bytes(), |byte| byte == b':') => host,
        Some(_) => return false,
        None => text,
    };
    let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(literal) = host.strip_prefix('[') {
        return literal.split_once(']').is_some_and(|(address, port)| {
            is_literal(address) && (port.is_empty() || port.strip_prefix(':').is_some_and(digits))
        });
    }
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    !(host_needed && name.is_empty()) && is_of(name.as_bytes(), |_| false) && digits(port)
}

/// Tells whether text is what may stand in the brackets of a host: IPv6, or `v`, a version, `.` and an address.
fn is_literal(text: &str) -> bool {
    let future = || {
        let (version, address) = text.strip_prefix(['v', 'V'])?.split_once('.')?;
        let fits = !version.is_empty()
            && version.bytes().all(|byte| byte.is_ascii_hexdigit())
            && !address.is_empty()
            && address.bytes().all(|byte| is_plain(byte) || byte == b':');
        Some(fits)
    };
    text.parse::<Ipv6Addr>().is_ok() || future() == Some(true)
}

/// Tells whether bytes are a path with a query and a fragment or without.
fn is_path_and_more(bytes: &[u8]) -> bool {
    let (rest, fragment) = cut(bytes, b'#');
    let (path, query) = cut(rest, b'?');
    let of_tail = |byte: u8| matches!(byte, b':' | b'@' | b'/' | b'?');
    is_of(path, |byte| matches!(byte, b':' | b'@' | b'/')) && is_of(query, of_tail) && is_of(fragment, of_tail)
}

/// Cuts at the first `byte`, which neither side keeps.
fn cut(bytes: &[u8], byte: u8) -> (&[u8], &[u8]) {
    let at = memchr::memchr(byte, bytes).unwrap_or(bytes.len());
    let (left, right) = bytes.split_at(at);
    (left, right.get(1..).unwrap_or_default())
}

/// Tells whether bytes are unreserved, sub-delimiters, whole escapes, beyond ASCII, or `more`.
fn is_of(mut bytes: &[u8], more: impl Fn(u8) -> bool) -> bool {
    loop {
        bytes = match bytes {
            [] => return true,
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => rest,
            [byte, rest @ ..] if is_plain(*byte) || *byte >= 0x80 || more(*byte) => rest,
            _ => return false,
        };
    }
}

/// Tells whether a byte is unreserved or a sub-delimiter (RFC 3986 §2.2, §2.3).
fn is_plain(byte: u8) -> bool {
    matches!(byte,
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~'
        | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=')
}
