//! Periods of whole days in UTC.

use std::fmt;

use entente_stix::Timestamp;

use super::DAY_US;

/// A period of whole days, its last day exclusive: `2026-12-01/2027-01-01`, or a month, `2026-12`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    from: i64,
    to: i64,
}

// LIMIT: a statement walks its period; ten years of an agreement are asked for year by year.
const DAYS_MAX: i64 = 366;

impl Period {
    /// Makes a period of days since 1970-01-01; `None` unless it has 1 to 366 days.
    pub fn new(from_day: i64, to_day: i64) -> Option<Period> {
        let days = to_day.checked_sub(from_day)?;
        (1..=DAYS_MAX).contains(&days).then_some(Period { from: from_day, to: to_day })
    }

    /// Reads `YYYY-MM` or `YYYY-MM-DD/YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<Period> {
        if let Some((from, to)) = text.split_once('/') {
            return Period::new(day(from)?, day(to)?);
        }
        let from = day(&format!("{text}-01"))?;
        let (year, month) = text.split_once('-')?;
        let (year, month): (u32, u32) = (year.parse().ok()?, month.parse().ok()?);
        let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        Period::new(from, day(&format!("{year:04}-{month:02}-01"))?)
    }

    /// The period of `days` days, counted from `start`, that ends last at or before `now`; `None` when none has ended.
    pub fn last(start: Timestamp, days: u16, now: Timestamp) -> Option<Period> {
        let days = i64::from(days.max(1));
        let start = start.days_since_epoch();
        let whole = now.days_since_epoch().checked_sub(start)?.div_euclid(days);
        if whole < 1 {
            return None;
        }
        let to = start.checked_add(whole.checked_mul(days)?)?;
        Period::new(to.checked_sub(days.min(DAYS_MAX))?, to)
    }

    /// The period of the same length just before this one.
    pub fn before(self) -> Option<Period> {
        let days = self.to.checked_sub(self.from)?;
        Period::new(self.from.checked_sub(days)?, self.from)
    }

    /// Its first instant.
    pub const fn from(self) -> Timestamp {
        Timestamp::from_micros(self.from.saturating_mul(DAY_US))
    }

    /// The first instant after it.
    pub const fn to(self) -> Timestamp {
        Timestamp::from_micros(self.to.saturating_mul(DAY_US))
    }

    /// The instant from which everything given in it is final.
    pub const fn final_at(self) -> Timestamp {
        self.to().saturating_add_micros(super::FINAL_DAYS * DAY_US)
    }
}

/// The number of a day that is written in full.
fn day(text: &str) -> Option<i64> {
    let plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let at = plain.then(|| Timestamp::parse(&format!("{text}T00:00:00Z")).ok())??;
    (date(at) == text).then(|| at.days_since_epoch())
}

fn date(at: Timestamp) -> String {
    at.to_millis_string().chars().take(10).collect()
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", date(self.from()), date(self.to()))
    }
}

impl serde::Serialize for Period {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
