//! Cuts any bytes into objects, at once and in chunks of any length: both find the same pieces, in order.

#![no_main]

use entente_stix::bundle::{self, Splitter};
use entente_stix::validate::{BundleCheck, Profile};
use entente_stix::{Limits, Object};
use libfuzzer_sys::fuzz_target;

/// Pieces as (offset, bytes), and whether the end was reached.
type Found = (Vec<(u64, Option<Vec<u8>>)>, bool);

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::admission();
    // The first four bytes choose the lengths of the chunks.
    let (lengths, text) = bytes.split_at(bytes.len().min(4));
    let whole = pieces(&mut std::iter::once(text), &limits);
    let mut rest = text;
    let mut turn = 0_usize;
    let mut chunks = std::iter::from_fn(|| {
        let length = lengths.get(turn % lengths.len().max(1)).map_or(1, |byte| usize::from(*byte) + 1).min(rest.len());
        turn += 1;
        let (chunk, left) = rest.split_at(length);
        rest = left;
        (!chunk.is_empty()).then_some(chunk)
    });
    assert_eq!(pieces(&mut chunks, &limits), whole, "chunk borders change nothing");

    let mut end = 0;
    let mut check = BundleCheck::new(Profile::Standard, true);
    for (index, (offset, raw)) in whole.0.iter().enumerate() {
        assert!(*offset >= end, "pieces come in order");
        let Some(raw) = raw else { continue };
        end = offset + raw.len() as u64;
        assert_eq!(text.get(*offset as usize..end as usize), Some(raw.as_slice()), "a piece lies inside the input");
        if let Ok(object) = Object::parse(raw, &limits) {
            check.object(index, &object, &mut |_| {});
        }
    }
    if let Ok(split) = bundle::split(text, &limits) {
        let lent: Vec<&[u8]> = split.objects;
        let streamed: Vec<&[u8]> = whole.0.iter().filter_map(|(_, raw)| raw.as_deref()).collect();
        assert_eq!(lent, streamed, "the reader in memory and the stream agree");
    }
});

fn pieces<'a>(chunks: &mut dyn Iterator<Item = &'a [u8]>, limits: &Limits) -> Found {
    let mut splitter = Splitter::new(limits);
    let mut found = Vec::new();
    for mut chunk in chunks {
        loop {
            match splitter.next_piece(&mut chunk) {
                Ok(Some(piece)) => found.push((piece.offset, piece.raw.ok().map(<[u8]>::to_vec))),
                Ok(None) => break,
                Err(_) => return (found, false),
            }
        }
    }
    loop {
        match splitter.finish() {
            Ok(Some(piece)) => found.push((piece.offset, piece.raw.ok().map(<[u8]>::to_vec))),
            Ok(None) => return (found, true),
            Err(_) => return (found, false),
        }
    }
}
