//! Leaves: the entries of an agreement log.
//!
//! A leaf is one JSON object in ASCII without spaces, its keys in a fixed order, at most [`LEAF_SIZE_BYTES_MAX`] bytes.
//! It holds digests and counts, never objects, values, or personal data. A verifier hashes the bytes as found; reading
//! a leaf here also checks that they are the only spelling of their meaning.

mod error;
pub(crate) mod json;

use std::fmt;

use serde_json::{Map, Value};

pub use error::LeafError;
use json::{Reader, Writer, check_word};

use crate::Hash;
use crate::hash::{from_hex, to_hex};

// LIMIT: the ledger holds digests, never objects; the longest kind with all keys at their longest is under 1 KiB.
/// The largest leaf, in bytes.
pub const LEAF_SIZE_BYTES_MAX: usize = 1_024;

const WORD_SIZE_BYTES_MAX: usize = 64;

/// The instant of a leaf, in milliseconds since 1970-01-01T00:00:00Z, spelled `YYYY-MM-DDTHH:MM:SS.mmmZ`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeafTime(i64);

const DAY_MS: i64 = 86_400_000;
const YEAR_10000_MS: i64 = 253_402_300_800_000;

impl LeafTime {
    /// Creates an instant of the years 1970 to 9999; `None` outside.
    #[must_use]
    pub fn from_unix_millis(millis: i64) -> Option<LeafTime> {
        (0..YEAR_10000_MS).contains(&millis).then_some(LeafTime(millis))
    }

    /// Returns the milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_unix_millis(self) -> i64 {
        self.0
    }

    /// Returns the instant one millisecond later, the time of a leaf written while the clock stands or steps back.
    #[must_use]
    pub fn next(self) -> LeafTime {
        LeafTime::from_unix_millis(self.0.saturating_add(1)).unwrap_or(self)
    }

    /// Reads the one spelling of an instant; `None` for any other.
    #[must_use]
    pub fn parse(text: &str) -> Option<LeafTime> {
        let number = |from: usize, to: usize| {
            let digits = text.get(from..to)?;
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<i64>().ok())?
        };
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second, milli) = (number(11, 13)?, number(14, 16)?, number(17, 19)?, number(20, 23)?);
        let in_day = ((hour * 60 + minute) * 60 + second) * 1_000 + milli;
        let time = LeafTime::from_unix_millis(days_from_civil(year, month, day) * DAY_MS + in_day)?;
        // Impossible dates and wrong separators are written differently.
        (time.to_string() == text).then_some(time)
    }
}

impl fmt::Display for LeafTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0.div_euclid(DAY_MS));
        let millis = self.0.rem_euclid(DAY_MS);
        let (second, milli) = (millis / 1_000, millis % 1_000);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
    }
}

/// Counts the days from 1970-01-01 to a date of the proleptic Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March here, so that the leap day is the last of its year; eras are 400 years.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Finds the date that lies this many days after 1970-01-01.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// Who caused a leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A key of a party or node, by the id it has in signed notes.
    Key([u8; 4]),
    /// A person, by a keyed pseudonym of ASCII letters, digits, and hyphens.
    Person(String),
}

impl Actor {
    pub(crate) fn parse(text: &str) -> Option<Actor> {
        match text.strip_prefix("u:") {
            Some(pseudonym) => Some(Actor::Person(pseudonym.to_owned())),
            None => Some(Actor::Key(from_hex(text)?.try_into().ok()?)),
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::Key(id) => f.write_str(&to_hex(id)),
            Actor::Person(pseudonym) => write!(f, "u:{pseudonym}"),
        }
    }
}

/// The state an agreement has entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgreementState {
    /// All parties have signed.
    Countersigned,
    /// Releases are possible.
    InForce,
    /// Its time has run out.
    Expired,
    /// A party has ended it.
    Terminated,
    /// Everything that follows the end has been done.
    Closed,
}

impl AgreementState {
    const ALL: [AgreementState; 5] = [
        AgreementState::Countersigned,
        AgreementState::InForce,
        AgreementState::Expired,
        AgreementState::Terminated,
        AgreementState::Closed,
    ];

    /// Returns the spelling used in leaves.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            AgreementState::Countersigned => "countersigned",
            AgreementState::InForce => "in-force",
            AgreementState::Expired => "expired",
            AgreementState::Terminated => "terminated",
            AgreementState::Closed => "closed",
        }
    }
}

/// What became of a delivery at the recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All objects were admitted.
    Admitted,
    /// Some objects were admitted.
    Partly,
    /// No object was admitted.
    Refused,
}

impl Outcome {
    const ALL: [Outcome; 3] = [Outcome::Admitted, Outcome::Partly, Outcome::Refused];

    /// Returns the spelling used in leaves.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Admitted => "admitted",
            Outcome::Partly => "partly",
            Outcome::Refused => "refused",
        }
    }
}

/// What a leaf states.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Leaf {
    /// The agreement entered a state.
    Agreement {
        /// The state.
        state: AgreementState,
        /// The hash of the text.
        text: Hash,
        /// The hash of the comparison that was shown.
        compare: Option<Hash>,
        /// The hash of the simulation that was shown.
        simulate: Option<Hash>,
    },
    /// A new version of the text took over.
    Amend {
        /// The hash of the new text.
        text: Hash,
        /// The hash of the text it replaces.
        supersedes: Hash,
    },
    /// A party suspended the agreement.
    Suspend {
        /// The hash of the one-line note.
        note: Hash,
    },
    /// A party resumed the agreement.
    Resume {
        /// The hash of the one-line note.
        note: Hash,
    },
    /// A party terminated the agreement.
    Terminate {
        /// The hash of the one-line note.
        note: Hash,
    },
    /// A batch of objects became visible to a party.
    Release {
        /// The recipient.
        party: String,
        /// The first manifest position of the batch.
        first: u64,
        /// The last manifest position of the batch.
        last: u64,
        /// The number of objects.
        n: u64,
        /// The root over the object commitments in row order.
        inner: Hash,
        /// The hash of the obligations as compiled.
        obligations: Hash,
        /// The hash of the compiled text.
        compiled: Hash,
        /// Name and version of the deciding program.
        engine: String,
    },
    /// A page was sent to a party.
    Delivery {
        /// The recipient.
        party: String,
        /// The purpose the page was asked for.
        purpose: String,
        /// The door it went through.
        door: String,
        /// The first manifest position of the page.
        first: u64,
        /// The last manifest position of the page.
        last: u64,
        /// The number of objects sent.
        n: u64,
        /// The root over the commitments in page order, if the bytes sent differ from those released.
        inner: Option<Hash>,
    },
    /// The recipient acknowledged a delivery, in its own log.
    DeliveryAck {
        /// The releaser.
        party: String,
        /// The index of the delivery leaf in the releaser's log.
        of: u64,
        /// The number of objects received.
        n: u64,
        /// What became of them.
        outcome: Outcome,
    },
    /// An originator permitted onward release.
    Consent {
        /// The hash of the one-line note.
        note: Hash,
    },
    /// An originator took such a permission back.
    ConsentWithdraw {
        /// The hash of the one-line note.
        note: Hash,
    },
    /// The recipient used what it received in a way that the text makes reportable.
    Use {
        /// The party that released it.
        party: String,
        /// The purpose.
        purpose: String,
        /// The number of objects.
        n: u64,
        /// The root over their commitments.
        inner: Hash,
    },
    /// The releaser took objects back.
    Recall {
        /// The party that has them.
        party: String,
        /// Why, in a word of the closed list.
        reason: String,
        /// What is to be done: `delete`, `raise:<tlp>` or `stop-use`.
        action: String,
        /// The number of objects.
        n: u64,
        /// The root over salted commitments to their ids, in the order of the note.
        inner: Hash,
    },
    /// The recipient carried a recall out.
    RecallAck {
        /// The party that recalled.
        party: String,
        /// The hash of the recall's note.
        of: Hash,
        /// The number of objects deleted.
        deleted: u64,
        /// The number of objects kept under seal.
        sealed: u64,
        /// The number of objects recalled onward.
        onward: u64,
    },
    /// A report of how useful the data of a period was.
    Usefulness {
        /// The other party.
        party: String,
        /// The period, `YYYY-MM-DD/YYYY-MM-DD`, the last day exclusive.
        period: String,
        /// The hash of the signed report.
        report: Hash,
    },
    /// A key took the place of another.
    Key {
        /// The hash of the `rotate-key` note.
        note: Hash,
    },
    /// Salts were destroyed, so that their objects can no longer be proved.
    Erasure {
        /// The number of salts.
        n: u64,
        /// Why: `recall`, `retention`, `request`, `termination`.
        basis: String,
    },
    /// The log goes on after its end was lost.
    Restore {
        /// The number of leaves of the last checkpoint known.
        size: u64,
        /// The root of that checkpoint.
        root: Hash,
    },
}

impl Leaf {
    /// Returns the spelling of the kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Leaf::Agreement { .. } => "agreement",
            Leaf::Amend { .. } => "amend",
            Leaf::Suspend { .. } => "suspend",
            Leaf::Resume { .. } => "resume",
            Leaf::Terminate { .. } => "terminate",
            Leaf::Release { .. } => "release",
            Leaf::Delivery { .. } => "delivery",
            Leaf::DeliveryAck { .. } => "delivery-ack",
            Leaf::Consent { .. } => "consent",
            Leaf::ConsentWithdraw { .. } => "consent-withdraw",
            Leaf::Use { .. } => "use",
            Leaf::Recall { .. } => "recall",
            Leaf::RecallAck { .. } => "recall-ack",
            Leaf::Usefulness { .. } => "usefulness",
            Leaf::Key { .. } => "key",
            Leaf::Erasure { .. } => "erasure",
            Leaf::Restore { .. } => "restore",
        }
    }

    /// Returns the root and the number of the objects this leaf vouches for, if it covers objects.
    #[must_use]
    pub const fn inner(&self) -> Option<(Hash, u64)> {
        match self {
            Leaf::Release { inner, n, .. } | Leaf::Delivery { inner: Some(inner), n, .. } => Some((*inner, *n)),
            _ => None,
        }
    }

    /// Writes the leaf for a place in a log.
    ///
    /// # Errors
    ///
    /// [`LeafError`] if a text is not plain ASCII, positions contradict each other, or the leaf is too large.
    pub fn to_bytes(&self, seq: u64, time: LeafTime, agreement: &Hash, actor: &Actor) -> Result<Vec<u8>, LeafError> {
        write(self, seq, time, agreement, actor, false)
    }

    fn check(&self) -> Result<(), LeafError> {
        match self {
            Leaf::Release { party, first, last, n, engine, .. } => {
                check_word("party", party)?;
                check_word("engine", engine)?;
                // Manifest positions are dense, so a release batch has no holes.
                let dense = last.checked_sub(*first).and_then(|rest| rest.checked_add(1)) == Some(*n);
                if dense { Ok(()) } else { Err(LeafError::Positions) }
            }
            Leaf::Delivery { party, purpose, door, first, last, n, .. } => {
                check_word("party", party)?;
                check_word("purpose", purpose)?;
                check_word("door", door)?;
                let fits = last.checked_sub(*first).is_some_and(|rest| (1..=rest.saturating_add(1)).contains(n));
                if fits { Ok(()) } else { Err(LeafError::Positions) }
            }
            Leaf::DeliveryAck { party, .. } | Leaf::RecallAck { party, .. } => check_word("party", party),
            Leaf::Use { party, purpose, .. } => {
                check_word("party", party)?;
                check_word("purpose", purpose)
            }
            Leaf::Recall { party, reason, action, .. } => {
                check_word("party", party)?;
                check_word("reason", reason)?;
                check_word("action", action)
            }
            Leaf::Usefulness { party, period, .. } => {
                check_word("party", party)?;
                check_word("period", period)
            }
            Leaf::Erasure { basis, .. } => check_word("basis", basis),
            _ => Ok(()),
        }
    }

    fn write_keys(&self, out: &mut Writer) {
        match self {
            Leaf::Agreement { state, text, compare, simulate } => {
                out.text("state", state.name()).digest("text", text);
                out.digest_if("compare", compare.as_ref()).digest_if("simulate", simulate.as_ref());
            }
            Leaf::Amend { text, supersedes } => {
                out.digest("text", text).digest("supersedes", supersedes);
            }
            Leaf::Suspend { note }
            | Leaf::Resume { note }
            | Leaf::Terminate { note }
            | Leaf::Consent { note }
            | Leaf::ConsentWithdraw { note }
            | Leaf::Key { note } => {
                out.digest("note", note);
            }
            Leaf::Release { party, first, last, n, inner, obligations, compiled, engine } => {
                out.text("party", party).number("first", *first).number("last", *last).number("n", *n);
                out.text("inner", &inner.to_string());
                out.digest("obligations", obligations).digest("compiled", compiled).text("engine", engine);
            }
            Leaf::Delivery { party, purpose, door, first, last, n, inner } => {
                out.text("party", party).text("purpose", purpose).text("door", door);
                out.number("first", *first).number("last", *last).number("n", *n);
                if let Some(inner) = inner {
                    out.text("inner", &inner.to_string());
                }
            }
            Leaf::DeliveryAck { party, of, n, outcome } => {
                out.text("party", party).number("of", *of).number("n", *n).text("outcome", outcome.name());
            }
            Leaf::Use { party, purpose, n, inner } => {
                out.text("party", party).text("purpose", purpose).number("n", *n).text("inner", &inner.to_string());
            }
            Leaf::Recall { party, reason, action, n, inner } => {
                out.text("party", party).text("reason", reason).text("action", action);
                out.number("n", *n).text("inner", &inner.to_string());
            }
            Leaf::RecallAck { party, of, deleted, sealed, onward } => {
                out.text("party", party).digest("of", of);
                out.number("deleted", *deleted).number("sealed", *sealed).number("onward", *onward);
            }
            Leaf::Usefulness { party, period, report } => {
                out.text("party", party).text("period", period).digest("report", report);
            }
            Leaf::Erasure { n, basis } => {
                out.number("n", *n).text("basis", basis);
            }
            Leaf::Restore { size, root } => {
                out.number("size", *size).text("root", &root.to_string());
            }
        }
    }

    fn read_keys(kind: &str, keys: &Reader<'_>) -> Result<Leaf, LeafError> {
        Ok(match kind {
            "agreement" => Leaf::Agreement {
                state: keys.one_of("state", &AgreementState::ALL, AgreementState::name)?,
                text: keys.digest("text")?,
                compare: keys.digest_if("compare")?,
                simulate: keys.digest_if("simulate")?,
            },
            "amend" => Leaf::Amend { text: keys.digest("text")?, supersedes: keys.digest("supersedes")? },
            "suspend" => Leaf::Suspend { note: keys.digest("note")? },
            "resume" => Leaf::Resume { note: keys.digest("note")? },
            "terminate" => Leaf::Terminate { note: keys.digest("note")? },
            "release" => Leaf::Release {
                party: keys.text("party")?.to_owned(),
                first: keys.number("first")?,
                last: keys.number("last")?,
                n: keys.number("n")?,
                inner: keys.root("inner")?,
                obligations: keys.digest("obligations")?,
                compiled: keys.digest("compiled")?,
                engine: keys.text("engine")?.to_owned(),
            },
            "delivery" => Leaf::Delivery {
                party: keys.text("party")?.to_owned(),
                purpose: keys.text("purpose")?.to_owned(),
                door: keys.text("door")?.to_owned(),
                first: keys.number("first")?,
                last: keys.number("last")?,
                n: keys.number("n")?,
                inner: if keys.has("inner") { Some(keys.root("inner")?) } else { None },
            },
            "delivery-ack" => Leaf::DeliveryAck {
                party: keys.text("party")?.to_owned(),
                of: keys.number("of")?,
                n: keys.number("n")?,
                outcome: keys.one_of("outcome", &Outcome::ALL, Outcome::name)?,
            },
            "consent" => Leaf::Consent { note: keys.digest("note")? },
            "consent-withdraw" => Leaf::ConsentWithdraw { note: keys.digest("note")? },
            "use" => Leaf::Use {
                party: keys.text("party")?.to_owned(),
                purpose: keys.text("purpose")?.to_owned(),
                n: keys.number("n")?,
                inner: keys.root("inner")?,
            },
            "recall" => Leaf::Recall {
                party: keys.text("party")?.to_owned(),
                reason: keys.text("reason")?.to_owned(),
                action: keys.text("action")?.to_owned(),
                n: keys.number("n")?,
                inner: keys.root("inner")?,
            },
            "recall-ack" => Leaf::RecallAck {
                party: keys.text("party")?.to_owned(),
                of: keys.digest("of")?,
                deleted: keys.number("deleted")?,
                sealed: keys.number("sealed")?,
                onward: keys.number("onward")?,
            },
            "usefulness" => Leaf::Usefulness {
                party: keys.text("party")?.to_owned(),
                period: keys.text("period")?.to_owned(),
                report: keys.digest("report")?,
            },
            "key" => Leaf::Key { note: keys.digest("note")? },
            "erasure" => Leaf::Erasure { n: keys.number("n")?, basis: keys.text("basis")?.to_owned() },
            "restore" => Leaf::Restore { size: keys.number("size")?, root: keys.root("root")? },
            _ => return Err(LeafError::Kind),
        })
    }
}

/// A leaf with its place in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The index of the leaf in its log.
    pub seq: u64,
    /// The time, not before that of the previous leaf.
    pub time: LeafTime,
    /// The hash of the agreement text.
    pub agreement: Hash,
    /// Who caused it.
    pub actor: Actor,
    /// What it states.
    pub leaf: Leaf,
    /// Whether the clock had stepped back, so that `time` is the previous leaf's plus 1 ms.
    pub skew: bool,
}

impl Entry {
    /// Reads the bytes of a leaf.
    ///
    /// # Errors
    ///
    /// [`LeafError`]; in particular [`LeafError::Spelling`] if the same meaning is written in another way.
    pub fn parse(bytes: &[u8]) -> Result<Entry, LeafError> {
        if bytes.len() > LEAF_SIZE_BYTES_MAX {
            return Err(LeafError::Size);
        }
        let map: Map<String, Value> = serde_json::from_slice(bytes).map_err(|_| LeafError::Json)?;
        let keys = Reader::new(&map);
        if keys.number("v")? != 1 {
            return Err(LeafError::Version);
        }
        let entry = Entry {
            seq: keys.number("seq")?,
            time: LeafTime::parse(keys.text("time")?).ok_or(LeafError::Value { key: "time" })?,
            agreement: keys.digest("agreement")?,
            actor: Actor::parse(keys.text("actor")?).ok_or(LeafError::Value { key: "actor" })?,
            leaf: Leaf::read_keys(keys.text("kind")?, &keys)?,
            skew: keys.has("skew"),
        };
        // Duplicate, unknown, and reordered keys, spaces, and escapes all show as another spelling.
        if entry.to_bytes()? == bytes { Ok(entry) } else { Err(LeafError::Spelling) }
    }

    /// Writes the leaf.
    ///
    /// # Errors
    ///
    /// As [`Leaf::to_bytes`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, LeafError> {
        write(&self.leaf, self.seq, self.time, &self.agreement, &self.actor, self.skew)
    }
}

fn write(
    leaf: &Leaf,
    seq: u64,
    time: LeafTime,
    agreement: &Hash,
    actor: &Actor,
    skew: bool,
) -> Result<Vec<u8>, LeafError> {
    leaf.check()?;
    if let Actor::Person(pseudonym) = actor {
        check_word("actor", pseudonym)?;
    }
    let mut out = Writer::new();
    out.number("v", 1).number("seq", seq).text("time", &time.to_string()).text("kind", leaf.kind());
    out.digest("agreement", agreement).text("actor", &actor.to_string());
    leaf.write_keys(&mut out);
    if skew {
        out.raw("skew", "true");
    }
    out.finish()
}

#[cfg(test)]
mod tests;
