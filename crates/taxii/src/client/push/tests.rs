use super::*;
use crate::envelope::Envelope;
use crate::wire::StatusDetails;

const ROOT: &str = "/taxii2/exchange/";
const COLLECTION: &str = "/taxii2/exchange/collections/c/";

fn now() -> Timestamp {
    Timestamp::from_unix_seconds(1_796_205_731)
}

fn answer(status: u16, body: impl Into<Vec<u8>>) -> Result<Response, TransportError> {
    Ok(Response { status, headers: Vec::new(), body: body.into() })
}

fn object(object_type: &str, number: usize, padding: usize) -> Vec<u8> {
    let padding = "x".repeat(padding);
    format!(r#"{{"type":"{object_type}","id":"{object_type}--{number}","x":"{padding}"}}"#).into_bytes()
}

fn indicators(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|number| object("indicator", number, 0)).collect()
}

/// A run up to its first batch.
fn started(objects: Vec<Vec<u8>>, max_content_length: u64) -> (Push, Action) {
    let mut push = Push::new(ROOT, COLLECTION, objects);
    assert_eq!(push.next_request().path, ROOT);
    let root = format!(r#"{{"title":"t","versions":["{MEDIA_TYPE}"],"max_content_length":{max_content_length}}}"#);
    assert_eq!(push.on_response(answer(200, root), now()), Action::Send);
    assert_eq!(push.next_request().path, COLLECTION);
    let collection = r#"{"id":"6c3b5a0e-2f5d-4c63-9a51-2f6b8a1d7e40","title":"t","can_read":false,"can_write":true}"#;
    let action = push.on_response(answer(200, collection), now());
    (push, action)
}

fn sent(push: &Push) -> Vec<Vec<u8>> {
    let request = push.next_request();
    assert_eq!((request.method, request.path.as_str()), (Method::Post, "/taxii2/exchange/collections/c/objects/"));
    assert!(request.headers.contains(&("Content-Type", MEDIA_TYPE.to_owned())));
    Envelope::parse(&request.body).unwrap().objects().map(<[u8]>::to_vec).collect()
}

fn details(id: &str, message: &str) -> StatusDetails {
    StatusDetails { id: id.to_owned(), version: String::new(), message: Some(message.to_owned()), code: None }
}

fn status(success: usize, failures: Vec<StatusDetails>, pending: u64) -> Status {
    Status::new(Uuid::from_u128(5), now(), vec![details("a", ""); success], failures, pending)
}

fn accepted(status: &Status) -> Result<Response, TransportError> {
    answer(202, crate::wire::to_body(status))
}

#[test]
fn objects_go_in_dependency_order() {
    let given = ["sighting", "indicator", "identity", "relationship", "marking-definition", "malware"];
    let objects = given.iter().enumerate().map(|(n, object_type)| object(object_type, n, 0)).collect();
    let (push, action) = started(objects, 1_000_000);
    assert_eq!(action, Action::Send);
    let order: Vec<String> = sent(&push).iter().map(|object| head(object).object_type).collect();
    assert_eq!(order, ["marking-definition", "identity", "indicator", "malware", "sighting", "relationship"]);
}

#[test]
fn batches_hold_a_thousand_objects_and_95_percent_of_what_the_server_takes() {
    let (mut push, _) = started(indicators(2_500), 10_000_000);
    for expected in [1_000, 1_000, 500] {
        assert_eq!(sent(&push).len(), expected);
        push.on_response(accepted(&status(expected, Vec::new(), 0)), now());
    }
    assert_eq!(push.report().succeeded, 2_500);
    let objects: Vec<Vec<u8>> = (0..50).map(|n| object("tool", n, 500)).collect();
    let (mut push, _) = started(objects, 4_000);
    let mut total = 0;
    loop {
        let batch = sent(&push).len();
        assert!(push.next_request().body.len() <= 3_800);
        total += batch;
        if push.on_response(accepted(&status(batch, Vec::new(), 0)), now()) == Action::Complete {
            break;
        }
    }
    assert_eq!((total, push.report().succeeded), (50, 50));
}

#[test]
fn an_object_no_request_can_hold_is_reported_and_the_rest_goes_on() {
    let objects = vec![object("tool", 1, 0), object("tool", 2, 4_000), object("tool", 3, 0)];
    let (mut push, action) = started(objects, 4_000);
    assert_eq!((action, sent(&push).len()), (Action::Send, 2));
    assert_eq!(push.on_response(accepted(&status(2, Vec::new(), 0)), now()), Action::Complete);
    let expected = Failure { id: "tool--2".to_owned(), message: "too_large".to_owned() };
    assert_eq!(push.report().failures, [expected]);
    let (push, action) = started(vec![object("tool", 2, 4_000)], 4_000);
    assert_eq!((action, push.report().failures.len()), (Action::Complete, 1));
}

#[test]
fn a_batch_larger_than_four_mebibytes_is_one_object_alone() {
    let objects = vec![object("tool", 1, 0), object("tool", 2, 5_000_000), object("tool", 3, 0)];
    let (mut push, _) = started(objects, 33_554_432);
    for id in ["tool--1", "tool--2", "tool--3"] {
        let batch = sent(&push);
        assert_eq!(batch.iter().map(|object| head(object).id).collect::<Vec<_>>(), [id]);
        push.on_response(accepted(&status(1, Vec::new(), 0)), now());
    }
    assert_eq!(push.report().batches, 3);
}

#[test]
fn a_batch_that_is_too_large_is_halved() {
    let (mut push, _) = started(indicators(8), 1_000_000);
    assert_eq!(push.on_response(answer(413, ""), now()), Action::Send);
    assert_eq!(sent(&push).len(), 4);
    assert_eq!(push.on_response(accepted(&status(4, Vec::new(), 0)), now()), Action::Send);
    assert_eq!(sent(&push).len(), 4);
    assert_eq!(push.on_response(accepted(&status(4, Vec::new(), 0)), now()), Action::Complete);
}

#[test]
fn the_object_that_spoils_a_batch_is_found_and_the_others_arrive() {
    for code in [400, 422] {
        let (mut push, _) = started(indicators(100), 1_000_000);
        let mut requests = 0;
        loop {
            let batch = sent(&push);
            requests += 1;
            let spoilt = batch.iter().any(|object| head(object).id == "indicator--37");
            let outcome = if spoilt { answer(code, "{}") } else { accepted(&status(batch.len(), Vec::new(), 0)) };
            if push.on_response(outcome, now()) == Action::Complete {
                break;
            }
        }
        let expected = Failure { id: "indicator--37".to_owned(), message: format!("the server answered {code}") };
        assert_eq!(push.report().failures, [expected]);
        assert_eq!(push.report().succeeded, 99);
        assert!(requests <= 15, "{requests} requests");
    }
}

#[test]
fn a_pending_status_is_asked_for_with_doubling_waits_for_ten_minutes() {
    let (mut push, _) = started(indicators(2), 1_000_000);
    let pending = status(1, Vec::new(), 1);
    let mut waits = Vec::new();
    let mut action = push.on_response(accepted(&pending), now());
    while let Action::Wait(Delay::Exactly(wait)) = action {
        waits.push(wait.as_millis());
        assert_eq!(push.next_request().path, "/taxii2/exchange/status/00000000-0000-0000-0000-000000000005/");
        action = push.on_response(answer(200, crate::wire::to_body(&pending)), now());
    }
    assert_eq!(action, Action::Complete);
    assert_eq!(&waits[..8], [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    assert!((600_000..630_000).contains(&waits.iter().sum::<u128>()));
    assert_eq!((push.report().pending, &push.report().open), (1, &vec![Uuid::from_u128(5)]));
}

#[test]
fn a_pending_status_that_completes_is_counted_with_its_failures() {
    let (mut push, _) = started(indicators(2), 1_000_000);
    assert!(matches!(push.on_response(accepted(&status(0, Vec::new(), 2)), now()), Action::Wait(_)));
    let complete = status(1, vec![details("indicator--1", "no")], 0);
    let action = push.on_response(answer(200, crate::wire::to_body(&complete)), now());
    assert_eq!(action, Action::Complete);
    let expected = Report {
        batches: 1,
        succeeded: 1,
        failures: vec![Failure { id: "indicator--1".to_owned(), message: "no".to_owned() }],
        ..Report::default()
    };
    assert_eq!(push.report(), &expected);
}

#[test]
fn counts_that_do_not_fit_are_noted() {
    let (mut push, _) = started(indicators(2), 1_000_000);
    assert_eq!(push.on_response(accepted(&status(900, Vec::new(), 0)), now()), Action::Complete);
    assert_eq!((push.report().succeeded, push.report().inconsistent.len()), (2, 1));
    let (mut push, _) = started(indicators(3), 1_000_000);
    let unlisted = Status { failures: Vec::new(), ..status(1, vec![details("a", "b"); 2], 0) };
    assert_eq!(push.on_response(accepted(&unlisted), now()), Action::Complete);
    assert_eq!((push.report().failures_unlisted, push.report().inconsistent.len()), (2, 0));
}

#[test]
fn a_lost_answer_sends_the_same_batch_again() {
    let (mut push, _) = started(indicators(2), 1_000_000);
    let request = push.next_request();
    for outcome in [Err(TransportError::Connection), answer(503, ""), answer(429, "")] {
        assert!(matches!(push.on_response(outcome, now()), Action::Wait(_)));
        assert_eq!(push.next_request(), request);
    }
    assert_eq!(push.on_response(answer(202, "nonsense"), now()), Action::Send);
    assert_eq!(push.next_request(), request);
    assert_eq!(push.on_response(accepted(&status(2, Vec::new(), 0)), now()), Action::Complete);
}

#[test]
fn refusals_stop_the_run() {
    for code in [401, 403, 404, 415] {
        let (mut push, _) = started(indicators(1), 1_000_000);
        assert_eq!(push.on_response(answer(code, ""), now()), Action::Stop(PushError::Answer { status: code }));
        assert_eq!(push.on_response(answer(202, ""), now()), Action::Stop(PushError::Step));
    }
    let mut push = Push::new(ROOT, COLLECTION, indicators(1));
    push.on_response(answer(200, r#"{"title":"t","versions":[],"max_content_length":1000}"#), now());
    let read_only = r#"{"id":"6c3b5a0e-2f5d-4c63-9a51-2f6b8a1d7e40","title":"t","can_read":true,"can_write":false}"#;
    assert_eq!(push.on_response(answer(200, read_only), now()), Action::Stop(PushError::NotWritable));
}

#[test]
fn nothing_to_push_is_complete() {
    assert_eq!(started(Vec::new(), 1_000_000).1, Action::Complete);
}
