//! Tiles, roots, proofs, checkpoints and notes: what one implementation makes the other accepts, and what one refuses so does the
//! other. T-B9: the sizes of `ledger.md` 1.3.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use entente_ledger::Hash;
use entente_ledger::checkpoint::Checkpoint;
use entente_ledger::merkle::{self, Edge};
use entente_ledger::note::{Note, SigningKey, VerifierKey};
use entente_ledger::tile::{self, Content, Tile};
use signed_note::{StandardSigner, StandardVerifier, VerifierList};
use tlog_tiles::{self as theirs, HashReader};

/// T-B9.
const SIZES: [u64; 9] = [0, 1, 2, 255, 256, 257, 65_535, 65_536, 70_000];
const NAME: &str = "log.example/agr/agr-12";

fn entry(at: u64) -> Vec<u8> {
    format!("{{\"seq\":{at}}}").into_bytes()
}

/// All hashes of a tree as the other implementation numbers them.
struct Stored(Vec<theirs::Hash>);

impl HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<theirs::Hash>, theirs::Error> {
        Ok(indexes.iter().map(|index| self.0[usize::try_from(*index).unwrap()]).collect())
    }
}

/// One tree of 70,000 leaves in both implementations, with our root at each of the sizes.
struct Trees {
    stored: Stored,
    nodes: HashMap<(u8, u64), Hash>,
    roots: HashMap<u64, Hash>,
}

impl Trees {
    fn grown(size: u64, at: &[u64]) -> Trees {
        let mut trees = Trees { stored: Stored(Vec::new()), nodes: HashMap::new(), roots: HashMap::new() };
        let mut edge = Edge::new();
        for leaf in 0..=size {
            if at.contains(&leaf) {
                trees.roots.insert(leaf, edge.root());
            }
            if leaf == size {
                break;
            }
            let ours = merkle::leaf_hash(&entry(leaf));
            let other = theirs::record_hash(&entry(leaf));
            assert_eq!(ours.0, other.0);
            for (level, index, hash) in edge.push(ours) {
                trees.nodes.insert((level, index), hash);
            }
            let more = theirs::stored_hashes_for_record_hash(leaf, other, &trees.stored).unwrap();
            trees.stored.0.extend(more);
        }
        trees
    }

    fn node(&self) -> impl FnMut(u8, u64) -> Option<Hash> + '_ {
        |level, index| self.nodes.get(&(level, index)).copied()
    }
}

fn other(hash: &Hash) -> theirs::Hash {
    theirs::Hash(hash.0)
}

fn same(ours: &[Hash], others: &[theirs::Hash]) -> bool {
    ours.iter().map(|hash| hash.0).eq(others.iter().map(|hash| hash.0))
}

#[test]
fn t_b9_the_tiles_of_each_size_are_those_of_the_other_implementation() {
    for size in SIZES {
        let ours: Vec<String> = tile::tiles_of(size)
            .filter(|tile| matches!(tile.content(), Content::Hashes(_)))
            .map(|tile| tile.path())
            .collect();
        let mut others: Vec<String> = theirs::Tile::new_tiles(8, 0, size)
            .iter()
            .map(|tile| tile.path().replacen("tile/8/", "tile/", 1))
            .collect();
        let mut sorted = ours.clone();
        sorted.sort();
        others.sort();
        assert_eq!(sorted, others, "size {size}");
        for path in &ours {
            let parsed = Tile::parse_path(path).unwrap();
            let other = theirs::Tile::from_path(&path.replacen("tile/", "tile/8/", 1)).unwrap();
            assert_eq!((parsed.index(), u32::from(parsed.width())), (other.level_index(), other.width()), "{path}");
        }
    }
}

#[test]
fn t_b9_roots_tiles_and_proofs_between_all_sizes_agree() {
    let trees = Trees::grown(70_000, &SIZES);
    for size in SIZES.into_iter().filter(|size| *size > 0) {
        let root = trees.roots[&size];
        assert_eq!(theirs::tree_hash(size, &trees.stored).unwrap().0, root.0, "root of {size}");
        for tile in theirs::Tile::new_tiles(8, size.saturating_sub(1), size) {
            let data = tile.read_data(&trees.stored).unwrap();
            let first = tile.level_index() * 256;
            let hashes: Vec<Hash> =
                (first..first + u64::from(tile.width())).map(|index| trees.nodes[&(tile.level() * 8, index)]).collect();
            assert_eq!(tile::encode_hashes(&hashes), data, "{}", tile.path());
        }
        for index in [0, size / 3, size / 2, size - 1] {
            let ours = merkle::inclusion_proof(index, size, &mut trees.node()).unwrap();
            let others = theirs::prove_record(size, index, &trees.stored).unwrap();
            assert!(same(&ours, &others), "leaf {index} of {size}");
            let leaf = merkle::leaf_hash(&entry(index));
            assert!(merkle::verify_inclusion(&leaf, index, size, &ours, &root).is_ok());
            theirs::check_record(&others, size, other(&root), index, other(&leaf)).unwrap();
        }
        for old in SIZES.into_iter().filter(|old| (1..=size).contains(old)) {
            let ours = merkle::consistency_proof(old, size, &mut trees.node()).unwrap();
            let others = theirs::prove_tree(size, old, &trees.stored).unwrap();
            assert!(same(&ours, &others), "from {old} to {size}");
            assert!(merkle::verify_consistency(old, &trees.roots[&old], size, &root, &ours).is_ok());
            theirs::check_tree(&others, size, other(&root), old, other(&trees.roots[&old])).unwrap();
        }
    }
}

#[test]
fn proofs_between_all_small_sizes_agree_and_so_do_refusals() {
    let all: Vec<u64> = (0..=70).collect();
    let trees = Trees::grown(70, &all);
    for size in 1..=70_u64 {
        let root = trees.roots[&size];
        for at in 1..=size {
            let ours = merkle::consistency_proof(at, size, &mut trees.node()).unwrap();
            assert!(same(&ours, &theirs::prove_tree(size, at, &trees.stored).unwrap()), "from {at} to {size}");
            let record = merkle::inclusion_proof(at - 1, size, &mut trees.node()).unwrap();
            assert!(same(&record, &theirs::prove_record(size, at - 1, &trees.stored).unwrap()), "{at} of {size}");
            // A hash less, a hash more, and a bit turned: both refuse.
            let mut spoilt = vec![[ours.clone(), vec![Hash([9; 32])]].concat()];
            if let Some((_, rest)) = ours.split_last() {
                spoilt.push(ours[..rest.len()].to_vec());
                let mut turned = ours.clone();
                turned[0].0[31] ^= 1;
                spoilt.push(turned);
            }
            for proof in spoilt {
                let others: Vec<theirs::Hash> = proof.iter().map(other).collect();
                let old = trees.roots[&at];
                let refused = merkle::verify_consistency(at, &old, size, &root, &proof).is_err();
                let also = theirs::check_tree(&others, size, other(&root), at, other(&old)).is_err();
                assert!(refused && also, "from {at} to {size}: {refused} {also}");
            }
        }
    }
}

#[test]
fn checkpoints_are_read_and_refused_alike() {
    let root = merkle::empty_root();
    let good = Checkpoint::new(NAME, 7, root).unwrap().to_text();
    let parsed = theirs::Checkpoint::from_bytes(good.as_bytes()).unwrap();
    assert_eq!((parsed.origin(), parsed.size(), parsed.hash().0), (NAME, 7, root.0));
    assert_eq!(theirs::Checkpoint::new(NAME, 7, other(&root), "").unwrap().to_bytes(), good.as_bytes());
    for text in [
        String::new(),
        format!("\n7\n{root}\n"),
        format!("{NAME}\n07\n{root}\n"),
        format!("{NAME}\n-7\n{root}\n"),
        format!("{NAME}\n+7\n{root}\n"),
        format!("{NAME}\n7\n{root}"),
        format!("{NAME}\n7\n{}\n", &root.to_string()[1..]),
        format!("{NAME}\n18446744073709551616\n{root}\n"),
        format!("{NAME}\n7\n{root}\n\n"),
        format!("{NAME}\n7\n{root}\nextension\n"),
    ] {
        let ours = Checkpoint::parse_text(&text).is_ok();
        assert_eq!(ours, theirs::Checkpoint::from_bytes(text.as_bytes()).is_ok(), "{text:?}");
    }
}

#[test]
fn a_note_signed_by_one_verifies_at_the_other() {
    let seed = [5_u8; 32];
    let ours = SigningKey::from_seed(NAME, &seed).unwrap();
    let vkey = ours.verifier().to_string();
    let text = Checkpoint::new(NAME, 7, merkle::empty_root()).unwrap().to_text();
    // Ours at theirs.
    let mut note = Note::new(text.clone()).unwrap();
    note.add(ours.sign(&text)).unwrap();
    let known = VerifierList::new(vec![Box::new(StandardVerifier::new(&vkey).unwrap())]);
    let read = signed_note::Note::from_bytes(&note.to_bytes()).unwrap();
    assert_eq!(read.verify(&known).unwrap().0.len(), 1);
    // Theirs at ours.
    let id = vkey.split('+').nth(1).unwrap();
    let secret = STANDARD.encode([&[1_u8][..], &seed].concat());
    let signer = StandardSigner::new(&format!("PRIVATE+KEY+{NAME}+{id}+{secret}")).unwrap();
    let mut made = signed_note::Note::new(text.as_bytes(), &[]).unwrap();
    made.add_sigs(&[&signer]).unwrap();
    assert_eq!(made.to_bytes(), note.to_bytes(), "Ed25519 is deterministic: the notes are the same bytes");
    let key = VerifierKey::parse(&vkey).unwrap();
    assert!(Checkpoint::open(&made.to_bytes(), &key).is_ok());
    // Every byte turned: refused by both, or read as the same note by both.
    for place in 0..note.to_bytes().len() {
        let mut changed = note.to_bytes();
        changed[place] ^= 1;
        let ours = Note::parse(&changed).is_ok_and(|note| note.verify(std::slice::from_ref(&key)).is_ok());
        let also = signed_note::Note::from_bytes(&changed).is_ok_and(|note| note.verify(&known).is_ok());
        assert!(!ours && !also, "byte {place}: {ours} {also}");
    }
}

#[test]
fn keys_are_spelled_alike() {
    for seed in 0..32_u8 {
        let secret = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
        let ours = SigningKey::from_seed(NAME, &[seed; 32]).unwrap().verifier().to_string();
        assert_eq!(ours, signed_note::new_ed25519_verifier_key(NAME, &secret.verifying_key()));
    }
}
