//! The compiled form of an agreement printed as Cedar policies, and a request as Cedar data (section 17.1 of the format).
//!
//! [Cedar](https://www.cedarpolicy.com) is the second evaluator that the decision is held against. It has its own parser and
//! its own evaluator and shares nothing with [`decide`](crate::decide()); this module only prints, and depends on nothing of it.
//!
//! - One policy set for each agreement, never one for all: Cedar's cost is linear in the policies of a set.
//! - Each floor is a `forbid`, each clause a `permit`, and what forbids wins over what permits: the order of section 5.3. The
//!   annotation `@id` of a policy is the code of its floor, or what [`clause_id`] makes of the clause.
//! - Enumerations are strings with explicit membership. Integers have a `forbid` of their own for every value outside their
//!   range (`range`), so that a solver's counterexample is always a request that can be.
//! - Cedar knows no obligations. Where two clauses with different ones overlap, a `forbid` for the pair stands in for floor
//!   F13; the text checks make sure that no signed text has one whose type and kind can occur together.
//! - The nearest clause of a denial is none of Cedar's answers; only the decision, the clause and the floor can be compared.
//!
//! A request has one purpose and one door here: the two are asked in turn (section 5.1).

use std::fmt::Write as _;

use entente_stix::Timestamp;
use entente_stix::marking::{Pap, Tlp};
use serde_json::{Value, json};

use crate::agreement::Agreement;
use crate::facts::{MarkingState, Request};
use crate::reason::Reason;
use crate::terms::{Clause, Compiled, Terms};
use crate::vocabulary::{Door, Purpose};

/// Cedar type of a party.
const PARTY: &str = "Party";
/// Cedar id of the only action.
const ACTION: &str = "Action::\"release\"";
/// Cedar id of the object in question; which one it is makes no difference.
const OBJECT: &str = "object";
/// Id of the policy that forbids values outside their ranges.
const RANGE: &str = "range";

/// Holds one request as Cedar reads it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CedarRequest {
    /// The recipient, for example `Party::"fusion"`.
    pub principal: String,
    /// The action.
    pub action: String,
    /// The object.
    pub resource: String,
    /// What the request says beside the object: releaser, purpose, door, present, state.
    pub context: Value,
    /// The object with its attributes, as a list of entities.
    pub entities: Value,
}

/// Prints the policy set of an agreement.
pub fn policies(terms: &Terms) -> String {
    let mut out = format!("// {} version {}, {}\n", terms.id, terms.version, terms.hash_text());
    floors(&mut out, terms);
    for (at, clause) in terms.clauses.iter().enumerate() {
        policy(&mut out, &clause_id(at), "permit", &conditions(terms, clause));
    }
    for (at, later) in terms.clauses.iter().enumerate() {
        for (before, earlier) in terms.clauses.iter().enumerate().take(at) {
            if earlier.obligations != later.obligations && meet(&earlier.compiled, &later.compiled) {
                let both = format!("{} &&\n  {}", conditions(terms, earlier), conditions(terms, later));
                policy(&mut out, &format!("{}.{before}.{at}", Reason::FloorAmbiguous.code()), "forbid", &both);
            }
        }
    }
    out
}

/// Returns the id of the policy of the clause at a position of the text.
pub fn clause_id(at: usize) -> String {
    format!("clause.{at}")
}

/// Returns the position of the clause whose policy has that id.
pub fn clause_of(id: &str) -> Option<usize> {
    id.strip_prefix("clause.")?.parse().ok()
}

/// Returns the floor whose policy has that id; F1 to F13 in the order of section 5.4 compare by position.
pub fn floor_of(id: &str) -> Option<(usize, Reason)> {
    let is_of = |code: &str| id.strip_prefix(code).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    Reason::FLOORS.into_iter().enumerate().find(|(_, reason)| is_of(reason.code()))
}

/// Writes a request for one purpose and one door as Cedar data.
///
/// The state of the agreement and the age of the object are inputs of the decision (section 5.1) and are so here.
pub fn request(request: &Request<'_>, purpose: Purpose, door: Door, agreement: &Agreement) -> CedarRequest {
    let facts = request.facts;
    let mut attributes = json!({
        "type": facts.object_type.name(),
        "kind": facts.kind.map_or("none", |kind| kind.name()),
        "tlp": tlp(facts.tlp),
        "marking": match facts.marking_state {
            MarkingState::Marked => "marked",
            MarkingState::Unmarked => "unmarked",
            MarkingState::Unresolved => "unresolved",
        },
        "pap": pap(facts.pap),
        "origin": facts.origin.name(),
        "subject": facts.subject.names(),
        "confidence": facts.confidence,
        "age_days": facts.age_days(request.now),
        "warninglisted": facts.warninglisted,
        "quarantined": facts.quarantined,
        "legal_hold": facts.legal_hold,
        "local_only": facts.local_only,
        "in_constituency": facts.in_constituency,
        "has_text": facts.has_text,
        "text_reviewed": facts.text_reviewed,
        "echo": facts.echo,
        "known_type": facts.known_type,
    });
    if let (Some(end), Some(map)) = (facts.embargo_until, attributes.as_object_mut()) {
        map.insert("embargo_until".to_owned(), json!(end.as_micros()));
    }
    CedarRequest {
        principal: entity(request.recipient.as_str()),
        action: ACTION.to_owned(),
        resource: format!("Object::\"{OBJECT}\""),
        context: json!({
            "releaser": { "__entity": { "type": PARTY, "id": request.releaser.as_str() } },
            "purpose": purpose.name(),
            "door": door.name(),
            "now": request.now.as_micros(),
            "standing": agreement.is_standing(request.now),
        }),
        entities: json!([{ "uid": { "type": "Object", "id": OBJECT }, "attrs": attributes, "parents": [] }]),
    }
}

fn floors(out: &mut String, terms: &Terms) {
    let everyone = set(terms.parties.iter().map(|party| entity(party.id.as_str())));
    let instant = |at: Timestamp| at.as_micros();
    let (from, to) = (instant(terms.valid_from), instant(terms.valid_to));
    let parties = format!(
        "!(({everyone}.contains(context.releaser)) && ({everyone}.contains(principal)) && context.releaser != principal)"
    );
    let outside = format!("context.now < {from} || context.now >= {to}");
    for reason in Reason::FLOORS {
        let when = match reason {
            Reason::FloorRed => "resource.tlp >= 4",
            Reason::FloorLocalOnly => "resource.local_only",
            Reason::FloorState => "!context.standing",
            Reason::FloorValidity => outside.as_str(),
            Reason::FloorMarking => "resource.marking == \"unresolved\"",
            Reason::FloorUnmarked => "resource.marking == \"unmarked\"",
            Reason::FloorHold => "resource.legal_hold",
            Reason::FloorEmbargo => "resource has embargo_until && context.now < resource.embargo_until",
            Reason::FloorQuarantine => "resource.quarantined",
            Reason::FloorParty => parties.as_str(),
            Reason::FloorType => "!resource.known_type",
            Reason::FloorEcho => "resource.echo",
            // F13 follows from pairs of clauses; the others are none of the policies'.
            _ => continue,
        };
        policy(out, reason.code(), "forbid", when);
    }
    let ranges = [("tlp", 4), ("pap", 3), ("confidence", 100), ("age_days", i32::from(u16::MAX))];
    let outside: Vec<String> =
        ranges.iter().map(|(name, most)| format!("resource.{name} < 0 || resource.{name} > {most}")).collect();
    policy(out, RANGE, "forbid", &outside.join(" || "));
}

/// Writes the predicates of a clause in their order.
fn conditions(terms: &Terms, clause: &Clause) -> String {
    let compiled = &clause.compiled;
    let side = |bits: u64| {
        let named = terms.parties.iter().zip(0_u32..).filter(move |(_, at)| bits.unbounded_shr(*at) & 1 == 1);
        set(named.map(|(party, _)| entity(party.id.as_str())))
    };
    let words = |names: Vec<&'static str>| set(names.into_iter().map(quoted));
    let mut all = vec![
        format!("{}.contains(context.releaser)", side(compiled.from)),
        format!("{}.contains(principal)", side(compiled.to)),
        "context.releaser != principal".to_owned(),
        format!("{}.contains(context.purpose)", words(compiled.purposes.names())),
        format!("{}.contains(context.door)", words(compiled.doors.names())),
        format!("{}.contains(resource.type)", words(compiled.types.names())),
        format!("{}.contains(resource.kind)", words(compiled.kinds.names())),
        format!("resource.tlp <= {}", tlp(compiled.tlp_max)),
        format!("resource.pap <= {}", pap(compiled.pap_max)),
        format!("{}.contains(resource.origin)", words(compiled.origins.names())),
        "!resource.subject.isEmpty()".to_owned(),
        format!("{}.containsAll(resource.subject)", words(compiled.subjects.names())),
        format!("resource.confidence >= {}", compiled.confidence_min),
        format!("resource.age_days <= {}", compiled.max_age_days),
    ];
    if !compiled.warninglisted {
        all.push("!resource.warninglisted".to_owned());
    }
    if compiled.constituency_only {
        all.push("resource.in_constituency".to_owned());
    }
    if compiled.text {
        all.push("(!resource.has_text || resource.text_reviewed)".to_owned());
    }
    all.join(" &&\n  ")
}

/// Tells whether some values satisfy both clauses, whether or not an object can have them.
fn meet(a: &Compiled, b: &Compiled) -> bool {
    a.shares_pair(b)
        && !a.purposes.intersection(b.purposes).is_empty()
        && !a.doors.intersection(b.doors).is_empty()
        && !a.types.intersection(b.types).is_empty()
        && !a.kinds.intersection(b.kinds).is_empty()
        && !a.origins.intersection(b.origins).is_empty()
        && !a.subjects.intersection(b.subjects).is_empty()
}

fn policy(out: &mut String, id: &str, effect: &str, when: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "@id(\"{id}\")\n{effect} (principal, action == {ACTION}, resource)\nwhen {{\n  {when}\n}};");
}

/// Writes an entity of a party. Its id has letters, digits and hyphens only, so nothing needs escaping.
fn entity(id: &str) -> String {
    format!("{PARTY}::\"{id}\"")
}

fn quoted(word: &str) -> String {
    format!("\"{word}\"")
}

fn set(members: impl Iterator<Item = String>) -> String {
    format!("[{}]", members.collect::<Vec<_>>().join(", "))
}

fn tlp(level: Tlp) -> usize {
    Tlp::ALL.iter().position(|known| *known == level).unwrap_or(Tlp::ALL.len())
}

fn pap(level: Pap) -> usize {
    Pap::ALL.iter().position(|known| *known == level).unwrap_or(Pap::ALL.len())
}
