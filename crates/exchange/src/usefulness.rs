//! Usefulness reports: what a receiver tells a giver about a period, signed, by counts of five or more.
//!
//! A report is made once, when everything in its period is final, and never again: its hash is a leaf in the log of both sides, and
//! a second one about the same period is refused.

use entente_agreement::account::{Period, REPORT_SIZE_BYTES_MAX, ReportError, UsefulnessReport};
use entente_ledger::leaf::Leaf;
use entente_ledger::note::VerifierKey;
use entente_stix::Timestamp;
use entente_store::account::UsefulnessRow;
use serde::Serialize;

use crate::access::Credential;
use crate::account::{Reported, final_period, other_party};
use crate::error::{ExchangeError, Result};
use crate::node::log_origin;
use crate::state::{Held, KnownParty, State};
use crate::{Exchange, journal};

/// What accepting a report did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AcceptedReport {
    /// The agreement.
    pub agreement: String,
    /// Who reports.
    pub party: String,
    /// About when.
    pub period: Period,
    /// `sha256:…` of its text.
    pub hash: String,
    /// False when this very report was held before.
    pub new: bool,
}

fn refused(code: &'static str, message: impl Into<String>) -> ExchangeError {
    ExchangeError::Usefulness { code, message: message.into() }
}

fn malformed(error: &ReportError) -> ExchangeError {
    refused(error.code(), error.to_string())
}

impl Exchange {
    /// The signed report to a party about a period; made now if it was not made before. Without a period, the last one in which
    /// nothing can change any more.
    ///
    /// # Errors
    /// [`ExchangeError::Usefulness`] when the agreement does not share reports or the period is not final, [`ExchangeError::Store`],
    /// [`ExchangeError::LedgerHalted`].
    pub fn usefulness_report(&self, agreement: &str, party: &str, period: Option<Period>) -> Result<String> {
        let state = self.state()?;
        let held = self.held(agreement)?;
        let known = other_party(&state, party)?;
        if !held.names(&known.id) {
            return Err(ExchangeError::UnknownAgreement(agreement.to_owned()));
        }
        let now = self.now();
        if !held.agreement.terms().reciprocity.share {
            return Err(refused("usefulness.not-shared", format!("agreement `{agreement}` says `share = false`")));
        }
        let period = period
            .or_else(|| final_period(&state, &held, now))
            .ok_or_else(|| refused("usefulness.early", "no period of this agreement is final yet"))?;
        if period.final_at() > now {
            let message = format!("period {period} is final on {}", period.final_at());
            return Err(refused("usefulness.early", message));
        }
        self.make_report(&state, &held, known, period, now)
    }

    fn make_report(
        &self,
        state: &State,
        held: &Held,
        party: &KnownParty,
        period: Period,
        now: Timestamp,
    ) -> Result<String> {
        let made = |row: &UsefulnessRow| {
            (row.reporter, row.addressee) == (0, party.no)
                && (row.from_us, row.to_us) == (period.from().as_micros(), period.to().as_micros())
        };
        let known = |rows: Vec<UsefulnessRow>| rows.into_iter().find(made).map(|row| row.note);
        if let Some(note) = known(self.store().read(|s| s.usefulness(held.id()))?) {
            return Ok(note);
        }
        self.settle_mentions()?;
        let gathered = self.gather(state, party, Some(held.id()), period.from(), period.to(), now, &mut |_| ())?;
        let terms = held.agreement.terms();
        let report = UsefulnessReport::of(&gathered.statement, &terms.id, terms.hash, self.own(), &party.id, period);
        let note = report.sign(self.keys().agreement()).map_err(|e| malformed(&e))?;
        let text = String::from_utf8(note).map_err(|e| refused("usefulness.form", e.to_string()))?;
        let row = UsefulnessRow {
            reporter: 0,
            addressee: party.no,
            from_us: period.from().as_micros(),
            to_us: period.to().as_micros(),
            note: text,
            added_us: now.as_micros(),
        };
        if self.keep_report(held, party, &report, &row, now)? {
            return Ok(row.note);
        }
        // Another process was first; its report is the one.
        known(self.store().read(|s| s.usefulness(held.id()))?)
            .ok_or_else(|| refused("usefulness.form", "the report is not held"))
    }

    /// Stores a report and its leaf in one transaction; false when one about this period is held.
    fn keep_report(
        &self,
        held: &Held,
        party: &KnownParty,
        report: &UsefulnessReport,
        row: &UsefulnessRow,
        now: Timestamp,
    ) -> Result<bool> {
        let key = self.keys().log(&log_origin(&self.node().host, held.id()))?;
        let leaf = Leaf::Usefulness {
            party: party.id.to_string(),
            period: report.period.to_string(),
            report: entente_ledger::Hash::of(report.to_text().as_bytes()),
        };
        self.store().write(|tx| -> Result<bool> {
            let new = tx.put_usefulness(held.id(), row)?;
            if new {
                let mut log = journal::log(tx, held.id(), key.name())?;
                journal::append(tx, &mut log, &key, &held.hash(), &leaf, now)?;
            }
            Ok(new)
        })
    }

    /// Makes the reports that are due: of every agreement in force that shares them, about its last final period, to every party.
    ///
    /// # Errors
    /// As [`Exchange::usefulness_report`].
    pub fn make_due_reports(&self) -> Result<u64> {
        let state = self.state()?;
        let now = self.now();
        let mut made = 0_u64;
        for held in self.ruling(&state) {
            let in_force = held.agreement.state(now) == entente_agreement::State::InForce;
            if !in_force || !held.agreement.terms().reciprocity.share {
                continue;
            }
            let Some(period) = final_period(&state, &held, now) else { continue };
            for other in held.others(self.own()) {
                if let Some(party) = state.party(other.as_str()) {
                    self.make_report(&state, &held, party, period, now)?;
                    made = made.saturating_add(1);
                }
            }
        }
        Ok(made)
    }

    /// The reports this node has made to the party of a credential under an agreement, to staff those to all, newest period first;
    /// `None` when it is not one of its parties.
    ///
    /// # Errors
    /// [`ExchangeError::Store`].
    pub fn usefulness_for(&self, credential: &Credential, agreement: &str) -> Result<Option<Vec<String>>> {
        let state = self.state()?;
        let Some(held) = state.current(agreement, self.now()).filter(|held| held.names(&credential.party)) else {
            return Ok(None);
        };
        let Some(party) = state.party(credential.party.as_str()) else { return Ok(None) };
        let rows = self.store().read(|s| s.usefulness(held.id()))?;
        let to_it = rows.into_iter().filter(|row| row.reporter == 0 && (credential.staff || row.addressee == party.no));
        Ok(Some(to_it.map(|row| row.note).collect()))
    }

    /// Accepts a report that another party has signed about what this node gave it, from the other node or from a file.
    ///
    /// # Errors
    /// [`ExchangeError::Usefulness`] for every fault of the report, [`ExchangeError::UnknownAgreement`].
    pub fn accept_usefulness(&self, note: &[u8]) -> Result<AcceptedReport> {
        let (_, claimed) = UsefulnessReport::open(note).map_err(|e| malformed(&e))?;
        let state = self.state()?;
        let held = self.held(claimed.agreement.as_str())?;
        if claimed.to != *self.own() {
            return Err(refused("usefulness.not-ours", format!("it is addressed to `{}`", claimed.to)));
        }
        let terms = held.agreement.terms();
        let signer = terms.parties.iter().find(|party| party.id == claimed.party);
        let (Some(signer), Some(party)) = (signer, state.party(claimed.party.as_str())) else {
            return Err(refused(
                "usefulness.not-a-party",
                format!("`{}` is no party of `{}`", claimed.party, terms.id),
            ));
        };
        let key = VerifierKey::parse(&signer.vkey).map_err(|e| refused("usefulness.form", e.to_string()))?;
        let (parsed, report) = UsefulnessReport::verified(note, &key).map_err(|e| malformed(&e))?;
        if !state.versions.iter().any(|version| version.id() == held.id() && version.hash().0 == report.hash) {
            return Err(refused(
                "usefulness.other-text",
                "it names a text of the agreement that this node has not signed",
            ));
        }
        let now = self.now();
        // LIMIT: five minutes between two clocks, as for objects from the future.
        if report.period.final_at() > now.saturating_add_micros(300_000_000) {
            return Err(refused("usefulness.early", format!("period {} is not final yet", report.period)));
        }
        let row = UsefulnessRow {
            reporter: party.no,
            addressee: 0,
            from_us: report.period.from().as_micros(),
            to_us: report.period.to().as_micros(),
            note: String::from_utf8(note.to_vec()).map_err(|e| refused("usefulness.form", e.to_string()))?,
            added_us: now.as_micros(),
        };
        let hash = parsed.text_hash().to_sha256_text();
        let new = self.keep_report(&held, party, &report, &row, now)?;
        if !new {
            let rows = self.store().read(|s| s.usefulness(held.id()))?;
            let same = |held: &UsefulnessRow| {
                let (a, b) = (UsefulnessReport::open(held.note.as_bytes()), UsefulnessReport::open(note));
                (held.reporter, held.addressee) == (row.reporter, 0)
                    && matches!((a, b), (Ok((_, a)), Ok((_, b))) if a == b)
            };
            if !rows.iter().any(same) {
                let message =
                    format!("`{}` has reported about {} before, with other counts", report.party, report.period);
                return Err(refused("usefulness.second", message));
            }
        }
        Ok(AcceptedReport {
            agreement: held.id().to_owned(),
            party: report.party.to_string(),
            period: report.period,
            hash,
            new,
        })
    }

    /// All reports of an agreement, made and received.
    pub(crate) fn reports(&self, agreement: &str) -> Result<Vec<(UsefulnessRow, Reported)>> {
        let rows = self.store().read(|s| s.usefulness(agreement))?;
        rows.into_iter()
            .map(|row| {
                let (note, report) = UsefulnessReport::open(row.note.as_bytes()).map_err(|e| malformed(&e))?;
                let reported = Reported {
                    hash: note.text_hash().to_sha256_text(),
                    weighted: report.weighted(),
                    report,
                    at: Timestamp::from_micros(row.added_us).to_string(),
                };
                Ok((row, reported))
            })
            .collect()
    }

    /// Reads a report from a list that another node sent; longer texts are none.
    pub(crate) fn accept_listed(&self, from: &KnownParty, note: &str) -> Result<()> {
        if note.len() > REPORT_SIZE_BYTES_MAX {
            return Err(refused("usefulness.form", "it is longer than 8,192 bytes"));
        }
        let (_, claimed) = UsefulnessReport::open(note.as_bytes()).map_err(|e| malformed(&e))?;
        if claimed.party != from.id {
            return Err(refused(
                "usefulness.not-a-party",
                format!("`{}` handed over a report of another party", from.id),
            ));
        }
        self.accept_usefulness(note.as_bytes()).map(|_| ())
    }
}
