//! Fork evidence: what shows that a log has two histories, as one file that anybody can check (`ledger.md` section 7).
//!
//! The first line says what was found, when, and in which log; then follow the signed notes verbatim, separated by a
//! line `----`. A file proves nothing by what its first line says: [`Evidence::verify`] recomputes the finding from the
//! notes and the keys of the log.

use std::fmt;

use thiserror::Error;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::leaf::LeafTime;
use crate::note::VerifierKey;
use crate::witness::{AddCheckpoint, REQUEST_SIZE_BYTES_MAX, Seen, decide};

const FORMAT: &str = "entente/fork-evidence@1";
const SEPARATOR: &str = "----\n";

// LIMIT: two checkpoints, one of them inside a request.
/// The largest file of evidence, in bytes.
pub const EVIDENCE_SIZE_BYTES_MAX: usize = 2 * REQUEST_SIZE_BYTES_MAX;

/// What was found about a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// A smaller tree than was signed before. It shows a rollback, or an old checkpoint shown again.
    Shrank,
    /// Two roots for one number of leaves, both signed: a fork, proved by the file alone.
    TwoRoots,
    /// A larger tree whose proof does not lead from the earlier root to it. It shows damage, refusal or a fork.
    Unproved,
}

impl Finding {
    const ALL: [Finding; 3] = [Finding::Shrank, Finding::TwoRoots, Finding::Unproved];

    /// Returns the word in the first line of a file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Finding::Shrank => "shrank",
            Finding::TwoRoots => "two-roots",
            Finding::Unproved => "unproved",
        }
    }

    /// Tells whether the two signed notes alone prove that the log has two histories.
    #[must_use]
    pub const fn is_self_contained(self) -> bool {
        matches!(self, Finding::TwoRoots)
    }
}

/// A file of evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    finding: Finding,
    at: LeafTime,
    origin: String,
    /// The checkpoint that was known.
    earlier: String,
    /// The checkpoint that does not go with it; for [`Finding::Unproved`] the request with its proof.
    later: String,
}

/// What a file of evidence shows, recomputed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What was found.
    pub finding: Finding,
    /// The checkpoint that was known.
    pub earlier: Checkpoint,
    /// The checkpoint that does not go with it.
    pub later: Checkpoint,
}

impl Evidence {
    /// Finds out what two checkpoints of a log contradict each other in; `None` if they do not.
    ///
    /// `proof` is what the log gave to show that the later goes on from the earlier.
    ///
    /// # Errors
    ///
    /// [`ForkError`] if a note is not signed by one of the keys of the log.
    pub fn of(
        earlier: &str,
        later: &str,
        proof: &[crate::Hash],
        keys: &[VerifierKey],
        at: LeafTime,
    ) -> Result<Option<Evidence>, ForkError> {
        let (a, b) = (open(earlier.as_bytes(), keys)?, open(later.as_bytes(), keys)?);
        if a.origin() != b.origin() {
            return Err(ForkError::OtherLog);
        }
        let evidence = |finding, later: String| {
            Some(Evidence { finding, at, origin: a.origin().to_owned(), earlier: earlier.to_owned(), later })
        };
        if b.size() < a.size() {
            return Ok(evidence(Finding::Shrank, later.to_owned()));
        }
        if b.size() == a.size() {
            let forked = b.root() != a.root();
            return Ok(if forked { evidence(Finding::TwoRoots, later.to_owned()) } else { None });
        }
        let request =
            AddCheckpoint::new(a.size(), proof.to_vec(), later.as_bytes()).map_err(|_| ForkError::Malformed)?;
        Ok(match decide(&request, keys, Some(Seen { size: a.size(), root: a.root() })) {
            Ok(_) => None,
            Err(_) => {
                evidence(Finding::Unproved, String::from_utf8(request.to_bytes()).map_err(|_| ForkError::Malformed)?)
            }
        })
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`ForkError::Malformed`] if it is not written in the one allowed way.
    pub fn parse(bytes: &[u8]) -> Result<Evidence, ForkError> {
        let read = || {
            if bytes.len() > EVIDENCE_SIZE_BYTES_MAX {
                return None;
            }
            let text = std::str::from_utf8(bytes).ok()?;
            let (first, notes) = text.split_once('\n')?;
            let mut words = first.split(' ');
            if words.next() != Some(FORMAT) {
                return None;
            }
            let finding = words.next()?.strip_prefix("finding=")?;
            let at = words.next()?.strip_prefix("at=")?;
            let origin = words.next()?.strip_prefix("origin=")?;
            let (earlier, later) = notes.split_once(&format!("\n{SEPARATOR}"))?;
            Some(Evidence {
                finding: Finding::ALL.into_iter().find(|known| known.name() == finding)?,
                at: LeafTime::parse(at)?,
                origin: origin.to_owned(),
                earlier: format!("{earlier}\n"),
                later: later.to_owned(),
            })
        };
        let evidence = read().ok_or(ForkError::Malformed)?;
        if evidence.to_string().as_bytes() == bytes { Ok(evidence) } else { Err(ForkError::Malformed) }
    }

    /// Returns what the first line says was found.
    #[must_use]
    pub const fn finding(&self) -> Finding {
        self.finding
    }

    /// Returns when it was found.
    #[must_use]
    pub const fn at(&self) -> LeafTime {
        self.at
    }

    /// Returns the log it is about.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Recomputes the finding from the notes and the keys of the log.
    ///
    /// # Errors
    ///
    /// [`ForkError`]: a note is not signed by a key of this log, or the notes do not contradict each other as said.
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<Verdict, ForkError> {
        let earlier = open(self.earlier.as_bytes(), keys)?;
        let request = match self.finding {
            Finding::Unproved => AddCheckpoint::parse(self.later.as_bytes()),
            Finding::Shrank | Finding::TwoRoots => AddCheckpoint::new(0, Vec::new(), self.later.as_bytes()),
        };
        let request = request.map_err(|_| ForkError::Malformed)?;
        let later_note = request.note().to_bytes();
        let later = open(&later_note, keys)?;
        if earlier.origin() != self.origin || later.origin() != self.origin {
            return Err(ForkError::OtherLog);
        }
        let later_text = String::from_utf8(later_note).map_err(|_| ForkError::Malformed)?;
        let found = Evidence::of(&self.earlier, &later_text, request.proof(), keys, self.at)?;
        let same = found.is_some_and(|found| found.finding == self.finding)
            && (self.finding != Finding::Unproved || request.old() == earlier.size());
        if same { Ok(Verdict { finding: self.finding, earlier, later }) } else { Err(ForkError::NoContradiction) }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FORMAT} finding={} at={} origin={}", self.finding.name(), self.at, self.origin)?;
        write!(f, "{}{SEPARATOR}{}", self.earlier, self.later)
    }
}

/// Tells whether a file begins as evidence does.
#[must_use]
pub fn is_evidence(bytes: &[u8]) -> bool {
    bytes.starts_with(FORMAT.as_bytes())
}

/// Opens a checkpoint with whichever of the keys bears the name of its log.
fn open(note: &[u8], keys: &[VerifierKey]) -> Result<Checkpoint, ForkError> {
    let claimed = Checkpoint::claimed(note)?;
    let mut last = ForkError::UnknownLog;
    for key in keys.iter().filter(|key| key.name() == claimed.origin()) {
        match Checkpoint::open(note, key) {
            Ok(checkpoint) => return Ok(checkpoint),
            Err(error) => last = error.into(),
        }
    }
    Err(last)
}

/// Why a file of evidence shows nothing.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForkError {
    /// A checkpoint in it is not valid.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// It is not a file of evidence.
    #[error("not a file of evidence as this version writes it")]
    Malformed,
    /// The notes do not contradict each other in the way that is said.
    #[error("the notes do not contradict each other in the way that is said")]
    NoContradiction,
    /// The notes are of different logs.
    #[error("the notes are not both of the log that is named")]
    OtherLog,
    /// None of the keys is of this log.
    #[error("no key of this log is known")]
    UnknownLog,
}

impl ForkError {
    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            ForkError::Checkpoint(error) => error.code(),
            ForkError::Malformed => "fork.malformed",
            ForkError::NoContradiction => "fork.no-contradiction",
            ForkError::OtherLog => "fork.other-log",
            ForkError::UnknownLog => "fork.unknown-log",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Hash;
    use crate::note::SigningKey;

    const LOG: &str = "log.example/agr/agr-12";

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(LOG, &[seed; 32]).unwrap()
    }

    fn signed(size: u64, root: u8) -> String {
        let note = Checkpoint::new(LOG, size, Hash([root; 32])).unwrap().sign(&key(7)).unwrap();
        String::from_utf8(note.to_bytes()).unwrap()
    }

    fn at() -> LeafTime {
        LeafTime::parse("2026-12-02T10:02:11.000Z").unwrap()
    }

    fn found(earlier: &str, later: &str, proof: &[Hash]) -> Option<Evidence> {
        Evidence::of(earlier, later, proof, &[key(7).verifier().clone()], at()).unwrap()
    }

    #[test]
    fn each_contradiction_is_written_read_and_verified() {
        let keys = [key(7).verifier().clone()];
        for (later, proof, finding) in [
            (signed(5, 2), vec![], Finding::TwoRoots),
            (signed(4, 1), vec![], Finding::Shrank),
            (signed(6, 1), vec![Hash([3; 32])], Finding::Unproved),
            (signed(6, 1), vec![], Finding::Unproved),
        ] {
            let evidence = found(&signed(5, 1), &later, &proof).unwrap();
            assert_eq!(evidence.finding(), finding);
            let text = evidence.to_string();
            let first = format!(
                "entente/fork-evidence@1 finding={} at=2026-12-02T10:02:11.000Z origin={LOG}\n",
                finding.name()
            );
            assert!(text.starts_with(&first), "{text}");
            let read = Evidence::parse(text.as_bytes()).unwrap();
            assert_eq!(read, evidence);
            let verdict = read.verify(&keys).unwrap();
            assert_eq!((verdict.finding, verdict.earlier.size()), (finding, 5));
        }
    }

    #[test]
    fn what_does_not_contradict_is_no_evidence() {
        assert_eq!(found(&signed(5, 1), &signed(5, 1), &[]), None);
        let keys = [key(7).verifier().clone()];
        let evidence = found(&signed(5, 1), &signed(5, 2), &[]).unwrap();
        let claimed = evidence.to_string().replacen("two-roots", "shrank", 1);
        assert_eq!(Evidence::parse(claimed.as_bytes()).unwrap().verify(&keys), Err(ForkError::NoContradiction));
    }

    #[test]
    fn abuse_a46_evidence_that_was_made_up_does_not_verify() {
        let evidence = found(&signed(5, 1), &signed(5, 2), &[]).unwrap();
        assert!(matches!(evidence.verify(&[key(8).verifier().clone()]), Err(ForkError::Checkpoint(_))));
        assert_eq!(evidence.verify(&[]), Err(ForkError::UnknownLog));
    }

    #[test]
    fn t_b3_no_byte_of_evidence_can_be_changed() {
        let keys = [key(7).verifier().clone()];
        let text = found(&signed(5, 1), &signed(5, 2), &[]).unwrap().to_string();
        // The instant in the first line is a remark of the finder and signed by nobody.
        let instant = text.find("at=").unwrap()..text.find(" origin=").unwrap();
        for place in (0..text.len()).filter(|place| !instant.contains(place)) {
            for turn in [1_u8, 0x80] {
                let mut bytes = text.clone().into_bytes();
                bytes[place] ^= turn;
                let accepted = Evidence::parse(&bytes).and_then(|evidence| evidence.verify(&keys));
                assert!(accepted.is_err(), "byte {place} turned by {turn}");
            }
        }
    }
}
