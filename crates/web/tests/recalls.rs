//! The screens of recalls: a form that says who holds an object, the list, and one recall.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use axum::http::StatusCode;
use entente_exchange::Viewer;
use support::{FORM, RELEASED, WITHHELD, World};

fn held(world: &World, value: &str) -> String {
    world.exchange.search(value, &Viewer::Staff).unwrap().remove(0).id
}

#[tokio::test]
async fn an_object_is_taken_back_after_a_look_at_who_holds_it_and_with_a_reason() {
    let world = World::new();
    let cookie = world.sign_in(&world.staff).await;
    let path = format!("/objects/{}/recall", held(&world, RELEASED));
    let headers = [FORM, ("cookie", cookie.as_str())];
    let asked = world.get(&path, &[("cookie", &cookie)]).await.text();
    assert!(asked.contains("Who holds it") && asked.contains(">fusion<"), "{asked}");
    assert!(world.exchange.recalls().unwrap().is_empty(), "asking takes nothing back");
    let silent = world.post(&path, &headers, format!("csrf={}&action=delete", world.csrf(&cookie))).await;
    assert_eq!(silent.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(silent.text().contains("Say why") && world.exchange.recalls().unwrap().is_empty());
    let form = format!("csrf={}&reason=wrong&action=delete", world.csrf(&cookie));
    let done = world.post(&path, &headers, form).await;
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, "/recalls"));
    let recall = world.exchange.recalls().unwrap().remove(0);
    assert_eq!((recall.reason.as_str(), recall.party.as_str()), ("wrong", "fusion"));
    let list = world.get("/recalls", &[("cookie", &cookie)]).await.text();
    assert!(list.contains(&format!("/recalls/{}", recall.id)) && list.contains("was wrong"));
    let none = world.get("/recalls?state=overdue", &[("cookie", &cookie)]).await.text();
    assert!(!none.contains(&recall.id));
    let one = world.get(&format!("/recalls/{}", recall.id), &[("cookie", &cookie)]).await.text();
    assert!(one.contains("entente/recall@1") && one.contains("To be acknowledged by"), "{one}");
    assert_eq!(world.get("/recalls/0123", &[("cookie", &cookie)]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_nobody_holds_cannot_be_taken_back_and_an_empty_list_says_so() {
    let world = World::new();
    let cookie = world.sign_in(&world.staff).await;
    assert!(world.get("/recalls", &[("cookie", &cookie)]).await.text().contains("Nothing was taken back"));
    let page = world.get(&format!("/objects/{}/recall", held(&world, WITHHELD)), &[("cookie", &cookie)]).await.text();
    assert!(page.contains("Nobody holds it") && !page.contains("Take back now"), "{page}");
}

#[tokio::test]
async fn a_guest_sees_no_recalls() {
    let world = World::new();
    let cookie = world.sign_in(&world.fusion).await;
    assert_eq!(world.get("/recalls", &[("cookie", &cookie)]).await.status, StatusCode::FORBIDDEN);
}
