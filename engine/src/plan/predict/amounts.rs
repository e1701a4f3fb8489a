//! What is known of an input before it is worked on.

use super::{Prediction, number};
use crate::plan::{Hop, Route};
use formwork_formats::{Feature, Format};
use serde_json::{Map, Value};

/// How many numbers [`Amounts::features`] gives.
pub(super) const FEATURES: usize = 10;

/// Dots per inch in which pages are drawn, unless an option says otherwise.
const USUAL_DENSITY: f64 = 150.0;
/// Pixels of a page of A4 in it.
pub(super) const A4: f64 = 1_240.0 * 1_754.0;

/// Files that lie about how long they play are not believed beyond this.
const MOST_SAMPLES: f64 = 1e9;
/// As [`MOST_SAMPLES`], of pictures.
pub(super) const MOST_FRAMES: f64 = 1e5;

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
    /// Bytes of a pixel.
    pub deep: f64,
    /// What is left of its bytes, as a share, when they are packed.
    pub packing: f64,
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
            deep: channels(facts) * (fact("depth") / 8.0).max(1.0),
            packing: 0.0,
        }
    }

    /// What the model multiplies: logarithms, and such as grow only once there is much. What holds one picture gets one.
    pub(super) fn features(&self, to: &Format) -> [f64; FEATURES] {
        let log = |value: f64| value.max(1.0).ln();
        let much = |value: f64| (1.0 + value / 65_536.0).ln();
        let moves = to.holds.contains(&Feature::Animation);
        let pixels = self.pixels() * if moves { self.frames.min(MOST_FRAMES) } else { 1.0 };
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

    /// Pixels of one picture.
    pub(super) fn pixels(&self) -> f64 {
        self.width * self.height
    }

    /// What is left of an input when options of a step take a part of it.
    pub(super) fn taken(mut self, hop: &Hop<'_>) -> Amounts {
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
    pub(super) fn resized(mut self, hop: &Hop<'_>) -> Amounts {
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

/// Channels of a picture; 0 when it is not said.
fn channels(facts: &Map<String, Value>) -> f64 {
    match facts.get("channels").and_then(Value::as_str) {
        Some("grey") => 1.0,
        Some("grey_alpha") => 2.0,
        Some("rgb") => 3.0,
        Some("rgba" | "cmyk") => 4.0,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn facts_that_are_no_numbers_are_none() {
        let Value::Object(facts) = json!({"width": "wide", "duration": -3, "frames": null}) else { return };
        assert_eq!(Amounts::of(7, &facts), Amounts { bytes: 7.0, frames: 1.0, ..Amounts::default() });
    }
}
