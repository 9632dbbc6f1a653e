use super::*;
use crate::Hash;
use crate::cosignature::CosigningKey;
use crate::note::SigningKey;

const NOW: UnixSeconds = UnixSeconds(1_000_000);

fn log(name: &str) -> SigningKey {
    SigningKey::from_seed(name, &Hash::of(name.as_bytes()).0).unwrap()
}

fn witness(name: &str) -> CosigningKey {
    CosigningKey::from_seed(name, &Hash::of(name.as_bytes()).0).unwrap()
}

fn witness_lines(names: &[&str]) -> String {
    names.iter().map(|name| format!("witness {name} {}\n", witness(name).verifier())).collect()
}

/// The policy with two levels of groups that the specification shows.
fn two_levels() -> Policy {
    let text = format!(
        "# policy\n\nlog {}\n{}group X-witnesses 2 X1 X2 X3\n{} \t group  Y-witnesses any Y1 Y2 Y3 \ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n",
        log("log.example").verifier(),
        witness_lines(&["X1", "X2", "X3"]),
        witness_lines(&["Y1", "Y2", "Y3"]),
    );
    Policy::parse(&text).unwrap()
}

fn checkpoint(cosigners: &[(&str, u64)]) -> Note {
    let checkpoint = Checkpoint::new("log.example", 4, Hash([4; 32])).unwrap();
    let mut note = checkpoint.sign(&log("log.example")).unwrap();
    for (name, time) in cosigners {
        note.add(witness(name).cosign(note.text(), UnixSeconds(*time))).unwrap();
    }
    note
}

fn verdict(policy: &Policy, cosigners: &[(&str, u64)]) -> Result<usize, TrustError> {
    policy.verify_checkpoint(&checkpoint(cosigners).to_bytes(), NOW).map(|trusted| trusted.witnesses.len())
}

#[test]
fn groups_count_their_members_and_nothing_else() {
    let policy = two_levels();
    assert_eq!(verdict(&policy, &[("X1", 1), ("X3", 1), ("Y2", 1)]), Ok(3));
    assert_eq!(verdict(&policy, &[("X1", 1), ("X2", 1), ("X3", 1)]), Err(TrustError::Quorum));
    assert_eq!(verdict(&policy, &[("X1", 1), ("Y1", 1), ("Y2", 1)]), Err(TrustError::Quorum));
    assert_eq!(verdict(&policy, &[]), Err(TrustError::Quorum));
    // An unknown witness neither helps nor harms.
    assert_eq!(verdict(&policy, &[("Z", 1), ("X1", 1), ("Y2", 1)]), Err(TrustError::Quorum));
    assert_eq!(verdict(&policy, &[("Z", 1), ("X1", 1), ("X2", 1), ("Y2", 1)]), Ok(3));
}

#[test]
fn a_cosignature_more_than_five_minutes_ahead_does_not_count() {
    let policy = two_levels();
    assert_eq!(verdict(&policy, &[("X1", 1), ("X2", 1), ("Y1", NOW.0 + 300)]), Ok(3));
    assert_eq!(verdict(&policy, &[("X1", 1), ("X2", 1), ("Y1", NOW.0 + 301)]), Err(TrustError::FutureTime));
    assert_eq!(verdict(&policy, &[("X1", 1), ("X2", 1), ("Y2", 1), ("Y1", NOW.0 + 301)]), Ok(3));
}

#[test]
fn a_known_witness_whose_signature_fails_makes_the_note_invalid() {
    let mut note = checkpoint(&[("X1", 1), ("X2", 1), ("Y1", 1)]);
    note.add(witness("Y2").cosign("another text\n", UnixSeconds(1))).unwrap();
    let refused = two_levels().verify_checkpoint(&note.to_bytes(), NOW).unwrap_err();
    assert_eq!(refused.code(), "note.bad-signature");
}

#[test]
fn a_log_speaks_for_itself_only() {
    let text = format!("log {}\nlog {}\nquorum none\n", log("log.example").verifier(), log("other.example").verifier());
    let policy = Policy::parse(&text).unwrap();
    let mut note = Note::new(checkpoint(&[]).text()).unwrap();
    note.add(log("other.example").sign(note.text())).unwrap();
    assert_eq!(policy.verify_checkpoint(&note.to_bytes(), NOW), Err(TrustError::UnknownLog));
    note.add(log("log.example").sign(note.text())).unwrap();
    assert!(policy.verify_checkpoint(&note.to_bytes(), NOW).is_ok());
    assert_eq!(verdict(&Policy::of_log(log("third.example").verifier().clone()), &[]), Err(TrustError::UnknownLog));
}

#[test]
fn a_witness_key_does_not_sign_for_a_log_nor_a_log_key_for_a_witness() {
    let log_key = log("log.example").verifier().to_string();
    let witness_key = witness("w.example").verifier().to_string();
    let line = |text: &str| Policy::parse(&format!("{text}\nquorum none\n")).unwrap_err().line;
    assert_eq!(line(&format!("log {witness_key}")), 1);
    assert_eq!(line(&format!("witness w {log_key}")), 1);
}

#[test]
fn malformed_policies_are_refused_with_their_line() {
    let key = |name: &str| witness(name).verifier().to_string();
    let (a, b, c) = (key("a"), key("b"), log("c").verifier().to_string());
    let same_key =
        crate::note::VerifierKey::new("other", Algorithm::Ed25519, log("c").verifier().public_key()).unwrap();
    for (text, line) in [
        (String::new(), 0),
        (format!("log {c}\n"), 0),
        ("quorum none\nquorum none\n".to_owned(), 2),
        ("quorum w\n".to_owned(), 1),
        (format!("quorum w\nwitness w {a}\n"), 1),
        (format!("witness w {a}\nwitness w {b}\nquorum w\n"), 2),
        (format!("witness v {a}\nwitness w {a}\nquorum w\n"), 2),
        (format!("log {c}\nlog {same_key}\nquorum none\n"), 2),
        (format!("witness none {a}\nquorum none\n"), 1),
        (format!("witness w {a}\ngroup g 2 w\nquorum g\n"), 2),
        (format!("witness w {a}\ngroup g 0 w\nquorum g\n"), 2),
        (format!("witness w {a}\ngroup g 01 w\nquorum g\n"), 2),
        (format!("witness w {a}\ngroup g any\nquorum g\n"), 2),
        (format!("witness w {a}\ngroup g all w w\nquorum g\n"), 2),
        (format!("witness w {a}\ngroup g all none\nquorum g\n"), 2),
        (format!("witness w {a}\ngroup g all g\nquorum g\n"), 2),
        (format!("witness w {a}\ngroup g any w\ngroup h any w\nquorum h\n"), 3),
        ("log nonsense\nquorum none\n".to_owned(), 1),
        ("Quorum none\n".to_owned(), 1),
        ("quorum none\r\n".to_owned(), 1),
        ("quorum\u{a0}none\n".to_owned(), 1),
    ] {
        let found = Policy::parse(&text).map_err(|error| error.line);
        assert_eq!(found.unwrap_err(), line, "{text}");
    }
}
