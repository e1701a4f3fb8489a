//! What a route will take and give: time, memory and size, foreseen from what is known of the input.
//!
//! Each of the three is a product of powers: of bytes, pixels, seconds and parts of the input, with a factor for the
//! two families, the two formats and the pair. The factors were learned by `cargo xtask predict learn` from receipts of
//! conversions of real files; a host that keeps a history lets its own receipts correct them.

use super::{Hop, Route};
use crate::matrix::SettingValue;
use formwork_formats::{Feature, Format};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::OnceLock;

/// Learned factors; written by `cargo xtask predict learn`.
const TABLE: &str = include_str!("predict.tsv");

/// How many numbers [`Amounts::features`] gives.
pub const FEATURES: usize = 10;

/// How much larger, as a logarithm, a lossy result grows with each point of quality.
const SIZE_A_POINT: f64 = 0.03;

/// Dots per inch in which pages are drawn, unless an option says otherwise.
const USUAL_DENSITY: f64 = 150.0;

/// What is known of an input before it is worked on; 0 where it is not.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Amounts {
    /// Its size.
    pub bytes: f64,
    /// Width of the picture.
    pub width: f64,
    /// Height of the picture.
    pub height: f64,
    /// Pictures in it.
    pub frames: f64,
    /// How long it plays.
    pub seconds: f64,
    /// Samples of sound, of all channels.
    pub samples: f64,
    /// Pages or entries.
    pub parts: f64,
    /// Bytes of what is packed in it.
    pub unpacked: f64,
}

/// What is foreseen of a route.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prediction {
    /// Milliseconds from start to the finished result, as a receipt counts them.
    pub elapsed_ms: f64,
    /// Greatest resident memory, as a receipt counts it.
    pub peak_bytes: f64,
    /// Size of all results.
    pub output_bytes: f64,
}

/// Time, memory and size as logarithms.
pub type Logs = [f64; 3];

impl Prediction {
    /// From the logarithms of its members in order.
    pub fn from_logs(logs: Logs) -> Prediction {
        let [elapsed_ms, peak_bytes, output_bytes] = logs.map(|log| log.clamp(-5.0, 45.0).exp());
        Prediction { elapsed_ms, peak_bytes, output_bytes }
    }

    /// The logarithms of its members in order.
    pub fn logs(&self) -> Logs {
        [self.elapsed_ms, self.peak_bytes, self.output_bytes].map(|value| value.max(0.01).ln())
    }

    /// In words.
    pub fn explain(&self) -> String {
        let [memory, size] =
            [self.peak_bytes, self.output_bytes].map(|bytes| crate::text::bytes(bytes as u64));
        let time = duration(self.elapsed_ms);
        format!("about {time}, {memory} of memory, writes {size}")
    }

    /// As JSON, in whole numbers.
    pub fn to_json(&self) -> Value {
        json!({
            "elapsed_ms": self.elapsed_ms.round() as u64,
            "peak_bytes": self.peak_bytes.round() as u64,
            "output_bytes": self.output_bytes.round() as u64,
        })
    }
}

impl Amounts {
    /// Reads what a probe told of an input.
    pub fn of(bytes: u64, facts: &Map<String, Value>) -> Amounts {
        let fact = |name: &str| {
            let value = facts.get(name).and_then(Value::as_f64).unwrap_or(0.0);
            if value.is_finite() { value.max(0.0) } else { 0.0 }
        };
        let seconds = fact("duration");
        // A page that is drawn, in the usual density; its own size is in points.
        let drawn = |points: f64| points * USUAL_DENSITY / 72.0;
        let frames = fact("frames").max(fact("fps") * seconds).max(1.0);
        Amounts {
            bytes: bytes as f64,
            width: fact("width").max(drawn(fact("page_width"))),
            height: fact("height").max(drawn(fact("page_height"))),
            frames,
            seconds,
            samples: (seconds * rate(facts)).min(MOST_SAMPLES),
            parts: fact("pages").max(fact("entries")),
            unpacked: fact("unpacked_bytes"),
        }
    }

    /// What the model multiplies: logarithms, and such as grow only once there is much. What holds one picture gets one.
    pub fn features(&self, to: &Format) -> [f64; FEATURES] {
        let log = |value: f64| value.max(1.0).ln();
        let much = |value: f64| (1.0 + value / 65_536.0).ln();
        let moves = to.holds.contains(&Feature::Animation);
        let pixels = self.width * self.height * if moves { self.frames.min(MOST_FRAMES) } else { 1.0 };
        [
            1.0,
            log(self.bytes),
            much(self.bytes),
            log(pixels),
            much(pixels),
            log(self.samples),
            much(self.samples),
            (1.0 + self.parts).ln(),
            much(self.unpacked),
            log(self.unpacked),
        ]
    }

    /// What is left of an input when options of a step take a part of it.
    fn taken(mut self, hop: &Hop<'_>) -> Amounts {
        let (whole, start) = (self.seconds, number(hop, "start_time").unwrap_or(0.0));
        let end = number(hop, "end_time").unwrap_or(whole).min(whole);
        let most = number(hop, "duration").unwrap_or(whole);
        if whole > 0.0 {
            let part = ((end - start).min(most) / whole).clamp(0.01, 1.0);
            self = Amounts {
                bytes: self.bytes * part,
                seconds: whole * part,
                samples: self.samples * part,
                frames: self.frames * part,
                ..self
            };
        }
        self
    }

    /// The same with pictures as large as options of a step make them.
    fn resized(mut self, hop: &Hop<'_>) -> Amounts {
        if self.width <= 0.0 || self.height <= 0.0 {
            return self;
        }
        let (wide, high) = (number(hop, "width"), number(hop, "height"));
        let factor = |asked: Option<f64>, there: f64| asked.map_or(f64::MAX, |asked| asked / there);
        let scale = factor(wide, self.width).min(factor(high, self.height));
        if scale < 1.0 {
            (self.width, self.height) = ((self.width * scale).max(1.0), (self.height * scale).max(1.0));
        }
        self
    }

    /// What comes out of a route, for the task after it.
    pub(crate) fn after(mut self, route: &Route<'_>, prediction: &Prediction) -> Amounts {
        for hop in &route.hops {
            self = self.taken(hop).resized(hop);
        }
        Amounts { bytes: prediction.output_bytes, ..self }
    }

    /// The same as facts that a probe would tell.
    pub(crate) fn facts(&self) -> Map<String, Value> {
        let facts = [
            ("width", self.width),
            ("height", self.height),
            ("frames", self.frames),
            ("duration", self.seconds),
            ("pages", self.parts),
            ("unpacked_bytes", self.unpacked),
        ];
        let known = facts.into_iter().filter(|(_, value)| *value > 0.0);
        known.map(|(name, value)| (name.to_owned(), value.into())).collect()
    }
}

/// A time as people read it.
pub(super) fn duration(milliseconds: f64) -> String {
    if milliseconds < 1_000.0 {
        format!("{milliseconds:.0} ms")
    } else {
        format!("{:.1} s", milliseconds / 1_000.0)
    }
}

/// The value of a numeric setting of a step.
fn number(hop: &Hop<'_>, name: &str) -> Option<f64> {
    match &hop.settings.iter().find(|set| set.name == name)?.value {
        SettingValue::Integer(value) => Some(*value as f64),
        SettingValue::Number(value) => Some(*value),
        SettingValue::Boolean(_) | SettingValue::Text(_) => None,
    }
}

/// Files that lie about how long they play are not believed beyond this.
const MOST_SAMPLES: f64 = 1e9;
/// As [`MOST_SAMPLES`], of pictures.
const MOST_FRAMES: f64 = 1e5;

/// Samples a second of the first sound that facts tell of.
fn rate(facts: &Map<String, Value>) -> f64 {
    let streams = facts.get("streams").and_then(Value::as_array);
    let sound = streams.and_then(|all| all.iter().find(|stream| stream["kind"] == "audio"));
    let number = |name: &str, usual: f64| {
        let value = sound.and_then(|sound| sound[name].as_f64()).filter(|value| value.is_finite());
        value.unwrap_or(usual).max(0.0)
    };
    if sound.is_some() { number("sample_rate", 44_100.0) * number("channels", 2.0) } else { 0.0 }
}

/// The names of the groups a pair of formats belongs to; the first three have a factor for each feature, the others one.
pub fn groups(from: &Format, to: &Format) -> [String; 5] {
    let (one, two) = (from.family.word(), to.family.word());
    [
        "*".to_owned(),
        format!("{one}>{two}"),
        format!("{one}>>{}", to.id),
        format!("{two}<<{}", from.id),
        format!("{}:{}", from.id, to.id),
    ]
}

/// How many of [`groups`] have a factor for each feature.
pub const WIDE_GROUPS: usize = 3;

/// What the shipped table foresees for a pair of formats, as logarithms.
pub fn shipped(from: &Format, to: &Format, features: &[f64; FEATURES]) -> Logs {
    static ROWS: OnceLock<HashMap<&str, Vec<f64>>> = OnceLock::new();
    let rows = ROWS.get_or_init(|| TABLE.lines().filter_map(row).collect());
    let mut logs = [0.0; 3];
    for group in groups(from, to) {
        let Some(row) = rows.get(group.as_str()) else { continue };
        for (log, factors) in logs.iter_mut().zip(row.chunks(row.len() / 3)) {
            *log += factors.iter().zip(features).map(|(factor, feature)| factor * feature).sum::<f64>();
        }
    }
    logs
}

/// A row: the group, then factors for time, memory and size.
fn row(line: &str) -> Option<(&str, Vec<f64>)> {
    let (group, numbers) = line.split_once('\t')?;
    let numbers: Vec<f64> = numbers.split('\t').map(str::parse).collect::<Result<_, _>>().ok()?;
    (numbers.len() == 3 || numbers.len() == 3 * FEATURES).then_some((group, numbers))
}

/// What a route does, as a history names it.
pub(crate) fn name(route: &Route<'_>) -> Option<String> {
    let (first, last) = (route.hops.first()?, route.hops.last()?);
    let operations = route.hops.iter().map(|hop| hop.cell.capability.operation.as_str());
    let operation = operations.into_iter().find(|name| *name != "convert").unwrap_or("convert");
    Some(format!("{operation} {}>{}", first.from.id, last.to.unwrap_or(first.from).id))
}

/// Foresees a route. `correction` is what a history adds, as logarithms.
pub(crate) fn predict(route: &Route<'_>, amounts: &Amounts, correction: Logs) -> Prediction {
    let (Some(first), Some(last)) = (route.hops.first(), route.hops.last()) else {
        return Prediction::default();
    };
    let to = last.to.unwrap_or(first.from);
    let taken = route.hops.iter().fold(*amounts, |amounts, hop| amounts.taken(hop));
    let resized = route.hops.iter().fold(taken, |amounts, hop| amounts.resized(hop));
    let [time, memory, _] = shipped(first.from, to, &taken.features(to));
    let [.., size] = shipped(first.from, to, &resized.features(to));
    let logs = [time + correction[0], memory + correction[1], size + correction[2]];
    let mut prediction = Prediction::from_logs(logs);
    prediction.output_bytes *= quality_factor(last);
    if let Some(bits) = number(last, "bitrate").filter(|_| resized.seconds > 0.0) {
        let sound = number(last, "audio_bitrate").unwrap_or(0.0);
        prediction.output_bytes = (bits + sound) * resized.seconds / 8.0;
    }
    let most = number(last, "max_bytes").or(route.goals.max_bytes.map(|most| most as f64));
    if let Some(most) = most {
        prediction.output_bytes = prediction.output_bytes.min(most);
    }
    prediction
}

/// How much larger a result becomes with the quality that is asked for, instead of the usual one.
fn quality_factor(hop: &Hop<'_>) -> f64 {
    let usual = hop.cell.option("quality").and_then(crate::matrix::default_setting).map(|set| set.value);
    match (number(hop, "quality"), usual) {
        (Some(asked), Some(SettingValue::Integer(usual))) => ((asked - usual as f64) * SIZE_A_POINT).exp(),
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_table_can_be_read() {
        let rows: Vec<_> = TABLE.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(rows.iter().all(|line| row(line).is_some()), "a row is not as it should be");
        let overall = rows.iter().filter_map(|line| row(line)).find(|(group, _)| *group == "*");
        assert_eq!(overall.map(|(_, numbers)| numbers.len()), Some(3 * FEATURES));
    }

    #[test]
    fn more_takes_longer() {
        let format = |id| formwork_formats::by_id(id).unwrap();
        let facts = |width: u32| {
            let Value::Object(facts) = json!({"width": width, "height": width}) else { unreachable!() };
            facts
        };
        let of = |bytes, width| {
            let features = Amounts::of(bytes, &facts(width)).features(format("png"));
            Prediction::from_logs(shipped(format("jpg"), format("png"), &features))
        };
        let (small, large) = (of(20_000, 200), of(4_000_000, 4_000));
        assert!(large.elapsed_ms > 2.0 * small.elapsed_ms, "{small:?} {large:?}");
        assert!(large.output_bytes > 10.0 * small.output_bytes, "{small:?} {large:?}");
        assert!(large.peak_bytes > small.peak_bytes, "{small:?} {large:?}");
    }

    #[test]
    fn facts_that_are_no_numbers_are_none() {
        let Value::Object(facts) = json!({"width": "wide", "duration": -3, "frames": null}) else { return };
        assert_eq!(Amounts::of(7, &facts), Amounts { bytes: 7.0, frames: 1.0, ..Amounts::default() });
    }
}
