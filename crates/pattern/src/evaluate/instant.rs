//! Instants at the precision in which patterns and observations write them.

use entente_stix::{Timestamp, TimestampError};

/// Digits of a fraction that count; an instant of year 9999 then takes 98 of 127 bits.
pub(crate) const FRACTION_DIGITS: u32 = 18;
const UNITS_PER_SECOND: i128 = 10_i128.pow(FRACTION_DIGITS);
const MICROS_PER_SECOND: i64 = 1_000_000;

/// An instant in units of 10⁻¹⁸ s since 1970; finer digits are cut.
///
/// [`Timestamp`] has microseconds, which is what the store keeps, but comparison is by the whole text (STIX 2.1 §2.16). A leap
/// second is the last unit of the second before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(pub(crate) i128);

impl Instant {
    pub(crate) fn parse(text: &str) -> Result<Self, TimestampError> {
        let micros = Timestamp::parse(text)?.as_micros();
        let second = i128::from(micros.div_euclid(MICROS_PER_SECOND)).saturating_mul(UNITS_PER_SECOND);
        if text.get(17..19) == Some("60") {
            return Ok(Self(second.saturating_add(UNITS_PER_SECOND).saturating_sub(1)));
        }
        let mut fraction = 0_i128;
        let mut unit = UNITS_PER_SECOND / 10;
        for digit in text.bytes().skip(20).take_while(u8::is_ascii_digit) {
            fraction = fraction.saturating_add(unit.saturating_mul(i128::from(digit.saturating_sub(b'0'))));
            unit /= 10;
        }
        Ok(Self(second.saturating_add(fraction)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_compared_to_the_last_digit() {
        let read = |text: &str| Instant::parse(text).unwrap();
        assert_eq!(read("2026-01-01T12:00:00.5Z"), read("2026-01-01T12:00:00.500000Z"));
        assert!(read("2026-01-01T12:00:00.0000000001Z") < read("2026-01-01T12:00:00.0000000002Z"));
        assert!(read("2016-12-31T23:59:59.999999Z") < read("2016-12-31T23:59:60Z"));
        assert!(read("2016-12-31T23:59:60Z") < read("2017-01-01T00:00:00Z"));
        assert!(read("1969-12-31T23:59:59.9Z") < read("1970-01-01T00:00:00Z"));
        assert_eq!(read("1970-01-01T00:00:01.25Z").0, 1_250_000_000_000_000_000);
        assert!(Instant::parse("2026-02-31T00:00:00Z").is_err());
    }
}
