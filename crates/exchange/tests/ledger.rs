//! The ledger under attack, and receipts that stand by themselves.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use entente_ledger::UnixSeconds;
use entente_ledger::checkpoint::Checkpoint;
use entente_ledger::merkle;
use entente_ledger::note::VerifierKey;
use entente_ledger::policy::Policy;
use entente_ledger::receipt::Receipt;
use support::{AGREEMENT, World};

fn world() -> World {
    let world = World::new();
    for n in 0..6 {
        world.northtel.admit(&format!("198.51.100.{n}\n"));
        world.northtel.page(AGREEMENT, "fusion");
    }
    assert_eq!(world.northtel.count("SELECT size FROM log"), 14);
    assert!(world.northtel.log_problems().is_empty());
    world
}

/// Changes one stored value in place, and keeps its type.
fn damage(world: &World, table: &str, column: &str, which: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let database = world.northtel.database();
    let row = format!("rowid=(SELECT rowid FROM {table} ORDER BY rowid {which})");
    let mut bytes: Vec<u8> = database
        .query_row(&format!("SELECT CAST({column} AS BLOB) FROM {table} WHERE {row}"), [], |row| row.get(0))
        .unwrap();
    let before = bytes.clone();
    change(&mut bytes);
    assert_ne!(bytes, before);
    let text = column == "checkpoint";
    let cast = if text { "CAST(?1 AS TEXT)" } else { "?1" };
    assert_eq!(database.execute(&format!("UPDATE {table} SET {column}={cast} WHERE {row}"), [bytes]).unwrap(), 1);
}

/// One flipped bit anywhere in what the log rests on must be found by the check that reads it back.
#[test]
fn abuse_a42_a_flipped_bit_in_leaf_node_edge_or_checkpoint_is_found() {
    let mut world = world();
    let mut found = |what: &str, damage: &dyn Fn(&World)| {
        damage(&world);
        assert!(!world.northtel.log_problems().is_empty(), "a damaged {what} was not found");
        world = self::world();
    };
    found("leaf", &|w| damage(w, "leaf", "entry", "LIMIT 1 OFFSET 4", |bytes| bytes[9] ^= 1));
    found("last leaf", &|w| damage(w, "leaf", "entry", "DESC LIMIT 1", |bytes| *bytes.last_mut().unwrap() ^= 1));
    found("node", &|w| damage(w, "node", "hash", "LIMIT 1", |bytes| bytes[0] ^= 1));
    found("high node", &|w| damage(w, "node", "hash", "DESC LIMIT 1", |bytes| bytes[31] ^= 0x80));
    found("edge", &|w| damage(w, "log", "edge", "LIMIT 1", |bytes| *bytes.last_mut().unwrap() ^= 1));
    found("signature", &|w| {
        damage(w, "log", "checkpoint", "LIMIT 1", |bytes| {
            let at = bytes.len() - 10;
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        })
    });
}

/// Rows taken away, swapped or set back (A46) are as bad as changed ones.
#[test]
fn abuse_a42_and_abuse_a46_missing_swapped_and_rolled_back_rows_are_found() {
    let statements = [
        ("node", "DELETE FROM node WHERE no=(SELECT min(no)+2 FROM node)"),
        ("leaf in the middle", "DELETE FROM leaf WHERE no=(SELECT min(no)+3 FROM leaf)"),
        ("last leaf", "DELETE FROM leaf WHERE no=(SELECT max(no) FROM leaf)"),
        (
            "leaf by another",
            "UPDATE leaf SET entry=(SELECT entry FROM leaf ORDER BY no LIMIT 1 OFFSET 4) WHERE no=(SELECT min(no)+2 FROM leaf)",
        ),
        ("size", "UPDATE log SET size=size-1"),
        ("checkpoint", "UPDATE log SET checkpoint=''"),
    ];
    for (what, sql) in statements {
        let world = world();
        assert_eq!(world.northtel.database().execute(sql, []).unwrap(), 1, "{what}");
        assert!(!world.northtel.log_problems().is_empty(), "a {what} that was taken away was not found");
    }
}

/// Signing on top of a damaged head would put the node's own signature under a fork.
#[test]
fn abuse_a42_nothing_is_signed_on_top_of_a_damaged_edge() {
    let world = world();
    damage(&world, "log", "edge", "LIMIT 1", |bytes| *bytes.last_mut().unwrap() ^= 1);
    let signed = || -> String {
        world.northtel.database().query_row("SELECT checkpoint FROM log", [], |row| row.get(0)).unwrap()
    };
    let before = signed();
    assert_eq!(world.northtel.exchange.suspend(AGREEMENT, "x").unwrap_err().code(), "ledger.halted");
    assert_eq!(signed(), before);
}

/// A receipt made here verifies with nothing but the object, the proof and the policy; one byte more or less does not.
#[test]
fn a_single_receipt_verifies_offline_and_only_for_its_bytes() {
    let world = world();
    let proof = world.northtel.exchange.release_proof(AGREEMENT, "fusion", 3).unwrap();
    let policy = Policy::parse(&proof.policy).unwrap();
    let receipt = Receipt::parse(&proof.receipt).unwrap();
    let verified = receipt.verify(&proof.bytes, &policy, UnixSeconds(0)).unwrap();
    assert_eq!(verified.object, proof.object);
    let mut other = proof.bytes.clone();
    other.push(b' ');
    assert!(receipt.verify(&other, &policy, UnixSeconds(0)).is_err());
    let stranger = world.cert.exchange.card().log_vkey(AGREEMENT).unwrap();
    let foreign = Policy::of_log(VerifierKey::parse(&stranger).unwrap());
    assert!(receipt.verify(&proof.bytes, &foreign, UnixSeconds(0)).is_err());
    assert_eq!(world.northtel.exchange.release_proof(AGREEMENT, "fusion", 99).unwrap_err().code(), "object.unknown");
    assert_eq!(world.northtel.exchange.release_proof(AGREEMENT, "nobody", 1).unwrap_err().code(), "object.unknown");
}

/// Every row of every batch has a proof, whatever its place in the batch and the batch's place in the log.
#[test]
fn every_released_row_has_a_valid_receipt() {
    let world = World::new();
    let list: String = (0..1_030).map(|n| format!("198.51.{}.{}\n", n / 250, n % 250)).collect();
    world.northtel.admit(&list);
    world.northtel.admit("203.0.113.1\n");
    let rows = world.northtel.count("SELECT count(*) FROM manifest");
    for seq in [1, 2, 3, 999, 1_000, 1_001, 1_002, rows - 1, rows] {
        let proof = world.northtel.exchange.release_proof(AGREEMENT, "fusion", seq.try_into().unwrap()).unwrap();
        let policy = Policy::parse(&proof.policy).unwrap();
        Receipt::parse(&proof.receipt)
            .unwrap()
            .verify(&proof.bytes, &policy, UnixSeconds(0))
            .unwrap_or_else(|e| panic!("{seq}: {e}"));
    }
}

/// That a log has only grown can be proved to its parties for every two sizes, and to nobody else.
#[test]
fn growth_is_proved_to_a_party_between_any_two_sizes() {
    let world = World::new();
    let fusion = world.northtel.credential("fusion");
    let node = &world.northtel.exchange;
    let mut heads = Vec::new();
    for n in 0..9 {
        world.northtel.admit(&format!("198.51.100.{n}\n"));
        let note = node.checkpoint(&fusion, AGREEMENT).unwrap().unwrap();
        heads.push(Checkpoint::claimed(note.as_bytes()).unwrap());
    }
    for (at, old) in heads.iter().enumerate() {
        for new in &heads[at..] {
            let proof = node.consistency(&fusion, AGREEMENT, old.size(), new.size()).unwrap().unwrap();
            merkle::verify_consistency(old.size(), &old.root(), new.size(), &new.root(), &proof).unwrap();
        }
    }
    let size = heads.last().unwrap().size();
    for (old, new) in [(0, size), (2, 1), (1, size + 1), (size, u64::MAX)] {
        assert_eq!(node.consistency(&fusion, AGREEMENT, old, new).unwrap(), None, "{old} {new}");
    }
    assert_eq!(node.consistency(&world.northtel.credential("cert-x"), AGREEMENT, 1, size).unwrap(), None);
    assert_eq!(node.consistency(&fusion, "agr-13", 1, size).unwrap(), None);
}

/// A process that died between two steps: what it committed stands, the rest is done by the next, nothing is done twice.
#[test]
fn abuse_a44_a_node_killed_between_steps_goes_on_where_it_stopped() {
    let world = World::new();
    let options = entente_exchange::admit::AdmitOptions { release: false, ..support::options() };
    world.northtel.admit_with("198.51.100.1\n198.51.100.2\n", &options);
    // Killed after admission, before release: the next process has forgotten nothing.
    let second = world.northtel.again();
    assert_eq!(second.admit(&mut "198.51.100.1\n198.51.100.2\n".as_bytes(), &options).unwrap().unchanged, 2);
    assert_eq!(second.release().unwrap()[0].released, 4);
    // Killed after release, before delivery.
    let third = world.northtel.again();
    assert_eq!(third.release().unwrap()[0].released, 0);
    let credential = world.northtel.credential("fusion");
    let collection = third.collection(&credential, "agr-12-fusion").unwrap().unwrap();
    let page = third.deliver(&credential, &collection, &support::request()).unwrap();
    assert_eq!(page.rows.len(), 4);
    // Killed after the delivery leaf, before the bytes arrived: the page is asked for again and is the same.
    let fourth = world.northtel.again();
    let again = fourth.deliver(&credential, &collection, &support::request()).unwrap();
    assert_eq!(again.rows, page.rows);
    assert_ne!(again.receipt, page.receipt, "each delivery has its own leaf");
    // The first process still runs and sees all of it.
    assert_eq!(world.northtel.release().0, 0);
    assert!(world.northtel.log_problems().is_empty());
    assert!(world.northtel.exchange.store_integrity().unwrap().is_empty());
}

/// A transaction that fails at its last step takes leaf, rows and marks with it.
#[test]
fn abuse_a43_a_release_that_fails_half_way_leaves_nothing() {
    let world = World::new();
    let options = entente_exchange::admit::AdmitOptions { release: false, ..support::options() };
    world.northtel.admit_with("198.51.100.1\n", &options);
    world
        .northtel
        .database()
        .execute_batch(
            "CREATE TRIGGER fault BEFORE INSERT ON manifest BEGIN SELECT RAISE(ABORT, 'the disk is full'); END;",
        )
        .unwrap();
    let leaves = world.northtel.count("SELECT count(*) FROM leaf");
    assert_eq!(world.northtel.exchange.release().unwrap_err().code(), "store.unavailable");
    assert_eq!(world.northtel.count("SELECT count(*) FROM leaf"), leaves);
    assert_eq!(world.northtel.count("SELECT count(*) FROM manifest"), 0);
    assert_eq!(world.northtel.count("SELECT sum(considered) FROM head"), 0);
    world.northtel.database().execute_batch("DROP TRIGGER fault;").unwrap();
    assert_eq!(world.northtel.release().0, 3);
    assert!(world.northtel.log_problems().is_empty());
}

/// A clock set back a year must not write a leaf that is older than the one before it, nor stop the node.
#[test]
fn abuse_a43_a_clock_set_back_or_forward_a_year_keeps_the_log_in_order() {
    let world = World::new();
    world.northtel.admit("198.51.100.1\n");
    world.time.advance_days(-365 + 60);
    world.northtel.admit("198.51.100.2\n");
    world.time.advance_days(400);
    world.northtel.admit("198.51.100.3\n");
    world.northtel.page(AGREEMENT, "fusion");
    assert!(world.northtel.log_problems().is_empty());
    let order = world
        .northtel
        .count("SELECT count(*) FROM manifest a JOIN manifest b ON b.no=a.no+1 WHERE b.added_us<=a.added_us");
    assert_eq!(order, 0);
}
