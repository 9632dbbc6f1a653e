//! Confidence and the scales in which people say it (STIX 2.1 Appendix A).

/// A confidence from 0 to 100, or none stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Confidence(Option<u8>);

/// A scale of Appendix A.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scale {
    /// None, Low, Med, High.
    Words,
    /// 0 to 10.
    Ten,
    /// Admiralty credibility, 1 to 6.
    Admiralty,
    /// Words of estimative probability.
    Wep,
    /// Likelihood of the United States' Director of National Intelligence.
    Dni,
}

/// Name, other names, value written, and the largest value read; in order, each reading from where the one before ends.
type Step = (&'static str, &'static [&'static str], u8, u8);

const WORDS: &[Step] =
    &[("None", &[], 0, 0), ("Low", &[], 15, 29), ("Med", &["Medium"], 50, 69), ("High", &[], 85, 100)];
const TEN: &[Step] = &[
    ("0", &[], 0, 4),
    ("1", &[], 10, 14),
    ("2", &[], 20, 24),
    ("3", &[], 30, 34),
    ("4", &[], 40, 44),
    ("5", &[], 50, 54),
    ("6", &[], 60, 64),
    ("7", &[], 70, 74),
    ("8", &[], 80, 84),
    ("9", &[], 90, 94),
    ("10", &[], 100, 100),
];
const ADMIRALTY: &[Step] = &[
    ("5 - Improbable", &["5", "Improbable"], 10, 19),
    ("4 - Doubtful", &["4", "Doubtful"], 30, 39),
    ("3 - Possibly True", &["3", "Possibly True"], 50, 59),
    ("2 - Probably True", &["2", "Probably True"], 70, 79),
    ("1 - Confirmed by other sources", &["1", "Confirmed by other sources", "Confirmed"], 90, 100),
];
const WEP: &[Step] = &[
    ("Impossible", &[], 0, 0),
    ("Highly Unlikely/Almost Certainly Not", &["Highly Unlikely", "Almost Certainly Not"], 10, 19),
    ("Unlikely/Probably Not", &["Unlikely", "Probably Not"], 30, 39),
    ("Even Chance", &[], 50, 59),
    ("Likely/Probable", &["Likely", "Probable"], 70, 79),
    ("Highly likely/Almost Certain", &["Highly likely", "Almost Certain"], 90, 99),
    ("Certain", &[], 100, 100),
];
const DNI: &[Step] = &[
    ("Almost No Chance / Remote", &["Almost No Chance", "Remote"], 5, 9),
    ("Very Unlikely / Highly Improbable", &["Very Unlikely", "Highly Improbable"], 15, 19),
    ("Unlikely / Improbable", &["Unlikely", "Improbable"], 30, 39),
    ("Roughly Even Chance / Roughly Even Odds", &["Roughly Even", "Roughly Even Chance", "Roughly Even Odds"], 50, 59),
    ("Likely / Probable", &["Likely", "Probable"], 70, 79),
    ("Very Likely / Highly Probable", &["Very Likely", "Highly Probable"], 85, 89),
    ("Almost Certain / Nearly Certain", &["Almost Certain", "Nearly Certain"], 95, 100),
];

impl Scale {
    /// Every scale.
    pub const ALL: [Self; 5] = [Self::Words, Self::Ten, Self::Admiralty, Self::Wep, Self::Dni];

    const fn steps(self) -> &'static [Step] {
        match self {
            Self::Words => WORDS,
            Self::Ten => TEN,
            Self::Admiralty => ADMIRALTY,
            Self::Wep => WEP,
            Self::Dni => DNI,
        }
    }

    /// Returns the name for a confidence that is not stated.
    pub const fn not_stated(self) -> &'static str {
        match self {
            Self::Admiralty => "6 - Truth cannot be judged",
            _ => "Not Specified",
        }
    }

    /// Returns the names from low to high, without the one for what is not stated.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.steps().iter().map(|step| step.0)
    }
}

impl Confidence {
    /// No confidence is stated.
    pub const NOT_STATED: Self = Self(None);

    /// Makes a confidence of a value; none above 100.
    pub const fn new(value: u8) -> Option<Self> {
        if value > 100 { None } else { Some(Self(Some(value))) }
    }

    /// Returns the value, where one is stated.
    pub const fn value(self) -> Option<u8> {
        self.0
    }

    /// Returns the name on a scale. Total: every value has one.
    ///
    /// # Examples
    ///
    /// ```
    /// use entente_stix::confidence::{Confidence, Scale};
    /// let confidence = Confidence::new(72).unwrap();
    /// assert_eq!(confidence.to(Scale::Admiralty), "2 - Probably True");
    /// assert_eq!(Confidence::NOT_STATED.to(Scale::Admiralty), "6 - Truth cannot be judged");
    /// ```
    pub fn to(self, scale: Scale) -> &'static str {
        let Some(value) = self.0 else {
            return scale.not_stated();
        };
        scale.steps().iter().find(|step| value <= step.3).map_or(scale.not_stated(), |step| step.0)
    }

    /// Reads a name of a scale, in any case, and takes the value to write for it; none where the scale has no such name.
    pub fn from(scale: Scale, name: &str) -> Option<Self> {
        let name = name.trim();
        let is = |known: &str| known.eq_ignore_ascii_case(name);
        let judged = matches!(scale, Scale::Admiralty) && ["6", "Truth cannot be judged"].iter().any(|known| is(known));
        if judged || is(scale.not_stated()) || is("Not Specified") {
            return Some(Self::NOT_STATED);
        }
        let found = scale.steps().iter().find(|step| is(step.0) || step.1.iter().any(|other| is(other)))?;
        Some(Self(Some(found.2)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, value written, first and last value read.
    type Row = (&'static str, u8, u8, u8);

    #[test]
    fn every_value_has_the_name_of_its_range() {
        // The ranges of STIX 2.1 Appendix A.
        let table: [(Scale, &[Row]); 5] = [
            (Scale::Words, &[("None", 0, 0, 0), ("Low", 15, 1, 29), ("Med", 50, 30, 69), ("High", 85, 70, 100)]),
            (
                Scale::Ten,
                &[
                    ("0", 0, 0, 4),
                    ("1", 10, 5, 14),
                    ("2", 20, 15, 24),
                    ("3", 30, 25, 34),
                    ("4", 40, 35, 44),
                    ("5", 50, 45, 54),
                    ("6", 60, 55, 64),
                    ("7", 70, 65, 74),
                    ("8", 80, 75, 84),
                    ("9", 90, 85, 94),
                    ("10", 100, 95, 100),
                ],
            ),
            (
                Scale::Admiralty,
                &[
                    ("5 - Improbable", 10, 0, 19),
                    ("4 - Doubtful", 30, 20, 39),
                    ("3 - Possibly True", 50, 40, 59),
                    ("2 - Probably True", 70, 60, 79),
                    ("1 - Confirmed by other sources", 90, 80, 100),
                ],
            ),
            (
                Scale::Wep,
                &[
                    ("Impossible", 0, 0, 0),
                    ("Highly Unlikely/Almost Certainly Not", 10, 1, 19),
                    ("Unlikely/Probably Not", 30, 20, 39),
                    ("Even Chance", 50, 40, 59),
                    ("Likely/Probable", 70, 60, 79),
                    ("Highly likely/Almost Certain", 90, 80, 99),
                    ("Certain", 100, 100, 100),
                ],
            ),
            (
                Scale::Dni,
                &[
                    ("Almost No Chance / Remote", 5, 0, 9),
                    ("Very Unlikely / Highly Improbable", 15, 10, 19),
                    ("Unlikely / Improbable", 30, 20, 39),
                    ("Roughly Even Chance / Roughly Even Odds", 50, 40, 59),
                    ("Likely / Probable", 70, 60, 79),
                    ("Very Likely / Highly Probable", 85, 80, 89),
                    ("Almost Certain / Nearly Certain", 95, 90, 100),
                ],
            ),
        ];
        for (scale, rows) in table {
            assert_eq!(scale.names().collect::<Vec<_>>(), rows.iter().map(|row| row.0).collect::<Vec<_>>());
            let mut next = 0;
            for &(name, written, first, last) in rows {
                assert_eq!((first, scale), (next, scale), "{name}");
                for value in first..=last {
                    assert_eq!(Confidence::new(value).unwrap().to(scale), name, "{value}");
                }
                let read = Confidence::from(scale, &name.to_uppercase()).unwrap();
                assert_eq!((read.value(), read.to(scale)), (Some(written), name));
                next = last + 1;
            }
            assert_eq!(next, 101);
        }
    }

    #[test]
    fn what_is_not_stated_has_a_name_and_comes_back() {
        for scale in Scale::ALL {
            assert_eq!(Confidence::from(scale, Confidence::NOT_STATED.to(scale)), Some(Confidence::NOT_STATED));
            assert_eq!(Confidence::from(scale, "perhaps"), None);
        }
        assert_eq!(Confidence::from(Scale::Admiralty, "6"), Some(Confidence::NOT_STATED));
        assert_eq!(Confidence::from(Scale::Ten, "6").unwrap().value(), Some(60));
        assert_eq!(Confidence::from(Scale::Dni, " remote ").unwrap().value(), Some(5));
        assert_eq!(Confidence::new(101), None);
    }
}
