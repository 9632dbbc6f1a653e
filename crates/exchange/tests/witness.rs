//! Each party is the other's witness: heads are cosigned, forks and rollbacks stop what they must, and nothing is signed twice.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use entente_exchange::access::Credential;
use entente_exchange::node::{Band, Home, log_origin};
use entente_exchange::{Clock, Exchange, ExchangeError, Link};
use entente_ledger::Hash;
use entente_ledger::checkpoint::Checkpoint;
use entente_ledger::fork::{Evidence, Finding};
use entente_ledger::note::{Note, VerifierKey};
use entente_ledger::witness::AddCheckpoint;
use std::path::PathBuf;
use support::{AGREEMENT, Clause, Node, Server, Text, World};

/// Both nodes call each other.
struct Linked {
    world: World,
    northtel: Server,
    fusion: Server,
}

impl Linked {
    fn new() -> Self {
        Self::of(World::with(Clause::from("northtel", "fusion")))
    }

    fn of(world: World) -> Self {
        let northtel = world.connect(&world.northtel, &world.fusion);
        let fusion = world.connect(&world.fusion, &world.northtel);
        Self { world, northtel, fusion }
    }

    /// Admits one value at northtel and lets fusion fetch it.
    fn exchange(&self, n: u32) {
        self.world.northtel.admit(&format!("198.51.100.{n}\n"));
        let run = self.world.fusion.exchange.sync(None).unwrap().remove(0);
        assert!(run.complete, "{run:?}");
    }

    fn checkpoint(&self) -> String {
        let credential = self.world.northtel.credential("fusion");
        self.world.northtel.exchange.checkpoint(&credential, AGREEMENT).unwrap().unwrap()
    }

    fn size(&self) -> u64 {
        Checkpoint::claimed(self.checkpoint().as_bytes()).unwrap().size()
    }
}

/// northtel's store as it was, in a home with the same keys; its links and its address stay.
struct Restored {
    exchange: Exchange,
    home: tempfile::TempDir,
}

impl Restored {
    fn of(world: &World, bytes: &[u8]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let keys = home.path().join("keys");
        std::fs::create_dir_all(&keys).unwrap();
        for file in std::fs::read_dir(world.northtel.home.path().join("keys")).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), keys.join(file.file_name())).unwrap();
        }
        std::fs::write(home.path().join("entente.db"), bytes).unwrap();
        let exchange =
            Exchange::open(Home::at(home.path()), world.northtel.exchange.node().clone(), clock(world)).unwrap();
        Self { exchange, home }
    }

    fn leaves(&self) -> i64 {
        let database = rusqlite::Connection::open(self.home.path().join("entente.db")).unwrap();
        database.query_row("SELECT size FROM log WHERE agreement='agr-12'", [], |row| row.get(0)).unwrap()
    }
}

fn clock(world: &World) -> Clock {
    world.time.clock()
}

fn origin() -> String {
    log_origin("northtel.example", AGREEMENT)
}

fn log_key(world: &World) -> VerifierKey {
    VerifierKey::parse(&world.northtel.exchange.card().log_vkey(AGREEMENT).unwrap()).unwrap()
}

fn witness_key(node: &Node) -> VerifierKey {
    VerifierKey::parse(&node.exchange.card().witness_vkey.unwrap()).unwrap()
}

fn evidence_files(node: &Node) -> Vec<PathBuf> {
    let directory = node.home.path().join("evidence");
    std::fs::read_dir(directory).map(|files| files.map(|file| file.unwrap().path()).collect()).unwrap_or_default()
}

/// After a run the giver serves its head with the cosignature of the taker, who serves the same head in turn.
#[test]
fn a_run_leaves_the_givers_head_cosigned_on_both_sides() {
    let linked = Linked::new();
    linked.exchange(1);
    let served = linked.checkpoint();
    let note = Note::parse(served.as_bytes()).unwrap();
    let signed = note.verify(&[log_key(&linked.world), witness_key(&linked.world.fusion)]).unwrap();
    assert_eq!(signed, [0, 1], "{served}");
    let hash = Hash::of(origin().as_bytes()).hex();
    let credential = linked.world.fusion.credential("northtel");
    let held = linked.world.fusion.exchange.witnessed_checkpoint(&credential, &hash).unwrap().unwrap();
    assert_eq!(held, served);
    // A party outside the agreement learns nothing of it.
    let stranger = linked.world.fusion.credential("cert-x");
    assert_eq!(linked.world.fusion.exchange.witnessed_checkpoint(&stranger, &hash).unwrap(), None);
    assert!(
        evidence_files(&linked.world.fusion).is_empty()
            && linked.world.fusion.exchange.distrusted().unwrap().is_empty()
    );
}

/// A card of an older version has no witness key; the nodes exchange all the same, and no cosignature of the stranger counts.
#[test]
fn a_card_without_a_witness_key_still_parses() {
    let card = World::strangers().fusion.exchange.card();
    let text = card.to_toml().unwrap();
    let old: String =
        text.lines().filter(|line| !line.starts_with("witness_vkey")).map(|line| format!("{line}\n")).collect();
    let parsed = entente_exchange::node::Card::parse(&old).unwrap();
    assert_eq!((parsed.witness_vkey, parsed.vkey), (None, card.vkey.clone()));
    // A key of another kind in its place is refused: its signatures would mean something else.
    let wrong = text.replace(card.witness_vkey.as_deref().unwrap(), &card.vkey);
    assert_eq!(entente_exchange::node::Card::parse(&wrong).unwrap_err().code(), "card.refused");
}

/// The witness key is a file of its own that only its owner may read.
#[cfg(unix)]
#[test]
fn abuse_a47_the_witness_key_is_separate_and_private() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::strangers();
    let keys = world.fusion.home.path().join("keys");
    assert_eq!(std::fs::metadata(keys.join("witness.key")).unwrap().permissions().mode() & 0o777, 0o600);
    let read = |name: &str| std::fs::read_to_string(keys.join(name)).unwrap();
    assert!(read("witness.key") != read("ledger.key") && read("witness.key") != read("agreement.key"));
    std::fs::set_permissions(keys.join("witness.key"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let home = Home::at(world.fusion.home.path());
    let opened = Exchange::open(home, world.fusion.exchange.node().clone(), clock(&world));
    assert_eq!(opened.unwrap_err().code(), "key.file");
}

/// The rows of the table at the node's own door, with its store behind it.
#[test]
fn abuse_a36_the_witness_answers_as_specified_and_cosigns_once() {
    let linked = Linked::new();
    linked.exchange(1);
    let witness = &linked.world.fusion.exchange;
    let size = linked.size();
    let checkpoint = linked.checkpoint();
    let request = |old: u64| AddCheckpoint::new(old, Vec::new(), checkpoint.as_bytes()).unwrap().to_bytes();
    let status = |body: &[u8]| witness.add_checkpoint(body).unwrap().map_or_else(|error| error.status(), |_| 200);
    assert_eq!(status(b"old 0\n"), 400);
    assert_eq!(status(&request(0)), 409);
    assert_eq!(status(&request(size)), 200);
    assert_eq!(status(&request(size + 1)), 400);
    // The head of a log nobody here has an agreement about, and one that its log did not sign.
    let other = String::from_utf8(request(0)).unwrap().replace("northtel.example", "cert-x.example");
    assert_eq!(status(other.as_bytes()), 404);
    let forged =
        String::from_utf8(request(size)).unwrap().replacen(&format!("\n{size}\n"), &format!("\n{}\n", size + 1), 1);
    assert_eq!(status(forged.as_bytes()), 403);
    linked.world.northtel.admit("198.51.100.77\n");
    let grown = linked.checkpoint();
    let unproved = AddCheckpoint::new(size, vec![Hash([1; 32])], grown.as_bytes()).unwrap().to_bytes();
    assert_eq!(status(&unproved), 422);
    // Kept to be looked at, and no reason to stop: whoever has seen the head could have sent it.
    assert_eq!(evidence_files(&linked.world.fusion).len(), 1);
    assert!(witness.distrusted().unwrap().is_empty());
    let line = witness.add_checkpoint(&request(size)).unwrap().unwrap();
    assert!(line.starts_with("\u{2014} fusion.example/witness ") && line.ends_with('\n'), "{line}");
}

/// Two requests at once: the record never goes back, and one of two different growths loses.
#[test]
fn concurrent_requests_do_not_roll_the_record_back() {
    let linked = Linked::new();
    linked.exchange(1);
    let (old, mut bodies) = (linked.size(), Vec::new());
    let reader = linked.world.northtel.credential("fusion");
    for n in 2..6 {
        linked.world.northtel.admit(&format!("198.51.100.{n}\n"));
        let head = linked.checkpoint();
        let proof =
            linked.world.northtel.exchange.consistency(&reader, AGREEMENT, old, linked.size()).unwrap().unwrap();
        bodies.push(AddCheckpoint::new(old, proof, head.as_bytes()).unwrap().to_bytes());
    }
    let witness = &linked.world.fusion.exchange;
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let running: Vec<_> = bodies
            .iter()
            .map(|body| scope.spawn(|| witness.add_checkpoint(body).unwrap().map_or_else(|e| e.status(), |_| 200)))
            .collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 409).count(), 3, "{answers:?}");
}

/// `[audit] witness_quorum`: what no witness has seen is not delivered, and is once it was cosigned.
#[test]
fn a_delivery_waits_for_the_quorum_of_its_text() {
    let world = World::strangers();
    let text = Text::new(AGREEMENT).quorum(1).clause(Clause::from("northtel", "fusion"));
    world.agree(&[&world.northtel, &world.fusion], &text);
    let linked = Linked::of(world);
    linked.world.northtel.admit("198.51.100.1\n");
    let refused = linked.world.northtel.page_of(AGREEMENT, "fusion", &support::request()).unwrap_err();
    assert!(refused.to_string().contains("0 of 1 cosignatures"), "{refused}");
    // A run cosigns first and fetches then.
    let run = linked.world.fusion.exchange.sync(None).unwrap().remove(0);
    assert!(run.complete && run.stored > 0, "{run:?}");
    assert!(!linked.world.northtel.page(AGREEMENT, "fusion").rows.is_empty());
    linked.world.northtel.admit("198.51.100.2\n");
    assert!(linked.world.northtel.page_of(AGREEMENT, "fusion", &support::request()).is_err());
}

/// T-B5: a node restored from a backup asks before it signs, and signs nothing over what others hold.
#[test]
fn t_b5_abuse_a42_a_restored_backup_does_not_sign() {
    let linked = Linked::new();
    linked.exchange(1);
    let backup = linked.world.northtel.bytes();
    linked.exchange(2);
    let restored = Restored::of(&linked.world, &backup);
    // Later than an answer counts in another process of the node.
    linked.world.time.advance_days(1);
    let leaves = restored.leaves();
    let problems = restored.exchange.ask_about_logs().unwrap();
    assert!(matches!(problems.as_slice(), [ExchangeError::Rollback { .. }]), "{problems:?}");
    let runs = {
        restored.exchange.admit(&mut "203.0.113.9\n".as_bytes(), &support::options()).unwrap();
        restored.exchange.release().unwrap()
    };
    let stopped = runs[0].stopped.clone().unwrap();
    assert!(stopped.contains("[ledger.rollback]") && stopped.contains("`fusion` holds"), "{stopped}");
    assert_eq!(restored.exchange.suspend(AGREEMENT, "test").unwrap_err().code(), "ledger.rollback");
    assert_eq!((restored.leaves(), runs[0].released), (leaves, 0), "something was signed");
    // The risk cannot be accepted: it is known to have happened. It survives the process.
    assert_eq!(restored.exchange.accept_risk(AGREEMENT).unwrap_err().code(), "ledger.rollback");
    let state = restored.exchange.ledger_status().unwrap();
    let line = state.logs.iter().find(|log| log.agreement == AGREEMENT).unwrap();
    assert!(line.halted.as_deref().is_some_and(|why| why.contains("`fusion` holds")), "{line:?}");
}

/// T-B5, the other way: a party that calls shows what it holds, and the restored node stops.
#[test]
fn t_b5_a_restored_node_that_calls_nobody_learns_it_from_its_caller() {
    let world = World::new();
    let server = world.connect(&world.northtel, &world.fusion);
    world.northtel.admit("198.51.100.1\n");
    world.fusion.exchange.sync(None).unwrap();
    let backup = world.northtel.bytes();
    world.northtel.admit("198.51.100.2\n");
    world.fusion.exchange.sync(None).unwrap();
    drop(server);
    let restored = Restored::of(&world, &backup);
    let server = Server::start(restored.exchange.clone());
    relink(&world, &server);
    let run = world.fusion.exchange.sync(None).unwrap().remove(0);
    assert!(run.stopped.is_some_and(|why| why.contains("[ledger.fork]") && why.contains("shrank")));
    assert_eq!(restored.exchange.suspend(AGREEMENT, "test").unwrap_err().code(), "ledger.rollback");
    assert!(
        restored.exchange.check("198.51.100.1", &entente_exchange::Viewer::Staff).unwrap().known == 1,
        "reading works"
    );
}

/// The leaves that were lost come back from the other party's copy, and the log goes on from there.
#[test]
fn what_was_lost_is_adopted_from_the_other_partys_copy() {
    let linked = Linked::new();
    linked.exchange(1);
    let backup = linked.world.northtel.bytes();
    linked.exchange(2);
    let whole = linked.checkpoint();
    let restored = Restored::of(&linked.world, &backup);
    linked.world.time.advance_days(1);
    assert_eq!(restored.exchange.suspend(AGREEMENT, "x").unwrap_err().code(), "ledger.rollback");
    let adopted = restored.exchange.adopt(AGREEMENT).unwrap().unwrap();
    assert_eq!((adopted.leaves, adopted.from.as_str()), (linked.size(), "fusion"));
    let credential = linked.world.northtel.credential("fusion");
    let after = restored.exchange.checkpoint(&credential, AGREEMENT).unwrap().unwrap();
    assert!(after.starts_with(whole.split("\n\n").next().unwrap()), "{after}");
    assert!(restored.exchange.verify_logs().unwrap().iter().all(|log| log.problems.is_empty()));
    // It signs again, and the other party finds that the log goes on.
    let server = Server::start(restored.exchange.clone());
    relink(&linked.world, &server);
    restored.exchange.admit(&mut "203.0.113.9\n".as_bytes(), &support::options()).unwrap();
    let run = linked.world.fusion.exchange.sync(None).unwrap().remove(0);
    assert!(run.complete && run.received > 0, "{run:?}");
    assert_eq!(linked.world.fusion.exchange.check("203.0.113.9", &entente_exchange::Viewer::Staff).unwrap().known, 1);
    assert_eq!(restored.exchange.adopt(AGREEMENT).unwrap(), None);
}

/// Nobody answers: reading works, and signing after a day needs an answer or somebody who takes the risk.
#[test]
fn a_log_that_nobody_confirms_signs_only_at_somebodys_risk() {
    let linked = Linked::new();
    linked.exchange(1);
    let Linked { world, northtel, fusion } = linked;
    drop((northtel, fusion));
    world.time.advance_days(2);
    let again = world.northtel.again();
    again.admit(&mut "203.0.113.9\n".as_bytes(), &support::options()).unwrap();
    let stopped = again.release().unwrap()[0].stopped.clone().unwrap();
    assert!(stopped.contains("[ledger.unconfirmed]"), "{stopped}");
    assert_eq!(again.check("203.0.113.9", &entente_exchange::Viewer::Staff).unwrap().known, 1);
    again.accept_risk(AGREEMENT).unwrap();
    assert!(again.release().unwrap()[0].released > 0);
    let decisions = world
        .northtel
        .count("SELECT count(*) FROM leaf JOIN log ON leaf.no >> 40 = log.no WHERE log.agreement='/decisions'");
    assert_eq!(decisions, 1, "the risk was taken without a leaf");
}

/// A node without partners signs as ever.
#[test]
fn a_node_that_calls_nobody_signs() {
    let world = World::new();
    world.time.advance_days(30);
    world.northtel.admit("198.51.100.1\n");
    let again = world.northtel.again();
    world.time.advance_days(30);
    again.admit(&mut "203.0.113.9\n".as_bytes(), &support::options()).unwrap();
    assert!(again.release().unwrap().iter().all(|run| run.stopped.is_none()));
}

/// T-B6: two nodes with one key. The counterparty finds out within one run, keeps evidence that stands by itself, and stops.
#[test]
fn t_b6_abuse_a46_two_nodes_with_one_key_are_found_within_one_run() {
    let world = World::new();
    let server = world.connect(&world.northtel, &world.fusion);
    world.northtel.admit("198.51.100.1\n");
    let backup = world.northtel.bytes();
    world.northtel.admit("198.51.100.2\n");
    world.fusion.exchange.sync(None).unwrap();
    drop(server);
    let twin = Restored::of(&world, &backup);
    // The twin tells another story of the same length.
    let size = world.northtel.count("SELECT size FROM log WHERE agreement='agr-12'");
    let mut n = 0;
    while twin.leaves() < size {
        n += 1;
        twin.exchange.admit(&mut format!("203.0.113.{n}\n").as_bytes(), &support::options()).unwrap();
    }
    let server = Server::start(twin.exchange.clone());
    relink(&world, &server);
    let run = world.fusion.exchange.sync(None).unwrap().remove(0);
    assert!(
        run.stopped.as_deref().is_some_and(|why| why.contains("[ledger.fork]") && why.contains("two roots")),
        "{run:?}"
    );
    assert_eq!(run.received, 0);
    let files = evidence_files(&world.fusion);
    let evidence = Evidence::parse(&std::fs::read(&files[0]).unwrap()).unwrap();
    let verdict = evidence.verify(&[log_key(&world)]).unwrap();
    assert_eq!((files.len(), verdict.finding, verdict.earlier.origin()), (1, Finding::TwoRoots, origin().as_str()));
    assert!(files[0].to_string_lossy().ends_with(".fork-evidence"));
    let name = files[0].file_name().unwrap().to_string_lossy().into_owned();
    assert!(name.starts_with(&Hash::of(origin().as_bytes()).hex()), "{name}");
    // It survives a restart, stops what would go to that party, and is lifted by a person only.
    let again = world.fusion.again();
    assert_eq!(again.distrusted().unwrap().len(), 1);
    assert!(again.sync(None).unwrap()[0].stopped.as_deref().is_some_and(|why| why.contains("[ledger.fork]")));
    let runs = again.release().unwrap();
    assert!(runs.iter().filter(|run| run.recipient == "northtel").all(|run| run.stopped.is_some()), "{runs:?}");
    assert!(again.resume_party("northtel").unwrap() && !again.resume_party("northtel").unwrap());
    assert!(again.distrusted().unwrap().is_empty());
    // The twin itself was shown that it is one, and signs no more.
    assert_eq!(twin.exchange.suspend(AGREEMENT, "x").unwrap_err().code(), "ledger.rollback");
}

/// Notices go on with a party that is not trusted: what takes back or stops must arrive.
#[test]
fn a_suspension_reaches_a_party_that_is_not_trusted() {
    let world = World::new();
    let server = world.connect(&world.northtel, &world.fusion);
    world.northtel.admit("198.51.100.1\n");
    let backup = world.northtel.bytes();
    world.northtel.admit("198.51.100.2\n");
    world.fusion.exchange.sync(None).unwrap();
    drop(server);
    let twin = Restored::of(&world, &backup);
    let server = Server::start(twin.exchange.clone());
    relink(&world, &server);
    world.fusion.exchange.sync(None).unwrap();
    world.fusion.exchange.suspend(AGREEMENT, "dispute").unwrap();
    let reader = world.northtel.credential("fusion");
    // It came, and could not be logged by a log that must not sign; the twin says so and keeps the log as it is.
    assert_eq!(twin.exchange.notices(&reader, AGREEMENT).unwrap().unwrap().len(), 0);
    assert_eq!(world.fusion.exchange.distrusted().unwrap().len(), 1);
}

/// A cosignature that nobody of the agreement made, or over what was not signed here, is refused.
#[test]
fn a_cosignature_of_a_stranger_is_refused() {
    let linked = Linked::new();
    linked.exchange(1);
    let exchange = &linked.world.northtel.exchange;
    let from: Credential = linked.world.northtel.credential("fusion");
    let plain = linked.checkpoint().lines().take(5).map(|line| format!("{line}\n")).collect::<String>();
    assert_eq!(
        exchange.accept_cosignature(&from, AGREEMENT, plain.as_bytes()).unwrap_err().code(),
        "witness.cosignature"
    );
    let text = plain.split("\n\n").next().unwrap().to_owned() + "\n";
    let line = linked.world.cert.exchange.keys().witness().cosign(&text, entente_ledger::UnixSeconds(1_795_500_000));
    let foreign = format!("{plain}{line}\n");
    assert_eq!(
        exchange.accept_cosignature(&from, AGREEMENT, foreign.as_bytes()).unwrap_err().code(),
        "witness.cosignature"
    );
    let good = linked.checkpoint();
    assert_eq!(exchange.accept_cosignature(&from, AGREEMENT, good.as_bytes()).unwrap(), linked.size());
    let other = linked.world.northtel.credential("cert-x");
    assert_eq!(
        exchange.accept_cosignature(&other, AGREEMENT, good.as_bytes()).unwrap_err().code(),
        "agreement.unknown"
    );
}

/// Points fusion's link at another server of northtel.
fn relink(world: &World, server: &Server) {
    let token = server_token(world);
    let link = Link { url: server.url(), token, secret_file: "keys/token-northtel".to_owned() };
    world.fusion.exchange.add_party(&world.northtel.exchange.card(), Some(&link)).unwrap();
}

/// The token northtel gave fusion; it is in every copy of the store.
fn server_token(world: &World) -> String {
    world.northtel.exchange.tokens().unwrap().into_iter().find(|token| token.party == "fusion").unwrap().id
}

#[test]
fn the_band_of_the_tests_is_demo() {
    // Documentation addresses are only admitted there; everything above depends on it.
    assert_eq!(World::strangers().northtel.exchange.node().band, Band::Demo);
}
