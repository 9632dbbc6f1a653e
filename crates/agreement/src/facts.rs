//! What the decision knows about an object and a request (section 5.1 of the format).

use entente_observable::Kind;
use entente_stix::Timestamp;
use entente_stix::marking::{Pap, Tlp};

use crate::ids::PartyId;
use crate::vocabulary::{DoorSet, ObjectType, Origin, PurposeSet, SubjectSet};

/// Says whether the marking of an object is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MarkingState {
    /// A marking on the object, its container or its admission was found and understood.
    Marked,
    /// There is no marking at all; denied by floor F6.
    Unmarked,
    /// A marking is there but cannot be understood; denied by floor F5.
    Unresolved,
}

/// Holds the attributes of one object as seen for one recipient.
///
/// All of them are set at admission or computed from it; the decision looks at nothing else. [`Facts::strictest`] is the
/// starting point: what nobody set denies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// STIX type.
    pub object_type: ObjectType,
    /// Kind of the observable; `None` for objects without a value.
    pub kind: Option<Kind>,
    /// Effective TLP level (section 7 of the format).
    pub tlp: Tlp,
    /// Whether the marking is known.
    pub marking_state: MarkingState,
    /// Effective permitted actions; GREEN if nothing was said.
    pub pap: Pap,
    /// Whose finding it is, for this recipient and purpose.
    pub origin: Origin,
    /// Categories of data subject; empty if nobody said, which matches no clause.
    pub subject: SubjectSet,
    /// Confidence, 0 to 100; 0 if unknown.
    pub confidence: u8,
    /// Instant from which the age counts (section 5.2 of the format).
    pub age_reference: Timestamp,
    /// A warninglist hit.
    pub warninglisted: bool,
    /// Quarantined at admission.
    pub quarantined: bool,
    /// Under legal hold.
    pub legal_hold: bool,
    /// Never to leave this node.
    pub local_only: bool,
    /// End of an embargo.
    pub embargo_until: Option<Timestamp>,
    /// Every victim value lies in the recipient's constituency.
    pub in_constituency: bool,
    /// Free text is present.
    pub has_text: bool,
    /// A person reviewed the free text of this very version.
    pub text_reviewed: bool,
    /// The recipient is the only source of the object.
    pub echo: bool,
    /// Type and extensions are known to the `stix` crate.
    pub known_type: bool,
}

impl Facts {
    /// Returns facts at their most restrictive: RED, unmarked, received, unknown subject, no confidence, oldest age.
    pub const fn strictest() -> Facts {
        Facts {
            object_type: ObjectType::Other,
            kind: None,
            tlp: Tlp::Red,
            marking_state: MarkingState::Unmarked,
            pap: Pap::Red,
            origin: Origin::Received,
            subject: SubjectSet::EMPTY,
            confidence: 0,
            age_reference: Timestamp::from_micros(0),
            warninglisted: true,
            quarantined: true,
            legal_hold: true,
            local_only: true,
            embargo_until: None,
            in_constituency: false,
            has_text: true,
            text_reviewed: false,
            echo: true,
            known_type: false,
        }
    }

    /// Returns the age at `now` in whole UTC days, at most 65,535; 0 for an instant in the future.
    ///
    /// Both instants are cut to days first, so that rounding a time to hours or days does not change the age.
    pub fn age_days(&self, now: Timestamp) -> u16 {
        let days = now.days_since_epoch().saturating_sub(self.age_reference.days_since_epoch()).max(0);
        u16::try_from(days).unwrap_or(u16::MAX)
    }
}

/// Asks whether one object may go from one party to another.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The node's own party.
    pub releaser: &'a PartyId,
    /// The party that would receive; at delivery the authenticated party of the session.
    pub recipient: &'a PartyId,
    /// Purposes, any of which will do: those of the standing subscription, or the one of the session.
    pub purposes: PurposeSet,
    /// Doors, any of which will do.
    pub doors: DoorSet,
    /// The present, as the caller sees it.
    pub now: Timestamp,
    /// The object.
    pub facts: &'a Facts,
}
