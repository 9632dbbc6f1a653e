//! Names of software (NISTIR 7695 §6.2, STIX 2.1 §6.14).

use super::unless;
use crate::code::Code;

/// Components after `cpe:2.3:`.
const COMPONENTS: usize = 11;
/// Position of the language.
const LANGUAGE: usize = 6;

/// Checks a CPE 2.3 formatted string: `cpe:2.3:` and eleven components.
///
/// Components are `*`, `-`, or characters with `\` before every special one; `?` and `*` may stand at either end.
pub fn cpe(text: &str) -> Option<Code> {
    unless(text.strip_prefix("cpe:2.3:").is_some_and(|rest| is_component_list(rest.as_bytes())), Code::E623)
}

fn is_component_list(mut rest: &[u8]) -> bool {
    for position in 0..COMPONENTS {
        let (component, after) = next_component(rest);
        let fits = match position {
            0 => matches!(component, [b'a' | b'h' | b'o' | b'*' | b'-']),
            LANGUAGE => matches!(component, [b'*' | b'-']) || is_language(component),
            _ => matches!(component, [b'*' | b'-']) || is_value(component),
        };
        // The last component has nothing behind it, each other has.
        let last = position.saturating_add(1) == COMPONENTS;
        match after {
            Some(after) if fits && !last => rest = after,
            None if fits && last => return true,
            _ => return false,
        }
    }
    false
}

/// Cuts at the first colon that no `\` stands before.
fn next_component(bytes: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut escaped = false;
    let colon = bytes.iter().position(|&byte| {
        let ends = byte == b':' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    match colon.and_then(|at| bytes.split_at_checked(at)) {
        Some((component, after)) => (component, after.get(1..)),
        None => (bytes, None),
    }
}

/// Tells whether a component is wildcards, at least one character, wildcards.
fn is_value(component: &[u8]) -> bool {
    let mut core = match component {
        [b'*', rest @ ..] => rest,
        _ => leading_questions(component),
    };
    let mut characters = 0_usize;
    loop {
        core = match core {
            [byte, rest @ ..] if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') => rest,
            [b'\\', byte, rest @ ..] if byte.is_ascii_punctuation() && !matches!(byte, b'-' | b'.' | b'_') => rest,
            [] | [b'*'] => return characters > 0,
            [b'?', ..] => return characters > 0 && leading_questions(core).is_empty(),
            _ => return false,
        };
        characters = characters.saturating_add(1);
    }
}

fn leading_questions(mut bytes: &[u8]) -> &[u8] {
    while let [b'?', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

/// Tells whether a component is a language of two or three letters, with or without a region.
fn is_language(component: &[u8]) -> bool {
    let mut parts = component.split(|&byte| byte == b'-');
    let letters = |part: &[u8]| part.iter().all(u8::is_ascii_alphabetic);
    let primary = parts.next().is_some_and(|part| matches!(part.len(), 2 | 3) && letters(part));
    let region = parts.next().is_none_or(|part| match part.len() {
        2 => letters(part),
        3 => part.iter().all(u8::is_ascii_digit),
        _ => false,
    });
    primary && region && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eleven_components_are_taken() {
        for text in [
            "cpe:2.3:a:microsoft:internet_explorer:8.0.6001:beta:*:*:*:*:*:*",
            "cpe:2.3:a:microsoft:internet_explorer:8.*:sp?:*:*:*:*:*:*",
            "cpe:2.3:a:hp:insight_diagnostics:7.4.0.1570:-:*:*:online:win2003:x64:*",
            "cpe:2.3:a:hp:openview_network_manager:7.51:*:*:*:*:linux:*:*",
            "cpe:2.3:a:foo\\\\bar:big\\$money_2010:*:*:*:*:special:ipod_touch:80gb:*",
            "cpe:2.3:o:vendor:a\\:b:1:*:*:de-at:*:*:*:*",
            "cpe:2.3:h:-:*:-:*:-:eng:*:-:*:es-419",
            "cpe:2.3:*:*:*:*:*:*:*:*:*:*:*",
            "cpe:2.3:-:??a??:*a*:1:*:*:*:*:*:*:*",
            "cpe:2.3:a:Vendor:\\*:1:*:*:*:*:*:*:*",
        ] {
            assert_eq!(cpe(text), None, "{text}");
        }
    }

    #[test]
    fn other_counts_and_characters_are_refused() {
        for text in [
            "",
            "cpe:2.3:",
            "cpe:/a:microsoft:internet_explorer:8.0",
            "CPE:2.3:a:v:p:1:*:*:*:*:*:*:*",
            "cpe:2.2:a:v:p:1:*:*:*:*:*:*:*",
            "cpe:2.3:x:v:p:1:*:*:*:*:*:*:*",
            "cpe:2.3:a:v:p:1:*:*:*:*:*:*",
            "cpe:2.3:a:v:p:1:*:*:*:*:*:*:*:*",
            "cpe:2.3:a:v:p:1:*:*:*:*:*:*:*:",
            "cpe:2.3:a::p:1:*:*:*:*:*:*:*",
            "cpe:2.3:a:v p:p:1:*:*:*:*:*:*:*",
            "cpe:2.3:a:v$:p:1:*:*:*:*:*:*:*",
            "cpe:2.3:a:v:p:1\\:*:*:*:*:*:*:*",
            "cpe:2.3:a:v:p:1:*:*:*:*:*:*:\\",
            "cpe:2.3:a:v:p:\\a:*:*:*:*:*:*:*",
            "cpe:2.3:a:v:p:\\.:*:*:*:*:*:*:*",
            "cpe:2.3:a:v:a*b:1:*:*:*:*:*:*:*",
            "cpe:2.3:a:v:a?b:1:*:*:*:*:*:*:*",
            "cpe:2.3:a:v:**:1:*:*:*:*:*:*:*",
            "cpe:2.3:a:v:??:1:*:*:*:*:*:*:*",
            "cpe:2.3:a:v:a?*:1:*:*:*:*:*:*:*",
            "cpe:2.3:a:v:p:1:*:*:german:*:*:*:*",
            "cpe:2.3:a:v:p:1:*:*:de-at-x:*:*:*:*",
            "cpe:2.3:a:vé:p:1:*:*:*:*:*:*:*",
            "cpe:2.3:a:v:p:1:*:*:*:*:*:*:*\n",
        ] {
            assert_eq!(cpe(text), Some(Code::E623), "{text}");
        }
    }
}
