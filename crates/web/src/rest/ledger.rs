//! The ledger as other nodes and their witnesses read it: tiles, cosignatures, handovers of keys, and this node as a witness
//! (`ledger.md` sections 1.3, 1.6, 6 and 8).

use super::{acceptable, credential, failed, json, text};
use crate::call::Call;
use crate::door::Door;
use crate::refusal::{Refusal, Why};
use crate::route::has_media_type;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Response, StatusCode};
use entente_ledger::witness::{SIZE_MEDIA_TYPE, WitnessError};

/// `GET /agr/{id}/tile/{*path}`: a tile of the agreement's log.
pub(crate) fn tile(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let tile = door.exchange().tile(credential(call)?, call.id("id")?, &tile_path(call)).map_err(failed(door))?;
    Ok(immutable(tile.ok_or(Why::NotFound)?))
}

/// `GET /api/v1/copies/{id}/checkpoint`: how far this node keeps a copy of the caller's own log of an agreement.
pub(crate) fn copied_checkpoint(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let checkpoint = door.exchange().copied_checkpoint(credential(call)?, call.id("id")?).map_err(failed(door))?;
    Ok(text(checkpoint.ok_or(Why::NotFound)?))
}

/// `GET /api/v1/copies/{id}/tile/{*path}`: a tile of entries of that copy.
pub(crate) fn copied_tile(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let tile =
        door.exchange().copied_tile(credential(call)?, call.id("id")?, &tile_path(call)).map_err(failed(door))?;
    Ok(immutable(tile.ok_or(Why::NotFound)?))
}

/// `GET /api/v1/agr/{id}/keys`: how the key of the agreement's log was replaced, oldest first.
pub(crate) fn keys(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    acceptable(&call.headers)?;
    let handovers = door.exchange().log_handovers(credential(call)?, call.id("id")?).map_err(failed(door))?;
    json(&handovers.ok_or(Why::NotFound)?, door)
}

/// `POST /api/v1/ledger/{id}/cosignatures`: a checkpoint of this node's log with the cosignatures of witnesses.
pub(crate) fn cosignatures(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let (who, id) = (credential(call)?, call.id("id")?);
    if !has_media_type(call, "text/plain") {
        return Err(Refusal::with_detail(Why::ContentType, "Send the cosigned checkpoint as text/plain."));
    }
    door.exchange().accept_cosignature(who, id, &call.body).map_err(failed(door))?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

/// `POST /witness/add-checkpoint`: the status is that of c2sp.org/tlog-witness.
pub(crate) fn add_checkpoint(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    match door.exchange().add_checkpoint(&call.body).map_err(failed(door))? {
        Ok(lines) => Ok(text(lines)),
        Err(error) => {
            let body = match &error {
                WitnessError::OtherSize { last } => format!("{last}\n"),
                other => format!("{other}\n"),
            };
            let mut response = text(body);
            *response.status_mut() = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
            if matches!(error, WitnessError::OtherSize { .. }) {
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(SIZE_MEDIA_TYPE));
            }
            Ok(response)
        }
    }
}

/// `GET /witness/{hash}/checkpoint`: the last checkpoint this node has cosigned of the log whose origin has this SHA-256.
pub(crate) fn witnessed(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let checkpoint = door.exchange().witnessed_checkpoint(credential(call)?, call.id("hash")?).map_err(failed(door))?;
    Ok(text(checkpoint.ok_or(Why::NotFound)?))
}

/// The path of a tile; whatever is none of the specification's spellings names nothing.
fn tile_path(call: &Call) -> String {
    let path = call.params.iter().find(|(name, _)| name == "path").map_or("", |(_, value)| value.as_str());
    format!("tile/{path}")
}

/// A tile never changes once it is served.
fn immutable(bytes: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable"));
    response
}
