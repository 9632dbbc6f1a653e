//! What this node has witnessed of other logs, and what others have witnessed of its own: cosigned heads, cosignatures, kept copies,
//! halted logs, distrusted parties and rotated keys.
//!
//! The record of a witness may only grow; [`Tx::put_witnessed`] is the compare-and-swap that sees to it (`ledger.md` 1.6).

use rusqlite::{OptionalExtension, Row, params};

use crate::revisions::limit_i64;
use crate::{Result, Snapshot, StoreError, Tx, db, packed, position};

/// The tables of this part.
pub(crate) const TABLES: &str = "
-- The largest tree this node has cosigned, by log.
CREATE TABLE IF NOT EXISTS witnessed(origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL,
  at_us INTEGER NOT NULL) WITHOUT ROWID;
-- The latest cosignature of each witness on a log of this node.
CREATE TABLE IF NOT EXISTS cosignature(log INTEGER NOT NULL, witness TEXT NOT NULL, size INTEGER NOT NULL, line TEXT NOT NULL,
  at_us INTEGER NOT NULL, PRIMARY KEY(log, witness)) WITHOUT ROWID;
-- Full copies of other parties' agreement logs. Rowid of a leaf = copy << 40 | index.
CREATE TABLE IF NOT EXISTS copy(no INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE, agreement TEXT NOT NULL, party INTEGER NOT NULL,
  size INTEGER NOT NULL, edge BLOB NOT NULL, checkpoint TEXT NOT NULL, UNIQUE(agreement, party));
CREATE TABLE IF NOT EXISTS copy_leaf(no INTEGER PRIMARY KEY, entry BLOB NOT NULL);
-- Logs that must not sign, and the checkpoint that shows why.
CREATE TABLE IF NOT EXISTS halted(agreement TEXT PRIMARY KEY, reason TEXT NOT NULL, note TEXT NOT NULL, at_us INTEGER NOT NULL) WITHOUT ROWID;
-- When somebody outside last confirmed that nothing of a log was lost, or a person took the risk.
CREATE TABLE IF NOT EXISTS confirmed(agreement TEXT PRIMARY KEY, size INTEGER NOT NULL, at_us INTEGER NOT NULL) WITHOUT ROWID;
-- Parties whose log was found to have two histories.
CREATE TABLE IF NOT EXISTS distrust(party INTEGER PRIMARY KEY, reason TEXT NOT NULL, evidence TEXT NOT NULL, at_us INTEGER NOT NULL);
-- How the key of a log was replaced: own logs by their origin, those of other parties likewise.
CREATE TABLE IF NOT EXISTS log_key(origin TEXT NOT NULL, n INTEGER NOT NULL, since_us INTEGER NOT NULL, handover TEXT NOT NULL,
  PRIMARY KEY(origin, n)) WITHOUT ROWID;
";

/// The largest tree of a log that this node has cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessedRow {
    /// Number of leaves.
    pub size: i64,
    /// Root over them.
    pub root: [u8; 32],
    /// The checkpoint with the log's signature and this node's cosignature.
    pub note: String,
    /// When it was cosigned, microseconds.
    pub at_us: i64,
}

/// A cosignature on one of the node's own logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CosignatureRow {
    /// The witness's verifier key.
    pub witness: String,
    /// Number of leaves it covers.
    pub size: i64,
    /// The signature line.
    pub line: String,
    /// When it came, microseconds.
    pub at_us: i64,
}

/// A kept copy of another party's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyRow {
    /// Number of the copy.
    pub no: i64,
    /// Origin of the log.
    pub origin: String,
    /// Number of leaves kept.
    pub size: i64,
    /// The compact range over them, in the encoding of the caller.
    pub edge: Vec<u8>,
    /// The signed checkpoint they were verified against.
    pub checkpoint: String,
}

/// A log that must not sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HaltedRow {
    /// The agreement.
    pub agreement: String,
    /// Why.
    pub reason: String,
    /// The checkpoint that shows it.
    pub note: String,
    /// When it was found, microseconds.
    pub at_us: i64,
}

/// A party whose log was found to have two histories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistrustRow {
    /// Number of the party.
    pub party: i64,
    /// What was found.
    pub reason: String,
    /// Name of the file of evidence.
    pub evidence: String,
    /// When, microseconds.
    pub at_us: i64,
}

/// One replacement of a log's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogKeyRow {
    /// How manieth, from 1.
    pub n: i64,
    /// Since when the new key signs, microseconds.
    pub since_us: i64,
    /// The handover, in the encoding of the caller.
    pub handover: String,
}

impl Tx<'_> {
    /// Replaces what was witnessed of a log; `false` when the record is not of `old` leaves (none: 0).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn put_witnessed(&self, origin: &str, old: i64, row: &WitnessedRow) -> Result<bool> {
        let values = params![origin, row.size, row.root.as_slice(), row.note, row.at_us, old];
        let moved = self
            .db
            .execute(
                "INSERT INTO witnessed(origin, size, root, note, at_us) SELECT ?1, ?2, ?3, ?4, ?5
                 WHERE ?6=0 OR EXISTS(SELECT 1 FROM witnessed WHERE origin=?1)
                 ON CONFLICT(origin) DO UPDATE SET size=?2, root=?3, note=?4, at_us=?5 WHERE size=?6 AND ?2>=size",
                values,
            )
            .map_err(db)?;
        Ok(moved == 1)
    }

    /// Keeps a cosignature on one of the node's own logs; one of the same witness on a larger tree stays.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn put_cosignature(&self, log: i64, row: &CosignatureRow) -> Result<()> {
        self.db
            .execute(
                "INSERT INTO cosignature(log, witness, size, line, at_us) VALUES(?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT(log, witness) DO UPDATE SET size=?3, line=?4, at_us=?5 WHERE ?3>=size",
                params![log, row.witness, row.size, row.line, row.at_us],
            )
            .map_err(db)?;
        Ok(())
    }

    /// Opens the copy of another party's log, creating it empty.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn create_copy(&self, origin: &str, agreement: &str, party: i64, edge: &[u8]) -> Result<CopyRow> {
        self.db
            .execute(
                "INSERT INTO copy(origin, agreement, party, size, edge, checkpoint) VALUES(?1, ?2, ?3, 0, ?4, '')
                 ON CONFLICT DO NOTHING",
                params![origin, agreement, party, edge],
            )
            .map_err(db)?;
        self.view().copy(agreement, party)?.ok_or(StoreError::Conflict)
    }

    /// Appends leaves to a copy, with the edge and the checkpoint they were verified against; compare-and-swap on its size.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the copy grew meanwhile, [`StoreError::Unavailable`].
    pub fn extend_copy(&self, copy: &CopyRow, entries: &[Vec<u8>], edge: &[u8], checkpoint: &str) -> Result<()> {
        let size = copy.size.saturating_add(i64::try_from(entries.len()).unwrap_or(i64::MAX));
        let moved = self
            .db
            .execute(
                "UPDATE copy SET size=?3, edge=?4, checkpoint=?5 WHERE no=?1 AND size=?2",
                params![copy.no, copy.size, size, edge, checkpoint],
            )
            .map_err(db)?;
        if moved != 1 {
            return Err(StoreError::Conflict);
        }
        let mut insert = self.db.prepare_cached("INSERT INTO copy_leaf(no, entry) VALUES(?1, ?2)").map_err(db)?;
        for (index, entry) in (copy.size..).zip(entries) {
            insert.execute(params![packed(copy.no, index), entry]).map_err(db)?;
        }
        Ok(())
    }

    /// Moves a manifest on to a position that its log already speaks of, with no rows before it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn skip_positions(&self, head: &crate::manifest::Head, next_seq: i64, at_us: i64) -> Result<()> {
        self.db
            .execute(
                "UPDATE head SET next_seq=max(next_seq, ?2), last_added_us=max(last_added_us, ?3) WHERE no=?1",
                params![head.no, next_seq, at_us],
            )
            .map_err(db)?;
        Ok(())
    }

    /// Halts a log; an earlier reason stays.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn halt(&self, row: &HaltedRow) -> Result<()> {
        self.db
            .execute(
                "INSERT INTO halted(agreement, reason, note, at_us) VALUES(?1, ?2, ?3, ?4) ON CONFLICT(agreement) DO NOTHING",
                params![row.agreement, row.reason, row.note, row.at_us],
            )
            .map_err(db)?;
        Ok(())
    }

    /// Lets a halted log sign again; `false` when it was not halted.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn unhalt(&self, agreement: &str) -> Result<bool> {
        Ok(self.db.execute("DELETE FROM halted WHERE agreement=?1", [agreement]).map_err(db)? == 1)
    }

    /// Records that a log of `size` leaves has lost nothing, as far as others know.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn confirm_log(&self, agreement: &str, size: i64, at_us: i64) -> Result<()> {
        self.db
            .execute(
                "INSERT INTO confirmed(agreement, size, at_us) VALUES(?1, ?2, ?3)
                 ON CONFLICT(agreement) DO UPDATE SET size=?2, at_us=?3",
                params![agreement, size, at_us],
            )
            .map_err(db)?;
        Ok(())
    }

    /// Stops trusting a party; an earlier reason stays.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn distrust(&self, row: &DistrustRow) -> Result<()> {
        self.db
            .execute(
                "INSERT INTO distrust(party, reason, evidence, at_us) VALUES(?1, ?2, ?3, ?4) ON CONFLICT(party) DO NOTHING",
                params![row.party, row.reason, row.evidence, row.at_us],
            )
            .map_err(db)?;
        Ok(())
    }

    /// Trusts a party again; `false` when it was trusted.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn trust_again(&self, party: i64) -> Result<bool> {
        Ok(self.db.execute("DELETE FROM distrust WHERE party=?1", [party]).map_err(db)? == 1)
    }

    /// Records a replacement of a log's key; `false` when that number is taken.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn put_log_key(&self, origin: &str, row: &LogKeyRow) -> Result<bool> {
        let added = self
            .db
            .execute(
                "INSERT INTO log_key(origin, n, since_us, handover) VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
                params![origin, row.n, row.since_us, row.handover],
            )
            .map_err(db)?;
        Ok(added == 1)
    }
}

impl Snapshot<'_> {
    /// What this node has witnessed of a log.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Damaged`].
    pub fn witnessed(&self, origin: &str) -> Result<Option<WitnessedRow>> {
        let row: Option<(i64, Vec<u8>, String, i64)> = self
            .db
            .prepare_cached("SELECT size, root, note, at_us FROM witnessed WHERE origin=?1")
            .map_err(db)?
            .query_row([origin], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()
            .map_err(db)?;
        row.map(|(size, root, note, at_us)| {
            let root = <[u8; 32]>::try_from(root).map_err(|_| StoreError::Damaged(format!("root of `{origin}`")))?;
            Ok(WitnessedRow { size, root, note, at_us })
        })
        .transpose()
    }

    /// All origins this node has cosigned a head of.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn witnessed_origins(&self) -> Result<Vec<String>> {
        // LIMIT: one row per log of a party of an agreement.
        let mut statement = self.db.prepare_cached("SELECT origin FROM witnessed ORDER BY origin").map_err(db)?;
        statement.query_map([], |row| row.get(0)).map_err(db)?.collect::<rusqlite::Result<_>>().map_err(db)
    }

    /// The latest cosignature of each witness on a log, by size from the largest.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn cosignatures(&self, log: i64) -> Result<Vec<CosignatureRow>> {
        // LIMIT: one row per witness of an agreement, at most 64.
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT witness, size, line, at_us FROM cosignature WHERE log=?1 ORDER BY size DESC, witness",
            )
            .map_err(db)?;
        let row = |row: &Row<'_>| {
            Ok(CosignatureRow { witness: row.get(0)?, size: row.get(1)?, line: row.get(2)?, at_us: row.get(3)? })
        };
        statement.query_map([log], row).map_err(db)?.collect::<rusqlite::Result<_>>().map_err(db)
    }

    /// The kept copy of a party's log of an agreement.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn copy(&self, agreement: &str, party: i64) -> Result<Option<CopyRow>> {
        self.db
            .prepare_cached("SELECT no, origin, size, edge, checkpoint FROM copy WHERE agreement=?1 AND party=?2")
            .map_err(db)?
            .query_row(params![agreement, party], |row| {
                Ok(CopyRow {
                    no: row.get(0)?,
                    origin: row.get(1)?,
                    size: row.get(2)?,
                    edge: row.get(3)?,
                    checkpoint: row.get(4)?,
                })
            })
            .optional()
            .map_err(db)
    }

    /// Leaves of a kept copy from `from` on, ascending, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn copy_leaves(&self, copy: i64, from: i64, limit: usize) -> Result<Vec<(i64, Vec<u8>)>> {
        let mut statement = self
            .db
            .prepare_cached("SELECT no, entry FROM copy_leaf WHERE no>=?1 AND no<?2 ORDER BY no LIMIT ?3")
            .map_err(db)?;
        statement
            .query_map(params![packed(copy, from), packed(copy + 1, 0), limit_i64(limit)], |row| {
                Ok((position(row.get(0)?), row.get(1)?))
            })
            .map_err(db)?
            .collect::<rusqlite::Result<_>>()
            .map_err(db)
    }

    /// Why a log must not sign, if it must not.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn halted(&self, agreement: &str) -> Result<Option<HaltedRow>> {
        self.db
            .prepare_cached("SELECT agreement, reason, note, at_us FROM halted WHERE agreement=?1")
            .map_err(db)?
            .query_row([agreement], |row| {
                Ok(HaltedRow { agreement: row.get(0)?, reason: row.get(1)?, note: row.get(2)?, at_us: row.get(3)? })
            })
            .optional()
            .map_err(db)
    }

    /// When a log was last confirmed, microseconds.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn confirmed(&self, agreement: &str) -> Result<Option<i64>> {
        self.db
            .prepare_cached("SELECT at_us FROM confirmed WHERE agreement=?1")
            .map_err(db)?
            .query_row([agreement], |row| row.get(0))
            .optional()
            .map_err(db)
    }

    /// The parties that are not trusted.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn distrusted(&self) -> Result<Vec<DistrustRow>> {
        // LIMIT: one row per party.
        let mut statement =
            self.db.prepare_cached("SELECT party, reason, evidence, at_us FROM distrust ORDER BY party").map_err(db)?;
        let row = |row: &Row<'_>| {
            Ok(DistrustRow { party: row.get(0)?, reason: row.get(1)?, evidence: row.get(2)?, at_us: row.get(3)? })
        };
        statement.query_map([], row).map_err(db)?.collect::<rusqlite::Result<_>>().map_err(db)
    }

    /// The replacements of a log's key, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn log_keys(&self, origin: &str) -> Result<Vec<LogKeyRow>> {
        // LIMIT: one row per rotation of one log.
        let mut statement = self
            .db
            .prepare_cached("SELECT n, since_us, handover FROM log_key WHERE origin=?1 ORDER BY n")
            .map_err(db)?;
        let row = |row: &Row<'_>| Ok(LogKeyRow { n: row.get(0)?, since_us: row.get(1)?, handover: row.get(2)? });
        statement.query_map([origin], row).map_err(db)?.collect::<rusqlite::Result<_>>().map_err(db)
    }

    /// How often revisions were withheld under a head between two instants, by reason.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn withheld_between(&self, head: i64, from_us: i64, to_us: i64) -> Result<Vec<(String, u64)>> {
        // LIMIT: reads the withheld rows of one head; asked once a day.
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT reason, count(*) FROM withheld WHERE no>=?1 AND no<?2 AND at_us>=?3 AND at_us<?4
                 GROUP BY reason ORDER BY reason",
            )
            .map_err(db)?;
        statement
            .query_map(params![packed(head, 0), packed(head + 1, 0), from_us, to_us], |row| {
                Ok((row.get(0)?, u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0)))
            })
            .map_err(db)?
            .collect::<rusqlite::Result<_>>()
            .map_err(db)
    }
}
