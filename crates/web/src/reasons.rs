//! What a reason code says, in words, for tables that count reasons.

use entente_agreement::{Predicate, Reason};

/// Returns the sentence of a reason code.
pub(crate) fn sentence(code: &str) -> Option<&'static str> {
    let plain = PLAIN.iter().copied();
    let clause = Predicate::ALL.iter().map(|predicate| Reason::Clause(*predicate));
    let post = Predicate::ALL.iter().map(|predicate| Reason::Post(*predicate));
    plain.chain(clause).chain(post).find(|reason| reason.code() == code).map(Reason::sentence)
}

/// The reasons that carry no predicate.
const PLAIN: [Reason; 30] = [
    Reason::FloorRed,
    Reason::FloorLocalOnly,
    Reason::FloorState,
    Reason::FloorValidity,
    Reason::FloorMarking,
    Reason::FloorUnmarked,
    Reason::FloorHold,
    Reason::FloorEmbargo,
    Reason::FloorQuarantine,
    Reason::FloorParty,
    Reason::FloorType,
    Reason::FloorEcho,
    Reason::FloorAmbiguous,
    Reason::FloorOracle,
    Reason::ClauseNone,
    Reason::PostResidual,
    Reason::PostInvalid,
    Reason::ClosureDanglingRequired,
    Reason::ClosureRequiredProperty,
    Reason::ObligationPattern,
    Reason::ObligationVictim,
    Reason::ObligationError,
    Reason::DoorCannotExpressMarking,
    Reason::DoorPap,
    Reason::DeliveryPurpose,
    Reason::DeliveryWithdrawn,
    Reason::LimitObjectsPerDay,
    Reason::LimitPrivateLookups,
    Reason::LimitExportDiff,
    Reason::LimitVolume,
];

#[cfg(test)]
mod tests {
    use super::{PLAIN, sentence};

    #[test]
    fn every_code_has_words_of_its_own_and_no_other_has() {
        for reason in PLAIN {
            assert_eq!(sentence(reason.code()), Some(reason.sentence()));
        }
        assert!(sentence("clause.confidence").is_some());
        assert!(sentence("clause.none").is_some());
        assert_eq!(sentence("nothing.such"), None);
    }
}
