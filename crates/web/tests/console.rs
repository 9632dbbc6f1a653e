//! The console through its router: headers, sessions, forms, hostile text, guests, refusals.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use axum::http::{Method, StatusCode};
use entente_agreement::plain::Language;
use entente_exchange::Viewer;
use entente_web::Options;
use support::{AGREEMENT, FORM, RELEASED, WITHHELD, World};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; font-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The pages a member of staff can open, with an object and an agreement in them.
fn pages(world: &World) -> Vec<String> {
    let object = held(world, RELEASED);
    let mut pages: Vec<String> = [
        "/",
        "/search",
        "/search?q=c2",
        "/check",
        "/agreements",
        "/agreements/agr-12",
        "/agreements/agr-12/suspend",
        "/parties",
        "/parties/fusion",
        "/ledger",
        "/ledger/agr-12",
        "/ledger/agr-12?before=1",
        "/help",
        "/licences",
        "/login",
        "/enter?key=0123456789abcdef0123456789abcdef",
    ]
    .map(str::to_owned)
    .to_vec();
    pages.push(format!("/search?q={RELEASED}"));
    pages.push(format!("/objects/{object}"));
    pages
}

/// Id of a held object by its value.
fn held(world: &World, value: &str) -> String {
    let lines = world.exchange.search(value, &Viewer::Staff).unwrap();
    lines.first().unwrap().id.clone()
}

#[tokio::test]
async fn every_page_carries_the_whole_set_of_headers() {
    let world = World::new();
    let cookie = world.sign_in(&world.staff).await;
    for path in pages(&world) {
        let answer = world.get(&path, &[("cookie", &cookie)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("content-security-policy", POLICY),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
            ("cache-control", "no-store"),
            ("strict-transport-security", ""),
            ("access-control-allow-origin", ""),
        ] {
            assert_eq!(answer.header(name), value, "{path}: {name}");
        }
        let html = answer.text();
        assert_eq!(html.matches("<h1").count(), 1, "{path}");
        assert!(html.contains("<html lang=\"en\" dir=\"ltr\""), "{path}");
        assert!(html.contains("Demonstration node: synthetic data"), "{path}: the band");
        assert!(html.len() < 300_000, "{path}: {} bytes", html.len());
    }
}

#[tokio::test]
async fn behind_tls_cookies_are_bound_and_browsers_stay_with_tls() {
    let mut options = Options::default();
    options.secure = true;
    let world = World::with(options);
    let form = format!("id={}&secret={}", world.staff.id, world.staff.secret);
    let answer = world.post("/login", &[FORM], form).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-entente=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"));
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
}

#[tokio::test]
async fn embedded_files_are_kept_for_ever_and_found_by_their_hash_only() {
    let world = World::new();
    let login = world.get("/login", &[]).await.text();
    let mut seen = 0;
    for piece in login.split("\"/assets/").skip(1) {
        let name = piece.split('"').next().unwrap();
        let answer = world.get(&format!("/assets/{name}"), &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{name}");
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        assert!(!answer.header("etag").is_empty() && !answer.body.is_empty());
        seen += 1;
    }
    assert_eq!(seen, 4);
    assert_eq!(world.get("/assets/console.css", &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_has_not_signed_in_is_asked_to_and_comes_back() {
    let world = World::new();
    let answer = world.get("/agreements/agr-12?x=1", &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header("location"), "/login?next=%2Fagreements%2Fagr-12%3Fx%3D1");
    let form = format!("id={}&secret={}&next=%2Fagreements%2Fagr-12%3Fx%3D1", world.staff.id, world.staff.secret);
    assert_eq!(world.post("/login", &[FORM], form).await.header("location"), "/agreements/agr-12?x=1");
    let form = format!("id={}&secret={}&next=https%3A%2F%2Fevil.example", world.staff.id, world.staff.secret);
    assert_eq!(world.post("/login", &[FORM], form).await.header("location"), "/");
}

#[tokio::test]
async fn a_wrong_token_gets_one_answer_whatever_is_wrong() {
    let world = World::new();
    let wrong_secret = world.post("/login", &[FORM], format!("id={}&secret=x", world.staff.id)).await;
    let wrong_id = world.post("/login", &[FORM], "id=nobody.x&secret=x").await;
    assert_eq!(wrong_secret.status, StatusCode::FORBIDDEN);
    assert_eq!(wrong_secret.text(), wrong_id.text());
    assert_eq!(wrong_secret.header("set-cookie"), "");
}

#[tokio::test]
async fn a_one_time_link_survives_a_preview_and_works_once() {
    let world = World::new();
    let key = world.exchange.issue_enter_key().unwrap();
    for _ in 0..3 {
        let preview = world.get(&format!("/enter?key={key}"), &[]).await;
        assert_eq!((preview.status, preview.header("set-cookie")), (StatusCode::OK, ""));
    }
    let entered = world.post("/enter", &[FORM], format!("key={key}")).await;
    assert_eq!((entered.status, entered.header("location")), (StatusCode::SEE_OTHER, "/"));
    let cookie = entered.header("set-cookie").split(';').next().unwrap().to_owned();
    assert_eq!(world.get("/", &[("cookie", &cookie)]).await.status, StatusCode::OK);
    assert_eq!(world.post("/enter", &[FORM], format!("key={key}")).await.status, StatusCode::FORBIDDEN);
    assert_eq!(world.get("/enter?key=%22%3E%3Cscript%3E", &[]).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn abuse_a27_a_session_is_new_at_each_sign_in_and_dead_after_signing_out() {
    let world = World::new();
    let planted = "entente-northtel=planted-by-somebody-else-0123456789";
    let form = format!("id={}&secret={}", world.staff.id, world.staff.secret);
    let answer = world.post("/login", &[FORM, ("cookie", planted)], form).await;
    let first = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    assert_ne!(first, planted);
    assert_eq!(world.get("/", &[("cookie", planted)]).await.status, StatusCode::SEE_OTHER);
    let second = world.sign_in(&world.staff).await;
    assert_ne!(first, second);
    let out = world.post("/logout", &[FORM, ("cookie", &second)], format!("csrf={}", world.csrf(&second))).await;
    assert_eq!(out.status, StatusCode::SEE_OTHER);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(world.get("/", &[("cookie", &second)]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(world.get("/", &[("cookie", &first)]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn abuse_a27_a_forged_form_changes_nothing() {
    let world = World::new();
    let cookie = world.sign_in(&world.staff).await;
    let csrf = world.csrf(&cookie);
    let other = world.csrf(&world.sign_in(&world.staff).await);
    let own_form = format!("csrf={csrf}&reason=test");
    let path = "/agreements/agr-12/suspend";
    for (headers, form) in [
        (vec![], "reason=test".to_owned()),
        (vec![], "csrf=&reason=test".to_owned()),
        (vec![], format!("csrf={other}&reason=test")),
        (vec![("origin", "https://evil.example")], own_form.clone()),
        (vec![("sec-fetch-site", "cross-site")], own_form.clone()),
        (vec![("origin", "null"), ("sec-fetch-site", "same-site")], own_form.clone()),
    ] {
        let mut all = vec![FORM, ("cookie", cookie.as_str())];
        all.extend(headers);
        let answer = world.post(path, &all, form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.text().contains("session.form"));
    }
    // A form of another type is no form.
    let text = [("content-type", "text/plain"), ("cookie", cookie.as_str())];
    assert_eq!(world.post(path, &text, own_form.clone()).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(state(&world), "in-force");
    // GET asks only.
    assert_eq!(world.get(path, &[("cookie", &cookie)]).await.status, StatusCode::OK);
    assert_eq!(state(&world), "in-force");
    // The real form, as a browser sends it.
    let real = [FORM, ("cookie", cookie.as_str()), ("origin", "null"), ("sec-fetch-site", "same-origin")];
    let answer = world.post(path, &real, own_form).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/agreements/agr-12"));
    assert_eq!(state(&world), "suspended");
}

fn state(world: &World) -> String {
    world.exchange.agreement(AGREEMENT, &Viewer::Staff, Language::English).unwrap().unwrap().line.state
}

#[tokio::test]
async fn an_agreement_is_suspended_with_a_reason_and_resumed() {
    let world = World::new();
    let cookie = world.sign_in(&world.staff).await;
    let csrf = world.csrf(&cookie);
    let headers = [FORM, ("cookie", cookie.as_str())];
    let silent = world.post("/agreements/agr-12/suspend", &headers, format!("csrf={csrf}&reason=++")).await;
    assert_eq!(silent.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(silent.text().contains("Say why"));
    assert_eq!(state(&world), "in-force");
    world.post("/agreements/agr-12/suspend", &headers, format!("csrf={csrf}&reason=a+dispute")).await;
    let page = world.get("/agreements/agr-12", &[("cookie", &cookie)]).await.text();
    assert!(page.contains("Suspended by") && page.contains("/agreements/agr-12/resume"));
    world.post("/agreements/agr-12/resume", &headers, format!("csrf={csrf}")).await;
    assert_eq!(state(&world), "in-force");
}

#[tokio::test]
async fn abuse_a26_hostile_text_is_text_on_every_page() {
    let world = World::new();
    world.admit_stix(
        r#"{"type":"bundle","id":"bundle--7b1b0b3e-5a0e-4a6e-8a52-6d1f1f1f1f01","objects":[{"type":"indicator",
        "spec_version":"2.1","id":"indicator--7b1b0b3e-5a0e-4a6e-8a52-6d1f1f1f1f02","created":"2026-11-01T00:00:00.000Z",
        "modified":"2026-11-01T00:00:00.000Z","name":"<img src=x onerror=alert(1)>\u202egnp.exe {{7*7}}",
        "description":"\"><svg onload=alert(1)> [click](javascript:alert(1)) ]]>","pattern_type":"stix",
        "pattern":"[url:value = 'http://hostile.example/<script>alert(1)</script>']","valid_from":"2026-11-01T00:00:00Z",
        "labels":["role:c2","\"><svg onload=alert(2)>"],"external_references":[{"source_name":"<b>feed</b>\u200b",
        "url":"javascript:alert(1)"}],"object_marking_refs":["marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"]}]}"#,
    );
    let cookie = world.sign_in(&world.staff).await;
    let id = "indicator--7b1b0b3e-5a0e-4a6e-8a52-6d1f1f1f1f02";
    let hostile = "%22%3E%3Csvg+onload%3Dalert(1)%3E%E2%80%AE";
    for path in ["/", &format!("/objects/{id}"), &format!("/search?q={hostile}"), "/search?q=hostile.example"] {
        let html = world.get(path, &[("cookie", &cookie)]).await.text();
        for planted in ["<img", "<svg onload", "<script>alert", "\"javascript:", "\u{202e}", "\u{200b}", "<b>feed"] {
            assert!(!html.contains(planted), "{path}: {planted}");
        }
        for link in html.split("href=\"").skip(1) {
            assert!(link.starts_with('/') || link.starts_with('#'), "{path}: {}", link.split('"').next().unwrap());
        }
    }
    let page = world.get(&format!("/objects/{id}"), &[("cookie", &cookie)]).await.text();
    assert!(page.contains("hxxp://hostile[.]example/"), "the value is shown defanged");
    assert!(
        page.contains("<span class=\"hidden-char\">U+202E</span>") || page.contains("\\u202e"),
        "it is made visible"
    );
    let list =
        format!("csrf={}&list={hostile}%0A%3C%2Ftextarea%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E", world.csrf(&cookie));
    let html = world.post("/check", &[FORM, ("cookie", &cookie)], list).await.text();
    assert!(!html.contains("<script>alert") && !html.contains("<svg onload"));
}

#[tokio::test]
async fn abuse_a26_a_refusal_repeats_nothing_of_the_request() {
    let world = World::new();
    for path in
        ["/%3Cscript%3Ealert(1)%3C/script%3E", "/objects/%3Cscript%3E", "/nothing?q=%22onload=", "/..%2f..%2fetc"]
    {
        let cookie = world.sign_in(&world.staff).await;
        let answer = world.get(path, &[("cookie", &cookie), ("user-agent", "<script>evil")]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.header("content-security-policy"), POLICY);
        let html = answer.text();
        assert!(html.contains("http.not-found"));
        for word in ["<script>", "onload", "%3C", "etc", "evil"] {
            assert!(!html.contains(word), "{path}: {word}");
        }
    }
}

#[tokio::test]
async fn another_method_is_405_and_names_those_that_work() {
    let world = World::new();
    let answer = world.ask(Method::DELETE, "/agreements/agr-12/suspend", &[]).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.header("allow"), "GET,HEAD,POST");
    assert!(answer.text().contains("http.method"));
    let head = world.ask(Method::HEAD, "/login", &[]).await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
}

#[tokio::test]
async fn a_guest_sees_what_was_released_to_his_party_and_nothing_else() {
    let world = World::new();
    let cookie = world.sign_in(&world.fusion).await;
    let headers = [("cookie", cookie.as_str())];
    for path in ["/", "/search?q=198.51.100", "/agreements", "/agreements/agr-12", "/parties", "/ledger/agr-12"] {
        let answer = world.get(path, &headers).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let html = answer.text();
        for word in ["198[.]51[.]100[.]66", WITHHELD, "Withheld", "floor.", "clause.", "cert-x", "quarantine"] {
            assert!(!html.contains(word), "{path}: {word}");
        }
    }
    assert!(world.get("/search?q=198.51.100.25", &headers).await.text().contains("198[.]51[.]100[.]25"));
    // By the holder's own id nothing is found, whether it was released or not: the same answer, to the byte.
    let unknown = world.get("/objects/indicator--00000000-0000-4000-8000-000000000000", &headers).await;
    for value in [RELEASED, WITHHELD] {
        let answer = world.get(&format!("/objects/{}", held(&world, value)), &headers).await;
        assert_eq!((answer.status, answer.text()), (StatusCode::NOT_FOUND, unknown.text()), "{value}");
        assert_eq!(answer.headers, unknown.headers);
    }
    for path in ["/agreements/agr-12/suspend", "/agreements/agr-12/resume"] {
        assert_eq!(world.get(path, &headers).await.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn a_list_is_checked_and_its_pages_hold_200_rows() {
    let world = World::new();
    let cookie = world.sign_in(&world.staff).await;
    let headers = [FORM, ("cookie", cookie.as_str())];
    let csrf = world.csrf(&cookie);
    let list: String = (0..250).map(|n| format!("203.0.113.{n}%0D%0A")).collect();
    let first =
        world.post("/check", &headers, format!("csrf={csrf}&list=198.51.100%5B.%5D25%0Afoo+bar%0A{list}")).await;
    let html = first.text();
    assert_eq!(first.status, StatusCode::OK);
    assert!(html.contains("198[.]51[.]100[.]25") && html.contains("foo bar"));
    assert!(html.contains("name=\"from\" value=\"200\""), "the next page is offered");
    let second =
        world.post("/check", &headers, format!("csrf={csrf}&from=200&list=198.51.100.25%0A{list}")).await.text();
    assert!(second.contains("203[.]0[.]113[.]249") && !second.contains("198[.]51[.]100[.]25</bdi></td>"));
    let csv = world.post("/check", &headers, format!("csrf={csrf}&as=csv&list=198.51.100.25%0A{list}")).await;
    assert_eq!(csv.header("content-disposition"), "attachment; filename=\"check.csv\"");
    assert_eq!(csv.header("content-security-policy"), "sandbox");
    assert_eq!(csv.text().lines().count(), 252);
    let empty = world.post("/check", &headers, format!("csrf={csrf}&list=+%0A")).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.text().contains("Nothing was checked"));
}

#[tokio::test]
async fn the_countries_can_be_downloaded() {
    let world = World::new();
    let cookie = world.sign_in(&world.staff).await;
    let answer = world.get("/countries.csv", &[("cookie", &cookie)]).await;
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    assert!(answer.text().starts_with("country,c2,phishing,compromised\r\n"));
}

#[tokio::test]
async fn colours_are_kept_in_a_cookie_and_written_by_the_server() {
    let world = World::new();
    let answer = world.post("/theme", &[FORM], "theme=dark&next=%2Flogin").await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/login"));
    assert!(answer.header("set-cookie").starts_with("theme=dark; Path=/; HttpOnly; SameSite=Lax"));
    assert!(world.get("/login", &[("cookie", "theme=dark")]).await.text().contains("data-theme=\"dark\""));
    assert!(world.get("/login", &[("cookie", "theme=\"><b>")]).await.text().contains("data-theme=\"system\""));
}

#[tokio::test]
async fn large_answers_are_compressed_when_asked() {
    let world = World::new();
    let cookie = world.sign_in(&world.staff).await;
    for coding in ["gzip", "zstd"] {
        let answer = world.get("/agreements/agr-12", &[("cookie", &cookie), ("accept-encoding", coding)]).await;
        assert_eq!(answer.header("content-encoding"), coding);
        assert!(answer.body.len() < 20_000, "{} bytes", answer.body.len());
    }
    let plain = world.get("/agreements/agr-12", &[("cookie", &cookie)]).await;
    assert_eq!(plain.header("content-encoding"), "");
    let small = world.get("/healthz", &[("accept-encoding", "gzip")]).await;
    assert_eq!((small.header("content-encoding"), small.text().as_str()), ("", "{\"status\":\"ok\"}"));
}
