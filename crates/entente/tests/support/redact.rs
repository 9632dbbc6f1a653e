//! Text without what differs from run to run: times, ids, ports, keys, digests.

use std::time::{SystemTime, UNIX_EPOCH};

/// Replaces times, ids, ports, keys and digests by what they are.
pub(crate) fn redacted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let at_start = first == '+' || !out.ends_with(|c: char| c.is_ascii_alphanumeric());
        match at_start.then(|| found(rest)).flatten() {
            Some((size, name)) => {
                out.push_str(name);
                rest = &rest[size..];
            }
            None => {
                out.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    out
}

/// Size and name of what the text starts with.
fn found(text: &str) -> Option<(usize, &'static str)> {
    let (size, name) = match_instant(text)
        .or_else(|| run(text, is_hex, 64, 64).map(|size| (size, "[sha256]")))
        .or_else(|| match_uuid(text).map(|size| (size, "[uuid]")))
        .or_else(|| match_port(text))
        .or_else(|| match_pseudonym(text))
        .or_else(|| match_key(text))
        .or_else(|| match_base64(text).map(|size| (size, "[base64]")))
        .or_else(|| match_token(text))
        .or_else(|| match_bytes(text))?;
    Some((size, name))
}

fn is_hex(b: u8) -> bool {
    b.is_ascii_digit() || (b'a'..=b'f').contains(&b)
}

fn is_base64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"+/=".contains(&b)
}

fn is_base64_url(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-_".contains(&b)
}

/// Length of the run of such bytes, if it is within the bounds.
fn run(text: &str, is: fn(u8) -> bool, least: usize, most: usize) -> Option<usize> {
    let size = text.bytes().take_while(|b| is(*b)).count();
    (size >= least && size <= most).then_some(size)
}

/// `9` stands for a digit, anything else for itself.
fn shape(text: &str, shape: &str) -> Option<usize> {
    let fits = text.len() >= shape.len()
        && text.bytes().zip(shape.bytes()).all(|(b, s)| if s == b'9' { b.is_ascii_digit() } else { b == s });
    fits.then_some(shape.len())
}

fn match_instant(text: &str) -> Option<(usize, &'static str)> {
    let day = shape(text, "9999-99-99")?;
    let Some(time) = shape(&text[day..], "T99:99:99") else { return Some((day, "[day]")) };
    let rest = &text[day + time..];
    let fraction = rest.strip_prefix('.').map_or(0, |f| 1 + f.bytes().take_while(u8::is_ascii_digit).count());
    rest[fraction..].starts_with('Z').then_some((day + time + fraction + 1, "[time]"))
}

fn match_uuid(text: &str) -> Option<usize> {
    let mut at = 0;
    for (part, size) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        let bytes = text.as_bytes().get(at..at + size)?;
        if !bytes.iter().all(|b| is_hex(*b)) {
            return None;
        }
        at += size;
        if part < 4 {
            (text.as_bytes().get(at) == Some(&b'-')).then_some(())?;
            at += 1;
        }
    }
    Some(at)
}

fn match_port(text: &str) -> Option<(usize, &'static str)> {
    let rest = text.strip_prefix("127.0.0.1:")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    (digits > 1).then_some(("127.0.0.1:".len() + digits, "127.0.0.1:[port]"))
}

fn match_pseudonym(text: &str) -> Option<(usize, &'static str)> {
    let base32 = |b: u8| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b);
    for (prefix, name) in [("victim-", "victim-[pseudonym]"), ("party-", "party-[pseudonym]")] {
        if let Some(rest) = text.strip_prefix(prefix) {
            return run(rest, base32, 26, 26).map(|size| (prefix.len() + size, name));
        }
    }
    None
}

/// A long run of base64, but not one that begins with the name of a key.
fn match_base64(text: &str) -> Option<usize> {
    let size = run(text, is_base64, 40, 4_000)?;
    let named = text[..size].match_indices('+').any(|(at, _)| match_key(&text[at..]).is_some());
    (!named).then_some(size)
}

/// The part `+<key id>+<key>` of a verifier key.
fn match_key(text: &str) -> Option<(usize, &'static str)> {
    let rest = text.strip_prefix('+')?;
    let id = run(rest, is_hex, 8, 8)?;
    let key = run(rest.get(id + 1..)?, is_base64, 40, 60)?;
    Some((1 + id + 1 + key, "+[key]"))
}

/// Id of a token: the party and eight characters.
fn match_token(text: &str) -> Option<(usize, &'static str)> {
    for (prefix, name) in [("northtel.", "northtel.[token]"), ("fusion.", "fusion.[token]"), ("own.", "own.[token]")] {
        if let Some(rest) = text.strip_prefix(prefix) {
            return run(rest, is_base64_url, 8, 8).map(|size| (prefix.len() + size, name));
        }
    }
    None
}

/// A size: signatures and pseudonyms have no fixed length.
fn match_bytes(text: &str) -> Option<(usize, &'static str)> {
    let digits = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b',').count();
    if let Some(rest) = text.strip_prefix("bytes\":") {
        return run(rest, |b| b.is_ascii_digit(), 1, 20).map(|size| ("bytes\":".len() + size, "bytes\":[n]"));
    }
    (digits > 0 && text[digits..].starts_with(" bytes")).then_some((digits, "[n]"))
}

/// Today in UTC, `YYYY-MM-DD` (the algorithm of `days_from_civil`, reversed).
pub(crate) fn today() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs();
    let days = i64::try_from(seconds / 86_400).expect("days") + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}
