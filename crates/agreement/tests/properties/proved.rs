//! P1 to P8: what is proved of a text, asked of the decision at random points.

use entente_agreement::{
    Agreement, Channel, Clause, ConsentScope, Decision, Door, DoorSet, Facts, Memo, Notice, ObjectType, Origin, Party,
    Purpose, PurposeSet, Reason, Region, Request, Source, Subject, Terms, Verb, compare, decide, explain, origin_of,
};
use entente_observable::Kind;
use entente_stix::Timestamp;
use entente_stix::marking::Tlp;
use proptest::prelude::*;

use crate::grammar::{self, Ask, DAY, Rng, Sample, Shape};

/// A signed agreement to which nothing has happened.
fn standing(rng: &mut Rng, number: u64) -> Agreement {
    let shape = Shape::of(rng, number);
    grammar::sign_by(&grammar::text(rng, shape, None), shape.parties)
}

/// Whether an object of that type can have a value of that kind.
fn is_possible(facts: &Facts) -> bool {
    use ObjectType as T;
    match (facts.object_type, facts.kind) {
        (T::Ipv4Addr, kind) => matches!(kind, Some(Kind::Ipv4Addr | Kind::Network)),
        (T::Ipv6Addr, kind) => matches!(kind, Some(Kind::Ipv6Addr | Kind::Network)),
        (T::DomainName, kind) => kind == Some(Kind::DomainName),
        (T::Url, kind) => kind == Some(Kind::Url),
        (T::EmailAddr, kind) => kind == Some(Kind::EmailAddr),
        (T::AutonomousSystem, kind) => kind == Some(Kind::AutonomousSystem),
        (T::File, kind) => matches!(kind, None | Some(Kind::FileHash)),
        (T::X509Certificate, kind) => matches!(kind, None | Some(Kind::X509Certificate)),
        (T::UserAccount, kind) => matches!(kind, None | Some(Kind::UserAccount)),
        (T::Aggregate | T::Other, _) => false,
        _ => true,
    }
}

fn permit_of(ask: &Ask, agreement: &Agreement) -> Option<Clause> {
    match decide(&ask.request(), std::slice::from_ref(agreement)) {
        Decision::Permit(permit) => Some(agreement.terms().clauses[permit.clause].clone()),
        Decision::Withhold(_) => None,
    }
}

/// The regions that release objects; what answers blind queries, counts, and says that something exists is apart.
fn released(list: &[Region]) -> impl Iterator<Item = &Region> {
    list.iter().filter(|region| region.channel() == Channel::Release)
}

fn codes(text: &str) -> Vec<&'static str> {
    Terms::parse(text).err().unwrap_or_default().iter().map(|error| error.code).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn p1_red_is_never_released(seed in any::<u64>()) {
        let mut rng = Rng::new(seed, 1);
        let sample = Sample::of(&mut rng, 7);
        let terms = sample.agreement.terms();
        prop_assert!(terms.clauses.iter().all(|clause| clause.tlp_max < Tlp::Red));
        for _ in 0..40 {
            let mut ask = Ask::near(&mut rng, terms);
            ask.facts.tlp = Tlp::Red;
            (ask.purposes, ask.doors) = (PurposeSet::ALL, DoorSet::ALL);
            let decision = decide(&ask.request(), std::slice::from_ref(&sample.agreement));
            prop_assert_eq!(decision.reason(), Some(Reason::FloorRed));
        }
        let clause = &terms.clauses[0];
        let red = terms.text().replacen(&format!("tlp_max = \"{}\"", clause.tlp_max.key()), "tlp_max = \"red\"", 1);
        prop_assert!(codes(&red).contains(&"agr.ceiling-red"));
    }

    #[test]
    fn p2_no_victim_leaves_unredacted_but_to_its_own_country(seed in any::<u64>()) {
        let mut rng = Rng::new(seed, 2);
        let agreement = standing(&mut rng, 7);
        let terms = agreement.terms();
        let only = PurposeSet::of(&[Purpose::VictimNotification]);
        let home = |clause: &Clause| clause.purposes == only && clause.constituency_only;
        for clause in &terms.clauses {
            let guarded = clause.obligations.redact_victim.is_some() || home(clause);
            prop_assert!(guarded || !clause.subjects.contains(Subject::Victim));
        }
        for _ in 0..60 {
            let mut ask = Ask::near(&mut rng, terms);
            ask.facts.subject = ask.facts.subject.with(Subject::Victim);
            if let Some(clause) = permit_of(&ask, &agreement) {
                let at_home = home(&clause) && ask.facts.in_constituency;
                prop_assert!(clause.obligations.redact_victim.is_some() || at_home, "{ask:?}");
            }
        }
        // A text from which the redaction is taken is refused.
        let victims = |clause: &&Clause| clause.subjects.contains(Subject::Victim) && !home(clause);
        if terms.clauses.iter().any(|clause| victims(&clause)) {
            let bare = ["drop", "prefix", "hmac"].iter().fold(terms.text().to_owned(), |text, mode| {
                text.replace(&format!("\"redact-victim:{mode}\", "), "").replace(&format!(", \"redact-victim:{mode}\""), "")
            });
            prop_assert!(codes(&bare).contains(&"agr.victim"), "{:?}", codes(&bare));
        }
    }

    #[test]
    fn p3_the_difference_of_two_texts_is_shown_exactly(seed in any::<u64>(), amended in any::<bool>()) {
        let mut rng = Rng::new(seed, 3);
        let shape = Shape { parties: 3, clauses: 4, ..Shape::of(&mut rng, 7) };
        let old = grammar::text(&mut rng.clone(), shape, None);
        // Two clauses more, or another text between the same parties.
        let new = match amended {
            true => grammar::text(&mut rng.clone(), Shape { clauses: 6, ..shape }, None),
            false => grammar::text(&mut Rng::new(seed, 33), shape, None),
        };
        let (new, old) = (grammar::sign_by(&new, 3), grammar::sign_by(&old, 3));
        let Ok(found) = compare(new.terms(), old.terms()) else { return Ok(()) };
        if amended {
            prop_assert_eq!(released(&found.removed).count(), 0);
        }
        let mut points: Vec<Ask> = Vec::new();
        for terms in [new.terms(), old.terms()] {
            points.extend((0..80).map(|_| Ask::near(&mut rng, terms).single(&mut rng.clone()).0));
        }
        for ask in points.iter().filter(|ask| is_possible(&ask.facts)) {
            let request = ask.request();
            let is_floor = |agreement: &Agreement| {
                let reason = decide(&request, std::slice::from_ref(agreement)).reason();
                reason.is_some_and(|reason| reason.code().starts_with("floor.") && reason != Reason::FloorValidity)
            };
            if is_floor(&new) || is_floor(&old) {
                continue;
            }
            let times = |list: &[Region]| released(list).filter(|region| region.contains(&request)).count();
            let (by_new, by_old) = (permit_of(ask, &new).is_some(), permit_of(ask, &old).is_some());
            prop_assert_eq!(times(&found.added), usize::from(by_new && !by_old), "{:?}", ask);
            prop_assert_eq!(times(&found.removed), usize::from(by_old && !by_new), "{:?}", ask);
        }
    }

    #[test]
    fn p4_each_clause_adds_something_to_those_before_it(seed in any::<u64>()) {
        let mut rng = Rng::new(seed, 4);
        let agreement = standing(&mut rng, 7);
        let terms = agreement.terms();
        let starts: Vec<usize> = terms.text().match_indices("[[clause]]").map(|(at, _)| at).collect();
        let end = terms.text().find("[onward]").unwrap();
        for (at, start) in starts.iter().enumerate().skip(1) {
            let next = starts.get(at + 1).copied().unwrap_or(end);
            let upto = |to: usize| Terms::parse(&format!("{}{}", &terms.text()[..to], &terms.text()[end..])).unwrap();
            let Ok(found) = compare(&upto(next), &upto(*start)) else { continue };
            prop_assert!(!found.added.is_empty(), "clause {at} adds nothing\n{}", terms.text());
        }
    }

    #[test]
    fn p5_no_object_that_can_be_is_ambiguous(seed in any::<u64>()) {
        let mut rng = Rng::new(seed, 5);
        let agreement = standing(&mut rng, 7);
        for _ in 0..200 {
            let ask = Ask::near(&mut rng, agreement.terms());
            let reason = decide(&ask.request(), std::slice::from_ref(&agreement)).reason();
            prop_assert!(reason != Some(Reason::FloorAmbiguous) || !is_possible(&ask.facts), "{ask:?}");
        }
    }

    #[test]
    fn p6_nothing_leaves_outside_the_validity(seed in any::<u64>()) {
        let mut rng = Rng::new(seed, 6);
        let agreement = standing(&mut rng, 7);
        let terms = agreement.terms();
        let (from, to) = (terms.valid_from.as_micros(), terms.valid_to.as_micros());
        for _ in 0..40 {
            let ask = Ask::near(&mut rng, terms);
            let age = i64::from(ask.facts.age_days(ask.now));
            let at = |now: i64| {
                let now = Timestamp::from_micros(now);
                let age_reference = Timestamp::from_micros(now.floor_to(DAY).as_micros() - age * DAY);
                permit_of(&Ask { now, facts: Facts { age_reference, embargo_until: None, ..ask.facts }, ..ask.clone() }, &agreement)
            };
            let inside = at((from + to) / 2).map(|clause| clause.id);
            for now in [i64::MIN / 2, from - 1, to, to + 1, i64::MAX / 2] {
                prop_assert!(at(now).is_none(), "{now}");
            }
            for now in [from, to - 1] {
                prop_assert_eq!(at(now).map(|clause| clause.id), inside.clone());
            }
        }
    }

    #[test]
    fn p7_passing_on_is_never_broader_than_the_originator_allows(seed in any::<u64>()) {
        let mut rng = Rng::new(seed, 7);
        // From alpha to bravo, then from bravo to charlie.
        let first = standing(&mut rng, 7);
        let shape = Shape { parties: 3, ..Shape::of(&mut rng, 8) };
        let second = grammar::sign_by(&grammar::text(&mut rng, shape, None), 3);
        let (alpha, bravo, charlie) = (grammar::party(0), grammar::party(1), grammar::party(2));
        let third: Party = second.terms().party(&charlie).unwrap().clone();
        for _ in 0..60 {
            let mut out = Ask::near(&mut rng, first.terms());
            (out.releaser, out.recipient) = (alpha.clone(), bravo.clone());
            let Some(clause) = permit_of(&out, &first) else { continue };
            // What leaves carries the marking that the clause asks for.
            let tlp = clause.obligations.remark_tlp.map_or(out.facts.tlp, |least| least.max(out.facts.tlp));
            let purpose = rng.pick(Purpose::ALL);
            let object_id = "indicator--7fdb1b77-e9e1-4be2-8b0d-5b5b8a1a7a11";
            let mut under = first.clone();
            let until = out.now.saturating_add_micros(rng.pick(&[-1, 0, 1, DAY]));
            let consented = rng.chance(50);
            if consented {
                let scope = match rng.below(4) {
                    0 => ConsentScope::Clause(clause.id.clone()),
                    1 => ConsentScope::Clause(first.terms().clauses[0].id.clone()),
                    2 => ConsentScope::Object(object_id.to_owned()),
                    _ => ConsentScope::Object(object_id.replace("7a11", "7a12")),
                };
                let to = first.terms().parties[rng.pick(&[0, 1, first.terms().parties.len() - 1])].id.clone();
                let verb = Verb::Consent { scope, to, purposes: PurposeSet::of(&[purpose]), until };
                let signer = rng.pick(&[0, 0, 0, 1]);
                under.apply_notice(&Notice::new(first.terms(), verb).sign(grammar::key(signer)).unwrap()).unwrap();
            }
            let source = Source::Received { under: &under, clause: Some(clause.id.as_str()), originator: &alpha, object_id };
            let origin = origin_of(source, tlp, &third, purpose, out.now);
            let mut on = Ask::near(&mut rng, second.terms());
            on.facts = Facts { origin, tlp, marking_state: out.facts.marking_state, ..on.facts };
            (on.releaser, on.recipient, on.purposes) = (bravo.clone(), charlie.clone(), PurposeSet::of(&[purpose]));
            let given = under.consents().iter().any(|consent| {
                let covers = match &consent.scope {
                    ConsentScope::Clause(id) => *id == clause.id,
                    ConsentScope::Object(id) => id == object_id,
                };
                covers && consent.originator == alpha && consent.to == charlie && consent.purposes.contains(purpose) && out.now < consent.until
            });
            let community = under.community_includes(&third);
            let allowed = match tlp {
                Tlp::Clear => true,
                Tlp::Green => community,
                Tlp::Amber | Tlp::AmberStrict => under.terms().onward.consent && given,
                Tlp::Red => false,
            };
            prop_assert_eq!(origin != Origin::Received, allowed, "{:?} {:?}", tlp, under.consents());
            if permit_of(&on, &second).is_some() {
                prop_assert!(allowed, "{on:?}");
            }
            // Whatever else the second text opens: what was received otherwise is in none of its boxes.
            on.facts.origin = Origin::Received;
            (on.purposes, on.doors) = (PurposeSet::ALL, DoorSet::ALL);
            prop_assert!(permit_of(&on, &second).is_none());
        }
    }

    #[test]
    fn p8_every_request_has_an_answer(seed in any::<u64>(), now in any::<i64>(), reference in any::<i64>(), confidence in any::<u8>()) {
        let mut rng = Rng::new(seed, 8);
        let samples: Vec<Agreement> = (0..2).map(|at| Sample::of(&mut rng, 9 - at).agreement).collect();
        let near = Ask::near(&mut rng, samples[0].terms());
        let extremes = [i64::MIN, i64::MAX, 0, now];
        let ask = Ask {
            now: Timestamp::from_micros(rng.pick(&extremes)),
            facts: Facts { age_reference: Timestamp::from_micros(rng.pick(&[reference, i64::MIN, i64::MAX])), confidence, ..near.facts },
            purposes: PurposeSet::from_bits(u16::try_from(seed & 0xFFFF).unwrap()),
            ..near
        };
        for agreements in [&samples[..], &samples[..1], &[]] {
            let request: Request<'_> = ask.request();
            let decision = decide(&request, agreements);
            prop_assert_eq!(decision, decide(&request, agreements));
            let told = explain(&request, agreements);
            prop_assert_eq!(told.decision == "permit", decision.is_permit());
            prop_assert_eq!(told.reason, decision.reason());
            let memo = Memo::new(agreements, &ask.releaser, &ask.recipient, ask.purposes, ask.doors);
            prop_assert_eq!(memo.decide(&ask.facts, ask.now), decision);
            let strictest = Ask { facts: Facts::strictest(), doors: DoorSet::of(&[Door::Sync]), ..ask.clone() };
            prop_assert!(!decide(&strictest.request(), agreements).is_permit());
        }
    }
}

#[test]
fn p4_two_clauses_that_cover_a_third_together_are_told() {
    let mut rng = Rng::new(9, 4);
    let shape = Shape { number: 7, version: 1, parties: 2, clauses: 1, valid_from: 1_796_083_200, days: 300 };
    let text = grammar::text(&mut rng, shape, None);
    let (start, end) = (text.find("[[clause]]").unwrap(), text.find("[onward]").unwrap());
    let clause = |id: &str, purposes: &str, age: u16| {
        format!(
            "[[clause]]\nid = \"{id}\"\nfrom = \"alpha\"\nto = [\"bravo\"]\npurpose = [{purposes}]\ntypes = [\"indicator\"]\n\
             kinds = [\"url\"]\ntlp_max = \"green\"\npap_max = \"green\"\nconfidence_min = 0\nmax_age_days = {age}\n\
             origin = [\"own\"]\nsubject = [\"infrastructure\"]\ndoors = [\"sync\"]\ntext = false\nobligations = [\"retain:30d\"]\n\n"
        )
    };
    let both = "\"network-defence\", \"operation\"";
    let of = |age: u16| {
        let clauses =
            [clause("a", "\"operation\"", 30), clause("b", "\"network-defence\"", 40), clause("c", both, age)];
        codes(&format!("{}{}{}", &text[..start], clauses.concat(), &text[end..]))
    };
    assert_eq!(of(30), ["agr.vacuous"]);
    // One day more, and the third adds something to the first.
    assert!(of(31).is_empty());
}
