//! Agreements between parties that exchange threat intelligence: text, decision, obligations, explanation.
//!
//! An agreement is a signed text of a strict TOML profile. It says who gives what to whom, for which purpose, up to which
//! marking, by which way, and what is done to an object before it leaves. What no clause permits stays.
//!
//! | Step | Here | Answer |
//! |---|---|---|
//! | read and check a text | [`Terms::parse`] | terms, or every error with code and line |
//! | sign, countersign | [`sign::sign`] | the note |
//! | open a signed agreement | [`Agreement::open`] | an [`Agreement`] that every party has signed |
//! | suspend, resume, terminate, consent, rotate a key | [`Notice`], [`Agreement::apply_notice`] | the [`State`] follows from notes and clock |
//! | mark, and tell own from received | [`effective`], [`origin_of`] | the [`Facts`] of an object |
//! | decide | [`decide()`] | [`Permit`] or [`Withhold`] with its [`Reason`] |
//! | say why, and why not | [`explain()`] | an [`Explanation`] in words, and the decision record |
//! | carry out obligations | [`apply()`] | the bytes that may leave, checked again as a stranger would |
//! | take back, and confirm it | [`recall::RecallNote`], [`recall::RecallAck`] | signed notes for the party that holds it |
//! | close references | [`close()`] | nothing released names anything that is not |
//! | compare two texts | [`compare()`] | a [`Comparison`]: what one permits or leaves undone more than the other |
//!
//! # What it guarantees
//!
//! - [`decide()`] is pure and total, allocates nothing, and denies whatever is unknown. TLP:RED never leaves.
//! - [`explain()`] evaluates the same predicates, so an explanation cannot differ from the enforcement.
//! - Obligations never reveal more: every property of the result is absent, equal, a generalisation, or a keyed pseudonym.
//! - A text is refused when it is signed, not when it is used: P1, P2, P4 and P5 of the format are checked by
//!   [`Terms::parse`].
//!
//! # What it is not
//!
//! It owns no file, socket, clock or random source: bytes, the present and the keys are arguments. Quotas, the store and the
//! ledger are elsewhere. Simulation is not part of this crate; neither are IEP
//! policies, which a text therefore may not ask for (`agr.unsupported`). A second evaluator (floor F14) is
//! the caller's.
//!
//! # Examples
//!
//! ```
//! use entente_agreement::{Decision, DoorSet, Facts, PartyId, PurposeSet, Request, decide};
//! use entente_stix::Timestamp;
//!
//! let (releaser, recipient) = (PartyId::parse("northtel"), PartyId::parse("fusion"));
//! if let (Some(releaser), Some(recipient)) = (releaser, recipient) {
//!     let facts = Facts::strictest();
//!     let request = Request {
//!         releaser: &releaser,
//!         recipient: &recipient,
//!         purposes: PurposeSet::ALL,
//!         doors: DoorSet::ALL,
//!         now: Timestamp::from_unix_seconds(1_800_000_000),
//!         facts: &facts,
//!     };
//!     // Without an agreement nothing leaves.
//!     assert!(matches!(decide(&request, &[]), Decision::Withhold(_)));
//! }
//! ```

mod accession;
pub mod account;
mod agreement;
mod apply;
pub mod cedar;
mod close;
mod compare;
mod decide;
mod digest;
mod error;
mod explain;
mod facts;
mod hex;
mod ids;
mod keys;
pub mod lifecycle;
mod marking;
pub mod maturity;
mod memo;
mod notice;
mod obligations;
mod origin;
pub mod plain;
mod post;
mod properties;
mod reason;
pub mod recall;
mod residual;
pub mod sign;
pub mod template;
mod terms;
mod text;
mod times;
mod victim;
mod vocabulary;

pub use agreement::{Agreement, State};
pub use apply::{Applied, Context, apply, pseudonym_identity};
pub use close::{Closing, close};
pub use compare::{
    Channel, CompareError, Comparison, Counterexample, Difference, Direction, ObligationChange, Region, Relation,
    compare,
};
pub use decide::{Decision, Permit, Withhold, decide};
pub use error::TextError;
pub use explain::{ClauseResult, Explanation, Failure, FloorHit, RecordInput, explain};
pub use facts::{Facts, MarkingState, Request};
pub use ids::{AgreementId, ClauseId, PartyId};
pub use keys::Keys;
pub use lifecycle::Act;
pub use marking::{Effective, effective};
pub use memo::Memo;
pub use notice::{Consent, ConsentRequest, ConsentScope, Notice, NoticeError, Verb};
pub use obligations::{Attribution, Obligations, RedactVictim, TimeUnit};
pub use origin::{Source, origin_of};
pub use properties::{has_free_text, is_closed_label};
pub use reason::{Predicate, Reason};
pub use residual::Residual;
pub use terms::{
    AgreementKind, Annex, Audit, Clause, CommunityMember, Disclosure, Instrument, LookupAnswer, MarkingMap, Onward,
    Operation, Party, Quota, Recall, Recipients, Reciprocity, Releasers, Role, Security, Termination,
    TerminationEffect, Terms,
};
pub use text::FORMAT;
pub use vocabulary::{
    Door, DoorSet, KindSet, ObjectType, Origin, OriginSet, Purpose, PurposeSet, Subject, SubjectSet, TypeSet,
};
