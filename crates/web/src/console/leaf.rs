//! One leaf of a log: what it records in words, and the way from it to the signed root.

use super::{Entry, Frame, download, failed, html};
use crate::call::Call;
use crate::door::Door;
use crate::markup::{filters, grouped};
use crate::refusal::{Refusal, Why};
use askama::Template;
use axum::body::Body;
use axum::http::Response;
use entente_exchange::evidence::LeafProof;
use entente_exchange::view;
use entente_ledger::checkpoint::Checkpoint;
use serde_json::{Map, Value};

#[derive(Template)]
#[template(path = "leaf.html")]
struct LeafPage {
    frame: Frame,
    log: view::LogLine,
    leaf: view::LeafLine,
    /// What it records.
    words: String,
    /// Its keys and values, in the order of the leaf.
    facts: Vec<(String, String)>,
    /// The hashes that lead to the root, from the leaf upwards.
    path: Vec<PathStep>,
    /// Leaves under the signed root.
    size: u64,
    /// The root, base64.
    root: String,
    signatures: Vec<String>,
    /// The leaf before, if there is one.
    previous: Option<u64>,
    /// The leaf after, if there is one.
    next: Option<u64>,
    /// The rows it released, by recipient and position.
    released: Option<Released>,
}

/// A sibling on the way to the root.
pub(crate) struct PathStep {
    /// `left` or `right` of what was computed so far.
    pub(crate) side: &'static str,
    /// The hash, base64.
    pub(crate) hash: String,
}

/// The positions that a release leaf made visible.
struct Released {
    party: String,
    rows: Vec<u64>,
    more: bool,
}

// LIMIT: links to receipts on one page.
const RECEIPTS_MAX: u64 = 50;

/// `GET /ledger/{agreement}/{leaf}`.
pub(crate) fn show(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let (log, leaf, proof) = find(door, call)?;
    let entry: Map<String, Value> = serde_json::from_str(&leaf.entry).unwrap_or_default();
    let checkpoint = Checkpoint::claimed(proof.checkpoint.as_bytes()).map_err(|_| Why::LedgerHalted)?;
    let hashes: Vec<String> = proof.proof.iter().map(ToString::to_string).collect();
    let next = leaf.index.checked_add(1).filter(|next| *next < checkpoint.size());
    html(
        door,
        &LeafPage {
            frame: Frame::new(door, call, Entry::Ledger),
            words: words(&entry),
            facts: entry.iter().map(|(key, value)| (key.clone(), said(value))).collect(),
            path: path(leaf.index, checkpoint.size(), hashes),
            size: checkpoint.size(),
            root: checkpoint.root().to_string(),
            signatures: signatures(&proof.checkpoint),
            previous: leaf.index.checked_sub(1),
            next,
            released: released(&entry),
            log,
            leaf,
        },
    )
}

/// `GET /ledger/{agreement}/{leaf}/{part}`: `proof`, the leaf's `.tlog-proof` file, or `policy`, which names the log's key.
pub(crate) fn part(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let (log, leaf, proof) = find(door, call)?;
    let stem = format!("{}-{}", call.id("agreement")?, leaf.index);
    match call.id("part")? {
        "proof" => Ok(text(&format!("{stem}.tlog-proof"), proof.to_tlog_proof())),
        "policy" => Ok(text(&format!("{stem}.policy"), format!("log {}\nquorum none\n", log.vkey))),
        _ => Err(Why::NotFound.into()),
    }
}

/// A text to be kept as a file.
pub(crate) fn text(name: &str, text: String) -> Response<Body> {
    download("text/plain; charset=utf-8", name, text.into_bytes())
}

fn find(door: &Door, call: &Call) -> Result<(view::LogLine, view::LeafLine, LeafProof), Refusal> {
    let (agreement, index) = (call.id("agreement")?, call.number("leaf")?);
    let before = index.checked_add(1).ok_or(Why::NotFound)?;
    let log = door.exchange().log(agreement, Some(before), call.viewer()?).map_err(failed(door))?;
    let view::LogView { log, leaves, .. } = log.ok_or(Why::NotFound)?;
    let leaf = leaves.into_iter().find(|leaf| leaf.index == index).ok_or(Why::NotFound)?;
    let proof = door.exchange().leaf_proof(agreement, index).map_err(failed(door))?.ok_or(Why::NotFound)?;
    Ok((log, leaf, proof))
}

/// Names the sides of the hashes on the way to the root (RFC 9162 section 2.1.3.2).
pub(crate) fn path(index: u64, size: u64, hashes: Vec<String>) -> Vec<PathStep> {
    let (mut at, mut last) = (index, size.saturating_sub(1));
    let mut steps = Vec::with_capacity(hashes.len());
    for hash in hashes {
        let left = at & 1 == 1 || at == last;
        if left {
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        }
        at >>= 1;
        last >>= 1;
        steps.push(PathStep { side: if left { "left" } else { "right" }, hash });
    }
    steps
}

/// The signature lines of a signed note.
pub(crate) fn signatures(note: &str) -> Vec<String> {
    note.lines().filter(|line| line.starts_with("— ")).map(str::to_owned).collect()
}

/// A value of a leaf as text.
fn said(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn released(entry: &Map<String, Value>) -> Option<Released> {
    if entry.get("kind")?.as_str()? != "release" {
        return None;
    }
    let (first, last) = (entry.get("first")?.as_u64()?, entry.get("last")?.as_u64()?);
    let end = last.min(first.saturating_add(RECEIPTS_MAX - 1));
    Some(Released { party: entry.get("party")?.as_str()?.to_owned(), rows: (first..=end).collect(), more: end < last })
}

/// Says in one sentence what a leaf records.
pub(crate) fn words(entry: &Map<String, Value>) -> String {
    let text = |key: &str| entry.get(key).map(said).unwrap_or_default();
    let code = |key: &str| format!("`{}`", text(key));
    let number = |key: &str| grouped(&text(key));
    let objects = |key: &str| match text(key).as_str() {
        "1" => "1 object".to_owned(),
        other => format!("{} objects", grouped(other)),
    };
    match text("kind").as_str() {
        "agreement" => {
            format!("The agreement with the text {} became {}.", code("text"), text("state").replace('-', " "))
        }
        "amend" => format!("A new version, {}, took the place of {}.", code("text"), code("supersedes")),
        "suspend" => format!("A party suspended the agreement with the note {}.", code("note")),
        "resume" => format!("A party resumed the agreement with the note {}.", code("note")),
        "terminate" => format!("A party ended the agreement with the note {}.", code("note")),
        "consent" => format!("An originator permitted onward release with the note {}.", code("note")),
        "consent-withdraw" => format!("An originator withdrew its consent with the note {}.", code("note")),
        "release" => format!(
            "{} became visible to {}: positions {} to {} of its manifest.",
            objects("n"),
            code("party"),
            number("first"),
            number("last")
        ),
        "delivery" => format!(
            "{} left for {} through the door {} for {}: positions {} to {}.",
            objects("n"),
            code("party"),
            code("door"),
            code("purpose"),
            number("first"),
            number("last")
        ),
        "delivery-ack" => format!(
            "{} of the delivery in leaf {} of {} arrived here: {}.",
            objects("n"),
            number("of"),
            code("party"),
            text("outcome")
        ),
        "use" => format!("{} of {} were used for {}.", objects("n"), code("party"), code("purpose")),
        "recall" => format!(
            "{} were taken back from {}, because {}; what is to be done: {}.",
            objects("n"),
            code("party"),
            code("reason"),
            code("action")
        ),
        "recall-ack" => format!(
            "A recall of {} was carried out: {} deleted, {} sealed, {} recalled onward.",
            code("party"),
            number("deleted"),
            number("sealed"),
            number("onward")
        ),
        "usefulness" => format!("A report on the usefulness of {} for {} was signed.", code("period"), code("party")),
        "key" => format!("A key took the place of another with the note {}.", code("note")),
        "erasure" => format!(
            "{} salts were destroyed for {}: their objects can no longer be proved.",
            number("n"),
            code("basis")
        ),
        "restore" => format!("The log goes on after a restore from {} leaves.", number("size")),
        "denials-summary" => {
            format!("Decisions to withhold from {} were counted for {}.", code("party"), code("period"))
        }
        "" => "This leaf cannot be read.".to_owned(),
        other => format!("A leaf of the kind `{other}`."),
    }
}

#[cfg(test)]
mod tests {
    use super::{path, words};
    use entente_ledger::Hash;
    use entente_ledger::merkle::{Tree, leaf_hash, node_hash};

    #[test]
    fn the_sides_of_a_path_lead_to_the_root_in_every_small_tree() {
        for size in 1_u8..=17 {
            let leaves: Vec<Hash> = (0..size).map(|n| leaf_hash(&[n])).collect();
            let tree = Tree::of(&leaves);
            let root = entente_ledger::merkle::root(&leaves);
            for index in 0..u64::from(size) {
                let proof = tree.inclusion_proof(index).unwrap();
                let mut hash = leaves[usize::try_from(index).unwrap()];
                let steps = path(index, u64::from(size), proof.iter().map(ToString::to_string).collect());
                for (step, sibling) in steps.iter().zip(&proof) {
                    assert_eq!(step.hash, sibling.to_string());
                    hash = if step.side == "left" { node_hash(sibling, &hash) } else { node_hash(&hash, sibling) };
                }
                assert_eq!(hash, root, "leaf {index} of {size}");
            }
        }
    }

    #[test]
    fn a_leaf_reads_as_a_sentence() {
        let said = |json: &str| words(&serde_json::from_str(json).unwrap());
        assert_eq!(
            said(r#"{"kind":"release","party":"fusion","n":1204,"first":1,"last":1204}"#),
            "1,204 objects became visible to `fusion`: positions 1 to 1,204 of its manifest."
        );
        assert_eq!(said(r#"{"kind":"new-thing"}"#), "A leaf of the kind `new-thing`.");
        assert_eq!(said("{}"), "This leaf cannot be read.");
    }
}
