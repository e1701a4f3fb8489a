//! What the planner compares.

use super::Estimate;
use crate::matrix::Cell;
use formwork_formats::{Feature, Format};

/// Bytes assumed of an input whose size is not known.
const TYPICAL_BYTES: u64 = 1 << 20;

/// Penalty for one more step, in milliseconds: keeps routes short among equals.
const HOP: f64 = 5.0;

/// Penalty for a lossy encoding that is decoded again on the way, in milliseconds: more than any feature of a picture
/// is worth, so that a film becomes a picture as it is and not by way of a GIF.
const LOSSY_ON_THE_WAY: f64 = 12_000.0;

/// Penalty for a loss in milliseconds. A loss always weighs more than time: a slower route that keeps
/// more is the better one. Losses that the target makes unavoidable are the same on every route and so
/// decide nothing.
const fn penalty(feature: Feature) -> f64 {
    match feature {
        Feature::Entries | Feature::Text | Feature::Vector | Feature::Pages => 20_000.0,
        Feature::Animation | Feature::Layers | Feature::Tracks => 10_000.0,
        Feature::Alpha | Feature::BitDepth | Feature::Inks | Feature::Colours => 4_000.0,
        _ => 2_000.0,
    }
}

/// Adds one step to an estimate. `target_reached` tells whether the step writes what was asked for.
pub(super) fn add(
    sofar: Estimate,
    cell: Cell<'_>,
    to: Option<&Format>,
    losses: &[Feature],
    bytes: u64,
    target_reached: bool,
) -> Estimate {
    let cost = cell.capability.cost;
    let bytes = if bytes == 0 { TYPICAL_BYTES } else { bytes };
    let cpu_ms = cost.fixed_ms + cost.per_mib_ms * bytes as f64 / f64::from(1 << 20);
    let memory = (cost.memory_ratio.max(0.0) * bytes as f64) as u64;
    let mut weight = cpu_ms + HOP - f64::from(cell.capability.rank) * 0.01;
    for feature in losses {
        weight += match feature {
            // Re-encoding into the target itself was asked for.
            Feature::Quality if target_reached => 0.0,
            Feature::Quality => LOSSY_ON_THE_WAY,
            feature => penalty(*feature),
        };
    }
    if !target_reached && to.is_some_and(|format| !format.internal) {
        weight += HOP;
    }
    Estimate {
        cpu_ms: sofar.cpu_ms + cpu_ms,
        memory: sofar.memory.max(memory),
        weight: sofar.weight + weight.max(0.001),
    }
}
