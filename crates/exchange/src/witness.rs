//! Being a witness and having witnesses: each party cosigns the heads of the other's logs, and keeps what the other cosigned of its own.
//!
//! The record of what was cosigned is compared and written in one transaction and is durable before the cosignature leaves the
//! process; otherwise two requests could roll it back (`ledger.md` 1.6).

use std::collections::BTreeMap;

use entente_ledger::checkpoint::Checkpoint;
use entente_ledger::cosignature;
use entente_ledger::fork::Evidence;
use entente_ledger::note::{Note, SignatureLine, VerifierKey};
use entente_ledger::witness::{AddCheckpoint, Seen, WitnessError, decide};
use entente_ledger::{Hash, UnixSeconds};
use entente_store::logs::LogRow;
use entente_store::witness::{CosignatureRow, HaltedRow, WitnessedRow};
use entente_store::{Snapshot, StoreError};

use crate::access::Credential;
use crate::error::{ExchangeError, Result};
use crate::node::{anchor_origin, log_origin};
use crate::state::{Held, KnownParty, State};
use crate::{Exchange, journal};

// LIMIT: a cosignature of a clock that runs ahead by more is not taken (c2sp.org/tlog-cosignature).
const FUTURE_S: u64 = 300;

impl Exchange {
    /// Answers `POST /witness/add-checkpoint`: cosigns the checkpoint of a log of another party, or says why not.
    ///
    /// # Errors
    /// [`ExchangeError::Store`] when the record could not be made durable; nothing is cosigned then.
    pub fn add_checkpoint(&self, body: &[u8]) -> Result<Result<String, WitnessError>> {
        let request = match AddCheckpoint::parse(body) {
            Ok(request) => request,
            Err(error) => return Ok(Err(error)),
        };
        let answer = self.cosign(&request)?;
        if let Err(error) = &answer
            && error.is_evidence()
        {
            self.keep_request(&request)?;
        }
        Ok(answer.map(|line| format!("{line}\n")))
    }

    /// Cosigns what a request asks for: one transaction reads the record, decides, and writes the new record.
    pub(crate) fn cosign(&self, request: &AddCheckpoint) -> Result<Result<SignatureLine, WitnessError>> {
        let origin = request.checkpoint().origin();
        let keys = self.trusted_keys(origin)?;
        let now = self.now();
        let time = UnixSeconds(u64::try_from(now.as_micros().div_euclid(1_000_000)).unwrap_or(0));
        self.store().write(|tx| {
            let held = tx.view().witnessed(origin)?;
            let seen = held.map(|row| Seen { size: u64::try_from(row.size).unwrap_or(0), root: Hash(row.root) });
            let next = match decide(request, &keys, seen) {
                Ok(next) => next,
                Err(error) => return Ok(Err(error)),
            };
            let text = request.note().text();
            let line = self.keys().witness().cosign(text, time);
            let of_note = |e: entente_ledger::note::NoteError| StoreError::Damaged(e.to_string());
            let mut note = Note::new(text).map_err(of_note)?;
            // Lines of strangers are not kept: what is served is the log's signature and this witness's.
            for known in request.note().signatures().iter().filter(|line| keys.iter().any(|key| key.matches(line))) {
                note.add(known.clone()).map_err(of_note)?;
            }
            note.add(line.clone()).map_err(of_note)?;
            let row = WitnessedRow {
                size: i64::try_from(next.size).unwrap_or(i64::MAX),
                root: next.root.0,
                note: String::from_utf8(note.to_bytes()).map_err(|e| StoreError::Damaged(e.to_string()))?,
                at_us: now.as_micros(),
            };
            let old = i64::try_from(request.old()).unwrap_or(i64::MAX);
            if !tx.put_witnessed(origin, old, &row)? {
                return Err(ExchangeError::Store(StoreError::Conflict));
            }
            Ok(Ok(line))
        })
    }

    /// Keeps a refused request that the log has signed. Anybody who has seen a checkpoint can send it with a broken proof, so only two
    /// roots for one size stop the exchange with the log's party; the rest is kept for a person to look at.
    fn keep_request(&self, request: &AddCheckpoint) -> Result<()> {
        let origin = request.checkpoint().origin();
        let keys = self.trusted_keys(origin)?;
        let Some(row) = self.store().read(|s| s.witnessed(origin))? else { return Ok(()) };
        let later = String::from_utf8(request.note().to_bytes()).unwrap_or_default();
        let Some(at) = self.leaf_time() else { return Ok(()) };
        if let Ok(Some(evidence)) = Evidence::of(&row.note, &later, request.proof(), &keys, at) {
            let state = self.state()?;
            match state.parties.iter().find(|party| party.no != 0 && owns(party, origin)) {
                Some(party) if evidence.finding().is_self_contained() => {
                    self.suspect(party, &evidence)?;
                }
                _ => {
                    let file = self.save_evidence(&evidence)?;
                    tracing::warn!(
                        log.origin = origin,
                        "a request to cosign does not fit what was cosigned; kept in {file}"
                    );
                }
            }
        }
        Ok(())
    }

    /// The keys that may sign the checkpoints of a log of another party; empty when the log is none of a common agreement.
    pub(crate) fn trusted_keys(&self, origin: &str) -> Result<Vec<VerifierKey>> {
        let state = self.state()?;
        for party in state.parties.iter().filter(|party| party.no != 0 && owns(party, origin)) {
            if origin == anchor_origin(&party.card.node) {
                return Ok(vec![party.card.key_of_log(origin)?]);
            }
            for held in state.versions.iter().rev().filter(|held| held.names(self.own())) {
                if let Some(key) = log_key_in(held, party)
                    && key.name() == origin
                {
                    return self.believed(origin, &key);
                }
            }
        }
        Ok(Vec::new())
    }

    /// The last cosigned checkpoint of the log whose origin has this SHA-256 (64 hexadecimal digits), for a party that may know of it.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn witnessed_checkpoint(&self, credential: &Credential, origin_hash: &str) -> Result<Option<String>> {
        let state = self.state()?;
        self.store().read(|s| {
            let wanted = |origin: &&String| Hash::of(origin.as_bytes()).hex() == origin_hash;
            let origins = s.witnessed_origins()?;
            let Some(origin) = origins.iter().find(wanted) else { return Ok(None) };
            if !credential.staff && !self.may_know(&state, credential, origin) {
                return Ok(None);
            }
            Ok(s.witnessed(origin)?.map(|row| row.note))
        })
    }

    /// Whether a party takes part in the agreement whose log this is, or runs the log.
    fn may_know(&self, state: &State, credential: &Credential, origin: &str) -> bool {
        let own_log = state.party(credential.party.as_str()).is_some_and(|party| owns(party, origin));
        own_log
            || state.versions.iter().any(|held| {
                held.names(&credential.party)
                    && state.parties.iter().any(|party| log_origin(&party.card.node, held.id()) == origin)
            })
    }

    /// Takes the cosignatures that another party brings for this node's log of an agreement: the checkpoint as this node signed it, with
    /// the lines of its witnesses. Returns how many leaves they cover.
    ///
    /// A checkpoint of this node's own that is larger than its log, or has another root, halts the log: the store was rolled back.
    ///
    /// # Errors
    /// [`ExchangeError::UnknownAgreement`] when the caller is not a party or there is no log, [`ExchangeError::Rollback`],
    /// [`ExchangeError::Format`] when the note is none or no witness of the agreement has signed it, [`ExchangeError::Store`].
    pub fn accept_cosignature(&self, credential: &Credential, agreement: &str, note: &[u8]) -> Result<u64> {
        let held = self.held(agreement)?;
        let unknown = || ExchangeError::UnknownAgreement(agreement.to_owned());
        if !credential.staff && !held.names(&credential.party) {
            return Err(unknown());
        }
        let refused = |message: String| ExchangeError::Format { code: "witness.cosignature", message };
        let log = self.store().read(|s| s.log(agreement))?.ok_or_else(unknown)?;
        let text = std::str::from_utf8(note).map_err(|e| refused(e.to_string()))?;
        let claimed = Checkpoint::claimed(note).map_err(|e| refused(e.to_string()))?;
        if claimed.origin() != log.origin {
            return Err(refused(format!("it is about `{}`", claimed.origin())));
        }
        self.compare_own(&log, text, credential.party.as_str())?;
        let parsed = Note::parse(note).map_err(|e| refused(e.to_string()))?;
        if self.store().read(|s| journal::root_at(s, &log, claimed.size()))? != Some(claimed.root()) {
            return Err(refused("this node did not sign that checkpoint".to_owned()));
        }
        let now = self.now();
        let latest = u64::try_from(now.as_micros().div_euclid(1_000_000)).unwrap_or(0).saturating_add(FUTURE_S);
        let mut rows = Vec::new();
        for key in self.witnesses_of(&held)?.into_values() {
            let lines = parsed.signatures().iter().filter(|line| key.matches(line));
            for line in lines.filter(|line| cosignature::time(line).is_some_and(|time| time.0 <= latest)) {
                if parsed.verify(std::slice::from_ref(&key)).is_ok() {
                    rows.push(CosignatureRow {
                        witness: key.to_string(),
                        size: i64::try_from(claimed.size()).unwrap_or(i64::MAX),
                        line: line.to_string(),
                        at_us: now.as_micros(),
                    });
                }
            }
        }
        if rows.is_empty() {
            return Err(refused("no witness of the agreement has cosigned it".to_owned()));
        }
        self.store().write(|tx| rows.iter().try_for_each(|row| tx.put_cosignature(log.no, row)))?;
        Ok(claimed.size())
    }

    /// Compares a checkpoint of this node's own log, as somebody else holds it, with the log. One that this node has signed and that
    /// the log does not contain halts the log.
    pub(crate) fn compare_own(&self, log: &LogRow, note: &str, holder: &str) -> Result<()> {
        let keys = self.log_verifiers(&log.origin)?;
        let Ok(theirs) = journal::open_checkpoint(note, &keys) else { return Ok(()) };
        let own = u64::try_from(log.signed_size).unwrap_or(0);
        let problem = if theirs.size() > own {
            format!("`{holder}` holds its signed checkpoint of {} leaves, the store has {own}", theirs.size())
        } else if self.store().read(|s| journal::root_at(s, log, theirs.size()))? != Some(theirs.root()) {
            format!("`{holder}` holds another signed root for {} leaves", theirs.size())
        } else {
            return Ok(());
        };
        let row = HaltedRow {
            agreement: log.agreement.clone(),
            reason: problem.clone(),
            note: note.to_owned(),
            at_us: self.now().as_micros(),
        };
        self.store().write(|tx| tx.halt(&row))?;
        tracing::error!(agreement.id = log.agreement, "log halted: {problem}");
        Err(ExchangeError::Rollback { agreement: log.agreement.clone(), problem })
    }

    /// The witness keys of the other parties of an agreement, by party: those of the text, else those of the cards.
    pub(crate) fn witnesses_of(&self, held: &Held) -> Result<BTreeMap<String, VerifierKey>> {
        let state = self.state()?;
        let mut found = BTreeMap::new();
        for party in held.agreement.terms().parties.iter().filter(|party| party.id != *self.own()) {
            let card = || state.party(party.id.as_str()).and_then(|known| known.card.witness_vkey.clone());
            if let Some(key) = party.witness_vkey.clone().or_else(card)
                && let Ok(key) = VerifierKey::parse(&key)
            {
                found.insert(party.id.to_string(), key);
            }
        }
        Ok(found)
    }

    /// Refuses a delivery whose newest release is not covered by as many cosignatures as the text asks for.
    pub(crate) fn check_quorum(&self, s: &Snapshot<'_>, held: &Held, head: i64, seqs: &[i64]) -> Result<()> {
        let needed = held.agreement.terms().audit.witness_quorum;
        if needed == 0 {
            return Ok(());
        }
        let Some(log) = s.log(held.id())? else { return Ok(()) };
        let mut newest = 0_i64;
        for seq in seqs {
            newest = newest.max(s.manifest_row(head, *seq)?.map_or(0, |row| row.leaf));
        }
        let have = s.cosignatures(log.no)?.iter().filter(|row| row.size > newest).count();
        if have >= usize::from(needed) {
            return Ok(());
        }
        Err(ExchangeError::Quorum { agreement: held.id().to_owned(), have, needed })
    }
}

/// The last signed checkpoint of a log with the cosignatures that are on it.
pub(crate) fn with_cosignatures(s: &Snapshot<'_>, log: &LogRow) -> Result<String> {
    let mut text = log.checkpoint.clone();
    for row in s.cosignatures(log.no)?.into_iter().filter(|row| row.size == log.signed_size) {
        text.push_str(&row.line);
        text.push('\n');
    }
    Ok(text)
}

/// The ledger key that the text of an agreement names for a party.
pub(crate) fn log_key_in(held: &Held, party: &KnownParty) -> Option<VerifierKey> {
    let named = held.agreement.terms().parties.iter().find(|named| named.id == party.id)?;
    VerifierKey::parse(named.log_vkey.as_deref()?).ok()
}

/// Whether a log is run by a party's node.
fn owns(party: &KnownParty, origin: &str) -> bool {
    origin.split_once('/').is_some_and(|(host, _)| host == party.card.node)
}
