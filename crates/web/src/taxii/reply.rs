//! Answers of the TAXII door: bodies, headers, problems.

use super::{No, no};
use crate::body::BodyError;
use crate::door::Door;
use crate::refusal::Refusal;
use axum::body::{Body, Bytes};
use axum::http::header::{ALLOW, CONNECTION, CONTENT_TYPE, RETRY_AFTER, VARY, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use entente_exchange::ExchangeError;
use entente_exchange::deliver::DeliverError;
use entente_stix::Timestamp;
use entente_taxii::authorization::CHALLENGES;
use entente_taxii::problem::{Code, Problem};
use entente_taxii::{DATE_ADDED_FIRST, DATE_ADDED_LAST, MEDIA_TYPE};
use hyper::body::Frame;
use serde_json::{Map, Value};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Makes an answer with a body of TAXII.
pub(super) fn with_body(status: StatusCode, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    headers.insert(VARY, HeaderValue::from_static("Accept, Accept-Encoding, Authorization"));
    response
}

/// Sets the positions of the first and the last record of a page (TAXII 2.1 §3.2).
pub(super) fn set_positions(headers: &mut HeaderMap, first: Timestamp, last: Timestamp) {
    for (name, position) in [(DATE_ADDED_FIRST, first), (DATE_ADDED_LAST, last)] {
        let name = HeaderName::try_from(name);
        let value = HeaderValue::try_from(position.to_micros_string());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.insert(name, value);
        }
    }
}

/// The body of an answer to HEAD whose length is not known, because nothing was delivered to measure it.
struct Unmeasured;

impl axum::body::HttpBody for Unmeasured {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }
}

/// Makes an answer to HEAD that says nothing about a length.
pub(super) fn without_length() -> Response<Body> {
    let mut response = with_body(StatusCode::OK, Vec::new());
    *response.body_mut() = Body::new(Unmeasured);
    response
}

/// Makes the answer to OPTIONS. No other origin is let in.
pub(super) fn options(allowed: &[Method]) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    set_allow(response.headers_mut(), allowed);
    response
}

/// Makes 405.
pub(super) fn method_not_allowed(allowed: &[Method]) -> Response<Body> {
    let mut response = problem(&Problem::new(Code::Method));
    set_allow(response.headers_mut(), allowed);
    response
}

fn set_allow(headers: &mut HeaderMap, allowed: &[Method]) {
    let names: Vec<&str> = allowed.iter().map(Method::as_str).chain(["OPTIONS"]).collect();
    if let Ok(value) = HeaderValue::try_from(names.join(", ")) {
        headers.insert(ALLOW, value);
    }
}

/// Makes the answer of a problem.
pub(super) fn problem(problem: &Problem) -> Response<Body> {
    let status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = with_body(status, problem.to_body(None));
    let headers = response.headers_mut();
    if let Some(seconds) = problem.retry_after_s() {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    set_status_headers(headers, status);
    response
}

/// Makes the answer of a refusal that all doors have in common, in the form of TAXII (§3.6.1).
pub(crate) fn refuse(refusal: &Refusal) -> Response<Body> {
    let mut body = Map::new();
    body.insert("title".to_owned(), Value::from(refusal.title()));
    body.insert("description".to_owned(), Value::from(refusal.detail()));
    if let Some(id) = &refusal.request_id {
        body.insert("error_id".to_owned(), Value::from(id.as_str()));
    }
    body.insert("error_code".to_owned(), Value::from(refusal.code()));
    body.insert("http_status".to_owned(), Value::from(refusal.status().as_u16().to_string()));
    let mut response = with_body(refusal.status(), Value::Object(body).to_string().into_bytes());
    if matches!(refusal.status(), StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(refusal.retry_after_s()));
    }
    set_status_headers(response.headers_mut(), refusal.status());
    response
}

fn set_status_headers(headers: &mut HeaderMap, status: StatusCode) {
    match status {
        StatusCode::UNAUTHORIZED => {
            for challenge in CHALLENGES {
                headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
            }
        }
        // The rest of the body is not read, so the connection cannot be used again.
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT => {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
}

/// Turns an error of the exchange into what the caller is told; the log gets the rest.
pub(super) fn failed(door: &Door, error: &ExchangeError) -> No {
    match error {
        ExchangeError::UnknownAgreement(_)
        | ExchangeError::UnknownObject(_)
        | ExchangeError::UnknownParty(_)
        | ExchangeError::NotAParty(_) => no(Code::NotFound),
        ExchangeError::LedgerHalted { .. }
        | ExchangeError::Rollback { .. }
        | ExchangeError::Unconfirmed { .. }
        | ExchangeError::Fork { .. } => {
            tracing::error!(code = error.code(), error = %error, "the ledger is halted");
            no(Code::LedgerHalted)
        }
        _ => No::Refusal(Refusal::of_exchange(error, || door.request_id())),
    }
}

/// Turns an error of a delivery into what the caller is told.
pub(super) fn not_delivered(door: &Door, error: &DeliverError) -> No {
    match error {
        DeliverError::Suspended => no(Code::AgreementSuspended),
        DeliverError::Ended => no(Code::AgreementEnded),
        DeliverError::Exchange(error) => failed(door, error),
        _ => No::Refusal(Refusal::internal(door.request_id())),
    }
}

/// Turns an error of reading a body into what the caller is told.
pub(super) fn not_read(error: BodyError, size_bytes_max: usize) -> Problem {
    match error {
        BodyError::TooLarge => Problem::too_large(u64::try_from(size_bytes_max).unwrap_or(u64::MAX)),
        BodyError::Encoding => Problem::new(Code::ContentEncoding),
        BodyError::Damaged | BodyError::Broken => {
            Problem::new(Code::BodyJson).with_description("the body is damaged or was cut short")
        }
        BodyError::Slow => Problem::new(Code::Slow),
    }
}
