//! `LIKE`: `%` is any run of characters, `_` any one (STIX 2.1 §9.6.1).

use unicode_normalization::UnicodeNormalization;

use super::Meter;
use super::error::OutOfSteps;

/// Steps per character of value and pattern that are not counted, so that only real back-tracking spends the budget.
const FREE_STEPS: usize = 16;

/// A pattern in NFC.
#[derive(Debug)]
pub(crate) struct Like {
    parts: Box<[Part]>,
    /// What comes before the first wildcard, which most values fail on.
    prefix: Box<str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Run,
    One,
    Literal(char),
}

impl Like {
    pub(crate) fn new(text: &str) -> Self {
        let mut parts: Vec<Part> = text
            .nfc()
            .map(|character| match character {
                '%' => Part::Run,
                '_' => Part::One,
                _ => Part::Literal(character),
            })
            .collect();
        parts.dedup_by(|next, previous| *next == Part::Run && *previous == Part::Run);
        let prefix: String = parts
            .iter()
            .map_while(|part| match part {
                Part::Literal(character) => Some(*character),
                _ => None,
            })
            .collect();
        Self { parts: parts.into_boxed_slice(), prefix: prefix.into_boxed_str() }
    }

    /// Tells whether the whole of a text in NFC fits.
    pub(crate) fn fits_text(&self, text: &str, meter: &mut Meter) -> Result<bool, OutOfSteps> {
        if !text.starts_with(&*self.prefix) {
            return Ok(false);
        }
        self.fits(text.chars(), text.len(), meter)
    }

    /// Tells whether the octets fit, read as U+0000 to U+00FF.
    pub(crate) fn fits_octets(&self, octets: &[u8], meter: &mut Meter) -> Result<bool, OutOfSteps> {
        self.fits(octets.iter().map(|octet| char::from(*octet)), octets.len(), meter)
    }

    /// Walks value and pattern with one place to return to: the last run, which then takes one character more.
    fn fits<I: Iterator<Item = char> + Clone>(
        &self,
        mut value: I,
        length: usize,
        meter: &mut Meter,
    ) -> Result<bool, OutOfSteps> {
        let mut free = length.saturating_add(self.parts.len()).saturating_mul(FREE_STEPS);
        let mut parts = self.parts.iter();
        let mut retry: Option<(I, std::slice::Iter<'_, Part>)> = None;
        loop {
            match free.checked_sub(1) {
                Some(left) => free = left,
                None => meter.spend(1)?,
            }
            let (value_before, mut parts_before) = (value.clone(), parts.clone());
            let next = value.next();
            match (parts.next(), next) {
                (Some(Part::Run), _) => {
                    if parts.as_slice().is_empty() {
                        return Ok(true);
                    }
                    value = value_before;
                    retry = Some((value.clone(), parts.clone()));
                    continue;
                }
                (None, None) => return Ok(true),
                (Some(Part::One), Some(_)) => continue,
                (Some(Part::Literal(wanted)), Some(found)) if *wanted == found => continue,
                // The value is used up, and giving a run more of it cannot help.
                (Some(_), None) => return Ok(false),
                _ => {}
            }
            let Some((mut from, after)) = retry.take() else {
                return Ok(false);
            };
            if from.next().is_none() {
                return Ok(false);
            }
            parts_before.clone_from(&after);
            value = from.clone();
            parts = parts_before;
            retry = Some((from, after));
        }
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
            ("a%b_d", "abbcd", "abbd"),
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
        let like = Like::new(&format!("%{}b%", "_a".repeat(2_000)));
        let text = "a".repeat(20_000);
        assert!(like.fits_text(&text, &mut Meter::new(1_000)).is_err());
    }
}
