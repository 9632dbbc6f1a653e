//! Streams of objects, cut at any border.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests, not only test functions")]

use std::io::BufReader;

use entente_stix::bundle::{self, Reader, Shape, Splitter};
use entente_stix::{Limits, Object};
use proptest::prelude::*;

/// Index, offset, line, and the bytes or the code of each piece; then shape, or the code of what ended the reading.
type Read = (Vec<(u64, u64, Option<u64>, Result<String, &'static str>)>, Result<Option<Shape>, &'static str>);

fn push(text: &[u8], cuts: &[usize], limits: &Limits) -> Read {
    let mut splitter = Splitter::new(limits);
    let mut pieces = Vec::new();
    let mut from = 0;
    for &cut in cuts.iter().chain([&text.len()]) {
        let mut chunk = &text[from..cut.max(from)];
        from = cut.max(from);
        loop {
            match splitter.next_piece(&mut chunk) {
                Ok(None) => break,
                Ok(Some(piece)) => pieces.push(owned(&piece)),
                Err(error) => return (pieces, Err(error.code())),
            }
        }
        assert!(chunk.is_empty());
    }
    loop {
        match splitter.finish() {
            Ok(None) => return (pieces, Ok(splitter.shape())),
            Ok(Some(piece)) => pieces.push(owned(&piece)),
            Err(error) => return (pieces, Err(error.code())),
        }
    }
}

fn owned(piece: &bundle::Piece<'_>) -> (u64, u64, Option<u64>, Result<String, &'static str>) {
    let raw = piece.raw.map(|raw| String::from_utf8_lossy(raw).into_owned()).map_err(|error| error.code());
    (piece.index, piece.offset, piece.line, raw)
}

fn whole(text: &str) -> Read {
    push(text.as_bytes(), &[], &Limits::admission())
}

fn texts(read: &Read) -> Vec<Result<&str, &'static str>> {
    read.0.iter().map(|(.., raw)| raw.as_ref().map(String::as_str).map_err(|code| *code)).collect()
}

#[test]
fn every_kind_of_text_is_told_and_read() {
    for (text, shape, objects) in [
        ("{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[{\"a\":1} , {\"b\":[{}]}]}", Shape::Bundle, 2),
        ("\u{feff} {\"objects\":[{}],\"spec_version\":\"2.0\",\"type\":\"bundle\"}\n", Shape::Bundle, 1),
        ("{\"type\":\"bundle\",\"id\":\"bundle--1\"}", Shape::Bundle, 0),
        ("{\"more\":true,\"next\":\"x\",\"objects\":[{},{}]}", Shape::Envelope, 2),
        ("{}", Shape::Envelope, 0),
        ("[{},{},{}]", Shape::List, 3),
        ("{\"type\":\"mutex\",\"objects\":[{}]}", Shape::Object, 1),
        ("{\n\"objects\":{\"0\":{}},\"type\":\"observed-data\"}", Shape::Object, 1),
        ("{\"type\":\"a\"}\n{\"type\":\"b\"}\r\n\n {\"objects\":[{}]}", Shape::Lines, 3),
        ("{\n\"type\":\"a\"}\n{\n\"type\":\"b\"}", Shape::Object, 2),
        ("[{}]\n[{},{}]", Shape::List, 3),
    ] {
        let read = whole(text);
        assert_eq!((read.1, read.0.len()), (Ok(Some(shape)), objects), "{text}");
        assert!(read.0.iter().all(|(_, offset, _, raw)| {
            text[usize::try_from(*offset).unwrap()..].starts_with(raw.as_ref().unwrap().as_str())
        }));
    }
}

#[test]
fn members_of_the_wrapper_are_known_wherever_they_stand() {
    for text in [
        r#"{"type":"bundle","id":"bundle--1","spec_version":"2.0","x":[{"type":"no"}],"objects":[{}]}"#,
        r#"{"objects":[{"type":"no","id":"no"}],"x":{"id":"no"},"spec_version":"2.0","id":"bundle\u002d-1","type":"bundle"}"#,
    ] {
        let mut reader = Reader::new(BufReader::with_capacity(3, text.as_bytes()), &Limits::admission());
        assert_eq!(reader.by_ref().count(), 1);
        let wrapper = reader.wrapper();
        assert_eq!(
            (wrapper.object_type.as_deref(), wrapper.id.as_deref(), wrapper.spec_version.as_deref()),
            (Some("bundle"), Some("bundle--1"), Some("2.0"))
        );
        assert_eq!(reader.kind(), Some(Shape::Bundle));
    }
}

#[test]
fn a_broken_member_costs_itself_alone() {
    let read = whole(r#"{"type":"bundle","objects":[{"a":1},{"a" nonsense},7,{"b":2} {"c":[","]},,{"d":4},]}"#);
    assert_eq!(
        texts(&read),
        [
            Ok(r#"{"a":1}"#),
            Ok(r#"{"a" nonsense}"#),
            Ok("7"),
            Ok(r#"{"b":2}"#),
            Err("STIX-E-001"),
            Err("STIX-E-001"),
            Ok(r#"{"d":4}"#),
            Err("STIX-E-001")
        ]
    );
    assert_eq!(read.0.iter().map(|piece| piece.0).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(read.1, Ok(Some(Shape::Bundle)));
    let lines = whole("{\"type\":\"a\"}\n\n{\"type\":\"b\n[nonsense\n  {\"type\":\"c\"} \n");
    assert_eq!(texts(&lines), [Ok("{\"type\":\"a\"}"), Ok("{\"type\":\"b"), Ok("[nonsense"), Ok("{\"type\":\"c\"}")]);
    assert_eq!(lines.0.iter().map(|piece| piece.2).collect::<Vec<_>>(), [Some(1), Some(3), Some(4), Some(5)]);
}

#[test]
fn what_ends_the_reading_has_its_code() {
    for (text, code) in [
        ("", "STIX-E-001"),
        ("\u{feff}", "STIX-E-001"),
        ("7", "STIX-E-008"),
        ("[{}", "STIX-E-001"),
        ("[{}]x", "STIX-E-001"),
        ("{\"type\":\"bundle\",\"objects\":[{}]", "STIX-E-001"),
        ("{\"type\":\"bundle\" \"objects\":[{}]}", "STIX-E-001"),
        ("{\"objects\":[{}],\"type\":\"bundle\"; }", "STIX-E-001"),
        ("{\"type\":\"bundle\",\"id\":nonsense}", "STIX-E-001"),
        ("{\"more\":nonsense}", "STIX-E-001"),
        ("{\"more\":nonsense,\"objects\":[]}", "STIX-E-001"),
        ("{\"objects\":[],\"objects\":[]}", "STIX-E-003"),
        ("{\"id\":\"a\",\"\\u0069d\":\"b\",\"objects\":[]}", "STIX-E-003"),
        ("{\"type\":\"bundle\",\"type\":\"x\"}", "STIX-E-003"),
        ("{\"type\":\"bundle\",\"objects\":{}}", "STIX-E-101"),
        ("{\"type\":\"bundle\",\"objects\":null}", "STIX-E-102"),
        ("{\"objects\":{},\"type\":\"bundle\"}", "STIX-E-101"),
        ("{\"objects\":{}}", "STIX-E-101"),
        ("{\"objects\":[{}],\"type\":\"mutex\"}", "STIX-E-203"),
    ] {
        assert_eq!(whole(text).1, Err(code), "{text}");
    }
    // An object by itself is judged by its own reader.
    assert_eq!(texts(&whole("{\"id\":1,\"id\":2,\"type\":\"a\"}")), [Ok("{\"id\":1,\"id\":2,\"type\":\"a\"}")]);
}

#[test]
fn limits_are_those_of_one_object_and_of_one_bundle() {
    let limits =
        Limits { object_size_bytes_max: 32, members_max: 3, bundle_size_bytes_max: 120, ..Limits::admission() };
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(40));
    let text = format!("{{\"type\":\"bundle\",\"objects\":[{{}},{long},{{\"b\":1}}]}}");
    for step in 1..=text.len() {
        let cuts: Vec<usize> = (step..text.len()).step_by(step).collect();
        let read = push(text.as_bytes(), &cuts, &limits);
        assert_eq!(texts(&read), [Ok("{}"), Err("STIX-E-011"), Ok("{\"b\":1}")], "{step}");
    }
    assert_eq!(push(b"[1,2,3]", &[], &limits).1, Ok(Some(Shape::List)));
    assert_eq!(push(b"[1,2,3,4]", &[], &limits).1, Err("STIX-E-011"));
    let wide = format!("[1,{}2]", " ".repeat(116));
    assert_eq!(push(wide.as_bytes(), &[], &limits).1, Err("STIX-E-011"));
    assert_eq!(push(&wide.as_bytes()[1..], &[], &limits).1, Err("STIX-E-008"));
    assert_eq!(push(wide.replacen(' ', "", 1).as_bytes(), &[], &limits).1, Ok(Some(Shape::List)));
    // Lines know no limit but that of each object.
    let lines = format!("{{\"type\":\"a\"}}\n{long}\n{}", "{\"type\":\"b\"}\n".repeat(200));
    let read = push(lines.as_bytes(), &[], &limits);
    assert_eq!((read.0.len(), &read.0[1].3), (202, &Err("STIX-E-011")));
    // A wrapper with a long member is refused, and so is an object by itself.
    let member = format!("{{\"type\":\"bundle\",\"x\":\"{}\"}}", "x".repeat(40));
    assert_eq!(push(member.as_bytes(), &[], &limits).1, Err("STIX-E-011"));
    assert_eq!(texts(&push(long.replace("\"a\"", "\"type\"").as_bytes(), &[], &limits)), [Err("STIX-E-011")]);
}

#[test]
fn junk_over_a_border_is_left_as_it_was_entered() {
    // A string that an earlier chunk opened must not be opened again behind a stray bracket.
    let text = r#"[{} "a"} ,{"b":1}]"#;
    for cut in 0..text.len() {
        let read = push(text.as_bytes(), &[cut], &Limits::admission());
        assert_eq!(texts(&read), [Ok("{}"), Err("STIX-E-001"), Ok(r#"{"b":1}"#)], "{cut}");
    }
}

#[test]
fn a_failing_stream_ends_the_reading_once() {
    struct Failing;
    impl std::io::Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("gone"))
        }
    }
    let input = std::io::Read::chain(&b"[{},{}"[..], Failing);
    let read: Vec<bool> = Reader::new(BufReader::new(input), &Limits::admission()).map(|item| item.is_ok()).collect();
    assert_eq!(read, [true, true, false]);
}

#[test]
fn what_is_written_is_read_back_byte_for_byte() {
    let objects = [&br#"{"type":"a" , "n": 1.50}"#[..], br#"{"b":"\u00e9"}"#];
    let written = bundle::write("bundle--\"", objects);
    assert_eq!(bundle::split(&written, &Limits::admission()).unwrap().objects, objects);
    assert_eq!(bundle::write("bundle--1", []), br#"{"type":"bundle","id":"bundle--1"}"#);
}

proptest! {
    #[test]
    fn every_border_of_chunks_gives_the_same_objects(
        text in r#"(\{"type":"bundle","objects":|\{"objects":|\{"type":"a"\}\n|\{|\[)?([\[\]{}:,"\\ \n]|"[a,{\]]{0,3}"|\{"type":"b"\},?|"objects":\[|"type":"bundle"){0,14}\]?(,"type":"bundle")?\}?"#,
        cuts in proptest::collection::vec(0_usize..80, 0..6),
    ) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
        cuts.sort_unstable();
        let bytes: Vec<usize> = (0..text.len()).collect();
        let at_once = push(text.as_bytes(), &[], &Limits::admission());
        prop_assert_eq!(&push(text.as_bytes(), &cuts, &Limits::admission()), &at_once);
        prop_assert_eq!(&push(text.as_bytes(), &bytes, &Limits::admission()), &at_once);
        if let Ok(split) = bundle::split(text.as_bytes(), &Limits::admission()) {
            let all: Vec<_> = at_once.0.iter().map(|piece| piece.3.clone().unwrap().into_bytes()).collect();
            prop_assert_eq!(split.objects, all);
            prop_assert_eq!(Some(split.shape), at_once.1.unwrap());
        }
    }

    #[test]
    fn any_bytes_are_read_alike_at_every_border(
        text in proptest::collection::vec(any::<u8>(), 0..60),
        cut in 0_usize..60,
    ) {
        let cut = cut.min(text.len());
        let limits = Limits { object_size_bytes_max: 16, ..Limits::admission() };
        prop_assert_eq!(push(&text, &[cut], &limits), push(&text, &[], &limits));
    }

    #[test]
    fn objects_between_commas_come_out_as_they_went_in(
        objects in proptest::collection::vec(r#"\{"type": ?"mutex","id":"mutex--44287210-9343-52aa-86a2-41c9d3902b75","name":"[a-z{\]}é]{0,20}"\}"#, 0..8),
        space in "[ \n\t]{0,3}",
    ) {
        let text = format!("{{\"type\":\"bundle\",\"objects\":[{}]}}", objects.join(&format!("{space},{space}")));
        let mut reader = Reader::new(BufReader::with_capacity(7, text.as_bytes()), &Limits::admission());
        for expected in &objects {
            let item = reader.next().unwrap().unwrap().raw.unwrap();
            prop_assert_eq!(&item, expected.as_bytes());
            prop_assert!(Object::parse(&item, &Limits::admission()).is_ok());
        }
        prop_assert!(reader.next().is_none());
    }
}
