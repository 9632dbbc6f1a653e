//! Any text has an answer, and a canonical value is its own form.
#![no_main]

use entente_observable::{Kind, defang, endpoint, normalise, refang, warninglist};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (u8, &str)| {
    let (selector, text) = data;
    let kind = Kind::ALL.get(usize::from(selector)).copied();
    let _ = refang(text);
    let _ = endpoint(text);
    let Ok(found) = normalise(text, kind) else { return };
    let first = found.observable;
    let second = normalise(&first.value, Some(first.kind)).map(|found| found.observable);
    assert_eq!(second.as_ref(), Ok(&first), "the form of a form differs");
    let shown = normalise(&defang(&first), Some(first.kind)).map(|found| found.observable);
    assert_eq!(shown.as_ref(), Ok(&first), "the harmless spelling does not lead back");
    let _ = warninglist::check(&first);
    let _ = first.host();
    let _ = first.key();
});
