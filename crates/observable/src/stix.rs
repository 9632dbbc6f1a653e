//! Where a value stands in a STIX object, section 4.10 of the value rules.

use crate::{Kind, Normalised, Observable, ObservableError};

impl Observable {
    /// Returns the object type and property path of the value in a STIX pattern, STIX 2.1 §6 and §9.
    ///
    /// Paths are written as a pattern writes them (`hashes.'SHA-256'`). Phone numbers and TLS fingerprints have no
    /// object type of their own.
    #[must_use]
    pub fn stix_path(&self) -> Option<(&'static str, &'static str)> {
        Some(match self.kind {
            Kind::Ipv4Addr => ("ipv4-addr", "value"),
            Kind::Ipv6Addr => ("ipv6-addr", "value"),
            Kind::Network if self.value.contains(':') => ("ipv6-addr", "value"),
            Kind::Network => ("ipv4-addr", "value"),
            Kind::AutonomousSystem => ("autonomous-system", "number"),
            Kind::DomainName => ("domain-name", "value"),
            Kind::Url => ("url", "value"),
            Kind::EmailAddr => ("email-addr", "value"),
            Kind::FileHash => ("file", hash_path(self.hash_algorithm?)?),
            Kind::X509Certificate => ("x509-certificate", hash_path(self.hash_algorithm?)?),
            Kind::UserAccount => ("user-account", "account_login"),
            Kind::TlsFingerprint | Kind::PhoneNumber => return None,
        })
    }

    /// Returns the value as STIX writes it: the number alone for an autonomous system, else the canonical text.
    #[must_use]
    pub fn stix_value(&self) -> &str {
        match self.kind {
            Kind::AutonomousSystem => self.value.strip_prefix("AS").unwrap_or(&self.value),
            _ => &self.value,
        }
    }

    /// Reads the value of a STIX property; `None` when the property is none that holds an observable.
    ///
    /// Quotes around a hash name in `property` are optional.
    ///
    /// # Errors
    ///
    /// The inner result is that of [`crate::normalise`].
    #[must_use]
    pub fn from_stix(object_type: &str, property: &str, value: &str) -> Option<Result<Normalised, ObservableError>> {
        let kind = match (object_type, property) {
            ("ipv4-addr", "value") => Kind::Ipv4Addr,
            ("ipv6-addr", "value") => Kind::Ipv6Addr,
            ("autonomous-system", "number") => Kind::AutonomousSystem,
            ("domain-name", "value") => Kind::DomainName,
            ("url", "value") => Kind::Url,
            ("email-addr", "value") => Kind::EmailAddr,
            ("user-account", "account_login" | "user_id") => Kind::UserAccount,
            ("file" | "artifact", path) if is_hash_path(path) => Kind::FileHash,
            ("x509-certificate", path) if is_hash_path(path) => Kind::X509Certificate,
            _ => return None,
        };
        Some(crate::normalise(value, Some(kind)))
    }
}

/// Hash names of STIX 2.1 §10.7, and SHA-224 and SHA-384 in the same manner.
const HASH_PATHS: [(&str, &str); 8] = [
    ("md5", "hashes.MD5"),
    ("sha1", "hashes.'SHA-1'"),
    ("sha224", "hashes.'SHA-224'"),
    ("sha256", "hashes.'SHA-256'"),
    ("sha384", "hashes.'SHA-384'"),
    ("sha512", "hashes.'SHA-512'"),
    ("ssdeep", "hashes.SSDEEP"),
    ("tlsh", "hashes.TLSH"),
];

fn hash_path(algorithm: &str) -> Option<&'static str> {
    HASH_PATHS.iter().find(|(name, _)| *name == algorithm).map(|(_, path)| *path)
}

fn is_hash_path(path: &str) -> bool {
    let same = |known: &str| known.bytes().filter(|byte| *byte != b'\'').eq(path.bytes().filter(|byte| *byte != b'\''));
    HASH_PATHS.iter().any(|(_, known)| same(known))
}
