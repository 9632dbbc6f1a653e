//! What admission fixes about a revision, and how it becomes the input of a decision.
//!
//! Subject, confidence, marking and age are set once, when the node accepts an object, and never inferred again; origin and echo
//! depend on who asks and are computed for each recipient (`agreements.md` sections 5 and 6).

use entente_agreement::{
    Facts, MarkingState, ObjectType, Origin, PartyId, Purpose, PurposeSet, Source, SubjectSet, origin_of,
};
use entente_formats::Class;
use entente_observable::Kind;
use entente_stix::Timestamp;
use entente_stix::marking::{Pap, Tlp};
use entente_store::StoreError;
use entente_store::revisions::RevisionRow;

use crate::state::State;

/// The facts of one revision, fixed at admission, and what a person decided since. Thirty bytes in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admitted {
    pub(crate) object_type: ObjectType,
    pub(crate) kind: Option<Kind>,
    pub(crate) tlp: Tlp,
    pub(crate) marking: MarkingState,
    pub(crate) pap: Pap,
    pub(crate) subject: SubjectSet,
    pub(crate) confidence: u8,
    pub(crate) role: Class,
    pub(crate) country: Option<[u8; 2]>,
    pub(crate) age_reference: Timestamp,
    pub(crate) warninglisted: bool,
    pub(crate) quarantined: bool,
    pub(crate) local_only: bool,
    pub(crate) has_text: bool,
    pub(crate) known_type: bool,
    /// A person has read the free text of this version.
    pub(crate) text_reviewed: bool,
    pub(crate) legal_hold: bool,
    pub(crate) embargo_until: Option<Timestamp>,
}

const LENGTH: usize = 30;
const VERSION: u8 = 2;
/// Length of the facts that stores of the first format hold: nothing was reviewed there.
const FIRST_LENGTH: usize = 22;

impl Admitted {
    /// Writes the facts as the store keeps them.
    pub(crate) fn encode(&self) -> [u8; LENGTH] {
        let flag = |bit: u8, set: bool| u8::from(set) << bit;
        let flags = flag(0, self.warninglisted)
            | flag(1, self.quarantined)
            | flag(2, self.local_only)
            | flag(3, self.has_text)
            | flag(4, self.known_type)
            | flag(5, self.text_reviewed)
            | flag(6, self.legal_hold);
        // The first instant of 1970 stands for no embargo: it would be over.
        let [e0, e1, e2, e3, e4, e5, e6, e7] = self.embargo_until.map_or(0, Timestamp::as_micros).to_be_bytes();
        let [c0, c1] = self.country.unwrap_or([0, 0]);
        let [a0, a1, a2, a3, a4, a5, a6, a7] = self.age_reference.as_micros().to_be_bytes();
        [
            VERSION,
            position(ObjectType::ALL, &self.object_type),
            self.kind.map_or(u8::MAX, |kind| position(&Kind::ALL, &kind)),
            position(&TLPS, &self.tlp),
            position(&MARKINGS, &self.marking),
            position(&PAPS, &self.pap),
            self.subject.bits(),
            self.confidence,
            position(&Class::ALL, &self.role),
            flags,
            c0,
            c1,
            0,
            0,
            a0,
            a1,
            a2,
            a3,
            a4,
            a5,
            a6,
            a7,
            e0,
            e1,
            e2,
            e3,
            e4,
            e5,
            e6,
            e7,
        ]
    }

    /// Reads facts back.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        let damaged = || StoreError::Damaged(format!("facts of {} bytes are not those of this version", bytes.len()));
        let (first, embargo) = bytes.split_at_checked(FIRST_LENGTH).ok_or_else(damaged)?;
        let first: &[u8; FIRST_LENGTH] = first.try_into().map_err(|_| damaged())?;
        let [version, object_type, kind, tlp, marking, pap, subject, confidence, role, flags, c0, c1, _, _, age @ ..] =
            *first;
        let embargo = match (version, embargo) {
            (1, []) => 0,
            (VERSION, embargo) => i64::from_be_bytes(embargo.try_into().map_err(|_| damaged())?),
            _ => return Err(damaged()),
        };
        let at = |index: u8| usize::from(index);
        let flag = |bit: u8| flags & (1 << bit) != 0;
        Ok(Self {
            object_type: *ObjectType::ALL.get(at(object_type)).ok_or_else(damaged)?,
            kind: if kind == u8::MAX { None } else { Some(*Kind::ALL.get(at(kind)).ok_or_else(damaged)?) },
            tlp: *TLPS.get(at(tlp)).ok_or_else(damaged)?,
            marking: *MARKINGS.get(at(marking)).ok_or_else(damaged)?,
            pap: *PAPS.get(at(pap)).ok_or_else(damaged)?,
            subject: SubjectSet::from_bits(subject),
            confidence,
            role: *Class::ALL.get(at(role)).ok_or_else(damaged)?,
            country: (c0 != 0).then_some([c0, c1]),
            age_reference: Timestamp::from_micros(i64::from_be_bytes(age)),
            warninglisted: flag(0),
            quarantined: flag(1),
            local_only: flag(2),
            has_text: flag(3),
            known_type: flag(4),
            text_reviewed: flag(5),
            legal_hold: flag(6),
            embargo_until: (embargo != 0).then(|| Timestamp::from_micros(embargo)),
        })
    }

    /// These facts with the legal hold and the embargo of an earlier version of the same object: they are about all versions.
    pub(crate) fn held_as(&self, earlier: Option<&Self>) -> Self {
        match earlier {
            Some(earlier) => Self {
                legal_hold: self.legal_hold || earlier.legal_hold,
                embargo_until: self.embargo_until.max(earlier.embargo_until),
                ..*self
            },
            None => *self,
        }
    }

    /// The input of a decision about this revision for one recipient.
    pub(crate) fn facts(&self, origin: Origin, echo: bool) -> Facts {
        Facts {
            object_type: self.object_type,
            kind: self.kind,
            tlp: self.tlp,
            marking_state: self.marking,
            pap: self.pap,
            origin,
            subject: self.subject,
            confidence: self.confidence,
            age_reference: self.age_reference,
            warninglisted: self.warninglisted,
            quarantined: self.quarantined,
            legal_hold: self.legal_hold,
            local_only: self.local_only,
            embargo_until: self.embargo_until,
            // Constituencies are not known to this version: a clause that asks for one releases nothing.
            in_constituency: false,
            has_text: self.has_text,
            text_reviewed: self.text_reviewed,
            echo,
            known_type: self.known_type,
        }
    }
}

const TLPS: [Tlp; 5] = [Tlp::Clear, Tlp::Green, Tlp::Amber, Tlp::AmberStrict, Tlp::Red];
const PAPS: [Pap; 4] = [Pap::Clear, Pap::Green, Pap::Amber, Pap::Red];
const MARKINGS: [MarkingState; 3] = [MarkingState::Marked, MarkingState::Unmarked, MarkingState::Unresolved];

/// The position of a value in its closed list; the lists are shorter than 255.
pub(crate) fn position<T: PartialEq>(all: &[T], value: &T) -> u8 {
    all.iter().position(|known| known == value).and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX)
}

/// The number of a TLP level in the store.
pub(crate) fn tlp_level(tlp: Tlp) -> i64 {
    i64::from(position(&TLPS, &tlp))
}

/// A country as one integer, 0 when unknown.
pub(crate) fn country_no(country: Option<[u8; 2]>) -> i64 {
    country.map_or(0, |[a, b]| i64::from(a) << 8 | i64::from(b))
}

/// The country of an integer.
pub(crate) fn country_of(no: i64) -> Option<[u8; 2]> {
    let first = u8::try_from(no >> 8).ok().filter(|letter| letter.is_ascii_uppercase())?;
    let second = u8::try_from(no & 0xff).ok().filter(|letter| letter.is_ascii_uppercase())?;
    Some([first, second])
}

/// The two letters as text, `ZZ` when unknown.
pub(crate) fn country_word(country: Option<[u8; 2]>) -> String {
    match country {
        Some([a, b]) => [char::from(a), char::from(b)].iter().collect(),
        None => "ZZ".to_owned(),
    }
}

/// Whose finding a revision is, as `recipient` would see it under the agreement that is asked (`agreements.md` section 6), and
/// the purposes for which that holds: a consent opens the purpose it names and no other.
pub(crate) fn origin(
    state: &State,
    from: Provenance<'_>,
    admitted: &Admitted,
    terms: &entente_agreement::Terms,
    recipient: &PartyId,
    now: Timestamp,
) -> (Origin, PurposeSet) {
    if from.party == 0 {
        return (Origin::Own, PurposeSet::ALL);
    }
    let (Some(under), Some(originator), Some(recipient)) = (
        state.version(from.agreement),
        state.party_no(from.party),
        terms.parties.iter().find(|party| party.id == *recipient),
    ) else {
        return (Origin::Received, PurposeSet::ALL);
    };
    let ask = |under, clause, purpose| {
        let source = Source::Received { under, clause, originator: &originator.id, object_id: from.object };
        origin_of(source, admitted.tlp, recipient, purpose, now)
    };
    let received = ask(&under.agreement, None, Purpose::Operation);
    let marked_for_consent = matches!(admitted.tlp, Tlp::Amber | Tlp::AmberStrict);
    if !marked_for_consent || !under.agreement.terms().onward.consent {
        return (received, PurposeSet::ALL);
    }
    // The consent may stand in another version of the agreement than the one the object came under.
    let versions: Vec<_> =
        state.versions.iter().filter(|held| held.id() == under.id() && !held.agreement.consents().is_empty()).collect();
    let Some(own) = state.parties.first().filter(|_| !versions.is_empty()) else {
        return (Origin::Received, PurposeSet::ALL);
    };
    // No leaf says which clause released the object, so a consent for a clause counts when no other clause can have been it.
    let clauses = under.agreement.terms().clauses_that_may_release(
        &originator.id,
        &own.id,
        admitted.object_type,
        admitted.kind,
        admitted.tlp,
        admitted.pap,
    );
    let consented = |purpose: &Purpose| {
        versions.iter().any(|held| ask(&held.agreement, None, *purpose) == Origin::Consented)
            || (!clauses.is_empty()
                && clauses
                    .iter()
                    .all(|clause| ask(&under.agreement, Some(clause.as_str()), *purpose) == Origin::Consented))
    };
    let purposes: Vec<Purpose> = PurposeSet::ALL.iter().filter(consented).collect();
    match purposes.as_slice() {
        [] => (Origin::Received, PurposeSet::ALL),
        purposes => (Origin::Consented, PurposeSet::of(purposes)),
    }
}

/// Where a revision came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Provenance<'a> {
    /// Party number; 0 is the node's own.
    pub(crate) party: i64,
    /// Number of the agreement version; 0 for own data.
    pub(crate) agreement: i64,
    /// Id of the object as held.
    pub(crate) object: &'a str,
}

impl<'a> Provenance<'a> {
    /// That of a stored revision.
    pub(crate) fn of(row: &'a RevisionRow) -> Self {
        Self { party: row.party, agreement: row.agreement, object: &row.id }
    }
}
