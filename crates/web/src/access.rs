//! Who calls: sessions of people, credentials of programs, and the protection of forms.

use crate::door::Door;
use crate::refusal::{Refusal, Why};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue};
use entente_exchange::Viewer;
use entente_exchange::access::Credential;
use entente_taxii::authorization;
use std::borrow::Cow;
use subtle::ConstantTimeEq;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody.
    Open,
    /// People who have signed in, of this organisation or of another party.
    Session,
    /// People of this organisation who have signed in.
    Staff,
    /// Programs with a token, of this organisation or of another party.
    Credential,
}

/// The caller as far as the route asked for one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caller {
    /// For whom the answer is made.
    pub(crate) viewer: Option<Viewer>,
    /// The session, for people.
    pub(crate) session: Option<String>,
    /// The token of the session's forms, for people.
    pub(crate) csrf: Option<String>,
    /// The credential, for programs.
    pub(crate) credential: Option<Credential>,
}

impl Caller {
    /// Tells whether the caller belongs to the organisation that runs the node.
    pub(crate) fn is_staff(&self) -> bool {
        matches!(self.viewer, Some(Viewer::Staff))
    }
}

/// Finds out who calls. Blocks.
///
/// # Errors
///
/// 401 if nobody is known, 403 if the caller is known and is not of the staff where that is needed.
pub(crate) fn admit(door: &Door, access: Access, headers: &HeaderMap) -> Result<Caller, Refusal> {
    match access {
        Access::Open => Ok(Caller::default()),
        Access::Session | Access::Staff => {
            let caller = session(door, headers)?.ok_or(Why::CredentialRequired)?;
            if access == Access::Staff && !caller.is_staff() {
                return Err(Why::StaffOnly.into());
            }
            Ok(caller)
        }
        Access::Credential => {
            let credential = credential(door, headers)?;
            Ok(Caller { viewer: Some(credential.viewer()), credential: Some(credential), ..Caller::default() })
        }
    }
}

/// Finds the session a request belongs to, if any. Blocks.
///
/// # Errors
///
/// 500 or 503 if the exchange cannot tell.
pub(crate) fn session(door: &Door, headers: &HeaderMap) -> Result<Option<Caller>, Refusal> {
    let Some(session) = cookie(headers, &session_cookie_name(door)) else { return Ok(None) };
    if !is_secret(session) {
        return Ok(None);
    }
    let exchange = door.exchange();
    let viewer = exchange.session(session).map_err(|e| Refusal::of_exchange(&e, || door.request_id()))?;
    Ok(viewer.map(|viewer| Caller {
        viewer: Some(viewer),
        csrf: Some(exchange.csrf(session)),
        session: Some(session.to_owned()),
        credential: None,
    }))
}

/// Finds the credential of a request. Blocks.
///
/// # Errors
///
/// 401; the same for a token that is unknown, wrong, expired or revoked.
pub(crate) fn credential(door: &Door, headers: &HeaderMap) -> Result<Credential, Refusal> {
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return Err(Why::CredentialRequired.into());
    };
    let given = line.to_str().ok().and_then(|line| authorization::parse(Some(line)).ok());
    let given = given.ok_or(Why::CredentialInvalid)?;
    let (id, secret) = match given.id() {
        Some(id) => (id, given.secret()),
        // Bearer and Token have one field: id and secret, joined as in Basic.
        None => given.secret().split_once(':').ok_or(Why::CredentialInvalid)?,
    };
    door.exchange()
        .authenticate(id, secret)
        .map_err(|e| Refusal::of_exchange(&e, || door.request_id()))?
        .ok_or_else(|| Why::CredentialInvalid.into())
}

/// Tells whether a text has the form of a session id or a link key: base64url without padding.
pub(crate) fn is_secret(text: &str) -> bool {
    (16..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// Name of the session cookie.
///
/// The prefix `__Host-` binds it to this host, to TLS and to the path `/` (RFC 6265bis §4.1.3.2); browsers refuse the
/// prefix over plain HTTP, so a node on a loopback address goes without. There the party is part of the name, because
/// cookies do not tell ports apart (RFC 6265 §8.5): several nodes on one machine would sign each other out.
fn session_cookie_name(door: &Door) -> Cow<'static, str> {
    if door.options().secure {
        Cow::Borrowed("__Host-entente")
    } else {
        Cow::Owned(format!("entente-{}", door.exchange().node().party))
    }
}

/// Makes the `Set-Cookie` line of a session; without a session the cookie is taken back.
pub(crate) fn session_cookie(door: &Door, session: Option<&str>) -> Option<HeaderValue> {
    HeaderValue::try_from(cookie_line(&session_cookie_name(door), door.options().secure, session)).ok()
}

fn cookie_line(name: &str, secure: bool, session: Option<&str>) -> String {
    let secure = if secure { "; Secure" } else { "" };
    match session {
        Some(session) => format!("{name}={session}; Path=/; HttpOnly; SameSite=Lax{secure}"),
        None => format!("{name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure}"),
    }
}

/// Returns the value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// Tells whether a form was sent from a page of this node, as far as the browser says (A27).
///
/// With `Referrer-Policy: no-referrer` browsers write `Origin: null` for the forms of our own pages; then
/// `Sec-Fetch-Site` decides, and where that is missing too, the token of the session alone.
pub(crate) fn is_same_origin(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site")
        && site != "same-origin"
        && site != "none"
    {
        return false;
    }
    let Some(origin) = headers.get(ORIGIN) else { return true };
    if origin == "null" {
        return true;
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, authority)| authority);
    match (origin, host) {
        (Some(origin), Some(host)) => origin.eq_ignore_ascii_case(host),
        _ => false,
    }
}

/// Tells whether a form carries the token of its session, in constant time (A27).
pub(crate) fn is_own_form(caller: &Caller, given: Option<&str>) -> bool {
    match (&caller.csrf, given) {
        (Some(expected), Some(given)) if !expected.is_empty() => {
            bool::from(expected.as_bytes().ct_eq(given.as_bytes()))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Caller, cookie, cookie_line, is_own_form, is_same_origin, is_secret};
    use axum::http::{HeaderMap, HeaderValue};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(*name, HeaderValue::from_static(value));
        }
        map
    }

    #[test]
    fn abuse_a27_forms_of_other_origins_are_refused() {
        let own = ("host", "127.0.0.1:8440");
        assert!(is_same_origin(&headers(&[own])));
        assert!(is_same_origin(&headers(&[own, ("origin", "http://127.0.0.1:8440")])));
        assert!(is_same_origin(&headers(&[own, ("origin", "null"), ("sec-fetch-site", "same-origin")])));
        assert!(!is_same_origin(&headers(&[own, ("origin", "http://127.0.0.1:8441")])));
        assert!(!is_same_origin(&headers(&[own, ("origin", "https://evil.example")])));
        assert!(!is_same_origin(&headers(&[own, ("sec-fetch-site", "cross-site")])));
        assert!(!is_same_origin(&headers(&[own, ("origin", "null"), ("sec-fetch-site", "cross-site")])));
        assert!(!is_same_origin(&headers(&[
            own,
            ("origin", "http://127.0.0.1:8440"),
            ("sec-fetch-site", "same-site")
        ])));
    }

    #[test]
    fn abuse_a27_a_form_without_the_token_of_its_session_is_refused() {
        let caller = Caller { csrf: Some("token-of-this-session".to_owned()), ..Caller::default() };
        assert!(is_own_form(&caller, Some("token-of-this-session")));
        assert!(!is_own_form(&caller, Some("token-of-that-session")));
        assert!(!is_own_form(&caller, Some("")));
        assert!(!is_own_form(&caller, None));
        let empty = Caller { csrf: Some(String::new()), ..Caller::default() };
        assert!(!is_own_form(&empty, Some("")));
        assert!(!is_own_form(&Caller::default(), Some("")));
    }

    #[test]
    fn abuse_a27_the_session_cookie_is_bound_to_its_site() {
        let plain = cookie_line("entente-fusion", false, Some("abc"));
        assert_eq!(plain, "entente-fusion=abc; Path=/; HttpOnly; SameSite=Lax");
        let secure = cookie_line("__Host-entente", true, Some("abc"));
        assert_eq!(secure, "__Host-entente=abc; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert!(cookie_line("__Host-entente", true, None).contains("Max-Age=0"));
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let map = headers(&[("cookie", "theme=dark; entente=one"), ("cookie", "x=entente")]);
        assert_eq!(cookie(&map, "entente"), Some("one"));
        assert_eq!(cookie(&map, "theme"), Some("dark"));
        assert_eq!(cookie(&map, "other"), None);
    }

    #[test]
    fn session_ids_are_base64url() {
        assert!(is_secret("0123456789abcdefABCDEF-_"));
        assert!(!is_secret("short") && !is_secret("0123456789abcdef\"") && !is_secret(&"a".repeat(129)));
    }
}
