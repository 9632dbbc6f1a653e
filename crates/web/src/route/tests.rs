//! The table of routes: its shape, and every route against the ids of somebody else (A34).

#[path = "../../tests/support/mod.rs"]
mod support;

use super::{Kind, ROUTES, Route, Verb, kind_of};
use crate::access::Access;
use axum::http::StatusCode;
use entente_agreement::plain::Language;
use entente_exchange::Viewer;
use support::{AGREEMENT, Answer, FORM, RELEASED, World, basic};

#[test]
fn what_changes_something_is_never_a_get() {
    for route in ROUTES.iter().filter(|route| route.verb == Verb::Get) {
        assert_eq!(route.body_size_bytes_max, 0, "{}", route.path);
    }
}

#[test]
fn only_the_entrance_is_open_to_strangers() {
    let open: Vec<&str> = ROUTES.iter().filter(|route| route.access == Access::Open).map(|route| route.path).collect();
    assert_eq!(open, ["/enter", "/enter", "/login", "/login", "/theme", "/assets/{name}", "/healthz", "/readyz"]);
}

#[test]
fn programs_are_refused_in_json() {
    for route in ROUTES.iter().filter(|route| route.kind == Kind::Api) {
        assert_eq!(kind_of(route.path), Kind::Api, "{}", route.path);
    }
    for route in ROUTES.iter().filter(|route| route.kind == Kind::Page) {
        assert_eq!(kind_of(route.path), Kind::Page, "{}", route.path);
    }
}

/// Fills the parameters of a path with an agreement of others, or with an object of it.
fn filled(route: &Route, object: &str) -> String {
    let id = if route.path.contains("/objects/") { object } else { AGREEMENT };
    let id = if route.path.contains("/parties/") { "fusion" } else { id };
    let query = if route.path.ends_with("/consistency") { "?old=1&new=1" } else { "" };
    let path = route.path.replace("{id}", id).replace("{agreement}", AGREEMENT);
    path.replace("{leaf}", "1")
        .replace("{version}", "1")
        .replace("{party}", "fusion")
        .replace("{seq}", "1")
        .replace("{part}", "proof")
        .replace("{*path}", "0/000.p/1")
        .replace("{hash}", &"0".repeat(64))
        + query
}

/// Fields of every form, filled so that the form is taken.
fn fields(world: &World, path: &str) -> String {
    let (_, note) = world.exchange.version_of(AGREEMENT, None, &Viewer::Staff).unwrap().unwrap();
    let reason = if path.ends_with("/recall") { "wrong" } else { "x" };
    format!("reason={reason}&action=delete&list=198.51.100.25&text={}", crate::markup::segment(&note))
}

async fn call(world: &World, route: &Route, path: &str, who: &[(&str, &str)]) -> Answer {
    let mut headers = who.to_vec();
    match (route.verb, route.kind) {
        (Verb::Get, _) => return world.get(path, &headers).await,
        (Verb::Post, Kind::Page) => headers.push(FORM),
        (Verb::Post, _) => headers.push(("content-type", "text/plain")),
    }
    let form = who.iter().find(|(name, _)| *name == "cookie").map(|(_, cookie)| world.csrf(cookie));
    let body = form.map_or_else(|| "198.51.100.25".to_owned(), |csrf| format!("csrf={csrf}&{}", fields(world, path)));
    world.post(path, &headers, body).await
}

/// Everything a forbidden request could have changed.
fn state(world: &World) -> String {
    let staff = Viewer::Staff;
    let (agreement, ledger) =
        (world.exchange.agreement(AGREEMENT, &staff, Language::English), world.exchange.ledger(&staff));
    format!("{:?} {:?}", agreement.unwrap().unwrap().line, ledger.unwrap().logs)
}

#[tokio::test]
async fn abuse_a34_no_route_lets_a_stranger_at_what_is_not_his() {
    let world = World::new();
    let object = world.exchange.search(RELEASED, &Viewer::Staff).unwrap().remove(0).id;
    let before = state(&world);
    let cookie = world.sign_in(&world.stranger).await;
    let auth = basic(&world.stranger);
    let mut matched = 0;
    for route in ROUTES.iter().filter(|route| route.access != Access::Open) {
        let path = filled(route, &object);
        let nobody = call(&world, route, &path, &[]).await;
        let expected = if route.kind == Kind::Page { StatusCode::SEE_OTHER } else { StatusCode::UNAUTHORIZED };
        assert_eq!(nobody.status, expected, "nobody at {path}");
        if !route.path.contains('{') {
            continue;
        }
        let who = if route.kind == Kind::Page { ("cookie", cookie.as_str()) } else { ("authorization", auth.as_str()) };
        let stranger = call(&world, route, &path, &[who]).await;
        let expected = if route.access == Access::Staff { StatusCode::FORBIDDEN } else { StatusCode::NOT_FOUND };
        assert_eq!(stranger.status, expected, "a stranger at {path}");
        let text = stranger.text();
        assert!(!text.contains(RELEASED) && !text.contains(AGREEMENT) && !text.contains("fusion"), "{path}: {text}");
        matched += 1;
    }
    assert!(matched >= 15);
    assert_eq!(state(&world), before);
}

#[tokio::test]
async fn staff_reaches_every_route() {
    let world = World::new();
    let object = world.exchange.search(RELEASED, &Viewer::Staff).unwrap().remove(0).id;
    let auth = basic(&world.staff);
    for route in ROUTES.iter().filter(|route| route.kind != Kind::Asset && route.path != "/logout") {
        let cookie = world.sign_in(&world.staff).await;
        let who = if route.kind == Kind::Page { ("cookie", cookie.as_str()) } else { ("authorization", auth.as_str()) };
        let path = filled(route, &object);
        let answer = call(&world, route, &path, &[who]).await;
        // What needs a secret of its own, a signed note, a draft as JSON or a delivered page is refused for that, and for nothing else.
        let may_fail = [
            "/enter",
            "/login",
            "/objects/{id}/receipt",
            "/objects/{id}/receipt/{part}",
            "/recalls/{id}",
            "/api/v1/agreements/{id}/notes",
            "/api/v1/agreements/{id}/signatures",
            "/api/v1/agreements/{id}/simulate",
            "/api/v1/receipts/{agreement}/{leaf}",
            "/api/v1/recalls",
            "/api/v1/recalls/{id}/ack",
            "/api/v1/ledger/{id}/cosignatures",
            "/api/v1/copies/{id}/checkpoint",
            "/api/v1/copies/{id}/tile/{*path}",
            "/witness/add-checkpoint",
            "/witness/{hash}/checkpoint",
        ];
        let fine = answer.status.is_success() || answer.status == StatusCode::SEE_OTHER;
        assert!(fine || may_fail.contains(&route.path), "{path}: {} {}", answer.status, answer.text());
    }
}
