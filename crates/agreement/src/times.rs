//! Rounding of times (section 8.2 of the format).

use entente_stix::{Object, Timestamp};

use crate::obligations::TimeUnit;
use crate::reason::Reason;

/// Start-like times; `published` is one, since a finer time of publication would tell what `created` hides.
const DOWN: [&str; 7] = ["created", "first_seen", "first_observed", "valid_from", "start_time", "start", "published"];
const UP: [&str; 5] = ["last_seen", "last_observed", "valid_until", "stop_time", "end"];

/// Returns the properties whose rounded text differs from what stands there.
pub(crate) fn rounded(object: &Object, unit: TimeUnit, ordinal: u32) -> Result<Vec<(&'static str, String)>, Reason> {
    let micros = unit.as_micros();
    let mut changes = Vec::new();
    let mut change = |property: &'static str, round: &dyn Fn(Timestamp) -> Timestamp| -> Result<(), Reason> {
        let Some(raw) = object.member(property) else { return Ok(()) };
        let text = object.text(property).ok_or(Reason::ObligationError)?;
        let time = Timestamp::parse(&text).map_err(|_| Reason::ObligationError)?;
        let rounded = round(time);
        // A time already on its step keeps its spelling, unless that has more digits than a rounded one.
        if rounded != time || raw.len() > "\"2026-01-01T00:00:00.000Z\"".len() {
            changes.push((property, rounded.to_millis_string()));
        }
        Ok(())
    };
    for property in DOWN {
        change(property, &|time| time.floor_to(micros))?;
    }
    for property in UP {
        change(property, &|time| time.ceil_to(micros))?;
    }
    let step = i64::from(ordinal).saturating_mul(1_000);
    change("modified", &|time| time.floor_to(micros).saturating_add_micros(step))?;
    Ok(changes)
}

/// Tells whether a pattern has a `START` or `STOP` time that is not on a step of the unit, or cannot be read.
pub(crate) fn has_finer_qualifier(object: &Object, unit: TimeUnit) -> bool {
    let Some(pattern) = object.text("pattern") else { return true };
    ["START", "STOP"].iter().any(|word| {
        pattern.split(word).skip(1).any(|after| {
            let Some(literal) = after.trim_start().strip_prefix("t'") else { return false };
            let text = literal.split('\'').next().unwrap_or_default();
            Timestamp::parse(text).map_or(true, |time| time.floor_to(unit.as_micros()) != time)
        })
    })
}
