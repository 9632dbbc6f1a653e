//! Plain words: what an agreement says, generated from its compiled terms (section 4.7 of the format).
//!
//! The sentences come from the same values that the decision reads, so text and machine cannot drift. The parties can sign
//! them along as an `[[annex]]`.

use crate::terms::{Clause, LookupAnswer, Onward, Recipients, Releasers, TerminationEffect, Terms};
use crate::words;

/// Returns the agreement in English, one sentence or short paragraph an entry, each with its full stop.
pub fn sentences(terms: &Terms) -> Vec<String> {
    let mut out = vec![opening(terms)];
    out.extend(terms.clauses.iter().map(|clause| clause_sentence(terms, clause)));
    out.push(onward(&terms.onward));
    out.push(recall(terms));
    out.push(ending(terms));
    if !terms.disclosure.withheld_counts {
        out.push("Nobody is told what the other side holds back, nor how much.".to_owned());
    }
    out
}

fn opening(terms: &Terms) -> String {
    let names: Vec<&str> = terms.parties.iter().map(|party| party.name.as_str()).collect();
    let day = |at: entente_stix::Timestamp| at.to_millis_string().chars().take(10).collect::<String>();
    format!(
        "{} agree on \u{201c}{}\u{201d} (version {}), from {} until {} (not included); nothing is given that no sentence below names, and \
         TLP:RED is never given.",
        words::list(&names, "and"),
        terms.title,
        terms.version,
        day(terms.valid_from),
        day(terms.valid_to)
    )
}

fn giver(terms: &Terms, clause: &Clause) -> String {
    match &clause.from {
        Releasers::All => "Every party".to_owned(),
        Releasers::Party(id) => terms.party(id).map_or_else(|| id.to_string(), |party| party.name.clone()),
    }
}

fn taker(terms: &Terms, clause: &Clause) -> String {
    match &clause.to {
        Recipients::All => "every other party".to_owned(),
        Recipients::Parties(ids) => {
            let names: Vec<&str> =
                ids.iter().map(|id| terms.party(id).map_or(id.as_str(), |party| party.name.as_str())).collect();
            words::list(&names, "and")
        }
    }
}

fn clause_sentence(terms: &Terms, clause: &Clause) -> String {
    let (from, to) = (giver(terms, clause), taker(terms, clause));
    if clause.private_lookup {
        let answer = match clause.lookup_answer {
            LookupAnswer::ContactHandle => "gets a contact to ask",
            LookupAnswer::Hit => "is told that there is a hit",
        };
        return format!(
            "{to} may ask blindly whether {from} knows a value about {}, for {}, and {answer}; nothing else is given ({}).",
            words::subjects(clause.subjects),
            words::purposes(clause.purposes),
            clause.id
        );
    }
    if clause.aggregates {
        return format!(
            "{from} gives {to} counts of {}, never below {} in a cell, for {}; {} ({}).",
            words::origins(clause.origins),
            clause.k_min.unwrap_or(0),
            words::purposes(clause.purposes),
            words::list(&refs(&words::obligations(&clause.obligations)), "and"),
            clause.id
        );
    }
    let kinds: Vec<&str> = clause.kinds.iter().flatten().map(|kind| words::kind(Some(kind))).collect();
    let values = if kinds.is_empty() { String::new() } else { format!(" (values: {})", words::list(&kinds, "and")) };
    let text = if clause.text { "; free text goes along once a person has reviewed it" } else { "" };
    let constituency =
        if clause.constituency_only { "; only where every victim lies in the recipient's constituency" } else { "" };
    let warninglisted = if clause.warninglisted { "; also values on warninglists" } else { "" };
    let existence =
        if clause.existence_answer { "; the recipient may learn that something exists and ask for it" } else { "" };
    format!(
        "{from} gives {to}, for {}, {}{values} about {}, from {}, up to {} and for {}, with a confidence of at least {} and not older \
         than {}, by {}{text}{constituency}{warninglisted}{existence}; {} ({}).",
        words::purposes(clause.purposes),
        words::types(clause.types),
        words::subjects(clause.compiled.subjects),
        words::origins(clause.origins),
        clause.tlp_max.name(),
        words::pap(clause.pap_max),
        clause.confidence_min,
        words::days(u32::from(clause.max_age_days)),
        words::doors(clause.compiled.doors),
        words::list(&refs(&words::obligations(&clause.obligations)), "and"),
        clause.id
    )
}

fn refs(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

fn onward(onward: &Onward) -> String {
    if onward.consent {
        "What is received under TLP:AMBER or AMBER+STRICT is not passed on without the signed consent of who found it."
            .to_owned()
    } else {
        "What is received under TLP:AMBER or AMBER+STRICT is not passed on at all.".to_owned()
    }
}

fn recall(terms: &Terms) -> String {
    format!(
        "Who gave something can take it back: the other side confirms within {} hours and has removed it everywhere within {} hours.",
        terms.recall.ack_hours, terms.recall.complete_hours
    )
}

fn ending(terms: &Terms) -> String {
    let effect = match terms.termination.effect {
        TerminationEffect::Delete => "deleted",
        TerminationEffect::Return => "returned",
        TerminationEffect::ReturnAndDelete => "returned and deleted",
    };
    format!(
        "Each party can suspend the agreement at once and end it with {} of notice; what was received is then {effect}, and that is \
         certified within {}.",
        words::days(u32::from(terms.termination.notice_days)),
        words::days(u32::from(terms.termination.certificate_days))
    )
}
