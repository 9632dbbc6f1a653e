//! Onward release over three nodes: northtel gives to fusion, and fusion to cert-x only what northtel consents to.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use entente_agreement::{ConsentScope, PartyId, Purpose};
use entente_exchange::consent::ConsentTerms;
use entente_stix::Timestamp;
use entente_stix::marking::Tlp;
use support::{AGREEMENT, Clause, Server, Text, World, indicator, marked, uuid};

const ONWARD: &str = "agr-fc";

/// What fusion passes on: its own findings and what it may pass on with consent, for two purposes.
fn onward() -> Clause {
    Clause {
        tlp_max: "amber+strict",
        origin: vec!["own", "consented"],
        purpose: vec!["c2-disruption", "network-defence"],
        ..Clause::from("fusion", "cert-x")
    }
}

struct Chain {
    world: World,
    _server: Server,
}

impl Chain {
    fn new(first: &Text) -> Self {
        let world = World::strangers();
        world.agree(&[&world.northtel, &world.fusion], first);
        world.agree(&[&world.fusion, &world.cert], &Text::new(ONWARD).clause(onward()));
        let server = world.connect(&world.northtel, &world.fusion);
        let chain = Self { world, _server: server };
        chain.world.northtel.admit_stix(&[
            indicator(&uuid(1), "198.51.100.1", &marked(Tlp::Amber)),
            indicator(&uuid(2), "198.51.100.2", &marked(Tlp::Amber)),
        ]);
        chain.sync();
        chain
    }

    fn sync(&self) {
        let run = self.world.fusion.exchange.sync(Some("northtel")).unwrap().remove(0);
        assert!(run.complete && run.rejected == 0, "{run:?}");
        self.world.fusion.release();
    }

    /// Id of an address at fusion.
    fn id_at_fusion(&self, value: &str) -> String {
        let sql = format!("SELECT id FROM revision WHERE party>0 AND body LIKE '%{value}''%'");
        self.world.fusion.database().query_row(&sql, [], |row| row.get(0)).unwrap()
    }

    /// What cert-x gets.
    fn out(&self) -> String {
        self.world.fusion.objects(ONWARD, "cert-x").join("\n")
    }
}

fn first() -> Text {
    Text::new(AGREEMENT).clause(Clause::from("northtel", "fusion"))
}

fn terms(scope: &str, purpose: Purpose, until: &str) -> ConsentTerms {
    ConsentTerms {
        scope: ConsentScope::parse(scope).unwrap(),
        to: PartyId::parse("cert-x").unwrap(),
        purpose,
        until: Timestamp::parse(until).unwrap(),
    }
}

/// Nothing AMBER goes on without consent; with it, that object alone; withdrawn, no more, and each step is a leaf at both nodes.
#[test]
fn abuse_a17_a_consent_opens_one_object_to_one_party_until_it_is_withdrawn() {
    let chain = Chain::new(&first());
    let (northtel, fusion) = (&chain.world.northtel.exchange, &chain.world.fusion.exchange);
    assert!(chain.out().is_empty(), "{}", chain.out());
    let asked = terms(
        &format!("object:{}", chain.id_at_fusion("198.51.100.1")),
        Purpose::NetworkDefence,
        "2027-01-01T00:00:00Z",
    );
    fusion.request_consent(AGREEMENT, &asked).unwrap();
    chain.sync();
    let [request] = northtel.consent_requests(None).unwrap().try_into().unwrap();
    assert_eq!((request.party.as_str(), request.to.as_str(), request.state.as_str()), ("fusion", "cert-x", "open"));
    assert!(chain.out().is_empty(), "asking opened it");

    let leaves = |node: &support::Node| node.count("SELECT count(*) FROM leaf WHERE entry LIKE '%\"kind\":\"consent%'");
    let before = leaves(&chain.world.northtel);
    let given = northtel.consent(AGREEMENT, &asked).unwrap();
    assert_eq!(northtel.consent_requests(None).unwrap()[0].state, "answered");
    chain.sync();
    assert!(chain.out().contains("198.51.100.1'") && !chain.out().contains("198.51.100.2'"), "{}", chain.out());
    assert_eq!((leaves(&chain.world.northtel), leaves(&chain.world.fusion)), (before + 1, 1));

    northtel.withdraw_consent(AGREEMENT, &given.to_sha256_text()).unwrap();
    assert_eq!(northtel.withdraw_consent(AGREEMENT, &given.to_sha256_text()).unwrap_err().code(), "notice.refused");
    chain.sync();
    assert!(chain.out().is_empty(), "it went on after the withdrawal");
    assert_eq!(fusion.consents(Some(AGREEMENT)).unwrap()[0].state, "withdrawn");
    assert_eq!((leaves(&chain.world.northtel), leaves(&chain.world.fusion)), (before + 2, 2));
    // A second look at the same notices has no second effect (A36).
    chain.sync();
    assert_eq!(leaves(&chain.world.fusion), 2);
    assert!(chain.world.northtel.log_problems().is_empty() && chain.world.fusion.log_problems().is_empty());
}

/// A consent is good for its purpose and its time only.
#[test]
fn abuse_a17_a_consent_does_not_stretch_to_another_purpose_or_beyond_its_time() {
    let chain = Chain::new(&first());
    let object = format!("object:{}", chain.id_at_fusion("198.51.100.1"));
    let northtel = &chain.world.northtel.exchange;
    northtel.consent(AGREEMENT, &terms(&object, Purpose::NetworkDefence, "2026-12-01T00:00:00Z")).unwrap();
    // For this purpose the clause to cert-x opens nothing.
    let other = format!("object:{}", chain.id_at_fusion("198.51.100.2"));
    northtel.consent(AGREEMENT, &terms(&other, Purpose::CriminalInvestigation, "2026-12-01T00:00:00Z")).unwrap();
    chain.sync();
    assert!(chain.out().contains("198.51.100.1'") && !chain.out().contains("198.51.100.2'"));
    let for_purpose = |purpose| {
        let request = entente_exchange::deliver::PageRequest { purpose: Some(purpose), ..support::request() };
        let page = chain.world.fusion.page_of(ONWARD, "cert-x", &request).unwrap();
        page.rows.iter().any(|row| String::from_utf8_lossy(&row.bytes).contains("198.51.100.1'"))
    };
    assert!(for_purpose(Purpose::NetworkDefence));
    assert!(!for_purpose(Purpose::C2Disruption), "it was delivered for a purpose nobody consented to");
    chain.world.time.advance_days(8);
    assert!(chain.out().is_empty(), "it went on after its time");
}

/// A consent for a clause covers what that clause gave; where another clause may have given it, it covers nothing.
#[test]
fn abuse_a17_a_consent_for_a_clause_covers_only_what_that_clause_must_have_given() {
    for (twin, goes_on) in [(false, true), (true, false)] {
        let mut text = first();
        if twin {
            let other = Clause {
                id: "also-out".to_owned(),
                purpose: vec!["phishing-takedown"],
                ..Clause::from("northtel", "fusion")
            };
            text = text.clause(other);
        }
        let chain = Chain::new(&text);
        let consent = terms("clause:northtel-out", Purpose::NetworkDefence, "2027-01-01T00:00:00Z");
        chain.world.northtel.exchange.consent(AGREEMENT, &consent).unwrap();
        chain.sync();
        assert_eq!(chain.out().contains("198.51.100.1'"), goes_on, "twin: {twin}");
        let nobodys = terms("clause:fusion-out", Purpose::NetworkDefence, "2027-01-01T00:00:00Z");
        assert_eq!(chain.world.northtel.exchange.consent(AGREEMENT, &nobodys).unwrap_err().code(), "notice.refused");
    }
}

/// The recipient cannot consent to what it received, whatever it signs.
#[test]
fn abuse_a17_the_one_who_received_cannot_consent() {
    let chain = Chain::new(&first());
    let object = format!("object:{}", chain.id_at_fusion("198.51.100.1"));
    let own = terms(&object, Purpose::NetworkDefence, "2027-01-01T00:00:00Z");
    chain.world.fusion.exchange.consent(AGREEMENT, &own).unwrap();
    chain.world.fusion.release();
    assert!(chain.out().is_empty(), "fusion consented to northtel's data");
}
