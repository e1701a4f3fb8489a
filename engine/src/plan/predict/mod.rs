//! What a route will take and give: time, memory and size, foreseen from what is known of the input.
//!
//! Time and memory are products of powers: of bytes, pixels, seconds and parts of the input, with a factor for the
//! two families, the two formats and the pair. Size is what is counted without packing, times such a product of what
//! tells how well the input is packed itself. The factors were learned by `cargo xtask predict learn` from receipts of
//! conversions of real files; a host that keeps a history lets its own receipts correct them.

mod amounts;
mod size;

pub use amounts::Amounts;

use super::{Hop, Route};
use crate::matrix::SettingValue;
use formwork_formats::Format;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::OnceLock;

/// Learned factors; written by `cargo xtask predict learn`.
const TABLE: &str = include_str!("factors.tsv");

/// How much larger, as a logarithm, a lossy result grows with each point of quality.
const SIZE_A_POINT: f64 = 0.03;

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

/// What the model takes of an input, for a pair of formats.
#[derive(Clone, Debug)]
pub struct Terms {
    costs: [f64; amounts::FEATURES],
    sizes: [f64; size::TERMS],
    unpacked: f64,
}

impl Terms {
    /// From what is known of the input.
    pub fn of(amounts: &Amounts, from: &Format, to: &Format) -> Terms {
        Terms {
            costs: amounts.features(to),
            sizes: size::terms(amounts, from, to),
            unpacked: size::unpacked(amounts, from, to).ln(),
        }
    }

    /// For a measure, counted as in [`Logs`]: what its factors are multiplied with, and what their sum is added to.
    pub fn of_measure(&self, measure: usize) -> (&[f64], f64) {
        if measure == SIZE { (&self.sizes, self.unpacked) } else { (&self.costs, 0.0) }
    }
}

/// Where in [`Logs`] the size is.
pub const SIZE: usize = 2;

/// Factors for time, memory and size.
type Factors = [Vec<f64>; 3];

/// What the shipped table foresees for a pair of formats, as logarithms.
pub fn shipped(from: &Format, to: &Format, terms: &Terms) -> Logs {
    static ROWS: OnceLock<HashMap<&str, Factors>> = OnceLock::new();
    let rows = ROWS.get_or_init(|| TABLE.lines().filter_map(row).collect());
    let mut logs = [0, 1, SIZE].map(|measure| terms.of_measure(measure).1);
    for row in groups(from, to).iter().filter_map(|group| rows.get(group.as_str())) {
        for (measure, (log, factors)) in logs.iter_mut().zip(row).enumerate() {
            let terms = terms.of_measure(measure).0;
            *log += factors.iter().zip(terms).map(|(factor, term)| factor * term).sum::<f64>();
        }
    }
    logs
}

/// A row: the group, then factors for time, memory and size, one or all of each.
fn row(line: &str) -> Option<(&str, Factors)> {
    const WIDE: usize = 2 * amounts::FEATURES + size::TERMS;
    let (group, numbers) = line.split_once('\t')?;
    let numbers: Vec<f64> = numbers.split('\t').map(str::parse).collect::<Result<_, _>>().ok()?;
    let width = match numbers.len() {
        3 => 1,
        WIDE => amounts::FEATURES,
        _ => return None,
    };
    let (time, others) = numbers.split_at_checked(width)?;
    let (memory, size) = others.split_at_checked(width)?;
    Some((group, [time, memory, size].map(<[f64]>::to_vec)))
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
    let [time, memory, _] = shipped(first.from, to, &Terms::of(&taken, first.from, to));
    let [.., size] = shipped(first.from, to, &Terms::of(&resized, first.from, to));
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
        let widths = overall.map(|(_, factors)| factors.map(|factors| factors.len()));
        assert_eq!(widths, Some([amounts::FEATURES, amounts::FEATURES, size::TERMS]));
    }

    #[test]
    fn more_takes_longer() {
        let format = |id| formwork_formats::by_id(id).unwrap();
        let facts = |width: u32| {
            let Value::Object(facts) = json!({"width": width, "height": width}) else { unreachable!() };
            facts
        };
        let of = |bytes, width| {
            let (from, to) = (format("jpg"), format("png"));
            let terms = Terms::of(&Amounts::of(bytes, &facts(width)), from, to);
            Prediction::from_logs(shipped(from, to, &terms))
        };
        let (small, large) = (of(20_000, 200), of(4_000_000, 4_000));
        assert!(large.elapsed_ms > 2.0 * small.elapsed_ms, "{small:?} {large:?}");
        assert!(large.output_bytes > 10.0 * small.output_bytes, "{small:?} {large:?}");
        assert!(large.peak_bytes > small.peak_bytes, "{small:?} {large:?}");
    }
}
