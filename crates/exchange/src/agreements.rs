//! Agreements at this node: installing signed notes, suspending and resuming, and the leaves that record it.

use entente_agreement::{Agreement, AgreementId, Notice, Terms, Verb};
use entente_ledger::Hash;
use entente_ledger::leaf::{AgreementState, Leaf};
use entente_ledger::note::Note;
use entente_stix::Timestamp;

use crate::access::{Credential, setting};
use crate::error::{ExchangeError, Result};
use crate::node::log_origin;
use crate::state::{Held, State, word};
use crate::{Exchange, consent, journal};

/// What installing a note did.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Installed {
    /// Agreement id.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// `sha256:…` of the text.
    pub hash: String,
    /// State word now.
    pub state: String,
    /// False when this version was already held.
    pub new: bool,
}

/// Refuses a version that does not follow the newest one held (A21).
pub(crate) fn follows(held: &Held, terms: &Terms) -> Result<()> {
    let known = held.agreement.terms();
    if terms.version > known.version && terms.supersedes == Some(known.hash) {
        return Ok(());
    }
    Err(ExchangeError::Replay { id: terms.id.to_string(), version: terms.version.into(), held: known.version.into() })
}

/// The keys a releasing node uses under one agreement; they never leave it.
pub(crate) fn secret_keys(exchange: &Exchange, agreement: &str) -> Result<entente_agreement::Keys> {
    let id = setting(exchange.store(), exchange.random_source(), &format!("key:{agreement}:id"))?;
    let victim = setting(exchange.store(), exchange.random_source(), &format!("key:{agreement}:victim"))?;
    Ok(entente_agreement::Keys::new(&id, &victim))
}

impl Exchange {
    /// Installs an agreement that every party has signed, and records it in the agreement's log.
    ///
    /// # Errors
    /// [`ExchangeError::Agreement`] for every fault of the note (A21), [`ExchangeError::Replay`] for a version that is not newer,
    /// [`ExchangeError::NotAParty`], [`ExchangeError::UnknownParty`] when a party's card is missing or carries another key.
    pub fn install_agreement(&self, note: &[u8]) -> Result<Installed> {
        self.install_shown(note, None, None)
    }

    /// Refuses a text that this node is no party of, or that names other keys than the cards that were exchanged by hand.
    pub(crate) fn check_parties(&self, state: &State, agreement: &Agreement) -> Result<()> {
        let terms = agreement.terms();
        let id = terms.id.as_str();
        if !terms.parties.iter().any(|party| party.id == *self.own()) {
            return Err(ExchangeError::NotAParty(id.to_owned()));
        }
        if agreement.uses_example_keys() {
            return Err(ExchangeError::Card("the agreement is signed with the published example keys".to_owned()));
        }
        for party in &terms.parties {
            let known =
                state.party(party.id.as_str()).ok_or_else(|| ExchangeError::UnknownParty(party.id.to_string()))?;
            if known.card.vkey != party.vkey {
                return Err(ExchangeError::Card(format!(
                    "the agreement names another key for `{}` than its card",
                    party.id
                )));
            }
            // A text with another witness key would make a stranger's cosignatures count.
            if let (Some(named), Some(known)) = (&party.witness_vkey, &known.card.witness_vkey)
                && named != known
            {
                return Err(ExchangeError::Card(format!(
                    "the agreement names another witness key for `{}` than its card",
                    party.id
                )));
            }
            // Receipts are verified with the key of the text, so it must be the one that was exchanged by hand.
            if let Some(log_vkey) = &party.log_vkey
                && *log_vkey != known.card.log_vkey(id)?
            {
                return Err(ExchangeError::Card(format!(
                    "the agreement names another ledger key for `{}` than its card",
                    party.id
                )));
            }
        }
        Ok(())
    }

    /// Installs an agreement; `compare` and `simulate` are the hashes of what was shown before it was signed here.
    pub(crate) fn install_shown(
        &self,
        note: &[u8],
        compare: Option<Hash>,
        simulate: Option<Hash>,
    ) -> Result<Installed> {
        let state = self.state()?;
        let opened = Agreement::open_partial(note).map_err(ExchangeError::Agreement)?;
        let newest = state.versions.iter().rfind(|held| held.id() == opened.id().as_str());
        if let Some(held) = newest.filter(|held| held.hash().0 == opened.terms().hash) {
            let terms = held.agreement.terms();
            return Ok(Installed {
                id: terms.id.to_string(),
                version: terms.version,
                hash: held.hash().to_sha256_text(),
                state: word(held.agreement.state(self.now())).to_owned(),
                new: false,
            });
        }
        let agreement = match newest.filter(|held| held.agreement.terms().version < opened.terms().version) {
            Some(before) => Agreement::open_next(note, &before.agreement),
            None => Agreement::open(note),
        };
        let agreement = agreement.map_err(ExchangeError::Agreement)?;
        let terms = agreement.terms().clone();
        let id = terms.id.as_str();
        self.check_parties(&state, &agreement)?;
        let text =
            String::from_utf8(note.to_vec()).map_err(|_| ExchangeError::Notice("the note is not UTF-8".to_owned()))?;
        let installed = Installed {
            id: id.to_owned(),
            version: terms.version,
            hash: Hash(terms.hash).to_sha256_text(),
            state: word(agreement.state(self.now())).to_owned(),
            new: true,
        };
        if let Some(held) = newest {
            follows(held, &terms)?;
        }
        secret_keys(self, id)?;
        let hash = Hash(terms.hash);
        let leaf = Leaf::Agreement { state: AgreementState::Countersigned, text: hash, compare, simulate };
        let key = self.keys().log(&log_origin(&self.node().host, id))?;
        let now = self.now();
        self.store().write(|tx| -> Result<()> {
            tx.put_agreement(id, i64::from(terms.version), &terms.hash, &text, now.as_micros())?;
            let mut log = journal::log(tx, id, key.name())?;
            journal::append(tx, &mut log, &key, &hash, &leaf, now)?;
            Ok(())
        })?;
        self.tick()?;
        Ok(installed)
    }

    /// Suspends an agreement: no release and no delivery from now on, at this node at once, at the other with the next contact.
    ///
    /// # Errors
    /// [`ExchangeError::UnknownAgreement`], [`ExchangeError::State`] when it is already suspended or over.
    pub fn suspend(&self, agreement: &str, reason: &str) -> Result<()> {
        let at = self.time_of_notice(agreement)?;
        let verb = Verb::Suspend { party: self.own().clone(), at, reason: reason.to_owned() };
        self.declare(agreement, &verb).map(|_| ())
    }

    /// Lifts this party's suspension of an agreement.
    ///
    /// # Errors
    /// [`ExchangeError::UnknownAgreement`], [`ExchangeError::State`] when it is not suspended.
    pub fn resume(&self, agreement: &str) -> Result<()> {
        let at = self.time_of_notice(agreement)?;
        self.declare(agreement, &Verb::Resume { party: self.own().clone(), at }).map(|_| ())
    }

    /// Ends an agreement, at the earliest after the days of notice of its text.
    ///
    /// # Errors
    /// [`ExchangeError::UnknownAgreement`], [`ExchangeError::State`] when it is over, [`ExchangeError::Notice`] when it would end too
    /// soon.
    pub fn terminate(&self, agreement: &str, effective: Timestamp, reason: &str) -> Result<()> {
        let at = self.time_of_notice(agreement)?;
        let verb = Verb::Terminate { party: self.own().clone(), at, effective, reason: reason.to_owned() };
        self.declare(agreement, &verb).map(|_| ())
    }

    /// The earliest instant at which this party can end an agreement.
    ///
    /// # Errors
    /// [`ExchangeError::UnknownAgreement`].
    pub fn earliest_end(&self, agreement: &str) -> Result<Timestamp> {
        let days = i64::from(self.held(agreement)?.agreement.terms().termination.notice_days);
        // One minute is left for the person who confirms.
        let notice = days.saturating_mul(86_400_000_000).saturating_add(60_000_000);
        Ok(self.now().saturating_add_micros(notice).floor_to(1_000_000).saturating_add_micros(1_000_000))
    }

    /// Signs a notice about the version that rules, keeps it and hands it over; returns the hash of its text.
    ///
    /// What stops an agreement, or lifts that, counts for the versions that are signed to follow too: they would otherwise begin as
    /// if nothing had been said.
    pub(crate) fn declare(&self, agreement: &str, verb: &Verb) -> Result<Hash> {
        let ruling = self.held(agreement)?;
        consent::possible(&ruling, verb, self.own(), self.now())?;
        let hash = self.sign_and_accept(&ruling, &Notice::new(ruling.agreement.terms(), verb.clone()))?;
        if matches!(verb, Verb::Suspend { .. } | Verb::Resume { .. } | Verb::Terminate { .. }) {
            let state = self.state()?;
            let version = ruling.agreement.terms().version;
            let later =
                state.versions.iter().filter(|held| held.id() == agreement && held.agreement.terms().version > version);
            for held in later.filter(|held| consent::possible(held, verb, self.own(), self.now()).is_ok()) {
                self.sign_and_accept(held, &Notice::new(held.agreement.terms(), verb.clone()))?;
            }
        }
        self.announce(agreement);
        Ok(hash)
    }

    pub(crate) fn sign_and_accept(&self, held: &Held, notice: &Notice) -> Result<Hash> {
        let refused = |message: String| ExchangeError::Notice(message);
        let signed = notice.sign(self.keys().agreement()).map_err(|e| refused(e.to_string()))?;
        self.accept(held, &signed)?;
        Ok(Note::parse(&signed).map_err(|e| refused(e.to_string()))?.text_hash())
    }

    /// The instant to be written into a notice of this party: now, but after every other that it has signed about this agreement. A
    /// notice that is not newer than the last one counts for nothing, and a clock that stepped back must not keep anybody from
    /// suspending (A43).
    fn time_of_notice(&self, agreement: &str) -> Result<Timestamp> {
        let notices = self.store().read(|s| s.notices(agreement))?;
        let ours = notices.iter().filter_map(|note| match Notice::open(note.as_bytes()).ok()?.1.verb {
            Verb::Suspend { party, at, .. } | Verb::Resume { party, at } if party == *self.own() => Some(at),
            _ => None,
        });
        let now = self.now();
        Ok(ours.max().map_or(now, |last| now.max(last.saturating_add_micros(1_000))))
    }

    /// Accepts a notice that another party of the agreement signed.
    ///
    /// # Errors
    /// [`ExchangeError::UnknownAgreement`] when the sender is not a party, [`ExchangeError::Notice`] for every fault of the note.
    pub fn accept_notice(&self, credential: &Credential, agreement: &str, note: &[u8]) -> Result<()> {
        let mut held = self.held(agreement)?;
        if !held.names(&credential.party) {
            return Err(ExchangeError::UnknownAgreement(agreement.to_owned()));
        }
        // A notice about a version that was replaced meanwhile is history: it is kept, and changes nothing that rules now.
        if let Ok((_, notice)) = Notice::open(note) {
            let state = self.state()?;
            let mut named = state.versions.iter().rev().filter(|known| notice.concerns(known.agreement.terms()));
            let named = match &notice.verb {
                // It is verified where the key it replaces still signs.
                Verb::RotateKey { party, old, .. } => {
                    named.find(|known| known.agreement.key_of(party).is_some_and(|key| key == **old))
                }
                _ => named.next(),
            };
            held = named.cloned().unwrap_or(held);
        }
        self.accept(&held, note)
    }

    /// Verifies a notice against the agreement, stores it and appends its leaf. The same notice twice has no second effect (A36).
    pub(crate) fn accept(&self, held: &Held, note: &[u8]) -> Result<()> {
        let refused = |message: String| ExchangeError::Notice(message);
        let text = std::str::from_utf8(note).map_err(|e| refused(e.to_string()))?;
        let digest = Hash::of(note);
        let known = self.store().read(|s| s.notices(held.id()))?;
        if known.iter().any(|earlier| earlier == text) {
            return Ok(());
        }
        let mut agreement = held.agreement.clone();
        let notice = agreement.apply_notice(note).map_err(|e| refused(e.to_string()))?;
        let note_hash = Note::parse(note).map_err(|e| refused(e.to_string()))?.text_hash();
        let leaf = match notice.verb {
            Verb::Suspend { .. } => Some(Leaf::Suspend { note: note_hash }),
            Verb::Resume { .. } => Some(Leaf::Resume { note: note_hash }),
            Verb::Terminate { .. } => Some(Leaf::Terminate { note: note_hash }),
            Verb::Consent { .. } => Some(Leaf::Consent { note: note_hash }),
            Verb::ConsentWithdraw { .. } => Some(Leaf::ConsentWithdraw { note: note_hash }),
            Verb::RotateKey { .. } => Some(Leaf::Key { note: note_hash }),
            // Asking changes nothing that a log would have to prove.
            Verb::ConsentRequest { .. } => None,
            _ => return Err(refused("this version does not handle this verb".to_owned())),
        };
        let state = self.state()?;
        let key = self.keys().log(&log_origin(&self.node().host, held.id()))?;
        let now = self.now();
        self.store().write(|tx| -> Result<()> {
            if tx.put_notice(held.id(), &digest.0, text, now.as_micros())? {
                if let Some(leaf) = &leaf {
                    let mut log = journal::log(tx, held.id(), key.name())?;
                    journal::append(tx, &mut log, &key, &held.hash(), leaf, now)?;
                }
                consent::follow(tx, &state, self.own(), &agreement, &notice)?;
            }
            Ok(())
        })
    }

    /// The signed note of an agreement, for a party of it.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn agreement_note(&self, credential: &Credential, agreement: &str) -> Result<Option<String>> {
        let state = self.state()?;
        Ok(state
            .current(agreement, self.now())
            .filter(|held| credential.staff || held.names(&credential.party))
            .map(|held| held.note.clone()))
    }

    /// All notices of an agreement that this node holds, for a party of it.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn notices(&self, credential: &Credential, agreement: &str) -> Result<Option<Vec<String>>> {
        let state = self.state()?;
        match state.current(agreement, self.now()) {
            Some(held) if credential.staff || held.names(&credential.party) => {
                Ok(Some(self.store().read(|s| s.notices(agreement))?))
            }
            _ => Ok(None),
        }
    }

    /// The last signed checkpoint of an agreement's log, for a party of it.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn checkpoint(&self, credential: &Credential, agreement: &str) -> Result<Option<String>> {
        let state = self.state()?;
        match state.current(agreement, self.now()) {
            Some(held) if credential.staff || held.names(&credential.party) => {
                self.store().read(|s| match s.log(agreement)? {
                    Some(log) => crate::witness::with_cosignatures(s, &log).map(Some),
                    None => Ok(None),
                })
            }
            _ => Ok(None),
        }
    }

    /// The proof that an agreement's log of `old` leaves is the beginning of that of `new` leaves, for a party of it.
    ///
    /// `None` also when nothing can be proved: `old` is 0 or above `new`, or `new` is above the size that is signed.
    ///
    /// # Errors
    /// [`ExchangeError::Store`], [`ExchangeError::LedgerHalted`].
    pub fn consistency(
        &self,
        credential: &Credential,
        agreement: &str,
        old: u64,
        new: u64,
    ) -> Result<Option<Vec<Hash>>> {
        let state = self.state()?;
        match state.current(agreement, self.now()) {
            Some(held) if credential.staff || held.names(&credential.party) => {
                self.store().read(|s| match s.log(agreement)? {
                    Some(log) => journal::prove_growth(s, &log, old, new),
                    None => Ok(None),
                })
            }
            _ => Ok(None),
        }
    }

    /// Recomputes the tree of every log of this node from its leaves.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn verify_logs(&self) -> Result<Vec<crate::LogCheck>> {
        let logs = self.store().read(|s| s.logs())?;
        logs.iter()
            .map(|log| {
                let keys = self.log_verifiers(&log.origin)?;
                self.store().read(|s| journal::check(s, log, &keys))
            })
            .collect()
    }

    pub(crate) fn held(&self, agreement: &str) -> Result<Held> {
        let state = self.state()?;
        let known = AgreementId::parse(agreement).and_then(|id| state.current(id.as_str(), self.now()).cloned());
        known.ok_or_else(|| ExchangeError::UnknownAgreement(agreement.to_owned()))
    }

    /// The ruling agreements of this node.
    pub(crate) fn ruling(&self, state: &State) -> Vec<Held> {
        state.all_current(self.now()).into_iter().filter(|held| held.names(self.own())).cloned().collect()
    }
}
