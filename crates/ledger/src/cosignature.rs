//! Cosignatures: a witness's signed statement about a checkpoint (c2sp.org/tlog-cosignature).
//!
//! It means: at this time the largest consistent tree I have seen for this origin has this root.

use crate::hash::UnixSeconds;
use crate::note::{Algorithm, NoteError, SignatureLine, SigningKey, VerifierKey};

/// The key of one witness (type 0x04), used for nothing but cosignatures.
#[derive(Clone, Debug)]
pub struct CosigningKey(SigningKey);

impl CosigningKey {
    /// Creates the witness key of this name from its 32-byte seed.
    ///
    /// # Errors
    ///
    /// [`NoteError::KeyName`].
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<CosigningKey, NoteError> {
        SigningKey::of_algorithm(name, seed, Algorithm::CosignatureEd25519).map(CosigningKey)
    }

    /// Returns the public half.
    #[must_use]
    pub const fn verifier(&self) -> &VerifierKey {
        self.0.verifier()
    }

    /// Cosigns the text of a checkpoint note at `time`.
    #[must_use]
    pub fn cosign(&self, checkpoint_text: &str, time: UnixSeconds) -> SignatureLine {
        let signature = self.0.sign_bytes(message(time, checkpoint_text).as_bytes());
        self.0.line([&time.0.to_be_bytes()[..], &signature].concat())
    }
}

/// Builds the message a cosignature is over: a header, the time, and the whole text of the checkpoint.
#[must_use]
pub fn message(time: UnixSeconds, checkpoint_text: &str) -> String {
    format!("cosignature/v1\ntime {}\n{checkpoint_text}", time.0)
}

/// Returns the time a cosignature line claims; `None` if the line has not the length of one. Nothing is verified.
#[must_use]
pub fn time(line: &SignatureLine) -> Option<UnixSeconds> {
    split(line.signature()).map(|(time, _)| time)
}

/// Splits the 72 bytes of a cosignature into time and Ed25519 signature.
pub(crate) fn split(blob: &[u8]) -> Option<(UnixSeconds, &[u8])> {
    let (time, signature) = blob.split_first_chunk::<8>()?;
    (signature.len() == 64).then(|| (UnixSeconds(u64::from_be_bytes(*time)), signature))
}
