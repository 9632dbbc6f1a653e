//! Who may come in: keys on disk, tokens, one-time links and sessions.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use entente_exchange::node::Home;
use entente_exchange::{Exchange, Viewer};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use support::{World, identity};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn open(home: &Path, party: &str) -> Result<Exchange, entente_exchange::ExchangeError> {
    Exchange::open(Home::at(home), identity(party, "private"), entente_exchange::system_clock())
}

/// A key that others may read is no key any more; the node says so and does not start.
#[test]
fn abuse_a47_a_key_file_that_others_may_read_is_refused() {
    for name in ["agreement.key", "ledger.key"] {
        for bad in [0o644, 0o640, 0o604, 0o660] {
            let home = tempfile::tempdir().unwrap();
            open(home.path(), "northtel").unwrap();
            let key = home.path().join("keys").join(name);
            std::fs::set_permissions(&key, std::fs::Permissions::from_mode(bad)).unwrap();
            let error = open(home.path(), "northtel").unwrap_err();
            assert_eq!(error.code(), "key.file", "{name} {bad:o}");
            assert!(error.to_string().contains(name) && error.to_string().contains("0600"), "{error}");
            let secret = std::fs::read_to_string(&key).unwrap();
            assert!(!error.to_string().contains(secret.trim()) && !format!("{error:?}").contains(secret.trim()));
        }
    }
}

/// The database holds the secrets behind pseudonyms and everything that partners gave.
#[test]
fn abuse_a47_keys_and_database_are_for_their_owner_alone() {
    let world = World::new();
    world.northtel.admit("198.51.100.1\n");
    let home = world.northtel.home.path();
    for file in ["keys/agreement.key", "keys/ledger.key", "entente.db", "entente.db-wal", "entente.db-shm"] {
        assert_eq!(mode(&home.join(file)), 0o600, "{file}");
    }
}

/// Secrets must not be found where they are not needed: not in errors, not in debug output, tokens not in the database.
#[test]
fn abuse_a47_secrets_are_not_printed_and_tokens_not_stored() {
    let world = World::new();
    let token = world.northtel.exchange.issue_token("fusion").unwrap();
    let key = world.northtel.exchange.issue_enter_key().unwrap();
    let session = world.northtel.exchange.enter(&key).unwrap().unwrap();
    let stored = String::from_utf8_lossy(&world.northtel.bytes()).into_owned();
    let seed = std::fs::read_to_string(world.northtel.home.path().join("keys/agreement.key")).unwrap();
    for secret in [&token.secret, &key, &session, &seed.trim().to_owned()] {
        assert!(!stored.contains(secret.as_str()), "a secret is in the database in the clear");
    }
    let shown = format!(
        "{:?} {:?} {:?}",
        world.northtel.exchange,
        world.northtel.exchange.keys(),
        world.northtel.exchange.tokens()
    );
    for secret in [&token.secret, &seed.trim().to_owned()] {
        assert!(!shown.contains(secret.as_str()));
    }
}

/// A damaged key file is named, not replaced by a new key that no partner knows.
#[test]
fn a_key_file_without_a_key_is_refused_and_kept() {
    let home = tempfile::tempdir().unwrap();
    open(home.path(), "northtel").unwrap();
    let key = home.path().join("keys").join("ledger.key");
    std::fs::write(&key, "not a key").unwrap();
    assert_eq!(open(home.path(), "northtel").unwrap_err().code(), "key.file");
    assert_eq!(std::fs::read_to_string(&key).unwrap(), "not a key");
}

/// A home opened under another name must be left as it is.
#[test]
fn a_home_of_another_party_is_refused_and_not_changed() {
    let world = World::new();
    let before = world.northtel.count("SELECT count(*) FROM party");
    let error = open(world.northtel.home.path(), "mallory").unwrap_err();
    assert_eq!(error.code(), "card.refused");
    assert_eq!(world.northtel.count("SELECT count(*) FROM party"), before);
    assert!(world.northtel.exchange.parties(&Viewer::Staff).unwrap().iter().all(|party| party.id != "mallory"));
}

/// A node keeps its identity, keys and data over a restart.
#[test]
fn a_node_opened_again_is_the_same_node() {
    let world = World::new();
    world.northtel.admit("198.51.100.1\n");
    let again = world.northtel.again();
    assert_eq!(again.card(), world.northtel.exchange.card());
    assert_eq!(again.cursor_secret(), world.northtel.exchange.cursor_secret());
    assert_eq!(again.home(&Viewer::Staff).unwrap().totals.observables, 1);
    assert!(again.healthy());
}

/// A revoked token must stop at once: at this process, at another one, and in the console.
#[test]
fn abuse_a35_a_revoked_token_is_refused_at_once_everywhere() {
    let world = World::new();
    let node = &world.northtel.exchange;
    let other = world.northtel.again();
    let token = node.issue_token("fusion").unwrap();
    let credential = node.authenticate(&token.id, &token.secret).unwrap().unwrap();
    assert_eq!(credential.viewer(), Viewer::Party("fusion".parse_party()));
    assert!(other.authenticate(&token.id, &token.secret).unwrap().is_some(), "cached there too");
    let session = node.login(&credential).unwrap();
    assert_eq!(other.session(&session).unwrap(), Some(credential.viewer()));
    assert!(node.revoke_token(&token.id).unwrap());
    assert_eq!(node.authenticate(&token.id, &token.secret).unwrap(), None);
    assert_eq!(other.authenticate(&token.id, &token.secret).unwrap(), None);
    assert_eq!(node.session(&session).unwrap(), None);
    assert_eq!(other.session(&session).unwrap(), None);
    assert!(!node.revoke_token(&token.id).unwrap());
}

trait ParseParty {
    fn parse_party(&self) -> entente_agreement::PartyId;
}

impl ParseParty for str {
    fn parse_party(&self) -> entente_agreement::PartyId {
        entente_agreement::PartyId::parse(self).unwrap()
    }
}

/// Unknown, wrong and foreign secrets have one answer, and a token speaks for its own party only.
#[test]
fn a_token_opens_with_its_own_secret_only() {
    let world = World::new();
    let node = &world.northtel.exchange;
    let (fusion, staff) = (node.issue_token("fusion").unwrap(), node.issue_token("own").unwrap());
    for (id, secret) in [
        (&fusion.id, &staff.secret),
        (&staff.id, &fusion.secret),
        (&fusion.id, &String::new()),
        (&"x".to_owned(), &fusion.secret),
    ] {
        assert_eq!(node.authenticate(id, secret).unwrap(), None);
    }
    assert!(node.authenticate(&staff.id, &staff.secret).unwrap().unwrap().staff);
    assert!(!node.authenticate(&fusion.id, &fusion.secret).unwrap().unwrap().staff);
    assert_eq!(node.issue_token("nobody").unwrap_err().code(), "party.unknown");
    // A token of one node is nothing at another.
    assert_eq!(world.fusion.exchange.authenticate(&fusion.id, &fusion.secret).unwrap(), None);
}

/// A one-time link works once; a session ends with its hours or with leaving.
#[test]
fn a_link_works_once_and_a_session_ends() {
    let world = World::new();
    let node = &world.northtel.exchange;
    let key = node.issue_enter_key().unwrap();
    let session = node.enter(&key).unwrap().unwrap();
    assert_eq!(node.enter(&key).unwrap(), None);
    assert_eq!(node.session(&session).unwrap(), Some(Viewer::Staff));
    assert_ne!(node.csrf(&session), node.csrf("another"));
    node.leave(&session).unwrap();
    assert_eq!(node.session(&session).unwrap(), None);
    let second = node.enter(&node.issue_enter_key().unwrap()).unwrap().unwrap();
    world.time.advance_days(1);
    assert_eq!(node.session(&second).unwrap(), None);
}

/// A link that was left lying about opens nothing after a quarter of an hour.
#[test]
fn a_link_that_was_not_used_is_over_after_fifteen_minutes() {
    let world = World::new();
    let node = &world.northtel.exchange;
    world.time.stop(true);
    world.time.set("2026-11-24T06:00:00Z");
    let (key, late) = (node.issue_enter_key().unwrap(), node.issue_enter_key().unwrap());
    world.time.set("2026-11-24T06:14:59.999Z");
    assert!(node.enter(&key).unwrap().is_some());
    world.time.set("2026-11-24T06:15:00Z");
    assert_eq!(node.enter(&late).unwrap(), None);
    // Nor does it come back when the clock does.
    world.time.set("2026-11-24T06:00:00Z");
    assert_eq!(node.enter(&late).unwrap(), None);
}
