//! The doors of a node over HTTP: TAXII 2.1, REST, and the console that people use.
//!
//! There is no policy in here. A door reads a request, asks [`entente_exchange::Exchange`] one question on a thread
//! that may block, and writes down the answer. What comes back has been decided already.
//!
//! ```text
//! request ─► limits ─► router ─┬─ /taxii2/…             taxii.rs    wire types of entente-taxii
//!   (limits.rs)   (route.rs)   ├─ /api/v1/…, /agr/…     rest.rs     JSON, problems (refusal.rs)
//!                              ├─ /assets/…             assets.rs   embedded, named by hash
//!                              └─ everything else       console/    pages (templates/, markup.rs, parts.rs)
//! ```
//!
//! - [`router`] builds all of it for a test or for an own server; [`serve()`] runs it on a listener with the limits that
//!   belong to connections.
//! - Every route of REST and console is one line of a table (`route.rs`): method, path, who may call it, how large its
//!   body may be, and the function that answers. Authentication and the protection of forms happen there, once.
//! - Pages are askama templates. Nothing reaches a page but through the filters of `markup.rs`; the content security
//!   policy allows no inline script or style, and the templates contain none.
//! - TAXII has its own dispatcher, because its addresses are served with and without trailing slash and never by
//!   redirect, and because the order of its checks is part of what keeps strangers ignorant (`taxii.rs`).

#[cfg(test)]
extern crate self as entente_web;

mod access;
mod assets;
mod body;
mod call;
mod console;
mod countries;
mod door;
mod limits;
mod markup;
mod parts;
mod reasons;
mod refusal;
mod rest;
mod route;
mod serve;
mod svgchart;
mod taxii;

pub use door::Options;
pub use serve::{ServeError, serve};

use axum::Router;
use entente_exchange::Exchange;

/// Builds the router of all doors over one exchange.
///
/// Limits of single requests are in force; those of connections (number, idle time, header size before parsing) come
/// with [`serve()`].
pub fn router(exchange: Exchange, options: Options) -> Router {
    route::router(door::Door::new(exchange, options))
}
