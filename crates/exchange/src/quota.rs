//! The daily quota of an agreement (`[quota] objects_per_day`, `agreements.md` 4.5 and 5.1): counted outside the decision, before it,
//! per batch and per page.
//!
//! The terms say "objects per day" and leave open of what. Both ends are counted, each against the whole quota and each per agreement,
//! recipient and UTC day:
//!
//! - **Released** objects, because the manifest is what a recipient may take at any time later, on a day when nobody looks; a quota
//!   on delivery alone would let an insider fill it at once (A48). What is above the quota is withheld with the reason
//!   `limit.objects-per-day`, waits, and is decided again on a later day, oldest first; it is appended at the end like any release.
//!   Only releases wait: a decision to withhold takes effect at once, so what has to be withdrawn does not stand in a queue.
//! - **Delivered** objects, because the same manifest can be read over and over (A39); a quota on release alone would not bound what
//!   leaves the node. Every object in an answer counts, repeats included, whichever door it leaves by. A page is cut where the quota
//!   ends, and the request after that is refused until midnight UTC.
//!
//! Neither counts what accompanies objects: the identity of the releaser and marking definitions, of which there are a handful for
//! each agreement. Answers without bytes (manifests, versions, HEAD) deliver nothing and are not counted.
//!
//! The counters of parties are independent rows, so a party that uses up its quota changes nothing for another (A39).
//! `private_lookups_per_day` has no counter yet, because there are no look-ups yet.

use entente_stix::Timestamp;
use entente_store::quotas::Use;
use entente_store::{Snapshot, StoreError, Tx};

use crate::error::ExchangeError;
use crate::state::Held;

const DAY_US: i64 = 86_400_000_000;
const DAY_S: i64 = 86_400;

/// The quota of one recipient under one agreement on one day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quota<'a> {
    held: &'a Held,
    party: i64,
    now: Timestamp,
}

impl<'a> Quota<'a> {
    /// The quota of a party, by its number, on the day of `now`.
    pub(crate) fn of(held: &'a Held, party: i64, now: Timestamp) -> Self {
        Self { held, party, now }
    }

    /// How many objects are left for this use today.
    pub(crate) fn left(&self, s: &Snapshot<'_>, what: Use) -> Result<usize, StoreError> {
        let used = s.quota_used(self.held.id(), self.party, self.now.days_since_epoch(), what)?;
        let quota = i64::from(self.held.agreement.terms().quota.objects_per_day);
        Ok(usize::try_from(quota.saturating_sub(used).max(0)).unwrap_or(usize::MAX))
    }

    /// Counts `n` objects in the transaction that hands them out; `false`, and nothing is counted, when they are more than is left.
    pub(crate) fn spend(&self, tx: &Tx<'_>, what: Use, n: usize) -> Result<bool, StoreError> {
        if n == 0 {
            return Ok(true);
        }
        if n > self.left(&tx.view(), what)? {
            return Ok(false);
        }
        let n = i64::try_from(n).unwrap_or(i64::MAX);
        tx.count_quota(self.held.id(), self.party, self.now.days_since_epoch(), what, n)?;
        Ok(true)
    }

    /// The refusal of what would pass the quota.
    pub(crate) fn passed(&self) -> ExchangeError {
        ExchangeError::Quota { agreement: self.held.id().to_owned(), retry_after_s: seconds_to_midnight(self.now) }
    }
}

/// Whole seconds until the next UTC day begins, at least 1.
fn seconds_to_midnight(now: Timestamp) -> u64 {
    let into = now.as_micros().rem_euclid(DAY_US).div_euclid(1_000_000);
    u64::try_from(DAY_S.saturating_sub(into)).unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::seconds_to_midnight;
    use entente_stix::Timestamp;

    #[test]
    fn the_next_day_begins_at_midnight_utc() {
        let at = |text: &str| seconds_to_midnight(Timestamp::parse(text).unwrap());
        assert_eq!(at("2026-11-24T00:00:00Z"), 86_400);
        assert_eq!(at("2026-11-24T23:59:59.999999Z"), 1);
        assert_eq!(at("2026-11-24T06:00:00.5Z"), 64_800);
    }
}
