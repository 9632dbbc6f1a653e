//! Texts of agreements, written out in full.

use entente_exchange::node::Card;
use std::fmt::Write as _;

/// A clause; every field has a value that releases ordinary findings.
#[derive(Clone, Debug)]
pub(crate) struct Clause {
    pub(crate) id: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) purpose: Vec<&'static str>,
    pub(crate) types: Vec<&'static str>,
    pub(crate) kinds: Vec<&'static str>,
    pub(crate) tlp_max: &'static str,
    pub(crate) confidence_min: u8,
    pub(crate) max_age_days: u16,
    pub(crate) origin: Vec<&'static str>,
    pub(crate) subject: Vec<&'static str>,
    pub(crate) doors: Vec<&'static str>,
    pub(crate) text: bool,
    pub(crate) obligations: Vec<&'static str>,
}

impl Clause {
    /// What `from` gives `to`: up to AMBER, confidence 30, 90 days, everything but victims; its source hidden.
    pub(crate) fn from(from: &str, to: &str) -> Self {
        Self {
            id: format!("{from}-out"),
            from: from.to_owned(),
            to: to.to_owned(),
            purpose: vec!["c2-disruption"],
            types: vec![
                "indicator",
                "identity",
                "infrastructure",
                "malware",
                "ipv4-addr",
                "ipv6-addr",
                "domain-name",
                "url",
                "relationship",
                "sighting",
            ],
            kinds: vec!["ipv4-addr", "ipv6-addr", "domain-name", "url", "none"],
            tlp_max: "amber",
            confidence_min: 30,
            max_age_days: 90,
            origin: vec!["own", "community"],
            subject: vec!["infrastructure"],
            doors: vec!["sync", "taxii", "export"],
            text: false,
            obligations: vec!["strip-source", "strip-free-text", "attribution:may", "retain:90d"],
        }
    }

    fn write(&self, text: &mut String) {
        let list = |items: &[&str]| format!("{items:?}");
        let _ = write!(
            text,
            "\n[[clause]]\nid = {:?}\nfrom = {:?}\nto = [{:?}]\npurpose = {}\ntypes = {}\nkinds = {}\ntlp_max = {:?}\n\
             pap_max = \"amber\"\nconfidence_min = {}\nmax_age_days = {}\norigin = {}\nsubject = {}\ndoors = {}\n\
             text = {}\nobligations = {}\n",
            self.id,
            self.from,
            self.to,
            list(&self.purpose),
            list(&self.types),
            list(&self.kinds),
            self.tlp_max,
            self.confidence_min,
            self.max_age_days,
            list(&self.origin),
            list(&self.subject),
            list(&self.doors),
            self.text,
            list(&self.obligations),
        );
    }
}

/// A text; its parties are those whose cards it is written for.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) id: String,
    pub(crate) version: u32,
    pub(crate) supersedes: Option<String>,
    pub(crate) valid_from: &'static str,
    pub(crate) valid_to: &'static str,
    pub(crate) community: Vec<&'static str>,
    pub(crate) witness_quorum: u8,
    pub(crate) objects_per_day: u32,
    pub(crate) clauses: Vec<Clause>,
}

impl Text {
    pub(crate) fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            version: 1,
            supersedes: None,
            valid_from: "2026-01-01T00:00:00Z",
            valid_to: "2028-01-01T00:00:00Z",
            community: vec!["role:police"],
            witness_quorum: 0,
            objects_per_day: 1_000_000,
            clauses: Vec::new(),
        }
    }

    pub(crate) fn clause(mut self, clause: Clause) -> Self {
        self.clauses.push(clause);
        self
    }

    /// Cosignatures that a delivery waits for.
    pub(crate) fn quorum(mut self, witness_quorum: u8) -> Self {
        self.witness_quorum = witness_quorum;
        self
    }

    /// The next version, which replaces one with this hash.
    pub(crate) fn next(mut self, hash: &str) -> Self {
        self.version += 1;
        self.supersedes = Some(hash.to_owned());
        self
    }

    pub(crate) fn write(&self, cards: &[Card]) -> String {
        let mut text = format!("format = \"entente/agreement@1\"\nid = {:?}\nversion = {}\n", self.id, self.version);
        if let Some(hash) = &self.supersedes {
            let _ = writeln!(text, "supersedes = {hash:?}");
        }
        let kind = if cards.len() == 2 { "bilateral" } else { "multilateral" };
        let _ = write!(
            text,
            "kind = \"{kind}\"\ntitle = \"Exchange for tests\"\nlanguage = \"en\"\nvalid_from = {}\nvalid_to = {}\n\
             review_by = 2027-06-01T00:00:00Z\n\n[instrument]\nreference = \"T-1\"\nsha256 = \"{}\"\n\n[defaults]\n\
             unmarked = \"deny\"\nunknown_marking = \"deny\"\nunknown_type = \"deny\"\n",
            self.valid_from,
            self.valid_to,
            "07".repeat(32),
        );
        for card in cards {
            let _ = write!(
                text,
                "\n[[party]]\nid = {:?}\nname = {:?}\nrole = {:?}\ncountry = {:?}\nnode = {:?}\nvkey = {:?}\n\
                 log_vkey = {:?}\nlegal_basis = [\"gdpr-6-1-f\"]\ncontact_operations = \"ops@{id}.example\"\n\
                 contact_privacy = \"privacy@{id}.example\"\ncontact_dispute = \"legal@{id}.example\"\n\
                 contact_breach = \"breach@{id}.example\"\n",
                card.id,
                card.name,
                card.role,
                card.country,
                card.node,
                card.vkey,
                card.log_vkey(&self.id).unwrap(),
                id = card.id,
            );
        }
        for clause in &self.clauses {
            clause.write(&mut text);
        }
        let _ = write!(text, "\n[onward]\nrule = \"consent\"\ncommunity = {:?}\n", self.community);
        let quorum = format!("keep_years = 10\nwitness_quorum = {}\n", self.witness_quorum);
        let tail = TAIL.replace("QUOTA", &self.objects_per_day.to_string());
        text.push_str(&if self.witness_quorum == 0 { tail } else { tail.replace("keep_years = 10\n", &quorum) });
        text
    }
}

const TAIL: &str = "
[recall]
ack_hours = 24
complete_hours = 72
onward = true

[security]
tls_min = \"1.3\"
mutual_tls = false
encrypt_at_rest = true
breach_notice_hours = 24

[audit]
parties_may_audit = true
notice_days = 14
keep_years = 10

[reciprocity]
mode = \"inform\"
period_days = 30
share = true

[quota]
objects_per_day = QUOTA
private_lookups_per_day = 0
overlap_items_per_epoch = 0

[disclosure]
existence = \"parties\"
withheld_counts = false

[termination]
notice_days = 30
effect = \"delete\"
certificate_days = 30
";
