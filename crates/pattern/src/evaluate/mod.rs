//! Evaluation of patterns (STIX 2.1 §9).

#[allow(dead_code, reason = "the matcher and the type check come next")]
pub(crate) mod regex;
