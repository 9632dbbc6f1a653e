//! What an agreement says: the tables of a text as values.
//!
//! A value of these types exists only as the result of [`Terms::parse`](crate::Terms::parse), so it is complete and checked.

use entente_observable::Kind;
use entente_stix::Timestamp;
use entente_stix::marking::{Pap, Tlp};
use sha2::{Digest, Sha256};

use crate::ids::{AgreementId, ClauseId, PartyId};
use crate::obligations::Obligations;
use crate::vocabulary::{DoorSet, KindSet, ObjectType, OriginSet, PurposeSet, SubjectSet, TypeSet};

/// Holds one agreement text in compiled form.
///
/// # Invariants
///
/// Only [`Terms::parse`](crate::Terms::parse) makes one; every check of section 4.3 of the format has passed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Terms {
    /// Name of the agreement among its parties.
    pub id: AgreementId,
    /// Version, from 1.
    pub version: u32,
    /// Agreement hash of the version before; present exactly if `version` > 1.
    pub supersedes: Option<[u8; 32]>,
    /// Form of the agreement.
    pub kind: AgreementKind,
    /// Title, for people.
    pub title: String,
    /// BCP 47 tag of the text's own language.
    pub language: String,
    /// Start of validity, inclusive.
    pub valid_from: Timestamp,
    /// End of validity, exclusive.
    pub valid_to: Timestamp,
    /// Date by which the parties look at it again; a reminder, not a gate.
    pub review_by: Timestamp,
    /// The signed paper behind the text.
    pub instrument: Instrument,
    /// Files signed along.
    pub annexes: Vec<Annex>,
    /// The joint operation; present exactly for [`AgreementKind::Operation`].
    pub operation: Option<Operation>,
    /// Parties, in text order; 2 to 64.
    pub parties: Vec<Party>,
    /// Clauses, in text order; 1 to 256.
    pub clauses: Vec<Clause>,
    /// Meanings of markings that could not be resolved otherwise.
    pub marking_maps: Vec<MarkingMap>,
    /// Passing on.
    pub onward: Onward,
    /// Recall deadlines.
    pub recall: Recall,
    /// Security of transport and storage.
    pub security: Security,
    /// Audit rights.
    pub audit: Audit,
    /// The account of give and take.
    pub reciprocity: Reciprocity,
    /// Daily limits.
    pub quota: Quota,
    /// Who may know what about the agreement.
    pub disclosure: Disclosure,
    /// The end of the agreement.
    pub termination: Termination,
    /// Agreement hash: SHA-256 of the text.
    pub hash: [u8; 32],
    pub(crate) text: String,
}

/// Names the form of an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgreementKind {
    /// Exactly two parties.
    Bilateral,
    /// Two or more parties.
    Multilateral,
    /// A joint operation.
    Operation,
}

/// Points to the signed paper behind a text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Instrument {
    /// How people refer to it.
    pub reference: String,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
}

/// Points to a file that is signed along.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Annex {
    /// Name, for example `plain-en`.
    pub name: String,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
}

/// Describes a joint operation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// Id of the operation.
    pub id: String,
    /// Name, for people.
    pub name: String,
    /// The leading party.
    pub lead: PartyId,
    /// Whether new parties need everybody's signature (`all`) or the lead's (`lead`).
    pub accession_by_lead: bool,
    /// How far back a newcomer's candidates reach, in days.
    pub backfill_days: u16,
    /// Whether data is deleted when the operation closes; otherwise the case file keeps it.
    pub delete_on_close: bool,
}

/// Describes a party.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Party {
    /// Name in this text.
    pub id: PartyId,
    /// Name, for people.
    pub name: String,
    /// What sort of body it is.
    pub role: Role,
    /// ISO 3166-1 alpha-2 code, or `INT`.
    pub country: String,
    /// Host name of its node; `None` for a party that only consumes.
    pub node: Option<String>,
    /// Verifier key (Ed25519, type 0x01) that signs agreements.
    pub vkey: String,
    /// Verifier key of its log of this agreement; the name is `<node>/agr/<agreement id>`.
    pub log_vkey: Option<String>,
    /// Verifier key (type 0x04) of its witness.
    pub witness_vkey: Option<String>,
    /// SHA-256 of the public key info of its client certificates, at most 4.
    pub client_spki: Vec<[u8; 32]>,
    /// Legal bases; recorded, not evaluated.
    pub legal_basis: Vec<String>,
    /// Contact for operations.
    pub contact_operations: String,
    /// Contact for data protection.
    pub contact_privacy: String,
    /// Contact for disputes.
    pub contact_dispute: String,
    /// Contact for breaches.
    pub contact_breach: String,
}

/// Names the sort of body that a party is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A private company.
    Private,
    /// A police body.
    Police,
    /// A computer emergency response team.
    Cert,
    /// A regulator.
    Regulator,
    /// An information sharing and analysis centre.
    Isac,
    /// Anything else.
    Other,
}

impl Role {
    /// Returns the word of the text.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Private => "private",
            Role::Police => "police",
            Role::Cert => "cert",
            Role::Regulator => "regulator",
            Role::Isac => "isac",
            Role::Other => "other",
        }
    }

    /// Reads the word of the text.
    pub fn parse(text: &str) -> Option<Role> {
        [Role::Private, Role::Police, Role::Cert, Role::Regulator, Role::Isac, Role::Other]
            .into_iter()
            .find(|role| role.name() == text)
    }
}

/// Names the releasing side of a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Releasers {
    /// Every party.
    All,
    /// One party.
    Party(PartyId),
}

/// Names the receiving side of a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipients {
    /// Every party but the releasing one.
    All,
    /// These parties.
    Parties(Vec<PartyId>),
}

/// Holds one clause of a text (section 4.6 of the format).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Clause {
    /// Name in the text.
    pub id: ClauseId,
    /// Releasing side.
    pub from: Releasers,
    /// Receiving side.
    pub to: Recipients,
    /// Purposes.
    pub purposes: PurposeSet,
    /// Types that may leave.
    pub types: TypeSet,
    /// Observable kinds that may leave.
    pub kinds: KindSet,
    /// Marking ceiling, at most AMBER+STRICT.
    pub tlp_max: Tlp,
    /// Ceiling of permitted actions.
    pub pap_max: Pap,
    /// Least confidence, 0 to 100.
    pub confidence_min: u8,
    /// Greatest age in whole days.
    pub max_age_days: u16,
    /// Origins.
    pub origins: OriginSet,
    /// Categories of data subject as listed.
    pub subjects: SubjectSet,
    /// Doors.
    pub doors: DoorSet,
    /// Whether free text may leave after review.
    pub text: bool,
    /// What is done to an object before it leaves.
    pub obligations: Obligations,
    /// Only objects whose victim values all lie in the recipient's constituency.
    pub constituency_only: bool,
    /// Whether objects with a warninglist hit may leave.
    pub warninglisted: bool,
    /// The clause answers blind queries and releases nothing else.
    pub private_lookup: bool,
    /// What a blind query is answered with.
    pub lookup_answer: LookupAnswer,
    /// The recipient may be told that a withheld object exists.
    pub existence_answer: bool,
    /// The clause releases counts only.
    pub aggregates: bool,
    /// Cells below this are suppressed; present exactly with `aggregates`.
    pub k_min: Option<u32>,
    pub(crate) compiled: Compiled,
    pub(crate) line: u32,
}

/// Names the answer to a blind query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupAnswer {
    /// A contact to ask; the narrower answer and the default.
    ContactHandle,
    /// That there is a hit.
    Hit,
}

/// Holds a clause in the form that the decision reads: integers only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Compiled {
    /// Releasing parties, bit = position in the text.
    pub(crate) from: u64,
    /// Receiving parties, bit = position in the text.
    pub(crate) to: u64,
    pub(crate) purposes: PurposeSet,
    /// Without `private-lookup`; empty for a clause that answers blind queries only.
    pub(crate) doors: DoorSet,
    /// Without `aggregate`; empty for a clause that releases counts only.
    pub(crate) types: TypeSet,
    pub(crate) kinds: KindSet,
    pub(crate) tlp_max: Tlp,
    pub(crate) pap_max: Pap,
    pub(crate) origins: OriginSet,
    /// With `victim` added if the clause redacts victims.
    pub(crate) subjects: SubjectSet,
    pub(crate) confidence_min: u8,
    pub(crate) max_age_days: u16,
    pub(crate) warninglisted: bool,
    pub(crate) constituency_only: bool,
    pub(crate) text: bool,
}

impl Compiled {
    /// Writes every field in one line.
    fn to_line(self, id: &ClauseId) -> String {
        let sets = [u32::from(self.purposes.bits()), u32::from(self.doors.bits()), self.types.bits()];
        let small = [u32::from(self.kinds.bits()), u32::from(self.origins.bits()), u32::from(self.subjects.bits())];
        format!(
            "clause {id} {} {} {sets:?} {small:?} {} {} {} {} {} {} {}\n",
            self.from,
            self.to,
            self.tlp_max.key(),
            self.pap_max.key(),
            self.confidence_min,
            self.max_age_days,
            self.warninglisted,
            self.constituency_only,
            self.text
        )
    }

    /// Tells whether the clause names this pair of positions.
    pub(crate) const fn names_pair(&self, releaser: u32, recipient: u32) -> bool {
        releaser != recipient && self.from.unbounded_shr(releaser) & 1 == 1 && self.to.unbounded_shr(recipient) & 1 == 1
    }

    /// Tells whether the two clauses name a common pair.
    pub(crate) const fn shares_pair(&self, other: &Compiled) -> bool {
        let from = self.from & other.from;
        let to = self.to & other.to;
        // One party alone on both sides is no pair.
        from != 0 && to != 0 && !(from == to && from.count_ones() == 1)
    }
}

/// Gives a marking a meaning between these parties.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MarkingMap {
    /// Id of the marking-definition.
    pub marking: String,
    /// Its level.
    pub tlp: Tlp,
    /// Its permitted actions.
    pub pap: Pap,
}

/// Rules what a recipient may pass on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Onward {
    /// Whether the originator's consent opens onward release; otherwise there is none.
    pub consent: bool,
    /// To whom GREEN data may go on.
    pub community: Vec<CommunityMember>,
}

/// Names part of a community.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommunityMember {
    /// Every party of that role, in whichever agreement.
    Role(Role),
    /// One party.
    Party(PartyId),
}

/// Rules recalls.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recall {
    /// Hours until a recall is acknowledged.
    pub ack_hours: u16,
    /// Hours until a recall is complete.
    pub complete_hours: u16,
    /// Recalls are passed on.
    pub onward: bool,
}

/// Rules security of transport and storage.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Security {
    /// TLS 1.3 is the least version; otherwise 1.2.
    pub tls_1_3: bool,
    /// Both sides show a certificate.
    pub mutual_tls: bool,
    /// Data is encrypted at rest.
    pub encrypt_at_rest: bool,
    /// Hours until a breach is told.
    pub breach_notice_hours: u16,
}

/// Rules audit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Audit {
    /// Parties may audit each other.
    pub parties_may_audit: bool,
    /// Days of notice.
    pub notice_days: u16,
    /// Years that records are kept.
    pub keep_years: u16,
    /// Verifier keys of others who may read the agreement logs.
    pub observers: Vec<String>,
    /// Cosignatures that must cover a release before it is delivered.
    pub witness_quorum: u8,
}

/// Rules the account of give and take; it never gates a release.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reciprocity {
    /// Whether a low balance opens a review, and below which percentage.
    pub review_below: Option<i8>,
    /// Length of a period in days.
    pub period_days: u16,
    /// Usefulness counts are sent back.
    pub share: bool,
}

/// Holds daily limits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quota {
    /// Objects per day.
    pub objects_per_day: u32,
    /// Blind queries per day.
    pub private_lookups_per_day: u32,
    /// Items per epoch of an overlap run.
    pub overlap_items_per_epoch: u32,
}

/// Rules who may know what.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disclosure {
    /// Everybody may know that the agreement exists; otherwise the parties only.
    pub public: bool,
    /// The other party sees suppressed daily counts of withheld objects.
    pub withheld_counts: bool,
}

/// Rules the end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Termination {
    /// Days between notice and effect.
    pub notice_days: u16,
    /// What recipients do with the data.
    pub effect: TerminationEffect,
    /// Days until the certificate.
    pub certificate_days: u16,
}

/// Names what recipients do with data at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TerminationEffect {
    /// Delete.
    Delete,
    /// Send back.
    Return,
    /// Send back and delete.
    ReturnAndDelete,
}

impl Terms {
    /// Returns the text, byte for byte as it is signed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the agreement hash as the format writes it, `sha256:<hex>`.
    pub fn hash_text(&self) -> String {
        crate::hex::sha256_text(&self.hash)
    }

    /// Returns SHA-256 over the clauses as the engine evaluates them: the ledger's `compiled` hash.
    ///
    /// Two texts that differ only in what no decision reads (titles, contacts) have the same hash.
    pub fn compiled_hash(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        let (from, to) = (self.valid_from.as_micros(), self.valid_to.as_micros());
        hasher.update(format!("entente/compiled@1 {from} {to}\n"));
        for party in &self.parties {
            hasher.update(format!("party {}\n", party.id));
        }
        for map in &self.marking_maps {
            hasher.update(format!("marking {} {} {}\n", map.marking, map.tlp.key(), map.pap.key()));
        }
        for clause in &self.clauses {
            hasher.update(clause.compiled.to_line(&clause.id));
            hasher.update(clause.obligations.hash());
        }
        hasher.finalize().into()
    }

    /// Finds a party by its name.
    pub fn party(&self, id: &PartyId) -> Option<&Party> {
        self.parties.iter().find(|party| party.id == *id)
    }

    /// Lists the clauses under which `from` may have released to `to` an object that arrived with these properties.
    ///
    /// The obligations of a clause never lower a marking, so what arrived was within the ceilings of the clause that released it;
    /// several clauses may come into question.
    pub fn clauses_that_may_release(
        &self,
        from: &PartyId,
        to: &PartyId,
        object_type: ObjectType,
        kind: Option<Kind>,
        tlp: Tlp,
        pap: Pap,
    ) -> Vec<&ClauseId> {
        let (Some(from), Some(to)) = (self.position(from), self.position(to)) else { return Vec::new() };
        let may = |clause: &&Clause| {
            let compiled = &clause.compiled;
            compiled.names_pair(from, to)
                && compiled.types.contains(object_type)
                && compiled.kinds.contains(kind)
                && tlp <= compiled.tlp_max
                && pap <= compiled.pap_max
        };
        self.clauses.iter().filter(may).map(|clause| &clause.id).collect()
    }

    /// Finds a clause by its name.
    pub fn clause(&self, id: &str) -> Option<&Clause> {
        self.clauses.iter().find(|clause| clause.id.as_str() == id)
    }

    /// Returns the position of a party in the text.
    pub(crate) fn position(&self, id: &PartyId) -> Option<u32> {
        self.parties.iter().position(|party| party.id == *id).and_then(|at| u32::try_from(at).ok())
    }
}
