//! Obligations carried out on one object, and the check of the result (sections 8, 9.1, 9.2 and 10 of the format).
//!
//! Only single members are replaced; everything else is copied byte for byte. Obligations run in the fixed order of section
//! 8, whatever the order of the text.

use std::borrow::Cow;

use entente_observable::Kind;
use entente_stix::edit::Edit;
use entente_stix::marking::{Pap, Tlp};
use entente_stix::{Limits, Object, Timestamp, build::Builder, json};

use crate::facts::Facts;
use crate::ids::PartyId;
use crate::keys::Keys;
use crate::marking::property_markings;
use crate::obligations::{Attribution, RedactVictim};
use crate::post;
use crate::properties::{self, Shape};
use crate::reason::{Predicate, Reason};
use crate::residual::Residual;
use crate::terms::{Clause, Terms};
use crate::times;
use crate::victim;
use crate::vocabulary::{ObjectType, Origin, Subject};

/// Holds what the obligations of one release need beside the object.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The agreement.
    pub terms: &'a Terms,
    /// The clause that permitted.
    pub clause: &'a Clause,
    /// The releasing party.
    pub releaser: &'a PartyId,
    /// The receiving party.
    pub recipient: &'a PartyId,
    /// The releasing node's keys of this agreement.
    pub keys: &'a Keys,
    /// Id of the identity object of the releasing party under its own name.
    pub releaser_identity: &'a str,
    /// Canonical victim values that this object may touch: taken out where the clause redacts victims, and a reason to withhold what
    /// is not about a victim where it does not.
    pub victim_values: &'a [(Kind, String)],
    /// Canonical values withheld from this recipient that must not appear; searched for under every clause.
    pub withheld_values: &'a [(Kind, String)],
    /// Number of this version of the object within its rounded time, from 0 (section 8.2 of the format).
    pub ordinal: u32,
    /// The present, for the validity check of the result.
    pub now: Timestamp,
}

/// Holds an object as it may leave, before its references are closed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The id in them.
    pub object_id: String,
    /// The bytes differ from the original's.
    pub changed: bool,
    /// What each obligation did: its name and the paths of the properties it touched, never values.
    pub effects: Vec<(String, Vec<String>)>,
    /// Id that the object takes if closing its references changes it; `None` if it has a derived id or needs none.
    pub id_if_changed: Option<String>,
    /// Id of the identity that is the author of every derived object of this release.
    pub author: String,
}

/// Carries out the obligations of the clause and checks the result.
///
/// Total for every releasable object. The reason of an `Err` is a denial: the object does not leave. `post.…` reasons are
/// alarms beside: an obligation has a defect.
///
/// # Errors
///
/// The reason why the object cannot leave: a required property that may not, a victim object under `redact-victim:drop`, a
/// pattern with a victim value, or a failed check of the result.
pub fn apply(object: &Object, facts: &Facts, context: &Context<'_>) -> Result<Applied, Reason> {
    let object_type = ObjectType::of_stix(object.object_type());
    let shape = properties::shape(object_type).ok_or(Reason::Post(Predicate::Type))?;
    if object_type == ObjectType::UserAccount && !context.clause.subjects.contains(Subject::Suspect) {
        return Err(Reason::Post(Predicate::Subject));
    }
    let redaction = victim::redact(object, object_type, facts, context)?;
    let (source, shape, object_type): (Cow<'_, Object>, &Shape, ObjectType) = match redaction.replaced {
        Some(bytes) => {
            let replaced = Object::parse(&bytes, &Limits::admission()).map_err(|_| Reason::ObligationError)?;
            let identity = properties::shape(ObjectType::Identity).ok_or(Reason::ObligationError)?;
            (Cow::Owned(replaced), identity, ObjectType::Identity)
        }
        None => (Cow::Borrowed(object), shape, object_type),
    };
    let mut draft = Draft::new(&source, object_type, shape);
    draft.allow_list(context)?;
    let facts = &draft.drop_above(facts, context)?;
    draft.drop_properties(context)?;
    if context.clause.obligations.strip_free_text {
        draft.strip_free_text()?;
    }
    if let Some(value) = redaction.shortened {
        draft.shorten(&value, context);
    }
    draft.note(redaction.effect, redaction.paths);
    draft.redact_members(&redaction.residual)?;
    draft.strip_source(context);
    draft.coarsen_location(context);
    draft.coarsen_times(context)?;
    draft.reduce_confidence(context);
    draft.attribute(context);
    draft.remark(facts, context)?;
    let applied = draft.derive(object, context)?;
    post::check(&applied.bytes, facts, context, &redaction.residual, object_type)?;
    Ok(applied)
}

/// Returns the identity object of the author of derived objects: the releasing party by name, or its pseudonym under
/// `attribution:must-not`.
///
/// The bytes depend on the agreement version and the keys only, so every release of a version names the same object.
pub fn pseudonym_identity(context: &Context<'_>) -> Vec<u8> {
    let hidden = context.clause.obligations.attribution == Some(Attribution::MustNot);
    let id = author(context);
    let start = context.terms.valid_from;
    let builder = Builder::new("identity", &id).created(start).modified(start);
    if hidden {
        let name = context.keys.party_pseudonym(context.releaser);
        return builder.text("name", &name).text("identity_class", "unknown").finish();
    }
    let name = context.terms.party(context.releaser).map_or(context.releaser.as_str(), |party| party.name.as_str());
    builder.text("name", name).text("identity_class", "organization").finish()
}

/// Returns the id of the author of derived objects.
pub(crate) fn author(context: &Context<'_>) -> String {
    match context.clause.obligations.attribution {
        Some(Attribution::MustNot) => context.keys.party_identity_id(context.releaser),
        _ => context.releaser_identity.to_owned(),
    }
}

/// Holds an object while the obligations run over it.
struct Draft<'o> {
    object: &'o Object,
    object_type: ObjectType,
    shape: &'static Shape,
    edit: Edit<'o>,
    removed: Vec<String>,
    labels: Option<Vec<String>>,
    effects: Vec<(String, Vec<String>)>,
}

impl<'o> Draft<'o> {
    fn new(object: &'o Object, object_type: ObjectType, shape: &'static Shape) -> Draft<'o> {
        Draft {
            object,
            object_type,
            shape,
            edit: Edit::new(object),
            removed: Vec::new(),
            labels: None,
            effects: Vec::new(),
        }
    }

    fn note(&mut self, name: impl Into<String>, paths: Vec<String>) {
        if !paths.is_empty() {
            self.effects.push((name.into(), paths));
        }
    }

    fn has(&self, property: &str) -> bool {
        self.object.member(property).is_some() && !self.removed.iter().any(|gone| gone == property)
    }

    /// Removes a property; one that STIX requires takes the object with it.
    fn remove(&mut self, property: &str) -> Result<(), Reason> {
        if self.shape.required.contains(&property) {
            return Err(Reason::ClosureRequiredProperty);
        }
        self.edit.remove(property);
        self.removed.push(property.to_owned());
        Ok(())
    }

    fn remove_all(&mut self, properties: &[&str]) -> Vec<String> {
        let mut gone = Vec::new();
        for property in properties {
            if self.has(property) && self.remove(property).is_ok() {
                gone.push((*property).to_owned());
            }
        }
        gone
    }

    /// Step 1: properties of section 9.2 only, labels of the closed vocabulary only, references to public catalogues only.
    fn allow_list(&mut self, context: &Context<'_>) -> Result<(), Reason> {
        let mut gone = Vec::new();
        let members = json::members(self.object.raw()).map_err(|_| Reason::ObligationError)?;
        let keys: Vec<String> = members.map(|(key, _)| key.into_owned()).collect();
        for key in keys {
            let wide =
                context.clause.subjects.contains(Subject::Victim) || context.clause.subjects.contains(Subject::Suspect);
            let source_hidden = self.object_type == ObjectType::NetworkTraffic && key == "src_ref" && !wide;
            if source_hidden || !properties::is_allowed(self.shape, &key) {
                self.edit.remove(&key);
                gone.push(key.clone());
                self.removed.push(key);
            }
        }
        let labels = self.object.labels();
        if self.has("labels") {
            let kept: Vec<String> = labels.iter().filter(|label| properties::is_closed_label(label)).cloned().collect();
            if kept.len() != labels.len() {
                gone.push("labels".to_owned());
                self.set_labels(kept);
            }
        }
        if self.has("external_references") {
            let raw = self.object.member("external_references").unwrap_or_default();
            match public_references(raw) {
                References::Kept => {}
                References::Reduced(raw) => {
                    self.edit.set("external_references", raw);
                    gone.push("external_references".to_owned());
                }
                References::Gone => gone.extend(self.remove_all(&["external_references"])),
            }
        }
        self.note("allow-list", gone);
        Ok(())
    }

    fn set_labels(&mut self, labels: Vec<String>) {
        if labels.is_empty() {
            self.edit.remove("labels");
            self.removed.push("labels".to_owned());
        } else {
            let items: Vec<String> = labels.iter().map(|label| json::quote(label)).collect();
            self.edit.set("labels", format!("[{}]", items.join(",")));
            self.removed.retain(|gone| gone != "labels");
        }
        self.labels = Some(labels);
    }

    fn current_labels(&self) -> &[String] {
        match &self.labels {
            Some(labels) => labels,
            None if self.has("labels") => self.object.labels(),
            None => &[],
        }
    }

    /// Step 1, for properties with a marking of their own (section 7): what stands above the ceiling goes, and the object rises to
    /// the level of what stays. Of another party's data only what is marked no higher than its whole may go on.
    ///
    /// Returns the facts with the marking that the rest has.
    fn drop_above(&mut self, facts: &Facts, context: &Context<'_>) -> Result<Facts, Reason> {
        let mut risen = *facts;
        let (tlp_max, pap_max) = match facts.origin {
            Origin::Own => (context.clause.tlp_max, context.clause.pap_max),
            _ => (facts.tlp, facts.pap),
        };
        let mut gone = Vec::new();
        for marking in property_markings(self.object, &context.terms.marking_maps) {
            let fits = marking.tlp.is_some_and(|tlp| tlp <= tlp_max) && marking.pap.is_none_or(|pap| pap <= pap_max);
            if fits {
                risen.tlp = marking.tlp.map_or(risen.tlp, |tlp| risen.tlp.max(tlp));
                risen.pap = marking.pap.map_or(risen.pap, |pap| risen.pap.max(pap));
            } else if matches!(marking.property.as_str(), "type" | "spec_version" | "id" | "created" | "modified") {
                return Err(Reason::ClosureRequiredProperty);
            } else if marking.property != "object_marking_refs" && self.has(&marking.property) {
                self.remove(&marking.property)?;
                if marking.property == "labels" {
                    self.labels = Some(Vec::new());
                }
                gone.push(marking.property);
            }
        }
        self.note("granular-marking", gone);
        Ok(risen)
    }

    /// Step 2.
    fn drop_properties(&mut self, context: &Context<'_>) -> Result<(), Reason> {
        for property in &context.clause.obligations.drop_properties {
            if self.has(property) {
                self.remove(property)?;
                if property == "labels" {
                    self.labels = Some(Vec::new());
                }
                self.note(format!("drop-property:{property}"), vec![property.clone()]);
            }
        }
        Ok(())
    }

    /// Step 3. A required name becomes a fixed label.
    fn strip_free_text(&mut self) -> Result<(), Reason> {
        if properties::is_foreign_pattern(self.object) {
            return Err(Reason::ObligationPattern);
        }
        let mut gone = Vec::new();
        for property in self.shape.free_text {
            if !self.has(property) || properties::is_public_name(self.object, self.object_type, property) {
                continue;
            }
            if *property == "name" && self.shape.required.contains(property) {
                let label = properties::replacement_name(self.object, self.object_type);
                self.edit.set_text("name", &label);
            } else {
                self.remove(property)?;
            }
            gone.push((*property).to_owned());
        }
        if properties::is_personal_name(self.object, self.object_type) {
            self.edit.set_text("name", properties::UNNAMED);
            gone.push("name".to_owned());
        }
        self.note("strip-free-text", gone);
        Ok(())
    }

    /// Step 4, `prefix`: the value, or the name of an identity, becomes a network.
    fn shorten(&mut self, network: &str, context: &Context<'_>) {
        let property = if self.object_type == ObjectType::Identity { "name" } else { "value" };
        self.edit.set_text(property, network);
        let mode = context.clause.obligations.redact_victim.unwrap_or(RedactVictim::Prefix);
        self.note(format!("redact-victim:{mode}"), vec![property.to_owned()]);
    }

    /// Step 4, every mode: other properties that hold a victim value are removed.
    fn redact_members(&mut self, residual: &Residual) -> Result<(), Reason> {
        if residual.is_empty() || !residual.is_in(&self.edit.finish()) {
            return Ok(());
        }
        let bytes = self.edit.finish();
        let members = json::members(&bytes).map_err(|_| Reason::ObligationError)?;
        let hits: Vec<String> = members
            .filter(|(key, raw)| !is_reference(key) && key != "id" && residual.is_in(raw))
            .map(|(key, _)| key.into_owned())
            .collect();
        let mut gone = Vec::new();
        for key in hits {
            match key.as_str() {
                "pattern" => return Err(Reason::ObligationPattern),
                "value" => return Err(Reason::ObligationVictim),
                "labels" => {
                    let kept = self.current_labels().iter().filter(|label| !residual.is_in(label.as_bytes())).cloned();
                    let kept = kept.collect();
                    self.set_labels(kept);
                }
                _ => self.remove(&key)?,
            }
            gone.push(key);
        }
        self.note("redact-victim", gone);
        Ok(())
    }

    /// Step 5.
    fn strip_source(&mut self, context: &Context<'_>) {
        if !context.clause.obligations.strip_source {
            return;
        }
        let mut gone = self.remove_all(&["observed_data_refs", "where_sighted_refs"]);
        if !self.is_observable() {
            let author = author(context);
            if self.object.created_by_ref() != Some(author.as_str()) {
                self.edit.set_text("created_by_ref", &author);
                gone.push("created_by_ref".to_owned());
            }
        }
        self.note("strip-source", gone);
    }

    /// Step 6.
    fn coarsen_location(&mut self, context: &Context<'_>) {
        if context.clause.obligations.coarsen_location && self.object_type == ObjectType::Location {
            let fine =
                ["latitude", "longitude", "precision", "city", "street_address", "postal_code", "administrative_area"];
            let gone = self.remove_all(&fine);
            self.note("coarsen-location:country", gone);
        }
    }

    /// Step 7.
    fn coarsen_times(&mut self, context: &Context<'_>) -> Result<(), Reason> {
        let Some(unit) = context.clause.obligations.coarsen_time else { return Ok(()) };
        if self.object_type == ObjectType::Indicator && times::has_finer_qualifier(self.object, unit) {
            return Err(Reason::ObligationPattern);
        }
        let mut touched = Vec::new();
        for (property, rounded) in times::rounded(self.object, unit, context.ordinal)? {
            if self.has(property) {
                self.edit.set_text(property, &rounded);
                touched.push(property.to_owned());
            }
        }
        self.note(format!("coarsen-time:{unit}"), touched);
        Ok(())
    }

    /// Step 8: the middle of None, Low, Medium, High (STIX 2.1 Appendix A).
    fn reduce_confidence(&mut self, context: &Context<'_>) {
        if !context.clause.obligations.reduce_confidence_bucket || !self.has("confidence") {
            return;
        }
        let Some(confidence) = self.object.confidence() else { return };
        let reduced = bucket(confidence);
        if reduced != confidence {
            self.edit.set("confidence", reduced.to_string());
            self.note("reduce-confidence-bucket", vec!["confidence".to_owned()]);
        }
    }

    /// Step 9.
    fn attribute(&mut self, context: &Context<'_>) {
        let obligations = &context.clause.obligations;
        // Where sources are stripped, step 5 has written the pseudonym already.
        let hidden = obligations.attribution == Some(Attribution::MustNot) && !obligations.strip_source;
        if hidden && self.object.created_by_ref() == Some(context.releaser_identity) && self.has("created_by_ref") {
            self.edit.set_text("created_by_ref", &author(context));
            self.note("attribution:must-not", vec!["created_by_ref".to_owned()]);
        }
    }

    /// Step 10: exactly one TLP 2.0 reference; CLEAR that came from admission is not written.
    fn remark(&mut self, facts: &Facts, context: &Context<'_>) -> Result<(), Reason> {
        let obligations = &context.clause.obligations;
        let tlp = obligations.remark_tlp.map_or(facts.tlp, |least| least.max(facts.tlp));
        let refs = self.object.object_marking_refs();
        let silent = tlp == Tlp::Clear && refs.is_empty();
        let wanted = tlp.marking_id();
        let written = matches!(refs, [only] if only == wanted);
        if !silent && !written {
            self.edit.set("object_marking_refs", format!("[{}]", json::quote(wanted)));
            self.note(format!("remark:tlp={}", tlp.key()), vec!["object_marking_refs".to_owned()]);
        }

        let pap = obligations.remark_pap.map_or(facts.pap, |least| least.max(facts.pap));
        let label = format!("PAP:{}", pap.key().to_uppercase());
        let labels = self.current_labels();
        let said: Vec<&String> = labels.iter().filter(|label| Pap::from_label(label).is_some()).collect();
        let right = match said.as_slice() {
            [] => pap <= Pap::Green,
            [only] => **only == label,
            _ => false,
        };
        if !right {
            if self.is_observable() {
                // STIX observables have no labels, so the narrower use could not be told.
                return Err(Reason::DoorCannotExpressMarking);
            }
            let mut kept: Vec<String> =
                labels.iter().filter(|label| Pap::from_label(label).is_none()).cloned().collect();
            kept.push(label);
            self.set_labels(kept);
            self.note(format!("remark:pap={}", pap.key()), vec!["labels".to_owned()]);
        }
        Ok(())
    }

    fn is_observable(&self) -> bool {
        entente_stix::kinds::class(self.object.object_type()) == Some(entente_stix::kinds::Class::Sco)
    }

    /// Step 14: the id and the author of what has changed.
    fn derive(mut self, original: &Object, context: &Context<'_>) -> Result<Applied, Reason> {
        let watermark = context.clause.obligations.watermark;
        let replaced = original.id() != self.object.id() || original.object_type() != self.object.object_type();
        let author = author(context);
        let mut id_if_changed = None;
        let mut object_id = self.object.id().to_owned();
        let mut changed = replaced || self.edit.is_changed();
        if self.is_observable() {
            object_id = self.observable_id(changed, context)?;
            if object_id != self.object.id() {
                self.edit.set_text("id", &object_id);
                self.note("derive", vec!["id".to_owned()]);
                changed = true;
            }
        } else {
            let recipient = watermark.then_some(context.recipient);
            let fresh = || context.keys.derived_id(self.object.object_type(), original.id(), recipient);
            if changed || watermark {
                object_id = fresh();
                self.edit.set_text("id", &object_id);
                self.edit.set_text("created_by_ref", &author);
                self.note("derive", vec!["id".to_owned(), "created_by_ref".to_owned()]);
                changed = true;
            } else if !self.object.references().is_empty() {
                id_if_changed = Some(fresh());
            }
        }
        Ok(Applied { bytes: self.edit.finish(), object_id, changed, effects: self.effects, id_if_changed, author })
    }

    /// Returns the id of an observable from its released properties (STIX 2.1 §2.9).
    fn observable_id(&self, changed: bool, context: &Context<'_>) -> Result<String, Reason> {
        let object_type = self.object.object_type();
        let computed = if matches!(
            self.object_type,
            ObjectType::Ipv4Addr
                | ObjectType::Ipv6Addr
                | ObjectType::DomainName
                | ObjectType::Url
                | ObjectType::EmailAddr
        ) && !changed
        {
            self.object.text("value").map(|value| entente_stix::id::sco_value_id(object_type, &value))
        } else {
            let bytes = self.edit.finish();
            let members = serde_json::from_slice(&bytes).map_err(|_| Reason::ObligationError)?;
            entente_stix::id::sco_id(object_type, &members)
        };
        // Without contributing properties the id is random; keyed, it links to nothing.
        Ok(computed.unwrap_or_else(|| context.keys.derived_id(object_type, self.object.id(), None)))
    }
}

/// Tells whether a property holds references, whose targets closing replaces.
pub(crate) fn is_reference(property: &str) -> bool {
    property.ends_with("_ref") || property.ends_with("_refs")
}

/// Reduces a confidence to the middle of its range.
fn bucket(confidence: u8) -> u8 {
    match confidence {
        0 => 0,
        1..=29 => 15,
        30..=69 => 50,
        _ => 85,
    }
}

/// Says what is left of a list of external references.
enum References {
    Kept,
    Reduced(String),
    Gone,
}

/// Keeps ids of ATT&CK, CAPEC and CVE, without addresses and descriptions.
fn public_references(raw: &[u8]) -> References {
    const SOURCES: [&str; 5] = ["mitre-attack", "mitre-mobile-attack", "mitre-ics-attack", "capec", "cve"];
    let Ok(items) = serde_json::from_slice::<Vec<serde_json::Map<String, serde_json::Value>>>(raw) else {
        return References::Gone;
    };
    let mut kept = Vec::new();
    let mut same = true;
    for item in &items {
        let text = |key: &str| item.get(key).and_then(serde_json::Value::as_str);
        match (text("source_name"), text("external_id")) {
            (Some(source), Some(id)) if SOURCES.contains(&source) && properties::is_public_id(id) => {
                same &= item.len() == 2;
                kept.push(format!("{{\"source_name\":{},\"external_id\":{}}}", json::quote(source), json::quote(id)));
            }
            _ => same = false,
        }
    }
    match (same, kept.is_empty()) {
        (true, false) => References::Kept,
        (false, false) => References::Reduced(format!("[{}]", kept.join(","))),
        (_, true) => References::Gone,
    }
}
