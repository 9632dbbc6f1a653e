//! STIX 2.1 objects, read once and kept byte for byte.
//!
//! An [`Object`] is the text of one JSON object as it arrived, together with a *head*: the few members that storage, agreements
//! and delivery ask for again and again (type, id, times, creator, markings, references). The bytes are never written anew:
//! [`Object::raw`] returns what was received, unknown properties and number forms included.
//!
//! | Module | Owns |
//! |---|---|
//! | [`json`] | the strict I-JSON scanner with its limits, and top-level members |
//! | [`bundle`] | bundles, TAXII envelopes and lists, cut into the bytes of their objects |
//! | [`id`] | identifiers and the deterministic identifiers of observables |
//! | [`kinds`] | the known object types by name |
//! | [`marking`] | TLP and PAP levels, the nine built-in definitions, what markings mean for a value |
//! | [`selector`] | selectors of granular markings |
//! | [`language`] | translations |
//! | [`upgrade`] | STIX 2.0 objects, written anew as STIX 2.1 |
//! | [`syntax`] | the forms of texts, one function each |
//! | [`tables`] | types, properties and registries as data |
//! | [`validate`] | every rule of the specification, held against one object or bundle |
//! | [`version`] | versions of one object, held against each other |
//! | [`confidence`] | scales of confidence |
//! | [`edit`] | replacement of single members, everything else copied |
//! | [`build`] | writing a new object in a fixed order |
//!
//! The crate is pure: bytes, a [`Timestamp`] and [`Limits`] go in, values come out. It reads no file, clock or random source.
//! Ruled by *STIX Version 2.1* (OASIS Standard incorporating Errata 01).
//!
//! # Examples
//!
//! ```
//! use entente_stix::{Limits, Object, Timestamp};
//!
//! let bytes = br#"{"type":"domain-name","spec_version":"2.1",
//!   "id":"domain-name--a209240e-14c2-56ae-b88f-b466ce414ebb","value":"c2.monsoon.example"}"#;
//! let object = Object::parse(bytes, &Limits::admission())?;
//! entente_stix::validate::check(&object, Timestamp::from_unix_seconds(1_780_000_000))?;
//! assert_eq!(object.object_type(), "domain-name");
//! assert_eq!(object.text("value").as_deref(), Some("c2.monsoon.example"));
//! assert_eq!(object.raw(), bytes);
//! # Ok::<(), entente_stix::ParseError>(())
//! ```

pub mod build;
pub mod bundle;
mod code;
pub mod confidence;
mod content;
pub mod edit;
mod error;
pub mod id;
mod jcs;
pub mod json;
pub mod kinds;
pub mod language;
mod limits;
pub mod marking;
mod object;
mod scan;
pub mod selector;
mod shown;
pub mod syntax;
pub mod tables;
mod timestamp;
pub mod upgrade;
pub mod validate;
mod value;
pub mod version;

pub use code::{Code, Severity};
pub use error::{JsonError, JsonErrorKind, ParseError};
pub use limits::Limits;
pub use object::{Object, Reference};
pub use shown::{Shown, is_hidden, shown};
pub use timestamp::{Timestamp, TimestampError};
