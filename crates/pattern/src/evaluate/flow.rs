//! Instances given to demands: the matching of a bipartite graph with counts.
//!
//! Observations are taken in order, and each gives as many instances as can still be placed. What has been given may be moved
//! to another demand, but an observation that gave goes on giving. The sets of instances that can be placed at once are a
//! matroid, so this finds the first of all bindings in the order of positions, and finds one if there is one.

use std::cmp::Ordering;

use super::Meter;
use super::error::OutOfSteps;
use super::input::Observation;

/// So many instances with these bounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Want {
    pub(crate) union: usize,
    pub(crate) count: u64,
    pub(crate) first_max: i128,
    pub(crate) last_min: i128,
}

/// Positions with the number of instances each gives, in ascending order.
pub(crate) type Given = Vec<(usize, u64)>;

/// What there is to give.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Supply<'a> {
    pub(crate) observations: &'a [Observation],
    /// For each union of brackets the observations that satisfy it, a bit each.
    pub(crate) unions: &'a [Vec<u64>],
}

impl Supply<'_> {
    pub(crate) fn has(&self, union: usize, position: usize) -> bool {
        let word = self.unions.get(union).and_then(|words| words.get(position / 64));
        word.is_some_and(|word| word >> (position % 64) & 1 == 1)
    }

    pub(crate) fn fits(&self, want: &Want, position: usize) -> bool {
        self.has(want.union, position)
            && self
                .observations
                .get(position)
                .is_some_and(|observation| observation.first.0 <= want.first_max && observation.last.0 >= want.last_min)
    }
}

/// Places instances until every want is met and returns who gave; none if they cannot all be met, or only by what is no better
/// than `best`.
pub(crate) fn meet(
    wants: &[Want],
    supply: Supply<'_>,
    best: Option<&Given>,
    meter: &mut Meter,
) -> Result<Option<Given>, OutOfSteps> {
    let mut flow = Flow::new(wants, supply);
    let mut given = Given::new();
    let mut rank = Rank { best: best.map(|best| best.iter()), order: Ordering::Equal };
    for (position, observation) in supply.observations.iter().enumerate() {
        if flow.open == 0 {
            break;
        }
        meter.spend(1)?;
        if !flow.open_slot(position, meter)? {
            continue;
        }
        let mut used = 0_u64;
        while used < observation.count && flow.open > 0 {
            let amount = flow.augment(position, observation.count.saturating_sub(used), meter)?;
            if amount == 0 {
                break;
            }
            used = used.saturating_add(amount);
        }
        if used > 0 {
            given.push((position, used));
            if !rank.go_on(position, used, flow.open == 0) {
                return Ok(None);
            }
        }
    }
    Ok((flow.open == 0 && rank.is_better()).then_some(given))
}

/// Tells whether `given` comes before `best` in the order of positions.
pub(crate) fn comes_before(given: &Given, best: &Given) -> bool {
    let mut rank = Rank { best: Some(best.iter()), order: Ordering::Equal };
    let mut rest = given.iter();
    while let Some((position, amount)) = rest.next() {
        if !rank.go_on(*position, *amount, rest.as_slice().is_empty()) {
            return false;
        }
    }
    rank.is_better()
}

/// Comparison of what is being built to the best so far: sequences of positions, one for each instance.
struct Rank<'a> {
    best: Option<std::slice::Iter<'a, (usize, u64)>>,
    order: Ordering,
}

impl Rank<'_> {
    /// Takes the next position and tells whether the result can still be better.
    fn go_on(&mut self, position: usize, used: u64, is_last: bool) -> bool {
        let (Some(best), Ordering::Equal) = (&mut self.best, self.order) else {
            return true;
        };
        self.order = match best.next() {
            // The best is a beginning of this one.
            None => Ordering::Greater,
            Some((other, _)) if *other != position => position.cmp(other),
            Some((_, amount)) => match used.cmp(amount) {
                Ordering::Equal => Ordering::Equal,
                Ordering::Less if is_last => Ordering::Less,
                Ordering::Less => Ordering::Greater,
                Ordering::Greater if best.as_slice().is_empty() => Ordering::Greater,
                Ordering::Greater => Ordering::Less,
            },
        };
        self.order != Ordering::Greater
    }

    fn is_better(&self) -> bool {
        match (&self.best, self.order) {
            (None, _) | (_, Ordering::Less) => true,
            (Some(best), Ordering::Equal) => !best.as_slice().is_empty(),
            _ => false,
        }
    }
}

struct Flow<'a> {
    wants: &'a [Want],
    supply: Supply<'a>,
    /// Wants that are not met yet.
    open: usize,
    need: Vec<u64>,
    /// For each want who gave how much.
    given: Vec<Given>,
    /// Words of a set of wants.
    words: usize,
    /// For each observation looked at the wants it fits, as a set.
    fits: Vec<u64>,
    /// Where that set begins; by position.
    slots: Vec<usize>,
    /// Wants from which no open one can be reached, now and later.
    dead: Vec<u64>,
    // The rest is scratch of one search for a way.
    seen: Vec<u64>,
    queue: Vec<usize>,
    /// For each want the observation it was reached from.
    giver: Vec<usize>,
    /// For each observation the want it was reached through.
    through: Vec<usize>,
}

const NONE: usize = usize::MAX;

#[expect(
    clippy::indexing_slicing,
    reason = "INVARIANT: wants index vectors made with one entry for each want, positions vectors with one for each observation"
)]
impl<'a> Flow<'a> {
    fn new(wants: &'a [Want], supply: Supply<'a>) -> Self {
        let words = wants.len().div_ceil(64);
        Self {
            wants,
            supply,
            open: wants.len(),
            need: wants.iter().map(|want| want.count).collect(),
            given: vec![Given::new(); wants.len()],
            words,
            fits: Vec::new(),
            slots: vec![NONE; supply.observations.len()],
            dead: vec![0; words],
            seen: vec![0; words],
            queue: Vec::new(),
            giver: vec![NONE; wants.len()],
            through: vec![NONE; supply.observations.len()],
        }
    }

    /// Finds out which wants an observation fits; false if none.
    fn open_slot(&mut self, position: usize, meter: &mut Meter) -> Result<bool, OutOfSteps> {
        meter.spend(u64::try_from(self.wants.len()).unwrap_or(u64::MAX))?;
        let start = self.fits.len();
        self.fits.resize(start.saturating_add(self.words), 0);
        let mut any = false;
        for (at, want) in self.wants.iter().enumerate() {
            if self.supply.fits(want, position) {
                self.fits[start + at / 64] |= 1 << (at % 64);
                any = true;
            }
        }
        if any {
            self.slots[position] = start;
        } else {
            self.fits.truncate(start);
        }
        Ok(any)
    }

    /// Places up to `limit` instances of an observation along the shortest way to an open want; returns how many.
    fn augment(&mut self, source: usize, limit: u64, meter: &mut Meter) -> Result<u64, OutOfSteps> {
        self.seen.clone_from(&self.dead);
        self.queue.clear();
        self.queue.push(source);
        self.through[source] = NONE;
        let mut head = 0;
        let mut reached = Vec::new();
        while let Some(&position) = self.queue.get(head) {
            head += 1;
            for word in 0..self.words {
                meter.spend(1)?;
                let mut fresh = self.fits[self.slots[position] + word] & !self.seen[word];
                self.seen[word] |= fresh;
                while fresh != 0 {
                    let want = word * 64 + usize::try_from(fresh.trailing_zeros()).unwrap_or_default();
                    fresh &= fresh - 1;
                    self.giver[want] = position;
                    if self.need[want] > 0 {
                        let amount = self.push(source, want, limit);
                        self.forget(&reached);
                        return Ok(amount);
                    }
                    meter.spend(u64::try_from(self.given[want].len()).unwrap_or(u64::MAX))?;
                    for &(other, _) in &self.given[want] {
                        if other != source && self.through[other] == NONE {
                            self.through[other] = want;
                            reached.push(other);
                            self.queue.push(other);
                        }
                    }
                }
            }
        }
        self.forget(&reached);
        // Whatever was reached leads to nothing open, and ways to open wants only get fewer.
        self.dead.clone_from(&self.seen);
        Ok(0)
    }

    fn forget(&mut self, reached: &[usize]) {
        for &position in reached {
            self.through[position] = NONE;
        }
    }

    /// Moves as much as every stage of the way from `source` to `end` allows.
    fn push(&mut self, source: usize, end: usize, limit: u64) -> u64 {
        let mut amount = limit.min(self.need[end]);
        let mut want = end;
        while self.giver[want] != source {
            let position = self.giver[want];
            want = self.through[position];
            amount = amount.min(self.gave(want, position));
        }
        self.need[end] -= amount;
        if self.need[end] == 0 {
            self.open -= 1;
        }
        want = end;
        loop {
            let position = self.giver[want];
            self.give(want, position, amount);
            if position == source {
                return amount;
            }
            want = self.through[position];
            self.take(want, position, amount);
        }
    }

    fn gave(&self, want: usize, position: usize) -> u64 {
        self.given[want].iter().find(|(giver, _)| *giver == position).map_or(0, |(_, amount)| *amount)
    }

    fn give(&mut self, want: usize, position: usize, amount: u64) {
        match self.given[want].iter_mut().find(|(giver, _)| *giver == position) {
            Some((_, given)) => *given = given.saturating_add(amount),
            None => self.given[want].push((position, amount)),
        }
    }

    fn take(&mut self, want: usize, position: usize, amount: u64) {
        self.given[want].retain_mut(|(giver, given)| {
            if *giver == position {
                *given = given.saturating_sub(amount);
            }
            *given > 0
        });
    }
}
