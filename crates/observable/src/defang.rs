//! The harmless spelling, for people.

use crate::{Kind, Observable};

/// Writes a value so that no program makes a link of it.
///
/// Dots of the host become `[.]`, `http` becomes `hxxp`, `@` becomes `[@]`. [`crate::normalise`] undoes it exactly.
#[must_use]
pub fn defang(observable: &Observable) -> String {
    let value = observable.value.as_str();
    match observable.kind {
        Kind::Ipv4Addr | Kind::Ipv6Addr | Kind::Network | Kind::DomainName => value.replace('.', "[.]"),
        Kind::EmailAddr => match value.rsplit_once('@') {
            Some((local, domain)) if !domain.starts_with('[') => format!("{local}[@]{}", domain.replace('.', "[.]")),
            Some((local, domain)) => format!("{local}[@]{domain}"),
            None => value.to_owned(),
        },
        Kind::Url => defang_url(value),
        _ => value.to_owned(),
    }
}

fn defang_url(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else {
        return value.to_owned();
    };
    let scheme = match scheme {
        "http" => "hxxp",
        "https" => "hxxps",
        other => other,
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    format!("{scheme}://{}{tail}", authority.replace('.', "[.]"))
}
