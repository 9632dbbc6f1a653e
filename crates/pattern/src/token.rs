//! Characters to tokens (STIX 2.1 §9.2, Appendix of the grammar).

use entente_stix::Timestamp;

use crate::error::{PatternError, PatternErrorKind};
use crate::tree::Constant;

/// Keywords, which are case-sensitive and win over names. `LAST` is reserved and fits nowhere.
const KEYWORDS: [&str; 19] = [
    "AND",
    "OR",
    "NOT",
    "FOLLOWEDBY",
    "LIKE",
    "MATCHES",
    "ISSUBSET",
    "ISSUPERSET",
    "EXISTS",
    "IN",
    "START",
    "STOP",
    "WITHIN",
    "SECONDS",
    "REPEATS",
    "TIMES",
    "LAST",
    "true",
    "false",
];

/// Symbols, longer ones before their beginnings.
const SYMBOLS: [&str; 16] = ["==", "!=", "<>", "<=", ">=", "=", "<", ">", "(", ")", "[", "]", ":", ".", ",", "*"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    Keyword(&'static str),
    Symbol(&'static str),
    Name(&'a str),
    /// A name with a hyphen, which only an object type may have.
    Hyphenated(&'a str),
    /// Any constant but booleans, which are keywords.
    Constant(Constant),
    End,
}

/// Tells whether `text` is a name that needs no quotes in a path.
pub(crate) fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !KEYWORDS.contains(&text)
}

pub(crate) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Returns the next token with its first byte and the byte after it.
    pub(crate) fn next(&mut self) -> Result<(Token<'a>, usize, usize), PatternError> {
        self.skip_space()?;
        let start = self.at;
        let rest = self.rest();
        let token = match rest.as_bytes() {
            [] => Token::End,
            [b'\'', ..] => {
                self.at = self.at.saturating_add(1);
                Token::Constant(Constant::Text(self.string(start)?))
            }
            [prefix @ (b'h' | b'b' | b't'), b'\'', ..] => self.prefixed(*prefix, start)?,
            [b'A'..=b'Z' | b'a'..=b'z' | b'_', ..] => self.word(),
            [b'0'..=b'9', ..] | [b'+' | b'-' | b'.', b'0'..=b'9', ..] | [b'+' | b'-', b'.', ..] => {
                self.number(start)?
            }
            _ => match SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
                Some(symbol) => {
                    self.at = self.at.saturating_add(symbol.len());
                    Token::Symbol(symbol)
                }
                None => return Err(self.fault(start, "a token of the pattern language")),
            },
        };
        Ok((token, start, self.at))
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_space(&mut self) -> Result<(), PatternError> {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at = self.text.len().saturating_sub(trimmed.len());
            if trimmed.starts_with("//") {
                let length = trimmed.find('\n').unwrap_or(trimmed.len());
                self.at = self.at.saturating_add(length);
            } else if let Some(comment) = trimmed.strip_prefix("/*") {
                let Some(length) = comment.find("*/") else {
                    return Err(self.fault(self.at, "a comment that ends in `*/`"));
                };
                self.at = self.at.saturating_add(length).saturating_add(4);
            } else {
                return Ok(());
            }
        }
    }

    fn word(&mut self) -> Token<'a> {
        let rest = self.rest();
        let length = rest
            .bytes()
            .position(|byte| !(byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'))
            .unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or_default();
        self.at = self.at.saturating_add(length);
        if let Some(keyword) = KEYWORDS.into_iter().find(|keyword| *keyword == word) {
            Token::Keyword(keyword)
        } else if word.contains('-') {
            Token::Hyphenated(word)
        } else {
            Token::Name(word)
        }
    }

    fn number(&mut self, start: usize) -> Result<Token<'a>, PatternError> {
        let rest = self.rest();
        let unsigned = rest.trim_start_matches(['+', '-']);
        let sign = rest.len().saturating_sub(unsigned.len());
        let digits = |text: &str| text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
        let whole = digits(unsigned);
        let after = unsigned.get(whole..).unwrap_or_default();
        let fraction = after.strip_prefix('.').map_or(0, digits);
        let negative = rest.starts_with('-');
        if fraction > 0 {
            let length = whole.saturating_add(1).saturating_add(fraction);
            self.at = start.saturating_add(sign).saturating_add(length);
            return Ok(Token::Constant(float(unsigned.get(..length).unwrap_or_default(), negative)));
        }
        if whole == 0 {
            return Err(self.fault(start, "a number with a digit after its sign and point"));
        }
        // A leading zero stands alone; what follows it fits nowhere.
        let length = if unsigned.starts_with('0') { 1 } else { whole };
        self.at = start.saturating_add(sign).saturating_add(length);
        let magnitude = unsigned.get(..length).unwrap_or_default();
        let minus = if negative && magnitude != "0" { "-" } else { "" };
        Ok(Token::Constant(Constant::Integer(format!("{minus}{magnitude}"))))
    }

    /// Reads a string from after its opening quote; the only escapes are `\'` and `\\`.
    fn string(&mut self, start: usize) -> Result<String, PatternError> {
        let mut out = String::new();
        loop {
            let rest = self.rest();
            let Some(length) = rest.find(['\'', '\\']) else {
                return Err(self.fault(start, "a string that ends in `'`"));
            };
            out.push_str(rest.get(..length).unwrap_or_default());
            self.at = self.at.saturating_add(length);
            match self.rest().as_bytes() {
                [b'\'', ..] => {
                    self.at = self.at.saturating_add(1);
                    return Ok(out);
                }
                [b'\\', escaped @ (b'\'' | b'\\'), ..] => {
                    out.push(char::from(*escaped));
                    self.at = self.at.saturating_add(2);
                }
                _ => return Err(self.fault(self.at, "`\\'` or `\\\\`, the only escapes")),
            }
        }
    }

    /// Reads `h'…'`, `b'…'` or `t'…'`.
    fn prefixed(&mut self, prefix: u8, start: usize) -> Result<Token<'a>, PatternError> {
        self.at = self.at.saturating_add(2);
        let rest = self.rest();
        let Some(length) = rest.find('\'') else {
            return Err(self.fault(start, "a constant that ends in `'`"));
        };
        let inside = rest.get(..length).unwrap_or_default();
        self.at = self.at.saturating_add(length).saturating_add(1);
        let (constant, expected) = match prefix {
            b'h' => (hex(inside), "pairs of hexadecimal digits"),
            b'b' => (binary(inside), "base64 with padding"),
            _ => (timestamp(inside), "a timestamp `t'YYYY-MM-DDTHH:MM:SS.sssZ'`"),
        };
        constant
            .map(Token::Constant)
            .ok_or_else(|| PatternError::new(PatternErrorKind::Syntax, self.text, start, self.at, expected))
    }

    /// Makes a syntax error about the character at `at`.
    fn fault(&self, at: usize, expected: &'static str) -> PatternError {
        let length = self.text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        PatternError::new(PatternErrorKind::Syntax, self.text, at, at.saturating_add(length), expected)
    }
}

fn float(text: &str, negative: bool) -> Constant {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let minus = if negative && !(whole.is_empty() && fraction.is_empty()) { "-" } else { "" };
    let or_zero = |text: &str| if text.is_empty() { "0".to_owned() } else { text.to_owned() };
    Constant::Float(format!("{minus}{}.{}", or_zero(whole), or_zero(fraction)))
}

fn hex(inside: &str) -> Option<Constant> {
    let valid = inside.len().is_multiple_of(2) && inside.bytes().all(|byte| byte.is_ascii_hexdigit());
    valid.then(|| Constant::Hex(inside.to_ascii_lowercase()))
}

fn binary(inside: &str) -> Option<Constant> {
    let line: String = inside.chars().filter(|character| !matches!(character, '\n' | '\r')).collect();
    let digits = line.trim_end_matches('=');
    let padding = line.len().saturating_sub(digits.len());
    let valid = !line.is_empty()
        && line.len().is_multiple_of(4)
        && padding <= 2
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'));
    valid.then_some(Constant::Binary(line))
}

/// A day or second that does not exist is still a token (STIX 2.1 §9.2 rules the form only).
fn timestamp(inside: &str) -> Option<Constant> {
    let formed = Timestamp::parse(inside).map_or_else(|error| error.code() == "STIX-E-111", |_| true);
    formed.then(|| Constant::Timestamp(inside.to_owned()))
}
