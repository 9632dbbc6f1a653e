//! Checkpoints: the signed head of a log (c2sp.org/tlog-checkpoint).

use thiserror::Error;

use crate::Hash;
use crate::hash::parse_decimal;
use crate::note::{Note, NoteError, SigningKey, VerifierKey};

/// The head of a log: who, how many leaves, which root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
}

impl Checkpoint {
    /// Creates the head of the log `origin`.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Malformed`] if the origin is empty or holds a control character.
    pub fn new(origin: &str, size: u64, root: Hash) -> Result<Checkpoint, CheckpointError> {
        if origin.is_empty() || origin.contains(char::is_control) {
            return Err(CheckpointError::Malformed { line: 1 });
        }
        Ok(Checkpoint { origin: origin.to_owned(), size, root })
    }

    /// Returns the unique name of the log, equal to the name of its key.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns the number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Returns the root over these leaves.
    #[must_use]
    pub const fn root(&self) -> Hash {
        self.root
    }

    /// Writes the three lines that are signed.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root)
    }

    /// Reads the text of a checkpoint note; extension lines are allowed and ignored.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Malformed`] with the line. An empty extension line is malformed.
    pub fn parse_text(text: &str) -> Result<Checkpoint, CheckpointError> {
        let mut lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
        let malformed = |line| CheckpointError::Malformed { line };
        let origin = lines.next().ok_or(malformed(1))?;
        let size = lines.next().and_then(parse_decimal).ok_or(malformed(2))?;
        let root = lines.next().and_then(Hash::parse_base64).ok_or(malformed(3))?;
        if !text.ends_with('\n') || lines.any(str::is_empty) {
            return Err(malformed(4));
        }
        Checkpoint::new(origin, size, root)
    }

    /// Signs the checkpoint with the key of its log.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Origin`] if the key has another name than the log.
    pub fn sign(&self, key: &SigningKey) -> Result<Note, CheckpointError> {
        if key.name() != self.origin {
            return Err(CheckpointError::Origin { found: self.origin.clone(), expected: key.name().to_owned() });
        }
        let text = self.to_text();
        let line = key.sign(&text);
        let mut note = Note::new(text)?;
        note.add(line)?;
        Ok(note)
    }

    /// Reads a checkpoint note and verifies nothing: what it claims is not yet to be believed.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`] if note or text is malformed.
    pub fn claimed(note: &[u8]) -> Result<Checkpoint, CheckpointError> {
        Checkpoint::parse_text(Note::parse(note)?.text())
    }

    /// Reads a checkpoint note and verifies the signature of its log.
    ///
    /// Cosignatures are not looked at; [`crate::policy::Policy::verify_checkpoint`] does that.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`]; in particular the origin must be the name of the key.
    pub fn open(note: &[u8], key: &VerifierKey) -> Result<Checkpoint, CheckpointError> {
        let note = Note::parse(note)?;
        note.verify(std::slice::from_ref(key))?;
        let checkpoint = Checkpoint::parse_text(note.text())?;
        if checkpoint.origin != key.name() {
            return Err(CheckpointError::Origin { found: checkpoint.origin, expected: key.name().to_owned() });
        }
        Ok(checkpoint)
    }
}

/// Why a checkpoint was refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckpointError {
    /// A line of the text is not as specified.
    #[error("line {line} of the checkpoint is malformed")]
    Malformed {
        /// The line, from 1.
        line: usize,
    },
    /// The note around it is malformed or its signature does not verify.
    #[error("the checkpoint note is not valid: {0}")]
    Note(#[from] NoteError),
    /// It is the checkpoint of another log.
    #[error("the origin is `{found}`, not `{expected}`")]
    Origin {
        /// The origin in the checkpoint.
        found: String,
        /// The name of the key.
        expected: String,
    },
}

impl CheckpointError {
    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            CheckpointError::Malformed { .. } => "checkpoint.malformed",
            CheckpointError::Note(error) => error.code(),
            CheckpointError::Origin { .. } => "checkpoint.origin",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> SigningKey {
        SigningKey::from_seed(name, &[7; 32]).unwrap()
    }

    #[test]
    fn the_text_is_three_lines() {
        let checkpoint = Checkpoint::new("log.example/a", 0, crate::merkle::empty_root()).unwrap();
        assert_eq!(checkpoint.to_text(), "log.example/a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
        assert_eq!(Checkpoint::parse_text(&checkpoint.to_text()), Ok(checkpoint));
    }

    #[test]
    fn other_spellings_of_the_lines_are_refused() {
        let root = crate::merkle::empty_root();
        for (text, line) in [
            (String::new(), 2),
            (format!("\n0\n{root}\n"), 1),
            (format!("a\n00\n{root}\n"), 2),
            (format!("a\n-1\n{root}\n"), 2),
            (format!("a\n1 \n{root}\n"), 2),
            ("a\n1\n47DEQpj8HBSa\n".to_owned(), 3),
            (format!("a\n1\n{root}"), 4),
            (format!("a\n1\n{root}\n\n"), 4),
            (format!("a\n1\n{root}\n\next\n"), 4),
        ] {
            assert_eq!(Checkpoint::parse_text(&text), Err(CheckpointError::Malformed { line }), "{text:?}");
        }
        assert!(Checkpoint::parse_text(&format!("a\n1\n{root}\nextension\n")).is_ok());
    }

    #[test]
    fn a_checkpoint_opens_only_with_the_key_of_its_log() {
        let checkpoint = Checkpoint::new("log.example/a", 3, Hash([9; 32])).unwrap();
        let signed = checkpoint.sign(&key("log.example/a")).unwrap().to_bytes();
        assert_eq!(Checkpoint::open(&signed, key("log.example/a").verifier()), Ok(checkpoint.clone()));
        assert_eq!(
            Checkpoint::open(&signed, key("log.example/b").verifier()),
            Err(CheckpointError::Note(NoteError::UnknownSignerOnly))
        );
        assert_eq!(checkpoint.sign(&key("log.example/b")).unwrap_err().code(), "checkpoint.origin");
        // A log key signing the checkpoint of another log does not make it that log's.
        let mut foreign = Note::new(checkpoint.to_text()).unwrap();
        foreign.add(key("log.example/b").sign(foreign.text())).unwrap();
        let opened = Checkpoint::open(&foreign.to_bytes(), key("log.example/b").verifier());
        assert_eq!(opened.unwrap_err().code(), "checkpoint.origin");
    }
}
