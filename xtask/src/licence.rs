//! Licence expressions of packages (SPDX annex D): enough to tell whether a list of allowed licences satisfies one.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

/// LIMIT: tokens in one expression; the longest in the registry today has about fifteen.
const TOKENS_MAX: usize = 256;

/// What an expression says about a list of allowed licences.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the allowed licences suffice.
    pub satisfied: bool,
    /// Every licence the expression names, `WITH` exceptions included.
    pub named: BTreeSet<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    And,
    Open,
    Or,
}

/// Judges an expression against the allowed licences.
///
/// `AND` binds tighter than `OR`; a licence `WITH` an exception is one name; the old form `MIT/Apache-2.0` means `OR`.
///
/// # Errors
/// When the expression is empty, too long, or not well-formed.
pub fn judge(expression: &str, allowed: &BTreeSet<String>) -> Result<Verdict> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    if tokens.len() > TOKENS_MAX {
        bail!("licence expression of more than {TOKENS_MAX} words");
    }
    let mut named = BTreeSet::new();
    let mut values: Vec<bool> = Vec::new();
    let mut operators: Vec<Operator> = Vec::new();
    let mut want_licence = true;
    let mut rest = tokens.iter().peekable();
    while let Some(token) = rest.next() {
        match (*token, want_licence) {
            ("(", true) => operators.push(Operator::Open),
            (")", false) => {
                let mut opened = false;
                while let Some(operator) = operators.pop() {
                    if operator == Operator::Open {
                        opened = true;
                        break;
                    }
                    reduce(operator, &mut values)?;
                }
                if !opened {
                    bail!("licence expression `{expression}`: a parenthesis closes nothing");
                }
            }
            ("AND" | "OR", false) => {
                let next = if *token == "AND" { Operator::And } else { Operator::Or };
                // AND is reduced before either operator, OR only before OR.
                while let Some(top) = operators.last().copied() {
                    if top == Operator::And || (top == Operator::Or && next == Operator::Or) {
                        operators.pop();
                        reduce(top, &mut values)?;
                    } else {
                        break;
                    }
                }
                operators.push(next);
                want_licence = true;
            }
            ("AND" | "OR" | "WITH" | "(" | ")", _) => {
                bail!("licence expression `{expression}`: `{token}` is out of place")
            }
            (licence, true) => {
                let mut name = licence.to_owned();
                if rest.peek() == Some(&&"WITH") {
                    rest.next();
                    let Some(exception) = rest.next() else {
                        bail!("licence expression `{expression}` ends after WITH")
                    };
                    name.push_str(" WITH ");
                    name.push_str(exception);
                }
                values.push(allowed.contains(&name));
                named.insert(name);
                want_licence = false;
            }
            (licence, false) => bail!("licence expression `{expression}`: expected AND or OR before `{licence}`"),
        }
    }
    while let Some(operator) = operators.pop() {
        if operator == Operator::Open {
            bail!("licence expression `{expression}`: a parenthesis is not closed");
        }
        reduce(operator, &mut values)?;
    }
    match (values.pop(), values.is_empty()) {
        (Some(satisfied), true) => Ok(Verdict { satisfied, named }),
        _ => bail!("licence expression `{expression}` is not well-formed"),
    }
}

fn reduce(operator: Operator, values: &mut Vec<bool>) -> Result<()> {
    let (Some(right), Some(left)) = (values.pop(), values.pop()) else { bail!("licence expression lacks a licence") };
    values.push(if operator == Operator::And { left && right } else { left || right });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn satisfied(expression: &str) -> bool {
        let allowed = ["MIT", "Apache-2.0", "Unicode-3.0"].map(str::to_owned).into();
        judge(expression, &allowed).unwrap().satisfied
    }

    #[test]
    fn one_allowed_alternative_is_enough_and_all_parts_are_needed() {
        // Would break: a copyleft licence enters through an expression read the wrong way round.
        assert!(satisfied("MIT OR LGPL-2.1-or-later"));
        assert!(!satisfied("MIT AND LGPL-2.1-or-later"));
        assert!(satisfied("(MIT OR GPL-3.0-only) AND Unicode-3.0"));
        assert!(satisfied("Unlicense/MIT"));
        assert!(!satisfied("GPL-3.0-only"));
    }

    #[test]
    fn and_binds_tighter_than_or() {
        // Would break: `A OR B AND C` is read as `(A OR B) AND C`.
        assert!(satisfied("MIT OR GPL-3.0-only AND GPL-2.0-only"));
        assert!(satisfied("GPL-3.0-only AND GPL-2.0-only OR MIT"));
        assert!(!satisfied("GPL-3.0-only AND MIT OR GPL-2.0-only"));
    }

    #[test]
    fn an_exception_makes_another_licence() {
        // Would break: an exception that was never judged is allowed with its licence.
        assert!(!satisfied("Apache-2.0 WITH LLVM-exception"));
        assert!(satisfied("Apache-2.0 WITH LLVM-exception OR MIT"));
    }

    #[test]
    fn broken_expressions_are_errors() {
        // Would break: a package whose licence cannot be read counts as fine.
        let allowed = BTreeSet::from(["MIT".to_owned()]);
        for broken in ["", "MIT MIT", "MIT OR", "(MIT", "MIT)", "AND MIT", "MIT WITH", "()"] {
            assert!(judge(broken, &allowed).is_err(), "{broken}");
        }
    }
}
