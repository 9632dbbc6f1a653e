//! Leaves of the decision log: what a node decided, showed, exported or changed inside the house (`ledger.md` section 3).
//!
//! The log is never shown to another party: a denial reveals that something exists. Its leaves are as strict as those of
//! an agreement log ([`crate::leaf`]) and carry no agreement of their own; what they are about is a keyed hash that only
//! the node can compute again.

use serde_json::{Map, Value};

use crate::Hash;
use crate::leaf::json::{Reader, Writer, check_word};
use crate::leaf::{Actor, LEAF_SIZE_BYTES_MAX, LeafError, LeafTime};

// LIMIT: 16 reasons of 40 bytes each leave room for the other keys; a day with more reasons has several leaves.
/// The largest number of reasons in one summary of denials.
pub const COUNTS_MAX: usize = 16;

/// What was done inside the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// Something about the node was changed or a person took a risk.
    Admin,
    /// It was explained who may see an object, and why or why not.
    Explain,
    /// Objects left the node as a file.
    Export,
    /// Somebody signed in.
    Login,
    /// A pseudonym was traced back to a victim.
    Reidentify,
    /// An agreement was simulated over what is held.
    Simulate,
    /// An object was looked at.
    View,
}

impl Act {
    /// All acts.
    pub const ALL: [Act; 7] =
        [Act::Admin, Act::Explain, Act::Export, Act::Login, Act::Reidentify, Act::Simulate, Act::View];

    /// Returns the spelling used in leaves.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Act::Admin => "admin",
            Act::Explain => "explain",
            Act::Export => "export",
            Act::Login => "login",
            Act::Reidentify => "reidentify",
            Act::Simulate => "simulate",
            Act::View => "view",
        }
    }
}

/// What a leaf of the decision log states.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// Something was done inside the house.
    Act {
        /// What.
        act: Act,
        /// Keyed hash of what it was done to.
        object: Option<Hash>,
        /// Why, or which change, in a word.
        purpose: Option<String>,
        /// The number of objects.
        n: Option<u64>,
    },
    /// How often releases to a party were denied in a period, by reason.
    Denials {
        /// The hash of the agreement's text.
        agreement: Hash,
        /// The recipient.
        party: String,
        /// The period, `YYYY-MM-DD/YYYY-MM-DD`, the last day exclusive.
        period: String,
        /// Reason and count, by reason, each reason once.
        counts: Vec<(String, u64)>,
    },
    /// A key took the place of another.
    Key {
        /// The hash of the `rotate-key` note.
        note: Hash,
    },
    /// The log goes on after its end was lost.
    Restore {
        /// The number of leaves of the last checkpoint known.
        size: u64,
        /// The root of that checkpoint.
        root: Hash,
    },
}

impl Decision {
    /// Returns the spelling of the kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Decision::Act { act, .. } => act.name(),
            Decision::Denials { .. } => "denials-summary",
            Decision::Key { .. } => "key",
            Decision::Restore { .. } => "restore",
        }
    }

    fn check(&self) -> Result<(), LeafError> {
        match self {
            Decision::Act { purpose: Some(purpose), .. } => check_word("purpose", purpose),
            Decision::Denials { party, period, counts, .. } => {
                check_word("party", party)?;
                check_word("period", period)?;
                let sorted = counts.is_sorted_by(|(a, _), (b, _)| a < b);
                if counts.is_empty() || counts.len() > COUNTS_MAX || !sorted {
                    return Err(LeafError::Value { key: "counts" });
                }
                counts.iter().try_for_each(|(reason, _)| check_word("counts", reason))
            }
            _ => Ok(()),
        }
    }

    fn write_keys(&self, out: &mut Writer) {
        match self {
            Decision::Act { object, purpose, n, .. } => {
                out.digest_if("object", object.as_ref());
                if let Some(purpose) = purpose {
                    out.text("purpose", purpose);
                }
                if let Some(n) = n {
                    out.number("n", *n);
                }
            }
            Decision::Denials { agreement, party, period, counts } => {
                out.digest("agreement", agreement).text("party", party).text("period", period);
                let counts: Vec<String> = counts.iter().map(|(reason, n)| format!("\"{reason}\":{n}")).collect();
                out.raw("counts", &format!("{{{}}}", counts.join(",")));
            }
            Decision::Key { note } => {
                out.digest("note", note);
            }
            Decision::Restore { size, root } => {
                out.number("size", *size).text("root", &root.to_string());
            }
        }
    }

    fn read_keys(kind: &str, map: &Map<String, Value>, keys: &Reader<'_>) -> Result<Decision, LeafError> {
        Ok(match kind {
            "denials-summary" => {
                let bad = || LeafError::Value { key: "counts" };
                let counts = map.get("counts").and_then(Value::as_object).ok_or_else(bad)?;
                let counts = counts.iter().map(|(reason, n)| n.as_u64().map(|n| (reason.clone(), n)).ok_or_else(bad));
                Decision::Denials {
                    agreement: keys.digest("agreement")?,
                    party: keys.text("party")?.to_owned(),
                    period: keys.text("period")?.to_owned(),
                    counts: counts.collect::<Result<_, _>>()?,
                }
            }
            "key" => Decision::Key { note: keys.digest("note")? },
            "restore" => Decision::Restore { size: keys.number("size")?, root: keys.root("root")? },
            kind => Decision::Act {
                act: Act::ALL.into_iter().find(|act| act.name() == kind).ok_or(LeafError::Kind)?,
                object: keys.digest_if("object")?,
                purpose: if keys.has("purpose") { Some(keys.text("purpose")?.to_owned()) } else { None },
                n: if keys.has("n") { Some(keys.number("n")?) } else { None },
            },
        })
    }
}

/// A leaf of the decision log with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionEntry {
    /// The index of the leaf in its log.
    pub seq: u64,
    /// The time, not before that of the previous leaf.
    pub time: LeafTime,
    /// Who caused it.
    pub actor: Actor,
    /// What it states.
    pub decision: Decision,
    /// Whether the clock had stepped back, so that `time` is the previous leaf's plus 1 ms.
    pub skew: bool,
}

impl DecisionEntry {
    /// Reads the bytes of a leaf.
    ///
    /// # Errors
    ///
    /// [`LeafError`]; in particular [`LeafError::Spelling`] if the same meaning is written in another way.
    pub fn parse(bytes: &[u8]) -> Result<DecisionEntry, LeafError> {
        if bytes.len() > LEAF_SIZE_BYTES_MAX {
            return Err(LeafError::Size);
        }
        let map: Map<String, Value> = serde_json::from_slice(bytes).map_err(|_| LeafError::Json)?;
        let keys = Reader::new(&map);
        if keys.number("v")? != 1 {
            return Err(LeafError::Version);
        }
        let entry = DecisionEntry {
            seq: keys.number("seq")?,
            time: LeafTime::parse(keys.text("time")?).ok_or(LeafError::Value { key: "time" })?,
            actor: Actor::parse(keys.text("actor")?).ok_or(LeafError::Value { key: "actor" })?,
            decision: Decision::read_keys(keys.text("kind")?, &map, &keys)?,
            skew: keys.has("skew"),
        };
        // Duplicate, unknown, and reordered keys, spaces, and escapes all show as another spelling.
        if entry.to_bytes()? == bytes { Ok(entry) } else { Err(LeafError::Spelling) }
    }

    /// Writes the leaf.
    ///
    /// # Errors
    ///
    /// [`LeafError`] if a text is not plain ASCII, reasons are not in order, or the leaf is too large.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LeafError> {
        self.decision.check()?;
        if let Actor::Person(pseudonym) = &self.actor {
            check_word("actor", pseudonym)?;
        }
        let mut out = Writer::new();
        out.number("v", 1).number("seq", self.seq).text("time", &self.time.to_string());
        out.text("kind", self.decision.kind()).text("actor", &self.actor.to_string());
        self.decision.write_keys(&mut out);
        if self.skew {
            out.raw("skew", "true");
        }
        out.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(decision: Decision) -> DecisionEntry {
        let time = LeafTime::parse("2026-12-02T10:02:11.000Z").unwrap();
        DecisionEntry { seq: 7, time, actor: Actor::Key([1, 2, 3, 4]), decision, skew: false }
    }

    fn all() -> Vec<Decision> {
        let mut all: Vec<Decision> = Act::ALL
            .into_iter()
            .map(|act| Decision::Act { act, object: Some(Hash([5; 32])), purpose: Some("c2".to_owned()), n: Some(3) })
            .collect();
        all.push(Decision::Act { act: Act::Login, object: None, purpose: None, n: None });
        all.push(Decision::Denials {
            agreement: Hash([1; 32]),
            party: "fusion".to_owned(),
            period: "2026-12-02/2026-12-03".to_owned(),
            counts: vec![("deny.red".to_owned(), 3), ("no-clause".to_owned(), 41)],
        });
        all.push(Decision::Key { note: Hash([2; 32]) });
        all.push(Decision::Restore { size: 9, root: Hash([3; 32]) });
        all
    }

    #[test]
    fn every_kind_is_written_and_read_back() {
        for decision in all() {
            let entry = entry(decision);
            let bytes = entry.to_bytes().unwrap();
            assert_eq!(DecisionEntry::parse(&bytes).as_ref(), Ok(&entry), "{}", String::from_utf8_lossy(&bytes));
            let skewed = DecisionEntry { skew: true, ..entry };
            let bytes = skewed.to_bytes().unwrap();
            assert!(bytes.ends_with(b",\"skew\":true}"));
            assert_eq!(DecisionEntry::parse(&bytes), Ok(skewed));
        }
    }

    #[test]
    fn a_summary_is_spelled_as_the_table_of_leaves_says() {
        let bytes = entry(all().remove(8)).to_bytes().unwrap();
        let expected = format!(
            "{{\"v\":1,\"seq\":7,\"time\":\"2026-12-02T10:02:11.000Z\",\"kind\":\"denials-summary\",\"actor\":\"01020304\",\
             \"agreement\":\"sha256:{}\",\"party\":\"fusion\",\"period\":\"2026-12-02/2026-12-03\",\
             \"counts\":{{\"deny.red\":3,\"no-clause\":41}}}}",
            "01".repeat(32)
        );
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }

    #[test]
    fn each_meaning_has_one_spelling() {
        for decision in all() {
            let bytes = entry(decision).to_bytes().unwrap();
            let text = String::from_utf8(bytes.clone()).unwrap();
            for (from, to) in
                [("{\"v\"", "{ \"v\""), ("\"v\":1", "\"v\":1,\"v\":1"), ("}", ",\"a\":1}"), ("01020304", "0102030G")]
            {
                assert!(DecisionEntry::parse(text.replacen(from, to, 1).as_bytes()).is_err(), "{from} {to} {text}");
            }
        }
    }

    #[test]
    fn reasons_out_of_order_are_refused() {
        let counts = vec![("b".to_owned(), 1), ("a".to_owned(), 1)];
        let denials =
            Decision::Denials { agreement: Hash([1; 32]), party: "a".to_owned(), period: "p".to_owned(), counts };
        assert_eq!(entry(denials).to_bytes(), Err(LeafError::Value { key: "counts" }));
    }

    #[test]
    fn a_leaf_of_an_agreement_log_is_none_of_the_decision_log() {
        let suspend = crate::leaf::Leaf::Suspend { note: Hash([1; 32]) };
        let time = LeafTime::parse("2026-12-02T10:02:11.000Z").unwrap();
        let bytes = suspend.to_bytes(0, time, &Hash([2; 32]), &Actor::Key([0; 4])).unwrap();
        assert_eq!(DecisionEntry::parse(&bytes), Err(LeafError::Kind));
    }
}
