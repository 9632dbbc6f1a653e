//! REST through its router: who may call, what comes back, and how it is refused.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use axum::http::{Method, StatusCode};
use entente_agreement::plain::Language;
use entente_exchange::Viewer;
use std::fmt::Display;
use support::{AGREEMENT, RELEASED, WITHHELD, World, basic};

const JSON: (&str, &str) = ("content-type", "application/json");
const TEXT: (&str, &str) = ("content-type", "text/plain");

fn held(world: &World, value: &str) -> String {
    world.exchange.search(value, &Viewer::Staff).unwrap().first().unwrap().id.clone()
}

#[tokio::test]
async fn without_a_valid_credential_everything_is_401() {
    let world = World::new();
    for (authorization, code) in [
        (None, "auth.required"),
        (Some("Basic".to_owned()), "auth.invalid"),
        (Some("Basic %%%".to_owned()), "auth.invalid"),
        (Some("Digest x".to_owned()), "auth.invalid"),
        (Some(format!("Bearer {}", world.staff.secret)), "auth.invalid"),
        (Some(format!("Bearer {}:wrong", world.staff.id)), "auth.invalid"),
    ] {
        let headers: Vec<(&str, &str)> = authorization.iter().map(|value| ("authorization", value.as_str())).collect();
        let answer = world.get("/api/v1/agreements", &headers).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.json()["code"], code);
        let challenges: Vec<&str> =
            answer.headers.get_all("www-authenticate").iter().map(|value| value.to_str().unwrap()).collect();
        assert_eq!(challenges, ["Basic realm=\"entente\", charset=\"UTF-8\"", "Bearer"]);
    }
    let exact = r#"{"type":"about:blank","title":"A credential is needed","status":401,"code":"auth.required","detail":"Send a token with HTTP Basic (token id as user, secret as password) or as Bearer."}"#;
    assert_eq!(world.get("/api/v1/agreements", &[]).await.text(), exact);
}

#[tokio::test]
async fn basic_bearer_and_token_are_the_same_credential() {
    let world = World::new();
    let joined = format!("{}:{}", world.staff.id, world.staff.secret);
    for authorization in [basic(&world.staff), format!("Bearer {joined}"), format!("Token {joined}")] {
        let answer = world.get("/api/v1/agreements", &[("authorization", &authorization)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{authorization}");
        assert_eq!(answer.json()["agreements"][0]["id"], AGREEMENT);
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn a_list_is_checked_as_text_and_as_json() {
    let world = World::new();
    let auth = basic(&world.staff);
    let text = world.post("/api/v1/check", &[("authorization", &auth), TEXT], "198.51.100[.]25\nfoo bar\n").await;
    assert_eq!(text.status, StatusCode::OK, "{}", text.text());
    let report = text.json();
    assert_eq!((&report["read"], &report["understood"], &report["known"]), (&2.into(), &1.into(), &1.into()));
    assert_eq!(report["values"][0]["value"], RELEASED);
    assert_eq!(report["values"][0]["type"], "ipv4-addr");
    assert_eq!(report["rejected"][0]["line"], 2);
    let body = r#"{"values":["198.51.100[.]25","foo bar"]}"#;
    let json = world.post("/api/v1/check", &[("authorization", &auth), JSON], body).await;
    assert_eq!(json.json(), report);
}

#[tokio::test]
async fn a_body_that_is_not_a_list_is_refused_with_its_reason() {
    let world = World::new();
    let auth = basic(&world.staff);
    let cases: [(&str, &str, u16, &str); 8] = [
        ("application/xml", "<a/>", 415, "http.content-type"),
        ("application/json", "{\"values\":", 400, "body.json"),
        ("application/json", "[1]", 422, "check.values"),
        ("application/json", "{\"values\":[1]}", 422, "check.values"),
        ("application/json", "{\"values\":[]}", 422, "check.empty"),
        ("text/plain", " \n", 422, "check.empty"),
        ("text/plain", "\u{0}", 200, ""),
        ("application/json", "{\"values\":[\"a\"],\"values\":[\"b\"]}", 400, "body.json"),
    ];
    for (content_type, body, status, code) in cases {
        let headers = [("authorization", auth.as_str()), ("content-type", content_type)];
        let answer = world.post("/api/v1/check", &headers, body).await;
        assert_eq!(answer.status.as_u16(), status, "{body}: {}", answer.text());
        if status != 200 {
            assert_eq!(answer.json()["code"], code, "{body}");
        }
    }
    let many = "1.2.3.4\n".repeat(100_001);
    let answer = world.post("/api/v1/check", &[("authorization", &auth), TEXT], many).await;
    assert_eq!(
        (answer.status, answer.json()["code"].clone()),
        (StatusCode::UNPROCESSABLE_ENTITY, "check.too-many".into())
    );
}

#[tokio::test]
async fn abuse_a09_a_deep_body_is_refused_at_once() {
    let world = World::new();
    let auth = basic(&world.staff);
    let deep = format!("{{\"values\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let wide: String = (0..20_000).map(|n| format!("\"k{n}\":1,")).collect();
    let key = format!("{{\"{}\":1}}", "k".repeat(10 << 20));
    for body in [deep, format!("{{{wide}\"values\":[]}}"), key] {
        let answer = world.post("/api/v1/check", &[("authorization", &auth), JSON], body).await;
        assert_eq!((answer.status, answer.json()["code"].clone()), (StatusCode::BAD_REQUEST, "body.json".into()));
    }
}

#[tokio::test]
async fn abuse_a12_a_compressed_list_is_inflated_within_limits() {
    use std::io::Write as _;
    let world = World::new();
    let auth = basic(&world.staff);
    let gzip = |data: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    };
    let headers = [("authorization", auth.as_str()), TEXT, ("content-encoding", "gzip")];
    let answer = world.post("/api/v1/check", &headers, gzip(b"198.51.100.25")).await;
    assert_eq!((answer.status, answer.json()["known"].clone()), (StatusCode::OK, 1.into()));
    let bomb = world.post("/api/v1/check", &headers, gzip(&vec![b'\n'; 64 << 20])).await;
    assert_eq!((bomb.status, bomb.json()["code"].clone()), (StatusCode::PAYLOAD_TOO_LARGE, "http.too-large".into()));
    let nested = [("authorization", auth.as_str()), TEXT, ("content-encoding", "gzip, gzip")];
    let answer = world.post("/api/v1/check", &nested, gzip(&gzip(b"x"))).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let announced = [("authorization", auth.as_str()), TEXT, ("content-length", "33554433")];
    assert_eq!(world.post("/api/v1/check", &announced, "x").await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn who_takes_no_json_is_told_so() {
    let world = World::new();
    let auth = basic(&world.staff);
    let answer = world.get("/api/v1/agreements", &[("authorization", &auth), ("accept", "text/html")]).await;
    assert_eq!(
        (answer.status, answer.json()["code"].clone()),
        (StatusCode::NOT_ACCEPTABLE, "http.not-acceptable".into())
    );
    let both = "application/taxii+json;version=2.1, application/json;q=0.9";
    assert_eq!(
        world.get("/api/v1/agreements", &[("authorization", &auth), ("accept", both)]).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn another_method_and_another_address_are_problems_too() {
    let world = World::new();
    let answer = world.ask(Method::PUT, "/api/v1/agreements", &[]).await;
    assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET,HEAD"));
    assert_eq!(answer.json()["code"], "http.method");
    let answer = world.get("/api/v1/nothing", &[]).await;
    assert_eq!((answer.status, answer.json()["code"].clone()), (StatusCode::NOT_FOUND, "http.not-found".into()));
    assert_eq!(answer.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
}

#[tokio::test]
async fn visibility_names_the_clause_and_the_floor() {
    let world = World::new();
    let auth = basic(&world.staff);
    for (value, sees) in [(RELEASED, true), (WITHHELD, false)] {
        let path = format!("/api/v1/objects/{}/visibility?party=fusion", held(&world, value));
        let answer = world.get(&path, &[("authorization", &auth)]).await;
        let row = answer.json()["visibility"][0].clone();
        assert_eq!((&row["party"], &row["sees"]), (&"fusion".into(), &sees.into()));
        let record = &row["explanation"];
        if sees {
            assert!(record["clause"].is_string(), "{record}");
        } else {
            assert_eq!(record["reason"], "floor.red");
        }
    }
    let none = format!("/api/v1/objects/{}/visibility?party=cert-x", held(&world, RELEASED));
    assert_eq!(world.get(&none, &[("authorization", &auth)]).await.text(), r#"{"visibility":[]}"#);
}

#[tokio::test]
async fn another_node_gets_note_notices_checkpoint_and_receipt() {
    let world = World::new();
    let auth = basic(&world.fusion);
    let headers = [("authorization", auth.as_str())];
    let note = world.get("/api/v1/agreements/agr-12?as=note", &headers).await;
    assert_eq!(note.header("content-type"), "text/plain; charset=utf-8");
    assert!(entente_agreement::Agreement::open(&note.body).is_ok());
    let checkpoint = world.get("/agr/agr-12/checkpoint", &headers).await;
    assert!(checkpoint.text().starts_with("northtel.example/agr/agr-12\n"));
    assert_eq!(world.get("/api/v1/agreements/agr-12/notes", &headers).await.text(), "[]");
    let page = world.get("/taxii2/exchange/collections/agr-12-fusion/objects/", &headers).await;
    let receipt = page.header("entente-receipt").strip_prefix("https://exchange.northtel.example").unwrap().to_owned();
    let receipt = world.get(&receipt, &headers).await;
    assert_eq!(receipt.status, StatusCode::OK, "{}", receipt.text());
    assert!(receipt.json()["checkpoint"].as_str().unwrap().starts_with("northtel.example/agr/agr-12\n"));
}

#[tokio::test]
async fn a_party_gets_the_proof_that_the_log_has_only_grown() {
    let world = World::new();
    let auth = basic(&world.fusion);
    let headers = [("authorization", auth.as_str())];
    let mut sizes = Vec::new();
    for _ in 0..2 {
        let checkpoint = world.get("/agr/agr-12/checkpoint", &headers).await.text();
        sizes.push(checkpoint.lines().nth(1).unwrap().parse::<u64>().unwrap());
        // The delivery of a page is a leaf.
        world.get("/taxii2/exchange/collections/agr-12-fusion/objects/", &headers).await;
    }
    let (old, size) = (sizes[0], sizes[1]);
    assert!(old < size);
    let path = |old: &dyn Display, new: &dyn Display| format!("/api/v1/agr/agr-12/consistency?old={old}&new={new}");
    let answer = world.get(&path(&old, &size), &headers).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let fusion = world.exchange.authenticate(&world.fusion.id, &world.fusion.secret).unwrap().unwrap();
    let proof = world.exchange.consistency(&fusion, AGREEMENT, old, size).unwrap().unwrap();
    let proof: Vec<String> = proof.iter().map(ToString::to_string).collect();
    assert_eq!(answer.json(), serde_json::json!({ "old": old, "new": size, "proof": proof }));
    for path in [
        path(&0, &size),
        path(&size, &old),
        path(&1, &(size + 100)),
        path(&"x", &size),
        "/api/v1/agr/agr-12/consistency".to_owned(),
        format!("/api/v1/agr/agr-13/consistency?old=1&new={size}"),
    ] {
        assert_eq!(world.get(&path, &headers).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn the_other_partys_suspension_is_accepted_once_and_a_forged_one_is_not() {
    let world = World::new();
    let auth = basic(&world.fusion);
    let headers = [("authorization", auth.as_str()), TEXT];
    world.other.suspend(AGREEMENT, "dispute").unwrap();
    let credential = world.exchange.authenticate(&world.fusion.id, &world.fusion.secret).unwrap().unwrap();
    let northtel = entente_exchange::access::Credential { party: world.exchange.own().clone(), ..credential };
    let notice = world.other.notices(&northtel, AGREEMENT).unwrap().unwrap().remove(0);
    let path = "/api/v1/agreements/agr-12/notes";
    let forged = world.post(path, &headers, notice.replace("dispute", "other")).await;
    assert_eq!(
        (forged.status, forged.json()["code"].clone()),
        (StatusCode::UNPROCESSABLE_ENTITY, "notice.refused".into())
    );
    for _ in 0..2 {
        assert_eq!(world.post(path, &headers, notice.clone()).await.status, StatusCode::NO_CONTENT);
    }
    let agreement = world.exchange.agreement(AGREEMENT, &Viewer::Staff, Language::English).unwrap().unwrap();
    assert_eq!((agreement.line.state.as_str(), agreement.suspended_by), ("suspended", vec!["fusion".to_owned()]));
    assert_eq!(world.post(path, &[headers[0], JSON], notice).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn the_probes_are_open_and_say_nothing_else() {
    let world = World::new();
    assert_eq!(world.get("/healthz", &[]).await.text(), r#"{"status":"ok"}"#);
    assert_eq!(world.get("/readyz", &[]).await.text(), r#"{"status":"ready"}"#);
}

#[tokio::test]
async fn abuse_a32_a_path_in_an_id_is_404() {
    let world = World::new();
    let auth = basic(&world.staff);
    for id in ["..", "%2e%2e", "..%2f..%2fetc%2fpasswd", "a%00b", "C:%5Cx", "%f0", "agr-12%2f..", "CON.txt"] {
        for path in
            [format!("/api/v1/objects/{id}"), format!("/api/v1/agreements/{id}"), format!("/agr/{id}/checkpoint")]
        {
            let answer = world.get(&path, &[("authorization", &auth)]).await;
            assert_eq!(
                (answer.status, answer.json()["code"].clone()),
                (StatusCode::NOT_FOUND, "http.not-found".into()),
                "{path}"
            );
        }
    }
    for leaf in ["-1", "x", "99999999999999999999999", "0x1"] {
        let path = format!("/api/v1/receipts/agr-12/{leaf}");
        assert_eq!(world.get(&path, &[("authorization", &auth)]).await.status, StatusCode::NOT_FOUND, "{leaf}");
    }
}

#[tokio::test]
async fn staff_recall_and_a_party_fetches_and_acknowledges() {
    let world = World::new();
    let (staff, fusion) = (basic(&world.staff), basic(&world.fusion));
    let staff = [("authorization", staff.as_str()), JSON];
    let party = [("authorization", fusion.as_str()), TEXT];
    let ask = |reason: &str, more: &str| format!(r#"{{"objects":["{RELEASED}"],"reason":"{reason}"{more}}}"#);
    let plan = world.post("/api/v1/recalls", &staff, ask("wrong", r#","dry_run":true"#)).await;
    assert_eq!(plan.status, StatusCode::OK, "{}", plan.text());
    assert_eq!(plan.json()["parties"][0]["party"], "fusion");
    for (body, status) in [
        (ask("boredom", ""), StatusCode::UNPROCESSABLE_ENTITY),
        (ask("wrong", r#","action":"burn""#), StatusCode::UNPROCESSABLE_ENTITY),
        (ask("wrong", r#","reason":"legal""#), StatusCode::BAD_REQUEST),
        (r#"{"objects":["203.0.113.200"],"reason":"wrong"}"#.to_owned(), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(world.post("/api/v1/recalls", &staff, body.clone()).await.status, status, "{body}");
    }
    assert_eq!(world.get("/api/v1/recalls", &staff[..1]).await.json()["recalls"], serde_json::json!([]));
    let done = world.post("/api/v1/recalls", &staff, ask("wrong", "")).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
    let id = done.json()["parties"][0]["recalls"][0].as_str().unwrap().to_owned();
    let notes = world.get("/api/v1/recalls?agreement=agr-12", &party[..1]).await.json();
    assert!(notes["notes"][0].as_str().unwrap().starts_with("entente/recall@1 agreement=agr-12 "), "{notes}");
    assert_eq!(world.get("/api/v1/recalls?agreement=agr-13", &party[..1]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.get("/api/v1/recalls", &party[..1]).await.status, StatusCode::NOT_FOUND);
    // What the party posts is a note, not an order; an acknowledgement that is none changes nothing.
    let refused = world.post("/api/v1/recalls", &party, ask("wrong", "")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
    let path = format!("/api/v1/recalls/{id}/ack");
    let refused = world.post(&path, &party, "done").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
    let other = world.post(&format!("/api/v1/recalls/{}/ack", "0".repeat(64)), &party, "done").await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
    assert_eq!(world.get("/api/v1/recalls", &staff[..1]).await.json()["recalls"][0]["state"], "sent");
}

#[tokio::test]
async fn accounts_and_profiles_are_for_staff_and_reports_for_their_addressee() {
    let world = World::new();
    let staff = basic(&world.staff);
    let guest = basic(&world.fusion);
    for path in ["/api/v1/parties/fusion/reciprocity", "/api/v1/parties/fusion/maturity"] {
        let answer = world.get(path, &[("authorization", &staff)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        // A party learns of its account from the report only; of this address not even that there is one.
        let refused = world.get(path, &[("authorization", &guest)]).await;
        assert_eq!(
            (refused.status, refused.json()["code"].as_str()),
            (StatusCode::NOT_FOUND, Some("http.not-found")),
            "{path}"
        );
        assert_eq!(world.get(path, &[]).await.status, StatusCode::UNAUTHORIZED);
        let nobody = path.replace("fusion", "nobody");
        assert_eq!(world.get(&nobody, &[("authorization", &staff)]).await.status, StatusCode::NOT_FOUND);
    }
    let accounts = world.get("/api/v1/parties/fusion/reciprocity?period=2026-11", &[("authorization", &staff)]).await;
    assert_eq!(accounts.json()["accounts"][0]["period"], "2026-11-01/2026-12-01");
    for query in ["reciprocity?period=soon", "maturity?at=soon"] {
        let wrong = world.get(&format!("/api/v1/parties/fusion/{query}"), &[("authorization", &staff)]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
    }
    let path = format!("/api/v1/agreements/{AGREEMENT}/usefulness");
    let reports = world.get(&path, &[("authorization", &guest)]).await;
    assert_eq!((reports.status, reports.text().as_str()), (StatusCode::OK, "[]"));
    let unknown = world.get("/api/v1/agreements/agr-99/usefulness", &[("authorization", &guest)]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn staff_simulate_a_draft_and_nobody_else_does() {
    // Would break: a partner asks what is withheld from it, or staff sign what they could not try.
    let world = World::new();
    let path = format!("/api/v1/agreements/{AGREEMENT}/simulate");
    let post = async |token, body: &str| world.post(&path, &[("authorization", &basic(token)), JSON], body).await;
    let answer = post(&world.staff, r#"{"against":"none","since":"2026-01-01T00:00:00Z"}"#).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let (answer, flow) = (answer.json(), answer.json()["flows"][0].clone());
    assert_eq!(
        (&answer["agreement"], &flow["recipient"], &flow["after"]),
        (&AGREEMENT.into(), &"fusion".into(), &3.into())
    );
    assert_eq!(flow["withheld"], serde_json::json!({ "floor.red": 1 }));
    assert!(answer["digest"].as_str().unwrap().starts_with("sha256:"));
    assert!(flow["released_sample"].to_string().contains(RELEASED) && !flow.to_string().contains(WITHHELD));
    for token in [&world.fusion, &world.stranger] {
        assert_eq!(post(token, "{}").await.status, StatusCode::NOT_FOUND);
    }
    let text = world.exchange.agreement(AGREEMENT, &Viewer::Staff, Language::English).unwrap().unwrap().note;
    let draft = |text: &str| serde_json::json!({ "text": text }).to_string();
    assert_eq!(post(&world.staff, &draft(&text)).await.json()["flows"][0]["gained"], 0);
    let body = text.split("\n\n\u{2014} ").next().unwrap();
    let faulty = post(&world.staff, &draft(&format!("{}\n", body.replacen("\"amber\"", "\"red\"", 1)))).await;
    assert_eq!(faulty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(faulty.json()["code"].as_str().unwrap().starts_with("agr."), "{}", faulty.text());
    let other = body.replace(&format!("id = \"{AGREEMENT}\""), "id = \"agr-99\"").replace("/agr/agr-12", "/agr/agr-99");
    for (body, status) in [
        (draft(&format!("{other}\n")), StatusCode::UNPROCESSABLE_ENTITY),
        (r#"{"sample":101}"#.to_owned(), StatusCode::UNPROCESSABLE_ENTITY),
        (r#"{"text":"a","clause":"b"}"#.to_owned(), StatusCode::UNPROCESSABLE_ENTITY),
        (r#"{"sinc":"x"}"#.to_owned(), StatusCode::UNPROCESSABLE_ENTITY),
        (r#"{"since":"90d"}"#.to_owned(), StatusCode::UNPROCESSABLE_ENTITY),
        (r#"{"party":"northtel"}"#.to_owned(), StatusCode::UNPROCESSABLE_ENTITY),
        (r#"{"party":"cert-x"}"#.to_owned(), StatusCode::NOT_FOUND),
        (r#"{"against":"7"}"#.to_owned(), StatusCode::NOT_FOUND),
        (r#"{"since":"#.to_owned(), StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(post(&world.staff, &body).await.status, status, "{body}");
    }
}
