//! What was found: all of it counted, the worst of it kept.

use std::collections::BTreeMap;

use entente_stix::validate::Verdict;
use entente_stix::{Code, Severity};
use serde_json::{Value, json};

/// Counts of one file, or of a run.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) objects: u64,
    pub(super) valid: u64,
    pub(super) warn: u64,
    pub(super) invalid: u64,
    /// How often each code was found, and with which severity.
    pub(super) findings: BTreeMap<Code, (Severity, u64)>,
}

impl Tally {
    /// Counts a verdict on one object.
    pub(super) fn object(&mut self, verdict: Verdict) {
        self.objects = self.objects.saturating_add(1);
        let count = match verdict {
            Verdict::Valid => &mut self.valid,
            Verdict::Warn => &mut self.warn,
            Verdict::Invalid => &mut self.invalid,
        };
        *count = count.saturating_add(1);
    }

    /// Counts findings of one code.
    pub(super) fn finding(&mut self, code: Code, severity: Severity, count: u64) {
        let (worst, counted) = self.findings.entry(code).or_insert((severity, 0));
        // The profile `lenient` gives one code two severities, by its place.
        *worst = (*worst).max(severity);
        *counted = counted.saturating_add(count);
    }

    /// Adds the counts of a file to those of the run.
    pub(super) fn add(&mut self, other: &Self) {
        self.objects = self.objects.saturating_add(other.objects);
        self.valid = self.valid.saturating_add(other.valid);
        self.warn = self.warn.saturating_add(other.warn);
        self.invalid = self.invalid.saturating_add(other.invalid);
        for (code, (severity, count)) in &other.findings {
            self.finding(*code, *severity, *count);
        }
    }

    /// How much the worst finding matters.
    pub(super) fn worst(&self) -> Option<Severity> {
        self.findings.values().map(|(severity, _)| *severity).max()
    }

    /// How many findings there are.
    pub(super) fn total(&self) -> u64 {
        self.findings.values().map(|(_, count)| *count).fold(0, u64::saturating_add)
    }

    /// Codes with severity and count, the worst first, and of those the most frequent.
    pub(super) fn ranked(&self) -> Vec<(Code, Severity, u64)> {
        let mut ranked: Vec<_> =
            self.findings.iter().map(|(code, (severity, count))| (*code, *severity, *count)).collect();
        ranked.sort_by_key(|(_, severity, count)| std::cmp::Reverse((*severity, *count)));
        ranked
    }

    /// The counts as programs read them.
    pub(super) fn json(&self) -> Value {
        let findings: serde_json::Map<String, Value> =
            self.findings.iter().map(|(code, (_, count))| (code.as_str().to_owned(), json!(count))).collect();
        json!({
            "objects": self.objects, "valid": self.valid, "warn": self.warn, "invalid": self.invalid, "findings": findings,
        })
    }
}

/// One finding, ready to be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) code: Code,
    pub(super) severity: Severity,
    /// Position of the object, from 0; none for what concerns the whole.
    pub(super) index: Option<u64>,
    /// Line on which the object begins, where each has its own.
    pub(super) line: Option<u64>,
    /// Identifier of the object, as far as it can be read.
    pub(super) object: Option<String>,
    pub(super) path: String,
    pub(super) message: String,
    pub(super) rule: String,
    pub(super) spec: String,
    pub(super) hint: Option<&'static str>,
    /// How many findings this one stands for.
    pub(super) count: u64,
}

impl Row {
    /// The finding as programs read it.
    pub(super) fn json(&self) -> Value {
        let mut row = json!({
            "index": self.index, "object": self.object, "code": self.code.as_str(), "severity": self.severity.name(),
            "path": self.path, "rule": self.rule, "message": self.message, "spec": self.spec, "hint": self.hint,
        });
        if let Some(row) = row.as_object_mut() {
            if let Some(line) = self.line {
                row.insert("line".to_owned(), json!(line));
            }
            if self.count > 1 {
                row.insert("count".to_owned(), json!(self.count));
            }
        }
        row
    }
}

/// How many findings of one code are kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct OfCode {
    pub(super) warnings: usize,
    pub(super) notes: usize,
}

impl OfCode {
    /// As many as there is room for.
    pub(super) const ALL: Self = Self { warnings: usize::MAX, notes: usize::MAX };
}

/// The worst findings of a file, up to a bound: a milder one gives way.
#[derive(Debug)]
pub(super) struct Kept {
    limit: usize,
    /// Warnings and notes of one code that are kept: they tend to come by the hundred and to say the same.
    of_code: OfCode,
    /// By severity, the worst first.
    rows: [Vec<Row>; 3],
}

impl Kept {
    pub(super) fn new(limit: usize, of_code: OfCode) -> Self {
        Self { limit, of_code, rows: [Vec::new(), Vec::new(), Vec::new()] }
    }

    /// Whether such a finding would be kept.
    pub(super) fn wants(&self, code: Code, severity: Severity) -> bool {
        let worse_than_some = || self.rows.iter().skip(place(severity) + 1).any(|rows| !rows.is_empty());
        let has_enough = || {
            let most = match severity {
                Severity::Error => return false,
                Severity::Warning => self.of_code.warnings,
                Severity::Note => self.of_code.notes,
            };
            let rows = self.rows.get(place(severity)).into_iter().flatten();
            most < self.limit && rows.filter(|row| row.code == code).count() >= most
        };
        self.limit > 0 && (self.len() < self.limit || worse_than_some()) && !has_enough()
    }

    /// Keeps a finding; beyond the bound the last of the mildest ones goes.
    pub(super) fn push(&mut self, row: Row) {
        if !self.wants(row.code, row.severity) {
            return;
        }
        if self.len() >= self.limit
            && let Some(mildest) = self.rows.iter_mut().rev().find(|rows| !rows.is_empty())
        {
            mildest.pop();
        }
        if let Some(rows) = self.rows.get_mut(place(row.severity)) {
            rows.push(row);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.iter().map(Vec::len).sum()
    }

    /// How many findings those kept stand for.
    pub(super) fn count(&self) -> u64 {
        self.iter().map(|row| row.count).fold(0, u64::saturating_add)
    }

    /// Every finding kept, the worst first, else in the order of the file.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().flatten()
    }
}

fn place(severity: Severity) -> usize {
    match severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Note => 2,
    }
}

#[cfg(test)]
mod tests {
    use entente_stix::{Code, Severity};

    use super::{Kept, OfCode, Row, Tally};

    fn row(code: Code, index: u64) -> Row {
        let text = String::new;
        Row {
            code,
            severity: code.severity(),
            index: Some(index),
            line: None,
            object: None,
            path: text(),
            message: text(),
            rule: text(),
            spec: text(),
            hint: None,
            count: 1,
        }
    }

    #[test]
    fn an_error_behind_many_notes_is_kept() {
        // Would break: a file of thousands of custom properties hides its one error.
        let mut kept = Kept::new(3, OfCode::ALL);
        for index in 0..5 {
            kept.push(row(Code::N130, index));
        }
        kept.push(row(Code::E301, 5));
        kept.push(row(Code::W150, 6));
        let order: Vec<(Code, Option<u64>)> = kept.iter().map(|row| (row.code, row.index)).collect();
        assert_eq!(order, [(Code::E301, Some(5)), (Code::W150, Some(6)), (Code::N130, Some(0))]);
        assert!(kept.wants(Code::E301, Severity::Error) && !kept.wants(Code::N130, Severity::Note));
        for index in 7..10 {
            kept.push(row(Code::E301, index));
        }
        assert_eq!(kept.iter().filter(|row| row.code == Code::E301).count(), 3);
        assert!(!kept.wants(Code::E301, Severity::Error));
        assert!(!Kept::new(0, OfCode::ALL).wants(Code::E301, Severity::Error));
    }

    #[test]
    fn findings_that_say_the_same_are_few() {
        // Would break: a person scrolls through hundreds of custom properties to the one note about something else.
        let mut kept = Kept::new(100, OfCode { warnings: 3, notes: 2 });
        for index in 0..5 {
            kept.push(row(Code::N130, index));
            kept.push(row(Code::W150, index));
        }
        kept.push(row(Code::N513, 5));
        let count = |code| kept.iter().filter(|row| row.code == code).count();
        assert_eq!((count(Code::N130), count(Code::W150), count(Code::N513), kept.count()), (2, 3, 1, 6));
    }

    #[test]
    fn counts_of_files_add_up_and_are_ranked() {
        // Would break: the summary says less than its files.
        let (mut one, mut two) = (Tally::default(), Tally::default());
        one.finding(Code::N130, Severity::Note, 7);
        one.finding(Code::W150, Severity::Warning, 1);
        two.finding(Code::W150, Severity::Warning, 2);
        two.finding(Code::E301, Severity::Error, 1);
        one.add(&two);
        let ranked: Vec<(Code, u64)> = one.ranked().into_iter().map(|(code, _, count)| (code, count)).collect();
        assert_eq!(ranked, [(Code::E301, 1), (Code::W150, 3), (Code::N130, 7)]);
        assert_eq!((one.total(), one.worst()), (11, Some(Severity::Error)));
        assert_eq!(one.json()["findings"]["STIX-W-150"], 3);
    }
}
