use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

/// MTH of RFC 6962 §2.1 word for word: recursive, slow, obviously right.
fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(naive_split(leaves.len()));
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

/// PATH of RFC 6962 §2.1.1 word for word.
fn naive_path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let k = naive_split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut path, other) = if index < k {
        (naive_path(index, left), naive_root(right))
    } else {
        (naive_path(index - k, right), naive_root(left))
    };
    path.push(other);
    path
}

/// SUBPROOF of RFC 6962 §2.1.2 word for word.
fn naive_subproof(old: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if whole { Vec::new() } else { vec![naive_root(leaves)] };
    }
    let k = naive_split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut proof, other) = if old <= k {
        (naive_subproof(old, left, whole), naive_root(right))
    } else {
        (naive_subproof(old - k, right, false), naive_root(left))
    };
    proof.push(other);
    proof
}

fn naive_split(len: usize) -> usize {
    let mut k = 1;
    while k * 2 < len {
        k *= 2;
    }
    k
}

fn leaves(count: u32) -> Vec<Hash> {
    (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

/// All nodes created by appending the leaves one by one.
fn nodes(leaves: &[Hash]) -> HashMap<(u8, u64), Hash> {
    let mut edge = Edge::new();
    leaves.iter().flat_map(|leaf| edge.push(*leaf)).map(|(level, index, hash)| ((level, index), hash)).collect()
}

fn hash(hex: &str) -> Hash {
    Hash::parse_sha256_text(&format!("sha256:{hex}")).unwrap()
}

#[test]
fn roots_are_those_of_the_certificate_transparency_reference_tree() {
    // Inputs and roots published with the RFC 6962 reference implementation.
    let inputs: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let leaves: Vec<Hash> = inputs.iter().map(|input| leaf_hash(input)).collect();
    assert_eq!(root(&[]), hash("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    for (count, expected) in (1..).zip(roots) {
        assert_eq!(root(&leaves[..count]), hash(expected), "{count} leaves");
        assert_eq!(naive_root(&leaves[..count]), hash(expected), "{count} leaves, naive");
    }
}

#[test]
fn leaf_and_node_hashes_have_their_own_prefix() {
    // SHA-256(00 "L123456") and SHA-256(01 "N123" "N456") of the reference tests; the second takes short nodes, so the
    // prefix rule is checked on the raw concatenation.
    assert_eq!(leaf_hash(b"L123456"), hash("395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"));
    assert_eq!(
        Hash::of_parts(&[&[1], b"N123", b"N456"]),
        hash("aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb")
    );
    let (left, right) = (Hash([3; 32]), Hash([4; 32]));
    assert_eq!(node_hash(&left, &right), Hash::of(&[&[1][..], &[3; 32], &[4; 32]].concat()));
}

#[test]
fn proofs_between_all_pairs_of_small_sizes_are_those_of_the_rfc() {
    let all = leaves(40);
    let nodes = nodes(&all);
    let mut node = |level: u8, index: u64| nodes.get(&(level, index)).copied();
    for size in 0..=all.len() {
        let tree = &all[..size];
        let tree_root = root(tree);
        assert_eq!(tree_root, naive_root(tree));
        for index in 0..size {
            let proof = inclusion_proof(index as u64, size as u64, &mut node).unwrap();
            assert_eq!(proof, naive_path(index, tree));
            assert_eq!(Tree::of(tree).inclusion_proof(index as u64).unwrap(), proof);
            assert_eq!(verify_inclusion(&tree[index], index as u64, size as u64, &proof, &tree_root), Ok(()));
        }
        for old in 1..=size {
            let proof = consistency_proof(old as u64, size as u64, &mut node).unwrap();
            assert_eq!(proof, naive_subproof(old, tree, true), "{old} of {size}");
            let old_root = naive_root(&tree[..old]);
            assert_eq!(verify_consistency(old as u64, &old_root, size as u64, &tree_root, &proof), Ok(()));
        }
    }
}

#[test]
fn a_proof_for_another_place_size_or_root_is_refused() {
    let all = leaves(13);
    for size in 1..=all.len() {
        let tree = &all[..size];
        let tree_root = naive_root(tree);
        for index in 0..size {
            let proof = naive_path(index, tree);
            let verify = |leaf: &Hash, index: usize, size: usize, proof: &[Hash], root: &Hash| {
                verify_inclusion(leaf, index as u64, size as u64, proof, root)
            };
            for other in 0..size {
                if other != index {
                    assert!(verify(&tree[index], other, size, &proof, &tree_root).is_err());
                    assert!(verify(&tree[other], index, size, &proof, &tree_root).is_err());
                }
            }
            assert!(verify(&tree[index], size, size, &proof, &tree_root).is_err());
            assert!(verify(&tree[index], index, size, &proof, &empty_root()).is_err());
            let mut long = proof.clone();
            long.push(tree_root);
            assert_eq!(verify(&tree[index], index, size, &long, &tree_root), Err(ProofError::TooLong));
            for cut in 0..proof.len() {
                assert_eq!(verify(&tree[index], index, size, &proof[..cut], &tree_root), Err(ProofError::TooShort));
            }
        }
    }
}

#[test]
fn a_consistency_proof_in_which_anything_is_changed_is_refused() {
    let all = leaves(13);
    for size in 2..=all.len() {
        let new_root = naive_root(&all[..size]);
        for old in 1..size {
            let old_root = naive_root(&all[..old]);
            let proof = naive_subproof(old, &all[..size], true);
            let verify = |old: usize, old_root: &Hash, proof: &[Hash]| {
                verify_consistency(old as u64, old_root, size as u64, &new_root, proof)
            };
            assert_eq!(verify(old, &old_root, &proof), Ok(()));
            assert!(verify(old, &new_root, &proof).is_err(), "{old} {size}");
            let mut long = proof.clone();
            long.push(new_root);
            assert_eq!(verify(old, &old_root, &long), Err(ProofError::TooLong));
            for cut in 0..proof.len() {
                assert_eq!(verify(old, &old_root, &proof[..cut]), Err(ProofError::TooShort));
            }
            for at in 0..proof.len() {
                let mut other = proof.clone();
                other[at].0[7] ^= 0x10;
                assert_eq!(verify(old, &old_root, &other), Err(ProofError::RootMismatch));
            }
        }
    }
}

#[test]
fn the_verifier_makes_no_statement_about_an_empty_old_tree() {
    let tree_root = naive_root(&leaves(5));
    assert_eq!(verify_consistency(0, &empty_root(), 5, &tree_root, &[]), Err(ProofError::OldSizeZero));
    assert_eq!(verify_consistency(0, &empty_root(), 0, &empty_root(), &[]), Err(ProofError::OldSizeZero));
    assert_eq!(consistency_proof(0, 5, &mut |_, _| None), Some(Vec::new()));
}

#[test]
fn equal_sizes_need_equal_roots_and_an_empty_proof() {
    let (one, other) = (naive_root(&leaves(5)), naive_root(&leaves(6)));
    assert_eq!(verify_consistency(5, &one, 5, &one, &[]), Ok(()));
    assert_eq!(verify_consistency(5, &one, 5, &other, &[]), Err(ProofError::RootMismatch));
    assert_eq!(verify_consistency(5, &one, 5, &one, &[one]), Err(ProofError::TooLong));
    assert_eq!(verify_consistency(6, &other, 5, &one, &[]), Err(ProofError::OldSizeLarger { old: 6, new: 5 }));
}

#[test]
fn proofs_hold_at_the_sizes_where_tiles_fill_up() {
    let all = leaves(70_000);
    let nodes = nodes(&all);
    let mut node = |level: u8, index: u64| nodes.get(&(level, index)).copied();
    let sizes = [0_usize, 1, 2, 255, 256, 257, 65_535, 65_536, 70_000];
    let roots: Vec<Hash> = sizes.iter().map(|size| root(&all[..*size])).collect();
    for (new, new_root) in sizes.iter().zip(&roots) {
        for (old, old_root) in sizes.iter().zip(&roots).filter(|(old, _)| *old <= new) {
            let proof = consistency_proof(*old as u64, *new as u64, &mut node).unwrap();
            let verdict = verify_consistency(*old as u64, old_root, *new as u64, new_root, &proof);
            assert_eq!(verdict.is_ok(), *old > 0, "{old} to {new}");
        }
        for index in [0, 1, 254, 255, 256, 65_535, 69_999].into_iter().filter(|index| index < new) {
            let proof = inclusion_proof(index as u64, *new as u64, &mut node).unwrap();
            assert_eq!(verify_inclusion(&all[index], index as u64, *new as u64, &proof, new_root), Ok(()));
        }
    }
}

#[test]
fn an_edge_survives_being_stored() {
    let mut edge = Edge::new();
    for leaf in leaves(70) {
        assert_eq!(Edge::from_bytes(&edge.to_bytes()), Some(edge.clone()));
        edge.push(leaf);
    }
    let bytes = edge.to_bytes();
    assert_eq!(Edge::from_bytes(&bytes[..bytes.len() - 1]), None);
    assert_eq!(Edge::from_bytes(&[bytes.as_slice(), &[0; 32]].concat()), None);
    assert_eq!(Edge::from_bytes(&[0; 7]), None);
    assert_eq!(Edge::from_bytes(&[&u64::MAX.to_be_bytes()[..], &[0; 64 * 32]].concat()), None);
}

proptest! {
    #[test]
    fn random_trees_agree_with_the_naive_tree(
        size in 1_u32..700, index in any::<prop::sample::Index>(), old in any::<prop::sample::Index>(), bit in 0_usize..256,
    ) {
        let all = leaves(size);
        let nodes = nodes(&all);
        let mut node = |level: u8, index: u64| nodes.get(&(level, index)).copied();
        let (index, old) = (index.index(all.len()), old.index(all.len()) + 1);
        let tree_root = naive_root(&all);
        let path = inclusion_proof(index as u64, u64::from(size), &mut node).unwrap();
        prop_assert_eq!(&path, &naive_path(index, &all));
        let proof = consistency_proof(old as u64, u64::from(size), &mut node).unwrap();
        prop_assert_eq!(&proof, &naive_subproof(old, &all, true));
        let mut leaf = all[index];
        leaf.0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_inclusion(&leaf, index as u64, u64::from(size), &path, &tree_root).is_err());
    }
}
