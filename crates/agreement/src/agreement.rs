//! One agreement: its terms, its note, the notices received since, and the state that follows from them.
//!
//! State is computed from notes and the clock only (section 14.1 of the format); nothing here can be set.

use std::sync::Arc;

use entente_ledger::note::{Note, SigningKey, VerifierKey};
use entente_stix::Timestamp;
use sha2::{Digest, Sha256};

use crate::accession;
use crate::error::TextError;
use crate::hex;
use crate::ids::{AgreementId, PartyId};
use crate::notice::{Consent, ConsentRequest, Notice, NoticeError, Verb};
use crate::terms::{CommunityMember, Party, Terms};
use crate::text;

/// Names a state of an agreement (section 14.1 of the format).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Nobody has signed.
    Draft,
    /// Some parties have signed.
    Offered,
    /// All have signed; `valid_from` is not reached.
    Countersigned,
    /// Releases are possible.
    InForce,
    /// A later version is in force.
    Amended,
    /// At least one party has suspended it.
    Suspended,
    /// `valid_to` is reached.
    Expired,
    /// A termination has taken effect.
    Terminated,
    /// It has, and every recipient has certified that what it received is gone.
    Closed,
}

impl State {
    /// Returns the name, for example `in-force`.
    pub const fn name(self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::Offered => "offered",
            State::Countersigned => "countersigned",
            State::InForce => "in-force",
            State::Amended => "amended",
            State::Suspended => "suspended",
            State::Expired => "expired",
            State::Terminated => "terminated",
            State::Closed => "closed",
        }
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Holds an agreement with everything its state follows from.
///
/// Cloning copies the notices and shares the terms.
#[derive(Clone, Debug)]
pub struct Agreement {
    terms: Arc<Terms>,
    note: Option<Note>,
    /// Parties that have signed the text, bit = position.
    signed: u64,
    /// Parties whose signatures make the text complete: all, or the lead and the newcomers of an accession.
    required: u64,
    /// Parties that have suspended and not resumed, bit = position.
    suspended: u64,
    /// Earliest instant at which a termination takes effect.
    terminated_at: Option<Timestamp>,
    /// Instant from which a later version replaces this one.
    superseded_at: Option<Timestamp>,
    /// Last suspend or resume per party, against replays.
    last_switch: Vec<(u32, Timestamp)>,
    /// Parties that have certified deletion, bit = position.
    pub(crate) certified: u64,
    consents: Vec<Consent>,
    /// Stands for a simulation only; see [`Agreement::supposed`].
    supposed: bool,
    requests: Vec<ConsentRequest>,
    /// Keys that took the place of those in the text, by position of the party; the last one of a party rules.
    rotated: Vec<(u32, VerifierKey)>,
}

impl Agreement {
    /// Opens a complete agreement: a note that every party of its text has signed.
    ///
    /// # Errors
    ///
    /// Every error of the first failing stage: `note.…`, `text.…`, `agr.…`; `agr.party-unsigned` per missing party,
    /// `agr.wrong-key` where a line carries a party's key name with another key.
    pub fn open(note: &[u8]) -> Result<Agreement, Vec<TextError>> {
        Agreement::open_partial(note)?.complete()
    }

    /// Opens the version that follows `before`, complete: signed by every party or, where the text before says `accession =
    /// "lead"` and this one differs from it only by added parties, by the lead and the newcomers (section 4.8 of the format).
    ///
    /// # Errors
    ///
    /// As [`Agreement::open`]; also those of [`Agreement::supersede`].
    pub fn open_next(note: &[u8], before: &Agreement) -> Result<Agreement, Vec<TextError>> {
        Agreement::open_partial(note)?.following(before).complete()
    }

    /// Takes the rule for accessions into account, so that [`Agreement::unsigned`] names whose signatures are still needed.
    #[must_use]
    pub fn following(mut self, before: &Agreement) -> Agreement {
        if before.is_complete()
            && let Some(newcomers) = accession::newcomers(&self.terms, &before.terms)
        {
            let lead = self.terms.operation.as_ref().and_then(|operation| self.terms.position(&operation.lead));
            let needed = newcomers.iter().filter_map(|id| self.terms.position(id)).chain(lead);
            self.required = needed.fold(0, |bits, at| bits | bit(at));
        }
        self
    }

    fn complete(self) -> Result<Agreement, Vec<TextError>> {
        let unsigned: Vec<TextError> = self
            .unsigned()
            .map(|party| TextError::new("agr.party-unsigned", 0, format!("`{}` has not signed", party.id)))
            .collect();
        if unsigned.is_empty() { Ok(self) } else { Err(unsigned) }
    }

    /// Opens an offered agreement: a note with valid signatures of some of its parties.
    ///
    /// # Errors
    ///
    /// As [`Agreement::open`], without `agr.party-unsigned`.
    pub fn open_partial(note: &[u8]) -> Result<Agreement, Vec<TextError>> {
        let (parsed, terms) = text::open(note)?;
        let keys = party_keys(&terms)?;
        let foreign = keys.iter().zip(&terms.parties).find_map(|(key, party)| {
            let named = parsed.signatures().iter().any(|line| line.name() == key.name() && !key.matches(line));
            let signed = parsed.signatures().iter().any(|line| key.matches(line));
            (named && !signed).then(|| {
                let message = format!("a signature says `{}`, but not by the key of `{}`", key.name(), party.id);
                TextError::new("agr.wrong-key", 0, message)
            })
        });
        if let Some(error) = foreign {
            return Err(vec![error]);
        }
        let signers = parsed.verify(&keys).map_err(|error| vec![text::note_error(&error, note)])?;
        let mut agreement = Agreement::of_terms(terms);
        agreement.signed = signers.iter().filter_map(|at| u32::try_from(*at).ok()).fold(0, |bits, at| bits | bit(at));
        agreement.note = Some(parsed);
        Ok(agreement)
    }

    /// Holds a text that nobody has signed, for simulation and drafting.
    ///
    /// # Errors
    ///
    /// As [`Terms::parse`].
    pub fn draft(text: &str) -> Result<Agreement, Vec<TextError>> {
        Ok(Agreement::of_terms(Terms::parse(text)?))
    }

    fn of_terms(terms: Terms) -> Agreement {
        Agreement::of_shared(Arc::new(terms))
    }

    fn of_shared(terms: Arc<Terms>) -> Agreement {
        Agreement {
            terms,
            note: None,
            signed: 0,
            required: u64::MAX,
            suspended: 0,
            terminated_at: None,
            superseded_at: None,
            last_switch: Vec::new(),
            certified: 0,
            consents: Vec::new(),
            supposed: false,
            requests: Vec::new(),
            rotated: Vec::new(),
        }
    }

    /// Supposes that every party had signed this text, nobody had suspended it, and it was valid at any time.
    ///
    /// For simulation (section 12 of the format): [`crate::decide()`] takes it as if it were in force. It is a draft otherwise: it
    /// has no note, its [`State`] is [`State::Draft`], and it takes no notices.
    #[must_use]
    pub fn supposed(&self) -> Agreement {
        Agreement { supposed: true, ..Agreement::of_shared(Arc::clone(&self.terms)) }
    }

    /// Returns the terms.
    pub fn terms(&self) -> &Arc<Terms> {
        &self.terms
    }

    /// Returns the name of the agreement.
    pub fn id(&self) -> &AgreementId {
        &self.terms.id
    }

    /// Returns the signed note; `None` for a draft.
    pub fn note(&self) -> Option<&Note> {
        self.note.as_ref()
    }

    /// Iterates over the parties whose signatures are needed and missing.
    pub fn unsigned(&self) -> impl Iterator<Item = &Party> {
        let positions = self.terms.parties.iter().zip(0_u32..);
        positions.filter(|(_, at)| self.required & !self.signed & bit(*at) != 0).map(|(party, _)| party)
    }

    /// Tells whether a party has signed the text.
    pub fn has_signed(&self, party: &PartyId) -> bool {
        self.terms.position(party).is_some_and(|at| self.signed & bit(at) != 0)
    }

    /// Returns the state at `now`.
    pub fn state(&self, now: Timestamp) -> State {
        if self.signed == 0 {
            State::Draft
        } else if !self.is_complete() {
            State::Offered
        } else if self.terminated_at.is_some_and(|at| at <= now) {
            if self.is_certified() { State::Closed } else { State::Terminated }
        } else if now >= self.terms.valid_to {
            State::Expired
        } else if self.superseded_at.is_some_and(|at| at <= now) {
            State::Amended
        } else if self.suspended != 0 {
            State::Suspended
        } else if now < self.terms.valid_from {
            State::Countersigned
        } else {
            State::InForce
        }
    }

    /// Tells whether the agreement is signed, not suspended, not terminated and not replaced; the validity is not asked.
    pub(crate) fn is_standing(&self, now: Timestamp) -> bool {
        self.supposed
            || (self.is_complete()
                && self.suspended == 0
                && self.terminated_at.is_none_or(|at| now < at)
                && self.superseded_at.is_none_or(|at| now < at))
    }

    /// Tells whether `now` lies in the validity of the text.
    pub(crate) fn is_valid(&self, now: Timestamp) -> bool {
        self.supposed || (self.terms.valid_from <= now && now < self.terms.valid_to)
    }

    fn is_complete(&self) -> bool {
        self.unsigned().next().is_none()
    }

    /// Lists the parties that have suspended the agreement and not resumed it.
    pub fn suspended_by(&self) -> Vec<&PartyId> {
        let positions = self.terms.parties.iter().zip(0_u32..);
        positions.filter(|(_, at)| self.suspended & bit(*at) != 0).map(|(party, _)| &party.id).collect()
    }

    /// Returns the earliest instant at which a termination takes effect.
    pub fn terminated_at(&self) -> Option<Timestamp> {
        self.terminated_at
    }

    /// Marks this version as replaced from the later version's `valid_from` on.
    ///
    /// # Errors
    ///
    /// As [`Terms::check_successor`]; also `agr.party-unsigned` if the later version is not completely signed.
    pub fn supersede(&mut self, later: &Agreement) -> Result<(), TextError> {
        later.terms.check_successor(Some(&self.terms))?;
        if later.terms.hash == self.terms.hash {
            return Err(TextError::new("agr.replay", 0, "a version does not replace itself"));
        }
        if !later.is_complete() {
            return Err(TextError::new("agr.party-unsigned", 0, "the later version is not signed by every party"));
        }
        let from = later.terms.valid_from;
        self.superseded_at = Some(self.superseded_at.map_or(from, |known| known.min(from)));
        Ok(())
    }

    /// Applies a one-line note: suspend, resume, terminate, rotation of a key, consent, its withdrawal, or the request for one
    /// (section 4.9 of the format).
    ///
    /// After a rotation the old key signs nothing any more.
    ///
    /// A suspension holds as soon as the note is here, whatever its time says: a clock that runs late does not delay it.
    /// Returns the notice that was applied. A withdrawal that arrives before its consent is refused
    /// (`notice.no-consent`), so that its sender sends it again.
    ///
    /// # Errors
    ///
    /// [`NoticeError`]; the agreement is unchanged then.
    pub fn apply_notice(&mut self, note: &[u8]) -> Result<Notice, NoticeError> {
        if !self.is_complete() {
            return Err(NoticeError::Unsigned);
        }
        let (parsed, notice) = Notice::open(note)?;
        if !notice.concerns(&self.terms) {
            return Err(NoticeError::OtherAgreement);
        }
        let mut keys = self.keys()?;
        if let Verb::RotateKey { party, old, new, .. } = &notice.verb {
            let position = self.position(party)?;
            self.rotate(&parsed, &mut keys, position, old, new)?;
            return Ok(notice);
        }
        let signers = parsed.verify(&keys)?;
        let signed = signers.iter().filter_map(|at| u32::try_from(*at).ok()).fold(0_u64, |bits, at| bits | bit(at));
        match &notice.verb {
            Verb::Suspend { party, at, .. } => {
                let position = self.signer(party, signed)?;
                self.switch(position, *at)?;
                self.suspended |= bit(position);
            }
            Verb::Resume { party, at } => {
                let position = self.signer(party, signed)?;
                self.resume(position, signed, *at)?;
            }
            Verb::Terminate { party, at, effective, .. } => {
                self.signer(party, signed)?;
                let notice_micros = i64::from(self.terms.termination.notice_days).saturating_mul(86_400_000_000);
                if *effective < at.saturating_add_micros(notice_micros) {
                    return Err(NoticeError::NoticePeriod { days: self.terms.termination.notice_days });
                }
                self.terminated_at = Some(self.terminated_at.map_or(*effective, |known| known.min(*effective)));
            }
            Verb::Consent { scope, to, purposes, until } => {
                let originator = self.only_signer(signed)?;
                // The recipient may be a party of another agreement, under which the data would go on.
                let hash = Sha256::digest(parsed.text().as_bytes()).into();
                if self.consents.iter().any(|known| known.hash == hash) {
                    return Err(NoticeError::Replay);
                }
                let consent = Consent {
                    hash,
                    originator,
                    scope: scope.clone(),
                    to: to.clone(),
                    purposes: *purposes,
                    until: *until,
                    withdrawn: false,
                };
                self.consents.push(consent);
            }
            Verb::ConsentWithdraw { consent, .. } => {
                let originator = self.only_signer(signed)?;
                let known = self.consents.iter_mut().find(|known| known.hash == *consent);
                let known = known.filter(|known| known.originator == originator).ok_or(NoticeError::NoConsent)?;
                known.withdrawn = true;
            }
            Verb::ConsentRequest { scope, to, purposes, until } => {
                let by = self.only_signer(signed)?;
                let hash = Sha256::digest(parsed.text().as_bytes()).into();
                if self.requests.iter().any(|known| known.hash == hash) {
                    return Err(NoticeError::Replay);
                }
                let (scope, to) = (scope.clone(), to.clone());
                self.requests.push(ConsentRequest { hash, by, scope, to, purposes: *purposes, until: *until });
            }
            Verb::RotateKey { .. } => {}
        }
        Ok(notice)
    }

    /// Returns the keys that sign for the parties now, in the order of the parties.
    fn keys(&self) -> Result<Vec<VerifierKey>, NoticeError> {
        let mut keys = party_keys(&self.terms).map_err(|_| NoticeError::Key)?;
        for (position, key) in &self.rotated {
            let slot = usize::try_from(*position).ok().and_then(|at| keys.get_mut(at)).ok_or(NoticeError::Key)?;
            slot.clone_from(key);
        }
        Ok(keys)
    }

    /// Returns the key that signs for a party now: that of the text, or the one that took its place.
    pub fn key_of(&self, party: &PartyId) -> Option<VerifierKey> {
        let at = usize::try_from(self.terms.position(party)?).ok()?;
        self.keys().ok()?.get(at).cloned()
    }

    /// Puts a key in the place of another: both have signed, so that neither a thief of the old key alone nor a stranger can.
    fn rotate(
        &mut self,
        note: &Note,
        keys: &mut Vec<VerifierKey>,
        position: u32,
        old: &VerifierKey,
        new: &VerifierKey,
    ) -> Result<(), NoticeError> {
        let at = usize::try_from(position).unwrap_or(usize::MAX);
        let present = keys.get(at).ok_or(NoticeError::Key)?;
        let party = || self.terms.parties.get(at).map(|party| party.id.clone()).ok_or(NoticeError::Key);
        if present == new {
            return Err(NoticeError::Replay);
        }
        if present != old {
            return Err(NoticeError::OldKey { party: party()? });
        }
        // A key that speaks for somebody else, or for a log, cannot come to sign for this party.
        let taken = self.terms.parties.iter().flat_map(|party| {
            [Some(&party.vkey), party.log_vkey.as_ref(), party.witness_vkey.as_ref()].into_iter().flatten()
        });
        let mut taken = taken.filter_map(|text| VerifierKey::parse(text).ok()).chain(keys.iter().cloned());
        if new.name() != old.name() || taken.any(|key| key.public_key() == new.public_key()) {
            return Err(NoticeError::Key);
        }
        keys.push(new.clone());
        let signers = note.verify(keys)?;
        let by_new = keys.len().saturating_sub(1);
        if !signers.contains(&at) || !signers.contains(&by_new) {
            return Err(NoticeError::NotSigner { party: party()? });
        }
        self.rotated.push((position, new.clone()));
        Ok(())
    }

    fn position(&self, party: &PartyId) -> Result<u32, NoticeError> {
        self.terms.position(party).ok_or_else(|| NoticeError::UnknownParty { party: party.clone() })
    }

    /// Returns the position of the party that a notice names, which must have signed it.
    fn signer(&self, party: &PartyId, signed: u64) -> Result<u32, NoticeError> {
        let position = self.position(party)?;
        if signed & bit(position) == 0 {
            return Err(NoticeError::NotSigner { party: party.clone() });
        }
        Ok(position)
    }

    fn only_signer(&self, signed: u64) -> Result<PartyId, NoticeError> {
        let mut signers = self.terms.parties.iter().zip(0_u32..).filter(|(_, at)| signed & bit(*at) != 0);
        match (signers.next(), signers.next()) {
            (Some((party, _)), None) => Ok(party.id.clone()),
            _ => Err(NoticeError::Signers),
        }
    }

    /// Records a suspend or resume; an older or equal time than the last one of the party is a replay.
    fn switch(&mut self, position: u32, at: Timestamp) -> Result<(), NoticeError> {
        match self.last_switch.iter_mut().find(|(known, _)| *known == position) {
            Some((_, last)) if at <= *last => return Err(NoticeError::Replay),
            Some((_, last)) => *last = at,
            None => self.last_switch.push((position, at)),
        }
        Ok(())
    }

    /// Lifts the suspension of the named party and of every other suspender whose signature the note carries.
    fn resume(&mut self, position: u32, signed: u64, at: Timestamp) -> Result<(), NoticeError> {
        if self.suspended & bit(position) == 0 {
            return Err(NoticeError::NotSuspended);
        }
        self.switch(position, at)?;
        self.suspended &= !bit(position);
        let others: Vec<u32> = (0..64).filter(|other| self.suspended & signed & bit(*other) != 0).collect();
        for other in others {
            if self.switch(other, at).is_ok() {
                self.suspended &= !bit(other);
            }
        }
        Ok(())
    }

    /// Returns the consents given under this agreement, withdrawn ones included.
    pub fn consents(&self) -> &[Consent] {
        &self.consents
    }

    /// Returns the requests for a consent that were made under this agreement, answered ones included.
    pub fn consent_requests(&self) -> &[ConsentRequest] {
        &self.requests
    }

    /// Tells whether a party belongs to the community to which GREEN data may go on.
    pub fn community_includes(&self, party: &Party) -> bool {
        self.terms.onward.community.iter().any(|member| match member {
            CommunityMember::Role(role) => *role == party.role,
            CommunityMember::Party(id) => *id == party.id,
        })
    }

    /// Tells whether the text holds a key of the published design examples, whose seeds everybody knows.
    ///
    /// The seed of such a key is SHA-256("entente design example: " followed by the key name). A node refuses these keys.
    pub fn uses_example_keys(&self) -> bool {
        self.terms.uses_example_keys()
    }

    /// Returns the agreement hash as the format writes it, `sha256:<hex>`.
    pub fn hash_text(&self) -> String {
        hex::sha256_text(&self.terms.hash)
    }
}

impl Terms {
    /// Tells whether the text holds a key of the published design examples; see [`Agreement::uses_example_keys`].
    pub fn uses_example_keys(&self) -> bool {
        let keys = self.parties.iter().flat_map(|party| {
            [Some(&party.vkey), party.log_vkey.as_ref(), party.witness_vkey.as_ref()].into_iter().flatten()
        });
        keys.chain(&self.audit.observers).any(|text| is_example_key(text))
    }
}

fn is_example_key(text: &str) -> bool {
    let Ok(key) = VerifierKey::parse(text) else { return false };
    let seed: [u8; 32] = Sha256::digest(format!("entente design example: {}", key.name()).as_bytes()).into();
    SigningKey::from_seed(key.name(), &seed).is_ok_and(|example| example.verifier().public_key() == key.public_key())
}

const fn bit(position: u32) -> u64 {
    1_u64.unbounded_shl(position)
}

/// Returns the keys that sign agreements, in the order of the parties.
pub(crate) fn party_keys(terms: &Terms) -> Result<Vec<VerifierKey>, Vec<TextError>> {
    let keys: Result<Vec<VerifierKey>, _> = terms.parties.iter().map(|party| VerifierKey::parse(&party.vkey)).collect();
    keys.map_err(|error| vec![TextError::new("agr.wrong-key", 0, error.to_string())])
}
