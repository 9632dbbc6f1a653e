//! The account and the profile for the node's own staff, and the usefulness reports for the party they are addressed to.

use axum::body::Body;
use axum::http::Response;
use entente_agreement::account::Period;
use entente_exchange::Viewer;
use entente_stix::Timestamp;

use super::{acceptable, credential, failed, json};
use crate::call::Call;
use crate::door::Door;
use crate::refusal::{Refusal, Why};

/// `GET /api/v1/parties/{id}/reciprocity?agreement=&period=`: the accounts with a party. Staff only; 404 for everybody else.
pub(crate) fn reciprocity(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    acceptable(&call.headers)?;
    staff(call)?;
    let period = match call.query.get("period") {
        None => None,
        Some(text) => Some(Period::parse(text).ok_or_else(|| {
            Refusal::with_detail(Why::CheckValues, "`period` is a month (2026-12) or two days (2026-12-01/2027-01-01).")
        })?),
    };
    let accounts =
        door.exchange().reciprocity(call.id("id")?, call.query.get("agreement"), period).map_err(failed(door))?;
    json(&serde_json::json!({ "accounts": accounts }), door)
}

/// `GET /api/v1/parties/{id}/maturity?at=`: the profile of a party. Staff only; 404 for everybody else.
pub(crate) fn maturity(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    acceptable(&call.headers)?;
    staff(call)?;
    let at = match call.query.get("at") {
        None => None,
        Some(text) => Some(
            Timestamp::parse(text)
                .or_else(|_| Timestamp::parse(&format!("{text}T00:00:00Z")))
                .map_err(|_| Refusal::with_detail(Why::CheckValues, "`at` is a day or an RFC 3339 instant in UTC."))?,
        ),
    };
    json(&door.exchange().maturity(call.id("id")?, at).map_err(failed(door))?, door)
}

/// `GET /api/v1/agreements/{id}/usefulness`: the signed reports that this node has made to the calling party, as a JSON list.
pub(crate) fn usefulness(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    acceptable(&call.headers)?;
    let reports = door.exchange().usefulness_for(credential(call)?, call.id("id")?).map_err(failed(door))?;
    json(&reports.ok_or(Why::NotFound)?, door)
}

/// Others learn nothing from these addresses, not even that there is something.
fn staff(call: &Call) -> Result<(), Refusal> {
    if *call.viewer()? == Viewer::Staff { Ok(()) } else { Err(Why::NotFound.into()) }
}
