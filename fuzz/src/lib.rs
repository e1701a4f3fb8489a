//! What the fuzz targets share: running a plugin on bytes as one of its formats, and judging the end.
//!
//! Judges: no panic (the border turns one into `plugin_fault`), and limits are kept.

use formwork_sdk::testing::{Entry, Job, Limits, describe};
use formwork_sdk::{ErrorKind, Value};

/// Small limits, so that a bomb is found by the limit and not by the clock.
pub fn limits(limits: &mut Limits) {
    limits.memory = 64 << 20;
    limits.pixels = 1 << 20;
    limits.output = 16 << 20;
    limits.entries = 1_000;
    limits.ratio_floor = 1 << 20;
}

/// Runs an operation on bytes as the format their first byte chooses, and panics when the plugin did.
pub fn run(entry: Entry, operation: &str, target: &str, data: &[u8]) {
    let Some((choice, bytes)) = data.split_first() else { return };
    let formats = formats(entry, operation);
    let Some(format) = formats.get(usize::from(*choice) % formats.len().max(1)) else { return };
    let outcome =
        Job::new(operation).input("input", format, bytes).target(target).limit(limits).discard().run(entry);
    if let Some(error) = outcome.error {
        assert!(error.kind != ErrorKind::PluginFault, "{format}: {error:?}");
    }
}

/// The formats a plugin reads in an operation, in the order it names them.
fn formats(entry: Entry, operation: &str) -> Vec<String> {
    let description = describe(entry);
    let capability =
        description.capabilities.into_iter().find(|capability| capability.operation == operation);
    capability.map(|capability| capability.from).unwrap_or_default()
}

/// Reads bytes as JSON, or nothing.
pub fn json(data: &[u8]) -> Option<Value> {
    serde_json::from_slice(data).ok()
}
