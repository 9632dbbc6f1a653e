//! The TAXII 2.1 door: E1 to E9, E11, and the refusals of E10.
//!
//! Addresses are served with and without trailing slash and with doubled slashes alike, and never by redirect, because
//! clients lose `Authorization` on a redirect. Checks come in one order: request line, method, credentials, existence
//! and visibility, right, accepted type, type and size of the body, parameters, body. So a stranger learns nothing
//! from 404, 406 or 400, and what a party may not see answers exactly as what does not exist.
//!
//! | Module | Owns |
//! |---|---|
//! | `target` | which endpoint an address is |
//! | `read` | discovery, API root, status, collections, objects, manifest, versions |
//! | `write` | adding objects; deleting, which no collection of a party allows |
//! | `reply` | bodies, headers, problems |

mod read;
mod reply;
mod target;
mod write;

pub(crate) use reply::refuse;

use crate::access;
use crate::door::Door;
use crate::refusal::{Refusal, Why};
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, Response};
use entente_exchange::access::Credential;
use entente_exchange::deliver::CollectionInfo;
use entente_taxii::negotiate;
use entente_taxii::problem::{Code, Problem};
use target::Target;

/// Path segment of the one API root of a node.
const ROOT: &str = "exchange";

/// One request, after its method was found to be one of its endpoint.
struct Asked {
    target: Target,
    headers: HeaderMap,
    /// The query as received.
    query: String,
    /// True for HEAD: the same answer without a body, and without a delivery.
    head_only: bool,
}

/// Tells whether an address belongs to this door.
pub(crate) fn is_taxii(path: &str) -> bool {
    path.split('/').find(|segment| !segment.is_empty()) == Some("taxii2")
}

/// Answers a request of this door.
pub(crate) async fn answer(door: Door, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let target = Target::of(parts.uri.path());
    let allowed = target.methods();
    if parts.method == Method::OPTIONS {
        return reply::options(allowed);
    }
    if !allowed.contains(&parts.method) {
        return reply::method_not_allowed(allowed);
    }
    let head_only = parts.method == Method::HEAD;
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let asked = Asked { target, headers: parts.headers, query, head_only };
    if parts.method == Method::POST {
        return write::add(door, asked, body).await;
    }
    let is_delete = parts.method == Method::DELETE;
    let answered = door
        .ask(move |door| {
            let outcome = if is_delete { write::delete(door, &asked) } else { read::read(door, &asked) };
            outcome.unwrap_or_else(|no| no.into_response())
        })
        .await;
    answered.unwrap_or_else(|refusal| reply::refuse(&refusal))
}

/// Why a request of this door gets nothing.
enum No {
    /// One of the codes of TAXII.
    Problem(Problem),
    /// A refusal all doors have in common: busy, or failed inside.
    Refusal(Refusal),
}

impl No {
    fn into_response(self) -> Response<Body> {
        match self {
            Self::Problem(problem) => reply::problem(&problem),
            Self::Refusal(refusal) => reply::refuse(&refusal),
        }
    }
}

impl<T: Into<Problem>> From<T> for No {
    fn from(problem: T) -> Self {
        Self::Problem(problem.into())
    }
}

fn no(code: Code) -> No {
    No::Problem(Problem::new(code))
}

/// Finds out who asks. Blocks.
fn credential(door: &Door, asked: &Asked) -> Result<Credential, No> {
    access::credential(door, &asked.headers).map_err(|refusal| match refusal.why {
        Why::CredentialRequired => no(Code::AuthRequired),
        Why::CredentialInvalid => no(Code::AuthInvalid),
        _ => No::Refusal(refusal),
    })
}

/// Finds a collection the caller may read or write. Blocks.
fn collection(door: &Door, credential: &Credential, id: &str) -> Result<CollectionInfo, No> {
    let found = door.exchange().collection(credential, id).map_err(|error| reply::failed(door, &error))?;
    found.filter(|known| known.can_read || known.can_write).ok_or_else(|| no(Code::NotFound))
}

/// Checks that the caller takes TAXII 2.1.
fn check_accept(asked: &Asked) -> Result<(), No> {
    let lines = asked.headers.get_all(axum::http::header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    if negotiate::accepts(lines) { Ok(()) } else { Err(no(Code::NotAcceptable)) }
}
