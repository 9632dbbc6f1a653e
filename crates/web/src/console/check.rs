//! Check a list: paste values in any spelling, see what is known about each.
//!
//! The answer carries the list again, so that the next 200 rows, or the whole as CSV, are asked for with the same
//! form. The node keeps nothing of it.

use super::{Entry, Frame, ROWS_MAX, download, failed, html};
use crate::call::Call;
use crate::door::Door;
use crate::markup::filters;
use crate::refusal::Refusal;
use askama::Template;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use entente_exchange::view;

#[derive(Template)]
#[template(path = "check.html")]
struct CheckPage {
    frame: Frame,
    /// The list as typed.
    list: String,
    answer: Option<Answer>,
    /// Why there is no answer.
    problem: Option<&'static str>,
}

/// One page of an answer.
struct Answer {
    report: view::CheckReport,
    /// All values of the answer.
    values: usize,
    /// All lines that were not understood.
    rejected: usize,
    /// Place of the first row shown, from 1.
    first: usize,
    /// Place of the last row shown.
    last: usize,
    /// Where the page before begins.
    previous: Option<usize>,
    /// Where the next page begins.
    next: Option<usize>,
}

// LIMIT: 100,000 lines in one form; longer lists go to the command line.
pub(crate) const LINES_MAX: usize = 100_000;
// LIMIT: lines that were not understood are shown up to here and counted beyond.
const REJECTED_MAX: usize = 50;

/// `GET /check`.
pub(crate) fn form(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let frame = Frame::new(door, call, Entry::Check);
    html(door, &CheckPage { frame, list: String::new(), answer: None, problem: None })
}

/// `POST /check`.
pub(crate) fn answer(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let list = call.form.get("list").unwrap_or_default().to_owned();
    let frame = Frame::new(door, call, Entry::Check);
    let problem = if list.trim().is_empty() {
        Some("Nothing was checked: the list is empty.")
    } else if list.lines().count() > LINES_MAX {
        Some("Nothing was checked: a list may have at most 100,000 lines here.")
    } else {
        None
    };
    if problem.is_some() {
        let mut response = html(door, &CheckPage { frame, list, answer: None, problem })?;
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(response);
    }
    let report = door.exchange().check(&list, call.viewer()?).map_err(failed(door))?;
    if call.form.get("as") == Some("csv") {
        return Ok(download("text/csv; charset=utf-8", "check.csv", csv(&report).into_bytes()));
    }
    let from = call.form.get("from").and_then(|from| from.parse().ok()).unwrap_or(0);
    let answer = Some(Answer::page(report, from));
    html(door, &CheckPage { frame, list, answer, problem: None })
}

impl Answer {
    fn page(mut report: view::CheckReport, from: usize) -> Self {
        let values = report.values.len();
        let rejected = report.rejected.len();
        // Only beginnings of pages count, so that pages do not overlap.
        let begin = (from / ROWS_MAX).saturating_mul(ROWS_MAX).min(values.saturating_sub(1) / ROWS_MAX * ROWS_MAX);
        let end = begin.saturating_add(ROWS_MAX).min(values);
        report.values = report.values.drain(begin..end).collect();
        report.rejected.truncate(REJECTED_MAX);
        Self {
            report,
            values,
            rejected,
            first: if values == 0 { 0 } else { begin + 1 },
            last: end,
            previous: begin.checked_sub(ROWS_MAX),
            next: (end < values).then_some(end),
        }
    }
}

/// Writes the whole answer as CSV (RFC 4180), raw values; a cell that could begin a formula is disarmed (A28).
fn csv(report: &view::CheckReport) -> String {
    let mut out = String::from("value,type,verdict,score,first_seen,last_seen,sources,country,warninglist,object\r\n");
    for row in &report.values {
        let cells = [
            row.value.as_str(),
            &row.kind,
            &row.verdict,
            &row.score.to_string(),
            row.first_seen.as_deref().unwrap_or_default(),
            row.last_seen.as_deref().unwrap_or_default(),
            &row.sources.join(" "),
            row.country.as_deref().unwrap_or_default(),
            row.warninglist.as_deref().unwrap_or_default(),
            row.object.as_deref().unwrap_or_default(),
        ];
        for (place, cell) in cells.iter().enumerate() {
            if place > 0 {
                out.push(',');
            }
            push_cell(&mut out, cell);
        }
        out.push_str("\r\n");
    }
    out
}

fn push_cell(out: &mut String, cell: &str) {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if !is_formula && !cell.contains(['"', ',', '\r', '\n']) {
        out.push_str(cell);
        return;
    }
    out.push('"');
    if is_formula {
        out.push('\'');
    }
    out.push_str(&cell.replace('"', "\"\""));
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::{Answer, push_cell};
    use entente_exchange::view::{CheckReport, CheckRow};

    fn report(values: usize) -> CheckReport {
        let row = |n: usize| CheckRow {
            value: format!("198.51.100.{n}"),
            shown: format!("198.51.100[.]{n}"),
            kind: "ipv4-addr".to_owned(),
            verdict: "unknown".to_owned(),
            score: 0,
            first_seen: None,
            last_seen: None,
            sources: Vec::new(),
            warninglist: None,
            country: None,
            object: None,
            visible_to: Vec::new(),
        };
        CheckReport { read: 0, understood: 0, known: 0, rejected: Vec::new(), values: (0..values).map(row).collect() }
    }

    #[test]
    fn a_page_holds_200_rows_and_pages_make_the_whole() {
        for values in [0, 1, 199, 200, 201, 1000] {
            let mut seen = Vec::new();
            let mut from = Some(0);
            while let Some(begin) = from {
                let page = Answer::page(report(values), begin);
                assert!(page.report.values.len() <= 200);
                assert_eq!(page.values, values);
                seen.extend(page.report.values.into_iter().map(|row| row.value));
                from = page.next;
            }
            assert_eq!(seen, report(values).values.into_iter().map(|row| row.value).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_page_beyond_the_end_is_the_last_page() {
        let page = Answer::page(report(201), usize::MAX);
        assert_eq!((page.first, page.last, page.previous, page.next), (201, 201, Some(0), None));
    }

    #[test]
    fn abuse_a28_a_cell_cannot_begin_a_formula() {
        let cell = |text: &str| {
            let mut out = String::new();
            push_cell(&mut out, text);
            out
        };
        assert_eq!(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(cell("-1+1"), "\"'-1+1\"");
        assert_eq!(cell("@SUM(A1)"), "\"'@SUM(A1)\"");
        assert_eq!(cell("a,b"), "\"a,b\"");
        assert_eq!(cell("198.51.100.25"), "198.51.100.25");
    }
}
