//! The account: what a party gave this node and received from it in a period, by usefulness (`agreements.md` section 16).
//!
//! What a party gave is measured here, from first admissions and what was said about them; what it received only it can measure,
//! so that side shows what was released to it and, when it sends them, the counts of its report. Nothing here is an input of a
//! decision.
//!
//! Cost: a statement walks the first admissions of one party in one period, kind by kind, and looks up two keys for each: who else
//! asserted the value, and what was said about it. Values that others asserted too cost up to three look-ups more for each
//! agreement with them. Memory is that of [`Tally`]: 8 bytes for each lead or lag, and the networks and domains of one day.

use std::collections::HashMap;

use entente_agreement::account::{
    Assertion, Balance, Class, Contribution, Networks, Period, Sighting, Statement, Tally, UsefulnessReport, WEIGHTS,
    Who,
};
use entente_agreement::{Keys, PartyId, State as Life};
use entente_formats::Class as Role;
use entente_observable::Kind;
use entente_stix::Timestamp;
use entente_store::account::ContributionRow;
use entente_store::{Snapshot, StoreError};
use serde::Serialize;

use crate::Exchange;
use crate::admit::object_key;
use crate::agreements::secret_keys;
use crate::error::{ExchangeError, Result};
use crate::facts::{Admitted, position};
use crate::feedback::{self, DISPUTED, SEEN, WITHDRAWN};
use crate::release::released_ids;
use crate::state::{Held, KnownParty, State};

const DAY_US: i64 = 86_400_000_000;
/// Days within which a value that comes back is an echo (`product.md` 8.3).
const ECHO_DAYS: i64 = 30;
// LIMIT: rows of a manifest read at once.
const ROWS_MAX: usize = 1_000;

/// The account with one party under one agreement in one period.
#[derive(Clone, Debug, Serialize)]
pub struct Account {
    /// The agreement.
    pub agreement: String,
    /// The other party.
    pub party: String,
    /// The period, its last day exclusive.
    pub period: Period,
    /// Whether nothing in it can change any more.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// What the party gave this node, as measured here.
    pub received: Received,
    /// What this node gave the party.
    pub given: Given,
    /// This node's balance towards the party, in [-1, 1]: negative when it gave more than it received. `None` without the party's
    /// report, or when both totals are 0.
    pub balance: Option<f64>,
    /// The percentage below which the agreement asks for a review, if it does.
    pub review_below: Option<i8>,
    /// Whether the balance is below it.
    pub review: bool,
}

/// What a party gave this node.
#[derive(Clone, Debug, Serialize)]
pub struct Received {
    /// Objects, pages and bytes as they came.
    pub raw: Raw,
    /// What they are worth.
    pub statement: Statement,
    /// Values that were given and are erased by now; they are in no other count.
    pub erased: u64,
    /// The report that this node has signed about the period, if it has.
    pub reported: Option<Reported>,
}

/// Objects as they came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Raw {
    /// Objects, each version counted.
    pub objects: u64,
    /// Of those, about no value: actors, reports, identities.
    pub context: u64,
    /// Pages with a receipt.
    pub pages: u64,
    /// Bytes.
    pub bytes: u64,
}

/// What this node gave a party.
#[derive(Clone, Debug, Serialize)]
pub struct Given {
    /// As released by this node.
    pub released: Released,
    /// As reported by the party, if it has.
    pub reported: Option<Reported>,
}

/// Releases of a period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Released {
    /// Objects, each version counted.
    pub objects: u64,
    /// Of those, about no value.
    pub context: u64,
    /// Values released for the first time in the period.
    pub values: u64,
    /// The same by class, in the order of statements.
    #[serde(serialize_with = "entente_agreement::account::by_class")]
    pub classes: Vec<(Class, u64)>,
    /// Of the objects, taken back.
    pub withdrawn: u64,
}

/// A signed report.
#[derive(Clone, Debug, Serialize)]
pub struct Reported {
    /// `sha256:…` of its text, as in both ledgers.
    pub hash: String,
    /// Weighted total of the counts told.
    pub weighted: i64,
    /// Counts by class; those below five are not told.
    pub report: UsefulnessReport,
    /// When it was made, or received.
    pub at: String,
}

/// A party whose balance was low for a whole period: a task for the officers, and nothing else. No act follows by itself.
#[derive(Clone, Debug, Serialize)]
pub struct ReviewTask {
    /// The agreement.
    pub agreement: String,
    /// The other party.
    pub party: String,
    /// The last period that is final.
    pub period: Period,
    /// The balance in it.
    pub balance: Option<f64>,
    /// The percentage that it is below.
    pub review_below: i8,
    /// The command that would sign a suspension, for a human to decide on.
    pub prepared: String,
}

impl Exchange {
    /// The accounts with a party: one for each agreement, or for the one named. Without a period each shows the last whole period of
    /// its agreement.
    ///
    /// # Errors
    /// [`ExchangeError::UnknownParty`], [`ExchangeError::UnknownAgreement`], [`ExchangeError::Store`].
    pub fn reciprocity(&self, party: &str, agreement: Option<&str>, period: Option<Period>) -> Result<Vec<Account>> {
        let state = self.state()?;
        let known = other_party(&state, party)?;
        self.settle_mentions()?;
        let now = self.now();
        let mut accounts = Vec::new();
        for held in state.between(self.own(), &known.id, now) {
            if agreement.is_some_and(|wanted| wanted != held.id()) {
                continue;
            }
            let period = period.or_else(|| last_period(&state, held, now)).or_else(|| running_period(&state, held));
            if let Some(period) = period {
                accounts.push(self.account(&state, held, known, period, now)?);
            }
        }
        match agreement {
            Some(wanted) if accounts.is_empty() => Err(ExchangeError::UnknownAgreement(wanted.to_owned())),
            _ => Ok(accounts),
        }
    }

    fn account(
        &self,
        state: &State,
        held: &Held,
        party: &KnownParty,
        period: Period,
        now: Timestamp,
    ) -> Result<Account> {
        let gathered = self.gather(state, party, Some(held.id()), period.from(), period.to(), now, &mut |_| ())?;
        let reports = self.reports(held.id())?;
        let of = |reporter: i64, addressee: i64| {
            reports
                .iter()
                .find(|(row, _)| {
                    (row.reporter, row.addressee) == (reporter, addressee)
                        && (row.from_us, row.to_us) == (period.from().as_micros(), period.to().as_micros())
                })
                .map(|(_, reported)| reported.clone())
        };
        let (mine, theirs) = (of(0, party.no), of(party.no, 0));
        let balance =
            theirs.as_ref().map(|theirs| Balance { given: theirs.weighted, received: gathered.statement.weighted });
        let review_below = held.agreement.terms().reciprocity.review_below;
        Ok(Account {
            agreement: held.id().to_owned(),
            party: party.id.to_string(),
            period,
            is_final: period.final_at() <= now,
            given: Given { released: self.released_between(held, party, period)?, reported: theirs },
            balance: balance.and_then(Balance::hundredths).map(hundredths),
            review_below,
            review: balance.zip(review_below).is_some_and(|(balance, percent)| balance.is_below(percent)),
            received: Received {
                raw: self.raw_between(state, held, party, period)?,
                statement: gathered.statement,
                erased: gathered.erased,
                reported: mine,
            },
        })
    }

    /// The review tasks of the officers: agreements in the mode `review` whose balance was too low for the whole of the last period
    /// that is final.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn reviews(&self) -> Result<Vec<ReviewTask>> {
        let state = self.state()?;
        let now = self.now();
        let mut tasks = Vec::new();
        for held in self.ruling(&state) {
            let Some(review_below) = held.agreement.terms().reciprocity.review_below else { continue };
            if held.agreement.state(now) != Life::InForce {
                continue;
            }
            let Some(period) = final_period(&state, &held, now) else { continue };
            for other in held.others(self.own()) {
                let Some(party) = state.party(other.as_str()) else { continue };
                self.settle_mentions()?;
                let account = self.account(&state, &held, party, period, now)?;
                if account.review {
                    tasks.push(ReviewTask {
                        agreement: account.agreement,
                        party: account.party,
                        period,
                        balance: account.balance,
                        review_below,
                        prepared: format!("entente agreement suspend {} --reason 'reciprocity {period}'", held.id()),
                    });
                }
            }
        }
        Ok(tasks)
    }

    /// Declares two parties affiliated, so that neither confirms the other (`product.md` 8.2), or takes that back.
    ///
    /// # Errors
    /// [`ExchangeError::UnknownParty`], [`ExchangeError::Store`].
    pub fn affiliate(&self, a: &str, b: &str, affiliated: bool) -> Result<()> {
        let state = self.state()?;
        let (a, b) = (other_party(&state, a)?, other_party(&state, b)?);
        let key = affiliation(a, b);
        self.store().write(|tx| -> Result<()> {
            if affiliated {
                tx.put_setting(&key, b"1")?;
            } else {
                tx.take_setting(&key)?;
            }
            Ok(())
        })
    }

    /// Adds up what a party gave in a time, under one agreement or all; `each` sees every contribution before it is counted.
    #[expect(clippy::too_many_arguments, reason = "a query with its bounds")]
    pub(crate) fn gather(
        &self,
        state: &State,
        party: &KnownParty,
        agreement: Option<&str>,
        from: Timestamp,
        to: Timestamp,
        now: Timestamp,
        each: &mut dyn FnMut(&Contribution),
    ) -> Result<Gathered> {
        let ways = self.ways(state)?;
        self.store().read(|s| {
            let gatherer = Gatherer { s, state, ways, party };
            let (from_us, to_us) = (from.as_micros(), to.as_micros());
            let mut tally = Tally::new(WEIGHTS, gatherer.networks(agreement, to_us)?, now);
            let mut erased = 0_u64;
            for (number, kind) in (0_i64..).zip(Kind::ALL) {
                s.contributions(party.no, number, from_us, to_us, |row| -> Result<()> {
                    if !gatherer.is_under(agreement, row.agreement) {
                        return Ok(());
                    }
                    match gatherer.contribution(kind, &row)? {
                        Some(contribution) => {
                            each(&contribution);
                            tally.add(contribution);
                        }
                        None => erased = erased.saturating_add(1),
                    }
                    Ok(())
                })?;
            }
            Ok(Gathered { statement: tally.finish(), erased })
        })
    }

    /// The manifests of this node with the keys that name what stands in them.
    fn ways(&self, state: &State) -> Result<Vec<Way>> {
        let heads = self.store().read(|s| s.heads())?;
        let mut keys: HashMap<String, Keys> = HashMap::new();
        let mut ways = Vec::new();
        for head in heads {
            let Some(party) = state.party_no(head.recipient) else { continue };
            if !keys.contains_key(&head.agreement) {
                keys.insert(head.agreement.clone(), secret_keys(self, &head.agreement)?);
            }
            if let Some(keys) = keys.get(&head.agreement) {
                ways.push(Way { head: head.no, recipient: party.no, party: party.id.clone(), keys: keys.clone() });
            }
        }
        Ok(ways)
    }

    fn raw_between(&self, state: &State, held: &Held, party: &KnownParty, period: Period) -> Result<Raw> {
        let rows =
            self.store().read(|s| s.received_between(party.no, period.from().as_micros(), period.to().as_micros()))?;
        let mut raw = Raw::default();
        let plus = |sum: &mut u64, n: i64| *sum = sum.saturating_add(u64::try_from(n).unwrap_or(0));
        for row in rows.iter().filter(|row| state.version(row.agreement).is_some_and(|under| under.id() == held.id())) {
            plus(&mut raw.objects, row.objects);
            plus(&mut raw.context, row.context);
            plus(&mut raw.pages, row.pages);
            plus(&mut raw.bytes, row.bytes);
        }
        Ok(raw)
    }

    /// What was released to a party under an agreement in a period.
    fn released_between(&self, held: &Held, party: &KnownParty, period: Period) -> Result<Released> {
        let mut released = Released { classes: Class::ALL.map(|class| (class, 0)).to_vec(), ..Released::default() };
        let to_us = period.to().as_micros();
        self.store().read(|s| -> Result<()> {
            let Some(head) = s.head(held.id(), party.no)? else { return Ok(()) };
            let mut seq = s.seq_after(&head, period.from().as_micros().saturating_sub(1))?;
            while seq < head.next_seq {
                let mut rows = Vec::new();
                s.manifest_from(head.no, seq, ROWS_MAX, |row, _, source| {
                    let within = row.added_us < to_us;
                    if within {
                        rows.push((row, source.facts));
                    }
                    Ok::<_, StoreError>(within)
                })?;
                let Some((last, _)) = rows.last() else { break };
                seq = last.seq.saturating_add(1);
                for (row, facts) in rows {
                    released.objects = released.objects.saturating_add(1);
                    released.withdrawn = released.withdrawn.saturating_add(u64::from(row.withdrawn));
                    let facts = Admitted::decode(&facts)?;
                    if !is_about_a_value(&row.id, &facts) {
                        released.context = released.context.saturating_add(1);
                        continue;
                    }
                    let versions = s.manifest_of(head.no, object_key(&row.id))?;
                    if versions.iter().find(|version| version.id == row.id).is_some_and(|first| first.seq == row.seq) {
                        released.values = released.values.saturating_add(1);
                        let class = class_of(facts.role);
                        for (_, n) in released.classes.iter_mut().filter(|(known, _)| *known == class) {
                            *n = n.saturating_add(1);
                        }
                    }
                }
            }
            Ok(())
        })?;
        Ok(released)
    }
}

/// A statement, and what it could not name any more.
pub(crate) struct Gathered {
    pub(crate) statement: Statement,
    pub(crate) erased: u64,
}

/// One manifest of this node.
struct Way {
    head: i64,
    recipient: i64,
    party: PartyId,
    keys: Keys,
}

/// Looks up what is known about contributions of one party, on one snapshot.
struct Gatherer<'a> {
    s: &'a Snapshot<'a>,
    state: &'a State,
    ways: Vec<Way>,
    party: &'a KnownParty,
}

impl Gatherer<'_> {
    fn is_under(&self, agreement: Option<&str>, version: i64) -> bool {
        agreement.is_none_or(|wanted| self.state.version(version).is_some_and(|under| under.id() == wanted))
    }

    /// Networks that the party gave until an instant.
    fn networks(&self, agreement: Option<&str>, to_us: i64) -> Result<Networks> {
        let mut networks = Networks::default();
        let kind = i64::from(position(&Kind::ALL, &Kind::Network));
        self.s.contributions(self.party.no, kind, i64::MIN, to_us, |row| -> Result<()> {
            if let Some((_, value)) = row.value.filter(|_| !row.quarantined && self.is_under(agreement, row.agreement))
            {
                networks.add(&value);
            }
            Ok(())
        })?;
        Ok(networks)
    }

    /// What is known about a contribution; `None` when it was erased.
    fn contribution(&self, kind: Kind, row: &ContributionRow) -> Result<Option<Contribution>> {
        let Some((key, value)) = &row.value else { return Ok(None) };
        let admitted = Timestamp::from_micros(row.added_us);
        let mut found = Contribution {
            kind,
            value: value.clone(),
            class: class_no(row.role),
            admitted,
            echo: false,
            quarantined: row.quarantined,
            recalled: None,
            // No countermeasure, match or operation of this version says which single value it used.
            used: None,
            assertions: Vec::new(),
            sightings: Vec::new(),
            disputes: Vec::new(),
        };
        let all = self.s.contributions_of(*key)?;
        let others: Vec<&ContributionRow> =
            all.iter().filter(|other| other.value.as_ref().is_some_and(|(_, other)| other == value)).collect();
        if others.iter().any(|other| other.party != self.party.no) {
            let since = row.added_us.saturating_sub(ECHO_DAYS * DAY_US);
            found.echo = self.was_released(&others, self.party.no, since, row.added_us)?;
        }
        for other in others.iter().filter(|other| other.party != self.party.no) {
            let by = if other.party == 0 {
                self.own_sighting(*key, &mut found)?;
                Who::Receiver
            } else {
                Who::Other {
                    affiliated: self.affiliated(other.party)?,
                    had_it: self.was_released(&others, other.party, i64::MIN, other.added_us)?,
                }
            };
            found.assertions.push(Assertion { by, at: Timestamp::from_micros(other.added_us) });
        }
        for mention in feedback::latest(self.s.mentions_of(*key)?) {
            let at = Timestamp::from_micros(mention.at_us);
            match mention.verb {
                WITHDRAWN if mention.party == self.party.no => {
                    found.recalled = Some(found.recalled.map_or(at, |earlier| earlier.min(at)));
                }
                SEEN if mention.party != self.party.no => {
                    let by = match mention.party {
                        0 => Who::Receiver,
                        other => Who::Other { affiliated: self.affiliated(other)?, had_it: false },
                    };
                    found.sightings.push(Sighting { by, at });
                }
                DISPUTED if mention.party != self.party.no => {
                    found.disputes.push(feedback::dispute(self.s, &mention, self.party.no, found.final_at())?);
                }
                _ => {}
            }
        }
        Ok(Some(found))
    }

    /// The node's own finding of the value counts as seen when it was last seen.
    fn own_sighting(&self, key: i64, found: &mut Contribution) -> Result<()> {
        if let Some(last_us) = self.s.assertion(key, 0)?.and_then(|own| own.last_us) {
            found.sightings.push(Sighting { by: Who::Receiver, at: Timestamp::from_micros(last_us) });
        }
        Ok(())
    }

    /// Whether any of these assertions, of whomever but the recipient, was released to a party within a time.
    fn was_released(&self, rows: &[&ContributionRow], recipient: i64, since_us: i64, before_us: i64) -> Result<bool> {
        for row in rows.iter().filter(|row| row.party != recipient && row.added_us < before_us) {
            let Some(revision) = row.revision else { continue };
            let Some(revision) = self.s.revision(revision)? else { continue };
            for way in self.ways.iter().filter(|way| way.recipient == recipient) {
                for id in released_ids(&way.keys, &revision.id, &way.party) {
                    let rows = self.s.manifest_of(way.head, object_key(&id))?;
                    let within = |at_us: i64| (since_us..before_us).contains(&at_us);
                    if rows.iter().any(|release| release.id == id && within(release.added_us)) {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    fn affiliated(&self, other: i64) -> Result<bool> {
        let Some(other) = self.state.party_no(other) else { return Ok(false) };
        Ok(self.s.setting(&affiliation(self.party, other))?.is_some())
    }
}

/// Whether a released object is about a value: not an identity or marking that goes with others, nor a pseudonym.
pub(crate) fn is_about_a_value(id: &str, facts: &Admitted) -> bool {
    facts.kind.is_some() && !id.starts_with("identity--") && !id.starts_with("marking-definition--")
}

/// The setting that declares two parties affiliated.
fn affiliation(a: &KnownParty, b: &KnownParty) -> String {
    format!("affiliated:{}:{}", (&a.id).min(&b.id), (&a.id).max(&b.id))
}

/// A party other than the node's own.
pub(crate) fn other_party<'a>(state: &'a State, party: &str) -> Result<&'a KnownParty> {
    state.party(party).filter(|known| known.no != 0).ok_or_else(|| ExchangeError::UnknownParty(party.to_owned()))
}

/// Periods are counted from the first day of the first version held, which every party of the agreement holds.
fn first_day(state: &State, held: &Held) -> Timestamp {
    let first = state.versions.iter().find(|version| version.id() == held.id());
    first.unwrap_or(held).agreement.terms().valid_from
}

/// The last whole period of an agreement.
fn last_period(state: &State, held: &Held, now: Timestamp) -> Option<Period> {
    Period::last(first_day(state, held), held.agreement.terms().reciprocity.period_days, now)
}

/// The last period of an agreement in which nothing can change any more.
pub(crate) fn final_period(state: &State, held: &Held, now: Timestamp) -> Option<Period> {
    let settled = now.saturating_add_micros(-entente_agreement::account::FINAL_DAYS * DAY_US);
    last_period(state, held, settled)
}

/// The first period of an agreement, while it runs.
fn running_period(state: &State, held: &Held) -> Option<Period> {
    let from = first_day(state, held).days_since_epoch();
    Period::new(from, from.saturating_add(i64::from(held.agreement.terms().reciprocity.period_days).clamp(1, 366)))
}

fn class_of(role: Role) -> Class {
    Class::parse(role.name()).unwrap_or(Class::Other)
}

fn class_no(role: i64) -> Class {
    usize::try_from(role).ok().and_then(|role| Role::ALL.get(role)).map_or(Class::Other, |role| class_of(*role))
}

fn hundredths(n: i64) -> f64 {
    f64::from(i32::try_from(n).unwrap_or(0)) / 100.0
}
