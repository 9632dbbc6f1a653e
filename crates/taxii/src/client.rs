//! Clients without a socket: [`poll::Poll`] pulls a collection and [`push::Push`] adds objects to one.
//!
//! Each returns the next HTTP request and takes what came of it; sending, waiting, credentials, redirects, and storing
//! are the caller's. A value of [`Delay`] says how long to wait; where it says up to, the caller draws a random time.

mod http;
pub mod poll;
pub mod push;
mod retry;

pub use http::{Method, Request, Response, TransportError};
pub use retry::Delay;
