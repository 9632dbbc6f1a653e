//! Durable state of one node, on the embedded SQLite store.
//!
//! The schema is log-shaped: revisions, assertions, manifests and ledger leaves are only ever appended; heads, logs, cursors and
//! counters are the few rows that change. Two rules keep it correct:
//!
//! - **Positions never come from a database sequence or a clock.** They are taken from the head row of their collection (or the
//!   log row of their log) inside the transaction that appends, so they are dense and nothing can appear behind a reader.
//! - **Everything that becomes visible together is one transaction.** [`Store::write`] runs a closure on a [`Tx`]; when it
//!   returns, the result is on disk (`synchronous=FULL`) or nothing happened.
//!
//! Keys are 64-bit integers wherever an index would see random order: object ids and observables are looked up by a hash that the
//! caller computes and confirm by comparing the text, and positions are packed as `head << 40 | seq` into the rowid, so the
//! manifest, the withheld decisions and the leaves need no secondary index at all.
//!
//! | module | what it owns |
//! |---|---|
//! | [`parties`] | parties, credentials, console sessions |
//! | [`agreements`] | signed notes and one-line notices |
//! | [`reviews`] | what people decided about revisions, and what is decided again |
//! | [`revisions`] | revisions of objects, assertions, counters |
//! | [`manifest`] | heads, releases and withheld decisions |
//! | [`logs`] | leaves, tree nodes, checkpoints |
//! | [`recalls`] | recalls, tombstones, what is sealed and what was erased |
//! | [`account`] | first contributions, what is said about them, usefulness reports |
//! | [`quotas`] | what each party used of its daily quota |
//! | [`inbox`] | positions at other parties, page receipts, TAXII status |
//! | [`faults`] | where a simulation makes the disk fail |
//! | [`witness`] | cosigned heads, cosignatures, copies of other logs, halted logs, distrusted parties, rotated keys |
//!
//! The crate knows no policy and no STIX semantics: it stores the bytes and the facts it is given.

pub mod account;
pub mod agreements;
pub mod faults;
pub mod inbox;
pub mod logs;
pub mod manifest;
pub mod offers;
pub mod parties;
pub mod quotas;
pub mod recalls;
pub mod reviews;
pub mod revisions;
mod schema;
pub mod witness;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior, ffi};

pub use faults::{Faults, Options, Step};
pub use schema::FORMAT;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database refused, is damaged, or the disk failed.
    #[error("store `{path}` is unavailable while it tried to {operation}")]
    Unavailable {
        /// What was being done.
        operation: &'static str,
        /// The database file.
        path: String,
        /// The cause.
        source: rusqlite::Error,
    },
    /// The file was written by a newer version of the program.
    #[error("store `{path}` has format {found}, this version reads up to {known}")]
    NewerFormat {
        /// The database file.
        path: String,
        /// The format found.
        found: i64,
        /// The newest format this version knows.
        known: i64,
    },
    /// A row does not have the form this version writes.
    #[error("store row is damaged: {0}")]
    Damaged(String),
    /// A compare-and-swap lost: somebody else appended first.
    #[error("store head moved while a batch was being prepared")]
    Conflict,
}

impl StoreError {
    /// Stable code, as listed in `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "store.unavailable",
            Self::NewerFormat { .. } => "store.newer-format",
            Self::Damaged(_) => "store.damaged",
            Self::Conflict => "store.conflict",
        }
    }
}

/// Result of a store operation.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Readers kept open between requests.
// LIMIT: each reader holds a page cache of at most 16 MiB; four of them and the writer stay below 100 MiB.
const READERS_MAX: usize = 4;

/// The durable state of one node: one writer connection and a few readers on one SQLite file.
///
/// Cheap operations only hold the writer for their own transaction; several processes may open the same file, SQLite's locks
/// order their transactions.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    options: Options,
    /// Held for the length of one write transaction.
    writer: Mutex<Connection>,
    /// Held only while a connection is taken out or put back.
    readers: Mutex<Vec<Connection>>,
}

/// A write transaction. Dropped without [`Store::write`] returning `Ok`, it leaves nothing behind.
#[derive(Debug)]
pub struct Tx<'a> {
    pub(crate) db: &'a Connection,
    /// Changes of counters, written as one statement each when the transaction commits.
    counts: RefCell<Counts>,
}

/// Changes of counters by name and two keys.
type Counts = HashMap<(Cow<'static, str>, i64, i64), i64>;

/// A consistent read snapshot.
#[derive(Debug)]
pub struct Snapshot<'a> {
    pub(crate) db: &'a Connection,
}

impl Store {
    /// Opens the database at `path`, creating or migrating it.
    ///
    /// # Errors
    /// [`StoreError::NewerFormat`] when a newer version wrote it, [`StoreError::Unavailable`] on any I/O error.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, Options::default())
    }

    /// Opens the database at `path` as [`Store::open`] does, on a disk that may fail.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with(path: &Path, options: Options) -> Result<Self> {
        let writer = connect(path, true, &options).map_err(|source| StoreError::Unavailable {
            operation: "open",
            path: path.display().to_string(),
            source,
        })?;
        schema::migrate(&writer, path)?;
        Ok(Self { path: path.to_path_buf(), options, writer: Mutex::new(writer), readers: Mutex::new(Vec::new()) })
    }

    /// Runs `work` in one immediate transaction and commits it durably.
    ///
    /// # Errors
    /// Whatever `work` returns (nothing is kept then), or [`StoreError::Unavailable`] when the commit failed.
    pub fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let mut writer = locked(&self.writer);
        self.step(Step::Begin, "begin a transaction")?;
        let transaction = writer
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|e| self.unavailable("begin a transaction", e))?;
        let tx = Tx { db: &transaction, counts: RefCell::default() };
        let value = work(&tx)?;
        tx.write_counts()?;
        drop(tx);
        self.step(Step::Commit, "commit")?;
        transaction.commit().map_err(|e| self.unavailable("commit", e))?;
        self.step(Step::Committed, "commit")?;
        Ok(value)
    }

    /// Runs `work` on one consistent snapshot.
    ///
    /// # Errors
    /// Whatever `work` returns, or [`StoreError::Unavailable`].
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Snapshot<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.step(Step::Read, "begin a snapshot")?;
        let pooled = locked(&self.readers).pop();
        let reader = match pooled {
            Some(reader) => reader,
            None => connect(&self.path, false, &self.options).map_err(|e| self.unavailable("open a reader", e))?,
        };
        let value = {
            let transaction = reader.unchecked_transaction().map_err(|e| self.unavailable("begin a snapshot", e))?;
            work(&Snapshot { db: &transaction })
        };
        let mut readers = locked(&self.readers);
        if readers.len() < READERS_MAX {
            readers.push(reader);
        }
        value
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Folds the write-ahead log back into the database file.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn checkpoint_wal(&self) -> Result<()> {
        locked(&self.writer)
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(|e| self.unavailable("fold the write-ahead log", e))
    }

    /// Checks the integrity of the database file; returns the findings, empty when it is sound.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn integrity(&self) -> Result<Vec<String>> {
        self.read(|snapshot| {
            // LIMIT: reads the whole file; only `doctor` and `store check` ask for it.
            let mut statement = snapshot.db.prepare("PRAGMA quick_check(20)").map_err(db)?;
            let rows = statement.query_map([], |row| row.get::<_, String>(0)).map_err(db)?;
            let found = rows.collect::<rusqlite::Result<Vec<_>>>().map_err(db)?;
            Ok(found.into_iter().filter(|line| line != "ok").collect())
        })
    }

    /// Lets the hook, if there is one, fail a step.
    fn step(&self, step: Step, operation: &'static str) -> Result<()> {
        match &self.options.faults {
            Some(faults) if faults.fails(step) => {
                let failed = rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR), None);
                Err(self.unavailable(operation, failed))
            }
            _ => Ok(()),
        }
    }

    fn unavailable(&self, operation: &'static str, source: rusqlite::Error) -> StoreError {
        StoreError::Unavailable { operation, path: self.path.display().to_string(), source }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic in another thread rolled its transaction back when the guard was dropped, so the connection is sound.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(path: &Path, writer: bool, options: &Options) -> rusqlite::Result<Connection> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if writer {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(Duration::from_secs(30))?;
    // The planner's answer must not depend on bound values: otherwise each new position prepares its statement again, a fifth of the
    // time of a large import.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.set_prepared_statement_cache_capacity(64);
    db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    db.pragma_update(None, "synchronous", if options.volatile { "OFF" } else { "FULL" })?;
    db.pragma_update(None, "foreign_keys", "ON")?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    // LIMIT: 96 MiB of page cache for the writer keeps the three random indexes of a million objects (about 25 MB each) in memory;
    // SQLite takes it only as it is used.
    db.pragma_update(None, "cache_size", if writer { -98_304 } else { -16_384 })?;
    // LIMIT: the write-ahead log is folded back at 256 MiB, so that an index page written by many batches is copied once; it is cut
    // back to 16 MiB afterwards.
    db.pragma_update(None, "wal_autocheckpoint", 65_536)?;
    db.pragma_update(None, "journal_size_limit", 16_777_216)?;
    Ok(db)
}

/// Turns a database error inside a transaction into ours; the path is added by the caller's context.
pub(crate) fn db(source: rusqlite::Error) -> StoreError {
    StoreError::Unavailable { operation: "read or write a row", path: String::new(), source }
}

/// Packs a head or log number and a position into one rowid.
// INVARIANT: heads and logs stay below 2^22 and positions below 2^40, so the product fits a positive i64.
pub(crate) const fn packed(owner: i64, position: i64) -> i64 {
    (owner << 40) | position
}

/// The position inside a packed rowid.
pub(crate) const fn position(packed: i64) -> i64 {
    packed & ((1 << 40) - 1)
}
