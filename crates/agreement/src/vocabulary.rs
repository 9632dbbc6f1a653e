//! Closed vocabularies of the agreement text and the bit sets the decision works on.
//!
//! Every set is a `Copy` integer: a test for membership is one `and`, and a clause fits in a cache line.

use std::fmt;

use entente_observable::Kind;

macro_rules! vocabulary {
    (
        $(#[$enum_doc:meta])* $Enum:ident,
        $(#[$set_doc:meta])* $Set:ident($repr:ty),
        { $( $(#[$doc:meta])* $Variant:ident = $name:literal, )+ }
    ) => {
        $(#[$enum_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $Enum {
            $( $(#[$doc])* $Variant, )+
        }

        impl $Enum {
            /// Lists all words of the vocabulary in the order of the format.
            pub const ALL: &'static [$Enum] = &[$( $Enum::$Variant, )+];

            /// Returns the word as the text spells it.
            pub const fn name(self) -> &'static str {
                match self { $( $Enum::$Variant => $name, )+ }
            }

            /// Reads a word; `None` if it is not in the vocabulary.
            pub fn parse(text: &str) -> Option<$Enum> {
                match text { $( $name => Some($Enum::$Variant), )+ _ => None }
            }

            const fn bit(self) -> $repr {
                // INVARIANT: every vocabulary has fewer words than the integer has bits.
                1 << (self as $repr)
            }
        }

        impl fmt::Display for $Enum {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl serde::Serialize for $Enum {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        $(#[$set_doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub struct $Set($repr);

        impl $Set {
            /// Is the set without a member.
            pub const EMPTY: $Set = $Set(0);

            /// Holds every word of the vocabulary.
            pub const ALL: $Set = $Set(0 $( | $Enum::$Variant.bit() )+);

            /// Builds a set from words.
            pub const fn of(words: &[$Enum]) -> $Set {
                let mut bits = 0;
                let mut rest = words;
                while let [first, tail @ ..] = rest {
                    bits |= first.bit();
                    rest = tail;
                }
                $Set(bits)
            }

            /// Adds a word; returns `false` if it was there already.
            pub fn insert(&mut self, word: $Enum) -> bool {
                let fresh = !self.contains(word);
                self.0 |= word.bit();
                fresh
            }

            /// Returns the set without one word.
            pub const fn without(self, word: $Enum) -> $Set {
                $Set(self.0 & !word.bit())
            }

            /// Returns the set with one more word.
            pub const fn with(self, word: $Enum) -> $Set {
                $Set(self.0 | word.bit())
            }

            /// Tells whether the word is a member.
            pub const fn contains(self, word: $Enum) -> bool {
                self.0 & word.bit() != 0
            }

            /// Tells whether the set has no member.
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// Counts the members.
            pub const fn count(self) -> u32 {
                self.0.count_ones()
            }

            /// Returns the common members.
            pub const fn intersection(self, other: $Set) -> $Set {
                $Set(self.0 & other.0)
            }

            /// Returns the members of either set.
            pub const fn union(self, other: $Set) -> $Set {
                $Set(self.0 | other.0)
            }

            /// Tells whether every member is also in `other`.
            pub const fn is_subset(self, other: $Set) -> bool {
                self.0 & !other.0 == 0
            }

            /// Returns the members as an integer, lowest bit for the first word of the vocabulary. The value is stable
            /// within format 1 and may be stored.
            pub const fn bits(self) -> $repr {
                self.0
            }

            /// Reads a stored integer; unknown bits are dropped.
            pub const fn from_bits(bits: $repr) -> $Set {
                $Set(bits & Self::ALL.0)
            }

            /// Iterates over the members in the order of the format.
            pub fn iter(self) -> impl Iterator<Item = $Enum> {
                $Enum::ALL.iter().copied().filter(move |word| self.contains(*word))
            }

            /// Lists the members as the text spells them.
            pub fn names(self) -> Vec<&'static str> {
                self.iter().map($Enum::name).collect()
            }
        }

        impl FromIterator<$Enum> for $Set {
            fn from_iter<I: IntoIterator<Item = $Enum>>(words: I) -> $Set {
                words.into_iter().fold($Set::EMPTY, $Set::with)
            }
        }

        impl fmt::Debug for $Set {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_set().entries(self.names()).finish()
            }
        }

        impl serde::Serialize for $Set {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.names())
            }
        }
    };
}

vocabulary!(
    /// Says what data may be used for (agreement format 1, clause key `purpose`).
    Purpose,
    /// Holds purposes.
    PurposeSet(u16),
    {
        /// Taking command-and-control servers out of service.
        C2Disruption = "c2-disruption",
        /// Taking phishing sites down.
        PhishingTakedown = "phishing-takedown",
        /// Analysing malicious software.
        MalwareAnalysis = "malware-analysis",
        /// Protecting the recipient's own network and customers.
        NetworkDefence = "network-defence",
        /// Telling victims.
        VictimNotification = "victim-notification",
        /// Investigating crime.
        CriminalInvestigation = "criminal-investigation",
        /// A named joint operation.
        Operation = "operation",
        /// Finding out whether two parties work on the same thing.
        Deconfliction = "deconfliction",
        /// Counting and describing trends.
        TrendAnalysis = "trend-analysis",
    }
);

vocabulary!(
    /// Names a way by which data leaves (clause key `doors`).
    Door,
    /// Holds doors.
    DoorSet(u16),
    {
        /// Node to node.
        Sync = "sync",
        /// TAXII 2.1.
        Taxii = "taxii",
        /// The product's own interface.
        Rest = "rest",
        /// MISP.
        Misp = "misp",
        /// Feeds: blocklists, zones, rules.
        Feed = "feed",
        /// Files exported by a person.
        Export = "export",
        /// Mail.
        Mail = "mail",
        /// The recipient's guests on the releaser's console.
        Console = "console",
        /// Cyber Activity Reports.
        Report = "report",
        /// Blind queries.
        PrivateLookup = "private-lookup",
    }
);

vocabulary!(
    /// Says whose finding an object is, as seen from one recipient and purpose (section 6 of the format).
    Origin,
    /// Holds origins.
    OriginSet(u8),
    {
        /// The releasing party's own finding.
        Own = "own",
        /// A public source whose licence permits passing on.
        Public = "public",
        /// Received, and the recipient is in the community of the agreement it came under.
        Community = "community",
        /// Received, and its originator has consented in a signed note.
        Consented = "consented",
        /// Received otherwise; matches no clause and cannot be listed in a text.
        Received = "received",
    }
);

vocabulary!(
    /// Names a category of data subject (clause key `subject`).
    Subject,
    /// Holds categories of data subject; the empty set means that nobody said, and matches no clause.
    SubjectSet(u8),
    {
        /// Attackers' infrastructure; no person.
        Infrastructure = "infrastructure",
        /// A suspect.
        Suspect = "suspect",
        /// A victim.
        Victim = "victim",
        /// Any other person.
        OtherPerson = "other-person",
    }
);

vocabulary!(
    /// Names a type of object that an agreement can release (section 9.2 of the format).
    ObjectType,
    /// Holds releasable types.
    TypeSet(u32),
    {
        /// STIX `indicator`.
        Indicator = "indicator",
        /// STIX `infrastructure`.
        Infrastructure = "infrastructure",
        /// STIX `malware`.
        Malware = "malware",
        /// STIX `attack-pattern`.
        AttackPattern = "attack-pattern",
        /// STIX `tool`.
        Tool = "tool",
        /// STIX `threat-actor`.
        ThreatActor = "threat-actor",
        /// STIX `intrusion-set`.
        IntrusionSet = "intrusion-set",
        /// STIX `campaign`.
        Campaign = "campaign",
        /// STIX `vulnerability`.
        Vulnerability = "vulnerability",
        /// STIX `relationship`.
        Relationship = "relationship",
        /// STIX `sighting`.
        Sighting = "sighting",
        /// STIX `observed-data`.
        ObservedData = "observed-data",
        /// STIX `identity`.
        Identity = "identity",
        /// STIX `location`.
        Location = "location",
        /// STIX `report`.
        Report = "report",
        /// STIX `grouping`.
        Grouping = "grouping",
        /// STIX `note`.
        Note = "note",
        /// STIX `opinion`.
        Opinion = "opinion",
        /// STIX `ipv4-addr`.
        Ipv4Addr = "ipv4-addr",
        /// STIX `ipv6-addr`.
        Ipv6Addr = "ipv6-addr",
        /// STIX `domain-name`.
        DomainName = "domain-name",
        /// STIX `url`.
        Url = "url",
        /// STIX `email-addr`.
        EmailAddr = "email-addr",
        /// STIX `autonomous-system`.
        AutonomousSystem = "autonomous-system",
        /// STIX `file`.
        File = "file",
        /// STIX `network-traffic`.
        NetworkTraffic = "network-traffic",
        /// STIX `x509-certificate`.
        X509Certificate = "x509-certificate",
        /// STIX `user-account`.
        UserAccount = "user-account",
        /// Counts only; no STIX object has this type.
        Aggregate = "aggregate",
        /// Any other type; it matches no clause and cannot be listed in a text.
        Other = "other",
    }
);

impl ObjectType {
    /// Maps a STIX type name to the vocabulary; everything that cannot be released, also the word `aggregate`, is
    /// [`ObjectType::Other`].
    pub fn of_stix(name: &str) -> ObjectType {
        match ObjectType::parse(name) {
            Some(ObjectType::Aggregate) | None => ObjectType::Other,
            Some(known) => known,
        }
    }
}

/// Holds observable kinds and, separately, objects without a value (`none` in the text).
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct KindSet(u16);

impl KindSet {
    /// Is the set without a member.
    pub const EMPTY: KindSet = KindSet(0);

    const fn bit(kind: Option<Kind>) -> u16 {
        match kind {
            Some(Kind::Ipv4Addr) => 1,
            Some(Kind::Ipv6Addr) => 1 << 1,
            Some(Kind::Network) => 1 << 2,
            Some(Kind::AutonomousSystem) => 1 << 3,
            Some(Kind::DomainName) => 1 << 4,
            Some(Kind::Url) => 1 << 5,
            Some(Kind::EmailAddr) => 1 << 6,
            Some(Kind::FileHash) => 1 << 7,
            Some(Kind::X509Certificate) => 1 << 8,
            Some(Kind::TlsFingerprint) => 1 << 9,
            Some(Kind::UserAccount) => 1 << 10,
            Some(Kind::PhoneNumber) => 1 << 11,
            None => 1 << 12,
        }
    }

    /// Builds a set; `None` stands for objects without a value.
    pub fn of(kinds: &[Option<Kind>]) -> KindSet {
        kinds.iter().fold(KindSet::EMPTY, |set, kind| KindSet(set.0 | Self::bit(*kind)))
    }

    /// Reads one word of the text: a kind's name, or `none`.
    pub fn parse_word(word: &str) -> Option<Option<Kind>> {
        if word == "none" {
            return Some(None);
        }
        Kind::parse(word).map(Some)
    }

    /// Adds a kind; returns `false` if it was there already.
    pub fn insert(&mut self, kind: Option<Kind>) -> bool {
        let fresh = !self.contains(kind);
        self.0 |= Self::bit(kind);
        fresh
    }

    /// Tells whether the kind is a member.
    pub const fn contains(self, kind: Option<Kind>) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    /// Tells whether the set has no member.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the common members.
    pub const fn intersection(self, other: KindSet) -> KindSet {
        KindSet(self.0 & other.0)
    }

    /// Tells whether every member is also in `other`.
    pub const fn is_subset(self, other: KindSet) -> bool {
        self.0 & !other.0 == 0
    }

    /// Returns the members as an integer; stable within format 1.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Iterates over the members in the order of the format, `None` last.
    pub fn iter(self) -> impl Iterator<Item = Option<Kind>> {
        Kind::ALL.into_iter().map(Some).chain([None]).filter(move |kind| self.contains(*kind))
    }

    /// Lists the members as the text spells them.
    pub fn names(self) -> Vec<&'static str> {
        self.iter().map(|kind| kind.map_or("none", Kind::name)).collect()
    }
}

impl fmt::Debug for KindSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

impl serde::Serialize for KindSet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_lists_its_words_in_the_order_of_the_format() {
        let set = PurposeSet::of(&[Purpose::Operation, Purpose::C2Disruption]);
        assert_eq!(set.names(), ["c2-disruption", "operation"]);
        assert_eq!(PurposeSet::from_bits(u16::MAX), PurposeSet::ALL);
        assert!(set.is_subset(PurposeSet::ALL));
    }

    #[test]
    fn every_kind_has_its_own_bit_and_none_is_a_word() {
        let all = Kind::ALL.into_iter().map(Some).chain([None]).collect::<Vec<_>>();
        assert_eq!(KindSet::of(&all).bits().count_ones(), 13);
        assert_eq!(KindSet::parse_word("none"), Some(None));
        assert_eq!(KindSet::parse_word("url"), Some(Some(Kind::Url)));
        assert_eq!(KindSet::parse_word("ja4"), None);
    }

    #[test]
    fn no_stix_object_is_an_aggregate() {
        assert_eq!(ObjectType::of_stix("aggregate"), ObjectType::Other);
        assert_eq!(ObjectType::of_stix("x-thing"), ObjectType::Other);
        assert_eq!(ObjectType::of_stix("ipv4-addr"), ObjectType::Ipv4Addr);
    }
}
