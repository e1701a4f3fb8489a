//! Options that say what a result must be, not how it is made: `max_bytes`, `min_quality`, `conforms`. Where a plugin knows
//! one of them itself, it is the plugin's; otherwise the engine looks for settings and proves the result.

use super::{Hop, Route};
use crate::matrix::{SettingValue, check_option};
use crate::{Error, Result};
use formwork_abi::options::{OptionKind, OptionSpec};
use formwork_formats::{Family, Format};
use serde_json::{Map, Value, json};

/// What the engine itself has to reach.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Goals {
    /// The most bytes of all results together.
    pub(crate) max_bytes: Option<u64>,
    /// The least likeness to the input, from 1 to 100.
    pub(crate) min_quality: Option<f64>,
    pub(crate) profile: Option<&'static Profile>,
}

/// What `conforms` can name: settings that lead there, and what must be true of the result.
#[derive(Debug, PartialEq)]
pub(crate) struct Profile {
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
    formats: &'static [&'static str],
    /// Options that are set unless they are given.
    options: &'static [(&'static str, &'static str)],
    /// What to set when the result falls short: nothing may be left as it was.
    pub(crate) again: &'static [(&'static str, &'static str)],
    /// The most pixels of the longer side; 0 for any.
    pub(crate) longest_side: u64,
    max_bytes: Option<u64>,
    /// Each track of a kind has a fact with one of these values: kind, fact, values.
    pub(crate) tracks: &'static [(&'static str, &'static str, &'static [&'static str])],
    /// The index of an MP4 stands before its contents, so that it plays before it has come whole, and says that all
    /// pictures have 8 bits in 4:2:0.
    pub(crate) plays_everywhere: bool,
}

const PROFILES: &[Profile] = &[
    Profile {
        name: "web-video",
        summary: "MP4 that every browser plays: H.264 in 4:2:0 with 8 bits, AAC, index first",
        formats: &["mp4"],
        options: &[("codec", "h264"), ("audio_codec", "aac")],
        again: &[("copy", "never")],
        longest_side: 0,
        max_bytes: None,
        tracks: &[("video", "codec", &["h264"]), ("audio", "codec", &["aac"])],
        plays_everywhere: true,
    },
    Profile {
        name: "web-image",
        summary: "a picture for a page: JPEG, PNG, WebP or AVIF, at most 2,560 pixels a side, without metadata",
        formats: &["jpg", "png", "webp", "avif"],
        options: &[("width", "2560"), ("height", "2560"), ("fit", "max"), ("strip_metadata", "true")],
        again: &[],
        longest_side: 2_560,
        max_bytes: None,
        tracks: &[],
        plays_everywhere: false,
    },
    Profile {
        name: "email-image",
        summary: "a picture to send: JPEG, at most 1,600 pixels a side and 1 MB, without metadata",
        formats: &["jpg"],
        options: &[("width", "1600"), ("height", "1600"), ("fit", "max"), ("strip_metadata", "true")],
        again: &[],
        longest_side: 1_600,
        max_bytes: Some(1_000_000),
        tracks: &[],
        plays_everywhere: false,
    },
];

const MAX_BYTES: &str = "max_bytes";
const MIN_QUALITY: &str = "min_quality";
const CONFORMS: &str = "conforms";
/// Options that are goals wherever no plugin takes them itself.
pub(crate) const NAMES: [&str; 3] = [MAX_BYTES, MIN_QUALITY, CONFORMS];

impl Goals {
    /// Whether nothing is to be reached.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Goals::default()
    }

    /// What was asked for, as a receipt tells it.
    pub(crate) fn to_json(&self) -> Value {
        let mut json = Map::new();
        json.extend(self.max_bytes.map(|most| (MAX_BYTES.to_owned(), json!({"asked": most}))));
        json.extend(self.min_quality.map(|least| (MIN_QUALITY.to_owned(), json!({"asked": least}))));
        json.extend(self.profile.map(|profile| (CONFORMS.to_owned(), json!({"asked": profile.name}))));
        json.into()
    }
}

/// Takes out of the options what no step of a route knows and is a goal, and puts in what leads there.
///
/// # Errors
///
/// `invalid_request` for a goal that has no meaning for this target.
pub(super) fn take(route: &Route<'_>, given: &mut Map<String, Value>) -> Result<Goals> {
    let mut goals = Goals::default();
    let known = |name: &str| route.hops.iter().any(|hop| hop.cell.option(name).is_some());
    let target = route.hops.last().and_then(|hop| hop.to);
    if known(CONFORMS) {
        // "pdf/a-2b" is how the standard is written, "pdfa-2b" how the option is.
        if let Some(Value::String(name)) = given.get_mut(CONFORMS) {
            *name = name.to_ascii_lowercase().replace("pdf/", "pdf");
        }
    } else if let Some(name) = given.remove(CONFORMS) {
        let profile = profile(&name, target)?;
        for (option, value) in profile.options {
            if known(option) && !given.contains_key(*option) {
                given.insert((*option).to_owned(), (*value).into());
            }
        }
        goals.max_bytes = profile.max_bytes;
        goals.profile = Some(profile);
    }
    if let Some(most) = given.get(MAX_BYTES).filter(|_| !known(MAX_BYTES)) {
        let spec = spec(MAX_BYTES, OptionKind::Bytes, String::new());
        if let SettingValue::Integer(most) = check_option(&spec, most)?.value {
            let most = most.max(1) as u64;
            goals.max_bytes = Some(goals.max_bytes.map_or(most, |other| other.min(most)));
        }
        given.remove(MAX_BYTES);
    }
    if let Some(least) = given.get(MIN_QUALITY).filter(|_| !known(MIN_QUALITY)) {
        let spec = spec(MIN_QUALITY, OptionKind::Number { min: 1.0, max: 100.0 }, String::new());
        let value = check_option(&spec, least)?.value;
        if !is_picture(route) {
            return Err(Error::invalid(
                "`min_quality` is measured between two pictures, and this is another conversion",
            )
            .with_hint("leave it out, and set quality or bitrate instead"));
        }
        goals.min_quality = match value {
            SettingValue::Number(least) => Some(least),
            SettingValue::Integer(least) => Some(least as f64),
            _ => None,
        };
        given.remove(MIN_QUALITY);
    }
    Ok(goals)
}

fn profile(name: &Value, target: Option<&Format>) -> Result<&'static Profile> {
    let wanted = name.as_str().unwrap_or_default().to_ascii_lowercase();
    let id = target.map_or("", |target| target.id);
    let known: Vec<&str> =
        PROFILES.iter().filter(|profile| profile.formats.contains(&id)).map(|profile| profile.name).collect();
    let Some(profile) = PROFILES.iter().find(|profile| profile.name == wanted) else {
        let error = Error::invalid(format!("nothing called `{wanted}` is known that {id} could conform to"));
        let names: Vec<&str> = PROFILES.iter().map(|profile| profile.name).collect();
        return Err(error.with_hint(format!("known are {}; pdf/to-pdfa has its own", names.join(", "))));
    };
    if !profile.formats.contains(&id) {
        let error = Error::invalid(format!("{id} cannot conform to {wanted}"));
        let hint =
            if known.is_empty() { String::new() } else { format!("; {id} can be {}", known.join(", ")) };
        return Err(error.with_hint(format!("{wanted} is {}{hint}", profile.formats.join(", "))));
    }
    Ok(profile)
}

/// The options for what the engine itself can reach on a route.
pub(super) fn options(route: &Route<'_>) -> Vec<OptionSpec> {
    let target = route.hops.last().and_then(|hop| hop.to);
    let mut specs = vec![spec(
        MAX_BYTES,
        OptionKind::Bytes,
        "Greatest size of the result in bytes: the best quality that fits is looked for.".into(),
    )];
    if is_picture(route) {
        let summary = "Least likeness to the input, measured: the smallest result that has it is looked for.";
        specs.push(spec(MIN_QUALITY, OptionKind::Number { min: 1.0, max: 100.0 }, summary.into()));
    }
    let fitting = |profile: &&Profile| target.is_some_and(|target| profile.formats.contains(&target.id));
    let profiles: Vec<&Profile> = PROFILES.iter().filter(fitting).collect();
    if !profiles.is_empty() {
        let words = profiles.iter().map(|profile| profile.name.to_owned()).collect();
        let told: Vec<String> =
            profiles.iter().map(|profile| format!("{}: {}", profile.name, profile.summary)).collect();
        specs.push(spec(CONFORMS, OptionKind::Choice { words }, told.join("; ")));
    }
    specs
}

fn spec(name: &str, kind: OptionKind, summary: String) -> OptionSpec {
    OptionSpec::new(name, kind, &summary)
}

/// Whether a picture becomes a picture.
fn is_picture(route: &Route<'_>) -> bool {
    let is = |format: Option<&Format>| format.is_some_and(|format| format.family == Family::Image);
    is(route.hops.first().map(|hop| hop.from)) && is(route.hops.last().and_then(|hop| hop.to))
}

impl Hop<'_> {
    /// A whole number it is set to.
    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        self.settings.iter().find(|set| set.name == name).and_then(|set| match set.value {
            SettingValue::Integer(value) => Some(value),
            _ => None,
        })
    }

    /// Sets an option it declares; does nothing for another.
    pub(crate) fn set(&mut self, name: &str, value: &Value) -> Result<()> {
        let Some(spec) = self.cell.option(name) else { return Ok(()) };
        let setting = check_option(spec, value)?;
        self.settings.retain(|set| set.name != name);
        self.settings.push(setting);
        Ok(())
    }
}
