//! `check`, `show`, `explain`, `release list`.

use entente_agreement::ClauseResult;
use entente_agreement::plain::Language;
use entente_exchange::view::{CheckRow, VisibilityRow};
use entente_exchange::{Exchange, ExchangeError, Viewer};
use entente_formats::Class;
use serde_json::json;

use super::{agreement::instant, open, read_input};
use crate::args::{Check, Explain, Global, Release};
use crate::failure::{Failure, Outcome, exit};
use crate::output::{Form, Output, visible, wrapped};

/// What `--fail-on` asks for.
#[derive(Clone, Copy)]
enum Level {
    Malicious,
    Suspicious,
    Known,
}

impl Level {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "malicious" => Some(Self::Malicious),
            "suspicious" => Some(Self::Suspicious),
            "known" | "any" => Some(Self::Known),
            _ => None,
        }
    }

    /// Whether a value reaches the level. What is on a warninglist, and who was attacked, is not malicious.
    fn reached(self, row: &CheckRow) -> bool {
        let known = !row.sources.is_empty();
        let warned = row.warninglist.is_some();
        match self {
            Self::Known => known,
            Self::Suspicious => known && !warned && row.score >= 30,
            Self::Malicious => known && !warned && row.score >= 70 && row.verdict != Class::Compromised.name(),
        }
    }
}

/// Says what is known about a list of values.
pub(crate) fn check(args: &Check, exchange: &Exchange, output: &Output) -> Outcome {
    let threshold = args
        .fail_on
        .as_deref()
        .map(|word| Level::parse(word).ok_or_else(|| Failure::usage(format!("`{word}` is not a level"))))
        .transpose()?;
    let bytes = read_input(&args.file, output)?;
    let report = exchange.check(&String::from_utf8_lossy(&bytes), &Viewer::Staff)?;
    match output.form {
        Form::Json => output.json(&report)?,
        Form::JsonLines => {
            for row in &report.values {
                output.json(row)?;
            }
            output.json(&json!({ "summary": { "read": report.read, "understood": report.understood, "known": report.known, "rejected": report.rejected } }))?;
        }
        Form::People => {
            output.table(
                &["value", "verdict", "score", "first seen", "last seen", "sources", "who may see it"],
                report.values.iter().map(|row| {
                    vec![
                        output.value(&row.value, &row.shown),
                        row.warninglist.as_ref().map_or_else(
                            || row.verdict.clone(),
                            |list| format!("{} (warninglist {list})", row.verdict),
                        ),
                        if row.sources.is_empty() { "–".to_owned() } else { row.score.to_string() },
                        day(row.first_seen.as_deref()),
                        day(row.last_seen.as_deref()),
                        row.sources.join(", "),
                        row.visible_to
                            .iter()
                            .map(|seen| {
                                format!("{} {} ({})", seen.party, if seen.sees { "yes" } else { "no" }, seen.because)
                            })
                            .collect::<Vec<_>>()
                            .join(", "),
                    ]
                }),
            )?;
            for line in &report.rejected {
                output.note(&format!("line {}: [{}] {}", line.line, line.code, visible(&line.message)));
            }
            output.note(&format!(
                "{} of {} understood · {} known · {} not understood",
                report.understood,
                report.read,
                report.known,
                report.rejected.len()
            ));
        }
    }
    if report.understood == 0 {
        return Ok(exit::NOTHING);
    }
    if threshold.is_some_and(|level| report.values.iter().any(|row| level.reached(row))) {
        return Ok(exit::FINDINGS);
    }
    Ok(if report.rejected.is_empty() { exit::OK } else { exit::PARTLY })
}

/// The day of an instant.
fn day(instant: Option<&str>) -> String {
    instant.and_then(|text| text.get(..10)).unwrap_or("–").to_owned()
}

/// Shows one object or value.
pub(crate) fn show(object: &str, exchange: &Exchange, output: &Output) -> Outcome {
    let view =
        exchange.object(object, &Viewer::Staff)?.ok_or_else(|| ExchangeError::UnknownObject(object.to_owned()))?;
    if output.form != Form::People {
        output.json(&view)?;
        return Ok(exit::OK);
    }
    let line = &view.line;
    let value = output.value(line.value.as_deref().unwrap_or_default(), line.shown.as_deref().unwrap_or_default());
    let facts = [line.object_type.as_str(), &visible(&value), &line.role, &line.country];
    let facts: Vec<&str> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
    output.data(&format!("{}  {}\n{}  confidence {}\n", line.tlp, line.id, facts.join("  "), line.confidence))?;
    if let Some(reason) = &view.quarantine {
        output.data(&format!("quarantine  {}\n", visible(reason)))?;
    }
    output.data("\nwho says so\n")?;
    output.table(
        &["party", "agreement", "confidence", "tlp", "first seen", "last seen", "receipt"],
        view.provenance.iter().map(|row| {
            vec![
                row.party.clone(),
                row.agreement.clone(),
                row.confidence.to_string(),
                row.tlp.clone(),
                day(row.first_seen.as_deref()),
                day(row.last_seen.as_deref()),
                row.receipt.map_or("–", |verified| if verified { "verified" } else { "none" }).to_owned(),
            ]
        }),
    )?;
    output.data("\nwho may see it\n")?;
    output.table(
        &["party", "agreement", "sees", "because"],
        view.visibility.iter().map(|row| {
            vec![
                row.party.clone(),
                row.agreement.clone(),
                if row.sees { "yes" } else { "no" }.to_owned(),
                row.because.clone(),
            ]
        }),
    )?;
    if !view.releases.is_empty() {
        output.data("\nreleased as\n")?;
        output.table(
            &["party", "agreement", "seq", "object", "clause"],
            view.releases.iter().map(|row| {
                vec![
                    row.recipient.clone(),
                    row.agreement.clone(),
                    row.seq.to_string(),
                    row.object.clone(),
                    row.clause.clone(),
                ]
            }),
        )?;
    }
    if !view.findings.is_empty() {
        output.data("\nfindings of STIX 2.1\n")?;
        output.table(
            &["code", "severity", "where", "what"],
            view.findings.iter().map(|finding| {
                let (path, message) = (visible(&finding.path), visible(&finding.message));
                vec![finding.code.clone(), finding.severity.clone(), path, message]
            }),
        )?;
    }
    Ok(exit::OK)
}

/// Explains a decision, or an error code.
pub(crate) fn explain(args: &Explain, global: &Global, output: &Output) -> Outcome {
    let Some(party) = &args.party else {
        // Codes of findings are in capitals, which nobody types.
        let capitals = args.object.to_ascii_uppercase();
        return match explain_code(&args.object).or_else(|| explain_code(&capitals)) {
            Some(entry) => {
                match output.form {
                    Form::People => output.data(&entry.text())?,
                    _ => output.json(&entry)?,
                }
                Ok(exit::OK)
            }
            None => {
                Err(Failure::usage(format!("`{}` is no code of an error; for an object, say for whom", args.object))
                    .hint(format!("entente explain {} --for PARTY", args.object)))
            }
        };
    };
    let exchange = open(global)?;
    let at = args.at.as_deref().map(instant).transpose()?;
    let explained = exchange.explain(&args.object, party, at)?;
    match output.form {
        Form::People => {
            for row in &explained.rows {
                explain_row(row, output)?;
            }
            if explained.rows.is_empty() {
                output.data(&format!("{party}  no agreement names this node and `{party}`\n"))?;
            }
            for id in &explained.released_as {
                output.data(&format!("  released as {id}\n"))?;
            }
        }
        _ => output.json(&explained)?,
    }
    Ok(if explained.sees() { exit::OK } else { exit::REFUSED })
}

/// One agreement's answer: the clause and what it does, or what failed and what would change it.
fn explain_row(row: &VisibilityRow, output: &Output) -> Result<(), Failure> {
    let told = |name: &str, text: &str| output.data(&format!("  {name:<11} {}\n", wrapped(text, 84, "              ")));
    let explanation = &row.explanation;
    let answer = if row.sees { "may have it" } else { "may not have it" };
    output.data(&format!("{}  {}  {answer}\n", row.party, row.agreement))?;
    told("because", &visible(&row.because))?;
    if row.sees {
        told("done to it", &explanation.obligations.join("; "))?;
        if let Some(until) = explanation.until {
            told("until", &until.to_string())?;
        }
        return Ok(());
    }
    if let Some(change) = &row.changes_if {
        told("changes if", &visible(change))?;
    }
    // A floor stands above every clause, so what the clauses lack would not help.
    for floor in explanation.floors.iter().filter(|floor| !row.because.contains(floor.sentence)) {
        told("also", floor.sentence)?;
    }
    if !explanation.floors.is_empty() {
        return Ok(());
    }
    let failing = |clause: &ClauseResult| clause.failing.len();
    let least = explanation.clauses.iter().map(failing).filter(|n| *n > 0).min().unwrap_or(0);
    let (near, far): (Vec<_>, Vec<_>) =
        explanation.clauses.iter().filter(|clause| failing(clause) > 0).partition(|clause| failing(clause) == least);
    for sentence in near.iter().flat_map(|clause| &clause.failing).map(|failure| &failure.sentence) {
        if *sentence != row.because {
            told("also", &visible(sentence))?;
        }
    }
    if !far.is_empty() {
        let names: Vec<&str> = far.iter().map(|clause| clause.clause.as_str()).collect();
        told("further off", &format!("{}; --json lists every condition", names.join(", ")))?;
    }
    Ok(())
}

/// What `docs/errors.md` says about a code.
#[derive(serde::Serialize)]
struct Entry<'a> {
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    meaning: Option<String>,
    /// What to do; of an area also what it is about.
    remedy: String,
    /// Where the specification rules it.
    #[serde(skip_serializing_if = "Option::is_none")]
    section: Option<String>,
}

impl Entry<'_> {
    fn text(&self) -> String {
        let mut text = format!("{}\n", self.code);
        for part in self.meaning.iter().chain([&self.remedy]).chain(&self.section) {
            text.push_str(&format!("  {}\n", wrapped(part, 96, "  ")));
        }
        text
    }
}

/// The entry of a code: its row, and what its section says. A code without a row is explained if its area has a section; of a
/// finding each has a row with its own remedy.
fn explain_code(code: &str) -> Option<Entry<'_>> {
    let document = include_str!("../../../../docs/errors.md");
    let area = code.split(['.', '-']).next()?;
    let (_, section) = document.split_once(&format!("\n## {area}\n"))?;
    let section = section.split("\n## ").next().unwrap_or(section);
    let row = format!("| `{code}` |");
    let row = section.lines().find_map(|line| line.strip_prefix(&row));
    if area == "STIX" {
        let mut cells = row?.trim_end_matches('|').split(" | ").map(|cell| cell.trim().to_owned());
        return Some(Entry { code, meaning: cells.next(), remedy: cells.next()?, section: cells.next() });
    }
    let prose: Vec<&str> =
        section.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('|')).collect();
    let meaning = row.map(|cells| cells.trim().trim_end_matches('|').trim().replace("\\|", "|"));
    (code.contains('.') || code.contains('-')).then_some(())?;
    Some(Entry { code, meaning, remedy: prose.join(" "), section: None })
}

/// Lists releases.
pub(crate) fn releases(command: &Release, exchange: &Exchange, output: &Output) -> Outcome {
    let Release::List { agreement, limit } = command;
    let limit = usize::try_from(*limit).unwrap_or(usize::MAX);
    if let Some(id) = agreement
        && exchange.agreement(id, &Viewer::Staff, Language::English)?.is_none()
    {
        return Err(ExchangeError::UnknownAgreement(id.clone()).into());
    }
    let rows = exchange.releases(agreement.as_deref(), limit)?;
    if rows.len() == limit {
        output.note(&format!("the newest {limit}; --limit shows more"));
    }
    let summary = json!({ "releases": rows.len(), "at_least": rows.len() == limit });
    output.list(
        &["added", "agreement", "to", "seq", "object", "clause", "leaf"],
        &rows,
        |row| {
            vec![
                row.added.clone(),
                row.agreement.clone(),
                row.recipient.clone(),
                row.seq.to_string(),
                row.object.clone(),
                row.clause.clone(),
                row.leaf.to_string(),
            ]
        },
        &summary,
    )?;
    Ok(exit::OK)
}
