//! Look-up keys: what must be seen for a pattern to match.

use std::collections::HashSet;

use entente_observable::{Kind as ValueKind, normalise};
use entente_stix::tables::Form;
use unicode_normalization::UnicodeNormalization;

use crate::literals::{is_alone, is_equality, property};
use crate::schema::{self, Place};
use crate::tree::{Comparison, Constant, Join, Observation, Operator, Path, Step, Test};

/// LIMIT: keys of one pattern, as many as the constants of one set; addresses times ports could be 10,000².
const KEYS_MAX: usize = 10_000;

/// What looking up a few values says about a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// The pattern matches exactly where one of the keys is seen; none for a pattern that matches nothing.
    ///
    /// "Exactly" is up to the canonical form: the evaluator compares texts, so that a value in another spelling (letter case,
    /// a defanged dot, an IPv6 address written in full) has the key but does not match. A constant with a prefix length is a
    /// network, which is seen with each address in it, also where the pattern asks for that text by `=`.
    Exact(Vec<Key>),
    /// A match implies that one of the keys is seen; the pattern itself decides.
    Candidate(Vec<Key>),
    /// No key helps, for the reason given.
    Opaque(String),
}

/// A value whose presence at a path means a match, or the possibility of one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// What the value is.
    pub kind: KeyKind,
    /// The canonical form: that of `entente_observable` for its kinds, lower case in NFC for registry keys and serial numbers,
    /// else the text in NFC. What is seen is brought to the same form before it is looked up.
    pub value: String,
    /// Algorithm of a hash in lower case without hyphens, such as `sha256`.
    pub algorithm: Option<String>,
    /// Destination port that restricts an address or name.
    pub port: Option<u16>,
    /// Object type of the path.
    pub object_type: String,
    /// The rest of the path, in the form of [`Literal::property`](crate::Literal::property).
    pub property: String,
    /// The constant as the pattern has it, without quotes and escapes.
    pub text: String,
}

/// What a key is; those of `entente_observable` keep their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum KeyKind {
    /// Hash of a file's content.
    FileHash,
    /// Hash of a certificate.
    CertificateHash,
    /// URL.
    Url,
    /// Host name.
    DomainName,
    /// IPv4 address.
    Ipv4Addr,
    /// IPv6 address.
    Ipv6Addr,
    /// Network of either family.
    Network,
    /// Mail address.
    EmailAddr,
    /// Autonomous system.
    AutonomousSystem,
    /// Name of a file.
    FileName,
    /// Name of a mutex.
    Mutex,
    /// Windows registry key.
    RegistryKey,
    /// Serial number of a certificate.
    SerialNumber,
    /// Name of a piece of software.
    Software,
    /// Login of an account.
    UserAccount,
    /// `User-Agent` of an HTTP request.
    UserAgent,
}

impl KeyKind {
    /// Returns the name, such as `ipv4-addr` or `file-hash`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FileHash => "file-hash",
            Self::CertificateHash => "x509-certificate",
            Self::Url => "url",
            Self::DomainName => "domain-name",
            Self::Ipv4Addr => "ipv4-addr",
            Self::Ipv6Addr => "ipv6-addr",
            Self::Network => "network",
            Self::EmailAddr => "email-addr",
            Self::AutonomousSystem => "autonomous-system",
            Self::FileName => "file-name",
            Self::Mutex => "mutex",
            Self::RegistryKey => "windows-registry-key",
            Self::SerialNumber => "serial-number",
            Self::Software => "software",
            Self::UserAccount => "user-account",
            Self::UserAgent => "user-agent",
        }
    }

    /// Orders kinds by how few values share one: hash, URL, name, address, network, other.
    const fn selectivity(self) -> u8 {
        match self {
            Self::FileHash | Self::CertificateHash => 0,
            Self::Url => 1,
            Self::DomainName => 2,
            Self::Ipv4Addr | Self::Ipv6Addr => 3,
            Self::Network => 4,
            _ => 5,
        }
    }

    const fn of(kind: ValueKind) -> Option<Self> {
        Some(match kind {
            ValueKind::AutonomousSystem => Self::AutonomousSystem,
            ValueKind::DomainName => Self::DomainName,
            ValueKind::EmailAddr => Self::EmailAddr,
            ValueKind::FileHash => Self::FileHash,
            ValueKind::Ipv4Addr => Self::Ipv4Addr,
            ValueKind::Ipv6Addr => Self::Ipv6Addr,
            ValueKind::Network => Self::Network,
            ValueKind::Url => Self::Url,
            ValueKind::UserAccount => Self::UserAccount,
            ValueKind::X509Certificate => Self::CertificateHash,
            ValueKind::PhoneNumber | ValueKind::TlsFingerprint => return None,
        })
    }
}

pub(crate) fn keys(root: &Observation) -> Keys {
    let distinct = |mut keys: Vec<Key>| {
        let mut seen = HashSet::with_capacity(keys.len());
        keys.retain(|key| seen.insert(key.clone()));
        keys
    };
    match observation(root) {
        Keys::Exact(keys) => Keys::Exact(distinct(keys)),
        Keys::Candidate(keys) => Keys::Candidate(distinct(keys)),
        opaque @ Keys::Opaque(_) => opaque,
    }
}

/// Recursion here and below is bounded by the parser's depth limit.
fn observation(expression: &Observation) -> Keys {
    match expression {
        Observation::Test(tests) => test(tests),
        Observation::Joined(Join::Or, parts) => united(parts.iter().map(observation)),
        Observation::Joined(Join::And | Join::FollowedBy, parts) => one_of(parts.iter().map(observation)),
        Observation::Qualified(inner, _) => candidate(observation(inner)),
    }
}

fn test(tests: &Test) -> Keys {
    match tests {
        Test::Exists { .. } => Keys::Opaque("EXISTS names no value".to_owned()),
        Test::Compare(one) => comparison(one),
        Test::Joined { by_and: false, parts } => united(parts.iter().map(test)),
        Test::Joined { by_and: true, parts } => endpoint(parts).unwrap_or_else(|| one_of(parts.iter().map(test))),
    }
}

fn candidate(keys: Keys) -> Keys {
    match keys {
        Keys::Exact(keys) => Keys::Candidate(keys),
        other => other,
    }
}

/// Keys of alternatives: all of them, and none if one has none.
fn united(parts: impl Iterator<Item = Keys>) -> Keys {
    let (mut all, mut exact) = (Vec::new(), true);
    for part in parts {
        match part {
            Keys::Exact(keys) => all.extend(keys),
            Keys::Candidate(keys) => {
                exact = false;
                all.extend(keys);
            }
            opaque @ Keys::Opaque(_) => return opaque,
        }
    }
    if exact { Keys::Exact(all) } else { Keys::Candidate(all) }
}

/// Keys of what must all hold: those of the most selective part, the fewest of equally selective ones.
fn one_of(parts: impl Iterator<Item = Keys>) -> Keys {
    let mut best: Option<(u8, usize, Vec<Key>)> = None;
    let mut reason = String::new();
    for part in parts {
        match part {
            Keys::Exact(keys) | Keys::Candidate(keys) => {
                let worst = keys.iter().map(|key| key.kind.selectivity()).max().unwrap_or(0);
                if best.as_ref().is_none_or(|(rank, count, _)| (worst, keys.len()) < (*rank, *count)) {
                    best = Some((worst, keys.len(), keys));
                }
            }
            Keys::Opaque(why) if reason.is_empty() => reason = why,
            Keys::Opaque(_) => {}
        }
    }
    best.map_or(Keys::Opaque(reason), |(_, _, keys)| Keys::Candidate(keys))
}

/// Keys of one destination joined with its port, its type or both, which are then all that the test says.
fn endpoint(parts: &[Test]) -> Option<Keys> {
    let (mut host, mut ports, mut hints) = (None, None, Vec::new());
    for part in parts {
        let Test::Compare(one) = part else { return None };
        if !is_equality(one) || one.path.object_type != "network-traffic" {
            return None;
        }
        let slot = match property(&one.path).as_str() {
            "dst_ref.value" => &mut host,
            "dst_port" => &mut ports,
            "dst_ref.type" => {
                hints.push(one);
                continue;
            }
            _ => return None,
        };
        if slot.replace(one).is_some() {
            return None;
        }
    }
    let Keys::Exact(hosts) = comparison(host?) else { return None };
    let fits = |hint: &&Comparison| {
        hosts.iter().all(|key| hint.constants.iter().any(|constant| constant.text() == type_of(key)))
    };
    if !hints.iter().all(fits) {
        return None;
    }
    let Some(ports) = ports else { return Some(Keys::Exact(hosts)) };
    let numbers: Option<Vec<u16>> = ports.constants.iter().map(port).collect();
    let numbers = numbers?;
    if hosts.len().saturating_mul(numbers.len()) > KEYS_MAX {
        return None;
    }
    let with = |key: &Key| numbers.iter().map(|port| Key { port: Some(*port), ..key.clone() }).collect::<Vec<_>>();
    Some(Keys::Exact(hosts.iter().flat_map(with).collect()))
}

fn port(constant: &Constant) -> Option<u16> {
    match constant {
        Constant::Integer(number) => number.parse().ok(),
        Constant::Float(number) => number.strip_suffix(".0")?.parse().ok(),
        _ => None,
    }
}

/// The object type that has the value of a key.
fn type_of(key: &Key) -> &'static str {
    match key.kind {
        KeyKind::Network if key.value.contains(':') => "ipv6-addr",
        KeyKind::Network => "ipv4-addr",
        other => other.name(),
    }
}

/// What the constants at a path are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Values<'a> {
    /// A kind that `entente_observable` knows.
    Value(ValueKind),
    /// A host: address or name, by its text.
    Host,
    /// A hash of that algorithm, of a file or a certificate.
    Hash(KeyKind, &'a str),
    /// Text as it is.
    Text(KeyKind),
    /// Text without case.
    Folded(KeyKind),
}

fn comparison(one: &Comparison) -> Keys {
    let path = &one.path;
    let opaque = |why: &str| Keys::Opaque(format!("{why} at `{}`", crate::error::shown(&path.to_string())));
    let (values, exact) = match values_at(path) {
        Ok(found) => found,
        Err(why) => return opaque(why),
    };
    let network = match (one.operator, one.negated) {
        (Operator::IsSubset, false) if matches!(values, Values::Host | Values::Value(_)) => true,
        _ if is_equality(one) => false,
        _ => {
            return opaque(&format!(
                "{}{} names no value",
                if one.negated { "NOT " } else { "" },
                one.operator.symbol()
            ));
        }
    };
    // `LIKE` compares in NFC, which these kinds tell apart.
    let is_apart = matches!(values, Values::Value(ValueKind::EmailAddr | ValueKind::Url | ValueKind::UserAccount));
    if one.operator == Operator::Like && is_apart && !one.constants.iter().all(|constant| is_alone(constant.text())) {
        return opaque("LIKE names several values");
    }
    let mut found = Vec::with_capacity(one.constants.len());
    for constant in &one.constants {
        match key(path, values, constant, network) {
            Ok(key) => found.push(key),
            Err(why) => return opaque(&format!("`{}`: {why}", crate::error::shown(constant.text()))),
        }
    }
    // The number of an autonomous system is equal to no text, though the text names one.
    let is_text = |constant: &Constant| matches!(constant, Constant::Text(_));
    let is_number = values == Values::Value(ValueKind::AutonomousSystem);
    let exact = exact && !(is_number && one.constants.iter().any(is_text));
    if exact { Keys::Exact(found) } else { Keys::Candidate(found) }
}

/// Says what stands at a path that has look-up keys, and whether a key is all that a comparison there says.
fn values_at(path: &Path) -> Result<(Values<'_>, bool), &'static str> {
    // One element of a list is more than "seen there".
    let anywhere = !path.steps.iter().any(|step| matches!(step, Step::Index(_)));
    let keys: Vec<&str> = path
        .steps
        .iter()
        .filter_map(|step| if let Step::Key(key) = step { Some(key.as_str()) } else { None })
        .collect();
    if let [.., "extensions", "http-request-ext", "request_header", name] = keys.as_slice()
        && name.eq_ignore_ascii_case("user-agent")
    {
        return Ok((Values::Text(KeyKind::UserAgent), anywhere));
    }
    let Place::Known(places) = schema::place(path) else {
        return Err("no look-up key");
    };
    let mut hosts = 0_usize;
    let mut found = None;
    for place in &places {
        // An object or a list of values is equal to nothing.
        if matches!(place.form, Form::Hashes | Form::List(_) | Form::Dictionary(_)) {
            return Err("no look-up key");
        }
        let values = match (place.owner, place.property) {
            ("ipv4-addr", "value") => Values::Value(ValueKind::Ipv4Addr),
            ("ipv6-addr", "value") => Values::Value(ValueKind::Ipv6Addr),
            ("domain-name", "value") => Values::Value(ValueKind::DomainName),
            ("url", "value") => Values::Value(ValueKind::Url),
            ("email-addr", "value") => Values::Value(ValueKind::EmailAddr),
            ("autonomous-system", "number") => Values::Value(ValueKind::AutonomousSystem),
            ("user-account", "account_login") => Values::Value(ValueKind::UserAccount),
            // A reference to several types may lead to a MAC address, which no key needs: a host is never one.
            ("mac-addr", "value") if places.len() > 1 => continue,
            ("file" | "artifact", "hashes") => Values::Hash(KeyKind::FileHash, keys.last().copied().unwrap_or("")),
            ("x509-certificate", "hashes") => {
                Values::Hash(KeyKind::CertificateHash, keys.last().copied().unwrap_or(""))
            }
            ("x509-certificate", "serial_number") => Values::Folded(KeyKind::SerialNumber),
            ("mutex", "name") => Values::Text(KeyKind::Mutex),
            ("file", "name") => Values::Text(KeyKind::FileName),
            ("software", "name") => Values::Text(KeyKind::Software),
            ("windows-registry-key", "key") => Values::Folded(KeyKind::RegistryKey),
            ("network-traffic", "src_port" | "dst_port") => return Err("a port alone is no key"),
            _ => return Err("no look-up key"),
        };
        if matches!(values, Values::Value(ValueKind::Ipv4Addr | ValueKind::Ipv6Addr | ValueKind::DomainName)) {
            hosts = hosts.saturating_add(1);
        } else if places.len() > 1 && found.is_some_and(|other| other != values) {
            return Err("no single look-up key");
        }
        found = Some(values);
    }
    let values = if hosts > 1 { Values::Host } else { found.ok_or("no look-up key")? };
    let is_certificate =
        matches!(values, Values::Hash(KeyKind::CertificateHash, _) | Values::Folded(KeyKind::SerialNumber));
    Ok((values, anywhere && !is_certificate))
}

fn key(path: &Path, values: Values<'_>, constant: &Constant, network: bool) -> Result<Key, String> {
    let text = match (constant, values) {
        (Constant::Text(text), _) => text.as_str(),
        (Constant::Integer(number), Values::Value(ValueKind::AutonomousSystem)) => number,
        (Constant::Float(number), Values::Value(ValueKind::AutonomousSystem)) => {
            number.strip_suffix(".0").ok_or("a whole number is due")?
        }
        _ => return Err("constant of another kind".to_owned()),
    };
    let (kind, value, algorithm) = match values {
        Values::Value(_) | Values::Host if network => observed(text, Some(ValueKind::Network))?,
        Values::Value(kind) => observed(text, Some(kind))?,
        Values::Host => host(text)?,
        Values::Text(kind) => (kind, text.nfc().collect(), None),
        Values::Folded(kind) => (kind, text.nfc().collect::<String>().to_lowercase().nfc().collect(), None),
        Values::Hash(kind, name) => (kind, hash(name, text)?, Some(bare(name))),
    };
    let (object_type, property) = (path.object_type.clone(), property(path));
    Ok(Key { kind, value, algorithm, port: None, object_type, property, text: text.to_owned() })
}

fn observed(text: &str, kind: Option<ValueKind>) -> Result<(KeyKind, String, Option<String>), String> {
    let found = normalise(text, kind).map_err(|error| error.to_string())?.observable;
    let kind = KeyKind::of(found.kind).ok_or("no look-up key for the kind")?;
    Ok((kind, found.value, found.hash_algorithm.map(str::to_owned)))
}

/// Reads an address where the text is one, else a name.
fn host(text: &str) -> Result<(KeyKind, String, Option<String>), String> {
    observed(text, Some(ValueKind::Ipv4Addr))
        .or_else(|_| observed(text, Some(ValueKind::Ipv6Addr)))
        .or_else(|_| observed(text, Some(ValueKind::DomainName)))
}

/// Name of an algorithm in lower case without hyphens.
fn bare(name: &str) -> String {
    name.replace('-', "").to_lowercase()
}

/// Canonical form of a hash; one whose algorithm `entente_observable` would guess differently from its length is lower case.
fn hash(name: &str, text: &str) -> Result<String, String> {
    let algorithm = bare(name);
    let known = ["md5", "sha1", "sha224", "sha256", "sha384", "sha512", "ssdeep", "tlsh"];
    if !known.contains(&algorithm.as_str()) {
        return Ok(text.to_lowercase());
    }
    let found = normalise(text, Some(ValueKind::FileHash)).map_err(|error| error.to_string())?.observable;
    if found.hash_algorithm == Some(algorithm.as_str()) {
        Ok(found.value)
    } else {
        Err(format!("not a value of {algorithm}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    /// Writes keys as `kind=value`, with algorithm and port.
    fn shown(text: &str) -> String {
        let list = |keys: Vec<Key>| {
            let one = |key: Key| {
                let port = key.port.map(|port| format!(":{port}")).unwrap_or_default();
                let algorithm = key.algorithm.map(|name| format!("{name}:")).unwrap_or_default();
                format!("{}={algorithm}{}{port}", key.kind.name(), key.value)
            };
            keys.into_iter().map(one).collect::<Vec<_>>().join(" ")
        };
        match parse(text).unwrap().keys() {
            Keys::Exact(keys) => format!("exact {}", list(keys)).trim_end().to_owned(),
            Keys::Candidate(keys) => format!("candidate {}", list(keys)).trim_end().to_owned(),
            Keys::Opaque(why) => format!("opaque {why}"),
        }
    }

    const MD5: &str = "6F5902ac237024bdd0c176cb93063dc4";

    #[test]
    fn each_path_has_its_kind() {
        let md5 = MD5.to_lowercase();
        for (test, expected) in [
            ("ipv4-addr:value = '192.0.2.44'", "exact ipv4-addr=192.0.2.44"),
            ("ipv4-addr:value = '192.0.2.44/24'", "exact network=192.0.2.0/24"),
            ("ipv6-addr:value IN ('2001:DB8::1')", "exact ipv6-addr=2001:db8::1"),
            ("ipv4-addr:value ISSUBSET '192.0.2.0/24'", "exact network=192.0.2.0/24"),
            ("network-traffic:src_ref.value ISSUBSET '192.0.2.0/24'", "exact network=192.0.2.0/24"),
            ("network-traffic:src_ref.value = '192.0.2.44'", "exact ipv4-addr=192.0.2.44"),
            ("network-traffic:dst_ref.value = 'C2.example'", "exact domain-name=c2.example"),
            ("process:opened_connection_refs[*].dst_ref.value = '::1'", "exact ipv6-addr=::1"),
            ("domain-name:value = 'WWW.Example'", "exact domain-name=www.example"),
            ("url:value = 'HTTP://a.example'", "exact url=http://a.example/"),
            ("email-message:from_ref.value = 'a@B.example'", "exact email-addr=a@b.example"),
            ("email-message:to_refs[*].value = 'a@b.example'", "exact email-addr=a@b.example"),
            ("email-message:to_refs[0].value = 'a@b.example'", "candidate email-addr=a@b.example"),
            ("autonomous-system:number = 64500", "exact autonomous-system=AS64500"),
            ("mutex:name = 'Global\\\\X'", r"exact mutex=Global\X"),
            ("user-account:account_login = 'root'", "exact user-account=root"),
            ("windows-registry-key:key LIKE 'HKEY-USERS'", "exact windows-registry-key=hkey-users"),
            ("software:name = 'Word'", "exact software=Word"),
            ("file:name = 'a.exe'", "exact file-name=a.exe"),
            ("x509-certificate:serial_number = '0A'", "candidate serial-number=0a"),
            (
                "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'bot'",
                "exact user-agent=bot",
            ),
            ("mutex:name IN ()", "exact"),
        ] {
            assert_eq!(shown(&format!("[{test}]")), expected, "{test}");
        }
        for path in ["file:hashes", "artifact:hashes", "file:content_ref.hashes", "process:image_ref.hashes"] {
            assert_eq!(shown(&format!("[{path}.MD5 = '{MD5}']")), format!("exact file-hash=md5:{md5}"), "{path}");
        }
        let certificate = shown(&format!("[x509-certificate:hashes.MD5 = '{MD5}']"));
        assert_eq!(certificate, format!("candidate x509-certificate=md5:{md5}"));
        // A length says nothing about an algorithm of another name.
        assert_eq!(shown(&format!("[file:hashes.IMPHASH = '{MD5}']")), format!("exact file-hash=imphash:{md5}"));
    }

    #[test]
    fn ports_and_type_hints_go_with_a_destination() {
        for (test, expected) in [
            ("dst_ref.value = '192.0.2.1' AND network-traffic:dst_port = 443", "exact ipv4-addr=192.0.2.1:443"),
            (
                "dst_port IN (80, 443) AND network-traffic:dst_ref.value = 'c2.example'",
                "exact domain-name=c2.example:80 domain-name=c2.example:443",
            ),
            (
                "dst_ref.type = 'domain-name' AND network-traffic:dst_ref.value = 'c2.example'",
                "exact domain-name=c2.example",
            ),
            (
                "dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = 'c2.example'",
                "candidate domain-name=c2.example",
            ),
            ("src_ref.value = '192.0.2.1' AND network-traffic:dst_port = 443", "candidate ipv4-addr=192.0.2.1"),
            ("dst_port = 443", "opaque a port alone is no key at `network-traffic:dst_port`"),
        ] {
            assert_eq!(shown(&format!("[network-traffic:{test}]")), expected, "{test}");
        }
    }

    #[test]
    fn joins_take_what_they_must() {
        let md5 = MD5.to_lowercase();
        for (text, expected) in [
            ("[url:value = 'http://a.example/' OR mutex:name = 'm']", "exact url=http://a.example/ mutex=m".to_owned()),
            ("[mutex:name = 'm'] OR [mutex:name = 'm']", "exact mutex=m".to_owned()),
            ("[mutex:name = 'm' OR mutex:name LIKE 'm%']", "opaque LIKE names no value at `mutex:name`".to_owned()),
            (
                &format!("[file:name = 'a' AND file:size > 5 AND file:hashes.MD5 = '{MD5}']"),
                format!("candidate file-hash=md5:{md5}"),
            ),
            (
                "[mutex:name = 'm'] FOLLOWEDBY [url:value = 'http://a.example/']",
                "candidate url=http://a.example/".to_owned(),
            ),
            ("[mutex:name LIKE 'e\u{301}K']", "exact mutex=\u{e9}K".to_owned()),
            ("[autonomous-system:number = 64500.0]", "exact autonomous-system=AS64500".to_owned()),
            ("[autonomous-system:number = 'AS64500']", "candidate autonomous-system=AS64500".to_owned()),
            ("[mutex:name = 'm'] WITHIN 5 SECONDS", "candidate mutex=m".to_owned()),
            ("[mutex:name = 'm'] REPEATS 2 TIMES OR [mutex:name = 'n']", "candidate mutex=m mutex=n".to_owned()),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn what_names_no_value_is_opaque() {
        for test in [
            "mutex:name != 'm'",
            "mutex:name NOT = 'm'",
            "mutex:name NOT IN ('m')",
            "mutex:name < 'm'",
            "mutex:name LIKE 'm_'",
            "mutex:name MATCHES 'm'",
            "ipv4-addr:value ISSUPERSET '192.0.2.1'",
            "ipv4-addr:value NOT ISSUBSET '192.0.2.0/24'",
            "EXISTS mutex:name",
            "NOT EXISTS mutex:name",
            "process:command_line = 'x'",
            "x-acme:name = 'x'",
            "mutex:name = h'6d'",
            "ipv4-addr:value = 'no address'",
            "ipv4-addr:value ISSUBSET '0.0.0.0/0'",
            "file:hashes.'SHA-256' LIKE 'ab'",
            "file:hashes = '6f5902ac237024bdd0c176cb93063dc4'",
            "url:value LIKE 'http://a.example/K'",
            "url:value LIKE 'http://a.example/\u{e9}'",
        ] {
            assert!(shown(&format!("[{test}]")).starts_with("opaque "), "{test}: {}", shown(&format!("[{test}]")));
        }
    }

    #[test]
    fn ports_times_addresses_are_bounded() {
        let ports: Vec<String> = (1..=2000).map(|port| port.to_string()).collect();
        let text = |hosts: usize| {
            let hosts: Vec<String> = (0..hosts).map(|n| format!("'192.0.2.{n}'")).collect();
            let (hosts, ports) = (hosts.join(","), ports.join(","));
            format!("[network-traffic:dst_ref.value IN ({hosts}) AND network-traffic:dst_port IN ({ports})]")
        };
        assert!(matches!(parse(&text(5)).unwrap().keys(), Keys::Exact(keys) if keys.len() == 10_000));
        assert!(matches!(parse(&text(6)).unwrap().keys(), Keys::Candidate(keys) if keys.len() == 6));
    }
}
