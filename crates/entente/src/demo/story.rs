//! What happens, and the figures read back from the nodes afterwards.

use std::collections::BTreeMap;
use std::time::Instant;

use entente_agreement::plain::Language;
use entente_exchange::admit::{AdmitOptions, AdmitSummary};
use entente_exchange::sync::SyncRun;
use entente_exchange::view::{CountryRow, Totals};
use entente_exchange::{Exchange, LogCheck, Viewer};
use entente_formats::{CsvMap, Format};
use entente_ledger::UnixSeconds;
use entente_ledger::policy::Policy;
use entente_ledger::receipt::Receipt;
use serde::Serialize;

use super::cast::{Cast, HUB, Player, agreement_id};
use super::corpus::{self, CONTRIBUTORS, Corpus, MAP};
use crate::failure::{Failure, exit};

/// Everything that the page tells.
#[derive(Debug, Serialize)]
pub(crate) struct Story {
    /// Whether the data is synthetic.
    pub(crate) synthetic: bool,
    /// Where the data came from.
    pub(crate) origin: String,
    /// The agreements.
    pub(crate) agreements: Vec<Agreed>,
    /// What each contributor admitted.
    pub(crate) contributed: Vec<Contributed>,
    /// What was released and withheld, each way.
    pub(crate) crossed: Vec<Crossed>,
    /// Totals at the hub.
    pub(crate) hub: Totals,
    /// Targets by country at the hub.
    pub(crate) countries: Vec<CountryRow>,
    /// Compromised sites of governments at the hub, by country, as pseudonyms.
    pub(crate) government: BTreeMap<String, u64>,
    /// A pseudonym, as the hub sees it.
    pub(crate) pseudonym: Option<String>,
    /// Give and take of each contributor.
    pub(crate) account: Vec<Account>,
    /// A released and a withheld object, explained.
    pub(crate) explained: Vec<Explained>,
    /// Objects whose receipt was verified when they were received.
    pub(crate) receipts_verified: u64,
    /// Receipts written out and verified again, offline.
    pub(crate) receipts_rechecked: u64,
    /// Logs recomputed from their leaves.
    pub(crate) logs: Vec<(String, LogCheck)>,
    /// Seconds it took.
    pub(crate) seconds: f64,
}

/// An agreement in force.
#[derive(Debug, Serialize)]
pub(crate) struct Agreed {
    /// Agreement id.
    pub(crate) id: String,
    /// The contributor.
    pub(crate) contributor: String,
    /// State word.
    pub(crate) state: String,
    /// End of validity.
    pub(crate) valid_to: String,
    /// What it says, in plain words.
    pub(crate) sentences: Vec<String>,
}

/// What one contributor admitted.
#[derive(Debug, Serialize)]
pub(crate) struct Contributed {
    /// The contributor.
    pub(crate) party: String,
    /// Its rows.
    pub(crate) rows: AdmitSummary,
    /// Its case notes.
    pub(crate) notes: AdmitSummary,
}

/// What crossed from one party to another.
#[derive(Debug, Serialize)]
pub(crate) struct Crossed {
    /// The releasing party.
    pub(crate) from: String,
    /// The recipient.
    pub(crate) to: String,
    /// Objects released.
    pub(crate) released: u64,
    /// Objects withheld by reason.
    pub(crate) withheld: BTreeMap<String, u64>,
    /// The run at the recipient.
    pub(crate) received: Option<SyncRun>,
}

/// Give and take.
#[derive(Debug, Serialize)]
pub(crate) struct Account {
    /// The contributor.
    pub(crate) party: String,
    /// Values it gave, as the hub counts them, by role.
    pub(crate) gave: Vec<(String, u64)>,
    /// Objects it received from the hub.
    pub(crate) took: u64,
}

/// One decision in words.
#[derive(Debug, Serialize)]
pub(crate) struct Explained {
    /// What it is about.
    pub(crate) object: String,
    /// The recipient.
    pub(crate) party: String,
    /// Whether it may have it.
    pub(crate) sees: bool,
    /// Why.
    pub(crate) because: String,
    /// What would change it.
    pub(crate) changes_if: Option<String>,
}

/// Receipts written out and verified again for each contributor.
const RECHECKED: usize = 25;

/// Plays the story and reads the figures back.
pub(crate) fn play(cast: &Cast, corpus: &Corpus) -> Result<Story, Failure> {
    let started = Instant::now();
    let map: CsvMap =
        toml::from_str(MAP).map_err(|e| Failure::new(exit::FAILURE, "demo.map", e.message().to_owned()))?;
    let mut contributed = Vec::new();
    for (index, (player, contributor)) in cast.contributors.iter().zip(&CONTRIBUTORS).enumerate() {
        let rows = AdmitOptions {
            format: Some(Format::Csv),
            file_name: Some("contribution".to_owned()),
            tlp: Some(contributor.tlp),
            confidence: contributor.confidence,
            map: Some(map.clone()),
            ..AdmitOptions::default()
        };
        let summary = player.exchange.admit(&mut corpus.rows(index, contributor)?, &rows)?;
        let mut notes = player.exchange.admit(&mut corpus::case_victim(contributor.id).as_bytes(), &rows)?;
        let stix = AdmitOptions { format: Some(Format::Stix21), ..AdmitOptions::default() };
        let more = player.exchange.admit(&mut corpus::case_notes(contributor.id, index).as_bytes(), &stix)?;
        notes.read += more.read;
        notes.accepted += more.accepted;
        notes.quarantined = more.quarantined;
        contributed.push(Contributed { party: player.id.clone(), rows: summary, notes });
    }
    let to_hub = cast.hub.exchange.sync(None)?;
    cast.hub.exchange.release()?;
    let mut crossed = Vec::new();
    for player in &cast.contributors {
        let run = to_hub.iter().find(|run| run.party == player.id).cloned();
        crossed.push(crossing(&player.exchange, &player.id, HUB, run)?);
    }
    for player in &cast.contributors {
        let run = player.exchange.sync(Some(HUB))?.into_iter().next();
        crossed.push(crossing(&cast.hub.exchange, HUB, &player.id, run)?);
    }
    stopped(&crossed)?;
    read_back(cast, corpus, contributed, crossed, started)
}

/// A run that did not reach its end is an error here: the story must be whole.
fn stopped(crossed: &[Crossed]) -> Result<(), Failure> {
    for crossing in crossed {
        let why = match &crossing.received {
            Some(run) => run.stopped.clone(),
            None => Some("nothing was asked".to_owned()),
        };
        if let Some(why) = why {
            return Err(Failure::new(
                exit::FAILURE,
                "demo.stopped",
                format!("{} → {}: {why}", crossing.from, crossing.to),
            ));
        }
    }
    Ok(())
}

fn crossing(giver: &Exchange, from: &str, to: &str, received: Option<SyncRun>) -> Result<Crossed, Failure> {
    let rows = giver.home(&Viewer::Staff)?.exchange;
    let row = rows.into_iter().find(|row| row.party == to);
    let (released, withheld) =
        row.map_or_else(Default::default, |row| (row.released, row.withheld_by_reason.into_iter().collect()));
    Ok(Crossed { from: from.to_owned(), to: to.to_owned(), released, withheld, received })
}

fn read_back(
    cast: &Cast,
    corpus: &Corpus,
    contributed: Vec<Contributed>,
    crossed: Vec<Crossed>,
    started: Instant,
) -> Result<Story, Failure> {
    let hub = &cast.hub.exchange;
    let home = hub.home(&Viewer::Staff)?;
    let mut agreements = Vec::new();
    for player in &cast.contributors {
        if let Some(view) = hub.agreement(&agreement_id(&player.id), &Viewer::Staff, Language::English)? {
            agreements.push(Agreed {
                id: view.line.id,
                contributor: player.id.clone(),
                state: view.line.state,
                valid_to: view.line.valid_to,
                sentences: view.sentences,
            });
        }
    }
    let (government, pseudonym) = government(hub)?;
    let account = hub
        .parties(&Viewer::Staff)?
        .into_iter()
        .map(|party| Account { party: party.id, gave: party.gave, took: party.took })
        .collect();
    let mut logs = Vec::new();
    for player in std::iter::once(&cast.hub).chain(&cast.contributors) {
        logs.extend(player.exchange.verify_logs()?.into_iter().map(|check| (player.id.clone(), check)));
    }
    Ok(Story {
        synthetic: corpus.synthetic,
        origin: corpus.origin.clone(),
        agreements,
        contributed,
        receipts_verified: crossed.iter().filter_map(|c| c.received.as_ref()).map(|run| run.verified).sum(),
        receipts_rechecked: recheck(cast)?,
        crossed,
        hub: home.totals,
        countries: home.countries,
        government,
        pseudonym,
        account,
        explained: explained(cast)?,
        logs,
        seconds: started.elapsed().as_secs_f64(),
    })
}

/// Government sites at the hub: identities under pseudonyms with the label `sector:government`.
fn government(hub: &Exchange) -> Result<(BTreeMap<String, u64>, Option<String>), Failure> {
    let mut by_country: BTreeMap<String, u64> = BTreeMap::new();
    let mut sample = None;
    for line in hub.victims()? {
        if line.labels.iter().any(|label| label == "sector:government") {
            let country = line.labels.iter().find_map(|label| label.strip_prefix("country:")).unwrap_or("ZZ");
            *by_country.entry(country.to_owned()).or_default() += 1;
            sample.get_or_insert(line.name);
        }
    }
    Ok((by_country, sample))
}

/// Writes out receipts the hub holds and verifies them as an outsider would: from bytes and a policy.
fn recheck(cast: &Cast) -> Result<u64, Failure> {
    let mut count = 0;
    for player in &cast.contributors {
        let releases = player.exchange.releases(None, RECHECKED)?;
        for release in releases {
            let failed = |message: String| {
                Failure::new(
                    exit::VERIFICATION,
                    "receipt.invalid",
                    format!("{} from {}: {message}", release.object, player.id),
                )
            };
            // Companions such as TLP definitions have the same id from every contributor and are proved by the first.
            let Ok(proof) = cast.hub.exchange.received_proof(&release.object) else { continue };
            let receipt = Receipt::parse(&proof.receipt).map_err(|e| failed(e.to_string()))?;
            let policy = Policy::parse(&proof.policy).map_err(|e| failed(e.to_string()))?;
            let seconds = u64::try_from(player.exchange.now().as_micros() / 1_000_000).unwrap_or(0);
            receipt.verify(&proof.bytes, &policy, UnixSeconds(seconds)).map_err(|e| failed(e.to_string()))?;
            count += 1;
        }
    }
    Ok(count)
}

/// A released and some withheld objects of the first contributor, in words.
fn explained(cast: &Cast) -> Result<Vec<Explained>, Failure> {
    let Some(player) = cast.contributors.first() else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    let released =
        player.exchange.releases(None, 1_000)?.into_iter().find(|release| release.object_type == "indicator");
    let notes =
        (1..=8).map(|n| entente_stix::id::derived(b"entente demo ns1", "indicator", &format!("{}/{n}", player.id)));
    for object in released.into_iter().map(|release| release.original).chain(notes) {
        found.extend(explain_one(player, &object)?);
    }
    Ok(found)
}

fn explain_one(player: &Player, object: &str) -> Result<Option<Explained>, Failure> {
    let explained = player.exchange.explain(object, HUB, None)?;
    Ok(explained.rows.into_iter().next().map(|row| Explained {
        object: object.to_owned(),
        party: row.party,
        sees: row.sees,
        because: row.because,
        changes_if: row.changes_if,
    }))
}
