//! Instants as STIX writes them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::error::shown;

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;
/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z.
const YEAR_1: i64 = -62_135_596_800 * MICROS_PER_SECOND;
const YEAR_9999_END: i64 = 253_402_300_800 * MICROS_PER_SECOND - 1;

/// An instant in microseconds since 1970-01-01T00:00:00Z.
///
/// Text forms are those of STIX 2.1 §2.16: RFC 3339 in UTC with an upper-case `T` and `Z`. Finer fractions are cut to
/// microseconds. `Display` and serde write milliseconds where that loses nothing, else microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// Reports why a text is not an instant.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TimestampError {
    /// The text has another form than `YYYY-MM-DDTHH:MM:SS[.s…]Z`.
    #[error("`{text}` is not a timestamp of the form YYYY-MM-DDTHH:MM:SS.sssZ")]
    Form {
        /// The text, cut for display.
        text: String,
    },
    /// The form is right, but there is no such day or second.
    #[error("`{text}` names a date that does not exist")]
    Date {
        /// The text, cut for display.
        text: String,
    },
}

impl TimestampError {
    /// Returns the stable code, `STIX-E-110` or `STIX-E-111`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Form { .. } => "STIX-E-110",
            Self::Date { .. } => "STIX-E-111",
        }
    }
}

impl Timestamp {
    /// Makes an instant from microseconds since 1970.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Returns the microseconds since 1970.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Makes an instant from whole seconds since 1970; values out of range stop at the ends of the range.
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(MICROS_PER_SECOND))
    }

    /// Reads an RFC 3339 text in UTC with any number of fraction digits, years 1 to 9999.
    ///
    /// A leap second (23:59:60) becomes the last microsecond before it.
    ///
    /// # Errors
    ///
    /// `Form` where the text has another form, `Date` where the day or second does not exist.
    ///
    /// # Examples
    ///
    /// ```
    /// use entente_stix::Timestamp;
    /// let instant = Timestamp::parse("2026-11-24T10:00:00.5Z")?;
    /// assert_eq!(instant.to_string(), "2026-11-24T10:00:00.500Z");
    /// # Ok::<(), entente_stix::TimestampError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        match read(text.as_bytes()) {
            Read::Instant(micros) => Ok(Self(micros)),
            Read::Form => Err(TimestampError::Form { text: shown(text) }),
            Read::Date => Err(TimestampError::Date { text: shown(text) }),
        }
    }

    /// Returns a timestamp's text without its `Z` and without the digits that its fraction does not need; none for any other text.
    ///
    /// These texts compare as the instants do, to the last digit and with second 60 in its place: all are in UTC, and of one width
    /// up to the fraction.
    ///
    /// # Examples
    ///
    /// ```
    /// use entente_stix::Timestamp;
    /// assert_eq!(Timestamp::exact("2026-11-24T10:00:00.500Z"), Some("2026-11-24T10:00:00.5"));
    /// assert_eq!(Timestamp::exact("2026-11-24T10:00:00.000Z"), Timestamp::exact("2026-11-24T10:00:00Z"));
    /// assert_eq!(Timestamp::exact("yesterday"), None);
    /// ```
    pub fn exact(text: &str) -> Option<&str> {
        Self::parse(text).ok()?;
        let text = text.strip_suffix('Z')?;
        Some(if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text })
    }

    /// Writes the instant with exactly three fraction digits, finer ones cut.
    pub fn to_millis_string(self) -> String {
        let (date, micros) = self.parts();
        format!("{date}.{:03}Z", micros / 1000)
    }

    /// Writes the instant with exactly six fraction digits.
    pub fn to_micros_string(self) -> String {
        let (date, micros) = self.parts();
        format!("{date}.{micros:06}Z")
    }

    /// Returns the whole days since 1970-01-01, rounded towards the past.
    pub const fn days_since_epoch(self) -> i64 {
        self.0.div_euclid(MICROS_PER_DAY)
    }

    /// Adds microseconds, stopping at the ends of the range.
    pub const fn saturating_add_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// Rounds towards the past to a multiple of `unit_micros`; a unit below 1 changes nothing.
    pub const fn floor_to(self, unit_micros: i64) -> Self {
        if unit_micros < 1 {
            return self;
        }
        Self(self.0.saturating_sub(self.0.rem_euclid(unit_micros)))
    }

    /// Rounds towards the future to a multiple of `unit_micros`; a unit below 1 changes nothing.
    pub const fn ceil_to(self, unit_micros: i64) -> Self {
        if unit_micros < 1 {
            return self;
        }
        match self.0.rem_euclid(unit_micros) {
            0 => self,
            rest => Self(self.0.saturating_add(unit_micros - rest)),
        }
    }

    /// Returns the text up to the second and the microseconds after it; instants outside years 1 to 9999 show as the nearest end.
    fn parts(self) -> (String, i64) {
        let micros = self.0.clamp(YEAR_1, YEAR_9999_END);
        let (year, month, day) = civil(micros.div_euclid(MICROS_PER_DAY));
        let of_day = micros.rem_euclid(MICROS_PER_DAY);
        let second = of_day / MICROS_PER_SECOND;
        let date =
            format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
        (date, of_day % MICROS_PER_SECOND)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if self.0.rem_euclid(1000) == 0 { self.to_millis_string() } else { self.to_micros_string() };
        formatter.pad(&text)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

enum Read {
    Instant(i64),
    Form,
    Date,
}

fn read(text: &[u8]) -> Read {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2, rest @ ..] = text else {
        return Read::Form;
    };
    let (Some(century), Some(of_century), Some(month), Some(day), Some(hour), Some(minute), Some(second)) =
        (two(*y1, *y2), two(*y3, *y4), two(*m1, *m2), two(*d1, *d2), two(*h1, *h2), two(*n1, *n2), two(*s1, *s2))
    else {
        return Read::Form;
    };
    let Some(micros) = fraction(rest) else {
        return Read::Form;
    };
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return Read::Form;
    }
    let year = century * 100 + of_century;
    let leap_second = second == 60;
    if year == 0 || day > month_days(year, month) || (leap_second && (hour, minute) != (23, 59)) {
        return Read::Date;
    }
    let (second, micros) = if leap_second { (59, 999_999) } else { (second, micros) };
    // Years 1 to 9999 keep every term far inside an i64.
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Read::Instant(seconds * MICROS_PER_SECOND + micros)
}

fn two(tens: u8, units: u8) -> Option<i64> {
    (tens.is_ascii_digit() && units.is_ascii_digit()).then(|| i64::from(tens - b'0') * 10 + i64::from(units - b'0'))
}

/// Reads `Z` or `.` digits `Z` and returns the microseconds.
fn fraction(rest: &[u8]) -> Option<i64> {
    let digits = match rest {
        b"Z" => return Some(0),
        [b'.', digits @ .., b'Z'] if !digits.is_empty() => digits,
        _ => return None,
    };
    let mut micros = 0;
    let mut scale = 100_000;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        micros += i64::from(digit - b'0') * scale;
        scale /= 10;
    }
    Some(micros)
}

const fn month_days(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Counts days from 1970-01-01 in the proleptic Gregorian calendar; years start in March so that the leap day comes last.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
}

/// Inverts [`days_from_civil`].
const fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let year = year + era * 400;
    if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn exact_texts_compare_as_their_instants_do() {
        let ordered = [
            "1969-12-31T23:59:59Z",
            "2016-12-31T23:59:50Z",
            "2016-12-31T23:59:59Z",
            "2016-12-31T23:59:59.0000000001Z",
            "2016-12-31T23:59:59.5Z",
            "2016-12-31T23:59:59.9999999Z",
            "2016-12-31T23:59:60Z",
            "2016-12-31T23:59:60.5Z",
            "2017-01-01T00:00:00Z",
        ]
        .map(|text| Timestamp::exact(text).unwrap());
        assert!(ordered.windows(2).all(|pair| pair[0] < pair[1]), "{ordered:?}");
        assert_eq!(Timestamp::exact("2016-12-31T23:59:50.500000Z"), Some("2016-12-31T23:59:50.5"));
        assert_eq!(Timestamp::exact("2016-12-31T23:59:50.000Z"), Some("2016-12-31T23:59:50"));
        assert_eq!(Timestamp::exact("2016-12-32T00:00:00Z"), None);
    }

    #[test]
    fn known_instants_read_and_print() {
        // Values of `date -u -d … +%s`; a wrong calendar would shift every stored time.
        for (text, seconds) in [
            ("1970-01-01T00:00:00.000Z", 0),
            ("2000-02-29T12:00:00.000Z", 951_825_600),
            ("2026-11-24T22:42:00.000Z", 1_795_560_120),
            ("0001-01-01T00:00:00.000Z", -62_135_596_800),
            ("9999-12-31T23:59:59.000Z", 253_402_300_799),
        ] {
            let instant = Timestamp::parse(text).unwrap();
            assert_eq!(instant, Timestamp::from_unix_seconds(seconds), "{text}");
            assert_eq!(instant.to_string(), text);
        }
    }

    #[test]
    fn fractions_are_cut_to_microseconds() {
        let whole = Timestamp::parse("2026-01-01T00:00:00Z").unwrap().as_micros();
        for (fraction, micros) in [(".5", 500_000), (".000001", 1), (".1234567", 123_456), (".999999999", 999_999)] {
            let instant = Timestamp::parse(&format!("2026-01-01T00:00:00{fraction}Z")).unwrap();
            assert_eq!(instant.as_micros() - whole, micros);
        }
        assert_eq!(Timestamp::parse("2026-01-01T00:00:00.000001Z").unwrap().to_string(), "2026-01-01T00:00:00.000001Z");
    }

    #[test]
    fn other_forms_are_refused_with_their_code() {
        for text in [
            "",
            "2026-01-01",
            "2026-01-01t00:00:00Z",
            "2026-01-01T00:00:00z",
            "2026-01-01T00:00:00+00:00",
            "2026-01-01T00:00:00.Z",
            "2026-13-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:00Z ",
            "٢026-01-01T00:00:00Z",
        ] {
            assert_eq!(Timestamp::parse(text).unwrap_err().code(), "STIX-E-110", "{text}");
        }
        for text in ["2026-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "0000-01-01T00:00:00Z", "2026-01-01T12:00:60Z"] {
            assert_eq!(Timestamp::parse(text).unwrap_err().code(), "STIX-E-111", "{text}");
        }
        assert!(Timestamp::parse("2016-12-31T23:59:60Z").unwrap() < Timestamp::parse("2017-01-01T00:00:00Z").unwrap());
    }

    #[test]
    fn rounding_goes_the_named_way_before_1970_too() {
        let instant = Timestamp::from_micros(-1);
        assert_eq!(instant.floor_to(1000), Timestamp::from_micros(-1000));
        assert_eq!(instant.ceil_to(1000), Timestamp::from_micros(0));
        assert_eq!(instant.days_since_epoch(), -1);
        assert_eq!(Timestamp::from_micros(7).floor_to(0), Timestamp::from_micros(7));
        assert_eq!(Timestamp::from_micros(i64::MIN).to_micros_string(), "0001-01-01T00:00:00.000000Z");
    }

    #[test]
    fn serde_uses_the_text_form() {
        let instant = Timestamp::from_unix_seconds(0);
        assert_eq!(serde_json::to_string(&instant).unwrap(), "\"1970-01-01T00:00:00.000Z\"");
        assert_eq!(serde_json::from_str::<Timestamp>("\"1970-01-01T00:00:00Z\"").unwrap(), instant);
    }

    proptest! {
        #[test]
        fn print_then_parse_is_identity(micros in YEAR_1..=YEAR_9999_END) {
            let instant = Timestamp::from_micros(micros);
            prop_assert_eq!(Timestamp::parse(&instant.to_micros_string()).unwrap(), instant);
            prop_assert_eq!(Timestamp::parse(&instant.to_string()).unwrap(), instant);
        }
    }
}
