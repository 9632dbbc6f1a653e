use proptest::prelude::*;

use super::*;
use crate::leaf::{Actor, Leaf, LeafTime};
use crate::note::SigningKey;
use crate::receipt::Verified;

const NOW: UnixSeconds = UnixSeconds(2_000_000_000);

struct World {
    objects: Vec<(String, Vec<u8>)>,
    page: PageReceipt,
    key: VerifierKey,
}

impl World {
    fn objects(&self) -> Vec<(&str, &[u8])> {
        self.objects.iter().map(|(id, bytes)| (id.as_str(), bytes.as_slice())).collect()
    }
}

fn object(number: usize) -> (String, Vec<u8>) {
    let id = format!("indicator--00000000-0000-5000-8000-{number:012}");
    let bytes = format!(r#"{{"type":"indicator","id":"{id}"}}"#);
    (id, bytes.into_bytes())
}

/// A page over batches; each batch says for each of its rows whether its object is in the page.
fn world(batches: &[Vec<bool>]) -> World {
    let key = SigningKey::from_seed("log.example/agr/a", &[5; 32]).unwrap();
    let mut entries = vec![b"an older leaf".to_vec()];
    let (mut objects, mut leaves, mut number) = (Vec::new(), Vec::new(), 0_usize);
    for batch in batches {
        let (mut rows, mut commitments) = (Vec::new(), Vec::new());
        let first = number as u64 + 1;
        for in_page in batch {
            let (id, bytes) = object(number);
            let salt = [number as u8; 16];
            let decision = [number as u8 ^ 0xff; 32];
            let made = commitment(&salt, &Hash::of(&bytes).0, &id, &decision);
            commitments.push(made);
            rows.push(if *in_page {
                objects.push((id.clone(), bytes));
                Row::Opened { object: id, salt, decision }
            } else {
                Row::Sealed { commitment: made }
            });
            number += 1;
        }
        let leaf = Leaf::Release {
            party: "fusion".to_owned(),
            first,
            last: number as u64,
            n: batch.len() as u64,
            inner: merkle::root(&commitments),
            obligations: Hash([1; 32]),
            compiled: Hash([2; 32]),
            engine: "entente/0.1.0".to_owned(),
        };
        let index = entries.len() as u64;
        let time = LeafTime::from_unix_millis(1_796_205_731_000).unwrap();
        let leaf = leaf.to_bytes(index, time, &Hash([9; 32]), &Actor::Key([1; 4])).unwrap();
        entries.push(leaf.clone());
        leaves.push(LeafReceipt { index, leaf, proof: Vec::new(), rows });
    }
    let hashes: Vec<Hash> = entries.iter().map(|entry| merkle::leaf_hash(entry)).collect();
    for leaf in &mut leaves {
        leaf.proof = merkle::Tree::of(&hashes).inclusion_proof(leaf.index).unwrap();
    }
    let checkpoint = Checkpoint::new(key.name(), hashes.len() as u64, merkle::root(&hashes)).unwrap();
    let checkpoint = String::from_utf8(checkpoint.sign(&key).unwrap().to_bytes()).unwrap();
    World { objects, page: PageReceipt { checkpoint, leaves }, key: key.verifier().clone() }
}

fn code(world: &World, page: &PageReceipt) -> &'static str {
    page.verify(&world.objects(), &world.key).unwrap_err().code()
}

#[test]
fn a_page_over_two_batches_verifies_and_names_its_leaves() {
    let world = world(&[vec![false, true, true], vec![true, false]]);
    let verified = world.page.verify(&world.objects(), &world.key).unwrap();
    let counts: Vec<(u64, usize)> = verified.leaves.iter().map(|leaf| (leaf.index, leaf.objects_count)).collect();
    assert_eq!(counts, [(1, 2), (2, 1)]);
    assert_eq!(verified.leaves[0].entry.agreement, Hash([9; 32]));
    assert_eq!(verified.checkpoint.size(), 3);
}

#[test]
fn an_empty_page_needs_a_checkpoint_and_no_leaf() {
    let world = world(&[]);
    assert!(world.page.verify(&[], &world.key).unwrap().leaves.is_empty());
    let other = SigningKey::from_seed("log.example/agr/a", &[6; 32]).unwrap();
    assert_eq!(world.page.verify(&[], other.verifier()).unwrap_err().code(), "receipt.checkpoint");
}

#[test]
fn each_damage_to_a_page_has_its_refusal() {
    let world = world(&[vec![true, true, false], vec![true]]);
    let changed = |change: &dyn Fn(&mut PageReceipt)| {
        let mut page = world.page.clone();
        change(&mut page);
        code(&world, &page)
    };
    assert_eq!(changed(&|page| page.leaves.reverse()), "receipt.object-id");
    assert_eq!(changed(&|page| page.leaves[0].rows.swap(0, 1)), "receipt.object-id");
    assert_eq!(changed(&|page| drop(page.leaves.pop())), "receipt.object-count");
    assert_eq!(changed(&|page| drop(page.leaves[0].rows.pop())), "receipt.inner-size");
    assert_eq!(changed(&|page| page.leaves[0].rows[2] = Row::Sealed { commitment: Hash([0; 32]) }), "receipt.inner");
    assert_eq!(changed(&|page| page.leaves[0].index = 2), "receipt.seq");
    assert_eq!(changed(&|page| page.leaves[1].proof.clear()), "receipt.leaf-proof");
    let mut sealed = world.page.clone();
    sealed.leaves.push(sealed.leaves[1].clone());
    for row in &mut sealed.leaves[2].rows {
        *row = Row::Sealed { commitment: Hash([0; 32]) };
    }
    assert_eq!(code(&world, &sealed), "receipt.seq", "a leaf given twice");
    let mut objects = world.objects();
    objects[1].1 = b"{}";
    assert_eq!(world.page.verify(&objects, &world.key).unwrap_err().code(), "receipt.inner");
    objects.pop();
    assert_eq!(world.page.verify(&objects, &world.key).unwrap_err().code(), "receipt.object-count");
}

#[test]
fn a_page_receipt_in_which_any_byte_is_changed_is_refused() {
    let world = world(&[vec![true, false]]);
    let json = world.page.to_json();
    assert_eq!(PageReceipt::parse(&json).as_ref(), Ok(&world.page));
    for at in 0..json.len() {
        for mask in [0x01, 0x20, 0x80] {
            let mut changed = json.clone();
            changed[at] ^= mask;
            let verdict = PageReceipt::parse(&changed).and_then(|page| page.verify(&world.objects(), &world.key));
            assert!(verdict.is_err(), "byte {at} mask {mask:02x}: {:?}", char::from(json[at]));
        }
    }
}

#[test]
fn rows_are_spelled_as_documented() {
    let opened = Row::Opened { object: "x--1".to_owned(), salt: [0; 16], decision: Hash::of(b"").0 };
    let json = serde_json::to_string(&[opened, Row::Sealed { commitment: Hash::of(b"") }]).unwrap();
    let digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let expected = format!(
        r#"[{{"object":"x--1","salt":"AAAAAAAAAAAAAAAAAAAAAA==","decision":"{digest}"}},{{"commitment":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}}]"#
    );
    assert_eq!(json, expected);
    for wrong in [r#"{"object":"x","salt":"AA==","decision":""}"#, r#"{"commitment":""}"#, r#"{"x":1}"#] {
        assert!(serde_json::from_str::<Row>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_page_is_split_with_all_its_objects_only() {
    let world = world(&[vec![true]]);
    assert_eq!(world.page.split(&world.objects()).unwrap().len(), 1);
    assert_eq!(world.page.split(&[]).unwrap_err().code(), "receipt.object-count");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn every_object_of_a_page_has_its_own_receipt(
        batches in prop::collection::vec(prop::collection::vec(any::<bool>(), 1..9), 1..5),
    ) {
        let world = world(&batches);
        let verified = world.page.verify(&world.objects(), &world.key).unwrap();
        prop_assert_eq!(verified.leaves.iter().map(|leaf| leaf.objects_count).sum::<usize>(), world.objects.len());
        let policy = Policy::of_log(world.key.clone());
        let receipts = world.page.split(&world.objects()).unwrap();
        prop_assert_eq!(receipts.len(), world.objects.len());
        for (receipt, (id, bytes)) in receipts.into_iter().zip(&world.objects) {
            let receipt = Receipt::parse(&receipt.to_bytes()).unwrap();
            let Verified { object, entry, .. } = receipt.verify(bytes, &policy, NOW).unwrap();
            prop_assert_eq!(&object, id);
            prop_assert!(verified.leaves.iter().any(|leaf| leaf.entry == entry));
        }
    }
}
