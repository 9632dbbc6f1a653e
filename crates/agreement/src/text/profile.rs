//! The strict TOML profile of agreement texts (section 4.2 of the format): lines in, tables out.
//!
//! Own reader, because the profile is far smaller than TOML and because a general parser accepts what the profile refuses
//! (comments, dotted keys, inline tables, literal strings) and keeps no line numbers. Every accepted text is TOML 1.0 with
//! the same meaning.

use entente_stix::Timestamp;
use unicode_normalization::UnicodeNormalization;

use crate::error::{TextError, is_bidi_control, is_invisible, shown};

/// LIMIT: a text has at most 64 KiB: 256 clauses of 200 bytes and 64 parties of 200 bytes fit.
pub(crate) const TEXT_SIZE_BYTES_MAX: usize = 64 * 1024;
/// LIMIT: a string has at most 1,024 bytes after unescaping.
const STRING_SIZE_BYTES_MAX: usize = 1_024;
/// LIMIT: an array has at most 256 items.
const ARRAY_ITEMS_MAX: usize = 256;

/// LIMIT: the largest table of the format has 24 keys; more than 64 are searched for duplicates by nobody.
const TABLE_KEYS_MAX: usize = 64;
/// LIMIT: 64 parties, 256 clauses, and room for annexes and maps.
const TABLES_MAX: usize = 1_024;

/// The only keys whose strings may hold other than ASCII characters.
const NON_ASCII_KEYS: [&str; 3] = ["title", "name", "reference"];

/// One value of the profile.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Boolean(bool),
    Time(Timestamp),
    List(Vec<String>),
}

impl Value {
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Value::Text(_) => "a string",
            Value::Integer(_) => "an integer",
            Value::Boolean(_) => "a boolean",
            Value::Time(_) => "a date-time",
            Value::List(_) => "an array",
        }
    }
}

/// One `key = value` line.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) line: u32,
    pub(crate) value: Value,
}

/// One table with its header's line (1 for the keys at the top).
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) is_array: bool,
    pub(crate) line: u32,
    pub(crate) entries: Vec<Entry>,
}

/// Reads a text into its tables; the first one holds the keys at the top and has no name.
pub(crate) fn read(text: &str) -> Result<Vec<Table>, Vec<TextError>> {
    if text.len() > TEXT_SIZE_BYTES_MAX {
        let message = format!("the text has {} bytes; at most {TEXT_SIZE_BYTES_MAX} are permitted", text.len());
        return Err(vec![TextError::new("text.limit", 0, message)]);
    }
    let mut errors = Vec::new();
    check_characters(text, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut tables = vec![Table { name: String::new(), is_array: false, line: 1, entries: Vec::new() }];
    if !text.ends_with('\n') {
        let line = u32::try_from(text.lines().count()).unwrap_or(u32::MAX);
        errors.push(TextError::new("text.toml", line, "the last line has no line feed"));
    }
    let mut line_number = 0_u32;
    for line in text.lines() {
        line_number = line_number.saturating_add(1);
        if let Err(error) = read_line(line, line_number, &mut tables) {
            errors.push(error);
        }
    }
    if errors.is_empty() { Ok(tables) } else { Err(errors) }
}

/// Checks what concerns single characters: control characters, direction, normal form.
fn check_characters(text: &str, errors: &mut Vec<TextError>) {
    let mut line_number = 0_u32;
    for line in text.split('\n') {
        line_number = line_number.saturating_add(1);
        if line.is_ascii() {
            if let Some(c) = line.chars().find(|c| c.is_ascii_control()) {
                errors.push(control_character(c, line_number));
            }
            continue;
        }
        if let Some(c) = line.chars().find(|c| c.is_control()) {
            errors.push(control_character(c, line_number));
        }
        if let Some(c) = line.chars().find(|c| is_bidi_control(*c)) {
            let message = format!("U+{:04X} changes the direction of writing", u32::from(c));
            errors.push(TextError::new("text.bidi", line_number, message));
        } else if let Some(c) = line.chars().find(|c| is_invisible(*c)) {
            let message = format!("U+{:04X} cannot be seen", u32::from(c));
            errors.push(TextError::new("text.non-ascii", line_number, message));
        }
        if line.nfc().ne(line.chars()) {
            errors.push(TextError::new("text.nfc", line_number, "the line is not in Unicode normal form C"));
        }
    }
}

fn control_character(c: char, line: u32) -> TextError {
    let name = match c {
        '\t' => "a tab".to_owned(),
        '\r' => "a carriage return".to_owned(),
        other => format!("the control character U+{:04X}", u32::from(other)),
    };
    TextError::new("note.control-char", line, format!("the line holds {name}"))
}

fn read_line(line: &str, number: u32, tables: &mut Vec<Table>) -> Result<(), TextError> {
    let content = line.trim_matches(' ');
    if content.is_empty() {
        return Ok(());
    }
    if content.starts_with('#') {
        return Err(comment(number));
    }
    if content.starts_with('[') {
        return read_header(content, number, tables);
    }
    let (key, rest) = read_key(content, number)?;
    let value = read_value(key, rest, number)?;
    let Some(table) = tables.last_mut() else {
        return Err(TextError::new("text.toml", number, "the text has no table"));
    };
    if let Some(first) = table.entries.iter().find(|entry| entry.key == key) {
        let message = format!("`{key}` is given on line {} already", first.line);
        return Err(TextError::new("text.duplicate-key", number, message));
    }
    if table.entries.len() >= TABLE_KEYS_MAX {
        return Err(TextError::new("text.limit", number, format!("a table has at most {TABLE_KEYS_MAX} keys")));
    }
    table.entries.push(Entry { key: key.to_owned(), line: number, value });
    Ok(())
}

fn comment(line: u32) -> TextError {
    TextError::new(
        "text.comment",
        line,
        "comments are not permitted: they can tell a reader what the machine does not do",
    )
}

fn read_header(content: &str, number: u32, tables: &mut Vec<Table>) -> Result<(), TextError> {
    let is_array = content.starts_with("[[");
    let (opening, closing) = if is_array { ("[[", "]]") } else { ("[", "]") };
    let inner = content.strip_prefix(opening).unwrap_or(content);
    let Some(end) = inner.find(closing) else {
        return Err(TextError::new("text.toml", number, "the table header is not closed"));
    };
    let (name, rest) = inner.split_at(end);
    let rest = rest.strip_prefix(closing).unwrap_or(rest).trim_start_matches(' ');
    if rest.starts_with('#') {
        return Err(comment(number));
    }
    if !rest.is_empty() {
        return Err(TextError::new("text.toml", number, format!("`{}` follows the table header", shown(rest))));
    }
    if name.contains(['.', '"', '\'']) {
        let message = "table names are single bare words: no dots, no quotes";
        return Err(TextError::new("text.construct", number, message));
    }
    if !is_bare(name) {
        return Err(TextError::new("text.toml", number, format!("`{}` is not a table name", shown(name))));
    }
    if let Some(first) = tables.iter().find(|table| table.name == name && !(is_array && table.is_array)) {
        let message = format!("table `{name}` is given on line {} already", first.line);
        return Err(TextError::new("text.duplicate-key", number, message));
    }
    if tables.len() >= TABLES_MAX {
        return Err(TextError::new("text.limit", number, format!("a text has at most {TABLES_MAX} tables")));
    }
    tables.push(Table { name: name.to_owned(), is_array, line: number, entries: Vec::new() });
    Ok(())
}

fn is_bare(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Splits `key = rest`.
fn read_key(content: &str, number: u32) -> Result<(&str, &str), TextError> {
    if content.starts_with(['"', '\'']) {
        return Err(TextError::new("text.construct", number, "keys are bare words, not quoted"));
    }
    let Some((left, right)) = content.split_once('=') else {
        let (code, message) = match content.contains('#') {
            true => return Err(comment(number)),
            false => ("text.toml", format!("`{}` is neither a table header nor a key with a value", shown(content))),
        };
        return Err(TextError::new(code, number, message));
    };
    let key = left.trim_matches(' ');
    if !key.is_ascii() {
        return Err(TextError::new("text.non-ascii", number, "keys are ASCII"));
    }
    if key.contains('.') && key.split('.').all(|part| is_bare(part.trim_matches(' '))) {
        return Err(TextError::new("text.construct", number, "dotted keys are not permitted"));
    }
    if !is_bare(key) {
        return Err(TextError::new("text.toml", number, format!("`{}` is not a key", shown(key))));
    }
    Ok((key, right.trim_matches(' ')))
}

fn read_value(key: &str, text: &str, number: u32) -> Result<Value, TextError> {
    let construct = |message: &str| TextError::new("text.construct", number, message);
    let (value, rest) = match text.bytes().next() {
        None => return Err(TextError::new("text.toml", number, format!("`{key}` has no value"))),
        Some(b'"') => {
            let (string, rest) = read_string(key, text, number)?;
            (Value::Text(string), rest)
        }
        Some(b'[') => {
            let (items, rest) = read_list(key, text, number)?;
            (Value::List(items), rest)
        }
        Some(b'\'') => return Err(construct("literal strings are not permitted; use double quotes")),
        Some(b'{') => return Err(construct("inline tables are not permitted")),
        Some(_) => {
            let end = text.find([' ', '#']).unwrap_or(text.len());
            let (word, rest) = text.split_at(end);
            (read_word(word, number)?, rest)
        }
    };
    let rest = rest.trim_start_matches(' ');
    if rest.starts_with('#') {
        return Err(comment(number));
    }
    if !rest.is_empty() {
        return Err(TextError::new("text.toml", number, format!("`{}` follows the value", shown(rest))));
    }
    Ok(value)
}

/// Reads a basic string at the start of `text`; returns it unescaped, and what follows.
fn read_string<'t>(key: &str, text: &'t str, number: u32) -> Result<(String, &'t str), TextError> {
    if text.starts_with("\"\"\"") {
        return Err(TextError::new("text.construct", number, "strings of several lines are not permitted"));
    }
    let body = text.strip_prefix('"').unwrap_or(text);
    let mut out = String::new();
    let mut chars = body.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                check_string(key, &out, number)?;
                let rest = body.get(at.saturating_add(1)..).unwrap_or("");
                return Ok((out, rest));
            }
            '\\' => match chars.next() {
                Some((_, escaped @ ('"' | '\\'))) => out.push(escaped),
                _ => {
                    let message = "only \\\" and \\\\ may be escaped; write other characters as they are";
                    return Err(TextError::new("text.construct", number, message));
                }
            },
            other => out.push(other),
        }
    }
    Err(TextError::new("text.toml", number, "the string is not closed on its line"))
}

fn check_string(key: &str, string: &str, number: u32) -> Result<(), TextError> {
    if string.len() > STRING_SIZE_BYTES_MAX {
        let message = format!("the string has {} bytes; at most {STRING_SIZE_BYTES_MAX} are permitted", string.len());
        return Err(TextError::new("text.limit", number, message));
    }
    if !string.is_ascii() && !NON_ASCII_KEYS.contains(&key) {
        let message = format!("`{key}` is ASCII; only `title`, `name` and `reference` may hold other characters");
        return Err(TextError::new("text.non-ascii", number, message));
    }
    Ok(())
}

/// Reads an array of strings at the start of `text`, all on one line, without a trailing comma.
fn read_list<'t>(key: &str, text: &'t str, number: u32) -> Result<(Vec<String>, &'t str), TextError> {
    let mut items = Vec::new();
    let mut rest = text.strip_prefix('[').unwrap_or(text).trim_start_matches(' ');
    if let Some(after) = rest.strip_prefix(']') {
        return Ok((items, after));
    }
    loop {
        match rest.bytes().next() {
            None => return Err(TextError::new("text.construct", number, "an array stays on one line")),
            Some(b'"') => {}
            Some(b'#') => return Err(comment(number)),
            Some(_) => {
                return Err(TextError::new("text.construct", number, "arrays hold strings in double quotes only"));
            }
        }
        let (item, after) = read_string(key, rest, number)?;
        items.push(item);
        if items.len() > ARRAY_ITEMS_MAX {
            let message = format!("an array has at most {ARRAY_ITEMS_MAX} items");
            return Err(TextError::new("text.limit", number, message));
        }
        let after = after.trim_start_matches(' ');
        if let Some(end) = after.strip_prefix(']') {
            return Ok((items, end));
        }
        let Some(next) = after.strip_prefix(',') else {
            if after.is_empty() {
                return Err(TextError::new("text.construct", number, "an array stays on one line"));
            }
            return Err(TextError::new("text.toml", number, "a comma or `]` is missing in the array"));
        };
        rest = next.trim_start_matches(' ');
    }
}

/// Reads a boolean, an integer or a UTC date-time.
fn read_word(word: &str, number: u32) -> Result<Value, TextError> {
    match word {
        "true" => return Ok(Value::Boolean(true)),
        "false" => return Ok(Value::Boolean(false)),
        _ => {}
    }
    let digits = word.strip_prefix('-').unwrap_or(word);
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        let padded = (digits.len() > 1 && digits.starts_with('0')) || word == "-0";
        return match word.parse::<i64>() {
            Ok(value) if !padded => Ok(Value::Integer(value)),
            _ => Err(TextError::new("text.toml", number, format!("`{}` is not an integer", shown(word)))),
        };
    }
    let looks_like_time =
        word.len() > 4 && word.contains(['-', ':']) && digits.starts_with(|c: char| c.is_ascii_digit());
    if looks_like_time && word.contains('T') && word.ends_with('Z') {
        return match Timestamp::parse(word) {
            Ok(time) => Ok(Value::Time(time)),
            Err(_) => Err(TextError::new("text.toml", number, format!("`{}` is not a date-time", shown(word)))),
        };
    }
    if looks_like_time {
        let message = "times are UTC date-times ending in Z, such as 2026-12-01T00:00:00Z";
        return Err(TextError::new("text.construct", number, message));
    }
    let numeric = word.trim_start_matches(['+', '-']);
    if numeric.starts_with(|c: char| c.is_ascii_digit()) || matches!(numeric, "inf" | "nan") {
        let message = "numbers are plain decimal integers: no floats, signs, underscores or other bases";
        return Err(TextError::new("text.construct", number, message));
    }
    Err(TextError::new("text.toml", number, format!("`{}` is not a value", shown(word))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_of(text: &str) -> (&'static str, u32) {
        let errors = read(text).unwrap_err();
        assert_eq!(errors.len(), 1, "{errors:?}");
        (errors[0].code, errors[0].line)
    }

    #[test]
    fn values_of_the_profile_are_read() {
        let tables =
            read("a = \"x \\\" # y\"\nb = -50\nc = true\n\n[[t]]\nd = [ \"p\", \"q\" ]\ne = 2026-12-01T00:00:00Z\n")
                .unwrap();
        assert_eq!(tables[0].entries[0].value, Value::Text("x \" # y".into()));
        assert_eq!(tables[0].entries[1].value, Value::Integer(-50));
        assert_eq!(tables[0].entries[2].value, Value::Boolean(true));
        assert_eq!(tables[1].entries[0].value, Value::List(vec!["p".into(), "q".into()]));
        assert_eq!(tables[1].line, 5);
    }

    #[test]
    fn everything_else_of_toml_is_refused() {
        for text in [
            "a.b = 1\n",
            "\"a\" = 1\n",
            "a = 'x'\n",
            "a = \"\"\"x\"\"\"\n",
            "a = {b = 1}\n",
            "a = 1.5\n",
            "a = 0x10\n",
            "a = +1\n",
            "a = 1_000\n",
            "a = 2026-12-01\n",
            "a = 2026-12-01T00:00:00+02:00\n",
            "a = 07:30:00\n",
            "a = inf\n",
            "a = [1]\n",
            "a = [\n\"x\"]\n",
            "a = [\"x\",]\n",
            "a = \"\\u00e9\"\n",
            "[a.b]\n",
            "a = [[\"x\"]]\n",
        ] {
            let errors = read(text).unwrap_err();
            assert_eq!(errors[0].code, "text.construct", "{text}");
        }
        for text in [
            "a\n",
            "a =\n",
            "a = x\n",
            "a = \"x\n",
            "a = 007\n",
            "[a\n",
            "a = 1 2\n",
            "a = 1",
            "a = 2026-13-01T00:00:00Z\n",
        ] {
            assert_eq!(code_of(text).0, "text.toml", "{text}");
        }
    }

    #[test]
    fn errors_carry_their_line() {
        assert_eq!(code_of("a = 1\nb = 2 # no\n"), ("text.comment", 2));
        assert_eq!(code_of("a = 1\nb = 2\na = 3\n"), ("text.duplicate-key", 3));
        assert_eq!(code_of("[t]\na = 1\n[t]\n"), ("text.duplicate-key", 3));
        assert_eq!(code_of("[[t]]\na = 1\n[t]\n"), ("text.duplicate-key", 3));
        assert_eq!(code_of("title = \"\u{202E}x\"\n"), ("text.bidi", 1));
        assert_eq!(code_of("id = \"é\"\n"), ("text.non-ascii", 1));
        assert_eq!(code_of("title = \"e\u{301}\"\n"), ("text.nfc", 1));
        assert_eq!(code_of("a =\t1\n"), ("note.control-char", 1));
        assert_eq!(code_of("a = 1\r\n"), ("note.control-char", 1));
    }
}
