use proptest::prelude::*;

use super::*;

fn hash(byte: u8) -> Hash {
    Hash([byte; 32])
}

fn release() -> Leaf {
    Leaf::Release {
        party: "fusion".to_owned(),
        first: 1,
        last: 3,
        n: 3,
        inner: hash(1),
        obligations: hash(2),
        compiled: hash(3),
        engine: "entente/0.1.0".to_owned(),
    }
}

fn all_kinds() -> Vec<Leaf> {
    let text = |text: &str| text.to_owned();
    let delivery = |inner| Leaf::Delivery {
        party: text("fusion"),
        purpose: text("c2-disruption"),
        door: text("taxii"),
        first: 5,
        last: 9,
        n: 4,
        inner,
    };
    vec![
        Leaf::Agreement { state: AgreementState::InForce, text: hash(1), compare: None, simulate: None },
        Leaf::Agreement {
            state: AgreementState::Countersigned,
            text: hash(1),
            compare: Some(hash(2)),
            simulate: Some(hash(3)),
        },
        Leaf::Amend { text: hash(1), supersedes: hash(2) },
        Leaf::Suspend { note: hash(1) },
        Leaf::Resume { note: hash(1) },
        Leaf::Terminate { note: hash(1) },
        release(),
        delivery(None),
        delivery(Some(hash(4))),
        Leaf::DeliveryAck { party: text("northtel"), of: 7, n: 4, outcome: Outcome::Partly },
        Leaf::Consent { note: hash(1) },
        Leaf::ConsentWithdraw { note: hash(1) },
        Leaf::Use { party: text("northtel"), purpose: text("network-defence"), n: 2, inner: hash(1) },
        Leaf::Recall {
            party: text("fusion"),
            reason: text("wrong"),
            action: text("raise:amber+strict"),
            n: 2,
            inner: hash(1),
        },
        Leaf::RecallAck { party: text("northtel"), of: hash(1), deleted: 2, sealed: 1, onward: 0 },
        Leaf::Usefulness { party: text("northtel"), period: text("2026-12-01/2026-12-31"), report: hash(1) },
        Leaf::Key { note: hash(1) },
        Leaf::Erasure { n: 3, basis: text("recall") },
        Leaf::Restore { size: 7, root: hash(1) },
    ]
}

fn time(text: &str) -> LeafTime {
    LeafTime::parse(text).unwrap()
}

fn entry(leaf: Leaf, skew: bool) -> Entry {
    let time = time("2026-12-02T10:02:11.000Z");
    Entry { seq: 7, time, agreement: hash(9), actor: Actor::Key([1, 2, 3, 0xff]), leaf, skew }
}

#[test]
fn every_kind_is_read_back() {
    for leaf in all_kinds() {
        for skew in [false, true] {
            let entry = entry(leaf.clone(), skew);
            let bytes = entry.to_bytes().unwrap();
            assert_eq!(Entry::parse(&bytes), Ok(entry), "{}", String::from_utf8_lossy(&bytes));
        }
    }
}

#[test]
fn keys_stand_in_the_order_of_the_table() {
    let leaf = Leaf::DeliveryAck { party: "northtel".to_owned(), of: 7, n: 4, outcome: Outcome::Refused };
    let agreement = Hash::of(b"").hex();
    let bytes = leaf.to_bytes(0, time("1970-01-01T00:00:00.000Z"), &Hash::of(b""), &Actor::Person("k3".to_owned()));
    let expected = format!(
        r#"{{"v":1,"seq":0,"time":"1970-01-01T00:00:00.000Z","kind":"delivery-ack","agreement":"sha256:{agreement}","actor":"u:k3","party":"northtel","of":7,"n":4,"outcome":"refused"}}"#
    );
    assert_eq!(String::from_utf8(bytes.unwrap()).unwrap(), expected);
}

#[test]
fn another_spelling_of_the_same_meaning_is_refused() {
    let bytes = String::from_utf8(entry(release(), false).to_bytes().unwrap()).unwrap();
    let changed = |from: &str, to: &str| {
        assert!(bytes.contains(from), "{from}");
        Entry::parse(bytes.replacen(from, to, 1).as_bytes()).unwrap_err().code()
    };
    assert_eq!(changed(",", ", "), "leaf.spelling");
    assert_eq!(changed("fusion", "fu\\u0073ion"), "leaf.spelling");
    assert_eq!(changed("{", "{\"n\":3,"), "leaf.spelling");
    assert_eq!(changed("}", ",\"x\":1}"), "leaf.spelling");
    assert_eq!(changed("}", ",\"skew\":false}"), "leaf.spelling");
    assert_eq!(changed("\"v\":1,\"seq\":7", "\"seq\":7,\"v\":1"), "leaf.spelling");
    assert_eq!(changed("\"v\":1", "\"v\":2"), "leaf.version");
    assert_eq!(changed("\"seq\":7", "\"seq\":-0"), "leaf.value");
    assert_eq!(changed("\"seq\":7", "\"seq\":7.0"), "leaf.value");
    assert_eq!(changed("\"seq\":7,", ""), "leaf.missing-key");
    assert_eq!(changed("release", "released"), "leaf.kind");
    assert_eq!(changed("sha256:", "SHA256:"), "leaf.value");
    assert_eq!(changed("010203ff", "010203FF"), "leaf.value");
    assert_eq!(changed("fusion", "fuſion"), "leaf.value");
    assert_eq!(changed("\"last\":3", "\"last\":4"), "leaf.positions");
    assert_eq!(Entry::parse(format!("{bytes}\n").as_bytes()).unwrap_err().code(), "leaf.spelling");
    assert_eq!(Entry::parse(b"[]").unwrap_err().code(), "leaf.json");
    assert_eq!(Entry::parse(&[b' '; 1_025]).unwrap_err().code(), "leaf.size");
}

#[test]
fn the_largest_leaf_is_within_the_limit() {
    let word = "x".repeat(WORD_SIZE_BYTES_MAX);
    let leaf = Leaf::Release {
        party: word.clone(),
        first: 1,
        last: u64::MAX,
        n: u64::MAX,
        inner: hash(1),
        obligations: hash(2),
        compiled: hash(3),
        engine: word.clone(),
    };
    let bytes = Entry { actor: Actor::Person(word), seq: u64::MAX, ..entry(leaf, true) }.to_bytes();
    assert!(bytes.unwrap().len() <= LEAF_SIZE_BYTES_MAX);
}

#[test]
fn impossible_instants_are_refused() {
    for text in [
        "2026-02-29T00:00:00.000Z",
        "2026-13-01T00:00:00.000Z",
        "2026-00-10T00:00:00.000Z",
        "2026-01-00T00:00:00.000Z",
        "2026-01-01T24:00:00.000Z",
        "2026-01-01T00:60:00.000Z",
        "2026-01-01T00:00:60.000Z",
        "2026-01-01 00:00:00.000Z",
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.000",
        "2026-01-01T00:00:00.000z",
        "2026-01-01T00:00:00.0000Z",
        "1969-12-31T23:59:59.999Z",
        "+026-01-01T00:00:00.000Z",
        "",
        "2026",
        "２026-01-01T00:00:00.000Z",
    ] {
        assert_eq!(LeafTime::parse(text), None, "{text:?}");
    }
    // Seconds since 1970 as given by the POSIX formula.
    assert_eq!(time("2000-02-29T00:00:00.000Z").as_unix_millis(), 951_782_400_000);
    assert_eq!(time("9999-12-31T23:59:59.999Z").as_unix_millis(), YEAR_10000_MS - 1);
    assert_eq!(time("2100-02-28T23:59:59.999Z").next(), time("2100-03-01T00:00:00.000Z"));
}

proptest! {
    #[test]
    fn an_instant_is_read_back(millis in 0..YEAR_10000_MS) {
        let time = LeafTime::from_unix_millis(millis).unwrap();
        prop_assert_eq!(LeafTime::parse(&time.to_string()), Some(time));
    }

    #[test]
    fn any_bytes_are_refused_or_the_one_spelling(
        kind in 0_usize..10, at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = entry(all_kinds()[kind].clone(), false).to_bytes().unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(entry) = Entry::parse(&bytes) {
            prop_assert_eq!(entry.to_bytes().unwrap(), bytes);
        }
    }
}
