//! Why a text is not a value.

/// Says why a text has no canonical form.
///
/// The text itself is not repeated: whoever holds it also holds its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ObservableError {
    /// The account name is empty, too long, or has control characters.
    #[error("not an account name")]
    AccountSyntax,
    /// The autonomous system number is reserved or out of range.
    #[error("autonomous system number is reserved or out of range")]
    AsnRange,
    /// The text is not an autonomous system number.
    #[error("not an autonomous system number")]
    AsnSyntax,
    /// A label has a character that no host name may have.
    #[error("host name has a character outside letters, digits, `-` and `_`")]
    DomainCharacter,
    /// The name has an empty label (`a..b`).
    #[error("host name has an empty label")]
    DomainEmptyLabel,
    /// The name does not survive UTS #46 processing.
    #[error("internationalised host name is not valid")]
    DomainIdna,
    /// The name exceeds 253 octets or a label 63.
    #[error("host name or one of its labels is too long")]
    DomainLength,
    /// The last label is a number: a broken address.
    #[error("last label of the host name is a number")]
    DomainNumericTld,
    /// The name has only one label, or none.
    #[error("host name has a single label")]
    DomainSingleLabel,
    /// The local part of the mail address is not valid.
    #[error("local part of the mail address is not valid")]
    EmailLocalPart,
    /// The text has no `@` between a local part and a domain.
    #[error("not a mail address")]
    EmailSyntax,
    /// The text is empty after trimming.
    #[error("value is empty")]
    Empty,
    /// The number of digits belongs to no known hash.
    #[error("length belongs to no known hash")]
    HashLength,
    /// The text is not a hash.
    #[error("not a hash")]
    HashSyntax,
    /// An IPv4 part has a leading zero, which some read as octal.
    #[error("address has a part with a leading zero")]
    IpLeadingZero,
    /// An IPv4 part is above 255.
    #[error("address has a part above 255")]
    IpRange,
    /// The text is not an address.
    #[error("not an address")]
    IpSyntax,
    /// No kind was declared and none accepts the text.
    #[error("no kind accepts the value")]
    KindUndetected,
    /// The network mask is not contiguous.
    #[error("network mask is not contiguous")]
    NetMask,
    /// The range of addresses is not one network.
    #[error("range of addresses is not one network")]
    NetRange,
    /// The text is not a network.
    #[error("not a network")]
    NetSyntax,
    /// The network is the whole Internet.
    #[error("network is the whole internet")]
    NetWholeInternet,
    /// The number has no country code, and no region is known.
    #[error("phone number has no country code")]
    PhoneNeedsRegion,
    /// The text is not a phone number of 7 to 15 digits.
    #[error("not a phone number")]
    PhoneSyntax,
    /// The port is 0, above 65535, or missing.
    #[error("port is missing or out of range")]
    PortRange,
    /// The block size of the fuzzy hash is not 3 times a power of two.
    #[error("block size of the fuzzy hash is not valid")]
    SsdeepBlockSize,
    /// The URL has a control character.
    #[error("url has a control character")]
    UrlControl,
    /// The URL exceeds 8,192 bytes.
    #[error("url is longer than 8192 bytes")]
    UrlLength,
    /// The scheme names no place in a network.
    #[error("scheme of the url is not accepted")]
    UrlScheme,
    /// The text is not a URL.
    #[error("not a url")]
    UrlSyntax,
    /// The text exceeds [`crate::VALUE_SIZE_BYTES_MAX`].
    #[error("value is too long")]
    ValueLength,
    /// The value stands in too many layers of quotes and brackets.
    #[error("value is wrapped in too many quotes or brackets")]
    Wrapping,
}

impl ObservableError {
    /// Returns the stable code of the refusal.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::AccountSyntax => "account.syntax",
            Self::AsnRange => "asn.range",
            Self::AsnSyntax => "asn.syntax",
            Self::DomainCharacter => "domain.character",
            Self::DomainEmptyLabel => "domain.empty_label",
            Self::DomainIdna => "domain.idna",
            Self::DomainLength => "domain.length",
            Self::DomainNumericTld => "domain.numeric_tld",
            Self::DomainSingleLabel => "domain.single_label",
            Self::EmailLocalPart => "email.local_part",
            Self::EmailSyntax => "email.syntax",
            Self::Empty => "value.empty",
            Self::HashLength => "hash.length",
            Self::HashSyntax => "hash.syntax",
            Self::IpLeadingZero => "ip.leading_zero",
            Self::IpRange => "ip.range",
            Self::IpSyntax => "ip.syntax",
            Self::KindUndetected => "kind.undetected",
            Self::NetMask => "net.mask",
            Self::NetRange => "net.range",
            Self::NetSyntax => "net.syntax",
            Self::NetWholeInternet => "net.whole_internet",
            Self::PhoneNeedsRegion => "phone.needs_region",
            Self::PhoneSyntax => "phone.syntax",
            Self::PortRange => "port.range",
            Self::SsdeepBlockSize => "ssdeep.block_size",
            Self::UrlControl => "url.control",
            Self::UrlLength => "url.length",
            Self::UrlScheme => "url.scheme",
            Self::UrlSyntax => "url.syntax",
            Self::ValueLength => "value.length",
            Self::Wrapping => "value.wrapping",
        }
    }
}
