//! What quotas and simulations ask of every back end: counters that are kept apart, and the way into the past.

#![allow(clippy::unwrap_used, reason = "tests may stop")]

mod support;

use entente_store::Result;
use entente_store::quotas::Use;
use support::Bench;

/// One counter for two parties, days or uses would let one pay for the other.
#[test]
fn uses_are_counted_apart_by_agreement_party_day_and_use() {
    let bench = Bench::new();
    let places = [("a", 1, 10, Use::Released), ("b", 1, 10, Use::Released), ("a", 2, 10, Use::Released)];
    let others = [("a", 1, 11, Use::Released), ("a", 1, 10, Use::Delivered)];
    let all: Vec<_> = places.into_iter().chain(others).collect();
    for (n, (agreement, party, day, what)) in (1..).zip(&all) {
        for _ in 0..2 {
            bench.store.write(|tx| tx.count_quota(agreement, *party, *day, *what, n)).unwrap();
        }
    }
    let used = |at: &(&str, i64, i64, Use)| bench.store.read(|s| s.quota_used(at.0, at.1, at.2, at.3)).unwrap();
    assert_eq!(all.iter().map(used).collect::<Vec<_>>(), [2, 4, 6, 8, 10]);
    assert_eq!(used(&("a", 1, 12, Use::Delivered)), 0);
    // A transaction that fails counts nothing.
    let failed: Result<()> = bench.store.write(|tx| {
        tx.count_quota("a", 1, 10, Use::Released, 100)?;
        Err(entente_store::StoreError::Conflict)
    });
    assert!(failed.is_err());
    assert_eq!(used(&("a", 1, 10, Use::Released)), 2);
}

/// What waits must be found again, oldest first, and nothing else with it.
#[test]
fn revisions_are_found_by_the_reason_they_are_withheld_for() {
    let bench = Bench::new();
    let (head, other) = (bench.head(1), bench.head(2));
    bench
        .store
        .write(|tx| -> Result<()> {
            for revision in [9, 3, 5] {
                tx.withhold(head.no, revision, "limit.objects-per-day", Some(0), 1)?;
            }
            tx.withhold(head.no, 4, "limit.volume", None, 1)?;
            tx.withhold(other.no, 6, "limit.objects-per-day", None, 1)
        })
        .unwrap();
    let page = |reason, after, limit| bench.store.read(|s| s.withheld_for(head.no, reason, after, limit)).unwrap();
    assert_eq!(page("limit.objects-per-day", 0, 2), [3, 5]);
    assert_eq!(page("limit.objects-per-day", 5, 2), [9]);
    assert!(page("limit.objects-per-day", 9, 2).is_empty() && page("limit.objects", 0, 9).is_empty());
}

/// A period that began one revision early or late would count what was not asked for.
#[test]
fn the_last_revision_before_an_instant_is_found_across_gaps_and_equal_times() {
    let bench = Bench::new();
    let find = |instant| bench.store.read(|s| s.last_revision_before(instant)).unwrap();
    assert_eq!(find(i64::MAX), 0, "an empty store has no past");
    bench.revisions(8);
    let database = rusqlite::Connection::open(bench.store.path()).unwrap();
    for (no, added_us) in [(1, 10), (2, 10), (3, 20), (4, 30), (5, 30), (6, 30), (7, 40), (8, 40)] {
        database.execute("UPDATE revision SET added_us=?2 WHERE no=?1", [no, added_us]).unwrap();
    }
    database.execute("DELETE FROM revision WHERE no IN (2, 5)", []).unwrap();
    let cases = [(0, 0), (10, 0), (11, 1), (20, 1), (21, 3), (30, 3), (31, 6), (40, 6), (41, 8), (i64::MAX, 8)];
    for (instant, expected) in cases {
        assert_eq!(find(instant), expected, "before {instant}");
    }
}
