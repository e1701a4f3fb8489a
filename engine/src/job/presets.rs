//! Presets: options under a name, for each family of results.

use crate::matrix::check_option;
use crate::{Error, Result};
use formwork_abi::options::{OptionKind, OptionSpec, option};
use formwork_formats::Family;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Those that come with the engine.
const OWN: &str = include_str!("presets.json");

/// What presets are for: operations whose options say how a file is written. What `width` is to a crop is something
/// else.
const OPERATIONS: &[&str] = &["convert", "optimize", "pdf/compress"];

/// Options that say the same thing in several ways: who gives one of them wants none of the others from a preset.
const SAME: &[&[&str]] = &[
    &["width", "height", "resolution"],
    &["quality", "lossless", "bitrate", "max_bytes", "min_quality", "two_pass"],
    &["audio_bitrate", "no_audio", "audio_codec"],
];

/// Presets by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Presets {
    named: BTreeMap<String, Preset>,
}

/// Options for each family of results.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preset {
    /// What it is for, in words.
    pub summary: String,
    /// Options by name, for results of a family. A result takes those it knows.
    pub options: Vec<(Family, Map<String, Value>)>,
}

impl Default for Presets {
    /// Those that come with the engine.
    fn default() -> Presets {
        let own = serde_json::from_str(OWN).ok().and_then(|json| read(&json).ok());
        Presets { named: own.unwrap_or_default() }
    }
}

impl Presets {
    /// Adds presets, as `{"web": {"summary": "…", "image": {"quality": 80}, "video": {…}}}`; one whose name is known
    /// takes the place of that.
    ///
    /// # Errors
    ///
    /// `invalid_request` that lists everything that is wrong.
    pub fn with_json(mut self, json: &Value) -> Result<Presets> {
        self.named.extend(read(json)?);
        Ok(self)
    }

    /// Refuses options that nothing knows. What a result does not know is left out, so a slip of the pen would never
    /// show.
    pub(crate) fn check(&self, declares: impl Fn(&str) -> bool) -> Result<()> {
        let own = Presets::default();
        let is_own = |name: &str| own.options().any(|(_, option)| option == name);
        let is_known = |name: &str| !option(name).summary.is_empty() || is_own(name) || declares(name);
        let unknown = self.options().filter(|(_, option)| !is_known(option));
        let wrong: Vec<String> =
            unknown.map(|(name, option)| format!("preset `{name}`: there is no option `{option}`")).collect();
        if wrong.is_empty() { Ok(()) } else { Err(Error::invalid(wrong.join("; "))) }
    }

    /// Names of presets and of the options they set.
    fn options(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().flat_map(|(name, preset)| {
            let options = preset.options.iter().flat_map(|(_, options)| options.keys());
            options.map(move |option| (name, option.as_str()))
        })
    }

    /// All, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Preset)> {
        self.named.iter().map(|(name, preset)| (name.as_str(), preset))
    }

    /// One of them, for an operation.
    ///
    /// # Errors
    ///
    /// `invalid_request` when there is none of this name, with those there are; when none is for the operation.
    pub fn for_operation(&self, name: &str, operation: &str) -> Result<&Preset> {
        let names = || self.named.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let preset = self.named.get(name).ok_or_else(|| {
            Error::invalid(format!("there is no preset `{name}`")).with_hint(format!("there are {}", names()))
        })?;
        if OPERATIONS.contains(&operation) {
            return Ok(preset);
        }
        Err(Error::invalid(format!("`{operation}` takes no preset"))
            .with_hint(format!("presets are for {}", OPERATIONS.join(", "))))
    }
}

impl Preset {
    /// Adds to given options what this preset says for results of a family, as far as `known` has it. What was given
    /// stays, and stands for other ways to say the same.
    ///
    /// # Errors
    ///
    /// `invalid_request` when a value is out of range.
    pub(crate) fn complete(
        &self,
        given: &Map<String, Value>,
        family: Family,
        known: &[OptionSpec],
    ) -> Result<Map<String, Value>> {
        let mut all = given.clone();
        let ours = self.options.iter().filter(|(of, _)| *of == family).flat_map(|(_, options)| options);
        for (name, value) in ours {
            let Some(spec) = known.iter().find(|spec| spec.name == *name) else { continue };
            let same = SAME.iter().find(|same| same.contains(&name.as_str()));
            let is_given = given.contains_key(name)
                || same.is_some_and(|same| same.iter().any(|name| given.contains_key(*name)));
            match check_option(spec, value) {
                _ if is_given => {}
                // A choice this result does not have is like an option it does not have.
                Err(_) if matches!(spec.kind, OptionKind::Choice { .. }) => {}
                checked => {
                    checked?;
                    all.insert(name.clone(), value.clone());
                }
            }
        }
        Ok(all)
    }
}

fn read(json: &Value) -> Result<BTreeMap<String, Preset>> {
    let object = json.as_object().ok_or_else(|| Error::invalid("presets are a JSON object, by name"))?;
    let (mut named, mut wrong) = (BTreeMap::new(), Vec::new());
    for (name, json) in object {
        match preset(json, &mut wrong) {
            Some(preset) => drop(named.insert(name.clone(), preset)),
            None => wrong.push("it is no JSON object".into()),
        }
        wrong.iter_mut().filter(|what| !what.starts_with("preset ")).for_each(|what| {
            *what = format!("preset `{name}`: {what}");
        });
    }
    if wrong.is_empty() { Ok(named) } else { Err(Error::invalid(wrong.join("; "))) }
}

fn preset(json: &Value, wrong: &mut Vec<String>) -> Option<Preset> {
    let mut preset = Preset::default();
    for (member, value) in json.as_object()? {
        let family = Family::ALL.into_iter().find(|family| family.word() == member);
        match (family, value) {
            (Some(family), Value::Object(options)) => {
                preset.options.push((family, options.clone()));
            }
            (None, Value::String(text)) if member == "summary" => preset.summary.clone_from(text),
            (Some(_), _) => wrong.push(format!("`{member}` is an object of options")),
            (None, _) => {
                let words: Vec<&str> = Family::ALL.iter().map(|family| family.word()).collect();
                wrong.push(format!(
                    "there is no member `{member}`; it has `summary` and {}",
                    words.join(", ")
                ));
            }
        }
    }
    Some(preset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn known(names: &[&str]) -> Vec<OptionSpec> {
        names.iter().map(|name| option(name)).collect()
    }

    #[test]
    fn the_engines_own_are_whole() {
        let own = read(&serde_json::from_str(OWN).unwrap()).unwrap();
        assert!(own.len() >= 5 && Presets::default().named == own);
        for (name, preset) in &own {
            assert!(!preset.summary.is_empty() && !preset.options.is_empty(), "{name}");
            for (family, options) in &preset.options {
                let names: Vec<&str> = options.keys().map(String::as_str).collect();
                let all = preset.complete(&Map::new(), *family, &known(&names));
                assert_eq!(all.unwrap_or_else(|error| panic!("{name}: {error}")), *options);
            }
        }
    }

    #[test]
    fn what_is_given_wins_and_what_is_not_known_is_left_out() {
        let presets = Presets::default();
        let web = presets.for_operation("web", "convert").unwrap();
        let all = |given: Value, names: &[&str]| {
            Value::from(web.complete(given.as_object().unwrap(), Family::Image, &known(names)).unwrap())
        };
        assert_eq!(all(json!({}), &["quality", "width"]), json!({"quality": 80, "width": 1920}));
        assert_eq!(all(json!({"quality": 5}), &["quality"]), json!({"quality": 5}));
        assert_eq!(
            all(json!({"height": 9}), &["width", "height"]),
            json!({"height": 9}),
            "another way to say it"
        );
        assert_eq!(all(json!({}), &["start_time"]), json!({}));
        let codecs = vec![option("codec").with_choices(&["vp9"])];
        assert_eq!(web.complete(&Map::new(), Family::Video, &codecs).unwrap(), Map::new());
    }

    #[test]
    fn a_hosts_own_are_checked() {
        let mine = json!({"web": {"image": {"quality": 1}}, "tiny": {"summary": "small", "audio": {"bitrate": "24k"}}});
        let presets = Presets::default().with_json(&mine).unwrap();
        assert_eq!(presets.named["web"].options.len(), 1);
        assert!(
            presets.for_operation("tiny", "optimize").is_ok()
                && presets.for_operation("email", "convert").is_ok()
        );
        let error = presets.for_operation("nope", "convert").unwrap_err();
        assert!(error.hint.unwrap().contains("archive, email"));
        assert!(presets.for_operation("tiny", "crop").unwrap_err().message.contains("takes no preset"));
        let wrong = json!({"a": 8, "b": {"picture": {}}, "c": 7, "d": {"audio": 1}});
        let error = Presets::default().with_json(&wrong).unwrap_err();
        for what in ["preset `a`", "`b`: there is no member `picture`", "`c`", "`d`"] {
            assert!(error.message.contains(what), "{what}: {}", error.message);
        }
        let slip = json!({"a": {"image": {"qualty": 1, "theirs": 2}}});
        let error = Presets::default().with_json(&slip).unwrap().check(|name| name == "theirs").unwrap_err();
        assert_eq!(error.message, "preset `a`: there is no option `qualty`");
    }
}
