//! How far this node has read at other parties, the receipts that came with it, and the status of posted envelopes.

use rusqlite::{OptionalExtension, params};

use crate::{Result, Snapshot, Tx, db};

/// How far one collection of another party was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InboxRow {
    /// Position (`date_added`) of the last object admitted, microseconds; 0 at the start.
    pub after_us: i64,
    /// The last verified checkpoint of the other party's log.
    pub checkpoint: Option<String>,
    /// When a page was last admitted.
    pub last_us: Option<i64>,
    /// Pages admitted.
    pub pages: i64,
    /// Objects admitted.
    pub objects: i64,
}

impl Tx<'_> {
    /// Stores how far the collection was read; part of the transaction that admits the page.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn put_inbox(&self, agreement: &str, party: i64, row: &InboxRow) -> Result<()> {
        self.db
            .execute(
                "INSERT INTO inbox(agreement, party, after_us, checkpoint, last_us, pages, objects) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT(agreement, party) DO UPDATE SET after_us=?3, checkpoint=?4, last_us=?5, pages=?6, objects=?7",
                params![agreement, party, row.after_us, row.checkpoint, row.last_us, row.pages, row.objects],
            )
            .map_err(db)?;
        Ok(())
    }

    /// Keeps the verified receipt of a page; returns its number.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn put_page_receipt(&self, agreement: &str, party: i64, receipt: &[u8]) -> Result<i64> {
        self.db
            .prepare_cached("INSERT INTO page_receipt(agreement, party, receipt) VALUES(?1, ?2, ?3)")
            .map_err(db)?
            .insert(params![agreement, party, receipt])
            .map_err(db)
    }

    /// Keeps the TAXII status of a posted envelope and drops those older than `keep_us`.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn put_status(&self, id: &str, party: i64, body: &str, now_us: i64, keep_us: i64) -> Result<()> {
        self.db
            .execute(
                "INSERT INTO status(id, party, body, added_us) VALUES(?1, ?2, ?3, ?4)",
                params![id, party, body, now_us],
            )
            .map_err(db)?;
        // LIMIT: one row per envelope of the last days.
        self.db.execute("DELETE FROM status WHERE added_us<?1", [now_us.saturating_sub(keep_us)]).map_err(db)?;
        Ok(())
    }
}

impl Snapshot<'_> {
    /// How far a collection was read; the default row when it never was.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn inbox(&self, agreement: &str, party: i64) -> Result<InboxRow> {
        let found = self
            .db
            .prepare_cached(
                "SELECT after_us, checkpoint, last_us, pages, objects FROM inbox WHERE agreement=?1 AND party=?2",
            )
            .map_err(db)?
            .query_row(params![agreement, party], |row| {
                Ok(InboxRow {
                    after_us: row.get(0)?,
                    checkpoint: row.get(1)?,
                    last_us: row.get(2)?,
                    pages: row.get(3)?,
                    objects: row.get(4)?,
                })
            })
            .optional()
            .map_err(db)?;
        Ok(found.unwrap_or_default())
    }

    /// A kept page receipt: agreement id, party number and receipt.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn page_receipt(&self, no: i64) -> Result<Option<(String, i64, Vec<u8>)>> {
        self.db
            .prepare_cached("SELECT agreement, party, receipt FROM page_receipt WHERE no=?1")
            .map_err(db)?
            .query_row([no], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()
            .map_err(db)
    }

    /// The status of an envelope that `party` posted.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn status(&self, id: &str, party: i64) -> Result<Option<String>> {
        self.db
            .prepare_cached("SELECT body FROM status WHERE id=?1 AND party=?2")
            .map_err(db)?
            .query_row(params![id, party], |row| row.get(0))
            .optional()
            .map_err(db)
    }
}
