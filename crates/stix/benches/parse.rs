//! Reading one indicator: our head and checks, beside a split by `serde_json` and a bare copy of the bytes.

use std::collections::HashMap;

use divan::{Bencher, black_box, counter::ItemsCount};
use entente_stix::{Limits, Object, json};
use serde_json::value::RawValue;

const INDICATOR: &str = r#"{"type":"indicator","spec_version":"2.1","id":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","created_by_ref":"identity--2a8d1e61-5c4b-4f0e-9d1c-0e6f1a2b3c4d","created":"2026-11-01T08:15:30.000Z","modified":"2026-11-01T08:15:30.000Z","name":"C2 of Monsoon","indicator_types":["malicious-activity"],"pattern":"[domain-name:value = 'c2.monsoon.example']","pattern_type":"stix","valid_from":"2026-11-01T08:15:30Z","confidence":80,"labels":["role:c2","country:BE"],"object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]}"#;

fn main() {
    divan::main();
}

#[divan::bench]
fn object_parse(bencher: Bencher<'_, '_>) {
    let limits = Limits::admission();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| Object::parse(black_box(INDICATOR.as_bytes()), &limits));
}

#[divan::bench]
fn json_check(bencher: Bencher<'_, '_>) {
    let limits = Limits::admission();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| json::check(black_box(INDICATOR.as_bytes()), &limits));
}

#[divan::bench]
fn serde_json_raw_value_split(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(1_usize))
        .bench_local(|| serde_json::from_str::<HashMap<&str, &RawValue>>(black_box(INDICATOR)));
}

#[divan::bench]
fn copy_of_the_bytes(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| Box::<[u8]>::from(black_box(INDICATOR.as_bytes())));
}
