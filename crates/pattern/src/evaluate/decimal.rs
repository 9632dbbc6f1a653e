//! Numbers compared exactly.

use std::cmp::Ordering;

/// A decimal number of any size: `0.digits × 10^exponent`, digits without zeros at either end, so that each value has one form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal {
    is_negative: bool,
    digits: Box<[u8]>,
    exponent: i64,
}

impl Decimal {
    /// Reads digits with an optional sign, point and power of ten; none for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (is_negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, power) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, power.parse::<i32>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let leading = digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len());
        digits.drain(..leading);
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        if digits.is_empty() {
            return Some(Self { is_negative: false, digits: Box::default(), exponent: 0 });
        }
        let whole = i64::try_from(whole.len()).ok()?;
        let exponent = whole.checked_add(i64::from(power))?.checked_sub(i64::try_from(leading).ok()?)?;
        Some(Self { is_negative, digits: digits.into_boxed_slice(), exponent })
    }

    /// Returns the value if it is a whole number of 64 bits.
    pub(crate) fn as_integer(&self) -> Option<i64> {
        if self.digits.is_empty() {
            return Some(0);
        }
        let places = usize::try_from(self.exponent).ok().filter(|places| (self.digits.len()..=19).contains(places))?;
        let zeros = std::iter::repeat_n(&b'0', places.saturating_sub(self.digits.len()));
        self.digits.iter().chain(zeros).try_fold(0_i64, |sum, digit| {
            let digit = i64::from(digit.saturating_sub(b'0'));
            let shifted = sum.checked_mul(10)?;
            if self.is_negative { shifted.checked_sub(digit) } else { shifted.checked_add(digit) }
        })
    }

    const fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.is_negative) {
            (true, _) => 0,
            (_, true) => -1,
            _ => 1,
        }
    }

    /// Returns the value times `10^places`, cut towards zero, and whether nothing was cut; none if it does not fit.
    pub(crate) fn scaled(&self, places: i64) -> Option<(i128, bool)> {
        let kept = self.exponent.checked_add(places)?;
        let kept = usize::try_from(kept.max(0)).ok().filter(|kept| *kept <= 38 || self.digits.is_empty())?;
        let zeros = std::iter::repeat_n(&b'0', kept.saturating_sub(self.digits.len()));
        let value =
            self.digits.iter().take(kept).chain(zeros).try_fold(0_i128, |sum, digit| {
                sum.checked_mul(10)?.checked_add(i128::from(digit.saturating_sub(b'0')))
            })?;
        Some((if self.is_negative { value.checked_neg()? } else { value }, kept >= self.digits.len()))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let signs = self.sign().cmp(&other.sign());
        let sizes = self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits));
        signs.then(if self.is_negative { sizes.reverse() } else { sizes })
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A number constant, ready to be compared to either form of a value without copying anything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Number {
    decimal: Decimal,
    place: Place,
}

/// Where a number lies among the whole numbers of 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Below,
    At(i64),
    /// Between this one and the next.
    After(i64),
    Beyond,
}

impl Number {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let decimal = Decimal::parse(text)?;
        let place = match decimal.as_integer() {
            Some(integer) => Place::At(integer),
            None => match decimal.scaled(0).and_then(|(whole, _)| i64::try_from(whole).ok()) {
                // Cutting goes towards zero, so that a negative number lies before what is left of it.
                Some(whole) if decimal.is_negative => whole.checked_sub(1).map_or(Place::Below, Place::After),
                Some(i64::MAX) => Place::Beyond,
                Some(whole) => Place::After(whole),
                None if decimal.is_negative => Place::Below,
                None => Place::Beyond,
            },
        };
        Some(Self { decimal, place })
    }

    /// Compares a value to this constant.
    pub(crate) fn compare_integer(&self, value: i64) -> Ordering {
        match self.place {
            Place::At(integer) => value.cmp(&integer),
            Place::After(integer) if value <= integer => Ordering::Less,
            Place::Beyond => Ordering::Less,
            Place::After(_) | Place::Below => Ordering::Greater,
        }
    }

    /// Compares a value to this constant.
    pub(crate) fn compare_decimal(&self, value: &Decimal) -> Ordering {
        value.cmp(&self.decimal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_ordered_by_value() {
        // Ascending; a double would take the two large ones for equal.
        let ascending = [
            "-1e400",
            "-9223372036854775808.5",
            "-9223372036854775808",
            "-10",
            "-9.5",
            "-0.25",
            "-1e-400",
            "0",
            "1e-400",
            "0.09",
            "0.1",
            "1",
            "1.0000000000000000000001",
            "9",
            "10",
            "9007199254740992",
            "9007199254740993",
            "9223372036854775807",
            "9223372036854775807.5",
            "1e400",
        ];
        for (i, left) in ascending.iter().enumerate() {
            for (j, right) in ascending.iter().enumerate() {
                let (value, constant) = (Decimal::parse(left).unwrap(), Number::parse(right).unwrap());
                assert_eq!(constant.compare_decimal(&value), i.cmp(&j), "{left} {right}");
                if let Some(integer) = value.as_integer() {
                    assert_eq!(constant.compare_integer(integer), i.cmp(&j), "{left} {right}");
                }
            }
        }
    }

    #[test]
    fn one_value_has_one_form() {
        for (left, right) in [("1", "1.0"), ("+1", "100e-2"), ("-0", "0.000"), ("1500", "1.5e3"), ("007", "7")] {
            assert_eq!(Decimal::parse(left), Decimal::parse(right), "{left} {right}");
        }
        assert_eq!(Decimal::parse("-9223372036854775808").and_then(|value| value.as_integer()), Some(i64::MIN));
        assert_eq!(Decimal::parse("9223372036854775808").and_then(|value| value.as_integer()), None);
        for text in ["", "-", ".", "1x", "--1", "1e", "1e99999999999"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn scaling_cuts_and_says_so() {
        let scaled = |text: &str, places| Decimal::parse(text).and_then(|value| value.scaled(places));
        assert_eq!(scaled("1.25", 2), Some((125, true)));
        assert_eq!(scaled("1.25", 1), Some((12, false)));
        assert_eq!(scaled("0.0001", 2), Some((0, false)));
        assert_eq!(scaled("0", 18), Some((0, true)));
        assert_eq!(scaled("300", 18), Some((300 * 10_i128.pow(18), true)));
        assert_eq!(scaled("1e60", 0), None);
    }
}
