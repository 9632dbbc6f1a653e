//! A new key for the signatures of this party (`agreements.md` section 4.9, `rotate-key`).
//!
//! The new key is written first, beside the old one; then a notice under each agreement, signed by both, is stored and put into its log;
//! then the new key takes the place of the old. A run that breaks off is finished by the next one.

use std::fs;

use entente_agreement::{Act, Notice, Verb};
use entente_ledger::note::SigningKey;
use serde::Serialize;

use crate::Exchange;
use crate::error::{ExchangeError, Result};
use crate::node::{new_seed, read_seed};

/// What a rotation did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rotated {
    /// The verifier key that signed so far.
    pub old: String,
    /// The verifier key that signs from now on.
    pub new: String,
    /// Agreements under which the other parties are told.
    pub agreements: Vec<String>,
}

impl Exchange {
    /// Makes a new agreement key, tells the parties of every agreement, and puts it in the place of the old one.
    ///
    /// This value goes on signing with the old key, which nobody accepts any more: open the node again. Parties without an agreement
    /// need the new card by hand.
    ///
    /// # Errors
    /// [`ExchangeError::Home`], [`ExchangeError::KeyFile`], [`ExchangeError::Notice`], [`ExchangeError::Store`].
    pub fn rotate_key(&self) -> Result<Rotated> {
        let keys = self.home_directory().directory().join("keys");
        let (present, next) = (keys.join("agreement.key"), keys.join("agreement.next.key"));
        if !next.exists() {
            new_seed(&next)?;
        }
        let old = self.keys().agreement();
        let new = SigningKey::from_seed(old.name(), &read_seed(&next)?).map_err(|_| ExchangeError::KeyFile {
            path: next.display().to_string(),
            problem: "cannot carry this name",
        })?;
        let (state, now) = (self.state()?, self.now());
        let mut agreements: Vec<String> = Vec::new();
        // The newest version that the old key signs speaks for all versions of its agreement.
        for held in state.versions.iter().rev() {
            let signs = held.agreement.key_of(self.own()).is_some_and(|key| key == *old.verifier());
            let told = agreements.iter().any(|known| known == held.id());
            if told || !signs || !held.agreement.state(now).permits(Act::RotateKey) {
                continue;
            }
            let verb = Verb::RotateKey {
                party: self.own().clone(),
                old: Box::new(old.verifier().clone()),
                new: Box::new(new.verifier().clone()),
                at: now,
            };
            let notice = Notice::new(held.agreement.terms(), verb);
            let signed = notice.sign_by(&[old, &new]).map_err(|e| ExchangeError::Notice(e.to_string()))?;
            self.accept(held, &signed)?;
            agreements.push(held.id().to_owned());
        }
        let failed = |source| ExchangeError::Home { operation: "replace", path: present.display().to_string(), source };
        fs::rename(&next, &present).map_err(failed)?;
        for agreement in &agreements {
            self.announce(agreement);
        }
        Ok(Rotated { old: old.verifier().to_string(), new: new.verifier().to_string(), agreements })
    }
}
