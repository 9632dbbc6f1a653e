//! Holds the decision of `entente-agreement` against two other evaluators, on random texts and requests.
//!
//! | Evaluator | Reads | Shares with the decision |
//! |---|---|---|
//! | [`decide`](entente_agreement::decide) | the compiled clauses | – |
//! | [`cedar`] | the policies that `entente_agreement::cedar` prints | the compiled clauses; neither parser nor evaluator |
//! | [`reference`](mod@reference) | the terms as the text says them | the vocabulary; no compiled form, no bit set |
//!
//! Texts, states and requests come from the grammar of the agreement crate's own tests ([`grammar`]). [`run`](fn@run) asks every
//! request of all, and stops at the first difference. Nothing here is shipped.

pub mod cedar;
#[path = "../../crates/agreement/tests/common/grammar.rs"]
pub mod grammar;
pub mod reference;
pub mod run;

pub use run::{Counts, Difference, Plan, run};
