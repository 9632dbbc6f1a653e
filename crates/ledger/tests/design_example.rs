//! The worked example of the ledger notes, section 4, and the one-line note of the agreement notes, section 4.9.
//!
//! Every figure was made by another implementation. Seeds are SHA-256("entente design example: " + key name).

#![expect(clippy::unwrap_used, reason = "a test may stop where a value is not as it must be")]

use entente_ledger::checkpoint::Checkpoint;
use entente_ledger::cosignature::{self, CosigningKey};
use entente_ledger::leaf::{Actor, Entry, Leaf, LeafTime};
use entente_ledger::note::{Note, NoteError, SigningKey, VerifierKey};
use entente_ledger::policy::{Policy, TrustError};
use entente_ledger::receipt::{Evidence, Receipt, ReceiptError};
use entente_ledger::{Hash, UnixSeconds, merkle};

const OBJECT: &str = r#"{"type":"indicator","spec_version":"2.1","id":"indicator--7d0b8f5e-6c35-5b0f-9a58-0f2f6d9b1c01","created":"2026-11-30T09:00:00.000Z","modified":"2026-11-30T09:00:00.001Z","pattern":"[ipv4-addr:value = '198.51.100.25']","pattern_type":"stix","valid_from":"2026-11-30T09:00:00Z","object_marking_refs":["marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"]}"#;

const LEAF: &str = r#"{"v":1,"seq":2,"time":"2026-12-02T10:02:11.000Z","kind":"release","agreement":"sha256:695aa11d02467a8dbf01b689b41773526a512e495784bbc0129ffa90994928c1","actor":"b5bb8cce","party":"fusion","first":1,"last":3,"n":3,"inner":"RGGI4Tml1Mco5KYKx39srKjYV3Q1K/no4F4g6PmchP8=","obligations":"sha256:a7bd18781ac9d064d72fdeebd96ebc84e063b09ae5ed1a3917f0228c4c489c9e","compiled":"sha256:4a2f3674b7e439e89053dd07c7c4652f3d8f0062a85973d392e3d3e66d1b86ac","engine":"entente/0.1.0"}"#;

const CHECKPOINT: &str = "exchange.northtel.example/agr/agr-12
5
nMOI7HbFiTqdWYqBVNshPCKAC4Wl6TqWUqr/uemwmG4=

— exchange.northtel.example/agr/agr-12 tbuMztI1OGqJLW1MMtK4cef0MI1UQd7HAPFo22vK9yKEAKHcY72dOBNQNkwaQitRdpaE6TMW0AtQBHY1q9KEVoHrBwk=
— fusion.example/witness 0yfXrQAAAABrD+yl1QxBgvqEA6V/N8weYYmyVGBOZttZsGQNIqKtGEURK8SPbR2EbqdU0KBh/0w+ohOu6DKqArcG57xlqYE4Yn7dBA==
";

const POLICY: &str = "log exchange.northtel.example/agr/agr-12+b5bb8cce+AaahE9PozRFeL23Qph4lypsyzEI6PYAN2m8bjou1It7n https://exchange.northtel.example/agr/agr-12
witness fusion fusion.example/witness+d327d7ad+BFe5pHXbkX7aEZNdvmJ1ygsAyomVhkuvTm0P5p9p2PwD
quorum fusion
";

const SUSPEND: &str = "entente/suspend@1 agreement=agr-12 hash=sha256:695aa11d02467a8dbf01b689b41773526a512e495784bbc0129ffa90994928c1 party=fusion at=2027-01-03T09:00:00Z reason=dispute

— fusion.example/agreements o3Sb5onTZqnLtlT+Y8mPs8hAU4GJUcY7PtGaZb8QdXV/Ite7D4Ody2T/0xZmGvO+7hQLeWzu1xqBCwzDYS5d3aai6Q4=
";

/// 2026-12-02T10:02:13Z, two seconds after the leaf: the time in the cosignature.
const COSIGNED_AT: UnixSeconds = UnixSeconds(0x6b0f_eca5);

fn seed(name: &str) -> [u8; 32] {
    Hash::of(format!("entente design example: {name}").as_bytes()).0
}

fn sha256(hex: &str) -> Hash {
    Hash::parse_sha256_text(&format!("sha256:{hex}")).unwrap()
}

fn hashes(lines: &[&str]) -> Vec<Hash> {
    lines.iter().map(|line| Hash::parse_base64(line).unwrap()).collect()
}

fn receipt() -> Receipt {
    Receipt {
        evidence: Evidence {
            leaf: LEAF.into(),
            object: "indicator--7d0b8f5e-6c35-5b0f-9a58-0f2f6d9b1c01".to_owned(),
            bytes: sha256("45744463ad7a66a521109cc079058b18c8422634dbe6aa6fa942f67867ea4d95"),
            // R+34TNtCDerrNDPcnFjI9g==
            salt: [0x47, 0xed, 0xf8, 0x4c, 0xdb, 0x42, 0x0d, 0xea, 0xeb, 0x34, 0x33, 0xdc, 0x9c, 0x58, 0xc8, 0xf6],
            decision: sha256("7af09122137a9238d58d9749b0744a7650ae5efd069afbf27017abcc26126785").0,
            inner_index: 0,
            inner_size: 3,
            inner_path: hashes(&[
                "UpkwHyQ1J0FWpBlYBmDQBdAMGAdnNe3+ZZi0IMXXj5E=",
                "XLjPbUMSWlHnsoMoW8ntP4LwoE/g3J3oVEHViVwOEBY=",
            ]),
        },
        index: 2,
        proof: hashes(&[
            "1fjqfzEip7ZQH8WxVu0PsBnocSkpUaPL84BMGBVuUc4=",
            "DrWKu3V8eaBHSS5aeRMEnUTyl2azLrzC+wQxSVU2yEg=",
            "y3UIRY/coHRotM9uerAj3AtTo4jpljEMvtJwnN9T1VE=",
        ]),
        checkpoint: CHECKPOINT.to_owned(),
    }
}

fn policy() -> Policy {
    Policy::parse(POLICY).unwrap()
}

#[test]
fn keys_made_from_the_seeds_are_those_of_the_policy() {
    let log =
        SigningKey::from_seed("exchange.northtel.example/agr/agr-12", &seed("exchange.northtel.example/agr/agr-12"));
    let witness = CosigningKey::from_seed("fusion.example/witness", &seed("fusion.example/witness"));
    assert_eq!(&policy().logs()[0].key, log.unwrap().verifier());
    assert_eq!(&policy().witnesses()[0].key, witness.unwrap().verifier());
}

#[test]
fn signing_again_gives_the_same_checkpoint() {
    // Signing a stored head again after a crash must be harmless.
    let log = "exchange.northtel.example/agr/agr-12";
    let root = hashes(&["nMOI7HbFiTqdWYqBVNshPCKAC4Wl6TqWUqr/uemwmG4="])[0];
    let checkpoint = Checkpoint::new(log, 5, root).unwrap();
    let mut note = checkpoint.sign(&SigningKey::from_seed(log, &seed(log)).unwrap()).unwrap();
    let witness = CosigningKey::from_seed("fusion.example/witness", &seed("fusion.example/witness")).unwrap();
    let line = witness.cosign(note.text(), COSIGNED_AT);
    assert_eq!(cosignature::time(&line), Some(COSIGNED_AT));
    note.add(line).unwrap();
    assert_eq!(String::from_utf8(note.to_bytes()).unwrap(), CHECKPOINT);
}

#[test]
fn the_leaf_is_read_and_written_as_it_stands() {
    let entry = Entry::parse(LEAF.as_bytes()).unwrap();
    assert_eq!(LEAF.len(), 466);
    assert_eq!(entry.seq, 2);
    // 2026-12-02T10:02:11Z is 1,796,205,731 s after 1970.
    assert_eq!(entry.time, LeafTime::from_unix_millis(1_796_205_731_000).unwrap());
    assert_eq!(entry.actor, Actor::Key([0xb5, 0xbb, 0x8c, 0xce]));
    assert!(matches!(&entry.leaf, Leaf::Release { party, first: 1, last: 3, n: 3, .. } if party == "fusion"));
    assert_eq!(entry.to_bytes().unwrap(), LEAF.as_bytes());
    assert_eq!(&merkle::leaf_hash(LEAF.as_bytes()).hex()[..16], "2f64a25ddf9fa71b");
}

#[test]
fn the_receipt_verifies() {
    let verified = receipt().verify(OBJECT.as_bytes(), &policy(), COSIGNED_AT).unwrap();
    assert_eq!(verified.trusted.checkpoint.size(), 5);
    assert_eq!(verified.trusted.witnesses, [("fusion".to_owned(), COSIGNED_AT)]);
    assert_eq!(verified.entry.agreement, sha256("695aa11d02467a8dbf01b689b41773526a512e495784bbc0129ffa90994928c1"));
}

#[test]
fn the_receipt_file_is_read_and_written_as_it_stands() {
    let bytes = receipt().to_bytes();
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra eyJ2IjoxLCJsZWFmIjoiZXlK"));
    assert!(text.ends_with(&format!("\ny3UIRY/coHRotM9uerAj3AtTo4jpljEMvtJwnN9T1VE=\n\n{CHECKPOINT}")));
    assert_eq!(Receipt::parse(&bytes), Ok(receipt()));
}

#[test]
fn each_step_of_the_verification_has_its_own_refusal() {
    let verify = |change: &dyn Fn(&mut Receipt)| {
        let mut receipt = receipt();
        change(&mut receipt);
        receipt.verify(OBJECT.as_bytes(), &policy(), COSIGNED_AT).unwrap_err().code()
    };
    assert_eq!(receipt().verify(b"{}", &policy(), COSIGNED_AT), Err(ReceiptError::Bytes));
    assert_eq!(verify(&|r| r.evidence.object.push('0')), "receipt.object-id");
    assert_eq!(verify(&|r| r.evidence.leaf.clear()), "receipt.leaf");
    assert_eq!(verify(&|r| r.evidence.inner_size = 2), "receipt.inner-size");
    assert_eq!(verify(&|r| r.evidence.salt[0] ^= 1), "receipt.inner");
    assert_eq!(verify(&|r| r.evidence.decision[0] ^= 1), "receipt.inner");
    assert_eq!(verify(&|r| r.evidence.inner_index = 1), "receipt.inner");
    assert_eq!(verify(&|r| r.index = 3), "receipt.seq");
    assert_eq!(verify(&|r| r.proof.truncate(2)), "receipt.leaf-proof");
    assert_eq!(verify(&|r| r.checkpoint = r.checkpoint.replace("\n5\n", "\n6\n")), "receipt.checkpoint");
    assert_eq!(verify(&|r| r.checkpoint = r.checkpoint.replace("KHcY72", "KHcY73")), "receipt.checkpoint");
    // Without the line of the log, or of the witness, what is left is no longer trusted.
    let without = |name: &str| {
        let kept: Vec<&str> = CHECKPOINT.lines().filter(|line| !line.starts_with(&format!("— {name}"))).collect();
        kept.join("\n") + "\n"
    };
    assert_eq!(verify(&|r| r.checkpoint = without("exchange")), "receipt.log-signature");
    assert_eq!(verify(&|r| r.checkpoint = without("fusion")), "receipt.quorum");
    let early = UnixSeconds(COSIGNED_AT.0 - 301);
    let refused = receipt().verify(OBJECT.as_bytes(), &policy(), early).unwrap_err();
    assert_eq!(refused, ReceiptError::Trust(TrustError::FutureTime));
    assert!(receipt().verify(OBJECT.as_bytes(), &policy(), UnixSeconds(early.0 + 1)).is_ok());
}

#[test]
fn a_receipt_in_which_any_byte_is_changed_is_refused() {
    // Leaf, inner path, proof, checkpoint, signatures, and extra are all in this one file.
    let bytes = receipt().to_bytes();
    let policy = policy();
    for at in 0..bytes.len() {
        // The lowest bit, and the bit that changes the case of a letter.
        for mask in [0x01, 0x20] {
            let mut changed = bytes.clone();
            changed[at] ^= mask;
            let verdict = Receipt::parse(&changed).and_then(|r| r.verify(OBJECT.as_bytes(), &policy, COSIGNED_AT));
            assert!(verdict.is_err(), "byte {at} mask {mask:02x}: {:?}", char::from(bytes[at]));
        }
    }
    for at in 0..bytes.len() {
        let cut = Receipt::parse(&bytes[..at]).and_then(|r| r.verify(OBJECT.as_bytes(), &policy, COSIGNED_AT));
        assert!(cut.is_err(), "cut at {at}");
    }
}

#[test]
fn extra_in_which_any_bit_is_changed_is_refused() {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::STANDARD;
    let text = String::from_utf8(receipt().to_bytes()).unwrap();
    let encoded = text.lines().nth(1).and_then(|line| line.strip_prefix("extra ")).unwrap();
    let extra = engine.decode(encoded).unwrap();
    let policy = policy();
    for at in 0..extra.len() {
        for bit in 0..8 {
            let mut changed = extra.clone();
            changed[at] ^= 1 << bit;
            let file = text.replace(encoded, &engine.encode(changed));
            let verdict =
                Receipt::parse(file.as_bytes()).and_then(|r| r.verify(OBJECT.as_bytes(), &policy, COSIGNED_AT));
            assert!(verdict.is_err(), "byte {at} bit {bit}: {:?}", char::from(extra[at]));
        }
    }
}

#[test]
fn a_leaf_in_which_any_bit_is_changed_is_refused() {
    let policy = policy();
    for at in 0..LEAF.len() {
        for bit in 0..8 {
            let mut changed = receipt();
            changed.evidence.leaf[at] ^= 1 << bit;
            assert!(changed.verify(OBJECT.as_bytes(), &policy, COSIGNED_AT).is_err(), "byte {at} bit {bit}");
        }
    }
}

#[test]
fn the_suspension_is_signed_by_its_party_and_by_nobody_else() {
    let note = Note::parse(SUSPEND.as_bytes()).unwrap();
    let key = |name: &str| SigningKey::from_seed(name, &seed(name)).unwrap();
    let keys = ["northtel.example/agreements", "fusion.example/agreements"].map(|name| key(name).verifier().clone());
    assert_eq!(note.verify(&keys), Ok(vec![1]));
    assert_eq!(note.verify(&keys[..1]), Err(NoteError::UnknownSignerOnly));
    assert_eq!(key("fusion.example/agreements").sign(note.text()), note.signatures()[0]);
    // The same public key under another name is another key.
    let renamed = VerifierKey::new("fusion.example/other", keys[1].algorithm(), keys[1].public_key()).unwrap();
    assert_eq!(note.verify(&[renamed]), Err(NoteError::UnknownSignerOnly));
    for at in 0..SUSPEND.len() {
        let mut changed = SUSPEND.as_bytes().to_vec();
        changed[at] ^= 1;
        assert!(Note::parse(&changed).and_then(|note| note.verify(&keys)).is_err(), "byte {at}");
    }
}
