//! The ledger: one log per agreement, its signed size, its leaves, and how to check them without this node.

use super::{Entry, Frame, ROWS_MAX, failed, html};
use crate::call::Call;
use crate::door::Door;
use crate::markup::filters;
use crate::refusal::{Refusal, Why};
use askama::Template;
use axum::body::Body;
use axum::http::Response;
use entente_exchange::view;

#[derive(Template)]
#[template(path = "ledger.html")]
struct LedgerPage {
    frame: Frame,
    logs: Vec<view::LogLine>,
    more: bool,
}

#[derive(Template)]
#[template(path = "log.html")]
struct LogPage {
    frame: Frame,
    log: view::LogView,
    /// True if this is not the newest part of the log.
    older: bool,
}

/// `GET /ledger`.
pub(crate) fn list(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let mut logs = door.exchange().ledger(call.viewer()?).map_err(failed(door))?.logs;
    let more = logs.len() > ROWS_MAX;
    logs.truncate(ROWS_MAX);
    html(door, &LedgerPage { frame: Frame::new(door, call, Entry::Ledger), logs, more })
}

/// `GET /ledger/{agreement}?before=`.
pub(crate) fn log(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let before = match call.query.get("before") {
        None | Some("") => None,
        Some(text) => Some(text.parse::<u64>().map_err(|_| Why::NotFound)?),
    };
    let log = door.exchange().log(call.id("agreement")?, before, call.viewer()?).map_err(failed(door))?;
    let mut log = log.ok_or(Why::NotFound)?;
    log.leaves.truncate(ROWS_MAX);
    html(door, &LogPage { frame: Frame::new(door, call, Entry::Ledger), log, older: before.is_some() })
}
