//! Domain names and e-mail addresses (STIX 2.1 §6.4, §6.5).

use std::net::Ipv4Addr;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::{Bytes, unless};
use crate::code::Code;

/// LIMIT: characters of a name without its trailing dot (RFC 1035 §2.3.4).
const NAME_SIZE_BYTES_MAX: usize = 253;
/// LIMIT: characters of one label (RFC 1035 §2.3.4).
const LABEL_SIZE_BYTES_MAX: usize = 63;
/// LIMIT: bytes of a name that is worth turning into A-labels. UTS #46 shortens by a small factor only, and what is longer cannot
/// fit afterwards.
const UNICODE_NAME_SIZE_BYTES_MAX: usize = 8 * NAME_SIZE_BYTES_MAX;

/// Characters of a label but for the hyphen.
static WORD: Bytes = Bytes::ALPHANUMERIC.and(b"_");
/// Characters of an atom (RFC 5322 §3.2.3, RFC 6532 §3.2).
static ATOM: Bytes = Bytes::ALPHANUMERIC.and(b"!#$%&'*+-/=?^_`{|}~").and_beyond_ascii();

/// Checks a domain name by RFC 1034, or RFC 5890 where it is not ASCII; an IPv4 address is a warning (STIX 2.1 §6.4).
pub fn domain(text: &str) -> Option<Code> {
    if !is_domain(text) {
        return Some(Code::E609);
    }
    let digit = text.as_bytes().last().is_some_and(u8::is_ascii_digit);
    (digit && text.parse::<Ipv4Addr>().is_ok()).then_some(Code::W636)
}

/// Checks an address: the `addr-spec` of RFC 5322 §3.4.1 with the characters of RFC 6532, without comments, folding or display
/// name (STIX 2.1 §6.5).
pub fn email(text: &str) -> Option<Code> {
    let domain = match text.as_bytes() {
        [b'"', rest @ ..] => after_quoted(rest),
        bytes => after_dot_atom(bytes),
    };
    // Both cuts are behind an ASCII character, so what is left of the bytes is what is left of the text.
    let domain = domain.and_then(|rest| text.get(text.len().checked_sub(rest.len())?..));
    unless(domain.is_some_and(is_mail_domain), Code::E610)
}

/// Tells whether a text is labels joined by dots, with at most one dot behind them.
fn is_domain(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text);
    if name.is_ascii() {
        return name.len() <= NAME_SIZE_BYTES_MAX && is_labels(name.as_bytes());
    }
    if name.len() > UNICODE_NAME_SIZE_BYTES_MAX {
        return false;
    }
    let mut size_bytes = 0_usize;
    for label in name.split('.') {
        let size = match label.is_ascii() {
            true => is_labels(label.as_bytes()).then_some(label.len()),
            false => a_label_size(label),
        };
        let Some(size) = size else {
            return false;
        };
        size_bytes = size_bytes.saturating_add(size).saturating_add(1);
    }
    size_bytes <= NAME_SIZE_BYTES_MAX.saturating_add(1)
}

/// Turns a label into its A-label and returns the size of that; the mapping may make several labels of one.
fn a_label_size(label: &str) -> Option<usize> {
    let ascii = Uts46::new()
        .to_ascii(label.as_bytes(), AsciiDenyList::EMPTY, Hyphens::CheckFirstLast, DnsLength::Ignore)
        .ok()?;
    is_labels(ascii.as_bytes()).then_some(ascii.len())
}

fn is_labels(name: &[u8]) -> bool {
    let mut length = 0_usize;
    let mut previous = b'.';
    for &byte in name {
        let fits = match byte {
            _ if WORD.has(byte) => length < LABEL_SIZE_BYTES_MAX,
            b'-' => previous != b'.' && length < LABEL_SIZE_BYTES_MAX,
            b'.' => !matches!(previous, b'.' | b'-'),
            _ => false,
        };
        if !fits {
            return false;
        }
        length = if byte == b'.' { 0 } else { length.saturating_add(1) };
        previous = byte;
    }
    !matches!(previous, b'.' | b'-')
}

/// Returns what stands behind a quoted local part and its `@`; the opening quote is gone.
fn after_quoted(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        rest = match rest {
            [b'"', b'@', domain @ ..] => return Some(domain),
            [b'\\', b' '..=b'~' | b'\t' | 0x80.., after @ ..] => after,
            [b'\\' | b'"', ..] => return None,
            [b' '..=b'~' | b'\t' | 0x80.., after @ ..] => after,
            _ => return None,
        };
    }
}

/// Returns what stands behind a local part of atoms joined by dots and its `@`.
fn after_dot_atom(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    let mut previous = b'.';
    while let [byte, after @ ..] = rest {
        match byte {
            b'@' | b'.' if previous == b'.' => return None,
            b'@' => return Some(after),
            b'.' => {}
            byte if ATOM.has(*byte) => {}
            _ => return None,
        }
        previous = *byte;
        rest = after;
    }
    None
}

/// Tells whether a text is a domain without a dot behind it, or a literal in brackets.
fn is_mail_domain(domain: &str) -> bool {
    match domain.as_bytes() {
        [b'[', literal @ .., b']'] => {
            !literal.is_empty() && literal.iter().all(|byte| matches!(byte, b'!'..=b'Z' | b'^'..=b'~'))
        }
        _ => !domain.ends_with('.') && is_domain(domain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_labels_are_taken() {
        let label = "a".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
        assert_eq!(longest.len(), 253);
        for text in [
            "c2.monsoon.example",
            "C2.Monsoon.Example",
            "localhost",
            "a",
            "example.com.",
            "_dmarc.example.com",
            "a_b.example.com",
            "3com.example",
            "a--b.example",
            "xn--mnchen-3ya.example",
            "1.2.3.4.in-addr.arpa",
            "1.2.3",
            "1.2.3.4.5",
            &longest,
            &format!("{longest}."),
        ] {
            assert_eq!(domain(text), None, "{text}");
        }
    }

    #[test]
    fn other_names_are_refused() {
        let label = "a".repeat(63);
        for text in [
            "",
            ".",
            "..",
            ".example",
            "a..example",
            "example..",
            "-a.example",
            "a-.example",
            "a.-example",
            "a.example-",
            "a.example-.",
            "-",
            "*.example.com",
            "a b.example",
            " a.example",
            "a.example\n",
            "a/example",
            "http://a.example",
            "a.example:80",
            "user@a.example",
            "a!.example",
            "[192.0.2.1]",
            &format!("{label}a.example"),
            &format!("{label}.{label}.{label}.{}", "a".repeat(62)),
        ] {
            assert_eq!(domain(text), Some(Code::E609), "{text}");
        }
    }

    #[test]
    fn an_address_as_a_name_is_a_warning() {
        assert_eq!(domain("192.0.2.1"), Some(Code::W636));
        assert_eq!(domain("192.0.2.256"), None, "four labels and no address");
        assert_eq!(domain("2001:db8::1"), Some(Code::E609));
    }

    #[test]
    fn labels_beyond_ascii_are_measured_as_a_labels() {
        for text in [
            "münchen.example",
            "例え.テスト",
            "MÜNCHEN.example",
            "bücher。example",
            "ａ.example",
            "☕.example",
            "xn--a.bücher",
        ] {
            assert_eq!(domain(text), None, "{text}");
        }
        // 56 letters and one umlaut are 62 characters of Punycode and more than 63 with one letter more.
        let label = |letters: usize| format!("{}ü.example", "a".repeat(letters));
        let fits = (1..63).filter(|&letters| domain(&label(letters)).is_none()).max();
        assert_eq!(fits, Some(55), "xn-- and the code of the umlaut cost eight characters of 63");
        for text in [
            "mün chen.example",
            "mün[.]example",
            "-ü.example",
            "ü-.example",
            "ü..example",
            "a\u{a0}b.example",
            "\u{200b}",
            "ü\u{0}",
        ] {
            assert_eq!(domain(text), Some(Code::E609), "{text}");
        }
        let long = "ü".repeat(60);
        assert_eq!(
            domain(&format!("{long}.{long}.{long}.{long}")),
            Some(Code::E609),
            "each label fits, the name does not"
        );
        assert_eq!(domain(&"ü".repeat(100_000)), Some(Code::E609));
    }

    #[test]
    fn addresses_of_rfc_5322_are_taken() {
        for text in [
            "abuse@isp.example",
            "first.last@isp.example",
            "a@b",
            "!#$%&'*+-/=?^_`{|}~@isp.example",
            "\"first last\"@isp.example",
            "\"a@b\"@isp.example",
            "\"a\\\"b\"@isp.example",
            "\"a\\\\\"@isp.example",
            "\"\"@isp.example",
            "user@[192.0.2.1]",
            "user@[IPv6:2001:db8::1]",
            "user@192.0.2.1",
            "user@münchen.example",
            "jürgen@isp.example",
            "\"jürgen x\"@isp.example",
            "用户@例子.example",
        ] {
            assert_eq!(email(text), None, "{text}");
        }
    }

    #[test]
    fn other_addresses_are_refused() {
        for text in [
            "",
            "@",
            "isp.example",
            "@isp.example",
            "abuse@",
            ".abuse@isp.example",
            "abuse.@isp.example",
            "a..b@isp.example",
            "a b@isp.example",
            "a@b@isp.example",
            "abuse@isp example",
            "abuse@-isp.example",
            "abuse@isp..example",
            "abuse@isp.example.",
            "<abuse@isp.example>",
            "Abuse <abuse@isp.example>",
            "abuse@isp.example (desk)",
            "abuse@isp.example, b@isp.example",
            "mailto:abuse@isp.example",
            "a\"b\"@isp.example",
            "\"a\"b@isp.example",
            "\"a@isp.example",
            "\"a\\\"@isp.example",
            "\"a\nb\"@isp.example",
            "user@[]",
            "user@[a]b]",
            "user@[192.0.2.1",
            "user@[192 0]",
            "user@[é]",
            "abuse@isp.example\n",
        ] {
            assert_eq!(email(text), Some(Code::E610), "{text}");
        }
    }
}
