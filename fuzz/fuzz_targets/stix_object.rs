//! Reads any bytes as one object. What is accepted keeps its bytes, parses to as many members, survives an edit, equals
//! itself, has markings as strict as any of its own, and is judged alike under all doors that read it.

#![no_main]

use entente_stix::edit::Edit;
use entente_stix::validate::{Context, Profile, Verdict, validate, validate_bytes};
use entente_stix::{Limits, Object, Severity, Timestamp, id, json, marking, version};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::admission();
    let context = Context {
        now: Some(Timestamp::from_unix_seconds(1_795_000_000)),
        enclosed: true,
        patterns: Some(&entente_pattern::check_indicator),
        resolve: Some(&|_| None),
    };
    let mut worst = None;
    let verdict = validate_bytes(bytes, &limits, Profile::Standard, &context, &mut |finding| {
        let _ = (finding.path().to_string(), finding.message(), finding.rule(), finding.hint());
        worst = worst.max(Some(finding.severity()));
    });
    assert_eq!(verdict, worst.map_or(Verdict::Valid, Verdict::of), "the verdict is that of the worst finding");
    let Ok(object) = Object::parse(bytes, &limits) else {
        assert_eq!(verdict, Verdict::Invalid, "what cannot be read is not valid");
        return;
    };
    assert_eq!(object.raw(), bytes.trim_ascii());
    assert_eq!(object.json().len(), json::members(object.raw()).map_or(0, Iterator::count));

    let under = |profile| validate(&object, profile, &context, &mut |_| {});
    assert!(under(Profile::Lenient) <= under(Profile::Standard), "lenient is never stricter");
    assert!(under(Profile::Standard) <= under(Profile::Strict), "strict is never milder");
    let mut errors = 0_u32;
    validate(&object, Profile::Standard, &context, &mut |finding| {
        errors += u32::from(finding.severity() == Severity::Error)
    });
    assert_eq!(errors > 0, under(Profile::Standard) == Verdict::Invalid);

    assert!(object.same_content(&object), "an object has the content it has");
    version::check(&object, &object, &mut |_, _| {});
    let nothing_at_hand = |_: &str| None;
    let whole = marking::object_effective(&object, &nothing_at_hand);
    for path in ["type", "name", "labels.[0]", "external_references.[0].url", "x"] {
        if let Ok(part) = marking::effective(&object, path, &nothing_at_hand) {
            assert!(part.tlp <= whole.tlp, "a part is never marked stricter than the object with all its parts");
        }
    }
    let recomputed = id::recomputed(&object);
    assert_eq!(
        recomputed,
        id::sco_id(object.object_type(), &object.json()).filter(|_| recomputed.is_some()),
        "both ways give one id"
    );

    let mut edit = Edit::new(&object);
    assert_eq!(edit.finish(), object.raw());
    edit.remove("name").set_text("x_added", "\"");
    let edited = Object::parse(&edit.finish(), &limits);
    assert!(edited.is_ok_and(|edited| edited.id() == object.id() && edited.text("x_added").as_deref() == Some("\"")));
});
