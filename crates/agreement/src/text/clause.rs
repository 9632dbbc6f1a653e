//! One `[[clause]]` table (section 4.6 of the format).

use entente_stix::marking::{Pap, Tlp};

use super::profile::Table;
use super::reader::{Errors, Reader};
use crate::error::{TextError, shown};
use crate::ids::{ClauseId, PartyId};
use crate::obligations::{Obligations, Unreadable};
use crate::terms::{Clause, Compiled, LookupAnswer, Recipients, Releasers};
use crate::vocabulary::{
    Door, DoorSet, KindSet, ObjectType, Origin, OriginSet, Purpose, PurposeSet, Subject, SubjectSet, TypeSet,
};

/// Reads a clause; `None` if anything is wrong with it. Party names are resolved by the agreement checks.
pub(crate) fn read(table: &Table, errors: &mut Errors) -> Option<Clause> {
    let before = errors.len();
    let mut reader = Reader::new(table);
    let id = reader.word("id", "a name of 1 to 64 of a-z, 0-9 and hyphen", ClauseId::parse, errors);
    let from = reader.word("from", "a party id or `all`", parse_from, errors);
    let to = read_to(&mut reader, errors);
    let mut purposes = PurposeSet::EMPTY;
    reader.set("purpose", "a purpose of the format", errors, |word| Some(purposes.insert(Purpose::parse(word)?)));
    let mut types = TypeSet::EMPTY;
    reader.set("types", "a type that can be released", errors, |word| {
        Some(types.insert(ObjectType::parse(word).filter(|known| *known != ObjectType::Other)?))
    });
    let mut kinds = KindSet::EMPTY;
    reader
        .set("kinds", "a kind of observable or `none`", errors, |word| Some(kinds.insert(KindSet::parse_word(word)?)));
    let tlp_max = reader.word("tlp_max", "a TLP level", Tlp::parse, errors);
    let pap_max = reader.word("pap_max", "a PAP level", Pap::parse, errors);
    let confidence_min = reader.integer::<u8>("confidence_min", 0, 100, errors);
    let max_age_days = reader.integer::<u16>("max_age_days", 0, 65_535, errors);
    let mut origins = OriginSet::EMPTY;
    reader.set("origin", "`own`, `public`, `community` or `consented`", errors, |word| {
        Some(origins.insert(Origin::parse(word).filter(|known| *known != Origin::Received)?))
    });
    let mut subjects = SubjectSet::EMPTY;
    reader.set("subject", "a category of data subject", errors, |word| Some(subjects.insert(Subject::parse(word)?)));
    let mut doors = DoorSet::EMPTY;
    reader.set("doors", "a door of the format", errors, |word| Some(doors.insert(Door::parse(word)?)));
    let text = reader.boolean("text", errors);
    let obligations = read_obligations(&mut reader, text, errors);
    let constituency_only = reader.boolean_opt("constituency_only", errors).unwrap_or(false);
    let warninglisted = reader.boolean_opt("warninglisted", errors).unwrap_or(false);
    let private_lookup = reader.boolean_opt("private_lookup", errors).unwrap_or(false);
    let lookup_answer = read_lookup_answer(&mut reader, private_lookup, errors);
    let existence_answer = reader.boolean_opt("existence_answer", errors).unwrap_or(false);
    let aggregates = reader.boolean_opt("aggregates", errors).unwrap_or(false);
    let k_min = read_k_min(&mut reader, aggregates, errors);
    reader.finish(errors);
    if errors.len() != before {
        return None;
    }

    let (tlp_max, pap_max) = (tlp_max?, pap_max?);
    let (confidence_min, max_age_days, text) = (confidence_min?, max_age_days?, text?);
    let obligations = obligations?;
    let redacts = obligations.redact_victim.is_some();
    let compiled = Compiled {
        from: 0,
        to: 0,
        purposes,
        doors: if private_lookup { DoorSet::EMPTY } else { doors.without(Door::PrivateLookup) },
        types: if aggregates { TypeSet::EMPTY } else { types.without(ObjectType::Aggregate) },
        kinds,
        tlp_max,
        pap_max,
        origins,
        subjects: if redacts { subjects.with(Subject::Victim) } else { subjects },
        confidence_min,
        max_age_days,
        warninglisted,
        constituency_only,
        text,
    };
    Some(Clause {
        id: id?,
        from: from?,
        to: to?,
        purposes,
        types,
        kinds,
        tlp_max,
        pap_max,
        confidence_min,
        max_age_days,
        origins,
        subjects,
        doors,
        text,
        obligations,
        constituency_only,
        warninglisted,
        private_lookup,
        lookup_answer,
        existence_answer,
        aggregates,
        k_min,
        compiled,
        line: table.line,
    })
}

fn parse_from(text: &str) -> Option<Releasers> {
    if text == "all" { Some(Releasers::All) } else { PartyId::parse(text).map(Releasers::Party) }
}

fn read_to(reader: &mut Reader<'_>, errors: &mut Errors) -> Option<Recipients> {
    let mut parties: Vec<PartyId> = Vec::new();
    let mut all = false;
    let mut items = 0_usize;
    let good = reader.set("to", "a party id, or `all` alone", errors, |word| {
        items = items.saturating_add(1);
        if word == "all" {
            return Some(!std::mem::replace(&mut all, true));
        }
        let id = PartyId::parse(word)?;
        let fresh = !parties.contains(&id);
        parties.push(id);
        Some(fresh)
    });
    if !good {
        return None;
    }
    if all && items > 1 {
        errors.push(TextError::new("text.value", reader.line("to"), "`all` stands alone in `to`"));
        return None;
    }
    Some(if all { Recipients::All } else { Recipients::Parties(parties) })
}

fn read_obligations(reader: &mut Reader<'_>, text: Option<bool>, errors: &mut Errors) -> Option<Obligations> {
    let items = reader.list("obligations", errors)?;
    let line = reader.line("obligations");
    let (mut obligations, retains, unreadable) = Obligations::read(items);
    let broken = !unreadable.is_empty();
    for error in unreadable {
        errors.push(match error {
            Unreadable::Value(item) => {
                let message = format!("`{}` is not an obligation of the format", shown(&item));
                TextError::new("text.value", line, message)
            }
            Unreadable::Unsupported(item) => {
                let message = format!("`{}` is not supported by this version", shown(&item));
                TextError::new("agr.unsupported", line, message)
            }
            Unreadable::Repeated(name) => TextError::new("text.value", line, format!("`{name}` is given twice")),
        });
    }
    if broken {
        return None;
    }
    if retains != 1 {
        let message = format!("a clause has exactly one `retain`; this one has {retains}");
        errors.push(TextError::new("agr.retain", line, message));
        return None;
    }
    match text {
        Some(true) if obligations.strip_free_text => {
            let message = "`text = true` lets text leave, `strip-free-text` removes it: choose one";
            errors.push(TextError::new("agr.text", line, message));
            return None;
        }
        Some(false) => obligations.strip_free_text = true,
        _ => {}
    }
    Some(obligations)
}

fn read_lookup_answer(reader: &mut Reader<'_>, private_lookup: bool, errors: &mut Errors) -> LookupAnswer {
    let parse = |text: &str| match text {
        "hit" => Some(LookupAnswer::Hit),
        "contact-handle" => Some(LookupAnswer::ContactHandle),
        _ => None,
    };
    let answer = reader.word_opt("lookup_answer", "`hit` or `contact-handle`", parse, errors);
    if answer.is_some() && !private_lookup {
        let message = "`lookup_answer` needs `private_lookup = true`";
        errors.push(TextError::new("text.value", reader.line("lookup_answer"), message));
    }
    answer.unwrap_or(LookupAnswer::ContactHandle)
}

fn read_k_min(reader: &mut Reader<'_>, aggregates: bool, errors: &mut Errors) -> Option<u32> {
    let k_min = reader.integer_opt::<u32>("k_min", 5, 1_000_000, errors);
    match (aggregates, reader.has("k_min")) {
        (true, false) => {
            let message = "`k_min` is missing with `aggregates = true`";
            errors.push(TextError::new("text.missing-key", reader.line("aggregates"), message));
        }
        (false, true) => {
            let message = "`k_min` needs `aggregates = true`";
            errors.push(TextError::new("text.value", reader.line("k_min"), message));
        }
        _ => {}
    }
    k_min
}
