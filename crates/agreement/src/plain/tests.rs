use std::collections::BTreeSet;

use super::catalogue::{Catalogue, Phrases, Sentences, fill};
use super::{EN, Language};

/// Every sentence and phrase of a language with its name; a new one does not compile until it is listed.
fn texts(catalogue: &Catalogue) -> Vec<(&'static str, &'static str)> {
    macro_rules! listed {
        ($from:expr, $type:ident { $($name:ident),+ $(,)? }) => {{
            let $type { $($name),+ } = &$from;
            vec![$((stringify!($name), *$name)),+]
        }};
    }
    let mut all = listed!(
        catalogue.sentences,
        Sentences {
            opening,
            every_party,
            every_other_party,
            clause,
            values,
            text,
            constituency,
            warninglisted,
            existence,
            lookup,
            lookup_contact,
            lookup_hit,
            aggregates,
            onward_consent,
            onward_none,
            recall,
            ending,
            deleted,
            returned,
            returned_and_deleted,
            no_counts,
            review,
        }
    );
    all.extend(listed!(
        catalogue.obligations,
        Phrases {
            property_removed,
            text_removed,
            victims_dropped,
            victims_shortened,
            victims_as_pseudonyms,
            sources_unnamed,
            country_only,
            whole_hours,
            whole_days,
            four_steps,
            giver_unnamed,
            giver_named,
            giver_may_be_named,
            marked,
            narrowed,
            kept,
            watermark,
        }
    ));
    all
}

/// The places of a sentence, each as often as it stands there.
fn places(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> =
        text.split('{').skip(1).map(|rest| rest.split_once('}').expect("a place that is closed").0).collect();
    found.sort_unstable();
    found
}

#[test]
fn every_language_has_the_places_of_english_in_every_sentence() {
    for language in Language::ALL {
        for ((name, text), (_, english)) in texts(language.catalogue()).into_iter().zip(texts(&EN)) {
            assert_eq!(places(text), places(english), "{language} {name}");
        }
    }
}

#[test]
fn no_language_leaves_a_sentence_or_word_in_english() {
    for language in Language::ALL.into_iter().filter(|language| *language != Language::English) {
        let same: Vec<&str> = texts(language.catalogue())
            .into_iter()
            .zip(texts(&EN))
            .filter(|((_, text), (_, english))| text == english)
            .map(|((name, _), _)| name)
            .collect();
        assert!(same.is_empty(), "{language}: {same:?}");
    }
    let openings: BTreeSet<&str> =
        Language::ALL.iter().map(|language| language.catalogue().sentences.opening).collect();
    assert_eq!(openings.len(), Language::ALL.len());
}

#[test]
fn a_text_from_right_to_left_closes_every_isolate_it_opens() {
    for (name, text) in texts(Language::Arabic.catalogue()) {
        let count = |wanted| text.chars().filter(|letter| *letter == wanted).count();
        assert_eq!(count('\u{2068}'), count('\u{2069}'), "{name}");
    }
}

#[test]
fn numbers_of_days_take_the_form_of_their_language() {
    let days = |language: Language, count| (language.catalogue().days)(count);
    assert_eq!(days(Language::English, 1), "1 day");
    assert_eq!(days(Language::French, 0), "0 jour");
    assert_eq!(days(Language::French, 30), "30 jours");
    assert_eq!(days(Language::Arabic, 2), "يومان");
    assert!(days(Language::Arabic, 7).ends_with("أيام"));
    assert!(days(Language::Arabic, 30).ends_with("يومًا"));
    assert!(days(Language::Arabic, 200).ends_with("يوم"));
}

#[test]
fn a_value_is_never_searched_for_places() {
    assert_eq!(fill("{a} and {b}", &[("a", "{b}"), ("b", "x")]), "{b} and x");
    assert_eq!(fill("{unknown}|{a", &[("a", "x")]), "|a");
}

#[test]
fn languages_are_known_by_their_primary_tag() {
    assert_eq!(Language::parse("fr-CA"), Some(Language::French));
    assert_eq!(Language::parse("AR"), Some(Language::Arabic));
    assert_eq!(Language::parse("de"), None);
    assert_eq!(Language::parse(""), None);
}
