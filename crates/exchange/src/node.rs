//! The node's identity: its home directory, its keys, its card and those of other parties.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entente_ledger::cosignature::CosigningKey;
use entente_ledger::note::{Algorithm, SigningKey, VerifierKey};
use serde::{Deserialize, Serialize};

use crate::error::{ExchangeError, Result};
use crate::log_key::{Guard, LogKey};

/// Which kind of node this is; shown on every page, export and report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Band {
    /// Synthetic or demonstration data; documentation addresses are admitted.
    Demo,
    /// A test installation.
    Test,
    /// Real data.
    #[default]
    Production,
}

impl Band {
    /// Returns the word used in configuration and pages.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Test => "test",
            Self::Production => "production",
        }
    }
}

/// Who runs the node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Party id, `[a-z0-9-]{2,64}`.
    pub party: String,
    /// Name of the organisation.
    pub name: String,
    /// Role word of an agreement: `private`, `police`, `cert`, `regulator`, `isac`, `other`.
    pub role: String,
    /// ISO 3166-1 alpha-2 code, or `INT`.
    pub country: String,
    /// Host name by which agreements and checkpoints call the node.
    pub host: String,
    /// Base address other nodes call, for example `https://exchange.northtel.example`.
    pub url: String,
    /// Kind of node.
    #[serde(default)]
    pub band: Band,
}

/// The public identity of a party, exchanged by hand before an agreement is drafted. A TOML file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Always `entente/card@1`.
    pub format: String,
    /// Party id.
    pub id: String,
    /// Name of the organisation.
    pub name: String,
    /// Role word.
    pub role: String,
    /// Country code.
    pub country: String,
    /// Host name of its node.
    pub node: String,
    /// Base address of its node.
    pub url: String,
    /// Verifier key of its agreement signatures.
    pub vkey: String,
    /// Verifier key of its ledger, named after the host; each agreement's log uses the same key under the name of its origin.
    pub ledger_vkey: String,
    /// Verifier key of its witness, used for nothing but cosignatures; cards of older versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness_vkey: Option<String>,
}

/// Format word of a card.
pub const CARD_FORMAT: &str = "entente/card@1";

impl Card {
    /// Reads a card from its TOML text and checks its keys.
    ///
    /// # Errors
    /// [`ExchangeError::Card`] with what is wrong.
    pub fn parse(text: &str) -> Result<Self> {
        let card: Self = toml::from_str(text).map_err(|e| ExchangeError::Card(e.message().to_owned()))?;
        if card.format != CARD_FORMAT {
            return Err(ExchangeError::Card(format!("format is `{}`, expected `{CARD_FORMAT}`", card.format)));
        }
        if entente_agreement::PartyId::parse(&card.id).is_none() {
            return Err(ExchangeError::Card(format!("`{}` is not a party id", card.id)));
        }
        for key in [&card.vkey, &card.ledger_vkey] {
            VerifierKey::parse(key).map_err(|e| ExchangeError::Card(format!("key `{key}`: {e}")))?;
        }
        if let Some(key) = &card.witness_vkey {
            let parsed = VerifierKey::parse(key).map_err(|e| ExchangeError::Card(format!("key `{key}`: {e}")))?;
            if parsed.algorithm() != Algorithm::CosignatureEd25519 {
                return Err(ExchangeError::Card(format!("key `{key}` is not the key of a witness")));
            }
        }
        Ok(card)
    }

    /// Writes the card as TOML.
    ///
    /// # Errors
    /// [`ExchangeError::Card`] when a field cannot be written, which no parsed card does.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(|e| ExchangeError::Card(e.to_string()))
    }

    /// The verifier key of the party's log of one agreement.
    ///
    /// # Errors
    /// [`ExchangeError::Card`] when the ledger key does not parse.
    pub fn log_vkey(&self, agreement: &str) -> Result<String> {
        Ok(self.key_of_log(&log_origin(&self.node, agreement))?.to_string())
    }

    /// The ledger key under the name of one of the party's logs.
    pub(crate) fn key_of_log(&self, origin: &str) -> Result<VerifierKey> {
        let key = VerifierKey::parse(&self.ledger_vkey).map_err(|e| ExchangeError::Card(e.to_string()))?;
        VerifierKey::new(origin, key.algorithm(), key.public_key()).map_err(|e| ExchangeError::Card(e.to_string()))
    }
}

/// Origin of a node's log of one agreement (`ledger.md` section 2): `<node>/agr/<agreement>`.
#[must_use]
pub fn log_origin(host: &str, agreement: &str) -> String {
    format!("{host}/agr/{agreement}")
}

/// Origin of a node's anchor log.
#[must_use]
pub fn anchor_origin(host: &str) -> String {
    format!("{host}/anchor")
}

/// Origin of a node's decision log.
#[must_use]
pub fn decisions_origin(host: &str) -> String {
    format!("{host}/decisions")
}

/// The node's secret keys.
pub struct Keys {
    agreement: SigningKey,
    ledger_seed: [u8; 32],
    ledger: SigningKey,
    witness: CosigningKey,
    directory: PathBuf,
    /// Set once the node is open; before that every log signs with its first key.
    guard: OnceLock<Guard>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}

impl Keys {
    /// Signs agreements and notices.
    #[must_use]
    pub const fn agreement(&self) -> &SigningKey {
        &self.agreement
    }

    /// Verifier of the ledger key, named after the host.
    #[must_use]
    pub const fn ledger(&self) -> &VerifierKey {
        self.ledger.verifier()
    }

    /// Cosigns the checkpoints of other logs.
    #[must_use]
    pub const fn witness(&self) -> &CosigningKey {
        &self.witness
    }

    /// The key that signs one log now. To be asked for before the transaction that signs: the first time it may ask other nodes
    /// whether they hold more of this log than the store does.
    ///
    /// # Errors
    /// [`ExchangeError::KeyFile`] when the origin is not a valid key name, [`ExchangeError::Rollback`] and
    /// [`ExchangeError::Unconfirmed`] when the log must not sign.
    pub fn log(&self, origin: &str) -> Result<LogKey> {
        self.key(origin, true)
    }

    /// The key that signs one log now, within a transaction: nobody is asked, since the answer could not be kept and the other node
    /// may be waiting for this one. What the transaction is about asks before, with [`Keys::log`].
    ///
    /// # Errors
    /// As [`Keys::log`]; [`ExchangeError::Unconfirmed`] also when nobody has been asked before.
    pub(crate) fn log_within(&self, origin: &str) -> Result<LogKey> {
        self.key(origin, false)
    }

    fn key(&self, origin: &str, may_ask: bool) -> Result<LogKey> {
        let rotated = self.guard.get().map(|guard| guard(origin, may_ask)).transpose()?.unwrap_or_default();
        LogKey::load(&self.directory, self.first_log_key(origin)?, rotated)
    }

    /// The key a log had before any rotation.
    pub(crate) fn first_log_key(&self, origin: &str) -> Result<SigningKey> {
        SigningKey::from_seed(origin, &self.ledger_seed).map_err(|_| ExchangeError::KeyFile {
            path: origin.to_owned(),
            problem: "cannot be named after this origin",
        })
    }

    /// The directory of the key files.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// From now on `guard` is asked before each signature of a log.
    pub(crate) fn guard_with(&self, guard: Guard) {
        let _first = self.guard.set(guard);
    }
}

/// A node's home directory: `entente.toml`, `keys/`, `entente.db`.
#[derive(Clone, Debug)]
pub struct Home {
    directory: PathBuf,
}

impl Home {
    /// Names a home directory; nothing is read or written.
    #[must_use]
    pub fn at(directory: &Path) -> Self {
        Self { directory: directory.to_path_buf() }
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The database file.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.directory.join("entente.db")
    }

    /// Creates the directory and, where they are missing, the three keys and an empty database (files of mode 0600: the database holds
    /// the secrets behind pseudonyms and what partners gave).
    ///
    /// # Errors
    /// [`ExchangeError::Home`], [`ExchangeError::Random`].
    pub fn create(&self) -> Result<()> {
        let keys = self.directory.join("keys");
        fs::create_dir_all(&keys).map_err(|source| home("create", &keys, source))?;
        for name in ["agreement.key", "ledger.key", "witness.key"] {
            let path = keys.join(name);
            if !path.exists() {
                new_seed(&path)?;
            }
        }
        let database = self.database();
        if !database.exists() {
            write_secret(&database, "")?;
        }
        Ok(())
    }

    /// Loads the keys for the node called `host`.
    ///
    /// # Errors
    /// [`ExchangeError::KeyFile`] when a file may be read by others (A47) or holds no key, [`ExchangeError::Home`].
    pub fn keys(&self, host: &str) -> Result<Keys> {
        let agreement_seed = read_seed(&self.directory.join("keys").join("agreement.key"))?;
        let ledger_seed = read_seed(&self.directory.join("keys").join("ledger.key"))?;
        let witness_seed = read_seed(&self.directory.join("keys").join("witness.key"))?;
        let named = |name: &str, seed: &[u8; 32]| {
            SigningKey::from_seed(name, seed)
                .map_err(|_| ExchangeError::KeyFile { path: name.to_owned(), problem: "cannot carry this name" })
        };
        Ok(Keys {
            agreement: named(&format!("{host}/agreements"), &agreement_seed)?,
            ledger: named(host, &ledger_seed)?,
            ledger_seed,
            witness: CosigningKey::from_seed(&format!("{host}/witness"), &witness_seed)
                .map_err(|_| ExchangeError::KeyFile { path: host.to_owned(), problem: "cannot carry this name" })?,
            directory: self.directory.join("keys"),
            guard: OnceLock::new(),
        })
    }
}

/// Writes a secret to a new file that only its owner may read.
///
/// # Errors
/// [`ExchangeError::Home`], also when the file exists.
pub fn write_secret(path: &Path, text: &str) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path).map_err(|source| home("create", path, source))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|source| home("write", path, source))
}

/// Reads a secret from a file that only its owner may read; white space at the end is dropped.
///
/// # Errors
/// [`ExchangeError::KeyFile`] when others may read it (A47), [`ExchangeError::Home`].
pub fn read_secret(path: &Path) -> Result<String> {
    let metadata = fs::metadata(path).map_err(|source| home("read", path, source))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(ExchangeError::KeyFile {
                path: path.display().to_string(),
                problem: "may be read by others; set its mode to 0600",
            });
        }
    }
    if !metadata.is_file() {
        return Err(home("read", path, ErrorKind::InvalidInput.into()));
    }
    let text = fs::read_to_string(path).map_err(|source| home("read", path, source))?;
    Ok(text.trim_end().to_owned())
}

/// Writes a fresh key to a new file.
pub(crate) fn new_seed(path: &Path) -> Result<()> {
    let mut seed = [0_u8; 32];
    getrandom::fill(&mut seed).map_err(|_| ExchangeError::Random)?;
    write_secret(path, &format!("{}\n", STANDARD.encode(seed)))
}

pub(crate) fn read_seed(path: &Path) -> Result<[u8; 32]> {
    let text = read_secret(path)?;
    let bytes = STANDARD.decode(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    bytes.ok_or_else(|| ExchangeError::KeyFile {
        path: path.display().to_string(),
        problem: "does not hold a 32-byte key",
    })
}

fn home(operation: &'static str, path: &Path, source: std::io::Error) -> ExchangeError {
    ExchangeError::Home { operation, path: path.display().to_string(), source }
}
