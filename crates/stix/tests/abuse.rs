//! Hostile input against the public interface. Each test fails when its defence is switched off.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::{Duration, Instant};

use entente_stix::validate::{Context, Profile, Verdict};
use entente_stix::{Limits, Object, Timestamp, bundle, id, json, validate};
use proptest::prelude::*;

fn now() -> Timestamp {
    Timestamp::parse("2026-11-24T10:00:00Z").unwrap()
}

fn admit(text: &str) -> Result<Object, &'static str> {
    let object = Object::parse(text.as_bytes(), &Limits::admission()).map_err(|error| error.code())?;
    validate::check(&object, now()).map_err(|error| error.code())?;
    Ok(object)
}

fn refused(text: &str) -> &'static str {
    let begin = Instant::now();
    let error = json::check(text.as_bytes(), &Limits::admission()).unwrap_err();
    assert!(begin.elapsed() < Duration::from_millis(1000), "an unoptimised build needs less than ten times the limit");
    error.code()
}

#[test]
fn abuse_a05_times_out_of_order_or_ahead_are_refused() {
    // A version from the future would win over every later correction.
    let identity = |created: &str, modified: &str| {
        format!(
            r#"{{"type":"identity","spec_version":"2.1","id":"identity--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d","created":"{created}","modified":"{modified}","name":"A"}}"#
        )
    };
    let created = "2026-11-01T00:00:00.000Z";
    assert!(admit(&identity(created, "2026-11-24T10:05:00.000Z")).is_ok());
    assert_eq!(admit(&identity(created, "2026-11-24T10:05:00.001Z")).err(), Some("STIX-E-303"));
    assert_eq!(admit(&identity(created, "9999-12-31T23:59:59.999Z")).err(), Some("STIX-E-303"));
    assert_eq!(admit(&identity("9999-01-01T00:00:00.000Z", "9999-12-31T00:00:00.000Z")).err(), Some("STIX-E-303"));
    assert_eq!(admit(&identity(created, "2026-10-31T23:59:59.999Z")).err(), Some("STIX-E-301"));
    assert_eq!(admit(&identity(created, "0000-01-01T00:00:00.000Z")).err(), Some("STIX-E-111"));
}

#[test]
fn abuse_a08_a_wrong_deterministic_id_is_accepted_and_can_be_flagged() {
    // Merging on the claimed identifier would let one party overwrite another's observable.
    let claimed = "ipv4-addr--5853f6a4-638f-5b4e-9b0f-ded361ae3812";
    let object = admit(&format!(r#"{{"type":"ipv4-addr","id":"{claimed}","value":"192.0.2.44"}}"#)).unwrap();
    assert_eq!(object.id(), claimed);
    assert_eq!(id::recomputed(&object).as_deref(), Some("ipv4-addr--59bca7b5-de05-591d-9d1c-266072549107"));
}

#[test]
fn abuse_a09_depth_costs_neither_stack_nor_time() {
    assert_eq!(refused(&"[".repeat(100_000)), "STIX-E-004");
    assert_eq!(refused(&"{\"a\":".repeat(100_000)), "STIX-E-004");
    let deep = format!("{{\"type\":\"bundle\",\"objects\":[{}{}]}}", "[".repeat(1 << 20), "]".repeat(1 << 20));
    let split = bundle::split(deep.as_bytes(), &Limits::admission()).unwrap();
    assert_eq!(split.objects.len(), 1);
    assert_eq!(Object::parse(split.objects[0], &Limits::admission()).unwrap_err().code(), "STIX-E-004");
}

#[test]
fn abuse_a09_many_keys_long_keys_and_colliding_keys_are_bounded() {
    let keys = |count: usize| (0..count).map(|n| format!("\"{n}\":0")).collect::<Vec<_>>().join(",");
    assert_eq!(refused(&format!("{{{}}}", keys(1_000_000).get(..7_000_000).unwrap())), "STIX-E-006");
    assert_eq!(refused(&format!("{{\"{}\":0}}", "k".repeat(7_000_000))), "STIX-E-007");
    assert_eq!(refused(&format!("{{\"a\":\"{}\"}}", "x".repeat(7_000_000))), "STIX-E-005");
    // Equal length, first, middle and last byte: every key meets the same bit of the filter.
    let colliding: Vec<_> = (0..9_999).map(|n| format!("\"k{n:05}m{n:05}k\":0")).collect();
    let text = format!("{{{}}}", colliding.join(","));
    let begin = Instant::now();
    assert!(json::check(text.as_bytes(), &Limits::admission()).is_ok());
    assert!(begin.elapsed() < Duration::from_millis(500));
    assert_eq!(refused(&format!("{{{},\"\\u006b00000m00000k\":1}}", colliding.join(","))), "STIX-E-003");
}

#[test]
fn abuse_a10_a_marking_given_twice_is_refused() {
    // A reader that keeps the last value would release a red object as clear.
    let red = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";
    let clear = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487";
    for second in ["object_marking_refs", "object_marking\\u005frefs"] {
        let text = format!(
            r#"{{"type":"url","id":"url--595b5f5c-4253-5ecb-a858-a03658fa994b","value":"http://a.example/","object_marking_refs":["{red}"],"{second}":["{clear}"]}}"#
        );
        assert_eq!(admit(&text).err(), Some("STIX-E-003"));
    }
    let nested =
        r#"{"type":"url","id":"url--595b5f5c-4253-5ecb-a858-a03658fa994b","value":"x","x_a":[{"tlp":1,"tlp":2}]}"#;
    assert_eq!(admit(nested).err(), Some("STIX-E-003"));
}

#[test]
fn abuse_a11_bundles_beyond_the_limit_are_refused_and_self_references_are_harmless() {
    let bundle = |count: usize| format!("{{\"type\":\"bundle\",\"objects\":[{}]}}", vec!["{}"; count].join(","));
    assert_eq!(bundle::split(bundle(50_000).as_bytes(), &Limits::admission()).unwrap().objects.len(), 50_000);
    let begin = Instant::now();
    assert_eq!(bundle::split(bundle(1_000_000).as_bytes(), &Limits::admission()).unwrap_err().code(), "STIX-E-011");
    assert!(begin.elapsed() < Duration::from_millis(1000));
    let itself = "report--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
    let report = format!(
        r#"{{"type":"report","spec_version":"2.1","id":"{itself}","created":"2026-11-01T08:15:30.000Z","modified":"2026-11-01T08:15:30.000Z","name":"A","published":"2026-11-01T08:15:30Z","object_refs":["{itself}"]}}"#
    );
    let report = admit(&report).unwrap();
    assert_eq!(report.references().first().map(|reference| reference.target.as_str()), Some(itself));
}

#[test]
fn abuse_a11_a_million_objects_stream_in_the_memory_of_one() {
    // Memory in step with the length of a bundle would let one file stop the node.
    let object = format!("{{\"type\":\"x-a\",\"n\":\"{}\"}}", "n".repeat(60));
    let mut splitter = bundle::Splitter::new(&Limits { members_max: 1_000_000, ..Limits::admission() });
    let mut chunk = b"{\"type\":\"bundle\",\"objects\":[".to_vec();
    let (mut count, mut held) = (0_usize, 0_usize);
    for n in 0..1_000_000 {
        chunk.extend_from_slice(object.as_bytes());
        chunk.push(if n < 999_999 { b',' } else { b']' });
        if chunk.len() < 1_001 && n < 999_999 {
            continue;
        }
        let (now, later) = chunk.split_at(chunk.len().saturating_sub(31));
        for mut part in [now, later] {
            while let Some(piece) = splitter.next_piece(&mut part).unwrap() {
                assert_eq!(piece.raw, Ok(object.as_bytes()));
                count += 1;
            }
            held = held.max(splitter.held_size_bytes());
        }
        chunk.clear();
    }
    assert_eq!(count, 1_000_000);
    assert!(held <= 2 * object.len(), "{held} bytes held");
    // One endless object holds no more than the limit of one.
    let limits = Limits { object_size_bytes_max: 1_000, ..Limits::admission() };
    let mut splitter = bundle::Splitter::new(&limits);
    for part in std::iter::once(&b"[\""[..]).chain(std::iter::repeat_n(&b"xxxxxxx"[..], 100_000)) {
        let mut part = part;
        assert!(splitter.next_piece(&mut part).unwrap().is_none());
        assert!(splitter.held_size_bytes() <= 2_000);
    }
}

#[test]
fn abuse_a14_a_redefined_level_is_refused_at_admission() {
    let text = r#"{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487","created":"2022-10-01T00:00:00.000Z","name":"TLP:CLEAR","extensions":{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":{"extension_type":"property-extension","tlp_2_0":"clear"}}}"#;
    assert!(admit(text).is_ok());
    assert_eq!(admit(&text.replace("\"clear\"", "\"red\"")).err(), Some("stix.reserved-marking"));
}

/// Validates and returns the verdict with the number of findings.
fn validated(text: &str, profile: Profile) -> (Verdict, u64) {
    let mut count = 0;
    let verdict = validate::validate_bytes(
        text.as_bytes(),
        &Limits::admission(),
        profile,
        &Context { now: Some(now()), enclosed: true, ..Context::default() },
        &mut |finding| {
            let _ = (finding.path().to_string(), finding.message().to_string(), finding.rule().to_string());
            count += finding.count();
        },
    );
    (verdict, count)
}

#[test]
fn abuse_a05_an_escape_hides_no_time_from_the_clock() {
    // A reader that compares the written text would let a version of the year 9999 pass.
    let text = r#"{"type":"identity","spec_version":"2.1","id":"identity--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d","created":"2026-11-01T00:00:00.000Z","modified":"\u0039999-11-01T00:00:00.000Z","name":"A"}"#;
    assert_eq!(admit(text).err(), Some("STIX-E-303"));
    assert_eq!(admit(&text.replace(r"\u0039999", r"\u0031999")).err(), Some("STIX-E-301"));
}

#[test]
fn abuse_a09_validation_is_bounded_where_selectors_references_and_faults_are_many() {
    let object = |members: &str| {
        format!(
            r#"{{"type":"note","spec_version":"2.1","id":"note--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d","created":"2026-11-01T00:00:00.000Z","modified":"2026-11-01T00:00:00.000Z","content":"a","object_refs":["note--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d"],{members}}}"#
        )
    };
    let many = |item: &str, count: usize| vec![item; count].join(",");
    // Each selector would go through the whole list: a square of the bytes.
    let selectors = object(&format!(
        r#""x_a":[{}],"granular_markings":[{{"lang":"en","selectors":[{}]}}]"#,
        many("1", 500_000),
        many("\"x_a.[500000]\"", 100_000)
    ));
    // Each reference would go through all keys of the container.
    let keys: Vec<_> = (0..9_000).map(|n| format!(r#""k{n}":{{"type":"mutex","name":"a"}}"#)).collect();
    let container = format!(
        r#"{{"type":"observed-data","spec_version":"2.1","id":"observed-data--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d","created":"2026-11-01T00:00:00.000Z","modified":"2026-11-01T00:00:00.000Z","first_observed":"2026-11-01T00:00:00Z","last_observed":"2026-11-01T00:00:00Z","number_observed":1,"objects":{{{},"z":{{"type":"directory","path":"a","contains_refs":[{}]}}}}}}"#,
        keys.join(","),
        many("\"k8999\"", 300_000)
    );
    let faults = object(&format!(r#""authors":[{}]"#, many("null", 1_000_000)));
    let nulls = object(&format!(r#""x_a":[{}]"#, many("[]", 1_000_000)));
    let properties = object(&(0..9_000).map(|n| format!(r#""p{n}":1"#)).collect::<Vec<_>>().join(","));
    for (text, least) in
        [(selectors, 99_000), (container, 300_000), (faults, 1_000_000), (nulls, 1_000_000), (properties, 17_000)]
    {
        assert!(json::check(text.as_bytes(), &Limits::admission()).is_ok(), "the limits let it in");
        let begin = Instant::now();
        let (_, count) = validated(&text, Profile::Lenient);
        assert!(begin.elapsed() < Duration::from_secs(3), "an unoptimised build needs ten times as long");
        assert!(count >= least, "{count}");
    }
}

#[test]
fn abuse_a10_validation_refuses_what_the_reader_refuses() {
    // Two doors that disagree would let an object in by one of them.
    let red = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";
    let text = format!(
        r#"{{"type":"url","id":"url--595b5f5c-4253-5ecb-a858-a03658fa994b","value":"http://a.example/","object_marking_refs":["{red}"],"object_marking\u005frefs":[]}}"#
    );
    for profile in Profile::ALL {
        assert_eq!(validated(&text, profile), (Verdict::Invalid, 1), "{}", profile.name());
    }
}

#[test]
fn abuse_a14_a_redefined_level_is_an_error_under_every_profile() {
    let text = r#"{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487","created":"2022-10-01T00:00:00.000Z","name":"TLP:CLEAR","extensions":{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":{"extension_type":"property-extension","tlp_2_0":"clear"}}}"#;
    let old = r#"{"type":"marking-definition","id":"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9","created":"2017-01-20T00:00:00.000Z","definition_type":"tlp","definition":{"tlp":"red"}}"#;
    for profile in Profile::ALL {
        assert_eq!(validated(text, profile).0, Verdict::Valid, "{}", profile.name());
        assert_eq!(validated(&text.replace("\"clear\"", "\"red\""), profile).0, Verdict::Invalid);
        assert_eq!(validated(&text.replace("94868c89", "a4868c89"), profile).0, Verdict::Invalid);
        // STIX 2.0 has the same levels, and no more right to change them.
        assert_eq!(validated(old, profile).0, Verdict::Invalid);
    }
    assert_eq!(validated(&old.replace("\"red\"", "\"white\""), Profile::Lenient).0, Verdict::Warn);
}

fn any_json() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        r#"[a-z_.\[\]0-9-]{0,12}"#,
        Just("2026-11-01T08:15:30.000Z".to_owned()),
        Just("mutex--44287210-9343-52aa-86a2-41c9d3902b75".to_owned()),
        Just("marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1".to_owned()),
        any::<String>(),
    ];
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(|number| format!("{number:e}")),
        text.prop_map(|text| json::quote(&text)),
    ];
    let key = prop_oneof![
        "(name|value|hashes|pattern|labels|extensions|objects|object_refs|contents|definition|granular_markings|selectors)",
        "(lang|marking_ref|external_references|source_name|created|modified|spec_version|kill_chain_phases|values|body)",
        "(ntfs-ext|windows-pebinary-ext|extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d|extension_type|x_a_hex)",
        any::<String>().prop_map(|key| key.chars().take(20).collect()),
    ];
    leaf.prop_recursive(6, 48, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            proptest::collection::btree_map(key.clone(), inner, 0..6).prop_map(|members| {
                let members: Vec<_> =
                    members.iter().map(|(key, value)| format!("{}:{value}", json::quote(key))).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn validation_of_anything_never_panics_and_keeps_its_order(
        value in any_json(),
        object_type in proptest::sample::select(entente_stix::kinds::names().chain(["x-acme", "bundle", "Bad"]).collect::<Vec<_>>()),
        version in proptest::sample::select(vec!["2.0", "2.1", "3"]),
    ) {
        let inner = value.strip_prefix('{').filter(|rest| *rest != "}").map_or_else(|| "\"x_a\":0}".to_owned(), str::to_owned);
        let object = format!(
            r#"{{"type":"{object_type}","spec_version":"{version}","id":"{object_type}--44287210-9343-52aa-86a2-41c9d3902b75",{inner}"#
        );
        for (text, profile) in [(value, Profile::Standard), (object.clone(), Profile::Standard), (object, Profile::Lenient)] {
            let mut last = None;
            let mut worst = entente_stix::Severity::Note;
            let verdict = validate::validate_bytes(text.as_bytes(), &Limits::admission(), profile, &Context::default(), &mut |finding| {
                worst = worst.max(finding.severity());
                let printed = format!("{finding} {} {} {:?}", finding.rule(), finding.spec(), finding.hint());
                assert!(!printed.is_empty() && text.is_char_boundary(finding.offset()));
                let place = (finding.is_rest(), finding.offset(), finding.code());
                assert!(last.is_none_or(|last| last <= place), "{last:?} {place:?}");
                last = Some(place);
            });
            prop_assert_eq!(verdict, Verdict::of(worst));
        }
    }
}

proptest! {
    #[test]
    fn objects_of_random_members_never_panic(
        members in proptest::collection::vec((
            r"(type|id|created|modified|labels|confidence|object_marking_refs|granular_markings|extensions|valid_from|pattern|x_[a-z]{0,2}_ref)",
            r#"("[a-z0-9-]{0,9}"|"mutex--44287210-9343-52aa-86a2-41c9d3902b75"|[0-9]{1,4}|null|true|\[\]|\{\}|\["a",1\]|\[\{"lang":0\}\]|"2026-11-01T08:15:30.000Z")"#,
        ), 0..8),
    ) {
        let inner: String = members.iter().map(|(key, value)| format!(",\"{key}\":{value}")).collect();
        let text = format!("{{\"type\":\"mutex\",\"id\":\"mutex--44287210-9343-52aa-86a2-41c9d3902b75\"{inner}}}");
        if let Ok(object) = Object::parse(text.as_bytes(), &Limits::admission()) {
            let _ = validate::check(&object, now());
            let _ = id::recomputed(&object);
            let _ = (object.labels(), object.references(), object.json());
            prop_assert_eq!(object.raw(), text.as_bytes());
        }
    }
}
