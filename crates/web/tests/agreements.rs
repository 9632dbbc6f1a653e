//! The screens about agreements: plain words in five languages, versions and life, and the comparison of texts.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use axum::http::StatusCode;
use entente_exchange::Viewer;
use support::{AGREEMENT, FORM, World, encoded};

/// The text that is in force, without signatures.
fn text(world: &World) -> String {
    let (_, note) = world.exchange.version_of(AGREEMENT, None, &Viewer::Staff).unwrap().unwrap();
    note.split("\n\n— ").next().unwrap().to_owned() + "\n"
}

async fn compared(world: &World, text: &str) -> (StatusCode, String) {
    let cookie = world.sign_in(&world.staff).await;
    let form = format!("csrf={}&text={}", world.csrf(&cookie), encoded(text));
    let answer = world.post("/agreements/agr-12/compare", &[FORM, ("cookie", &cookie)], form).await;
    (answer.status, answer.text())
}

#[tokio::test]
async fn the_plain_words_are_shown_in_five_languages_and_arabic_from_right_to_left() {
    let world = World::new();
    let cookie = world.sign_in(&world.staff).await;
    let mut seen = Vec::new();
    for tag in ["en", "fr", "es", "ar", "it"] {
        let html = world.get(&format!("/agreements/agr-12?lang={tag}"), &[("cookie", &cookie)]).await.text();
        let direction = if tag == "ar" { "rtl" } else { "ltr" };
        let begin = format!("<ul class=\"sentences wide\" lang=\"{tag}\" dir=\"{direction}\">");
        let words =
            html.split(&begin).nth(1).unwrap_or_else(|| panic!("{tag}")).split("</ul>").next().unwrap().to_owned();
        assert!(!words.contains("hidden-char"), "{tag}: nothing in it is invisible");
        assert!(!seen.contains(&words), "{tag} has words of its own");
        if tag == "ar" {
            assert!(words.contains("<bdi dir=\"ltr\">2026-01-01</bdi>"), "a date reads left to right");
        }
        seen.push(words);
    }
    let other = world.get("/agreements/agr-12?lang=%22%3E%3Cb%3E", &[("cookie", &cookie)]).await.text();
    assert!(other.contains(" lang=\"en\" dir=\"ltr\">") && !other.contains("<b>"));
}

#[tokio::test]
async fn the_page_tells_the_life_of_an_agreement_from_its_notes() {
    let world = World::new();
    world.exchange.suspend(AGREEMENT, "<b>a dispute</b>").unwrap();
    let cookie = world.sign_in(&world.staff).await;
    let html = world.get("/agreements/agr-12", &[("cookie", &cookie)]).await.text();
    let life = html.split("<ol class=\"timeline\"").nth(1).unwrap().split("</ol>").next().unwrap();
    let at = |word: &str| life.find(word).unwrap_or_else(|| panic!("{word}: {life}"));
    assert!(
        at("Signed by every party") < at("Suspended") && at("Suspended") < at("<span class=\"muted\">lies ahead"),
        "{life}"
    );
    assert!(life.contains("&lt;b&gt;a dispute&lt;/b&gt;") && life.contains("/ledger/agr-12/0"));
    let note = world.get("/agreements/agr-12/versions/1", &[("cookie", &cookie)]).await;
    assert_eq!(note.header("content-disposition"), "attachment; filename=\"agr-12.v1.note\"");
    assert!(entente_agreement::Agreement::open(&note.body).is_ok(), "the download is the note, to the byte");
    assert_eq!(world.get("/agreements/agr-12/versions/2", &[("cookie", &cookie)]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_text_against_itself_is_equal() {
    let world = World::new();
    // As a browser sends it.
    let (status, html) = compared(&world, &text(&world).replace('\n', "\r\n")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("permits the same as version 1"), "{html}");
    assert!(html.contains("There is no difference"));
}

#[tokio::test]
async fn abuse_a22_a_broader_amendment_hidden_in_the_text_is_shown_with_counterexample_objects() {
    let world = World::new();
    let now = text(&world);
    let hidden = now.replacen("confidence_min = 30", "confidence_min = 1", 1);
    assert_ne!(hidden, now, "the text has such a line");
    let (status, html) = compared(&world, &hidden).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    let shown = html.split("id=\"added\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(html.contains("<bdi>broader</bdi>") && html.contains("Read each of the following before anybody signs"));
    // The object that would be released from then on, in full and in the page, not behind a button.
    assert!(
        shown.contains("&quot;type&quot;: &quot;indicator&quot;") && shown.contains("&quot;confidence&quot;: 29"),
        "{shown}"
    );
    assert!(shown.contains("asks for a confidence of at least 30"), "{shown}");
    let before_details = shown.split("<details>").next().unwrap();
    assert!(before_details.contains("<pre"));
}

#[tokio::test]
async fn what_is_wrong_with_a_text_is_shown_in_its_line() {
    let world = World::new();
    let faulty = text(&world).replacen("title = ", "titel = ", 1);
    let (status, html) = compared(&world, &faulty).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("<mark>titel</mark>"), "{html}");
    assert!(html.contains("text.unknown-key") && html.contains("role=\"alert\""));
    let (_, html) = compared(&world, "").await;
    assert!(html.contains("there is no text"));
    let (_, html) = compared(&world, &text(&world).replace("agr-12", "agr-13")).await;
    assert!(html.contains("Nothing was compared"));
}

#[tokio::test]
async fn abuse_a26_a_hostile_text_is_text_on_the_page_that_compares_it() {
    let world = World::new();
    let hostile = "x = \"</textarea><svg onload=alert(1)>\" `<img src=x>` \u{202e}\n";
    let (_, html) = compared(&world, &(text(&world) + hostile)).await;
    for planted in ["<svg onload", "<img src", "\u{202e}"] {
        assert!(!html.contains(planted), "{planted}");
    }
}

async fn simulated(world: &World, text: &str) -> (StatusCode, String) {
    let cookie = world.sign_in(&world.staff).await;
    let form = format!("csrf={}&days=30&as-of=now&text={}", world.csrf(&cookie), encoded(text));
    let answer = world.post("/agreements/agr-12/simulate", &[FORM, ("cookie", &cookie)], form).await;
    (answer.status, answer.text())
}

#[tokio::test]
async fn a_simulation_shows_what_the_recipient_would_get_and_what_it_would_not_get_any_more() {
    let world = World::new();
    let before = world.exchange.ledger(&Viewer::Staff).unwrap().logs.remove(0).size;
    let (status, html) = simulated(&world, &text(&world)).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    assert!(html.contains("no difference") && html.contains("Hash of this result"), "{html}");
    let stricter = text(&world).replace("kinds = [\"ipv4-addr\", ", "kinds = [");
    let (status, html) = simulated(&world, &stricter).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    assert!(html.contains("No longer released") && html.contains("clause.kind"), "{html}");
    assert_eq!(world.exchange.ledger(&Viewer::Staff).unwrap().logs.remove(0).size, before, "nothing was released");
}

#[tokio::test]
async fn a_held_version_is_simulated_at_an_address_of_its_own_and_a_faulty_text_is_not() {
    let world = World::new();
    let cookie = world.sign_in(&world.staff).await;
    let html = world.get("/agreements/agr-12/simulate?version=1&days=30", &[("cookie", &cookie)]).await.text();
    assert!(html.contains("admissions from") && html.contains("class=\"chart\""), "{html}");
    let none = world.get("/agreements/agr-12/simulate?version=7", &[("cookie", &cookie)]).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    let (status, html) = simulated(&world, "format = 1").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("the text is not valid") && html.contains("class=\"fault\""));
}

#[tokio::test]
async fn a_guest_does_not_compare() {
    let world = World::new();
    let cookie = world.sign_in(&world.fusion).await;
    assert_eq!(world.get("/agreements/agr-12/compare", &[("cookie", &cookie)]).await.status, StatusCode::FORBIDDEN);
}
