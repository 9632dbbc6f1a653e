//! The account with a party, as a statement, and its maturity profile (`agreements.md` section 16, `product.md` section 8).
//!
//! Both are information for officers. Nothing is released or withheld because of them.

use super::{Entry, Frame, failed, html};
use crate::call::Call;
use crate::door::Door;
use crate::markup::{Markup, filters};
use crate::refusal::{Refusal, Why};
use crate::svgchart;
use askama::Template;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use entente_agreement::account::{Cell, Class, Counts, Period, Spread};
use entente_agreement::maturity::{Gate, Measure, stage_names};
use entente_exchange::account::{Account, Reported};
use entente_exchange::profile::Maturity;
use entente_exchange::view;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    party: view::PartyView,
    /// The period as asked for; empty for the last whole one.
    period: String,
    statements: Vec<Shown>,
    problem: Option<&'static str>,
}

/// One account, ready to be printed.
struct Shown {
    account: Account,
    /// This node's balance towards the party; none if it is undefined.
    balance: Option<String>,
    /// What was received, class by class.
    rows: Vec<(&'static str, Counts)>,
    /// What was given, class by class: as released here and as the party reports it.
    given: Vec<Given>,
    chart: Markup,
    lead: Vec<(&'static str, String)>,
    lag: Vec<(&'static str, String)>,
    excluded: Vec<(&'static str, u64)>,
}

/// One class of what this node gave.
struct Given {
    class: &'static str,
    released: u64,
    /// Contributions, unique and confirmed as the party reports them.
    reported: [String; 3],
}

#[derive(Template)]
#[template(path = "profile.html")]
struct ProfilePage {
    frame: Frame,
    party: view::PartyView,
    profile: Maturity,
    /// The five stages: number, neutral name, the study's name, `aria-current`.
    stages: Vec<(u8, &'static str, &'static str, &'static str)>,
    measures: Vec<Row>,
    gates: Vec<(&'static str, &'static str)>,
}

/// One measure with what it is made of.
struct Row {
    name: &'static str,
    formula: &'static str,
    fraction: String,
    value: String,
    threshold: String,
    /// `yes`, `no` or nothing where it is not measured.
    ok: Option<bool>,
    excluded: Vec<(String, u64)>,
    note: &'static str,
}

/// `GET /parties/{id}/account?period=`.
pub(crate) fn account(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let party = party(door, call)?;
    let asked = call.query.get("period").unwrap_or_default().trim();
    let period = if asked.is_empty() { None } else { Period::parse(asked) };
    let refused = !asked.is_empty() && period.is_none();
    let statements = if refused {
        Vec::new()
    } else {
        door.exchange().reciprocity(&party.id, None, period).map_err(failed(door))?.into_iter().map(shown).collect()
    };
    let page = AccountPage {
        frame: Frame::new(door, call, Entry::Parties),
        party,
        period: period.map_or_else(|| asked.to_owned(), |period| period.to_string()),
        statements,
        problem: refused
            .then_some("A period is a month, 2026-12, or two days, 2026-12-01/2027-01-01, the last one exclusive."),
    };
    let mut response = html(door, &page)?;
    if refused {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

/// `GET /parties/{id}/profile`.
pub(crate) fn profile(door: &Door, call: &Call) -> Result<Response<Body>, Refusal> {
    let party = party(door, call)?;
    let profile = door.exchange().maturity(&party.id, None).map_err(failed(door))?;
    let stages = (1..=5_u8).filter_map(|stage| {
        let (name, study) = stage_names(stage)?;
        Some((stage, name, study, if profile.stage == Some(stage) { "step" } else { "false" }))
    });
    let (stages, measures) =
        (stages.collect(), profile.measures.iter().map(|(name, measure)| row(name, measure)).collect());
    let gates = profile.gates.iter().map(|(name, gate)| (*name, gate_words(*gate))).collect();
    html(door, &ProfilePage { frame: Frame::new(door, call, Entry::Parties), party, profile, stages, measures, gates })
}

fn party(door: &Door, call: &Call) -> Result<view::PartyView, Refusal> {
    let party = door.exchange().party(call.id("id")?, call.viewer()?).map_err(failed(door))?;
    party.ok_or_else(|| Why::NotFound.into())
}

fn shown(account: Account) -> Shown {
    let statement = &account.received.statement;
    let mut rows: Vec<(&'static str, Counts)> =
        statement.classes.iter().map(|(class, counts)| (class.name(), *counts)).collect();
    rows.retain(|(_, counts)| *counts != Counts::default());
    let given: Vec<Given> = Class::ALL.into_iter().filter_map(|class| given(&account, class)).collect();
    let of = |class: Class| {
        let received =
            statement.classes.iter().find(|(known, _)| *known == class).map_or(0, |(_, counts)| counts.given);
        (class.name().to_owned(), released(&account, class), received)
    };
    let bars: Vec<(String, u64, u64)> = Class::ALL.map(of).into_iter().filter(|(_, a, b)| a + b > 0).collect();
    let chart = svgchart::pairs(
        &format!("account-{}", account.agreement),
        "Given and received by class",
        ("given", "received"),
        &bars,
    );
    let excluded = [
        ("echo of what this node released", statement.excluded.echo),
        ("inside a network that was given too", statement.excluded.in_network),
        ("padding", statement.excluded.padding),
        ("withdrawn within a day", statement.excluded.withdrawn),
    ];
    Shown {
        balance: account.balance.map(signed),
        rows,
        given,
        chart,
        lead: spread(&statement.lead),
        lag: spread(&statement.lag),
        excluded: excluded.into_iter().filter(|(_, n)| *n > 0).collect(),
        account,
    }
}

fn released(account: &Account, class: Class) -> u64 {
    account.given.released.classes.iter().find(|(known, _)| *known == class).map_or(0, |(_, n)| *n)
}

fn given(account: &Account, class: Class) -> Option<Given> {
    let released = released(account, class);
    let cells = account.given.reported.as_ref().and_then(|reported: &Reported| {
        reported.report.classes.iter().find(|(known, _)| *known == class).map(|(_, cells)| *cells)
    });
    if released == 0 && cells.is_none() {
        return None;
    }
    let cell = |wanted: &str| match cells.and_then(|cells| cells.iter().find(|(name, _)| *name == wanted)) {
        Some((_, Cell::Count(n))) => crate::markup::grouped(&n.to_string()),
        Some((_, Cell::Fewer)) => "fewer than 5".to_owned(),
        Some((_, Cell::NotMeasured)) => "not measured".to_owned(),
        None => "–".to_owned(),
    };
    Some(Given { class: class.name(), released, reported: ["given", "unique", "confirmed"].map(cell) })
}

/// A balance with its sign and two digits.
fn signed(balance: f64) -> String {
    format!("{balance:+.2}").replace('-', "−")
}

/// Spans of time: how many, how long, and in which steps.
fn spread(spread: &Spread) -> Vec<(&'static str, String)> {
    if spread.count == 0 {
        return Vec::new();
    }
    let [hour, day, week, more] = spread.steps;
    vec![
        ("contributions", spread.count.to_string()),
        ("median", spread.median_s.map_or_else(String::new, span)),
        ("90 of 100 within", spread.p90_s.map_or_else(String::new, span)),
        ("under an hour", hour.to_string()),
        ("under a day", day.to_string()),
        ("under 7 days", week.to_string()),
        ("7 days and more", more.to_string()),
    ]
}

/// A span of seconds in its largest unit.
fn span(seconds: i64) -> String {
    match seconds {
        ..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

const fn gate_words(gate: Gate) -> &'static str {
    match gate {
        Gate::Holds => "holds",
        Gate::Fails => "does not hold",
        Gate::NotApplicable => "too little to judge by",
    }
}

fn row(name: &'static str, measure: &Measure) -> Row {
    let number = |value: f64| {
        if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.4}") }
    };
    Row {
        name,
        formula: formula(name),
        fraction: match (measure.k, measure.n) {
            (Some(k), Some(n)) => format!("{k} / {n}"),
            (None, Some(n)) => format!("? / {n}"),
            _ => String::new(),
        },
        value: measure.value.map(number).unwrap_or_default(),
        threshold: match (measure.min, measure.max) {
            (Some(min), _) => format!("≥ {}", number(min)),
            (_, Some(max)) => format!("≤ {}", number(max)),
            _ => String::new(),
        },
        ok: measure.ok,
        excluded: measure.excluded.iter().map(|(reason, n)| (reason.clone(), *n)).collect(),
        note: measure.note.unwrap_or_default(),
    }
}

/// How a measure is computed (`product.md` section 8.4).
fn formula(name: &str) -> &'static str {
    match name {
        "in_force_days" => "days since the first agreement in force began",
        "ack_rate" => "acknowledged within 72 h / releases to it",
        "act_rate" => "released indicators it acted on within 30 d / those that could be acted on",
        "acted" => "released indicators it acted on within 30 d",
        "own" => "its own contributions, without echo and padding",
        "own_days" => "days with at least one own contribution",
        "judged" => "own contributions whose 30 days are over",
        "unique_rate" => "judged that nobody else had / judged",
        "early_rate" => "corroborated that it led by 24 h / corroborated",
        "confirmed_lb" => "lower bound of confirmed / judged (Wilson, z = 1.96)",
        "upheld_rate" => "judged against which a dispute was upheld / judged",
        "expertise" => "points for acts of expertise, at most 10 of a kind",
        "peers" => "other parties that made use of its expertise",
        "public" => "of these, police, CERT or government",
        "feedback_delay" => "median days from release to its sighting or dispute",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::{formula, signed, span};

    #[test]
    fn a_balance_has_a_sign_and_two_digits() {
        assert_eq!((signed(-0.13).as_str(), signed(0.5).as_str(), signed(0.0).as_str()), ("−0.13", "+0.50", "+0.00"));
    }

    #[test]
    fn spans_are_told_in_their_largest_unit() {
        assert_eq!(
            (span(59 * 60), span(3_600), span(172_800)),
            ("59 min".to_owned(), "1 h".to_owned(), "2 d".to_owned())
        );
    }

    #[test]
    fn every_measure_has_its_formula() {
        let profile = entente_agreement::maturity::Profile::of(
            &entente_agreement::maturity::Inputs::default(),
            &entente_agreement::maturity::THRESHOLDS,
        );
        for name in profile.measures.keys() {
            assert!(!formula(name).is_empty(), "{name}");
        }
    }
}
