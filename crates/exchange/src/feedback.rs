//! What objects say about other objects, kept as they are admitted: sightings, opinions, withdrawals, and what notes and reports
//! refer to. The account and the profile are computed from it.
//!
//! A dispute is an `opinion` that disagrees. Its review is an opinion of this node about that opinion, so that it is data like any
//! other, can be released, and needs no second record: to agree with a dispute upholds it, to disagree rejects it.

use std::collections::HashMap;

use entente_agreement::account::{Dispute, Verdict};
use entente_stix::{Object, Timestamp};
use entente_store::account::MentionRow;
use entente_store::{Snapshot, StoreError, Tx};

use crate::Exchange;
use crate::admit::object_key;
use crate::error::Result;

/// It was seen.
pub(crate) const SEEN: i64 = 1;
/// It was looked for and not seen.
pub(crate) const NOT_SEEN: i64 = 2;
/// It is said to be wrong.
pub(crate) const DISPUTED: i64 = 3;
/// It is said to be right.
pub(crate) const AGREED: i64 = 4;
/// A note, report or grouping names it.
pub(crate) const NAMED: i64 = 5;
/// Whoever said it withdraws it.
pub(crate) const WITHDRAWN: i64 = 6;
/// Nothing is said about it any more.
const SILENT: i64 = 7;

/// The observable of what is held and about no value.
const NO_VALUE: i64 = 0;

// LIMIT: objects that one note, report or opinion names and that are kept; a report of ten thousand objects is counted by its first.
const NAMED_MAX: usize = 256;
// LIMIT: mentions whose target is looked for at once.
const OPEN_MAX: usize = 1_000;

/// Keeps what an object that was just admitted says about others. `observables` are the keys of what it is about itself.
pub(crate) fn keep(tx: &Tx<'_>, object: &Object, observables: &[i64], party: i64, now: Timestamp) -> Result<()> {
    let source = object_key(object.id());
    let stated = object.modified().or(object.created()).unwrap_or(now);
    let row = |target: i64, observable: Option<i64>, verb: i64, at: Timestamp| MentionRow {
        source,
        target,
        observable,
        party,
        verb,
        at_us: at.as_micros(),
        added_us: now.as_micros(),
    };
    if object.revoked() {
        // When it was withdrawn is when this node learnt of it; what the object says of its time is the sender's word.
        for observable in observables {
            tx.put_mention(&row(source, Some(*observable), WITHDRAWN, now))?;
        }
    }
    let (verb, property, at) = match object.object_type() {
        "sighting" => {
            let time = |name: &str| object.text(name).and_then(|text| Timestamp::parse(&text).ok());
            let seen = time("last_seen").or_else(|| time("first_seen")).unwrap_or(stated);
            let never = object.member("count") == Some(b"0".as_slice());
            (if never { NOT_SEEN } else { SEEN }, "sighting_of_ref", seen)
        }
        "opinion" => match object.text("opinion").as_deref() {
            Some("strongly-disagree" | "disagree") => (DISPUTED, "object_refs", stated),
            Some("strongly-agree" | "agree") => (AGREED, "object_refs", stated),
            _ => (SILENT, "object_refs", stated),
        },
        "note" | "report" | "grouping" => (NAMED, "object_refs", stated),
        _ => return Ok(()),
    };
    let verb = if object.revoked() { SILENT } else { verb };
    let targets = object.references().iter().filter(|reference| reference.property() == property);
    for reference in targets.take(NAMED_MAX) {
        let observable = observable_of(&tx.view(), object_key(&reference.target))?;
        tx.put_mention(&row(object_key(&reference.target), observable, verb, at))?;
    }
    Ok(())
}

/// The observable that an object is about, [`NO_VALUE`] when it is held and about none, `None` when it is not held.
// GAP: an object about several values counts under its first, so a sighting of it confirms that one only.
fn observable_of(s: &Snapshot<'_>, target: i64) -> Result<Option<i64>, StoreError> {
    let newest = s.revisions_of(target, 1)?;
    Ok(newest.first().map(|row| row.observable.unwrap_or(NO_VALUE)))
}

/// What the last version of each object says, out of all mentions in the order of their admission.
pub(crate) fn latest(mentions: Vec<MentionRow>) -> Vec<MentionRow> {
    let mut places: HashMap<(i64, i64), usize> = HashMap::new();
    let mut kept: Vec<MentionRow> = Vec::new();
    for mention in mentions {
        match places.get(&(mention.source, mention.party)).and_then(|place| kept.get_mut(*place)) {
            Some(earlier) => *earlier = mention,
            None => {
                places.insert((mention.source, mention.party), kept.len());
                kept.push(mention);
            }
        }
    }
    kept
}

/// A dispute and what its review, at this node or by the giver who gives in, has made of it.
pub(crate) fn dispute(
    s: &Snapshot<'_>,
    mention: &MentionRow,
    giver: i64,
    until: Timestamp,
) -> Result<Dispute, StoreError> {
    let mut verdict = Verdict::Open;
    for review in s.mentions_on(mention.source)?.iter().filter(|review| review.added_us <= until.as_micros()) {
        match (review.party, review.verb) {
            (0, AGREED) => verdict = Verdict::Upheld,
            (0, DISPUTED) => verdict = Verdict::Rejected,
            (party, AGREED) if party == giver => verdict = Verdict::Upheld,
            _ => {}
        }
    }
    Ok(Dispute { at: Timestamp::from_micros(mention.added_us), verdict })
}

impl Exchange {
    /// Finds the values that earlier mentions are about, where their objects came later.
    pub(crate) fn settle_mentions(&self) -> Result<()> {
        let mut after = 0;
        loop {
            let open = self.store().read(|s| s.open_mentions(after, OPEN_MAX))?;
            let Some((last, _)) = open.last() else { return Ok(()) };
            after = *last;
            let found = self.store().read(|s| -> Result<Vec<(i64, i64)>, StoreError> {
                let mut found = Vec::new();
                for (no, target) in open {
                    found.extend(observable_of(s, target)?.map(|observable| (no, observable)));
                }
                Ok(found)
            })?;
            if !found.is_empty() {
                self.store()
                    .write(|tx| found.iter().try_for_each(|(no, observable)| tx.resolve_mention(*no, *observable)))?;
            }
        }
    }
}
