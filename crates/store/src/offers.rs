//! Offered agreements: texts that some parties have signed, and what was handed to whom.

use rusqlite::params;

use crate::{Result, Snapshot, Tx, db};

/// The tables of this part.
pub(crate) const TABLES: &str = "
-- `by` is the party it came from, 0 for the node's own. `installed` tells that every party has signed and the node has taken it up.
-- `compare` and `simulate` are the hashes of what was shown to the one who signed here.
CREATE TABLE IF NOT EXISTS offer(no INTEGER PRIMARY KEY, id TEXT NOT NULL, version INTEGER NOT NULL, hash BLOB NOT NULL UNIQUE,
  note TEXT NOT NULL, by INTEGER NOT NULL REFERENCES party(no), offered_us INTEGER NOT NULL, installed INTEGER NOT NULL DEFAULT 0,
  compare BLOB, simulate BLOB);
-- How many signatures a party was handed, so that it is handed the note again when there are more.
CREATE TABLE IF NOT EXISTS offer_handed(offer INTEGER NOT NULL REFERENCES offer(no), party INTEGER NOT NULL REFERENCES party(no),
  signatures INTEGER NOT NULL, PRIMARY KEY(offer, party)) WITHOUT ROWID;
";

/// One offered text with the signatures that are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferRow {
    /// Number of the offer.
    pub no: i64,
    /// Agreement id.
    pub id: String,
    /// Version offered.
    pub version: i64,
    /// SHA-256 of the text.
    pub hash: Vec<u8>,
    /// The note with the signatures so far.
    pub note: String,
    /// The party it came from; 0 for the node's own.
    pub by: i64,
    /// When this node first had it, microseconds.
    pub offered_us: i64,
    /// Whether every party has signed and the node has taken it up.
    pub installed: bool,
    /// SHA-256 of the comparison that was shown before signing here.
    pub compare: Option<Vec<u8>>,
    /// SHA-256 of the simulation that was shown before signing here.
    pub simulate: Option<Vec<u8>>,
}

impl Tx<'_> {
    /// Keeps an offer, or more signatures of one that is held; its first day and its giver stay. Returns its number.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn put_offer(&self, row: &OfferRow) -> Result<i64> {
        let OfferRow { id, version, hash, note, by, offered_us, installed, compare, simulate, .. } = row;
        self.db
            .query_row(
                "INSERT INTO offer(id, version, hash, note, by, offered_us, installed, compare, simulate)
                 VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                 ON CONFLICT(hash) DO UPDATE SET note=?4, installed=max(installed, ?7), compare=coalesce(?8, compare),
                 simulate=coalesce(?9, simulate) RETURNING no",
                params![id, version, hash, note, by, offered_us, installed, compare, simulate],
                |row| row.get(0),
            )
            .map_err(db)
    }

    /// Records how many signatures of an offer a party was handed.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn put_handed(&self, offer: i64, party: i64, signatures: i64) -> Result<()> {
        self.db
            .execute(
                "INSERT INTO offer_handed(offer, party, signatures) VALUES(?1, ?2, ?3)
                 ON CONFLICT(offer, party) DO UPDATE SET signatures=?3",
                params![offer, party, signatures],
            )
            .map_err(db)?;
        Ok(())
    }
}

impl Snapshot<'_> {
    /// All offers, in the order in which they came.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn offers(&self) -> Result<Vec<OfferRow>> {
        // LIMIT: one row per text ever offered; the exchange bounds how many a party may have open.
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT no, id, version, hash, note, by, offered_us, installed, compare, simulate FROM offer ORDER BY no",
            )
            .map_err(db)?;
        let rows = statement
            .query_map([], |row| {
                Ok(OfferRow {
                    no: row.get(0)?,
                    id: row.get(1)?,
                    version: row.get(2)?,
                    hash: row.get(3)?,
                    note: row.get(4)?,
                    by: row.get(5)?,
                    offered_us: row.get(6)?,
                    installed: row.get(7)?,
                    compare: row.get(8)?,
                    simulate: row.get(9)?,
                })
            })
            .map_err(db)?;
        rows.collect::<rusqlite::Result<_>>().map_err(db)
    }

    /// How many signatures of an offer a party was handed; 0 for none.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn handed(&self, offer: i64, party: i64) -> Result<i64> {
        self.db
            .prepare_cached("SELECT coalesce(max(signatures), 0) FROM offer_handed WHERE offer=?1 AND party=?2")
            .map_err(db)?
            .query_row(params![offer, party], |row| row.get(0))
            .map_err(db)
    }
}
