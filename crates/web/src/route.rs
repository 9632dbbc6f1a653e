//! The table of routes, and the one function that runs a route.
//!
//! A line says method, path, kind, who may call, how large the body may be, and which function answers. Who calls is
//! found out, and forms are checked, before that function is reached; it cannot forget to.

use crate::access::{Access, Caller, admit, is_own_form, is_same_origin};
use crate::body;
use crate::call::{Call, Pairs};
use crate::console;
use crate::console::draft::TEXT_FORM;
use crate::door::Door;
use crate::limits;
use crate::refusal::{Refusal, Why};
use crate::rest;
use crate::taxii;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts as _, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{Response, StatusCode, header};
use axum::routing::{MethodFilter, on};

/// The function that answers: it may block, and it may ask the exchange.
pub(crate) type Act = fn(&Door, &Call) -> Result<Response<Body>, Refusal>;

/// Method of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// GET, and with it HEAD.
    Get,
    /// POST.
    Post,
}

/// Whether people or programs call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A page, or a form of a page.
    Page,
    /// JSON.
    Api,
    /// An embedded file.
    Asset,
}

/// One line of the table.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    /// Method.
    pub(crate) verb: Verb,
    /// Path, with parameters in braces.
    pub(crate) path: &'static str,
    /// Page or API.
    pub(crate) kind: Kind,
    /// Who may call.
    pub(crate) access: Access,
    /// Largest body, in bytes as sent.
    pub(crate) body_size_bytes_max: usize,
    /// The function that answers.
    pub(crate) act: Act,
}

const fn page(verb: Verb, path: &'static str, access: Access, body_size_bytes_max: usize, act: Act) -> Route {
    Route { verb, path, kind: Kind::Page, access, body_size_bytes_max, act }
}

const fn api(verb: Verb, path: &'static str, access: Access, body_size_bytes_max: usize, act: Act) -> Route {
    Route { verb, path, kind: Kind::Api, access, body_size_bytes_max, act }
}

/// Room for the fields of a short form.
const FORM: usize = 16 << 10;
// LIMIT: 100,000 values of 100 characters, percent-encoded, are about 12 MB.
const LIST_FORM: usize = 16 << 20;
// LIMIT: a one-line note is at most 2,048 bytes, its signatures a few hundred more.
const NOTE: usize = 16 << 10;
// LIMIT: a recall's text is at most 1 MiB, its signatures as those of any note.
const RECALL: usize = 2 << 20;
// LIMIT: a text has at most 64 KiB, and a little more as a JSON string.
const TEXT: usize = 256 << 10;
/// As large as a witness takes a request (`ledger.md` 1.6).
const CHECKPOINT: usize = 64 << 10;
// LIMIT: a text is at most 64 KiB, and 64 signature lines of some 200 bytes follow it.
const SIGNED_TEXT: usize = 96 << 10;
/// As large as any door takes.
const LIST: usize = 32 << 20;

/// All routes of console and REST. TAXII has its own dispatcher.
pub(crate) const ROUTES: &[Route] = &[
    page(Verb::Get, "/", Access::Session, 0, console::home::show),
    page(Verb::Get, "/countries.csv", Access::Session, 0, console::home::countries_csv),
    page(Verb::Get, "/search", Access::Session, 0, console::search::show),
    page(Verb::Get, "/check", Access::Session, 0, console::check::form),
    page(Verb::Post, "/check", Access::Session, LIST_FORM, console::check::answer),
    page(Verb::Get, "/objects/{id}", Access::Session, 0, console::object::show),
    page(Verb::Get, "/objects/{id}/raw", Access::Session, 0, console::object::raw),
    page(Verb::Get, "/objects/{id}/receipt", Access::Staff, 0, console::receipt::received),
    page(Verb::Get, "/objects/{id}/receipt/{part}", Access::Staff, 0, console::receipt::received_part),
    page(Verb::Get, "/objects/{id}/recall", Access::Staff, 0, console::recalls::ask),
    page(Verb::Post, "/objects/{id}/recall", Access::Staff, FORM, console::recalls::take_back),
    page(Verb::Get, "/recalls", Access::Staff, 0, console::recalls::list),
    page(Verb::Get, "/recalls/{id}", Access::Staff, 0, console::recalls::show),
    page(Verb::Get, "/agreements", Access::Session, 0, console::agreements::list),
    page(Verb::Get, "/agreements/{id}", Access::Session, 0, console::agreements::show),
    page(Verb::Get, "/agreements/{id}/suspend", Access::Staff, 0, console::agreements::ask_suspend),
    page(Verb::Post, "/agreements/{id}/suspend", Access::Staff, FORM, console::agreements::suspend),
    page(Verb::Get, "/agreements/{id}/resume", Access::Staff, 0, console::agreements::ask_resume),
    page(Verb::Post, "/agreements/{id}/resume", Access::Staff, FORM, console::agreements::resume),
    page(Verb::Get, "/agreements/{id}/versions/{version}", Access::Session, 0, console::agreements::version),
    page(Verb::Get, "/agreements/{id}/compare", Access::Staff, 0, console::compare::form),
    page(Verb::Post, "/agreements/{id}/compare", Access::Staff, TEXT_FORM, console::compare::answer),
    page(Verb::Get, "/agreements/{id}/simulate", Access::Staff, 0, console::simulate::form),
    page(Verb::Post, "/agreements/{id}/simulate", Access::Staff, TEXT_FORM, console::simulate::answer),
    page(Verb::Get, "/parties", Access::Session, 0, console::parties::list),
    page(Verb::Get, "/parties/{id}", Access::Session, 0, console::parties::show),
    page(Verb::Get, "/parties/{id}/account", Access::Staff, 0, console::account::account),
    page(Verb::Get, "/parties/{id}/profile", Access::Staff, 0, console::account::profile),
    page(Verb::Get, "/ledger", Access::Session, 0, console::ledger::list),
    page(Verb::Get, "/ledger/{agreement}", Access::Session, 0, console::ledger::log),
    page(Verb::Get, "/ledger/{agreement}/{leaf}", Access::Session, 0, console::leaf::show),
    page(Verb::Get, "/ledger/{agreement}/{leaf}/{part}", Access::Session, 0, console::leaf::part),
    page(Verb::Get, "/receipts/{agreement}/{party}/{seq}", Access::Staff, 0, console::receipt::released),
    page(Verb::Get, "/receipts/{agreement}/{party}/{seq}/{part}", Access::Staff, 0, console::receipt::released_part),
    page(Verb::Get, "/help", Access::Session, 0, console::help::help),
    page(Verb::Get, "/licences", Access::Session, 0, console::help::licences),
    page(Verb::Get, "/enter", Access::Open, 0, console::sign_in::enter_form),
    page(Verb::Post, "/enter", Access::Open, FORM, console::sign_in::enter),
    page(Verb::Get, "/login", Access::Open, 0, console::sign_in::login_form),
    page(Verb::Post, "/login", Access::Open, FORM, console::sign_in::login),
    page(Verb::Post, "/logout", Access::Session, FORM, console::sign_in::logout),
    page(Verb::Post, "/theme", Access::Open, FORM, console::sign_in::theme),
    Route {
        verb: Verb::Get,
        path: "/assets/{name}",
        kind: Kind::Asset,
        access: Access::Open,
        body_size_bytes_max: 0,
        act: console::asset,
    },
    api(Verb::Post, "/api/v1/check", Access::Credential, LIST, rest::check),
    api(Verb::Get, "/api/v1/objects/{id}", Access::Credential, 0, rest::object),
    api(Verb::Get, "/api/v1/objects/{id}/visibility", Access::Credential, 0, rest::visibility),
    api(Verb::Get, "/api/v1/agreements", Access::Credential, 0, rest::agreements),
    api(Verb::Get, "/api/v1/agreements/{id}", Access::Credential, 0, rest::agreement),
    api(Verb::Get, "/api/v1/agreements/{id}/notes", Access::Credential, 0, rest::notes),
    api(Verb::Post, "/api/v1/agreements/{id}/notes", Access::Credential, NOTE, rest::note),
    api(Verb::Get, "/api/v1/recalls", Access::Credential, 0, rest::recalls::list),
    api(Verb::Post, "/api/v1/recalls", Access::Credential, RECALL, rest::recalls::post),
    api(Verb::Post, "/api/v1/recalls/{id}/ack", Access::Credential, NOTE, rest::recalls::ack),
    api(Verb::Get, "/api/v1/agreements/{id}/usefulness", Access::Credential, 0, rest::reciprocity::usefulness),
    api(Verb::Get, "/api/v1/parties/{id}/reciprocity", Access::Credential, 0, rest::reciprocity::reciprocity),
    api(Verb::Get, "/api/v1/parties/{id}/maturity", Access::Credential, 0, rest::reciprocity::maturity),
    api(Verb::Post, "/api/v1/agreements/{id}/simulate", Access::Credential, TEXT, rest::simulate),
    api(Verb::Post, "/api/v1/agreements/{id}/signatures", Access::Credential, SIGNED_TEXT, rest::offers::signatures),
    api(Verb::Get, "/api/v1/offers", Access::Credential, 0, rest::offers::list),
    api(Verb::Get, "/api/v1/consents", Access::Credential, 0, rest::offers::consents),
    api(Verb::Get, "/api/v1/receipts/{agreement}/{leaf}", Access::Credential, 0, rest::receipt),
    api(Verb::Get, "/api/v1/agr/{id}/consistency", Access::Credential, 0, rest::consistency),
    api(Verb::Get, "/agr/{id}/checkpoint", Access::Credential, 0, rest::checkpoint),
    api(Verb::Get, "/agr/{id}/tile/{*path}", Access::Credential, 0, rest::ledger::tile),
    api(Verb::Get, "/api/v1/agr/{id}/keys", Access::Credential, 0, rest::ledger::keys),
    api(Verb::Post, "/api/v1/ledger/{id}/cosignatures", Access::Credential, CHECKPOINT, rest::ledger::cosignatures),
    api(Verb::Get, "/api/v1/copies/{id}/checkpoint", Access::Credential, 0, rest::ledger::copied_checkpoint),
    api(Verb::Get, "/api/v1/copies/{id}/tile/{*path}", Access::Credential, 0, rest::ledger::copied_tile),
    api(Verb::Post, "/witness/add-checkpoint", Access::Credential, CHECKPOINT, rest::ledger::add_checkpoint),
    api(Verb::Get, "/witness/{hash}/checkpoint", Access::Credential, 0, rest::ledger::witnessed),
    api(Verb::Get, "/healthz", Access::Open, 0, rest::healthz),
    api(Verb::Get, "/readyz", Access::Open, 0, rest::readyz),
];

/// Builds the router of all doors.
pub(crate) fn router(door: Door) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let filter = match route.verb {
            Verb::Get => MethodFilter::GET,
            Verb::Post => MethodFilter::POST,
        };
        let run = move |State(door): State<Door>, request: Request| run(door, request, *route);
        router = router.route(route.path, on(filter, run));
    }
    let router = router
        .method_not_allowed_fallback(other_method)
        // Everything that has no line in the table: TAXII, or nothing.
        .fallback(elsewhere)
        .with_state(door.clone());
    limits::around(router, door)
}

async fn elsewhere(State(door): State<Door>, request: Request) -> Response<Body> {
    if taxii::is_taxii(request.uri().path()) {
        return taxii::answer(door, request).await;
    }
    let kind = kind_of(request.uri().path());
    refuse(&door, kind, &request_headers(&request), &Caller::default(), Why::NotFound.into())
}

async fn other_method(State(door): State<Door>, request: Request) -> Response<Body> {
    let kind = kind_of(request.uri().path());
    refuse(&door, kind, &request_headers(&request), &Caller::default(), Why::Method.into())
}

fn request_headers(request: &Request) -> axum::http::HeaderMap {
    request.headers().clone()
}

/// Tells in which form a caller of an address expects to be refused.
pub(crate) fn kind_of(path: &str) -> Kind {
    if path.starts_with("/api/")
        || path.starts_with("/agr/")
        || path.starts_with("/witness/")
        || path == "/healthz"
        || path == "/readyz"
    {
        Kind::Api
    } else {
        Kind::Page
    }
}

async fn run(door: Door, request: Request, route: Route) -> Response<Body> {
    let (mut parts, body) = request.into_parts();
    let Some(call) = read_head(&mut parts).await else {
        return refuse(&door, route.kind, &parts.headers, &Caller::default(), Why::NotFound.into());
    };
    match route.verb {
        Verb::Get => run_get(door, call, route).await,
        Verb::Post => run_post(door, call, body, route).await,
    }
}

/// Decodes path parameters and query; `None` if either is not UTF-8.
async fn read_head(parts: &mut Parts) -> Option<Call> {
    let params = RawPathParams::from_request_parts(parts, &()).await.ok()?;
    let params = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let query = Pairs::decode(parts.uri.query().unwrap_or_default().as_bytes())?;
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    Some(Call {
        target,
        params,
        query,
        headers: parts.headers.clone(),
        caller: Caller::default(),
        form: Pairs::default(),
        body: Bytes::new(),
    })
}

/// One question to the exchange: who is it, and the answer.
async fn run_get(door: Door, mut call: Call, route: Route) -> Response<Body> {
    let headers = call.headers.clone();
    let answer = door
        .ask(move |door| {
            match admit(door, route.access, &call.headers) {
                Ok(caller) => call.caller = caller,
                Err(refusal) => return refuse_call(door, route.kind, &call, refusal),
            }
            match (route.act)(door, &call) {
                Ok(response) => response,
                Err(refusal) => refuse_call(door, route.kind, &call, refusal),
            }
        })
        .await;
    answer.unwrap_or_else(|refusal| refuse(&door, route.kind, &headers, &Caller::default(), refusal))
}

/// Two questions: who is it, before a body is read; and the answer, once it is there.
async fn run_post(door: Door, call: Call, body: Body, route: Route) -> Response<Body> {
    let headers = call.headers.clone();
    let limits = door.options().body_limits(route.body_size_bytes_max);
    let admitted = door
        .ask(move |door| {
            let outcome = if route.kind == Kind::Page && !is_same_origin(&call.headers) {
                Err(Why::FormForged.into())
            } else {
                admit(door, route.access, &call.headers)
            };
            (outcome, call)
        })
        .await;
    let (outcome, mut call) = match admitted {
        Ok(admitted) => admitted,
        Err(refusal) => return refuse(&door, route.kind, &headers, &Caller::default(), refusal),
    };
    match outcome {
        Ok(caller) => call.caller = caller,
        Err(refusal) => return refuse_call(&door, route.kind, &call, refusal),
    }
    let coding = match check_head(route, &call)
        .and_then(|()| body::coding(&headers).map_err(|error| Refusal::of_body(error, limits.size_bytes_max)))
    {
        Ok(coding) => coding,
        Err(refusal) => return refuse_call(&door, route.kind, &call, refusal),
    };
    let bytes = match body::read(body, &headers, &limits).await {
        Ok(bytes) => bytes,
        Err(error) => {
            return refuse_call(&door, route.kind, &call, Refusal::of_body(error, limits.size_bytes_max));
        }
    };
    let answer = door
        .ask(move |door| {
            let outcome = body::inflate(bytes, coding, &limits)
                .map_err(|error| Refusal::of_body(error, limits.size_bytes_max))
                .and_then(|bytes| take_body(route, &mut call, bytes))
                .and_then(|()| (route.act)(door, &call));
            match outcome {
                Ok(response) => response,
                Err(refusal) => refuse_call(door, route.kind, &call, refusal),
            }
        })
        .await;
    answer.unwrap_or_else(|refusal| refuse(&door, route.kind, &headers, &Caller::default(), refusal))
}

/// Checks what the head of a POST says about its body.
fn check_head(route: Route, call: &Call) -> Result<(), Refusal> {
    if route.kind == Kind::Page && !has_media_type(call, "application/x-www-form-urlencoded") {
        return Err(Refusal::with_detail(Why::ContentType, "Forms are sent as application/x-www-form-urlencoded."));
    }
    Ok(())
}

/// Tells whether the body is said to be of a media type, whatever its parameters.
pub(crate) fn has_media_type(call: &Call, media_type: &str) -> bool {
    call.headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case(media_type))
}

/// Puts the body where the route function finds it, and holds a form to the token of its session.
fn take_body(route: Route, call: &mut Call, bytes: Bytes) -> Result<(), Refusal> {
    if route.kind != Kind::Page {
        call.body = bytes;
        return Ok(());
    }
    call.form = Pairs::decode(&bytes).ok_or(Why::BodyForm)?;
    if matches!(route.access, Access::Session | Access::Staff) && !is_own_form(&call.caller, call.form.get("csrf")) {
        return Err(Why::FormForged.into());
    }
    Ok(())
}

fn refuse_call(door: &Door, kind: Kind, call: &Call, refusal: Refusal) -> Response<Body> {
    // Who has not signed in is asked to, and comes back to where he wanted to go.
    if kind == Kind::Page && refusal.status() == StatusCode::UNAUTHORIZED {
        return console::sign_in::to_login(&call.target);
    }
    refuse(door, kind, &call.headers, &call.caller, refusal)
}

/// Shows a refusal as the caller expects it.
pub(crate) fn refuse(
    door: &Door,
    kind: Kind,
    headers: &axum::http::HeaderMap,
    caller: &Caller,
    refusal: Refusal,
) -> Response<Body> {
    match kind {
        Kind::Page => console::error_page(door, headers, caller, refusal),
        Kind::Api | Kind::Asset => refusal.into_problem(),
    }
}

#[cfg(test)]
mod tests;
