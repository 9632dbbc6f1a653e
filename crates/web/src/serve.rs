//! The server: accepts connections, bounds them, and ends in an orderly way.
//!
//! What `axum::serve` does not let one set is set here: how long a connection may be silent, how large a head may be
//! before it is parsed, how many streams and resets a connection may have.

use crate::{Options, router};
use entente_exchange::Exchange;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Why the server could not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The listener is gone: no connection can be accepted any more.
    #[error("cannot accept connections")]
    Listener {
        /// What the system said.
        source: io::Error,
    },
}

impl ServeError {
    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Listener { .. } => "serve.listener",
        }
    }
}

/// Longest wait for open requests when the server ends.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);
/// Pause after the system refused a connection, for example because there are no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Refused connections in a row after which the listener counts as gone: with the pause, half a minute.
const ACCEPT_FAILURES_MAX: u32 = 600;

/// Serves all doors on a listener until `shutdown` ends.
///
/// New connections are refused from then on; requests that are being answered have ten seconds to end.
///
/// # Errors
///
/// [`ServeError::Listener`] if the system refuses every connection for half a minute.
pub async fn serve(
    listener: TcpListener,
    exchange: Exchange,
    options: Options,
    shutdown: impl Future,
) -> Result<(), ServeError> {
    let router = router(exchange, options);
    let room = Arc::new(Semaphore::new(options.connections_max.clamp(1, Semaphore::MAX_PERMITS)));
    let graceful = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    let mut failures = 0_u32;
    let outcome = loop {
        let accepted = tokio::select! {
            _ = &mut shutdown => break Ok(()),
            accepted = accept(&listener, &room) => accepted,
        };
        match accepted {
            Ok((stream, place)) => {
                failures = 0;
                spawn(stream, place, router.clone(), options, &graceful);
            }
            // One connection that broke before it was accepted says nothing about the next.
            Err(error) if is_of_one_connection(&error) => {}
            Err(source) => {
                failures = failures.saturating_add(1);
                if failures >= ACCEPT_FAILURES_MAX {
                    break Err(ServeError::Listener { source });
                }
                tracing::warn!(error = %source, "the system refused a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    };
    drop(listener);
    if tokio::time::timeout(DRAIN_TIMEOUT, graceful.shutdown()).await.is_err() {
        tracing::warn!("ended with requests still open");
    }
    outcome
}

/// Waits for room, then for a connection.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, Option<OwnedSemaphorePermit>)> {
    // The semaphore is never closed; without a place the connection would merely not be counted.
    let place = Arc::clone(room).acquire_owned().await.ok();
    let (stream, _) = listener.accept().await?;
    Ok((stream, place))
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

fn spawn(
    stream: TcpStream,
    place: Option<OwnedSemaphorePermit>,
    router: axum::Router,
    options: Options,
    graceful: &GracefulShutdown,
) {
    // Answers are written whole; waiting to fill a segment only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(error = %error, "cannot set no-delay");
    }
    let heard = Arc::new(AtomicBool::new(false));
    let service = {
        let heard = Arc::clone(&heard);
        let router = tower::util::MapRequest::new(router, move |request: hyper::Request<hyper::body::Incoming>| {
            heard.store(true, Ordering::Relaxed);
            request
        });
        TowerToHyperService::new(router)
    };
    let connection = builder(options).serve_connection(TokioIo::new(stream), service).into_owned();
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        let _place = place;
        let mut connection = pin!(connection);
        // A connection that never sends a whole request head is closed; hyper's own timer does not run before the
        // version of the protocol is known.
        tokio::select! {
            ended = &mut connection => return log_end(ended),
            () = tokio::time::sleep(options.progress_timeout) => {}
        }
        if heard.load(Ordering::Relaxed) {
            log_end(connection.await);
        }
    });
}

fn log_end<E: std::fmt::Display>(ended: Result<(), E>) {
    if let Err(error) = ended {
        tracing::debug!(error = %error, "a connection ended abnormally");
    }
}

fn builder(options: Options) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // LIMIT: wider than what `limits.rs` refuses with a body, so that most callers get to read why. The buffer holds a
    // head of 16 KiB request line and 32 KiB fields.
    builder
        .http1()
        .timer(TokioTimer::new())
        // GAP: the same time holds for an idle connection and for a head that is arriving; a client that polls less
        // often than that connects anew.
        .header_read_timeout(options.progress_timeout)
        .max_headers(256)
        .max_buf_size(128 << 10);
    // LIMIT: 100 streams a connection; 20 resets that are not yet answered for (rapid reset, A40).
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(100)
        .max_pending_accept_reset_streams(20)
        .max_header_list_size(64 << 10)
        .keep_alive_interval(options.progress_timeout)
        .keep_alive_timeout(options.progress_timeout);
    builder
}
