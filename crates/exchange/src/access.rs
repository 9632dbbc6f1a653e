//! Tokens, one-time console links, sessions, and the node's small secrets.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entente_agreement::PartyId;
use entente_ledger::Hash;
use entente_store::Store;
use entente_store::parties::CredentialRow;
use serde::Serialize;

use crate::error::{ExchangeError, Result};
use crate::ports::{self, Random};
use crate::{Exchange, Viewer};

/// A verified token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Token id.
    pub id: String,
    /// The party it speaks for.
    pub party: PartyId,
    /// True when that is the node's own.
    pub staff: bool,
}

impl Credential {
    /// What the bearer may look at.
    #[must_use]
    pub fn viewer(&self) -> Viewer {
        if self.staff { Viewer::Staff } else { Viewer::Party(self.party.clone()) }
    }
}

/// A token as issued: the only moment its secret is known to the node.
#[derive(Clone, Debug, Serialize)]
pub struct IssuedToken {
    /// Token id, the user name of HTTP Basic.
    pub id: String,
    /// The secret, 256 random bits.
    pub secret: String,
    /// The party it speaks for.
    pub party: String,
}

/// A token in a list.
#[derive(Clone, Debug, Serialize)]
pub struct TokenLine {
    /// Token id.
    pub id: String,
    /// The party it speaks for.
    pub party: String,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// Random secrets of the node, created once.
#[derive(Debug)]
pub(crate) struct Secrets {
    /// Seals page cursors.
    pub(crate) cursor: [u8; 32],
    /// Derives CSRF tokens and decision nonces.
    pub(crate) node: [u8; 32],
}

impl Secrets {
    pub(crate) fn load(store: &Store, random: &Random) -> Result<Self> {
        Ok(Self { cursor: setting(store, random, "secret:cursor")?, node: setting(store, random, "secret:node")? })
    }
}

/// A 32-byte secret kept in the store, created at first use.
pub(crate) fn setting(store: &Store, random: &Random, name: &str) -> Result<[u8; 32]> {
    let stored = |bytes: Vec<u8>| {
        <[u8; 32]>::try_from(bytes).map_err(|_| {
            ExchangeError::Store(entente_store::StoreError::Damaged(format!("secret `{name}` has a wrong length")))
        })
    };
    if let Some(bytes) = store.read(|s| s.setting(name))? {
        return stored(bytes);
    }
    let fresh: [u8; 32] = ports::random(random)?;
    let kept = store.write(|tx| -> Result<Vec<u8>> {
        // Another process may have been first.
        match tx.view().setting(name)? {
            Some(bytes) => Ok(bytes),
            None => {
                tx.put_setting(name, &fresh)?;
                Ok(fresh.to_vec())
            }
        }
    })?;
    stored(kept)
}

/// Tokens verified recently, so that a poll costs no look-up; dropped as a whole when the store's change counter moves.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<(i64, HashMap<[u8; 32], Credential>)>);

// LIMIT: one entry per token in use; the cache is emptied when it grows past this.
const CACHE_ENTRIES_MAX: usize = 1_024;
const SESSION_HOURS: i64 = 12;
const ENTER_MINUTES: i64 = 15;
const ENTER_KEY: &str = "enter:";

impl Exchange {
    /// Issues a token for a party (`own` for the node's own staff).
    ///
    /// # Errors
    /// [`ExchangeError::UnknownParty`], [`ExchangeError::Random`], [`ExchangeError::Store`].
    pub fn issue_token(&self, party: &str) -> Result<IssuedToken> {
        let state = self.state()?;
        let wanted = if party == "own" { self.own().as_str() } else { party };
        let party = state.party(wanted).ok_or_else(|| ExchangeError::UnknownParty(party.to_owned()))?;
        let suffix = URL_SAFE_NO_PAD.encode(self.random::<6>()?);
        let token = IssuedToken {
            id: format!("{}.{suffix}", party.id),
            secret: URL_SAFE_NO_PAD.encode(self.random::<32>()?),
            party: party.id.to_string(),
        };
        let row = CredentialRow {
            id: token.id.clone(),
            secret: Hash::of(token.secret.as_bytes()).0.to_vec(),
            party: party.no,
            expires_us: None,
            revoked_us: None,
        };
        self.store().write(|tx| tx.put_credential(&row, self.now().as_micros()))?;
        Ok(token)
    }

    /// Revokes a token; `false` when there is none of that id.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn revoke_token(&self, id: &str) -> Result<bool> {
        Ok(self.store().write(|tx| tx.revoke_credential(id, self.now().as_micros()))?)
    }

    /// All tokens.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn tokens(&self) -> Result<Vec<TokenLine>> {
        let state = self.state()?;
        let rows = self.store().read(|s| s.credentials())?;
        Ok(rows
            .into_iter()
            .map(|row| TokenLine { id: row.id, party: state.party_word(row.party), revoked: row.revoked_us.is_some() })
            .collect())
    }

    /// Verifies a token id and secret. `None` is the one answer for unknown, wrong, expired and revoked.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn authenticate(&self, id: &str, secret: &str) -> Result<Option<Credential>> {
        let state = self.state()?;
        let digest = Hash::of(secret.as_bytes());
        let key = Hash::of_parts(&[id.as_bytes(), b"\n", &digest.0]).0;
        {
            let mut cache = self.0.access.0.lock().unwrap_or_else(PoisonError::into_inner);
            if cache.0 != state.epoch || cache.1.len() > CACHE_ENTRIES_MAX {
                *cache = (state.epoch, HashMap::new());
            }
            if let Some(found) = cache.1.get(&key) {
                return Ok(Some(found.clone()));
            }
        }
        let Some(row) = self.store().read(|s| s.credential(id))? else { return Ok(None) };
        // Secrets are 256 random bits, so comparing their digests reveals nothing a guess could use.
        let ended = row.expires_us.is_some_and(|end| end <= self.now().as_micros()) || row.revoked_us.is_some();
        if ended || row.secret != digest.0 {
            return Ok(None);
        }
        let Some(party) = state.party_no(row.party) else { return Ok(None) };
        let credential = Credential { id: row.id, party: party.id.clone(), staff: party.no == 0 };
        if row.expires_us.is_none() {
            let mut cache = self.0.access.0.lock().unwrap_or_else(PoisonError::into_inner);
            if cache.0 == state.epoch {
                cache.1.insert(key, credential.clone());
            }
        }
        Ok(Some(credential))
    }

    /// Makes a one-time key for the console; valid for 15 minutes or until it is used once.
    ///
    /// # Errors
    /// [`ExchangeError::Random`], [`ExchangeError::Store`].
    pub fn issue_enter_key(&self) -> Result<String> {
        let key = URL_SAFE_NO_PAD.encode(self.random::<32>()?);
        let name = format!("{ENTER_KEY}{}", Hash::of(key.as_bytes()).hex());
        let end = self.now().saturating_add_micros(ENTER_MINUTES * 60_000_000).as_micros();
        self.store().write(|tx| tx.put_setting(&name, &end.to_be_bytes()))?;
        Ok(key)
    }

    /// Exchanges a one-time key for a staff session; `None` when the key is unknown, used or over.
    ///
    /// # Errors
    /// [`ExchangeError::Random`], [`ExchangeError::Store`].
    pub fn enter(&self, key: &str) -> Result<Option<String>> {
        let name = format!("{ENTER_KEY}{}", Hash::of(key.as_bytes()).hex());
        let session = URL_SAFE_NO_PAD.encode(self.random::<32>()?);
        self.store().write(|tx| -> Result<Option<String>> {
            let end = tx.view().setting(&name)?.and_then(|end| Some(i64::from_be_bytes(end.try_into().ok()?)));
            let now = self.now().as_micros();
            // A key that is over is taken away as well.
            if !tx.take_setting(&name)? || end.is_none_or(|end| end <= now) {
                return Ok(None);
            }
            tx.put_session(&Hash::of(session.as_bytes()).0, 0, self.session_end(), now)?;
            Ok(Some(session))
        })
    }

    /// Opens a console session for the bearer of a token: staff, or a guest of another party.
    ///
    /// # Errors
    /// [`ExchangeError::Random`], [`ExchangeError::Store`].
    pub fn login(&self, credential: &Credential) -> Result<String> {
        let state = self.state()?;
        let party = state
            .party(credential.party.as_str())
            .ok_or_else(|| ExchangeError::UnknownParty(credential.party.to_string()))?;
        let session = URL_SAFE_NO_PAD.encode(self.random::<32>()?);
        let digest = Hash::of(session.as_bytes());
        self.store().write(|tx| tx.put_session(&digest.0, party.no, self.session_end(), self.now().as_micros()))?;
        Ok(session)
    }

    /// Who a session belongs to; `None` when it is unknown or over.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn session(&self, session: &str) -> Result<Option<Viewer>> {
        let digest = Hash::of(session.as_bytes());
        let now = self.now().as_micros();
        let Some(party) = self.store().read(|s| s.session(&digest.0, now))? else { return Ok(None) };
        let state = self.state()?;
        Ok(match party {
            0 => Some(Viewer::Staff),
            other => state.party_no(other).map(|party| Viewer::Party(party.id.clone())),
        })
    }

    /// The token that forms of this session must carry.
    #[must_use]
    pub fn csrf(&self, session: &str) -> String {
        Hash::of_parts(&[b"entente csrf/1\n", &self.secrets().node, session.as_bytes()]).hex()
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn leave(&self, session: &str) -> Result<()> {
        let digest = Hash::of(session.as_bytes());
        Ok(self.store().write(|tx| tx.drop_session(&digest.0))?)
    }

    fn session_end(&self) -> i64 {
        self.now().saturating_add_micros(SESSION_HOURS * 3_600_000_000).as_micros()
    }
}
