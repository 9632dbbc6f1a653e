//! Agreements: the list, the terms in words, and the two acts a party may do alone: suspend, and resume.

use super::{Entry, Frame, ROWS_MAX, download, failed, html, see_other};
use crate::call::Call;
use crate::door::Door;
use crate::markup::filters;
use crate::refusal::{Refusal, Why};
use askama::Template;
use axum::body::Body;
use axum::http::Response;
use entente_agreement::plain::Language;
use entente_exchange::versions::{Happening, VersionLine};
use entente_exchange::view;

#[derive(Template)]
#[template(path = "agreements.html")]
struct AgreementsPage {
    frame: Frame,
    agreements: Vec<view::AgreementLine>,
    more: bool,
}

#[derive(Template)]
#[template(path = "agreement.html")]
struct AgreementPage {
    frame: Frame,
    agreement: view::AgreementView,
    /// True if this node may suspend it now.
    may_suspend: bool,
    /// True if this node has suspended it and may resume it.
    may_resume: bool,
    /// The language of the plain words, and the others.
    words: Words,
    /// All signed versions, oldest first.
    versions: Vec<VersionLine>,
    /// What happened to it, and what lies ahead, oldest first.
    happenings: Vec<Happening>,
    /// The exchange with each other party.
    recipients: Vec<view::HealthRow>,
}

/// The language in which the plain words of an agreement are shown. The rest of the console is in English.
pub(crate) struct Words {
    /// Its tag.
    pub(crate) tag: &'static str,
    /// Its direction.
    pub(crate) direction: &'static str,
    /// All languages: tag, name in the language itself, and the value of `aria-current`.
    pub(crate) all: [(&'static str, &'static str, &'static str); 5],
}

impl Words {
    pub(crate) fn of(language: Language) -> Self {
        let name = |language| match language {
            Language::English => "English",
            Language::French => "Français",
            Language::Spanish => "Español",
            Language::Arabic => "العربية",
            Language::Italian => "Italiano",
        };
        Self {
            tag: language.tag(),
            direction: if language == Language::Arabic { "rtl" } else { "ltr" },
            all: Language::ALL
                .map(|other| (other.tag(), name(other), if other == language { "true" } else { "false" })),
        }
    }
}

/// The language that a request asks for with `?lang=`; English for one there are no words in.
pub(crate) fn language(call: &Call) -> Language {
    call.query.get("lang").and_then(Language::parse).unwrap_or_default()
}

/// What a confirmation page is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Suspend,
    Resume,
}

#[derive(Template)]
#[template(path = "agreement_confirm.html")]
struct ConfirmPage {
    frame: Frame,
    agreement: view::AgreementView,
    step: Step,
    /// The reason as typed before, if it was refused.
    reason: String,
    /// What is wrong with it.
    problem: Option<&'static str>,
}

// LIMIT: the reason goes into a note of at most 2,048 bytes, percent-encoded there: 200 characters of 3 bytes each
// become 1,800.
const REASON_CHARS_MAX: usize = 200;

/// `GET /agreements`.
pub(crate) fn list(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let mut agreements = door.exchange().agreements(call.viewer()?).map_err(failed(door))?;
    let more = agreements.len() > ROWS_MAX;
    agreements.truncate(ROWS_MAX);
    html(door, &AgreementsPage { frame: Frame::new(door, call, Entry::Agreements), agreements, more })
}

/// `GET /agreements/{id}`.
pub(crate) fn show(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let language = language(call);
    let (id, viewer) = (call.id("id")?, call.viewer()?);
    let mut agreement = door.exchange().agreement(id, viewer, language).map_err(failed(door))?.ok_or(Why::NotFound)?;
    agreement.releases.truncate(ROWS_MAX);
    let versions = door.exchange().versions(id, viewer).map_err(failed(door))?.unwrap_or_default();
    let mut happenings = door.exchange().happenings(id, viewer).map_err(failed(door))?.unwrap_or_default();
    let before = happenings.len().saturating_sub(ROWS_MAX);
    happenings.drain(..before);
    let parties = door.exchange().parties(viewer).map_err(failed(door))?;
    let recipients = parties.into_iter().flat_map(|party| party.exchange).filter(|row| row.agreement == id).collect();
    let frame = Frame::new(door, call, Entry::Agreements);
    let may_suspend = frame.staff && can(door, &agreement, Step::Suspend);
    let may_resume = frame.staff && can(door, &agreement, Step::Resume);
    let words = Words::of(language);
    html(door, &AgreementPage { frame, agreement, may_suspend, may_resume, words, versions, happenings, recipients })
}

/// `GET /agreements/{id}/suspend`: what will happen, before it happens.
pub(crate) fn ask_suspend(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    ask(door, call, Step::Suspend)
}

/// `GET /agreements/{id}/resume`.
pub(crate) fn ask_resume(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    ask(door, call, Step::Resume)
}

fn ask(door: &Door, call: &Call, step: Step) -> Result<Response<Body>, Refusal> {
    let agreement = find(door, call)?;
    if !can(door, &agreement, step) {
        return Ok(see_other(&path(&agreement)));
    }
    let frame = Frame::new(door, call, Entry::Agreements);
    html(door, &ConfirmPage { frame, agreement, step, reason: String::new(), problem: None })
}

/// `POST /agreements/{id}/suspend`.
pub(crate) fn suspend(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let agreement = find(door, call)?;
    if !can(door, &agreement, Step::Suspend) {
        return Ok(see_other(&path(&agreement)));
    }
    let reason = call.form.get("reason").unwrap_or_default().trim();
    if let Some(problem) = problem_of(reason) {
        let frame = Frame::new(door, call, Entry::Agreements);
        let page =
            ConfirmPage { frame, agreement, step: Step::Suspend, reason: reason.to_owned(), problem: Some(problem) };
        let mut response = html(door, &page)?;
        *response.status_mut() = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(response);
    }
    door.exchange().suspend(&agreement.line.id, reason).map_err(failed(door))?;
    Ok(see_other(&path(&agreement)))
}

/// `POST /agreements/{id}/resume`.
pub(crate) fn resume(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let agreement = find(door, call)?;
    if can(door, &agreement, Step::Resume) {
        door.exchange().resume(&agreement.line.id).map_err(failed(door))?;
    }
    Ok(see_other(&path(&agreement)))
}

/// `GET /agreements/{id}/versions/{version}`: a signed version, to the byte, as a file.
pub(crate) fn version(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let id = call.id("id")?;
    let number = u32::try_from(call.number("version")?).map_err(|_| Why::NotFound)?;
    let found = door.exchange().version_of(id, Some(number), call.viewer()?).map_err(failed(door))?;
    let (_, note) = found.ok_or(Why::NotFound)?;
    Ok(download("text/plain; charset=utf-8", &format!("{id}.v{number}.note"), note.into_bytes()))
}

fn find(door: &Door, call: &Call) -> Result<view::AgreementView, Refusal> {
    door.exchange()
        .agreement(call.id("id")?, call.viewer()?, Language::English)
        .map_err(failed(door))?
        .ok_or_else(|| Why::NotFound.into())
}

fn path(agreement: &view::AgreementView) -> String {
    format!("/agreements/{}", crate::markup::segment(&agreement.line.id))
}

/// Tells whether an act makes sense now: a button that would be refused is not offered. The exchange decides.
fn can(door: &Door, agreement: &view::AgreementView, step: Step) -> bool {
    let party = door.exchange().node().party.as_str();
    let is_party = agreement.line.parties.iter().any(|id| id == party);
    let suspended_by_us = agreement.suspended_by.iter().any(|id| id == party);
    is_party
        && match step {
            Step::Suspend => !suspended_by_us && matches!(agreement.line.state.as_str(), "in-force" | "suspended"),
            Step::Resume => suspended_by_us,
        }
}

fn problem_of(reason: &str) -> Option<&'static str> {
    if reason.is_empty() {
        Some("Say why: the reason is part of the note that is signed and sent.")
    } else if reason.chars().count() > REASON_CHARS_MAX {
        Some("The reason is too long: at most 200 characters fit.")
    } else if reason.chars().any(char::is_control) {
        Some("The reason must be one line.")
    } else {
        None
    }
}
