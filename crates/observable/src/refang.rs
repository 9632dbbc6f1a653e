//! Undoing the harmless spelling, section 4.11 of the value rules.

use std::borrow::Cow;

/// Words that writers put in place of `http` and `ftp`; an `s` may follow.
const BROKEN_HTTP: [&str; 10] = ["hxxp", "h**p", "hxtp", "htxp", "hhttp", "ttp", "meow", "htp", "htttp", "hxxxp"];
const BROKEN_FTP: [&str; 2] = ["fxp", "ftx"];

/// LIMIT: the longest word is `hhttps` or `hxxxps`, six letters; schemes in use are no longer than six.
const SCHEME_SIZE_BYTES_MAX: usize = 6;

/// Undoes the defanging of a text that is one value.
///
/// Bracketed marks (`[.]`, `(at)`, `[:]`) are undone everywhere; words and blanks only before the first `/`. A text
/// without marks is returned as it is. One pass, linear in the length of the text.
#[must_use]
pub fn refang(text: &str) -> Cow<'_, str> {
    let marked = match marks(text) {
        Some(changed) => Cow::Owned(changed),
        None => Cow::Borrowed(text),
    };
    let worded = match words(&marked) {
        Some(changed) => Cow::Owned(changed),
        None => marked,
    };
    match scheme(&worded) {
        Some(changed) => Cow::Owned(changed),
        None => worded,
    }
}

/// Undoes bracketed marks; `None` when there is none.
fn marks(text: &str) -> Option<String> {
    if !text.bytes().any(|byte| matches!(byte, b'[' | b'(' | b'{' | b'<' | b'\\' | b']')) {
        return None;
    }
    let has_closing_square = text.rfind(']');
    let mut output = String::with_capacity(text.len());
    let mut changed = false;
    let mut in_path = false;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let position = text.len().saturating_sub(rest.len());
        let closed_later = has_closing_square.is_some_and(|last| last > position);
        if let Some((replacement, consumed)) = mark_at(rest, output.chars().next_back(), in_path, closed_later) {
            let mut after = rest.get(consumed..).unwrap_or("");
            if !in_path {
                output.truncate(output.trim_end_matches(' ').len());
                after = after.trim_start_matches(' ');
            }
            output.push_str(replacement);
            in_path |= replacement.contains('/');
            rest = after;
            changed = true;
            continue;
        }
        output.push(first);
        in_path |= first == '/';
        rest = rest.get(first.len_utf8()..).unwrap_or("");
    }
    changed.then_some(output)
}

fn is_label_char(character: Option<char>) -> bool {
    character.is_some_and(|character| character.is_alphanumeric() || character == '-' || character == '_')
}

/// Recognises a mark at the start of `rest`: what it stands for, and its length in bytes.
fn mark_at(rest: &str, before: Option<char>, in_path: bool, closed_later: bool) -> Option<(&'static str, usize)> {
    let first = rest.chars().next()?;
    match first {
        '[' => {
            doubled(rest).or_else(|| bracketed(rest, ']', 1, &SQUARE)).or_else(|| half_open(rest, before, closed_later))
        }
        '(' => bracketed(rest, ')', 1, &ROUND),
        '{' => bracketed(rest, '}', 1, &CURLY),
        '<' => bracketed(rest, '>', 1, &ANGLE),
        '.' if rest.starts_with(".]") && is_label_char(before) && is_label_char(rest.chars().nth(2)) => Some((".", 2)),
        '\\' if !in_path && rest.starts_with("\\.") && is_label_char(before) && is_label_char(rest.chars().nth(2)) => {
            Some((".", 2))
        }
        _ => None,
    }
}

const SQUARE: [(&str, &str); 10] = [
    (".", "."),
    ("dot", "."),
    ("punkt", "."),
    ("point", "."),
    (",", "."),
    (":", ":"),
    ("://", "://"),
    ("//", "//"),
    ("/", "/"),
    ("@", "@"),
];
const ROUND: [(&str, &str); 5] = [(".", "."), ("dot", "."), ("/", "/"), ("at", "@"), ("@", "@")];
const CURLY: [(&str, &str); 3] = [(".", "."), ("dot", "."), ("at", "@")];
const ANGLE: [(&str, &str); 1] = [(".", ".")];

/// LIMIT: the longest mark is `[ punkt ]` with a few blanks.
const MARK_SIZE_BYTES_MAX: usize = 16;

fn bracketed(rest: &str, close: char, skip: usize, table: &[(&str, &'static str)]) -> Option<(&'static str, usize)> {
    let inner_and_more = rest.get(skip..)?;
    let end = inner_and_more.char_indices().take(MARK_SIZE_BYTES_MAX).find(|(_, c)| *c == close)?.0;
    let inner = inner_and_more.get(..end)?.trim_matches(' ');
    let consumed = skip.saturating_add(end).saturating_add(close.len_utf8());
    table.iter().find(|(word, _)| word.eq_ignore_ascii_case(inner)).map(|(_, mark)| (*mark, consumed)).or_else(|| {
        // `[at]` is as common as `(at)`, but only square brackets share the table of dots and slashes.
        (close == ']' && inner.eq_ignore_ascii_case("at")).then_some(("@", consumed))
    })
}

fn doubled(rest: &str) -> Option<(&'static str, usize)> {
    rest.starts_with("[[.]]").then_some((".", 5))
}

/// Takes `[.` and `[dot` without the closing bracket, between two label characters.
fn half_open(rest: &str, before: Option<char>, closed_later: bool) -> Option<(&'static str, usize)> {
    if !is_label_char(before) {
        return None;
    }
    if rest.starts_with("[.") {
        return is_label_char(rest.chars().nth(2)).then_some((".", 2));
    }
    let word = rest.get(1..4)?;
    let follows = rest.get(4..)?.chars().next();
    (!closed_later && word.eq_ignore_ascii_case("dot") && is_label_char(follows)).then_some((".", 4))
}

/// Undoes ` dot `, ` at ` and ` @ ` before the first `/`; `None` when there is none.
fn words(text: &str) -> Option<String> {
    if !text.contains(' ') {
        return None;
    }
    let end = text.find('/').unwrap_or(text.len());
    let (head, tail) = text.split_at(end);
    let mut parts = head.split(' ').filter(|part| !part.is_empty()).peekable();
    let has_at = head.contains('@');
    let mut output = String::with_capacity(text.len());
    let mut changed = false;
    let mut glue = true;
    while let Some(part) = parts.next() {
        let inside = !output.is_empty() && !glue && parts.peek().is_some();
        let mark = match part {
            "@" => "@",
            _ if part.eq_ignore_ascii_case("dot") => ".",
            _ if !has_at && part.eq_ignore_ascii_case("at") => "@",
            _ => "",
        };
        if inside && !mark.is_empty() {
            output.push_str(mark);
            changed = true;
            glue = true;
            continue;
        }
        if !glue {
            output.push(' ');
        }
        output.push_str(part);
        glue = false;
    }
    if !changed {
        return None;
    }
    output.push_str(tail);
    Some(output)
}

/// Mends the scheme in front; `None` when it is well formed or absent.
fn scheme(text: &str) -> Option<String> {
    let end = text
        .bytes()
        .take(SCHEME_SIZE_BYTES_MAX.saturating_add(1))
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'*')
        .count();
    let word = text.get(..end)?.to_ascii_lowercase();
    let rest = text.get(end..)?;
    let mended = mended_scheme(&word);
    let known = mended.or_else(|| is_web_scheme(&word).then(|| word.clone()))?;
    const SEPARATORS: [&str; 8] = ["://", ":\\\\", ":__", "__", "//", ":\\/", ":/", ":\\"];
    let separator = SEPARATORS.into_iter().find(|separator| rest.starts_with(separator))?;
    if separator == "://" && known == word {
        return None;
    }
    let after = rest.get(separator.len()..)?;
    Some(format!("{known}://{after}"))
}

fn is_web_scheme(word: &str) -> bool {
    matches!(word, "http" | "https" | "ftp" | "ftps")
}

fn mended_scheme(word: &str) -> Option<String> {
    let (stem, secure) = match word.strip_suffix('s') {
        Some(stem) => (stem, "s"),
        None => (word, ""),
    };
    if BROKEN_HTTP.contains(&stem) {
        return Some(format!("http{secure}"));
    }
    BROKEN_FTP.contains(&stem).then(|| format!("ftp{secure}"))
}
