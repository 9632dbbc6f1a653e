//! Templates: complete, valid texts to start a negotiation from.

mod amend;
mod cert_community;
mod isp_isp;
mod operation;
mod telco_police;
mod write;

use entente_stix::Timestamp;
use entente_stix::marking::Tlp;

use crate::error::TextError;
use crate::ids::{AgreementId, PartyId};
use crate::terms::Role;

pub use amend::{Amendment, amend};
pub use telco_police::{TemplateInput, telco_police};

/// Describes a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Template {
    /// Name, for the command line.
    pub name: &'static str,
    /// Title, for a list.
    pub title: &'static str,
    /// What it is for, in one sentence.
    pub summary: &'static str,
}

/// Lists the templates.
pub const fn list() -> &'static [Template] {
    &[
        Template {
            name: "telco-police",
            title: "Network operator and police, both directions",
            summary: "C2 servers, phishing, compromised sites with their owners under pseudonyms, sightings and trends from the operator; \
                      C2 servers, phishing and compromised customers from the police.",
        },
        Template {
            name: "cert-community",
            title: "Community of response teams, everybody to everybody",
            summary: "Attackers' infrastructure, phishing, sightings and trends among all members; compromised systems to the team in \
                      whose constituency they lie.",
        },
        Template {
            name: "isp-isp",
            title: "Two network operators as peers, both directions",
            summary: "C2 servers, phishing and attacking hosts in each other's networks, compromised customers to their own operator, \
                      sightings and trends.",
        },
        Template {
            name: "operation",
            title: "Joint operation under a lead",
            summary: "Everybody contributes to the lead, the lead hands out the target list, victims go home to their response team; \
                      the lead may admit newcomers.",
        },
    ]
}

/// Fills a party of a template.
#[derive(Clone, Debug)]
pub struct TemplateParty {
    /// Name in the text.
    pub id: PartyId,
    /// Name, for people.
    pub name: String,
    /// Sort of body.
    pub role: Role,
    /// ISO 3166-1 alpha-2 code or `INT`.
    pub country: String,
    /// Host name of its node, with `log_vkey`; `None` for a party that only consumes.
    pub node: Option<String>,
    /// Verifier key that signs agreements.
    pub vkey: String,
    /// Verifier key of its log; the name is `<node>/agr/<agreement id>`.
    pub log_vkey: Option<String>,
    /// Verifier key of its witness, type 0x04.
    pub witness_vkey: Option<String>,
    /// Legal bases, at least one.
    pub legal_basis: Vec<String>,
    /// Address for operations, privacy, disputes and breaches.
    pub contact: String,
}

/// Fills a template.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Name of the agreement.
    pub id: AgreementId,
    /// Title, for people; the template's own if none is given.
    pub title: Option<String>,
    /// Start of validity.
    pub valid_from: Timestamp,
    /// End of validity, exclusive; at most five years later.
    pub valid_to: Timestamp,
    /// The parties; the first one leads an operation.
    pub parties: Vec<TemplateParty>,
    /// Marking ceiling.
    pub tlp_max: Tlp,
    /// Greatest age of data in days.
    pub max_age_days: u16,
    /// To whom GREEN data may go on: `role:<role>` or `party:<id>`.
    pub community: Vec<String>,
    /// How people refer to the signed paper.
    pub instrument_reference: String,
    /// SHA-256 of the signed paper.
    pub instrument_sha256: [u8; 32],
}

/// Says why a template gives no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// The parties do not fit the template.
    #[error("{0}")]
    Parties(String),
    /// The text that results is faulty.
    #[error("{}", .0.first().map_or_else(String::new, TextError::to_string))]
    Text(Vec<TextError>),
    /// There is no such template.
    #[error("`{0}` is not a template")]
    Unknown(String),
}

impl From<Vec<TextError>> for TemplateError {
    fn from(errors: Vec<TextError>) -> TemplateError {
        TemplateError::Text(errors)
    }
}

/// Writes the text of a template: version 1 of an agreement that can be signed as it is.
///
/// # Errors
///
/// [`TemplateError`].
pub fn draft(name: &str, draft: &Draft) -> Result<String, TemplateError> {
    match name {
        "telco-police" => between_operator_and_police(draft),
        "cert-community" => cert_community::text(draft),
        "isp-isp" => isp_isp::text(draft),
        "operation" => operation::text(draft),
        _ => Err(TemplateError::Unknown(name.to_owned())),
    }
}

fn between_operator_and_police(draft: &Draft) -> Result<String, TemplateError> {
    let [first, second] = draft.parties.as_slice() else {
        return Err(TemplateError::Parties(
            "this template is for two parties, a network operator and police".to_owned(),
        ));
    };
    let (operator, police) = match (first.role, second.role) {
        (Role::Police, Role::Police) => {
            let message = "both parties are police; this template is for a network operator and police";
            return Err(TemplateError::Parties(message.to_owned()));
        }
        (Role::Police, _) => (second, first),
        (_, Role::Police) => (first, second),
        _ => {
            let message = "neither party is police; this template is for a network operator and police";
            return Err(TemplateError::Parties(message.to_owned()));
        }
    };
    let title = draft.title.clone().unwrap_or_else(|| {
        format!(
            "Exchange on command-and-control servers, phishing and compromised sites: {} and {}",
            operator.name, police.name
        )
    });
    Ok(telco_police(&TemplateInput {
        id: draft.id.clone(),
        title,
        valid_from: draft.valid_from,
        valid_to: draft.valid_to,
        operator: operator.clone(),
        police: police.clone(),
        tlp_to_police: draft.tlp_max,
        tlp_to_operator: draft.tlp_max,
        max_age_days: draft.max_age_days,
        community: draft.community.clone(),
        instrument_reference: draft.instrument_reference.clone(),
        instrument_sha256: draft.instrument_sha256,
    })?)
}

/// The ids of the parties of a role.
fn of_role(draft: &Draft, role: Role) -> Vec<&str> {
    draft.parties.iter().filter(|party| party.role == role).map(|party| party.id.as_str()).collect()
}
