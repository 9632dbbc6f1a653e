//! The check of the result: the final bytes read as a stranger would (section 10 of the format).

use entente_stix::marking::{Pap, Tlp};
use entente_stix::{Limits, Object, json, validate};

use crate::apply::{Context, is_reference};
use crate::facts::Facts;
use crate::properties;
use crate::reason::{Predicate, Reason};
use crate::residual::Residual;
use crate::vocabulary::{ObjectType, Subject};

/// Derives the attributes again from the bytes and evaluates the same clause.
///
/// Origin, age, warninglist, constituency and review state are not in the bytes and were decided already. `applied_type` is
/// the type the obligations produced; a victim's pseudonym is an identity though the clause permitted another type.
pub(crate) fn check(
    bytes: &[u8],
    facts: &Facts,
    context: &Context<'_>,
    residual: &Residual,
    applied_type: ObjectType,
) -> Result<(), Reason> {
    let clause = context.clause;
    let object = Object::parse(bytes, &Limits::admission()).map_err(|_| Reason::PostInvalid)?;
    // Whether its times lie in the future was asked at admission. A clock that stepped back since says nothing against it (A43).
    let now = object.version().map_or(context.now, |version| context.now.max(version));
    validate::check(&object, now).map_err(|_| Reason::PostInvalid)?;
    let require = |predicate: Predicate, holds: bool| if holds { Ok(()) } else { Err(Reason::Post(predicate)) };

    let object_type = ObjectType::of_stix(object.object_type());
    let is_pseudonym = object_type == ObjectType::Identity && applied_type != facts.object_type;
    require(Predicate::Type, object_type == applied_type)?;
    require(Predicate::Type, is_pseudonym || clause.compiled.types.contains(object_type))?;
    require(Predicate::Kind, clause.compiled.kinds.contains(facts.kind))?;
    check_marking(&object, facts, context)?;
    check_subject(facts, context)?;
    let confidence = object.confidence().unwrap_or(facts.confidence);
    require(Predicate::Confidence, confidence >= clause.confidence_min)?;
    let text_fits =
        if clause.text { facts.text_reviewed || !facts.has_text } else { !properties::has_free_text(&object) };
    require(Predicate::Text, text_fits)?;
    check_residual(bytes, residual)
}

fn check_marking(object: &Object, facts: &Facts, context: &Context<'_>) -> Result<(), Reason> {
    let clause = context.clause;
    let mut written = None;
    for reference in object.object_marking_refs() {
        match Tlp::from_marking_id(reference) {
            Some(level) if level.marking_id() == reference && written.is_none() => written = Some(level),
            _ => return Err(Reason::Post(Predicate::Tlp)),
        }
    }
    // Nothing written says CLEAR, which only CLEAR by admission may do.
    let level = written.unwrap_or(Tlp::Clear);
    let lowered = level < facts.tlp || clause.obligations.remark_tlp.is_some_and(|least| level < least);
    if level == Tlp::Red || level > clause.tlp_max || lowered || object.has_granular_markings() {
        return Err(Reason::Post(Predicate::Tlp));
    }
    let said = object.labels().iter().filter_map(|label| Pap::from_label(label)).max();
    let pap = said.unwrap_or(Pap::Green);
    if pap > clause.pap_max || pap < facts.pap {
        return Err(Reason::Post(Predicate::Pap));
    }
    Ok(())
}

/// Tests the subject that is left against the plain list: redaction has taken `victim` out.
fn check_subject(facts: &Facts, context: &Context<'_>) -> Result<(), Reason> {
    let redacted = context.clause.obligations.redact_victim.is_some();
    let left = if redacted { facts.subject.without(Subject::Victim) } else { facts.subject };
    let known = !facts.subject.is_empty();
    if known && left.is_subset(context.clause.subjects) { Ok(()) } else { Err(Reason::Post(Predicate::Subject)) }
}

/// Searches everything but references, which closing rewrites to released ids, and the object's own keyed or public id.
fn check_residual(bytes: &[u8], residual: &Residual) -> Result<(), Reason> {
    if residual.is_empty() {
        return Ok(());
    }
    let members = json::members(bytes).map_err(|_| Reason::PostInvalid)?;
    let mut searched = Vec::with_capacity(bytes.len());
    for (key, raw) in members {
        searched.extend_from_slice(key.as_bytes());
        searched.push(b'\n');
        if !is_reference(&key) {
            searched.extend_from_slice(raw);
            searched.push(b'\n');
        }
    }
    if residual.is_in(&searched) { Err(Reason::PostResidual) } else { Ok(()) }
}
