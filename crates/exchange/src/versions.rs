//! The versions of an agreement that a node holds, and what was declared about them, in the order in which it happened
//! (`agreements.md` sections 14.1 and 14.2).

use std::sync::Arc;

use entente_agreement::{ConsentScope, Notice, Terms, Verb};
use entente_ledger::Hash;
use entente_ledger::leaf::{Entry, Leaf};
use entente_stix::Timestamp;
use serde::Serialize;

use crate::error::Result;
use crate::state::Held;
use crate::{Exchange, Viewer};

/// LIMIT: leaves at the beginning and at the end of a log that are searched for what records a text or a notice. A log between
/// busy nodes has millions; what is recorded between the two is shown without its leaf.
const LEAVES_READ: (i64, i64) = (1_000, 9_000);

/// One signed version of an agreement.
#[derive(Clone, Debug, Serialize)]
pub struct VersionLine {
    /// Its number.
    pub version: u32,
    /// `sha256:…` of its text.
    pub hash: String,
    /// `sha256:…` of the text it replaces, if it replaces one.
    pub supersedes: Option<String>,
    /// Start, RFC 3339.
    pub valid_from: String,
    /// End (exclusive), RFC 3339.
    pub valid_to: String,
    /// `rules`, `replaced` or `coming`.
    pub standing: &'static str,
    /// Parties whose signatures are on it.
    pub signed_by: Vec<String>,
}

/// Something that happened to an agreement.
#[derive(Clone, Debug, Serialize)]
pub struct Happening {
    /// When, RFC 3339.
    pub at: String,
    /// A word: `countersigned`, `amended`, `begins`, `ends`, `suspended`, `resumed`, `terminated`, `consented`, `consent-withdrawn`.
    pub what: &'static str,
    /// The party that declared it; empty where the text or the clock did.
    pub party: String,
    /// The version it is about.
    pub version: u32,
    /// The rest in words: a reason as its party wrote it, an instant, a scope. Untrusted text.
    pub detail: String,
    /// Index of the leaf that records it, if the node's log has one.
    pub leaf: Option<u64>,
    /// True if it lies ahead.
    pub ahead: bool,
}

impl Exchange {
    /// All versions of an agreement, oldest first; `None` when the viewer has none of that name.
    ///
    /// # Errors
    /// [`crate::ExchangeError::Store`].
    pub fn versions(&self, agreement: &str, viewer: &Viewer) -> Result<Option<Vec<VersionLine>>> {
        let (state, now) = (self.state()?, self.now());
        let held = self.seen_versions(&state, agreement, viewer);
        if held.is_empty() {
            return Ok(None);
        }
        let ruling = state.current(agreement, now).map(|held| held.no);
        let line = |held: &&Held| {
            let terms = held.agreement.terms();
            let unsigned: Vec<_> = held.agreement.unsigned().map(|party| &party.id).collect();
            VersionLine {
                version: terms.version,
                hash: held.hash().to_sha256_text(),
                supersedes: terms.supersedes.map(|hash| Hash(hash).to_sha256_text()),
                valid_from: terms.valid_from.to_string(),
                valid_to: terms.valid_to.to_string(),
                standing: if ruling == Some(held.no) {
                    "rules"
                } else if terms.valid_from > now {
                    "coming"
                } else {
                    "replaced"
                },
                signed_by: terms
                    .parties
                    .iter()
                    .filter(|party| !unsigned.contains(&&party.id))
                    .map(|party| party.id.to_string())
                    .collect(),
            }
        };
        Ok(Some(held.iter().map(line).collect()))
    }

    /// The terms and the signed note of one version of an agreement, the ruling one if `version` is `None`.
    ///
    /// # Errors
    /// [`crate::ExchangeError::Store`].
    pub fn version_of(
        &self,
        agreement: &str,
        version: Option<u32>,
        viewer: &Viewer,
    ) -> Result<Option<(Arc<Terms>, String)>> {
        let state = self.state()?;
        let seen = self.seen_versions(&state, agreement, viewer);
        let wanted = match version {
            Some(version) => seen.into_iter().find(|held| held.agreement.terms().version == version),
            None => state.current(agreement, self.now()).filter(|held| seen.iter().any(|seen| seen.no == held.no)),
        };
        Ok(wanted.map(|held| (Arc::clone(held.agreement.terms()), held.note.clone())))
    }

    /// What happened to an agreement, oldest first, and what its text says is ahead; `None` when the viewer has none of that name.
    ///
    /// # Errors
    /// [`crate::ExchangeError::Store`].
    pub fn happenings(&self, agreement: &str, viewer: &Viewer) -> Result<Option<Vec<Happening>>> {
        let (state, now) = (self.state()?, self.now());
        let held = self.seen_versions(&state, agreement, viewer);
        let Some(last) = held.last() else { return Ok(None) };
        let leaves = self.recorded(agreement)?;
        let leaf_of = |hash: Hash| leaves.iter().find(|(known, ..)| *known == hash);
        // In the order of the log where it has a leaf: a notice may bear an instant of whole seconds.
        let mut rows: Vec<(Timestamp, Happening)> = Vec::new();
        for held in &held {
            let terms = held.agreement.terms();
            let happening = |at: Timestamp, what, detail: String, leaf| Happening {
                at: at.to_millis_string(),
                what,
                party: String::new(),
                version: terms.version,
                detail,
                leaf,
                ahead: at > now,
            };
            let recorded = leaf_of(held.hash());
            if let Some((_, at, index)) = recorded {
                let what = if terms.supersedes.is_some() { "amended" } else { "countersigned" };
                rows.push((*at, happening(*at, what, String::new(), Some(*index))));
            }
            // A text that was signed after its own beginning rules from the signature on.
            let begins = recorded.map_or(terms.valid_from, |(_, at, _)| terms.valid_from.max(*at));
            rows.push((begins, happening(begins, "begins", String::new(), None)));
        }
        let terms = last.agreement.terms();
        let end = Happening {
            at: terms.valid_to.to_millis_string(),
            what: "ends",
            party: String::new(),
            version: terms.version,
            detail: String::new(),
            leaf: None,
            ahead: terms.valid_to > now,
        };
        rows.push((terms.valid_to, end));
        for notice in self.store().read(|s| s.notices(agreement))? {
            let Ok((note, notice)) = Notice::open(notice.as_bytes()) else { continue };
            let version = held.iter().find(|held| notice.hash.is_some_and(|hash| held.hash().0 == hash));
            let recorded = leaf_of(note.text_hash());
            let (what, party, at, detail) = declared(&notice.verb);
            // A consent bears no instant of its own: the log says when it came.
            let Some(at) = at.or_else(|| recorded.map(|(_, at, _)| *at)) else { continue };
            let row = Happening {
                at: at.to_millis_string(),
                what,
                party,
                version: version.map_or(0, |held| held.agreement.terms().version),
                detail,
                leaf: recorded.map(|(_, _, index)| *index),
                ahead: at > now,
            };
            rows.push((recorded.map_or(at, |(_, at, _)| *at), row));
        }
        rows.sort_by_key(|(at, _)| *at);
        Ok(Some(rows.into_iter().map(|(_, row)| row).collect()))
    }

    fn seen_versions<'a>(&self, state: &'a crate::state::State, agreement: &str, viewer: &Viewer) -> Vec<&'a Held> {
        let seen = |held: &&Held| {
            held.id() == agreement
                && held.names(self.own())
                && match viewer {
                    Viewer::Staff => true,
                    Viewer::Party(party) => held.names(party),
                }
        };
        state.versions.iter().filter(seen).collect()
    }

    /// The leaves that record a text or a notice: hash, instant, index.
    fn recorded(&self, agreement: &str) -> Result<Vec<(Hash, Timestamp, u64)>> {
        self.store().read(|s| {
            let Some(log) = s.log(agreement)? else { return Ok(Vec::new()) };
            let (first, last) = LEAVES_READ;
            let tail = log.size.saturating_sub(last).max(first);
            let limit = |count: i64| usize::try_from(count).unwrap_or(0);
            let mut leaves = s.leaves(log.no, 0, limit(first))?;
            leaves.extend(s.leaves(log.no, tail, limit(last))?);
            let mut found = Vec::new();
            for (index, bytes) in &leaves {
                let Ok(entry) = Entry::parse(bytes) else { continue };
                let hash = match entry.leaf {
                    Leaf::Agreement { text, .. } | Leaf::Amend { text, .. } => text,
                    Leaf::Suspend { note }
                    | Leaf::Resume { note }
                    | Leaf::Terminate { note }
                    | Leaf::Consent { note }
                    | Leaf::ConsentWithdraw { note } => note,
                    _ => continue,
                };
                let at = Timestamp::from_micros(entry.time.as_unix_millis().saturating_mul(1_000));
                found.push((hash, at, u64::try_from(*index).unwrap_or(0)));
            }
            Ok(found)
        })
    }
}

/// What a notice declares: word, party, instant and detail.
fn declared(verb: &Verb) -> (&'static str, String, Option<Timestamp>, String) {
    match verb {
        Verb::Suspend { party, at, reason } => ("suspended", party.to_string(), Some(*at), reason.clone()),
        Verb::Resume { party, at } => ("resumed", party.to_string(), Some(*at), String::new()),
        Verb::Terminate { party, at, effective, reason } => {
            ("terminated", party.to_string(), Some(*at), format!("takes effect {effective}: {reason}"))
        }
        Verb::Consent { scope, to, purposes, until } => {
            let what = match scope {
                ConsentScope::Clause(clause) => format!("everything under clause {clause}"),
                ConsentScope::Object(object) => object.clone(),
            };
            let detail = format!("{what} may go on to {to} for {} until {until}", purposes.names().join(", "));
            ("consented", String::new(), None, detail)
        }
        Verb::ConsentWithdraw { consent, at } => {
            ("consent-withdrawn", String::new(), Some(*at), Hash(*consent).to_sha256_text())
        }
        // A kind of notice that a later version of the crate adds.
        _ => ("declared", String::new(), None, String::new()),
    }
}
