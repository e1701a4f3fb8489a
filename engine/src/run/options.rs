//! The engine's own options of a task: `threads` and `timeout`.

use super::work::Work;
use crate::Result;
use crate::matrix::{SettingValue, check_option};
use formwork_abi::options::{OptionKind, OptionSpec};
use formwork_formats::{Family, Format};
use std::time::Duration;

/// The value of one of the engine's own options.
fn own_option(work: &Work, name: &str, kind: OptionKind) -> Result<Option<f64>> {
    let Some(given) = work.options.get(name) else { return Ok(None) };
    let spec = OptionSpec::new(name, kind, "");
    Ok(match check_option(&spec, given)?.value {
        SettingValue::Number(value) => Some(value),
        SettingValue::Integer(value) => Some(value as f64),
        _ => None,
    })
}

/// Threads for works that are done at one go: the fewest that one of them asks for, else `available`; at least 1.
pub(super) fn threads(works: &[&Work], available: u32) -> Result<u32> {
    let kind = || OptionKind::Integer { min: 0, max: 1024 };
    let asked = works.iter().map(|work| own_option(work, "threads", kind()));
    let asked = asked.collect::<Result<Vec<_>>>()?.into_iter().flatten();
    Ok(asked.map(|threads| threads.max(1.0) as u32).min().unwrap_or(available))
}

/// How long works that are done at one go may take: what each asks for, else what its input and target need, in all.
pub(super) fn timeout(works: &[&Work], from: Option<&Format>, to: Option<&Format>) -> Result<Duration> {
    let mut seconds = 0.0;
    for work in works {
        let asked = own_option(work, "timeout", OptionKind::Time)?;
        seconds += asked.unwrap_or_else(|| 60.0 * minutes(work, from, to));
    }
    Ok(Duration::from_secs_f64(seconds.min(1e9)))
}

fn minutes(work: &Work, from: Option<&Format>, to: Option<&Format>) -> f64 {
    let of_family = |format: Option<&Format>| match format.map(|format| format.family) {
        Some(Family::Video | Family::Audio) => 30.0,
        Some(Family::Document) => 10.0,
        Some(Family::Archive) | None => 15.0,
        Some(_) => 2.0,
    };
    match work.operation.as_str() {
        "merge" => 45.0,
        "archive" => of_family(to),
        // What writes what it finds, or a target that is not known, adds nothing.
        _ => to.map_or(0.0, |to| of_family(Some(to))).max(of_family(from)),
    }
}
