//! Reads any bytes as one object; what is accepted keeps its bytes, parses to as many members, and survives an edit.

#![no_main]

use entente_stix::edit::Edit;
use entente_stix::{Limits, Object, Timestamp, id, json, validate};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::admission();
    let _ = json::check(bytes, &limits);
    let Ok(object) = Object::parse(bytes, &limits) else {
        return;
    };
    assert_eq!(object.raw(), bytes.trim_ascii());
    assert_eq!(object.json().len(), json::members(object.raw()).map_or(0, Iterator::count));
    let _ = validate::check(&object, Timestamp::from_unix_seconds(1_795_000_000));
    let _ = (id::recomputed(&object), object.labels(), object.object_marking_refs(), object.references());
    let mut edit = Edit::new(&object);
    assert_eq!(edit.finish(), object.raw());
    edit.remove("name").set_text("x_added", "\"");
    let edited = Object::parse(&edit.finish(), &limits);
    assert!(edited.is_ok_and(|edited| edited.id() == object.id() && edited.text("x_added").as_deref() == Some("\"")));
});
