//! What one node does per second, from bytes to durable and from durable to bytes, with policy and ledger on.
//!
//! Prints lines `bench: {…}` that `cargo xtask bench` gathers beside the physical limits of the same machine in the same run. Sizes:
//! 10,000, 100,000 and 1,000,000 objects; with `ENTENTE_BENCH_QUICK=1` only the first. Objects are STIX indicators of about 600 bytes
//! with distinct addresses, released to one party under the template `telco-police` with all its obligations.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark stops at the first surprise"
)]

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use entente_agreement::template::{TemplateInput, TemplateParty, telco_police};
use entente_agreement::{
    Agreement, AgreementId, DoorSet, Facts, MarkingState, ObjectType, Origin, PartyId, PurposeSet, Request, Role,
    Subject, SubjectSet, decide, sign,
};
use entente_exchange::admit::AdmitOptions;
use entente_exchange::node::{Band, Card, Home, Node};
use entente_exchange::{Exchange, system_clock};
use entente_observable::Kind;
use entente_stix::marking::{Pap, Tlp};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const AGREEMENT: &str = "agr-bench";

fn main() {
    // `cargo bench` passes flags of the test harness; there is nothing to choose here.
    let quick = std::env::var("ENTENTE_BENCH_QUICK").is_ok_and(|value| value == "1");
    let sizes: &[u32] = if quick { &[10_000] } else { &[10_000, 100_000, 1_000_000] };
    decisions();
    let mut rates = Vec::new();
    for size in sizes {
        let directory = tempfile::tempdir().unwrap();
        rates.push(one_size(directory.path(), *size));
    }
    if let (Some(first), Some(last), false) = (rates.first(), rates.last(), quick) {
        report("ingest, largest against smallest", last / first, "ratio", Some(0.75), None);
    }
}

fn report(name: &str, value: f64, unit: &str, goal: Option<f64>, limit: Option<&str>) {
    let mut line = serde_json::json!({ "name": name, "value": value, "unit": unit });
    if let (Some(goal), Some(fields)) = (goal, line.as_object_mut()) {
        fields.insert("goal".to_owned(), goal.into());
    }
    if let (Some(limit), Some(fields)) = (limit, line.as_object_mut()) {
        fields.insert("limit".to_owned(), limit.into());
    }
    println!("bench: {line}");
}

/// Opens the releasing node and the other party, and signs their agreement.
fn pair(directory: &Path) -> (Exchange, Exchange) {
    let open = |party: &str, role: &str| {
        let node = Node {
            party: party.to_owned(),
            name: party.to_owned(),
            role: role.to_owned(),
            country: "XN".to_owned(),
            host: format!("{party}.example"),
            url: "http://127.0.0.1:0".to_owned(),
            band: Band::Demo,
        };
        Exchange::open(Home::at(&directory.join(party)), node, system_clock()).unwrap()
    };
    let (giver, taker) = (open("northtel", "private"), open("fusion", "police"));
    giver.add_party(&taker.card(), None).unwrap();
    taker.add_party(&giver.card(), None).unwrap();
    let note = note(&giver, &taker);
    giver.install_agreement(&note).unwrap();
    (giver, taker)
}

fn note(giver: &Exchange, taker: &Exchange) -> Vec<u8> {
    let party = |card: &Card| TemplateParty {
        id: PartyId::parse(&card.id).unwrap(),
        name: card.name.clone(),
        role: Role::parse(&card.role).unwrap(),
        country: card.country.clone(),
        node: Some(card.node.clone()),
        vkey: card.vkey.clone(),
        log_vkey: Some(card.log_vkey(AGREEMENT).unwrap()),
        witness_vkey: None,
        legal_basis: vec!["gdpr-6-1-f".to_owned()],
        contact: "bench@example".to_owned(),
    };
    let from = giver.now().saturating_add_micros(-86_400_000_000).floor_to(1_000_000);
    let text = telco_police(&TemplateInput {
        id: AgreementId::parse(AGREEMENT).unwrap(),
        title: "Benchmark".to_owned(),
        valid_from: from,
        valid_to: from.saturating_add_micros(300 * 86_400_000_000),
        operator: party(&giver.card()),
        police: party(&taker.card()),
        tlp_to_police: Tlp::Amber,
        tlp_to_operator: Tlp::Amber,
        max_age_days: 365,
        community: vec!["role:police".to_owned()],
        instrument_reference: "none".to_owned(),
        instrument_sha256: [0; 32],
    })
    .unwrap();
    let once = sign::sign(text.as_bytes(), giver.keys().agreement()).unwrap();
    sign::sign(&once, taker.keys().agreement()).unwrap()
}

/// Writes `count` indicators, one per line.
fn write_objects(path: &Path, count: u32, now: &str) -> u64 {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path).unwrap());
    let mut bytes = 0;
    for n in 0..count {
        // 40,503 is odd, so the product visits all 2^24 addresses of 11.0.0.0/8 once.
        let host = n.wrapping_mul(40_503) % (1 << 24);
        let id = u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let uuid = format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            (id >> 96) & 0xffff_ffff,
            (id >> 80) & 0xffff,
            (id >> 64) & 0xfff,
            (id >> 48) & 0xfff,
            id & 0xffff_ffff_ffff
        );
        let line = format!(
            "{{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--{uuid}\",\"created_by_ref\":\"identity--5f0cfa4e-7e0b-4b0a-9d11-0a5b3f2c7d10\",\
             \"created\":\"{now}\",\"modified\":\"{now}\",\"name\":\"panel {n}\",\"description\":\"Answers like a command-and-control panel.\",\
             \"confidence\":80,\"labels\":[\"role:c2\",\"country:SG\"],\"indicator_types\":[\"malicious-activity\"],\
             \"pattern\":\"[ipv4-addr:value = '11.{}.{}.{}']\",\"pattern_type\":\"stix\",\"valid_from\":\"{now}\",\
             \"object_marking_refs\":[\"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb\"]}}",
            (host >> 16) & 255,
            (host >> 8) & 255,
            host & 255
        );
        bytes += u64::try_from(line.len()).unwrap() + 1;
        writeln!(file, "{line}").unwrap();
    }
    file.flush().unwrap();
    bytes
}

/// Ingest, delivery, start and memory at one size; returns the ingest rate.
fn one_size(directory: &Path, count: u32) -> f64 {
    let label = match count {
        1_000_000 => "1 M".to_owned(),
        n => format!("{} k", n / 1_000),
    };
    let (giver, taker) = pair(directory);
    let input = directory.join("objects.jsonl");
    let bytes = write_objects(&input, count, &giver.now().floor_to(1_000_000).to_millis_string());
    let start = Instant::now();
    let mut reader = BufReader::with_capacity(1 << 18, File::open(&input).unwrap());
    let options = AdmitOptions { file_name: Some("objects.jsonl".to_owned()), ..AdmitOptions::default() };
    let summary = giver.admit(&mut reader, &options).unwrap();
    let took = start.elapsed().as_secs_f64();
    assert_eq!(summary.accepted, u64::from(count), "every object is new: {summary:?}");
    let released = giver.releases(None, 1).unwrap();
    let last = released.first().expect("objects were released").seq;
    assert!(last >= u64::from(count), "every object is released, {last} are");
    let rate = f64::from(count) / took;
    report(
        &format!("ingest {label}: parse to durable, decided, released, logged"),
        rate,
        "objects/s",
        Some(20_000.0),
        Some("append"),
    );
    report(
        &format!("ingest {label}: input"),
        f64::from(u32::try_from(bytes / 1_000).unwrap()) / 1_000.0 / took,
        "MB/s",
        None,
        None,
    );
    giver.store_checkpoint().unwrap();
    let size = std::fs::metadata(directory.join("northtel/entente.db")).unwrap().len();
    report(
        &format!("store {label}: bytes per object"),
        f64::from(u32::try_from(size / 1_024).unwrap()) * 1_024.0 / f64::from(count),
        "bytes",
        None,
        None,
    );

    let token = giver.issue_token("fusion").unwrap();
    let _ = taker;
    drop(giver);
    serve(directory, &label, &token.id, &token.secret, count.min(200_000));
    rate
}

/// Starts the real binary on the store, and reads pages of 1,000 through HTTP.
fn serve(directory: &Path, label: &str, id: &str, secret: &str, objects: u32) {
    let home = directory.join("northtel");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = format!(
        "[node]\nname = \"northtel\"\ntitle = \"northtel\"\nrole = \"private\"\ncountry = \"XN\"\nhost = \"northtel.example\"\nband = \"demo\"\n\
         [serve]\nlisten = \"{port}\"\npublic_url = \"http://127.0.0.1:0\"\nsync_every_s = 0\n"
    );
    std::fs::write(home.join("entente.toml"), config).unwrap();
    let start = Instant::now();
    let child = Command::new(env!("CARGO_BIN_EXE_entente"))
        .args(["--home", home.to_str().unwrap(), "--quiet", "serve"])
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .map(Served)
        .unwrap();
    let ready = loop {
        if healthy(port) {
            break start.elapsed();
        }
        assert!(start.elapsed() < Duration::from_secs(60), "the node did not become ready");
        std::thread::sleep(Duration::from_millis(2));
    };
    report(
        &format!("serve {label}: start to first answer"),
        ready.as_secs_f64() * 1_000.0,
        "ms (lower is better)",
        Some(200.0),
        None,
    );

    use base64::Engine;
    let authorization = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"));
    let mut stream = TcpStream::connect(port).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut after = "1970-01-01T00:00:00.000000Z".to_owned();
    let mut read = 0_u32;
    let mut page = Vec::new();
    let start = Instant::now();
    while read < objects {
        let path = format!("/taxii2/exchange/collections/{AGREEMENT}-fusion/objects/?limit=1000&added_after={after}");
        let (last, n) = get(&mut stream, &path, &authorization, &mut page);
        if n == 0 {
            break;
        }
        read += n;
        after = last;
    }
    let took = start.elapsed().as_secs_f64();
    report(
        &format!("TAXII {label}: pages of 1,000, one client, leaf per page"),
        f64::from(read) / took,
        "objects/s",
        Some(200_000.0),
        Some("memcpy"),
    );
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.0.id())).unwrap_or_default();
    let kib = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<f64>().ok()
    };
    for (name, field) in [("resident", "VmRSS"), ("peak", "VmHWM")] {
        if let Some(kib) = kib(field) {
            report(
                &format!("serve {label}: {name} memory after {read} objects"),
                kib / 1_024.0,
                "MiB (lower is better)",
                Some(200.0),
                None,
            );
        }
    }
}

/// A node that ends with the benchmark, also when it stops at a surprise.
struct Served(std::process::Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn healthy(port: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(port) else { return false };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
    if stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n").is_err() {
        return false;
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer.starts_with(b"HTTP/1.1 200")
}

/// One page on a kept connection: the last position and the number of objects.
fn get(stream: &mut TcpStream, path: &str, authorization: &str, page: &mut Vec<u8>) -> (String, u32) {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: node\r\nAuthorization: Basic {authorization}\r\nAccept: application/taxii+json;version=2.1\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    page.clear();
    let mut chunk = vec![0_u8; 1 << 18];
    let head_end = loop {
        let n = stream.read(&mut chunk).unwrap();
        assert!(n > 0, "the node closed the connection");
        page.extend_from_slice(chunk.get(..n).unwrap());
        if let Some(at) = page.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8_lossy(page.get(..head_end).unwrap()).to_lowercase();
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let header = |name: &str| {
        head.lines()
            .find_map(|line| line.strip_prefix(name))
            .map(|value| value.trim_start_matches(':').trim().to_owned())
    };
    let length: usize = header("content-length").expect("a page has a length").parse().unwrap();
    while page.len() < head_end + length {
        let n = stream.read(&mut chunk).unwrap();
        assert!(n > 0, "the node closed the connection");
        page.extend_from_slice(chunk.get(..n).unwrap());
    }
    let body = page.get(head_end..).unwrap();
    let n = memchr::memmem::find_iter(body, b"\"spec_version\":").count();
    (header("x-taxii-date-added-last").unwrap_or_default().to_uppercase(), u32::try_from(n).unwrap())
}

/// Decisions per second on one core, one agreement.
fn decisions() {
    let directory = tempfile::tempdir().unwrap();
    let (giver, taker) = pair(directory.path());
    let agreement = Agreement::open(&note(&giver, &taker)).unwrap();
    let agreements = [agreement];
    let (releaser, recipient) = (PartyId::parse("northtel").unwrap(), PartyId::parse("fusion").unwrap());
    let now = giver.now();
    let mut facts = Facts::strictest();
    facts.object_type = ObjectType::Indicator;
    facts.kind = Some(Kind::Ipv4Addr);
    facts.tlp = Tlp::Green;
    facts.marking_state = MarkingState::Marked;
    facts.pap = Pap::Green;
    facts.origin = Origin::Own;
    facts.subject = SubjectSet::of(&[Subject::Infrastructure]);
    facts.age_reference = now;
    (facts.warninglisted, facts.quarantined, facts.legal_hold, facts.local_only, facts.echo) =
        (false, false, false, false, false);
    facts.known_type = true;
    let rounds = 4_000_000_u32;
    let mut permitted = 0_u32;
    let start = Instant::now();
    for n in 0..rounds {
        // Every second one fails the confidence of every clause.
        facts.confidence = if n % 2 == 0 { 80 } else { 0 };
        let request = Request {
            releaser: &releaser,
            recipient: &recipient,
            purposes: PurposeSet::ALL,
            doors: DoorSet::ALL,
            now,
            facts: std::hint::black_box(&facts),
        };
        permitted += u32::from(decide(&request, &agreements).is_permit());
    }
    let took = start.elapsed().as_secs_f64();
    assert_eq!(permitted, rounds / 2, "half of the decisions are permits");
    report(
        "decide: one agreement, template telco-police, one core",
        f64::from(rounds) / took,
        "decisions/s",
        Some(2_000_000.0),
        None,
    );
}
