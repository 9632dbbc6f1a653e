//! The entry: cleaning, refanging, the declared kind or its detection.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use crate::{Flag, Kind, Normalised, ObservableError};
use crate::{address, hash, mail, name, number, refang, url};

/// LIMIT: in bytes, of the text as written; a URL of 8,192 bytes may be twice as long when defanged.
pub const VALUE_SIZE_BYTES_MAX: usize = 16_384;

/// LIMIT: layers of quotes, blanks and brackets around one value.
const WRAPPING_LAYERS_MAX: usize = 64;

/// Canonicalises one value of a declared kind, or of the kind that is detected.
///
/// Cleaning and refanging come first. The answer's kind may differ from the declared one where the text says so: a
/// declared IPv6 address that is IPv4-mapped is the IPv4 address, a network of one address is that address, a declared
/// URL that is only a host is a name. Total and idempotent: a canonical value of its kind is its own form.
///
/// # Errors
///
/// Every [`ObservableError`]; [`ObservableError::KindUndetected`] only without a declared kind.
///
/// # Examples
///
/// ```
/// use entente_observable::{Flag, Kind, normalise};
///
/// let found = normalise("203[.]0(.)113{.}9", Some(Kind::Ipv4Addr))?;
/// assert_eq!(found.observable.value, "203.0.113.9");
/// assert_eq!(found.flags, [Flag::Refanged]);
/// # Ok::<(), entente_observable::ObservableError>(())
/// ```
pub fn normalise(text: &str, kind: Option<Kind>) -> Result<Normalised, ObservableError> {
    let (clean, mapped) = clean(text)?;
    let plain = |answer: Result<Normalised, ObservableError>| answer.map(|found| finish(found, false));
    match kind {
        Some(Kind::AutonomousSystem) => plain(number::autonomous_system(&compatible(&clean))),
        Some(Kind::FileHash) => plain(hash::file_hash(&compatible(&clean))),
        Some(Kind::X509Certificate) => plain(hash::certificate(&compatible(&clean))),
        Some(Kind::TlsFingerprint) => plain(hash::tls(&compatible(&clean))),
        Some(Kind::PhoneNumber) => plain(number::phone(&compatible(&clean))),
        Some(Kind::UserAccount) => plain(number::account(&clean)),
        Some(kind) => {
            let (text, refanged) = undo(&clean)?;
            let found = match kind {
                Kind::Ipv4Addr | Kind::Ipv6Addr => address::address(&compatible(&text), Some(kind)),
                Kind::Network => address::network(&compatible(&text)),
                Kind::Url => url::url(&text),
                Kind::EmailAddr => mail::mail(&text),
                _ => name::declared(&text),
            }?;
            Ok(finish(settle(found)?, mapped || refanged))
        }
        None => {
            let (text, refanged) = undo(&clean)?;
            Ok(finish(settle(detect(&text)?)?, mapped || refanged))
        }
    }
}

/// Canonicalises a declared endpoint, `203.0.113.9:8080`, `[2001:db8::4]:443` or `name.example:53`.
///
/// The observable is the host; [`Normalised::port`] is always there. An IPv6 address without brackets is split at its
/// last colon, flagged [`Flag::Unbracketed`].
///
/// # Errors
///
/// [`ObservableError::PortRange`] for a port that is missing, 0 or above 65535; else the host's refusal.
pub fn endpoint(text: &str) -> Result<Normalised, ObservableError> {
    let (clean, mapped) = clean(text)?;
    let (text, refanged) = undo(&clean)?;
    Ok(finish(settle(address::endpoint(&compatible(&text))?)?, mapped || refanged))
}

fn finish(found: Normalised, refanged: bool) -> Normalised {
    let mut found = found.flag_if(refanged, Flag::Refanged);
    found.flags.sort_unstable();
    found
}

/// Makes sure that a canonical value is its own form.
///
/// Dropping a query, decoding `%2e` or folding letters may bring to light a closing bracket, a lone quote or a mark that
/// the next reading would take off. A URL is then read again; each round is shorter. Other kinds are refused.
fn settle(found: Normalised) -> Result<Normalised, ObservableError> {
    let mut found = found;
    for _ in 0..WRAPPING_LAYERS_MAX {
        let value = found.observable.value.as_str();
        let refusal = match found.observable.kind {
            Kind::Url => None,
            // Letters, digits, dots and hyphens are no mark; only `__` behind a scheme word is.
            Kind::DomainName if value.contains("__") => Some(ObservableError::DomainCharacter),
            Kind::EmailAddr => Some(ObservableError::EmailLocalPart),
            _ => return Ok(found),
        };
        let (text, _) = undo(trim(value)?)?;
        if text == value {
            return Ok(found);
        }
        if let Some(refusal) = refusal {
            return Err(refusal);
        }
        let mut again = url::url(&text)?;
        for flag in found.flags {
            again = again.flag(flag);
        }
        found = again;
    }
    Err(ObservableError::Wrapping)
}

/// Folds compatibility characters (full-width digits and the like) for kinds that are ASCII by nature.
fn compatible(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.nfkc().collect()) }
}

/// Refangs and, if that changed something, trims again.
fn undo(text: &str) -> Result<(Cow<'_, str>, bool), ObservableError> {
    match refang(text) {
        Cow::Borrowed(same) => Ok((Cow::Borrowed(same), false)),
        Cow::Owned(changed) => {
            let trimmed = trim(&changed)?;
            if trimmed.is_empty() {
                return Err(ObservableError::Empty);
            }
            Ok((Cow::Owned(trimmed.to_owned()), true))
        }
    }
}

/// Removes invisible characters, maps foreign dots, and trims; the flag says whether a dot was mapped.
fn clean(text: &str) -> Result<(Cow<'_, str>, bool), ObservableError> {
    if text.len() > VALUE_SIZE_BYTES_MAX {
        return Err(ObservableError::ValueLength);
    }
    let mut mapped = false;
    let visible: Cow<'_, str> = if text.is_ascii() {
        Cow::Borrowed(text)
    } else {
        let mut output = String::with_capacity(text.len());
        for character in text.chars() {
            match character {
                '\u{ad}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{2064}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}' => {}
                '\u{3002}' | '\u{ff0e}' | '\u{ff61}' | '\u{2024}' => {
                    mapped = true;
                    output.push('.');
                }
                other => output.push(other),
            }
        }
        Cow::Owned(output)
    };
    let trimmed: Cow<'_, str> = match visible {
        Cow::Borrowed(text) => Cow::Borrowed(trim(text)?),
        Cow::Owned(text) => Cow::Owned(trim(&text)?.to_owned()),
    };
    if trimmed.is_empty() { Err(ObservableError::Empty) } else { Ok((trimmed, mapped)) }
}

/// Trims blanks, enclosing quotes and angle brackets, a lone quote at one end, and closing brackets that nothing opened.
fn trim(text: &str) -> Result<&str, ObservableError> {
    let mut text = text;
    for _ in 0..WRAPPING_LAYERS_MAX {
        let next = unwrap_once(text.trim());
        if next.len() == text.len() {
            return Ok(text);
        }
        text = next;
    }
    Err(ObservableError::Wrapping)
}

fn closing_quote(open: char) -> Option<char> {
    Some(match open {
        '"' | '\'' | '`' => open,
        '\u{201c}' => '\u{201d}',
        '\u{2018}' => '\u{2019}',
        '\u{ab}' => '\u{bb}',
        '<' => '>',
        _ => return None,
    })
}

fn is_quote(character: char) -> bool {
    matches!(character, '"' | '\'' | '`' | '\u{201c}' | '\u{201d}' | '\u{2018}' | '\u{2019}' | '\u{ab}' | '\u{bb}')
}

fn unwrap_once(text: &str) -> &str {
    let (Some(first), Some(last)) = (text.chars().next(), text.chars().next_back()) else {
        return text;
    };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return text;
    }
    let without_first = text.get(first.len_utf8()..).unwrap_or("");
    if closing_quote(first) == Some(last)
        && let Some(inner) = without_first.strip_suffix(last)
        && (first != '<' || !inner.contains(['<', '>']))
    {
        return inner;
    }
    if is_quote(first) && text.chars().filter(|character| *character == first).take(2).count() == 1 {
        return without_first;
    }
    let without_last = text.get(..text.len().saturating_sub(last.len_utf8())).unwrap_or("");
    if is_quote(last) && text.chars().filter(|character| *character == last).take(2).count() == 1 {
        return without_last;
    }
    let open = match last {
        ']' => '[',
        ')' => '(',
        '}' => '{',
        '>' => '<',
        _ => return text,
    };
    let count = |wanted: char| text.chars().filter(|character| *character == wanted).count();
    if count(last) > count(open) { without_last } else { text }
}

/// Tries the kinds in the order of section 4.12 of the value rules; the answer is the first that accepts.
fn detect(text: &str) -> Result<Normalised, ObservableError> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ObservableError::KindUndetected);
    }
    if text.contains("://") {
        return url::url(text);
    }
    let folded = compatible(text);
    if let Some(answer) = detect_address(&folded) {
        return answer;
    }
    if let Ok(found) = hash::file_hash(&folded) {
        return Ok(found);
    }
    let scheme = text.split_once(':').map(|(word, _)| word.to_ascii_lowercase());
    if scheme
        .is_some_and(|word| matches!(word.as_str(), "mailto" | "magnet" | "javascript" | "data" | "file" | "about"))
    {
        return url::url(text);
    }
    if text.contains('@')
        && let Ok(found) = mail::mail(text)
    {
        return Ok(found);
    }
    if text.contains(['/', '?', '#']) && text.contains('.') {
        return url::url(text);
    }
    if text.get(..2).is_some_and(|front| front.eq_ignore_ascii_case("as"))
        && let Ok(found) = number::autonomous_system(text)
    {
        return Ok(found);
    }
    if text.contains('@') {
        return mail::mail(text);
    }
    if text.contains('.') {
        return name::declared(text);
    }
    Err(ObservableError::KindUndetected)
}

/// Tries endpoint, address and network; `None` when the text has none of these shapes.
fn detect_address(text: &str) -> Option<Result<Normalised, ObservableError>> {
    let whole = address::address(text, None);
    if whole.is_ok() {
        return Some(whole);
    }
    if let Some((host, port, unbracketed)) = address::split_port(text)
        && (!unbracketed || host.parse::<std::net::Ipv6Addr>().is_ok())
        && !port.is_empty()
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && (text.starts_with('[') || host.contains(['.', ':']))
    {
        return Some(address::endpoint(text));
    }
    if text.contains(['/', '-'])
        && let Ok(found) = address::network(text)
    {
        return Some(Ok(found));
    }
    let numeric = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (numeric && text.contains('.')).then_some(whole)
}
