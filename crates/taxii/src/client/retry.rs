//! When to try again.

use std::time::Duration;

use entente_stix::Timestamp;

use super::http::{Response, TransportError, parse_date};

// LIMIT: 1, 2, 4, … 128 s: a server gets about four minutes before the run gives up.
const TRIES_MAX: u32 = 8;
const BACKOFF_MAX: Duration = Duration::from_secs(300);
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3_600);

/// How long to wait before the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delay {
    /// Exactly so long: the server has asked for it.
    Exactly(Duration),
    /// A random time between nothing and this, so that clients do not come back all at once.
    UpTo(Duration),
}

/// Counts the tries of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Retry {
    failed: u32,
}

impl Retry {
    /// Forgets failures after a success.
    pub(super) fn succeeded(&mut self) {
        self.failed = 0;
    }

    /// Says how long to wait after another failure; `None` once the eighth try has failed.
    pub(super) fn failed(&mut self, response: Option<&Response>, now: Timestamp) -> Option<Delay> {
        let before = self.failed;
        self.failed = before.saturating_add(1);
        if self.failed >= TRIES_MAX {
            return None;
        }
        let asked = response.filter(|response| matches!(response.status, 429 | 503));
        if let Some(wait) = asked.and_then(|response| retry_after(response, now)) {
            return Some(Delay::Exactly(wait));
        }
        let backoff = 1_u64.checked_shl(before).map_or(BACKOFF_MAX, Duration::from_secs);
        Some(Delay::UpTo(backoff.min(BACKOFF_MAX)))
    }
}

/// Says whether the same request may succeed later: a failure of the transport or of the server.
pub(super) fn is_passing(outcome: &Result<Response, TransportError>) -> bool {
    match outcome {
        Ok(response) => matches!(response.status, 408 | 429 | 500..=599) || is_truncated(response),
        Err(_) => true,
    }
}

/// Says whether the body is shorter than announced.
fn is_truncated(response: &Response) -> bool {
    let encoded = response.header("Content-Encoding").is_some_and(|encoding| encoding != "identity");
    let announced = response.header("Content-Length").and_then(|length| length.parse::<usize>().ok());
    !encoded && announced.is_some_and(|announced| response.body.len() < announced)
}

/// Reads `Retry-After` in seconds or as a date, at most one hour.
fn retry_after(response: &Response, now: Timestamp) -> Option<Duration> {
    let value = response.header("Retry-After")?;
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let micros = parse_date(value)?.as_micros().saturating_sub(now.as_micros());
            Duration::from_micros(u64::try_from(micros).unwrap_or(0))
        }
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, headers: &[(&str, &str)]) -> Response {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Response { status, headers, body: Vec::new() }
    }

    #[test]
    fn seven_waits_double_and_the_eighth_failure_gives_up() {
        let mut retry = Retry::default();
        let now = Timestamp::from_unix_seconds(0);
        for seconds in [1, 2, 4, 8, 16, 32, 64] {
            assert_eq!(retry.failed(None, now), Some(Delay::UpTo(Duration::from_secs(seconds))));
        }
        assert_eq!(retry.failed(None, now), None);
        retry.succeeded();
        assert_eq!(retry.failed(None, now), Some(Delay::UpTo(Duration::from_secs(1))));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_at_most_an_hour() {
        let now = Timestamp::from_unix_seconds(784_111_777);
        let wait = |status, value| Retry::default().failed(Some(&response(status, &[("retry-after", value)])), now);
        let exactly = |seconds| Some(Delay::Exactly(Duration::from_secs(seconds)));
        assert_eq!(wait(429, "7"), exactly(7));
        assert_eq!(wait(503, "86400"), exactly(3_600));
        assert_eq!(wait(503, "Sun, 06 Nov 1994 08:50:07 GMT"), exactly(30));
        assert_eq!(wait(503, "Sun, 06 Nov 1994 08:49:07 GMT"), exactly(0));
        let backoff = Some(Delay::UpTo(Duration::from_secs(1)));
        assert_eq!(wait(503, "soon"), backoff);
        assert_eq!(wait(500, "7"), backoff);
    }

    #[test]
    fn a_body_shorter_than_announced_is_a_passing_failure() {
        assert!(is_passing(&Ok(response(200, &[("Content-Length", "5")]))));
        assert!(!is_passing(&Ok(response(200, &[("Content-Length", "0")]))));
        assert!(!is_passing(&Ok(response(200, &[("Content-Length", "5"), ("Content-Encoding", "gzip")]))));
        assert!(is_passing(&Err(TransportError::Timeout)));
        assert!(!is_passing(&Ok(response(404, &[]))));
    }
}
