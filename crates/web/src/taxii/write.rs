//! Adding objects to an inbound collection; deleting, which no collection of a party allows.

use super::target::Target;
use super::{Asked, No, check_accept, collection, credential, no, reply};
use crate::body::{self, BodyLimits, Coding};
use crate::door::Door;
use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Response, StatusCode};
use entente_exchange::access::Credential;
use entente_exchange::deliver::CollectionInfo;
use entente_stix::bundle::{self, Shape};
use entente_stix::{Limits, json};
use entente_taxii::negotiate;
use entente_taxii::problem::{Code, Problem};
use entente_taxii::wire::to_body;

/// Answers E8. Who may write is settled before a byte of the body is read.
pub(super) async fn add(door: Door, asked: Asked, body: Body) -> Response<Body> {
    let headers = asked.headers.clone();
    let limits = door.options().body_limits(usize::MAX);
    let admitted = match door.ask(move |door| check(door, &asked, &limits)).await {
        Ok(Ok(admitted)) => admitted,
        Ok(Err(no)) => return no.into_response(),
        Err(refusal) => return reply::refuse(&refusal),
    };
    let bytes = match body::read(body, &headers, &limits).await {
        Ok(bytes) => bytes,
        Err(error) => return reply::problem(&reply::not_read(error, limits.size_bytes_max)),
    };
    let answered = door.ask(move |door| receive(door, &admitted, bytes, &limits)).await;
    match answered {
        Ok(Ok(response)) => response,
        Ok(Err(no)) => no.into_response(),
        Err(refusal) => reply::refuse(&refusal),
    }
}

/// A request to add that may be read.
struct Admitted {
    credential: Credential,
    collection: CollectionInfo,
    coding: Coding,
}

/// Checks everything but the body.
fn check(door: &Door, asked: &Asked, limits: &BodyLimits) -> Result<Admitted, No> {
    let credential = credential(door, asked)?;
    let Target::Objects(id) = &asked.target else { return Err(no(Code::NotFound)) };
    let collection = collection(door, &credential, id)?;
    if !collection.can_write {
        return Err(no(Code::NoWrite));
    }
    check_accept(asked)?;
    let mut types = asked.headers.get_all(CONTENT_TYPE).iter();
    let content_type = types.next().and_then(|value| value.to_str().ok());
    if types.next().is_some() || !negotiate::is_envelope_type(content_type) {
        return Err(no(Code::ContentType));
    }
    let not_read = |error| reply::not_read(error, limits.size_bytes_max);
    let coding = body::coding(&asked.headers).map_err(not_read)?;
    body::check_announced(&asked.headers, limits.size_bytes_max).map_err(not_read)?;
    Ok(Admitted { credential, collection, coding })
}

/// Reads the body and hands its objects over, one by one, as the bytes that were sent.
fn receive(door: &Door, admitted: &Admitted, bytes: Bytes, limits: &BodyLimits) -> Result<Response<Body>, No> {
    let bytes =
        body::inflate(bytes, admitted.coding, limits).map_err(|error| reply::not_read(error, limits.size_bytes_max))?;
    // The whole body is held to the limits of every door (A09, A10): a door refuses what a file reader would mend.
    let json_limits = Limits {
        object_size_bytes_max: limits.inflated_size_bytes_max,
        // The envelope and its list are two levels around the deepest object.
        depth_max: Limits::admission().depth_max.saturating_add(2),
        ..Limits::admission()
    };
    json::check(&bytes, &json_limits).map_err(|error| {
        Problem::new(Code::BodyJson)
            .with_description(error.to_string())
            .with_detail("code", error.code().into())
            .with_detail("offset", error.offset().into())
    })?;
    let not_envelope = |what: &str| Problem::new(Code::BodyEnvelope).with_description(what);
    let split = bundle::split(&bytes, &Limits::admission()).map_err(|error| not_envelope(&error.to_string()))?;
    let note = match split.shape {
        Shape::Envelope => None,
        Shape::Bundle => Some("a bundle was taken as if it were an envelope".to_owned()),
        Shape::Lines | Shape::List | Shape::Object => {
            return Err(not_envelope("send one object with a list `objects`").into());
        }
    };
    if split.objects.is_empty() {
        return Err(not_envelope("`objects` is missing or empty").into());
    }
    let mut status = door
        .exchange()
        .receive(&admitted.credential, &admitted.collection, &split.objects)
        .map_err(|error| reply::not_delivered(door, &error))?;
    status.note = note;
    Ok(reply::with_body(StatusCode::ACCEPTED, to_body(&status)))
}

/// Answers E10 by the table of rights: only who may both read and write could delete, and no party may.
pub(super) fn delete(door: &Door, asked: &Asked) -> Result<Response<Body>, No> {
    let credential = credential(door, asked)?;
    let Target::Object(id, _) = &asked.target else { return Err(no(Code::NotFound)) };
    collection(door, &credential, id)?;
    Err(no(Code::NoDelete))
}
