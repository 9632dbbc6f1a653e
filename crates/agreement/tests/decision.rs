//! The decision: floors, predicates, order, monotony, and the abuse cases that end here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop")]

mod common;

use common::*;
use entente_agreement::{
    Agreement, Decision, Door, DoorSet, Facts, MarkingState, Notice, ObjectType, Origin, Predicate, Purpose,
    PurposeSet, Reason, Request, Source, Subject, SubjectSet, Verb, decide, effective, explain, origin_of,
};
use entente_observable::Kind;
use entente_stix::marking::{Pap, Tlp};
use entente_stix::{Limits, Object, Timestamp};
use proptest::prelude::*;

type Change<T> = fn(&mut T);

struct Ask {
    releaser: &'static str,
    recipient: &'static str,
    purposes: PurposeSet,
    doors: DoorSet,
    now: Timestamp,
    facts: Facts,
}

impl Ask {
    fn c2() -> Ask {
        Ask {
            releaser: "northtel",
            recipient: "fusion",
            purposes: PurposeSet::of(&[Purpose::C2Disruption]),
            doors: DoorSet::of(&[Door::Sync]),
            now: now(),
            facts: c2_facts(),
        }
    }

    fn of(self, agreements: &[Agreement]) -> Decision {
        let (releaser, recipient) = (party(self.releaser), party(self.recipient));
        let request = Request {
            releaser: &releaser,
            recipient: &recipient,
            purposes: self.purposes,
            doors: self.doors,
            now: self.now,
            facts: &self.facts,
        };
        let decision = decide(&request, agreements);
        let explanation = explain(&request, agreements);
        assert_eq!(explanation.decision == "permit", decision.is_permit(), "explain agrees with decide");
        assert_eq!(explanation.reason, decision.reason(), "explain agrees with decide");
        decision
    }
}

fn reason(change: impl FnOnce(&mut Ask)) -> Option<Reason> {
    let mut ask = Ask::c2();
    change(&mut ask);
    ask.of(&[agr_12()]).reason()
}

#[test]
fn an_own_c2_indicator_goes_out_under_its_clause_only() {
    let Decision::Permit(permit) = Ask::c2().of(&[agr_12()]) else { panic!("withheld") };
    assert_eq!((permit.agreement, permit.clause), (0, 0));
    assert_eq!(permit.purposes.names(), ["c2-disruption"]);
    assert_eq!(permit.doors.names(), ["sync"]);
}

#[test]
fn floors_deny_in_their_order() {
    let mut facts = Facts::strictest();
    facts.embargo_until = Some(at("2030-01-01T00:00:00Z"));
    facts.marking_state = MarkingState::Unresolved;
    let steps: [(Reason, Change<Facts>); 10] = [
        (Reason::FloorRed, |f| f.tlp = Tlp::Green),
        (Reason::FloorLocalOnly, |f| f.local_only = false),
        (Reason::FloorMarking, |f| f.marking_state = MarkingState::Unmarked),
        (Reason::FloorUnmarked, |f| f.marking_state = MarkingState::Marked),
        (Reason::FloorHold, |f| f.legal_hold = false),
        (Reason::FloorEmbargo, |f| f.embargo_until = None),
        (Reason::FloorQuarantine, |f| f.quarantined = false),
        (Reason::FloorType, |f| f.known_type = true),
        (Reason::FloorEcho, |f| f.echo = false),
        (Reason::Clause(Predicate::Type), |_| {}),
    ];
    for (expected, repair) in steps {
        assert_eq!(reason(|ask| ask.facts = facts), Some(expected));
        repair(&mut facts);
    }
}

#[test]
fn state_and_validity_are_floors_of_their_own() {
    assert_eq!(reason(|ask| ask.now = at("2026-11-30T00:00:00Z")), Some(Reason::FloorValidity));
    assert_eq!(reason(|ask| ask.now = at("2027-12-01T00:00:00Z")), Some(Reason::FloorValidity));
    assert_eq!(reason(|ask| ask.recipient = "telco-y"), Some(Reason::FloorParty));
    assert_eq!(reason(|ask| ask.recipient = "northtel"), Some(Reason::FloorParty));
    let draft = Agreement::draft(&text_of(AGR_12)).unwrap();
    assert_eq!(Ask::c2().of(&[draft]).reason(), Some(Reason::FloorState));
    assert_eq!(Ask::c2().of(&[]).reason(), Some(Reason::ClauseNone));
}

#[test]
fn each_predicate_blocks_alone() {
    let cases: [(Predicate, Change<Ask>); 11] = [
        (Predicate::Purpose, |ask| ask.purposes = PurposeSet::of(&[Purpose::MalwareAnalysis])),
        (Predicate::Door, |ask| ask.doors = DoorSet::of(&[Door::Mail, Door::PrivateLookup])),
        (Predicate::Type, |ask| ask.facts.object_type = ObjectType::Report),
        (Predicate::Kind, |ask| ask.facts.kind = Some(Kind::EmailAddr)),
        (Predicate::Tlp, |ask| ask.facts.tlp = Tlp::AmberStrict),
        (Predicate::Pap, |ask| ask.facts.pap = Pap::Amber),
        (Predicate::Origin, |ask| ask.facts.origin = Origin::Received),
        (Predicate::Subject, |ask| ask.facts.subject = SubjectSet::EMPTY),
        (Predicate::Subject, |ask| {
            ask.facts.subject = SubjectSet::of(&[Subject::Infrastructure, Subject::OtherPerson])
        }),
        (Predicate::Confidence, |ask| ask.facts.confidence = 29),
        (Predicate::Age, |ask| ask.facts.age_reference = at("2026-06-04T23:59:59Z")),
    ];
    for (predicate, change) in cases {
        assert_eq!(reason(change), Some(Reason::Clause(predicate)), "{predicate}");
    }
    assert_eq!(reason(|ask| ask.facts.warninglisted = true), Some(Reason::Clause(Predicate::Warninglist)));
    // 180 days is the limit, counted in whole days.
    assert_eq!(reason(|ask| ask.facts.age_reference = at("2026-06-05T00:00:00Z")), None);
}

#[test]
fn a_clause_that_redacts_accepts_victims_in_addition() {
    let both = SubjectSet::of(&[Subject::Infrastructure, Subject::Victim]);
    assert_eq!(reason(|ask| ask.facts.subject = both), None);
}

#[test]
fn unreviewed_text_blocks_only_where_text_may_leave() {
    let text = with(&text_of(AGR_12), "\"strip-free-text\", ", "");
    let text = with(&text, "text = false", "text = true");
    let agreement = signed(&text);
    assert_eq!(Ask::c2().of(std::slice::from_ref(&agreement)).reason(), Some(Reason::Clause(Predicate::Text)));
    let mut reviewed = Ask::c2();
    reviewed.facts.text_reviewed = true;
    assert!(reviewed.of(&[agreement]).is_permit());
}

#[test]
fn clauses_for_blind_queries_and_counts_release_no_object() {
    let ask = |purpose: Purpose, object_type: ObjectType| {
        let mut ask = Ask::c2();
        ask.purposes = PurposeSet::of(&[purpose]);
        ask.doors = DoorSet::ALL;
        ask.facts.object_type = object_type;
        ask.of(&[agr_12()])
    };
    assert_eq!(
        ask(Purpose::CriminalInvestigation, ObjectType::Sighting).reason(),
        Some(Reason::Clause(Predicate::Type))
    );
    assert!(!ask(Purpose::TrendAnalysis, ObjectType::Aggregate).is_permit());
}

#[test]
fn constituency_only_needs_the_fact() {
    let operation = Agreement::open(OPERATION.as_bytes()).unwrap();
    let ask = |inside: bool| {
        let mut ask = Ask::c2();
        ask.recipient = "cert-x";
        ask.purposes = PurposeSet::of(&[Purpose::VictimNotification]);
        ask.now = at("2026-12-12T00:00:00Z");
        ask.facts.object_type = ObjectType::Ipv4Addr;
        ask.facts.subject = SubjectSet::of(&[Subject::Victim]);
        ask.facts.age_reference = at("2026-12-10T00:00:00Z");
        ask.facts.in_constituency = inside;
        ask.of(std::slice::from_ref(&operation)).reason()
    };
    assert_eq!(ask(true), None);
    assert_eq!(ask(false), Some(Reason::Clause(Predicate::Constituency)));
}

#[test]
fn the_permit_with_the_smallest_agreement_id_wins_whatever_the_order() {
    let other = signed(
        &text_of(AGR_12)
            .replace("agr-12\"", "agr-11\"")
            .replace(
                "agr/agr-12+b5bb8cce+AaahE9PozRFeL23Qph4lypsyzEI6PYAN2m8bjou1It7n",
                &log_key("exchange.northtel.example"),
            )
            .replace("agr/agr-12+7319e23d+AQfDceDO2YhJBZPFtaeVg8YVN2Ai/Sb3JDpL6hulVRPl", &log_key("fusion.example")),
    );
    let agreements = [agr_12(), other.clone()];
    let Decision::Permit(permit) = Ask::c2().of(&agreements) else { panic!("withheld") };
    assert_eq!(permit.agreement, 1);
    let Decision::Permit(permit) = Ask::c2().of(&[other, agr_12()]) else { panic!("withheld") };
    assert_eq!(permit.agreement, 0);
}

fn log_key(node: &str) -> String {
    let key = key(&format!("{node}/agr/agr-11")).verifier().to_string();
    key.strip_prefix(&format!("{node}/")).unwrap().to_owned()
}

#[test]
fn the_near_miss_says_what_is_needed_and_what_would_change_it() {
    let (releaser, recipient) = (party("northtel"), party("fusion"));
    let mut facts = c2_facts();
    facts.confidence = 20;
    let request = Request {
        releaser: &releaser,
        recipient: &recipient,
        purposes: PurposeSet::of(&[Purpose::C2Disruption]),
        doors: DoorSet::of(&[Door::Sync]),
        now: now(),
        facts: &facts,
    };
    let explanation = explain(&request, &[agr_12()]);
    assert_eq!(explanation.sentence, "clause c2-out needs a confidence of at least 30, this has 20");
    assert_eq!(explanation.changes_if.as_deref(), Some("raise the confidence to 30"));
    assert_eq!(explanation.nearest, Some(0));
    let listed: Vec<&str> = explanation.clauses.iter().map(|clause| clause.clause.as_str()).collect();
    assert_eq!(listed, ["c2-out", "phish-out", "ask-northtel", "trends-both"]);
    let failing: Vec<&str> = explanation.clauses[1].failing.iter().map(|failure| failure.predicate.name()).collect();
    assert_eq!(failing, ["purpose", "kind", "confidence"]);
}

#[test]
fn abuse_a04_a_claim_of_certainty_opens_nothing_else() {
    // Confidence 100 meets the clause's threshold; age and every other predicate stand.
    let old = reason(|ask| {
        ask.facts.confidence = 100;
        ask.facts.age_reference = at("2025-01-01T00:00:00Z");
    });
    assert_eq!(old, Some(Reason::Clause(Predicate::Age)));
    // A reference in the far future counts as new, never as less than nothing.
    assert_eq!(reason(|ask| ask.facts.age_reference = at("2999-01-01T00:00:00Z")), None);
}

fn object(markings: &str) -> Object {
    let text = format!(
        "{{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--7fdb1b77-e9e1-4be2-8b0d-5b5b8a1a7a11\",\
         \"created\":\"2026-11-30T09:12:44.120Z\",\"modified\":\"2026-11-30T09:12:44.120Z\",\
         \"pattern\":\"[ipv4-addr:value = '203.0.113.9']\",\"pattern_type\":\"stix\",\"valid_from\":\"2026-11-30T09:12:44.120Z\"{markings}}}"
    );
    Object::parse(text.as_bytes(), &Limits::admission()).unwrap()
}

fn denied_for_marking(markings: &str) -> Option<Reason> {
    let marking = effective(&object(markings), None, &[]);
    reason(|ask| {
        ask.facts.tlp = if marking.state == MarkingState::Marked { marking.tlp } else { Tlp::Green };
        ask.facts.marking_state = marking.state;
    })
}

#[test]
fn abuse_a14_unmarked_and_unknown_markings_are_denied() {
    let marked = format!(",\"object_marking_refs\":[\"{}\"]", Tlp::Green.marking_id());
    assert_eq!(denied_for_marking(&marked), None);
    assert_eq!(denied_for_marking(""), Some(Reason::FloorUnmarked));
    let unknown = ",\"object_marking_refs\":[\"marking-definition--11111111-1111-4111-8111-111111111111\"]";
    assert_eq!(denied_for_marking(unknown), Some(Reason::FloorMarking));
    // A reference to something that is no marking, beside a good one.
    let foreign = format!(
        ",\"object_marking_refs\":[\"{}\",\"identity--11111111-1111-4111-8111-111111111111\"]",
        Tlp::Green.marking_id()
    );
    assert_eq!(denied_for_marking(&foreign), Some(Reason::FloorMarking));
    let several = format!(",\"object_marking_refs\":[\"{}\",\"{}\"]", Tlp::Clear.marking_id(), Tlp::Red.marking_id());
    let marking = effective(&object(&several), None, &[]);
    assert_eq!((marking.tlp, marking.multiple_tlp), (Tlp::Red, true));
}

#[test]
fn abuse_a15_a_granular_marking_that_leads_nowhere_raises_the_whole_object() {
    let granular = |selector: &str, level: Tlp| {
        format!(
            ",\"object_marking_refs\":[\"{}\"],\"granular_markings\":[{{\"marking_ref\":\"{}\",\"selectors\":[\"{selector}\"]}}]",
            Tlp::Green.marking_id(),
            level.marking_id()
        )
    };
    let past_the_end = effective(&object(&granular("labels.[0]", Tlp::Red)), None, &[]);
    assert_eq!((past_the_end.tlp, past_the_end.bad_selector), (Tlp::Red, true));
    assert_eq!(denied_for_marking(&granular("labels.[0]", Tlp::AmberStrict)), Some(Reason::Clause(Predicate::Tlp)));
    // One that leads to a property is about that property, see the obligations.
    let good = effective(&object(&granular("pattern", Tlp::AmberStrict)), None, &[]);
    assert_eq!((good.tlp, good.bad_selector), (Tlp::Green, false));
    assert_eq!(denied_for_marking(&granular("pattern", Tlp::AmberStrict)), None);
}

#[test]
fn abuse_a16_an_effective_marking_is_never_below_any_of_its_parts() {
    // What a later version says is joined with the marking fixed at admission.
    let clear = format!(",\"object_marking_refs\":[\"{}\"]", Tlp::Clear.marking_id());
    assert_eq!(effective(&object(&clear), Some(Tlp::Red), &[]).tlp, Tlp::Red);
    assert_eq!(effective(&object(&clear), Some(Tlp::Amber), &[]).tlp, Tlp::Amber);
}

#[test]
fn abuse_a17_received_amber_does_not_go_on_without_the_originators_consent() {
    let mut under = agr_12();
    let operation = Agreement::open(OPERATION.as_bytes()).unwrap();
    let cert = operation.terms().party(&party("cert-x")).unwrap().clone();
    let fusion = agr_12().terms().party(&party("fusion")).unwrap().clone();
    let telco = operation.terms().party(&party("telco-y")).unwrap().clone();
    let originator = party("northtel");
    let object_id = "indicator--7fdb1b77-e9e1-4be2-8b0d-5b5b8a1a7a11";
    let purpose = Purpose::CriminalInvestigation;
    let origin = |under: &Agreement, tlp: Tlp, recipient, purpose, now| {
        let source = Source::Received { under, clause: Some("c2-out"), originator: &originator, object_id };
        origin_of(source, tlp, recipient, purpose, now)
    };
    assert_eq!(origin(&under, Tlp::Amber, &cert, purpose, now()), Origin::Received);
    assert_eq!(origin(&under, Tlp::Green, &cert, purpose, now()), Origin::Community);
    assert_eq!(origin(&under, Tlp::Green, &telco, purpose, now()), Origin::Received);
    assert_eq!(origin(&under, Tlp::Red, &cert, purpose, now()), Origin::Received);

    let consent = |key, to: &str| {
        let verb = Verb::Consent {
            scope: entente_agreement::ConsentScope::Object(object_id.to_owned()),
            to: party(to),
            purposes: PurposeSet::of(&[purpose]),
            until: at("2026-12-10T00:00:00Z"),
        };
        Notice::new(agr_12().terms(), verb).sign(&key).unwrap()
    };
    // A consent by somebody else than the originator counts for nothing.
    under.apply_notice(&consent(fusion_key(), "northtel")).unwrap();
    assert_eq!(origin(&under, Tlp::Amber, &fusion, purpose, now()), Origin::Received);
    let given = consent(northtel_key(), "fusion");
    under.apply_notice(&given).unwrap();
    assert_eq!(origin(&under, Tlp::Amber, &fusion, purpose, now()), Origin::Consented);
    assert_eq!(origin(&under, Tlp::Amber, &cert, purpose, now()), Origin::Received);
    assert_eq!(origin(&under, Tlp::Amber, &fusion, Purpose::Operation, now()), Origin::Received);
    assert_eq!(origin(&under, Tlp::Amber, &fusion, purpose, at("2026-12-10T00:00:00Z")), Origin::Received);

    let hash = under.consents()[1].hash;
    let withdrawal = Verb::ConsentWithdraw { consent: hash, at: at("2026-12-03T00:00:00Z") };
    let forged = Notice::new(under.terms(), withdrawal.clone()).sign(&fusion_key()).unwrap();
    assert_eq!(under.apply_notice(&forged).unwrap_err().code(), "notice.no-consent");
    let withdrawal = Notice::new(under.terms(), withdrawal).sign(&northtel_key()).unwrap();
    under.apply_notice(&withdrawal).unwrap();
    assert_eq!(origin(&under, Tlp::Amber, &fusion, purpose, now()), Origin::Received);
    // The consent cannot be played again after its withdrawal.
    assert_eq!(under.apply_notice(&given).unwrap_err().code(), "notice.replay");
}

#[test]
fn abuse_a20_a_suspension_stops_the_next_decision_even_if_the_clock_runs_late() {
    let mut agreement = agr_12();
    assert!(Ask::c2().of(std::slice::from_ref(&agreement)).is_permit());
    agreement.apply_notice(SUSPEND.as_bytes()).unwrap();
    // The note is dated a month after the present of this node.
    assert_eq!(Ask::c2().of(std::slice::from_ref(&agreement)).reason(), Some(Reason::FloorState));
}

fn facts() -> impl Strategy<Value = Facts> {
    let types = proptest::sample::select(ObjectType::ALL);
    let kinds = proptest::option::of(proptest::sample::select(&Kind::ALL[..]));
    let tlps = proptest::sample::select(&[Tlp::Clear, Tlp::Green, Tlp::Amber, Tlp::AmberStrict, Tlp::Red][..]);
    let paps = proptest::sample::select(&[Pap::Clear, Pap::Green, Pap::Amber, Pap::Red][..]);
    let origins = proptest::sample::select(Origin::ALL);
    let head = (types, kinds, tlps, paps, origins, 0_u8..16, 0_u8..=100, 0_i64..400);
    // Each attribute is that of a permitted object or a random one, so that both answers occur often.
    let random = proptest::bool::weighted(0.25);
    (head, proptest::array::uniform5(proptest::bool::weighted(0.2)), proptest::array::uniform8(random)).prop_map(
        |((object_type, kind, tlp, pap, origin, subject, confidence, age), flags, random)| {
            let base = c2_facts();
            let age_reference = now().saturating_add_micros(age * -86_400_000_000);
            Facts {
                object_type: if random[0] { object_type } else { base.object_type },
                kind: if random[1] { kind } else { base.kind },
                tlp: if random[2] { tlp } else { base.tlp },
                pap: if random[3] { pap } else { base.pap },
                origin: if random[4] { origin } else { base.origin },
                subject: if random[5] { SubjectSet::from_bits(subject) } else { base.subject },
                confidence: if random[6] { confidence } else { base.confidence },
                age_reference: if random[7] { age_reference } else { base.age_reference },
                warninglisted: flags[0],
                legal_hold: flags[1],
                echo: flags[2],
                in_constituency: flags[3],
                text_reviewed: flags[4],
                ..base
            }
        },
    )
}

/// Narrows one clause of the text in one way; the result need not pass the checks at signing.
fn narrowed(text: &str, clause: usize, how: u8) -> String {
    let starts: Vec<usize> = text.match_indices("[[clause]]").map(|(at, _)| at).collect();
    let start = starts[clause % starts.len()];
    let (head, tail) = text.split_at(start);
    let set = |key: &str, value: &str| {
        let at = tail.find(&format!("\n{key} = ")).unwrap() + 1;
        let end = at + tail[at..].find('\n').unwrap();
        format!("{head}{}{key} = {value}{}", &tail[..at], &tail[end..])
    };
    match how % 8 {
        0 => set("confidence_min", "70"),
        1 => set("max_age_days", "3"),
        2 => set("tlp_max", "\"green\"")
            .replace("remark:tlp=amber+strict", "remark:tlp=green")
            .replace("remark:tlp=amber\"", "remark:tlp=green\""),
        3 => set("pap_max", "\"clear\""),
        4 => set("kinds", "[\"url\"]"),
        5 => set("types", "[\"indicator\"]"),
        6 => set("doors", "[\"sync\"]"),
        _ => set("subject", "[\"infrastructure\"]"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn adding_a_restriction_never_releases_more(
        facts in facts(),
        clause in 0_usize..5,
        how in 0_u8..8,
        purposes in 0_u16..512,
        doors in 0_u16..1024,
        outward in any::<bool>(),
    ) {
        let text = narrowed(&text_of(AGR_12), clause, how);
        prop_assume!(Agreement::draft(&text).is_ok());
        let (before, after) = (agr_12(), signed(&text));
        let (northtel, fusion) = (party("northtel"), party("fusion"));
        let (releaser, recipient) = if outward { (&northtel, &fusion) } else { (&fusion, &northtel) };
        let request = Request {
            releaser,
            recipient,
            purposes: PurposeSet::from_bits(purposes),
            doors: DoorSet::from_bits(doors),
            now: now(),
            facts: &facts,
        };
        let matches = |agreement: &Agreement| -> Vec<bool> {
            let explanation = explain(&request, std::slice::from_ref(agreement));
            explanation.clauses.iter().map(|clause| clause.failing.is_empty()).collect()
        };
        for (was, is) in matches(&before).into_iter().zip(matches(&after)) {
            prop_assert!(was || !is);
        }
        let permitted = |agreement| decide(&request, &[agreement]).is_permit();
        prop_assert!(permitted(before) || !permitted(after));
    }

    #[test]
    fn what_a_restricted_fact_loses_it_never_gains(facts in facts(), purposes in 0_u16..512) {
        let (northtel, fusion) = (party("northtel"), party("fusion"));
        let agreements = [agr_12()];
        let permitted = |facts: &Facts| {
            let request = Request {
                releaser: &northtel,
                recipient: &fusion,
                purposes: PurposeSet::from_bits(purposes),
                doors: DoorSet::ALL,
                now: now(),
                facts,
            };
            decide(&request, &agreements).is_permit()
        };
        let stricter = [
            Facts { tlp: Tlp::Red, ..facts },
            Facts { pap: Pap::Red, ..facts },
            Facts { confidence: 0, ..facts },
            Facts { origin: Origin::Received, ..facts },
            Facts { subject: SubjectSet::EMPTY, ..facts },
            Facts { warninglisted: true, ..facts },
            Facts { local_only: true, ..facts },
            Facts { marking_state: MarkingState::Unresolved, ..facts },
            Facts { subject: facts.subject.with(Subject::OtherPerson), ..facts },
        ];
        for strict in stricter {
            prop_assert!(permitted(&facts) || !permitted(&strict));
        }
        let (red, received) = (Facts { tlp: Tlp::Red, ..facts }, Facts { origin: Origin::Received, ..facts });
        prop_assert!(!permitted(&red) && !permitted(&received));
    }
}
