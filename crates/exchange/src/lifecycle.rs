//! What time does to an agreement: beginning, replacing, expiring, ending, closing; each becomes a leaf when the node first
//! notices it (`agreements.md` section 14.1).
//!
//! The state itself is always computed from notes and clock. What is stored is only that a leaf was written, in the transaction that
//! wrote it, so that a restart writes no second one.

use entente_agreement::State as Life;
use entente_ledger::leaf::{AgreementState, Leaf};
use entente_store::Tx;

use crate::error::Result;
use crate::node::log_origin;
use crate::state::{Held, State};
use crate::{Exchange, journal};

impl Exchange {
    /// Notices which agreements have begun, were replaced, expired, ended or closed since the last look, and writes their leaves.
    ///
    /// Release and exchange do this first; a node that only serves does it at its own pace.
    ///
    /// # Errors
    /// [`crate::ExchangeError::Store`], [`crate::ExchangeError::LedgerHalted`].
    pub fn tick(&self) -> Result<()> {
        let (state, now) = (self.state()?, self.now());
        for held in state.versions.iter().filter(|held| held.names(self.own())) {
            let life = held.agreement.state(now);
            let Some((word, leaf)) = leaf_of(&state, held, life) else { continue };
            if self.store().read(|s| s.setting(&noticed(held, word)))?.is_some() {
                continue;
            }
            let key = self.keys().log(&log_origin(&self.node().host, held.id()))?;
            self.store().write(|tx| -> Result<()> {
                // Another process may have noticed it meanwhile.
                if first(tx, held, word)? {
                    let mut log = journal::log(tx, held.id(), key.name())?;
                    journal::append(tx, &mut log, &key, &held.hash(), &leaf, now)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// The leaf that tells of a state which time brings about, and the word it is remembered by.
fn leaf_of(state: &State, held: &Held, life: Life) -> Option<(&'static str, Leaf)> {
    let entered = match life {
        Life::InForce => AgreementState::InForce,
        Life::Expired => {
            // A version that was replaced does not expire; the later one rules.
            let version = held.agreement.terms().version;
            if state.versions.iter().any(|other| other.id() == held.id() && other.agreement.terms().version > version) {
                return None;
            }
            AgreementState::Expired
        }
        Life::Terminated => AgreementState::Terminated,
        Life::Closed => AgreementState::Closed,
        _ => return None,
    };
    let text = held.hash();
    let leaf = match (entered, held.agreement.terms().supersedes) {
        (AgreementState::InForce, Some(before)) => Leaf::Amend { text, supersedes: entente_ledger::Hash(before) },
        _ => Leaf::Agreement { state: entered, text, compare: None, simulate: None },
    };
    Some((entered.name(), leaf))
}

fn noticed(held: &Held, word: &str) -> String {
    format!("life:{}:{word}", held.no)
}

/// Remembers that the leaf of a state is written; `false` when it was before.
fn first(tx: &Tx<'_>, held: &Held, word: &str) -> Result<bool> {
    let name = noticed(held, word);
    if tx.view().setting(&name)?.is_some() {
        return Ok(false);
    }
    tx.put_setting(&name, &[])?;
    Ok(true)
}
