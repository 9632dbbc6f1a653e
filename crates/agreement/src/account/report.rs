//! The report by which a receiver tells a giver how useful its data was: counts by class, small ones not told, no values.
//!
//! The text of a signed note (c2sp.org/signed-note), in one fixed form, so that two readers cannot see two reports:
//!
//! ```text
//! entente/usefulness@1
//! agreement agr-12
//! hash sha256:…
//! party fusion
//! to northtel
//! period 2026-12-01/2027-01-01
//! weights 1
//! c2 given=120 on-time=96 unique=70 lead-1h=fewer-than-5 …
//! phishing given=fewer-than-5 …
//! ```

use entente_ledger::note::{Note, NoteError, SigningKey, VerifierKey};
use serde::Serialize;

use super::{CELL_MIN, Class, Counts, Period, Statement, WEIGHTS, Weights};
use crate::hex;
use crate::ids::{AgreementId, PartyId};

/// The largest report with its signature, in bytes.
// LIMIT: seven lines of head and six of sixteen cells with a number of at most 12 digits are under 3 KiB, a signature line under 512.
pub const REPORT_SIZE_BYTES_MAX: usize = 8_192;

const FORMAT: &str = "entente/usefulness@1";
const NUMBER_MAX: u64 = 999_999_999_999;
const FEWER: &str = "fewer-than-5";
const NOT_MEASURED: &str = "not-measured";

/// One count of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Below [`CELL_MIN`]: not told.
    Fewer,
    /// Nobody records it at the reporting node.
    NotMeasured,
    /// This many.
    Count(u64),
}

impl Cell {
    const fn of(n: u64) -> Cell {
        match n {
            0..CELL_MIN => Cell::Fewer,
            CELL_MIN..=NUMBER_MAX => Cell::Count(n),
            _ => Cell::Count(NUMBER_MAX),
        }
    }

    /// The count, or 0 where it is not told.
    pub const fn at_least(self) -> u64 {
        match self {
            Cell::Count(n) => n,
            Cell::Fewer | Cell::NotMeasured => 0,
        }
    }

    fn parse(text: &str) -> Option<Cell> {
        match text {
            FEWER => Some(Cell::Fewer),
            NOT_MEASURED => Some(Cell::NotMeasured),
            digits => {
                let plain = digits.len() <= 12 && digits.bytes().all(|byte| byte.is_ascii_digit());
                let n: u64 = plain.then(|| digits.parse().ok())??;
                (n >= CELL_MIN && n.to_string() == digits).then_some(Cell::Count(n))
            }
        }
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Cell::Fewer => f.write_str(FEWER),
            Cell::NotMeasured => f.write_str(NOT_MEASURED),
            Cell::Count(n) => write!(f, "{n}"),
        }
    }
}

impl Serialize for Cell {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Cell::Count(n) => serializer.serialize_u64(*n),
            other => serializer.collect_str(other),
        }
    }
}

const NAMES: [&str; 16] = [
    "given",
    "on-time",
    "unique",
    "earlier",
    "lead-1h",
    "lead-24h",
    "lead-7d",
    "late",
    "confirmed",
    "confirmed-on-time",
    "used",
    "disputed",
    "upheld",
    "rejected",
    "quarantined",
    "recalled",
];

/// The counts of one class, in the order of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cells([Cell; 16]);

impl Cells {
    /// The names of the counts, in the order of the format.
    pub const NAMES: [&'static str; 16] = NAMES;

    fn of(counts: &Counts, used_measured: bool) -> Cells {
        let numbers = [
            counts.given,
            counts.on_time,
            counts.unique,
            counts.earlier,
            counts.lead_hour,
            counts.lead_day,
            counts.lead_week,
            counts.late,
            counts.confirmed,
            counts.confirmed_on_time,
            counts.used,
            counts.disputed,
            counts.upheld,
            counts.rejected,
            counts.quarantined,
            counts.recalled,
        ];
        let mut cells = numbers.map(Cell::of);
        if let (Some(used), false) = (cells.get_mut(10), used_measured) {
            *used = Cell::NotMeasured;
        }
        Cells(cells)
    }

    /// Name and count, in the order of the format.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Cell)> + '_ {
        NAMES.into_iter().zip(self.0)
    }

    /// The counts told, 0 where they are not.
    pub fn counts(&self) -> Counts {
        let [
            given,
            on_time,
            unique,
            earlier,
            lead_hour,
            lead_day,
            lead_week,
            late,
            confirmed,
            confirmed_on_time,
            used,
            disputed,
            upheld,
            rejected,
            quarantined,
            recalled,
        ] = self.0.map(Cell::at_least);
        let mut counts = Counts {
            given,
            on_time,
            unique,
            earlier,
            lead_hour,
            lead_day,
            lead_week,
            late,
            confirmed,
            confirmed_on_time,
            used,
            disputed,
            upheld,
            rejected,
            quarantined,
            recalled,
            points: 0,
        };
        counts.points = counts.weigh(&WEIGHTS);
        counts
    }

    fn write(&self) -> String {
        self.iter().map(|(name, cell)| format!(" {name}={cell}")).collect()
    }

    fn parse(text: &str) -> Option<Cells> {
        let mut words = text.split(' ');
        let mut cells = [Cell::Fewer; 16];
        for (name, cell) in NAMES.into_iter().zip(&mut cells) {
            *cell = Cell::parse(words.next()?.strip_prefix(name)?.strip_prefix('=')?)?;
        }
        words.next().is_none().then_some(Cells(cells))
    }
}

impl Serialize for Cells {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// What a receiver reports about a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UsefulnessReport {
    /// The agreement.
    pub agreement: AgreementId,
    /// SHA-256 of the text of the version that rules when it is written.
    #[serde(serialize_with = "hash_text")]
    pub hash: [u8; 32],
    /// Who reports: the receiver.
    pub party: PartyId,
    /// To whom: the giver.
    pub to: PartyId,
    /// About when.
    pub period: Period,
    /// Version of the weights.
    pub weights: u32,
    /// Counts by class, in the order of [`Class::ALL`].
    #[serde(serialize_with = "super::by_class")]
    pub classes: Vec<(Class, Cells)>,
}

fn hash_text<S: serde::Serializer>(hash: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex::sha256_text(hash))
}

/// Says why a report is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// It does not have the one form of a report.
    #[error("the report is malformed: {0}")]
    Form(&'static str),
    /// It counts with other weights than this version.
    #[error("the report counts with weights {0}, which this version does not know")]
    Weights(u32),
    /// The note around it is malformed, or nobody known has signed it.
    #[error("the signed note is refused: {0}")]
    Note(#[from] NoteError),
}

impl ReportError {
    /// Returns the stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            ReportError::Form(_) => "usefulness.form",
            ReportError::Note(error) => error.code(),
            ReportError::Weights(_) => "usefulness.weights",
        }
    }
}

impl UsefulnessReport {
    /// Makes the report of a statement; counts below [`CELL_MIN`] are left out here and are in no later step.
    pub fn of(
        statement: &Statement,
        agreement: &AgreementId,
        hash: [u8; 32],
        party: &PartyId,
        to: &PartyId,
        period: Period,
    ) -> UsefulnessReport {
        let cells = |counts: &Counts| Cells::of(counts, statement.used_measured);
        UsefulnessReport {
            agreement: agreement.clone(),
            hash,
            party: party.clone(),
            to: to.clone(),
            period,
            weights: statement.weights.version,
            classes: statement.classes.iter().map(|(class, counts)| (*class, cells(counts))).collect(),
        }
    }

    /// Writes the text.
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "{FORMAT}\nagreement {}\nhash {}\nparty {}\nto {}\nperiod {}\nweights {}\n",
            self.agreement,
            hex::sha256_text(&self.hash),
            self.party,
            self.to,
            self.period,
            self.weights,
        );
        for (class, cells) in &self.classes {
            text.push_str(class.name());
            text.push_str(&cells.write());
            text.push('\n');
        }
        text
    }

    /// Reads the text; it is accepted in exactly the form that [`UsefulnessReport::to_text`] writes.
    ///
    /// # Errors
    ///
    /// [`ReportError::Form`], [`ReportError::Weights`].
    pub fn parse(text: &str) -> Result<UsefulnessReport, ReportError> {
        if text.len() > REPORT_SIZE_BYTES_MAX {
            return Err(ReportError::Form("it is longer than 8,192 bytes"));
        }
        let mut lines = text.split('\n');
        if lines.next() != Some(FORMAT) {
            return Err(ReportError::Form("it does not begin with `entente/usefulness@1`"));
        }
        let mut value = |key: &'static str| {
            lines
                .next()
                .and_then(|line| line.strip_prefix(key))
                .and_then(|rest| rest.strip_prefix(' '))
                .ok_or(ReportError::Form("a line of its head is missing or out of order"))
        };
        let of = |what: &'static str| ReportError::Form(what);
        let agreement = AgreementId::parse(value("agreement")?).ok_or(of("`agreement` is no agreement"))?;
        let hash = hex::parse_sha256_text(value("hash")?).ok_or(of("`hash` is no hash"))?;
        let party = PartyId::parse(value("party")?).ok_or(of("`party` is no party"))?;
        let to = PartyId::parse(value("to")?).ok_or(of("`to` is no party"))?;
        let text_of_period = value("period")?;
        let period = Period::parse(text_of_period)
            .filter(|period| period.to_string() == text_of_period)
            .ok_or(of("`period` is no period of whole days"))?;
        let text_of_weights = value("weights")?;
        let weights: u32 = text_of_weights.parse().map_err(|_| of("`weights` is no number"))?;
        if weights.to_string() != text_of_weights {
            return Err(of("`weights` is no number"));
        }
        if weights != WEIGHTS.version {
            return Err(ReportError::Weights(weights));
        }
        if party == to {
            return Err(of("it is addressed to the party that wrote it"));
        }
        let mut classes = Vec::new();
        for class in Class::ALL {
            let cells = lines.next().and_then(|line| line.strip_prefix(class.name())?.strip_prefix(' '));
            classes.push((class, cells.and_then(Cells::parse).ok_or(of("a line of counts is malformed"))?));
        }
        if (lines.next(), lines.next()) != (Some(""), None) {
            return Err(of("something follows the last class, or its line feed is missing"));
        }
        Ok(UsefulnessReport { agreement, hash, party, to, period, weights, classes })
    }

    /// Signs the report.
    ///
    /// # Errors
    ///
    /// [`ReportError::Form`] if it could not be read back.
    pub fn sign(&self, key: &SigningKey) -> Result<Vec<u8>, ReportError> {
        let text = self.to_text();
        if UsefulnessReport::parse(&text)? != *self {
            return Err(ReportError::Form("it cannot be written in this format"));
        }
        let mut note = Note::new(text)?;
        let line = key.sign(note.text());
        note.add(line)?;
        Ok(note.to_bytes())
    }

    /// Reads a signed report; verifies nothing.
    ///
    /// # Errors
    ///
    /// `note.…` for the note, [`ReportError::Form`] and [`ReportError::Weights`] for the text.
    pub fn open(note: &[u8]) -> Result<(Note, UsefulnessReport), ReportError> {
        if note.len() > REPORT_SIZE_BYTES_MAX {
            return Err(ReportError::Form("it is longer than 8,192 bytes"));
        }
        let note = Note::parse(note)?;
        let report = UsefulnessReport::parse(note.text())?;
        Ok((note, report))
    }

    /// Reads a signed report and verifies that `key` has signed it.
    ///
    /// # Errors
    ///
    /// Those of [`UsefulnessReport::open`], and `note.…` when the signature is missing or wrong.
    pub fn verified(note: &[u8], key: &VerifierKey) -> Result<(Note, UsefulnessReport), ReportError> {
        let (note, report) = UsefulnessReport::open(note)?;
        note.verify(std::slice::from_ref(key))?;
        Ok((note, report))
    }

    /// The counts told, over all classes.
    pub fn counts(&self) -> Counts {
        let mut total = Counts::default();
        for (_, cells) in &self.classes {
            total.add(&cells.counts());
        }
        total
    }

    /// The weighted total of what is told, so that it tells nothing that the counts do not.
    pub fn weighted(&self) -> i64 {
        let Weights { divisor, .. } = WEIGHTS;
        (self.counts().points / divisor.max(1)).max(0)
    }
}
