//! The stable codes of findings: what each means, the rule behind it, and where the rule stands.
//!
//! A code is never renumbered, and its letter is its severity under the profile `standard`; numbers are unique across severities.

use std::fmt;

/// Says how much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Allowed, worth knowing: open vocabularies, custom content.
    Note,
    /// A SHOULD is broken, or the content will surprise.
    Warning,
    /// A MUST is broken.
    Error,
}

impl Severity {
    /// Returns `note`, `warning` or `error`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

macro_rules! codes {
    ($($name:ident, $text:literal, $meaning:literal, $rule:literal, $scope:ident $spec:literal;)*) => {
        /// Names one rule. Ordered by number.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $meaning] $name,)*
        }

        impl Code {
            /// Every code, in order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the stable text, such as `STIX-E-301`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Returns what the code means, in a few words.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }

            /// Returns the rule that was broken, as a sentence about how it should be.
            pub const fn rule(self) -> &'static str {
                match self { $(Self::$name => $rule,)* }
            }

            /// Returns where the rule stands, such as `STIX 2.1 §2.9`.
            ///
            /// A finding about a property of an object type names the section of that type instead where this says
            /// [`follows_type`](Self::follows_type).
            pub const fn spec(self) -> &'static str {
                match self { $(Self::$name => $spec,)* }
            }

            /// Tells whether the rule stands in the section of the object type rather than in one of its own.
            pub const fn follows_type(self) -> bool {
                match self { $(Self::$name => matches!(Scope::$scope, Scope::Own),)* }
            }
        }
    };
}

/// Where a rule is written down.
enum Scope {
    /// In one place for all types.
    Here,
    /// With each type.
    Own,
}

codes! {
    E001, "STIX-E-001", "not JSON, or something after the value (byte offset given)",
        "an object is one JSON value with nothing after it", Here "RFC 8259 §2";
    E002, "STIX-E-002", "not UTF-8, or an unpaired surrogate",
        "text is UTF-8 without unpaired surrogates", Here "RFC 7493 §2.1";
    E003, "STIX-E-003", "key twice in one object",
        "no key stands twice in one object", Here "RFC 7493 §2.3";
    E004, "STIX-E-004", "nested too deep",
        "objects and lists nest no deeper than the limit", Here "RFC 8259 §9";
    E005, "STIX-E-005", "string too long",
        "a string is no longer than the limit", Here "RFC 8259 §9";
    E006, "STIX-E-006", "too many keys",
        "an object has no more keys than the limit", Here "RFC 8259 §9";
    E007, "STIX-E-007", "key too long",
        "a key is no longer than the limit", Here "RFC 8259 §9";
    E008, "STIX-E-008", "not an object",
        "a STIX object is a JSON object", Here "STIX 2.1 §3";
    E009, "STIX-E-009", "number not representable",
        "a number is a finite IEEE 754 double", Here "RFC 7493 §2.2";
    E010, "STIX-E-010", "too many references",
        "an object has no more references than the limit", Here "RFC 8259 §9";
    E011, "STIX-E-011", "object or bundle too large",
        "an object is no larger than the limit", Here "RFC 8259 §9";
    E101, "STIX-E-101", "wrong JSON type",
        "a property has the JSON type that its table gives", Own "STIX 2.1 §2";
    E102, "STIX-E-102", "null",
        "a property that has no value is left out, never null", Here "STIX 2.1 §2";
    E103, "STIX-E-103", "empty list",
        "a list has at least one member", Here "STIX 2.1 §2.12";
    E104, "STIX-E-104", "empty object",
        "an object or dictionary has at least one member", Here "STIX 2.1 §2.3";
    E105, "STIX-E-105", "integer outside ±(2^53−1)",
        "an integer lies within ±(2^53−1)", Here "STIX 2.1 §2.10";
    E106, "STIX-E-106", "fraction where a whole number is due",
        "an integer is a whole number", Here "STIX 2.1 §2.10";
    E107, "STIX-E-107", "outside the range of the property",
        "a number lies in the range of its property", Own "STIX 2.1 §2.10";
    E108, "STIX-E-108", "not base64",
        "binary is base64 with padding", Here "STIX 2.1 §2.1";
    E109, "STIX-E-109", "not hexadecimal",
        "hex is pairs of hexadecimal digits", Here "STIX 2.1 §2.8";
    E110, "STIX-E-110", "not a STIX timestamp",
        "a timestamp is written YYYY-MM-DDTHH:MM:SS[.s…]Z", Here "STIX 2.1 §2.16";
    E111, "STIX-E-111", "date does not exist",
        "a timestamp names a date and a second that exist", Here "STIX 2.1 §2.16";
    E112, "STIX-E-112", "created or modified without milliseconds",
        "created and modified are precise to the millisecond", Here "STIX 2.1 §3.2";
    E113, "STIX-E-113", "not in the closed enumeration",
        "the value of an enumeration is one of its members", Own "STIX 2.1 §2.4";
    N115, "STIX-N-115", "not in the suggested vocabulary",
        "the value of an open vocabulary should come from it", Own "STIX 2.1 §2.14";
    W116, "STIX-W-116", "own vocabulary value not lower case with hyphens",
        "a vocabulary value of one's own should be lower case with hyphens between words", Own "STIX 2.1 §2.14";
    E117, "STIX-E-117", "form of a hash name",
        "a hash name has 3 to 250 characters of A-Z, a-z, 0-9, `-` and `_`", Here "STIX 2.1 §2.7";
    E118, "STIX-E-118", "hash value does not fit its algorithm",
        "a hash value has the form of its algorithm", Here "STIX 2.1 §2.7";
    W119, "STIX-W-119", "hash name not in the vocabulary",
        "a hash name should come from hash-algorithm-ov", Here "STIX 2.1 §2.7";
    N120, "STIX-N-120", "hashes without SHA-256",
        "hashes should hold SHA-256", Here "STIX 2.1 §2.7";
    E121, "STIX-E-121", "form of a dictionary key or value",
        "a dictionary has keys of 1 to 250 characters of A-Z, a-z, 0-9, `-` and `_`, and values of its kind", Here "STIX 2.1 §2.3";
    E123, "STIX-E-123", "not a registered language tag",
        "a language is a registered RFC 5646 tag", Own "STIX 2.1 §3.2";
    E125, "STIX-E-125", "required property missing",
        "a required property is present", Own "STIX 2.1 §3.2";
    E126, "STIX-E-126", "`defanged` on something that is not an SCO",
        "only observables carry `defanged`", Here "STIX 2.1 §3.2";
    E127, "STIX-E-127", "reserved property",
        "a reserved property name is not used", Here "STIX 2.1 §3.8";
    E128, "STIX-E-128", "form of a property name",
        "a property name is lower case letters, digits and underscores, 3 to 250, beginning with a letter", Here "STIX 2.1 §3.1";
    W129, "STIX-W-129", "custom property without `x_`",
        "the name of a custom property should begin with `x_`", Here "STIX 2.1 §11.1";
    N130, "STIX-N-130", "custom property",
        "a property that the specification does not define is kept as it is", Here "STIX 2.1 §11.1";
    N131, "STIX-N-131", "deprecated property",
        "a deprecated property should not be used in new content", Own "STIX 2.1 §3.2";
    W132, "STIX-W-132", "common property that does not apply to this type",
        "a common property stands only on the types it applies to", Here "STIX 2.1 §3.2";
    W150, "STIX-W-150", "upper-case hexadecimal",
        "hex is written in lower case", Here "STIX 2.1 §2.8";
    N151, "STIX-N-151", "whole number written with a fraction or an exponent",
        "a whole number is usually written without a fraction and an exponent", Here "STIX 2.1 §2.10";
    E201, "STIX-E-201", "not an identifier",
        "an identifier is `type--UUID`", Here "STIX 2.1 §2.9";
    E202, "STIX-E-202", "UUID of a wrong variant or version",
        "an identifier has a UUID of RFC 4122", Here "STIX 2.1 §2.9";
    E203, "STIX-E-203", "form of a type name",
        "a type name is lower case letters, digits and single hyphens, 3 to 250", Here "STIX 2.1 §3.1";
    E204, "STIX-E-204", "reference to a type not allowed here",
        "a reference names an object of a type that its property allows", Own "STIX 2.1 §2.9";
    E205, "STIX-E-205", "id and type differ",
        "an identifier begins with the type of its object", Here "STIX 2.1 §2.9";
    W206, "STIX-W-206", "created_by_ref is not an identity",
        "created_by_ref names an identity", Here "STIX 2.1 §3.5";
    E207, "STIX-E-207", "version 4 required",
        "an observable without contributing properties has a UUID of version 4", Here "STIX 2.1 §3.4";
    W208, "STIX-W-208", "UUID version 6 to 8",
        "UUIDs of versions 6 to 8 are newer than the specification", Here "STIX 2.1 §2.9";
    W210, "STIX-W-210", "deterministic id differs from the computed one",
        "an observable with a UUID of version 5 has the one computed from its contributing properties", Here "STIX 2.1 §3.4";
    N211, "STIX-N-211", "version other than 4 for a domain, relationship or meta object",
        "an object that is no observable should have a UUID of version 4", Here "STIX 2.1 §2.9";
    W212, "STIX-W-212", "upper-case UUID",
        "a UUID is written in lower case", Here "STIX 2.1 §2.9";
    E213, "STIX-E-213", "reference not found in its observable container",
        "a reference in an observable container names one of its keys", Here "STIX 2.1 §2.13";
    E301, "STIX-E-301", "order of two timestamps",
        "the later of two times is not before the earlier", Own "STIX 2.1 §3.2";
    W302, "STIX-W-302", "order of two timestamps (not in the specification)",
        "an analysis should not end before it begins", Own "STIX 2.1 §4.12";
    E303, "STIX-E-303", "created or modified in the future",
        "created and modified are not in the future", Here "STIX 2.1 §3.6";
    E304, "STIX-E-304", "spec_version neither 2.0 nor 2.1",
        "spec_version is 2.1 or 2.0", Here "STIX 2.1 §3.2";
    W305, "STIX-W-305", "STIX 2.0 object",
        "STIX 2.0 content is read, and checked by its common rules only", Here "STIX 2.1 §3.2";
    E306, "STIX-E-306", "created changed between versions",
        "created is the same in all versions of an object", Here "STIX 2.1 §3.6";
    E307, "STIX-E-307", "version after revocation",
        "nothing follows a revoked version", Here "STIX 2.1 §3.6";
    E308, "STIX-E-308", "one version, two contents",
        "one version of an object has one content", Here "STIX 2.1 §3.6";
    W309, "STIX-W-309", "creator changed between versions",
        "all versions of an object come from one creator", Here "STIX 2.1 §3.5";
    W310, "STIX-W-310", "versioned SCO",
        "observables are usually not versioned", Here "STIX 2.1 §3.6";
    E311, "STIX-E-311", "versioned SCO with a deterministic id",
        "an observable that is versioned does not have a deterministic identifier", Here "STIX 2.1 §3.4";
    N312, "STIX-N-312", "older than the known version",
        "an older version is kept as history", Here "STIX 2.1 §3.6";
    E401, "STIX-E-401", "marking definition without definition, or malformed",
        "a marking definition has a definition of its type, or an extension", Here "STIX 2.1 §7.2.1";
    E402, "STIX-E-402", "granular marking needs exactly one of lang, marking_ref",
        "a granular marking has exactly one of lang and marking_ref", Here "STIX 2.1 §7.2.3";
    E403, "STIX-E-403", "form of a selector",
        "a selector is property names, dictionary keys and `[n]`, joined by dots", Here "STIX 2.1 §7.2.3";
    E404, "STIX-E-404", "selector selects nothing",
        "a selector selects something that is in the object", Here "STIX 2.1 §7.2.3";
    E405, "STIX-E-405", "marking definition marks itself",
        "a marking definition does not mark itself", Here "STIX 2.1 §7.2.2";
    E406, "STIX-E-406", "TLP redefined or invented",
        "the TLP definitions are fixed", Here "STIX 2.1 §7.2.1.4";
    W407, "STIX-W-407", "several TLP levels",
        "an object or property should have one TLP level", Here "STIX 2.1 §7.2.1.4";
    N408, "STIX-N-408", "marking definition not at hand",
        "the marking definition that is named should be at hand", Here "STIX 2.1 §7.2.2";
    W411, "STIX-W-411", "incomplete copy of a TLP definition",
        "a copy of a TLP definition is complete", Here "STIX 2.1 §7.2.1.4";
    E501, "STIX-E-501", "latitude, longitude, precision",
        "latitude and longitude stand together, precision only with both", Own "STIX 2.1 §4.10";
    E502, "STIX-E-502", "location without a place",
        "a location has a region, a country, or latitude and longitude", Own "STIX 2.1 §4.10";
    E503, "STIX-E-503", "malware family without name",
        "a malware family has a name", Own "STIX 2.1 §4.11";
    E504, "STIX-E-504", "analysis without result",
        "a malware analysis has result or analysis_sco_refs", Own "STIX 2.1 §4.12";
    E505, "STIX-E-505", "observed-data without an SCO",
        "object_refs of observed data name at least one observable", Own "STIX 2.1 §4.14";
    E506, "STIX-E-506", "objects and object_refs",
        "observed data have exactly one of objects and object_refs", Own "STIX 2.1 §4.14";
    W507, "STIX-W-507", "product name form",
        "a product name should be lower case with hyphens between words", Own "STIX 2.1 §4.12";
    W508, "STIX-W-508", "country or subdivision code unknown",
        "a country is an ISO 3166-1 alpha-2 code, an administrative area an ISO 3166-2 code", Own "STIX 2.1 §4.10";
    E509, "STIX-E-509", "form of relationship_type",
        "a relationship_type is lower case letters, digits and hyphens", Own "STIX 2.1 §5.1";
    W510, "STIX-W-510", "relationship not in the matrix",
        "a relationship should be one that the specification defines between its two types", Own "STIX 2.1 §5.1";
    E511, "STIX-E-511", "external reference without content",
        "an external reference has description, url or external_id", Here "STIX 2.1 §2.5";
    E512, "STIX-E-512", "CVE or CAPEC form",
        "source_name `cve` and `capec` go with an external_id of their form, and no other source_name does", Here "STIX 2.1 §2.5";
    N513, "STIX-N-513", "url without hashes",
        "a url in an external reference should have hashes", Here "STIX 2.1 §2.5";
    W514, "STIX-W-514", "kill chain name form",
        "names of kill chains and phases should be lower case with hyphens between words", Here "STIX 2.1 §2.11";
    N515, "STIX-N-515", "relationship with custom type",
        "a relationship with a custom type cannot be checked", Own "STIX 2.1 §5.1";
    W519, "STIX-W-519", "indicator without name and description",
        "an indicator should have a name and a description", Own "STIX 2.1 §4.7";
    E601, "STIX-E-601", "payload_bin or url, not both",
        "an artifact has exactly one of payload_bin and url", Own "STIX 2.1 §6.1";
    E602, "STIX-E-602", "url without hashes",
        "a url of an artifact goes with hashes", Own "STIX 2.1 §6.1";
    E603, "STIX-E-603", "decryption_key without encryption_algorithm",
        "decryption_key goes with encryption_algorithm", Own "STIX 2.1 §6.1";
    E604, "STIX-E-604", "body against is_multipart",
        "body goes with is_multipart false, body_multipart with is_multipart true", Own "STIX 2.1 §6.6";
    E605, "STIX-E-605", "file without hashes and name",
        "a file has hashes or a name", Own "STIX 2.1 §6.7";
    E606, "STIX-E-606", "not an IPv4 address or network",
        "the value is an IPv4 address or a network in CIDR notation", Own "STIX 2.1 §6.8";
    E607, "STIX-E-607", "not an IPv6 address or network",
        "the value is an IPv6 address or a network in CIDR notation", Own "STIX 2.1 §6.9";
    E608, "STIX-E-608", "not a MAC address",
        "the value is six pairs of lower case hexadecimal digits joined by colons", Own "STIX 2.1 §6.10";
    E609, "STIX-E-609", "not a domain name",
        "the value is a domain name by RFC 1034 or RFC 5890", Own "STIX 2.1 §6.4";
    E610, "STIX-E-610", "not an e-mail address",
        "the value is an e-mail address by RFC 5322, without a display name", Own "STIX 2.1 §6.5";
    E611, "STIX-E-611", "not a URI",
        "the value is a URI by RFC 3986", Own "STIX 2.1 §6.15";
    E612, "STIX-E-612", "encoding without its property",
        "name_enc goes with name", Own "STIX 2.1 §3.9.1";
    E613, "STIX-E-613", "unknown character set",
        "a character set has a name of the IANA registry", Own "STIX 2.1 §3.9.1";
    E614, "STIX-E-614", "form of a media type",
        "a media type is written top-level-type/subtype", Own "STIX 2.1 §6.1";
    N615, "STIX-N-615", "media type not registered",
        "a media type should be registered with IANA", Own "STIX 2.1 §6.1";
    W616, "STIX-W-616", "AS number out of range",
        "an AS number lies between 0 and 4294967295", Own "STIX 2.1 §6.2";
    E617, "STIX-E-617", "end on active traffic",
        "traffic that is active has no end", Own "STIX 2.1 §6.12";
    N618, "STIX-N-618", "protocol or header not registered",
        "a protocol or header should be registered with IANA", Own "STIX 2.1 §6.12";
    W619, "STIX-W-619", "protocol not lower case",
        "a protocol should be written in lower case", Own "STIX 2.1 §6.12";
    E620, "STIX-E-620", "traffic without endpoint",
        "network traffic has src_ref or dst_ref", Own "STIX 2.1 §6.12";
    N621, "STIX-N-621", "traffic without ports",
        "network traffic should have ports", Own "STIX 2.1 §6.12";
    E622, "STIX-E-622", "no property of its own",
        "at least one of the properties of the type is present", Own "STIX 2.1 §6";
    E623, "STIX-E-623", "not CPE 2.3",
        "a cpe is a CPE 2.3 formatted string", Own "STIX 2.1 §6.14";
    E624, "STIX-E-624", "registry hive abbreviated",
        "the hive of a registry key is written out", Own "STIX 2.1 §6.17";
    W625, "STIX-W-625", "PE time stamp with a fraction",
        "a PE time stamp has whole seconds", Own "STIX 2.1 §6.7.6";
    W626, "STIX-W-626", "socket option prefix",
        "a socket option begins with the prefix of its family", Own "STIX 2.1 §6.12.4";
    W627, "STIX-W-627", "process priority form",
        "a process priority ends in _CLASS", Own "STIX 2.1 §6.13.2";
    E628, "STIX-E-628", "MIME part without body",
        "a MIME part has body or body_raw_ref", Own "STIX 2.1 §6.6.2";
    W629, "STIX-W-629", "MIME part with both bodies",
        "a MIME part has one of body and body_raw_ref", Own "STIX 2.1 §6.6.2";
    W630, "STIX-W-630", "ISO 639-2 code",
        "a language is written as its two-letter code where it has one", Own "STIX 2.1 §6.14";
    W632, "STIX-W-632", "defanged value",
        "a defanged value is no value until it is made active again", Here "STIX 2.1 §3.2";
    N633, "STIX-N-633", "translation of something that is not there",
        "a translation belongs to a text of its object", Here "STIX 2.1 §7.1";
    E634, "STIX-E-634", "translation of another shape",
        "a translation has the shape of what it translates", Here "STIX 2.1 §7.1";
    W635, "STIX-W-635", "non-ASCII characters in a URI",
        "a URI is written in ASCII", Own "STIX 2.1 §6.15";
    W636, "STIX-W-636", "address as domain name",
        "an address is no domain name", Own "STIX 2.1 §6.4";
    W701, "STIX-W-701", "extension definition without description",
        "an extension definition should have a description", Here "STIX 2.1 §7.3";
    N702, "STIX-N-702", "extension version form",
        "the version of an extension should be MAJOR.MINOR.PATCH", Here "STIX 2.1 §7.3";
    E703, "STIX-E-703", "extension_properties without top-level extension",
        "extension_properties stand only with toplevel-property-extension", Here "STIX 2.1 §7.3";
    W704, "STIX-W-704", "top-level extension without extension_properties",
        "a toplevel-property-extension should list its extension_properties", Here "STIX 2.1 §7.3";
    W705, "STIX-W-705", "unknown marking type",
        "the type of a marking is tlp or statement; others come by extension", Here "STIX 2.1 §7.2.1";
    E706, "STIX-E-706", "predefined extension on another type",
        "a predefined extension stands on its own type only", Own "STIX 2.1 §3.10";
    E707, "STIX-E-707", "extension without extension_type",
        "an extension has extension_type", Here "STIX 2.1 §7.3";
    N708, "STIX-N-708", "custom `…-ext`",
        "custom content should come by an extension definition", Here "STIX 2.1 §11.3";
    E709, "STIX-E-709", "form of an extension key",
        "an extension key is an extension-definition identifier or the name of a predefined extension", Here "STIX 2.1 §7.3";
    N710, "STIX-N-710", "extension definition not at hand",
        "the extension definition that is named should be at hand", Here "STIX 2.1 §7.3";
    N711, "STIX-N-711", "custom type",
        "a type that the specification does not define is kept as it is", Here "STIX 2.1 §11.2";
    W712, "STIX-W-712", "custom type without `x-` and without extension",
        "a custom type should begin with `x-` or come by an extension", Here "STIX 2.1 §11.2";
    E801, "STIX-E-801", "bundle id",
        "a bundle has an identifier of type bundle", Here "STIX 2.1 §8";
    N802, "STIX-N-802", "bundle with spec_version",
        "a bundle of STIX 2.1 has no spec_version", Here "STIX 2.1 §8";
    W803, "STIX-W-803", "version twice in the bundle, same content",
        "a version of an object stands once in a bundle", Here "STIX 2.1 §8";
    E804, "STIX-E-804", "version twice in the bundle, different content",
        "a version of an object has one content", Here "STIX 2.1 §3.6";
    N805, "STIX-N-805", "reference not resolved within the bundle",
        "a reference names an object of the bundle", Here "STIX 2.1 §3.3";
    E901, "STIX-E-901", "pattern does not parse",
        "a pattern keeps to the grammar of STIX patterning", Here "STIX 2.1 §9";
    E902, "STIX-E-902", "form of a type or property name in a pattern",
        "a pattern names types and properties of the right form", Here "STIX 2.1 §9.6";
    E903, "STIX-E-903", "qualifier twice on one observation expression",
        "an observation expression has each qualifier once", Here "STIX 2.1 §9.5.1";
    E904, "STIX-E-904", "hash value does not fit its algorithm",
        "a hash in a pattern has the form of its algorithm", Here "STIX 2.1 §9.6";
    N905, "STIX-N-905", "type or property unknown",
        "a pattern should name types and properties that are known", Here "STIX 2.1 §9.7";
    W906, "STIX-W-906", "unknown pattern_version",
        "the version of a STIX pattern is 2.0 or 2.1", Here "STIX 2.1 §4.7";
    W907, "STIX-W-907", "date in a literal does not exist",
        "a time in a pattern names a date that exists", Here "STIX 2.1 §9.2";
    W908, "STIX-W-908", "comparison that can never be true",
        "a comparison can be true", Here "STIX 2.1 §9.6";
    W909, "STIX-W-909", "set of mixed types",
        "a set holds values of one type", Here "STIX 2.1 §9.2";
    W910, "STIX-W-910", "operator or literal does not fit the property",
        "operator and literal fit the property", Here "STIX 2.1 §9.6";
    E912, "STIX-E-912", "pattern beyond the limits",
        "a pattern keeps to the limits", Here "STIX 2.1 §9";
    E913, "STIX-E-913", "regular expression outside the supported syntax",
        "a regular expression keeps to the supported syntax", Here "STIX 2.1 §9.6";
    N914, "STIX-N-914", "START or STOP outside valid_from and valid_until",
        "START and STOP lie between valid_from and valid_until", Here "STIX 2.1 §9.5.1";
    W916, "STIX-W-916", "zero REPEATS or WITHIN",
        "REPEATS and WITHIN are more than zero", Here "STIX 2.1 §9.5.1";
}

impl Code {
    /// Returns the severity under the profile `standard`.
    pub fn severity(self) -> Severity {
        match self.as_str().as_bytes().get(5) {
            Some(b'E') => Severity::Error,
            Some(b'W') => Severity::Warning,
            _ => Severity::Note,
        }
    }

    /// Returns what to do about it, where that is not plain from the rule.
    pub const fn hint(self) -> Option<&'static str> {
        Some(match self {
            Self::E102 => "leave the property out",
            Self::E103 => "leave the property out",
            Self::E104 => "leave the property out",
            Self::E110 => "write it in UTC, such as 2026-11-01T08:15:30.000Z",
            Self::E112 => "write at least three digits of the fraction, such as 08:15:30.000Z",
            Self::W116 => "write it in lower case with hyphens between words",
            Self::W129 => "rename it to begin with `x_`, or describe it in an extension definition",
            Self::N131 => "use a relationship or the property that replaces it",
            Self::W132 => "leave it out, or define it in an extension",
            Self::W150 => "write the digits in lower case",
            Self::E202 => "use UUID version 4; observables version 5",
            Self::W210 => "`entente stix id` computes the identifier",
            Self::W212 => "write the UUID in lower case",
            Self::E304 => "set `spec_version` to \"2.1\"",
            Self::W305 => "`entente convert --from stix20 --to stix21` makes it STIX 2.1",
            Self::E403 => "write list positions as components of their own, such as labels.[0]",
            Self::E406 => "use the definitions of the specification under their own identifiers",
            Self::E506 => "refer to observables by object_refs",
            Self::W507 => "write it in lower case with hyphens between words; an unknown product is `anonymized`",
            Self::W508 => "use codes such as DE and DE-BY",
            Self::W514 => "write it in lower case with hyphens between words",
            Self::E608 => "write lower case hexadecimal digits joined by colons",
            Self::W619 => "write it in lower case",
            Self::E624 => {
                "write HKEY_LOCAL_MACHINE, HKEY_CURRENT_CONFIG, HKEY_CLASSES_ROOT, HKEY_CURRENT_USER or HKEY_USERS"
            }
            Self::W632 => "write the active value and leave `defanged` out",
            Self::E706 => "move it to the type it belongs to, or define an extension of your own",
            Self::N708 => "describe the extension in an extension definition",
            Self::W712 => "define the type in an extension definition",
            _ => return None,
        })
    }

    /// Finds the code that is written `text`.
    pub fn find(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_in_order() {
        let numbers: Vec<&str> = Code::ALL.iter().filter_map(|code| code.as_str().get(7..)).collect();
        assert!(numbers.iter().zip(numbers.iter().skip(1)).all(|(left, right)| left < right));
        assert!(Code::ALL.iter().all(|code| Code::find(code.as_str()) == Some(*code)));
        assert_eq!(Code::E301.severity(), Severity::Error);
        assert_eq!(Code::W150.severity(), Severity::Warning);
        assert_eq!(Code::N711.severity(), Severity::Note);
    }

    #[test]
    fn every_code_names_its_rule_and_a_section() {
        for code in Code::ALL {
            assert!(
                ["STIX 2.1 §", "RFC 8259 §", "RFC 7493 §"].iter().any(|text| code.spec().starts_with(text)),
                "{code}"
            );
            assert!(code.rule().len() > 15 && !code.rule().ends_with('.') && code.rule() != code.meaning(), "{code}");
            assert!(code.hint().is_none_or(|hint| !hint.ends_with('.')), "{code}");
        }
        assert!(Code::E113.follows_type() && !Code::E201.follows_type());
    }
}
