//! Simulate: what a draft would have released of past admissions, before anybody signs it (`agreements.md` section 12).

use super::compare::version_of;
use super::draft::Draft;
use super::{Entry, Frame, ROWS_MAX, failed, html};
use crate::call::{Call, Pairs};
use crate::door::Door;
use crate::markup::{Markup, filters};
use crate::refusal::{Refusal, Why};
use crate::svgchart;
use askama::Template;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use entente_exchange::simulate::{Against, AsOf, Draft as Source, Flow, Row, SimulateRequest, Simulation};
use entente_exchange::versions::VersionLine;
use entente_stix::Timestamp;

#[derive(Template)]
#[template(path = "simulate.html")]
struct SimulatePage {
    frame: Frame,
    id: String,
    title: String,
    versions: Vec<VersionLine>,
    /// The text as typed and its faults.
    draft: Draft,
    asked: Asked,
    answer: Option<Answer>,
    /// Why there is none.
    problem: Option<String>,
}

/// The fields of the form beside the text.
struct Asked {
    /// Held version to simulate, if no text is given.
    version: Option<u32>,
    /// Days back from now.
    days: u32,
    as_of: AsOf,
}

impl Asked {
    fn is_version(&self, version: &u32) -> bool {
        self.version == Some(*version)
    }
}

/// A simulation, ready to be shown.
struct Answer {
    simulation: Simulation,
    /// Its hash, which goes into the leaf of the agreement when it is signed.
    digest: String,
    flows: Vec<ShownFlow>,
}

/// What would go to one recipient.
pub(crate) struct ShownFlow {
    pub(crate) flow: Flow,
    /// The counts by attribute: head of the table and its rows.
    pub(crate) tables: Vec<(&'static str, Vec<Row>)>,
    /// Reason, before, after.
    pub(crate) withheld: Vec<(String, u64, u64)>,
    /// Volume by day; none if there was nothing.
    pub(crate) chart: Option<Markup>,
}

// LIMIT: ten years, the longest that anything is kept for comparison.
const DAYS_MAX: u32 = 3_650;
const DAYS_DEFAULT: u32 = 90;
const DAY_US: i64 = 86_400_000_000;
/// Objects shown of each recipient.
const SAMPLE: usize = 10;

/// `GET /agreements/{id}/simulate?version=&days=&as-of=`: a form; with `version`, a held version.
pub(crate) fn form(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let mut page = page(door, call, &call.query)?;
    if let Some(version) = page.asked.version {
        version_of(door, call, version)?;
        page.run(door, Source::Held { agreement: page.id.clone(), version: Some(version) })?;
    }
    html(door, &page)
}

/// `POST /agreements/{id}/simulate`: a text.
pub(crate) fn answer(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let mut page = page(door, call, &call.form)?;
    page.draft = Draft::read(call.form.get("text").unwrap_or_default());
    match page.draft.terms.clone() {
        _ if page.draft.text.trim().is_empty() => {
            page.problem = Some("Nothing was simulated: there is no text.".to_owned());
        }
        None => page.problem = Some("Nothing was simulated: the text is not valid.".to_owned()),
        Some(terms) if terms.id.as_str() != page.id => {
            page.problem = Some(format!("Nothing was simulated: the text is one of agreement {}.", terms.id));
        }
        Some(_) => page.run(door, Source::Text(page.draft.text.clone()))?,
    }
    let refused = page.problem.is_some();
    let mut response = html(door, &page)?;
    if refused {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

fn page(door: &Door, call: &Call, fields: &Pairs) -> Result<SimulatePage, Refusal> {
    let (id, viewer) = (call.id("id")?, call.viewer()?);
    let versions = door.exchange().versions(id, viewer).map_err(failed(door))?.ok_or(Why::NotFound)?;
    let found = door.exchange().version_of(id, None, viewer).map_err(failed(door))?;
    let (terms, _) = found.ok_or(Why::NotFound)?;
    let version = match fields.get("version") {
        None | Some("") => None,
        Some(text) => Some(text.parse().map_err(|_| Why::NotFound)?),
    };
    let days = fields.get("days").and_then(|days| days.parse().ok()).unwrap_or(DAYS_DEFAULT);
    Ok(SimulatePage {
        frame: Frame::new(door, call, Entry::Agreements),
        id: id.to_owned(),
        title: terms.title.clone(),
        versions,
        draft: Draft::default(),
        asked: Asked {
            version,
            days: days.clamp(1, DAYS_MAX),
            as_of: fields.get("as-of").and_then(AsOf::parse).unwrap_or_default(),
        },
        answer: None,
        problem: None,
    })
}

impl SimulatePage {
    fn run(&mut self, door: &Door, draft: Source) -> Result<(), Refusal> {
        match simulated(door, draft, self.asked.days, self.asked.as_of) {
            Ok(simulation) => {
                let digest = simulation.digest().to_sha256_text();
                let flows = simulation.flows.iter().cloned().map(shown).collect();
                self.answer = Some(Answer { simulation, digest, flows });
                Ok(())
            }
            Err(error) => {
                let refusal = failed(door)(error);
                // What a person can mend is said on the page; what is broken is an error page.
                if refusal.status().is_server_error() {
                    return Err(refusal);
                }
                self.problem = Some(
                    "Nothing was simulated: this node is no party of the text, or a party is unknown here.".to_owned(),
                );
                Ok(())
            }
        }
    }
}

/// Simulates a draft against what is in force.
pub(crate) fn simulated(door: &Door, draft: Source, days: u32, as_of: AsOf) -> entente_exchange::Result<Simulation> {
    let since = door.exchange().now().as_micros().saturating_sub(i64::from(days).saturating_mul(DAY_US));
    door.exchange().simulate(&SimulateRequest {
        draft,
        since: Timestamp::from_micros(since),
        until: None,
        party: None,
        as_of,
        against: Against::InForce,
        sample: SAMPLE,
    })
}

/// Puts the tables of one recipient together.
pub(crate) fn shown(mut flow: Flow) -> ShownFlow {
    let by = std::mem::take(&mut flow.by);
    let tables = [
        ("Class", by.class),
        ("Type", by.object_type),
        ("Kind of value", by.kind),
        ("Marking as held", by.tlp),
        ("About", by.subject),
        ("Country", by.country),
        ("Source", by.source),
        ("Clause", by.clause),
    ];
    let mut tables: Vec<(&'static str, Vec<Row>)> = tables.into_iter().filter(|(_, rows)| !rows.is_empty()).collect();
    tables.iter_mut().for_each(|(_, rows)| rows.truncate(ROWS_MAX));
    let mut withheld: Vec<(String, u64, u64)> = flow
        .withheld
        .keys()
        .chain(flow.withheld_before.keys().filter(|reason| !flow.withheld.contains_key(*reason)))
        .map(|reason| {
            let of = |counts: &std::collections::BTreeMap<String, u64>| counts.get(reason).copied().unwrap_or(0);
            (reason.clone(), of(&flow.withheld_before), of(&flow.withheld))
        })
        .collect();
    withheld.sort_by_key(|(_, before, after)| std::cmp::Reverse(*before.max(after)));
    let days: Vec<(String, u64, u64)> = flow.days.iter().map(|day| (day.day.clone(), day.before, day.after)).collect();
    let chart = (!days.is_empty()).then(|| {
        svgchart::columns(&format!("days-{}", flow.recipient), "Objects by day", ("in force", "draft"), &days)
    });
    ShownFlow { flow, tables, withheld, chart }
}
