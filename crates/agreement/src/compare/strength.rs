//! Strength of obligations (section 13.3 of the format): which of two clauses obliges to less.

use std::cmp::Ordering;

use super::boxes::Channel;
use super::{Difference, Direction};
use crate::obligations::{Attribution, Obligations, RedactVictim};
use crate::terms::{Clause, LookupAnswer};

/// Lists where two clauses that cover a common object oblige to different things.
pub(super) fn differences(a: &Clause, b: &Clause, channel: Channel) -> Vec<Difference> {
    let mut out = Vec::new();
    if channel == Channel::Existence {
        return out;
    }
    obligations(&a.obligations, &b.obligations, &mut out);
    match channel {
        Channel::Lookup => {
            let rank = |answer: LookupAnswer| i64::from(answer == LookupAnswer::Hit);
            let word = |answer: LookupAnswer| match answer {
                LookupAnswer::Hit => "hit",
                LookupAnswer::ContactHandle => "contact-handle",
            };
            let direction = Direction::of_order(rank(a.lookup_answer).cmp(&rank(b.lookup_answer)));
            out.extend(Difference::new("lookup_answer", direction, word(a.lookup_answer), word(b.lookup_answer)));
        }
        Channel::Counts => {
            let (x, y) = (a.k_min.unwrap_or_default(), b.k_min.unwrap_or_default());
            out.extend(Difference::new("k_min", Direction::of_order(y.cmp(&x)), &x.to_string(), &y.to_string()));
        }
        Channel::Release | Channel::Existence => {}
    }
    out
}

fn obligations(a: &Obligations, b: &Obligations, out: &mut Vec<Difference>) {
    // Each order goes from weak to strong, so that the weaker one is the broader.
    let mut add = |name: &str, order: Option<Ordering>, a: String, b: String| {
        out.extend(Difference::new(name, Direction::of_strength(order), &a, &b));
    };
    let [drops_a, drops_b] = [a, b].map(|side| side.drop_properties.join(" "));
    add("drop-property", inclusion(&a.drop_properties, &b.drop_properties), drops_a, drops_b);
    add(
        "redact-victim",
        redaction(a.redact_victim, b.redact_victim),
        optional(a.redact_victim.as_ref()),
        optional(b.redact_victim.as_ref()),
    );
    let flags = [
        ("strip-free-text", a.strip_free_text, b.strip_free_text),
        ("strip-source", a.strip_source, b.strip_source),
        ("coarsen-location:country", a.coarsen_location, b.coarsen_location),
        ("reduce-confidence-bucket", a.reduce_confidence_bucket, b.reduce_confidence_bucket),
    ];
    for (name, x, y) in flags {
        add(name, Some(x.cmp(&y)), present(x), present(y));
    }
    add(
        "coarsen-time",
        Some(a.coarsen_time.cmp(&b.coarsen_time)),
        optional(a.coarsen_time.as_ref()),
        optional(b.coarsen_time.as_ref()),
    );
    add(
        "attribution",
        attribution(a.attribution, b.attribution),
        optional(a.attribution.as_ref()),
        optional(b.attribution.as_ref()),
    );
    let [tlp_a, tlp_b] = [a, b].map(|side| side.remark_tlp.map_or_else(none, |level| level.key().to_owned()));
    add("remark:tlp", Some(a.remark_tlp.cmp(&b.remark_tlp)), tlp_a, tlp_b);
    let [pap_a, pap_b] = [a, b].map(|side| side.remark_pap.map_or_else(none, |level| level.key().to_owned()));
    add("remark:pap", Some(a.remark_pap.cmp(&b.remark_pap)), pap_a, pap_b);
    let [kept_a, kept_b] = [a, b].map(|side| format!("{}d", side.retain_days));
    add("retain", Some(b.retain_days.cmp(&a.retain_days)), kept_a, kept_b);
    // A watermark hides nothing and shows nothing, it only marks copies: no order.
    let same = (a.watermark == b.watermark).then_some(Ordering::Equal);
    add("watermark", same, present(a.watermark), present(b.watermark));
}

fn none() -> String {
    "none".to_owned()
}

fn optional<T: ToString>(value: Option<&T>) -> String {
    value.map_or_else(none, T::to_string)
}

fn present(flag: bool) -> String {
    if flag { "present".to_owned() } else { none() }
}

/// Orders two sets by inclusion.
pub(super) fn inclusion<T: PartialEq>(a: &[T], b: &[T]) -> Option<Ordering> {
    let within = |inner: &[T], outer: &[T]| inner.iter().all(|item| outer.contains(item));
    match (within(a, b), within(b, a)) {
        (true, true) => Some(Ordering::Equal),
        (true, false) => Some(Ordering::Less),
        (false, true) => Some(Ordering::Greater),
        (false, false) => None,
    }
}

fn redaction(a: Option<RedactVictim>, b: Option<RedactVictim>) -> Option<Ordering> {
    if a == b {
        return Some(Ordering::Equal);
    }
    let rank = |mode: Option<RedactVictim>| match mode {
        None => 0,
        Some(RedactVictim::Prefix | RedactVictim::Hmac) => 1,
        Some(RedactVictim::Drop) => 2,
    };
    // `prefix` and `hmac` have one rank and no order.
    Some(rank(a).cmp(&rank(b))).filter(|order| order.is_ne())
}

fn attribution(a: Option<Attribution>, b: Option<Attribution>) -> Option<Ordering> {
    if a == b {
        return Some(Ordering::Equal);
    }
    let rank = |value: Option<Attribution>| match value {
        None | Some(Attribution::May) => Some(0),
        Some(Attribution::MustNot) => Some(1),
        Some(Attribution::Must) => None,
    };
    // To say nothing and to allow naming are not the same, and neither obliges to more.
    Some(rank(a)?.cmp(&rank(b)?)).filter(|order| order.is_ne())
}
