use proptest::prelude::*;

use super::*;

const DAY: i64 = 86_400_000_000;

fn now() -> Timestamp {
    Timestamp::parse("2026-11-24T06:00:00Z").unwrap()
}

fn key() -> CursorKey {
    CursorKey::new(7, [3; 32])
}

fn scope() -> Scope {
    let collection = Uuid::parse_str("6c3b5a0e-2f5d-4c63-9a51-2f6b8a1d7e40").unwrap();
    Scope { collection, audience: audience("fusion", "plain"), endpoint: Endpoint::Objects }
}

fn position() -> Timestamp {
    Timestamp::parse("2026-11-24T05:00:00.000500Z").unwrap()
}

fn types(names: &[&str]) -> Filters {
    Filters { types: names.iter().map(|name| (*name).to_owned()).collect(), ..Filters::default() }
}

fn query(next: &str, filters: Filters, added_after: Option<Timestamp>) -> Query {
    Query { next: Some(next.to_owned()), filters, added_after, limit: None }
}

fn served(query: &Query) -> Result<Start, CursorError> {
    start(query, &scope(), &[CursorKey::new(6, [2; 32]), key()], now())
}

fn sealed(filters: &Filters) -> String {
    seal(&scope(), position(), filters, now(), &key())
}

/// Filters whose compact form passes the limit: each id of an unknown type is written as text.
fn large() -> Filters {
    let ids = (0..40).map(|n| format!("x-unknown--00000000-0000-4000-8000-{n:012}")).collect();
    Filters { ids, ..Filters::default() }
}

#[test]
fn a_plain_cursor_is_75_characters() {
    assert_eq!(sealed(&Filters::default()).len(), 75);
}

#[test]
fn without_next_a_page_starts_at_added_after_or_the_beginning() {
    let filters = types(&["indicator"]);
    let mut query = Query { filters: filters.clone(), ..Query::default() };
    assert_eq!(served(&query), Ok(Start { position: Timestamp::from_micros(0), filters: filters.clone() }));
    query.added_after = Some(position());
    assert_eq!(served(&query), Ok(Start { position: position(), filters }));
}

#[test]
fn a_valid_next_serves_alone_or_with_the_same_filters_and_wins_over_added_after() {
    let filters = types(&["indicator", "malware"]);
    let next = sealed(&filters);
    let expected = Ok(Start { position: position(), filters: filters.canonical() });
    assert_eq!(served(&query(&next, Filters::default(), None)), expected);
    assert_eq!(served(&query(&next, types(&["malware", "indicator"]), None)), expected);
    assert_eq!(served(&query(&next, Filters::default(), Some(now()))), expected);
    assert_eq!(sealed(&filters), next, "the same place gives the same cursor");
}

#[test]
fn other_filters_are_refused() {
    let next = sealed(&types(&["indicator"]));
    assert_eq!(served(&query(&next, types(&["malware"]), None)), Err(CursorError::Filters));
    assert_eq!(served(&query(&sealed(&Filters::default()), types(&["malware"]), None)), Err(CursorError::Filters));
}

#[test]
fn a_cursor_with_a_hash_needs_its_filters() {
    let next = sealed(&large());
    assert_eq!(next.len(), (56_usize + 16).div_ceil(3) * 4, "as long as a hash of 16 bytes makes it");
    assert_eq!(served(&query(&next, Filters::default(), None)), Err(CursorError::NeedsFilters));
    assert_eq!(served(&query(&next, types(&["malware"]), None)), Err(CursorError::Filters));
    assert_eq!(served(&query(&next, large(), None)).unwrap().position, position());
}

#[test]
fn a_cursor_of_another_place_or_reader_is_ignored_only_beside_added_after() {
    let place = scope();
    let others = [
        Scope { collection: Uuid::nil(), ..place },
        Scope { audience: audience("northtel", "plain"), ..place },
        Scope { audience: audience("fusion", "sentinel"), ..place },
        Scope { endpoint: Endpoint::Manifest, ..place },
    ];
    for other in others {
        let next = seal(&other, position(), &types(&["tool"]), now(), &key());
        assert_eq!(served(&query(&next, Filters::default(), None)), Err(CursorError::OtherCollection));
        let filters = types(&["indicator"]);
        let expected = Ok(Start { position: now(), filters: filters.clone() });
        assert_eq!(served(&query(&next, filters, Some(now()))), expected);
    }
}

#[test]
fn a_broken_expired_or_foreign_cursor_is_invalid_even_beside_added_after() {
    let other_key = seal(&scope(), position(), &Filters::default(), now(), &CursorKey::new(7, [4; 32]));
    let unknown_key = seal(&scope(), position(), &Filters::default(), now(), &CursorKey::new(8, [3; 32]));
    let old = seal(&scope(), position(), &Filters::default(), now().saturating_add_micros(-31 * DAY), &key());
    let long = "A".repeat(5_000);
    for next in ["x", "AQ", "====", "\0", "é", long.as_str(), &other_key, &unknown_key, &old] {
        for added_after in [None, Some(now())] {
            assert_eq!(served(&query(next, Filters::default(), added_after)), Err(CursorError::Invalid), "{next}");
        }
    }
    let month_old = seal(&scope(), position(), &Filters::default(), now().saturating_add_micros(-30 * DAY), &key());
    assert!(served(&query(&month_old, Filters::default(), None)).is_ok());
}

#[test]
fn any_bit_flipped_in_a_cursor_is_refused() {
    for filters in [Filters::default(), types(&["indicator", "x-unknown"]), large()] {
        let next = sealed(&filters);
        let bytes = URL_SAFE_NO_PAD.decode(&next).unwrap();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                let next = URL_SAFE_NO_PAD.encode(changed);
                let verdict = served(&query(&next, filters.clone(), Some(now())));
                assert_eq!(verdict, Err(CursorError::Invalid), "byte {at} bit {bit}");
            }
        }
        for at in 0..next.len() {
            for mask in [0x01, 0x20] {
                let mut changed = next.clone().into_bytes();
                changed[at] ^= mask;
                let next = String::from_utf8(changed).unwrap();
                let verdict = served(&query(&next, filters.clone(), None));
                assert_eq!(verdict, Err(CursorError::Invalid), "character {at}");
            }
            assert_eq!(served(&query(&next[..at], filters.clone(), None)), Err(CursorError::Invalid), "cut at {at}");
        }
    }
}

#[test]
fn the_key_is_not_in_the_debug_output() {
    assert_eq!(format!("{:?}", key()), "CursorKey { number: 7, .. }");
}

fn filters() -> impl Strategy<Value = Filters> {
    let id = prop_oneof![
        "(indicator|x-unknown)--[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}",
        "indicator--[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-8[0-9A-F]{3}-[0-9A-F]{12}",
        "[^,\\p{C}]{1,20}",
    ];
    let version = prop_oneof![
        Just(VersionSelector::All),
        Just(VersionSelector::First),
        Just(VersionSelector::Last),
        any::<i64>().prop_map(|micros| VersionSelector::At(Timestamp::from_micros(micros))),
    ];
    let types = prop::sample::select(&["indicator", "x-misp-object", "x-other", "bundle"][..]).prop_map(str::to_owned);
    (
        prop::collection::vec(id, 0..60),
        prop::collection::vec(types, 0..4),
        prop::collection::vec(version, 0..4),
        prop::collection::vec("[0-9]\\.[0-9]", 0..3),
    )
        .prop_map(|(ids, types, versions, spec_versions)| Filters { ids, types, versions, spec_versions })
}

proptest! {
    #[test]
    fn a_sealed_place_is_found_again(filters in filters(), micros in any::<i64>()) {
        let next = seal(&scope(), Timestamp::from_micros(micros), &filters, now(), &key());
        prop_assert!(next.len() <= TEXT_SIZE_BYTES_MAX);
        let start = served(&query(&next, filters.clone(), None)).unwrap();
        prop_assert_eq!(start, Start { position: Timestamp::from_micros(micros), filters: filters.canonical() });
    }

    #[test]
    fn any_text_is_refused(next in "[A-Za-z0-9_-]{0,120}") {
        if !next.is_empty() {
            prop_assert_eq!(served(&query(&next, Filters::default(), None)), Err(CursorError::Invalid));
        }
    }
}
