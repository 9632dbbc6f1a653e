//! Help, and the licences of what is built in.

use super::{Entry, Frame, html};
use crate::call::Call;
use crate::door::Door;
use crate::markup::filters;
use crate::refusal::Refusal;
use askama::Template;
use axum::body::Body;
use axum::http::Response;

#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "licences.html")]
struct LicencesPage {
    frame: Frame,
}

/// `GET /help`.
pub(crate) fn help(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    html(door, &HelpPage { frame: Frame::new(door, call, Entry::Help) })
}

/// `GET /licences`.
pub(crate) fn licences(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    html(door, &LicencesPage { frame: Frame::new(door, call, Entry::None) })
}
