//! Plain words: what an agreement says, generated from its compiled terms (section 4.7 of the format).
//!
//! The sentences come from the same values that the decision reads, so text and machine cannot drift. The parties can sign
//! them along as an `[[annex]]`. No lawyer has reviewed them in any language, and the last sentence says so.

mod ar;
mod catalogue;
mod en;
mod es;
mod fr;
mod it;
#[cfg(test)]
mod tests;

use std::fmt;

use entente_stix::Timestamp;

use crate::terms::{Clause, LookupAnswer, Recipients, Releasers, TerminationEffect, Terms};
use catalogue::{Catalogue, fill};

/// English, which explanations are in.
pub(crate) use en::EN;

/// A language of plain words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// `en`.
    #[default]
    English,
    /// `fr`.
    French,
    /// `es`.
    Spanish,
    /// `ar`.
    Arabic,
    /// `it`.
    Italian,
}

impl Language {
    /// Every language, in the order of the documentation.
    pub const ALL: [Language; 5] =
        [Language::English, Language::French, Language::Spanish, Language::Arabic, Language::Italian];

    /// Returns the BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::French => "fr",
            Language::Spanish => "es",
            Language::Arabic => "ar",
            Language::Italian => "it",
        }
    }

    /// Reads a BCP 47 tag by its primary language, in any case; `None` for other languages.
    pub fn parse(tag: &str) -> Option<Language> {
        let primary = tag.split('-').next().unwrap_or_default();
        Language::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    const fn catalogue(self) -> &'static Catalogue {
        match self {
            Language::English => &EN,
            Language::French => &fr::FR,
            Language::Spanish => &es::ES,
            Language::Arabic => &ar::AR,
            Language::Italian => &it::IT,
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// Returns the agreement in plain words, one sentence or short paragraph an entry, each with its full stop.
pub fn sentences(terms: &Terms, language: Language) -> Vec<String> {
    let catalogue = language.catalogue();
    let say = &catalogue.sentences;
    let mut out = vec![opening(terms, catalogue)];
    out.extend(terms.clauses.iter().map(|clause| clause_sentence(terms, clause, catalogue)));
    out.push(if terms.onward.consent { say.onward_consent } else { say.onward_none }.to_owned());
    out.push(recall(terms, catalogue));
    out.push(ending(terms, catalogue));
    if !terms.disclosure.withheld_counts {
        out.push(say.no_counts.to_owned());
    }
    out.push(say.review.to_owned());
    out.into_iter().map(|sentence| capitalised(&sentence)).collect()
}

fn opening(terms: &Terms, catalogue: &Catalogue) -> String {
    let names: Vec<String> = terms.parties.iter().map(|party| catalogue.apart(&party.name)).collect();
    let day = |at: Timestamp| catalogue.apart(&at.to_millis_string().chars().take(10).collect::<String>());
    fill(
        catalogue.sentences.opening,
        &[
            ("parties", &catalogue.all(&names)),
            ("title", &catalogue.apart(&terms.title)),
            ("version", &catalogue.apart(&terms.version.to_string())),
            ("from", &day(terms.valid_from)),
            ("until", &day(terms.valid_to)),
        ],
    )
}

fn giver(terms: &Terms, clause: &Clause, catalogue: &Catalogue) -> String {
    match &clause.from {
        Releasers::All => catalogue.sentences.every_party.to_owned(),
        Releasers::Party(id) => catalogue.apart(terms.party(id).map_or(id.as_str(), |party| party.name.as_str())),
    }
}

fn taker(terms: &Terms, clause: &Clause, catalogue: &Catalogue) -> String {
    match &clause.to {
        Recipients::All => catalogue.sentences.every_other_party.to_owned(),
        Recipients::Parties(ids) => {
            let name = |id| catalogue.apart(terms.party(id).map_or(id.as_str(), |party| party.name.as_str()));
            catalogue.all(&ids.iter().map(name).collect::<Vec<_>>())
        }
    }
}

fn clause_sentence(terms: &Terms, clause: &Clause, catalogue: &Catalogue) -> String {
    let say = &catalogue.sentences;
    let (from, to) = (giver(terms, clause, catalogue), taker(terms, clause, catalogue));
    let id = catalogue.apart(clause.id.as_str());
    let purposes = catalogue.purposes(clause.purposes);
    let origins = catalogue.origins(clause.origins);
    let obligations = catalogue.all(&catalogue.obligations(&clause.obligations));
    if clause.private_lookup {
        let answer = match clause.lookup_answer {
            LookupAnswer::ContactHandle => say.lookup_contact,
            LookupAnswer::Hit => say.lookup_hit,
        };
        let subjects = catalogue.subjects(clause.subjects);
        return fill(
            say.lookup,
            &[
                ("from", &from),
                ("to", &to),
                ("subjects", &subjects),
                ("purposes", &purposes),
                ("answer", answer),
                ("id", &id),
            ],
        );
    }
    if clause.aggregates {
        let least = catalogue.apart(&clause.k_min.unwrap_or(0).to_string());
        return fill(
            say.aggregates,
            &[
                ("from", &from),
                ("to", &to),
                ("origins", &origins),
                ("least", &least),
                ("purposes", &purposes),
                ("obligations", &obligations),
                ("id", &id),
            ],
        );
    }
    let kinds: Vec<&str> = clause.kinds.iter().flatten().map(|kind| (catalogue.kind)(Some(kind))).collect();
    let values = if kinds.is_empty() { String::new() } else { fill(say.values, &[("kinds", &catalogue.all(&kinds))]) };
    let part = |applies: bool, text: &'static str| if applies { text } else { "" };
    fill(
        say.clause,
        &[
            ("from", &from),
            ("to", &to),
            ("purposes", &purposes),
            ("types", &catalogue.types(clause.types)),
            ("values", &values),
            ("subjects", &catalogue.subjects(clause.compiled.subjects)),
            ("origins", &origins),
            ("tlp", &catalogue.apart(clause.tlp_max.name())),
            ("pap", (catalogue.pap)(clause.pap_max)),
            ("confidence", &catalogue.apart(&clause.confidence_min.to_string())),
            ("age", &(catalogue.days)(u32::from(clause.max_age_days))),
            ("doors", &catalogue.doors(clause.compiled.doors)),
            ("text", part(clause.text, say.text)),
            ("constituency", part(clause.constituency_only, say.constituency)),
            ("warninglisted", part(clause.warninglisted, say.warninglisted)),
            ("existence", part(clause.existence_answer, say.existence)),
            ("obligations", &obligations),
            ("id", &id),
        ],
    )
}

fn recall(terms: &Terms, catalogue: &Catalogue) -> String {
    let hours = |count: u16| (catalogue.hours)(u32::from(count));
    fill(
        catalogue.sentences.recall,
        &[("confirm", &hours(terms.recall.ack_hours)), ("remove", &hours(terms.recall.complete_hours))],
    )
}

fn ending(terms: &Terms, catalogue: &Catalogue) -> String {
    let say = &catalogue.sentences;
    let effect = match terms.termination.effect {
        TerminationEffect::Delete => say.deleted,
        TerminationEffect::Return => say.returned,
        TerminationEffect::ReturnAndDelete => say.returned_and_deleted,
    };
    let days = |count: u16| (catalogue.days)(u32::from(count));
    fill(
        say.ending,
        &[
            ("notice", &days(terms.termination.notice_days)),
            ("effect", effect),
            ("certificate", &days(terms.termination.certificate_days)),
        ],
    )
}

/// Begins a sentence with a capital letter, where the script has them.
fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
