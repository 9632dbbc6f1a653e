//! Terms outside the boxes, compared one by one (section 13.3 of the format).

use std::cmp::Ordering;
use std::fmt::Display;

use super::strength::inclusion;
use super::{Difference, Direction};
use crate::hex;
use crate::terms::{AgreementKind, CommunityMember, MarkingMap, Operation, Party, TerminationEffect, Terms};

/// Collects differences; `None` of a value is written as `none`.
struct List(Vec<Difference>);

impl List {
    fn add(&mut self, name: &str, direction: Direction, a: impl Display, b: impl Display) {
        self.0.extend(Difference::new(name, direction, &a.to_string(), &b.to_string()));
    }

    /// More permits more, or obliges to less.
    fn more_is_broader<T: Ord + Display>(&mut self, name: &str, a: T, b: T) {
        self.add(name, Direction::of_order(a.cmp(&b)), a, b);
    }

    /// Less permits more, or obliges to less.
    fn less_is_broader<T: Ord + Display>(&mut self, name: &str, a: T, b: T) {
        self.add(name, Direction::of_order(b.cmp(&a)), a, b);
    }

    /// There is no order; every change counts both ways.
    fn unordered(&mut self, name: &str, a: impl Display, b: impl Display) {
        self.add(name, Direction::Incomparable, a, b);
    }

    /// The change is shown and permits nothing.
    fn neutral(&mut self, name: &str, a: impl Display, b: impl Display) {
        self.add(name, Direction::Neutral, a, b);
    }

    /// A larger set is broader.
    fn set(&mut self, name: &str, a: &[String], b: &[String]) {
        let order = inclusion(a, b);
        // The order in the text means nothing.
        if order != Some(Ordering::Equal) {
            self.add(name, order.map_or(Direction::Incomparable, Direction::of_order), words(a), words(b));
        }
    }
}

/// Lists the differences of two texts outside their clauses.
pub(super) fn differences(a: &Terms, b: &Terms) -> Vec<Difference> {
    let mut list = List(Vec::new());
    head(&mut list, a, b);
    operation(&mut list, a.operation.as_ref(), b.operation.as_ref());
    parties(&mut list, a, b);
    markings(&mut list, &a.marking_maps, &b.marking_maps);
    list.more_is_broader("onward.rule", Rule(a.onward.consent), Rule(b.onward.consent));
    let community = |terms: &Terms| terms.onward.community.iter().map(member).collect::<Vec<_>>();
    list.set("onward.community", &community(a), &community(b));
    list.more_is_broader("recall.ack_hours", a.recall.ack_hours, b.recall.ack_hours);
    list.more_is_broader("recall.complete_hours", a.recall.complete_hours, b.recall.complete_hours);
    list.less_is_broader("recall.onward", a.recall.onward, b.recall.onward);
    list.less_is_broader("security.tls_min", tls(a.security.tls_1_3), tls(b.security.tls_1_3));
    list.less_is_broader("security.mutual_tls", a.security.mutual_tls, b.security.mutual_tls);
    list.less_is_broader("security.encrypt_at_rest", a.security.encrypt_at_rest, b.security.encrypt_at_rest);
    list.more_is_broader(
        "security.breach_notice_hours",
        a.security.breach_notice_hours,
        b.security.breach_notice_hours,
    );
    list.less_is_broader("audit.parties_may_audit", a.audit.parties_may_audit, b.audit.parties_may_audit);
    list.more_is_broader("audit.notice_days", a.audit.notice_days, b.audit.notice_days);
    list.less_is_broader("audit.keep_years", a.audit.keep_years, b.audit.keep_years);
    list.set("audit.observers", &a.audit.observers, &b.audit.observers);
    list.less_is_broader("audit.witness_quorum", a.audit.witness_quorum, b.audit.witness_quorum);
    let review = |terms: &Terms| optional(terms.reciprocity.review_below.as_ref());
    list.neutral("reciprocity.review_below", review(a), review(b));
    list.neutral("reciprocity.period_days", a.reciprocity.period_days, b.reciprocity.period_days);
    // Sending counts back is a duty of one side and a gift to the other.
    list.unordered("reciprocity.share", a.reciprocity.share, b.reciprocity.share);
    list.more_is_broader("quota.objects_per_day", a.quota.objects_per_day, b.quota.objects_per_day);
    list.more_is_broader(
        "quota.private_lookups_per_day",
        a.quota.private_lookups_per_day,
        b.quota.private_lookups_per_day,
    );
    list.more_is_broader(
        "quota.overlap_items_per_epoch",
        a.quota.overlap_items_per_epoch,
        b.quota.overlap_items_per_epoch,
    );
    let existence = |terms: &Terms| if terms.disclosure.public { "public" } else { "parties" };
    list.add(
        "disclosure.existence",
        Direction::of_order(a.disclosure.public.cmp(&b.disclosure.public)),
        existence(a),
        existence(b),
    );
    list.more_is_broader("disclosure.withheld_counts", a.disclosure.withheld_counts, b.disclosure.withheld_counts);
    // A longer notice binds the parties longer, and lets data flow longer.
    list.unordered("termination.notice_days", a.termination.notice_days, b.termination.notice_days);
    list.add(
        "termination.effect",
        effects(a.termination.effect, b.termination.effect),
        effect(a.termination.effect),
        effect(b.termination.effect),
    );
    list.more_is_broader(
        "termination.certificate_days",
        a.termination.certificate_days,
        b.termination.certificate_days,
    );
    list.0
}

fn head(list: &mut List, a: &Terms, b: &Terms) {
    list.neutral("id", &a.id, &b.id);
    list.neutral("version", a.version, b.version);
    let supersedes = |terms: &Terms| terms.supersedes.map_or_else(none, |hash| hex::sha256_text(&hash));
    list.neutral("supersedes", supersedes(a), supersedes(b));
    list.unordered("kind", kind(a.kind), kind(b.kind));
    list.neutral("title", &a.title, &b.title);
    list.neutral("language", &a.language, &b.language);
    list.neutral("review_by", a.review_by, b.review_by);
    list.neutral("instrument.reference", &a.instrument.reference, &b.instrument.reference);
    list.neutral("instrument.sha256", hex::encode(&a.instrument.sha256), hex::encode(&b.instrument.sha256));
    let annexes = |terms: &Terms| {
        let all = terms.annexes.iter().map(|annex| format!("{}={}", annex.name, hex::encode(&annex.sha256)));
        words(&all.collect::<Vec<_>>())
    };
    list.neutral("annex", annexes(a), annexes(b));
}

fn operation(list: &mut List, a: Option<&Operation>, b: Option<&Operation>) {
    let (Some(a), Some(b)) = (a, b) else {
        // That there is an operation is the kind of the agreement, which is compared above.
        let [a, b] = [a, b].map(|side| side.map_or_else(none, |operation| operation.id.clone()));
        list.unordered("operation.id", a, b);
        return;
    };
    list.unordered("operation.id", &a.id, &b.id);
    list.neutral("operation.name", &a.name, &b.name);
    list.unordered("operation.lead", &a.lead, &b.lead);
    let accession = |by_lead: bool| if by_lead { "lead" } else { "all" };
    list.add(
        "operation.accession",
        Direction::of_order(a.accession_by_lead.cmp(&b.accession_by_lead)),
        accession(a.accession_by_lead),
        accession(b.accession_by_lead),
    );
    list.more_is_broader("operation.backfill_days", a.backfill_days, b.backfill_days);
    let on_close = |deletes: bool| if deletes { "delete" } else { "keep-file" };
    list.add(
        "operation.close_effect",
        Direction::of_order(b.delete_on_close.cmp(&a.delete_on_close)),
        on_close(a.delete_on_close),
        on_close(b.delete_on_close),
    );
}

fn parties(list: &mut List, a: &Terms, b: &Terms) {
    for party in &a.parties {
        match b.party(&party.id) {
            Some(other) => members(list, party, other, a.id == b.id),
            None => list.add(&format!("party.{}", party.id), Direction::Broader, &party.name, none()),
        }
    }
    for party in b.parties.iter().filter(|party| a.party(&party.id).is_none()) {
        list.add(&format!("party.{}", party.id), Direction::Narrower, none(), &party.name);
    }
}

fn members(list: &mut List, a: &Party, b: &Party, same_id: bool) {
    let name = |key: &str| format!("party.{}.{key}", a.id);
    list.neutral(&name("name"), &a.name, &b.name);
    // A community is named by role, so another role can open or close onward release.
    list.unordered(&name("role"), a.role.name(), b.role.name());
    list.unordered(&name("country"), &a.country, &b.country);
    list.unordered(&name("node"), optional(a.node.as_ref()), optional(b.node.as_ref()));
    list.unordered(&name("vkey"), &a.vkey, &b.vkey);
    // The name of a log's key holds the agreement's id, so two agreements never share it.
    let log = if same_id { Direction::Incomparable } else { Direction::Neutral };
    list.add(&name("log_vkey"), log, optional(a.log_vkey.as_ref()), optional(b.log_vkey.as_ref()));
    list.unordered(&name("witness_vkey"), optional(a.witness_vkey.as_ref()), optional(b.witness_vkey.as_ref()));
    let pins = |party: &Party| words(&party.client_spki.iter().map(hex::sha256_text).collect::<Vec<_>>());
    list.unordered(&name("client_spki"), pins(a), pins(b));
    list.neutral(&name("legal_basis"), words(&a.legal_basis), words(&b.legal_basis));
    list.neutral(&name("contact_operations"), &a.contact_operations, &b.contact_operations);
    list.neutral(&name("contact_privacy"), &a.contact_privacy, &b.contact_privacy);
    list.neutral(&name("contact_dispute"), &a.contact_dispute, &b.contact_dispute);
    list.neutral(&name("contact_breach"), &a.contact_breach, &b.contact_breach);
}

/// A marking without a map is not understood, and what carries it stays.
fn markings(list: &mut List, a: &[MarkingMap], b: &[MarkingMap]) {
    let meaning = |map: &MarkingMap| format!("{} {}", map.tlp.name(), map.pap.name());
    for map in a {
        let name = format!("marking_map.{}", map.marking);
        match b.iter().find(|other| other.marking == map.marking) {
            Some(other) => {
                // A lower level lets more leave.
                let direction = match (other.tlp.cmp(&map.tlp), other.pap.cmp(&map.pap)) {
                    (tlp, Ordering::Equal) => Direction::of_order(tlp),
                    (Ordering::Equal, pap) => Direction::of_order(pap),
                    (tlp, pap) if tlp == pap => Direction::of_order(tlp),
                    _ => Direction::Incomparable,
                };
                list.add(&name, direction, meaning(map), meaning(other));
            }
            None => list.add(&name, Direction::Broader, meaning(map), none()),
        }
    }
    for map in b.iter().filter(|map| !a.iter().any(|other| other.marking == map.marking)) {
        list.add(&format!("marking_map.{}", map.marking), Direction::Narrower, none(), meaning(map));
    }
}

fn effects(a: TerminationEffect, b: TerminationEffect) -> Direction {
    match (a, b) {
        _ if a == b => Direction::Neutral,
        (_, TerminationEffect::ReturnAndDelete) => Direction::Broader,
        (TerminationEffect::ReturnAndDelete, _) => Direction::Narrower,
        _ => Direction::Incomparable,
    }
}

const fn effect(effect: TerminationEffect) -> &'static str {
    match effect {
        TerminationEffect::Delete => "delete",
        TerminationEffect::Return => "return",
        TerminationEffect::ReturnAndDelete => "return-and-delete",
    }
}

const fn kind(kind: AgreementKind) -> &'static str {
    match kind {
        AgreementKind::Bilateral => "bilateral",
        AgreementKind::Multilateral => "multilateral",
        AgreementKind::Operation => "operation",
    }
}

const fn tls(is_1_3: bool) -> &'static str {
    if is_1_3 { "1.3" } else { "1.2" }
}

/// Whether consent opens onward release, as the text spells it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rule(bool);

impl Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0 { "consent" } else { "none" })
    }
}

fn member(member: &CommunityMember) -> String {
    match member {
        CommunityMember::Role(role) => format!("role:{}", role.name()),
        CommunityMember::Party(id) => format!("party:{id}"),
    }
}

fn none() -> String {
    "none".to_owned()
}

fn optional<T: ToString>(value: Option<&T>) -> String {
    value.map_or_else(none, T::to_string)
}

fn words(list: &[String]) -> String {
    if list.is_empty() { none() } else { list.join(" ") }
}
