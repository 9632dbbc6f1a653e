//! The properties P1 to P8 and T-A2 to T-A12 of section 18 of the format, on texts, states and requests from the grammar.
//!
//! Beside these stand the same statements on the texts of the format itself: the order of the floors and the monotony of the
//! decision in `tests/decision.rs`, the obligations one by one in `tests/release.rs`, and T-A5 in `tests/compare.rs`. T-A1 is the
//! suite `oracle`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop")]

#[path = "../common/grammar.rs"]
mod grammar;
mod memo;
