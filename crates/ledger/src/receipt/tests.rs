use super::*;
use crate::checkpoint::Checkpoint;
use crate::leaf::{Actor, LeafTime};
use crate::note::SigningKey;

const NOW: UnixSeconds = UnixSeconds(2_000_000_000);

/// A receipt against a log of one leaf whose batch is one row.
fn receipt(leaf: &Leaf, object: &[u8], id: &str) -> (Receipt, Policy) {
    let time = LeafTime::from_unix_millis(0).unwrap();
    let leaf = leaf.to_bytes(0, time, &Hash([9; 32]), &Actor::Key([1; 4])).unwrap();
    let key = SigningKey::from_seed("log.example", &[3; 32]).unwrap();
    let checkpoint = Checkpoint::new("log.example", 1, merkle::leaf_hash(&leaf)).unwrap().sign(&key).unwrap();
    let evidence = Evidence {
        leaf,
        object: id.to_owned(),
        bytes: Hash::of(object),
        salt: [1; 16],
        decision: [2; 32],
        inner_index: 0,
        inner_size: 1,
        inner_path: Vec::new(),
    };
    let checkpoint = String::from_utf8(checkpoint.to_bytes()).unwrap();
    (Receipt { evidence, index: 0, proof: Vec::new(), checkpoint }, Policy::of_log(key.verifier().clone()))
}

fn delivery(object: &[u8], id: &str) -> Leaf {
    Leaf::Delivery {
        party: "fusion".to_owned(),
        purpose: "defence".to_owned(),
        door: "rest".to_owned(),
        first: 4,
        last: 4,
        n: 1,
        inner: Some(commitment(&[1; 16], &Hash::of(object).0, id, &[2; 32])),
    }
}

#[test]
fn commitment_and_decision_digest_are_the_hashes_of_their_concatenation() {
    let made = commitment(&[1; 16], &[2; 32], "x--1", &[3; 32]);
    assert_eq!(made, Hash::of(&[&[0][..], &[1; 16], &[2; 32], b"x--1", &[3; 32]].concat()));
    assert_eq!(decision_digest(&[4; 16], b"{}"), Hash::of(&[&[2][..], &[4; 16], b"{}"].concat()).0);
}

#[test]
fn a_reshaped_line_is_proved_by_a_delivery_leaf_only() {
    let (line, id) = (b"198.51.100.25,c2".as_slice(), "x--1");
    let (valid, policy) = receipt(&delivery(line, id), line, id);
    assert!(valid.verify(line, &policy, NOW).is_ok());
    let release = Leaf::Release {
        party: "fusion".to_owned(),
        first: 4,
        last: 4,
        n: 1,
        inner: commitment(&[1; 16], &Hash::of(line).0, id, &[2; 32]),
        obligations: Hash([0; 32]),
        compiled: Hash([0; 32]),
        engine: "e".to_owned(),
    };
    let (refused, policy) = receipt(&release, line, id);
    assert_eq!(refused.verify(line, &policy, NOW), Err(ReceiptError::ObjectId));
}

#[test]
fn an_object_bears_the_id_of_its_receipt() {
    for object in [r#"{"id":"x--2"}"#, r#"{"type":"x"}"#, r#"{"id":"x--1","id":"x--1"}"#, r#"{"id":"x--1""#] {
        let (receipt, policy) = receipt(&delivery(object.as_bytes(), "x--1"), object.as_bytes(), "x--1");
        assert_eq!(receipt.verify(object.as_bytes(), &policy, NOW), Err(ReceiptError::ObjectId), "{object}");
    }
}

#[test]
fn a_leaf_that_covers_no_objects_proves_none() {
    let ack = Leaf::DeliveryAck { party: "a".to_owned(), of: 1, n: 1, outcome: crate::leaf::Outcome::Admitted };
    let (receipt, policy) = receipt(&ack, b"line", "x--1");
    assert_eq!(receipt.verify(b"line", &policy, NOW).unwrap_err().code(), "receipt.object-id");
    let object = br#"{"id":"x--1"}"#;
    let (receipt, policy) = super::tests::receipt(&ack, object, "x--1");
    assert_eq!(receipt.verify(object, &policy, NOW), Err(ReceiptError::LeafWithoutObjects));
}

#[test]
fn malformed_files_are_refused_with_their_line() {
    let (receipt, _) = receipt(&delivery(b"l", "x--1"), b"l", "x--1");
    let text = String::from_utf8(receipt.to_bytes()).unwrap();
    let refused = |from: &str, to: &str| {
        assert!(text.contains(from));
        Receipt::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err()
    };
    assert_eq!(refused("@v1\n", "@v2\n"), ReceiptError::Format { line: 1 });
    assert_eq!(refused("@v1\n", "@v1 \n"), ReceiptError::Format { line: 1 });
    assert_eq!(refused("extra ", "extra  "), ReceiptError::Extra);
    assert_eq!(refused("index 0", "index 00"), ReceiptError::Format { line: 3 });
    assert_eq!(refused("index 0\n", "index 0\nAAAA\n"), ReceiptError::Format { line: 4 });
    let hash = format!("{}\n", Hash([1; 32]));
    assert_eq!(refused("index 0\n", &format!("index 0\n{}", hash.repeat(64))), ReceiptError::Format { line: 67 });
    assert_eq!(Receipt::parse(b""), Err(ReceiptError::Format { line: 0 }));
    assert_eq!(Receipt::parse(&vec![b'x'; RECEIPT_SIZE_BYTES_MAX + 1]), Err(ReceiptError::Size));
}
