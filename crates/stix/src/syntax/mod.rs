//! The forms of texts: one pure function for each, from the text to the code of what is wrong with it.
//!
//! None means that nothing is to be said. A code may also be a warning or a note: a registered name that merely should have been
//! used, a value that will surprise. Where several codes apply, the gravest is returned. Nothing is allocated on the path of
//! ASCII text, and every function takes time linear in its text.
//!
//! | Module | Owns |
//! |---|---|
//! | [`address`] | IP and MAC addresses |
//! | [`binary`] | hexadecimal, base64, hashes |
//! | [`cpe`] | names of software |
//! | [`host`] | domain names and e-mail addresses |
//! | [`language`] | language tags |
//! | [`name`] | names of properties, types, keys; words joined by hyphens |
//! | [`registered`] | what a registry lists: character sets, media types, protocols, countries |
//! | [`selector`] | selectors of granular markings |
//! | [`uri`] | URIs |

pub mod address;
pub mod binary;
pub mod cpe;
pub mod host;
pub mod language;
pub mod name;
pub mod registered;
pub mod selector;
pub mod uri;

use crate::code::Code;
use crate::tables::Syntax;

/// Checks a text against the form its property asks for.
///
/// # Examples
///
/// ```
/// use entente_stix::{Code, syntax, tables::Syntax};
///
/// assert_eq!(syntax::check(Syntax::Ipv4, "192.0.2.128/25"), None);
/// assert_eq!(syntax::check(Syntax::Ipv4, "192.0.2[.]1"), Some(Code::E606));
/// assert_eq!(syntax::check(Syntax::Domain, "192.0.2.1"), Some(Code::W636));
/// ```
pub fn check(syntax: Syntax, text: &str) -> Option<Code> {
    match syntax {
        Syntax::Ipv4 => address::ipv4(text),
        Syntax::Ipv6 => address::ipv6(text),
        Syntax::Mac => address::mac(text),
        Syntax::Domain => host::domain(text),
        Syntax::Email => host::email(text),
        Syntax::Uri => uri::uri(text),
        Syntax::Cpe => cpe::cpe(text),
        Syntax::CharacterSet => registered::character_set(text),
        Syntax::MediaType => registered::media_type(text),
        Syntax::RegisteredMediaType => registered::registered_media_type(text),
        Syntax::Language => language::language(text),
        Syntax::SoftwareLanguage => language::software_language(text),
        Syntax::RelationshipType => name::relationship_type(text),
        Syntax::Country => registered::country(text),
        Syntax::Subdivision => registered::subdivision(text),
        Syntax::KillChain => name::kill_chain(text),
        Syntax::Product => name::product(text),
        Syntax::Protocol => registered::protocol(text),
        Syntax::RegistryKey => name::registry_key(text),
        Syntax::Priority => name::priority(text),
        Syntax::Selector => selector::selector(text),
        Syntax::ExtensionVersion => name::extension_version(text),
        Syntax::PropertyName => name::property_name(text),
    }
}

/// Returns `code` where the text does not fit.
fn unless(fits: bool, code: Code) -> Option<Code> {
    (!fits).then_some(code)
}

/// A set of bytes. Asking it takes no branch, which texts of mixed letters and digits would mislead.
#[derive(Debug)]
struct Bytes([bool; 256]);

impl Bytes {
    const ALPHANUMERIC: Self =
        Self([false; 256]).and(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// Adds the bytes of a list.
    const fn and(mut self, mut list: &[u8]) -> Self {
        while let [byte, rest @ ..] = list {
            self.add(*byte);
            list = rest;
        }
        self
    }

    /// Adds every byte of characters beyond ASCII.
    const fn and_beyond_ascii(mut self) -> Self {
        let mut byte = 0x80;
        while byte < u8::MAX {
            self.add(byte);
            byte += 1;
        }
        self.add(u8::MAX);
        self
    }

    const fn add(&mut self, byte: u8) {
        #[expect(
            clippy::indexing_slicing,
            clippy::as_conversions,
            reason = "a byte is below 256; evaluated when compiling"
        )]
        {
            self.0[byte as usize] = true;
        }
    }

    fn has(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte)) == Some(&true)
    }
}

/// Tells whether all bytes are hexadecimal digits, without a branch in the loop: half the digits of a hash are letters.
fn are_hexadecimal(text: &str) -> bool {
    text.bytes().fold(true, |all, byte| all & byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Syntax; 23] = [
        Syntax::Ipv4,
        Syntax::Ipv6,
        Syntax::Mac,
        Syntax::Domain,
        Syntax::Email,
        Syntax::Uri,
        Syntax::Cpe,
        Syntax::CharacterSet,
        Syntax::MediaType,
        Syntax::RegisteredMediaType,
        Syntax::Language,
        Syntax::SoftwareLanguage,
        Syntax::RelationshipType,
        Syntax::Country,
        Syntax::Subdivision,
        Syntax::KillChain,
        Syntax::Product,
        Syntax::Protocol,
        Syntax::RegistryKey,
        Syntax::Priority,
        Syntax::Selector,
        Syntax::ExtensionVersion,
        Syntax::PropertyName,
    ];

    #[test]
    fn each_form_takes_a_good_text_and_names_its_own_code_for_a_bad_one() {
        for (syntax, good, bad, code) in [
            (Syntax::Ipv4, "192.0.2.1", "192.0.2.256", Code::E606),
            (Syntax::Ipv6, "2001:db8::1", "2001:db8::1::", Code::E607),
            (Syntax::Mac, "02:00:5e:10:00:ff", "02:00:5E:10:00:FF", Code::E608),
            (Syntax::Domain, "c2.monsoon.example", "c2..example", Code::E609),
            (Syntax::Email, "abuse@isp.example", "isp.example", Code::E610),
            (Syntax::Uri, "http://c2.example/", "c2.example/", Code::E611),
            (Syntax::Cpe, "cpe:2.3:a:f5:nginx:1.27.1:*:*:*:*:*:*:*", "cpe:/a:f5:nginx", Code::E623),
            (Syntax::CharacterSet, "UTF-8", "utf-8", Code::E613),
            (Syntax::MediaType, "text/plain", "plain", Code::E614),
            (Syntax::RegisteredMediaType, "text/plain", "plain", Code::N615),
            (Syntax::Language, "de-AT", "german", Code::E123),
            (Syntax::SoftwareLanguage, "de", "german", Code::E123),
            (Syntax::RelationshipType, "related-to", "related_to", Code::E509),
            (Syntax::Country, "DE", "de", Code::W508),
            (Syntax::Subdivision, "DE-BY", "BY", Code::W508),
            (Syntax::KillChain, "mitre-attack", "Mitre ATT&CK", Code::W514),
            (Syntax::Product, "anonymized", "Anonymized", Code::W507),
            (Syntax::Protocol, "http", "HTTP", Code::W619),
            (Syntax::RegistryKey, "HKEY_USERS\\a", "HKU\\a", Code::E624),
            (Syntax::Priority, "HIGH_PRIORITY_CLASS", "high", Code::W627),
            (Syntax::Selector, "labels.[0]", "labels[0]", Code::E403),
            (Syntax::ExtensionVersion, "1.0.0", "1.0", Code::N702),
            (Syntax::PropertyName, "x_score", "x-score", Code::E128),
        ] {
            assert_eq!(check(syntax, good), None, "{syntax:?} {good}");
            assert_eq!(check(syntax, bad), Some(code), "{syntax:?} {bad}");
        }
    }

    #[test]
    fn defanged_values_are_refused() {
        for (syntax, text) in [
            (Syntax::Ipv4, "192.0.2[.]44"),
            (Syntax::Ipv4, "192[.]0[.]2[.]44"),
            (Syntax::Ipv6, "2001[:]db8::44"),
            (Syntax::Domain, "c2[.]monsoon.example"),
            (Syntax::Domain, "c2(.)monsoon.example"),
            (Syntax::Domain, "c2[dot]monsoon.example"),
            (Syntax::Domain, "c2 dot monsoon.example"),
            (Syntax::Email, "abuse[@]isp.example"),
            (Syntax::Email, "abuse[at]isp.example"),
            (Syntax::Email, "abuse@isp[.]example"),
            (Syntax::Uri, "hxxp://c2.monsoon.example/"),
            (Syntax::Uri, "hXXps://c2.monsoon.example/"),
            (Syntax::Uri, "http://c2[.]monsoon.example/"),
            (Syntax::Uri, "http[:]//c2.monsoon.example/"),
            (Syntax::Uri, "http://c2[.monsoon.example/"),
            (Syntax::Uri, "fxp://c2.monsoon.example/"),
        ] {
            let code = check(syntax, text).unwrap_or_else(|| panic!("{text} passes"));
            assert_eq!(code.severity(), crate::Severity::Error, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_check_panic(text in any::<String>(), name in "[A-Za-z0-9-]{0,8}") {
            for syntax in ALL {
                let _ = check(syntax, &text);
            }
            let _ = (binary::hex(&text), binary::base64(&text), binary::hash_name(&text), binary::hash_spelling(&text));
            let _ = (binary::hash_value(&name, &text), binary::hash_value("SSDEEP", &text), binary::hash_value("TLSH", &text));
            let _ = (name::extension_key(&text), name::dictionary_key(&text), name::type_name(&text));
            let _ = (name::vocabulary_value(&text), name::translated_name(&text), name::external_id(&text, Some(&text)));
            let _ = (registered::header_name(&text), registered::ipfix_name(&text), registered::registered_media_type(&text));
        }

        #[test]
        fn texts_of_the_characters_that_matter_do_not_panic(text in "[a-z0-9.:/?#@\\[\\]%\\\\*\"ü=+_-]{0,40}") {
            for syntax in ALL {
                let _ = check(syntax, &text);
            }
        }
    }
}
