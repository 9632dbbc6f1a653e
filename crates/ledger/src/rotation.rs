//! Key rotation: how the key of a log gives way to another one (`ledger.md` section 8).
//!
//! A one-line note names the old and the new key and is signed by both; its hash is a leaf of the log itself; and a
//! checkpoint that covers the leaf is signed by both keys. A [`Handover`] carries all three, so that whoever believes
//! the old key can come to believe the new one, offline, and in no other way.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Hash;
use crate::checkpoint::Checkpoint;
use crate::hash::{from_base64, to_base64};
use crate::leaf::{Entry, Leaf, LeafTime};
use crate::merkle;
use crate::note::{Note, SigningKey, VerifierKey};
use crate::percent::{decode, encode};

const VERB: &str = "entente/rotate-key@1";

/// What a `rotate-key` note says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The agreement whose log it is.
    pub agreement: String,
    /// The party that runs the log.
    pub party: String,
    /// The key so far.
    pub old: VerifierKey,
    /// The key from now on, of the same name.
    pub new: VerifierKey,
    /// When.
    pub at: LeafTime,
}

impl Rotation {
    /// Writes the line that is signed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let key = |key: &VerifierKey| encode(&key.to_string());
        let (agreement, party) = (encode(&self.agreement), encode(&self.party));
        format!(
            "{VERB} agreement={agreement} party={party} old={} new={} at={}\n",
            key(&self.old),
            key(&self.new),
            self.at
        )
    }

    /// Signs the note with both keys.
    ///
    /// # Errors
    ///
    /// [`RotationError::Keys`] if they are not the keys that are named.
    pub fn sign(&self, old: &SigningKey, new: &SigningKey) -> Result<Note, RotationError> {
        if *old.verifier() != self.old || *new.verifier() != self.new {
            return Err(RotationError::Keys);
        }
        let malformed = |_| RotationError::Malformed;
        let mut note = Note::new(self.to_text()).map_err(malformed)?;
        let text = note.text().to_owned();
        for key in [old, new] {
            note.add(key.sign(&text)).map_err(malformed)?;
        }
        Ok(note)
    }

    /// Reads a note and verifies the signatures of both keys it names.
    ///
    /// # Errors
    ///
    /// [`RotationError`].
    pub fn open(note: &[u8]) -> Result<(Rotation, Note), RotationError> {
        let note = Note::parse(note).map_err(|_| RotationError::Malformed)?;
        let rotation = parse(note.text()).ok_or(RotationError::Malformed)?;
        if rotation.old.name() != rotation.new.name() || rotation.old == rotation.new {
            return Err(RotationError::Keys);
        }
        let keys = [rotation.old.clone(), rotation.new.clone()];
        if note.verify(&keys).map_err(|_| RotationError::Signature)?.len() != keys.len() {
            return Err(RotationError::Signature);
        }
        Ok((rotation, note))
    }
}

fn parse(text: &str) -> Option<Rotation> {
    let line = text.strip_suffix('\n')?;
    let mut words = line.split(' ');
    if words.next() != Some(VERB) {
        return None;
    }
    let mut value = |name: &str| decode(words.next()?.strip_prefix(name)?.strip_prefix('=')?);
    let rotation = Rotation {
        agreement: value("agreement")?,
        party: value("party")?,
        old: VerifierKey::parse(&value("old")?).ok()?,
        new: VerifierKey::parse(&value("new")?).ok()?,
        at: LeafTime::parse(&value("at")?)?,
    };
    (rotation.to_text() == text).then_some(rotation)
}

/// Everything that leads from the old key of a log to the new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// The `rotate-key` note, signed by both keys.
    pub note: String,
    /// Index of the leaf `key`.
    pub index: u64,
    /// The leaf, in base64.
    leaf: String,
    /// The way from the leaf to the root.
    pub proof: Vec<Hash>,
    /// The checkpoint that covers the leaf, signed by both keys.
    pub checkpoint: String,
}

impl Handover {
    /// Puts a handover together; nothing is verified.
    #[must_use]
    pub fn new(note: String, index: u64, leaf: &[u8], proof: Vec<Hash>, checkpoint: String) -> Handover {
        Handover { note, index, leaf: to_base64(leaf), proof, checkpoint }
    }

    /// Returns the key to believe from now on, if `old` is the one believed so far.
    ///
    /// # Errors
    ///
    /// [`RotationError`] says which link of the chain is missing.
    pub fn verify(&self, old: &VerifierKey) -> Result<VerifierKey, RotationError> {
        let (rotation, note) = Rotation::open(self.note.as_bytes())?;
        if rotation.old != *old {
            return Err(RotationError::Keys);
        }
        let leaf = from_base64(&self.leaf).ok_or(RotationError::Leaf)?;
        let entry = Entry::parse(&leaf).map_err(|_| RotationError::Leaf)?;
        if entry.seq != self.index || entry.leaf != (Leaf::Key { note: note.text_hash() }) {
            return Err(RotationError::Leaf);
        }
        for key in [&rotation.old, &rotation.new] {
            let head = Checkpoint::open(self.checkpoint.as_bytes(), key).map_err(|_| RotationError::Checkpoint)?;
            merkle::verify_inclusion(&merkle::leaf_hash(&leaf), self.index, head.size(), &self.proof, &head.root())
                .map_err(|_| RotationError::Leaf)?;
        }
        Ok(rotation.new)
    }
}

/// Follows handovers from the key in the text of an agreement to the keys to believe, oldest first.
///
/// # Errors
///
/// [`RotationError`] of the first handover that does not hold.
pub fn follow(first: &VerifierKey, handovers: &[Handover]) -> Result<Vec<VerifierKey>, RotationError> {
    let mut keys = vec![first.clone()];
    for handover in handovers {
        let next = handover.verify(keys.last().unwrap_or(first))?;
        keys.push(next);
    }
    Ok(keys)
}

/// Why a new key is not believed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RotationError {
    /// The checkpoint is not signed by both keys.
    #[error("the checkpoint over the rotation is not signed by both keys")]
    Checkpoint,
    /// The keys are not those expected, or not two keys of one log.
    #[error("the keys of the rotation are not those of this log")]
    Keys,
    /// The note is not in the log.
    #[error("the rotation is not a leaf of the log")]
    Leaf,
    /// The note is not well formed.
    #[error("the note of the rotation is malformed")]
    Malformed,
    /// The note is not signed by both keys.
    #[error("the note of the rotation is not signed by both keys")]
    Signature,
}

impl RotationError {
    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            RotationError::Checkpoint => "rotation.checkpoint",
            RotationError::Keys => "rotation.keys",
            RotationError::Leaf => "rotation.leaf",
            RotationError::Malformed => "rotation.malformed",
            RotationError::Signature => "rotation.signature",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf::Actor;

    const LOG: &str = "log.example/agr/agr-12";

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(LOG, &[seed; 32]).unwrap()
    }

    fn rotation() -> Rotation {
        Rotation {
            agreement: "agr-12".to_owned(),
            party: "northtel".to_owned(),
            old: key(1).verifier().clone(),
            new: key(2).verifier().clone(),
            at: LeafTime::parse("2026-12-02T10:02:11.000Z").unwrap(),
        }
    }

    fn handover(signers: &[u8]) -> Handover {
        let note = rotation().sign(&key(1), &key(2)).unwrap();
        let leaf = Leaf::Key { note: note.text_hash() };
        let leaf = leaf.to_bytes(1, rotation().at, &Hash([9; 32]), &Actor::Key([0; 4])).unwrap();
        let leaves = [Hash([4; 32]), merkle::leaf_hash(&leaf)];
        let head = Checkpoint::new(LOG, 2, merkle::root(&leaves)).unwrap();
        let mut signed = Note::new(head.to_text()).unwrap();
        for seed in signers {
            signed.add(key(*seed).sign(&head.to_text())).unwrap();
        }
        let text = |note: Note| String::from_utf8(note.to_bytes()).unwrap();
        Handover::new(text(note), 1, &leaf, vec![leaves[0]], text(signed))
    }

    #[test]
    fn a_note_names_both_keys_and_is_signed_by_both() {
        let note = rotation().sign(&key(1), &key(2)).unwrap();
        assert!(
            note.text()
                .starts_with("entente/rotate-key@1 agreement=agr-12 party=northtel old=log.example/agr/agr-12%2B")
        );
        assert_eq!(Rotation::open(&note.to_bytes()).unwrap().0, rotation());
        assert_eq!(rotation().sign(&key(2), &key(1)), Err(RotationError::Keys));
        let mut one = Note::new(rotation().to_text()).unwrap();
        one.add(key(1).sign(&rotation().to_text())).unwrap();
        assert_eq!(Rotation::open(&one.to_bytes()).unwrap_err(), RotationError::Signature);
    }

    #[test]
    fn the_new_key_is_believed_only_through_the_leaf() {
        let good = handover(&[1, 2]);
        assert_eq!(good.verify(key(1).verifier()).as_ref(), Ok(key(2).verifier()));
        assert_eq!(good.verify(key(3).verifier()), Err(RotationError::Keys));
        // A thief of the new key alone, or of the log without the old key, gets nobody to follow.
        assert_eq!(handover(&[2]).verify(key(1).verifier()), Err(RotationError::Checkpoint));
        assert_eq!(handover(&[1]).verify(key(1).verifier()), Err(RotationError::Checkpoint));
        let elsewhere = Handover { index: 0, ..good.clone() };
        assert_eq!(elsewhere.verify(key(1).verifier()), Err(RotationError::Leaf));
        let unproved = Handover { proof: vec![Hash([5; 32])], ..good.clone() };
        assert_eq!(unproved.verify(key(1).verifier()), Err(RotationError::Leaf));
        assert_eq!(follow(key(1).verifier(), &[good]).unwrap(), [key(1).verifier().clone(), key(2).verifier().clone()]);
    }
}
