//! The tables, and how an older file becomes the present one.

use std::path::Path;

use rusqlite::Connection;

use crate::{Result, StoreError};

/// Format of the database this version writes.
pub const FORMAT: i64 = 2;

/// Creates the tables in an empty file, adds those that an older file lacks; refuses a file of a newer format.
pub(crate) fn migrate(db: &Connection, path: &Path) -> Result<()> {
    let name = || path.display().to_string();
    let unavailable = |source| StoreError::Unavailable { operation: "migrate", path: name(), source };
    let found: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(unavailable)?;
    if found > FORMAT {
        return Err(StoreError::NewerFormat { path: name(), found, known: FORMAT });
    }
    if found == FORMAT {
        return Ok(());
    }
    let tables = PARTS.concat();
    db.execute_batch(&format!("BEGIN IMMEDIATE;{tables}PRAGMA user_version={FORMAT};COMMIT;")).map_err(unavailable)
}

/// The tables of each part of the store. All are created where they are missing, so a file of an older format gains those it lacks.
const PARTS: &[&str] = &[
    TABLES,
    crate::account::TABLES,
    crate::offers::TABLES,
    crate::quotas::TABLES,
    crate::recalls::TABLES,
    crate::reviews::TABLES,
    crate::witness::TABLES,
];

const TABLES: &str = "
-- Small settings and secrets of the node: cursor keys, per-agreement keys, the change counter `epoch`.
CREATE TABLE IF NOT EXISTS setting(key TEXT PRIMARY KEY, value BLOB NOT NULL);

-- Party 0 is the node's own.
CREATE TABLE IF NOT EXISTS party(no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, card TEXT NOT NULL, link TEXT);
CREATE TABLE IF NOT EXISTS credential(id TEXT PRIMARY KEY, secret BLOB NOT NULL, party INTEGER NOT NULL REFERENCES party(no),
  created_us INTEGER NOT NULL, expires_us INTEGER, revoked_us INTEGER);
CREATE TABLE IF NOT EXISTS session(id BLOB PRIMARY KEY, party INTEGER NOT NULL REFERENCES party(no), expires_us INTEGER NOT NULL);

CREATE TABLE IF NOT EXISTS agreement(no INTEGER PRIMARY KEY, id TEXT NOT NULL, version INTEGER NOT NULL, hash BLOB NOT NULL,
  note TEXT NOT NULL, added_us INTEGER NOT NULL, UNIQUE(id, version));
CREATE TABLE IF NOT EXISTS notice(no INTEGER PRIMARY KEY, agreement TEXT NOT NULL, digest BLOB NOT NULL UNIQUE, note TEXT NOT NULL,
  added_us INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS notice_agreement ON notice(agreement);

-- One row per version of an object and source. `object` is a 64-bit hash of the id, confirmed against the body.
CREATE TABLE IF NOT EXISTS revision(no INTEGER PRIMARY KEY, object INTEGER NOT NULL, version_us INTEGER NOT NULL,
  party INTEGER NOT NULL, agreement INTEGER NOT NULL, added_us INTEGER NOT NULL, observable INTEGER, facts BLOB NOT NULL,
  quarantine TEXT, receipt_page INTEGER, receipt_row INTEGER, id TEXT NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS revision_object ON revision(object);

-- One row per (observable, party): who says what about a value.
CREATE TABLE IF NOT EXISTS assertion(no INTEGER PRIMARY KEY, observable INTEGER NOT NULL, party INTEGER NOT NULL, kind INTEGER NOT NULL,
  role INTEGER NOT NULL, country INTEGER NOT NULL, confidence INTEGER NOT NULL, tlp INTEGER NOT NULL, first_us INTEGER, last_us INTEGER,
  times INTEGER NOT NULL, revision INTEGER NOT NULL, value TEXT NOT NULL, detail TEXT NOT NULL, victim INTEGER NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS assertion_observable ON assertion(observable, party);

CREATE INDEX IF NOT EXISTS assertion_victim ON assertion(victim) WHERE victim=1;

-- Counters kept at admission, so that no page counts rows. Names are documented in `revisions::Counter`.
CREATE TABLE IF NOT EXISTS counter(name TEXT NOT NULL, a INTEGER NOT NULL, b INTEGER NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY(name, a, b)) WITHOUT ROWID;

-- One head per (agreement, recipient): the only place positions come from.
CREATE TABLE IF NOT EXISTS head(no INTEGER PRIMARY KEY, agreement TEXT NOT NULL, recipient INTEGER NOT NULL REFERENCES party(no),
  next_seq INTEGER NOT NULL, last_added_us INTEGER NOT NULL, considered INTEGER NOT NULL, delivered_us INTEGER, last_revision INTEGER NOT NULL, UNIQUE(agreement, recipient));
-- Rowid = head << 40 | seq. `body` is null when the bytes released are the bytes held.
CREATE TABLE IF NOT EXISTS manifest(no INTEGER PRIMARY KEY, added_us INTEGER NOT NULL, object INTEGER NOT NULL, revision INTEGER NOT NULL,
  agreement INTEGER NOT NULL, clause INTEGER NOT NULL, version_us INTEGER NOT NULL, leaf INTEGER NOT NULL, row INTEGER NOT NULL,
  superseded INTEGER NOT NULL, withdrawn INTEGER NOT NULL DEFAULT 0, secret BLOB NOT NULL, id TEXT NOT NULL, body BLOB);
CREATE INDEX IF NOT EXISTS manifest_object ON manifest(object);
-- Rowid = head << 40 | revision: the latest decision not to release.
CREATE TABLE IF NOT EXISTS withheld(no INTEGER PRIMARY KEY, reason TEXT NOT NULL, clause INTEGER, at_us INTEGER NOT NULL);

-- One log per agreement. `size` is the durable size, `signed_size` that of the last signed checkpoint.
CREATE TABLE IF NOT EXISTS log(no INTEGER PRIMARY KEY, agreement TEXT NOT NULL UNIQUE, origin TEXT NOT NULL UNIQUE, size INTEGER NOT NULL,
  edge BLOB NOT NULL, last_us INTEGER NOT NULL, signed_size INTEGER NOT NULL, checkpoint TEXT NOT NULL);
-- Rowid = log << 40 | index.
CREATE TABLE IF NOT EXISTS leaf(no INTEGER PRIMARY KEY, entry BLOB NOT NULL);
-- Rowid = log << 46 | level << 40 | index: roots of complete subtrees.
CREATE TABLE IF NOT EXISTS node(no INTEGER PRIMARY KEY, hash BLOB NOT NULL);

-- What was fetched from other parties, and how far.
CREATE TABLE IF NOT EXISTS inbox(agreement TEXT NOT NULL, party INTEGER NOT NULL REFERENCES party(no), after_us INTEGER NOT NULL,
  checkpoint TEXT, last_us INTEGER, pages INTEGER NOT NULL, objects INTEGER NOT NULL, PRIMARY KEY(agreement, party)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS page_receipt(no INTEGER PRIMARY KEY, agreement TEXT NOT NULL, party INTEGER NOT NULL, receipt BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS delivery(no INTEGER PRIMARY KEY, log INTEGER NOT NULL, leaf INTEGER NOT NULL, head INTEGER NOT NULL,
  first INTEGER NOT NULL, last INTEGER NOT NULL, rows BLOB NOT NULL, UNIQUE(log, leaf));
CREATE TABLE IF NOT EXISTS status(id TEXT PRIMARY KEY, party INTEGER NOT NULL, body TEXT NOT NULL, added_us INTEGER NOT NULL);
";
