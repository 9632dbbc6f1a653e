//! Why, and why not: the decision in words, with every predicate of every clause (section 11 of the format).
//!
//! Uses the same evaluation as [`decide`](fn@crate::decide), so an explanation cannot differ from the enforcement.

use entente_stix::Timestamp;
use entente_stix::marking::{Pap, Tlp};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::agreement::Agreement;
use crate::decide::{Decision, decide, evaluate, floors};
use crate::facts::Request;
use crate::plain::EN;
use crate::reason::{Predicate, Reason};
use crate::terms::Clause;

/// Explains one decision.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The releasing party.
    pub releaser: String,
    /// The receiving party.
    pub recipient: String,
    /// `permit` or `withhold`.
    pub decision: &'static str,
    /// The reason against, as a stable code.
    pub reason: Option<Reason>,
    /// The answer in one sentence.
    pub sentence: String,
    /// All floors that deny, in their order; the first one decides.
    pub floors: Vec<FloorHit>,
    /// Agreement that decided.
    pub agreement: Option<String>,
    /// Its hash, `sha256:<hex>`.
    pub agreement_hash: Option<String>,
    /// Clause that permitted.
    pub clause: Option<String>,
    /// What that clause does to the object, in words.
    pub obligations: Vec<String>,
    /// Every clause naming the pair, with all failing predicates.
    pub clauses: Vec<ClauseResult>,
    /// Position in `clauses` of the one with the fewest failing predicates, where nothing is permitted.
    pub nearest: Option<usize>,
    /// The smallest change that would make it a permit; `None` if it is one.
    pub changes_if: Option<String>,
    /// End of the agreement's validity, or of the object's age if that is earlier.
    pub until: Option<Timestamp>,
    #[serde(skip)]
    attributes: Map<String, Value>,
    #[serde(skip)]
    now: Timestamp,
    #[serde(skip)]
    purposes: Value,
    #[serde(skip)]
    doors: Value,
}

/// Holds a floor that denies.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct FloorHit {
    /// The agreement.
    pub agreement: String,
    /// The floor.
    pub reason: Reason,
    /// The floor in words.
    pub sentence: &'static str,
}

/// Holds what one clause says about the object.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ClauseResult {
    /// The agreement.
    pub agreement: String,
    /// The clause.
    pub clause: String,
    /// Failing predicates in their order; the first one blocks. Empty: the clause matches.
    pub failing: Vec<Failure>,
}

/// Holds one failing predicate.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Failure {
    /// The predicate.
    pub predicate: Predicate,
    /// What the object or request has.
    pub observed: Value,
    /// What the clause asks.
    pub required: Value,
    /// Both in words: "clause c2-out needs a confidence of at least 50, this has 40".
    pub sentence: String,
    /// What would make it hold: "raise the confidence to 50".
    pub action: String,
}

/// Explains the decision on a request.
pub fn explain(request: &Request<'_>, agreements: &[Agreement]) -> Explanation {
    let decision = decide(request, agreements);
    let mut floor_hits = Vec::new();
    let mut clauses = Vec::new();
    for agreement in agreements {
        let terms = agreement.terms();
        let pair = terms.position(request.releaser).zip(terms.position(request.recipient)).filter(|(a, b)| a != b);
        let hits = floors(request.facts, agreement, pair.is_some(), request.now).into_iter().filter(|(hit, _)| *hit);
        floor_hits.extend(hits.map(|(_, reason)| FloorHit {
            agreement: terms.id.to_string(),
            reason,
            sentence: reason.sentence(),
        }));
        let Some((releaser, recipient)) = pair else { continue };
        let age_days = request.facts.age_days(request.now);
        for clause in terms.clauses.iter().filter(|clause| clause.compiled.names_pair(releaser, recipient)) {
            let failing = evaluate(&clause.compiled, request, age_days);
            clauses.push(ClauseResult {
                agreement: terms.id.to_string(),
                clause: clause.id.to_string(),
                failing: failing.iter().map(|predicate| failure(predicate, clause, request, age_days)).collect(),
            });
        }
    }
    assemble(request, agreements, decision, floor_hits, clauses)
}

fn assemble(
    request: &Request<'_>,
    agreements: &[Agreement],
    decision: Decision,
    floor_hits: Vec<FloorHit>,
    clauses: Vec<ClauseResult>,
) -> Explanation {
    let deciding = match decision {
        Decision::Permit(permit) => agreements.get(permit.agreement),
        Decision::Withhold(withhold) => withhold.agreement.and_then(|at| agreements.get(at)),
    };
    let clause = match decision {
        Decision::Permit(permit) => deciding.and_then(|agreement| agreement.terms().clauses.get(permit.clause)),
        Decision::Withhold(_) => None,
    };
    let nearest = nearest(&clauses, deciding).filter(|_| !decision.is_permit());
    let near = nearest.and_then(|at| clauses.get(at));
    Explanation {
        releaser: request.releaser.to_string(),
        recipient: request.recipient.to_string(),
        decision: if decision.is_permit() { "permit" } else { "withhold" },
        reason: decision.reason(),
        sentence: sentence(request, decision, deciding, clause, near),
        agreement: deciding.map(|agreement| agreement.id().to_string()),
        agreement_hash: deciding.map(Agreement::hash_text),
        clause: clause.map(|clause| clause.id.to_string()),
        obligations: clause.map(|clause| EN.obligations(&clause.obligations)).unwrap_or_default(),
        changes_if: changes_if(request, decision, near),
        until: deciding.filter(|_| decision.is_permit()).map(|agreement| until(request, agreement, clause)),
        floors: floor_hits,
        clauses,
        nearest,
        attributes: attributes(request),
        now: request.now,
        purposes: one_or_many(request.purposes.names()),
        doors: one_or_many(request.doors.names()),
    }
}

/// Returns the position of the clause of the deciding agreement with the fewest failing predicates.
fn nearest(clauses: &[ClauseResult], deciding: Option<&Agreement>) -> Option<usize> {
    let id = deciding.map(|agreement| agreement.id().as_str());
    let of_agreement = clauses.iter().enumerate().filter(|(_, result)| Some(result.agreement.as_str()) == id);
    of_agreement.min_by_key(|(_, result)| result.failing.len()).map(|(at, _)| at)
}

fn sentence(
    request: &Request<'_>,
    decision: Decision,
    deciding: Option<&Agreement>,
    clause: Option<&Clause>,
    near: Option<&ClauseResult>,
) -> String {
    let of = deciding.map(|a| format!("{} version {}", a.id(), a.terms().version)).unwrap_or_default();
    match decision {
        Decision::Permit(_) => {
            let clause = clause.map(|clause| clause.id.to_string()).unwrap_or_default();
            format!("{} may give this to {} under clause {clause} of {of}", request.releaser, request.recipient)
        }
        Decision::Withhold(withhold) => match (withhold.reason, near.and_then(|near| near.failing.first())) {
            (Reason::Clause(_), Some(first)) => first.sentence.clone(),
            (Reason::ClauseNone, _) => {
                format!("no clause lets {} give anything to {}", request.releaser, request.recipient)
            }
            (reason, _) if of.is_empty() => reason.sentence().to_owned(),
            (reason, _) => format!("{} ({of})", reason.sentence()),
        },
    }
}

/// Says what would have to change, for a withheld object.
fn changes_if(request: &Request<'_>, decision: Decision, near: Option<&ClauseResult>) -> Option<String> {
    let reason = decision.reason()?;
    let embargo_end = request.facts.embargo_until.map(|end| end.to_string()).unwrap_or_default();
    let text = match reason {
        Reason::FloorRed => "nothing: TLP:RED never leaves; only its originator can mark it lower".to_owned(),
        Reason::FloorLocalOnly => "the author publishes it with a marking".to_owned(),
        Reason::FloorState => "every party signs, or those who have suspended the agreement resume it".to_owned(),
        Reason::FloorValidity => "the validity begins, or a new version of the agreement is signed".to_owned(),
        Reason::FloorMarking => {
            "its marking is given a meaning by a `marking_map` of the agreement, or is replaced by its originator"
                .to_owned()
        }
        Reason::FloorUnmarked => "it is given a marking".to_owned(),
        Reason::FloorHold => "two people end the legal hold".to_owned(),
        Reason::FloorEmbargo => format!("the embargo ends at {embargo_end}"),
        Reason::FloorQuarantine => "a person releases it from quarantine".to_owned(),
        Reason::FloorParty | Reason::ClauseNone => {
            "an agreement between the two with a clause for it is signed".to_owned()
        }
        Reason::FloorType => "this version learns its type".to_owned(),
        Reason::FloorEcho => "another source than the recipient reports it too".to_owned(),
        Reason::FloorAmbiguous => "the agreement is amended so that only one clause matches".to_owned(),
        _ => {
            let actions: Vec<&str> = near?.failing.iter().map(|failure| failure.action.as_str()).collect();
            EN.all(&actions)
        }
    };
    Some(text)
}

/// Returns the end of the validity, or the first day on which the object is too old for the clause.
fn until(request: &Request<'_>, agreement: &Agreement, clause: Option<&Clause>) -> Timestamp {
    const DAY: i64 = 86_400_000_000;
    let end = agreement.terms().valid_to;
    let days = clause.map_or(i64::from(u16::MAX), |clause| i64::from(clause.max_age_days));
    let too_old =
        request.facts.age_reference.floor_to(DAY).saturating_add_micros(days.saturating_add(1).saturating_mul(DAY));
    end.min(too_old)
}

fn failure(predicate: Predicate, clause: &Clause, request: &Request<'_>, age_days: u16) -> Failure {
    let facts = request.facts;
    let needs = |what: String, has: String| format!("clause {} needs {what}, this has {has}", clause.id);
    let amend = |what: &str| format!("amend the agreement so that clause {} {what}", clause.id);
    let (observed, required, sentence, action) = match predicate {
        Predicate::Parties => {
            (json!(null), json!(null), format!("clause {} is for other parties", clause.id), amend("names them"))
        }
        Predicate::Purpose => (
            json!(request.purposes),
            json!(clause.purposes),
            format!(
                "clause {} is for {}, not for {}",
                clause.id,
                EN.purposes(clause.purposes),
                EN.purposes(request.purposes)
            ),
            format!("ask for the purpose {}", EN.any(&clause.purposes.names())),
        ),
        Predicate::Door => (
            json!(request.doors),
            json!(clause.compiled.doors),
            door_sentence(clause, request),
            amend("opens this way out"),
        ),
        Predicate::Type => (
            json!(facts.object_type),
            json!(clause.types),
            format!("clause {} covers {}, this is `{}`", clause.id, EN.types(clause.types), facts.object_type),
            amend(&format!("covers the type `{}`", facts.object_type)),
        ),
        Predicate::Kind => (
            json!(facts.kind.map_or("none", |kind| kind.name())),
            json!(clause.kinds),
            format!("clause {} does not cover {}", clause.id, (EN.kind)(facts.kind)),
            amend(&format!("covers {}", (EN.kind)(facts.kind))),
        ),
        Predicate::Tlp => (
            json!(facts.tlp.key()),
            json!(clause.tlp_max.key()),
            needs(format!("a marking of at most {}", clause.tlp_max.name()), facts.tlp.name().to_owned()),
            format!("the originator marks it {} or lower", clause.tlp_max.name()),
        ),
        Predicate::Pap => (
            json!(facts.pap.key()),
            json!(clause.pap_max.key()),
            format!(
                "clause {} is for data that permits {}, this permits {}",
                clause.id,
                (EN.pap)(clause.pap_max),
                (EN.pap)(facts.pap)
            ),
            format!("the originator permits {}", (EN.pap)(clause.pap_max)),
        ),
        Predicate::Origin => (
            json!(facts.origin),
            json!(clause.origins),
            format!(
                "clause {} covers {}, this is {}",
                clause.id,
                EN.origins(clause.origins),
                (EN.origin)(facts.origin)
            ),
            "ask the originator for consent".to_owned(),
        ),
        Predicate::Subject => (
            json!(facts.subject),
            json!(clause.compiled.subjects),
            format!(
                "clause {} covers data about {}, this is about {}",
                clause.id,
                EN.subjects(clause.compiled.subjects),
                EN.subjects(facts.subject)
            ),
            if facts.subject.is_empty() {
                "say whom the data concerns".to_owned()
            } else {
                amend("covers these persons")
            },
        ),
        Predicate::Confidence => (
            json!(facts.confidence),
            json!(clause.confidence_min),
            needs(format!("a confidence of at least {}", clause.confidence_min), facts.confidence.to_string()),
            format!("raise the confidence to {}", clause.confidence_min),
        ),
        Predicate::Age => (
            json!(age_days),
            json!(clause.max_age_days),
            needs(
                format!("data of at most {}", (EN.days)(u32::from(clause.max_age_days))),
                (EN.days)(u32::from(age_days)),
            ),
            format!("see it again, or raise `max_age_days` to {age_days} (needs an amendment)"),
        ),
        Predicate::Warninglist => (
            json!(true),
            json!(false),
            format!("clause {} does not cover values on a warninglist", clause.id),
            "take the value off the warninglist".to_owned(),
        ),
        Predicate::Constituency => (
            json!(false),
            json!(true),
            format!("clause {} covers only victims in the constituency of {}", clause.id, request.recipient),
            format!("every victim lies in the constituency of {}", request.recipient),
        ),
        Predicate::Text => (
            json!("not reviewed"),
            json!("reviewed"),
            format!("clause {} lets free text leave only after review", clause.id),
            "review the text".to_owned(),
        ),
    };
    Failure { predicate, observed, required, sentence, action }
}

fn door_sentence(clause: &Clause, request: &Request<'_>) -> String {
    if clause.private_lookup {
        return format!("clause {} answers blind queries and releases nothing else", clause.id);
    }
    format!("clause {} goes by {}, not by {}", clause.id, EN.doors(clause.compiled.doors), EN.doors(request.doors))
}

fn attributes(request: &Request<'_>) -> Map<String, Value> {
    let facts = request.facts;
    let pairs = [
        ("type", json!(facts.object_type)),
        ("kind", json!(facts.kind.map_or("none", |kind| kind.name()))),
        ("tlp", json!(tlp_level(facts.tlp))),
        ("pap", json!(pap_level(facts.pap))),
        ("origin", json!(facts.origin)),
        ("subject", json!(facts.subject)),
        ("confidence", json!(facts.confidence)),
        ("age_days", json!(facts.age_days(request.now))),
        ("warninglisted", json!(facts.warninglisted)),
        ("text", json!(facts.has_text)),
        ("text_reviewed", json!(facts.text_reviewed)),
    ];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

const fn tlp_level(tlp: Tlp) -> u8 {
    match tlp {
        Tlp::Clear => 0,
        Tlp::Green => 1,
        Tlp::Amber => 2,
        Tlp::AmberStrict => 3,
        Tlp::Red => 4,
    }
}

const fn pap_level(pap: Pap) -> u8 {
    match pap {
        Pap::Clear => 0,
        Pap::Green => 1,
        Pap::Amber => 2,
        Pap::Red => 3,
    }
}

fn one_or_many(names: Vec<&'static str>) -> Value {
    match names.as_slice() {
        [only] => json!(only),
        many => json!(many),
    }
}

/// Holds what a record says beside the explanation.
#[derive(Clone, Copy, Debug)]
pub struct RecordInput<'a> {
    /// Engine and version, for example `entente/0.1.0`.
    pub engine: &'a str,
    /// `release` or `delivery`.
    pub stage: &'a str,
    /// Id of the original object.
    pub object_id: &'a str,
    /// Its version.
    pub version: Option<Timestamp>,
    /// SHA-256 of its bytes.
    pub input_sha256: &'a [u8; 32],
    /// What the obligations did; `None` for a denial before them.
    pub effects: &'a [(String, Vec<String>)],
    /// Reason of a denial after the clause matched: obligation, post-check or closure.
    pub later_reason: Option<Reason>,
    /// SHA-256 of the released bytes.
    pub output_sha256: Option<&'a [u8; 32]>,
    /// 16 random bytes, base64.
    pub nonce: &'a str,
}

impl Explanation {
    /// Writes the decision record (section 11.1 of the format): one line of JSON with property paths, never values.
    pub fn to_record(&self, input: &RecordInput<'_>) -> Vec<u8> {
        let later = input.later_reason.map(Reason::code);
        let starts = |prefix: &str| later.filter(|code| code.starts_with(prefix));
        let clauses: Vec<Value> = self
            .clauses
            .iter()
            .map(|result| {
                let failing: Vec<Value> = result
                    .failing
                    .iter()
                    .map(|failure| {
                        json!({"predicate": failure.predicate, "observed": failure.observed, "required": failure.required})
                    })
                    .collect();
                json!({"id": result.clause, "failing": failing})
            })
            .collect();
        let obligations: Vec<Value> =
            input.effects.iter().map(|(name, paths)| json!({"name": name, "paths": paths})).collect();
        let permitted = self.decision == "permit" && later.is_none();
        let floor = self.reason.map(Reason::code).filter(|code| code.starts_with("floor."));
        let record = json!({
            "v": 1, "engine": input.engine, "now": self.now.to_millis_string(), "agreement": self.agreement_hash,
            "releaser": self.releaser, "recipient": self.recipient, "purpose": self.purposes, "door": self.doors,
            "stage": input.stage, "object": input.object_id, "version": input.version,
            "input": crate::hex::sha256_text(input.input_sha256), "attributes": self.attributes,
            "decision": if permitted { "permit" } else { "withhold" }, "clause": self.clause, "floor": floor,
            "reason": later.or(self.reason.map(Reason::code)), "clauses": clauses, "obligations": obligations,
            "post": starts("post.").unwrap_or("pass"), "closure": starts("closure.").unwrap_or("kept"),
            "output": input.output_sha256.map(crate::hex::sha256_text), "nonce": input.nonce,
        });
        record.to_string().into_bytes()
    }
}
