//! Signing in and out: a one-time link, or a token.

use super::{Entry, Frame, Theme, failed, html, see_other};
use crate::access::{is_secret, session_cookie};
use crate::call::Call;
use crate::door::Door;
use crate::markup::filters;
use crate::refusal::{Refusal, Why};
use askama::Template;
use axum::body::Body;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderValue, Response, StatusCode};

#[derive(Template)]
#[template(path = "enter.html")]
struct EnterPage {
    frame: Frame,
    key: String,
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    frame: Frame,
    next: String,
    refused: bool,
}

/// `GET /enter?key=`: a form, so that a mail program's preview does not use the link up.
pub(crate) fn enter_form(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let key = call.query.get("key").filter(|key| is_secret(key)).ok_or(Why::LinkSpent)?;
    html(door, &EnterPage { frame: Frame::new(door, call, Entry::None), key: key.to_owned() })
}

/// `POST /enter`: the link becomes a session.
pub(crate) fn enter(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let key = call.form.get("key").filter(|key| is_secret(key)).ok_or(Why::LinkSpent)?;
    let session = door.exchange().enter(key).map_err(failed(door))?.ok_or(Why::LinkSpent)?;
    begin(door, call, &session, "/")
}

/// `GET /login`.
pub(crate) fn login_form(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let next = own_path(call.query.get("next")).to_owned();
    html(door, &LoginPage { frame: Frame::new(door, call, Entry::None), next, refused: false })
}

/// `POST /login`: a token becomes a session. A new one each time, whatever cookie came with the form (A27).
pub(crate) fn login(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let id = call.form.get("id").unwrap_or_default().trim();
    let secret = call.form.get("secret").unwrap_or_default().trim();
    let next = own_path(call.form.get("next"));
    let credential = if id.is_empty() || secret.is_empty() {
        None
    } else {
        door.exchange().authenticate(id, secret).map_err(failed(door))?
    };
    let Some(credential) = credential else {
        let page = LoginPage { frame: Frame::new(door, call, Entry::None), next: next.to_owned(), refused: true };
        let mut response = html(door, &page)?;
        *response.status_mut() = StatusCode::FORBIDDEN;
        return Ok(response);
    };
    let session = door.exchange().login(&credential).map_err(failed(door))?;
    begin(door, call, &session, next)
}

/// `POST /logout`: the session ends here, not only in the browser.
pub(crate) fn logout(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    if let Some(session) = &call.caller.session {
        door.exchange().leave(session).map_err(failed(door))?;
    }
    let mut response = see_other("/login");
    if let Some(line) = session_cookie(door, None) {
        response.headers_mut().append(SET_COOKIE, line);
    }
    Ok(response)
}

/// `POST /theme`: light, dark, or as the system says.
pub(crate) fn theme(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let theme = Theme::parse(call.form.get("theme"));
    let secure = if door.options().secure { "; Secure" } else { "" };
    let line = format!("theme={}; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000{secure}", theme.word());
    let mut response = see_other(own_path(call.form.get("next")));
    if let Ok(line) = HeaderValue::try_from(line) {
        response.headers_mut().append(SET_COOKIE, line);
    }
    Ok(response)
}

/// Sends somebody who has not signed in to the login page, with the way back.
pub(crate) fn to_login(target: &str) -> Response<Body> {
    match own_path(Some(target)) {
        "/" => see_other("/login"),
        path => see_other(&format!("/login?next={}", crate::markup::segment(path))),
    }
}

fn begin(door: &Door, call: &Call, session: &str, next: &str) -> Result<Response<Body>, Refusal> {
    // An older session of the same browser is not left behind.
    if let Some(older) = crate::access::session(door, &call.headers)?.and_then(|caller| caller.session) {
        door.exchange().leave(&older).map_err(failed(door))?;
    }
    let mut response = see_other(next);
    let line = session_cookie(door, Some(session)).ok_or_else(|| Refusal::internal(door.request_id()))?;
    response.headers_mut().append(SET_COOKIE, line);
    Ok(response)
}

/// Returns a path of ours to go back to, or the home page: never another host, never a header break.
fn own_path(next: Option<&str>) -> &str {
    match next {
        Some(path)
            if path.len() <= 1_024
                && path.starts_with('/')
                && !path.starts_with("//")
                && path.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'\\' | b'"' | b'<' | b'>' | b'#')) =>
        {
            path
        }
        _ => "/",
    }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn abuse_a27_the_way_back_leads_to_a_page_of_ours() {
        for other in [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example",
            "javascript:alert(1)",
            "/a\r\nset-cookie: entente=x",
            "",
            "evil",
        ] {
            assert_eq!(own_path(Some(other)), "/", "{other}");
        }
        assert_eq!(own_path(Some("/objects/indicator--1?x=y")), "/objects/indicator--1?x=y");
        assert_eq!(own_path(None), "/");
    }
}
