//! Observable values: one value, one form, one key.
//!
//! Everything that compares values (de-duplication, warninglists, matching, look-up, look-alikes) uses the canonical
//! form made here, so that two spellings of one value cannot evade one another. The crate owns no socket, file, clock
//! or random source: it takes text and returns values.
//!
//! - [`normalise`] undoes defanging, canonicalises a value of a declared or detected [`Kind`], and says by [`Flag`]s
//!   what it changed. It is total (every text has an answer) and idempotent (a canonical value is its own form).
//! - [`endpoint`] does the same for `address:port` and `name:port`.
//! - [`refang`] and [`defang`] convert between the written and the harmless spelling.
//! - [`warninglist::check`] knows the values that must never be treated as indicators.
//! - [`constituency::Constituency`] tells whether a value lies within the networks, names and countries of a body.
//! - [`country::of_address`] names the country in whose registry an address is delegated.
//!
//! ```
//! use entente_observable::{Kind, normalise};
//!
//! let found = normalise("hxxps[:]//login[.]bank[.]example/a/../kit", None)?;
//! assert_eq!(found.observable.kind, Kind::Url);
//! assert_eq!(found.observable.value, "https://login.bank.example/kit");
//! # Ok::<(), entente_observable::ObservableError>(())
//! ```
//!
//! # What is not here
//!
//! Kinds without a clause name of their own (CVE, MAC address, wallet, file name, registry key, mutex, user agent) have
//! no canonical form yet and are refused as `kind.undetected`; import hashes cannot be told from MD5 and are refused
//! the same way by the readers.

mod address;
mod defang;
mod error;
mod hash;
mod kind;
mod mail;
mod name;
mod normalise;
mod number;
mod refang;
mod stix;
mod url;

pub mod constituency;
pub mod country;
pub mod warninglist;

pub use defang::defang;
pub use error::ObservableError;
pub use kind::{Flag, Kind, Normalised, Observable};
pub use name::{public_suffix, registrable_domain};
pub use normalise::{VALUE_SIZE_BYTES_MAX, endpoint, normalise};
pub use refang::refang;
