//! TAXII through its router, endpoint by endpoint, and every refusal with its exact body.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

use axum::http::{Method, StatusCode};
use entente_exchange::Viewer;
use support::{AGREEMENT, Answer, RELEASED, WITHHELD, World, basic};

const MEDIA_TYPE: &str = "application/taxii+json;version=2.1";
const OUT: &str = "/taxii2/exchange/collections/agr-12-fusion";
const IN: &str = "/taxii2/exchange/collections/agr-12-fusion-in";

async fn get(world: &World, path: &str) -> Answer {
    world.get(path, &[("authorization", &basic(&world.fusion))]).await
}

fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), MEDIA_TYPE);
    let body = answer.json();
    assert_eq!((&body["error_code"], &body["http_status"]), (&code.into(), &status.to_string().into()));
    assert!(body["title"].is_string());
}

#[tokio::test]
async fn discovery_root_and_collections_say_what_the_credential_may_see() {
    let world = World::new();
    let discovery = get(&world, "/taxii2/").await;
    let root = "https://exchange.northtel.example/taxii2/exchange/";
    assert_eq!(discovery.json()["default"], root);
    assert_eq!(discovery.json()["api_roots"], serde_json::json!([root]));
    assert_eq!(
        get(&world, "/taxii2/exchange/").await.text(),
        r#"{"title":"exchange","versions":["application/taxii+json;version=2.1"],"max_content_length":33554432}"#
    );
    let listed = get(&world, "/taxii2/exchange/collections/").await.json();
    let listed = listed["collections"].as_array().unwrap();
    assert_eq!(listed.len(), 2);
    for collection in listed {
        for name in [&collection["id"], &collection["alias"]] {
            let one = get(&world, &format!("/taxii2/exchange/collections/{}/", name.as_str().unwrap())).await;
            assert_eq!(&one.json(), collection);
        }
    }
    let stranger = [("authorization", basic(&world.stranger))];
    let headers: Vec<(&str, &str)> = stranger.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(world.get("/taxii2/exchange/collections/", &headers).await.text(), "{}");
}

#[tokio::test]
async fn every_answer_has_the_media_type_and_is_never_kept() {
    let world = World::new();
    for path in
        ["/taxii2/", "/taxii2/exchange/", "/taxii2/exchange/collections/", &format!("{OUT}/objects/"), "/taxii2/no/"]
    {
        let answer = get(&world, path).await;
        assert_eq!(answer.header("content-type"), MEDIA_TYPE, "{path}");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("vary"), "Accept, Accept-Encoding, Authorization");
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
}

#[tokio::test]
async fn slashes_do_not_matter_and_nothing_is_redirected() {
    let world = World::new();
    let expected = get(&world, "/taxii2/exchange/collections/").await;
    for path in ["/taxii2/exchange/collections", "//taxii2//exchange///collections//"] {
        let answer = get(&world, path).await;
        assert_eq!((answer.status, answer.text()), (StatusCode::OK, expected.text()), "{path}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_to_the_end_and_make_the_whole() {
    let world = World::new();
    let whole = get(&world, &format!("{OUT}/objects/?limit=1000")).await;
    let all: Vec<String> = ids(&whole);
    assert!(whole.json().get("more").is_none() && all.len() >= 5, "{}", whole.text());
    let mut path = format!("{OUT}/objects/?limit=2");
    let (mut seen, mut last) = (Vec::new(), String::new());
    loop {
        let page = get(&world, &path).await;
        let (first, this) = (page.header("x-taxii-date-added-first"), page.header("x-taxii-date-added-last"));
        assert!(first <= this && last.as_str() < first, "{first} {this}");
        assert!(
            page.header("entente-receipt").starts_with("https://exchange.northtel.example/api/v1/receipts/agr-12/")
        );
        last = this.to_owned();
        seen.extend(ids(&page));
        let body = page.json();
        let Some(next) = body["next"].as_str() else {
            assert!(body.get("more").is_none());
            break;
        };
        assert_eq!(body["more"], true);
        // The limit may be left out or changed on the way.
        path = format!("{OUT}/objects/?next={next}&limit={}", 1 + seen.len() % 3);
    }
    assert_eq!(seen, all);
    let empty = get(&world, &format!("{OUT}/objects/?added_after={last}")).await;
    assert_eq!((empty.text().as_str(), empty.header("x-taxii-date-added-last")), ("{}", last.as_str()));
    assert_eq!(empty.header("entente-receipt"), "", "nothing was delivered");
}

fn ids(page: &Answer) -> Vec<String> {
    let body = page.json();
    body["objects"].as_array().into_iter().flatten().map(|object| object["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_filters_of_a_walk_live_in_its_cursor() {
    let world = World::new();
    let first = get(&world, &format!("{OUT}/objects/?match[type]=indicator&limit=1")).await;
    let next = first.json()["next"].as_str().unwrap().to_owned();
    let rest = get(&world, &format!("{OUT}/objects/?next={next}")).await;
    assert!(ids(&rest).iter().all(|id| id.starts_with("indicator--")), "{}", rest.text());
    refused(&get(&world, &format!("{OUT}/objects/?next={next}&match[type]=url")).await, 400, "taxii.cursor_filters");
    refused(&get(&world, &format!("{OUT}/manifest/?next={next}")).await, 400, "taxii.cursor_other_collection");
    let other = format!("{OUT}/manifest/?next={next}&added_after=2020-01-01T00:00:00Z");
    assert_eq!(get(&world, &other).await.status, StatusCode::OK);
    refused(&get(&world, &format!("{OUT}/objects/?next={}", &next[1..])).await, 400, "taxii.cursor_invalid");
}

#[tokio::test]
async fn one_object_its_versions_and_its_manifest_agree() {
    let world = World::new();
    let page = get(&world, &format!("{OUT}/objects/?match[type]=indicator")).await.json();
    let object = page["objects"][0].clone();
    let id = object["id"].as_str().unwrap();
    let one = get(&world, &format!("{OUT}/objects/{id}/")).await;
    assert_eq!(one.json()["objects"], serde_json::json!([object]));
    let versions = get(&world, &format!("{OUT}/objects/{id}/versions/")).await.json();
    assert_eq!(versions, serde_json::json!({ "versions": [object["modified"]] }));
    let manifest = get(&world, &format!("{OUT}/manifest/?match[id]={id}")).await;
    let record = manifest.json()["objects"][0].clone();
    assert_eq!((&record["id"], &record["version"]), (&object["id"], &object["modified"]));
    assert_eq!(record["media_type"], "application/stix+json;version=2.1");
    assert_eq!(record["date_added"], manifest.header("x-taxii-date-added-first"));
    // Known, but filtered away: an empty envelope. Unknown: 404.
    assert_eq!(get(&world, &format!("{OUT}/objects/{id}/?match[spec_version]=2.0")).await.text(), "{}");
    let unknown = "indicator--00000000-0000-4000-8000-000000000000";
    for path in [format!("{OUT}/objects/{unknown}/"), format!("{OUT}/objects/{unknown}/versions/")] {
        refused(&get(&world, &path).await, 404, "taxii.not_found");
    }
    assert_eq!(get(&world, &format!("{OUT}/objects/?match[id]={unknown}")).await.text(), "{}");
}

#[tokio::test]
async fn abuse_a18_what_is_withheld_answers_as_what_does_not_exist() {
    let world = World::new();
    let unknown = get(&world, &format!("{OUT}/objects/indicator--00000000-0000-4000-8000-000000000000/")).await;
    for value in [WITHHELD, RELEASED] {
        // By the holder's own id, which the recipient was never given.
        let held = world.exchange.search(value, &Viewer::Staff).unwrap().remove(0).id;
        for path in [format!("{OUT}/objects/{held}/"), format!("{OUT}/objects/{held}/versions/")] {
            let answer = get(&world, &path).await;
            assert_eq!((answer.status, answer.text()), (unknown.status, unknown.text()));
            assert_eq!(answer.headers, unknown.headers);
        }
        assert_eq!(get(&world, &format!("{OUT}/objects/?match[id]={held}")).await.text(), "{}");
    }
    assert!(!get(&world, &format!("{OUT}/objects/?limit=5000")).await.text().contains(WITHHELD));
}

#[tokio::test]
async fn head_says_what_get_would_and_delivers_nothing() {
    let world = World::new();
    let size = |world: &World| world.exchange.ledger(&Viewer::Staff).unwrap().logs[0].size;
    let before = size(&world);
    let auth = basic(&world.fusion);
    let head = world.ask(Method::HEAD, &format!("{OUT}/objects/"), &[("authorization", &auth)]).await;
    assert_eq!((head.status, head.body.len(), size(&world)), (StatusCode::OK, 0, before));
    assert_eq!(head.header("content-length"), "");
    let get = get(&world, &format!("{OUT}/objects/")).await;
    assert_eq!(size(&world), before + 1);
    for name in ["content-type", "x-taxii-date-added-first", "x-taxii-date-added-last"] {
        assert_eq!(head.header(name), get.header(name));
    }
}

#[tokio::test]
async fn a_stranger_learns_nothing_from_the_order_of_checks() {
    let world = World::new();
    let wrong = [("accept", "text/html"), ("content-type", "text/plain")];
    for path in
        ["/taxii2/", "/taxii2/no/", &format!("{OUT}/objects/?limit=0"), "/taxii2/exchange/collections/nothing/objects/"]
    {
        let answer = world.get(path, &wrong).await;
        refused(&answer, 401, "auth.required");
        let challenges: Vec<_> = answer.headers.get_all("www-authenticate").iter().collect();
        assert_eq!(challenges, ["Basic realm=\"entente\", charset=\"UTF-8\"", "Bearer"]);
    }
    assert_eq!(
        world.get("/taxii2/", &[]).await.text(),
        r#"{"title":"Credentials are required","error_code":"auth.required","http_status":"401"}"#
    );
    // cert-x has a credential and no agreement: 404 before 406, 400 and 415.
    let auth = basic(&world.stranger);
    let headers = [("authorization", auth.as_str()), wrong[0], wrong[1]];
    for path in [format!("{OUT}/objects/?limit=0"), format!("{OUT}/"), format!("{IN}/objects/")] {
        refused(&world.get(&path, &headers).await, 404, "taxii.not_found");
    }
    refused(&world.post(&format!("{IN}/objects/"), &headers, "x").await, 404, "taxii.not_found");
    assert_eq!(
        world.get(&format!("{OUT}/"), &headers).await.text(),
        r#"{"title":"Not found","error_code":"taxii.not_found","http_status":"404"}"#
    );
}

#[tokio::test]
async fn rights_are_403_where_the_collection_is_visible() {
    let world = World::new();
    let auth = basic(&world.fusion);
    let headers = [("authorization", auth.as_str()), ("content-type", MEDIA_TYPE)];
    refused(&get(&world, &format!("{IN}/objects/")).await, 403, "taxii.no_read");
    refused(&get(&world, &format!("{IN}/manifest/")).await, 403, "taxii.no_read");
    refused(&world.post(&format!("{OUT}/objects/"), &headers, "{}").await, 403, "taxii.no_write");
    let object = "indicator--00000000-0000-4000-8000-000000000000";
    for collection in [OUT, IN] {
        let answer = world.ask(Method::DELETE, &format!("{collection}/objects/{object}/"), &headers).await;
        refused(&answer, 403, "taxii.no_delete");
    }
    let auth = basic(&world.stranger);
    let answer = world.ask(Method::DELETE, &format!("{OUT}/objects/{object}/"), &[("authorization", &auth)]).await;
    refused(&answer, 404, "taxii.not_found");
}

#[tokio::test]
async fn methods_and_media_types_are_negotiated() {
    let world = World::new();
    let answer = world.ask(Method::PUT, &format!("{OUT}/objects/"), &[]).await;
    refused(&answer, 405, "taxii.method");
    assert_eq!(answer.header("allow"), "GET, HEAD, POST, OPTIONS");
    let options = world.ask(Method::OPTIONS, &format!("{OUT}/manifest/"), &[("origin", "https://evil.example")]).await;
    assert_eq!((options.status, options.header("allow")), (StatusCode::NO_CONTENT, "GET, HEAD, OPTIONS"));
    assert!(options.headers.keys().all(|name| !name.as_str().starts_with("access-control")));
    let auth = basic(&world.fusion);
    for (accept, status) in [
        ("application/taxii+json", 200),
        ("application/taxii+json; version=\"2.1\"", 200),
        ("text/html, */*;q=0.1", 200),
        ("application/taxii+json;version=2.0", 406),
        ("text/html", 406),
    ] {
        let answer = world.get("/taxii2/exchange/", &[("authorization", &auth), ("accept", accept)]).await;
        assert_eq!(answer.status.as_u16(), status, "{accept}");
        if status == 406 {
            refused(&answer, 406, "taxii.not_acceptable");
        }
    }
}

#[tokio::test]
async fn malformed_parameters_are_400_with_the_parameter() {
    let world = World::new();
    for (query, code, parameter) in [
        ("limit=0", "taxii.parameter", "limit"),
        ("added_after=yesterday", "taxii.parameter", "added_after"),
        ("match[version]=all,last", "taxii.parameter", "match[version]"),
        ("limit=1&limit=1", "taxii.duplicate_parameter", "limit"),
        ("next=AAAA", "taxii.cursor_invalid", "next"),
    ] {
        let answer = get(&world, &format!("{OUT}/objects/?{query}")).await;
        refused(&answer, 400, code);
        assert_eq!(answer.json()["details"]["parameter"], parameter);
    }
    refused(&get(&world, &format!("{OUT}/objects/?match[confidence]=1")).await, 400, "taxii.unknown_match");
}

#[tokio::test]
async fn objects_are_added_and_their_status_is_kept_for_who_sent_them() {
    let world = World::new();
    let auth = basic(&world.fusion);
    let headers = [("authorization", auth.as_str()), ("content-type", "application/taxii+json; version=2.1")];
    let envelope = format!("{{\"objects\":[{},{{\"type\":\"indicator\"}}]}}", indicator(1));
    let answer = world.post(&format!("{IN}/objects/"), &headers, envelope).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    let status = answer.json();
    assert_eq!((&status["status"], &status["total_count"]), (&"complete".into(), &2.into()));
    assert_eq!((&status["success_count"], &status["failure_count"]), (&1.into(), &1.into()));
    let path = format!("/taxii2/exchange/status/{}/", status["id"].as_str().unwrap());
    assert_eq!(get(&world, &path).await.json(), status);
    let stranger = basic(&world.stranger);
    refused(&world.get(&path, &[("authorization", &stranger)]).await, 404, "taxii.not_found");
    refused(&get(&world, "/taxii2/exchange/status/not-a-uuid/").await, 404, "taxii.not_found");
    // Again: no error, and a bundle is taken with a remark.
    let bundle = format!(
        "{{\"type\":\"bundle\",\"id\":\"bundle--7b1b0b3e-5a0e-4a6e-8a52-6d1f1f1f1f01\",\"objects\":[{}]}}",
        indicator(1)
    );
    let again = world.post(&format!("{IN}/objects/"), &headers, bundle).await.json();
    assert_eq!(again["success_count"], 1);
    assert!(again["x_entente_note"].is_string());
}

fn indicator(n: u8) -> String {
    format!(
        r#"{{"type":"indicator","spec_version":"2.1","id":"indicator--7b1b0b3e-5a0e-4a6e-8a52-6d1f1f1f1f{n:02x}","created":"2026-11-01T00:00:00.000Z","modified":"2026-11-01T00:00:00.000Z","pattern":"[ipv4-addr:value = '203.0.113.{n}']","pattern_type":"stix","valid_from":"2026-11-01T00:00:00Z","object_marking_refs":["marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"]}}"#
    )
}

#[tokio::test]
async fn abuse_a10_a_body_that_is_no_envelope_is_refused_whole() {
    let world = World::new();
    let auth = basic(&world.fusion);
    let path = format!("{IN}/objects/");
    let headers = [("authorization", auth.as_str()), ("content-type", MEDIA_TYPE)];
    let twice = "{\"objects\":[{\"type\":\"indicator\",\"object_marking_refs\":[],\"object_marking_refs\":[\"x\"]}]}";
    let deep = format!("{{\"objects\":[{}{}]}}", "[".repeat(5_000), "]".repeat(5_000));
    for (body, status, code) in [
        (twice, 400, "taxii.body_json"),
        ("{\"objects\":[", 400, "taxii.body_json"),
        ("{\"objects\":[]}x", 400, "taxii.body_json"),
        ("", 400, "taxii.body_json"),
        (deep.as_str(), 400, "taxii.body_json"),
        ("[]", 422, "taxii.body_envelope"),
        ("5", 422, "taxii.body_envelope"),
        ("{}", 422, "taxii.body_envelope"),
        ("{\"objects\":5}", 422, "taxii.body_envelope"),
        ("{\"objects\":[]}", 422, "taxii.body_envelope"),
        ("{\"type\":\"indicator\",\"id\":\"x\"}", 422, "taxii.body_envelope"),
    ] {
        refused(&world.post(&path, &headers, body).await, status, code);
    }
    let many = format!("{{\"objects\":[{}0]}}", "0,".repeat(50_000));
    refused(&world.post(&path, &headers, many).await, 422, "taxii.body_envelope");
    for content_type in ["application/json", "application/stix+json;version=2.1", "text/plain"] {
        let headers = [("authorization", auth.as_str()), ("content-type", content_type)];
        refused(&world.post(&path, &headers, "{}").await, 415, "taxii.content_type");
    }
}

#[tokio::test]
async fn abuse_a12_sizes_and_codings_of_a_body_are_bounded() {
    use std::io::Write as _;
    let world = World::new();
    let auth = basic(&world.fusion);
    let path = format!("{IN}/objects/");
    let base = [("authorization", auth.as_str()), ("content-type", MEDIA_TYPE)];
    let announced = [base[0], base[1], ("content-length", "33554433")];
    let answer = world.post(&path, &announced, "x").await;
    refused(&answer, 413, "taxii.too_large");
    assert_eq!(answer.json()["details"]["max_content_length"], 33_554_432);
    assert_eq!(answer.header("connection"), "close");
    // Sent without a length, counted on the way.
    refused(&world.post(&path, &base, vec![b' '; (32 << 20) + 1]).await, 413, "taxii.too_large");
    let gzip = |data: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    };
    let body = format!("{{\"objects\":[{}]}}", indicator(2));
    let coded = [base[0], base[1], ("content-encoding", "gzip")];
    assert_eq!(world.post(&path, &coded, gzip(body.as_bytes())).await.status, StatusCode::ACCEPTED);
    let zstd = [base[0], base[1], ("content-encoding", "zstd")];
    let packed = zstd::encode_all(body.as_bytes(), 1).unwrap();
    assert_eq!(world.post(&path, &zstd, packed).await.status, StatusCode::ACCEPTED);
    refused(&world.post(&path, &coded, gzip(&vec![b' '; 64 << 20])).await, 413, "taxii.too_large");
    let twice = [base[0], base[1], ("content-encoding", "gzip, gzip")];
    refused(&world.post(&path, &twice, gzip(&gzip(b"{}"))).await, 415, "taxii.content_encoding");
    refused(&world.post(&path, &coded, "no gzip").await, 400, "taxii.body_json");
}

#[tokio::test]
async fn abuse_a20_a_suspended_agreement_delivers_nothing_more() {
    let world = World::new();
    let next = get(&world, &format!("{OUT}/objects/?limit=1")).await.json()["next"].as_str().unwrap().to_owned();
    world.exchange.suspend(AGREEMENT, "dispute").unwrap();
    for path in [format!("{OUT}/objects/"), format!("{OUT}/objects/?next={next}"), format!("{OUT}/manifest/")] {
        let answer = get(&world, &path).await;
        refused(&answer, 403, "taxii.agreement_suspended");
        assert_eq!(answer.header("entente-receipt"), "");
    }
    assert_eq!(get(&world, &format!("{OUT}/")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn abuse_a32_a_path_in_an_address_is_404() {
    let world = World::new();
    for path in [
        "/taxii2/exchange/collections/..%2f..%2fetc/objects/",
        "/taxii2/exchange/collections/%2e%2e/objects/",
        "/taxii2/exchange/collections/a%00b/",
        &format!("{OUT}/objects/..%2f..%2fpasswd/"),
        &format!("{OUT}/objects/not-an-id/"),
        "/taxii2/other/collections/",
        "/taxii2/exchange/nothing/",
    ] {
        refused(&get(&world, path).await, 404, "taxii.not_found");
    }
}

#[tokio::test]
async fn a_page_is_compressed_when_asked_and_large_enough() {
    let world = World::new();
    let auth = basic(&world.fusion);
    for coding in ["gzip", "zstd"] {
        let headers = [("authorization", auth.as_str()), ("accept-encoding", coding)];
        let answer = world.get(&format!("{OUT}/objects/"), &headers).await;
        assert_eq!(answer.header("content-encoding"), coding);
        assert_eq!(world.get("/taxii2/exchange/", &headers).await.header("content-encoding"), "");
    }
}

#[tokio::test]
async fn abuse_a40_a_large_head_is_refused_in_the_form_of_the_door() {
    let world = World::new();
    let auth = basic(&world.fusion);
    let long = "x".repeat(9 << 10);
    let answer = world.get("/taxii2/", &[("authorization", &auth), ("x-long", &long)]).await;
    refused(&answer, 431, "http.header-fields");
    let names: Vec<String> = (0..101).map(|n| format!("x-{n}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
    refused(&world.get("/taxii2/", &many).await, 431, "http.header-fields");
    let path = format!("/taxii2/?x={}", "y".repeat(17 << 10));
    refused(&world.get(&path, &[("authorization", &auth)]).await, 414, "http.uri-too-long");
    assert_eq!(world.get("/api/v1/agreements", &[("x-long", &long)]).await.status.as_u16(), 431);
}

#[tokio::test]
async fn a_page_above_the_daily_quota_is_refused_until_midnight() {
    // Would break: one party reads without end, or a client hammers a door that stays shut until tomorrow.
    let world = World::new();
    world.amend("objects_per_day = 1000000", "objects_per_day = 2");
    let page = get(&world, &format!("{OUT}/objects/")).await;
    assert_eq!((page.status, &page.json()["more"]), (StatusCode::OK, &true.into()));
    let next = page.json()["next"].as_str().unwrap().to_owned();
    for path in [format!("{OUT}/objects/?next={next}"), format!("{OUT}/objects/")] {
        let answer = get(&world, &path).await;
        refused(&answer, 429, "limit.objects-per-day");
        let wait: u64 = answer.header("retry-after").parse().unwrap();
        assert!((64_000..=64_800).contains(&wait), "from six in the morning to midnight: {wait}");
    }
    // Records without bytes deliver nothing; who asks for them is not refused.
    assert_eq!(get(&world, &format!("{OUT}/manifest/")).await.status, StatusCode::OK);
    let guest = entente_exchange::Viewer::Party(entente_agreement::PartyId::parse("fusion").unwrap());
    assert_eq!(world.exchange.search(RELEASED, &guest).unwrap_err().code(), "limit.objects-per-day");
}
