//! The texts of a simulation: the draft, and what it is held against.

use entente_agreement::{Agreement, AgreementId, PartyId, Recipients, Releasers, Terms, TextError};
use entente_ledger::note::Note;
use entente_stix::Timestamp;

use super::{Against, Draft};
use crate::error::{ExchangeError, Result};
use crate::state::{Held, State};

/// The draft as an agreement, whatever its signatures.
pub(super) fn read(state: &State, draft: &Draft, now: Timestamp) -> Result<Agreement> {
    let unknown = |id: &str| ExchangeError::UnknownAgreement(id.to_owned());
    match draft {
        Draft::Text(text) => read_any(text).map_err(ExchangeError::Agreement),
        Draft::Held { agreement, version } => {
            let held = match version {
                None => state.versions.iter().rfind(|held| held.id() == agreement),
                Some(version) => version_of(state, agreement, *version),
            };
            held.map(|held| held.agreement.clone()).ok_or_else(|| unknown(agreement))
        }
        Draft::Clause { agreement, clause } => {
            let id = AgreementId::parse(agreement).ok_or_else(|| unknown(agreement))?;
            let held = state.current(id.as_str(), now).ok_or_else(|| unknown(agreement))?;
            let note = Note::parse(held.note.as_bytes()).map_err(|e| ExchangeError::Notice(e.to_string()))?;
            Agreement::draft(&with_clause(note.text(), clause)).map_err(ExchangeError::Agreement)
        }
    }
}

/// What the draft is held against.
pub(super) fn compared(state: &State, id: &str, against: Against, now: Timestamp) -> Result<Option<Held>> {
    match against {
        Against::Nothing => Ok(None),
        Against::InForce => Ok(state.current(id, now).map(|held| supposed(&held.agreement))),
        Against::Version(version) => version_of(state, id, version)
            .map(|held| Some(supposed(&held.agreement)))
            .ok_or_else(|| ExchangeError::UnknownAgreement(format!("{id} version {version}"))),
    }
}

/// A text supposed to be in force.
pub(super) fn supposed(agreement: &Agreement) -> Held {
    Held { no: 0, agreement: agreement.supposed(), note: String::new(), added_us: 0 }
}

fn version_of<'a>(state: &'a State, id: &str, version: u32) -> Option<&'a Held> {
    state.versions.iter().find(|held| held.id() == id && held.agreement.terms().version == version)
}

/// Reads a signed note, or a text that nobody has signed.
fn read_any(text: &str) -> std::result::Result<Agreement, Vec<TextError>> {
    Agreement::open_partial(text.as_bytes()).or_else(|errors| {
        let is_unsigned = |error: &TextError| matches!(error.code(), "note.no-signature" | "note.trailing");
        if errors.iter().all(is_unsigned) { Agreement::draft(text) } else { Err(errors) }
    })
}

/// The text with one clause put in place of its namesake, or behind the last clause.
///
/// The profile of texts puts every table under a line of its own that begins with `[`, so lines are enough; what comes of it is
/// parsed like any text.
fn with_clause(text: &str, clause: &str) -> String {
    const HEAD: &str = "[[clause]]";
    let name = |table: &str| table.lines().find(|line| line.starts_with("id = ")).map(str::to_owned);
    let mut tables: Vec<String> = Vec::new();
    for line in text.split_inclusive('\n') {
        match tables.last_mut() {
            Some(table) if !line.starts_with('[') => table.push_str(line),
            _ => tables.push(line.to_owned()),
        }
    }
    let clause = format!("{}\n\n", clause.trim());
    let is_clause = |table: &String| table.starts_with(HEAD);
    let namesake = tables.iter().position(|table| is_clause(table) && name(table) == name(&clause));
    let behind = tables.iter().rposition(is_clause).map_or(tables.len(), |last| last.saturating_add(1));
    match namesake.and_then(|at| tables.get_mut(at)) {
        Some(table) => *table = clause,
        None => tables.insert(behind, clause),
    }
    tables.concat()
}

/// Parties with a clause towards `own`.
pub(super) fn incoming(terms: &Terms, own: &PartyId) -> Vec<String> {
    let others = terms.parties.iter().map(|party| &party.id).filter(|id| *id != own);
    let gives = |id: &PartyId| {
        terms.clauses.iter().any(|clause| {
            let from =
                matches!(&clause.from, Releasers::All) || matches!(&clause.from, Releasers::Party(from) if from == id);
            let to = match &clause.to {
                Recipients::All => true,
                Recipients::Parties(parties) => parties.contains(own),
            };
            from && to
        })
    };
    others.filter(|id| gives(id)).map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::with_clause;

    #[test]
    fn a_clause_replaces_its_namesake_or_stands_behind_the_last() {
        let text =
            "format = 1\n\n[[clause]]\nid = \"a\"\nx = 1\n\n[[clause]]\nid = \"b\"\nx = 2\n\n[onward]\nrule = 1\n";
        let replaced = with_clause(text, "[[clause]]\nid = \"a\"\nx = 9");
        assert_eq!(replaced, text.replace("x = 1", "x = 9"));
        let added = with_clause(text, "[[clause]]\nid = \"c\"\nx = 9\n");
        assert_eq!(added, text.replace("[onward]", "[[clause]]\nid = \"c\"\nx = 9\n\n[onward]"));
    }
}
