//! The 12 predefined extensions (STIX 2.1 §6) and the types inside objects.

use super::form::{
    ANY_FLOAT, ANY_INTEGER, COUNT, TEXTS, URI, embedded, extension as of, list, optional, reference, references,
    required,
};
use super::vocabularies as v;
use super::{Entry, Form, Syntax, Table};

/// `archive-ext` of `file`.
pub static ARCHIVE: Table = of(
    "archive-ext",
    "file",
    "§6.7.2",
    &[required("contains_refs", references!("file", "directory")), optional("comment", Form::Text)],
);

/// `ntfs-ext` of `file`.
pub static NTFS: Table = of(
    "ntfs-ext",
    "file",
    "§6.7.3",
    &[optional("sid", Form::Text), optional("alternate_data_streams", list!(Form::Table(&ALTERNATE_DATA_STREAM)))],
)
.not_empty();

/// `alternate-data-stream-type`, in `ntfs-ext`.
pub static ALTERNATE_DATA_STREAM: Table = embedded(
    "alternate-data-stream-type",
    "§6.7.3.2",
    &[required("name", Form::Text), optional("hashes", Form::Hashes), optional("size", COUNT)],
);

/// `pdf-ext` of `file`.
pub static PDF: Table = of(
    "pdf-ext",
    "file",
    "§6.7.4",
    &[
        optional("version", Form::Text),
        optional("is_optimized", Form::Boolean),
        optional("document_info_dict", Form::Dictionary(Entry::Text)),
        optional("pdfid0", Form::Text),
        optional("pdfid1", Form::Text),
    ],
)
.not_empty();

/// `raster-image-ext` of `file`.
pub static RASTER_IMAGE: Table = of(
    "raster-image-ext",
    "file",
    "§6.7.5",
    &[
        optional("image_height", ANY_INTEGER),
        optional("image_width", ANY_INTEGER),
        optional("bits_per_pixel", ANY_INTEGER),
        optional("exif_tags", Form::Dictionary(Entry::IntegerOrText)),
    ],
)
.not_empty();

/// `windows-pebinary-ext` of `file`.
pub static WINDOWS_PEBINARY: Table = of(
    "windows-pebinary-ext",
    "file",
    "§6.7.6",
    &[
        required("pe_type", Form::Open(&v::WINDOWS_PEBINARY_TYPE)),
        optional("imphash", Form::Text),
        optional("machine_hex", Form::Hex),
        optional("number_of_sections", COUNT),
        optional("time_date_stamp", Form::Timestamp),
        optional("pointer_to_symbol_table_hex", Form::Hex),
        optional("number_of_symbols", COUNT),
        optional("size_of_optional_header", COUNT),
        optional("characteristics_hex", Form::Hex),
        optional("file_header_hashes", Form::Hashes),
        optional("optional_header", Form::Table(&WINDOWS_PE_OPTIONAL_HEADER)),
        optional("sections", list!(Form::Table(&WINDOWS_PE_SECTION))),
    ],
)
.not_empty();

/// `windows-pe-optional-header-type`, in `windows-pebinary-ext`.
pub static WINDOWS_PE_OPTIONAL_HEADER: Table = embedded(
    "windows-pe-optional-header-type",
    "§6.7.6.2",
    &[
        optional("magic_hex", Form::Hex),
        optional("major_linker_version", ANY_INTEGER),
        optional("minor_linker_version", ANY_INTEGER),
        optional("size_of_code", COUNT),
        optional("size_of_initialized_data", COUNT),
        optional("size_of_uninitialized_data", COUNT),
        optional("address_of_entry_point", ANY_INTEGER),
        optional("base_of_code", ANY_INTEGER),
        optional("base_of_data", ANY_INTEGER),
        optional("image_base", ANY_INTEGER),
        optional("section_alignment", ANY_INTEGER),
        optional("file_alignment", ANY_INTEGER),
        optional("major_os_version", ANY_INTEGER),
        optional("minor_os_version", ANY_INTEGER),
        optional("major_image_version", ANY_INTEGER),
        optional("minor_image_version", ANY_INTEGER),
        optional("major_subsystem_version", ANY_INTEGER),
        optional("minor_subsystem_version", ANY_INTEGER),
        optional("win32_version_value_hex", Form::Hex),
        optional("size_of_image", COUNT),
        optional("size_of_headers", COUNT),
        optional("checksum_hex", Form::Hex),
        optional("subsystem_hex", Form::Hex),
        optional("dll_characteristics_hex", Form::Hex),
        optional("size_of_stack_reserve", COUNT),
        optional("size_of_stack_commit", COUNT),
        optional("size_of_heap_reserve", COUNT),
        optional("size_of_heap_commit", COUNT),
        optional("loader_flags_hex", Form::Hex),
        optional("number_of_rva_and_sizes", ANY_INTEGER),
        optional("hashes", Form::Hashes),
    ],
)
.not_empty();

/// `windows-pe-section-type`, in `windows-pebinary-ext`.
pub static WINDOWS_PE_SECTION: Table = embedded(
    "windows-pe-section-type",
    "§6.7.6.3",
    &[
        required("name", Form::Text),
        optional("size", COUNT),
        optional("entropy", ANY_FLOAT),
        optional("hashes", Form::Hashes),
    ],
);

/// `http-request-ext` of `network-traffic`.
pub static HTTP_REQUEST: Table = of(
    "http-request-ext",
    "network-traffic",
    "§6.12.2",
    &[
        required("request_method", Form::Text),
        required("request_value", Form::Text),
        optional("request_version", Form::Text),
        optional("request_header", Form::Dictionary(Entry::Texts)),
        optional("message_body_length", ANY_INTEGER),
        optional("message_body_data_ref", reference!("artifact")),
    ],
);

/// `icmp-ext` of `network-traffic`.
pub static ICMP: Table = of(
    "icmp-ext",
    "network-traffic",
    "§6.12.3",
    &[required("icmp_type_hex", Form::Hex), required("icmp_code_hex", Form::Hex)],
);

/// `socket-ext` of `network-traffic`.
pub static SOCKET: Table = of(
    "socket-ext",
    "network-traffic",
    "§6.12.4",
    &[
        required("address_family", Form::Enumeration(&v::NETWORK_SOCKET_ADDRESS_FAMILY)),
        optional("is_blocking", Form::Boolean),
        optional("is_listening", Form::Boolean),
        optional("options", Form::Dictionary(Entry::Integer)),
        optional("socket_type", Form::Enumeration(&v::NETWORK_SOCKET_TYPE)),
        optional("socket_descriptor", COUNT),
        optional("socket_handle", ANY_INTEGER),
    ],
);

/// `tcp-ext` of `network-traffic`.
pub static TCP: Table = of(
    "tcp-ext",
    "network-traffic",
    "§6.12.5",
    &[optional("src_flags_hex", Form::Hex), optional("dst_flags_hex", Form::Hex)],
)
.not_empty();

/// `windows-process-ext` of `process`.
pub static WINDOWS_PROCESS: Table = of(
    "windows-process-ext",
    "process",
    "§6.13.2",
    &[
        optional("aslr_enabled", Form::Boolean),
        optional("dep_enabled", Form::Boolean),
        optional("priority", Form::Syntax(Syntax::Priority)),
        optional("owner_sid", Form::Text),
        optional("window_title", Form::Text),
        optional("startup_info", Form::Dictionary(Entry::Any)),
        optional("integrity_level", Form::Enumeration(&v::WINDOWS_INTEGRITY_LEVEL)),
    ],
)
.not_empty();

/// `windows-service-ext` of `process`.
pub static WINDOWS_SERVICE: Table = of(
    "windows-service-ext",
    "process",
    "§6.13.3",
    &[
        optional("service_name", Form::Text),
        optional("descriptions", TEXTS),
        optional("display_name", Form::Text),
        optional("group_name", Form::Text),
        optional("start_type", Form::Enumeration(&v::WINDOWS_SERVICE_START_TYPE)),
        optional("service_dll_refs", references!("file")),
        optional("service_type", Form::Enumeration(&v::WINDOWS_SERVICE_TYPE)),
        optional("service_status", Form::Enumeration(&v::WINDOWS_SERVICE_STATUS)),
    ],
)
.not_empty();

/// `unix-account-ext` of `user-account`.
pub static UNIX_ACCOUNT: Table = of(
    "unix-account-ext",
    "user-account",
    "§6.16.2",
    &[
        optional("gid", ANY_INTEGER),
        optional("groups", TEXTS),
        optional("home_dir", Form::Text),
        optional("shell", Form::Text),
    ],
)
.not_empty();

/// `email-mime-part-type`, in `email-message`.
pub static EMAIL_MIME_PART: Table = embedded(
    "email-mime-part-type",
    "§6.6.2",
    &[
        optional("body", Form::Text),
        optional("body_raw_ref", reference!("artifact", "file")),
        optional("content_type", Form::Text),
        optional("content_disposition", Form::Text),
    ],
);

/// `windows-registry-value-type`, in `windows-registry-key`.
pub static WINDOWS_REGISTRY_VALUE: Table = embedded(
    "windows-registry-value-type",
    "§6.17.2",
    &[
        optional("name", Form::Text),
        optional("data", Form::Text),
        optional("data_type", Form::Enumeration(&v::WINDOWS_REGISTRY_DATATYPE)),
    ],
)
.not_empty();

/// `x509-v3-extensions-type`, in `x509-certificate`.
pub static X509_V3_EXTENSIONS: Table = embedded(
    "x509-v3-extensions-type",
    "§6.18.2",
    &[
        optional("basic_constraints", Form::Text),
        optional("name_constraints", Form::Text),
        optional("policy_constraints", Form::Text),
        optional("key_usage", Form::Text),
        optional("extended_key_usage", Form::Text),
        optional("subject_key_identifier", Form::Text),
        optional("authority_key_identifier", Form::Text),
        optional("subject_alternative_name", Form::Text),
        optional("issuer_alternative_name", Form::Text),
        optional("subject_directory_attributes", Form::Text),
        optional("crl_distribution_points", Form::Text),
        optional("inhibit_any_policy", Form::Text),
        optional("private_key_usage_period_not_before", Form::Timestamp),
        optional("private_key_usage_period_not_after", Form::Timestamp),
        optional("certificate_policies", Form::Text),
        optional("policy_mappings", Form::Text),
    ],
)
.not_empty();

/// `external-reference`.
pub static EXTERNAL_REFERENCE: Table = embedded(
    "external-reference",
    "§2.5",
    &[
        required("source_name", Form::Text),
        optional("description", Form::Text),
        optional("url", URI),
        optional("hashes", Form::Hashes),
        optional("external_id", Form::Text),
    ],
);

/// `kill-chain-phase`.
pub static KILL_CHAIN_PHASE: Table = embedded(
    "kill-chain-phase",
    "§2.11",
    &[
        required("kill_chain_name", Form::Syntax(Syntax::KillChain)),
        required("phase_name", Form::Syntax(Syntax::KillChain)),
    ],
);

/// `granular-marking`.
pub static GRANULAR_MARKING: Table = embedded(
    "granular-marking",
    "§7.2.3.1",
    &[
        optional("lang", Form::Syntax(Syntax::Language)),
        optional("marking_ref", reference!("marking-definition")),
        required("selectors", list!(Form::Syntax(Syntax::Selector))),
    ],
);

/// The predefined extensions, in the order of the specification.
pub static ALL: [&Table; 12] = [
    &ARCHIVE,
    &NTFS,
    &PDF,
    &RASTER_IMAGE,
    &WINDOWS_PEBINARY,
    &HTTP_REQUEST,
    &ICMP,
    &SOCKET,
    &TCP,
    &WINDOWS_PROCESS,
    &WINDOWS_SERVICE,
    &UNIX_ACCOUNT,
];

/// The types inside objects and extensions.
pub static EMBEDDED: [&Table; 9] = [
    &ALTERNATE_DATA_STREAM,
    &WINDOWS_PE_OPTIONAL_HEADER,
    &WINDOWS_PE_SECTION,
    &EMAIL_MIME_PART,
    &WINDOWS_REGISTRY_VALUE,
    &X509_V3_EXTENSIONS,
    &EXTERNAL_REFERENCE,
    &KILL_CHAIN_PHASE,
    &GRANULAR_MARKING,
];

/// Returns the table of a predefined extension.
pub fn extension(name: &str) -> Option<&'static Table> {
    ALL.into_iter().find(|table| table.name == name)
}
