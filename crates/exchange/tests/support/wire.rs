//! The least of a server: what a synchronising node asks of another, over HTTP on loopback, with a hook to spoil answers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use entente_agreement::Door;
use entente_exchange::Exchange;
use entente_exchange::access::Credential;
use entente_exchange::deliver::{DeliverError, PageRequest};
use entente_stix::Timestamp;
use entente_taxii::envelope::envelope;
use entente_taxii::query::Filters;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// An answer on its way out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn of(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    /// Replaces a part of the body, which must be there, by one of any length.
    pub(crate) fn replace(&mut self, from: &str, to: &str) {
        let text = String::from_utf8(self.body.clone()).unwrap();
        assert!(text.contains(from), "{from} is not in {text}");
        self.body = text.replacen(from, to, 1).into_bytes();
    }
}

/// Sees each answer with its path before it is sent.
type Hook = Box<dyn FnMut(&str, &mut Answer) + Send>;

pub(crate) struct Server {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
    hook: Arc<Mutex<Option<Hook>>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(exchange: Exchange) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stopped = Arc::new(AtomicBool::new(false));
        let hook: Arc<Mutex<Option<Hook>>> = Arc::default();
        let (stop, spoil) = (stopped.clone(), hook.clone());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(stream) = stream {
                    serve(&exchange, stream, &spoil);
                }
            }
        });
        Self { address, stopped, hook, thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on every answer goes through `hook`.
    pub(crate) fn hook(&self, hook: impl FnMut(&str, &mut Answer) + Send + 'static) {
        *self.hook.lock().unwrap() = Some(Box::new(hook));
    }

    pub(crate) fn honest(&self) {
        *self.hook.lock().unwrap() = None;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(exchange: &Exchange, mut stream: TcpStream, hook: &Mutex<Option<Hook>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let mut words = line.split_whitespace();
    let (method, path) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
    let (mut length, mut authorization) = (0, String::new());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap(),
            "authorization" => authorization = value.trim().to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let mut answer = match bearer(exchange, &authorization) {
        Some(credential) => answer(exchange, &credential, &method, &path, &body),
        None => Answer::of(401, "{}"),
    };
    if let Some(hook) = hook.lock().unwrap().as_mut() {
        hook(&path, &mut answer);
    }
    let mut head =
        format!("HTTP/1.1 {} X\r\nConnection: close\r\nContent-Length: {}\r\n", answer.status, answer.body.len());
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&answer.body));
}

fn bearer(exchange: &Exchange, authorization: &str) -> Option<Credential> {
    let pair = STANDARD.decode(authorization.strip_prefix("Basic ")?).ok()?;
    let pair = String::from_utf8(pair).ok()?;
    let (id, secret) = pair.split_once(':')?;
    exchange.authenticate(id, secret).unwrap()
}

fn answer(exchange: &Exchange, credential: &Credential, method: &str, path: &str, body: &[u8]) -> Answer {
    let (route, query) = path.split_once('?').unwrap_or((path, ""));
    let parts: Vec<&str> = route.trim_matches('/').split('/').collect();
    match (method, parts.as_slice()) {
        ("GET", ["taxii2", "exchange", "collections", alias, "objects"]) => objects(exchange, credential, alias, query),
        ("GET", ["api", "v1", "receipts", agreement, leaf]) => {
            let receipt = exchange.page_receipt(credential, agreement, leaf.parse().unwrap()).unwrap();
            receipt.map_or_else(|| Answer::of(404, "{}"), |receipt| Answer::of(200, receipt))
        }
        ("GET", ["api", "v1", "agr", agreement, "consistency"]) => {
            let size = |key: &str| query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
            let (old, new) = (size("old").unwrap().parse().unwrap(), size("new").unwrap().parse().unwrap());
            match exchange.consistency(credential, agreement, old, new).unwrap() {
                Some(proof) => Answer::of(200, format!(r#"{{"proof":{}}}"#, serde_json::to_string(&proof).unwrap())),
                None => Answer::of(404, "{}"),
            }
        }
        ("GET", ["api", "v1", "recalls"]) => {
            let agreement = query.strip_prefix("agreement=").unwrap();
            match exchange.recall_notes(credential, agreement).unwrap() {
                Some(notes) => Answer::of(200, serde_json::json!({ "notes": notes }).to_string()),
                None => Answer::of(404, "{}"),
            }
        }
        ("POST", ["api", "v1", "recalls"]) => match exchange.accept_recall(Some(&credential.party), body) {
            Ok(ack) => Answer::of(200, ack),
            Err(error) => Answer::of(422, format!(r#"{{"title":"{}"}}"#, error.code())),
        },
        ("POST", ["api", "v1", "recalls", id, "ack"]) => match exchange.accept_ack(&credential.party, id, body) {
            Ok(()) => Answer::of(204, ""),
            Err(error) => Answer::of(422, format!(r#"{{"title":"{}"}}"#, error.code())),
        },
        ("GET", ["agr", agreement, "checkpoint"]) => found(exchange.checkpoint(credential, agreement).unwrap()),
        ("GET", ["agr", agreement, "tile", ..]) => {
            let tile = route.split_once("/tile/").unwrap().1;
            found(exchange.tile(credential, agreement, &format!("tile/{tile}")).unwrap())
        }
        ("GET", ["api", "v1", "copies", agreement, "checkpoint"]) => {
            found(exchange.copied_checkpoint(credential, agreement).unwrap())
        }
        ("GET", ["api", "v1", "copies", agreement, "tile", ..]) => {
            let tile = route.split_once("/tile/").unwrap().1;
            found(exchange.copied_tile(credential, agreement, &format!("tile/{tile}")).unwrap())
        }
        ("GET", ["api", "v1", "agr", agreement, "keys"]) => {
            let handovers = exchange.log_handovers(credential, agreement).unwrap();
            found(handovers.map(|handovers| serde_json::to_vec(&handovers).unwrap()))
        }
        ("GET", ["witness", hash, "checkpoint"]) => found(exchange.witnessed_checkpoint(credential, hash).unwrap()),
        ("POST", ["api", "v1", "ledger", agreement, "cosignatures"]) => {
            match exchange.accept_cosignature(credential, agreement, body) {
                Ok(_) => Answer::of(204, ""),
                Err(error) => Answer::of(422, format!(r#"{{"title":"{}"}}"#, error.code())),
            }
        }
        ("GET", ["api", "v1", "agreements", agreement, "notes"]) => {
            match exchange.notices(credential, agreement).unwrap() {
                Some(notices) => Answer::of(200, serde_json::to_vec(&notices).unwrap()),
                None => Answer::of(404, "{}"),
            }
        }
        ("GET", ["api", "v1", "agreements", agreement, "usefulness"]) => {
            match exchange.usefulness_for(credential, agreement).unwrap() {
                Some(reports) => Answer::of(200, serde_json::to_vec(&reports).unwrap()),
                None => Answer::of(404, "{}"),
            }
        }
        ("GET", ["api", "v1", "offers"]) => {
            Answer::of(200, serde_json::to_vec(&exchange.offers_for(credential).unwrap()).unwrap())
        }
        ("POST", ["api", "v1", "agreements", agreement, "signatures"]) => {
            match exchange.accept_signatures(credential, agreement, body) {
                Ok(_) => Answer::of(204, ""),
                Err(error) => Answer::of(422, format!(r#"{{"title":"{}"}}"#, error.code())),
            }
        }
        ("POST", ["api", "v1", "agreements", agreement, "notes"]) => {
            match exchange.accept_notice(credential, agreement, body) {
                Ok(()) => Answer::of(204, ""),
                Err(error) => Answer::of(422, format!(r#"{{"title":"{}"}}"#, error.code())),
            }
        }
        _ => Answer::of(404, "{}"),
    }
}

fn found(body: Option<impl Into<Vec<u8>>>) -> Answer {
    body.map_or_else(|| Answer::of(404, "{}"), |body| Answer::of(200, body))
}

fn objects(exchange: &Exchange, credential: &Credential, alias: &str, query: &str) -> Answer {
    let value = |key: &str| query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
    let Some(collection) = exchange.collection(credential, alias).unwrap() else { return Answer::of(404, "{}") };
    let request = PageRequest {
        after: Timestamp::parse(value("added_after").unwrap()).unwrap(),
        limit: value("limit").unwrap().parse().unwrap(),
        filters: Filters::default(),
        door: Door::Sync,
        purpose: None,
    };
    let page = match exchange.deliver(credential, &collection, &request) {
        Ok(page) => page,
        Err(DeliverError::Suspended) => {
            return Answer::of(403, r#"{"error_code":"taxii.agreement_suspended","title":"suspended"}"#);
        }
        Err(DeliverError::Ended) => {
            return Answer::of(403, r#"{"error_code":"taxii.agreement_ended","title":"ended"}"#);
        }
        Err(error) => return Answer::of(503, format!(r#"{{"title":"{error}"}}"#)),
    };
    let last = page.rows.last().map_or(request.after, |row| row.date_added).to_micros_string();
    let next = page.more.then_some("next");
    let mut answer = Answer::of(200, envelope(page.rows.iter().map(|row| row.bytes.as_slice()), next));
    answer.headers.push(("X-TAXII-Date-Added-Last", last));
    if let Some(leaf) = page.receipt {
        answer.headers.push(("Entente-Receipt", format!("/api/v1/receipts/{}/{leaf}", collection.agreement)));
    }
    answer
}
