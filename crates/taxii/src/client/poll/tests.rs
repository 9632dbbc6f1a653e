use std::time::Duration;

use super::*;

const PATH: &str = "/taxii2/exchange/collections/6c3b5a0e-2f5d-4c63-9a51-2f6b8a1d7e40/";
const A: &str =
    r#"{"type":"indicator","id":"indicator--00000000-0000-4000-8000-00000000000a","modified":"2026-01-01T00:00:00Z"}"#;
const B: &str =
    r#"{"type":"indicator","id":"indicator--00000000-0000-4000-8000-00000000000b","modified":"2026-01-01T00:00:00Z"}"#;

fn now() -> Timestamp {
    time("2026-11-24T06:00:00Z")
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn ok(body: &str, headers: &[(&str, &str)]) -> Result<Response, TransportError> {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Ok(Response { status: 200, headers, body: body.as_bytes().to_vec() })
}

fn status(status: u16) -> Result<Response, TransportError> {
    Ok(Response { status, ..Response::default() })
}

fn collection(can_read: bool) -> Result<Response, TransportError> {
    let body = format!(
        r#"{{"id":"6c3b5a0e-2f5d-4c63-9a51-2f6b8a1d7e40","title":"t","can_read":{can_read},"can_write":false}}"#
    );
    ok(&body, &[("Date", "Tue, 24 Nov 2026 06:00:00 GMT")])
}

fn page(objects: &[&str], next: Option<&str>, last: Option<&str>) -> Result<Response, TransportError> {
    let body = envelope_text(objects, next);
    match last {
        Some(last) => ok(&body, &[("x-taxii-date-added-last", last)]),
        None => ok(&body, &[]),
    }
}

fn envelope_text(objects: &[&str], next: Option<&str>) -> String {
    String::from_utf8(crate::envelope::envelope(objects.iter().map(|object| object.as_bytes()), next)).unwrap()
}

/// A run whose collection has been read.
fn started(position: Position) -> Poll {
    let mut poll = Poll::new(Settings::new(PATH), position);
    assert_eq!(poll.next_request().path, PATH);
    assert_eq!(poll.on_response(collection(true), now()), Action::Send);
    poll
}

fn from_start() -> Poll {
    started(Position::default())
}

/// Feeds a page, stores it, and returns what is to be done then.
fn store(poll: &mut Poll, response: Result<Response, TransportError>) -> Action {
    match poll.on_response(response, now()) {
        Action::Page(_) => poll.commit(),
        other => panic!("no page: {other:?}"),
    }
}

fn query(poll: &Poll) -> String {
    let path = poll.next_request().path;
    path.strip_prefix(PATH).and_then(|rest| rest.strip_prefix("objects/?")).unwrap().to_owned()
}

#[test]
fn a_run_starts_with_the_collection_and_asks_from_its_position_less_the_overlap() {
    let settings = Settings {
        filters: Filters { types: vec!["indicator".to_owned()], ..Filters::default() },
        overlap_micros: 300_000_000,
        ..Settings::new(PATH)
    };
    let position = Position { added_after: Some(time("2026-11-24T05:05:00.0005Z")), ..Position::default() };
    let mut poll = Poll::new(settings, position);
    assert_eq!(poll.on_response(collection(true), now()), Action::Send);
    let expected = "added_after=2026-11-24T05:00:00.000500Z&limit=1000&match%5Btype%5D=indicator";
    assert_eq!(query(&poll), expected);
    assert_eq!(poll.next_request().headers, [("Accept", MEDIA_TYPE.to_owned())]);
}

#[test]
fn a_collection_that_cannot_be_read_stops_the_run() {
    let mut poll = Poll::new(Settings::new(PATH), Position::default());
    assert_eq!(poll.on_response(collection(false), now()), Action::Stop(PollError::NotReadable));
    assert_eq!(poll.on_response(collection(true), now()), Action::Stop(PollError::Step));
}

#[test]
fn more_and_next_repeats_the_request_with_next_and_the_position_moves_only_with_commit() {
    let mut poll = from_start();
    assert_eq!(query(&poll), "limit=1000");
    let action = poll.on_response(page(&[A, "5"], Some("n/1"), Some("2026-11-24T05:00:00.000001Z")), now());
    let Action::Page(first) = action else { panic!("{action:?}") };
    assert_eq!((first.objects, first.malformed_count), (vec![A.as_bytes().to_vec()], 1));
    assert_eq!(poll.position(), &Position::default());
    assert_eq!(poll.commit(), Action::Send);
    assert_eq!(query(&poll), "limit=1000&next=n%2F1");
    assert_eq!(store(&mut poll, page(&[B], None, Some("2026-11-24T05:00:00.000002Z"))), Action::Complete);
    let expected = Position { added_after: Some(time("2026-11-24T05:00:00.000002Z")), next: None, estimated: false };
    assert_eq!(poll.position(), &expected);
    let summary = poll.summary();
    assert_eq!((summary.pages, summary.received, summary.malformed), (2, 2, 1));
}

#[test]
fn an_empty_collection_is_complete_and_keeps_its_position() {
    let mut poll = from_start();
    assert_eq!(store(&mut poll, ok("{}", &[])), Action::Complete);
    assert_eq!(poll.position(), &Position::default());
}

#[test]
fn without_header_the_manifest_of_the_last_object_gives_the_position() {
    let mut poll = from_start();
    assert_eq!(poll.on_response(page(&[A, B], None, None), now()), Action::Send);
    let id = "indicator--00000000-0000-4000-8000-00000000000b";
    assert_eq!(poll.next_request().path, format!("{PATH}manifest/?match%5Bid%5D={id}&match%5Bversion%5D=all"));
    // A later version of the object lies behind records that were not in the page.
    let manifest = format!(
        r#"{{"objects":[{{"id":"{id}","date_added":"2026-11-24T05:30:00Z","version":"2026-02-02T00:00:00.000Z"}},{{"id":"{id}","date_added":"2026-11-24T05:00:00.000007Z","version":"2026-01-01T00:00:00.000Z"}}]}}"#
    );
    assert_eq!(store(&mut poll, ok(&manifest, &[])), Action::Complete);
    assert_eq!(poll.position().added_after, Some(time("2026-11-24T05:00:00.000007Z")));
    assert!(!poll.position().estimated);
}

#[test]
fn without_header_and_manifest_the_position_is_the_servers_clock_less_300_seconds() {
    for response in [status(404), ok("nonsense", &[]), ok("{}", &[])] {
        let mut poll = from_start();
        assert_eq!(poll.on_response(page(&[A], None, None), now()), Action::Send);
        assert_eq!(store(&mut poll, response), Action::Complete);
        let expected = Position { added_after: Some(time("2026-11-24T05:55:00Z")), next: None, estimated: true };
        assert_eq!(poll.position(), &expected);
    }
}

#[test]
fn a_header_before_the_present_position_is_not_believed() {
    let present = Some(time("2026-11-24T05:00:00Z"));
    let mut poll = started(Position { added_after: present, ..Position::default() });
    assert_eq!(store(&mut poll, page(&[A], Some("n"), Some("2026-11-24T04:59:59Z"))), Action::Send);
    assert_eq!(poll.position().added_after, present);
    assert_eq!(store(&mut poll, page(&[B], Some("m"), Some("nonsense"))), Action::Send);
    assert_eq!(poll.position().added_after, present);
}

#[test]
fn more_without_next_goes_on_from_the_header_and_doubles_the_limit_once() {
    let more = |object: &str, last: &str| {
        ok(&format!(r#"{{"more":true,"objects":[{object}]}}"#), &[("X-TAXII-Date-Added-Last", last)])
    };
    let mut poll = from_start();
    assert_eq!(store(&mut poll, more(A, "2026-11-24T05:00:00Z")), Action::Send);
    assert_eq!(query(&poll), "added_after=2026-11-24T05:00:00.000000Z&limit=1000");
    assert_eq!(store(&mut poll, more(B, "2026-11-24T05:00:00Z")), Action::Send);
    assert_eq!(query(&poll), "added_after=2026-11-24T05:00:00.000000Z&limit=2000");
    assert_eq!(store(&mut poll, more(B, "2026-11-24T05:00:00Z")), Action::Stop(PollError::NoProgress));
}

#[test]
fn a_page_or_a_cursor_that_comes_twice_is_a_loop() {
    let mut poll = from_start();
    assert_eq!(store(&mut poll, page(&[A, B], Some("1"), None)), Action::Send);
    assert_eq!(poll.on_response(page(&[B, A], Some("2"), None), now()), Action::Stop(PollError::Loop));
    let mut poll = from_start();
    assert_eq!(store(&mut poll, page(&[A], Some("1"), None)), Action::Send);
    assert_eq!(poll.on_response(page(&[B], Some("1"), None), now()), Action::Stop(PollError::Loop));
}

#[test]
fn abuse_a_thousand_empty_pages_are_followed_and_no_more() {
    let mut poll = from_start();
    for n in 0..1_000 {
        assert_eq!(store(&mut poll, page(&[], Some(&n.to_string()), None)), Action::Send, "{n}");
    }
    assert_eq!(poll.on_response(page(&[], Some("x"), None), now()), Action::Stop(PollError::NoProgress));
}

#[test]
fn a_cursor_the_server_refuses_is_dropped_once() {
    let position = Position { next: Some("old".to_owned()), ..Position::default() };
    let mut poll = started(position);
    assert_eq!(query(&poll), "limit=1000&next=old");
    assert_eq!(poll.on_response(status(400), now()), Action::Send);
    assert_eq!(query(&poll), "limit=1000");
    assert_eq!(store(&mut poll, page(&[A], Some("new"), None)), Action::Send);
    assert_eq!(query(&poll), "limit=1000&next=new");
    assert_eq!(poll.on_response(status(400), now()), Action::Stop(PollError::Answer { status: 400 }));
}

#[test]
fn a_refusal_stops_the_run_and_needs_a_person() {
    for code in [400, 401, 403, 404, 405, 302] {
        let mut poll = from_start();
        let Action::Stop(error) = poll.on_response(status(code), now()) else { panic!("{code}") };
        assert!(error.needs_a_person(), "{code}");
    }
}

#[test]
fn another_accept_is_tried_after_406_and_remembered() {
    let mut poll = Poll::new(Settings::new(PATH), Position::default());
    assert_eq!(poll.on_response(status(406), now()), Action::Send);
    assert_eq!(poll.next_request().headers, [("Accept", "application/taxii+json".to_owned())]);
    assert_eq!(poll.on_response(status(406), now()), Action::Send);
    assert_eq!(poll.accept(), "application/taxii+json;version=2.1, */*;q=0.1");
    let settings = Settings { accept: Some(poll.accept().to_owned()), ..Settings::new(PATH) };
    assert_eq!(Poll::new(settings, Position::default()).accept(), poll.accept());
    assert_eq!(poll.on_response(status(406), now()), Action::Stop(PollError::Answer { status: 406 }));
}

#[test]
fn the_server_is_waited_for_and_the_position_stays() {
    let mut poll = from_start();
    let request = poll.next_request();
    for (n, seconds) in [1, 2, 4, 8, 16, 32, 64].into_iter().enumerate() {
        let outcome = match n % 3 {
            0 => status(500),
            1 => Err(TransportError::Timeout),
            _ => ok("{", &[("Content-Length", "500")]),
        };
        assert_eq!(poll.on_response(outcome, now()), Action::Wait(Delay::UpTo(Duration::from_secs(seconds))));
        assert_eq!(poll.next_request(), request);
    }
    assert_eq!(poll.on_response(status(502), now()), Action::Stop(PollError::Unavailable));
    assert_eq!(poll.position(), &Position::default());
    let mut poll = from_start();
    let limited = Response { status: 429, headers: vec![("Retry-After".into(), "7".into())], body: Vec::new() };
    assert_eq!(poll.on_response(Ok(limited), now()), Action::Wait(Delay::Exactly(Duration::from_secs(7))));
}

#[test]
fn a_malformed_envelope_is_asked_for_once_more() {
    let mut poll = from_start();
    assert_eq!(poll.on_response(ok("[]", &[]), now()), Action::Send);
    assert_eq!(store(&mut poll, page(&[A], Some("1"), None)), Action::Send);
    assert_eq!(poll.on_response(ok("", &[]), now()), Action::Send);
    assert_eq!(poll.on_response(ok("{\"objects\":5}", &[]), now()), Action::Stop(PollError::ServerJson));
}

#[test]
fn a_body_cut_at_any_byte_never_gives_a_page() {
    let body = envelope_text(&[A, B], Some("next"));
    for at in 0..body.len() {
        let mut poll = from_start();
        let cut = ok(&body[..at], &[]);
        assert_eq!(poll.on_response(cut, now()), Action::Send, "cut at {at}");
    }
}

#[test]
fn commit_without_a_page_changes_nothing() {
    let mut poll = from_start();
    assert_eq!(poll.commit(), Action::Stop(PollError::Step));
    assert_eq!(store(&mut poll, ok("{}", &[])), Action::Complete);
}
