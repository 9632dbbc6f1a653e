//! What every door shares: the exchange, the options, and the one way to ask the exchange a question.

use crate::body::BodyLimits;
use crate::refusal::{Refusal, Why};
use entente_exchange::Exchange;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::Semaphore;

/// Options of the HTTP layer. `Options::default()` is right for a node on a loopback address.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Options {
    /// True if people reach the console over TLS, here or at a proxy in front: cookies are then `Secure` and browsers
    /// are told to stay with TLS.
    pub secure: bool,
    /// Most open connections; more wait in the listener's queue.
    pub connections_max: usize,
    /// Most requests that ask the exchange at the same time; more wait up to five seconds and are then refused.
    pub requests_at_once_max: usize,
    /// Largest request body as sent, in bytes. TAXII publishes it as `max_content_length`.
    pub body_size_bytes_max: usize,
    /// Largest request body after inflation, in bytes.
    pub body_inflated_size_bytes_max: usize,
    /// Largest ratio between the two.
    pub body_ratio_max: usize,
    /// Longest wait for the next part of a request: its head, or a part of its body.
    pub progress_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            secure: false,
            connections_max: 10_000,
            requests_at_once_max: 64,
            // LIMIT: 32 MiB, 256 MiB and 100 are the bounds every door of a node has in common.
            body_size_bytes_max: 32 << 20,
            body_inflated_size_bytes_max: 256 << 20,
            body_ratio_max: 100,
            progress_timeout: Duration::from_secs(30),
        }
    }
}

impl Options {
    /// Bounds of a request body of which at most `size_bytes_max` bytes are taken.
    pub(crate) fn body_limits(&self, size_bytes_max: usize) -> BodyLimits {
        BodyLimits {
            size_bytes_max: size_bytes_max.min(self.body_size_bytes_max),
            inflated_size_bytes_max: self.body_inflated_size_bytes_max,
            ratio_max: self.body_ratio_max,
            progress_timeout: self.progress_timeout,
        }
    }
}

/// The shared state of all routes. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Door {
    inner: Arc<Inner>,
}

struct Inner {
    exchange: Exchange,
    options: Options,
    /// Turns to ask the exchange; one is held for as long as a question is being answered.
    turns: Arc<Semaphore>,
    /// Start of the process, so that request numbers of two runs differ.
    started: u64,
    requests: AtomicU64,
}

/// Longest wait for a turn before the node says that it is busy.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);

impl Door {
    /// Opens the door of an exchange.
    pub(crate) fn new(exchange: Exchange, options: Options) -> Self {
        let started = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let turns = Arc::new(Semaphore::new(options.requests_at_once_max.clamp(1, Semaphore::MAX_PERMITS)));
        Self { inner: Arc::new(Inner { exchange, options, turns, started, requests: AtomicU64::new(0) }) }
    }

    /// The exchange. Its methods block: call them inside [`Door::ask`] only.
    pub(crate) fn exchange(&self) -> &Exchange {
        &self.inner.exchange
    }

    /// The options.
    pub(crate) fn options(&self) -> &Options {
        &self.inner.options
    }

    /// Makes the number under which the log and the caller speak of one failed request.
    pub(crate) fn request_id(&self) -> String {
        let number = self.inner.requests.fetch_add(1, Ordering::Relaxed);
        format!("{:08x}-{number:06x}", self.inner.started)
    }

    /// Asks the exchange on a thread that may block. The only way from a request to the exchange.
    ///
    /// # Errors
    ///
    /// A refusal with 503 if no turn became free in time, with 500 if the question panicked.
    pub(crate) async fn ask<T, F>(&self, question: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: FnOnce(&Self) -> T + Send + 'static,
    {
        let turn = match tokio::time::timeout(TURN_TIMEOUT, Arc::clone(&self.inner.turns).acquire_owned()).await {
            Ok(Ok(turn)) => turn,
            Ok(Err(_)) | Err(_) => return Err(Why::Busy.into()),
        };
        let door = self.clone();
        let answer = tokio::task::spawn_blocking(move || {
            // The turn ends with the answer, also when the caller has gone meanwhile.
            let _turn = turn;
            question(&door)
        })
        .await;
        answer.map_err(|error| {
            let id = self.request_id();
            tracing::error!(request.id = %id, error = %error, "a question to the exchange ended abnormally");
            Refusal::internal(id)
        })
    }
}
