//! One object: what it is, who said so, who may see it and why, where it went, and its bytes.

use super::{Entry, Frame, ROWS_MAX, download, failed, html};
use crate::call::Call;
use crate::door::Door;
use crate::markup::filters;
use crate::refusal::{Refusal, Why};
use askama::Template;
use axum::body::Body;
use axum::http::Response;
use entente_exchange::view;

#[derive(Template)]
#[template(path = "object.html")]
struct ObjectPage {
    frame: Frame,
    object: view::ObjectView,
    /// True if there are more releases than are shown.
    more_releases: bool,
}

/// `GET /objects/{id}`.
pub(crate) fn show(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let mut object = find(door, call)?;
    let more_releases = object.releases.len() > ROWS_MAX;
    object.releases.truncate(ROWS_MAX);
    object.provenance.truncate(ROWS_MAX);
    html(door, &ObjectPage { frame: Frame::new(door, call, Entry::Search), object, more_releases })
}

/// `GET /objects/{id}/raw`: the stored bytes as a download.
pub(crate) fn raw(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let object = find(door, call)?;
    let name = format!("{}.json", call.id("id")?);
    Ok(download("application/stix+json;version=2.1", &name, object.raw.into_bytes()))
}

fn find(door: &Door, call: &Call) -> Result<view::ObjectView, Refusal> {
    door.exchange().object(call.id("id")?, call.viewer()?).map_err(failed(door))?.ok_or_else(|| Why::NotFound.into())
}
