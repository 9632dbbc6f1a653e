//! The closed enumerations and open vocabularies (STIX 2.1 §10, errata text).
//!
//! Comparison is exact and case-sensitive. A value outside a closed enumeration is STIX-E-113; outside an open vocabulary it is
//! STIX-N-115, and STIX-W-116 if it is not lower case with hyphens between words.

use super::Vocabulary;

/// Values of `artifact.encryption_algorithm`.
pub static ENCRYPTION_ALGORITHM: Vocabulary = Vocabulary {
    name: "encryption-algorithm-enum",
    values: &["AES-256-GCM", "ChaCha20-Poly1305", "mime-type-indicated"],
};

/// Values of `extension-definition.extension_types`.
pub static EXTENSION_TYPE: Vocabulary = Vocabulary {
    name: "extension-type-enum",
    values: &["new-sdo", "new-sco", "new-sro", "property-extension", "toplevel-property-extension"],
};

/// Values of `socket-ext.address_family`.
pub static NETWORK_SOCKET_ADDRESS_FAMILY: Vocabulary = Vocabulary {
    name: "network-socket-address-family-enum",
    values: &["AF_UNSPEC", "AF_INET", "AF_IPX", "AF_APPLETALK", "AF_NETBIOS", "AF_INET6", "AF_IRDA", "AF_BTH"],
};

/// Values of `socket-ext.socket_type`.
pub static NETWORK_SOCKET_TYPE: Vocabulary = Vocabulary {
    name: "network-socket-type-enum",
    values: &["SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW", "SOCK_RDM", "SOCK_SEQPACKET"],
};

/// Values of `opinion.opinion`.
pub static OPINION: Vocabulary = Vocabulary {
    name: "opinion-enum",
    values: &["strongly-disagree", "disagree", "neutral", "agree", "strongly-agree"],
};

/// Values of `windows-process-ext.integrity_level`.
pub static WINDOWS_INTEGRITY_LEVEL: Vocabulary =
    Vocabulary { name: "windows-integrity-level-enum", values: &["low", "medium", "high", "system"] };

/// Values of `windows-registry-value-type.data_type`.
pub static WINDOWS_REGISTRY_DATATYPE: Vocabulary = Vocabulary {
    name: "windows-registry-datatype-enum",
    values: &[
        "REG_NONE",
        "REG_SZ",
        "REG_EXPAND_SZ",
        "REG_BINARY",
        "REG_DWORD",
        "REG_DWORD_BIG_ENDIAN",
        "REG_DWORD_LITTLE_ENDIAN",
        "REG_LINK",
        "REG_MULTI_SZ",
        "REG_RESOURCE_LIST",
        "REG_FULL_RESOURCE_DESCRIPTION",
        "REG_RESOURCE_REQUIREMENTS_LIST",
        "REG_QWORD",
        "REG_INVALID_TYPE",
    ],
};

/// Values of `windows-service-ext.start_type`.
pub static WINDOWS_SERVICE_START_TYPE: Vocabulary = Vocabulary {
    name: "windows-service-start-type-enum",
    values: &[
        "SERVICE_AUTO_START",
        "SERVICE_BOOT_START",
        "SERVICE_DEMAND_START",
        "SERVICE_DISABLED",
        "SERVICE_SYSTEM_ALERT",
    ],
};

/// Values of `windows-service-ext.service_type`.
pub static WINDOWS_SERVICE_TYPE: Vocabulary = Vocabulary {
    name: "windows-service-type-enum",
    values: &[
        "SERVICE_KERNEL_DRIVER",
        "SERVICE_FILE_SYSTEM_DRIVER",
        "SERVICE_WIN32_OWN_PROCESS",
        "SERVICE_WIN32_SHARE_PROCESS",
    ],
};

/// Values of `windows-service-ext.service_status`.
pub static WINDOWS_SERVICE_STATUS: Vocabulary = Vocabulary {
    name: "windows-service-status-enum",
    values: &[
        "SERVICE_CONTINUE_PENDING",
        "SERVICE_PAUSE_PENDING",
        "SERVICE_PAUSED",
        "SERVICE_RUNNING",
        "SERVICE_START_PENDING",
        "SERVICE_STOP_PENDING",
        "SERVICE_STOPPED",
    ],
};

/// Values of `user-account.account_type`.
pub static ACCOUNT_TYPE: Vocabulary = Vocabulary {
    name: "account-type-ov",
    values: &[
        "facebook",
        "ldap",
        "nis",
        "openid",
        "radius",
        "skype",
        "tacacs",
        "twitter",
        "unix",
        "windows-local",
        "windows-domain",
    ],
};

/// Values of `intrusion-set.primary_motivation`, `intrusion-set.secondary_motivations`, `threat-actor.primary_motivation`, `threat-actor.secondary_motivations`, `threat-actor.personal_motivations`.
pub static ATTACK_MOTIVATION: Vocabulary = Vocabulary {
    name: "attack-motivation-ov",
    values: &[
        "accidental",
        "coercion",
        "dominance",
        "ideology",
        "notoriety",
        "organizational-gain",
        "personal-gain",
        "personal-satisfaction",
        "revenge",
        "unpredictable",
    ],
};

/// Values of `intrusion-set.resource_level`, `threat-actor.resource_level`.
pub static ATTACK_RESOURCE_LEVEL: Vocabulary = Vocabulary {
    name: "attack-resource-level-ov",
    values: &["individual", "club", "contest", "team", "organization", "government"],
};

/// Values of `grouping.context`.
pub static GROUPING_CONTEXT: Vocabulary =
    Vocabulary { name: "grouping-context-ov", values: &["suspicious-activity", "malware-analysis", "unspecified"] };

/// Keys of every `hashes`.
pub static HASH_ALGORITHM: Vocabulary = Vocabulary {
    name: "hash-algorithm-ov",
    values: &["MD5", "SHA-1", "SHA-256", "SHA-512", "SHA3-256", "SHA3-512", "SSDEEP", "TLSH"],
};

/// Values of `identity.identity_class`.
pub static IDENTITY_CLASS: Vocabulary = Vocabulary {
    name: "identity-class-ov",
    values: &["individual", "group", "system", "organization", "class", "unknown"],
};

/// Values of `malware.implementation_languages`.
pub static IMPLEMENTATION_LANGUAGE: Vocabulary = Vocabulary {
    name: "implementation-language-ov",
    values: &[
        "applescript",
        "bash",
        "c",
        "c++",
        "c#",
        "go",
        "java",
        "javascript",
        "lua",
        "objective-c",
        "perl",
        "php",
        "powershell",
        "python",
        "ruby",
        "rust",
        "scala",
        "swift",
        "typescript",
        "visual-basic",
        "x86-32",
        "x86-64",
    ],
};

/// Values of `indicator.indicator_types`.
pub static INDICATOR_TYPE: Vocabulary = Vocabulary {
    name: "indicator-type-ov",
    values: &[
        "anomalous-activity",
        "anonymization",
        "benign",
        "compromised",
        "malicious-activity",
        "attribution",
        "unknown",
    ],
};

/// Values of `identity.sectors`.
pub static INDUSTRY_SECTOR: Vocabulary = Vocabulary {
    name: "industry-sector-ov",
    values: &[
        "agriculture",
        "aerospace",
        "automotive",
        "chemical",
        "commercial",
        "communications",
        "construction",
        "defense",
        "education",
        "energy",
        "entertainment",
        "financial-services",
        "government",
        "emergency-services",
        "government-local",
        "government-national",
        "government-public-services",
        "government-regional",
        "healthcare",
        "hospitality-leisure",
        "infrastructure",
        "dams",
        "nuclear",
        "water",
        "insurance",
        "legal",
        "manufacturing",
        "mining",
        "non-profit",
        "pharmaceuticals",
        "retail",
        "technology",
        "telecommunications",
        "transportation",
        "utilities",
    ],
};

/// Values of `infrastructure.infrastructure_types`.
pub static INFRASTRUCTURE_TYPE: Vocabulary = Vocabulary {
    name: "infrastructure-type-ov",
    values: &[
        "amplification",
        "anonymization",
        "botnet",
        "command-and-control",
        "control-system",
        "exfiltration",
        "firewall",
        "hosting-malware",
        "hosting-target-lists",
        "phishing",
        "reconnaissance",
        "routers-switches",
        "staging",
        "workstation",
        "unknown",
    ],
};

/// Values of `malware.capabilities`.
pub static MALWARE_CAPABILITIES: Vocabulary = Vocabulary {
    name: "malware-capabilities-ov",
    values: &[
        "accesses-remote-machines",
        "anti-debugging",
        "anti-disassembly",
        "anti-emulation",
        "anti-memory-forensics",
        "anti-sandbox",
        "anti-vm",
        "captures-input-peripherals",
        "captures-output-peripherals",
        "captures-system-state-data",
        "cleans-traces-of-infection",
        "commits-fraud",
        "communicates-with-c2",
        "compromises-data-availability",
        "compromises-data-integrity",
        "compromises-system-availability",
        "controls-local-machine",
        "degrades-security-software",
        "degrades-system-updates",
        "determines-c2-server",
        "emails-spam",
        "escalates-privileges",
        "evades-av",
        "exfiltrates-data",
        "fingerprints-host",
        "hides-artifacts",
        "hides-executing-code",
        "infects-files",
        "infects-remote-machines",
        "installs-other-components",
        "persists-after-system-reboot",
        "prevents-artifact-access",
        "prevents-artifact-deletion",
        "probes-network-environment",
        "self-modifies",
        "steals-authentication-credentials",
        "violates-system-operational-integrity",
    ],
};

/// Values of `malware-analysis.result`.
pub static MALWARE_RESULT: Vocabulary =
    Vocabulary { name: "malware-result-ov", values: &["malicious", "suspicious", "benign", "unknown"] };

/// Values of `malware.malware_types`.
pub static MALWARE_TYPE: Vocabulary = Vocabulary {
    name: "malware-type-ov",
    values: &[
        "adware",
        "backdoor",
        "bot",
        "bootkit",
        "ddos",
        "downloader",
        "dropper",
        "exploit-kit",
        "keylogger",
        "ransomware",
        "remote-access-trojan",
        "resource-exploitation",
        "rogue-security-software",
        "rootkit",
        "screen-capture",
        "spyware",
        "trojan",
        "unknown",
        "virus",
        "webshell",
        "wiper",
        "worm",
    ],
};

/// Values of `indicator.pattern_type`.
pub static PATTERN_TYPE: Vocabulary =
    Vocabulary { name: "pattern-type-ov", values: &["stix", "pcre", "sigma", "snort", "suricata", "yara"] };

/// Values of `malware.architecture_execution_envs`.
pub static PROCESSOR_ARCHITECTURE: Vocabulary = Vocabulary {
    name: "processor-architecture-ov",
    values: &["alpha", "arm", "ia-64", "mips", "powerpc", "sparc", "x86", "x86-64"],
};

/// Values of `location.region`.
pub static REGION: Vocabulary = Vocabulary {
    name: "region-ov",
    values: &[
        "africa",
        "eastern-africa",
        "middle-africa",
        "northern-africa",
        "southern-africa",
        "western-africa",
        "americas",
        "caribbean",
        "central-america",
        "latin-america-caribbean",
        "northern-america",
        "south-america",
        "asia",
        "central-asia",
        "eastern-asia",
        "southern-asia",
        "south-eastern-asia",
        "western-asia",
        "europe",
        "eastern-europe",
        "northern-europe",
        "southern-europe",
        "western-europe",
        "oceania",
        "antarctica",
        "australia-new-zealand",
        "melanesia",
        "micronesia",
        "polynesia",
    ],
};

/// Values of `report.report_types`.
pub static REPORT_TYPE: Vocabulary = Vocabulary {
    name: "report-type-ov",
    values: &[
        "attack-pattern",
        "campaign",
        "identity",
        "incident",
        "indicator",
        "intrusion-set",
        "malware",
        "observed-data",
        "threat-actor",
        "threat-report",
        "tool",
        "vulnerability",
    ],
};

/// Values of `threat-actor.threat_actor_types`.
pub static THREAT_ACTOR_TYPE: Vocabulary = Vocabulary {
    name: "threat-actor-type-ov",
    values: &[
        "activist",
        "competitor",
        "crime-syndicate",
        "criminal",
        "hacker",
        "insider-accidental",
        "insider-disgruntled",
        "nation-state",
        "private-sector",
        "sensationalist",
        "spy",
        "terrorist",
        "unknown",
    ],
};

/// Values of `threat-actor.roles`.
pub static THREAT_ACTOR_ROLE: Vocabulary = Vocabulary {
    name: "threat-actor-role-ov",
    values: &[
        "agent",
        "director",
        "independent",
        "infrastructure-architect",
        "infrastructure-operator",
        "malware-author",
        "sponsor",
    ],
};

/// Values of `threat-actor.sophistication`.
pub static THREAT_ACTOR_SOPHISTICATION: Vocabulary = Vocabulary {
    name: "threat-actor-sophistication-ov",
    values: &["none", "minimal", "intermediate", "advanced", "expert", "innovator", "strategic"],
};

/// Values of `tool.tool_types`.
pub static TOOL_TYPE: Vocabulary = Vocabulary {
    name: "tool-type-ov",
    values: &[
        "denial-of-service",
        "exploitation",
        "information-gathering",
        "network-capture",
        "credential-exploitation",
        "remote-access",
        "vulnerability-scanning",
        "unknown",
    ],
};

/// Values of `windows-pebinary-ext.pe_type`.
pub static WINDOWS_PEBINARY_TYPE: Vocabulary =
    Vocabulary { name: "windows-pebinary-type-ov", values: &["dll", "exe", "sys"] };

/// Values of `marking-definition.definition_type`; others are STIX-W-705.
pub static MARKING_TYPE: Vocabulary = Vocabulary { name: "marking-type", values: &["tlp", "statement"] };

/// The closed enumerations, in alphabetical order.
pub static CLOSED: [&Vocabulary; 10] = [
    &ENCRYPTION_ALGORITHM,
    &EXTENSION_TYPE,
    &NETWORK_SOCKET_ADDRESS_FAMILY,
    &NETWORK_SOCKET_TYPE,
    &OPINION,
    &WINDOWS_INTEGRITY_LEVEL,
    &WINDOWS_REGISTRY_DATATYPE,
    &WINDOWS_SERVICE_START_TYPE,
    &WINDOWS_SERVICE_TYPE,
    &WINDOWS_SERVICE_STATUS,
];

/// The open vocabularies, in alphabetical order, and last `marking-type`, which the specification does not call one.
pub static OPEN: [&Vocabulary; 23] = [
    &ACCOUNT_TYPE,
    &ATTACK_MOTIVATION,
    &ATTACK_RESOURCE_LEVEL,
    &GROUPING_CONTEXT,
    &HASH_ALGORITHM,
    &IDENTITY_CLASS,
    &IMPLEMENTATION_LANGUAGE,
    &INDICATOR_TYPE,
    &INDUSTRY_SECTOR,
    &INFRASTRUCTURE_TYPE,
    &MALWARE_CAPABILITIES,
    &MALWARE_RESULT,
    &MALWARE_TYPE,
    &PATTERN_TYPE,
    &PROCESSOR_ARCHITECTURE,
    &REGION,
    &REPORT_TYPE,
    &THREAT_ACTOR_TYPE,
    &THREAT_ACTOR_ROLE,
    &THREAT_ACTOR_SOPHISTICATION,
    &TOOL_TYPE,
    &WINDOWS_PEBINARY_TYPE,
    &MARKING_TYPE,
];

/// Every enumeration and vocabulary.
pub fn all() -> impl Iterator<Item = &'static Vocabulary> {
    CLOSED.into_iter().chain(OPEN)
}
