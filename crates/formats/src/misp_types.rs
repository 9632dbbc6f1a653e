//! Attribute types of MISP and the kinds they hold.

use entente_observable::Kind;

use crate::finding::Declared;

/// Says what the value of an attribute type holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// One value.
    One(Declared),
    /// `name|address`: two values.
    NameAndAddress,
    /// `file name|hash`: the hash counts, the name is kept beside it.
    FileAndHash,
    /// `host|port`.
    HostAndPort,
    /// Text without a kind here.
    Nothing,
}

/// Returns what an attribute type holds.
pub(crate) fn holds(name: &str) -> Holds {
    let one = |kind| Holds::One(Declared::Kind(kind));
    match name {
        "ip-src" | "ip-dst" => one(Kind::Ipv4Addr),
        "ip-src|port" | "ip-dst|port" | "hostname|port" => Holds::HostAndPort,
        "domain" | "hostname" => one(Kind::DomainName),
        "domain|ip" => Holds::NameAndAddress,
        "url" | "link" => one(Kind::Url),
        "uri" => Holds::One(Declared::Detect),
        "md5" | "sha1" | "sha224" | "sha256" | "sha384" | "sha512" | "ssdeep" | "tlsh" => one(Kind::FileHash),
        "filename|md5" | "filename|sha1" | "filename|sha224" | "filename|sha256" | "filename|sha384"
        | "filename|sha512" | "filename|ssdeep" | "filename|tlsh" | "malware-sample" => Holds::FileAndHash,
        "email" | "email-src" | "email-dst" | "email-reply-to" | "target-email" | "whois-registrant-email" => {
            one(Kind::EmailAddr)
        }
        "AS" => one(Kind::AutonomousSystem),
        "x509-fingerprint-md5" | "x509-fingerprint-sha1" | "x509-fingerprint-sha256" => one(Kind::X509Certificate),
        "ja3-fingerprint-md5" | "jarm-fingerprint" => one(Kind::TlsFingerprint),
        "phone-number" | "whois-registrant-phone" => one(Kind::PhoneNumber),
        "github-username" | "twitter-id" | "target-user" | "jabber-id" | "eppn" => one(Kind::UserAccount),
        _ => Holds::Nothing,
    }
}

/// Says whether a type names the victim rather than the attacker.
pub(crate) fn is_target(name: &str) -> bool {
    name.starts_with("target-")
}
