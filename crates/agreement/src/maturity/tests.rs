use super::*;
use crate::{Decision, DoorSet, Facts, PartyId, PurposeSet, Request, decide};

fn profile(inputs: &Inputs) -> Profile {
    Profile::of(inputs, &THRESHOLDS)
}

fn stage_1() -> Inputs {
    Inputs { in_force_days: Some(30), receipts: 100, acked: Some(10), actionable: 100, ..Inputs::default() }
}

fn stage_2() -> Inputs {
    Inputs { acked: Some(90), acted: 10, ..stage_1() }
}

fn stage_3() -> Inputs {
    Inputs { own: 20, own_days: 6, judged: 20, corroborated: 20, ..stage_2() }
}

fn stage_4() -> Inputs {
    Inputs {
        own: 410,
        own_days: 41,
        judged: 350,
        unique: 133,
        corroborated: 160,
        early: 61,
        confirmed: 214,
        upheld: 8,
        ..stage_3()
    }
}

fn stage_5() -> Inputs {
    Inputs {
        expertise: BTreeMap::from([(Expertise::Context, 30), (Expertise::Answer, 1)]),
        peers: 2,
        public: 1,
        feedback_delay_s: Some(7 * 86_400),
        ..stage_4()
    }
}

#[test]
fn wilson_low_has_the_check_values_of_the_notes() {
    for (k, n, expected) in
        [(214, 350, 0.5594), (15, 20, 0.5313), (12, 20, 0.3866), (8, 10, 0.4902), (3, 3, 0.4385), (0, 20, 0.0)]
    {
        let found = wilson_low(k, n).unwrap();
        assert!((found - expected).abs() < 0.00005, "{k}/{n}: {found}");
    }
    assert_eq!(wilson_low(0, 0), None);
}

/// One history for each stage.
#[test]
fn one_history_per_stage_gives_exactly_that_stage() {
    for (stage, inputs) in (1..).zip([stage_1(), stage_2(), stage_3(), stage_4(), stage_5()]) {
        let found = profile(&inputs);
        assert_eq!(found.stage_raw, Some(stage), "{found:?}");
        assert_eq!(
            (found.name, found.study_name),
            stage_names(stage).map_or((None, None), |(a, b)| (Some(a), Some(b)))
        );
        assert_eq!(found.gaps, Vec::<String>::new());
        assert_eq!(found.next.is_none(), stage == 5);
    }
}

/// The example of the notes: stage 4, three points of expertise short of the next.
#[test]
fn the_profile_of_the_notes_says_what_is_missing() {
    let nine = Inputs {
        expertise: BTreeMap::from([(Expertise::Report, 3)]),
        peers: 3,
        public: 1,
        feedback_delay_s: Some(60),
        ..stage_4()
    };
    let found = profile(&nine);
    assert_eq!(found.stage_raw, Some(4));
    assert_eq!(found.next.as_deref(), Some("3 more points of expertise: answer requests or verify targets"));
    let unique = &found.measures["unique_rate"];
    assert_eq!((unique.k, unique.n, unique.min, unique.ok), (Some(133), Some(350), Some(0.2), Some(true)));
    assert!((found.measures["confirmed_lb"].value.unwrap() - 0.5594).abs() < 0.0001);
}

/// Each threshold, met and missed by one.
#[test]
fn each_threshold_is_met_exactly_and_missed_by_one() {
    type Change = fn(&mut Inputs);
    let missed: [(u8, u8, Inputs, Change, &str); 15] = [
        (2, 1, stage_2(), |i| i.acked = Some(89), "acknowledged share 0.89"),
        (2, 1, stage_2(), |i| i.acted = 9, "1 more items acted on"),
        (2, 1, stage_2(), |i| i.actionable = 201, "acted-on share 0.05"),
        (3, 2, stage_3(), |i| i.own = 19, "1 more own values"),
        (3, 2, stage_3(), |i| i.own_days = 5, "own values on 1 more days"),
        (4, 3, stage_4(), |i| i.judged = 19, "1 more own values that are 30 days old"),
        (4, 3, stage_4(), |i| i.unique = 69, "unique share 0.20"),
        (4, 3, stage_4(), |i| i.early = 47, "early share 0.29"),
        (4, 3, stage_4(), |i| i.confirmed = 190, "confirmed share 0.49"),
        (4, 3, stage_4(), |i| i.upheld = 18, "share of wrong values 0.05"),
        (5, 4, stage_5(), |i| i.expertise = BTreeMap::from([(Expertise::Context, 11)]), "2 more points"),
        (5, 4, stage_5(), |i| i.peers = 1, "1 more parties"),
        (5, 4, stage_5(), |i| i.public = 0, "1 more public bodies"),
        (5, 4, stage_5(), |i| i.feedback_delay_s = Some(8 * 86_400), "feedback after 8.0 days"),
        (5, 4, stage_5(), |i| i.acked = Some(89), "acknowledged share 0.89"),
    ];
    for (stage, lower, inputs, change, next) in missed {
        assert_eq!(profile(&inputs).stage_raw, Some(stage), "{next}");
        let mut short = inputs.clone();
        change(&mut short);
        if next.starts_with("1 more own values that") {
            // Nineteen of nineteen: everything but their number is in order.
            (short.unique, short.corroborated, short.confirmed, short.upheld) = (19, 0, 19, 0);
        }
        let found = profile(&short);
        assert_eq!(found.stage_raw, Some(lower), "{next}");
        assert!(found.next.as_deref().is_some_and(|said| said.starts_with(next)), "{next}: {:?}", found.next);
    }
    // Met exactly: 70 of 350, 48 of 160, 17 of 350 are within the thresholds.
    let edge = Inputs { unique: 70, early: 48, upheld: 17, ..stage_4() };
    assert_eq!(profile(&edge).stage_raw, Some(4));
    assert_eq!(profile(&Inputs { actionable: 200, ..stage_2() }).stage_raw, Some(2));
}

/// Nothing is made up where there is too little.
#[test]
fn too_little_data_is_said_and_not_guessed() {
    let young = Inputs { in_force_days: Some(29), ..stage_5() };
    assert_eq!(
        (profile(&young).stage_raw, profile(&young).next.as_deref()),
        (None, Some("an agreement in force for 30 days"))
    );
    let few = Inputs { receipts: 19, own: 19, ..stage_1() };
    assert_eq!(profile(&few).stage_raw, None);
    assert_eq!(profile(&Inputs { receipts: 20, ..few }).stage_raw, Some(1));
    let none = profile(&Inputs::default());
    for name in
        ["ack_rate", "act_rate", "unique_rate", "confirmed_lb", "upheld_rate", "feedback_delay", "in_force_days"]
    {
        assert_eq!((none.measures[name].value, none.measures[name].ok), (None, None), "{name}");
    }
    // All data unique is not a fault.
    let alone = Inputs { corroborated: 9, early: 0, unique: 300, ..stage_4() };
    assert_eq!(profile(&alone).stage_raw, Some(4));
    assert!(profile(&alone).measures["early_rate"].note.is_some());
    // Acknowledgements that nobody can know do not hold, and do not count as 0 either.
    let unknown = Inputs { acked: None, ..stage_2() };
    assert_eq!(profile(&unknown).stage_raw, Some(1));
    assert_eq!(profile(&unknown).measures["ack_rate"].value, None);
}

/// A gate that fails below the stage is named, and one that cannot apply does not stand in the way.
#[test]
fn gaps_are_listed_and_g2_may_not_apply() {
    let gives_only = Inputs { acted: 0, ..stage_4() };
    let found = profile(&gives_only);
    assert_eq!(found.stage_raw, Some(4));
    assert_eq!(found.gaps, ["proves, but does not act on what it receives"]);
    let leads = Inputs { acted: 0, ..stage_5() };
    assert_eq!(profile(&leads).stage_raw, Some(4));
    let no_traffic = Inputs { actionable: 19, acted: 0, acked: None, ..stage_5() };
    assert_eq!(profile(&no_traffic).gates["G2"], Gate::NotApplicable);
    assert_eq!(profile(&no_traffic).stage_raw, Some(5));
}

/// Each kind of expertise is worth at most ten points.
#[test]
fn expertise_is_capped_by_kind() {
    let points = |acts: &[(Expertise, u64)]| {
        let inputs = Inputs { expertise: acts.iter().copied().collect(), ..stage_4() };
        profile(&inputs).measures["expertise"].value
    };
    assert_eq!(points(&[(Expertise::Context, 500)]), Some(10.0));
    assert_eq!(points(&[(Expertise::Report, 4)]), Some(10.0));
    assert_eq!(points(&[(Expertise::Context, 1), (Expertise::Answer, 1), (Expertise::Adopted, 1)]), Some(6.0));
}

/// Monotony: a confirmed, unique, early value never lowers a measure of G3 or G4; an upheld dispute never raises one.
#[test]
fn good_values_never_lower_and_upheld_disputes_never_raise() {
    let names = ["own", "own_days", "judged", "unique_rate", "early_rate", "confirmed_lb"];
    for judged in [0, 1, 5, 19, 20, 21, 100] {
        for part in 0..=4 {
            let k = judged * part / 4;
            let before = Inputs {
                own: judged,
                judged,
                unique: k,
                corroborated: judged - k,
                early: (judged - k) / 2,
                confirmed: k,
                upheld: k / 3,
                ..stage_3()
            };
            let better = Inputs {
                own: before.own + 1,
                judged: judged + 1,
                unique: before.unique + 1,
                confirmed: k + 1,
                ..before.clone()
            };
            let worse = Inputs { upheld: (before.upheld + 1).min(judged), ..before.clone() };
            let (a, b, c) = (profile(&before), profile(&better), profile(&worse));
            for name in names {
                let value = |profile: &Profile| profile.measures[name].value.unwrap_or(0.0);
                assert!(value(&b) >= value(&a), "{name} {judged} {k}");
                assert!(value(&c) <= value(&a), "{name} {judged} {k}");
            }
            assert!(c.stage_raw <= a.stage_raw);
        }
    }
}

/// A stage shows after two runs upwards and after four downwards.
#[test]
fn the_stage_that_shows_follows_slowly() {
    let shown = |raw: &[u8]| shown_stage(&raw.iter().copied().map(Some).collect::<Vec<_>>());
    assert_eq!(shown_stage(&[]), None);
    assert_eq!(shown_stage(&[None, Some(2), None]), Some(2));
    assert_eq!(shown(&[2, 4]), Some(2));
    assert_eq!(shown(&[2, 4, 3]), Some(3));
    assert_eq!(shown(&[2, 4, 4]), Some(4));
    assert_eq!(shown(&[4, 3, 3, 3]), Some(4));
    assert_eq!(shown(&[4, 3, 2, 3, 3]), Some(3));
    assert_eq!(shown(&[4, 3, 3, 4, 3]), Some(4));
}

/// T-A13: `decide` takes a request and agreements, and neither can carry a profile or an account.
#[test]
fn t_a13_decide_gives_identical_answers_whatever_the_profile() {
    let (releaser, recipient) = (PartyId::parse("northtel").unwrap(), PartyId::parse("fusion").unwrap());
    let facts = Facts::strictest();
    let answer = |profile: &Profile| {
        // All that `decide` is given; naming every field makes a new one, say a profile, a fault of this test.
        let request = Request {
            releaser: &releaser,
            recipient: &recipient,
            purposes: PurposeSet::ALL,
            doors: DoorSet::ALL,
            now: entente_stix::Timestamp::from_unix_seconds(1_800_000_000),
            facts: &facts,
        };
        assert!(profile.stage_raw.is_some());
        decide(&request, &[])
    };
    let (one, five) = (answer(&profile(&stage_1())), answer(&profile(&stage_5())));
    assert!(matches!(one, Decision::Withhold(_)));
    assert_eq!(format!("{one:?}"), format!("{five:?}"));
    // The sources that decide name neither.
    for source in [include_str!("../decide.rs"), include_str!("../facts.rs"), include_str!("../residual.rs")] {
        assert!(!source.contains("account::") && !source.contains("maturity"));
    }
}
