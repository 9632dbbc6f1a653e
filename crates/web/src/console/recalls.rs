//! Recalls: what was taken back or asked back, how far it is, and the form that takes an object back.

use super::{Entry, Frame, ROWS_MAX, failed, html, see_other};
use crate::call::Call;
use crate::door::Door;
use crate::markup::filters;
use crate::refusal::{Refusal, Why};
use askama::Template;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use entente_agreement::recall::{RecallAction, RecallNote, RecallReason};
use entente_exchange::recall::{RecallDone, RecallView};
use entente_stix::marking::Tlp;

#[derive(Template)]
#[template(path = "recalls.html")]
struct RecallsPage {
    frame: Frame,
    /// Those of this node, the late ones first.
    out: Vec<RecallView>,
    /// Those it was asked.
    asked: Vec<RecallView>,
    overdue: usize,
    more: bool,
}

#[derive(Template)]
#[template(path = "recall.html")]
struct RecallPage {
    frame: Frame,
    recall: RecallView,
    /// Ids as released.
    ids: Vec<String>,
    /// True if there are more ids than are shown.
    more: bool,
    note: String,
}

#[derive(Template)]
#[template(path = "recall_confirm.html")]
struct ConfirmPage {
    frame: Frame,
    /// Id of the object as held.
    id: String,
    /// What it shows itself as, defanged.
    shown: String,
    /// Who holds it.
    done: RecallDone,
    reasons: Vec<(&'static str, &'static str, bool)>,
    actions: Vec<(String, String, bool)>,
    problem: Option<&'static str>,
}

/// `GET /recalls?state=`.
pub(crate) fn list(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let mut recalls = door.exchange().recalls().map_err(failed(door))?;
    let overdue = recalls.iter().filter(|recall| is_late(recall)).count();
    if let Some(state) = call.query.get("state").filter(|state| !state.is_empty()) {
        recalls.retain(|recall| recall.state == state);
    }
    // The order within is kept: the newest first.
    recalls.sort_by_key(|recall| (rank(recall.state), std::cmp::Reverse(recall.at.clone())));
    let more = recalls.len() > ROWS_MAX;
    recalls.truncate(ROWS_MAX);
    let (out, asked) = recalls.into_iter().partition(|recall| recall.direction == "out");
    html(door, &RecallsPage { frame: Frame::new(door, call, Entry::Agreements), out, asked, overdue, more })
}

/// Tells whether somebody should act on a recall.
pub(crate) fn is_late(recall: &RecallView) -> bool {
    recall.state == "overdue"
}

/// What is late comes first, what is done last.
fn rank(state: &str) -> u8 {
    match state {
        "overdue" => 0,
        "refused" => 1,
        "cannot-confirm" => 2,
        "sent" => 3,
        "acknowledged" => 4,
        _ => 5,
    }
}

/// `GET /recalls/{id}`.
pub(crate) fn show(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let (recall, note) = door.exchange().recall_note(call.id("id")?).map_err(failed(door))?;
    let mut ids = RecallNote::open(note.as_bytes()).map(|(_, note)| note.ids().to_vec()).unwrap_or_default();
    let more = ids.len() > ROWS_MAX;
    ids.truncate(ROWS_MAX);
    html(door, &RecallPage { frame: Frame::new(door, call, Entry::Agreements), recall, ids, more, note })
}

/// `GET /objects/{id}/recall`: who holds it, and what will happen, before it happens.
pub(crate) fn ask(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    html(door, &confirm(door, call, None)?)
}

/// `POST /objects/{id}/recall`.
pub(crate) fn take_back(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let reason = call.form.get("reason").and_then(RecallReason::parse);
    let action = call.form.get("action").and_then(RecallAction::parse);
    let problem = match (reason, action) {
        (None, _) => "Say why: the reason goes to everybody who holds the object.",
        (_, None) => "Say what is to be done with the copies.",
        (Some(reason), Some(action)) => {
            let object = call.id("id")?.to_owned();
            door.exchange().recall(&[object], reason, action, false).map_err(failed(door))?;
            return Ok(see_other("/recalls"));
        }
    };
    let mut response = html(door, &confirm(door, call, Some(problem))?)?;
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}

fn confirm(door: &Door, call: &Call, problem: Option<&'static str>) -> Result<ConfirmPage, Refusal> {
    let id = call.id("id")?;
    let object = door.exchange().object(id, call.viewer()?).map_err(failed(door))?.ok_or(Why::NotFound)?;
    let asked = [id.to_owned()];
    let done = door.exchange().recall(&asked, RecallReason::Wrong, RecallAction::Delete, true).map_err(failed(door))?;
    let chosen = |field: &str, word: &str| call.form.get(field) == Some(word);
    let reasons =
        RecallReason::ALL.map(|reason| (reason.name(), reason_words(reason), chosen("reason", reason.name())));
    let actions = [
        RecallAction::Delete,
        RecallAction::StopUse,
        RecallAction::Raise(Tlp::Green),
        RecallAction::Raise(Tlp::Amber),
        RecallAction::Raise(Tlp::AmberStrict),
        RecallAction::Raise(Tlp::Red),
    ]
    .map(|action| {
        let word = action.to_text();
        let chosen = chosen("action", &word);
        (word, action_words(action), chosen)
    });
    Ok(ConfirmPage {
        frame: Frame::new(door, call, Entry::Search),
        id: object.line.id,
        shown: object.line.shown.unwrap_or(object.line.object_type),
        done,
        reasons: reasons.to_vec(),
        actions: actions.to_vec(),
        problem,
    })
}

const fn reason_words(reason: RecallReason) -> &'static str {
    match reason {
        RecallReason::AgreementEnded => "the agreement has ended, or no longer permits it",
        RecallReason::ConsentWithdrawn => "the originator has withdrawn its consent",
        RecallReason::Legal => "a court or an authority orders it",
        RecallReason::MarkingRaised => "the marking was raised",
        RecallReason::MembershipChange => "the recipient is no longer one of those who may have it",
        RecallReason::Stale => "it no longer holds",
        RecallReason::Wrong => "it was wrong",
    }
}

fn action_words(action: RecallAction) -> String {
    match action {
        RecallAction::Delete => "delete it everywhere".to_owned(),
        RecallAction::StopUse => "keep it under seal: not shown, not matched, not passed on".to_owned(),
        RecallAction::Raise(tlp) => format!("treat it as marked {} or above", tlp.name()),
    }
}
