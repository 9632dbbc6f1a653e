//! Nodes in one process: northtel (a telco), fusion (a police hub) and cert-x, with a clock that a test sets, agreements that
//! the test writes and signs, and the way between them over HTTP on loopback.

#![allow(dead_code, unused_imports, reason = "each test binary uses its part")]

mod text;
mod wire;

use entente_agreement::{Door, PartyId, Subject, sign};
use entente_exchange::access::Credential;
use entente_exchange::admit::{AdmitOptions, AdmitSummary};
use entente_exchange::deliver::{DeliverError, Page, PageRequest};
use entente_exchange::node::{Band, Card, Home, Node as Identity, write_secret};
use entente_exchange::{Clock, Exchange, Link};
use entente_formats::Format;
use entente_stix::Timestamp;
use entente_stix::marking::Tlp;
use entente_taxii::query::Filters;
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;

pub(crate) use text::{Clause, Text};
pub(crate) use wire::{Answer, Server};

/// Agreement between northtel and fusion.
pub(crate) const AGREEMENT: &str = "agr-12";
pub(crate) const DAY_US: i64 = 86_400_000_000;

/// A clock that stands until it is told to move, or that moves by a step each time it is read.
#[derive(Clone)]
pub(crate) struct Time {
    now: Arc<AtomicI64>,
    step: Arc<AtomicI64>,
}

impl Time {
    pub(crate) fn at(text: &str) -> Self {
        let now = Timestamp::parse(text).unwrap().as_micros();
        Self { now: Arc::new(AtomicI64::new(now)), step: Arc::new(AtomicI64::new(1_000)) }
    }

    pub(crate) fn clock(&self) -> Clock {
        let time = self.clone();
        Arc::new(move || {
            let step = time.step.load(Ordering::SeqCst);
            Timestamp::from_micros(time.now.fetch_add(step, Ordering::SeqCst))
        })
    }

    pub(crate) fn advance_days(&self, days: i64) {
        self.now.fetch_add(days * DAY_US, Ordering::SeqCst);
    }

    pub(crate) fn set(&self, text: &str) {
        self.now.store(Timestamp::parse(text).unwrap().as_micros(), Ordering::SeqCst);
    }

    /// Stops the clock, or lets it run again by a millisecond for each look at it.
    pub(crate) fn stop(&self, stopped: bool) {
        self.step.store(if stopped { 0 } else { 1_000 }, Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now.load(Ordering::SeqCst))
    }
}

/// One node and its home.
pub(crate) struct Node {
    pub(crate) exchange: Exchange,
    pub(crate) home: TempDir,
    time: Time,
}

impl Node {
    pub(crate) fn open(party: &str, role: &str, time: &Time) -> Self {
        let home = tempfile::tempdir().unwrap();
        let exchange = Self::open_at(home.path(), party, role, time);
        Self { exchange, home, time: time.clone() }
    }

    fn open_at(home: &Path, party: &str, role: &str, time: &Time) -> Exchange {
        Exchange::open(Home::at(home), identity(party, role), time.clock()).unwrap()
    }

    /// Another process on the same home; the first is not told.
    pub(crate) fn again(&self) -> Exchange {
        let node = self.exchange.node();
        Self::open_at(self.home.path(), &node.party, &node.role, &self.time)
    }

    /// The database, to look into it or to damage it.
    pub(crate) fn database(&self) -> Connection {
        Connection::open(self.home.path().join("entente.db")).unwrap()
    }

    pub(crate) fn count(&self, sql: &str) -> i64 {
        self.database().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Admits lines of values as the node's own and releases.
    pub(crate) fn admit(&self, list: &str) -> AdmitSummary {
        self.admit_with(list, &options())
    }

    pub(crate) fn admit_with(&self, input: &str, options: &AdmitOptions) -> AdmitSummary {
        let summary = self.exchange.admit(&mut input.as_bytes(), options).unwrap();
        let counted = summary.accepted + summary.merged + summary.unchanged + summary.conflicts + summary.rejected;
        assert_eq!(summary.read, counted, "the counts do not add up");
        summary
    }

    /// Admits STIX objects as the node's own and releases.
    pub(crate) fn admit_stix(&self, objects: &[String]) -> AdmitSummary {
        let bundle = format!(
            r#"{{"type":"bundle","id":"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d","objects":[{}]}}"#,
            objects.join(",")
        );
        self.admit_with(&bundle, &AdmitOptions { format: Some(Format::Stix21), tlp: None, ..options() })
    }

    /// Releases and sums up what became of it: released and withheld by reason, over all recipients.
    pub(crate) fn release(&self) -> (u64, BTreeMap<String, u64>) {
        let mut released = 0;
        let mut withheld: BTreeMap<String, u64> = BTreeMap::new();
        for run in self.exchange.release().unwrap() {
            released += run.released;
            for (reason, n) in run.withheld {
                *withheld.entry(reason).or_default() += n;
            }
        }
        (released, withheld)
    }

    /// The credential with which `party` reads here.
    pub(crate) fn credential(&self, party: &str) -> Credential {
        Credential { id: format!("{party}.test"), party: PartyId::parse(party).unwrap(), staff: false }
    }

    /// The first page that `party` gets under an agreement.
    pub(crate) fn page(&self, agreement: &str, party: &str) -> Page {
        self.page_of(agreement, party, &request()).unwrap()
    }

    pub(crate) fn page_of(&self, agreement: &str, party: &str, request: &PageRequest) -> Result<Page, DeliverError> {
        let credential = self.credential(party);
        let collection = self.exchange.collection(&credential, &format!("{agreement}-{party}")).unwrap().unwrap();
        self.exchange.deliver(&credential, &collection, request)
    }

    /// Released objects that are not companions (identities of the releaser, marking definitions), as text.
    pub(crate) fn objects(&self, agreement: &str, party: &str) -> Vec<String> {
        let page = self.page(agreement, party);
        assert!(!page.more);
        let all = page.rows.into_iter().map(|row| String::from_utf8(row.bytes).unwrap());
        all.filter(|text| !text.contains(r#""type":"marking-definition""#) && !is_party(text)).collect()
    }

    /// Withheld revisions of the only head by reason, as the page of the agreement shows them.
    pub(crate) fn withheld(&self, agreement: &str) -> Vec<(String, u64)> {
        let view = self
            .exchange
            .agreement(agreement, &entente_exchange::Viewer::Staff, entente_agreement::plain::Language::English)
            .unwrap()
            .unwrap();
        view.withheld_by_reason
    }

    /// The problems that a full check of all logs finds.
    pub(crate) fn log_problems(&self) -> Vec<String> {
        self.exchange.verify_logs().unwrap().into_iter().flat_map(|log| log.problems).collect()
    }

    /// Every byte of the database, its write-ahead log folded in.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.database().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        std::fs::read(self.home.path().join("entente.db")).unwrap()
    }
}

fn is_party(text: &str) -> bool {
    text.contains(r#""type":"identity""#) && !text.contains(r#""name":"victim-"#) && !text.contains(r#""labels""#)
}

pub(crate) fn identity(party: &str, role: &str) -> Identity {
    Identity {
        party: party.to_owned(),
        name: format!("The {party} organisation"),
        role: role.to_owned(),
        country: "SG".to_owned(),
        host: format!("{party}.example"),
        url: format!("https://exchange.{party}.example"),
        band: Band::Demo,
    }
}

/// Lines of values, TLP:AMBER, confidence 80, infrastructure of attackers.
pub(crate) fn options() -> AdmitOptions {
    AdmitOptions {
        tlp: Some(Tlp::Amber),
        confidence: 80,
        format: Some(Format::List),
        subject: Some(Subject::Infrastructure),
        ..AdmitOptions::default()
    }
}

/// A page as another node asks for it.
pub(crate) fn request() -> PageRequest {
    PageRequest {
        after: Timestamp::from_micros(0),
        limit: 1_000,
        filters: Filters::default(),
        door: Door::Sync,
        purpose: None,
    }
}

/// The nodes of a test and their clock.
pub(crate) struct World {
    pub(crate) time: Time,
    pub(crate) northtel: Node,
    pub(crate) fusion: Node,
    pub(crate) cert: Node,
}

impl World {
    /// Three nodes that know each other's cards and have agreed nothing.
    pub(crate) fn strangers() -> Self {
        let time = Time::at("2026-11-24T06:00:00Z");
        let northtel = Node::open("northtel", "private", &time);
        let fusion = Node::open("fusion", "police", &time);
        let cert = Node::open("cert-x", "cert", &time);
        let nodes = [&northtel, &fusion, &cert];
        for node in nodes {
            for other in nodes.iter().filter(|other| other.exchange.own() != node.exchange.own()) {
                node.exchange.add_party(&other.exchange.card(), None).unwrap();
            }
        }
        Self { time, northtel, fusion, cert }
    }

    /// An agreement between northtel and fusion with one clause from northtel.
    pub(crate) fn with(clause: Clause) -> Self {
        let world = Self::strangers();
        world.agree(&[&world.northtel, &world.fusion], &Text::new(AGREEMENT).clause(clause));
        world
    }

    pub(crate) fn new() -> Self {
        Self::with(Clause::from("northtel", "fusion"))
    }

    /// The complete note of a text between these nodes.
    pub(crate) fn note(&self, nodes: &[&Node], text: &Text) -> Vec<u8> {
        let cards: Vec<Card> = nodes.iter().map(|node| node.exchange.card()).collect();
        let mut note = text.write(&cards).into_bytes();
        for node in nodes {
            note = sign::sign(&note, node.exchange.keys().agreement()).unwrap_or_else(|e| panic!("{e:?}"));
        }
        note
    }

    /// Signs a text by these nodes and installs it at each.
    pub(crate) fn agree(&self, nodes: &[&Node], text: &Text) -> Vec<u8> {
        let note = self.note(nodes, text);
        for node in nodes {
            node.exchange.install_agreement(&note).unwrap();
        }
        note
    }

    /// Serves `giver` on loopback and lets `taker` call it.
    pub(crate) fn connect(&self, giver: &Node, taker: &Node) -> Server {
        let server = Server::start(giver.exchange.clone());
        let token = giver.exchange.issue_token(taker.exchange.own().as_str()).unwrap();
        let file = format!("keys/token-{}", giver.exchange.own());
        write_secret(&taker.home.path().join(&file), &token.secret).unwrap();
        let link = Link { url: server.url(), token: token.id, secret_file: file };
        taker.exchange.add_party(&giver.exchange.card(), Some(&link)).unwrap();
        server
    }
}

/// An indicator of one address, as a partner would write it.
pub(crate) fn indicator(uuid: &str, value: &str, more: &str) -> String {
    format!(
        r#"{{"type":"indicator","spec_version":"2.1","id":"indicator--{uuid}","created":"2026-11-20T00:00:00.000Z","modified":"2026-11-20T00:00:00.000Z","pattern":"[ipv4-addr:value = '{value}']","pattern_type":"stix","valid_from":"2026-11-20T00:00:00Z","confidence":80{more}}}"#
    )
}

/// `object_marking_refs` of a level, as the tail of an object.
pub(crate) fn marked(tlp: Tlp) -> String {
    format!(r#","object_marking_refs":["{}"]"#, tlp.marking_id())
}

/// A UUID that ends in `n`.
pub(crate) fn uuid(n: u32) -> String {
    format!("8e2e2d2b-17d4-4cbf-938f-{n:012}")
}
