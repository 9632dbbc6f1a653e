//! T-A12: the decision by masks is the decision.

use entente_agreement::{Agreement, Decision, Memo, decide};
use proptest::prelude::*;

use crate::grammar::{self, Ask, Rng, Sample, Shape};

/// Asks both about many objects for the same parties, purposes and doors.
fn check(rng: &mut Rng, agreements: &[Agreement], asks: usize) -> (u32, u32) {
    let (mut permits, mut denials) = (0, 0);
    for _ in 0..asks {
        let of = rng.pick(&agreements.iter().collect::<Vec<_>>());
        let kind = Ask::near(rng, of.terms());
        let memo = Memo::new(agreements, &kind.releaser, &kind.recipient, kind.purposes, kind.doors);
        for _ in 0..8 {
            let other = Ask::near(rng, rng.clone().pick(&agreements.iter().collect::<Vec<_>>()).terms());
            let facts = if rng.chance(40) { kind.facts } else { other.facts };
            let now = if rng.chance(50) { kind.now } else { other.now };
            let ask = Ask { facts, now, ..kind.clone() };
            let expected = decide(&ask.request(), agreements);
            assert_eq!(memo.decide(&facts, now), expected, "{ask:?}");
            match expected {
                Decision::Permit(_) => permits += 1,
                Decision::Withhold(_) => denials += 1,
            }
        }
    }
    (permits, denials)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn ta12_masks_decide_as_the_clauses_do(seed in any::<u64>(), size in 1_u64..6) {
        let mut rng = Rng::new(seed, 12);
        let agreements: Vec<Agreement> = (0..size).map(|at| Sample::of(&mut rng, 40 - at).agreement).collect();
        check(&mut rng, &agreements, 30);
    }
}

#[test]
fn ta12_both_answers_occur_often() {
    let mut rng = Rng::new(5, 0);
    let agreements: Vec<Agreement> = (0..4).map(|at| Sample::of(&mut rng, 40 - at).agreement).collect();
    let (permits, denials) = check(&mut rng, &agreements, 200);
    assert!(permits > 100 && denials > 100, "{permits} permits, {denials} denials");
}

/// More clauses between two parties than a mask has bits, among agreements that fit.
#[test]
fn ta12_a_text_too_long_for_a_mask_is_decided_all_the_same() {
    let mut rng = Rng::new(6, 0);
    let shape = Shape { number: 20, version: 1, parties: 2, clauses: 1, valid_from: 1_796_083_200, days: 300 };
    let text = grammar::text(&mut rng, shape, None);
    let (start, end) = (text.find("[[clause]]").unwrap(), text.find("[onward]").unwrap());
    let clause = &text[start..end];
    let age = clause.lines().find(|line| line.starts_with("max_age_days")).unwrap();
    let id = clause.lines().find(|line| line.starts_with("id = ")).unwrap();
    // Each accepts older objects than those before it, so that none is covered.
    let ladder: String = (0..70)
        .map(|at| clause.replace(age, &format!("max_age_days = {}", 10 + at)).replace(id, &format!("id = \"l-{at}\"")))
        .collect();
    let long = grammar::sign_by(&format!("{}{ladder}{}", &text[..start], &text[end..]), 2);
    assert_eq!(long.terms().clauses.len(), 70);
    let mut agreements: Vec<Agreement> = [30, 10].map(|number| Sample::of(&mut rng, number).agreement).to_vec();
    agreements.push(long);
    check(&mut rng, &agreements, 60);
}
