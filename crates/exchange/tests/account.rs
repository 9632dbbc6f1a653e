//! The account, the usefulness reports and the profile, between nodes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use entente_agreement::account::{Cell, Counts, Period};
use entente_agreement::sign;
use entente_exchange::account::Account;
use entente_exchange::admit::AdmitOptions;
use entente_formats::Class;
use support::{AGREEMENT, Clause, Node, Server, Text, World, options, uuid};

const PERIOD: &str = "2026-10-28/2026-11-27";

fn period() -> Period {
    Period::parse(PERIOD).unwrap()
}

fn c2() -> AdmitOptions {
    AdmitOptions { role: Some(Class::C2), ..options() }
}

/// One address in a /24 of its own.
fn address(n: u32) -> String {
    format!("198.51.{n}.1\n")
}

fn addresses(of: impl Iterator<Item = u32>) -> String {
    of.map(address).collect()
}

/// northtel and fusion give each other, cert-x gives fusion; everybody calls everybody.
struct Trio {
    world: World,
    _servers: [Server; 3],
}

impl Trio {
    fn new(change: impl Fn(String) -> String) -> Self {
        let world = World::strangers();
        let kinds = |mut clause: Clause| {
            clause.kinds.push("network");
            clause
        };
        let text = Text::new(AGREEMENT)
            .clause(kinds(Clause::from("northtel", "fusion")))
            .clause(kinds(Clause::from("fusion", "northtel")));
        agree(&[&world.northtel, &world.fusion], &text, &change);
        let text = Text::new("agr-13").clause(Clause::from("cert-x", "fusion"));
        agree(&[&world.cert, &world.fusion], &text, &change);
        let servers = [
            world.connect(&world.northtel, &world.fusion),
            world.connect(&world.fusion, &world.northtel),
            world.connect(&world.cert, &world.fusion),
        ];
        Self { world, _servers: servers }
    }

    fn account(&self, node: &Node, party: &str) -> Account {
        node.exchange.reciprocity(party, Some(AGREEMENT), Some(period())).unwrap().remove(0)
    }

    /// Goes to the day after which nothing of the period changes, and lets everybody exchange until all reports have arrived.
    fn settle(&self) {
        self.world.time.set("2026-12-28T00:00:00Z");
        for node in [&self.world.northtel, &self.world.fusion, &self.world.northtel] {
            node.exchange.sync(None).unwrap();
        }
    }
}

fn agree(nodes: &[&Node], text: &Text, change: &impl Fn(String) -> String) {
    let cards: Vec<_> = nodes.iter().map(|node| node.exchange.card()).collect();
    let mut note = change(text.write(&cards)).into_bytes();
    for node in nodes {
        note = sign::sign(&note, node.exchange.keys().agreement()).unwrap_or_else(|e| panic!("{e:?}"));
    }
    for node in nodes {
        node.exchange.install_agreement(&note).unwrap();
    }
}

/// Id under which a node holds what another party said about a value.
fn id_of(node: &Node, value: &str) -> String {
    let sql = "SELECT r.id FROM assertion a JOIN revision r ON r.no=a.revision WHERE a.value=?1 AND a.party>0";
    node.database().query_row(sql, [value.trim()], |row| row.get(0)).unwrap()
}

fn sighting(n: u32, of: &str, seen: &str) -> String {
    format!(
        r#"{{"type":"sighting","spec_version":"2.1","id":"sighting--{}","created":"{seen}","modified":"{seen}","last_seen":"{seen}","sighting_of_ref":"{of}"}}"#,
        uuid(n)
    )
}

fn opinion(n: u32, of: &str, says: &str, at: &str) -> String {
    format!(
        r#"{{"type":"opinion","spec_version":"2.1","id":"opinion--{}","created":"{at}","modified":"{at}","opinion":"{says}","object_refs":["{of}"]}}"#,
        uuid(n)
    )
}

/// The usefulness leaves of a node: party and report.
fn leaves(node: &Node) -> Vec<(String, String)> {
    let database = node.database();
    let mut statement = database.prepare("SELECT entry FROM leaf ORDER BY no").unwrap();
    let entries: Vec<Vec<u8>> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    entries
        .iter()
        .map(|entry| serde_json::from_slice::<serde_json::Value>(entry).unwrap())
        .filter(|leaf| leaf["kind"] == "usefulness" && leaf["period"] == PERIOD)
        .map(|leaf| (leaf["party"].as_str().unwrap().to_owned(), leaf["report"].as_str().unwrap().to_owned()))
        .collect()
}

/// cert-x has two values first; northtel gives twelve; cert-x brings five of them two days later; fusion sees six, disputes one and
/// upholds that; fusion gives six.
fn history(trio: &Trio) {
    let World { time, northtel, fusion, cert } = &trio.world;
    cert.admit_with(&addresses(10..12), &c2());
    fusion.exchange.sync(Some("cert-x")).unwrap();
    time.set("2026-11-24T08:00:00Z");
    northtel.admit_with(&addresses(0..12), &c2());
    fusion.admit_with(&addresses(100..106), &c2());
    fusion.exchange.sync(Some("northtel")).unwrap();
    northtel.exchange.sync(Some("fusion")).unwrap();
    time.set("2026-11-25T08:00:00Z");
    let seen = (0..6).map(|n| sighting(n, &id_of(fusion, &address(n)), "2026-11-24T20:00:00.000Z"));
    fusion.admit_stix(&seen.collect::<Vec<_>>());
    let wrong = opinion(50, &id_of(fusion, &address(9)), "strongly-disagree", "2026-11-25T06:00:00.000Z");
    let upheld = opinion(51, &format!("opinion--{}", uuid(50)), "agree", "2026-11-25T07:00:00.000Z");
    fusion.admit_stix(&[wrong, upheld]);
    time.set("2026-11-26T09:00:00Z");
    cert.admit_with(&addresses(0..5), &c2());
    fusion.exchange.sync(Some("cert-x")).unwrap();
}

/// The numbers of the history, by hand: late 2, upheld -10, five led by two days and seen 5 × 35, one unique and seen 40, three
/// unique 60: 267 points.
#[test]
fn a_statement_counts_what_was_given_first_confirmed_later_and_disputed() {
    let trio = Trio::new(|text| text);
    history(&trio);
    let account = trio.account(&trio.world.fusion, "northtel");
    let statement = &account.received.statement;
    assert_eq!(
        statement.total,
        Counts {
            given: 12,
            on_time: 9,
            unique: 4,
            earlier: 5,
            lead_day: 5,
            late: 2,
            confirmed: 6,
            confirmed_on_time: 6,
            disputed: 1,
            upheld: 1,
            points: 267,
            ..Counts::default()
        }
    );
    assert_eq!((statement.weighted, statement.lead.count, statement.lag.count), (26, 5, 2));
    // cert-x was two days and an hour later, northtel two hours late, but for the milliseconds that the looks at the clock take.
    let hours = |seconds: i64| (seconds + 1_800) / 3_600;
    assert_eq!(statement.lead.median_s.map(hours), Some(49));
    assert_eq!(statement.lag.median_s.map(hours), Some(2));
    assert_eq!((statement.provisional, account.is_final, account.balance), (12, false, None));
    assert_eq!(statement.classes[0].1, statement.total, "all are command-and-control servers");
    // What came and what was released are the same, seen from both sides.
    let released = trio.account(&trio.world.northtel, "fusion").given.released;
    assert_eq!((released.values, released.objects), (12, account.received.raw.objects));
    assert_eq!((released.classes[0].1, released.context), (12, account.received.raw.context));
    // cert-x is late with five and early with two.
    let cert = trio.world.fusion.exchange.reciprocity("cert-x", None, Some(period())).unwrap().remove(0);
    let total = cert.received.statement.total;
    assert_eq!((total.given, total.late, total.earlier, total.unique), (7, 5, 2, 0));
}

/// T-A13: both sides see the same counts where they are told, the reports are leaves of both logs, and each has one balance.
#[test]
fn t_a13_statements_of_both_sides_agree_on_counts() {
    let trio = Trio::new(|text| text);
    history(&trio);
    trio.settle();
    let (northtel, fusion) = (&trio.world.northtel, &trio.world.fusion);
    let (giver, receiver) = (trio.account(northtel, "fusion"), trio.account(fusion, "northtel"));
    let told = giver.given.reported.clone().expect("fusion has reported");
    let mine = receiver.received.reported.clone().expect("fusion holds what it reported");
    assert_eq!((&told.hash, told.weighted), (&mine.hash, mine.weighted));
    let cells: Vec<_> = told.report.classes[0].1.iter().collect();
    let exact = receiver.received.statement.total;
    for (name, n) in
        [("given", exact.given), ("on-time", exact.on_time), ("earlier", 5), ("lead-24h", 5), ("confirmed", 6)]
    {
        assert!(cells.contains(&(name, Cell::Count(n))), "{name}");
    }
    // Four unique, two late, one upheld: fewer than five, and so not told, nor anything of the other classes.
    for name in ["unique", "late", "upheld", "disputed", "rejected", "quarantined", "recalled"] {
        assert!(cells.contains(&(name, Cell::Fewer)), "{name}");
    }
    assert!(cells.contains(&("used", Cell::NotMeasured)));
    assert!(told.report.classes[1..].iter().all(|(_, cells)| cells.counts() == Counts::default()));
    // 9 × 10 + 5 × 5 + 6 × 20 points are told.
    assert_eq!(told.weighted, 23);
    assert_eq!((giver.received.statement.weighted, giver.balance), (12, Some(-0.31)));
    assert_eq!((receiver.received.statement.weighted, receiver.balance), (26, Some(0.37)));
    assert!(giver.is_final && receiver.is_final);
    // One leaf in each log for each report, with its hash.
    let (of_northtel, of_fusion) = (leaves(northtel), leaves(fusion));
    assert_eq!(of_northtel.iter().filter(|(party, hash)| party == "fusion" && *hash == told.hash).count(), 1);
    assert_eq!(of_fusion.iter().filter(|(party, hash)| party == "northtel" && *hash == told.hash).count(), 1);
    // Another exchange makes and takes nothing twice.
    trio.settle();
    assert_eq!((leaves(northtel).len(), leaves(fusion)), (of_northtel.len(), of_fusion));
    for node in [northtel, fusion] {
        assert_eq!(node.log_problems(), Vec::<String>::new());
    }
}

/// No value, and no count below five, stands in what a partner gets.
#[test]
fn abuse_a17_a_report_names_no_value_and_no_small_count() {
    let trio = Trio::new(|text| text);
    history(&trio);
    trio.settle();
    let note = trio.world.fusion.exchange.usefulness_report(AGREEMENT, "northtel", Some(period())).unwrap();
    assert!(!note.contains("198.51.") && !note.contains("indicator--"), "{note}");
    let text = note.split("\n\n").next().unwrap();
    for word in text.lines().skip(7).flat_map(|line| line.split(' ')) {
        if let Some(n) = word.split('=').nth(1).and_then(|n| n.parse::<u64>().ok()) {
            assert!(n >= 5, "{word}");
        }
    }
}

/// Echo: who returns what it received, as its own finding, has given nothing.
#[test]
fn an_echo_gains_nothing() {
    let trio = Trio::new(|text| text);
    let World { time, northtel, fusion, .. } = &trio.world;
    northtel.admit_with(&addresses(0..8), &c2());
    fusion.exchange.sync(Some("northtel")).unwrap();
    time.set("2026-11-24T09:00:00Z");
    // Read from a file of its own making: by the rules of admission fusion's own finding.
    fusion.admit_with(&addresses(0..9), &c2());
    northtel.exchange.sync(Some("fusion")).unwrap();
    let statement = trio.account(northtel, "fusion").received.statement;
    assert_eq!((statement.excluded.echo, statement.total.given, statement.total.unique), (8, 1, 1));
    // And it has not made northtel late, nor confirmed it.
    let back = trio.account(fusion, "northtel").received.statement;
    assert_eq!((back.total.given, back.total.unique, back.total.confirmed), (8, 8, 0));
}

/// A friend of the giver, declared as such, is no second source.
#[test]
fn affiliated_parties_are_not_independent() {
    let trio = Trio::new(|text| text);
    let World { time, northtel, fusion, cert } = &trio.world;
    northtel.admit_with(&addresses(0..6), &c2());
    fusion.exchange.sync(Some("northtel")).unwrap();
    time.set("2026-11-25T09:00:00Z");
    cert.admit_with(&addresses(0..6), &c2());
    fusion.exchange.sync(Some("cert-x")).unwrap();
    assert_eq!(trio.account(fusion, "northtel").received.statement.total.earlier, 6);
    fusion.exchange.affiliate("northtel", "cert-x", true).unwrap();
    let total = trio.account(fusion, "northtel").received.statement.total;
    assert_eq!((total.earlier, total.unique), (0, 6));
    fusion.exchange.affiliate("cert-x", "northtel", false).unwrap();
    assert_eq!(trio.account(fusion, "northtel").received.statement.total.earlier, 6);
}

/// Splitting a network into its addresses gains nothing, nor does padding one network.
#[test]
fn splitting_a_network_gains_nothing() {
    let trio = Trio::new(|text| text);
    let World { northtel, fusion, .. } = &trio.world;
    let split: String = (0..256).map(|n| format!("203.0.113.{n}\n")).collect();
    northtel.admit_with(&split, &c2());
    fusion.exchange.sync(Some("northtel")).unwrap();
    let before = trio.account(fusion, "northtel").received.statement;
    assert_eq!((before.total.given, before.excluded.padding), (20, 236));
    northtel.admit_with("203.0.113.0/24\n", &c2());
    fusion.exchange.sync(Some("northtel")).unwrap();
    let after = trio.account(fusion, "northtel").received.statement;
    assert_eq!((after.total.given, after.excluded.in_network, after.weighted), (1, 256, 2));
}

/// A report is taken once, from its author, about a period that is over, and from nobody else.
#[test]
fn a_report_is_refused_when_it_is_early_second_or_forged() {
    let trio = Trio::new(|text| text);
    history(&trio);
    let (northtel, fusion) = (&trio.world.northtel, &trio.world.fusion);
    let refused = |node: &Node, note: &[u8]| node.exchange.accept_usefulness(note).unwrap_err().code();
    let early = fusion.exchange.usefulness_report(AGREEMENT, "northtel", Some(period())).unwrap_err();
    assert_eq!(early.code(), "usefulness.early");
    trio.world.time.set("2026-12-28T00:00:00Z");
    let note = fusion.exchange.usefulness_report(AGREEMENT, "northtel", Some(period())).unwrap();
    assert_eq!(refused(fusion, note.as_bytes()), "usefulness.not-ours");
    let forged = note.replacen("given=12", "given=99", 1);
    assert_eq!(refused(northtel, forged.as_bytes()), "note.bad-signature");
    assert_eq!(refused(northtel, b"entente/usefulness@1\n"), "note.no-signature");
    // Signed by fusion, after all: another set of counts about the same period.
    let resign = |text: &str| {
        let mut note = entente_ledger::note::Note::new(text).unwrap();
        let line = fusion.exchange.keys().agreement().sign(note.text());
        note.add(line).unwrap();
        note.to_bytes()
    };
    let text = note.split("\n\n").next().unwrap().to_owned() + "\n";
    let unfinished = resign(&text.replacen(PERIOD, "2026-11-01/2026-12-01", 1));
    assert_eq!(refused(northtel, &unfinished), "usefulness.early");
    let accepted = northtel.exchange.accept_usefulness(note.as_bytes()).unwrap();
    assert!(accepted.new && !northtel.exchange.accept_usefulness(note.as_bytes()).unwrap().new);
    assert_eq!(refused(northtel, &resign(&text.replacen("given=12", "given=99", 1))), "usefulness.second");
    let elsewhere = text.replacen("hash sha256:", "hash sha256:00", 1);
    let start = elsewhere.find("sha256:").unwrap() + 7;
    let elsewhere = format!("{}{}", &elsewhere[..start + 64], &elsewhere[start + 66..]);
    assert_eq!(refused(northtel, &resign(&elsewhere)), "usefulness.other-text");
    assert_eq!(leaves(northtel).len(), 1);
}

/// Where the agreement does not share, nothing is made, told or taken.
#[test]
fn without_share_no_report_leaves() {
    let trio = Trio::new(|text| text.replace("share = true", "share = false"));
    history(&trio);
    trio.settle();
    let (northtel, fusion) = (&trio.world.northtel, &trio.world.fusion);
    assert_eq!(
        fusion.exchange.usefulness_report(AGREEMENT, "northtel", None).unwrap_err().code(),
        "usefulness.not-shared"
    );
    assert_eq!((leaves(northtel), leaves(fusion)), (vec![], vec![]));
    let account = trio.account(northtel, "fusion");
    assert!(account.given.reported.is_none() && account.balance.is_none());
}

/// A low balance makes a task for the officers; what is released stays what it was.
#[test]
fn t_a13_a_low_balance_opens_a_review_and_decide_is_the_same() {
    let review = |text: String| text.replace("mode = \"inform\"", "mode = \"review\"\nreview_below = -20");
    let trio = Trio::new(review);
    history(&trio);
    let (northtel, fusion) = (&trio.world.northtel, &trio.world.fusion);
    let decided = |node: &Node, party: &str| {
        let explained = node.exchange.explain("198.51.3.1", party, None).unwrap();
        explained.rows.iter().map(|row| (row.sees, row.because.clone())).collect::<Vec<_>>()
    };
    let before = decided(northtel, "fusion");
    assert!(before[0].0);
    assert_eq!(northtel.exchange.reviews().unwrap().len(), 0, "nothing is final yet");
    trio.settle();
    let tasks = northtel.exchange.reviews().unwrap();
    assert_eq!(tasks.len(), 1);
    assert_eq!((tasks[0].party.as_str(), tasks[0].period, tasks[0].balance), ("fusion", period(), Some(-0.31)));
    assert!(tasks[0].prepared.starts_with("entente agreement suspend agr-12"));
    // fusion received more than it gave: nothing to review there.
    assert_eq!(fusion.exchange.reviews().unwrap().len(), 0);
    assert_eq!(decided(northtel, "fusion"), before);
    let summary = northtel.admit_with(&address(77), &c2());
    assert_eq!(summary.accepted, 1);
    assert_eq!(northtel.exchange.agreements(&entente_exchange::Viewer::Staff).unwrap()[0].state, "in-force");
    assert!(northtel.objects(AGREEMENT, "fusion").iter().any(|object| object.contains("198.51.77.1")));
}

/// What a party takes back is counted as recalled, and not at all when it does so within a day.
#[test]
fn what_is_withdrawn_is_counted_by_when() {
    let trio = Trio::new(|text| text);
    let World { time, northtel, fusion, .. } = &trio.world;
    let object = |n: u32, value: &str, modified: &str, more: &str| {
        format!(
            r#"{{"type":"indicator","spec_version":"2.1","id":"indicator--{}","created":"2026-11-20T00:00:00.000Z","modified":"{modified}","pattern":"[ipv4-addr:value = '{value}']","pattern_type":"stix","valid_from":"2026-11-20T00:00:00Z","confidence":80,"object_marking_refs":["{}"]{more}}}"#,
            uuid(n),
            entente_stix::marking::Tlp::Green.marking_id(),
        )
    };
    northtel.admit_stix(&[
        object(1, "198.51.1.1", "2026-11-20T00:00:00.000Z", ""),
        object(2, "198.51.2.1", "2026-11-20T00:00:00.000Z", ""),
    ]);
    fusion.exchange.sync(Some("northtel")).unwrap();
    time.set("2026-11-24T12:00:00Z");
    northtel.admit_stix(&[object(1, "198.51.1.1", "2026-11-24T11:00:00.000Z", r#","revoked":true"#)]);
    fusion.exchange.sync(Some("northtel")).unwrap();
    time.set("2026-11-26T12:00:00Z");
    northtel.admit_stix(&[object(2, "198.51.2.1", "2026-11-26T11:00:00.000Z", r#","revoked":true"#)]);
    fusion.exchange.sync(Some("northtel")).unwrap();
    let statement = trio.account(fusion, "northtel").received.statement;
    assert_eq!((statement.excluded.withdrawn, statement.total.given, statement.total.recalled), (1, 1, 1));
    assert_eq!(statement.recalled_after.median_s.unwrap() / 86_400, 2);
}

/// Echo, padding and self-made confirmation do not lift a party above stage 2, and the profile says what it is made of.
#[test]
fn a_profile_counts_what_the_account_counts() {
    let trio = Trio::new(|text| text);
    let World { time, northtel, fusion, cert } = &trio.world;
    fusion.admit_with(&addresses(100..130), &c2());
    northtel.exchange.sync(Some("fusion")).unwrap();
    // A day each: echoes, and one network padded out.
    for day in 25..31 {
        time.set(&format!("2026-11-{day}T06:00:00Z"));
        northtel.admit_with(&addresses(100..130), &c2());
        let padded: String = (0..60).map(|n| format!("203.0.113.{}\n", (day - 25) * 40 + n)).collect();
        northtel.admit_with(&padded, &c2());
        fusion.exchange.sync(Some("northtel")).unwrap();
    }
    cert.exchange.affiliate("northtel", "fusion", true).unwrap();
    time.set("2026-12-07T12:00:00Z");
    let profile = fusion.exchange.maturity("northtel", None).unwrap();
    assert_eq!(profile.at, "2026-12-07T00:00:00.000Z");
    let own = &profile.measures["own"];
    assert_eq!((own.excluded["echo"], own.value), (30, Some(120.0)));
    assert!(own.excluded["padding"] > 100, "{own:?}");
    // In volume, on six days: it contributes. Nothing is judged yet, so nothing is proved.
    assert_eq!(profile.stage_raw, Some(3));
    // A higher stage shows after two weekly runs.
    assert_eq!((profile.stage, profile.name), (Some(1), Some("receives")));
    assert_eq!(profile.gaps, ["contributes, but does not act on what it receives"]);
    assert_eq!(profile.measures["unique_rate"].value, None);
    assert_eq!(profile.measures["ack_rate"].value, None);
    assert_eq!(profile.next.as_deref(), Some("20 more own values that are 30 days old"));
    // The same inputs give the same digest, at any later time.
    let digest = profile.inputs_digest.clone();
    time.set("2026-12-10T12:00:00Z");
    assert_eq!(fusion.exchange.maturity("northtel", None).unwrap().inputs_digest, digest);
    assert_ne!(fusion.exchange.maturity("cert-x", None).unwrap().inputs_digest, digest);
    assert_eq!(fusion.exchange.maturity("nobody", None).unwrap_err().code(), "party.unknown");
}

/// Acting on what was released: a sighting that the other party hands over counts, once for each object.
#[test]
fn acts_of_a_party_are_counted_against_what_was_released_to_it() {
    let trio = Trio::new(|text| text);
    let World { time, northtel, fusion, .. } = &trio.world;
    northtel.admit_with(&addresses(0..30), &c2());
    fusion.exchange.sync(Some("northtel")).unwrap();
    time.set("2026-11-25T06:00:00Z");
    let seen: Vec<String> =
        (0..12).map(|n| sighting(n, &id_of(fusion, &address(n)), "2026-11-24T20:00:00.000Z")).collect();
    let credential = northtel.credential("fusion");
    let inbound = northtel.exchange.collection(&credential, "agr-12-fusion-in").unwrap().unwrap();
    let members: Vec<&[u8]> = seen.iter().map(String::as_bytes).collect();
    let status = northtel.exchange.receive(&credential, &inbound, &members).unwrap();
    assert_eq!(status.success_count, 12);
    time.set("2026-11-30T06:00:00Z");
    let profile = northtel.exchange.maturity("fusion", None).unwrap();
    let acted = &profile.measures["act_rate"];
    assert_eq!((acted.k, acted.n, acted.ok), (Some(12), Some(30), Some(true)));
    let delay = profile.measures["feedback_delay"].value.unwrap();
    assert!((0.9..1.1).contains(&delay), "{delay}");
}
