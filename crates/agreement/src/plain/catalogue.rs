//! What a language must say: words for the vocabularies and sentences with named places.
//!
//! Words are functions over closed vocabularies, so a language that lacks one does not compile. Sentences name their places
//! in braces; a test holds that every language has the places of English in every sentence.

use entente_observable::Kind;
use entente_stix::marking::Pap;

use crate::obligations::{Attribution, Obligations, RedactVictim, TimeUnit};
use crate::vocabulary::{
    Door, DoorSet, ObjectType, Origin, OriginSet, Purpose, PurposeSet, Subject, SubjectSet, TypeSet,
};

/// One language.
pub(crate) struct Catalogue {
    /// Names, numbers and codes are kept apart from the text around them (U+2068, U+2069), so that they read in their own
    /// direction in a text from right to left.
    pub isolates: bool,
    /// Between words of a list.
    pub comma: &'static str,
    /// Before the last word of a list, with its spaces.
    pub and: &'static str,
    /// Before the last of alternatives, with its spaces.
    pub or: &'static str,
    /// An empty list.
    pub nothing: &'static str,
    /// Writes a number of days.
    pub days: fn(u32) -> String,
    /// Writes a number of hours.
    pub hours: fn(u32) -> String,
    pub purpose: fn(Purpose) -> &'static str,
    pub door: fn(Door) -> &'static str,
    pub origin: fn(Origin) -> &'static str,
    pub subject: fn(Subject) -> &'static str,
    /// No subject category at all.
    pub no_subject: &'static str,
    pub object_type: fn(ObjectType) -> &'static str,
    pub kind: fn(Option<Kind>) -> &'static str,
    pub pap: fn(Pap) -> &'static str,
    pub sentences: Sentences,
    pub obligations: Phrases,
}

/// Sentences, and the parts that a sentence may have.
pub(crate) struct Sentences {
    pub opening: &'static str,
    pub every_party: &'static str,
    pub every_other_party: &'static str,
    pub clause: &'static str,
    pub values: &'static str,
    pub text: &'static str,
    pub constituency: &'static str,
    pub warninglisted: &'static str,
    pub existence: &'static str,
    pub lookup: &'static str,
    pub lookup_contact: &'static str,
    pub lookup_hit: &'static str,
    pub aggregates: &'static str,
    pub onward_consent: &'static str,
    pub onward_none: &'static str,
    pub recall: &'static str,
    pub ending: &'static str,
    pub deleted: &'static str,
    pub returned: &'static str,
    pub returned_and_deleted: &'static str,
    pub no_counts: &'static str,
    pub review: &'static str,
}

/// What a clause does to objects before they leave.
pub(crate) struct Phrases {
    pub property_removed: &'static str,
    pub text_removed: &'static str,
    pub victims_dropped: &'static str,
    pub victims_shortened: &'static str,
    pub victims_as_pseudonyms: &'static str,
    pub sources_unnamed: &'static str,
    pub country_only: &'static str,
    pub whole_hours: &'static str,
    pub whole_days: &'static str,
    pub four_steps: &'static str,
    pub giver_unnamed: &'static str,
    pub giver_named: &'static str,
    pub giver_may_be_named: &'static str,
    pub marked: &'static str,
    pub narrowed: &'static str,
    pub kept: &'static str,
    pub watermark: &'static str,
}

impl Catalogue {
    /// Joins what holds together: "a", "a and b", "a, b and c".
    pub(crate) fn all<S: AsRef<str>>(&self, words: &[S]) -> String {
        self.list(words, self.and)
    }

    /// Joins alternatives: "a", "a or b", "a, b or c".
    pub(crate) fn any<S: AsRef<str>>(&self, words: &[S]) -> String {
        self.list(words, self.or)
    }

    fn list<S: AsRef<str>>(&self, words: &[S], last: &str) -> String {
        match words {
            [] => self.nothing.to_owned(),
            [only] => only.as_ref().to_owned(),
            [first @ .., end] => {
                let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
                format!("{}{last}{}", first.join(self.comma), end.as_ref())
            }
        }
    }

    pub(crate) fn purposes(&self, set: PurposeSet) -> String {
        self.all(&set.iter().map(self.purpose).collect::<Vec<_>>())
    }

    pub(crate) fn doors(&self, set: DoorSet) -> String {
        self.all(&set.iter().map(self.door).collect::<Vec<_>>())
    }

    pub(crate) fn origins(&self, set: OriginSet) -> String {
        self.any(&set.iter().map(self.origin).collect::<Vec<_>>())
    }

    pub(crate) fn subjects(&self, set: SubjectSet) -> String {
        if set.is_empty() {
            return self.no_subject.to_owned();
        }
        self.all(&set.iter().map(self.subject).collect::<Vec<_>>())
    }

    pub(crate) fn types(&self, set: TypeSet) -> String {
        self.all(&set.iter().map(self.object_type).collect::<Vec<_>>())
    }

    /// Keeps a name, number or code apart from the text around it, where the language asks for that.
    pub(crate) fn apart(&self, token: &str) -> String {
        if self.isolates { format!("\u{2068}{token}\u{2069}") } else { token.to_owned() }
    }

    /// Says in words what a clause does to objects before they leave, one phrase an obligation.
    pub(crate) fn obligations(&self, obligations: &Obligations) -> Vec<String> {
        let say = &self.obligations;
        let mut words: Vec<String> = Vec::new();
        for property in &obligations.drop_properties {
            words.push(fill(say.property_removed, &[("property", &self.apart(&format!("`{property}`")))]));
        }
        let mut phrase = |applies: bool, text: &str| {
            if applies {
                words.push(text.to_owned());
            }
        };
        phrase(obligations.strip_free_text, say.text_removed);
        phrase(obligations.redact_victim == Some(RedactVictim::Drop), say.victims_dropped);
        phrase(obligations.redact_victim == Some(RedactVictim::Prefix), say.victims_shortened);
        phrase(obligations.redact_victim == Some(RedactVictim::Hmac), say.victims_as_pseudonyms);
        phrase(obligations.strip_source, say.sources_unnamed);
        phrase(obligations.coarsen_location, say.country_only);
        phrase(obligations.coarsen_time == Some(TimeUnit::Hour), say.whole_hours);
        phrase(obligations.coarsen_time == Some(TimeUnit::Day), say.whole_days);
        phrase(obligations.reduce_confidence_bucket, say.four_steps);
        phrase(obligations.attribution == Some(Attribution::MustNot), say.giver_unnamed);
        phrase(obligations.attribution == Some(Attribution::Must), say.giver_named);
        phrase(obligations.attribution == Some(Attribution::May), say.giver_may_be_named);
        if let Some(level) = obligations.remark_tlp {
            words.push(fill(say.marked, &[("tlp", &self.apart(level.name()))]));
        }
        if let Some(level) = obligations.remark_pap {
            words.push(fill(say.narrowed, &[("pap", (self.pap)(level))]));
        }
        words.push(fill(say.kept, &[("days", &(self.days)(u32::from(obligations.retain_days)))]));
        if obligations.watermark {
            words.push(say.watermark.to_owned());
        }
        words
    }
}

/// Puts values into the places of a sentence. A value is never searched for places.
pub(crate) fn fill(sentence: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(sentence.len().saturating_mul(2));
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            rest = after;
            break;
        };
        if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
            out.push_str(value);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}
