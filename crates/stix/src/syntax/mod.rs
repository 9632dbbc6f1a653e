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
