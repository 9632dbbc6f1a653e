//! The one way from a value to HTML: escaping, bidirectional isolation, visible control characters.
//!
//! Templates print nothing but through the filters of [`filters`]; a lint in `tests/templates.rs` holds them to
//! that. Each filter returns [`Markup`], which only this module and the charts can make.

use std::fmt::{self, Display, Write as _};

use entente_stix::is_hidden;

/// Holds HTML that this crate wrote itself and that needs no further escaping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Markup(String);

impl Markup {
    /// Takes over a string that is complete and escaped HTML.
    pub(crate) fn from_own(html: String) -> Self {
        Self(html)
    }
}

impl Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Markup {}

/// Says how a control character is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Show {
    /// In running text: a box with the code point.
    Box,
    /// In a block of preformatted text: the same, but line feed and tab keep their meaning.
    Block,
    /// In an attribute, a title or an SVG text: the code point in angle brackets.
    Plain,
}

fn push(out: &mut String, text: &str, show: Show) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' if show == Show::Block => out.push(c),
            c if is_hidden(c) => push_hidden(out, c, show),
            c => out.push(c),
        }
    }
}

fn push_hidden(out: &mut String, c: char, show: Show) {
    let code = u32::from(c);
    // Writing to a string cannot fail.
    let _ = match show {
        Show::Box | Show::Block => write!(out, "<span class=\"hidden-char\">U+{code:04X}</span>"),
        Show::Plain => write!(out, "&lt;U+{code:04X}&gt;"),
    };
}

/// Escapes text for an attribute or an SVG text element.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    push(&mut out, text, Show::Plain);
    out
}

/// Makes a technical token: an address, name, hash, id, key, number with unit.
///
/// It is isolated and left to right whatever the language of the page is.
pub(crate) fn token(text: &str) -> Markup {
    let mut out = String::with_capacity(text.len() + 40);
    out.push_str("<bdi dir=\"ltr\" class=\"t\">");
    push(&mut out, text, Show::Box);
    out.push_str("</bdi>");
    Markup(out)
}

/// Makes free text from outside: isolated, its own direction.
pub(crate) fn free(text: &str) -> Markup {
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str("<bdi>");
    push(&mut out, text, Show::Box);
    out.push_str("</bdi>");
    Markup(out)
}

/// Makes a sentence this node composed: escaped, control characters visible.
pub(crate) fn prose(text: &str) -> Markup {
    let mut out = String::with_capacity(text.len() + 8);
    push(&mut out, text, Show::Box);
    Markup(out)
}

/// Makes a sentence about agreements: what the catalogues set apart by U+2068 and U+2069, and what stands in back quotes,
/// becomes an element of its own, so that names and dates read in their own direction (console.md section 9.3).
pub(crate) fn sentence(text: &str) -> Markup {
    let mut out = String::with_capacity(text.len() + text.len() / 2);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(ISOLATE) {
        let Some((token, later)) = after.split_once(END_OF_ISOLATE) else { break };
        push_quoted(&mut out, before);
        let turns = token.chars().any(is_right_to_left);
        out.push_str(if turns { "<bdi>" } else { "<bdi dir=\"ltr\">" });
        push_quoted(&mut out, token);
        out.push_str("</bdi>");
        rest = later;
    }
    push_quoted(&mut out, rest);
    Markup(out)
}

const ISOLATE: char = '\u{2068}';
const END_OF_ISOLATE: char = '\u{2069}';

/// Escapes text in which back quotes stand around codes.
fn push_quoted(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((code, later)) = after.split_once('`') else { break };
        push(out, before, Show::Box);
        out.push_str("<bdi dir=\"ltr\" class=\"t\">");
        push(out, code, Show::Box);
        out.push_str("</bdi>");
        rest = later;
    }
    push(out, rest, Show::Box);
}

/// Tells whether a character belongs to a script that is written from right to left.
const fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// Makes the content of a `<pre>`: as [`prose`], but line feeds and tabs stay.
pub(crate) fn block(text: &str) -> Markup {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    push(&mut out, text, Show::Block);
    Markup(out)
}

/// Makes a `<time>` element of an RFC 3339 instant in UTC; the text shown has whole seconds.
///
/// Anything that does not look like such an instant becomes a [`token`].
pub(crate) fn time(text: &str) -> Markup {
    let fits = text.len() >= 20
        && text.len() <= 32
        && text.ends_with('Z')
        && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b':' | b'.' | b'T' | b'Z'));
    match (fits, text.get(..10), text.get(11..19)) {
        (true, Some(day), Some(clock)) => {
            Markup(format!("<time datetime=\"{text}\"><bdi dir=\"ltr\" class=\"t\">{day} {clock}Z</bdi></time>"))
        }
        _ => token(text),
    }
}

/// Makes a count with thousands separators.
pub(crate) fn count(text: &str) -> Markup {
    let mut out = String::with_capacity(text.len() + text.len() / 3 + 40);
    out.push_str("<bdi dir=\"ltr\" class=\"n\">");
    out.push_str(&grouped(text));
    out.push_str("</bdi>");
    Markup(out)
}

/// Writes a decimal number in groups of three digits; other text is escaped and left as it is.
pub(crate) fn grouped(digits: &str) -> String {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return plain(digits);
    }
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Makes one segment of a path of ours: everything but unreserved characters is percent-encoded (RFC 3986 §2.3).
pub(crate) fn segment(text: &str) -> Markup {
    Markup(percent_encoding::utf8_percent_encode(text, &SEGMENT).to_string())
}

/// Makes one word of a command line for a POSIX shell: quoted unless every character is plain.
///
/// Command lines are there to be copied, and a link can bring what was asked for.
pub(crate) fn shell(text: &str) -> Markup {
    let is_plain =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':' | b'/' | b'@' | b'%' | b'+' | b'=');
    if !text.is_empty() && text.bytes().all(is_plain) {
        return prose(text);
    }
    prose(&format!("'{}'", text.replace('\'', "'\\''")))
}

/// What is left as it is in a path segment or a query value.
const SEGMENT: percent_encoding::AsciiSet =
    percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The filters of the templates. Everything a template prints goes through exactly one of them.
#[expect(unreachable_pub, reason = "the macro of the template engine makes its items `pub`")]
pub(crate) mod filters {
    use super::{Markup, plain as plain_text};
    use askama::{Result, Values};
    use std::fmt::Display;

    /// A technical token, isolated and left to right.
    #[askama::filter_fn]
    pub(crate) fn token<T: Display>(value: T, _: &dyn Values) -> Result<Markup> {
        Ok(super::token(&value.to_string()))
    }

    /// Free text from outside, isolated.
    #[askama::filter_fn]
    pub(crate) fn free<T: Display>(value: T, _: &dyn Values) -> Result<Markup> {
        Ok(super::free(&value.to_string()))
    }

    /// A sentence this node composed.
    #[askama::filter_fn]
    pub(crate) fn prose<T: Display>(value: T, _: &dyn Values) -> Result<Markup> {
        Ok(super::prose(&value.to_string()))
    }

    /// A sentence about agreements, with its names and codes set apart.
    #[askama::filter_fn]
    pub(crate) fn sentence<T: Display>(value: T, _: &dyn Values) -> Result<Markup> {
        Ok(super::sentence(&value.to_string()))
    }

    /// Preformatted text.
    #[askama::filter_fn]
    pub(crate) fn block<T: Display>(value: T, _: &dyn Values) -> Result<Markup> {
        Ok(super::block(&value.to_string()))
    }

    /// An instant.
    #[askama::filter_fn]
    pub(crate) fn time<T: Display>(value: T, _: &dyn Values) -> Result<Markup> {
        Ok(super::time(&value.to_string()))
    }

    /// A count.
    #[askama::filter_fn]
    pub(crate) fn count<T: Display>(value: T, _: &dyn Values) -> Result<Markup> {
        Ok(super::count(&value.to_string()))
    }

    /// A value inside an attribute.
    #[askama::filter_fn]
    pub(crate) fn attribute<T: Display>(value: T, _: &dyn Values) -> Result<Markup> {
        Ok(Markup(plain_text(&value.to_string())))
    }

    /// A word of a command line.
    #[askama::filter_fn]
    pub(crate) fn shell<T: Display>(value: T, _: &dyn Values) -> Result<Markup> {
        Ok(super::shell(&value.to_string()))
    }

    /// A segment of one of our own paths, or a value in its query.
    #[askama::filter_fn]
    pub(crate) fn segment<T: Display>(value: T, _: &dyn Values) -> Result<Markup> {
        Ok(super::segment(&value.to_string()))
    }

    /// The content of a `<textarea>` or the value of an input: escaped, and as it was typed.
    ///
    /// Only invisible characters other than line ends and tabs are left out: a box cannot be shown inside a field, and
    /// a link can bring text that nobody typed.
    #[askama::filter_fn]
    pub(crate) fn typed<T: Display>(value: T, _: &dyn Values) -> Result<Markup> {
        let text = value.to_string();
        let mut out = String::with_capacity(text.len() + 8);
        for c in text.chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                '\n' | '\r' | '\t' => out.push(c),
                c if super::is_hidden(c) => {}
                c => out.push(c),
            }
        }
        Ok(Markup(out))
    }

    /// HTML made by a chart or by one of the small parts of `parts.rs`.
    #[askama::filter_fn]
    pub(crate) fn own(value: &Markup, _: &dyn Values) -> Result<Markup> {
        Ok(value.clone())
    }

    /// A marking band: text, shape and colour.
    #[askama::filter_fn]
    pub(crate) fn marking<T: Display>(value: T, _: &dyn Values) -> Result<Markup> {
        Ok(crate::parts::marking(&value.to_string()))
    }

    /// What a target is: role or verdict as a word with a shape.
    #[askama::filter_fn]
    pub(crate) fn role<T: Display>(value: T, _: &dyn Values) -> Result<Markup> {
        Ok(crate::parts::role(&value.to_string()))
    }

    /// The state of an agreement as a word with a shape.
    #[askama::filter_fn]
    pub(crate) fn state<T: Display>(value: T, _: &dyn Values) -> Result<Markup> {
        Ok(crate::parts::state(&value.to_string()))
    }

    /// How one text stands to another, or which way a difference points, as a word with a shape.
    #[askama::filter_fn]
    pub(crate) fn relation<T: Display>(value: T, _: &dyn Values) -> Result<Markup> {
        Ok(crate::parts::relation(&value.to_string()))
    }

    /// What happened to an agreement, in words.
    #[askama::filter_fn]
    pub(crate) fn happening<T: Display>(value: T, _: &dyn Values) -> Result<Markup> {
        Ok(super::prose(crate::parts::happening(&value.to_string())))
    }

    /// Why objects were taken back, or what is to be done with them, in words.
    #[askama::filter_fn]
    pub(crate) fn recall_words<T: Display>(value: T, _: &dyn Values) -> Result<Markup> {
        Ok(super::prose(crate::parts::recall_words(&value.to_string())))
    }

    /// A country: code and name.
    #[askama::filter_fn]
    pub(crate) fn country<T: Display>(value: T, _: &dyn Values) -> Result<Markup> {
        Ok(crate::parts::country(&value.to_string()))
    }

    /// A confidence: number and bar.
    #[askama::filter_fn]
    pub(crate) fn confidence<T: Display>(value: T, _: &dyn Values) -> Result<Markup> {
        Ok(crate::parts::confidence(&value.to_string()))
    }

    /// A reason code.
    #[askama::filter_fn]
    pub(crate) fn reason<T: Display>(value: T, _: &dyn Values) -> Result<Markup> {
        Ok(crate::parts::reason(&value.to_string()))
    }

    /// What a reason code says, in words.
    #[askama::filter_fn]
    pub(crate) fn reason_words<T: Display>(value: T, _: &dyn Values) -> Result<Markup> {
        Ok(super::prose(crate::reasons::sentence(&value.to_string()).unwrap_or_default()))
    }

    /// The short form of an object id, for the text of a link.
    #[askama::filter_fn]
    pub(crate) fn short_id<T: Display>(value: T, _: &dyn Values) -> Result<Markup> {
        Ok(crate::parts::short_id(&value.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::{block, count, plain, prose, segment, sentence, shell, time, token};

    #[test]
    fn a_token_is_isolated_and_left_to_right() {
        assert_eq!(token("2026-11-01").to_string(), "<bdi dir=\"ltr\" class=\"t\">2026-11-01</bdi>");
    }

    #[test]
    fn abuse_a26_markup_in_a_value_is_text() {
        let shown = token("\"><img src=x onerror=alert(1)>'").to_string();
        assert!(!shown.contains("<img"), "{shown}");
        assert_eq!(shown, "<bdi dir=\"ltr\" class=\"t\">&quot;&gt;&lt;img src=x onerror=alert(1)&gt;&#39;</bdi>");
    }

    #[test]
    fn abuse_a26_direction_and_zero_width_characters_are_visible() {
        for hidden in ["\u{202e}", "\u{2066}", "\u{200b}", "\u{200f}", "\u{61c}", "\u{feff}", "\u{0}", "\u{1b}"] {
            let code = format!("U+{:04X}", u32::from(hidden.chars().next().unwrap()));
            for shown in [token(hidden), prose(hidden), block(hidden)] {
                let shown = shown.to_string();
                assert!(shown.contains(&code) && !shown.contains(hidden), "{shown:?}");
            }
            assert_eq!(plain(hidden), format!("&lt;{code}&gt;"));
        }
    }

    #[test]
    fn abuse_a26_a_word_of_a_command_line_cannot_become_another_command() {
        assert_eq!(shell("198.51.100.25").to_string(), "198.51.100.25");
        for hostile in ["; id", "$(id)", "`id`", "a b", "|id", "&& id", "~", "*", "\\", "\"", "\n"] {
            let word = shell(hostile).to_string();
            assert!(word.starts_with("&#39;") && word.ends_with("&#39;"), "{word}");
        }
        assert_eq!(shell("'; id '").to_string(), "&#39;&#39;\\&#39;&#39;; id &#39;\\&#39;&#39;&#39;");
    }

    #[test]
    fn what_a_sentence_sets_apart_becomes_an_element_and_codes_read_left_to_right() {
        assert_eq!(
            sentence("من \u{2068}2026-01-01\u{2069} و\u{2068}المركز\u{2069}: `c2-out`").to_string(),
            "من <bdi dir=\"ltr\">2026-01-01</bdi> و<bdi>المركز</bdi>: <bdi dir=\"ltr\" class=\"t\">c2-out</bdi>"
        );
    }

    #[test]
    fn abuse_a26_an_isolate_that_nobody_closed_is_visible_and_markup_in_a_sentence_is_text() {
        let shown = sentence("a \u{2068}b `<img src=x> \u{2068}\u{202e}").to_string();
        assert_eq!(
            shown,
            "a <span class=\"hidden-char\">U+2068</span>b `&lt;img src=x&gt; <span class=\"hidden-char\">U+2068</span>\
             <span class=\"hidden-char\">U+202E</span>"
        );
        assert_eq!(sentence("`<b>`").to_string(), "<bdi dir=\"ltr\" class=\"t\">&lt;b&gt;</bdi>");
    }

    #[test]
    fn line_feeds_stay_in_a_block_only() {
        assert_eq!(block("a\n\tb").to_string(), "a\n\tb");
        assert!(prose("a\nb").to_string().contains("U+000A"));
    }

    #[test]
    fn a_time_shows_whole_seconds_and_keeps_the_instant() {
        assert_eq!(
            time("2026-11-24T06:00:00.000001Z").to_string(),
            "<time datetime=\"2026-11-24T06:00:00.000001Z\"><bdi dir=\"ltr\" class=\"t\">2026-11-24 06:00:00Z</bdi></time>"
        );
        assert!(!time("2026-11-24T06:00\"onclick=x").to_string().contains("<time"));
    }

    #[test]
    fn counts_are_grouped_by_three() {
        assert!(count("0").to_string().contains(">0<"));
        assert!(count("999").to_string().contains(">999<"));
        assert!(count("1204").to_string().contains(">1,204<"));
        assert!(count("1234567").to_string().contains(">1,234,567<"));
    }

    #[test]
    fn a_segment_cannot_leave_its_place_in_the_path() {
        assert_eq!(segment("../a/b?c#d").to_string(), "..%2Fa%2Fb%3Fc%23d");
        assert_eq!(
            segment("indicator--7d0b8f5e-6c35-5b0f-9a58-0f2f6d9b1c01").to_string(),
            "indicator--7d0b8f5e-6c35-5b0f-9a58-0f2f6d9b1c01"
        );
    }
}
