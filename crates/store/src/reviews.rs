//! What people decided about objects after admission, and the revisions that are to be decided again because of it.

use rusqlite::params;

use crate::revisions::limit_i64;
use crate::{Result, Snapshot, Tx, db};

pub(crate) const TABLES: &str = "
-- What a person decided about a revision. `act` and `detail` are the caller's words.
CREATE TABLE IF NOT EXISTS review(no INTEGER PRIMARY KEY, revision INTEGER NOT NULL, at_us INTEGER NOT NULL, act TEXT NOT NULL,
  detail TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS review_revision ON review(revision);
-- Revisions that a head decides again, at `due_us` or later.
CREATE TABLE IF NOT EXISTS again(head INTEGER NOT NULL, due_us INTEGER NOT NULL, revision INTEGER NOT NULL,
  PRIMARY KEY(head, due_us, revision)) WITHOUT ROWID;
";

/// One recorded review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewRow {
    /// The revision it is about.
    pub revision: i64,
    /// When, microseconds.
    pub at_us: i64,
    /// What was decided.
    pub act: String,
    /// Why, or until when.
    pub detail: String,
}

impl Tx<'_> {
    /// Replaces the facts of a revision by those that hold after a review, and records the review.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn put_review(&self, review: &ReviewRow, facts: &[u8]) -> Result<()> {
        self.db.execute("UPDATE revision SET facts=?2 WHERE no=?1", params![review.revision, facts]).map_err(db)?;
        self.db
            .execute(
                "INSERT INTO review(revision, at_us, act, detail) VALUES(?1, ?2, ?3, ?4)",
                params![review.revision, review.at_us, review.act, review.detail],
            )
            .map_err(db)?;
        Ok(())
    }

    /// Makes a revision a candidate of every head again, from `due_us` on.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn decide_again(&self, revision: i64, due_us: i64) -> Result<()> {
        self.db
            .execute(
                "INSERT OR IGNORE INTO again(head, due_us, revision) SELECT no, ?2, ?1 FROM head",
                params![revision, due_us],
            )
            .map_err(db)?;
        Ok(())
    }

    /// Forgets that these revisions were to be decided again by a head, for all that was due at `now_us`.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn decided_again(&self, head: i64, now_us: i64, revisions: &[i64]) -> Result<()> {
        let mut delete =
            self.db.prepare_cached("DELETE FROM again WHERE head=?1 AND due_us<=?2 AND revision=?3").map_err(db)?;
        for revision in revisions {
            delete.execute(params![head, now_us, revision]).map_err(db)?;
        }
        Ok(())
    }
}

impl Snapshot<'_> {
    /// Revisions that a head is to decide again now, at most `limit`.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn due_again(&self, head: i64, now_us: i64, limit: usize) -> Result<Vec<i64>> {
        let mut statement = self
            .db
            .prepare_cached("SELECT DISTINCT revision FROM again WHERE head=?1 AND due_us<=?2 ORDER BY due_us LIMIT ?3")
            .map_err(db)?;
        let rows = statement.query_map(params![head, now_us, limit_i64(limit)], |row| row.get(0)).map_err(db)?;
        rows.collect::<rusqlite::Result<_>>().map_err(db)
    }

    /// What was decided about a revision, oldest first.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn reviews(&self, revision: i64) -> Result<Vec<ReviewRow>> {
        // LIMIT: one row per act of a person on one revision.
        let mut statement = self
            .db
            .prepare_cached("SELECT revision, at_us, act, detail FROM review WHERE revision=?1 ORDER BY no")
            .map_err(db)?;
        let rows = statement
            .query_map([revision], |row| {
                Ok(ReviewRow { revision: row.get(0)?, at_us: row.get(1)?, act: row.get(2)?, detail: row.get(3)? })
            })
            .map_err(db)?;
        rows.collect::<rusqlite::Result<_>>().map_err(db)
    }
}
