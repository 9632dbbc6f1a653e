//! Recalls: the note that takes released objects back, and the note that confirms it (section 15 of the format).
//!
//! A recall is a signed note. Its first line is a one-line note in the manner of section 4.9; each further line is the id of one
//! object as it was released. The acknowledgement is one line and names the recall by the hash of its text.

use entente_ledger::note::{Note, NoteError, SigningKey, VerifierKey};
use entente_ledger::percent::encode;
use entente_stix::Timestamp;
use entente_stix::marking::Tlp;

use crate::Terms;
use crate::hex;
use crate::ids::{AgreementId, PartyId};
use crate::notice::{NoticeError, Pairs, time};

/// LIMIT: ids in one recall; more need several notes.
pub const IDS_MAX: usize = 10_000;

/// LIMIT: bytes of a recall's text. 10,000 ids of the usual 50 bytes are half of it, which is eight times the text of other notes.
pub const TEXT_SIZE_BYTES_MAX: usize = 1 << 20;

/// LIMIT: bytes of a first line or an acknowledgement, as for every one-line note.
const LINE_SIZE_BYTES_MAX: usize = 2_048;

/// Says why objects are taken back. The list is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecallReason {
    /// The agreement has ended, or no longer permits it.
    AgreementEnded,
    /// The originator has withdrawn its consent.
    ConsentWithdrawn,
    /// A court or an authority orders it.
    Legal,
    /// The marking was raised.
    MarkingRaised,
    /// The recipient, or somebody it answers for, is no longer one of those to whom it may go.
    MembershipChange,
    /// It no longer holds, or a later version may not leave.
    Stale,
    /// It was wrong.
    Wrong,
}

impl RecallReason {
    /// Lists the reasons.
    pub const ALL: [RecallReason; 7] = [
        RecallReason::AgreementEnded,
        RecallReason::ConsentWithdrawn,
        RecallReason::Legal,
        RecallReason::MarkingRaised,
        RecallReason::MembershipChange,
        RecallReason::Stale,
        RecallReason::Wrong,
    ];

    /// Returns the word of the format.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            RecallReason::AgreementEnded => "agreement-ended",
            RecallReason::ConsentWithdrawn => "consent-withdrawn",
            RecallReason::Legal => "legal",
            RecallReason::MarkingRaised => "marking-raised",
            RecallReason::MembershipChange => "membership-change",
            RecallReason::Stale => "stale",
            RecallReason::Wrong => "wrong",
        }
    }

    /// Reads the word of the format.
    #[must_use]
    pub fn parse(word: &str) -> Option<RecallReason> {
        RecallReason::ALL.into_iter().find(|reason| reason.name() == word)
    }
}

/// Says what the recipient does with them. The list is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecallAction {
    /// Deletes them everywhere.
    Delete,
    /// Treats them as marked at least so.
    Raise(Tlp),
    /// Keeps them under seal: not shown, not matched, not passed on.
    StopUse,
}

impl RecallAction {
    /// Returns the word of the format: `delete`, `raise:<tlp>`, `stop-use`.
    #[must_use]
    pub fn to_text(self) -> String {
        match self {
            RecallAction::Delete => "delete".to_owned(),
            RecallAction::Raise(tlp) => format!("raise:{}", tlp.key()),
            RecallAction::StopUse => "stop-use".to_owned(),
        }
    }

    /// Reads the word of the format.
    #[must_use]
    pub fn parse(word: &str) -> Option<RecallAction> {
        match word.split_once(':') {
            None if word == "delete" => Some(RecallAction::Delete),
            None if word == "stop-use" => Some(RecallAction::StopUse),
            Some(("raise", tlp)) => Tlp::parse(tlp).map(RecallAction::Raise),
            _ => None,
        }
    }
}

/// Holds a recall.
///
/// # Invariants
///
/// At least one and at most [`IDS_MAX`] ids, sorted, none twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecallNote {
    /// Name of the agreement under which they were released.
    pub agreement: AgreementId,
    /// Agreement hash.
    pub hash: [u8; 32],
    /// Who takes them back.
    pub party: PartyId,
    /// Who has them.
    pub to: PartyId,
    /// When it was written.
    pub at: Timestamp,
    /// Why.
    pub reason: RecallReason,
    /// What is to be done.
    pub action: RecallAction,
    ids: Vec<String>,
}

/// Holds the acknowledgement of a recall: what the recipient did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecallAck {
    /// Hash of the text of the recall.
    pub recall: [u8; 32],
    /// Objects deleted, or raised where that was asked.
    pub deleted: u64,
    /// Objects kept under seal.
    pub sealed: u64,
    /// Objects recalled from those to whom they had gone on.
    pub onward: u64,
    /// When it was written. A later acknowledgement of the same recall says that everything is done, onward recalls too.
    pub at: Timestamp,
}

/// Says why a recall or its acknowledgement is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecallError {
    /// The text is not of the form of section 15.
    #[error("the recall is malformed: {what}")]
    Form {
        /// What is wrong.
        what: String,
    },
    /// A line is not the id of an object.
    #[error("line {line} is not the id of an object")]
    Id {
        /// Line of the text, from 1.
        line: usize,
    },
    /// An id does not come after the one before it.
    #[error("line {line}: the ids are not sorted, or one is there twice")]
    Order {
        /// Line of the text, from 1.
        line: usize,
    },
    /// No id, or more than the limit.
    #[error("a recall names between 1 and {IDS_MAX} objects")]
    Count,
    /// The note around the text is malformed, or signed by nobody known.
    #[error("the signed note is refused: {0}")]
    Note(#[from] NoteError),
    /// The party that recalls or acknowledges has not signed.
    #[error("`{party}` has not signed it")]
    NotSigner {
        /// The party.
        party: PartyId,
    },
    /// It is about another agreement or another version.
    #[error("it is about another agreement or version")]
    OtherAgreement,
    /// A party is not one of the agreement, or recalls from itself.
    #[error("`{party}` is not the other party of the agreement")]
    UnknownParty {
        /// The party.
        party: PartyId,
    },
    /// The acknowledgement is of another recall.
    #[error("the acknowledgement is of another recall")]
    OtherRecall,
}

impl RecallError {
    /// Returns the stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            RecallError::Form { .. } => "recall.form",
            RecallError::Id { .. } => "recall.id",
            RecallError::Order { .. } => "recall.order",
            RecallError::Count => "recall.count",
            RecallError::Note(error) => error.code(),
            RecallError::NotSigner { .. } => "recall.not-signer",
            RecallError::OtherAgreement => "recall.other-agreement",
            RecallError::UnknownParty { .. } => "recall.unknown-party",
            RecallError::OtherRecall => "recall.other-recall",
        }
    }
}

impl RecallNote {
    /// Makes a recall of these objects under an agreement; ids are sorted, doubles dropped.
    ///
    /// # Errors
    ///
    /// [`RecallError::Count`] for none or too many, [`RecallError::Id`] for what is no id.
    pub fn new(
        terms: &Terms,
        (party, to): (&PartyId, &PartyId),
        (reason, action): (RecallReason, RecallAction),
        at: Timestamp,
        mut ids: Vec<String>,
    ) -> Result<RecallNote, RecallError> {
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() || ids.len() > IDS_MAX {
            return Err(RecallError::Count);
        }
        if let Some(at) = ids.iter().position(|id| !entente_stix::id::is_identifier(id)) {
            return Err(RecallError::Id { line: at.saturating_add(2) });
        }
        let (agreement, hash) = (terms.id.clone(), terms.hash);
        Ok(RecallNote { agreement, hash, party: party.clone(), to: to.clone(), at, reason, action, ids })
    }

    /// Returns the ids, sorted.
    #[must_use]
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// Reads a signed recall; verifies nothing.
    ///
    /// # Errors
    ///
    /// `note.…` for the note, and as [`RecallNote::parse`].
    pub fn open(note: &[u8]) -> Result<(Note, RecallNote), RecallError> {
        let parsed = Note::parse_within(note, TEXT_SIZE_BYTES_MAX)?;
        let recall = RecallNote::parse(parsed.text())?;
        Ok((parsed, recall))
    }

    /// Reads the text.
    ///
    /// # Errors
    ///
    /// [`RecallError::Form`], [`RecallError::Id`], [`RecallError::Order`], [`RecallError::Count`].
    pub fn parse(text: &str) -> Result<RecallNote, RecallError> {
        let text = text.strip_suffix('\n').ok_or_else(|| form("the last line has no line feed"))?;
        let (first, rest) = text.split_once('\n').ok_or(RecallError::Count)?;
        let mut pairs = words(first, "entente/recall@1")?;
        let agreement = pairs.parsed("agreement", AgreementId::parse)?;
        let hash = pairs.parsed("hash", hex::parse_sha256_text)?;
        let party = pairs.parsed("party", PartyId::parse)?;
        let to = pairs.parsed("to", PartyId::parse)?;
        let at = pairs.time("at")?;
        let reason = pairs.parsed("reason", RecallReason::parse)?;
        let action = pairs.parsed("action", RecallAction::parse)?;
        ended(pairs)?;
        let mut ids: Vec<String> = Vec::new();
        for (line, id) in (2_usize..).zip(rest.split('\n')) {
            if ids.len() >= IDS_MAX {
                return Err(RecallError::Count);
            }
            if !entente_stix::id::is_identifier(id) {
                return Err(RecallError::Id { line });
            }
            if ids.last().is_some_and(|before| before.as_str() >= id) {
                return Err(RecallError::Order { line });
            }
            ids.push(id.to_owned());
        }
        Ok(RecallNote { agreement, hash, party, to, at, reason, action, ids })
    }

    /// Writes the text, each line with its line feed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let first = line(
            "recall",
            &[
                ("agreement", self.agreement.to_string()),
                ("hash", hex::sha256_text(&self.hash)),
                ("party", self.party.to_string()),
                ("to", self.to.to_string()),
                ("at", time(self.at)),
                ("reason", self.reason.name().to_owned()),
                ("action", self.action.to_text()),
            ],
        );
        let lines = self.ids.iter().flat_map(|id| [id.as_str(), "\n"]);
        std::iter::once(first.as_str()).chain(lines).collect()
    }

    /// Signs the recall.
    ///
    /// # Errors
    ///
    /// `note.…` when the text is too long, [`RecallError::Form`] when it cannot be read back.
    pub fn sign(&self, key: &SigningKey) -> Result<Vec<u8>, RecallError> {
        let text = self.to_text();
        if RecallNote::parse(&text)? != *self {
            return Err(form("it cannot be written in this format"));
        }
        signed(Note::new_within(text, TEXT_SIZE_BYTES_MAX)?, key)
    }

    /// Reads a recall and verifies that its party, one of this agreement, has signed it, and that it is from another one.
    ///
    /// Returns the recall and the hash of its text, by which the acknowledgement names it.
    ///
    /// # Errors
    ///
    /// As [`RecallNote::open`]; [`RecallError::OtherAgreement`], [`RecallError::UnknownParty`], [`RecallError::NotSigner`].
    pub fn verify(note: &[u8], terms: &Terms) -> Result<(RecallNote, [u8; 32]), RecallError> {
        let (parsed, recall) = RecallNote::open(note)?;
        if recall.agreement != terms.id || recall.hash != terms.hash {
            return Err(RecallError::OtherAgreement);
        }
        if recall.to == recall.party || terms.party(&recall.to).is_none() {
            return Err(RecallError::UnknownParty { party: recall.to });
        }
        check_signature(&parsed, &recall.party, terms)?;
        Ok((recall, parsed.text_hash().0))
    }
}

impl RecallAck {
    /// Reads a signed acknowledgement; verifies nothing.
    ///
    /// # Errors
    ///
    /// `note.…` for the note, [`RecallError::Form`] for the line.
    pub fn open(note: &[u8]) -> Result<(Note, RecallAck), RecallError> {
        let parsed = Note::parse(note)?;
        let ack = RecallAck::parse(parsed.text())?;
        Ok((parsed, ack))
    }

    /// Reads the line, with its line feed.
    ///
    /// # Errors
    ///
    /// [`RecallError::Form`].
    pub fn parse(text: &str) -> Result<RecallAck, RecallError> {
        let one =
            text.strip_suffix('\n').filter(|line| !line.contains('\n')).ok_or_else(|| form("it is not one line"))?;
        let mut pairs = words(one, "entente/recall-ack@1")?;
        let recall = pairs.parsed("recall", hex::parse_sha256_text)?;
        let deleted = pairs.parsed("deleted", number)?;
        let sealed = pairs.parsed("sealed", number)?;
        let onward = pairs.parsed("onward", number)?;
        let at = pairs.time("at")?;
        ended(pairs)?;
        Ok(RecallAck { recall, deleted, sealed, onward, at })
    }

    /// Writes the line, with its line feed.
    #[must_use]
    pub fn to_text(&self) -> String {
        line(
            "recall-ack",
            &[
                ("recall", hex::sha256_text(&self.recall)),
                ("deleted", self.deleted.to_string()),
                ("sealed", self.sealed.to_string()),
                ("onward", self.onward.to_string()),
                ("at", time(self.at)),
            ],
        )
    }

    /// Signs the acknowledgement.
    ///
    /// # Errors
    ///
    /// [`RecallError::Form`] when it cannot be read back.
    pub fn sign(&self, key: &SigningKey) -> Result<Vec<u8>, RecallError> {
        let text = self.to_text();
        if RecallAck::parse(&text)? != *self {
            return Err(form("it cannot be written in this format"));
        }
        signed(Note::new(text)?, key)
    }

    /// Reads an acknowledgement and verifies that it is of the recall with this hash and signed by its recipient.
    ///
    /// # Errors
    ///
    /// As [`RecallAck::open`]; [`RecallError::OtherRecall`], [`RecallError::UnknownParty`], [`RecallError::NotSigner`].
    pub fn verify(note: &[u8], recall: &[u8; 32], by: &PartyId, terms: &Terms) -> Result<RecallAck, RecallError> {
        let (parsed, ack) = RecallAck::open(note)?;
        if ack.recall != *recall {
            return Err(RecallError::OtherRecall);
        }
        check_signature(&parsed, by, terms)?;
        Ok(ack)
    }
}

/// Splits a first line into its words, the verb taken off.
fn words<'t>(line: &'t str, verb: &str) -> Result<Pairs<'t, std::str::Split<'t, char>>, RecallError> {
    if line.len() > LINE_SIZE_BYTES_MAX {
        return Err(form("the first line has more than 2,048 bytes"));
    }
    let mut words = line.split(' ');
    if words.next() != Some(verb) {
        return Err(form(&format!("it does not start with `{verb}`")));
    }
    Ok(Pairs { words })
}

fn ended<'t>(mut pairs: Pairs<'t, impl Iterator<Item = &'t str>>) -> Result<(), RecallError> {
    if pairs.words.next().is_some() { Err(form("something follows the last key")) } else { Ok(()) }
}

fn line(verb: &str, pairs: &[(&str, String)]) -> String {
    let pairs: String = pairs.iter().map(|(key, value)| format!(" {key}={}", encode(value))).collect();
    format!("entente/{verb}@1{pairs}\n")
}

fn signed(mut note: Note, key: &SigningKey) -> Result<Vec<u8>, RecallError> {
    let line = key.sign(note.text());
    note.add(line)?;
    Ok(note.to_bytes())
}

/// Checks that a party of the agreement has signed a note.
fn check_signature(note: &Note, party: &PartyId, terms: &Terms) -> Result<(), RecallError> {
    let known = terms.party(party).ok_or_else(|| RecallError::UnknownParty { party: party.clone() })?;
    let key = VerifierKey::parse(&known.vkey)?;
    note.verify(&[key]).map(drop).map_err(|error| match error {
        NoteError::UnknownSignerOnly => RecallError::NotSigner { party: party.clone() },
        error => RecallError::Note(error),
    })
}

/// Reads a number in its one spelling.
fn number(text: &str) -> Option<u64> {
    text.parse::<u64>().ok().filter(|number| number.to_string() == text)
}

fn form(what: &str) -> RecallError {
    RecallError::Form { what: what.to_owned() }
}

impl From<NoticeError> for RecallError {
    fn from(error: NoticeError) -> Self {
        match error {
            NoticeError::Form { what } => RecallError::Form { what },
            NoticeError::Note(error) => RecallError::Note(error),
            other => RecallError::Form { what: other.to_string() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "indicator--7d0b8f5e-6c35-5b0f-9a58-0f2f6d9b1c01";
    const B: &str = "indicator--7d0b8f5e-6c35-5b0f-9a58-0f2f6d9b1c02";

    fn text(reason: &str, action: &str, lines: &str) -> String {
        let hash = "0".repeat(64);
        format!(
            "entente/recall@1 agreement=agr-12 hash=sha256:{hash} party=northtel to=fusion at=2027-01-03T09:00:00Z \
             reason={reason} action={action}\n{lines}"
        )
    }

    fn code(text: &str) -> &'static str {
        RecallNote::parse(text).unwrap_err().code()
    }

    #[test]
    fn every_reason_and_action_is_written_as_it_is_read() {
        for reason in RecallReason::ALL {
            for action in ["delete", "stop-use", "raise:red", "raise:amber%2Bstrict"] {
                let text = text(reason.name(), action, &format!("{A}\n{B}\n"));
                assert_eq!(RecallNote::parse(&text).unwrap().to_text(), text);
            }
        }
        assert_eq!(code(&text("boredom", "delete", &format!("{A}\n"))), "recall.form");
        assert_eq!(code(&text("wrong", "burn", &format!("{A}\n"))), "recall.form");
        assert_eq!(code(&text("wrong", "raise:purple", &format!("{A}\n"))), "recall.form");
    }

    #[test]
    fn ids_are_sorted_unique_and_counted() {
        let with = |lines: &str| text("wrong", "delete", lines);
        assert_eq!(code(&with("")), "recall.count");
        assert_eq!(code(&with(&format!("{B}\n{A}\n"))), "recall.order");
        assert_eq!(code(&with(&format!("{A}\n{A}\n"))), "recall.order");
        assert_eq!(code(&with(&format!("{A}\n\n"))), "recall.id");
        assert_eq!(code(&with(&format!("{A}\nindicator--1\n"))), "recall.id");
        assert_eq!(code(&with(A)), "recall.form");
        let lines =
            |n: usize| (0..n).map(|n| format!("indicator--7d0b8f5e-6c35-5b0f-9a58-{n:012x}\n")).collect::<String>();
        assert_eq!(RecallNote::parse(&with(&lines(IDS_MAX))).unwrap().ids().len(), IDS_MAX);
        assert_eq!(code(&with(&lines(IDS_MAX + 1))), "recall.count");
    }

    #[test]
    fn an_acknowledgement_has_one_spelling() {
        let good = format!(
            "entente/recall-ack@1 recall=sha256:{} deleted=2 sealed=0 onward=1 at=2027-01-03T09:00:00.001Z\n",
            "1".repeat(64)
        );
        assert_eq!(RecallAck::parse(&good).unwrap().to_text(), good);
        for bad in [
            good.replace("deleted=2", "deleted=02"),
            good.replace("deleted=2", "deleted=-2"),
            good.replace(" sealed=0", ""),
            format!("{good}{good}"),
            good.replace("@1", "@2"),
        ] {
            assert_eq!(RecallAck::parse(&bad).unwrap_err().code(), "recall.form", "{bad}");
        }
    }
}
