//! Heads, manifests of releases, and the decisions to withhold.
//!
//! A partner's collection *is* its manifest: one row per (agreement, recipient, seq), with the exact bytes that were released. The
//! positions (`date_added`) of a manifest rise strictly with its sequence, so a position is found by binary search and needs no
//! index.

use std::borrow::Cow;

use rusqlite::{OptionalExtension, Row, params};

use crate::revisions::limit_i64;
use crate::{Result, Snapshot, StoreError, Tx, db, packed, position, revisions::Counter};

/// Where the manifest of one agreement and recipient stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number of the head.
    pub no: i64,
    /// Agreement id.
    pub agreement: String,
    /// Recipient party number.
    pub recipient: i64,
    /// The next sequence number, from 1.
    pub next_seq: i64,
    /// `date_added` of the last row, microseconds; 0 when empty.
    pub last_added_us: i64,
    /// The last revision that was considered for release.
    pub considered: i64,
    /// When a page was last delivered.
    pub delivered_us: Option<i64>,
    /// The highest revision that was ever released.
    pub last_revision: i64,
}

/// One release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestRow {
    /// Sequence number in its manifest, from 1, dense.
    pub seq: i64,
    /// `date_added`, microseconds.
    pub added_us: i64,
    /// The revision that was released.
    pub revision: i64,
    /// Number of the agreement version it was decided under.
    pub agreement: i64,
    /// Index of the clause in that version.
    pub clause: i64,
    /// Version instant of the object as released, 0 when it has none.
    pub version_us: i64,
    /// Index of the release leaf in the agreement's log.
    pub leaf: i64,
    /// Row within the release batch of that leaf.
    pub row: i64,
    /// Whether this manifest holds a later version of the same id.
    pub superseded: bool,
    /// Whether a later version of the object may not leave, so that this one may not either.
    pub withdrawn: bool,
    /// Salt (16 bytes) and decision digest (32 bytes).
    pub secret: Vec<u8>,
    /// Id of the object as released.
    pub id: String,
    /// The bytes released; `None` when they are those of the revision.
    pub body: Option<Vec<u8>>,
}

/// What was fixed about a released revision when it was admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Facts, in the encoding of the caller.
    pub facts: Vec<u8>,
    /// Party it came from; 0 is the node's own.
    pub party: i64,
    /// Number of the agreement version it came under; 0 for own data.
    pub agreement: i64,
    /// Id of the object as held.
    pub id: String,
}

/// A release to be appended; sequence number and `date_added` come from the head.
#[derive(Clone, Copy, Debug)]
pub struct NewRelease<'a> {
    /// 64-bit hash of the id as released.
    pub object: i64,
    /// As in [`ManifestRow`].
    pub revision: i64,
    /// As in [`ManifestRow`].
    pub agreement: i64,
    /// As in [`ManifestRow`].
    pub clause: i64,
    /// As in [`ManifestRow`].
    pub version_us: i64,
    /// As in [`ManifestRow`].
    pub secret: &'a [u8],
    /// As in [`ManifestRow`].
    pub id: &'a str,
    /// As in [`ManifestRow`].
    pub body: Option<&'a [u8]>,
}

const ROW: &str =
    "no, added_us, revision, agreement, clause, version_us, leaf, row, superseded, withdrawn, secret, id, body";

impl Tx<'_> {
    /// The head of (agreement, recipient), created empty when there is none.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn head(&self, agreement: &str, recipient: i64) -> Result<Head> {
        self.db
            .execute(
                "INSERT INTO head(agreement, recipient, next_seq, last_added_us, considered, last_revision) VALUES(?1, ?2, 1, 0, 0, 0)
                 ON CONFLICT(agreement, recipient) DO NOTHING",
                params![agreement, recipient],
            )
            .map_err(db)?;
        self.view().head(agreement, recipient)?.ok_or(StoreError::Conflict)
    }

    /// Appends a batch of releases under `head`, all covered by release leaf `leaf`; returns the first sequence number.
    ///
    /// `date_added` of each row is max(now, previous + 1 µs).
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the head moved since it was read, [`StoreError::Unavailable`].
    pub fn append_releases(&self, head: &Head, leaf: i64, rows: &[NewRelease<'_>], now_us: i64) -> Result<i64> {
        // The swap comes first: the loser of a race learns that it lost, not that a row exists.
        let n = limit_i64(rows.len());
        let last_added_us = match n {
            0 => head.last_added_us,
            _ => now_us.max(head.last_added_us.saturating_add(1)).saturating_add(n - 1),
        };
        let last_revision = rows.iter().map(|row| row.revision).max().unwrap_or(0);
        let moved = self
            .db
            .prepare_cached("UPDATE head SET next_seq=?3, last_added_us=?4, last_revision=max(last_revision, ?5) WHERE no=?1 AND next_seq=?2")
            .map_err(db)?
            .execute(params![head.no, head.next_seq, head.next_seq + n, last_added_us, last_revision])
            .map_err(db)?;
        if moved != 1 {
            return Err(StoreError::Conflict);
        }
        let mut added_us = head.last_added_us;
        let mut insert = self
            .db
            .prepare_cached(
                "INSERT INTO manifest(no, added_us, object, revision, agreement, clause, version_us, leaf, row, superseded, secret, id, body)
                 VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )
            .map_err(db)?;
        let mut by_clause: Vec<(i64, i64)> = Vec::new();
        for (row, (seq, new)) in (0_i64..).zip((head.next_seq..).zip(rows)) {
            added_us = now_us.max(added_us.saturating_add(1));
            let superseded = self.supersede(head.no, new)?;
            insert
                .execute(params![
                    packed(head.no, seq),
                    added_us,
                    new.object,
                    new.revision,
                    new.agreement,
                    new.clause,
                    new.version_us,
                    leaf,
                    row,
                    superseded,
                    new.secret,
                    new.id,
                    new.body
                ])
                .map_err(db)?;
            let clause = clause_key(new.agreement, new.clause);
            match by_clause.iter_mut().find(|(key, _)| *key == clause) {
                Some((_, n)) => *n += 1,
                None => by_clause.push((clause, 1)),
            }
        }
        for (clause, n) in by_clause {
            self.count(Counter::Released, head.no, clause, n)?;
        }
        Ok(head.next_seq)
    }

    /// Marks earlier releases of the same id with an older version as superseded; says whether `new` itself is older than one.
    fn supersede(&self, head: i64, new: &NewRelease<'_>) -> Result<bool> {
        let mut older = false;
        let mut find = self
            .db
            .prepare_cached(
                "SELECT no, version_us, superseded FROM manifest WHERE object=?1 AND no>=?2 AND no<?3 AND id=?4",
            )
            .map_err(db)?;
        let rows = find
            .query_map(params![new.object, packed(head, 0), packed(head + 1, 0), new.id], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, bool>(2)?))
            })
            .map_err(db)?;
        // LIMIT: one row per released version of one object and recipient.
        for (no, version_us, superseded) in rows.collect::<rusqlite::Result<Vec<_>>>().map_err(db)? {
            if version_us > new.version_us {
                older = true;
            } else if !superseded {
                self.db
                    .prepare_cached("UPDATE manifest SET superseded=1 WHERE no=?1")
                    .map_err(db)?
                    .execute([no])
                    .map_err(db)?;
            }
        }
        Ok(older)
    }

    /// Takes back releases of an id made of revisions before `revision` by the same party: they stay in the manifest and its receipts,
    /// but are not delivered again.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn withdraw(&self, head: i64, object: i64, id: &str, revision: i64) -> Result<()> {
        self.db
            .prepare_cached(
                "UPDATE manifest SET withdrawn=1 WHERE object=?1 AND no>=?2 AND no<?3 AND id=?4 AND revision<?5
                 AND (SELECT party FROM revision WHERE no=manifest.revision)=(SELECT party FROM revision WHERE no=?5)",
            )
            .map_err(db)?
            .execute(params![object, packed(head, 0), packed(head + 1, 0), id, revision])
            .map_err(db)?;
        Ok(())
    }

    /// Records that all revisions up to `considered` were decided for this head.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else decided them meanwhile, [`StoreError::Unavailable`].
    pub fn set_considered(&self, head: &Head, considered: i64) -> Result<()> {
        let moved = self
            .db
            .prepare_cached("UPDATE head SET considered=?3 WHERE no=?1 AND considered=?2")
            .map_err(db)?
            .execute(params![head.no, head.considered, considered])
            .map_err(db)?;
        if moved == 1 { Ok(()) } else { Err(StoreError::Conflict) }
    }

    /// Makes every revision a candidate for this head again, because the terms changed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn reconsider(&self, head: i64) -> Result<()> {
        self.db.execute("UPDATE head SET considered=0 WHERE no=?1", [head]).map_err(db)?;
        Ok(())
    }

    /// Records the latest decision not to release a revision and keeps the count by reason.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn withhold(&self, head: i64, revision: i64, reason: &str, clause: Option<i64>, now_us: i64) -> Result<()> {
        let no = packed(head, revision);
        let before: Option<String> = self
            .db
            .prepare_cached("SELECT reason FROM withheld WHERE no=?1")
            .map_err(db)?
            .query_row([no], |row| row.get(0))
            .optional()
            .map_err(db)?;
        if let Some(before) = before {
            self.count_named(Cow::Owned(format!("withheld:{before}")), head, 0, -1);
        }
        self.db
            .prepare_cached("INSERT OR REPLACE INTO withheld(no, reason, clause, at_us) VALUES(?1, ?2, ?3, ?4)")
            .map_err(db)?
            .execute(params![no, reason, clause, now_us])
            .map_err(db)?;
        self.count_named(Cow::Owned(format!("withheld:{reason}")), head, 0, 1);
        Ok(())
    }

    /// Forgets a decision to withhold, because the revision was released after all.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn unwithhold(&self, head: i64, revision: i64) -> Result<()> {
        let no = packed(head, revision);
        if let Some((reason, _)) = self.view().withheld(head, revision)? {
            self.db.execute("DELETE FROM withheld WHERE no=?1", [no]).map_err(db)?;
            self.count_named(Cow::Owned(format!("withheld:{reason}")), head, 0, -1);
        }
        Ok(())
    }

    /// Records a delivered page: which manifest rows went out under which delivery leaf.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn put_delivery(&self, log: i64, leaf: i64, head: i64, seqs: &[i64], now_us: i64) -> Result<()> {
        let first = seqs.first().copied().unwrap_or(0);
        let last = seqs.last().copied().unwrap_or(0);
        let dense = last - first + 1 == limit_i64(seqs.len());
        let rows: Vec<u8> = if dense { Vec::new() } else { seqs.iter().flat_map(|seq| seq.to_be_bytes()).collect() };
        self.db
            .prepare_cached("INSERT INTO delivery(log, leaf, head, first, last, rows) VALUES(?1, ?2, ?3, ?4, ?5, ?6)")
            .map_err(db)?
            .execute(params![log, leaf, head, first, last, rows])
            .map_err(db)?;
        self.db
            .prepare_cached("UPDATE head SET delivered_us=?2 WHERE no=?1")
            .map_err(db)?
            .execute(params![head, now_us])
            .map_err(db)?;
        self.count(Counter::Delivered, head, 0, limit_i64(seqs.len()))
    }
}

/// Key under which releases of a clause are counted.
#[must_use]
pub const fn clause_key(agreement: i64, clause: i64) -> i64 {
    (agreement << 16) | clause
}

impl Snapshot<'_> {
    /// The head of (agreement, recipient).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn head(&self, agreement: &str, recipient: i64) -> Result<Option<Head>> {
        self.db
            .prepare_cached(
                "SELECT no, agreement, recipient, next_seq, last_added_us, considered, delivered_us, last_revision FROM head
                 WHERE agreement=?1 AND recipient=?2",
            )
            .map_err(db)?
            .query_row(params![agreement, recipient], head_row)
            .optional()
            .map_err(db)
    }

    /// All heads.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn heads(&self) -> Result<Vec<Head>> {
        // LIMIT: one row per agreement and recipient.
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT no, agreement, recipient, next_seq, last_added_us, considered, delivered_us, last_revision FROM head ORDER BY no",
            )
            .map_err(db)?;
        statement.query_map([], head_row).map_err(db)?.collect::<rusqlite::Result<_>>().map_err(db)
    }

    /// The position of the last release to anybody, microseconds; 0 when nothing was released.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn last_release_us(&self) -> Result<i64> {
        // LIMIT: one row per agreement and recipient.
        self.db
            .prepare_cached("SELECT coalesce(max(last_added_us), 0) FROM head")
            .map_err(db)?
            .query_row([], |row| row.get(0))
            .map_err(db)
    }

    /// The first sequence number whose `date_added` is after `after_us`; `next_seq` when there is none.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn seq_after(&self, head: &Head, after_us: i64) -> Result<i64> {
        if after_us >= head.last_added_us {
            return Ok(head.next_seq);
        }
        // Positions that were given out and lost with a store have no row; the next one stands for them.
        let mut probe = self
            .db
            .prepare_cached("SELECT added_us FROM manifest WHERE no>=?1 AND no<?2 ORDER BY no LIMIT 1")
            .map_err(db)?;
        let end = packed(head.no + 1, 0);
        let (mut low, mut high) = (1, head.next_seq);
        while low < high {
            let middle = low + (high - low) / 2;
            let added: Option<i64> =
                probe.query_row([packed(head.no, middle), end], |row| row.get(0)).optional().map_err(db)?;
            if added.is_none_or(|added| added > after_us) { high = middle } else { low = middle + 1 }
        }
        Ok(low)
    }

    /// Rows of a manifest from `seq` on, ascending, at most `limit`, handed one by one to `each` until it returns `false`.
    ///
    /// The body is that of the release, or of the revision when they are equal: one join by integer key, no other look-up. Where the
    /// revision was erased, its source is empty, and the body too unless the release has its own.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or what `each` returns.
    pub fn manifest_from<E: From<StoreError>>(
        &self,
        head: i64,
        seq: i64,
        limit: usize,
        mut each: impl FnMut(ManifestRow, Vec<u8>, Source) -> std::result::Result<bool, E>,
    ) -> std::result::Result<(), E> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT m.no, m.added_us, m.revision, m.agreement, m.clause, m.version_us, m.leaf, m.row, m.superseded, m.withdrawn,
                 m.secret, m.id, coalesce(m.body, r.body, x''), coalesce(r.facts, x''), coalesce(r.party, -1), coalesce(r.agreement, 0),
                 coalesce(r.id, '') FROM manifest m LEFT JOIN revision r ON r.no=m.revision
                 WHERE m.no>=?1 AND m.no<?2 ORDER BY m.no LIMIT ?3",
            )
            .map_err(db)?;
        let mut rows =
            statement.query(params![packed(head, seq), packed(head + 1, 0), limit_i64(limit)]).map_err(db)?;
        while let Some(row) = rows.next().map_err(db)? {
            let (found, body, source) = joined_row(row).map_err(db)?;
            if !each(found, body, source)? {
                break;
            }
        }
        Ok(())
    }

    /// One row of a manifest, without its body.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn manifest_row(&self, head: i64, seq: i64) -> Result<Option<ManifestRow>> {
        self.db
            .prepare_cached(&format!("SELECT {ROW} FROM manifest WHERE no=?1"))
            .map_err(db)?
            .query_row([packed(head, seq)], manifest_row)
            .optional()
            .map_err(db)
    }

    /// Rows of a manifest whose released id has this hash, ascending; the caller compares ids.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn manifest_of(&self, head: i64, object: i64) -> Result<Vec<ManifestRow>> {
        // LIMIT: one row per released version of one object and recipient.
        let mut statement = self
            .db
            .prepare_cached(&format!("SELECT {ROW} FROM manifest WHERE object=?1 AND no>=?2 AND no<?3 ORDER BY no"))
            .map_err(db)?;
        statement
            .query_map(params![object, packed(head, 0), packed(head + 1, 0)], manifest_row)
            .map_err(db)?
            .collect::<rusqlite::Result<_>>()
            .map_err(db)
    }

    /// The newest rows of a manifest, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn newest_releases(&self, head: i64, limit: usize) -> Result<Vec<ManifestRow>> {
        let mut statement = self
            .db
            .prepare_cached(&format!("SELECT {ROW} FROM manifest WHERE no>=?1 AND no<?2 ORDER BY no DESC LIMIT ?3"))
            .map_err(db)?;
        statement
            .query_map(params![packed(head, 0), packed(head + 1, 0), limit_i64(limit)], manifest_row)
            .map_err(db)?
            .collect::<rusqlite::Result<_>>()
            .map_err(db)
    }

    /// How many rows of a manifest are not superseded.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn live_releases(&self, head: i64) -> Result<i64> {
        // LIMIT: reads the manifest of one head; only an export, which reads it anyway, asks for it.
        self.db
            .prepare_cached("SELECT count(*) FROM manifest WHERE no>=?1 AND no<?2 AND superseded=0")
            .map_err(db)?
            .query_row(params![packed(head, 0), packed(head + 1, 0)], |row| row.get(0))
            .map_err(db)
    }

    /// Rows of the batch that release leaf `leaf` covers, in batch order, with their bytes. `near` is a sequence number of the batch.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn batch(&self, head: i64, near: &ManifestRow, count: usize) -> Result<Vec<(ManifestRow, Vec<u8>)>> {
        let mut found = Vec::with_capacity(count);
        self.manifest_from(head, near.seq - near.row, count, |row, body, _| {
            let same = row.leaf == near.leaf;
            if same {
                found.push((row, body));
            }
            Ok::<_, StoreError>(same)
        })?;
        Ok(found)
    }

    /// Why a revision is withheld under this head: reason code and clause index.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn withheld(&self, head: i64, revision: i64) -> Result<Option<(String, Option<i64>)>> {
        self.db
            .prepare_cached("SELECT reason, clause FROM withheld WHERE no=?1")
            .map_err(db)?
            .query_row([packed(head, revision)], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .map_err(db)
    }

    /// Withheld revisions of a head by reason code, most frequent first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn withheld_by_reason(&self, head: i64) -> Result<Vec<(String, i64)>> {
        // LIMIT: one row per reason code.
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT substr(name, 10), n FROM counter WHERE name>='withheld:' AND name<'withheld;' AND a=?1 AND n>0
                 ORDER BY n DESC, name",
            )
            .map_err(db)?;
        statement
            .query_map([head], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(db)?
            .collect::<rusqlite::Result<_>>()
            .map_err(db)
    }

    /// Revisions with a decision to withhold under this head, oldest first, from `after` on, at most `limit`:
    /// `(revision, reason, clause)`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn withheld_after(&self, head: i64, after: i64, limit: usize) -> Result<Vec<(i64, String, Option<i64>)>> {
        let mut statement = self
            .db
            .prepare_cached("SELECT no, reason, clause FROM withheld WHERE no>?1 AND no<?2 ORDER BY no LIMIT ?3")
            .map_err(db)?;
        statement
            .query_map(params![packed(head, after), packed(head + 1, 0), limit_i64(limit)], |row| {
                Ok((position(row.get(0)?), row.get(1)?, row.get(2)?))
            })
            .map_err(db)?
            .collect::<rusqlite::Result<_>>()
            .map_err(db)
    }

    /// The highest revision with a decision to withhold under this head, 0 when there is none.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn last_withheld(&self, head: i64) -> Result<i64> {
        let last: Option<i64> = self
            .db
            .prepare_cached("SELECT max(no) FROM withheld WHERE no>=?1 AND no<?2")
            .map_err(db)?
            .query_row(params![packed(head, 0), packed(head + 1, 0)], |row| row.get(0))
            .map_err(db)?;
        Ok(last.map_or(0, position))
    }

    /// Revisions above `after` that are withheld under this head because a reference would dangle, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn withheld_for_closure(&self, head: i64, after: i64, limit: usize) -> Result<Vec<i64>> {
        let waiting = self.withheld_by_reason(head)?.iter().any(|(reason, n)| reason.starts_with("closure.") && *n > 0);
        if !waiting {
            return Ok(Vec::new());
        }
        // LIMIT: reads the withheld rows of one head, and only while some wait for their other end.
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT no FROM withheld WHERE no>?1 AND no<?2 AND reason LIKE 'closure.%' ORDER BY no LIMIT ?3",
            )
            .map_err(db)?;
        statement
            .query_map(params![packed(head, after), packed(head + 1, 0), limit_i64(limit)], |row| {
                Ok(position(row.get(0)?))
            })
            .map_err(db)?
            .collect::<rusqlite::Result<_>>()
            .map_err(db)
    }

    /// The page recorded under a delivery leaf: head and sequence numbers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Damaged`].
    pub fn delivery(&self, log: i64, leaf: i64) -> Result<Option<(i64, Vec<i64>)>> {
        let found: Option<(i64, i64, i64, Vec<u8>)> = self
            .db
            .prepare_cached("SELECT head, first, last, rows FROM delivery WHERE log=?1 AND leaf=?2")
            .map_err(db)?
            .query_row(params![log, leaf], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()
            .map_err(db)?;
        let Some((head, first, last, rows)) = found else { return Ok(None) };
        if rows.is_empty() {
            return Ok(Some((head, (first..=last).collect())));
        }
        let seqs = rows.as_chunks::<8>();
        if !seqs.1.is_empty() {
            return Err(StoreError::Damaged(format!("delivery {leaf} of log {log} has {} odd bytes", seqs.1.len())));
        }
        Ok(Some((head, seqs.0.iter().map(|bytes| i64::from_be_bytes(*bytes)).collect())))
    }
}

fn head_row(row: &Row<'_>) -> rusqlite::Result<Head> {
    Ok(Head {
        no: row.get(0)?,
        agreement: row.get(1)?,
        recipient: row.get(2)?,
        next_seq: row.get(3)?,
        last_added_us: row.get(4)?,
        considered: row.get(5)?,
        delivered_us: row.get(6)?,
        last_revision: row.get(7)?,
    })
}

fn manifest_row(row: &Row<'_>) -> rusqlite::Result<ManifestRow> {
    Ok(ManifestRow {
        seq: position(row.get(0)?),
        added_us: row.get(1)?,
        revision: row.get(2)?,
        agreement: row.get(3)?,
        clause: row.get(4)?,
        version_us: row.get(5)?,
        leaf: row.get(6)?,
        row: row.get(7)?,
        superseded: row.get(8)?,
        withdrawn: row.get(9)?,
        secret: row.get(10)?,
        id: row.get(11)?,
        body: row.get(12)?,
    })
}

fn joined_row(row: &Row<'_>) -> rusqlite::Result<(ManifestRow, Vec<u8>, Source)> {
    Ok((
        ManifestRow {
            seq: position(row.get(0)?),
            added_us: row.get(1)?,
            revision: row.get(2)?,
            agreement: row.get(3)?,
            clause: row.get(4)?,
            version_us: row.get(5)?,
            leaf: row.get(6)?,
            row: row.get(7)?,
            superseded: row.get(8)?,
            withdrawn: row.get(9)?,
            secret: row.get(10)?,
            id: row.get(11)?,
            body: None,
        },
        row.get(12)?,
        Source { facts: row.get(13)?, party: row.get(14)?, agreement: row.get(15)?, id: row.get(16)? },
    ))
}
