//! Evidence for somebody who trusts neither party: agreements, whole logs as tiles, and receipts, as files that explain themselves.
//!
//! The layout is that of c2sp.org/tlog-tiles below `logs/`, so any reader of such logs can check the tree; the receipts are
//! `.tlog-proof` files beside the exact bytes they are for. Everything is read in one snapshot and handed out file by file: an export
//! never holds more than one tile of each level and one batch of releases in memory.

use entente_ledger::Hash;
use entente_ledger::checkpoint::Checkpoint;
use entente_ledger::merkle::{self, Edge};
use entente_ledger::note::VerifierKey;
use entente_ledger::receipt::{PageReceipt, ReceiptError, tlog_proof};
use entente_ledger::tile::{self, Content, FULL_WIDTH, Tile, Tiler};
use entente_store::Snapshot;
use entente_store::logs::LogRow;
use entente_store::manifest::Head;

use crate::anchor::Kind;
use crate::error::{ExchangeError, Result};
use crate::receipts::{Secret, batch, halted, leaf, policy_text, secret};
use crate::{Exchange, journal};

/// What an export of evidence holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct EvidenceCount {
    /// Signed agreement texts, each version by itself.
    pub agreements: u64,
    /// Notices about them: suspended, resumed, ended.
    pub notices: u64,
    /// Logs.
    pub logs: u64,
    /// Leaves of these logs.
    pub leaves: u64,
    /// Objects that the logs say were released.
    pub released: u64,
    /// Receipts, each with the bytes of its object.
    pub receipts: u64,
}

/// Where the files of an export go: path below its directory, with slashes, and content.
pub type FileSink<'a> = dyn FnMut(&str, &[u8]) -> std::io::Result<()> + 'a;

/// Hands a file out.
struct Writer<'a> {
    sink: &'a mut FileSink<'a>,
}

impl Writer<'_> {
    fn file(&mut self, path: &str, bytes: &[u8]) -> Result<()> {
        (self.sink)(path, bytes).map_err(|source| ExchangeError::Home {
            operation: "write",
            path: path.to_owned(),
            source,
        })
    }
}

impl Exchange {
    /// Hands out the evidence of these agreements' logs, or of all, with at most `receipts_max` receipts for each log.
    ///
    /// Each log is recomputed on the way and must have the root that was signed.
    ///
    /// # Errors
    /// [`ExchangeError::UnknownAgreement`] when one has no log here, [`ExchangeError::LedgerHalted`] when a log does not hold
    /// together, [`ExchangeError::Home`] when `sink` fails, [`ExchangeError::Store`].
    pub fn evidence<'a>(
        &self,
        agreements: &[String],
        receipts_max: u64,
        sink: &'a mut FileSink<'a>,
    ) -> Result<EvidenceCount> {
        let mut writer = Writer { sink };
        self.store().read(|s| {
            let mut logs = s.logs()?;
            if let Some(unknown) = agreements.iter().find(|id| !logs.iter().any(|log| log.agreement == **id)) {
                return Err(ExchangeError::UnknownAgreement(unknown.clone()));
            }
            // The decision log shows what was denied and the anchor that other agreements exist: both only where they are named.
            let by_default = |log: &LogRow| agreements.is_empty() && Kind::of(&log.agreement) == Kind::Agreement;
            logs.retain(|log| by_default(log) || agreements.contains(&log.agreement));
            let mut count = EvidenceCount::default();
            for row in s.agreements()?.iter().filter(|row| logs.iter().any(|log| log.agreement == row.id)) {
                let path = format!("agreements/{}.v{}.agreement", row.id, row.version);
                writer.file(&path, row.note.as_bytes())?;
                count.agreements += 1;
            }
            for log in &logs {
                for (number, notice) in (1_u64..).zip(s.notices(&log.agreement)?) {
                    writer.file(&format!("agreements/{}.n{number}.notice", log.agreement), notice.as_bytes())?;
                    count.notices += 1;
                }
                count.leaves += tiles(s, log, &mut writer)?;
                count.logs += 1;
                // A policy must not name one key twice, and all logs of a node have the same one under different names.
                let key = self.log_key_of(log)?;
                let policy = policy_text(&key.to_string());
                writer
                    .file(&format!("policies/{}.policy", log.agreement.trim_start_matches('/')), policy.as_bytes())?;
                let mut left = receipts_max;
                for head in s.heads()?.iter().filter(|head| head.agreement == log.agreement) {
                    count.released += u64::try_from(head.next_seq - 1).unwrap_or(0);
                    let written = receipts(s, (log, &key), head, (count.receipts + 1, left), &mut writer)?;
                    left -= written;
                    count.receipts += written;
                }
            }
            Ok(count)
        })
    }

    /// One leaf of a log and its inclusion proof, a `.tlog-proof` file without `extra`; `None` when the log has no such leaf.
    ///
    /// # Errors
    /// [`ExchangeError::UnknownAgreement`] when it has no log here, [`ExchangeError::LedgerHalted`], [`ExchangeError::Store`].
    pub fn leaf_proof(&self, agreement: &str, index: u64) -> Result<Option<LeafProof>> {
        self.store().read(|s| {
            let log = s.log(agreement)?.ok_or_else(|| ExchangeError::UnknownAgreement(agreement.to_owned()))?;
            let Some(at) = i64::try_from(index).ok().filter(|at| *at < log.signed_size) else { return Ok(None) };
            let leaf = leaf(s, &log, at)?;
            let proof = journal::prove(s, &log, index)?;
            Ok(Some(LeafProof { index, leaf: text(&log, leaf)?, proof, checkpoint: log.checkpoint }))
        })
    }
}

/// A leaf and the proof that it is in its log.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LeafProof {
    /// Index of the leaf.
    pub index: u64,
    /// The leaf, JSON of one line.
    pub leaf: String,
    /// The way to the root, from the leaf's sibling upwards.
    pub proof: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: String,
}

impl LeafProof {
    /// Writes it as a file of c2sp.org/tlog-proof.
    #[must_use]
    pub fn to_tlog_proof(&self) -> String {
        tlog_proof(None, self.index, &self.proof, &self.checkpoint)
    }
}

/// Hands out checkpoint and tiles of a log and returns its number of leaves.
fn tiles(s: &Snapshot<'_>, log: &LogRow, writer: &mut Writer<'_>) -> Result<u64> {
    let prefix = format!("logs/{}", Kind::of(&log.agreement).prefix(&log.agreement));
    let signed = Checkpoint::claimed(log.checkpoint.as_bytes()).map_err(|e| halted(log, &e.to_string()))?;
    writer.file(&format!("{prefix}/checkpoint"), log.checkpoint.as_bytes())?;
    let mut put = |tile: Tile, bytes: &[u8]| writer.file(&format!("{prefix}/{}", tile.path()), bytes);
    let mut edge = Edge::new();
    let mut tiler = Tiler::default();
    while edge.size() < signed.size() {
        let from = i64::try_from(edge.size()).unwrap_or(i64::MAX);
        let index = edge.size() / u64::from(FULL_WIDTH);
        let width = tile::width_at(Content::Entries, index, signed.size());
        let rows = s.leaves(log.no, from, usize::from(width))?;
        let name = Tile::new(Content::Entries, index, width);
        let dense = rows.len() == usize::from(width) && (from..).zip(&rows).all(|(at, (index, _))| at == *index);
        let Some(name) = name.filter(|_| dense) else {
            return Err(halted(log, &format!("a leaf between {from} and {} is missing", signed.size())));
        };
        let entries = rows.iter().map(|(_, entry)| entry.as_slice());
        let bytes = tile::encode_entries(entries).ok_or_else(|| halted(log, "a leaf is too long for a tile"))?;
        put(name, &bytes)?;
        for (_, entry) in &rows {
            let hash = merkle::leaf_hash(entry);
            edge.push(hash);
            tiler.push(hash, &mut |tile, hashes| put(tile, &tile::encode_hashes(hashes)))?;
        }
    }
    tiler.finish(&mut |tile, hashes| put(tile, &tile::encode_hashes(hashes)))?;
    if edge.root() != signed.root() {
        return Err(halted(log, "the signed checkpoint has another root than the leaves"));
    }
    Ok(signed.size())
}

/// Hands out receipts for the first rows of a manifest, numbered from `first` on, at most `max`, each verified.
fn receipts(
    s: &Snapshot<'_>,
    (log, key): (&LogRow, &VerifierKey),
    head: &Head,
    (first, max): (u64, u64),
    writer: &mut Writer<'_>,
) -> Result<u64> {
    let mut written = 0_u64;
    let mut seq = 1_i64;
    while written < max && seq < head.next_seq {
        let (leaf, batch) = batch(s, log, head.no, seq, &mut |_| true)?;
        if batch.is_empty() {
            return Err(halted(log, &format!("manifest row {seq} is not in the batch of its leaf")));
        }
        seq += i64::try_from(batch.len()).unwrap_or(i64::MAX);
        // What was erased is sealed in the receipt of its neighbours, and has none of its own.
        let objects: Vec<(&str, &[u8])> = batch
            .iter()
            .filter(|(row, _)| matches!(secret(row), Ok(Secret::Kept { .. })))
            .map(|(row, bytes)| (row.id.as_str(), bytes.as_slice()))
            .collect();
        let page = PageReceipt { checkpoint: log.checkpoint.clone(), leaves: vec![leaf] };
        let of_page = |error: ReceiptError| halted(log, &error.to_string());
        page.verify(&objects, key).map_err(of_page)?;
        let left = usize::try_from(max - written).unwrap_or(usize::MAX);
        for (receipt, (_, bytes)) in page.split(&objects).map_err(of_page)?.into_iter().zip(objects).take(left) {
            let number = first + written;
            writer.file(&format!("receipts/{number}.json"), bytes)?;
            writer.file(&format!("receipts/{number}.tlog-proof"), &receipt.to_bytes())?;
            written += 1;
        }
    }
    Ok(written)
}

fn text(log: &LogRow, leaf: Vec<u8>) -> Result<String> {
    String::from_utf8(leaf).map_err(|e| halted(log, &e.to_string()))
}
