//! English words for the vocabularies, for people who read agreements and not code.

use entente_observable::Kind;
use entente_stix::marking::Pap;

use crate::obligations::{Attribution, Obligations, RedactVictim, TimeUnit};
use crate::vocabulary::{
    Door, DoorSet, ObjectType, Origin, OriginSet, Purpose, PurposeSet, Subject, SubjectSet, TypeSet,
};

/// Joins words: "a", "a and b", "a, b and c".
pub(crate) fn list(words: &[&str], last: &str) -> String {
    match words {
        [] => "nothing".to_owned(),
        [only] => (*only).to_owned(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

pub(crate) fn purposes(set: PurposeSet) -> String {
    let word = |purpose: Purpose| match purpose {
        Purpose::C2Disruption => "disrupting command-and-control servers",
        Purpose::PhishingTakedown => "taking phishing sites down",
        Purpose::MalwareAnalysis => "analysing malware",
        Purpose::NetworkDefence => "network defence",
        Purpose::VictimNotification => "telling victims",
        Purpose::CriminalInvestigation => "criminal investigation",
        Purpose::Operation => "the joint operation",
        Purpose::Deconfliction => "deconfliction",
        Purpose::TrendAnalysis => "trend analysis",
    };
    list(&set.iter().map(word).collect::<Vec<_>>(), "and")
}

pub(crate) fn doors(set: DoorSet) -> String {
    let word = |door: Door| match door {
        Door::Sync => "node to node",
        Door::Taxii => "TAXII",
        Door::Rest => "the programming interface",
        Door::Misp => "MISP",
        Door::Feed => "feeds",
        Door::Export => "exported files",
        Door::Mail => "mail",
        Door::Console => "the console",
        Door::Report => "activity reports",
        Door::PrivateLookup => "blind queries",
    };
    list(&set.iter().map(word).collect::<Vec<_>>(), "and")
}

pub(crate) fn origins(set: OriginSet) -> String {
    list(&set.iter().map(origin).collect::<Vec<_>>(), "or")
}

pub(crate) const fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Own => "own findings",
        Origin::Public => "public feeds",
        Origin::Community => "data received for this community",
        Origin::Consented => "data received whose originator consents",
        Origin::Received => "data received from others without their consent",
    }
}

pub(crate) fn subjects(set: SubjectSet) -> String {
    let word = |subject: Subject| match subject {
        Subject::Infrastructure => "attackers' infrastructure",
        Subject::Suspect => "suspects",
        Subject::Victim => "victims",
        Subject::OtherPerson => "other persons",
    };
    if set.is_empty() {
        return "nobody said whom".to_owned();
    }
    list(&set.iter().map(word).collect::<Vec<_>>(), "and")
}

pub(crate) fn types(set: TypeSet) -> String {
    let word = |object_type: ObjectType| match object_type {
        ObjectType::Indicator => "indicators",
        ObjectType::Infrastructure => "infrastructure",
        ObjectType::Malware => "malware",
        ObjectType::AttackPattern => "attack patterns",
        ObjectType::Tool => "tools",
        ObjectType::ThreatActor => "threat actors",
        ObjectType::IntrusionSet => "intrusion sets",
        ObjectType::Campaign => "campaigns",
        ObjectType::Vulnerability => "vulnerabilities",
        ObjectType::Relationship => "relationships",
        ObjectType::Sighting => "sightings",
        ObjectType::ObservedData => "observations",
        ObjectType::Identity => "organisations and victims",
        ObjectType::Location => "locations",
        ObjectType::Report => "reports",
        ObjectType::Grouping => "groupings",
        ObjectType::Note => "notes",
        ObjectType::Opinion => "opinions",
        ObjectType::Ipv4Addr => "IPv4 addresses",
        ObjectType::Ipv6Addr => "IPv6 addresses",
        ObjectType::DomainName => "domain names",
        ObjectType::Url => "URLs",
        ObjectType::EmailAddr => "mail addresses",
        ObjectType::AutonomousSystem => "autonomous systems",
        ObjectType::File => "files",
        ObjectType::NetworkTraffic => "network traffic",
        ObjectType::X509Certificate => "certificates",
        ObjectType::UserAccount => "user accounts",
        ObjectType::Aggregate => "counts",
        ObjectType::Other => "objects of other types",
    };
    list(&set.iter().map(word).collect::<Vec<_>>(), "and")
}

pub(crate) const fn kind(kind: Option<Kind>) -> &'static str {
    match kind {
        None => "objects without a value",
        Some(Kind::Ipv4Addr) => "IPv4 addresses",
        Some(Kind::Ipv6Addr) => "IPv6 addresses",
        Some(Kind::Network) => "networks",
        Some(Kind::AutonomousSystem) => "autonomous systems",
        Some(Kind::DomainName) => "domain names",
        Some(Kind::Url) => "URLs",
        Some(Kind::EmailAddr) => "mail addresses",
        Some(Kind::FileHash) => "file hashes",
        Some(Kind::X509Certificate) => "certificates",
        Some(Kind::TlsFingerprint) => "TLS fingerprints",
        Some(Kind::UserAccount) => "user accounts",
        Some(Kind::PhoneNumber) => "phone numbers",
    }
}

/// Says what a recipient may do at a PAP level.
pub(crate) const fn pap(level: Pap) -> &'static str {
    match level {
        Pap::Clear => "any use",
        Pap::Green => "active use, such as blocking",
        Pap::Amber => "passive checks only",
        Pap::Red => "checks of own logs only",
    }
}

/// Says in words what a clause does to objects before they leave, one phrase an obligation.
pub(crate) fn obligations(obligations: &Obligations) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for property in &obligations.drop_properties {
        words.push(format!("`{property}` is removed"));
    }
    if obligations.strip_free_text {
        words.push("free text is removed".to_owned());
    }
    if let Some(mode) = obligations.redact_victim {
        words.push(match mode {
            RedactVictim::Drop => "victims are left out".to_owned(),
            RedactVictim::Prefix => {
                "victims' addresses are shortened to their network and other victim data is left out".to_owned()
            }
            RedactVictim::Hmac => "victims appear only as pseudonyms that no one else can resolve".to_owned(),
        });
    }
    if obligations.strip_source {
        words.push("sources are not named".to_owned());
    }
    if obligations.coarsen_location {
        words.push("places are given by country and region only".to_owned());
    }
    if let Some(unit) = obligations.coarsen_time {
        let unit = match unit {
            TimeUnit::Hour => "hours",
            TimeUnit::Day => "days",
        };
        words.push(format!("times are rounded to whole {unit}"));
    }
    if obligations.reduce_confidence_bucket {
        words.push("confidence is given in four steps".to_owned());
    }
    match obligations.attribution {
        Some(Attribution::MustNot) => {
            words.push("the giver appears under a pseudonym and must not be named".to_owned())
        }
        Some(Attribution::Must) => words.push("the giver must be named".to_owned()),
        Some(Attribution::May) => words.push("the giver may be named".to_owned()),
        None => {}
    }
    if let Some(level) = obligations.remark_tlp {
        words.push(format!("everything is marked at least {}", level.name()));
    }
    if let Some(level) = obligations.remark_pap {
        words.push(format!("use is narrowed to {}", pap(level)));
    }
    words.push(format!("kept {}", days(u32::from(obligations.retain_days))));
    if obligations.watermark {
        words.push("ids differ per recipient, so that a leaked copy can be traced".to_owned());
    }
    words
}

/// Writes a number of days.
pub(crate) fn days(count: u32) -> String {
    if count == 1 { "1 day".to_owned() } else { format!("{count} days") }
}
