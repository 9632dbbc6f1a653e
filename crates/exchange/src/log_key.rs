//! The key a log is signed with: the node's ledger key under the name of the log, or the one that took its place.

use std::ops::Deref;
use std::path::Path;

use entente_ledger::checkpoint::Checkpoint;
use entente_ledger::note::{Note, SigningKey};
use entente_stix::Timestamp;

use crate::error::{ExchangeError, Result};
use crate::node::read_seed;

/// How long both keys sign after a rotation (`ledger.md` section 8).
pub(crate) const BOTH_SIGN_US: i64 = 7 * 86_400_000_000;

/// How often a log's key was replaced, and since when the present one signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rotated {
    pub(crate) times: i64,
    pub(crate) since_us: i64,
}

/// Says whether a log may be signed now, and with which key; the second argument, whether other nodes may be asked about it. Asked
/// before each signature.
pub(crate) type Guard = Box<dyn Fn(&str, bool) -> Result<Rotated> + Send + Sync>;

/// The key of one log, with the one before it while both sign.
#[derive(Clone, Debug)]
pub struct LogKey {
    current: SigningKey,
    previous: Option<SigningKey>,
    since_us: i64,
}

impl LogKey {
    /// A key that was never replaced.
    pub(crate) const fn only(current: SigningKey) -> Self {
        Self { current, previous: None, since_us: 0 }
    }

    /// The key at the last rotation and the one before it, both at work.
    pub(crate) const fn both(previous: SigningKey, current: SigningKey, since_us: i64) -> Self {
        Self { current, previous: Some(previous), since_us }
    }

    /// Loads the key of a log after its rotations; the first one is `first`.
    pub(crate) fn load(directory: &Path, first: SigningKey, rotated: Rotated) -> Result<Self> {
        if rotated.times == 0 {
            return Ok(Self::only(first));
        }
        let of = |n: i64| {
            if n == 0 {
                return Ok(first.clone());
            }
            let path = directory.join(file_name(first.name(), n));
            let seed = read_seed(&path)?;
            SigningKey::from_seed(first.name(), &seed).map_err(|_| ExchangeError::KeyFile {
                path: path.display().to_string(),
                problem: "cannot carry the name of its log",
            })
        };
        Ok(Self::both(of(rotated.times - 1)?, of(rotated.times)?, rotated.since_us))
    }

    /// The key before this one, if it still signs at `now`.
    pub(crate) fn previous(&self, now: Timestamp) -> Option<&SigningKey> {
        self.previous.as_ref().filter(|_| now.as_micros() < self.since_us.saturating_add(BOTH_SIGN_US))
    }

    /// Signs a checkpoint with every key that signs at `now`, the present one first.
    pub(crate) fn sign(&self, checkpoint: &Checkpoint, now: Timestamp) -> Result<Note, String> {
        let mut note = checkpoint.sign(&self.current).map_err(|e| e.to_string())?;
        if let Some(previous) = self.previous(now) {
            note.add(previous.sign(&checkpoint.to_text())).map_err(|e| e.to_string())?;
        }
        Ok(note)
    }
}

impl Deref for LogKey {
    type Target = SigningKey;

    fn deref(&self) -> &SigningKey {
        &self.current
    }
}

/// Name of the file that holds the `n`th replacement of a log's key, below the directory of keys.
pub(crate) fn file_name(origin: &str, n: i64) -> String {
    let hash = entente_ledger::Hash::of(origin.as_bytes()).hex();
    format!("log-{}-{n}.key", hash.get(..16).unwrap_or_default())
}
