//! The JSON Canonicalization Scheme (RFC 8785), for the names of deterministic identifiers.

use serde_json::{Number, Value};

use crate::json::quote_into;

/// Writes `value` in canonical form.
///
/// Recursion is bounded: values come from texts of at most 100 levels, or from our own code.
pub(crate) fn write(value: &Value) -> String {
    let mut out = String::new();
    write_into(&mut out, value);
    out
}

fn write_into(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => out.push_str(&number_text(number)),
        Value::String(text) => quote_into(out, text),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_into(out, item);
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().collect();
            members.sort_by(|left, right| left.0.encode_utf16().cmp(right.0.encode_utf16()));
            out.push('{');
            for (at, (key, value)) in members.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                quote_into(out, key);
                out.push(':');
                write_into(out, value);
            }
            out.push('}');
        }
    }
}

fn number_text(number: &Number) -> String {
    number.as_f64().map_or_else(|| number.to_string(), ecmascript)
}

/// Writes a double as ECMAScript's `Number::toString` does.
fn ecmascript(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    // `serde_json` writes the shortest digits and, of two equally near, the even ones, as ECMAScript asks; the standard library
    // does not settle ties so. Only the layout differs.
    let shortest = Number::from_f64(number.abs()).map(|number| number.to_string()).unwrap_or_default();
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0');
    let leading = all.len().saturating_sub(significant.len());
    let digits = significant.trim_end_matches('0');
    let length = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let count = length(digits.len());
    // Where the decimal point stands, counted from the first digit: the specification's `n`.
    let point = exponent.parse::<i32>().unwrap_or_default().saturating_add(length(whole.len()) - length(leading));
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    let magnitude = if (count..=21).contains(&point) {
        format!("{digits}{}", zeros(point.saturating_sub(count)))
    } else if (1..=21).contains(&point) {
        let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or_default());
        format!("{whole}.{fraction}")
    } else if (-5..=0).contains(&point) {
        format!("0.{}{digits}", zeros(point.saturating_neg()))
    } else {
        let exponent = point.saturating_sub(1);
        let sign = if exponent < 0 { '-' } else { '+' };
        let (first, rest) = digits.split_at(1.min(digits.len()));
        let dot = if rest.is_empty() { "" } else { "." };
        format!("{first}{dot}{rest}e{sign}{}", exponent.unsigned_abs())
    };
    if number < 0.0 { format!("-{magnitude}") } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_rfc_8785_appendix_b() {
        for (bits, text) in [
            (0x0000_0000_0000_0000_u64, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] {
            assert_eq!(ecmascript(f64::from_bits(bits)), text);
        }
    }

    #[test]
    fn keys_sort_by_utf_16_code_units() {
        // RFC 8785 §3.2.3: the emoji's surrogates sort before U+FB33.
        let value: Value = serde_json::from_str(r#"{"\ufb33":1,"\ud83d\ude00":2,"\u00f6":3,"1":4,"\r":5}"#).unwrap();
        assert_eq!(write(&value), "{\"\\r\":5,\"1\":4,\"ö\":3,\"😀\":2,\"\u{fb33}\":1}");
    }

    #[test]
    fn whole_numbers_lose_their_fraction_and_strings_their_needless_escapes() {
        let value: Value = serde_json::from_str(r#"{"b":[7.0,1e3,-0.5],"a":"\/\u00e9\u000b"}"#).unwrap();
        assert_eq!(write(&value), "{\"a\":\"/é\\u000b\",\"b\":[7,1000,-0.5]}");
    }
}
