//! REST of recalls: staff take back and see how far it is, other nodes fetch, hand over and acknowledge.

use crate::call::Call;
use crate::door::Door;
use crate::refusal::{Refusal, Why};
use crate::rest::{acceptable, credential, failed, json, text};
use crate::route::has_media_type;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use entente_agreement::recall::{RecallAction, RecallReason};
use serde::Deserialize;

/// What staff ask to be taken back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    objects: Vec<String>,
    reason: String,
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    dry_run: bool,
}

/// LIMIT: objects named in one request, as many as one note takes.
const OBJECTS_MAX: usize = entente_agreement::recall::IDS_MAX;

/// `GET /api/v1/recalls`: for staff all recalls and their states; for a party, with `?agreement=`, the notes it has not completed.
pub(crate) fn list(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    acceptable(&call.headers)?;
    let credential = credential(call)?;
    if credential.staff {
        let mut recalls = door.exchange().recalls().map_err(failed(door))?;
        if call.query.get("overdue") == Some("true") {
            recalls.retain(|recall| recall.state == "overdue");
        }
        return json(&serde_json::json!({ "recalls": recalls }), door);
    }
    let agreement = call.query.get("agreement").ok_or(Why::NotFound)?;
    let notes = door.exchange().recall_notes(credential, agreement).map_err(failed(door))?;
    json(&serde_json::json!({ "notes": notes.ok_or(Why::NotFound)? }), door)
}

/// `POST /api/v1/recalls`: staff take objects back, with JSON; a party hands over its signed recall, as text, and gets the
/// acknowledgement.
pub(crate) fn post(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let credential = credential(call)?;
    if !credential.staff {
        if !has_media_type(call, "text/plain") {
            return Err(Refusal::with_detail(Why::ContentType, "Send the signed recall as text/plain."));
        }
        let ack = door.exchange().accept_recall(Some(&credential.party), &call.body).map_err(failed(door))?;
        return Ok(text(String::from_utf8_lossy(&ack).into_owned()));
    }
    acceptable(&call.headers)?;
    if !has_media_type(call, "application/json") {
        let detail =
            "Send application/json: {\"objects\":[…],\"reason\":\"wrong\",\"action\":\"delete\",\"dry_run\":true}.";
        return Err(Refusal::with_detail(Why::ContentType, detail));
    }
    // As strict as at every door (A10); its size is bounded by the route.
    let limits = entente_stix::Limits { object_size_bytes_max: call.body.len(), ..entente_stix::Limits::admission() };
    let unreadable = || Refusal::with_detail(Why::BodyJson, "Send objects, reason, and if need be action and dry_run.");
    entente_stix::json::check(&call.body, &limits).map_err(|_| unreadable())?;
    let asked: Asked = serde_json::from_slice(&call.body).map_err(|_| unreadable())?;
    if asked.objects.is_empty() || asked.objects.len() > OBJECTS_MAX {
        return Err(Refusal::with_detail(Why::CheckValues, "Name between 1 and 10,000 objects."));
    }
    let reason = RecallReason::parse(&asked.reason)
        .ok_or_else(|| Refusal::with_detail(Why::CheckValues, "The reason is not one of the closed list."))?;
    let action = RecallAction::parse(asked.action.as_deref().unwrap_or("delete"))
        .ok_or_else(|| Refusal::with_detail(Why::CheckValues, "The action is delete, stop-use or raise:<tlp>."))?;
    let done = door.exchange().recall(&asked.objects, reason, action, asked.dry_run).map_err(failed(door))?;
    json(&done, door)
}

/// `POST /api/v1/recalls/{id}/ack`: a party acknowledges.
pub(crate) fn ack(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let id = call.id("id")?;
    if !has_media_type(call, "text/plain") {
        return Err(Refusal::with_detail(Why::ContentType, "Send the signed acknowledgement as text/plain."));
    }
    door.exchange().accept_ack(&credential(call)?.party, id, &call.body).map_err(failed(door))?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}
