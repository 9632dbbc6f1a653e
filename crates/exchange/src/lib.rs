//! The only place that composes the steps of a node: admit, decide, release, deliver, receive.
//!
//! | module | step |
//! |---|---|
//! | [`admit`] | may this node hold it, from this party, under which agreement? |
//! | [`release`] | decide for each recipient, apply obligations, append to its manifest and to the ledger in one transaction |
//! | [`review`] | what a person decides about an object: text read, legal hold, embargo |
//! | [`deliver`] | decide again, append the delivery leaf, hand out the page |
//! | [`sync`] | fetch another node's releases, verify their receipts, admit them |
//! | [`recall`] | take released objects back, and do what other parties ask back |
//! | [`agreements`] | install signed notes, suspend and resume |
//! | [`simulate`] | what a draft would release and withhold of past admissions |
//! | [`offers`] | texts on their way from the first signature to the last |
//! | [`agreement_key`] | a new key to sign with |
//! | [`consent`] | ask for, give and take back consent to onward release |
//! | [`explain`] | who may see this, and why or why not |
//! | [`look`], [`check`], [`versions`] | the values behind pages, tables and JSON |
//! | [`status`], [`fsck`] | how the ledger stands, and a full check of it |
//! | [`rollback`], [`suspicion`], [`rotate`] | logs that must not sign, parties with two histories, keys that change |
//! | [`decisions`], [`anchor`] | the node's own log of what it decided, and the log of all its logs |
//! | [`evidence`] | agreements, logs and receipts as files for an auditor |
//! | [`account`], [`usefulness`], [`profile`] | what each side gave and received, the reports about it, where a party stands |
//! | [`access`] | tokens, one-time links, sessions |
//! | [`node`] | home directory, keys, cards |
//! | [`wire`] | how a request reaches another node |
//!
//! [`Exchange`] is cheap to clone and may be shared by threads; its methods block. It owns the clock and the random source, which
//! the pure crates below do not have; they and the way to other nodes are given to it as [`Ports`]. Several processes may open the same home: positions and ledger heads are compare-and-swap in
//! the store, and whatever changes rarely (parties, agreements, tokens) is reloaded when the store's change counter moves.

pub mod access;
pub mod account;
pub mod admit;
pub mod agreement_key;
pub mod agreements;
pub mod anchor;
mod build;
pub mod check;
pub mod consent;
pub mod decisions;
pub mod deliver;
mod erase;
mod error;
pub mod evidence;
pub mod explain;
pub mod export;
mod facts;
mod feedback;
pub mod fsck;
mod guest;
mod heads;
mod journal;
mod known;
mod lifecycle;
mod log_key;
pub mod look;
pub mod node;
pub mod offers;
mod ports;
mod prepare;
pub mod profile;
mod quota;
pub mod recall;
pub mod receipts;
pub mod receive;
pub mod release;
pub mod review;
pub mod rollback;
pub mod rotate;
pub mod simulate;
mod state;
pub mod status;
pub mod suspicion;
pub mod sync;
mod tiles;
pub mod usefulness;
mod values;
pub mod versions;
pub mod view;
pub mod wire;
mod witness;

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use entente_agreement::PartyId;
use entente_observable::warninglist::Switches;
use entente_stix::Timestamp;
use entente_store::Store;

pub use error::{ExchangeError, Result};
pub use journal::LogCheck;
pub use log_key::LogKey;
pub use ports::{Clock, Ports, Random, system_clock, system_random};
pub use state::Link;

use node::{Band, CARD_FORMAT, Card, Home, Keys, Node};
use state::State;

/// The program and version that decides, as written into ledger leaves.
pub const ENGINE: &str = concat!("entente/", env!("CARGO_PKG_VERSION"));

/// One node: its home, its keys and everything it holds.
#[derive(Clone)]
pub struct Exchange(Arc<Inner>);

struct Inner {
    home: Home,
    node: Node,
    own: PartyId,
    keys: Keys,
    store: Store,
    ports: Ports,
    /// Replaced as a whole when the store's change counter moved.
    state: RwLock<Arc<State>>,
    /// Held while one thread releases, so that two do not prepare the same batch.
    releasing: Mutex<()>,
    access: access::Cache,
    /// Logs about which other parties were asked before the first signature.
    asked: rollback::Asked,
    secrets: access::Secrets,
}

/// Who is looking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// A guest of another party: sees only what a decision permits through the console.
    Party(PartyId),
    /// The node's own organisation.
    Staff,
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange").field("party", &self.0.node.party).finish_non_exhaustive()
    }
}

impl Exchange {
    /// Opens the node in `home`, creating keys and store when they are missing.
    ///
    /// # Errors
    /// [`ExchangeError::Home`] and [`ExchangeError::KeyFile`] for the files, [`ExchangeError::Store`] for the database.
    pub fn open(home: Home, node: Node, clock: Clock) -> Result<Self> {
        Self::open_with(home, node, Ports::with_clock(clock))
    }

    /// Opens the node as [`Exchange::open`] does, with everything that reaches outside it given: clock, random source, the way to
    /// other nodes, and how the disk behaves.
    ///
    /// # Errors
    /// As [`Exchange::open`].
    pub fn open_with(home: Home, node: Node, ports: Ports) -> Result<Self> {
        home.create()?;
        let keys = home.keys(&node.host)?;
        let store = Store::open_with(&home.database(), ports.store.clone())?;
        let own = PartyId::parse(&node.party).ok_or_else(|| ExchangeError::UnknownParty(node.party.clone()))?;
        let card = card_of(&node, &keys);
        let text = card.to_toml()?;
        let secrets = access::Secrets::load(&store, &ports.random)?;
        let known = store.read(|s| s.parties())?;
        if let Some(first) = known.first()
            && first.id != node.party
        {
            return Err(ExchangeError::Card(format!("this home belongs to party `{}`, not to `{own}`", first.id)));
        }
        if known.first().is_none_or(|own| own.card != text) {
            store.write(|tx| tx.put_party(&node.party, &text, None))?;
        }
        let state = store.read(State::load)?;
        let exchange = Self(Arc::new(Inner {
            home,
            node,
            own,
            keys,
            store,
            ports,
            state: RwLock::new(state),
            releasing: Mutex::new(()),
            access: access::Cache::default(),
            asked: rollback::Asked::default(),
            secrets,
        }));
        // The guard must not keep the node alive that holds it.
        let inner = Arc::downgrade(&exchange.0);
        exchange.keys().guard_with(Box::new(move |origin, may_ask| match inner.upgrade() {
            Some(inner) => Self(inner).may_sign(origin, may_ask),
            None => Ok(log_key::Rotated::default()),
        }));
        Ok(exchange)
    }

    /// Who runs the node.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.0.node
    }

    /// The node's own party.
    #[must_use]
    pub fn own(&self) -> &PartyId {
        &self.0.own
    }

    /// The node's home directory.
    #[must_use]
    pub fn home_directory(&self) -> &Home {
        &self.0.home
    }

    /// The node's secret keys, for signing agreements.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// The node's card, to be given to other parties.
    #[must_use]
    pub fn card(&self) -> Card {
        card_of(&self.0.node, &self.0.keys)
    }

    /// The present instant, as this node's clock says.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0.ports.clock)()
    }

    /// Adds a party by its card, or replaces its card; with `link`, this node may call it.
    ///
    /// # Errors
    /// [`ExchangeError::Card`] when the card is the node's own or does not parse, [`ExchangeError::Store`].
    pub fn add_party(&self, card: &Card, link: Option<&Link>) -> Result<()> {
        if card.id == self.0.node.party {
            return Err(ExchangeError::Card(format!("`{}` is this node's own party", card.id)));
        }
        let text = card.to_toml()?;
        Card::parse(&text)?;
        let link = link.map(serde_json::to_string).transpose().map_err(|e| ExchangeError::Card(e.to_string()))?;
        self.store().write(|tx| tx.put_party(&card.id, &text, link.as_deref()))?;
        Ok(())
    }

    /// The cards of all other parties.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn cards(&self) -> Result<Vec<Card>> {
        Ok(self.state()?.parties.iter().filter(|party| party.no != 0).map(|party| party.card.clone()).collect())
    }

    /// Whether the store answers.
    #[must_use]
    pub fn healthy(&self) -> bool {
        self.store().read(|s| s.epoch()).is_ok()
    }

    /// Checks the integrity of the database file; empty when it is sound.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn store_integrity(&self) -> Result<Vec<String>> {
        Ok(self.store().integrity()?)
    }

    /// Folds the store's write-ahead log into its file, as a backup wants it.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn store_checkpoint(&self) -> Result<()> {
        Ok(self.store().checkpoint_wal()?)
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    /// The secret that seals page cursors.
    #[must_use]
    pub fn cursor_secret(&self) -> [u8; 32] {
        self.secrets().cursor
    }

    pub(crate) fn asked(&self) -> &rollback::Asked {
        &self.0.asked
    }

    pub(crate) fn secrets(&self) -> &access::Secrets {
        &self.0.secrets
    }

    /// Parties and agreements as they are now.
    pub(crate) fn state(&self) -> Result<Arc<State>> {
        let held = self.0.state.read().unwrap_or_else(PoisonError::into_inner).clone();
        let fresh =
            self.store().read(|s| if s.epoch()? == held.epoch { Ok(None) } else { State::load(s).map(Some) })?;
        match fresh {
            None => Ok(held),
            Some(fresh) => {
                *self.0.state.write().unwrap_or_else(PoisonError::into_inner) = fresh.clone();
                Ok(fresh)
            }
        }
    }

    /// Built-in warninglists that this node has switched off.
    pub(crate) fn warninglists(&self) -> Switches {
        match self.0.node.band {
            Band::Demo => Switches::all().without("documentation").unwrap_or_default(),
            Band::Test | Band::Production => Switches::all(),
        }
    }

    /// Random bytes.
    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N]> {
        ports::random(&self.0.ports.random)
    }

    pub(crate) fn fill_random(&self, bytes: &mut [u8]) -> Result<()> {
        (self.0.ports.random)(bytes)
    }

    /// Where random bytes come from.
    pub(crate) fn random_source(&self) -> &Random {
        &self.0.ports.random
    }

    /// The way to other nodes.
    pub(crate) fn wire(&self) -> &dyn wire::Wire {
        &*self.0.ports.wire
    }
}

fn card_of(node: &Node, keys: &Keys) -> Card {
    Card {
        format: CARD_FORMAT.to_owned(),
        id: node.party.clone(),
        name: node.name.clone(),
        role: node.role.clone(),
        country: node.country.clone(),
        node: node.host.clone(),
        url: node.url.clone(),
        vkey: keys.agreement().verifier().to_string(),
        ledger_vkey: keys.ledger().to_string(),
        witness_vkey: Some(keys.witness().verifier().to_string()),
    }
}
