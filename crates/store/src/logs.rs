//! The agreement logs: leaves, nodes of the Merkle tree, heads and signed checkpoints.

use rusqlite::{OptionalExtension, Row, params};

use crate::revisions::limit_i64;
use crate::{Result, Snapshot, StoreError, Tx, db, packed, position};

/// Where one log stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRow {
    /// Number of the log.
    pub no: i64,
    /// Agreement id.
    pub agreement: String,
    /// Origin of its checkpoints.
    pub origin: String,
    /// Durable number of leaves.
    pub size: i64,
    /// The compact range over them, in the encoding of the caller.
    pub edge: Vec<u8>,
    /// Time of the last leaf, microseconds.
    pub last_us: i64,
    /// Size of the last signed checkpoint.
    pub signed_size: i64,
    /// The last signed checkpoint, a note; empty before the first.
    pub checkpoint: String,
}

/// One node of the tree: level, index and hash.
pub type TreeNode = (u8, u64, [u8; 32]);

impl Tx<'_> {
    /// Creates the log of an agreement unless it exists.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn create_log(&self, agreement: &str, origin: &str, edge: &[u8]) -> Result<LogRow> {
        self.db
            .execute(
                "INSERT INTO log(agreement, origin, size, edge, last_us, signed_size, checkpoint) VALUES(?1, ?2, 0, ?3, 0, -1, '')
                 ON CONFLICT(agreement) DO NOTHING",
                params![agreement, origin, edge],
            )
            .map_err(db)?;
        self.view().log(agreement)?.ok_or(StoreError::Conflict)
    }

    /// Appends one leaf and the tree nodes it completes; compare-and-swap on the size read before.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the log grew meanwhile, [`StoreError::Unavailable`].
    pub fn append_leaf(
        &self,
        log: &LogRow,
        entry: &[u8],
        nodes: &[TreeNode],
        edge: &[u8],
        at_us: i64,
    ) -> Result<LogRow> {
        // The swap comes first: the loser of a race learns that it lost, not that a row exists.
        let moved = self
            .db
            .prepare_cached("UPDATE log SET size=size+1, edge=?3, last_us=?4 WHERE no=?1 AND size=?2")
            .map_err(db)?
            .execute(params![log.no, log.size, edge, at_us])
            .map_err(db)?;
        if moved != 1 {
            return Err(StoreError::Conflict);
        }
        self.db
            .prepare_cached("INSERT INTO leaf(no, entry) VALUES(?1, ?2)")
            .map_err(db)?
            .execute(params![packed(log.no, log.size), entry])
            .map_err(db)?;
        let mut insert = self.db.prepare_cached("INSERT INTO node(no, hash) VALUES(?1, ?2)").map_err(db)?;
        for (level, index, hash) in nodes {
            insert.execute(params![node_no(log.no, *level, *index)?, hash.as_slice()]).map_err(db)?;
        }
        Ok(LogRow { size: log.size + 1, edge: edge.to_vec(), last_us: at_us, ..log.clone() })
    }

    /// Stores a signed checkpoint of `size`; `false` when an equal or larger one is already stored.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn put_checkpoint(&self, log: i64, size: i64, checkpoint: &str) -> Result<bool> {
        let moved = self
            .db
            .prepare_cached("UPDATE log SET signed_size=?2, checkpoint=?3 WHERE no=?1 AND signed_size<?2 AND size>=?2")
            .map_err(db)?
            .execute(params![log, size, checkpoint])
            .map_err(db)?;
        Ok(moved == 1)
    }
}

impl Snapshot<'_> {
    /// The log of an agreement.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn log(&self, agreement: &str) -> Result<Option<LogRow>> {
        self.db
            .prepare_cached(
                "SELECT no, agreement, origin, size, edge, last_us, signed_size, checkpoint FROM log WHERE agreement=?1",
            )
            .map_err(db)?
            .query_row([agreement], log_row)
            .optional()
            .map_err(db)
    }

    /// All logs, by agreement.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn logs(&self) -> Result<Vec<LogRow>> {
        // LIMIT: one row per agreement.
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT no, agreement, origin, size, edge, last_us, signed_size, checkpoint FROM log ORDER BY agreement",
            )
            .map_err(db)?;
        statement.query_map([], log_row).map_err(db)?.collect::<rusqlite::Result<_>>().map_err(db)
    }

    /// Leaves from `from` on, ascending, at most `limit`: `(index, entry)`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn leaves(&self, log: i64, from: i64, limit: usize) -> Result<Vec<(i64, Vec<u8>)>> {
        let mut statement = self
            .db
            .prepare_cached("SELECT no, entry FROM leaf WHERE no>=?1 AND no<?2 ORDER BY no LIMIT ?3")
            .map_err(db)?;
        statement
            .query_map(params![packed(log, from), packed(log + 1, 0), limit_i64(limit)], |row| {
                Ok((position(row.get(0)?), row.get(1)?))
            })
            .map_err(db)?
            .collect::<rusqlite::Result<_>>()
            .map_err(db)
    }

    /// The root of the complete subtree at (level, index), if it is stored.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Damaged`].
    pub fn node(&self, log: i64, level: u8, index: u64) -> Result<Option<[u8; 32]>> {
        let hash: Option<Vec<u8>> = self
            .db
            .prepare_cached("SELECT hash FROM node WHERE no=?1")
            .map_err(db)?
            .query_row([node_no(log, level, index)?], |row| row.get(0))
            .optional()
            .map_err(db)?;
        hash.map(|bytes| {
            bytes.try_into().map_err(|b: Vec<u8>| StoreError::Damaged(format!("tree node of {} bytes", b.len())))
        })
        .transpose()
    }
}

// INVARIANT: logs stay below 2^15, levels below 2^6 and indexes below 2^40 or the number is refused, so rowids never collide.
fn node_no(log: i64, level: u8, index: u64) -> Result<i64> {
    let index = i64::try_from(index).ok().filter(|i| *i < 1 << 40);
    match index {
        Some(index) if level < 64 && log < 1 << 15 => Ok((log << 46) | (i64::from(level) << 40) | index),
        _ => Err(StoreError::Damaged(format!("tree node {level}/{log} out of range"))),
    }
}

fn log_row(row: &Row<'_>) -> rusqlite::Result<LogRow> {
    Ok(LogRow {
        no: row.get(0)?,
        agreement: row.get(1)?,
        origin: row.get(2)?,
        size: row.get(3)?,
        edge: row.get(4)?,
        last_us: row.get(5)?,
        signed_size: row.get(6)?,
        checkpoint: row.get(7)?,
    })
}
