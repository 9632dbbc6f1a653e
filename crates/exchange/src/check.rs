//! Looking values up: "do we know this list?" and search.

use entente_formats::Class;
use entente_observable::{Observable, defang, normalise, warninglist};
use entente_store::Snapshot;
use entente_store::revisions::{AssertionRow, RevisionRow};

use crate::admit::observable_key;
use crate::error::Result;
use crate::explain::Question;
use crate::facts::{Admitted, country_of};
use crate::guest::Shown;
use crate::look::{instant, role_of};
use crate::state::State;
use crate::view::{CheckReport, CheckRow, ObjectLine, RejectedLine, SeenBy};
use crate::{Exchange, Viewer};

// LIMIT: lines of one pasted list, rows of one result, and assertions looked at for a search by country or role.
const CHECK_LINES_MAX: usize = 100_000;
const RESULTS_MAX: usize = 200;
const SEARCH_SCANNED_MAX: usize = 50_000;

impl Exchange {
    /// What is known about each value of a pasted list.
    ///
    /// # Errors
    /// [`crate::ExchangeError::Store`].
    pub fn check(&self, text: &str, viewer: &Viewer) -> Result<CheckReport> {
        let state = self.state()?;
        // What other parties may see is told to staff only.
        let question = match viewer {
            Viewer::Staff => Some(self.question(&state, self.now())?),
            Viewer::Party(_) => None,
        };
        let mut shown = Shown::default();
        let mut report = CheckReport { read: 0, understood: 0, known: 0, rejected: Vec::new(), values: Vec::new() };
        for (number, raw) in (1_u64..).zip(text.lines()) {
            let raw = raw.trim();
            if raw.is_empty() {
                continue;
            }
            report.read += 1;
            let refuse = |code: &str, message: String| RejectedLine { line: number, code: code.to_owned(), message };
            if report.values.len() >= CHECK_LINES_MAX {
                report
                    .rejected
                    .push(refuse("check.too-many", format!("only the first {CHECK_LINES_MAX} values are checked")));
                break;
            }
            match normalise(raw, None) {
                Ok(normal) => {
                    report.understood += 1;
                    let row = self.check_one(&state, &normal.observable, viewer, question.as_ref(), &mut shown)?;
                    report.known += u64::from(!row.sources.is_empty());
                    report.values.push(row);
                }
                Err(error) => {
                    let shown: String = raw.chars().take(80).collect();
                    report.rejected.push(refuse(error.code(), format!("no value found in `{shown}`: {error}")));
                }
            }
        }
        self.noted(&state, viewer, shown)?;
        Ok(report)
    }

    fn check_one(
        &self,
        state: &State,
        observable: &Observable,
        viewer: &Viewer,
        question: Option<&Question<'_>>,
        shown: &mut Shown,
    ) -> Result<CheckRow> {
        let warned = warninglist::check_with(observable, &self.warninglists()).map(|hit| hit.list.to_owned());
        let found: Vec<(AssertionRow, RevisionRow)> = self.store().read(|s| -> Result<_> {
            let mut pairs = Vec::new();
            for row in
                s.assertions_of(observable_key(observable))?.into_iter().filter(|row| row.value == observable.value)
            {
                if let Some(revision) = s.revision(row.revision)? {
                    pairs.push((row, revision));
                }
            }
            Ok(pairs)
        })?;
        let mut row = CheckRow {
            value: observable.value.clone(),
            shown: defang(observable),
            kind: observable.kind.name().to_owned(),
            verdict: if warned.is_some() { "benign".to_owned() } else { "unknown".to_owned() },
            score: 0,
            first_seen: None,
            last_seen: None,
            sources: Vec::new(),
            warninglist: warned,
            country: None,
            object: None,
            visible_to: Vec::new(),
        };
        let mut first = None;
        let mut last = None;
        for (assertion, revision) in &found {
            let Some(line) = self.shown_by_value(state, revision, viewer, &observable.value, shown)? else { continue };
            row.sources.push(if question.is_some() {
                state.party_word(assertion.party)
            } else {
                self.own().to_string()
            });
            if row.score <= line.confidence {
                row.score = line.confidence;
                row.verdict = line.role.clone();
                row.object = Some(line.id.clone());
            }
            if row.country.is_none() && !line.country.is_empty() {
                row.country = Some(line.country.clone());
            }
            if let Some(question) = question {
                first = [first, assertion.first_us].into_iter().flatten().min();
                last = last.max(assertion.last_us);
                let admitted = Admitted::decode(&revision.facts)?;
                merge_seen(&mut row.visible_to, self.seen_by(question, revision, &admitted)?);
            }
        }
        row.sources.dedup();
        row.first_seen = first.map(instant);
        row.last_seen = last.map(instant);
        Ok(row)
    }

    /// A revision as the viewer may see it who asked for a value. A guest sees it only if what was released says the value itself:
    /// a pseudonym or a shortened address must not be found by the name it stands for.
    fn shown_by_value(
        &self,
        state: &State,
        row: &RevisionRow,
        viewer: &Viewer,
        value: &str,
        shown: &mut Shown,
    ) -> Result<Option<ObjectLine>> {
        let mut one = shown.part();
        let found = self.shown(state, row, viewer, &mut one)?;
        shown.learn(&one);
        let Some((line, _)) = found else { return Ok(None) };
        if *viewer != Viewer::Staff && line.value.as_deref() != Some(value) {
            return Ok(None);
        }
        shown.extend(one);
        Ok(Some(line))
    }

    /// Objects by id, value, country code or role word.
    ///
    /// # Errors
    /// [`crate::ExchangeError::Store`].
    pub fn search(&self, q: &str, viewer: &Viewer) -> Result<Vec<ObjectLine>> {
        let state = self.state()?;
        let q = q.trim();
        let mut rows: Vec<RevisionRow> = Vec::new();
        let mut asked = None;
        if q.is_empty() {
            return self.recent(&state, viewer, RESULTS_MAX);
        }
        if entente_stix::id::is_identifier(q) {
            rows.extend(self.object_row(&state, q, viewer)?);
        } else if let Some(filter) = Filter::parse(q) {
            rows = self.store().read(|s| filtered(s, filter))?;
        } else if let Ok(normal) = normalise(q, None) {
            let observable = normal.observable;
            asked = Some(observable.value.clone());
            rows = self.store().read(|s| -> Result<_> {
                let mut found = Vec::new();
                for row in
                    s.assertions_of(observable_key(&observable))?.iter().filter(|row| row.value == observable.value)
                {
                    found.extend(s.revision(row.revision)?);
                }
                Ok(found)
            })?;
        }
        let mut lines = Vec::new();
        let mut shown = Shown::default();
        for row in rows {
            match &asked {
                Some(value) => lines.extend(self.shown_by_value(&state, &row, viewer, value, &mut shown)?),
                None => lines.extend(self.shown(&state, &row, viewer, &mut shown)?.map(|(line, _)| line)),
            }
        }
        self.noted(&state, viewer, shown)?;
        Ok(lines)
    }
}

/// A search by property in place of a value.
#[derive(Clone, Copy)]
enum Filter {
    Country([u8; 2]),
    Role(Class),
}

impl Filter {
    fn parse(q: &str) -> Option<Self> {
        if let Ok([a, b]) = <[u8; 2]>::try_from(q.as_bytes())
            && a.is_ascii_alphabetic()
            && b.is_ascii_alphabetic()
        {
            return Some(Self::Country([a.to_ascii_uppercase(), b.to_ascii_uppercase()]));
        }
        Class::parse(&q.to_ascii_lowercase()).map(Self::Role)
    }
}

/// The first results of a filter. LIMIT: looks at 50,000 assertions and lists 200 of them.
fn filtered(s: &Snapshot<'_>, filter: Filter) -> Result<Vec<RevisionRow>> {
    let mut found = Vec::new();
    let mut after = 0;
    let mut scanned = 0;
    while scanned < SEARCH_SCANNED_MAX && found.len() < RESULTS_MAX {
        let rows = s.assertions_after(after, 1_000)?;
        let Some(last) = rows.last() else { break };
        after = last.no;
        scanned += rows.len();
        for row in rows {
            let hit = match filter {
                Filter::Country(country) => country_of(row.country) == Some(country),
                Filter::Role(class) => role_of(row.role) == class,
            };
            if hit && found.len() < RESULTS_MAX {
                found.extend(s.revision(row.revision)?);
            }
        }
    }
    Ok(found)
}

/// Merges what several assertions say: a party sees the value if it sees one of them.
fn merge_seen(all: &mut Vec<SeenBy>, more: Vec<SeenBy>) {
    for seen in more {
        match all.iter_mut().find(|known| known.party == seen.party && known.agreement == seen.agreement) {
            Some(known) if seen.sees && !known.sees => *known = seen,
            Some(_) => {}
            None => all.push(seen),
        }
    }
}
