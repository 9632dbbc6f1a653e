//! The table of examples of the value rules (section 4.9), row by row, for every kind this crate has.

use entente_observable::{Kind, endpoint, normalise};

#[derive(Clone, Copy, Debug)]
enum Door {
    Detect,
    Endpoint,
    Kind(Kind),
}

/// Door, text, canonical form (empty: refused), flags or the code of the refusal.
const ROWS: &[(Door, &str, &str, &str)] = &[
    (Door::Kind(Kind::DomainName), "Portal.Tax-Office.EXAMPLE.", "portal.tax-office.example", ""),
    (Door::Kind(Kind::DomainName), "*.cdn.shop.example", "cdn.shop.example", "subdomains"),
    (Door::Kind(Kind::DomainName), ".zone.example", "zone.example", "subdomains"),
    (Door::Kind(Kind::DomainName), "straße-bank.example", "xn--strae-bank-83a.example", "idn"),
    (Door::Kind(Kind::DomainName), "ﬁnanz。example", "finanz.example", "idn, refanged"),
    (Door::Kind(Kind::DomainName), "_dmarc.post.example", "_dmarc.post.example", "nonstandard-host"),
    (Door::Kind(Kind::DomainName), "r3---sn-abc.video.example", "r3---sn-abc.video.example", ""),
    (Door::Kind(Kind::DomainName), "mail..post.example", "", "domain.empty_label"),
    (Door::Kind(Kind::DomainName), "intranet", "", "domain.single_label"),
    (Door::Kind(Kind::DomainName), "10.20.30.400", "", "domain.numeric_tld"),
    (Door::Kind(Kind::DomainName), "xn--a.example", "xn--a.example", "idna-invalid"),
    (Door::Kind(Kind::DomainName), "login[.]bank[.]example", "login.bank.example", "refanged"),
    (
        Door::Kind(Kind::DomainName),
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example",
        "",
        "domain.length",
    ),
    (Door::Kind(Kind::DomainName), "pay dot shop[.]example", "pay.shop.example", "refanged"),
    (Door::Kind(Kind::DomainName), "files[dotexample", "files.example", "refanged"),
    (Door::Kind(Kind::DomainName), "shop[,]example", "shop.example", "refanged"),
    (Door::Kind(Kind::Ipv4Addr), "203.0.113.007", "", "ip.leading_zero"),
    (Door::Kind(Kind::Ipv4Addr), "203[.]0(.)113{.}9", "203.0.113.9", "refanged"),
    (Door::Kind(Kind::Ipv4Addr), "3405803777", "", "ip.syntax"),
    (Door::Kind(Kind::Ipv4Addr), "203.0.113.256", "", "ip.range"),
    (Door::Kind(Kind::Ipv6Addr), "2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1", ""),
    (Door::Kind(Kind::Ipv6Addr), "2001:db8::0:1", "2001:db8::1", ""),
    (Door::Kind(Kind::Ipv6Addr), "::ffff:198.51.100.23", "198.51.100.23", "from-mapped"),
    (Door::Kind(Kind::Ipv6Addr), "fe80::9%eth1", "fe80::9", "zone-dropped"),
    (Door::Kind(Kind::Ipv6Addr), "64:ff9b::198.51.100.23", "64:ff9b::c633:6417", ""),
    (Door::Kind(Kind::Ipv6Addr), "[2001:db8::5]", "2001:db8::5", ""),
    (Door::Kind(Kind::Network), "198.51.100.77/24", "198.51.100.0/24", "host-bits-cleared"),
    (Door::Kind(Kind::Network), "198.51.100.77/32", "198.51.100.77", ""),
    (Door::Kind(Kind::Network), "203.0.113.0/255.255.255.128", "203.0.113.0/25", ""),
    (Door::Kind(Kind::Network), "2001:db8:77::1/48", "2001:db8:77::/48", "host-bits-cleared"),
    (Door::Kind(Kind::Network), "0.0.0.0/0", "", "net.whole_internet"),
    (Door::Kind(Kind::Network), "203.0.113.8/30", "203.0.113.8/30", ""),
    (Door::Kind(Kind::Network), "203.0.113.0/255.0.255.0", "", "net.mask"),
    (Door::Endpoint, "198.51.100.4:00443", "198.51.100.4:443", ""),
    (Door::Endpoint, "[2001:db8::4]:8443", "[2001:db8::4]:8443", ""),
    (Door::Endpoint, "2001:db8:1::5:40669", "[2001:db8:1::5]:40669", "unbracketed"),
    (Door::Endpoint, "2001:db8:1::5:8080", "[2001:db8:1::5]:8080", "unbracketed"),
    (Door::Endpoint, "gate.example:70000", "", "port.range"),
    (Door::Endpoint, "gate[.]example:8080", "gate.example:8080", "refanged"),
    (Door::Endpoint, "203.0.113.9:0", "", "port.range"),
    (Door::Kind(Kind::Url), "HTTP://Shop.EXAMPLE:80", "http://shop.example/", ""),
    (Door::Kind(Kind::Url), "hxxps[:]//pay[.]shop[.]example/a/../b/./c", "https://pay.shop.example/b/c", "refanged"),
    (
        Door::Kind(Kind::Url),
        "https://shop.example:8443/%7euser/%2fetc?q=%e4%b8%ad",
        "https://shop.example:8443/~user/%2Fetc?q=%E4%B8%AD",
        "",
    ),
    (Door::Kind(Kind::Url), "http://shop.example/%41%42c%2e%2E/x", "http://shop.example/ABc../x", ""),
    (Door::Kind(Kind::Url), "http://shop.example/a%zz", "http://shop.example/a%25zz", ""),
    (Door::Kind(Kind::Url), "http://shop.example/pay?", "http://shop.example/pay", ""),
    (Door::Kind(Kind::Url), "http://shop.example/app#/login", "http://shop.example/app", "fragment-dropped"),
    (
        Door::Kind(Kind::Url),
        "http://www.bank.example@203.0.113.9/login",
        "http://203.0.113.9/login",
        "userinfo-dropped",
    ),
    (Door::Kind(Kind::Url), "ftp://bob:secret@files.example/drop/", "ftp://files.example/drop/", "userinfo-dropped"),
    (Door::Kind(Kind::Url), "http://0xCB.0x00.0x71.0x09/", "http://203.0.113.9/", "host-odd-form"),
    (Door::Kind(Kind::Url), "http://3405803785/x", "http://203.0.113.9/x", "host-odd-form"),
    (Door::Kind(Kind::Url), "http://[2001:DB8::9]:443/x", "http://[2001:db8::9]:443/x", ""),
    (Door::Kind(Kind::Url), "https://[2001:DB8::9]:443/x", "https://[2001:db8::9]/x", ""),
    (Door::Kind(Kind::Url), "http://bücher.example/übersicht", "http://xn--bcher-kva.example/%C3%BCbersicht", "idn"),
    (Door::Kind(Kind::Url), "shop.example/kit.zip", "http://shop.example/kit.zip", "scheme-assumed"),
    (Door::Kind(Kind::Url), "//shop.example/kit.zip", "http://shop.example/kit.zip", "scheme-assumed"),
    (Door::Kind(Kind::Url), r"http:\\shop.example\kit", "http://shop.example/kit", "refanged"),
    (Door::Kind(Kind::Url), "http://shop.example//double//slash/", "http://shop.example//double//slash/", ""),
    (Door::Kind(Kind::Url), "https://shop.example./", "https://shop.example/", ""),
    (Door::Kind(Kind::Url), "http:///kit", "", "domain.single_label"),
    (Door::Kind(Kind::Url), "javascript:alert(1)", "", "url.scheme"),
    (Door::Kind(Kind::Url), "tcp://203.0.113.9:4444", "tcp://203.0.113.9:4444", ""),
    (Door::Kind(Kind::Url), "http://shop.example/a b", "http://shop.example/a%20b", ""),
    (Door::Kind(Kind::Url), "hxxp__shop.example/gate.php", "http://shop.example/gate.php", "refanged"),
    (Door::Kind(Kind::Url), "http://shop.example/a/%2e%2e/b", "http://shop.example/b", ""),
    (
        Door::Kind(Kind::Url),
        "http://shop.example/a[1]?b={2}&c='x'",
        "http://shop.example/a%5B1%5D?b=%7B2%7D&c=%27x%27",
        "",
    ),
    (Door::Kind(Kind::Url), "hhttps://shop.example/x", "https://shop.example/x", "refanged"),
    (Door::Kind(Kind::Url), "https//shop.example/x", "https://shop.example/x", "refanged"),
    (Door::Kind(Kind::Url), "http://shop.example:/x", "http://shop.example/x", ""),
    (Door::Kind(Kind::Url), "http://intranet/x", "", "domain.single_label"),
    (Door::Kind(Kind::Url), "http://shop.example/%252e", "http://shop.example/%252e", ""),
    (Door::Kind(Kind::Url), "wss://shop.example:443/feed", "wss://shop.example/feed", ""),
    (Door::Kind(Kind::EmailAddr), "Kim.Lee+Bills@Post.EXAMPLE", "kim.lee+bills@post.example", ""),
    (Door::Kind(Kind::EmailAddr), r#""Kim Lee" <kim(at)post.example>"#, "kim@post.example", "refanged"),
    (Door::Kind(Kind::EmailAddr), "mailto:kim@post.example?subject=x", "kim@post.example", ""),
    (Door::Kind(Kind::EmailAddr), "kim@[203.0.113.9]", "kim@[203.0.113.9]", ""),
    (Door::Kind(Kind::EmailAddr), "kim..lee@post.example", "", "email.local_part"),
    (Door::Kind(Kind::EmailAddr), "kim[@]post[.]example", "kim@post.example", "refanged"),
    (Door::Kind(Kind::EmailAddr), "Kim Lee <KIM@post.example>", "kim@post.example", "refanged"),
    (Door::Kind(Kind::FileHash), "AB12CD34EF56AB12CD34EF56AB12CD34", "ab12cd34ef56ab12cd34ef56ab12cd34", ""),
    (
        Door::Kind(Kind::FileHash),
        "SHA1: 01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67",
        "0123456789abcdef0123456789abcdef01234567",
        "",
    ),
    (Door::Kind(Kind::FileHash), "abc123", "", "hash.length"),
    (
        Door::Kind(Kind::FileHash),
        "sha256: 0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a",
        "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a",
        "",
    ),
    (
        Door::Kind(Kind::X509Certificate),
        "AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD",
        "aabbccddeeff00112233445566778899aabbccdd",
        "",
    ),
    (Door::Kind(Kind::FileHash), r#"96:abcdEFGH1234:ijklMNOP56,"dropper.bin""#, "96:abcdEFGH1234:ijklMNOP56", ""),
    (Door::Kind(Kind::FileHash), "100:abcdEFGH1234:ijklMNOP56", "", "ssdeep.block_size"),
    (
        Door::Kind(Kind::FileHash),
        "000000a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4",
        "T1000000A1B2C3D4A1B2C3D4A1B2C3D4A1B2C3D4A1B2C3D4A1B2C3D4A1B2C3D4A1B2C3D4",
        "",
    ),
    (Door::Kind(Kind::TlsFingerprint), "00112233445566778899AABBCCDDEEFF", "00112233445566778899aabbccddeeff", ""),
    (
        Door::Kind(Kind::TlsFingerprint),
        "T13D1516H2_0A1B2C3D4E5F_F5E4D3C2B1A0",
        "t13d1516h2_0a1b2c3d4e5f_f5e4d3c2b1a0",
        "",
    ),
    (Door::Kind(Kind::AutonomousSystem), "asn 64500", "AS64500", "asn-documentation"),
    (Door::Kind(Kind::AutonomousSystem), "1.10", "AS65546", "asn-documentation"),
    (Door::Kind(Kind::AutonomousSystem), "AS0", "", "asn.range"),
    (Door::Kind(Kind::AutonomousSystem), "AS4294967295", "", "asn.range"),
    (Door::Kind(Kind::PhoneNumber), "+356 (21) 23-45-67", "+35621234567", ""),
    (Door::Kind(Kind::PhoneNumber), "00 230 555 0100", "+2305550100", ""),
    (Door::Kind(Kind::PhoneNumber), "021 234 567", "", "phone.needs_region"),
    (Door::Detect, "2001:db8:1::5:8080", "2001:db8:1::5:8080", ""),
    (Door::Detect, "hxxps://login[.]bank[.]example/kit", "https://login.bank.example/kit", "refanged"),
    (Door::Detect, "203.0.113.9:8080", "203.0.113.9:8080", ""),
    (Door::Detect, "kim@post.example", "kim@post.example", ""),
    (Door::Detect, "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef", ""),
    (Door::Detect, "3405803777", "", "kind.undetected"),
];

fn answer(door: Door, text: &str) -> (String, String) {
    let found = match door {
        Door::Detect => normalise(text, None),
        Door::Endpoint => endpoint(text),
        Door::Kind(kind) => normalise(text, Some(kind)),
    };
    match found {
        Err(error) => (String::new(), error.code().to_owned()),
        Ok(found) => {
            let flags: Vec<&str> = found.flags.iter().map(|flag| flag.name()).collect();
            let value = match found.port {
                Some(port) if found.observable.kind == Kind::Ipv6Addr => format!("[{}]:{port}", found.observable.value),
                Some(port) => format!("{}:{port}", found.observable.value),
                None => found.observable.value,
            };
            (value, flags.join(", "))
        }
    }
}

/// Breaks when one written form gets another canonical form, another flag, or another refusal than the rules say.
#[test]
fn every_row_of_the_table_has_its_form() {
    let mut wrong = Vec::new();
    for (door, text, canonical, flags) in ROWS {
        let (value, found) = answer(*door, text);
        if value != *canonical || found != *flags {
            wrong.push(format!("{door:?} `{text}`: expected `{canonical}` [{flags}], got `{value}` [{found}]"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Breaks when a canonical form is not its own form.
#[test]
fn every_canonical_form_of_the_table_is_its_own_form() {
    for (door, text, canonical, _) in ROWS.iter().filter(|row| !row.2.is_empty()) {
        assert_eq!(answer(*door, canonical).0, *canonical, "{text}");
    }
}

/// Breaks when a hash whose announced algorithm and length disagree goes unnoticed.
#[test]
fn hash_of_another_length_than_announced_is_flagged() {
    let found = normalise("SHA256: 0123456789ABCDEF0123456789ABCDEF01234567", Some(Kind::FileHash)).unwrap();
    assert_eq!(found.observable.hash_algorithm, Some("sha1"));
    assert_eq!(found.flags.first().map(|flag| flag.name()), Some("type-mismatch"));
}
