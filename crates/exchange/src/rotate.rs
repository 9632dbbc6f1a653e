//! Replacing the key of a log, and following the replacements of other parties' (`ledger.md` section 8).

use entente_ledger::Hash;
use entente_ledger::leaf::{Leaf, LeafTime};
use entente_ledger::note::{SigningKey, VerifierKey};
use entente_ledger::rotation::{Handover, Rotation, follow};
use entente_store::StoreError;
use entente_store::witness::LogKeyRow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::access::Credential;
use crate::error::{ExchangeError, Result};
use crate::log_key::{LogKey, file_name};
use crate::node::{log_origin, write_secret};
use crate::{Exchange, journal};

/// What a rotation did.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RotatedKey {
    /// Agreement whose log it is.
    pub agreement: String,
    /// Verifier key so far.
    pub old: String,
    /// Verifier key from now on.
    pub new: String,
    /// Index of the leaf that says so.
    pub leaf: u64,
    /// Until when both keys sign, RFC 3339.
    pub both_until: String,
}

impl Exchange {
    /// Gives the log of an agreement another key: the note is signed by old and new key, its hash is a leaf, and for seven days both
    /// sign every checkpoint.
    ///
    /// # Errors
    /// [`ExchangeError::UnknownAgreement`], [`ExchangeError::Home`] when the key file cannot be written, [`ExchangeError::Store`],
    /// and as [`crate::node::Keys::log`].
    pub fn rotate_log_key(&self, agreement: &str) -> Result<RotatedKey> {
        let held = self.held(agreement)?;
        let origin = log_origin(&self.node().host, agreement);
        let old = self.keys().log(&origin)?;
        let now = self.now();
        let rows = self.store().read(|s| s.log_keys(&origin))?;
        let n = rows.last().map_or(1, |row| row.n.saturating_add(1));
        // The file is durable before the leaf that announces its key; a crash between the two leaves a file that nothing names.
        let seed: [u8; 32] = self.random()?;
        let path = self.keys().directory().join(file_name(&origin, n));
        if path.exists() {
            std::fs::remove_file(&path).map_err(|source| ExchangeError::Home {
                operation: "replace",
                path: path.display().to_string(),
                source,
            })?;
        }
        write_secret(&path, &format!("{}\n", STANDARD.encode(seed)))?;
        let new = SigningKey::from_seed(&origin, &seed).map_err(|_| ExchangeError::KeyFile {
            path: path.display().to_string(),
            problem: "cannot carry the name of its log",
        })?;
        let halted = |problem: String| ExchangeError::LedgerHalted { agreement: agreement.to_owned(), problem };
        let at = LeafTime::from_unix_millis(now.as_micros().div_euclid(1_000))
            .ok_or_else(|| halted(format!("time {now} cannot be written into a note")))?;
        let rotation = Rotation {
            agreement: agreement.to_owned(),
            party: self.own().to_string(),
            old: old.verifier().clone(),
            new: new.verifier().clone(),
            at,
        };
        let note = rotation.sign(&old, &new).map_err(|e| halted(e.to_string()))?;
        let text = String::from_utf8(note.to_bytes()).map_err(|e| halted(e.to_string()))?;
        let both = LogKey::both(SigningKey::clone(&old), new.clone(), now.as_micros());
        let leaf = self.store().write(|tx| -> Result<u64> {
            let mut log = journal::log(tx, agreement, &origin)?;
            let leaf = Leaf::Key { note: note.text_hash() };
            let index = journal::append(tx, &mut log, &both, &held.hash(), &leaf, now)?;
            let view = tx.view();
            let proof = journal::prove(&view, &log, index)?;
            let entry = crate::receipts::leaf(&view, &log, i64::try_from(index).unwrap_or(i64::MAX))?;
            let handover = Handover::new(text, index, &entry, proof, log.checkpoint.clone());
            handover.verify(old.verifier()).map_err(|e| halted(e.to_string()))?;
            let handover = serde_json::to_string(&handover).map_err(|e| halted(e.to_string()))?;
            if !tx.put_log_key(&origin, &LogKeyRow { n, since_us: now.as_micros(), handover })? {
                return Err(StoreError::Conflict.into());
            }
            Ok(index)
        })?;
        Ok(RotatedKey {
            agreement: agreement.to_owned(),
            old: old.verifier().to_string(),
            new: new.verifier().to_string(),
            leaf,
            both_until: now.saturating_add_micros(crate::log_key::BOTH_SIGN_US).to_string(),
        })
    }

    /// The keys that have signed one of the node's own logs, oldest first.
    pub(crate) fn log_verifiers(&self, origin: &str) -> Result<Vec<VerifierKey>> {
        let first = self.keys().first_log_key(origin)?;
        self.believed(origin, first.verifier())
    }

    /// The keys to believe for a log, oldest first: the one that was agreed, and those that took its place by a proved handover.
    pub(crate) fn believed(&self, origin: &str, first: &VerifierKey) -> Result<Vec<VerifierKey>> {
        let handovers = self.handovers(origin)?;
        follow(first, &handovers)
            .map_err(|e| StoreError::Damaged(format!("handover of the key of `{origin}`: {e}")).into())
    }

    fn handovers(&self, origin: &str) -> Result<Vec<Handover>> {
        let rows = self.store().read(|s| s.log_keys(origin))?;
        let read = |row: LogKeyRow| {
            serde_json::from_str(&row.handover)
                .map_err(|e| StoreError::Damaged(format!("handover of the key of `{origin}`: {e}")).into())
        };
        rows.into_iter().map(read).collect()
    }

    /// The handovers of the key of this node's log of an agreement, for a party of it; as JSON.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn log_handovers(&self, credential: &Credential, agreement: &str) -> Result<Option<Vec<Handover>>> {
        let state = self.state()?;
        match state.current(agreement, self.now()) {
            Some(held) if credential.staff || held.names(&credential.party) => {
                Ok(Some(self.handovers(&log_origin(&self.node().host, agreement))?))
            }
            _ => Ok(None),
        }
    }

    /// Takes over handovers that another party's log shows, after verifying each from the key believed so far. Returns the keys to
    /// believe, oldest first.
    pub(crate) fn follow_handovers(
        &self,
        origin: &str,
        first: &VerifierKey,
        handovers: &[Handover],
    ) -> Result<Vec<VerifierKey>, String> {
        let known = self.handovers(origin).map_err(|e| e.to_string())?;
        let same = known.iter().zip(handovers).all(|(a, b)| Hash::of(a.note.as_bytes()) == Hash::of(b.note.as_bytes()));
        if !same || handovers.len() < known.len() {
            return Err("the handovers of its key are not those seen before".to_owned());
        }
        let keys = follow(first, handovers).map_err(|e| e.to_string())?;
        let now_us = self.now().as_micros();
        for (n, handover) in (1_i64..).zip(handovers).skip(known.len()) {
            let handover = serde_json::to_string(handover).map_err(|e| e.to_string())?;
            let row = LogKeyRow { n, since_us: now_us, handover };
            self.store().write(|tx| tx.put_log_key(origin, &row)).map_err(|e| e.to_string())?;
        }
        Ok(keys)
    }
}
