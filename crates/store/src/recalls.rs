//! Recalls both ways, what they mark, and what is erased: the rows that say a thing is gone, and why.
//!
//! A row that is erased leaves its number behind, so that no number is ever given twice. A release that is erased keeps its place in
//! the manifest and its commitment; the salt that made it provable is overwritten by it.

use rusqlite::{OptionalExtension, Row, params};

use crate::revisions::{Counter, limit_i64};
use crate::{Result, Snapshot, Tx, db, packed, position};

pub(crate) const TABLES: &str = "
-- One row per recall note. `outbound` is 1 where this node takes back, 0 where it was asked; `party` is the other one. `salts` are those
-- of the commitments in the leaf, 16 bytes for each id, until the recall is complete. `cause` is the recall that this one passes on.
CREATE TABLE IF NOT EXISTS recall(no INTEGER PRIMARY KEY, hash BLOB NOT NULL, outbound INTEGER NOT NULL, agreement TEXT NOT NULL,
  party INTEGER NOT NULL, reason TEXT NOT NULL, action TEXT NOT NULL, n INTEGER NOT NULL, at_us INTEGER NOT NULL, ack_by_us INTEGER NOT NULL,
  complete_by_us INTEGER NOT NULL, confirmable INTEGER NOT NULL, cause INTEGER, salts BLOB, note TEXT NOT NULL, ack TEXT, ack_us INTEGER,
  deleted INTEGER NOT NULL DEFAULT 0, sealed INTEGER NOT NULL DEFAULT 0, onward INTEGER NOT NULL DEFAULT 0, completed_us INTEGER,
  UNIQUE(hash, outbound));
CREATE INDEX IF NOT EXISTS recall_party ON recall(party, agreement, outbound) WHERE completed_us IS NULL;
-- Rowid = that of the manifest row: recalled, hence never delivered again. While `blocks`, its revision is not released anew either.
CREATE TABLE IF NOT EXISTS recalled(no INTEGER PRIMARY KEY, recall INTEGER NOT NULL, revision INTEGER NOT NULL, blocks INTEGER NOT NULL);
-- Rowid = that of the manifest row: it says no more than that an object is revoked.
CREATE TABLE IF NOT EXISTS revocation(no INTEGER PRIMARY KEY);
-- What was recalled by a party under an agreement must not come back by a late page: the id, or a keyed hash of a value.
CREATE TABLE IF NOT EXISTS tombstone(party INTEGER NOT NULL, agreement TEXT NOT NULL, key INTEGER NOT NULL, digest BLOB NOT NULL,
  recall INTEGER NOT NULL, at_us INTEGER NOT NULL, PRIMARY KEY(party, agreement, key)) WITHOUT ROWID;
-- Other versions of agreements under which the same revision came as well.
CREATE TABLE IF NOT EXISTS basis(revision INTEGER NOT NULL, agreement INTEGER NOT NULL, PRIMARY KEY(revision, agreement)) WITHOUT ROWID;
-- Revisions that may not be used but are kept: no reader of `revision` finds them.
CREATE TABLE IF NOT EXISTS sealed(no INTEGER PRIMARY KEY, recall INTEGER, why TEXT NOT NULL, at_us INTEGER NOT NULL, version_us INTEGER NOT NULL,
  party INTEGER NOT NULL, agreement INTEGER NOT NULL, added_us INTEGER NOT NULL, facts BLOB NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL);
-- Numbers of revisions that are no longer there.
CREATE TABLE IF NOT EXISTS erased(no INTEGER PRIMARY KEY, basis TEXT NOT NULL, at_us INTEGER NOT NULL);
";

/// A recall to be recorded.
#[derive(Clone, Copy, Debug)]
pub struct NewRecall<'a> {
    /// SHA-256 of the note's text.
    pub hash: &'a [u8; 32],
    /// Whether this node takes back.
    pub outbound: bool,
    /// Agreement id.
    pub agreement: &'a str,
    /// The other party.
    pub party: i64,
    /// Word of the reason.
    pub reason: &'a str,
    /// Word of the action.
    pub action: &'a str,
    /// Objects named.
    pub n: i64,
    /// When it was written, microseconds.
    pub at_us: i64,
    /// Until when it is to be acknowledged.
    pub ack_by_us: i64,
    /// Until when it is to be complete.
    pub complete_by_us: i64,
    /// Whether the other party runs a node that can acknowledge.
    pub confirmable: bool,
    /// The recall that this one passes on.
    pub cause: Option<i64>,
    /// Salts of the commitments, 16 bytes each.
    pub salts: Option<&'a [u8]>,
    /// The signed note.
    pub note: &'a str,
}

/// A recall as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecallRow {
    /// Number.
    pub no: i64,
    /// As in [`NewRecall`].
    pub hash: Vec<u8>,
    /// As in [`NewRecall`].
    pub outbound: bool,
    /// As in [`NewRecall`].
    pub agreement: String,
    /// As in [`NewRecall`].
    pub party: i64,
    /// As in [`NewRecall`].
    pub reason: String,
    /// As in [`NewRecall`].
    pub action: String,
    /// As in [`NewRecall`].
    pub n: i64,
    /// As in [`NewRecall`].
    pub at_us: i64,
    /// As in [`NewRecall`].
    pub ack_by_us: i64,
    /// As in [`NewRecall`].
    pub complete_by_us: i64,
    /// As in [`NewRecall`].
    pub confirmable: bool,
    /// As in [`NewRecall`].
    pub cause: Option<i64>,
    /// As in [`NewRecall`].
    pub note: String,
    /// The last acknowledgement, signed.
    pub ack: Option<String>,
    /// When it was written.
    pub ack_us: Option<i64>,
    /// Objects deleted, as acknowledged.
    pub deleted: i64,
    /// Objects sealed, as acknowledged.
    pub sealed: i64,
    /// Objects recalled onward, as acknowledged.
    pub onward: i64,
    /// When everything was done.
    pub completed_us: Option<i64>,
}

/// What an acknowledgement says.
#[derive(Clone, Copy, Debug)]
pub struct NewAck<'a> {
    /// The signed note.
    pub note: &'a str,
    /// When it was written, microseconds.
    pub at_us: i64,
    /// Objects deleted.
    pub deleted: i64,
    /// Objects sealed.
    pub sealed: i64,
    /// Objects recalled onward.
    pub onward: i64,
    /// When everything was done, if it is.
    pub completed_us: Option<i64>,
}

/// A manifest row that was recalled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecalledRow {
    /// Number of the head.
    pub head: i64,
    /// Its position.
    pub seq: i64,
    /// The revision it was made of.
    pub revision: i64,
    /// Whether that revision is kept from being released anew.
    pub blocks: bool,
    /// Word of the reason.
    pub reason: String,
}

const RECALL: &str = "no, hash, outbound, agreement, party, reason, action, n, at_us, ack_by_us, complete_by_us, confirmable, cause, note, \
                      ack, ack_us, deleted, sealed, onward, completed_us";

impl Tx<'_> {
    /// Records a recall; `None` when this very note is known (a replay has no second effect, A36).
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn put_recall(&self, new: &NewRecall<'_>) -> Result<Option<i64>> {
        self.db
            .prepare_cached(
                "INSERT INTO recall(hash, outbound, agreement, party, reason, action, n, at_us, ack_by_us, complete_by_us, confirmable,
                 cause, salts, note) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
                 ON CONFLICT(hash, outbound) DO NOTHING RETURNING no",
            )
            .map_err(db)?
            .query_row(
                params![
                    new.hash.as_slice(),
                    new.outbound,
                    new.agreement,
                    new.party,
                    new.reason,
                    new.action,
                    new.n,
                    new.at_us,
                    new.ack_by_us,
                    new.complete_by_us,
                    new.confirmable,
                    new.cause,
                    new.salts,
                    new.note
                ],
                |row| row.get(0),
            )
            .optional()
            .map_err(db)
    }

    /// Marks a manifest row as recalled: it is not delivered again, and counts no longer as held by its recipient.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn mark_recalled(&self, head: i64, seq: i64, recall: i64, revision: i64, blocks: bool) -> Result<()> {
        let no = packed(head, seq);
        self.db
            .prepare_cached("INSERT OR REPLACE INTO recalled(no, recall, revision, blocks) VALUES(?1, ?2, ?3, ?4)")
            .map_err(db)?
            .execute(params![no, recall, revision, blocks])
            .map_err(db)?;
        self.withdraw_row(head, seq)
    }

    /// Keeps one manifest row from being delivered again.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn withdraw_row(&self, head: i64, seq: i64) -> Result<()> {
        self.db
            .prepare_cached("UPDATE manifest SET withdrawn=1 WHERE no=?1")
            .map_err(db)?
            .execute([packed(head, seq)])
            .map_err(db)?;
        Ok(())
    }

    /// Says that a manifest row is the revocation of an object.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn put_revocation(&self, head: i64, seq: i64) -> Result<()> {
        self.db.execute("INSERT INTO revocation(no) VALUES(?1)", [packed(head, seq)]).map_err(db)?;
        Ok(())
    }

    /// Records an acknowledgement; `false` when one written at that time or later is held.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn put_ack(&self, recall: i64, ack: &NewAck<'_>) -> Result<bool> {
        let changed = self
            .db
            .execute(
                "UPDATE recall SET ack=?2, ack_us=?3, deleted=?4, sealed=?5, onward=?6, completed_us=coalesce(completed_us, ?7)
                 WHERE no=?1 AND (ack_us IS NULL OR ack_us<?3)",
                params![recall, ack.note, ack.at_us, ack.deleted, ack.sealed, ack.onward, ack.completed_us],
            )
            .map_err(db)?;
        Ok(changed == 1)
    }

    /// Destroys the salts of a recall's commitments.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn forget_recall_salts(&self, recall: i64) -> Result<()> {
        self.db.execute("UPDATE recall SET salts=NULL WHERE no=?1", [recall]).map_err(db)?;
        Ok(())
    }

    /// Keeps an id or value of a party and agreement from coming back with what was released until `at_us`.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn put_tombstone(
        &self,
        (party, agreement): (i64, &str),
        key: i64,
        digest: &[u8],
        recall: i64,
        at_us: i64,
    ) -> Result<()> {
        self.db
            .prepare_cached(
                "INSERT INTO tombstone(party, agreement, key, digest, recall, at_us) VALUES(?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT(party, agreement, key) DO UPDATE SET digest=?4, recall=?5, at_us=max(at_us, ?6)",
            )
            .map_err(db)?
            .execute(params![party, agreement, key, digest, recall, at_us])
            .map_err(db)?;
        Ok(())
    }

    /// Notes that a revision came under another version of an agreement as well.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn put_basis(&self, revision: i64, agreement: i64) -> Result<()> {
        self.db
            .prepare_cached("INSERT OR IGNORE INTO basis(revision, agreement) VALUES(?1, ?2)")
            .map_err(db)?
            .execute([revision, agreement])
            .map_err(db)?;
        Ok(())
    }

    /// Lets a revision rest on another version of an agreement alone.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn rest_on(&self, revision: i64, agreement: i64) -> Result<()> {
        self.db
            .execute("UPDATE revision SET agreement=?2 WHERE no=?1", [revision, agreement])
            .and_then(|_| {
                self.db.execute("DELETE FROM basis WHERE revision=?1 AND agreement=?2", [revision, agreement])
            })
            .map_err(db)?;
        Ok(())
    }

    /// Forgets one further basis of a revision.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn drop_basis(&self, revision: i64, agreement: i64) -> Result<()> {
        self.db.execute("DELETE FROM basis WHERE revision=?1 AND agreement=?2", [revision, agreement]).map_err(db)?;
        Ok(())
    }

    /// Copies a revision to where no reader of revisions looks.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn seal_revision(&self, revision: i64, recall: Option<i64>, why: &str, now_us: i64) -> Result<()> {
        self.db
            .execute(
                "INSERT OR REPLACE INTO sealed(no, recall, why, at_us, version_us, party, agreement, added_us, facts, id, body)
                 SELECT no, ?2, ?3, ?4, version_us, party, agreement, added_us, facts, id, body FROM revision WHERE no=?1",
                params![revision, recall, why, now_us],
            )
            .map_err(db)?;
        Ok(())
    }

    /// Erases a revision, the decisions to withhold it and its counts. Its number is not used again.
    ///
    /// Assertions and releases that rest on it are the caller's.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn erase_revision(&self, revision: i64, basis: &str, now_us: i64) -> Result<()> {
        let counted: Option<(i64, bool)> = self
            .db
            .prepare_cached("SELECT party, quarantine IS NOT NULL FROM revision WHERE no=?1")
            .map_err(db)?
            .query_row([revision], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .map_err(db)?;
        let Some((party, quarantined)) = counted else { return Ok(()) };
        for head in self.view().heads()? {
            self.unwithhold(head.no, revision)?;
        }
        self.db
            .prepare_cached("INSERT OR REPLACE INTO erased(no, basis, at_us) VALUES(?1, ?2, ?3)")
            .map_err(db)?
            .execute(params![revision, basis, now_us])
            .map_err(db)?;
        for statement in ["DELETE FROM revision WHERE no=?1", "DELETE FROM basis WHERE revision=?1"] {
            self.db.prepare_cached(statement).map_err(db)?.execute([revision]).map_err(db)?;
        }
        self.count(Counter::Revisions, party, 0, -1)?;
        if quarantined {
            self.count(Counter::Quarantined, party, 0, -1)?;
        }
        Ok(())
    }

    /// Removes what a party asserts about an observable; the counters are the caller's.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn delete_assertion(&self, observable: i64, party: i64) -> Result<()> {
        self.db
            .prepare_cached("DELETE FROM assertion WHERE observable=?1 AND party=?2")
            .map_err(db)?
            .execute([observable, party])
            .map_err(db)?;
        Ok(())
    }

    /// Changes what admission fixed about a revision: its marking was raised.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn set_facts(&self, revision: i64, facts: &[u8]) -> Result<()> {
        self.db.execute("UPDATE revision SET facts=?2 WHERE no=?1", params![revision, facts]).map_err(db)?;
        Ok(())
    }

    /// Erases the bytes of a release and puts its commitment in the place of salt and decision digest.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn shred_release(&self, head: i64, seq: i64, commitment: &[u8; 32]) -> Result<()> {
        self.db
            .prepare_cached("UPDATE manifest SET secret=?2, body=x'', withdrawn=1 WHERE no=?1")
            .map_err(db)?
            .execute(params![packed(head, seq), commitment.as_slice()])
            .map_err(db)?;
        Ok(())
    }

    /// Replaces a kept page receipt by one that proves less.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn replace_page_receipt(&self, no: i64, receipt: &[u8]) -> Result<()> {
        self.db.execute("UPDATE page_receipt SET receipt=?2 WHERE no=?1", params![no, receipt]).map_err(db)?;
        Ok(())
    }
}

impl Snapshot<'_> {
    /// A recall by the hash of its text.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn recall(&self, hash: &[u8; 32], outbound: bool) -> Result<Option<RecallRow>> {
        self.db
            .prepare_cached(&format!("SELECT {RECALL} FROM recall WHERE hash=?1 AND outbound=?2"))
            .map_err(db)?
            .query_row(params![hash.as_slice(), outbound], recall_row)
            .optional()
            .map_err(db)
    }

    /// The newest recalls both ways, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn recalls(&self, limit: usize) -> Result<Vec<RecallRow>> {
        let mut statement =
            self.db.prepare_cached(&format!("SELECT {RECALL} FROM recall ORDER BY no DESC LIMIT ?1")).map_err(db)?;
        statement.query_map([limit_i64(limit)], recall_row).map_err(db)?.collect::<rusqlite::Result<_>>().map_err(db)
    }

    /// Recalls that are not complete, oldest first: those of this node, or those it was asked.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn open_recalls(&self, agreement: &str, party: i64, outbound: bool) -> Result<Vec<RecallRow>> {
        // LIMIT: one row per recall that this party has not completed, by a partial index.
        let mut statement = self
            .db
            .prepare_cached(&format!(
                "SELECT {RECALL} FROM recall WHERE party=?1 AND agreement=?2 AND outbound=?3 AND completed_us IS NULL ORDER BY no"
            ))
            .map_err(db)?;
        statement
            .query_map(params![party, agreement, outbound], recall_row)
            .map_err(db)?
            .collect::<rusqlite::Result<_>>()
            .map_err(db)
    }

    /// Whether a recall has been passed on to parties that have not all completed it.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn onward_open(&self, cause: i64) -> Result<bool> {
        // LIMIT: reads the recalls that are not complete; one per party and batch.
        self.db
            .prepare_cached("SELECT EXISTS(SELECT 1 FROM recall WHERE cause=?1 AND completed_us IS NULL)")
            .map_err(db)?
            .query_row([cause], |row| row.get(0))
            .map_err(db)
    }

    /// Manifest rows that a recall took back: head and position.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn rows_of_recall(&self, recall: i64, head: i64) -> Result<Vec<i64>> {
        // LIMIT: reads what was ever recalled of one head; only an acknowledgement asks.
        let mut statement = self
            .db
            .prepare_cached("SELECT no FROM recalled WHERE no>=?1 AND no<?2 AND recall=?3 ORDER BY no")
            .map_err(db)?;
        statement
            .query_map([packed(head, 0), packed(head + 1, 0), recall], |row| Ok(position(row.get(0)?)))
            .map_err(db)?
            .collect::<rusqlite::Result<_>>()
            .map_err(db)
    }

    /// Whether a manifest row can be recalled: it was not yet, and is no revocation.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn may_be_recalled(&self, head: i64, seq: i64) -> Result<bool> {
        self.db
            .prepare_cached(
                "SELECT NOT EXISTS(SELECT 1 FROM recalled WHERE no=?1) AND NOT EXISTS(SELECT 1 FROM revocation WHERE no=?1)",
            )
            .map_err(db)?
            .query_row([packed(head, seq)], |row| row.get(0))
            .map_err(db)
    }

    /// Everything that was recalled of one manifest, or of all.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn recalled(&self, head: Option<i64>) -> Result<Vec<RecalledRow>> {
        let (from, to) = head.map_or((0, i64::MAX), |head| (packed(head, 0), packed(head + 1, 0)));
        // LIMIT: one row per recalled release of one agreement and recipient, or of all, once for each run, page or question.
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT x.no, x.revision, x.blocks, r.reason FROM recalled x JOIN recall r ON r.no=x.recall
                 WHERE x.no>=?1 AND x.no<?2 ORDER BY x.no",
            )
            .map_err(db)?;
        statement
            .query_map([from, to], |row| {
                let no: i64 = row.get(0)?;
                Ok(RecalledRow {
                    head: no >> 40,
                    seq: position(no),
                    revision: row.get(1)?,
                    blocks: row.get(2)?,
                    reason: row.get(3)?,
                })
            })
            .map_err(db)?
            .collect::<rusqlite::Result<_>>()
            .map_err(db)
    }

    /// Positions of the revocations in one manifest.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn revocations(&self, head: i64) -> Result<Vec<i64>> {
        // LIMIT: one row per revocation sent to one party that runs no node.
        let mut statement =
            self.db.prepare_cached("SELECT no FROM revocation WHERE no>=?1 AND no<?2 ORDER BY no").map_err(db)?;
        statement
            .query_map([packed(head, 0), packed(head + 1, 0)], |row| Ok(position(row.get(0)?)))
            .map_err(db)?
            .collect::<rusqlite::Result<_>>()
            .map_err(db)
    }

    /// Whether anything of this party and agreement was ever recalled here.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn has_tombstones(&self, party: i64, agreement: &str) -> Result<bool> {
        self.db
            .prepare_cached("SELECT EXISTS(SELECT 1 FROM tombstone WHERE party=?1 AND agreement=?2)")
            .map_err(db)?
            .query_row(params![party, agreement], |row| row.get(0))
            .map_err(db)
    }

    /// Until when what was released under this key is refused, and the digest that confirms the key.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn tombstone(&self, party: i64, agreement: &str, key: i64) -> Result<Option<(i64, Vec<u8>)>> {
        self.db
            .prepare_cached("SELECT at_us, digest FROM tombstone WHERE party=?1 AND agreement=?2 AND key=?3")
            .map_err(db)?
            .query_row(params![party, agreement, key], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .map_err(db)
    }

    /// Other versions of agreements under which a revision came as well.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn bases(&self, revision: i64) -> Result<Vec<i64>> {
        // LIMIT: one row per further agreement under which the same bytes came.
        let mut statement =
            self.db.prepare_cached("SELECT agreement FROM basis WHERE revision=?1 ORDER BY agreement").map_err(db)?;
        statement.query_map([revision], |row| row.get(0)).map_err(db)?.collect::<rusqlite::Result<_>>().map_err(db)
    }

    /// Ids and numbers of revisions that a party gave under a version of an agreement, ascending from `after` on, at most `limit`.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn given_under(&self, party: i64, agreement: i64, after: i64, limit: usize) -> Result<Vec<(i64, String)>> {
        // LIMIT: walks the revisions; only the end of an agreement asks.
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT no, id FROM revision WHERE no>?3 AND party=?1 AND (agreement=?2 OR EXISTS(SELECT 1 FROM basis b
                 WHERE b.revision=revision.no AND b.agreement=?2)) ORDER BY no LIMIT ?4",
            )
            .map_err(db)?;
        statement
            .query_map([party, agreement, after, limit_i64(limit)], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(db)?
            .collect::<rusqlite::Result<_>>()
            .map_err(db)
    }

    /// Number and observable of every revision of a party that is about one, newest first, until `each` returns `false`.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn observables_of_party(&self, party: i64, mut each: impl FnMut(i64, i64)) -> Result<()> {
        // LIMIT: walks the revisions once for each recall that deletes something with a value.
        let mut statement = self
            .db
            .prepare_cached("SELECT no, observable FROM revision WHERE party=?1 AND observable IS NOT NULL ORDER BY no")
            .map_err(db)?;
        let mut rows = statement.query([party]).map_err(db)?;
        while let Some(row) = rows.next().map_err(db)? {
            each(row.get(0).map_err(db)?, row.get(1).map_err(db)?);
        }
        Ok(())
    }
}

fn recall_row(row: &Row<'_>) -> rusqlite::Result<RecallRow> {
    Ok(RecallRow {
        no: row.get(0)?,
        hash: row.get(1)?,
        outbound: row.get(2)?,
        agreement: row.get(3)?,
        party: row.get(4)?,
        reason: row.get(5)?,
        action: row.get(6)?,
        n: row.get(7)?,
        at_us: row.get(8)?,
        ack_by_us: row.get(9)?,
        complete_by_us: row.get(10)?,
        confirmable: row.get(11)?,
        cause: row.get(12)?,
        note: row.get(13)?,
        ack: row.get(14)?,
        ack_us: row.get(15)?,
        deleted: row.get(16)?,
        sealed: row.get(17)?,
        onward: row.get(18)?,
        completed_us: row.get(19)?,
    })
}
