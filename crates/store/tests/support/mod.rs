//! A store in a temporary directory, and the shortest way to fill it.

#![allow(dead_code, reason = "each test binary uses its part")]

use entente_store::manifest::{Head, NewRelease};
use entente_store::revisions::NewRevision;
use entente_store::{Result, Store, StoreError};
use std::path::PathBuf;
use tempfile::TempDir;

pub(crate) const AGREEMENT: &str = "agr-1";

/// A store with the node's own party (0) and two others (1 and 2).
pub(crate) struct Bench {
    pub(crate) store: Store,
    directory: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("entente.db")).unwrap();
        store
            .write(|tx| -> Result<()> {
                for id in ["own", "first", "second"] {
                    tx.put_party(id, "card", None)?;
                }
                Ok(())
            })
            .unwrap();
        Self { store, directory }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("entente.db")
    }

    /// Appends `count` revisions and returns the number of the first.
    pub(crate) fn revisions(&self, count: usize) -> i64 {
        self.store
            .write(|tx| -> Result<i64> {
                let mut first = 0;
                for n in 0..count {
                    let no = tx.append_revision(&revision(&format!("indicator--{n}")))?;
                    if n == 0 {
                        first = no;
                    }
                }
                Ok(first)
            })
            .unwrap()
    }

    pub(crate) fn head(&self, recipient: i64) -> Head {
        self.store.write(|tx| tx.head(AGREEMENT, recipient)).unwrap()
    }

    /// Appends rows under a head and returns the first sequence number.
    pub(crate) fn append(&self, head: &Head, rows: &[NewRelease<'_>], now_us: i64) -> Result<i64> {
        self.store.write(|tx| tx.append_releases(head, 7, rows, now_us))
    }

    /// All rows of a manifest: `(seq, added_us, id, superseded, body)`.
    pub(crate) fn rows(&self, head: i64) -> Vec<(i64, i64, String, bool, Vec<u8>)> {
        let mut found = Vec::new();
        self.store
            .read(|s| {
                s.manifest_from(head, 1, 1_000_000, |row, body, _| {
                    found.push((row.seq, row.added_us, row.id, row.superseded, body));
                    Ok::<_, StoreError>(true)
                })
            })
            .unwrap();
        found
    }
}

pub(crate) fn revision(id: &str) -> NewRevision<'_> {
    NewRevision {
        object: 1,
        id,
        version_us: 1,
        party: 0,
        agreement: 0,
        added_us: 1,
        observable: None,
        facts: b"facts",
        quarantine: None,
        receipt: None,
        body: b"held",
    }
}

pub(crate) fn release(id: &str, object: i64, revision: i64, version_us: i64) -> NewRelease<'_> {
    NewRelease { object, revision, agreement: 1, clause: 0, version_us, secret: b"secret", id, body: None }
}
