use super::*;

const NOW: &str = "2027-06-01T00:00:00Z";

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn given(value: &str, time: &str) -> Contribution {
    let kind = if value.contains('/') { Kind::Network } else { Kind::Ipv4Addr };
    Contribution {
        kind,
        value: value.to_owned(),
        class: Class::C2,
        admitted: at(time),
        echo: false,
        quarantined: false,
        recalled: None,
        used: None,
        assertions: Vec::new(),
        sightings: Vec::new(),
        disputes: Vec::new(),
    }
}

fn other(time: &str) -> Assertion {
    Assertion { by: Who::Other { affiliated: false, had_it: false }, at: at(time) }
}

fn seen(by: Who, time: &str) -> Sighting {
    Sighting { by, at: at(time) }
}

fn statement(contributions: &[Contribution]) -> Statement {
    let mut networks = Networks::default();
    for contribution in contributions.iter().filter(|contribution| contribution.kind == Kind::Network) {
        networks.add(&contribution.value);
    }
    Statement::of(contributions, &networks, at(NOW))
}

fn points(contribution: &Contribution) -> i64 {
    contribution.judge(&WEIGHTS).points
}

/// Would break: a party is told a balance that the notes do not compute.
#[test]
fn the_balance_of_the_notes_is_minus_0_13() {
    assert_eq!(Balance { given: 830, received: 640 }.hundredths(), Some(-13));
    assert_eq!(Balance { given: 640, received: 830 }.hundredths(), Some(13));
    assert_eq!(Balance { given: 0, received: 0 }.hundredths(), None);
    assert_eq!(Balance { given: 5, received: 0 }.hundredths(), Some(-100));
    assert_eq!(Balance { given: 0, received: 5 }.hundredths(), Some(100));
    // -12.93 %: below -12, not below -13.
    assert!(Balance { given: 830, received: 640 }.is_below(-12));
    assert!(!Balance { given: 830, received: 640 }.is_below(-13));
    assert!(!Balance { given: 0, received: 0 }.is_below(100));
}

/// Each line of the table of points, at its threshold and one microsecond short of it.
#[test]
fn points_are_those_of_section_16() {
    let base = given("198.51.100.1", "2026-12-01T00:00:00Z");
    let with = |time: &str| Contribution { assertions: vec![other(time)], ..base.clone() };
    assert_eq!(points(&base), 20);
    assert_eq!(points(&with("2026-11-30T23:59:59.999999Z")), 1);
    assert_eq!(points(&with("2026-12-01T00:00:00Z")), 10);
    assert_eq!(points(&with("2026-12-01T00:59:59.999999Z")), 10);
    assert_eq!(points(&with("2026-12-01T01:00:00Z")), 12);
    assert_eq!(points(&with("2026-12-01T23:59:59.999999Z")), 12);
    assert_eq!(points(&with("2026-12-02T00:00:00Z")), 15);
    assert_eq!(points(&with("2026-12-07T23:59:59.999999Z")), 15);
    assert_eq!(points(&with("2026-12-08T00:00:00Z")), 20);
    // After 30 days the contribution is final and unique.
    assert_eq!(points(&with("2026-12-31T00:00:00Z")), 20);
    assert!(matches!(with("2026-12-31T00:00:00.000001Z").judge(&WEIGHTS).standing, Standing::OnTime { lead: None }));
    let confirmed = Contribution { sightings: vec![seen(Who::Receiver, "2026-12-02T00:00:00Z")], ..base.clone() };
    assert_eq!(points(&confirmed), 40);
    let late = Contribution { assertions: vec![other("2026-11-01T00:00:00Z")], ..confirmed.clone() };
    assert_eq!(points(&late), 1);
    let dispute = |verdict| Dispute { at: at("2026-12-03T00:00:00Z"), verdict };
    let judged = |verdict| points(&Contribution { disputes: vec![dispute(verdict)], ..confirmed.clone() });
    assert_eq!((judged(Verdict::Open), judged(Verdict::Rejected), judged(Verdict::Upheld)), (40, 40, -10));
    let quarantined = statement(&[Contribution { quarantined: true, ..confirmed }]);
    assert_eq!((quarantined.total.points, quarantined.total.quarantined, quarantined.total.given), (0, 1, 0));
}

/// The weighted total is the tenth part of the points and never below 0.
#[test]
fn a_weighted_total_is_never_below_zero() {
    let wrong = |n: u8| Contribution {
        disputes: vec![Dispute { at: at("2026-12-03T00:00:00Z"), verdict: Verdict::Upheld }],
        ..given(&format!("198.51.100.{n}"), "2026-12-01T00:00:00Z")
    };
    let bad = statement(&[wrong(1), wrong(2), wrong(3)]);
    assert_eq!((bad.total.points, bad.weighted, bad.total.upheld), (-30, 0, 3));
    let mixed = statement(&[
        wrong(1),
        given("198.51.100.9", "2026-12-01T00:00:00Z"),
        given("203.0.113.9", "2026-12-01T00:00:00Z"),
    ]);
    assert_eq!((mixed.total.points, mixed.weighted), (30, 3));
}

/// Self-confirmation: friends of the giver, and those who have the value from it, prove nothing.
#[test]
fn only_independent_sources_take_away_uniqueness_or_confirm() {
    let base = given("198.51.100.1", "2026-12-01T00:00:00Z");
    for (affiliated, had_it) in [(true, false), (false, true), (true, true)] {
        let by = Who::Other { affiliated, had_it };
        let echoed =
            Contribution { assertions: vec![Assertion { by, at: at("2026-12-02T00:00:00Z") }], ..base.clone() };
        assert_eq!(points(&echoed), 20, "{affiliated} {had_it}");
    }
    // The receiver that asserts what it just received does not become a second source, but it was first if it was.
    let own =
        |time: &str| Contribution { assertions: vec![Assertion { by: Who::Receiver, at: at(time) }], ..base.clone() };
    assert_eq!(points(&own("2026-12-02T00:00:00Z")), 20);
    assert_eq!(points(&own("2026-11-30T00:00:00Z")), 1);
    let sighted = |affiliated, time: &str| Contribution {
        sightings: vec![seen(Who::Other { affiliated, had_it: false }, time)],
        ..base.clone()
    };
    assert_eq!(points(&sighted(false, "2026-12-02T00:00:00Z")), 40);
    assert_eq!(points(&sighted(true, "2026-12-02T00:00:00Z")), 20);
    // A sighting from before, or after everything was final, confirms nothing.
    assert_eq!(points(&sighted(false, "2026-12-01T00:00:00Z")), 20);
    assert_eq!(points(&sighted(false, "2027-01-01T00:00:00Z")), 20);
}

/// Splitting a network into its addresses gains nothing: they count once, as the network.
#[test]
fn addresses_inside_a_network_that_was_given_count_once() {
    let mut all = vec![given("198.51.100.0/24", "2026-12-01T00:00:00Z")];
    all.extend((0..=255).map(|n| given(&format!("198.51.100.{n}"), "2026-12-02T00:00:00Z")));
    all.push(given("203.0.113.7", "2026-12-02T00:00:00Z"));
    let made = statement(&all);
    assert_eq!((made.total.given, made.excluded.in_network, made.excluded.padding), (2, 256, 0));
    assert_eq!(made.weighted, 4);
}

/// Without the network the addresses of one /24 count at most twenty a day; so do the names of one domain.
#[test]
fn padding_counts_twenty_of_one_group_and_day() {
    let addresses: Vec<_> = (0..=255).map(|n| given(&format!("198.51.100.{n}"), "2026-12-01T00:00:00Z")).collect();
    let made = statement(&addresses);
    assert_eq!((made.total.given, made.excluded.padding), (20, 236));
    let next: Vec<_> = (0..=255).map(|n| given(&format!("198.51.100.{n}"), "2026-12-02T00:00:00Z")).collect();
    assert_eq!(statement(&next[..21]).total.given, 20);
    let names: Vec<_> = (0..1_000)
        .map(|n| Contribution {
            kind: Kind::DomainName,
            ..given(&format!("n{n}.padding.example"), "2026-12-01T12:00:00Z")
        })
        .collect();
    let made = statement(&names);
    assert_eq!((made.total.given, made.excluded.padding), (20, 980));
    assert_eq!(padding_group(Kind::Url, "https://a.example/kit/x?y"), Some("a.example/kit".to_owned()));
    assert_eq!(padding_group(Kind::Url, "https://a.example/kit/z"), Some("a.example/kit".to_owned()));
    assert_eq!(padding_group(Kind::Ipv6Addr, "2001:db8:7:1::4"), Some("2001:db8:7::/48".to_owned()));
    assert_eq!(padding_group(Kind::FileHash, "00"), None);
}

/// Echo, quarantine and what was withdrawn within a day do not count.
#[test]
fn echoes_and_what_was_withdrawn_at_once_do_not_count() {
    let base = given("198.51.100.1", "2026-12-01T00:00:00Z");
    let echo = Contribution { echo: true, ..base.clone() };
    let withdrawn = Contribution { recalled: Some(at("2026-12-01T23:59:59Z")), ..base.clone() };
    let recalled = Contribution { recalled: Some(at("2026-12-05T00:00:00Z")), ..base.clone() };
    let made = statement(&[echo]);
    assert_eq!((made.total.given, made.excluded.echo, made.weighted), (0, 1, 0));
    let made = statement(&[withdrawn]);
    assert_eq!((made.total.given, made.excluded.withdrawn), (0, 1));
    let made = statement(&[recalled]);
    assert_eq!((made.total.given, made.total.recalled, made.recalled_after.median_s), (1, 1, Some(4 * 86_400)));
}

/// Leads and lags by steps, median and ninetieth percentile.
#[test]
fn leads_are_reported_in_steps_with_median_and_p90() {
    let hours = [0, 1, 2, 25, 26, 27, 28, 29, 170, 200];
    let all: Vec<_> = (1_u8..)
        .zip(hours)
        .map(|(n, hours)| {
            let base = given(&format!("198.51.{n}.1"), "2026-12-01T00:00:00Z");
            let later = base.admitted.saturating_add_micros(hours * HOUR_US);
            Contribution { assertions: vec![Assertion { at: later, ..other(NOW) }], ..base }
        })
        .collect();
    let made = statement(&all);
    assert_eq!(
        made.lead,
        Spread { count: 10, median_s: Some(26 * 3_600), p90_s: Some(170 * 3_600), steps: [1, 2, 5, 2] }
    );
    assert_eq!((made.total.lead_hour, made.total.lead_day, made.total.lead_week, made.total.earlier), (2, 5, 2, 10));
    assert_eq!(Spread::of(&mut []), Spread::default());
}

/// The points are a function of the counts, so that a reader can compute them again.
#[test]
fn points_can_be_computed_from_the_counts() {
    let made = statement(&varied(400));
    assert_eq!(made.total.weigh(&WEIGHTS), made.total.points);
    for (class, counts) in &made.classes {
        assert_eq!(counts.weigh(&WEIGHTS), counts.points, "{class:?}");
        assert_eq!(counts.given, counts.on_time + counts.late + counts.upheld, "{class:?}");
    }
    assert!(made.total.upheld > 0 && made.total.late > 0 && made.total.lead_day > 0 && made.total.confirmed > 0);
}

/// Contributions that differ in everything, drawn from a fixed sequence.
fn varied(n: u32) -> Vec<Contribution> {
    let mut state = 0x9e37_79b9_u32;
    let mut draw = move |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % below
    };
    let begin = at("2026-12-01T00:00:00Z");
    (0..n)
        .map(|n| {
            let admitted = begin.saturating_add_micros(i64::from(draw(8)) * 6 * HOUR_US);
            let mut made = given(&format!("198.{}.{}.{}", 51 + n / 50_000, n / 200 % 250, n % 200), NOW);
            made.class = Class::ALL[draw(6) as usize];
            made.admitted = admitted;
            made.echo = draw(20) == 0;
            made.quarantined = draw(20) == 0;
            let moved = |by: u32| admitted.saturating_add_micros((i64::from(by) - 48) * 5 * HOUR_US);
            for _ in 0..draw(3) {
                let by = Who::Other { affiliated: draw(4) == 0, had_it: draw(4) == 0 };
                made.assertions.push(Assertion { by, at: moved(draw(200)) });
            }
            for _ in 0..draw(3) {
                made.sightings.push(Sighting { by: Who::Receiver, at: moved(draw(200)) });
            }
            if draw(10) == 0 {
                let verdict = [Verdict::Open, Verdict::Rejected, Verdict::Upheld][draw(3) as usize];
                made.disputes.push(Dispute { at: moved(60), verdict });
            }
            made
        })
        .collect()
}

/// T-A13: totals do not depend on the order in which contributions of the same instant were admitted, nor on that of anything
/// said about them.
#[test]
fn t_a13_totals_are_independent_of_order() {
    let all = varied(600);
    let expected = statement(&all);
    assert!(expected.excluded.padding > 0, "the test needs padding, the only rule that chooses");
    let mut state = 7_usize;
    for _ in 0..20 {
        let mut shuffled = all.clone();
        for place in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(place, (state >> 33) % (place + 1));
        }
        for contribution in &mut shuffled {
            contribution.assertions.reverse();
            contribution.sightings.reverse();
        }
        assert_eq!(statement(&shuffled), expected);
    }
}

fn key(seed: u8) -> entente_ledger::note::SigningKey {
    entente_ledger::note::SigningKey::from_seed("fusion.example/agreements", &[seed; 32]).unwrap()
}

fn report(statement: &Statement) -> UsefulnessReport {
    let party = |name| crate::PartyId::parse(name).unwrap();
    let agreement = crate::AgreementId::parse("agr-12").unwrap();
    UsefulnessReport::of(
        statement,
        &agreement,
        [7; 32],
        &party("fusion"),
        &party("northtel"),
        Period::parse("2026-12").unwrap(),
    )
}

/// No count below five leaves the receiver, not even as a part of the weighted total.
#[test]
fn counts_below_five_are_not_told() {
    let four: Vec<_> = (1..=4).map(|n| given(&format!("198.51.{n}.1"), "2026-12-01T00:00:00Z")).collect();
    let made = report(&statement(&four));
    assert_eq!(made.classes[0].1.iter().next(), Some(("given", Cell::Fewer)));
    assert_eq!((made.counts().given, made.weighted()), (0, 0));
    assert!(!made.to_text().contains("=4") && !made.to_text().contains("=0"));
    let five: Vec<_> = (1..=5).map(|n| given(&format!("198.51.{n}.1"), "2026-12-01T00:00:00Z")).collect();
    let told = statement(&five);
    let made = report(&told);
    assert_eq!((made.counts().given, made.counts().unique, made.weighted()), (5, 5, told.weighted));
    assert!(made.to_text().contains("used=not-measured"));
}

/// Where every count is told, both sides compute the same totals.
#[test]
fn t_a13_both_sides_agree_where_all_is_told() {
    let made = statement(&varied(2_000));
    let told = report(&made);
    for ((_, mine), (_, theirs)) in made.classes.iter().zip(&told.classes) {
        for ((name, cell), n) in theirs.iter().zip([mine.given, mine.on_time, mine.unique, mine.earlier]) {
            assert!(cell == Cell::Fewer && n < CELL_MIN || cell == Cell::Count(n), "{name}");
        }
    }
    // What is not told is worth at most four of each count in each class.
    assert!((told.weighted() - made.weighted).abs() <= 6 * 4 * 7);
}

/// One form, one signer: any other byte is refused.
#[test]
fn a_report_has_one_spelling_and_one_signer() {
    let made = report(&statement(&varied(900)));
    let note = made.sign(&key(1)).unwrap();
    let (_, read) = UsefulnessReport::verified(&note, key(1).verifier()).unwrap();
    assert_eq!(read, made);
    assert_eq!(UsefulnessReport::verified(&note, key(2).verifier()).unwrap_err().code(), "note.unknown-signer-only");
    let text = made.to_text();
    for (from, to) in [
        ("period 2026-12-01/2027-01-01", "period 2026-12"),
        ("weights 1", "weights 01"),
        ("weights 1", "weights +1"),
        ("party fusion", "party northtel"),
        ("agreement agr-12", "agreement  agr-12"),
        ("given=", "given=0"),
        ("given=", "gave="),
        ("c2 ", "C2 "),
        ("\nphishing", "\n\nphishing"),
        (" used=not-measured", ""),
    ] {
        let spoilt = text.replacen(from, to, 1);
        assert_ne!(spoilt, text, "{from}");
        assert_eq!(UsefulnessReport::parse(&spoilt).unwrap_err().code(), "usefulness.form", "{to}");
    }
    assert_eq!(
        UsefulnessReport::parse(&text.replace("weights 1", "weights 2")).unwrap_err().code(),
        "usefulness.weights"
    );
    assert_eq!(UsefulnessReport::parse(text.trim_end()).unwrap_err().code(), "usefulness.form");
    assert_eq!(UsefulnessReport::parse(&format!("{text}x")).unwrap_err().code(), "usefulness.form");
    let mut bytes = note.clone();
    let place = bytes.iter().position(|byte| byte.is_ascii_digit() && *byte != b'1').unwrap();
    bytes[place] ^= 1;
    assert!(UsefulnessReport::verified(&bytes, key(1).verifier()).is_err());
}

/// Periods are whole days, written in one way.
#[test]
fn periods_are_whole_days() {
    let december = Period::parse("2026-12").unwrap();
    assert_eq!(december.to_string(), "2026-12-01/2027-01-01");
    assert_eq!(Period::parse("2026-12-01/2027-01-01"), Some(december));
    assert_eq!(december.final_at(), at("2027-01-31T00:00:00Z"));
    for text in [
        "2026-13",
        "2026-00",
        "2026",
        "2026-1",
        "2026-12-01",
        "2026-12-02/2026-12-01",
        "2026-12-01/2028-12-01",
        "+026-12",
        "2026-02-30/2026-03-05",
    ] {
        assert_eq!(Period::parse(text), None, "{text}");
    }
    let start = at("2026-01-01T08:00:00Z");
    let last = |now: &str| Period::last(start, 30, at(now)).map(|period| period.to_string());
    assert_eq!(last("2026-01-30T23:59:59Z"), None);
    assert_eq!(last("2026-01-31T00:00:00Z").as_deref(), Some("2026-01-01/2026-01-31"));
    assert_eq!(last("2026-03-05T00:00:00Z").as_deref(), Some("2026-01-31/2026-03-02"));
    assert_eq!(
        Period::last(start, 30, at("2026-03-05T00:00:00Z")).unwrap().before().unwrap().to_string(),
        "2026-01-01/2026-01-31"
    );
}
