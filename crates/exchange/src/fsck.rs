//! A full check of the ledger against everything that speaks of it, and what to do about each fault.
//!
//! `ledger verify` recomputes trees; this also holds tiles, cosignatures, manifests, deliveries and kept copies against the leaves.
//! It mends nothing: whoever repairs a ledger first has to know whether the store or the history is wrong.

use entente_ledger::Hash;
use entente_ledger::checkpoint::Checkpoint;
use entente_ledger::leaf::{Entry, Leaf};
use entente_ledger::merkle::{self, Edge};
use entente_ledger::note::Note;
use entente_ledger::tile::{self, Tile, Tiler};
use entente_store::Snapshot;
use entente_store::logs::LogRow;
use serde::Serialize;

use crate::anchor::Kind;
use crate::error::{ExchangeError, Result};
use crate::receipts::batch;
use crate::state::State;
use crate::witness::log_key_in;
use crate::{Exchange, journal, tiles};

/// What a full check found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FsckReport {
    /// Logs read.
    pub logs: u64,
    /// Leaves read.
    pub leaves: u64,
    /// Tiles recomputed.
    pub tiles: u64,
    /// Release batches whose rows were recomputed.
    pub batches: u64,
    /// Deliveries held against their leaves.
    pub deliveries: u64,
    /// Cosignatures verified.
    pub cosignatures: u64,
    /// Leaves of kept copies of other parties' logs.
    pub copied: u64,
    /// What does not hold together, at most 100.
    pub faults: Vec<Fault>,
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Agreement id, `/decisions` or `/anchor`.
    pub log: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub repair: &'static str,
}

// LIMIT: faults listed; a store with more is beyond listing.
const FAULTS_MAX: usize = 100;

const FROM_BACKUP: &str =
    "stop the node, keep a copy of the store, restore the last backup and run `entente ledger adopt`";
const ADOPT: &str = "run `entente ledger adopt` for this agreement; another party holds the leaves";
const COPY: &str = "the copy is another party's log; its next exchange does not mend it, restore the last backup";
const STRANGE: &str = "ask the witness for its cosignature again: it comes with the next exchange";

struct Checker<'a> {
    s: &'a Snapshot<'a>,
    report: &'a mut FsckReport,
}

impl Checker<'_> {
    fn fault(&mut self, log: &str, what: String, repair: &'static str) {
        if self.report.faults.len() < FAULTS_MAX {
            self.report.faults.push(Fault { log: log.to_owned(), what, repair });
        }
    }

    /// Tree, tiles and, of an agreement's log, what its leaves say about manifests and deliveries.
    fn log(&mut self, exchange: &Exchange, state: &State, log: &LogRow) -> Result<()> {
        self.report.logs += 1;
        let found = journal::check(self.s, log, &exchange.log_verifiers(&log.origin)?)?;
        self.report.leaves += found.leaves;
        let lost = log.size > i64::try_from(found.leaves).unwrap_or(i64::MAX);
        for problem in found.problems {
            self.fault(&log.agreement, problem, if lost { ADOPT } else { FROM_BACKUP });
        }
        self.tiles(log)?;
        self.cosignatures(exchange, log)?;
        if Kind::of(&log.agreement) == Kind::Agreement {
            self.rows(state, log)?;
        }
        Ok(())
    }

    /// Every tile as it would be served, against the leaves.
    fn tiles(&mut self, log: &LogRow) -> Result<()> {
        let mut wanted: Vec<(Tile, Hash)> = Vec::new();
        let mut tiler = Tiler::default();
        let mut from = 0_i64;
        let mut put = |tile: Tile, hashes: &[Hash]| -> Result<()> {
            wanted.push((tile, Hash::of(&tile::encode_hashes(hashes))));
            Ok(())
        };
        loop {
            let leaves = self.s.leaves(log.no, from, 1_000)?;
            let Some((last, _)) = leaves.last() else { break };
            let next = last.saturating_add(1);
            for (_, entry) in &leaves {
                tiler.push(merkle::leaf_hash(entry), &mut put)?;
            }
            from = next;
        }
        tiler.finish(&mut put)?;
        for (tile, expected) in wanted {
            self.report.tiles += 1;
            let path = tile.path();
            match tiles::of_log(self.s, log, &path) {
                Ok(Some(bytes)) if Hash::of(&bytes) == expected => {}
                Ok(Some(_)) => self.fault(&log.agreement, format!("`{path}` differs from the leaves"), FROM_BACKUP),
                Ok(None) => self.fault(&log.agreement, format!("`{path}` is not served"), FROM_BACKUP),
                Err(ExchangeError::LedgerHalted { problem, .. }) => {
                    self.fault(&log.agreement, format!("`{path}`: {problem}"), FROM_BACKUP);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Each cosignature is on the root that the log has at its size.
    fn cosignatures(&mut self, exchange: &Exchange, log: &LogRow) -> Result<()> {
        let witnesses: Vec<_> = match exchange.held(&log.agreement) {
            Ok(held) => exchange.witnesses_of(&held)?.into_values().collect(),
            Err(_) => Vec::new(),
        };
        for row in self.s.cosignatures(log.no)? {
            self.report.cosignatures += 1;
            let size = u64::try_from(row.size).unwrap_or(0);
            let root = journal::root_at(self.s, log, size)?;
            let holds = root.is_some_and(|root| {
                let head = Checkpoint::new(&log.origin, size, root).map(|head| head.to_text()).unwrap_or_default();
                let note = Note::parse(format!("{head}\n{}\n", row.line).as_bytes());
                let key = witnesses.iter().find(|key| key.to_string() == row.witness);
                note.is_ok_and(|note| key.is_some_and(|key| note.verify(std::slice::from_ref(key)).is_ok()))
            });
            if !holds {
                let name = row.witness.split('+').next().unwrap_or_default();
                self.fault(
                    &log.agreement,
                    format!("the cosignature of `{name}` on {size} leaves does not verify"),
                    STRANGE,
                );
            }
        }
        Ok(())
    }

    /// Release leaves against manifest rows, delivery leaves against the rows that record them.
    fn rows(&mut self, state: &State, log: &LogRow) -> Result<()> {
        let mut from = 0_i64;
        loop {
            let leaves = self.s.leaves(log.no, from, 1_000)?;
            let Some((last, _)) = leaves.last() else { return Ok(()) };
            let next = last.saturating_add(1);
            for (index, entry) in &leaves {
                let Ok(parsed) = Entry::parse(entry) else { continue };
                match &parsed.leaf {
                    Leaf::Release { party, first, n, inner, .. } => {
                        self.release(state, log, (*index, party), (*first, *n), inner)?;
                    }
                    Leaf::Delivery { n, door, .. } => self.delivery(log, *index, *n, door)?,
                    _ => {}
                }
            }
            from = next;
        }
    }

    fn release(
        &mut self,
        state: &State,
        log: &LogRow,
        (index, party): (i64, &str),
        (first, n): (u64, u64),
        inner: &Hash,
    ) -> Result<()> {
        self.report.batches += 1;
        let known = state.party(party).map(|party| party.no);
        let head = known.map(|no| self.s.head(&log.agreement, no)).transpose()?.flatten();
        let Some(head) = head else {
            self.fault(
                &log.agreement,
                format!("leaf {index} releases to `{party}`, which has no manifest"),
                FROM_BACKUP,
            );
            return Ok(());
        };
        let seq = i64::try_from(first).unwrap_or(i64::MAX);
        if self.s.manifest_row(head.no, seq)?.is_none() {
            let what = format!("the {n} rows from {first} on that leaf {index} released to `{party}` are missing");
            self.fault(
                &log.agreement,
                what,
                "they were lost with a store and cannot come back; their recipient has them",
            );
            return Ok(());
        }
        match batch(self.s, log, head.no, seq, &mut |_| false) {
            Ok((receipt, rows)) => {
                let commitments: Vec<Hash> =
                    receipt.rows.iter().filter_map(entente_ledger::receipt::Row::sealed).collect();
                if u64::try_from(rows.len()) != Ok(n) {
                    let what =
                        format!("leaf {index} released {n} objects to `{party}`, its manifest has {}", rows.len());
                    self.fault(&log.agreement, what, FROM_BACKUP);
                } else if merkle::root(&commitments) != *inner {
                    let what = format!("the rows of leaf {index} are not those that were released to `{party}`");
                    self.fault(&log.agreement, what, FROM_BACKUP);
                }
            }
            Err(ExchangeError::LedgerHalted { problem, .. }) => self.fault(&log.agreement, problem, FROM_BACKUP),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn delivery(&mut self, log: &LogRow, index: i64, n: u64, door: &str) -> Result<()> {
        self.report.deliveries += 1;
        match self.s.delivery(log.no, index)? {
            Some((_, seqs)) if u64::try_from(seqs.len()) == Ok(n) => {}
            Some((_, seqs)) => {
                let what = format!("leaf {index} delivered {n} objects, the record of it has {}", seqs.len());
                self.fault(&log.agreement, what, FROM_BACKUP);
            }
            None => {
                let what =
                    format!("the delivery of leaf {index} through `{door}` has no record; it cannot be proved again");
                self.fault(&log.agreement, what, "it was lost with a store; its recipient has the receipt");
            }
        }
        Ok(())
    }

    /// The kept copies of other parties' logs.
    fn copies(&mut self, exchange: &Exchange, state: &State) -> Result<()> {
        for held in exchange.ruling(state) {
            for party in state.parties.iter().filter(|party| party.no != 0) {
                let (Some(copy), Some(first)) = (self.s.copy(held.id(), party.no)?, log_key_in(&held, party)) else {
                    continue;
                };
                let mut edge = Edge::new();
                loop {
                    let from = i64::try_from(edge.size()).unwrap_or(i64::MAX);
                    let leaves = self.s.copy_leaves(copy.no, from, 1_000)?;
                    if leaves.is_empty() {
                        break;
                    }
                    for (_, entry) in &leaves {
                        edge.push(merkle::leaf_hash(entry));
                    }
                }
                self.report.copied += edge.size();
                let name = format!("{} of {}", held.id(), party.id);
                if edge.to_bytes() != copy.edge || i64::try_from(edge.size()) != Ok(copy.size) {
                    self.fault(&name, "the leaves of the copy are not those that were verified".to_owned(), COPY);
                    continue;
                }
                let keys = exchange.believed(first.name(), &first)?;
                let head = journal::open_checkpoint(&copy.checkpoint, &keys);
                // A copy that is still being made was verified by a proof of growth to a larger head.
                let fits = |head: &Checkpoint| head.size() != edge.size() || head.root() == edge.root();
                if copy.size > 0 && !head.is_ok_and(|head| fits(&head)) {
                    self.fault(&name, "the checkpoint of the copy does not verify over its leaves".to_owned(), COPY);
                }
            }
        }
        Ok(())
    }
}

impl Exchange {
    /// Holds everything the ledger consists of, and everything that speaks of it, against the leaves.
    ///
    /// # Errors
    /// [`ExchangeError::Store`] when the store cannot be read; what does not hold together is in the report.
    pub fn fsck(&self) -> Result<FsckReport> {
        let state = self.state()?;
        let mut report = FsckReport::default();
        self.store().read(|s| {
            let mut checker = Checker { s, report: &mut report };
            for log in s.logs()? {
                checker.log(self, &state, &log)?;
            }
            checker.copies(self, &state)
        })?;
        Ok(report)
    }
}
