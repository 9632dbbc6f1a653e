//! The screens of the ledger: a leaf with its way to the root, a receipt with the files that prove it.

mod support;

use axum::http::StatusCode;
use entente_ledger::UnixSeconds;
use entente_ledger::policy::Policy;
use entente_ledger::receipt::Receipt;
use support::World;

#[tokio::test]
async fn a_leaf_is_told_in_words_with_its_way_to_the_root() {
    let world = World::new();
    let cookie = world.sign_in(&world.staff).await;
    let headers = [("cookie", cookie.as_str())];
    let html = world.get("/ledger/agr-12/2", &headers).await.text();
    assert!(html.contains("objects became visible to <bdi dir=\"ltr\" class=\"t\">fusion</bdi>"), "{html}");
    assert!(html.contains("/receipts/agr-12/fusion/1") && html.contains("data-step=\"signature\""));
    // The server claims nothing: what is checked, the reader's machine checks.
    assert!(!html.contains("✓") && html.contains("Not checked in this browser"));
    let proof = world.get("/ledger/agr-12/2/proof", &headers).await;
    assert!(proof.text().starts_with("c2sp.org/tlog-proof@v1\nindex 2\n"));
    assert_eq!(proof.header("content-disposition"), "attachment; filename=\"agr-12-2.tlog-proof\"");
    for path in ["/ledger/agr-12/99", "/ledger/agr-12/x", "/ledger/agr-12/2/other", "/ledger/agr-99/0"] {
        assert_eq!(world.get(path, &headers).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn the_three_files_of_a_receipt_prove_the_release_without_this_node() {
    let world = World::new();
    let cookie = world.sign_in(&world.staff).await;
    let headers = [("cookie", cookie.as_str())];
    let page = world.get("/receipts/agr-12/fusion/1", &headers).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("data-proof=\"/receipts/agr-12/fusion/1\"") && page.text().contains("/assets/proof-"));
    let part = async |name: &str| world.get(&format!("/receipts/agr-12/fusion/1/{name}"), &headers).await;
    let (object, proof, policy) = (part("object").await, part("proof").await, part("policy").await);
    let policy = Policy::parse(&policy.text()).unwrap();
    let receipt = Receipt::parse(&proof.body).unwrap();
    let now = UnixSeconds(1_900_000_000);
    assert!(receipt.verify(&object.body, &policy, now).is_ok());
    assert!(receipt.verify(b"{}", &policy, now).is_err());
    assert_eq!(object.header("content-security-policy"), "sandbox");
    assert_eq!(world.get("/receipts/agr-12/fusion/99", &headers).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_guest_reads_the_leaves_of_his_agreement_and_no_receipts() {
    let world = World::new();
    let cookie = world.sign_in(&world.fusion).await;
    let headers = [("cookie", cookie.as_str())];
    let html = world.get("/ledger/agr-12/2", &headers).await.text();
    assert!(html.contains("objects became visible to") && !html.contains("/receipts/"));
    assert_eq!(world.get("/receipts/agr-12/fusion/1", &headers).await.status, StatusCode::FORBIDDEN);
}
