//! Tables to terms: the closed list of keys of sections 4.4 to 4.6 of the format.

use entente_ledger::note::{Algorithm, VerifierKey};
use entente_stix::marking::{Pap, Tlp};

use super::clause;
use super::profile::Table;
use super::reader::{Errors, Reader, bad_value};
use crate::error::{TextError, shown};
use crate::hex;
use crate::ids::{AgreementId, PartyId};
use crate::terms::{
    AgreementKind, Annex, Audit, Clause, CommunityMember, Disclosure, Instrument, MarkingMap, Onward, Operation, Party,
    Quota, Recall, Reciprocity, Role, Security, Termination, TerminationEffect, Terms,
};

/// LIMIT: 64 parties, so that a set of parties is one 64-bit integer.
pub(crate) const PARTIES_MAX: usize = 64;
/// LIMIT: 256 clauses.
const CLAUSES_MAX: usize = 256;
/// LIMIT: deadlines and periods up to ten years in hours.
const HOURS_MAX: i64 = 8_760;
const DAYS_MAX: i64 = 3_650;

/// Tables of the format: name, whether it is an array of tables, whether it must be there.
const TABLES: [(&str, bool, bool); 14] = [
    ("instrument", false, true),
    ("annex", true, false),
    ("defaults", false, true),
    ("operation", false, false),
    ("party", true, true),
    ("clause", true, true),
    ("marking_map", true, false),
    ("onward", false, true),
    ("recall", false, true),
    ("security", false, true),
    ("audit", false, true),
    ("reciprocity", false, true),
    ("quota", false, true),
    ("disclosure", false, true),
];
const TERMINATION: (&str, bool, bool) = ("termination", false, true);

/// Builds terms from tables; `hash` and `text` are those of the whole text.
pub(crate) fn build(tables: &[Table], text: &str, hash: [u8; 32]) -> Result<Terms, Errors> {
    let mut errors = Errors::new();
    check_tables(tables, &mut errors);
    let built = build_all(tables, text, hash, &mut errors);
    match built {
        Some(terms) if errors.is_empty() => Ok(terms),
        _ => {
            // An `agr.…` error belongs to the next stage; it is told once the text itself is right.
            if errors.iter().any(|error| error.code.starts_with("text.")) {
                errors.retain(|error| error.code.starts_with("text."));
            }
            errors.sort_by_key(|error| error.line);
            Err(errors)
        }
    }
}

fn check_tables(tables: &[Table], errors: &mut Errors) {
    let known = || TABLES.iter().chain([&TERMINATION]);
    for table in tables.iter().skip(1) {
        match known().find(|(name, _, _)| *name == table.name) {
            None => {
                let message = format!("`{}` is not a table of the format", shown(&table.name));
                errors.push(TextError::new("text.unknown-key", table.line, message));
            }
            Some((name, is_array, _)) if *is_array != table.is_array => {
                let form = if *is_array { format!("[[{name}]]") } else { format!("[{name}]") };
                errors.push(TextError::new("text.type", table.line, format!("`{name}` is written {form}")));
            }
            Some(_) => {}
        }
    }
    for (name, _, required) in known() {
        if *required && !tables.iter().any(|table| table.name == *name) {
            errors.push(TextError::new("text.missing-key", 0, format!("table `{name}` is missing")));
        }
    }
    for (name, most) in [("party", PARTIES_MAX), ("clause", CLAUSES_MAX)] {
        if tables.iter().filter(|table| table.name == name).count() > most {
            errors.push(TextError::new("text.limit", 0, format!("a text has at most {most} tables `{name}`")));
        }
    }
}

/// Reads a table that occurs once; `None` if it is missing, which [`check_tables`] has reported.
fn one<'t>(tables: &'t [Table], name: &str) -> Option<Reader<'t>> {
    tables.iter().skip(1).find(|table| table.name == name).map(Reader::new)
}

fn build_all(tables: &[Table], text: &str, hash: [u8; 32], errors: &mut Errors) -> Option<Terms> {
    let each = |name: &'static str| tables.iter().skip(1).filter(move |table| table.name == name);
    let mut top = Reader::new(tables.first()?);
    // The value is judged with the agreement checks, so that a later format is told from a broken text.
    let _format = top.text("format", errors);
    let id = top.word("id", "a name of 3 to 64 of a-z, 0-9 and hyphen", AgreementId::parse, errors);
    let version = top.integer::<u32>("version", 1, 1_000_000, errors);
    let supersedes = top.word_opt("supersedes", HASH, hex::parse_sha256_text, errors);
    let kind = top.word("kind", "`bilateral`, `multilateral` or `operation`", parse_kind, errors);
    let title = top.prose("title", errors);
    let language = top.word("language", "a language tag such as `en`", parse_language, errors);
    let valid_from = top.time("valid_from", errors);
    let valid_to = top.time("valid_to", errors);
    let review_by = top.time("review_by", errors);
    top.finish(errors);

    let instrument = one(tables, "instrument").and_then(|reader| read_instrument(reader, errors));
    let annexes: Vec<Annex> = each("annex").filter_map(|table| read_annex(Reader::new(table), errors)).collect();
    if let Some(reader) = one(tables, "defaults") {
        read_defaults(reader, errors);
    }
    let operation_line = each("operation").next().map(|table| table.line);
    let operation = one(tables, "operation").and_then(|reader| read_operation(reader, errors));
    let parties: Vec<Party> = each("party").filter_map(|table| read_party(Reader::new(table), errors)).collect();
    let clauses: Vec<Clause> = each("clause").filter_map(|table| clause::read(table, errors)).collect();
    let marking_maps: Vec<MarkingMap> =
        each("marking_map").filter_map(|table| read_marking_map(Reader::new(table), errors)).collect();
    let onward = one(tables, "onward").and_then(|reader| read_onward(reader, errors));
    let recall = one(tables, "recall").and_then(|reader| read_recall(reader, errors));
    let security = one(tables, "security").and_then(|reader| read_security(reader, errors));
    let audit = one(tables, "audit").and_then(|reader| read_audit(reader, errors));
    let reciprocity = one(tables, "reciprocity").and_then(|reader| read_reciprocity(reader, errors));
    let quota = one(tables, "quota").and_then(|reader| read_quota(reader, errors));
    let disclosure = one(tables, "disclosure").and_then(|reader| read_disclosure(reader, errors));
    let termination = one(tables, "termination").and_then(|reader| read_termination(reader, errors));

    match (kind, operation_line) {
        (Some(AgreementKind::Operation), None) => {
            errors.push(TextError::new("text.missing-key", 0, "an operation needs the table `operation`"));
        }
        (Some(AgreementKind::Bilateral | AgreementKind::Multilateral), Some(line)) => {
            errors.push(TextError::new("text.unknown-key", line, "`operation` belongs to the kind `operation` only"));
        }
        _ => {}
    }

    Some(Terms {
        id: id?,
        version: version?,
        supersedes,
        kind: kind?,
        title: title?,
        language: language?,
        valid_from: valid_from?,
        valid_to: valid_to?,
        review_by: review_by?,
        instrument: instrument?,
        annexes,
        operation,
        parties,
        clauses,
        marking_maps,
        onward: onward?,
        recall: recall?,
        security: security?,
        audit: audit?,
        reciprocity: reciprocity?,
        quota: quota?,
        disclosure: disclosure?,
        termination: termination?,
        hash,
        text: text.to_owned(),
    })
}

const HASH: &str = "`sha256:` and 64 lower-case hexadecimal digits";
const HEX: &str = "64 lower-case hexadecimal digits";

fn parse_kind(text: &str) -> Option<AgreementKind> {
    match text {
        "bilateral" => Some(AgreementKind::Bilateral),
        "multilateral" => Some(AgreementKind::Multilateral),
        "operation" => Some(AgreementKind::Operation),
        _ => None,
    }
}

/// Reads a BCP 47 tag as far as the format needs it: subtags of 1 to 8 letters or digits, the first of 2 or 3 letters.
fn parse_language(text: &str) -> Option<String> {
    let mut parts = text.split('-');
    let first = parts.next()?;
    let first_fits = (2..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic());
    let rest_fits = parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    (first_fits && rest_fits && text.len() <= 35).then(|| text.to_owned())
}

fn read_instrument(mut reader: Reader<'_>, errors: &mut Errors) -> Option<Instrument> {
    let reference = reader.prose("reference", errors);
    let sha256 = reader.word("sha256", HEX, hex::decode_32, errors);
    reader.finish(errors);
    Some(Instrument { reference: reference?, sha256: sha256? })
}

fn read_annex(mut reader: Reader<'_>, errors: &mut Errors) -> Option<Annex> {
    let name = reader.prose("name", errors);
    let sha256 = reader.word("sha256", HEX, hex::decode_32, errors);
    reader.finish(errors);
    Some(Annex { name: name?, sha256: sha256? })
}

fn read_defaults(mut reader: Reader<'_>, errors: &mut Errors) {
    for key in ["unmarked", "unknown_marking", "unknown_type"] {
        reader.word(key, "`deny`, the only value of this format", |text| (text == "deny").then_some(()), errors);
    }
    reader.finish(errors);
}

fn read_operation(mut reader: Reader<'_>, errors: &mut Errors) -> Option<Operation> {
    let plain = |text: &str| PartyId::parse(text).map(|id| id.as_str().to_owned());
    let id = reader.word("id", "a name of a-z, 0-9 and hyphen", plain, errors);
    let name = reader.prose("name", errors);
    let lead = reader.word("lead", "a party id", PartyId::parse, errors);
    let accession_by_lead = reader.word("accession", "`all` or `lead`", |text| either(text, "lead", "all"), errors);
    let backfill_days = reader.integer::<u16>("backfill_days", 0, DAYS_MAX, errors);
    let delete_on_close =
        reader.word("close_effect", "`keep-file` or `delete`", |text| either(text, "delete", "keep-file"), errors);
    reader.finish(errors);
    Some(Operation {
        id: id?,
        name: name?,
        lead: lead?,
        accession_by_lead: accession_by_lead?,
        backfill_days: backfill_days?,
        delete_on_close: delete_on_close?,
    })
}

/// Maps two words to a boolean.
fn either(text: &str, yes: &str, no: &str) -> Option<bool> {
    if text == yes {
        Some(true)
    } else if text == no {
        Some(false)
    } else {
        None
    }
}

fn parse_vkey(text: &str, algorithm: Algorithm) -> Option<String> {
    let key = VerifierKey::parse(text).ok()?;
    (key.algorithm() == algorithm && key.to_string() == text).then(|| text.to_owned())
}

fn parse_country(text: &str) -> Option<String> {
    let fits = text == "INT" || (text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase()));
    fits.then(|| text.to_owned())
}

/// Reads a host name, or an address, with an optional port.
fn parse_host(text: &str) -> Option<String> {
    let (host, port) = text.rsplit_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let label_fits = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let port_fits = port.is_none_or(|port| !port.starts_with('0') && port.parse::<u16>().is_ok());
    (host.len() <= 253 && host.split('.').all(label_fits) && port_fits).then(|| text.to_owned())
}

fn parse_legal_basis(text: &str) -> Option<String> {
    const KNOWN: [&str; 9] = [
        "gdpr-6-1-c",
        "gdpr-6-1-e",
        "gdpr-6-1-f",
        "gdpr-recital-49",
        "led-8",
        "europol-26",
        "europol-26a",
        "europol-26b",
        "interpol-rpd",
    ];
    let national = text.strip_prefix("national:").is_some_and(|rest| PartyId::parse(rest).is_some());
    (KNOWN.contains(&text) || national).then(|| text.to_owned())
}

fn read_party(mut reader: Reader<'_>, errors: &mut Errors) -> Option<Party> {
    let ed25519 = |text: &str| parse_vkey(text, Algorithm::Ed25519);
    let witness = |text: &str| parse_vkey(text, Algorithm::CosignatureEd25519);
    let wanted_key = "a verifier key of type 0x01 whose id fits";
    let id = reader.word("id", "a name of 1 to 64 of a-z, 0-9 and hyphen, other than `all`", PartyId::parse, errors);
    let name = reader.prose("name", errors);
    let role = reader.word("role", "a role of the format", Role::parse, errors);
    let country = reader.word("country", "two upper-case letters or `INT`", parse_country, errors);
    let node = reader.word_opt("node", "a lower-case host name", parse_host, errors);
    let vkey = reader.word("vkey", wanted_key, ed25519, errors);
    let log_vkey = reader.word_opt("log_vkey", wanted_key, ed25519, errors);
    let witness_vkey = reader.word_opt("witness_vkey", "a verifier key of type 0x04 whose id fits", witness, errors);
    let mut client_spki = Vec::new();
    if let Some(items) = reader.list_opt("client_spki", errors) {
        let line = reader.line("client_spki");
        if !(1..=4).contains(&items.len()) {
            errors.push(TextError::new("text.value", line, "`client_spki` lists 1 to 4 certificates"));
        }
        for item in items {
            match hex::parse_sha256_text(item) {
                Some(hash) => client_spki.push(hash),
                None => errors.push(bad_value("client_spki", item, HASH, line)),
            }
        }
    }
    let mut legal_basis = Vec::new();
    reader.set("legal_basis", "a legal basis of the format", errors, |item| {
        let basis = parse_legal_basis(item)?;
        let fresh = !legal_basis.contains(&basis);
        legal_basis.push(basis);
        Some(fresh)
    });
    if legal_basis.is_empty() && reader.list_opt("legal_basis", &mut Errors::new()).is_some_and(<[String]>::is_empty) {
        errors.push(TextError::new("text.value", reader.line("legal_basis"), "`legal_basis` is empty"));
    }
    let contact_operations = reader.prose("contact_operations", errors);
    let contact_privacy = reader.prose("contact_privacy", errors);
    let contact_dispute = reader.prose("contact_dispute", errors);
    let contact_breach = reader.prose("contact_breach", errors);
    check_node_keys(&reader, errors);
    reader.finish(errors);
    Some(Party {
        id: id?,
        name: name?,
        role: role?,
        country: country?,
        node,
        vkey: vkey?,
        log_vkey,
        witness_vkey,
        client_spki,
        legal_basis,
        contact_operations: contact_operations?,
        contact_privacy: contact_privacy?,
        contact_dispute: contact_dispute?,
        contact_breach: contact_breach?,
    })
}

/// A node has a log; without a node there is neither log nor witness.
fn check_node_keys(reader: &Reader<'_>, errors: &mut Errors) {
    let line = reader.line("id");
    match (reader.has("node"), reader.has("log_vkey"), reader.has("witness_vkey")) {
        (true, false, _) => {
            errors.push(TextError::new("text.missing-key", line, "a party with `node` needs `log_vkey`"));
        }
        (false, true, _) | (false, _, true) => {
            let message = "a party without `node` has neither `log_vkey` nor `witness_vkey`";
            errors.push(TextError::new("text.missing-key", line, message));
        }
        _ => {}
    }
}

fn read_marking_map(mut reader: Reader<'_>, errors: &mut Errors) -> Option<MarkingMap> {
    let marking = reader.word(
        "marking",
        "the id of a marking-definition that is not built in",
        |text| {
            let is_marking = entente_stix::id::split(text).is_some_and(|(kind, _)| kind == "marking-definition");
            (is_marking && Tlp::from_marking_id(text).is_none()).then(|| text.to_owned())
        },
        errors,
    );
    let tlp = reader.word("tlp", "a TLP level", Tlp::parse, errors);
    let pap = reader.word("pap", "a PAP level", Pap::parse, errors);
    reader.finish(errors);
    Some(MarkingMap { marking: marking?, tlp: tlp?, pap: pap? })
}

fn read_onward(mut reader: Reader<'_>, errors: &mut Errors) -> Option<Onward> {
    let consent = reader.word("rule", "`none` or `consent`", |text| either(text, "consent", "none"), errors);
    let mut community = Vec::new();
    let good = reader.set("community", "`role:` with a role, or `party:` with a party id", errors, |item| {
        let member = match item.split_once(':') {
            Some(("role", role)) => CommunityMember::Role(Role::parse(role)?),
            Some(("party", id)) => CommunityMember::Party(PartyId::parse(id)?),
            _ => return None,
        };
        let fresh = !community.contains(&member);
        community.push(member);
        Some(fresh)
    });
    reader.finish(errors);
    good.then_some(Onward { consent: consent?, community })
}

fn read_recall(mut reader: Reader<'_>, errors: &mut Errors) -> Option<Recall> {
    let ack_hours = reader.integer("ack_hours", 1, HOURS_MAX, errors);
    let complete_hours = reader.integer("complete_hours", 1, HOURS_MAX, errors);
    let onward = reader.boolean("onward", errors);
    reader.finish(errors);
    Some(Recall { ack_hours: ack_hours?, complete_hours: complete_hours?, onward: onward? })
}

fn read_security(mut reader: Reader<'_>, errors: &mut Errors) -> Option<Security> {
    let tls_1_3 = reader.word("tls_min", "`1.2` or `1.3`", |text| either(text, "1.3", "1.2"), errors);
    let mutual_tls = reader.boolean("mutual_tls", errors);
    let encrypt_at_rest = reader.boolean("encrypt_at_rest", errors);
    let breach_notice_hours = reader.integer("breach_notice_hours", 1, HOURS_MAX, errors);
    reader.finish(errors);
    Some(Security {
        tls_1_3: tls_1_3?,
        mutual_tls: mutual_tls?,
        encrypt_at_rest: encrypt_at_rest?,
        breach_notice_hours: breach_notice_hours?,
    })
}

fn read_audit(mut reader: Reader<'_>, errors: &mut Errors) -> Option<Audit> {
    let parties_may_audit = reader.boolean("parties_may_audit", errors);
    let notice_days = reader.integer("notice_days", 0, DAYS_MAX, errors);
    let keep_years = reader.integer("keep_years", 1, 100, errors);
    let observers: Vec<String> = reader.list_opt("observers", errors).unwrap_or_default().to_vec();
    let line = reader.line("observers");
    for observer in &observers {
        if parse_vkey(observer, Algorithm::Ed25519).is_none() {
            errors.push(bad_value("observers", observer, "a verifier key of type 0x01", line));
        }
    }
    let quorum = reader.integer_opt::<u8>("witness_quorum", 0, 64, errors);
    reader.finish(errors);
    Some(Audit {
        parties_may_audit: parties_may_audit?,
        notice_days: notice_days?,
        keep_years: keep_years?,
        observers,
        witness_quorum: quorum.unwrap_or(0),
    })
}

fn read_reciprocity(mut reader: Reader<'_>, errors: &mut Errors) -> Option<Reciprocity> {
    let review = reader.word("mode", "`inform` or `review`", |text| either(text, "review", "inform"), errors);
    let period_days = reader.integer("period_days", 1, DAYS_MAX, errors);
    let share = reader.boolean("share", errors);
    let review_below = reader.integer_opt::<i8>("review_below", -100, 100, errors);
    let line = reader.line("review_below");
    match (review, reader.has("review_below")) {
        (Some(true), false) => {
            errors.push(TextError::new("text.missing-key", line, "`review_below` is missing with the mode `review`"));
        }
        (Some(false), true) => {
            let message = "`review_below` belongs to the mode `review` only";
            errors.push(TextError::new("text.unknown-key", line, message));
        }
        _ => {}
    }
    reader.finish(errors);
    review?;
    Some(Reciprocity { review_below, period_days: period_days?, share: share? })
}

fn read_quota(mut reader: Reader<'_>, errors: &mut Errors) -> Option<Quota> {
    const MOST: i64 = 1_000_000_000;
    let objects_per_day = reader.integer("objects_per_day", 0, MOST, errors);
    let private_lookups_per_day = reader.integer("private_lookups_per_day", 0, MOST, errors);
    let overlap_items_per_epoch = reader.integer("overlap_items_per_epoch", 0, MOST, errors);
    reader.finish(errors);
    Some(Quota {
        objects_per_day: objects_per_day?,
        private_lookups_per_day: private_lookups_per_day?,
        overlap_items_per_epoch: overlap_items_per_epoch?,
    })
}

fn read_disclosure(mut reader: Reader<'_>, errors: &mut Errors) -> Option<Disclosure> {
    let public = reader.word("existence", "`parties` or `public`", |text| either(text, "public", "parties"), errors);
    let withheld_counts = reader.boolean("withheld_counts", errors);
    reader.finish(errors);
    Some(Disclosure { public: public?, withheld_counts: withheld_counts? })
}

fn read_termination(mut reader: Reader<'_>, errors: &mut Errors) -> Option<Termination> {
    let effect = reader.word(
        "effect",
        "`delete`, `return` or `return-and-delete`",
        |text| match text {
            "delete" => Some(TerminationEffect::Delete),
            "return" => Some(TerminationEffect::Return),
            "return-and-delete" => Some(TerminationEffect::ReturnAndDelete),
            _ => None,
        },
        errors,
    );
    let notice_days = reader.integer("notice_days", 0, DAYS_MAX, errors);
    let certificate_days = reader.integer("certificate_days", 1, DAYS_MAX, errors);
    reader.finish(errors);
    Some(Termination { notice_days: notice_days?, effect: effect?, certificate_days: certificate_days? })
}
