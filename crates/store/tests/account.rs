//! First contributions, what is said about them, and reports.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use entente_store::account::{ContributionRow, MentionRow, UsefulnessRow};
use entente_store::revisions::{AssertionRow, NewRevision};
use entente_store::{Result, StoreError};
use rusqlite::Connection;
use support::{Bench, revision};

fn assert(bench: &Bench, party: i64, observable: i64, role: i64, added_us: i64) -> i64 {
    bench
        .store
        .write(|tx| -> Result<i64> {
            let new = NewRevision { party, added_us, observable: Some(observable), ..revision("indicator--1") };
            let no = tx.append_revision(&new)?;
            tx.put_assertion(&AssertionRow {
                no: 0,
                observable,
                party,
                kind: 0,
                role,
                country: 0,
                confidence: 80,
                tlp: 1,
                first_us: None,
                last_us: None,
                times: 1,
                revision: no,
                value: format!("value {observable}"),
                detail: "{}".to_owned(),
                victim: false,
            })?;
            Ok(no)
        })
        .unwrap()
}

fn of(bench: &Bench, party: i64, from: i64, to: i64) -> Vec<ContributionRow> {
    let mut found = Vec::new();
    let each = |row| {
        found.push(row);
        Ok::<_, StoreError>(())
    };
    bench.store.read(|s| s.contributions(party, 0, from, to, each)).unwrap();
    found
}

/// Would break: who repeats a value moves its first admission, or changes the class under which it counts.
#[test]
fn the_first_admission_stays_when_a_value_is_asserted_again() {
    let bench = Bench::new();
    assert(&bench, 1, 7, 3, 100);
    let again = assert(&bench, 1, 7, 4, 900);
    assert(&bench, 2, 7, 3, 300);
    let rows = of(&bench, 1, 0, 1_000);
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].added_us, rows[0].role, rows[0].revision), (100, 3, Some(again)));
    assert_eq!((of(&bench, 1, 101, 1_000).len(), of(&bench, 1, 0, 100).len()), (0, 0));
    let all = bench.store.read(|s| s.contributions_of(7)).unwrap();
    assert_eq!(all.iter().map(|row| (row.party, row.added_us)).collect::<Vec<_>>(), [(1, 100), (2, 300)]);
}

/// Would break: an erased value is still named, or no longer counted, or its number is taken by the next one.
#[test]
fn an_erased_assertion_leaves_a_count_and_no_name() {
    let bench = Bench::new();
    assert(&bench, 1, 7, 3, 100);
    assert(&bench, 1, 8, 3, 200);
    let db = Connection::open(bench.path()).unwrap();
    db.execute("DELETE FROM assertion", []).unwrap();
    assert(&bench, 1, 9, 3, 300);
    let rows = of(&bench, 1, 0, 1_000);
    assert_eq!(
        rows.iter().map(|row| (row.added_us, row.value.is_some())).collect::<Vec<_>>(),
        [(100, false), (200, false), (300, true)]
    );
    assert!(rows[0].no < 0 && rows[1].no < 0 && rows[0].no != rows[1].no);
}

/// Would break: a node of the version before loses its history of first admissions.
#[test]
fn a_file_from_before_gets_its_first_admissions() {
    let bench = Bench::new();
    assert(&bench, 1, 7, 3, 100);
    assert(&bench, 1, 7, 4, 900);
    let db = Connection::open(bench.path()).unwrap();
    db.execute_batch(
        "DROP TABLE contribution; DROP TRIGGER contribution_first; DROP TRIGGER contribution_erased; PRAGMA user_version=1;",
    )
    .unwrap();
    drop(db);
    entente_store::Store::open(&bench.path()).unwrap();
    let rows = of(&bench, 1, 0, 1_000);
    assert_eq!(rows.iter().map(|row| row.added_us).collect::<Vec<_>>(), [100]);
}

/// Would break: a sighting that came before its object is never counted.
#[test]
fn a_mention_is_found_once_its_target_is_known() {
    let bench = Bench::new();
    let row = MentionRow { source: 1, target: 2, observable: None, party: 1, verb: 3, at_us: 50, added_us: 60 };
    bench.store.write(|tx| tx.put_mention(&row)).unwrap();
    let open = bench.store.read(|s| s.open_mentions(0, 10)).unwrap();
    assert_eq!(open.iter().map(|(_, target)| *target).collect::<Vec<_>>(), [2]);
    bench.store.write(|tx| tx.resolve_mention(open[0].0, 7)).unwrap();
    assert_eq!(bench.store.read(|s| s.open_mentions(0, 10)).unwrap(), []);
    let resolved = MentionRow { observable: Some(7), ..row };
    assert_eq!(bench.store.read(|s| s.mentions_of(7)).unwrap(), [resolved]);
    assert_eq!(bench.store.read(|s| s.mentions_on(2)).unwrap(), [resolved]);
    let mut by = Vec::new();
    bench
        .store
        .read(|s| {
            s.mentions_by(1, 60, 61, |row| {
                by.push(row);
                Ok::<_, StoreError>(())
            })
        })
        .unwrap();
    assert_eq!(by, [resolved]);
}

/// Would break: raw counts of one month include those of another.
#[test]
fn raw_counts_are_those_of_the_period() {
    let bench = Bench::new();
    for (observable, at) in [(1, 100), (2, 200), (3, 300), (4, 400)] {
        assert(&bench, 1, observable, 3, at);
    }
    let counted = |from, to| {
        bench.store.read(|s| s.received_between(1, from, to)).unwrap().iter().map(|row| row.objects).sum::<i64>()
    };
    assert_eq!((counted(0, 1_000), counted(200, 400), counted(201, 300), counted(400, 401)), (4, 2, 0, 1));
}

/// Would break: a party replaces the report it has given by another one.
#[test]
fn the_first_report_of_a_period_stays() {
    let bench = Bench::new();
    let row = |note: &str, to_us| UsefulnessRow {
        reporter: 1,
        addressee: 0,
        from_us: 0,
        to_us,
        note: note.to_owned(),
        added_us: 9,
    };
    let put = |row: UsefulnessRow| bench.store.write(|tx| tx.put_usefulness("agr-1", &row)).unwrap();
    assert!(put(row("a", 10)) && !put(row("b", 10)) && put(row("c", 20)));
    let held = bench.store.read(|s| s.usefulness("agr-1")).unwrap();
    assert_eq!(held.iter().map(|row| row.note.as_str()).collect::<Vec<_>>(), ["c", "a"]);
}
