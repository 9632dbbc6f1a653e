//! Small parts that many pages share: marking band, role, state, country, confidence, short id.
//!
//! Each carries its meaning in words and in a shape, never in colour alone.

use crate::countries;
use crate::markup::{Markup, plain};

/// Makes the marking band of an object, for example `TLP:AMBER+STRICT`.
///
/// Colours are those of TLP 2.0 (FIRST, August 2022) on black; the shape differs per level. A word that is no level
/// of TLP or PAP is shown as it is, without a colour.
pub(crate) fn marking(word: &str) -> Markup {
    let (class, shape) = match word {
        "TLP:RED" => ("tlp-red", "■"),
        "TLP:AMBER+STRICT" => ("tlp-amber", "◆"),
        "TLP:AMBER" => ("tlp-amber", "▲"),
        "TLP:GREEN" => ("tlp-green", "●"),
        "TLP:CLEAR" => ("tlp-clear", "○"),
        "PAP:RED" => ("pap", "■"),
        "PAP:AMBER" => ("pap", "▲"),
        "PAP:GREEN" => ("pap", "●"),
        "PAP:CLEAR" => ("pap", "○"),
        _ => ("tlp-none", "?"),
    };
    let text = if word.is_empty() { "unmarked".to_owned() } else { plain(word) };
    Markup::from_own(format!(
        "<span class=\"marking {class}\"><span aria-hidden=\"true\" class=\"shape\">{shape}</span> \
         <bdi dir=\"ltr\">{text}</bdi></span>"
    ))
}

/// Makes the word for what a target is, or for what a check found.
pub(crate) fn role(word: &str) -> Markup {
    let (class, shape, text) = match word {
        "c2" => ("bad", "◉", "C2 server"),
        "phishing" => ("bad", "◈", "Phishing"),
        "compromised" => ("warn", "◐", "Compromised"),
        "malware-distribution" => ("bad", "⬢", "Malware distribution"),
        "scanner" => ("warn", "◎", "Scanner"),
        "benign" => ("good", "✓", "Benign"),
        "unknown" => ("quiet", "–", "Unknown"),
        "other" | "" => ("quiet", "·", "Other"),
        _ => ("quiet", "·", ""),
    };
    let text = if text.is_empty() { plain(word) } else { text.to_owned() };
    Markup::from_own(format!(
        "<span class=\"chip {class}\"><span aria-hidden=\"true\">{shape}</span> <bdi>{text}</bdi></span>"
    ))
}

/// Makes the state of an agreement.
pub(crate) fn state(word: &str) -> Markup {
    let (class, shape) = match word {
        "in-force" | "rules" | "completed" | "valid" | "answered" => ("good", "●"),
        "suspended" => ("warn", "❚❚"),
        "overdue" | "refused" | "halted" | "forked" => ("bad", "▲"),
        "cannot-confirm" | "offered" | "open" => ("warn", "◆"),
        "expired" | "terminated" | "replaced" | "closed" => ("quiet", "■"),
        _ => ("quiet", "○"),
    };
    let text = plain(&word.replace('-', " "));
    Markup::from_own(format!(
        "<span class=\"chip {class}\"><span aria-hidden=\"true\">{shape}</span> <bdi>{text}</bdi></span>"
    ))
}

/// Makes the word for how one text stands to another.
pub(crate) fn relation(word: &str) -> Markup {
    let (class, shape) = match word {
        "equal" => ("good", "＝"),
        "narrower" => ("good", "▼"),
        "broader" => ("bad", "▲"),
        "incomparable" => ("warn", "◆"),
        _ => ("quiet", "○"),
    };
    Markup::from_own(format!(
        "<span class=\"chip {class}\"><span aria-hidden=\"true\">{shape}</span> <bdi>{}</bdi></span>",
        plain(word)
    ))
}

/// Says what happened to an agreement.
pub(crate) fn happening(word: &str) -> &str {
    match word {
        "countersigned" => "Signed by every party",
        "amended" => "Amended: signed by every party",
        "begins" => "In force",
        "ends" => "Ends",
        "suspended" => "Suspended",
        "resumed" => "Resumed",
        "terminated" => "Termination declared",
        "consented" => "Consent to onward release given",
        "consent-withdrawn" => "Consent withdrawn",
        other => other,
    }
}

/// Says why objects were taken back, or what is to be done with them.
pub(crate) fn recall_words(word: &str) -> &str {
    match word {
        "agreement-ended" => "agreement ended",
        "consent-withdrawn" => "consent withdrawn",
        "legal" => "ordered by law",
        "marking-raised" => "marking raised",
        "membership-change" => "membership changed",
        "stale" => "no longer holds",
        "wrong" => "was wrong",
        "delete" => "deleted everywhere",
        "stop-use" => "kept under seal",
        _ if word.starts_with("raise:") => "treated as marked so",
        other => other,
    }
}

/// Makes a country: the code as a token, the English name beside it.
pub(crate) fn country(code: &str) -> Markup {
    match (code, countries::name(code)) {
        ("", _) => Markup::from_own("<span class=\"muted\">–</span>".to_owned()),
        ("ZZ", _) => Markup::from_own("<span class=\"muted\">unknown</span>".to_owned()),
        (code, Some(name)) => Markup::from_own(format!(
            "<span class=\"country\"><bdi dir=\"ltr\" class=\"t\">{}</bdi> {}</span>",
            plain(code),
            plain(name)
        )),
        (code, None) => crate::markup::token(code),
    }
}

/// Makes a confidence of 0 to 100: the number, and a bar for the eye.
pub(crate) fn confidence(number: &str) -> Markup {
    let value = number.parse::<u8>().unwrap_or(0).min(100);
    // LIMIT: 100 × 40 / 100 = 40 pixels.
    let width = u32::from(value) * 40 / 100;
    Markup::from_own(format!(
        "<span class=\"confidence\"><bdi dir=\"ltr\" class=\"n\">{value}</bdi> \
         <svg class=\"meter\" width=\"40\" height=\"6\" viewBox=\"0 0 40 6\" aria-hidden=\"true\" focusable=\"false\">\
         <rect class=\"meter-ground\" width=\"40\" height=\"6\" rx=\"1\"/>\
         <rect class=\"meter-fill\" width=\"{width}\" height=\"6\" rx=\"1\"/></svg></span>"
    ))
}

/// Makes a reason code; what it says in words rests behind it.
pub(crate) fn reason(code: &str) -> Markup {
    match crate::reasons::sentence(code) {
        Some(words) => {
            Markup::from_own(format!("<bdi dir=\"ltr\" class=\"t\" title=\"{}\">{}</bdi>", plain(words), plain(code)))
        }
        None => crate::markup::token(code),
    }
}

/// Makes the text of a link to an object: its type and the first eight digits of its id.
pub(crate) fn short_id(id: &str) -> Markup {
    let short = match id.split_once("--") {
        Some((object_type, uuid)) => {
            format!("{object_type} {}", uuid.get(..8).unwrap_or(uuid))
        }
        None => id.to_owned(),
    };
    crate::markup::token(&short)
}

#[cfg(test)]
mod tests {
    use super::{confidence, country, marking, short_id, state};

    #[test]
    fn a_marking_says_its_level_in_words_and_in_a_shape() {
        for (word, shape) in
            [("TLP:CLEAR", "○"), ("TLP:GREEN", "●"), ("TLP:AMBER", "▲"), ("TLP:AMBER+STRICT", "◆"), ("TLP:RED", "■")]
        {
            let band = marking(word).to_string();
            assert!(band.contains(word) && band.contains(shape), "{band}");
        }
    }

    #[test]
    fn an_unknown_marking_has_no_colour_and_is_escaped() {
        let band = marking("TLP:<b>").to_string();
        assert!(band.contains("tlp-none") && band.contains("TLP:&lt;b&gt;"), "{band}");
        assert!(marking("").to_string().contains("unmarked"));
    }

    #[test]
    fn a_confidence_above_the_scale_stays_inside_its_bar() {
        assert!(confidence("250").to_string().contains("width=\"40\" height=\"6\" rx=\"1\"/></svg>"));
        assert!(confidence("x").to_string().contains(">0<"));
    }

    #[test]
    fn small_states_have_names() {
        for code in ["SG", "MT", "BH", "MU", "LU", "IS", "CY", "LI", "XK"] {
            assert!(country(code).to_string().contains("</bdi> "), "{code}");
        }
        assert!(country("ZZ").to_string().contains("unknown"));
    }

    #[test]
    fn short_ids_and_states_read_as_words() {
        assert!(
            short_id("indicator--7d0b8f5e-6c35-5b0f-9a58-0f2f6d9b1c01").to_string().contains(">indicator 7d0b8f5e<")
        );
        assert!(state("in-force").to_string().contains("in force"));
    }
}
