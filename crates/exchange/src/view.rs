//! What the doors show: plain values, already decided, ready to be rendered as a page, a table or JSON.
//!
//! Every value here is made by [`crate::Exchange`] for a [`crate::Viewer`]; nothing in it has to be filtered again.

use entente_agreement::Explanation;
use serde::Serialize;

/// The first screen: what is new, where, and how the exchange is doing.
#[derive(Clone, Debug, Serialize)]
pub struct Home {
    /// Name of the party that runs the node.
    pub party_name: String,
    /// Totals over everything held.
    pub totals: Totals,
    /// One row per country that has at least one target, most command-and-control servers first.
    pub countries: Vec<CountryRow>,
    /// One row per agreement and other party.
    pub exchange: Vec<HealthRow>,
    /// The objects admitted last, newest first, at most 20.
    pub recent: Vec<ObjectLine>,
}

/// Counts over everything a node holds.
#[derive(Clone, Copy, Debug, Default, Serialize, PartialEq, Eq)]
pub struct Totals {
    /// Distinct observables.
    pub observables: u64,
    /// Distinct command-and-control servers.
    pub c2: u64,
    /// Distinct phishing hosts and addresses.
    pub phishing: u64,
    /// Distinct compromised sites (or their pseudonyms).
    pub compromised: u64,
    /// Observables that more than one party reported.
    pub corroborated: u64,
    /// Stored revisions of objects.
    pub revisions: u64,
    /// Objects admitted but held in quarantine.
    pub quarantined: u64,
    /// Releases made to other parties.
    pub released: u64,
    /// Decisions to withhold, at their latest state.
    pub withheld: u64,
    /// Objects received from other parties.
    pub received: u64,
}

/// Targets of one country. The country is the one of registration of the address, not of the attacker.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct CountryRow {
    /// ISO 3166-1 alpha-2 code, `ZZ` when unknown.
    pub country: String,
    /// Distinct command-and-control servers.
    pub c2: u64,
    /// Distinct phishing hosts.
    pub phishing: u64,
    /// Distinct compromised sites or pseudonyms.
    pub compromised: u64,
}

/// The state of the exchange with one other party under one agreement.
#[derive(Clone, Debug, Serialize)]
pub struct HealthRow {
    /// The other party.
    pub party: String,
    /// The agreement.
    pub agreement: String,
    /// State word: `in-force`, `suspended`, `expired` …
    pub state: String,
    /// Objects released to the other party.
    pub released: u64,
    /// Objects withheld from it.
    pub withheld: u64,
    /// Withheld objects counted by reason code, most frequent first.
    pub withheld_by_reason: Vec<(String, u64)>,
    /// Objects received from it.
    pub received: u64,
    /// Time of the last page received or delivered, RFC 3339, if any.
    pub last_exchange: Option<String>,
}

/// One object in a list.
#[derive(Clone, Debug, Serialize)]
pub struct ObjectLine {
    /// STIX id.
    pub id: String,
    /// STIX type.
    pub object_type: String,
    /// The value it is about, canonical and not defanged, if it has one.
    pub value: Option<String>,
    /// The value as shown to people, defanged.
    pub shown: Option<String>,
    /// Role word: `c2`, `phishing`, `compromised` …
    pub role: String,
    /// Country code or empty.
    pub country: String,
    /// Effective TLP, for example `TLP:AMBER`.
    pub tlp: String,
    /// Confidence 0–100.
    pub confidence: u8,
    /// Party it came from, `own` for the node's own.
    pub origin: String,
    /// Admission time, RFC 3339.
    pub added: String,
}

/// The answer to a pasted list of values (`entente check`, `POST /api/v1/check`, the check page).
#[derive(Clone, Debug, Serialize)]
pub struct CheckReport {
    /// Non-empty lines read.
    pub read: u64,
    /// Lines in which a value was found.
    pub understood: u64,
    /// Values somebody reported.
    pub known: u64,
    /// Lines without a value.
    pub rejected: Vec<RejectedLine>,
    /// One row per value, in the order of the list.
    pub values: Vec<CheckRow>,
}

/// A line that was refused, with its place and the reason.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct RejectedLine {
    /// Line number, from 1, or 0 when the place is a JSON pointer in the message.
    pub line: u64,
    /// Stable code.
    pub code: String,
    /// What is wrong, for people.
    pub message: String,
}

/// What is known about one value.
#[derive(Clone, Debug, Serialize)]
pub struct CheckRow {
    /// Canonical value.
    pub value: String,
    /// Value as shown to people, defanged.
    pub shown: String,
    /// STIX type of the value, for example `ipv4-addr`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `c2`, `phishing`, `compromised`, `benign` (warninglisted and not reported), `unknown` …
    pub verdict: String,
    /// Highest confidence asserted, 0–100.
    pub score: u8,
    /// Earliest time asserted, RFC 3339.
    pub first_seen: Option<String>,
    /// Latest time asserted, RFC 3339.
    pub last_seen: Option<String>,
    /// Who asserted it: `own` or party ids.
    pub sources: Vec<String>,
    /// Name of the warninglist it is on.
    pub warninglist: Option<String>,
    /// Country code, if known.
    pub country: Option<String>,
    /// The object to open for more.
    pub object: Option<String>,
    /// Who may see it, one entry per other party with an agreement in force (holder's staff only).
    pub visible_to: Vec<SeenBy>,
}

/// Whether one party may see a value.
#[derive(Clone, Debug, Serialize)]
pub struct SeenBy {
    /// The party.
    pub party: String,
    /// The agreement asked.
    pub agreement: String,
    /// True if it may see it.
    pub sees: bool,
    /// Clause id when it may, reason code when it may not.
    pub because: String,
}

/// Everything about one object.
#[derive(Clone, Debug, Serialize)]
pub struct ObjectView {
    /// The line shown in lists.
    pub line: ObjectLine,
    /// PAP word, for example `PAP:GREEN`.
    pub pap: String,
    /// Subject categories, for example `infrastructure`.
    pub subject: Vec<String>,
    /// Labels of the object.
    pub labels: Vec<String>,
    /// Why it is in quarantine, if it is.
    pub quarantine: Option<String>,
    /// All assertions about the same observable, or the one admission of an object without a value.
    pub provenance: Vec<ProvenanceRow>,
    /// Who may see it, and why or why not (holder's staff only; empty for others).
    pub visibility: Vec<VisibilityRow>,
    /// Releases of this object made so far.
    pub releases: Vec<ReleaseLine>,
    /// What the object breaks of STIX 2.1, errors and warnings of the standard profile (holder's staff only; empty for others).
    pub findings: Vec<FindingLine>,
    /// The object as JSON text: the stored bytes.
    pub raw: String,
}

/// One rule of STIX 2.1 that an object breaks.
#[derive(Clone, Debug, Serialize)]
pub struct FindingLine {
    /// Stable code, for example `STIX-W-210`.
    pub code: String,
    /// `error` or `warning`.
    pub severity: String,
    /// JSON pointer to the property.
    pub path: String,
    /// What is wrong, the value quoted.
    pub message: String,
    /// Section of the specification.
    pub spec: String,
}

/// One party's assertion.
#[derive(Clone, Debug, Serialize)]
pub struct ProvenanceRow {
    /// `own` or the party's id.
    pub party: String,
    /// Agreement under which it came, empty for own data.
    pub agreement: String,
    /// The object that carries the assertion.
    pub object: String,
    /// Confidence it states.
    pub confidence: u8,
    /// Effective TLP.
    pub tlp: String,
    /// First seen, RFC 3339, if stated.
    pub first_seen: Option<String>,
    /// Last seen, RFC 3339, if stated.
    pub last_seen: Option<String>,
    /// Times it was asserted.
    pub times: u64,
    /// Lists or feeds it was taken from, as the source said.
    pub sources: Vec<String>,
    /// Whether a verified receipt covers it (received objects only).
    pub receipt: Option<bool>,
}

/// One row of "who may see this, and why".
#[derive(Clone, Debug, Serialize)]
pub struct VisibilityRow {
    /// The other party.
    pub party: String,
    /// The agreement asked.
    pub agreement: String,
    /// True if the party may have it now.
    pub sees: bool,
    /// The clause or the blocking condition, in words.
    pub because: String,
    /// The smallest change that would make it a permit, if it is withheld.
    pub changes_if: Option<String>,
    /// The whole record.
    pub explanation: Explanation,
}

/// One row of a manifest.
#[derive(Clone, Debug, Serialize)]
pub struct ReleaseLine {
    /// Agreement id.
    pub agreement: String,
    /// Party that may fetch it.
    pub recipient: String,
    /// Position in the manifest, from 1.
    pub seq: u64,
    /// `date_added`, RFC 3339 with six digits.
    pub added: String,
    /// Id of the object as released.
    pub object: String,
    /// Its version, RFC 3339; its position in time where it has none.
    pub version: String,
    /// Id of the object as held.
    pub original: String,
    /// Its STIX type.
    pub object_type: String,
    /// The clause that permits it.
    pub clause: String,
    /// Index of the release leaf in the agreement's log.
    pub leaf: u64,
}

/// An agreement in a list.
#[derive(Clone, Debug, Serialize)]
pub struct AgreementLine {
    /// Agreement id.
    pub id: String,
    /// Version in use.
    pub version: u64,
    /// Title.
    pub title: String,
    /// Party ids.
    pub parties: Vec<String>,
    /// State word.
    pub state: String,
    /// Start, RFC 3339.
    pub valid_from: String,
    /// End (exclusive), RFC 3339.
    pub valid_to: String,
    /// `sha256:…` of the text.
    pub hash: String,
    /// Objects released under it by this node.
    pub released: u64,
    /// Objects withheld under it by this node.
    pub withheld: u64,
    /// Objects received under it.
    pub received: u64,
}

/// An agreement with its terms in words.
#[derive(Clone, Debug, Serialize)]
pub struct AgreementView {
    /// The line shown in lists.
    pub line: AgreementLine,
    /// The terms in plain words, generated from what is enforced.
    pub sentences: Vec<String>,
    /// Parties with role, country and whether their signature verifies.
    pub parties: Vec<PartyOfAgreement>,
    /// The clauses.
    pub clauses: Vec<ClauseRow>,
    /// Parties that have suspended it.
    pub suspended_by: Vec<String>,
    /// Withheld objects by other party and reason code.
    pub withheld_by_reason: Vec<(String, u64)>,
    /// The latest releases, newest first, at most 50.
    pub releases: Vec<ReleaseLine>,
    /// The signed note, verbatim.
    pub note: String,
}

/// A party as an agreement names it.
#[derive(Clone, Debug, Serialize)]
pub struct PartyOfAgreement {
    /// Party id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Role word.
    pub role: String,
    /// Country code.
    pub country: String,
    /// True if its signature is on the note and verifies.
    pub signed: bool,
}

/// A clause, as words.
#[derive(Clone, Debug, Serialize)]
pub struct ClauseRow {
    /// Clause id.
    pub id: String,
    /// Releasing party or `all`.
    pub from: String,
    /// Recipients.
    pub to: Vec<String>,
    /// Purposes.
    pub purpose: Vec<String>,
    /// Object types.
    pub types: Vec<String>,
    /// Highest TLP.
    pub tlp_max: String,
    /// Lowest confidence.
    pub confidence_min: u8,
    /// Highest age in days.
    pub max_age_days: u16,
    /// Obligations as written.
    pub obligations: Vec<String>,
    /// Objects released by this clause so far.
    pub released: u64,
}

/// All logs of the node.
#[derive(Clone, Debug, Serialize)]
pub struct LedgerView {
    /// One line per log.
    pub logs: Vec<LogLine>,
}

/// One log.
#[derive(Clone, Debug, Serialize)]
pub struct LogLine {
    /// Agreement id the log belongs to.
    pub agreement: String,
    /// Origin, as in its checkpoints.
    pub origin: String,
    /// Number of leaves.
    pub size: u64,
    /// Root, base64.
    pub root: String,
    /// Verifier key of the log.
    pub vkey: String,
    /// The last signed checkpoint, verbatim.
    pub checkpoint: String,
}

/// One page of a log's leaves.
#[derive(Clone, Debug, Serialize)]
pub struct LogView {
    /// The log.
    pub log: LogLine,
    /// Leaves, newest first, at most 100.
    pub leaves: Vec<LeafLine>,
    /// Index to ask for next (`?before=`), if there are older leaves.
    pub before: Option<u64>,
}

/// One leaf.
#[derive(Clone, Debug, Serialize)]
pub struct LeafLine {
    /// Index in the log.
    pub index: u64,
    /// Time, RFC 3339.
    pub time: String,
    /// Kind, for example `release`.
    pub kind: String,
    /// The leaf's bytes, which are ASCII JSON.
    pub entry: String,
    /// Leaf hash, base64.
    pub hash: String,
}

/// A known party.
#[derive(Clone, Debug, Serialize)]
pub struct PartyView {
    /// Party id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Role word.
    pub role: String,
    /// Country code.
    pub country: String,
    /// Base address of its node, if it runs one that this node may call.
    pub url: Option<String>,
    /// Verifier key of its agreement signatures.
    pub vkey: String,
    /// Exchange with it, one row per agreement.
    pub exchange: Vec<HealthRow>,
    /// What it gave, by role, as distinct observables.
    pub gave: Vec<(String, u64)>,
    /// What it received from this node, in objects.
    pub took: u64,
}

/// A victim, as the node knows it.
#[derive(Clone, Debug, Serialize)]
pub struct VictimLine {
    /// Name, or pseudonym where the agreement protects it.
    pub name: String,
    /// Labels: role, country, sector.
    pub labels: Vec<String>,
}
