//! T-B3: whatever byte of a proof is changed, it proves nothing any more. Every byte of small proofs, random ones of large proofs.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "a test may stop")]

use entente_ledger::checkpoint::Checkpoint;
use entente_ledger::cosignature::CosigningKey;
use entente_ledger::leaf::{Actor, Leaf, LeafTime};
use entente_ledger::merkle::{self, Tree};
use entente_ledger::note::{Note, SigningKey};
use entente_ledger::policy::Policy;
use entente_ledger::receipt::{LeafReceipt, PageReceipt, Receipt, Row, commitment};
use entente_ledger::witness::{AddCheckpoint, Seen, decide};
use entente_ledger::{Hash, UnixSeconds};

const LOG: &str = "log.example/agr/agr-12";
const NOW: UnixSeconds = UnixSeconds(1_796_205_800);

fn log_key() -> SigningKey {
    SigningKey::from_seed(LOG, &[3; 32]).unwrap()
}

/// A page of `n` objects in one batch, in a log of `leaves` leaves whose head a witness has cosigned.
struct World {
    objects: Vec<(String, Vec<u8>)>,
    page: PageReceipt,
    policy: Policy,
}

fn world(n: usize, leaves: u64) -> World {
    let objects: Vec<(String, Vec<u8>)> = (0..n)
        .map(|number| {
            let id = format!("indicator--00000000-0000-5000-8000-{number:012}");
            (id.clone(), format!(r#"{{"type":"indicator","id":"{id}"}}"#).into_bytes())
        })
        .collect();
    let secret = |number: usize| ([number as u8; 16], [!(number as u8); 32]);
    let commitments: Vec<Hash> = objects
        .iter()
        .enumerate()
        .map(|(number, (id, bytes))| commitment(&secret(number).0, &Hash::of(bytes).0, id, &secret(number).1))
        .collect();
    let leaf = Leaf::Release {
        party: "fusion".to_owned(),
        first: 1,
        last: n as u64,
        n: n as u64,
        inner: merkle::root(&commitments),
        obligations: Hash([1; 32]),
        compiled: Hash([2; 32]),
        engine: "entente/0.1.0".to_owned(),
    };
    let index = leaves / 2;
    let time = LeafTime::from_unix_millis(1_796_205_731_000).unwrap();
    let leaf = leaf.to_bytes(index, time, &Hash([7; 32]), &Actor::Key([1, 2, 3, 4])).unwrap();
    let hashes: Vec<Hash> = (0..leaves)
        .map(|at| if at == index { merkle::leaf_hash(&leaf) } else { merkle::leaf_hash(&at.to_be_bytes()) })
        .collect();
    let mut note = Checkpoint::new(LOG, leaves, merkle::root(&hashes)).unwrap().sign(&log_key()).unwrap();
    let witness = CosigningKey::from_seed("fusion.example/witness", &[4; 32]).unwrap();
    let line = witness.cosign(note.text(), NOW);
    note.add(line).unwrap();
    let rows = objects
        .iter()
        .enumerate()
        .map(|(number, (id, _))| Row::Opened { object: id.clone(), salt: secret(number).0, decision: secret(number).1 })
        .collect();
    let proof = Tree::of(&hashes).inclusion_proof(index).unwrap();
    let page = PageReceipt {
        checkpoint: String::from_utf8(note.to_bytes()).unwrap(),
        leaves: vec![LeafReceipt { index, leaf, proof, rows }],
    };
    let text = format!("log {}\nwitness fusion {}\nquorum fusion\n", log_key().verifier(), witness.verifier());
    World { objects, page, policy: Policy::parse(&text).unwrap() }
}

impl World {
    fn objects(&self) -> Vec<(&str, &[u8])> {
        self.objects.iter().map(|(id, bytes)| (id.as_str(), bytes.as_slice())).collect()
    }

    fn page_holds(&self, json: &[u8]) -> bool {
        PageReceipt::parse(json).is_ok_and(|page| page.verify_under(&self.objects(), &self.policy, NOW).is_ok())
    }

    fn receipt_holds(&self, bytes: &[u8], object: &[u8]) -> bool {
        Receipt::parse(bytes).is_ok_and(|receipt| receipt.verify(object, &self.policy, NOW).is_ok())
    }
}

/// Calls `holds` with every byte of `bytes` turned in three ways; none may hold.
fn no_byte_can_be_turned(what: &str, bytes: &[u8], holds: impl Fn(&[u8]) -> bool) {
    assert!(holds(bytes), "{what} does not hold as it is");
    for place in 0..bytes.len() {
        for turn in [0x01, 0x20, 0x80] {
            let mut changed = bytes.to_vec();
            changed[place] ^= turn;
            assert!(!holds(&changed), "{what}: byte {place} ({:?}) turned by {turn}", char::from(bytes[place]));
        }
        let mut shorter = bytes.to_vec();
        shorter.remove(place);
        assert!(!holds(&shorter), "{what}: without byte {place} ({:?})", char::from(bytes[place]));
    }
}

#[test]
fn t_b3_no_byte_of_a_small_receipt_can_be_changed() {
    let world = world(3, 5);
    let receipt = world.page.split(&world.objects()).unwrap().remove(1);
    let object = world.objects[1].1.clone();
    no_byte_can_be_turned("receipt", &receipt.to_bytes(), |bytes| world.receipt_holds(bytes, &object));
    no_byte_can_be_turned("object", &object, |bytes| world.receipt_holds(&receipt.to_bytes(), bytes));
    no_byte_can_be_turned("leaf", &receipt.evidence.leaf.clone(), |leaf| {
        let mut changed = receipt.clone();
        changed.evidence.leaf = leaf.to_vec();
        world.receipt_holds(&changed.to_bytes(), &object)
    });
}

#[test]
fn t_b3_no_byte_of_a_small_page_receipt_can_be_changed() {
    let world = world(2, 3);
    no_byte_can_be_turned("page receipt", &world.page.to_json(), |bytes| world.page_holds(bytes));
}

#[test]
fn t_b3_no_byte_of_a_checkpoint_or_its_cosignature_can_be_changed() {
    let world = world(1, 4);
    no_byte_can_be_turned("checkpoint", world.page.checkpoint.as_bytes(), |bytes| {
        world.policy.verify_checkpoint(bytes, NOW).is_ok()
    });
}

#[test]
fn t_b3_no_byte_of_a_proof_of_growth_can_be_changed() {
    let hashes: Vec<Hash> = (0_u64..7).map(|at| merkle::leaf_hash(&at.to_be_bytes())).collect();
    let mut node = |level: u8, index: u64| {
        let (from, width) = ((index as usize) << level, 1_usize << level);
        hashes.get(from..from + width).map(merkle::root)
    };
    let proof = merkle::consistency_proof(3, 7, &mut node).unwrap();
    let seen = Some(Seen { size: 3, root: merkle::root(&hashes[..3]) });
    let note = Checkpoint::new(LOG, 7, merkle::root(&hashes)).unwrap().sign(&log_key()).unwrap();
    let request = AddCheckpoint::new(3, proof, &note.to_bytes()).unwrap().to_bytes();
    let keys = [log_key().verifier().clone()];
    no_byte_can_be_turned("request", &request, |bytes| {
        AddCheckpoint::parse(bytes).is_ok_and(|request| decide(&request, &keys, seen).is_ok())
    });
}

/// Random places of proofs as large as they become: a page of 1,000 objects, a log of 5,000 leaves.
#[test]
fn t_b3_random_bytes_of_large_proofs_cannot_be_changed() {
    let world = world(1_000, 5_000);
    let json = world.page.to_json();
    assert!(world.page_holds(&json) && json.len() > 100_000);
    let receipts = world.page.split(&world.objects()).unwrap();
    // Fixed, so that a failure can be seen again.
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below as u64) as usize
    };
    for _ in 0..150 {
        let mut changed = json.clone();
        let place = next(json.len());
        changed[place] ^= 1 << next(8);
        assert!(!world.page_holds(&changed), "byte {place} of the page receipt");
        let number = next(receipts.len());
        let mut receipt = receipts[number].to_bytes();
        let place = next(receipt.len());
        receipt[place] ^= 1 << next(8);
        assert!(!world.receipt_holds(&receipt, &world.objects[number].1), "byte {place} of receipt {number}");
    }
}

#[test]
fn a_note_keeps_its_lines_in_the_order_they_came() {
    // The mutations above rest on it: a note is written as it was read.
    let world = world(1, 4);
    let note = Note::parse(world.page.checkpoint.as_bytes()).unwrap();
    assert_eq!(note.to_bytes(), world.page.checkpoint.as_bytes());
}
