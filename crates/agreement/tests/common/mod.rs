//! Shared by the tests: the complete notes of the format, and keys made from known seeds.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "shared by several tests, which may stop")]

use std::sync::LazyLock;

use entente_agreement::{Agreement, Facts, MarkingState, ObjectType, Origin, PartyId, Subject, SubjectSet, sign};
use entente_ledger::note::SigningKey;
use entente_observable::Kind;
use entente_stix::Timestamp;
use entente_stix::marking::{Pap, Tlp};
use sha2::{Digest, Sha256};

/// The note of section 4.7 of the format.
pub const AGR_12: &str = include_str!("../fixtures/agr-12.v3.agreement");
/// The note of section 4.8.
pub const OPERATION: &str = include_str!("../fixtures/agr-op-2026-014.v1.agreement");
/// The notice of section 4.9.
pub const SUSPEND: &str = include_str!("../fixtures/agr-12.suspend.note");

/// The text of a note, without signature lines.
pub fn text_of(note: &str) -> String {
    let (text, _) = note.split_once("\n\n\u{2014} ").unwrap();
    format!("{text}\n")
}

/// Makes the example key of that name: seed SHA-256("entente design example: " + name).
pub fn key(name: &str) -> SigningKey {
    let seed: [u8; 32] = Sha256::digest(format!("entente design example: {name}").as_bytes()).into();
    SigningKey::from_seed(name, &seed).unwrap()
}

pub fn northtel_key() -> SigningKey {
    key("northtel.example/agreements")
}

pub fn fusion_key() -> SigningKey {
    key("fusion.example/agreements")
}

/// Signs a text derived from agr-12 as both parties.
pub fn signed(text: &str) -> Agreement {
    let note = sign::sign(text.as_bytes(), &northtel_key()).unwrap();
    let note = sign::sign(&note, &fusion_key()).unwrap();
    Agreement::open(&note).unwrap()
}

/// Opens agr-12; verified once, since the tests ask for it often.
pub fn agr_12() -> Agreement {
    static OPENED: LazyLock<Agreement> = LazyLock::new(|| Agreement::open(AGR_12.as_bytes()).unwrap());
    OPENED.clone()
}

pub fn party(name: &str) -> PartyId {
    PartyId::parse(name).unwrap()
}

pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// An instant at which agr-12 is in force.
pub fn now() -> Timestamp {
    at("2026-12-02T10:02:11Z")
}

/// Facts of an own C2 indicator that clause c2-out of agr-12 permits.
pub fn c2_facts() -> Facts {
    Facts {
        object_type: ObjectType::Indicator,
        kind: Some(Kind::Ipv4Addr),
        tlp: Tlp::Green,
        marking_state: MarkingState::Marked,
        pap: Pap::Green,
        origin: Origin::Own,
        subject: SubjectSet::of(&[Subject::Infrastructure]),
        confidence: 80,
        age_reference: at("2026-11-30T09:12:44.120Z"),
        warninglisted: false,
        quarantined: false,
        legal_hold: false,
        local_only: false,
        embargo_until: None,
        in_constituency: false,
        has_text: true,
        text_reviewed: false,
        echo: false,
        known_type: true,
    }
}

/// Replaces the first occurrence, which must be there.
pub fn with(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}
