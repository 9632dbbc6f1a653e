//! Writing a text: the parts that all templates share.

use std::fmt::Write as _;

use entente_stix::Timestamp;
use entente_stix::marking::Tlp;

use super::{Draft, TemplateParty};
use crate::error::TextError;
use crate::hex;
use crate::terms::Terms;

/// What stands at the head of a text.
pub(super) struct Head<'i> {
    pub(super) draft: &'i Draft,
    pub(super) kind: &'static str,
    pub(super) title: &'i str,
    /// Lines of the table `[operation]`.
    pub(super) operation: Vec<(&'static str, String)>,
}

/// Writes a whole text and checks it.
pub(super) fn text(head: &Head<'_>, clauses: &[Clause<'_>]) -> Result<String, Vec<TextError>> {
    let mut text = String::new();
    write_head(&mut text, head);
    for party in &head.draft.parties {
        write_party(&mut text, party);
    }
    for clause in clauses {
        write_clause(&mut text, clause);
    }
    tail(&mut text, head.draft);
    Terms::parse(&text)?;
    Ok(text)
}

fn write_head(text: &mut String, head: &Head<'_>) {
    let input = head.draft;
    pair(text, "format", &quoted(crate::FORMAT));
    pair(text, "id", &quoted(input.id.as_str()));
    pair(text, "version", "1");
    pair(text, "kind", &quoted(head.kind));
    pair(text, "title", &quoted(head.title));
    pair(text, "language", &quoted("en"));
    pair(text, "valid_from", &time(input.valid_from));
    pair(text, "valid_to", &time(input.valid_to));
    // Half-way, on a full day.
    let half = input.valid_to.as_micros().saturating_sub(input.valid_from.as_micros()) / 2;
    let review = input.valid_from.saturating_add_micros(half).floor_to(86_400_000_000).max(input.valid_from);
    pair(text, "review_by", &time(review));
    table(text, "[instrument]");
    pair(text, "reference", &quoted(&input.instrument_reference));
    pair(text, "sha256", &quoted(&hex::encode(&input.instrument_sha256)));
    if !head.operation.is_empty() {
        table(text, "[operation]");
        for (key, value) in &head.operation {
            pair(text, key, value);
        }
    }
    table(text, "[defaults]");
    for key in ["unmarked", "unknown_marking", "unknown_type"] {
        pair(text, key, &quoted("deny"));
    }
}

fn write_party(text: &mut String, party: &TemplateParty) {
    table(text, "[[party]]");
    pair(text, "id", &quoted(party.id.as_str()));
    pair(text, "name", &quoted(&party.name));
    pair(text, "role", &quoted(party.role.name()));
    pair(text, "country", &quoted(&party.country));
    let optional = [("node", &party.node), ("vkey", &Some(party.vkey.clone())), ("log_vkey", &party.log_vkey)];
    for (key, value) in optional.into_iter().chain([("witness_vkey", &party.witness_vkey)]) {
        if let Some(value) = value {
            pair(text, key, &quoted(value));
        }
    }
    pair(text, "legal_basis", &array(&party.legal_basis));
    for key in ["contact_operations", "contact_privacy", "contact_dispute", "contact_breach"] {
        pair(text, key, &quoted(&party.contact));
    }
}

/// One clause of a template; the fields that differ.
pub(super) struct Clause<'i> {
    pub(super) id: &'static str,
    pub(super) from: &'i str,
    pub(super) to: Vec<&'i str>,
    pub(super) purpose: &'static [&'static str],
    pub(super) types: &'static [&'static str],
    pub(super) kinds: &'static [&'static str],
    pub(super) tlp_max: Tlp,
    pub(super) confidence_min: u8,
    pub(super) max_age_days: u16,
    pub(super) origin: &'static [&'static str],
    pub(super) subject: &'static [&'static str],
    pub(super) doors: &'static [&'static str],
    pub(super) extra: &'static [(&'static str, &'static str)],
    pub(super) obligations: Vec<String>,
}

pub(super) const VALUES: &[&str] = &["ipv4-addr", "ipv6-addr", "network", "domain-name", "url", "file-hash", "none"];
pub(super) const SITES: &[&str] = &["ipv4-addr", "ipv6-addr", "domain-name", "url", "none"];
pub(super) const ATTACK: &[&str] =
    &["indicator", "infrastructure", "malware", "ipv4-addr", "ipv6-addr", "domain-name", "url", "file", "relationship"];
pub(super) const PHISHING: &[&str] =
    &["indicator", "infrastructure", "url", "domain-name", "ipv4-addr", "ipv6-addr", "relationship"];
pub(super) const PARTNER_DOORS: &[&str] = &["sync", "taxii", "rest", "export"];

impl<'i> Clause<'i> {
    /// Copies a clause to be changed in part.
    pub(super) fn same(&self) -> Clause<'i> {
        Clause { obligations: Vec::new(), to: self.to.clone(), ..*self }
    }
}

pub(super) fn words(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

fn write_clause(text: &mut String, clause: &Clause<'_>) {
    table(text, "[[clause]]");
    pair(text, "id", &quoted(clause.id));
    pair(text, "from", &quoted(clause.from));
    pair(text, "to", &array(&clause.to));
    pair(text, "purpose", &array(clause.purpose));
    pair(text, "types", &array(clause.types));
    pair(text, "kinds", &array(clause.kinds));
    pair(text, "tlp_max", &quoted(clause.tlp_max.key()));
    pair(text, "pap_max", &quoted("amber"));
    pair(text, "confidence_min", &clause.confidence_min.to_string());
    pair(text, "max_age_days", &clause.max_age_days.to_string());
    pair(text, "origin", &array(clause.origin));
    pair(text, "subject", &array(clause.subject));
    pair(text, "doors", &array(clause.doors));
    pair(text, "text", "false");
    for (key, value) in clause.extra {
        pair(text, key, value);
    }
    pair(text, "obligations", &array(&clause.obligations));
}

fn tail(text: &mut String, input: &Draft) {
    table(text, "[onward]");
    pair(text, "rule", &quoted("consent"));
    pair(text, "community", &array(&input.community));
    let tables: [(&str, &[(&str, &str)]); 7] = [
        ("[recall]", &[("ack_hours", "24"), ("complete_hours", "72"), ("onward", "true")]),
        (
            "[security]",
            &[
                ("tls_min", "\"1.3\""),
                ("mutual_tls", "false"),
                ("encrypt_at_rest", "true"),
                ("breach_notice_hours", "24"),
            ],
        ),
        ("[audit]", &[("parties_may_audit", "true"), ("notice_days", "14"), ("keep_years", "10")]),
        ("[reciprocity]", &[("mode", "\"inform\""), ("period_days", "30"), ("share", "true")]),
        (
            "[quota]",
            &[("objects_per_day", "1000000"), ("private_lookups_per_day", "0"), ("overlap_items_per_epoch", "0")],
        ),
        ("[disclosure]", &[("existence", "\"parties\""), ("withheld_counts", "false")]),
        ("[termination]", &[("notice_days", "30"), ("effect", "\"delete\""), ("certificate_days", "30")]),
    ];
    for (name, pairs) in tables {
        table(text, name);
        for (key, value) in pairs {
            pair(text, key, value);
        }
    }
}

fn table(text: &mut String, header: &str) {
    text.push('\n');
    text.push_str(header);
    text.push('\n');
}

fn pair(text: &mut String, key: &str, value: &str) {
    // INVARIANT: writing to a string does not fail.
    let _ = writeln!(text, "{key} = {value}");
}

pub(super) fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

fn array<T: AsRef<str>>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(|item| quoted(item.as_ref())).collect();
    format!("[{}]", items.join(", "))
}

pub(super) fn time(at: Timestamp) -> String {
    let text = at.to_string();
    text.strip_suffix(".000Z").map_or_else(|| text.clone(), |seconds| format!("{seconds}Z"))
}

/// The common obligations of what leaves under a pseudonym, with more, marked at least at a level.
pub(super) fn obliged(list: &[&str], remark: Tlp) -> Vec<String> {
    let mut all = words(list);
    all.push(format!("remark:tlp={}", remark.key()));
    all
}
