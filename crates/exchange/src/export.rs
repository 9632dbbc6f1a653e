//! Files out: for a party what was released to it, through the door `export`; for the house what the node may use itself.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use entente_agreement::{Door, PartyId};
use entente_formats::out;
use entente_observable::Observable;
use entente_stix::marking::Tlp;
use entente_stix::{Limits, Object, Timestamp, id};
use entente_taxii::query::Filters;

use crate::Exchange;
use crate::access::Credential;
use crate::build::NAMESPACE;
use crate::deliver::{DeliverError, PageRequest};
use crate::error::{ExchangeError, Result};
use crate::facts::Admitted;
use crate::look::pattern_value;

/// Forms of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// One row per value, with role, country, confidence and marking.
    Csv,
    /// One value per line.
    List,
    /// A STIX 2.1 bundle.
    Stix,
}

impl ExportFormat {
    /// The words of [`ExportFormat::parse`].
    pub const WORDS: [&'static str; 3] = ["csv", "list", "stix"];

    /// Reads the word used on the command line.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "csv" => Some(Self::Csv),
            "list" => Some(Self::List),
            "stix" => Some(Self::Stix),
            _ => None,
        }
    }
}

/// An export and what it holds.
#[derive(Clone, Debug, Default)]
pub struct Export {
    /// The file.
    pub bytes: Vec<u8>,
    /// Objects in it.
    pub objects: u64,
    /// Objects left out, by reason code.
    pub withheld: BTreeMap<String, u64>,
}

const PAGE: usize = 1_000;
const COLUMNS: [&str; 7] = ["type", "value", "role", "country", "confidence", "tlp", "id"];

impl Exchange {
    /// Writes everything that is not in quarantine, for use in the house. Nothing leaves the party, so no agreement is asked.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn export(&self, format: ExportFormat) -> Result<Export> {
        // The newest version of each object and source; an earlier one in its place would be a duplicate.
        let mut places: HashMap<(String, i64), usize> = HashMap::new();
        let mut bodies: Vec<Vec<u8>> = Vec::new();
        let mut withheld: BTreeMap<String, u64> = BTreeMap::new();
        let mut after = 0;
        loop {
            let rows = self.store().read(|s| s.revisions_after(after, PAGE))?;
            let Some(last) = rows.last() else { break };
            after = last.no;
            for row in rows {
                if Admitted::decode(&row.facts)?.quarantined {
                    *withheld.entry("floor.quarantine".to_owned()).or_default() += 1;
                    continue;
                }
                match places.entry((row.id, row.party)) {
                    Entry::Occupied(place) => {
                        if let Some(earlier) = bodies.get_mut(*place.get()) {
                            *earlier = row.body;
                        }
                    }
                    Entry::Vacant(place) => {
                        place.insert(bodies.len());
                        bodies.push(row.body);
                    }
                }
            }
        }
        Ok(self.write_export(format, &bodies, withheld))
    }

    /// Writes what was released to `party` and its clauses open to the door `export`; each page is a delivery with its leaf.
    ///
    /// # Errors
    /// [`ExchangeError::UnknownParty`]; [`ExchangeError::State`] when no agreement with the party is in force.
    pub fn export_for(&self, format: ExportFormat, party: &str) -> Result<Export> {
        self.release()?;
        let known = PartyId::parse(party)
            .filter(|id| self.state().is_ok_and(|state| state.party(id.as_str()).is_some_and(|known| known.no != 0)))
            .ok_or_else(|| ExchangeError::UnknownParty(party.to_owned()))?;
        let credential = Credential { id: "export".to_owned(), party: known, staff: false };
        let mut bodies = Vec::new();
        let mut withheld: BTreeMap<String, u64> = BTreeMap::new();
        let mut refused = None;
        let mut any = false;
        for collection in self.collections(&credential)?.into_iter().filter(|collection| collection.can_read) {
            let mut after = Timestamp::from_micros(0);
            let before = bodies.len();
            let mut left_out_for = "clause.door";
            loop {
                let request =
                    PageRequest { after, limit: PAGE, filters: Filters::default(), door: Door::Export, purpose: None };
                let page = match self.deliver(&credential, &collection, &request) {
                    Ok(page) => page,
                    // What was written before it ran out has left with its leaves, so the file holds that.
                    Err(DeliverError::Exchange(ExchangeError::Quota { .. })) => {
                        (any, left_out_for) = (true, "limit.objects-per-day");
                        break;
                    }
                    Err(DeliverError::Exchange(error)) => return Err(error),
                    Err(DeliverError::Suspended) => {
                        refused = Some((collection.agreement.clone(), "suspended"));
                        break;
                    }
                    Err(DeliverError::Ended) => {
                        refused = Some((collection.agreement.clone(), "not in force"));
                        break;
                    }
                };
                any = true;
                let last = page.rows.last().map(|row| row.date_added);
                bodies.extend(page.rows.into_iter().map(|row| row.bytes));
                match last {
                    Some(last) if page.more => after = last,
                    _ => break,
                }
            }
            let held = self.manifest_size(&collection.agreement, party)?;
            let left_out = held.saturating_sub(u64::try_from(bodies.len() - before).unwrap_or(u64::MAX));
            if left_out > 0 {
                *withheld.entry(left_out_for.to_owned()).or_default() += left_out;
            }
        }
        match (any, refused) {
            (false, Some((agreement, state))) => Err(ExchangeError::State { agreement, state }),
            (false, None) => Err(ExchangeError::State { agreement: party.to_owned(), state: "not agreed" }),
            (true, _) => Ok(self.write_export(format, &bodies, withheld)),
        }
    }

    /// Objects in the manifest of a party, each in its last version.
    fn manifest_size(&self, agreement: &str, party: &str) -> Result<u64> {
        let state = self.state()?;
        let Some(known) = state.party(party) else { return Ok(0) };
        self.store().read(|s| {
            let Some(head) = s.head(agreement, known.no)? else { return Ok(0) };
            Ok(u64::try_from(s.live_releases(head.no)?).unwrap_or(0))
        })
    }

    fn write_export(&self, format: ExportFormat, bodies: &[Vec<u8>], withheld: BTreeMap<String, u64>) -> Export {
        let objects = u64::try_from(bodies.len()).unwrap_or(u64::MAX);
        let values = || bodies.iter().filter_map(|body| row(body));
        let bytes = match format {
            ExportFormat::Stix => {
                let id =
                    id::derived(&NAMESPACE, "bundle", &format!("{}\n{}", self.own(), self.now().to_micros_string()));
                out::stix_bundle(&id, bodies.iter().map(Vec::as_slice))
            }
            ExportFormat::Csv => out::csv(&COLUMNS, values().map(|(_, fields)| fields)).into_bytes(),
            ExportFormat::List => {
                let observables: Vec<Observable> = values().map(|(observable, _)| observable).collect();
                out::list(&observables, false).into_bytes()
            }
        };
        Export { bytes, objects, withheld }
    }
}

/// The row of an object that is about one value.
fn row(body: &[u8]) -> Option<(Observable, [String; 7])> {
    let object = Object::parse(body, &Limits::offline()).ok()?;
    let observable = pattern_value(&object)?;
    let label = |prefix: &str| {
        object.labels().iter().find_map(|l| l.strip_prefix(prefix).map(str::to_owned)).unwrap_or_default()
    };
    let tlp = object.object_marking_refs().iter().filter_map(|id| Tlp::from_marking_id(id)).max();
    let fields = [
        observable.kind.name().to_owned(),
        observable.value.clone(),
        label("role:"),
        label("country:"),
        object.confidence().map_or_else(String::new, |confidence| confidence.to_string()),
        tlp.map_or_else(String::new, |tlp| tlp.name().to_owned()),
        object.id().to_owned(),
    ];
    Some((observable, fields))
}
