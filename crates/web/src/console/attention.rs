//! What somebody should look at: agreements that end or are suspended, what is late, what waits for an answer.

use crate::door::Door;
use entente_exchange::recall::RecallView;
use entente_exchange::versions::VersionLine;
use entente_exchange::view::AgreementLine;
use entente_exchange::{Result, Viewer};
use entente_stix::Timestamp;

/// One line of the list.
pub(crate) struct Attention {
    /// `bad` for what is broken or late, `warn` for the rest.
    pub(crate) weight: &'static str,
    /// Path of the page about it, after its slash.
    pub(crate) path: String,
    /// The text of the link.
    pub(crate) what: String,
    /// The rest of the sentence.
    pub(crate) words: String,
}

/// Days before the end of an agreement from which on it is named.
const ENDING_DAYS: i64 = 60;
const DAY_US: i64 = 86_400_000_000;

/// Gathers everything, the worst first.
///
/// # Errors
/// [`entente_exchange::ExchangeError::Store`].
pub(crate) fn gather(door: &Door, viewer: &Viewer) -> Result<Vec<Attention>> {
    let exchange = door.exchange();
    let now = exchange.now();
    let mut found = Vec::new();
    for line in exchange.agreements(viewer)? {
        let follows = |versions: Vec<VersionLine>| versions.iter().any(|version| version.standing == "coming");
        if let Some(item) = of_agreement(&line, now)
            && !(line.state == "in-force" && exchange.versions(&line.id, viewer)?.is_some_and(follows))
        {
            found.push(item);
        }
    }
    found.extend(exchange.recalls()?.iter().filter(|recall| super::recalls::is_late(recall)).map(of_recall));
    // The order within is kept.
    found.sort_by_key(|item| item.weight != "bad");
    Ok(found)
}

fn of_recall(recall: &RecallView) -> Attention {
    let words = if recall.direction == "out" {
        format!("of `{}` objects from `{}` is overdue: ask `{}`.", recall.n, recall.party, recall.contact)
    } else {
        format!("of `{}` objects, asked by `{}`, is overdue at this node.", recall.n, recall.party)
    };
    Attention { weight: "bad", path: format!("recalls/{}", recall.id), what: "Recall".to_owned(), words }
}

fn of_agreement(line: &AgreementLine, now: Timestamp) -> Option<Attention> {
    let item = |weight, words: String| Attention {
        weight,
        path: format!("agreements/{}", crate::markup::segment(&line.id)),
        what: line.id.clone(),
        words,
    };
    match line.state.as_str() {
        "suspended" => Some(item("warn", "is suspended: nothing is released or delivered under it.".to_owned())),
        "in-force" => {
            let end = Timestamp::parse(&line.valid_to).ok()?;
            let left = end.as_micros().saturating_sub(now.as_micros()).div_euclid(DAY_US);
            (left < ENDING_DAYS).then(|| {
                let day = line.valid_to.get(..10).unwrap_or(&line.valid_to);
                item("warn", format!("ends on `{day}`, and no later version is signed."))
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::of_agreement;
    use entente_exchange::view::AgreementLine;
    use entente_stix::Timestamp;

    fn line(state: &str) -> AgreementLine {
        AgreementLine {
            id: "agr-12".to_owned(),
            version: 1,
            title: String::new(),
            parties: Vec::new(),
            state: state.to_owned(),
            valid_from: "2026-01-01T00:00:00.000Z".to_owned(),
            valid_to: "2028-01-01T00:00:00.000Z".to_owned(),
            hash: String::new(),
            released: 0,
            withheld: 0,
            received: 0,
        }
    }

    #[test]
    fn an_agreement_is_named_sixty_days_before_its_end_and_while_it_is_suspended() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        assert!(of_agreement(&line("in-force"), at("2027-11-02T00:00:00Z")).is_none());
        assert!(of_agreement(&line("in-force"), at("2027-11-03T00:00:01Z")).is_some());
        assert!(of_agreement(&line("suspended"), at("2026-06-01T00:00:00Z")).is_some());
        assert!(of_agreement(&line("expired"), at("2028-06-01T00:00:00Z")).is_none());
    }
}
