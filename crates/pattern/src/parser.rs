//! Tokens to the tree: recursive descent with a depth count.

use crate::error::{PatternError, PatternErrorKind};
use crate::token::{Lexer, Token};
use crate::tree::{Comparison, Constant, Join, Observation, Operator, Path, Qualifier, Step, Test};

/// LIMIT: 64 KiB of text, as at every door.
const TEXT_SIZE_BYTES_MAX: usize = 64 * 1024;
/// LIMIT: comparisons of one pattern.
const TESTS_MAX: usize = 256;
/// LIMIT: parentheses and brackets open at one place; four calls each keep the stack below a few KiB.
const DEPTH_MAX: usize = 32;
/// LIMIT: constants of one set.
const SET_ITEMS_MAX: usize = 10_000;
/// LIMIT: steps of one path.
const STEPS_MAX: usize = 32;
/// LIMIT: text of one path; each literal and key carries a copy, so 10,000 of them stay near 10 MiB.
const PATH_SIZE_BYTES_MAX: usize = 1024;

pub(crate) fn parse(text: &str) -> Result<Observation, PatternError> {
    if text.len() > TEXT_SIZE_BYTES_MAX {
        let expected = "a pattern of at most 64 KiB";
        return Err(PatternError::new(PatternErrorKind::Limit, text, text.len(), text.len(), expected));
    }
    let mut lexer = Lexer::new(text);
    let (token, start, end) = lexer.next()?;
    let mut parser = Parser { text, lexer, token, start, end, depth: 0, tests: 0 };
    let root = parser.sequence()?;
    if parser.token != Token::End {
        return Err(parser.fault("`AND`, `OR`, `FOLLOWEDBY`, a qualifier or the end"));
    }
    Ok(root)
}

struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    token: Token<'a>,
    start: usize,
    end: usize,
    depth: usize,
    tests: usize,
}

impl<'a> Parser<'a> {
    /// Parts joined by `FOLLOWEDBY`, the weakest operator.
    fn sequence(&mut self) -> Result<Observation, PatternError> {
        self.joined(Join::FollowedBy, "FOLLOWEDBY", Self::choice)
    }

    fn choice(&mut self) -> Result<Observation, PatternError> {
        self.joined(Join::Or, "OR", Self::joint)
    }

    fn joint(&mut self) -> Result<Observation, PatternError> {
        self.joined(Join::And, "AND", Self::qualified)
    }

    fn joined(
        &mut self,
        join: Join,
        keyword: &'static str,
        part: fn(&mut Self) -> Result<Observation, PatternError>,
    ) -> Result<Observation, PatternError> {
        let first = part(self)?;
        if self.token != Token::Keyword(keyword) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.take(&Token::Keyword(keyword))? {
            parts.push(part(self)?);
        }
        Ok(Observation::Joined(join, parts))
    }

    fn qualified(&mut self) -> Result<Observation, PatternError> {
        let is_bare = self.token == Token::Symbol("[");
        let mut observation = if is_bare {
            self.enter()?;
            let tests = self.tests()?;
            self.leave("]", "`AND`, `OR` or `]`")?;
            Observation::Test(tests)
        } else if self.token == Token::Symbol("(") {
            self.enter()?;
            let inner = self.sequence()?;
            self.leave(")", "`AND`, `OR`, `FOLLOWEDBY`, a qualifier or `)`")?;
            inner
        } else {
            return Err(self.fault("`[` or `(`"));
        };
        let mut kinds = Vec::new();
        while let Token::Keyword(keyword @ ("START" | "WITHIN" | "REPEATS")) = self.token {
            if is_bare && kinds.contains(&keyword) {
                let expected = "each qualifier once on one observation expression";
                return Err(self.error(PatternErrorKind::Qualifier, expected));
            }
            kinds.push(keyword);
            let qualifier = self.qualifier(keyword)?;
            match &mut observation {
                Observation::Qualified(_, qualifiers) => qualifiers.push(qualifier),
                _ => observation = Observation::Qualified(Box::new(observation), vec![qualifier]),
            }
        }
        Ok(observation)
    }

    fn qualifier(&mut self, keyword: &'static str) -> Result<Qualifier, PatternError> {
        self.advance()?;
        match keyword {
            "START" => {
                let start = self.instant()?;
                self.expect(Token::Keyword("STOP"), "`STOP`")?;
                Ok(Qualifier::StartStop(start, self.instant()?))
            }
            "WITHIN" => {
                let seconds = match &self.token {
                    Token::Constant(Constant::Integer(number) | Constant::Float(number)) if !self.is_negative() => {
                        number.clone()
                    }
                    _ => return Err(self.fault("a number of seconds without a minus sign")),
                };
                self.advance()?;
                self.expect(Token::Keyword("SECONDS"), "`SECONDS`")?;
                Ok(Qualifier::Within(seconds))
            }
            _ => {
                let count = match &self.token {
                    Token::Constant(Constant::Integer(number)) if !self.is_negative() => number.clone(),
                    _ => return Err(self.fault("a whole number without a minus sign")),
                };
                self.advance()?;
                self.expect(Token::Keyword("TIMES"), "`TIMES`")?;
                Ok(Qualifier::Repeats(count))
            }
        }
    }

    /// Looks at the text, since `-0` has lost its sign in the constant.
    fn is_negative(&self) -> bool {
        self.text.get(self.start..self.end).is_some_and(|token| token.starts_with('-'))
    }

    fn instant(&mut self) -> Result<String, PatternError> {
        let Token::Constant(Constant::Timestamp(instant)) = &self.token else {
            return Err(self.fault("a timestamp `t'…'`"));
        };
        let instant = instant.clone();
        self.advance()?;
        Ok(instant)
    }

    /// Tests joined by `OR`, whose parts are joined by `AND`.
    fn tests(&mut self) -> Result<Test, PatternError> {
        self.tests_joined(false, "OR", |parser| parser.tests_joined(true, "AND", Self::test))
    }

    fn tests_joined(
        &mut self,
        by_and: bool,
        keyword: &'static str,
        part: fn(&mut Self) -> Result<Test, PatternError>,
    ) -> Result<Test, PatternError> {
        let first = part(self)?;
        if self.token != Token::Keyword(keyword) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.take(&Token::Keyword(keyword))? {
            parts.push(part(self)?);
        }
        Ok(Test::Joined { by_and, parts })
    }

    fn test(&mut self) -> Result<Test, PatternError> {
        if self.token == Token::Symbol("(") {
            self.enter()?;
            let inner = self.tests()?;
            self.leave(")", "`AND`, `OR` or `)`")?;
            return Ok(inner);
        }
        self.tests = self.tests.saturating_add(1);
        if self.tests > TESTS_MAX {
            return Err(self.error(PatternErrorKind::Limit, "at most 256 comparisons"));
        }
        let negated = self.take(&Token::Keyword("NOT"))?;
        if self.take(&Token::Keyword("EXISTS"))? {
            return Ok(Test::Exists { negated, path: self.path()? });
        }
        if negated {
            return Err(self.fault("`EXISTS`"));
        }
        self.comparison().map(Test::Compare)
    }

    fn comparison(&mut self) -> Result<Comparison, PatternError> {
        if !matches!(self.token, Token::Name(_) | Token::Hyphenated(_)) {
            return Err(self.fault("an object path, `NOT`, `EXISTS` or `(`"));
        }
        let path = self.path()?;
        let negated = self.take(&Token::Keyword("NOT"))?;
        let operator = match self.token {
            Token::Symbol("=" | "==") => Operator::Equal,
            Token::Symbol("!=" | "<>") => Operator::NotEqual,
            Token::Symbol("<") => Operator::Less,
            Token::Symbol("<=") => Operator::LessOrEqual,
            Token::Symbol(">") => Operator::Greater,
            Token::Symbol(">=") => Operator::GreaterOrEqual,
            Token::Keyword("IN") => Operator::In,
            Token::Keyword("LIKE") => Operator::Like,
            Token::Keyword("MATCHES") => Operator::Matches,
            Token::Keyword("ISSUBSET") => Operator::IsSubset,
            Token::Keyword("ISSUPERSET") => Operator::IsSuperset,
            _ if negated => return Err(self.fault("a comparison operator")),
            _ => return Err(self.fault("a comparison operator, `NOT`, `.` or `[`")),
        };
        self.advance()?;
        let hash = hash_digits(&path, operator);
        let constants = match operator {
            Operator::In => self.set(hash)?,
            Operator::Equal | Operator::NotEqual => vec![self.constant(hash)?],
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                if matches!(self.token, Token::Keyword("true" | "false")) {
                    return Err(self.fault("a constant with an order"));
                }
                vec![self.constant(None)?]
            }
            Operator::Like | Operator::Matches | Operator::IsSubset | Operator::IsSuperset => {
                if !matches!(self.token, Token::Constant(Constant::Text(_))) {
                    return Err(self.fault("a string"));
                }
                vec![self.constant(None)?]
            }
        };
        Ok(Comparison { path, negated, operator, constants })
    }

    fn set(&mut self, hash: Option<usize>) -> Result<Vec<Constant>, PatternError> {
        self.expect(Token::Symbol("("), "`(`")?;
        let mut items = Vec::new();
        if self.take(&Token::Symbol(")"))? {
            return Ok(items);
        }
        loop {
            if items.len() >= SET_ITEMS_MAX {
                return Err(self.error(PatternErrorKind::Limit, "at most 10,000 constants in a set"));
            }
            items.push(self.constant(hash)?);
            if self.take(&Token::Symbol(")"))? {
                return Ok(items);
            }
            self.expect(Token::Symbol(","), "`,` or `)`")?;
        }
    }

    fn constant(&mut self, hash: Option<usize>) -> Result<Constant, PatternError> {
        let constant = match &self.token {
            Token::Constant(constant) => constant.clone(),
            Token::Keyword("true") => Constant::Boolean(true),
            Token::Keyword("false") => Constant::Boolean(false),
            _ => return Err(self.fault("a constant")),
        };
        if let Some(digits) = hash {
            let text = constant.text();
            if text.len() != digits || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(self.error(PatternErrorKind::Hash, "as many hexadecimal digits as the hash has"));
            }
        }
        self.advance()?;
        Ok(constant)
    }

    fn path(&mut self) -> Result<Path, PatternError> {
        let (Token::Name(object_type) | Token::Hyphenated(object_type)) = self.token else {
            return Err(self.fault("an object path"));
        };
        let start = self.start;
        self.advance()?;
        self.expect(Token::Symbol(":"), "`:`")?;
        let mut path = Path { object_type: object_type.to_owned(), steps: vec![self.key()?] };
        loop {
            if self.start.saturating_sub(start) > PATH_SIZE_BYTES_MAX {
                return Err(self.error(PatternErrorKind::Limit, "a path of at most 1,024 bytes"));
            }
            if path.steps.len() > STEPS_MAX {
                return Err(self.error(PatternErrorKind::Limit, "at most 32 steps in a path"));
            }
            if self.take(&Token::Symbol("."))? {
                path.steps.push(self.key()?);
            } else if self.take(&Token::Symbol("["))? {
                path.steps.push(self.index()?);
                self.expect(Token::Symbol("]"), "`]`")?;
            } else {
                return Ok(path);
            }
        }
    }

    fn key(&mut self) -> Result<Step, PatternError> {
        let key = match &self.token {
            Token::Name(name) => (*name).to_owned(),
            Token::Constant(Constant::Text(text)) => text.clone(),
            _ => return Err(self.fault("a property name, in quotes unless of letters, digits and `_`")),
        };
        self.advance()?;
        Ok(Step::Key(key))
    }

    fn index(&mut self) -> Result<Step, PatternError> {
        let step = match &self.token {
            Token::Symbol("*") => Some(Step::Any),
            Token::Constant(Constant::Integer(number)) => number.parse().ok().map(Step::Index),
            _ => None,
        };
        let Some(step) = step else {
            return Err(self.fault("an index or `*`"));
        };
        self.advance()?;
        Ok(step)
    }

    /// Consumes an opening bracket or parenthesis.
    fn enter(&mut self) -> Result<(), PatternError> {
        if self.depth >= DEPTH_MAX {
            return Err(self.error(PatternErrorKind::Limit, "at most 32 brackets and parentheses open"));
        }
        self.depth = self.depth.saturating_add(1);
        self.advance()
    }

    fn leave(&mut self, symbol: &'static str, expected: &'static str) -> Result<(), PatternError> {
        self.expect(Token::Symbol(symbol), expected)?;
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }

    fn take(&mut self, token: &Token<'_>) -> Result<bool, PatternError> {
        if self.token != *token {
            return Ok(false);
        }
        self.advance()?;
        Ok(true)
    }

    fn expect(&mut self, token: Token<'_>, expected: &'static str) -> Result<(), PatternError> {
        if self.take(&token)? { Ok(()) } else { Err(self.fault(expected)) }
    }

    fn advance(&mut self) -> Result<(), PatternError> {
        (self.token, self.start, self.end) = self.lexer.next()?;
        Ok(())
    }

    fn fault(&self, expected: &'static str) -> PatternError {
        self.error(PatternErrorKind::Syntax, expected)
    }

    fn error(&self, kind: PatternErrorKind, expected: &'static str) -> PatternError {
        PatternError::new(kind, self.text, self.start, self.end, expected)
    }
}

/// Returns how many hexadecimal digits a constant must have that is compared to `path`; none where anything goes.
fn hash_digits(path: &Path, operator: Operator) -> Option<usize> {
    if !matches!(operator, Operator::Equal | Operator::NotEqual | Operator::In) {
        return None;
    }
    let [.., Step::Key(hashes), Step::Key(algorithm)] = path.steps.as_slice() else {
        return None;
    };
    if hashes != "hashes" {
        return None;
    }
    match algorithm.to_ascii_uppercase().replace('-', "").as_str() {
        "MD5" => Some(32),
        "SHA1" | "RIPEMD160" => Some(40),
        "SHA224" | "SHA3224" => Some(56),
        "SHA256" | "SHA3256" => Some(64),
        "SHA384" | "SHA3384" => Some(96),
        "SHA512" | "SHA3512" | "WHIRLPOOL" => Some(128),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> &'static str {
        parse(text).map_or_else(|error| error.code(), |_| "valid")
    }

    #[test]
    fn the_whole_grammar_is_read() {
        // STIX 2.1 §9.8 gives the longer ones.
        for text in [
            "[file:hashes.'SHA-256' = 'aec070645fe53ee3b3763059376134f058cc337247c978add178b6ccdfb0019f']",
            "[email-message:from_ref.value MATCHES '.+\\\\@example\\\\.com$' AND email-message:body_multipart[*].body_raw_ref.name MATCHES '^Final Report.+\\\\.exe$']",
            "[file:hashes.MD5 = '79054025255fb1a26e4bc422aef54eb4'] FOLLOWEDBY [windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\foo\\\\bar'] WITHIN 300 SECONDS",
            "([file:name = 'foo.dll'] AND [process:pid > 4]) START t'2016-01-01T00:00:00Z' STOP t'2016-02-01T00:00:00.5Z'",
            "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' LIKE '%bot%']",
            "[ipv4-addr:value ISSUBSET '198.51.100.0/24' OR ipv6-addr:value NOT ISSUPERSET '2001:db8::1']",
            "[artifact:payload_bin = b'dGVz\ndA==' AND file:magic_number_hex == h'FfD8' AND x:y <> h'']",
            "[file:size IN (1, -2, +3, .5, -.5, 0.0001) AND a:b = true AND c:d != false]",
            "[a:b IN ()]",
            "[NOT EXISTS file:name OR EXISTS file:'IN'.x[-1][0]]",
            "[a:b NOT >= 5 AND a:b <= t'2026-02-31T23:59:60Z' AND (a:b < 'x' OR (a:b > 1.5))]",
            "[a:b=1]REPEATS 2 TIMES WITHIN +10.5 SECONDS/*c*/// d",
            "([a:b = 1] WITHIN 5 SECONDS) WITHIN 9 SECONDS WITHIN 0 SECONDS",
            "\u{3000}[_x:_y\u{a0}=\t'line\nfeed' ]",
            "[x-acme-:a = 'a//b/*']",
        ] {
            assert_eq!(code(text), "valid", "{text}");
        }
    }

    #[test]
    fn what_the_grammar_does_not_know_is_refused() {
        for text in [
            "",
            "[]",
            "[a:b]",
            "[a:b = ]",
            "[a = 1]",
            "[a:b = 'x]",
            "[a:b = 'x\\n']",
            "[a:b = \"x\"]",
            "[a:b = 5.]",
            "[a:b = 1e3]",
            "[a:b = 01]",
            "[a:b < true]",
            "[a:b LIKE 5]",
            "[a:b IN 1]",
            "[a:b IN (1,)]",
            "[a:b = (1)]",
            "[a:b-c = 1]",
            "[a:IN = 1]",
            "[a:b.5 = 1]",
            "[a:b[x] = 1]",
            "[a:b[1.5] = 1]",
            "['a':b = 1]",
            "[NOT a:b = 1]",
            "[a:b NOT NOT = 1]",
            "[a:b and a:c = 1]",
            "[a:b = 1] and [a:b = 1]",
            "[a:b = 1] [a:b = 1]",
            "([a:b = 1]",
            "[a:b = 1])",
            "[(a:b = 1]",
            "[a:b = 1] WITHIN -5 SECONDS",
            "[a:b = 1] REPEATS 1.5 TIMES",
            "[a:b = 1] REPEATS -0 TIMES",
            "[a:b = 1] START '2016-01-01T00:00:00Z' STOP t'2016-02-01T00:00:00Z'",
            "[a:b = 1] LAST 5 SECONDS",
            "[a:b = h'0']",
            "[a:b = b'']",
            "[a:b = b'a===']",
            "[a:b = t'2026-13-01T00:00:00Z']",
            "[a:b = 1] /* open",
            "[a:b = 1] WITHIN 1e308 SECONDS",
            "[a:b = 1] AND",
            "AND [a:b = 1]",
            "[a:b = +]",
            "[a:b = -.]",
            "[a:b & 1]",
        ] {
            assert_eq!(code(text), "STIX-E-901", "{text}");
        }
    }

    #[test]
    fn a_qualifier_stands_once_on_a_bare_bracket() {
        assert_eq!(code("[a:b = 1] WITHIN 5 SECONDS WITHIN 9 SECONDS"), "STIX-E-903");
        assert_eq!(code("[a:b = 1] REPEATS 2 TIMES WITHIN 5 SECONDS REPEATS 2 TIMES"), "STIX-E-903");
        assert_eq!(code("([a:b = 1]) WITHIN 5 SECONDS WITHIN 9 SECONDS"), "valid");
    }

    #[test]
    fn a_hash_constant_has_the_length_of_its_algorithm() {
        let (md5, sha_256) = ("0".repeat(32), "a".repeat(64));
        assert_eq!(code(&format!("[file:hashes.MD5 = '{md5}' OR file:hashes.'sha-256' IN ('{sha_256}')]")), "valid");
        assert_eq!(code(&format!("[file:hashes.MD5 = '{sha_256}']")), "STIX-E-904");
        assert_eq!(code(&format!("[x:content_ref.hashes.'SHA-256' IN ('{sha_256}', '{md5}')]")), "STIX-E-904");
        assert_eq!(code("[file:hashes.'SHA-1' != 'zz']"), "STIX-E-904");
        assert_eq!(code("[file:hashes.MD5 LIKE 'ab%' OR file:hashes[*] = 'ab' OR file:hashes.OWN = 'ab']"), "valid");
    }

    #[test]
    fn an_error_names_place_and_expectation() {
        let error = parse("[file:name OR file:size = 5]").unwrap_err();
        assert_eq!(error.to_string(), "1:12: found `OR`, expected a comparison operator, `NOT`, `.` or `[`");
        assert_eq!(error.offset(), 11);
        let error = parse("[a:b = 'ü' OR\n  é]").unwrap_err();
        assert_eq!((error.offset(), error.line(), error.column()), (17, 2, 3));
        assert_eq!(parse("[a:b = 1").unwrap_err().found(), "the end");
    }

    #[test]
    fn limits_have_their_code_and_their_nearest_valid_neighbour() {
        let nested = |depth: usize| format!("{}[a:b = 1]{}", "(".repeat(depth), ")".repeat(depth));
        let tests = |count: usize| format!("[{}]", vec!["a:b = 1"; count].join(" OR "));
        let set = |count: usize| format!("[a:b IN ({})]", vec!["1"; count].join(","));
        let steps = |count: usize| format!("[a:{} = 1]", vec!["b"; count].join("."));
        let path = |size: usize| format!("[a:{} = 1]", "b".repeat(size));
        let size = |size: usize| format!("{}[a:b = 1]", " ".repeat(size - 9));
        for (valid, invalid) in [
            (nested(31), nested(32)),
            (tests(256), tests(257)),
            (set(10_000), set(10_001)),
            (steps(32), steps(33)),
            (path(1000), path(1100)),
            (size(64 * 1024), size(64 * 1024 + 1)),
        ] {
            assert_eq!((code(&valid), code(&invalid)), ("valid", "STIX-E-912"), "{}", valid.get(..20).unwrap());
        }
    }
}
