//! Simulation: what a draft would release and withhold of past admissions, before anyone signs (`agreements.md` section 12).
//!
//! Every past revision runs through the code that releases: decide, obligations, check of the result, closure of references. Only
//! what stands around it differs: the text is supposed to be in force, the recipient holds what the simulation gave it, and each
//! revision may be asked about as of its admission. Nothing is written.
//!
//! What the node knows today rules the past too: a value that is known as a victim's by now is protected on every simulated day.
//! Quotas do not cut a simulation; the volume of each day stands beside them.
// GAP: releases of one day are closed in batches of the simulation, not of the day, so an object with an optional reference may keep
// it where the release of that hour had to drop it.

mod draft;
mod replay;
mod tally;
mod words;

use std::collections::BTreeMap;

use entente_agreement::PartyId;
use entente_ledger::Hash;
use entente_stix::Timestamp;
use serde::Serialize;

use crate::Exchange;
use crate::error::{ExchangeError, Result};
use crate::state::Held;

pub use tally::{Breakdown, Change, Day, Row};

use replay::{Scene, Span};

/// The text that is simulated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Draft {
    /// A whole text, signed or not.
    Text(String),
    /// One clause, a `[[clause]]` table: it stands in the ruling version of this agreement, in place of its clause of that name or
    /// beside the others.
    Clause {
        /// Agreement id.
        agreement: String,
        /// The table.
        clause: String,
    },
    /// A version this node holds: the newest, or the one named.
    Held {
        /// Agreement id.
        agreement: String,
        /// Its version.
        version: Option<u32>,
    },
}

/// The instant at which each admission is asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AsOf {
    /// That of the admission: what would have flowed day by day.
    #[default]
    Admission,
    /// The present: the first release after signing.
    Now,
}

impl AsOf {
    /// The words of [`AsOf::parse`].
    pub const WORDS: [&'static str; 2] = ["admission", "now"];

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "admission" => Some(Self::Admission),
            "now" => Some(Self::Now),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Admission => "admission",
            Self::Now => "now",
        }
    }
}

/// What the draft is held against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Against {
    /// The ruling version of the same agreement; nothing when there is none.
    #[default]
    InForce,
    /// Nothing.
    Nothing,
    /// A version of the same agreement that this node holds.
    Version(u32),
}

impl Against {
    /// Reads `in-force`, `none` or a version number.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "in-force" => Some(Self::InForce),
            "none" => Some(Self::Nothing),
            number => number.parse().ok().filter(|version| *version > 0).map(Self::Version),
        }
    }
}

// LIMIT: sampled objects are shown one by one, to people (`agreements.md` section 12).
/// The most objects that a simulation shows.
pub const SAMPLE_MAX: usize = 100;
/// Objects that a simulation shows unless told otherwise.
pub const SAMPLE_DEFAULT: usize = 20;

/// What is asked of a simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulateRequest {
    /// The text.
    pub draft: Draft,
    /// Admissions from this instant on.
    pub since: Timestamp,
    /// Admissions before this instant; all when left out.
    pub until: Option<Timestamp>,
    /// The only recipient; every other party of the text when left out.
    pub party: Option<String>,
    /// As of when.
    pub as_of: AsOf,
    /// Against what.
    pub against: Against,
    /// Objects to show, at most [`SAMPLE_MAX`].
    pub sample: usize,
}

/// The text on one side of a simulation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TextName {
    /// Its version.
    pub version: u32,
    /// `sha256:…` of the text.
    pub hash: String,
}

/// What a draft would release and withhold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Simulation {
    /// Agreement id.
    pub agreement: String,
    /// The draft.
    pub draft: TextName,
    /// What it is held against, if anything.
    pub against: Option<TextName>,
    /// First instant of the period.
    pub since: Timestamp,
    /// Its end, exclusive.
    pub until: Timestamp,
    /// `admission` or `now`.
    pub as_of: &'static str,
    /// Revisions of the period that were asked about.
    pub admissions: u64,
    /// One for each recipient.
    pub flows: Vec<Flow>,
    /// Parties that would release to this node: what, only they can simulate, for only they hold what they admitted.
    pub incoming: Vec<String>,
}

/// What would go to one recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flow {
    /// The recipient.
    pub recipient: String,
    /// The difference in words.
    pub words: String,
    /// Totals. Each version of an object counts, as it would be a row of the manifest.
    #[serde(flatten)]
    pub change: Change,
    /// Of these, objects with personal data: any subject other than infrastructure.
    pub personal_data: Change,
    /// The totals by each attribute.
    pub by: Breakdown,
    /// Objects that would leave if their originator consented, by originator.
    pub needs_consent: BTreeMap<String, u64>,
    /// What the draft withholds, by reason code.
    pub withheld: BTreeMap<String, u64>,
    /// What the other text withholds, by reason code.
    pub withheld_before: BTreeMap<String, u64>,
    /// Objects that the draft withholds because a reference would dangle.
    pub closure_drops: u64,
    /// Objects that each obligation changed.
    pub effects: BTreeMap<String, u64>,
    /// Objects a day that the draft allows.
    pub objects_per_day: u32,
    /// Days above that quota; what is above it would be released later.
    pub days_above_quota: u64,
    /// The volume of each day that has one, at its admission.
    pub days: Vec<Day>,
    /// Objects that only the draft releases (all that it releases when held against nothing), exactly as the recipient would get
    /// them: those with the smallest SHA-256 of their id.
    pub released_sample: Vec<Sample>,
    /// Objects that the draft does not release any more, chosen the same way.
    pub lost_sample: Vec<Lost>,
    /// The agreement has no keys yet: ids of changed objects will be others.
    pub ids_provisional: bool,
}

/// An object as the recipient would get it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// Id as held.
    pub id: String,
    /// Class of the finding.
    pub class: &'static str,
    /// The clause.
    pub clause: String,
    /// The exact bytes.
    pub object: String,
}

/// An object that would not be released any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lost {
    /// Id as held.
    pub id: String,
    /// Class of the finding.
    pub class: &'static str,
    /// Why not.
    pub reason: &'static str,
}

impl Simulation {
    /// The hash of the result: what signers were shown goes into the leaf of their agreement under it (`agreements.md` 14.2).
    ///
    /// It covers everything in the result, the period and the samples included, so two people who simulate the same period get the
    /// same hash exactly when they were shown the same.
    #[must_use]
    pub fn digest(&self) -> Hash {
        // Plain values with text keys always have a JSON form.
        let json = serde_json::to_vec(self).unwrap_or_default();
        Hash::of_parts(&[b"entente simulation/1\n", &json])
    }
}

impl Exchange {
    /// Replays a draft over past admissions. Nothing is written.
    ///
    /// # Errors
    /// [`ExchangeError::Agreement`] with the faults of the text, [`ExchangeError::UnknownAgreement`] also for a version that is not
    /// held, [`ExchangeError::NotAParty`], [`ExchangeError::UnknownParty`]; [`ExchangeError::Format`] when the recipient is this
    /// node's own party or the sample is too large; [`ExchangeError::Store`].
    pub fn simulate(&self, request: &SimulateRequest) -> Result<Simulation> {
        if request.sample > SAMPLE_MAX {
            let message = format!("a sample has at most {SAMPLE_MAX} objects");
            return Err(ExchangeError::Format { code: "simulate.sample", message });
        }
        let state = self.state()?;
        let now = self.now();
        let after = draft::supposed(&draft::read(&state, &request.draft, now)?);
        let before = draft::compared(&state, after.id(), request.against, now)?;
        if !after.names(self.own()) {
            return Err(ExchangeError::NotAParty(after.id().to_owned()));
        }
        let recipients = self.recipients(&after, request.party.as_deref())?;
        let name =
            |held: &Held| TextName { version: held.agreement.terms().version, hash: held.hash().to_sha256_text() };
        let (draft, against) = (name(&after), before.as_ref().map(name));
        let incoming = draft::incoming(after.agreement.terms(), self.own());
        let agreement = after.id().to_owned();
        let span = Span::load(self, request.since, request.until, request.as_of, now)?;
        let until = span.until;
        let scene = Scene::new(self, &state, after, before, span)?;
        let mut flows = Vec::new();
        let mut admissions = 0;
        for recipient in &recipients {
            let (flow, looked_at) = scene.flow(recipient, request.sample)?;
            admissions = looked_at;
            flows.push(flow);
        }
        Ok(Simulation {
            agreement,
            draft,
            against,
            since: request.since,
            until,
            as_of: request.as_of.name(),
            admissions,
            flows,
            incoming,
        })
    }

    fn recipients(&self, held: &Held, party: Option<&str>) -> Result<Vec<PartyId>> {
        let all: Vec<PartyId> = held.others(self.own()).cloned().collect();
        match party {
            None => Ok(all),
            Some(party) if party == self.own().as_str() => {
                let message = format!(
                    "what `{party}` would receive, only the other parties can simulate: they hold what they admitted"
                );
                Err(ExchangeError::Format { code: "simulate.own-party", message })
            }
            Some(party) => {
                let known: Vec<PartyId> = all.into_iter().filter(|id| id.as_str() == party).collect();
                if known.is_empty() { Err(ExchangeError::UnknownParty(party.to_owned())) } else { Ok(known) }
            }
        }
    }
}
