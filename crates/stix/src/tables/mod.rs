//! STIX 2.1 as data: types, properties, vocabularies, relationships and registries.
//!
//! Rules that a table can say are said here and nowhere else; [`validate`](crate::validate) walks an object along them.
//! `docs/stix-tables.md` is the same content for people, and a test holds the two together row by row.
//!
//! | Module | Holds |
//! |---|---|
//! | [`common`] | the common properties of each class (STIX 2.1 §3.2) |
//! | [`objects`] | the 42 object types and `bundle` |
//! | [`extensions`] | the 12 predefined extensions and the types inside objects |
//! | [`relationships`] | which relationship fits between which types |
//! | [`vocabularies`] | closed enumerations and open vocabularies |

pub mod common;
pub mod extensions;
mod form;
mod index;
pub mod objects;
mod objects_domain;
mod objects_meta;
mod objects_observable;
mod objects_relationship;
pub mod relationships;
pub mod vocabularies;

use index::Index;

pub use common::common;
pub use extensions::extension;
pub use objects::table;
pub use relationships::{Fit, fit as relationship};

pub mod registries;

/// Groups object types by the common properties they carry (STIX 2.1 §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// STIX domain object.
    Sdo,
    /// STIX relationship object.
    Sro,
    /// STIX cyber-observable object.
    Sco,
    /// Marking definition, language content or extension definition.
    Meta,
}

/// Whether a property must, may or should no longer be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Need {
    /// Must be present.
    Required,
    /// May be present.
    Optional,
    /// Read, never written by us.
    Deprecated,
}

/// An object type, a predefined extension, or a type embedded in them.
#[derive(Debug)]
pub struct Table {
    /// Name as the specification spells it, such as `ipv4-addr`, `ntfs-ext` or `kill-chain-phase`.
    pub name: &'static str,
    /// What the table describes.
    pub role: Role,
    /// Section of STIX 2.1, such as `§4.7`.
    pub section: &'static str,
    /// Its own properties in the order of the specification; the common ones are in `common`.
    pub properties: &'static [Property],
    /// Properties that enter the deterministic identifier (STIX 2.1 §2.9); empty for all but observables.
    pub contributing: &'static [&'static str],
    /// Later time, earlier time, and whether they may not be equal.
    pub ordered: &'static [(&'static str, &'static str, bool)],
    /// Whether one of its own properties that are not required must be there (STIX-E-622).
    pub not_empty: bool,
    index: Index<64>,
}

impl Table {
    /// Returns the property of that name; none where the table has no such property of its own.
    pub fn property(&self, name: &str) -> Option<&'static Property> {
        self.position(name).and_then(|position| self.properties.get(position))
    }

    /// Returns where in `properties` the name stands.
    pub fn position(&self, name: &str) -> Option<usize> {
        let stands = |position: &usize| self.properties.get(*position).is_some_and(|property| property.name == name);
        self.index.candidates(name).find(stands)
    }

    /// Returns the class of the object type that the table describes; none for anything but an object.
    pub const fn class(&self) -> Option<Class> {
        match self.role {
            Role::Object(class) => Some(class),
            Role::Bundle | Role::Common | Role::Embedded | Role::Extension(_) => None,
        }
    }

    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler only; `at` is below the length")]
    const fn new(role: Role, name: &'static str, section: &'static str, properties: &'static [Property]) -> Self {
        let mut index = Index::new();
        let mut at: u8 = 0;
        while (at as usize) < properties.len() {
            index = index.with(properties[at as usize].name, at);
            at += 1;
        }
        Self { name, role, section, properties, contributing: &[], ordered: &[], not_empty: false, index }
    }

    const fn contributing(self, contributing: &'static [&'static str]) -> Self {
        Self { contributing, ..self }
    }

    const fn ordered(self, ordered: &'static [(&'static str, &'static str, bool)]) -> Self {
        Self { ordered, ..self }
    }

    const fn not_empty(self) -> Self {
        Self { not_empty: true, ..self }
    }
}

/// What a table describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// A top-level object.
    Object(Class),
    /// A predefined extension of the named object type.
    Extension(&'static str),
    /// A type inside other objects.
    Embedded,
    /// The common properties of one class, or of one meta object.
    Common,
    /// The bundle, which is no object.
    Bundle,
}

/// One property of a table.
#[derive(Debug, Clone, Copy)]
pub struct Property {
    /// Key.
    pub name: &'static str,
    /// Whether it must be there.
    pub need: Need,
    /// What stands there.
    pub form: Form,
}

/// The form of a value (STIX 2.1 §2).
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// `true` or `false`.
    Boolean,
    /// Whole number with its smallest and largest value, both within ±(2^53 − 1).
    Integer(i64, i64),
    /// Finite number with its smallest and largest value.
    Float(f64, f64),
    /// Any text.
    Text,
    /// Text with a form of its own.
    Syntax(Syntax),
    /// STIX timestamp.
    Timestamp,
    /// Base64 with padding, not empty.
    Binary,
    /// Pairs of lower-case hexadecimal digits.
    Hex,
    /// Dictionary of hash name to hash value.
    Hashes,
    /// Closed enumeration.
    Enumeration(&'static Vocabulary),
    /// Open vocabulary.
    Open(&'static Vocabulary),
    /// The object's own identifier.
    Identifier,
    /// One identifier.
    Reference(Targets),
    /// Dictionary with any keys of the right form, and values of the given kind.
    Dictionary(Entry),
    /// An embedded type.
    Table(&'static Table),
    /// Not empty list of the given form.
    List(&'static Form),
    /// `extensions` of an object.
    Extensions,
    /// `observed-data.objects`, the deprecated container.
    Container,
    /// `language-content.contents`.
    Translations,
    /// `marking-definition.definition`.
    Definition,
    /// An object in a bundle.
    Object,
}

/// What the values of a dictionary are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Entry {
    /// Anything but null and empty containers.
    Any,
    /// Texts.
    Text,
    /// Whole numbers.
    Integer,
    /// Whole numbers or texts.
    IntegerOrText,
    /// Lists of texts.
    Texts,
}

/// Texts with a form of their own; each is one function of `syntax`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Syntax {
    /// `ipv4-addr.value`.
    Ipv4,
    /// `ipv6-addr.value`.
    Ipv6,
    /// `mac-addr.value`.
    Mac,
    /// `domain-name.value`.
    Domain,
    /// `email-addr.value`.
    Email,
    /// RFC 3986 absolute URI.
    Uri,
    /// CPE 2.3 formatted string.
    Cpe,
    /// IANA character set.
    CharacterSet,
    /// Media type of `artifact.mime_type`: its form is a rule (STIX-E-614), its registration a recommendation (STIX-N-615).
    MediaType,
    /// Media type of `file.mime_type`: only its registration is looked at (STIX-N-615).
    RegisteredMediaType,
    /// RFC 5646 language tag.
    Language,
    /// Language tag that may also be an ISO 639-2 code (`software.languages`).
    SoftwareLanguage,
    /// `relationship_type`.
    RelationshipType,
    /// ISO 3166-1 alpha-2.
    Country,
    /// ISO 3166-2.
    Subdivision,
    /// Lower case, words joined by hyphens: names of kill chains and phases.
    KillChain,
    /// `malware-analysis.product`.
    Product,
    /// Protocol of `network-traffic`.
    Protocol,
    /// Windows registry key, hive written out.
    RegistryKey,
    /// `windows-process-ext.priority`.
    Priority,
    /// Granular marking selector.
    Selector,
    /// Version of an extension definition.
    ExtensionVersion,
    /// Property name in `extension_properties`.
    PropertyName,
}

/// Which types a reference may name. Custom types pass where domain objects or observables do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Targets {
    /// Any object but a bundle.
    Any,
    /// Domain objects.
    Sdo,
    /// Observables.
    Sco,
    /// Domain objects and observables.
    SdoOrSco,
    /// Observables, relationships and sightings (`observed-data.object_refs`).
    Observed,
    /// Any but `bundle` and `language-content` (`language-content.object_ref`).
    Translated,
    /// The named types only.
    Only(&'static [&'static str]),
}

impl Targets {
    /// Tells whether a reference may name an object of that type; `bundle` is none.
    pub fn allow(self, object_type: &str) -> bool {
        if let Self::Only(names) = self {
            return names.contains(&object_type);
        }
        let Some(table) = table(object_type) else {
            return object_type != "bundle";
        };
        match (self, table.class()) {
            (Self::Any, _) | (_, None) => true,
            (Self::Sdo, Some(class)) => class == Class::Sdo,
            (Self::Sco, Some(class)) => class == Class::Sco,
            (Self::SdoOrSco, Some(class)) => matches!(class, Class::Sdo | Class::Sco),
            (Self::Observed, Some(class)) => matches!(class, Class::Sco | Class::Sro),
            (Self::Translated, Some(_)) => object_type != "language-content",
            (Self::Only(_), Some(_)) => false,
        }
    }
}

/// A list of known values.
#[derive(Debug, PartialEq, Eq)]
pub struct Vocabulary {
    /// Name as the specification spells it, such as `malware-type-ov`.
    pub name: &'static str,
    /// Values in the order of the specification.
    pub values: &'static [&'static str],
}

impl Vocabulary {
    /// Tells whether `value` is one of the values, to the letter.
    pub fn contains(&self, value: &str) -> bool {
        self.values.contains(&value)
    }
}
