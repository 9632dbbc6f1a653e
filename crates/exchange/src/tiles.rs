//! The tiles of the node's logs as readers fetch them (c2sp.org/tlog-tiles), made from leaves and tree nodes when they are asked for.

use entente_ledger::Hash;
use entente_ledger::tile::{self, Content, FULL_WIDTH, Tile};
use entente_store::Snapshot;
use entente_store::logs::LogRow;

use crate::Exchange;
use crate::access::Credential;
use crate::error::Result;
use crate::receipts::halted;

impl Exchange {
    /// A tile of this node's log of an agreement, for a party of it; `path` begins with `tile/`. Nothing beyond the published
    /// checkpoint is served.
    ///
    /// # Errors
    /// [`crate::ExchangeError::Store`], [`crate::ExchangeError::LedgerHalted`] when a leaf or node is missing.
    pub fn tile(&self, credential: &Credential, agreement: &str, path: &str) -> Result<Option<Vec<u8>>> {
        let state = self.state()?;
        match state.current(agreement, self.now()) {
            Some(held) if credential.staff || held.names(&credential.party) => self.store().read(|s| {
                let Some(log) = s.log(agreement)? else { return Ok(None) };
                of_log(s, &log, path)
            }),
            _ => Ok(None),
        }
    }
}

/// A tile of a log.
pub(crate) fn of_log(s: &Snapshot<'_>, log: &LogRow, path: &str) -> Result<Option<Vec<u8>>> {
    let size = u64::try_from(log.signed_size).unwrap_or(0);
    let Some(tile) = Tile::parse_path(path).filter(|tile| tile.is_within(size)) else { return Ok(None) };
    let Content::Hashes(level) = tile.content() else {
        return entries(path, log.signed_size, |from, width| Ok(s.leaves(log.no, from, width)?));
    };
    let mut hashes = Vec::with_capacity(usize::from(tile.width()));
    let first = tile.index().saturating_mul(u64::from(FULL_WIDTH));
    for index in (first..).take(usize::from(tile.width())) {
        let hash = s.node(log.no, level.saturating_mul(8), index)?;
        hashes.push(Hash(hash.ok_or_else(|| halted(log, &format!("tree node {index} of level {level} is missing")))?));
    }
    Ok(Some(tile::encode_hashes(&hashes)))
}

/// A tile of entries read by `leaves` (first index and number); `None` for another kind of tile or one beyond `size`.
pub(crate) fn entries(
    path: &str,
    size: i64,
    leaves: impl FnOnce(i64, usize) -> Result<Vec<(i64, Vec<u8>)>>,
) -> Result<Option<Vec<u8>>> {
    let size = u64::try_from(size).unwrap_or(0);
    let wanted = |tile: &Tile| tile.content() == Content::Entries && tile.is_within(size);
    let Some(tile) = Tile::parse_path(path).filter(wanted) else { return Ok(None) };
    let first = tile.index().saturating_mul(u64::from(FULL_WIDTH));
    let rows = leaves(i64::try_from(first).unwrap_or(i64::MAX), usize::from(tile.width()))?;
    if rows.len() != usize::from(tile.width()) {
        return Ok(None);
    }
    Ok(tile::encode_entries(rows.iter().map(|(_, entry)| entry.as_slice())))
}
