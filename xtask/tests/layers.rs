//! The layers of the house hold, and the rule that says so bites.

#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use xtask::layers;
use xtask::place::Place;

fn root() -> PathBuf {
    Place::find_root().unwrap()
}

fn house() -> std::collections::BTreeMap<String, u8> {
    layers::parse(&fs::read_to_string(root().join("layers.txt")).unwrap()).unwrap()
}

/// Adds one arrow to what cargo tells about the workspace.
fn plant(metadata: &mut Value, from: &str, to: &str, kind: Value) {
    let packages = metadata["packages"].as_array_mut().unwrap();
    let package = packages.iter_mut().find(|package| package["name"] == from).unwrap();
    package["dependencies"].as_array_mut().unwrap().push(json!({ "name": to, "kind": kind }));
}

#[test]
fn no_arrow_points_upwards() {
    // Would break: a lower room comes to depend on an upper one, and nothing can be replaced any more.
    let complaints = layers::complaints(&house(), &layers::metadata(&root(), false).unwrap());
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn a_planted_upward_arrow_is_refused() {
    // Would break: the rule above passes because it sees nothing.
    let mut metadata = layers::metadata(&root(), false).unwrap();
    plant(&mut metadata, "entente-stix", "entente-web", Value::Null);
    let complaints = layers::complaints(&house(), &metadata);
    assert_eq!(complaints, ["upward arrow: `entente-stix` (layer 0) → `entente-web` (layer 5)"]);
}

#[test]
fn a_planted_upward_arrow_of_tests_is_refused() {
    // Would break: a test pulls the upper rooms into the build of a lower one.
    let mut metadata = layers::metadata(&root(), false).unwrap();
    plant(&mut metadata, "entente-pattern", "entente-store", json!("dev"));
    assert_eq!(layers::complaints(&house(), &metadata).len(), 1);
}

#[test]
fn a_planted_sideways_arrow_is_refused() {
    // Would break: two rooms of one layer grow into each other.
    let mut metadata = layers::metadata(&root(), false).unwrap();
    plant(&mut metadata, "entente-stix", "entente-ledger", Value::Null);
    assert_eq!(layers::complaints(&house(), &metadata).len(), 1);
}

#[test]
fn an_unlisted_arrow_is_refused() {
    // Would break: a new crate escapes the order by not being in the list.
    let mut metadata = layers::metadata(&root(), false).unwrap();
    plant(&mut metadata, "xtask", "entente-stix", Value::Null);
    assert_eq!(layers::complaints(&house(), &metadata).len(), 1);
    let mut short = house();
    short.remove("entente-stix");
    assert!(!layers::complaints(&short, &layers::metadata(&root(), false).unwrap()).is_empty());
}

#[test]
fn a_socket_in_a_pure_crate_is_refused() {
    // Would break: a decision is no longer replayable, because a lower room reads the network or the clock.
    let mut metadata = layers::metadata(&root(), false).unwrap();
    plant(&mut metadata, "entente-agreement", "tokio", Value::Null);
    assert_eq!(
        layers::complaints(&house(), &metadata),
        ["`entente-agreement` is of a pure layer and depends on `tokio`"]
    );
}
