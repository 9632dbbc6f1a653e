//! URIs (RFC 3986, STIX 2.1 §6.15).

use std::net::Ipv6Addr;

use super::Bytes;
use crate::code::Code;

/// Schemes that defanging makes of `http` and `ftp`. They have the form of a scheme, but nothing answers under them.
const DEFANGED: [&str; 14] = [
    "hxxp", "hxxps", "hxtp", "hxtps", "htxp", "htxps", "hxxxp", "hxxxps", "meow", "meows", "fxp", "fxps", "ftx", "ftxs",
];

/// Schemes whose URIs name a host.
const WITH_HOST: [&str; 3] = ["http", "https", "ftp"];

/// Unreserved characters and sub-delimiters (RFC 3986 §2.2, §2.3).
const PLAIN: &[u8] = b"-._~!$&'()*+,;=";
static HOST: Bytes = Bytes::ALPHANUMERIC.and(PLAIN).and_beyond_ascii();
static USER: Bytes = Bytes::ALPHANUMERIC.and(PLAIN).and(b":").and_beyond_ascii();
static PATH: Bytes = Bytes::ALPHANUMERIC.and(PLAIN).and(b":@/").and_beyond_ascii();
static QUERY: Bytes = Bytes::ALPHANUMERIC.and(PLAIN).and(b":@/?").and_beyond_ascii();

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
        Some((user, host)) if is_of(user.as_bytes(), &USER) => host,
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
    !(host_needed && name.is_empty()) && is_of(name.as_bytes(), &HOST) && digits(port)
}

/// Tells whether text is what may stand in the brackets of a host: IPv6, or `v`, a version, `.` and an address.
fn is_literal(text: &str) -> bool {
    let future = || {
        let (version, address) = text.strip_prefix(['v', 'V'])?.split_once('.')?;
        let fits = !version.is_empty()
            && version.bytes().all(|byte| byte.is_ascii_hexdigit())
            && !address.is_empty()
            && address.bytes().all(|byte| byte.is_ascii() && USER.has(byte));
        Some(fits)
    };
    text.parse::<Ipv6Addr>().is_ok() || future() == Some(true)
}

/// Tells whether bytes are a path with a query and a fragment or without.
fn is_path_and_more(bytes: &[u8]) -> bool {
    let (rest, fragment) = cut(bytes, b'#');
    let (path, query) = cut(rest, b'?');
    is_of(path, &PATH) && is_of(query, &QUERY) && is_of(fragment, &QUERY)
}

/// Cuts at the first `byte`, which neither side keeps.
fn cut(bytes: &[u8], byte: u8) -> (&[u8], &[u8]) {
    let at = memchr::memchr(byte, bytes).unwrap_or(bytes.len());
    let (left, right) = bytes.split_at(at);
    (left, right.get(1..).unwrap_or_default())
}

/// Tells whether bytes are of the set or whole escapes.
fn is_of(mut bytes: &[u8], set: &Bytes) -> bool {
    while let [byte, rest @ ..] = bytes {
        bytes = match rest {
            _ if set.has(*byte) => rest,
            [high, low, rest @ ..] if *byte == b'%' && high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => rest,
            _ => return false,
        };
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_examples_of_rfc_3986_are_taken() {
        for text in [
            "ftp://ftp.is.co.za/rfc/rfc1808.txt",
            "http://www.ietf.org/rfc/rfc2396.txt",
            "ldap://[2001:db8::7]/c=GB?objectClass?one",
            "mailto:John.Doe@example.com",
            "news:comp.infosystems.www.servers.unix",
            "tel:+1-816-555-1212",
            "telnet://192.0.2.16:80/",
            "urn:oasis:names:specification:docbook:dtd:xml:4.1.2",
            "foo://example.com:8042/over/there?name=ferret#nose",
            "file:///etc/hosts",
            "http://a/b/c/d;p?q",
            "HTTP://user:pass@c2.example:8080/%7Ea?b=c#d",
            "http://c2.example",
            "http://c2.example:",
            "http://192.0.2.1:99999/",
            "http://[::1]:80/",
            "http://[v1.fe80::a+en1]/",
            "http://c2.example/?a=/?:@",
            "http://c2.example/#/?",
            "http://c2.example//a//",
            "http://c2_x.example/",
            "http://%63%32.example/",
            "data:,",
            "a:b",
            "x-a.b+c:1",
            "file:/etc/hosts",
        ] {
            assert_eq!(uri(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_absolute_uri_is_refused() {
        for text in [
            "",
            ":",
            "http",
            "http:",
            "mailto:",
            "//c2.example/",
            "/a",
            "c2.example/a",
            "1http://c2.example/",
            "-a:b",
            "ht_tp://c2.example/",
            "http:/c2.example/",
            "http:c2.example",
            "http://",
            "http:///a",
            "https://?a",
            "https://#a",
            "ftp://:21/",
            "http://user@/",
            "http://user@:80/",
            "http://c2.example:8o/",
            "http://c2.example:80:80/",
            "http://c2.example:-1/",
            "http://a@b@c2.example/",
            "http://[::1/",
            "http://[::1]a/",
            "http://[::1]80/",
            "http://[192.0.2.1]/",
            "http://[fe80::1%25eth0]/",
            "http://[v.a]/",
            "http://[v1.]/",
            "http://[]/",
            "http://::1/",
            "http://c2.example/a b",
            "http://c2.example/a\tb",
            "http://c2.example/\n",
            " http://c2.example/",
            "http://c2.example/ ",
            "http://c2.example/\u{7f}",
            "http://c2.example/<a>",
            "http://c2.example/\"",
            "http://c2.example/{a}",
            "http://c2.example/a|b",
            "http://c2.example/a\\b",
            "http://c2.example/a^b",
            "http://c2.example/a`b",
            "http://c2.example/a[0]",
            "http://c2.example/?a[0]=1",
            "http://c2.example/#a#b",
            "http://c2.example/%",
            "http://c2.example/%4",
            "http://c2.example/%4g",
            "http://c2.example/%é",
            "http://c2.example\\a",
            "http://c2 .example/",
        ] {
            assert_eq!(uri(text), Some(Code::E611), "{text}");
        }
    }

    #[test]
    fn characters_beyond_ascii_are_a_warning_but_for_white_space() {
        for text in
            ["http://münchen.example/", "http://c2.example/ü", "http://c2.example/?ü#ü", "x:ü", "http://ü@c2.example/"]
        {
            assert_eq!(uri(text), Some(Code::W635), "{text}");
        }
        for text in [
            "http://c2.example/\u{a0}",
            "http://c2.example/\u{85}",
            "http://c2.example/\u{3000}",
            "é:b",
            "http://c2.example:８/",
        ] {
            assert_eq!(uri(text), Some(Code::E611), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_the_grammar_makes_is_taken(
            scheme in "[a-zA-Z][a-zA-Z0-9+.-]{0,6}",
            user in prop::option::of("[a-z0-9:._~!$&'()*+,;=-]{0,8}"),
            host in "[a-z0-9._-]{1,12}|\\[::[0-9a-f]{1,4}\\]|%[0-9A-F]{2}",
            port in prop::option::of("[0-9]{0,5}"),
            path in "(/([a-zA-Z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2}){0,4}){0,3}",
            query in prop::option::of("(([a-zA-Z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})|[/?]){0,8}"),
            fragment in prop::option::of("(([a-zA-Z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})|[/?]){0,8}"),
            bad in "[ <>\"{}|\\\\^`\\[\\]\u{1}]",
            at in any::<prop::sample::Index>(),
        ) {
            prop_assume!(!DEFANGED.contains(&scheme.to_ascii_lowercase().as_str()));
            let mut text = format!("{scheme}://");
            if let Some(user) = user { text.push_str(&user); text.push('@'); }
            text.push_str(&host);
            if let Some(port) = port { text.push(':'); text.push_str(&port); }
            let before_path = text.len();
            text.push_str(&path);
            if let Some(query) = query { text.push('?'); text.push_str(&query); }
            if let Some(fragment) = fragment { text.push('#'); text.push_str(&fragment); }
            prop_assert_eq!(uri(&text), None, "{}", text);
            // One character that no part may hold spoils it, wherever behind the host it stands.
            let at = before_path + at.index(text.len() - before_path + 1);
            text.insert_str(at, &bad);
            prop_assert_eq!(uri(&text), Some(Code::E611), "{}", text);
        }
    }
}
