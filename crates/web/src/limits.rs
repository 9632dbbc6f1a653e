//! What goes around every request: size of its head, headers of its answer, compression, and one line in the log.

use crate::door::Door;
use crate::refusal::{Refusal, Why};
use crate::route::{Kind, kind_of, refuse};
use crate::taxii;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, USER_AGENT,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use axum::middleware::{self, Next};
use std::time::Instant;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};

// LIMIT: 100 header fields, 8 KiB each, 32 KiB in all; 16 KiB of request line (abuse-cases.md section 1).
const HEADERS_MAX: usize = 100;
const HEADER_SIZE_BYTES_MAX: usize = 8 << 10;
const HEADERS_SIZE_BYTES_MAX: usize = 32 << 10;
const TARGET_SIZE_BYTES_MAX: usize = 16 << 10;

/// The policy of every page: nothing but what this node itself serves, nothing inline, no frames.
pub(crate) const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; font-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// The policy of everything that is no page.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Puts limits, headers, compression and the log around a router.
pub(crate) fn around(router: Router, door: Door) -> Router {
    // Pages of a thousand objects are compressed while they are sent: the fastest level, and only when asked.
    let compression = CompressionLayer::new()
        .gzip(true)
        .zstd(true)
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(1024).and(NotForContentType::IMAGES));
    router.layer(middleware::from_fn_with_state(door, around_request)).layer(compression)
}

async fn around_request(State(door): State<Door>, request: Request, next: Next) -> Response<Body> {
    let begin = Instant::now();
    let method = request.method().clone();
    let path = log_text(request.uri().path());
    let user_agent =
        request.headers().get(USER_AGENT).map(|value| log_text(&String::from_utf8_lossy(value.as_bytes())));
    let kind = kind_of(request.uri().path());
    let is_taxii = taxii::is_taxii(request.uri().path());
    let mut response = match check_head(&request) {
        Ok(()) => next.run(request).await,
        Err(refusal) if is_taxii => taxii::refuse(&refusal),
        Err(refusal) => refuse(&door, kind, request.headers(), &crate::access::Caller::default(), refusal),
    };
    set_headers(response.headers_mut(), kind, is_taxii, door.options().secure);
    let duration_ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = response.status();
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(%method, path, status = status.as_u16(), duration_ms, user_agent, "answered a request with an error");
    } else {
        tracing::debug!(%method, path, status = status.as_u16(), duration_ms, user_agent, "answered a request");
    }
    response
}

fn check_head(request: &Request) -> Result<(), Refusal> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > TARGET_SIZE_BYTES_MAX {
        return Err(Why::UriTooLong.into());
    }
    let headers = request.headers();
    let mut size = 0_usize;
    for (name, value) in headers {
        let one = name.as_str().len().saturating_add(value.len());
        if one > HEADER_SIZE_BYTES_MAX {
            return Err(Why::HeaderFields.into());
        }
        size = size.saturating_add(one);
    }
    if headers.len() > HEADERS_MAX || size > HEADERS_SIZE_BYTES_MAX {
        return Err(Why::HeaderFields.into());
    }
    Ok(())
}

/// Sets what every answer carries; what a route has set already stays.
fn set_headers(headers: &mut HeaderMap, kind: Kind, is_taxii: bool, secure: bool) {
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(CACHE_CONTROL, "no-store");
    set(REFERRER_POLICY, "no-referrer");
    if kind == Kind::Page && !is_taxii {
        set(CONTENT_SECURITY_POLICY, PAGE_POLICY);
        set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
        set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
        set(HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()");
    } else {
        set(CONTENT_SECURITY_POLICY, DATA_POLICY);
    }
    if secure {
        set(STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
}

// LIMIT: 200 characters of anything a stranger sent are enough to recognise it in a log.
const LOG_TEXT_CHARS_MAX: usize = 200;

/// Makes text from outside fit for a log: one line, no control or direction characters, cut (A31).
pub(crate) fn log_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(LOG_TEXT_CHARS_MAX));
    for (place, c) in text.chars().enumerate() {
        if place == LOG_TEXT_CHARS_MAX {
            out.push('…');
            break;
        }
        if c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::log_text;

    #[test]
    fn abuse_a31_a_log_line_stays_one_line() {
        assert_eq!(log_text("curl/8\r\nforged: line\u{1b}[31m"), "curl/8\\u{d}\\u{a}forged: line\\u{1b}[31m");
        let long = log_text(&"a".repeat(1 << 20));
        assert_eq!(long.chars().count(), 201);
        assert_eq!(log_text("/objects/x"), "/objects/x");
    }
}
