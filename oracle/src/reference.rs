//! The third evaluator: section 5 of the format, read word by word.
//!
//! It is slow and plain on purpose. It reads the [`Terms`], never the compiled form; it compares words, never bits; it knows the
//! state of an agreement from the events that the grammar made happen, never from the agreement; it counts days itself.

use entente_agreement::{Clause, MarkingState, PartyId, Recipients, Releasers, Terms};
use entente_stix::Timestamp;

use crate::grammar::{Ask, Status};

/// Says what section 5 says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may leave.
    Permit {
        /// Position of the agreement.
        agreement: usize,
        /// Position of the clause.
        clause: usize,
        /// The requested purposes that the clause has.
        purposes: Vec<&'static str>,
        /// The requested doors that it opens.
        doors: Vec<&'static str>,
    },
    /// It may not.
    Withhold {
        /// Position of the agreement that decides, if one does.
        agreement: Option<usize>,
        /// Position of the nearest clause, if one is for these parties.
        clause: Option<usize>,
        /// Code of the reason.
        reason: String,
    },
}

/// One agreement as this evaluator sees it.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// What it says.
    pub terms: &'a Terms,
    /// What happened to it.
    pub status: &'a Status,
}

/// Judges a request under several agreements: in order of their ids, the first permit wins.
///
/// Without one, the first that is between these two parties says why not.
pub fn judge(ask: &Ask, views: &[View<'_>]) -> Verdict {
    let mut order: Vec<(usize, &View<'_>)> = views.iter().enumerate().collect();
    order.sort_by_key(|(_, view)| view.terms.id.to_string());
    let verdicts: Vec<Verdict> = order.into_iter().map(|(at, view)| judge_one(ask, *view, at)).collect();
    let is_foreign = |verdict: &Verdict| matches!(verdict, Verdict::Withhold { reason, .. } if reason == "floor.party");
    let permit = verdicts.iter().find(|verdict| matches!(verdict, Verdict::Permit { .. }));
    let between = || verdicts.iter().find(|verdict| !is_foreign(verdict));
    let none = Verdict::Withhold { agreement: None, clause: None, reason: "clause.none".to_owned() };
    permit.or_else(between).or_else(|| verdicts.first()).cloned().unwrap_or(none)
}

fn judge_one(ask: &Ask, view: View<'_>, agreement: usize) -> Verdict {
    let against =
        |clause: Option<usize>, reason: String| Verdict::Withhold { agreement: Some(agreement), clause, reason };
    if let Some(reason) = floor(ask, view) {
        return against(None, reason.to_owned());
    }
    let named: Vec<(usize, &Clause)> =
        view.terms.clauses.iter().enumerate().filter(|(_, clause)| is_for(clause, ask)).collect();
    let matching: Vec<(usize, &Clause)> =
        named.iter().copied().filter(|(_, clause)| failing(clause, ask).is_empty()).collect();
    if let Some((first, clause)) = matching.first() {
        let (purposes, doors) = uses(clause, ask);
        for (at, other) in matching.iter().skip(1) {
            let (other_purposes, other_doors) = uses(other, ask);
            let common = purposes.iter().any(|purpose| other_purposes.contains(purpose))
                && doors.iter().any(|door| other_doors.contains(door));
            if common && clause.obligations.names() != other.obligations.names() {
                return against(Some(*at), "floor.ambiguous".to_owned());
            }
        }
        return Verdict::Permit { agreement, clause: *first, purposes, doors };
    }
    let mut nearest: Option<(usize, Vec<&'static str>)> = None;
    for (at, clause) in named {
        let fails = failing(clause, ask);
        if nearest.as_ref().is_none_or(|(_, least)| fails.len() < least.len()) {
            nearest = Some((at, fails));
        }
    }
    match nearest {
        Some((at, fails)) => against(Some(at), format!("clause.{}", fails.first().unwrap_or(&"none"))),
        None => against(None, "clause.none".to_owned()),
    }
}

/// The floors F1 to F12 in the order of section 5.4; F3 leaves the clock to F4.
fn floor(ask: &Ask, view: View<'_>) -> Option<&'static str> {
    let (facts, now, terms, status) = (&ask.facts, ask.now, view.terms, view.status);
    let reached = |at: Option<Timestamp>| at.is_some_and(|at| at.as_micros() <= now.as_micros());
    let stands = status.signed
        && status.suspended.is_empty()
        && !reached(status.terminated_at)
        && !reached(status.superseded_at);
    let is_party = |id: &PartyId| terms.parties.iter().any(|party| party.id.as_str() == id.as_str());
    if facts.tlp.key() == "red" {
        Some("floor.red")
    } else if facts.local_only {
        Some("floor.local-only")
    } else if !stands {
        Some("floor.state")
    } else if now.as_micros() < terms.valid_from.as_micros() || now.as_micros() >= terms.valid_to.as_micros() {
        Some("floor.validity")
    } else if facts.marking_state == MarkingState::Unresolved {
        Some("floor.marking")
    } else if facts.marking_state == MarkingState::Unmarked {
        Some("floor.unmarked")
    } else if facts.legal_hold {
        Some("floor.hold")
    } else if facts.embargo_until.is_some_and(|end| now.as_micros() < end.as_micros()) {
        Some("floor.embargo")
    } else if facts.quarantined {
        Some("floor.quarantine")
    } else if !is_party(&ask.releaser) || !is_party(&ask.recipient) || ask.releaser.as_str() == ask.recipient.as_str() {
        Some("floor.party")
    } else if !facts.known_type {
        Some("floor.type")
    } else if facts.echo {
        Some("floor.echo")
    } else {
        None
    }
}

/// The predicate `parties`: `all` on the receiving side is every party but the releasing one.
fn is_for(clause: &Clause, ask: &Ask) -> bool {
    let from = match &clause.from {
        Releasers::All => true,
        Releasers::Party(id) => id.as_str() == ask.releaser.as_str(),
    };
    let to = match &clause.to {
        Recipients::All => ask.recipient.as_str() != ask.releaser.as_str(),
        Recipients::Parties(ids) => ids.iter().any(|id| id.as_str() == ask.recipient.as_str()),
    };
    from && to
}

/// The requested purposes of a clause, and the requested doors that it opens to objects.
fn uses(clause: &Clause, ask: &Ask) -> (Vec<&'static str>, Vec<&'static str>) {
    let (listed, opened) = (clause.purposes.names(), clause.doors.names());
    let purposes = ask.purposes.names().into_iter().filter(|purpose| listed.contains(purpose)).collect();
    let doors = ask.doors.names().into_iter();
    // A blind query releases nothing, and a clause for blind queries nothing by any door.
    let opens = |door: &&'static str| !clause.private_lookup && *door != "private-lookup" && opened.contains(door);
    (purposes, doors.filter(opens).collect())
}

/// Every failing predicate in the order of section 5.3.
fn failing(clause: &Clause, ask: &Ask) -> Vec<&'static str> {
    let facts = &ask.facts;
    let (purposes, doors) = uses(clause, ask);
    let kind = facts.kind.map_or("none", |kind| kind.name());
    let level = |word: &str, order: &[&str]| order.iter().position(|known| *known == word).unwrap_or(usize::MAX);
    let tlp = |word: &str| level(word, &["clear", "green", "amber", "amber+strict", "red"]);
    let pap = |word: &str| level(word, &["clear", "green", "amber", "red"]);
    // A clause for counts releases counts and no object; an object is never a count.
    let object_type = facts.object_type.name();
    let type_fits = !clause.aggregates && object_type != "aggregate" && clause.types.names().contains(&object_type);
    let mut subjects = clause.subjects.names();
    if clause.obligations.names().iter().any(|name| name.starts_with("redact-victim:")) {
        subjects.push("victim");
    }
    let subject = facts.subject.names();
    let subject_fits = !subject.is_empty() && subject.iter().all(|category| subjects.contains(category));
    let checks = [
        ("purpose", !purposes.is_empty()),
        ("door", !doors.is_empty()),
        ("type", type_fits),
        ("kind", clause.kinds.names().contains(&kind)),
        ("tlp", tlp(facts.tlp.key()) <= tlp(clause.tlp_max.key())),
        ("pap", pap(facts.pap.key()) <= pap(clause.pap_max.key())),
        ("origin", clause.origins.names().contains(&facts.origin.name())),
        ("subject", subject_fits),
        ("confidence", facts.confidence >= clause.confidence_min),
        ("age", age_days(ask) <= i64::from(clause.max_age_days)),
        ("warninglist", !facts.warninglisted || clause.warninglisted),
        ("constituency", !clause.constituency_only || facts.in_constituency),
        ("text", !(clause.text && facts.has_text && !facts.text_reviewed)),
    ];
    checks.into_iter().filter(|(_, holds)| !holds).map(|(name, _)| name).collect()
}

/// Whole UTC days from the day of the reference to the day of the present, from 0 to 65,535 (section 5.2).
fn age_days(ask: &Ask) -> i64 {
    let day = |at: Timestamp| at.as_micros().div_euclid(86_400 * 1_000_000);
    day(ask.now).saturating_sub(day(ask.facts.age_reference)).clamp(0, 65_535)
}
