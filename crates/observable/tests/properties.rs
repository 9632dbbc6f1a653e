//! Properties of the canonical form, and the abuse cases this crate owns.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests, not only test functions")]

use entente_observable::{Flag, Kind, Observable, defang, endpoint, normalise, refang, warninglist};
use proptest::prelude::*;

fn value_of(text: &str, kind: Kind) -> String {
    normalise(text, Some(kind)).unwrap().observable.value
}

fn observable(text: &str) -> Observable {
    normalise(text, None).unwrap().observable
}

fn any_kind() -> impl Strategy<Value = Kind> {
    (0..Kind::ALL.len()).prop_map(|index| Kind::ALL[index])
}

/// Texts near the shapes of values: marks, schemes, digits, labels, odd characters.
fn near_value() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("hxxp"),
        Just("https"),
        Just("://"),
        Just("[.]"),
        Just("[:]"),
        Just("."),
        Just("["),
        Just("]"),
        Just("("),
        Just(")"),
        Just("{at}"),
        Just("{"),
        Just("}"),
        Just("@"),
        Just(" dot "),
        Just(" at "),
        Just("/"),
        Just("\\"),
        Just("%2e"),
        Just("%"),
        Just("?"),
        Just("#"),
        Just(":"),
        Just("::"),
        Just("ffff"),
        Just("203"),
        Just("0"),
        Just("010"),
        Just("0x1f"),
        Just("shop"),
        Just("example"),
        Just("xn--"),
        Just("Straße"),
        Just("\u{200b}"),
        Just("\u{3002}"),
        Just("２"),
        Just("\""),
        Just("'"),
        Just("<"),
        Just(">"),
        Just("-"),
        Just("_"),
        Just("AS"),
        Just("/24"),
        Just("96:"),
        Just("+"),
        Just(" "),
        Just("İ"),
        Just("e\u{301}"),
        Just(".."),
        Just("(%2e)"),
        Just("%64ot"),
        Just("(x)"),
        Just("ｔtp__"),
        Just("mailto:")
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    /// Breaks when some text makes the function panic, or a canonical value is not its own form.
    #[test]
    fn normalise_is_total_and_idempotent(text in prop_oneof![near_value(), ".{0,60}"], kind in prop::option::of(any_kind())) {
        if let Ok(found) = normalise(&text, kind) {
            let first = found.observable;
            let second = normalise(&first.value, Some(first.kind)).map(|found| found.observable);
            prop_assert_eq!(second, Ok(first));
        }
        if let Ok(found) = endpoint(&text) {
            prop_assert!(found.port.is_some());
        }
        let _ = refang(&text);
    }

    /// Breaks when a person cannot paste back what we showed.
    #[test]
    fn defanging_is_undone(text in near_value(), kind in prop::option::of(any_kind())) {
        if let Ok(found) = normalise(&text, kind) {
            let first = found.observable;
            let second = normalise(&defang(&first), Some(first.kind)).map(|found| found.observable);
            prop_assert_eq!(second, Ok(first));
        }
    }
}

/// Breaks when invisible characters, other scripts' forms or another writing of one value make a second value.
#[test]
fn abuse_a50_spellings_of_one_value_have_one_form() {
    for (kind, canonical, spellings) in [
        (
            Kind::DomainName,
            "bank.example",
            vec![
                "BANK.example",
                "b\u{200b}ank.example",
                "bank\u{3002}example",
                "ｂａｎｋ.example",
                "bank.example.",
                "ba\u{ad}nk.example",
            ],
        ),
        (
            Kind::DomainName,
            "xn--bcher-kva.example",
            vec!["bücher.example", "bu\u{308}cher.example", "XN--BCHER-KVA.example"],
        ),
        (
            Kind::Ipv4Addr,
            "203.0.113.9",
            vec!["203。0。113。9", "２０３.0.113.9", "::ffff:203.0.113.9", "::FFFF:CB00:7109"],
        ),
        (Kind::Ipv6Addr, "2001:db8::9", vec!["2001:0DB8:0:0:0:0:0:9", "[2001:db8::9]", "2001:db8::0009"]),
        (
            Kind::Url,
            "http://203.0.113.9/a",
            vec![
                "http://0xcb007109/a",
                "http://２０３.0.113.9/a",
                "http://203.0.113.9:80/%61",
                "http://[::ffff:203.0.113.9]/a",
                "HTTP://user@203.0.113.9/./a#x",
            ],
        ),
        (
            Kind::FileHash,
            "d41d8cd98f00b204e9800998ecf8427e",
            vec!["D41D8CD98F00B204E9800998ECF8427E", "ｄ41d8cd98f00b204e9800998ecf8427e"],
        ),
        (
            Kind::EmailAddr,
            "kim@post.example",
            vec!["Kim@POST.example", "kim\u{200d}@post.example", "kim@post\u{ff0e}example"],
        ),
    ] {
        for spelling in spellings {
            assert_eq!(value_of(spelling, kind), canonical, "{spelling}");
        }
    }
    let left = observable("bücher.example");
    let right = observable("xn--bcher-kva.example");
    assert_eq!((&left, left.key()), (&right, right.key()));
}

/// Breaks when a value that everyone uses, or a range that holds everyone, passes for an indicator.
#[test]
fn abuse_a01_values_that_everyone_uses_are_on_a_list() {
    for (text, list) in [
        ("8.8.8.8", "public-resolver"),
        ("1.1.1.1", "public-resolver"),
        ("8.8.8.0/24", "public-resolver"),
        ("2606:4700:4700::1111", "public-resolver"),
        ("10.0.0.0/8", "reserved"),
        ("192.168.7.7", "reserved"),
        ("fe80::1", "reserved"),
        ("45.0.0.0/8", "wide-network"),
        ("2000::/3", "wide-network"),
        ("google.com", "top-name"),
        ("www.google.com", "top-name"),
        ("https://www.google.com/", "top-name"),
        ("http://10.0.0.1/x", "reserved"),
        ("printer.local", "reserved"),
        ("go.id", "public-suffix"),
        ("pages.dev", "public-suffix"),
        ("198.51.100.4", "documentation"),
        ("https://login.bank.example/kit", "documentation"),
        ("AS64500", "documentation"),
        ("AS64512", "reserved"),
        ("d41d8cd98f00b204e9800998ecf8427e", "empty-file"),
        ("00000000000000000000000000000001", ""),
        ("malicious.pages.dev", ""),
        ("drive.google.com", ""),
        ("https://www.google.com/url?q=x", ""),
        ("45.77.1.0/24", ""),
        ("45.77.1.9", ""),
    ] {
        let hit = warninglist::check(&observable_or_hash(text)).map_or("", |hit| hit.list);
        assert_eq!(hit, list, "{text}");
    }
    for text in ["0.0.0.0/0", "::/0"] {
        assert_eq!(normalise(text, Some(Kind::Network)).unwrap_err().code(), "net.whole_internet");
    }
    assert_eq!(normalise("com", Some(Kind::DomainName)).unwrap_err().code(), "domain.single_label");
}

fn observable_or_hash(text: &str) -> Observable {
    normalise(text, None).or_else(|_| normalise(text, Some(Kind::FileHash))).unwrap().observable
}

/// Breaks when a whole public suffix, or a name drawn like a popular one, passes for an indicator.
#[test]
fn abuse_a02_public_suffixes_and_look_alikes_are_on_a_list() {
    let found = normalise("*.co.uk", None).unwrap();
    assert_eq!(found.flags, [Flag::Subdomains]);
    assert_eq!(warninglist::check(&found.observable).unwrap().list, "public-suffix");
    // Cyrillic letters that look like `google` and `apple`.
    for text in ["gооgle.com", "www.аррle.com"] {
        assert_eq!(warninglist::check(&observable(text)).unwrap().list, "look-alike", "{text}");
    }
    assert_eq!(warninglist::check(&observable("bücher.de")), None);
}

/// Breaks when a demonstration node cannot work with documentation addresses.
#[test]
fn a_list_can_be_switched_off_by_name() {
    let switches = warninglist::Switches::all().without("documentation").unwrap();
    assert_eq!(warninglist::check_with(&observable("203.0.113.9"), &switches), None);
    assert_eq!(warninglist::check_with(&observable("10.1.1.1"), &switches).unwrap().list, "reserved");
    assert_eq!(warninglist::Switches::all().without("documents"), None);
}

/// Breaks when stored keys no longer find their rows; the expectation is SHA-256 by another tool.
#[test]
fn key_is_the_documented_digest() {
    // printf 'ipv4-addr\037203.0.113.9' | sha256sum
    assert_eq!(observable("203.0.113.9").key(), KEY);
}

const KEY: u64 = 0xf590_4e68_0802_42ec;

/// Breaks when the country of an address is not that of its registration.
#[test]
fn country_is_that_of_the_registration() {
    use entente_observable::country::of_address;
    // The five registries' own networks stand in the country of their seat (AFRINIC, APNIC, ARIN, LACNIC, RIPE NCC).
    for (text, country) in [("193.0.6.139", "NL"), ("202.12.29.175", "AU"), ("199.212.0.46", "US")] {
        assert_eq!(
            of_address(&observable(text)).map(|code| String::from_utf8(code.to_vec()).unwrap()).as_deref(),
            Some(country),
            "{text}"
        );
    }
    assert_eq!(of_address(&observable("203.0.113.9")), None);
    assert_eq!(of_address(&observable("1.0.0.0/1")), None);
}

/// Breaks when a value and its STIX property do not lead to one another.
#[test]
fn stix_path_and_value_lead_back() {
    for text in [
        "203.0.113.9",
        "2001:db8::/48",
        "AS64500",
        "shop.example",
        "http://shop.example/x",
        "kim@post.example",
        "0123456789abcdef0123456789abcdef01234567",
    ] {
        let first = observable(text);
        let (object_type, property) = first.stix_path().unwrap();
        let second = Observable::from_stix(object_type, property, first.stix_value()).unwrap().unwrap().observable;
        assert_eq!(second, first, "{text}");
    }
    assert!(Observable::from_stix("file", "name", "kit.exe").is_none());
    assert_eq!(Observable::from_stix("file", "hashes.MD5", "zz").unwrap().unwrap_err().code(), "hash.syntax");
}

/// Breaks when the host inside a value is not found.
#[test]
fn host_is_found_inside_urls_and_mail_addresses() {
    for (text, host) in [
        ("https://shop.example:8443/x?y", "shop.example"),
        ("http://[2001:db8::9]:8080/", "2001:db8::9"),
        ("kim@post.example", "post.example"),
        ("203.0.113.9", "203.0.113.9"),
    ] {
        assert_eq!(observable(text).host(), Some(host));
    }
}

/// Breaks when what canonicalisation brings to light is taken off only at the next reading; found by the properties.
#[test]
fn wrapping_that_comes_to_light_is_taken_off_at_once() {
    for (text, canonical) in [
        ("http://shop.example/24.)?", "http://shop.example/24."),
        ("http://shop.example/a(%2e)b", "http://shop.example/a.b"),
        ("http://shop.example/.)?", "http://shop.example/"),
    ] {
        assert_eq!(value_of(text, Kind::Url), canonical, "{text}");
        assert_eq!(value_of(canonical, Kind::Url), canonical, "{text}");
    }
    for text in ["(x)'kim@post.example", "ｔtp__x.example"] {
        assert!(normalise(text, None).is_err(), "{text}");
    }
}

/// Breaks when text without any shape, or text beyond the limit, gets a kind.
#[test]
fn shapeless_and_oversized_texts_are_refused() {
    for (text, code) in [
        ("", "value.empty"),
        ("  \" \" ", "value.empty"),
        ("hello world", "kind.undetected"),
        ("203.0.113.007", "ip.leading_zero"),
        ("203.0.113.9:70000", "port.range"),
    ] {
        assert_eq!(normalise(text, None).unwrap_err().code(), code, "{text}");
    }
    assert_eq!(normalise(&"a".repeat(20_000), None).unwrap_err().code(), "value.length");
    let long = format!("http://shop.example/{}", "a".repeat(9_000));
    assert_eq!(normalise(&long, None).unwrap_err().code(), "url.length");
    assert_eq!(normalise(&"]".repeat(2_000), Some(Kind::UserAccount)).unwrap_err().code(), "value.wrapping");
}
