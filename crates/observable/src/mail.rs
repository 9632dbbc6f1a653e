//! Mail addresses, section 4.5 of the value rules.

use unicode_normalization::UnicodeNormalization;

use crate::{Flag, Kind, Normalised, Observable, ObservableError};
use crate::{address, name};

/// LIMIT: RFC 5321 §4.5.3.1.1, in octets.
const LOCAL_SIZE_BYTES_MAX: usize = 64;

/// Canonicalises a mail address; a display name, comments and `mailto:` are removed.
pub(crate) fn mail(text: &str) -> Result<Normalised, ObservableError> {
    let mut text = text;
    if let Some(prefix) = text.get(..7).filter(|prefix| prefix.eq_ignore_ascii_case("mailto:")) {
        text = text.get(prefix.len()..).unwrap_or("");
        text = text.split('?').next().unwrap_or("");
    }
    let mut wrapped = false;
    if let Some(inner) = text.strip_suffix('>').and_then(|front| front.rsplit_once('<')) {
        wrapped = !inner.0.trim().is_empty();
        text = inner.1;
    }
    let without_comments = remove_comments(text);
    let text = without_comments.trim();
    let (local, domain) = text.rsplit_once('@').ok_or(ObservableError::EmailSyntax)?;
    let local = local_part(local.trim_end())?;
    let domain = domain.trim_start();
    let (domain, flags) = match domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(literal) => (address_literal(literal)?, Vec::new()),
        None => name::canonical(domain)?,
    };
    let value = format!("{local}@{domain}");
    let mut found = Normalised::plain(Observable::new(Kind::EmailAddr, value));
    found.flags = flags;
    Ok(found.flag_if(wrapped, Flag::Refanged))
}

fn remove_comments(text: &str) -> String {
    let mut depth = 0usize;
    let mut output = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '(' => depth = depth.saturating_add(1),
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => output.push(character),
            _ => {}
        }
    }
    output
}

/// Checks a local part: RFC 5321 dot-string with the characters of RFC 6531; quotes that it does not need are removed.
fn local_part(text: &str) -> Result<String, ObservableError> {
    let text = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    let composed: String = text.nfc().collect();
    let lower: String = composed.to_lowercase().nfc().collect();
    if lower.is_empty() || lower.len() > LOCAL_SIZE_BYTES_MAX {
        return Err(ObservableError::EmailLocalPart);
    }
    let again: String = lower.to_lowercase().nfc().collect();
    let dots = lower.starts_with('.') || lower.ends_with('.') || lower.contains("..");
    if dots || again != lower || !lower.chars().all(is_local) {
        return Err(ObservableError::EmailLocalPart);
    }
    Ok(lower)
}

fn is_local(character: char) -> bool {
    if character.is_ascii() {
        character.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(character)
    } else {
        character.is_alphanumeric()
    }
}

fn address_literal(literal: &str) -> Result<String, ObservableError> {
    let tagged = literal.get(..5).is_some_and(|tag| tag.eq_ignore_ascii_case("IPv6:"));
    let text = if tagged { literal.get(5..).unwrap_or("") } else { literal };
    if text.contains('/') {
        return Err(ObservableError::IpSyntax);
    }
    let found = address::address(text, None)?.observable;
    Ok(match found.kind {
        Kind::Ipv6Addr => format!("[IPv6:{}]", found.value),
        _ => format!("[{}]", found.value),
    })
}
