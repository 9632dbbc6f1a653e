//! The residual search: no withheld value in any form in what leaves (section 10.3 of the format).
//!
//! The bytes are turned into a few views (JSON escapes resolved, percent-encoding resolved, defanging undone), and every form
//! of every value is looked for in the views where it can stand. Plain forms match on token boundaries, so 198.51.100.2
//! is not found in 198.51.100.25; encoded forms match anywhere.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use entente_observable::Kind;
use sha2::{Digest, Sha256};

use crate::digest;
use crate::hex;

/// LIMIT: a base64 fragment shorter than this says nothing: 6 characters are 36 bits.
const BASE64_FRAGMENT_CHARS_MIN: usize = 6;

/// Holds the forms of withheld values, made once and searched for in many objects.
#[derive(Clone, Debug, Default)]
pub struct Residual {
    forms: Vec<Form>,
}

#[derive(Clone, Debug)]
struct Form {
    needle: String,
    place: Place,
}

/// Says where a form is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In the lower-case views, as a token.
    Token,
    /// In the lower-case views, as a token that may be a parent name: `.` before it is a boundary, `.` and more after it not.
    Name,
    /// In the lower-case views, anywhere.
    Anywhere,
    /// In the views as written, anywhere.
    Exact,
}

impl Residual {
    /// Makes the forms of canonical values.
    pub fn new(values: &[(Kind, String)]) -> Residual {
        let mut residual = Residual::default();
        for (kind, value) in values {
            residual.add(*kind, value);
        }
        residual
    }

    /// Adds the forms of one canonical value.
    pub fn add(&mut self, kind: Kind, value: &str) {
        if value.trim().is_empty() {
            return;
        }
        let lower = value.to_lowercase();
        let place = if matches!(kind, Kind::DomainName) { Place::Name } else { Place::Token };
        self.push(lower.clone(), place);
        match kind {
            Kind::Ipv4Addr | Kind::Ipv6Addr => self.add_address(value),
            Kind::DomainName => self.add_name(&lower),
            _ => {}
        }
        self.add_encodings(value);
        self.add_sco_id(kind, value);
    }

    /// Tells whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }

    fn push(&mut self, needle: String, place: Place) {
        if !needle.is_empty() {
            self.forms.push(Form { needle, place });
        }
    }

    fn add_address(&mut self, value: &str) {
        match value.parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) => {
                self.add_ipv4_numbers(address);
                let [a, b, c, d] = address.octets();
                self.push(format!("{d}.{c}.{b}.{a}.in-addr.arpa"), Place::Token);
                let mapped = address.to_ipv6_mapped();
                self.push(mapped.to_string(), Place::Token);
                self.push(hex_groups(mapped, false), Place::Token);
            }
            Ok(IpAddr::V6(address)) => {
                self.push(address.to_string(), Place::Token);
                self.push(hex_groups(address, true), Place::Token);
                self.push(hex_groups(address, false), Place::Token);
                let nibbles: Vec<String> = hex::encode(&address.octets()).chars().rev().map(String::from).collect();
                self.push(format!("{}.ip6.arpa", nibbles.join(".")), Place::Token);
                self.push(hex::encode(&address.octets()), Place::Anywhere);
            }
            Err(_) => {}
        }
    }

    /// Adds what resolvers accept for an IPv4 address: one number in decimal, octal and hexadecimal, and octal octets.
    fn add_ipv4_numbers(&mut self, address: Ipv4Addr) {
        let number = address.to_bits();
        let octets = address.octets();
        let dotted = |parts: Vec<String>| parts.join(".");
        self.push(number.to_string(), Place::Token);
        self.push(format!("0{number:o}"), Place::Token);
        self.push(format!("0o{number:o}"), Place::Token);
        self.push(format!("0x{number:x}"), Place::Token);
        self.push(format!("0x{number:08x}"), Place::Token);
        self.push(format!("{number:08x}"), Place::Token);
        self.push(dotted(octets.iter().map(|octet| format!("0{octet:o}")).collect()), Place::Token);
        self.push(dotted(octets.iter().map(|octet| format!("{octet:04o}")).collect()), Place::Token);
        self.push(dotted(octets.iter().map(|octet| format!("0x{octet:x}")).collect()), Place::Token);
        self.push(dotted(octets.iter().map(|octet| format!("0x{octet:02x}")).collect()), Place::Token);
        self.push(dotted(octets.iter().map(|octet| format!("{octet:03}")).collect()), Place::Token);
    }

    fn add_name(&mut self, lower: &str) {
        if let Ok(ascii) = idna::domain_to_ascii(lower)
            && ascii != lower
        {
            self.push(ascii, Place::Name);
        }
        let (unicode, read) = idna::domain_to_unicode(lower);
        if read.is_ok() && unicode != lower {
            self.push(unicode.to_lowercase(), Place::Name);
        }
    }

    /// Adds hexadecimal, the three alignments of base64, and MD5, SHA-1 and SHA-256 of the value as written.
    fn add_encodings(&mut self, value: &str) {
        let bytes = value.as_bytes();
        if bytes.len() >= 4 {
            self.push(hex::encode(bytes), Place::Anywhere);
        }
        for lead in 0..3_usize {
            for engine in [&STANDARD, &URL_SAFE] {
                if let Some(fragment) = base64_fragment(bytes, lead, engine) {
                    self.push(fragment, Place::Exact);
                }
            }
        }
        self.push(hex::encode(&digest::md5(bytes)), Place::Anywhere);
        self.push(hex::encode(&digest::sha1(bytes)), Place::Anywhere);
        self.push(hex::encode(&Sha256::digest(bytes)), Place::Anywhere);
    }

    /// Adds the UUID that STIX gives the value: anyone can compute it back by trying values.
    fn add_sco_id(&mut self, kind: Kind, value: &str) {
        let types: &[&str] = match kind {
            Kind::Ipv4Addr => &["ipv4-addr"],
            Kind::Ipv6Addr => &["ipv6-addr"],
            Kind::Network => &["ipv4-addr", "ipv6-addr"],
            Kind::DomainName => &["domain-name"],
            Kind::Url => &["url"],
            Kind::EmailAddr => &["email-addr"],
            _ => &[],
        };
        for object_type in types {
            let id = entente_stix::id::sco_value_id(object_type, value);
            if let Some((_, uuid)) = id.split_once("--") {
                self.push(uuid.to_owned(), Place::Anywhere);
            }
        }
    }

    /// Tells whether any form of any value occurs in the bytes of an object.
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        if self.forms.is_empty() {
            return false;
        }
        let text = String::from_utf8_lossy(bytes);
        let exact = unescaped(&text);
        let mut views: Vec<String> = vec![exact.to_lowercase()];
        if exact.contains('%') {
            views.push(percent_decoded(&exact).to_lowercase());
        }
        // Defanging is undone in every view: a value can be defanged and encoded.
        let refanged: Vec<String> = views.iter().filter_map(|view| refanged(view)).collect();
        views.extend(refanged);
        self.forms.iter().any(|form| match form.place {
            Place::Exact => exact.contains(&form.needle),
            Place::Anywhere => views.iter().any(|view| view.contains(&form.needle)),
            Place::Token => views.iter().any(|view| contains_token(view, &form.needle, false)),
            Place::Name => views.iter().any(|view| contains_token(view, &form.needle, true)),
        })
    }
}

/// Writes an IPv6 address in eight groups, padded to four digits or not.
fn hex_groups(address: Ipv6Addr, padded: bool) -> String {
    let groups = address.segments();
    let write = |group: &u16| if padded { format!("{group:04x}") } else { format!("{group:x}") };
    groups.iter().map(write).collect::<Vec<_>>().join(":")
}

/// Returns the base64 characters that `value` alone determines when `lead` bytes stand before it in the stream.
fn base64_fragment(value: &[u8], lead: usize, engine: &base64::engine::GeneralPurpose) -> Option<String> {
    let mut stream = vec![0_u8; lead];
    stream.extend_from_slice(value);
    let encoded = engine.encode(&stream);
    // Six bits a character: those of the lead, and an unfinished last one, depend on the neighbours.
    let first = (lead * 8).div_ceil(6);
    let end = stream.len() * 8 / 6;
    let fragment = encoded.get(first..end)?;
    (fragment.len() >= BASE64_FRAGMENT_CHARS_MIN).then(|| fragment.to_owned())
}

/// Resolves the escapes of JSON strings. Outside strings JSON has no backslash, so the whole text is treated alike.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut units: Vec<u16> = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let escaped = if c == '\\' { chars.next() } else { None };
        if let Some('u') = escaped {
            let code: String = chars.by_ref().take(4).collect();
            units.push(u16::from_str_radix(&code, 16).unwrap_or(0xFFFD));
            continue;
        }
        out.extend(char::decode_utf16(units.drain(..)).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
        out.push(match escaped {
            None => c,
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('b' | 'f') => ' ',
            Some(other) => other,
        });
    }
    out.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
    Cow::Owned(out)
}

/// Resolves `%41`; what is not such a triple stays.
fn percent_decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        let digit = |at: usize| tail.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        match (*byte, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                rest = tail.get(2..).unwrap_or_default();
            }
            (other, _, _) => {
                out.push(other);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Undoes the usual ways of defanging in lower-case text; `None` if there is none.
fn refanged(lower: &str) -> Option<String> {
    const MARKS: [(&str, &str); 20] = [
        ("[.]", "."),
        ("(.)", "."),
        ("{.}", "."),
        ("[.", "."),
        (".]", "."),
        ("[dot]", "."),
        ("(dot)", "."),
        ("{dot}", "."),
        (" dot ", "."),
        ("[:]", ":"),
        ("[://]", "://"),
        ("[at]", "@"),
        ("(at)", "@"),
        ("{at}", "@"),
        ("[@]", "@"),
        (" at ", "@"),
        ("[/]", "/"),
        ("hxxp", "http"),
        ("\\.", "."),
        ("meow://", "http://"),
    ];
    let mut text = Cow::Borrowed(lower);
    for (mark, plain) in MARKS {
        if text.contains(mark) {
            text = Cow::Owned(text.replace(mark, plain));
        }
    }
    match text {
        Cow::Borrowed(_) => None,
        Cow::Owned(changed) => Some(changed),
    }
}

/// Finds a needle that does not continue to the left or right.
///
/// A name (`is_name`) may have labels before it, but no labels after it and no `-` before it: those are other names.
fn contains_token(text: &str, needle: &str, is_name: bool) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    let mut from = 0;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find(needle)) {
        let start = from.saturating_add(found);
        let end = start.saturating_add(needle.len());
        let before = text.get(..start).and_then(|left| left.chars().next_back());
        let mut after = text.get(end..).unwrap_or_default().chars();
        let next = after.next();
        let left_joins = before.is_some_and(|c| joins(c) || (is_name && c == '-'));
        let right_free = match next {
            Some('.') if is_name => !after.next().is_some_and(joins),
            Some(c) => !joins(c),
            None => true,
        };
        // An address or number may touch letters of no meaning only where its own edge is not a letter or digit.
        let edges_join = needle.chars().next().is_some_and(joins) && needle.chars().next_back().is_some_and(joins);
        if (!left_joins && right_free) || !edges_join {
            return true;
        }
        from =
            text.get(start..).and_then(|rest| rest.chars().next()).map_or(end, |c| start.saturating_add(c.len_utf8()));
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn residual(kind: Kind, value: &str) -> Residual {
        Residual::new(&[(kind, value.to_owned())])
    }

    #[test]
    fn addresses_match_on_token_boundaries() {
        let address = residual(Kind::Ipv4Addr, "198.51.100.2");
        for clean in ["198.51.100.25", "1198.51.100.2", "198.51.100.20", "v198.51.100.2x"] {
            assert!(!address.is_in(clean.as_bytes()), "{clean}");
        }
        for found in [
            "198.51.100.2",
            "\"198.51.100.2\"",
            "198.51.100.2:443",
            "198.51.100.2.static.isp.example",
            "http://198.51.100.2/",
        ] {
            assert!(address.is_in(found.as_bytes()), "{found}");
        }
    }

    #[test]
    fn names_match_with_labels_before_but_not_after() {
        let name = residual(Kind::DomainName, "shop.example");
        for clean in ["workshop.example", "my-shop.example", "shop.example.net", "shop.examples"] {
            assert!(!name.is_in(clean.as_bytes()), "{clean}");
        }
        for found in ["shop.example", "www.shop.example", "https://shop.example/x", "SHOP.EXAMPLE.", "shop[.]example"] {
            assert!(name.is_in(found.as_bytes()), "{found}");
        }
    }

    #[test]
    fn escapes_hide_nothing() {
        let address = residual(Kind::Ipv4Addr, "198.51.100.2");
        assert!(address.is_in(br#"{"a":"198\u002e51\u002e100\u002e2"}"#));
        assert!(address.is_in(br#"{"a":"198%2E51%2e100%2E2"}"#));
        assert!(address.is_in(br#"{"a":"%31%39%38.51[.]100.2"}"#));
    }
}
