//! Records of a table: RFC 4180 with the traps of real feeds.

use std::collections::VecDeque;

use crate::FormatError;
use crate::line::{Line, Lines};

/// LIMIT: columns of one row, and lines one quoted record may span. A quote that nothing closes costs that many lines of
/// looking ahead for each line, no more.
const COLUMNS_MAX: usize = 4_096;
const LINES_OF_RECORD_MAX: usize = 16;

/// Holds one record, or why it is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) line: u64,
    pub(crate) raw: String,
    pub(crate) guessed: bool,
    pub(crate) fields: Result<Vec<String>, (&'static str, &'static str)>,
}

/// Reads records; one goes on over line ends inside quotes.
pub(crate) struct Records<'a> {
    lines: Lines<'a>,
    /// Lines read ahead behind a quote that turned out not to be closed.
    ahead: VecDeque<Line>,
    separator: char,
}

impl<'a> Records<'a> {
    pub(crate) fn new(lines: Lines<'a>, separator: char) -> Self {
        Self { lines, ahead: VecDeque::new(), separator }
    }

    pub(crate) fn next_line(&mut self) -> Result<Option<Line>, FormatError> {
        match self.ahead.pop_front() {
            Some(line) => Ok(Some(line)),
            None => self.lines.next(),
        }
    }

    /// Makes the record that begins on `first`.
    pub(crate) fn record_at(&mut self, first: Line) -> Result<Record, FormatError> {
        let fields = self.split_line(&first);
        let mut record = Record { line: first.number, raw: first.text, guessed: first.guessed, fields: Ok(Vec::new()) };
        match fields {
            Ok(fields) => record.fields = Ok(fields),
            Err(("row.quote", _)) => self.extend(&mut record)?,
            Err(reason) => record.fields = Err(reason),
        }
        Ok(record)
    }

    fn split_line(&self, line: &Line) -> Result<Vec<String>, (&'static str, &'static str)> {
        if line.too_long {
            return Err(("row.length", "row is longer than the limit"));
        }
        if line.text.contains('\0') {
            return Err(("row.nul", "row has a NUL byte"));
        }
        split(&line.text, self.separator).map_err(Split::reason)
    }

    /// Joins the lines up to the one that closes the quote; if none does, the record is its first line alone, broken.
    fn extend(&mut self, record: &mut Record) -> Result<(), FormatError> {
        let mut joined = record.raw.clone();
        let mut taken = VecDeque::new();
        record.fields = Err(Split::Open.reason());
        while taken.len() < LINES_OF_RECORD_MAX {
            let Some(line) = self.next_line()? else { break };
            let closes = line.text.bytes().filter(|byte| *byte == b'"').count() % 2 == 1;
            let usable = !line.too_long && !line.text.contains('\0');
            joined.push('\n');
            joined.push_str(&line.text);
            taken.push_back(line);
            if closes || !usable {
                if usable && let Ok(fields) = split(&joined, self.separator) {
                    record.guessed |= taken.iter().any(|line| line.guessed);
                    record.raw = joined;
                    record.fields = Ok(fields);
                    return Ok(());
                }
                break;
            }
        }
        while let Some(line) = taken.pop_back() {
            self.ahead.push_front(line);
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Split {
    /// A quoted field is not closed: the record may go on.
    Open,
    /// There are more than [`COLUMNS_MAX`] columns.
    Columns,
}

impl Split {
    const fn reason(self) -> (&'static str, &'static str) {
        match self {
            Self::Open => ("row.quote", "quoted field is not closed"),
            Self::Columns => ("row.columns", "row has too many columns"),
        }
    }
}

/// Splits one record. Blanks around a quoted field are dropped (`"a", "b"`), inside an unquoted one trimmed; text after
/// a closing quote is kept with the field.
pub(crate) fn split(text: &str, separator: char) -> Result<Vec<String>, Split> {
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        if fields.len() >= COLUMNS_MAX {
            return Err(Split::Columns);
        }
        let blanks = |c: char| (c == ' ' || c == '\t') && c != separator;
        let start = rest.trim_start_matches(blanks);
        let (field, after) = match start.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted, separator)?,
            None => {
                let end = start.find(separator).unwrap_or(start.len());
                let (field, after) = start.split_at(end);
                (field.trim_matches(blanks).to_owned(), after)
            }
        };
        fields.push(field);
        match after.strip_prefix(separator) {
            Some(next) => rest = next,
            None => return Ok(fields),
        }
    }
}

fn quoted_field(text: &str, separator: char) -> Result<(String, &str), Split> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let end = rest.find('"').ok_or(Split::Open)?;
        let (front, quote) = rest.split_at(end);
        field.push_str(front);
        let after = quote.get(1..).unwrap_or("");
        if let Some(next) = after.strip_prefix('"') {
            field.push('"');
            rest = next;
            continue;
        }
        let end = after.find(separator).unwrap_or(after.len());
        let (tail, after) = after.split_at(end);
        field.push_str(tail.trim_end());
        return Ok((field, after));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Vec<String> {
        split(text, ',').unwrap()
    }

    /// Breaks when quoting is read otherwise than RFC 4180 §2 says, or a trap of a real feed returns.
    #[test]
    fn quoting_follows_the_rfc_and_its_traps() {
        assert_eq!(fields("a,b,,c"), ["a", "b", "", "c"]);
        assert_eq!(fields("\"a,b\",\"say \"\"x\"\"\",c"), ["a,b", "say \"x\"", "c"]);
        assert_eq!(fields("\"1\", \"2\", \"3, 4\""), ["1", "2", "3, 4"]);
        assert_eq!(fields("\"2010-02-10 00:00:00\",192.168.0.1,udp"), ["2010-02-10 00:00:00", "192.168.0.1", "udp"]);
        assert_eq!(split("a\t\tb", '\t').unwrap(), ["a", "", "b"]);
        assert_eq!(split("\"open", ','), Err(Split::Open));
        assert_eq!(split(&",".repeat(5_000), ','), Err(Split::Columns));
    }

    /// Breaks when a quoted line end splits a record, or an unclosed quote swallows the rows behind it.
    #[test]
    fn quoted_record_spans_lines_and_an_open_quote_costs_one_row() {
        let text = format!("a,\"b\nc\",d\n\"open\n{}", "x,y\n".repeat(100));
        let mut input = text.as_bytes();
        let mut records = Records::new(Lines::new(&mut input, 1_000), ',');
        let mut all = Vec::new();
        while let Some(line) = records.next_line().unwrap() {
            all.push(records.record_at(line).unwrap());
        }
        assert_eq!((all[0].line, all[0].fields.clone().unwrap()), (1, vec!["a".into(), "b\nc".into(), "d".into()]));
        assert_eq!((all[1].line, all[1].fields.clone().unwrap_err().0), (3, "row.quote"));
        assert_eq!(all.len(), 102);
        assert_eq!((all[101].line, all[101].fields.clone().unwrap()), (103, vec!["x".into(), "y".into()]));
    }
}
