//! The table of `ledger.md` 1.6, row by row.

use super::*;
use crate::merkle::{Tree, leaf_hash};
use crate::note::SigningKey;

const LOG: &str = "log.example/agr/agr-12";

fn key() -> SigningKey {
    SigningKey::from_seed(LOG, &[7; 32]).unwrap()
}

fn leaves(n: u64) -> Vec<Hash> {
    (0..n).map(|i| leaf_hash(&i.to_be_bytes())).collect()
}

fn root(n: u64) -> Hash {
    merkle::root(&leaves(n))
}

fn growth(old: u64, new: u64) -> Vec<Hash> {
    let hashes = leaves(new);
    let mut node = |level: u8, index: u64| {
        let (from, width) = (usize::try_from(index << level).unwrap(), 1_usize << level);
        hashes.get(from..from + width).map(merkle::root)
    };
    merkle::consistency_proof(old, new, &mut node).unwrap()
}

fn signed(size: u64, root: Hash) -> Vec<u8> {
    Checkpoint::new(LOG, size, root).unwrap().sign(&key()).unwrap().to_bytes()
}

fn request(old: u64, proof: Vec<Hash>, size: u64) -> AddCheckpoint {
    AddCheckpoint::new(old, proof, &signed(size, root(size))).unwrap()
}

fn seen(size: u64) -> Option<Seen> {
    Some(Seen { size, root: root(size) })
}

fn refused(request: &AddCheckpoint, record: Option<Seen>) -> (u16, &'static str) {
    let error = decide(request, &[key().verifier().clone()], record).unwrap_err();
    (error.status(), error.code())
}

#[test]
fn a_request_is_written_as_specified_and_read_back() {
    let request = request(3, growth(3, 5), 5);
    let text = String::from_utf8(request.to_bytes()).unwrap();
    let proof: String = growth(3, 5).iter().map(|hash| format!("{hash}\n")).collect();
    assert!(text.starts_with(&format!("old 3\n{proof}\n{LOG}\n5\n{}\n\n\u{2014} {LOG} ", root(5))), "{text}");
    assert_eq!(AddCheckpoint::parse(text.as_bytes()), Ok(request));
}

#[test]
fn row_1_a_malformed_body_is_400() {
    let good = request(0, Vec::new(), 5).to_bytes();
    let text = String::from_utf8(good).unwrap();
    let line = format!("{}\n", Hash([1; 32]));
    let with_lines = |n: usize| text.replacen("old 0\n", &format!("old 0\n{}", line.repeat(n)), 1);
    assert!(AddCheckpoint::parse(with_lines(63).as_bytes()).is_ok());
    for bad in [
        String::new(),
        "old 0".to_owned(),
        text.replacen("old 0", "old 00", 1),
        text.replacen("old 0", "old -1", 1),
        text.replacen("old 0", "Old 0", 1),
        text.replacen("old 0\n", "old 0\nabc\n", 1),
        text.replacen("old 0\n\n", "old 0\n", 1),
        text.replacen(&format!("\n{LOG}\n5\n"), &format!("\n{LOG}\nfive\n"), 1),
        with_lines(64),
        text.clone() + "x",
        text.split_once("\n\n\u{2014}").unwrap().0.to_owned() + "\n",
        format!("old 0\n\n{}", "a".repeat(REQUEST_SIZE_BYTES_MAX)),
    ] {
        let error = AddCheckpoint::parse(bad.as_bytes()).unwrap_err();
        assert_eq!((error.status(), error.code()), (400, "witness.malformed"), "{bad:.80}");
    }
}

#[test]
fn row_2_an_unknown_origin_is_404() {
    let other = SigningKey::from_seed("log.example/agr/other", &[7; 32]).unwrap();
    let error = decide(&request(0, Vec::new(), 5), &[other.verifier().clone()], None).unwrap_err();
    assert_eq!((error.status(), error.code()), (404, "witness.unknown-origin"));
    assert_eq!(decide(&request(0, Vec::new(), 5), &[], None).unwrap_err().status(), 404);
}

#[test]
fn row_3_a_checkpoint_without_a_good_signature_of_its_log_is_403() {
    let stranger = SigningKey::from_seed(LOG, &[8; 32]).unwrap();
    let foreign = Checkpoint::new(LOG, 5, root(5)).unwrap().sign(&stranger).unwrap().to_bytes();
    assert_eq!(refused(&AddCheckpoint::new(0, Vec::new(), &foreign).unwrap(), None), (403, "witness.signature"));
    // A known key whose signature fails makes the whole note invalid, even beside another good one.
    let mut note = Note::parse(&signed(5, root(5))).unwrap();
    let text = String::from_utf8(note.to_bytes()).unwrap().replacen("\n5\n", "\n6\n", 1);
    assert_eq!(refused(&AddCheckpoint::new(0, Vec::new(), text.as_bytes()).unwrap(), None), (403, "witness.signature"));
    note.add(stranger.sign("another text\n")).unwrap();
    let both = AddCheckpoint::new(0, Vec::new(), &note.to_bytes()).unwrap();
    let keys = [key().verifier().clone(), stranger.verifier().clone()];
    assert_eq!(decide(&both, &keys, None).unwrap_err().status(), 403);
}

#[test]
fn row_4_an_old_size_above_the_checkpoint_is_400() {
    assert_eq!(refused(&request(6, Vec::new(), 5), seen(6)), (400, "witness.old-larger"));
}

#[test]
fn row_5_an_old_size_that_is_not_the_last_is_409_and_names_it() {
    let keys = [key().verifier().clone()];
    for (old, record, last) in [(3, None, 0), (0, seen(4), 4), (3, seen(4), 4), (5, seen(4), 4)] {
        let error = decide(&request(old, Vec::new(), 5), &keys, record).unwrap_err();
        assert_eq!((error.status(), error), (409, WitnessError::OtherSize { last }));
    }
}

#[test]
fn row_6_an_empty_tree_with_another_root_is_422() {
    let request = AddCheckpoint::new(0, Vec::new(), &signed(0, Hash([9; 32]))).unwrap();
    assert_eq!(refused(&request, None), (422, "witness.inconsistent"));
    let empty = AddCheckpoint::new(0, Vec::new(), &signed(0, merkle::empty_root())).unwrap();
    assert!(decide(&empty, &[key().verifier().clone()], None).is_ok());
}

#[test]
fn row_7_growth_that_is_not_proved_is_422() {
    let inconsistent = (422, "witness.inconsistent");
    assert_eq!(refused(&request(0, vec![Hash([1; 32])], 5), None), inconsistent, "a proof from the empty tree");
    let other = AddCheckpoint::new(5, Vec::new(), &signed(5, root(6))).unwrap();
    assert_eq!(refused(&other, seen(5)), inconsistent, "equal sizes with different roots");
    assert_eq!(refused(&request(5, vec![Hash([1; 32])], 5), seen(5)), inconsistent, "a proof for equal sizes");
    assert_eq!(refused(&request(3, Vec::new(), 5), seen(3)), inconsistent, "no proof");
    let mut wrong = growth(3, 5);
    wrong[0].0[0] ^= 1;
    assert_eq!(refused(&request(3, wrong, 5), seen(3)), inconsistent, "a proof with a bit turned");
    let mut long = growth(3, 5);
    long.push(Hash([1; 32]));
    assert_eq!(refused(&request(3, long, 5), seen(3)), inconsistent, "a proof that is too long");
    let forked = Some(Seen { size: 3, root: Hash([3; 32]) });
    assert_eq!(refused(&request(3, growth(3, 5), 5), forked), inconsistent, "another history");
    assert!(WitnessError::Inconsistent { reason: "" }.is_evidence());
}

#[test]
fn row_8_what_holds_becomes_the_record() {
    let keys = [key().verifier().clone()];
    let mut record = None;
    for (old, new) in [(0, 0), (0, 1), (1, 1), (1, 3), (3, 5), (5, 8), (8, 300)] {
        let proof = if old == 0 { Vec::new() } else { growth(old, new) };
        let next = decide(&request(old, proof, new), &keys, record).unwrap();
        assert_eq!(next, Seen { size: new, root: root(new) });
        record = Some(next);
    }
}

#[test]
fn the_growth_of_every_pair_of_small_sizes_is_followed() {
    let keys = [key().verifier().clone()];
    let tree = Tree::of(&leaves(33));
    assert!(tree.inclusion_proof(32).is_some());
    for old in 1..=33 {
        for new in old..=33 {
            assert!(decide(&request(old, growth(old, new), new), &keys, seen(old)).is_ok(), "{old} to {new}");
        }
    }
}

#[test]
fn abuse_a36_a_replayed_request_changes_nothing() {
    let keys = [key().verifier().clone()];
    let request = request(3, growth(3, 5), 5);
    let after = decide(&request, &keys, seen(3)).unwrap();
    // The same bytes again: their old size is not the last any more.
    assert_eq!(decide(&request, &keys, Some(after)), Err(WitnessError::OtherSize { last: 5 }));
}
