//! One text for each JSON value, after RFC 8785: equal values are equal bytes, so that a receipt can be compared, hashed
//! and signed.

use serde_json::{Number, Value};

/// The canonical text: members sorted, no spaces, every number in its one form.
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Number(number) => text.push_str(&plain(number)),
        Value::Array(list) => {
            joined(list, ('[', ']'), text, write);
        }
        Value::Object(object) => {
            let mut members: Vec<_> = object.iter().collect();
            // RFC 8785, 3.2.3: by UTF-16 code units.
            members.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
            joined(&members, ('{', '}'), text, |(name, value), text| {
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write(value, text);
            });
        }
        other => text.push_str(&other.to_string()),
    }
}

fn joined<T>(list: &[T], (open, close): (char, char), text: &mut String, each: impl Fn(&T, &mut String)) {
    text.push(open);
    for (place, one) in list.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        each(one, text);
    }
    text.push(close);
}

/// A number as ECMAScript writes it (RFC 8785, 3.2.2.3).
fn plain(number: &Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else { return number.to_string() };
    match float.abs() {
        0.0 => "0".into(),
        1e-6..1e21 => float.to_string(),
        1e21.. => format!("{float:e}").replace('e', "e+"),
        _ => format!("{float:e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_have_one_form() {
        // Appendix B of RFC 8785, and whole numbers that were given as fractions.
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (5e-324, "5e-324"),
            (1.797_693_134_862_315_7e308, "1.7976931348623157e+308"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (295_147_905_179_352_830_000.0, "295147905179352830000"),
            (9.999_999_999_999_997e22, "9.999999999999997e+22"),
            (1e23, "1e+23"),
            (1e21, "1e+21"),
            (999_999_999_999_999_900_000.0, "999999999999999900000"),
            (9.999_999_999_999_997e-7, "9.999999999999997e-7"),
            (0.000_001, "0.000001"),
            (333_333_333.333_333_3, "333333333.3333333"),
            (5.0, "5"),
            (-1.5, "-1.5"),
        ] {
            assert_eq!(canonical(&json!(number)), text);
        }
        assert_eq!(canonical(&json!([u64::MAX, -3, 7])), "[18446744073709551615,-3,7]");
    }

    #[test]
    fn members_are_sorted_at_every_depth() {
        let one = json!({"b": {"z": 1, "a": [true, null]}, "a": "\u{1f}\n\"€"});
        let other = json!({"a": "\u{1f}\n\"€", "b": {"a": [true, null], "z": 1.0}});
        assert_eq!(canonical(&one), r#"{"a":"\u001f\n\"€","b":{"a":[true,null],"z":1}}"#);
        assert_eq!(canonical(&one), canonical(&other));
        // RFC 8785, 3.2.3: by code units, not by code points.
        let sorted = canonical(&json!({"\u{fb33}": 1, "\u{1f600}": 2, "\u{20ac}": 3, "\r": 4, "1": 5}));
        assert_eq!(sorted, "{\"\\r\":4,\"1\":5,\"\u{20ac}\":3,\"\u{1f600}\":2,\"\u{fb33}\":1}");
    }
}
