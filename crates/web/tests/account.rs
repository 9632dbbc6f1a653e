//! The statement of an account and the maturity profile.

mod support;

use axum::http::StatusCode;
use support::World;

#[tokio::test]
async fn the_account_is_a_statement_that_says_what_it_does_not_know() {
    let world = World::new();
    let cookie = world.sign_in(&world.staff).await;
    let headers = [("cookie", cookie.as_str())];
    let page = world.get("/parties/fusion/account?period=2026-11", &headers).await;
    assert_eq!(page.status, StatusCode::OK);
    let html = page.text();
    assert!(html.contains("2026-11-01/2026-12-01") && html.contains("Not final"), "{html}");
    // Nobody but the receiver can weigh what was given: without its report there is no balance, and not one of 0.
    assert!(html.contains("undefined") && html.contains("there is no report") && html.contains("no report</span>"));
    // The chart and its table carry the same number of values that were released.
    assert!(html.contains("class=\"chart\"") && html.contains("<tfoot>"));
    assert!(html.contains("Balance = (received − given) / (received + given)"));
    let wrong = world.get("/parties/fusion/account?period=%3Cb%3E", &headers).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().contains("A period is a month") && !wrong.text().contains("<b>"));
    assert_eq!(world.get("/parties/nobody/account", &headers).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_profile_shows_each_measure_with_its_formula_and_claims_no_stage_that_is_not_measured() {
    let world = World::new();
    let cookie = world.sign_in(&world.staff).await;
    let html = world.get("/parties/fusion/profile", &[("cookie", &cookie)]).await.text();
    assert!(html.contains("Not measured yet") && !html.contains("aria-current=\"step\""), "{html}");
    for word in ["lower bound of confirmed / judged (Wilson, z = 1.96)", "no decision reads it", "≥ 0.5000", "G5"] {
        assert!(html.contains(word), "{word}");
    }
}

#[tokio::test]
async fn a_guest_sees_neither() {
    let world = World::new();
    let cookie = world.sign_in(&world.fusion).await;
    for path in ["/parties/fusion/account", "/parties/fusion/profile"] {
        assert_eq!(world.get(path, &[("cookie", &cookie)]).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}
