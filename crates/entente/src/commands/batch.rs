//! The batch contract: one JSON request a line on stdin, one JSON answer a line on stdout, in the same order.
//!
//! A request has an integer `n`; its answer is `{"n":…,"result":…}` with what else the command has to say. A line that is no request
//! is answered with `{"n":…,"error":{"code","message"}}`, where `n` is null if it could not be read, and the run goes on. Answers are
//! sent after 1,000 lines at the latest, and before waiting for input that has not come yet, so that a program may ask and wait.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use super::note_terminal;
use crate::failure::{Failure, Outcome, exit};
use crate::output::{Form, Output, Stream};

// LIMIT: one request; an object has 8 MiB at most, so a bundle in a request may hold two of the largest.
const REQUEST_SIZE_BYTES_MAX: usize = 16 * 1024 * 1024;

// LIMIT: answers held back.
const ANSWERS_HELD_MAX: u32 = 1_000;

/// What a program is told about one request.
pub(crate) struct Answer {
    result: Value,
    more: Vec<(&'static str, Value)>,
}

impl Answer {
    /// Makes an answer.
    pub(crate) fn new(result: impl Into<Value>) -> Self {
        Self { result: result.into(), more: Vec::new() }
    }

    /// Adds a member beside `result`.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.more.push((name, value.into()));
        self
    }
}

/// Whether the command line asks for batch: `--jsonl`, and no input but stdin is named.
#[must_use]
pub(crate) fn is_asked(output: &Output, inputs: &[impl AsRef<Path>]) -> bool {
    output.form == Form::JsonLines && inputs.iter().all(|input| input.as_ref() == Path::new("-"))
}

/// Refuses a flag that has no meaning when every line has its own answer.
///
/// # Errors
/// A usage failure when the flag is given: a script that relies on the exit code must not take 0 for an answer.
pub(crate) fn refuse(flag: &'static str, is_given: bool, instead: &str) -> Result<(), Failure> {
    if !is_given {
        return Ok(());
    }
    let why = format!("with --jsonl and nothing named each line of stdin is a request, and `{flag}` has no meaning");
    Err(Failure::usage(why).with("instead", instead))
}

/// Answers every request on stdin.
///
/// # Errors
/// A [`Failure`] when stdin cannot be read or stdout cannot be written.
pub(crate) fn run<R: DeserializeOwned>(output: &Output, answer: impl FnMut(R) -> Result<Answer, String>) -> Outcome {
    note_terminal(output);
    let input = BufReader::with_capacity(super::READ_SIZE_BYTES, io::stdin().lock());
    let mut stream = output.stream();
    serve(input, &mut stream, answer)?;
    stream.flush()?;
    Ok(exit::OK)
}

/// Where answers go.
trait Answers {
    fn answer(&mut self, value: &Value) -> Result<(), Failure>;
    fn send(&mut self) -> Result<(), Failure>;
}

impl Answers for Stream {
    fn answer(&mut self, value: &Value) -> Result<(), Failure> {
        self.json(value)
    }

    fn send(&mut self) -> Result<(), Failure> {
        self.flush()
    }
}

fn serve<R: DeserializeOwned>(
    mut input: BufReader<impl io::Read>,
    answers: &mut impl Answers,
    mut answer: impl FnMut(R) -> Result<Answer, String>,
) -> Result<(), Failure> {
    let mut line = Vec::new();
    let mut held = 0_u32;
    loop {
        let read = next_line(&mut input, &mut line, &mut || answers.send());
        let told = match read? {
            Line::End => return Ok(()),
            Line::TooLong => {
                refused(None, "batch.size", &format!("a request is at most {REQUEST_SIZE_BYTES_MAX} bytes"))
            }
            Line::Whole => one(&line, &mut answer),
        };
        answers.answer(&told)?;
        held = held.saturating_add(1);
        if held >= ANSWERS_HELD_MAX {
            answers.send()?;
            held = 0;
        }
    }
}

fn one<R: DeserializeOwned>(line: &[u8], answer: &mut impl FnMut(R) -> Result<Answer, String>) -> Value {
    let n = number(line);
    let request: R = match serde_json::from_slice(line) {
        Ok(request) => request,
        Err(error) => {
            let hint = if is_stix(line) { "; for the findings of an object or bundle name its file" } else { "" };
            return refused(n, "batch.request", &format!("{error}{hint}"));
        }
    };
    let Some(n) = n else { return refused(None, "batch.request", "the request has no integer `n`") };
    match answer(request) {
        Ok(Answer { result, more }) => {
            let mut told = Map::new();
            told.insert("n".to_owned(), json!(n));
            told.insert("result".to_owned(), result);
            told.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
            Value::Object(told)
        }
        Err(message) => refused(Some(n), "batch.request", &message),
    }
}

fn refused(n: Option<i64>, code: &str, message: &str) -> Value {
    json!({ "n": n, "error": { "code": code, "message": message } })
}

/// Whether a line that is no request looks like what a caller would rather have validated.
fn is_stix(line: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Head {
        #[serde(rename = "type")]
        _object_type: String,
        #[serde(rename = "id")]
        _id: String,
    }
    serde_json::from_slice::<Head>(line).is_ok()
}

/// What came of reading a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The input has ended.
    End,
    /// More than a request may have; it was skipped.
    TooLong,
    /// A line, without its line feed.
    Whole,
}

/// Reads a line into `line`, or skips one that is too long. Calls `wait` before it might have to wait for input.
pub(super) fn next_line<R: io::Read>(
    input: &mut BufReader<R>,
    line: &mut Vec<u8>,
    wait: &mut impl FnMut() -> Result<(), Failure>,
) -> Result<Line, Failure> {
    line.clear();
    let (mut is_begun, mut too_long) = (false, false);
    loop {
        if input.buffer().is_empty() {
            wait()?;
        }
        let block = match input.fill_buf() {
            Ok(block) => block,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failure::file("read", Path::new("-"), &error)),
        };
        let end = block.iter().position(|byte| *byte == b'\n');
        let part = block.get(..end.unwrap_or(block.len())).unwrap_or_default();
        let read = part.len().saturating_add(usize::from(end.is_some()));
        if read == 0 {
            return Ok(match (is_begun, too_long) {
                (false, _) => Line::End,
                (true, true) => Line::TooLong,
                (true, false) => Line::Whole,
            });
        }
        is_begun = true;
        too_long |= line.len().saturating_add(part.len()) > REQUEST_SIZE_BYTES_MAX;
        if too_long {
            // What was gathered is given back, not kept for the rest of the run.
            *line = Vec::new();
        } else {
            line.extend_from_slice(part);
        }
        input.consume(read);
        if end.is_some() {
            return Ok(if too_long { Line::TooLong } else { Line::Whole });
        }
    }
}

/// The `n` of a line, also of one that is broken behind it.
fn number(line: &[u8]) -> Option<i64> {
    struct Members<'a>(&'a Cell<Option<i64>>);

    impl<'de> Visitor<'de> for Members<'_> {
        type Value = ();

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a request")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
            while let Some(is_number) = members.next_key_seed(IsNumber)? {
                if is_number {
                    self.0.set(Some(members.next_value()?));
                } else {
                    members.next_value::<IgnoredAny>()?;
                }
            }
            Ok(())
        }
    }

    let found = Cell::new(None);
    // What is wrong with the line is told by the reader of the whole request.
    let _ = serde_json::Deserializer::from_slice(line).deserialize_map(Members(&found));
    found.get()
}

/// Whether a key is `n`, without keeping it.
struct IsNumber;

impl<'de> DeserializeSeed<'de> for IsNumber {
    type Value = bool;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for IsNumber {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(key == "n")
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use serde::Deserialize;
    use serde_json::Value;

    use super::{ANSWERS_HELD_MAX, Answer, Answers, Line, REQUEST_SIZE_BYTES_MAX, next_line, number, serve};
    use crate::failure::Failure;

    #[derive(Deserialize)]
    struct Doubled {
        value: i64,
    }

    /// Answers, and after how many of them each was sent.
    #[derive(Default)]
    struct Kept {
        answers: Vec<String>,
        sent: Vec<usize>,
    }

    impl Answers for Kept {
        fn answer(&mut self, value: &Value) -> Result<(), Failure> {
            self.answers.push(value.to_string());
            Ok(())
        }

        fn send(&mut self) -> Result<(), Failure> {
            self.sent.push(self.answers.len());
            Ok(())
        }
    }

    fn answers(input: &[u8]) -> Kept {
        let mut kept = Kept::default();
        serve(BufReader::with_capacity(1 << 20, input), &mut kept, |request: Doubled| {
            if request.value == 13 { Err("13".to_owned()) } else { Ok(Answer::new(request.value.saturating_mul(2))) }
        })
        .unwrap();
        kept
    }

    #[test]
    fn a_bad_line_costs_nobody_but_itself() {
        // Would break: one broken line ends a run of millions, or moves every later answer by one.
        let input = b"{\"n\":1,\"value\":4}\n\n{\"n\":2,\"value\":\"x\"}\n\xff\xfe\n{\"n\":3,\"value\":[\n{\"value\":1}\n{\"n\":4,\"value\":13}\n[]\n{\"n\":5,\"value\":5}";
        let told = answers(input).answers;
        assert_eq!(told.len(), 9);
        assert_eq!((told[0].as_str(), told[8].as_str()), ("{\"n\":1,\"result\":8}", "{\"n\":5,\"result\":10}"));
        let starts = [
            "{\"n\":null,\"error\"",
            "{\"n\":2,\"error\"",
            "{\"n\":null,",
            "{\"n\":3,\"error\"",
            "{\"n\":null,",
            "{\"n\":4,\"error\"",
            "{\"n\":null,",
        ];
        for (answer, start) in told[1..8].iter().zip(starts) {
            assert!(answer.starts_with(start) && answer.contains("batch.request"), "{answer}");
        }
    }

    #[test]
    fn answers_are_sent_after_a_thousand_lines_and_at_the_end() {
        // Would break: a caller that waits for its answers waits for ever.
        let input = "{\"n\":1,\"value\":4}\n".repeat(2_500);
        let kept = answers(input.as_bytes());
        let held = usize::try_from(ANSWERS_HELD_MAX).unwrap();
        assert_eq!(kept.sent, [0, held, 2 * held, 2_500], "before the first and the last read, and in between");
    }

    #[test]
    fn a_line_beyond_the_limit_is_skipped_and_not_kept() {
        // Would break: a line without an end takes all memory.
        let mut input = vec![b'x'; REQUEST_SIZE_BYTES_MAX + 1];
        input.extend_from_slice(b"\nnext\nlast");
        let mut reader = BufReader::with_capacity(1 << 16, input.as_slice());
        let mut line = Vec::new();
        let mut wait = || Ok(());
        assert_eq!(next_line(&mut reader, &mut line, &mut wait).unwrap(), Line::TooLong);
        assert_eq!(
            (next_line(&mut reader, &mut line, &mut wait).unwrap(), line.as_slice()),
            (Line::Whole, &b"next"[..])
        );
        assert!(line.capacity() < 1 << 16);
        assert_eq!(
            (next_line(&mut reader, &mut line, &mut wait).unwrap(), line.as_slice()),
            (Line::Whole, &b"last"[..])
        );
        assert_eq!(next_line(&mut reader, &mut line, &mut wait).unwrap(), Line::End);
    }

    #[test]
    fn the_number_is_read_from_a_line_that_is_broken_behind_it() {
        // Would break: a caller cannot tell which of its requests failed.
        for (line, n) in [
            ("{\"n\":7,\"pattern\":\"[a", Some(7)),
            ("{\"pattern\":\"x\",\"n\":-1}", Some(-1)),
            ("{\"n\":1.5}", None),
            ("{\"n\":\"7\"}", None),
            ("7", None),
            ("", None),
        ] {
            assert_eq!(number(line.as_bytes()), n, "{line}");
        }
        assert_eq!(number(b"{\"n\":7,\"pattern\":\"\xff\"}"), Some(7));
        assert_eq!(number(format!("{{\"n\":7,\"object\":{}", "[".repeat(1_000_000)).as_bytes()), Some(7));
    }
}
