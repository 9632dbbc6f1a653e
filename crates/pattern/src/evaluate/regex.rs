//! Regular expressions of `MATCHES`: PCRE syntax carried over to an engine of linear time (STIX 2.1 §9.6.1).
//!
//! The expression is read once and written again in the syntax of the `regex` crate. Groups become non-capturing, since only
//! "found" or "not found" is asked. What needs back-tracking is refused: look-around, back-references, recursion,
//! conditionals, atomic groups, possessive quantifiers, `\K`, `\G`, `\C`.
//!
//! GAP: `$` and `\Z` before a final line feed take that line feed with them, so an expression that goes on to match it
//! (`a$\n`) finds nothing.

use std::iter::Peekable;
use std::str::Chars;

use unicode_normalization::UnicodeNormalization;

/// LIMIT: size of one compiled expression: 4 MiB, since `[\w.-]{1,64}@`, which mail addresses are looked for with, takes 3.
const COMPILED_SIZE_BYTES_MAX: usize = 4 << 20;
/// LIMIT: size of all compiled expressions of one pattern, in equal shares; 256 of them still get 32 KiB each.
const TOTAL_SIZE_BYTES_MAX: usize = 8 << 20;
/// LIMIT: size of the search cache of one expression.
const CACHE_SIZE_BYTES_MAX: usize = 1 << 20;
/// LIMIT: groups open at one place.
const DEPTH_MAX: usize = 100;

/// LIMIT: bytes of the compiled size for each character property: 512 properties in 4 MiB. The engine heeds its own limit only
/// once it has written all of them out, and `(?i)\pL` takes 44 KiB and 0.14 ms by itself: 64 KiB of them took 700 MiB.
const PROPERTY_SIZE_BYTES: usize = 8 << 10;

/// Tells whether `expression` can be evaluated on strings or octets, with the reason if not (`STIX-E-913`).
pub(crate) fn check(expression: &str, is_octets: bool, size_bytes_max: usize) -> Result<(), String> {
    if is_octets {
        Octets::new(expression, size_bytes_max).map(|_| ())
    } else {
        Text::new(expression, size_bytes_max).map(|_| ())
    }
}

/// Returns the size each of `count` expressions of one pattern may have.
pub(crate) fn share(count: usize) -> usize {
    TOTAL_SIZE_BYTES_MAX.checked_div(count).map_or(COMPILED_SIZE_BYTES_MAX, |each| each.min(COMPILED_SIZE_BYTES_MAX))
}

/// An expression for strings: Unicode classes, value and expression in NFC.
#[derive(Debug)]
pub(crate) struct Text(::regex::Regex);

impl Text {
    pub(crate) fn new(expression: &str, size_bytes_max: usize) -> Result<Self, String> {
        let translated = translate(expression, Alphabet::Characters, size_bytes_max)?.unwrap_or_default();
        ::regex::RegexBuilder::new(&translated)
            .dot_matches_new_line(true)
            .size_limit(size_bytes_max)
            .dfa_size_limit(CACHE_SIZE_BYTES_MAX)
            .build()
            .map(Self)
            .map_err(|error| reason(&error))
    }

    /// Searches anywhere in a text in NFC.
    pub(crate) fn is_found_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// An expression for octets, which are read as U+0000 to U+00FF; none where a character beyond them stands in it.
#[derive(Debug)]
pub(crate) struct Octets(Option<::regex::bytes::Regex>);

impl Octets {
    pub(crate) fn new(expression: &str, size_bytes_max: usize) -> Result<Self, String> {
        let Some(translated) = translate(expression, Alphabet::Octets, size_bytes_max)? else {
            return check(expression, false, size_bytes_max).map(|()| Self(None));
        };
        ::regex::bytes::RegexBuilder::new(&translated)
            .unicode(false)
            .dot_matches_new_line(true)
            .size_limit(size_bytes_max)
            .dfa_size_limit(CACHE_SIZE_BYTES_MAX)
            .build()
            .map(|expression| Self(Some(expression)))
            .map_err(|error| reason(&error))
    }

    /// Searches anywhere in the octets.
    pub(crate) fn is_found_in(&self, octets: &[u8]) -> bool {
        self.0.as_ref().is_some_and(|expression| expression.is_match(octets))
    }
}

/// The engine's report quotes the translated text over several lines; its last line says what is wrong.
fn reason(error: &::regex::Error) -> String {
    match error {
        ::regex::Error::CompiledTooBig(_) => "it takes too much memory once compiled".to_owned(),
        _ => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.strip_prefix("error: ").unwrap_or(last).to_owned()
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Alphabet {
    Characters,
    Octets,
}

/// Switches that the translation itself heeds; the others are the engine's.
#[derive(Clone, Copy, Default)]
struct Switches {
    multi_line: bool,
    extended: bool,
}

/// Returns the expression in the engine's syntax; none where it has a character that no octet stands for.
fn translate(expression: &str, alphabet: Alphabet, size_bytes_max: usize) -> Result<Option<String>, String> {
    let normal: String = expression.nfc().collect();
    let mut translation = Translation {
        rest: normal.chars().peekable(),
        out: String::with_capacity(normal.len()),
        alphabet,
        switches: Switches::default(),
        open: Vec::new(),
        is_wide: false,
        was_quantifier: false,
        properties: size_bytes_max / PROPERTY_SIZE_BYTES,
    };
    translation.run()?;
    Ok((!translation.is_wide).then_some(translation.out))
}

struct Translation<'a> {
    rest: Peekable<Chars<'a>>,
    out: String,
    alphabet: Alphabet,
    switches: Switches,
    /// The switches outside of each open group.
    open: Vec<Switches>,
    is_wide: bool,
    was_quantifier: bool,
    /// How many more character properties may be written.
    properties: usize,
}

/// One member of a bracket class.
enum Member {
    One(char),
    /// Already written; cannot begin a range.
    Many,
    Nothing,
}

impl Translation<'_> {
    fn run(&mut self) -> Result<(), String> {
        while let Some(character) = self.rest.next() {
            let was_quantifier = std::mem::take(&mut self.was_quantifier);
            match character {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '(' => self.group()?,
                ')' => {
                    self.switches = self.open.pop().ok_or("a `)` closes nothing")?;
                    self.out.push(')');
                }
                '$' => self.end(),
                '^' | '.' | '|' => self.out.push(character),
                '*' | '?' | '+' => {
                    if was_quantifier && character == '+' {
                        return Err("possessive quantifiers are not supported".to_owned());
                    }
                    // The `?` of a lazy quantifier ends it.
                    self.was_quantifier = !(was_quantifier && character == '?');
                    self.out.push(character);
                }
                '{' => self.brace(),
                _ if self.switches.extended && character.is_whitespace() => {}
                '#' if self.switches.extended => while self.rest.next().is_some_and(|passed| passed != '\n') {},
                _ => self.literal(character),
            }
        }
        if self.open.is_empty() { Ok(()) } else { Err("a `(` is not closed".to_owned()) }
    }

    fn end(&mut self) {
        self.out.push_str(if self.switches.multi_line { "$" } else { r"(?:\n?\z)" });
    }

    /// Writes a character that stands for itself.
    fn literal(&mut self, character: char) {
        if self.alphabet == Alphabet::Octets && !character.is_ascii() {
            self.code(character);
        } else {
            self.out.push_str(&::regex::escape(character.encode_utf8(&mut [0; 4])));
        }
    }

    /// Writes a character by its number, which is safe inside a class.
    fn code(&mut self, character: char) {
        match (self.alphabet, u32::from(character)) {
            (Alphabet::Characters, code) => self.out.push_str(&format!("\\x{{{code:X}}}")),
            (Alphabet::Octets, code @ ..=0xff) => self.out.push_str(&format!("\\x{code:02X}")),
            (Alphabet::Octets, _) => self.is_wide = true,
        }
    }

    /// Reads `{n}`, `{n,}` or `{n,m}`; any other brace is itself.
    fn brace(&mut self) {
        let mut ahead = self.rest.clone();
        let mut inside = String::new();
        while let Some(character) = ahead.next_if(|next| next.is_ascii_digit() || *next == ',') {
            inside.push(character);
        }
        let is_count = ahead.next() == Some('}')
            && inside.starts_with(|first: char| first.is_ascii_digit())
            && inside.matches(',').count() <= 1;
        if is_count {
            self.rest = ahead;
            self.out.push_str(&format!("{{{inside}}}"));
            self.was_quantifier = true;
        } else {
            self.literal('{');
        }
    }

    fn group(&mut self) -> Result<(), String> {
        if self.open.len() >= DEPTH_MAX {
            return Err(format!("more than {DEPTH_MAX} groups are open"));
        }
        if self.rest.peek() == Some(&'*') {
            return Err("control verbs are not supported".to_owned());
        }
        if self.rest.next_if_eq(&'?').is_none() {
            self.open.push(self.switches);
            self.out.push_str("(?:");
            return Ok(());
        }
        match self.rest.peek().copied() {
            Some('#') => {
                while self.rest.next().ok_or("a comment is not closed")? != ')' {}
                return Ok(());
            }
            Some(':' | '|') => {
                self.rest.next();
            }
            Some('=' | '!') => return Err("look-ahead is not supported".to_owned()),
            Some('>') => return Err("atomic groups are not supported".to_owned()),
            Some('(') => return Err("conditionals are not supported".to_owned()),
            Some('R' | '0'..='9' | '+' | '&') => return Err("recursion is not supported".to_owned()),
            Some('P') => {
                self.rest.next();
                match self.rest.next() {
                    Some('<') => self.name('>')?,
                    Some('=') => return Err("back-references are not supported".to_owned()),
                    Some('>') => return Err("recursion is not supported".to_owned()),
                    _ => return Err("a group begins in a form that is not known".to_owned()),
                }
            }
            Some('<') => {
                self.rest.next();
                if matches!(self.rest.peek(), Some('=' | '!')) {
                    return Err("look-behind is not supported".to_owned());
                }
                self.name('>')?;
            }
            Some('\'') => {
                self.rest.next();
                self.name('\'')?;
            }
            _ => return self.switch(),
        }
        self.open.push(self.switches);
        self.out.push_str("(?:");
        Ok(())
    }

    fn name(&mut self, end: char) -> Result<(), String> {
        let mut length = 0_usize;
        loop {
            match self.rest.next() {
                Some(character) if character == end && length > 0 => return Ok(()),
                Some(character)
                    if character == '_' || character.is_alphabetic() || (length > 0 && character.is_numeric()) =>
                {
                    length = length.saturating_add(1);
                }
                _ => return Err("a group has no valid name".to_owned()),
            }
        }
    }

    /// Reads `(?flags)` or `(?flags:`.
    fn switch(&mut self) -> Result<(), String> {
        let outside = self.switches;
        let (mut set, mut cleared) = (String::new(), String::new());
        let mut is_set = true;
        loop {
            let character = self.rest.next().ok_or("a `(` is not closed")?;
            match character {
                '-' if is_set => is_set = false,
                '-' | '0'..='9' => return Err("recursion is not supported".to_owned()),
                'x' => self.switches.extended = is_set,
                'J' => {}
                'i' | 'm' | 's' | 'U' => {
                    if character == 'm' {
                        self.switches.multi_line = is_set;
                    }
                    let into = if is_set { &mut set } else { &mut cleared };
                    if !into.contains(character) {
                        into.push(character);
                    }
                }
                ')' | ':' => {
                    set.retain(|switch| !cleared.contains(switch));
                    let minus = if cleared.is_empty() { "" } else { "-" };
                    if character == ':' {
                        self.open.push(outside);
                        self.out.push_str(&format!("(?{set}{minus}{cleared}:"));
                    } else if !(set.is_empty() && cleared.is_empty()) {
                        self.out.push_str(&format!("(?{set}{minus}{cleared})"));
                    }
                    return Ok(());
                }
                _ => return Err("a group begins in a form that is not known".to_owned()),
            }
        }
    }

    /// Reads what follows a backslash outside of a class.
    fn escape(&mut self) -> Result<(), String> {
        let character = self.rest.next().ok_or("a backslash ends the expression")?;
        match character {
            'd' | 'D' | 'w' | 'W' | 's' | 'S' => self.out.extend(['\\', character]),
            // In parentheses, since the engine gives `\b{start}` a meaning of its own.
            'b' | 'B' => self.out.push_str(if character == 'b' { r"(?:\b)" } else { r"(?:\B)" }),
            'A' | 'z' => self.out.extend(['\\', character]),
            'Z' => self.out.push_str(r"(?:\n?\z)"),
            'h' => self.out.push_str(r"[ \t]"),
            'H' => self.out.push_str(r"[^ \t]"),
            'N' if self.rest.peek() != Some(&'{') => self.out.push_str(r"[^\n]"),
            'v' => self.vertical(false),
            'V' => self.vertical(true),
            'R' => {
                self.out.push_str(r"(?:\r\n|");
                self.vertical(false);
                self.out.push(')');
            }
            'p' | 'P' => self.property(character)?,
            'Q' => {
                while let Some(literal) = self.quoted() {
                    self.literal(literal);
                }
            }
            'E' => {}
            'k' | '1'..='9' => return Err("back-references are not supported".to_owned()),
            'g' => return Err("back-references and recursion are not supported".to_owned()),
            'K' | 'G' | 'C' | 'X' => return Err(format!("`\\{character}` is not supported")),
            _ => {
                let literal = self.character(character)?;
                self.literal(literal);
            }
        }
        Ok(())
    }

    /// Returns the next character inside `\Q…\E`; a missing `\E` is the end of the expression.
    fn quoted(&mut self) -> Option<char> {
        let next = self.rest.next()?;
        if next == '\\' && self.rest.next_if_eq(&'E').is_some() {
            return None;
        }
        Some(next)
    }

    fn vertical(&mut self, negated: bool) {
        let negation = if negated { "^" } else { "" };
        let beyond = if self.alphabet == Alphabet::Characters { r"\x{2028}\x{2029}" } else { "" };
        self.out.push_str(&format!(r"[{negation}\n-\r\x85{beyond}]"));
    }

    /// Reads `{Lu}`, `{^Lu}` or `L` after `\p` or `\P`.
    fn property(&mut self, letter: char) -> Result<(), String> {
        if self.alphabet == Alphabet::Octets {
            return Err("character properties do not fit octets".to_owned());
        }
        self.properties = self.properties.checked_sub(1).ok_or("it has too many character properties")?;
        let mut negated = letter == 'P';
        let mut name = String::new();
        if self.rest.next_if_eq(&'{').is_some() {
            negated ^= self.rest.next_if_eq(&'^').is_some();
            loop {
                match self.rest.next() {
                    Some('}') => break,
                    Some(part) if part.is_ascii_alphanumeric() || matches!(part, '_' | ' ' | '&' | '=' | '-') => {
                        name.push(part);
                    }
                    _ => return Err("a character property is not closed".to_owned()),
                }
            }
        } else {
            name.extend(self.rest.next().filter(char::is_ascii_alphabetic));
        }
        // What PCRE calls `L&`.
        let name = if name == "L&" { "LC" } else { &name };
        self.out.push_str(&format!("\\{}{{{name}}}", if negated { 'P' } else { 'p' }));
        Ok(())
    }

    /// Reads an escape that stands for one character.
    fn character(&mut self, escaped: char) -> Result<char, String> {
        Ok(match escaped {
            'a' => '\u{7}',
            'e' => '\u{1b}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'c' => {
                let control = self.rest.next().filter(char::is_ascii).ok_or("`\\c` lacks its letter")?;
                let octet = u8::try_from(control).unwrap_or_default().to_ascii_uppercase();
                char::from(octet ^ 0x40)
            }
            '0'..='7' => {
                let first = escaped.to_digit(8).unwrap_or_default();
                self.number(first, 8, 2)?
            }
            'o' if self.rest.next_if_eq(&'{').is_some() => self.number_in_braces(8)?,
            'x' if self.rest.next_if_eq(&'{').is_some() => self.number_in_braces(16)?,
            'x' => self.number(0, 16, 2)?,
            'u' if self.rest.clone().take(4).filter(char::is_ascii_hexdigit).count() == 4 => self.number(0, 16, 4)?,
            _ if escaped.is_ascii_alphanumeric() => return Err(format!("`\\{escaped}` is not known")),
            _ => escaped,
        })
    }

    fn number(&mut self, first: u32, radix: u32, digits_max: usize) -> Result<char, String> {
        let mut code = first;
        for _ in 0..digits_max {
            let Some(digit) = self.rest.peek().and_then(|next| next.to_digit(radix)) else {
                break;
            };
            self.rest.next();
            code = code.saturating_mul(radix).saturating_add(digit);
        }
        char::from_u32(code).ok_or_else(|| "a number is no character".to_owned())
    }

    fn number_in_braces(&mut self, radix: u32) -> Result<char, String> {
        let character = self.number(0, radix, 12)?;
        self.rest.next_if_eq(&'}').map(|_| character).ok_or_else(|| "a number in braces is not closed".to_owned())
    }

    /// Reads a class from after its bracket.
    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut is_first = true;
        let mut is_quoted = false;
        loop {
            let character = self.rest.next().ok_or("a `[` is not closed")?;
            if character == ']' && !is_first && !is_quoted {
                self.out.push(']');
                return Ok(());
            }
            let Member::One(low) = self.member(character, &mut is_quoted)? else {
                is_first = false;
                continue;
            };
            is_first = false;
            let mut ahead = self.rest.clone();
            let is_range = !is_quoted && ahead.next() == Some('-') && ahead.peek().is_some_and(|next| *next != ']');
            self.code(low);
            if !is_range {
                continue;
            }
            self.rest = ahead;
            let next = self.rest.next().ok_or("a `[` is not closed")?;
            self.out.push('-');
            let before = self.out.len();
            match self.member(next, &mut is_quoted)? {
                Member::One(high) if high < low => return Err("a range ends before it begins".to_owned()),
                Member::One(high) => self.code(high),
                // `[a-\d]`: the hyphen is itself.
                Member::Many | Member::Nothing => self.out.insert(before.saturating_sub(1), '\\'),
            }
        }
    }

    fn member(&mut self, character: char, is_quoted: &mut bool) -> Result<Member, String> {
        if *is_quoted {
            if character == '\\' && self.rest.next_if_eq(&'E').is_some() {
                *is_quoted = false;
                return Ok(Member::Nothing);
            }
            return Ok(Member::One(character));
        }
        if character == '[' && self.rest.peek() == Some(&':') {
            return self.posix();
        }
        if character != '\\' {
            return Ok(Member::One(character));
        }
        let escaped = self.rest.next().ok_or("a backslash ends the expression")?;
        match escaped {
            'd' | 'D' | 'w' | 'W' | 's' | 'S' => self.out.extend(['\\', escaped]),
            'h' => self.out.push_str(r"\x20\t"),
            'H' => self.out.push_str(r"[^ \t]"),
            'v' => self.vertical(false),
            'V' => self.vertical(true),
            'p' | 'P' => self.property(escaped)?,
            'Q' => {
                *is_quoted = true;
                return Ok(Member::Nothing);
            }
            'E' => return Ok(Member::Nothing),
            'b' => return Ok(Member::One('\u{8}')),
            _ => return self.character(escaped).map(Member::One),
        }
        Ok(Member::Many)
    }

    /// Reads `:name:]` or `:^name:]` if that is what follows; else the bracket is itself.
    fn posix(&mut self) -> Result<Member, String> {
        let mut ahead = self.rest.clone();
        ahead.next();
        let negation = if ahead.next_if_eq(&'^').is_some() { "^" } else { "" };
        let mut name = String::new();
        while let Some(letter) = ahead.next_if(char::is_ascii_lowercase) {
            name.push(letter);
        }
        if !(ahead.next() == Some(':') && ahead.next() == Some(']')) {
            return Ok(Member::One('['));
        }
        self.rest = ahead;
        let known = [
            "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper",
            "word", "xdigit",
        ];
        if !known.contains(&name.as_str()) {
            return Err("a POSIX class is not known".to_owned());
        }
        self.out.push_str(&format!("[:{negation}{name}:]"));
        Ok(Member::Many)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(expression: &str, text: &str) -> bool {
        Text::new(expression, share(1)).unwrap_or_else(|reason| panic!("{expression}: {reason}")).is_found_in(text)
    }

    #[test]
    fn pcre_syntax_keeps_its_meaning() {
        // Expectations from pcrepattern(3); a slip would make an indicator find what its author did not mean.
        for (expression, yes, no) in [
            ("^a.b$", "a\nb", "a\nb\n\n"),
            ("a$", "ba\n", "a\nb"),
            (r"a\Z", "a\n", "a\n\n"),
            (r"a\z", "a", "a\n"),
            (r"\Aab", "abc", "cab"),
            ("(?m)^b$", "a\nb\nc", "a\nbb\nc"),
            ("(?-s)a.b", "a-b", "a\nb"),
            ("(?i)ÄB", "äb", "ab"),
            ("a(?i:b)c", "aBc", "aBC"),
            (r"\/x\-\<\>\@", "/x-<>@", "x"),
            (r"\h\H", " x", "xx"),
            (r"^\R$", "\r\n", "x"),
            (r"a\vb", "a\u{b}b", "a b"),
            (r"^\Qa.b*\E+$", "a.b**", "aXb"),
            (r"[\Q]-^\E]", "]", "a"),
            (r"(?<n>a)(?P<m>b)(?'o'c)", "abc", "ab"),
            ("[[:digit:][:^alpha:]x]", "5", "a"),
            ("[]a]", "]", "b"),
            ("[^]a]", "b", "]"),
            ("[a[b]", "[", "c"),
            ("[a&&b]", "&", "c"),
            ("[+--]", ",", "b"),
            (r"[\w-]", "-", "."),
            (r"[a-\d]", "-", "b"),
            (r"[\x41-\x{43}\103]", "B", "D"),
            (r"[\b]", "\u{8}", "b"),
            (r"\x41\x{e9}\o{101}\cA\e\0", "AéA\u{1}\u{1b}\0", "A"),
            ("a{2}b{,3}c{", "aab{,3}c{", "aabc"),
            ("a{1,2}}]", "aa}]", "a"),
            ("(?x) a b # comment (\n c[ ]", "abc ", "a b c "),
            ("a(?#no)b", "ab", "anob"),
            (r"\bword\b", "a word!", "swords"),
            (r"^\w+\d$", "é٣", "-1"),
            (r"\p{Lu}\pL\p{^Lu}", "ABc", "ABC"),
            ("a+?b|(?|c|d)", "d", "a"),
            ("e\u{301}", "é", "e"),
        ] {
            assert!(found(expression, yes), "{expression} in {yes:?}");
            assert!(!found(expression, no), "{expression} not in {no:?}");
        }
    }

    #[test]
    fn what_needs_another_engine_is_refused_with_its_reason() {
        for (expression, part) in [
            ("a(?=b)", "look-ahead"),
            ("a(?!b)", "look-ahead"),
            ("(?<=a)b", "look-behind"),
            ("(?<!a)b", "look-behind"),
            (r"(a)\1", "back-references"),
            (r"(?<n>a)\k<n>", "back-references"),
            ("(?P<n>a)(?P=n)", "back-references"),
            (r"(a)\g{1}", "back-references"),
            ("(a(?R)?)", "recursion"),
            ("(a)(?1)", "recursion"),
            ("(a)(?-1)", "recursion"),
            ("(?<n>a)(?&n)", "recursion"),
            ("(?P<n>a)(?P>n)", "recursion"),
            ("(a)?(?(1)b|c)", "conditionals"),
            ("(?>a)", "atomic"),
            ("a*+", "possessive"),
            ("a{2}+", "possessive"),
            ("a?+", "possessive"),
            (r"a\Kb", "`\\K`"),
            (r"\Ga", "`\\G`"),
            (r"\C", "`\\C`"),
            ("(*ACCEPT)a", "verbs"),
            ("(a", "not closed"),
            ("a)", "closes nothing"),
            ("[a", "not closed"),
            ("*a", "repetition"),
            ("[z-a]", "range"),
            ("a\\", "backslash"),
            (r"\y", "not known"),
            ("((((a{100}){100}){100}){100})", "too much memory"),
        ] {
            let reason = check(expression, false, share(1)).expect_err(expression);
            assert!(reason.contains(part), "{expression}: {reason}");
        }
        assert!(check(&"(".repeat(60_000), false, share(1)).is_err());
    }

    #[test]
    fn octets_are_matched_without_unicode() {
        let found = |expression: &str, octets: &[u8]| Octets::new(expression, share(1)).unwrap().is_found_in(octets);
        assert!(found("^\u{ff}\u{d8}.$", &[0xff, 0xd8, 0xe0]));
        assert!(found(r"^[\x80-\xff]+$", &[0x80, 0xff]));
        assert!(!found(r"\w", "é".as_bytes()) && found(r"^\W+$", &[0xe9]));
        assert!(!found("\u{100}", "\u{100}".as_bytes()) && !found("a|\u{100}", b"a"));
        assert!(Octets::new("(?=\u{100})", share(1)).is_err());
    }

    #[test]
    fn a_word_of_many_classes_still_fits() {
        // Found in the wild: `[\w.-]{1,64}@…`; the limit must leave room for it.
        assert!(check(r"^[\w.-]{1,64}@[a-z0-9.-]{1,255}$", false, share(1)).is_ok());
        assert!(share(0) == share(2) && share(256) == 32 << 10);
        assert!(check(&r"\p{Zs}".repeat(512), false, share(1)).is_ok());
        assert!(check(&r"\p{Zs}".repeat(513), false, share(1)).is_err_and(|reason| reason.contains("properties")));
        assert!(check(&format!("(?i)[{}]", r"\PL".repeat(16_000)), false, share(1)).is_err());
    }
}
