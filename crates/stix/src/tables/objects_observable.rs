//! The 18 observables (STIX 2.1 §6).

use super::extensions::{EMAIL_MIME_PART, WINDOWS_REGISTRY_VALUE, X509_V3_EXTENSIONS};
use super::form::{
    ANY_INTEGER, CHARACTER_SET, COUNT, PORT, TEXTS, URI, deprecated, list, object, optional, reference, references,
    required,
};
use super::vocabularies as v;
use super::{Class, Entry, Form, Property, Syntax, Table, Targets};

const EXTENSIONS: Property = optional("extensions", Form::Extensions);

const fn sco(name: &'static str, section: &'static str, properties: &'static [Property]) -> Table {
    object(Class::Sco, name, section, properties)
}

/// `artifact`.
pub static ARTIFACT: Table = sco(
    "artifact",
    "§6.1",
    &[
        optional("mime_type", Form::Syntax(Syntax::MediaType)),
        optional("payload_bin", Form::Binary),
        optional("url", URI),
        optional("hashes", Form::Hashes),
        optional("encryption_algorithm", Form::Enumeration(&v::ENCRYPTION_ALGORITHM)),
        optional("decryption_key", Form::Text),
    ],
)
.contributing(&["hashes", "payload_bin"]);

/// `autonomous-system`.
pub static AUTONOMOUS_SYSTEM: Table = sco(
    "autonomous-system",
    "§6.2",
    &[required("number", ANY_INTEGER), optional("name", Form::Text), optional("rir", Form::Text)],
)
.contributing(&["number"]);

/// `directory`.
pub static DIRECTORY: Table = sco(
    "directory",
    "§6.3",
    &[
        required("path", Form::Text),
        optional("path_enc", CHARACTER_SET),
        optional("ctime", Form::Timestamp),
        optional("mtime", Form::Timestamp),
        optional("atime", Form::Timestamp),
        optional("contains_refs", references!("file", "directory")),
    ],
)
.contributing(&["path"]);

/// `domain-name`.
pub static DOMAIN_NAME: Table = sco(
    "domain-name",
    "§6.4",
    &[
        required("value", Form::Syntax(Syntax::Domain)),
        deprecated("resolves_to_refs", references!("ipv4-addr", "ipv6-addr", "domain-name")),
    ],
)
.contributing(&["value"]);

/// `email-addr`.
pub static EMAIL_ADDR: Table = sco(
    "email-addr",
    "§6.5",
    &[
        required("value", Form::Syntax(Syntax::Email)),
        optional("display_name", Form::Text),
        optional("belongs_to_ref", reference!("user-account")),
    ],
)
.contributing(&["value"]);

/// `email-message`.
pub static EMAIL_MESSAGE: Table = sco(
    "email-message",
    "§6.6",
    &[
        required("is_multipart", Form::Boolean),
        optional("date", Form::Timestamp),
        optional("content_type", Form::Text),
        optional("from_ref", reference!("email-addr")),
        optional("sender_ref", reference!("email-addr")),
        optional("to_refs", references!("email-addr")),
        optional("cc_refs", references!("email-addr")),
        optional("bcc_refs", references!("email-addr")),
        optional("message_id", Form::Text),
        optional("subject", Form::Text),
        optional("received_lines", TEXTS),
        optional("additional_header_fields", Form::Dictionary(Entry::Texts)),
        optional("body", Form::Text),
        optional("body_multipart", list!(Form::Table(&EMAIL_MIME_PART))),
        optional("raw_email_ref", reference!("artifact")),
    ],
)
.contributing(&["from_ref", "subject", "body"]);

/// `file`.
pub static FILE: Table = sco(
    "file",
    "§6.7",
    &[
        EXTENSIONS,
        optional("hashes", Form::Hashes),
        optional("size", COUNT),
        optional("name", Form::Text),
        optional("name_enc", CHARACTER_SET),
        optional("magic_number_hex", Form::Hex),
        optional("mime_type", Form::Syntax(Syntax::RegisteredMediaType)),
        optional("ctime", Form::Timestamp),
        optional("mtime", Form::Timestamp),
        optional("atime", Form::Timestamp),
        optional("parent_directory_ref", reference!("directory")),
        optional("contains_refs", list!(Form::Reference(Targets::Sco))),
        optional("content_ref", reference!("artifact")),
    ],
)
.contributing(&["hashes", "name", "parent_directory_ref", "extensions"]);

/// `ipv4-addr`.
pub static IPV4_ADDR: Table = sco(
    "ipv4-addr",
    "§6.8",
    &[
        required("value", Form::Syntax(Syntax::Ipv4)),
        deprecated("resolves_to_refs", references!("mac-addr")),
        deprecated("belongs_to_refs", references!("autonomous-system")),
    ],
)
.contributing(&["value"]);

/// `ipv6-addr`.
pub static IPV6_ADDR: Table = sco(
    "ipv6-addr",
    "§6.9",
    &[
        required("value", Form::Syntax(Syntax::Ipv6)),
        deprecated("resolves_to_refs", references!("mac-addr")),
        deprecated("belongs_to_refs", references!("autonomous-system")),
    ],
)
.contributing(&["value"]);

/// `mac-addr`.
pub static MAC_ADDR: Table =
    sco("mac-addr", "§6.10", &[required("value", Form::Syntax(Syntax::Mac))]).contributing(&["value"]);

/// `mutex`.
pub static MUTEX: Table = sco("mutex", "§6.11", &[required("name", Form::Text)]).contributing(&["name"]);

/// `network-traffic`.
pub static NETWORK_TRAFFIC: Table = sco(
    "network-traffic",
    "§6.12",
    &[
        EXTENSIONS,
        optional("start", Form::Timestamp),
        optional("end", Form::Timestamp),
        optional("is_active", Form::Boolean),
        optional("src_ref", reference!("ipv4-addr", "ipv6-addr", "mac-addr", "domain-name")),
        optional("dst_ref", reference!("ipv4-addr", "ipv6-addr", "mac-addr", "domain-name")),
        optional("src_port", PORT),
        optional("dst_port", PORT),
        required("protocols", list!(Form::Syntax(Syntax::Protocol))),
        optional("src_byte_count", COUNT),
        optional("dst_byte_count", COUNT),
        optional("src_packets", COUNT),
        optional("dst_packets", COUNT),
        optional("ipfix", Form::Dictionary(Entry::IntegerOrText)),
        optional("src_payload_ref", reference!("artifact")),
        optional("dst_payload_ref", reference!("artifact")),
        optional("encapsulates_refs", references!("network-traffic")),
        optional("encapsulated_by_ref", reference!("network-traffic")),
    ],
)
.contributing(&["start", "end", "src_ref", "dst_ref", "src_port", "dst_port", "protocols", "extensions"])
.ordered(&[("end", "start", false)]);

/// `process`.
pub static PROCESS: Table = sco(
    "process",
    "§6.13",
    &[
        EXTENSIONS,
        optional("is_hidden", Form::Boolean),
        optional("pid", ANY_INTEGER),
        optional("created_time", Form::Timestamp),
        optional("cwd", Form::Text),
        optional("command_line", Form::Text),
        optional("environment_variables", Form::Dictionary(Entry::Text)),
        optional("opened_connection_refs", references!("network-traffic")),
        optional("creator_user_ref", reference!("user-account")),
        optional("image_ref", reference!("file")),
        optional("parent_ref", reference!("process")),
        optional("child_refs", references!("process")),
    ],
)
.not_empty();

/// `software`.
pub static SOFTWARE: Table = sco(
    "software",
    "§6.14",
    &[
        required("name", Form::Text),
        optional("cpe", Form::Syntax(Syntax::Cpe)),
        optional("swid", Form::Text),
        optional("languages", list!(Form::Syntax(Syntax::SoftwareLanguage))),
        optional("vendor", Form::Text),
        optional("version", Form::Text),
    ],
)
.contributing(&["name", "cpe", "swid", "vendor", "version"]);

/// `url`.
pub static URL: Table = sco("url", "§6.15", &[required("value", URI)]).contributing(&["value"]);

/// `user-account`.
pub static USER_ACCOUNT: Table = sco(
    "user-account",
    "§6.16",
    &[
        EXTENSIONS,
        optional("user_id", Form::Text),
        optional("credential", Form::Text),
        optional("account_login", Form::Text),
        optional("account_type", Form::Open(&v::ACCOUNT_TYPE)),
        optional("display_name", Form::Text),
        optional("is_service_account", Form::Boolean),
        optional("is_privileged", Form::Boolean),
        optional("can_escalate_privs", Form::Boolean),
        optional("is_disabled", Form::Boolean),
        optional("account_created", Form::Timestamp),
        optional("account_expires", Form::Timestamp),
        optional("credential_last_changed", Form::Timestamp),
        optional("account_first_login", Form::Timestamp),
        optional("account_last_login", Form::Timestamp),
    ],
)
.contributing(&["account_type", "user_id", "account_login"])
.not_empty();

/// `windows-registry-key`.
pub static WINDOWS_REGISTRY_KEY: Table = sco(
    "windows-registry-key",
    "§6.17",
    &[
        optional("key", Form::Syntax(Syntax::RegistryKey)),
        optional("values", list!(Form::Table(&WINDOWS_REGISTRY_VALUE))),
        optional("modified_time", Form::Timestamp),
        optional("creator_user_ref", reference!("user-account")),
        optional("number_of_subkeys", ANY_INTEGER),
    ],
)
.contributing(&["key", "values"])
.not_empty();

/// `x509-certificate`.
pub static X509_CERTIFICATE: Table = sco(
    "x509-certificate",
    "§6.18",
    &[
        optional("is_self_signed", Form::Boolean),
        optional("hashes", Form::Hashes),
        optional("version", Form::Text),
        optional("serial_number", Form::Text),
        optional("signature_algorithm", Form::Text),
        optional("issuer", Form::Text),
        optional("validity_not_before", Form::Timestamp),
        optional("validity_not_after", Form::Timestamp),
        optional("subject", Form::Text),
        optional("subject_public_key_algorithm", Form::Text),
        optional("subject_public_key_modulus", Form::Text),
        optional("subject_public_key_exponent", ANY_INTEGER),
        optional("x509_v3_extensions", Form::Table(&X509_V3_EXTENSIONS)),
    ],
)
.contributing(&["hashes", "serial_number"])
.not_empty();
