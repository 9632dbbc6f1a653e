//! `POST /api/v1/agreements/{id}/simulate`: what a draft would release and withhold of past admissions (`agreements.md` 12).

use super::{acceptable, failed, json};
use crate::call::Call;
use crate::door::Door;
use crate::refusal::{Refusal, Why};
use crate::route::has_media_type;
use axum::body::Body;
use axum::http::Response;
use entente_exchange::simulate::{Against, AsOf, Draft, SAMPLE_DEFAULT, SimulateRequest, Simulation};
use entente_stix::Timestamp;
use serde::{Deserialize, Serialize};

/// The body. With neither `text` nor `clause` it is the newest version held that is simulated.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// A whole text, signed or not.
    text: Option<String>,
    /// A `[[clause]]` table of the ruling version.
    clause: Option<String>,
    since: Option<String>,
    until: Option<String>,
    party: Option<String>,
    as_of: Option<String>,
    against: Option<String>,
    sample: Option<usize>,
}

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    simulation: &'a Simulation,
    digest: String,
}

/// Days that are replayed where the caller names no `since`.
const DAYS_DEFAULT: i64 = 90;
const DAY_US: i64 = 86_400_000_000;

/// Answers for staff: a simulation tells what is withheld, which is nobody else's business.
pub(crate) fn simulate(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    if !call.caller.is_staff() {
        // As an unknown address: a partner does not learn from the answer whether the agreement exists (A34).
        return Err(Why::NotFound.into());
    }
    acceptable(&call.headers)?;
    if !has_media_type(call, "application/json") {
        return Err(Refusal::with_detail(
            Why::ContentType,
            "Send application/json: {\"text\":\"<draft>\",\"since\":…}.",
        ));
    }
    let id = call.id("id")?;
    let exchange = door.exchange();
    let request = request(id, asked(&call.body)?, exchange.now())?;
    let simulation = exchange.simulate(&request).map_err(failed(door))?;
    if simulation.agreement != id {
        return Err(refused("The text is one of another agreement than the address names."));
    }
    json(&Answer { simulation: &simulation, digest: simulation.digest().to_sha256_text() }, door)
}

fn asked(body: &[u8]) -> Result<Asked, Refusal> {
    let limits = entente_stix::Limits { object_size_bytes_max: body.len(), ..entente_stix::Limits::admission() };
    entente_stix::json::check(body, &limits).map_err(|error| {
        Refusal::with_detail(Why::BodyJson, format!("The body is not JSON as it is taken here: {error}."))
    })?;
    serde_json::from_slice(body).map_err(|_| {
        refused("The body has text or clause, since, until, party, as_of, against and sample, and nothing else.")
    })
}

fn request(id: &str, asked: Asked, now: Timestamp) -> Result<SimulateRequest, Refusal> {
    let agreement = id.to_owned();
    let draft = match (asked.text, asked.clause) {
        (Some(text), None) => Draft::Text(text),
        (None, Some(clause)) => Draft::Clause { agreement, clause },
        (None, None) => Draft::Held { agreement, version: None },
        (Some(_), Some(_)) => return Err(refused("Send a text or a clause, not both.")),
    };
    let instant = |text: String| {
        Timestamp::parse(&text).map_err(|_| refused("since and until are instants such as 2026-11-01T00:00:00Z."))
    };
    let since = asked.since.map(instant).transpose()?;
    Ok(SimulateRequest {
        draft,
        since: since.unwrap_or_else(|| now.saturating_add_micros(-DAYS_DEFAULT * DAY_US)),
        until: asked.until.map(instant).transpose()?,
        party: asked.party,
        as_of: match asked.as_of {
            None => AsOf::default(),
            Some(word) => AsOf::parse(&word).ok_or_else(|| refused("as_of is admission or now."))?,
        },
        against: match asked.against {
            None => Against::default(),
            Some(word) => Against::parse(&word).ok_or_else(|| refused("against is in-force, none or a version."))?,
        },
        sample: asked.sample.unwrap_or(SAMPLE_DEFAULT),
    })
}

fn refused(detail: &str) -> Refusal {
    Refusal::with_detail(Why::CheckValues, detail)
}
