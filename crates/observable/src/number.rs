//! Autonomous systems, phone numbers and accounts, section 4.7 of the value rules.

use crate::{Flag, Kind, Normalised, Observable, ObservableError};

/// Canonicalises an autonomous system number: `64500`, `AS 64500`, `asn64500`, asdot `1.10`.
pub(crate) fn autonomous_system(text: &str) -> Result<Normalised, ObservableError> {
    let lower = text.to_ascii_lowercase();
    let digits = lower.strip_prefix("asn").or_else(|| lower.strip_prefix("as")).unwrap_or(&lower);
    let digits = digits.trim_start_matches([' ', ':']);
    let number = match digits.split_once('.') {
        Some((high, low)) => {
            let (high, low) = (decimal(high)?, decimal(low)?);
            if high > 65_535 || low > 65_535 {
                return Err(ObservableError::AsnRange);
            }
            high.saturating_mul(65_536).saturating_add(low)
        }
        None => decimal(digits)?,
    };
    // RFC 7607, RFC 6793, RFC 7300.
    if matches!(number, 0 | 23_456 | 65_535) || number >= 4_294_967_295 {
        return Err(ObservableError::AsnRange);
    }
    let private = (64_512..=65_534).contains(&number) || number >= 4_200_000_000;
    let documentation = (64_496..=64_511).contains(&number) || (65_536..=65_551).contains(&number);
    Ok(Normalised::plain(Observable::new(Kind::AutonomousSystem, format!("AS{number}")))
        .flag_if(private, Flag::AsnPrivate)
        .flag_if(documentation, Flag::AsnDocumentation))
}

fn decimal(text: &str) -> Result<u64, ObservableError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ObservableError::AsnSyntax);
    }
    text.parse().map_err(|_| ObservableError::AsnRange)
}

/// Canonicalises a phone number to E.164: `+` and 7 to 15 digits.
pub(crate) fn phone(text: &str) -> Result<Normalised, ObservableError> {
    let text = text.trim();
    let body: String = text
        .chars()
        .filter(|character| !matches!(character, ' ' | '(' | ')' | '[' | ']' | '.' | '-' | '/' | '\u{a0}' | '\u{2013}'))
        .collect();
    let (digits, international) = match body.strip_prefix('+').or_else(|| body.strip_prefix("00")) {
        Some(digits) => (digits, true),
        None => (body.as_str(), false),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || digits.is_empty() {
        return Err(ObservableError::PhoneSyntax);
    }
    if !international {
        return Err(ObservableError::PhoneNeedsRegion);
    }
    if !(7..=15).contains(&digits.len()) || digits.starts_with('0') {
        return Err(ObservableError::PhoneSyntax);
    }
    Ok(Normalised::plain(Observable::new(Kind::PhoneNumber, format!("+{digits}"))))
}

/// LIMIT: in characters; account names of mail, chat and directory systems are shorter.
const ACCOUNT_CHARS_MAX: usize = 256;

/// Takes an account name as it is: no rule of case holds for every system.
pub(crate) fn account(text: &str) -> Result<Normalised, ObservableError> {
    if text.is_empty() || text.chars().count() > ACCOUNT_CHARS_MAX || text.chars().any(char::is_control) {
        return Err(ObservableError::AccountSyntax);
    }
    Ok(Normalised::plain(Observable::new(Kind::UserAccount, text.to_owned())))
}
