//! Facts of a file as people read them.

use formwork::clean;
use serde_json::{Map, Value};

/// A fact as lines: the name with its value, or the name alone and the parts of the value below it.
pub(crate) fn lines(name: &str, value: &Value) -> Vec<String> {
    let below = |parts: Vec<String>| {
        let parts = parts.into_iter().map(|part| format!("  {part}"));
        std::iter::once(format!("{name}:")).chain(parts).collect()
    };
    match value {
        Value::Object(members) if members.is_empty() => Vec::new(),
        Value::Object(members) => {
            below(members.iter().flat_map(|(name, value)| lines(&clean(name), value)).collect())
        }
        Value::Array(rows) if !rows.is_empty() && rows.iter().all(Value::is_object) => {
            below(rows.iter().filter_map(Value::as_object).map(row).collect())
        }
        Value::Array(words) => {
            vec![format!("{name}: {}", words.iter().map(plain).collect::<Vec<_>>().join(", "))]
        }
        value => vec![format!("{name}: {}", measure(name, value))],
    }
}

/// One of several things of the same kind in a line: a stream, a chapter, an entry.
pub(crate) fn row(members: &Map<String, Value>) -> String {
    let number = |name: &str| members.get(name).and_then(Value::as_f64);
    let text = |name: &str| members.get(name).map(plain);
    if let (Some(start), Some(end)) = (number("start"), number("end")) {
        let title = text("title").unwrap_or_default();
        return format!("{} to {}  {title}", time(start), time(end)).trim_end().to_owned();
    }
    if members.contains_key("kind") && members.contains_key("codec") {
        return stream(members);
    }
    let cells = members.iter().filter(|(_, value)| !value.is_null());
    cells.map(|(name, value)| format!("{} {}", clean(name), plain(value))).collect::<Vec<_>>().join(", ")
}

/// A stream of a film or of sound: what it is, then what else there is to know.
fn stream(members: &Map<String, Value>) -> String {
    let mut words =
        vec![["kind", "codec"].map(|name| members.get(name).map_or(String::new(), plain)).join(" ")];
    if let (Some(width), Some(height)) = (members.get("width"), members.get("height")) {
        words.push(format!("{width} × {height}"));
    }
    let said = |name: &str| matches!(name, "kind" | "codec" | "width" | "height");
    let more = members.iter().filter(|(name, value)| !said(name) && !value.is_null());
    words.extend(more.flat_map(|(name, value)| match (name.as_str(), value) {
        // What is so is named, what is not so is not.
        (_, Value::Bool(true)) => vec![spaced(name)],
        (_, Value::Bool(false)) => Vec::new(),
        (_, Value::Object(inner)) => {
            inner.iter().map(|(name, value)| format!("{}: {}", clean(name), plain(value))).collect()
        }
        ("fps" | "sample_rate" | "channels" | "bitrate" | "duration", value) => vec![measure(name, value)],
        ("pixel_format" | "language" | "title" | "profile", value) => vec![plain(value)],
        (_, value) => vec![format!("{} {}", spaced(name), plain(value))],
    }));
    words.join(", ")
}

/// A value with its unit, which its name tells.
fn measure(name: &str, value: &Value) -> String {
    let Some(number) = value.as_f64() else { return plain(value) };
    match name {
        "duration" => time(number),
        "bitrate" if number >= 1e6 => format!("{:.2} Mbit/s", number / 1e6),
        "bitrate" => format!("{:.0} kbit/s", number / 1e3),
        "fps" => format!("{} frames/s", (number * 1000.0).round() / 1000.0),
        "sample_rate" => format!("{number} Hz"),
        "channels" if number == 1.0 => "mono".into(),
        "channels" if number == 2.0 => "stereo".into(),
        "channels" => format!("{number} channels"),
        _ => value.to_string(),
    }
}

/// Seconds as `M:SS.mmm`, with hours before where there are some.
fn time(seconds: f64) -> String {
    let thousandths = (seconds.clamp(0.0, 1e12) * 1000.0).round() as u64;
    let (whole, part) = (thousandths / 1000, thousandths % 1000);
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}.{part:03}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}.{part:03}"),
    }
}

fn spaced(name: &str) -> String {
    clean(&name.replace('_', " "))
}

pub(crate) fn plain(value: &Value) -> String {
    clean(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn all(facts: Value) -> Vec<String> {
        facts.as_object().unwrap().iter().flat_map(|(name, value)| lines(name, value)).collect()
    }

    #[test]
    fn nested_facts_are_readable() {
        let facts = json!({
            "duration": 12.5, "bitrate": 1_200_000,
            "streams": [
                {"kind": "video", "codec": "h264", "width": 1280, "height": 720, "fps": 25.0,
                    "pixel_format": "yuv420p", "default": true, "forced": false},
                {"kind": "audio", "codec": "aac", "sample_rate": 48000, "channels": 2, "language": "eng",
                    "tags": {"title": "Sound"}, "start_time": null},
            ],
            "tags": {"title": "x\u{1b}[31m"}, "empty": {},
            "chapters": [{"start": 0.0, "end": 3605.25, "title": "Intro"}],
            "features": ["alpha", "tracks"],
        });
        let mut seen = all(facts);
        seen.sort_by_key(|line| line.starts_with(' '));
        for due in [
            "duration: 0:12.500",
            "bitrate: 1.20 Mbit/s",
            "  video h264, 1280 × 720, 25 frames/s, yuv420p, default",
            "  audio aac, 48000 Hz, stereo, eng, title: Sound",
            "  0:00.000 to 1:00:05.250  Intro",
            "features: alpha, tracks",
        ] {
            assert!(seen.iter().any(|line| line == due), "{due} is not in {seen:#?}");
        }
        let text = seen.join("\n");
        assert!(!text.contains('\u{1b}') && !text.contains('{') && !text.contains("empty"), "{text}");
    }

    #[test]
    fn entries_of_an_archive_stay_rows() {
        let facts = json!({"list": [{"bytes": 5, "name": "a.txt", "mode": null}]});
        assert_eq!(all(facts), ["list:", "  bytes 5, name a.txt"]);
    }
}
