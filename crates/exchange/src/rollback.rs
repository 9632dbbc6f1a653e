//! Refusing to sign after a rollback: before its first signature of a log, a process asks the other parties what they hold of it.
//!
//! A node remembers nothing newer than its own store. A backup restored to an older state would therefore make it sign a second
//! history; only somebody outside can tell (`ledger.md` section 9). A log signs once one party has answered and none holds more of it;
//! where nobody answers, within a day of the last answer or after a person has taken the risk. A node that calls no one signs, and
//! learns of a rollback from the first party that calls it.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use entente_ledger::Hash;
use entente_ledger::checkpoint::Checkpoint;
use entente_ledger::merkle::{self, Edge};
use entente_stix::Timestamp;
use entente_store::StoreError;
use entente_store::logs::LogRow;

use crate::Exchange;
use crate::access::Credential;
use crate::decisions::Act;
use crate::error::{ExchangeError, Result};
use crate::journal;
use crate::log_key::Rotated;
use crate::node::log_origin;
use crate::state::{KnownParty, Link};

// LIMIT: an answer counts for ten minutes in other processes of the node, and for a day while nobody can be reached.
const FRESH_US: i64 = 600_000_000;
const GRACE_US: i64 = 86_400_000_000;

/// The logs this process has asked about.
#[derive(Debug, Default)]
pub(crate) struct Asked(Mutex<HashSet<String>>);

impl Asked {
    fn has(&self, agreement: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(agreement)
    }

    fn add(&self, agreement: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(agreement.to_owned());
    }
}

/// What one party answered about a log of this node.
enum Holds {
    /// A signed checkpoint that the log contains, or nothing.
    NoMore,
    /// It did not answer.
    Unreachable,
}

/// What adopting did.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Adopted {
    /// Agreement whose log it is.
    pub agreement: String,
    /// The party whose copy was taken.
    pub from: String,
    /// Leaves before.
    pub before: u64,
    /// Leaves now.
    pub leaves: u64,
}

impl Exchange {
    /// Says whether a log may be signed now; asked by [`crate::node::Keys::log`].
    pub(crate) fn may_sign(&self, origin: &str, may_ask: bool) -> Result<Rotated> {
        let prefix = log_origin(&self.node().host, "");
        if let Some(agreement) = origin.strip_prefix(&prefix) {
            if let Some(row) = self.store().read(|s| s.halted(agreement))? {
                return Err(ExchangeError::Rollback { agreement: row.agreement, problem: row.reason });
            }
            if !self.asked().has(agreement) {
                if !may_ask {
                    return Err(ExchangeError::Unconfirmed { agreement: agreement.to_owned() });
                }
                self.ask_before_signing(agreement, origin)?;
                self.asked().add(agreement);
            }
        }
        let last = self.store().read(|s| s.log_keys(origin))?.pop();
        Ok(last.map_or_else(Rotated::default, |row| Rotated { times: row.n, since_us: row.since_us }))
    }

    /// Asks about every log in which something was released, before a transaction that may write into any of them. A log that must not
    /// sign is no reason to keep the others from it; the transaction finds out which ones it needs.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub(crate) fn ask_about_heads(&self) -> Result<()> {
        for head in self.store().read(|s| s.heads())? {
            if let Err(error) = self.keys().log(&log_origin(&self.node().host, &head.agreement)) {
                tracing::debug!(agreement.id = head.agreement, "its log must not sign now: {error}");
            }
        }
        Ok(())
    }

    fn ask_before_signing(&self, agreement: &str, origin: &str) -> Result<()> {
        let (log, confirmed) =
            self.store().read(|s| Ok::<_, StoreError>((s.log(agreement)?, s.confirmed(agreement)?)))?;
        let now_us = self.now().as_micros();
        let since_us = confirmed.map(|at_us| now_us.saturating_sub(at_us).abs());
        if since_us.is_some_and(|since_us| since_us < FRESH_US) {
            return Ok(());
        }
        let state = self.state()?;
        let parties = |known: &&KnownParty| {
            known.no != 0 && state.versions.iter().any(|held| held.id() == agreement && held.names(&known.id))
        };
        let (mut answered, mut called) = (false, false);
        for known in state.parties.iter().filter(parties) {
            let Some(link) = &known.link else { continue };
            called = true;
            answered |= matches!(self.ask(known, link, origin, log.as_ref())?, Holds::NoMore);
        }
        let size = log.map_or(0, |log| log.size);
        if answered || !called || size == 0 {
            if answered || size == 0 {
                self.store().write(|tx| tx.confirm_log(agreement, size, now_us))?;
            }
            return Ok(());
        }
        if since_us.is_some_and(|since_us| since_us < GRACE_US) {
            return Ok(());
        }
        Err(ExchangeError::Unconfirmed { agreement: agreement.to_owned() })
    }

    /// Asks one party for the last checkpoint it has cosigned of a log of this node.
    fn ask(&self, party: &KnownParty, link: &Link, origin: &str, log: Option<&LogRow>) -> Result<Holds> {
        let path = format!("witness/{}/checkpoint", Hash::of(origin.as_bytes()).hex());
        let note = match self.call(party, link, &path, None) {
            Ok(answer) => String::from_utf8(answer.body).unwrap_or_default(),
            Err(ExchangeError::Remote { code: "sync.not-found", .. }) => return Ok(Holds::NoMore),
            Err(_) => return Ok(Holds::Unreachable),
        };
        let nothing = LogRow {
            no: 0,
            agreement: origin.rsplit('/').next().unwrap_or_default().to_owned(),
            origin: origin.to_owned(),
            size: 0,
            edge: Edge::new().to_bytes(),
            last_us: 0,
            signed_size: 0,
            checkpoint: String::new(),
        };
        self.compare_own(log.unwrap_or(&nothing), &note, party.id.as_str())?;
        Ok(Holds::NoMore)
    }

    /// Asks the parties of every agreement, as a node does when it starts; returns why logs must not sign.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn ask_about_logs(&self) -> Result<Vec<ExchangeError>> {
        let mut problems = Vec::new();
        for held in self.ruling(&*self.state()?) {
            match self.keys().log(&log_origin(&self.node().host, held.id())) {
                Ok(_) => {}
                Err(error @ (ExchangeError::Rollback { .. } | ExchangeError::Unconfirmed { .. })) => {
                    problems.push(error)
                }
                Err(error) => return Err(error),
            }
        }
        Ok(problems)
    }

    /// Lets a log sign though nobody could be asked about it; recorded in the decision log.
    ///
    /// # Errors
    /// [`ExchangeError::Rollback`] when others are known to hold more of it: that risk is a certainty, and adopting is the way.
    /// [`ExchangeError::UnknownAgreement`], [`ExchangeError::Store`].
    pub fn accept_risk(&self, agreement: &str) -> Result<()> {
        let log = self.store().read(|s| s.log(agreement))?;
        let log = log.ok_or_else(|| ExchangeError::UnknownAgreement(agreement.to_owned()))?;
        if let Some(row) = self.store().read(|s| s.halted(agreement))? {
            return Err(ExchangeError::Rollback { agreement: row.agreement, problem: row.reason });
        }
        let size = u64::try_from(log.size).unwrap_or(0);
        self.note_decision(Act::Admin, Some(agreement), Some("accept-risk"), Some(size))?;
        self.store().write(|tx| tx.confirm_log(agreement, log.size, self.now().as_micros()))?;
        self.asked().add(agreement);
        Ok(())
    }

    /// Fetches the leaves that this node's log of an agreement has lost from the other parties' copies, verifies them against the
    /// checkpoint this node had signed, and goes on. `None` when no party holds more.
    ///
    /// # Errors
    /// [`ExchangeError::UnknownAgreement`], [`ExchangeError::Receipt`] when a copy does not go on from what is held here,
    /// [`ExchangeError::Store`].
    pub fn adopt(&self, agreement: &str) -> Result<Option<Adopted>> {
        let held = self.held(agreement)?;
        let origin = log_origin(&self.node().host, agreement);
        let empty = Edge::new().to_bytes();
        let log = self.store().write(|tx| tx.create_log(agreement, &origin, &empty))?;
        let state = self.state()?;
        let keys = self.log_verifiers(&origin)?;
        let mut best: Option<(&KnownParty, &Link, Checkpoint, String)> = None;
        for other in held.others(self.own()) {
            let Some(known) = state.party(other.as_str()) else { continue };
            let Some(link) = &known.link else { continue };
            let path = format!("api/v1/copies/{agreement}/checkpoint");
            let Ok(answer) = self.call(known, link, &path, None) else { continue };
            let note = String::from_utf8(answer.body).unwrap_or_default();
            // What this node has not signed is no copy of its log, whoever serves it.
            let Ok(head) = journal::open_checkpoint(&note, &keys) else { continue };
            if best.as_ref().is_none_or(|(_, _, known, _)| head.size() > known.size()) {
                best = Some((known, link, head, note));
            }
        }
        let before = u64::try_from(log.size).unwrap_or(0);
        let Some((party, link, head, note)) = best.filter(|(_, _, head, _)| head.size() > before) else {
            return Ok(None);
        };
        let refused = |message: String| ExchangeError::Receipt { party: party.id.to_string(), message };
        let mut edge =
            Edge::from_bytes(&log.edge).ok_or_else(|| refused("the stored tree edge is unreadable".to_owned()))?;
        let mut entries = Vec::new();
        while edge.size() < head.size() {
            let prefix = format!("api/v1/copies/{agreement}");
            for entry in self.fetch_entries(party, link, &prefix, edge.size(), head.size())? {
                edge.push(merkle::leaf_hash(&entry));
                entries.push(entry);
            }
        }
        if edge.root() != head.root() {
            return Err(refused("its copy does not go on from the leaves held here".to_owned()));
        }
        self.take_over(&log, &entries, &note)?;
        let n = head.size().saturating_sub(before);
        self.note_decision(Act::Admin, Some(agreement), Some("adopt"), Some(n))?;
        self.asked().add(agreement);
        Ok(Some(Adopted { agreement: agreement.to_owned(), from: party.id.to_string(), before, leaves: head.size() }))
    }

    /// Appends verified leaves that were lost, moves the manifests past the positions they name, and lets the log sign again.
    fn take_over(&self, log: &LogRow, entries: &[Vec<u8>], note: &str) -> Result<()> {
        use entente_ledger::leaf::{Entry, Leaf};
        let halted = |problem: String| ExchangeError::LedgerHalted { agreement: log.agreement.clone(), problem };
        let state = self.state()?;
        let now_us = self.now().as_micros();
        self.store().write(|tx| {
            let mut row = log.clone();
            let mut edge = Edge::from_bytes(&row.edge).ok_or_else(|| halted("unreadable edge".to_owned()))?;
            for entry in entries {
                let parsed = Entry::parse(entry).map_err(|e| halted(e.to_string()))?;
                if i64::try_from(parsed.seq) != Ok(row.size) {
                    return Err(halted(format!("leaf {} calls itself {}", row.size, parsed.seq)));
                }
                let nodes: Vec<_> = edge
                    .push(merkle::leaf_hash(entry))
                    .into_iter()
                    .map(|(level, at, hash)| (level, at, hash.0))
                    .collect();
                let at_us = parsed.time.as_unix_millis().saturating_mul(1_000);
                row = tx.append_leaf(&row, entry, &nodes, &edge.to_bytes(), at_us)?;
                if let Leaf::Release { party, last, .. } = &parsed.leaf
                    && let Some(known) = state.party(party)
                {
                    let head = tx.head(&log.agreement, known.no)?;
                    tx.skip_positions(&head, i64::try_from(*last).unwrap_or(i64::MAX).saturating_add(1), at_us)?;
                }
            }
            if !tx.put_checkpoint(row.no, row.size, note)? {
                return Err(StoreError::Conflict.into());
            }
            tx.unhalt(&log.agreement)?;
            tx.confirm_log(&log.agreement, row.size, now_us)?;
            Ok(())
        })
    }

    /// The checkpoint up to which this node keeps a copy of the caller's own log of an agreement.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn copied_checkpoint(&self, credential: &Credential, agreement: &str) -> Result<Option<String>> {
        let state = self.state()?;
        let Some(party) = state.party(credential.party.as_str()) else { return Ok(None) };
        let copy = self.store().read(|s| s.copy(agreement, party.no))?;
        // A copy that is still being made was verified, and has no checkpoint of its size.
        let whole = |copy: &entente_store::witness::CopyRow| {
            Checkpoint::claimed(copy.checkpoint.as_bytes())
                .is_ok_and(|head| i64::try_from(head.size()) == Ok(copy.size))
        };
        Ok(copy.filter(whole).map(|copy| copy.checkpoint))
    }

    /// A tile of entries of the copy that this node keeps of the caller's own log of an agreement.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn copied_tile(&self, credential: &Credential, agreement: &str, path: &str) -> Result<Option<Vec<u8>>> {
        let state = self.state()?;
        let Some(party) = state.party(credential.party.as_str()) else { return Ok(None) };
        self.store().read(|s| {
            let Some(copy) = s.copy(agreement, party.no)? else { return Ok(None) };
            crate::tiles::entries(path, copy.size, |from, width| Ok(s.copy_leaves(copy.no, from, width)?))
        })
    }

    /// Since when a log has not been confirmed by another party, for people; `None` when it never was.
    pub(crate) fn confirmed_at(&self, agreement: &str) -> Result<Option<Timestamp>> {
        Ok(self.store().read(|s| s.confirmed(agreement))?.map(Timestamp::from_micros))
    }
}
