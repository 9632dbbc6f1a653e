//! The tree of a pattern. Chains of one operator are one node; parentheses that change nothing leave no trace.

/// An observation expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Observation {
    /// `[ … ]`.
    Test(Test),
    /// At least two parts, joined by one operator.
    Joined(Join, Vec<Observation>),
    /// At least one qualifier, innermost first, on something that is not itself qualified.
    Qualified(Box<Observation>, Vec<Qualifier>),
}

/// Operators between observation expressions, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Join {
    FollowedBy,
    Or,
    And,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Qualifier {
    /// The two instants as written.
    StartStop(String, String),
    /// Decimal number of seconds.
    Within(String),
    /// Decimal count.
    Repeats(String),
}

/// A comparison expression inside `[ ]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Test {
    Compare(Comparison),
    Exists {
        negated: bool,
        path: Path,
    },
    /// At least two parts; `true` joins by AND.
    Joined {
        by_and: bool,
        parts: Vec<Test>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comparison {
    pub(crate) path: Path,
    pub(crate) negated: bool,
    pub(crate) operator: Operator,
    /// One constant, but any number under `IN`.
    pub(crate) constants: Vec<Constant>,
}

/// A comparison operator (STIX 2.1 §9.6.1); `==` is [`Equal`](Self::Equal), `<>` is [`NotEqual`](Self::NotEqual).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `IN`
    In,
    /// `LIKE`
    Like,
    /// `MATCHES`
    Matches,
    /// `ISSUBSET`
    IsSubset,
    /// `ISSUPERSET`
    IsSuperset,
}

impl Operator {
    /// Returns the operator as it is printed.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "IN",
            Self::Like => "LIKE",
            Self::Matches => "MATCHES",
            Self::IsSubset => "ISSUBSET",
            Self::IsSuperset => "ISSUPERSET",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) object_type: String,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(i64),
    /// `[*]`
    Any,
}

/// A constant; numbers as exact decimal text, so that nothing is rounded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Constant {
    Text(String),
    /// `-` and digits without leading zeros.
    Integer(String),
    /// As an integer, with a point and at least one digit after it, no needless zeros.
    Float(String),
    Boolean(bool),
    /// Lower-case digits.
    Hex(String),
    /// Base64 with padding, on one line.
    Binary(String),
    /// As written.
    Timestamp(String),
}

impl Constant {
    /// Returns the meaning as text: without quotes, prefix letter and escapes.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(text)
            | Self::Integer(text)
            | Self::Float(text)
            | Self::Hex(text)
            | Self::Binary(text)
            | Self::Timestamp(text) => text,
            Self::Boolean(true) => "true",
            Self::Boolean(false) => "false",
        }
    }
}
