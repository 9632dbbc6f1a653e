//! One-line notes: what a single party declares about an agreement (section 4.9 of the format).

use entente_ledger::note::{Algorithm, Note, NoteError, SigningKey, VerifierKey};
use entente_ledger::percent::{decode, encode};
use entente_stix::Timestamp;

use crate::hex;
use crate::ids::{AgreementId, ClauseId, PartyId};
use crate::vocabulary::{Purpose, PurposeSet};

/// LIMIT: the line has at most 2,048 bytes.
const LINE_SIZE_BYTES_MAX: usize = 2_048;

/// Holds a notice: the agreement it is about and what it declares.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notice {
    /// Name of the agreement.
    pub agreement: AgreementId,
    /// Agreement hash; `None` for [`Verb::RotateKey`], which is about every version.
    pub hash: Option<[u8; 32]>,
    /// What is declared.
    pub verb: Verb,
}

/// Says what a notice declares.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verb {
    /// Stops every release and delivery at once.
    Suspend {
        /// Who suspends.
        party: PartyId,
        /// When it was written.
        at: Timestamp,
        /// Why, in the party's words; untrusted text.
        reason: String,
    },
    /// Lifts a suspension.
    Resume {
        /// Who resumes.
        party: PartyId,
        /// When it was written.
        at: Timestamp,
    },
    /// Ends the agreement.
    Terminate {
        /// Who terminates.
        party: PartyId,
        /// When it was written.
        at: Timestamp,
        /// When it takes effect.
        effective: Timestamp,
        /// Why, in the party's words; untrusted text.
        reason: String,
    },
    /// Permits onward release of what the signer originated.
    Consent {
        /// What may go on.
        scope: ConsentScope,
        /// To whom.
        to: PartyId,
        /// For which purpose.
        purposes: PurposeSet,
        /// Until when, exclusive.
        until: Timestamp,
    },
    /// Takes a consent back.
    ConsentWithdraw {
        /// SHA-256 of the text of the consent.
        consent: [u8; 32],
        /// When it was written.
        at: Timestamp,
    },
    /// Asks the originator for a consent; it permits nothing.
    ConsentRequest {
        /// What would go on.
        scope: ConsentScope,
        /// To whom.
        to: PartyId,
        /// For which purpose.
        purposes: PurposeSet,
        /// Until when, exclusive.
        until: Timestamp,
    },
    /// Puts another key in the place of the one that signs agreements for a party.
    RotateKey {
        /// Whose key.
        party: PartyId,
        /// The key that signed so far.
        old: Box<VerifierKey>,
        /// The key that signs from now on; it bears the same name.
        new: Box<VerifierKey>,
        /// When it was written.
        at: Timestamp,
    },
}

/// Names what a consent covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsentScope {
    /// Everything received under a clause.
    Clause(ClauseId),
    /// One object, by its id as received.
    Object(String),
}

/// Holds a consent to onward release.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Consent {
    /// SHA-256 of the consent's text.
    pub hash: [u8; 32],
    /// Who consents.
    pub originator: PartyId,
    /// What may go on.
    pub scope: ConsentScope,
    /// To whom.
    pub to: PartyId,
    /// For which purposes.
    pub purposes: PurposeSet,
    /// Until when, exclusive.
    pub until: Timestamp,
    /// It was taken back.
    pub withdrawn: bool,
}

/// Holds a request for a consent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsentRequest {
    /// SHA-256 of the request's text.
    pub hash: [u8; 32],
    /// Who asks.
    pub by: PartyId,
    /// What would go on.
    pub scope: ConsentScope,
    /// To whom.
    pub to: PartyId,
    /// For which purposes.
    pub purposes: PurposeSet,
    /// Until when, exclusive.
    pub until: Timestamp,
}

/// Says why a notice is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoticeError {
    /// The line is not of the form `entente/<verb>@1 key=value …`.
    #[error("the notice is malformed: {what}")]
    Form {
        /// What is wrong.
        what: String,
    },
    /// A key of the agreement cannot be read.
    #[error("a key of the agreement cannot be read")]
    Key,
    /// There is no such consent of the signer.
    #[error("the signer has given no such consent")]
    NoConsent,
    /// The note around the line is malformed, or no party has signed it.
    #[error("the signed note is refused: {0}")]
    Note(#[from] NoteError),
    /// The termination takes effect too soon.
    #[error("the termination takes effect earlier than the {days} days of notice")]
    NoticePeriod {
        /// Days of notice.
        days: u16,
    },
    /// The named party has not signed the notice.
    #[error("`{party}` has not signed the notice")]
    NotSigner {
        /// The party.
        party: PartyId,
    },
    /// The party has not suspended the agreement.
    #[error("the party has not suspended the agreement")]
    NotSuspended,
    /// The key that a rotation replaces is not the one the party signs with.
    #[error("the key to be replaced is not the one that signs for `{party}` now")]
    OldKey {
        /// The party.
        party: PartyId,
    },
    /// The notice is about another agreement or another version.
    #[error("the notice is about another agreement or version")]
    OtherAgreement,
    /// A newer or equal notice of the party is known.
    #[error("a newer or equal notice of the party is known")]
    Replay,
    /// A consent is signed by exactly one party.
    #[error("the notice is not signed by exactly one party")]
    Signers,
    /// The party is not one of the agreement.
    #[error("`{party}` is not a party of the agreement")]
    UnknownParty {
        /// The party.
        party: PartyId,
    },
    /// The agreement is not completely signed.
    #[error("the agreement is not signed by every party")]
    Unsigned,
    /// The verb is in the format but not in this version.
    #[error("the verb `{verb}` is not supported by this version")]
    Unsupported {
        /// The verb.
        verb: String,
    },
}

impl NoticeError {
    /// Returns the stable code.
    pub fn code(&self) -> &'static str {
        match self {
            NoticeError::Form { .. } => "notice.form",
            NoticeError::Key => "agr.wrong-key",
            NoticeError::NoConsent => "notice.no-consent",
            NoticeError::Note(error) => error.code(),
            NoticeError::NoticePeriod { .. } => "notice.period",
            NoticeError::NotSigner { .. } => "notice.not-signer",
            NoticeError::NotSuspended => "notice.not-suspended",
            NoticeError::OldKey { .. } => "notice.old-key",
            NoticeError::OtherAgreement => "notice.other-agreement",
            NoticeError::Replay => "notice.replay",
            NoticeError::Signers => "notice.signers",
            NoticeError::UnknownParty { .. } => "notice.unknown-party",
            NoticeError::Unsigned => "notice.unsigned-agreement",
            NoticeError::Unsupported { .. } => "notice.unsupported",
        }
    }
}

impl Notice {
    /// Makes a notice about an agreement.
    pub fn new(terms: &crate::Terms, verb: Verb) -> Notice {
        let hash = (!matches!(verb, Verb::RotateKey { .. })).then_some(terms.hash);
        Notice { agreement: terms.id.clone(), hash, verb }
    }

    /// Tells whether the notice is about this version of this agreement.
    pub fn concerns(&self, terms: &crate::Terms) -> bool {
        self.agreement == terms.id && self.hash.is_none_or(|hash| hash == terms.hash)
    }

    /// Reads a signed one-line note; verifies nothing.
    ///
    /// # Errors
    ///
    /// `note.…` for the note, [`NoticeError::Form`] for the line, [`NoticeError::Unsupported`] for other verbs.
    pub fn open(note: &[u8]) -> Result<(Note, Notice), NoticeError> {
        let parsed = Note::parse(note)?;
        let notice = Notice::parse(parsed.text())?;
        Ok((parsed, notice))
    }

    /// Reads the line, with its line feed.
    ///
    /// # Errors
    ///
    /// [`NoticeError::Form`] or [`NoticeError::Unsupported`].
    pub fn parse(text: &str) -> Result<Notice, NoticeError> {
        let line = text.strip_suffix('\n').ok_or_else(|| form("the line has no line feed"))?;
        if line.len() > LINE_SIZE_BYTES_MAX || line.contains('\n') {
            return Err(form("it is not one line of at most 2,048 bytes"));
        }
        let mut words = line.split(' ');
        let verb = words
            .next()
            .and_then(|word| word.strip_prefix("entente/"))
            .and_then(|word| word.strip_suffix("@1"))
            .ok_or_else(|| form("it does not start with `entente/<verb>@1`"))?;
        let mut pairs = Pairs { words };
        let notice = Self::read(verb, &mut pairs)?;
        if pairs.words.next().is_some() {
            return Err(form("something follows the last key"));
        }
        Ok(notice)
    }

    fn read<'t>(verb: &str, pairs: &mut Pairs<'t, impl Iterator<Item = &'t str>>) -> Result<Notice, NoticeError> {
        const VERBS: [&str; 8] = [
            "suspend",
            "resume",
            "terminate",
            "consent",
            "consent-withdraw",
            "consent-request",
            "rotate-key",
            "delete-certificate",
        ];
        if !VERBS.contains(&verb) {
            return Err(form("the verb is not known"));
        }
        if verb == "delete-certificate" {
            return Err(NoticeError::Unsupported { verb: verb.to_owned() });
        }
        let agreement = pairs.parsed("agreement", AgreementId::parse)?;
        if verb == "rotate-key" {
            let verb = Verb::RotateKey {
                party: pairs.parsed("party", PartyId::parse)?,
                old: Box::new(pairs.parsed("old", agreement_key)?),
                new: Box::new(pairs.parsed("new", agreement_key)?),
                at: pairs.time("at")?,
            };
            return Ok(Notice { agreement, hash: None, verb });
        }
        let hash = pairs.parsed("hash", hex::parse_sha256_text)?;
        let verb = match verb {
            "suspend" => Verb::Suspend {
                party: pairs.parsed("party", PartyId::parse)?,
                at: pairs.time("at")?,
                reason: pairs.value("reason")?,
            },
            "resume" => Verb::Resume { party: pairs.parsed("party", PartyId::parse)?, at: pairs.time("at")? },
            "terminate" => Verb::Terminate {
                party: pairs.parsed("party", PartyId::parse)?,
                at: pairs.time("at")?,
                effective: pairs.time("effective")?,
                reason: pairs.value("reason")?,
            },
            "consent" | "consent-request" => {
                let scope = pairs.parsed("scope", ConsentScope::parse)?;
                let to = pairs.parsed("to", PartyId::parse)?;
                let purposes =
                    pairs.parsed("purpose", |word| Purpose::parse(word).map(|purpose| PurposeSet::of(&[purpose])))?;
                let until = pairs.time("until")?;
                match verb {
                    "consent" => Verb::Consent { scope, to, purposes, until },
                    _ => Verb::ConsentRequest { scope, to, purposes, until },
                }
            }
            _ => Verb::ConsentWithdraw {
                consent: pairs.parsed("consent", hex::parse_sha256_text)?,
                at: pairs.time("at")?,
            },
        };
        Ok(Notice { agreement, hash: Some(hash), verb })
    }

    /// Writes the line, with its line feed.
    pub fn to_text(&self) -> String {
        let mut pairs: Vec<(&str, String)> = vec![("agreement", self.agreement.to_string())];
        pairs.extend(self.hash.map(|hash| ("hash", hex::sha256_text(&hash))));
        let verb = match &self.verb {
            Verb::Suspend { party, at, reason } => {
                pairs.extend([("party", party.to_string()), ("at", time(*at)), ("reason", reason.clone())]);
                "suspend"
            }
            Verb::Resume { party, at } => {
                pairs.extend([("party", party.to_string()), ("at", time(*at))]);
                "resume"
            }
            Verb::Terminate { party, at, effective, reason } => {
                pairs.extend([("party", party.to_string()), ("at", time(*at))]);
                pairs.extend([("effective", time(*effective)), ("reason", reason.clone())]);
                "terminate"
            }
            Verb::Consent { scope, to, purposes, until } | Verb::ConsentRequest { scope, to, purposes, until } => {
                let purpose = purposes.names().join(",");
                pairs.extend([
                    ("scope", scope.to_text()),
                    ("to", to.to_string()),
                    ("purpose", purpose),
                    ("until", time(*until)),
                ]);
                if matches!(self.verb, Verb::Consent { .. }) { "consent" } else { "consent-request" }
            }
            Verb::ConsentWithdraw { consent, at } => {
                pairs.extend([("consent", hex::sha256_text(consent)), ("at", time(*at))]);
                "consent-withdraw"
            }
            Verb::RotateKey { party, old, new, at } => {
                pairs.extend([("party", party.to_string()), ("old", old.to_string()), ("new", new.to_string())]);
                pairs.push(("at", time(*at)));
                "rotate-key"
            }
        };
        let pairs: String = pairs.iter().map(|(key, value)| format!(" {key}={}", encode(value))).collect();
        format!("entente/{verb}@1{pairs}\n")
    }

    /// Signs the notice.
    ///
    /// # Errors
    ///
    /// [`NoticeError::Form`] if the line is longer than 2,048 bytes or cannot be read back.
    pub fn sign(&self, key: &SigningKey) -> Result<Vec<u8>, NoticeError> {
        self.sign_by(&[key])
    }

    /// Signs the notice by several keys: a rotation by the old and the new one, a resumption by every suspender.
    ///
    /// # Errors
    ///
    /// As [`Notice::sign`].
    pub fn sign_by(&self, keys: &[&SigningKey]) -> Result<Vec<u8>, NoticeError> {
        let text = self.to_text();
        if Notice::parse(&text)? != *self {
            return Err(form("it cannot be written in this format"));
        }
        let mut note = Note::new(text)?;
        for key in keys {
            let line = key.sign(note.text());
            note.add(line)?;
        }
        Ok(note.to_bytes())
    }
}

/// Reads a key that may sign agreements.
fn agreement_key(text: &str) -> Option<VerifierKey> {
    VerifierKey::parse(text).ok().filter(|key| key.algorithm() == Algorithm::Ed25519)
}

impl ConsentScope {
    /// Reads `clause:<id>` or `object:<id>`.
    pub fn parse(text: &str) -> Option<ConsentScope> {
        match text.split_once(':')? {
            ("clause", id) => ClauseId::parse(id).map(ConsentScope::Clause),
            ("object", id) if entente_stix::id::is_identifier(id) => Some(ConsentScope::Object(id.to_owned())),
            _ => None,
        }
    }

    /// Writes the scope as the format does.
    pub fn to_text(&self) -> String {
        match self {
            ConsentScope::Clause(id) => format!("clause:{id}"),
            ConsentScope::Object(id) => format!("object:{id}"),
        }
    }
}

pub(crate) fn form(what: impl Into<String>) -> NoticeError {
    NoticeError::Form { what: what.into() }
}

/// Writes an instant as the format does: whole seconds where that loses nothing.
pub(crate) fn time(at: Timestamp) -> String {
    let text = at.to_string();
    text.strip_suffix(".000Z").map_or_else(|| text.clone(), |seconds| format!("{seconds}Z"))
}

/// Reads `key=value` words in a fixed order.
pub(crate) struct Pairs<'t, I: Iterator<Item = &'t str>> {
    pub(crate) words: I,
}

impl<'t, I: Iterator<Item = &'t str>> Pairs<'t, I> {
    pub(crate) fn value(&mut self, key: &'static str) -> Result<String, NoticeError> {
        let word = self.words.next().ok_or_else(|| form(format!("`{key}` is missing")))?;
        let value = word.strip_prefix(key).and_then(|rest| rest.strip_prefix('='));
        let value = value.ok_or_else(|| form(format!("`{key}` is expected")))?;
        decode(value).ok_or_else(|| form(format!("the value of `{key}` is not percent-encoded as the format demands")))
    }

    pub(crate) fn parsed<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, NoticeError> {
        let value = self.value(key)?;
        parse(&value).ok_or_else(|| form(format!("the value of `{key}` is not valid")))
    }

    pub(crate) fn time(&mut self, key: &'static str) -> Result<Timestamp, NoticeError> {
        self.parsed(key, |text| Timestamp::parse(text).ok().filter(|at| time(*at) == text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_in_the_order_of_the_format() {
        let hash = "0".repeat(64);
        let good =
            format!("entente/resume@1 agreement=agr-12 hash=sha256:{hash} party=fusion at=2027-01-03T09:00:00Z\n");
        let notice = Notice::parse(&good).unwrap();
        assert_eq!(notice.to_text(), good);
        let swapped =
            format!("entente/resume@1 hash=sha256:{hash} agreement=agr-12 party=fusion at=2027-01-03T09:00:00Z\n");
        assert_eq!(Notice::parse(&swapped).unwrap_err().code(), "notice.form");
        assert_eq!(Notice::parse(good.trim_end()).unwrap_err().code(), "notice.form");
        assert_eq!(Notice::parse("entente/rotate-key@1 agreement=agr-12\n").unwrap_err().code(), "notice.form");
        assert_eq!(
            Notice::parse("entente/delete-certificate@1 agreement=agr-12\n").unwrap_err().code(),
            "notice.unsupported"
        );
    }
}
