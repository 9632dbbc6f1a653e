//! Edits and upgrades any object (after the first line, which is a selector): what comes out parses.

#![no_main]

use entente_stix::edit::Edit;
use entente_stix::upgrade::{self, Options};
use entente_stix::{Limits, Object, language, selector};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let (Some(path), Some(text)) = (parts.next().and_then(|line| std::str::from_utf8(line).ok()), parts.next()) else {
        return;
    };
    let limits = Limits::admission();
    let _ = selector::parse(path).map(Iterator::count);
    let Ok(object) = Object::parse(text, &limits) else {
        return;
    };
    if let Ok(raw) = selector::resolve(&object, path) {
        let inside = object.raw().as_ptr_range();
        assert!(
            raw.as_ptr() >= inside.start && raw.as_ptr_range().end <= inside.end,
            "what is selected lies in the object"
        );
        let value: Result<serde_json::Value, _> = serde_json::from_slice(raw);
        assert!(value.is_ok(), "what is selected is a value");
    }
    let key = path.split('.').next().unwrap_or_default();
    if !key.is_empty() && !["id", "type", "spec_version", "created", "modified"].contains(&key) {
        let mut edit = Edit::new(&object);
        edit.remove(key);
        let without = Object::parse(&edit.finish(), &limits).expect("an object without a member is an object");
        assert_eq!(without.member(key), None);
        assert!(without.id() == object.id() && without.json().len() <= object.json().len());
    }
    let _ = language::translate(&object, &[], "de");
    if let Ok(upgraded) =
        upgrade::upgrade(&object, &Options { limits, malware_is_family: false }, &mut upgrade::bytes_of)
    {
        for new in &upgraded {
            assert!(Object::parse(new.raw(), &limits).is_ok(), "an upgraded object parses");
            assert!(!upgrade::is_2_0(new, false), "an upgraded object is of STIX 2.1");
        }
    }
});
