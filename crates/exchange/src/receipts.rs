//! Receipts: the proof that an object was released, made on demand from the manifest and the log, or from what came with a page.

use std::collections::BTreeSet;

use entente_ledger::Hash;
use entente_ledger::note::VerifierKey;
use entente_ledger::receipt::{LeafReceipt, PageReceipt, Row, commitment};
use entente_store::logs::LogRow;
use entente_store::manifest::ManifestRow;
use entente_store::{Snapshot, StoreError};
use serde::{Deserialize, Serialize};

use crate::access::Credential;
use crate::admit::object_key;
use crate::error::{ExchangeError, Result};
use crate::{Exchange, journal};

/// An object and the proof of its release, as written to files for `entente verify`.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Id of the object as released.
    pub object: String,
    /// Its exact bytes.
    pub bytes: Vec<u8>,
    /// The receipt, a `.tlog-proof` file.
    pub receipt: Vec<u8>,
    /// A policy file (tlog-policy) naming the log that must have signed.
    pub policy: String,
}

impl Exchange {
    /// The receipt of a delivered page, as JSON, for the party it was delivered to.
    ///
    /// # Errors
    /// [`ExchangeError::Store`], [`ExchangeError::LedgerHalted`].
    pub fn page_receipt(
        &self,
        credential: &Credential,
        agreement: &str,
        delivery_leaf: u64,
    ) -> Result<Option<Vec<u8>>> {
        let state = self.state()?;
        let Some(party) = state.party(credential.party.as_str()) else { return Ok(None) };
        self.store().read(|s| {
            let (Some(log), Some(head)) = (s.log(agreement)?, s.head(agreement, party.no)?) else { return Ok(None) };
            let leaf = i64::try_from(delivery_leaf).unwrap_or(i64::MAX);
            match s.delivery(log.no, leaf)? {
                Some((of_head, seqs)) if of_head == head.no => Ok(Some(page(s, &log, head.no, &seqs)?.to_json())),
                _ => Ok(None),
            }
        })
    }

    /// The proof that this node released the object of one manifest row.
    ///
    /// # Errors
    /// [`ExchangeError::UnknownObject`] when there is no such row, [`ExchangeError::Store`], [`ExchangeError::LedgerHalted`].
    pub fn release_proof(&self, agreement: &str, recipient: &str, seq: u64) -> Result<Proof> {
        let state = self.state()?;
        let unknown = || ExchangeError::UnknownObject(format!("{agreement}/{recipient}/{seq}"));
        let party = state.party(recipient).ok_or_else(unknown)?;
        let seq = i64::try_from(seq).map_err(|_| unknown())?;
        self.store().read(|s| {
            let log = s.log(agreement)?.ok_or_else(unknown)?;
            let head = s.head(agreement, party.no)?.ok_or_else(unknown)?;
            let mut found = None;
            s.manifest_from(head.no, seq, 1, |row, bytes, _| {
                if row.seq == seq {
                    found = Some((row, bytes));
                }
                Ok::<_, ExchangeError>(false)
            })?;
            let (row, bytes) = found.ok_or_else(unknown)?;
            let policy = self.log_key_of(&log)?.to_string();
            let page = page(s, &log, head.no, &[seq])?;
            let receipts =
                page.split(&[(row.id.as_str(), bytes.as_slice())]).map_err(|e| halted(&log, &e.to_string()))?;
            let receipt = receipts.first().ok_or_else(unknown)?.to_bytes();
            Ok(Proof { object: row.id, bytes, receipt, policy: policy_text(&policy) })
        })
    }

    /// The proof, kept from the page it came with, that another party released an object held here.
    ///
    /// # Errors
    /// [`ExchangeError::UnknownObject`] when the object was not received with a receipt, [`ExchangeError::Store`].
    pub fn received_proof(&self, id: &str) -> Result<Proof> {
        let state = self.state()?;
        let unknown = || ExchangeError::UnknownObject(id.to_owned());
        self.store().read(|s| {
            let rows = s.revisions_of(object_key(id), 64)?;
            let row = rows.into_iter().find(|row| row.id == id && row.receipt.is_some()).ok_or_else(unknown)?;
            let (page_no, index) = row.receipt.ok_or_else(unknown)?;
            let (agreement, party, json) = s.page_receipt(page_no)?.ok_or_else(unknown)?;
            let party = state.party_no(party).ok_or_else(unknown)?;
            let kept: KeptPage = serde_json::from_slice(&json)
                .map_err(|e| StoreError::Damaged(format!("page receipt {page_no}: {e}")))?;
            let receipts = kept
                .only(usize::try_from(index).unwrap_or(usize::MAX))
                .split(&[(row.id.as_str(), row.body.as_slice())])
                .map_err(|e| StoreError::Damaged(format!("page receipt {page_no}: {e}")))?;
            let receipt = receipts.first().ok_or_else(unknown)?.to_bytes();
            let policy = policy_text(&party.card.log_vkey(&agreement)?);
            Ok(Proof { object: row.id, bytes: row.body, receipt, policy })
        })
    }

    /// The verifier key of one of the node's own logs, as of now.
    pub(crate) fn log_key_of(&self, log: &LogRow) -> Result<VerifierKey> {
        let first = || self.keys().first_log_key(&log.origin).map(|key| key.verifier().clone());
        self.log_verifiers(&log.origin)?.pop().map_or_else(first, Ok)
    }
}

/// A tlog-policy that trusts one log and asks for no witness.
pub(crate) fn policy_text(log_vkey: &str) -> String {
    format!("log {log_vkey}\nquorum none\n")
}

/// The receipt of the rows `seqs` of one manifest.
fn page(s: &Snapshot<'_>, log: &LogRow, head: i64, seqs: &[i64]) -> Result<PageReceipt> {
    let mut leaves: Vec<LeafReceipt> = Vec::new();
    let mut rest = seqs;
    while let Some(first) = rest.first() {
        let mut taken = 0_usize;
        let (leaf, _) = batch(s, log, head, *first, &mut |seq| {
            let is_next = rest.get(taken) == Some(&seq);
            taken += usize::from(is_next);
            is_next
        })?;
        if taken == 0 {
            return Err(halted(log, &format!("manifest row {first} is not in the batch of its leaf")));
        }
        leaves.push(leaf);
        rest = rest.get(taken..).unwrap_or_default();
    }
    Ok(PageReceipt { checkpoint: log.checkpoint.clone(), leaves })
}

/// A manifest row and the exact bytes of its object.
type Released = (ManifestRow, Vec<u8>);

/// The receipt of the whole batch that a manifest row was released in, and its rows. Those are opened whose position `open` takes.
pub(crate) fn batch(
    s: &Snapshot<'_>,
    log: &LogRow,
    head: i64,
    seq: i64,
    open: &mut dyn FnMut(i64) -> bool,
) -> Result<(LeafReceipt, Vec<Released>)> {
    let near = s.manifest_row(head, seq)?.ok_or_else(|| halted(log, &format!("manifest row {seq} is missing")))?;
    let index = u64::try_from(near.leaf).unwrap_or(u64::MAX);
    let leaf = leaf(s, log, near.leaf)?;
    let batch = s.batch(head, &near, crate::release::BATCH_ROWS_MAX)?;
    let mut rows = Vec::with_capacity(batch.len());
    for (row, bytes) in &batch {
        rows.push(match secret(row)? {
            Secret::Erased(commitment) => Row::Sealed { commitment },
            Secret::Kept { salt, decision } if open(row.seq) => Row::Opened { object: row.id.clone(), salt, decision },
            Secret::Kept { salt, decision } => {
                Row::Sealed { commitment: commitment(&salt, &Hash::of(bytes).0, &row.id, &decision) }
            }
        });
    }
    Ok((LeafReceipt { index, leaf, proof: journal::prove(s, log, index)?, rows }, batch))
}

/// The bytes of one leaf.
pub(crate) fn leaf(s: &Snapshot<'_>, log: &LogRow, at: i64) -> Result<Vec<u8>> {
    let found = s.leaves(log.no, at, 1)?.into_iter().find(|(index, _)| *index == at);
    Ok(found.ok_or_else(|| halted(log, &format!("leaf {at} is missing")))?.1)
}

/// What makes a release provable, or what is left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secret {
    /// The salt was destroyed; the commitment stands in its place, so that its neighbours remain provable.
    Erased(Hash),
    /// Salt and decision digest.
    Kept { salt: [u8; 16], decision: [u8; 32] },
}

/// Reads the secret of a manifest row.
pub(crate) fn secret(row: &ManifestRow) -> Result<Secret> {
    let damaged = || ExchangeError::Store(StoreError::Damaged(format!("manifest row {} has no salt", row.seq)));
    if let Ok(commitment) = <[u8; 32]>::try_from(row.secret.as_slice()) {
        return Ok(Secret::Erased(Hash(commitment)));
    }
    let (salt, decision) = row.secret.split_first_chunk::<16>().ok_or_else(damaged)?;
    Ok(Secret::Kept { salt: *salt, decision: <[u8; 32]>::try_from(decision).map_err(|_| damaged())? })
}

/// A page receipt as the recipient keeps it: with the commitments of its objects, so that one of them can be proved alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KeptPage {
    receipt: PageReceipt,
    /// Commitments of the opened rows, in page order.
    commitments: Vec<Hash>,
    /// Numbers in the page of objects whose salts were destroyed; their rows are sealed, and are not opened rows any more.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    erased: BTreeSet<usize>,
}

impl KeptPage {
    /// Keeps a receipt that was verified with these objects (ids and bytes in page order).
    pub(crate) fn of(receipt: PageReceipt, objects: &[(&str, &[u8])]) -> Self {
        let opened = receipt.leaves.iter().flat_map(|leaf| &leaf.rows).filter_map(|row| match row {
            Row::Opened { object, salt, decision } => Some((object, salt, decision)),
            Row::Sealed { .. } => None,
        });
        let commitments = opened
            .zip(objects)
            .map(|((id, salt, decision), (_, bytes))| commitment(salt, &Hash::of(bytes).0, id, decision))
            .collect();
        Self { receipt, commitments, erased: BTreeSet::new() }
    }

    /// Destroys salt and decision digest of the object of this number in the page; its commitment, if it had not gone before.
    pub(crate) fn erase(&mut self, number: usize) -> Option<Hash> {
        if self.erased.contains(&number) {
            return None;
        }
        let opened = number - self.erased.range(..number).count();
        let commitment = *self.commitments.get(opened)?;
        let mut rows = self.receipt.leaves.iter_mut().flat_map(|leaf| &mut leaf.rows);
        let row = rows.by_ref().filter(|row| matches!(row, Row::Opened { .. })).nth(opened)?;
        *row = Row::Sealed { commitment };
        self.commitments.remove(opened);
        self.erased.insert(number);
        Some(commitment)
    }

    /// The same receipt with every object sealed but that of number `wanted`, and only the leaf that covers it.
    fn only(mut self, wanted: usize) -> PageReceipt {
        // Opened rows are counted without those that were erased.
        let gone = self.erased.range(..wanted).count();
        let wanted = if self.erased.contains(&wanted) { usize::MAX } else { wanted - gone };
        let mut number = 0_usize;
        let mut commitments = self.commitments.iter();
        self.receipt.leaves.retain_mut(|leaf| {
            let mut covers = false;
            for row in &mut leaf.rows {
                if matches!(row, Row::Opened { .. }) {
                    let commitment = commitments.next();
                    if number == wanted {
                        covers = true;
                    } else if let Some(commitment) = commitment {
                        *row = Row::Sealed { commitment: *commitment };
                    }
                    number += 1;
                }
            }
            covers
        });
        self.receipt
    }
}

/// The ledger of a log that does not hold together.
pub(crate) fn halted(log: &LogRow, problem: &str) -> ExchangeError {
    ExchangeError::LedgerHalted { agreement: log.agreement.clone(), problem: problem.to_owned() }
}
