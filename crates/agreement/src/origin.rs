//! Own and received data (section 6 of the format): what TLP lets a recipient pass on.

use entente_stix::Timestamp;
use entente_stix::marking::Tlp;

use crate::agreement::Agreement;
use crate::ids::PartyId;
use crate::notice::ConsentScope;
use crate::terms::Party;
use crate::vocabulary::{Origin, Purpose};

/// Says where one assertion of an object came from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// The releasing party's own finding.
    Own,
    /// A public feed whose licence permits redistribution.
    PublicFeed,
    /// Another party, under an agreement.
    Received {
        /// The agreement it came under.
        under: &'a Agreement,
        /// The clause it came under, if known.
        clause: Option<&'a str>,
        /// The party authenticated at admission; never `created_by_ref`.
        originator: &'a PartyId,
        /// Id of the object as received.
        object_id: &'a str,
    },
}

/// Computes the origin of an assertion as seen from one recipient and purpose.
///
/// `tlp` is the effective marking of this assertion. Whatever no rule covers is [`Origin::Received`], which no clause
/// matches.
pub fn origin_of(source: Source<'_>, tlp: Tlp, recipient: &Party, purpose: Purpose, now: Timestamp) -> Origin {
    match source {
        Source::Own => Origin::Own,
        Source::PublicFeed => match tlp {
            Tlp::Clear => Origin::Public,
            _ => Origin::Received,
        },
        Source::Received { under, clause, originator, object_id } => match tlp {
            Tlp::Clear => Origin::Community,
            Tlp::Green if under.community_includes(recipient) => Origin::Community,
            Tlp::Green => Origin::Received,
            Tlp::Amber | Tlp::AmberStrict => {
                let consented = under.terms().onward.consent
                    && under.consents().iter().any(|consent| {
                        let covers = match &consent.scope {
                            ConsentScope::Clause(id) => clause == Some(id.as_str()),
                            ConsentScope::Object(id) => id == object_id,
                        };
                        covers
                            && !consent.withdrawn
                            && consent.originator == *originator
                            && consent.to == recipient.id
                            && consent.purposes.contains(purpose)
                            && now < consent.until
                    });
                if consented { Origin::Consented } else { Origin::Received }
            }
            Tlp::Red => Origin::Received,
        },
    }
}
