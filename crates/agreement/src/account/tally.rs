//! Adding contributions up to a statement, as they stream by.

use std::collections::{BTreeSet, HashMap};

use entente_observable::Kind;
use serde::Serialize;

use super::{
    Class, Contribution, DAY_US, HOUR_US, Networks, PADDING_MAX, Spread, Standing, Timestamp, Verdict, WEIGHTS,
    Weights, padding_group,
};

/// Counts of one class, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Contributions that count: on time, late, or wrong.
    pub given: u64,
    /// Of those, nobody independent had them first.
    pub on_time: u64,
    /// Of those on time, nobody else has them.
    pub unique: u64,
    /// Of those on time, another independent source came later.
    pub earlier: u64,
    /// Of those, later by an hour and less than a day.
    pub lead_hour: u64,
    /// Of those, later by a day and less than seven.
    pub lead_day: u64,
    /// Of those, later by seven days or more.
    pub lead_week: u64,
    /// Contributions that an independent source had first.
    pub late: u64,
    /// Contributions, on time or late, that were seen afterwards.
    pub confirmed: u64,
    /// Of those, on time.
    pub confirmed_on_time: u64,
    /// Contributions that went into a countermeasure, a match with action or a target.
    pub used: u64,
    /// Disputes raised.
    pub disputed: u64,
    /// Contributions against which a dispute was upheld.
    pub upheld: u64,
    /// Disputes rejected.
    pub rejected: u64,
    /// Contributions stopped at admission; not among `given`.
    pub quarantined: u64,
    /// Contributions taken back by the giver.
    pub recalled: u64,
    /// Sum of points.
    pub points: i64,
}

impl Counts {
    /// Adds other counts.
    pub fn add(&mut self, other: &Counts) {
        for (mine, theirs) in [
            (&mut self.given, other.given),
            (&mut self.on_time, other.on_time),
            (&mut self.unique, other.unique),
            (&mut self.earlier, other.earlier),
            (&mut self.lead_hour, other.lead_hour),
            (&mut self.lead_day, other.lead_day),
            (&mut self.lead_week, other.lead_week),
            (&mut self.late, other.late),
            (&mut self.confirmed, other.confirmed),
            (&mut self.confirmed_on_time, other.confirmed_on_time),
            (&mut self.used, other.used),
            (&mut self.disputed, other.disputed),
            (&mut self.upheld, other.upheld),
            (&mut self.rejected, other.rejected),
            (&mut self.quarantined, other.quarantined),
            (&mut self.recalled, other.recalled),
        ] {
            *mine = mine.saturating_add(theirs);
        }
        self.points = self.points.saturating_add(other.points);
    }

    /// The points these counts are worth. Equal to `points`, since each contribution is in exactly one of `on_time`, `late` and
    /// `upheld`, and what is added is counted for those on time only.
    pub fn weigh(&self, weights: &Weights) -> i64 {
        let times = |n: u64, weight: i64| i64::try_from(n).unwrap_or(i64::MAX).saturating_mul(weight);
        [
            times(self.late, weights.late),
            times(self.on_time, weights.on_time),
            times(self.unique, weights.unique),
            times(self.lead_hour, weights.lead_hour),
            times(self.lead_day, weights.lead_day),
            times(self.lead_week, weights.lead_week),
            times(self.confirmed_on_time, weights.confirmed),
            times(self.upheld, weights.upheld),
        ]
        .into_iter()
        .fold(0, i64::saturating_add)
    }
}

/// What was given but does not count (`product.md` 8.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Excluded {
    /// Returned what the giver had received.
    pub echo: u64,
    /// Addresses inside a network that the giver gave too.
    pub in_network: u64,
    /// Beyond the number that counts of one network, domain or site and day.
    pub padding: u64,
    /// Taken back within a day.
    pub withdrawn: u64,
}

/// What one party gave another in a period, by class and in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// The weights it was made with.
    pub weights: Weights,
    /// Counts of each class, in the order of [`Class::ALL`].
    #[serde(serialize_with = "super::by_class")]
    pub classes: Vec<(Class, Counts)>,
    /// Counts of all classes.
    pub total: Counts,
    /// By how long the giver was first, where another source followed.
    pub lead: Spread,
    /// By how long the giver was late.
    pub lag: Spread,
    /// How long after admission contributions were taken back.
    pub recalled_after: Spread,
    /// What does not count.
    pub excluded: Excluded,
    /// Contributions that are not final yet: their counts may still change.
    pub provisional: u64,
    /// Distinct days (UTC) with a contribution that counts.
    pub days: u64,
    /// Whether uses were recorded at all; if not, `used` says nothing.
    pub used_measured: bool,
    /// The sum of points divided by the divisor, never below 0.
    pub weighted: i64,
}

impl Statement {
    /// Makes a statement of contributions in any order.
    pub fn of(contributions: &[Contribution], networks: &Networks, now: Timestamp) -> Statement {
        let mut sorted: Vec<&Contribution> = contributions.iter().collect();
        sorted.sort_by_key(|contribution| (contribution.kind, contribution.admitted));
        let mut tally = Tally::new(WEIGHTS, networks.clone(), now);
        for contribution in sorted {
            tally.add(contribution.clone());
        }
        tally.finish()
    }
}

/// Adds contributions up.
///
/// # Invariants
/// Contributions come kind by kind, those of one kind by ascending admission; those of one instant in any order. Memory: the
/// contributions of one instant, the padding groups of one day, 8 bytes for each lead, lag and recall, and the days.
#[derive(Debug)]
pub struct Tally {
    weights: Weights,
    networks: Networks,
    now: Timestamp,
    classes: [Counts; 6],
    leads: Vec<i64>,
    lags: Vec<i64>,
    recalls: Vec<i64>,
    excluded: Excluded,
    provisional: u64,
    days: BTreeSet<i64>,
    used_measured: bool,
    /// Contributions of one kind and instant that wait for the others of it.
    waiting: Vec<Contribution>,
    /// How many of each group were counted on `day`.
    groups: HashMap<String, u8>,
    day: (Option<Kind>, i64),
}

impl Tally {
    /// Begins an empty one. `networks` are those of the giver; `now` tells what is final.
    pub fn new(weights: Weights, networks: Networks, now: Timestamp) -> Self {
        Self {
            weights,
            networks,
            now,
            classes: [Counts::default(); 6],
            leads: Vec::new(),
            lags: Vec::new(),
            recalls: Vec::new(),
            excluded: Excluded::default(),
            provisional: 0,
            days: BTreeSet::new(),
            used_measured: false,
            waiting: Vec::new(),
            groups: HashMap::new(),
            day: (None, 0),
        }
    }

    /// Adds a contribution.
    pub fn add(&mut self, contribution: Contribution) {
        let together = self
            .waiting
            .first()
            .is_none_or(|first| first.kind == contribution.kind && first.admitted == contribution.admitted);
        if !together {
            self.settle();
        }
        self.waiting.push(contribution);
    }

    /// Ends the statement.
    pub fn finish(mut self) -> Statement {
        self.settle();
        let mut total = Counts::default();
        for class in &self.classes {
            total.add(class);
        }
        Statement {
            weights: self.weights,
            classes: Class::ALL.into_iter().zip(self.classes).collect(),
            total,
            lead: Spread::of(&mut self.leads),
            lag: Spread::of(&mut self.lags),
            recalled_after: Spread::of(&mut self.recalls),
            excluded: self.excluded,
            provisional: self.provisional,
            days: u64::try_from(self.days.len()).unwrap_or(u64::MAX),
            used_measured: self.used_measured,
            weighted: (total.points / self.weights.divisor.max(1)).max(0),
        }
    }

    /// Counts the contributions of one instant in the order of their values, so that it does not matter in which they came.
    fn settle(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.sort_by(|a, b| (&a.value, a.class).cmp(&(&b.value, b.class)));
        waiting.dedup_by(|a, b| (&a.value, a.class) == (&b.value, b.class));
        for contribution in &waiting {
            self.count(contribution);
        }
    }

    fn count(&mut self, contribution: &Contribution) {
        let Contribution { kind, value, class, admitted, .. } = contribution;
        if contribution.echo {
            self.excluded.echo = self.excluded.echo.saturating_add(1);
            return;
        }
        if contribution.quarantined {
            self.class(*class).quarantined += 1;
            return;
        }
        if self.networks.contain(*kind, value) {
            self.excluded.in_network = self.excluded.in_network.saturating_add(1);
            return;
        }
        let recalled = contribution.recalled_after();
        if recalled.is_some_and(|after| after < DAY_US) {
            self.excluded.withdrawn = self.excluded.withdrawn.saturating_add(1);
            return;
        }
        if !self.has_room(*kind, value, *admitted) {
            self.excluded.padding = self.excluded.padding.saturating_add(1);
            return;
        }
        self.days.insert(admitted.days_since_epoch());
        if contribution.final_at() > self.now {
            self.provisional = self.provisional.saturating_add(1);
        }
        if let Some(after) = recalled {
            self.recalls.push(after);
        }
        self.used_measured |= contribution.used.is_some();
        let judged = contribution.judge(&self.weights);
        match judged.standing {
            Standing::Late { lag } => self.lags.push(lag),
            Standing::OnTime { lead: Some(lead) } => self.leads.push(lead),
            _ => {}
        }
        let disputes = contribution.disputes_in_time();
        let (mut disputed, mut rejected) = (0, 0);
        for dispute in disputes {
            disputed += 1;
            rejected += u64::from(dispute.verdict == Verdict::Rejected);
        }
        let counts = self.class(*class);
        counts.given += 1;
        counts.used += u64::from(contribution.used == Some(true));
        counts.recalled += u64::from(recalled.is_some());
        counts.disputed += disputed;
        counts.rejected += rejected;
        counts.points = counts.points.saturating_add(judged.points);
        match judged.standing {
            Standing::Upheld => counts.upheld += 1,
            Standing::Late { .. } => {
                counts.late += 1;
                counts.confirmed += u64::from(judged.confirmed);
            }
            Standing::OnTime { lead } => {
                counts.on_time += 1;
                counts.confirmed += u64::from(judged.confirmed);
                counts.confirmed_on_time += u64::from(judged.confirmed);
                match lead {
                    None => counts.unique += 1,
                    Some(lead) => {
                        counts.earlier += 1;
                        counts.lead_week += u64::from(lead >= 7 * DAY_US);
                        counts.lead_day += u64::from((DAY_US..7 * DAY_US).contains(&lead));
                        counts.lead_hour += u64::from((HOUR_US..DAY_US).contains(&lead));
                    }
                }
            }
        }
    }

    /// Takes a place of the value's padding group on that day; false when all are taken.
    fn has_room(&mut self, kind: Kind, value: &str, admitted: Timestamp) -> bool {
        let Some(group) = padding_group(kind, value) else { return true };
        let day = (Some(kind), admitted.days_since_epoch());
        if self.day != day {
            self.day = day;
            self.groups.clear();
        }
        let taken = self.groups.entry(group).or_default();
        if *taken >= PADDING_MAX {
            return false;
        }
        *taken += 1;
        true
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "there are as many counts as classes, numbered from 0 by `Class::place`"
    )]
    fn class(&mut self, class: Class) -> &mut Counts {
        &mut self.classes[class.place()]
    }
}
