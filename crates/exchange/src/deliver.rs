//! Delivery: a page of a party's manifest, decided again and written into the ledger before it leaves.
//!
//! A collection *is* the manifest of releases to one party under one agreement. The second decision may only withhold more; it
//! never changes bytes and never finds another clause.

use entente_agreement::{
    Agreement, Decision, Door, DoorSet, Facts, Origin, PartyId, Purpose, PurposeSet, Request, State as Life, decide,
};
use entente_ledger::leaf::Leaf;
use entente_stix::{Limits, Object, Timestamp, id};
use entente_store::manifest::{Head, ManifestRow, Source};
use entente_store::quotas::Use;
use entente_store::{Snapshot, StoreError};
use entente_taxii::query::{Filters, VersionSelector};

use crate::access::Credential;
use crate::admit::object_key;
use crate::agreements::secret_keys;
use crate::build::{NAMESPACE, identity_id};
use crate::error::ExchangeError;
use crate::facts::{self, Admitted, Provenance};
use crate::known::Known;
use crate::node::log_origin;
use crate::quota::Quota;
use crate::state::{Held, State};
use crate::{Exchange, journal};

/// A collection as one party sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectionInfo {
    /// UUID, stable for the life of the agreement.
    pub id: String,
    /// `<agreement>-<party>` for releases, `<agreement>-<party>-in` for contributions.
    pub alias: String,
    /// Names both parties and the agreement.
    pub title: String,
    /// What it holds.
    pub description: String,
    /// Whether objects can be read from it.
    pub can_read: bool,
    /// Whether objects can be added to it.
    pub can_write: bool,
    /// The agreement.
    pub agreement: String,
    /// The other party.
    pub party: PartyId,
}

/// What a reader asks for.
#[derive(Clone, Debug)]
pub struct PageRequest {
    /// Position after which to begin, exclusive.
    pub after: Timestamp,
    /// Rows at most.
    pub limit: usize,
    /// TAXII match filters.
    pub filters: Filters,
    /// The door in use.
    pub door: Door,
    /// The purpose stated for this session; any purpose of the clause when `None`.
    pub purpose: Option<Purpose>,
}

/// One record of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRow {
    /// Its position.
    pub date_added: Timestamp,
    /// Id of the object as released.
    pub id: String,
    /// Text of `modified`, else of `created`; `None` when it has neither.
    pub version: Option<String>,
    /// The exact bytes; empty in a manifest page.
    pub bytes: Vec<u8>,
}

/// One page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Records by ascending position.
    pub rows: Vec<PageRow>,
    /// Whether another page exists.
    pub more: bool,
    /// Position of the last record that was looked at, so that a page whose records were all left out still leads on.
    pub looked_at: Option<Timestamp>,
    /// Index of the delivery leaf, when bytes were handed out.
    pub receipt: Option<u64>,
    /// Whether the object asked for by id is in the collection at all, whatever the filters leave of it.
    pub known: bool,
}

/// Why a page was not delivered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeliverError {
    /// A party has suspended the agreement (A20).
    #[error("the agreement is suspended")]
    Suspended,
    /// The agreement has ended, or has not begun.
    #[error("the agreement is not in force")]
    Ended,
    /// The exchange failed.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
}

impl From<StoreError> for DeliverError {
    fn from(error: StoreError) -> Self {
        Self::Exchange(error.into())
    }
}

// LIMIT: records looked at and bytes gathered for one page; a shorter page with `more` is a normal answer (`taxii.md` 6.2).
const SCANNED_ROWS_MAX: usize = 20_000;
const PAGE_SIZE_BYTES_MAX: usize = 8 * 1024 * 1024;

impl Exchange {
    /// The collections a credential may see: for each agreement with its party one to read and one to write.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn collections(&self, credential: &Credential) -> Result<Vec<CollectionInfo>, ExchangeError> {
        if credential.staff {
            return Ok(Vec::new());
        }
        let state = self.state()?;
        let own = self.own();
        let mut found: Vec<CollectionInfo> = state
            .between(own, &credential.party, self.now())
            .into_iter()
            .flat_map(|held| self.pair(held, &credential.party))
            .collect();
        found.sort_by(|a, b| (&a.title, &a.id).cmp(&(&b.title, &b.id)));
        Ok(found)
    }

    /// One collection by UUID (any case) or alias.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn collection(
        &self,
        credential: &Credential,
        id_or_alias: &str,
    ) -> Result<Option<CollectionInfo>, ExchangeError> {
        let wanted = |known: &CollectionInfo| known.id.eq_ignore_ascii_case(id_or_alias) || known.alias == id_or_alias;
        Ok(self.collections(credential)?.into_iter().find(wanted))
    }

    fn pair(&self, held: &Held, party: &PartyId) -> [CollectionInfo; 2] {
        let (own, agreement) = (self.own(), held.id());
        let uuid = |direction: &str| {
            let derived = id::derived(
                &NAMESPACE,
                "collection",
                &format!("{}\n{agreement}\n{party}\n{direction}", self.node().host),
            );
            derived.trim_start_matches("collection--").to_owned()
        };
        let out = CollectionInfo {
            id: uuid("out"),
            alias: format!("{agreement}-{party}"),
            title: format!("from {own} to {party} ({agreement})"),
            description: format!("what {own} releases to {party} under {agreement}"),
            can_read: true,
            can_write: false,
            agreement: agreement.to_owned(),
            party: party.clone(),
        };
        let inbound = CollectionInfo {
            id: uuid("in"),
            alias: format!("{agreement}-{party}-in"),
            title: format!("from {party} to {own} ({agreement})"),
            description: format!("what {party} hands to {own} under {agreement}"),
            can_read: false,
            can_write: true,
            ..out.clone()
        };
        [out, inbound]
    }

    /// Delivers a page: decides every record again, appends the delivery leaf durably, then returns the bytes.
    ///
    /// # Errors
    /// [`DeliverError::Suspended`] and [`DeliverError::Ended`] when the agreement does not permit it now; nothing is delivered
    /// then. [`DeliverError::Exchange`] with [`ExchangeError::Quota`] when there is more but not today, else when store or ledger
    /// failed.
    pub fn deliver(
        &self,
        credential: &Credential,
        collection: &CollectionInfo,
        request: &PageRequest,
    ) -> Result<Page, DeliverError> {
        let state = self.state()?;
        let (held, life) = self.ruling_version(&state, collection)?;
        let Some(reader) = state.party(credential.party.as_str()) else {
            return closed(life).map_or_else(|| Ok(Page::default()), Err);
        };
        let request = &through_own_door(&held, collection, request);
        let asked = Reading { state: &state, held: &held, reader: reader.no, collection, request };
        self.check_trusted(reader.no)?;
        let quota = Quota::of(&held, reader.no, self.now());
        loop {
            let selected = self.select(&asked, life, true)?;
            // Another request of this party may take the rest of the quota while this page is selected; then it is cut anew.
            if let Some(page) = self.hand_out(&held, &quota, collection, request, selected)? {
                return Ok(page);
            }
        }
    }

    /// Writes the delivery leaf of a page; `None` when the quota no longer covers it.
    fn hand_out(
        &self,
        held: &Held,
        quota: &Quota<'_>,
        collection: &CollectionInfo,
        request: &PageRequest,
        selected: Selected,
    ) -> Result<Option<Page>, DeliverError> {
        let Selected { page, head, seqs, counted, cut } = selected;
        // What merely accompanies objects is not worth a page, and would be a page without end for who asks again and again.
        if cut && counted == 0 {
            return Err(quota.passed().into());
        }
        let (Some(head), Some(first), Some(last)) = (head, seqs.first(), seqs.last()) else { return Ok(Some(page)) };
        self.store().read(|s| self.check_quorum(s, held, head.no, &seqs))?;
        let key = self.keys().log(&log_origin(&self.node().host, &collection.agreement))?;
        let now = self.now();
        let count = |n: i64| u64::try_from(n).unwrap_or(0);
        let leaf = Leaf::Delivery {
            party: collection.party.to_string(),
            purpose: request.purpose.map_or("subscription", Purpose::name).to_owned(),
            door: request.door.name().to_owned(),
            first: count(*first),
            last: count(*last),
            n: u64::try_from(seqs.len()).unwrap_or(u64::MAX),
            inner: None,
        };
        let index = self.store().write(|tx| -> Result<Option<u64>, ExchangeError> {
            if !quota.spend(tx, Use::Delivered, counted)? {
                return Ok(None);
            }
            let mut log = journal::log(tx, &collection.agreement, key.name())?;
            let index = journal::append(tx, &mut log, &key, &held.hash(), &leaf, now)?;
            tx.put_delivery(log.no, i64::try_from(index).unwrap_or(i64::MAX), head.no, &seqs, now.as_micros())?;
            Ok(Some(index))
        })?;
        Ok(index.map(|index| Page { receipt: Some(index), ..page }))
    }

    /// The same records without their bytes: a TAXII manifest. Nothing is delivered, so no leaf is written.
    ///
    /// # Errors
    /// As [`Exchange::deliver`].
    pub fn manifest(
        &self,
        credential: &Credential,
        collection: &CollectionInfo,
        request: &PageRequest,
    ) -> Result<Page, DeliverError> {
        let state = self.state()?;
        let (held, life) = self.ruling_version(&state, collection)?;
        let Some(reader) = state.party(credential.party.as_str()) else {
            return closed(life).map_or_else(|| Ok(Page::default()), Err);
        };
        let request = &through_own_door(&held, collection, request);
        let asked = Reading { state: &state, held: &held, reader: reader.no, collection, request };
        Ok(self.select(&asked, life, false)?.page)
    }

    /// The ruling version of a collection's agreement, and its state.
    fn ruling_version(&self, state: &State, collection: &CollectionInfo) -> Result<(Held, Life), DeliverError> {
        let now = self.now();
        let held = state
            .current(&collection.agreement, now)
            .cloned()
            .ok_or_else(|| ExchangeError::UnknownAgreement(collection.agreement.clone()))?;
        let life = held.agreement.state(now);
        Ok((held, life))
    }

    /// Selects the records of a page on one snapshot; where the agreement is not in force, only revocations, and none at
    /// all is a refusal.
    fn select(&self, asked: &Reading<'_>, life: Life, with_bytes: bool) -> Result<Selected, DeliverError> {
        let Reading { state, held, reader, collection, request } = *asked;
        if !collection.can_read {
            return closed(life).map_or_else(|| Ok(Selected::default()), Err);
        }
        let now = self.now();
        let gate = Gate {
            agreements: std::slice::from_ref(&held.agreement),
            state,
            releaser: self.own(),
            recipient: &collection.party,
            purposes: request.purpose.map_or(PurposeSet::ALL, |purpose| PurposeSet::of(&[purpose])),
            doors: DoorSet::of(&[request.door]),
            now,
        };
        let keys = secret_keys(self, held.id())?;
        let companions = [identity_id(self.own().as_str()), keys.party_identity_id(self.own())];
        self.store().read(|s| {
            let mut page = Page::default();
            let mut seqs = Vec::new();
            let Some(head) = s.head(&collection.agreement, reader)? else {
                return closed(life).map_or_else(|| Ok(Selected::default()), Err);
            };
            let known = Known::of_head(s, head.no)?;
            if let Some(closed) = closed(life) {
                // A revocation is not a release: it reaches whoever holds the object, once, also now.
                let next = s.seq_after(&head, request.after.as_micros())?;
                if known.last_revocation(head.no).is_none_or(|last| last < next) {
                    return Err(closed);
                }
            }
            let left = if with_bytes { Quota::of(held, reader, now).left(s, Use::Delivered)? } else { usize::MAX };
            let mut sink = Sink {
                request,
                gate: &gate,
                known,
                only_revocations: life != Life::InForce,
                companions,
                with_bytes,
                page: &mut page,
                seqs: &mut seqs,
                bytes: 0,
                left,
                counted: 0,
                cut: false,
            };
            if request.filters.ids.is_empty() {
                let start = s.seq_after(&head, request.after.as_micros())?;
                let mut scanned = 0_usize;
                s.manifest_from(head.no, start, usize::MAX, |row, body, facts| {
                    scanned += 1;
                    // A page with nothing in it names no position to go on from, so the walk ends only with something in hand.
                    if scanned > SCANNED_ROWS_MAX && !sink.page.rows.is_empty() {
                        sink.page.more = true;
                        return Ok::<_, DeliverError>(false);
                    }
                    sink.take(s, head.no, row, body, &facts)
                })?;
            } else {
                for row in rows_by_id(s, &head, &request.filters.ids)? {
                    sink.page.known = true;
                    if row.added_us <= request.after.as_micros() {
                        continue;
                    }
                    let mut go_on = true;
                    s.manifest_from(head.no, row.seq, 1, |row, body, facts| {
                        go_on = sink.take(s, head.no, row, body, &facts)?;
                        Ok::<_, DeliverError>(false)
                    })?;
                    if !go_on {
                        break;
                    }
                }
            }
            let (counted, cut) = (sink.counted, sink.cut);
            Ok(Selected { page, head: Some(head), seqs, counted, cut })
        })
    }
}

/// Why an agreement in this state opens no door, if it does not.
const fn closed(life: Life) -> Option<DeliverError> {
    match life {
        Life::InForce => None,
        Life::Suspended => Some(DeliverError::Suspended),
        _ => Some(DeliverError::Ended),
    }
}

/// Who asks for what, under which version.
#[derive(Clone, Copy)]
struct Reading<'a> {
    state: &'a State,
    held: &'a Held,
    /// Number of the reading party.
    reader: i64,
    collection: &'a CollectionInfo,
    request: &'a PageRequest,
}

/// What a request selects.
#[derive(Default)]
struct Selected {
    page: Page,
    head: Option<Head>,
    seqs: Vec<i64>,
    /// Objects that count against the quota.
    counted: usize,
    /// The quota, and nothing else, ended the page.
    cut: bool,
}

/// The request as it counts: node to node is the door of a party that the agreement gives a ledger, whatever its client says.
fn through_own_door(held: &Held, collection: &CollectionInfo, request: &PageRequest) -> PageRequest {
    let runs_a_node = held.agreement.terms().party(&collection.party).is_some_and(|party| party.log_vkey.is_some());
    let door = match request.door {
        Door::Sync if !runs_a_node => Door::Taxii,
        door => door,
    };
    PageRequest { door, ..request.clone() }
}

/// The second decision about a release, at delivery.
pub(crate) struct Gate<'a> {
    pub(crate) agreements: &'a [Agreement],
    pub(crate) state: &'a State,
    pub(crate) releaser: &'a PartyId,
    pub(crate) recipient: &'a PartyId,
    pub(crate) purposes: PurposeSet,
    pub(crate) doors: DoorSet,
    pub(crate) now: Timestamp,
}

impl Gate<'_> {
    /// Whether a revision with these facts, admitted from that party under that agreement, may still leave.
    pub(crate) fn permits(&self, admitted: &Admitted, from: Provenance<'_>) -> bool {
        decide(&self.request(&self.facts(admitted, from)), self.agreements).is_permit()
    }

    /// Whether a release may still leave: by a clause that obliges to exactly what its bytes were made under.
    pub(crate) fn permits_release(&self, admitted: &Admitted, from: Provenance<'_>, row: &ManifestRow) -> bool {
        let Decision::Permit(permit) = decide(&self.request(&self.facts(admitted, from)), self.agreements) else {
            return false;
        };
        let found = self.agreements.get(permit.agreement).and_then(|now| now.terms().clauses.get(permit.clause));
        found.is_some_and(|found| self.state.obliged_to(row, &found.obligations))
    }

    /// Whether an identity or marking that released objects refer to may leave: as long as the clause it was released under is
    /// open to the purpose and door, however old the object that brought it in.
    fn permits_companion(&self, row: &ManifestRow) -> bool {
        let Some(agreement) = self.agreements.first() else { return false };
        let index = usize::try_from(row.clause).unwrap_or(usize::MAX);
        let then = self.state.version(row.agreement).and_then(|held| held.agreement.terms().clauses.get(index));
        let now = then.and_then(|then| agreement.terms().clause(then.id.as_str()));
        now.is_some_and(|clause| {
            !clause.purposes.intersection(self.purposes).is_empty()
                && !clause.doors.intersection(self.doors).is_empty()
                && self.state.obliged_to(row, &clause.obligations)
        })
    }

    pub(crate) fn facts(&self, admitted: &Admitted, from: Provenance<'_>) -> Asked {
        let (origin, purposes) = self.agreements.first().map_or((Origin::Received, PurposeSet::ALL), |agreement| {
            facts::origin(self.state, from, admitted, agreement.terms(), self.recipient, self.now)
        });
        let echo = self.state.party_no(from.party).is_some_and(|party| party.id == *self.recipient);
        Asked { facts: admitted.facts(origin, echo), purposes: self.purposes.intersection(purposes) }
    }

    pub(crate) fn request<'b>(&'b self, asked: &'b Asked) -> Request<'b> {
        Request {
            releaser: self.releaser,
            recipient: self.recipient,
            purposes: asked.purposes,
            doors: self.doors,
            now: self.now,
            facts: &asked.facts,
        }
    }
}

/// What a decision is asked about: the facts, and the purposes for which they are so. Consented data is consented to for the
/// purposes of the consent only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) facts: Facts,
    pub(crate) purposes: PurposeSet,
}

impl std::ops::Deref for Asked {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        &self.facts
    }
}

struct Sink<'a> {
    request: &'a PageRequest,
    gate: &'a Gate<'a>,
    known: Known,
    /// The agreement is suspended or over.
    only_revocations: bool,
    /// Ids under which the releasing party appears.
    companions: [String; 2],
    with_bytes: bool,
    page: &'a mut Page,
    seqs: &'a mut Vec<i64>,
    bytes: usize,
    /// Objects that the quota of the day leaves.
    left: usize,
    counted: usize,
    cut: bool,
}

impl Sink<'_> {
    /// Takes a record into the page if filters and decision allow; `false` when the page is complete.
    fn take(
        &mut self,
        s: &Snapshot<'_>,
        head: i64,
        row: ManifestRow,
        body: Vec<u8>,
        source: &Source,
    ) -> Result<bool, DeliverError> {
        let position = Timestamp::from_micros(row.added_us);
        if !self.wanted(s, head, &row, &body)? {
            self.page.looked_at = Some(position);
            return Ok(true);
        }
        let revokes = self.known.is_revocation(head, &row);
        let accompanies = self.companions.contains(&row.id) || row.id.starts_with("marking-definition--");
        let leaves = if revokes {
            true
        } else if self.only_revocations {
            false
        } else if accompanies {
            self.gate.permits_companion(&row)
        } else if row.withdrawn {
            false
        } else {
            let admitted = Admitted::decode(&source.facts)?;
            let from = Provenance { party: source.party, agreement: source.agreement, object: &source.id };
            self.gate.permits_release(&admitted, from, &row) && self.known.still_stands(&row, &body)
        };
        if !leaves {
            self.page.looked_at = Some(position);
            return Ok(true);
        }
        if self.page.rows.len() >= self.request.limit
            || (self.bytes + body.len() > PAGE_SIZE_BYTES_MAX && self.bytes > 0)
        {
            self.page.more = true;
            return Ok(false);
        }
        // Nor does the quota hold back what takes something back.
        if !accompanies && !revokes {
            if self.counted >= self.left {
                (self.page.more, self.cut) = (true, true);
                return Ok(false);
            }
            self.counted += 1;
        }
        self.bytes += body.len();
        let version = if self.with_bytes { None } else { version_text(&body) };
        self.seqs.push(row.seq);
        self.page.looked_at = Some(position);
        self.page.rows.push(PageRow {
            date_added: position,
            id: row.id,
            version,
            bytes: if self.with_bytes { body } else { Vec::new() },
        });
        Ok(true)
    }

    /// Whether the match filters select the record (`taxii.md` 6.2); several versions of one id are told apart by instant.
    fn wanted(&self, s: &Snapshot<'_>, head: i64, row: &ManifestRow, body: &[u8]) -> Result<bool, DeliverError> {
        let filters = &self.request.filters;
        if !filters.types.is_empty() {
            let object_type = id::split(&row.id).map_or("", |(object_type, _)| object_type);
            if !filters.types.iter().any(|wanted| wanted == object_type) {
                return Ok(false);
            }
        }
        if !filters.spec_versions.is_empty() {
            let parsed = Object::parse(body, &Limits::admission()).ok();
            let spec = parsed.as_ref().and_then(Object::spec_version).unwrap_or("2.1");
            if !filters.spec_versions.iter().any(|wanted| wanted == spec) {
                return Ok(false);
            }
        }
        for version in &filters.versions {
            let selected = match version {
                VersionSelector::All => true,
                VersionSelector::Last => !row.superseded,
                VersionSelector::First => {
                    let rows = s.manifest_of(head, object_key(&row.id))?;
                    let mut same = rows.iter().filter(|other| other.id == row.id);
                    same.all(|other| (other.version_us, other.seq) >= (row.version_us, row.seq))
                }
                VersionSelector::At(instant) => {
                    let own = if row.version_us == 0 { row.added_us } else { row.version_us };
                    own == instant.as_micros()
                }
            };
            if selected {
                return Ok(true);
            }
        }
        Ok(filters.versions.is_empty() && !row.superseded)
    }
}

fn rows_by_id(s: &Snapshot<'_>, head: &Head, ids: &[String]) -> Result<Vec<ManifestRow>, StoreError> {
    let mut rows = Vec::new();
    for id in ids {
        rows.extend(s.manifest_of(head.no, object_key(id))?.into_iter().filter(|row| row.id == *id));
    }
    rows.sort_by_key(|row| row.seq);
    rows.dedup_by_key(|row| row.seq);
    Ok(rows)
}

/// The text of `modified`, else of `created`, as the object spells it.
pub(crate) fn version_text(body: &[u8]) -> Option<String> {
    let object = Object::parse(body, &Limits::admission()).ok()?;
    object.modified_text().or_else(|| object.created_text()).map(str::to_owned)
}
