//! `LIKE`: `%` is any run of characters, `_` any one (STIX 2.1 §9.6.1).

use memchr::memmem::Finder;
use unicode_normalization::UnicodeNormalization;

use super::Meter;
use super::error::OutOfSteps;

/// Steps per byte of value and pattern that are not counted, so that only real back-tracking spends the budget.
const FREE_STEPS: usize = 16;
/// Values below this size are searched place by place.
const SHORT_BYTES: usize = 64;

/// A pattern in NFC: what stands between its runs. Without a run it is one segment.
#[derive(Debug)]
pub(crate) struct Like {
    first: Segment,
    middle: Box<[Segment]>,
    /// None where the pattern has no run.
    last: Option<Segment>,
    size_bytes: usize,
}

/// Characters and `_`.
#[derive(Debug)]
enum Segment {
    /// Without `_`, which is found as text.
    Literal(Box<str>, Box<Finder<'static>>),
    /// None for `_`.
    Mixed(Box<[Option<char>]>),
}

/// Steps of one comparison.
struct Work<'a> {
    free: usize,
    meter: &'a mut Meter,
}

impl Work<'_> {
    fn step(&mut self) -> Result<(), OutOfSteps> {
        match self.free.checked_sub(1) {
            Some(left) => {
                self.free = left;
                Ok(())
            }
            None => self.meter.spend(1),
        }
    }
}

impl Like {
    pub(crate) fn new(text: &str) -> Self {
        let normal: String = text.nfc().collect();
        let mut segments: Vec<Segment> = normal.split('%').map(Segment::new).collect();
        let last = if segments.len() > 1 { segments.pop() } else { None };
        let mut segments = segments.into_iter();
        let first = segments.next().unwrap_or(Segment::new(""));
        // Two runs in a row are one.
        let middle = segments.filter(|segment| !segment.is_empty()).collect();
        Self { first, middle, last, size_bytes: normal.len() }
    }

    /// Tells whether the whole of a text in NFC fits.
    ///
    /// Each segment between two runs is taken where it comes first, which leaves the most to the others.
    pub(crate) fn fits_text(&self, text: &str, meter: &mut Meter) -> Result<bool, OutOfSteps> {
        let mut work = Work { free: text.len().saturating_add(self.size_bytes).saturating_mul(FREE_STEPS), meter };
        let Some(mut rest) = self.first.after_start(text, &mut work)? else {
            return Ok(false);
        };
        let Some(last) = &self.last else {
            return Ok(rest.is_empty());
        };
        for segment in &self.middle {
            match segment.after_first(rest, &mut work)? {
                Some(after) => rest = after,
                None => return Ok(false),
            }
        }
        last.is_end_of(rest, &mut work)
    }

    /// Tells whether the octets fit, read as U+0000 to U+00FF.
    pub(crate) fn fits_octets(&self, octets: &[u8], meter: &mut Meter) -> Result<bool, OutOfSteps> {
        let text: String = octets.iter().map(|octet| char::from(*octet)).collect();
        self.fits_text(&text, meter)
    }
}

impl Segment {
    fn new(text: &str) -> Self {
        if text.contains('_') {
            Self::Mixed(text.chars().map(|character| (character != '_').then_some(character)).collect())
        } else {
            Self::Literal(text.into(), Box::new(Finder::new(text).into_owned()))
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Literal(text, _) if text.is_empty())
    }

    /// Returns what follows if the text begins with the segment.
    fn after_start<'a>(&self, text: &'a str, work: &mut Work<'_>) -> Result<Option<&'a str>, OutOfSteps> {
        // Comparing nothing is not free: the empty text lies at no address, which vector loads take long to find out.
        if self.is_empty() {
            return Ok(Some(text));
        }
        let parts = match self {
            Self::Literal(literal, _) => return Ok(text.strip_prefix(&**literal)),
            Self::Mixed(parts) => parts,
        };
        let mut characters = text.chars();
        for part in parts {
            work.step()?;
            let Some(character) = characters.next() else { return Ok(None) };
            if part.is_some_and(|wanted| wanted != character) {
                return Ok(None);
            }
        }
        Ok(Some(characters.as_str()))
    }

    /// Returns what follows the first place at which the segment stands.
    fn after_first<'a>(&self, text: &'a str, work: &mut Work<'_>) -> Result<Option<&'a str>, OutOfSteps> {
        if let Self::Literal(literal, finder) = self {
            let (text_bytes, bytes) = (text.as_bytes(), literal.as_bytes());
            let at = match bytes.first() {
                // Most values are too short for the preparation of a search to pay.
                Some(first) if text.len() < SHORT_BYTES => {
                    text_bytes.windows(bytes.len()).position(|window| window.first() == Some(first) && window == bytes)
                }
                _ => finder.find(text_bytes),
            };
            let at = at.map(|at| at.saturating_add(literal.len()));
            return Ok(at.and_then(|at| text.get(at..)));
        }
        let mut characters = text.chars();
        loop {
            if let Some(after) = self.after_start(characters.as_str(), work)? {
                return Ok(Some(after));
            }
            if characters.next().is_none() {
                return Ok(None);
            }
        }
    }

    fn is_end_of(&self, text: &str, work: &mut Work<'_>) -> Result<bool, OutOfSteps> {
        if self.is_empty() {
            return Ok(true);
        }
        let parts = match self {
            Self::Literal(literal, _) => return Ok(text.ends_with(&**literal)),
            Self::Mixed(parts) => parts,
        };
        let mut characters = text.chars();
        for part in parts.iter().rev() {
            work.step()?;
            let Some(character) = characters.next_back() else { return Ok(false) };
            if part.is_some_and(|wanted| wanted != character) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, text: &str) -> bool {
        Like::new(pattern).fits_text(text, &mut Meter::new(0)).unwrap()
    }

    #[test]
    fn wildcards_fit_the_whole_value() {
        for (pattern, yes, no) in [
            ("abc", "abc", "abcd"),
            ("a%", "a", "ba"),
            ("%a", "ba", "ab"),
            ("_", "é", ""),
            ("a_c", "a%c", "ac"),
            ("%ab%ab%", "abxab", "aba"),
            ("%%__%", "ab", "a"),
            ("a.c*", "a.c*", "abcc"),
            (r"\%", r"\x", "%x"),
            ("%\n_", "a\nb", "a\n"),
            ("a%b_d", "abbd", "abbcd_"),
            ("", "", "a"),
        ] {
            assert!(fits(pattern, yes), "{pattern} {yes}");
            assert!(!fits(pattern, no), "{pattern} {no}");
        }
        assert!(fits("%", "") && fits("%", "x") && fits("%%", "xy"));
    }

    #[test]
    fn octets_are_characters_up_to_ff() {
        let fits = |pattern: &str, octets: &[u8]| Like::new(pattern).fits_octets(octets, &mut Meter::new(0)).unwrap();
        assert!(fits("_\u{d8}%", &[0xff, 0xd8, 0x00]) && fits("_", &[0xe9]));
        assert!(!fits("\u{100}", "\u{100}".as_bytes()));
    }

    #[test]
    fn backtracking_spends_steps() {
        let like = Like::new(&format!("%{}b%", "_a".repeat(1_000)));
        let text = "a".repeat(20_000);
        assert!(like.fits_text(&text, &mut Meter::new(1_000)).is_err());
    }
}
