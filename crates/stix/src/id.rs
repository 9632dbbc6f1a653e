//! Identifiers: `type--UUID`, and the deterministic ones of observables (STIX 2.1 §2.9).

use std::borrow::Cow;

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::json::{quote_into, string_inside, string_items, unescape};
use crate::object::Object;
use crate::tables::{self, Class, Table};
use crate::{jcs, scan, timestamp::Timestamp};

/// The namespace of deterministic identifiers, 00abedb4-aa42-466c-9c01-fed23315a9b7.
pub const SCO_NAMESPACE: [u8; 16] =
    [0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c, 0x9c, 0x01, 0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7];

/// Names of `hash-algorithm-ov`; spellings that differ in case, `-` or `_` count as these.
const HASH_NAMES: [&str; 8] = ["MD5", "SHA-1", "SHA-256", "SHA-512", "SHA3-256", "SHA3-512", "SSDEEP", "TLSH"];
/// Of several hashes, the one that enters the identifier (STIX 2.1 §2.9).
const HASH_PREFERENCE: [&str; 4] = ["MD5", "SHA-1", "SHA-256", "SHA-512"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdentifierForm {
    WellFormed,
    Malformed,
    WrongVersion,
}

/// Tells whether `text` is `type--UUID` with a UUID of variant 10 and version 1 to 8, in either case of hex.
///
/// Identifiers are compared as exact texts; an upper-case UUID is another identifier.
pub fn is_identifier(text: &str) -> bool {
    form(text) == IdentifierForm::WellFormed
}

/// Splits an identifier into type and UUID; none where it is not well formed.
///
/// # Examples
///
/// ```
/// use entente_stix::id::split;
/// let id = "mutex--44287210-9343-52aa-86a2-41c9d3902b75";
/// assert_eq!(split(id), Some(("mutex", "44287210-9343-52aa-86a2-41c9d3902b75")));
/// assert_eq!(split("mutex--1"), None);
/// ```
pub fn split(text: &str) -> Option<(&str, &str)> {
    if !is_identifier(text) {
        return None;
    }
    cut(text)
}

/// Cuts at the last 38 characters, since a type may end in a hyphen.
fn cut(text: &str) -> Option<(&str, &str)> {
    let (object_type, rest) = text.split_at_checked(text.len().checked_sub(38)?)?;
    Some((object_type, rest.strip_prefix("--")?))
}

pub(crate) fn form(text: &str) -> IdentifierForm {
    let Some((object_type, uuid)) = cut(text) else {
        return IdentifierForm::Malformed;
    };
    if !is_object_type(object_type) {
        return IdentifierForm::Malformed;
    }
    let hyphens = [8, 13, 18, 23].iter().all(|&at| uuid.as_bytes().get(at) == Some(&b'-'));
    let digits = uuid.bytes().filter(u8::is_ascii_hexdigit).count();
    let shape = hyphens && digits == 32 && uuid.len() == 36;
    if !shape {
        return IdentifierForm::Malformed;
    }
    let known = matches!(uuid_version(uuid), Some(b'1'..=b'8'))
        && matches!(uuid.as_bytes().get(19), Some(b'8' | b'9' | b'a' | b'b' | b'A' | b'B'));
    if known { IdentifierForm::WellFormed } else { IdentifierForm::WrongVersion }
}

/// Returns the version digit of a UUID text, as a character.
pub(crate) fn uuid_version(uuid: &str) -> Option<u8> {
    uuid.as_bytes().get(14).copied()
}

/// Tells whether `name` has the form of an object type: lower case, digits, single hyphens, 3 to 250 characters (STIX 2.1 §3.1).
pub fn is_object_type(name: &str) -> bool {
    if !(3..=250).contains(&name.len()) || name == "action" {
        return false;
    }
    let mut previous = b'-';
    for (at, byte) in name.bytes().enumerate() {
        let fits = match byte {
            b'a'..=b'z' => true,
            b'0'..=b'9' => at > 0,
            b'-' => previous != b'-',
            _ => false,
        };
        if !fits {
            return false;
        }
        previous = byte;
    }
    true
}

/// Computes `type--UUIDv5` of `name` in a namespace of the caller's.
pub fn derived(namespace: &[u8; 16], object_type: &str, name: &str) -> String {
    let uuid = Uuid::new_v5(&Uuid::from_bytes(*namespace), name.as_bytes());
    with_uuid(object_type, uuid)
}

/// Computes the bytes of the UUIDv5 of `name` in a namespace of the caller's.
pub(crate) fn derived_bytes(namespace: &[u8; 16], name: &str) -> [u8; 16] {
    Uuid::new_v5(&Uuid::from_bytes(*namespace), name.as_bytes()).into_bytes()
}

/// Makes `type--UUID` of version 4 from sixteen bytes, of which the bits of version and variant are set.
///
/// The crate has no random source: the bytes come from the caller's.
///
/// # Examples
///
/// ```
/// use entente_stix::id::of_bytes;
/// assert_eq!(of_bytes("process", [0xff; 16]), "process--ffffffff-ffff-4fff-bfff-ffffffffffff");
/// ```
pub fn of_bytes(object_type: &str, bytes: [u8; 16]) -> String {
    with_uuid(object_type, uuid::Builder::from_random_bytes(bytes).into_uuid())
}

fn with_uuid(object_type: &str, uuid: Uuid) -> String {
    let mut text = String::with_capacity(object_type.len().saturating_add(38));
    text.push_str(object_type);
    text.push_str("--");
    text.push_str(uuid.hyphenated().encode_lower(&mut [0; uuid::fmt::Hyphenated::LENGTH]));
    text
}

/// Computes the deterministic identifier of an observable whose only contributing property is `value`.
///
/// # Examples
///
/// ```
/// use entente_stix::id::sco_value_id;
/// assert_eq!(sco_value_id("ipv4-addr", "192.0.2.44"), "ipv4-addr--59bca7b5-de05-591d-9d1c-266072549107");
/// ```
pub fn sco_value_id(object_type: &str, value: &str) -> String {
    let mut name = String::with_capacity(value.len().saturating_add(12));
    name.push_str("{\"value\":");
    crate::json::quote_into(&mut name, value);
    name.push('}');
    derived(&SCO_NAMESPACE, object_type, &name)
}

/// Computes the deterministic identifier of an observable from its properties (STIX 2.1 §2.9).
///
/// Of a known type only the contributing properties count, so the whole object may be given; of an unknown type all given
/// properties count. None for SDOs, SROs and meta objects, for `process`, and where no contributing property is present.
pub fn sco_id(object_type: &str, contributing: &Map<String, Value>) -> Option<String> {
    let known = tables::table(object_type);
    if known.is_some_and(|table| table.class() != Some(Class::Sco)) {
        return None;
    }
    let mut named = Map::new();
    for (key, value) in contributing {
        if known.is_some_and(|table| !table.contributing.contains(&key.as_str())) {
            continue;
        }
        let value = match key.as_str() {
            "hashes" => one_hash(value),
            "start" | "end" => trimmed(value),
            "extensions" => extensions(value),
            _ => value.clone(),
        };
        named.insert(key.clone(), value);
    }
    if named.is_empty() {
        return None;
    }
    Some(derived(&SCO_NAMESPACE, object_type, &jcs::write(&Value::Object(named))))
}

/// Computes the deterministic identifier that an object of a known observable type should have.
///
/// None where the rule gives none. An object whose identifier has version 5 and differs from this one is to be flagged and
/// never merged on the identifier it claims.
pub fn recomputed(object: &Object) -> Option<String> {
    let object_type = object.object_type();
    let table = tables::table(object_type).filter(|table| table.class() == Some(Class::Sco))?;
    match direct_name(object, table) {
        Direct::Name(name) => Some(derived(&SCO_NAMESPACE, object_type, &name)),
        Direct::Nothing => None,
        Direct::Other => sco_id(object_type, &object.json()),
    }
}

/// The name to hash, where it can be written straight from the object's bytes.
#[derive(Debug, PartialEq, Eq)]
enum Direct {
    Name(String),
    /// No contributing property is present.
    Nothing,
    /// Something that only the full reader understands.
    Other,
}

/// LIMIT: most contributing properties of one type (`network-traffic`).
const CONTRIBUTING_MAX: usize = 8;

fn direct_name(object: &Object, table: &Table) -> Direct {
    let mut present = [("", ""); CONTRIBUTING_MAX];
    let mut count = 0_usize;
    for &key in table.contributing {
        if let Some(value) = object.member_text(key) {
            let Some(slot) = present.get_mut(count) else {
                return Direct::Other;
            };
            *slot = (key, value);
            count = count.saturating_add(1);
        }
    }
    let present = present.get_mut(..count).unwrap_or_default();
    if present.is_empty() {
        return Direct::Nothing;
    }
    // ASCII names sort alike by bytes and by UTF-16 code units.
    present.sort_unstable();
    let mut name = String::with_capacity(160);
    for (at, (key, value)) in present.iter().enumerate() {
        name.push_str(if at == 0 { "{\"" } else { ",\"" });
        name.push_str(key);
        name.push_str("\":");
        let written = match *key {
            "hashes" => write_hash(&mut name, value),
            "start" | "end" => write_instant(&mut name, value),
            _ => write_simple(&mut name, value),
        };
        if written.is_none() {
            return Direct::Other;
        }
    }
    name.push('}');
    Direct::Name(name)
}

/// Writes a string, a list of strings, a boolean, or a whole number in its shortest form; none for anything else.
fn write_simple(name: &mut String, raw: &str) -> Option<()> {
    match raw.as_bytes() {
        [b'"', ..] => write_text(name, string_inside(raw)?),
        [b'[', ..] => {
            name.push('[');
            for (at, item) in string_items(raw)?.into_iter().enumerate() {
                if at > 0 {
                    name.push(',');
                }
                write_text(name, item);
            }
            name.push(']');
        }
        b"true" | b"false" | b"0" => name.push_str(raw),
        // Up to fifteen digits, every whole number is a double and prints as it is written.
        [b'1'..=b'9', rest @ ..] if rest.len() < 15 && rest.iter().all(u8::is_ascii_digit) => name.push_str(raw),
        _ => return None,
    }
    Some(())
}

/// Writes a string of JSON from the inside of its literal. Without escapes the literal is its canonical form.
fn write_text(name: &mut String, inside: &str) {
    match unescape(inside) {
        Cow::Borrowed(plain) => {
            name.push('"');
            name.push_str(plain);
            name.push('"');
        }
        Cow::Owned(text) => quote_into(name, &text),
    }
}

fn write_instant(name: &mut String, raw: &str) -> Option<()> {
    quote_into(name, &trimmed_text(&unescape(string_inside(raw)?)));
    Some(())
}

/// Writes the one entry that counts of a dictionary of strings whose keys all are spelled as in the vocabulary.
fn write_hash(name: &mut String, raw: &str) -> Option<()> {
    let mut rest = raw.strip_prefix('{')?.strip_suffix('}')?.trim_ascii();
    let mut chosen: Option<(usize, &str, &str)> = None;
    loop {
        let (key, after) = leading_string(rest)?;
        let (value, after) = leading_string(after.trim_ascii_start().strip_prefix(':')?.trim_ascii_start())?;
        if !HASH_NAMES.contains(&key) {
            return None;
        }
        let rank = HASH_PREFERENCE.iter().position(|preferred| *preferred == key).unwrap_or(HASH_PREFERENCE.len());
        if chosen.is_none_or(|(best, best_key, _)| (rank, key) < (best, best_key)) {
            chosen = Some((rank, key, value));
        }
        rest = after.trim_ascii_start();
        match rest.strip_prefix(',') {
            Some(next) => rest = next.trim_ascii_start(),
            None if rest.is_empty() => break,
            None => return None,
        }
    }
    let (_, key, value) = chosen?;
    name.push_str("{\"");
    name.push_str(key);
    name.push_str("\":");
    write_text(name, value);
    name.push('}');
    Some(())
}

/// Splits a string literal without escapes off the front: its inside, and what follows the closing quote.
fn leading_string(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('"')?;
    let (inside, after) = inside.split_at_checked(scan::plain_run(inside.as_bytes(), 0))?;
    Some((inside, after.strip_prefix('"')?))
}

fn hash_name(name: &str) -> &str {
    let plain = |text: &'static str| text.bytes().filter(|byte| *byte != b'-');
    let wanted = || name.bytes().filter(|byte| !matches!(byte, b'-' | b'_')).map(|byte| byte.to_ascii_uppercase());
    HASH_NAMES.into_iter().find(|known| plain(known).eq(wanted())).unwrap_or(name)
}

/// Spells known hash names as the vocabulary does.
///
/// A name already spelled so wins over other spellings of it, among which the smallest wins: the sender's order must not matter.
fn hash_names(hashes: &Map<String, Value>) -> Map<String, Value> {
    let mut keys: Vec<(&String, &Value)> = hashes.iter().collect();
    keys.sort_unstable_by_key(|(key, _)| *key);
    let mut named = Map::new();
    for (key, value) in keys {
        let name = hash_name(key);
        if name == key || !(hashes.contains_key(name) || named.contains_key(name)) {
            named.insert(name.to_owned(), value.clone());
        }
    }
    named
}

fn one_hash(value: &Value) -> Value {
    let Value::Object(hashes) = value else {
        return value.clone();
    };
    let named = hash_names(hashes);
    let chosen = HASH_PREFERENCE
        .into_iter()
        .find(|name| named.contains_key(*name))
        .or_else(|| named.keys().map(String::as_str).min())
        .and_then(|name| named.get_key_value(name));
    Value::Object(chosen.map(|(key, value)| (key.clone(), value.clone())).into_iter().collect())
}

/// Cuts trailing zeros of a timestamp's fraction, and the point of an empty one.
fn trimmed(value: &Value) -> Value {
    let Value::String(text) = value else {
        return value.clone();
    };
    Value::String(trimmed_text(text).into_owned())
}

fn trimmed_text(text: &str) -> Cow<'_, str> {
    match Timestamp::exact(text) {
        Some(exact) if exact.len().saturating_add(1) < text.len() => Cow::Owned(format!("{exact}Z")),
        _ => Cow::Borrowed(text),
    }
}

/// Applies the rules for hashes and timestamps inside the predefined extensions.
fn extensions(value: &Value) -> Value {
    let mut value = value.clone();
    for path in [
        &["ntfs-ext", "alternate_data_streams", "hashes"][..],
        &["windows-pebinary-ext", "file_header_hashes"],
        &["windows-pebinary-ext", "optional_header", "hashes"],
        &["windows-pebinary-ext", "sections", "hashes"],
    ] {
        replace(&mut value, path, &|hashes| match hashes {
            Value::Object(hashes) => Value::Object(hash_names(hashes)),
            other => other.clone(),
        });
    }
    replace(&mut value, &["windows-pebinary-ext", "time_date_stamp"], &trimmed);
    value
}

/// Replaces what stands at `path`, going through every item of lists on the way. Depth is that of the path.
fn replace(value: &mut Value, path: &[&str], with: &dyn Fn(&Value) -> Value) {
    let Some((key, rest)) = path.split_first() else {
        *value = with(value);
        return;
    };
    match value {
        Value::Object(map) => {
            if let Some(inner) = map.get_mut(*key) {
                replace(inner, rest, with);
            }
        }
        Value::Array(items) => {
            for item in items.iter_mut().filter(|item| item.is_object()) {
                replace(item, path, with);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Limits;

    const H256: &str = "5b8c3f0f5c9be0d1a7b2f0a1e5a9f1f37d2c62b1d0a79f4ea4c1f2b3d4e5f607";
    const H1: &str = "0a4d55a8d778e5022fab701977c5d840bbc486d0";
    const H5: &str = "6f5902ac237024bdd0c176cb93063dc4";

    fn object(text: &str) -> String {
        text.replace("<H256>", H256)
            .replace("<H1>", H1)
            .replace("<H5>", H5)
            .replace("<B>", &"b".repeat(128))
            .replace("<A>", "ipv4-addr--5853f6a4-638f-5b4e-9b0f-ded361ae3812")
            .replace("<D>", "directory--b4d3d1b7-6b63-5b9e-a3c7-0a7d9a6c1f00")
            .replace("<E>", "email-addr--36fc1d5c-7c6b-5b3b-8e1c-0f2d3c4b5a69")
    }

    #[test]
    fn deterministic_ids_are_those_of_the_oasis_reference() {
        // Expected identifiers were computed with the OASIS python library stix2 3.0.2.
        for (properties, id) in [
            (r#"{"value":"192.0.2.44"}"#, "ipv4-addr--59bca7b5-de05-591d-9d1c-266072549107"),
            (r#"{"value":"192.0.2.128/25"}"#, "ipv4-addr--b9ba871c-9aa2-5193-963a-7cc4b9a5d2ee"),
            (r#"{"value":"192.0.2.44/32"}"#, "ipv4-addr--9f4d1eca-a2a8-5082-b2f0-b19771a6c9e7"),
            (r#"{"value":"2001:db8::44"}"#, "ipv6-addr--94c2521c-cd47-5fb8-9197-b5d89591c8ab"),
            (r#"{"value":"2001:DB8::44"}"#, "ipv6-addr--b0ac68c8-4e77-5b40-9490-b25c2a505781"),
            (r#"{"value":"c2.monsoon.example"}"#, "domain-name--a209240e-14c2-56ae-b88f-b466ce414ebb"),
            (r#"{"value":"xn--mnchen-3ya.example"}"#, "domain-name--a795f85f-507c-5587-8b0b-d8ea1ed475f4"),
            (r#"{"value":"m\u00fcnchen.example"}"#, "domain-name--ec84ab45-ecbb-5f68-840c-b4b7d70cb21d"),
            (r#"{"value":"http:\/\/c2.monsoon.example/gate.php?id=7"}"#, "url--595b5f5c-4253-5ecb-a858-a03658fa994b"),
            (r#"{"value":"abuse@isp.example","display_name":"A"}"#, "email-addr--a6d0b7db-5923-52db-8e5a-7065db8ee95b"),
            (r#"{"value":"02:00:5e:10:00:ff"}"#, "mac-addr--fb20120c-6b2c-576d-97cc-b3b6283a498c"),
            (r#"{"number":64511}"#, "autonomous-system--db7cbda9-7395-5be3-a796-461cd09d6dac"),
            (r#"{"number":4200000000}"#, "autonomous-system--0441cc9c-6dda-5b51-b195-a5b35e95a208"),
            (r#"{"name":"Global\\monsoon-7"}"#, "mutex--44287210-9343-52aa-86a2-41c9d3902b75"),
            (r#"{"path":"/var/tmp/.cache"}"#, "directory--6e0f79cb-730e-5f0b-9ad7-2479ce108a4b"),
            (r#"{"name":"invoice.pdf.exe"}"#, "file--41883eb8-7b16-5ed5-8ead-dc4f90cb6e42"),
            (r#"{"hashes":{"SHA-256":"<H256>"}}"#, "file--c753d88c-09d2-5482-975b-54c66607f400"),
            (r#"{"hashes":{"sha256":"<H256>"}}"#, "file--c753d88c-09d2-5482-975b-54c66607f400"),
            (r#"{"hashes":{"SHA-256":"<H256>","SHA-1":"<H1>"}}"#, "file--b62dd157-d253-54cc-ab6b-b48a201688c3"),
            (
                r#"{"name":"invoice.pdf.exe","size":7,"hashes":{"SHA-256":"<H256>","SHA-1":"<H1>","MD5":"<H5>"}}"#,
                "file--5c873469-ae1e-5469-bc15-35b14b05c28e",
            ),
            (r#"{"hashes":{"SHA3-256":"<H256>","SHA-512":"<B>"}}"#, "file--17e08dd9-245f-561a-8c2a-c02f42228cf1"),
            (r#"{"hashes":{"SHA3-256":"<H256>"}}"#, "file--6ed88277-326a-5091-aede-7b48a1faeef9"),
            (
                r#"{"name":"a.exe","extensions":{"windows-pebinary-ext":{"pe_type":"exe","sections":[{"name":".text","entropy":7.0}]}}}"#,
                "file--d983db26-2cd5-579d-be2f-2ad171bf4284",
            ),
            (
                r#"{"name":"a.exe","extensions":{"windows-pebinary-ext":{"pe_type":"exe","number_of_sections":2,"time_date_stamp":"2016-01-01T00:00:00.000Z"}}}"#,
                "file--68fb11d6-121d-501c-bda1-8872ce4ef2bd",
            ),
            (r#"{"name":"a.exe","parent_directory_ref":"<D>"}"#, "file--f369065e-5107-553d-b90b-c8b62701f99f"),
            (r#"{"version":"1.27.1","name":"nginx","vendor":"F5"}"#, "software--e18430a2-cca8-5650-95d3-1e5bcb469424"),
            (r#"{"name":"nginx"}"#, "software--50a2639c-20b1-53a0-b8db-2936ff60fb5f"),
            (r#"{"name":"A\ud83d\ude00B"}"#, "software--35198ae8-901e-5a80-aaa9-010931a8095a"),
            (
                r#"{"account_login":"svc","account_type":"unix","user_id":"1000"}"#,
                "user-account--c82e4541-027f-53b0-a97c-5ef2c2452570",
            ),
            (
                r#"{"account_login":"svc","extensions":{"unix-account-ext":{"gid":1}}}"#,
                "user-account--85420705-eb10-5a00-8b9f-1159a3850885",
            ),
            (
                r#"{"key":"HKEY_CURRENT_USER\\Software\\Monsoon"}"#,
                "windows-registry-key--91f6b8ff-afe6-590a-be2a-d1d5fccba5c4",
            ),
            (
                r#"{"key":"HKEY_CURRENT_USER\\Software\\Monsoon","values":[{"name":"","data":"1","data_type":"REG_DWORD"}]}"#,
                "windows-registry-key--ddbda86b-a881-53c0-b092-896f3a87ac76",
            ),
            (r#"{"serial_number":"0c:0f:ee"}"#, "x509-certificate--f8450bab-1f23-5034-9bee-5b74d509368f"),
            (
                r#"{"serial_number":"0c:0f:ee","hashes":{"SHA-1":"<H1>"}}"#,
                "x509-certificate--4c53347e-2b86-5575-8960-215214637785",
            ),
            (r#"{"payload_bin":"TVqQAAM="}"#, "artifact--a7d282f0-2d79-5045-a2fa-90166f76d8c1"),
            (
                r#"{"hashes":{"SHA-256":"<H256>"},"url":"http://a.example/"}"#,
                "artifact--c753d88c-09d2-5482-975b-54c66607f400",
            ),
            (
                r#"{"src_ref":"<A>","dst_port":80,"protocols":["ipv4","tcp","http"]}"#,
                "network-traffic--0cce3f4f-751f-51a6-a633-92a75450259d",
            ),
            (
                r#"{"dst_ref":"<A>","dst_port":53,"protocols":["ipv4","udp","dns"],"start":"2026-11-01T00:00:00.5Z"}"#,
                "network-traffic--4850e924-3a06-5aca-ad71-069253bbe50f",
            ),
            (
                r#"{"dst_ref":"<A>","protocols":["tcp"],"start":"2026-11-01T00:00:00.500Z"}"#,
                "network-traffic--9787e04b-66f2-5083-8753-0f8fb90e47d7",
            ),
            (r#"{"from_ref":"<E>","subject":"Rechnung №7"}"#, "email-message--864d914a-9567-50e6-958a-22f3884596af"),
        ] {
            let (object_type, _) = split(id).unwrap();
            let properties = object(properties);
            let map = serde_json::from_str(&properties).unwrap();
            assert_eq!(sco_id(object_type, &map).as_deref(), Some(id), "{properties}");
            let whole = properties.replacen('{', &format!("{{\"type\":\"{object_type}\",\"id\":\"{id}\","), 1);
            let whole = Object::parse(whole.as_bytes(), &Limits::admission()).unwrap();
            assert_eq!(recomputed(&whole).as_deref(), Some(id), "{properties}");
        }
    }

    #[test]
    fn the_order_of_misspelled_hash_names_does_not_matter() {
        let id = |hashes: &str| sco_id("file", &serde_json::from_str(&format!("{{\"hashes\":{hashes}}}")).unwrap());
        assert_eq!(id(r#"{"sha256":"a","SHA256":"b"}"#), id(r#"{"SHA256":"b","sha256":"a"}"#));
        assert_eq!(id(r#"{"sha256":"a","SHA-256":"b"}"#), id(r#"{"SHA-256":"b"}"#));
    }

    #[test]
    fn common_observables_take_the_direct_way() {
        for (object_type, members, name) in [
            ("url", r#""value":"http:\/\/a\u00e9""#, Some(r#"{"value":"http://aé"}"#)),
            ("autonomous-system", r#""number":64511,"name":"x""#, Some(r#"{"number":64511}"#)),
            ("file", r#""name":"a","hashes":{"SHA-256":"b","MD5":"c"}"#, Some(r#"{"hashes":{"MD5":"c"},"name":"a"}"#)),
            ("file", r#""name":"a","extensions":{}"#, None),
        ] {
            let text = format!(
                "{{\"type\":\"{object_type}\",\"id\":\"{object_type}--5853f6a4-638f-5b4e-9b0f-ded361ae3812\",{members}}}"
            );
            let object = Object::parse(text.as_bytes(), &Limits::admission()).unwrap();
            let expected = name.map_or(Direct::Other, |name| Direct::Name(name.to_owned()));
            assert_eq!(direct_name(&object, tables::table(object_type).unwrap()), expected);
        }
    }

    #[test]
    fn types_without_a_rule_have_no_deterministic_id() {
        let map = serde_json::from_str(r#"{"name":"x","pid":4}"#).unwrap();
        assert_eq!(sco_id("process", &map), None);
        assert_eq!(sco_id("identity", &map), None);
        assert_eq!(sco_id("file", &Map::new()), None);
        assert!(sco_id("x-acme-thing", &map).is_some());
    }

    #[test]
    fn identifiers_have_one_form() {
        let uuid = "44287210-9343-52aa-86a2-41c9d3902b75";
        for (object_type, form_expected) in [
            ("mutex", IdentifierForm::WellFormed),
            ("x-acme-", IdentifierForm::WellFormed),
            ("ab", IdentifierForm::Malformed),
            ("a--b", IdentifierForm::Malformed),
            ("1ab", IdentifierForm::Malformed),
            ("Mutex", IdentifierForm::Malformed),
            ("action", IdentifierForm::Malformed),
            ("mütex", IdentifierForm::Malformed),
        ] {
            assert_eq!(form(&format!("{object_type}--{uuid}")), form_expected, "{object_type}");
        }
        assert_eq!(split(&format!("x-acme---{uuid}")), Some(("x-acme-", uuid)));
        assert!(is_identifier(&format!("mutex--{}", uuid.to_uppercase())));
        for text in [
            "",
            "--",
            uuid,
            "mutex--44287210-9343-52aa-86a2-41c9d3902b7",
            "mutex--00000000-0000-0000-0000-000000000000",
        ] {
            assert!(!is_identifier(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_value_id_is_that_of_the_value_property(value in any::<String>()) {
            let mut map = Map::new();
            map.insert("value".to_owned(), Value::String(value.clone()));
            prop_assert_eq!(Some(sco_value_id("domain-name", &value)), sco_id("domain-name", &map));
        }

        #[test]
        fn the_direct_way_and_the_general_way_agree(
            (object_type, members) in prop::sample::select(vec![
                ("artifact", vec!["hashes", "payload_bin"]),
                ("autonomous-system", vec!["number", "name"]),
                ("email-message", vec!["from_ref", "subject", "body"]),
                ("file", vec!["name", "hashes", "parent_directory_ref", "extensions", "size"]),
                ("network-traffic", vec!["start", "end", "src_ref", "dst_port", "protocols", "extensions"]),
                ("software", vec!["version", "name", "vendor", "cpe"]),
                ("url", vec!["value"]),
                ("windows-registry-key", vec!["values", "key"]),
            ]).prop_flat_map(|(name, keys)| (Just(name), prop::sample::subsequence(keys.clone(), 0..=keys.len()).prop_shuffle())),
            values in prop::collection::vec(prop::sample::select(vec![
                r#""plain""#, r#""""#, r#""a\\\"\/\u00e9\n""#, r#""é😀""#, "0", "7.0", "64511", "1e3", "-0", "-5", "123456789012345",
                "1234567890123456", "9007199254740993", "true", "null", "[]", r#"["tcp", "a\\b" ]"#, r#"["x",1]"#, r#"[["x"]]"#, "{}",
                r#"{ "SHA-256" : "a" , "MD5":"b"}"#, r#"{"SHA-256":"a","SSDEEP":"3:\/a:b"}"#, r#"{"sha256":"a","TLSH":"b"}"#,
                r#"{"SHA256":"a","sha-256":"b"}"#, r#"{"SHA3-512":"c","SHA3-256":"d"}"#, r#"{"M\u00445":"x"}"#, r#"{"MD5":1}"#,
                r#""2026-11-01T00:00:00.500Z""#, r#""2026-11-01T00:00:00.000Z""#, r#""2026-11-01T00:00:00Z""#, r#""x.00Z""#,
                r#"{"ntfs-ext":{"sid":"1","alternate_data_streams":[{"name":"a","hashes":{"sha256":"b"}}]}}"#,
            ]), 6),
        ) {
            let inner: String = members.iter().zip(&values).map(|(key, value)| format!(",\"{key}\" :{value}")).collect();
            let text = format!("{{\"type\":\"{object_type}\",\"id\":\"{object_type}--5853f6a4-638f-5b4e-9b0f-ded361ae3812\"{inner}}}");
            let object = Object::parse(text.as_bytes(), &Limits::admission()).unwrap();
            prop_assert_eq!(recomputed(&object), sco_id(object_type, &object.json()), "{}", text);
        }

        #[test]
        fn form_never_panics(text in any::<String>()) {
            let _ = form(&text);
        }
    }
}
