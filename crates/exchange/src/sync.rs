//! Exchange with other nodes: notices both ways, then their releases, page by page, each verified before anything of it is kept.
//!
//! A page, its receipt and the new position are one transaction, so an interrupted run resumes at the last page that is durable
//! and repeats nothing. A page whose receipt does not verify, or whose checkpoint is not proved to go on from the one seen before, is
//! refused whole and the run stops.

use std::collections::BTreeMap;

use entente_agreement::State as Life;
use entente_ledger::checkpoint::Checkpoint;
use entente_ledger::leaf::{Leaf, Outcome as AckOutcome};
use entente_ledger::note::VerifierKey;
use entente_ledger::receipt::{PageReceipt, VerifiedPage};
use entente_stix::{Limits, Object, Timestamp, bundle};
use entente_store::inbox::InboxRow;
use serde::Serialize;

use crate::access::Credential;
use crate::admit::{AdmitOptions, Outcome, Source};
use crate::error::{ExchangeError, Result};
use crate::known::{Buried, recalled_since};
use crate::node::{log_origin, read_secret};
use crate::prepare::Prepared;
use crate::receipts::KeptPage;
use crate::state::{Held, KnownParty, Link, word};
use crate::view::RejectedLine;
use crate::wire::{WireError, WireRequest};
use crate::{Exchange, journal};

/// What a run with one party under one agreement did. Never silently partial: `complete` is false whenever something is left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SyncRun {
    /// The other party.
    pub party: String,
    /// The agreement.
    pub agreement: String,
    /// Pages fetched and admitted.
    pub pages: u64,
    /// Objects fetched.
    pub received: u64,
    /// Objects stored.
    pub stored: u64,
    /// Objects held before, in the same version and content.
    pub unchanged: u64,
    /// Same id and version as an object held, other content: the first copy stays.
    pub conflicts: u64,
    /// Objects stored but held in quarantine.
    pub quarantined: u64,
    /// Objects refused.
    pub rejected: u64,
    /// The first refusals, with the place in the page.
    pub rejected_lines: Vec<RejectedLine>,
    /// Objects whose receipt was verified.
    pub verified: u64,
    /// Whether the end of the collection was reached.
    pub complete: bool,
    /// Why not, if not.
    pub stopped: Option<String>,
}

// LIMIT: objects asked for per page, and refusals listed per run.
const PAGE_ITEMS: usize = 1_000;
const REFUSALS_LISTED: usize = 100;
/// Root of the TAXII interface of a node.
pub const TAXII_ROOT: &str = "taxii2/exchange";

impl Exchange {
    /// Exchanges with one party, or with every party that this node may call.
    ///
    /// # Errors
    /// [`ExchangeError::UnknownParty`]; [`ExchangeError::Store`]. What goes wrong with one party is in its run and stops no other.
    pub fn sync(&self, party: Option<&str>) -> Result<Vec<SyncRun>> {
        let state = self.state()?;
        if let Some(wanted) = party {
            let known = state.party(wanted).ok_or_else(|| ExchangeError::UnknownParty(wanted.to_owned()))?;
            if known.link.is_none() {
                return Err(ExchangeError::Remote {
                    party: wanted.to_owned(),
                    code: "party.no-link",
                    message: "this node has no address and token for it; add them with `party add`".to_owned(),
                });
            }
        }
        if let Err(error) = self.make_due_reports() {
            tracing::warn!("usefulness reports could not be made: {error}");
        }
        self.tick()?;
        let mut runs = Vec::new();
        for known in state.parties.iter().filter(|known| party.is_none_or(|wanted| wanted == known.id.as_str())) {
            let Some(link) = &known.link else { continue };
            self.exchange_offers(known, link);
            let state = self.state()?;
            for held in state.between(self.own(), &known.id, self.now()) {
                runs.push(self.sync_one(known, link, held));
            }
        }
        Ok(runs)
    }

    /// Tells other parties of an agreement about its notices; a party that cannot be reached learns them at its next contact.
    pub(crate) fn announce(&self, agreement: &str) {
        let Ok(state) = self.state() else { return };
        let Some(held) = state.current(agreement, self.now()) else { return };
        for other in held.others(self.own()) {
            let Some(known) = state.party(other.as_str()) else { continue };
            if let Some(link) = &known.link
                && let Err(error) = self.hand_notices(known, link, held)
            {
                tracing::warn!(party.id = %known.id, agreement.id = agreement, "a notice could not be handed over yet: {error}");
            }
        }
    }

    fn sync_one(&self, party: &KnownParty, link: &Link, held: &Held) -> SyncRun {
        let mut run = SyncRun { party: party.id.to_string(), agreement: held.id().to_owned(), ..SyncRun::default() };
        let outcome = self
            .hand_notices(party, link, held)
            .and_then(|()| self.fetch_notices(party, link, held))
            .and_then(|()| self.exchange_recalls(party, link, held))
            .and_then(|()| {
                let held = self.held(held.id())?;
                let life = held.agreement.state(self.now());
                if life != Life::InForce {
                    return Err(ExchangeError::State { agreement: held.id().to_owned(), state: word(life) });
                }
                self.check_trusted(party.no)?;
                self.exchange_heads(party, link, &held)?;
                self.pull(party, link, &held, &mut run)?;
                // What was delivered is in the other's log by now; its head is to be cosigned with it.
                if run.pages > 0 { self.exchange_heads(party, link, &held) } else { Ok(()) }
            });
        if outcome.is_ok()
            && let Err(error) = self.fetch_usefulness(party, link, held)
        {
            tracing::warn!(party.id = %party.id, agreement.id = held.id(), "its usefulness reports were not taken: {error}");
        }
        match outcome {
            Ok(()) => run.complete = true,
            Err(error) => run.stopped = Some(format!("[{}] {error}", error.code())),
        }
        run
    }

    /// Hands over the notices this node holds; the other side ignores those it knows.
    fn hand_notices(&self, party: &KnownParty, link: &Link, held: &Held) -> Result<()> {
        let notices = self.store().read(|s| s.notices(held.id()))?;
        for notice in notices {
            let path = format!("api/v1/agreements/{}/notes", held.id());
            self.call(party, link, &path, Some(notice.as_bytes()))?;
        }
        Ok(())
    }

    fn fetch_notices(&self, party: &KnownParty, link: &Link, held: &Held) -> Result<()> {
        let answer = self.call(party, link, &format!("api/v1/agreements/{}/notes", held.id()), None)?;
        let notices: Vec<String> = serde_json::from_slice(&answer.body)
            .map_err(|e| remote(party, "sync.notices", format!("the list of notices is not readable: {e}")))?;
        let credential = Credential { id: link.token.clone(), party: party.id.clone(), staff: false };
        for notice in notices {
            self.accept_notice(&credential, held.id(), notice.as_bytes())?;
        }
        Ok(())
    }

    /// Takes the reports that the other party has made about what this node gave it. One that is refused leaves the others in place.
    fn fetch_usefulness(&self, party: &KnownParty, link: &Link, held: &Held) -> Result<()> {
        if !held.agreement.terms().reciprocity.share {
            return Ok(());
        }
        let answer = self.call(party, link, &format!("api/v1/agreements/{}/usefulness", held.id()), None)?;
        let notes: Vec<String> = serde_json::from_slice(&answer.body)
            .map_err(|e| remote(party, "sync.usefulness", format!("the list of reports is not readable: {e}")))?;
        notes.iter().map(|note| self.accept_listed(party, note)).fold(Ok(()), Result::and)
    }

    /// Reads the other party's manifest for this node to its end.
    fn pull(&self, party: &KnownParty, link: &Link, held: &Held, run: &mut SyncRun) -> Result<()> {
        let log_vkey =
            held.agreement.terms().parties.iter().find(|p| p.id == party.id).and_then(|p| p.log_vkey.clone());
        let log_vkey = log_vkey
            .ok_or_else(|| remote(party, "sync.no-log", "the agreement names no ledger key for it".to_owned()))?;
        let first_key = VerifierKey::parse(&log_vkey).map_err(|e| remote(party, "sync.no-log", e.to_string()))?;
        let log_keys = self.believed(first_key.name(), &first_key)?;
        loop {
            let position = self.store().read(|s| s.inbox(held.id(), party.no))?;
            let after = Timestamp::from_micros(position.after_us).to_micros_string();
            let path = format!(
                "{TAXII_ROOT}/collections/{}-{}/objects/?added_after={after}&limit={PAGE_ITEMS}",
                held.id(),
                self.own()
            );
            let answer = self.call(party, link, &path, None)?;
            let page = bundle::split(&answer.body, &Limits::admission())
                .map_err(|e| remote(party, "sync.page", format!("the page is not readable: {e}")))?;
            if page.objects.is_empty() && !answer.more {
                return Ok(());
            }
            let last = answer
                .last
                .as_deref()
                .and_then(|text| Timestamp::parse(text).ok())
                .filter(|last| last.as_micros() > position.after_us)
                .ok_or_else(|| remote(party, "sync.no-progress", "the page names no later position".to_owned()))?;
            if page.objects.is_empty() {
                // Everything on this stretch is withheld from us by now; the rest may not be.
                let next = InboxRow { after_us: last.as_micros(), ..position };
                self.store().write(|tx| tx.put_inbox(held.id(), party.no, &next))?;
                continue;
            }
            let leaf = answer.receipt.ok_or_else(|| ExchangeError::Receipt {
                party: party.id.to_string(),
                message: "the page came without a receipt".to_owned(),
            })?;
            let receipt = self.call(party, link, &format!("api/v1/receipts/{}/{leaf}", held.id()), None)?;
            let page = Page { objects: &page.objects, receipt: &receipt.body, delivery_leaf: leaf, last };
            let proved = self.verify_page(party, held, &log_keys, &page)?;
            self.check_growth(party, link, held, &log_keys, &position, &proved)?;
            self.admit_page(party, held, &page, proved, position, run)?;
            if !answer.more {
                return Ok(());
            }
        }
    }

    /// Verifies the receipt of a page.
    fn verify_page(&self, party: &KnownParty, held: &Held, keys: &[VerifierKey], page: &Page<'_>) -> Result<Proved> {
        let refused = |message: String| ExchangeError::Receipt { party: party.id.to_string(), message };
        let ids: Vec<String> = page
            .objects
            .iter()
            .map(|bytes| Object::parse(bytes, &Limits::admission()).map(|o| o.id().to_owned()).unwrap_or_default())
            .collect();
        let objects: Vec<(&str, &[u8])> = ids.iter().map(String::as_str).zip(page.objects.iter().copied()).collect();
        let receipt = PageReceipt::parse(page.receipt).map_err(|e| refused(e.to_string()))?;
        let log_key =
            journal::key_of(&receipt.checkpoint, keys).ok_or_else(|| refused("its log has no key".to_owned()))?;
        let verified = receipt.verify(&objects, log_key).map_err(|e| refused(e.to_string()))?;
        let versions = self.versions_of(party, held, &verified)?;
        let note = receipt.checkpoint.clone();
        let kept = serde_json::to_vec(&KeptPage::of(receipt, &objects)).map_err(|e| refused(e.to_string()))?;
        Ok(Proved { checkpoint: verified.checkpoint, note, versions, kept })
    }

    /// A log that was seen before must not be smaller, nor have another root at the same size; and when it is larger, the leaves seen
    /// before must be proved to be its first ones, or a fork that has grown longer would pass (A42).
    fn check_growth(
        &self,
        party: &KnownParty,
        link: &Link,
        held: &Held,
        keys: &[VerifierKey],
        position: &InboxRow,
        proved: &Proved,
    ) -> Result<()> {
        let refused = |message: String| ExchangeError::Receipt { party: party.id.to_string(), message };
        let Some(note) = &position.checkpoint else { return Ok(()) };
        let earlier = journal::open_checkpoint(note, keys).map_err(|e| refused(e.to_string()))?;
        let (old, new) = (earlier.size(), proved.checkpoint.size());
        if new <= old {
            return self.compare_heads(party, (note, &proved.note), keys, None);
        }
        let proof = self.growth(party, link, held, old, new)?;
        self.compare_heads(party, (note, &proved.note), keys, Some(&proof))
    }

    /// Keeps a page with its receipt and the new position, in one transaction.
    fn admit_page(
        &self,
        party: &KnownParty,
        held: &Held,
        page: &Page<'_>,
        proved: Proved,
        position: InboxRow,
        run: &mut SyncRun,
    ) -> Result<()> {
        let now = self.now();
        let options = AdmitOptions { confidence: 0, ..AdmitOptions::default() };
        let prepared: Vec<_> = page.objects.iter().map(|raw| self.prepare_object(raw, &options, "page", now)).collect();
        let key = self.keys().log(&log_origin(&self.node().host, held.id()))?;
        let mut counted = run.clone();
        self.store().write(|tx| -> Result<()> {
            let receipt_no = tx.put_page_receipt(held.id(), party.no, &proved.kept)?;
            let buried = Buried::load(&tx.view(), party.no, held.id(), self.secrets().node)?;
            let mut admitted = 0_usize;
            for ((index, one), version) in (0_i64..).zip(prepared).zip(&proved.versions) {
                counted.received += 1;
                counted.verified += 1;
                let recalled = match &one {
                    Ok(one) => buried.refuses(&tx.view(), &one.object, &one.observables, Some(version.released_us))?,
                    Err(_) => false,
                };
                let outcome = match one {
                    Ok(one) if recalled => Err(recalled_since(one.object.id())),
                    Ok(object) => {
                        let object = Prepared::Object(Box::new(object));
                        let source = Source { party: party.no, party_id: party.id.as_str(), agreement: version.no };
                        let outcome = self.write_one(tx, &object, &source, Some((receipt_no, index)), now)?;
                        counted.quarantined += u64::from(object.in_quarantine() && outcome.is_ok());
                        outcome
                    }
                    Err(refusal) => Err(refusal),
                };
                match outcome {
                    Ok(Outcome::Accepted { .. } | Outcome::Merged) => counted.stored += 1,
                    Ok(Outcome::Unchanged) => counted.unchanged += 1,
                    Ok(Outcome::Conflict) => counted.conflicts += 1,
                    Err(refusal) => {
                        counted.rejected += 1;
                        if counted.rejected_lines.len() < REFUSALS_LISTED {
                            counted.rejected_lines.push(RejectedLine {
                                line: 0,
                                code: refusal.code,
                                message: format!("/objects/{index}: {}", refusal.message),
                            });
                        }
                        continue;
                    }
                }
                admitted += 1;
            }
            let outcome = match admitted {
                0 => AckOutcome::Refused,
                n if n == page.objects.len() => AckOutcome::Admitted,
                _ => AckOutcome::Partly,
            };
            let n = u64::try_from(page.objects.len()).unwrap_or(u64::MAX);
            let ack = Leaf::DeliveryAck { party: party.id.to_string(), of: page.delivery_leaf, n, outcome };
            let mut log = journal::log(tx, held.id(), key.name())?;
            journal::append(tx, &mut log, &key, &held.hash(), &ack, now)?;
            let next = InboxRow {
                after_us: page.last.as_micros(),
                checkpoint: Some(proved.note),
                last_us: Some(now.as_micros()),
                pages: position.pages.saturating_add(1),
                objects: position.objects.saturating_add(i64::try_from(admitted).unwrap_or(0)),
            };
            tx.put_inbox(held.id(), party.no, &next)?;
            Ok(())
        })?;
        counted.pages += 1;
        *run = counted;
        Ok(())
    }

    /// For each object of a page the version under which it was released, which need not be the ruling one, and when. The leaves
    /// must be releases to this party under a version of the agreement this node has signed.
    fn versions_of(&self, party: &KnownParty, held: &Held, verified: &VerifiedPage) -> Result<Vec<Under>> {
        let state = self.state()?;
        let mut versions = Vec::new();
        for leaf in &verified.leaves {
            let signed = |version: &&Held| version.id() == held.id() && version.hash() == leaf.entry.agreement;
            let under = state
                .versions
                .iter()
                .find(signed)
                // Its node was quicker to install what both have signed; the page waits until this one has.
                .ok_or_else(|| {
                    let hash = leaf.entry.agreement.to_sha256_text();
                    let message = format!(
                        "leaf {} is about a version that is not installed here ({hash}); install its signed note",
                        leaf.index
                    );
                    remote(party, "sync.unknown-version", message)
                })?;
            let to_us = matches!(&leaf.entry.leaf, Leaf::Release { party, .. } if party == self.own().as_str());
            if !to_us {
                return Err(ExchangeError::Receipt {
                    party: party.id.to_string(),
                    message: format!("leaf {} is not a release to this party", leaf.index),
                });
            }
            let released_us = leaf.entry.time.as_unix_millis().saturating_mul(1_000);
            versions.extend(std::iter::repeat_n(Under { no: under.no, released_us }, leaf.objects_count));
        }
        Ok(versions)
    }

    /// One request to another node: a GET, or a POST of `body`.
    pub(crate) fn call(&self, party: &KnownParty, link: &Link, path: &str, body: Option<&[u8]>) -> Result<Answer> {
        let secret = read_secret(&self.home_directory().directory().join(&link.secret_file))?;
        let request = WireRequest {
            url: &format!("{}/{path}", link.url.trim_end_matches('/')),
            token: &link.token,
            secret: &secret,
            body,
            content_type: "text/plain; charset=utf-8",
            accept: "application/taxii+json;version=2.1, application/json;q=0.9",
        };
        let answer = self.wire().call(&request).map_err(|error| {
            let code = match &error {
                WireError::Broken(_) => "sync.broken-answer",
                WireError::Unreachable(_) => "sync.unreachable",
            };
            remote(party, code, error.to_string())
        })?;
        if !(200..300).contains(&answer.status) {
            return Err(refusal(party, answer.status, &answer.body));
        }
        let more = more_of(&answer.body);
        let receipt = answer.header("entente-receipt");
        let receipt =
            receipt.and_then(|url| url.trim_end_matches('/').rsplit('/').next().and_then(|leaf| leaf.parse().ok()));
        let last = answer.header("x-taxii-date-added-last").map(str::to_owned);
        Ok(Answer { body: answer.body, last, receipt, more })
    }
}

impl Prepared {
    fn in_quarantine(&self) -> bool {
        self.quarantine().is_some()
    }
}

/// A page as it was fetched.
struct Page<'a> {
    objects: &'a [&'a [u8]],
    /// Its receipt, JSON.
    receipt: &'a [u8],
    /// The leaf that its giver wrote about handing it out.
    delivery_leaf: u64,
    /// Position of its last row.
    last: Timestamp,
}

/// What the receipt of a page proves, and what is kept of it.
struct Proved {
    checkpoint: Checkpoint,
    /// The checkpoint as it was signed.
    note: String,
    /// Under which version each object was released, and when, in page order.
    versions: Vec<Under>,
    /// The receipt in the form that is kept.
    kept: Vec<u8>,
}

/// Under what an object was released.
#[derive(Clone, Copy)]
struct Under {
    /// Number of the agreement's version.
    no: i64,
    /// Time of the release leaf, microseconds.
    released_us: i64,
}

pub(crate) struct Answer {
    pub(crate) body: Vec<u8>,
    last: Option<String>,
    receipt: Option<u64>,
    more: bool,
}

/// Whether the envelope says that there is more; read without parsing the objects.
fn more_of(body: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct More {
        #[serde(default)]
        more: bool,
    }
    serde_json::from_slice::<More>(body).is_ok_and(|envelope| envelope.more)
}

fn refusal(party: &KnownParty, status: u16, body: &[u8]) -> ExchangeError {
    let problem: BTreeMap<String, serde_json::Value> = serde_json::from_slice(body).unwrap_or_default();
    let text = |key: &str| problem.get(key).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    let (code, message) = match (status, text("error_code").as_str()) {
        (401, _) => ("sync.token", "its node refused the token; ask it for a new one".to_owned()),
        (403, "taxii.agreement_suspended") => ("agreement.suspended", "the agreement is suspended".to_owned()),
        (403, "taxii.agreement_ended") => ("agreement.ended", "the agreement is not in force there".to_owned()),
        (404, _) => {
            ("sync.not-found", "its node does not know the agreement yet; install the signed note there".to_owned())
        }
        (429, "limit.objects-per-day") => {
            ("limit.objects-per-day", "the daily quota is used up; the rest comes after midnight UTC".to_owned())
        }
        (429 | 503, _) => ("sync.busy", format!("its node is busy ({status})")),
        _ => ("sync.refused", format!("its node answered {status}: {}", text("title"))),
    };
    remote(party, code, message)
}

fn remote(party: &KnownParty, code: &'static str, message: String) -> ExchangeError {
    ExchangeError::Remote { party: party.id.to_string(), code, message }
}
