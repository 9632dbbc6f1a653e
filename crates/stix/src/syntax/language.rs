//! Language tags (RFC 5646, STIX 2.1 §3.2).

use super::unless;
use crate::code::Code;
use crate::tables::registries;

/// Tags registered as a whole before RFC 4646 that have not the form of a tag.
const IRREGULAR: [&str; 17] = [
    "en-GB-oed",
    "i-ami",
    "i-bnn",
    "i-default",
    "i-enochian",
    "i-hak",
    "i-klingon",
    "i-lux",
    "i-mingo",
    "i-navajo",
    "i-pwn",
    "i-tao",
    "i-tay",
    "i-tsu",
    "sgn-BE-FR",
    "sgn-BE-NL",
    "sgn-CH-DE",
];

/// What the last subtag was; each is followed by one as late or later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Language,
    Script,
    Region,
    Variant,
    Extension,
    Private,
}

/// Checks a language tag: well formed by RFC 5646 §2.1, and its primary subtag registered or for private use.
///
/// Case does not matter. Subtags behind the primary one are looked at for their form only.
pub fn language(text: &str) -> Option<Code> {
    unless(is_language_tag(text), Code::E123)
}

/// Checks a language of `software.languages`: a language tag, or a code of ISO 639-2 for what has two letters in a tag.
pub fn software_language(text: &str) -> Option<Code> {
    match language(text) {
        Some(_) if registries::ISO_639_2.has_ignoring_case(text) => Some(Code::W630),
        found => found,
    }
}

fn is_language_tag(text: &str) -> bool {
    let mut subtags = text.split('-');
    let primary = subtags.next().unwrap_or_default();
    if primary.eq_ignore_ascii_case("x") {
        return is_tail(subtags, Stage::Private, 0, true);
    }
    is_registered(primary) && is_tail(subtags, Stage::Language, 3, false)
        || IRREGULAR.iter().any(|tag| tag.eq_ignore_ascii_case(text))
}

fn is_registered(primary: &str) -> bool {
    let private = matches!(
        primary.as_bytes(),
        [b'q' | b'Q', second, third]
            if matches!(second.to_ascii_lowercase(), b'a'..=b't') && third.is_ascii_alphabetic()
    );
    private || matches!(primary.len(), 2 | 3) && registries::LANGUAGES.has_ignoring_case(primary)
}

/// Tells whether subtags may follow in this order; `open` is whether a singleton still waits for what it announces.
fn is_tail<'a>(subtags: impl Iterator<Item = &'a str>, from: Stage, mut extended: u8, mut open: bool) -> bool {
    let mut stage = from;
    for subtag in subtags {
        let bytes = subtag.as_bytes();
        if !(1..=8).contains(&bytes.len()) || !bytes.iter().all(u8::is_ascii_alphanumeric) {
            return false;
        }
        let letters = bytes.iter().all(u8::is_ascii_alphabetic);
        let digits = bytes.iter().all(u8::is_ascii_digit);
        stage = match bytes {
            _ if stage == Stage::Private => {
                open = false;
                Stage::Private
            }
            [single] if !open => {
                open = true;
                if matches!(single, b'x' | b'X') { Stage::Private } else { Stage::Extension }
            }
            [_] => return false,
            _ if stage == Stage::Extension => {
                open = false;
                Stage::Extension
            }
            [_, _, _] if letters && stage == Stage::Language && extended > 0 => {
                extended = extended.saturating_sub(1);
                Stage::Language
            }
            [_, _, _, _] if letters && stage < Stage::Script => Stage::Script,
            [_, _] if letters && stage < Stage::Region => Stage::Region,
            [_, _, _] if digits && stage < Stage::Region => Stage::Region,
            [b'0'..=b'9', _, _, _] => Stage::Variant,
            [_, _, _, _, _, ..] => Stage::Variant,
            _ => return false,
        };
    }
    !open
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tags_of_rfc_5646_are_taken() {
        // Appendix A, those of them that are well formed.
        for tag in [
            "de",
            "fr",
            "ja",
            "i-enochian",
            "zh-Hant",
            "zh-Hans",
            "sr-Cyrl",
            "sr-Latn",
            "zh-cmn-Hans-CN",
            "cmn-Hans-CN",
            "zh-yue-HK",
            "yue-HK",
            "zh-Hans-CN",
            "sr-Latn-RS",
            "sl-rozaj",
            "sl-rozaj-biske",
            "sl-nedis",
            "de-CH-1901",
            "sl-IT-nedis",
            "hy-Latn-IT-arevela",
            "de-DE",
            "en-US",
            "es-419",
            "de-CH-x-phonebk",
            "az-Arab-x-AZE-derbend",
            "x-whatever",
            "qaa-Qaaa-QM-x-southern",
            "de-Qaaa",
            "sr-Latn-QM",
            "sr-Qaaa-RS",
            "en-US-u-islamcal",
            "zh-CN-a-myext-x-private",
            "en-a-myext-b-another",
            "ar-a-aaa-b-bbb-a-ccc",
            // Others: case, three letters, what was registered as a whole, private use.
            "DE-at",
            "ZH-HANT",
            "gsw",
            "ger-x-a",
            "en-GB-oed",
            "I-KLINGON",
            "sgn-be-fr",
            "art-lojban",
            "zh-min-nan",
            "zh-gan-min-nan",
            "qaa",
            "qtz",
            "x-a-b-c",
            "de-1996",
            "de-x-1",
            "en-a-bb",
            "mul",
            "und",
            "zxx",
            "gem",
        ] {
            let expected = (tag == "ger-x-a").then_some(Code::E123);
            assert_eq!(language(tag), expected, "{tag}");
        }
    }

    #[test]
    fn other_tags_are_refused() {
        for tag in [
            "",
            "-",
            "d",
            "de-",
            "-de",
            "de--AT",
            "de_AT",
            "english",
            "german",
            "eng",
            "deu",
            "xq",
            "qua-",
            "qua1",
            "qu1",
            "qtza",
            "qua-a",
            "a-DE",
            "de-419-DE",
            "de-DE-DE",
            "de-Latn-Latn",
            "de-DE-Latn",
            "de-a",
            "de-a-x",
            "de-x",
            "x",
            "x-",
            "x-123456789",
            "i-unknown",
            "en-GB-oe",
            "zh-aaa-bbb-ccc-ddd",
            "de-abcdefghi",
            "de-12",
            "de-1",
            "de-123a5678-",
            "de-AT-123",
            "de-ä",
            "dé",
            "de AT",
            "abcd",
            "de-a-b-cc",
            "de-a-bb-b-",
        ] {
            assert_eq!(language(tag), Some(Code::E123), "{tag}");
        }
    }

    #[test]
    fn software_may_also_name_a_language_by_three_letters() {
        for (tag, expected) in [
            ("en", None),
            ("gsw", None),
            ("eng", Some(Code::W630)),
            ("deu", Some(Code::W630)),
            ("ger", Some(Code::W630)),
            ("eng-US", Some(Code::E123)),
            ("english", Some(Code::E123)),
            ("xxx", Some(Code::E123)),
        ] {
            assert_eq!(software_language(tag), expected, "{tag}");
        }
    }
}
