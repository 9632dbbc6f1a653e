use proptest::prelude::*;

use super::*;

fn key(name: &str) -> SigningKey {
    SigningKey::from_seed(name, &[1; 32]).unwrap()
}

fn signed(text: &str) -> Note {
    let mut note = Note::new(text).unwrap();
    note.add(key("a.example/x").sign(text)).unwrap();
    note
}

fn code(bytes: &[u8]) -> &'static str {
    Note::parse(bytes).unwrap_err().code()
}

#[test]
fn a_text_with_empty_lines_is_split_at_the_last_one() {
    let note = signed("one\n\ntwo:\n\n\nthree\n");
    let read = Note::parse(&note.to_bytes()).unwrap();
    assert_eq!(read, note);
    assert_eq!(read.verify(&[key("a.example/x").verifier().clone()]), Ok(vec![0]));
}

#[test]
fn each_damage_has_its_code() {
    let whole = String::from_utf8(signed("text\n").to_bytes()).unwrap();
    let line = whole.lines().last().unwrap();
    assert_eq!(code(b""), "note.no-signature");
    assert_eq!(code(b"text\n"), "note.no-signature");
    assert_eq!(code(b"text\n\n"), "note.no-signature");
    assert_eq!(code(b"text\n\nno signature\n"), "note.no-signature");
    assert_eq!(code(format!("{whole}\n").as_bytes()), "note.trailing");
    assert_eq!(code(format!("{whole}x\n").as_bytes()), "note.trailing");
    assert_eq!(code(format!("{whole}\nx\n").as_bytes()), "note.trailing");
    assert_eq!(code(whole.trim_end().as_bytes()), "note.bad-signature");
    assert_eq!(code(format!("text\r\n\n{line}\n").as_bytes()), "note.control-char");
    assert_eq!(code(format!("te\txt\n\n{line}\n").as_bytes()), "note.control-char");
    assert_eq!(code(&[whole.as_bytes(), &[0xff]].concat()), "note.utf8");
    let lines = format!("{line}\n").repeat(65);
    assert_eq!(code(format!("text\n\n{lines}").as_bytes()), "note.too-many-signatures");
    assert_eq!(code(&vec![b'x'; NOTE_SIZE_BYTES_MAX + 1]), "note.size");
    let long = "x".repeat(TEXT_SIZE_BYTES_MAX);
    assert_eq!(code(format!("{long}\n\n{line}\n").as_bytes()), "note.size");
    for line in
        ["— a.example/x", "— a.example/x ", "— a.example/x AAAA", "—  AAAAAAA=", "— a+b AAAAAAA=", "— a AAAAAAB="]
    {
        assert_eq!(code(format!("text\n\n{line}\n").as_bytes()), "note.bad-signature", "{line}");
    }
}

#[test]
fn a_known_key_that_fails_makes_the_note_invalid_and_an_unknown_key_does_not() {
    let mut note = signed("text\n");
    note.add(key("b.example/y").sign("another text\n")).unwrap();
    let (a, b) = (key("a.example/x").verifier().clone(), key("b.example/y").verifier().clone());
    assert_eq!(note.verify(std::slice::from_ref(&a)), Ok(vec![0]));
    assert_eq!(note.verify(&[a, b]), Err(NoteError::BadSignature { name: "b.example/y".to_owned() }));
    assert_eq!(note.verify(&[]), Err(NoteError::UnknownSignerOnly));
}

#[test]
fn a_second_signature_of_a_key_replaces_the_first() {
    let mut note = signed("text\n");
    note.add(key("b.example/y").sign("text\n")).unwrap();
    note.add(key("a.example/x").sign("text\n")).unwrap();
    let names: Vec<&str> = note.signatures().iter().map(SignatureLine::name).collect();
    assert_eq!(names, ["b.example/y", "a.example/x"]);
}

#[test]
fn a_name_has_no_space_and_no_plus() {
    for name in ["", "a b", "a+b", "a\u{a0}b", "a\u{2003}b", "a\nb"] {
        assert_eq!(SigningKey::from_seed(name, &[1; 32]).unwrap_err(), NoteError::KeyName, "{name:?}");
    }
}

#[test]
fn a_key_of_small_order_or_odd_spelling_is_refused() {
    let refused = |bytes: &[u8; 32]| VerifierKey::new("a", Algorithm::Ed25519, bytes).is_err();
    // The identity (y = 1), its two unreduced spellings (p + 1 with either sign), and the point of order 2 (y = -1).
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut unreduced = [0xff; 32];
    unreduced[0] = 0xee;
    let signed = unreduced;
    unreduced[31] = 0x7f;
    let mut order_two = unreduced;
    order_two[0] = 0xec;
    for bytes in [identity, unreduced, signed, order_two] {
        assert!(refused(&bytes), "{bytes:02x?}");
    }
    assert!(!refused(key("a").verifier().public_key().try_into().unwrap()));
}

#[test]
fn a_verifier_key_whose_id_is_not_its_own_is_refused() {
    let text = key("a.example/x").verifier().to_string();
    assert_eq!(&VerifierKey::parse(&text).unwrap(), key("a.example/x").verifier());
    let renamed = text.replace("a.example/x", "a.example/y");
    assert_eq!(VerifierKey::parse(&renamed).unwrap_err().code(), "note.key");
    for text in ["", "a", "a+b", "a+00000000+", "a+00000000+AQ==", "a+00000000+/////w=="] {
        assert_eq!(VerifierKey::parse(text).unwrap_err().code(), "note.key", "{text:?}");
    }
}

#[test]
fn a_post_quantum_cosigner_is_read_and_its_signatures_count_as_unknown() {
    let key = VerifierKey::new("w.example", Algorithm::CosignatureMlDsa44, &[3; 1_312]).unwrap();
    assert_eq!(VerifierKey::parse(&key.to_string()).as_ref(), Ok(&key));
    let mut note = signed("text\n");
    note.add(SignatureLine { name: "w.example".to_owned(), key_id: key.key_id(), signature: vec![0; 2_428] }).unwrap();
    let read = Note::parse(&note.to_bytes()).unwrap();
    assert_eq!(read.verify(&[key]), Err(NoteError::UnknownSignerOnly));
}

#[test]
fn the_secret_is_not_in_the_debug_output() {
    let shown = format!("{:?}", SigningKey::from_seed("a", &[0xab; 32]).unwrap());
    assert!(shown.contains("a+") && !shown.contains("171") && !shown.contains("ab, ab"), "{shown}");
}

proptest! {
    #[test]
    fn a_note_is_read_back(text in "[ -~\n€]{0,80}\n", names in prop::collection::vec("[a-z./]{1,12}", 1..5)) {
        let mut note = Note::new(text.clone()).unwrap();
        for name in &names {
            note.add(key(name).sign(&text)).unwrap();
        }
        prop_assert_eq!(Note::parse(&note.to_bytes()), Ok(note));
    }

    #[test]
    fn any_bytes_that_are_a_note_are_its_only_spelling(bytes in "[a\n]{0,6}\n\n(— (a|a/b) [A-D]{8}\n){0,3}[a\n]{0,2}") {
        if let Ok(note) = Note::parse(bytes.as_bytes()) {
            prop_assert_eq!(note.to_bytes(), bytes.as_bytes());
        }
    }
}
