//! The maturity profile of a party: five stages, computed by formulae that the party can compute again (`product.md` section 8).
//!
//! A mirror, not a gate: it is no input of [`crate::decide()`] and no clause can refer to it. Every measure carries its
//! numerator, denominator and threshold; a fraction with denominator 0 is not measured, never 0 or 1.

use std::collections::BTreeMap;

use serde::Serialize;

/// Days of the window.
pub const WINDOW_DAYS: i64 = 90;

/// Weekly runs in which a higher stage must have held before it shows.
const RUNS_UP: usize = 2;
/// Weekly runs in which a stage must have failed before a lower one shows.
const RUNS_DOWN: usize = 4;
/// Points of one kind of expertise that count at most.
const EXPERTISE_KIND_MAX: u64 = 10;
/// Corroborated contributions below which the early share says nothing.
const CORROBORATED_MIN: u64 = 10;

/// What is counted about a party; `None` is what this node cannot measure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Inputs {
    /// Days since the first agreement with the party that is in force came into force.
    pub in_force_days: Option<u64>,
    /// Releases to the party in the window.
    pub receipts: u64,
    /// Of those, with a valid acknowledgement within 72 hours.
    pub acked: Option<u64>,
    /// Released indicators still valid for a day or more after release.
    pub actionable: u64,
    /// Of those, with an act of the party within 30 days.
    pub acted: u64,
    /// Contributions of its own in the window.
    pub own: u64,
    /// What does not count among them, by reason.
    pub excluded: BTreeMap<String, u64>,
    /// Distinct days with one.
    pub own_days: u64,
    /// Contributions of the quality window.
    pub judged: u64,
    /// Of those, that nobody else had.
    pub unique: u64,
    /// Of those, that another independent source had too.
    pub corroborated: u64,
    /// Of the corroborated, first by a day or more.
    pub early: u64,
    /// Of those judged, seen afterwards.
    pub confirmed: u64,
    /// Of those judged, with a dispute upheld.
    pub upheld: u64,
    /// Acts of expertise, by kind.
    pub expertise: BTreeMap<Expertise, u64>,
    /// Other parties that benefited from them.
    pub peers: u64,
    /// Of those, police, CERT or government.
    pub public: u64,
    /// Median seconds from release to the party's sighting or dispute.
    pub feedback_delay_s: Option<u64>,
}

/// Kinds of expertise (`product.md` 8.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expertise {
    /// Note, report, pattern, course of action or relationship that another party made use of.
    Context,
    /// A request answered to the asker's satisfaction.
    Answer,
    /// A dispute of another's indicator that was upheld.
    Dispute,
    /// A target verified.
    Target,
    /// A contribution to a Cyber Activity Report that was issued.
    Report,
    /// An agreement template or detection rule that another party adopted.
    Adopted,
}

impl Expertise {
    /// Points of one act.
    pub const fn points(self) -> u64 {
        match self {
            Expertise::Context | Expertise::Dispute | Expertise::Target => 1,
            Expertise::Answer => 2,
            Expertise::Report | Expertise::Adopted => 3,
        }
    }
}

/// One measure with everything it is made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measure {
    /// Numerator of a fraction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub k: Option<u64>,
    /// Denominator of a fraction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<u64>,
    /// The value; `None` when it is not measured.
    pub value: Option<f64>,
    /// It must be at least this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// It must be at most this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Whether it holds; `None` when it is not measured.
    pub ok: Option<bool>,
    /// What was left out of it, by reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub excluded: BTreeMap<String, u64>,
    /// Why it is not measured, or does not apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
}

/// Where a gate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// All its conditions hold.
    Holds,
    /// A condition fails or is not measured.
    Fails,
    /// There is too little to judge it by; it counts as holding for the gates above.
    NotApplicable,
}

/// The thresholds of the gates; a node may set others, which the profile shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// G1: days in force.
    pub in_force_days: u64,
    /// G2: share of acknowledged releases.
    pub ack_rate: f64,
    /// G2: share of actionable items that were acted on.
    pub act_rate: f64,
    /// G2: items acted on.
    pub acted: u64,
    /// G2 does not apply below this many actionable items.
    pub actionable: u64,
    /// G3: own contributions.
    pub own: u64,
    /// G3: days with one.
    pub own_days: u64,
    /// G4: contributions of the quality window.
    pub judged: u64,
    /// G4: share of unique ones.
    pub unique_rate: f64,
    /// G4: share of early ones.
    pub early_rate: f64,
    /// G4: lower bound of the share of confirmed ones.
    pub confirmed_lb: f64,
    /// G4: share of wrong ones, at most.
    pub upheld_rate: f64,
    /// G5: points of expertise.
    pub expertise: u64,
    /// G5: parties that benefited.
    pub peers: u64,
    /// G5: public ones among them.
    pub public: u64,
    /// G5: median days of feedback, at most.
    pub feedback_days: u64,
}

/// The thresholds of `product.md` 8.6.
pub const THRESHOLDS: Thresholds = Thresholds {
    in_force_days: 30,
    ack_rate: 0.90,
    act_rate: 0.05,
    acted: 10,
    actionable: 20,
    own: 20,
    own_days: 6,
    judged: 20,
    unique_rate: 0.20,
    early_rate: 0.30,
    confirmed_lb: 0.50,
    upheld_rate: 0.05,
    expertise: 12,
    peers: 2,
    public: 1,
    feedback_days: 7,
};

/// What a set of inputs amounts to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Profile {
    /// The stage without regard to earlier runs, 1 to 5; `None` when it is not measured yet.
    pub stage_raw: Option<u8>,
    /// Neutral name of `stage_raw`.
    pub name: Option<&'static str>,
    /// The study's name of it.
    pub study_name: Option<&'static str>,
    /// Measures by name.
    pub measures: BTreeMap<&'static str, Measure>,
    /// Gates G1 to G5.
    pub gates: BTreeMap<&'static str, Gate>,
    /// Gates below the stage that do not hold, in words.
    pub gaps: Vec<String>,
    /// The next step, in words; `None` at the last stage.
    pub next: Option<String>,
}

/// Lower end of the 95 % Wilson interval of k out of n; `None` when n is 0.
pub fn wilson_low(k: u64, n: u64) -> Option<f64> {
    let share = ratio(k, n)?;
    let n = number(n);
    let z2 = 1.96 * 1.96;
    let spread = 1.96 * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    Some(((share + z2 / (2.0 * n) - spread) / (1.0 + z2 / n)).max(0.0))
}

fn ratio(k: u64, n: u64) -> Option<f64> {
    (n > 0).then(|| number(k) / number(n))
}

/// A count as a fraction's part; counts beyond 2^32 stop there.
fn number(n: u64) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

impl Measure {
    fn fraction(k: u64, n: u64, value: Option<f64>) -> Measure {
        Measure { k: Some(k), n: Some(n), ..Measure::plain(value) }
    }

    fn count(value: u64, min: u64) -> Measure {
        Measure::plain(Some(number(value))).at_least(number(min))
    }

    fn plain(value: Option<f64>) -> Measure {
        Measure { k: None, n: None, value, min: None, max: None, ok: None, excluded: BTreeMap::new(), note: None }
    }

    fn at_least(self, min: f64) -> Measure {
        Measure { min: Some(min), ok: self.value.map(|value| value >= min), ..self }
    }

    fn at_most(self, max: f64) -> Measure {
        Measure { max: Some(max), ok: self.value.map(|value| value <= max), ..self }
    }

    fn noted(self, note: &'static str) -> Measure {
        Measure { note: Some(note), ..self }
    }

    fn holds(&self) -> bool {
        self.ok == Some(true)
    }

    /// How far from its threshold a failing measure is, as a share of it.
    fn distance(&self) -> f64 {
        match (self.value, self.min, self.max) {
            (Some(value), Some(min), _) if min > 0.0 => ((min - value) / min).max(0.0),
            (Some(value), _, Some(max)) if max > 0.0 => ((value - max) / max).max(0.0),
            // Not measured is further away than anything measured.
            _ => f64::MAX,
        }
    }
}

/// The measures that a gate itself asks for, in the order of its text.
const CONDITIONS: [(&str, &[&str]); 5] = [
    ("G1", &["in_force_days"]),
    ("G2", &["ack_rate", "act_rate", "acted"]),
    ("G3", &["own", "own_days"]),
    ("G4", &["judged", "unique_rate", "early_rate", "confirmed_lb", "upheld_rate"]),
    ("G5", &["expertise", "peers", "public", "feedback_delay"]),
];

const NAMES: [(&str, &str); 5] = [
    ("receives", "denial"),
    ("acts", "worry"),
    ("contributes", "false confidence"),
    ("proves", "hard lessons"),
    ("leads", "true leadership"),
];

/// The neutral and the study's name of a stage.
pub fn stage_names(stage: u8) -> Option<(&'static str, &'static str)> {
    NAMES.get(usize::from(stage).checked_sub(1)?).copied()
}

impl Profile {
    /// Computes the profile.
    pub fn of(inputs: &Inputs, thresholds: &Thresholds) -> Profile {
        let measures = measures(inputs, thresholds);
        let all = |gate: &str| {
            let names = CONDITIONS.iter().find(|(known, _)| *known == gate).map_or(&[][..], |(_, names)| names);
            names.iter().all(|name| measures.get(name).is_some_and(Measure::holds))
        };
        let of = |holds: bool| if holds { Gate::Holds } else { Gate::Fails };
        let g2 = if inputs.actionable < thresholds.actionable { Gate::NotApplicable } else { of(all("G2")) };
        let (g1, g3) = (of(all("G1")), of(all("G3")));
        let g4 = of(g3 == Gate::Holds && all("G4"));
        let g5 = of(g4 == Gate::Holds && g2 != Gate::Fails && all("G5"));
        let gates = BTreeMap::from([("G1", g1), ("G2", g2), ("G3", g3), ("G4", g4), ("G5", g5)]);
        let enough = inputs.receipts >= 20 || inputs.own >= 20;
        let stage = (g1 == Gate::Holds && enough).then(|| {
            let highest = (1_u8..).zip([g1, g2, g3, g4, g5]).filter(|(_, gate)| *gate == Gate::Holds).last();
            highest.map_or(1, |(stage, _)| stage)
        });
        let names = stage.and_then(stage_names);
        let gaps = gaps(stage, &gates);
        let next = next(stage, inputs, &gates, &measures);
        Profile {
            stage_raw: stage,
            name: names.map(|names| names.0),
            study_name: names.map(|names| names.1),
            measures,
            gates,
            gaps,
            next,
        }
    }
}

fn measures(inputs: &Inputs, t: &Thresholds) -> BTreeMap<&'static str, Measure> {
    let acked = match inputs.acked {
        Some(acked) => Measure::fraction(acked, inputs.receipts, ratio(acked, inputs.receipts)),
        None => Measure { n: Some(inputs.receipts), ..Measure::plain(None) }.noted("no acknowledgements are known"),
    };
    let judged = inputs.judged;
    let share = |k: u64| Measure::fraction(k, judged, ratio(k, judged));
    let early = Measure::fraction(inputs.early, inputs.corroborated, ratio(inputs.early, inputs.corroborated));
    let early = if inputs.corroborated < CORROBORATED_MIN {
        Measure { ok: Some(true), min: Some(t.early_rate), ..early }.noted("skipped: fewer than 10 are corroborated")
    } else {
        early.at_least(t.early_rate)
    };
    let points = inputs.expertise.iter().map(|(kind, n)| n.saturating_mul(kind.points()).min(EXPERTISE_KIND_MAX)).sum();
    let feedback = inputs.feedback_delay_s.map(|seconds| number(seconds) / 86_400.0);
    let in_force = match inputs.in_force_days {
        Some(days) => Measure::count(days, t.in_force_days),
        None => Measure::plain(None).at_least(number(t.in_force_days)).noted("no agreement is in force"),
    };
    BTreeMap::from([
        ("in_force_days", in_force),
        ("ack_rate", acked.at_least(t.ack_rate)),
        (
            "act_rate",
            Measure::fraction(inputs.acted, inputs.actionable, ratio(inputs.acted, inputs.actionable))
                .at_least(t.act_rate),
        ),
        ("acted", Measure::count(inputs.acted, t.acted)),
        ("own", Measure { excluded: inputs.excluded.clone(), ..Measure::count(inputs.own, t.own) }),
        ("own_days", Measure::count(inputs.own_days, t.own_days)),
        ("judged", Measure::count(judged, t.judged)),
        ("unique_rate", share(inputs.unique).at_least(t.unique_rate)),
        ("early_rate", early),
        (
            "confirmed_lb",
            Measure::fraction(inputs.confirmed, judged, wilson_low(inputs.confirmed, judged)).at_least(t.confirmed_lb),
        ),
        ("upheld_rate", share(inputs.upheld).at_most(t.upheld_rate)),
        ("expertise", Measure::count(points, t.expertise)),
        ("peers", Measure::count(inputs.peers, t.peers)),
        ("public", Measure::count(inputs.public, t.public)),
        ("feedback_delay", Measure::plain(feedback).at_most(number(t.feedback_days))),
    ])
}

fn gaps(stage: Option<u8>, gates: &BTreeMap<&'static str, Gate>) -> Vec<String> {
    let Some(stage) = stage else { return Vec::new() };
    let does = stage_names(stage).map_or("", |names| names.0);
    let said = [
        ("G2", "does not act on what it receives"),
        ("G3", "gives little of its own"),
        ("G4", "does not prove what it gives"),
    ];
    (2_u8..)
        .zip(said)
        .filter(|(gate, (name, _))| *gate < stage && gates.get(name) == Some(&Gate::Fails))
        .map(|(_, (_, what))| format!("{does}, but {what}"))
        .collect()
}

/// The failing condition of the next gate that is nearest to its threshold, as a sentence.
fn next(
    stage: Option<u8>,
    inputs: &Inputs,
    gates: &BTreeMap<&'static str, Gate>,
    measures: &BTreeMap<&'static str, Measure>,
) -> Option<String> {
    let Some(stage) = stage else {
        if gates.get("G1") != Some(&Gate::Holds) {
            return Some("an agreement in force for 30 days".to_owned());
        }
        let n = 20_u64.saturating_sub(inputs.receipts.max(inputs.own));
        return Some(format!("{n} more releases to it or values of its own, before there is anything to measure"));
    };
    let names: Vec<&str> = match stage {
        1 => condition(if gates.get("G2") == Some(&Gate::NotApplicable) { "G3" } else { "G2" }),
        2 => condition("G3"),
        3 => condition("G4"),
        4 => [condition("G2"), condition("G5")].concat(),
        _ => return None,
    };
    let skip_g2 = gates.get("G2") != Some(&Gate::Fails);
    let failing = names
        .into_iter()
        .filter(|name| !(skip_g2 && condition("G2").contains(name) && stage == 4))
        .filter_map(|name| Some((name, measures.get(name)?)))
        .filter(|(_, measure)| !measure.holds());
    let (name, measure) = failing.min_by(|a, b| a.1.distance().total_cmp(&b.1.distance()))?;
    Some(sentence(name, measure, inputs))
}

fn condition(gate: &str) -> Vec<&'static str> {
    CONDITIONS.iter().find(|(known, _)| *known == gate).map_or_else(Vec::new, |(_, names)| names.to_vec())
}

fn sentence(name: &str, measure: &Measure, inputs: &Inputs) -> String {
    let value = measure.value.unwrap_or(0.0);
    let missing = (measure.min.unwrap_or(0.0) - value).max(0.0).ceil();
    let min = measure.min.unwrap_or(0.0);
    let waiting = inputs.judged.saturating_sub(inputs.confirmed);
    let Some(_) = measure.value else {
        return match name {
            "ack_rate" => "acknowledge deliveries: none are known here".to_owned(),
            "feedback_delay" => "send a sighting or dispute about something received".to_owned(),
            other => format!("`{other}` is not measured yet"),
        };
    };
    match name {
        "ack_rate" => format!("acknowledged share {value:.2}, needs {min:.2}"),
        "act_rate" => format!("acted-on share {value:.2}, needs {min:.2}: send sightings or disputes"),
        "acted" => format!("{missing} more items acted on"),
        "own" => format!("{missing} more own values"),
        "own_days" => format!("own values on {missing} more days"),
        "judged" => format!("{missing} more own values that are 30 days old"),
        "unique_rate" => format!("unique share {value:.2}, needs {min:.2}"),
        "early_rate" => format!("early share {value:.2}, needs {min:.2}: give values a day before others do"),
        "confirmed_lb" => {
            format!("confirmed share {value:.2} (lower bound), needs {min:.2}: {waiting} values await a sighting")
        }
        "upheld_rate" => {
            format!("share of wrong values {value:.2}, may be {:.2}", measure.max.unwrap_or(0.0))
        }
        "expertise" => format!("{missing} more points of expertise: answer requests or verify targets"),
        "peers" => format!("{missing} more parties that make use of its expertise"),
        "public" => format!("{missing} more public bodies that make use of its expertise"),
        "feedback_delay" => {
            format!("feedback after {value:.1} days (median), may be {:.0}", measure.max.unwrap_or(0.0))
        }
        other => format!("`{other}` {value:.2}, needs {min:.2}"),
    }
}

/// The stage that shows: a higher one after it held in two consecutive weekly runs, a lower one after the present one failed in
/// four. `raw` are the stages of weekly runs, oldest first; runs that were not measured are passed over.
pub fn shown_stage(raw: &[Option<u8>]) -> Option<u8> {
    let mut shown: Option<u8> = None;
    let mut seen: Vec<u8> = Vec::new();
    for stage in raw.iter().flatten() {
        seen.push(*stage);
        let Some(now) = shown else {
            shown = Some(*stage);
            continue;
        };
        let last = |n: usize| seen.len().checked_sub(n).and_then(|from| seen.get(from..));
        if let Some(runs) = last(RUNS_UP)
            && let Some(least) = runs.iter().min().filter(|least| **least > now)
        {
            shown = Some(*least);
        } else if let Some(runs) = last(RUNS_DOWN)
            && let Some(most) = runs.iter().max().filter(|most| **most < now)
        {
            shown = Some(*most);
        }
    }
    shown
}

#[cfg(test)]
mod tests;
