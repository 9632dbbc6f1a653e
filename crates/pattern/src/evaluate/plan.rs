//! Observation expressions as alternatives of counted demands (STIX 2.1 §9.5).
//!
//! A pattern becomes a list of alternatives, one for each way to choose among its `OR`s. An alternative says how many instances
//! each bracket needs and which windows of time they must fit. A window stands for one `FOLLOWEDBY` or `WITHIN`; once its
//! instant `T` is chosen, the operator is a bound on the first and last instant of each observation by itself:
//!
//! | Operator | holds if for some `T` |
//! |---|---|
//! | `A FOLLOWEDBY B` | first ≤ `T` for all of `A`, last ≥ `T` for all of `B` |
//! | `A WITHIN s SECONDS` | first ≤ `T` + s and last ≥ `T` for all of `A` |
//! | `A START x STOP y` | first < y and last ≥ x for all of `A`; no window is needed |

use super::decimal::Decimal;
use super::error::{CompileError, CompileErrorKind};
use super::instant::{FRACTION_DIGITS, Instant};
use crate::tree::{Join, Observation, Qualifier, Test};

/// LIMIT: alternatives of one pattern; beyond them only "no match" for want of instances can be told.
const ALTERNATIVES_MAX: usize = 4096;
/// LIMIT: demands of all alternatives together, near 8 MiB.
const DEMANDS_MAX: usize = 1 << 16;
/// LIMIT: windows of one alternative; the search goes one call deeper at each.
const WINDOWS_MAX: usize = 512;

/// Whether exactly `s` seconds are within `s` seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Boundary {
    /// They are, as other implementations have it.
    #[default]
    Inclusive,
    /// They are not, as STIX 2.1 §9.5.1 says.
    Exclusive,
}

/// A compiled observation expression.
#[derive(Debug)]
pub(crate) struct Plan {
    root: Node,
    /// Brackets whose union each demand draws from.
    pub(crate) unions: Vec<Vec<usize>>,
    /// None where there are more than the limits allow.
    pub(crate) alternatives: Option<Vec<Alternative>>,
    /// Whether the pattern is one bracket, or several joined by `OR`.
    pub(crate) is_bare: bool,
}

#[derive(Debug)]
enum Node {
    Union(usize),
    All(Vec<Node>),
    Any(Vec<Node>),
    Sequence(Vec<Node>),
    /// Qualifiers from the inside out; there may be thousands, so they are no nodes of their own.
    Qualified(Box<Node>, Vec<Limit>),
}

/// A qualifier.
#[derive(Debug, Clone, Copy)]
enum Limit {
    /// Span between the latest beginning and the earliest end, in units.
    Within(i128),
    /// None where nothing is between the two.
    Between(Option<(Instant, Instant)>),
    Repeats(u64),
}

/// One way to choose among the `OR`s.
#[derive(Debug, Clone, Default)]
pub(crate) struct Alternative {
    pub(crate) demands: Vec<Demand>,
    /// For each window an earlier one whose instant is not after its own, if there is one.
    pub(crate) windows: Vec<Option<usize>>,
    pub(crate) groups: Vec<Group>,
    /// Whether it is single brackets that follow one another, and nothing else.
    pub(crate) is_chain: bool,
}

/// Copies of something with windows of its own, each copy with its own instants.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) count: u64,
    pub(crate) demands: Vec<Demand>,
    pub(crate) windows: Vec<Option<usize>>,
}

/// So many instances of observations in a union of brackets.
#[derive(Debug, Clone)]
pub(crate) struct Demand {
    pub(crate) union: usize,
    pub(crate) count: u64,
    /// Last unit in which an observation may begin.
    pub(crate) first_max: i128,
    /// First unit in which an observation may end.
    pub(crate) last_min: i128,
    pub(crate) bounds: Vec<Bound>,
}

/// What a window asks of a demand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound {
    pub(crate) window: usize,
    /// Whether the window is the group's and not the alternative's.
    pub(crate) is_inner: bool,
    /// First ≤ `T` + this.
    pub(crate) first_slack: Option<i128>,
    /// Last ≥ `T`.
    pub(crate) ends_after: bool,
}

/// The limits do not hold it.
struct TooMany;

/// Place of a part among what follows one another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    None,
    Second,
    /// Its window may be taken to be no earlier than the one before, which was made last: if its `T` were earlier, the one
    /// before could have the same.
    Later,
}

impl Plan {
    /// Compiles the expression and adds each distinct bracket to `leaves`.
    pub(crate) fn new<'a>(
        root: &'a Observation,
        boundary: Boundary,
        leaves: &mut Vec<&'a Test>,
    ) -> Result<Self, CompileError> {
        let mut unions = Vec::new();
        let root = Node::new(root, boundary, leaves, &mut unions)?;
        let mut alternatives = root.alternatives().ok();
        for alternative in alternatives.iter_mut().flatten() {
            alternative.is_chain = alternative.has_chain();
        }
        let is_bare = matches!(root, Node::Union(_));
        Ok(Self { root, unions, alternatives, is_bare })
    }

    /// Tells whether some alternative has observations for each of its demands, and instances enough in all.
    pub(crate) fn can_match(&self, is_empty: &dyn Fn(usize) -> bool, capacity: u128) -> bool {
        self.root.least(is_empty).is_some_and(|least| u128::from(least) <= capacity)
    }
}

impl Node {
    /// Recursion is bounded by the parser's depth limit, here and below.
    fn new<'a>(
        expression: &'a Observation,
        boundary: Boundary,
        leaves: &mut Vec<&'a Test>,
        unions: &mut Vec<Vec<usize>>,
    ) -> Result<Self, CompileError> {
        match expression {
            Observation::Test(test) => {
                let leaf = leaves.iter().position(|known| *known == test).unwrap_or_else(|| {
                    leaves.push(test);
                    leaves.len().saturating_sub(1)
                });
                Ok(Self::union(vec![leaf], unions))
            }
            Observation::Joined(join, parts) => {
                let parts: Result<Vec<Self>, CompileError> =
                    parts.iter().map(|part| Self::new(part, boundary, leaves, unions)).collect();
                let parts = parts?;
                Ok(match join {
                    Join::And => Self::All(parts),
                    Join::FollowedBy => Self::Sequence(parts),
                    Join::Or => Self::any(parts, unions),
                })
            }
            Observation::Qualified(inner, qualifiers) => {
                let inner = Self::new(inner, boundary, leaves, unions)?;
                let mut limits: Vec<Limit> = Vec::new();
                for qualifier in qualifiers {
                    let next = Limit::new(qualifier, boundary)?;
                    match (limits.last_mut(), next) {
                        (_, Limit::Repeats(1)) => {}
                        (Some(Limit::Repeats(count)), Limit::Repeats(times)) => *count = count.saturating_mul(times),
                        (Some(Limit::Within(slack)), Limit::Within(other)) => *slack = other.min(*slack),
                        (_, next) => limits.push(next),
                    }
                }
                Ok(if limits.is_empty() { inner } else { Self::Qualified(Box::new(inner), limits) })
            }
        }
    }

    fn union(leaves: Vec<usize>, unions: &mut Vec<Vec<usize>>) -> Self {
        let known = unions.iter().position(|known| *known == leaves);
        Self::Union(known.unwrap_or_else(|| {
            unions.push(leaves);
            unions.len().saturating_sub(1)
        }))
    }

    /// Bare brackets under one `OR` are one bracket: the same observations satisfy it.
    fn any(parts: Vec<Self>, unions: &mut Vec<Vec<usize>>) -> Self {
        let mut bare: Vec<usize> = Vec::new();
        let mut others = Vec::new();
        for part in parts {
            let flat = if let Self::Any(inner) = part { inner } else { vec![part] };
            for part in flat {
                match part {
                    Self::Union(union) => bare.extend(unions.get(union).into_iter().flatten()),
                    other => others.push(other),
                }
            }
        }
        bare.sort_unstable();
        bare.dedup();
        if !bare.is_empty() {
            others.insert(0, Self::union(bare, unions));
        }
        match <[Self; 1]>::try_from(others) {
            Ok([only]) => only,
            Err(others) => Self::Any(others),
        }
    }

    /// Returns the fewest instances that satisfy it; none where a bracket that it needs matches nothing.
    fn least(&self, is_empty: &dyn Fn(usize) -> bool) -> Option<u64> {
        match self {
            Self::Union(union) => (!is_empty(*union)).then_some(1),
            Self::All(parts) | Self::Sequence(parts) => {
                parts.iter().try_fold(0_u64, |sum, part| Some(sum.saturating_add(part.least(is_empty)?)))
            }
            Self::Any(parts) => parts.iter().filter_map(|part| part.least(is_empty)).min(),
            Self::Qualified(inner, limits) => {
                limits.iter().try_fold(inner.least(is_empty)?, |least, limit| match limit {
                    Limit::Repeats(count) => Some(least.saturating_mul(*count)),
                    Limit::Between(None) => None,
                    Limit::Between(Some(_)) | Limit::Within(_) => Some(least),
                })
            }
        }
    }

    fn alternatives(&self) -> Result<Vec<Alternative>, TooMany> {
        let found = match self {
            Self::Union(union) => {
                let bounds = Vec::new();
                let demand = Demand { union: *union, count: 1, first_max: i128::MAX, last_min: i128::MIN, bounds };
                vec![Alternative { demands: vec![demand], ..Alternative::default() }]
            }
            Self::Any(parts) => {
                let mut all = Vec::new();
                for part in parts {
                    all.extend(part.alternatives()?);
                    check(&all)?;
                }
                all
            }
            Self::All(parts) => {
                let mut all = vec![Alternative::default()];
                for part in parts {
                    all = product(&all, &part.alternatives()?, Order::None)?;
                }
                all
            }
            Self::Sequence(parts) => {
                let mut all = vec![Alternative::default()];
                let mut order = Order::None;
                for part in parts {
                    all = product(&all, &part.alternatives()?, order)?;
                    order = if order == Order::None { Order::Second } else { Order::Later };
                }
                all
            }
            Self::Qualified(inner, limits) => {
                let mut all = inner.alternatives()?;
                for limit in limits {
                    all = limit.apply(all)?;
                    check(&all)?;
                }
                all
            }
        };
        check(&found)?;
        Ok(found)
    }
}

impl Limit {
    fn new(qualifier: &Qualifier, boundary: Boundary) -> Result<Self, CompileError> {
        Ok(match qualifier {
            Qualifier::StartStop(start, stop) => {
                let instant = |text: &str| {
                    let reason = "there is no such date";
                    Instant::parse(text).map_err(|_| CompileError::new(CompileErrorKind::Date, text, reason))
                };
                let (start, stop) = (instant(start)?, instant(stop)?);
                Self::Between((start < stop).then_some((start, stop)))
            }
            Qualifier::Within(seconds) => Self::Within(slack(seconds, boundary)?),
            Qualifier::Repeats(count) => {
                // A larger count than there can be instances asks too much either way.
                let count = count.parse().unwrap_or(u64::MAX);
                if count == 0 {
                    return Err(CompileError::new(CompileErrorKind::Repeats, "REPEATS 0", "a count is at least 1"));
                }
                Self::Repeats(count)
            }
        })
    }

    fn apply(self, mut all: Vec<Alternative>) -> Result<Vec<Alternative>, TooMany> {
        match self {
            Self::Within(slack) => all.iter_mut().for_each(|alternative| alternative.close_in(slack)),
            Self::Between(None) => all.clear(),
            Self::Between(Some((start, stop))) => {
                for demand in all.iter_mut().flat_map(Alternative::all_demands) {
                    demand.first_max = demand.first_max.min(stop.0.saturating_sub(1));
                    demand.last_min = demand.last_min.max(start.0);
                }
            }
            Self::Repeats(count) => return repeated(&all, count),
        }
        Ok(all)
    }
}

/// Returns by how much a beginning may be later than `T`, in units.
fn slack(seconds: &str, boundary: Boundary) -> Result<i128, CompileError> {
    let decimal = Decimal::parse(seconds);
    if decimal.as_ref().is_none_or(|seconds| seconds.as_integer() == Some(0)) {
        return Err(CompileError::new(CompileErrorKind::Within, "WITHIN 0", "a time span is more than nothing"));
    }
    // Beyond 38 digits of units, which no two instants are apart.
    let (units, is_exact) =
        decimal.and_then(|seconds| seconds.scaled(i64::from(FRACTION_DIGITS))).unwrap_or((i128::MAX, false));
    let is_open = boundary == Boundary::Exclusive && is_exact;
    Ok(if is_open { units.saturating_sub(1) } else { units })
}

fn check(all: &[Alternative]) -> Result<(), TooMany> {
    let demands = all.iter().map(Alternative::size).fold(0_usize, usize::saturating_add);
    let windows = all.iter().map(Alternative::windows_count).max().unwrap_or_default();
    if all.len() > ALTERNATIVES_MAX || demands > DEMANDS_MAX || windows > WINDOWS_MAX { Err(TooMany) } else { Ok(()) }
}

/// Joins each of `left` with each of `right`; in order of time if they follow one another.
fn product(left: &[Alternative], right: &[Alternative], order: Order) -> Result<Vec<Alternative>, TooMany> {
    if left.len().saturating_mul(right.len()) > ALTERNATIVES_MAX {
        return Err(TooMany);
    }
    let mut all = Vec::with_capacity(left.len().saturating_mul(right.len()));
    for first in left {
        for second in right {
            let mut joined = first.clone();
            match order {
                Order::None => joined.join(second.clone()),
                Order::Second => joined.precede(second.clone(), None),
                Order::Later => joined.precede(second.clone(), joined.windows.len().checked_sub(1)),
            }
            all.push(joined);
        }
        check(&all)?;
    }
    Ok(all)
}

/// Splits `count` copies over the alternatives in all ways.
fn repeated(parts: &[Alternative], count: u64) -> Result<Vec<Alternative>, TooMany> {
    let mut splits: Vec<(Alternative, u64)> = vec![(Alternative::default(), count)];
    for (at, part) in parts.iter().enumerate() {
        let is_last = at.saturating_add(1) == parts.len();
        let mut next = Vec::new();
        for (before, left) in splits {
            let least = if is_last { left } else { 0 };
            for copies in least..=left {
                if next.len() > ALTERNATIVES_MAX {
                    return Err(TooMany);
                }
                let mut with = before.clone();
                if copies > 0 {
                    with.join(part.times(copies)?);
                }
                next.push((with, left.saturating_sub(copies)));
            }
        }
        splits = next;
    }
    Ok(splits.into_iter().filter(|(_, left)| *left == 0).map(|(alternative, _)| alternative).collect())
}

impl Alternative {
    fn size(&self) -> usize {
        let inner = self.groups.iter().map(|group| group.demands.len()).fold(0, usize::saturating_add);
        self.demands.len().saturating_add(inner)
    }

    fn windows_count(&self) -> usize {
        let inner = self.groups.iter().map(|group| group.windows.len()).fold(0, usize::saturating_add);
        self.windows.len().saturating_add(inner)
    }

    fn all_demands(&mut self) -> impl Iterator<Item = &mut Demand> {
        self.demands.iter_mut().chain(self.groups.iter_mut().flat_map(|group| group.demands.iter_mut()))
    }

    /// Looks for the bounds that a sequence of single brackets has: each ends after the window before it and begins before
    /// every later one.
    fn has_chain(&self) -> bool {
        let windows = self.windows.len();
        self.groups.is_empty()
            && windows > 0
            && self.demands.len() == windows.saturating_add(1)
            && self.demands.iter().enumerate().all(|(at, demand)| {
                let fits = |bound: &Bound| match (bound.first_slack, bound.ends_after) {
                    (Some(0), false) => bound.window >= at,
                    (None, true) => bound.window.saturating_add(1) == at,
                    _ => false,
                };
                let expected = windows.saturating_sub(at).saturating_add(usize::from(at > 0));
                demand.count == 1 && demand.bounds.len() == expected && demand.bounds.iter().all(fits)
            })
    }

    fn join(&mut self, mut other: Self) {
        let offset = self.windows.len();
        for bound in other.all_demands().flat_map(|demand| demand.bounds.iter_mut()) {
            if !bound.is_inner {
                bound.window = bound.window.saturating_add(offset);
            }
        }
        self.windows.extend(other.windows.into_iter().map(|after| after.map(|at| at.saturating_add(offset))));
        self.demands.extend(other.demands);
        self.groups.extend(other.groups);
    }

    /// Joins what must not end before this has begun.
    fn precede(&mut self, mut other: Self, after: Option<usize>) {
        let window = self.windows.len().saturating_add(other.windows.len());
        let bound = Bound { window, is_inner: false, first_slack: None, ends_after: false };
        for demand in self.all_demands() {
            demand.bounds.push(Bound { first_slack: Some(0), ..bound });
        }
        let offset = self.windows.len();
        for demand in other.all_demands() {
            // Joining moves windows up by what is here.
            let window = window.saturating_sub(offset);
            demand.bounds.push(Bound { window, ends_after: true, ..bound });
        }
        self.join(other);
        self.windows.push(after);
    }

    /// Asks that all of it fits into a span of time. One instance always does.
    fn close_in(&mut self, slack: i128) {
        if self.groups.is_empty() && matches!(self.demands.as_slice(), [Demand { count: 1, .. }]) {
            return;
        }
        let window = self.windows.len();
        for demand in self.all_demands() {
            demand.bounds.push(Bound { window, is_inner: false, first_slack: Some(slack), ends_after: true });
        }
        self.windows.push(None);
    }

    /// Returns `copies` of it. Counts suffice unless each copy has its own windows.
    fn times(&self, copies: u64) -> Result<Self, TooMany> {
        let mut out = self.clone();
        if self.windows.is_empty() && self.groups.is_empty() {
            for demand in &mut out.demands {
                demand.count = demand.count.saturating_mul(copies);
            }
            return Ok(out);
        }
        if copies == 1 {
            return Ok(out);
        }
        let mut group = Group { count: copies, demands: out.demands, windows: out.windows };
        for bound in group.demands.iter_mut().flat_map(|demand| demand.bounds.iter_mut()) {
            bound.is_inner = true;
        }
        for inner in out.groups {
            group.unroll(&inner)?;
        }
        Ok(Self { groups: vec![group], ..Self::default() })
    }
}

impl Group {
    /// Takes in the copies of a group inside this one, each with its own windows.
    fn unroll(&mut self, inner: &Self) -> Result<(), TooMany> {
        for _ in 0..inner.count {
            if self.windows.len() > WINDOWS_MAX || self.demands.len() > DEMANDS_MAX {
                return Err(TooMany);
            }
            let offset = self.windows.len();
            for demand in &inner.demands {
                let mut demand = demand.clone();
                for bound in &mut demand.bounds {
                    if bound.is_inner {
                        bound.window = bound.window.saturating_add(offset);
                    }
                    bound.is_inner = true;
                }
                self.demands.push(demand);
            }
            self.windows.extend(inner.windows.iter().map(|after| after.map(|at| at.saturating_add(offset))));
        }
        Ok(())
    }
}
