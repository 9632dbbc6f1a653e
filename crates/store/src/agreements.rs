//! Signed agreement notes and the one-line notices that suspend, resume or end them.

use rusqlite::{OptionalExtension, params};

use crate::{Result, Snapshot, StoreError, Tx, db};

/// One version of an agreement, as signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreementRow {
    /// Number used in revisions and manifests.
    pub no: i64,
    /// Agreement id.
    pub id: String,
    /// Version, from 1.
    pub version: i64,
    /// SHA-256 of the text.
    pub hash: Vec<u8>,
    /// The signed note, verbatim.
    pub note: String,
    /// When it was installed, microseconds.
    pub added_us: i64,
}

impl Tx<'_> {
    /// Stores a version of an agreement, or a more complete set of signatures on the same text; returns its number.
    ///
    /// The caller has verified the note and that the version is not a replay.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when this version is held with another text, [`StoreError::Unavailable`].
    pub fn put_agreement(&self, id: &str, version: i64, hash: &[u8], note: &str, now_us: i64) -> Result<i64> {
        let no = self
            .db
            .query_row(
                "INSERT INTO agreement(id, version, hash, note, added_us) VALUES(?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT(id, version) DO UPDATE SET note=?4 WHERE hash=?3 RETURNING no",
                params![id, version, hash, note, now_us],
                |row| row.get(0),
            )
            .optional()
            .map_err(db)?
            .ok_or(StoreError::Conflict)?;
        self.bump()?;
        Ok(no)
    }

    /// Stores a notice; `false` when the very same notice is already held (a replay has no second effect, A36).
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn put_notice(&self, agreement: &str, digest: &[u8], note: &str, now_us: i64) -> Result<bool> {
        let added = self
            .db
            .execute(
                "INSERT INTO notice(agreement, digest, note, added_us) VALUES(?1, ?2, ?3, ?4) ON CONFLICT(digest) DO NOTHING",
                params![agreement, digest, note, now_us],
            )
            .map_err(db)?;
        self.bump()?;
        Ok(added > 0)
    }
}

impl Snapshot<'_> {
    /// All versions of all agreements, by id and version.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn agreements(&self) -> Result<Vec<AgreementRow>> {
        // LIMIT: one row per agreement version the node ever held.
        let mut statement = self
            .db
            .prepare_cached("SELECT no, id, version, hash, note, added_us FROM agreement ORDER BY id, version")
            .map_err(db)?;
        let rows = statement
            .query_map([], |row| {
                Ok(AgreementRow {
                    no: row.get(0)?,
                    id: row.get(1)?,
                    version: row.get(2)?,
                    hash: row.get(3)?,
                    note: row.get(4)?,
                    added_us: row.get(5)?,
                })
            })
            .map_err(db)?;
        rows.collect::<rusqlite::Result<_>>().map_err(db)
    }

    /// All notices of an agreement, in the order they arrived.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn notices(&self, agreement: &str) -> Result<Vec<String>> {
        // LIMIT: one row per suspension, resumption or termination.
        let mut statement =
            self.db.prepare_cached("SELECT note FROM notice WHERE agreement=?1 ORDER BY no").map_err(db)?;
        statement.query_map([agreement], |row| row.get(0)).map_err(db)?.collect::<rusqlite::Result<_>>().map_err(db)
    }
}
