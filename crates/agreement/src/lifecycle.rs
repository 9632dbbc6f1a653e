//! The life of an agreement (section 14.1 of the format): its state out of notes, versions, certificates and clock, and which
//! act is possible in which state.
//!
//! There is no state that could be set: [`replay`] computes everything from what was signed, in the order in which it came.

use entente_stix::Timestamp;

use crate::agreement::{Agreement, State};
use crate::error::TextError;
use crate::notice::{Notice, NoticeError, Verb};

/// LIMIT: days after which an offer that nobody answered can be signed no more.
pub const OFFER_DAYS: u16 = 90;

/// Names what a party, or the exchange for it, may want to do with an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// Sign a version that succeeds this one.
    Amend,
    /// Certify that what was received is deleted.
    Certify,
    /// Permit onward release.
    Consent,
    /// Ask the originator for a consent.
    ConsentRequest,
    /// Take a consent back.
    ConsentWithdraw,
    /// Hand out what was released.
    Deliver,
    /// Take released objects back, and acknowledge that.
    Recall,
    /// Make objects visible.
    Release,
    /// Lift a suspension.
    Resume,
    /// Put another key in the place of one.
    RotateKey,
    /// Sign the text.
    Sign,
    /// Stop every release and delivery.
    Suspend,
    /// End the agreement.
    Terminate,
}

impl Act {
    /// Every act.
    pub const ALL: [Act; 13] = [
        Act::Amend,
        Act::Certify,
        Act::Consent,
        Act::ConsentRequest,
        Act::ConsentWithdraw,
        Act::Deliver,
        Act::Recall,
        Act::Release,
        Act::Resume,
        Act::RotateKey,
        Act::Sign,
        Act::Suspend,
        Act::Terminate,
    ];

    /// Returns the act that a one-line note is.
    pub const fn of(verb: &Verb) -> Act {
        match verb {
            Verb::Suspend { .. } => Act::Suspend,
            Verb::Resume { .. } => Act::Resume,
            Verb::Terminate { .. } => Act::Terminate,
            Verb::Consent { .. } => Act::Consent,
            Verb::ConsentWithdraw { .. } => Act::ConsentWithdraw,
            Verb::ConsentRequest { .. } => Act::ConsentRequest,
            Verb::RotateKey { .. } => Act::RotateKey,
        }
    }
}

impl State {
    /// Tells whether an act is possible in this state; what is not in this table is an error.
    ///
    /// What stops or takes back stays possible as long as there is something it could stop: a suspension counts before the
    /// first day too, and recalls, withdrawals and rotations outlive the end. A termination cannot be lifted, so nothing is
    /// signed after it.
    pub const fn permits(self, act: Act) -> bool {
        use State::{Amended, Closed, Countersigned, Draft, Expired, InForce, Offered, Suspended, Terminated};
        match act {
            Act::Sign => matches!(self, Draft | Offered),
            Act::Release | Act::Deliver => matches!(self, InForce),
            Act::Suspend | Act::Terminate | Act::Amend => matches!(self, Countersigned | InForce | Suspended),
            Act::Resume => matches!(self, Suspended),
            Act::Consent | Act::ConsentRequest => {
                matches!(self, Countersigned | InForce | Suspended | Amended | Expired)
            }
            Act::ConsentWithdraw | Act::Recall => !matches!(self, Draft | Offered),
            Act::RotateKey => !matches!(self, Draft | Offered | Closed),
            Act::Certify => matches!(self, Terminated),
        }
    }
}

impl Agreement {
    /// Records that a party has certified the deletion that a termination obliges it to.
    ///
    /// When every party that may have received something has, the agreement is closed.
    ///
    /// # Errors
    ///
    /// [`NoticeError::UnknownParty`].
    pub fn certify(&mut self, party: &crate::PartyId) -> Result<(), NoticeError> {
        let position =
            self.terms().position(party).ok_or_else(|| NoticeError::UnknownParty { party: party.clone() })?;
        self.certified |= 1_u64.unbounded_shl(position);
        Ok(())
    }

    /// Tells whether every party that a clause names as a recipient has certified.
    pub(crate) fn is_certified(&self) -> bool {
        let count = u32::try_from(self.terms().parties.len()).unwrap_or(u32::MAX);
        let everyone = 1_u64.checked_shl(count).map_or(u64::MAX, |bit| bit.wrapping_sub(1));
        let recipients = self.terms().clauses.iter().fold(0_u64, |all, clause| all | clause.compiled.to) & everyone;
        recipients & !self.certified == 0
    }
}

/// Says what of a life cannot be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LifeError {
    /// A note of the agreement is refused, or a version does not follow the one before.
    #[error("a version is refused: {}", .0.first().map_or_else(String::new, TextError::to_string))]
    Version(Vec<TextError>),
    /// A one-line note is refused.
    #[error(transparent)]
    Notice(#[from] NoticeError),
}

/// Computes the life of one agreement: all its versions, in order, with every one-line note applied to those it concerns.
///
/// `versions` are complete notes in the order of their versions, `notices` one-line notes in the order in which they came.
/// Notes that were accepted once stay accepted: the second of two equal ones says nothing new (A36), and a rotation whose
/// key a later version names already is not applied to that one again.
///
/// # Errors
///
/// [`LifeError`] for the first note that does not verify or does not fit.
pub fn replay<'n>(
    versions: impl IntoIterator<Item = &'n [u8]>,
    notices: impl IntoIterator<Item = &'n [u8]>,
) -> Result<Vec<Agreement>, LifeError> {
    let mut life: Vec<Agreement> = Vec::new();
    for note in versions {
        let next = match life.last() {
            Some(before) => Agreement::open_next(note, before),
            None => Agreement::open(note),
        };
        let next = next.map_err(LifeError::Version)?;
        if let Some(before) = life.last_mut() {
            before.supersede(&next).map_err(|error| LifeError::Version(vec![error]))?;
        }
        life.push(next);
    }
    for note in notices {
        let (_, notice) = Notice::open(note)?;
        for version in life.iter_mut().filter(|version| notice.concerns(version.terms())) {
            match version.apply_notice(note) {
                Ok(_) | Err(NoticeError::Replay | NoticeError::NotSuspended | NoticeError::OldKey { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(life)
}

/// Returns the version that rules at an instant: the latest that has begun, else the first.
pub fn ruling(life: &[Agreement], now: Timestamp) -> Option<&Agreement> {
    life.iter().rfind(|version| version.terms().valid_from <= now).or_else(|| life.first())
}
