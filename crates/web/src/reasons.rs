//! What a reason code says, in words, for tables that count reasons.

use entente_agreement::Reason;

/// Returns the sentence of a reason code.
pub(crate) fn sentence(code: &str) -> Option<&'static str> {
    Reason::all().find(|reason| reason.code() == code).map(Reason::sentence)
}

#[cfg(test)]
mod tests {
    use super::sentence;
    use entente_agreement::Reason;

    #[test]
    fn every_code_has_words_of_its_own_and_no_other_has() {
        for reason in Reason::all() {
            assert_eq!(sentence(reason.code()), Some(reason.sentence()));
        }
        assert!(sentence("clause.confidence").is_some());
        assert!(sentence("clause.none").is_some());
        assert_eq!(sentence("nothing.such"), None);
    }
}
