//! Verifier policies: which logs and witnesses a reader believes (c2sp.org/tlog-policy).
//!
//! ```text
//! log <verifier key> [url]
//! witness <name> <verifier key> [url]
//! group <name> <k|all|any> <name>…
//! quorum <name>|none
//! ```

use thiserror::Error;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::hash::{UnixSeconds, parse_decimal};
use crate::note::{Algorithm, Note, NoteError, VerifierKey};

// LIMIT: the specification recommends support for 32 of each kind; 64 KiB holds several hundred.
const POLICY_SIZE_BYTES_MAX: usize = 65_536;
const NAMES_MAX: usize = 256;

// LIMIT: clocks of witnesses may run ahead of the reader's by this much (ledger notes 1.5).
const FUTURE_SECONDS_MAX: u64 = 300;

/// A log that is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The key; its name is the origin of the log.
    pub key: VerifierKey,
    /// Where the log is read.
    pub url: Option<String>,
}

/// A witness that is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The name inside the policy.
    pub name: String,
    /// The key.
    pub key: VerifierKey,
    /// Where the witness is asked.
    pub url: Option<String>,
}

/// Believed logs and witnesses, and how many of the latter must have cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<Log>,
    witnesses: Vec<Witness>,
    nodes: Vec<Node>,
    quorum: Option<usize>,
}

/// A name that can be a member of a group. Members stand before their group, so a walk in order sees them first.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    name: String,
    rule: Rule,
    grouped: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    Witness(usize),
    Group { threshold: usize, members: Vec<usize> },
}

/// What a policy says about a checkpoint it accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trusted {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The witnesses of the policy that have cosigned it, by name, with the time each gives.
    pub witnesses: Vec<(String, UnixSeconds)>,
}

impl Policy {
    /// Creates the policy that believes one log and asks for no cosignature.
    #[must_use]
    pub fn of_log(key: VerifierKey) -> Policy {
        Policy { logs: vec![Log { key, url: None }], witnesses: Vec::new(), nodes: Vec::new(), quorum: None }
    }

    /// Reads a policy.
    ///
    /// Two keys with equal public bytes under different names are duplicates and refused, as is a name that is a member
    /// of two groups. Narrower than the specification in one point: the text must be UTF-8.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] with the line.
    pub fn parse(text: &str) -> Result<Policy, PolicyError> {
        if text.len() > POLICY_SIZE_BYTES_MAX {
            return Err(PolicyError { line: 0, reason: "larger than 64 KiB" });
        }
        let mut policy = Policy { logs: Vec::new(), witnesses: Vec::new(), nodes: Vec::new(), quorum: None };
        let mut quorum_seen = false;
        for (line, content) in (1..).zip(text.split('\n')) {
            let refused = |reason| PolicyError { line, reason };
            if content.contains(|c: char| c.is_ascii_control() && c != '\t') {
                return Err(refused("control character"));
            }
            let words: Vec<&str> = content.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
            let result = match words.as_slice() {
                [] => Ok(()),
                [first, ..] if first.starts_with('#') => Ok(()),
                ["log", key] => policy.add_log(key, None),
                ["log", key, url] => policy.add_log(key, Some(url)),
                ["witness", name, key] => policy.add_witness(name, key, None),
                ["witness", name, key, url] => policy.add_witness(name, key, Some(url)),
                ["group", name, threshold, members @ ..] => policy.add_group(name, threshold, members),
                ["quorum", _] if quorum_seen => Err("there is a quorum already"),
                ["quorum", name] => {
                    quorum_seen = true;
                    policy.set_quorum(name)
                }
                _ => Err("not a line of a policy"),
            };
            result.map_err(refused)?;
        }
        if quorum_seen { Ok(policy) } else { Err(PolicyError { line: 0, reason: "there is no quorum line" }) }
    }

    /// Returns the logs that are believed.
    #[must_use]
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// Returns the witnesses that are believed.
    #[must_use]
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// Verifies a checkpoint note: a signature of its log, and cosignatures of a quorum that are not from the future.
    ///
    /// # Errors
    ///
    /// [`TrustError`]. A known key whose signature fails makes the note invalid, whether it is needed or not.
    pub fn verify_checkpoint(&self, note: &[u8], now: UnixSeconds) -> Result<Trusted, TrustError> {
        let note = Note::parse(note).map_err(CheckpointError::from)?;
        let checkpoint = Checkpoint::parse_text(note.text())?;
        let keys: Vec<VerifierKey> = self.logs.iter().map(|log| log.key.clone()).collect();
        let signed = match note.verify(&keys) {
            Ok(signed) => signed,
            Err(NoteError::UnknownSignerOnly) => return Err(TrustError::UnknownLog),
            Err(error) => return Err(CheckpointError::from(error).into()),
        };
        // A believed log may speak for itself only.
        if !signed.iter().filter_map(|index| keys.get(*index)).any(|key| key.name() == checkpoint.origin()) {
            return Err(TrustError::UnknownLog);
        }
        let latest = UnixSeconds(now.0.saturating_add(FUTURE_SECONDS_MAX));
        let mut times = vec![None; self.witnesses.len()];
        let mut from_future = false;
        for (witness, time) in self.witnesses.iter().zip(&mut times) {
            for line in note.signatures() {
                let Some(checked) = witness.key.check(note.text(), line) else { continue };
                match checked.map_err(CheckpointError::from)? {
                    Some(at) if at > latest => from_future = true,
                    Some(at) => *time = (*time).max(Some(at)),
                    None => {}
                }
            }
        }
        if !self.quorum_met(&times) {
            return Err(if from_future { TrustError::FutureTime } else { TrustError::Quorum });
        }
        let named = self.witnesses.iter().zip(times);
        let witnesses = named.filter_map(|(witness, time)| Some((witness.name.clone(), time?))).collect();
        Ok(Trusted { checkpoint, witnesses })
    }

    fn quorum_met(&self, times: &[Option<UnixSeconds>]) -> bool {
        let mut met: Vec<bool> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let value = match &node.rule {
                Rule::Witness(index) => times.get(*index).is_some_and(Option::is_some),
                Rule::Group { threshold, members } => {
                    let count = members.iter().filter(|member| met.get(**member).is_some_and(|met| *met)).count();
                    count >= *threshold
                }
            };
            met.push(value);
        }
        self.quorum.is_none_or(|index| met.get(index).is_some_and(|met| *met))
    }

    fn add_log(&mut self, key: &str, url: Option<&str>) -> Result<(), &'static str> {
        let key = parse_key(key)?;
        if key.algorithm() != Algorithm::Ed25519 {
            return Err("the key of a log must be of type 0x01");
        }
        if self.logs.iter().any(|log| log.key.public_key() == key.public_key()) {
            return Err("this log key is there already");
        }
        if self.logs.len() >= NAMES_MAX {
            return Err("too many logs");
        }
        self.logs.push(Log { key, url: url.map(str::to_owned) });
        Ok(())
    }

    fn add_witness(&mut self, name: &str, key: &str, url: Option<&str>) -> Result<(), &'static str> {
        let key = parse_key(key)?;
        if key.algorithm() == Algorithm::Ed25519 {
            return Err("the key of a witness must be of type 0x04 or 0x06");
        }
        if self.witnesses.iter().any(|witness| witness.key.public_key() == key.public_key()) {
            return Err("this witness key is there already");
        }
        self.add_node(name, Rule::Witness(self.witnesses.len()))?;
        self.witnesses.push(Witness { name: name.to_owned(), key, url: url.map(str::to_owned) });
        Ok(())
    }

    fn add_group(&mut self, name: &str, threshold: &str, members: &[&str]) -> Result<(), &'static str> {
        let count = members.len();
        let threshold = match threshold {
            "all" => count,
            "any" => 1,
            number => parse_decimal(number).and_then(|k| usize::try_from(k).ok()).ok_or("malformed threshold")?,
        };
        if !(1..=count).contains(&threshold) {
            return Err("the threshold must be from 1 to the number of members");
        }
        let mut indexes = Vec::with_capacity(count);
        for member in members {
            let known = self.nodes.iter_mut().enumerate().find(|(_, node)| node.name == **member);
            let (index, node) = known.ok_or("a member is not defined above")?;
            if std::mem::replace(&mut node.grouped, true) {
                return Err("a member is in a group already");
            }
            indexes.push(index);
        }
        self.add_node(name, Rule::Group { threshold, members: indexes })
    }

    fn add_node(&mut self, name: &str, rule: Rule) -> Result<(), &'static str> {
        if name == "none" {
            return Err("the name `none` is reserved");
        }
        if self.nodes.iter().any(|node| node.name == name) {
            return Err("the name is there already");
        }
        if self.nodes.len() >= NAMES_MAX {
            return Err("too many names");
        }
        self.nodes.push(Node { name: name.to_owned(), rule, grouped: false });
        Ok(())
    }

    fn set_quorum(&mut self, name: &str) -> Result<(), &'static str> {
        if name != "none" {
            let index = self.nodes.iter().position(|node| node.name == name);
            self.quorum = Some(index.ok_or("the quorum is not defined above")?);
        }
        Ok(())
    }
}

fn parse_key(text: &str) -> Result<VerifierKey, &'static str> {
    VerifierKey::parse(text).map_err(|_| "malformed verifier key")
}

/// Why a policy text was refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("line {line} of the policy: {reason}")]
#[non_exhaustive]
pub struct PolicyError {
    /// The line, from 1; 0 if the text as a whole is meant.
    pub line: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl PolicyError {
    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "policy.malformed"
    }
}

/// Why a policy does not accept a checkpoint.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustError {
    /// The checkpoint or a signature of a known key is not valid.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Cosignatures that would make the quorum lie more than five minutes in the future.
    #[error("a cosignature lies in the future")]
    FutureTime,
    /// Too few of the witnesses have cosigned.
    #[error("the quorum of witnesses is not met")]
    Quorum,
    /// No log of the policy has signed its own checkpoint.
    #[error("not signed by a log of the policy")]
    UnknownLog,
}

impl TrustError {
    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            TrustError::Checkpoint(error) => error.code(),
            TrustError::FutureTime => "policy.future",
            TrustError::Quorum => "policy.quorum",
            TrustError::UnknownLog => "policy.unknown-log",
        }
    }
}

#[cfg(test)]
mod tests;
