//! Parties and agreements as the node knows them now, reloaded whenever the store says they changed.

use std::collections::HashMap;
use std::sync::Arc;

use entente_agreement::lifecycle::{self, LifeError};
use entente_agreement::{Agreement, Obligations, PartyId, State as Life};
use entente_ledger::Hash;
use entente_stix::Timestamp;
use entente_store::{Snapshot, manifest::ManifestRow, parties::PartyRow};

use crate::error::{ExchangeError, Result};
use crate::node::Card;

/// One party.
#[derive(Clone, Debug)]
pub(crate) struct KnownParty {
    pub(crate) no: i64,
    pub(crate) id: PartyId,
    pub(crate) card: Card,
    pub(crate) link: Option<Link>,
}

/// How this node calls another one.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Link {
    /// Base address.
    pub url: String,
    /// Token id.
    pub token: String,
    /// File that holds the secret; relative names are below the node's home.
    pub secret_file: String,
}

/// One version of an agreement that every party has signed.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) no: i64,
    pub(crate) agreement: Agreement,
    pub(crate) note: String,
    /// When this node installed it, microseconds.
    pub(crate) added_us: i64,
}

impl Held {
    pub(crate) fn id(&self) -> &str {
        self.agreement.terms().id.as_str()
    }

    pub(crate) fn hash(&self) -> Hash {
        Hash(self.agreement.terms().hash)
    }

    /// The parties other than `own`.
    pub(crate) fn others<'a>(&'a self, own: &'a PartyId) -> impl Iterator<Item = &'a PartyId> {
        self.agreement.terms().parties.iter().map(|party| &party.id).filter(move |id| *id != own)
    }

    pub(crate) fn names(&self, party: &PartyId) -> bool {
        self.agreement.terms().parties.iter().any(|known| known.id == *party)
    }
}

/// Everything that changes rarely; shared by all requests until the change counter moves.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) epoch: i64,
    pub(crate) parties: Vec<KnownParty>,
    /// All versions, by id and version.
    pub(crate) versions: Vec<Held>,
    by_no: HashMap<i64, usize>,
}

impl State {
    pub(crate) fn load(snapshot: &Snapshot<'_>) -> Result<Arc<Self>> {
        let epoch = snapshot.epoch()?;
        let parties = snapshot.parties()?.into_iter().map(known).collect::<Result<Vec<_>>>()?;
        let mut versions = Vec::new();
        let mut rows = snapshot.agreements()?;
        while let Some(id) = rows.first().map(|row| row.id.clone()) {
            let rest = rows.split_off(rows.iter().take_while(|row| row.id == id).count());
            let notices = snapshot.notices(&id)?;
            let notes = rows.iter().map(|row| row.note.as_bytes());
            let life = lifecycle::replay(notes, notices.iter().map(String::as_bytes)).map_err(|error| match error {
                LifeError::Version(errors) => ExchangeError::Agreement(errors),
                error => ExchangeError::Notice(error.to_string()),
            })?;
            versions.extend(rows.into_iter().zip(life).map(|(row, agreement)| Held {
                no: row.no,
                agreement,
                note: row.note,
                added_us: row.added_us,
            }));
            rows = rest;
        }
        let by_no = versions.iter().enumerate().map(|(index, held)| (held.no, index)).collect();
        Ok(Arc::new(Self { epoch, parties, versions, by_no }))
    }

    /// The version of an agreement that rules at `now`: the latest that has begun, else the first.
    pub(crate) fn current(&self, id: &str, now: Timestamp) -> Option<&Held> {
        let of_id = || self.versions.iter().filter(|held| held.id() == id);
        of_id().rfind(|held| held.agreement.terms().valid_from <= now).or_else(|| of_id().next())
    }

    /// The ruling version of every agreement, by id.
    pub(crate) fn all_current(&self, now: Timestamp) -> Vec<&Held> {
        let mut ids: Vec<&str> = self.versions.iter().map(Held::id).collect();
        ids.dedup();
        ids.into_iter().filter_map(|id| self.current(id, now)).collect()
    }

    /// Ruling versions in which both parties take part.
    pub(crate) fn between(&self, own: &PartyId, other: &PartyId, now: Timestamp) -> Vec<&Held> {
        self.all_current(now).into_iter().filter(|held| held.names(own) && held.names(other)).collect()
    }

    pub(crate) fn version(&self, no: i64) -> Option<&Held> {
        self.by_no.get(&no).and_then(|index| self.versions.get(*index))
    }

    /// Whether a release was made under exactly these obligations, in whatever version of the agreement.
    pub(crate) fn obliged_to(&self, row: &ManifestRow, obligations: &Obligations) -> bool {
        let clauses = self.version(row.agreement).map(|held| &held.agreement.terms().clauses);
        let clause = usize::try_from(row.clause).ok().and_then(|at| clauses?.get(at));
        clause.is_some_and(|clause| clause.obligations == *obligations)
    }

    pub(crate) fn party(&self, id: &str) -> Option<&KnownParty> {
        self.parties.iter().find(|party| party.id.as_str() == id)
    }

    pub(crate) fn party_no(&self, no: i64) -> Option<&KnownParty> {
        self.parties.iter().find(|party| party.no == no)
    }

    /// The id of a party number as pages show it: `own` for the node's own.
    pub(crate) fn party_word(&self, no: i64) -> String {
        match self.party_no(no) {
            Some(_) if no == 0 => "own".to_owned(),
            Some(party) => party.id.as_str().to_owned(),
            None => format!("party {no}"),
        }
    }
}

fn known(row: PartyRow) -> Result<KnownParty> {
    let card = Card::parse(&row.card)?;
    let id = PartyId::parse(&row.id).ok_or_else(|| ExchangeError::UnknownParty(row.id.clone()))?;
    let link =
        row.link.map(|text| serde_json::from_str(&text).map_err(|e| ExchangeError::Card(e.to_string()))).transpose()?;
    Ok(KnownParty { no: row.no, id, card, link })
}

/// The word of an agreement's state, as pages and messages use it.
pub(crate) fn word(state: Life) -> &'static str {
    state.name()
}
