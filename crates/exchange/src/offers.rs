//! Offers: texts that some parties have signed, from the first signature to the last.
//!
//! `offer` signs a text and hands it to the nodes of its other parties; each of them reviews it, signs it too and hands it on. When
//! every party has signed, the node takes the agreement up. An offered text is frozen: another text under the same version is refused
//! while the offer stands, and an offer that nobody completed within 90 days is signed no more (`agreements.md` section 14).

use entente_agreement::lifecycle::OFFER_DAYS;
use entente_agreement::{Act, Agreement, Comparison, PartyId, Relation, State as Life, Terms, compare, sign};
use entente_ledger::Hash;
use entente_ledger::note::{Note, VerifierKey};
use entente_stix::Timestamp;
use entente_store::offers::OfferRow;
use serde::Serialize;

use crate::Exchange;
use crate::access::Credential;
use crate::agreements::Installed;
use crate::error::{ExchangeError, Result};
use crate::state::{KnownParty, Link, State, word};

/// LIMIT: offers of one party that stand open at a time.
const OPEN_MAX: usize = 64;
const DAY_US: i64 = 86_400_000_000;

/// An offer, for tables and JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OfferLine {
    /// Agreement id.
    pub id: String,
    /// Version offered.
    pub version: u32,
    /// Title of the text.
    pub title: String,
    /// `sha256:…` of the text.
    pub hash: String,
    /// `offered`, or `lapsed` after 90 days.
    pub state: String,
    /// All parties of the text.
    pub parties: Vec<String>,
    /// Those that have signed.
    pub signed: Vec<String>,
    /// Those whose signatures are needed and missing.
    pub unsigned: Vec<String>,
    /// The party it came from.
    pub by: String,
    /// When this node first had it.
    pub offered: String,
    /// When it lapses.
    pub lapses: String,
}

/// What a person looks at before signing.
#[derive(Debug)]
pub struct Review {
    /// The offer.
    pub offer: OfferLine,
    /// What it says.
    pub terms: Terms,
    /// How it differs from the version that is held; `None` for a first version.
    pub comparison: Option<Comparison>,
    /// SHA-256 of the comparison as JSON, which goes into the leaf.
    pub compare: Option<Hash>,
}

impl Review {
    /// Whether the text permits more than the version held, so that each signer must say that this is meant (A22).
    #[must_use]
    pub fn is_broader(&self) -> bool {
        let relation = self.comparison.as_ref().map(|comparison| comparison.relation);
        matches!(relation, Some(Relation::Broader | Relation::Incomparable))
    }
}

/// What the signer was shown and says to it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shown {
    /// The signer accepts that the text permits more than the version held.
    pub accept_broader: bool,
    /// SHA-256 of the simulation that was shown, if one was.
    pub simulate: Option<Hash>,
}

/// What signing an offer did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Signed {
    /// The offer as it stands.
    pub offer: OfferLine,
    /// The note with the signatures so far, to be carried by hand where no node could be reached.
    #[serde(skip)]
    pub note: String,
    /// The agreement, once every party has signed.
    pub installed: Option<Installed>,
    /// The other parties, and whether their nodes have it.
    pub handed: Vec<Handed>,
}

/// Whether one party's node has the note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Handed {
    /// The party.
    pub party: String,
    /// Whether its node took it.
    pub done: bool,
    /// Why not, if not.
    pub problem: Option<String>,
}

impl Exchange {
    /// Signs a text, or a note that others have signed, keeps it as an offer and hands it to the other parties' nodes.
    ///
    /// # Errors
    /// [`ExchangeError::Agreement`] for every fault of the text, [`ExchangeError::NotAParty`], [`ExchangeError::Card`],
    /// [`ExchangeError::Replay`], [`ExchangeError::Offer`].
    pub fn offer(&self, text_or_note: &[u8], shown: Shown) -> Result<Signed> {
        let note = self.sign_once(text_or_note)?;
        self.keep_and_hand(self.take(&note, None)?, shown)
    }

    /// Signs an open offer, keeps it and hands it on; takes the agreement up when this was the last signature.
    ///
    /// # Errors
    /// [`ExchangeError::Offer`] when there is no such offer, it has lapsed, or it permits more than the version held and that was not
    /// accepted.
    pub fn countersign(&self, agreement: &str, shown: Shown) -> Result<Signed> {
        let row = self.open_offer(agreement)?;
        let note = self.sign_once(row.note.as_bytes())?;
        self.keep_and_hand(self.take(&note, None)?, shown)
    }

    /// What an open offer says and how it differs from what is held, for the one who is to sign it.
    ///
    /// # Errors
    /// [`ExchangeError::Offer`] when there is no such offer or it has lapsed.
    pub fn review_offer(&self, agreement: &str) -> Result<Review> {
        let row = self.open_offer(agreement)?;
        self.review_note(&row.note.clone().into_bytes(), Some(row))
    }

    /// The same for a text or note in a file, before it is offered.
    ///
    /// # Errors
    /// As [`Exchange::offer`].
    pub fn review_text(&self, text_or_note: &[u8]) -> Result<Review> {
        self.review_note(&self.sign_once(text_or_note)?, None)
    }

    /// All offers that are not yet agreements, lapsed ones included.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn offers(&self) -> Result<Vec<OfferLine>> {
        let state = self.state()?;
        let rows = self.store().read(|s| s.offers())?;
        rows.iter().filter(|row| !row.installed).map(|row| self.line(&state, row)).collect()
    }

    /// Takes a note that another party of the text hands over: a new offer, or more signatures of a known one.
    ///
    /// The text must name this node's party and the caller, and the caller must have signed it. The same note twice has no second
    /// effect (A36).
    ///
    /// # Errors
    /// As [`Exchange::offer`]; [`ExchangeError::UnknownAgreement`] for a text of another id or of other parties.
    pub fn accept_signatures(&self, credential: &Credential, agreement: &str, note: &[u8]) -> Result<OfferLine> {
        let opened = Agreement::open_partial(note).map_err(ExchangeError::Agreement)?;
        let named = |party: &PartyId| opened.terms().party(party).is_some();
        if opened.id().as_str() != agreement || !named(self.own()) || !named(&credential.party) || credential.staff {
            return Err(ExchangeError::UnknownAgreement(agreement.to_owned()));
        }
        if !opened.has_signed(&credential.party) {
            return Err(offer("offer.unsigned", format!("`{}` has not signed what it hands over", credential.party)));
        }
        // An id that others use among themselves is none of the caller's business, not even that it is taken (A34).
        if !self.knows_of(credential, agreement)? && self.is_taken(agreement)? {
            return Err(ExchangeError::UnknownAgreement(agreement.to_owned()));
        }
        let taken = self.take(note, Some(&credential.party))?;
        let (row, _) = self.keep(taken, None, None)?;
        self.line(&*self.state()?, &row)
    }

    /// Whether an agreement held here, or an offer of one, names the caller; only then is it told what is wrong with a text of that
    /// id.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn knows_of(&self, credential: &Credential, agreement: &str) -> Result<bool> {
        let state = self.state()?;
        let mut held = state.versions.iter().filter(|held| held.id() == agreement);
        if credential.staff || held.any(|held| held.names(&credential.party)) {
            return Ok(true);
        }
        let rows = self.store().read(|s| s.offers())?;
        Ok(rows.iter().filter(|row| row.id == agreement).any(|row| {
            let opened = Agreement::open_partial(row.note.as_bytes());
            opened.is_ok_and(|opened| opened.terms().party(&credential.party).is_some())
        }))
    }

    fn is_taken(&self, agreement: &str) -> Result<bool> {
        if self.state()?.versions.iter().any(|held| held.id() == agreement) {
            return Ok(true);
        }
        let rows = self.store().read(|s| s.offers())?;
        Ok(rows.iter().any(|row| row.id == agreement && !self.has_lapsed(row)))
    }

    /// The notes of the offers that a party may have, as this node has signed them.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn offers_for(&self, credential: &Credential) -> Result<Vec<String>> {
        let mut notes = Vec::new();
        for row in self.store().read(|s| s.offers())?.iter().filter(|row| self.stands(row)) {
            let opened = Agreement::open_partial(row.note.as_bytes()).map_err(ExchangeError::Agreement)?;
            if opened.terms().party(&credential.party).is_some() && opened.has_signed(self.own()) {
                notes.push(row.note.clone());
            }
        }
        Ok(notes)
    }

    /// Hands the offers that stand to a party's node and fetches its own; what cannot be done now is done at the next contact.
    pub(crate) fn exchange_offers(&self, party: &KnownParty, link: &Link) {
        let handed = self.store().read(|s| s.offers()).map_err(ExchangeError::from).and_then(|rows| {
            rows.iter().filter(|row| self.stands(row)).try_for_each(|row| self.hand(party, link, row).map(|_| ()))
        });
        if let Err(error) = handed.and_then(|()| self.fetch_offers(party, link)) {
            tracing::debug!(party.id = %party.id, "offers could not be exchanged: {error}");
        }
    }

    fn fetch_offers(&self, party: &KnownParty, link: &Link) -> Result<()> {
        let answer = self.call(party, link, "api/v1/offers", None)?;
        let unreadable = |e: serde_json::Error| ExchangeError::Format {
            code: "sync.offers",
            message: format!("the list of offers: {e}"),
        };
        let notes: Vec<String> = serde_json::from_slice(&answer.body).map_err(unreadable)?;
        let credential = Credential { id: link.token.clone(), party: party.id.clone(), staff: false };
        for note in notes.iter().take(OPEN_MAX) {
            let id = Agreement::open_partial(note.as_bytes()).map_err(ExchangeError::Agreement)?.id().to_string();
            // One offer that is refused (lapsed here, another text) does not keep the others away.
            if let Err(error) = self.accept_signatures(&credential, &id, note.as_bytes()) {
                tracing::warn!(party.id = %party.id, agreement.id = id, code = error.code(), "an offer was refused: {error}");
            }
        }
        Ok(())
    }

    /// Hands one note over, unless the party was handed as many signatures before; `true` when it has them now.
    fn hand(&self, party: &KnownParty, link: &Link, row: &OfferRow) -> Result<bool> {
        let opened = Agreement::open_partial(row.note.as_bytes()).map_err(ExchangeError::Agreement)?;
        if opened.terms().party(&party.id).is_none() || !opened.has_signed(self.own()) {
            return Ok(false);
        }
        let signatures = opened.note().map_or(0, |note| note.signatures().len());
        let signatures = i64::try_from(signatures).unwrap_or(i64::MAX);
        if self.store().read(|s| s.handed(row.no, party.no))? >= signatures {
            return Ok(true);
        }
        let path = format!("api/v1/agreements/{}/signatures", row.id);
        self.call(party, link, &path, Some(row.note.as_bytes()))?;
        self.store().write(|tx| tx.put_handed(row.no, party.no, signatures))?;
        Ok(true)
    }

    fn keep_and_hand(&self, taken: Taken, shown: Shown) -> Result<Signed> {
        let review = self.review_note(taken.row.note.as_bytes(), None)?;
        if review.is_broader() && !shown.accept_broader {
            let message = format!(
                "version {} of `{}` permits more than the version held, or cannot be ordered with it; look at the comparison and \
                 accept it",
                review.terms.version, review.terms.id
            );
            return Err(offer("offer.broader", message));
        }
        let (row, installed) = self.keep(taken, review.compare, shown.simulate)?;
        let state = self.state()?;
        let mut handed = Vec::new();
        for other in review.terms.parties.iter().filter(|party| party.id != *self.own()) {
            let known = state.party(other.id.as_str());
            let outcome = match known.and_then(|known| known.link.as_ref().map(|link| (known, link))) {
                Some((known, link)) => self.hand(known, link, &row).map_err(|error| error.to_string()),
                None => Err("this node has no address and token for it".to_owned()),
            };
            let (done, problem) = match outcome {
                Ok(done) => (done, None),
                Err(problem) => (false, Some(problem)),
            };
            handed.push(Handed { party: other.id.to_string(), done, problem });
        }
        Ok(Signed { offer: self.line(&state, &row)?, note: row.note, installed, handed })
    }

    /// Keeps a note that was taken, and takes the agreement up if it is complete.
    fn keep(
        &self,
        taken: Taken,
        compare: Option<Hash>,
        simulate: Option<Hash>,
    ) -> Result<(OfferRow, Option<Installed>)> {
        let Taken { mut row, complete } = taken;
        row.compare = compare.map(|hash| hash.0.to_vec()).or(row.compare);
        row.simulate = simulate.map(|hash| hash.0.to_vec()).or(row.simulate);
        row.no = self.store().write(|tx| tx.put_offer(&row))?;
        if !complete {
            return Ok((row, None));
        }
        let shown = |bytes: &Option<Vec<u8>>| bytes.as_deref().and_then(|b| <[u8; 32]>::try_from(b).ok()).map(Hash);
        let installed = self.install_shown(row.note.as_bytes(), shown(&row.compare), shown(&row.simulate))?;
        row.installed = true;
        self.store().write(|tx| tx.put_offer(&row))?;
        Ok((row, Some(installed)))
    }

    /// Checks a note against what is held and offered already, and joins its signatures with those that are known.
    fn take(&self, note: &[u8], from: Option<&PartyId>) -> Result<Taken> {
        let opened = Agreement::open_partial(note).map_err(ExchangeError::Agreement)?;
        let terms = opened.terms().clone();
        let state = self.state()?;
        self.check_parties(&state, &opened)?;
        let newest = state.versions.iter().rfind(|held| held.id() == terms.id.as_str());
        let held_already = newest.is_some_and(|held| held.hash().0 == terms.hash);
        if let Some(held) = newest.filter(|_| !held_already) {
            crate::agreements::follows(held, &terms)?;
            let life = held.agreement.state(self.now());
            if !life.permits(Act::Amend) {
                return Err(ExchangeError::State { agreement: terms.id.to_string(), state: word(life) });
            }
        }
        let rows = self.store().read(|s| s.offers())?;
        let by = from.and_then(|party| state.party(party.as_str())).map_or(0, |party| party.no);
        let same = rows.iter().find(|row| row.hash == terms.hash);
        if same.is_none() {
            self.check_new(&rows, &terms, by, held_already)?;
        }
        if same.is_some_and(|row| !row.installed && self.has_lapsed(row)) && !held_already {
            let message =
                format!("version {} of `{}` was offered more than {OFFER_DAYS} days ago", terms.version, terms.id);
            return Err(offer("offer.lapsed", message));
        }
        let joined = join(same.map(|row| row.note.as_str()), &opened)?;
        let mut now = Agreement::open_partial(joined.as_bytes()).map_err(ExchangeError::Agreement)?;
        if let Some(held) = newest.filter(|_| !held_already) {
            now = now.following(&held.agreement);
        }
        let row = OfferRow {
            no: 0,
            id: terms.id.to_string(),
            version: i64::from(terms.version),
            hash: terms.hash.to_vec(),
            note: joined,
            by: same.map_or(by, |row| row.by),
            offered_us: same.map_or_else(|| self.now().as_micros(), |row| row.offered_us),
            installed: held_already,
            compare: same.and_then(|row| row.compare.clone()),
            simulate: same.and_then(|row| row.simulate.clone()),
        };
        Ok(Taken { complete: !held_already && now.unsigned().next().is_none(), row })
    }

    /// A text that was not offered before: nothing newer and no other text of its version may stand open.
    fn check_new(&self, rows: &[OfferRow], terms: &Terms, by: i64, held_already: bool) -> Result<()> {
        let open = || rows.iter().filter(|row| !row.installed && !self.has_lapsed(row));
        let version = i64::from(terms.version);
        if let Some(other) = open().find(|row| row.id == terms.id.as_str() && row.version >= version) {
            let (code, what) = if other.version == version {
                ("offer.other-text", "another text")
            } else {
                ("offer.stale", "a later version")
            };
            return Err(offer(code, format!("{what} of version {} of `{}` is on offer", other.version, other.id)));
        }
        if !held_already && open().filter(|row| row.by == by).count() >= OPEN_MAX {
            return Err(offer("offer.too-many", format!("{OPEN_MAX} offers of this party stand open")));
        }
        Ok(())
    }

    fn review_note(&self, note: &[u8], row: Option<OfferRow>) -> Result<Review> {
        let opened = Agreement::open_partial(note).map_err(ExchangeError::Agreement)?;
        let terms = opened.terms().as_ref().clone();
        let state = self.state()?;
        let before = state
            .versions
            .iter()
            .rfind(|held| held.id() == terms.id.as_str() && held.agreement.terms().version < terms.version);
        let too_complex = |error: entente_agreement::CompareError| offer(error.code(), error.to_string());
        let comparison = before.map(|held| compare(&terms, held.agreement.terms())).transpose().map_err(too_complex)?;
        let json = comparison.as_ref().map(serde_json::to_vec).transpose();
        let compare = json.map_err(|e| offer("offer.broken", e.to_string()))?.map(|json| Hash::of(&json));
        let row = match row {
            Some(row) => row,
            None => self.take(note, None)?.row,
        };
        Ok(Review { offer: self.line(&state, &row)?, terms, comparison, compare })
    }

    /// The newest open offer of an agreement.
    fn open_offer(&self, agreement: &str) -> Result<OfferRow> {
        let rows = self.store().read(|s| s.offers())?;
        let of_id = rows.into_iter().filter(|row| row.id == agreement && !row.installed);
        let row = of_id.max_by_key(|row| (row.version, row.no));
        let row = row.ok_or_else(|| offer("offer.unknown", format!("nothing is offered under `{agreement}`")))?;
        if self.has_lapsed(&row) {
            let message = format!("the offer of `{agreement}` is older than {OFFER_DAYS} days; ask for a new one");
            return Err(offer("offer.lapsed", message));
        }
        Ok(row)
    }

    /// The text or note with this party's signature on it.
    fn sign_once(&self, text_or_note: &[u8]) -> Result<Vec<u8>> {
        let signed = Agreement::open_partial(text_or_note).is_ok_and(|opened| opened.has_signed(self.own()));
        if signed {
            return Ok(text_or_note.to_vec());
        }
        // The text is judged before the key: that this party is not in it says more than that its key is not.
        let terms = match Agreement::open_partial(text_or_note) {
            Ok(opened) => opened.terms().as_ref().clone(),
            Err(errors) if errors.iter().all(|error| error.code() == "note.no-signature") => {
                Terms::parse(&String::from_utf8_lossy(text_or_note)).map_err(ExchangeError::Agreement)?
            }
            Err(errors) => return Err(ExchangeError::Agreement(errors)),
        };
        if terms.party(self.own()).is_none() {
            return Err(ExchangeError::NotAParty(terms.id.to_string()));
        }
        sign::sign(text_or_note, self.keys().agreement()).map_err(ExchangeError::Agreement)
    }

    fn lapses(&self, row: &OfferRow) -> i64 {
        row.offered_us.saturating_add(i64::from(OFFER_DAYS).saturating_mul(DAY_US))
    }

    fn has_lapsed(&self, row: &OfferRow) -> bool {
        self.now().as_micros() >= self.lapses(row)
    }

    /// Whether other nodes are still to have it: an offer that is open, or an agreement that was offered lately.
    fn stands(&self, row: &OfferRow) -> bool {
        !self.has_lapsed(row)
    }

    fn line(&self, state: &State, row: &OfferRow) -> Result<OfferLine> {
        let mut opened = Agreement::open_partial(row.note.as_bytes()).map_err(ExchangeError::Agreement)?;
        let version = opened.terms().version;
        let before =
            state.versions.iter().rfind(|held| held.id() == row.id && held.agreement.terms().version < version);
        if let Some(held) = before {
            opened = opened.following(&held.agreement);
        }
        let terms = opened.terms();
        let of = |parties: &mut dyn Iterator<Item = &entente_agreement::Party>| {
            parties.map(|party| party.id.to_string()).collect::<Vec<_>>()
        };
        let life = if row.installed {
            word(opened.state(self.now()))
        } else if self.has_lapsed(row) {
            "lapsed"
        } else {
            Life::Offered.name()
        };
        Ok(OfferLine {
            id: row.id.clone(),
            version,
            title: terms.title.clone(),
            hash: opened.hash_text(),
            state: life.to_owned(),
            parties: of(&mut terms.parties.iter()),
            signed: of(&mut terms.parties.iter().filter(|party| opened.has_signed(&party.id))),
            unsigned: of(&mut opened.unsigned()),
            by: state.party_word(row.by),
            offered: Timestamp::from_micros(row.offered_us).to_string(),
            lapses: Timestamp::from_micros(self.lapses(row)).to_string(),
        })
    }
}

/// A note that was checked, with all signatures that are known.
struct Taken {
    row: OfferRow,
    /// Every signature that is needed is there, and the agreement is not held yet.
    complete: bool,
}

fn offer(code: &'static str, message: String) -> ExchangeError {
    ExchangeError::Offer { code, message }
}

/// The known note with the signatures of `more` that it lacks; lines of anybody who is no party are left out.
fn join(known: Option<&str>, more: &Agreement) -> Result<String> {
    let refused = |error: entente_ledger::note::NoteError| offer("offer.broken", error.to_string());
    let text = more.terms().text();
    let mut joined = Note::new(text).map_err(refused)?;
    let earlier = known.map(|note| Note::parse(note.as_bytes())).transpose().map_err(refused)?;
    let lines = earlier.iter().chain(more.note()).flat_map(|note| note.signatures().iter());
    let keys: Vec<VerifierKey> =
        more.terms().parties.iter().filter_map(|party| VerifierKey::parse(&party.vkey).ok()).collect();
    for key in &keys {
        if let Some(line) = lines.clone().find(|line| key.matches(line)) {
            joined.add(line.clone()).map_err(refused)?;
        }
    }
    String::from_utf8(joined.to_bytes()).map_err(|e| offer("offer.broken", e.to_string()))
}
