//! What every back end must keep: positions, heads, marks, counters, deliveries and logs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use entente_store::manifest::clause_key;
use entente_store::revisions::Counter;
use entente_store::{Result, StoreError};
use proptest::prelude::*;
use support::{AGREEMENT, Bench, release};

/// A reader that asks "after seq n" would miss a row if a number were skipped or used twice.
#[test]
fn sequence_numbers_are_dense_from_one_in_every_manifest() {
    let bench = Bench::new();
    let first = bench.revisions(1);
    for recipient in [1, 2] {
        for batch in 0..3 {
            let ids: Vec<String> = (0..5).map(|n| format!("indicator--{batch}-{n}")).collect();
            let rows: Vec<_> = ids.iter().map(|id| release(id, 9, first, 1)).collect();
            let head = bench.head(recipient);
            assert_eq!(bench.append(&head, &rows, 1_000).unwrap(), batch * 5 + 1);
        }
        let head = bench.head(recipient);
        assert_eq!(head.next_seq, 16);
        let seqs: Vec<i64> = bench.rows(head.no).iter().map(|row| row.0).collect();
        assert_eq!(seqs, (1..=15).collect::<Vec<_>>());
    }
}

/// TAXII pages by `added_after`: two rows with one position would make one of them unreachable.
#[test]
fn date_added_rises_strictly_under_a_stuck_and_a_backwards_clock() {
    let bench = Bench::new();
    let first = bench.revisions(1);
    for now in [5_000, 5_000, 4_000, 1, 9_000] {
        let head = bench.head(1);
        bench.append(&head, &[release("a--1", 1, first, 1), release("a--2", 2, first, 1)], now).unwrap();
    }
    let head = bench.head(1);
    let added: Vec<i64> = bench.rows(head.no).iter().map(|row| row.1).collect();
    assert_eq!(added, [5_000, 5_001, 5_002, 5_003, 5_004, 5_005, 5_006, 5_007, 9_000, 9_001]);
    assert_eq!(head.last_added_us, 9_001);
}

/// Two writers that read the same head must not both append under it.
#[test]
fn an_append_under_a_moved_head_is_a_conflict_and_leaves_nothing() {
    let bench = Bench::new();
    let first = bench.revisions(1);
    let stale = bench.head(1);
    bench.append(&stale, &[release("a--1", 1, first, 1)], 10).unwrap();
    // The rows of the loser would stand at the same place, or behind a gap: either way nothing of them may stay.
    let lost = bench.append(&stale, &[release("a--2", 2, first, 1)], 10);
    assert!(lost.is_err(), "{lost:?}");
    let head = bench.head(1);
    assert_eq!(bench.rows(head.no).len(), 1);
    assert_eq!(head.next_seq, 2);
    assert_eq!(bench.store.read(|s| s.counter(Counter::Released, head.no, clause_key(1, 0))).unwrap(), 1);
}

/// A conflict is what a caller retries; any other code would stop a node whose two processes release at once.
#[test]
fn an_append_under_a_moved_head_says_conflict() {
    let bench = Bench::new();
    let first = bench.revisions(1);
    let stale = bench.head(1);
    bench.append(&stale, &[release("a--1", 1, first, 1)], 10).unwrap();
    let lost = bench.append(&stale, &[release("a--2", 2, first, 1)], 10).unwrap_err();
    assert_eq!(lost.code(), "store.conflict");
}

/// Revisions decided by another process must not be marked again by this one.
#[test]
fn the_mark_of_considered_revisions_is_compare_and_swap() {
    let bench = Bench::new();
    let stale = bench.head(1);
    bench.store.write(|tx| tx.set_considered(&stale, 5)).unwrap();
    let lost = bench.store.write(|tx| tx.set_considered(&stale, 9)).unwrap_err();
    assert_eq!(lost.code(), "store.conflict");
    assert_eq!(bench.head(1).considered, 5);
    bench.store.write(|tx| tx.reconsider(stale.no)).unwrap();
    assert_eq!(bench.head(1).considered, 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The binary search must agree with looking at every row, at and around every position.
    #[test]
    fn seq_after_equals_a_linear_search(steps in prop::collection::vec(0_i64..4, 1..40)) {
        let bench = Bench::new();
        let first = bench.revisions(1);
        let mut now = 10;
        for step in &steps {
            now += step;
            let head = bench.head(1);
            bench.append(&head, &[release("a--1", 1, first, 1)], now).unwrap();
        }
        let head = bench.head(1);
        let rows = bench.rows(head.no);
        for after in 0..now + 60 {
            let naive = rows.iter().find(|row| row.1 > after).map_or(head.next_seq, |row| row.0);
            prop_assert_eq!(bench.store.read(|s| s.seq_after(&head, after)).unwrap(), naive, "after {}", after);
        }
    }

    /// Whatever the order in which versions are released, exactly the newest one of an id is not superseded.
    #[test]
    fn exactly_the_newest_version_is_not_superseded(versions in prop::collection::vec(1_i64..6, 1..12)) {
        let bench = Bench::new();
        let first = bench.revisions(1);
        for version in &versions {
            let head = bench.head(1);
            bench.append(&head, &[release("a--1", 1, first, *version), release("a--2", 1, first, 1)], 10).unwrap();
        }
        let head = bench.head(1);
        let live: Vec<_> = bench.rows(head.no).into_iter().filter(|row| row.2 == "a--1" && !row.3).collect();
        prop_assert_eq!(live.len(), 1);
        // Of equal versions the one released last stays.
        let newest = versions.iter().max().unwrap();
        let last = versions.iter().rposition(|version| version == newest).unwrap();
        prop_assert_eq!(live[0].0, i64::try_from(last).unwrap() * 2 + 1);
    }
}

/// Ids that share a 64-bit key are different objects; manifests of other recipients are none of this one's business.
#[test]
fn superseding_compares_ids_and_stays_in_its_manifest() {
    let bench = Bench::new();
    let first = bench.revisions(1);
    for recipient in [1, 2] {
        let head = bench.head(recipient);
        bench.append(&head, &[release("a--1", 1, first, 1)], 10).unwrap();
    }
    let head = bench.head(1);
    bench.append(&head, &[release("a--1", 1, first, 2), release("a--other", 1, first, 3)], 10).unwrap();
    let marks = |recipient| bench.rows(bench.head(recipient).no).iter().map(|row| row.3).collect::<Vec<_>>();
    assert_eq!(marks(1), [true, false, false]);
    assert_eq!(marks(2), [false]);
}

/// A page must show the counts as they are now: one row per revision, at its latest reason.
#[test]
fn withheld_counters_follow_the_latest_decision() {
    let bench = Bench::new();
    let head = bench.head(1);
    bench
        .store
        .write(|tx| -> Result<()> {
            tx.withhold(head.no, 1, "clause.age", Some(0), 1)?;
            tx.withhold(head.no, 2, "clause.age", Some(0), 1)?;
            tx.withhold(head.no, 3, "closure.dangling-required", None, 1)?;
            tx.withhold(head.no, 2, "clause.tlp", Some(1), 2)?;
            tx.unwithhold(head.no, 3)?;
            tx.unwithhold(head.no, 99)
        })
        .unwrap();
    let counted = bench.store.read(|s| s.withheld_by_reason(head.no)).unwrap();
    assert_eq!(counted, [("clause.age".to_owned(), 1), ("clause.tlp".to_owned(), 1)]);
    let rows = bench.store.read(|s| s.withheld_after(head.no, 0, 10)).unwrap();
    assert_eq!(rows, [(1, "clause.age".to_owned(), Some(0)), (2, "clause.tlp".to_owned(), Some(1))]);
    assert_eq!(bench.store.read(|s| s.withheld_after(head.no, 1, 10)).unwrap().len(), 1);
    assert_eq!(bench.store.read(|s| s.withheld(head.no, 3)).unwrap(), None);
}

/// Relationships that wait for their ends are walked page by page; those that wait for ever must not hide the rest.
#[test]
fn what_waits_for_closure_is_walked_in_pages() {
    let bench = Bench::new();
    let (head, other) = (bench.head(1), bench.head(2));
    bench
        .store
        .write(|tx| -> Result<()> {
            for revision in [1, 3, 4, 9] {
                tx.withhold(head.no, revision, "closure.dangling-required", None, 1)?;
            }
            tx.withhold(head.no, 5, "clause.age", None, 1)?;
            tx.withhold(other.no, 2, "closure.dangling-required", None, 1)
        })
        .unwrap();
    let page = |after| bench.store.read(|s| s.withheld_for_closure(head.no, after, 2)).unwrap();
    assert_eq!([page(0), page(3), page(9)], [vec![1, 3], vec![4, 9], vec![]]);
    let last = |no| bench.store.read(|s| s.last_withheld(no)).unwrap();
    assert_eq!((last(head.no), last(other.no), last(99)), (9, 2, 0));
}

/// A receipt is made from the rows of a delivery; one row more or less proves something else.
#[test]
fn delivery_rows_come_back_dense_and_sparse() {
    let bench = Bench::new();
    let head = bench.head(1);
    bench
        .store
        .write(|tx| -> Result<()> {
            tx.put_delivery(1, 4, head.no, &[3, 4, 5], 50)?;
            tx.put_delivery(1, 5, head.no, &[3, 9, 10_000_000_000], 60)?;
            tx.put_delivery(1, 6, head.no, &[8], 70)
        })
        .unwrap();
    let found = |leaf| bench.store.read(|s| s.delivery(1, leaf)).unwrap();
    assert_eq!(found(4), Some((head.no, vec![3, 4, 5])));
    assert_eq!(found(5), Some((head.no, vec![3, 9, 10_000_000_000])));
    assert_eq!(found(6), Some((head.no, vec![8])));
    assert_eq!(found(7), None);
    assert_eq!(bench.store.read(|s| s.delivery(2, 4)).unwrap(), None);
    assert_eq!(bench.head(1).delivered_us, Some(70));
    assert_eq!(bench.store.read(|s| s.counter(Counter::Delivered, head.no, 0)).unwrap(), 7);
}

/// The bytes of a release are those it was made with, or those of its revision, never those of another head's rows.
#[test]
fn a_manifest_hands_out_the_bytes_released_and_stops_at_its_end() {
    let bench = Bench::new();
    let first = bench.revisions(1);
    let mut changed = release("a--1", 1, first, 1);
    changed.body = Some(b"released");
    bench.append(&bench.head(1), &[changed, release("a--2", 2, first, 1)], 10).unwrap();
    bench.append(&bench.head(2), &[release("a--3", 3, first, 1)], 10).unwrap();
    let bodies: Vec<Vec<u8>> = bench.rows(bench.head(1).no).into_iter().map(|row| row.4).collect();
    assert_eq!(bodies, [b"released".to_vec(), b"held".to_vec()]);
    let newest = bench.store.read(|s| s.newest_releases(bench.head(1).no, 1)).unwrap();
    assert_eq!(newest.iter().map(|row| row.seq).collect::<Vec<_>>(), [2]);
}

/// Half a transaction on disk would be a release without a leaf.
#[test]
fn a_failed_transaction_leaves_nothing() {
    let bench = Bench::new();
    let first = bench.revisions(1);
    let head = bench.head(1);
    let before = std::fs::read(bench.path()).unwrap().len();
    let failed = bench.store.write(|tx| -> Result<()> {
        tx.append_revision(&support::revision("indicator--x"))?;
        tx.append_releases(&head, 0, &[release("a--1", 1, first, 1)], 10)?;
        tx.withhold(head.no, 1, "clause.age", None, 1)?;
        let log = tx.create_log(AGREEMENT, "origin", b"")?;
        tx.append_leaf(&log, b"leaf", &[(0, 0, [1; 32])], b"edge", 1)?;
        Err(StoreError::Conflict)
    });
    assert_eq!(failed.unwrap_err().code(), "store.conflict");
    assert_eq!(bench.store.read(|s| s.last_revision()).unwrap(), first);
    assert_eq!(bench.head(1).next_seq, 1);
    assert!(bench.store.read(|s| s.withheld_by_reason(head.no)).unwrap().is_empty());
    assert!(bench.store.read(|s| s.log(AGREEMENT)).unwrap().is_none());
    // The next transaction is not disturbed by the failed one, nor by a panic in one.
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = bench.store.write(|tx| -> Result<()> {
            tx.append_revision(&support::revision("indicator--y"))?;
            panic!("in the middle of a transaction")
        });
    }));
    assert!(panicked.is_err());
    assert_eq!(bench.store.read(|s| s.last_revision()).unwrap(), first);
    assert_eq!(bench.revisions(1), first + 1);
    assert!(bench.store.integrity().unwrap().is_empty());
    assert!(std::fs::read(bench.path()).unwrap().len() >= before);
}

/// A leaf appended twice, or a checkpoint of a size that is not durable, would fork the log.
#[test]
fn a_log_grows_by_compare_and_swap_and_signs_only_what_is_stored() {
    let bench = Bench::new();
    let log = bench.store.write(|tx| tx.create_log(AGREEMENT, "origin", b"empty")).unwrap();
    assert_eq!((log.size, log.signed_size), (0, -1));
    assert_eq!(bench.store.write(|tx| tx.create_log(AGREEMENT, "origin", b"other")).unwrap(), log);
    let grown = bench.store.write(|tx| tx.append_leaf(&log, b"leaf 0", &[(0, 0, [1; 32])], b"one", 5)).unwrap();
    assert_eq!((grown.size, grown.edge.as_slice(), grown.last_us), (1, b"one".as_slice(), 5));
    let fork = bench.store.write(|tx| tx.append_leaf(&log, b"other leaf 0", &[], b"fork", 6)).unwrap_err();
    assert_eq!(fork.code(), "store.conflict");
    assert!(!bench.store.write(|tx| tx.put_checkpoint(log.no, 2, "of the future")).unwrap());
    assert!(bench.store.write(|tx| tx.put_checkpoint(log.no, 1, "first")).unwrap());
    assert!(!bench.store.write(|tx| tx.put_checkpoint(log.no, 1, "second")).unwrap());
    let stored = bench.store.read(|s| s.log(AGREEMENT)).unwrap().unwrap();
    assert_eq!((stored.size, stored.signed_size, stored.checkpoint.as_str()), (1, 1, "first"));
    assert_eq!(bench.store.read(|s| s.leaves(log.no, 0, 10)).unwrap(), [(0, b"leaf 0".to_vec())]);
    assert_eq!(bench.store.read(|s| s.node(log.no, 0, 0)).unwrap(), Some([1; 32]));
    assert_eq!(bench.store.read(|s| s.node(log.no, 1, 0)).unwrap(), None);
    assert_eq!(bench.store.read(|s| s.node(log.no, 64, 0)).unwrap_err().code(), "store.damaged");
}

/// The same notice with the same bytes is one notice (A36); the same version of an agreement has one text.
#[test]
fn a_notice_is_stored_once_and_a_version_keeps_its_text() {
    let bench = Bench::new();
    let put = |digest: &[u8]| bench.store.write(|tx| tx.put_notice(AGREEMENT, digest, "note", 1)).unwrap();
    assert!(put(b"d1"));
    assert!(!put(b"d1"));
    assert!(put(b"d2"));
    assert_eq!(bench.store.read(|s| s.notices(AGREEMENT)).unwrap().len(), 2);
    assert!(bench.store.read(|s| s.notices("agr-2")).unwrap().is_empty());
    let no = bench.store.write(|tx| tx.put_agreement(AGREEMENT, 1, b"hash", "one signature", 1)).unwrap();
    let same = bench.store.write(|tx| tx.put_agreement(AGREEMENT, 1, b"hash", "both signatures", 2)).unwrap();
    assert_eq!(no, same);
    let other = bench.store.write(|tx| tx.put_agreement(AGREEMENT, 1, b"another", "another text", 3));
    assert_eq!(other.unwrap_err().code(), "store.conflict");
    let rows = bench.store.read(|s| s.agreements()).unwrap();
    assert_eq!((rows.len(), rows[0].note.as_str()), (1, "both signatures"));
}

/// A revoked token must not live on in the console session that was opened with it.
#[test]
fn revoking_a_token_ends_the_sessions_of_its_party() {
    use entente_store::parties::CredentialRow;
    let bench = Bench::new();
    let row = CredentialRow {
        id: "first.token".to_owned(),
        secret: vec![1; 32],
        party: 1,
        expires_us: None,
        revoked_us: None,
    };
    bench
        .store
        .write(|tx| -> Result<()> {
            tx.put_credential(&row, 1)?;
            tx.put_session(b"of first", 1, 1_000, 1)?;
            tx.put_session(b"of second", 2, 1_000, 1)
        })
        .unwrap();
    let epoch = bench.store.read(|s| s.epoch()).unwrap();
    assert!(bench.store.write(|tx| tx.revoke_credential("first.token", 5)).unwrap());
    assert_eq!(bench.store.read(|s| s.session(b"of first", 6)).unwrap(), None);
    assert_eq!(bench.store.read(|s| s.session(b"of second", 6)).unwrap(), Some(2));
    assert_ne!(bench.store.read(|s| s.epoch()).unwrap(), epoch, "other processes must drop what they cached");
    assert!(!bench.store.write(|tx| tx.revoke_credential("first.token", 7)).unwrap());
    assert!(!bench.store.write(|tx| tx.revoke_credential("nobody", 7)).unwrap());
}

/// A session that has ended must not let anybody in, whether or not it was swept.
#[test]
fn sessions_end_at_their_time_and_settings_are_taken_once() {
    let bench = Bench::new();
    bench.store.write(|tx| tx.put_session(b"s", 0, 100, 1)).unwrap();
    assert_eq!(bench.store.read(|s| s.session(b"s", 99)).unwrap(), Some(0));
    assert_eq!(bench.store.read(|s| s.session(b"s", 100)).unwrap(), None);
    bench.store.write(|tx| tx.put_setting("enter:key", b"1")).unwrap();
    assert!(bench.store.write(|tx| tx.take_setting("enter:key")).unwrap());
    assert!(!bench.store.write(|tx| tx.take_setting("enter:key")).unwrap());
}
