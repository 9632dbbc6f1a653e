//! Parties: who they are, their keys, and the give and take with each.

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
#[template(path = "parties.html")]
struct PartiesPage {
    frame: Frame,
    parties: Vec<view::PartyView>,
    more: bool,
}

#[derive(Template)]
#[template(path = "party.html")]
struct PartyPage {
    frame: Frame,
    party: view::PartyView,
}

/// `GET /parties`.
pub(crate) fn list(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let mut parties = door.exchange().parties(call.viewer()?).map_err(failed(door))?;
    let more = parties.len() > ROWS_MAX;
    parties.truncate(ROWS_MAX);
    html(door, &PartiesPage { frame: Frame::new(door, call, Entry::Parties), parties, more })
}

/// `GET /parties/{id}`.
pub(crate) fn show(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let party = door.exchange().party(call.id("id")?, call.viewer()?).map_err(failed(door))?;
    let party = party.ok_or(Why::NotFound)?;
    html(door, &PartyPage { frame: Frame::new(door, call, Entry::Parties), party })
}
