//! Times as sources write them, ingest rules R6.

use entente_stix::Timestamp;

/// Holds an offset from UTC, in minutes east.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone {
    minutes: i16,
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self { minutes: 0 };

    /// Reads `UTC`, `GMT`, `Z`, `+09:00`, `+0900` or `-05`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if matches!(text, "UTC" | "utc" | "GMT" | "Z" | "z") {
            return Some(Self::UTC);
        }
        let (sign, rest) = match text.split_at_checked(1)? {
            ("+", rest) => (1i16, rest),
            ("-", rest) => (-1i16, rest),
            _ => return None,
        };
        let digits: String = rest.chars().filter(|character| *character != ':').collect();
        if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let hours: i16 = digits.get(..2)?.parse().ok()?;
        let minutes: i16 = digits.get(2..).filter(|rest| !rest.is_empty()).map_or(Ok(0), str::parse).ok()?;
        (hours <= 14 && minutes < 60)
            .then(|| Self { minutes: sign.saturating_mul(hours.saturating_mul(60).saturating_add(minutes)) })
    }

    fn micros(self) -> i64 {
        i64::from(self.minutes).saturating_mul(60_000_000)
    }
}

/// Holds a time that was read, and whether its zone had to be assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The instant.
    pub instant: Timestamp,
    /// Whether neither the text nor the feed stated a zone and UTC was taken.
    pub zone_assumed: bool,
}

/// LIMIT: clocks of partners may run ahead by this much.
const AHEAD_MICROS_MAX: i64 = 5 * 60 * 1_000_000;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

impl Moment {
    /// Reads a time; `zone` is what the feed declares for times without one.
    ///
    /// RFC 3339; `YYYY-MM-DD` or `YYYY/MM/DD` with an optional `HH:MM[:SS[.f]]` and an optional ` UTC`, `Z` or offset;
    /// RFC 2822; epoch seconds (10 digits), milliseconds (13), `YYYYMMDD` (8), Windows FILETIME (18).
    #[must_use]
    pub fn read(text: &str, zone: Option<Zone>) -> Option<Self> {
        let text = text.trim();
        if text.len() > 64 || !text.is_ascii() || text.is_empty() {
            return None;
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return from_digits(text, zone);
        }
        let calendar = calendar(text).or_else(|| mail_date(text))?;
        let stated = match calendar.rest.trim() {
            "" => None,
            rest => Some(Zone::parse(rest)?),
        };
        Some(Self::local(calendar.micros, stated, zone))
    }

    fn local(micros: i64, stated: Option<Zone>, declared: Option<Zone>) -> Self {
        let zone = stated.or(declared);
        let offset = zone.unwrap_or(Zone::UTC).micros();
        Self { instant: Timestamp::from_micros(micros.saturating_sub(offset)), zone_assumed: zone.is_none() }
    }

    /// Cuts a time that lies more than five minutes ahead to `now`; the flag says whether it was cut.
    #[must_use]
    pub fn not_after(self, now: Timestamp) -> (Timestamp, bool) {
        if self.instant > now.saturating_add_micros(AHEAD_MICROS_MAX) { (now, true) } else { (self.instant, false) }
    }
}

fn from_digits(text: &str, zone: Option<Zone>) -> Option<Moment> {
    let number: i64 = text.parse().ok()?;
    let exact = |micros: i64| Some(Moment { instant: Timestamp::from_micros(micros), zone_assumed: false });
    match text.len() {
        8 => {
            let (year, month, day) = (text.get(..4)?, text.get(4..6)?, text.get(6..)?);
            let micros = day_micros(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
            Some(Moment::local(micros, None, zone))
        }
        9 | 10 => exact(number.saturating_mul(1_000_000)),
        13 => exact(number.saturating_mul(1_000)),
        // 100 ns since 1601-01-01; 11,644,473,600 s before 1970.
        18 => exact((number / 10).saturating_sub(11_644_473_600_000_000)),
        _ => None,
    }
}

struct Calendar<'a> {
    micros: i64,
    rest: &'a str,
}

/// Reads `YYYY-MM-DD[ T]HH:MM[:SS[.f]]` with `-` or `/`; the rest is the zone.
fn calendar(text: &str) -> Option<Calendar<'_>> {
    let separator = text.get(4..5).filter(|separator| matches!(*separator, "-" | "/"))?;
    let mut parts = text.splitn(3, separator);
    let (year, month) = (parts.next()?, parts.next()?);
    let tail = parts.next()?;
    let day_end = tail.bytes().take_while(u8::is_ascii_digit).count();
    let (day, rest) = tail.split_at_checked(day_end)?;
    let day = day_micros(number(year, 4)?, number(month, 2)?, number(day, 2)?)?;
    let clock_text = rest.strip_prefix(['T', 't', ' ']).unwrap_or(rest);
    if !clock_text.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(Calendar { micros: day, rest });
    }
    let (clock, rest) = clock(clock_text)?;
    Some(Calendar { micros: day.saturating_add(clock), rest })
}

/// Reads `[Day, ]DD Mon YYYY HH:MM[:SS] zone`, RFC 2822 §3.3.
fn mail_date(text: &str) -> Option<Calendar<'_>> {
    let text = text.split_once(", ").map_or(text, |(_, rest)| rest);
    let mut parts = text.splitn(4, ' ');
    let (day, month, year, tail) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|name| month.eq_ignore_ascii_case(name))?;
    let month = i64::try_from(month).ok()?.saturating_add(1);
    let day = day_micros(number(year, 4)?, month, number(day, 2)?)?;
    let (clock, rest) = clock(tail)?;
    Some(Calendar { micros: day.saturating_add(clock), rest })
}

fn number(text: &str, digits_max: usize) -> Option<i64> {
    let fits = (1..=digits_max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

/// Reads `HH:MM[:SS[.f]]` in microseconds.
fn clock(text: &str) -> Option<(i64, &str)> {
    let end = text.bytes().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.')).count();
    let (text, rest) = text.split_at_checked(end)?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.split(':');
    let (hour, minute) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let second = parts.next().map_or(Some(0), |second| number(second, 2))?;
    // A leap second is read as the first moment of the next minute.
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let digits: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let micros: i64 = digits.parse().ok()?;
    let seconds = hour.saturating_mul(3_600).saturating_add(minute.saturating_mul(60)).saturating_add(second);
    Some((seconds.saturating_mul(1_000_000).saturating_add(micros), rest))
}

/// Counts microseconds from 1970 to the start of a day of the Gregorian calendar.
fn day_micros(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=9_999).contains(&year) || !(1..=length).contains(&day) {
        return None;
    }
    // Counting years from March puts the leap day last.
    let (year, month) =
        if month <= 2 { (year.saturating_sub(1), month.saturating_add(9)) } else { (year, month.saturating_sub(3)) };
    let days = year
        .saturating_mul(365)
        .saturating_add(year / 4)
        .saturating_sub(year / 100)
        .saturating_add(year / 400)
        .saturating_add((month.saturating_mul(306).saturating_add(5)) / 10)
        .saturating_add(day)
        .saturating_sub(1)
        .saturating_sub(719_468);
    Some(days.saturating_mul(86_400_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Breaks when one of the written forms is read as another instant; expectations by `date -u -d … +%s`.
    #[test]
    fn written_forms_have_their_instants() {
        for (text, seconds, assumed) in [
            ("2024-03-19 11:34:09 UTC", 1_710_848_049, false),
            ("2024-03-19T11:34:09Z", 1_710_848_049, false),
            ("2024-03-19 11:34:09", 1_710_848_049, true),
            ("2024/03/19 11:34:09", 1_710_848_049, true),
            ("2024-03-19T20:34:09+09:00", 1_710_848_049, false),
            ("2024-03-19", 1_710_806_400, true),
            ("20240319", 1_710_806_400, true),
            ("1710848049", 1_710_848_049, false),
            ("1710848049000", 1_710_848_049, false),
            ("133553216490000000", 1_710_848_049, false),
            ("Tue, 19 Mar 2024 11:34:09 +0000", 1_710_848_049, false),
            ("1969-12-31T23:59:59Z", -1, false),
            ("2000-02-29T00:00:00Z", 951_782_400, false),
        ] {
            let moment = Moment::read(text, None).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(moment.instant, Timestamp::from_unix_seconds(seconds), "{text}");
            assert_eq!(moment.zone_assumed, assumed, "{text}");
        }
        let fraction = Moment::read("2023-01-13T00:00:00.123456+00:00", None).unwrap();
        assert_eq!(fraction.instant.as_micros(), 1_673_568_000_123_456);
    }

    /// Breaks when a declared zone is not applied, or a stated one is overridden.
    #[test]
    fn declared_zone_holds_for_times_without_one() {
        let tokyo = Zone::parse("+09:00");
        let read = |text| Moment::read(text, tokyo).unwrap();
        assert_eq!(read("2024/03/19 20:34:09").instant, Timestamp::from_unix_seconds(1_710_848_049));
        assert!(!read("2024/03/19 20:34:09").zone_assumed);
        assert_eq!(read("2024-03-19 11:34:09 UTC").instant, Timestamp::from_unix_seconds(1_710_848_049));
    }

    /// Breaks when nonsense gets an instant, or a time far ahead is believed.
    #[test]
    fn nonsense_is_refused_and_the_future_is_cut() {
        for text in [
            "",
            "yesterday",
            "2024-13-01",
            "2023-02-29",
            "2024-01-01 25:00",
            "2024-01-01 10:00 Mars",
            "12345",
            "2024-1é",
        ] {
            assert_eq!(Moment::read(text, None), None, "{text}");
        }
        let now = Timestamp::from_unix_seconds(1_710_848_049);
        let later =
            |seconds| Moment { instant: Timestamp::from_unix_seconds(seconds), zone_assumed: false }.not_after(now);
        assert_eq!(later(1_710_848_049 + 301), (now, true));
        assert!(!later(1_710_848_049 + 299).1);
    }
}
