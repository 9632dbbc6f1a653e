//! Reading and checking, before anything is written: what an item is, what it is about, and which facts it will be decided by.
//!
//! A value of a feed and a STIX object of a file or of another party come out as one [`Prepared`] item, or as a [`Refusal`] with a
//! stable code. Nothing here looks at what the node holds already; that is for the transaction that writes the item.

use entente_agreement::{MarkingState, ObjectType, Subject, SubjectSet, effective};
use entente_formats::{Class, Finding, Item, Rejected};
use entente_observable::{Observable, warninglist};
use entente_stix::kinds;
use entente_stix::marking::Tlp;
use entente_stix::upgrade;
use entente_stix::validate::{Context, Profile, validate};
use entente_stix::{Code, Limits, Object, Severity, Timestamp};

use crate::Exchange;
use crate::admit::AdmitOptions;
use crate::build;
use crate::facts::Admitted;

/// Level of what has no marking that is understood. Floors F5 and F6 deny it whatever the level says; RED would hide that reason.
const UNKNOWN_LEVEL: Tlp = Tlp::AmberStrict;

/// A refusal of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) message: String,
}

/// One item, read and checked, ready to be written.
#[derive(Debug)]
pub(crate) enum Prepared {
    Value(Box<PreparedValue>),
    Object(Box<PreparedObject>),
}

#[derive(Debug)]
pub(crate) struct PreparedValue {
    pub(crate) finding: Finding,
    pub(crate) observable: Observable,
    pub(crate) pattern: Option<String>,
    pub(crate) facts: Admitted,
    pub(crate) quarantine: Option<String>,
}

#[derive(Debug)]
pub(crate) struct PreparedObject {
    pub(crate) object: Object,
    pub(crate) observables: Vec<Observable>,
    pub(crate) facts: Admitted,
    pub(crate) quarantine: Option<String>,
    /// What breaks STIX without doing harm, each code once.
    pub(crate) warnings: Vec<Code>,
    place: String,
}

impl Exchange {
    /// Reads and checks one item; nothing is written.
    pub(crate) fn prepare(
        &self,
        item: Item,
        options: &AdmitOptions,
        now: Timestamp,
    ) -> Result<Prepared, (u64, Refusal)> {
        match item {
            Item::Finding(finding) => {
                let line = finding.line;
                self.prepare_value(finding, options, now).map_err(|refusal| (line, refusal))
            }
            Item::Object { raw, line_or_pointer } => match self.prepare_object(&raw, options, &line_or_pointer, now) {
                Ok(object) => Ok(Prepared::Object(Box::new(object))),
                Err(refusal) => Err(placed(&line_or_pointer, refusal)),
            },
            Item::Rejected(Rejected { line, code, message, raw }) => {
                Err((line, Refusal { code: code.to_owned(), message: format!("{message}: `{}`", named(&raw)) }))
            }
        }
    }

    fn prepare_value(&self, finding: Finding, options: &AdmitOptions, now: Timestamp) -> Result<Prepared, Refusal> {
        let observable = finding.observable.clone();
        let subject = options.subject.unwrap_or(match finding.subject {
            entente_formats::Subject::Infrastructure => Subject::Infrastructure,
            entente_formats::Subject::Victim => Subject::Victim,
        });
        let victim = subject == Subject::Victim;
        let pattern = if victim {
            None
        } else {
            let (object_type, property) = observable.stix_path().ok_or_else(|| Refusal {
                code: "admit.no-pattern".to_owned(),
                message: format!("a value of kind `{}` has no STIX pattern", observable.kind.name()),
            })?;
            Some(entente_pattern::equality(object_type, property, observable.stix_value()))
        };
        let quarantine = self.warned(&observable);
        let tlp = finding.tlp.or(options.tlp);
        let country = finding.country.or_else(|| entente_observable::country::of_address(&observable));
        let facts = Admitted {
            object_type: ObjectType::of_stix(build::object_type(victim)),
            kind: Some(observable.kind),
            tlp: tlp.unwrap_or(UNKNOWN_LEVEL),
            marking: if tlp.is_some() { MarkingState::Marked } else { MarkingState::Unmarked },
            pap: finding.pap.unwrap_or(options.pap),
            subject: SubjectSet::of(&[subject]),
            confidence: finding.confidence.unwrap_or(options.confidence),
            role: finding.class,
            country,
            age_reference: finding.last_seen.or(finding.first_seen).unwrap_or(now),
            warninglisted: quarantine.is_some(),
            quarantined: quarantine.is_some(),
            local_only: false,
            has_text: !victim && finding.malware.is_some(),
            known_type: true,
            text_reviewed: false,
            legal_hold: false,
            embargo_until: None,
        };
        let finding = Finding { country, ..finding };
        Ok(Prepared::Value(Box::new(PreparedValue { finding, observable, pattern, facts, quarantine })))
    }

    /// Reads and checks one STIX object, from a file or from another party.
    pub(crate) fn prepare_object(
        &self,
        raw: &[u8],
        options: &AdmitOptions,
        place: &str,
        now: Timestamp,
    ) -> Result<PreparedObject, Refusal> {
        let refuse = |code: &str, message: String| Refusal { code: code.to_owned(), message };
        let object = Object::parse(raw, &Limits::admission()).map_err(|e| refuse(e.code(), e.to_string()))?;
        if upgrade::is_2_0(&object, true) {
            // What is held is served as 2.1; converting is the explicit choice of whoever hands it in.
            return Err(refuse("stix.version-2-0", format!("`{}` is a STIX 2.0 object", object.id())));
        }
        let mut warnings = validated(&object, now)?;
        let (observables, quarantine) = self.observables_of(&object, &mut warnings)?;
        let facts = object_facts(&object, &observables, options, quarantine.is_some(), now);
        Ok(PreparedObject { object, observables, facts, quarantine, warnings, place: place.to_owned() })
    }

    /// The observables an object is about: the equality comparisons of an indicator's pattern, or the value of an SCO. With them
    /// the reason for quarantine, which any value of a pattern gives, whatever it is compared and joined with (A01).
    fn observables_of(
        &self,
        object: &Object,
        warnings: &mut Vec<Code>,
    ) -> Result<(Vec<Observable>, Option<String>), Refusal> {
        let refuse = |code: &str, message: String| Refusal { code: code.to_owned(), message };
        match object.object_type() {
            "indicator" if object.text("pattern_type").as_deref() == Some("stix") => {
                let text = object.text("pattern").unwrap_or_default();
                let version = object.text("pattern_version").or_else(|| object.spec_version().map(str::to_owned));
                let pattern = entente_pattern::parse_version(&text, version.as_deref().unwrap_or("2.1"))
                    .map_err(|e| refuse(e.code(), format!("/pattern: {e}")))?;
                let mut unsupported = None;
                pattern.check_types(&mut |code, message| {
                    if code == Code::E913 {
                        unsupported.get_or_insert_with(|| refuse(code.as_str(), format!("/pattern: {message}")));
                    } else if is_told(code) && !warnings.contains(&code) {
                        warnings.push(code);
                    }
                });
                if let Some(refusal) = unsupported {
                    return Err(refusal);
                }
                let warned = pattern.literals().iter().filter(|literal| !literal.negated).find_map(|literal| {
                    let excludes = literal.operator == entente_pattern::Operator::NotEqual;
                    let value = observable_of(&literal.object_type, &literal.property, &literal.value);
                    value.filter(|_| !excludes).and_then(|observable| self.warned(&observable))
                });
                let keys = pattern.equalities().unwrap_or_default();
                let observables =
                    keys.iter().filter_map(|key| observable_of(&key.object_type, &key.property, &key.value)).collect();
                Ok((observables, warned))
            }
            object_type => {
                let value = object.text("value");
                let observable = value.and_then(|value| observable_of(object_type, "value", &value));
                let warned = observable.as_ref().and_then(|observable| self.warned(observable));
                Ok((observable.into_iter().collect(), warned))
            }
        }
    }

    /// Why an observable may not be used, if it is on a warninglist (A01, A02).
    fn warned(&self, observable: &Observable) -> Option<String> {
        let hit = warninglist::check_with(observable, &self.warninglists())?;
        Some(format!("warninglist {}: {}", hit.list, hit.reason))
    }
}

impl Prepared {
    pub(crate) fn quarantine(&self) -> Option<&str> {
        let reason = match self {
            Self::Value(value) => value.quarantine.as_deref(),
            Self::Object(object) => object.quarantine.as_deref(),
        };
        reason.map(|reason| reason.split(':').next().unwrap_or(reason))
    }

    pub(crate) fn warnings(&self) -> &[Code] {
        match self {
            Self::Value(_) => &[],
            Self::Object(object) => &object.warnings,
        }
    }

    /// A refusal with the place of the item it is about.
    pub(crate) fn refused(&self, refusal: Refusal) -> (u64, Refusal) {
        match self {
            Self::Value(value) => (value.finding.line, refusal),
            Self::Object(object) => placed(&object.place, refusal),
        }
    }
}

/// Checks an object under the profile `lenient`: what would harm storage, versions, release or another reader refuses it; the
/// codes of everything else that it breaks are returned, each once.
fn validated(object: &Object, now: Timestamp) -> Result<Vec<Code>, Refusal> {
    let context = Context { now: Some(now), ..Context::default() };
    let mut refusal = None;
    let mut warnings = Vec::new();
    validate(object, Profile::Lenient, &context, &mut |finding| match finding.severity() {
        Severity::Error => {
            refusal.get_or_insert_with(|| Refusal {
                code: match finding.code() {
                    Code::E406 => "stix.reserved-marking",
                    code => code.as_str(),
                }
                .to_owned(),
                message: format!("{}: {}", finding.path(), finding.message()),
            });
        }
        Severity::Warning if is_told(finding.code()) && !warnings.contains(&finding.code()) => {
            warnings.push(finding.code());
        }
        Severity::Warning | Severity::Note => {}
    });
    refusal.map_or(Ok(warnings), Err)
}

/// Whether a finding is told of what is held: all but notes, and but an indicator without a name. Such the exchange writes itself,
/// since a name is free text, which clauses withhold.
pub(crate) fn is_told(code: Code) -> bool {
    code.severity() != Severity::Note && code != Code::W519
}

/// What a refused line is called in its message: its beginning, or the id of a JSON object that has one.
fn named(raw: &str) -> String {
    let id = raw.trim_start().strip_prefix('{').and_then(|object| object.split_once("\"id\"")).and_then(|(_, rest)| {
        let id = rest.split('"').nth(1)?;
        entente_stix::id::is_identifier(id).then_some(id)
    });
    id.unwrap_or(raw.trim()).chars().take(80).collect()
}

/// Gives a refusal its line number, or puts the JSON pointer in front of its message.
fn placed(place: &str, refusal: Refusal) -> (u64, Refusal) {
    match place.strip_prefix("line ").and_then(|line| line.parse().ok()) {
        Some(line) => (line, refusal),
        None if refusal.message.starts_with('/') => {
            (0, Refusal { message: format!("{place}{}", refusal.message), ..refusal })
        }
        None => (0, Refusal { message: format!("{place}: {}", refusal.message), ..refusal }),
    }
}

/// The facts of a STIX object at admission.
fn object_facts(
    object: &Object,
    observables: &[Observable],
    options: &AdmitOptions,
    warned: bool,
    now: Timestamp,
) -> Admitted {
    let labels = object.labels();
    let label = |prefix: &str| labels.iter().find_map(|label| label.strip_prefix(prefix));
    let marking = effective(object, options.tlp, &[]);
    let time = |property: &str| object.text(property).and_then(|text| Timestamp::parse(&text).ok());
    let role = labels.iter().find_map(|label| Class::from_label(label)).unwrap_or(Class::Other);
    let subject = subject_of(object, role, options.subject);
    Admitted {
        object_type: ObjectType::of_stix(object.object_type()),
        kind: observables.first().map(|observable| observable.kind),
        tlp: if marking.state == MarkingState::Marked { marking.tlp } else { UNKNOWN_LEVEL },
        marking: marking.state,
        pap: marking.pap.max(options.pap),
        subject,
        confidence: object.confidence().unwrap_or(options.confidence),
        role,
        country: label("country:")
            .and_then(|code| <[u8; 2]>::try_from(code.as_bytes()).ok())
            .or_else(|| observables.first().and_then(entente_observable::country::of_address)),
        age_reference: time("last_seen").or_else(|| time("last_observed")).or(object.modified()).unwrap_or(now),
        warninglisted: warned,
        quarantined: warned,
        local_only: false,
        has_text: entente_agreement::has_free_text(object),
        known_type: kinds::class(object.object_type()).is_some(),
        text_reviewed: false,
        legal_hold: false,
        embargo_until: None,
    }
}

/// The observable that a STIX property holds, if it holds one that has a canonical form.
pub(crate) fn observable_of(object_type: &str, property: &str, value: &str) -> Option<Observable> {
    Observable::from_stix(object_type, property, value)?.ok().map(|normal| normal.observable)
}

/// Whom an object is about. Types that describe attackers are `infrastructure`; persons and organisations only what somebody said.
fn subject_of(object: &Object, role: Class, stated: Option<Subject>) -> SubjectSet {
    if let Some(subject) = stated {
        return SubjectSet::of(&[subject]);
    }
    match object.object_type() {
        "indicator" | "infrastructure" | "malware" | "tool" | "attack-pattern" | "vulnerability" | "ipv4-addr"
        | "ipv6-addr" | "domain-name" | "url" | "file" | "autonomous-system" | "relationship" | "sighting"
        | "campaign" | "intrusion-set" => SubjectSet::of(&[Subject::Infrastructure]),
        "identity" if role == Class::Compromised => SubjectSet::of(&[Subject::Victim]),
        _ => SubjectSet::EMPTY,
    }
}
