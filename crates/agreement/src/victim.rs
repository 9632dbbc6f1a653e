//! Victims: what becomes of an object that is about one (section 8.1 of the format).

use std::net::IpAddr;

use entente_observable::Kind;
use entente_stix::build::Builder;
use entente_stix::{Object, json};

use crate::apply::Context;
use crate::facts::Facts;
use crate::obligations::RedactVictim;
use crate::properties;
use crate::reason::Reason;
use crate::residual::Residual;
use crate::vocabulary::{ObjectType, Subject};

/// Holds what redaction asks of the rest of the work.
#[derive(Debug, Default)]
pub(crate) struct Redaction {
    /// A whole new object in place of the old one.
    pub(crate) replaced: Option<Vec<u8>>,
    /// A network in place of an address.
    pub(crate) shortened: Option<String>,
    /// Name of the effect, with the paths it touched.
    pub(crate) effect: String,
    pub(crate) paths: Vec<String>,
    /// Forms that must not occur in the result.
    pub(crate) residual: Residual,
}

/// Decides what happens to the object under the clause's `redact-victim`.
pub(crate) fn redact(
    object: &Object,
    object_type: ObjectType,
    facts: &Facts,
    context: &Context<'_>,
) -> Result<Redaction, Reason> {
    let mut redaction = Redaction { residual: Residual::new(context.withheld_values), ..Redaction::default() };
    let Some(mode) = context.clause.obligations.redact_victim else {
        // A clause that is not about victims does not say how one is to be hidden, so what names one does not leave under it.
        if !facts.subject.contains(Subject::Victim) && !context.victim_values.is_empty() {
            let mut named = Residual::new(&[]);
            for (kind, value) in context.victim_values {
                named.add(*kind, value);
            }
            if named.is_in(object.raw()) {
                return Err(Reason::ObligationVictim);
            }
        }
        return Ok(redaction);
    };
    for (kind, value) in context.victim_values {
        redaction.residual.add(*kind, value);
    }
    if !facts.subject.contains(Subject::Victim) {
        return Ok(redaction);
    }
    if object_type == ObjectType::Indicator && context.victim_values.is_empty() {
        // Without the values nobody can tell whether the pattern holds one.
        return Err(Reason::ObligationPattern);
    }
    let Some((kind, value)) = own_value(object, object_type) else {
        let unsearchable = context.clause.text && facts.has_text && context.victim_values.is_empty();
        return if unsearchable { Err(Reason::ObligationError) } else { Ok(redaction) };
    };
    redaction.residual.add(kind, &value);
    match mode {
        RedactVictim::Drop => return Err(Reason::ObligationVictim),
        RedactVictim::Prefix => {
            redaction.shortened = Some(network(&value).ok_or(Reason::ObligationVictim)?);
        }
        RedactVictim::Hmac => {
            let name = context.keys.victim_pseudonym(kind, &value);
            redaction.replaced = Some(pseudonym_object(object, &name, facts, context));
            redaction.effect = "redact-victim:hmac".to_owned();
            redaction.paths = vec![if object_type == ObjectType::Identity { "name" } else { "value" }.to_owned()];
        }
    }
    Ok(redaction)
}

/// Returns kind and canonical value of a victim object; `None` for objects that only refer to victims.
fn own_value(object: &Object, object_type: ObjectType) -> Option<(Kind, String)> {
    let property = match object_type {
        ObjectType::Identity => "name",
        ObjectType::UserAccount => "user_id",
        ObjectType::Ipv4Addr
        | ObjectType::Ipv6Addr
        | ObjectType::DomainName
        | ObjectType::Url
        | ObjectType::EmailAddr => "value",
        _ => return None,
    };
    let text = object.text(property)?;
    if object_type == ObjectType::Identity && properties::is_pseudonym(&text) {
        return None;
    }
    let kind = match object_type {
        ObjectType::UserAccount => Kind::UserAccount,
        ObjectType::Identity => kind_of_name(&text),
        _ => properties::kind_of(object_type, &text)?,
    };
    let canonical = entente_observable::normalise(&text, Some(kind)).map(|found| found.observable.value);
    Some((kind, canonical.unwrap_or(text)))
}

/// Guesses the kind of a victim that is known by a name only: an address, a URL, or a host.
fn kind_of_name(name: &str) -> Kind {
    match name.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => Kind::Ipv4Addr,
        Ok(IpAddr::V6(_)) => Kind::Ipv6Addr,
        Err(_) if name.contains("://") => Kind::Url,
        Err(_) if name.contains('@') => Kind::EmailAddr,
        Err(_) => Kind::DomainName,
    }
}

/// Shortens an address to its /24 or /48, a longer network likewise; `None` for anything else.
fn network(value: &str) -> Option<String> {
    let (address, length) = match value.split_once('/') {
        Some((address, length)) => (address, length.parse::<u8>().ok()?),
        None => (value, u8::MAX),
    };
    match address.parse::<IpAddr>().ok()? {
        IpAddr::V4(v4) => {
            let length = length.min(24);
            let mask = u32::MAX.checked_shl(32_u32.checked_sub(u32::from(length))?).unwrap_or(0);
            Some(format!("{}/{length}", std::net::Ipv4Addr::from_bits(v4.to_bits() & mask)))
        }
        IpAddr::V6(v6) => {
            let length = length.min(48);
            let mask = u128::MAX.checked_shl(128_u32.checked_sub(u32::from(length))?).unwrap_or(0);
            Some(format!("{}/{length}", std::net::Ipv6Addr::from_bits(v6.to_bits() & mask)))
        }
    }
}

/// Writes the identity that stands for a victim: pseudonym, sectors, labels, times, marking.
fn pseudonym_object(object: &Object, name: &str, facts: &Facts, context: &Context<'_>) -> Vec<u8> {
    // An observable has no times. `created` must not change from version to version, so it is that of the agreement.
    let start = context.terms.valid_from;
    let created = object.created().unwrap_or(start);
    let modified = object.version().unwrap_or_else(|| facts.age_reference.max(start)).max(created);
    // The id is replaced at the end; here it only has to differ from the original's and to be well formed.
    let id = context.keys.derived_id("identity", object.id(), Some(context.recipient));
    let mut builder = Builder::new("identity", &id).created(created).modified(modified);
    if object.revoked() {
        builder = builder.raw("revoked", "true");
    }
    builder = builder.text("name", name).text("identity_class", "unknown");
    if let Some(sectors) = object.member("sectors").and_then(|raw| serde_json::from_slice::<Vec<String>>(raw).ok()) {
        builder = builder.list("sectors", &sectors);
    }
    if let Some(confidence) = object.confidence() {
        builder = builder.raw("confidence", &confidence.to_string());
    }
    builder = builder.list("labels", object.labels()).list("object_marking_refs", object.object_marking_refs());
    if let Some(author) = object.created_by_ref() {
        builder = builder.raw("created_by_ref", &json::quote(author));
    }
    builder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_cut_to_24_and_48_bits() {
        assert_eq!(network("198.51.100.77").as_deref(), Some("198.51.100.0/24"));
        assert_eq!(network("198.51.100.64/27").as_deref(), Some("198.51.100.0/24"));
        assert_eq!(network("198.51.0.0/16").as_deref(), Some("198.51.0.0/16"));
        assert_eq!(network("2001:db8:1:2::3").as_deref(), Some("2001:db8:1::/48"));
        assert_eq!(network("shop.example"), None);
    }
}
