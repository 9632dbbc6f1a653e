//! The search for instants of the windows: with all of them chosen, [`flow`](super::flow) decides.
//!
//! For one window the left side of an operator is met from some instant on and the right side up to some instant, each by
//! itself. Both are found by bisection, and only instants between them are tried.

use super::Meter;
use super::error::OutOfSteps;
use super::flow::{Given, Supply, Want, comes_before, meet};
use super::plan::{Alternative, Demand};

/// LIMIT: windows whose instants are chosen at one time, those of each copy of a repeated group included; the search goes
/// three calls deeper at each.
const DEPTH_MAX: usize = 512;

/// Finds the first binding of an alternative in the order of positions, if it comes before `best`.
///
/// With `is_enough` any binding will do. When the steps are used up, `best` still holds what was found.
pub(crate) fn search(
    alternative: &Alternative,
    supply: Supply<'_>,
    is_enough: bool,
    best: &mut Option<Given>,
    meter: &mut Meter,
) -> Result<(), OutOfSteps> {
    let mut search = Search {
        alternative,
        supply,
        is_enough,
        instants: Vec::new(),
        outer: vec![Chosen::Open; alternative.windows.len()],
        blocks: Vec::new(),
        left: alternative.groups.iter().map(|group| group.count).collect(),
        open: Vec::new(),
        is_done: false,
        best,
        meter,
    };
    if alternative.windows.is_empty() && alternative.groups.is_empty() {
        return search.settle();
    }
    search.open = search.wants();
    if !search.is_feasible()? || (alternative.is_chain && !search.walk()?) || search.is_done {
        return Ok(());
    }
    search.collect_instants()?;
    search.outer(0)
}

/// What is known of a window's instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chosen {
    Open,
    At(i128),
    /// Only bounds on the first instants are heeded.
    FirstOnly(i128),
    /// Only bounds on the last instants are heeded.
    LastOnly(i128),
}

/// Copies of a group that share their instants.
#[derive(Debug)]
struct Block {
    group: usize,
    copies: u64,
    windows: Vec<Chosen>,
}

/// A window: of the alternative, or of the last block.
#[derive(Debug, Clone, Copy)]
enum Slot {
    Outer(usize),
    Inner(usize),
}

struct Search<'a> {
    alternative: &'a Alternative,
    supply: Supply<'a>,
    is_enough: bool,
    /// Instants worth trying, ascending: where the first observation of a binding ends.
    instants: Vec<i128>,
    outer: Vec<Chosen>,
    /// Blocks of one group in ascending order of their instants, as copies can be swapped.
    blocks: Vec<Block>,
    /// Copies of each group without a block.
    left: Vec<u64>,
    /// The demands with nothing chosen, which no choice can do better than.
    open: Vec<Want>,
    is_done: bool,
    best: &'a mut Option<Given>,
    meter: &'a mut Meter,
}

impl Search<'_> {
    /// Walks along a chain and takes at each bracket what lets time pass least; false if no binding can be found.
    ///
    /// Where that runs out even though observations may be used again, nothing matches; where it ends with each used once,
    /// it is a binding. In between the search decides. Chains of hundreds, in which windows are many, mostly end here.
    fn walk(&mut self) -> Result<bool, OutOfSteps> {
        if self.pass(true)?.is_none() {
            return Ok(false);
        }
        let Some(mut positions) = self.pass(false)? else {
            return Ok(true);
        };
        positions.sort_unstable();
        let mut given = Given::new();
        for position in positions {
            match given.last_mut() {
                Some((last, amount)) if *last == position => *amount = amount.saturating_add(1),
                _ => given.push((position, 1)),
            }
        }
        if self.best.as_ref().is_none_or(|best| comes_before(&given, best)) {
            *self.best = Some(given);
            self.is_done = self.is_enough;
        }
        Ok(true)
    }

    /// Takes an observation for each bracket of a chain in order; none if one finds nothing that is not over already.
    fn pass(&mut self, may_repeat: bool) -> Result<Option<Vec<usize>>, OutOfSteps> {
        let mut left: Vec<u64> = self.supply.observations.iter().map(|observation| observation.count).collect();
        let mut now = i128::MIN;
        let mut positions = Vec::new();
        for want in &self.open {
            self.meter.spend(u64::try_from(left.len()).unwrap_or(u64::MAX))?;
            let next = self
                .supply
                .observations
                .iter()
                .enumerate()
                .filter(|(at, observation)| observation.last.0 >= now && left.get(*at).is_some_and(|left| *left > 0))
                .filter(|(at, _)| self.supply.fits(want, *at))
                .min_by_key(|(_, observation)| (observation.first.0.max(now), observation.last.0));
            let Some((at, observation)) = next else { return Ok(None) };
            now = now.max(observation.first.0);
            positions.push(at);
            if !may_repeat && let Some(left) = left.get_mut(at) {
                *left = left.saturating_sub(1);
            }
        }
        Ok(Some(positions))
    }

    fn collect_instants(&mut self) -> Result<(), OutOfSteps> {
        let inner = self.alternative.groups.iter().flat_map(|group| &group.demands);
        let mut unions: Vec<usize> = self.alternative.demands.iter().chain(inner).map(|demand| demand.union).collect();
        unions.sort_unstable();
        unions.dedup();
        for (position, observation) in self.supply.observations.iter().enumerate() {
            self.meter.spend(1)?;
            if unions.iter().any(|union| self.supply.has(*union, position)) {
                self.instants.push(observation.last.0);
            }
        }
        self.instants.sort_unstable();
        self.instants.dedup();
        Ok(())
    }

    /// Lists the demands with what is chosen so far.
    fn wants(&self) -> Vec<Want> {
        let none: &[Chosen] = &[];
        let mut wants: Vec<Want> = self.alternative.demands.iter().map(|demand| self.want(demand, 1, none)).collect();
        for block in &self.blocks {
            let demands = self.alternative.groups.get(block.group).map_or(&[][..], |group| &group.demands);
            wants.extend(demands.iter().map(|demand| self.want(demand, block.copies, &block.windows)));
        }
        for (group, left) in self.alternative.groups.iter().zip(&self.left) {
            if *left > 0 {
                wants.extend(group.demands.iter().map(|demand| self.want(demand, *left, none)));
            }
        }
        wants
    }

    fn want(&self, demand: &Demand, copies: u64, inner: &[Chosen]) -> Want {
        let mut want = Want {
            union: demand.union,
            count: demand.count.saturating_mul(copies),
            first_max: demand.first_max,
            last_min: demand.last_min,
        };
        for bound in &demand.bounds {
            let windows = if bound.is_inner { inner } else { &self.outer };
            let chosen = windows.get(bound.window).copied().unwrap_or(Chosen::Open);
            if let (Chosen::At(instant) | Chosen::FirstOnly(instant), Some(slack)) = (chosen, bound.first_slack) {
                want.first_max = want.first_max.min(instant.saturating_add(slack));
            }
            if let (Chosen::At(instant) | Chosen::LastOnly(instant), true) = (chosen, bound.ends_after) {
                want.last_min = want.last_min.max(instant);
            }
        }
        want
    }

    /// Tells whether the demands can be met, and better than so far, if open windows ask nothing. What follows from here asks
    /// for more, so it is met by nothing that comes before.
    fn is_feasible(&mut self) -> Result<bool, OutOfSteps> {
        let wants = self.wants();
        Ok(meet(&wants, self.supply, self.best.as_ref(), self.meter)?.is_some())
    }

    /// Decides with all instants chosen.
    fn settle(&mut self) -> Result<(), OutOfSteps> {
        let wants = self.wants();
        if let Some(given) = meet(&wants, self.supply, self.best.as_ref(), self.meter)? {
            *self.best = Some(given);
            self.is_done = self.is_enough || meet(&self.open, self.supply, self.best.as_ref(), self.meter)?.is_none();
        }
        Ok(())
    }

    /// Chooses the instants of the alternative's windows from this one on.
    fn outer(&mut self, window: usize) -> Result<(), OutOfSteps> {
        let Some(after) = self.alternative.windows.get(window) else {
            return self.group(0);
        };
        let least = after.and_then(|after| self.outer.get(after)).and_then(|chosen| match chosen {
            Chosen::At(instant) => Some(*instant),
            _ => None,
        });
        self.each_instant(Slot::Outer(window), least, &mut |search| search.outer(window.saturating_add(1)))
    }

    /// Chooses instants for the copies of this group and those after it.
    fn group(&mut self, group: usize) -> Result<(), OutOfSteps> {
        match self.left.get(group) {
            None => self.settle(),
            Some(0) => self.group(group.saturating_add(1)),
            Some(_) => {
                let windows = self.alternative.groups.get(group).map_or(0, |group| group.windows.len());
                let depth = self.blocks.iter().map(|block| block.windows.len()).fold(windows, usize::saturating_add);
                if depth.saturating_add(self.outer.len()) > DEPTH_MAX {
                    return Err(OutOfSteps);
                }
                self.take_copies(group, 1);
                self.blocks.push(Block { group, copies: 1, windows: vec![Chosen::Open; windows] });
                let result = self.inner(group, 0, true);
                self.blocks.pop();
                self.return_copies(group, 1);
                result
            }
        }
    }

    fn take_copies(&mut self, group: usize, copies: u64) {
        if let Some(left) = self.left.get_mut(group) {
            *left = left.saturating_sub(copies);
        }
    }

    fn return_copies(&mut self, group: usize, copies: u64) {
        if let Some(left) = self.left.get_mut(group) {
            *left = left.saturating_add(copies);
        }
    }

    /// Chooses the instants of the last block from this window on. While they are `tied` with those of the block before, they
    /// may not be earlier, and must be later in the end.
    fn inner(&mut self, group: usize, window: usize, tied: bool) -> Result<(), OutOfSteps> {
        let windows = self.alternative.groups.get(group).map_or(0, |group| group.windows.len());
        if window == windows {
            return self.copies(group);
        }
        let before = self.blocks.len().checked_sub(2).and_then(|at| self.blocks.get(at));
        let before = before.filter(|block| tied && block.group == group).and_then(|block| block.windows.get(window));
        let before = match before {
            Some(Chosen::At(instant)) => Some(*instant),
            _ => None,
        };
        let is_last = window.saturating_add(1) == windows;
        let least = before.map(|instant| if is_last { instant.saturating_add(1) } else { instant });
        self.each_instant(Slot::Inner(window), least, &mut |search| {
            let is_tied =
                tied && before.is_some_and(|instant| search.chosen(Slot::Inner(window)) == Some(Chosen::At(instant)));
            search.inner(group, window.saturating_add(1), is_tied)
        })
    }

    /// Chooses how many copies share the instants of the last block: as many as can be met first, then fewer.
    fn copies(&mut self, group: usize) -> Result<(), OutOfSteps> {
        let more = self.left.get(group).copied().unwrap_or_default();
        let (mut feasible, mut infeasible) = (0, more.saturating_add(1));
        while infeasible.saturating_sub(feasible) > 1 {
            // All of them is the usual case.
            let middle = if infeasible > more { more } else { feasible.midpoint(infeasible) };
            self.add_copies(group, middle);
            let fits = self.is_feasible();
            self.drop_copies(group, middle);
            if fits? { feasible = middle } else { infeasible = middle }
        }
        for extra in (0..=feasible).rev() {
            self.add_copies(group, extra);
            let result = self.group(group);
            self.drop_copies(group, extra);
            result?;
            if self.is_done {
                break;
            }
        }
        Ok(())
    }

    fn add_copies(&mut self, group: usize, copies: u64) {
        self.take_copies(group, copies);
        if let Some(block) = self.blocks.last_mut() {
            block.copies = block.copies.saturating_add(copies);
        }
    }

    fn drop_copies(&mut self, group: usize, copies: u64) {
        self.return_copies(group, copies);
        if let Some(block) = self.blocks.last_mut() {
            block.copies = block.copies.saturating_sub(copies);
        }
    }

    /// Calls `next` with each instant of a window for which the demands can still be met.
    fn each_instant(
        &mut self,
        slot: Slot,
        least: Option<i128>,
        next: &mut dyn FnMut(&mut Self) -> Result<(), OutOfSteps>,
    ) -> Result<(), OutOfSteps> {
        let start = least.map_or(0, |least| self.instants.partition_point(|instant| *instant < least));
        let (mut low, mut high) = (start, self.instants.len());
        // The first instant late enough for the left side.
        while low < high {
            let middle = low.midpoint(high);
            if self.fits(slot, middle, Chosen::FirstOnly)? { high = middle } else { low = middle.saturating_add(1) }
        }
        let begin = low;
        // The end of those early enough for the right side.
        high = self.instants.len();
        while low < high {
            let middle = low.midpoint(high);
            if self.fits(slot, middle, Chosen::LastOnly)? { low = middle.saturating_add(1) } else { high = middle }
        }
        // Where nothing is left to choose, the decision itself comes next.
        let is_final = self.alternative.groups.is_empty()
            && matches!(slot, Slot::Outer(window) if window.saturating_add(1) == self.outer.len());
        for at in begin..low {
            if self.is_done {
                break;
            }
            if is_final || self.fits(slot, at, Chosen::At)? {
                self.choose(slot, at, Chosen::At);
                next(self)?;
            }
        }
        self.set(slot, Chosen::Open);
        Ok(())
    }

    fn fits(&mut self, slot: Slot, at: usize, how: fn(i128) -> Chosen) -> Result<bool, OutOfSteps> {
        self.choose(slot, at, how);
        let fits = self.is_feasible();
        self.set(slot, Chosen::Open);
        fits
    }

    fn choose(&mut self, slot: Slot, at: usize, how: fn(i128) -> Chosen) {
        if let Some(instant) = self.instants.get(at).copied() {
            self.set(slot, how(instant));
        }
    }

    fn chosen(&self, slot: Slot) -> Option<Chosen> {
        match slot {
            Slot::Outer(window) => self.outer.get(window).copied(),
            Slot::Inner(window) => self.blocks.last().and_then(|block| block.windows.get(window)).copied(),
        }
    }

    fn set(&mut self, slot: Slot, chosen: Chosen) {
        let place = match slot {
            Slot::Outer(window) => self.outer.get_mut(window),
            Slot::Inner(window) => self.blocks.last_mut().and_then(|block| block.windows.get_mut(window)),
        };
        if let Some(place) = place {
            *place = chosen;
        }
    }
}
