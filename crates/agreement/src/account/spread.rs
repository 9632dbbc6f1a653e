//! How spans of time are spread: steps, median, ninetieth percentile.

use serde::Serialize;

use super::{DAY_US, HOUR_US};

/// How many spans there are, how long they are, and in which steps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// Number of spans.
    pub count: u64,
    /// Median, in seconds (nearest rank).
    pub median_s: Option<i64>,
    /// Ninetieth percentile, in seconds (nearest rank).
    pub p90_s: Option<i64>,
    /// Shorter than an hour, than a day, than seven days, and the rest.
    pub steps: [u64; 4],
}

impl Spread {
    /// Sums up spans in microseconds; sorts them.
    // LIMIT: eight bytes for each span, 8 MB for a million contributions.
    pub(super) fn of(spans: &mut [i64]) -> Self {
        spans.sort_unstable();
        let rank = |percent: usize| {
            let place = spans.len().saturating_mul(percent).div_ceil(100).saturating_sub(1);
            spans.get(place).map(|span| span / 1_000_000)
        };
        let below = |limit: i64| spans.partition_point(|span| *span < limit);
        let (hour, day, week) = (below(HOUR_US), below(DAY_US), below(7 * DAY_US));
        let step = |from: usize, to: usize| count(to.saturating_sub(from));
        Self {
            count: count(spans.len()),
            median_s: rank(50),
            p90_s: rank(90),
            steps: [step(0, hour), step(hour, day), step(day, week), step(week, spans.len())],
        }
    }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
