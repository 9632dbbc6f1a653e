//! The file itself: formats, reopening, and two handles on one file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use entente_store::{FORMAT, Result, Store, StoreError};
use rusqlite::Connection;
use std::sync::Barrier;
use support::{AGREEMENT, Bench, release};

/// An older program that writes into a newer file could destroy what it does not know.
#[test]
fn abuse_a45_a_file_of_a_newer_format_is_refused_and_not_touched() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("entente.db");
    {
        let db = Connection::open(&path).unwrap();
        db.execute_batch("CREATE TABLE future(x); INSERT INTO future VALUES(7);").unwrap();
        db.pragma_update(None, "user_version", FORMAT + 1).unwrap();
    }
    let error = Store::open(&path).unwrap_err();
    assert_eq!(error.code(), "store.newer-format");
    let text = error.to_string();
    assert!(text.contains(&(FORMAT + 1).to_string()) && text.contains(&FORMAT.to_string()), "{text}");
    let db = Connection::open(&path).unwrap();
    let tables: Vec<String> = {
        let mut statement = db.prepare("SELECT name FROM sqlite_master WHERE type='table'").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(tables, ["future"]);
    let kept: i64 = db.query_row("SELECT x FROM future", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 7);
}

/// A file that is no database must be named in the error, not overwritten.
#[test]
fn a_file_that_is_no_database_is_refused_and_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("entente.db");
    std::fs::write(&path, "this is a letter, not a database, and long enough to be read as a header".repeat(20))
        .unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = Store::open(&path).unwrap_err();
    assert_eq!(error.code(), "store.unavailable");
    assert!(error.to_string().contains("entente.db"));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

/// What was acknowledged is there after the process is gone, without any clean shutdown.
#[test]
fn what_was_committed_is_there_for_the_next_handle() {
    let bench = Bench::new();
    let first = bench.revisions(3);
    bench.append(&bench.head(1), &[release("a--1", 1, first, 1)], 10).unwrap();
    // The first handle is still open and its write-ahead log is not folded back.
    let second = Store::open(&bench.path()).unwrap();
    assert_eq!(second.read(|s| s.last_revision()).unwrap(), first + 2);
    assert_eq!(second.read(|s| s.head(AGREEMENT, 1)).unwrap().unwrap().next_seq, 2);
    second.checkpoint_wal().unwrap();
    assert!(second.integrity().unwrap().is_empty());
}

/// Two processes that append at once: every row gets its own place, and the loser of a race learns it.
#[test]
fn two_handles_on_one_file_race_without_gaps_or_repeats() {
    let bench = Bench::new();
    let first = bench.revisions(1);
    bench.head(1);
    let path = bench.path();
    let start = Barrier::new(2);
    let conflicts: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2)
            .map(|worker| {
                let (path, start) = (&path, &start);
                scope.spawn(move || {
                    let store = Store::open(path).unwrap();
                    start.wait();
                    let mut conflicts = 0;
                    for n in 0..20 {
                        let id = format!("a--{worker}-{n}");
                        loop {
                            // The head is read outside the transaction that appends, as a release does.
                            let head = store.read(|s| s.head(AGREEMENT, 1)).unwrap().unwrap();
                            let row = release(&id, 1, first, 1);
                            match store.write(|tx| tx.append_releases(&head, 0, &[row], 10)) {
                                Ok(_) => break,
                                Err(StoreError::Conflict) => conflicts += 1,
                                Err(other) => panic!("{other:?}"),
                            }
                        }
                    }
                    conflicts
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    let rows = bench.rows(bench.head(1).no);
    assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<_>>(), (1..=40).collect::<Vec<_>>(), "{conflicts} conflicts");
    let mut ids: Vec<&str> = rows.iter().map(|row| row.2.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 40);
    assert!(rows.windows(2).all(|pair| pair[0].1 < pair[1].1));
}

/// A page is read on one snapshot: what is appended meanwhile does not show half.
#[test]
fn a_snapshot_does_not_see_what_is_committed_while_it_lasts() {
    let bench = Bench::new();
    let first = bench.revisions(1);
    bench
        .store
        .read(|s| -> Result<()> {
            assert_eq!(s.last_revision()?, first);
            bench.store.write(|tx| tx.append_revision(&support::revision("indicator--new")))?;
            assert_eq!(s.last_revision()?, first);
            Ok(())
        })
        .unwrap();
    assert_eq!(bench.store.read(|s| s.last_revision()).unwrap(), first + 1);
}
