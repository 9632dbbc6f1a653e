//! The facts themselves.

use idna::uts46::{AsciiDenyList, Hyphens, Uts46};

/// Every list with what it holds, in the order in which they are asked.
pub const LISTS: [(&str, &str); 8] = [
    ("documentation", "reserved for documentation, benchmarks and examples"),
    ("reserved", "private, reserved or local range or zone"),
    ("wide-network", "network of /8 or wider (ipv6: /16)"),
    ("public-resolver", "public name resolver"),
    ("public-suffix", "public suffix under which anyone may register"),
    ("top-name", "service that everyone uses"),
    ("look-alike", "written to look like a service that everyone uses"),
    ("empty-file", "hash of the empty file or of no file"),
];

/// RFC 5737, RFC 3849, RFC 9637, and the benchmarking range of RFC 2544, which is as safe for examples and larger.
pub(super) const DOCUMENTATION_NETWORKS: [&str; 6] =
    ["192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"];

/// RFC 6761 and RFC 2606.
pub(super) const DOCUMENTATION_NAMES: [&str; 5] = ["example", "example.com", "example.net", "example.org", "test"];

/// RFC 6761, RFC 6762, RFC 8375, RFC 9476 and the name that became `internal`.
pub(super) const RESERVED_ZONES: [&str; 8] =
    ["localhost", "invalid", "local", "home.arpa", "alt", "internal", "in-addr.arpa", "ip6.arpa"];

/// The special-purpose registries of RFC 6890 where the address is not globally reachable, multicast, and class E.
pub(super) const RESERVED_NETWORKS: [&str; 20] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "64:ff9b:1::/48",
    "100::/64",
    "2001:2::/48",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

/// Resolvers that their operators publish for everyone.
pub(super) const RESOLVERS: [&str; 34] = [
    "1.0.0.1",
    "1.0.0.2",
    "1.0.0.3",
    "1.1.1.1",
    "1.1.1.2",
    "1.1.1.3",
    "4.2.2.1",
    "4.2.2.2",
    "8.8.4.4",
    "8.8.8.8",
    "9.9.9.9",
    "9.9.9.10",
    "64.6.64.6",
    "64.6.65.6",
    "76.76.2.0",
    "76.76.10.0",
    "77.88.8.1",
    "77.88.8.8",
    "94.140.14.14",
    "94.140.15.15",
    "114.114.114.114",
    "119.29.29.29",
    "149.112.112.112",
    "180.76.76.76",
    "185.228.168.9",
    "208.67.220.220",
    "208.67.222.222",
    "223.5.5.5",
    "223.6.6.6",
    "2001:4860:4860::8844",
    "2001:4860:4860::8888",
    "2606:4700:4700::1001",
    "2606:4700:4700::1111",
    "2620:fe::fe",
];

/// Registrable domains, sorted for the search.
pub(super) const TOP_NAMES: [&str; 62] = [
    "adobe.com",
    "akamai.net",
    "amazon.com",
    "amazonaws.com",
    "android.com",
    "apple.com",
    "azure.com",
    "baidu.com",
    "bing.com",
    "bit.ly",
    "chatgpt.com",
    "cloudflare.com",
    "cloudfront.net",
    "digicert.com",
    "discord.com",
    "dropbox.com",
    "ebay.com",
    "facebook.com",
    "fbcdn.net",
    "github.com",
    "gitlab.com",
    "gmail.com",
    "google.com",
    "googleapis.com",
    "gstatic.com",
    "icloud.com",
    "instagram.com",
    "letsencrypt.org",
    "linkedin.com",
    "live.com",
    "mastercard.com",
    "microsoft.com",
    "microsoftonline.com",
    "mozilla.org",
    "msn.com",
    "naver.com",
    "netflix.com",
    "ntp.org",
    "office.com",
    "office365.com",
    "openai.com",
    "outlook.com",
    "paypal.com",
    "pinterest.com",
    "qq.com",
    "reddit.com",
    "samsung.com",
    "sharepoint.com",
    "skype.com",
    "spotify.com",
    "telegram.org",
    "tiktok.com",
    "twitter.com",
    "ubuntu.com",
    "visa.com",
    "whatsapp.com",
    "wikipedia.org",
    "windows.com",
    "windowsupdate.com",
    "yahoo.com",
    "youtube.com",
    "zoom.us",
];

const EMPTY_FILES: [&str; 6] = [
    "d41d8cd98f00b204e9800998ecf8427e",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b",
    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
];

/// Says whether a canonical hash is that of the empty file, or one digit repeated.
pub(super) fn is_empty_file(value: &str) -> bool {
    EMPTY_FILES.contains(&value) || value.bytes().next().is_some_and(|first| value.bytes().all(|byte| byte == first))
}

/// Letters of other scripts that are drawn like Latin ones (Unicode TR 39, the part that names are written with).
const LOOK_ALIKES: [(char, char); 44] = [
    ('а', 'a'),
    ('в', 'b'),
    ('с', 'c'),
    ('ԁ', 'd'),
    ('е', 'e'),
    ('ё', 'e'),
    ('ɡ', 'g'),
    ('һ', 'h'),
    ('і', 'i'),
    ('ї', 'i'),
    ('ј', 'j'),
    ('к', 'k'),
    ('ӏ', 'l'),
    ('м', 'm'),
    ('н', 'h'),
    ('о', 'o'),
    ('р', 'p'),
    ('ԛ', 'q'),
    ('г', 'r'),
    ('ѕ', 's'),
    ('т', 't'),
    ('ц', 'u'),
    ('ѵ', 'v'),
    ('ԝ', 'w'),
    ('х', 'x'),
    ('у', 'y'),
    ('α', 'a'),
    ('ε', 'e'),
    ('ι', 'i'),
    ('κ', 'k'),
    ('ν', 'v'),
    ('ο', 'o'),
    ('ρ', 'p'),
    ('τ', 't'),
    ('υ', 'u'),
    ('χ', 'x'),
    ('γ', 'y'),
    ('ı', 'i'),
    ('ł', 'l'),
    ('ø', 'o'),
    ('đ', 'd'),
    ('օ', 'o'),
    ('ո', 'n'),
    ('ս', 'u'),
];

/// Returns the ASCII name that an internationalised one is drawn like; `None` for names that are ASCII by nature or
/// that look like no ASCII name.
pub(super) fn skeleton(value: &str) -> Option<String> {
    use unicode_normalization::UnicodeNormalization;
    if !value.split('.').any(|label| label.starts_with("xn--")) {
        return None;
    }
    let (shown, answer) = Uts46::new().to_unicode(value.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow);
    answer.ok()?;
    let folded: String = shown
        .nfkd()
        .filter(|character| !unicode_normalization::char::is_combining_mark(*character))
        .map(|character| {
            LOOK_ALIKES.iter().find(|(other, _)| *other == character).map_or(character, |(_, latin)| *latin)
        })
        .collect();
    folded.is_ascii().then_some(folded)
}
