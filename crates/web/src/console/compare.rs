//! Compare: what one text permits or leaves undone more than another, with an example object for each difference (A22).

use super::draft::Draft;
use super::{Entry, Frame, ROWS_MAX, failed, html};
use crate::call::Call;
use crate::door::Door;
use crate::markup::filters;
use crate::refusal::{Refusal, Why};
use askama::Template;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use entente_agreement::{
    CompareError, Comparison, Counterexample, Difference, Direction, ObligationChange, Region, Relation, Terms, compare,
};
use entente_exchange::Viewer;
use entente_exchange::versions::VersionLine;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "compare.html")]
struct ComparePage {
    frame: Frame,
    /// Agreement id.
    id: String,
    /// Its title.
    title: String,
    versions: Vec<VersionLine>,
    /// Version that the text is held against.
    against: u32,
    /// The text as typed and its faults.
    draft: Draft,
    /// What the comparison found.
    answer: Option<Answer>,
    /// Why there is none.
    problem: Option<String>,
}

/// A comparison, ready to be shown.
pub(crate) struct Answer {
    /// Name of the first text, for example `the draft`.
    pub(crate) first: String,
    /// Name of the second text, for example `version 3`.
    pub(crate) second: String,
    /// How the first stands to the second: `equal`, `narrower`, `broader`, `incomparable`.
    pub(crate) relation: &'static str,
    /// The same as a sentence.
    pub(crate) verdict: String,
    /// What the first permits and the second does not.
    pub(crate) added: Vec<Shown>,
    /// What the second permits and the first does not.
    pub(crate) removed: Vec<Shown>,
    /// Where both permit and oblige to different things.
    pub(crate) obligations: Vec<Duty>,
    /// Other terms.
    pub(crate) terms: Vec<Term>,
    /// True if a list is longer than what is shown.
    pub(crate) more: bool,
}

/// What one text permits and the other does not.
pub(crate) struct Side<'a> {
    /// `added` or `removed`.
    pub(crate) id: &'static str,
    pub(crate) who: &'a str,
    pub(crate) other: &'a str,
    pub(crate) regions: &'a [Shown],
}

/// A region: a part of what one text permits and the other does not.
pub(crate) struct Shown {
    /// The clause that permits it.
    pub(crate) clause: String,
    /// What the clause does with it: releases, answers, counts.
    pub(crate) channel: &'static str,
    /// What the other text wants, in one sentence.
    pub(crate) sentence: String,
    /// The bounds of the region.
    pub(crate) bounds: Vec<(&'static str, String)>,
    pub(crate) example: Example,
}

/// An object for which two texts differ.
pub(crate) struct Example {
    /// From whom to whom, for what, by which door, and what the decision knows about it.
    pub(crate) facts: String,
    /// The object itself; counts have none.
    pub(crate) object: Option<String>,
}

/// A duty in which two clauses differ.
pub(crate) struct Duty {
    pub(crate) clauses: String,
    pub(crate) term: Term,
    pub(crate) example: Example,
}

/// A term and what both texts say.
pub(crate) struct Term {
    pub(crate) name: String,
    pub(crate) first: String,
    pub(crate) second: String,
    /// Which way it points, as a sentence.
    pub(crate) points: String,
    /// The word for it.
    pub(crate) direction: &'static str,
}

impl Answer {
    /// Compares two texts.
    ///
    /// # Errors
    /// [`CompareError::TooComplex`]; such a text is not to be signed.
    pub(crate) fn of(first: (&str, &Terms), second: (&str, &Terms)) -> Result<Self, CompareError> {
        let comparison = compare(first.1, second.1)?;
        let names = (first.0, second.0);
        let Comparison { relation, added, removed, obligations, terms, .. } = &comparison;
        let more = [added.len(), removed.len(), obligations.len(), terms.len()].iter().any(|n| *n > ROWS_MAX);
        Ok(Self {
            first: names.0.to_owned(),
            second: names.1.to_owned(),
            relation: relation.name(),
            verdict: verdict(*relation, names),
            added: added.iter().take(ROWS_MAX).map(shown).collect(),
            removed: removed.iter().take(ROWS_MAX).map(shown).collect(),
            obligations: obligations.iter().take(ROWS_MAX).map(|change| duty(change, names)).collect(),
            terms: terms.iter().take(ROWS_MAX).map(|difference| term(difference, names)).collect(),
            more,
        })
    }

    /// The heading of the whole.
    pub(crate) fn heading(&self) -> String {
        capitalised(&format!("{} against {}", self.first, self.second))
    }

    /// Both sides, what is added first.
    pub(crate) fn sides(&self) -> [Side<'_>; 2] {
        [
            Side { id: "added", who: &self.first, other: &self.second, regions: &self.added },
            Side { id: "removed", who: &self.second, other: &self.first, regions: &self.removed },
        ]
    }

    /// Tells whether the first text permits something that the second does not, or obliges to less.
    pub(crate) fn widens(&self) -> bool {
        matches!(self.relation, "broader" | "incomparable")
    }
}

fn verdict(relation: Relation, (first, second): (&str, &str)) -> String {
    capitalised(&match relation {
        Relation::Equal => format!("{first} permits the same as {second} and obliges to the same."),
        Relation::Narrower => {
            format!("{first} permits less than {second} or obliges to more, and nowhere the other way round.")
        }
        Relation::Broader => {
            format!("{first} permits more than {second} or obliges to less, and nowhere the other way round.")
        }
        Relation::Incomparable => format!(
            "{first} is broader than {second} in one point and narrower in another, or they differ where there is no order."
        ),
    })
}

fn shown(region: &Region) -> Shown {
    Shown {
        clause: region.clause().to_string(),
        channel: region.channel().name(),
        sentence: capitalised(region.sentence()),
        bounds: region.bounds(),
        example: example(region.counterexample()),
    }
}

fn duty(change: &ObligationChange, names: (&str, &str)) -> Duty {
    let clauses = if change.clause_a == change.clause_b {
        format!("`{}`", change.clause_a)
    } else {
        format!("`{}` of {}, `{}` of {}", change.clause_a, names.0, change.clause_b, names.1)
    };
    Duty { clauses, term: term(&change.difference, names), example: example(&change.counterexample) }
}

fn term(difference: &Difference, (first, second): (&str, &str)) -> Term {
    let points = match difference.direction {
        Direction::Broader => format!("{first} is broader"),
        Direction::Narrower => format!("{first} is narrower"),
        Direction::Incomparable => format!("no order between {first} and {second}"),
        Direction::Neutral => "permits nothing and obliges to nothing".to_owned(),
    };
    Term {
        name: difference.term.clone(),
        first: difference.a.clone(),
        second: difference.b.clone(),
        points: capitalised(&points),
        direction: difference.direction.name(),
    }
}

fn example(example: &Counterexample) -> Example {
    let facts = &example.facts;
    let words = format!(
        "From `{}` to `{}` on `{}` for `{}` by `{}`: `{}`, `{}`, `{}`, origin `{}`, about `{}`, confidence `{}`, `{}` days old.",
        example.releaser,
        example.recipient,
        example.now,
        example.purpose,
        example.door,
        facts.object_type,
        facts.tlp.name(),
        facts.pap.name(),
        facts.origin,
        facts.subject.names().join("+"),
        facts.confidence,
        facts.age_days(example.now),
    );
    Example { facts: words, object: example.object.as_deref().map(pretty) }
}

/// Sets a JSON text on several lines; one that is none stays as it is.
pub(crate) fn pretty(json: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(json).ok();
    value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| json.to_owned())
}

fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `GET /agreements/{id}/compare?version=&against=`: a form; with `version`, two held versions against each other.
pub(crate) fn form(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let mut page = page(door, call, call.query.get("against"))?;
    if let Some(version) = call.query.get("version").filter(|version| !version.is_empty()) {
        let version = version.parse().map_err(|_| Why::NotFound)?;
        let (first, _) = version_of(door, call, version)?;
        page.compare(door, call, (&format!("version {version}"), &first))?;
    }
    html(door, &page)
}

/// `POST /agreements/{id}/compare`: a text against a held version.
pub(crate) fn answer(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let mut page = page(door, call, call.form.get("against"))?;
    page.draft = Draft::read(call.form.get("text").unwrap_or_default());
    match page.draft.terms.clone() {
        _ if page.draft.text.trim().is_empty() => {
            page.problem = Some("Nothing was compared: there is no text.".to_owned());
        }
        None => page.problem = Some("Nothing was compared: the text is not valid.".to_owned()),
        Some(terms) if terms.id.as_str() != page.id => {
            page.problem = Some(format!("Nothing was compared: the text is one of agreement {}.", terms.id));
        }
        Some(terms) => page.compare(door, call, ("the draft", &terms))?,
    }
    let refused = page.problem.is_some();
    let mut response = html(door, &page)?;
    if refused {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

impl ComparePage {
    fn compare(&mut self, door: &Door, call: &Call, first: (&str, &Terms)) -> Result<(), Refusal> {
        let (second, _) = version_of(door, call, self.against)?;
        match Answer::of(first, (&format!("version {}", self.against), &second)) {
            Ok(answer) => self.answer = Some(answer),
            Err(error) => {
                self.problem = Some(format!("Nothing was compared: {error}. Such a text is not to be signed."))
            }
        }
        Ok(())
    }
}

fn page(door: &Door, call: &Call, against: Option<&str>) -> Result<ComparePage, Refusal> {
    let (id, viewer) = (call.id("id")?, call.viewer()?);
    let versions = door.exchange().versions(id, viewer).map_err(failed(door))?.ok_or(Why::NotFound)?;
    let ruling = versions.iter().find(|line| line.standing == "rules").map_or(1, |line| line.version);
    let against = match against {
        None | Some("") => ruling,
        Some(text) => text.parse().map_err(|_| Why::NotFound)?,
    };
    let (terms, _) = version_of(door, call, against)?;
    Ok(ComparePage {
        frame: Frame::new(door, call, Entry::Agreements),
        id: id.to_owned(),
        title: terms.title.clone(),
        versions,
        against,
        draft: Draft::default(),
        answer: None,
        problem: None,
    })
}

/// The terms and the note of a held version.
pub(crate) fn version_of(door: &Door, call: &Call, version: u32) -> Result<(Arc<Terms>, String), Refusal> {
    let viewer: &Viewer = call.viewer()?;
    let found = door.exchange().version_of(call.id("id")?, Some(version), viewer).map_err(failed(door))?;
    found.ok_or_else(|| Why::NotFound.into())
}
