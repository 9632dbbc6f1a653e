//! Characters to tokens (STIX 2.1 §9.2, Appendix of the grammar).
//!
//! A token is one byte of meaning and two places in the text; what it says is read from there once the parser wants it, so
//! that names, keywords and symbols cost no allocation.

use std::borrow::Cow;

use entente_stix::Timestamp;
use memchr::memchr2;

use crate::tree::Constant;

/// One token. Keywords are case-sensitive and win over names; of several tokens the longest is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    And,
    Or,
    Not,
    FollowedBy,
    Like,
    Matches,
    IsSubset,
    IsSuperset,
    Exists,
    In,
    Start,
    Stop,
    Within,
    Seconds,
    Repeats,
    Times,
    /// Reserved; fits nowhere.
    Last,
    True,
    False,
    /// `=` and `==`
    Equal,
    /// `!=` and `<>`
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    Colon,
    Point,
    Comma,
    Star,
    Name,
    /// A name with a hyphen, which only an object type may have.
    Hyphenated,
    Text {
        escaped: bool,
    },
    Integer,
    Float,
    Hex,
    Binary,
    Timestamp,
    End,
    /// No token; [`Lexer::expected`] says what would be one.
    Invalid,
}

/// Tells whether `text` is a name that needs no quotes in a path.
pub(crate) fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_')
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        && keyword(bytes).is_none()
}

fn keyword(word: &[u8]) -> Option<Token> {
    Some(match word {
        b"AND" => Token::And,
        b"OR" => Token::Or,
        b"NOT" => Token::Not,
        b"FOLLOWEDBY" => Token::FollowedBy,
        b"LIKE" => Token::Like,
        b"MATCHES" => Token::Matches,
        b"ISSUBSET" => Token::IsSubset,
        b"ISSUPERSET" => Token::IsSuperset,
        b"EXISTS" => Token::Exists,
        b"IN" => Token::In,
        b"START" => Token::Start,
        b"STOP" => Token::Stop,
        b"WITHIN" => Token::Within,
        b"SECONDS" => Token::Seconds,
        b"REPEATS" => Token::Repeats,
        b"TIMES" => Token::Times,
        b"LAST" => Token::Last,
        b"true" => Token::True,
        b"false" => Token::False,
        _ => return None,
    })
}

pub(crate) struct Lexer<'a> {
    text: &'a str,
    start: usize,
    end: usize,
    expected: &'static str,
    /// STIX 2.0 did not know `EXISTS`.
    exists_is_name: bool,
}

impl<'a> Lexer<'a> {
    pub(crate) const fn new(text: &'a str, exists_is_name: bool) -> Self {
        Self { text, start: 0, end: 0, expected: "", exists_is_name }
    }

    /// Returns the first byte of the last token.
    pub(crate) const fn start(&self) -> usize {
        self.start
    }

    /// Returns the byte after the last token.
    pub(crate) const fn end(&self) -> usize {
        self.end
    }

    /// Returns the last token as written.
    pub(crate) fn slice(&self) -> &'a str {
        self.text.get(self.start..self.end).unwrap_or_default()
    }

    /// Returns what would be a token where [`Token::Invalid`] stands.
    pub(crate) const fn expected(&self) -> &'static str {
        self.expected
    }

    /// Reads the next token. Total: text that is no token is [`Token::Invalid`].
    pub(crate) fn next(&mut self) -> Token {
        if !self.skip_space() {
            return self.invalid("a comment that ends in `*/`");
        }
        self.start = self.end;
        let rest = self.rest();
        let (token, length) = match rest {
            [] => (Token::End, 0),
            [prefix @ (b'h' | b'b' | b't'), b'\'', ..] => return self.prefixed(*prefix),
            [b'A'..=b'Z' | b'a'..=b'z' | b'_', ..] => match word(rest) {
                (Token::Exists, length) if self.exists_is_name => (Token::Name, length),
                other => other,
            },
            [b'\'', ..] => return self.string(),
            [b'0'..=b'9', ..] | [b'+' | b'-' | b'.', b'0'..=b'9', ..] | [b'+' | b'-', b'.', ..] => {
                return self.number();
            }
            [b'=', b'=', ..] => (Token::Equal, 2),
            [b'!', b'=', ..] | [b'<', b'>', ..] => (Token::NotEqual, 2),
            [b'<', b'=', ..] => (Token::LessOrEqual, 2),
            [b'>', b'=', ..] => (Token::GreaterOrEqual, 2),
            [b'=', ..] => (Token::Equal, 1),
            [b'<', ..] => (Token::Less, 1),
            [b'>', ..] => (Token::Greater, 1),
            [b'(', ..] => (Token::Open, 1),
            [b')', ..] => (Token::Close, 1),
            [b'[', ..] => (Token::OpenBracket, 1),
            [b']', ..] => (Token::CloseBracket, 1),
            [b':', ..] => (Token::Colon, 1),
            [b'.', ..] => (Token::Point, 1),
            [b',', ..] => (Token::Comma, 1),
            [b'*', ..] => (Token::Star, 1),
            _ => return self.invalid("a token of the pattern language"),
        };
        self.end = self.end.saturating_add(length);
        token
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.end..).unwrap_or_default()
    }

    /// Moves the end past white space and comments; false at a comment that does not end.
    fn skip_space(&mut self) -> bool {
        loop {
            let length = match self.rest() {
                [b' ' | b'\t'..=b'\r', ..] => 1,
                [b'/', b'/', comment @ ..] => {
                    let length = comment.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
                    length.unwrap_or(comment.len()).saturating_add(2)
                }
                [b'/', b'*', comment @ ..] => match comment.windows(2).position(|pair| pair == b"*/") {
                    Some(length) => length.saturating_add(4),
                    None => return false,
                },
                [0x80..=0xff, ..] => {
                    let character = self.text.get(self.end..).and_then(|rest| rest.chars().next());
                    match character.filter(|character| character.is_whitespace()) {
                        Some(character) => character.len_utf8(),
                        None => return true,
                    }
                }
                _ => return true,
            };
            self.end = self.end.saturating_add(length);
        }
    }

    fn number(&mut self) -> Token {
        let rest = self.rest();
        let sign = usize::from(matches!(rest, [b'+' | b'-', ..]));
        let unsigned = rest.get(sign..).unwrap_or_default();
        let digits = |bytes: &[u8]| bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
        let whole = digits(unsigned);
        let fraction = match unsigned.get(whole..) {
            Some([b'.', after @ ..]) => digits(after),
            _ => 0,
        };
        let (token, length) = match (whole, fraction) {
            (0, 0) => return self.invalid("a number with a digit after its sign and point"),
            // A leading zero stands alone; what follows it fits nowhere.
            (_, 0) => (Token::Integer, if unsigned.starts_with(b"0") { 1 } else { whole }),
            _ => (Token::Float, whole.saturating_add(1).saturating_add(fraction)),
        };
        self.end = self.end.saturating_add(sign).saturating_add(length);
        token
    }

    /// Reads a string; the only escapes are `\'` and `\\`.
    fn string(&mut self) -> Token {
        let mut at = 1_usize;
        let mut escaped = false;
        let bytes = self.rest();
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let Some(length) = memchr2(b'\'', b'\\', rest) else {
                return self.invalid("a string that ends in `'`");
            };
            at = at.saturating_add(length);
            match bytes.get(at..) {
                Some([b'\\', b'\'' | b'\\', ..]) => {
                    escaped = true;
                    at = at.saturating_add(2);
                }
                Some([b'\\', ..]) => {
                    self.start = self.end.saturating_add(at);
                    self.end = self.start;
                    return self.invalid("`\\'` or `\\\\`, the only escapes");
                }
                _ => break,
            }
        }
        self.end = self.end.saturating_add(at).saturating_add(1);
        Token::Text { escaped }
    }

    /// Reads `h'…'`, `b'…'` or `t'…'`.
    fn prefixed(&mut self, prefix: u8) -> Token {
        let inside = self.text.get(self.end.saturating_add(2)..).unwrap_or_default();
        let Some(length) = inside.bytes().position(|byte| byte == b'\'') else {
            return self.invalid("a constant that ends in `'`");
        };
        let inside = inside.get(..length).unwrap_or_default();
        let (token, fits, expected) = match prefix {
            b'h' => (Token::Hex, is_hex(inside), "pairs of hexadecimal digits"),
            b'b' => (Token::Binary, is_base64(&without_line_ends(inside)), "base64 with padding"),
            _ => (Token::Timestamp, is_timestamp(inside), "a timestamp `t'YYYY-MM-DDTHH:MM:SS.sssZ'`"),
        };
        self.end = self.end.saturating_add(length).saturating_add(3);
        if fits {
            return token;
        }
        self.expected = expected;
        Token::Invalid
    }

    /// Notes what was expected where the character at the end stands.
    fn invalid(&mut self, expected: &'static str) -> Token {
        self.start = self.end;
        let length = self.text.get(self.end..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        self.end = self.end.saturating_add(length);
        self.expected = expected;
        Token::Invalid
    }
}

fn word(rest: &[u8]) -> (Token, usize) {
    let mut hyphenated = false;
    let mut length = 0_usize;
    for byte in rest {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'A'..=b'Z' | b'_' => {}
            b'-' => hyphenated = true,
            _ => break,
        }
        length = length.saturating_add(1);
    }
    if hyphenated {
        return (Token::Hyphenated, length);
    }
    let name = rest.get(..length).unwrap_or_default();
    (keyword(name).unwrap_or(Token::Name), length)
}

/// Makes the constant of a token from its text; `None` for a token that is none. Numbers stay exact decimals.
pub(crate) fn constant(token: Token, slice: &str) -> Option<Constant> {
    Some(match token {
        Token::True => Constant::Boolean(true),
        Token::False => Constant::Boolean(false),
        Token::Text { escaped } => Constant::Text(text(slice, escaped)),
        Token::Integer => Constant::Integer(integer(slice)),
        Token::Float => Constant::Float(float(slice)),
        Token::Hex => Constant::Hex(inside(slice, 2).to_ascii_lowercase()),
        Token::Binary => Constant::Binary(without_line_ends(inside(slice, 2)).into_owned()),
        Token::Timestamp => Constant::Timestamp(inside(slice, 2).to_owned()),
        _ => return None,
    })
}

/// Takes the first `prefix` bytes and the closing quote off.
fn inside(slice: &str, prefix: usize) -> &str {
    slice.get(prefix..slice.len().saturating_sub(1)).unwrap_or_default()
}

/// Returns what a string token says.
pub(crate) fn text(slice: &str, escaped: bool) -> String {
    let inside = inside(slice, 1);
    if !escaped {
        return inside.to_owned();
    }
    let mut out = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some((plain, after)) = rest.split_once('\\') {
        out.push_str(plain);
        // The lexer lets only one-byte escapes pass.
        let (escaped, after) = after.split_at_checked(1).unwrap_or_default();
        out.push_str(escaped);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Drops the sign `+`, and any sign of zero.
pub(crate) fn integer(slice: &str) -> String {
    let magnitude = slice.trim_start_matches(['+', '-']);
    if magnitude != "0" && slice.starts_with('-') { slice.to_owned() } else { magnitude.to_owned() }
}

/// Writes at least one digit before and after the point and no needless zeros.
pub(crate) fn float(slice: &str) -> String {
    let magnitude = slice.trim_start_matches(['+', '-']);
    let (whole, fraction) = magnitude.split_once('.').unwrap_or((magnitude, ""));
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let minus = if slice.starts_with('-') && !(whole.is_empty() && fraction.is_empty()) { "-" } else { "" };
    let or_zero = |text| if str::is_empty(text) { "0" } else { text };
    format!("{minus}{}.{}", or_zero(whole), or_zero(fraction))
}

fn is_hex(inside: &str) -> bool {
    inside.len().is_multiple_of(2) && inside.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Line ends inside a binary constant say nothing (STIX 2.1 §9.2), though the published grammar does not know them.
fn without_line_ends(inside: &str) -> Cow<'_, str> {
    if inside.contains(['\n', '\r']) {
        Cow::Owned(inside.chars().filter(|character| !matches!(character, '\n' | '\r')).collect())
    } else {
        Cow::Borrowed(inside)
    }
}

fn is_base64(line: &str) -> bool {
    let digits = line.trim_end_matches('=');
    let padding = line.len().saturating_sub(digits.len());
    !line.is_empty()
        && line.len().is_multiple_of(4)
        && padding <= 2
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

/// A day or second that does not exist is still a token (STIX 2.1 §9.2 rules the form only).
pub(crate) fn is_timestamp(inside: &str) -> bool {
    Timestamp::parse(inside).map_or_else(|error| error.code() == "STIX-E-111", |_| true)
}
