//! Tokens to the tree: recursive descent with a depth count.

use crate::error::{PatternError, PatternErrorKind};
use crate::token::{self, Lexer, Token};
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

/// Versions of the language; 2.0 is read for old content only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// `START` and `STOP` take plain strings too, qualifiers may be repeated, and `EXISTS` is no keyword.
    V20,
    V21,
}

pub(crate) fn parse(text: &str, version: Version) -> Result<Observation, PatternError> {
    let fault = |fault: Fault| PatternError::new(fault.kind, text, fault.start, fault.end, fault.expected);
    if text.len() > TEXT_SIZE_BYTES_MAX {
        let (kind, expected) = (PatternErrorKind::Limit, "a pattern of at most 64 KiB");
        return Err(fault(Fault { kind, start: text.len(), end: text.len(), expected }));
    }
    let mut lexer = Lexer::new(text, version == Version::V20);
    let token = lexer.next();
    let mut parser = Parser { lexer, token, version, depth: 0, tests: 0 };
    parser.whole().map_err(fault)
}

/// What is wrong and where; small, since every result carries room for it.
struct Fault {
    kind: PatternErrorKind,
    start: usize,
    end: usize,
    expected: &'static str,
}

type Parsed<T> = Result<T, Fault>;

struct Parser<'a> {
    lexer: Lexer<'a>,
    /// The next token, not yet consumed; an invalid one fits no rule and is reported by the first that meets it.
    token: Token,
    version: Version,
    depth: usize,
    tests: usize,
}

impl Parser<'_> {
    fn whole(&mut self) -> Parsed<Observation> {
        let root = self.sequence()?;
        match self.token {
            Token::End => Ok(root),
            _ => Err(self.fault("`AND`, `OR`, `FOLLOWEDBY`, a qualifier or the end")),
        }
    }

    /// Parts joined by `FOLLOWEDBY`, the weakest operator.
    fn sequence(&mut self) -> Parsed<Observation> {
        self.joined(Join::FollowedBy, Token::FollowedBy, Self::choice)
    }

    fn choice(&mut self) -> Parsed<Observation> {
        self.joined(Join::Or, Token::Or, Self::joint)
    }

    fn joint(&mut self) -> Parsed<Observation> {
        self.joined(Join::And, Token::And, Self::qualified)
    }

    #[inline]
    fn joined(
        &mut self,
        join: Join,
        keyword: Token,
        part: impl Fn(&mut Self) -> Parsed<Observation>,
    ) -> Parsed<Observation> {
        let first = part(self)?;
        if self.token != keyword {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.take(keyword) {
            parts.push(part(self)?);
        }
        Ok(Observation::Joined(join, parts))
    }

    fn qualified(&mut self) -> Parsed<Observation> {
        let is_bare = self.token == Token::OpenBracket;
        let observation = match self.token {
            Token::OpenBracket => {
                self.enter()?;
                let tests = self.tests()?;
                self.leave(Token::CloseBracket, "`AND`, `OR` or `]`")?;
                Observation::Test(tests)
            }
            Token::Open => {
                self.enter()?;
                let inner = self.sequence()?;
                self.leave(Token::Close, "`AND`, `OR`, `FOLLOWEDBY`, a qualifier or `)`")?;
                inner
            }
            _ => return Err(self.fault("`[` or `(`")),
        };
        if !matches!(self.token, Token::Start | Token::Within | Token::Repeats) {
            return Ok(observation);
        }
        let (inner, mut qualifiers) = match observation {
            Observation::Qualified(inner, qualifiers) => (inner, qualifiers),
            other => (Box::new(other), Vec::new()),
        };
        let once = is_bare && self.version == Version::V21;
        while matches!(self.token, Token::Start | Token::Within | Token::Repeats) {
            let (start, end) = (self.lexer.start(), self.lexer.end());
            let qualifier = self.qualifier()?;
            let kind = std::mem::discriminant(&qualifier);
            if once && qualifiers.iter().any(|earlier| std::mem::discriminant(earlier) == kind) {
                let expected = "each qualifier once on one observation expression";
                return Err(Fault { kind: PatternErrorKind::Qualifier, start, end, expected });
            }
            qualifiers.push(qualifier);
        }
        Ok(Observation::Qualified(inner, qualifiers))
    }

    fn qualifier(&mut self) -> Parsed<Qualifier> {
        let keyword = self.token;
        self.advance();
        // Looks at the text, since a constant `-0` has lost its sign.
        let is_negative = self.lexer.slice().starts_with('-');
        match (keyword, self.token) {
            (Token::Start, _) => {
                let start = self.instant()?;
                self.expect(Token::Stop, "`STOP`")?;
                Ok(Qualifier::StartStop(start, self.instant()?))
            }
            (Token::Within, Token::Integer | Token::Float) if !is_negative => {
                let slice = self.lexer.slice();
                let seconds = if self.token == Token::Integer { token::integer(slice) } else { token::float(slice) };
                self.advance();
                self.expect(Token::Seconds, "`SECONDS`")?;
                Ok(Qualifier::Within(seconds))
            }
            (Token::Within, _) => Err(self.fault("a number of seconds without a minus sign")),
            (_, Token::Integer) if !is_negative => {
                let count = token::integer(self.lexer.slice());
                self.advance();
                self.expect(Token::Times, "`TIMES`")?;
                Ok(Qualifier::Repeats(count))
            }
            _ => Err(self.fault("a whole number without a minus sign")),
        }
    }

    fn instant(&mut self) -> Parsed<String> {
        let instant = match (token::constant(self.token, self.lexer.slice()), self.version) {
            (Some(Constant::Timestamp(instant)), _) => instant,
            (Some(Constant::Text(text)), Version::V20) if token::is_timestamp(&text) => text,
            _ => return Err(self.fault("a timestamp `t'YYYY-MM-DDTHH:MM:SS.sssZ'`")),
        };
        self.advance();
        Ok(instant)
    }

    /// Tests joined by `OR`, whose parts are joined by `AND`.
    fn tests(&mut self) -> Parsed<Test> {
        self.tests_joined(false, Token::Or, |parser| parser.tests_joined(true, Token::And, Self::test))
    }

    #[inline]
    fn tests_joined(&mut self, by_and: bool, keyword: Token, part: impl Fn(&mut Self) -> Parsed<Test>) -> Parsed<Test> {
        let first = part(self)?;
        if self.token != keyword {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.take(keyword) {
            parts.push(part(self)?);
        }
        Ok(Test::Joined { by_and, parts })
    }

    fn test(&mut self) -> Parsed<Test> {
        if self.token == Token::Open {
            self.enter()?;
            let inner = self.tests()?;
            self.leave(Token::Close, "`AND`, `OR` or `)`")?;
            return Ok(inner);
        }
        self.tests = self.tests.saturating_add(1);
        if self.tests > TESTS_MAX {
            return Err(self.limit("at most 256 comparisons"));
        }
        if matches!(self.token, Token::Name | Token::Hyphenated) {
            return self.comparison().map(Test::Compare);
        }
        let negated = self.take(Token::Not);
        if self.take(Token::Exists) {
            return Ok(Test::Exists { negated, path: self.path()? });
        }
        Err(self.fault(if negated { "`EXISTS`" } else { "an object path, `NOT`, `EXISTS` or `(`" }))
    }

    fn comparison(&mut self) -> Parsed<Comparison> {
        let path = self.path()?;
        let negated = self.take(Token::Not);
        let operator = match self.token {
            Token::Equal => Operator::Equal,
            Token::NotEqual => Operator::NotEqual,
            Token::Less => Operator::Less,
            Token::LessOrEqual => Operator::LessOrEqual,
            Token::Greater => Operator::Greater,
            Token::GreaterOrEqual => Operator::GreaterOrEqual,
            Token::In => Operator::In,
            Token::Like => Operator::Like,
            Token::Matches => Operator::Matches,
            Token::IsSubset => Operator::IsSubset,
            Token::IsSuperset => Operator::IsSuperset,
            _ if negated => return Err(self.fault("a comparison operator")),
            _ => return Err(self.fault("a comparison operator, `NOT`, `.` or `[`")),
        };
        self.advance();
        let constants = match operator {
            Operator::In => self.set(hash_digits(&path))?,
            Operator::Equal | Operator::NotEqual => vec![self.constant(hash_digits(&path))?],
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                if matches!(self.token, Token::True | Token::False) {
                    return Err(self.fault("a constant with an order"));
                }
                vec![self.constant(None)?]
            }
            Operator::Like | Operator::Matches | Operator::IsSubset | Operator::IsSuperset => {
                if !matches!(self.token, Token::Text { .. }) {
                    return Err(self.fault("a string"));
                }
                vec![self.constant(None)?]
            }
        };
        Ok(Comparison { path, negated, operator, constants })
    }

    fn set(&mut self, hash: Option<usize>) -> Parsed<Vec<Constant>> {
        self.expect(Token::Open, "`(`")?;
        let mut items = Vec::new();
        if self.take(Token::Close) {
            return Ok(items);
        }
        loop {
            if items.len() >= SET_ITEMS_MAX {
                return Err(self.limit("at most 10,000 constants in a set"));
            }
            items.push(self.constant(hash)?);
            if self.take(Token::Close) {
                return Ok(items);
            }
            self.expect(Token::Comma, "`,` or `)`")?;
        }
    }

    /// Reads a constant; one that stands for a hash is a string of as many hexadecimal digits.
    fn constant(&mut self, hash: Option<usize>) -> Parsed<Constant> {
        let Some(constant) = token::constant(self.token, self.lexer.slice()) else {
            return Err(self.fault("a constant"));
        };
        if let Some(digits) = hash {
            let fits = |text: &str| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !matches!(&constant, Constant::Text(text) if fits(text)) {
                return Err(self.error(PatternErrorKind::Hash, "as many hexadecimal digits as the hash has"));
            }
        }
        self.advance();
        Ok(constant)
    }

    fn path(&mut self) -> Parsed<Path> {
        if !matches!(self.token, Token::Name | Token::Hyphenated) {
            return Err(self.fault("an object path"));
        }
        let object_type = self.lexer.slice().to_owned();
        self.advance();
        self.expect(Token::Colon, "`:`")?;
        // White space and comments between the steps are no part of it.
        let mut size = object_type.len().saturating_add(self.lexer.slice().len());
        let first = self.key()?;
        let mut steps = Vec::with_capacity(if matches!(self.token, Token::Point | Token::OpenBracket) { 4 } else { 1 });
        steps.push(first);
        loop {
            if size > PATH_SIZE_BYTES_MAX {
                return Err(self.limit("a path of at most 1,024 bytes"));
            }
            if steps.len() > STEPS_MAX {
                return Err(self.limit("at most 32 steps in a path"));
            }
            if self.take(Token::Point) {
                size = size.saturating_add(self.lexer.slice().len());
                steps.push(self.key()?);
            } else if self.take(Token::OpenBracket) {
                steps.push(self.index()?);
                self.expect(Token::CloseBracket, "`]`")?;
            } else {
                return Ok(Path { object_type, steps });
            }
        }
    }

    fn key(&mut self) -> Parsed<Step> {
        let slice = self.lexer.slice();
        let key = match self.token {
            Token::Name => slice.to_owned(),
            Token::Text { escaped } => token::text(slice, escaped),
            _ => return Err(self.fault("a property name, in quotes unless of letters, digits and `_`")),
        };
        self.advance();
        Ok(Step::Key(key))
    }

    fn index(&mut self) -> Parsed<Step> {
        let step = match self.token {
            Token::Star => Step::Any,
            Token::Integer => {
                let slice = self.lexer.slice();
                // No list is so long, so that an index out of range is as good as the last or first number.
                let end = if slice.starts_with('-') { i64::MIN } else { i64::MAX };
                Step::Index(slice.parse().unwrap_or(end))
            }
            _ => return Err(self.fault("an index or `*`")),
        };
        self.advance();
        Ok(step)
    }

    /// Consumes an opening bracket or parenthesis.
    fn enter(&mut self) -> Parsed<()> {
        if self.depth >= DEPTH_MAX {
            return Err(self.limit("at most 32 brackets and parentheses open"));
        }
        self.depth = self.depth.saturating_add(1);
        self.advance();
        Ok(())
    }

    fn leave(&mut self, symbol: Token, expected: &'static str) -> Parsed<()> {
        self.expect(symbol, expected)?;
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }

    fn take(&mut self, token: Token) -> bool {
        let found = self.token == token;
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, token: Token, expected: &'static str) -> Parsed<()> {
        if self.take(token) { Ok(()) } else { Err(self.fault(expected)) }
    }

    fn advance(&mut self) {
        self.token = self.lexer.next();
    }

    #[cold]
    fn fault(&self, expected: &'static str) -> Fault {
        let expected = if self.token == Token::Invalid { self.lexer.expected() } else { expected };
        self.error(PatternErrorKind::Syntax, expected)
    }

    #[cold]
    fn limit(&self, expected: &'static str) -> Fault {
        self.error(PatternErrorKind::Limit, expected)
    }

    fn error(&self, kind: PatternErrorKind, expected: &'static str) -> Fault {
        Fault { kind, start: self.lexer.start(), end: self.lexer.end(), expected }
    }
}

/// Returns how many hexadecimal digits a constant must have that is equal to what is at `path`; none where anything goes.
fn hash_digits(path: &Path) -> Option<usize> {
    let [.., Step::Key(hashes), Step::Key(algorithm)] = path.steps.as_slice() else {
        return None;
    };
    if hashes != "hashes" {
        return None;
    }
    HASHES.iter().find(|(name, _)| is_named(algorithm, name)).map(|(_, digits)| *digits)
}

/// Algorithms whose values are hexadecimal, and their digits.
const HASHES: [(&str, usize); 12] = [
    ("SHA256", 64),
    ("MD5", 32),
    ("SHA1", 40),
    ("SHA512", 128),
    ("RIPEMD160", 40),
    ("SHA224", 56),
    ("SHA384", 96),
    ("SHA3224", 56),
    ("SHA3256", 64),
    ("SHA3384", 96),
    ("SHA3512", 128),
    ("WHIRLPOOL", 128),
];

/// Compares without regard to case and hyphens.
fn is_named(algorithm: &str, name: &str) -> bool {
    algorithm.bytes().filter(|byte| *byte != b'-').map(|byte| byte.to_ascii_uppercase()).eq(name.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> &'static str {
        parse(text, Version::V21).map_or_else(|error| error.code(), |_| "valid")
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
            "//x\r[/**/a/* * / **/:b/***/.//c\n'd'\u{2028}[/*]*/-0]\u{1680}=/**/t'0000-01-01T10:10:60.5Z']//",
            "[AND-x:b = 1]",
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
        let error = parse("[file:name OR file:size = 5]", Version::V21).unwrap_err();
        assert_eq!(error.to_string(), "1:12: found `OR`, expected a comparison operator, `NOT`, `.` or `[`");
        assert_eq!(error.offset(), 11);
        let error = parse("[a:b = 'ü' OR\n  é]", Version::V21).unwrap_err();
        assert_eq!((error.offset(), error.line(), error.column()), (17, 2, 3));
        assert_eq!(parse("[a:b = 1", Version::V21).unwrap_err().found(), "the end");
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
        // What stands between the steps takes no room in copies of the path.
        assert_eq!(code(&format!("[a:b/*{}*/.c{}= 1]", "*".repeat(30_000), " ".repeat(30_000))), "valid");
    }
}
