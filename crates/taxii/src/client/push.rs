//! Push: adds objects to a collection in batches, and finds out what became of each.
//!
//! Sending a batch again after a lost answer is harmless, since exact duplicates are no error in TAXII. A batch that is
//! refused as a whole is divided until the object that causes it stands alone.

use std::collections::VecDeque;
use std::time::Duration;

use entente_stix::Timestamp;
use serde::Deserialize;
use thiserror::Error;
use uuid::Uuid;

use super::http::{Method, Request, Response, TransportError};
use super::retry::{Delay, Retry, is_passing};
use crate::MEDIA_TYPE;
use crate::envelope::envelope;
use crate::wire::{ApiRoot, Collection, Progress, Status};

// LIMIT: batches keep well below what servers take, so that one refusal costs little.
const BATCH_OBJECTS_MAX: usize = 1_000;
const BATCH_SIZE_BYTES_MAX: u64 = 4 * 1_024 * 1_024;

/// The bytes of an envelope around its objects, and of the comma behind each.
const ENVELOPE_SIZE_BYTES: u64 = 32;

const STATUS_FIRST: Duration = Duration::from_millis(500);
const STATUS_MAX: Duration = Duration::from_secs(30);
const STATUS_PATIENCE: Duration = Duration::from_secs(600);

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Every object has been dealt with; see [`Push::report`].
    Complete,
    /// Send [`Push::next_request`].
    Send,
    /// The run ends early; batches acknowledged so far stay so.
    Stop(PushError),
    /// Wait, then send [`Push::next_request`].
    Wait(Delay),
}

/// Why a run ended early.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PushError {
    /// 401, 403, 404, or a status nothing is known to help against.
    #[error("the server answered {status}")]
    Answer {
        /// The HTTP status.
        status: u16,
    },
    /// The collection says it cannot be written.
    #[error("the collection cannot be written with these credentials")]
    NotWritable,
    /// The answer is not what TAXII says it is, twice.
    #[error("the answer of the server is malformed")]
    ServerJson,
    /// A response came without a request.
    #[error("a step out of order")]
    Step,
    /// Eight tries have failed.
    #[error("the server is not available")]
    Unavailable,
}

impl PushError {
    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            PushError::Answer { status: 401 } => "taxii.server_401",
            PushError::Answer { status: 403 } => "taxii.server_403",
            PushError::Answer { status: 404 } => "taxii.server_404",
            PushError::Answer { .. } => "taxii.server_status",
            PushError::NotWritable => "taxii.not_writable",
            PushError::ServerJson => "taxii.server_json",
            PushError::Step => "taxii.step",
            PushError::Unavailable => "taxii.server_unavailable",
        }
    }
}

/// An object that did not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The STIX id, as the server or the object says it.
    pub id: String,
    /// Why: a stable code, or the server's own message.
    pub message: String,
}

/// What became of the objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Batches the server has acknowledged.
    pub batches: u64,
    /// Objects that succeeded, by the server's count.
    pub succeeded: u64,
    /// Objects that failed, each with its message.
    pub failures: Vec<Failure>,
    /// Failures the server counted and did not list.
    pub failures_unlisted: u64,
    /// Objects still pending when patience ended.
    pub pending: u64,
    /// Status ids to ask about at the next run.
    pub open: Vec<Uuid>,
    /// Status ids whose counts do not add up or do not fit the batch.
    pub inconsistent: Vec<Uuid>,
}

/// The push state machine.
#[derive(Debug)]
pub struct Push {
    api_root_path: String,
    collection_path: String,
    objects: Vec<Vec<u8>>,
    waiting: VecDeque<Vec<usize>>,
    state: State,
    retry: Retry,
    malformed_before: bool,
    report: Report,
}

#[derive(Debug)]
enum State {
    Root,
    Collection { max_content_length: u64 },
    Post,
    Status { id: Uuid, waited: Duration, next_wait: Duration },
    Over,
}

/// The head of an object, as far as batching needs it.
#[derive(Default, Deserialize)]
struct Head {
    #[serde(default)]
    id: String,
    #[serde(default, rename = "type")]
    object_type: String,
}

fn head(object: &[u8]) -> Head {
    serde_json::from_slice(object).unwrap_or_default()
}

impl Push {
    /// Starts a run that adds objects, each one JSON object. Both paths end in a slash.
    ///
    /// Objects go in dependency order: markings and extension definitions, identities, others, relationships and
    /// sightings; within these in the order given.
    #[must_use]
    pub fn new(
        api_root_path: impl Into<String>,
        collection_path: impl Into<String>,
        mut objects: Vec<Vec<u8>>,
    ) -> Push {
        objects.sort_by_cached_key(|object| dependency_rank(&head(object).object_type));
        Push {
            api_root_path: api_root_path.into(),
            collection_path: collection_path.into(),
            objects,
            waiting: VecDeque::new(),
            state: State::Root,
            retry: Retry::default(),
            malformed_before: false,
            report: Report::default(),
        }
    }

    /// Returns the request to send now; after the end, the API root.
    #[must_use]
    pub fn next_request(&self) -> Request {
        match &self.state {
            State::Root | State::Over => Request::get(self.api_root_path.clone(), MEDIA_TYPE),
            State::Collection { .. } => Request::get(self.collection_path.clone(), MEDIA_TYPE),
            State::Status { id, .. } => {
                Request::get(format!("{}status/{}/", self.api_root_path, id.hyphenated()), MEDIA_TYPE)
            }
            State::Post => {
                let batch = self.waiting.front().into_iter().flatten();
                let objects = batch.filter_map(|index| self.objects.get(*index)).map(Vec::as_slice);
                Request {
                    method: Method::Post,
                    path: format!("{}objects/", self.collection_path),
                    headers: vec![("Accept", MEDIA_TYPE.to_owned()), ("Content-Type", MEDIA_TYPE.to_owned())],
                    body: envelope(objects, None),
                }
            }
        }
    }

    /// Returns what became of the objects so far.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// Takes what came of the request last returned.
    pub fn on_response(&mut self, outcome: Result<Response, TransportError>, now: Timestamp) -> Action {
        if matches!(self.state, State::Over) {
            return Action::Stop(PushError::Step);
        }
        if is_passing(&outcome) {
            return match self.retry.failed(outcome.as_ref().ok(), now) {
                Some(delay) => Action::Wait(delay),
                None => self.stop(PushError::Unavailable),
            };
        }
        self.retry.succeeded();
        let Ok(response) = outcome else {
            return self.stop(PushError::Unavailable);
        };
        match (&self.state, response.status) {
            (State::Root, 200) => self.on_root(&response),
            (State::Collection { max_content_length }, 200) => {
                let max_content_length = *max_content_length;
                self.on_collection(&response, max_content_length)
            }
            (State::Post, 200..=202) => self.on_posted(&response),
            (State::Post, 413) => self.divide("too_large"),
            (State::Post, 400 | 422) => self.divide(&format!("the server answered {}", response.status)),
            (State::Status { id, waited, next_wait }, 200) => {
                let (id, waited, next_wait) = (*id, *waited, *next_wait);
                self.on_status(&response, id, waited, next_wait)
            }
            // A status that is kept no longer is none to wait for.
            (State::Status { id, .. }, 404) => {
                let id = *id;
                self.report.open.push(id);
                self.acknowledged()
            }
            (_, status) => self.stop(PushError::Answer { status }),
        }
    }

    fn stop(&mut self, error: PushError) -> Action {
        self.state = State::Over;
        Action::Stop(error)
    }

    /// Tries once more after an answer that is not what it must be, then stops.
    fn malformed(&mut self) -> Action {
        if std::mem::replace(&mut self.malformed_before, true) {
            return self.stop(PushError::ServerJson);
        }
        Action::Send
    }

    fn on_root(&mut self, response: &Response) -> Action {
        let Ok(root) = serde_json::from_slice::<ApiRoot>(&response.body) else {
            return self.malformed();
        };
        self.malformed_before = false;
        self.state = State::Collection { max_content_length: root.max_content_length };
        Action::Send
    }

    fn on_collection(&mut self, response: &Response, max_content_length: u64) -> Action {
        let Ok(collection) = serde_json::from_slice::<Collection>(&response.body) else {
            return self.malformed();
        };
        self.malformed_before = false;
        if !collection.can_write {
            return self.stop(PushError::NotWritable);
        }
        self.plan(max_content_length);
        self.go_on()
    }

    /// Divides the objects into batches. One too large for the server is reported and the rest goes on.
    fn plan(&mut self, max_content_length: u64) {
        // LIMIT: 95 % of what the server takes leaves room for what it counts besides.
        let single_max = max_content_length.saturating_sub(max_content_length.div_ceil(20));
        let batch_max = single_max.min(BATCH_SIZE_BYTES_MAX);
        let (mut batch, mut batch_size) = (Vec::new(), ENVELOPE_SIZE_BYTES);
        for (index, object) in self.objects.iter().enumerate() {
            let size = u64::try_from(object.len()).unwrap_or(u64::MAX).saturating_add(1);
            if size.saturating_add(ENVELOPE_SIZE_BYTES) > single_max {
                self.report.failures.push(Failure { id: head(object).id, message: "too_large".to_owned() });
                continue;
            }
            let full = batch.len() >= BATCH_OBJECTS_MAX || batch_size.saturating_add(size) > batch_max;
            if full && !batch.is_empty() {
                self.waiting.push_back(std::mem::take(&mut batch));
                batch_size = ENVELOPE_SIZE_BYTES;
            }
            batch.push(index);
            batch_size = batch_size.saturating_add(size);
        }
        if !batch.is_empty() {
            self.waiting.push_back(batch);
        }
    }

    /// Divides the batch in hand; a single object is a failure, and the others go on.
    fn divide(&mut self, message: &str) -> Action {
        let Some(mut batch) = self.waiting.pop_front() else {
            return self.go_on();
        };
        match batch.as_slice() {
            [single] => {
                let id = self.objects.get(*single).map(|object| head(object).id).unwrap_or_default();
                self.report.failures.push(Failure { id, message: message.to_owned() });
            }
            _ => {
                let second = batch.split_off(batch.len() / 2);
                self.waiting.push_front(second);
                self.waiting.push_front(batch);
            }
        }
        self.go_on()
    }

    fn on_posted(&mut self, response: &Response) -> Action {
        let Ok(status) = serde_json::from_slice::<Status>(&response.body) else {
            return self.malformed();
        };
        self.malformed_before = false;
        if status.status == Progress::Pending {
            let next_wait = STATUS_FIRST.saturating_mul(2);
            self.state = State::Status { id: status.id, waited: STATUS_FIRST, next_wait };
            return Action::Wait(Delay::Exactly(STATUS_FIRST));
        }
        self.settle(status)
    }

    fn on_status(&mut self, response: &Response, id: Uuid, waited: Duration, wait: Duration) -> Action {
        let status = serde_json::from_slice::<Status>(&response.body).ok().filter(|status| status.id == id);
        let Some(status) = status else {
            return self.malformed();
        };
        self.malformed_before = false;
        if status.status == Progress::Pending && waited < STATUS_PATIENCE {
            let next_wait = wait.saturating_mul(2).min(STATUS_MAX);
            self.state = State::Status { id, waited: waited.saturating_add(wait), next_wait };
            return Action::Wait(Delay::Exactly(wait));
        }
        self.settle(status)
    }

    /// Takes the counts of a batch, complete or out of patience, and goes on with the next.
    fn settle(&mut self, status: Status) -> Action {
        let expected = self.waiting.front().map_or(0, |batch| u64::try_from(batch.len()).unwrap_or(u64::MAX));
        if !status.is_consistent() || status.total_count != expected {
            self.report.inconsistent.push(status.id);
        }
        let report = &mut self.report;
        if status.status == Progress::Pending {
            report.open.push(status.id);
            report.pending = report.pending.saturating_add(status.pending_count);
        }
        // Counts of a server are believed up to what was sent.
        report.succeeded = report.succeeded.saturating_add(status.success_count.min(expected));
        let listed = u64::try_from(status.failures.len()).unwrap_or(u64::MAX);
        let unlisted = status.failure_count.min(expected).saturating_sub(listed);
        report.failures_unlisted = report.failures_unlisted.saturating_add(unlisted);
        report.failures.extend(status.failures.into_iter().map(|details| Failure {
            id: details.id,
            message: details.message.unwrap_or_else(|| "no message".to_owned()),
        }));
        self.acknowledged()
    }

    fn acknowledged(&mut self) -> Action {
        self.waiting.pop_front();
        self.report.batches = self.report.batches.saturating_add(1);
        self.go_on()
    }

    fn go_on(&mut self) -> Action {
        if self.waiting.is_empty() {
            self.state = State::Over;
            return Action::Complete;
        }
        self.state = State::Post;
        Action::Send
    }
}

fn dependency_rank(object_type: &str) -> u8 {
    match object_type {
        "extension-definition" | "marking-definition" => 0,
        "identity" => 1,
        "relationship" | "sighting" => 3,
        _ => 2,
    }
}

#[cfg(test)]
mod tests;
