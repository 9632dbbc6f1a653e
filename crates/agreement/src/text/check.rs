//! What a text means as a whole: stage three of section 4.3, and the properties P1, P2, P4, P5 of section 18.

use std::collections::BTreeSet;

use entente_ledger::note::VerifierKey;
use entente_observable::Kind;
use entente_stix::marking::Tlp;

use super::FORMAT;
use super::profile::{Table, Value};
use crate::compare;
use crate::error::{TextError, shown};
use crate::ids::PartyId;
use crate::terms::{AgreementKind, Clause, Recipients, Releasers, Terms};
use crate::vocabulary::{Door, KindSet, ObjectType, Purpose, PurposeSet, Subject};

/// LIMIT: five years of validity, leap days included.
const VALIDITY_MICROS_MAX: i64 = (5 * 365 + 2) * 86_400_000_000;

type Errors = Vec<TextError>;

/// Checks the format's name before anything else is asked of the tables.
pub(crate) fn format(tables: &[Table]) -> Result<(), Errors> {
    let entry = tables.first().and_then(|top| top.entries.iter().find(|entry| entry.key == "format"));
    match entry.map(|entry| (&entry.value, entry.line)) {
        Some((Value::Text(found), line)) if found != FORMAT => {
            let message = format!("`{}` is not the format `{FORMAT}`", shown(found));
            Err(vec![TextError::new("agr.format", line, message)])
        }
        _ => Ok(()),
    }
}

/// Checks the whole and writes party positions into the compiled clauses.
pub(crate) fn agreement(terms: &mut Terms, tables: &[Table]) -> Result<(), Errors> {
    let mut errors = Errors::new();
    let line = |key: &str| top_line(tables, key);
    check_version(terms, line("version"), &mut errors);
    check_validity(terms, line("valid_to"), line("review_by"), &mut errors);
    check_parties(terms, tables, &mut errors);
    check_scopes(terms, &mut errors);
    check_markings(terms, tables, &mut errors);
    if errors.is_empty() {
        compile_pairs(terms);
        for clause in &terms.clauses {
            check_clause(clause, &mut errors);
        }
        check_quota(terms, tables, &mut errors);
        check_pairs_of_clauses(&terms.clauses, &mut errors);
        if errors.is_empty() {
            check_covered(terms, &mut errors);
        }
    }
    errors.sort_by_key(|error| error.line);
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn top_line(tables: &[Table], key: &str) -> u32 {
    tables.first().and_then(|top| top.entries.iter().find(|entry| entry.key == key)).map_or(0, |entry| entry.line)
}

/// Returns the line of the `nth` table of a name.
fn table_line(tables: &[Table], name: &str, nth: usize) -> u32 {
    tables.iter().skip(1).filter(|table| table.name == name).nth(nth).map_or(0, |table| table.line)
}

fn check_version(terms: &Terms, line: u32, errors: &mut Errors) {
    match (terms.version, terms.supersedes.is_some()) {
        (1, true) => errors.push(TextError::new("agr.supersedes", line, "version 1 supersedes nothing")),
        (2.., false) => {
            errors.push(TextError::new(
                "agr.supersedes",
                line,
                "`supersedes` is missing: it names the hash of the version before",
            ));
        }
        _ => {}
    }
}

fn check_validity(terms: &Terms, line: u32, review_line: u32, errors: &mut Errors) {
    let length = terms.valid_to.as_micros().saturating_sub(terms.valid_from.as_micros());
    if length <= 0 {
        errors.push(TextError::new("agr.validity", line, "`valid_to` is not after `valid_from`"));
    } else if length > VALIDITY_MICROS_MAX {
        errors.push(TextError::new("agr.validity", line, "the validity is longer than five years"));
    } else if terms.review_by < terms.valid_from || terms.review_by >= terms.valid_to {
        errors.push(TextError::new("agr.validity", review_line, "`review_by` lies outside the validity"));
    }
}

fn check_parties(terms: &Terms, tables: &[Table], errors: &mut Errors) {
    let count = terms.parties.len();
    let fits = match terms.kind {
        AgreementKind::Bilateral => count == 2,
        AgreementKind::Multilateral | AgreementKind::Operation => count >= 2,
    };
    if !fits {
        let message = format!("the text has {count} parties; a bilateral one has exactly two, others two or more");
        errors.push(TextError::new("text.value", top_line(tables, "kind"), message));
    }
    let mut ids = BTreeSet::new();
    let mut keys = BTreeSet::new();
    for (nth, party) in terms.parties.iter().enumerate() {
        let line = table_line(tables, "party", nth);
        if !ids.insert(party.id.as_str()) {
            errors.push(TextError::new("text.value", line, format!("party `{}` is given twice", party.id)));
        }
        // A key used twice would let one party sign for another, or a log speak as a party.
        let all = [Some(&party.vkey), party.log_vkey.as_ref(), party.witness_vkey.as_ref()];
        for key in all.into_iter().flatten().filter_map(|text| VerifierKey::parse(text).ok()) {
            if !keys.insert(key.public_key().to_vec()) {
                let message = format!("the key of `{}` occurs twice in the text", key.name());
                errors.push(TextError::new("agr.wrong-key", line, message));
            }
        }
        if let (Some(node), Some(log_vkey)) = (&party.node, &party.log_vkey) {
            let origin = format!("{node}/agr/{}", terms.id);
            if log_vkey.split('+').next() != Some(origin.as_str()) {
                let message = format!("the name in `log_vkey` of `{}` is not its log's origin `{origin}`", party.id);
                errors.push(TextError::new("agr.wrong-key", line, message));
            }
        }
    }
}

/// Checks that every party named in a clause or table exists.
fn check_scopes(terms: &Terms, errors: &mut Errors) {
    let mut ids = BTreeSet::new();
    for clause in &terms.clauses {
        if !ids.insert(clause.id.as_str()) {
            errors.push(TextError::new("text.value", clause.line, format!("clause `{}` is given twice", clause.id)));
        }
        let unknown = |id: &PartyId| terms.position(id).is_none();
        if let Releasers::Party(from) = &clause.from
            && unknown(from)
        {
            errors.push(no_party(clause.line, from));
        }
        if let Recipients::Parties(to) = &clause.to {
            if to.is_empty() {
                let message = format!("clause `{}` names no recipient; say `[\"all\"]` for everyone", clause.id);
                errors.push(TextError::new("agr.no-recipient", clause.line, message));
            }
            for party in to.iter().filter(|party| unknown(party)) {
                errors.push(no_party(clause.line, party));
            }
            if let Releasers::Party(from) = &clause.from
                && to.contains(from)
            {
                let message = format!("clause `{}` releases from `{from}` to itself", clause.id);
                errors.push(TextError::new("agr.self", clause.line, message));
            }
        }
    }
    if let Some(operation) = &terms.operation
        && terms.position(&operation.lead).is_none()
    {
        errors.push(no_party(0, &operation.lead));
    }
}

fn no_party(line: u32, id: &PartyId) -> TextError {
    TextError::new("text.value", line, format!("`{id}` is not a party of the text"))
}

fn check_markings(terms: &Terms, tables: &[Table], errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for (nth, map) in terms.marking_maps.iter().enumerate() {
        if !seen.insert(map.marking.as_str()) {
            let line = table_line(tables, "marking_map", nth);
            errors.push(TextError::new("text.value", line, format!("`{}` is mapped twice", map.marking)));
        }
    }
    for clause in &terms.clauses {
        // P1: RED is in no box.
        if clause.tlp_max == Tlp::Red {
            let message = format!("clause `{}`: TLP:RED is never released, so `tlp_max` cannot be `red`", clause.id);
            errors.push(TextError::new("agr.ceiling-red", clause.line, message));
        }
        if let Some(remark) = clause.obligations.remark_tlp
            && remark > clause.tlp_max
        {
            let message = format!(
                "clause `{}`: `remark:tlp={}` raises the marking above `tlp_max = \"{}\"`",
                clause.id,
                remark.key(),
                clause.tlp_max.key()
            );
            errors.push(TextError::new("agr.remark-above-max", clause.line, message));
        }
        if let Some(remark) = clause.obligations.remark_pap
            && remark > clause.pap_max
        {
            let message = format!(
                "clause `{}`: `remark:pap={}` raises the marking above `pap_max = \"{}\"`",
                clause.id,
                remark.key(),
                clause.pap_max.key()
            );
            errors.push(TextError::new("agr.remark-above-max", clause.line, message));
        }
    }
}

fn compile_pairs(terms: &mut Terms) {
    let count = u32::try_from(terms.parties.len()).unwrap_or(u32::MAX);
    let everyone = 1_u64.checked_shl(count).map_or(u64::MAX, |bit| bit.wrapping_sub(1));
    let positions: Vec<PartyId> = terms.parties.iter().map(|party| party.id.clone()).collect();
    let bit = |id: &PartyId| {
        let at = positions.iter().position(|known| known == id).and_then(|at| u32::try_from(at).ok());
        at.and_then(|at| 1_u64.checked_shl(at)).unwrap_or(0)
    };
    for clause in &mut terms.clauses {
        clause.compiled.from = match &clause.from {
            Releasers::All => everyone,
            Releasers::Party(id) => bit(id),
        };
        clause.compiled.to = match &clause.to {
            Recipients::All => everyone,
            Recipients::Parties(ids) => ids.iter().fold(0, |bits, id| bits | bit(id)),
        };
    }
}

fn check_clause(clause: &Clause, errors: &mut Errors) {
    // P2: no victim data without redaction.
    if clause.subjects.contains(Subject::Victim) && clause.obligations.redact_victim.is_none() {
        let notification = clause.purposes == PurposeSet::of(&[Purpose::VictimNotification]);
        if !(notification && clause.constituency_only) {
            let message = format!(
                "clause `{}` releases victim data: it needs `redact-victim`, or the sole purpose `victim-notification` with \
                 `constituency_only = true`",
                clause.id
            );
            errors.push(TextError::new("agr.victim", clause.line, message));
        }
    }
    if clause.obligations.reduce_confidence_bucket && !matches!(clause.confidence_min, 0 | 1 | 30 | 70) {
        let message = format!(
            "clause `{}`: with `reduce-confidence-bucket`, `confidence_min` is 0, 1, 30 or 70, not {}",
            clause.id, clause.confidence_min
        );
        errors.push(TextError::new("agr.bucket-threshold", clause.line, message));
    }
    // P4: not vacuous.
    if let Some(why) = why_vacuous(clause) {
        let message = format!("clause `{}` can never release anything: {why}", clause.id);
        errors.push(TextError::new("agr.vacuous", clause.line, message));
    }
}

fn why_vacuous(clause: &Clause) -> Option<&'static str> {
    let compiled = &clause.compiled;
    if compiled.from.count_ones() == 1 && compiled.from == compiled.to {
        return Some("it names no pair of different parties");
    }
    if clause.purposes.is_empty() {
        return Some("`purpose` is empty");
    }
    if clause.types.is_empty() || clause.kinds.is_empty() {
        return Some("`types` or `kinds` is empty");
    }
    if clause.origins.is_empty() {
        return Some("`origin` is empty");
    }
    if clause.subjects.is_empty() {
        return Some("`subject` is empty");
    }
    if clause.doors.is_empty() {
        return Some("`doors` is empty");
    }
    if clause.private_lookup {
        let answers = clause.doors.contains(Door::PrivateLookup);
        return (!answers).then_some("`private_lookup = true` needs the door `private-lookup`");
    }
    if clause.aggregates {
        let counts = clause.types.contains(ObjectType::Aggregate);
        return (!counts).then_some("`aggregates = true` needs the type `aggregate`");
    }
    if compiled.doors.is_empty() {
        return Some("the door `private-lookup` needs `private_lookup = true`");
    }
    if compiled.types.is_empty() {
        return Some("the type `aggregate` needs `aggregates = true`");
    }
    let possible =
        compiled.types.iter().any(|object_type| !kinds_of(object_type).intersection(clause.kinds).is_empty());
    (!possible).then_some("no type of `types` can have a kind of `kinds`")
}

/// Returns the kinds that objects of a type can have.
pub(crate) fn kinds_of(object_type: ObjectType) -> KindSet {
    let none = None;
    match object_type {
        ObjectType::Ipv4Addr => KindSet::of(&[Some(Kind::Ipv4Addr), Some(Kind::Network)]),
        ObjectType::Ipv6Addr => KindSet::of(&[Some(Kind::Ipv6Addr), Some(Kind::Network)]),
        ObjectType::DomainName => KindSet::of(&[Some(Kind::DomainName)]),
        ObjectType::Url => KindSet::of(&[Some(Kind::Url)]),
        ObjectType::EmailAddr => KindSet::of(&[Some(Kind::EmailAddr)]),
        ObjectType::AutonomousSystem => KindSet::of(&[Some(Kind::AutonomousSystem)]),
        ObjectType::File => KindSet::of(&[Some(Kind::FileHash), none]),
        ObjectType::X509Certificate => KindSet::of(&[Some(Kind::X509Certificate), none]),
        ObjectType::UserAccount => KindSet::of(&[Some(Kind::UserAccount), none]),
        _ => {
            let mut all = KindSet::of(&[none]);
            for kind in Kind::ALL {
                all.insert(Some(kind));
            }
            all
        }
    }
}

fn check_quota(terms: &Terms, tables: &[Table], errors: &mut Errors) {
    let line = table_line(tables, "quota", 0);
    let releases = terms.clauses.iter().any(|clause| !clause.private_lookup);
    if releases && terms.quota.objects_per_day == 0 {
        let message = "`objects_per_day = 0` stops every release; leave the clauses out instead";
        errors.push(TextError::new("agr.quota", line, message));
    }
    let lookups = terms.clauses.iter().any(|clause| clause.private_lookup);
    if lookups && terms.quota.private_lookups_per_day == 0 {
        let message = "a clause has `private_lookup = true`, but `private_lookups_per_day` is 0";
        errors.push(TextError::new("agr.quota", line, message));
    }
}

/// P5 (equal obligations where clauses overlap) and the rest of P4 (not covered by an earlier clause).
///
/// Overlap is judged on the whole boxes: conservative only for age, confidence and marking, which are half-open intervals
/// from the same end and so always overlap.
fn check_pairs_of_clauses(clauses: &[Clause], errors: &mut Errors) {
    for (at, later) in clauses.iter().enumerate() {
        for earlier in clauses.iter().take(at) {
            if earlier.private_lookup != later.private_lookup || earlier.aggregates != later.aggregates {
                continue;
            }
            if !overlap(earlier, later) {
                continue;
            }
            if earlier.obligations != later.obligations || earlier.text != later.text {
                let message = format!(
                    "clauses `{}` and `{}` both match some objects but oblige to different things",
                    earlier.id, later.id
                );
                errors.push(TextError::new("agr.ambiguous", later.line, message));
            } else if covers(earlier, later) {
                let message = format!("clause `{}` can never release anything: `{}` covers it", later.id, earlier.id);
                errors.push(TextError::new("agr.vacuous", later.line, message));
            }
        }
    }
}

/// P4 once more: several clauses together can cover a later one that none of them covers alone, and one can cover all that can
/// occur of it.
fn check_covered(terms: &Terms, errors: &mut Errors) {
    for clause in compare::covered(terms).into_iter().filter_map(|at| terms.clauses.get(at)) {
        let message = format!("clause `{}` can never release anything: the clauses before it cover it", clause.id);
        errors.push(TextError::new("agr.vacuous", clause.line, message));
    }
}

fn overlap(a: &Clause, b: &Clause) -> bool {
    let (x, y) = (&a.compiled, &b.compiled);
    x.shares_pair(y)
        && !a.purposes.intersection(b.purposes).is_empty()
        && !a.doors.intersection(b.doors).is_empty()
        && a.types.intersection(b.types).iter().any(|object_type| {
            let kinds = a.kinds.intersection(b.kinds);
            object_type == ObjectType::Aggregate || !kinds_of(object_type).intersection(kinds).is_empty()
        })
        && !x.origins.intersection(y.origins).is_empty()
        && !x.subjects.intersection(y.subjects).is_empty()
}

fn covers(outer: &Clause, inner: &Clause) -> bool {
    let (x, y) = (&outer.compiled, &inner.compiled);
    y.from & !x.from == 0
        && y.to & !x.to == 0
        && inner.purposes.is_subset(outer.purposes)
        && inner.doors.is_subset(outer.doors)
        && inner.types.is_subset(outer.types)
        && inner.kinds.is_subset(outer.kinds)
        && y.tlp_max <= x.tlp_max
        && y.pap_max <= x.pap_max
        && y.origins.is_subset(x.origins)
        && y.subjects.is_subset(x.subjects)
        && y.confidence_min >= x.confidence_min
        && y.max_age_days <= x.max_age_days
        && (x.warninglisted || !y.warninglisted)
        && (!x.constituency_only || y.constituency_only)
        && outer.k_min.unwrap_or(0) <= inner.k_min.unwrap_or(0)
}
