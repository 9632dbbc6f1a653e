//! Simulation: the same engine as enforcement, over the past, without a trace.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use entente_agreement::Subject;
use entente_exchange::admit::AdmitOptions;
use entente_exchange::deliver::PageRequest;
use entente_exchange::simulate::{Against, AsOf, Draft, Flow, SAMPLE_MAX, SimulateRequest, Simulation};
use entente_stix::Timestamp;
use entente_stix::marking::Tlp;
use entente_taxii::query::{Filters, VersionSelector};
use support::{AGREEMENT, Clause, Node, Text, World, indicator, marked, options, request, uuid};

fn asked(draft: Draft) -> SimulateRequest {
    SimulateRequest {
        draft,
        since: Timestamp::from_micros(0),
        until: None,
        party: None,
        as_of: AsOf::Admission,
        against: Against::InForce,
        sample: SAMPLE_MAX,
    }
}

fn held() -> Draft {
    Draft::Held { agreement: AGREEMENT.to_owned(), version: None }
}

fn run(node: &Node, request: &SimulateRequest) -> Simulation {
    node.exchange.simulate(request).unwrap_or_else(|error| panic!("{error}"))
}

fn flow(node: &Node, request: &SimulateRequest) -> Flow {
    let mut flows = run(node, request).flows;
    assert_eq!(flows.len(), 1);
    flows.remove(0)
}

/// Every version of every object in the manifest but those that accompany others, sorted.
fn manifest(node: &Node, agreement: &str) -> Vec<String> {
    let filters = Filters { versions: vec![VersionSelector::All], ..Filters::default() };
    let page = node.page_of(agreement, "fusion", &PageRequest { filters, ..request() }).unwrap();
    assert!(!page.more);
    let all = page.rows.into_iter().map(|row| String::from_utf8(row.bytes).unwrap());
    let own_name = |text: &String| text.contains(r#""identity_class":"organization""#) || text.contains("party-");
    let mut all: Vec<String> = all
        .filter(|text| !text.contains(r#""type":"marking-definition""#))
        .filter(|text| !(text.contains(r#""type":"identity""#) && own_name(text)))
        .collect();
    all.sort();
    all
}

fn sampled(flow: &Flow) -> Vec<String> {
    let mut all: Vec<String> = flow.released_sample.iter().map(|sample| sample.object.clone()).collect();
    all.sort();
    all
}

fn relationship(n: u32, source: u32, target: u32) -> String {
    format!(
        r#"{{"type":"relationship","spec_version":"2.1","id":"relationship--{}","created":"2026-11-20T00:00:00.000Z","modified":"2026-11-20T00:00:00.000Z","relationship_type":"related-to","source_ref":"indicator--{}","target_ref":"indicator--{}","confidence":80{}}}"#,
        uuid(n),
        uuid(source),
        uuid(target),
        marked(Tlp::Amber)
    )
}

/// Admissions of many sorts, each released in its turn: lists, victims, markings, versions, references either way round.
fn lived(node: &Node) {
    node.admit("198.51.100.1\n198.51.100.2\nevil.example\n8.8.8.8\n");
    node.admit_with("198.51.100.3\n", &AdmitOptions { tlp: Some(Tlp::Red), ..options() });
    node.admit_with("198.51.100.4\n", &AdmitOptions { confidence: 10, ..options() });
    node.admit_with("portal.ministry.example\n", &AdmitOptions { subject: Some(Subject::Victim), ..options() });
    let of = |n: u32, more: &str| indicator(&uuid(n), &format!("203.0.113.{n}"), more);
    node.admit_stix(&[of(1, &marked(Tlp::Amber)), of(2, &marked(Tlp::Green)), of(3, ""), of(4, &marked(Tlp::Red))]);
    // The end of this one comes later, that of the next never.
    node.admit_stix(&[relationship(10, 1, 5), relationship(11, 1, 4), relationship(12, 1, 2)]);
    node.admit_stix(&[of(5, &marked(Tlp::Amber))]);
    node.admit_stix(&[of(1, &marked(Tlp::Amber)).replace(r#""modified":"2026-11-20"#, r#""modified":"2026-11-21"#)]);
}

fn clause() -> Clause {
    Clause {
        subject: vec!["infrastructure", "victim"],
        obligations: vec![
            "redact-victim:hmac",
            "strip-source",
            "strip-free-text",
            "coarsen-time:1h",
            "attribution:must-not",
            "retain:90d",
            "watermark",
        ],
        ..Clause::from("northtel", "fusion")
    }
}

/// If the past came out otherwise than it was, nobody could believe what is said about the future (T-A7).
#[test]
fn the_version_in_force_simulated_over_the_past_is_what_the_manifest_holds() {
    let world = World::with(clause());
    let node = &world.northtel;
    lived(node);
    world.time.advance_days(20);
    node.admit("198.51.100.50\n");
    let truth = manifest(node, AGREEMENT);
    assert!(truth.len() >= 10, "{truth:#?}");
    let nothing = flow(node, &SimulateRequest { against: Against::Nothing, ..asked(held()) });
    assert_eq!(sampled(&nothing), truth);
    assert_eq!((nothing.change.before, nothing.change.after), (0, u64::try_from(truth.len()).unwrap()));
    assert!(!nothing.ids_provisional);
    let mut withheld: Vec<(String, u64)> = nothing.withheld.into_iter().collect();
    let mut recorded = node.withheld(AGREEMENT);
    withheld.sort();
    recorded.sort();
    assert_eq!(withheld, recorded);
    assert_eq!(nothing.closure_drops, 1);
    // Held against itself nothing changes.
    let same = flow(node, &asked(held()));
    assert_eq!((same.change.before, same.change.gained, same.change.lost), (nothing.change.after, 0, 0));
    assert!(same.released_sample.is_empty() && same.lost_sample.is_empty());
    assert!(same.words.contains("(no difference)"), "{}", same.words);
    assert_eq!(same.withheld, same.withheld_before);
}

/// A look at what a draft would do must leave no release, no key, no leaf and no trace of itself behind.
#[test]
fn a_simulation_writes_nothing() {
    let world = World::with(clause());
    let node = &world.northtel;
    lived(node);
    let epoch = "SELECT value FROM setting WHERE key='epoch'";
    let epoch_of = || node.database().query_row(epoch, [], |row| row.get::<_, i64>(0)).unwrap();
    let (before, at) = (node.bytes(), epoch_of());
    // Of an agreement of its own, too, for which the node has made no keys yet.
    let other = Text::new("agr-77").clause(clause()).write(&[node.exchange.card(), world.fusion.exchange.card()]);
    for draft in [held(), Draft::Text(other)] {
        for as_of in [AsOf::Admission, AsOf::Now] {
            let result = run(node, &SimulateRequest { as_of, ..asked(draft.clone()) });
            assert!(result.flows[0].change.after > 0);
        }
    }
    assert_eq!((node.bytes() == before, epoch_of()), (true, at));
}

/// What signers are shown must be what happens once they have signed.
#[test]
fn what_is_simulated_as_of_now_is_what_is_released_after_installing_the_text() {
    let world = World::with(Clause { tlp_max: "green", ..clause() });
    let node = &world.northtel;
    lived(node);
    let before = manifest(node, AGREEMENT);
    let hash = node.exchange.agreements(&entente_exchange::Viewer::Staff).unwrap()[0].hash.clone();
    let next = Text::new(AGREEMENT).clause(Clause { confidence_min: 0, ..clause() }).next(&hash);
    let draft = next.write(&[node.exchange.card(), world.fusion.exchange.card()]);
    let request = SimulateRequest { as_of: AsOf::Now, ..asked(Draft::Text(draft)) };
    let foretold = flow(node, &request);
    assert_eq!(foretold.change.lost, 0);
    world.agree(&[node, &world.fusion], &next);
    let (released, _) = node.release();
    let after = manifest(node, AGREEMENT);
    let mut new: Vec<String> = after.iter().filter(|object| !before.contains(object)).cloned().collect();
    new.sort();
    assert!(new.len() >= 5 && released >= 5);
    assert_eq!(sampled(&foretold), new);
    assert_eq!(foretold.change.gained, u64::try_from(new.len()).unwrap());
    // Simulated again as a held version against the one before, the answer is the same.
    let held =
        SimulateRequest { against: Against::Version(1), ..SimulateRequest { as_of: AsOf::Now, ..asked(held()) } };
    assert_eq!(sampled(&flow(node, &held)), new);
}

/// The first agreement with somebody has no keys yet; the numbers hold all the same, and the result says that ids will differ.
#[test]
fn a_first_agreement_is_foretold_but_for_its_ids() {
    let world = World::strangers();
    let node = &world.northtel;
    node.admit("198.51.100.1\n198.51.100.2\n");
    let text = Text::new(AGREEMENT).clause(clause());
    let draft = text.write(&[node.exchange.card(), world.fusion.exchange.card()]);
    let foretold = flow(node, &SimulateRequest { as_of: AsOf::Now, ..asked(Draft::Text(draft)) });
    assert!(foretold.ids_provisional);
    assert!(foretold.words.starts_with("Over everything admitted so far version 1 would release 2 objects to fusion"));
    world.agree(&[node, &world.fusion], &text);
    node.release();
    let objects = manifest(node, AGREEMENT);
    assert_eq!(u64::try_from(objects.len()).unwrap(), foretold.change.after);
    let value = |text: &String| text.split("pattern\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let mut values: Vec<String> = objects.iter().map(value).collect();
    let mut told: Vec<String> = sampled(&foretold).iter().map(value).collect();
    values.sort();
    told.sort();
    assert_eq!(values, told);
}

/// A broader amendment that hides in one word is shown by the objects that it would give away (A22).
#[test]
fn abuse_a22_a_broader_amendment_shows_what_it_would_give_away_and_a_narrower_one_what_it_keeps() {
    let world = World::with(Clause { confidence_min: 50, ..clause() });
    let node = &world.northtel;
    lived(node);
    let hash = node.exchange.agreements(&entente_exchange::Viewer::Staff).unwrap()[0].hash.clone();
    let draft = |clause: Clause| {
        let next = Text::new(AGREEMENT).clause(clause).next(&hash);
        Draft::Text(next.write(&[node.exchange.card(), world.fusion.exchange.card()]))
    };
    let broader = flow(node, &asked(draft(Clause { confidence_min: 0, ..clause() })));
    assert_eq!((broader.change.gained, broader.change.lost), (1, 0));
    assert_eq!(broader.released_sample.len(), 1);
    assert!(broader.released_sample[0].object.contains("198.51.100.4"), "{broader:#?}");
    assert!(broader.words.contains("(+1, all other)"), "{}", broader.words);
    let narrower = flow(
        node,
        &asked(draft(Clause {
            subject: vec!["infrastructure"],
            obligations: vec!["strip-source", "strip-free-text", "attribution:may", "retain:90d"],
            ..clause()
        })),
    );
    assert_eq!(narrower.change.gained, 0);
    assert_eq!((narrower.change.lost, narrower.lost_sample.len()), (1, 1));
    assert_eq!(narrower.lost_sample[0].reason, "clause.subject");
    assert_eq!((narrower.personal_data.before, narrower.personal_data.after, narrower.personal_data.lost), (1, 0, 1));
    for flow in [&broader, &narrower] {
        let change = flow.change;
        assert_eq!(change.before + change.gained - change.lost, change.after);
        for rows in [&flow.by.class, &flow.by.kind, &flow.by.tlp, &flow.by.country, &flow.by.source, &flow.by.clause] {
            let sums = rows.iter().fold((0, 0), |sums, row| (sums.0 + row.change.before, sums.1 + row.change.after));
            assert_eq!(sums, (change.before, change.after), "{rows:?}");
        }
        assert_eq!(flow.days.iter().map(|day| day.after).sum::<u64>(), change.after);
    }
}

/// What others found may go on only with their consent; whom to ask, and for how much, is known before signing.
#[test]
fn objects_that_lack_only_a_consent_are_counted_by_originator() {
    let world = World::strangers();
    let node = &world.northtel;
    let inward = Text::new("agr-20").clause(Clause::from("cert-x", "northtel"));
    world.agree(&[node, &world.cert], &inward);
    let credential = node.credential("cert-x");
    let inbound = node.exchange.collection(&credential, "agr-20-cert-x-in").unwrap().unwrap();
    let received = |n: u32, tlp: Tlp| indicator(&uuid(n), &format!("203.0.113.{n}"), &marked(tlp));
    let objects = [received(1, Tlp::Amber), received(2, Tlp::Amber), received(3, Tlp::Clear), received(4, Tlp::Red)];
    let raw: Vec<&[u8]> = objects.iter().map(String::as_bytes).collect();
    let status = node.exchange.receive(&credential, &inbound, &raw).unwrap();
    assert_eq!(status.success_count, 4, "{status:?}");
    let text = |origin: Vec<&'static str>| {
        let clause = Clause { origin, ..Clause::from("northtel", "fusion") };
        let text = Text::new(AGREEMENT)
            .clause(clause)
            .clause(Clause { id: "in".to_owned(), ..Clause::from("fusion", "northtel") });
        Draft::Text(text.write(&[node.exchange.card(), world.fusion.exchange.card()]))
    };
    let result = run(node, &asked(text(vec!["own", "community", "consented"])));
    let told = &result.flows[0];
    assert_eq!(told.needs_consent, [("cert-x".to_owned(), 2)].into());
    assert!(told.words.ends_with("; 2 need consent of cert-x"), "{}", told.words);
    assert_eq!((told.change.after, told.by.source[0].name.as_str()), (1, "cert-x"));
    assert_eq!(result.incoming, ["fusion"], "only fusion can say what it would give");
    // A clause that takes no consented data needs nobody's consent.
    assert!(flow(node, &asked(text(vec!["own", "community"]))).needs_consent.is_empty());
}

/// The hash stands for what the signers saw: the same for the same, another for anything else.
#[test]
fn the_digest_is_that_of_everything_shown() {
    let world = World::with(clause());
    let node = &world.northtel;
    lived(node);
    let until = Some(world.time.now());
    let request = SimulateRequest { until, ..asked(held()) };
    let first = run(node, &request).digest();
    node.admit("198.51.100.77\n");
    assert_eq!(run(node, &request).digest(), first, "what came later lies outside the period");
    let differing = [
        SimulateRequest { until: Some(world.time.now()), ..request.clone() },
        SimulateRequest { against: Against::Nothing, ..request.clone() },
        SimulateRequest { sample: 1, against: Against::Nothing, ..request.clone() },
        SimulateRequest { as_of: AsOf::Now, ..request.clone() },
    ];
    let digests: std::collections::HashSet<_> = differing.iter().map(|request| run(node, request).digest()).collect();
    assert_eq!(digests.len(), 4);
    assert!(!digests.contains(&first));
}

/// A period, a version and a clause of their own are what was asked for, and nothing else.
#[test]
fn the_period_the_clause_and_the_sample_are_those_asked_for() {
    let world = World::with(Clause { tlp_max: "green", ..Clause::from("northtel", "fusion") });
    let node = &world.northtel;
    node.admit("198.51.100.1\n198.51.100.2\n");
    world.time.advance_days(10);
    let middle = world.time.now();
    node.admit("198.51.100.3\n198.51.100.4\n198.51.100.5\n");
    world.time.advance_days(10);
    let last = world.time.now();
    node.admit("198.51.100.6\n");
    let table = "[[clause]]\nid = \"northtel-out\"\nfrom = \"northtel\"\nto = [\"fusion\"]\npurpose = [\"c2-disruption\"]\n\
        types = [\"indicator\"]\nkinds = [\"ipv4-addr\"]\ntlp_max = \"amber\"\npap_max = \"amber\"\nconfidence_min = 30\n\
        max_age_days = 90\norigin = [\"own\"]\nsubject = [\"infrastructure\"]\ndoors = [\"sync\"]\ntext = false\n\
        obligations = [\"strip-source\", \"strip-free-text\", \"attribution:may\", \"retain:90d\"]\n";
    let clause = Draft::Clause { agreement: AGREEMENT.to_owned(), clause: table.to_owned() };
    let request = SimulateRequest { since: middle, until: Some(last), ..asked(clause.clone()) };
    let result = run(node, &request);
    assert_eq!((result.admissions, result.flows[0].change.before, result.flows[0].change.gained), (3, 0, 3));
    assert!(
        result.flows[0].words.starts_with("From 2026-12-04 to 2026-12-14 version 1 would"),
        "{}",
        result.flows[0].words
    );
    let all = flow(node, &asked(clause.clone()));
    assert_eq!((all.change.gained, all.days.len()), (6, 3));
    // The same two are chosen whoever asks: those whose ids have the smallest hashes.
    let few = flow(node, &SimulateRequest { sample: 2, ..asked(clause.clone()) });
    assert_eq!(few.released_sample[..], all.released_sample[..2]);
    let empty = run(node, &SimulateRequest { since: world.time.now(), ..asked(clause.clone()) });
    assert_eq!(empty.admissions, 0);

    let code = |request: &SimulateRequest| node.exchange.simulate(request).unwrap_err().code();
    let to = |party: &str| SimulateRequest { party: Some(party.to_owned()), ..asked(held()) };
    assert_eq!(code(&to("northtel")), "simulate.own-party");
    assert_eq!(code(&to("cert-x")), "party.unknown");
    assert_eq!(code(&SimulateRequest { sample: SAMPLE_MAX + 1, ..asked(held()) }), "simulate.sample");
    assert_eq!(code(&SimulateRequest { against: Against::Version(7), ..asked(held()) }), "agreement.unknown");
    let faulty = Draft::Clause { agreement: AGREEMENT.to_owned(), clause: table.replace("amber", "purple") };
    assert!(code(&asked(faulty)).starts_with("text."), "a clause is read as strictly as a text");
    let foreign = Text::new("agr-9").clause(Clause::from("fusion", "cert-x"));
    let foreign = foreign.write(&[world.fusion.exchange.card(), world.cert.exchange.card()]);
    assert_eq!(code(&asked(Draft::Text(foreign))), "agreement.not-a-party");
    assert!(flow(node, &to("fusion")).recipient == "fusion");
}

/// A text that is only supposed to be in force must not be taken for one that is.
#[test]
fn a_supposed_agreement_is_a_draft_everywhere_else() {
    let world = World::new();
    let note =
        world.northtel.exchange.agreement_note(&world.northtel.credential("fusion"), AGREEMENT).unwrap().unwrap();
    let mut supposed = entente_agreement::Agreement::open(note.as_bytes()).unwrap().supposed();
    assert_eq!(supposed.state(world.time.now()), entente_agreement::State::Draft);
    assert!(supposed.note().is_none() && supposed.apply_notice(note.as_bytes()).is_err());
    assert!(supposed.supersede(&supposed.clone()).is_err());
}
