//! Who may see an object, and why or why not: the same decision as at release, told in words.

use entente_agreement::{DoorSet, Explanation, PartyId, PurposeSet, explain};
use entente_stix::Timestamp;
use entente_store::revisions::RevisionRow;
use serde::Serialize;

use crate::Exchange;
use crate::admit::object_key;
use crate::deliver::Gate;
use crate::error::{ExchangeError, Result};
use crate::facts::{Admitted, Provenance};
use crate::known::Known;
use crate::state::{Held, State};
use crate::view::{SeenBy, VisibilityRow};

/// The answer to "may this party have this object, and why or why not?".
#[derive(Clone, Debug, Serialize)]
pub struct Explained {
    /// Id of the object as held.
    pub object: String,
    /// The asked party.
    pub party: String,
    /// One row per agreement with that party.
    pub rows: Vec<VisibilityRow>,
    /// Why it is in quarantine, if it is.
    pub quarantine: Option<String>,
    /// Ids under which it was released to that party so far.
    pub released_as: Vec<String>,
}

impl Explained {
    /// Whether any agreement permits it now.
    #[must_use]
    pub fn sees(&self) -> bool {
        self.rows.iter().any(|row| row.sees)
    }
}

/// What stays the same while one question is answered, however many objects and parties it is about.
pub(crate) struct Question<'a> {
    state: &'a State,
    pub(crate) now: Timestamp,
    pub(crate) known: Known,
}

impl Exchange {
    /// Opens a question as of `now`; gathers what is known once.
    pub(crate) fn question<'a>(&self, state: &'a State, now: Timestamp) -> Result<Question<'a>> {
        let known = self.store().read(Known::of_all)?;
        Ok(Question { state, now, known })
    }

    /// Explains for one object (by id, or by a value whose own or only assertion is meant) and one party.
    ///
    /// # Errors
    /// [`ExchangeError::UnknownObject`], [`ExchangeError::UnknownParty`], [`ExchangeError::Store`].
    pub fn explain(&self, object: &str, party: &str, at: Option<Timestamp>) -> Result<Explained> {
        let state = self.state()?;
        let known = state.party(party).ok_or_else(|| ExchangeError::UnknownParty(party.to_owned()))?;
        let now = at.unwrap_or_else(|| self.now());
        let row = self.latest(object)?.ok_or_else(|| ExchangeError::UnknownObject(object.to_owned()))?;
        let admitted = Admitted::decode(&row.facts)?;
        let question = self.question(&state, now)?;
        let mut rows = Vec::new();
        let mut released_as = Vec::new();
        for held in state.between(self.own(), &known.id, now) {
            rows.push(self.visibility(&question, held, &known.id, &row, &admitted)?);
            released_as.extend(self.releases_of(&state, held, known, &row)?.into_iter().map(|release| release.object));
        }
        Ok(Explained { object: row.id, party: party.to_owned(), rows, quarantine: row.quarantine, released_as })
    }

    /// The newest revision of an object id; or of what this node, else anybody, asserts about a value.
    pub(crate) fn latest(&self, object_or_value: &str) -> Result<Option<RevisionRow>> {
        if entente_stix::id::is_identifier(object_or_value) {
            let rows = self.store().read(|s| s.revisions_of(object_key(object_or_value), 256))?;
            return Ok(rows.into_iter().find(|row| row.id == object_or_value));
        }
        let Ok(normal) = entente_observable::normalise(object_or_value, None) else { return Ok(None) };
        let observable = normal.observable;
        self.store().read(|s| {
            let rows = s.assertions_of(crate::admit::observable_key(&observable))?;
            match rows.into_iter().find(|row| row.value == observable.value) {
                Some(row) => Ok(s.revision(row.revision)?),
                None => Ok(None),
            }
        })
    }

    /// One row of "who may see this".
    pub(crate) fn visibility(
        &self,
        question: &Question<'_>,
        held: &Held,
        party: &PartyId,
        row: &RevisionRow,
        admitted: &Admitted,
    ) -> Result<VisibilityRow> {
        let gate = self.staff_gate(question, held, party);
        let facts = gate.facts(admitted, Provenance::of(row));
        let explanation: Explanation = explain(&gate.request(&facts), gate.agreements);
        let mut sees = explanation.decision == "permit";
        let mut because = explanation.sentence.clone();
        if let entente_agreement::Decision::Permit(permit) =
            entente_agreement::decide(&gate.request(&facts), gate.agreements)
            && let Some(reason) = self.refused_by_obligations(question, held, party, row, &facts, permit.clause)?
        {
            sees = false;
            because = format!("a clause permits it, but {}", reason.sentence());
        }
        if let Some(reason) = self.taken_back(question, held, party, row)? {
            sees = false;
            because = format!("it was recalled: {reason}");
        }
        if let (false, Some(reason)) = (sees, &row.quarantine) {
            because = format!("{because} ({reason})");
        }
        Ok(VisibilityRow {
            party: party.to_string(),
            agreement: held.id().to_owned(),
            sees,
            because,
            changes_if: explanation.changes_if.clone(),
            explanation,
        })
    }

    /// In short, for lists: whether each other party may see a revision.
    pub(crate) fn seen_by(
        &self,
        question: &Question<'_>,
        row: &RevisionRow,
        admitted: &Admitted,
    ) -> Result<Vec<SeenBy>> {
        let mut found = Vec::new();
        for held in self.ruling(question.state) {
            for party in held.others(self.own()) {
                let gate = self.staff_gate(question, &held, party);
                let facts = gate.facts(admitted, Provenance::of(row));
                let decision = entente_agreement::decide(&gate.request(&facts), gate.agreements);
                let (sees, because) = match decision {
                    entente_agreement::Decision::Withhold(withhold) => (false, withhold.reason.code().to_owned()),
                    entente_agreement::Decision::Permit(permit) => {
                        let refused =
                            self.refused_by_obligations(question, &held, party, row, &facts, permit.clause)?;
                        let back = self.taken_back(question, &held, party, row)?;
                        match refused.map(|reason| reason.code().to_owned()).or(back.map(|_| "recalled".to_owned())) {
                            Some(code) => (false, code),
                            None => {
                                let clauses = &held.agreement.terms().clauses;
                                (
                                    true,
                                    clauses.get(permit.clause).map_or_else(String::new, |clause| clause.id.to_string()),
                                )
                            }
                        }
                    }
                };
                found.push(SeenBy { party: party.to_string(), agreement: held.id().to_owned(), sees, because });
            }
        }
        Ok(found)
    }

    /// Why a revision was recalled from a party, if it was and no later one took its place.
    fn taken_back(
        &self,
        question: &Question<'_>,
        held: &Held,
        party: &PartyId,
        row: &RevisionRow,
    ) -> Result<Option<String>> {
        if question.known.keeps_nothing_back() {
            return Ok(None);
        }
        let Some(recipient) = question.state.party(party.as_str()) else { return Ok(None) };
        let head = self.store().read(|s| s.head(held.id(), recipient.no))?;
        Ok(head.and_then(|head| question.known.keeps_back(head.no, row.no).map(str::to_owned)))
    }

    fn staff_gate<'a>(&'a self, question: &Question<'a>, held: &'a Held, party: &'a PartyId) -> Gate<'a> {
        Gate {
            agreements: std::slice::from_ref(&held.agreement),
            state: question.state,
            releaser: self.own(),
            recipient: party,
            purposes: PurposeSet::ALL,
            doors: DoorSet::ALL,
            now: question.now,
        }
    }
}
