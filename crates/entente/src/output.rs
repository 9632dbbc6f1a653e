//! What commands print: tables for people, tab-separated lines for pipes, JSON and JSON lines for programs.
//!
//! Data goes to stdout, everything else to stderr. Text from outside never reaches a terminal raw: control characters, bidirectional
//! controls and zero-width characters are shown as `<U+202E>`, in JSON as the escape `\u202e`, which means the same.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::path::PathBuf;

use entente_stix::is_hidden;
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::failure::{Failure, exit};

/// How the caller wants its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A table on a terminal, tab-separated lines elsewhere.
    People,
    /// One JSON document.
    Json,
    /// One JSON object per line, the last one a summary.
    JsonLines,
}

/// Where and how a command prints.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    /// Form of the data.
    pub(crate) form: Form,
    /// Whether notes on stderr are left out.
    pub(crate) quiet: bool,
    /// Whether values are shown defanged in tables.
    pub(crate) defang: bool,
    /// Whether tab-separated output starts with a header.
    pub(crate) header: bool,
    /// The home named on the command line, repeated in the commands that hints name.
    pub(crate) home: Option<PathBuf>,
}

impl Output {
    /// Prints one JSON document to stdout.
    ///
    /// # Errors
    /// A [`Failure`] when stdout cannot be written.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text =
            serde_json::to_string(value).map_err(|e| Failure::new(exit::FAILURE, "output.json", e.to_string()))?;
        self.bytes(format!("{}\n", json_safe(&text)).as_bytes())
    }

    /// Prints a list in the chosen form: `columns` and `cells` for people, the values themselves as JSON.
    ///
    /// # Errors
    /// As [`Output::json`].
    pub(crate) fn list<T: Serialize>(
        &self,
        columns: &[&str],
        items: &[T],
        cells: impl Fn(&T) -> Vec<String>,
        summary: &impl Serialize,
    ) -> Result<(), Failure> {
        match self.form {
            Form::Json => self.json(&items),
            Form::JsonLines => {
                for item in items {
                    self.json(item)?;
                }
                self.json(&serde_json::json!({ "summary": summary }))
            }
            Form::People => self.table(columns, items.iter().map(cells)),
        }
    }

    /// Prints rows as a table fitted to the terminal, or tab-separated without truncation.
    ///
    /// # Errors
    /// As [`Output::json`].
    pub(crate) fn table(&self, columns: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Result<(), Failure> {
        if io::stdout().is_terminal() {
            let mut table = comfy_table::Table::new();
            table.load_style(comfy_table::presets::NOTHING);
            table.set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
            // A terminal that does not know its width would get one letter a line.
            if table.width().is_none_or(|width| width < WIDTH_MIN) {
                table.set_width(WIDTH_MIN);
            }
            table.set_header(columns.iter().map(|column| column.to_uppercase()));
            for row in rows {
                table.add_row(row.iter().map(|cell| visible(cell)));
            }
            return self.data(&format!("{table}\n"));
        }
        let mut text = String::new();
        if self.header {
            text.push_str(&columns.join("\t"));
            text.push('\n');
        }
        for row in rows {
            let cells: Vec<String> = row.iter().map(|cell| visible(cell)).collect();
            text.push_str(&cells.join("\t"));
            text.push('\n');
        }
        self.data(&text)
    }

    /// Writes text for people to stdout: whatever could steer a terminal is shown, line ends and tabs stay.
    ///
    /// # Errors
    /// As [`Output::bytes`].
    pub(crate) fn data(&self, text: &str) -> Result<(), Failure> {
        self.bytes(lines(text).as_bytes())
    }

    /// Writes the bytes of a file to stdout as they are. A pipe that was closed at the other end is a normal end.
    ///
    /// # Errors
    /// A [`Failure`] for any other error.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(|error| unwritten(&error))
    }

    /// Opens stdout for a run of many lines, written in blocks.
    #[must_use]
    pub(crate) fn stream(&self) -> Stream {
        Stream { out: BufWriter::with_capacity(STREAM_SIZE_BYTES, io::stdout().lock()) }
    }

    /// Opens stdout for a list that is printed as it comes.
    #[must_use]
    pub(crate) fn items(&self) -> Items {
        Items { stream: self.stream(), form: self.form, count: 0 }
    }

    /// Writes a line for people to stderr, unless `--quiet`.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            // Nothing can be done when stderr is gone.
            let _ = writeln!(io::stderr().lock(), "{}", lines(text));
        }
    }

    /// A command of this program as the reader would type it here.
    #[must_use]
    pub(crate) fn command(&self, rest: &str) -> String {
        at_home(&format!("entente {rest}"), self.home.as_deref())
    }

    /// A value as tables show it.
    #[must_use]
    pub(crate) fn value(&self, canonical: &str, defanged: &str) -> String {
        if self.defang { defanged.to_owned() } else { canonical.to_owned() }
    }
}

/// Stdout for a run of many lines: nothing appears before a block is full or [`Stream::flush`] is called.
#[derive(Debug)]
pub(crate) struct Stream {
    out: BufWriter<StdoutLock<'static>>,
}

impl Stream {
    /// Writes one JSON value on its line.
    ///
    /// # Errors
    /// As [`Output::bytes`].
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        self.value(value)?;
        self.write(b"\n")
    }

    /// Writes one JSON value without a line end.
    ///
    /// # Errors
    /// As [`Output::bytes`].
    pub(crate) fn value(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text =
            serde_json::to_string(value).map_err(|e| Failure::new(exit::FAILURE, "output.json", e.to_string()))?;
        self.write(json_safe(&text).as_bytes())
    }

    /// Writes text for people, as [`Output::data`] does.
    ///
    /// # Errors
    /// As [`Output::bytes`].
    pub(crate) fn data(&mut self, text: &str) -> Result<(), Failure> {
        self.write(lines(text).as_bytes())
    }

    /// Sends what was written on its way.
    ///
    /// # Errors
    /// As [`Output::bytes`].
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(|error| unwritten(&error))
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// As [`Output::bytes`].
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.out.write_all(bytes).map_err(|error| unwritten(&error))
    }
}

/// A list that is printed as it comes: a JSON array, or JSON lines with a summary at the end.
#[derive(Debug)]
pub(crate) struct Items {
    stream: Stream,
    form: Form,
    count: u64,
}

impl Items {
    /// Writes one item of the list.
    ///
    /// # Errors
    /// As [`Output::bytes`].
    pub(crate) fn item(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        if self.form != Form::Json {
            return self.stream.json(value);
        }
        self.stream.write(if self.count == 0 { b"[" } else { b"," })?;
        self.count = self.count.saturating_add(1);
        self.stream.value(value)
    }

    /// Writes text for people.
    ///
    /// # Errors
    /// As [`Output::bytes`].
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.stream.data(text)
    }

    /// Ends the list. Programs that read JSON lines are told the summary.
    ///
    /// # Errors
    /// As [`Output::bytes`].
    pub(crate) fn end(mut self, summary: &impl Serialize) -> Result<(), Failure> {
        match self.form {
            Form::Json => self.stream.write(if self.count == 0 { b"[]\n" } else { b"]\n" })?,
            Form::JsonLines => self.stream.json(&serde_json::json!({ "summary": summary }))?,
            Form::People => {}
        }
        self.stream.flush()
    }
}

// LIMIT: what a run of many lines holds back at most.
const STREAM_SIZE_BYTES: usize = 64 * 1024;

/// Columns of a table at least.
const WIDTH_MIN: u16 = 80;

/// The end of a run that cannot write: quiet and with exit code 0 when its reader went away.
fn unwritten(error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Failure::new(exit::OK, "output.closed", "");
    }
    Failure::new(exit::FAILURE, "output.io", format!("cannot write to stdout: {error}"))
}

/// Puts the home named on the command line into a command of this program that a hint names.
#[must_use]
pub(crate) fn at_home(hint: &str, home: Option<&std::path::Path>) -> String {
    match (home, hint.strip_prefix("entente ")) {
        (Some(home), Some(rest)) => format!("entente --home {} {rest}", home.display()),
        _ => hint.to_owned(),
    }
}

/// Makes every hidden character of an outside value visible, line ends and tabs as well.
#[must_use]
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' => shown.push_str("\\t"),
            '\n' => shown.push_str("\\n"),
            c if is_hidden(c) => {
                let _ = write!(shown, "<U+{:04X}>", u32::from(c));
            }
            c => shown.push(c),
        }
    }
    shown
}

/// As [`visible`], for text of several lines made here.
fn lines(text: &str) -> String {
    if !text.chars().any(|c| is_hidden(c) && !matches!(c, '\n' | '\t')) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            c if is_hidden(c) && !matches!(c, '\n' | '\t') => {
                let _ = write!(shown, "<U+{:04X}>", u32::from(c));
            }
            c => shown.push(c),
        }
    }
    shown
}

/// Writes the hidden characters of JSON text as escapes; between its strings JSON has none but line ends and tabs.
#[must_use]
pub(crate) fn json_safe(json: &str) -> Cow<'_, str> {
    if json.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t')) {
        return Cow::Borrowed(json);
    }
    let mut safe = String::with_capacity(json.len());
    for character in json.chars() {
        if is_hidden(character) && !matches!(character, '\n' | '\r' | '\t') {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// Breaks prose into lines of at most `width` columns; every line but the first starts with `indent`.
#[must_use]
pub(crate) fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut used = 0_usize;
    for word in text.split(' ') {
        let size = word.width();
        if used > 0 && used + 1 + size > width {
            out.push('\n');
            out.push_str(indent);
            used = indent.width();
        } else if used > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += size;
    }
    out
}

/// A count and what is counted, in the singular for one.
#[must_use]
pub(crate) fn counted(n: u64, noun: &str) -> String {
    let words = match noun.strip_suffix('y') {
        _ if n == 1 => noun.to_owned(),
        Some(stem) => format!("{stem}ies"),
        None if noun.ends_with("ch") => format!("{noun}es"),
        None => format!("{noun}s"),
    };
    format!("{} {words}", thousands(n))
}

/// A count with thousands separators, as tables show it.
#[must_use]
pub(crate) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{counted, json_safe, lines, thousands, visible, wrapped};

    #[test]
    fn hostile_text_is_made_visible() {
        assert_eq!(visible("a\u{202e}b\u{1b}[31m\tc"), "a<U+202E>b<U+001B>[31m\\tc");
        assert_eq!(visible("بنك.example"), "بنك.example");
        assert_eq!(lines("a\tb\u{9b}2J\n\0"), "a\tb<U+009B>2J\n<U+0000>");
    }

    #[test]
    fn json_means_the_same_after_its_hidden_characters_are_escaped() {
        // Would break: a value on a terminal is read in another order than it is written, or is changed for programs.
        let value = "a\u{202e}b\u{7f}\u{e0041}";
        let json = serde_json::to_string(value).unwrap();
        let safe = json_safe(&json);
        assert_eq!(safe, "\"a\\u202eb\\u007f\\udb40\\udc41\"");
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), value);
    }

    #[test]
    fn prose_is_broken_between_words() {
        assert_eq!(wrapped("one two three", 7, "  "), "one two\n  three");
        assert_eq!(wrapped("unbreakable", 3, "  "), "unbreakable");
    }

    #[test]
    fn counts_have_separators() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_000), "1,000");
        assert_eq!(thousands(12_345_678), "12,345,678");
        assert_eq!(
            [(1, "page"), (2, "batch"), (0, "entry")].map(|(n, noun)| counted(n, noun)),
            ["1 page", "2 batches", "0 entries"]
        );
    }
}
