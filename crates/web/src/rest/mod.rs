//! REST below `/api/v1`, the checkpoints of the logs, and the two health probes.
//!
//! Answers are the values of [`entente_exchange::view`] as JSON, made for the caller; refusals are problems.

pub(crate) mod ledger;
pub(crate) mod offers;
pub(crate) mod recalls;
pub(crate) mod reciprocity;
mod simulate;

pub(crate) use simulate::simulate;

use crate::call::Call;
use crate::console::check::LINES_MAX;
use crate::door::Door;
use crate::refusal::{Refusal, Why};
use crate::route::has_media_type;
use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use entente_agreement::plain::Language;
use entente_exchange::ExchangeError;
use entente_exchange::access::Credential;
use serde::{Deserialize, Serialize};

/// `POST /api/v1/check`: what is known about these values.
pub(crate) fn check(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    acceptable(&call.headers)?;
    let list = if has_media_type(call, "text/plain") {
        String::from_utf8(call.body.to_vec())
            .map_err(|_| Refusal::with_detail(Why::BodyJson, "A list in plain text has to be UTF-8."))?
    } else if has_media_type(call, "application/json") {
        list_of_json(&call.body)?
    } else {
        let detail = "Send text/plain, one value a line, or application/json: {\"values\":[…]}.";
        return Err(Refusal::with_detail(Why::ContentType, detail));
    };
    if list.trim().is_empty() {
        return Err(Why::CheckEmpty.into());
    }
    if list.lines().count() > LINES_MAX {
        return Err(Why::CheckTooMany.into());
    }
    json(&door.exchange().check(&list, call.viewer()?).map_err(failed(door))?, door)
}

#[derive(Deserialize)]
struct CheckBody {
    values: Vec<String>,
}

fn list_of_json(body: &[u8]) -> Result<String, Refusal> {
    // The same strictness as at every door: duplicate keys, depth and sizes are checked before anything is read (A10).
    // Its size is bounded by the route.
    let limits = entente_stix::Limits { object_size_bytes_max: body.len(), ..entente_stix::Limits::admission() };
    entente_stix::json::check(body, &limits).map_err(|error| {
        Refusal::with_detail(Why::BodyJson, format!("The body is not JSON as it is taken here: {error}."))
    })?;
    let body: CheckBody = serde_json::from_slice(body).map_err(|_| Why::CheckValues)?;
    let mut list = String::new();
    for value in &body.values {
        // One value, one line: a line feed inside a value would make two of it.
        list.extend(value.chars().map(|c| if matches!(c, '\n' | '\r') { ' ' } else { c }));
        list.push('\n');
    }
    Ok(list)
}

/// `GET /api/v1/objects/{id}`.
pub(crate) fn object(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    acceptable(&call.headers)?;
    let object = door.exchange().object(call.id("id")?, call.viewer()?).map_err(failed(door))?;
    json(&object.ok_or(Why::NotFound)?, door)
}

/// `GET /api/v1/objects/{id}/visibility?party=`: who may see it, and why or why not.
pub(crate) fn visibility(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    acceptable(&call.headers)?;
    let object = door.exchange().object(call.id("id")?, call.viewer()?).map_err(failed(door))?;
    let mut rows = object.ok_or(Why::NotFound)?.visibility;
    if let Some(party) = call.query.get("party") {
        rows.retain(|row| row.party == party);
    }
    json(&serde_json::json!({ "visibility": rows }), door)
}

/// `GET /api/v1/agreements`.
pub(crate) fn agreements(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    acceptable(&call.headers)?;
    let agreements = door.exchange().agreements(call.viewer()?).map_err(failed(door))?;
    json(&serde_json::json!({ "agreements": agreements }), door)
}

/// `GET /api/v1/agreements/{id}`, with `?as=note` the signed note itself.
pub(crate) fn agreement(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let id = call.id("id")?;
    if call.query.get("as") == Some("note") {
        let note = door.exchange().agreement_note(credential(call)?, id).map_err(failed(door))?;
        return Ok(text(note.ok_or(Why::NotFound)?));
    }
    acceptable(&call.headers)?;
    let agreement = door.exchange().agreement(id, call.viewer()?, Language::English).map_err(failed(door))?;
    json(&agreement.ok_or(Why::NotFound)?, door)
}

/// `GET /api/v1/agreements/{id}/notes`: the one-line notes of an agreement that this node holds, as a JSON list.
pub(crate) fn notes(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    acceptable(&call.headers)?;
    let notes = door.exchange().notices(credential(call)?, call.id("id")?).map_err(failed(door))?;
    json(&notes.ok_or(Why::NotFound)?, door)
}

/// `POST /api/v1/agreements/{id}/notes`: a one-line note of another party, signed by it.
pub(crate) fn note(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let id = call.id("id")?;
    if !has_media_type(call, "text/plain") {
        return Err(Refusal::with_detail(Why::ContentType, "Send the signed note as text/plain."));
    }
    door.exchange().accept_notice(credential(call)?, id, &call.body).map_err(failed(door))?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

/// `GET /api/v1/receipts/{agreement}/{leaf}`: the receipt of a delivered page.
pub(crate) fn receipt(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    acceptable(&call.headers)?;
    let (agreement, leaf) = (call.id("agreement")?, call.number("leaf")?);
    let receipt = door.exchange().page_receipt(credential(call)?, agreement, leaf).map_err(failed(door))?;
    Ok(json_bytes(receipt.ok_or(Why::NotFound)?))
}

/// `GET /api/v1/agr/{id}/consistency?old=N&new=M`: the proof that the log of N leaves is the beginning of that of M leaves.
///
/// 404 also for sizes that are missing, are no numbers, or are above what is signed.
pub(crate) fn consistency(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    acceptable(&call.headers)?;
    let size = |name: &str| call.query.get(name).and_then(|size| size.parse::<u64>().ok()).ok_or(Why::NotFound);
    let (id, old, new) = (call.id("id")?, size("old")?, size("new")?);
    let proof = door.exchange().consistency(credential(call)?, id, old, new).map_err(failed(door))?;
    json(&serde_json::json!({ "old": old, "new": new, "proof": proof.ok_or(Why::NotFound)? }), door)
}

/// `GET /agr/{id}/checkpoint`: the signed size and root of the agreement's log.
pub(crate) fn checkpoint(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let checkpoint = door.exchange().checkpoint(credential(call)?, call.id("id")?).map_err(failed(door))?;
    Ok(text(checkpoint.ok_or(Why::NotFound)?))
}

/// `GET /healthz`: the process answers.
pub(crate) fn healthz(_: &Door, _: &Call) -> Result<Response<Body>, Refusal> {
    Ok(json_bytes(b"{\"status\":\"ok\"}".to_vec()))
}

/// `GET /readyz`: the store can be written and the ledger signs.
pub(crate) fn readyz(door: &Door, _: &Call) -> Result<Response<Body>, Refusal> {
    if door.exchange().healthy() {
        Ok(json_bytes(b"{\"status\":\"ready\"}".to_vec()))
    } else {
        Err(Why::NotReady.into())
    }
}

fn credential(call: &Call) -> Result<&Credential, Refusal> {
    call.caller.credential.as_ref().ok_or_else(|| Why::CredentialRequired.into())
}

fn failed(door: &Door) -> impl Fn(ExchangeError) -> Refusal + '_ {
    |error| Refusal::of_exchange(&error, || door.request_id())
}

fn json(value: &impl Serialize, door: &Door) -> Result<Response<Body>, Refusal> {
    match serde_json::to_vec(value) {
        Ok(bytes) => Ok(json_bytes(bytes)),
        Err(error) => {
            let id = door.request_id();
            tracing::error!(request.id = %id, error = %error, "an answer could not be written as JSON");
            Err(Refusal::internal(id))
        }
    }
}

fn json_bytes(bytes: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn text(text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// Refuses a caller who takes no JSON.
fn acceptable(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut ranges = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(|range| range.split(';').next().unwrap_or_default().trim())
        .filter(|range| !range.is_empty())
        .peekable();
    if ranges.peek().is_none() {
        return Ok(());
    }
    let is_json = |range: &str| {
        ["*/*", "application/*", "application/json"].iter().any(|known| range.eq_ignore_ascii_case(known))
    };
    if ranges.any(is_json) { Ok(()) } else { Err(Why::NotAcceptable.into()) }
}

#[cfg(test)]
mod tests {
    use super::{acceptable, list_of_json};
    use axum::http::{HeaderMap, HeaderValue, StatusCode};

    #[test]
    fn a_caller_who_takes_no_json_is_told_so() {
        let with = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("accept", HeaderValue::from_static(value));
            acceptable(&headers).is_ok()
        };
        assert!(acceptable(&HeaderMap::new()).is_ok());
        assert!(with("*/*") && with("text/html, Application/JSON;q=0.5") && with(""));
        assert!(!with("text/html") && !with("application/xml;q=1, text/*"));
    }

    #[test]
    fn values_of_json_become_one_line_each() {
        assert_eq!(list_of_json(b"{\"values\":[\"198.51.100[.]25\",\"a\\nb\"]}").unwrap(), "198.51.100[.]25\na b\n");
        assert_eq!(list_of_json(b"{\"list\":[]}").unwrap_err().status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(list_of_json(b"{\"values\":").unwrap_err().status(), StatusCode::BAD_REQUEST);
    }

    #[test]
    fn abuse_a10_duplicate_keys_are_refused_here_too() {
        let refusal = list_of_json(b"{\"values\":[\"a\"],\"values\":[\"b\"]}").unwrap_err();
        assert_eq!((refusal.status(), refusal.code()), (StatusCode::BAD_REQUEST, "body.json"));
    }
}
