//! Revisions of objects, the assertions about observables, and the counters kept at admission.

use std::borrow::Cow;

use rusqlite::{OptionalExtension, Row, params};

use crate::{Result, Snapshot, Tx, db};

/// One stored version of an object from one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionRow {
    /// Number of the revision, increasing with admission.
    pub no: i64,
    /// STIX id.
    pub id: String,
    /// Instant of `modified`, else of `created`, else 0, in microseconds.
    pub version_us: i64,
    /// Party it came from; 0 is the node's own.
    pub party: i64,
    /// Number of the agreement version it came under; 0 for own data.
    pub agreement: i64,
    /// Admission time, microseconds.
    pub added_us: i64,
    /// Key of the observable it is about, if any.
    pub observable: Option<i64>,
    /// What admission fixed about it, in the encoding of the caller.
    pub facts: Vec<u8>,
    /// Why it is held in quarantine, if it is.
    pub quarantine: Option<String>,
    /// Page receipt and row in it, for received objects.
    pub receipt: Option<(i64, i64)>,
    /// The bytes as received.
    pub body: Vec<u8>,
}

/// A revision to be appended; its number is assigned by the store.
#[derive(Clone, Copy, Debug)]
pub struct NewRevision<'a> {
    /// 64-bit hash of the id, by the caller's function.
    pub object: i64,
    /// STIX id.
    pub id: &'a str,
    /// As in [`RevisionRow`].
    pub version_us: i64,
    /// As in [`RevisionRow`].
    pub party: i64,
    /// As in [`RevisionRow`].
    pub agreement: i64,
    /// As in [`RevisionRow`].
    pub added_us: i64,
    /// As in [`RevisionRow`].
    pub observable: Option<i64>,
    /// As in [`RevisionRow`].
    pub facts: &'a [u8],
    /// As in [`RevisionRow`].
    pub quarantine: Option<&'a str>,
    /// As in [`RevisionRow`].
    pub receipt: Option<(i64, i64)>,
    /// As in [`RevisionRow`].
    pub body: &'a [u8],
}

/// What one party says about one observable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertionRow {
    /// Row number.
    pub no: i64,
    /// Key of the observable.
    pub observable: i64,
    /// The party; 0 is the node's own.
    pub party: i64,
    /// Kind of the observable, as numbered by the caller.
    pub kind: i64,
    /// Role (C2, phishing …), as numbered by the caller.
    pub role: i64,
    /// Country, two letters packed by the caller; 0 when unknown.
    pub country: i64,
    /// Confidence 0–100.
    pub confidence: i64,
    /// Effective TLP level 0–4.
    pub tlp: i64,
    /// First seen, microseconds, if stated.
    pub first_us: Option<i64>,
    /// Last seen, microseconds, if stated.
    pub last_us: Option<i64>,
    /// How often it was asserted.
    pub times: i64,
    /// The revision that carries it.
    pub revision: i64,
    /// Canonical value, or the pseudonym where the value is not known here.
    pub value: String,
    /// Whatever else the source said, JSON.
    pub detail: String,
    /// Whether the observable is a victim's.
    pub victim: bool,
}

/// Counters kept in the transaction that changes what they count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// Distinct observables: `(0, 0)`.
    Observables,
    /// Observables with more than one party: `(0, 0)`.
    Corroborated,
    /// Distinct observables by `(country, role)`.
    Targets,
    /// Observables asserted by `(party, role)`.
    Given,
    /// Stored revisions by `(party, 0)`.
    Revisions,
    /// Quarantined revisions: `(party, 0)`.
    Quarantined,
    /// Releases by `(head, clause)`, the clause numbered within `agreement version << 16`.
    Released,
    /// Objects delivered by `(head, 0)`, each count including repeats.
    Delivered,
}

impl Counter {
    const fn name(self) -> &'static str {
        match self {
            Self::Observables => "observables",
            Self::Corroborated => "corroborated",
            Self::Targets => "targets",
            Self::Given => "given",
            Self::Revisions => "revisions",
            Self::Quarantined => "quarantined",
            Self::Released => "released",
            Self::Delivered => "delivered",
        }
    }
}

const REVISION: &str =
    "no, id, version_us, party, agreement, added_us, observable, facts, quarantine, receipt_page, receipt_row, body";
const ASSERTION: &str = "no, observable, party, kind, role, country, confidence, tlp, first_us, last_us, times, revision, value, detail, victim";

impl Tx<'_> {
    /// Appends a revision and returns its number.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn append_revision(&self, new: &NewRevision<'_>) -> Result<i64> {
        self.db
            .prepare_cached(
                "INSERT INTO revision(object, version_us, party, agreement, added_us, observable, facts, quarantine, receipt_page,
                 receipt_row, id, body) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )
            .map_err(db)?
            .insert(params![
                new.object,
                new.version_us,
                new.party,
                new.agreement,
                new.added_us,
                new.observable,
                new.facts,
                new.quarantine,
                new.receipt.map(|r| r.0),
                new.receipt.map(|r| r.1),
                new.id,
                new.body
            ])
            .map_err(db)
    }

    /// Inserts an assertion, or replaces the one of the same observable and party.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn put_assertion(&self, row: &AssertionRow) -> Result<()> {
        self.db
            .prepare_cached(
                "INSERT INTO assertion(observable, party, kind, role, country, confidence, tlp, first_us, last_us, times, revision,
                 value, detail, victim) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
                 ON CONFLICT(observable, party) DO UPDATE SET kind=?3, role=?4, country=?5, confidence=?6, tlp=?7, first_us=?8,
                 last_us=?9, times=?10, revision=?11, value=?12, detail=?13, victim=?14",
            )
            .map_err(db)?
            .execute(params![
                row.observable,
                row.party,
                row.kind,
                row.role,
                row.country,
                row.confidence,
                row.tlp,
                row.first_us,
                row.last_us,
                row.times,
                row.revision,
                row.value,
                row.detail,
                row.victim
            ])
            .map_err(db)?;
        Ok(())
    }

    /// Adds to a counter; visible to readers once the transaction has committed, and not before in its own [`Tx::view`].
    ///
    /// # Errors
    /// None today; the signature leaves room for a store that writes at once.
    pub fn count(&self, counter: Counter, a: i64, b: i64, n: i64) -> Result<()> {
        self.count_named(Cow::Borrowed(counter.name()), a, b, n);
        Ok(())
    }

    pub(crate) fn count_named(&self, name: Cow<'static, str>, a: i64, b: i64, n: i64) {
        *self.counts.borrow_mut().entry((name, a, b)).or_default() += n;
    }

    /// Writes the collected changes of counters.
    pub(crate) fn write_counts(&self) -> Result<()> {
        let mut add = self
            .db
            .prepare_cached(
                "INSERT INTO counter(name, a, b, n) VALUES(?1, ?2, ?3, ?4) ON CONFLICT(name, a, b) DO UPDATE SET n=n+?4",
            )
            .map_err(db)?;
        for ((name, a, b), n) in self.counts.take() {
            if n != 0 {
                add.execute(params![name, a, b, n]).map_err(db)?;
            }
        }
        Ok(())
    }

    /// A read view of the same transaction.
    #[must_use]
    pub fn view(&self) -> Snapshot<'_> {
        Snapshot { db: self.db }
    }
}

impl Snapshot<'_> {
    /// A revision by number.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn revision(&self, no: i64) -> Result<Option<RevisionRow>> {
        self.db
            .prepare_cached(&format!("SELECT {REVISION} FROM revision WHERE no=?1"))
            .map_err(db)?
            .query_row([no], revision_row)
            .optional()
            .map_err(db)
    }

    /// All revisions whose id has this hash, newest first; the caller compares ids. At most `limit` rows.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn revisions_of(&self, object: i64, limit: usize) -> Result<Vec<RevisionRow>> {
        let mut statement = self
            .db
            .prepare_cached(&format!("SELECT {REVISION} FROM revision WHERE object=?1 ORDER BY no DESC LIMIT ?2"))
            .map_err(db)?;
        let rows = statement.query_map(params![object, limit_i64(limit)], revision_row).map_err(db)?;
        rows.collect::<rusqlite::Result<_>>().map_err(db)
    }

    /// Revisions with a number above `after`, ascending, at most `limit`.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn revisions_after(&self, after: i64, limit: usize) -> Result<Vec<RevisionRow>> {
        let mut statement = self
            .db
            .prepare_cached(&format!("SELECT {REVISION} FROM revision WHERE no>?1 ORDER BY no LIMIT ?2"))
            .map_err(db)?;
        let rows = statement.query_map(params![after, limit_i64(limit)], revision_row).map_err(db)?;
        rows.collect::<rusqlite::Result<_>>().map_err(db)
    }

    /// The newest revisions, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn newest_revisions(&self, limit: usize) -> Result<Vec<RevisionRow>> {
        let mut statement = self
            .db
            .prepare_cached(&format!("SELECT {REVISION} FROM revision ORDER BY no DESC LIMIT ?1"))
            .map_err(db)?;
        let rows = statement.query_map([limit_i64(limit)], revision_row).map_err(db)?;
        rows.collect::<rusqlite::Result<_>>().map_err(db)
    }

    /// Number of the newest revision, 0 when there is none.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn last_revision(&self) -> Result<i64> {
        self.db
            .prepare_cached("SELECT coalesce(max(no), 0) FROM revision")
            .map_err(db)?
            .query_row([], |row| row.get(0))
            .map_err(db)
    }

    /// Number of the last revision that was admitted before an instant, 0 when there is none.
    ///
    /// Revisions are numbered as they are admitted, so this is a binary search. Where the clock of the node went back, revisions
    /// around that moment may be told apart by their number only.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn last_revision_before(&self, instant_us: i64) -> Result<i64> {
        let mut probe =
            self.db.prepare_cached("SELECT no, added_us FROM revision WHERE no>?1 ORDER BY no LIMIT 1").map_err(db)?;
        let (mut before, mut end) = (0, self.last_revision()?);
        while before < end {
            // Numbers may have gaps; the probe finds the next revision above the middle.
            let middle = before + (end - before) / 2;
            let (no, added_us): (i64, i64) =
                probe.query_row([middle], |row| Ok((row.get(0)?, row.get(1)?))).map_err(db)?;
            if added_us < instant_us { before = no } else { end = middle }
        }
        Ok(before)
    }

    /// Everything asserted about an observable, the node's own first.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn assertions_of(&self, observable: i64) -> Result<Vec<AssertionRow>> {
        // LIMIT: one row per party that asserted the value.
        let mut statement = self
            .db
            .prepare_cached(&format!("SELECT {ASSERTION} FROM assertion WHERE observable=?1 ORDER BY party"))
            .map_err(db)?;
        statement.query_map([observable], assertion_row).map_err(db)?.collect::<rusqlite::Result<_>>().map_err(db)
    }

    /// What one party asserts about an observable.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn assertion(&self, observable: i64, party: i64) -> Result<Option<AssertionRow>> {
        self.db
            .prepare_cached(&format!("SELECT {ASSERTION} FROM assertion WHERE observable=?1 AND party=?2"))
            .map_err(db)?
            .query_row(params![observable, party], assertion_row)
            .optional()
            .map_err(db)
    }

    /// Assertions with a row number above `after`, ascending, at most `limit`: the walk of exports and searches.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn assertions_after(&self, after: i64, limit: usize) -> Result<Vec<AssertionRow>> {
        let mut statement = self
            .db
            .prepare_cached(&format!("SELECT {ASSERTION} FROM assertion WHERE no>?1 ORDER BY no LIMIT ?2"))
            .map_err(db)?;
        let rows = statement.query_map(params![after, limit_i64(limit)], assertion_row).map_err(db)?;
        rows.collect::<rusqlite::Result<_>>().map_err(db)
    }

    /// Values of all observables that belong to victims.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn victims(&self) -> Result<Vec<String>> {
        // LIMIT: one row per victim known to the node, by a partial index.
        let mut statement = self.db.prepare_cached("SELECT value FROM assertion WHERE victim=1").map_err(db)?;
        statement.query_map([], |row| row.get(0)).map_err(db)?.collect::<rusqlite::Result<_>>().map_err(db)
    }

    /// When something was last admitted about a victim, in microseconds; 0 when nothing was.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn newest_victim_us(&self) -> Result<i64> {
        // LIMIT: one row per victim and party, by a partial index.
        self.db
            .prepare_cached(
                "SELECT coalesce(max(r.added_us), 0) FROM assertion a JOIN revision r ON r.no=a.revision WHERE a.victim=1",
            )
            .map_err(db)?
            .query_row([], |row| row.get(0))
            .map_err(db)
    }

    /// Revisions that carry the assertions about victims.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn victim_revisions(&self) -> Result<Vec<i64>> {
        // LIMIT: one row per victim and party, by a partial index.
        let mut statement =
            self.db.prepare_cached("SELECT revision FROM assertion WHERE victim=1 ORDER BY no").map_err(db)?;
        statement.query_map([], |row| row.get(0)).map_err(db)?.collect::<rusqlite::Result<_>>().map_err(db)
    }

    /// One counter.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn counter(&self, counter: Counter, a: i64, b: i64) -> Result<i64> {
        let found = self
            .db
            .prepare_cached("SELECT n FROM counter WHERE name=?1 AND a=?2 AND b=?3")
            .map_err(db)?
            .query_row(params![counter.name(), a, b], |row| row.get(0))
            .optional()
            .map_err(db)?;
        Ok(found.unwrap_or(0))
    }

    /// All values of a counter as `(a, b, n)`.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn counters(&self, counter: Counter) -> Result<Vec<(i64, i64, i64)>> {
        // LIMIT: at most (countries × roles), (parties × roles) or (heads × clauses) rows.
        let mut statement =
            self.db.prepare_cached("SELECT a, b, n FROM counter WHERE name=?1 ORDER BY a, b").map_err(db)?;
        statement
            .query_map([counter.name()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .map_err(db)?
            .collect::<rusqlite::Result<_>>()
            .map_err(db)
    }
}

/// A row limit as SQLite wants it.
pub(crate) fn limit_i64(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn revision_row(row: &Row<'_>) -> rusqlite::Result<RevisionRow> {
    let page: Option<i64> = row.get(9)?;
    let index: Option<i64> = row.get(10)?;
    Ok(RevisionRow {
        no: row.get(0)?,
        id: row.get(1)?,
        version_us: row.get(2)?,
        party: row.get(3)?,
        agreement: row.get(4)?,
        added_us: row.get(5)?,
        observable: row.get(6)?,
        facts: row.get(7)?,
        quarantine: row.get(8)?,
        receipt: page.zip(index),
        body: row.get(11)?,
    })
}

fn assertion_row(row: &Row<'_>) -> rusqlite::Result<AssertionRow> {
    Ok(AssertionRow {
        no: row.get(0)?,
        observable: row.get(1)?,
        party: row.get(2)?,
        kind: row.get(3)?,
        role: row.get(4)?,
        country: row.get(5)?,
        confidence: row.get(6)?,
        tlp: row.get(7)?,
        first_us: row.get(8)?,
        last_us: row.get(9)?,
        times: row.get(10)?,
        revision: row.get(11)?,
        value: row.get(12)?,
        detail: row.get(13)?,
        victim: row.get(14)?,
    })
}
