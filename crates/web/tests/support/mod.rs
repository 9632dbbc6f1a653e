//! A node to be tested: northtel, with an agreement with fusion in force, data admitted and released, and tokens for
//! its staff, for fusion, and for cert-x, which has no agreement.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use entente_agreement::plain::Language;
use entente_agreement::template::{TemplateInput, TemplateParty, telco_police};
use entente_agreement::{AgreementId, PartyId, Role, sign};
use entente_exchange::access::IssuedToken;
use entente_exchange::admit::AdmitOptions;
use entente_exchange::node::{Band, Card, Home, Node};
use entente_exchange::{Clock, Exchange, Viewer};
use entente_stix::Timestamp;
use entente_stix::marking::Tlp;
use entente_web::{Options, router};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;
use tower::ServiceExt as _;

pub(crate) const AGREEMENT: &str = "agr-12";
/// A value northtel holds and releases.
pub(crate) const RELEASED: &str = "198.51.100.25";
/// A value northtel holds and never releases, because it is TLP:RED.
pub(crate) const WITHHELD: &str = "198.51.100.66";

pub(crate) struct World {
    pub(crate) exchange: Exchange,
    /// The other party's node; it is not reached over the network.
    pub(crate) other: Exchange,
    pub(crate) staff: IssuedToken,
    pub(crate) fusion: IssuedToken,
    pub(crate) stranger: IssuedToken,
    router: Router,
    _homes: [TempDir; 3],
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A clock that begins at a fixed instant and moves by a millisecond each time it is read.
fn clock() -> Clock {
    let begin = Timestamp::parse("2026-11-24T06:00:00Z").unwrap().as_micros();
    let now = AtomicI64::new(begin);
    Arc::new(move || Timestamp::from_micros(now.fetch_add(1_000, Ordering::Relaxed)))
}

fn open(party: &str, name: &str, role: &str, country: &str) -> (TempDir, Exchange) {
    let home = tempfile::tempdir().unwrap();
    let node = Node {
        party: party.to_owned(),
        name: name.to_owned(),
        role: role.to_owned(),
        country: country.to_owned(),
        host: format!("{party}.example"),
        url: format!("https://exchange.{party}.example"),
        band: Band::Demo,
    };
    let exchange = Exchange::open(Home::at(home.path()), node, clock()).unwrap();
    (home, exchange)
}

fn party(card: &Card, role: Role) -> TemplateParty {
    TemplateParty {
        id: PartyId::parse(&card.id).unwrap(),
        name: card.name.clone(),
        role,
        country: card.country.clone(),
        node: Some(card.node.clone()),
        vkey: card.vkey.clone(),
        log_vkey: Some(card.log_vkey(AGREEMENT).unwrap()),
        witness_vkey: None,
        legal_basis: vec!["gdpr-6-1-f".to_owned()],
        contact: format!("desk@{}.example", card.id),
    }
}

/// The agreement, signed by both. Its clauses for partners also allow the console, so that guests can be tested.
fn agreement(northtel: &Exchange, fusion: &Exchange) -> Vec<u8> {
    let text = telco_police(&TemplateInput {
        id: AgreementId::parse(AGREEMENT).unwrap(),
        title: "Exchange between NorthTel and the Fusion Centre".to_owned(),
        valid_from: Timestamp::parse("2026-01-01T00:00:00Z").unwrap(),
        valid_to: Timestamp::parse("2028-01-01T00:00:00Z").unwrap(),
        operator: party(&northtel.card(), Role::Private),
        police: party(&fusion.card(), Role::Police),
        tlp_to_police: Tlp::Amber,
        tlp_to_operator: Tlp::Amber,
        max_age_days: 90,
        community: vec!["role:police".to_owned()],
        instrument_reference: "NT-FC-2026-1".to_owned(),
        instrument_sha256: [7; 32],
    })
    .unwrap()
    .replace("\"rest\", \"export\"]", "\"rest\", \"export\", \"console\"]");
    let once = sign::sign(text.as_bytes(), northtel.keys().agreement()).unwrap();
    sign::sign(&once, fusion.keys().agreement()).unwrap()
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> Self {
        let (home, exchange) = open("northtel", "NorthTel", "private", "SG");
        let (other_home, other) = open("fusion", "Fusion Centre", "police", "INT");
        let (stranger_home, stranger) = open("cert-x", "CERT-X", "cert", "MU");
        exchange.add_party(&other.card(), None).unwrap();
        exchange.add_party(&stranger.card(), None).unwrap();
        other.add_party(&exchange.card(), None).unwrap();
        let note = agreement(&exchange, &other);
        exchange.install_agreement(&note).unwrap();
        other.install_agreement(&note).unwrap();
        let world = Self {
            staff: exchange.issue_token("own").unwrap(),
            fusion: exchange.issue_token("fusion").unwrap(),
            stranger: exchange.issue_token("cert-x").unwrap(),
            router: router(exchange.clone(), options),
            exchange,
            other,
            _homes: [home, other_home, stranger_home],
        };
        world.admit(&[RELEASED, "203.0.113.9", "login-gov.example"].join("\n"), Some(Tlp::Amber));
        world.admit(WITHHELD, Some(Tlp::Red));
        world
    }

    /// Installs the next version of the agreement, signed by both, with a part of its text replaced.
    pub(crate) fn amend(&self, old: &str, new: &str) {
        let view = self.exchange.agreement(AGREEMENT, &Viewer::Staff, Language::English).unwrap().unwrap();
        let text = view.note.split("\n\n\u{2014} ").next().unwrap();
        let next = format!("version = 2\nsupersedes = \"{}\"\n", view.line.hash);
        let text = format!("{}\n", text.replacen("version = 1\n", &next, 1).replace(old, new));
        let once = sign::sign(text.as_bytes(), self.exchange.keys().agreement()).unwrap();
        let note = sign::sign(&once, self.other.keys().agreement()).unwrap();
        self.exchange.install_agreement(&note).unwrap();
    }

    /// Admits a plain list of values as northtel's own.
    pub(crate) fn admit(&self, list: &str, tlp: Option<Tlp>) {
        let options = AdmitOptions {
            tlp,
            confidence: 80,
            format: Some(entente_formats::Format::List),
            subject: Some(entente_agreement::Subject::Infrastructure),
            ..AdmitOptions::default()
        };
        let summary = self.exchange.admit(&mut list.as_bytes(), &options).unwrap();
        assert_eq!(summary.rejected, 0, "{summary:?}");
        self.exchange.release().unwrap();
    }

    /// Admits a STIX bundle as northtel's own.
    pub(crate) fn admit_stix(&self, bundle: &str) {
        let options = AdmitOptions { format: Some(entente_formats::Format::Stix21), ..AdmitOptions::default() };
        let summary = self.exchange.admit(&mut bundle.as_bytes(), &options).unwrap();
        assert_eq!(summary.rejected, 0, "{summary:?}");
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Sends a request without a body.
    pub(crate) async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(request(method, path, headers, Vec::new())).await
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask(Method::GET, path, headers).await
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
        self.send(request(Method::POST, path, headers, body.into())).await
    }

    /// Signs in on the login page and returns the cookie.
    pub(crate) async fn sign_in(&self, token: &IssuedToken) -> String {
        let form = format!("id={}&secret={}", token.id, token.secret);
        let answer = self.post("/login", &[FORM], form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        let line = answer.header("set-cookie").to_owned();
        line.split(';').next().unwrap().to_owned()
    }

    /// The token of a session's forms.
    pub(crate) fn csrf(&self, cookie: &str) -> String {
        self.exchange.csrf(cookie.split_once('=').unwrap().1)
    }
}

pub(crate) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

pub(crate) fn request(method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Request<Body> {
    let mut builder = Request::builder().method(method).uri(path).header("host", "127.0.0.1:8440");
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(Body::from(body)).unwrap()
}

/// A text as a form sends it.
pub(crate) fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// The value of `Authorization` for HTTP Basic.
pub(crate) fn basic(token: &IssuedToken) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", token.id, token.secret)))
}
