//! What a failing disk leaves behind (A43): nothing after a clean failure, everything after a commit whose outcome was unknown.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

use entente_store::{Faults, Options, Step, Store, StoreError};
use std::sync::{Arc, Mutex};

/// Fails the steps it is told to.
#[derive(Debug, Default)]
struct Disk(Mutex<Vec<Step>>);

impl Disk {
    fn fail(&self, steps: &[Step]) {
        *self.0.lock().unwrap() = steps.to_vec();
    }
}

impl Faults for Disk {
    fn fails(&self, step: Step) -> bool {
        self.0.lock().unwrap().contains(&step)
    }
}

fn put(store: &Store, name: &str) -> Result<(), StoreError> {
    store.write(|tx| tx.put_setting(name, b"1"))
}

fn has(store: &Store, name: &str) -> bool {
    store.read(|s| s.setting(name)).unwrap().is_some()
}

#[test]
fn abuse_a43_a_failed_commit_leaves_nothing_and_an_unknown_one_everything() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("entente.db");
    let disk = Arc::new(Disk::default());
    let store = Store::open_with(&path, Options { faults: Some(disk.clone()), volatile: false }).unwrap();
    for (step, kept) in [(Step::Begin, false), (Step::Commit, false), (Step::Committed, true)] {
        let name = format!("{step:?}");
        disk.fail(&[step]);
        let error = put(&store, &name).unwrap_err();
        assert_eq!(error.code(), "store.unavailable", "{step:?}");
        disk.fail(&[]);
        assert_eq!(has(&store, &name), kept, "{step:?}");
        // The connection is sound afterwards: the next transaction neither finds an open one nor loses its own work.
        put(&store, "next").unwrap();
        assert!(has(&store, "next"));
    }
    disk.fail(&[Step::Read]);
    assert_eq!(store.read(|s| s.setting("next")).unwrap_err().code(), "store.unavailable");
}

#[test]
fn abuse_a43_a_store_that_died_is_whole_when_it_is_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("entente.db");
    let disk = Arc::new(Disk::default());
    let store = Store::open_with(&path, Options { faults: Some(disk.clone()), volatile: true }).unwrap();
    put(&store, "before").unwrap();
    disk.fail(&[Step::Begin, Step::Commit, Step::Committed, Step::Read]);
    assert!(put(&store, "after").is_err());
    drop(store);
    let again = Store::open(&path).unwrap();
    assert!(has(&again, "before") && !has(&again, "after"));
    assert!(again.integrity().unwrap().is_empty());
}
