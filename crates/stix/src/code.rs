//! The stable codes of findings, and what each means.
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
    ($($name:ident, $text:literal, $meaning:literal;)*) => {
        /// Names one rule. Ordered as the table of the documentation.
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
        }
    };
}

codes! {
    E001, "STIX-E-001", "not JSON, or something after the value (byte offset given)";
    E002, "STIX-E-002", "not UTF-8, or an unpaired surrogate";
    E003, "STIX-E-003", "key twice in one object";
    E004, "STIX-E-004", "nested too deep";
    E005, "STIX-E-005", "string too long";
    E006, "STIX-E-006", "too many keys";
    E007, "STIX-E-007", "key too long";
    E008, "STIX-E-008", "not an object";
    E009, "STIX-E-009", "number not representable";
    E010, "STIX-E-010", "too many references";
    E011, "STIX-E-011", "object or bundle too large";
    E101, "STIX-E-101", "wrong JSON type";
    E102, "STIX-E-102", "null";
    E103, "STIX-E-103", "empty list";
    E104, "STIX-E-104", "empty object";
    E105, "STIX-E-105", "integer outside ±(2^53−1)";
    E106, "STIX-E-106", "fraction where a whole number is due";
    E107, "STIX-E-107", "outside the range of the property";
    E108, "STIX-E-108", "not base64";
    E109, "STIX-E-109", "not hexadecimal";
    E110, "STIX-E-110", "not a STIX timestamp";
    E111, "STIX-E-111", "date does not exist";
    E112, "STIX-E-112", "created or modified without milliseconds";
    E113, "STIX-E-113", "not in the closed enumeration";
    N115, "STIX-N-115", "not in the suggested vocabulary";
    W116, "STIX-W-116", "own vocabulary value not lower case with hyphens";
    E117, "STIX-E-117", "form of a hash name";
    E118, "STIX-E-118", "hash value does not fit its algorithm";
    W119, "STIX-W-119", "hash name not in the vocabulary";
    N120, "STIX-N-120", "hashes without SHA-256";
    E121, "STIX-E-121", "form of a dictionary key or value";
    E123, "STIX-E-123", "not a registered language tag";
    E125, "STIX-E-125", "required property missing";
    E126, "STIX-E-126", "`defanged` on something that is not an SCO";
    E127, "STIX-E-127", "reserved property";
    E128, "STIX-E-128", "form of a property name";
    W129, "STIX-W-129", "custom property without `x_`";
    N130, "STIX-N-130", "custom property";
    N131, "STIX-N-131", "deprecated property";
    W132, "STIX-W-132", "common property that does not apply to this type";
    W150, "STIX-W-150", "upper-case hexadecimal";
    N151, "STIX-N-151", "whole number written with a fraction or an exponent";
    E201, "STIX-E-201", "not an identifier";
    E202, "STIX-E-202", "UUID of a wrong variant or version";
    E203, "STIX-E-203", "form of a type name";
    E204, "STIX-E-204", "reference to a type not allowed here";
    E205, "STIX-E-205", "id and type differ";
    W206, "STIX-W-206", "created_by_ref is not an identity";
    E207, "STIX-E-207", "version 4 required";
    W208, "STIX-W-208", "UUID version 6 to 8";
    W210, "STIX-W-210", "deterministic id differs from the computed one";
    N211, "STIX-N-211", "version other than 4 for a domain, relationship or meta object";
    W212, "STIX-W-212", "upper-case UUID";
    E213, "STIX-E-213", "reference not found in its observable container";
    E301, "STIX-E-301", "order of two timestamps";
    W302, "STIX-W-302", "order of two timestamps (not in the specification)";
    E303, "STIX-E-303", "created or modified in the future";
    E304, "STIX-E-304", "spec_version neither 2.0 nor 2.1";
    W305, "STIX-W-305", "STIX 2.0 object";
    E306, "STIX-E-306", "created changed between versions";
    E307, "STIX-E-307", "version after revocation";
    E308, "STIX-E-308", "one version, two contents";
    W309, "STIX-W-309", "creator changed between versions";
    W310, "STIX-W-310", "versioned SCO";
    E311, "STIX-E-311", "versioned SCO with a deterministic id";
    N312, "STIX-N-312", "older than the known version";
    E401, "STIX-E-401", "marking definition without definition, or malformed";
    E402, "STIX-E-402", "granular marking needs exactly one of lang, marking_ref";
    E403, "STIX-E-403", "form of a selector";
    E404, "STIX-E-404", "selector selects nothing";
    E405, "STIX-E-405", "marking definition marks itself";
    E406, "STIX-E-406", "TLP redefined or invented";
    W407, "STIX-W-407", "several TLP levels";
    N408, "STIX-N-408", "marking definition not at hand";
    W411, "STIX-W-411", "incomplete copy of a TLP definition";
    E501, "STIX-E-501", "latitude, longitude, precision";
    E502, "STIX-E-502", "location without a place";
    E503, "STIX-E-503", "malware family without name";
    E504, "STIX-E-504", "analysis without result";
    E505, "STIX-E-505", "observed-data without an SCO";
    E506, "STIX-E-506", "objects and object_refs";
    W507, "STIX-W-507", "product name form";
    W508, "STIX-W-508", "country or subdivision code unknown";
    E509, "STIX-E-509", "form of relationship_type";
    W510, "STIX-W-510", "relationship not in the matrix";
    E511, "STIX-E-511", "external reference without content";
    E512, "STIX-E-512", "CVE or CAPEC form";
    N513, "STIX-N-513", "url without hashes";
    W514, "STIX-W-514", "kill chain name form";
    N515, "STIX-N-515", "relationship with custom type";
    W519, "STIX-W-519", "indicator without name and description";
    E601, "STIX-E-601", "payload_bin or url, not both";
    E602, "STIX-E-602", "url without hashes";
    E603, "STIX-E-603", "decryption_key without encryption_algorithm";
    E604, "STIX-E-604", "body against is_multipart";
    E605, "STIX-E-605", "file without hashes and name";
    E606, "STIX-E-606", "not an IPv4 address or network";
    E607, "STIX-E-607", "not an IPv6 address or network";
    E608, "STIX-E-608", "not a MAC address";
    E609, "STIX-E-609", "not a domain name";
    E610, "STIX-E-610", "not an e-mail address";
    E611, "STIX-E-611", "not a URI";
    E612, "STIX-E-612", "encoding without its property";
    E613, "STIX-E-613", "unknown character set";
    E614, "STIX-E-614", "form of a media type";
    N615, "STIX-N-615", "media type not registered";
    W616, "STIX-W-616", "AS number out of range";
    E617, "STIX-E-617", "end on active traffic";
    N618, "STIX-N-618", "protocol or header not registered";
    W619, "STIX-W-619", "protocol not lower case";
    E620, "STIX-E-620", "traffic without endpoint";
    N621, "STIX-N-621", "traffic without ports";
    E622, "STIX-E-622", "no property of its own";
    E623, "STIX-E-623", "not CPE 2.3";
    E624, "STIX-E-624", "registry hive abbreviated";
    W625, "STIX-W-625", "PE time stamp with a fraction";
    W626, "STIX-W-626", "socket option prefix";
    W627, "STIX-W-627", "process priority form";
    E628, "STIX-E-628", "MIME part without body";
    W629, "STIX-W-629", "MIME part with both bodies";
    W630, "STIX-W-630", "ISO 639-2 code";
    W632, "STIX-W-632", "defanged value";
    N633, "STIX-N-633", "translation of something that is not there";
    E634, "STIX-E-634", "translation of another shape";
    W635, "STIX-W-635", "non-ASCII characters in a URI";
    W636, "STIX-W-636", "address as domain name";
    W701, "STIX-W-701", "extension definition without description";
    N702, "STIX-N-702", "extension version form";
    E703, "STIX-E-703", "extension_properties without top-level extension";
    W704, "STIX-W-704", "top-level extension without extension_properties";
    W705, "STIX-W-705", "unknown marking type";
    E706, "STIX-E-706", "predefined extension on another type";
    E707, "STIX-E-707", "extension without extension_type";
    N708, "STIX-N-708", "custom `…-ext`";
    E709, "STIX-E-709", "form of an extension key";
    N710, "STIX-N-710", "extension definition not at hand";
    N711, "STIX-N-711", "custom type";
    W712, "STIX-W-712", "custom type without `x-` and without extension";
    E801, "STIX-E-801", "bundle id";
    N802, "STIX-N-802", "bundle with spec_version";
    W803, "STIX-W-803", "version twice in the bundle, same content";
    E804, "STIX-E-804", "version twice in the bundle, different content";
    N805, "STIX-N-805", "reference not resolved within the bundle";
    E901, "STIX-E-901", "pattern does not parse";
    E902, "STIX-E-902", "form of a type or property name in a pattern";
    E903, "STIX-E-903", "qualifier twice on one observation expression";
    E904, "STIX-E-904", "hash value does not fit its algorithm";
    N905, "STIX-N-905", "type or property unknown";
    W906, "STIX-W-906", "unknown pattern_version";
    W907, "STIX-W-907", "date in a literal does not exist";
    W908, "STIX-W-908", "comparison that can never be true";
    W909, "STIX-W-909", "set of mixed types";
    W910, "STIX-W-910", "operator or literal does not fit the property";
    E912, "STIX-E-912", "pattern beyond the limits";
    E913, "STIX-E-913", "regular expression outside the supported syntax";
    N914, "STIX-N-914", "START or STOP outside valid_from and valid_until";
    W916, "STIX-W-916", "zero REPEATS or WITHIN";
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
}
