//! Appending to an agreement's log: one leaf, its tree nodes, the new head and its signed checkpoint, in the caller's transaction.
//!
//! The checkpoint is computed from the head as it will be stored and stored in the same transaction. A signature therefore leaves
//! the process only if the head it signs is durable; when the commit fails, both are gone (`ledger.md` section 5).

use entente_ledger::Hash;
use entente_ledger::checkpoint::{Checkpoint, CheckpointError};
use entente_ledger::decision::DecisionEntry;
use entente_ledger::leaf::{Actor, Entry, Leaf, LeafTime};
use entente_ledger::merkle::{self, Edge};
use entente_ledger::note::{Note, NoteError, VerifierKey};
use entente_stix::Timestamp;
use entente_store::logs::LogRow;
use entente_store::{Snapshot, StoreError, Tx};

use crate::anchor::{self, Kind};
use crate::error::{ExchangeError, Result};
use crate::log_key::LogKey;

/// Opens the log of an agreement inside a transaction, creating it empty.
pub(crate) fn log(tx: &Tx<'_>, agreement: &str, origin: &str) -> Result<LogRow> {
    Ok(tx.create_log(agreement, origin, &Edge::new().to_bytes())?)
}

/// Where a leaf goes, as it has to say itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) index: u64,
    pub(crate) time: LeafTime,
    /// Whether the clock had stepped back behind the leaf before.
    pub(crate) skew: bool,
}

/// Appends `leaf` and returns its index.
///
/// # Errors
/// [`ExchangeError::LedgerHalted`] when the stored head does not fit the log, [`ExchangeError::Rollback`] when others hold more of it,
/// [`StoreError::Conflict`] when another writer was first.
pub(crate) fn append(
    tx: &Tx<'_>,
    log: &mut LogRow,
    key: &LogKey,
    agreement_hash: &Hash,
    leaf: &Leaf,
    now: Timestamp,
) -> Result<u64> {
    append_entry(tx, log, key, now, |place| {
        let entry = Entry {
            seq: place.index,
            time: place.time,
            agreement: *agreement_hash,
            actor: Actor::Key(key.verifier().key_id()),
            leaf: leaf.clone(),
            skew: place.skew,
        };
        entry.to_bytes().map_err(|e| e.to_string())
    })
}

/// Appends the entry that `write` makes for its place, and returns its index.
///
/// # Errors
/// As [`append`].
pub(crate) fn append_entry(
    tx: &Tx<'_>,
    log: &mut LogRow,
    key: &LogKey,
    now: Timestamp,
    write: impl FnOnce(Place) -> Result<Vec<u8>, String>,
) -> Result<u64> {
    let halted = |problem: String| ExchangeError::LedgerHalted { agreement: log.agreement.clone(), problem };
    // Others hold more of this log: another leaf here would make a second history (A42).
    if let Some(row) = tx.view().halted(&log.agreement)? {
        return Err(ExchangeError::Rollback { agreement: row.agreement, problem: row.reason });
    }
    let mut edge =
        Edge::from_bytes(&log.edge).ok_or_else(|| halted("the stored tree edge is unreadable".to_owned()))?;
    let index = edge.size();
    if i64::try_from(index) != Ok(log.size) {
        return Err(halted(format!("the tree edge has {index} leaves, the log {}", log.size)));
    }
    // Nothing is signed on top of a head that is not the one signed last: it may have been damaged since (A42).
    if index > 0 {
        let signed = Checkpoint::claimed(log.checkpoint.as_bytes()).map_err(|e| halted(e.to_string()))?;
        if signed.size() != index || signed.root() != edge.root() {
            return Err(halted("the tree edge is not that of the last signed checkpoint".to_owned()));
        }
    }
    let (time, skew) =
        leaf_time(now, log.last_us).ok_or_else(|| halted(format!("time {now} cannot be written into a leaf")))?;
    let entry = write(Place { index, time, skew }).map_err(halted)?;
    let nodes: Vec<_> =
        edge.push(merkle::leaf_hash(&entry)).into_iter().map(|(level, at, hash)| (level, at, hash.0)).collect();
    let checkpoint = Checkpoint::new(&log.origin, edge.size(), edge.root())
        .map_err(|e| e.to_string())
        .and_then(|checkpoint| key.sign(&checkpoint, now))
        .map_err(halted)?;
    let at_us = time.as_unix_millis().saturating_mul(1_000);
    let next = tx.append_leaf(log, &entry, &nodes, &edge.to_bytes(), at_us)?;
    let text = String::from_utf8(checkpoint.to_bytes()).map_err(|e| halted(e.to_string()))?;
    if !tx.put_checkpoint(next.no, next.size, &text)? {
        return Err(StoreError::Conflict.into());
    }
    *log = LogRow { signed_size: next.size, checkpoint: text, ..next };
    Ok(index)
}

/// The time of a leaf and whether it is not the clock's: now, but never before the previous leaf.
fn leaf_time(now: Timestamp, last_us: i64) -> Option<(LeafTime, bool)> {
    let now_ms = now.as_micros().div_euclid(1_000);
    let last_ms = last_us.div_euclid(1_000);
    // A clock that stepped back writes the previous time and one millisecond, and says so.
    let skew = now_ms < last_ms;
    let millis = if skew { last_ms.saturating_add(1) } else { now_ms };
    LeafTime::from_unix_millis(millis).map(|time| (time, skew))
}

/// The inclusion proof of a leaf in the log as stored.
pub(crate) fn prove(snapshot: &Snapshot<'_>, log: &LogRow, index: u64) -> Result<Vec<Hash>> {
    let size = u64::try_from(log.signed_size).unwrap_or(0);
    over_nodes(snapshot, log, |node| merkle::inclusion_proof(index, size, node))?
        .ok_or_else(|| missing_node(log, &format!("leaf {index} of {size}")))
}

/// The proof that the first `old` leaves are the beginning of the first `new`; `None` unless `0 < old <= new` and `new` is signed.
pub(crate) fn prove_growth(snapshot: &Snapshot<'_>, log: &LogRow, old: u64, new: u64) -> Result<Option<Vec<Hash>>> {
    let size = u64::try_from(log.signed_size).unwrap_or(0);
    if old == 0 || old > new || new > size {
        return Ok(None);
    }
    over_nodes(snapshot, log, |node| merkle::consistency_proof(old, new, node))?
        .ok_or_else(|| missing_node(log, &format!("the growth from {old} to {new}")))
        .map(Some)
}

/// Makes a proof from the stored tree nodes; `None` when one of them is missing.
fn over_nodes(
    snapshot: &Snapshot<'_>,
    log: &LogRow,
    prove: impl FnOnce(&mut merkle::NodeSource<'_>) -> Option<Vec<Hash>>,
) -> Result<Option<Vec<Hash>>> {
    let mut failed: Option<StoreError> = None;
    let proof = prove(&mut |level, at| match snapshot.node(log.no, level, at) {
        Ok(found) => found.map(Hash),
        Err(error) => {
            failed = Some(error);
            None
        }
    });
    failed.map_or(Ok(proof), |error| Err(error.into()))
}

fn missing_node(log: &LogRow, what: &str) -> ExchangeError {
    let problem = format!("a tree node for {what} is missing");
    ExchangeError::LedgerHalted { agreement: log.agreement.clone(), problem }
}

/// What a full check of one log found.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct LogCheck {
    /// Agreement the log belongs to.
    pub agreement: String,
    /// Leaves read.
    pub leaves: u64,
    /// What does not hold together, empty when all is well.
    pub problems: Vec<String>,
}

/// Recomputes the tree from the leaves and compares it with the stored head and the signed checkpoint.
pub(crate) fn check(snapshot: &Snapshot<'_>, log: &LogRow, keys: &[VerifierKey]) -> Result<LogCheck> {
    let mut found = LogCheck { agreement: log.agreement.clone(), ..LogCheck::default() };
    let kind = Kind::of(&log.agreement);
    let mut edge = Edge::new();
    let mut from = 0_i64;
    let mut last_time = None;
    loop {
        let leaves = snapshot.leaves(log.no, from, 1_000)?;
        let Some((last, _)) = leaves.last() else { break };
        let next = last.saturating_add(1);
        for (index, entry) in &leaves {
            match place_of(kind, entry) {
                Ok(Some((seq, time))) => {
                    if i64::try_from(seq) != Ok(*index) {
                        found.problems.push(format!("leaf {index} calls itself {seq}"));
                    }
                    if last_time.is_some_and(|before| time < before) {
                        found.problems.push(format!("leaf {index} is older than the one before it"));
                    }
                    last_time = Some(time);
                }
                Ok(None) => {}
                Err(error) => found.problems.push(format!("leaf {index}: {error}")),
            }
            for (level, at, hash) in edge.push(merkle::leaf_hash(entry)) {
                if snapshot.node(log.no, level, at)? != Some(hash.0) {
                    found.problems.push(format!("tree node {at} of level {level} differs from the leaves"));
                }
            }
        }
        from = next;
    }
    found.leaves = edge.size();
    if i64::try_from(edge.size()) != Ok(log.size) {
        found.problems.push(format!("{} leaves are stored, the head says {}", edge.size(), log.size));
    }
    if log.edge != edge.to_bytes() {
        found.problems.push("the stored tree edge differs from the leaves".to_owned());
    }
    if log.size > 0 {
        match open_checkpoint(&log.checkpoint, keys) {
            Ok(signed) if signed.size() == edge.size() && signed.root() == edge.root() => {}
            Ok(signed) => {
                found
                    .problems
                    .push(format!("the signed checkpoint of size {} has another root than the leaves", signed.size()));
            }
            Err(error) => found.problems.push(format!("the checkpoint does not verify: {error}")),
        }
    }
    Ok(found)
}

/// Index and time that a leaf gives itself; `None` for a leaf of the anchor log, which has neither.
pub(crate) fn place_of(kind: Kind, entry: &[u8]) -> Result<Option<(u64, LeafTime)>, String> {
    match kind {
        Kind::Agreement => Entry::parse(entry).map(|e| Some((e.seq, e.time))).map_err(|e| e.to_string()),
        Kind::Decisions => DecisionEntry::parse(entry).map(|e| Some((e.seq, e.time))).map_err(|e| e.to_string()),
        Kind::Anchor => anchor::problem(entry).map_or(Ok(None), Err),
    }
}

/// Opens a checkpoint with the newest of these keys that has signed it.
pub(crate) fn open_checkpoint(note: &str, keys: &[VerifierKey]) -> Result<Checkpoint, CheckpointError> {
    let mut last = CheckpointError::Note(NoteError::UnknownSignerOnly);
    for key in keys.iter().rev() {
        match Checkpoint::open(note.as_bytes(), key) {
            Ok(checkpoint) => return Ok(checkpoint),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The newest of these keys that a checkpoint names as its signer, else the first.
pub(crate) fn key_of<'a>(note: &str, keys: &'a [VerifierKey]) -> Option<&'a VerifierKey> {
    let note = Note::parse(note.as_bytes()).ok();
    let named = |key: &&VerifierKey| note.as_ref().is_some_and(|n| n.signatures().iter().any(|line| key.matches(line)));
    keys.iter().rev().find(named).or(keys.first())
}

/// The root of the first `size` leaves of a log; `None` when it has fewer.
pub(crate) fn root_at(snapshot: &Snapshot<'_>, log: &LogRow, size: u64) -> Result<Option<Hash>> {
    if size == 0 {
        return Ok(Some(merkle::empty_root()));
    }
    if i64::try_from(size).map_or(true, |size| size > log.signed_size) {
        return Ok(None);
    }
    // The root is folded from the complete subtrees of its size, the smallest of which is the rightmost.
    let mut root: Option<Hash> = None;
    let mut end = size;
    while end > 0 {
        let level = end.trailing_zeros();
        let index = (end >> level) - 1;
        let level = u8::try_from(level).unwrap_or(u8::MAX);
        let Some(hash) = snapshot.node(log.no, level, index)?.map(Hash) else {
            return Err(missing_node(log, &format!("the root of {size} leaves")));
        };
        root = Some(root.map_or(hash, |right| merkle::node_hash(&hash, &right)));
        end &= end - 1;
    }
    Ok(root)
}
