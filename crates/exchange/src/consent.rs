//! Consent to onward release: asking the originator for it, giving it, taking it back; and what follows here from each notice.
//!
//! TLP:AMBER data goes on only where its originator's consent covers the object or clause, the recipient, the purpose and the time
//! (`agreements.md` section 6). The request, the consent and its withdrawal are one-line notes under the agreement that the data
//! came under; they travel as suspensions do.

use entente_agreement::{
    Agreement, ConsentScope, Notice, PartyId, Purpose, PurposeSet, Releasers, State as Life, Verb,
};
use entente_ledger::Hash;
use entente_stix::Timestamp;
use entente_store::Tx;
use serde::Serialize;

use crate::Exchange;
use crate::error::{ExchangeError, Result};
use crate::state::{Held, State, word};

/// What is consented to, or asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentTerms {
    /// The object or clause.
    pub scope: ConsentScope,
    /// To whom it may go on.
    pub to: PartyId,
    /// For which purpose.
    pub purpose: Purpose,
    /// Until when, exclusive.
    pub until: Timestamp,
}

/// A consent, or a request for one, for tables and JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConsentLine {
    /// Agreement the data came under.
    pub agreement: String,
    /// Its version.
    pub version: u32,
    /// `sha256:…` of the note's text; a withdrawal names it.
    pub note: String,
    /// Who consents, or who asks.
    pub party: String,
    /// `object:<id>` or `clause:<id>`.
    pub scope: String,
    /// To whom it may go on.
    pub to: String,
    /// For which purpose.
    pub purpose: String,
    /// Until when, exclusive.
    pub until: String,
    /// `open`, `answered` or `past` for a request; `valid`, `withdrawn` or `past` for a consent.
    pub state: String,
}

impl Exchange {
    /// Consents, as originator, to onward release of what this node gave under an agreement; returns the hash of the consent.
    ///
    /// # Errors
    /// [`ExchangeError::UnknownAgreement`], [`ExchangeError::State`], [`ExchangeError::Notice`] for a clause that releases nothing of
    /// this party, an instant that is past, or an agreement whose `[onward]` rule is `none`.
    pub fn consent(&self, agreement: &str, terms: &ConsentTerms) -> Result<Hash> {
        let held = self.held(agreement)?;
        self.check_consent(&held, terms, self.own())?;
        let ConsentTerms { scope, to, purpose, until } = terms.clone();
        self.declare(agreement, &Verb::Consent { scope, to, purposes: PurposeSet::of(&[purpose]), until })
    }

    /// Asks the other parties of an agreement, whose data it is, for a consent; returns the hash of the request.
    ///
    /// # Errors
    /// As [`Exchange::consent`].
    pub fn request_consent(&self, agreement: &str, terms: &ConsentTerms) -> Result<Hash> {
        let held = self.held(agreement)?;
        if let ConsentScope::Clause(id) = &terms.scope {
            let clause = held.agreement.terms().clause(id.as_str());
            let from = clause.map(|clause| clause.from.clone());
            let others = from.is_some_and(|from| from != Releasers::Party(self.own().clone()));
            if !others {
                return Err(ExchangeError::Notice(format!("no other party gives anything under a clause `{id}`")));
            }
        }
        self.check_consent_terms(&held, terms)?;
        let ConsentTerms { scope, to, purpose, until } = terms.clone();
        self.declare(agreement, &Verb::ConsentRequest { scope, to, purposes: PurposeSet::of(&[purpose]), until })
    }

    /// Takes a consent back, named by its hash or by the first eight or more digits of it. What went on meanwhile is recalled apart.
    ///
    /// # Errors
    /// [`ExchangeError::UnknownAgreement`], [`ExchangeError::Notice`] when this party gave no such consent or took it back already.
    pub fn withdraw_consent(&self, agreement: &str, consent: &str) -> Result<Hash> {
        let wanted = consent.strip_prefix("sha256:").unwrap_or(consent).to_ascii_lowercase();
        let state = self.state()?;
        let mut found = state.versions.iter().filter(|held| held.id() == agreement).flat_map(|held| {
            let own = |consent: &&entente_agreement::Consent| {
                consent.originator == *self.own()
                    && !consent.withdrawn
                    && wanted.len() >= 8
                    && Hash(consent.hash).to_sha256_text().trim_start_matches("sha256:").starts_with(&wanted)
            };
            held.agreement.consents().iter().filter(own).map(move |consent| (held, consent.hash))
        });
        let (Some((held, hash)), None) = (found.next(), found.next()) else {
            let message = format!("this party has no standing consent `{consent}` under `{agreement}`");
            return Err(ExchangeError::Notice(message));
        };
        let verb = Verb::ConsentWithdraw { consent: hash, at: self.now() };
        let notice = Notice::new(held.agreement.terms(), verb);
        let hash = self.sign_and_accept(held, &notice)?;
        self.announce(agreement);
        Ok(hash)
    }

    /// The consents of one agreement, or of all.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn consents(&self, agreement: Option<&str>) -> Result<Vec<ConsentLine>> {
        let (state, now) = (self.state()?, self.now());
        let of = state.versions.iter().filter(|held| agreement.is_none_or(|wanted| wanted == held.id()));
        let lines = of.flat_map(|held| {
            held.agreement.consents().iter().map(move |consent| ConsentLine {
                agreement: held.id().to_owned(),
                version: held.agreement.terms().version,
                note: Hash(consent.hash).to_sha256_text(),
                party: consent.originator.to_string(),
                scope: consent.scope.to_text(),
                to: consent.to.to_string(),
                purpose: consent.purposes.names().join(","),
                until: consent.until.to_string(),
                state: match (consent.withdrawn, consent.until <= now) {
                    (true, _) => "withdrawn",
                    (_, true) => "past",
                    _ => "valid",
                }
                .to_owned(),
            })
        });
        Ok(lines.collect())
    }

    /// The requests for a consent under one agreement, or under all.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn consent_requests(&self, agreement: Option<&str>) -> Result<Vec<ConsentLine>> {
        let (state, now) = (self.state()?, self.now());
        let of = state.versions.iter().filter(|held| agreement.is_none_or(|wanted| wanted == held.id()));
        let lines = of.flat_map(|held| {
            held.agreement.consent_requests().iter().map(move |request| {
                let answered = held.agreement.consents().iter().any(|consent| {
                    consent.scope == request.scope
                        && consent.to == request.to
                        && request.purposes.is_subset(consent.purposes)
                });
                ConsentLine {
                    agreement: held.id().to_owned(),
                    version: held.agreement.terms().version,
                    note: Hash(request.hash).to_sha256_text(),
                    party: request.by.to_string(),
                    scope: request.scope.to_text(),
                    to: request.to.to_string(),
                    purpose: request.purposes.names().join(","),
                    until: request.until.to_string(),
                    state: match (answered, request.until <= now) {
                        (true, _) => "answered",
                        (_, true) => "past",
                        _ => "open",
                    }
                    .to_owned(),
                }
            })
        });
        Ok(lines.collect())
    }

    fn check_consent(&self, held: &Held, terms: &ConsentTerms, originator: &PartyId) -> Result<()> {
        if let ConsentScope::Clause(id) = &terms.scope {
            let clause = held.agreement.terms().clause(id.as_str());
            let gives = clause.is_some_and(|clause| match &clause.from {
                Releasers::All => true,
                Releasers::Party(from) => from == originator,
            });
            if !gives {
                return Err(ExchangeError::Notice(format!("`{originator}` gives nothing under a clause `{id}`")));
            }
        }
        self.check_consent_terms(held, terms)
    }

    fn check_consent_terms(&self, held: &Held, terms: &ConsentTerms) -> Result<()> {
        if terms.until <= self.now() {
            return Err(ExchangeError::Notice(format!("{} is past", terms.until)));
        }
        if !held.agreement.terms().onward.consent {
            let message = format!("`{}` says that nothing goes on, not even with consent ([onward] rule)", held.id());
            return Err(ExchangeError::Notice(message));
        }
        Ok(())
    }
}

/// What follows at this node from a notice that was accepted, in the transaction that stores it.
///
/// A consent makes what was withheld from its recipient a candidate again, and a withdrawal what was released; a rotated key takes
/// its place on the party's card, so that the next text is expected to name it.
pub(crate) fn follow(tx: &Tx<'_>, state: &State, own: &PartyId, after: &Agreement, notice: &Notice) -> Result<()> {
    let recipient = match &notice.verb {
        Verb::Consent { to, .. } => Some(to),
        Verb::ConsentWithdraw { consent, .. } => {
            after.consents().iter().find(|known| known.hash == *consent).map(|known| &known.to)
        }
        Verb::RotateKey { party, old, new, .. } if party != own => {
            if let Some(known) = state.party(party.as_str()).filter(|known| known.card.vkey == old.to_string()) {
                let card = crate::node::Card { vkey: new.to_string(), ..known.card.clone() };
                tx.put_party(party.as_str(), &card.to_toml()?, None)?;
            }
            None
        }
        _ => None,
    };
    if let Some(recipient) = recipient.and_then(|id| state.party(id.as_str())) {
        for head in tx.view().heads()?.into_iter().filter(|head| head.recipient == recipient.no) {
            tx.reconsider(head.no)?;
        }
    }
    Ok(())
}

/// Refuses an act that is not possible in the present state of an agreement.
pub(crate) fn possible(held: &Held, verb: &Verb, own: &PartyId, now: Timestamp) -> Result<()> {
    let life = held.agreement.state(now);
    let again = matches!(verb, Verb::Suspend { .. }) && held.agreement.suspended_by().contains(&own);
    if again || !life.permits(entente_agreement::Act::of(verb)) {
        let life = if again { Life::Suspended } else { life };
        return Err(ExchangeError::State { agreement: held.id().to_owned(), state: word(life) });
    }
    Ok(())
}
