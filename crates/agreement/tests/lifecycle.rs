//! The life of an agreement: random sequences of events against a model of its own (T-A10), rotation of keys, requests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop")]

mod common;

use common::*;
use entente_agreement::lifecycle::{self, Act};
use entente_agreement::{Agreement, ConsentScope, Notice, PurposeSet, State, Verb, sign};
use entente_ledger::note::SigningKey;
use entente_stix::Timestamp;
use proptest::prelude::*;

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

fn key_of(party: usize) -> SigningKey {
    if party == 0 { northtel_key() } else { fusion_key() }
}

fn id_of(party: usize) -> &'static str {
    ["northtel", "fusion"][party]
}

/// What may happen to an agreement that both have signed.
#[derive(Clone, Copy, Debug)]
enum Event {
    Wait(i64),
    Suspend(usize),
    Resume(usize),
    Terminate(usize, i64),
    Certify(usize),
    Replay,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (1_i64..200).prop_map(Event::Wait),
        3 => (0_usize..2).prop_map(Event::Suspend),
        3 => (0_usize..2).prop_map(Event::Resume),
        1 => ((0_usize..2), (20_i64..120)).prop_map(|(party, days)| Event::Terminate(party, days)),
        1 => (0_usize..2).prop_map(Event::Certify),
        1 => Just(Event::Replay),
    ]
}

/// The model: written from the table of the format, and from nothing else.
#[derive(Clone, Debug, Default)]
struct Model {
    suspended: [bool; 2],
    ends: Option<i64>,
    certified: [bool; 2],
}

impl Model {
    fn state(&self, now: i64, from: i64, to: i64) -> State {
        if self.ends.is_some_and(|at| now >= at) {
            return if self.certified == [true; 2] { State::Closed } else { State::Terminated };
        }
        if now >= to {
            return State::Expired;
        }
        if self.suspended.contains(&true) {
            return State::Suspended;
        }
        if now < from { State::Countersigned } else { State::InForce }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn random_events_lead_where_the_table_says_and_nowhere_else(events in prop::collection::vec(event(), 0..24)) {
        let mut agreement = agr_12();
        let (from, to) = (agreement.terms().valid_from.as_micros(), agreement.terms().valid_to.as_micros());
        let notice_days = i64::from(agreement.terms().termination.notice_days);
        let mut model = Model::default();
        let mut now = from - 20 * DAY;
        let mut said: Vec<Vec<u8>> = Vec::new();
        for event in events {
            now += HOUR;
            let at = Timestamp::from_micros(now);
            let before = model.state(now, from, to);
            let mut tell = |party: usize, verb: Verb, agreement: &mut Agreement| {
                let permitted = before.permits(Act::of(&verb));
                let note = Notice::new(agreement.terms(), verb).sign(&key_of(party)).unwrap();
                let done = permitted && agreement.apply_notice(&note).is_ok();
                if done {
                    said.push(note);
                }
                done
            };
            match event {
                Event::Wait(days) => now += days * DAY / 4,
                Event::Suspend(who) => {
                    let verb = Verb::Suspend { party: party(id_of(who)), at, reason: "x".to_owned() };
                    let done = tell(who, verb, &mut agreement);
                    prop_assert_eq!(done, matches!(before, State::Countersigned | State::InForce | State::Suspended));
                    model.suspended[who] |= done;
                }
                Event::Resume(who) => {
                    let done = tell(who, Verb::Resume { party: party(id_of(who)), at }, &mut agreement);
                    prop_assert_eq!(done, before == State::Suspended && model.suspended[who]);
                    model.suspended[who] &= !done;
                }
                Event::Terminate(who, days) => {
                    let effective = Timestamp::from_micros(now + days * DAY);
                    let verb = Verb::Terminate { party: party(id_of(who)), at, effective, reason: "x".to_owned() };
                    let done = tell(who, verb, &mut agreement);
                    let open = matches!(before, State::Countersigned | State::InForce | State::Suspended);
                    prop_assert_eq!(done, open && days >= notice_days);
                    if done {
                        model.ends = Some(model.ends.map_or(effective.as_micros(), |known| known.min(effective.as_micros())));
                    }
                }
                Event::Certify(who) => {
                    if before.permits(Act::Certify) {
                        agreement.certify(&party(id_of(who))).unwrap();
                        model.certified[who] = true;
                    }
                }
                Event::Replay => {
                    if let Some(old) = said.first() {
                        let verb = Notice::open(old).unwrap().1.verb;
                        let twice = agreement.apply_notice(old);
                        // Ending twice at the same instant changes nothing; everything else is recognised.
                        prop_assert!(twice.is_err() || matches!(verb, Verb::Terminate { .. }), "{:?}", verb);
                    }
                }
            }
            let state = agreement.state(Timestamp::from_micros(now));
            prop_assert_eq!(state, model.state(now, from, to), "after {:?}", event);
            prop_assert_eq!(state.permits(Act::Release), state == State::InForce);
            prop_assert_eq!(state.permits(Act::Deliver), state == State::InForce);
        }
        // What was said, read again from the notes alone, gives the same state.
        let notes: Vec<&[u8]> = said.iter().map(Vec::as_slice).collect();
        let again = lifecycle::replay([AGR_12.as_bytes()], notes).unwrap().remove(0);
        let mut certified = again;
        for (who, done) in model.certified.iter().enumerate() {
            if *done {
                certified.certify(&party(id_of(who))).unwrap();
            }
        }
        prop_assert_eq!(certified.state(Timestamp::from_micros(now)), agreement.state(Timestamp::from_micros(now)));
    }
}

#[test]
fn acts_outside_the_table_are_refused_in_every_state() {
    use State::*;
    let all = [Draft, Offered, Countersigned, InForce, Amended, Suspended, Expired, Terminated, Closed];
    let permitted = |act: Act| -> Vec<State> { all.into_iter().filter(|state| state.permits(act)).collect() };
    assert_eq!(permitted(Act::Sign), [Draft, Offered]);
    assert_eq!(permitted(Act::Release), [InForce]);
    assert_eq!(permitted(Act::Deliver), [InForce]);
    assert_eq!(permitted(Act::Resume), [Suspended]);
    assert_eq!(permitted(Act::Terminate), [Countersigned, InForce, Suspended]);
    assert_eq!(permitted(Act::Certify), [Terminated]);
    // A draft and an offer permit nothing but to be signed; a closed agreement nothing but to take back.
    for act in Act::ALL {
        assert_eq!(Draft.permits(act) || Offered.permits(act), act == Act::Sign, "{act:?}");
        assert_eq!(Closed.permits(act), matches!(act, Act::Recall | Act::ConsentWithdraw), "{act:?}");
    }
    // Recalls work suspended, expired and after the end.
    assert_eq!(permitted(Act::Recall).len(), 7);
}

/// The next version of agr-12, signed by both.
fn amended(from: &str) -> Vec<u8> {
    let text = with(&text_of(AGR_12), "version = 3", "version = 4");
    let old = "sha256:35c23a864fb34fe2bcd2c862fd7ca2bf3d199a51ca4d52daae96a45b2bda946c";
    let text = with(&text, old, &agr_12().hash_text());
    let text = with(&text, "valid_from = 2026-12-01", &format!("valid_from = {from}"));
    let note = sign::sign(text.as_bytes(), &northtel_key()).unwrap();
    sign::sign(&note, &fusion_key()).unwrap()
}

#[test]
fn the_later_version_rules_from_its_first_day() {
    let later = amended("2027-01-01");
    let life = lifecycle::replay([AGR_12.as_bytes(), later.as_slice()], []).unwrap();
    let rules = |time: &str| {
        let ruling = lifecycle::ruling(&life, at(time)).unwrap();
        (ruling.terms().version, ruling.state(at(time)), life[0].state(at(time)))
    };
    assert_eq!(rules("2026-11-01T00:00:00Z"), (3, State::Countersigned, State::Countersigned));
    assert_eq!(rules("2026-12-31T23:59:59Z"), (3, State::InForce, State::InForce));
    assert_eq!(rules("2027-01-01T00:00:00Z"), (4, State::InForce, State::Amended));
    // In the wrong order they are no life.
    assert!(lifecycle::replay([later.as_slice(), AGR_12.as_bytes()], []).is_err());
}

fn rotation(agreement: &Agreement, new: &SigningKey) -> Notice {
    let verb = Verb::RotateKey {
        party: party("fusion"),
        old: Box::new(agreement.key_of(&party("fusion")).unwrap()),
        new: Box::new(new.verifier().clone()),
        at: at("2027-01-03T09:00:00Z"),
    };
    Notice::new(agreement.terms(), verb)
}

fn suspension(time: &str) -> Verb {
    Verb::Suspend { party: party("fusion"), at: at(time), reason: "x".to_owned() }
}

#[test]
fn a_rotated_key_is_accepted_from_then_on_and_the_old_one_is_not() {
    let mut agreement = agr_12();
    let new = SigningKey::from_seed("fusion.example/agreements", &[5; 32]).unwrap();
    let terms = agreement.terms().clone();
    let by_new = Notice::new(&terms, suspension("2027-01-04T09:00:00Z")).sign(&new).unwrap();
    assert_eq!(agreement.apply_notice(&by_new).unwrap_err().code(), "note.unknown-signer-only");
    let rotate = rotation(&agreement, &new);
    // One of the two signatures is not enough.
    assert_eq!(agreement.apply_notice(&rotate.sign(&fusion_key()).unwrap()).unwrap_err().code(), "notice.not-signer");
    assert_eq!(agreement.apply_notice(&rotate.sign(&new).unwrap()).unwrap_err().code(), "notice.not-signer");
    // Nor is the signature of another party in the place of the old key.
    let foreign = rotate.sign_by(&[&northtel_key(), &new]).unwrap();
    assert_eq!(agreement.apply_notice(&foreign).unwrap_err().code(), "notice.not-signer");
    let both = rotate.sign_by(&[&fusion_key(), &new]).unwrap();
    assert_eq!(Notice::open(&both).unwrap().1, rotate);
    agreement.apply_notice(&both).unwrap();
    assert_eq!(agreement.apply_notice(&both).unwrap_err().code(), "notice.replay");
    let by_old = Notice::new(&terms, suspension("2027-01-04T10:00:00Z")).sign(&fusion_key()).unwrap();
    assert_eq!(agreement.apply_notice(&by_old).unwrap_err().code(), "note.unknown-signer-only");
    agreement.apply_notice(&by_new).unwrap();
    assert_eq!(agreement.suspended_by(), [&party("fusion")]);
    // The old key cannot rotate once more.
    let third = SigningKey::from_seed("fusion.example/agreements", &[6; 32]).unwrap();
    let mut stale = rotate.clone();
    if let Verb::RotateKey { new, .. } = &mut stale.verb {
        **new = third.verifier().clone();
    }
    let stale = stale.sign_by(&[&fusion_key(), &third]).unwrap();
    assert_eq!(agreement.apply_notice(&stale).unwrap_err().code(), "notice.old-key");
}

#[test]
fn a_key_of_somebody_else_cannot_come_to_sign_for_a_party() {
    let mut agreement = agr_12();
    let own_log = key("exchange.northtel.example/agr/agr-12");
    for (seed_name, other) in [("northtel.example/agreements", northtel_key()), ("log", own_log)] {
        let rotate = rotation(&agreement, &other);
        let note = rotate.sign_by(&[&fusion_key(), &other]).unwrap();
        assert_eq!(agreement.apply_notice(&note).unwrap_err().code(), "agr.wrong-key", "{seed_name}");
    }
    assert_eq!(agreement.key_of(&party("fusion")).unwrap(), *fusion_key().verifier());
}

#[test]
fn a_version_that_names_the_new_key_is_not_rotated_again() {
    let new = SigningKey::from_seed("fusion.example/agreements", &[5; 32]).unwrap();
    let rotate = rotation(&agr_12(), &new).sign_by(&[&fusion_key(), &new]).unwrap();
    let text = text_of(std::str::from_utf8(&amended("2027-02-01")).unwrap());
    let text = with(&text, &fusion_key().verifier().to_string(), &new.verifier().to_string());
    let note = sign::sign(text.as_bytes(), &northtel_key()).unwrap();
    let later = sign::sign(&note, &new).unwrap();
    let life = lifecycle::replay([AGR_12.as_bytes(), later.as_slice()], [rotate.as_slice()]).unwrap();
    for version in &life {
        assert_eq!(version.key_of(&party("fusion")).unwrap(), *new.verifier());
    }
}

#[test]
fn a_request_for_consent_is_kept_and_permits_nothing() {
    let mut agreement = agr_12();
    let verb = Verb::ConsentRequest {
        scope: ConsentScope::parse("clause:c2-out").unwrap(),
        to: party("cert-x"),
        purposes: PurposeSet::of(&[entente_agreement::Purpose::NetworkDefence]),
        until: at("2027-02-01T00:00:00Z"),
    };
    let notice = Notice::new(agreement.terms(), verb);
    assert!(notice.to_text().starts_with("entente/consent-request@1 agreement=agr-12 hash=sha256:"));
    assert_eq!(Notice::parse(&notice.to_text()).unwrap(), notice);
    let both = notice.sign_by(&[&northtel_key(), &fusion_key()]).unwrap();
    assert_eq!(agreement.apply_notice(&both).unwrap_err().code(), "notice.signers");
    let asked = notice.sign(&fusion_key()).unwrap();
    agreement.apply_notice(&asked).unwrap();
    assert_eq!(agreement.apply_notice(&asked).unwrap_err().code(), "notice.replay");
    let [request] = agreement.consent_requests() else { panic!("one request") };
    assert_eq!((request.by.as_str(), request.to.as_str()), ("fusion", "cert-x"));
    assert!(agreement.consents().is_empty());
}
