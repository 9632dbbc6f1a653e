//! STIX 2.1 as data: types, properties, vocabularies, relationships and registries.
//!
//! Rules that a table can say are said here and nowhere else; [`validate`](crate::validate) walks an object along them.
//! `docs/stix-tables.md` is the same content for people, and a test holds the two together row by row.

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
    /// Whether one of its own properties, or an extension, must be there (STIX-E-622).
    pub not_empty: bool,
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
    /// Media type.
    MediaType,
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

/// A list of known values.
#[derive(Debug, PartialEq, Eq)]
pub struct Vocabulary {
    /// Name as the specification spells it, such as `malware-type-ov`.
    pub name: &'static str,
    /// Values in the order of the specification.
    pub values: &'static [&'static str],
}
