//! Checks option values against what a capability declares, and brings them to one form.

use crate::{Error, Result};
use formwork_abi::options::{OptionDefault, OptionKind, OptionSpec};
use serde_json::Value;

/// An option with its checked value.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The option's name.
    pub name: String,
    /// The value in the form in which it crosses the plugin border.
    pub value: SettingValue,
    /// Never print, log or record the value.
    pub secret: bool,
}

/// A checked value.
#[derive(Clone, Debug, PartialEq)]
pub enum SettingValue {
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// Text.
    Text(String),
}

impl Setting {
    /// The value as JSON; `"***"` for a secret.
    pub fn to_json(&self) -> Value {
        match &self.value {
            _ if self.secret => Value::from("***"),
            SettingValue::Boolean(value) => Value::from(*value),
            SettingValue::Integer(value) => Value::from(*value),
            SettingValue::Number(value) => Value::from(*value),
            SettingValue::Text(value) => Value::from(value.as_str()),
        }
    }
}

/// Returns the setting an option has when none is given.
pub(crate) fn default_setting(spec: &OptionSpec) -> Option<Setting> {
    let given = match spec.default.as_ref()? {
        OptionDefault::Boolean(value) => Value::from(*value),
        OptionDefault::Integer(value) => Value::from(*value),
        OptionDefault::Number(value) => Value::from(*value),
        OptionDefault::Text(value) => Value::from(value.as_str()),
    };
    check_option(spec, &given).ok()
}

/// Checks one value. Text is read the way a person types it, so `"85"` is a number where one is wanted.
///
/// # Errors
///
/// `invalid_request`, saying what would be valid.
pub fn check_option(spec: &OptionSpec, given: &Value) -> Result<Setting> {
    let value = read(&spec.kind, given).ok_or_else(|| {
        let shown = if spec.kind == OptionKind::Secret {
            "the value given".into()
        } else {
            format!("`{}`", plain(given))
        };
        Error::invalid(format!("the option `{}` does not take {shown}", spec.name))
            .with_hint(describe(&spec.kind))
    })?;
    Ok(Setting { name: spec.name.clone(), value, secret: spec.kind == OptionKind::Secret })
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn read(kind: &OptionKind, given: &Value) -> Option<SettingValue> {
    use SettingValue::{Integer, Number, Text};
    match kind {
        OptionKind::Boolean => boolean(given).map(SettingValue::Boolean),
        OptionKind::Integer { min, max } => {
            integer(given).filter(|value| (min..=max).contains(&value)).map(Integer)
        }
        OptionKind::Number { min, max } => {
            number(given).filter(|value| (min..=max).contains(&value)).map(Number)
        }
        OptionKind::Quality => quality(given).map(Integer),
        OptionKind::Choice { words } => {
            let word = given.as_str()?.to_ascii_lowercase();
            words.contains(&word).then_some(Text(word))
        }
        OptionKind::Colour => colour(given.as_str()?).map(Text),
        OptionKind::Time => seconds(given).map(Number),
        OptionKind::Bytes => bytes(given).map(Integer),
        OptionKind::Pages => pages(&plain(given)).map(Text),
        OptionKind::Text | OptionKind::Secret => {
            Some(plain(given)).filter(|text| text.len() <= 4096).map(Text)
        }
    }
}

/// Says in words what values a kind takes.
pub(crate) fn describe(kind: &OptionKind) -> String {
    match kind {
        OptionKind::Boolean => "it takes true or false".into(),
        OptionKind::Integer { min, max } => format!("it takes a whole number from {min} to {max}"),
        OptionKind::Number { min, max } => format!("it takes a number from {min} to {max}"),
        OptionKind::Quality => "it takes 1 to 100, or low, medium, high, highest".into(),
        OptionKind::Choice { words } => format!("it takes one of {}", words.join(", ")),
        OptionKind::Colour => "it takes a colour: #rrggbb, #rrggbbaa, white, black or transparent".into(),
        OptionKind::Time => "it takes a time: seconds, MM:SS or HH:MM:SS, with a fraction if need be".into(),
        OptionKind::Bytes => {
            "it takes an amount: a number, alone or with k, M, G (1000) or Ki, Mi, Gi (1024), as 128k or 2M"
                .into()
        }
        OptionKind::Pages => "it takes pages, as 1-5, 1,3,5-, or all".into(),
        OptionKind::Text | OptionKind::Secret => "it takes text of up to 4,096 bytes".into(),
    }
}

fn boolean(given: &Value) -> Option<bool> {
    given.as_bool().or_else(|| match given.as_str()?.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    })
}

fn integer(given: &Value) -> Option<i64> {
    // Some languages have but one kind of number, and write 10 as 10.0.
    let whole =
        |number: f64| (number.fract() == 0.0 && number.abs() < 2_f64.powi(53)).then_some(number as i64);
    given.as_i64().or_else(|| given.as_f64().and_then(whole)).or_else(|| given.as_str()?.trim().parse().ok())
}

fn number(given: &Value) -> Option<f64> {
    given.as_f64().or_else(|| given.as_str()?.trim().parse().ok()).filter(|value| value.is_finite())
}

fn quality(given: &Value) -> Option<i64> {
    match given.as_str().map(str::to_ascii_lowercase).as_deref() {
        Some("low") => Some(40),
        Some("medium") => Some(65),
        Some("high") => Some(85),
        Some("highest") => Some(95),
        _ => integer(given).filter(|value| (1..=100).contains(value)),
    }
}

fn colour(text: &str) -> Option<String> {
    let digits = match text.to_ascii_lowercase().as_str() {
        "white" => "ffffff".to_owned(),
        "black" => "000000".to_owned(),
        "transparent" => "00000000".to_owned(),
        other => other.strip_prefix('#')?.to_owned(),
    };
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    match digits.len() {
        3 => Some(digits.chars().fold("#".to_owned(), |text, c| text + &c.to_string().repeat(2)) + "ff"),
        6 => Some(format!("#{digits}ff")),
        8 => Some(format!("#{digits}")),
        _ => None,
    }
}

fn seconds(given: &Value) -> Option<f64> {
    if let Some(seconds) = number(given) {
        return (seconds >= 0.0).then_some(seconds);
    }
    let parts: Vec<&str> = given.as_str()?.trim().split(':').collect();
    let (last, before) = parts.split_last()?;
    let plain = parts.iter().all(|part| part.bytes().all(|digit| digit.is_ascii_digit() || digit == b'.'));
    if !plain || !(1..=2).contains(&before.len()) {
        return None;
    }
    let mut total = 0.0;
    for (place, part) in before.iter().enumerate() {
        let value = part.parse::<u32>().ok().filter(|value| place == 0 || *value < 60)?;
        total = (total + f64::from(value)) * 60.0;
    }
    let seconds = last.parse::<f64>().ok().filter(|value| *value < 60.0)?;
    Some(total + seconds)
}

fn bytes(given: &Value) -> Option<i64> {
    if let Some(count) = integer(given) {
        return (count >= 0).then_some(count);
    }
    let text = given.as_str()?.trim().trim_end_matches(['b', 'B']);
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let scale = match text.get(digits.len()..)?.to_ascii_lowercase().as_str() {
        "k" => 1e3,
        "m" => 1e6,
        "g" => 1e9,
        "ki" => 1024.0,
        "mi" => 1_048_576.0,
        "gi" => 1_073_741_824.0,
        _ => return None,
    };
    let count = digits.trim().parse::<f64>().ok()? * scale;
    (0.0..9e15).contains(&count).then_some(count as i64)
}

fn pages(text: &str) -> Option<String> {
    if text.eq_ignore_ascii_case("all") {
        return Some("all".into());
    }
    let page = |text: &str| text.trim().parse::<u32>().ok().filter(|page| *page > 0);
    let range = |part: &str| match part.split_once('-') {
        Some((first, "")) => page(first).is_some(),
        Some((first, last)) => page(first).zip(page(last)).is_some_and(|(first, last)| first <= last),
        None => page(part).is_some(),
    };
    let valid = text.len() <= 4096 && text.split(',').all(range);
    valid.then(|| text.chars().filter(|c| !c.is_whitespace()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use formwork_abi::options::option;
    use serde_json::json;

    fn value(name: &str, given: Value) -> Option<SettingValue> {
        check_option(&option(name), &given).ok().map(|setting| setting.value)
    }

    #[test]
    fn words_become_numbers() {
        assert_eq!(value("quality", json!("high")), Some(SettingValue::Integer(85)));
        assert_eq!(value("quality", json!("70")), Some(SettingValue::Integer(70)));
        assert_eq!(value("quality", json!(0)), None);
        assert_eq!(value("max_bytes", json!("1.5M")), Some(SettingValue::Integer(1_500_000)));
        assert_eq!(value("lossless", json!("yes")), Some(SettingValue::Boolean(true)));
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        for (given, seconds) in [
            (json!(90), 90.0),
            (json!("90.5"), 90.5),
            (json!("1:30"), 90.0),
            (json!("01:00:00.250"), 3600.25),
            (json!("90:00"), 5400.0),
            (json!(" 0:07 "), 7.0),
        ] {
            assert_eq!(value("start_time", given.clone()), Some(SettingValue::Number(seconds)), "{given}");
        }
        for given in
            ["1:60", "1:2:3:4", "1.5:00", "1:-3", "1:1e1", ":30", "1:", "-1:00", "+1:00", "-5", "a:b", ""]
        {
            assert_eq!(value("start_time", json!(given)), None, "{given}");
        }
    }

    #[test]
    fn amounts_serve_sizes_and_bit_rates() {
        assert_eq!(value("bitrate", json!("2M")), Some(SettingValue::Integer(2_000_000)));
        assert_eq!(value("audio_bitrate", json!("128k")), Some(SettingValue::Integer(128_000)));
        assert_eq!(value("max_bytes", json!("1Ki")), Some(SettingValue::Integer(1024)));
        for name in ["bitrate", "max_bytes"] {
            let error = check_option(&option(name), &json!("fast")).unwrap_err();
            let hint = error.hint.unwrap();
            assert!(hint.contains("128k") && !hint.contains("bytes"), "{hint}");
        }
    }

    #[test]
    fn colours_and_pages_are_brought_to_one_form() {
        assert_eq!(value("background", json!("#fA0")), Some(SettingValue::Text("#ffaa00ff".into())));
        assert_eq!(value("background", json!("fffff")), None);
        assert_eq!(value("pages", json!("1, 3-5")), Some(SettingValue::Text("1,3-5".into())));
        assert_eq!(value("pages", json!("1,3-")), Some(SettingValue::Text("1,3-".into())));
        for wrong in ["5-3", "-", "-3", "3--", "0-"] {
            assert_eq!(value("pages", json!(wrong)), None, "{wrong}");
        }
    }

    #[test]
    fn a_secret_is_never_shown() {
        let setting = check_option(&option("password"), &json!("hush")).unwrap();
        assert_eq!(setting.to_json(), json!("***"));
        let long = check_option(&option("password"), &json!("h".repeat(5000))).unwrap_err();
        assert!(!long.message.contains("hhh"));
    }
}
