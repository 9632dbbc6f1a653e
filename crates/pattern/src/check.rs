//! What a pattern says beyond its grammar: names, types, dates, sets, and the time an indicator is valid for.

use std::collections::HashMap;

use entente_stix::tables::Form;
use entente_stix::validate::PatternAt;
use entente_stix::{Code, Severity, Timestamp, syntax};

use crate::Pattern;
use crate::canonical::{is_before, is_mixed};
use crate::error::shown;
use crate::evaluate::{expression_size_max, is_octets, regex};
use crate::schema::{self, Place, Value};
use crate::tree::{Comparison, Constant, Observation, Operator, Path, Qualifier, Step, Test};

type Emit<'a> = &'a mut dyn FnMut(Code, String);

/// Checks the pattern of an indicator: grammar, types, and whether it looks beyond the time the indicator is valid for.
///
/// Emits `STIX-E-901`, `-903`, `-904` or `-912` and nothing else where the pattern does not parse, else the findings of
/// [`Pattern::check_types`], `STIX-N-914`, and `STIX-W-906` for a version that is neither `2.0` nor `2.1`.
pub fn check_indicator(at: &PatternAt<'_>, emit: &mut dyn FnMut(Code, String)) {
    if !matches!(at.version, "2.0" | "2.1") {
        emit(Code::W906, format!("pattern version `{}`, read as 2.1", shown(at.version)));
    }
    let pattern = match crate::parse_version(at.text, at.version) {
        Ok(pattern) => pattern,
        Err(error) => return emit(Code::find(error.code()).unwrap_or(Code::E901), error.to_string()),
    };
    pattern.check_types(emit);
    each_qualifier(&pattern.root, &mut |qualifier| {
        let Qualifier::StartStop(start, stop) = qualifier else { return };
        let (Ok(starts), Ok(stops)) = (Timestamp::parse(start), Timestamp::parse(stop)) else { return };
        if at.valid_from.is_some_and(|from| starts < from) {
            emit(Code::N914, format!("START `{start}` is before valid_from"));
        }
        if at.valid_until.is_some_and(|until| stops > until) {
            emit(Code::N914, format!("STOP `{stop}` is after valid_until"));
        }
    });
}

pub(crate) fn check(pattern: &Pattern, emit: Emit<'_>) {
    let mut expressions = Expressions { size_max: expression_size_max(&pattern.root), known: HashMap::new() };
    observation(&pattern.root, &mut expressions, emit);
}

/// Regular expressions with the size each may take, and what is wrong with those already compiled.
struct Expressions<'a> {
    size_max: usize,
    known: HashMap<(&'a str, bool), Option<String>>,
}

impl<'a> Expressions<'a> {
    /// Returns why an expression cannot be evaluated. Each is compiled once, since the size is shared out that way too.
    fn fault(&mut self, expression: &'a str, is_octets: bool) -> Option<&str> {
        let size_max = self.size_max;
        let fault = || regex::check(expression, is_octets, size_max).err();
        self.known.entry((expression, is_octets)).or_insert_with(fault).as_deref()
    }
}

/// Recursion here and below is bounded by the parser's depth limit.
fn observation<'a>(expression: &'a Observation, expressions: &mut Expressions<'a>, emit: Emit<'_>) {
    match expression {
        Observation::Test(root) => {
            types(root, emit);
            test(root, expressions, emit);
        }
        Observation::Joined(_, parts) => parts.iter().for_each(|part| observation(part, expressions, emit)),
        Observation::Qualified(inner, qualifiers) => {
            observation(inner, expressions, emit);
            qualifiers.iter().for_each(|one| qualifier(one, emit));
        }
    }
}

fn each_qualifier(expression: &Observation, with: &mut dyn FnMut(&Qualifier)) {
    match expression {
        Observation::Test(_) => {}
        Observation::Joined(_, parts) => parts.iter().for_each(|part| each_qualifier(part, with)),
        Observation::Qualified(inner, qualifiers) => {
            each_qualifier(inner, with);
            qualifiers.iter().for_each(with);
        }
    }
}

fn qualifier(qualifier: &Qualifier, emit: Emit<'_>) {
    match qualifier {
        Qualifier::StartStop(start, stop) => {
            date(start, emit);
            date(stop, emit);
            if [start, stop].iter().all(|instant| Timestamp::parse(instant).is_ok()) && !is_before(start, stop) {
                emit(Code::W908, format!("START `{start}` is not before STOP `{stop}`"));
            }
        }
        Qualifier::Within(number) | Qualifier::Repeats(number) => {
            if matches!(number.as_str(), "0" | "0.0") {
                let word = if matches!(qualifier, Qualifier::Within(_)) { "WITHIN" } else { "REPEATS" };
                emit(Code::W916, format!("{word} 0"));
            }
        }
    }
}

fn date(instant: &str, emit: Emit<'_>) {
    if Timestamp::parse(instant).is_err() {
        emit(Code::W907, format!("date `{instant}` does not exist"));
    }
}

/// Returns the object types for which a test can hold, and reports each AND that holds for none. One object has one type.
fn types<'a>(test: &'a Test, emit: Emit<'_>) -> Vec<&'a str> {
    match test {
        Test::Compare(Comparison { path, .. }) | Test::Exists { path, .. } => vec![&path.object_type],
        Test::Joined { by_and, parts } => {
            let mut each = parts.iter().map(|part| types(part, emit)).collect::<Vec<_>>().into_iter();
            let mut all = each.next().unwrap_or_default();
            if !by_and {
                all.extend(each.flatten());
                return all;
            }
            let known = all.clone();
            for other in each {
                // What was reported below is not reported again.
                if other.is_empty() || all.is_empty() {
                    return Vec::new();
                }
                all.retain(|name| other.contains(name));
                if all.is_empty() {
                    let (one, two) = (known.first().unwrap_or(&""), other.first().unwrap_or(&""));
                    emit(Code::W908, format!("`{one}` and `{two}` joined by AND: no object is both"));
                }
            }
            all
        }
    }
}

fn test<'a>(test: &'a Test, expressions: &mut Expressions<'a>, emit: Emit<'_>) {
    match test {
        Test::Joined { parts, .. } => parts.iter().for_each(|part| self::test(part, expressions, emit)),
        Test::Exists { path, .. } => {
            names(path, &schema::place(path), emit);
        }
        Test::Compare(comparison) => {
            let place = schema::place(&comparison.path);
            names(&comparison.path, &place, emit);
            constants(comparison, expressions, emit);
            operator(comparison, &place, emit);
        }
    }
}

/// The form of the type and the first property (E-902), and whether they are known (N-905).
fn names(path: &Path, place: &Place, emit: Emit<'_>) {
    let object_type = shown(&path.object_type);
    if !is_type_name(&path.object_type) {
        emit(Code::E902, format!("object type `{object_type}`"));
    }
    let first = match path.steps.first() {
        Some(Step::Key(key)) => key.as_str(),
        _ => "",
    };
    let formed = |key: &str| {
        (3..=250).contains(&key.len())
            && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    if !formed(first) && first != "id" && !schema::has_property(&path.object_type, first) {
        emit(Code::E902, format!("property `{}`", shown(first)));
    }
    match place {
        Place::UnknownType => emit(Code::N905, format!("type `{object_type}` is not in the specification")),
        Place::NotObservable => emit(Code::N905, format!("type `{object_type}` is no observable and is never matched")),
        Place::Unknown(step) => {
            emit(Code::N905, format!("`{object_type}` has no `{}` there", shown(step)));
        }
        Place::Known(_) | Place::Custom => {}
    }
}

/// `^-?[a-z0-9]+(-[a-z0-9]+)*-?$` of 3 to 250 characters.
fn is_type_name(name: &str) -> bool {
    let inner = name.strip_prefix('-').unwrap_or(name);
    let inner = inner.strip_suffix('-').unwrap_or(inner);
    let word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    (3..=250).contains(&name.len()) && inner.split('-').all(word)
}

/// What is wrong with constants whatever they are compared to: dates, mixed sets, expressions.
fn constants<'a>(comparison: &'a Comparison, expressions: &mut Expressions<'a>, emit: Emit<'_>) {
    for constant in &comparison.constants {
        if let Constant::Timestamp(instant) = constant {
            date(instant, emit);
        }
    }
    if is_mixed(&comparison.constants) {
        emit(Code::W909, format!("set with constants of different kinds at `{}`", at(&comparison.path)));
    }
    if comparison.operator == Operator::Matches
        && let Some(Constant::Text(expression)) = comparison.constants.first()
        && let Some(reason) = expressions.fault(expression, is_octets(&comparison.path))
    {
        emit(Code::E913, format!("expression `{}`: {reason}", shown(expression)));
    }
}

fn operator(comparison: &Comparison, place: &Place, emit: Emit<'_>) {
    let Comparison { path, operator, constants, negated } = comparison;
    let values: &[Value] = match place {
        Place::Known(values) => values,
        _ => &[],
    };
    if matches!(operator, Operator::IsSubset | Operator::IsSuperset) {
        let is_address = |value: &Value| matches!((value.owner, value.property), ("ipv4-addr" | "ipv6-addr", "value"));
        if !values.iter().any(is_address) {
            emit(Code::W910, format!("{} on `{}`, which is no address", operator.symbol(), at(path)));
        }
        return;
    }
    if values.is_empty() {
        return;
    }
    if !values.iter().any(|value| takes(&value.form, *operator)) {
        return emit(Code::W910, format!("{} does not fit `{}`", operator.symbol(), at(path)));
    }
    let misfit = |constant: &&Constant| !values.iter().any(|value| compares(&value.form, constant));
    if let Some(constant) = constants.iter().find(misfit) {
        return emit(Code::W910, format!("constant `{}` does not compare to `{}`", shown(constant.text()), at(path)));
    }
    let is_equality =
        matches!((operator, negated), (Operator::Equal | Operator::In, false) | (Operator::NotEqual, true));
    let impossible = |constant: &&Constant| !values.iter().any(|value| allows(&value.form, constant));
    if let Some(constant) = constants.iter().find(impossible).filter(|_| is_equality) {
        emit(Code::W908, format!("`{}` is never `{}`", at(path), shown(constant.text())));
    }
}

/// Tells whether an operator says something about values of the form.
fn takes(form: &Form, operator: Operator) -> bool {
    let is_order =
        matches!(operator, Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual);
    match form {
        Form::Boolean => !is_order && !matches!(operator, Operator::Like | Operator::Matches),
        Form::Integer(..) | Form::Float(..) => !matches!(operator, Operator::Like | Operator::Matches),
        _ => true,
    }
}

/// Tells whether values of the form and the constant can be compared; containers compare to nothing.
fn compares(form: &Form, constant: &Constant) -> bool {
    match form {
        Form::Boolean => matches!(constant, Constant::Boolean(_)),
        Form::Integer(..) | Form::Float(..) => matches!(constant, Constant::Integer(_) | Constant::Float(_)),
        Form::Hashes | Form::Dictionary(_) | Form::Table(_) | Form::List(_) | Form::Extensions => false,
        _ => !matches!(constant, Constant::Boolean(_) | Constant::Integer(_) | Constant::Float(_)),
    }
}

/// Tells whether a valid object can have the constant as value of the form.
fn allows(form: &Form, constant: &Constant) -> bool {
    let is_error = |code: Code| code.severity() == Severity::Error;
    match (form, constant) {
        (Form::Syntax(syntax), Constant::Text(text)) => !syntax::check(*syntax, text).is_some_and(is_error),
        (Form::Enumeration(vocabulary), Constant::Text(text)) => vocabulary.contains(text),
        (Form::Integer(least, most), Constant::Integer(number)) => {
            number.parse::<i64>().is_ok_and(|number| (*least..=*most).contains(&number))
        }
        (Form::Integer(..), Constant::Float(number)) => number.ends_with(".0"),
        (Form::Float(least, most), Constant::Integer(number) | Constant::Float(number)) => {
            number.parse::<f64>().is_ok_and(|number| (*least..=*most).contains(&number))
        }
        _ => true,
    }
}

fn at(path: &Path) -> String {
    shown(&path.to_string())
}
