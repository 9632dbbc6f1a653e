//! Host names, section 4.1 of the value rules.

use std::borrow::Cow;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use unicode_normalization::UnicodeNormalization;

use crate::{Flag, Kind, Normalised, Observable, ObservableError};

/// LIMIT: RFC 1035 §2.3.4, in octets without the trailing dot.
const NAME_SIZE_BYTES_MAX: usize = 253;
const LABEL_SIZE_BYTES_MAX: usize = 63;

/// Canonicalises a declared name; `*.` and `.` in front mean the zone.
pub(crate) fn declared(text: &str) -> Result<Normalised, ObservableError> {
    let mut rest = text;
    let mut subdomains = false;
    if let Some(zone) = rest.strip_prefix("*.").or_else(|| rest.strip_prefix('.')) {
        rest = zone;
        subdomains = true;
    }
    let (value, flags) = canonical(rest)?;
    let mut found = Normalised::plain(Observable::new(Kind::DomainName, value));
    found.flags = flags;
    Ok(found.flag_if(subdomains, Flag::Subdomains))
}

/// Canonicalises a host name without zone marks.
pub(crate) fn canonical(text: &str) -> Result<(String, Vec<Flag>), ObservableError> {
    let (name, idn) = to_ascii(text)?;
    let mut flags = Vec::new();
    if idn {
        flags.push(Flag::Idn);
    }
    check(&name, &mut flags)?;
    Ok((name.into_owned(), flags))
}

/// Lower-cases a name, takes one trailing dot off, and turns other characters into A-labels; the flag says whether
/// there were any.
pub(crate) fn to_ascii(text: &str) -> Result<(Cow<'_, str>, bool), ObservableError> {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.is_ascii() {
        let upper = text.bytes().any(|byte| byte.is_ascii_uppercase());
        return Ok((if upper { Cow::Owned(text.to_ascii_lowercase()) } else { Cow::Borrowed(text) }, false));
    }
    // LIMIT: UTS #46 shortens by a small factor only; a name of this length cannot fit afterwards.
    if text.len() > NAME_SIZE_BYTES_MAX.saturating_mul(8) {
        return Err(ObservableError::DomainLength);
    }
    let ascii = Uts46::new()
        .to_ascii(text.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow, DnsLength::Ignore)
        .map_err(|_| ObservableError::DomainIdna)?;
    let ascii = ascii.strip_suffix('.').unwrap_or(&ascii).to_owned();
    Ok((Cow::Owned(ascii), true))
}

fn check(name: &str, flags: &mut Vec<Flag>) -> Result<(), ObservableError> {
    if name.is_empty() {
        return Err(ObservableError::DomainSingleLabel);
    }
    let mut nonstandard = false;
    let mut encoded = false;
    let mut labels = 0usize;
    let mut last = "";
    for label in name.split('.') {
        let bytes = label.as_bytes();
        if bytes.is_empty() {
            return Err(ObservableError::DomainEmptyLabel);
        }
        if bytes.len() > LABEL_SIZE_BYTES_MAX {
            return Err(ObservableError::DomainLength);
        }
        let mut underscore = false;
        for byte in bytes {
            match byte {
                b'a'..=b'z' | b'0'..=b'9' | b'-' => {}
                b'_' => underscore = true,
                _ => return Err(ObservableError::DomainCharacter),
            }
        }
        nonstandard |= underscore || bytes.first() == Some(&b'-') || bytes.last() == Some(&b'-');
        encoded |= bytes.starts_with(b"xn--");
        labels = labels.saturating_add(1);
        last = label;
    }
    if name.len() > NAME_SIZE_BYTES_MAX {
        return Err(ObservableError::DomainLength);
    }
    if is_number(last) {
        return Err(ObservableError::DomainNumericTld);
    }
    if labels < 2 {
        return Err(ObservableError::DomainSingleLabel);
    }
    if nonstandard {
        flags.push(Flag::NonstandardHost);
    }
    if encoded && !decodes(name) {
        flags.push(Flag::IdnaInvalid);
    }
    if last == "onion" {
        flags.push(if is_onion_v3(name) { Flag::Onion } else { Flag::OnionInvalid });
    }
    Ok(())
}

/// Says whether a last label makes the whole an address in the sense of the WHATWG host parser.
pub(crate) fn is_number(label: &str) -> bool {
    if label.is_empty() {
        return false;
    }
    if label.bytes().all(|byte| byte.is_ascii_digit()) {
        return true;
    }
    label
        .strip_prefix("0x")
        .or_else(|| label.strip_prefix("0X"))
        .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Says whether every `xn--` label is a valid U-label: UTS #46 accepts it, and IDNA 2008 has its characters.
fn decodes(name: &str) -> bool {
    let (shown, answer) = Uts46::new().to_unicode(name.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow);
    answer.is_ok()
        && name.split('.').zip(shown.split('.')).filter(|(label, _)| label.starts_with("xn--")).all(|(_, label)| {
            // A label has one form only: with symbols or in another normal form it is no U-label.
            !label.contains('_') && label.nfkc().eq(label.chars()) && label.chars().all(is_idna_character)
        })
}

/// Derives the property of RFC 5892 §2: letters, marks and digits of living scripts, and its exceptions.
fn is_idna_character(character: char) -> bool {
    const EXCEPTIONS: [char; 10] = [
        '\u{b7}', '\u{375}', '\u{5f3}', '\u{5f4}', '\u{6fd}', '\u{6fe}', '\u{f0b}', '\u{200c}', '\u{200d}', '\u{30fb}',
    ];
    let old_jamo = matches!(character, '\u{1100}'..='\u{11ff}' | '\u{a960}'..='\u{a97f}' | '\u{d7b0}'..='\u{d7ff}');
    let word = character.is_alphanumeric() || unicode_normalization::char::is_combining_mark(character);
    character == '-' || EXCEPTIONS.contains(&character) || word && !old_jamo
}

/// Checks the form of Tor's rend-spec-v3: base 32 of public key, two bytes of checksum and the version 3.
///
/// The checksum is SHA3-256, which this crate does not carry: length, alphabet and version byte are checked.
fn is_onion_v3(name: &str) -> bool {
    let Some(service) = name.strip_suffix(".onion").and_then(|rest| rest.rsplit('.').next()) else {
        return false;
    };
    // GAP: a name with a wrong checksum is flagged `onion`; the flag is information for the reader only.
    service.len() == 56
        && service.bytes().all(|byte| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte))
        && service.ends_with('d')
}

/// Returns the public suffix of a canonical name, when the public suffix list knows it.
///
/// Both sections of the list count, so `github.io` is a suffix as well as `co.uk`.
#[must_use]
pub fn public_suffix(name: &str) -> Option<&str> {
    psl::suffix(name.as_bytes())
        .filter(psl::Suffix::is_known)
        .and_then(|suffix| std::str::from_utf8(suffix.as_bytes()).ok())
}

/// Returns the registrable domain of a canonical name: its public suffix and one more label.
///
/// An unknown top-level name counts as a suffix. A public suffix itself has no registrable domain.
#[must_use]
pub fn registrable_domain(name: &str) -> Option<&str> {
    psl::domain_str(name)
}
