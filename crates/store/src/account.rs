//! What the account of give and take rests on: who said something first, who spoke about it later, and the reports exchanged.
//!
//! A contribution is written by a trigger when an assertion is new, so that no caller can forget it, and stays when the assertion is
//! erased: its row then names nothing any more and only counts.

use rusqlite::{OptionalExtension, Row, params};

use crate::revisions::limit_i64;
use crate::{Result, Snapshot, Tx, db};

pub(crate) const TABLES: &str = "
-- Rowid = that of the assertion, negative once the assertion was erased: when and how a party first said something about a value.
CREATE TABLE IF NOT EXISTS contribution(no INTEGER PRIMARY KEY, party INTEGER NOT NULL, kind INTEGER NOT NULL, role INTEGER NOT NULL,
  agreement INTEGER NOT NULL, revision INTEGER NOT NULL, added_us INTEGER NOT NULL, quarantined INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS contribution_party ON contribution(party, kind, added_us);
CREATE TRIGGER IF NOT EXISTS contribution_first AFTER INSERT ON assertion BEGIN
  INSERT INTO contribution(no, party, kind, role, agreement, revision, added_us, quarantined)
  SELECT new.no, new.party, new.kind, new.role, r.agreement, r.no, r.added_us, r.quarantine IS NOT NULL FROM revision r
  WHERE r.no=new.revision;
END;
CREATE TRIGGER IF NOT EXISTS contribution_erased AFTER DELETE ON assertion BEGIN
  UPDATE contribution SET no=(SELECT min(0, min(no))-1 FROM contribution), revision=0 WHERE no=old.no;
END;
-- A file from before this table: the first revision that is kept of each assertion.
INSERT OR IGNORE INTO contribution(no, party, kind, role, agreement, revision, added_us, quarantined)
  SELECT a.no, a.party, a.kind, a.role, r.agreement, r.no, r.added_us, r.quarantine IS NOT NULL FROM assertion a
  LEFT JOIN (SELECT observable, party, min(no) AS first FROM revision WHERE observable IS NOT NULL GROUP BY observable, party) f
  ON f.observable=a.observable AND f.party=a.party
  JOIN revision r ON r.no=coalesce(f.first, a.revision);
-- What objects say about other objects: seen, disputed, agreed with, withdrawn. `source` and `target` are hashes of ids.
CREATE TABLE IF NOT EXISTS mention(no INTEGER PRIMARY KEY, source INTEGER NOT NULL, target INTEGER NOT NULL, observable INTEGER,
  party INTEGER NOT NULL, verb INTEGER NOT NULL, at_us INTEGER NOT NULL, added_us INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS mention_target ON mention(target);
CREATE INDEX IF NOT EXISTS mention_observable ON mention(observable) WHERE observable IS NOT NULL;
CREATE INDEX IF NOT EXISTS mention_open ON mention(no) WHERE observable IS NULL;
CREATE INDEX IF NOT EXISTS mention_party ON mention(party, added_us);
-- Signed reports about a period, made here or received: one of each reporter, addressee and period.
CREATE TABLE IF NOT EXISTS usefulness(no INTEGER PRIMARY KEY, agreement TEXT NOT NULL, reporter INTEGER NOT NULL,
  addressee INTEGER NOT NULL, from_us INTEGER NOT NULL, to_us INTEGER NOT NULL, note TEXT NOT NULL, added_us INTEGER NOT NULL,
  UNIQUE(agreement, reporter, addressee, from_us, to_us));
-- The stage of each weekly run of a party's profile, null where it was not measured.
CREATE TABLE IF NOT EXISTS profile_run(party INTEGER NOT NULL, at_us INTEGER NOT NULL, stage INTEGER, PRIMARY KEY(party, at_us)) WITHOUT ROWID;
";

/// The first time that a party said something about a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContributionRow {
    /// Row number; negative when the assertion was erased.
    pub no: i64,
    /// The party; 0 is the node's own.
    pub party: i64,
    /// Role then, as numbered by the caller.
    pub role: i64,
    /// Number of the agreement version it came under; 0 for own data.
    pub agreement: i64,
    /// Admission time, microseconds.
    pub added_us: i64,
    /// Whether it was stopped at admission.
    pub quarantined: bool,
    /// Key and canonical value of the observable; `None` when it was erased.
    pub value: Option<(i64, String)>,
    /// The revision that carries the assertion now; `None` when it was erased.
    pub revision: Option<i64>,
}

/// What one object says about another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MentionRow {
    /// Hash of the id of the object that speaks.
    pub source: i64,
    /// Hash of the id of the object spoken about.
    pub target: i64,
    /// Key of the observable it is about, once known.
    pub observable: Option<i64>,
    /// Who speaks.
    pub party: i64,
    /// What it says, as numbered by the caller.
    pub verb: i64,
    /// The instant it is about, microseconds.
    pub at_us: i64,
    /// Admission time, microseconds.
    pub added_us: i64,
}

/// A signed report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsefulnessRow {
    /// Party number of who reports.
    pub reporter: i64,
    /// Party number of whom it is told.
    pub addressee: i64,
    /// First instant of the period, microseconds.
    pub from_us: i64,
    /// First instant after it.
    pub to_us: i64,
    /// The signed note.
    pub note: String,
    /// When it was made or received.
    pub added_us: i64,
}

/// What came from one party under one version of an agreement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReceivedRow {
    /// Number of the agreement version.
    pub agreement: i64,
    /// Revisions admitted.
    pub objects: i64,
    /// Of those, about no value, or identities, which may be pseudonyms.
    pub context: i64,
    /// Pages with a receipt.
    pub pages: i64,
    /// Bytes of the objects.
    pub bytes: i64,
}

const CONTRIBUTION: &str =
    "c.no, c.party, c.role, c.agreement, c.added_us, c.quarantined, a.observable, a.value, a.revision";
const MENTION: &str = "source, target, observable, party, verb, at_us, added_us";

impl Tx<'_> {
    /// Keeps what an object says about another one.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn put_mention(&self, row: &MentionRow) -> Result<()> {
        self.db
            .prepare_cached(
                "INSERT INTO mention(source, target, observable, party, verb, at_us, added_us) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )
            .map_err(db)?
            .execute(params![row.source, row.target, row.observable, row.party, row.verb, row.at_us, row.added_us])
            .map_err(db)?;
        Ok(())
    }

    /// Records which observable a mention is about, once its target is held.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn resolve_mention(&self, no: i64, observable: i64) -> Result<()> {
        self.db
            .prepare_cached("UPDATE mention SET observable=?2 WHERE no=?1")
            .map_err(db)?
            .execute(params![no, observable])
            .map_err(db)?;
        Ok(())
    }

    /// Keeps a report; `false` when one of the same reporter, addressee and period is held, which stays.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn put_usefulness(&self, agreement: &str, row: &UsefulnessRow) -> Result<bool> {
        let added = self
            .db
            .execute(
                "INSERT INTO usefulness(agreement, reporter, addressee, from_us, to_us, note, added_us)
                 VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
                params![agreement, row.reporter, row.addressee, row.from_us, row.to_us, row.note, row.added_us],
            )
            .map_err(db)?;
        Ok(added > 0)
    }

    /// Keeps the stage of a weekly run; the first one stays.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn put_profile_run(&self, party: i64, at_us: i64, stage: Option<i64>) -> Result<()> {
        self.db
            .execute(
                "INSERT INTO profile_run(party, at_us, stage) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING",
                params![party, at_us, stage],
            )
            .map_err(db)?;
        Ok(())
    }
}

impl Snapshot<'_> {
    /// Contributions of a party of one kind with `from_us <= added_us < to_us`, by ascending admission, handed one by one to `each`.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`], or what `each` returns.
    pub fn contributions<E: From<crate::StoreError>>(
        &self,
        party: i64,
        kind: i64,
        from_us: i64,
        to_us: i64,
        mut each: impl FnMut(ContributionRow) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let mut statement = self
            .db
            .prepare_cached(&format!(
                "SELECT {CONTRIBUTION} FROM contribution c LEFT JOIN assertion a ON a.no=c.no
                 WHERE c.party=?1 AND c.kind=?2 AND c.added_us>=?3 AND c.added_us<?4 ORDER BY c.added_us"
            ))
            .map_err(db)?;
        let mut rows = statement.query(params![party, kind, from_us, to_us]).map_err(db)?;
        while let Some(row) = rows.next().map_err(db)? {
            each(contribution_row(row).map_err(db)?)?;
        }
        Ok(())
    }

    /// The first time that each party said something about an observable.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn contributions_of(&self, observable: i64) -> Result<Vec<ContributionRow>> {
        // LIMIT: one row per party that asserted the value.
        let mut statement = self
            .db
            .prepare_cached(&format!(
                "SELECT {CONTRIBUTION} FROM assertion a JOIN contribution c ON c.no=a.no WHERE a.observable=?1 ORDER BY a.party"
            ))
            .map_err(db)?;
        statement.query_map([observable], contribution_row).map_err(db)?.collect::<rusqlite::Result<_>>().map_err(db)
    }

    /// What was said about an observable.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn mentions_of(&self, observable: i64) -> Result<Vec<MentionRow>> {
        // LIMIT: one row per sighting, opinion or withdrawal of one value.
        let mut statement = self
            .db
            .prepare_cached(&format!("SELECT {MENTION} FROM mention WHERE observable=?1 ORDER BY no"))
            .map_err(db)?;
        statement.query_map([observable], mention_row).map_err(db)?.collect::<rusqlite::Result<_>>().map_err(db)
    }

    /// What was said about an object.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn mentions_on(&self, target: i64) -> Result<Vec<MentionRow>> {
        // LIMIT: one row per object that speaks about one object.
        let mut statement = self
            .db
            .prepare_cached(&format!("SELECT {MENTION} FROM mention WHERE target=?1 ORDER BY no"))
            .map_err(db)?;
        statement.query_map([target], mention_row).map_err(db)?.collect::<rusqlite::Result<_>>().map_err(db)
    }

    /// What a party said with `from_us <= added_us < to_us`, handed one by one to `each`.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`], or what `each` returns.
    pub fn mentions_by<E: From<crate::StoreError>>(
        &self,
        party: i64,
        from_us: i64,
        to_us: i64,
        mut each: impl FnMut(MentionRow) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let mut statement = self
            .db
            .prepare_cached(&format!(
                "SELECT {MENTION} FROM mention WHERE party=?1 AND added_us>=?2 AND added_us<?3 ORDER BY added_us"
            ))
            .map_err(db)?;
        let mut rows = statement.query(params![party, from_us, to_us]).map_err(db)?;
        while let Some(row) = rows.next().map_err(db)? {
            each(mention_row(row).map_err(db)?)?;
        }
        Ok(())
    }

    /// Mentions above `after` whose observable is not known yet: `(number, target)`, at most `limit`.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn open_mentions(&self, after: i64, limit: usize) -> Result<Vec<(i64, i64)>> {
        let mut statement = self
            .db
            .prepare_cached("SELECT no, target FROM mention WHERE observable IS NULL AND no>?1 ORDER BY no LIMIT ?2")
            .map_err(db)?;
        statement
            .query_map(params![after, limit_i64(limit)], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(db)?
            .collect::<rusqlite::Result<_>>()
            .map_err(db)
    }

    /// What came from a party with `from_us <= added_us < to_us`, by agreement version.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn received_between(&self, party: i64, from_us: i64, to_us: i64) -> Result<Vec<ReceivedRow>> {
        let (first, end) = (self.revision_at(from_us)?, self.revision_at(to_us)?);
        // LIMIT: reads the revisions of one period once, sorted by the few versions of agreements.
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT agreement, count(*), sum(observable IS NULL OR id LIKE 'identity--%'), count(DISTINCT receipt_page), sum(length(body)) FROM revision
                 WHERE no>=?1 AND no<?2 AND party=?3 GROUP BY agreement",
            )
            .map_err(db)?;
        statement
            .query_map(params![first, end, party], |row| {
                Ok(ReceivedRow {
                    agreement: row.get(0)?,
                    objects: row.get(1)?,
                    context: row.get(2)?,
                    pages: row.get(3)?,
                    bytes: row.get(4)?,
                })
            })
            .map_err(db)?
            .collect::<rusqlite::Result<_>>()
            .map_err(db)
    }

    /// The first revision that was admitted at or after an instant, else the one after the last; by halving, since numbers rise with
    /// admission.
    fn revision_at(&self, at_us: i64) -> Result<i64> {
        let mut probe =
            self.db.prepare_cached("SELECT no, added_us FROM revision WHERE no>=?1 ORDER BY no LIMIT 1").map_err(db)?;
        let (mut low, mut high) = (1, self.last_revision()?.saturating_add(1));
        while low < high {
            let middle = low + (high - low) / 2;
            let found: Option<(i64, i64)> =
                probe.query_row([middle], |row| Ok((row.get(0)?, row.get(1)?))).optional().map_err(db)?;
            match found {
                Some((no, added_us)) if added_us < at_us => low = no + 1,
                _ => high = middle,
            }
        }
        Ok(low)
    }

    /// Stages of the weekly runs of a party with `from_us <= at_us < to_us`, oldest first.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn profile_runs(&self, party: i64, from_us: i64, to_us: i64) -> Result<Vec<(i64, Option<i64>)>> {
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT at_us, stage FROM profile_run WHERE party=?1 AND at_us>=?2 AND at_us<?3 ORDER BY at_us",
            )
            .map_err(db)?;
        statement
            .query_map(params![party, from_us, to_us], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(db)?
            .collect::<rusqlite::Result<_>>()
            .map_err(db)
    }

    /// Reports of an agreement, newest period first.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn usefulness(&self, agreement: &str) -> Result<Vec<UsefulnessRow>> {
        // LIMIT: one row per party and period of one agreement.
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT reporter, addressee, from_us, to_us, note, added_us FROM usefulness WHERE agreement=?1
                 ORDER BY to_us DESC, from_us DESC, no",
            )
            .map_err(db)?;
        statement
            .query_map([agreement], |row| {
                Ok(UsefulnessRow {
                    reporter: row.get(0)?,
                    addressee: row.get(1)?,
                    from_us: row.get(2)?,
                    to_us: row.get(3)?,
                    note: row.get(4)?,
                    added_us: row.get(5)?,
                })
            })
            .map_err(db)?
            .collect::<rusqlite::Result<_>>()
            .map_err(db)
    }
}

fn contribution_row(row: &Row<'_>) -> rusqlite::Result<ContributionRow> {
    let key: Option<i64> = row.get(6)?;
    let value: Option<String> = row.get(7)?;
    Ok(ContributionRow {
        no: row.get(0)?,
        party: row.get(1)?,
        role: row.get(2)?,
        agreement: row.get(3)?,
        added_us: row.get(4)?,
        quarantined: row.get(5)?,
        value: key.zip(value),
        revision: row.get(8)?,
    })
}

fn mention_row(row: &Row<'_>) -> rusqlite::Result<MentionRow> {
    Ok(MentionRow {
        source: row.get(0)?,
        target: row.get(1)?,
        observable: row.get(2)?,
        party: row.get(3)?,
        verb: row.get(4)?,
        at_us: row.get(5)?,
        added_us: row.get(6)?,
    })
}
