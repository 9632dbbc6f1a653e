//! Collects what is found: severity under the profile, order, and the bound on how many are listed.

use super::finding::{Finding, Note, Source};
use super::poison::is_poison;
use super::{Profile, Verdict};
use crate::code::{Code, Severity};
use crate::value::Tree;

/// LIMIT: of one object this many findings are listed; the others are counted by code.
pub(super) const LISTED_MAX: usize = 100;
/// LIMIT: sorting and cutting begins here, so that an object of 8 MiB of faults costs as much memory as 500 of them.
const HELD_MAX: usize = 500;

/// The findings of one object.
#[derive(Debug)]
pub(super) struct Log<'t> {
    tree: &'t Tree<'t>,
    profile: Profile,
    held: Vec<Note<'t>>,
    /// Findings no longer held, by code and severity.
    rest: Vec<(Code, Severity, u64)>,
    worst: Severity,
}

impl<'t> Log<'t> {
    pub(super) fn new(tree: &'t Tree<'t>, profile: Profile) -> Self {
        Self { tree, profile, held: Vec::new(), rest: Vec::new(), worst: Severity::Note }
    }

    pub(super) fn push(&mut self, note: Note<'t>) {
        self.worst = self.worst.max(self.severity(&note));
        self.held.push(note);
        if self.held.len() >= HELD_MAX {
            self.cut();
        }
    }

    /// Passes the findings on in the order of the text, then one for each code that has more, and returns the verdict.
    pub(super) fn finish(mut self, emit: &mut dyn FnMut(&Finding<'_>)) -> Verdict {
        self.cut();
        for note in &self.held {
            emit(&Finding { severity: self.severity(note), source: Source::Node(self.tree, note) });
        }
        self.rest.sort_unstable();
        for &(code, severity, count) in &self.rest {
            emit(&Finding { severity, source: Source::Rest(code, count) });
        }
        Verdict::of(self.worst)
    }

    /// Sorts what is held, and counts what is beyond the bound instead of holding it.
    fn cut(&mut self) {
        self.held.sort_by_key(|note| (note.offset, note.code));
        let beyond = self.held.split_off(LISTED_MAX.min(self.held.len()));
        for note in &beyond {
            let severity = self.severity(note);
            match self.rest.iter_mut().find(|(code, of, _)| (*code, *of) == (note.code, severity)) {
                Some((_, _, count)) => *count = count.saturating_add(1),
                None => self.rest.push((note.code, severity, 1)),
            }
        }
    }

    fn severity(&self, note: &Note<'_>) -> Severity {
        self.profile.severity(note.code, || is_poison(note))
    }
}
