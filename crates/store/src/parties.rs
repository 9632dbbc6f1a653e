//! Parties, credentials and console sessions.

use rusqlite::{OptionalExtension, params};

use crate::{Result, Snapshot, Tx, db};

/// A party as the node knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyRow {
    /// Number used in other rows; 0 is the node's own party.
    pub no: i64,
    /// Party id.
    pub id: String,
    /// Its card: a TOML text with keys and contacts.
    pub card: String,
    /// How to reach its node, JSON, if this node calls it.
    pub link: Option<String>,
}

/// A token, as stored: the secret only as its SHA-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialRow {
    /// Token id, the user name of HTTP Basic.
    pub id: String,
    /// SHA-256 of the secret.
    pub secret: Vec<u8>,
    /// The party it speaks for; 0 for the node's own staff.
    pub party: i64,
    /// End of validity, microseconds.
    pub expires_us: Option<i64>,
    /// When it was revoked, microseconds.
    pub revoked_us: Option<i64>,
}

impl Tx<'_> {
    /// Adds or replaces a party; returns its number. The first party ever added is the node's own and gets number 0.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn put_party(&self, id: &str, card: &str, link: Option<&str>) -> Result<i64> {
        let known: Option<i64> =
            self.db.query_row("SELECT no FROM party WHERE id=?1", [id], |row| row.get(0)).optional().map_err(db)?;
        let no = match known {
            Some(no) => no,
            None => self.db.query_row("SELECT coalesce(max(no)+1, 0) FROM party", [], |row| row.get(0)).map_err(db)?,
        };
        self.db
            .execute(
                "INSERT INTO party(no, id, card, link) VALUES(?1, ?2, ?3, ?4)
                 ON CONFLICT(no) DO UPDATE SET card=?3, link=coalesce(?4, link)",
                params![no, id, card, link],
            )
            .map_err(db)?;
        self.bump()?;
        Ok(no)
    }

    /// Stores a new credential.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`], also when the id is taken.
    pub fn put_credential(&self, row: &CredentialRow, now_us: i64) -> Result<()> {
        self.db
            .execute(
                "INSERT INTO credential(id, secret, party, created_us, expires_us) VALUES(?1, ?2, ?3, ?4, ?5)",
                params![row.id, row.secret, row.party, now_us, row.expires_us],
            )
            .map_err(db)?;
        self.bump()
    }

    /// Revokes a credential and ends every console session of its party, whichever credential opened it; `false` when there is
    /// none of that id.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn revoke_credential(&self, id: &str, now_us: i64) -> Result<bool> {
        let changed = self
            .db
            .execute("UPDATE credential SET revoked_us=?2 WHERE id=?1 AND revoked_us IS NULL", params![id, now_us])
            .map_err(db)?;
        // LIMIT: one row per console session of the last hours.
        self.db
            .execute("DELETE FROM session WHERE party=(SELECT party FROM credential WHERE id=?1)", [id])
            .map_err(db)?;
        self.bump()?;
        Ok(changed > 0)
    }

    /// Stores a console session under the SHA-256 of its identifier and drops sessions that have ended.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn put_session(&self, id_digest: &[u8], party: i64, expires_us: i64, now_us: i64) -> Result<()> {
        // LIMIT: one row per console session of the last hours.
        self.db.execute("DELETE FROM session WHERE expires_us<=?1", [now_us]).map_err(db)?;
        self.db
            .execute(
                "INSERT INTO session(id, party, expires_us) VALUES(?1, ?2, ?3)",
                params![id_digest, party, expires_us],
            )
            .map_err(db)?;
        Ok(())
    }

    /// Ends a console session.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn drop_session(&self, id_digest: &[u8]) -> Result<()> {
        self.db.execute("DELETE FROM session WHERE id=?1", [id_digest]).map_err(db)?;
        Ok(())
    }

    /// Writes a setting.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn put_setting(&self, key: &str, value: &[u8]) -> Result<()> {
        self.db
            .execute(
                "INSERT INTO setting(key, value) VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET value=?2",
                params![key, value],
            )
            .map_err(db)?;
        Ok(())
    }

    /// Removes a setting and says whether this call removed it, so that a one-time secret is used once.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn take_setting(&self, key: &str) -> Result<bool> {
        Ok(self.db.execute("DELETE FROM setting WHERE key=?1", [key]).map_err(db)? > 0)
    }

    /// Advances the change counter that tells other processes to reload parties, credentials and agreements.
    pub(crate) fn bump(&self) -> Result<()> {
        self.db
            .execute(
                "INSERT INTO setting(key, value) VALUES('epoch', 1) ON CONFLICT(key) DO UPDATE SET value=value+1",
                [],
            )
            .map_err(db)?;
        Ok(())
    }
}

impl Snapshot<'_> {
    /// All parties, the node's own first.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn parties(&self) -> Result<Vec<PartyRow>> {
        // LIMIT: one row per organisation known to the node.
        let mut statement = self.db.prepare_cached("SELECT no, id, card, link FROM party ORDER BY no").map_err(db)?;
        let rows = statement
            .query_map([], |row| {
                Ok(PartyRow { no: row.get(0)?, id: row.get(1)?, card: row.get(2)?, link: row.get(3)? })
            })
            .map_err(db)?;
        rows.collect::<rusqlite::Result<_>>().map_err(db)
    }

    /// The credential of this id.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn credential(&self, id: &str) -> Result<Option<CredentialRow>> {
        self.db
            .prepare_cached("SELECT id, secret, party, expires_us, revoked_us FROM credential WHERE id=?1")
            .map_err(db)?
            .query_row([id], credential_row)
            .optional()
            .map_err(db)
    }

    /// All credentials, by id.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn credentials(&self) -> Result<Vec<CredentialRow>> {
        // LIMIT: one row per token issued.
        let mut statement = self
            .db
            .prepare_cached("SELECT id, secret, party, expires_us, revoked_us FROM credential ORDER BY id")
            .map_err(db)?;
        statement.query_map([], credential_row).map_err(db)?.collect::<rusqlite::Result<_>>().map_err(db)
    }

    /// The party of a console session that has not ended.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn session(&self, id_digest: &[u8], now_us: i64) -> Result<Option<i64>> {
        self.db
            .prepare_cached("SELECT party FROM session WHERE id=?1 AND expires_us>?2")
            .map_err(db)?
            .query_row(params![id_digest, now_us], |row| row.get(0))
            .optional()
            .map_err(db)
    }

    /// Reads a setting.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn setting(&self, key: &str) -> Result<Option<Vec<u8>>> {
        self.db
            .prepare_cached("SELECT value FROM setting WHERE key=?1")
            .map_err(db)?
            .query_row([key], |row| row.get(0))
            .optional()
            .map_err(db)
    }

    /// The change counter: differs whenever parties, credentials, agreements or notices changed.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`].
    pub fn epoch(&self) -> Result<i64> {
        let found = self
            .db
            .prepare_cached("SELECT value FROM setting WHERE key='epoch'")
            .map_err(db)?
            .query_row([], |row| row.get(0))
            .optional()
            .map_err(db)?;
        Ok(found.unwrap_or(0))
    }
}

fn credential_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<CredentialRow> {
    Ok(CredentialRow {
        id: row.get(0)?,
        secret: row.get(1)?,
        party: row.get(2)?,
        expires_us: row.get(3)?,
        revoked_us: row.get(4)?,
    })
}
