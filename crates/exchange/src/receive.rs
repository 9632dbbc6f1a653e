//! What another party hands in over TAXII: each object by itself, admitted as that party under that agreement.

use entente_agreement::State as Life;
use entente_stix::{Limits, Object};
use entente_taxii::wire::{Status, StatusDetails};
use uuid::Uuid;

use crate::Exchange;
use crate::access::Credential;
use crate::admit::{AdmitOptions, Outcome, Source};
use crate::deliver::{CollectionInfo, DeliverError};
use crate::error::{ExchangeError, Result};
use crate::prepare::Prepared;

const STATUS_KEPT_DAYS: i64 = 7;
const UNREADABLE_VERSION: &str = "1970-01-01T00:00:00.000000Z";

impl Exchange {
    /// Admits the members of an envelope, durably, and says what became of each. One bad object never spoils its neighbours.
    ///
    /// Success means "held by this node", not "passed on". An object in quarantine is a success that says `held for review`.
    ///
    /// # Errors
    /// [`DeliverError::Suspended`] and [`DeliverError::Ended`] when the agreement does not permit it now; nothing is admitted then.
    pub fn receive(
        &self,
        credential: &Credential,
        collection: &CollectionInfo,
        objects: &[&[u8]],
    ) -> Result<Status, DeliverError> {
        let state = self.state()?;
        let now = self.now();
        let unknown = || ExchangeError::UnknownAgreement(collection.agreement.clone());
        let held = state.current(&collection.agreement, now).ok_or_else(unknown)?;
        match held.agreement.state(now) {
            Life::InForce => {}
            Life::Suspended => return Err(DeliverError::Suspended),
            _ => return Err(DeliverError::Ended),
        }
        let party = state.party(credential.party.as_str()).ok_or_else(unknown)?;
        let source = Source { party: party.no, party_id: party.id.as_str(), agreement: held.no };
        let options = AdmitOptions { confidence: 0, ..AdmitOptions::default() };
        let prepared: Vec<_> = objects
            .iter()
            .enumerate()
            .map(|(place, raw)| self.prepare_object(raw, &options, &format!("/objects/{place}"), now))
            .collect();
        let mut successes = Vec::new();
        let mut failures = Vec::new();
        let id = Uuid::from_bytes(self.random()?);
        // The variant bits make it a version 4 UUID.
        let id = uuid::Builder::from_random_bytes(id.into_bytes()).into_uuid();
        let status = self.store().write(|tx| -> Result<Status> {
            for (place, (one, raw)) in prepared.into_iter().zip(objects).enumerate() {
                let mut details = head_of(raw, place);
                let outcome = match one {
                    Ok(object) => {
                        let object = Prepared::Object(Box::new(object));
                        let outcome = self.write_one(tx, &object, &source, None, now)?;
                        if object.quarantine().is_some() {
                            details.message = Some("held for review".to_owned());
                        }
                        outcome
                    }
                    Err(refusal) => Err(refusal),
                };
                match outcome {
                    Ok(Outcome::Conflict) => {
                        details.message = Some("kept the copy received first".to_owned());
                        successes.push(details);
                    }
                    Ok(_) => successes.push(details),
                    Err(refusal) => {
                        details.message = Some(refusal.message);
                        details.code = Some(refusal.code);
                        failures.push(details);
                    }
                }
            }
            let status = Status::new(id, now, successes, failures, 0);
            let body = String::from_utf8(entente_taxii::wire::to_body(&status)).unwrap_or_default();
            let keep_us = STATUS_KEPT_DAYS * 86_400_000_000;
            tx.put_status(&id.to_string(), party.no, &body, now.as_micros(), keep_us)?;
            Ok(status)
        })?;
        Ok(status)
    }

    /// The status of an envelope that this credential's party posted, as the body of an answer.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn status(&self, credential: &Credential, id: &str) -> Result<Option<Vec<u8>>> {
        let state = self.state()?;
        let Some(party) = state.party(credential.party.as_str()) else { return Ok(None) };
        Ok(self.store().read(|s| s.status(id, party.no))?.map(String::into_bytes))
    }
}

/// Id and version of a member, as far as they can be read.
fn head_of(raw: &[u8], place: usize) -> StatusDetails {
    let object = Object::parse(raw, &Limits::admission()).ok();
    let version =
        object.as_ref().and_then(|object| object.modified_text().or_else(|| object.created_text()).map(str::to_owned));
    StatusDetails {
        id: object.map_or_else(|| format!("/objects/{place}"), |object| object.id().to_owned()),
        version: version.unwrap_or_else(|| UNREADABLE_VERSION.to_owned()),
        message: None,
        code: None,
    }
}
