//! The console: pages for people, rendered on the server, complete without a script.
//!
//! One module per screen. Each takes a [`Call`], asks the exchange, and fills a template of
//! `templates/`; what all pages have in common is the [`Frame`].

pub(crate) mod account;
pub(crate) mod agreements;
pub(crate) mod attention;
pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod draft;
pub(crate) mod help;
pub(crate) mod home;
pub(crate) mod leaf;
pub(crate) mod ledger;
pub(crate) mod object;
pub(crate) mod parties;
pub(crate) mod recalls;
pub(crate) mod receipt;
pub(crate) mod search;
pub(crate) mod sign_in;
pub(crate) mod simulate;

use crate::access::{Caller, cookie};
use crate::assets::{ASSETS, Asset, Assets};
use crate::call::Call;
use crate::door::Door;
use crate::markup::filters;
use crate::refusal::{Refusal, Why};
use askama::Template;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use entente_exchange::node::Band;
use entente_exchange::{ExchangeError, Viewer};

/// Most rows a page holds (console.md section 11).
pub(crate) const ROWS_MAX: usize = 200;

/// The entries of the main navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Home.
    Home,
    /// Search.
    Search,
    /// Check a list.
    Check,
    /// Agreements.
    Agreements,
    /// Parties.
    Parties,
    /// Ledger.
    Ledger,
    /// Help.
    Help,
    /// None of them.
    None,
}

/// How the reader wants colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system says.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Reads the word of the cookie or of the form.
    pub(crate) fn parse(word: Option<&str>) -> Self {
        match word {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::System,
        }
    }

    /// The word in the cookie, in the form and in the page.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// What every page has around its content.
pub(crate) struct Frame {
    /// Name of the organisation that runs the node.
    pub(crate) node_name: String,
    /// Its party id.
    pub(crate) node_party: String,
    /// Base address of the node, for command lines.
    pub(crate) node_url: String,
    /// Band of a node that does not carry production data.
    pub(crate) band: Option<&'static str>,
    /// Who looks, in words; `None` before signing in.
    pub(crate) viewer: Option<String>,
    /// True if the reader belongs to the organisation that runs the node.
    pub(crate) staff: bool,
    /// Token of this session's forms.
    pub(crate) csrf: String,
    /// Colours.
    pub(crate) theme: Theme,
    /// Where the page is in the navigation.
    pub(crate) here: Entry,
    /// Own path of the page, to come back to.
    pub(crate) target: String,
    /// Embedded files.
    pub(crate) assets: &'static Assets,
}

impl Frame {
    /// Makes the frame of a page for the caller of a request.
    pub(crate) fn new(door: &Door, call: &Call, here: Entry) -> Self {
        Self::of(door, &call.headers, &call.caller, here, &call.target)
    }

    fn of(door: &Door, headers: &HeaderMap, caller: &Caller, here: Entry, target: &str) -> Self {
        let node = door.exchange().node();
        let viewer = caller.viewer.as_ref().map(|viewer| match viewer {
            Viewer::Staff => "signed in as staff".to_owned(),
            Viewer::Party(party) => format!("guest of {party}"),
        });
        Self {
            node_name: node.name.clone(),
            node_party: node.party.clone(),
            node_url: node.url.trim_end_matches('/').to_owned(),
            band: match node.band {
                Band::Demo => Some("Demonstration node: synthetic data"),
                Band::Test => Some("Test node: not for operational use"),
                Band::Production => None,
            },
            viewer,
            staff: caller.is_staff(),
            csrf: caller.csrf.clone().unwrap_or_default(),
            theme: Theme::parse(cookie(headers, "theme")),
            here,
            target: target.to_owned(),
            assets: &ASSETS,
        }
    }

    /// The main navigation: path after the slash, label, and the value of `aria-current`.
    pub(crate) fn navigation(&self) -> [(&'static str, &'static str, &'static str); 7] {
        [
            (Entry::Home, "", "Home"),
            (Entry::Search, "search", "Search"),
            (Entry::Check, "check", "Check a list"),
            (Entry::Agreements, "agreements", "Agreements"),
            (Entry::Parties, "parties", "Parties"),
            (Entry::Ledger, "ledger", "Ledger"),
            (Entry::Help, "help", "Help"),
        ]
        .map(|(entry, path, label)| (path, label, if self.here == entry { "page" } else { "false" }))
    }

    /// The choices of colours: word, label, and the value of `aria-pressed`.
    pub(crate) fn themes(&self) -> [(&'static str, &'static str, &'static str); 3] {
        [(Theme::System, "System"), (Theme::Light, "Light"), (Theme::Dark, "Dark")]
            .map(|(theme, label)| (theme.word(), label, if self.theme == theme { "true" } else { "false" }))
    }
}

/// Renders a page.
///
/// # Errors
///
/// 500 if the template fails, which only running out of memory makes it do.
pub(crate) fn html(door: &Door, template: &impl Template) -> Result<Response<Body>, Refusal> {
    match template.render() {
        Ok(text) => Ok(html_response(text)),
        Err(error) => {
            let id = door.request_id();
            tracing::error!(request.id = %id, error = %error, "a page could not be rendered");
            Err(Refusal::internal(id))
        }
    }
}

fn html_response(text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

/// Turns an error of the exchange into the refusal a page shows.
pub(crate) fn failed(door: &Door) -> impl Fn(ExchangeError) -> Refusal + '_ {
    |error| Refusal::of_exchange(&error, || door.request_id())
}

/// Sends the browser to one of our own pages after a form (303).
pub(crate) fn see_other(path: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let location = HeaderValue::try_from(path).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(axum::http::header::LOCATION, location);
    response
}

/// Makes a download: never shown by the browser as a page of ours. The file name is ours, too.
pub(crate) fn download(media_type: &'static str, file_name: &str, bytes: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{file_name}\""));
    headers.insert(CONTENT_DISPOSITION, disposition.unwrap_or(HeaderValue::from_static("attachment")));
    response
}

/// `GET /assets/{name}`: an embedded file, to be kept for ever, since its name changes with its content.
pub(crate) fn asset(_: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let path = call.target.split('?').next().unwrap_or_default();
    let asset: &Asset = ASSETS.find(path).ok_or(Why::NotFound)?;
    let mut response = Response::new(Body::from(asset.body()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    if let Ok(tag) = HeaderValue::try_from(format!("\"{}\"", asset.path.trim_start_matches("/assets/"))) {
        headers.insert(ETAG, tag);
    }
    Ok(response)
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    frame: Frame,
    refusal: Refusal,
}

/// Shows a refusal as a page. Nothing of the request is repeated.
pub(crate) fn error_page(door: &Door, headers: &HeaderMap, caller: &Caller, refusal: Refusal) -> Response<Body> {
    let frame = Frame::of(door, headers, caller, Entry::None, "/");
    let page = ErrorPage { frame, refusal };
    let text = page.render().unwrap_or_else(|_| page.refusal.title().to_owned());
    let mut response = html_response(text);
    *response.status_mut() = page.refusal.status();
    page.refusal.set_headers(&mut response);
    // A browser would ask for a password of its own; people sign in on a page.
    response.headers_mut().remove(axum::http::header::WWW_AUTHENTICATE);
    response
}
