//! Counts of tests, gathered from what test programs print.

use std::fmt;
use std::ops::AddAssign;

/// How many tests passed, failed and were skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed, and steps that broke before they could count.
    pub failed: u64,
    /// Tests that did not run here.
    pub skipped: u64,
}

impl Tally {
    /// Reads one line of a test program; `None` when the line is no result.
    ///
    /// Two forms count: the closing line of a Rust test binary (`test result: ok. 3 passed; 0 failed; 1 ignored; …`)
    /// and that of the suites under `e2e` (`suite taxii: passed=12 failed=0 skipped=1`).
    #[must_use]
    pub fn read(line: &str) -> Option<Tally> {
        if let Some(rest) = line.strip_prefix("test result: ") {
            let (_, counts) = rest.split_once(". ")?;
            let mut tally = Tally::default();
            for part in counts.split(';') {
                let mut words = part.split_whitespace();
                let (Some(count), Some(what)) = (words.next(), words.next()) else { continue };
                let Ok(count) = count.parse::<u64>() else { continue };
                match what {
                    "passed" => tally.passed = count,
                    "failed" => tally.failed = count,
                    "ignored" => tally.skipped = count,
                    _ => {}
                }
            }
            return Some(tally);
        }
        let (_, counts) = line.strip_prefix("suite ")?.split_once(": ")?;
        let mut tally = Tally::default();
        for word in counts.split_whitespace() {
            let (what, count) = word.split_once('=')?;
            let count = count.parse::<u64>().ok()?;
            match what {
                "passed" => tally.passed = count,
                "failed" => tally.failed = count,
                "skipped" => tally.skipped = count,
                _ => return None,
            }
        }
        Some(tally)
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.passed = self.passed.saturating_add(other.passed);
        self.failed = self.failed.saturating_add(other.failed);
        self.skipped = self.skipped.saturating_add(other.skipped);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_line_of_a_rust_test_binary_is_counted() {
        // Would break: the closing line of the whole run says nothing about the crates.
        let line = "test result: FAILED. 3 passed; 2 failed; 1 ignored; 0 measured; 9 filtered out; finished in 0.00s";
        assert_eq!(Tally::read(line), Some(Tally { passed: 3, failed: 2, skipped: 1 }));
    }

    #[test]
    fn the_closing_line_of_a_suite_is_counted() {
        // Would break: failures of the browser or of the real clients are not counted.
        assert_eq!(
            Tally::read("suite taxii: passed=12 failed=1 skipped=0"),
            Some(Tally { passed: 12, failed: 1, skipped: 0 })
        );
    }

    #[test]
    fn other_lines_are_no_result() {
        // Would break: prose that mentions tests changes the counts.
        for line in ["test a ... ok", "suite of rooms", "suite x: nonsense", "12 passed, 0 failed, 0 skipped", ""] {
            assert_eq!(Tally::read(line), None, "{line}");
        }
    }
}
