//! What each party used of its daily quota: one counter per agreement, party, UTC day and use.
//!
//! The caller says what is counted and when a day begins; the store only adds up.

use rusqlite::{OptionalExtension, params};

use crate::revisions::limit_i64;
use crate::{Result, Snapshot, Tx, db, packed, position};

pub(crate) const TABLES: &str = "
-- Uses of a daily quota: day is the number of the UTC day since 1970, use 0 is released, 1 is delivered.
CREATE TABLE IF NOT EXISTS quota(agreement TEXT NOT NULL, party INTEGER NOT NULL, day INTEGER NOT NULL, use INTEGER NOT NULL,
  n INTEGER NOT NULL, PRIMARY KEY(agreement, party, day, use)) WITHOUT ROWID;
";

/// What a quota is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Objects that entered the manifest of the party.
    Released,
    /// Objects that were handed to the party, repeats included.
    Delivered,
}

impl Use {
    const fn key(self) -> i64 {
        match self {
            Self::Released => 0,
            Self::Delivered => 1,
        }
    }
}

impl Tx<'_> {
    /// Adds `n` to what a party used on a day.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn count_quota(&self, agreement: &str, party: i64, day: i64, what: Use, n: i64) -> Result<()> {
        self.db
            .prepare_cached(
                "INSERT INTO quota(agreement, party, day, use, n) VALUES(?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT(agreement, party, day, use) DO UPDATE SET n=n+?5",
            )
            .map_err(db)?
            .execute(params![agreement, party, day, what.key(), n])
            .map_err(db)?;
        Ok(())
    }
}

impl Snapshot<'_> {
    /// What a party used on a day.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn quota_used(&self, agreement: &str, party: i64, day: i64, what: Use) -> Result<i64> {
        let found = self
            .db
            .prepare_cached("SELECT n FROM quota WHERE agreement=?1 AND party=?2 AND day=?3 AND use=?4")
            .map_err(db)?
            .query_row(params![agreement, party, day, what.key()], |row| row.get(0))
            .optional()
            .map_err(db)?;
        Ok(found.unwrap_or(0))
    }

    /// Revisions above `after` that are withheld under this head for exactly this reason, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn withheld_for(&self, head: i64, reason: &str, after: i64, limit: usize) -> Result<Vec<i64>> {
        if !self.withheld_by_reason(head)?.iter().any(|(known, n)| known == reason && *n > 0) {
            return Ok(Vec::new());
        }
        // LIMIT: reads the withheld rows of one head, and only while some are withheld for this reason.
        let mut statement = self
            .db
            .prepare_cached("SELECT no FROM withheld WHERE no>?1 AND no<?2 AND reason=?3 ORDER BY no LIMIT ?4")
            .map_err(db)?;
        statement
            .query_map(params![packed(head, after), packed(head + 1, 0), reason, limit_i64(limit)], |row| {
                Ok(position(row.get(0)?))
            })
            .map_err(db)?
            .collect::<rusqlite::Result<_>>()
            .map_err(db)
    }
}
