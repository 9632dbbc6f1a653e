//! TAXII 2.1 wire types, filters, cursors and client state machines.
//!
//! Ruled by *TAXII Version 2.1* (OASIS Standard, 10 June 2021). The crate owns no socket, clock, store, or random
//! source: it turns bytes into values and values into bytes, and leaves sending, waiting, and looking up to its callers.
//!
//! # Map
//!
//! | Module | Owns |
//! |---|---|
//! | [`wire`] | the resources: discovery, API root, collections, manifest, versions, status |
//! | [`envelope`] | the envelope, written around the stored bytes and read without parsing objects |
//! | [`query`] | the parameters of a request |
//! | [`cursor`] | the opaque `next` and how it combines with a request |
//! | [`negotiate`] | `Accept`, `Content-Type`, `Content-Encoding` |
//! | [`authorization`] | credentials in the `Authorization` header |
//! | [`problem`] | every refusal: HTTP status, stable code, body |
//! | [`client`] | pull and push as state machines |
//!
//! # Order and position
//!
//! A record's `date_added` is its position: unique and strictly increasing in its collection, in microseconds.
//! `added_after` is exclusive. A cursor holds a position and the filters of the walk, so that a client may send nothing
//! else with it, and carries no right.

pub mod authorization;
pub mod client;
pub mod cursor;
pub mod envelope;
pub mod negotiate;
pub mod problem;
pub mod query;
pub mod wire;

/// The media type of every answer, and of the body of an addition.
pub const MEDIA_TYPE: &str = "application/taxii+json;version=2.1";

/// The header with the position of the first record of a page.
pub const DATE_ADDED_FIRST: &str = "X-TAXII-Date-Added-First";

/// The header with the position of the last record of a page.
pub const DATE_ADDED_LAST: &str = "X-TAXII-Date-Added-Last";
