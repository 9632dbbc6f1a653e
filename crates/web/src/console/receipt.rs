//! The receipt of an object: the way from its bytes to the signed root of a log, for the reader to recompute.

use super::leaf::{PathStep, path, signatures, text};
use super::{Entry, Frame, download, failed, html};
use crate::call::Call;
use crate::door::Door;
use crate::markup::filters;
use crate::refusal::{Refusal, Why};
use askama::Template;
use axum::body::Body;
use axum::http::Response;
use entente_exchange::receipts::Proof;
use entente_ledger::checkpoint::Checkpoint;
use entente_ledger::merkle::leaf_hash;
use entente_ledger::receipt::{Receipt, commitment};

#[derive(Template)]
#[template(path = "receipt.html")]
struct ReceiptPage {
    frame: Frame,
    /// Path of this page after its slash, to which the parts are appended.
    base: String,
    /// Id of the object as released.
    object: String,
    size_bytes: usize,
    /// `sha256:…` of its bytes.
    bytes_hash: String,
    commitment: String,
    /// Place in the batch, from 1, and size of the batch.
    place: u64,
    batch: u64,
    inner_path: Vec<PathStep>,
    /// The leaf, as it is hashed.
    leaf: String,
    /// What it records.
    words: String,
    leaf_hash: String,
    index: u64,
    leaf_path: Vec<PathStep>,
    origin: String,
    log_size: u64,
    root: String,
    checkpoint: String,
    signatures: Vec<String>,
    policy: String,
    /// The command that writes the three files.
    command: Vec<String>,
    /// Where the leaf is shown, if the log is one of this node.
    leaf_page: Option<(String, u64)>,
}

/// `GET /receipts/{agreement}/{party}/{seq}`: the receipt of a release of this node.
pub(crate) fn released(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let (agreement, party, seq) = (call.id("agreement")?, call.id("party")?, call.number("seq")?);
    let proof = door.exchange().release_proof(agreement, party, seq).map_err(failed(door))?;
    let base = format!("receipts/{agreement}/{party}/{seq}");
    let words = ["receipt", "show", &seq.to_string(), "--agreement", agreement, "--to", party].map(str::to_owned);
    show(door, call, proof, base, words.to_vec(), Some(agreement))
}

/// `GET /receipts/{agreement}/{party}/{seq}/{part}`: `object`, `proof` or `policy`, as files.
pub(crate) fn released_part(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let (agreement, party, seq) = (call.id("agreement")?, call.id("party")?, call.number("seq")?);
    let proof = door.exchange().release_proof(agreement, party, seq).map_err(failed(door))?;
    part(call, proof)
}

/// `GET /objects/{id}/receipt`: the receipt with which an object came from another party.
pub(crate) fn received(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let id = call.id("id")?;
    let proof = door.exchange().received_proof(id).map_err(failed(door))?;
    let words = ["receipt", "show", id].map(str::to_owned);
    show(door, call, proof, format!("objects/{id}/receipt"), words.to_vec(), None)
}

/// `GET /objects/{id}/receipt/{part}`.
pub(crate) fn received_part(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let proof = door.exchange().received_proof(call.id("id")?).map_err(failed(door))?;
    part(call, proof)
}

fn part(call: &Call, proof: Proof) -> Result<Response<Body>, Refusal> {
    let stem = &proof.object;
    match call.id("part")? {
        "object" => Ok(download("application/stix+json;version=2.1", &format!("{stem}.json"), proof.bytes)),
        "proof" => Ok(download("text/plain; charset=utf-8", &format!("{stem}.tlog-proof"), proof.receipt)),
        "policy" => Ok(text(&format!("{stem}.policy"), proof.policy)),
        _ => Err(Why::NotFound.into()),
    }
}

fn show(
    door: &Door,
    call: &Call,
    proof: Proof,
    base: String,
    command: Vec<String>,
    own_log: Option<&str>,
) -> Result<Response<Body>, Refusal> {
    let unreadable = || {
        let id = door.request_id();
        tracing::error!(request.id = %id, object = %proof.object, "a receipt cannot be read");
        Refusal::internal(id)
    };
    let receipt = Receipt::parse(&proof.receipt).map_err(|_| unreadable())?;
    let checkpoint = Checkpoint::claimed(receipt.checkpoint.as_bytes()).map_err(|_| unreadable())?;
    let evidence = &receipt.evidence;
    let entry = serde_json::from_slice(&evidence.leaf).unwrap_or_default();
    let hashes = |hashes: &[entente_ledger::Hash]| hashes.iter().map(ToString::to_string).collect();
    html(
        door,
        &ReceiptPage {
            frame: Frame::new(door, call, Entry::Ledger),
            base,
            object: proof.object.clone(),
            size_bytes: proof.bytes.len(),
            bytes_hash: evidence.bytes.to_sha256_text(),
            commitment: commitment(&evidence.salt, &evidence.bytes.0, &evidence.object, &evidence.decision).to_string(),
            place: evidence.inner_index.saturating_add(1),
            batch: evidence.inner_size,
            inner_path: path(evidence.inner_index, evidence.inner_size, hashes(&evidence.inner_path)),
            leaf: String::from_utf8_lossy(&evidence.leaf).into_owned(),
            words: super::leaf::words(&entry),
            leaf_hash: leaf_hash(&evidence.leaf).to_string(),
            index: receipt.index,
            leaf_path: path(receipt.index, checkpoint.size(), hashes(&receipt.proof)),
            origin: checkpoint.origin().to_owned(),
            log_size: checkpoint.size(),
            root: checkpoint.root().to_string(),
            signatures: signatures(&receipt.checkpoint),
            checkpoint: receipt.checkpoint.clone(),
            policy: proof.policy.clone(),
            command,
            leaf_page: own_log.map(|agreement| (agreement.to_owned(), receipt.index)),
        },
    )
}
