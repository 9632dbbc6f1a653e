//! What a finding says, in which order, under which profile, and what it takes from its context.

#[path = "support/objects.rs"]
mod objects;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use entente_stix::marking::Tlp;
use entente_stix::validate::{Context, PatternAt, Profile, Verdict, validate, validate_bytes};
use entente_stix::{Code, Limits, Object, Timestamp, upgrade};
use objects::*;

#[test]
fn what_is_at_hand_decides_about_markings_extensions_and_translations() {
    let marked = |id: &str| identity(&format!(r#""object_marking_refs":["{id}"]"#));
    let extended = |id: &str| {
        identity(&format!(r#""rank":1,"extensions":{{"{id}":{{"extension_type":"toplevel-property-extension"}}}}"#))
    };
    let target = identity(r#""roles":["a","b"],"x_count":1,"x_map":{"a":"b"}"#);
    let statement = statement("");
    let extension = definition(r#""extension_types":["toplevel-property-extension"],"extension_properties":["rank"]"#);
    let extension = extension.replace(&format!("extension-definition--{UUID}"), EXTENSION);
    let resolve = |id: &str| {
        [&target, &statement, &extension]
            .into_iter()
            .map(|text| Object::parse(text.as_bytes(), &Limits::admission()).unwrap())
            .find(|object| object.id() == id)
    };
    let context = Context { resolve: Some(&resolve), ..Context::default() };
    let other = EXTENSION.replace("9c59", "9c5a");
    let translated = |contents: &str, modified: &str| {
        translation(contents).replace("\"contents\"", &format!("\"object_modified\":\"{modified}\",\"contents\""))
    };
    for case in [
        case(Code::N408, marked(MARKING), marked(&MARKING.replace("a486", "b486"))),
        case(Code::N408, marked(Tlp::Red.marking_id()), marked(&MARKING.replace("a486", "b486"))),
        with(Code::N710, &[Code::N130], extended(EXTENSION), extended(&other)),
        with(Code::W129, &[Code::N130], extended(EXTENSION), extended(EXTENSION).replace("\"rank\"", "\"tier\"")),
        case(Code::N633, translation(r#""name":"B""#), translation(r#""description":"B""#)),
        case(Code::N633, translation(r#""name":"B""#), translation(r#""x_count":"B""#)),
        case(Code::E634, translation(r#""roles":["c",""]"#), translation(r#""roles":["c"]"#)),
        case(Code::E634, translation(r#""roles":["c",""]"#), translation(r#""roles":"c""#)),
        case(Code::E634, translation(r#""x_map":{"a":"c"}"#), translation(r#""x_map":{"b":"c"}"#)),
        // Another version of the target says nothing about the shape.
        case(
            Code::E634,
            translated(r#""roles":["c"]"#, "2026-11-02T08:15:30.000Z"),
            translated(r#""roles":["c"]"#, "2026-11-01T08:15:30.000Z"),
        ),
    ] {
        hold(&case, &context);
    }
    assert!(codes(&extended(&other), &Context::default()).iter().all(|code| *code == Code::N130), "nobody asked");
}

#[test]
fn many_selectors_and_many_translations_cost_no_square() {
    let list = |count: usize, item: &dyn Fn(usize) -> String| (0..count).map(item).collect::<Vec<_>>().join(",");
    let items = list(200_000, &|_| "1".to_owned());
    let selectors = list(50_000, &|at| format!(r#""x_a.[{}]""#, 199_999 - at));
    let marked = identity(&format!(
        r#""x_a":[{items}],"granular_markings":[{{"marking_ref":"{}","selectors":[{selectors}]}}]"#,
        Tlp::Red.marking_id()
    ));
    let begin = Instant::now();
    let found = codes(&marked, &Context::default());
    assert_eq!(found, [Code::N130].into(), "every selector selects");
    // Nine thousand languages of one long list without text.
    let target = identity(&format!(r#""x_a":[{items}],"x_b":["a",{items}]"#));
    let languages = list(9_000, &|at| format!(r#""{at}":{{"x_a":["b"],"x_b":["b"]}}"#));
    let translated = translation("").replace(r#""contents":"#, r#""x_c":"#);
    let translated = translated.replacen(r#""x_c":"#, &format!(r#""contents":{{{languages}}},"x_c":"#), 1);
    let resolve = |_: &str| Object::parse(target.as_bytes(), &Limits::admission()).ok();
    let found = codes(&translated, &Context { resolve: Some(&resolve), ..Context::default() });
    assert!(found.contains(&Code::N633) && found.contains(&Code::E634), "{found:?}");
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
}

#[test]
fn only_a_clock_makes_a_time_one_of_the_future() {
    let now = Timestamp::parse("2026-11-01T08:10:30Z").unwrap();
    let context = Context { now: Some(now), ..Context::default() };
    let late =
        identity("").replace("\"modified\":\"2026-11-01T08:15:30.000Z\"", "\"modified\":\"2026-11-01T08:15:30.001Z\"");
    hold(&case(Code::E303, identity(""), late.clone()), &context);
    assert!(codes(&late, &Context::default()).is_empty());
}

#[test]
fn an_object_of_stix_2_0_has_the_rules_of_both_versions_only() {
    let old = |text: &str| text.replace("\"2.1\"", "\"2.0\"");
    let only = BTreeSet::from([Code::W305]);
    let none = Context::default();
    for text in [
        old(&identity(r#""lang":"deutsch","severity":"a","unknown":1,"external_references":[{"source_name":"a"}]"#)),
        old(&timed("indicator", r#""pattern":"x","labels":["a"],"valid_from":"2026-11-01T08:15:30Z""#)),
        old(&timed("acme", r#""rank":1"#)),
    ] {
        assert_eq!(codes(&text, &none), only, "{text}");
    }
    for (text, code) in [
        (old(&identity("").replace(UUID, UUID_5)), Code::E202),
        (old(&identity(&format!(r#""created_by_ref":"identity--{UUID_5}""#))), Code::E202),
        (old(&identity(r#""created_by_ref":"me""#)), Code::E201),
        (old(&identity(r#""confidence":-5"#)), Code::E107),
        (old(&identity(r#""granular_markings":"a""#)), Code::E101),
        (old(&identity(r#""roles":[]"#)), Code::E103),
        (old(&identity(r#""x_a":{"b":null}"#)), Code::E102),
        (old(&identity("").replacen("2026-11-01", "2026-11-02", 1)), Code::E301),
        (
            old(&timed("campaign", r#""first_seen":"2026-01-02T00:00:00Z","last_seen":"2026-01-01T00:00:00Z""#)),
            Code::E301,
        ),
        (old(&timed("campaign", r#""first_seen":"2026""#)), Code::E110),
        (old(&identity("").replace(r#","modified":"2026-11-01T08:15:30.000Z""#, "")), Code::E125),
        (old(&identity("").replace("\"identity--", "\"tool--")), Code::E205),
    ] {
        assert_eq!(codes(&text, &none), BTreeSet::from([Code::W305, code]), "{text}");
    }
    // Without a version only what encloses the object tells.
    let bare = identity("").replace(r#""spec_version":"2.1","#, "");
    assert_eq!(codes(&bare, &none), BTreeSet::from([Code::E125]));
    let enclosed = Context { enclosed: true, ..Context::default() };
    assert_eq!(codes(&bare, &enclosed), only);
    assert!(codes(&observable("mutex", r#""name":"a""#), &enclosed).is_empty(), "an observable is one of 2.1");
    // Nor are there meta objects of 2.0 but marking definitions: what lacks its version is no older for it.
    let unversioned = |text: &str| text.replace(r#""spec_version":"2.1","#, "");
    for (text, expected) in [
        (translation(r#""name":"B""#), &[Code::E125][..]),
        (definition(r#""extension_types":["new-sdo"]"#), &[Code::E125, Code::W701]),
    ] {
        assert_eq!(codes(&unversioned(&text), &enclosed), expected.iter().copied().collect(), "{text}");
    }
    let custom = format!(r#"{{"type":"x-a","id":"x-a--{UUID}","x_a":1,"modified":"2026-11-01T08:15:30.000Z"}}"#);
    let observable = custom
        .replace(r#""x_a":1"#, &format!(r#""x_a":1,"extensions":{{"{EXTENSION}":{{"extension_type":"new-sco"}}}}"#));
    for (text, is_old) in [(&custom, true), (&observable, false)] {
        assert_eq!(codes(text, &enclosed).contains(&Code::W305), is_old, "{text}");
        let object = Object::parse(text.as_bytes(), &Limits::admission()).unwrap();
        assert_eq!(upgrade::is_2_0(&object, true), is_old, "{text}");
    }
    // A TLP definition as producers of 2.0 write it.
    let white = r#"{"type":"marking-definition","id":"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9","created":"2017-01-20T00:00:00.000Z","definition_type":"tlp","definition":{"tlp":"white"}}"#;
    for text in [white.to_owned(), white.replace(r#""id""#, r#""spec_version":"2.0","id""#)] {
        assert_eq!(codes(&text, &enclosed), [Code::W305, Code::W411].into(), "{text}");
        assert_eq!(
            codes(&text.replace(r#""white""#, r#""red""#), &enclosed),
            [Code::W305, Code::E406].into(),
            "{text}"
        );
    }
}

#[test]
fn profiles_change_severities_and_no_code() {
    let text = identity(&format!(r#""created_by_ref":"tool--{UUID}","x_a":null,"labels":[]"#));
    let of = |profile| {
        let mut found = Vec::new();
        let verdict =
            validate_bytes(text.as_bytes(), &Limits::admission(), profile, &Context::default(), &mut |finding| {
                found.push((finding.code().as_str(), finding.severity().name()));
            });
        (verdict, found)
    };
    let standard =
        vec![("STIX-W-206", "warning"), ("STIX-N-130", "note"), ("STIX-E-102", "error"), ("STIX-E-103", "error")];
    assert_eq!(of(Profile::Standard), (Verdict::Invalid, standard));
    assert_eq!(of(Profile::Strict).1[0], ("STIX-W-206", "error"));
    assert_eq!(of(Profile::Strict).1[1], ("STIX-N-130", "note"));
    let lenient =
        vec![("STIX-W-206", "warning"), ("STIX-N-130", "note"), ("STIX-E-102", "warning"), ("STIX-E-103", "error")];
    assert_eq!(of(Profile::Lenient), (Verdict::Invalid, lenient));
    let warned = identity(&format!(r#""created_by_ref":"tool--{UUID}""#));
    for (profile, expected) in
        [(Profile::Standard, Verdict::Warn), (Profile::Strict, Verdict::Invalid), (Profile::Lenient, Verdict::Warn)]
    {
        let verdict =
            validate_bytes(warned.as_bytes(), &Limits::admission(), profile, &Context::default(), &mut |_| {});
        assert_eq!(verdict, expected, "{}", profile.name());
    }
}

#[test]
fn a_finding_says_where_what_and_why() {
    let mut lines = Vec::new();
    let text = indicator(r#","valid_until":"2026-01-01T00:00:00Z","x~/a":{"b":[0,null]}"#);
    validate_bytes(text.as_bytes(), &Limits::admission(), Profile::Standard, &Context::default(), &mut |finding| {
        let rest = text.get(finding.offset()..).unwrap();
        lines.push(format!(
            "{} | {} | {} | {} | {} | {}",
            finding.code(),
            finding.path(),
            finding.rule(),
            finding.message(),
            finding.spec(),
            rest.chars().take(6).collect::<String>()
        ));
    });
    assert_eq!(
        lines,
        [
            "STIX-E-301 | /valid_until | valid_until must be later than valid_from | `2026-01-01T00:00:00Z` is not later than `2026-11-01T08:15:30Z` | STIX 2.1 §4.7 | \"2026-",
            "STIX-E-128 | /x~0~1a | a property name is lower case letters, digits and underscores, 3 to 250, beginning with a letter | `x~/a`: form of a property name | STIX 2.1 §3.1 | \"x~/a\"",
            "STIX-E-102 | /x~0~1a/b/1 | a property that has no value is left out, never null | null | STIX 2.1 §2 | null]}",
        ]
    );
    let long = identity(&format!(r#""lang":"\u0007\u202e{}""#, "x".repeat(200)));
    validate_bytes(long.as_bytes(), &Limits::admission(), Profile::Standard, &Context::default(), &mut |finding| {
        let message = finding.message().to_string();
        assert!(message.starts_with("`<U+0007><U+202E>xxx") && message.contains("x…`"), "{message}");
        assert_eq!(message.matches('x').count(), 118);
        assert_eq!(finding.hint(), None);
    });
    let reversed = relationship("indicates", "tool", "indicator");
    validate_bytes(reversed.as_bytes(), &Limits::admission(), Profile::Standard, &Context::default(), &mut |finding| {
        assert_eq!(finding.message().to_string(), "`indicates` from tool to indicator");
        assert!(finding.hint().unwrap().contains("exchange source_ref and target_ref"));
    });
}

#[test]
fn findings_come_in_the_order_of_the_text_and_no_more_than_a_hundred_are_listed() {
    let text = identity(&format!(r#""roles":[{},null],"x_a":[]"#, vec!["1"; 1_200].join(",")));
    let mut listed = Vec::new();
    let mut rest = Vec::new();
    let verdict =
        validate_bytes(text.as_bytes(), &Limits::admission(), Profile::Lenient, &Context::default(), &mut |finding| {
            if finding.is_rest() {
                rest.push((finding.code(), finding.count(), finding.message().to_string()));
            } else {
                assert_eq!(finding.count(), 1);
                listed.push((finding.offset(), finding.code()));
            }
        });
    assert_eq!(verdict, Verdict::Warn);
    assert_eq!(listed.len(), 100);
    assert!(listed.is_sorted());
    let expected = [(Code::E101, 1_100), (Code::E102, 1), (Code::E103, 1), (Code::N130, 1)];
    let expected: Vec<_> =
        expected.map(|(code, count)| (code, count, format!("{count} more that are not listed"))).into();
    assert_eq!(rest, expected);
}

#[test]
fn patterns_are_looked_at_by_who_knows_them() {
    let text = indicator(r#","valid_until":"2026-12-01T00:00:00Z","pattern_version":"2.0""#)
        .replace("= 'a'", "= \\u0027a\\u0027");
    let check = |at: &PatternAt<'_>, emit: &mut dyn FnMut(Code, String)| {
        assert_eq!((at.text, at.version), ("[url:value = 'a']", "2.0"));
        assert_eq!(at.valid_from.unwrap().to_string(), "2026-11-01T08:15:30.000Z");
        assert_eq!(at.valid_until.unwrap().to_string(), "2026-12-01T00:00:00.000Z");
        emit(Code::E901, "`=` where a name is due".to_owned());
        emit(Code::E903, "qualifier twice".to_owned());
    };
    let context = Context { patterns: Some(&check), ..Context::default() };
    let of = |text: &str, profile| {
        let mut found = Vec::new();
        let object = Object::parse(text.as_bytes(), &Limits::admission()).unwrap();
        validate(&object, profile, &context, &mut |finding| {
            found.push(format!("{} {finding}", finding.severity().name()));
        });
        found
    };
    let first = "error STIX-E-901 /pattern: `=` where a name is due";
    assert_eq!(of(&text, Profile::Standard), [first, "error STIX-E-903 /pattern: qualifier twice"]);
    assert_eq!(of(&text, Profile::Lenient), [first, "warning STIX-E-903 /pattern: qualifier twice"]);
    assert!(of(&text.replace("\"stix\"", "\"yara\""), Profile::Standard).is_empty());
}
