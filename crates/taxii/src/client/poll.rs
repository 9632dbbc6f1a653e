//! Pull: follows a collection from a position to its present end, and survives servers that do it differently.
//!
//! ```text
//! next_request -> on_response -> Page -> (stored durably) -> commit -> Send -> next_request …
//! ```
//!
//! The position moves only in [`Poll::commit`], after the page it covers is durable. A run that ends early says why, and
//! its position is good to start the next one from.

use std::collections::HashSet;

use entente_stix::Timestamp;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::http::{Request, Response, TransportError, parse_date};
use super::retry::{Delay, Retry, is_passing};
use crate::envelope::Envelope;
use crate::query::{Filters, VersionSelector, parameter};
use crate::wire::{Collection, Manifest};
use crate::{DATE_ADDED_LAST, MEDIA_TYPE};

// LIMIT: a server that says `more` for ever without objects is left after so many pages in a row.
const EMPTY_PAGES_MAX: u32 = 1_000;

// LIMIT: at 1,000 objects a page that is 10^9 objects in one run; keeps the memory for cursors seen below 40 MB.
const PAGES_MAX: u64 = 1_000_000;

const ESTIMATE_BACK_MICROS: i64 = 300_000_000;

/// What is asked in turn when a server refuses an `Accept` header.
const ACCEPTS: [&str; 3] = [MEDIA_TYPE, "application/taxii+json", "application/taxii+json;version=2.1, */*;q=0.1"];

/// What to pull.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The path of the collection, ending in a slash.
    pub collection_path: String,
    /// The match fields of every request.
    pub filters: Filters,
    /// The page size to ask for.
    pub limit: u32,
    /// How far to look back behind the position, in microseconds, for servers whose records appear late.
    pub overlap_micros: i64,
    /// The `Accept` header that worked with this server before.
    pub accept: Option<String>,
}

impl Settings {
    /// Creates the settings for a collection: no filters, 1,000 objects a page, no overlap.
    #[must_use]
    pub fn new(collection_path: impl Into<String>) -> Settings {
        let collection_path = collection_path.into();
        Settings { collection_path, filters: Filters::default(), limit: 1_000, overlap_micros: 0, accept: None }
    }
}

/// Where a walk stands. Kept by the caller between runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The position of the last record that is durable.
    pub added_after: Option<Timestamp>,
    /// The cursor of the page after it, if the walk was not finished.
    pub next: Option<String>,
    /// Whether `added_after` is an estimate, because the server gave no position.
    pub estimated: bool,
}

/// A page to be stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The objects as sent, in order.
    pub objects: Vec<Vec<u8>>,
    /// The number of members that are no JSON objects, and are left out.
    pub malformed_count: u64,
    /// The position of the last record, if the server says it.
    pub date_added_last: Option<Timestamp>,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Everything there was is stored.
    Complete,
    /// Store this page durably, then call [`Poll::commit`].
    Page(Page),
    /// Send [`Poll::next_request`].
    Send,
    /// The run ends early.
    Stop(PollError),
    /// Wait, then send [`Poll::next_request`].
    Wait(Delay),
}

/// Why a run ended early. The position is good in every case.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PollError {
    /// 401, 403 or 404, or a status nothing is known to help against.
    #[error("the server answered {status}")]
    Answer {
        /// The HTTP status.
        status: u16,
    },
    /// Two successive pages are equal, or a cursor came twice.
    #[error("the server repeats itself")]
    Loop,
    /// The collection says it cannot be read.
    #[error("the collection cannot be read with these credentials")]
    NotReadable,
    /// There is more, and no way to ask for it.
    #[error("the server says there is more and does not say how to get it")]
    NoProgress,
    /// The answer is not what TAXII says it is, twice.
    #[error("the answer of the server is malformed")]
    ServerJson,
    /// [`Poll::commit`] was called without a page, or a response came without a request.
    #[error("a step out of order")]
    Step,
    /// Eight tries have failed.
    #[error("the server is not available")]
    Unavailable,
}

impl PollError {
    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            PollError::Answer { status: 401 } => "taxii.server_401",
            PollError::Answer { status: 403 } => "taxii.server_403",
            PollError::Answer { status: 404 } => "taxii.server_404",
            PollError::Answer { .. } => "taxii.server_status",
            PollError::Loop => "taxii.loop",
            PollError::NotReadable => "taxii.not_readable",
            PollError::NoProgress => "taxii.no_progress",
            PollError::ServerJson => "taxii.server_json",
            PollError::Step => "taxii.step",
            PollError::Unavailable => "taxii.server_unavailable",
        }
    }

    /// Says whether a schedule should back off to once an hour, since only a person can help.
    #[must_use]
    pub const fn needs_a_person(&self) -> bool {
        matches!(self, PollError::Answer { .. } | PollError::NotReadable)
    }
}

/// What a run has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Pages stored.
    pub pages: u64,
    /// Bytes of bodies received.
    pub bytes: u64,
    /// Objects handed over.
    pub received: u64,
    /// Members that were no JSON objects.
    pub malformed: u64,
}

/// The pull state machine.
#[derive(Debug)]
pub struct Poll {
    settings: Settings,
    position: Position,
    state: State,
    accept: usize,
    retry: Retry,
    malformed_before: bool,
    walk_started: Option<Timestamp>,
    /// The `added_after` of the requests that follow one `next` chain: a new one beside an old `next` confuses servers.
    asked_from: Option<Timestamp>,
    limit: u32,
    limit_doubled: bool,
    empty_in_a_row: u32,
    last_page: Option<[u8; 32]>,
    cursors_seen: HashSet<[u8; 32]>,
    cursor_dropped: bool,
    summary: Summary,
}

#[derive(Debug)]
enum State {
    Collection,
    Objects,
    /// Asks the manifest for the position of the last object of the page.
    Manifest(Held, Version),
    /// Waits for the page to be stored.
    Storing(Held),
    Over,
}

/// A page and where the walk stands once it is stored.
#[derive(Debug)]
struct Held {
    page: Page,
    more: bool,
    next: Option<String>,
    last: Last,
}

/// What is known about the position of the last record of a page.
#[derive(Clone, Copy, Debug)]
enum Last {
    At(Timestamp),
    Estimated(Timestamp),
    Unknown,
}

/// Id and version of an object as its head says them.
#[derive(Clone, Debug, Default, Deserialize)]
struct Version {
    #[serde(default)]
    id: String,
    modified: Option<String>,
    created: Option<String>,
}

impl Version {
    fn of(object: &[u8]) -> Version {
        serde_json::from_slice(object).unwrap_or_default()
    }

    fn text(&self) -> Option<&str> {
        self.modified.as_deref().or(self.created.as_deref())
    }
}

impl Poll {
    /// Starts a run at a position; the default position is the beginning.
    #[must_use]
    pub fn new(settings: Settings, position: Position) -> Poll {
        let known = settings.accept.as_deref();
        let accept = ACCEPTS.iter().position(|accept| Some(*accept) == known).unwrap_or(0);
        let (limit, asked_from) = (settings.limit.max(1), position.added_after);
        Poll {
            settings,
            position,
            state: State::Collection,
            accept,
            retry: Retry::default(),
            malformed_before: false,
            walk_started: None,
            asked_from,
            limit,
            limit_doubled: false,
            empty_in_a_row: 0,
            last_page: None,
            cursors_seen: HashSet::new(),
            cursor_dropped: false,
            summary: Summary::default(),
        }
    }

    /// Returns the request to send now.
    ///
    /// While a page waits to be stored, and after the end, this is the request last sent.
    #[must_use]
    pub fn next_request(&self) -> Request {
        let path = &self.settings.collection_path;
        let target = match &self.state {
            State::Collection => path.clone(),
            State::Manifest(_, version) => {
                let filters = Filters {
                    ids: vec![version.id.clone()],
                    versions: vec![VersionSelector::All],
                    ..Filters::default()
                };
                format!("{path}manifest/?{}", filters.to_parameters().join("&"))
            }
            State::Objects | State::Storing(_) | State::Over => {
                let mut parameters = Vec::new();
                if let Some(position) = self.asked_from {
                    let from = position.saturating_add_micros(self.settings.overlap_micros.max(0).saturating_neg());
                    parameters.push(parameter("added_after", &from.to_micros_string()));
                }
                parameters.push(format!("limit={}", self.limit));
                parameters.extend(self.settings.filters.to_parameters());
                // Some servers demand all original parameters beside `next`.
                parameters.extend(self.position.next.as_deref().map(|next| parameter("next", next)));
                format!("{path}objects/?{}", parameters.join("&"))
            }
        };
        Request::get(target, self.accept())
    }

    /// Returns the `Accept` header in use, worth remembering for this server.
    #[must_use]
    pub fn accept(&self) -> &'static str {
        ACCEPTS.get(self.accept).copied().unwrap_or(MEDIA_TYPE)
    }

    /// Returns the position up to which everything is durable.
    #[must_use]
    pub const fn position(&self) -> &Position {
        &self.position
    }

    /// Returns what the run has done so far.
    #[must_use]
    pub const fn summary(&self) -> Summary {
        self.summary
    }

    /// Takes what came of the request last returned.
    pub fn on_response(&mut self, outcome: Result<Response, TransportError>, now: Timestamp) -> Action {
        if matches!(self.state, State::Storing(_) | State::Over) {
            return Action::Stop(PollError::Step);
        }
        if is_passing(&outcome) {
            return match self.retry.failed(outcome.as_ref().ok(), now) {
                Some(delay) => Action::Wait(delay),
                None => self.give_up(),
            };
        }
        self.retry.succeeded();
        let Ok(response) = outcome else {
            return self.stop(PollError::Unavailable);
        };
        let size = u64::try_from(response.body.len()).unwrap_or(u64::MAX);
        self.summary.bytes = self.summary.bytes.saturating_add(size);
        if response.status == 406 && self.accept.saturating_add(1) < ACCEPTS.len() {
            self.accept = self.accept.saturating_add(1);
            return Action::Send;
        }
        match std::mem::replace(&mut self.state, State::Over) {
            State::Manifest(held, version) => self.on_manifest(held, &version, &response),
            State::Objects if response.status == 400 && self.position.next.is_some() && !self.cursor_dropped => {
                self.drop_cursor();
                Action::Send
            }
            _ if response.status != 200 => self.stop(PollError::Answer { status: response.status }),
            State::Collection => self.on_collection(&response),
            _ => self.on_objects(&response),
        }
    }

    /// Notes that the page last handed over is durable, and moves the position behind it.
    pub fn commit(&mut self) -> Action {
        let held = match std::mem::replace(&mut self.state, State::Over) {
            State::Storing(held) => held,
            state => {
                self.state = state;
                return Action::Stop(PollError::Step);
            }
        };
        let before = self.position.added_after;
        self.summary.pages = self.summary.pages.saturating_add(1);
        self.position.next = held.next;
        match held.last {
            Last::At(last) => (self.position.added_after, self.position.estimated) = (Some(last), false),
            Last::Estimated(last) => (self.position.added_after, self.position.estimated) = (Some(last), true),
            Last::Unknown => {}
        }
        if self.position.added_after > before {
            self.cursor_dropped = false;
        }
        if self.position.next.is_none() {
            self.asked_from = self.position.added_after;
        }
        if !held.more {
            return Action::Complete;
        }
        if self.summary.pages >= PAGES_MAX {
            return self.stop(PollError::NoProgress);
        }
        if self.position.next.is_none() && self.position.added_after <= before {
            if std::mem::replace(&mut self.limit_doubled, true) {
                return self.stop(PollError::NoProgress);
            }
            self.limit = self.limit.saturating_mul(2);
            self.last_page = None;
        }
        self.state = State::Objects;
        Action::Send
    }

    /// Ends the run after too many failures; a page whose position only is missing is kept with an estimate.
    fn give_up(&mut self) -> Action {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Manifest(held, _) => {
                self.retry.succeeded();
                self.estimate(held)
            }
            _ => self.stop(PollError::Unavailable),
        }
    }

    fn stop(&mut self, error: PollError) -> Action {
        self.state = State::Over;
        Action::Stop(error)
    }

    /// Continues from the last durable position without the cursor the server no longer knows.
    fn drop_cursor(&mut self) {
        self.position.next = None;
        self.asked_from = self.position.added_after;
        self.cursor_dropped = true;
        self.cursors_seen.clear();
        self.last_page = None;
        self.state = State::Objects;
    }

    fn on_collection(&mut self, response: &Response) -> Action {
        let Ok(collection) = serde_json::from_slice::<Collection>(&response.body) else {
            return self.malformed(State::Collection);
        };
        self.malformed_before = false;
        if !collection.can_read {
            return self.stop(PollError::NotReadable);
        }
        self.walk_started = response.header("Date").and_then(parse_date);
        self.state = State::Objects;
        Action::Send
    }

    fn on_objects(&mut self, response: &Response) -> Action {
        let Ok(envelope) = Envelope::parse(&response.body) else {
            return self.malformed(State::Objects);
        };
        self.malformed_before = false;
        let mut page = Page::default();
        for object in envelope.objects() {
            if object.starts_with(b"{") {
                page.objects.push(object.to_vec());
            } else {
                page.malformed_count = page.malformed_count.saturating_add(1);
            }
        }
        let next = envelope.next.filter(|next| envelope.more && !next.is_empty());
        if let Err(error) = self.check_progress(&page, envelope.more, next.as_deref()) {
            return self.stop(error);
        }
        let present = self.position.added_after;
        page.date_added_last = response
            .header(DATE_ADDED_LAST)
            .and_then(|text| Timestamp::parse(text).ok())
            .filter(|last| present.is_none_or(|present| *last >= present));
        let last = page.date_added_last.map_or(Last::Unknown, Last::At);
        let held = Held { page, more: envelope.more, next, last };
        match held.page.objects.last().map(|object| Version::of(object)) {
            // Where the walk ends here and nothing tells the position, the manifest may.
            Some(version) if matches!(last, Last::Unknown) && !held.more && !version.id.is_empty() => {
                self.state = State::Manifest(held, version);
                Action::Send
            }
            Some(_) if matches!(last, Last::Unknown) && !held.more => self.estimate(held),
            _ => self.hand_over(held),
        }
    }

    fn on_manifest(&mut self, mut held: Held, version: &Version, response: &Response) -> Action {
        let manifest = Some(response).filter(|response| response.status == 200);
        let records = manifest.and_then(|response| serde_json::from_slice::<Manifest>(&response.body).ok());
        // A later version would lie behind records not yet seen, so only this object's own version counts.
        let instant = |text: &str| Timestamp::parse(text).ok();
        let same = |text: &str| version.text().is_none_or(|own| own == text || instant(own) == instant(text));
        let mut own = records.iter().flat_map(|manifest| &manifest.objects).filter(|record| record.id == version.id);
        let found = own.find(|record| same(&record.version)).map(|record| record.date_added);
        match found.filter(|found| self.position.added_after.is_none_or(|present| *found >= present)) {
            Some(found) => {
                held.last = Last::At(found);
                self.hand_over(held)
            }
            None => self.estimate(held),
        }
    }

    /// Falls back to the server's clock at the start of the walk, with room for records that appear late.
    fn estimate(&mut self, mut held: Held) -> Action {
        let estimate = self.walk_started.map(|started| started.saturating_add_micros(-ESTIMATE_BACK_MICROS));
        let later = estimate.filter(|estimate| Some(*estimate) > self.position.added_after);
        held.last = later.map_or(Last::Unknown, Last::Estimated);
        self.hand_over(held)
    }

    fn hand_over(&mut self, held: Held) -> Action {
        let count = u64::try_from(held.page.objects.len()).unwrap_or(u64::MAX);
        self.summary.received = self.summary.received.saturating_add(count);
        self.summary.malformed = self.summary.malformed.saturating_add(held.page.malformed_count);
        let page = held.page.clone();
        self.state = State::Storing(held);
        Action::Page(page)
    }

    /// Refuses a page that shows the walk is going round in circles.
    fn check_progress(&mut self, page: &Page, more: bool, next: Option<&str>) -> Result<(), PollError> {
        if page.objects.is_empty() {
            self.empty_in_a_row = self.empty_in_a_row.saturating_add(1);
            if more && self.empty_in_a_row > EMPTY_PAGES_MAX {
                return Err(PollError::NoProgress);
            }
        } else {
            self.empty_in_a_row = 0;
            let digest = digest_of(page);
            if self.last_page.replace(digest) == Some(digest) {
                return Err(PollError::Loop);
            }
        }
        match next {
            Some(next) if !self.cursors_seen.insert(Sha256::digest(next).into()) => Err(PollError::Loop),
            _ => Ok(()),
        }
    }

    /// Tries once more after an answer that is not what it must be, then stops.
    fn malformed(&mut self, state: State) -> Action {
        if std::mem::replace(&mut self.malformed_before, true) {
            return self.stop(PollError::ServerJson);
        }
        self.state = state;
        Action::Send
    }
}

/// Computes a digest of the set of (id, version) of a page.
fn digest_of(page: &Page) -> [u8; 32] {
    let mut versions: Vec<(String, String)> = page
        .objects
        .iter()
        .map(|object| {
            let version = Version::of(object);
            let text = version.text().unwrap_or_default().to_owned();
            (version.id, text)
        })
        .collect();
    versions.sort_unstable();
    let mut digest = Sha256::new();
    for (id, version) in versions {
        digest.update(id);
        digest.update([0]);
        digest.update(version);
        digest.update([0]);
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests;
