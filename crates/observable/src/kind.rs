//! Kinds, values, flags.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::ObservableError;

/// Names what a value is; the names are those of the `kinds` of an agreement's clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An IPv4 address.
    Ipv4Addr,
    /// An IPv6 address.
    Ipv6Addr,
    /// An IPv4 or IPv6 network of more than one address.
    Network,
    /// An autonomous system, `AS64500`.
    AutonomousSystem,
    /// A host name of at least two labels.
    DomainName,
    /// A URL.
    Url,
    /// A mail address; personal data.
    EmailAddr,
    /// A hash of a file's content, exact or fuzzy.
    FileHash,
    /// The fingerprint of a certificate.
    X509Certificate,
    /// A fingerprint of a TLS client or server: JA3, JA4, JARM.
    TlsFingerprint,
    /// The name of an account; personal data.
    UserAccount,
    /// A phone number in E.164 form; personal data.
    PhoneNumber,
}

impl Kind {
    /// Every kind, in the order of the agreement language.
    pub const ALL: [Self; 12] = [
        Self::Ipv4Addr,
        Self::Ipv6Addr,
        Self::Network,
        Self::AutonomousSystem,
        Self::DomainName,
        Self::Url,
        Self::EmailAddr,
        Self::FileHash,
        Self::X509Certificate,
        Self::TlsFingerprint,
        Self::UserAccount,
        Self::PhoneNumber,
    ];

    /// Returns the name, as an agreement writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ipv4Addr => "ipv4-addr",
            Self::Ipv6Addr => "ipv6-addr",
            Self::Network => "network",
            Self::AutonomousSystem => "autonomous-system",
            Self::DomainName => "domain-name",
            Self::Url => "url",
            Self::EmailAddr => "email-addr",
            Self::FileHash => "file-hash",
            Self::X509Certificate => "x509-certificate",
            Self::TlsFingerprint => "tls-fingerprint",
            Self::UserAccount => "user-account",
            Self::PhoneNumber => "phone-number",
        }
    }

    /// Returns the kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Holds one value in its canonical form.
///
/// # Invariants
///
/// `normalise(&value, Some(kind))` returns the same observable. Only this crate makes one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Observable {
    /// What the value is.
    pub kind: Kind,
    /// The canonical text.
    pub value: String,
    /// For hashes and fingerprints the algorithm, in lower case: `md5`, `sha256`, `ja4`, …
    pub hash_algorithm: Option<&'static str>,
}

impl Observable {
    pub(crate) fn new(kind: Kind, value: String) -> Self {
        Self { kind, value, hash_algorithm: None }
    }

    /// Takes back a value that was stored in canonical form.
    ///
    /// # Errors
    ///
    /// The refusal of [`crate::normalise`]; a text that is not canonical is not an error but is canonicalised.
    pub fn from_canonical(kind: Kind, value: &str) -> Result<Self, ObservableError> {
        crate::normalise(value, Some(kind)).map(|found| found.observable)
    }

    /// Returns a 64-bit key for indexes.
    ///
    /// The key is the first 8 bytes, big-endian, of SHA-256 over the kind's name, the byte 0x1F and the value. It is
    /// the same on every machine. Two values may share a key: confirm a hit by the value. A plain multiplicative hash
    /// would let a sender fill one bucket on purpose.
    #[must_use]
    pub fn key(&self) -> u64 {
        let mut hasher = Sha256::new();
        hasher.update(self.kind.name().as_bytes());
        hasher.update([0x1f]);
        hasher.update(self.value.as_bytes());
        let digest: [u8; 32] = hasher.finalize().into();
        digest.iter().take(8).fold(0, |key, byte| (key << 8) | u64::from(*byte))
    }

    /// Returns the host of a name, URL or mail address, or the address itself.
    ///
    /// Brackets of an IPv6 host are removed. Hashes, networks and numbers have no host.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        match self.kind {
            Kind::Ipv4Addr | Kind::Ipv6Addr | Kind::DomainName => Some(&self.value),
            Kind::Url => crate::url::host_of(&self.value),
            Kind::EmailAddr => self.value.rsplit_once('@').map(|(_, domain)| domain),
            _ => None,
        }
    }
}

impl fmt::Display for Observable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.value)
    }
}

/// Records a fact about the written form that the canonical form no longer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Flag {
    /// The autonomous system number is reserved for documentation (RFC 5398).
    AsnDocumentation,
    /// The autonomous system number is for private use (RFC 6996).
    AsnPrivate,
    /// The fragment of a URL was removed; it often carries a victim's address.
    FragmentDropped,
    /// An IPv4-mapped IPv6 address became the IPv4 address.
    FromMapped,
    /// Address bits behind the prefix were cleared.
    HostBitsCleared,
    /// The host of a URL was an address in octal, hexadecimal, short or integer form.
    HostOddForm,
    /// An `xn--` label does not decode; the name system carries it all the same.
    IdnaInvalid,
    /// The name was written with characters outside ASCII.
    Idn,
    /// A label has an underscore, or a hyphen at an end.
    NonstandardHost,
    /// The name is a valid version 3 onion name.
    Onion,
    /// The name ends in `onion` but is no valid version 3 name.
    OnionInvalid,
    /// The value was defanged, or stood in wrapping that was removed.
    Refanged,
    /// The URL had no scheme; `http` was assumed.
    SchemeAssumed,
    /// The name had `*.` or `.` in front: the zone is meant.
    Subdomains,
    /// The value is of another kind or algorithm than declared.
    TypeMismatch,
    /// The IPv6 address of an endpoint stood without brackets.
    Unbracketed,
    /// User name and password were removed from a URL.
    UserinfoDropped,
    /// The zone id of an IPv6 address was removed.
    ZoneDropped,
}

impl Flag {
    /// Returns the stable name of the flag.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AsnDocumentation => "asn-documentation",
            Self::AsnPrivate => "asn-private",
            Self::FragmentDropped => "fragment-dropped",
            Self::FromMapped => "from-mapped",
            Self::HostBitsCleared => "host-bits-cleared",
            Self::HostOddForm => "host-odd-form",
            Self::IdnaInvalid => "idna-invalid",
            Self::Idn => "idn",
            Self::NonstandardHost => "nonstandard-host",
            Self::Onion => "onion",
            Self::OnionInvalid => "onion-invalid",
            Self::Refanged => "refanged",
            Self::SchemeAssumed => "scheme-assumed",
            Self::Subdomains => "subdomains",
            Self::TypeMismatch => "type-mismatch",
            Self::Unbracketed => "unbracketed",
            Self::UserinfoDropped => "userinfo-dropped",
            Self::ZoneDropped => "zone-dropped",
        }
    }
}

/// Holds the answer of [`crate::normalise`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Normalised {
    /// The value in canonical form.
    pub observable: Observable,
    /// What the written form said besides, without repetition, ordered by name of the variant.
    pub flags: Vec<Flag>,
    /// The port, when the text was an endpoint (`203.0.113.9:8080`); the observable is then its host.
    pub port: Option<u16>,
}

impl Normalised {
    pub(crate) fn plain(observable: Observable) -> Self {
        Self { observable, flags: Vec::new(), port: None }
    }

    pub(crate) fn flag(mut self, flag: Flag) -> Self {
        if !self.flags.contains(&flag) {
            self.flags.push(flag);
        }
        self
    }

    pub(crate) fn flag_if(self, condition: bool, flag: Flag) -> Self {
        if condition { self.flag(flag) } else { self }
    }
}
