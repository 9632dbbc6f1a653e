//! Names that two parties agree on: party, agreement, clause.

use std::fmt;

macro_rules! name_type {
    ($(#[$doc:meta])* $Name:ident, $least:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $Name(String);

        impl $Name {
            /// Reads a name; `None` unless it is lower-case ASCII letters, digits and hyphens of the permitted length (at
            /// most 64) and not the reserved word `all`.
            pub fn parse(text: &str) -> Option<$Name> {
                let length_fits = ($least..=64).contains(&text.len());
                let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
                (length_fits && plain && text != "all").then(|| $Name(text.to_owned()))
            }

            /// Returns the name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $Name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

name_type!(
    /// Names a party of an agreement: `[a-z0-9-]{1,64}`.
    PartyId,
    1
);
name_type!(
    /// Names an agreement among its parties: `[a-z0-9-]{3,64}`.
    AgreementId,
    3
);
name_type!(
    /// Names a clause inside one text: `[a-z0-9-]{1,64}`.
    ClauseId,
    1
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_and_malformed_names_are_refused() {
        for text in ["", "all", "North", "a b", "é", &"x".repeat(65)] {
            assert!(PartyId::parse(text).is_none(), "{text}");
        }
        assert!(AgreementId::parse("ab").is_none());
        assert_eq!(AgreementId::parse("agr-12").unwrap().as_str(), "agr-12");
    }
}
