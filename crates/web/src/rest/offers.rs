//! Offers of agreements between nodes, and the consents a party is concerned with.

use axum::body::Body;
use axum::http::Response;
use entente_exchange::ExchangeError;

use super::{acceptable, credential, failed, json};
use crate::call::Call;
use crate::door::Door;
use crate::refusal::{Refusal, Why};
use crate::route::has_media_type;

/// `POST /api/v1/agreements/{id}/signatures`: an agreement that the caller and perhaps others have signed.
///
/// Taken only for a text that names the caller and this node; the answer is the offer as it stands here.
pub(crate) fn signatures(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let id = call.id("id")?;
    if !has_media_type(call, "text/plain") {
        return Err(Refusal::with_detail(Why::ContentType, "Send the signed agreement as text/plain."));
    }
    let caller = credential(call)?;
    match door.exchange().accept_signatures(caller, id, &call.body) {
        Ok(offer) => json(&offer, door),
        // What is wrong with a text tells nobody that its id is in use here: without a part in it the answer is always the same.
        Err(ExchangeError::Agreement(_)) if !door.exchange().knows_of(caller, id).map_err(failed(door))? => {
            Err(Why::NotFound.into())
        }
        Err(error) => Err(failed(door)(error)),
    }
}

/// `GET /api/v1/offers`: for another party the notes of the offers that name it, as a JSON list; for the node's own staff all offers.
pub(crate) fn list(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    acceptable(&call.headers)?;
    let credential = credential(call)?;
    if credential.staff {
        return json(&serde_json::json!({ "offers": door.exchange().offers().map_err(failed(door))? }), door);
    }
    json(&door.exchange().offers_for(credential).map_err(failed(door))?, door)
}

/// `GET /api/v1/consents`: consents and requests for one, for the node's own staff.
pub(crate) fn consents(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    acceptable(&call.headers)?;
    if !credential(call)?.staff {
        return Err(Why::NotFound.into());
    }
    let (consents, requests) = (door.exchange().consents(None), door.exchange().consent_requests(None));
    let (consents, requests) = (consents.map_err(failed(door))?, requests.map_err(failed(door))?);
    json(&serde_json::json!({ "consents": consents, "requests": requests }), door)
}
