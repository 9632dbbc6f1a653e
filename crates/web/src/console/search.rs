//! Search: an id or the beginning of one, a value in any spelling, a country, a role.

use super::{Entry, Frame, ROWS_MAX, failed, html};
use crate::call::Call;
use crate::door::Door;
use crate::markup::filters;
use crate::refusal::Refusal;
use askama::Template;
use axum::body::Body;
use axum::http::Response;
use entente_exchange::view;

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    frame: Frame,
    /// What was asked, as typed.
    asked: String,
    /// What was found; `None` if nothing was asked.
    found: Option<Found>,
}

struct Found {
    lines: Vec<view::ObjectLine>,
    /// True if there is more than is shown.
    more: bool,
}

// LIMIT: no id, value or word anybody searches for is longer.
const QUESTION_SIZE_BYTES_MAX: usize = 2_048;

/// `GET /search?q=`.
pub(crate) fn show(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let asked = call.query.get("q").unwrap_or_default().trim().to_owned();
    let found = if asked.is_empty() || asked.len() > QUESTION_SIZE_BYTES_MAX {
        None
    } else {
        let mut lines = door.exchange().search(&asked, call.viewer()?).map_err(failed(door))?;
        let more = lines.len() > ROWS_MAX;
        lines.truncate(ROWS_MAX);
        Some(Found { lines, more })
    };
    html(door, &SearchPage { frame: Frame::new(door, call, Entry::Search), asked, found })
}
